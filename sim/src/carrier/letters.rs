//! What servers may say and ask that no run needs: carried beside every run that carries bytes, and looked at at once.
//!
//! A run of this world is about places, proofs and faults, and all its events are alike. So beside its events go others
//! of every kind, with texts that need escapes, moments of all ages and frames that are broken, and what the dialects
//! make of them is compared with what was meant. A difference is a panic, which is a finding as any other.

mod broken;
mod made;
mod moments;
mod refusals;
mod requests;

use highwater_core::dialect::{Dialect, Frame};
use highwater_core::event::Item;
use highwater_core::serve::Wire;

use crate::draw::{Draws, Site, Stream};
pub(super) use requests::{asked, compare};

/// Beside one event in so many goes a letter.
const ONE_IN: u64 = 16;

/// A letter goes beside the event with this number, or none does.
pub(super) fn beside(event: u32, time: u64) {
    let mut stream = Draws::new(time).stream(Site::Letter, u64::from(event));
    if !stream.one_in(ONE_IN) {
        return;
    }
    match stream.below(8) {
        0..=2 => made::check(&mut stream),
        3 | 4 => broken::check(&mut stream),
        5 => moments::check(&mut stream),
        6 => requests::check(&mut stream),
        _ => refusals::check(&mut stream),
    }
}

/// One of the wires.
fn wire(stream: &mut Stream) -> Wire {
    stream.pick(&[Wire::V1, Wire::V1OnV2Host, Wire::V2])
}

fn dialect(wire: Wire) -> Dialect {
    match wire {
        Wire::V1 | Wire::V1OnV2Host => Dialect::JetstreamV1,
        Wire::V2 => Dialect::JetstreamV2,
    }
}

/// Whether a frame was taken for one that makes no sense.
fn is_malformed(frame: &Frame) -> bool {
    matches!(frame, Frame::Item(Item::Malformed(..)))
}
