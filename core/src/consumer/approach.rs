//! How the next dial asks for the place to go on.

use crate::checkpoint::Checkpoint;
use crate::consumer::continuity::{By, Continuity};
use crate::cursor::{Cursor, CursorKind, Place};
use crate::time::{Duration, WallTime};

/// How the next dial asks for the place to go on. Back to [`Approach::Checkpoint`] as soon as that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Approach {
    /// By the checkpoint, and expecting its witness.
    Checkpoint,
    /// The very first dial of a life that begins now.
    Now,
    /// By the checkpoint, but the witness may not be among what is asked for now.
    NewFilter,
    /// By the time of the witness, since it did not come by its number.
    WitnessByTime,
    /// By the time up to which all is accounted for, since the server no longer has the checkpoint.
    CoveredByTime {
        /// How often the server said so without the checkpoint moving.
        cycles: u8,
    },
}

impl Approach {
    /// Where to go on, and what is to be expected then. `reached` is the time up to which an overlap was read
    /// by connections that died in it.
    pub(super) fn resume<K: Clone>(
        self,
        kind: CursorKind,
        checkpoint: &Checkpoint<K>,
        covered: WallTime,
        reached: Option<WallTime>,
    ) -> (Place, Continuity<K>) {
        let margin = checkpoint.margin;
        let after_reached = |time: WallTime| reached.map_or(time, |reached| reached.max(time));
        let before = |time: WallTime| after_reached(time - margin);
        match (self, &checkpoint.witness) {
            (Self::Now, _) => (Place::Tip, Continuity::Free),
            (Self::CoveredByTime { .. }, Some(_)) => (Place::Time(covered - margin), Continuity::Free),
            (Self::CoveredByTime { .. }, None) => (Place::Oldest, Continuity::Free),
            (Self::WitnessByTime, Some(witness)) => {
                (Place::Time(before(witness.time)), Continuity::Expected(witness.clone(), By::SeqByTime))
            }
            (Self::Checkpoint | Self::NewFilter | Self::WitnessByTime, witness) => {
                let place = match (checkpoint.place, kind) {
                    // Our clock says when that was; the server's may be behind, or an event may have been on its way.
                    (Place::Tip, _) => Place::Time(checkpoint.covered_until - margin),
                    (Place::Cursor(cursor), CursorKind::Time) if witness.is_some() => {
                        Place::Cursor(step_back(cursor, margin, reached))
                    }
                    (place, _) => place,
                };
                let by = match kind {
                    CursorKind::Time => By::Time,
                    CursorKind::Seq => By::Seq,
                };
                let continuity = match witness {
                    Some(witness) if self != Self::NewFilter => Continuity::Expected(witness.clone(), by),
                    Some(_) | None => Continuity::Free,
                };
                (place, continuity)
            }
        }
    }
}

fn step_back(cursor: Cursor, margin: Duration, reached: Option<WallTime>) -> Cursor {
    let time = WallTime::from_micros(cursor.0) - margin;
    Cursor(reached.map_or(time, |reached| reached.max(time)).as_micros().min(cursor.0))
}
