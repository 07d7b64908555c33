//! Holds what is stored beside what was said.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, RangeInclusive};
use std::path::Path;

use bytes::Bytes;
use highwater::sink::sqlite::{Reader, RowId};
use sha2::{Digest as _, Sha256};

use crate::exit::{Exit, Failure};

/// What became of the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Proof {
    /// Different events that were said.
    pub(super) sent: u64,
    /// Rows.
    pub(super) stored: u64,
    /// Rows beyond one for each key.
    pub(super) doubled: u64,
    /// Rows whose bytes were never said.
    pub(super) altered: u64,
    /// Events that are neither stored nor set aside, but lie in a gap that is on record.
    pub(super) in_gaps: u64,
    /// Events that are nowhere.
    pub(super) lost: u64,
    /// Frames set aside, events or not.
    pub(super) dead_letters: u64,
}

/// What the feed wrote down of an event: the hashes of its versions, and their times in µs.
#[derive(Debug)]
struct Said {
    hashes: Vec<String>,
    times: Vec<u64>,
}

/// A comparison under way.
#[derive(Debug)]
struct Comparison {
    said: BTreeMap<String, Said>,
    /// What is stored or set aside.
    seen: BTreeSet<String>,
    proof: Proof,
}

impl Proof {
    /// Compares the feed's truth with the database.
    pub(super) fn of(truth: &Path, database: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(truth).map_err(|error| {
            Failure::new(Exit::InputOutput, format_args!("cannot read {}: {error}", truth.display()))
        })?;
        let mut comparison = Comparison::with(&text);
        let reader = Reader::open(database)?;
        reader.keys(RowId(0), |_, key, payload| {
            let hash = Bytes::copy_from_slice(&Sha256::digest(payload));
            comparison.row(key.to_string(), &format!("{hash:x}"));
            ControlFlow::Continue(())
        })?;
        reader.dead_letters(RowId(0), |_, letter| {
            comparison.dead_letter(letter.key.map(|key| key.to_string()));
            ControlFlow::Continue(())
        })?;
        let gaps = reader.gaps()?.into_iter().map(|gap| {
            let end = gap.to.map_or(u64::MAX, |to| to.time.as_micros());
            gap.from.time.as_micros()..=end
        });
        Ok(comparison.finish(&gaps.collect::<Vec<_>>()))
    }

    /// Whether all is there, once, as it was said.
    pub(super) fn holds(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.altered == 0
    }
}

impl Comparison {
    /// With the truth, as `highwater feed --truth` writes it.
    fn with(truth: &str) -> Self {
        let said = truth.lines().map(|line| {
            let mut columns = line.split('\t');
            let key = columns.next().unwrap_or_default().to_owned();
            let mut values = || columns.next().unwrap_or_default().split(',');
            let hashes = values().map(str::to_owned).collect();
            let times = values().filter_map(|time| time.parse().ok()).collect();
            (key, Said { hashes, times })
        });
        let said: BTreeMap<String, Said> = said.collect();
        let proof = Proof { sent: said.len() as u64, ..Proof::default() };
        Self { said, seen: BTreeSet::new(), proof }
    }

    fn row(&mut self, key: String, hash: &str) {
        let is_said = self.said.get(&key).is_some_and(|said| said.hashes.iter().any(|of| of == hash));
        self.proof.stored += 1;
        self.proof.altered += u64::from(!is_said);
        self.proof.doubled += u64::from(!self.seen.insert(key));
    }

    fn dead_letter(&mut self, key: Option<String>) {
        self.proof.dead_letters += 1;
        self.seen.extend(key);
    }

    /// Looks for what is missing in the gaps, each a span in µs.
    fn finish(mut self, gaps: &[RangeInclusive<u64>]) -> Proof {
        for (_, said) in self.said.iter().filter(|(key, _)| !self.seen.contains(*key)) {
            let is_on_record = said.times.iter().any(|time| gaps.iter().any(|gap| gap.contains(time)));
            *(if is_on_record { &mut self.proof.in_gaps } else { &mut self.proof.lost }) += 1;
        }
        self.proof
    }
}

/// How many events are stored so far; none where there is no database yet.
pub(super) fn stored(database: &Path) -> u64 {
    let last = Reader::open(database).and_then(|reader| reader.last_event());
    last.map_or(0, |RowId(id)| u64::try_from(id).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTH: &str = "a\taa\t10\t1\nb\tbb,b2\t20,25\t2,6\nc\tcc\t30\t3\nd\tdd\t40\t4\ne\tee\t50\t5\n";

    fn compared(rows: &[(&str, &str)], letters: &[Option<&str>], gaps: &[RangeInclusive<u64>]) -> Proof {
        let mut comparison = Comparison::with(TRUTH);
        for (key, hash) in rows {
            comparison.row((*key).to_owned(), hash);
        }
        for key in letters {
            comparison.dead_letter(key.map(str::to_owned));
        }
        comparison.finish(gaps)
    }

    #[test]
    fn all_that_is_there_once_is_proved_whatever_version_came() {
        let rows = [("a", "aa"), ("b", "b2"), ("c", "cc"), ("d", "dd"), ("e", "ee")];
        let proof = compared(&rows, &[None], &[]);
        assert_eq!(proof, Proof { sent: 5, stored: 5, dead_letters: 1, ..Proof::default() });
        assert!(proof.holds());
    }

    #[test]
    fn what_is_missing_is_set_aside_or_in_a_gap_or_lost() {
        let proof = compared(&[("a", "aa"), ("e", "ee")], &[Some("c")], &[25..=29]);
        let expected = Proof { sent: 5, stored: 2, in_gaps: 1, lost: 1, dead_letters: 1, ..Proof::default() };
        assert_eq!(proof, expected);
        assert!(!proof.holds());
    }

    #[test]
    fn a_row_too_many_and_a_row_of_other_bytes_break_the_proof() {
        let rows = [("a", "aa"), ("b", "bb"), ("c", "cc"), ("d", "dd"), ("e", "ee"), ("c", "cc")];
        let proof = compared(&rows, &[], &[]);
        assert_eq!((proof.doubled, proof.altered, proof.holds()), (1, 0, false));
        let proof = compared(&[("a", "bb"), ("x", "aa")], &[], &[0..=u64::MAX]);
        assert_eq!((proof.doubled, proof.altered, proof.in_gaps, proof.holds()), (0, 2, 4, false));
    }
}
