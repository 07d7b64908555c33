//! A recorded run as a score, and what went wrong in it as the records of a plan.
//!
//! What cannot be told from inputs and effects (a second server behind a name, what a queue forgot) is not in it: a
//! world with this score is like the recorded run for as long as that does not matter.

mod jobs;
mod links;

use std::collections::BTreeSet;
use std::sync::Arc;

use highwater_core::Input;
use highwater_core::digest::Digest;
use highwater_core::event::{Event, Item, Reason};
use highwater_core::payload::Shadow;
use highwater_core::scope::SourceId;
use highwater_core::sink::{Appended, Content, Loaded};
use highwater_core::time::{Duration, Instant, Now};
use highwater_core::trace::{Deed, Step, Track};

use super::notes::Notes;
use super::setting;
use super::shift::Shift;
use crate::draw::Chance;
use crate::faults::{Fault, Measure, Record, unsigned};
use crate::mode::Mode;
use crate::plan::Plan;
use crate::replay::lives::{Life, Lives};
use crate::score::{Score, Start, Told, keyed};
use jobs::Jobs;
use links::Links;

/// A recorded run, as the world can play it again.
#[derive(Clone, Debug)]
pub(super) struct Composed {
    /// The world that it can have been in, and what went wrong there, as far as it can be told.
    pub(super) plan: Plan,
    /// It is the very world that it was in.
    pub(super) is_simulated: bool,
    /// How many events came.
    pub(super) events: u64,
    /// What the machines were told, in brief.
    pub(super) told: Arc<Vec<Told>>,
}

/// A run is played for so long at most, and for so many events.
const LENGTH_MAX: Duration = Duration::from_secs(3_400);
const EVENTS_MAX: usize = 200_000;
/// A wall clock that goes another way than the other by less than this was only read at another moment.
const JITTER: u64 = 1_000;
/// A machine whose wall clock is ahead by this much has slept.
const SLEEP: i64 = 1_000_000;
const TICK: Duration = Duration::from_micros(1);

/// The record with this number, or the nearest one that there can be.
pub(super) fn with(record: Record, measure: Measure, number: u64) -> Record {
    let range = record.measures().find(|(range, _)| range.measure == measure);
    let number = range.map_or(number, |(range, _)| number.clamp(range.low, range.high));
    record.with(measure, number)
}

struct Composer {
    shift: Shift,
    score: Score,
    links: Links,
    jobs: Jobs,
    notes: Notes,
    faults: Vec<Record>,
    told: Vec<Told>,
    /// Events that no sink takes, and those too large to keep.
    poison: BTreeSet<Digest>,
    oversize: BTreeSet<Digest>,
    found: Option<Loaded<Digest>>,
    is_atomic: bool,
    news: u64,
    reads: u64,
    life: Alive,
}

/// The process that runs.
#[derive(Clone, Copy, Debug)]
struct Alive {
    number: usize,
    /// When it was born, by the world's clock and by its own.
    start: Instant,
    born: Instant,
    /// How long it has slept.
    slept: Duration,
    /// The last step, by the world's clock, and what its own said.
    at: Instant,
    last: Now,
    is_stopped: bool,
}

/// The score of these lives. An error says why there is none.
pub(super) fn compose(lives: &Lives) -> Result<Composed, String> {
    let whole: Vec<&Life> = lives.lives.iter().skip_while(|life| life.head.machine.is_some()).collect();
    let Some(first) = whole.first() else {
        return Err(
            "no process in this trace begins at its birth: there is nothing to begin with; give the \
                    older file of the trace first"
                .to_owned(),
        );
    };
    if whole.iter().flat_map(|life| &life.steps).any(|step| step.out.is_none()) {
        return Err(
            "this trace says nothing of what the machine did: there is no telling what was asked".to_owned()
        );
    }
    let shift = Shift::new(first.head.now.wall, first.head.config.filter);
    let mut walk = Composer::new(shift);
    walk.refused(&whole);
    for life in &whole {
        if !walk.live(life, first) {
            break;
        }
    }
    let composed = walk.finish(&whole)?;
    let Some(text) = lives.plan().filter(|_| core::ptr::eq(&raw const lives.lives[0], *first)) else {
        return Ok(composed);
    };
    // The simulator knows what happened; nothing has to be told from what came of it.
    let plan = Plan::read(text).map_err(|error| format!("the plan in it cannot be read: {error}"))?;
    Ok(Composed { plan, is_simulated: true, ..composed })
}

impl Composer {
    fn new(shift: Shift) -> Self {
        Self {
            shift,
            score: Score::default(),
            links: Links::default(),
            jobs: Jobs::default(),
            notes: Notes::default(),
            faults: Vec::new(),
            told: Vec::new(),
            poison: BTreeSet::new(),
            oversize: BTreeSet::new(),
            found: None,
            is_atomic: true,
            news: 0,
            reads: 0,
            life: Alive {
                number: 0,
                start: Instant::ZERO,
                born: Instant::ZERO,
                slept: Duration::ZERO,
                at: Instant::ZERO,
                last: Now::default(),
                is_stopped: true,
            },
        }
    }

