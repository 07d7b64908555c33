//! What goes wrong, where it comes from, and the list of what did.
//!
//! Faults are drawn, or they are listed in a plan: whoever asks cannot tell. A fault that takes effect is noted as a
//! [`Record`] with all that was drawn for it. So the list of what happened, given back as a plan, is the same run
//! again, and a part of the list is the same run with less going wrong: no other chance hangs on it.
//!
//! Half of the seeds leave out half of the kinds and run the rest at wild rates: what never happens leaves room for
//! what else may, and a rare thing made common finds what hides behind it. The other half has the usual mix, since
//! some bugs need many kinds at once.

mod clockwork;
mod fired;
mod kind;
mod measure;
mod rare;
mod record;
mod said;

use core::num::NonZeroU64;
use std::collections::BTreeMap;

use highwater_core::time::Instant;

use crate::draw::{Draws, Site, Stream};
use crate::hash::Hash;
pub(crate) use clockwork::Clockwork;
pub use fired::Fired;
pub use kind::Fault;
pub(crate) use measure::{Measure, Range, signed, unsigned};
pub(crate) use rare::Rare;
pub use record::{Firing, Record};

/// All that goes wrong in one run, and all that did.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    origin: Origin,
    fired: Vec<Firing>,
    are_healed: bool,
}

/// Where faults come from.
#[derive(Clone, Debug)]
enum Origin {
    /// From the seed, at the rates of its mix.
    Drawn { draws: Draws, rates: Box<[u64; Fault::COUNT]> },
    /// From a plan: these and no others.
    Listed(BTreeMap<(Fault, u64, u32), Record>),
}

/// What comes next of one kind.
#[derive(Clone, Debug)]
enum Supply {
    /// So far apart on average.
    Drawn { mean: NonZeroU64, stream: Box<Stream> },
    /// As listed, the next one last.
    Listed(Vec<Record>),
}

impl Faults {
    /// The mix of this seed.
    pub(crate) fn drawn(draws: Draws) -> Self {
        let is_swarm = draws.stream(Site::Rate, 0).one_in(2);
        let rates = Fault::ALL.map(|fault| {
            let usual = fault.pace().usual();
            if !is_swarm {
                return usual;
            }
            let mut stream = draws.stream(Site::Rate, hash(fault));
            match (stream.one_in(2), stream.between(0, 6)) {
                (true, _) => 0,
                (false, wildness) => ((usual * 8) >> wildness).max(1),
            }
        });
        let rates = Box::new(rates);
        Self { origin: Origin::Drawn { draws, rates }, fired: Vec::new(), are_healed: false }
    }

    /// Exactly these.
    pub(crate) fn listed(records: &[Record]) -> Self {
        let list = records.iter().map(|record| (record.key(), *record)).collect();
        Self { origin: Origin::Listed(list), fired: Vec::new(), are_healed: false }
    }

