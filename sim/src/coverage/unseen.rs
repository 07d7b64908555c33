//! How much is still unseen, by what was seen only once.
//!
//! Good and Turing: of what a next run would show, the share that no run has shown yet is about the share of what was
//! seen in one run only. Chao: there is at least so much more as once² / (2 · twice). Both count runs, not
//! steps, since the steps of one run are not independent.

/// What was seen of one kind of thing, over a number of runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Things seen.
    pub all: u64,
    /// Of those, seen in one run only.
    pub once: u64,
    /// In two.
    pub twice: u64,
    /// Runs.
    pub runs: u64,
}

impl Seen {
    /// Of things that were each seen in so many runs.
    pub(super) fn of(counts: &[u32], runs: u64) -> Self {
        let times = |n| counts.iter().filter(|count| **count == n).count() as u64;
        Self { all: counts.len() as u64 - times(0), once: times(1), twice: times(2), runs }
    }

    /// How many things no run has shown that the next million runs would show at the pace of today: it slows down.
    pub fn new_in_a_million(&self) -> u64 {
        self.once.saturating_mul(1_000_000).checked_div(self.runs).unwrap_or(0)
    }

    /// At least so many more there are.
    pub fn unseen(&self) -> u64 {
        let pairs_of_once = self.once * self.once.saturating_sub(1) / 2;
        pairs_of_once / (self.twice + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_once_tells_of_what_was_not_seen() {
        let seen = Seen::of(&[9, 1, 1, 0, 2, 1, 0], 100);
        assert_eq!(seen, Seen { all: 5, once: 3, twice: 1, runs: 100 });
        assert_eq!((seen.new_in_a_million(), seen.unseen()), (30_000, 1));
        assert_eq!(Seen::default().new_in_a_million(), 0);
    }

    /// Things of very different rarity, drawn as runs are: the estimate made half way is compared with what came then.
    #[test]
    fn the_estimate_is_near_what_comes() {
        let mut stream = crate::draw::Draws::new(1).stream(crate::draw::Site::New, 0);
        let mut counts = [0; 2_000];
        let mut run = |counts: &mut [u32; 2_000]| {
            for (index, count) in counts.iter_mut().enumerate() {
                *count += u32::from(stream.one_in(index as u64 + 1));
            }
        };
        for _ in 0..300 {
            run(&mut counts);
        }
        let before = Seen::of(&counts, 300);
        for _ in 0..20 {
            run(&mut counts);
        }
        let came = Seen::of(&counts, 320).all - before.all;
        let expected = before.once * 20 / 300;
        assert!(came.abs_diff(expected) <= expected / 3, "{came} came, {expected} were expected");
    }
}
