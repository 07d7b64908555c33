//! What a sink without a database remembers: places and gaps, guarded as in a database by fence and version.

use std::collections::BTreeMap;

use highwater_core::cursor::Cursor;
use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::gap::{Cause, Gap, GapState};
use highwater_core::number::{Fence, Version};
use highwater_core::sink::{Append, Appended, Loaded};

use super::Origins;
use super::stored::{StoredCheckpoint, StoredGap, StoredScope};

/// Places and gaps, of sources in use and of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    fence: Fence,
    checkpoints: BTreeMap<StoredScope, StoredCheckpoint>,
    gaps: BTreeMap<(StoredScope, Cause, Cursor), StoredGap>,
}

impl Ledger {
    /// What was remembered before.
    pub(super) fn new(fence: Fence, checkpoints: Vec<StoredCheckpoint>, gaps: Vec<StoredGap>) -> Self {
        Self {
            fence,
            checkpoints: checkpoints.into_iter().map(|it| (it.scope.clone(), it)).collect(),
            gaps: gaps.into_iter().map(|it| ((it.scope.clone(), it.cause, it.from.cursor), it)).collect(),
        }
    }

    /// Shuts out every earlier writer, and says what there is. Keys are not compared.
    pub(super) fn open(&mut self, origins: &Origins) -> Loaded<Key> {
        self.fence = self.fence.next();
        let stored = self.checkpoints.values();
        let checkpoints = stored.filter_map(|it| Some((it.scope.scope(origins)?, it.checkpoint.clone())));
        let witnesses = self.checkpoints.values().filter_map(|it| it.checkpoint.witness.as_ref());
        Loaded {
            fence: self.fence,
            compares: false,
            checkpoints: checkpoints.collect(),
            newest: witnesses.map(|witness| witness.time).max(),
            gaps: self.gaps.values().filter_map(|gap| self.open_gap(gap, origins)).collect(),
        }
    }

    /// The gap, if it is not closed and begins at its scope's witness.
    fn open_gap(&self, gap: &StoredGap, origins: &Origins) -> Option<Gap> {
        let witness = self.checkpoints.get(&gap.scope)?.checkpoint.witness.as_ref();
        let is_at_witness = witness.is_some_and(|witness| gap.from.cursor == witness.cursor);
        let is_open = gap.state != GapState::Closed && (is_at_witness || gap.to.is_none());
        if is_open { gap.gap(origins) } else { None }
    }

    /// Why `append` may not be done, if it may not.
    pub(super) fn objection(&self, append: &Append<Jetstream>, origins: &Origins) -> Option<Appended> {
        if append.fence != self.fence {
            return Some(Appended::Fenced);
        }
        let stored = self.checkpoints.get(&StoredScope::of(append.scope, origins));
        let version = stored.map_or(Version(0), |it| it.checkpoint.version);
        (version != append.expect).then_some(Appended::Conflict)
    }

    /// Remembers that `append` was done.
    pub(super) fn record(&mut self, append: &Append<Jetstream>, origins: &Origins) {
        for gap in &append.gaps {
            self.record_gap(StoredGap::of(gap, origins));
        }
        let scope = StoredScope::of(append.scope, origins);
        let before = self.checkpoints.get(&scope).map_or(0, |it| it.stored);
        let stored = before + append.events.len() as u64;
        let checkpoint = append.checkpoint.clone();
        self.checkpoints.insert(scope.clone(), StoredCheckpoint { scope, checkpoint, stored });
    }

    /// The same as in a database: `Closed` only updates, and keeps the end if it names none.
    fn record_gap(&mut self, gap: StoredGap) {
        let identity = (gap.scope.clone(), gap.cause, gap.from.cursor);
        if gap.state == GapState::Closed {
            if let Some(known) = self.gaps.get_mut(&identity) {
                known.state = GapState::Closed;
                known.to = gap.to.or(known.to);
            }
        } else {
            self.gaps.insert(identity, gap);
        }
    }

    pub(super) fn fence(&self) -> Fence {
        self.fence
    }

    pub(super) fn checkpoints(&self) -> impl Iterator<Item = &StoredCheckpoint> {
        self.checkpoints.values()
    }

    pub(super) fn gaps(&self) -> impl Iterator<Item = &StoredGap> {
        self.gaps.values()
    }
}
