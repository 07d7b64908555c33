//! What the demo found, as a table.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use highwater::feed::{FaultKind, Summary};
use indicatif::HumanCount;

use super::proof::Proof;

/// All there is to tell.
pub(super) struct Table<'a> {
    pub(super) proof: &'a Proof,
    pub(super) summary: &'a Summary,
    pub(super) duplicates: u64,
    pub(super) kills: u64,
    pub(super) took: Duration,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { proof, summary, .. } = self;
        let runs = self.kills + 1;
        let reconnects = summary.connections.saturating_sub(runs);
        let rows = [
            ("sent", proof.sent, "different events that the feed said"),
            ("frames", summary.frames, "in which it said them, again after each break"),
            ("stored", proof.stored, "rows"),
            ("duplicates", self.duplicates, "refused by key"),
            ("doubled", proof.doubled, "stored more than once"),
            ("lost", proof.lost, "neither stored, nor set aside, nor in a gap"),
            ("altered", proof.altered, "stored with other bytes than were sent"),
            ("in gaps", proof.in_gaps, "missing, and on record as such"),
            ("dead letters", proof.dead_letters, "frames set aside, with their bytes and the reason"),
            ("reconnects", reconnects, "by itself"),
            ("kills", self.kills, "kill -9, in the middle"),
        ];
        writeln!(f)?;
        for (name, count, what) in rows {
            writeln!(f, "{name:>14} {:>9}  {what}", HumanCount(count).to_string())?;
        }
        writeln!(f, "\n  what the feed did: {}", Deeds(&summary.faults))?;
        let verdict = if proof.holds() {
            "nothing lost, nothing doubled"
        } else {
            "FAILED: see lost, doubled, altered"
        };
        writeln!(f, "  {verdict}, in {:.0} s", self.took.as_secs_f64())
    }
}

/// How often each fault happened, in a line.
struct Deeds<'a>(&'a [(FaultKind, u64)]);

impl fmt::Display for Deeds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (kind, count)) in self.0.iter().enumerate() {
            let separator = if nth == 0 { "" } else { ", " };
            write!(f, "{separator}{kind} {count}")?;
        }
        Ok(())
    }
}

/// Where the database is, and what to ask it.
pub(super) fn invitation(database: &Path) -> String {
    let database = database.display();
    format!(
        "  It is all in {database}; look for yourself:\n\n    \
         highwater status {database}\n    \
         sqlite3 {database} \"SELECT collection, operation, count(*) FROM events GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 9\""
    )
}
