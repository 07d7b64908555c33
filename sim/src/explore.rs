//! A campaign whose budget goes to where new behaviour appears.
//!
//! Five ways to choose what goes wrong share the runs. After each round of them each way gets the more of the next
//! round, the more new behaviour it lately showed for its steps; none ever gets nothing. Runs that came to something new
//! are what others branch off from. A round is planned from what the rounds before it found, and what it found is put
//! together in the order of its cases: so the same campaign is the same runs, on however many threads.

mod budget;
mod corpus;
mod pairs;
mod table;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::campaign::{Found, Modes};
use crate::coverage::{Atlas, Novel};
use crate::cpu;
use crate::draw::{Draws, Site};
use crate::faults::Fired;
use crate::generator::{Case, Generator};
use crate::run::{Ended, Failure, generated};
use crate::trace::Trace;
use budget::Budget;
pub use budget::Way;
use corpus::Corpus;
use pairs::Pairs;

/// A campaign that looks for new behaviour.
#[derive(Clone, Debug)]
pub struct Explore {
    /// The first seed; each run has its own.
    pub from: u64,
    /// How many runs.
    pub runs: u64,
    /// On so many threads.
    pub jobs: usize,
    /// What the machines carry.
    pub modes: Modes,
    /// Only this way, to see what it is worth.
    pub only: Option<Way>,
}

/// What one way to choose faults came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs.
    pub runs: u64,
    /// Inputs handed to machines.
    pub steps: u64,
    /// Transitions that no run before had shown.
    pub transitions: u64,
    /// Pairs of them.
    pub pairs: u64,
    /// Things done in them.
    pub deeds: u64,
    /// Faults soon after others, in phases in which they were not seen so before.
    pub together: u64,
    /// Runs that failed.
    pub failed: u64,
}

/// What a campaign came to.
#[derive(Debug)]
pub struct Explored {
    /// By way, with how many in a hundred runs of the last round it had.
    pub ways: Vec<(Way, Tally, u64)>,
    /// Where all runs went that held.
    pub coverage: Atlas,
    /// What went wrong in them.
    pub fired: Fired,
    /// Some of the runs that failed, in their order.
    pub failures: Vec<Failure>,
    /// Processor time that it cost.
    pub cost: Duration,
}

/// So many runs are planned at once.
const ROUND: u64 = 128;
/// So many failures are told.
const FAILURES_MAX: usize = 20;

impl Explore {
    /// Runs all; after each run, `done` is told what was found so far.
    pub fn run(&self, done: impl Fn(Found) + Sync) -> Explored {
        let began = cpu::spent();
        let mut state = State::new(self.only);
        let mut next = self.from;
        let end = self.from.saturating_add(self.runs);
        while next < end {
            let seeds = next..end.min(next.saturating_add(ROUND));
            next = seeds.end;
            let cases = state.plan(seeds, self.modes);
            let found = state.found;
            let ended = self.run_round(&cases, &|| done(found));
            for (case, ended) in cases.into_iter().zip(ended) {
                state.take(case, ended);
            }
            state.budget.close();
        }
        state.explored(cpu::spent().saturating_sub(began))
    }

    /// Runs these, in the order of their numbers or not; gives what came of each in their order.
    fn run_round(&self, cases: &[Case], done: &(impl Fn() + Sync)) -> Vec<Ended> {
        let next = AtomicUsize::new(0);
        let slots: Vec<Mutex<Option<Ended>>> = cases.iter().map(|_| Mutex::new(None)).collect();
        let work = || {
            let take = || {
                let index = next.fetch_add(1, Ordering::Relaxed);
                cases.get(index).zip(slots.get(index))
            };
            while let Some((case, slot)) = take() {
                let ended = generated(case, Trace::none());
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
                done();
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(work);
            }
        });
        let ended =
            slots.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner));
        ended.collect()
    }
}

/// What is known between rounds.
struct State {
    budget: Budget,
    corpus: Corpus,
    pairs: Pairs,
    atlas: Atlas,
    fired: Fired,
    tallies: [Tally; Way::ALL.len()],
    failures: Vec<Failure>,
    found: Found,
}

