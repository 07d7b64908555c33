//! A set of numbers that keeps when each one first came.

use highwater_core::time::Instant;

/// Which of so many numbers came, and when each first did.
#[derive(Clone, Debug)]
pub(super) struct First {
    seen: Vec<u64>,
    list: Vec<(u32, Instant)>,
}

impl First {
    /// Of the numbers below `bound`, none came.
    pub(super) fn of(bound: usize) -> Self {
        Self { seen: vec![0; bound.div_ceil(64)], list: Vec::new() }
    }

    /// This one came.
    #[inline]
    pub(super) fn note(&mut self, number: u32, at: Instant) {
        let (word, bit) = (number as usize / 64, 1 << (number % 64));
        if self.seen[word] & bit == 0 {
            self.seen[word] |= bit;
            self.list.push((number, at));
        }
    }

    /// Those that came, in the order in which they first did.
    pub(super) fn list(&self) -> &[(u32, Instant)] {
        &self.list
    }
}
