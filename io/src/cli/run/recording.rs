//! `--record`: the run as a trace, in files or in memory.

use std::io;
use std::path::{Path, PathBuf};

use highwater::record::{Dump, Recorder};

use crate::cli::value;
use crate::exit::{Exit, Failure};

/// What a recording holds, unless told otherwise.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// In memory it is less.
const MEMORY_BYTES_MAX: u64 = 32 << 20;

#[derive(Clone, clap::Args)]
pub(super) struct Recording {
    /// Record what comes in and what is done about it, without any content, for `highwater-sim replay`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// How much to keep, in FILE and FILE.1 together [default: 256MiB, or 32MiB of memory]
    #[arg(long, value_name = "SIZE", value_parser = value::size, requires = "record")]
    record_max: Option<u64>,
    /// Record in memory, and write FILE on SIGUSR1 or if the program panics
    #[arg(long, requires = "record")]
    record_in_memory: bool,
}

impl Recording {
    /// What the driver tells; in the runtime, since it may listen for a signal.
    pub(super) fn begin(&self) -> Result<Recorder, Failure> {
        let Some(path) = &self.record else { return Ok(Recorder::off()) };
        let recorder = if self.record_in_memory {
            let bytes_max = self.record_max.unwrap_or(MEMORY_BYTES_MAX);
            Recorder::in_memory(path.clone(), bytes_max).and_then(|(recorder, dump)| {
                listen(dump)?;
                Ok(recorder)
            })
        } else {
            Recorder::to_file(path.clone(), self.record_max.unwrap_or(FILE_BYTES_MAX))
        };
        recorder.map_err(|error| cannot_record(path, &error))
    }
}

#[cfg(unix)]
fn listen(dump: Dump) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut signals = signal(SignalKind::user_defined1())?;
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            dump.now();
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn listen(_: Dump) -> io::Result<()> {
    Ok(())
}

fn cannot_record(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::CannotCreate, format_args!("cannot record to {}: {error}", path.display()))
        .hint("check that its folder exists and this user may write there")
}
