//! Where events go: compare-and-append is the only primitive, and the only thing safety rests on.
//!
//! The simulator and the shell take the same trait, so that what is proved of one sink in the world holds outside.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use serde::{Deserialize, Serialize, Serializer};

use crate::checkpoint::Checkpoint;
use crate::cursor::Cursor;
use crate::event::{Event, Payload, Reason, Sample};
use crate::gap::Gap;
use crate::number::{Fence, Op, Version};
use crate::payload::{Digested, Redact};
use crate::scope::Scope;
use crate::time::WallTime;

/// Takes batches, and remembers where they came from.
///
/// Calls block; a shell gives each sink a thread of its own.
pub trait Sink<P: Payload> {
    /// Raises the fence, so that every earlier writer is refused from now on, and says what is durable.
    ///
    /// Called at the start, and again whenever an append's fate is not known.
    fn open(&mut self) -> Result<Loaded<P::Key>, Unavailable>;

    /// Does all of `append` in one transaction, or nothing.
    fn append(&mut self, append: &Append<P>) -> Appended;

    /// Makes durable whatever an append already answered for. Sinks that are atomic have nothing to do.
    fn flush(&mut self) -> Result<(), Unavailable>;
}

/// What a sink remembers of earlier lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Digested"))]
pub struct Loaded<K> {
    /// The fence that this opening raised; every append carries it.
    pub fence: Fence,
    /// True if the sink compares keys, and so stores an event that comes again only once.
    pub compares: bool,
    /// What is durable for each scope of the sources in use.
    pub checkpoints: Vec<(Scope, Checkpoint<K>)>,
    /// The server's time of the newest event stored, of whatever scope.
    pub newest: Option<WallTime>,
    /// Gaps of these scopes that are not closed, and begin at the witness of one of `checkpoints` (when it comes
    /// again, they close) or have no end yet (the next event behind their start ends them).
    pub gaps: Vec<Gap>,
}

/// Everything that becomes durable together.
#[derive(Clone, Debug)]
pub struct Append<P: Payload> {
    /// The number of this question; its answer carries it.
    pub op: Op,
    /// The writer's fence.
    pub fence: Fence,
    /// Where the events come from.
    pub scope: Scope,
    /// The version that the scope's checkpoint must have; 0 if there must be none.
    pub expect: Version,
    /// The events, in the order in which they came.
    pub events: Events<P>,
    /// What is set aside.
    pub dead_letters: Vec<DeadLetter<P>>,
    /// What was lost or cannot be proved; may be of another scope than the events.
    pub gaps: Vec<Gap>,
    /// The scope's record afterwards. Its version is `expect + 1`.
    pub checkpoint: Checkpoint<P::Key>,
}

/// A run of a batch's events, shared so that a retry or a split copies nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Vec<Event<P>>")]
pub struct Events<P> {
    /// Not `Arc<[_]>`: that would copy each batch once more.
    batch: Arc<Vec<Event<P>>>,
    range: Range<usize>,
}

impl<P> Events<P> {
    /// All of a batch.
    pub fn new(batch: Vec<Event<P>>) -> Self {
        let range = 0..batch.len();
        Self { batch: Arc::new(batch), range }
    }

    /// The part of this run at `range`, counted from this run's start.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.range.len(), "a part lies within the whole");
        let start = self.range.start;
        Self { batch: Arc::clone(&self.batch), range: start + range.start..start + range.end }
    }
}

impl<P> From<Vec<Event<P>>> for Events<P> {
    fn from(events: Vec<Event<P>>) -> Self {
        Self::new(events)
    }
}

impl<P: Redact> Serialize for Events<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<P> Default for Events<P> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl<P> core::ops::Deref for Events<P> {
    type Target = [Event<P>];
    fn deref(&self) -> &[Event<P>] {
        &self.batch[self.range.clone()]
    }
}

/// Something that is not stored as an event, kept with the reason.
///
/// The same dead letter (scope, `after`, content) is stored once, however often an overlap brings it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Redact"))]
pub struct DeadLetter<P> {
    /// The position of the last event before it on its connection; none if it was the first.
    pub after: Option<Cursor>,
    /// Why it was set aside.
    pub reason: Reason,
    /// What it was.
    pub content: Content<P>,
}

/// What a dead letter was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Redact"))]
pub enum Content<P> {
    /// A frame that gave no event, or one too large to keep.
    Frame(Sample),
    /// An event that the sink would not take.
    Event(Event<P>),
}

/// What became of an append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Appended {
    /// It is durable.
    Stored {
        /// Events that were not there before.
        stored: u32,
        /// Events that were there already, by key.
        duplicates: u32,
    },
    /// The checkpoint does not have the expected version: open again, see what is there. Nothing changed.
    Conflict,
    /// A newer writer has raised the fence: stop. Nothing changed.
    Fenced,
    /// This one event can never be stored (its value, its size, its encoding). Nothing changed.
    Refused {
        /// Its index among the append's events.
        index: u32,
        /// What the sink said; not written down.
        #[serde(skip)]
        why: String,
    },
    /// Not now: busy, full, an I/O error, read-only. Nothing changed.
    Unavailable,
    /// It failed at the very commit: it may be durable or not. Open again and see.
    Unknown,
}

/// The sink cannot be used now: busy, full, an I/O error. Worth trying again, for as long as it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unavailable;
