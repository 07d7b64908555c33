//! What the trials of a recorded run were like.

use core::fmt;
use std::collections::BTreeSet;

use crate::coverage::Atlas;
use crate::faults::{Fault, Fired};
use crate::oracle::Violation;
use crate::plan::Plan;

/// What became of all trials.
#[derive(Clone, Debug, Default)]
pub struct Mutated {
    /// Steps of the recorded run.
    pub recorded: u64,
    /// So many of them the world goes along with if nothing is inserted.
    pub accompanied: u64,
    /// Trials.
    pub trials: u64,
    /// Inputs handed to machines.
    pub steps: u64,
    /// The faults that were inserted and took effect.
    pub inserted: Fired,
    /// So many steps of the recorded run the trials followed before they departed, in all.
    pub followed: u64,
    /// Where the machine was in the recorded run.
    pub plain: Atlas,
    /// Where the machines were in the trials.
    pub coverage: Atlas,
    /// How many trials failed.
    pub failed: u64,
    /// The first failure of each kind.
    pub failures: Vec<FailedTrial>,
}

/// A trial in which something was that must not be.
#[derive(Clone, Debug)]
pub struct FailedTrial {
    /// Its seed; none where nothing was inserted.
    pub seed: Option<u64>,
    /// The run.
    pub plan: Plan,
    /// The step at which it was noticed.
    pub step: u64,
    /// What it was.
    pub violation: Violation,
}

impl Mutated {
    /// How many transitions the trials went through that the recorded run did not.
    pub fn new_transitions(&self) -> usize {
        let edges = |coverage: &Atlas| -> BTreeSet<_> {
            coverage
                .transitions()
                .map(|(before, kind, after, _)| (before as usize, kind, after as usize))
                .collect()
        };
        edges(&self.coverage).difference(&edges(&self.plain)).count()
    }
}

impl fmt::Display for Mutated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { recorded, accompanied, trials, steps, .. } = self;
        writeln!(f, "{trials} trials, {steps} steps, {} failed", self.failed)?;
        let followed = self.followed.checked_div(*trials).unwrap_or(0);
        writeln!(
            f,
            "followed {followed} of {recorded} recorded steps on average; {accompanied} with nothing inserted"
        )?;
        let (all, plain) = (self.coverage.transitions().count(), self.plain.transitions().count());
        let new = self.new_transitions();
        writeln!(f, "{all} transitions, {new} of them not among the {plain} of the plain replay")?;
        write!(f, "inserted {}:", self.inserted.total())?;
        let mut counts: Vec<_> = Fault::ALL.map(|fault| (self.inserted.count(fault), fault)).to_vec();
        counts.retain(|(count, _)| *count > 0);
        counts.sort_unstable_by_key(|(count, fault)| (core::cmp::Reverse(*count), *fault));
        let told: Vec<String> = counts.iter().map(|(count, fault)| format!("{count} {fault}")).collect();
        write!(f, " {}", told.join(", "))
    }
}