    /// What is in store for `entity` at `site`.
    pub(crate) fn omens(&self, site: Site, entity: u64) -> Omens<'_> {
        let stream = match &self.origin {
            Origin::Drawn { draws, .. } if !self.are_healed => Some(draws.stream(site, entity)),
            Origin::Drawn { .. } | Origin::Listed(_) => None,
        };
        Omens { faults: self, entity, stream }
    }

    /// A counter to the next time that a kind happens.
    pub(crate) fn rare(&self, fault: Fault) -> Rare {
        Rare::new(fault, self.supply(fault, None))
    }

    /// What goes wrong by the clock: each of these kinds, and whose it is if it is a source's.
    pub(crate) fn clockwork(&self, kinds: impl Iterator<Item = (Fault, Option<usize>)>) -> Clockwork {
        Clockwork::new(kinds.map(|(fault, source)| (fault, source, self.supply(fault, source))))
    }

    fn supply(&self, fault: Fault, source: Option<usize>) -> Option<Supply> {
        let entity = source.unwrap_or(0) as u64;
        match &self.origin {
            Origin::Drawn { draws, rates } => {
                let mean = NonZeroU64::new(rates[fault as usize])?;
                let whose = Hash::of_name(fault.name()).and(source.map_or(0, |_| entity + 1)).finish();
                let stream = Box::new(draws.stream(fault.site(), whose));
                Some(Supply::Drawn { mean, stream })
            }
            Origin::Listed(list) => {
                let of_kind =
                    list.range((fault, 0, 0)..=(fault, u64::MAX, u32::MAX)).map(|(_, record)| *record);
                let is_here = |record: &Record| fault.site() != Site::Clockwork || record.entity == entity;
                let mut records: Vec<Record> = of_kind.filter(is_here).collect();
                records.sort_by_key(|record| {
                    core::cmp::Reverse((record.moment(), record.entity, record.attempt))
                });
                Some(Supply::Listed(records))
            }
        }
    }

    /// Notes that a fault took effect.
    #[inline]
    pub(crate) fn note(&mut self, at: Instant, record: Record) {
        self.fired.push(Firing { at, record });
    }

    /// Nothing new goes wrong from now on.
    pub(crate) fn heal(&mut self) {
        self.are_healed = true;
    }

    /// Whether nothing new goes wrong any more.
    pub(crate) fn are_healed(&self) -> bool {
        self.are_healed
    }

    /// What took effect, in that order.
    pub(crate) fn fired(&self) -> &[Firing] {
        &self.fired
    }

    /// Whether anything of this kind took effect.
    pub(crate) fn has_fired(&self, fault: Fault) -> bool {
        self.fired.iter().any(|firing| firing.record.fault == fault)
    }
}

/// What is in store for somebody; asked one kind after the other, each kind once.
#[derive(Debug)]
pub(crate) struct Omens<'a> {
    faults: &'a Faults,
    entity: u64,
    stream: Option<Stream>,
}

impl Omens<'_> {
    /// How a kind will strike, if it will.
    pub(crate) fn strikes(&mut self, fault: Fault) -> Option<Record> {
        if self.faults.are_healed {
            return None;
        }
        match (&self.faults.origin, &mut self.stream) {
            (Origin::Drawn { rates, .. }, Some(stream)) => {
                let rate = rates[fault as usize];
                let is_by_clock = fault.pace().is_by_clock();
                let wait = if is_by_clock && rate > 0 { stream.wait(rate) } else { 0 };
                let strikes = if is_by_clock { rate > 0 } else { stream.one_in(rate) };
                strikes.then(|| Record::draw(fault, self.entity, 0, wait, stream))
            }
            (Origin::Listed(list), _) => list.get(&(fault, self.entity, 0)).copied(),
            (Origin::Drawn { .. }, None) => None,
        }
    }
}

fn hash(fault: Fault) -> u64 {
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
        let is_swarm = |seed| match Faults::drawn(Draws::new(seed)).origin {
            Origin::Drawn { rates, .. } => rates.contains(&0),
            Origin::Listed(_) => false,
        };
        let swarms = (0..200).filter(|&seed| is_swarm(seed)).count();
        assert!((70..130).contains(&swarms), "{swarms}");
    }

    #[test]
    fn what_is_healed_does_not_happen() {
        let strikes = |faults: &Faults| {
            let dials = 0..1_000;
            dials.filter(|&dial| faults.omens(Site::Mishap, dial).strikes(Fault::LateNews).is_some()).count()
        };
        let mut striking = 0;
        for seed in 0..20 {
            let mut faults = Faults::drawn(Draws::new(seed));
            striking += usize::from(strikes(&faults) > 0);
            faults.heal();
            assert_eq!(strikes(&faults), 0);
        }
        assert!(striking >= 10, "{striking}");
    }

    #[test]
    fn what_is_listed_happens_and_nothing_else() {
        let drawn = Faults::drawn(Draws::new(1));
        let struck = |faults: &Faults, dial| faults.omens(Site::Mishap, dial).strikes(Fault::Stall);
        let first = (0..1_000).find_map(|dial| struck(&drawn, dial)).unwrap();
        let listed = Faults::listed(&[first]);
        let all: Vec<Record> = (0..1_000).filter_map(|dial| struck(&listed, dial)).collect();
        assert_eq!(all, [first]);
        assert!(listed.omens(Site::Mishap, first.entity).strikes(Fault::Cut).is_none());
    }
}