impl State {
    fn new(only: Option<Way>) -> Self {
        Self {
            budget: Budget::new(only),
            corpus: Corpus::default(),
            pairs: Pairs::default(),
            atlas: Atlas::default(),
            fired: Fired::default(),
            tallies: Default::default(),
            failures: Vec::new(),
            found: Found::default(),
        }
    }

    /// A case for each of these seeds.
    fn plan(&mut self, seeds: core::ops::Range<u64>, modes: Modes) -> Vec<Case> {
        let ways = self.budget.share(seeds.end - seeds.start);
        let case = |(seed, way)| {
            let mut chance = Draws::new(seed).stream(Site::Generator, 1);
            let generator = match way {
                Way::Mix => Generator::Mix,
                Way::Pair => Generator::Pair(self.pairs.next(&self.atlas, &mut chance)),
                Way::Points => Generator::Points,
                Way::Swizzle => Generator::Swizzle,
                // Nothing to branch off from yet.
                Way::Branch => self.corpus.pick(&mut chance).map_or(Generator::Mix, Generator::Branch),
            };
            Case { seed, mode: modes.of(seed), generator }
        };
        seeds.zip(ways).map(case).collect()
    }

    /// Takes in what came of a case.
    fn take(&mut self, case: Case, ended: Ended) {
        let way = Way::of(&case.generator);
        let tally = &mut self.tallies[way as usize];
        tally.runs += 1;
        tally.steps += ended.steps;
        self.found.since += 1;
        if ended.violation.is_some() {
            tally.failed += 1;
            self.found.failed += 1;
            if self.failures.len() < FAILURES_MAX {
                self.failures.push(Failure::of(&case));
            }
            return;
        }
        let novel = self.atlas.add(ended.coverage());
        tally.add(&novel);
        self.fired.add(&Fired::of(&ended.fired));
        self.budget.note(way, &novel, ended.steps);
        if 0 < novel.transitions {
            (self.found.transitions, self.found.since) =
                (self.found.transitions + novel.transitions as usize, 0);
        }
        if let Some(at) = novel.at.filter(|_| 0 < novel.behaviour()) {
            self.corpus.add(case, at, ended.fired);
        }
    }

    fn explored(self, cost: Duration) -> Explored {
        let ways = Way::ALL.into_iter().zip(self.tallies);
        let ways = ways.map(|(way, tally)| (way, tally, self.budget.percent(way))).collect();
        let Self { atlas: coverage, fired, failures, .. } = self;
        Explored { ways, coverage, fired, failures, cost }
    }
}

impl Tally {
    fn add(&mut self, novel: &Novel) {
        self.transitions += novel.transitions;
        self.pairs += novel.pairs;
        self.deeds += novel.deeds;
        self.together += novel.together;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Mode;

    fn explored(jobs: usize, only: Option<Way>) -> Explored {
        let modes = Modes::Only(Mode::Machine);
        Explore { from: 0, runs: 300, jobs, modes, only }.run(|_| ())
    }

    #[test]
    fn a_campaign_is_the_same_on_any_number_of_threads() {
        let (one, three) = (explored(1, None), explored(3, None));
        assert_eq!((one.ways, one.coverage), (three.ways, three.coverage));
    }

    #[test]
    fn every_way_is_gone_and_finds_something() {
        let explored = explored(2, None);
        assert!(explored.failures.is_empty(), "{}", explored.failures[0]);
        assert_eq!(explored.ways.iter().map(|(_, tally, _)| tally.runs).sum::<u64>(), 300);
        for (way, tally, percent) in explored.ways {
            assert!(tally.runs > 0 && tally.pairs > 0 && percent > 0, "{way:?} {tally:?}");
        }
    }

    #[test]
    fn one_way_alone_can_be_gone() {
        let explored = explored(2, Some(Way::Points));
        let runs: Vec<u64> = explored.ways.iter().map(|(_, tally, _)| tally.runs).collect();
        assert_eq!(runs, [0, 0, 300, 0, 0]);
    }
}
