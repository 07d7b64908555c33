//! The server's side of the wires, pure: what a request is answered with, where it begins, how an event is written.
//!
//! The simulator's servers and the feeds that the tests and the demo run against are thin over this, so that both
//! say what the real hosts are known to say. A rule's tag tells where it is from: \[S\] server source, \[D\] official
//! documents, \[I\] an issue, \[R\] a reading of the code that was not run.
//!
//! ```text
//! handshake ──answer──▶ a reply, or what was asked for ──seat──▶ where to begin in the log
//! entry     ──frame───▶ bytes, for one wire
//! what a client sends ──▶ a new filter, or how the connection ends
//! ```

pub mod entry;
pub mod message;
pub mod reply;
pub mod request;
pub mod seat;

mod frame;
mod options;

use crate::dialect::Dialect;
use crate::time::Duration;

pub use frame::{error, info, outdated_cursor, too_slow};

/// The software that a host runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// The first server: v1 alone.
    Legacy,
    /// The second: v2, and v1 with a `cursor` in each event.
    V2,
}

/// What is spoken on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wire {
    /// `/subscribe` of a legacy host.
    V1,
    /// `/subscribe` of a v2 host.
    V1OnV2Host,
    /// `/xrpc/network.bsky.jetstream.subscribeEvents`.
    V2,
}

impl Host {
    /// What this host speaks, when it is asked in `dialect`; a legacy host does not know v2.
    pub const fn wire(self, dialect: Dialect) -> Option<Wire> {
        match (self, dialect) {
            (Self::Legacy, Dialect::JetstreamV1) => Some(Wire::V1),
            (Self::Legacy, Dialect::JetstreamV2) => None,
            (Self::V2, Dialect::JetstreamV1) => Some(Wire::V1OnV2Host),
            (Self::V2, Dialect::JetstreamV2) => Some(Wire::V2),
        }
    }

    /// A write that takes longer ends the connection. \[S\]
    pub const fn write_timeout(self) -> Duration {
        match self {
            Self::Legacy => Duration::from_secs(10),
            Self::V2 => Duration::from_secs(5),
        }
    }

    /// How long a ping of the host may stay unanswered; a legacy host never looks. \[S\]
    pub const fn pong_timeout(self) -> Option<Duration> {
        match self {
            Self::Legacy => None,
            Self::V2 => Some(Duration::from_secs(5)),
        }
    }
}

/// Both hosts ping so often. \[S\]
pub const PING_INTERVAL: Duration = Duration::from_secs(30);

/// So many events wait for one client of a legacy host at the tip; one more, and the connection ends without a word,
/// which the client sees as 1006. \[S\]
pub const OUTBOX_EVENTS_MAX: usize = 50_000;

/// A v2 host says [`too_slow`] to a subscriber that is more than so many events behind.. \[S\]
pub const TOO_SLOW_LAG: u64 = 100_000;

/// .. and took fewer than so many a second .. \[S\]
pub const TOO_SLOW_RATE: u64 = 5;

/// .. for so long. \[S\]
pub const TOO_SLOW_FOR: Duration = Duration::from_secs(60);

/// What a v2 host closes with when it stops. \[S\]
pub const SHUTDOWN: (u16, &str) = (1001, "server shutting down");

/// The number of the one dictionary that v1 compresses with. \[S\]
pub const V1_DICTIONARY: u32 = 1_612_007_021;
