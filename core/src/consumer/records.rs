//! What is durable of each scope, as the sink last said, and which scope is being written.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, FilterHash, Witness};
use crate::cursor::{Cursor, Place};
use crate::gap::{Cause, Gap, Mark};
use crate::number::{Fence, Version};
use crate::payload::Digested;
use crate::scope::{Scope, SourceId};
use crate::sink::Loaded;
use crate::time::{Duration, WallTime};

/// No checkpoint is written for silence alone unless it accounts for so much more of it.
const COVER_STEP: Duration = Duration::from_secs(60);
/// So many gaps that a witness may close are remembered.
const GAPS_MAX: usize = 64;

/// What the sink holds, and what must be true before it may hold more.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Digested"))]
pub(super) struct Records<K> {
    pub(super) fence: Fence,
    /// The sink stores an event that comes again only once.
    pub(super) compares: bool,
    rows: Vec<Row<K>>,
    /// The row being written; always valid once loaded.
    current: usize,
    /// The server's time of the newest durable event of all scopes.
    pub(super) newest: Option<WallTime>,
    /// Gaps that a witness closes when it comes again.
    gaps: Vec<Gap>,
    /// Local wall time up to which silence is accounted for, durable or not.
    covered: WallTime,
    /// Whether what is appended moves the checkpoint: not before continuity is settled.
    pub(super) advance: Advance,
}

impl<K: Clone> Clone for Records<K> {
    fn clone(&self) -> Self {
        let (rows, gaps) = (self.rows.clone(), self.gaps.clone());
        Self { rows, gaps, ..*self }
    }

    fn clone_from(&mut self, from: &Self) {
        let (mut rows, mut gaps) = (core::mem::take(&mut self.rows), core::mem::take(&mut self.gaps));
        rows.clone_from(&from.rows);
        gaps.clone_from(&from.gaps);
        *self = Self { rows, gaps, ..*from };
    }
}

/// What is known of one scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Digested"))]
pub(super) struct Row<K> {
    pub(super) scope: Scope,
    pub(super) checkpoint: Checkpoint<K>,
    /// How far an overlap was read and is durable, by connections that did not get beyond it.
    pub(super) reached: Option<Cursor>,
}

/// Whether appends move the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Advance {
    /// No: it is not yet known that what comes goes on from there.
    Held,
    /// Yes, once something behind the overlap comes.
    Rereading,
    Yes,
}

impl<K: Clone> Records<K> {
    /// What was found at the first opening.
    pub(super) fn new(loaded: Loaded<K>) -> Self {
        Self {
            fence: loaded.fence,
            compares: loaded.compares,
            rows: loaded.checkpoints.into_iter().map(Row::from).collect(),
            current: 0,
            newest: loaded.newest,
            gaps: Vec::new(),
            covered: WallTime::default(),
            advance: Advance::Yes,
        }
    }

    /// Takes over what a later opening found.
    pub(super) fn reload(&mut self, fence: Fence) {
        self.fence = fence;
    }

    /// The newest history of a source that there is a record of.
    pub(super) fn latest(&self, source: SourceId) -> Option<(Scope, &Checkpoint<K>)> {
        let rows = self.rows.iter().filter(|row| row.scope.source == source);
        rows.max_by_key(|row| row.scope.incarnation).map(|row| (row.scope, &row.checkpoint))
    }

    /// From here on `scope` is written; `fresh` is its record if it is new.
    pub(super) fn turn(&mut self, scope: Scope, fresh: Option<Checkpoint<K>>) {
        if let Some(fresh) = fresh {
            assert!(self.rows.iter().all(|row| row.scope != scope), "a new scope has no record yet");
            self.rows.push(Row::from((scope, fresh)));
        }
        let index = self.rows.iter().position(|row| row.scope == scope);
        self.current = index.expect("a scope that is turned to has a record");
        self.covered = self.rows[self.current].checkpoint.covered_until;
        self.advance = Advance::Yes;
    }

    /// The scope being written, and its record.
    pub(super) fn current(&self) -> (Scope, &Checkpoint<K>) {
        let row = &self.rows[self.current];
        (row.scope, &row.checkpoint)
    }

    /// How far an overlap was read and is durable, by connections that did not get beyond it.
    pub(super) fn reached(&self) -> Option<Cursor> {
        self.rows[self.current].reached
    }

    /// Whether there is something to write besides events: a scope's first record, a new filter, much silence.
    pub(super) fn is_dirty(&self, filter: FilterHash) -> bool {
        let (_, checkpoint) = self.current();
        checkpoint.version == Version(0)
            || checkpoint.filter != filter
            || self.covered >= checkpoint.covered_until + COVER_STEP
    }

