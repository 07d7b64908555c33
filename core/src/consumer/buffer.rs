//! What came and is not yet in an append, in the order in which it came.
//!
//! Gaps, dead letters and changes of scope ride in the same queue as the events: whatever is before a position in
//! the delivery order becomes durable before it, or with it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, Witness};
use crate::cursor::Cursor;
use crate::event::{Event, Payload};
use crate::gap::Gap;
use crate::payload::Redact;
use crate::scope::Scope;
use crate::sink::{Content, DeadLetter, Events};
use crate::time::WallTime;

/// One thing that waits to become durable.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Redact", deserialize = "P: Deserialize<'de>, P::Key: Deserialize<'de>"))]
pub(super) enum Entry<P: Payload> {
    /// An event to store.
    Event(Event<P>, Reach),
    /// An event that only moves the cursor.
    Passed(Event<P>, Reach),
    Dead(DeadLetter<P>),
    Gap(Gap),
    /// From here on everything belongs to another scope, whose record becomes durable as it stands if it is new.
    Turn(Scope, Option<Checkpoint<P::Key>>),
}

/// How far an event moves a checkpoint: to its cursor, but on a wire that counts in time never past the local
/// wall time at receipt, or a server whose clock is ahead would take a later resume for the live tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Reach {
    pub(super) place: Cursor,
    pub(super) cursor: Cursor,
}

/// A run of entries of one scope, taken out to be appended together.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Redact", deserialize = "P: Deserialize<'de>, P::Key: Deserialize<'de>"))]
pub(super) struct Batch<P: Payload> {
    pub(super) events: Events<P>,
    pub(super) dead_letters: Vec<DeadLetter<P>>,
    pub(super) gaps: Vec<Gap>,
    /// How far it reaches, and the event there.
    pub(super) peak: Option<(Cursor, Witness<P::Key>)>,
    /// The server's time of its newest event.
    pub(super) newest: Option<WallTime>,
    /// Bytes that it holds on to.
    pub(super) bytes: u64,
}

/// Everything that waits.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Redact", deserialize = "P: Deserialize<'de>, P::Key: Deserialize<'de>"))]
pub(super) struct Buffer<P: Payload> {
    entries: VecDeque<Entry<P>>,
    events: u32,
    bytes: u64,
}

impl<P: Payload> Clone for Buffer<P> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone(), events: self.events, bytes: self.bytes }
    }

    fn clone_from(&mut self, from: &Self) {
        self.entries.clone_from(&from.entries);
        (self.events, self.bytes) = (from.events, from.bytes);
    }
}

/// What a queue's entry costs besides its payload.
const ENTRY_BYTES: u64 = 64;

impl<P: Payload> Buffer<P> {
    pub(super) fn new(capacity: u32) -> Self {
        Self { entries: VecDeque::with_capacity(capacity as usize + 64), events: 0, bytes: 0 }
    }

    /// Puts one thing at the end. Events that only move the cursor replace each other.
    pub(super) fn push(&mut self, entry: Entry<P>) {
        if let (Entry::Passed(_, reach), Some(Entry::Passed(_, last))) = (&entry, self.entries.back()) {
            if reach < last {
                return;
            }
            if let Some(replaced) = self.entries.pop_back() {
                self.bytes -= cost(&replaced);
            }
        }
        self.events += u32::from(matches!(entry, Entry::Event(..)));
        self.bytes += cost(&entry);
        self.entries.push_back(entry);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Events to store.
    pub(super) fn events(&self) -> u32 {
        self.events
    }

    /// Bytes held on to.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What waits, in order.
    pub(super) fn entries(&self) -> &VecDeque<Entry<P>> {
        &self.entries
    }

    /// Takes a change of scope off the front.
    pub(super) fn take_turn(&mut self) -> Option<(Scope, Option<Checkpoint<P::Key>>)> {
        match self.pop_if(|entry| matches!(entry, Entry::Turn(..)))? {
            Entry::Turn(scope, checkpoint) => Some((scope, checkpoint)),
            Entry::Event(..) | Entry::Passed(..) | Entry::Dead(_) | Entry::Gap(_) => None,
        }
    }

    /// Takes at most `events_max` events and `bytes_max` bytes (but one entry at least) off the front, up to the
    /// next change of scope.
    pub(super) fn take_batch(&mut self, events_max: u32, bytes_max: u64) -> Batch<P> {
        let mut events = Vec::with_capacity(self.events.min(events_max) as usize);
        let (mut dead_letters, mut gaps) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        let mut best: Option<(Reach, Option<usize>)> = None; // the index of a stored event, or none
        let mut passed: Option<Event<P>> = None;
        let mut newest = None;
        while let Some(entry) = self.pop_if(|entry| {
            let has_room = (events.len() as u64) < u64::from(events_max) && bytes < bytes_max;
            has_room && !matches!(entry, Entry::Turn(..))
        }) {
            bytes += cost(&entry);
            match entry {
                Entry::Event(event, reach) => {
                    if best.is_none_or(|(top, _)| top <= reach) {
                        best = Some((reach, Some(events.len())));
                    }
                    newest = newest.max(Some(event.time));
                    events.push(event);
                }
                Entry::Passed(event, reach) => {
                    if best.is_none_or(|(top, _)| top <= reach) {
                        best = Some((reach, None));
                        newest = newest.max(Some(event.time));
                        passed = Some(event);
                    }
                }
                Entry::Dead(letter) => dead_letters.push(letter),
                Entry::Gap(gap) => gaps.push(gap),
                Entry::Turn(..) => unreachable!("a batch ends before a change of scope"),
            }
        }
        let peak = best.and_then(|(reach, index)| {
            let event = index.map_or(passed.as_ref(), |index| events.get(index))?;
            Some((reach.place, Witness { cursor: reach.cursor, time: event.time, key: event.payload.key() }))
        });
        Batch { events: Events::new(events), dead_letters, gaps, peak, newest, bytes }
    }

    fn pop_if(&mut self, wanted: impl FnOnce(&Entry<P>) -> bool) -> Option<Entry<P>> {
        if !self.entries.front().is_some_and(wanted) {
            return None;
        }
        let entry = self.entries.pop_front()?;
        self.events -= u32::from(matches!(entry, Entry::Event(..)));
        self.bytes -= cost(&entry);
        Some(entry)
    }
}

fn cost<P: Payload>(entry: &Entry<P>) -> u64 {
    let held = match entry {
        Entry::Event(event, _)
        | Entry::Passed(event, _)
        | Entry::Dead(DeadLetter { content: Content::Event(event), .. }) => event.payload.size(),
        Entry::Dead(DeadLetter { content: Content::Frame(sample), .. }) => sample.head.len(),
        Entry::Gap(_) | Entry::Turn(..) => 0,
    };
    ENTRY_BYTES + held as u64
}
