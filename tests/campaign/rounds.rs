//! What a campaign of kills goes through on a wire: what fails there, how often, and what may be missing for it.

use std::time::Duration;

use crate::feed::Wire;
use crate::truth::Causes;

/// A part of a campaign: faults, and kills under them.
#[derive(Clone, Debug)]
pub struct Round {
    /// What it is called.
    pub name: &'static str,
    /// Faults of the feed, as `--fault` takes them.
    pub faults: Vec<String>,
    /// How often the program is killed.
    pub kills: u32,
    /// The shortest life and the longest.
    pub life: (Duration, Duration),
    /// Which records there may be. If nothing may be missing, none excuses anything.
    pub causes: Causes,
}

/// A life is long enough to begin, and too short to be left in peace.
const LIFE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(1_200));

/// What was dropped comes again with the overlap of a resume soon after; a longer life passes it. And the records of
/// two switches must not touch, or everything would lie in one.
const LONG_LIFE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(14));

/// A fault, and after how many events (or connections) it comes again on the older wire and on the newer.
///
/// Counted, and never so long: what is due while nobody is connected would meet whoever comes, again and again, and
/// the last life would never end. The older wire says five seconds again to each who comes.
type Often = (&'static str, u32, u32);

/// Where nothing may be missing: all at once.
const HARMLESS: [Often; 8] = [
    ("drop", 50_000, 8_000),
    ("half-open", 150_000, 25_000),
    ("stall", 120_000, 20_000),
    ("reorder", 1, 1),
    ("re-emission", 200_000, 30_000),
    ("malformed", 3_000, 400),
    ("503", 5, 5),
    ("rotation", 200_000, 30_000),
];

/// Where something is, each alone, so that it is known what it may be.
const HARMFUL: [Often; 5] = [
    ("retention", 30_000, 6_000),
    ("blind", 4_000, 4_000),
    ("clock-step", 20_000, 6_000),
    ("oversize", 2_500, 2_500),
    ("cutover-drop", 1, 1),
];

/// The rounds of a campaign of so many kills on a wire.
pub fn rounds(wire: Wire, kills: u32) -> Vec<Round> {
    let argument = |(name, v1, v2): Often| match wire {
        Wire::V1 => format!("{name}={v1}"),
        Wire::V2 => format!("{name}={v2}"),
    };
    let is_here = |(name, ..): &Often| is_known(name, wire);
    let harmful = HARMFUL.into_iter().filter(is_here).map(|often| {
        let is_long = often.0 == "cutover-drop";
        let (part, life) = if is_long { (kills / 16, LONG_LIFE) } else { (kills / 8, LIFE) };
        Round::new(often.0, wire, vec![argument(often)], part, life)
    });
    let mut rounds: Vec<Round> = harmful.collect();
    let rest = kills - rounds.iter().map(|round| round.kills).sum::<u32>();
    let faults = HARMLESS.into_iter().filter(is_here).map(argument).collect();
    rounds.insert(0, Round::new("harmless", wire, faults, rest, LIFE));
    rounds
}

impl Round {
    /// So many kills under these faults of a feed that speaks `wire`.
    pub fn new(
        name: &'static str,
        wire: Wire,
        faults: Vec<String>,
        kills: u32,
        life: (Duration, Duration),
    ) -> Self {
        let names = faults.iter().map(|fault| fault.split('=').next().unwrap_or(fault));
        let excusing = names.flat_map(|fault| excusing(fault, wire)).copied().collect();
        // The first server may drop something wherever it goes live; and nothing tells whether connections that died
        // in an overlap led to the server that the next one leads to, so what is not read again goes on record.
        let harmless = if wire == Wire::V1 { vec!["cutover", "witness"] } else { Vec::new() };
        let causes = Causes { excusing, harmless };
        Self { name, faults, kills, life, causes }
    }
}

/// Only the first server has a switch from replay to live, and only the second hands out dictionaries.
fn is_known(fault: &str, wire: Wire) -> bool {
    match fault {
        "reorder" | "cutover-drop" => wire == Wire::V1,
        "rotation" => wire == Wire::V2,
        _ => true,
    }
}

/// Causes of the records in which an event may be missing under a fault. To what a server is blind lies in none: the
/// connection is healthy, and nothing on the wire tells that there was more.
fn excusing(fault: &str, wire: Wire) -> &'static [&'static str] {
    match (fault, wire) {
        ("retention", Wire::V1) => &["witness", "quiet"],
        ("retention", Wire::V2) => &["too-old"],
        // A cursor that its clock has not reached yet is the tip to it: if nothing is said there, nothing comes.
        ("clock-step", Wire::V1) => &["clock", "quiet"],
        ("oversize", _) => &["oversize"],
        ("cutover-drop", _) => &["cutover", "witness"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kills_are_spread_over_the_rounds() {
        for wire in Wire::ALL {
            let rounds = rounds(wire, 100);
            assert_eq!(rounds.iter().map(|round| round.kills).sum::<u32>(), 100);
            assert!(rounds.iter().all(|round| round.kills >= 6), "{rounds:?}");
            assert_eq!(rounds.len(), if wire == Wire::V1 { 6 } else { 5 });
        }
    }
}
