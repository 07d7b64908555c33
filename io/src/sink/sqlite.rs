//! The SQLite sink: data, ledgers and place in one file, one transaction an append, each event once.
//!
//! ```text
//! DB.lock    held for life by the operating system: a second writer does not even begin
//! fence      raised by each opening, checked in each transaction: a writer that slept changes nothing
//! version    of the scope's checkpoint, compared in each transaction: an append happens once or not at all
//! ```
//!
//! Write-ahead logging with `synchronous = FULL`: what was answered for survives the loss of power.

mod append;
mod checkpoint;
mod column;
mod dead_letter;
mod event;
mod fault;
mod gap;
mod load;
mod migrate;
mod reader;
mod schema;
mod scope;
mod transaction;
mod wal;

use std::path::{Path, PathBuf};
use std::time::Duration;

use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::sink::{Append, Appended, Loaded, Sink, Unavailable};
use rusqlite::{Connection, OpenFlags};

use self::fault::{Fault, while_opening};
use self::wal::{WAL_BYTES_MAX, WalWatch};
use super::lock::{Lock, resolve};
use super::{Ended, Ending, OpenError, Origins};

pub use self::reader::{Reader, RowId};

/// Others may hold the database for so long before it counts as unavailable; the machine knows how to wait, and a
/// stop must not have to.
const BUSY_TIMEOUT: Duration = Duration::from_millis(100);

/// One thread at a time has a connection: the compiler sees to that, and SQLite need not lock it at each call.
const READ_WRITE: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// A database that this process alone writes to.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    origins: Origins,
    /// None after a transaction whose end is not known: what this connection believes may be wrong.
    connection: Option<Connection>,
    wal: WalWatch,
    ending: Ending,
    _lock: Lock,
}

impl Sqlite {
    /// Opens the database at `path`, or makes it; brings an older one up to date.
    ///
    /// `origins` are the names of the sources in use, under which their scopes are stored.
    pub fn at(path: &Path, origins: Origins) -> Result<Self, OpenError> {
        let path = resolve(path)?;
        let lock = Lock::take(&path)?;
        let connection = make(&path)?;
        migrate::migrate(&connection, &path, schema::STEPS)?;
        checkpoint::read_all(&connection).map_err(|fault| fault.into_open_error(&path))?;
        let wal = WalWatch::of(&path);
        Ok(Self { path, origins, connection: Some(connection), wal, ending: Ending::default(), _lock: lock })
    }

    /// Where it says that it is over.
    pub fn ending(&self) -> Ending {
        self.ending.clone()
    }

    /// Does `work` with a connection that is in no transaction, and keeps the connection only if it still is in none.
    fn with_connection<T>(
        &mut self,
        work: impl FnOnce(&Connection, &Origins) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => reconnect(&self.path)?,
        };
        let done = work(&connection, &self.origins);
        let is_sound = connection.is_autocommit() && !matches!(done, Err(Fault::Unknown(_)));
        self.connection = is_sound.then_some(connection);
        if let Err(Fault::Damaged(what)) = &done {
            self.ending.set(Ended::Damaged(format!("{}: {what}", self.path.display())));
        }
        done
    }

    fn watch_log(&mut self) {
        if let Some(bytes) = self.wal.look() {
            tracing::warn!(
                bytes,
                database = %self.path.display(),
                "the write-ahead log grows: another program has been reading the same state for long",
            );
        }
    }
}

impl Sink<Jetstream> for Sqlite {
    fn open(&mut self) -> Result<Loaded<Key>, Unavailable> {
        self.with_connection(load::load).map_err(|fault| {
            tracing::warn!(why = %fault, database = %self.path.display(), "cannot load");
            Unavailable
        })
    }

    fn append(&mut self, append: &Append<Jetstream>) -> Appended {
        let done = self.with_connection(|connection, origins| append::append(connection, origins, append));
        let fault = match done {
            Ok(appended) => {
                self.watch_log();
                return appended;
            }
            Err(fault) => fault,
        };
        tracing::warn!(why = %fault, database = %self.path.display(), "cannot append");
        match fault {
            Fault::Conflict => Appended::Conflict,
            Fault::Fenced => Appended::Fenced,
            Fault::Refused { index, why } => Appended::Refused { index, why },
            Fault::Unavailable(_) | Fault::Damaged(_) => Appended::Unavailable,
            Fault::Unknown(_) => Appended::Unknown,
        }
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        Ok(())
    }
}

/// The first connection: makes the file if there is none, and changes none that is not ours.
fn make(path: &Path) -> Result<Connection, OpenError> {
    let meaning = |error| while_opening(path, &error);
    let flags = READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = Connection::open_with_flags(path, flags).map_err(meaning)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(meaning)?;
    migrate::version(&connection, path)?;
    if connection.is_readonly("main").map_err(meaning)? {
        return Err(OpenError::CannotWrite { path: path.to_owned(), why: "it is read-only".into() });
    }
    prepare(&connection).map_err(meaning)?;
    Ok(connection)
}

/// Another connection to the same file, which must still be there.
fn reconnect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, READ_WRITE)?;
    prepare(&connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.pragma_update(None, "encoding", "UTF-8")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On macOS only this reaches the medium; elsewhere it means nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_MAX.cast_signed())
}
