//! The events of a recorded run, put into the order in which they happened.

use std::collections::BTreeMap;

use highwater_core::checkpoint::Witness;
use highwater_core::cursor::{Cursor, CursorKind};
use highwater_core::digest::Digest;
use highwater_core::event::Event;
use highwater_core::payload::Shadow;
use highwater_core::time::{Duration, Instant, WallTime};

use super::shift::{Shift, moment};
use crate::clock::BEGINNING;
use crate::score::Note;

/// The events that came, by key.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    heard: BTreeMap<Digest, Heard>,
}

#[derive(Clone, Debug)]
struct Heard {
    at: Instant,
    size: u32,
    is_wanted: bool,
    told: BTreeMap<u8, (WallTime, Cursor)>,
}

/// A server whose clock is further ahead of the process's is no replica of another: what it said of the time is left
/// out.
const AHEAD_MAX: Duration = Duration::from_secs(1);
/// What is taken for the size of an event that never came.
const UNKNOWN: u32 = 256;

impl Notes {
    /// A source tells of an event.
    pub(super) fn hear(
        &mut self,
        source: u8,
        at: Instant,
        event: &Event<Shadow>,
        is_wanted: bool,
        shift: Shift,
    ) {
        let size = u32::try_from(event.payload.size).unwrap_or(u32::MAX);
        let told = (shift.wall(event.time), event.seq.unwrap_or_default());
        let new = Heard { at, size, is_wanted, told: BTreeMap::new() };
        let heard = self.heard.entry(event.payload.key).or_insert(new);
        heard.told.entry(source).or_insert(told);
        if heard.size == UNKNOWN {
            heard.size = size;
        }
    }

    /// An event was durable before, and stands for all that was; its time is the world's.
    pub(super) fn know(&mut self, source: u8, kind: CursorKind, witness: &Witness<Digest>) {
        let seq = if kind == CursorKind::Seq { witness.cursor } else { Cursor(0) };
        let new = Heard { at: Instant::ZERO, size: UNKNOWN, is_wanted: true, told: BTreeMap::new() };
        let heard = self.heard.entry(witness.key).or_insert(new);
        heard.told.entry(source).or_insert((witness.time, seq));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.heard.len()
    }

    /// All of them, and which of them has which key.
    pub(super) fn in_order(self) -> (Vec<Note>, BTreeMap<Digest, u32>) {
        let mut all: Vec<(Digest, Heard)> = self.heard.into_iter().collect();
        // By number as long as one source numbered them all, else by time.
        let first = |heard: &Heard| heard.told.first_key_value().map(|(source, told)| (*source, *told));
        let is_numbered = all
            .iter()
            .all(|(_, heard)| first(heard).is_some_and(|(source, (_, seq))| source == 0 && seq.0 > 0));
        all.sort_by_key(|(_, heard)| {
            let untold = (0, (WallTime::from_micros(BEGINNING + heard.at.as_micros()), Cursor(0)));
            let (_, (time, seq)) = first(heard).unwrap_or(untold);
            (if is_numbered { seq.0 } else { time.as_micros() }, heard.at)
        });
        // Nothing happens after it came, nor after what came behind it.
        let mut latest = Instant::from_micros(u64::MAX);
        for (_, heard) in all.iter_mut().rev() {
            let told = first(heard).map_or(heard.at, |(_, (time, _))| moment(time));
            latest = latest.min(heard.at).min(told);
            heard.at = latest;
            heard.told.retain(|_, (time, _)| moment(*time).since(latest) <= AHEAD_MAX);
        }
        let ids = all.iter().enumerate().map(|(index, (key, _))| (*key, index as u32)).collect();
        let note = |(_, heard): (Digest, Heard)| Note {
            at: heard.at,
            size: heard.size,
            is_wanted: heard.is_wanted,
            told: heard.told.into_iter().map(|(source, (time, seq))| (source, time, seq)).collect(),
        };
        (all.into_iter().map(note).collect(), ids)
    }
}
