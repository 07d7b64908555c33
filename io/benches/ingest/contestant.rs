//! Who competes, and over what.

use clap::ValueEnum;

use crate::cost::Cost;
use crate::{Result, bare, run};

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
    /// rusqlite alone, with the events at hand.
    Rusqlite,
}

impl Contestant {
    pub(crate) const ALL: [Self; 5] = [Self::Read, Self::Decode, Self::Null, Self::Sqlite, Self::Rusqlite];

    /// What it is called on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Decode => "decode",
            Self::Null => "null",
            Self::Sqlite => "sqlite",
            Self::Rusqlite => "rusqlite",
        }
    }

    /// What it is called in the report.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Read => "bare tokio-tungstenite",
            Self::Decode => "  and decode",
            Self::Null => "run into a null sink",
            Self::Sqlite => "run into SQLite",
            Self::Rusqlite => "bare rusqlite",
        }
    }

    /// Takes in `events` from the source at `url`, in this process.
    pub(crate) fn compete(self, url: &str, events: u64) -> Result<Cost> {
        match self {
            Self::Read => bare::read(url, events),
            Self::Decode => bare::decode(url, events),
            Self::Null => run::into_null(url, events),
            Self::Sqlite => run::into_sqlite(url, events),
            Self::Rusqlite => bare::insert(url, events),
        }
    }
}
