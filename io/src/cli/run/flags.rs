//! The flags of `highwater run`, and the machine's limits as they say.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use highwater::socket::Compression;
use highwater::zstd::{DICTIONARY_BYTES_MAX, Dictionary};
use highwater::{Highwater, Start};
use highwater_core::Config;
use highwater_core::dialect::Dialect;
use highwater_core::dialect::jetstream::Kind;
use highwater_core::time::Duration;

use crate::cli::run::recording::Recording;
use crate::cli::value::{self, To};
use crate::exit::{Exit, Failure};

/// A file of DIDs is not larger: servers take 10,000 of them.
const DID_FILE_BYTES_MAX: u64 = 16 << 20;

/// An append has no more events than this, whatever is asked for.
const BATCH_EVENTS_MAX: i64 = 100_000;

/// Follows a feed into a database or to standard output, and never loses its place
///
/// Where it stands is kept beside the events, so that after any end it goes on where it was.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The feeds, in order of preference: the next is asked where one fails
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    /// How they speak, where the path does not say: `jetstream_v1` or `jetstream_v2`
    #[arg(long, value_name = "DIALECT", value_parser = value::dialect)]
    dialect: Option<Dialect>,
    /// Where the events go: sqlite:PATH, or stdout
    #[arg(long, value_name = "SINK", default_value = "sqlite:highwater.db", value_parser = value::to)]
    to: To,
    /// The file that keeps the place when the events go to stdout [default: it is kept nowhere]
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Where to begin the first time: now, oldest, a cursor, a moment as 2026-05-25T14:23:29Z, or -1h
    #[arg(
        long,
        value_name = "START",
        default_value = "now",
        value_parser = value::start,
        allow_hyphen_values = true
    )]
    start: Start,
    #[command(flatten, next_help_heading = "What to ask for")]
    wanted: Wanted,
    #[command(flatten, next_help_heading = "When to end")]
    ends: Ends,
    #[command(flatten, next_help_heading = "To replay it")]
    recording: Recording,
    #[command(flatten, next_help_heading = "Limits")]
    limits: Limits,
}

#[derive(clap::Args)]
struct Wanted {
    /// A collection, or all that begin so: app.bsky.feed.post, 'app.bsky.graph.*' [default: all]
    #[arg(long = "collection", value_name = "NSID")]
    collections: Vec<String>,
    /// An account [default: all]
    #[arg(long = "did", value_name = "DID")]
    dids: Vec<String>,
    /// A file with an account on each line
    #[arg(long, value_name = "FILE")]
    did_file: Option<PathBuf>,
    /// A kind of event: commit, identity, account or sync [default: all]
    #[arg(long = "kind", value_name = "KIND", value_parser = value::kind)]
    kinds: Vec<Kind>,
    /// Ask for compressed frames, with the dictionary that the feed hands out
    #[arg(long)]
    zstd: bool,
    /// Ask for compressed frames, with this dictionary
    #[arg(long, value_name = "FILE")]
    zstd_dictionary: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Ends {
    /// End well once an open connection has brought nothing new for so long
    #[arg(long, value_name = "D", value_parser = value::positive_duration)]
    exit_idle: Option<Duration>,
    /// End badly once no connection was good for so long
    #[arg(long, value_name = "D", value_parser = value::positive_duration)]
    give_up_after: Option<Duration>,
}

#[derive(clap::Args)]
struct Limits {
    /// How long a connection may be silent; a ping goes out at three fifths of it
    #[arg(long, value_name = "D", default_value = "25s", value_parser = value::positive_duration)]
    stall_timeout: Duration,
    /// How long a connection may be without an event [default: for ever]
    #[arg(long, value_name = "D", value_parser = value::positive_duration)]
    quiet_limit: Option<Duration>,
    /// How long a connection may take to open
    #[arg(long, value_name = "D", default_value = "10s", value_parser = value::positive_duration)]
    connect_timeout: Duration,
    /// The longest wait after a first failure; it doubles with each more
    #[arg(long, value_name = "D", default_value = "1s", value_parser = value::positive_duration)]
    backoff_initial: Duration,
    /// The longest wait after any failure
    #[arg(long, value_name = "D", default_value = "1m", value_parser = value::positive_duration)]
    backoff_max: Duration,
    /// How far to go back, at least, where another feed takes over
    #[arg(long, value_name = "D", default_value = "1m", value_parser = value::duration)]
    rewind: Duration,
    /// How long servers are believed to keep events
    #[arg(long, value_name = "D", default_value = "12h", value_parser = value::positive_duration)]
    cursor_window: Duration,
    /// How many events become durable together, at most
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=BATCH_EVENTS_MAX)
    )]
    batch_events: u32,
    /// How long an event waits for others, at most
    #[arg(long, value_name = "D", default_value = "50ms", value_parser = value::duration)]
    batch_delay: Duration,
}

