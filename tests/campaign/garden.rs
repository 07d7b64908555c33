//! A copy of the core and the simulator, to put bugs into: built once, and again in seconds for each bug.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::program::{Running, cargo_build};
use crate::told::{ShortestPath, Shrunk, counts, path, survival};

/// The simulator, below a tree's target folder.
const SIMULATOR: &str = "target/quick/highwater-sim";

/// The simulator built without any bug, below the tree.
const SOUND: &str = "highwater-sim-sound";

/// So many seeds look first; most bugs are found by then. Each later round is as long as all before it.
const FIRST_ROUND: u64 = 100;

/// So long may a round take beside its seeds: the bug made a world stand still that counts no time.
const PATIENCE: Duration = Duration::from_secs(30);
/// And so long for each seed: ten times what the slowest need.
const PATIENCE_EACH: Duration = Duration::from_millis(100);

/// So long may an exhaustive search take: a bug can make any world large.
const PATIENCE_SEARCH: Duration = Duration::from_secs(180);

/// A bug that only ever grows must not take the computer with it: so many KiB, where the system knows such a limit.
const MEMORY_KIB: u64 = 4 << 20;

/// As the simulator has it: one seed in so many carries bytes, where both modes are run.
const WIRE_ONE_IN: u64 = 16;

/// The rule of whoever did not live to name one.
const UNNAMED: &str = "World:";

/// The rule of a campaign in which something never happened that must happen sometimes.
const MISSED: &str = "sometimes";

/// What the machine carries in the seeds that look for a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Small payloads.
    Machine,
    /// The bytes of the wires.
    Wire,
    /// Bytes in one seed of 16.
    Both,
}

impl Mode {
    /// What this seed carries.
    const fn of(self, seed: u64) -> Self {
        match self {
            Self::Both if seed % WIRE_ONE_IN == WIRE_ONE_IN - 1 => Self::Wire,
            Self::Both | Self::Machine => Self::Machine,
            Self::Wire => Self::Wire,
        }
    }

    /// As the simulator's flag has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Wire => "wire",
            Self::Both => "both",
        }
    }
}

/// A search for a bug.
#[derive(Clone, Debug, Default)]
pub struct Hunt {
    /// What found it, if anything did.
    pub find: Option<Find>,
    /// How many seeds looked.
    pub tried: u64,
    /// What complained without the bug as well, and so has found nothing.
    pub false_alarms: Vec<Find>,
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
            let (case, rest) = line.strip_prefix("case `")?.split_once("` failed at step ")?;
            let seed = case.strip_prefix("wire ").unwrap_or(case);
            let (_, verdict) = rest.split_once(": ")?;
            Some(Self { seed: seed.parse().ok()?, verdict: verdict.to_owned() })
        })
    }

    /// Every run held, but together they missed something; this is known with the last of them.
    fn missed(said: &str, last: u64) -> Option<Self> {
        let what = said.lines().find_map(|line| line.strip_prefix("TOO RARE "))?;
        Some(Self { seed: last, verdict: format!("{MISSED}: {}", what.trim_start()) })
    }

    /// The rule alone.
    pub fn rule(&self) -> &str {
        self.verdict.split(':').next().unwrap_or_default()
    }
}

