//! SIGKILL, again and again, at moments nobody chose: then nothing may be lost and nothing doubled.

use std::path::Path;
use std::time::Duration;

use crate::Failure;
use crate::program::{Feed, Program, Wire, arguments_to_follow};
use crate::truth::{Verdict, judge};

/// What to do to whom.
#[derive(Clone, Debug)]
pub struct Kills {
    /// How often the program is killed.
    pub kills: u32,
    /// What the feed speaks.
    pub wire: Wire,
    /// Faults of the feed, as `--fault` takes them.
    pub faults: Vec<String>,
    /// Events a second.
    pub rate: u64,
    /// Decides the events, the faults and the moments of death.
    pub seed: u64,
    /// No life is longer.
    pub life_max: Duration,
}

impl Kills {
    /// Kills, lets the last life catch up, and compares. Files go to `folder`, `highwater.db` among them.
    pub fn run(&self, program: &Program, folder: &Path) -> Result<Verdict, Failure> {
        let truth = folder.join("truth");
        let feed = Feed::start(program, self.wire, &self.feed_arguments(&truth))?;
        let database = folder.join("highwater.db");
        let mut run = arguments_to_follow(&feed.url, &database);
        run.extend(self.run_arguments());
        for kill in 0..self.kills {
            let mut life = program.start(&run)?;
            std::thread::sleep(self.life(kill));
            if !life.is_running()? {
                return Err(format!("life {kill} ended by itself with {}", life.wait(Duration::ZERO)?).into());
            }
            life.kill()?;
        }
        run.extend(["--exit-idle", self.idle()].map(str::to_owned));
        program.succeed(&run)?;
        feed.stop()?;
        let mut verdict = judge(program, &truth, &database)?;
        if self.has_fault("instance") {
            // The other server says the same under times of its own, and the truth is the first one's.
            verdict.altered.clear();
        }
        Ok(verdict)
    }

    fn run_arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--stall-timeout=3s".to_owned()];
        // Only the newer wire hands out dictionaries, and only who asks for compression can be told of another.
        let is_compressed = self.wire == Wire::V2 && self.has_fault("rotation");
        arguments.extend(is_compressed.then(|| "--zstd".to_owned()));
        arguments
    }

    /// Nothing new for so long, and the last life has all there is: longer than a server may be silent or stalled, and
    /// than a witness is waited for.
    fn idle(&self) -> &'static str {
        if self.faults.is_empty() { "2s" } else { "12s" }
    }

    fn has_fault(&self, name: &str) -> bool {
        self.faults.iter().any(|fault| fault.split('=').next() == Some(name))
    }

    fn feed_arguments(&self, truth: &Path) -> Vec<String> {
        // Enough that something is still to come at the last kill.
        let events = self.rate * u64::from(self.kills + 1) * self.life_max.as_millis() as u64 / 1_000;
        let mut arguments = vec![
            format!("--seed={}", self.seed),
            format!("--rate={}", self.rate),
            format!("--events={events}"),
            format!("--truth={}", truth.display()),
        ];
        arguments.extend(self.faults.iter().map(|fault| format!("--fault={fault}")));
        arguments
    }

    /// How long the life before this kill is.
    fn life(&self, kill: u32) -> Duration {
        let max = self.life_max.as_micros() as u64;
        Duration::from_micros(split_mix(self.seed.wrapping_add(u64::from(kill))) % max.max(1))
    }
}

/// One step of `SplitMix64`: moments of death need no better chance.
fn split_mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
