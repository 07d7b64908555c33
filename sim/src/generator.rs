//! Ways to choose what goes wrong in a run, beside the mixes that seeds stand for.
//!
//! A [`Case`] names a run in a line of text: a seed, and how what goes wrong in it is chosen. The same case is the same
//! run, whoever came to it and however. What happened in it is a plan like that of any other run.
//!
//! ```text
//! 7                               the seed: the usual mix, or a swarm
//! 7 pair crash stall              these two often, and of the others only some
//! 7 points                        calm weather, and a few kinds at once from a few moments on
//! 7 swizzle                       everybody is stopped, one after the other, and comes back in another order
//! 7 branch 12500000 of 3 points   the run of `3 points` up to that microsecond, and a mix of seed 7 from then on
//! ```

mod branch;
mod case;
mod pair;
mod points;
mod swizzle;

use highwater_core::time::Instant;

use crate::draw::{Chance, Draws, Site, Stream};
use crate::faults::{Firing, Mix, Record};
use crate::mode::Mode;
use crate::plan::Plan;
use crate::shape::Shape;
pub use branch::Base;
pub use case::{Case, CaseError};
pub use pair::Pair;

/// How what goes wrong is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Generator {
    /// As the seed says: the usual mix or a swarm.
    Mix,
    /// Two kinds close together.
    Pair(Pair),
    /// A few kinds at once, from a few moments on.
    Points,
    /// All are stopped one by one and come back in another order.
    Swizzle,
    /// Another run up to a moment, and a mix from then on.
    Branch(Box<Base>),
}

/// A run that is ready to begin.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    /// What all chance but that of faults hangs on.
    pub(crate) seed: u64,
    /// What it is made of.
    pub(crate) shape: Shape,
    /// What will go wrong.
    pub(crate) certain: Vec<Record>,
    /// What may, from the beginning on.
    pub(crate) mix: Option<Mix>,
    /// What may instead, from when on.
    pub(crate) turns: Vec<(Instant, Option<Mix>)>,
}

impl Made {
    /// The run of a seed.
    pub(crate) fn of_seed(seed: u64) -> Self {
        let draws = Draws::new(seed);
        Self::from_mix(seed, Shape::drawn(draws), Mix::of_seed(draws))
    }

    /// The run of a case; `run` says what goes wrong in another one, where this one branches off from that.
    pub(crate) fn of(case: &Case, run: &dyn Fn(&Case) -> Vec<Firing>) -> Self {
        let draws = Draws::new(case.seed);
        let chance = draws.stream(Site::Generator, 0);
        match &case.generator {
            Generator::Mix => Self::of_seed(case.seed),
            Generator::Pair(pair) => Self::from_mix(case.seed, Shape::drawn(draws), pair.mix(draws, chance)),
            Generator::Points => points::made(case.seed, chance),
            Generator::Swizzle => swizzle::made(case.seed, chance),
            Generator::Branch(base) => base.made(draws, chance, run),
        }
    }

    /// Its plan, but for what goes wrong.
    pub(crate) fn plan(&self, mode: Mode) -> Plan {
        let (seed, shape) = (self.seed, self.shape.clone());
        Plan { seed, mode, chance: Chance::Keyed, shape, score: None, change: None, faults: Vec::new() }
    }

    fn from_mix(seed: u64, shape: Shape, mix: Mix) -> Self {
        Self { seed, shape, certain: Vec::new(), mix: Some(mix), turns: Vec::new() }
    }
}

/// A moment before the world is healed.
fn moment(chance: &mut Stream, shape: &Shape) -> Instant {
    Instant::from_micros(chance.below(shape.weather.heals_at.as_micros()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Fault;
    use crate::run::{generated, plan_of, planned};
    use crate::trace::Trace;

    fn cases(seed: u64) -> Vec<Case> {
        let case = |generator| Case { seed, mode: Mode::Machine, generator };
        let points = case(Generator::Points);
        let branch = Base::of(points.clone(), Instant::from_micros(20_000_000));
        let pair = Generator::Pair(Pair { first: Fault::Crash, second: Fault::SinkUnknownDone });
        vec![
            case(Generator::Mix),
            case(pair),
            points,
            case(Generator::Swizzle),
            case(Generator::Branch(Box::new(branch))),
        ]
    }

    #[test]
    fn a_case_is_the_same_run_by_its_name_and_by_its_plan() {
        for case in (0..12).flat_map(cases) {
            let once = generated(&case, Trace::none());
            let named = generated(&case.to_string().parse().unwrap(), Trace::none());
            let again = planned(&plan_of(&once), Trace::none());
            assert_eq!((once.hash, once.steps), (named.hash, named.steps), "{case}");
            assert_eq!(once.fired, again.fired, "{case}");
            assert_eq!((once.hash, once.steps), (again.hash, again.steps), "{case}");
            assert_eq!(once.violation, None, "{case}");
        }
    }
}
