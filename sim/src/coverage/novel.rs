//! What of a run no run before it had shown.

use highwater_core::time::Instant;

/// What was new in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Novel {
    /// Transitions.
    pub(crate) transitions: u64,
    /// Pairs of transitions.
    pub(crate) pairs: u64,
    /// Deeds in transitions.
    pub(crate) deeds: u64,
    /// Kinds of faults close together.
    pub(crate) together: u64,
    /// When the last new pair or deed came.
    pub(crate) at: Option<Instant>,
}

impl Novel {
    /// What is new in how the machine behaves. That faults come together is only what was done to it.
    pub(crate) const fn behaviour(&self) -> u64 {
        self.transitions + self.pairs + self.deeds
    }
}
