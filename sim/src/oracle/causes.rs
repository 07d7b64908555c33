//! O15: a span goes on record where the world gave cause, no wider than it must be, and nowhere else.

use std::collections::BTreeSet;
use std::ops::Range;

use highwater_core::Config;
use highwater_core::checkpoint::Checkpoint;
use highwater_core::closure::Closure;
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::gap::{Cause, Gap, GapState};
use highwater_core::scope::Scope;

use super::link::Link;
use super::overlap::read_again;
use super::rule::{Rule, Violation, must};
use super::switch::Switch;
use crate::disk::GapKey;

/// What the world gave cause for, in one process.
#[derive(Clone, Debug, Default)]
pub(super) struct Causes {
    was_too_old: bool,
    was_outdated: bool,
    /// What has to go on record at once: a connection opened that nothing could prove the beginning of, or what a
    /// beginning asked for is gone.
    owed: Option<Cause>,
    large: u32,
    proofs: BTreeSet<(Scope, Cursor)>,
    known: BTreeSet<GapKey>,
    /// Those that have no end yet.
    open: BTreeSet<GapKey>,
    /// Left open by earlier lives, whose connections nobody knows any more.
    inherited: Vec<GapKey>,
    /// The last record of a switch from replay to live.
    last_switch: Option<Gap>,
}

/// So many deaths by a large message at one position, and large messages are left out.
const LARGE_DEATHS: u32 = 3;
/// No margin is wider, and none is less.
const MARGIN_MAX: u64 = 60_000_000;
const MARGIN_MIN: u64 = 5_000_000;

impl Causes {
    /// These are on record from earlier lives.
    pub(super) fn remember(&mut self, gaps: &[Gap]) {
        self.inherited.extend(gaps.iter().map(key));
        self.known.extend(&self.inherited);
        self.open.extend(gaps.iter().filter(|gap| gap.to.is_none()).map(key));
    }

    /// A record of a switch from replay to live is written: is it as tight as stated?
    pub(super) fn note_switch(&mut self, gap: &Gap, switch: Option<&Switch>) -> Result<(), Violation> {
        let is_inherited = self.inherited.contains(&key(gap));
        if gap.cause != Cause::Cutover || gap.state == GapState::Closed || is_inherited {
            return Ok(());
        }
        let before = self.last_switch.replace(*gap);
        switch.map_or(Ok(()), |switch| switch.check(gap, before))
    }

    /// A connection is dialed for `place`: what the last one put on record of its switch has its end, and what of an
    /// overlap is not asked for again is on record.
    pub(super) fn dialed<K>(
        &mut self,
        scope: Scope,
        checkpoint: &Checkpoint<K>,
        place: Place,
    ) -> Result<(), Violation> {
        let open = self.last_switch.filter(|gap| gap.to.is_none());
        must(open.is_none(), Rule::O15Gaps, || format!("{open:?} has no end, and its connection has"))?;
        let (Place::Cursor(asked), Some(overlap)) = (place, read_again(scope, checkpoint)) else {
            return Ok(());
        };
        must(asked <= overlap.start || self.doubts(scope, &overlap), Rule::O15Gaps, || {
            format!("{scope} asks for {asked}, and what it skips of {overlap:?} is on no record")
        })
    }

    /// Whether all of an overlap is on record.
    fn doubts(&self, scope: Scope, overlap: &Range<Cursor>) -> bool {
        let earliest = Cursor(overlap.end.0.saturating_sub(MARGIN_MAX));
        self.known.iter().any(|known| {
            known.0 == scope && known.1 == Cause::Witness && (earliest..=overlap.start).contains(&known.2)
        })
    }

    /// Whether the server ever said that what was asked for is gone.
    pub(super) fn was_too_old(&self) -> bool {
        self.was_too_old
    }

    /// A connection opened; `is_doubtful` if nothing that is durable could come again and prove its beginning.
    pub(super) fn opened(&mut self, is_doubtful: bool) {
        self.owed = is_doubtful.then_some(Cause::Witness);
    }

    /// All that the connection brought was looked at.
    pub(super) fn look(&mut self, is_open: bool) -> Result<(), Violation> {
        let owed = self.owed.take().filter(|_| is_open);
        must(owed.is_none(), Rule::O15Gaps, || match owed {
            Some(Cause::TooOld) => "what a beginning asked for is gone, and on no record".to_owned(),
            _ => "a beginning without a witness is on no record".to_owned(),
        })
    }

    /// A connection ended.
    pub(super) fn closed(&mut self, closure: Closure) {
        self.was_too_old |= closure == Closure::TooOld;
        self.large += u32::from(closure == Closure::TooLarge);
    }

