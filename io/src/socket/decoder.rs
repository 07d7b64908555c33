//! Makes items of frames, in the connection's own task: the driver never waits for JSON or zstd.

use std::sync::Arc;

use bytes::BytesMut;
use highwater_core::closure::Closure;
use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::dialect::{self, Dialect, Subscription};
use highwater_core::event::{Event, Item, Reason, Sample};

use super::line::{CHUNK_BYTES, FRAME_BYTES_MAX, Frame};
use crate::zstd::{Decompressor, Undecodable};

/// An event smaller than this is copied out of the chunk its frame was read in: waiting for the sink, alone of its
/// chunk, it would hold on to all of it. Larger ones hold on to four times their size at most.
const COPIED_BYTES_MAX: usize = CHUNK_BYTES / 4;

/// Events are copied next to each other, so much together: that costs less than a place in memory for each. Only
/// events that are wanted stand there, so what the first of them holds on to is needed, or soon free.
const SHELF_BYTES: usize = 64 << 10;

/// Makes items of the frames of one connection.
pub(super) struct Decoder {
    dialect: Dialect,
    subscription: Arc<Subscription>,
    decompressor: Option<Decompressor>,
    shelf: BytesMut,
}

/// What a frame was.
#[derive(Debug)]
pub(super) enum Decoded {
    /// Something for the machine.
    Item(Item<Jetstream>),
    /// The last word of the connection, and what to tell the operator.
    End(Closure, String),
}

impl Decoder {
    /// A decoder for what `dialect` says to `subscription`; binary frames are compressed if there is a decompressor.
    pub(super) fn new(
        dialect: Dialect,
        subscription: Arc<Subscription>,
        decompressor: Option<Decompressor>,
    ) -> Self {
        Self { dialect, subscription, decompressor, shelf: BytesMut::with_capacity(SHELF_BYTES) }
    }

    /// What `frame` is.
    pub(super) fn decode(&mut self, frame: Frame) -> Decoded {
        let content = match (frame, &mut self.decompressor) {
            (Frame::Binary(frame), Some(decompressor)) => {
                match decompressor.decompress(&frame, FRAME_BYTES_MAX) {
                    Ok(content) => content,
                    Err(Undecodable::Damaged) => {
                        return Decoded::Item(Item::Malformed(Reason::Undecodable, Sample::of(&frame)));
                    }
                    Err(Undecodable::TooLarge) => {
                        let (closure, why) = too_large();
                        return Decoded::End(closure, why);
                    }
                }
            }
            (Frame::Text(frame) | Frame::Binary(frame), _) => frame,
        };
        match self.dialect.decode(&self.subscription, content) {
            dialect::Frame::Item(item) => Decoded::Item(self.unpinned(item)),
            dialect::Frame::Error { closure, said } => Decoded::End(closure, said),
        }
    }

    /// The same item, holding on to nothing but itself.
    fn unpinned(&mut self, item: Item<Jetstream>) -> Item<Jetstream> {
        let copied = |event: Event<Jetstream>, shelf: &mut BytesMut| {
            let is_small = event.payload.bytes().len() < COPIED_BYTES_MAX;
            let payload = if is_small { event.payload.copied_to(shelf) } else { event.payload };
            Event { payload, ..event }
        };
        match item {
            Item::Event(event) => Item::Event(copied(event, &mut self.shelf)),
            Item::Filtered(event) => Item::Filtered(copied(event, &mut BytesMut::new())),
            other => other,
        }
    }
}

/// What is said of a message that is larger than any connection takes.
pub(super) fn too_large() -> (Closure, String) {
    (Closure::TooLarge, format!("it sent a message of more than {FRAME_BYTES_MAX} bytes"))
}
