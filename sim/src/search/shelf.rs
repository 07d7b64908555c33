//! The sink of the small world: the world's own atomic store, shared by all states in which it holds the same.

use highwater_core::checkpoint::{Checkpoint, Witness};
use highwater_core::cursor::Place;
use highwater_core::gap::Gap;
use highwater_core::number::Fence;
use highwater_core::scope::{Scope, SourceId};
use highwater_core::sink::{Append, Appended, Content, DeadLetter, Loaded, Sink as _};
use highwater_core::time::WallTime;

use super::server::NOON;
use crate::carrier::{Carrier as _, Direct, Small, Told as _};
use crate::disk::Disk;
use crate::hash::Hash;
use crate::truth::EventId;

/// What is durable.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    disk: Disk<Small>,
    /// Of all that it holds, but for how often it was written and by whom.
    hash: u64,
    /// Events stored or set aside, a bit each.
    safe: u32,
}

impl Shelf {
    pub(super) fn new() -> Self {
        let mut shelf = Self { disk: Disk::new(true), hash: 0, safe: 0 };
        shelf.look();
        shelf
    }

    /// What is durable, for the writer with this fence: it changes nothing else, so no copy is made for it.
    pub(super) fn open(&self, fence: Fence) -> Loaded<EventId> {
        let checkpoints = self.disk.checkpoints().cloned().collect();
        let gaps = self.disk.awaited().copied().collect();
        Loaded { fence, compares: self.disk.compares(), checkpoints, newest: self.disk.newest(), gaps }
    }

    /// Takes in an append while this is the newest writer's fence.
    pub(super) fn append(&mut self, append: &Append<Small>, fence: Fence) -> Appended {
        self.disk.set_fence(fence);
        let appended = self.disk.append(append);
        if matches!(appended, Appended::Stored { .. }) {
            self.look();
        }
        appended
    }

    /// Whether an event is stored or set aside.
    pub(super) fn has(&self, id: EventId) -> bool {
        self.safe & 1 << id.0 != 0
    }

    pub(super) fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.disk.gaps()
    }

    /// The witness of a source's newest history; each counts on.
    pub(super) fn witness(&self, source: SourceId) -> Option<&Witness<EventId>> {
        let of_source = self.disk.checkpoints().filter(|(scope, _)| scope.source == source);
        let (_, newest) = of_source.max_by_key(|(scope, _)| scope.incarnation)?;
        newest.witness.as_ref()
    }

    /// Whether a record of anything is durable.
    pub(super) fn has_begun(&self) -> bool {
        self.disk.checkpoints().next().is_some()
    }

    /// Whether a record of this source is durable.
    pub(super) fn has_record(&self, source: SourceId) -> bool {
        self.disk.checkpoints().any(|(scope, _)| scope.source == source)
    }

    /// Whether any event was ever a witness.
    pub(super) fn has_witness(&self) -> bool {
        self.disk.checkpoints().any(|(_, checkpoint)| checkpoint.witness.is_some())
    }

    /// The server's time of the newest event.
    pub(super) fn newest(&self) -> Option<WallTime> {
        self.disk.newest()
    }

    /// The record of a scope.
    pub(super) fn checkpoint(&self, scope: Scope) -> Option<&Checkpoint<EventId>> {
        self.disk.checkpoints().find(|(known, _)| *known == scope).map(|(_, checkpoint)| checkpoint)
    }

    pub(super) const fn hash(&self) -> u64 {
        self.hash
    }

    /// Takes stock after a change.
    fn look(&mut self) {
        let mut hash = Hash::EMPTY;
        self.safe = 0;
        for id in self.disk.rows() {
            self.safe |= 1 << id.0;
            hash = hash.and(u64::from(id.0));
        }
        for (scope, letter) in self.disk.letters() {
            self.safe |= subject(letter).map_or(0, |id| 1 << id.0);
            hash = of_letter(scoped(hash.and(2), *scope), letter);
        }
        for gap in self.disk.gaps() {
            hash = of_gap(hash.and(3), gap);
        }
        for (scope, checkpoint) in self.disk.checkpoints() {
            hash = of_checkpoint(scoped(hash.and(4), *scope), checkpoint);
        }
        self.hash = hash.finish();
    }
}

/// The event that was set aside.
pub(super) fn subject(letter: &DeadLetter<Small>) -> Option<EventId> {
    match &letter.content {
        Content::Event(event) => Some(event.payload.id()),
        Content::Frame(sample) => Direct.sampled(sample),
    }
}

fn scoped(hash: Hash, scope: Scope) -> Hash {
    hash.and(u64::from(scope.source.0) << 40 | u64::from(scope.incarnation) << 1 | scope.kind as u64)
}

fn of_letter(hash: Hash, letter: &DeadLetter<Small>) -> Hash {
    let is_frame = matches!(letter.content, Content::Frame(_));
    let after = letter.after.map_or(0, |after| after.0 + 1);
    hash.and(subject(letter).map_or(0, |id| u64::from(id.0) + 1)).and(after).and(u64::from(is_frame))
}

fn of_gap(hash: Hash, gap: &Gap) -> Hash {
    let hash = scoped(hash, gap.scope).and((gap.cause as u64) << 2 | gap.state as u64);
    let ends = [Some(gap.from), gap.to].into_iter();
    ends.fold(hash, |hash, end| match end {
        Some(mark) => hash.and(mark.cursor.0).and(of_time(mark.time)),
        None => hash.and(u64::MAX),
    })
}

fn of_checkpoint(hash: Hash, checkpoint: &Checkpoint<EventId>) -> Hash {
    let hash = match checkpoint.place {
        Place::Tip => hash.and(0),
        Place::Oldest => hash.and(1),
        Place::Time(time) => hash.and(2).and(of_time(time)),
        Place::Cursor(cursor) => hash.and(3).and(cursor.0),
    };
    let witness = checkpoint.witness.as_ref();
    let hash = hash.and(witness.map_or(0, |witness| u64::from(witness.key.0) + 1));
    hash.and(of_time(checkpoint.covered_until)).and(checkpoint.margin.as_micros()).and(checkpoint.filter.0)
}

fn of_time(time: WallTime) -> u64 {
    time.as_micros().wrapping_sub(NOON.as_micros())
}
