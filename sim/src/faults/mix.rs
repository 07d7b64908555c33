//! How often each kind of fault happens, and where the chance of it comes from.
//!
//! Half of the seeds leave out half of the kinds and run the rest at wild rates: what never happens leaves room for
//! what else may, and a rare thing made common finds what hides behind it. The other half has the usual mix, since
//! some bugs need many kinds at once.

use core::num::NonZeroU64;

use super::{Chance, Fault};
use crate::draw::{Draws, Site, Stream};
use crate::hash::Hash;

/// How often each kind happens.
#[derive(Clone, Debug)]
pub(crate) struct Mix {
    pub(super) draws: Draws,
    rates: Box<[u64; Fault::COUNT]>,
}

/// How often one kind happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rate {
    /// Not at all.
    Never,
    /// As usual.
    Usual,
    /// From eight times as seldom (0) to eight times as often (6).
    Wild(u64),
}

/// Wildness is so high at most.
const WILDEST: u64 = 6;

impl Rate {
    /// Any wild rate.
    pub(crate) fn wild(stream: &mut Stream) -> Self {
        Self::Wild(stream.between(0, WILDEST))
    }
}

impl Mix {
    /// The mix of a seed: the usual one, or a swarm.
    pub(crate) fn of_seed(draws: Draws) -> Self {
        let is_swarm = draws.stream(Site::Rate, 0).one_in(2);
        Self::of(draws, |fault| {
            if !is_swarm {
                return Rate::Usual;
            }
            let mut stream = draws.stream(Site::Rate, Hash::of_name(fault.name()).finish());
            match (stream.one_in(2), Rate::wild(&mut stream)) {
                (true, _) => Rate::Never,
                (false, wild) => wild,
            }
        })
    }

    /// Each kind at the rate given, with its chance from there.
    pub(crate) fn of(draws: Draws, rate: impl Fn(Fault) -> Rate) -> Self {
        let rates = Fault::ALL.map(|fault| {
            let usual = fault.pace().usual();
            match rate(fault) {
                Rate::Never => 0,
                Rate::Usual => usual,
                Rate::Wild(wildness) => ((usual * 8) >> wildness).max(1),
            }
        });
        Self { draws, rates: Box::new(rates) }
    }

    /// Once in so many times, or so many microseconds apart; zero is never.
    pub(super) fn rate(&self, fault: Fault) -> u64 {
        self.rates[fault as usize]
    }

    /// What chance has in store of a kind, and whose it is if it is a source's.
    pub(super) fn chance(&self, fault: Fault, source: Option<usize>) -> Option<Chance> {
        let mean = NonZeroU64::new(self.rate(fault))?;
        let whose = Hash::of_name(fault.name()).and(source.map_or(0, |source| source as u64 + 1)).finish();
        Some(Chance::new(mean, self.draws.stream(fault.site(), whose)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_half_of_the_seeds_leave_kinds_out() {
        let is_swarm = |seed| Mix::of_seed(Draws::new(seed)).rates.contains(&0);
        let swarms = (0..200).filter(|&seed| is_swarm(seed)).count();
        assert!((70..130).contains(&swarms), "{swarms}");
    }

    #[test]
    fn rates_are_as_seldom_or_as_often_as_they_are_called() {
        let rate = |rate| Mix::of(Draws::new(1), |_| rate).rate(Fault::Crash);
        let usual = rate(Rate::Usual);
        assert_eq!([rate(Rate::Never), rate(Rate::Wild(0)), rate(Rate::Wild(6))], [0, usual * 8, usual / 8]);
    }
}
