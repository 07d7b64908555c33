//! `hash`: what a second process says when it is asked whether it ran the same seeds the same way, and the asking.

use std::path::PathBuf;
use std::process::Command;

use clap::ValueEnum as _;
use highwater_sim::{Modes, run_seed};

use super::{ModesArg, say};

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
    mode: ModesArg,
}

/// Prints the hash of each run.
pub(crate) fn run(args: &Args) -> bool {
    say(&lines(args.from, args.seeds, args.mode.modes()));
    true
}

/// Whether to ask a second process.
#[derive(clap::Args)]
pub(crate) struct Elsewhere {
    /// Run so many of the seeds in a second process too: they must be the same runs
    #[arg(long, value_name = "SEEDS", num_args = 0..=1, default_missing_value = "20")]
    check_processes: Option<u64>,
    /// The program of that process, such as a debug build of this one
    #[arg(long, value_name = "FILE", requires = "check_processes")]
    program: Option<PathBuf>,
}

impl Elsewhere {
    /// Whether some of the seeds are the same runs in a process of another time zone and language.
    pub(crate) fn is_same(&self, from: u64, seeds: u64, modes: ModesArg) -> bool {
        let Some(count) = self.check_processes.map(|count| count.min(seeds)) else { return true };
        let here = lines(from, count, modes.modes());
        match self.ask(from, count, modes) {
            Ok(there) if there.trim_ascii_end() == here.as_bytes() => {
                say(&format!("{count} seeds are the same in a second process"));
                true
            }
            Ok(there) => {
                let there = String::from_utf8_lossy(&there);
                let differs = here.lines().zip(there.lines()).find(|(here, there)| here != there);
                let (here, there) = differs.unwrap_or((&here, &there));
                say(&format!("O18 determinism: here a seed is {here:?}, in a second process {there:?}"));
                false
            }
            Err(why) => {
                say(&format!("a second process cannot be asked: {why}"));
                false
            }
        }
    }

    fn ask(&self, from: u64, count: u64, modes: ModesArg) -> std::io::Result<Vec<u8>> {
        let program = self.program.clone().map_or_else(std::env::current_exe, Ok)?;
        let mode = modes.to_possible_value();
        let mode = mode.map_or_else(String::new, |value| value.get_name().to_owned());
        let asked = Command::new(program)
            .args(["hash", "--from", &from.to_string(), "--seeds", &count.to_string(), "--mode", &mode])
            .env_clear()
            .env("TZ", "Asia/Kathmandu")
            .env("LC_ALL", "tr_TR.UTF-8")
            .output()?;
        if asked.status.success() {
            return Ok(asked.stdout);
        }
        Err(std::io::Error::other(String::from_utf8_lossy(&asked.stderr).into_owned()))
    }
}

/// One line for each seed: its number, and the hash of its run or where it failed.
fn lines(from: u64, seeds: u64, modes: Modes) -> String {
    let line = |seed| match run_seed(seed, modes.of(seed)) {
        Ok(report) => format!("{seed} {:016x}", report.hash),
        Err(failure) => format!("{seed} failed at {}", failure.step),
    };
    let lines: Vec<String> = (from..from.saturating_add(seeds)).map(line).collect();
    lines.join("\n")
}
