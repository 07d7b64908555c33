//! Compares what a feed said with what is stored: the only verdict that counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::Failure;
use crate::program::Program;

/// One event that a feed said; in several versions if it was said again under a new time.
#[derive(Clone, Debug, Default)]
struct Said {
    hashes: BTreeSet<String>,
    /// The server's times of it, in µs.
    times: BTreeSet<u64>,
    /// Its numbers in the server's log.
    numbers: BTreeSet<u64>,
}

/// What a feed said, by key.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    events: BTreeMap<String, Said>,
    /// The last number with a time: clocks go back, numbers do not.
    numbers: BTreeMap<u64, u64>,
}

/// What is stored.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Key and hash of each row.
    rows: Vec<(String, String)>,
    /// From and to, in µs by the server's clock: spans on record.
    gaps: Vec<(u64, Option<u64>)>,
    /// Hashes of what was set aside.
    dead: BTreeSet<String>,
    /// The numbers right behind which something was set aside.
    dead_after: BTreeSet<u64>,
}

/// What became of what was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Distinct events said.
    pub sent: usize,
    /// Rows stored.
    pub rows: usize,
    /// Events that are not stored, and set aside with the reason.
    pub set_aside: usize,
    /// Events that are neither, and lie in a gap on record.
    pub in_gaps: usize,
    /// Keys of events that are nowhere.
    pub lost: Vec<String>,
    /// Keys that are stored more than once.
    pub doubled: Vec<String>,
    /// Keys that were never said.
    pub foreign: Vec<String>,
    /// Keys whose bytes are none that were said.
    pub altered: Vec<String>,
}

/// Compares the file that `highwater feed --truth` wrote with what is in `database`.
pub fn judge(program: &Program, truth: &Path, database: &Path) -> Result<Verdict, Failure> {
    let export = |flag| Ok::<_, Failure>(String::from_utf8(program.export(database, Some(flag))?)?);
    let truth = Truth::parse(&std::fs::read_to_string(truth)?)?;
    let stored = Stored::parse(&export("--keys")?, &export("--gaps")?, &export("--dead-letters")?)?;
    Ok(truth.judge(&stored))
}

impl Truth {
    /// Reads what `highwater feed --truth` wrote: key, hashes, times, numbers, separated by tabs, then by commas.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let mut truth = Self::default();
        for line in text.lines() {
            let columns: Vec<&str> = line.split('\t').collect();
            let [key, hashes, times, numbers] = columns[..] else {
                return Err(format!("not a line of a truth: {line}").into());
            };
            let said = truth.events.entry(key.to_owned()).or_default();
            said.hashes.extend(hashes.split(',').map(str::to_owned));
            for (time, number) in times.split(',').zip(numbers.split(',')) {
                let (time, number) = (time.parse()?, number.parse()?);
                said.times.insert(time);
                said.numbers.insert(number);
                truth.numbers.entry(time).and_modify(|last| *last = number.max(*last)).or_insert(number);
            }
        }
        Ok(truth)
    }

    /// Compares.
    pub fn judge(&self, stored: &Stored) -> Verdict {
        let mut verdict = Verdict { sent: self.events.len(), rows: stored.rows.len(), ..Verdict::default() };
        let mut seen = BTreeSet::new();
        for (key, hash) in &stored.rows {
            if !seen.insert(key) {
                verdict.doubled.push(key.clone());
            }
            match self.events.get(key) {
                None => verdict.foreign.push(key.clone()),
                Some(said) if !said.hashes.contains(hash) => verdict.altered.push(key.clone()),
                Some(_) => {}
            }
        }
        let stored_numbers: BTreeSet<u64> = seen
            .iter()
            .filter_map(|key| self.events.get(*key))
            .flat_map(|said| said.numbers.clone())
            .collect();
        for (key, said) in self.events.iter().filter(|(key, _)| !seen.contains(key)) {
            if stored.set_aside(said) {
                verdict.set_aside += 1;
            } else if stored.gaps.iter().any(|gap| self.lies_in(said, *gap, &stored_numbers)) {
                verdict.in_gaps += 1;
            } else {
                verdict.lost.push(key.clone());
            }
        }
        verdict
    }

    /// Whether an event lies in a span: by the order in which things were said where the span's ends are events, else
    /// by time. A span without an end goes no further than the next event that is stored.
    fn lies_in(&self, said: &Said, (from, to): (u64, Option<u64>), stored: &BTreeSet<u64>) -> bool {
        let first = self.numbers.get(&from).copied();
        let last = match (to, first) {
            (Some(to), _) => self.numbers.get(&to).copied(),
            (None, Some(first)) => stored.range(first + 1..).next().copied().or(Some(u64::MAX)),
            (None, None) => None,
        };
        match (first, last, to) {
            (Some(first), Some(last), _) => said.numbers.iter().any(|number| (first..=last).contains(number)),
            (_, _, Some(to)) => said.times.iter().any(|time| (from..=to).contains(time)),
            (_, _, None) => false,
        }
    }
}

