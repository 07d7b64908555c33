//! Another run up to a moment at which it came to something new, and from there on something else.
//!
//! What goes wrong up to that moment goes wrong again, so that it is the same run so far; then a mix of another seed
//! takes over. No snapshot of a world is kept: the plan of what happened is the way back to it.

use std::sync::Arc;

use highwater_core::time::{Duration, Instant};

use super::{Case, Generator, Made};
use crate::draw::{Draws, Stream};
use crate::faults::{Firing, Mix};

/// So long the world is not healed after the moment, at least: something has to come of it.
const AFTER: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(300));

/// A run that others branch off from, and where they do.
#[derive(Clone, Debug)]
pub struct Base {
    case: Case,
    until: Instant,
    /// What went wrong in it; found out by running it if nobody knows.
    fired: Option<Arc<[Firing]>>,
}

/// Whether somebody knows what went wrong is no part of it.
impl PartialEq for Base {
    fn eq(&self, other: &Self) -> bool {
        (&self.case, self.until) == (&other.case, other.until)
    }
}

impl Eq for Base {}

impl Base {
    /// Branches off from that run at that moment.
    pub(crate) fn of(case: Case, until: Instant) -> Self {
        Self { case, until, fired: None }
    }

    /// The same, if it is known what went wrong in it.
    pub(crate) fn known(case: Case, until: Instant, fired: Arc<[Firing]>) -> Self {
        Self { case, until, fired: Some(fired) }
    }

    /// The run.
    pub(crate) fn case(&self) -> &Case {
        &self.case
    }

    /// The moment.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }

    /// How many branches lead to it, with itself.
    pub(crate) fn depth(&self) -> usize {
        match &self.case.generator {
            Generator::Branch(base) => base.depth() + 1,
            Generator::Mix | Generator::Pair(_) | Generator::Points | Generator::Swizzle => 1,
        }
    }

    /// The run so far, and a mix of the seed of `draws` from then on, for a while at least.
    pub(super) fn made(&self, draws: Draws, mut chance: Stream, run: &dyn Fn(&Case) -> Vec<Firing>) -> Made {
        let fired = match &self.fired {
            Some(fired) => Arc::clone(fired),
            None => run(&self.case).into(),
        };
        let so_far = fired.iter().filter(|firing| firing.at <= self.until).map(|firing| firing.record);
        let mut base = Made::of(&self.case, run);
        let later = self.until + chance.span(AFTER.0, AFTER.1);
        base.shape.weather = base.shape.weather.healed_at(base.shape.weather.heals_at.max(later));
        Made {
            certain: so_far.collect(),
            mix: None,
            turns: vec![(self.until, Some(Mix::of_seed(draws)))],
            ..base
        }
    }
}
