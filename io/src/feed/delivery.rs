//! What one subscriber gets next: where it began, how far it is, what it wants of what there is.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use highwater_core::cursor::Place;
use highwater_core::dialect::filter::Filter;
use highwater_core::serve::message::Limit;
use highwater_core::serve::reply::Reply;
use highwater_core::serve::request::Accepted;
use highwater_core::serve::seat::{Seat, seat};
use highwater_core::serve::{OUTBOX_EVENTS_MAX, Wire, outdated_cursor};
use highwater_core::time::WallTime;

use crate::feed::block::{Block, Fate, Form};
use crate::feed::cutover;
use crate::feed::fault::{FaultKind, Site};
use crate::feed::hazard::Firing;
use crate::feed::instance::Instance;
use crate::feed::server::Server;

/// A subscriber of the first server that is so near the tip is about to go live.
const CUTOVER_EVENTS: u64 = 64;

/// A subscription and how far it is.
#[derive(Debug)]
pub(crate) struct Delivery {
    server: Arc<Server>,
    accepted: Accepted,
    form: Form,
    next: u64,
    /// In replay, what was seen earlier than this is left out.
    replay_since: Option<u64>,
    /// What is said before the first event.
    first: Option<Bytes>,
    /// What is still to be said of the end of a replay, a frame each: it may have been mixed.
    cut_over: VecDeque<Bytes>,
}

/// What to do about a subscriber now.
#[derive(Debug)]
pub(crate) enum Parcel {
    /// It has all there is.
    Nothing,
    /// These frames are next, so many of them, and then something goes wrong.
    Frames(Bytes, u64, Option<Firing>),
    /// It took too little for too long, or what it knew is no more: it is left.
    Left,
}

impl Delivery {
    /// Seats a subscriber whose request was understood, unless that fails or is made to.
    pub(crate) fn begin(server: &Arc<Server>, accepted: Accepted, instance: Instance) -> Result<Self, Reply> {
        let mut instance = instance;
        match server.hazards().next(Site::Door, 1).1.map(|firing| firing.kind) {
            Some(FaultKind::Unavailable) => return Err(Reply::unavailable(accepted.wire)),
            Some(FaultKind::Instance) => {
                server.switch_instance();
                instance = instance.other();
            }
            _ => {}
        }
        let place = accepted.place;
        let seated = seat(accepted.wire, place, &server.bounds(instance))
            .map_err(|too_old| Reply::too_old(too_old.floor))?;
        let (next, replay_since) = match seated.seat {
            Seat::Live => (server.log().next(), None),
            Seat::Seq(seq) => (instance.position(seq), Some(0)),
            Seat::Time(time) => {
                // Moved up to the oldest event, it is still owed what a clock that went back has put before that.
                let asked =
                    if let Place::Time(asked) = place { asked.min(time) } else { WallTime::default() };
                let log_time = |time: WallTime| instance.time(time.as_micros());
                (server.log().position_at(log_time(time)), Some(log_time(asked)))
            }
        };
        // The older wire has a dictionary of a fixed number; here it is whichever there is.
        let dictionary = accepted.dictionary.map(|_| server.press().dictionary(accepted.wire).id());
        let form = Form { wire: accepted.wire, instance, dictionary };
        let first = seated.outdated.then(|| server.press().aside(&outdated_cursor(), form));
        let cut_over = VecDeque::new();
        Ok(Self { server: Arc::clone(server), accepted, form, next, replay_since, first, cut_over })
    }

