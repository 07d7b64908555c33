//! Recorded times and filters as the world has them: it begins on a day of its own, and knows two filters.

use highwater_core::checkpoint::{Checkpoint, FilterHash, Witness};
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::digest::Digest;
use highwater_core::gap::{Gap, Mark};
use highwater_core::scope::Scope;
use highwater_core::sink::Loaded;
use highwater_core::time::{Instant, WallTime};

use crate::clock::BEGINNING;
use crate::shape;
use crate::truth::Filter;

/// The moment of the world at which it is this time of its day; its first, for all that was before.
pub(super) fn moment(time: WallTime) -> Instant {
    Instant::from_micros(time.as_micros().saturating_sub(BEGINNING))
}

/// From a recorded run to the world.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    by: i64,
    filter: FilterHash,
}

impl Shift {
    /// A run that began at this time of day, with this filter.
    pub(super) fn new(began: WallTime, filter: FilterHash) -> Self {
        Self { by: BEGINNING.cast_signed().wrapping_sub(began.as_micros().cast_signed()), filter }
    }

    /// A time of day; one that says that there is none stays what it is.
    pub(super) fn wall(self, time: WallTime) -> WallTime {
        match time.as_micros() {
            0 => time,
            micros => WallTime::from_micros(micros.saturating_add_signed(self.by)),
        }
    }

    fn cursor(self, kind: CursorKind, cursor: Cursor) -> Cursor {
        match kind {
            CursorKind::Time => Cursor(self.wall(WallTime::from_micros(cursor.0)).as_micros()),
            CursorKind::Seq => cursor,
        }
    }

    /// A place in what is counted so.
    pub(super) fn place(self, kind: CursorKind, place: Place) -> Place {
        match place {
            Place::Tip | Place::Oldest => place,
            Place::Time(time) => Place::Time(self.wall(time)),
            Place::Cursor(cursor) => Place::Cursor(self.cursor(kind, cursor)),
        }
    }

    /// What was durable.
    pub(super) fn loaded(self, loaded: &Loaded<Digest>) -> Loaded<Digest> {
        let of = |(scope, it): &(Scope, Checkpoint<Digest>)| (*scope, self.checkpoint(*scope, it));
        Loaded {
            checkpoints: loaded.checkpoints.iter().map(of).collect(),
            newest: loaded.newest.map(|newest| self.wall(newest)),
            gaps: loaded.gaps.iter().map(|gap| self.gap(gap)).collect(),
            ..*loaded
        }
    }

    fn checkpoint(self, scope: Scope, it: &Checkpoint<Digest>) -> Checkpoint<Digest> {
        let witness = it.witness.as_ref().map(|it| Witness {
            cursor: self.cursor(scope.kind, it.cursor),
            time: self.wall(it.time),
            key: it.key,
        });
        let filter = if it.filter == self.filter { Filter::First } else { Filter::Second };
        Checkpoint {
            place: self.place(scope.kind, it.place),
            witness,
            covered_until: self.wall(it.covered_until),
            filter: shape::hash(filter),
            ..*it
        }
    }

    fn gap(self, gap: &Gap) -> Gap {
        let mark = |mark: Mark| Mark {
            cursor: self.cursor(gap.scope.kind, mark.cursor),
            time: self.wall(mark.time),
        };
        Gap { from: mark(gap.from), to: gap.to.map(mark), ..*gap }
    }
}
