//! Lets events come to be: all before anybody comes, at a steady rate, or as fast as they are read.

use std::time::Duration;

use highwater_core::serve::entry::Body;
use tokio::time::Instant;

use crate::clock::calendar;
use crate::feed::block::{Fate, Slot};
use crate::feed::draw::Draw;
use crate::feed::fault::{FaultKind, Site};
use crate::feed::instance::Instance;
use crate::feed::server::Server;
use crate::feed::source::has_record;

/// So many events come to be at once at most.
const BLOCK_EVENTS: u64 = 1_024;

/// How often events come to be, at a steady rate.
const TICK: Duration = Duration::from_millis(5);

/// In a history made at once, events lie so far apart in µs.
const APART: u64 = 1_000;

/// A record that no sink should have to take, and one that no connection should have to.
const SWOLLEN: [usize; 2] = [3 << 20, 33 << 20];

/// Which of the larger collections a server may be blind to.
const LARGE: [&str; 4] =
    ["app.bsky.feed.like", "app.bsky.feed.post", "app.bsky.feed.repost", "app.bsky.graph.follow"];

/// Says the events one after the other.
#[derive(Debug)]
pub(crate) struct Speaker {
    /// How many events there are.
    events: u64,
    next: u64,
    /// When the last commit happened, in µs: no two happen at once.
    at: u64,
    /// The next record is to be so much larger.
    swell: Option<usize>,
    /// For so many more events the server is blind to this collection.
    blind: (u64, &'static str),
}

impl Speaker {
    /// Has `events` events to say.
    pub(crate) fn new(events: u64) -> Self {
        Self { events, next: 0, at: 0, swell: None, blind: (0, LARGE[0]) }
    }

    /// Says all at once: the last of them happened just now.
    pub(crate) fn say_all(&mut self, server: &Server) {
        let begin = calendar().as_micros().saturating_sub(self.events * APART);
        while self.next < self.events {
            self.say(server, BLOCK_EVENTS, |index| begin + index * APART);
        }
    }

    /// Says so many events a second, until all are said.
    pub(crate) async fn say_steadily(&mut self, server: &Server, rate: u32) {
        let begun = Instant::now();
        while self.next < self.events {
            let due = begun.elapsed().as_micros().saturating_mul(rate.into()) / 1_000_000;
            let due = u64::try_from(due).unwrap_or(u64::MAX).saturating_sub(self.next);
            if due == 0 {
                tokio::time::sleep(TICK).await;
            } else {
                let now = calendar().as_micros();
                self.say(server, due.min(BLOCK_EVENTS), |_| now);
                tokio::task::yield_now().await;
            }
        }
    }

    /// Says more whenever somebody has read all there is, until all is said.
    pub(crate) async fn say_on_demand(&mut self, server: &Server) {
        while self.next < self.events {
            server.demanded().await;
            let now = calendar().as_micros();
            self.say(server, BLOCK_EVENTS, |_| now);
        }
    }

    fn say(&mut self, server: &Server, count: u64, now: impl Fn(u64) -> u64) {
        let source = server.press().source();
        let count = count.min(self.events - self.next);
        let mut slots = Vec::with_capacity(count as usize);
        for index in self.next..self.next + count {
            let time = source.time(index).unwrap_or_else(|| now(index));
            if !source.continues(index) {
                self.at = time.max(self.at + 1);
            }
            slots.push(Slot { index, at: self.at, time, fate: Fate::Sent });
        }
        self.next += count;
        self.spoil(server, &mut slots);
        server.append(slots, false);
    }

    /// Lets happen to new events what goes wrong with them.
    fn spoil(&mut self, server: &Server, slots: &mut [Slot]) {
        for slot in slots {
            if let (_, Some(mut firing)) = server.hazards().next(Site::Log, 1) {
                match firing.kind {
                    FaultKind::Oversize => self.swell = Some(SWOLLEN[usize::from(firing.before % 4 == 3)]),
                    _ => self.blind = blindness(&mut firing.draw),
                }
            }
            self.spoil_one(server, slot);
        }
    }

    fn spoil_one(&mut self, server: &Server, slot: &mut Slot) {
        let (blind, collection) = &mut self.blind;
        if self.swell.is_none() && *blind == 0 {
            return;
        }
        let entry = server.press().source().entry(slot, 0, Instance::First);
        if *blind > 0 {
            *blind -= 1;
            if matches!(&entry.body, Body::Commit { collection: of, .. } if of == collection) {
                slot.fate = Fate::Unseen;
                return;
            }
        }
        if has_record(&entry) {
            slot.fate = self.swell.take().map_or(Fate::Sent, Fate::Swollen);
        }
    }
}

/// For how many events a server is blind, and to what.
fn blindness(draw: &mut Draw) -> (u64, &'static str) {
    (draw.between(100, 500), draw.one_of(&LARGE))
}
