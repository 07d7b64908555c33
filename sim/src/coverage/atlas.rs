//! Where all runs of a campaign went, and in how many of them each thing was seen.

use highwater_core::Phase;

use super::unseen::Seen;
use super::{Coverage, DEEDS, Kind, Novel, PAIRS, PHASES, STANDS, Sometimes, TOGETHER, Together, Transition};
use crate::faults::Fault;

/// Where many runs went. The same runs in any order make the same atlas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atlas {
    pub(super) runs: u64,
    /// By transition: in how many runs, and how often in all.
    pub(super) transitions: Vec<(u32, u64)>,
    pub(super) pairs: Vec<u32>,
    pub(super) deeds: Vec<u32>,
    /// By fault and phase: how often.
    pub(super) befell: Vec<u64>,
    /// The same: in how many runs.
    befell_in: Vec<u32>,
    pub(super) together: Vec<u32>,
    /// By what must happen sometimes: in how many runs, and how often in all.
    pub(super) sometimes: [(u32, u64); Sometimes::COUNT],
}

impl Default for Atlas {
    fn default() -> Self {
        Self {
            runs: 0,
            transitions: vec![(0, 0); Transition::COUNT],
            pairs: vec![0; PAIRS],
            deeds: vec![0; DEEDS],
            befell: vec![0; Fault::COUNT * STANDS],
            befell_in: vec![0; Fault::COUNT * STANDS],
            together: vec![0; TOGETHER],
            sometimes: [(0, 0); Sometimes::COUNT],
        }
    }
}

impl Atlas {
    /// Adds a run. Says what no run before it had shown.
    pub(crate) fn add(&mut self, coverage: &Coverage) -> Novel {
        self.runs += 1;
        let mut novel = Novel::default();
        for &(transition, count) in &coverage.transitions {
            let (runs, times) = &mut self.transitions[transition.index()];
            novel.transitions += u64::from(*runs == 0);
            (*runs, *times) = (*runs + 1, *times + count);
        }
        for &(pair, at) in &coverage.pairs {
            if is_first(&mut self.pairs[pair as usize]) {
                novel.pairs += 1;
                novel.at = novel.at.max(Some(at));
            }
        }
        for &(deed, at) in &coverage.deeds {
            if is_first(&mut self.deeds[deed as usize]) {
                novel.deeds += 1;
                novel.at = novel.at.max(Some(at));
            }
        }
        for &(cell, count) in &coverage.befell {
            self.befell[cell as usize] += count;
            self.befell_in[cell as usize] += 1;
        }
        for &both in &coverage.together {
            novel.together += u64::from(is_first(&mut self.together[both as usize]));
        }
        for &(mark, count) in &coverage.sometimes {
            let (runs, times) = &mut self.sometimes[mark as usize];
            (*runs, *times) = (*runs + 1, *times + count);
        }
        novel
    }

    /// How many runs went into it.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// How many phases were ever left or entered, of how many.
    pub fn phases(&self) -> (usize, usize) {
        let is_seen = |phase: &Phase| {
            self.transitions().any(|(before, _, after, _)| before == *phase || after == *phase)
        };
        (PHASES.iter().filter(|phase| is_seen(phase)).count(), PHASES.len())
    }

    /// Every transition that was gone through: from where, by what, to where, how often.
    pub fn transitions(&self) -> impl Iterator<Item = (Phase, &'static str, Phase, u64)> {
        let seen = self.transitions.iter().enumerate().filter(|(_, (runs, _))| *runs > 0);
        seen.map(|(index, (_, times))| {
            let (before, kind, after) = Transition(index as u16).told();
            (before, kind.name(), after, *times)
        })
    }

