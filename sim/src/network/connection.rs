//! One connection, from the dial until nothing of it can be heard any more.

use std::collections::VecDeque;

use highwater_core::closure::Closure;
use highwater_core::cursor::Place;
use highwater_core::effect::OpenOptions;
use highwater_core::event::Item;
use highwater_core::number::Epoch;
use highwater_core::serve::Wire;
use highwater_core::time::{Duration, Instant};

use super::course::Course;
use super::fate::Fate;
use crate::carrier::{Carrier, Telling};
use crate::draw::Stream;
use crate::faults::{Faults, Measure, Record};
use crate::hash::Hash;
use crate::score::Dial;
use crate::server::{Instance, Start};
use crate::truth::{Audience, Filter, Nature, Truth};

/// The machine knows the server's clock only by its own. A loss at the cutover that it has to put on record happens
/// only while the two differ by less than this: well within the margin of 5 s, less the second that is lost.
pub(crate) const CLOCK_TRUST: Duration = Duration::from_secs(3);

/// A server that has something to say of its own accord says so within this time, however a recorded one went on.
const FIRST_WORD_MAX: Duration = Duration::from_secs(1);

/// The older server goes live with what happened in the last second, and loses or mixes up no more than that.
const CUTOVER_SPAN: Duration = Duration::from_secs(1);

/// What the machine asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// The machine's number for the connection.
    pub(crate) epoch: Epoch,
    /// The index of the source.
    pub(crate) source: usize,
    /// How that speaks.
    pub(crate) wire: Wire,
    /// The place, as the server understood it.
    pub(crate) place: Place,
    /// What else was asked.
    pub(crate) options: OpenOptions,
    /// Which events were asked for.
    pub(crate) filter: Filter,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not open yet.
    Dialing,
    /// Telling what is kept, from this place on.
    Replay(usize),
    /// Telling what happens, from this index on in the order of telling.
    Live(usize),
    /// Nothing comes any more.
    Silent,
}

/// A connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// Its number in the world; epochs begin anew with each process.
    pub(crate) number: u32,
    /// What was asked for.
    pub(crate) call: Call,
    /// What it is in for.
    pub(crate) fate: Fate,
    /// How far it is.
    pub(crate) stage: Stage,
    /// The machine does not read.
    pub(crate) is_paused: bool,
    /// How often it was paused.
    pub(crate) pauses: u32,
    /// What was read before the pause took hold and is still to be handed in.
    pub(crate) is_one_on_the_way: bool,
    /// Counts the arrivals that were scheduled; all but the last are void.
    pub(crate) token: u32,
    /// Nothing arrives before.
    pub(crate) stalled_until: Instant,
    /// The server told nothing on it after this moment; what it told before may still arrive.
    pub(crate) severed_at: Instant,
    /// The instance behind the name that answered.
    pub(crate) instance: usize,
    /// The clocks on both sides differ by less than [`CLOCK_TRUST`].
    pub(crate) is_clock_trusted: bool,
    /// So much still arrives after the connection was closed.
    pub(crate) late: u64,
    /// Its chance.
    pub(crate) stream: Stream,
    /// How it goes, if it goes as one that was recorded.
    pub(crate) course: Course,
    queue: VecDeque<Queued>,
    frames: u32,
}

#[derive(Clone, Copy, Debug)]
enum Queued {
    Outdated,
    Told(Telling),
}

/// What one read gave.
#[derive(Debug)]
pub(crate) struct Portion<P> {
    /// The frames.
    pub(crate) items: Vec<Item<P>>,
    /// How the connection ended behind them, if it did.
    pub(crate) end: Option<Closure>,
}

impl Connection {
    /// A connection that is being dialed.
    pub(crate) fn new(number: u32, call: Call, fate: Fate, stream: Stream) -> Self {
        let late = fate.late.map_or(0, |late| late.number(Measure::Count));
        Self {
            number,
            call,
            fate,
            stage: Stage::Dialing,
            is_paused: false,
            pauses: 0,
            is_one_on_the_way: false,
            token: 0,
            stalled_until: Instant::ZERO,
            severed_at: Instant::from_micros(u64::MAX),
            instance: 0,
            is_clock_trusted: true,
            late,
            stream,
            course: Course::default(),
            queue: VecDeque::new(),
            frames: 0,
        }
    }

