//! `hash`: what a second process says when it is asked whether it ran the same seeds the same way.

use clap::ValueEnum as _;
use highwater_sim::{Mode, run_seed};

use super::{ModeArg, say};

/// Print the hash of each run
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many seeds to run
    #[arg(long)]
    seeds: u64,
    /// The first seed
    #[arg(long)]
    from: u64,
    /// What the machine carries
    #[arg(long)]
    mode: ModeArg,
}

/// The arguments with which a second process says the same as [`lines`].
pub(crate) fn arguments(from: u64, seeds: u64, mode: ModeArg) -> Vec<String> {
    let mode = mode.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    ["hash", "--from", &from.to_string(), "--seeds", &seeds.to_string(), "--mode", &mode]
        .map(str::to_owned)
        .into()
}

/// Prints the hash of each run.
pub(crate) fn run(args: &Args) -> bool {
    say(&lines(args.from, args.seeds, args.mode.mode()));
    true
}

/// One line for each seed: its number, and the hash of its run or where it failed.
pub(crate) fn lines(from: u64, seeds: u64, mode: Mode) -> String {
    let line = |seed| match run_seed(seed, mode) {
        Ok(report) => format!("{seed} {:016x}", report.hash),
        Err(failure) => format!("{seed} failed at {}", failure.step),
    };
    let lines: Vec<String> = (from..from.saturating_add(seeds)).map(line).collect();
    lines.join("\n")
}