/// A copy of the core and the simulator, to put bugs into.
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

    /// Where it is.
    pub fn tree(&self) -> &Path {
        &self.tree
    }

    /// Builds the simulator with `patch` in it, and tells how long that took. The sources are as before, then.
    ///
    /// # Errors
    /// Where the outer result fails, the patch does not fit; where the inner one does, what it makes is no program.
    pub fn plant(&self, patch: &Path) -> Result<Result<Duration, Failure>, Failure> {
        git_apply(&self.tree, patch, &[])?;
        let begun = Instant::now();
        let built = self.build();
        let took = begun.elapsed();
        git_apply(&self.tree, patch, &["--reverse"])?;
        Ok(built.map(|()| took))
    }

    /// Lets seeds look for what was planted last, until one finds it or `seeds` of them have not.
    pub fn hunt(&self, mode: Mode, seeds: u64) -> Result<Hunt, Failure> {
        let begun = Instant::now();
        let mut hunt = Hunt::default();
        while hunt.find.is_none() && hunt.tried < seeds {
            let round = hunt.tried.max(FIRST_ROUND).min(seeds - hunt.tried);
            let Some(find) = self.run(SIMULATOR, mode, hunt.tried, round)? else {
                hunt.tried += round;
                continue;
            };
            // What is missed is missed by all of the round together.
            let (from, count) = if find.rule() == MISSED { (hunt.tried, round) } else { (find.seed, 1) };
            hunt.tried = find.seed + 1;
            match self.run(SOUND, mode, from, count)? {
                None => hunt.find = Some(find),
                Some(complaint) => hunt.false_alarms.push(complaint),
            }
        }
        hunt.took = begun.elapsed();
        Ok(hunt)
    }

    /// Lets the exhaustive search of a small world look for what was planted last; `world` is what is said to it. Gives
    /// the shortest of the shortest paths, if there is one.
    pub fn search(&self, world: &str) -> Result<Option<ShortestPath>, Failure> {
        let told: Vec<&str> = core::iter::once("search").chain(world.split_whitespace()).collect();
        let said = self.simulate(SIMULATOR, &told, PATIENCE_SEARCH)?;
        let paths = said.text.split("search failed at step ").skip(1).filter_map(path);
        Ok(paths.min_by_key(|path| path.steps))
    }

    /// Puts faults into a captured run with what was planted last, in so many trials at most. The first that fails;
    /// none if all hold, or if the run shows it with nothing put into it.
    pub fn mutate(&self, trace: &Path, trials: u64) -> Result<Option<u64>, Failure> {
        let trace = trace.canonicalize()?;
        let path = trace.to_str().ok_or("a path that is not text")?;
        if self.simulate(SIMULATOR, &["replay", path, "--mode", "inputs"], PATIENCE)?.end != End::Code(0) {
            return Ok(None);
        }
        let seeds = trials.to_string();
        let told = ["replay", path, "--mode", "mutate", "--seeds", &seeds, "--shrink-for", "0s"];
        let said = self.simulate(SIMULATOR, &told, PATIENCE)?;
        let first =
            said.text.lines().find_map(|line| line.split_once(" failed at step ").map(|(who, _)| who));
        Ok(first.and_then(|who| who.strip_prefix("trial ")?.parse().ok()))
    }

    /// Runs a plan with what was planted last. What it saw broken, if it failed.
    pub fn replay(&self, plan: &Path) -> Result<Option<String>, Failure> {
        let plan = plan.canonicalize()?;
        let told = ["run", "--plan", plan.to_str().ok_or("a path that is not text")?];
        let said = self.simulate(SIMULATOR, &told, PATIENCE)?;
        let verdict =
            said.text.lines().find_map(|line| line.split_once(" failed at step ")?.1.split_once(": "));
        match (said.end, verdict) {
            (End::Code(0), None) => Ok(None),
            (End::Code(_), Some((_, verdict))) => Ok(Some(verdict.to_owned())),
            (End::Stuck | End::Signal, _) => Ok(Some(format!("{UNNAMED} the plan has no end"))),
            (End::Code(code), None) => Err(format!("the plan ended with {code}: {}", said.text).into()),
        }
    }

    /// Makes the failure of a seed small; none if it does not fail long enough for that.
    pub fn shrink(&self, mode: Mode, seed: u64) -> Result<Option<Shrunk>, Failure> {
        let folder = self.tree.join("shrunk");
        let (mode, seed) = (mode.of(seed).name(), seed.to_string());
        let folder_name = folder.to_str().ok_or("a path that is not text")?;
        let told = ["shrink", "--seed", &seed, "--mode", mode, "--keep", folder_name];
        let said = self.simulate(SIMULATOR, &told, PATIENCE)?;
        let Some((faults, steps, millis)) = said.text.lines().find_map(counts) else { return Ok(None) };
        let plan = std::fs::read_to_string(folder.join(format!("seed-{seed}/plan.jsonl")))?;
        let survival = said.text.lines().find_map(survival);
        Ok(Some(Shrunk { faults, steps, millis, plan, survival }))
    }

    /// Runs `seeds` seeds of a simulator, and gives the first that failed; of a process that did not live to name one,
    /// the first of all.
    fn run(&self, simulator: &str, mode: Mode, from: u64, seeds: u64) -> Result<Option<Find>, Failure> {
        let (first, count) = (from.to_string(), seeds.to_string());
        let told = ["run", "--shrink-for", "0s", "--mode", mode.name(), "--from", &first, "--seeds", &count];
        let limit = PATIENCE + PATIENCE_EACH * u32::try_from(seeds).unwrap_or(u32::MAX);
        let said = self.simulate(simulator, &told, limit)?;
        let dead = |verdict: &str| Ok(Some(Find { seed: from, verdict: format!("{UNNAMED} {verdict}") }));
        let missed = || Find::missed(&said.text, from + seeds - 1);
        match (said.end, Find::parse(&said.text).or_else(missed)) {
            (End::Code(0), None) => Ok(None),
            (End::Code(1), Some(find)) => Ok(Some(find)),
            (End::Stuck, _) => dead("a run has no end"),
            (End::Signal, _) => dead("the process died"),
            (End::Code(code), _) => {
                Err(format!("the simulator ended with {code}, and said:\n{}", said.text).into())
            }
        }
    }

    /// Runs the simulator that was built last, or the sound one.
    fn simulate(&self, simulator: &str, arguments: &[&str], limit: Duration) -> Result<Said, Failure> {
        let path = self.tree.join("said");
        let mut command = Command::new("sh");
        let bounded = format!("ulimit -v {MEMORY_KIB} 2>/dev/null; exec \"$0\" \"$@\"");
        command.args(["-c", &bounded]).arg(self.tree.join(simulator)).args(arguments);
        command.current_dir(&self.tree);
        command.stdin(Stdio::null()).stdout(File::create(&path)?).stderr(Stdio::null());
        let mut running = Running::of(&mut command)?;
        let end = match running.ended(limit)? {
            None => End::Stuck,
            Some(status) => status.code().map_or(End::Signal, End::Code),
        };
        drop(running);
        // What a bug makes it say need not be text.
        Ok(Said { end, text: String::from_utf8_lossy(&std::fs::read(path)?).into_owned() })
    }

    fn build(&self) -> Result<(), Failure> {
        let mut build = cargo_build();
        build.args(["--profile", "quick", "--package", "highwater-sim"]);
        build.current_dir(&self.tree).env("CARGO_TARGET_DIR", self.tree.join("target"));
        succeeds(&build.output()?, "the simulator cannot be built")
    }
}

