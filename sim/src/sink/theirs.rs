//! A sink of the user's in the place of the world's own, and judged at every turn.
//!
//! It is called as production would call it, and its storage is cut off where that hurts most: before, between and
//! behind its writes. What it sent as its process died may still arrive, after the next process has opened the storage.

mod judge;

use highwater_core::event::Payload;
use highwater_core::sink::{Append, Appended, Loaded, Sink, Unavailable};
use highwater_core::time::Instant;

use super::Job;
use super::guest::Guest;
use crate::carrier::Told;
use crate::disk::Disk;
use crate::disk::poisoned;
use crate::oracle::Violation;
use crate::storage::Strike;
use judge::Judge;

/// What is stored is looked at after so many jobs though nothing went wrong; after more, where there is more to look at.
const LOOK_EACH: usize = 64;

/// A guest, and what is known of it.
#[derive(Debug)]
pub(crate) struct Theirs<P: Payload> {
    guest: Box<dyn Guest<P>>,
    judge: Judge<P>,
    now: Instant,
    /// What is in store for the job in hand.
    strike: Option<Strike>,
    /// So many writes its longest job took so far.
    writes: u32,
    /// Jobs since what is stored was last looked at.
    jobs: usize,
    /// What a process had sent that is gone.
    sent: Option<Append<P>>,
    said: Vec<String>,
    found: Option<Violation>,
}

impl<P: Told + PartialEq> Theirs<P> {
    /// Nothing is stored yet.
    pub(crate) fn new(guest: Box<dyn Guest<P>>) -> Self {
        Self {
            guest,
            judge: Judge::new(),
            now: Instant::ZERO,
            strike: None,
            writes: 1,
            jobs: 0,
            sent: None,
            said: Vec::new(),
            found: None,
        }
    }

    /// What must be stored by now.
    pub(crate) fn model(&self) -> &Disk<P> {
        self.judge.model()
    }

    /// Whether the sink itself would not take an event.
    pub(crate) fn refuses(&self, id: crate::truth::EventId) -> bool {
        self.judge.refuses(id)
    }

    /// A job begins.
    pub(super) fn turn(&mut self, now: Instant, strike: Option<Strike>) {
        (self.now, self.strike) = (now, strike);
        self.jobs += 1;
    }

    /// One of the writes that a job may take.
    pub(super) fn one_of_its_writes(&self, number: u64) -> u32 {
        (number % u64::from(self.writes)) as u32
    }

    /// What there is to be told since it was last asked, and what was found.
    pub(crate) fn take_news(&mut self) -> (Vec<String>, Option<Violation>) {
        (core::mem::take(&mut self.said), self.found.take())
    }

    /// Looks whether all is stored that must be.
    pub(crate) fn look(&mut self) {
        let (guest, judge) = (&self.guest, &mut self.judge);
        let looked = guest.shown().and_then(|shown| judge.examine(&shown, None));
        self.find(looked);
    }

    /// The process dies. If what it had in hand `lands`, some of its writes are done: the number says how many.
    pub(super) fn die(&mut self, hand: Option<Job<P>>, lands: Option<u64>) {
        self.guest.lay_ghost();
        self.sent = None;
        let mut limbo = None;
        match (hand, lands) {
            (Some(Job::Append(append)), Some(number)) if poisoned(&append).is_none() => {
                let before = (number % (u64::from(self.writes) + 1)) as u32;
                self.guest.begin(self.now, Some(Strike::Death(before)));
                self.guest.sink().append(&append);
                let (asked, done) = self.guest.end();
                self.said.push(match asked - done {
                    0 => format!("append {} is done as the process dies", append.op),
                    _ => format!("the process dies inside append {}, {done} writes done", append.op),
                });
                self.guest.die(false);
                limbo = Some(append);
            }
            (Some(Job::Append(append)), None) => {
                self.guest.die(true);
                self.sent = Some(append);
            }
            (Some(Job::Flush(_)), Some(_)) => {
                let _ = self.guest.sink().flush();
                self.guest.die(false);
            }
            _ => self.guest.die(false),
        }
        let shown = self.guest.shown();
        let looked = shown.and_then(|shown| self.judge.crashed(&shown, limbo.as_ref()));
        self.find(looked);
    }

