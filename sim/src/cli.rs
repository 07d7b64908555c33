//! The command line: one file a command, each with its `Args` and a `run` that says whether all was well.

mod bench;
mod explore;
mod hash;
mod healing;
mod replay;
mod run;
mod search;
mod series;
mod shrink;
mod trace;

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;
use highwater_sim::{Mode, Modes, Plan};
use indicatif::{ProgressBar, ProgressStyle};

/// Runs the production machine through seeded faults and checks every step.
#[derive(clap::Parser)]
#[command(name = "highwater-sim", version, disable_help_subcommand = true, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Run(run::Args),
    Explore(explore::Args),
    Shrink(shrink::Args),
    Trace(trace::Args),
    Search(search::Args),
    Replay(replay::Args),
    Bench(bench::Args),
    #[command(hide = true)]
    Hash(hash::Args),
}

/// What the machine carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ModeArg {
    /// Only what it decides by.
    Machine,
    /// The bytes of the real wires.
    Wire,
}

impl ModeArg {
    fn mode(self) -> Mode {
        match self {
            Self::Machine => Mode::Machine,
            Self::Wire => Mode::Wire,
        }
    }
}

/// What the machines of a campaign carry.
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

/// Reads the command line and does what it says: 0 if all held, 1 if something did not.
pub(crate) fn run() -> ExitCode {
    // A panic of the machine is told with its seed and trace, so it need not be told twice.
    std::panic::set_hook(Box::new(|_| {}));
    let is_well = match CommandLine::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Explore(args) => explore::run(&args),
        Command::Shrink(args) => shrink::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Search(args) => search::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Hash(args) => hash::run(&args),
    };
    ExitCode::from(u8::from(!is_well))
}

/// Says something on stdout. If nobody reads it, there is nobody to tell.
fn say(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Says on stderr what is wrong and who must act.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A plan or a trace is so long at most: far longer than any that was recorded.
const TEXT_BYTES_MAX: u64 = 256 << 20;

/// Reads a file; none, and said why, if it cannot be read.
fn read_text(path: &Path) -> Option<String> {
    let text = std::fs::File::open(path).and_then(|file| {
        let mut text = String::new();
        file.take(TEXT_BYTES_MAX).read_to_string(&mut text).map(|_| text)
    });
    text.map_err(|error| complain(&format!("{} cannot be read: {error}", path.display()))).ok()
}

/// Reads a plan; none, and said why, if it is none.
fn read_plan(path: &Path) -> Option<Plan> {
    match Plan::read(&read_text(path)?) {
        Ok(plan) => Some(plan),
        Err(error) => {
            complain(&format!("{} is no plan: {error}", path.display()));
            None
        }
    }
}

/// A bar for so many; drawn on stderr, and only where that is a terminal.
fn progress(count: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(count);
    let template = format!("{{bar:20}} {{pos}} of {{len}} {what}, {{per_sec}}, {{eta}} left; {{msg}}");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}