    /// Silence is accounted for up to `wall`.
    pub(super) fn cover(&mut self, wall: WallTime) {
        self.covered = self.covered.max(wall);
    }

    /// Local wall time up to which silence is accounted for, durable or not.
    pub(super) fn covered(&self) -> WallTime {
        self.covered.max(self.current().1.covered_until)
    }

    /// How far behind the cursor a resume by time begins.
    pub(super) fn margin(&self) -> Duration {
        self.current().1.margin
    }

    /// A greater backward step was seen; durable with the next append.
    pub(super) fn widen_margin(&mut self, margin: Duration) {
        self.rows[self.current].checkpoint.margin = margin;
    }

    /// Where the current record ends; none before its first event.
    pub(super) fn end(&self) -> Option<Mark> {
        self.end_of(self.current().0)
    }

    /// Where the record of a scope ends; none before its first event.
    pub(super) fn end_of(&self, scope: Scope) -> Option<Mark> {
        let row = self.rows.iter().find(|row| row.scope == scope)?;
        let witness = row.checkpoint.witness.as_ref()?;
        Some(Mark { cursor: witness.cursor, time: witness.time })
    }

    /// What a record becomes by an append that reaches `peak`.
    pub(super) fn advanced(
        &self,
        peak: Option<(Cursor, Witness<K>)>,
        filter: FilterHash,
        wall: WallTime,
    ) -> Checkpoint<K> {
        let mut next = self.current().1.clone();
        next.version = next.version.next();
        next.filter = filter;
        next.covered_until = next.covered_until.max(self.covered);
        if let (Advance::Rereading | Advance::Yes, Some((reached, witness))) = (self.advance, peak) {
            let is_further = match next.place {
                Place::Cursor(cursor) => cursor < reached || next.witness.is_none(),
                Place::Tip | Place::Oldest | Place::Time(_) => true,
            };
            // With the local clock behind, a late event reaches as far as any, but proves less.
            let is_later = next.witness.as_ref().is_none_or(|known| known.cursor < witness.cursor);
            if is_further && is_later {
                next.place = Place::Cursor(reached);
                next.covered_until = next.covered_until.max(witness.time.min(wall));
                next.witness = Some(witness);
            }
        }
        next
    }

    /// The sink has written this. True if the position moved.
    pub(super) fn written(&mut self, scope: Scope, checkpoint: Checkpoint<K>) -> bool {
        let row = &mut self.rows[self.current];
        assert!(row.scope == scope, "what is written belongs to the current scope");
        assert!(checkpoint.version == row.checkpoint.version.next(), "one append is one version");
        let moved = row.checkpoint.place != checkpoint.place;
        let margin = row.checkpoint.margin.max(checkpoint.margin);
        row.checkpoint = Checkpoint { margin, ..checkpoint };
        if moved {
            row.reached = None;
            self.advance = Advance::Yes;
        }
        moved
    }

    /// A batch that got so far is durable.
    pub(super) fn reach(&mut self, cursor: Option<Cursor>) {
        if self.advance != Advance::Yes {
            let row = &mut self.rows[self.current];
            row.reached = row.reached.max(cursor);
        }
    }

    /// The version that an append builds on is the one the sink has, or the next if it is durable already.
    pub(super) fn version(&self) -> Version {
        self.current().1.version
    }

    /// Whether this gap, as it stands, is on record already.
    pub(super) fn remembers(&self, gap: Gap) -> bool {
        self.gaps.contains(&gap)
    }

    /// What is known of each scope.
    pub(super) fn rows(&self) -> &[Row<K>] {
        &self.rows
    }

    /// The gaps that a witness may close.
    pub(super) fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Remembers a gap that a witness may close.
    pub(super) fn remember(&mut self, gap: Gap) {
        if matches!(gap.cause, Cause::Witness | Cause::Quiet | Cause::HostSwitch) {
            self.gaps.retain(|known| !known.is_same(&gap));
            if self.gaps.len() == GAPS_MAX {
                self.gaps.remove(0);
            }
            self.gaps.push(gap);
        }
    }

    /// The gaps that begin at a witness of `scope` that has come again.
    pub(super) fn closed_by(&mut self, scope: Scope, witness: Cursor) -> Vec<Gap> {
        let begins_there = |gap: &Gap| gap.scope == scope && gap.from.cursor == witness;
        let proved = self.gaps.iter().copied().filter(begins_there).collect();
        self.gaps.retain(|gap| !begins_there(gap));
        proved
    }
}

impl<K> From<(Scope, Checkpoint<K>)> for Row<K> {
    fn from((scope, checkpoint): (Scope, Checkpoint<K>)) -> Self {
        Self { scope, checkpoint, reached: None }
    }
}
