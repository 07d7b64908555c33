//! Plants every bug of `tests/bugs` in turn, and lets the seeds look for it; exit code 1 unless each is found,
//! and no seed complains without one.
#![allow(clippy::print_stdout, reason = "the account is what the program is for")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use highwater_campaign::Failure;
use highwater_campaign::bugs::{Bug, Garden};

/// Plants every bug of `tests/bugs` in turn in a copy of the core, and lets the seeds look for it.
#[derive(clap::Parser)]
struct Args {
    /// Only bugs with this in their name
    #[arg(default_value = "")]
    name: String,
    /// So many seeds look for a bug at most
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// Where the copy is laid out and built [default: bugs/ in cargo's target folder]
    #[arg(long, value_name = "FOLDER")]
    garden: Option<PathBuf>,
}

fn main() -> Result<ExitCode, Failure> {
    let args = Args::parse();
    let bugs: Vec<Bug> = Bug::all()?.into_iter().filter(|bug| bug.name().contains(&args.name)).collect();
    if bugs.is_empty() {
        return Err(format!("no bug has `{}` in its name", args.name).into());
    }
    // Before the first build: all that do not fit are told at once.
    let misfits: Vec<String> =
        bugs.iter().filter_map(|bug| bug.check().err()).map(|why| why.to_string()).collect();
    if !misfits.is_empty() {
        return Err(misfits.join("\n").into());
    }
    let garden = Garden::lay_out(args.garden.map_or_else(beside_this_program, Ok)?)?;
    println!("{:>6} {:>6} {:>7} {:>7}  {:<18} bug", "seed", "tried", "build", "find", "rule");
    let mut missed = 0;
    let mut false_alarms = BTreeMap::new();
    for bug in &bugs {
        let hunt = garden.hunt(bug, args.seeds)?;
        let (seed, rule) = hunt
            .find
            .as_ref()
            .map_or(("-".to_owned(), "MISSED"), |find| (find.seed.to_string(), find.rule()));
        let [built, took] = [hunt.built, hunt.took].map(|time| format!("{:.1} s", time.as_secs_f64()));
        println!("{seed:>6} {:>6} {built:>7} {took:>7}  {rule:<18} {}", hunt.tried, bug.name());
        missed += usize::from(hunt.find.is_none());
        false_alarms.extend(hunt.false_alarms.into_iter().map(|find| (find.seed, find.verdict)));
    }
    println!("{} of {} bugs are found", bugs.len() - missed, bugs.len());
    for (seed, verdict) in &false_alarms {
        println!("seed {seed} complains without any bug: {verdict}");
    }
    Ok(if missed == 0 && false_alarms.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn beside_this_program() -> Result<PathBuf, Failure> {
    let here = std::env::current_exe()?;
    let target = here.parent().and_then(|profile| profile.parent());
    Ok(target.ok_or("this program was not started from cargo's target folder")?.join("bugs"))
}
