//! Behind one name may stand several servers, which saw the same events at other times and count them otherwise.

/// The second server saw everything so much earlier, in µs.
const EARLIER: u64 = 1_300_000;

/// The second server had counted so many more events when the first began.
const AHEAD: u64 = 137;

/// Which of the servers behind the name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Instance {
    /// The one whose positions and times are the log's.
    #[default]
    First,
    /// Another one.
    Second,
}

impl Instance {
    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// The number that this server gives to the event at `position` of the log.
    pub(crate) fn seq(self, position: u64) -> u64 {
        match self {
            Self::First => position,
            Self::Second => position + AHEAD,
        }
    }

    /// The position in the log of what this server numbers `seq`.
    pub(crate) fn position(self, seq: u64) -> u64 {
        match self {
            Self::First => seq,
            Self::Second => seq.saturating_sub(AHEAD),
        }
    }

    /// When this server saw what the log has at `time`.
    pub(crate) fn seen(self, time: u64) -> u64 {
        match self {
            Self::First => time,
            Self::Second => time.saturating_sub(EARLIER),
        }
    }

    /// The log's time of what this server saw at `seen`.
    pub(crate) fn time(self, seen: u64) -> u64 {
        match self {
            Self::First => seen,
            Self::Second => seen.saturating_add(EARLIER),
        }
    }
}
