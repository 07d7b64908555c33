//! What contestants cost in instructions, of all threads: a number that hardly differs from day to day.
//!
//! Valgrind counts them, running one thread at a time; so it tells what is done, and not how it waits.

use std::process::{Command, Stdio};

use crate::Result;
use crate::contestant::Contestant;

/// Lets `contestant` compete under valgrind.
pub(crate) fn count(contestant: Contestant, url: &str, events: u64) -> Result<u64> {
    let valgrind = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["--compete", contestant.name(), "--url", url, "--events", &events.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| format!("instructions are counted by valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&valgrind.stderr);
    if !valgrind.status.success() {
        return Err(format!("{}: {}\n{said}", contestant.name(), valgrind.status).into());
    }
    let counted = said.lines().find_map(|line| line.split_once("Collected :"));
    let (_, counted) = counted.ok_or("valgrind does not say what it counted")?;
    Ok(counted.trim().parse()?)
}
