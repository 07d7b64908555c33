//! How long machines take to catch up once the world is healed, and whether that has changed.
//!
//! A bound says only that a machine is not stuck. A change that makes each recovery twice as slow passes any bound that
//! is wide enough to be true; it does not pass beside what was on record before.

mod wait;

use core::fmt;
use std::collections::BTreeMap;

use highwater_core::time::Duration;
use serde::{Deserialize, Serialize};

pub use wait::Wait;
pub(crate) use wait::Waits;

/// The world is looked at so often, so times are known to so much.
pub(crate) const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);

/// How long each run took to catch up.
#[derive(Clone, Debug, Default)]
pub struct Healing {
    /// Where all of the world was healed.
    whole: Spread,
    /// Where one of the sources stays silent for ever.
    partial: Spread,
    /// Of those that were late, what each waited for longest.
    late: BTreeMap<Wait, u64>,
}

/// Whoever takes longer than this is late: so long may a delay last that began before, and a request to wait.
const LATE: Duration = Duration::from_secs(60);

/// How a machine caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaughtUp {
    /// How long after the world was healed.
    pub after: Duration,
    /// One of the sources stays silent for ever.
    pub is_partial: bool,
    /// What it waited for longest until then.
    pub wait: Wait,
}

/// Times in whole seconds, and how often each was taken.
#[derive(Clone, Debug, Default)]
struct Spread(BTreeMap<u64, u64>);

impl Healing {
    /// One run has caught up.
    pub(crate) fn note(&mut self, run: CaughtUp) {
        let spread = if run.is_partial { &mut self.partial } else { &mut self.whole };
        *spread.0.entry(run.after.as_micros() / 1_000_000).or_default() += 1;
        if LATE < run.after {
            *self.late.entry(run.wait).or_default() += 1;
        }
    }

    /// Adds other runs.
    pub(crate) fn add(&mut self, other: Self) {
        for (mine, theirs) in [(&mut self.whole, other.whole), (&mut self.partial, other.partial)] {
            for (seconds, runs) in theirs.0 {
                *mine.0.entry(seconds).or_default() += runs;
            }
        }
        for (wait, runs) in other.late {
            *self.late.entry(wait).or_default() += runs;
        }
    }

    /// How many were late by more than a minute, by what they waited for longest; the most frequent first.
    pub fn late(&self) -> Vec<(Wait, u64)> {
        let mut late: Vec<_> = self.late.iter().map(|(&wait, &runs)| (wait, runs)).collect();
        late.sort_by_key(|&(wait, runs)| (core::cmp::Reverse(runs), wait));
        late
    }

    /// What of it goes on record.
    pub fn figures(&self) -> (Figures, Figures) {
        (self.whole.figures(), self.partial.figures())
    }
}

impl Spread {
    fn figures(&self) -> Figures {
        let runs = self.0.values().sum();
        Figures {
            runs,
            p50: self.quantile(runs, 50),
            p99: self.quantile(runs, 99),
            max: self.quantile(runs, 100),
        }
    }

    /// The least time within which so many of a hundred were through.
    fn quantile(&self, runs: u64, percent: u64) -> u64 {
        let rank = (runs * percent).div_ceil(100).max(1);
        let mut passed = 0;
        let reached = self.0.iter().find(|(_, count)| {
            passed += **count;
            passed >= rank
        });
        reached.map_or(0, |(seconds, _)| *seconds)
    }
}

/// Times to catch up, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// So many runs.
    pub runs: u64,
    /// Half of them were through by then.
    pub p50: u64,
    /// All but one in a hundred.
    pub p99: u64,
    /// All of them.
    pub max: u64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} runs, p50 {} s, p99 {} s, at most {} s", self.runs, self.p50, self.p99, self.max)
    }
}

/// A line of the record: what a version took for certain seeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealingRecord {
    /// The version.
    pub version: String,
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// In which modes they were run.
    pub mode: String,
    /// Where all of the world was healed.
    pub whole: Figures,
    /// Where one of the sources stays silent for ever.
    pub partial: Figures,
}

/// A median or a p99 may differ by so many of a hundred, and a maximum, which is one run's, by more.
const TOLERANCE: u64 = 20;
const TOLERANCE_OF_MAX: u64 = 50;
/// And by so many seconds in any case.
const SECONDS: u64 = 2;

impl HealingRecord {
    /// Whether it tells of the same seeds.
    pub fn is_of_the_same_seeds(&self, other: &Self) -> bool {
        (self.from, self.seeds, &self.mode) == (other.from, other.seeds, &other.mode)
    }

    /// What differs by more than is tolerated, in words: 20 % of a median or a p99, 50 % of a maximum, and 2 s.
    pub fn alarms(&self, now: &Self) -> Vec<String> {
        let sides = [("all healed", self.whole, now.whole), ("a source lost", self.partial, now.partial)];
        let mut alarms = Vec::new();
        for (side, before, after) in sides {
            let figures = [
                ("p50", before.p50, after.p50, TOLERANCE),
                ("p99", before.p99, after.p99, TOLERANCE),
                ("max", before.max, after.max, TOLERANCE_OF_MAX),
            ];
            for (name, before, after, tolerance) in figures {
                if before.abs_diff(after) > (before * tolerance / 100).max(SECONDS) {
                    alarms.push(format!(
                        "with {side}, the {name} was {before} s in {}, and is {after} s",
                        self.version
                    ));
                }
            }
        }
        alarms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_runs() {
        let mut healing = Healing::default();
        for second in 1..=100 {
            let after = Duration::from_millis(second * 1_000 + 999);
            healing.note(CaughtUp { after, is_partial: false, wait: Wait::Sink });
        }
        healing.note(CaughtUp { after: Duration::from_secs(7), is_partial: true, wait: Wait::Dial });
        assert_eq!(healing.late(), [(Wait::Sink, 41)]);
        let (whole, partial) = healing.figures();
        assert_eq!(whole, Figures { runs: 100, p50: 50, p99: 99, max: 100 });
        assert_eq!(partial, Figures { runs: 1, p50: 7, p99: 7, max: 7 });
        let mut twice = healing.clone();
        twice.add(healing);
        assert_eq!(twice.figures().0, Figures { runs: 200, p50: 50, p99: 99, max: 100 });
        assert_eq!(Healing::default().figures().0, Figures { runs: 0, p50: 0, p99: 0, max: 0 });
    }

    #[test]
    fn what_is_slower_or_faster_than_on_record_is_told() {
        let figures = Figures { runs: 1_000, p50: 10, p99: 100, max: 200 };
        let before = HealingRecord {
            version: "1.0.0".to_owned(),
            from: 0,
            seeds: 1_000,
            mode: "both".to_owned(),
            whole: figures,
            partial: figures,
        };
        let with = |whole| HealingRecord { whole, ..before.clone() };
        assert!(before.alarms(&with(Figures { p50: 12, p99: 120, max: 300, ..figures })).is_empty());
        assert!(before.alarms(&with(Figures { p50: 8, p99: 80, max: 100, ..figures })).is_empty());
        let alarms = before.alarms(&with(Figures { p50: 13, p99: 79, max: 301, ..figures }));
        assert_eq!(alarms.len(), 3);
        assert_eq!(alarms[0], "with all healed, the p50 was 10 s in 1.0.0, and is 13 s");
    }
}
