//! The only queue of the world: what is to come, at its moment, in the order in which it was put there.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use highwater_core::time::Instant;

/// What is to come. Of two things at one moment, the one put there first comes first.
#[derive(Clone, Debug)]
pub(crate) struct Agenda<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    order: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry<T> {
    at: Instant,
    order: u64,
    what: T,
}

impl<T: Copy> Agenda<T> {
    /// Nothing is to come.
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::with_capacity(64), order: 0 }
    }

    /// Puts `what` at the moment `at`.
    #[inline]
    pub(crate) fn put(&mut self, at: Instant, what: T) {
        self.order += 1;
        self.heap.push(Reverse(Entry { at, order: self.order, what }));
    }

    /// When the next thing comes.
    #[inline]
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// Takes the next thing.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<(Instant, T)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
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
}
