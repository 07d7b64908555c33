//! The real program as a child, `highwater run`, listened to until it ends or is killed.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use serde::Deserialize;

use crate::exit::{Exit, Failure};

/// So impatient that half-open connections are noticed within the demo, and that nobody is left behind if it dies.
const FLAGS: [&str; 12] = [
    "--start",
    "oldest",
    "--exit-idle",
    "4s",
    "--stall-timeout",
    "2s",
    "--backoff-initial",
    "100ms",
    "--backoff-max",
    "1s",
    "--give-up-after",
    "30s",
];

/// What is said of each append.
const LOG: &str = "info,highwater::driver::report=debug";

/// A child that follows a feed.
pub(super) struct Runner {
    child: Child,
    listener: Option<JoinHandle<u64>>,
    duplicates: u64,
}

/// A line of the log, as far as it says how many events were there already.
#[derive(Deserialize)]
struct Line {
    message: String,
    #[serde(default)]
    duplicates: u64,
}

impl Runner {
    /// Starts it; what it says goes to the end of `log`.
    pub(super) fn start(url: &str, flags: &[&str], database: &Path, log: &Path) -> Result<Self, Failure> {
        let cannot_start =
            |error| Failure::new(Exit::InputOutput, format_args!("cannot start the run: {error}"));
        let log = File::options().create(true).append(true).open(log).map_err(|error| {
            Failure::new(Exit::CannotCreate, format_args!("cannot write {}: {error}", log.display()))
        })?;
        let mut sink = std::ffi::OsString::from("sqlite:");
        sink.push(database);
        let mut child = Command::new(std::env::current_exe().map_err(cannot_start)?)
            .args(["run", url, "--to"])
            .arg(sink)
            .args(FLAGS)
            .args(flags)
            .env("RUST_LOG", LOG)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(cannot_start)?;
        let said = child.stderr.take().expect("it was asked for");
        let listener = std::thread::spawn(move || listen(said, log));
        Ok(Self { child, listener: Some(listener), duplicates: 0 })
    }

    /// Whether it has ended, which it should do by itself and well.
    pub(super) fn has_ended(&mut self) -> Result<bool, Failure> {
        let waited = self.child.try_wait();
        let status =
            waited.map_err(|error| Failure::new(Exit::InputOutput, format_args!("cannot wait: {error}")))?;
        match status {
            None => Ok(false),
            Some(status) if status.success() => Ok(true),
            Some(status) => {
                Err(Failure::new(Exit::ProofFailed, format_args!("the run ended badly: {status}")))
            }
        }
    }

    /// Kills it as the operating system would, and gives what [`Runner::duplicates`] does.
    pub(super) fn kill(mut self) -> Result<u64, Failure> {
        let killed = self.child.kill().and_then(|()| self.child.wait());
        killed
            .map_err(|error| Failure::new(Exit::InputOutput, format_args!("cannot kill the run: {error}")))?;
        Ok(self.duplicates())
    }

    /// How many events its database had already, once it has ended.
    pub(super) fn duplicates(&mut self) -> u64 {
        if let Some(listener) = self.listener.take() {
            self.duplicates = listener.join().unwrap_or(0);
        }
        self.duplicates
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // Nobody is left behind when the demo goes wrong; whoever has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes down what it says, and counts the events that were there already.
fn listen(said: impl Read, mut log: File) -> u64 {
    let mut duplicates = 0;
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        match serde_json::from_str::<Line>(&line) {
            Ok(line) if line.message == "appended" => duplicates += line.duplicates,
            _ => drop(writeln!(log, "{line}")),
        }
    }
    duplicates
}
