//! The program `highwater`: the command line over the library.

mod cli;
mod exit;
mod log;
mod shutdown;

use exit::Exit;

fn main() -> Exit {
    // The message of a panic was written when it happened.
    std::panic::catch_unwind(cli::run).unwrap_or(Exit::Bug)
}
