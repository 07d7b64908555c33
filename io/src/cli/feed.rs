//! `highwater feed`: a Jetstream of one's own, to develop and test against, offline.

use std::io::Write as _;
use std::net::SocketAddr;

use highwater::feed::{Config, Feed};

use crate::exit::{Exit, Failure};

/// Serves made-up events as a Jetstream host does.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:6008")]
    listen: SocketAddr,
    /// What the events are made from: the same number, the same events
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many events there are; it goes on serving after the last [default: without end]
    #[arg(long, value_name = "N")]
    events: Option<u64>,
    /// Events a second; 0 for as fast as they are read
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    rate: u32,
}

/// Serves until a signal comes.
pub(crate) fn run(args: Args) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::new(Exit::InputOutput, format_args!("cannot start: {error}")))?;
    runtime.block_on(serve(args))
}

async fn serve(args: Args) -> Result<Exit, Failure> {
    let Args { listen, seed, events, rate } = args;
    let cannot_listen = |error| {
        Failure::new(Exit::CannotCreate, format_args!("cannot listen on {listen}: {error}"))
            .hint("give another address with --listen, or port 0 for any that is free")
    };
    let feed = Feed::open(Config { listen, seed, events, rate }).await.map_err(cannot_listen)?;
    let address = feed.address().map_err(cannot_listen)?;
    // Whoever started us waits for this line; if nobody reads it, nobody waits.
    let _ = writeln!(std::io::stdout().lock(), "listening ws://{address}");
    feed.serve(stopped()).await;
    Ok(Exit::Done)
}

async fn stopped() {
    let _ = tokio::signal::ctrl_c().await;
}
