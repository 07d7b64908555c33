//! O19: a resume asks for no more than its overlap, never for less, and connections that die in it get ahead.

use std::collections::BTreeMap;
use std::ops::Range;

use highwater_core::checkpoint::Checkpoint;
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::scope::Scope;
use highwater_core::time::{Duration, WallTime};

use super::rule::{Rule, Violation, must};

/// No margin is wider.
const MARGIN_MAX: Duration = Duration::from_secs(60);

/// How resumes get through an overlap.
#[derive(Clone, Debug, Default)]
pub(super) struct Overlap {
    /// Where the last resume began, and the checkpoint it began from.
    last: Option<(Scope, Place, Place)>,
    /// The last checkpoint of each scope whose witness was asked for by time though it counts in numbers: connections
    /// that die on the way to it get ahead by number.
    by_time: BTreeMap<Scope, Place>,
    /// How many resumes in a row began there though the one before got further.
    repeats: u32,
}

/// So many resumes may begin at one place, though each got further than that place. A machine may try the whole
/// overlap again a few times before it gives up on seeing the witness in one piece.
const REPEATS_MAX: u32 = 6;

/// What a connection for this checkpoint reads again, where positions are times.
pub(super) fn read_again<K>(scope: Scope, checkpoint: &Checkpoint<K>) -> Option<Range<Cursor>> {
    let Place::Cursor(at) = checkpoint.place else { return None };
    let is_read_again = scope.kind == CursorKind::Time && checkpoint.witness.is_some();
    is_read_again.then(|| Cursor(at.0.saturating_sub(checkpoint.margin.as_micros()))..at)
}

impl Overlap {
    /// A dial for `place` at `wall`, with this checkpoint. `reached` is how far the last connection got; nothing later
    /// than `covered` is accounted for.
    pub(super) fn dial<K>(
        &mut self,
        scope: Scope,
        checkpoint: &Checkpoint<K>,
        place: Place,
        reached: Option<Cursor>,
        covered: WallTime,
        wall: WallTime,
    ) -> Result<(), Violation> {
        if let (Place::Time(asked), Some(witness)) = (place, &checkpoint.witness) {
            let (low, high) = (witness.time.min(checkpoint.covered_until), witness.time.max(covered));
            let is_right = low - MARGIN_MAX <= asked && asked + checkpoint.margin <= high;
            must(is_right, Rule::O19Overlap, || {
                format!("{scope} asks for {place}, and accounts for all from {low:?} to {high:?}")
            })?;
        }
        if scope.kind == CursorKind::Seq && matches!(place, Place::Time(_)) {
            self.by_time.insert(scope, checkpoint.place);
        }
        // With the local clock behind as the witness came, the checkpoint lies before it, and what is between is durable.
        let end = |at: Cursor| match &checkpoint.witness {
            Some(witness) if scope.kind == CursorKind::Time => {
                at.max(witness.cursor.min(Cursor(wall.as_micros())))
            }
            _ => at,
        };
        if let (Place::Cursor(at), Place::Cursor(asked)) = (checkpoint.place, place)
            && checkpoint.witness.is_some()
        {
            let low = match scope.kind {
                CursorKind::Time => read_again(scope, checkpoint).map_or(at, |overlap| overlap.start),
                CursorKind::Seq if self.by_time.get(&scope) == Some(&checkpoint.place) => Cursor(0),
                CursorKind::Seq => at,
            };
            must(low <= asked && asked <= end(at), Rule::O19Overlap, || {
                format!("{scope} is at {at} and asks for {asked}")
            })?;
        }
        let now = (scope, checkpoint.place, place);
        let got_further = match (place, checkpoint.place) {
            (Place::Cursor(asked), Place::Cursor(at)) => {
                reached.is_some_and(|reached| asked < reached && reached < end(at))
            }
            _ => false,
        };
        let is_repeat = self.last == Some(now) && got_further && scope.kind == CursorKind::Time;
        self.repeats = if is_repeat { self.repeats + 1 } else { 0 };
        self.last = Some(now);
        must(self.repeats < REPEATS_MAX, Rule::O19Overlap, || {
            let reached = reached.unwrap_or_default();
            format!("{scope} asks for {place} for time {}, and got to {reached} each time", self.repeats)
        })
    }
}
