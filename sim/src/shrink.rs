//! A failure made small: the same rule broken in the same way, with as little as possible going wrong around it.
//!
//! A plan is tried with less, over and over, and whatever still fails the same way is kept: what comes after the
//! violation goes first, then kinds of faults, single faults, their lengths and counts, the shape of the run, and the
//! chance in it. Since no chance hangs on a fault, most of what is left out changes nothing else.

mod bucket;
mod ddmin;
mod milder;
mod simpler;
mod story;
mod survival;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::draw::Chance;
use crate::faults::{Fault, Firing, Record};
use crate::oracle::{Rule, Violation};
use crate::plan::Plan;
use crate::run::{Ended, planned};
use crate::trace::{Line, Trace};
pub(crate) use bucket::Bucket;
pub use bucket::distinct;
pub use survival::{Survival, survival};

/// How much may be spent on one failure.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// So many runs.
    pub runs: u32,
    /// So long.
    pub time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { runs: 20_000, time: Duration::from_secs(2) }
    }
}

/// A failure made small.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The run that is left.
    pub plan: Plan,
    /// What still is that must not be.
    pub violation: Violation,
    /// Its step.
    pub step: u64,
    /// Faults and steps before.
    pub before: (usize, u64),
    /// Runs it took.
    pub runs: u32,
    /// How long it took.
    pub took: Duration,
    /// The sink is one of the user's.
    pub(crate) is_theirs: bool,
    /// What still goes wrong, in that order.
    fired: Vec<Firing>,
    /// What of the run tells most: what came of the last fault, and how it ended.
    lines: Vec<Line>,
}

/// Makes the failure of `plan` small; none if it does not fail.
pub fn shrink(plan: &Plan, budget: Budget) -> Option<Shrunk> {
    shrink_by(plan, budget, planned)
}

/// The same with another way to run a plan.
pub(crate) fn shrink_by(plan: &Plan, budget: Budget, run: impl Fn(&Plan, Trace) -> Ended) -> Option<Shrunk> {
    let began = Instant::now();
    let first = run(plan, Trace::none());
    let violation = first.violation.clone()?;
    let bucket = Bucket::of(&violation);
    let before = (plan.faults.len(), first.steps);
    let best = Best::of(plan.clone(), violation, &first);
    // Kept for the end: the run that is written down, which costs more than any before.
    let until = began + budget.time.saturating_sub(began.elapsed() * LAST_RUN);
    let mut search = Search { run, bucket, best, runs: 1, runs_max: budget.runs, until };
    search.cut();
    while search.round() {}
    let Search { run, best, runs, .. } = search;
    let last = run(&best.plan, Trace::all());
    let lines = story::telling(&last.trace.lines().collect::<Vec<_>>());
    let (plan, violation, step) = (best.plan, best.violation, best.steps);
    let fired = last.fired.into_iter().filter(|firing| plan.faults.contains(&firing.record)).collect();
    let took = began.elapsed();
    Some(Shrunk { plan, violation, step, before, runs, took, is_theirs: false, fired, lines })
}

/// The last run takes as long as so many of the first, at most.
const LAST_RUN: u32 = 4;
/// A case of so few faults is small: what is dear is tried only then.
const SMALL: usize = 3;
/// So many of the first occasions are tried one by one.
const OCCASIONS: u64 = 9;

/// The smallest run so far that fails the same way.
struct Best {
    plan: Plan,
    violation: Violation,
    steps: u64,
    /// When it failed, and what had gone wrong by then.
    until: highwater_core::time::Instant,
    fired: BTreeSet<Record>,
}

impl Best {
    fn of(plan: Plan, violation: Violation, ended: &Ended) -> Self {
        let until = ended.now();
        let fired =
            ended.fired.iter().filter(|firing| firing.at <= until).map(|firing| firing.record).collect();
        Self { plan, violation, steps: ended.steps, until, fired }
    }
}

struct Search<R> {
    run: R,
    bucket: Bucket,
    best: Best,
    runs: u32,
    runs_max: u32,
    until: Instant,
}

impl<R: Fn(&Plan, Trace) -> Ended> Search<R> {
    /// Runs a smaller plan, and keeps it if it fails the same way.
    fn keeps(&mut self, plan: Plan) -> bool {
        self.try_plan(plan, u64::MAX)
    }

