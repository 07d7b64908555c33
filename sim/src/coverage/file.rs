//! An atlas as JSON Lines, for whoever counts on: a header, then a line for each thing that was seen.

use highwater_core::Phase;
use serde_json::json;

use super::atlas::{Atlas, cell, deed};
use super::kind::stand_name;
use super::{Kind, Sometimes, Together, Transition};

impl Atlas {
    /// All that is known of what was seen.
    ///
    /// ```text
    /// {"coverage":1,"runs":1000,"seen":{"transitions":{"all":212,"once":3,"twice":1}, ...}}
    /// {"transition":{"from":"waiting","by":"timeout","to":"connecting"},"runs":1000,"times":8123}
    /// {"pair":[{...},{...}],"runs":12}
    /// {"deed":"flush","in":{...},"runs":900}
    /// {"fault":"crash","phase":"proving","times":31}
    /// {"together":["crash","stall"],"phase":"loading","runs":40}
    /// {"sometimes":"close: quiet","runs":52,"times":80,"least_of_10000":200}
    /// ```
    pub fn lines(&self) -> String {
        let seen: serde_json::Map<String, serde_json::Value> = self
            .seen()
            .into_iter()
            .map(|(name, seen)| {
                (name.to_owned(), json!({ "all": seen.all, "once": seen.once, "twice": seen.twice }))
            })
            .collect();
        let mut lines = vec![json!({ "coverage": 1, "runs": self.runs, "seen": seen })];
        lines.extend(self.transition_lines());
        lines.extend(self.deed_lines());
        lines.extend(self.fault_lines());
        lines.extend(self.sometimes_lines());
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        lines.join("\n") + "\n"
    }

    fn transition_lines(&self) -> impl Iterator<Item = serde_json::Value> {
        let is_seen = |(_, (runs, _)): &(usize, &(u32, u64))| *runs > 0;
        let ways = self.transitions.iter().enumerate().filter(is_seen).map(|(index, (runs, times))| {
            json!({ "transition": way(Transition(index as u16).told()), "runs": runs, "times": times })
        });
        let pairs = seen(&self.pairs).map(|(pair, runs)| {
            let (first, second) = Transition::of_pair(pair as u32);
            json!({ "pair": [way(first.told()), way(second.told())], "runs": runs })
        });
        ways.chain(pairs)
    }

    fn deed_lines(&self) -> impl Iterator<Item = serde_json::Value> {
        seen(&self.deeds).map(|(index, runs)| {
            let (transition, mark) = deed(index);
            json!({ "deed": mark.name(), "in": way(transition), "runs": runs })
        })
    }

    fn fault_lines(&self) -> impl Iterator<Item = serde_json::Value> {
        let cells = self.befell.iter().enumerate().filter(|(_, times)| **times > 0).map(|(index, times)| {
            let (fault, met) = cell(index);
            json!({ "fault": fault.name(), "phase": stand_name(met), "times": times })
        });
        let together = seen(&self.together).map(|(index, runs)| {
            let (first, second, met) = Together(index as u32).told();
            json!({ "together": [first.name(), second.name()], "phase": stand_name(met), "runs": runs })
        });
        cells.chain(together)
    }

    fn sometimes_lines(&self) -> impl Iterator<Item = serde_json::Value> {
        Sometimes::ALL.iter().zip(&self.sometimes).map(|(mark, (runs, times))| {
            json!({ "sometimes": mark.name(), "runs": runs, "times": times, "least_of_10000": mark.least() })
        })
    }
}

fn seen(counts: &[u32]) -> impl Iterator<Item = (usize, u32)> {
    counts.iter().copied().enumerate().filter(|(_, runs)| *runs > 0)
}

fn way((before, kind, after): (Phase, Kind, Phase)) -> serde_json::Value {
    json!({ "from": stand_name(Some(before)), "by": kind.name(), "to": stand_name(Some(after)) })
}
