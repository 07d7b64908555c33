//! What really happens in the network, and when: the events that every source would tell of if nothing went wrong.
//!
//! Events are made as somebody first asks for them, always in order, so that it does not matter who asks.

use core::fmt;
use std::sync::Arc;

use highwater_core::cursor::Cursor;
use highwater_core::time::{Duration, Instant, WallTime};

use crate::draw::{Draws, Site, Stream};
use crate::faults::{Fault, Faults, Firing, Measure, Rare, Record};
use crate::score::{Note, Score};

/// The number of an event of the network, in the order in which they happened. It is the event's key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EventId(pub(crate) u32);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e{}", self.0)
    }
}

impl EventId {
    /// The place of the event in a list of all.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One of the two subscriptions that the operator may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// The one in force at first.
    First,
    /// The one after a change.
    Second,
}

/// Who asked for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Both subscriptions.
    Both,
    /// Only the one.
    Only(Filter),
    /// Neither, but a v1 server sends it all the same, as it does identities and accounts.
    Uninvited,
    /// Neither, and the server keeps it to itself.
    Nobody,
}

impl Audience {
    /// Whether the subscription asks for it.
    pub(crate) fn includes(self, filter: Filter) -> bool {
        match self {
            Self::Both => true,
            Self::Only(only) => only == filter,
            Self::Uninvited | Self::Nobody => false,
        }
    }
}

/// What is wrong with an event, wherever and however often it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Nothing.
    Plain,
    /// No sink takes it.
    Poison,
    /// It is too large to keep.
    Oversize,
    /// It is too large for a connection.
    Huge,
    /// Nobody can read its frame.
    Garbage,
    /// It is told now with one content, now with another, under one and the same key.
    TwoFaced,
}

/// One event of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    /// When it happened.
    pub(crate) at: Instant,
    /// Who asked for it.
    pub(crate) audience: Audience,
    /// What is wrong with it.
    pub(crate) nature: Nature,
    /// Servers give it the very time of the event before.
    pub(crate) is_same_time: bool,
    /// How much memory it takes, if that is known.
    pub(crate) size: Option<u32>,
}

/// The shape of what happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// How far apart events are in calm weather, on average.
    pub(crate) gap: Duration,
    /// One event in so many is for both subscriptions; at least 1.
    pub(crate) sparse: u64,
    /// From then on events come calmly and nothing is wrong with them.
    pub(crate) heals_at: Instant,
    /// From then on something happens only every now and then, so that whoever is late still hears something.
    pub(crate) calms_at: Instant,
    /// Then the last event has happened.
    pub(crate) ends_at: Instant,
}

impl Weather {
    /// The same in a world that is healed at another time.
    pub(crate) fn healed_at(self, heals_at: Instant) -> Self {
        let (calm, end) = (self.calms_at.since(self.heals_at), self.ends_at.since(self.heals_at));
        Self { heals_at, calms_at: heals_at + calm, ends_at: heals_at + end, ..self }
    }
}

/// Everything that happens.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    facts: Vec<Fact>,
    weather: Weather,
    times: Stream,
    natures: Stream,
    rares: [Rare; KINDS.len()],
    burst: u64,
    is_over: bool,
    /// The events that were recorded, and how many of them have happened.
    score: Option<Arc<Score>>,
    played: usize,
    odd: Vec<Record>,
    fired: Vec<Firing>,
}

const KINDS: [Fault; 8] = [
    Fault::Burst,
    Fault::Quiet,
    Fault::EqualTimes,
    Fault::Poison,
    Fault::Oversize,
    Fault::Huge,
    Fault::Garbage,
    Fault::TwoFaced,
];

/// Most runs have no more events than this: so many need no growing.
const EVENTS_USUAL: usize = 4_096;
/// In the end events are so far apart.
const CALM: Duration = Duration::from_secs(20);
/// The events of a burst are so far apart at most.
const BURST_GAP: u64 = 100;

