//! What goes wrong, where it comes from, and the list of what did.
//!
//! Faults are drawn, or they are listed in a plan: whoever asks cannot tell. A fault that takes effect is noted as a
//! [`Record`] with all that was drawn for it. So the list of what happened, given back as a plan, is the same run
//! again, and a part of the list is the same run with less going wrong: no other chance hangs on it.
//!
//! What is drawn is drawn at the rates of a [`Mix`], which may change while the world runs.

mod clockwork;
mod fired;
mod kind;
mod measure;
mod mix;
mod rare;
mod record;
mod said;
mod supply;

use std::collections::BTreeMap;

use highwater_core::time::Instant;

use crate::draw::{Site, Stream};
pub(crate) use clockwork::Clockwork;
pub use fired::Fired;
pub use kind::Fault;
pub(crate) use measure::{Measure, Range, signed, unsigned};
pub(crate) use mix::{Mix, Rate};
pub(crate) use rare::Rare;
pub use record::{Firing, Record};
use supply::{Chance, Supply};

/// All that goes wrong in one run, and all that did.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    /// These happen, each as it is asked for.
    certain: BTreeMap<(Fault, u64, u32), Record>,
    /// What else may; nothing, if there is none.
    mix: Option<Mix>,
    fired: Vec<Firing>,
    are_healed: bool,
}

impl Faults {
    /// These happen, and what the mix has beside them.
    pub(crate) fn of(certain: &[Record], mix: Option<Mix>) -> Self {
        let certain = certain.iter().map(|record| (record.key(), *record)).collect();
        Self { certain, mix, fired: Vec::new(), are_healed: false }
    }

    /// From now on this may happen, and nothing else but what is certain. Whoever counts or waits has to be told.
    pub(crate) fn turn(&mut self, mix: Option<Mix>) {
        self.mix = mix;
    }

    /// What is in store for `entity` at `site`.
    pub(crate) fn omens(&self, site: Site, entity: u64) -> Omens<'_> {
        let mix = self.mix.as_ref().filter(|_| !self.are_healed);
        Omens { faults: self, entity, stream: mix.map(|mix| mix.draws.stream(site, entity)) }
    }

    /// A counter to the next time that a kind happens.
    pub(crate) fn rare(&self, fault: Fault) -> Rare {
        Rare::new(fault, self.supply(fault, None))
    }

    /// What goes wrong by the clock: each of these kinds, and whose it is if it is a source's.
    pub(crate) fn clockwork(&self, kinds: impl Iterator<Item = (Fault, Option<usize>)>) -> Clockwork {
        Clockwork::new(kinds.map(|(fault, source)| (fault, source, self.supply(fault, source))))
    }

    /// What chance has in store of a kind, and whose it is if it is a source's.
    fn chance(&self, fault: Fault, source: Option<usize>) -> Option<Chance> {
        self.mix.as_ref()?.chance(fault, source)
    }

    fn supply(&self, fault: Fault, source: Option<usize>) -> Supply {
        let entity = source.unwrap_or(0) as u64;
        let of_kind =
            self.certain.range((fault, 0, 0)..=(fault, u64::MAX, u32::MAX)).map(|(_, record)| *record);
        let is_here = |record: &Record| fault.site() != Site::Clockwork || record.entity == entity;
        let mut certain: Vec<Record> = of_kind.filter(is_here).collect();
        certain.sort_by_key(|record| core::cmp::Reverse((record.moment(), record.entity, record.attempt)));
        Supply { certain, chance: self.chance(fault, source) }
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
        let certain = self.faults.certain.get(&(fault, self.entity, 0)).copied();
        let drawn = self.draw(fault);
        certain.or(drawn)
    }

    fn draw(&mut self, fault: Fault) -> Option<Record> {
        let (mix, stream) = (self.faults.mix.as_ref()?, self.stream.as_mut()?);
        let rate = mix.rate(fault);
        let is_by_clock = fault.pace().is_by_clock();
        let wait = if is_by_clock && rate > 0 { stream.wait(rate) } else { 0 };
        let strikes = if is_by_clock { rate > 0 } else { stream.one_in(rate) };
        strikes.then(|| Record::draw(fault, self.entity, 0, wait, stream))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Draws;

    #[test]
    fn names_are_unique_and_the_list_is_whole() {
        for (index, fault) in Fault::ALL.into_iter().enumerate() {
            assert_eq!(fault as usize, index);
            assert!(Fault::ALL[..index].iter().all(|other| other.name() != fault.name()), "{}", fault.name());
        }
    }

    #[test]
    fn what_is_healed_does_not_happen() {
        let strikes = |faults: &Faults| {
            let dials = 0..1_000;
            dials.filter(|&dial| faults.omens(Site::Mishap, dial).strikes(Fault::LateNews).is_some()).count()
        };
        let mut striking = 0;
        for seed in 0..20 {
            let mut faults = Faults::of(&[], Some(Mix::of_seed(Draws::new(seed))));
            striking += usize::from(strikes(&faults) > 0);
            faults.heal();
            assert_eq!(strikes(&faults), 0);
        }
        assert!(striking >= 10, "{striking}");
    }

    #[test]
    fn what_is_listed_happens_and_nothing_else() {
        let drawn = Faults::of(&[], Some(Mix::of_seed(Draws::new(1))));
        let struck = |faults: &Faults, dial| faults.omens(Site::Mishap, dial).strikes(Fault::Stall);
        let first = (0..1_000).find_map(|dial| struck(&drawn, dial)).unwrap();
        let listed = Faults::of(&[first], None);
        let all: Vec<Record> = (0..1_000).filter_map(|dial| struck(&listed, dial)).collect();
        assert_eq!(all, [first]);
        assert!(listed.omens(Site::Mishap, first.entity).strikes(Fault::Cut).is_none());
    }
}
