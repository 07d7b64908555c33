//! Many seeds, on as many threads as there are, with the same answer however many there are.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use highwater_core::effect::Outcome;

use crate::coverage::{Atlas, Coverage};
use crate::cpu;
use crate::faults::Fired;
use crate::generator::Case;
use crate::healing::Healing;
use crate::mode::Mode;
use crate::oracle::{Rule, Violation};
use crate::run::{Failure, Report, plan_of_seed, run_changed, run_plan, run_seed};
use crate::trace::Trace;

/// Which seeds to run, and how.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// On so many threads.
    pub jobs: usize,
    /// What the machine carries.
    pub modes: Modes,
    /// One seed in so many is run twice, to see that it is the same run.
    pub twice_one_in: u64,
    /// One seed in so many is run in other ways that may change nothing that counts.
    pub changed_one_in: u64,
}

/// Which modes the seeds of a campaign are run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modes {
    /// All in this one.
    Only(Mode),
    /// One seed in 16 carries bytes, since those cost more and find less.
    Both,
}

impl Modes {
    /// The mode that a seed is run in.
    pub fn of(self, seed: u64) -> Mode {
        match self {
            Self::Only(mode) => mode,
            Self::Both if seed % WIRE_ONE_IN == WIRE_ONE_IN - 1 => Mode::Wire,
            Self::Both => Mode::Machine,
        }
    }
}

/// One seed in so many carries bytes, where both modes are run.
const WIRE_ONE_IN: u64 = 16;
/// So many failures are told; more say nothing new.
const FAILURES_MAX: usize = 20;

/// What a campaign found.
#[derive(Debug, Default)]
pub struct Summary {
    /// Seeds without a violation.
    pub passed: u64,
    /// Seeds with one.
    pub failed: u64,
    /// Some of those, by seed.
    pub failures: BTreeMap<u64, Failure>,
    /// Inputs handed to production machines.
    pub steps: u64,
    /// Seconds that passed in the worlds.
    pub seconds: u64,
    /// What went wrong in the worlds.
    pub fired: Fired,
    /// Where the machines have been, in all runs that held.
    pub coverage: Atlas,
    /// How machines ended that ended by their own account.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// How long they took to catch up once the world was healed.
    pub healing: Healing,
    /// Seeds that were run twice.
    pub twice: u64,
    /// Seeds that were run in other ways, too.
    pub changed: u64,
    /// Processor time that it cost.
    pub cost: Duration,
}

/// What a campaign has found so far, on all of its threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Seeds that failed.
    pub failed: u64,
    /// Ways that machines went, each counted once.
    pub transitions: usize,
    /// Seeds since the last new one of those.
    pub since: u64,
}

/// What is found, kept for all threads together.
#[derive(Debug, Default)]
struct Live {
    found: Found,
    coverage: Atlas,
}

impl Live {
    fn add(&mut self, coverage: Option<&Coverage>) -> Found {
        let found = &mut self.found;
        let new = match coverage {
            Some(coverage) => self.coverage.add(coverage).transitions,
            None => 0,
        };
        found.failed += u64::from(coverage.is_none());
        found.transitions += new as usize;
        found.since = if 0 < new { 0 } else { found.since + 1 };
        *found
    }
}

