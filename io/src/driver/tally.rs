//! Counts what passes, for people: nothing is decided by it.

use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::effect::Notice;
use highwater_core::event::Item;
use highwater_core::gap::{Gap, GapState};
use highwater_core::sink::Appended;
use highwater_core::time::WallTime;
use highwater_core::{Effect, Input};
use tokio::sync::watch;

/// What has passed since the driver began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Connections that opened.
    pub connections: u64,
    /// Events that came and were wanted, each as often as it came.
    pub received: u64,
    /// Events that came and were not wanted.
    pub filtered: u64,
    /// Events stored that were not there before.
    pub stored: u64,
    /// Events that were stored already.
    pub duplicates: u64,
    /// What was set aside.
    pub dead_letters: u64,
    /// Spans that went on record as lost or unproven.
    pub gaps: u64,
    /// Inputs that changed nothing: late news, mostly.
    pub ignored: u64,
    /// The server's time of the newest event received.
    pub newest: Option<WallTime>,
}

/// Counts for whoever looks.
#[derive(Debug)]
pub(super) struct Counter {
    tally: watch::Sender<Tally>,
    letters_in_flight: u64,
    gap: Option<Gap>,
}

impl Counter {
    pub(super) fn new(tally: watch::Sender<Tally>) -> Self {
        Self { tally, letters_in_flight: 0, gap: None }
    }

    /// What has passed so far.
    pub(super) fn tally(&self) -> Tally {
        *self.tally.borrow()
    }

    /// Counts something that happened.
    pub(super) fn input(&mut self, input: &Input<Jetstream>) {
        match input {
            Input::Opened { .. } => self.tally.send_modify(|tally| tally.connections += 1),
            Input::Received { items, .. } => self.tally.send_modify(|tally| tally.items(items)),
            Input::Appended { appended: Appended::Stored { stored, duplicates }, .. } => {
                let letters = std::mem::take(&mut self.letters_in_flight);
                self.tally.send_modify(|tally| {
                    tally.stored += u64::from(*stored);
                    tally.duplicates += u64::from(*duplicates);
                    tally.dead_letters += letters;
                });
            }
            Input::Timeout
            | Input::Heard { .. }
            | Input::Closed { .. }
            | Input::Loaded { .. }
            | Input::Appended { .. }
            | Input::Flushed { .. }
            | Input::StopRequested => {}
        }
    }

    /// Counts something that is to be done.
    pub(super) fn effect(&mut self, effect: &Effect<Jetstream>) {
        match effect {
            // They count once they are durable.
            Effect::Append(append) => self.letters_in_flight = append.dead_letters.len() as u64,
            Effect::Notice(Notice::Gap(gap)) if gap.state != GapState::Closed => self.gap(gap),
            Effect::Ignored(_) => self.tally.send_modify(|tally| tally.ignored += 1),
            Effect::Load { .. }
            | Effect::Open { .. }
            | Effect::Ping { .. }
            | Effect::Pause { .. }
            | Effect::Resume { .. }
            | Effect::Close { .. }
            | Effect::Flush { .. }
            | Effect::Notice(_)
            | Effect::Stop(_) => {}
        }
    }

    /// A gap that grows is said anew each time, and counts once.
    fn gap(&mut self, gap: &Gap) {
        let identity = |gap: &Gap| (gap.scope, gap.cause, gap.from.cursor);
        if self.gap.replace(*gap).as_ref().map(identity) != Some(identity(gap)) {
            self.tally.send_modify(|tally| tally.gaps += 1);
        }
    }
}

impl Tally {
    fn items(&mut self, items: &[Item<Jetstream>]) {
        for item in items {
            let time = match item {
                Item::Event(event) | Item::Oversize(event, _) => {
                    self.received += 1;
                    event.time
                }
                Item::Filtered(event) => {
                    self.filtered += 1;
                    event.time
                }
                Item::Outdated | Item::Info | Item::Malformed(..) => continue,
            };
            self.newest = self.newest.max(Some(time));
        }
    }
}
