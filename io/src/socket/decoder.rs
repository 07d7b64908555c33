//! Makes items of frames, in the connection's own task: the driver never waits for JSON or zstd.

use std::sync::Arc;

use bytes::Bytes;
use highwater_core::closure::Closure;
use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::dialect::{self, Dialect, Subscription};
use highwater_core::event::{Item, Reason, Sample};

use super::line::{CHUNK_BYTES, FRAME_BYTES_MAX, Frame};
use crate::zstd::{Decompressor, Undecodable};

/// A frame smaller than this is copied out of the chunk it was read in: an event that waits for the sink, alone of
/// its chunk, would hold on to all of it. Larger ones hold on to four times their size at most. Measured: a tenth of a
/// microsecond for an event of 500 bytes.
const COPIED_BYTES_MAX: usize = CHUNK_BYTES / 4;

/// Makes items of the frames of one connection.
pub(super) struct Decoder {
    dialect: Dialect,
    subscription: Arc<Subscription>,
    decompressor: Option<Decompressor>,
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
        Self { dialect, subscription, decompressor }
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
            (Frame::Text(frame) | Frame::Binary(frame), _) => unpinned(frame),
        };
        match self.dialect.decode(&self.subscription, content) {
            dialect::Frame::Item(item) => Decoded::Item(item),
            dialect::Frame::Error { closure, said } => Decoded::End(closure, said),
        }
    }
}

/// What is said of a message that is larger than any connection takes.
pub(super) fn too_large() -> (Closure, String) {
    (Closure::TooLarge, format!("it sent a message of more than {FRAME_BYTES_MAX} bytes"))
}

fn unpinned(frame: Bytes) -> Bytes {
    if frame.len() < COPIED_BYTES_MAX { Bytes::copy_from_slice(&frame) } else { frame }
}
