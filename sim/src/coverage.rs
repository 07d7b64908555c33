//! Where the machines have been: every (phase, input, next phase) that a run went through.

use highwater_core::Input;
use highwater_core::Phase;
use highwater_core::event::Payload;

/// The phases, in the order of their declaration.
const PHASES: [Phase; 9] = [
    Phase::Loading,
    Phase::Resting,
    Phase::Waiting,
    Phase::Connecting,
    Phase::Proving,
    Phase::Streaming,
    Phase::Paused,
    Phase::Stopping,
    Phase::Stopped,
];

/// The kinds of input, by the numbers that [`kind`] gives them.
const KINDS: [&str; 9] =
    ["timeout", "opened", "received", "heard", "closed", "loaded", "appended", "flushed", "stop"];

/// How often each transition was gone through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    edges: Vec<u64>,
}

impl Default for Coverage {
    fn default() -> Self {
        Self { edges: vec![0; PHASES.len() * KINDS.len() * PHASES.len()] }
    }
}

impl Coverage {
    /// A machine went from one phase to the next.
    #[inline]
    pub(crate) fn note(&mut self, before: Phase, kind: usize, after: Phase) {
        self.edges[(before as usize * KINDS.len() + kind) * PHASES.len() + after as usize] += 1;
    }

    /// Adds what was gone through in another run.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.edges.iter_mut().zip(&other.edges) {
            *mine += theirs;
        }
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
        let seen = self.edges.iter().enumerate().filter(|(_, count)| **count > 0);
        seen.map(|(index, count)| {
            let (rest, after) = (index / PHASES.len(), index % PHASES.len());
            (PHASES[rest / KINDS.len()], KINDS[rest % KINDS.len()], PHASES[after], *count)
        })
    }
}

/// The number of an input's kind.
pub(crate) const fn kind<P: Payload>(input: &Input<P>) -> usize {
    match input {
        Input::Timeout => 0,
        Input::Opened { .. } => 1,
        Input::Received { .. } => 2,
        Input::Heard { .. } => 3,
        Input::Closed { .. } => 4,
        Input::Loaded { .. } => 5,
        Input::Appended { .. } => 6,
        Input::Flushed { .. } => 7,
        Input::StopRequested => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transitions_are_found_again() {
        let mut coverage = Coverage::default();
        coverage.note(Phase::Loading, 5, Phase::Waiting);
        coverage.note(Phase::Waiting, 0, Phase::Connecting);
        coverage.note(Phase::Waiting, 0, Phase::Connecting);
        let seen: Vec<_> = coverage.transitions().collect();
        let expected = [
            (Phase::Loading, "loaded", Phase::Waiting, 1),
            (Phase::Waiting, "timeout", Phase::Connecting, 2),
        ];
        assert_eq!(seen, expected);
        assert_eq!(coverage.phases(), (3, 9));
        assert!(PHASES.iter().enumerate().all(|(index, phase)| *phase as usize == index));
    }
}
