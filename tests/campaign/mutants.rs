//! Mutants: what cargo-mutants would change in the core's decisions, one change at a time, with the seeds alone to
//! notice.
//!
//! cargo-mutants only lists them. Each is put into one copy that is built in seconds, where it would build anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::Failure;
use crate::bugs::lines;
use crate::garden::{Garden, Mode, root, succeeds};

/// A small change to the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// The file, what is changed, and which of several such changes in that file: no line, since those move.
    pub name: String,
    /// As a patch.
    diff: String,
}

/// So many seeds look for a mutant.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Those with small payloads.
    pub machine: u64,
    /// Those with bytes.
    pub wire: u64,
}

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Some seed noticed.
    Killed {
        /// What it carried.
        mode: String,
        /// The first that did.
        seed: u64,
        /// The rule that it saw broken.
        rule: String,
    },
    /// No seed noticed.
    Survived,
    /// It is no program.
    Unviable,
}

impl Mutant {
    /// All mutants of the sources in the garden that are in scope, by name.
    pub fn all(garden: &Garden) -> Result<Vec<Self>, Failure> {
        let mut cargo = Command::new("cargo");
        cargo.args(["mutants", "--list", "--json", "--diff", "--package", "highwater-core", "--config"]);
        cargo.arg(root().join("tests/mutants/scope.toml").canonicalize()?);
        let output = cargo.current_dir(garden.tree()).output()?;
        succeeds(&output, "cargo-mutants 27 must be installed: `cargo install cargo-mutants`")?;
        let listed: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout)?;
        let mut known = BTreeMap::<String, u32>::new();
        let mut mutants = Vec::new();
        for value in &listed {
            let text =
                |field: &str| value.get(field).and_then(|text| text.as_str()).ok_or("a list without names");
            let (file, what) = text("name")?.split_once(": ").ok_or("a name without a place")?;
            let file = file.split(':').next().unwrap_or_default();
            let name = format!("{file}: {what}");
            let count = known.entry(name.clone()).or_default();
            *count += 1;
            let name = if *count > 1 { format!("{name} ({count})") } else { name };
            // What cargo-mutants writes above a diff is for people.
            let hunks = text("diff")?.split_once("\n@@").ok_or("a diff without a change")?.1;
            mutants.push(Self { name, diff: format!("--- a/{file}\n+++ b/{file}\n@@{hunks}") });
        }
        mutants.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(mutants)
    }

    /// `count` of them, by a rank that each has of its own: a mutant more or less moves no other.
    pub fn sample(mut mutants: Vec<Self>, count: usize) -> Vec<Self> {
        mutants.sort_by_key(|mutant| rank(&mutant.name));
        mutants.truncate(count);
        mutants.sort_by(|a, b| a.name.cmp(&b.name));
        mutants
    }

    /// Plants it, and lets the seeds look for it.
    pub fn meet(&self, garden: &Garden, budget: Budget) -> Result<Fate, Failure> {
        let patch: PathBuf = garden.tree().join("mutant.patch");
        std::fs::write(&patch, &self.diff)?;
        if garden.plant(&patch)?.is_err() {
            return Ok(Fate::Unviable);
        }
        // The small payloads meet no dialect.
        let is_dialect = self.name.starts_with("core/src/dialect");
        let machine = (Mode::Machine, if is_dialect { 0 } else { budget.machine });
        for (mode, seeds) in [machine, (Mode::Wire, budget.wire)] {
            let hunt = garden.hunt(mode, seeds)?;
            if let Some(find) = hunt.find {
                let rule = find.rule().to_owned();
                return Ok(Fate::Killed { mode: mode.name().to_owned(), seed: find.seed, rule });
            }
        }
        Ok(Fate::Survived)
    }
}

/// What became of every mutant of a sample, by name: `tests/mutants/found.txt`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account(pub BTreeMap<String, Fate>);

/// Why a mutant lives: a line of `tests/mutants/survivors.txt`, and the reason below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivor {
    /// The mutant.
    pub name: String,
    /// What kind of reason it is.
    pub class: Class,
    /// The reason.
    pub why: String,
}

/// Why a mutant lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// It decides as the core does.
    Equivalent,
    /// Nobody looks.
    MissingOracle,
    /// It never comes to pass.
    MissingFault,
    /// More seeds would find it.
    OutOfBudget,
}

impl Class {
    const ALL: [Self; 4] = [Self::Equivalent, Self::MissingOracle, Self::MissingFault, Self::OutOfBudget];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equivalent => "equivalent",
            Self::MissingOracle => "missing-oracle",
            Self::MissingFault => "missing-fault",
            Self::OutOfBudget => "out-of-budget",
        }
    }
}

