//! The command line: one file a command, each with its `Args` and a `run` that says whether all was well.

mod bench;
mod hash;
mod run;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use highwater_sim::Mode;

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

/// Reads the command line and does what it says: 0 if all held, 1 if something did not.
pub(crate) fn run() -> ExitCode {
    // A panic of the machine is told with its seed and trace, so it need not be told twice.
    std::panic::set_hook(Box::new(|_| {}));
    let is_well = match CommandLine::parse().command {
        Command::Run(args) => run::run(&args),
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
