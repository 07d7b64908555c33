//! What the world may tell a machine: a trace that says otherwise shows that the world lacks a fault.
//!
//! News may come late and twice, clocks may jump, servers may say almost anything. But nobody answers what was not
//! asked, no connection speaks that was not dialed, numbers grow while it lives, and what is durable stays.

use std::collections::BTreeMap;

use highwater_core::Input;
use highwater_core::cursor::Cursor;
use highwater_core::digest::Digest;
use highwater_core::effect::Effect;
use highwater_core::event::Item;
use highwater_core::number::{Epoch, Fence, Op, Version};
use highwater_core::payload::Shadow;
use highwater_core::scope::Scope;
use highwater_core::sink::{Appended, Loaded};
use highwater_core::time::{Instant, Now};

/// What is known of a run, as far as it binds the world.
#[derive(Clone, Debug, Default)]
pub(super) struct Laws {
    at: Instant,
    /// The trace begins in the middle of this life: what was asked before is not known.
    is_partial: bool,
    questions: BTreeMap<Op, Question>,
    links: BTreeMap<Epoch, Link>,
    fence: Fence,
    /// The sink compares keys, so it is a table that forgets nothing; a queue may forget its last checkpoints.
    is_atomic: bool,
    /// What is durable for sure, if it is a table.
    durable: BTreeMap<Scope, Version>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Load,
    Append { events: u32, scope: Scope, version: Version },
    Flush,
}

/// A connection.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    is_open: bool,
    is_closed: bool,
    is_pinged: bool,
    last: Last,
}

/// The last event of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    #[default]
    None,
    Numbered(Cursor),
    Unnumbered,
}

/// News that is so much older than the newest of its kind is not told apart from news of nothing.
const KEPT: usize = 64;

type Law = Result<(), String>;

fn law(holds: bool, what: impl FnOnce() -> String) -> Law {
    if holds { Ok(()) } else { Err(what()) }
}

impl Laws {
    /// A process begins, or the part of its life that a file holds.
    pub(super) fn begin(&mut self, is_partial: bool) {
        let (fence, durable) = (self.fence, std::mem::take(&mut self.durable));
        *self = Self { is_partial, fence, durable, ..Self::default() };
    }

    /// The machine wants this done.
    pub(super) fn effect(&mut self, effect: &Effect<Shadow>) {
        match effect {
            Effect::Load { op } => self.ask(*op, Question::Load),
            Effect::Flush { op } => self.ask(*op, Question::Flush),
            Effect::Append(append) => {
                let (scope, version) = (append.scope, append.checkpoint.version);
                let events = append.events.len() as u32;
                self.ask(append.op, Question::Append { events, scope, version });
            }
            Effect::Open { epoch, .. } => {
                self.links.insert(*epoch, Link::default());
                if self.links.len() > KEPT {
                    self.links.pop_first();
                }
            }
            Effect::Ping { epoch } => {
                if let Some(link) = self.links.get_mut(epoch) {
                    link.is_pinged = true;
                }
            }
            Effect::Pause { .. }
            | Effect::Resume { .. }
            | Effect::Close { .. }
            | Effect::Notice(_)
            | Effect::Ignored(_)
            | Effect::Stop(_) => {}
        }
    }

    fn ask(&mut self, op: Op, question: Question) {
        self.questions.insert(op, question);
        if self.questions.len() > KEPT {
            self.questions.pop_first();
        }
    }

    /// The world tells the machine this.
    pub(super) fn input(&mut self, now: Now, input: &Input<Shadow>) -> Law {
        law(self.at <= now.monotonic, || format!("the monotonic clock goes back to {}", now.monotonic))?;
        self.at = now.monotonic;
        match input {
            Input::Timeout | Input::StopRequested => Ok(()),
            Input::Opened { epoch } => {
                // An opening that is told twice, or late, is old news.
                let is_over = |link: &mut Link| !std::mem::replace(&mut link.is_open, true) && link.is_closed;
                let is_over = self.link(*epoch)?.is_some_and(is_over);
                law(!is_over, || format!("connection {epoch} opens after it was closed"))
            }
            Input::Received { epoch, items } => match self.link(*epoch)? {
                Some(link) => items.iter().try_for_each(|item| link.receive(*epoch, item)),
                None => Ok(()),
            },
            Input::Heard { epoch, pong } => {
                let is_pinged = self.link(*epoch)?.is_none_or(|link| link.is_pinged);
                law(is_pinged || !pong, || format!("connection {epoch} answers a ping that was not sent"))
            }
            Input::Closed { epoch, .. } => {
                if let Some(link) = self.link(*epoch)? {
                    link.is_closed = true;
                }
                Ok(())
            }
            Input::Loaded { op, loaded } => {
                self.question(*op, |question| question == Question::Load)?;
                loaded.as_ref().map_or(Ok(()), |loaded| self.loaded(loaded))
            }
            Input::Appended { op, appended } => {
                let question = self.question(*op, |question| matches!(question, Question::Append { .. }))?;
                question.map_or(Ok(()), |question| self.appended(*op, question, appended))
            }
            Input::Flushed { op, .. } => {
                self.question(*op, |question| question == Question::Flush).map(|_| ())
            }
        }
    }

