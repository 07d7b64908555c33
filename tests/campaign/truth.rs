//! Compares what a feed said with what is stored: the only verdict that counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::Failure;
use crate::ledger::{Log, Places, Record};
use crate::program::Program;

/// One event of a feed; in several versions if it was said again under a new time.
#[derive(Clone, Debug, Default)]
struct Said {
    /// Of the bytes of each version that could be sent; of one that the server was blind to, none.
    hashes: BTreeSet<String>,
    places: Places,
}

/// What a feed said, by key.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    events: BTreeMap<String, Said>,
    log: Log,
}

/// What is stored.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Key and hash of each row.
    rows: Vec<(String, String)>,
    /// Spans on record.
    records: Vec<Record>,
    /// Hashes of what was set aside.
    dead: BTreeSet<String>,
}

/// Which records there may be, by cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Causes {
    /// An event may be missing that lies in a record of such a cause.
    pub excusing: Vec<&'static str>,
    /// Such records may be there too, and excuse nothing: what they are about did not happen, but nothing on the wire
    /// could tell.
    pub harmless: Vec<&'static str>,
}

/// What became of what was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Distinct events that were sent, or would have been.
    pub sent: usize,
    /// Distinct events that the server was blind to. Nothing on the wire can tell that they are missing, so no record
    /// has to; they are only counted, and none may be stored.
    pub hidden: usize,
    /// Rows stored.
    pub rows: usize,
    /// Events that are not stored, and set aside with the reason.
    pub set_aside: usize,
    /// Events that are neither, and lie in a record.
    pub on_record: usize,
    /// How many records there are of each cause.
    pub records: BTreeMap<String, usize>,
    /// Keys of events that are nowhere.
    pub lost: Vec<String>,
    /// Keys that are stored more than once.
    pub doubled: Vec<String>,
    /// Keys that were never said.
    pub foreign: Vec<String>,
    /// Keys whose bytes are none that were said.
    pub altered: Vec<String>,
    /// Records where nothing could be missing, or wider than what could be.
    pub superfluous: Vec<String>,
}

/// Compares the file that `highwater feed --truth` wrote with what is in `database`.
pub fn judge(program: &Program, truth: &Path, database: &Path, causes: &Causes) -> Result<Verdict, Failure> {
    let export = |flag| Ok::<_, Failure>(String::from_utf8(program.export(database, Some(flag))?)?);
    let truth = Truth::parse(&std::fs::read_to_string(truth)?)?;
    let stored = Stored::parse(&export("--keys")?, &export("--gaps")?, &export("--dead-letters")?)?;
    Ok(truth.judge(&stored, causes))
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
            said.hashes.extend(hashes.split(',').filter(|hash| !hash.is_empty()).map(str::to_owned));
            for (time, number) in times.split(',').zip(numbers.split(',')) {
                let (time, number) = (time.parse()?, number.parse()?);
                said.places.times.insert(time);
                said.places.numbers.insert(number);
                truth.log.numbers.entry(time).and_modify(|last| *last = number.max(*last)).or_insert(number);
            }
        }
        Ok(truth)
    }

    /// Compares.
    pub fn judge(mut self, stored: &Stored, causes: &Causes) -> Verdict {
        let hidden = self.events.values().filter(|said| said.hashes.is_empty()).count();
        let (sent, rows) = (self.events.len() - hidden, stored.rows.len());
        let mut verdict = Verdict { sent, hidden, rows, ..Verdict::default() };
        let mut seen = BTreeSet::new();
        for (key, hash) in &stored.rows {
            if !seen.insert(key.as_str()) {
                verdict.doubled.push(key.clone());
            }
            match self.events.get(key) {
                Some(said) if said.hashes.contains(hash) => self.log.stored.extend(&said.places.numbers),
                Some(said) if !said.hashes.is_empty() => verdict.altered.push(key.clone()),
                Some(_) | None => verdict.foreign.push(key.clone()),
            }
        }
        let excuses = |record: &&Record| causes.excusing.contains(&record.cause.as_str());
        let excusing: Vec<&Record> = stored.records.iter().filter(excuses).collect();
        for (key, said) in &self.events {
            if seen.contains(key.as_str()) || said.hashes.is_empty() {
                continue;
            }
            if !said.hashes.is_disjoint(&stored.dead) {
                verdict.set_aside += 1;
            } else if excusing.iter().any(|record| record.covers(&said.places, &self.log)) {
                verdict.on_record += 1;
            } else {
                verdict.lost.push(key.clone());
            }
        }
        verdict.examine(&stored.records, &self.log, causes);
        verdict
    }
}

impl Stored {
    /// Reads what `highwater export` prints with `--keys`, `--gaps` and `--dead-letters`.
    pub fn parse(keys: &str, gaps: &str, dead_letters: &str) -> Result<Self, Failure> {
        let mut stored = Self { records: Record::parse_all(gaps)?, ..Self::default() };
        for line in keys.lines() {
            let (key, hash) = line.split_once('\t').ok_or_else(|| format!("not a key and a hash: {line}"))?;
            stored.rows.push((key.to_owned(), hash.to_owned()));
        }
        for line in dead_letters.lines() {
            let letter: Value = serde_json::from_str(line)?;
            stored.dead.extend(letter["sha256"].as_str().map(str::to_owned));
        }
        Ok(stored)
    }
}

