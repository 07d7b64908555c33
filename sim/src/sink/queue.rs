//! A sink that cannot be atomic: events go into a queue at once, the checkpoint to a file every so often.
//!
//! What an append answers for is accepted, not yet safe to resume behind: after a crash the tail that the file does
//! not know of is read and queued again. A flush writes the file at once.

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
    written_at: Instant,
    rows_written: usize,
}

impl<P: Told + PartialEq> Queue<P> {
    /// An empty queue and no file.
    pub(crate) fn new() -> Self {
        let (now, file) = (Disk::new(false), Records::default());
        Self { now, file, written_at: Instant::ZERO, rows_written: 0 }
    }

    /// Time passes: the file may be due.
    pub(crate) fn tick(&mut self, now: Instant) {
        let unwritten = self.now.rows().len() - self.rows_written;
        if PERSIST_AFTER <= now.since(self.written_at) || PERSIST_EVENTS <= unwritten {
            self.write();
            self.written_at = now;
        }
    }

    /// The process is gone, and what only it knew.
    pub(crate) fn crash(&mut self) {
        self.now.go_back_to(&self.file);
    }

    /// What the queue holds, and what the process takes for the checkpoint.
    pub(crate) fn now(&self) -> &Disk<P> {
        &self.now
    }

    fn write(&mut self) {
        self.rows_written = self.now.rows().len();
        self.file = self.now.records().clone();
    }
}

impl<P: Told + PartialEq> Sink<P> for Queue<P> {
    fn open(&mut self) -> Result<Loaded<P::Key>, Unavailable> {
        self.now.open()
    }

    fn append(&mut self, append: &Append<P>) -> Appended {
        self.now.append(append)
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        self.write();
        Ok(())
    }
}
