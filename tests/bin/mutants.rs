//! Puts mutants into the core, one at a time, and lets the seeds look for each; exit code 1 if one lives that is not
//! known to.
#![allow(clippy::print_stdout, reason = "the account is what the program is for")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use highwater_campaign::Failure;
use highwater_campaign::garden::{Garden, beside_this_program};
use highwater_campaign::mutants::{Account, Budget, Fate, Mutant, Survivor};

/// Puts mutants into a copy of the core, one at a time, and lets the seeds look for each.
///
/// cargo-mutants 27 must be installed: it lists them.
#[derive(clap::Parser)]
struct Args {
    /// Only mutants with this in their name
    #[arg(default_value = "")]
    name: String,
    /// So many of all, always the same
    #[arg(long, value_name = "COUNT")]
    sample: Option<usize>,
    /// Every Nth of those, from the Kth on, as `0/4`
    #[arg(long, value_name = "K/N", value_parser = shard)]
    shard: Option<(usize, usize)>,
    /// Only those that lived the last time, or were not there
    #[arg(long)]
    again: bool,
    /// Put what becomes of each on record
    #[arg(long)]
    keep: bool,
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

fn shard(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    parts.filter(|&(k, n): &(usize, usize)| k < n).ok_or_else(|| "should be as `0/4`".to_owned())
}

fn main() -> Result<ExitCode, Failure> {
    let args = Args::parse();
    let garden = Garden::lay_out(args.garden.clone().map_or_else(|| beside_this_program("mutants"), Ok)?)?;
    let mut account = Account::read().unwrap_or_default();
    let all = Mutant::all(&garden)?;
    let sample = Mutant::sample(all.clone(), args.sample.unwrap_or(all.len()));
    if args.keep {
        // What the core has no more, and what is not in the sample, is forgotten.
        account.0.retain(|name, _| sample.iter().any(|mutant| mutant.name == *name));
    }
    let done: Vec<String> = account.settled().cloned().collect();
    let mut mutants = sample;
    mutants
        .retain(|mutant| mutant.name.contains(&args.name) && (!args.again || !done.contains(&mutant.name)));
    let (k, n) = args.shard.unwrap_or((0, 1));
    let budget = Budget { machine: args.machine, wire: args.wire };
    for mutant in mutants.iter().skip(k).step_by(n) {
        let fate = mutant.meet(&garden, budget)?;
        println!("{}  {}", fate.line(), mutant.name);
        account.0.insert(mutant.name.clone(), fate);
        if args.keep {
            account.keep(budget)?;
        }
    }
    println!("{}", account.score()?);
    let known = Survivor::all()?;
    let is_known = |name: &String| known.iter().any(|known| known.name == *name);
    let lives = |mutant: &&Mutant| account.0.get(&mutant.name) == Some(&Fate::Survived);
    let unknown: Vec<_> = mutants.iter().filter(lives).filter(|mutant| !is_known(&mutant.name)).collect();
    for mutant in &unknown {
        println!("lives, and nobody knows why: {}", mutant.name);
    }
    Ok(if unknown.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