impl Verdict {
    /// True if each event is stored exactly once as it was said, or else on record, and nothing else is.
    pub fn is_sound(&self) -> bool {
        [&self.lost, &self.doubled, &self.foreign, &self.altered, &self.superfluous]
            .into_iter()
            .all(Vec::is_empty)
    }

    /// True if each event is stored exactly once as it was said, and nothing else is.
    pub fn is_exact(&self) -> bool {
        self.is_sound() && self.rows == self.sent
    }

    /// Looks for records that nothing asks for. Where servers drop, mix or leave out, that lies among what came; what
    /// came before a clock went back may come again after it, and what was read of an overlap is doubted all the same.
    /// But other spans end with the first event that came.
    fn examine(&mut self, records: &[Record], log: &Log, causes: &Causes) {
        for record in records {
            let cause = record.cause.as_str();
            *self.records.entry(cause.to_owned()).or_default() += 1;
            let is_meant = causes.excusing.contains(&cause) || causes.harmless.contains(&cause);
            let has_others = ["cutover", "oversize", "clock", "witness"].contains(&cause);
            let inside = if has_others { 0 } else { record.stored_inside(log) };
            if !is_meant || inside > 0 {
                self.superfluous.push(format!("{inside} stored events inside {record:?}"));
            }
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, hidden, rows, set_aside, on_record, .. } = self;
        write!(f, "sent {sent}, hidden {hidden}, rows {rows}, set aside {set_aside}, on record {on_record}")?;
        let found = [&self.lost, &self.doubled, &self.foreign, &self.altered, &self.superfluous];
        let names = ["lost", "doubled", "foreign", "altered", "superfluous"];
        for (name, found) in names.into_iter().zip(found).filter(|(_, found)| !found.is_empty()) {
            write!(f, ", {name} {} (first: {})", found.len(), found[0])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Causes, Stored, Truth, Verdict};

    /// Before the third event the server's clock went back, and to the fifth it was blind.
    const TRUTH: &str = "a\tA1,A2\t10,50\t1,6\nb\tB\t20\t2\nc\tC\t12\t3\nd\tD\t13\t4\ne\t\t14\t5\n";

    fn verdict(keys: &str, gap: &str, dead: &str) -> Verdict {
        let stored = Stored::parse(keys, gap, dead).expect("what is exported can be read");
        let causes = Causes { excusing: vec!["too-old"], harmless: vec!["cutover"] };
        Truth::parse(TRUTH).expect("the truth can be read").judge(&stored, &causes)
    }

    fn gap(cause: &str, state: &str, from: u64, to: u64) -> String {
        format!(
            r#"{{"kind":"time","cause":"{cause}","state":"{state}","from":{{"cursor":{from},"time_us":{from}}},"to":{{"cursor":{to},"time_us":{to}}}}}"#
        )
    }

    #[test]
    fn what_is_stored_once_in_any_version_is_right() {
        let verdict = verdict("b\tB\na\tA2\nc\tC\nd\tD\n", "", "");
        assert_eq!(verdict.to_string(), "sent 4, hidden 1, rows 4, set aside 0, on record 0");
        assert!(verdict.is_exact());
    }

    #[test]
    fn what_is_missing_is_lost_unless_it_is_on_record() {
        let but_c = "a\tA1\nb\tB\nd\tD\n";
        let is_lost = |gap: &str, dead: &str| verdict(but_c, gap, dead).lost == ["c"];
        assert!(is_lost("", ""));
        assert!(is_lost(&gap("too-old", "closed", 20, 13), ""));
        assert!(is_lost(&gap("too-old", "unproven", 10, 20), ""), "a record of another span");
        assert!(is_lost(&gap("cutover", "unproven", 10, 50), ""), "a record that excuses nothing");
        assert!(is_lost("", r#"{"sha256":"garbage","after":2}"#), "something else was set aside");
        let on_record = verdict(but_c, &gap("too-old", "unproven", 20, 13), "");
        assert_eq!(on_record.to_string(), "sent 4, hidden 1, rows 3, set aside 0, on record 1");
        let aside = verdict(but_c, "", r#"{"sha256":"C","after":null}"#);
        assert_eq!(aside.to_string(), "sent 4, hidden 1, rows 3, set aside 1, on record 0");
        assert!(on_record.is_sound() && aside.is_sound() && !on_record.is_exact());
    }

    #[test]
    fn a_record_that_nothing_asks_for_is_seen() {
        let all = "b\tB\na\tA2\nc\tC\nd\tD\n";
        for (gap, superfluous) in [
            (gap("too-old", "unproven", 20, 12), 0),
            (gap("cutover", "unproven", 10, 50), 0),
            (gap("clock", "unproven", 20, 12), 1),
            (gap("too-old", "unproven", 20, 13), 1),
        ] {
            let verdict = verdict(all, &gap, "");
            assert_eq!(verdict.superfluous.len(), superfluous, "{gap}: {verdict}");
            assert_eq!(verdict.is_sound(), superfluous == 0);
        }
    }

    #[test]
    fn what_is_stored_twice_or_was_never_said_is_seen() {
        let verdict = verdict("a\tA1\na\tA2\nb\tX\nc\tC\nd\tD\ne\tE\nf\tF\n", "", "");
        assert_eq!(
            (&verdict.doubled[..], &verdict.altered[..]),
            (&["a".to_owned()][..], &["b".to_owned()][..])
        );
        assert_eq!(verdict.foreign, ["e", "f"], "one of them the server was blind to");
        assert!(!verdict.is_sound());
    }
}
