//! The program `highwater-sim`: the command line over the simulator.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
