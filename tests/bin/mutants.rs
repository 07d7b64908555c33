//! Puts mutants into the core, one at a time, and lets the seeds look for each.
#![allow(clippy::print_stdout, reason = "the account is what the program is for")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use highwater_campaign::Failure;
use highwater_campaign::garden::{Garden, beside_this_program};
use highwater_campaign::mutants::{Budget, Fate, Mutant};

/// Puts mutants into a copy of the core, one at a time, and lets the seeds look for each.
#[derive(clap::Parser)]
struct Args {
    /// Only mutants with this in their name
    #[arg(default_value = "")]
    name: String,
    /// So many of all, always the same
    #[arg(long, value_name = "COUNT")]
    sample: Option<usize>,
    /// So many seeds with small payloads look for a mutant at most
    #[arg(long, default_value_t = 4_000)]
    machine: u64,
    /// So many seeds with bytes
    #[arg(long, default_value_t = 1_000)]
    wire: u64,
    /// Where the copy is laid out and built [default: mutants/ in cargo's target folder]
    #[arg(long, value_name = "FOLDER")]
    garden: Option<PathBuf>,
}

fn main() -> Result<ExitCode, Failure> {
    let args = Args::parse();
    let garden = Garden::lay_out(args.garden.clone().map_or_else(|| beside_this_program("mutants"), Ok)?)?;
    let all = Mutant::all(&garden)?;
    let count = args.sample.unwrap_or(all.len());
    let mut mutants = Mutant::sample(all, count);
    mutants.retain(|mutant| mutant.name.contains(&args.name));
    let budget = Budget { machine: args.machine, wire: args.wire };
    for mutant in &mutants {
        let line = match mutant.meet(&garden, budget)? {
            Fate::Killed { mode, seed, rule } => format!("{rule:<18} {mode} {seed}"),
            Fate::Survived => "survived".to_owned(),
            Fate::Unviable => "unviable".to_owned(),
        };
        println!("{line:<34}  {}", mutant.name);
    }
    Ok(ExitCode::SUCCESS)
}
