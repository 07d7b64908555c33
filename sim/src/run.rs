//! One run, of a seed or of a plan, from the first moment to the closed books.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use highwater_core::effect::Outcome;
use highwater_core::time::{Duration, Instant};

use crate::carrier::{Carrier, Direct, Wired};
use crate::coverage::Coverage;
use crate::faults::{Fired, Firing};
use crate::generator::{Case, Made};
use crate::healing::CaughtUp;
use crate::likeness::{Change, Kept, Outline};
use crate::mode::Mode;
use crate::oracle::{Rule, Violation};
use crate::plan::Plan;
use crate::scenario;
use crate::score::Follow;
use crate::trace::{Line, Trace, lanes};
use crate::truth::EventId;
use crate::world::World;

/// What a run without a violation was like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Inputs handed to production machines.
    pub steps: u64,
    /// Virtual time that passed.
    pub time: Duration,
    /// The hash of all inputs and effects.
    pub hash: u64,
    /// What went wrong in the world, and how often.
    pub fired: Fired,
    /// Where the machines have been.
    pub coverage: Coverage,
    /// How the machines ended that ended by their own account.
    pub outcomes: Vec<Outcome>,
    /// How the machine caught up once the world was healed.
    pub caught_up: Option<CaughtUp>,
}

/// A run in which something was that must not be.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The run.
    pub case: Case,
    /// What happened in it.
    pub plan: Plan,
    /// The step at which it was noticed.
    pub step: u64,
    /// What it was.
    pub violation: Violation,
    /// The last lines of the run's trace.
    pub lines: Vec<Line>,
}

/// A run that is over, well or not.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    /// What was that must not be.
    pub(crate) violation: Option<Violation>,
    /// Inputs handed to production machines.
    pub(crate) steps: u64,
    /// The run, but for what went wrong in it.
    base: Plan,
    /// What went wrong in the world, in that order.
    pub(crate) fired: Vec<Firing>,
    /// The hash of all inputs and effects.
    pub(crate) hash: u64,
    /// What was written down.
    pub(crate) trace: Trace,
    /// Who followed it, if anybody did.
    pub(crate) follow: Option<Follow>,
    time: Duration,
    coverage: Coverage,
    outcomes: Vec<Outcome>,
    caught_up: Option<CaughtUp>,
    /// What counts, where that is to be compared.
    compared: (Option<Outline>, Option<(Kept, EventId)>),
}

/// So many lines of the trace are kept with a failure.
const LINES: usize = 12;

/// Runs a seed. The same seed is the same run, whenever and wherever.
pub fn run_seed(seed: u64, mode: Mode) -> Result<Report, Box<Failure>> {
    run_case(&Case::of_seed(seed, mode))
}

/// Runs a case. The same case is the same run, whenever and wherever.
pub fn run_case(case: &Case) -> Result<Report, Box<Failure>> {
    let ended = generated(case, Trace::none());
    if ended.violation.is_none() {
        return Ok(ended.report());
    }
    Err(Box::new(Failure::of(case)))
}

impl Failure {
    /// Runs a case that fails once more, and keeps how it ends.
    pub(crate) fn of(case: &Case) -> Self {
        Self::told(case, generated(case, Trace::last(LINES)))
    }

    /// A run that fails, told again.
    fn told(case: &Case, again: Ended) -> Self {
        let (case, plan, step) = (case.clone(), plan_of(&again), again.steps);
        let unsaid = || Violation::of(Rule::O18Determinism, "it failed, and then did not");
        let lines = again.trace.lines().cloned().collect();
        let violation = again.violation.unwrap_or_else(unsaid);
        Self { case, plan, step, violation, lines }
    }
}

/// Runs a plan: what it lists goes wrong, and nothing else.
pub fn run_plan(plan: &Plan, trace: Trace) -> (Result<Report, (Violation, u64)>, Trace) {
    planned(plan, trace).told()
}

