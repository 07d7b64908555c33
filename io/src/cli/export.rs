//! `highwater export`: what a database holds, as lines on standard output.

use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::path::PathBuf;

use bytes::Bytes;
use highwater::sink::OpenError;
use highwater::sink::sqlite::{Reader, RowId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::exit::{Exit, Failure};

/// So much is read before it is written: a slow reader of ours must not make us a slow reader of the database.
const PORTION_BYTES: usize = 4 << 20;

/// Prints what a database holds, even while `highwater run` writes to it
///
/// Without a flag: the payload of each event, one a line, in the order in which they were stored.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The database; it is never made, and never changed
    #[arg(value_name = "DB")]
    database: PathBuf,
    /// End each payload with a NUL instead of a line break
    #[arg(long)]
    nul: bool,
    #[command(flatten)]
    instead: Instead,
}

#[derive(clap::Args)]
#[group(multiple = false, conflicts_with = "nul")]
struct Instead {
    /// The key of each event, a tab, and the SHA-256 of its payload
    #[arg(long)]
    keys: bool,
    /// The gaps: spans that were lost or cannot be proved, as JSON Lines
    #[arg(long)]
    gaps: bool,
    /// What was set aside, and why, as JSON Lines; bytes in base64
    #[arg(long)]
    dead_letters: bool,
}

/// Prints what was asked for.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let reader = Reader::open(&args.database)?;
    let printed = match &args.instead {
        Instead { keys: true, .. } => keys(&reader),
        Instead { gaps: true, .. } => gaps(&reader),
        Instead { dead_letters: true, .. } => dead_letters(&reader),
        Instead { .. } => payloads(&reader, if args.nul { b'\0' } else { b'\n' }),
    };
    match printed {
        // Whoever read us has what they wanted.
        Err(Stop::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        Err(stop) => Err(stop.into()),
        Ok(()) => Ok(Exit::Done),
    }
}

/// Why it does not go on.
enum Stop {
    Database(OpenError),
    Output(io::Error),
    /// This event would be two lines.
    TwoLines(RowId),
}

fn payloads(reader: &Reader, end: u8) -> Result<(), Stop> {
    in_portions(reader.last_event()?, |portion| {
        reader.payloads(portion.after, |id, payload| {
            if end == b'\n' && payload.contains(&end) {
                portion.two_lines = Some(id);
                return ControlFlow::Break(());
            }
            portion.line(id, |line| {
                line.extend_from_slice(payload);
                line.push(end);
            })
        })
    })
}

fn keys(reader: &Reader) -> Result<(), Stop> {
    in_portions(reader.last_event()?, |portion| {
        reader.keys(portion.after, |id, key, payload| {
            portion.line(id, |line| {
                let hash = Bytes::copy_from_slice(&Sha256::digest(payload));
                line.extend_from_slice(format!("{key}\t{hash:x}\n").as_bytes());
            })
        })
    })
}

fn dead_letters(reader: &Reader) -> Result<(), Stop> {
    in_portions(reader.last_dead_letter()?, |portion| {
        reader.dead_letters(portion.after, |id, letter| portion.line(id, |line| json(line, &letter)))
    })
}

fn gaps(reader: &Reader) -> Result<(), Stop> {
    let mut lines = Vec::new();
    for gap in reader.gaps()? {
        json(&mut lines, &gap);
    }
    Ok(io::stdout().lock().write_all(&lines)?)
}

fn json(line: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(&mut *line, value).expect("plain data is written to memory");
    line.push(b'\n');
}

/// Rows that are read at one moment, as bytes to write.
struct Portion {
    bytes: Vec<u8>,
    /// The last row there was when it all began.
    last: RowId,
    /// The last row read.
    after: RowId,
    two_lines: Option<RowId>,
}

impl Portion {
    /// Takes in what `write` makes of row `id`, unless the row is newer than the beginning.
    fn line(&mut self, id: RowId, write: impl FnOnce(&mut Vec<u8>)) -> ControlFlow<()> {
        if id > self.last {
            return ControlFlow::Break(());
        }
        write(&mut self.bytes);
        self.after = id;
        if self.bytes.len() < PORTION_BYTES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

/// Writes all rows up to `last`, which `read` puts into portions.
fn in_portions(last: RowId, mut read: impl FnMut(&mut Portion) -> Result<(), OpenError>) -> Result<(), Stop> {
    let mut output = io::stdout().lock();
    let mut portion = Portion { bytes: Vec::new(), last, after: RowId(0), two_lines: None };
    loop {
        let before = portion.after;
        portion.bytes.clear();
        read(&mut portion)?;
        output.write_all(&portion.bytes)?;
        match portion.two_lines {
            Some(id) => return Err(Stop::TwoLines(id)),
            None if portion.after == before => return Ok(output.flush()?),
            None => {}
        }
    }
}

impl From<OpenError> for Stop {
    fn from(error: OpenError) -> Self {
        Self::Database(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Database(error) => Self::from(&error),
            Stop::Output(error) => {
                Self::new(Exit::InputOutput, format_args!("cannot write the output: {error}"))
                    .hint("check the space left where it goes")
            }
            Stop::TwoLines(RowId(id)) => Self::new(
                Exit::CorruptData,
                format_args!("the event in row {id} has a line break in its payload"),
            )
            .hint("export with --nul, which ends each payload with a NUL instead"),
        }
    }
}
