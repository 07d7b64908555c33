//! How often each kind of fault fired.

use super::{Fault, Firing};

/// How often each kind of fault fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired([u64; Fault::COUNT]);

impl Fired {
    /// The counts of a list.
    pub(crate) fn of(firings: &[Firing]) -> Self {
        let mut fired = Self::default();
        for firing in firings {
            fired.0[firing.record.fault as usize] += 1;
        }
        fired
    }

    /// How often this kind did.
    pub fn count(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    /// How often any kind did.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
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
