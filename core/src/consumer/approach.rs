//! How the next dial asks for the place to go on.

use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::consumer::continuity::{By, Continuity};
use crate::cursor::{Cursor, CursorKind, Place};
use crate::time::WallTime;

/// How the next dial asks for the place to go on. Back to [`Approach::Checkpoint`] as soon as that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Where to go on, at `wall`, and what is to be expected then. `reached` is how far an overlap was read by
    /// connections that died in it.
    pub(super) fn resume<K: Clone>(
        self,
        kind: CursorKind,
        checkpoint: &Checkpoint<K>,
        covered: WallTime,
        reached: Option<Cursor>,
        wall: WallTime,
    ) -> (Place, Continuity<K>) {
        let margin = checkpoint.margin;
        let Some(witness) = &checkpoint.witness else {
            let place = match (self, checkpoint.place) {
                (Self::Now, _) => Place::Tip,
                (Self::CoveredByTime { .. }, _) => Place::Oldest,
                // Our clock says when that was; the server's may be behind, or an event may have been on its way.
                (_, Place::Tip) => Place::Time(checkpoint.covered_until - margin),
                (_, place) => place,
            };
            return (place, Continuity::Free);
        };
        let by = match kind {
            CursorKind::Time => By::Time,
            CursorKind::Seq => By::Seq,
        };
        match self {
            Self::WitnessByTime => {
                let by_time = Place::Time(witness.time - margin);
                let place = reached.map_or(by_time, |reached| Place::Cursor(reached.min(witness.cursor)));
                (place, Continuity::Expected(witness.clone(), By::SeqByTime))
            }
            // What the server has lies behind the checkpoint: a number before it is another history's.
            Self::CoveredByTime { .. } => {
                (Place::Time(covered - margin), Continuity::Unproven(witness.clone(), by))
            }
            Self::Checkpoint | Self::Now | Self::NewFilter => {
                let place = overlap(kind, checkpoint, wall).map_or(checkpoint.place, |(begin, end)| {
                    Place::Cursor(reached.map_or(begin, |reached| reached.clamp(begin, end)))
                });
                let continuity = match self {
                    Self::NewFilter => Continuity::Free,
                    _ => Continuity::Expected(witness.clone(), by),
                };
                (place, continuity)
            }
        }
    }
}

/// What is read again where positions are times: from the margin before the checkpoint up to it; or up to the witness, if
/// the local clock was behind as that came, as far as the clock has got since.
pub(super) fn overlap<K>(
    kind: CursorKind,
    checkpoint: &Checkpoint<K>,
    wall: WallTime,
) -> Option<(Cursor, Cursor)> {
    let witness = checkpoint.witness.as_ref().filter(|_| kind == CursorKind::Time)?;
    let place = match checkpoint.place {
        Place::Cursor(cursor) => cursor,
        // A damaged record; what it says was durable was durable.
        Place::Tip | Place::Oldest | Place::Time(_) => witness.cursor,
    };
    let begin = Cursor(place.0.saturating_sub(checkpoint.margin.as_micros()));
    Some((begin, place.max(witness.cursor.min(Cursor(wall.as_micros())))))
}
