//! How much memory a run holds on to while its database is locked by another and the feed goes on at full speed.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::Result;
use crate::cost::peak_kib;

/// More than this and something waits that should not.
const BAR_MIB: u64 = 64;

/// Runs the program into a database, locks that for so many `seconds`, and looks.
pub(crate) fn run(url: &str, seconds: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stalled.db");
    let mut program = Command::new(env!("CARGO_BIN_EXE_highwater"))
        .args(["run", url, "--start", "oldest", "--to", &format!("sqlite:{}", path.display())])
        .stderr(Stdio::null())
        .spawn()?;
    let process = program.id().to_string();
    let looked = (|| {
        thread::sleep(Duration::from_secs(1));
        let connection = Connection::open(&path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        let before = peak_kib(&process) >> 10;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(seconds) && program.try_wait()?.is_none() {
            thread::sleep(Duration::from_millis(100));
        }
        let rows: i64 = connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0))?;
        Ok::<_, Box<dyn std::error::Error>>((before, peak_kib(&process) >> 10, rows))
    })();
    program.kill()?;
    program.wait()?;
    let (before, after, rows) = looked?;
    println!("{rows} events stored, then the database locked for {seconds} s");
    println!("peak MiB: {before} before, {after} at the end, bar {BAR_MIB}: {}", verdict(after));
    Ok(())
}

fn verdict(peak_mib: u64) -> &'static str {
    if peak_mib < BAR_MIB { "kept" } else { "broken" }
}
