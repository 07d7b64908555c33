//! What an operator may ask at any time, derived from the state and from nothing else.

use crate::consumer::Consumer;
use crate::consumer::state::State;
use crate::consumer::writer::Writer;
use crate::cursor::Place;
use crate::event::Payload;
use crate::number::{Epoch, Version};
use crate::scope::{Scope, SourceId};

/// What the machine is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The sink is being asked what is durable.
    Loading,
    /// The last connection is over; what it brought becomes durable.
    Resting,
    /// The next dial comes after a delay.
    Waiting,
    /// A dial is on its way.
    Connecting,
    /// Connected; the checkpoint waits for the witness.
    Proving,
    /// Connected, and events are taken in.
    Streaming,
    /// Connected, but reading is paused: the sink does not keep up.
    Paused,
    /// What came becomes durable, then all ends.
    Stopping,
    /// All is over.
    Stopped,
}

/// Where the machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// What it is doing.
    pub phase: Phase,
    /// The connection that is dialed or open.
    pub epoch: Option<Epoch>,
    /// The source that is asked.
    pub source: SourceId,
    /// The scope being written, where it is durable up to, and how often that was written; none before it is known.
    pub durable: Option<(Scope, Place, Version)>,
    /// Finished attempts since the last good one: 0 exactly if the last was good.
    pub failures: u32,
    /// Events that wait or are on their way into the sink.
    pub waiting_events: u32,
    /// Bytes held by what waits or is on its way.
    pub waiting_bytes: u64,
    /// Tries since the sink was last of use.
    pub sink_failures: u32,
}

impl<P: Payload> Consumer<P> {
    /// Where the machine stands.
    #[must_use]
    pub fn status(&self) -> Status {
        let (waiting_events, waiting_bytes) = self.held();
        Status {
            phase: self.phase(),
            epoch: self.state.epoch(),
            source: self.attempts.source,
            durable: self.records.as_ref().map(|records| {
                let (scope, checkpoint) = records.current();
                (scope, checkpoint.place, checkpoint.version)
            }),
            failures: self.attempts.failures,
            waiting_events,
            waiting_bytes,
            sink_failures: match &self.writer {
                Writer::Free { .. } => 0,
                Writer::Asked { failures, .. } | Writer::Waiting { failures, .. } => *failures,
            },
        }
    }

    fn phase(&self) -> Phase {
        match &self.state {
            State::Resting { .. } if self.records.is_none() => Phase::Loading,
            State::Resting { .. } => Phase::Resting,
            State::Waiting { .. } => Phase::Waiting,
            State::Connecting { .. } => Phase::Connecting,
            State::Streaming(connection) if connection.is_paused() => Phase::Paused,
            State::Streaming(connection) if !connection.continuity.is_settled() => Phase::Proving,
            State::Streaming(_) => Phase::Streaming,
            State::Stopping { .. } => Phase::Stopping,
            State::Stopped => Phase::Stopped,
        }
    }
}