/// What a simulator said, and how it ended.
struct Said {
    end: End,
    text: String,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Code(i32),
    /// By a signal.
    Signal,
    /// It did not, in the time that it had.
    Stuck,
}

/// Outside of any repository, so that neither its state nor what it ignores matters. One line around a change is enough
/// to know the place by: what is changed nearby is no concern of the bug's.
pub(crate) fn git_apply(tree: &Path, patch: &Path, how: &[&str]) -> Result<(), Failure> {
    let mut git = Command::new("git");
    git.args(["apply", "-C1"]).args(how).arg(patch).current_dir(tree).env("GIT_DIR", "/nonexistent");
    succeeds(&git.output()?, &format!("{} does not fit the sources any more, renew it", patch.display()))
}

pub(crate) fn succeeds(output: &Output, what_else: &str) -> Result<(), Failure> {
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
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder of this name in the target folder that this program was built into.
pub fn beside_this_program(name: &str) -> Result<PathBuf, Failure> {
    let here = std::env::current_exe()?;
    let target = here.parent().and_then(|profile| profile.parent());
    Ok(target.ok_or("this program was not started from cargo's target folder")?.join(name))
}

#[cfg(test)]
mod tests {
    use super::Find;

    #[test]
    fn a_find_is_the_first_seed_that_failed() {
        let said = "  120ms opened #1\n\
                    case `wire 57` failed at step 1091: O11 silence: #3 is silent: for 25s\n\
                    repeat: highwater-sim run --case \"wire 57\" --trace\n\
                    case `60` failed at step 8: O1 no loss: e4\n\
                    seeds      98 held, 2 failed, 1 run twice\n";
        let find = Find::parse(said).expect("a seed failed");
        assert_eq!((find.seed, find.rule()), (57, "O11 silence"));
        assert_eq!(find.verdict, "O11 silence: #3 is silent: for 25s");
        assert_eq!(Find::parse("seeds      100 held, 0 failed, 1 run twice\n"), None);
    }

    #[test]
    fn a_campaign_that_never_saw_what_it_must_is_a_find_too() {
        let said = "seeds      800 held, 0 failed, 8 run twice\n\
                    TOO RARE   set aside: malformed: in 0 runs, and owed in 12\n";
        let find = Find::missed(said, 799).expect("something was missed");
        assert_eq!((find.seed, find.rule()), (799, "sometimes"));
        assert_eq!(Find::missed("seeds      800 held, 0 failed, 8 run twice\n", 799), None);
    }
}
