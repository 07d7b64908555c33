//! The program `highwater`: the command line over the library.

mod cli;
mod exit;

use exit::Exit;

fn main() -> Exit {
    cli::run()
}
