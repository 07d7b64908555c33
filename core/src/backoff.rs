//! How long to wait after a failure: exponential, capped, the upper half of it by chance.

use crate::jitter;
use crate::time::Duration;

/// The two limits of a delay that doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest delay after the first failure.
    pub initial: Duration,
    /// The longest delay of all.
    pub max: Duration,
}

impl Backoff {
    /// The longest delay after `failures` failures in a row: `initial` doubled each time, `max` at most. No
    /// failure counts as one, since even after a good attempt nobody dials at once.
    pub fn ceiling(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1);
        let factor = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
        self.initial.saturating_mul(factor).min(self.max)
    }

    /// The delay after `failures` failures: by chance between half the [`ceiling`](Self::ceiling) and all of it.
    ///
    /// `n` tells one draw of `seed` from the next, so that a fleet does not dial in step.
    pub fn delay(self, failures: u32, seed: u64, n: u64) -> Duration {
        let ceiling = self.ceiling(failures).as_micros();
        let half = ceiling.div_ceil(2);
        let spread = ceiling - half + 1;
        Duration::from_micros(half + jitter::draw(seed, n) % spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DECIDED: Backoff = Backoff { initial: Duration::from_secs(1), max: Duration::from_secs(60) };

    #[test]
    fn the_ceiling_doubles_up_to_the_maximum() {
        let ceilings: Vec<u64> = (0..9).map(|n| DECIDED.ceiling(n).as_micros() / 1_000_000).collect();
        assert_eq!(ceilings, [1, 1, 2, 4, 8, 16, 32, 60, 60]);
    }

    proptest! {
        #[test]
        fn a_delay_is_the_upper_half_of_its_ceiling(failures: u32, seed: u64, n: u64, initial in 1_u64..1 << 40, max: u64) {
            let backoff = Backoff { initial: Duration::from_micros(initial), max: Duration::from_micros(max.max(initial)) };
            let ceiling = backoff.ceiling(failures).as_micros();
            let delay = backoff.delay(failures, seed, n).as_micros();
            prop_assert!(delay <= ceiling && delay >= ceiling / 2, "{delay} of {ceiling}");
        }
    }
}
