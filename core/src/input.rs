//! What can happen: nothing else wakes the machine, so the log of inputs is the whole story.

use alloc::vec::Vec;

use crate::closure::Closure;
use crate::event::{Item, Payload};
use crate::number::{Epoch, Op};
use crate::sink::{Appended, Loaded, Unavailable};

/// One thing that happened.
///
/// Late or doubled news is welcome and changes nothing: transport news carries the epoch it belongs to, sink news
/// the number of the question it answers.
#[derive(Clone, Debug)]
pub enum Input<P: Payload> {
    /// The moment named by [`next_timeout`](crate::Consumer::next_timeout) has come, or any other moment.
    Timeout,
    /// The connection is open: the server accepted the subscription.
    Opened {
        /// The connection.
        epoch: Epoch,
    },
    /// Frames came, in this order.
    Received {
        /// The connection.
        epoch: Epoch,
        /// What the dialect made of them.
        items: Vec<Item<P>>,
    },
    /// Bytes came that hold no frame for us: any byte is a sign of life.
    Heard {
        /// The connection.
        epoch: Epoch,
        /// True if it was the answer to a ping of ours.
        pong: bool,
    },
    /// The connection ended, or did not begin.
    Closed {
        /// The connection.
        epoch: Epoch,
        /// How.
        closure: Closure,
    },
    /// The answer to [`Load`](crate::Effect::Load).
    Loaded {
        /// The question.
        op: Op,
        /// What is durable.
        loaded: Result<Loaded<P::Key>, Unavailable>,
    },
    /// The answer to [`Append`](crate::Effect::Append).
    Appended {
        /// The question.
        op: Op,
        /// What became of it.
        appended: Appended,
    },
    /// The answer to [`Flush`](crate::Effect::Flush).
    Flushed {
        /// The question.
        op: Op,
        /// Whether all is durable.
        flushed: Result<(), Unavailable>,
    },
    /// The operator or the embedding program wants no more.
    StopRequested,
}
