//! `replay`: a trace, of production or of the simulator, is told to the machine once more.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use highwater_sim::replay::{Lives, Refusal, inputs, strict};
use highwater_sim::{Plan, Trace, run_plan};

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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ModeArg {
    /// The same effects and hashes, and nothing that the world could not do
    Strict,
    /// The oracles only: for a machine of another version
    Inputs,
    /// What the plan of a simulated run says, in the world of today
    Plan,
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
