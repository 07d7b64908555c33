//! What goes wrong and how often, drawn once per seed, and the count of what did.
//!
//! Half of the seeds leave out half of the kinds and run the rest at wild rates: what never happens leaves room for
//! what else may, and a rare thing made common finds what hides behind it. The other half has the usual mix, since
//! some bugs need many kinds at once.

mod kind;

use crate::draw::{Draws, Rare, Site, Stream};
use crate::hash::Hash;
pub use kind::Fault;

/// How often each kind of fault happens in one seed, and how often it did.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    draws: Draws,
    rates: [u64; Fault::COUNT],
    fired: Fired,
    are_healed: bool,
}

/// How often each kind of fault fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired([u64; Fault::COUNT]);

impl Faults {
    /// The mix of this seed.
    pub(crate) fn new(draws: Draws) -> Self {
        let is_swarm = draws.stream(Site::Mix, 0).one_in(2);
        let rates = Fault::ALL.map(|fault| {
            let usual = fault.pace().usual();
            if !is_swarm {
                return usual;
            }
            let mut stream = draws.stream(Site::Mix, entity(fault));
            match (stream.one_in(2), stream.between(0, 6)) {
                (true, _) => 0,
                (false, wildness) => ((usual * 8) >> wildness).max(1),
            }
        });
        Self { draws, rates, fired: Fired::default(), are_healed: false }
    }

    /// The rate of a kind: one in so many times, or so many microseconds apart. Zero is never.
    pub(crate) fn rate(&self, fault: Fault) -> u64 {
        if self.are_healed { 0 } else { self.rates[fault as usize] }
    }

    /// A counter to the next time that a kind happens, read at `site`.
    pub(crate) fn rare(&self, fault: Fault, site: Site) -> Rare {
        Rare::new(self.rate(fault), self.draws.stream(site, entity(fault)))
    }

    /// The generator of a kind that goes by the clock and befalls one of several.
    pub(crate) fn clockwork(&self, fault: Fault, whose: u64) -> Stream {
        self.draws.stream(Site::Clockwork, Hash::of_name(fault.name()).and(whose).finish())
    }

    /// Notes that a fault happened.
    pub(crate) fn fire(&mut self, fault: Fault) {
        self.fired.fire(fault);
    }

    /// Nothing new goes wrong from now on.
    pub(crate) fn heal(&mut self) {
        self.are_healed = true;
    }

    /// What happened.
    pub(crate) fn fired(&self) -> &Fired {
        &self.fired
    }
}

impl Fired {
    pub(crate) fn fire(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    /// How often this kind did.
    pub fn count(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    /// Adds what happened in another run.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

impl Default for Fired {
    fn default() -> Self {
        Self([0; Fault::COUNT])
    }
}

fn entity(fault: Fault) -> u64 {
    Hash::of_name(fault.name()).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_the_list_is_whole() {
        for (index, fault) in Fault::ALL.into_iter().enumerate() {
            assert_eq!(fault as usize, index);
            assert!(Fault::ALL[..index].iter().all(|other| other.name() != fault.name()), "{}", fault.name());
        }
    }

    #[test]
    fn about_half_of_the_seeds_leave_kinds_out() {
        let is_swarm = |seed| {
            let faults = Faults::new(Draws::new(seed));
            Fault::ALL.iter().any(|&fault| faults.rate(fault) == 0)
        };
        let swarms = (0..200).filter(|&seed| is_swarm(seed)).count();
        assert!((70..130).contains(&swarms), "{swarms}");
    }

    #[test]
    fn what_is_healed_does_not_happen() {
        let mut faults = Faults::new(Draws::new(1));
        faults.heal();
        assert!(Fault::ALL.iter().all(|&fault| faults.rate(fault) == 0));
        assert!(!faults.rare(Fault::SinkUnavailable, Site::SinkFault).happens());
    }
}
