//! What a machine waits for that has not caught up: the reasons for which it may be late, and how long each held.
//!
//! A healed world owes the machine no favour: it may have to store what piled up, to try thrice what the sink refuses,
//! to sit out a delay that began before. Each of these is declared here. Time that passes for none of them is time in
//! which it could have got on, and there may be hardly any.

use core::fmt;

use highwater_core::time::Duration;

use crate::oracle::{Rule, Violation, must};

/// What a machine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wait {
    /// No process runs.
    Start,
    /// The sink has something in hand.
    Sink,
    /// The sink refused an event, which is tried again after a while.
    Refused,
    /// The sink could not be used, and is tried again after a while.
    Trouble,
    /// The next dial comes after a delay.
    Backoff,
    /// A dial is not answered.
    Dial,
    /// Nothing comes on the connection any more, and it is not long enough yet to give it up.
    Silence,
    /// The feed has more to tell, and frames are on their way.
    Feed,
    /// What came waits for more of its kind.
    Batch,
    /// None of these.
    Nothing,
}

impl Wait {
    /// All there are.
    pub const ALL: [Self; 10] = [
        Self::Start,
        Self::Sink,
        Self::Refused,
        Self::Trouble,
        Self::Backoff,
        Self::Dial,
        Self::Silence,
        Self::Feed,
        Self::Batch,
        Self::Nothing,
    ];

    /// What is being waited for, in words.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Start => "no process ran",
            Self::Sink => "the sink took what came",
            Self::Refused => "refused events were tried again",
            Self::Trouble => "the sink could not be used",
            Self::Backoff => "the next dial had to wait",
            Self::Dial => "a dial was not answered",
            Self::Silence => "a dead connection was not known to be dead",
            Self::Feed => "the feed had more to tell",
            Self::Batch => "a batch was filling",
            Self::Nothing => "there was no reason",
        }
    }
}

/// So long may a machine wait for nothing: the world looks at it only every so often.
const NOTHING_MAX: Duration = Duration::from_secs(5);

/// How long a machine waited for what, from healing on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waits([Duration; Wait::ALL.len()]);

impl Waits {
    /// So much more time passed.
    pub(crate) fn pass(&mut self, wait: Wait, time: Duration) {
        self.0[wait as usize] += time;
    }

    /// What took longest.
    pub(crate) fn longest(&self) -> Wait {
        let longest = Wait::ALL.into_iter().rev().max_by_key(|wait| self.0[*wait as usize]);
        longest.unwrap_or(Wait::Nothing)
    }

    /// O9: it waited only for what is declared.
    pub(crate) fn check(&self) -> Result<(), Violation> {
        must(self.0[Wait::Nothing as usize] < NOTHING_MAX, Rule::O9Liveness, || {
            format!("healed, the machine waited for nothing: {self}")
        })
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Wait::ALL.into_iter().filter(|wait| self.0[*wait as usize] > Duration::ZERO);
        let told: Vec<String> =
            known.map(|wait| format!("{} {}", self.0[wait as usize], wait.says())).collect();
        f.write_str(&told.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_much_time_may_pass_for_no_reason() {
        let mut waits = Waits::default();
        waits.pass(Wait::Nothing, Duration::from_secs(4));
        waits.pass(Wait::Backoff, Duration::from_secs(60));
        waits.pass(Wait::Feed, Duration::from_secs(60));
        assert_eq!((waits.check(), waits.longest()), (Ok(()), Wait::Backoff));
        waits.pass(Wait::Nothing, Duration::from_secs(1));
        assert_eq!(waits.check().map_err(|violation| violation.rule), Err(Rule::O9Liveness));
    }
}
