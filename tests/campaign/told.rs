//! What the simulator tells of a failure, read back from its lines.

/// A shortest path to a broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortestPath {
    /// How long it is.
    pub steps: u64,
    /// How many of its steps are faults.
    pub faults: u64,
    /// The rule.
    pub rule: String,
}

/// The path that a search tells of: how long it is and what it breaks, and further down `13 steps, 2 faults; …`.
pub(crate) fn path(told: &str) -> Option<ShortestPath> {
    let (steps, verdict) = told.split_once(": ")?;
    let faults = told.lines().find_map(|line| line.split_once(" steps, ")?.1.split_once(" faults; "))?.0;
    let rule = verdict.split(':').next()?.to_owned();
    Some(ShortestPath { steps: steps.parse().ok()?, faults: faults.parse().ok()?, rule })
}

/// A failure made small.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// Faults that are left.
    pub faults: u64,
    /// Steps that are left.
    pub steps: u64,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// What is left.
    pub plan: String,
    /// Of the runs in which one fault was switched off, how many still failed, and how many there were.
    pub survival: Option<(u64, u64)>,
}

/// The numbers in `With one fault switched off, 30 of 32 runs still fail this way.`
pub(crate) fn survival(line: &str) -> Option<(u64, u64)> {
    let (failed, rest) = line.strip_prefix("With one fault switched off, ")?.split_once(" of ")?;
    Some((failed.parse().ok()?, rest.split_once(' ')?.0.parse().ok()?))
}

/// The numbers in `Seed 1, machine: 4 of 55 faults and 24 of 430 steps are left after 459 runs in 0.1 s.`
pub(crate) fn counts(line: &str) -> Option<(u64, u64, u64)> {
    let (_, rest) = line.split_once(": ")?;
    let (faults, rest) = rest.split_once(" of ")?;
    let (steps, rest) = rest.split_once(" faults and ")?.1.split_once(" of ")?;
    let (secs, tenths) = rest.split_once(" runs in ")?.1.strip_suffix(" s.")?.split_once('.')?;
    let millis = secs.parse::<u64>().ok()? * 1_000 + tenths.parse::<u64>().ok()? * 100;
    Some((faults.parse().ok()?, steps.parse().ok()?, millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_from_its_story() {
        let said = "13: O1 no loss: e1 is nowhere, and on no record\nThe rule: every owed event is stored.\n\
                    13 steps, 2 faults; no shorter path within the bounds breaks a rule.\n";
        assert_eq!(path(said), Some(ShortestPath { steps: 13, faults: 2, rule: "O1 no loss".to_owned() }));
        assert_eq!(path(""), None);
    }

    #[test]
    fn what_is_left_of_a_case_is_read_from_its_story() {
        let said = "Seed 1, machine: 4 of 55 faults and 24 of 430 steps are left after 459 runs in 0.1 s.";
        assert_eq!(counts(said), Some((4, 24, 100)));
        assert_eq!(counts("Seed 1, machine: this run does not fail"), None);
        let said = "With one fault switched off, 30 of 32 runs still fail this way.";
        assert_eq!((survival(said), survival("With nothing")), (Some((30, 32)), None));
    }
}
