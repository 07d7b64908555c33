//! Planted bugs: a simulator is worth the bugs it finds, so each patch in `tests/bugs` is put into a copy of the core,
//! and the seeds alone must find it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::program::{Running, cargo_build};

/// The simulator, below a tree's target folder.
const SIMULATOR: &str = "target/quick/highwater-sim";

/// The simulator built without any bug, below the tree.
const SOUND: &str = "highwater-sim-sound";

/// So many seeds look first; most bugs are found by then. Each later round is as long as all before it.
const FIRST_ROUND: u64 = 100;

/// A round that takes longer will never end: the bug made a world stand still that counts no time.
const PATIENCE: Duration = Duration::from_secs(600);

/// A bug to plant.
#[derive(Clone, Debug)]
pub struct Bug {
    /// The patch.
    pub patch: PathBuf,
    /// Its first lines: what it is, whom it harms, which oracle must see it.
    pub story: String,
}

impl Bug {
    /// All there are, by name.
    pub fn all() -> Result<Vec<Self>, Failure> {
        let mut bugs = Vec::new();
        for entry in std::fs::read_dir(root().join("tests/bugs"))? {
            let patch = entry?.path();
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
}

/// A search for a bug.
#[derive(Clone, Debug)]
pub struct Hunt {
    /// What found it, if anything did.
    pub find: Option<Find>,
    /// How many seeds looked.
    pub tried: u64,
    /// What complained without the bug as well, and so has found nothing.
    pub false_alarms: Vec<Find>,
    /// How long the copy took to build.
    pub built: Duration,
    /// How long the seeds ran.
    pub took: Duration,
}

/// A seed that noticed a bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Find {
    /// The first that did.
    pub seed: u64,
    /// The rule that it saw broken, and how.
    pub verdict: String,
}

impl Find {
    /// The first seed that failed, as the simulator tells of it.
    fn parse(said: &str) -> Option<Self> {
        said.lines().find_map(|line| {
            let (seed, rest) = line.strip_prefix("seed ")?.split_once(" failed at step ")?;
            let (_, verdict) = rest.split_once(": ")?;
            Some(Self { seed: seed.parse().ok()?, verdict: verdict.to_owned() })
        })
    }

    /// The rule alone.
    pub fn rule(&self) -> &str {
        self.verdict.split(':').next().unwrap_or_default()
    }
}

/// A copy of the core and the simulator, to plant bugs in.
#[derive(Debug)]
pub struct Garden {
    tree: PathBuf,
}

impl Garden {
    /// Copies the sources to `tree`, where the builds of one bug serve the next, and builds them without any.
    pub fn lay_out(tree: PathBuf) -> Result<Self, Failure> {
        for package in ["core", "sim"] {
            let copy = tree.join(package);
            if copy.exists() {
                std::fs::remove_dir_all(&copy)?;
            }
            copy_folder(&root().join(package), &copy)?;
        }
        let manifest = std::fs::read_to_string(root().join("Cargo.toml"))?;
        let lines = manifest.lines().map(|line| match line.split_once(" = [") {
            Some((name @ ("members" | "default-members"), _)) => format!("{name} = [\"core\", \"sim\"]"),
            _ => line.to_owned(),
        });
        std::fs::write(tree.join("Cargo.toml"), lines.collect::<Vec<_>>().join("\n"))?;
        std::fs::copy(root().join("Cargo.lock"), tree.join("Cargo.lock"))?;
        let garden = Self { tree };
        garden.build()?;
        std::fs::copy(garden.tree.join(SIMULATOR), garden.tree.join(SOUND))?;
        Ok(garden)
    }

    /// Plants `bug`, and lets up to `seeds` seeds look for it, until one finds it.
    pub fn hunt(&self, bug: &Bug, seeds: u64) -> Result<Hunt, Failure> {
        let built = self.plant(bug)?;
        let mut hunt = Hunt { find: None, tried: 0, false_alarms: Vec::new(), built, took: Duration::ZERO };
        self.look(&mut hunt, seeds).map_err(|error| format!("with {}: {error}", bug.name()))?;
        Ok(hunt)
    }