impl Campaign {
    /// Runs all seeds; after each, `done` is told what was found so far.
    pub fn run(&self, done: impl Fn(Found) + Sync) -> Summary {
        let began = cpu::spent();
        let next = AtomicU64::new(0);
        let live = Mutex::new(Live::default());
        let done_with = |coverage: Option<&Coverage>| {
            if let Ok(mut live) = live.lock() {
                done(live.add(coverage));
            }
        };
        let summary = Mutex::new(Summary::default());
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| {
                    let mine = self.work(&next, &done_with);
                    if let Ok(mut all) = summary.lock() {
                        all.add(mine);
                    }
                });
            }
        });
        let mut summary = summary.into_inner().unwrap_or_default();
        summary.coverage = live.into_inner().unwrap_or_default().coverage;
        summary.cost = cpu::spent().saturating_sub(began);
        summary
    }

    fn work(&self, next: &AtomicU64, done: &impl Fn(Option<&Coverage>)) -> Summary {
        let mut mine = Summary::default();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if self.seeds <= index {
                return mine;
            }
            let seed = self.from.wrapping_add(index);
            let run = run_seed(seed, self.modes.of(seed));
            let run = run.and_then(|report| self.check_twice(seed, report, &mut mine));
            match run.and_then(|report| self.check_changed(seed, report, &mut mine)) {
                Ok(report) => {
                    mine.pass(&report);
                    done(Some(&report.coverage));
                }
                Err(failure) => {
                    mine.fail(*failure);
                    done(None);
                }
            }
        }
    }

    /// Some seeds are run in other ways: each time what counts must be the same.
    fn check_changed(&self, seed: u64, report: Report, mine: &mut Summary) -> Result<Report, Box<Failure>> {
        if seed.is_multiple_of(self.changed_one_in) {
            mine.changed += 1;
            run_changed(seed, self.modes.of(seed))?;
        }
        Ok(report)
    }

    /// Some seeds are run again, and once more by its plan: each time it must be the same run.
    fn check_twice(&self, seed: u64, report: Report, mine: &mut Summary) -> Result<Report, Box<Failure>> {
        if !seed.is_multiple_of(self.twice_one_in) {
            return Ok(report);
        }
        mine.twice += 1;
        let mode = self.modes.of(seed);
        let again = run_seed(seed, mode)?;
        let plan = plan_of_seed(seed, mode);
        let what = match run_plan(&plan, Trace::none()).0 {
            Ok(planned) if again == report && planned == report => return Ok(report),
            Ok(planned) => {
                let hashes = [report.hash, again.hash, planned.hash].map(|hash| format!("{hash:x}"));
                format!("two runs, and one of the plan, differ: {}", hashes.join(", "))
            }
            Err((violation, step)) => format!("its plan fails at step {step}: {violation}"),
        };
        let violation = Violation::of(Rule::O18Determinism, what);
        Err(Box::new(Failure {
            case: Case::of_seed(seed, mode),
            plan,
            step: report.steps,
            violation,
            lines: Vec::new(),
        }))
    }
}

impl Summary {
    fn pass(&mut self, report: &Report) {
        self.passed += 1;
        self.steps += report.steps;
        self.seconds += report.time.as_micros() / 1_000_000;
        self.fired.add(&report.fired);
        if let Some(caught_up) = report.caught_up {
            self.healing.note(caught_up);
        }
        for outcome in &report.outcomes {
            *self.outcomes.entry(*outcome).or_default() += 1;
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.failed += 1;
        self.steps += failure.step;
        self.failures.insert(failure.plan.seed(), failure);
        if self.failures.len() > FAILURES_MAX {
            self.failures.pop_last();
        }
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.steps += other.steps;
        self.seconds += other.seconds;
        self.twice += other.twice;
        self.changed += other.changed;
        self.fired.add(&other.fired);
        self.healing.add(other.healing);
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        self.failed += other.failed;
        self.failures.extend(other.failures);
        while self.failures.len() > FAILURES_MAX {
            self.failures.pop_last();
        }
    }

    /// Steps per second of one core.
    pub fn rate(&self) -> u64 {
        cpu::rate(self.steps, self.cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_told_as_it_is_found() {
        let told = Mutex::new(Vec::new());
        let modes = Modes::Only(Mode::Machine);
        let campaign =
            Campaign { from: 0, seeds: 30, jobs: 2, modes, twice_one_in: 100, changed_one_in: 100 };
        let summary = campaign.run(|found| told.lock().unwrap().push(found));
        let told = told.into_inner().unwrap();
        assert_eq!(told.len(), 30);
        assert!(told.is_sorted_by_key(|found| found.transitions), "{told:?}");
        let is_new = |pair: &[Found]| pair[0].transitions < pair[1].transitions;
        assert!(told.windows(2).all(|pair| is_new(pair) == (pair[1].since == 0)), "{told:?}");
        let last = told.last().unwrap();
        assert_eq!((last.failed, last.transitions), (0, summary.coverage.transitions().count()));
        assert!(last.since < 30);
    }
}
