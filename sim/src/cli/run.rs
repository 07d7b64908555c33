//! `run`: many seeds and a summary, or one seed told step by step.

use std::process::Command;

use highwater_sim::{Campaign, Mode, Modes, Trace, run_traced};
use indicatif::{ProgressBar, ProgressStyle};

use super::{ModeArg, hash, say};

/// Run seeds until all are done, and tell what broke.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many seeds to run
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// On how many threads; all cores unless told otherwise
    #[arg(long)]
    jobs: Option<usize>,
    /// What the machine carries
    #[arg(long, default_value = "both")]
    mode: ModesArg,
    /// Tell the first seed step by step
    #[arg(long)]
    trace: bool,
    /// Run some seeds in a second process too: they must be the same runs
    #[arg(long)]
    check_processes: bool,
}

/// What the machine carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ModesArg {
    /// Only what it decides by
    Machine,
    /// The bytes of the real wires
    Wire,
    /// Bytes in one seed of 16
    Both,
}

impl ModesArg {
    const fn modes(self) -> Modes {
        match self {
            Self::Machine => Modes::Only(Mode::Machine),
            Self::Wire => Modes::Only(Mode::Wire),
            Self::Both => Modes::Both,
        }
    }
}

/// So many seeds are run in a second process.
const CHECKED_ELSEWHERE: u64 = 20;

/// Runs the seeds. True if everything held.
pub(crate) fn run(args: &Args) -> bool {
    if args.trace {
        return trace(args);
    }
    let jobs = args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let campaign = Campaign { from: args.from, seeds: args.seeds, jobs, modes: args.mode.modes() };
    // Drawn on stderr, and only where that is a terminal.
    let bar = ProgressBar::new(args.seeds);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} seeds, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    let summary = campaign.run(|| bar.inc(1));
    bar.finish_and_clear();
    for failure in summary.failures.values() {
        say(&format!("{failure}\n"));
    }
    say(&summary.to_string());
    let is_same = !args.check_processes || is_same_elsewhere(args, &campaign);
    summary.failed == 0 && is_same
}

/// Tells one seed, one line a step. True if everything held.
fn trace(args: &Args) -> bool {
    let mode = args.mode.modes().of(args.from);
    let (run, trace) = run_traced(args.from, mode, Trace::all());
    for line in trace.lines() {
        say(line);
    }
    match run {
        Ok(report) => say(&format!("seed {} held for {} steps", args.from, report.steps)),
        Err((violation, step)) => {
            say(&format!("seed {} failed at step {step}: {violation}", args.from));
            return false;
        }
    }
    true
}

/// Whether some of the seeds are the same runs in a process of another time zone and language.
fn is_same_elsewhere(args: &Args, campaign: &Campaign) -> bool {
    let count = args.seeds.min(CHECKED_ELSEWHERE);
    let is_wire = campaign.modes == Modes::Only(Mode::Wire);
    let mode = if is_wire { ModeArg::Wire } else { ModeArg::Machine };
    let here = hash::lines(args.from, count, mode.mode());
    let there = std::env::current_exe().and_then(|program| {
        Command::new(program)
            .args(hash::arguments(args.from, count, mode))
            .env_clear()
            .env("TZ", "Asia/Kathmandu")
            .env("LC_ALL", "tr_TR.UTF-8")
            .output()
    });
    match there {
        Ok(there) if there.stdout.trim_ascii_end() == here.as_bytes() => {
            say(&format!("{count} seeds are the same in a second process"));
            true
        }
        Ok(_) => {
            say("O18 determinism: a second process ran the same seeds differently");
            false
        }
        Err(error) => {
            say(&format!("a second process could not be started: {error}"));
            false
        }
    }
}