impl Account {
    /// What is on record.
    pub fn read() -> Result<Self, Failure> {
        let text = std::fs::read_to_string(root().join("tests/mutants/found.txt"))?;
        let mut all = BTreeMap::new();
        for line in lines(&text) {
            let wrong = || format!("found.txt: `{line}`");
            let (said, name) = line.split_once(" core/").ok_or_else(wrong)?;
            let fate = Fate::read(said).ok_or_else(wrong)?;
            all.insert(format!("core/{name}"), fate);
        }
        Ok(Self(all))
    }

    /// Puts it on record.
    pub fn keep(&self, budget: Budget) -> Result<(), Failure> {
        let mut text = String::new();
        writeln!(
            text,
            "# What became of a sample of the core's mutants, by simulation alone: `--bin mutants -- --keep`."
        )?;
        writeln!(
            text,
            "# Up to {} seeds with small payloads looked for each, and {} with bytes.",
            budget.machine, budget.wire
        )?;
        writeln!(text, "# Why the survivors live stands in survivors.txt. {}", self.score()?)?;
        for (name, fate) in &self.0 {
            writeln!(text, "{}  {name}", fate.line())?;
        }
        Ok(std::fs::write(root().join("tests/mutants/found.txt"), text)?)
    }

    /// Names of those that need not be met again.
    pub fn settled(&self) -> impl Iterator<Item = &String> {
        self.0.iter().filter(|(_, fate)| **fate != Fate::Survived).map(|(name, _)| name)
    }

    /// How many of those that could be noticed were.
    pub fn score(&self) -> Result<Score, Failure> {
        let known = Survivor::all()?;
        let mut score = Score::default();
        for (name, fate) in &self.0 {
            let class = known.iter().find(|known| known.name == *name).map(|known| known.class);
            match (fate, class) {
                (Fate::Unviable, _) => score.unviable += 1,
                (Fate::Killed { .. }, _) => score.killed += 1,
                (Fate::Survived, Some(Class::Equivalent)) => score.equivalent += 1,
                (Fate::Survived, _) => score.alive += 1,
            }
        }
        Ok(score)
    }
}

/// How well the seeds do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Noticed.
    pub killed: u32,
    /// Not noticed, and no different from the core in anything that it decides.
    pub equivalent: u32,
    /// Not noticed, for want of an oracle, a fault or seeds.
    pub alive: u32,
    /// No programs.
    pub unviable: u32,
}

impl Score {
    /// Of a hundred that could be noticed, so many were.
    pub fn percent(self) -> u32 {
        self.killed * 100 / (self.killed + self.alive).max(1)
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { killed, equivalent, alive, unviable } = self;
        write!(
            f,
            "{killed} killed, {alive} alive, {equivalent} equivalent, {unviable} unviable: {} %",
            self.percent()
        )
    }
}

impl Fate {
    /// As `found.txt` has it.
    pub fn line(&self) -> String {
        match self {
            Self::Killed { mode, seed, rule } => format!("killed    {mode:<7}  {seed:>5}  {rule:<18}"),
            Self::Survived => format!("{:<44}", "survived"),
            Self::Unviable => format!("{:<44}", "unviable"),
        }
    }

    fn read(said: &str) -> Option<Self> {
        let mut words = said.split("  ").map(str::trim).filter(|word| !word.is_empty());
        match words.next()? {
            "killed" => {
                let (mode, seed) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
                Some(Self::Killed { mode, seed, rule: words.next()?.to_owned() })
            }
            "survived" => Some(Self::Survived),
            "unviable" => Some(Self::Unviable),
            _ => None,
        }
    }
}

impl Survivor {
    /// All that were looked into.
    pub fn all() -> Result<Vec<Self>, Failure> {
        let text = std::fs::read_to_string(root().join("tests/mutants/survivors.txt"))?;
        let mut all: Vec<Self> = Vec::new();
        for line in lines(&text) {
            if let Some(why) = line.strip_prefix("    ") {
                let last = all.last_mut().ok_or("survivors.txt begins with a reason")?;
                last.why.push_str(why);
                continue;
            }
            let (class, name) = line.split_once(' ').ok_or_else(|| format!("survivors.txt: `{line}`"))?;
            let class = Class::ALL.into_iter().find(|known| known.name() == class);
            let class = class.ok_or_else(|| format!("survivors.txt: no such class: `{line}`"))?;
            all.push(Self { name: name.trim().to_owned(), class, why: String::new() });
        }
        Ok(all)
    }
}

/// FNV-1a, 64 bits.
fn rank(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