    /// The connection that is spoken of; none if it may have been dialed before the trace begins.
    fn link(&mut self, epoch: Epoch) -> Result<Option<&mut Link>, String> {
        let is_old = self.links.first_key_value().is_none_or(|(first, _)| epoch < *first);
        let may_be = is_old && (self.is_partial || self.links.len() == KEPT);
        match self.links.get_mut(&epoch) {
            None if !may_be => Err(format!("there is news of connection {epoch}, which was never dialed")),
            link => Ok(link),
        }
    }

    /// The question that is answered; none if it may have been asked before the trace begins.
    fn question(&self, op: Op, fits: impl Fn(Question) -> bool) -> Result<Option<Question>, String> {
        let is_old = self.questions.first_key_value().is_none_or(|(first, _)| op < *first);
        let may_be = is_old && (self.is_partial || self.questions.len() == KEPT);
        match self.questions.get(&op) {
            None if may_be => Ok(None),
            Some(&question) if fits(question) => Ok(Some(question)),
            Some(_) => Err(format!("question {op} is answered as if it had been another")),
            None => Err(format!("question {op} is answered, and was never asked")),
        }
    }

    fn loaded(&mut self, loaded: &Loaded<Digest>) -> Law {
        let (fence, before) = (loaded.fence, self.fence);
        law(before <= fence, || format!("the fence goes back from {before} to {fence}"))?;
        (self.fence, self.is_atomic) = (fence, loaded.compares);
        for (scope, checkpoint) in loaded.checkpoints.iter().filter(|_| loaded.compares) {
            let known = self.durable.entry(*scope).or_default();
            law(*known <= checkpoint.version, || {
                format!("the checkpoint of {scope} was of version {known}, and is of {}", checkpoint.version)
            })?;
            *known = checkpoint.version;
        }
        Ok(())
    }

    fn appended(&mut self, op: Op, question: Question, appended: &Appended) -> Law {
        let Question::Append { events, scope, version } = question else { return Ok(()) };
        match appended {
            Appended::Stored { stored, duplicates } => {
                let answered = u64::from(*stored) + u64::from(*duplicates);
                if self.is_atomic {
                    self.durable.insert(scope, version);
                }
                law(answered <= u64::from(events), || {
                    format!("append {op} of {events} events stores {answered}")
                })
            }
            Appended::Refused { index, .. } => law(*index < events, || {
                format!("append {op} of {events} events has its event {index} refused")
            }),
            Appended::Conflict | Appended::Fenced | Appended::Unavailable | Appended::Unknown => Ok(()),
        }
    }
}

impl Link {
    fn receive(&mut self, epoch: Epoch, item: &Item<Shadow>) -> Law {
        law(self.is_open, || format!("connection {epoch} speaks before it is open"))?;
        let (Item::Event(event) | Item::Filtered(event) | Item::Oversize(event, _)) = item else {
            return Ok(());
        };
        let last = std::mem::replace(&mut self.last, event.seq.map_or(Last::Unnumbered, Last::Numbered));
        match (last, self.last) {
            (Last::Numbered(_), Last::Unnumbered) | (Last::Unnumbered, Last::Numbered(_)) => {
                Err(format!("some events of connection {epoch} have numbers, and some have none"))
            }
            (Last::Numbered(last), Last::Numbered(next)) => {
                law(last < next, || format!("on connection {epoch} number {next} comes after {last}"))
            }
            _ => Ok(()),
        }
    }
}
