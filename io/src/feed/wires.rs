//! What a feed speaks: which server it plays.

use highwater_core::serve::{Host, Wire};

/// What a feed speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wires {
    /// The older wire, as the first server speaks it.
    V1,
    /// The newer wire alone.
    V2,
    /// Both, as the second server speaks them.
    Both,
}

impl Wires {
    /// The software that speaks so.
    pub(crate) const fn host(self) -> Host {
        match self {
            Self::V1 => Host::Legacy,
            Self::V2 | Self::Both => Host::V2,
        }
    }

    /// What is spoken.
    pub(crate) fn wires(self) -> Vec<Wire> {
        match self {
            Self::V1 => vec![Wire::V1],
            Self::V2 => vec![Wire::V2],
            Self::Both => vec![Wire::V1OnV2Host, Wire::V2],
        }
    }
}
