//! Records a run: what the machine was told and what it did, to be replayed by the simulator.
//!
//! ```text
//! driver ──lines──▶ desk ──pages──▶ clerk, a thread ──▶ a file and the one before it, or memory
//! ```
//!
//! The format is [`highwater_core::trace`]'s; no text of an event is in it. A recording never holds a run up: what
//! cannot be written any more is not recorded, with a warning, and the run goes on. What a kill finds on the desk is
//! not written, and that is the last tenth of a second at most.

mod clerk;
mod desk;
mod shelf;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::time::Now;
use highwater_core::trace::{Head, Kind, Line, Pen};
use highwater_core::{Config, Consumer, Effect, Input};
use serde_json::value::to_raw_value;
use tracing::warn;

use clerk::Clerk;
use desk::Desk;
use shelf::Shelf;

/// The machine's fingerprint is taken at one step in so many.
const FINGERPRINT_EVERY: u64 = 64;

/// Where the driver tells what happens.
#[derive(Debug)]
pub struct Recorder {
    on: Option<On>,
}

#[derive(Debug)]
struct On {
    desk: Arc<Desk>,
    clerk: Option<JoinHandle<()>>,
    /// Bytes that the newer piece on the shelf will hold, and that it may hold.
    bytes: u64,
    bytes_max: u64,
    life: Option<Life>,
}

#[derive(Debug)]
struct Life {
    /// What each piece of a recording begins with.
    config: Config,
    pen: Pen,
}

/// Has what is recorded in memory written to its file.
#[derive(Clone, Debug)]
pub struct Dump {
    desk: Arc<Desk>,
}

impl Dump {
    /// Writes it, soon.
    pub fn now(&self) {
        self.desk.ask_for_dump();
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
        let desk = recorder.on.as_ref().map(|on| Arc::clone(&on.desk));
        let dump = Dump { desk: desk.ok_or(io::ErrorKind::BrokenPipe)? };
        Ok((recorder, dump))
    }

    fn on(shelf: Shelf) -> io::Result<Self> {
        let (bytes, bytes_max) = (shelf.bytes(), shelf.bytes_max());
        let desk = Arc::new(Desk::default());
        let clerk = Clerk::new(shelf, Arc::clone(&desk));
        let clerk = std::thread::Builder::new().name("recorder".into()).spawn(move || clerk.run())?;
        Ok(Self { on: Some(On { desk, clerk: Some(clerk), bytes, bytes_max, life: None }) })
    }

    /// The machine is born.
    pub(crate) fn begin(&mut self, config: &Config, now: Now) {
        let Some(on) = &mut self.on else { return };
        let mut pen = Pen::new(now);
        pen.birth();
        on.life = Some(Life { config: config.clone(), pen });
        let is_taken = on.put_head(Head::new(Kind::Prod, config.clone(), now));
        self.go_on_if(is_taken);
    }

    /// The machine is told something.
    pub(crate) fn input(&mut self, now: Now, input: &Input<Jetstream>) {
        if let Some(pen) = self.pen() {
            pen.input(now, input);
        }
    }

    /// The machine wants something done.
    pub(crate) fn effect(&mut self, effect: &Effect<Jetstream>) {
        if let Some(pen) = self.pen() {
            pen.effect(effect);
        }
    }

    /// The machine wants nothing more done.
    pub(crate) fn drained(&mut self, machine: &Consumer<Jetstream>) {
        let is_taken = self.on.as_mut().is_none_or(|on| on.put_step(machine));
        self.go_on_if(is_taken);
    }

    fn pen(&mut self) -> Option<&mut Pen> {
        Some(&mut self.on.as_mut()?.life.as_mut()?.pen)
    }

    fn go_on_if(&mut self, is_taken: bool) {
        if !is_taken {
            self.on = None;
        }
    }
}

impl On {
    /// Puts the step that is done on the desk; false if that takes nothing more.
    fn put_step(&mut self, machine: &Consumer<Jetstream>) -> bool {
        let Some(Life { pen, .. }) = &mut self.life else { return true };
        let Some(now) = pen.under_way() else { return true };
        let is_taken = (pen.track().n() + 1).is_multiple_of(FINGERPRINT_EVERY);
        let fingerprint = is_taken.then(|| machine.fingerprint(now));
        let line = pen.end(fingerprint).unwrap_or_default();
        self.bytes += line.len() as u64;
        self.desk.put(line) && (self.bytes <= self.bytes_max || self.turn(machine))
    }

    /// Begins a new piece, with the machine as it stands; false if the desk takes nothing more.
    fn turn(&mut self, machine: &Consumer<Jetstream>) -> bool {
        let Some(Life { config, pen }) = &mut self.life else { return true };
        let machine = match to_raw_value(machine) {
            Ok(machine) => machine,
            Err(error) => {
                warn!("the recording ends here: {error}; the run goes on");
                return false;
            }
        };
        let now = pen.track().now();
        *pen = Pen::new(now);
        let head = Head { machine: Some(machine), ..Head::new(Kind::Prod, config.clone(), now) };
        self.bytes = 0;
        self.desk.turn();
        self.put_head(head)
    }

    fn put_head(&mut self, head: Head) -> bool {
        let line = format!("{}\n", Line::Head(Box::new(head)));
        self.bytes += line.len() as u64;
        self.desk.put(line.as_bytes())
    }
}

/// The end of the run, or of the recording: what is under way is written, and what is in memory if this is a panic.
impl Drop for On {
    fn drop(&mut self) {
        if let Some(line) = self.life.as_mut().and_then(|life| life.pen.end(None)) {
            self.desk.put(line);
        }
        if std::thread::panicking() {
            self.desk.ask_for_dump();
        }
        self.desk.close();
        if let Some(clerk) = self.clerk.take() {
            // It says what went wrong itself.
            let _ = clerk.join();
        }
    }
}
