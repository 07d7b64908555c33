//! What a storage shows to whoever examines it.

use highwater_core::checkpoint::Checkpoint;
use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::event::Payload;
use highwater_core::gap::Gap;
use highwater_core::scope::Scope;
use highwater_core::sink::DeadLetter;

/// All that is durable in a storage that a sink is tried with.
///
/// The world compares it with what the sink was asked to keep, and answered for: nothing of that may be missing,
/// nothing may be there twice, and no checkpoint may be ahead of what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<P: Payload = Jetstream> {
    /// The key of each event, in the order in which they were stored; of one stored twice, twice.
    pub events: Vec<P::Key>,
    /// The checkpoint of each scope.
    pub checkpoints: Vec<(Scope, Checkpoint<P::Key>)>,
    /// The gaps on record, closed ones as well.
    pub gaps: Vec<Gap>,
    /// What was set aside, and of which scope.
    pub dead_letters: Vec<(Scope, DeadLetter<P>)>,
}

impl<P: Payload> Default for Shown<P> {
    fn default() -> Self {
        let (events, checkpoints) = (Vec::new(), Vec::new());
        Self { events, checkpoints, gaps: Vec::new(), dead_letters: Vec::new() }
    }
}
