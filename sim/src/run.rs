//! One seed, from the first moment to the closed books.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use highwater_core::effect::Outcome;
use highwater_core::time::{Duration, Instant};

use crate::carrier::{Carrier, Direct, Wired};
use crate::coverage::Coverage;
use crate::faults::Fired;
use crate::oracle::{Rule, Violation};
use crate::trace::Trace;
use crate::world::World;

/// What the machine carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Only what it decides by.
    Machine,
    /// The bytes of the real wires.
    Wire,
}

impl Mode {
    /// The mode's name in commands and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Wire => "wire",
        }
    }
}

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
}

/// A run in which something was that must not be.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What the machine carried.
    pub mode: Mode,
    /// The step at which it was noticed.
    pub step: u64,
    /// What it was.
    pub violation: Violation,
    /// The last lines of the run's trace.
    pub lines: Vec<String>,
}

/// So many lines of the trace are kept with a failure.
const LINES: usize = 40;

/// Runs a seed. The same seed is the same run, whenever and wherever.
pub fn run_seed(seed: u64, mode: Mode) -> Result<Report, Box<Failure>> {
    let (run, _) = run_traced(seed, mode, Trace::none());
    run.map_err(|_| {
        let (run, trace) = run_traced(seed, mode, Trace::last(LINES));
        let (violation, step) = match run {
            Err(failed) => failed,
            Ok(report) => (Violation::of(Rule::O18Determinism, "it failed, and then did not"), report.steps),
        };
        let lines = trace.lines().map(str::to_owned).collect();
        Box::new(Failure { seed, mode, step, violation, lines })
    })
}

/// Runs a seed and writes it down.
pub fn run_traced(seed: u64, mode: Mode, trace: Trace) -> (Result<Report, (Violation, u64)>, Trace) {
    match mode {
        Mode::Machine => run_with(Direct, seed, trace),
        Mode::Wire => run_with(Wired::new(), seed, trace),
    }
}

fn run_with<C: Carrier>(carrier: C, seed: u64, trace: Trace) -> (Result<Report, (Violation, u64)>, Trace) {
    let mut world = World::new(carrier, seed, trace);
    // The production machine asserts what must hold: a panic of it is a finding, not the end of the campaign.
    let ended = catch_unwind(AssertUnwindSafe(|| world.run())).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|&said| said.to_owned()));
        Err(Violation::of(Rule::World, format!("a panic: {}", said.unwrap_or_default())))
    });
    let report = ended.map_err(|violation| (violation, world.steps())).map(|()| Report {
        seed,
        steps: world.steps(),
        time: world.now().since(Instant::ZERO),
        hash: world.oracle().hash(),
        fired: world.fired(),
        coverage: world.coverage().clone(),
        outcomes: world.outcomes().to_vec(),
    });
    (report, world.into_trace())
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "seed {} failed at step {}: {}", self.seed, self.step, self.violation)?;
        let mode = self.mode.name();
        write!(f, "repeat: highwater-sim run --seeds 1 --from {} --mode {mode} --trace", self.seed)
    }
}
