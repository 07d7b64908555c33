//! The command line: one file a command, each with its `Args` and a `run` that gives an exit code.

mod demo;
mod export;
mod feed;
mod run;
mod status;
mod value;
mod variables;

use clap::Parser as _;

use crate::exit::{Exit, Failure};

/// Follows a cursor-resumable WebSocket feed and never loses its place.
#[derive(clap::Parser)]
#[command(name = "highwater", version, disable_help_subcommand = true, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    // Each command is a file in `cli/` and adds itself here and in `run`.
    Run(Box<run::Args>),
    Export(export::Args),
    Status(status::Args),
    Feed(feed::Args),
    Demo(demo::Args),
}

/// Reads the command line, does what it says, and tells the operator if that went wrong.
pub(crate) fn run() -> Exit {
    let done: Result<Exit, Failure> = match CommandLine::parse().command {
        Command::Run(args) => run::run(*args),
        Command::Export(args) => export::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Feed(args) => feed::run(args),
        Command::Demo(args) => demo::run(args),
    };
    done.unwrap_or_else(Failure::tell)
}
