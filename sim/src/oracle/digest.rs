//! O18: what of an input or an effect goes into the run's hash: fixed-width fields, the same on every machine.

use highwater_core::Input;
use highwater_core::cursor::Place;
use highwater_core::effect::Effect;
use highwater_core::event::Item;
use highwater_core::sink::Appended;
use highwater_core::time::Now;

use crate::carrier::Told;
use crate::hash::Hash;

/// The hash with an input.
pub(super) fn input<P: Told>(hash: Hash, now: Now, input: &Input<P>) -> Hash {
    let hash = hash.and(now.monotonic.as_micros()).and(now.wall.as_micros());
    match input {
        Input::Timeout => hash.and(1),
        Input::Opened { epoch } => hash.and(2).and(epoch.0),
        Input::Received { epoch, items } => items.iter().fold(hash.and(3).and(epoch.0), item),
        Input::Heard { epoch, pong } => hash.and(4).and(epoch.0 << 1 | u64::from(*pong)),
        Input::Closed { epoch, .. } => hash.and(5).and(epoch.0),
        Input::Loaded { op, loaded } => hash.and(6).and(op.0 << 1 | u64::from(loaded.is_ok())),
        Input::Appended { op, appended } => hash.and(7).and(op.0).and(match appended {
            Appended::Stored { stored, duplicates } => u64::from(*stored) << 32 | u64::from(*duplicates),
            Appended::Conflict => u64::MAX,
            Appended::Fenced => u64::MAX - 1,
            Appended::Refused { index, .. } => u64::MAX / 2 - u64::from(*index),
            Appended::Unavailable => u64::MAX - 2,
            Appended::Unknown => u64::MAX - 3,
        }),
        Input::Flushed { op, flushed } => hash.and(8).and(op.0 << 1 | u64::from(flushed.is_ok())),
        Input::StopRequested => hash.and(9),
    }
}

fn item<P: Told>(hash: Hash, item: &Item<P>) -> Hash {
    match item {
        Item::Event(event) | Item::Filtered(event) => {
            hash.and(event.time.as_micros()).and(u64::from(event.payload.id().0))
        }
        Item::Oversize(_, sample) | Item::Malformed(_, sample) => hash.and(sample.length),
        Item::Outdated => hash.and(1),
        Item::Info => hash.and(2),
    }
}

/// The hash with an effect.
pub(super) fn effect<P: Told>(hash: Hash, effect: &Effect<P>) -> Hash {
    match effect {
        Effect::Load { op } => hash.and(11).and(op.0),
        Effect::Open { epoch, source, place: at, .. } => {
            place(hash.and(12).and(epoch.0), *at).and(u64::from(source.0))
        }
        Effect::Ping { epoch } => hash.and(13).and(epoch.0),
        Effect::Pause { epoch } => hash.and(14).and(epoch.0),
        Effect::Resume { epoch } => hash.and(15).and(epoch.0),
        Effect::Close { epoch, reason } => hash.and(16).and(epoch.0 << 8 | *reason as u64),
        Effect::Append(append) => {
            let hash = place(hash.and(17).and(append.op.0), append.checkpoint.place);
            let hash = hash.and(append.checkpoint.covered_until.as_micros()).and(append.gaps.len() as u64);
            append.events.iter().fold(hash, |hash, event| hash.and(u64::from(event.payload.id().0)))
        }
        Effect::Flush { op } => hash.and(18).and(op.0),
        Effect::Notice(_) => hash.and(19),
        Effect::Ignored(why) => hash.and(20).and(*why as u64),
        Effect::Stop(outcome) => hash.and(21).and(*outcome as u64),
    }
}

fn place(hash: Hash, place: Place) -> Hash {
    match place {
        Place::Tip => hash.and(1),
        Place::Oldest => hash.and(2),
        Place::Time(time) => hash.and(3).and(time.as_micros()),
        Place::Cursor(cursor) => hash.and(4).and(cursor.0),
    }
}
