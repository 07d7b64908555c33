//! How much a failure hangs on each single fault: one is switched off, and it is looked whether the run still fails.
//!
//! No chance hangs on a fault, so what is left happens as before unless it was the doing of the one that is gone. The
//! more runs survive, the surer is a seed to go on failing as the world around it changes.

use core::fmt;

use super::{Bucket, Ended, Plan, Trace, planned};

/// So many faults are switched off at most, spread evenly over all.
const TRIED_MAX: usize = 32;

/// Of the runs in which one fault was switched off, how many still failed the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survival {
    /// So many were run.
    pub tried: usize,
    /// So many failed as before.
    pub failed: usize,
}

/// Switches off the faults of a failing plan one by one; none if it does not fail.
pub fn survival(plan: &Plan) -> Option<Survival> {
    survival_by(plan, planned)
}

/// The same with another way to run a plan.
pub(super) fn survival_by(plan: &Plan, run: impl Fn(&Plan, Trace) -> Ended) -> Option<Survival> {
    let bucket = |plan: &Plan| run(plan, Trace::none()).violation.as_ref().map(Bucket::of);
    let failure = bucket(plan)?;
    let (count, tried) = (plan.faults.len(), plan.faults.len().min(TRIED_MAX));
    let failed = (0..tried).filter(|index| {
        let mut faults = plan.faults.clone();
        faults.remove(index * count / tried);
        bucket(&Plan { faults, ..plan.clone() }).as_ref() == Some(&failure)
    });
    Some(Survival { tried, failed: failed.count() })
}

impl fmt::Display for Survival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tried, failed } = self;
        write!(f, "With one fault switched off, {failed} of {tried} runs still fail this way.")
    }
}
