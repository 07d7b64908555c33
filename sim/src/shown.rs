//! What a storage shows to whoever examines it.

use highwater_core::checkpoint::Checkpoint;
use highwater_core::cursor::Cursor;
use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::event::Payload;
use highwater_core::gap::Gap;
use highwater_core::scope::Scope;
use highwater_core::sink::{Content, DeadLetter};

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
    /// What was set aside.
    pub dead_letters: Vec<Aside<P::Key>>,
}

/// What tells one dead letter from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside<K = Key> {
    /// The scope of the append that brought it.
    pub scope: Scope,
    /// The position of the last event before it.
    pub after: Option<Cursor>,
    /// The key, if it is an event; of a frame that gave none, none.
    pub key: Option<K>,
}

impl<K> Aside<K> {
    /// What tells this dead letter of an append to this scope from others.
    pub fn of<P: Payload<Key = K>>(scope: Scope, letter: &DeadLetter<P>) -> Self {
        let key = match &letter.content {
            Content::Event(event) => Some(event.payload.key()),
            Content::Frame(_) => None,
        };
        Self { scope, after: letter.after, key }
    }
}

impl<P: Payload> Default for Shown<P> {
    fn default() -> Self {
        let (events, checkpoints) = (Vec::new(), Vec::new());
        Self { events, checkpoints, gaps: Vec::new(), dead_letters: Vec::new() }
    }
}