impl Truth {
    /// Nothing has happened yet.
    pub(crate) fn new(draws: Draws, faults: &Faults, weather: Weather, score: Option<Arc<Score>>) -> Self {
        Self {
            facts: Vec::with_capacity(EVENTS_USUAL),
            weather,
            times: draws.stream(Site::Upstream, 0),
            natures: draws.stream(Site::Nature, 0),
            rares: KINDS.map(|fault| faults.rare(fault)),
            burst: 0,
            is_over: false,
            score,
            played: 0,
            odd: Vec::new(),
            fired: Vec::new(),
        }
    }

    /// The event with this number; none if the last event comes before it.
    #[inline]
    pub(crate) fn fact(&mut self, id: EventId) -> Option<Fact> {
        if let Some(fact) = self.facts.get(id.index()) {
            return Some(*fact);
        }
        self.make(id)
    }

    fn make(&mut self, id: EventId) -> Option<Fact> {
        while self.facts.len() <= id.index() && !self.is_over {
            let score = self.score.clone();
            let note = score.as_ref().and_then(|score| score.events.get(self.facts.len()));
            let fact = match note.filter(|note| note.at < self.weather.heals_at) {
                Some(note) => self.play(note),
                None => self.next(),
            };
            self.is_over = self.weather.ends_at < fact.at;
            self.facts.extend((!self.is_over).then_some(fact));
        }
        self.facts.get(id.index()).copied()
    }

    /// Other things may be wrong with what happens from now on.
    pub(crate) fn turn(&mut self, faults: &Faults) {
        let next = self.facts.len() as u64;
        self.rares.iter_mut().for_each(|rare| rare.turn(next, faults));
    }

    /// An event that was recorded happens again.
    fn play(&mut self, note: &Note) -> Fact {
        self.played = self.facts.len() + 1;
        let audience = if note.is_wanted { Audience::Both } else { Audience::Uninvited };
        let nature = self.nature();
        self.fired.extend(self.odd.drain(..).map(|record| Firing { at: note.at, record }));
        Fact { at: note.at, audience, nature, is_same_time: false, size: Some(note.size) }
    }

    /// The time and the number that a source gave to an event when that was recorded.
    pub(crate) fn told(&self, source: usize, id: EventId) -> Option<(WallTime, Cursor)> {
        self.score.as_ref().filter(|_| id.index() < self.played)?.told(source, id.index())
    }

    /// All that somebody asked for so far; the last of it may lie ahead.
    pub(crate) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// How long it takes to get past all that goes wrong with events, one at a time, in a sink that takes `each` for
    /// one: poison is tried three times, and three connections go by before a huge one, each with what is poison in its
    /// overlap.
    pub(crate) fn toil(&mut self, each: Duration) -> Duration {
        while self.fact(EventId(self.facts.len() as u32)).is_some_and(|fact| fact.at < self.weather.heals_at)
        {
        }
        let of = |fact: &Fact| match fact.nature {
            Nature::Poison => Duration::from_secs(3),
            Nature::Huge => Duration::from_secs(300),
            Nature::Plain | Nature::Oversize | Nature::Garbage | Nature::TwoFaced => each,
        };
        self.facts.iter().map(of).fold(Duration::ZERO, core::ops::Add::add)
    }

    /// Events go on to happen until `end`.
    pub(crate) fn end_at(&mut self, end: Instant) {
        self.weather.ends_at = end;
    }

    /// What went wrong with events.
    pub(crate) fn fired(&self) -> &[Firing] {
        &self.fired
    }

