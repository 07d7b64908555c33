//! What the sink of a recorded run had to do: how long it took, what went wrong with it, and what was done of it.

use std::collections::VecDeque;

use highwater_core::digest::Digest;
use highwater_core::number::{Op, Version};
use highwater_core::scope::Scope;
use highwater_core::sink::{Appended, Loaded};
use highwater_core::time::{Duration, Instant};

use super::with;
use crate::faults::{Fault, Measure, Record};

/// The jobs so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Jobs {
    takes: Vec<Duration>,
    waiting: VecDeque<Job>,
    hand: Option<Job>,
    /// What nobody could tell of: the record of it, and what would be durable if it was done.
    unknown: Vec<(Record, Promise)>,
    /// What went wrong.
    faults: Vec<Record>,
}

/// What an append makes durable.
type Promise = (Scope, Version);

#[derive(Clone, Copy, Debug)]
struct Job {
    op: Op,
    begun_at: Instant,
    promise: Option<Promise>,
}

/// What nobody answered took longer than this.
const NEVER: Duration = Duration::from_secs(1);

impl Jobs {
    /// The machine wants something done.
    pub(super) fn ask(&mut self, op: Op, promise: Option<Promise>, at: Instant) {
        self.waiting.push_back(Job { op, begun_at: at, promise });
        self.begin(at);
    }

    fn begin(&mut self, at: Instant) {
        if self.hand.is_none()
            && let Some(job) = self.waiting.pop_front()
        {
            self.hand = Some(Job { begun_at: at, ..job });
            self.takes.push(NEVER);
        }
    }

    /// The number of the job in hand, if this answers it; none if that is no news.
    fn land(&mut self, op: Op, at: Instant) -> Option<(u64, Job)> {
        let job = self.hand.take_if(|job| job.op == op)?;
        let last = self.takes.last_mut()?;
        *last = at.since(job.begun_at).max(Duration::from_micros(1));
        let number = self.takes.len() as u64 - 1;
        self.begin(at);
        Some((number, job))
    }

    /// Something is answered that can only be done or not. False if that is no news.
    pub(super) fn answered(&mut self, op: Op, at: Instant, is_done: bool) -> bool {
        let Some((number, _)) = self.land(op, at) else { return false };
        if !is_done {
            self.faults.push(Record::mildest(Fault::SinkUnavailable, number, 0));
        }
        true
    }

    /// An append is answered; `is_poison` says whether the sink refuses one of its events for good. False if that is
    /// no news.
    pub(super) fn appended(&mut self, op: Op, at: Instant, appended: &Appended, is_poison: bool) -> bool {
        let Some((number, job)) = self.land(op, at) else { return false };
        let of = |fault| Record::mildest(fault, number, 0);
        match appended {
            Appended::Unavailable => self.faults.push(of(Fault::SinkUnavailable)),
            Appended::Unknown => {
                let undone = of(Fault::SinkUnknownUndone);
                match job.promise {
                    Some(promise) => self.unknown.push((undone, promise)),
                    None => self.faults.push(undone),
                }
            }
            Appended::Refused { index, .. } if !is_poison => {
                self.faults.push(with(of(Fault::SinkRefusal), Measure::Which, u64::from(*index)));
            }
            // Poison is the event's own fault, and no fault of the sink.
            Appended::Stored { .. } | Appended::Conflict | Appended::Refused { .. } => {}
            Appended::Fenced => {
                let fence = Record::mildest(Fault::Fence, 0, self.faults.len() as u32);
                self.faults.push(with(fence, Measure::At, job.begun_at.as_micros()));
            }
        }
        true
    }

    /// The process dies by `crash`; what of its work was done, the next one will find.
    pub(super) fn die(&mut self, at: Instant, crash: Record) {
        self.waiting.clear();
        match self.hand.take() {
            Some(job) => {
                if let Some(last) = self.takes.last_mut() {
                    *last = at.since(job.begun_at) + NEVER;
                }
                match job.promise {
                    Some(promise) => self.unknown.push((crash, promise)),
                    None => self.faults.push(crash),
                }
            }
            None => self.faults.push(crash),
        }
    }

    /// The process ends by itself.
    pub(super) fn end(&mut self) {
        self.waiting.clear();
        self.hand = None;
    }

    /// This is durable: so what was not known is known now.
    pub(super) fn loaded(&mut self, loaded: &Loaded<Digest>) {
        for (record, (scope, version)) in core::mem::take(&mut self.unknown) {
            let found = loaded.checkpoints.iter().find(|(of, _)| *of == scope);
            let is_done = found.is_some_and(|(_, checkpoint)| version <= checkpoint.version);
            self.faults.push(match (record.fault(), is_done) {
                (_, false) => record,
                (Fault::SinkUnknownUndone, true) => {
                    Record::mildest(Fault::SinkUnknownDone, record.entity, record.attempt)
                }
                (_, true) => with(record, Measure::Lands, 1),
            });
        }
    }

    /// How long each took, and what went wrong.
    pub(super) fn finish(mut self) -> (Vec<Duration>, Vec<Record>) {
        self.faults.extend(self.unknown.into_iter().map(|(record, _)| record));
        (self.takes, self.faults)
    }
}
