//! Kills the real program as often as one likes, and gives an account; exit code 1 unless nothing is lost or doubled.
#![allow(clippy::print_stdout, reason = "the account is what the program is for")]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use highwater_campaign::Failure;
use highwater_campaign::kills::Kills;
use highwater_campaign::program::{Program, Wire};

/// Kills `highwater run` again and again while it follows `highwater feed`, and compares in the end.
#[derive(clap::Parser)]
struct Args {
    /// How many kills on each wire
    #[arg(long, default_value_t = 100)]
    kills: u32,
    /// v1 or v2 [default: both]
    #[arg(long)]
    wire: Option<Wire>,
    /// A fault of the feed, as `highwater feed --fault` takes it; repeatable
    #[arg(long = "fault", value_name = "KIND[=EVERY]")]
    faults: Vec<String>,
    /// Events a second
    #[arg(long, default_value_t = 5_000)]
    rate: u64,
    /// The longest life before a kill
    #[arg(long, value_name = "DURATION", default_value = "1s")]
    life: humantime::Duration,
    /// Decides events, faults and moments of death
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<ExitCode, Failure> {
    let args = Args::parse();
    let program = Program::build()?;
    let mut exit = ExitCode::SUCCESS;
    for wire in args.wire.map_or(Wire::ALL.to_vec(), |wire| vec![wire]) {
        let folder = tempfile::tempdir()?;
        let kills = Kills {
            kills: args.kills,
            wire,
            faults: args.faults.clone(),
            rate: args.rate,
            seed: args.seed,
            life_max: Duration::from(args.life),
        };
        let verdict = kills.run(&program, folder.path())?;
        println!("{}: {} kills, {verdict}", wire.name(), args.kills);
        if !verdict.is_sound() {
            println!("kept: {}", folder.keep().display());
            exit = ExitCode::FAILURE;
        }
    }
    Ok(exit)
}