    /// Another writer opens the storage.
    pub(super) fn raise_fence(&mut self) {
        self.guest.begin(self.now, None);
        let loaded = self.guest.rival();
        self.guest.end();
        self.said.push("another writer opens the storage".to_owned());
        self.judge_opening(&loaded);
    }

    fn judge_opening(&mut self, loaded: &Result<Loaded<P::Key>, Unavailable>) {
        let Ok(loaded) = loaded else { return };
        let looked = self.guest.shown().and_then(|shown| self.judge.opened(loaded, &shown));
        self.find(looked);
    }

    /// What a dead process had sent arrives, now that another has opened the storage.
    fn arrive(&mut self) {
        let Some(append) = self.sent.take() else { return };
        let Some(ghost) = self.guest.ghost() else { return };
        let appended = ghost.append(&append);
        self.guest.lay_ghost();
        self.said.push(format!("append {} of the process before arrives", append.op));
        let shown = self.guest.shown();
        let looked = shown.and_then(|shown| self.judge.arrived(&append, &appended, &shown));
        self.find(looked);
    }

    fn find(&mut self, looked: Result<(), Violation>) {
        if let Err(violation) = looked {
            self.found.get_or_insert(violation);
        }
    }
}

impl<P: Told + PartialEq> Sink<P> for Theirs<P> {
    fn open(&mut self) -> Result<Loaded<P::Key>, Unavailable> {
        self.guest.begin(self.now, self.strike.take());
        let loaded = self.guest.sink().open();
        self.guest.end();
        self.judge_opening(&loaded);
        match loaded {
            Ok(_) => self.arrive(),
            // It may be the dead process that bars the way, as one does that still holds a lock: it is gone for good.
            Err(Unavailable) => self.guest.lay_ghost(),
        }
        loaded
    }

    fn append(&mut self, append: &Append<P>) -> Appended {
        // What no sink takes, this one is not asked to.
        if let Some(refusal) = poisoned(append) {
            return refusal;
        }
        let strike = self.strike.take();
        self.guest.begin(self.now, strike);
        let appended = self.guest.sink().append(append);
        let (asked, done) = self.guest.end();
        self.writes = self.writes.max(asked);
        self.said.extend(strike.and_then(|strike| words(strike, asked, append)));
        let is_due = LOOK_EACH.max(self.model().rows().len()) <= self.jobs;
        let is_stored = matches!(appended, Appended::Stored { .. });
        // Where nothing was written, nothing has changed; but then nothing can be stored either.
        let looks = is_due || (is_stored && strike.is_some()) || (!is_stored && done > 0);
        self.jobs = if looks { 0 } else { self.jobs };
        let shown = looks.then(|| self.guest.shown()).transpose();
        let looked = shown.and_then(|shown| self.judge.answered(append, &appended, shown.as_ref()));
        self.find(looked);
        appended
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        self.guest.begin(self.now, self.strike.take());
        let flushed = self.guest.sink().flush();
        self.guest.end();
        if flushed.is_ok() {
            let looked = self.guest.shown().and_then(|shown| self.judge.flushed(&shown));
            self.find(looked);
        }
        flushed
    }
}

/// What befell an append that asked for so many writes, if it did.
fn words<P: Payload>(strike: Strike, asked: u32, append: &Append<P>) -> Option<String> {
    let (at, how) = match strike {
        Strike::Undone(at) => (at, "fails"),
        Strike::Unknown(at, true) => (at, "is done, unheard"),
        Strike::Unknown(at, false) => (at, "is lost, unheard"),
        Strike::Out | Strike::Death(_) => return None,
    };
    (at < asked).then(|| format!("append {}: write {} of {asked} {how}", append.op, at + 1))
}
