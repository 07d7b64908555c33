//! Where one run went: what was new to it, and when it came to it.
//!
//! A *transition* is (phase, what moved the machine, next phase); a *pair* is two of them in a row; a *deed* is something
//! that the machine did in a transition. Beside them stands what befell it in which phase, and which faults came close
//! together. What many runs came to is an [`Atlas`].

mod atlas;
mod file;
mod first;
mod kind;
mod novel;
mod sometimes;
mod table;
mod unseen;

use highwater_core::Phase;
use highwater_core::effect::Effect;
use highwater_core::event::Payload;
use highwater_core::time::{Duration, Instant};

use crate::faults::{Fault, Firing};
pub use atlas::Atlas;
use first::First;
pub(crate) use kind::Kind;
use kind::PHASES;
pub(crate) use novel::Novel;
use sometimes::{Marks, Sometimes};
pub use unseen::Seen;

/// What one run went through, each with what is to be known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// How often each transition was gone through.
    transitions: Vec<(Transition, u64)>,
    /// When each pair was first gone through.
    pairs: Vec<(u32, Instant)>,
    /// When each deed was first done.
    deeds: Vec<(u32, Instant)>,
    /// How often each fault struck in each phase, or while no process ran.
    befell: Vec<(u32, u64)>,
    /// The faults that struck within [`CLOSE`] behind another, and the phase that the second one met.
    together: Vec<u32>,
    /// How often each thing was done that must happen sometimes.
    sometimes: Vec<(Sometimes, u64)>,
}

/// What one fault does is not over so soon: one that strikes within it may meet what no fault alone brings about.
const CLOSE: Duration = Duration::from_secs(1);
/// Phases, and the state of not running at all.
const STANDS: usize = PHASES.len() + 1;
/// How many pairs there could be.
const PAIRS: usize = Transition::COUNT * Kind::ALL.len() * PHASES.len();
/// How many faults there could be soon after others.
const TOGETHER: usize = Fault::COUNT * Fault::COUNT * STANDS;
/// How many deeds there could be.
const DEEDS: usize = Transition::COUNT * Sometimes::COUNT;

/// A way from one phase to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Transition(u16);

impl Transition {
    const COUNT: usize = PHASES.len() * Kind::ALL.len() * PHASES.len();

    fn of(before: Phase, kind: Kind, after: Phase) -> Self {
        let number = (before as usize * Kind::ALL.len() + kind as usize) * PHASES.len() + after as usize;
        Self(number as u16)
    }

    fn index(self) -> usize {
        usize::from(self.0)
    }

    fn told(self) -> (Phase, Kind, Phase) {
        let (rest, after) = (self.index() / PHASES.len(), self.index() % PHASES.len());
        (PHASES[rest / Kind::ALL.len()], Kind::ALL[rest % Kind::ALL.len()], PHASES[after])
    }

    /// What has this transition first, and then another: each begins where the one before ended.
    fn then(self, next: Self) -> u32 {
        let per_phase = Kind::ALL.len() * PHASES.len();
        (self.index() * per_phase + next.index() % per_phase) as u32
    }

    /// The two transitions of a pair.
    fn of_pair(pair: u32) -> (Self, Self) {
        let per_phase = Kind::ALL.len() * PHASES.len();
        let (first, rest) = (pair as usize / per_phase, pair as usize % per_phase);
        let middle = first % PHASES.len();
        (Self(first as u16), Self((middle * per_phase + rest) as u16))
    }
}

/// Keeps what a run goes through.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    transitions: Vec<u64>,
    last: Option<Transition>,
    pairs: First,
    deeds: First,
    /// From when on it was in which phase; in none, if no process ran.
    stands: Vec<(Instant, Option<Phase>)>,
    sometimes: [u64; Sometimes::COUNT],
    /// What the machine did since the last transition.
    marks: Marks,
}

impl Recorder {
    /// Nothing was gone through.
    pub(crate) fn new() -> Self {
        Self {
            transitions: vec![0; Transition::COUNT],
            last: None,
            pairs: First::of(PAIRS),
            deeds: First::of(DEEDS),
            stands: vec![(Instant::ZERO, None)],
            sometimes: [0; Sometimes::COUNT],
            marks: Marks::default(),
        }
    }

    /// The machine does this, on its way to where it will be after this step.
    #[inline]
    pub(crate) fn effect<P: Payload>(&mut self, effect: &Effect<P>) {
        self.marks.add_effect(effect);
    }

    /// A machine went from one phase to the next.
    #[inline]
    pub(crate) fn step(&mut self, at: Instant, before: Phase, kind: Kind, after: Phase) {
        let transition = Transition::of(before, kind, after);
        self.transitions[transition.index()] += 1;
        if let Some(last) = self.last.replace(transition) {
            self.pairs.note(last.then(transition), at);
        }
        while let Some(mark) = self.marks.take() {
            self.sometimes[mark as usize] += 1;
            self.deeds.note((transition.index() * Sometimes::COUNT + mark as usize) as u32, at);
        }
        self.stand(at, Some(after));
    }

    /// What it did belongs to no transition: it answered late news, or died over it.
    pub(crate) fn late(&mut self) {
        while let Some(mark) = self.marks.take() {
            self.sometimes[mark as usize] += 1;
        }
    }

    /// The process is gone.
    pub(crate) fn died(&mut self, at: Instant) {
        self.late();
        self.stand(at, None);
    }

    fn stand(&mut self, at: Instant, phase: Option<Phase>) {
        if self.stands.last().is_none_or(|(_, last)| *last != phase) {
            self.stands.push((at, phase));
        }
    }