    fn next(&mut self) -> Fact {
        let last = self.facts.last().map_or(Instant::ZERO, |fact| fact.at);
        // Between recorded events nothing else happened.
        let last = if self.score.is_some() { last.max(self.weather.heals_at) } else { last };
        let is_healed = self.weather.heals_at <= last;
        let is_calm = self.weather.calms_at <= last;
        // Drawn even where it is not needed, so that nothing odd moves the times of what comes after it.
        let usual = self.times.wait(self.weather.gap.as_micros());
        let is_same_time = !is_healed && self.happens(Fault::EqualTimes).is_some();
        let gap = match (is_calm, is_healed, is_same_time) {
            (_, _, true) => Duration::ZERO,
            (true, _, _) => CALM,
            (false, true, _) => Duration::from_micros(usual),
            (false, false, _) => self.gap(usual),
        };
        let at = last + gap;
        let nature = if is_healed { Nature::Plain } else { self.nature() };
        self.fired.extend(self.odd.drain(..).map(|record| Firing { at, record }));
        Fact { at, audience: self.audience(), nature, is_same_time, size: None }
    }

    fn gap(&mut self, usual: u64) -> Duration {
        if let Some(burst) = self.happens(Fault::Burst) {
            self.burst = burst.number(Measure::Count);
        }
        if self.burst > 0 {
            self.burst -= 1;
            return Duration::from_micros(usual % BURST_GAP);
        }
        let quiet = self.happens(Fault::Quiet).map(|quiet| quiet.span(Measure::For));
        quiet.unwrap_or(Duration::from_micros(usual))
    }

    fn audience(&mut self) -> Audience {
        if self.natures.one_in(self.weather.sparse) {
            return Audience::Both;
        }
        match self.natures.below(8) {
            0 => Audience::Only(Filter::First),
            1 => Audience::Only(Filter::Second),
            2 | 3 => Audience::Uninvited,
            _ => Audience::Nobody,
        }
    }

    fn nature(&mut self) -> Nature {
        let natures = [
            (Fault::Poison, Nature::Poison),
            (Fault::Oversize, Nature::Oversize),
            (Fault::Huge, Nature::Huge),
            (Fault::Garbage, Nature::Garbage),
            (Fault::TwoFaced, Nature::TwoFaced),
        ];
        let wrong = natures.into_iter().find(|&(fault, _)| self.happens(fault).is_some());
        wrong.map_or(Nature::Plain, |(_, nature)| nature)
    }

    /// How a kind befalls the event that is being made, if it does.
    #[inline]
    fn happens(&mut self, fault: Fault) -> Option<Record> {
        let kind = KINDS.iter().position(|&kind| kind == fault)?;
        let record = self.rares[kind].strikes(self.facts.len() as u64)?;
        self.odd.push(record);
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Mix;

    fn truth(seed: u64) -> Truth {
        let draws = Draws::new(seed);
        let weather = Weather {
            gap: Duration::from_millis(100),
            sparse: 2,
            heals_at: Instant::from_micros(60_000_000),
            calms_at: Instant::from_micros(90_000_000),
            ends_at: Instant::from_micros(200_000_000),
        };
        Truth::new(draws, &Faults::of(&[], Some(Mix::of_seed(draws))), weather, None)
    }

    #[test]
    fn events_are_the_same_in_whatever_steps_they_are_asked_for() {
        for seed in 0..20 {
            let (mut at_once, mut in_steps) = (truth(seed), truth(seed));
            while in_steps.fact(EventId(in_steps.facts().len() as u32)).is_some() {}
            at_once.fact(EventId(u32::MAX));
            assert_eq!(at_once.facts(), in_steps.facts());
            assert!(at_once.facts().is_sorted_by_key(|fact| fact.at));
            assert!(!at_once.facts().is_empty());
        }
    }

    #[test]
    fn nothing_is_wrong_with_what_happens_after_healing() {
        for seed in 0..20 {
            let mut truth = truth(seed);
            truth.fact(EventId(u32::MAX));
            let healed = truth.facts().iter().skip_while(|fact| fact.at.as_micros() <= 60_000_000).skip(1);
            let healed: Vec<_> = healed.collect();
            assert!(healed.iter().all(|fact| fact.nature == Nature::Plain && !fact.is_same_time), "{seed}");
        }
    }
}
