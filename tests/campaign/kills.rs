//! SIGKILL, again and again, at moments nobody chose: then nothing may be lost and nothing doubled.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::Failure;
use crate::feed::{Feed, Summary, Wire};
use crate::program::{Program, arguments_to_follow};
use crate::rounds::Round;
use crate::truth::{Verdict, judge};

/// What to do to whom.
#[derive(Clone, Debug)]
pub struct Kills {
    /// What the feed speaks.
    pub wire: Wire,
    /// What goes wrong, and how often the program is killed.
    pub round: Round,
    /// Events a second.
    pub rate: u64,
    /// Decides the events, the faults and the moments of death.
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What became of what was said.
    pub verdict: Verdict,
    /// What the feed did.
    pub summary: Summary,
    /// Whether something may be missing, on record.
    may_miss: bool,
}

impl Kills {
    /// Kills, lets the last life catch up, and compares. Files go to `folder`, `highwater.db` among them.
    pub fn run(&self, program: &Program, folder: &Path) -> Result<Outcome, Failure> {
        let truth = folder.join("truth");
        let feed = Feed::start(program, self.wire, &self.feed_arguments(&truth))?;
        let database = folder.join("highwater.db");
        let mut run = arguments_to_follow(&feed.url, &database);
        run.extend(self.run_arguments());
        for kill in 0..self.round.kills {
            let mut life = program.start(&run)?;
            std::thread::sleep(self.life(kill));
            if !life.is_running()? {
                return Err(format!("life {kill} ended by itself with {}", life.wait(Duration::ZERO)?).into());
            }
            life.kill()?;
        }
        run.extend(["--exit-idle", self.idle()].map(str::to_owned));
        program.succeed(&run)?;
        let summary = feed.stop()?;
        let causes = &self.round.causes;
        let verdict = judge(program, &truth, &database, causes)?;
        Ok(Outcome { verdict, summary, may_miss: !causes.excusing.is_empty() })
    }

    fn run_arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--stall-timeout=3s".to_owned()];
        // Only who asks for compression can be told of another dictionary.
        let is_compressed = self.round.faults.iter().any(|fault| fault.starts_with("rotation"));
        arguments.extend(is_compressed.then(|| "--zstd".to_owned()));
        arguments
    }

    /// Nothing new for so long, and the last life has all there is: longer than a server may be silent or stalled, and
    /// than a witness is waited for.
    fn idle(&self) -> &'static str {
        if self.round.faults.is_empty() { "2s" } else { "12s" }
    }

    fn feed_arguments(&self, truth: &Path) -> Vec<String> {
        // Enough that something is still to come at the last kill, however long a process takes to begin.
        let starts = Duration::from_millis(100) * self.round.kills;
        let lives = (0..self.round.kills).map(|kill| self.life(kill)).sum::<Duration>() + starts;
        let events = self.rate * lives.as_millis() as u64 / 1_000;
        let mut arguments = vec![
            format!("--seed={}", self.seed),
            format!("--rate={}", self.rate),
            format!("--events={events}"),
            format!("--truth={}", truth.display()),
        ];
        arguments.extend(self.round.faults.iter().map(|fault| format!("--fault={fault}")));
        arguments
    }

    /// How long the life before this kill is.
    fn life(&self, kill: u32) -> Duration {
        let (min, max) = self.round.life;
        let span = max.saturating_sub(min).as_micros() as u64;
        min + Duration::from_micros(split_mix(self.seed.wrapping_add(u64::from(kill))) % span.max(1))
    }
}

impl Outcome {
    /// True if the promise was kept, and put to the proof: each fault happened.
    pub fn is_proof(&self) -> bool {
        let is_kept = if self.may_miss { self.verdict.is_sound() } else { self.verdict.is_exact() };
        is_kept && self.verdict.sent > 0 && self.summary.faults.iter().all(|(_, times)| *times > 0)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; connections {}", self.verdict, self.summary.connections)?;
        self.summary.faults.iter().try_for_each(|(fault, times)| write!(f, ", {fault} {times}"))
    }
}

/// One step of `SplitMix64`: moments of death need no better chance.
fn split_mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
