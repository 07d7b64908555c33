//! Where a v1 server may have dropped events: it goes from replay to live somewhere, and does not say where.
//!
//! The switch cannot happen before the connection opened, and has happened once the stream has run close to now for
//! a while. Everything between is on record, since nothing on the wire could prove it (jetstream-legacy issue 42):
//! seven seconds where nothing holds the stream up.

use serde::{Deserialize, Serialize};

use crate::cursor::Cursor;
use crate::gap::Mark;
use crate::time::{Duration, WallTime};

/// An event no older than this was sent live, or is about to be.
const LIVE_LAG: Duration = Duration::from_secs(2);

/// The server's clock and ours are believed to differ by no more.
const CLOCK_TRUST: Duration = Duration::from_secs(3);
/// What is dropped lies so far before the switch at most \[S\].
const SWITCH: Duration = Duration::from_secs(1);

/// How far a connection is in passing the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cutover {
    /// The server does not replay, or replays and follows one and the same log.
    None,
    /// What comes is older than the connection.
    Replay {
        /// From here on the switch is possible.
        possible: WallTime,
    },
    /// The switch lies before or behind; a gap is on record from here.
    Passing {
        /// The gap's start.
        from: Mark,
        /// Live since an event of this time.
        live_since: Option<WallTime>,
    },
    /// The switch is behind.
    Passed,
}

/// What an event says about the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    /// From here on the switch is possible: put it on record before this event.
    Begin(Mark),
    /// The switch is behind: the record from the one mark ends at the other.
    End(Mark, Mark),
}

impl Cutover {
    /// At the opening of a connection that replays.
    pub(super) fn replaying(opened: WallTime) -> Self {
        Self::Replay { possible: opened - (CLOCK_TRUST + SWITCH) }
    }

    /// Takes notice of an event of `time`, received at `wall`.
    pub(super) fn pass(&mut self, time: WallTime, wall: WallTime) -> Step {
        let is_live = time + LIVE_LAG >= wall;
        let (next, step) = match *self {
            Self::None | Self::Passed => return Step::Nothing,
            Self::Replay { possible } => {
                if time < possible && !is_live {
                    return Step::Nothing;
                }
                let from = Mark { cursor: Cursor(possible.as_micros()), time: possible };
                (Self::Passing { from, live_since: is_live.then_some(time) }, Step::Begin(from))
            }
            Self::Passing { from, live_since } => {
                let since = live_since.filter(|_| is_live);
                match since {
                    Some(since) if time >= since + (LIVE_LAG + CLOCK_TRUST) => {
                        let end = since + (LIVE_LAG + CLOCK_TRUST);
                        let to = Mark { cursor: Cursor(end.as_micros()), time: end };
                        (Self::Passed, Step::End(from, to))
                    }
                    Some(_) => return Step::Nothing,
                    None => (Self::Passing { from, live_since: is_live.then_some(time) }, Step::Nothing),
                }
            }
        };
        *self = next;
        step
    }

    /// The record begins earlier, since an earlier one goes on.
    pub(super) fn begin_at(&mut self, earlier: Mark) {
        if let Self::Passing { from, .. } = self {
            *from = earlier;
        }
    }

    /// Where the record begins that has no end yet.
    pub(super) const fn open(&self) -> Option<Mark> {
        match self {
            Self::Passing { from, .. } => Some(*from),
            Self::None | Self::Replay { .. } | Self::Passed => None,
        }
    }
}
