//! The sink's thread: takes one thing at a time, may be slow, fail, or not say what became of it.

mod guest;
mod queue;
#[cfg(test)]
mod sabotage;
mod store;
mod theirs;

use std::collections::VecDeque;

use highwater_core::Input;
use highwater_core::event::Payload;
use highwater_core::number::Op;
use highwater_core::sink::{Append, Appended, Sink, Unavailable};
use highwater_core::time::{Duration, Instant};

use crate::carrier::Told;
use crate::disk::{Disk, Records};
use crate::draw::{Draws, Site, Stream};
use crate::faults::{Fault, Faults, Measure, Rare, Record};
use crate::oracle::Violation;
use crate::score::Takes;
use crate::storage::Strike;
use crate::truth::EventId;
pub(crate) use guest::{Guest, Visit};
pub(crate) use store::Store;
pub(crate) use theirs::Theirs;

/// Something for the sink to do.
#[derive(Clone, Debug)]
pub(crate) enum Job<P: Payload> {
    /// Open, and say what is durable.
    Load(Op),
    /// Append.
    Append(Append<P>),
    /// Make durable what was answered for.
    Flush(Op),
}

/// What becomes of a job, and what is said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It is done.
    Plain,
    /// It cannot be done now.
    Unavailable,
    /// It goes wrong in this way.
    Wrong(Record),
}

/// What may become of any job.
const OF_ALL: [Fault; 2] = [Fault::SinkSlow, Fault::SinkUnavailable];
/// What may become of an append.
const OF_APPENDS: [Fault; 4] =
    [Fault::SinkUnknownDone, Fault::SinkUnknownUndone, Fault::SinkUnknownLate, Fault::SinkRefusal];

/// A reply, and when it reaches the machine.
#[derive(Debug)]
pub(crate) struct Reply<P: Payload> {
    /// The reply.
    pub(crate) input: Input<P>,
    /// When.
    pub(crate) at: Instant,
}

/// The sink and its thread.
#[derive(Debug)]
pub(crate) struct Worker<P: Payload> {
    store: Store<P>,
    jobs: VecDeque<Job<P>>,
    turn: Turn,
    takes: Takes,
    out_until: Instant,
    straggler: Option<(Append<P>, Duration)>,
    begun: u64,
    /// The good event that was last refused.
    refused: Option<EventId>,
    /// A planted bug: see [`Worker::sabotage`].
    #[cfg(test)]
    forgets: Option<bool>,
    stream: Stream,
    of_all: [Rare; OF_ALL.len()],
    of_appends: [Rare; OF_APPENDS.len()],
}

impl<P: Told + PartialEq> Worker<P> {
    /// A sink, and how long it takes to do something.
    pub(crate) fn new(store: Store<P>, takes: Takes, draws: Draws, faults: &Faults) -> Self {
        Self {
            store,
            jobs: VecDeque::new(),
            turn: Turn::Plain,
            takes,
            out_until: Instant::ZERO,
            straggler: None,
            begun: 0,
            refused: None,
            #[cfg(test)]
            forgets: None,
            stream: draws.stream(Site::Sink, 0),
            of_all: OF_ALL.map(|fault| faults.rare(fault)),
            of_appends: OF_APPENDS.map(|fault| faults.rare(fault)),
        }
    }

    /// What is durable, and what the process takes for the checkpoint.
    pub(crate) fn disk(&self) -> &Disk<P> {
        match &self.store {
            Store::Atomic(disk) => disk,
            Store::Queue(queue) => queue.now(),
            Store::Theirs(theirs) => theirs.model(),
        }
    }

    /// What a new process would take for the checkpoints.
    pub(crate) fn durable(&self) -> &Records<P> {
        match &self.store {
            Store::Atomic(disk) => disk.records(),
            Store::Queue(queue) => queue.file(),
            Store::Theirs(theirs) => theirs.model().records(),
        }
    }

    /// Takes a job. Says when it will be done, if it begins at once.
    pub(crate) fn submit(&mut self, job: Job<P>, now: Instant, faults: &mut Faults) -> Option<Instant> {
        self.jobs.push_back(job);
        (self.jobs.len() == 1).then(|| self.begin(now, faults))
    }

    /// Whether it has something in hand.
    pub(crate) fn is_busy(&self) -> bool {
        !self.jobs.is_empty()
    }

    /// Whether nothing would be forgotten if the process died now.
    pub(crate) fn is_written(&self) -> bool {
        match &self.store {
            Store::Atomic(_) | Store::Theirs(_) => true,
            Store::Queue(queue) => queue.is_written(),
        }
    }