impl Stored {
    /// Reads what `highwater export` prints with `--keys`, `--gaps` and `--dead-letters`.
    pub fn parse(keys: &str, gaps: &str, dead_letters: &str) -> Result<Self, Failure> {
        let mut stored = Self::default();
        for line in keys.lines() {
            let (key, hash) = line.split_once('\t').ok_or_else(|| format!("not a key and a hash: {line}"))?;
            stored.rows.push((key.to_owned(), hash.to_owned()));
        }
        for line in gaps.lines() {
            let gap: Value = serde_json::from_str(line)?;
            let from = gap["from"]["time_us"].as_u64().ok_or("a gap without a beginning")?;
            if gap["state"] != "closed" {
                stored.gaps.push((from, gap["to"]["time_us"].as_u64()));
            }
        }
        for line in dead_letters.lines() {
            let letter: Value = serde_json::from_str(line)?;
            stored.dead.extend(letter["sha256"].as_str().map(str::to_owned));
            stored.dead_after.extend(letter["after"].as_u64());
        }
        Ok(stored)
    }

    fn set_aside(&self, said: &Said) -> bool {
        let follows = |number: &u64| self.dead_after.contains(&number.saturating_sub(1));
        said.hashes.iter().any(|hash| self.dead.contains(hash)) || said.numbers.iter().any(follows)
    }
}

impl Verdict {
    /// True if each event is stored exactly once as it was said, or else on record.
    pub fn is_sound(&self) -> bool {
        [&self.lost, &self.doubled, &self.foreign, &self.altered].into_iter().all(Vec::is_empty)
    }

    /// True if each event is stored exactly once as it was said.
    pub fn is_exact(&self) -> bool {
        self.is_sound() && self.rows == self.sent
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, rows, set_aside, in_gaps, .. } = self;
        write!(f, "sent {sent}, rows {rows}, set aside {set_aside}, in gaps {in_gaps}")?;
        let keys = [&self.lost, &self.doubled, &self.foreign, &self.altered];
        for (what, keys) in ["lost", "doubled", "foreign", "altered"].into_iter().zip(keys) {
            write!(f, ", {what} {}", keys.len())?;
            if let Some(first) = keys.first() {
                write!(f, " (first: {first})")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Stored, Truth};

    /// Before the third event the server's clock went back.
    const TRUTH: &str = "a\tA1,A2\t10,50\t1,5\nb\tB\t20\t2\nc\tC\t12\t3\nd\tD\t13\t4\n";

    fn verdict(keys: &str, gap: &str, dead: &str) -> String {
        let stored = Stored::parse(keys, gap, dead).expect("what is exported can be read");
        Truth::parse(TRUTH).expect("the truth can be read").judge(&stored).to_string()
    }

    fn gap(state: &str, from: u64, to: &str) -> String {
        format!(r#"{{"state":"{state}","from":{{"time_us":{from}}},"to":{to}}}"#)
    }

    #[test]
    fn what_is_stored_once_in_any_version_is_right() {
        let said = verdict("b\tB\na\tA2\nc\tC\nd\tD\n", "", "");
        assert_eq!(said, "sent 4, rows 4, set aside 0, in gaps 0, lost 0, doubled 0, foreign 0, altered 0");
    }

    #[test]
    fn what_is_missing_is_lost_unless_it_is_on_record() {
        let lost =
            "sent 4, rows 3, set aside 0, in gaps 0, lost 1 (first: c), doubled 0, foreign 0, altered 0";
        let in_gap = "sent 4, rows 3, set aside 0, in gaps 1, lost 0, doubled 0, foreign 0, altered 0";
        let aside = "sent 4, rows 3, set aside 1, in gaps 0, lost 0, doubled 0, foreign 0, altered 0";
        let but_c = "a\tA1\nb\tB\nd\tD\n";
        assert_eq!(verdict(but_c, "", ""), lost);
        assert_eq!(verdict(but_c, &gap("closed", 20, r#"{"time_us":13}"#), ""), lost);
        assert_eq!(verdict(but_c, &gap("unproven", 20, r#"{"time_us":13}"#), ""), in_gap);
        assert_eq!(verdict(but_c, &gap("unproven", 11, r#"{"time_us":14}"#), ""), in_gap);
        assert_eq!(verdict(but_c, &gap("unproven", 20, "null"), ""), in_gap);
        assert_eq!(
            verdict(but_c, &gap("unproven", 10, "null"), ""),
            lost,
            "b came after, so that is its end"
        );
        assert_eq!(verdict(but_c, "", r#"{"sha256":"C","after":null}"#), aside);
        assert_eq!(verdict(but_c, "", r#"{"sha256":"?","after":2}"#), aside);
    }

    #[test]
    fn what_is_stored_twice_or_was_never_said_is_seen() {
        let said = verdict("a\tA1\na\tA2\nb\tX\nc\tC\nd\tD\ne\tE\n", "", "");
        assert_eq!(
            said,
            "sent 4, rows 6, set aside 0, in gaps 0, lost 0, doubled 1 (first: a), foreign 1 (first: e), altered 1 (first: b)"
        );
    }
}
