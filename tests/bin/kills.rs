//! Kills the real program as often as one likes, and gives an account; exit code 1 unless nothing is lost or doubled.
#![allow(clippy::print_stdout, reason = "the account is what the program is for")]

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser as _;
use highwater_campaign::Failure;
use highwater_campaign::feed::Wire;
use highwater_campaign::kills::{Kills, Outcome};
use highwater_campaign::program::Program;
use highwater_campaign::rounds::rounds;

/// Kills `highwater run` again and again while it follows a `highwater feed` that fails, and compares in the end.
///
/// First everything at once that must not cost an event, then each by itself that does: there each event that is missing
/// must lie in a record of the right cause, and no other record may be there. To what a server is `blind` lies in no
/// record, since nothing on the wire could tell: it is counted as hidden, and all else must be there.
#[derive(clap::Parser)]
struct Args {
    /// How many kills on each wire
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(16..))]
    kills: u32,
    /// v1 or v2 [default: both]
    #[arg(long)]
    wire: Option<Wire>,
    /// Only rounds with this in their name: harmless, retention, blind, clock-step, oversize, cutover-drop
    #[arg(long, value_name = "NAME", default_value = "")]
    round: String,
    /// Events a second
    #[arg(long, default_value_t = 5_000)]
    rate: u64,
    /// Decides events, faults and moments of death
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<ExitCode, Failure> {
    let args = Args::parse();
    let program = Program::build()?;
    let begun = Instant::now();
    let mut exit = ExitCode::SUCCESS;
    println!("{HEAD}");
    for wire in args.wire.map_or(Wire::ALL.to_vec(), |wire| vec![wire]) {
        for round in rounds(wire, args.kills).into_iter().filter(|round| round.name.contains(&args.round)) {
            let folder = tempfile::tempdir()?;
            let kills = Kills { wire, round, rate: args.rate, seed: args.seed };
            let outcome = kills.run(&program, folder.path())?;
            println!("{}", row(&kills, &outcome));
            if !outcome.is_proof() {
                println!("FAILED: {outcome}\nkept: {}", folder.keep().display());
                exit = ExitCode::FAILURE;
            }
        }
    }
    println!("in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(exit)
}

const HEAD: &str =
    "wire round        kills    sent hidden    rows aside record   lost double altered more  records; faults";

fn row(kills: &Kills, outcome: &Outcome) -> String {
    let Kills { wire, round, .. } = kills;
    let verdict = &outcome.verdict;
    let counts = |counts: &mut dyn Iterator<Item = (&String, u64)>| {
        counts.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
    };
    let records = counts(&mut verdict.records.iter().map(|(cause, count)| (cause, *count as u64)));
    let faults = counts(&mut outcome.summary.faults.iter().map(|(fault, times)| (fault, *times)));
    format!(
        "{:<4} {:<12} {:>5} {:>7} {:>6} {:>7} {:>5} {:>6} {:>6} {:>6} {:>7} {:>4}  {records}; {faults}",
        wire.name(),
        round.name,
        round.kills,
        verdict.sent,
        verdict.hidden,
        verdict.rows,
        verdict.set_aside,
        verdict.on_record,
        verdict.lost.len(),
        verdict.doubled.len(),
        verdict.altered.len() + verdict.foreign.len(),
        verdict.superfluous.len(),
    )
}