    /// What each fault met: the phase that the moment began in.
    fn met<'a>(&'a self, fired: &'a [Firing]) -> impl Iterator<Item = usize> + 'a {
        let mut stands = self.stands.iter().peekable();
        let mut stand = None;
        fired.iter().map(move |firing| {
            while let Some((_, phase)) = stands.next_if(|(since, _)| *since < firing.at) {
                stand = *phase;
            }
            stand.map_or(PHASES.len(), |phase| phase as usize)
        })
    }

    /// What was gone through, in a run in which this went wrong, in this order.
    pub(crate) fn close(&self, fired: &[Firing]) -> Coverage {
        let counted = |counts: &[u64]| -> Vec<(usize, u64)> {
            counts.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect()
        };
        let transitions = counted(&self.transitions).into_iter();
        let sometimes = counted(&self.sometimes).into_iter();
        let (mut befell, mut together) = (vec![0; Fault::COUNT * STANDS], First::of(TOGETHER));
        // Each kind once, when it last struck: of some there are thousands in a second.
        let mut recent: Vec<(Fault, Instant)> = Vec::new();
        for (firing, stand) in fired.iter().zip(self.met(fired)) {
            let (fault, at) = (firing.record.fault(), firing.at);
            befell[fault as usize * STANDS + stand] += 1;
            recent.retain(|(_, struck)| at.since(*struck) <= CLOSE);
            for (before, _) in &recent {
                together.note(Together::of(*before, fault, stand).0, at);
            }
            match recent.iter_mut().find(|(known, _)| *known == fault) {
                Some((_, struck)) => *struck = at,
                None => recent.push((fault, at)),
            }
        }
        Coverage {
            transitions: transitions.map(|(index, count)| (Transition(index as u16), count)).collect(),
            pairs: self.pairs.list().to_vec(),
            deeds: self.deeds.list().to_vec(),
            befell: counted(&befell).into_iter().map(|(cell, count)| (cell as u32, count)).collect(),
            together: together.list().iter().map(|(number, _)| *number).collect(),
            sometimes: sometimes.map(|(index, count)| (Sometimes::ALL[index], count)).collect(),
        }
    }
}

/// A fault soon after another, and the phase that it met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Together(u32);

impl Together {
    fn of(first: Fault, second: Fault, stand: usize) -> Self {
        Self(((first as usize * Fault::COUNT + second as usize) * STANDS + stand) as u32)
    }

    fn told(self) -> (Fault, Fault, Option<Phase>) {
        let (faults, stand) = (self.0 as usize / STANDS, self.0 as usize % STANDS);
        let (first, second) = (faults / Fault::COUNT, faults % Fault::COUNT);
        (Fault::ALL[first], Fault::ALL[second], PHASES.get(stand).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Record;

    #[test]
    fn a_transition_and_a_pair_are_found_again_in_their_numbers() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index, "{}", kind.name());
        }
        assert!(PHASES.iter().enumerate().all(|(index, phase)| *phase as usize == index));
        let first = Transition::of(Phase::Loading, Kind::Loaded, Phase::Waiting);
        let second = Transition::of(Phase::Waiting, Kind::Timeout, Phase::Connecting);
        assert_eq!(first.told(), (Phase::Loading, Kind::Loaded, Phase::Waiting));
        assert_eq!(Transition::of_pair(first.then(second)), (first, second));
    }

    #[test]
    fn what_comes_first_is_kept_with_its_moment() {
        let at = Instant::from_micros;
        let mut recorder = Recorder::new();
        recorder.step(at(1), Phase::Loading, Kind::Loaded, Phase::Waiting);
        recorder.step(at(2), Phase::Waiting, Kind::Timeout, Phase::Connecting);
        recorder.step(at(3), Phase::Connecting, Kind::Retry, Phase::Waiting);
        recorder.step(at(4), Phase::Waiting, Kind::Timeout, Phase::Connecting);
        recorder.step(at(5), Phase::Connecting, Kind::Retry, Phase::Waiting);
        recorder.died(at(6));
        let crash = |micros| Firing { at: at(micros), record: Record::mildest(Fault::Crash, 0, 0) };
        let coverage = recorder.close(&[crash(6), crash(7)]);
        let counts: Vec<u64> = coverage.transitions.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [1, 2, 2]);
        let moments: Vec<Instant> = coverage.pairs.iter().map(|(_, at)| *at).collect();
        assert_eq!(moments, [at(2), at(3), at(4)]);
        let cells: Vec<_> =
            coverage.befell.iter().map(|(cell, count)| (*cell as usize % STANDS, *count)).collect();
        assert_eq!(cells, [(Phase::Waiting as usize, 1), (PHASES.len(), 1)]);
    }

    #[test]
    fn a_fault_soon_after_another_is_kept_with_what_it_met() {
        let firing = |tenths: u64, fault| Firing {
            at: Instant::from_micros(tenths * 100_000),
            record: Record::mildest(fault, tenths, 0),
        };
        let fired = [
            firing(1, Fault::Crash),
            firing(5, Fault::Cut),
            firing(9, Fault::Cut),
            firing(17, Fault::Stall),
            firing(30, Fault::Stall),
        ];
        let coverage = Recorder::new().close(&fired);
        let told: Vec<_> = coverage.together.iter().map(|&number| Together(number).told()).collect();
        let [crash, cut, stall] = [Fault::Crash, Fault::Cut, Fault::Stall];
        // Of two that came before, the later counts.
        assert_eq!(told, [(crash, cut, None), (cut, cut, None), (cut, stall, None)]);
    }
}
