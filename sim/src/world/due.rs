//! What can be on the agenda.

use crate::faults::Record;

/// Something that is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// A process starts.
    Start,
    /// A dial ends.
    Greeting(u32),
    /// Frames arrive, unless another arrival was scheduled since.
    Arrival {
        /// The connection.
        number: u32,
        /// Which arrival it is.
        token: u32,
    },
    /// Something befalls a connection.
    Mishap {
        /// The connection.
        number: u32,
        /// What.
        mishap: Record,
    },
    /// A connection breaks, whatever the mix says.
    Break(u32),
    /// The operator asks the process to stop.
    StopAsked,
    /// A server pings.
    ServerPing(u32),
    /// A server answers a ping.
    Pong(u32),
    /// A server has waited long enough for a reader that does not read.
    PatienceOver {
        /// The connection.
        number: u32,
        /// Which pause it waited in.
        pauses: u32,
    },
    /// The sink has done what it was doing; for this process.
    SinkLands(u32),
    /// The sink's reply reaches this process.
    SinkReplies(u32),
    /// An append of this process that nobody can tell of arrives.
    SinkStraggles(u32),
    /// From now on other things go wrong.
    Turn(usize),
    /// The safety phase ends.
    Heal,
    /// Has the machine caught up? Only for the record.
    Glance,
    /// Has the machine caught up?
    Look,
    /// It should have, by now.
    Deadline,
}

impl Due {
    /// Whether it needs the process to be awake.
    pub(crate) const fn is_local(self) -> bool {
        match self {
            Self::Greeting(_)
            | Self::Arrival { .. }
            | Self::Mishap { .. }
            | Self::Break(_)
            | Self::StopAsked
            | Self::ServerPing(_)
            | Self::Pong(_)
            | Self::PatienceOver { .. }
            | Self::SinkLands(_)
            | Self::SinkReplies(_)
            | Self::SinkStraggles(_)
            | Self::Look
            | Self::Glance => true,
            Self::Start | Self::Turn(_) | Self::Heal | Self::Deadline => false,
        }
    }
}
