//! Follows real wire data and made-up events, and compares byte for byte; exit code 1 unless all is the same.
#![allow(clippy::print_stdout, reason = "the account is what the program is for")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use highwater_campaign::Failure;
use highwater_campaign::data::{self, Outcome};
use highwater_campaign::feed::Wire;
use highwater_campaign::program::Program;

/// Serves each file, and events made up on both wires, with garbage between each two and without, follows them, and
/// compares what is stored with what was said.
#[derive(clap::Parser)]
struct Args {
    /// Files with an event a line, as the older wire carries it
    files: Vec<PathBuf>,
    /// How many seeds to make events up from, 400 each on each wire
    #[arg(long, default_value_t = 5)]
    seeds: u64,
}

fn main() -> Result<ExitCode, Failure> {
    let args = Args::parse();
    let program = Program::build()?;
    let mut is_exact = true;
    for file in &args.files {
        let folder = tempfile::tempdir()?;
        is_exact &= tell(&file.display().to_string(), &data::file(&program, file, folder.path())?);
    }
    for seed in 1..=args.seeds {
        for wire in Wire::ALL {
            let folder = tempfile::tempdir()?;
            let outcome = data::made_up(&program, wire, seed, folder.path())?;
            is_exact &= tell(&format!("{}, made up from seed {seed}", wire.name()), &outcome);
        }
    }
    Ok(if is_exact { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(what: &str, outcome: &Outcome) -> bool {
    println!("{what}: {outcome}");
    outcome.is_exact()
}
