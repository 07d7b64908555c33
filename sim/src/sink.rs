//! The sink's thread: takes one thing at a time, may be slow, fail, or not say what became of it.

mod queue;

use std::collections::VecDeque;

use highwater_core::Input;
use highwater_core::event::Payload;
use highwater_core::number::Op;
use highwater_core::sink::{Append, Appended, Sink, Unavailable};
use highwater_core::time::{Duration, Instant};

use crate::carrier::Told;
use crate::disk::Disk;
use crate::draw::{Draws, Rare, Site, Stream};
use crate::faults::{Fault, Faults};
pub(crate) use queue::Queue;

/// What events are given to.
#[derive(Clone, Debug)]
pub(crate) enum Store<P: Payload> {
    /// Everything of an append at once.
    Atomic(Disk<P>),
    /// The events at once, the rest later.
    Queue(Queue<P>),
}

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
    Plain,
    Slow,
    Unavailable,
    /// Done, and the reply is lost.
    Done,
    /// Not done, and nobody can tell.
    Undone,
    /// Done later, after nobody could tell.
    Late,
    /// One event refused that would be taken the next time.
    Refusal,
}

const TURNS: [(Fault, Turn); 6] = [
    (Fault::SinkSlow, Turn::Slow),
    (Fault::SinkUnavailable, Turn::Unavailable),
    (Fault::SinkUnknownDone, Turn::Done),
    (Fault::SinkUnknownUndone, Turn::Undone),
    (Fault::SinkUnknownLate, Turn::Late),
    (Fault::SinkRefusal, Turn::Refusal),
];

/// A slow sink takes so long at most: longer than any grace.
const SLOW_MAX: Duration = Duration::from_secs(20);
/// What nobody can tell of lands within this, if at all.
const LATE_MAX: Duration = Duration::from_secs(5);

/// A reply, and when it reaches the machine.
#[derive(Debug)]
pub(crate) struct Reply<P: Payload> {
    /// The reply.
    pub(crate) input: Input<P>,
    /// When.
    pub(crate) at: Instant,
}

/// The sink and its thread.
#[derive(Clone, Debug)]
pub(crate) struct Worker<P: Payload> {
    store: Store<P>,
    jobs: VecDeque<Job<P>>,
    turn: Turn,
    usual: Duration,
    out_until: Instant,
    straggler: Option<Append<P>>,
    stream: Stream,
    rares: [Rare; TURNS.len()],
}

impl<P: Told + PartialEq> Worker<P> {
    /// An empty sink; `usual` is how long it takes to do something.
    pub(crate) fn new(store: Store<P>, usual: Duration, draws: Draws, faults: &Faults) -> Self {
        Self {
            store,
            jobs: VecDeque::new(),
            turn: Turn::Plain,
            usual,
            out_until: Instant::ZERO,
            straggler: None,
            stream: draws.stream(Site::Sink, 0),
            rares: TURNS.map(|(fault, _)| faults.rare(fault, Site::SinkFault)),
        }
    }

    /// What is durable, and what the process takes for the checkpoint.
    pub(crate) fn disk(&self) -> &Disk<P> {
        match &self.store {
            Store::Atomic(disk) => disk,
            Store::Queue(queue) => queue.now(),
        }
    }

    /// Takes a job. Says when it will be done, if it begins at once.
    pub(crate) fn submit(&mut self, job: Job<P>, now: Instant, faults: &mut Faults) -> Option<Instant> {
        self.jobs.push_back(job);
        (self.jobs.len() == 1).then(|| self.begin(now, faults))
    }

    /// Begins the next job, if there is one. Says when it will be done.
    pub(crate) fn next(&mut self, now: Instant, faults: &mut Faults) -> Option<Instant> {
        (!self.jobs.is_empty()).then(|| self.begin(now, faults))
    }

    fn begin(&mut self, now: Instant, faults: &mut Faults) -> Instant {
        self.turn = Turn::Plain;
        let is_append = matches!(self.jobs.front(), Some(Job::Append(_)));
        for ((fault, turn), rare) in TURNS.into_iter().zip(&mut self.rares) {
            let can_be = is_append || matches!(turn, Turn::Slow | Turn::Unavailable);
            if can_be && rare.happens() && self.turn == Turn::Plain {
                faults.fire(fault);
                self.turn = turn;
            }
        }
        if now < self.out_until {
            self.turn = Turn::Unavailable;
        }
        match self.turn {
            Turn::Slow => now + self.stream.span(Duration::from_millis(100), SLOW_MAX),
            _ => now + self.usual,
        }
    }

    /// Does the job in hand.
    pub(crate) fn land(&mut self, now: Instant) -> Option<Reply<P>> {
        let job = self.jobs.pop_front()?;
        if let Store::Queue(queue) = &mut self.store {
            queue.tick(now);
        }
        let is_out = self.turn == Turn::Unavailable;
        let input = match job {
            Job::Load(op) => {
                let loaded = if is_out { Err(Unavailable) } else { self.sink().open() };
                Input::Loaded { op, loaded }
            }
            Job::Flush(op) => {
                let flushed = if is_out { Err(Unavailable) } else { self.sink().flush() };
                Input::Flushed { op, flushed }
            }
            Job::Append(append) => Input::Appended { op: append.op, appended: self.append(append) },
        };
        let is_late = self.stream.one_in(8);
        let at = if is_late { now + self.stream.span(Duration::ZERO, self.usual * 4) } else { now };
        Some(Reply { input, at })
    }

    fn append(&mut self, append: Append<P>) -> Appended {
        match self.turn {
            Turn::Plain | Turn::Slow => self.sink().append(&append),
            Turn::Unavailable => Appended::Unavailable,
            Turn::Undone => Appended::Unknown,
            Turn::Done => match self.sink().append(&append) {
                Appended::Stored { .. } => Appended::Unknown,
                refusal => refusal,
            },
            Turn::Late => {
                self.straggler = Some(append);
                Appended::Unknown
            }
            Turn::Refusal if append.events.is_empty() => self.sink().append(&append),
            Turn::Refusal => {
                let index = self.stream.below(append.events.len() as u64) as u32;
                Appended::Refused { index, why: "not this time".to_owned() }
            }
        }
    }

    /// When the append that nobody can tell of is tried, if there is one.
    pub(crate) fn straggles_at(&mut self, now: Instant) -> Option<Instant> {
        self.straggler.as_ref()?;
        Some(now + self.stream.span(Duration::ZERO, LATE_MAX))
    }

    /// The append that nobody can tell of arrives at last; if somebody opened the sink since, it is refused.
    pub(crate) fn straggle(&mut self) {
        if let Some(append) = self.straggler.take() {
            self.sink().append(&append);
        }
    }

    /// The process dies. What was in hand may have been done just before.
    pub(crate) fn crash(&mut self) {
        let is_done = self.turn != Turn::Unavailable && self.stream.one_in(2);
        if let Some(Job::Append(append)) = self.jobs.pop_front().filter(|_| is_done) {
            self.sink().append(&append);
        }
        self.jobs.clear();
        if let Store::Queue(queue) = &mut self.store {
            queue.crash();
        }
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
        }
    }

    /// Nothing goes wrong from now on.
    pub(crate) fn heal(&mut self) {
        self.out_until = Instant::ZERO;
        self.rares.iter_mut().for_each(Rare::heal);
    }

    fn sink(&mut self) -> &mut dyn Sink<P> {
        match &mut self.store {
            Store::Atomic(disk) => disk,
            Store::Queue(queue) => queue,
        }
    }
}
