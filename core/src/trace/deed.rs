//! An effect as it is written down: all of it, but that the events of an append are told by number and digest.
//!
//! They came in with the inputs, and whoever replays those has them again.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, Witness};
use crate::closure::CloseReason;
use crate::cursor::{Cursor, Place};
use crate::digest::Digest;
use crate::effect::{Effect, Ignored, Notice, OpenOptions, Outcome};
use crate::event::Event;
use crate::gap::Gap;
use crate::number::{Epoch, Fence, Op, Version};
use crate::payload::{Digested as _, Redact, Shadow};
use crate::scope::{Scope, SourceId};
use crate::sink::{Append, Content, DeadLetter};

/// An [`Effect`], as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the effect of the same name, with the same fields")]
pub enum Deed {
    Load { op: Op },
    Open { epoch: Epoch, source: SourceId, place: Place, options: OpenOptions },
    Ping { epoch: Epoch },
    Pause { epoch: Epoch },
    Resume { epoch: Epoch },
    Close { epoch: Epoch, reason: CloseReason },
    Append(Appending),
    Flush { op: Op },
    Notice(Notice),
    Ignored(Ignored),
    Stop(Outcome),
}

/// An [`Append`], as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they are the fields of an append")]
pub struct Appending {
    pub op: Op,
    pub fence: Fence,
    pub scope: Scope,
    pub expect: Version,
    pub events: Run,
    pub dead_letters: Vec<DeadLetter<Shadow>>,
    pub gaps: Vec<Gap>,
    pub checkpoint: Checkpoint<Digest>,
}

/// The events of an append, in brief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// How many.
    pub count: u32,
    /// The position of the first, in what the append's scope counts.
    pub first: Option<Cursor>,
    /// The position of the last.
    pub last: Option<Cursor>,
    /// Of the times and numbers of all.
    pub hash: Digest,
}

impl Deed {
    /// The effect, as it is written down.
    pub fn of<P: Redact>(effect: &Effect<P>) -> Self {
        match effect {
            Effect::Load { op } => Self::Load { op: *op },
            Effect::Open { epoch, source, place, options } => {
                Self::Open { epoch: *epoch, source: *source, place: *place, options: *options }
            }
            Effect::Ping { epoch } => Self::Ping { epoch: *epoch },
            Effect::Pause { epoch } => Self::Pause { epoch: *epoch },
            Effect::Resume { epoch } => Self::Resume { epoch: *epoch },
            Effect::Close { epoch, reason } => Self::Close { epoch: *epoch, reason: *reason },
            Effect::Append(append) => Self::Append(Appending::of(append)),
            Effect::Flush { op } => Self::Flush { op: *op },
            Effect::Notice(notice) => Self::Notice(*notice),
            Effect::Ignored(why) => Self::Ignored(*why),
            Effect::Stop(outcome) => Self::Stop(*outcome),
        }
    }
}

impl Appending {
    fn of<P: Redact>(append: &Append<P>) -> Self {
        Self {
            op: append.op,
            fence: append.fence,
            scope: append.scope,
            expect: append.expect,
            events: Run::of(append.scope, &append.events),
            dead_letters: append.dead_letters.iter().map(dead_letter).collect(),
            gaps: append.gaps.clone(),
            checkpoint: checkpoint::<P>(&append.checkpoint),
        }
    }
}

fn dead_letter<P: Redact>(it: &DeadLetter<P>) -> DeadLetter<Shadow> {
    let content = match &it.content {
        Content::Frame(sample) => Content::Frame(sample.clone()),
        Content::Event(event) => {
            Content::Event(Event { time: event.time, seq: event.seq, payload: event.payload.shadow() })
        }
    };
    DeadLetter { after: it.after, reason: it.reason.clone(), content }
}

fn checkpoint<P: Redact>(it: &Checkpoint<P::Key>) -> Checkpoint<Digest> {
    let witness = it.witness.as_ref();
    Checkpoint {
        version: it.version,
        place: it.place,
        witness: witness.map(|it| Witness { cursor: it.cursor, time: it.time, key: it.key.digest() }),
        covered_until: it.covered_until,
        filter: it.filter,
        margin: it.margin,
    }
}

impl Run {
    fn of<P>(scope: Scope, events: &[Event<P>]) -> Self {
        let cursor = |event: &Event<P>| event.cursor(scope.kind);
        let words =
            events.iter().flat_map(|event| [event.time.as_micros(), event.seq.map_or(0, |seq| seq.0)]);
        Self {
            count: events.len() as u32,
            first: events.first().and_then(cursor),
            last: events.last().and_then(cursor),
            hash: words.fold(Digest(0), Digest::and),
        }
    }
}

/// As the effect's own, but that an append tells only its first and last event.
impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect: Effect<Shadow> = match self {
            Self::Append(appending) => return appending.fmt(f),
            Self::Load { op } => Effect::Load { op: *op },
            Self::Open { epoch, source, place, options } => {
                Effect::Open { epoch: *epoch, source: *source, place: *place, options: *options }
            }
            Self::Ping { epoch } => Effect::Ping { epoch: *epoch },
            Self::Pause { epoch } => Effect::Pause { epoch: *epoch },
            Self::Resume { epoch } => Effect::Resume { epoch: *epoch },
            Self::Close { epoch, reason } => Effect::Close { epoch: *epoch, reason: *reason },
            Self::Flush { op } => Effect::Flush { op: *op },
            Self::Notice(notice) => Effect::Notice(*notice),
            Self::Ignored(why) => Effect::Ignored(*why),
            Self::Stop(outcome) => Effect::Stop(*outcome),
        };
        effect.fmt(f)
    }
}

impl fmt::Display for Appending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "append {} to {} version {}", self.op, self.scope, self.checkpoint.version.0)?;
        write!(f, " at {} until {}", self.checkpoint.place, self.checkpoint.covered_until.as_micros())?;
        if let (Some(first), Some(last)) = (self.events.first, self.events.last) {
            write!(f, " events {first} to {last}, {} in all", self.events.count)?;
        }
        for same in self.dead_letters.chunk_by(|a, b| a.reason == b.reason) {
            write!(f, " dead {} {:?}", same.len(), same[0].reason)?;
        }
        self.gaps.iter().try_for_each(|gap| write!(f, " {gap}"))
    }
}
