//! A run of events that came to be together, and the frames they are sent as.

use std::sync::{Arc, Mutex, PoisonError};

use highwater_core::serve::Wire;

use crate::feed::frames::Frames;
use crate::feed::instance::Instance;

/// What the log keeps of an event; all else is made anew from the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The event's number in its source.
    pub(crate) index: u64,
    /// When it happened, in µs since 1970: part of what it is.
    pub(crate) at: u64,
    /// When the server saw it, in µs since 1970: what the older wire counts in.
    pub(crate) time: u64,
    /// What the server made of it.
    pub(crate) fate: Fate,
}

/// What becomes of an event before anybody reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is sent as it is.
    Sent,
    /// Its record has so many bytes more.
    Swollen(usize),
    /// The server is blind to it.
    Unseen,
}

/// In which bytes events are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// What is spoken.
    pub(crate) wire: Wire,
    /// Whose times and numbers they carry.
    pub(crate) instance: Instance,
    /// The number of the dictionary they are compressed with.
    pub(crate) dictionary: Option<u32>,
}

/// Events at successive positions.
#[derive(Debug)]
pub(crate) struct Block {
    first: u64,
    slots: Box<[Slot]>,
    frames: Mutex<Vec<(Form, Arc<Frames>)>>,
}

impl Block {
    /// The events of `slots`, the first of them at position `first`.
    pub(crate) fn new(first: u64, slots: Vec<Slot>) -> Self {
        Self { first, slots: slots.into(), frames: Mutex::default() }
    }

    /// The position of the first event.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The position after the last event.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.slots.len() as u64
    }

    /// The events.
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The events with their positions.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u64, &Slot)> {
        (self.first..).zip(&self.slots)
    }

    /// The events' frames in `form`, made by `make` if nobody asked before.
    pub(crate) fn frames(&self, form: Form, make: impl FnOnce(&Self) -> Frames) -> Arc<Frames> {
        let mut known = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, frames)) = known.iter().find(|(of, _)| *of == form) {
            return Arc::clone(frames);
        }
        let frames = Arc::new(make(self));
        known.push((form, Arc::clone(&frames)));
        frames
    }
}
