//! Holds the database for as long as one likes; exit code 1 unless memory stays bounded and everything arrives.
#![allow(clippy::print_stdout, reason = "the account is what the program is for")]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use highwater_campaign::Failure;
use highwater_campaign::feed::Wire;
use highwater_campaign::program::Program;
use highwater_campaign::stall::Stall;

/// Holds the database against `highwater run` while a feed runs at full speed, then lets go and compares.
#[derive(clap::Parser)]
struct Args {
    /// How long to hold it
    #[arg(long = "for", value_name = "DURATION", default_value = "10m")]
    hold: humantime::Duration,
    /// v1 or v2 [default: both]
    #[arg(long)]
    wire: Option<Wire>,
    /// How many events the feed has
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// No more memory than this may be in use meanwhile
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    memory: u64,
}

/// A server would give up on a reader before that; so its connection is left, and none is dialed while nothing can be
/// stored.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> Result<ExitCode, Failure> {
    let args = Args::parse();
    let program = Program::build()?;
    let mut exit = ExitCode::SUCCESS;
    for wire in args.wire.map_or(Wire::ALL.to_vec(), |wire| vec![wire]) {
        let folder = tempfile::tempdir()?;
        let stall = Stall { hold: Duration::from(args.hold), wire, events: args.events };
        let held = stall.run(&program, folder.path())?;
        let resident =
            held.resident_bytes_max.map_or("unknown".to_owned(), |bytes| format!("{} KiB", bytes >> 10));
        println!(
            "{}: held for {}, at most {resident} in use, {} connections, {}",
            wire.name(),
            args.hold,
            held.connections,
            held.verdict
        );
        let is_bounded = held.resident_bytes_max.is_none_or(|bytes| bytes < args.memory << 20);
        let is_left_alone = Duration::from(args.hold) < PATIENCE || held.connections == 2;
        if !held.verdict.is_exact() || !is_bounded || !is_left_alone {
            println!("kept: {}", folder.keep().display());
            exit = ExitCode::FAILURE;
        }
    }
    Ok(exit)
}
