//! Runs that came to something new, to branch off from.

use std::collections::VecDeque;
use std::sync::Arc;

use highwater_core::time::Instant;

use crate::draw::Stream;
use crate::faults::Firing;
use crate::generator::{Base, Case};

/// So many are kept; the oldest goes.
const KEPT: usize = 256;
/// A branch of a branch, and so on: no further. What went wrong on the way only grows.
const DEPTH_MAX: usize = 8;

/// Runs that came to something new, and when they did.
#[derive(Debug, Default)]
pub(super) struct Corpus {
    bases: VecDeque<Base>,
}

impl Corpus {
    /// A run came to something new at that moment, after this had gone wrong.
    pub(super) fn add(&mut self, case: Case, at: Instant, fired: Vec<Firing>) {
        let base = Base::known(case, at, Arc::from(fired));
        if base.depth() <= DEPTH_MAX {
            self.bases.push_back(base);
        }
        if KEPT < self.bases.len() {
            self.bases.pop_front();
        }
    }

    /// One of them: the newer, the likelier.
    pub(super) fn pick(&self, chance: &mut Stream) -> Option<Box<Base>> {
        let count = self.bases.len() as u64;
        // The greater of two numbers.
        let which = chance.below(count).max(chance.below(count));
        self.bases.get(which as usize).map(|base| Box::new(base.clone()))
    }
}