    /// Plants `bug`, and lets the exhaustive search of a world of two events and two faults look for it. Gives the
    /// shortest path's length, and the rule that it breaks; none if it finds nothing.
    pub fn search(&self, bug: &Bug) -> Result<Option<(u64, String)>, Failure> {
        self.plant(bug)?;
        let output = Command::new(self.tree.join(SIMULATOR))
            .args(["search", "--events", "2", "--faults", "2"])
            .stdin(Stdio::null())
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let found = said.lines().find_map(|line| {
            let (step, verdict) = line.strip_prefix("search failed at step ")?.split_once(": ")?;
            Some((step.parse().ok()?, verdict.split(':').next()?.to_owned()))
        });
        Ok(found)
    }

    /// Builds the simulator with `bug` in it, and takes the bug out of the sources again.
    fn plant(&self, bug: &Bug) -> Result<Duration, Failure> {
        git_apply(&self.tree, &bug.patch, &[])?;
        let begun = Instant::now();
        let is_built = self.build();
        let built = begun.elapsed();
        git_apply(&self.tree, &bug.patch, &["--reverse"])?;
        is_built.map_err(|error| format!("with {}: {error}", bug.name()))?;
        Ok(built)
    }

    /// Lets one seed after the other look, in rounds, until one finds something.
    fn look(&self, hunt: &mut Hunt, seeds: u64) -> Result<(), Failure> {
        let begun = Instant::now();
        while hunt.find.is_none() && hunt.tried < seeds {
            let round = hunt.tried.max(FIRST_ROUND).min(seeds - hunt.tried);
            let Some(find) = self.run(SIMULATOR, hunt.tried, round)? else {
                hunt.tried += round;
                continue;
            };
            hunt.tried = find.seed + 1;
            match self.run(SOUND, find.seed, 1)? {
                None => hunt.find = Some(find),
                Some(complaint) => hunt.false_alarms.push(complaint),
            }
        }
        hunt.took = begun.elapsed();
        Ok(())
    }

    /// Runs `seeds` seeds of a simulator, and gives the first that failed.
    fn run(&self, simulator: &str, from: u64, seeds: u64) -> Result<Option<Find>, Failure> {
        let said = self.tree.join("said");
        let mut command = Command::new(self.tree.join(simulator));
        command.args([
            "run",
            "--shrink-for",
            "0s",
            "--from",
            &from.to_string(),
            "--seeds",
            &seeds.to_string(),
        ]);
        command.stdin(Stdio::null()).stdout(File::create(&said)?).stderr(Stdio::null());
        let code = Running::of(&mut command)?.wait(PATIENCE)?;
        let said = std::fs::read_to_string(said)?;
        match (code, Find::parse(&said)) {
            (0, None) => Ok(None),
            (1, Some(find)) => Ok(Some(find)),
            (code, _) => Err(format!("the simulator ended with {code}, and said:\n{said}").into()),
        }
    }

    fn build(&self) -> Result<(), Failure> {
        let mut build = cargo_build();
        build.args(["--profile", "quick", "--package", "highwater-sim"]);
        build.current_dir(&self.tree).env("CARGO_TARGET_DIR", self.tree.join("target"));
        succeeds(&build.output()?, "the simulator cannot be built")
    }
}

/// Outside of any repository, so that neither its state nor what it ignores matters. One line around a change is enough
/// to know the place by: what is changed nearby is no concern of the bug's.
fn git_apply(tree: &Path, patch: &Path, how: &[&str]) -> Result<(), Failure> {
    let mut git = Command::new("git");
    git.args(["apply", "-C1"]).args(how).arg(patch).current_dir(tree).env("GIT_DIR", "/nonexistent");
    succeeds(&git.output()?, &format!("{} does not fit the sources any more, renew it", patch.display()))
}

fn succeeds(output: &Output, what_else: &str) -> Result<(), Failure> {
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{what_else}:\n{}", String::from_utf8_lossy(&output.stderr)).into())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(test)]
mod tests {
    use super::Find;

    #[test]
    fn a_find_is_the_first_seed_that_failed() {
        let said = "  120ms opened #1\n\
                    seed 57 failed at step 1091: O11 silence: #3 is silent: for 25s\n\
                    repeat: highwater-sim run --seeds 1 --from 57 --mode machine --trace\n\
                    seed 60 failed at step 8: O1 no loss: e4\n\
                    seeds      98 held, 2 failed, 1 run twice\n";
        let find = Find::parse(said).expect("a seed failed");
        assert_eq!((find.seed, find.rule()), (57, "O11 silence"));
        assert_eq!(find.verdict, "O11 silence: #3 is silent: for 25s");
        assert_eq!(Find::parse("seeds      100 held, 0 failed, 1 run twice\n"), None);
    }
}
