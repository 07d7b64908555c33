//! O3: what is durable of each scope only grows, one version at a time, and not before continuity is settled.

use highwater_core::checkpoint::Checkpoint;
use highwater_core::cursor::{CursorKind, Place};
use highwater_core::event::Payload;
use highwater_core::gap::{Gap, GapState};
use highwater_core::number::Version;
use highwater_core::scope::{Scope, SourceId};
use highwater_core::sink::{Append, Content};

use super::rule::{Rule, Violation, must};
use crate::scopes::Scopes;

/// What the machine was told is durable.
#[derive(Clone, Debug)]
pub(super) struct Records<K> {
    compares: bool,
    durable: Scopes<Checkpoint<K>>,
    /// Gaps on record that are not closed.
    open: Vec<Gap>,
}

impl<K: Clone + Eq + core::fmt::Debug> Records<K> {
    /// What a sink answered as it was opened.
    pub(super) fn new(compares: bool, checkpoints: &[(Scope, Checkpoint<K>)], open: Vec<Gap>) -> Self {
        let mut durable = Scopes::default();
        for (scope, checkpoint) in checkpoints {
            durable.set(*scope, checkpoint.clone());
        }
        Self { compares, durable, open }
    }

    /// Whether the sink stores an event that comes again only once.
    pub(super) fn compares(&self) -> bool {
        self.compares
    }

    /// The record of a scope.
    pub(super) fn of(&self, scope: Scope) -> Option<&Checkpoint<K>> {
        self.durable.get(scope)
    }

    /// The newest history of a source.
    pub(super) fn latest(&self, source: SourceId) -> Option<(Scope, &Checkpoint<K>)> {
        let of_source = self.durable.iter().filter(|(scope, _)| scope.source == source);
        of_source.max_by_key(|(scope, _)| scope.incarnation).map(|(scope, checkpoint)| (*scope, checkpoint))
    }

    /// Whether it is on record that what comes after the scope's checkpoint cannot be proved.
    pub(super) fn is_excused(&self, scope: Scope, gaps: &[Gap]) -> bool {
        let Some(witness) = self.of(scope).and_then(|checkpoint| checkpoint.witness.as_ref()) else {
            return true;
        };
        let begins_there = |gap: &&Gap| gap.scope == scope && gap.from.cursor == witness.cursor;
        let is_open = |gap: &&Gap| gap.state != GapState::Closed;
        gaps.iter().chain(&self.open).filter(is_open).any(|gap| begins_there(&gap))
    }

    /// An append is asked for: it must build on what is durable, and go forward.
    pub(super) fn check<P>(&self, append: &Append<P>, is_settled: bool) -> Result<(), Violation>
    where
        P: Payload<Key = K>,
    {
        let (scope, next) = (append.scope, &append.checkpoint);
        let known = self.of(scope);
        let version = known.map_or(Version(0), |known| known.version);
        must(append.expect == version && next.version == version.next(), Rule::O3Monotonic, || {
            format!("an append to {scope} expects {} where {version} is durable", append.expect)
        })?;
        let Some(known) = known else { return Ok(()) };
        let moves = next.place != known.place;
        let goes_back = match (known.place, next.place) {
            (Place::Cursor(known), Place::Cursor(next)) => next < known,
            (Place::Cursor(_), _) => true,
            (Place::Tip | Place::Oldest | Place::Time(_), _) => false,
        };
        must(!goes_back, Rule::O3Monotonic, || {
            format!("the checkpoint of {scope} goes from {} to {}", known.place, next.place)
        })?;
        must(!moves || is_settled, Rule::O3Monotonic, || {
            format!("the checkpoint of {scope} goes to {} before continuity is settled", next.place)
        })?;
        must(!is_settled || reaches(append), Rule::O2Checkpoint, || {
            format!("the checkpoint of {scope} stays at {}, before what is durable with it", next.place)
        })?;
        let shrinks = next.covered_until < known.covered_until || next.margin < known.margin;
        must(!shrinks, Rule::O3Monotonic, || format!("what {scope} accounts for shrinks: {next:?}"))
    }

    /// An append is durable.
    pub(super) fn durable(&mut self, scope: Scope, checkpoint: Checkpoint<K>, gaps: &[Gap]) {
        self.durable.set(scope, checkpoint);
        for gap in gaps {
            self.open.retain(|known| !known.is_same(gap));
            self.open.extend((gap.state != GapState::Closed).then_some(*gap));
        }
    }
}

/// Whether the checkpoint goes as far as all that is stored and set aside with it, where positions only grow.
fn reaches<P: Payload>(append: &Append<P>) -> bool {
    let (scope, place) = (append.scope, append.checkpoint.place);
    let aside = append.dead_letters.iter().filter_map(|letter| match &letter.content {
        Content::Event(event) => Some(event),
        Content::Frame(_) => None,
    });
    let last = append.events.iter().chain(aside).filter_map(|event| event.seq).max();
    scope.kind == CursorKind::Time || last.is_none_or(|last| matches!(place, Place::Cursor(at) if last <= at))
}
