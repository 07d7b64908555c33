//! A run of events that came to be together, and the bytes they are sent as: framed once, written to everyone.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut as _, Bytes, BytesMut};

/// What the log keeps of an event; all else is made anew from the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The event's number in its source.
    pub(crate) index: u64,
    /// When it was said, in µs: part of what it is.
    pub(crate) at: u64,
    /// When this server saw it, in µs: what the older wire counts in.
    pub(crate) time: u64,
}

/// In which bytes an event is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The older wire.
    V1,
}

/// Events at successive positions.
#[derive(Debug)]
pub(crate) struct Block {
    first: u64,
    entries: Box<[Entry]>,
    framed: Mutex<Vec<(Form, Arc<Framed>)>>,
}

impl Block {
    /// The events `entries`, the first of them at position `first`.
    pub(crate) fn new(first: u64, entries: Vec<Entry>) -> Self {
        Self { first, entries: entries.into(), framed: Mutex::default() }
    }

    /// The position of the first event.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The position after the last event.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// The events.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The events' frames in `form`, made by `frame` if nobody asked before.
    pub(crate) fn framed(&self, form: Form, frame: impl FnOnce(&Self) -> Framed) -> Arc<Framed> {
        let mut known = self.framed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, framed)) = known.iter().find(|(of, _)| *of == form) {
            return Arc::clone(framed);
        }
        let framed = Arc::new(frame(self));
        known.push((form, Arc::clone(&framed)));
        framed
    }
}

/// WebSocket frames one after the other.
#[derive(Debug)]
pub(crate) struct Framed {
    bytes: Bytes,
    /// Where each frame ends; an event that this form does not have ends where it began.
    ends: Box<[usize]>,
}

/// What a frame's payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    /// UTF-8.
    Text = 1,
}

impl Framed {
    /// A frame for each payload, in order.
    pub(crate) fn new<P: AsRef<[u8]>>(opcode: Opcode, payloads: impl Iterator<Item = Option<P>>) -> Self {
        let mut bytes = BytesMut::new();
        let ends = payloads.map(|payload| {
            if let Some(payload) = payload {
                put_frame(opcode, payload.as_ref(), &mut bytes);
            }
            bytes.len()
        });
        let ends = ends.collect();
        Self { bytes: bytes.freeze(), ends }
    }

    /// The frames of the events `from..to`, counted from the block's first.
    pub(crate) fn slice(&self, from: usize, to: usize) -> Bytes {
        let start = |event: usize| event.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.bytes.slice(start(from)..start(to))
    }
}

/// Appends one whole, unmasked frame (RFC 6455, section 5.2).
pub(crate) fn put_frame(opcode: Opcode, payload: &[u8], to: &mut BytesMut) {
    const FIN: u8 = 0x80;
    to.reserve(payload.len() + 10);
    to.put_u8(FIN | opcode as u8);
    match payload.len() {
        short @ 0..126 => to.put_u8(short as u8),
        long @ 126..0x1_0000 => {
            to.put_u8(126);
            to.put_u16(long as u16);
        }
        longer => {
            to.put_u8(127);
            to.put_u64(longer as u64);
        }
    }
    to.put_slice(payload);
}