    /// Finds what was set aside in the end since the sink refused it.
    fn refused(&mut self, lives: &[&Life]) {
        let out = lives.iter().flat_map(|life| &life.steps).filter_map(|step| step.out.as_ref()).flatten();
        for deed in out {
            let Deed::Append(append) = deed else { continue };
            for letter in &append.dead_letters {
                if let (Reason::Refused(_), Content::Event(event)) = (&letter.reason, &letter.content) {
                    self.poison.insert(event.payload.key);
                }
            }
        }
    }

    /// A process, from its birth on. False if the run is long enough.
    fn live(&mut self, life: &Life, first: &Life) -> bool {
        self.begin(life, first);
        let mut track = Track::new(life.head.now);
        for step in &life.steps {
            let now = track.read(step);
            self.pass(now);
            let is_long = LENGTH_MAX < self.life.at.since(Instant::ZERO);
            if is_long || EVENTS_MAX < self.notes.len() {
                self.life.at = self.life.at.min(Instant::ZERO + LENGTH_MAX);
                return false;
            }
            self.step(step, now);
        }
        true
    }

    fn begin(&mut self, life: &Life, first: &Life) {
        let (head, last) = (&life.head, self.life);
        let after = match (head.world, first.head.world) {
            (Some(at), Some(began)) => at.since(began),
            _ => head.now.wall.since(first.head.now.wall),
        };
        let mut start = Instant::ZERO + after;
        if last.number > 0 {
            start = start.max(last.at + Duration::from_millis(10));
            self.leave(start);
        }
        self.score.lives.push(Start { at: start, seed: head.config.seed });
        self.links.clear(last.at);
        self.life = Alive {
            number: last.number + 1,
            start,
            born: head.now.monotonic,
            slept: Duration::ZERO,
            at: start,
            last: head.now,
            is_stopped: false,
        };
        if head.config.filter != first.head.config.filter && last.number > 0 {
            self.faults.push(Record::mildest(Fault::FilterChange, self.life.number as u64, 0));
        }
    }

    /// The process is gone, and another one starts then.
    fn leave(&mut self, next: Instant) {
        if self.life.is_stopped {
            return self.jobs.end();
        }
        let at = self.life.at + TICK;
        let dead = next.since(at);
        let fault = if Duration::from_secs(5) < dead { Fault::Eviction } else { Fault::Crash };
        let crash = Record::mildest(fault, 0, self.life.number as u32);
        let crash = with(with(crash, Measure::At, at.as_micros()), Measure::For, dead.as_micros());
        self.jobs.die(at, crash);
    }

    /// Both clocks move on.
    fn pass(&mut self, now: Now) {
        let life = &mut self.life;
        let ahead = now.wall.as_micros().cast_signed()
            - life.last.wall.as_micros().cast_signed()
            - now.monotonic.since(life.last.monotonic).as_micros().cast_signed();
        let attempt = self.faults.len() as u32;
        let moment =
            |fault| with(Record::mildest(fault, 0, attempt), Measure::At, (life.at + TICK).as_micros());
        if SLEEP <= ahead {
            self.faults.push(with(moment(Fault::Suspend), Measure::For, ahead.unsigned_abs()));
            life.slept += Duration::from_micros(ahead.unsigned_abs());
        } else if JITTER < ahead.unsigned_abs() {
            self.faults.push(with(moment(Fault::WallStep), Measure::Step, unsigned(ahead)));
        }
        life.last = now;
        life.at = life.start + now.monotonic.since(life.born) + life.slept;
    }

    fn step(&mut self, step: &Step, now: Now) {
        if let Some(input) = &step.input {
            let number = u32::try_from(self.life.number).unwrap_or(u32::MAX);
            self.told.push(Told::of(number, now.monotonic.since(self.life.born), input));
            self.hear(input);
        }
        for deed in step.out.iter().flatten() {
            self.say(deed);
        }
    }

    fn say(&mut self, deed: &Deed) {
        let at = self.life.at;
        match deed {
            Deed::Load { op } | Deed::Flush { op } => self.jobs.ask(*op, None, at),
            Deed::Append(append) => {
                self.jobs.ask(append.op, Some((append.scope, append.checkpoint.version)), at);
            }
            Deed::Open { epoch, source, .. } => self.links.dial(*epoch, *source, at),
            Deed::Ping { epoch } => self.links.pinged(*epoch, at),
            Deed::Close { epoch, reason } => self.faults.extend(self.links.parted(*epoch, at, *reason)),
            Deed::Stop(_) => self.life.is_stopped = true,
            Deed::Pause { .. } | Deed::Resume { .. } | Deed::Notice(_) | Deed::Ignored(_) => {}
        }
    }

