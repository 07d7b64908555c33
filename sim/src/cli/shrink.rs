//! `shrink`: a failure made small, told in one screen, and laid down as files to keep.

use std::path::{Path, PathBuf};
use std::time::Duration;

use highwater_core::serve::Wire;
use highwater_sim::{Bounds, Model, Rule, search};
use highwater_sim::{Budget, Mode, Plan, Shrunk, Trace, plan_of_seed, run_changed, run_plan};
use highwater_sim::{scenario_of, shrink, survival};

use super::{ModeArg, complain, read_plan, say};

/// Make the failure of a seed or a plan as small as it gets
#[derive(clap::Args)]
#[group(id = "run", required = true, multiple = false, args = ["seed", "plan"])]
pub(crate) struct Args {
    /// The seed that fails
    #[arg(long)]
    seed: Option<u64>,
    /// The plan that fails
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// What the machine carries in the run of the seed
    #[arg(long, default_value = "machine", conflicts_with = "plan")]
    mode: ModeArg,
    #[command(flatten)]
    how: How,
}

/// How a failure is made small, and where what is left of it goes.
#[derive(clap::Args)]
pub(crate) struct How {
    /// How long to make a failure small
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = humantime::parse_duration)]
    shrink_for: Duration,
    /// Where to put the plan, trace and scenario of a failure; a folder of the system's for what may go unless told
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

/// Makes the failure small. True if it failed and could be laid down.
pub(crate) fn run(args: &Args) -> bool {
    let plan = match (&args.plan, args.seed) {
        (Some(path), _) => read_plan(path),
        (None, seed) => seed.map(|seed| failing(seed, args.mode.mode())),
    };
    let Some(plan) = plan else { return false };
    args.how.tell(&plan)
}

/// The plan of a seed; if that holds, the same told another way, if it fails then.
fn failing(seed: u64, mode: Mode) -> Plan {
    let plan = plan_of_seed(seed, mode);
    match run_plan(&plan, Trace::none()).0 {
        Ok(_) => run_changed(seed, mode).err().map_or(plan, |failure| failure.plan),
        Err(_) => plan,
    }
}

impl How {
    /// Whether anything is to be made small.
    pub(crate) fn is_wanted(&self) -> bool {
        self.shrink_for > Duration::ZERO
    }

    /// Makes the failure of `plan` small, and tells and keeps what is left. True if there is something.
    pub(crate) fn tell(&self, plan: &Plan) -> bool {
        let budget = Budget { time: self.shrink_for, ..Budget::default() };
        let Some(shrunk) = shrink(plan, budget) else {
            complain("this run does not fail: there is nothing to make small");
            return false;
        };
        let folder = self.keep.clone().unwrap_or_else(|| std::env::temp_dir().join("highwater-sim"));
        let folder = folder.join(format!("seed-{}", plan.seed()));
        let path = folder.join("plan.jsonl");
        let story = shrunk.story(&format!("highwater-sim run --plan {} --explain", path.display()));
        say(&story);
        if let Some(survival) = survival(plan) {
            say(&survival.to_string());
        }
        let shorter = is_large(&shrunk).then(|| shorter(shrunk.violation.rule, SEARCHED_MAX)).flatten();
        if let Some(story) = shorter {
            say("That is long. The same rule breaks in a small world (highwater-sim search):");
            say(&story);
        }
        match lay_down(&folder, &shrunk, &story) {
            Ok(files) => {
                say(&format!("kept: {}: {}", folder.display(), files.join(", ")));
                true
            }
            Err(error) => {
                complain(&format!(
                    "{}: the case cannot be kept: {error}; say where with --keep",
                    folder.display()
                ));
                false
            }
        }
    }
}

/// A case that nobody can take in.
fn is_large(shrunk: &Shrunk) -> bool {
    const FAULTS: usize = 5;
    const STEPS: u64 = 15;
    shrunk.faults() > FAULTS && shrunk.step > STEPS
}

/// So many states are searched for a shorter path: a second or two.
const SEARCHED_MAX: u32 = 300_000;

/// How the same rule breaks in the small world, where every path is tried, if it does: by a shortest path, and mostly for
/// the same reason.
fn shorter(rule: Rule, states: u32) -> Option<String> {
    [Wire::V2, Wire::V1].into_iter().find_map(|wire| {
        let model = Model::new(Bounds { wire, states, ..Bounds::default() });
        let broken = search(&model, |_, _| {}).broken?;
        (broken.violation.rule == rule).then(|| broken.story(&model))
    })
}

/// Writes the plan, the trace and the scenario. Gives their names.
fn lay_down(folder: &Path, shrunk: &Shrunk, story: &str) -> std::io::Result<Vec<&'static str>> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("plan.jsonl"), shrunk.plan.to_string())?;
    let (_, trace) = run_plan(&shrunk.plan, Trace::file(&shrunk.plan));
    std::fs::write(folder.join("trace.jsonl"), trace.text().unwrap_or_default())?;
    let mut files = vec!["plan.jsonl", "trace.jsonl"];
    // What it is, and which rule; the rest of the story is the scenario itself.
    let head: Vec<&str> = story.lines().take(3).collect();
    if let Some(scenario) = scenario_of(&shrunk.plan, &head.join("\n")) {
        std::fs::write(folder.join("scenario.txt"), scenario)?;
        files.push("scenario.txt");
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::FromArgMatches as _;

    use super::*;

    fn parsed(words: &[&str]) -> Result<Args, clap::Error> {
        let command = <Args as clap::Args>::augment_args(clap::Command::new("shrink"));
        Args::from_arg_matches(&command.try_get_matches_from([&["shrink"], words].concat())?)
    }

    #[test]
    fn a_seed_or_a_plan_is_made_small_and_not_both() {
        assert!(parsed(&[]).is_err());
        assert!(parsed(&["--seed", "1", "--plan", "x"]).is_err());
        assert!(parsed(&["--seed", "1", "--shrink-for", "2"]).is_err());
        let args = parsed(&["--seed", "7", "--shrink-for", "1m 30s"]).unwrap();
        assert_eq!((args.seed, args.how.shrink_for), (Some(7), Duration::from_secs(90)));
    }

    #[test]
    fn a_sound_machine_breaks_no_rule_in_the_small_world_either() {
        assert_eq!(shorter(Rule::O1NoLoss, 2_000), None);
    }

    #[test]
    fn nothing_is_kept_of_a_run_that_does_not_fail() {
        let folder = std::env::temp_dir().join(format!("highwater-sim-kept-{}", std::process::id()));
        let how = How { shrink_for: Duration::from_secs(1), keep: Some(folder.clone()) };
        let text = plan_of_seed(0, Mode::Machine).to_string();
        let calm: Vec<&str> = text.lines().take(2).collect();
        assert!(!how.tell(&Plan::read(&calm.join("\n")).unwrap()));
        assert!(!folder.exists());
    }
}
