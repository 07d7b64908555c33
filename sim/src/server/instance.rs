//! One server behind a name: hears of events, gives them times and numbers, forgets, and starts anew.

use highwater_core::cursor::{Cursor, CursorKind};
use highwater_core::serve::Wire;
use highwater_core::time::{Duration, Instant, WallTime};

use super::log::Log;
use super::seating::Knowledge;
use crate::carrier::Telling;
use crate::clock::Clock;
use crate::truth::{EventId, Fact, Truth};

/// One server.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    wire: Wire,
    clock: Clock,
    log: Log,
    next: EventId,
    next_seq: u64,
    /// The time of the last event of this life; a start forgets it.
    last: WallTime,
    hears_from: Instant,
    blind_until: Instant,
    /// It gives events the times and numbers that this source gave to them when it was recorded.
    follows: Option<usize>,
}

impl Instance {
    /// A server with this clock, whose first number is `seq`.
    pub(crate) fn new(wire: Wire, clock: Clock, seq: u64) -> Self {
        let order = if wire == Wire::V1 { CursorKind::Time } else { CursorKind::Seq };
        Self {
            wire,
            clock,
            log: Log::new(order),
            next: EventId(0),
            next_seq: seq,
            last: WallTime::default(),
            hears_from: Instant::ZERO,
            blind_until: Instant::ZERO,
            follows: None,
        }
    }

    /// A server that did what this source was recorded to do.
    pub(crate) fn recorded(wire: Wire, source: usize) -> Self {
        Self { follows: Some(source), ..Self::new(wire, Clock::default(), 1) }
    }

    /// Tells all that it hears of until `now`. Events that nobody can be sure to hear of go to `unseen`.
    pub(crate) fn hear(&mut self, truth: &mut Truth, now: Instant, unseen: &mut Vec<EventId>) {
        while let Some(fact) = truth.fact(self.next) {
            let at = fact.at.max(self.hears_from);
            if now < at {
                break;
            }
            let id = self.next;
            self.next = EventId(id.0 + 1);
            if at < self.blind_until {
                unseen.push(id);
            } else {
                let known = self.follows.and_then(|source| truth.told(source, id));
                self.tell(id, fact, at, known, unseen);
            }
        }
    }

    fn tell(
        &mut self,
        id: EventId,
        fact: Fact,
        at: Instant,
        known: Option<(WallTime, Cursor)>,
        unseen: &mut Vec<EventId>,
    ) {
        let clock = known.map_or(self.clock.at(at), |(time, _)| time);
        self.next_seq = known.map_or(self.next_seq, |(_, seq)| self.next_seq.max(seq.0));
        let time = match self.wire {
            _ if fact.is_same_time && self.last != WallTime::default() => self.last,
            Wire::V1 => clock.max(self.last + Duration::from_micros(1)),
            Wire::V1OnV2Host | Wire::V2 => clock.max(self.last),
        };
        // A replay, or a resume, that has passed this time never comes back to it.
        if self.wire == Wire::V1 && time < self.log.latest() {
            unseen.push(id);
        }
        self.log.tell(Telling { id, time, seq: Cursor(self.next_seq) }, at);
        self.last = time;
        self.next_seq += 1;
    }

    /// When it next tells something; none if nothing more happens.
    pub(crate) fn next_at(&self, truth: &mut Truth) -> Option<Instant> {
        truth.fact(self.next).map(|fact| fact.at.max(self.hears_from))
    }

    /// What it told and keeps.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Gives up what was told before `before`, and says which events those were.
    pub(crate) fn trim(&mut self, before: Instant) -> impl Iterator<Item = EventId> {
        self.log.trim(before)
    }

    /// What it knows as it answers a request.
    pub(crate) fn knowledge(&self, now: Instant) -> Knowledge<'_> {
        Knowledge { wire: self.wire, log: &self.log, now: self.clock.at(now), next_seq: self.next_seq }
    }

    /// Hears nothing until `until`, then of everything at once.
    pub(crate) fn lag(&mut self, until: Instant) {
        self.hears_from = self.hears_from.max(until);
    }

    /// Misses all that happens until `until`.
    pub(crate) fn go_blind(&mut self, until: Instant) {
        self.blind_until = self.blind_until.max(until);
    }

    /// Hears everything again.
    pub(crate) fn heal(&mut self, now: Instant) {
        self.hears_from = self.hears_from.min(now);
        self.blind_until = self.blind_until.min(now);
    }

    /// Starts anew, hears again from `until` on, and tells again what happened since `since`.
    pub(crate) fn restart(&mut self, truth: &Truth, since: Instant, until: Instant) {
        self.lag(until);
        (self.last, self.follows) = (WallTime::default(), None);
        let first = truth.facts().partition_point(|fact| fact.at < since);
        self.next = self.next.min(EventId(first as u32));
    }

    /// Starts anew with another time of day.
    pub(crate) fn step_clock(&mut self, step: i64) {
        self.clock.step(step);
        self.last = WallTime::default();
    }

    /// Forgets the last `count` it kept, as a server does that dies before it has written them. They are told again
    /// if the server can ask for them again; otherwise they are gone, and go to `unseen`.
    pub(crate) fn lose(&mut self, count: usize, unseen: &mut Vec<EventId>) {
        let gone = self.log.forget_last(count);
        self.follows = None;
        match self.wire {
            Wire::V1 => unseen.extend(gone.iter().map(|telling| telling.id)),
            Wire::V1OnV2Host | Wire::V2 => self.hear_again(&gone),
        }
    }

    /// Forgets the last `count` it kept and their numbers, and gives these out again, `shift` later than before.
    pub(crate) fn roll_back(&mut self, count: usize, shift: u64) {
        let gone = self.log.forget_last(count);
        self.follows = None;
        self.next_seq = gone.first().map_or(self.next_seq, |first| first.seq.0 + shift);
        self.hear_again(&gone);
    }

    /// Forgets everything, goes on from number `seq`, and tells again what happened since `since`. What is not told
    /// again goes to `gone`.
    pub(crate) fn rebuild(
        &mut self,
        truth: &Truth,
        since: Instant,
        until: Instant,
        seq: u64,
        gone: &mut Vec<EventId>,
    ) {
        gone.extend(self.log.forget_last(usize::MAX).iter().map(|telling| telling.id));
        self.next_seq = seq;
        self.restart(truth, since, until);
    }

    /// The next number it will give out.
    pub(crate) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    fn hear_again(&mut self, gone: &[Telling]) {
        self.next = gone.iter().fold(self.next, |first, telling| first.min(telling.id));
    }
}