    pub(crate) fn server(&self) -> &Arc<Server> {
        &self.server
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// The position of the next event.
    pub(crate) fn position(&self) -> u64 {
        self.next
    }

    /// True until the subscriber has said what it wants, if it wanted to.
    pub(crate) fn waits_for_hello(&self) -> bool {
        self.accepted.waits_for_hello
    }

    /// Takes what the subscriber wants from now on.
    pub(crate) fn update(&mut self, filter: Filter, message_bytes: Limit) {
        self.accepted.filter = filter;
        self.accepted.waits_for_hello = false;
        if let Limit::Now(max) = message_bytes {
            self.accepted.message_bytes_max = max;
        }
    }

    /// What comes next, of `most` events at most.
    pub(crate) fn next(&mut self, most: u64) -> Parcel {
        if let Some(first) = self.first.take() {
            return Parcel::Frames(first, 0, None);
        }
        if !self.cut_over.is_empty() {
            return self.go_live(most);
        }
        let Some((block, from)) = self.server.log().at(self.next) else {
            self.replay_since = None;
            self.server.demand();
            return Parcel::Nothing;
        };
        let left = self.server.log().next().saturating_sub(block.first() + from as u64);
        let whole = block.slots().len().min(from.saturating_add(usize::try_from(most).unwrap_or(usize::MAX)));
        let end = match (self.accepted.wire, self.replay_since) {
            (Wire::V1, Some(_)) if left <= CUTOVER_EVENTS => return self.cut_over(most),
            (Wire::V1, Some(_)) => whole.min(from + (left - CUTOVER_EVENTS) as usize),
            (Wire::V1, None) if left > OUTBOX_EVENTS_MAX as u64 => return Parcel::Left,
            (Wire::V1 | Wire::V1OnV2Host | Wire::V2, _) => whole,
        };
        let (happen, firing) = self.server.hazards().next(Site::Wire, (end - from) as u64);
        let to = from + happen as usize;
        self.next = block.first() + to as u64;
        self.frames(&block, from, to)
            .map_or(Parcel::Left, |(frames, count)| Parcel::Frames(frames, count, firing))
    }

    /// Takes up the last of the replay: from there on it is live.
    fn cut_over(&mut self, most: u64) -> Parcel {
        let mut events = Vec::new();
        while let Some((block, from)) = self.server.log().at(self.next) {
            for event in from..block.slots().len() {
                let Some((frame, _)) = self.frames(&block, event, event + 1) else { return Parcel::Left };
                events.push((block.slots()[event].time, frame));
            }
            self.next = block.end();
        }
        self.replay_since = None;
        events.retain(|(_, frame)| !frame.is_empty());
        if events.len() > 1
            && let Some(firing) = self.server.hazards().next(Site::Cutover, 1).1
        {
            cutover::spoil(&mut events, firing, Duration::from_secs(1));
        }
        self.cut_over = events.into_iter().map(|(_, frame)| frame).collect();
        self.go_live(most)
    }

    /// Says what is left of the last of the replay, as far as nothing goes wrong.
    fn go_live(&mut self, most: u64) -> Parcel {
        let count = most.min(self.cut_over.len() as u64);
        let (happen, firing) = self.server.hazards().next(Site::Wire, count);
        let mut bytes = BytesMut::new();
        for frame in self.cut_over.drain(..happen as usize) {
            bytes.extend_from_slice(&frame);
        }
        Parcel::Frames(bytes.freeze(), happen, firing)
    }

    /// The frames of some events, as far as they are wanted, and how many they are.
    fn frames(&self, block: &Block, from: usize, to: usize) -> Option<(Bytes, u64)> {
        let press = self.server.press();
        let frames = press.frames(block, self.form)?;
        let since = self.replay_since.unwrap_or(0);
        let wants_all =
            self.accepted.filter == Filter::default() && self.accepted.message_bytes_max.is_none();
        if wants_all && block.slots()[from..to].iter().all(|slot| slot.time >= since) {
            return Some((frames.range(from, to), frames.count(from, to)));
        }
        let plain = press.frames(block, Form { dictionary: None, ..self.form })?;
        let (mut bytes, mut count) = (BytesMut::new(), 0);
        for event in from..to {
            let slot = &block.slots()[event];
            if slot.fate == Fate::Unseen || slot.time < since {
                continue;
            }
            let entry = press.source().entry(slot, block.first() + event as u64, self.form.instance);
            let frame = frames.frame(event);
            let compressed = self.form.dictionary.map(|_| payload_length(&frame));
            if entry.passes(&self.accepted.filter)
                && self.accepted.admits(payload_length(&plain.frame(event)), compressed)
            {
                count += u64::from(!frame.is_empty());
                bytes.extend_from_slice(&frame);
            }
        }
        Some((bytes.freeze(), count))
    }
}

fn payload_length(frame: &Bytes) -> usize {
    crate::feed::frames::payload(frame).len()
}
