//! What `run` and `explore` are told alike: where a series of runs begins, on what it runs, and what becomes of it.

use std::path::PathBuf;

use highwater_sim::{Atlas, Failure, Modes, distinct};

use super::shrink::How;
use super::{ModesArg, complain, say};

/// A series of runs.
#[derive(clap::Args)]
pub(crate) struct Series {
    /// The first seed
    #[arg(long, default_value_t = 0)]
    pub(crate) from: u64,
    /// On how many threads; all cores unless told otherwise
    #[arg(long)]
    jobs: Option<usize>,
    /// What the machine carries
    #[arg(long, default_value = "both")]
    pub(crate) mode: ModesArg,
    /// Tell where the machines have been in tables, and write all that is known of it to FILE, as JSON Lines
    #[arg(long, value_name = "FILE")]
    coverage: Option<PathBuf>,
    #[command(flatten)]
    how: How,
}

/// So many failures that are not alike are made small and told.
const SHRUNK_MAX: usize = 3;

impl Series {
    /// On so many threads: one a core unless told otherwise.
    pub(crate) fn threads(&self) -> usize {
        self.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// What the machines carry.
    pub(crate) fn modes(&self) -> Modes {
        self.mode.modes()
    }

    /// Tells all failures, and those that are not alike once more, made small.
    pub(crate) fn tell<'a>(&self, failures: impl Iterator<Item = &'a Failure> + Clone) {
        failures.clone().for_each(|failure| say(&failure.to_string()));
        for failure in distinct(failures).iter().take(SHRUNK_MAX).filter(|_| self.how.is_wanted()) {
            say("");
            self.how.tell(&failure.plan);
        }
    }

    /// Says where machines have been, and writes all that is known of it, if that was asked for. True unless it cannot
    /// be written.
    pub(crate) fn write(&self, coverage: &Atlas) -> bool {
        let Some(path) = &self.coverage else { return true };
        say(&coverage.tables());
        match std::fs::write(path, coverage.lines()) {
            Ok(()) => {
                say(&format!("coverage is written to {}", path.display()));
                true
            }
            Err(error) => {
                complain(&format!("{}: the coverage cannot be written: {error}", path.display()));
                false
            }
        }
    }
}
