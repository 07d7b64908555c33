//! What the demo found, as a table.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use highwater::feed::{FaultKind, Summary};
use indicatif::HumanCount;

use super::proof::Proof;
use super::stage::Wire;

/// So much is told of each wire.
const ROWS: usize = 11;

/// All there is to tell, of one wire at least.
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) took: Duration,
}

/// What there is to tell of one wire.
pub(super) struct Column {
    pub(super) wire: Wire,
    pub(super) proof: Proof,
    pub(super) summary: Summary,
    pub(super) duplicates: u64,
    pub(super) kills: u64,
}

impl Column {
    fn counts(&self) -> [(&'static str, u64, &'static str); ROWS] {
        let Self { proof, summary, kills, duplicates, .. } = self;
        let reconnects = summary.connections.saturating_sub(kills + 1);
        [
            ("sent", proof.sent, "different events that the feed said"),
            ("frames", summary.frames, "in which it said them, again after each break"),
            ("stored", proof.stored, "rows"),
            ("duplicates", *duplicates, "refused by key"),
            ("doubled", proof.doubled, "stored more than once"),
            ("lost", proof.lost, "neither stored, nor set aside, nor in a gap"),
            ("altered", proof.altered, "stored with other bytes than were sent"),
            ("in gaps", proof.in_gaps, "missing, and on record as such"),
            ("dead letters", proof.dead_letters, "frames set aside, with their bytes and the reason"),
            ("reconnects", reconnects, "by itself"),
            ("kills", *kills, "kill -9, in the middle"),
        ]
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<_> = self.columns.iter().map(Column::counts).collect();
        write!(f, "\n{:>14}", "")?;
        self.columns.iter().try_for_each(|column| write!(f, " {:>9}", column.wire.name()))?;
        writeln!(f)?;
        for row in 0..ROWS {
            let (name, _, what) = counts[0][row];
            write!(f, "{name:>14}")?;
            for counts in &counts {
                write!(f, " {:>9}", HumanCount(counts[row].1).to_string())?;
            }
            writeln!(f, "  {what}")?;
        }
        writeln!(f)?;
        for column in &self.columns {
            let deeds = Deeds(&column.summary.faults);
            writeln!(f, "  what the feed did on {}: {deeds}", column.wire.name())?;
        }
        let holds = self.columns.iter().all(|column| column.proof.holds());
        let verdict =
            if holds { "nothing lost, nothing doubled" } else { "FAILED: see lost, doubled, altered" };
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

/// Where the databases are, and what to ask them.
pub(super) fn invitation(databases: &[&Path]) -> String {
    let questions = databases.iter().map(|database| {
        let database = database.display();
        format!(
            "    highwater status {database}\n    \
             sqlite3 {database} \"SELECT collection, operation, count(*) FROM events GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 9\""
        )
    });
    let questions: Vec<String> = questions.collect();
    format!("  It is all there; look for yourself:\n\n{}", questions.join("\n"))
}
