//! Which question of today's machine a recorded answer belongs to.
//!
//! Another version may ask once more or once less, and then all its later numbers are others. So an answer goes by
//! its cause: by the question that it answered in the trace, and by the one among those which the machine of today
//! waits for that is most like it. One that has none is nobody's.

use std::collections::BTreeMap;

use highwater_core::Input;
use highwater_core::effect::Effect;
use highwater_core::number::{Epoch, Op};
use highwater_core::scope::{Scope, SourceId};
use highwater_core::sink::Appended;
use highwater_core::trace::{Deed, Run};

use super::known::Known;

/// Two machines' questions of one life, and what belongs to what.
#[derive(Clone, Debug, Default)]
pub(super) struct Causes {
    recorded: Asked,
    today: Asked,
    /// To which question of today an answer went, by the number in the trace.
    ops: BTreeMap<Op, Op>,
    epochs: BTreeMap<Epoch, Epoch>,
    /// So many had another number in the trace.
    renumbered: u64,
}

/// What one machine asked.
#[derive(Clone, Debug, Default)]
struct Asked {
    open: BTreeMap<Op, Question>,
    dialed: Option<Dialed>,
}

/// A question to the sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Load,
    Append(Scope, Run),
    Flush,
}

/// The last connection.
#[derive(Clone, Copy, Debug)]
struct Dialed {
    epoch: Epoch,
    source: SourceId,
    is_pinged: bool,
}

/// Answers this old are not told apart any more.
const KEPT: usize = 64;

impl Causes {
    /// The recorded machine said this.
    pub(super) fn recorded(&mut self, out: &[Deed]) {
        for deed in out {
            self.recorded.hear(deed);
        }
    }

    /// The machine of today says this.
    pub(super) fn today(&mut self, effect: &Effect<Known>) {
        self.today.hear(&Deed::of(effect));
    }

    /// The recorded input as the machine of today has to hear it; none if it answers what that did not ask.
    pub(super) fn matched(&mut self, input: Input<Known>) -> Option<Input<Known>> {
        Some(match input {
            Input::Timeout | Input::StopRequested => input,
            Input::Opened { epoch } => Input::Opened { epoch: self.epoch(epoch)? },
            Input::Received { epoch, items } => Input::Received { epoch: self.epoch(epoch)?, items },
            Input::Heard { epoch, pong } => {
                let epoch = self.epoch(epoch)?;
                let is_pinged =
                    self.today.dialed.is_none_or(|dialed| dialed.epoch != epoch || dialed.is_pinged);
                return (is_pinged || !pong).then_some(Input::Heard { epoch, pong });
            }
            Input::Closed { epoch, closure } => Input::Closed { epoch: self.epoch(epoch)?, closure },
            Input::Loaded { op, loaded } => {
                let (op, _) = self.op(op, |question| *question == Question::Load)?;
                Input::Loaded { op, loaded }
            }
            Input::Appended { op, appended } => {
                let (op, question) = self.op(op, |question| matches!(question, Question::Append(..)))?;
                let appended = match question {
                    Some(Question::Append(_, run)) => fitting(appended, run.count)?,
                    _ => appended,
                };
                Input::Appended { op, appended }
            }
            Input::Flushed { op, flushed } => {
                let (op, _) = self.op(op, |question| *question == Question::Flush)?;
                Input::Flushed { op, flushed }
            }
        })
    }

    /// So many answers and pieces of news had another number in the trace.
    pub(super) fn renumbered(&self) -> u64 {
        self.renumbered
    }

    /// So many questions of today wait for an answer that the trace has for none.
    pub(super) fn unanswered(&self) -> u64 {
        self.today.open.len().saturating_sub(self.recorded.open.len()) as u64
    }

    /// The question of today that the answer to `recorded` belongs to, and what it was if it is still open: the one
    /// that asks the very same, the one with the same number, or the oldest.
    fn op(&mut self, recorded: Op, is_kind: impl Fn(&Question) -> bool) -> Option<(Op, Option<Question>)> {
        let asked = self.recorded.open.remove(&recorded);
        if let Some(&known) = self.ops.get(&recorded) {
            return Some((known, None));
        }
        let mut open = self.today.open.iter().filter(|(_, question)| is_kind(question));
        let same = open.clone().find(|(_, question)| asked.as_ref() == Some(question));
        let numbered = || self.today.open.get_key_value(&recorded).filter(|(_, question)| is_kind(question));
        let (&op, &question) = same.or_else(numbered).or_else(|| open.next())?;
        self.today.open.remove(&op);
        self.renumbered += u64::from(op != recorded);
        self.ops.insert(recorded, op);
        bound(&mut self.ops);
        Some((op, Some(question)))
    }

    /// The connection of today that news of `recorded` belongs to: the last one dialed, if it is of the same source
    /// and nobody else's.
    fn epoch(&mut self, recorded: Epoch) -> Option<Epoch> {
        if let Some(&known) = self.epochs.get(&recorded) {
            self.renumbered += u64::from(known != recorded);
            return Some(known);
        }
        let today = self.today.dialed?;
        let is_last = self
            .recorded
            .dialed
            .is_none_or(|dialed| dialed.epoch == recorded && dialed.source == today.source);
        let is_taken = self.epochs.values().any(|&taken| taken == today.epoch);
        if !is_last || is_taken {
            return None;
        }
        self.renumbered += u64::from(today.epoch != recorded);
        self.epochs.insert(recorded, today.epoch);
        bound(&mut self.epochs);
        Some(today.epoch)
    }
}

impl Asked {
    fn hear(&mut self, deed: &Deed) {
        match deed {
            Deed::Load { op } => self.ask(*op, Question::Load),
            Deed::Flush { op } => self.ask(*op, Question::Flush),
            Deed::Append(append) => self.ask(append.op, Question::Append(append.scope, append.events)),
            Deed::Open { epoch, source, .. } => {
                self.dialed = Some(Dialed { epoch: *epoch, source: *source, is_pinged: false });
            }
            Deed::Ping { epoch } => {
                if let Some(dialed) = self.dialed.as_mut().filter(|dialed| dialed.epoch == *epoch) {
                    dialed.is_pinged = true;
                }
            }
            Deed::Pause { .. }
            | Deed::Resume { .. }
            | Deed::Close { .. }
            | Deed::Notice(_)
            | Deed::Ignored(_)
            | Deed::Stop(_) => {}
        }
    }

    fn ask(&mut self, op: Op, question: Question) {
        self.open.insert(op, question);
        bound(&mut self.open);
    }
}

fn bound<K: Ord, V>(map: &mut BTreeMap<K, V>) {
    if map.len() > KEPT {
        map.pop_first();
    }
}

/// An answer to an append of so many events, if it can be one.
fn fitting(appended: Appended, events: u32) -> Option<Appended> {
    match appended {
        Appended::Stored { stored, duplicates } => {
            let stored = stored.min(events);
            Some(Appended::Stored { stored, duplicates: duplicates.min(events - stored) })
        }
        Appended::Refused { index, .. } if events <= index => None,
        Appended::Refused { .. }
        | Appended::Conflict
        | Appended::Fenced
        | Appended::Unavailable
        | Appended::Unknown => Some(appended),
    }
}
