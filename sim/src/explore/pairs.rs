//! Which two kinds of faults are to come close together next: those that were seen so in the fewest phases.

use crate::coverage::Atlas;
use crate::draw::Stream;
use crate::faults::Fault;
use crate::generator::Pair;

/// How often each two kinds were tried, the one before the other.
#[derive(Debug)]
pub(super) struct Pairs {
    tries: Vec<usize>,
}

impl Default for Pairs {
    fn default() -> Self {
        Self { tries: vec![0; Fault::COUNT * Fault::COUNT] }
    }
}

impl Pairs {
    /// The two that were seen together least; some never can be, so what was tried often counts as seen.
    pub(super) fn next(&mut self, atlas: &Atlas, chance: &mut Stream) -> Pair {
        let begin = chance.below(self.tries.len() as u64) as usize;
        let all = (0..self.tries.len()).map(|step| (begin + step) % self.tries.len());
        let pair = |index: usize| (Fault::ALL[index / Fault::COUNT], Fault::ALL[index % Fault::COUNT]);
        let seen = |index: &usize| {
            let (first, second) = pair(*index);
            atlas.phases_together(first, second) + self.tries[*index]
        };
        let index = all.min_by_key(seen).unwrap_or(begin);
        self.tries[index] += 1;
        let (first, second) = pair(index);
        Pair { first, second }
    }
}
