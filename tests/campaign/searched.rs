//! Which planted bugs the exhaustive search finds, in which small world, and why it does not find the others: kept in
//! `tests/bugs/searched.txt`, so that a search that grows blind is noticed.

use std::fmt::Write as _;

use crate::Failure;
use crate::bugs::{folder, lines};
use crate::garden::Garden;
use crate::told::ShortestPath;

/// The worlds in which a bug is looked for, one after the other: the smallest first, and one for each thing that only
/// some have.
pub const WORLDS: [&str; 6] = [
    "--events 2 --faults 2",
    "--events 2 --faults 2 --sources 2",
    "--events 2 --faults 2 --tip",
    "--events 2 --faults 2 --batch-delay 500ms",
    "--events 3 --faults 2",
    "--events 2 --faults 3",
];

/// A bug may make any of them large.
const STATES_MAX: &str = "--states 2000000";

/// What is said of a bug that is not found until somebody knows why.
pub const UNKNOWN: &str = "nobody knows why";

/// What became of a planted bug: a line of `searched.txt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searched {
    /// The bug.
    pub name: String,
    /// What found it; or why nothing does.
    pub found: Result<Hit, String>,
}

/// How a bug was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// A shortest path to it in that world.
    pub path: ShortestPath,
    /// One of [`WORLDS`].
    pub world: String,
}

impl Searched {
    /// Lets the worlds look for the bug that was planted last; `before` is what was known of it.
    pub fn look(garden: &Garden, name: &str, before: Option<&Self>) -> Result<Self, Failure> {
        for world in WORLDS {
            if let Some(path) = garden.search(&format!("{world} {STATES_MAX}"))? {
                let hit = Hit { path, world: world.to_owned() };
                return Ok(Self { name: name.to_owned(), found: Ok(hit) });
            }
        }
        let why = before.and_then(|before| before.found.as_ref().err());
        Ok(Self { name: name.to_owned(), found: Err(why.map_or(UNKNOWN, String::as_str).to_owned()) })
    }

    /// What is on record.
    pub fn all() -> Result<Vec<Self>, Failure> {
        let text = std::fs::read_to_string(folder().join("searched.txt"))?;
        lines(&text)
            .map(|line| Self::read(line).ok_or_else(|| format!("searched.txt: `{line}`").into()))
            .collect()
    }

    /// Puts these on record.
    pub fn keep(all: &[Self]) -> Result<(), Failure> {
        let mut text = String::from(HEAD);
        for searched in all {
            writeln!(text, "{}", searched.line())?;
        }
        let found = all.iter().filter(|searched| searched.found.is_ok()).count();
        writeln!(text, "#\n# {found} of {} are found.", all.len())?;
        Ok(std::fs::write(folder().join("searched.txt"), text)?)
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split("  ").map(str::trim).filter(|word| !word.is_empty());
        let name = words.next()?.to_owned();
        let steps = words.next()?;
        if steps == "-" {
            return Some(Self { name, found: Err(words.next()?.to_owned()) });
        }
        let (steps, faults) = (steps.parse().ok()?, words.next()?.parse().ok()?);
        let (rule, world) = (words.next()?.to_owned(), words.next()?.to_owned());
        Some(Self { name, found: Ok(Hit { path: ShortestPath { steps, faults, rule }, world }) })
    }

    /// As `searched.txt` has it.
    pub fn line(&self) -> String {
        let name = &self.name;
        match &self.found {
            Ok(Hit { path: ShortestPath { steps, faults, rule }, world }) => {
                format!("{name:<52}  {steps:>5}  {faults:>6}  {rule:<18}  {world}")
            }
            Err(why) => format!("{name:<52}  {:>5}  {why}", "-"),
        }
    }
}

/// What `searched.txt` begins with.
pub const HEAD: &str = "\
# Which planted bugs the exhaustive search finds, by a shortest path in the first world that shows it; and why not the
# others, by hand. Written by `cargo run --release -p highwater-tests --bin bugs -- --by search --keep`.
#
# bug                                                   steps  faults  rule                world
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let path = ShortestPath { steps: 9, faults: 2, rule: "O1 no loss".to_owned() };
        let world = WORLDS[1].to_owned();
        for found in [Ok(Hit { path, world }), Err("there is no filter in this world".to_owned())] {
            let searched = Searched { name: "h-a1-a-stop".to_owned(), found };
            assert_eq!(Searched::read(&searched.line()), Some(searched));
        }
    }
}
