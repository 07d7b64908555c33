//! When the second server gives up on somebody who reads, but hardly.

use std::time::Duration;

use highwater_core::serve::{TOO_SLOW_FOR, TOO_SLOW_LAG, TOO_SLOW_RATE};
use tokio::time::Instant;

/// How far a subscriber was when it was last looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slowness {
    since: Instant,
    position: u64,
}

impl Slowness {
    /// It is at `position` now.
    pub(crate) fn new(position: u64) -> Self {
        Self { since: Instant::now(), position }
    }

    /// Whether it is so far behind the tip, and got so little ahead for so long, that nothing will come of it.
    pub(crate) fn judge(&mut self, position: u64, tip: u64) -> bool {
        let span = Duration::from(TOO_SLOW_FOR);
        if self.since.elapsed() < span {
            return false;
        }
        let taken = position.saturating_sub(self.position);
        *self = Self::new(position);
        taken < TOO_SLOW_RATE * span.as_secs() && tip.saturating_sub(position) > TOO_SLOW_LAG
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a subscriber that gets from 1 to `position` in a minute is too slow for this tip.
    async fn is_too_slow(position: u64, tip: u64) -> bool {
        let mut slowness = Slowness::new(1);
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(!slowness.judge(position, tip), "a minute is not over");
        tokio::time::advance(Duration::from_secs(1)).await;
        slowness.judge(position, tip)
    }

    #[tokio::test(start_paused = true)]
    async fn too_slow_is_who_is_far_behind_and_hardly_gets_ahead() {
        assert!(is_too_slow(300, 100_301).await);
        assert!(!is_too_slow(301, 100_302).await, "five a second are enough");
        assert!(!is_too_slow(300, 100_300).await, "a hundred thousand behind is not too far");
    }
}
