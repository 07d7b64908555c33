//! The places where chance is asked for. A name, once used, keeps its meaning: seeds hang on it.

/// A place where chance is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// The shape of a whole run: sources, limits, lengths of the phases.
    Plan,
    /// How often one kind of fault happens; the entity is the hash of its name.
    Mix,
    /// When the events of the network happen.
    Upstream,
    /// What each event of the network is; read in the order of the events.
    Nature,
    /// One source of the feed: its troubles and the answers of its many instances.
    Source,
    /// The fate of one connection; the entity is its number.
    Connection,
    /// The sink, read in the order of its work.
    Sink,
    /// One kind of fault of the sink; the entity is the hash of the fault's name.
    SinkFault,
    /// When one kind of fault that goes by the clock happens; the entity is the hash of its name.
    Clockwork,
    /// The process: what a crash leaves behind and how long it lasts.
    Host,
    /// News that comes twice.
    Doubled,
    /// One life of the process; the entity is its number.
    Life,
}

impl Site {
    /// The name that the stream of numbers hangs on.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Mix => "mix",
            Self::Upstream => "upstream",
            Self::Nature => "nature",
            Self::Source => "source",
            Self::Connection => "connection",
            Self::Sink => "sink",
            Self::SinkFault => "sink-fault",
            Self::Clockwork => "clockwork",
            Self::Host => "host",
            Self::Doubled => "doubled",
            Self::Life => "life",
        }
    }
}