impl Args {
    /// Where the events go, and the file that keeps the place if they go to standard output.
    pub(super) fn to(&self) -> Result<(To, Option<PathBuf>), Failure> {
        match (&self.to, &self.checkpoint) {
            (To::Sqlite(_) | To::Null, Some(_)) => {
                Err(Failure::new(Exit::Usage, "--checkpoint is for --to stdout")
                    .hint("leave it out: a database keeps the place beside the events"))
            }
            (to, checkpoint) => Ok((to.clone(), checkpoint.clone())),
        }
    }

    /// How the run is recorded, if it is.
    pub(super) fn recording(&self) -> Recording {
        self.recording.clone()
    }

    /// What to follow, and how.
    pub(super) fn highwater(self) -> Result<Highwater, Failure> {
        self.limits.check()?;
        let compression = self.wanted.compression()?;
        let dids = self.wanted.dids()?;
        let mut urls = self.urls.into_iter();
        let first = urls.next().expect("clap asks for one");
        let mut highwater = Highwater::follow(first).start(self.start).compression(compression);
        highwater = urls.fold(highwater, Highwater::or);
        highwater = self.dialect.into_iter().fold(highwater, Highwater::dialect);
        highwater = self.wanted.collections.into_iter().fold(highwater, Highwater::collection);
        highwater = dids.into_iter().fold(highwater, Highwater::did);
        highwater = self.wanted.kinds.into_iter().fold(highwater, Highwater::kind);
        Ok(highwater.configure(|config| {
            self.limits.set(config);
            config.exit_idle = self.ends.exit_idle;
            config.give_up_after = self.ends.give_up_after;
        }))
    }
}

impl Wanted {
    fn compression(&self) -> Result<Compression, Failure> {
        let Some(path) = &self.zstd_dictionary else {
            return Ok(if self.zstd { Compression::Fetched } else { Compression::Off });
        };
        let bytes = read(path, DICTIONARY_BYTES_MAX as u64)?;
        Dictionary::new(&bytes).map(Compression::With).map_err(|error| {
            Failure::new(Exit::CorruptData, format_args!("{} is {error}", path.display()))
                .hint("give the dictionary that the feed's frames are compressed with, in a file of its own")
        })
    }

    fn dids(&self) -> Result<Vec<String>, Failure> {
        let mut dids = self.dids.clone();
        if let Some(path) = &self.did_file {
            let text = String::from_utf8(read(path, DID_FILE_BYTES_MAX)?);
            let not_text = |_| {
                Failure::new(Exit::CorruptData, format_args!("{} is not text", path.display()))
                    .hint("write one DID on each line")
            };
            let text = text.map_err(not_text)?;
            dids.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
        }
        Ok(dids)
    }
}

impl Limits {
    fn check(&self) -> Result<(), Failure> {
        if self.backoff_max < self.backoff_initial {
            let (max, initial) = (self.backoff_max, self.backoff_initial);
            let what = format_args!("--backoff-max {max} is shorter than --backoff-initial {initial}");
            return Err(Failure::new(Exit::Usage, what).hint("make it at least as long"));
        }
        Ok(())
    }

    fn set(&self, config: &mut Config) {
        config.stall_timeout = self.stall_timeout;
        config.quiet_limit = self.quiet_limit;
        config.connect_timeout = self.connect_timeout;
        config.backoff_initial = self.backoff_initial;
        config.backoff_max = self.backoff_max;
        config.rewind = self.rewind;
        config.cursor_window = self.cursor_window;
        config.batch_events = self.batch_events;
        config.batch_delay = self.batch_delay;
        // While one batch becomes durable, the next ones have to find room.
        config.buffer_events = config.buffer_events.max(4 * self.batch_events);
    }
}

/// A file that is not larger than `max`.
fn read(path: &Path, max: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(max + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        Failure::new(Exit::NoInput, format_args!("cannot read {}: {error}", path.display()))
            .hint("check the path, and that this user may read it")
    })?;
    if bytes.len() as u64 > max {
        let what = format_args!("{} has more than {max} bytes", path.display());
        return Err(Failure::new(Exit::CorruptData, what).hint("check that it is the file you mean"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_defaults_of_the_flags_are_the_machines_own() {
        let Ok(line) = Line::try_parse_from(["run", "ws://h"]) else { panic!("a URL is enough") };
        let mut config = Config::new(Vec::new());
        line.args.limits.set(&mut config);
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::new(Vec::new())));
    }
}
