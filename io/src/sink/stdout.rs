//! The sink for pipes: each event a line on standard output, the place in a file beside.
//!
//! A pipe and a file cannot change together. So the lines go first, and the place is persisted after them: at once
//! when the connection ends, else every 5 s or 1,000 events. What comes twice after a crash is what was written since.

mod file;
mod lines;

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::sink::{Append, Appended, Loaded, Sink, Unavailable};

use self::file::CheckpointFile;
use self::lines::Lines;
use super::ledger::Ledger;
use super::stored::StoredDeadLetter;
use super::{Ended, Ending, OpenError, Origins};

/// The place is persisted once so many events were written since.
const PERSIST_EVENTS: u64 = 1_000;
/// The place is persisted once it is so old.
const PERSIST_AFTER: Duration = Duration::from_secs(5);

/// Writes payloads, one a line.
#[derive(Debug)]
pub struct Stdout {
    origins: Origins,
    ledger: Ledger,
    lines: Lines,
    /// None: the place dies with the process.
    file: Option<CheckpointFile>,
    unpersisted: Unpersisted,
    ending: Ending,
}

/// What was written since the place was persisted.
#[derive(Debug)]
struct Unpersisted {
    events: u64,
    /// When the first of it was; none if there is nothing.
    since: Option<Instant>,
    letters: Vec<StoredDeadLetter>,
}

impl Stdout {
    /// Writes to standard output and keeps the place in `checkpoint`, or nowhere.
    ///
    /// `origins` are the names of the sources in use, under which their places are kept.
    pub fn with_checkpoint(checkpoint: Option<&Path>, origins: Origins) -> Result<Self, OpenError> {
        Self::to(Box::new(io::stdout()), checkpoint, origins)
    }

    /// The same, to another writer. An error of the kind [`io::ErrorKind::BrokenPipe`] ends it for good.
    pub fn to(
        writer: Box<dyn Write + Send>,
        checkpoint: Option<&Path>,
        origins: Origins,
    ) -> Result<Self, OpenError> {
        let (file, ledger) = match checkpoint.map(CheckpointFile::open).transpose()? {
            Some((file, ledger)) => (Some(file), ledger),
            None => (None, Ledger::default()),
        };
        Ok(Self {
            origins,
            ledger,
            lines: Lines::to(writer),
            file,
            unpersisted: Unpersisted { events: 0, since: None, letters: Vec::new() },
            ending: Ending::default(),
        })
    }

    /// Where it says that nobody reads any more.
    pub fn ending(&self) -> Ending {
        self.ending.clone()
    }

    fn record(&mut self, append: &Append<Jetstream>) {
        self.ledger.record(append, &self.origins);
        for letter in &append.dead_letters {
            let letter = StoredDeadLetter::of(letter, append.scope, &self.origins);
            if self.file.is_none() {
                tracing::warn!(reason = letter.reason, detail = letter.detail, "set aside, and kept nowhere");
            }
            self.unpersisted.letters.push(letter);
        }
        self.unpersisted.events += append.events.len() as u64;
        self.unpersisted.since.get_or_insert_with(Instant::now);
    }

    fn not_written(&mut self, error: &io::Error) -> Appended {
        if error.kind() == io::ErrorKind::BrokenPipe {
            let _ = self.persist();
            self.ending.set(Ended::ReaderGone);
        } else {
            tracing::warn!(%error, "cannot write to standard output");
        }
        Appended::Unavailable
    }

    fn is_due(&self) -> bool {
        let is_old = self.unpersisted.since.is_some_and(|since| since.elapsed() >= PERSIST_AFTER);
        self.unpersisted.events >= PERSIST_EVENTS || is_old
    }

    fn persist(&mut self) -> Result<(), Unavailable> {
        if self.unpersisted.since.is_none() {
            return Ok(());
        }
        if let Some(file) = &mut self.file {
            file.persist(&self.ledger, &self.unpersisted.letters).map_err(|error| {
                tracing::warn!(%error, file = %file.path().display(), "cannot persist the place");
                Unavailable
            })?;
        }
        self.unpersisted = Unpersisted { events: 0, since: None, letters: Vec::new() };
        Ok(())
    }
}

impl Sink<Jetstream> for Stdout {
    fn open(&mut self) -> Result<Loaded<Key>, Unavailable> {
        let loaded = self.ledger.open(&self.origins);
        self.unpersisted.since.get_or_insert_with(Instant::now);
        self.persist()?;
        Ok(loaded)
    }

    fn append(&mut self, append: &Append<Jetstream>) -> Appended {
        if self.ending.get().is_some() {
            return Appended::Unavailable;
        }
        if let Some(objection) = self.ledger.objection(append, &self.origins) {
            return objection;
        }
        if let Some(index) = append.events.iter().position(|event| event.payload.bytes().contains(&b'\n')) {
            let why = "it holds a raw line break, and here each line is an event".into();
            return Appended::Refused { index: index as u32, why };
        }
        if let Err(error) = self.lines.write(append.events.iter().map(|event| event.payload.bytes())) {
            return self.not_written(&error);
        }
        self.record(append);
        if self.is_due() {
            // What was written was accepted; the place is persisted with the next append, or the flush.
            let _ = self.persist();
        }
        Appended::Stored { stored: append.events.len() as u32, duplicates: 0 }
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        self.persist()
    }
}