    fn hear(&mut self, input: &Input<Shadow>) {
        let at = self.life.at;
        let is_news = match input {
            Input::Timeout => return self.score.wakes.push(at),
            Input::StopRequested if self.life.is_stopped => return,
            Input::StopRequested => {
                let stop = Record::mildest(Fault::OperatorStop, 0, self.faults.len() as u32);
                return self.faults.push(with(stop, Measure::At, at.as_micros()));
            }
            Input::Received { epoch, items } => {
                let events = items.iter().filter(|item| **item != Item::Info).count();
                let source = self.links.read(*epoch, at, events as u32);
                return source.map_or((), |source| self.receive(source, items));
            }
            Input::Heard { epoch, pong } => return self.links.heard(*epoch, at, *pong),
            Input::Opened { epoch } => self.links.opened(*epoch, at),
            Input::Closed { epoch, closure } => {
                let wrong = self.links.closed(*epoch, at, *closure);
                self.faults.extend(wrong);
                wrong.is_some()
            }
            Input::Loaded { op, loaded } => {
                let is_news = self.jobs.answered(*op, at, loaded.is_ok());
                if let Ok(loaded) = loaded {
                    self.load(loaded);
                }
                is_news
            }
            Input::Flushed { op, flushed } => self.jobs.answered(*op, at, flushed.is_ok()),
            Input::Appended { op, appended } => {
                let is_poison = matches!(appended, Appended::Refused { .. }) && !self.poison.is_empty();
                self.jobs.appended(*op, at, appended, is_poison)
            }
        };
        if is_news {
            self.news += 1;
        } else if !self.life.is_stopped {
            self.faults.push(Record::mildest(Fault::DoubledNews, self.news, 0));
        }
    }

    fn load(&mut self, loaded: &Loaded<Digest>) {
        let loaded = self.shift.loaded(loaded);
        self.jobs.loaded(&loaded);
        for (scope, checkpoint) in &loaded.checkpoints {
            if let Some(witness) = &checkpoint.witness {
                self.notes.know(source_of(scope.source), scope.kind, witness);
            }
        }
        if self.found.is_none() {
            (self.is_atomic, self.found) = (loaded.compares, Some(loaded));
        }
    }

    fn receive(&mut self, source: SourceId, items: &[Item<Shadow>]) {
        self.reads += 1;
        for item in items {
            let (event, is_wanted): (&Event<Shadow>, bool) = match item {
                Item::Event(event) => (event, true),
                Item::Oversize(event, _) => {
                    self.oversize.insert(event.payload.key);
                    (event, true)
                }
                Item::Filtered(event) => (event, false),
                Item::Info => {
                    self.faults.push(Record::mildest(Fault::ControlFrame, self.reads, 0));
                    continue;
                }
                Item::Outdated | Item::Malformed(..) => continue,
            };
            self.notes.hear(source_of(source), self.life.at, event, is_wanted, self.shift);
        }
    }

    fn finish(mut self, lives: &[&Life]) -> Result<Composed, String> {
        let (jobs, wrong) = self.jobs.finish();
        let shift = self.shift;
        let (events, ids) = self.notes.in_order();
        let id = |key: &Digest| ids.get(key).copied().unwrap_or_default();
        let odd = |fault| move |key: &Digest| Record::mildest(fault, u64::from(id(key)), 0);
        self.faults.extend(self.poison.iter().map(odd(Fault::Poison)));
        self.faults.extend(self.oversize.iter().map(odd(Fault::Oversize)));
        self.faults.extend(wrong);
        let number = |key: &Digest| Digest(id(key).into());
        let found = self.found.filter(|found| !found.checkpoints.is_empty());
        self.score.found = found.map(|found| keyed(&found, number));
        let mut sorted = jobs.clone();
        sorted.sort_unstable();
        let takes = sorted.get(sorted.len() / 2).copied().unwrap_or(TICK);
        self.score.wakes.sort_unstable();
        (self.score.events, self.score.jobs, self.score.dials) = (events, jobs, self.links.into_dials());
        let shape = setting::shape(lives, shift, self.life.at, takes, self.is_atomic);
        self.score.check(shape.sources.len())?;
        let plan = Plan {
            seed: 0,
            mode: Mode::Machine,
            chance: Chance::Keyed,
            shape,
            faults: distinct(self.faults),
            change: None,
            score: Some(Arc::new(self.score)),
        };
        Ok(Composed { plan, is_simulated: false, events: ids.len() as u64, told: Arc::new(self.told) })
    }
}

fn source_of(source: SourceId) -> u8 {
    u8::try_from(source.0).unwrap_or(u8::MAX)
}

/// The records, each of another name.
fn distinct(mut records: Vec<Record>) -> Vec<Record> {
    let mut keys = BTreeSet::new();
    records.retain(|record| keys.insert(record.key()));
    records
}
