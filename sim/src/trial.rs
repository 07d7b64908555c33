//! A sink or a handler of the user's in the world: seeds, oracles, shrinking and the story, in their own `cargo test`.
//!
//! The production machine follows simulated servers through everything that goes wrong, and appends to *their* sink:
//! it is called, not answered, killed in the middle of its writes, opened again, and overtaken by another writer. What
//! it stored is examined whenever something went wrong, and when the books are closed.

mod handler;
mod outcome;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::sink::Sink;

use crate::carrier::Wired;
use crate::generator::Made;
use crate::mode::Mode;
use crate::oracle::{Rule, Violation};
use crate::plan::Plan;
use crate::run::{Ended, ended, plan_of};
use crate::shown::Shown;
use crate::shrink::{Budget, shrink_by};
use crate::sink::{Guest, Visit};
use crate::storage::Storage;
use crate::trace::Trace;
use crate::world::World;
pub use handler::Handler;
pub use outcome::{Failed, Held};

/// One seed in so many is run twice, to see that it is the same run.
const TWICE_ONE_IN: u64 = 16;
/// So many seeds are run if nothing else is said.
const SEEDS: Range<u64> = 0..1_000;

/// A sink, or a handler of events, that is to be tried.
///
/// ```
/// use highwater_core::dialect::jetstream::{Jetstream, Key};
/// use highwater_core::sink::{Append, Appended, Loaded, Sink, Unavailable};
/// use highwater_sim::{Shown, Storage, Trial};
///
/// /// What outlives the process: here, nothing is kept at all.
/// #[derive(Default)]
/// struct Nothing;
///
/// struct Void(Storage<Nothing>);
///
/// impl Sink<Jetstream> for Void {
///     fn open(&mut self) -> Result<Loaded<Key>, Unavailable> {
///         let fence = highwater_core::number::Fence(1);
///         let (checkpoints, gaps) = (Vec::new(), Vec::new());
///         Ok(self.0.read(|_| Loaded { fence, compares: true, checkpoints, newest: None, gaps })?)
///     }
///     fn append(&mut self, append: &Append<Jetstream>) -> Appended {
///         let stored = Appended::Stored { stored: append.events.len() as u32, duplicates: 0 };
///         self.0.write(|_| stored).unwrap_or_else(Appended::from)
///     }
///     fn flush(&mut self) -> Result<(), Unavailable> {
///         Ok(())
///     }
/// }
///
/// let failed = Trial::of(Void, |_: &Nothing| Shown::default()).seeds(0..10).run().unwrap_err();
/// println!("{failed}"); // which rule, which faults, what the machine did, and the plan to run it again
/// assert!(failed.plan().faults() < 5);
/// ```
pub struct Trial {
    invite: Box<dyn Fn() -> Box<dyn Guest<Jetstream>> + Send + Sync>,
    seeds: Range<u64>,
    budget: Budget,
}

impl Trial {
    /// Tries a sink. `open` makes one over a storage, for each process anew; `show` says what the storage holds.
    pub fn of<T, S>(
        open: impl Fn(Storage<T>) -> S + Send + Sync + 'static,
        show: impl Fn(&T) -> Shown + Send + Sync + 'static,
    ) -> Self
    where
        T: Default + 'static,
        S: Sink<Jetstream> + 'static,
    {
        Self::of_guest(open, move |stored| Ok(show(stored)))
    }

    fn of_guest<T, S>(
        open: impl Fn(Storage<T>) -> S + Send + Sync + 'static,
        view: impl Fn(&T) -> Result<Shown, Violation> + Send + Sync + 'static,
    ) -> Self
    where
        T: Default + 'static,
        S: Sink<Jetstream> + 'static,
    {
        let (open, view) = (Arc::new(open), Arc::new(view));
        let invite = move || -> Box<dyn Guest<Jetstream>> {
            Box::new(Visit::new(Arc::clone(&open), Arc::clone(&view)))
        };
        Self { invite: Box::new(invite), seeds: SEEDS, budget: Budget::default() }
    }

