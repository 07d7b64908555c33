//! What a feed says is stored byte for byte, in the order in which it was said; and garbage between each two events is
//! set aside, and changes nothing else.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Failure;
use crate::feed::{Feed, Wire};
use crate::program::{Program, arguments_to_follow};

/// So many events are followed at once: where half of the last thousand frames are garbage, the connection is at fault
/// and no longer each frame, and nothing is set aside any more.
const PART_EVENTS: usize = 400;

/// What a feed says.
enum Said {
    /// The lines of this file.
    File(PathBuf),
    /// What it makes up from this seed, and writes down here.
    MadeUp(u64, PathBuf),
}

/// What is stored of it, in the order in which it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stored {
    /// The events' bytes, one a line.
    payloads: String,
    /// The events' keys, a tab, and the hashes of their bytes.
    keys: String,
    /// Why frames were set aside.
    set_aside: Vec<String>,
    /// Why spans are on record: here, because of where a feed goes live.
    gaps: Vec<String>,
}

/// What came of following with garbage and without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Events that were said.
    pub events: usize,
    /// Frames that were set aside.
    pub garbage: usize,
    /// What is not as it should be.
    pub differences: Vec<String>,
}

/// Follows the lines of a file, each a frame of the older wire, in parts. Files go to `folder`.
pub fn file(program: &Program, source: &Path, folder: &Path) -> Result<Outcome, Failure> {
    let text = std::fs::read_to_string(source)?;
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let mut outcome = Outcome::default();
    for (number, part) in lines.chunks(PART_EVENTS).enumerate() {
        let folder = folder.join(number.to_string());
        std::fs::create_dir(&folder)?;
        let served = folder.join("said.jsonl");
        std::fs::write(&served, in_lines(part))?;
        outcome.add(program, Wire::V1, &Said::File(served), &folder)?;
    }
    Ok(outcome)
}

/// Follows events that a feed makes up from `seed`. Files go to `folder`.
pub fn made_up(program: &Program, wire: Wire, seed: u64, folder: &Path) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    outcome.add(program, wire, &Said::MadeUp(seed, folder.join("truth")), folder)?;
    Ok(outcome)
}

impl Outcome {
    /// True if there was something, and all was as it should be.
    pub fn is_exact(&self) -> bool {
        self.events > 0 && self.differences.is_empty()
    }

    /// Follows without garbage, then with it.
    fn add(&mut self, program: &Program, wire: Wire, said: &Said, folder: &Path) -> Result<(), Failure> {
        let quiet = follow(program, wire, &said.arguments(), &folder.join("quiet.db"))?;
        self.compare(said, &quiet)?;
        self.demand(quiet.set_aside.is_empty(), || format!("set aside: {:?}", quiet.set_aside));
        let mut arguments = said.arguments();
        arguments.push("--fault=malformed=1".to_owned());
        let loud = follow(program, wire, &arguments, &folder.join("loud.db"))?;
        let events = self.compare(said, &loud)?;
        let is_each_garbage = loud.set_aside.iter().all(|reason| reason.starts_with("malformed"));
        self.demand(is_each_garbage && loud.set_aside.len() == events, || {
            format!("garbage after each of {events} events, and set aside is {:?}", loud.set_aside)
        });
        self.demand(quiet.gaps == loud.gaps, || format!("gaps {:?}, then {:?}", quiet.gaps, loud.gaps));
        self.events += events;
        self.garbage += loud.set_aside.len();
        Ok(())
    }

    /// Compares what was said with what is stored, and counts it.
    fn compare(&mut self, said: &Said, stored: &Stored) -> Result<usize, Failure> {
        let (said, stored) = match said {
            Said::File(path) => (std::fs::read_to_string(path)?, &stored.payloads),
            Said::MadeUp(_, truth) => (keys_of(&std::fs::read_to_string(truth)?), &stored.keys),
        };
        let mut pairs = said.lines().zip(stored.lines());
        let differs = pairs.find(|(said, stored)| said != stored);
        self.demand(said == *stored, || match differs {
            Some((said, stored)) => format!("said    {said}\nstored  {stored}"),
            None => format!("{} were said, and {} stored", said.lines().count(), stored.lines().count()),
        });
        Ok(said.lines().count())
    }

    fn demand(&mut self, holds: bool, difference: impl FnOnce() -> String) {
        self.differences.extend((!holds).then(difference));
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_exact() { "the same" } else { "NOT THE SAME" };
        write!(f, "{verdict}, {} events, {} frames of garbage set aside", self.events, self.garbage)?;
        self.differences.iter().try_for_each(|difference| write!(f, "\n{difference}"))
    }
}

impl Said {
    fn arguments(&self) -> Vec<String> {
        match self {
            Self::File(path) => vec![format!("--serve={}", path.display())],
            Self::MadeUp(seed, truth) => vec![
                format!("--seed={seed}"),
                format!("--events={PART_EVENTS}"),
                "--rate=0".to_owned(),
                format!("--truth={}", truth.display()),
            ],
        }
    }
}

/// Follows a feed until nothing new comes.
fn follow(program: &Program, wire: Wire, arguments: &[String], database: &Path) -> Result<Stored, Failure> {
    let feed = Feed::start(program, wire, arguments)?;
    let mut run = arguments_to_follow(&feed.url, database);
    run.extend(["--exit-idle", "2s"].map(str::to_owned));
    program.succeed(&run)?;
    feed.stop()?;
    let export = |what| Ok::<_, Failure>(String::from_utf8(program.export(database, what)?)?);
    let why = |lines: &str, field: &str| {
        let reasons = lines.lines().map(|line| {
            let line: Value = serde_json::from_str(line)?;
            Ok(line[field].as_str().unwrap_or("of no known reason").to_owned())
        });
        reasons.collect::<Result<Vec<_>, Failure>>()
    };
    Ok(Stored {
        payloads: export(None)?,
        keys: export(Some("--keys"))?,
        set_aside: why(&export(Some("--dead-letters"))?, "reason")?,
        gaps: why(&export(Some("--gaps"))?, "cause")?,
    })
}

/// The first two columns of a truth: keys, and the hashes of the events' bytes.
fn keys_of(truth: &str) -> String {
    let lines = truth.lines().map(|line| line.split('\t').take(2).collect::<Vec<_>>().join("\t"));
    in_lines(&lines.collect::<Vec<_>>())
}

/// Texts as one, each of them a line.
fn in_lines(lines: &[impl AsRef<str>]) -> String {
    lines.iter().flat_map(|line| [line.as_ref(), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Said, Stored, in_lines, keys_of};

    #[test]
    fn a_byte_or_an_order_or_an_event_more_or_less_is_a_difference() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("said");
        std::fs::write(&path, "a\nb\n").expect("a file");
        let said = Said::File(path);
        for (stored, differences) in
            [("a\nb\n", 0), ("a\nc\n", 1), ("b\na\n", 1), ("a\n", 1), ("a\nb\nb\n", 1)]
        {
            let mut outcome = Outcome::default();
            let stored = Stored { payloads: stored.to_owned(), ..Stored::default() };
            assert_eq!(outcome.compare(&said, &stored).expect("a file"), 2);
            assert_eq!(outcome.differences.len(), differences, "{outcome}");
        }
    }

    #[test]
    fn a_truth_is_compared_by_key_and_hash() {
        assert_eq!(keys_of("a b\taa\t10\t1\nc\tcc\t20\t2\n"), "a b\taa\nc\tcc\n");
        assert_eq!(in_lines(&["x", "y"]), "x\ny\n");
    }
}
