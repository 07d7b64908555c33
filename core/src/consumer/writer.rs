//! The one question to the sink at a time: its retries, its splits, and what they carry.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, Witness};
use crate::consumer::buffer::Batch;
use crate::cursor::Cursor;
use crate::event::{Payload, Reason};
use crate::number::Op;
use crate::payload::Redact;
use crate::scope::Scope;
use crate::sink::{Content, DeadLetter, Events};
use crate::time::Instant;

/// An event refused so often, alone, is set aside.
const REFUSALS_MAX: u8 = 3;

/// How the machine stands with its sink.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Redact", deserialize = "P: Deserialize<'de>, P::Key: Deserialize<'de>"))]
pub(super) enum Writer<P: Payload> {
    /// Nothing is asked.
    Free {
        /// Whether all that was answered for is durable.
        flushed: bool,
    },
    /// A question is out.
    Asked { op: Op, task: Task<P>, failures: u32 },
    /// The sink was not to be used, or refused an event; asked again at `until`.
    Waiting { until: Instant, task: Task<P>, failures: u32 },
}

/// What is asked of the sink.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Redact", deserialize = "P: Deserialize<'de>, P::Key: Deserialize<'de>"))]
pub(super) enum Task<P: Payload> {
    /// What is durable? With a job whose fate is not known.
    Open(Option<Job<P>>),
    Append(Job<P>),
    Flush,
}

impl<P: Payload> Writer<P> {
    /// The question that is out or waits to be asked again.
    pub(super) fn task(&self) -> Option<&Task<P>> {
        match self {
            Self::Free { .. } => None,
            Self::Asked { task, .. } | Self::Waiting { task, .. } => Some(task),
        }
    }

    /// The job that is not settled.
    pub(super) fn job(&self) -> Option<&Job<P>> {
        match self.task() {
            Some(Task::Append(job) | Task::Open(Some(job))) => Some(job),
            Some(Task::Open(None) | Task::Flush) | None => None,
        }
    }
}

/// A batch on its way into the sink: in one piece, or in several if the sink refuses one of its events.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Redact", deserialize = "P: Deserialize<'de>, P::Key: Deserialize<'de>"))]
pub(super) struct Job<P: Payload> {
    pub(super) scope: Scope,
    pub(super) batch: Batch<P>,
    /// What is left of it, in order.
    pieces: Vec<Piece>,
    /// The checkpoint that the last append of it carried.
    pub(super) asked: Option<Checkpoint<P::Key>>,
}

/// A part of a job that is appended at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Piece {
    /// Events that nothing is said against.
    Store(Range<usize>),
    /// One event that was refused so often.
    Suspect {
        index: usize,
        refusals: u8,
        #[serde(skip)]
        why: String,
    },
}

/// What is asked of the sink for one piece.
pub(super) struct Part<P: Payload> {
    pub(super) events: Events<P>,
    pub(super) dead_letters: Vec<DeadLetter<P>>,
    /// How far the job reaches once this piece is durable.
    pub(super) peak: Option<(Cursor, Witness<P::Key>)>,
}

impl<P: Payload> Job<P> {
    pub(super) fn new(scope: Scope, batch: Batch<P>) -> Self {
        let pieces = alloc::vec![Piece::Store(0..batch.events.len())];
        Self { scope, batch, pieces, asked: None }
    }

    /// What the first piece left asks of the sink.
    pub(super) fn part(&self) -> Part<P> {
        let first = self.pieces.first().expect("a job that is asked for has a piece left");
        let mut dead_letters = self.batch.dead_letters.clone();
        let (events, end) = match first {
            Piece::Store(range) => (self.batch.events.slice(range.clone()), range.end),
            Piece::Suspect { index, refusals, .. } if *refusals < REFUSALS_MAX => {
                (self.batch.events.slice(*index..*index + 1), *index + 1)
            }
            Piece::Suspect { index, why, .. } => {
                dead_letters.push(self.bury(*index, why));
                (Events::default(), *index + 1)
            }
        };
        let peak = if self.pieces.len() == 1 { self.batch.peak.clone() } else { self.peak_of_prefix(end) };
        Part { events, dead_letters, peak }
    }