    /// The server said that some of what was asked for is gone; `is_beginning` if that was a time, and nothing is
    /// durable behind it. Whoever takes over from another history has a record open there, and so has whoever was told
    /// before.
    pub(super) fn outdated(&mut self, is_beginning: bool) {
        self.was_outdated = true;
        let is_known = !self.open.is_empty() || self.known.iter().any(|gap| gap.1 == Cause::TooOld);
        self.owed = (is_beginning && !is_known).then_some(Cause::TooOld);
    }

    /// The event at a scope's checkpoint came again.
    pub(super) fn proved(&mut self, scope: Scope, witness: Cursor) {
        self.proofs.insert((scope, witness));
    }

    /// A gap goes on record, or ends, or is closed. What was handed in before `mark`, the machine has seen by now.
    pub(super) fn note<K: Eq>(
        &mut self,
        gap: &Gap,
        config: &Config,
        link: Option<&Link<K>>,
        durable: Option<&Checkpoint<K>>,
        mark: u64,
    ) -> Result<(), Violation> {
        let is_new = self.known.insert(key(gap));
        if gap.to.is_some() || gap.state == GapState::Closed {
            self.open.remove(&key(gap));
        } else {
            self.open.insert(key(gap));
        }
        self.owed = self.owed.filter(|owed| *owed != gap.cause);
        let is_skip = link.is_none() && gap.cause == Cause::Witness;
        let is_empty = is_skip && gap.to.is_some_and(|to| to.cursor <= gap.from.cursor);
        must(!is_empty, Rule::O15Gaps, || format!("there is nothing in {gap}"))?;
        must(
            self.has_cause(gap, config, link, durable, mark) || !(is_new || gap.state == GapState::Closed),
            Rule::O15Gaps,
            || format!("a gap without a cause: {gap}"),
        )?;
        let begins = durable.and_then(|durable| Some(durable.witness.as_ref()?.cursor));
        let misses_witness = is_new
            && gap.state == GapState::Unproven
            && matches!(gap.cause, Cause::Witness | Cause::Quiet)
            && Some(gap.from.cursor) == begins;
        let overlap = durable.and_then(|durable| read_again(gap.scope, durable));
        let overlap = overlap.filter(|overlap| misses_witness && overlap.start < gap.from.cursor);
        must(overlap.is_none_or(|overlap| self.doubts(gap.scope, &overlap)), Rule::O15Gaps, || {
            format!("the witness does not come, and what is read again before it is on no record: {gap}")
        })?;
        let begins_at_witness =
            matches!(gap.cause, Cause::TooOld | Cause::Filter | Cause::Quiet | Cause::HostSwitch);
        let is_tight =
            !(is_new && begins_at_witness) || begins.is_none_or(|begins| begins <= gap.from.cursor);
        must(is_tight, Rule::O15Gaps, || format!("{gap} begins before the witness, {begins:?}"))
    }

    /// Whether the world gave cause for it.
    fn has_cause<K: Eq>(
        &self,
        gap: &Gap,
        config: &Config,
        link: Option<&Link<K>>,
        durable: Option<&Checkpoint<K>>,
        mark: u64,
    ) -> bool {
        let witness = durable.and_then(|durable| durable.witness.as_ref());
        match (gap.state, gap.cause) {
            (GapState::Closed, _) => self.proofs.contains(&(gap.scope, gap.from.cursor)),
            (GapState::Lost, Cause::TooOld) => {
                // A history is begun a while before where the one before it ended, and from there on a record is open.
                let takes_over = self.open.iter().any(|(scope, ..)| *scope != gap.scope);
                self.was_too_old || self.was_outdated && !(witness.is_none() && takes_over)
            }
            (GapState::Lost, _) | (GapState::Unproven, Cause::TooOld) => false,
            (GapState::Unproven, Cause::Witness | Cause::Quiet) => {
                let was_proved = link.is_some_and(|link| link.proved.is_some_and(|proved| proved < mark));
                let is_another_log = link.is_some_and(|link| link.counted_down > 0);
                let begins_there = witness.is_some_and(|witness| witness.cursor == gap.from.cursor);
                !was_proved || is_another_log || !begins_there
            }
            (GapState::Unproven, Cause::HostSwitch) => config.sources.len() > 1,
            (GapState::Unproven, Cause::Cutover) => gap.scope.kind == CursorKind::Time,
            (GapState::Unproven, Cause::Clock) => link.is_none_or(|link| MARGIN_MIN < link.step_back),
            (GapState::Unproven, Cause::Filter) => {
                durable.is_none_or(|durable| durable.filter != config.filter)
            }
            (GapState::Unproven, Cause::Oversize) => LARGE_DEATHS <= self.large,
        }
    }
}

fn key(gap: &Gap) -> GapKey {
    (gap.scope, gap.cause, gap.from.cursor)
}
