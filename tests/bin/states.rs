//! Counts the states of the exhaustive search by two searches, on each wire; exit code 1 unless they agree and no rule is broken.
#![allow(clippy::print_stdout, reason = "the account is what the program is for")]

use std::process::ExitCode;

use clap::Parser as _;
use highwater_campaign::search::count;
use highwater_core::serve::Wire;
use highwater_core::time::Duration;
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
    /// How many sources tell the same
    #[arg(long, default_value_t = Bounds::default().sources, value_parser = clap::value_parser!(u8).range(1..=2))]
    sources: u8,
    /// Begin with what comes next, not with the oldest there is
    #[arg(long)]
    tip: bool,
    /// A batch waits for more for so long
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    batch_delay: std::time::Duration,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let is_same = [("v1", Wire::V1), ("v2", Wire::V2)].map(|(name, wire)| {
        println!("wire         {name}");
        agree(&args.bounds(wire))
    });
    if is_same == [true; 2] { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Args {
    fn bounds(&self, wire: Wire) -> Bounds {
        let delay = u64::try_from(self.batch_delay.as_micros()).unwrap_or(u64::MAX);
        Bounds {
            wire,
            sources: self.sources,
            at_tip: self.tip,
            batch_delay: Duration::from_micros(delay),
            events: self.events,
            faults: self.faults,
            each: [self.faults; Mishap::ALL.len()],
            ..Bounds::default()
        }
    }
}

/// Whether both searches count the same, and no rule is broken.
fn agree(bounds: &Bounds) -> bool {
    let counted = count(bounds);
    println!("{}", counted.ours);
    println!("stateright   {} states, in {:.2} s", counted.theirs, counted.seconds);
    let is_same = counted.ours.broken.is_none() && counted.ours.states == counted.theirs as u64;
    println!("{}\n", if is_same { "both count the same" } else { "THEY DIFFER, or a rule is broken" });
    is_same
}
