//! Spans of a feed that were lost or cannot be proved; each stays on record for ever.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::cursor::Cursor;
use crate::scope::Scope;
use crate::time::WallTime;

/// Why a span is on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// The server said so: `CursorTooOld`, or `OutdatedCursor`.
    TooOld,
    /// The event at the checkpoint did not come again.
    Witness,
    /// Another source took over.
    HostSwitch,
    /// v1 drops and reorders events where it goes from replay to live, and does not say where.
    Cutover,
    /// The server's clock went back further than the margin.
    Clock,
    /// What is asked for changed.
    Filter,
    /// Nothing came where the witness should have.
    Quiet,
    /// Events too large for the connection were left out.
    Oversize,
}

impl Cause {
    /// Every cause, in the order of their declaration.
    pub const ALL: [Self; 8] = [
        Self::TooOld,
        Self::Witness,
        Self::HostSwitch,
        Self::Cutover,
        Self::Clock,
        Self::Filter,
        Self::Quiet,
        Self::Oversize,
    ];

    /// The word for it in ledgers, logs and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooOld => "too-old",
            Self::Witness => "witness",
            Self::HostSwitch => "host-switch",
            Self::Cutover => "cutover",
            Self::Clock => "clock",
            Self::Filter => "filter",
            Self::Quiet => "quiet",
            Self::Oversize => "oversize",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is known of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum GapState {
    /// The server said that it no longer has it.
    Lost,
    /// Events may be missing; nothing on the wire can tell.
    Unproven,
    /// Proved complete, or refilled, later.
    Closed,
}

impl GapState {
    /// The word for it in ledgers, logs and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Unproven => "unproven",
            Self::Closed => "closed",
        }
    }
}

/// One end of a span: where in the scope, and when by the server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// The position. Of the gap's scope at its start; of whatever scope came after at its end.
    pub cursor: Cursor,
    /// The server's time there.
    pub time: WallTime,
}

/// A span of a feed that was lost or cannot be proved.
///
/// Its identity is (scope, cause, `from.cursor`): writing it again widens or closes the same record, so that a
/// resume repeated a thousand times from one position leaves one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The scope it begins in.
    pub scope: Scope,
    /// Why it is on record.
    pub cause: Cause,
    /// What is known of it. Writing `Closed` closes a record that is there and never makes one.
    pub state: GapState,
    /// The last position known to be safe.
    pub from: Mark,
    /// The first position known to be safe again; none while nothing came after.
    pub to: Option<Mark>,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}..", self.state.name(), self.cause, self.scope, self.from.cursor)?;
        self.to.map_or(Ok(()), |to| to.cursor.fmt(f))
    }
}

impl Gap {
    /// Whether both are the same record, whatever is known of it.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.scope, self.cause, self.from.cursor) == (other.scope, other.cause, other.from.cursor)
    }
}