    /// The same, but not if it takes more steps.
    fn keeps_if_no_longer(&mut self, plan: Plan) -> bool {
        self.try_plan(plan, self.best.steps)
    }

    fn try_plan(&mut self, plan: Plan, steps_max: u64) -> bool {
        if self.is_spent() {
            return false;
        }
        self.runs += 1;
        let ended = (self.run)(&plan, Trace::none());
        match ended.violation.clone() {
            Some(violation) if Bucket::of(&violation) == self.bucket && ended.steps <= steps_max => {
                self.best = Best::of(plan, violation, &ended);
                true
            }
            _ => false,
        }
    }

    fn is_spent(&self) -> bool {
        self.runs_max <= self.runs || self.until <= Instant::now()
    }

    /// Leaves out what comes after the violation, and heals the world there: a run that does not fail is soon over.
    fn cut(&mut self) {
        let (until, fired) = (self.best.until, &self.best.fired);
        let faults = self.best.plan.faults.iter().filter(|record| fired.contains(record)).copied().collect();
        self.keeps(Plan { faults, ..self.best.plan.clone() });
        if let Some(plan) = simpler::healed_after(&self.best.plan, until) {
            self.keeps(plan);
        }
    }

    /// Once through all that can be made smaller. Whether anything was.
    fn round(&mut self) -> bool {
        let before = self.measure();
        self.drop_kinds();
        self.drop_faults();
        self.simplify();
        self.still();
        self.soften();
        self.cut();
        self.measure() < before && !self.is_spent()
    }

    fn measure(&self) -> (usize, u64, u128) {
        let numbers = |record: &Record| record.measures().map(|(_, number)| u128::from(number)).sum::<u128>();
        let weight = |record: &Record| numbers(record) + u128::from(record.entity);
        let faults = &self.best.plan.faults;
        (faults.len(), self.best.steps, faults.iter().map(weight).sum())
    }

    fn drop_kinds(&mut self) {
        let mut kinds: Vec<Fault> = self.best.plan.faults.iter().map(|record| record.fault).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let all = self.best.plan.clone();
        ddmin::least(kinds, |kinds| {
            let faults = all.faults.iter().filter(|record| kinds.contains(&record.fault)).copied().collect();
            self.keeps(Plan { faults, ..all.clone() })
        });
    }

    fn drop_faults(&mut self) {
        let all = self.best.plan.clone();
        ddmin::least(all.faults.clone(), |faults| {
            self.keeps(Plan { faults: faults.to_vec(), ..all.clone() })
        });
    }

    /// Makes the shape of the run plainer, as long as it gets no longer by that.
    fn simplify(&mut self) {
        for simpler in simpler::WAYS {
            while let Some(plan) = simpler(&self.best.plan) {
                if !self.keeps_if_no_longer(plan.clone()) && !self.keeps_on_another_occasion(&plan) {
                    break;
                }
            }
        }
        let is_late = self.best.violation.rule == Rule::O9Liveness;
        if let Some(plan) = simpler::sooner(&self.best.plan).filter(|_| !is_late) {
            self.keeps_if_no_longer(plan);
        }
        for plan in simpler::shorter(&self.best.plan) {
            if self.keeps_if_no_longer(plan) {
                break;
            }
        }
    }

    /// In another shape, what is needed may come at another occasion: the first ones are tried, if the case is small.
    fn keeps_on_another_occasion(&mut self, plan: &Plan) -> bool {
        let is_small = plan.faults.len() <= SMALL;
        let movable =
            (0..plan.faults.len()).filter(|&index| is_small && milder::is_movable(&plan.faults[index]));
        let occasions = movable.flat_map(|index| (0..OCCASIONS).map(move |occasion| (index, occasion)));
        occasions.into_iter().any(|(index, occasion)| {
            let moved = plan.faults[index].befalling(occasion);
            let is_taken = plan.faults.iter().any(|other| other.key() == moved.key());
            let mut candidate = plan.clone();
            candidate.faults[index] = moved;
            !is_taken && self.keeps_if_no_longer(candidate)
        })
    }

    /// Takes the chance out of what is left.
    fn still(&mut self) {
        if self.best.plan.chance != Chance::Still {
            let plan = Plan { chance: Chance::Still, ..self.best.plan.clone() };
            self.keeps_if_no_longer(plan);
        }
    }

    /// Makes each fault as mild, as early and as short as can be.
    fn soften(&mut self) {
        for index in 0..self.best.plan.faults.len() {
            for way in milder::ways(&self.best.plan.faults[index]) {
                self.soften_one(index, way);
            }
        }
    }

