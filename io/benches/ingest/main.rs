//! How fast a feed becomes durable, beside what the same socket and the same database give by themselves.
//!
//! ```text
//! highwater feed ──once──▶ frames ──memcpy──▶ loopback ──▶ contestant, a process of its own
//! ```
//!
//! Contestants take turns, so that whatever else the machine does is shared; medians count. Each is a process, so that
//! what it cost is its own. `run` is the library's face on the runtime that the program gives it. Two more questions:
//! `--instructions` counts what is done instead of how long it takes, and `--stalled` asks how much memory a run holds
//! on to while its database is locked.
//!
//! `cargo bench -p highwater --bench ingest -- --help`
#![allow(clippy::print_stdout, reason = "a bench tells its result")]

mod bare;
mod contestant;
mod cost;
mod database;
mod frames;
mod instructions;
mod report;
mod run;
mod source;
mod stalled;

use std::error::Error;
use std::process::{Command, Stdio};

use clap::Parser as _;

use contestant::Contestant;
use cost::Cost;
use frames::Frames;
use source::Source;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Measures how fast a feed becomes durable.
#[derive(clap::Parser)]
struct Args {
    /// Events a contestant has to take in each round
    #[arg(long, default_value_t = 500_000)]
    events: u64,
    /// Rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only these contestants
    #[arg(long, value_name = "CONTESTANT")]
    only: Vec<Contestant>,
    /// Instead: count instructions, with valgrind; a few ten thousand events will do
    #[arg(long)]
    instructions: bool,
    /// Instead: so many seconds, another process holds the lock of the database that is written to
    #[arg(long, value_name = "SECONDS")]
    stalled: Option<u64>,
    /// Instead: only be the source, for contestants that a profiler runs
    #[arg(long)]
    serve: bool,
    /// Instead: be this contestant, once
    #[arg(long, value_name = "CONTESTANT", requires = "url")]
    compete: Option<Contestant>,
    /// Where that contestant finds its source
    #[arg(long)]
    url: Option<String>,
    /// What cargo says to a bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    if let (Some(contestant), Some(url)) = (args.compete, &args.url) {
        println!("{}", contestant.compete(url, args.events)?);
        return Ok(());
    }
    let frames = Frames::of_feed(args.events)?;
    let size = frames.bytes_per_event();
    let source = Source::start(frames)?;
    if args.serve {
        println!("{}", source.url());
        loop {
            std::thread::park();
        }
    }
    if let Some(seconds) = args.stalled {
        return stalled::run(&source.url(), seconds);
    }
    let chosen = |contestant: &Contestant| args.only.is_empty() || args.only.contains(contestant);
    let contestants: Vec<_> = Contestant::ALL.into_iter().filter(chosen).collect();
    if args.instructions {
        let count = |contestant: &Contestant| instructions::count(*contestant, &source.url(), args.events);
        let counts = contestants.iter().map(count).collect::<Result<Vec<_>>>()?;
        report::print_instructions(args.events, &contestants, &counts);
        return Ok(());
    }
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); contestants.len()];
    for round in 0..args.rounds {
        for turn in 0..contestants.len() {
            // Nobody always comes after the same one.
            let index = (round + turn) % contestants.len();
            costs[index].push(compete(contestants[index], &source.url(), args.events)?);
        }
    }
    println!("{} events of {size} bytes, {} interleaved rounds\n", args.events, args.rounds);
    report::print(args.events, &contestants, costs);
    Ok(())
}

/// Lets `contestant` compete in a process of its own.
fn compete(contestant: Contestant, url: &str, events: u64) -> Result<Cost> {
    let process = Command::new(std::env::current_exe()?)
        .args(["--compete", contestant.name(), "--url", url, "--events", &events.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    let said = String::from_utf8_lossy(&process.stdout);
    if !process.status.success() {
        return Err(format!("{}: {}", contestant.name(), process.status).into());
    }
    said.trim().parse()
}
