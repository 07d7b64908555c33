//! `run`: many seeds and a summary, or one run, of a seed or a plan, told step by step.

use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use highwater_sim::{Campaign, Found, HealingRecord, Report, Summary, Trace, Violation};
use highwater_sim::{Case, lanes, plan_of_case, run_plan, run_traced};

use super::hash::Elsewhere;
use super::series::Series;
use super::{complain, healing, progress, say};

/// Run seeds until all are done, and tell what broke.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many seeds to run
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// Run what a plan says, and nothing else goes wrong
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seeds", "from", "jobs", "mode", "check_processes"])]
    plan: Option<PathBuf>,
    /// Run one case, as `explore` names it
    #[arg(long, value_name = "CASE", conflicts_with_all = ["seeds", "from", "jobs", "mode", "plan", "check_processes"])]
    case: Option<Case>,
    /// Write the plan of the first seed: all that goes wrong in it, a line each
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    save_plan: Option<PathBuf>,
    /// Write the first seed, or the plan, as a trace, to be replayed
    #[arg(long, value_name = "FILE", conflicts_with = "save_plan")]
    save_trace: Option<PathBuf>,
    /// Tell the first seed, or the plan, step by step
    #[arg(long)]
    trace: bool,
    /// Tell it in lanes, one column an actor
    #[arg(long, conflicts_with = "trace")]
    explain: bool,
    #[command(flatten)]
    series: Series,
    #[command(flatten)]
    again: Again,
    /// Compare how long it took to catch up with the newest line for these seeds in FILE, and add what is not there
    #[arg(long, value_name = "FILE")]
    healing: Option<PathBuf>,
    #[command(flatten)]
    elsewhere: Elsewhere,
}

/// Which seeds are run again, to compare.
#[derive(clap::Args)]
struct Again {
    /// Run every seed twice, not one in a hundred
    #[arg(long)]
    twice: bool,
    /// Run every seed in the ways that may change nothing that counts, too, not one in a hundred
    #[arg(long)]
    metamorphic: bool,
}

impl Args {
    /// The one run to be told or kept, where it is no plan's.
    fn first(&self) -> Case {
        let from = self.series.from;
        self.case.clone().unwrap_or_else(|| Case::of_seed(from, self.series.modes().of(from)))
    }

    /// What is written down of a run that is told.
    fn kept(&self) -> Trace {
        if self.trace || self.explain { Trace::all() } else { Trace::none() }
    }

    /// The line that goes on record.
    fn healing_of(&self, summary: &Summary) -> HealingRecord {
        let (whole, partial) = summary.healing.figures();
        let mode = self.series.mode.to_possible_value();
        let mode = mode.map_or_else(String::new, |mode| mode.get_name().to_owned());
        let (version, from, seeds) = (env!("CARGO_PKG_VERSION").to_owned(), self.series.from, self.seeds);
        HealingRecord { version, from, seeds, mode, whole, partial }
    }
}

/// One seed in so many is run twice.
const TWICE_ONE_IN: u64 = 100;
/// One seed in so many is run in other ways.
const CHANGED_ONE_IN: u64 = 100;

/// Runs the seeds. True if everything held.
pub(crate) fn run(args: &Args) -> bool {
    if let Some(path) = &args.save_plan {
        return save(args, path);
    }
    if let Some(path) = &args.save_trace {
        return save_trace(args, path);
    }
    if let Some(path) = &args.plan {
        return plan(args, path);
    }
    if args.trace || args.explain || args.case.is_some() {
        let case = args.first();
        return tell(args, &format!("case `{case}`"), run_traced(&case, args.kept()));
    }
    let series = &args.series;
    let (from, seeds, jobs, modes) = (series.from, args.seeds, series.threads(), series.modes());
    let twice_one_in = if args.again.twice { 1 } else { TWICE_ONE_IN };
    let changed_one_in = if args.again.metamorphic { 1 } else { CHANGED_ONE_IN };
    let campaign = Campaign { from, seeds, jobs, modes, twice_one_in, changed_one_in };
    let bar = progress(args.seeds, "seeds");
    let summary = campaign.run(|found| {
        let Found { failed, transitions, since } = found;
        bar.set_message(format!("{failed} failed, {transitions} transitions, a new one {since} seeds ago"));
        bar.inc(1);
    });
    bar.finish_and_clear();
    series.tell(summary.failures.values());
    say(&summary.to_string());
    let is_written = series.write(&summary.coverage);
    let heals = args.healing.as_ref().is_none_or(|path| healing::compare(path, &args.healing_of(&summary)));
    let is_whole = summary.coverage.missed().is_empty();
    is_written && is_whole && heals && args.elsewhere.is_same(from, seeds, series.mode) && summary.failed == 0
}

/// Writes what happens in the first seed as a plan. True if it could be written.
fn save(args: &Args, path: &Path) -> bool {
    let plan = plan_of_case(&args.first());
    match std::fs::write(path, plan.to_string()) {
        Ok(()) => {
            let (path, faults) = (path.display(), plan.faults());
            say(&format!("{path}: {faults} faults; run it with `highwater-sim run --plan {path}`"));
            true
        }
        Err(error) => {
            complain(&format!("{}: the plan cannot be written: {error}", path.display()));
            false
        }
    }
}

/// Writes the first seed, or the plan, as a trace. True if everything held and it could be written.
fn save_trace(args: &Args, path: &Path) -> bool {
    let plan = match &args.plan {
        Some(plan) => super::read_plan(plan),
        None => Some(plan_of_case(&args.first())),
    };
    let Some(plan) = plan else { return false };
    let ran = run_plan(&plan, Trace::file(&plan));
    if let Err(error) = std::fs::write(path, ran.1.text().unwrap_or_default()) {
        complain(&format!("{}: the trace cannot be written: {error}", path.display()));
        return false;
    }
    say(&format!("replay it with `highwater-sim replay {}`", path.display()));
    tell(args, &format!("seed {}", plan.seed()), ran)
}

/// Runs a plan. True if everything held.
fn plan(args: &Args, path: &Path) -> bool {
    let Some(plan) = super::read_plan(path) else { return false };
    let ran = run_plan(&plan, args.kept());
    let fired = ran.0.as_ref().map_or(0, |report| report.fired.total());
    let is_well = tell(args, &format!("plan {}", path.display()), ran);
    let unseen = (plan.faults() as u64).saturating_sub(fired);
    if is_well && unseen > 0 {
        say(&format!(
            "{unseen} of its {} faults did not come to pass: there was nobody they could befall",
            plan.faults()
        ));
    }
    is_well
}

/// Tells one run, one line a step if they were written down. True if everything held.
fn tell(args: &Args, what: &str, (run, trace): (Result<Report, (Violation, u64)>, Trace)) -> bool {
    if args.explain {
        say(&lanes(trace.lines()));
    } else {
        trace.lines().for_each(|line| say(&line.to_string()));
    }
    match run {
        Ok(report) => say(&format!("{what} held for {} steps", report.steps)),
        Err((violation, step)) => {
            say(&format!("{what} failed at step {step}: {violation}"));
            return false;
        }
    }
    true
}