    /// The same, going as this one that was recorded.
    pub(crate) fn going_as(mut self, known: Option<&Dial>) -> Self {
        if let Some(dial) = known {
            self.fate.greeting_after = dial.greets.unwrap_or(self.fate.greeting_after);
            self.fate.latency = Duration::from_micros(1);
            self.course = Course::of(dial);
        }
        self
    }

    /// The server accepted.
    pub(crate) fn open(&mut self, index: usize, instance: &Instance, start: Start) {
        self.instance = index;
        self.stage = match start {
            Start::Replay { place, is_outdated } => {
                self.queue.extend(is_outdated.then_some(Queued::Outdated));
                Stage::Replay(place)
            }
            Start::Live | Start::TooOld => Stage::Live(instance.log().told().len()),
        };
    }

    /// Whether it was accepted and can still be heard.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Replay(_) | Stage::Live(_))
    }

    /// When the next frame may arrive; none if nothing is on the way and nothing will be.
    pub(crate) fn next_arrival(
        &self,
        instance: &Instance,
        truth: &mut Truth,
        now: Instant,
    ) -> Option<Instant> {
        let told = match self.stage {
            Stage::Dialing | Stage::Silent => return None,
            Stage::Replay(_) | Stage::Live(_) if !self.queue.is_empty() => None,
            Stage::Replay(_) => (self.severed_at <= now).then_some(self.severed_at),
            Stage::Live(next) => match instance.log().told().get(next) {
                Some(told) => Some(told.at),
                None => Some(instance.next_at(truth)?),
            },
        };
        let at = match told {
            Some(told) if self.severed_at <= told => return None,
            Some(told) => told + self.fate.latency,
            None => now,
        };
        let known = self.course.reads_at().filter(|known| now < *known);
        // What a server says of its own accord, it says first, and not after a silence that was another's.
        let is_late = |known: &Instant| FIRST_WORD_MAX < known.since(now);
        let is_own_word = matches!(self.queue.front(), Some(Queued::Outdated));
        let known = known.filter(|known| !(is_own_word && is_late(known)));
        let paced = if told.is_none() { now + self.fate.pace } else { now };
        Some(at.max(known.unwrap_or(paced)).max(self.stalled_until).max(now + Duration::from_micros(1)))
    }

    /// Takes what has arrived by `now`.
    pub(crate) fn read<C: Carrier>(
        &mut self,
        carrier: &C,
        instance: &Instance,
        truth: &mut Truth,
        faults: &mut Faults,
        now: Instant,
    ) -> Portion<C::Payload> {
        let portion = self.course.take_read().unwrap_or(self.fate.portion);
        let room = if matches!(self.stage, Stage::Replay(_)) { portion } else { 4 };
        let mut items = Vec::with_capacity(room.min(portion));
        while items.len() < portion {
            let queued = match self.queue.pop_front() {
                Some(queued) => queued,
                None => match self.told(instance, faults, now) {
                    Some(queued) => queued,
                    None => break,
                },
            };
            match self.frame(carrier, queued, truth, faults, now) {
                Ok(item) => items.extend(item),
                Err(closure) => return Portion { items, end: Some(closure) },
            }
        }
        Portion { items, end: None }
    }

    /// The next thing that the server tells and that has arrived by `now`.
    fn told(&mut self, instance: &Instance, faults: &mut Faults, now: Instant) -> Option<Queued> {
        let log = instance.log();
        let is_severed = self.severed_at <= now;
        if let Stage::Replay(place) = self.stage {
            if is_severed {
                return None;
            }
            match log.kept(place) {
                Some(told) if !self.is_cutover(instance, told.telling, now) => {
                    self.stage = Stage::Replay(place + 1);
                    return Some(Queued::Told(told.telling));
                }
                _ => {
                    let rest = (place..log.end()).filter_map(|place| log.kept(place));
                    self.queue.extend(rest.map(|told| Queued::Told(told.telling)));
                    self.cut_over(faults, now);
                    self.stage = Stage::Live(log.told().len());
                    return self.queue.pop_front();
                }
            }
        }
        let Stage::Live(next) = self.stage else { return None };
        let told = log
            .told()
            .get(next)
            .filter(|told| told.at < self.severed_at && told.at + self.fate.latency <= now)?;
        self.stage = Stage::Live(next + 1);
        Some(Queued::Told(told.telling))
    }

    fn is_cutover(&self, instance: &Instance, telling: Telling, now: Instant) -> bool {
        let is_odd = self.is_lossy() || self.fate.mixing.is_some();
        is_odd && self.call.wire == Wire::V1 && instance.knowledge(now).now < telling.time + CUTOVER_SPAN
    }

    fn is_lossy(&self) -> bool {
        self.fate.loss.is_some() && self.is_clock_trusted
    }

    fn cut_over(&mut self, faults: &mut Faults, now: Instant) {
        if self.call.wire != Wire::V1 || self.queue.is_empty() {
            return;
        }
        if let Some(loss) = self.fate.loss.filter(|_| self.is_clock_trusted) {
            faults.note(now, loss);
            let lost = (self.queue.len() as u64 * loss.number(Measure::Eighths)).div_ceil(8);
            for turn in 0..lost {
                let place = one_of(self.queue.len(), loss.number(Measure::Which), turn);
                self.queue.remove(place);
            }
        }
        if let Some(mixing) = self.fate.mixing {
            // It went live early for this, even if nothing is mixed up then.
            faults.note(now, mixing);
        }
        if let Some(mixing) = self.fate.mixing.filter(|_| self.is_brief()) {
            for turn in 0..mixing.number(Measure::Count) {
                let which = mixing.number(Measure::Which);
                let place = |turn| one_of(self.queue.len(), which, turn);
                self.queue.swap(place(2 * turn), place(2 * turn + 1));
            }
        }
    }

    /// Whether all that is queued happened within the span that is mixed up, by the server's own clock: one that went
    /// back takes much more for the last second.
    fn is_brief(&self) -> bool {
        let times = self.queue.iter().filter_map(|queued| match queued {
            Queued::Told(telling) => Some(telling.time),
            Queued::Outdated => None,
        });
        let (first, last) = (times.clone().min(), times.max());
        last.zip(first).is_some_and(|(last, first)| last.since(first) <= CUTOVER_SPAN)
    }

    /// The item that a frame becomes; none if the server keeps it to itself.
    fn frame<C: Carrier>(
        &mut self,
        carrier: &C,
        queued: Queued,
        truth: &mut Truth,
        faults: &mut Faults,
        now: Instant,
    ) -> Result<Option<Item<C::Payload>>, Closure> {
        let wire = self.call.wire;
        let Queued::Told(telling) = queued else { return Ok(Some(carrier.outdated(wire))) };
        let Some(fact) = truth.fact(telling.id) else { return Ok(None) };
        let is_sent = match fact.audience {
            Audience::Uninvited => wire != Wire::V2,
            Audience::Both | Audience::Only(_) | Audience::Nobody => fact.audience.includes(self.call.filter),
        };
        let is_left_out = fact.nature == Nature::Huge && self.call.options.message_bytes_max.is_some();
        if !is_sent || is_left_out {
            return Ok(None);
        }
        if fact.nature == Nature::Huge {
            return Err(Closure::TooLarge);
        }
        let is_over = |short: &mut Record| short.number(Measure::Count) <= u64::from(self.frames);
        if let Some(short) = self.fate.short.take_if(is_over) {
            faults.note(now, short);
            return Err(Closure::Retry { after: None });
        }
        let frame = u64::from(self.frames);
        self.frames += 1;
        if let Some(garbled) = self.fate.garbled
            && let Some(place) = frame.checked_sub(garbled.number(Measure::From))
            && place < garbled.number(Measure::Count)
        {
            if place == 0 {
                faults.note(now, garbled);
            }
            return Ok(Some(carrier.garbled(telling)));
        }
        Ok(Some(carrier.item(wire, self.call.filter, telling, fact)))
    }
}

/// One place of `length`: the `turn`th choice of those that `which` stands for.
fn one_of(length: usize, which: u64, turn: u64) -> usize {
    (Hash::EMPTY.and(which).and(turn).finish() % length as u64) as usize
}
