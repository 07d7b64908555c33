//! Wall clocks: what somebody takes for the time of day while the world has its own.

use highwater_core::time::{Instant, WallTime};

/// The time of day as the world begins. Late enough that a time is never taken for a number.
pub(crate) const BEGINNING: u64 = 1_760_000_000_000_000;

/// Somebody's clock, wrong by so many microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    wrong_by: i64,
}

impl Clock {
    /// A clock that is wrong by so many microseconds.
    pub(crate) const fn wrong_by(micros: i64) -> Self {
        Self { wrong_by: micros }
    }

    /// How wrong it is.
    pub(crate) const fn wrong_by_micros(self) -> i64 {
        self.wrong_by
    }

    /// What it shows at a moment of the world.
    pub(crate) fn at(self, now: Instant) -> WallTime {
        WallTime::from_micros((BEGINNING + now.as_micros()).saturating_add_signed(self.wrong_by))
    }

    /// Sets it on or back.
    pub(crate) fn step(&mut self, micros: i64) {
        self.wrong_by = self.wrong_by.saturating_add(micros);
    }
}
