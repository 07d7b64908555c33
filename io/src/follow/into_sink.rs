//! Sinks that can be opened only once it is known how the sources are called.

use std::path::PathBuf;

use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::sink::Sink;

use crate::sink::null::Null;
use crate::sink::sqlite::Sqlite;
use crate::sink::stdout::Stdout;
use crate::sink::{Ending, OpenError, Origins};

/// What becomes a sink.
pub trait IntoSink {
    /// The sink.
    type Sink: Sink<Jetstream> + Send + 'static;

    /// Opens it; `origins` are the names that scopes are stored under. What comes beside the sink is how it says that
    /// it is over for good.
    fn into_sink(self, origins: Origins) -> Result<(Self::Sink, Ending), OpenError>;
}

impl<S: Sink<Jetstream> + Send + 'static> IntoSink for S {
    type Sink = S;

    fn into_sink(self, _: Origins) -> Result<(S, Ending), OpenError> {
        Ok((self, Ending::default()))
    }
}

/// The `SQLite` database at a path.
#[derive(Clone, Debug)]
pub struct SqliteFile(PathBuf);

/// Stores events in the `SQLite` database at `path`, which is made if there is none.
pub fn sqlite(path: impl Into<PathBuf>) -> SqliteFile {
    SqliteFile(path.into())
}

impl IntoSink for SqliteFile {
    type Sink = Sqlite;

    fn into_sink(self, origins: Origins) -> Result<(Sqlite, Ending), OpenError> {
        let sink = Sqlite::at(&self.0, origins)?;
        let ending = sink.ending();
        Ok((sink, ending))
    }
}

/// Standard output.
#[derive(Clone, Debug)]
pub struct StandardOutput(Option<PathBuf>);

/// Writes payloads to standard output, one a line, and keeps the place in the file `checkpoint`, or nowhere.
pub fn stdout(checkpoint: Option<PathBuf>) -> StandardOutput {
    StandardOutput(checkpoint)
}

impl IntoSink for StandardOutput {
    type Sink = Stdout;

    fn into_sink(self, origins: Origins) -> Result<(Stdout, Ending), OpenError> {
        let sink = Stdout::with_checkpoint(self.0.as_deref(), origins)?;
        let ending = sink.ending();
        Ok((sink, ending))
    }
}

/// Nowhere.
#[derive(Clone, Copy, Debug)]
pub struct Nowhere;

/// Keeps nothing: for measuring the rest.
pub fn null() -> Nowhere {
    Nowhere
}

impl IntoSink for Nowhere {
    type Sink = Null;

    fn into_sink(self, origins: Origins) -> Result<(Null, Ending), OpenError> {
        Ok((Null::new(origins), Ending::default()))
    }
}
