//! Plants every bug of `tests/bugs` in turn, and lets the seeds look for it; exit code 1 unless each is found about as
//! soon as before, each case that is kept fails with its bug, and no seed complains without one.
//!
//! Or lets the exhaustive search look for it: exit code 1 if one is missed that it found before.
#![allow(clippy::print_stdout, reason = "the account is what the program is for")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use highwater_campaign::Failure;
use highwater_campaign::bugs::{Bug, Found, HEAD};
use highwater_campaign::garden::{Garden, Mode, beside_this_program};
use highwater_campaign::searched::{self, Searched};

/// Plants every bug of `tests/bugs` in turn in a copy of the core, and lets the seeds look for it.
#[derive(clap::Parser)]
struct Args {
    /// Only bugs with this in their name
    #[arg(default_value = "")]
    name: String,
    /// So many seeds look for a bug at most
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// Who looks for them
    #[arg(long, default_value = "seeds")]
    by: By,
    /// Put what was found on record, and the smallest case of each bug that has none
    #[arg(long)]
    keep: bool,
    /// Where the copy is laid out and built [default: bugs/ in cargo's target folder]
    #[arg(long, value_name = "FOLDER")]
    garden: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// The seeds
    Seeds,
    /// The exhaustive search of small worlds
    Search,
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
    let garden = Garden::lay_out(args.garden.clone().map_or_else(|| beside_this_program("bugs"), Ok)?)?;
    match args.by {
        By::Seeds => by_seeds(&garden, &bugs, &args),
        By::Search => by_search(&garden, &bugs, &args),
    }
}

/// Lets the exhaustive search look for each.
fn by_search(garden: &Garden, bugs: &[Bug], args: &Args) -> Result<ExitCode, Failure> {
    let mut known = Searched::all().unwrap_or_default();
    let (mut count, mut is_worse) = (0, false);
    println!("{}", searched::HEAD.lines().last().unwrap_or_default());
    for bug in bugs {
        let name = bug.name();
        garden.plant(&bug.patch)?.map_err(|error| format!("with {name}: {error}"))?;
        let before = known.iter().find(|known| known.name == name);
        let searched = Searched::look(garden, &name, before)?;
        println!("{}", searched.line());
        count += usize::from(searched.found.is_ok());
        if searched.found.is_err() && before.is_some_and(|before| before.found.is_ok()) {
            println!("{name}: MISSED, and was found before");
            is_worse = true;
        }
        known.retain(|known| known.name != searched.name);
        known.push(searched);
    }
    if args.keep {
        let all: Vec<String> = Bug::all()?.iter().map(Bug::name).collect();
        known.retain(|known| all.contains(&known.name));
        known.sort_by(|a, b| a.name.cmp(&b.name));
        Searched::keep(&known)?;
    }
    println!("{count} of {} bugs are found by the search", bugs.len());
    Ok(if is_worse { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn by_seeds(garden: &Garden, bugs: &[Bug], args: &Args) -> Result<ExitCode, Failure> {
    let mut known = Found::all().unwrap_or_default();
    let mut account = Account::default();
    println!("{}", HEAD.lines().last().unwrap_or_default());
    for bug in bugs {
        let before = known.iter().find(|found| found.name == bug.name());
        if let Some(found) = account.look(garden, bug, before, args)? {
            println!("{}", found.line());
            known.retain(|known| known.name != found.name);
            known.push(found);
        }
    }
    if args.keep {
        let all: Vec<String> = Bug::all()?.iter().map(Bug::name).collect();
        known.retain(|found| all.contains(&found.name));
        known.sort_by(|a, b| a.name.cmp(&b.name));
        Found::keep(&known)?;
    }
    println!("{} of {} bugs are found", account.found, bugs.len());
    let (failed, tried) = account.survival;
    println!("with one fault switched off, {failed} of {tried} runs of their seeds still fail the same way");
    for complaint in &account.complaints {
        println!("{complaint}");
    }
    Ok(if account.complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What came of all bugs.
#[derive(Default)]
struct Account {
    found: usize,
    /// Runs with one fault less that failed as before, and all.
    survival: (u64, u64),
    complaints: Vec<String>,
}

impl Account {
    /// Plants a bug, tries the case of it that is kept, and lets the seeds look for it.
    fn look(
        &mut self,
        garden: &Garden,
        bug: &Bug,
        before: Option<&Found>,
        args: &Args,
    ) -> Result<Option<Found>, Failure> {
        let name = bug.name();
        garden.plant(&bug.patch)?.map_err(|error| format!("with {name}: {error}"))?;
        let has_plan = bug.plan().exists();
        let is_stale = has_plan && garden.replay(&bug.plan())?.is_none();
        if is_stale && !args.keep {
            self.complaints.push(format!(
                "{name}: stale: its plan does not fail with it any more (`--keep` finds another)"
            ));
        }
        let hunt = garden.hunt(Mode::Both, args.seeds)?;
        for alarm in &hunt.false_alarms {
            self.complaints.push(format!("seed {} complains without any bug: {}", alarm.seed, alarm.verdict));
        }
        let Some(find) = hunt.find else {
            self.complaints.push(format!("{name}: MISSED by {} seeds", hunt.tried));
            return Ok(None);
        };
        self.found += 1;
        let shrunk = garden.shrink(Mode::Both, find.seed)?;
        if let Some(shrunk) = shrunk.as_ref().filter(|_| args.keep && (is_stale || !has_plan)) {
            std::fs::write(bug.plan(), &shrunk.plan)?;
        }
        let survived = shrunk.as_ref().and_then(|shrunk| shrunk.survival).unwrap_or_default();
        self.survival = (self.survival.0 + survived.0, self.survival.1 + survived.1);
        if survived.1 > 0 {
            println!("{name}: {} of {} survive one fault less", survived.0, survived.1);
        }
        let small = shrunk.map(|shrunk| (shrunk.faults, shrunk.steps, shrunk.millis));
        let (rule, millis) = (find.rule().to_owned(), hunt.took.as_millis() as u64);
        let found = Found { name, seed: find.seed, millis, rule, small };
        if let Some(before) = before.filter(|before| found.is_alarming(before)) {
            self.complaints
                .push(format!("{}: took {} seeds, {} before", found.name, found.seed, before.seed));
        }
        Ok(Some(found))
    }
}