/// Runs a seed in each of the ways that may change nothing that counts.
pub fn run_changed(seed: u64, mode: Mode) -> Result<(), Box<Failure>> {
    let case = Case::of_seed(seed, mode);
    let plan = plan_of_case(&case);
    let failing = Change::ALL.into_iter().map(|change| plan.clone().changed(change));
    let failing = failing.into_iter().find(|plan| planned(plan, Trace::none()).violation.is_some());
    failing.map_or(Ok(()), |plan| Err(Box::new(Failure::told(&case, planned(&plan, Trace::last(LINES))))))
}

/// Runs a case and writes it down.
pub fn run_traced(case: &Case, trace: Trace) -> (Result<Report, (Violation, u64)>, Trace) {
    generated(case, trace).told()
}

/// The plan of what happens in a seed, whether it ends well or not.
pub fn plan_of_seed(seed: u64, mode: Mode) -> Plan {
    plan_of_case(&Case::of_seed(seed, mode))
}

/// The plan of what happens in a case, whether it ends well or not.
pub fn plan_of_case(case: &Case) -> Plan {
    plan_of(&generated(case, Trace::none()))
}

/// The last process of a plan's run as a scenario for the core alone, under `story`; none if it carries bytes, or was told what a scenario
/// has no words for.
pub fn scenario_of(plan: &Plan, story: &str) -> Option<String> {
    if plan.mode == Mode::Wire {
        return None;
    }
    let mut world = World::planned(Direct, plan, Trace::none());
    world.record();
    // How it ends is not the question here.
    let _ = catch_unwind(AssertUnwindSafe(|| world.run()));
    world.into_tape()?.last().and_then(|life| scenario::of(life, story))
}

/// The plan of a run: its shape, and what fired.
pub(crate) fn plan_of(ended: &Ended) -> Plan {
    let faults = ended.fired.iter().map(|firing| firing.record).collect();
    Plan { faults, ..ended.base.clone() }
}

/// Runs a case.
pub(crate) fn generated(case: &Case, trace: Trace) -> Ended {
    let made = Made::of(case, &|case| generated(case, Trace::none()).fired);
    let base = made.plan(case.mode);
    match case.mode {
        Mode::Machine => ended(World::made(Direct, made, trace), base),
        Mode::Wire => ended(World::made(Wired::new(), made, trace), base),
    }
}

/// Runs a plan; if it is told in another way as well, both ways, of which the other one is written down.
pub(crate) fn planned(plan: &Plan, trace: Trace) -> Ended {
    match (plan.mode, plan.change) {
        (Mode::Machine, None) => ended(World::planned(Direct, plan, trace), plan.clone()),
        (Mode::Wire, None) => ended(World::planned(Wired::new(), plan, trace), plan.clone()),
        (Mode::Machine, Some(change)) => {
            both_ways(|trace| World::planned(Direct, plan, trace), plan, change, trace)
        }
        (Mode::Wire, Some(change)) => {
            both_ways(|trace| World::planned(Wired::new(), plan, trace), plan, change, trace)
        }
    }
}

/// Runs a world as it is and changed: what counts must be the same.
fn both_ways<C: Carrier>(
    world: impl Fn(Trace) -> World<C>,
    plan: &Plan,
    change: Change,
    trace: Trace,
) -> Ended {
    let mut usual = world(Trace::none());
    usual.compare(change, false);
    let usual = ended(usual, plan.clone());
    if usual.violation.is_some() {
        return usual;
    }
    let mut changed = world(trace);
    changed.compare(change, true);
    let mut changed = ended(changed, plan.clone());
    let difference = usual.differs(&changed, change);
    changed.violation = changed.violation.take().or_else(|| {
        difference.map(|what| Violation::of(Rule::O22Likeness, format!("told another way, {change}: {what}")))
    });
    changed
}

