//! A sink that cannot be atomic: events go into a queue at once, the checkpoint to a file every so often.
//!
//! What an append answers for is accepted, not yet safe to resume behind: after a crash the tail that the file does
//! not know of is read and queued again. A flush writes the file at once, and so does an opening. The file is replaced
//! whole, so that after any crash it is the one before or the one after, and never a torn one; but an append that
//! fails may have queued a part of its events.

use highwater_core::event::Payload;
use highwater_core::sink::{Append, Appended, Loaded, Sink, Unavailable};
use highwater_core::time::{Duration, Instant};

use crate::carrier::Told;
use crate::disk::{Disk, Records};

/// The file is written when it is so old.
const PERSIST_AFTER: Duration = Duration::from_secs(5);
/// The file is written when so many events are not in it.
const PERSIST_EVENTS: usize = 1_000;

/// A queue and a file.
#[derive(Clone, Debug)]
pub(crate) struct Queue<P: Payload> {
    /// Its rows are the queue, which is durable; its records are in memory.
    now: Disk<P>,
    /// What the file says.
    file: Records<P>,
    time: Instant,
    /// Since when something is not in the file.
    unwritten_since: Option<Instant>,
    rows_written: usize,
}

impl<P: Told + PartialEq> Queue<P> {
    /// An empty queue and no file.
    pub(crate) fn new() -> Self {
        let (now, file) = (Disk::new(false), Records::default());
        Self { now, file, time: Instant::ZERO, unwritten_since: None, rows_written: 0 }
    }

    /// This was durable before.
    pub(crate) fn find(&mut self, found: Loaded<P::Key>) {
        self.now.find(found);
        self.file = self.now.records().clone();
    }

    /// It is that late by now.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.time = now;
    }

    /// An append fails when half of its events are in the queue.
    pub(crate) fn fail(&mut self, append: &Append<P>) {
        self.now.take_in(&append.events[..append.events.len() / 2]);
    }

    /// The process is gone, and what only it knew.
    pub(crate) fn crash(&mut self) {
        self.now.go_back_to(&self.file);
    }

    /// What the queue holds, and what the process takes for the checkpoint.
    pub(crate) fn now(&self) -> &Disk<P> {
        &self.now
    }

    /// What the file says.
    pub(crate) fn file(&self) -> &Records<P> {
        &self.file
    }

    /// Whether the file says all.
    pub(crate) fn is_written(&self) -> bool {
        self.unwritten_since.is_none()
    }

    fn is_due(&self) -> bool {
        let is_old = self.unwritten_since.is_some_and(|since| PERSIST_AFTER <= self.time.since(since));
        is_old || PERSIST_EVENTS <= self.now.rows().len() - self.rows_written
    }

    fn write(&mut self) {
        self.rows_written = self.now.rows().len();
        self.unwritten_since = None;
        self.file = self.now.records().clone();
    }
}

impl<P: Told + PartialEq> Sink<P> for Queue<P> {
    fn open(&mut self) -> Result<Loaded<P::Key>, Unavailable> {
        let loaded = self.now.open();
        self.write();
        loaded
    }

    fn append(&mut self, append: &Append<P>) -> Appended {
        let appended = self.now.append(append);
        if matches!(appended, Appended::Stored { .. }) {
            self.unwritten_since.get_or_insert(self.time);
            if self.is_due() {
                self.write();
            }
        }
        appended
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        self.write();
        Ok(())
    }
}