    /// The first piece is durable. True if that was all.
    pub(super) fn advance(&mut self) -> bool {
        self.pieces.remove(0);
        self.batch.dead_letters.clear();
        self.batch.gaps.clear();
        self.pieces.is_empty()
    }

    /// The sink refused the event at `index` of the first piece. False if there is no such event.
    pub(super) fn refuse(&mut self, index: usize, why: String) -> bool {
        match self.pieces.first_mut() {
            Some(Piece::Store(range)) if index < range.len() => {
                let (start, end, refused) = (range.start, range.end, range.start + index);
                let split = [
                    Piece::Store(start..refused),
                    Piece::Suspect { index: refused, refusals: 1, why },
                    Piece::Store(refused + 1..end),
                ];
                let is_needed = |piece: &Piece| !matches!(piece, Piece::Store(range) if range.is_empty());
                self.pieces.splice(..1, split.into_iter().filter(is_needed));
                true
            }
            Some(Piece::Suspect { refusals, why: last, .. }) if index == 0 && *refusals < REFUSALS_MAX => {
                *refusals += 1;
                *last = why;
                true
            }
            Some(Piece::Store(_) | Piece::Suspect { .. }) | None => false,
        }
    }

    /// Whether the first piece is an event that was refused, and is to be tried again only after a while.
    pub(super) fn is_suspect(&self) -> bool {
        matches!(self.pieces.first(), Some(Piece::Suspect { refusals, .. }) if *refusals < REFUSALS_MAX)
    }

    /// The event that the first piece sets aside, if it does.
    pub(super) fn buried(&self) -> Option<&crate::event::Event<P>> {
        match self.pieces.first()? {
            Piece::Suspect { index, refusals, .. } if *refusals >= REFUSALS_MAX => {
                self.batch.events.get(*index)
            }
            Piece::Suspect { .. } | Piece::Store(_) => None,
        }
    }

    /// What is left of it, as words for a fingerprint.
    pub(super) fn add(&self, mut take: impl FnMut(u64)) {
        take(self.pieces.len() as u64);
        for piece in &self.pieces {
            match piece {
                Piece::Store(range) => take((range.start as u64) << 32 | range.end as u64),
                // What the sink said is for people: nothing is decided by it.
                Piece::Suspect { index, refusals, why: _ } => {
                    take(1 << 63 | (*index as u64) << 8 | u64::from(*refusals));
                }
            }
        }
    }

    fn bury(&self, index: usize, why: &str) -> DeadLetter<P> {
        let before = index.checked_sub(1).and_then(|before| self.batch.events.get(before));
        DeadLetter {
            after: before.and_then(|event| event.cursor(self.scope.kind)),
            reason: Reason::Refused(why.into()),
            content: Content::Event(self.batch.events[index].clone()),
        }
    }

    /// How far the events before `end` reach, and never further than the whole batch.
    fn peak_of_prefix(&self, end: usize) -> Option<(Cursor, Witness<P::Key>)> {
        let (limit, _) = self.batch.peak.as_ref()?;
        let prefix = self.batch.events.get(..end)?;
        let event = prefix.iter().max_by_key(|event| event.cursor(self.scope.kind))?;
        let cursor = event.cursor(self.scope.kind)?;
        let witness = Witness { cursor, time: event.time, key: event.payload.key() };
        Some((cursor.min(*limit), witness))
    }
}

/// What became of a job whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is durable.
    Done,
    /// It never happened.
    Undone,
    /// Somebody else has written.
    Foreign,
}

/// Decides by the version that the sink has now: one append is one version, and only one is ever in flight.
pub(super) fn fate<K>(before: u64, found: Option<&Checkpoint<K>>) -> Fate {
    let found = found.map_or(0, |checkpoint| checkpoint.version.0);
    match found.checked_sub(before) {
        Some(0) => Fate::Undone,
        Some(1) => Fate::Done,
        Some(_) | None => Fate::Foreign,
    }
}
