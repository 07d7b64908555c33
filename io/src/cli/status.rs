//! `highwater status`: where a database stands, and which spans it cannot prove.

mod text;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use highwater::sink::OpenError;
use highwater::sink::sqlite::Reader;
use highwater::sink::stored::StoredCheckpoint;
use highwater_core::cursor::Place;
use highwater_core::time::{Duration, WallTime};
use serde::Serialize;

use crate::exit::{Exit, Failure};

/// Shows where a database stands, even while `highwater run` writes to it
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The database; it is never made, and never changed
    #[arg(value_name = "DB")]
    database: PathBuf,
    /// As JSON, with times in microseconds since 1970
    #[arg(long)]
    json: bool,
}

/// Prints it.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = WallTime::from_micros(Duration::from(now).as_micros());
    let status = Status::read(&args.database, now)?;
    let mut text = if args.json {
        serde_json::to_string_pretty(&status).expect("plain data is written to memory")
    } else {
        status.to_string()
    };
    text.push('\n');
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::InputOutput, format_args!("cannot write the output: {error}")))
        }
        _ => Ok(Exit::Done),
    }
}

/// Where a database stands. The names are those of the JSON, and only ever added to.
#[derive(Debug, Serialize)]
struct Status {
    database: String,
    /// Of the database and its write-ahead log.
    size_bytes: u64,
    /// First received in any of the scopes.
    events: u64,
    scopes: Vec<ScopeStatus>,
    gaps: Vec<GapCount>,
    dead_letters: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct ScopeStatus {
    #[serde(flatten)]
    stored: StoredCheckpoint,
    /// The position, once there was an event.
    cursor: Option<u64>,
    /// How long ago it is up to where nothing is missing; none before the first event.
    lag_us: Option<u64>,
}

#[derive(Debug, Serialize)]
struct GapCount {
    cause: &'static str,
    state: &'static str,
    count: u64,
}

impl Status {
    fn read(database: &Path, now: WallTime) -> Result<Self, OpenError> {
        let reader = Reader::open(database)?;
        let scopes: Vec<_> =
            reader.checkpoints()?.into_iter().map(|stored| ScopeStatus::of(stored, now)).collect();
        let mut gaps = BTreeMap::<_, u64>::new();
        for gap in reader.gaps()? {
            *gaps.entry((gap.cause, gap.state)).or_default() += 1;
        }
        let gaps = gaps.into_iter();
        Ok(Self {
            database: database.display().to_string(),
            size_bytes: reader.size()?,
            events: scopes.iter().map(|scope| scope.stored.stored).sum(),
            scopes,
            gaps: gaps
                .map(|((cause, state), count)| GapCount { cause: cause.name(), state: state.name(), count })
                .collect(),
            dead_letters: reader.dead_letter_counts()?.into_iter().collect(),
        })
    }
}

impl ScopeStatus {
    fn of(stored: StoredCheckpoint, now: WallTime) -> Self {
        let checkpoint = &stored.checkpoint;
        let cursor = match checkpoint.place {
            Place::Cursor(cursor) => Some(cursor.0),
            Place::Tip | Place::Oldest | Place::Time(_) => None,
        };
        let until = checkpoint.witness.as_ref().map(|witness| witness.time.max(checkpoint.covered_until));
        let lag_us = until.map(|until| now.since(until).as_micros());
        Self { stored, cursor, lag_us }
    }
}
