//! A recorded run as a beginning: faults are put into it, and the world goes on from there.
//!
//! The trace becomes the [score](crate::score) of a world: its events, how fast each dial, read and append went, when
//! the machine woke. What went wrong becomes records of a plan. So a world with nothing else in it tells its machine
//! what was recorded, and one with a fault more goes on as any world does, with every oracle, until it is healed and
//! has caught up. Of a trace of the simulator the plan is known, and nothing has to be told from what came of it. A
//! trial is a plan: it can be shrunk, kept and run again.

mod compose;
mod insert;
mod notes;
mod setting;
mod shift;
mod tally;
#[cfg(test)]
mod tests;

use core::fmt;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use compose::{Composed, compose};
pub use tally::{FailedTrial, Mutated};

use super::{Lives, watch};
use crate::draw::Draws;
use crate::faults::{Fired, Firing, Record};
use crate::oracle::Violation;
use crate::plan::Plan;
use crate::run::{Ended, followed};
use crate::score::Follow;
use crate::shrink::Bucket;
use crate::trace::Trace;

/// Which trials to make.
#[derive(Clone, Copy, Debug)]
pub struct Trials {
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// No trial is begun after this long.
    pub time: Option<Duration>,
}

/// Why a trace cannot be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unplayable(String);

impl fmt::Display for Unplayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unplayable {}

/// Puts faults into the recorded run, others in each trial, and looks whether everything holds. The same trace and
/// the same seed are the same trial.
pub fn mutate(lives: &Lives, trials: Trials) -> Result<Mutated, Unplayable> {
    mutate_by(lives, trials, followed)
}

/// The same with another way to run a plan.
pub(crate) fn mutate_by(
    lives: &Lives,
    trials: Trials,
    run: impl Fn(&Plan, Follow, Trace) -> Ended,
) -> Result<Mutated, Unplayable> {
    let began = Instant::now();
    let composed = compose(lives).map_err(Unplayable)?;
    let first = plan(&composed, 0, &[]);
    // What cannot be kept as a file cannot be told to anybody.
    Plan::read(&first.to_string())
        .map_err(|error| Unplayable(format!("the world of this trace: {error}")))?;
    let follow = || Follow::new(composed.told.clone());
    let ended = run(&first, follow(), Trace::none());
    let recorded = composed.told.len();
    let mut mutated = Mutated {
        recorded: recorded as u64,
        accompanied: ended.follow.as_ref().map_or(0, Follow::followed) as u64,
        ..Mutated::default()
    };
    mutated.plain.add(&watch::covered(lives));
    let occasions = ended.follow.as_ref().map_or_else(Vec::new, |follow| follow.occasions().to_vec());
    let occasions = &occasions[..occasions.len().min(recorded)];
    let mut buckets = Vec::new();
    if let Some(violation) = ended.violation.clone() {
        fail(&mut mutated, &mut buckets, None, &first, violation, ended.steps);
    }
    for seed in trials.from..trials.from.saturating_add(trials.seeds) {
        if trials.time.is_some_and(|time| time <= began.elapsed()) {
            break;
        }
        let inserted = insert::insert(Draws::new(seed), &composed, occasions);
        let plan = plan(&composed, seed, &inserted);
        let ended = run(&plan, follow(), Trace::none());
        mutated.trials += 1;
        mutated.steps += ended.steps;
        mutated.followed += ended.follow.as_ref().map_or(0, Follow::followed) as u64;
        mutated.coverage.add(ended.coverage());
        mutated.inserted.add(&Fired::of(&struck(&ended.fired, &inserted)));
        if let Some(violation) = ended.violation.clone() {
            fail(&mut mutated, &mut buckets, Some(seed), &plan, violation, ended.steps);
        }
    }
    Ok(mutated)
}

/// The recorded run with these faults put into it.
fn plan(composed: &Composed, seed: u64, inserted: &[Record]) -> Plan {
    let keys: BTreeSet<_> = inserted.iter().map(Record::key).collect();
    let recorded = composed.plan.faults.iter().filter(|record| !keys.contains(&record.key()));
    let faults = recorded.chain(inserted).copied().collect();
    // What a seed stood for in the world stays what it was.
    let seed = if composed.is_simulated { composed.plan.seed } else { seed };
    Plan { seed, faults, ..composed.plan.clone() }
}

/// What of the inserted faults took effect.
fn struck(fired: &[Firing], inserted: &[Record]) -> Vec<Firing> {
    let keys: BTreeSet<_> = inserted.iter().map(Record::key).collect();
    fired.iter().filter(|firing| keys.contains(&firing.record.key())).copied().collect()
}

fn fail(
    mutated: &mut Mutated,
    buckets: &mut Vec<Bucket>,
    seed: Option<u64>,
    plan: &Plan,
    violation: Violation,
    step: u64,
) {
    mutated.failed += 1;
    let bucket = Bucket::of(&violation);
    if !buckets.contains(&bucket) {
        buckets.push(bucket);
        mutated.failures.push(FailedTrial { seed, plan: plan.clone(), step, violation });
    }
}
