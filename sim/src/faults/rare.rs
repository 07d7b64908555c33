//! Something that happens once in so many times: it knows which time is the next, and only compares.

use super::supply::Supply;
use super::{Fault, Faults, Record};

/// A counter to the next time that a kind of fault happens.
#[derive(Clone, Debug)]
pub(crate) struct Rare {
    /// The entity that is next.
    next: u64,
    /// What chance has in store next.
    coming: Option<Record>,
    fault: Fault,
    supply: Supply,
}

impl Rare {
    /// What `supply` has.
    pub(super) fn new(fault: Fault, supply: Supply) -> Self {
        let mut rare = Self { next: u64::MAX, coming: None, fault, supply };
        rare.draw(0);
        rare
    }

    /// How it strikes this one, if it does. Asked for entities in their order.
    #[inline]
    pub(crate) fn strikes(&mut self, entity: u64) -> Option<Record> {
        if entity < self.next { None } else { self.strike(entity) }
    }

    /// From this entity on chance has something else in store. What is certain stays.
    pub(crate) fn turn(&mut self, from: u64, faults: &Faults) {
        self.supply.chance = faults.chance(self.fault, None);
        self.draw(from);
    }

    /// It happens no more.
    pub(crate) fn heal(&mut self) {
        (self.supply, self.coming, self.next) = (Supply::none(), None, u64::MAX);
    }

    #[cold]
    fn strike(&mut self, entity: u64) -> Option<Record> {
        // One that nobody asked for befalls nobody else.
        let certain = &mut self.supply.certain;
        while certain.pop_if(|record| record.entity < entity).is_some() {}
        let certain = certain.pop_if(|record| record.entity == entity);
        let drawn = self.coming.filter(|coming| coming.entity <= entity);
        match drawn {
            Some(_) => self.draw(entity + 1),
            None => self.look(),
        }
        certain.or(drawn.map(|drawn| drawn.befalling(entity)))
    }

    fn draw(&mut self, from: u64) {
        self.coming = self.supply.chance.as_mut().map(|chance| {
            let entity = from.saturating_add(chance.wait());
            chance.draw(self.fault, entity, 0, 0)
        });
        self.look();
    }

    fn look(&mut self) {
        let certain = self.supply.certain.last();
        let next = certain.into_iter().chain(&self.coming).map(|record| record.entity).min();
        self.next = next.unwrap_or(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU64;

    use super::super::supply::Chance;
    use super::super::{Mix, Rate};
    use super::*;
    use crate::draw::{Draws, Site};

    fn chance(mean: u64) -> Option<Chance> {
        let stream = Draws::new(3).stream(Site::SinkFault, 1);
        Some(Chance::new(NonZeroU64::new(mean)?, stream))
    }

    fn drawn(mean: u64) -> Rare {
        Rare::new(Fault::SinkSlow, Supply { certain: Vec::new(), chance: chance(mean) })
    }

    #[test]
    fn it_happens_about_as_often_as_said_and_can_be_healed() {
        let mut rare = drawn(50);
        let count = (0..100_000).filter(|&entity| rare.strikes(entity).is_some()).count();
        assert!((1_600..2_400).contains(&count), "{count}");
        rare.heal();
        assert!((100_000..200_000).all(|entity| rare.strikes(entity).is_none()));
    }

    #[test]
    fn a_list_of_what_happened_happens_again() {
        let mut rare = drawn(50);
        let all: Vec<Record> = (0..10_000).filter_map(|entity| rare.strikes(entity)).collect();
        let certain: Vec<Record> = all.iter().rev().copied().collect();
        let listed = || Rare::new(Fault::SinkSlow, Supply { certain: certain.clone(), chance: None });
        let mut again = listed();
        assert_eq!((0..10_000).filter_map(|entity| again.strikes(entity)).collect::<Vec<_>>(), all);
        // One that nobody asked for befalls nobody else.
        let mut again = listed();
        let others = (0..10_000).filter(|&entity| entity != all[1].entity);
        let struck: Vec<Record> = others.filter_map(|entity| again.strikes(entity)).collect();
        assert_eq!(struck.len(), all.len() - 1);
        assert!(!struck.contains(&all[1]));
    }

    #[test]
    fn what_is_certain_comes_whatever_chance_does() {
        let certain = Record::mildest(Fault::SinkSlow, 70, 0);
        let mut rare = Rare::new(Fault::SinkSlow, Supply { certain: vec![certain], chance: None });
        assert!((0..50).all(|entity| rare.strikes(entity).is_none()));
        rare.turn(50, &Faults::of(&[], Some(Mix::of(Draws::new(9), |_| Rate::Wild(6)))));
        let struck: Vec<Record> = (50..1_000).filter_map(|entity| rare.strikes(entity)).collect();
        assert!(struck.contains(&certain) && struck.len() > 50);
        assert!(struck.is_sorted_by_key(|record| record.entity), "each of them once");
        rare.turn(1_000, &Faults::of(&[], None));
        assert!((1_000..2_000).all(|entity| rare.strikes(entity).is_none()));
    }
}
