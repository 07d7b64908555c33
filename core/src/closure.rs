//! Why a connection ended, as the machine needs to know it.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Duration;

/// How the other side, or the network, ended a connection or refused to begin one.
///
/// A dialect makes these of statuses, bodies, close codes and transport errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Closure {
    /// It will pass: reset, timeout, TLS, DNS, 429, 5xx, any ordinary close. The server may say for how long.
    Retry {
        /// `Retry-After`, if there was one.
        after: Option<Duration>,
    },
    /// It will pass, but another source is more likely to work.
    Elsewhere,
    /// The cursor lies before what the server still has (v2 `CursorTooOld`).
    TooOld,
    /// The dictionary or compression asked for is not to be had; fetch it anew or go without.
    Renegotiate,
    /// A message was larger than the connection takes.
    TooLarge,
    /// This source will never accept this subscription.
    Fatal,
}

impl fmt::Display for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry { after: None } => f.write_str("retry"),
            Self::Retry { after: Some(after) } => write!(f, "retry after {after}"),
            Self::Elsewhere => f.write_str("elsewhere"),
            Self::TooOld => f.write_str("too-old"),
            Self::Renegotiate => f.write_str("renegotiate"),
            Self::TooLarge => f.write_str("too-large"),
            Self::Fatal => f.write_str("fatal"),
        }
    }
}

/// Why the machine ends a connection itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CloseReason {
    /// It did not open in time.
    ConnectTimeout,
    /// Not a byte for the stall timeout, nor an answer to a ping.
    Silent,
    /// No event for the quiet limit.
    Quiet,
    /// Reading was paused for as long as the server tolerates.
    Patience,
    /// Hardly a frame could be understood.
    Malformed,
    /// The witness did not come; the history is asked for again, by time.
    Unproven,
    /// The source is another history than before.
    Incarnation,
    /// The limit on message sizes has served its purpose.
    LimitLifted,
    /// All that was wanted is done.
    Stop,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConnectTimeout => "connect-timeout",
            Self::Silent => "silent",
            Self::Quiet => "quiet",
            Self::Patience => "patience",
            Self::Malformed => "malformed",
            Self::Unproven => "unproven",
            Self::Incarnation => "incarnation",
            Self::LimitLifted => "limit-lifted",
            Self::Stop => "stop",
        })
    }
}
