//! Where the machine stands with its connection; each deadline lives in the state that needs it.
//!
//! ```text
//!            drained          until           Opened
//! Resting ───────────> Waiting ─────> Connecting ─────> Streaming
//!    ^                                    │                 │
//!    └──────── Closed, or given up ───────┴─────────────────┘
//!
//! any ── a stop, or nothing more to do ──> Stopping ── drained, or the grace is over ──> Stopped
//! ```

use serde::{Deserialize, Serialize};

use crate::consumer::continuity::Continuity;
use crate::consumer::cutover::Cutover;
use crate::consumer::malformed::Tally;
use crate::consumer::silence::Silence;
use crate::cursor::{Cursor, CursorKind, Place};
use crate::effect::Outcome;
use crate::gap::Mark;
use crate::number::Epoch;
use crate::payload::Digested;
use crate::time::{Duration, Instant, Now};

/// Where the machine stands with its connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Digested"))]
#[allow(
    clippy::large_enum_variant,
    reason = "one lives per machine; a box would be one more allocation a dial"
)]
pub(super) enum State<K> {
    /// No connection, and none before all that came is durable.
    Resting {
        /// When the last connection ended; none before the first.
        since: Option<Instant>,
        /// The server asked for this much peace.
        at_least: Duration,
        /// Another source is more likely to work.
        elsewhere: bool,
    },
    /// All is durable; the next dial comes at `until`.
    Waiting { until: Instant },
    /// A dial is on its way.
    Connecting {
        epoch: Epoch,
        /// When it has taken too long.
        deadline: Instant,
        /// What was asked for.
        resume: Resume<K>,
    },
    /// Connected.
    Streaming(Connection<K>),
    /// Nothing new is taken in; what came becomes durable.
    Stopping {
        /// When what is left is left.
        deadline: Instant,
        /// How it will have ended.
        outcome: Outcome,
    },
    /// All is over.
    Stopped,
}

/// A connection that is open.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Digested"))]
pub(super) struct Connection<K> {
    pub(super) epoch: Epoch,
    pub(super) opened: Now,
    /// What its cursors count in; the first of its events may say otherwise.
    pub(super) kind: CursorKind,
    pub(super) reading: Reading,
    pub(super) silence: Silence,
    /// When the last event came, or the connection opened; moves on with pauses.
    pub(super) event_at: Instant,
    /// A ping was answered.
    pub(super) ponged: bool,
    pub(super) continuity: Continuity<K>,
    pub(super) cutover: Cutover,
    pub(super) malformed: Tally,
    /// Where the last event lay.
    pub(super) last: Option<Mark>,
    /// The greatest position so far; at first, what was asked for.
    pub(super) high: Option<Cursor>,
    /// Nothing new came since.
    pub(super) idle_since: Instant,
    /// The server leaves out large messages since there, so the connection must not live on.
    pub(super) limited: Option<Mark>,
}

/// What a dial asks for, and what is to be expected then.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Digested"))]
pub(super) struct Resume<K> {
    pub(super) place: Place,
    pub(super) continuity: Continuity<K>,
    /// Large messages are to be left out from there on.
    pub(super) limited: Option<Mark>,
}

/// Whether the socket is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Reading {
    On,
    Paused {
        /// Since when the clocks of silence stand still.
        since: Instant,
    },
}

impl<K> State<K> {
    /// The connection that is dialed or open.
    pub(super) fn epoch(&self) -> Option<Epoch> {
        match self {
            Self::Connecting { epoch, .. } => Some(*epoch),
            Self::Streaming(connection) => Some(connection.epoch),
            Self::Resting { .. } | Self::Waiting { .. } | Self::Stopping { .. } | Self::Stopped => None,
        }
    }

    /// The connection that is open.
    pub(super) fn connection(&mut self) -> Option<&mut Connection<K>> {
        match self {
            Self::Streaming(connection) => Some(connection),
            Self::Resting { .. }
            | Self::Waiting { .. }
            | Self::Connecting { .. }
            | Self::Stopping { .. }
            | Self::Stopped => None,
        }
    }
}

impl<K> Connection<K> {
    /// Reading goes on after a pause that began at `since`: nothing in it counts as silence.
    pub(super) fn resume_reading(&mut self, now: Instant) {
        if let Reading::Paused { since } = self.reading {
            let span = now.since(since);
            self.silence.shift(span);
            self.event_at = self.event_at + span;
            self.idle_since = self.idle_since + span;
            self.reading = Reading::On;
        }
    }

    /// Now, or when reading was paused: the clocks of silence stand still meanwhile.
    pub(super) fn reading_time(&self, now: Instant) -> Instant {
        match self.reading {
            Reading::On => now,
            Reading::Paused { since } => since,
        }
    }

    /// Whether reading is paused.
    pub(super) fn is_paused(&self) -> bool {
        self.reading != Reading::On
    }
}
