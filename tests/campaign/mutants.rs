//! Mutants: what cargo-mutants would change in the core's decisions, one change at a time, with the seeds alone to
//! notice.
//!
//! cargo-mutants only lists them. Each is put into one copy that is built in seconds, where it would build anew.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::Failure;
use crate::garden::{Garden, Mode, succeeds};

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
        mode: &'static str,
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
        cargo.arg(crate::garden::root().join("tests/mutants/scope.toml").canonicalize()?);
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
                return Ok(Fate::Killed { mode: mode.name(), seed: find.seed, rule });
            }
        }
        Ok(Fate::Survived)
    }
}

/// FNV-1a, 64 bits.
fn rank(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