/// Runs a plan that begins like a recorded run, and follows how far it does.
pub(crate) fn followed(plan: &Plan, follow: Follow, trace: Trace) -> Ended {
    fn followed<C: Carrier>(mut world: World<C>, base: Plan, follow: Follow) -> Ended {
        world.follow_with(follow);
        ended(world, base)
    }
    match plan.mode {
        Mode::Machine => followed(World::planned(Direct, plan, trace), plan.clone(), follow),
        Mode::Wire => followed(World::planned(Wired::new(), plan, trace), plan.clone(), follow),
    }
}

/// Runs a world: that of this plan, but for what goes wrong in it.
pub(crate) fn ended<C: Carrier>(mut world: World<C>, base: Plan) -> Ended {
    // The production machine asserts what must hold: a panic of it is a finding, not the end of the campaign.
    let result = catch_unwind(AssertUnwindSafe(|| world.run())).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|&said| said.to_owned()));
        Err(Violation::of(Rule::World, format!("a panic: {}", said.unwrap_or_default())))
    });
    let fired = world.fired();
    let compared = world.compared();
    Ended {
        steps: world.steps(),
        base,
        hash: world.oracle().hash(),
        time: world.now().since(Instant::ZERO),
        coverage: world.coverage(&fired),
        fired,
        outcomes: world.outcomes().to_vec(),
        caught_up: world.caught_up(),
        follow: world.take_follower(),
        trace: world.into_trace(&result.as_ref().err().map_or_else(String::new, Violation::to_string)),
        compared,
        violation: result.err(),
    }
}

impl Ended {
    /// Where the machines have been.
    pub(crate) fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The world's clock as it ended.
    pub(crate) fn now(&self) -> Instant {
        Instant::ZERO + self.time
    }

    /// What of the run is another than in a changed one, though it counts.
    fn differs(&self, changed: &Self, change: Change) -> Option<String> {
        let (outline, kept) = (&self.compared.0, self.compared.1.as_ref()?);
        let (other, left) = (&changed.compared.0, changed.compared.1.as_ref()?);
        if change == Change::QuietCrash {
            return kept.0.differs_after_a_crash(&left.0, kept.1.min(left.1));
        }
        let effect = outline.as_ref()?.differs(other.as_ref()?);
        let effect = effect.map(|difference| format!("another effect: {difference}"));
        effect.or_else(|| kept.0.differs(&left.0))
    }

    fn report(self) -> Report {
        Report {
            seed: self.base.seed(),
            steps: self.steps,
            time: self.time,
            hash: self.hash,
            fired: Fired::of(&self.fired),
            coverage: self.coverage,
            outcomes: self.outcomes,
            caught_up: self.caught_up,
        }
    }

    fn told(mut self) -> (Result<Report, (Violation, u64)>, Trace) {
        let trace = core::mem::replace(&mut self.trace, Trace::none());
        match self.violation.take() {
            Some(violation) => (Err((violation, self.steps)), trace),
            None => (Ok(self.report()), trace),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", lanes(&self.lines))?;
        writeln!(f, "case `{}` failed at step {}: {}", self.case, self.step, self.violation)?;
        if self.plan.change().is_none() {
            return write!(f, "repeat: highwater-sim run --case \"{}\" --trace", self.case);
        }
        let (seed, mode) = (self.case.seed, self.case.mode.name());
        write!(f, "repeat: highwater-sim run --seeds 1 --from {seed} --mode {mode} --metamorphic")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_plan_is_the_same_run() {
        for seed in 0..120 {
            let mode = if seed % 8 == 7 { Mode::Wire } else { Mode::Machine };
            let once = generated(&Case::of_seed(seed, mode), Trace::none());
            let plan = Plan::read(&plan_of(&once).to_string()).unwrap();
            let again = planned(&plan, Trace::none());
            assert_eq!(once.fired, again.fired, "{seed}");
            assert_eq!((once.hash, once.steps), (again.hash, again.steps), "{seed}");
        }
    }
}
