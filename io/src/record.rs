//! Records a run: what the machine was told and what it did, to be replayed by the simulator.
//!
//! ```text
//! driver ──steps──▶ thread: to text ──▶ a file and the one before it, or memory that is written when asked for
//! ```
//!
//! The format is [`highwater_core::trace`]'s; no text of an event is in it. A recording never holds a run up: what
//! cannot be written any more is not recorded, with a warning, and the run goes on.

mod clerk;
mod shelf;

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread::JoinHandle;

use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::time::Now;
use highwater_core::trace::Deed;
use highwater_core::{Config, Consumer, Effect, Input};
use tracing::warn;

use clerk::{Clerk, Step, Word};
use shelf::Shelf;

/// The machine's fingerprint is taken at one step in so many.
const FINGERPRINT_EVERY: u64 = 64;
/// So many steps may wait for the disk: 256 events each at most, and some 100 bytes an event.
const STEPS_MAX: usize = 1_024;

/// Where the driver tells what happens.
#[derive(Debug)]
pub struct Recorder {
    on: Option<On>,
}

#[derive(Debug)]
struct On {
    clerk: SyncSender<Word>,
    thread: Option<JoinHandle<()>>,
    steps: u64,
    /// What is not told yet of the step under way.
    step: Option<Step>,
}

/// Has what is recorded in memory written to its file.
#[derive(Clone, Debug)]
pub struct Dump {
    clerk: SyncSender<Word>,
}

impl Dump {
    /// Writes it, soon.
    pub fn now(&self) {
        // A thread that is behind has another moment to write; one that is gone has said why.
        let _ = self.clerk.try_send(Word::Dump);
    }
}

impl Recorder {
    /// Records nothing, and costs nothing.
    pub const fn off() -> Self {
        Self { on: None }
    }

    /// Records to the file at `path`, behind what is there. What it and the file before it, `path.1`, hold is about
    /// `bytes_max` at most.
    pub fn to_file(path: PathBuf, bytes_max: u64) -> io::Result<Self> {
        Self::on(Shelf::file(path, bytes_max)?)
    }

    /// Keeps the last `bytes_max` or so in memory, and writes them to `path` when asked to, or when the run panics.
    pub fn in_memory(path: PathBuf, bytes_max: u64) -> io::Result<(Self, Dump)> {
        let recorder = Self::on(Shelf::memory(path, bytes_max))?;
        let clerk = recorder.on.as_ref().map(|on| on.clerk.clone());
        let dump = Dump { clerk: clerk.ok_or(io::ErrorKind::BrokenPipe)? };
        Ok((recorder, dump))
    }

    fn on(shelf: Shelf) -> io::Result<Self> {
        let (clerk, words) = std::sync::mpsc::sync_channel(STEPS_MAX);
        let thread = std::thread::Builder::new().name("recorder".into());
        let thread = thread.spawn(move || Clerk::new(shelf).run(&words))?;
        Ok(Self { on: Some(On { clerk, thread: Some(thread), steps: 0, step: None }) })
    }

    /// The machine is born.
    pub(crate) fn begin(&mut self, config: &Config, now: Now) {
        if self.on.is_some() {
            self.tell(Word::Birth(Box::new(config.clone()), now));
        }
        if let Some(on) = &mut self.on {
            on.step = Some(Step { now, input: None, out: Vec::new(), fingerprint: None });
        }
    }

    /// The machine is told something.
    pub(crate) fn input(&mut self, now: Now, input: &Input<Jetstream>) {
        if let Some(on) = &mut self.on {
            on.steps += 1;
            on.step = Some(Step { now, input: Some(input.redacted()), out: Vec::new(), fingerprint: None });
        }
    }

    /// The machine wants something done.
    pub(crate) fn effect(&mut self, effect: &Effect<Jetstream>) {
        if let Some(step) = self.on.as_mut().and_then(|on| on.step.as_mut()) {
            step.out.push(Deed::of(effect));
        }
    }

    /// The machine wants nothing more done.
    pub(crate) fn drained(&mut self, machine: &Consumer<Jetstream>) {
        let Some(on) = &mut self.on else { return };
        let Some(mut step) = on.step.take() else { return };
        let is_taken = on.steps.is_multiple_of(FINGERPRINT_EVERY);
        step.fingerprint = is_taken.then(|| machine.fingerprint(step.now));
        self.tell(Word::Step(Box::new(step)));
    }

    fn tell(&mut self, word: Word) {
        let Some(on) = &self.on else { return };
        match on.clerk.try_send(word) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                warn!("the disk is too slow for the recording, which ends here; the run goes on");
                self.on = None;
            }
            // It has said why.
            Err(TrySendError::Disconnected(_)) => self.on = None,
        }
    }
}

/// The end of the run, or of the recording: what is under way is written, and what is in memory if this is a panic.
impl Drop for On {
    fn drop(&mut self) {
        if let Some(step) = self.step.take() {
            let _ = self.clerk.send(Word::Step(Box::new(step)));
        }
        if std::thread::panicking() {
            let _ = self.clerk.send(Word::Dump);
        }
        let _ = self.clerk.send(Word::Over);
        if let Some(thread) = self.thread.take() {
            // It says what went wrong itself.
            let _ = thread.join();
        }
    }
}
