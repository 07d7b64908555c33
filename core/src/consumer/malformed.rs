//! When malformed frames are the connection's fault and no longer each its own.

use serde::{Deserialize, Serialize};

/// So many malformed frames in a row are a fault of the connection.
const ROW_MAX: u16 = 100;
/// So many of the last [`WINDOW`] as well.
const WINDOW_MAX: u16 = 500;
/// How many frames are looked back on.
const WINDOW: u16 = 1_000;

/// Which of the last frames of a connection were malformed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tally {
    row: u16,
    seen: u16,
    malformed: u16,
    next: u16,
    bits: [u64; 16],
}

impl Tally {
    pub(super) const fn new() -> Self {
        Self { row: 0, seen: 0, malformed: 0, next: 0, bits: [0; 16] }
    }

    /// Counts one frame. True once the connection is at fault.
    #[must_use]
    pub(super) fn count(&mut self, malformed: bool) -> bool {
        self.row = if malformed { self.row + 1 } else { 0 };
        let (word, bit) = (usize::from(self.next / 64), 1_u64 << (self.next % 64));
        if self.seen == WINDOW && self.bits[word] & bit != 0 {
            self.malformed -= 1;
        }
        self.seen = WINDOW.min(self.seen + 1);
        self.next = (self.next + 1) % WINDOW;
        if malformed {
            self.bits[word] |= bit;
            self.malformed += 1;
        } else {
            self.bits[word] &= !bit;
        }
        self.row >= ROW_MAX || (self.seen == WINDOW && self.malformed >= WINDOW_MAX)
    }

    /// What the next verdict rests on; where the window begins counts only if something in it was malformed.
    pub(super) fn add(&self, mut take: impl FnMut(u64)) {
        take(u64::from(self.seen) << 32 | u64::from(self.row) << 16 | u64::from(self.malformed));
        if self.malformed > 0 {
            take(u64::from(self.next));
            self.bits.iter().for_each(|&word| take(word));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn a_hundred_in_a_row_are_too_many() {
        let mut tally = Tally::new();
        assert!((0..99).all(|_| !tally.count(true)));
        assert!(!tally.count(false));
        assert!((0..99).all(|_| !tally.count(true)));
        assert!(tally.count(true));
    }

    #[test]
    fn half_of_the_last_thousand_are_too_many() {
        let mut tally = Tally::new();
        let at_fault = (0..1_000).position(|n| tally.count(n % 2 == 0));
        assert_eq!(at_fault, Some(999));
        let mut sparse = Tally::new();
        assert!((0..10_000).all(|n| !sparse.count(n % 3 == 0)));
    }
}
