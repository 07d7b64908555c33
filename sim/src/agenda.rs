//! The only queue of the world: what is to come, at its moment, in the order in which it was put there.

use highwater_core::time::Instant;

/// What is to come. Of two things at one moment, the one put there first comes first.
///
/// A list in order, the next thing last. A few dozen things are to come at any time, most of them far off, and most
/// of what is put there comes very soon: it finds its place a step or two from the end, which no heap does as fast.
#[derive(Clone, Debug)]
pub(crate) struct Agenda<T> {
    to_come: Vec<(Instant, T)>,
}

impl<T: Copy> Agenda<T> {
    /// Nothing is to come.
    pub(crate) fn new() -> Self {
        Self { to_come: Vec::with_capacity(128) }
    }

    /// Puts `what` at the moment `at`.
    #[inline]
    pub(crate) fn put(&mut self, at: Instant, what: T) {
        let sooner = self.to_come.iter().rev().take_while(|(known, _)| *known <= at).count();
        self.to_come.insert(self.to_come.len() - sooner, (at, what));
    }

    /// What was to come at `at`, and is one of those, comes as soon as `sooner`, in the same order.
    pub(crate) fn hasten(&mut self, at: Instant, sooner: Instant, is_one: impl Fn(T) -> bool) {
        let is_hastened = |(known, what): &mut (Instant, T)| *known == at && is_one(*what);
        let hastened: Vec<_> = self.to_come.extract_if(.., is_hastened).collect();
        hastened.into_iter().rev().for_each(|(_, what)| self.put(sooner, what));
    }

    /// When the next thing comes.
    #[inline]
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.to_come.last().map(|(at, _)| *at)
    }

    /// Takes the next thing.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<(Instant, T)> {
        self.to_come.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_first_then_in_order_of_arrival() {
        let mut agenda = Agenda::new();
        for (at, what) in [(5, 'c'), (1, 'a'), (5, 'd'), (1, 'b')] {
            agenda.put(Instant::from_micros(at), what);
        }
        assert_eq!(agenda.next_at(), Some(Instant::from_micros(1)));
        let taken: String = core::iter::from_fn(|| agenda.take()).map(|(_, what)| what).collect();
        assert_eq!(taken, "abcd");
        assert_eq!(agenda.next_at(), None);
    }

    #[test]
    fn what_is_hastened_keeps_its_order() {
        let mut agenda = Agenda::new();
        for (at, what) in [(5, 'c'), (1, 'a'), (5, 'd'), (5, 'E'), (1, 'b'), (9, 'f')] {
            agenda.put(Instant::from_micros(at), what);
        }
        agenda.hasten(Instant::from_micros(5), Instant::from_micros(1), char::is_lowercase);
        let taken: String = core::iter::from_fn(|| agenda.take()).map(|(_, what)| what).collect();
        assert_eq!(taken, "abcdEf");
    }
}