    /// Begins the next job, if there is one. Says when it will be done.
    pub(crate) fn next(&mut self, now: Instant, faults: &mut Faults) -> Option<Instant> {
        (!self.jobs.is_empty()).then(|| self.begin(now, faults))
    }

    fn begin(&mut self, now: Instant, faults: &mut Faults) -> Instant {
        let is_append = matches!(self.jobs.front(), Some(Job::Append(_)));
        let of_appends = self.of_appends.iter_mut().filter(|_| is_append);
        let rares = self.of_all.iter_mut().chain(of_appends);
        // All are asked, and the first one strikes.
        let struck = rares.fold(None, |struck, rare| {
            let strikes = rare.strikes(self.begun);
            struck.or(strikes)
        });
        self.begun += 1;
        self.turn = struck.map_or(Turn::Plain, Turn::Wrong);
        if let Some(record) = struck {
            faults.note(now, record);
        }
        if now < self.out_until {
            self.turn = Turn::Unavailable;
        }
        match self.turn {
            Turn::Wrong(record) if record.fault == Fault::SinkSlow => now + record.span(Measure::For),
            _ => now + self.takes.of(self.begun - 1),
        }
    }

    /// Whether the sink cannot be asked. One of theirs is, and finds its storage out of reach.
    fn is_out(&self) -> bool {
        match self.turn {
            Turn::Plain => false,
            _ if self.is_theirs() => false,
            Turn::Unavailable => true,
            Turn::Wrong(record) => record.fault == Fault::SinkUnavailable,
        }
    }

    /// Does the job in hand.
    pub(crate) fn land(&mut self, now: Instant) -> Option<Reply<P>> {
        let job = self.jobs.pop_front()?;
        let turn = self.turn;
        match &mut self.store {
            Store::Atomic(_) => {}
            Store::Queue(queue) => queue.tick(now),
            Store::Theirs(theirs) => theirs.turn(now, strike(turn, theirs)),
        }
        let is_out = self.is_out();
        let input = match job {
            Job::Load(op) => {
                let loaded = if is_out { Err(Unavailable) } else { self.sink().open() };
                Input::Loaded { op, loaded }
            }
            Job::Flush(op) => {
                let flushed = if is_out { Err(Unavailable) } else { self.sink().flush() };
                Input::Flushed { op, flushed }
            }
            Job::Append(append) => {
                #[cfg(test)]
                if let Some(answer) = self.forget(&append) {
                    return Some(Reply {
                        input: Input::Appended { op: append.op, appended: answer },
                        at: now,
                    });
                }
                Input::Appended { op: append.op, appended: self.append(append) }
            }
        };
        let is_late = self.takes.known(self.begun - 1).is_none() && self.stream.one_in(8);
        let at = if is_late { now + self.stream.span(Duration::ZERO, self.takes.usual * 4) } else { now };
        Some(Reply { input, at })
    }

    fn append(&mut self, append: Append<P>) -> Appended {
        let record = match self.turn {
            Turn::Plain => return self.sink().append(&append),
            Turn::Unavailable if self.is_theirs() => return self.sink().append(&append),
            Turn::Unavailable => return Appended::Unavailable,
            Turn::Wrong(record) => record,
        };
        match record.fault {
            // It is their storage that this befalls.
            Fault::SinkUnavailable | Fault::SinkUnknownUndone | Fault::SinkUnknownDone
                if self.is_theirs() =>
            {
                self.sink().append(&append)
            }
            Fault::SinkUnavailable => {
                if let Store::Queue(queue) = &mut self.store {
                    queue.fail(&append);
                }
                Appended::Unavailable
            }
            Fault::SinkUnknownUndone => Appended::Unknown,
            Fault::SinkUnknownDone => match self.sink().append(&append) {
                Appended::Stored { .. } => Appended::Unknown,
                refusal => refusal,
            },
            Fault::SinkUnknownLate => {
                self.straggler = Some((append, record.span(Measure::For)));
                Appended::Unknown
            }
            Fault::SinkRefusal => match self.pick_refused(&append, record.number(Measure::Which)) {
                Some(index) => Appended::Refused { index, why: "not this time".to_owned() },
                None => self.sink().append(&append),
            },
            _ => self.sink().append(&append),
        }
    }

    /// A good event to refuse: any that came once, but not twice in a row the same, or it would be set aside with good
    /// reason.
    fn pick_refused(&mut self, append: &Append<P>, which: u64) -> Option<u32> {
        let index = which.checked_rem(append.events.len() as u64)? as usize;
        let id = append.events.get(index)?.payload.id();
        let is_one = append.events.iter().filter(|event| event.payload.id() == id).count() == 1;
        let is_new = self.refused.replace(id) != Some(id);
        (is_one && is_new).then_some(index as u32)
    }

