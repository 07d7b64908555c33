//! How a trial went: what it went through, or the story of what it found.

use core::fmt;

use highwater_core::time::Duration;

use crate::faults::Fired;
use crate::oracle::{Rule, Violation};
use crate::plan::Plan;
use crate::run::Ended;
use crate::shrink::Shrunk;

/// What a sink was led through, and bore.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Runs.
    pub runs: u64,
    /// Inputs handed to production machines.
    pub steps: u64,
    /// Virtual time that passed.
    pub time: Duration,
    /// What went wrong, and how often.
    pub fired: Fired,
}

impl Held {
    pub(super) fn add(&mut self, ended: &Ended) {
        self.runs += 1;
        self.steps += ended.steps;
        self.time += ended.now().since(highwater_core::time::Instant::ZERO);
        self.fired.add(&Fired::of(&ended.fired));
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.runs += other.runs;
        self.steps += other.steps;
        self.time += other.time;
        self.fired.add(&other.fired);
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = self.time.as_micros() / 3_600_000_000;
        let (runs, steps, faults) = (self.runs, self.steps, self.fired.total());
        write!(f, "{runs} runs held: {steps} steps, {hours} virtual hours, {faults} faults")
    }
}

/// What a trial found. It displays as a story of one screen and the plan to run it again.
pub struct Failed {
    violation: Violation,
    plan: Plan,
    story: String,
    trace: String,
}

impl Failed {
    pub(super) fn shrunk(mut shrunk: Shrunk, trace: &str) -> Self {
        shrunk.is_theirs = true;
        let story = shrunk.story("this trial with .plan(&Plan::read(PLAN)?), where PLAN is");
        Self { violation: shrunk.violation, story, plan: shrunk.plan, trace: trace.to_owned() }
    }

    /// What is not the same each time cannot be made small.
    pub(super) fn unsteady(plan: Plan, violation: Violation) -> Self {
        let says = Rule::O18Determinism.says();
        let advice = "A clock, a thread, or the order of a HashMap decides something in it.";
        let story = format!("{violation}\nThe rule: {says}.\n{advice}");
        Self { violation, plan, story, trace: String::new() }
    }

    /// The rule that is broken, and how.
    pub fn violation(&self) -> &Violation {
        &self.violation
    }

    /// The small run in which it is.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The small run as a trace: in a file, `highwater-sim trace FILE` draws it. Empty where each run is another.
    pub fn trace(&self) -> &str {
        &self.trace
    }

    /// Which faults, what the machine did, which rule: at most twenty lines.
    pub fn story(&self) -> &str {
        &self.story
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.story, self.plan)
    }
}

/// As it is displayed, since this is what a test prints that is failed by it.
impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl std::error::Error for Failed {}
