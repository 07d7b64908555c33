//! A position in a feed, and where a subscription may begin.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::time::WallTime;

/// A position in one [`Scope`](crate::scope::Scope); it means nothing in another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cursor(pub u64);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a feed counts its positions in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CursorKind {
    /// Microseconds of the server's clock: neither unique nor ordered across a restart of the server.
    Time,
    /// A number the server gives each event, growing within one life of its log.
    Seq,
}

impl fmt::Display for CursorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "time",
            Self::Seq => "seq",
        })
    }
}

/// Where a subscription begins. Every wire we know includes the event at a cursor it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Place {
    /// Whatever happens from now on.
    Tip,
    /// The oldest event that the server still has.
    Oldest,
    /// The first event the server saw at or after this moment.
    Time(WallTime),
    /// The event at this position.
    Cursor(Cursor),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tip => f.write_str("tip"),
            Self::Oldest => f.write_str("oldest"),
            Self::Time(time) => write!(f, "time {}", time.as_micros()),
            Self::Cursor(cursor) => cursor.fmt(f),
        }
    }
}
