//! Something that happens once in so many times: it knows which time is the next, and only compares.

use super::{Fault, Record, Supply};

/// A counter to the next time that a kind of fault happens.
#[derive(Clone, Debug)]
pub(crate) struct Rare {
    /// The entity that is next.
    next: u64,
    coming: Option<Record>,
    fault: Fault,
    supply: Option<Supply>,
}

impl Rare {
    /// What `supply` has.
    pub(super) fn new(fault: Fault, supply: Option<Supply>) -> Self {
        let mut rare = Self { next: u64::MAX, coming: None, fault, supply };
        rare.advance(0);
        rare
    }

    /// How it strikes this one, if it does. Asked for entities in their order.
    #[inline]
    pub(crate) fn strikes(&mut self, entity: u64) -> Option<Record> {
        if entity < self.next { None } else { self.strike(entity) }
    }

    /// It happens no more.
    pub(crate) fn heal(&mut self) {
        (self.supply, self.coming, self.next) = (None, None, u64::MAX);
    }

    #[cold]
    fn strike(&mut self, entity: u64) -> Option<Record> {
        let is_listed = matches!(self.supply, Some(Supply::Listed(_)));
        while is_listed && self.next < entity {
            self.advance(entity);
        }
        let coming = self.coming.filter(|_| self.next <= entity)?;
        self.advance(entity + 1);
        Some(coming.befalling(entity))
    }

    fn advance(&mut self, from: u64) {
        self.coming = match &mut self.supply {
            Some(Supply::Drawn { mean, stream }) => {
                let entity = from.saturating_add(stream.wait(mean.get()));
                Some(Record::draw(self.fault, entity, 0, 0, stream))
            }
            Some(Supply::Listed(ahead)) => ahead.pop(),
            None => None,
        };
        self.next = self.coming.map_or(u64::MAX, |coming| coming.entity);
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU64;

    use super::*;
    use crate::draw::{Draws, Site};

    fn drawn(mean: u64) -> Rare {
        let stream = Box::new(Draws::new(3).stream(Site::SinkFault, 1));
        let mean = NonZeroU64::new(mean).unwrap();
        Rare::new(Fault::SinkSlow, Some(Supply::Drawn { mean, stream }))
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
        let listed = || Rare::new(Fault::SinkSlow, Some(Supply::Listed(all.iter().rev().copied().collect())));
        let mut again = listed();
        assert_eq!((0..10_000).filter_map(|entity| again.strikes(entity)).collect::<Vec<_>>(), all);
        // One that nobody asked for befalls nobody else.
        let mut again = listed();
        let others = (0..10_000).filter(|&entity| entity != all[1].entity);
        let struck: Vec<Record> = others.filter_map(|entity| again.strikes(entity)).collect();
        assert_eq!(struck.len(), all.len() - 1);
        assert!(!struck.contains(&all[1]));
    }
}
