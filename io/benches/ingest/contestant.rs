//! Who competes, and over what.

use clap::ValueEnum;

use crate::cost::Cost;
use crate::{Result, bare, database, run};

/// A way to take in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contestant {
    /// tokio-tungstenite, read and forgotten.
    Read,
    /// tokio-tungstenite and the dialect's decoder.
    Decode,
    /// A whole run, its sink taking everything at once.
    Null,
    /// A whole run into a database.
    Sqlite,
    /// The same, recorded to a file.
    Recorded,
    /// The same, recorded in memory.
    Remembered,
    /// rusqlite alone, with the events at hand.
    Rusqlite,
    /// The sink alone, with the events at hand.
    Sink,
    /// The same, when all of it is there already.
    Again,
}

impl Contestant {
    pub(crate) const ALL: [Self; 9] = [
        Self::Read,
        Self::Decode,
        Self::Null,
        Self::Sqlite,
        Self::Recorded,
        Self::Remembered,
        Self::Rusqlite,
        Self::Sink,
        Self::Again,
    ];

    /// What it is called on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Decode => "decode",
            Self::Null => "null",
            Self::Sqlite => "sqlite",
            Self::Recorded => "recorded",
            Self::Remembered => "remembered",
            Self::Rusqlite => "rusqlite",
            Self::Sink => "sink",
            Self::Again => "again",
        }
    }

    /// What it is called in the report.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Read => "bare tokio-tungstenite",
            Self::Decode => "  and decode",
            Self::Null => "run into a null sink",
            Self::Sqlite => "run into SQLite",
            Self::Recorded => "  recorded to a file",
            Self::Remembered => "  recorded in memory",
            Self::Rusqlite => "bare rusqlite",
            Self::Sink => "the sink alone",
            Self::Again => "  what it has already",
        }
    }

    /// Takes in `events` from the source at `url`, in this process.
    pub(crate) fn compete(self, url: &str, events: u64) -> Result<Cost> {
        match self {
            Self::Read => bare::read(url, events),
            Self::Decode => bare::decode(url, events),
            Self::Null => run::into_null(url, events),
            Self::Sqlite => run::into_sqlite(url, events),
            Self::Recorded => run::into_sqlite_recorded(url, events),
            Self::Remembered => run::into_sqlite_remembered(url, events),
            Self::Rusqlite => database::insert(url, events),
            Self::Sink => database::append(url, events),
            Self::Again => database::append_again(url, events),
        }
    }
}
