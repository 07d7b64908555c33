//! The places where chance is asked for. A name, once used, keeps its meaning: seeds and plans hang on it.

/// A place where chance is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// The shape of a whole run: sources, limits, lengths of the phases.
    Shape,
    /// How often one kind of fault happens; the entity is the hash of its name.
    Rate,
    /// When the events of the network happen.
    Upstream,
    /// For whom each event of the network is; read in the order of the events.
    Nature,
    /// What is odd about events; one generator a kind, the entity of a fault is the number of the event.
    Oddity,
    /// One source of the feed: the answers of its many instances.
    Source,
    /// One connection, as the network goes; the entity is its number.
    Connection,
    /// What is in store for one connection; the entity is its number.
    Mishap,
    /// The sink, read in the order of its work.
    Sink,
    /// One kind of fault of the sink; the entity of a fault is the number of the job.
    SinkFault,
    /// When one kind of fault that goes by the clock happens; the entity of a fault is the source it befalls.
    Clockwork,
    /// The process: how soon it is started again.
    Host,
    /// News that comes twice; the entity of a fault is the number of the news.
    Doubled,
    /// Control frames; the entity of a fault is the number of the read.
    Control,
    /// What a server may say and no run needs; the entity is the number of the event it goes beside.
    Letter,
    /// A death between two effects; the entity of a fault is the number of the effect.
    Midway,
    /// How a generator chooses what goes wrong.
    Generator,
    /// What is inserted into a recorded run.
    Mutation,
    /// Nothing: a place that is new.
    #[cfg(test)]
    New,
    /// One life of the process; the entity is its number.
    Life,
    /// What is different about one life of the process; the entity is its number.
    Succession,
}

impl Site {
    /// The name that the stream of numbers hangs on.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Shape => "form",
            Self::Rate => "rate",
            Self::Upstream => "upstream",
            Self::Nature => "nature",
            Self::Oddity => "oddity",
            Self::Source => "source",
            Self::Connection => "connection",
            Self::Mishap => "mishap",
            Self::Sink => "sink",
            Self::SinkFault => "sink-fault",
            Self::Clockwork => "clockwork",
            Self::Host => "host",
            Self::Doubled => "doubled",
            Self::Control => "control",
            Self::Letter => "letter",
            Self::Midway => "midway",
            Self::Generator => "generator",
            Self::Mutation => "mutation",
            #[cfg(test)]
            Self::New => "new",
            Self::Life => "life",
            Self::Succession => "succession",
        }
    }
}