    /// What was seen of each class of things, and by what was seen once, what was not: the class's name first.
    pub fn seen(&self) -> [(&'static str, Seen); 5] {
        let transitions: Vec<u32> = self.transitions.iter().map(|(runs, _)| *runs).collect();
        [
            ("transitions", Seen::of(&transitions, self.runs)),
            ("pairs of them", Seen::of(&self.pairs, self.runs)),
            ("deeds in them", Seen::of(&self.deeds, self.runs)),
            ("faults by phase", Seen::of(&self.befell_in, self.runs)),
            ("faults together", Seen::of(&self.together, self.runs)),
        ]
    }

    /// What happened less often than it must in so many runs of the usual mixes: its name, in how many runs it did,
    /// and in how many it is owed.
    pub fn missed(&self) -> Vec<(&'static str, u64, u64)> {
        let told = Sometimes::ALL.iter().zip(&self.sometimes).map(|(mark, &(runs, _))| {
            (mark.name(), u64::from(runs), mark.least().saturating_mul(self.runs) / 10_000)
        });
        told.filter(|&(_, runs, owed)| runs == 0 && OWED <= owed || MANY <= owed && 2 * runs < owed).collect()
    }

    /// In how many phases this kind of fault was ever seen soon after that one.
    pub(crate) fn phases_together(&self, first: Fault, second: Fault) -> usize {
        let number = Together::of(first, second, 0).0 as usize;
        self.together[number..number + STANDS].iter().filter(|runs| **runs > 0).count()
    }
}

/// What is owed so often does not fail to come by chance: one run in twenty thousand.
const OWED: u64 = 10;
/// Nor does it come half as often by chance.
const MANY: u64 = 40;

fn is_first(runs: &mut u32) -> bool {
    *runs += 1;
    *runs == 1
}

/// A number of a cell: which fault, in which phase; in none, if no process ran.
pub(super) fn cell(index: usize) -> (Fault, Option<Phase>) {
    (Fault::ALL[index / STANDS], PHASES.get(index % STANDS).copied())
}

/// A number of a deed: which transition, and what was done in it.
pub(super) fn deed(index: usize) -> ((Phase, Kind, Phase), Sometimes) {
    (Transition((index / Sometimes::COUNT) as u16).told(), Sometimes::ALL[index % Sometimes::COUNT])
}

#[cfg(test)]
mod tests {
    use highwater_core::time::Instant;

    use super::*;
    use crate::coverage::Recorder;

    fn run(kinds: &[Kind]) -> Coverage {
        let mut recorder = Recorder::new();
        for (second, &kind) in kinds.iter().enumerate() {
            let at = Instant::from_micros(second as u64);
            recorder.step(at, Phase::Streaming, kind, Phase::Streaming);
        }
        recorder.close(&[])
    }

    #[test]
    fn only_what_was_never_seen_is_new() {
        let mut atlas = Atlas::default();
        let first = atlas.add(&run(&[Kind::Heard, Kind::Heard, Kind::Stored]));
        assert_eq!((first.transitions, first.pairs, first.at), (2, 2, Some(Instant::from_micros(2))));
        let second = atlas.add(&run(&[Kind::Heard, Kind::Heard, Kind::Stored]));
        assert_eq!(second, Novel::default());
        let third = atlas.add(&run(&[Kind::Heard, Kind::Stored, Kind::Heard]));
        assert_eq!((third.transitions, third.pairs, third.at), (0, 1, Some(Instant::from_micros(2))));
        let [(_, transitions), (_, pairs), ..] = atlas.seen();
        assert_eq!((transitions.all, transitions.once, pairs.all, pairs.once), (2, 0, 3, 1));
        assert_eq!(atlas.transitions().map(|(.., times)| times).sum::<u64>(), 9);
    }

    #[test]
    fn what_is_owed_and_does_not_come_is_missed() {
        let mut atlas = Atlas { runs: 10_000, ..Atlas::default() };
        let owed = Sometimes::ALL.iter().filter(|mark| mark.least() >= OWED).count();
        assert_eq!(atlas.missed().len(), owed);
        for (mark, seen) in Sometimes::ALL.iter().zip(&mut atlas.sometimes) {
            *seen = (mark.least() as u32, mark.least());
        }
        assert_eq!(atlas.missed(), []);
        atlas.runs = 0;
        assert_eq!(Atlas::default().missed(), []);
    }
}