    /// When the append that nobody can tell of is tried, if there is one.
    pub(crate) fn straggles_at(&self, now: Instant) -> Option<Instant> {
        self.straggler.as_ref().map(|(_, after)| now + *after)
    }

    /// The append that nobody can tell of arrives at last; if somebody opened the sink since, it is refused.
    pub(crate) fn straggle(&mut self) {
        if let Some((append, _)) = self.straggler.take() {
            self.sink().append(&append);
        }
    }

    /// The process is gone. If what was in hand `lands`, it was done just before; of theirs so many writes.
    pub(crate) fn end_life(&mut self, lands: Option<u64>) {
        let is_done = lands.is_some() && !self.is_out();
        let hand = self.jobs.pop_front();
        self.jobs.clear();
        if let Store::Theirs(theirs) = &mut self.store {
            return theirs.die(hand, lands);
        }
        match hand.filter(|_| is_done) {
            Some(Job::Append(append)) => {
                self.sink().append(&append);
            }
            Some(Job::Flush(_)) => {
                let _ = self.sink().flush();
            }
            Some(Job::Load(_)) | None => {}
        }
        if let Store::Queue(queue) = &mut self.store {
            queue.crash();
        }
    }

    /// Whether what is in hand as a process ends by itself is done all the same: any of both may be.
    pub(crate) fn lands_by_chance(&mut self) -> bool {
        self.stream.one_in(2)
    }

    /// How many jobs it has begun.
    pub(crate) fn begun(&self) -> u64 {
        self.begun
    }

    /// It cannot be used until `until`.
    pub(crate) fn go_out(&mut self, until: Instant) {
        self.out_until = until;
    }

    /// Another writer opens it.
    pub(crate) fn raise_fence(&mut self) {
        match &mut self.store {
            Store::Atomic(disk) => {
                disk.raise_fence();
            }
            Store::Queue(_) => {}
            Store::Theirs(theirs) => theirs.raise_fence(),
        }
    }

    /// From now on this sink is used.
    pub(crate) fn invite(&mut self, guest: Box<dyn Guest<P>>) {
        self.store = Store::Theirs(Theirs::new(guest));
    }

    /// What a sink of theirs did that is worth telling, and what it did wrong.
    pub(crate) fn take_news(&mut self) -> (Vec<String>, Option<Violation>) {
        match &mut self.store {
            Store::Atomic(_) | Store::Queue(_) => (Vec::new(), None),
            Store::Theirs(theirs) => theirs.take_news(),
        }
    }

    /// Whether the sink itself would not take an event that others would.
    pub(crate) fn refuses(&self, id: EventId) -> bool {
        matches!(&self.store, Store::Theirs(theirs) if theirs.refuses(id))
    }

    /// Looks at what is stored, where that is theirs.
    pub(crate) fn look(&mut self) {
        if let Store::Theirs(theirs) = &mut self.store {
            theirs.look();
        }
    }

    /// Whether somebody else's is used, which has a judge of its own.
    pub(crate) fn is_theirs(&self) -> bool {
        matches!(self.store, Store::Theirs(_))
    }

    /// Other things may go wrong from now on.
    pub(crate) fn turn(&mut self, faults: &Faults) {
        let next = self.begun;
        self.of_all.iter_mut().chain(&mut self.of_appends).for_each(|rare| rare.turn(next, faults));
    }

    /// Nothing goes wrong from now on.
    pub(crate) fn heal(&mut self) {
        self.out_until = Instant::ZERO;
        self.takes.forget();
        self.of_all.iter_mut().chain(&mut self.of_appends).for_each(Rare::heal);
    }

    fn sink(&mut self) -> &mut dyn Sink<P> {
        match &mut self.store {
            Store::Atomic(disk) => disk,
            Store::Queue(queue) => queue,
            Store::Theirs(theirs) => theirs,
        }
    }
}

/// How a turn befalls a storage of theirs: which of the job's writes, is for the number of the job to say.
fn strike<P: Told + PartialEq>(turn: Turn, theirs: &Theirs<P>) -> Option<Strike> {
    let record = match turn {
        Turn::Plain => return None,
        Turn::Unavailable => return Some(Strike::Out),
        Turn::Wrong(record) => record,
    };
    let at = theirs.one_of_its_writes(record.entity);
    match record.fault {
        Fault::SinkUnavailable => Some(Strike::Undone(at)),
        Fault::SinkUnknownUndone => Some(Strike::Unknown(at, false)),
        Fault::SinkUnknownDone => Some(Strike::Unknown(at, true)),
        _ => None,
    }
}
