//! What is shown on each wire, and where it is kept.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use highwater::feed::{Config, Wires};
use highwater_core::dialect::Dialect;

use super::{RATE, cannot};
use crate::exit::{Exit, Failure};

/// A wire to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Wire {
    /// The first server's.
    V1,
    /// The second server's.
    V2,
}

impl Wire {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::V1, Self::V2];

    /// As the flag has it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// Where the feed is asked for it.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::V1 => Dialect::JetstreamV1.path(),
            Self::V2 => Dialect::JetstreamV2.path(),
        }
    }

    /// A feed that fails more in seconds than the real network does in a week.
    ///
    /// It counts in events: what is due by the clock would wait for whoever connects, and let nobody get ahead.
    pub(super) fn config(self, seed: u64) -> Config {
        let (wires, faults): (_, &[&str]) = match self {
            Self::V1 => (
                Wires::V1,
                &["drop=8000", "half-open=25000", "reorder", "malformed=4000", "503=4", "re-emission=30000"],
            ),
            Self::V2 => (
                Wires::V2,
                &[
                    "drop=3000",
                    "half-open=10000",
                    "rotation=9000",
                    "malformed=2000",
                    "503=4",
                    "re-emission=12000",
                ],
            ),
        };
        let faults = faults.iter().map(|fault| fault.parse().expect("the faults are well-formed")).collect();
        Config { wires, seed, rate: RATE, faults, ..Config::default() }
    }

    /// What the feed does, for whoever watches.
    pub(super) const fn deeds(self) -> &'static str {
        match self {
            Self::V1 => "drops, falls silent, mixes, repeats",
            Self::V2 => "drops, falls silent, changes its dictionary, repeats",
        }
    }

    /// What the run is told besides.
    pub(super) const fn run_flags(self) -> &'static [&'static str] {
        match self {
            Self::V1 => &[],
            Self::V2 => &["--zstd"],
        }
    }
}

/// Where everything of one wire is.
pub(super) struct Paths {
    pub(super) database: PathBuf,
    pub(super) truth: PathBuf,
    pub(super) log: PathBuf,
}

impl Paths {
    /// For each wire, beside each other; none of the databases is there already.
    pub(super) fn of(database: Option<PathBuf>, wires: &[Wire]) -> Result<Vec<Self>, Failure> {
        let database = database.map_or_else(among_temporary_files, Ok)?;
        wires.iter().map(|&wire| Self::beside(&database, (wires.len() > 1).then_some(wire))).collect()
    }

    fn beside(database: &Path, wire: Option<Wire>) -> Result<Self, Failure> {
        let stem = database.file_stem().unwrap_or_default().to_string_lossy();
        let extension = database.extension().unwrap_or_default().to_string_lossy();
        let database = match wire {
            None => database.to_owned(),
            Some(wire) => {
                database.with_file_name(format!("{stem}-{}", wire.name())).with_extension(&*extension)
            }
        };
        if database.exists() {
            let what = format_args!("{} is there already", database.display());
            return Err(Failure::new(Exit::CannotCreate, what)
                .hint("the demo counts from nothing: name a database that is not there"));
        }
        let beside = |extension: &str| database.with_extension(extension);
        Ok(Self { truth: beside("truth.tsv"), log: beside("log"), database })
    }
}

fn among_temporary_files() -> Result<PathBuf, Failure> {
    let folder = tempfile::Builder::new().prefix("highwater-demo-").tempdir();
    let folder = folder.map_err(|error| cannot(Exit::CannotCreate, "make a folder", &error))?;
    Ok(folder.keep().join("highwater.db"))
}
