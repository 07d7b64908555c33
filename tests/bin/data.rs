//! Follows files of real wire data, and compares byte for byte; exit code 1 unless all is the same.
#![allow(clippy::print_stdout, reason = "the account is what the program is for")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use highwater_campaign::Failure;
use highwater_campaign::data;
use highwater_campaign::program::{Program, Wire};

/// Serves each file with garbage between its lines, follows it, and compares what is exported with the file.
#[derive(clap::Parser)]
struct Args {
    /// Files with an event a line, as a wire carries it
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The wire the files are of
    #[arg(long, default_value = "v1")]
    wire: Wire,
}

fn main() -> Result<ExitCode, Failure> {
    let args = Args::parse();
    let program = Program::build()?;
    let mut exit = ExitCode::SUCCESS;
    for file in &args.files {
        let folder = tempfile::tempdir()?;
        let followed = data::follow(&program, args.wire, file, folder.path())?;
        let is_same = followed.payloads == std::fs::read(file)?;
        let verdict = if is_same { "the same" } else { "NOT the same" };
        println!("{}: {verdict}, {} frames of garbage set aside", file.display(), followed.set_aside);
        if !is_same {
            println!("kept: {}", folder.keep().display());
            exit = ExitCode::FAILURE;
        }
    }
    Ok(exit)
}
