//! Counts the states of the exhaustive search by two searches; exit code 1 unless they agree and no rule is broken.
#![allow(clippy::print_stdout, reason = "the account is what the program is for")]

use std::process::ExitCode;

use clap::Parser as _;
use highwater_campaign::search::count;
use highwater_sim::{Bounds, Mishap};

/// Counts the states of the small world twice: by our own exhaustive search, and by `stateright`.
#[derive(clap::Parser)]
struct Args {
    /// Events in each history of the source
    #[arg(long, default_value_t = Bounds::default().events, value_parser = clap::value_parser!(u8).range(1..=8))]
    events: u8,
    /// So much may go wrong on one path
    #[arg(long, default_value_t = Bounds::default().faults, value_parser = clap::value_parser!(u8).range(0..=15))]
    faults: u8,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let each = [args.faults; Mishap::ALL.len()];
    let bounds = Bounds { events: args.events, faults: args.faults, each, ..Bounds::default() };
    let counted = count(&bounds);
    println!("{}", counted.ours);
    println!("stateright   {} states, in {:.2} s", counted.theirs, counted.seconds);
    let is_same = counted.ours.broken.is_none() && counted.ours.states == counted.theirs as u64;
    println!("{}", if is_same { "both count the same" } else { "THEY DIFFER, or a rule is broken" });
    if is_same { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
