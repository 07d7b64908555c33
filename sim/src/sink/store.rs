//! What events are given to.

use highwater_core::event::Payload;
use highwater_core::sink::Loaded;

use super::Theirs;
use super::queue::Queue;
use crate::carrier::Told;
use crate::disk::Disk;

/// What events are given to.
#[derive(Debug)]
pub(crate) enum Store<P: Payload> {
    /// Everything of an append at once.
    Atomic(Disk<P>),
    /// The events at once, the rest later.
    Queue(Queue<P>),
    /// As somebody else has it, who wants to know whether that is right.
    Theirs(Theirs<P>),
}

impl<P: Told + PartialEq> Store<P> {
    /// One of the world's own, with what was durable before.
    pub(crate) fn new(is_atomic: bool, found: Option<Loaded<P::Key>>) -> Self {
        let (mut disk, mut queue) = (Disk::new(true), Queue::new());
        if let Some(found) = found {
            disk.find(found.clone());
            queue.find(found);
        }
        if is_atomic { Self::Atomic(disk) } else { Self::Queue(queue) }
    }
}