    /// Runs these seeds instead of the first thousand.
    #[must_use]
    pub fn seeds(self, seeds: Range<u64>) -> Self {
        Self { seeds, ..self }
    }

    /// Spends this on making a failure small, instead of the default.
    #[must_use]
    pub fn budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// Runs the seeds on all cores. Of those that fail, the first one is made small and told.
    pub fn run(&self) -> Result<Held, Box<Failed>> {
        let (next, failing) = (AtomicU64::new(self.seeds.start), AtomicU64::new(self.seeds.end));
        let held = Mutex::new(Held::default());
        let work = || {
            let mut mine = Held::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                // Whoever comes behind a seed that fails need not run any more.
                if failing.load(Ordering::Relaxed) <= seed {
                    break;
                }
                match self.check(seed) {
                    Ok(ended) => mine.add(&ended),
                    Err(_) => drop(failing.fetch_min(seed, Ordering::Relaxed)),
                }
            }
            held.lock().unwrap_or_else(PoisonError::into_inner).join(&mine);
        };
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(work);
            }
        });
        let first = failing.into_inner();
        if first < self.seeds.end {
            return Err(self.tell(first));
        }
        Ok(held.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs a plan: what it lists goes wrong, and nothing else.
    pub fn plan(&self, plan: &Plan) -> Result<Held, Box<Failed>> {
        let ended = self.planned(plan, Trace::none());
        let mut held = Held::default();
        match &ended.violation {
            None => held.add(&ended),
            Some(_) => return Err(self.tell_plan(plan.clone())),
        }
        Ok(held)
    }

    /// Runs a seed; some are run twice.
    fn check(&self, seed: u64) -> Result<Ended, Violation> {
        let once = self.drawn(seed);
        if let Some(violation) = once.violation {
            return Err(violation);
        }
        if seed.is_multiple_of(TWICE_ONE_IN) {
            let again = self.drawn(seed).hash;
            if once.hash != again {
                let what = format!("two runs of seed {seed} differ: the sink is not the same each time");
                return Err(Violation::of(Rule::O18Determinism, what));
            }
        }
        Ok(once)
    }

    /// Makes the failure of a seed small.
    fn tell(&self, seed: u64) -> Box<Failed> {
        match self.check(seed) {
            Err(violation) if violation.rule == Rule::O18Determinism => {
                Box::new(Failed::unsteady(Plan::of_seed(seed, Mode::Wire, Vec::new()), violation))
            }
            Err(_) => self.tell_plan(plan_of(&self.drawn(seed))),
            Ok(_) => {
                let what = format!("seed {seed} failed, and then did not");
                let plan = Plan::of_seed(seed, Mode::Wire, Vec::new());
                Box::new(Failed::unsteady(plan, Violation::of(Rule::O18Determinism, what)))
            }
        }
    }

    fn tell_plan(&self, plan: Plan) -> Box<Failed> {
        let run = |plan: &Plan, trace| self.planned(plan, trace);
        let Some(shrunk) = shrink_by(&plan, self.budget, run) else {
            let what = "its plan does not fail as it did";
            return Box::new(Failed::unsteady(plan, Violation::of(Rule::O18Determinism, what)));
        };
        let written = self.planned(&shrunk.plan, Trace::file(&shrunk.plan)).trace;
        Box::new(Failed::shrunk(shrunk, written.text().unwrap_or_default()))
    }

    fn drawn(&self, seed: u64) -> Ended {
        let made = Made::of_seed(seed);
        let base = made.plan(Mode::Wire);
        self.ended(World::made(Wired::new(), made, Trace::none()), base)
    }

    fn planned(&self, plan: &Plan, trace: Trace) -> Ended {
        self.ended(World::planned(Wired::new(), plan, trace), plan.clone())
    }

    fn ended(&self, mut world: World<Wired>, base: Plan) -> Ended {
        world.invite((self.invite)());
        ended(world, base)
    }
}
