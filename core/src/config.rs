//! Every limit of the consumer, none hidden.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::checkpoint::FilterHash;
use crate::cursor::{CursorKind, Place};
use crate::time::Duration;

/// Everything a consumer is told at its birth.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Config {
    /// The feeds, in order of preference; at least one.
    pub sources: Vec<Source>,
    /// Where to begin when nothing is durable.
    pub start: Place,
    /// Names what is asked for.
    pub filter: FilterHash,
    /// Ask for compression.
    pub compress: bool,
    /// Seeds the jitter, and nothing else.
    pub seed: u64,
    /// How long a connection may take to open.
    pub connect_timeout: Duration,
    /// How long a connection may be silent; a ping goes out at three fifths of it.
    pub stall_timeout: Duration,
    /// How long a connection may be without an event; none for ever.
    pub quiet_limit: Option<Duration>,
    /// The delay after the first failure.
    pub backoff_initial: Duration,
    /// No delay is longer.
    pub backoff_max: Duration,
    /// How far a resume by time on another source or history goes back, at least.
    pub rewind: Duration,
    /// How long servers are believed to keep events.
    pub cursor_window: Duration,
    /// An append has so many events at most.
    pub batch_events: u32,
    /// An append has so many bytes, or one event more.
    pub batch_bytes: u64,
    /// An event waits so long at most for others to come along.
    pub batch_delay: Duration,
    /// Reading stops when so many events wait.
    pub buffer_events: u32,
    /// Reading stops when so many bytes wait.
    pub buffer_bytes: u64,
    /// How long a stop may take before what is left is left.
    pub stop_grace: Duration,
    /// End well when a connection has brought nothing new for so long.
    pub exit_idle: Option<Duration>,
    /// End badly when no attempt was good for so long.
    pub give_up_after: Option<Duration>,
}

/// What the machine must know of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What its cursors count in until its events say otherwise.
    pub kind: CursorKind,
    /// How long it tolerates a reader that does not read, less a margin.
    pub patience: Duration,
}

impl Config {
    /// The decided limits, for these sources.
    pub fn new(sources: Vec<Source>) -> Self {
        Self {
            sources,
            start: Place::Tip,
            filter: FilterHash(0),
            compress: false,
            seed: 0,
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(25),
            quiet_limit: None,
            backoff_initial: Duration::from_secs(1),
            backoff_max: Duration::from_secs(60),
            rewind: Duration::from_secs(60),
            cursor_window: Duration::from_secs(12 * 3600),
            batch_events: 1_000,
            batch_bytes: 8 << 20,
            batch_delay: Duration::from_millis(50),
            buffer_events: 8_000,
            buffer_bytes: 16 << 20,
            stop_grace: Duration::from_secs(5),
            exit_idle: None,
            give_up_after: None,
        }
    }
}
