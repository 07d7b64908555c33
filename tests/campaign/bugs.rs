//! Planted bugs: a simulator is worth the bugs it finds, so each patch in `tests/bugs` is put into a copy of the core,
//! and the seeds alone must find it.
//!
//! What was found is kept: `found.txt` says how soon, so that a simulator that grows blind is noticed, and `tests/plans`
//! has the smallest case of each bug, which must go on to fail with it.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::Failure;
use crate::garden::{git_apply, root};

/// A bug to plant.
#[derive(Clone, Debug)]
pub struct Bug {
    /// The patch.
    pub patch: PathBuf,
    /// Its first lines: what it is, whom it harms, which oracle must see it.
    pub story: String,
}

/// How a bug was found: a line of `tests/bugs/found.txt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The bug.
    pub name: String,
    /// The first seed that found it.
    pub seed: u64,
    /// How long the seeds took, in milliseconds.
    pub millis: u64,
    /// The rule that was seen broken.
    pub rule: String,
    /// Faults and steps that were left of the case, and how long that took, in milliseconds.
    pub small: Option<(u64, u64, u64)>,
}

/// What became of a historic bug here: a line of `tests/bugs/history.txt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Historic {
    /// The system's letter and the number that it has there.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a historic bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// This patch plants it.
    Planted(String),
    /// The shell could have it; this file has this test.
    Shell(String, String),
    /// It cannot be, and why.
    Nowhere(String),
}

impl Bug {
    /// All there are, by name.
    pub fn all() -> Result<Vec<Self>, Failure> {
        let mut bugs = Vec::new();
        for entry in std::fs::read_dir(folder())? {
            let patch = entry?.path();
            if patch.extension().is_none_or(|ending| ending != "patch") {
                continue;
            }
            let text = std::fs::read_to_string(&patch)?;
            let story = text.split("\ndiff --git").next().unwrap_or_default().trim().to_owned();
            bugs.push(Self { patch, story });
        }
        bugs.sort_by(|a, b| a.patch.cmp(&b.patch));
        Ok(bugs)
    }

    /// The file's name, without its ending.
    pub fn name(&self) -> String {
        self.patch.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Whether the patch fits the sources as they are; if not, the error names it and says why.
    pub fn check(&self) -> Result<(), Failure> {
        git_apply(&root(), &self.patch, &["--check"])
    }

    /// Where the smallest case of it is kept.
    pub fn plan(&self) -> PathBuf {
        root().join("tests/plans").join(format!("{}.plan", self.name()))
    }
}

impl Found {
    /// Looking for it has become so much dearer that something must be wrong: so many seeds, where few sufficed.
    pub fn is_alarming(&self, before: &Self) -> bool {
        const FACTOR: u64 = 4;
        const CHANCE: u64 = 100;
        before.seed * FACTOR + CHANCE < self.seed
    }

    /// What is on record.
    pub fn all() -> Result<Vec<Self>, Failure> {
        let text = std::fs::read_to_string(folder().join("found.txt"))?;
        lines(&text)
            .map(|line| Self::read(line).ok_or_else(|| format!("found.txt: `{line}`").into()))
            .collect()
    }

    /// Puts these on record.
    pub fn keep(all: &[Self]) -> Result<(), Failure> {
        let mut text = String::from(HEAD);
        for found in all {
            writeln!(text, "{}", found.line())?;
        }
        Ok(std::fs::write(folder().join("found.txt"), text)?)
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split("  ").map(str::trim).filter(|word| !word.is_empty());
        let name = words.next()?.to_owned();
        let mut number = || words.next().map(str::parse::<u64>);
        let (seed, millis) = (number()?.ok()?, number()?.ok()?);
        let small = [number()?.ok(), number()?.ok(), number()?.ok()];
        let small = if let [Some(faults), Some(steps), Some(millis)] = small {
            Some((faults, steps, millis))
        } else {
            None
        };
        Some(Self { name, seed, millis, rule: words.next()?.to_owned(), small })
    }

    /// As `found.txt` has it.
    pub fn line(&self) -> String {
        let small = self
            .small
            .map(|(faults, steps, millis)| [faults, steps, millis].map(|number| number.to_string()));
        let [faults, steps, millis] = small.unwrap_or_else(|| ["-"; 3].map(str::to_owned));
        let Self { name, seed, millis: found, rule, .. } = self;
        format!("{name:<52}  {seed:>6}  {found:>6}  {faults:>6}  {steps:>6}  {millis:>6}  {rule}")
    }
}

/// What `found.txt` begins with.
pub const HEAD: &str = "\
# How soon the seeds find each planted bug, and what is left of the case: written by
# `cargo run --release -p highwater-tests --bin bugs -- --keep`, and compared with by every later run.
#
# bug                                                   seed      ms  faults   steps      ms  rule
";

impl Historic {
    /// All there are.
    pub fn all() -> Result<Vec<Self>, Failure> {
        let text = std::fs::read_to_string(folder().join("history.txt"))?;
        lines(&text)
            .map(|line| Self::read(line).ok_or_else(|| format!("history.txt: `{line}`").into()))
            .collect()
    }

    fn read(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once(' ')?;
        let (kind, rest) = rest.trim_start().split_once(' ')?;
        let rest = rest.trim().to_owned();
        let fate = match kind {
            "planted" => Fate::Planted(rest),
            "shell" => rest.split_once(' ').map(|(file, test)| Fate::Shell(file.into(), test.into()))?,
            "nowhere" => Fate::Nowhere(rest),
            _ => return None,
        };
        Some(Self { name: name.to_owned(), fate })
    }
}

/// The lines of a list that are not for people alone.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

pub(crate) fn folder() -> PathBuf {
    root().join("tests/bugs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let found =
            |small| Found { name: "h-a1-a-stop".into(), seed: 7, millis: 120, rule: "O7 pace".into(), small };
        for found in [found(Some((1, 12, 40))), found(None)] {
            assert_eq!(Found::read(&found.line()), Some(found.clone()));
            assert!(!found.is_alarming(&found));
        }
    }
}
