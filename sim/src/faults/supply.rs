//! What is in store of one kind of fault: what is certain, and what chance has.

use core::num::NonZeroU64;

use super::{Fault, Record};
use crate::draw::Stream;

/// What is in store of one kind.
#[derive(Clone, Debug)]
pub(super) struct Supply {
    /// What will happen, the next one last.
    pub(super) certain: Vec<Record>,
    /// What may.
    pub(super) chance: Option<Chance>,
}

impl Supply {
    /// Nothing.
    pub(super) const fn none() -> Self {
        Self { certain: Vec::new(), chance: None }
    }
}

/// The chance of one kind.
#[derive(Clone, Debug)]
pub(super) struct Chance {
    /// So far apart on average.
    mean: NonZeroU64,
    stream: Box<Stream>,
}

impl Chance {
    /// So far apart on average, read from there.
    pub(super) fn new(mean: NonZeroU64, stream: Stream) -> Self {
        Self { mean, stream: Box::new(stream) }
    }

    /// How long until the next.
    pub(super) fn wait(&mut self) -> u64 {
        self.stream.wait(self.mean.get())
    }

    /// One of this kind.
    pub(super) fn draw(&mut self, fault: Fault, entity: u64, attempt: u32, moment: u64) -> Record {
        Record::draw(fault, entity, attempt, moment, &mut self.stream)
    }
}
