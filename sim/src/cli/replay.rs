//! `replay`: a trace, of production or of the simulator, is told to the machine once more.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use highwater_sim::replay::{Lives, Mutated, Refusal, Trials, inputs, mutate, strict};
use highwater_sim::{Plan, Trace, run_plan};

use super::shrink::How;
use super::{complain, say};

/// Tell a trace to the machine once more, and see whether it says the same
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The trace; of one that was rotated the older file first
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What has to hold
    #[arg(long, default_value = "strict")]
    mode: ModeArg,
    /// How many trials `mutate` makes
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The seed of its first trial
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How long it goes on at most; until all trials are made unless told
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    budget: Option<Duration>,
    #[command(flatten)]
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ModeArg {
    /// The same effects and hashes, and nothing that the world could not do
    Strict,
    /// The oracles only: for a machine of another version
    Inputs,
    /// What the plan of a simulated run says, in the world of today
    Plan,
    /// Everything that must, with faults put into the run, others in each trial
    Mutate,
}

/// A trace is so long at most: it is read as a whole.
const TRACE_BYTES_MAX: u64 = 2 << 30;

/// Replays. True if all held.
pub(crate) fn run(args: &Args) -> bool {
    let Some(lives) = read(&args.files) else { return false };
    let replayed = match args.mode {
        ModeArg::Strict => {
            strict(&lives).map(|replayed| format!("the same: {replayed}; accepted by the world"))
        }
        ModeArg::Inputs => inputs(&lives).map(|replayed| format!("all held: {replayed}")),
        ModeArg::Plan => return plan(&lives),
        ModeArg::Mutate => return trials(args, &lives),
    };
    match replayed {
        Ok(said) => {
            say(&said);
            true
        }
        Err(refusal) => {
            say(&refusal.to_string());
            if let (Refusal::Different(_), Some(core)) = (&refusal, lives.core()) {
                say(&format!("it was recorded with version {core}; `--mode inputs` asks the oracles alone"));
            }
            false
        }
    }
}

/// Runs the plan that a simulated run was of. True if everything held.
fn plan(lives: &Lives) -> bool {
    let Some(text) = lives.plan() else {
        complain("this trace is of production: it has no plan; replay it with `--mode strict` or `inputs`");
        return false;
    };
    let plan = match Plan::read(text) {
        Ok(plan) => plan,
        Err(error) => {
            complain(&format!("the plan in the trace cannot be read: {error}"));
            return false;
        }
    };
    match run_plan(&plan, Trace::none()).0 {
        Ok(report) => {
            say(&format!("the plan held for {} steps", report.steps));
            true
        }
        Err((violation, step)) => {
            say(&format!("the plan failed at step {step}: {violation}"));
            false
        }
    }
}

/// So many failures that are not alike are made small and told.
const SHRUNK_MAX: usize = 3;

/// Puts faults into the run. True if everything held.
fn trials(args: &Args, lives: &Lives) -> bool {
    let trials = Trials { from: args.from, seeds: args.seeds, time: args.budget };
    let mutated = match mutate(lives, trials) {
        Ok(mutated) => mutated,
        Err(error) => {
            complain(&format!("this trace cannot be played: {error}"));
            return false;
        }
    };
    tell(args, &mutated);
    say(&mutated.to_string());
    mutated.failed == 0
}

fn tell(args: &Args, mutated: &Mutated) {
    for failure in mutated.failures.iter().take(SHRUNK_MAX) {
        let what = failure
            .seed
            .map_or_else(|| "the run with nothing inserted".to_owned(), |seed| format!("trial {seed}"));
        say(&format!("{what} failed at step {}: {}", failure.step, failure.violation));
        if args.how.is_wanted() {
            args.how.tell(&failure.plan);
        }
        if let Some(seed) = failure.seed {
            let files: Vec<String> = args.files.iter().map(|file| file.display().to_string()).collect();
            say(&format!(
                "the trial: highwater-sim replay {} --mode mutate --seeds 1 --from {seed}",
                files.join(" ")
            ));
        }
        say("");
    }
}

/// All of the files, as one trace; none, and said why, if they are none.
fn read(files: &[PathBuf]) -> Option<Lives> {
    let mut lives = Lives::default();
    for path in files {
        let text = match text(path) {
            Ok(text) => text,
            Err(error) => {
                complain(&format!("{} cannot be read: {error}", path.display()));
                return None;
            }
        };
        if let Err(error) = lives.read(&text) {
            complain(&format!("{} is no trace: {error}", path.display()));
            return None;
        }
    }
    Some(lives)
}

fn text(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(TRACE_BYTES_MAX).read_to_end(&mut bytes)?;
    // A kill may tear a line in the middle of a letter; the line is dropped then.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
