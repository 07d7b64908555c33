//! `highwater feed`: a Jetstream of one's own, to develop and test against, offline.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;
use highwater::feed::{Config, Fault, Feed, FeedError, Measure, Wires};
use tokio::runtime::Runtime;

use crate::exit::{Exit, Failure};
use crate::shutdown;

/// Serves made-up events as a Jetstream host does
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:6008")]
    listen: SocketAddr,
    /// What to speak: v1 is the first server, v1,v2 is the second, v2 is its newer half
    #[arg(long, value_name = "WIRES", value_delimiter = ',', default_value = "v1")]
    wire: Vec<Wire>,
    /// What events and faults are made from: the same number, the same events
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many events there are; it goes on serving after the last [default: without end]
    #[arg(long, value_name = "N")]
    events: Option<u64>,
    /// Events a second; 0 for all at once, or as fast as they are read if there is no end
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    rate: u32,
    /// Serve the lines of this file, byte for byte, as the frames of v1
    #[arg(long, value_name = "FILE.jsonl")]
    serve: Option<PathBuf>,
    /// Send no more events a second to one address on v1, as the first server does with 5000 [default: all it reads]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Keep so many events, or those of that time [default: all, or 200000 if there is no end]
    #[arg(long, value_name = "N or D")]
    retention: Option<Measure>,
    /// Compress with this zstd dictionary [default: one trained on events of the seed]
    #[arg(long, value_name = "FILE")]
    dictionary: Option<PathBuf>,
    /// Write down each event before it is said: key, SHA-256, time in µs, number, separated by tabs; no SHA-256 if it
    /// never is
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Let this go wrong, every so many events (or connections), or that often; repeatable
    #[arg(long, value_name = "KIND[=N or D]", long_help = FAULTS)]
    fault: Vec<Fault>,
}

const FAULTS: &str = "\
Let this go wrong, at distances drawn from the seed between half and one and a half of N or D. Repeatable.
  every N events sent, or D (5000):
    drop         a connection ends without a word, perhaps within a frame
    half-open    a connection stays, and nothing comes nor is answered any more
    stall        no events for 2 to 6 seconds; pings are answered
    malformed    a frame that is no event; it is not in the truth
    restart      the server starts anew
    re-emission  the same, and it says its last seconds again under new times
    clock-step   the same, with its clock 10 to 60 seconds behind
    retention    the same, and it has forgotten events that nobody had yet
    rotation     the same, with another dictionary
  every N events that come to be, or D (5000):
    oversize     an event of 3 MiB; each fourth time of 33 MiB
    blind        for some hundred events, one of the larger collections is not seen
  every N connections asked for, or D (3):
    503          status 503
    instance     another server behind the name: other times and numbers
  every N replays that reach the tip, or D (1), with --wire v1:
    reorder      the last events come in another order
    cutover-drop some of the last events do not come";

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wire {
    V1,
    V2,
}

/// Serves until a signal comes.
pub(crate) fn run(args: Args) -> Result<Exit, Failure> {
    let runtime = Runtime::new().map_err(|error| cannot_start(&error))?;
    runtime.block_on(async {
        let stop = shutdown::listen().map_err(|error| cannot_start(&error))?;
        serve(args, stop).await.map_err(failure)
    })
}

async fn serve(args: Args, stop: impl Future<Output = ()>) -> Result<Exit, FeedError> {
    let wires = match (args.wire.contains(&Wire::V1), args.wire.contains(&Wire::V2)) {
        (true, true) => Wires::Both,
        (false, true) => Wires::V2,
        (_, false) => Wires::V1,
    };
    let Args { listen, seed, events, rate, serve, limit, retention, dictionary, truth, .. } = args;
    let faults = args.fault;
    let config =
        Config { listen, wires, seed, events, rate, serve, limit, retention, dictionary, truth, faults };
    let feed = Feed::open(config).await?;
    // Whoever started us waits for this line; if nobody reads it, nobody waits.
    let _ = writeln!(std::io::stdout().lock(), "listening ws://{}", feed.address()?);
    let summary = feed.serve(stop).await?;
    let _ = writeln!(std::io::stderr().lock(), "{summary}");
    Ok(Exit::Done)
}

fn cannot_start(error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::InputOutput,
        format_args!("the operating system gives no thread, or no signals: {error}"),
    )
}

/// What the operator reads where there is no feed.
pub(super) fn failure(error: FeedError) -> Failure {
    let (exit, hint) = match &error {
        FeedError::Listen(..) => {
            (Exit::CannotCreate, Some("give another address with --listen, or port 0 for any that is free"))
        }
        FeedError::Read(..) => (Exit::NoInput, None),
        FeedError::Line(..) | FeedError::Dictionary(..) => (Exit::CorruptData, None),
        FeedError::Truth(_) => (Exit::InputOutput, None),
        FeedError::FileNeedsV1 | FeedError::FileStays(_) => (Exit::Usage, None),
    };
    let failure = Failure::new(exit, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
