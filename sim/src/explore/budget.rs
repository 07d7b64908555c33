//! Who gets how many of the next runs: by how much new behaviour a way lately showed for its steps.

use crate::coverage::Novel;
use crate::generator::Generator;

/// A way to choose what goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// The mixes of seeds.
    Mix,
    /// Two kinds close together that were not seen so.
    Pair,
    /// A few kinds from a few moments on.
    Points,
    /// Everybody is stopped, and back in another order.
    Swizzle,
    /// From where a run came to something new.
    Branch,
}

impl Way {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 5] = [Self::Mix, Self::Pair, Self::Points, Self::Swizzle, Self::Branch];

    /// Its name in tables and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mix => "mix",
            Self::Pair => "pair",
            Self::Points => "points",
            Self::Swizzle => "swizzle",
            Self::Branch => "branch",
        }
    }

    /// The way of a generator.
    pub(super) const fn of(generator: &Generator) -> Self {
        match generator {
            Generator::Mix => Self::Mix,
            Generator::Pair(_) => Self::Pair,
            Generator::Points => Self::Points,
            Generator::Swizzle => Self::Swizzle,
            Generator::Branch(_) => Self::Branch,
        }
    }
}

/// What each way yielded, the older the less it counts.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    yields: [Yield; Way::ALL.len()],
    only: Option<Way>,
}

/// What a way yielded, in thousandths, so that little is not rounded to nothing as it ages.
#[derive(Clone, Copy, Debug, Default)]
struct Yield {
    new: u64,
    steps: u64,
}

/// Every way gets so many of a hundred runs, whatever it yields: what shows nothing today may tomorrow.
const LEAST: u64 = 5;
/// A round later what a way yielded counts for so much of it: new behaviour is rare after the first thousand runs, so
/// it takes many rounds to tell ways apart.
const KEPT: (u64, u64) = (31, 32);
/// Until more is known everybody is believed to find one new thing in a million steps; a few runs show better.
const HOPE: Yield = Yield { new: 100, steps: 100_000_000 };

impl Budget {
    /// Nothing is known.
    pub(super) fn new(only: Option<Way>) -> Self {
        Self { yields: Default::default(), only }
    }

    /// A run of this way showed that.
    pub(super) fn note(&mut self, way: Way, novel: &Novel, steps: u64) {
        let known = &mut self.yields[way as usize];
        known.new += novel.behaviour() * 1_000;
        known.steps += steps * 1_000;
    }

    /// A round is over: what was found in it is a little older now.
    pub(super) fn close(&mut self) {
        for known in &mut self.yields {
            known.new = known.new * KEPT.0 / KEPT.1;
            known.steps = known.steps * KEPT.0 / KEPT.1;
        }
    }

    /// How many of a hundred runs this way gets.
    pub(super) fn percent(&self, way: Way) -> u64 {
        if let Some(only) = self.only {
            return if only == way { 100 } else { 0 };
        }
        let worth = |way: Way| {
            let known = self.yields[way as usize];
            u128::from(known.new + HOPE.new) * 1_000_000_000 / u128::from(known.steps + HOPE.steps)
        };
        let all: u128 = Way::ALL.into_iter().map(worth).sum();
        let free = u128::from(100 - LEAST * Way::ALL.len() as u64);
        LEAST + (worth(way) * free / all.max(1)) as u64
    }

    /// The ways of so many runs, well mixed.
    pub(super) fn share(&self, runs: u64) -> impl Iterator<Item = Way> + use<> {
        let percents = Way::ALL.map(|way| (way, self.percent(way)));
        let all: u64 = percents.iter().map(|(_, percent)| percent).sum();
        let mut owed = percents.map(|(way, _)| (way, 0));
        // Whoever is owed most is next: in any stretch of runs each way has about its share.
        (0..runs).filter_map(move |_| {
            for ((_, owed), (_, percent)) in owed.iter_mut().zip(percents) {
                *owed += percent.cast_signed();
            }
            let (way, owed) = owed.iter_mut().rev().max_by_key(|(_, owed)| *owed)?;
            *owed -= all.cast_signed();
            Some(*way)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(budget: &Budget) -> [usize; Way::ALL.len()] {
        let ways: Vec<Way> = budget.share(100).collect();
        Way::ALL.map(|way| ways.iter().filter(|other| **other == way).count())
    }

    #[test]
    fn who_finds_more_gets_more_and_nobody_nothing() {
        let mut budget = Budget::new(None);
        assert_eq!(counts(&budget), [20; 5]);
        for _ in 0..20 {
            for way in Way::ALL {
                let pairs = if way == Way::Branch { 40 } else { 0 };
                budget.note(way, &Novel { pairs, ..Novel::default() }, 100_000);
            }
            budget.close();
        }
        let [mix, .., branch] = counts(&budget);
        assert!(LEAST as usize <= mix && 60 < branch, "{mix} {branch}");
        for _ in 0..300 {
            for way in Way::ALL {
                budget.note(way, &Novel::default(), 100_000);
            }
            budget.close();
        }
        assert!(counts(&budget)[4] < 40, "{:?}", counts(&budget));
    }
}
