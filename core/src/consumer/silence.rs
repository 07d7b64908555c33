//! When a connection has been silent for too long: asked at three fifths of the limit, given up at the limit.

use serde::{Deserialize, Serialize};

use crate::time::{Duration, Instant, Now, WallTime};

/// A deadline seen later than this was not watched: the host slept, so it is judged after one more read.
const LATE: Duration = Duration::from_secs(1);

/// How a connection stands with silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Silence {
    /// Nothing to worry about yet.
    Heard {
        /// When the last byte came.
        at: Instant,
    },
    /// A ping is out.
    Asked {
        /// When to give up.
        until: Instant,
        /// Local wall time of the ping: once answered, silence is accounted for up to here.
        wall: WallTime,
        /// The limit was overslept already; there is no second reprieve.
        reprieved: bool,
    },
}

/// What the passing of time asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Wait,
    Ping,
    GiveUp,
}

impl Silence {
    /// When the passing of time asks for something next.
    pub(super) fn deadline(self, limit: Duration) -> Instant {
        match self {
            Self::Heard { at } => at + limit * 3 / 5,
            Self::Asked { until, .. } => until,
        }
    }

    /// Judges the silence so far.
    pub(super) fn judge(&mut self, now: Now, limit: Duration) -> Verdict {
        if now.monotonic < self.deadline(limit) {
            return Verdict::Wait;
        }
        match *self {
            Self::Heard { at } if now.monotonic <= at + limit => self.ask(now, at + limit, false),
            Self::Heard { .. } => self.ask(now, now.monotonic + LATE, true),
            Self::Asked { until, reprieved: false, .. } if now.monotonic > until + LATE => {
                self.ask(now, now.monotonic + LATE, true)
            }
            Self::Asked { .. } => Verdict::GiveUp,
        }
    }

    /// Asks at once: the host slept, and the other side may be gone.
    pub(super) fn probe(&mut self, now: Now, limit: Duration) {
        self.ask(now, now.monotonic + limit * 2 / 5, true);
    }

    /// Leaves `span` out of account: nothing was read.
    pub(super) fn shift(&mut self, span: Duration) {
        match self {
            Self::Heard { at } => *at = *at + span,
            Self::Asked { until, .. } => *until = *until + span,
        }
    }

    fn ask(&mut self, now: Now, until: Instant, reprieved: bool) -> Verdict {
        // A deadline that has come is never set to the same moment again.
        let until = until.max(now.monotonic + Duration::from_micros(1));
        *self = Self::Asked { until, wall: now.wall, reprieved };
        Verdict::Ping
    }
}