    fn soften_one(&mut self, index: usize, way: milder::Way) {
        let plan = self.best.plan.clone();
        let record = plan.faults[index];
        let with = |number| {
            let milder = way.with(record, number);
            let is_taken = plan.faults.iter().any(|other| other.key() == milder.key());
            let mut faults = plan.faults.clone();
            faults[index] = milder;
            (!is_taken || milder.key() == record.key()).then_some(Plan { faults, ..plan.clone() })
        };
        let (mut low, mut high) = (way.lowest(), way.of(&record));
        let mut keeps = |number: u64| with(number).is_some_and(|plan| self.keeps(plan));
        // Occasions are not alike: which of the first ones will do has to be tried.
        if (low..high)
            .take(if matches!(way, milder::Way::Earlier) { OCCASIONS as usize } else { 1 })
            .any(&mut keeps)
        {
            return;
        }
        // What is smaller need not fail where larger does, but it mostly does.
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if keeps(middle) {
                high = middle;
            } else {
                low = middle;
            }
            if high - low <= high / 8 {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::Made;
    use crate::mode::Mode;
    use crate::run::{ended, plan_of};
    use crate::world::World;

    /// Runs a plan in a world whose sink has a bug.
    fn planted(plan: &Plan, trace: Trace) -> Ended {
        let mut world = World::planned(crate::carrier::Direct, plan, trace);
        world.sabotage();
        ended(world, plan.clone())
    }

    /// Plans of seeds that fail with the bug.
    fn failing() -> impl Iterator<Item = Plan> {
        (0..).filter_map(|seed| {
            let made = Made::of_seed(seed);
            let base = made.plan(Mode::Machine);
            let mut world = World::made(crate::carrier::Direct, made, Trace::none());
            world.sabotage();
            let ended = ended(world, base);
            ended.violation.is_some().then(|| plan_of(&ended))
        })
    }

    const BUDGET: Budget = Budget { runs: 800, time: Duration::from_secs(120) };

    #[test]
    fn a_failure_comes_down_to_what_it_needs() {
        for plan in failing().take(5) {
            let bucket = Bucket::of(&planted(&plan, Trace::none()).violation.unwrap());
            let shrunk = shrink_by(&plan, BUDGET, planted).unwrap();
            let again = planted(&Plan::read(&shrunk.plan.to_string()).unwrap(), Trace::none());
            assert_eq!(Bucket::of(&shrunk.violation), bucket);
            assert_eq!((again.violation, again.steps), (Some(shrunk.violation.clone()), shrunk.step));
            assert!(shrunk.faults() <= 5, "{}", shrunk.plan);
        }
    }

    #[test]
    fn a_story_fits_on_a_screen() {
        for plan in failing().take(3) {
            let shrunk = shrink_by(&plan, Budget { runs: 100, ..BUDGET }, planted).unwrap();
            let story = shrunk.story("highwater-sim run --plan plan.jsonl");
            assert!(story.lines().count() <= 20, "{story}");
            assert!(story.lines().all(|line| line.chars().count() <= 100), "{story}");
            assert!(story.contains("The rule: ") && story.contains("sink-un"), "{story}");
        }
    }

    #[test]
    fn most_failing_seeds_survive_that_one_fault_is_switched_off() {
        let (mut tried, mut failed) = (0, 0);
        for plan in failing().take(20) {
            let survival = survival::survival_by(&plan, planted).unwrap();
            assert!(survival.failed < plan.faults() || survival.tried < plan.faults(), "{survival}");
            tried += survival.tried;
            failed += survival.failed;
        }
        assert!(tried * 8 < failed * 10, "{failed} of {tried}");
    }

    #[test]
    fn what_does_not_fail_is_not_made_small() {
        let calm = Plan::of_seed(1, Mode::Machine, Vec::new());
        assert!(shrink(&calm, Budget::default()).is_none());
    }

    #[test]
    fn a_budget_is_kept() {
        let plan = failing().next().unwrap();
        let budget = Budget { runs: 7, ..BUDGET };
        assert_eq!(shrink_by(&plan, budget, planted).unwrap().runs, 7);
        let none = Budget { time: Duration::ZERO, ..BUDGET };
        assert_eq!(shrink_by(&plan, none, planted).unwrap().faults(), plan.faults());
    }
}
