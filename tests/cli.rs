//! `highwater run`, as a shell and an operator see it: help, mistakes, exit codes, signals.

mod help;
mod mistakes;
#[cfg(unix)]
mod runs;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::program::program;

/// The program in `folder`, with nothing of this machine's own around it.
fn highwater(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.env_remove("RUST_LOG").env_remove("RUST_BACKTRACE").env("NO_COLOR", "1");
    // Those that our own tests listen to.
    command.env_remove("HIGHWATER_ORDERS").env_remove("HIGHWATER_REWRITE");
    command
}

/// How it ends, and what it says.
fn output(folder: &Path, arguments: &[&str]) -> Output {
    highwater(folder, arguments).output().unwrap()
}
