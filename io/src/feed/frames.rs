//! Bytes as they go over the socket: WebSocket frames, made once and written to every reader as they are.

use bytes::{BufMut as _, Bytes, BytesMut};

/// What a frame's payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    /// UTF-8.
    Text = 1,
    /// Compressed.
    Binary = 2,
}

/// Frames one after the other, at most one for each event.
#[derive(Debug)]
pub(crate) struct Frames {
    bytes: Bytes,
    /// Where each event's frame ends; an event without one ends where it began.
    ends: Box<[usize]>,
}

impl Frames {
    /// A frame for each payload, in order.
    pub(crate) fn new(opcode: Opcode, payloads: impl Iterator<Item = Option<Bytes>>) -> Self {
        let mut bytes = BytesMut::new();
        let ends = payloads.map(|payload| {
            if let Some(payload) = payload {
                put(opcode, &payload, &mut bytes);
            }
            bytes.len()
        });
        let ends = ends.collect();
        Self { bytes: bytes.freeze(), ends }
    }

    /// The frames of the events `from..to`.
    pub(crate) fn range(&self, from: usize, to: usize) -> Bytes {
        self.bytes.slice(self.start(from)..self.start(to))
    }

    /// The frame of one event; empty if it has none.
    pub(crate) fn frame(&self, event: usize) -> Bytes {
        self.range(event, event + 1)
    }

    /// How many events of `from..to` have a frame.
    pub(crate) fn count(&self, from: usize, to: usize) -> u64 {
        (from..to).filter(|&event| self.start(event) < self.ends[event]).count() as u64
    }

    fn start(&self, event: usize) -> usize {
        event.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}

/// One whole frame.
pub(crate) fn frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut bytes = BytesMut::new();
    put(opcode, payload, &mut bytes);
    bytes.freeze()
}

/// What is in a whole frame.
pub(crate) fn payload(frame: &Bytes) -> Bytes {
    frame.slice(lengths(frame).0.min(frame.len())..)
}

/// Of whole frames, those that are begun within the first `bytes`.
pub(crate) fn begun(frames: &Bytes, bytes: usize) -> Bytes {
    let mut end = 0;
    while end < bytes.min(frames.len()) {
        let (header, payload) = lengths(&frames[end..]);
        end += header + payload;
    }
    frames.slice(..end)
}

/// The lengths of a whole frame's header and of its payload.
fn lengths(frame: &[u8]) -> (usize, usize) {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte));
    match frame.get(1) {
        None => (0, 0),
        Some(126) => (4, number(&frame[2..4])),
        Some(127) => (10, number(&frame[2..10])),
        Some(&length) => (2, length.into()),
    }
}

/// Appends a frame: whole, and not masked, as a server's are (RFC 6455, section 5.2).
fn put(opcode: Opcode, payload: &[u8], to: &mut BytesMut) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_of_payload_comes_out_as_it_went_in() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
            let content = vec![b'x'; length];
            assert_eq!(payload(&frame(Opcode::Text, &content)), content, "{length}");
        }
    }

    #[test]
    fn a_frame_that_is_begun_is_to_be_ended() {
        let long = vec![b'x'; 200];
        let three =
            [frame(Opcode::Text, b"a"), frame(Opcode::Text, &long), frame(Opcode::Text, b"b")].concat();
        let three = Bytes::from(three);
        for (bytes, whole) in [(0, 0), (1, 3), (3, 3), (4, 207), (207, 207), (208, 210), (999, 210)] {
            assert_eq!(begun(&three, bytes).len(), whole, "{bytes}");
        }
    }

    #[test]
    fn a_range_leaves_out_what_has_no_frame() {
        let payloads = [Some(Bytes::from_static(b"a")), None, Some(Bytes::from_static(b"bc"))];
        let frames = Frames::new(Opcode::Binary, payloads.into_iter());
        assert_eq!(frames.range(0, 3), &b"\x82\x01a\x82\x02bc"[..]);
        assert_eq!(frames.range(1, 3), &b"\x82\x02bc"[..]);
        assert_eq!(frames.frame(1), Bytes::new());
        assert_eq!((frames.count(0, 3), frames.count(0, 2), frames.count(1, 2)), (2, 1, 0));
    }
}
