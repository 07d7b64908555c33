//! `--healing`: the record of how long versions took to catch up, one line of JSON each.

use std::io::Write as _;
use std::path::Path;

use highwater_sim::HealingRecord;

use super::{complain, say};

/// Compares with the newest line for the same seeds, and adds a line if this version has none. True if nothing differs
/// by more than is tolerated.
pub(super) fn compare(path: &Path, now: &HealingRecord) -> bool {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            complain(&format!("{}: the record cannot be read: {error}", path.display()));
            return false;
        }
    };
    let Some(known) = records(path, &text) else { return false };
    let known: Vec<HealingRecord> =
        known.into_iter().filter(|record| record.is_of_the_same_seeds(now)).collect();
    let alarms = known.last().map_or_else(Vec::new, |newest| newest.alarms(now));
    for alarm in &alarms {
        say(&format!("healing has changed: {alarm}"));
    }
    if !alarms.is_empty() {
        say("if that is meant, delete the line from the record, and it will be written anew");
        return false;
    }
    let is_known = known.iter().any(|record| record.version == now.version);
    is_known || add(path, now)
}

/// The lines of the record; none, and said why, if one is none.
fn records(path: &Path, text: &str) -> Option<Vec<HealingRecord>> {
    let records = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
    records.map_err(|error| complain(&format!("{}: not a record of healing: {error}", path.display()))).ok()
}

fn add(path: &Path, now: &HealingRecord) -> bool {
    let written = serde_json::to_string(now).map_err(std::io::Error::other).and_then(|line| {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        writeln!(file, "{line}")
    });
    match written {
        Ok(()) => {
            say(&format!("healing of {} is on record now: {}", now.version, path.display()));
            true
        }
        Err(error) => {
            complain(&format!("{}: the record cannot be written: {error}", path.display()));
            false
        }
    }
}
