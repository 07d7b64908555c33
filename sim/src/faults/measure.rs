//! What there is to be said of each kind of fault besides that it happens: how long, how many, which.
//!
//! One table for all who deal with it: what is drawn lies in these ranges, a plan is checked against them, and to
//! make a fault milder is to bring its numbers down to their lowest.

use super::Fault;

/// What a number of a fault says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Measure {
    /// When, from the beginning of the world.
    At,
    /// When, from the opening of the connection.
    After,
    /// How long.
    For,
    /// From how long ago on things are told again, or still known.
    Since,
    /// How far a clock is set, on or back.
    Step,
    /// How many.
    Count,
    /// How many before it begins.
    From,
    /// How many eighths.
    Eighths,
    /// How many places back, or on.
    Shift,
    /// Which: one of many that are alike.
    Which,
    /// The server asks for something.
    Asks,
    /// What was on the way is read first.
    Reads,
    /// What was in hand is done first.
    Lands,
    /// The other side forgets the connection.
    Forgets,
}

impl Measure {
    /// Its name in a plan.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::At => "at_us",
            Self::After => "after_us",
            Self::For => "for_us",
            Self::Since => "since_us",
            Self::Step => "step_us",
            Self::Count => "count",
            Self::From => "from",
            Self::Eighths => "eighths",
            Self::Shift => "shift",
            Self::Which => "which",
            Self::Asks => "asks",
            Self::Reads => "reads",
            Self::Lands => "lands",
            Self::Forgets => "forgets",
        }
    }

    /// Whether it can be less than zero. Then the number behind it is [`signed`].
    pub(crate) const fn is_signed(self) -> bool {
        matches!(self, Self::Step)
    }
}

/// What a number that stands for a step means: 0, 1, -1, 2, -2 and so on, so that small numbers are small steps.
pub(crate) const fn signed(number: u64) -> i64 {
    let half = (number / 2).cast_signed();
    if number.is_multiple_of(2) { -half } else { half + 1 }
}

/// The number that stands for a step: the other way round.
pub(crate) const fn unsigned(step: i64) -> u64 {
    if 0 < step { step.unsigned_abs() * 2 - 1 } else { step.unsigned_abs() * 2 }
}

/// What a number may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// What it says.
    pub(crate) measure: Measure,
    /// It is not less: as mild as can be.
    pub(crate) low: u64,
    /// It is not more.
    pub(crate) high: u64,
}

impl Range {
    /// Whether it says when: that is not drawn from the range, but follows from how often the kind happens.
    pub(crate) const fn is_moment(&self) -> bool {
        matches!(self.measure, Measure::At | Measure::After)
    }
}

const fn range(measure: Measure, low: u64, high: u64) -> Range {
    Range { measure, low, high }
}

/// A moment: within a day.
const fn moment(measure: Measure) -> Range {
    range(measure, 0, 86_400 * SECOND)
}

const SECOND: u64 = 1_000_000;
const AT: Range = moment(Measure::At);
const AFTER: Range = moment(Measure::After);
/// A server that starts anew is away for so long.
const AWAY: Range = range(Measure::For, SECOND / 10, 20 * SECOND);
/// An older server remembers its place in the network only every so often: after a start, so much is told again.
const RETOLD: Range = range(Measure::Since, 0, 5 * SECOND);
/// A process that dies stays dead for so long.
const DEAD: Range = range(Measure::For, SECOND / 100, 5 * SECOND);
const LANDS: Range = range(Measure::Lands, 0, 1);
const WHICH: Range = range(Measure::Which, 0, u32::MAX as u64);

impl Fault {
    /// What there is to be said of the kind.
    pub(crate) const fn ranges(self) -> &'static [Range] {
        match self {
            // A server may ask to wait so long: longer than a machine has to believe.
            Self::ServerBusy => const { &[range(Measure::Asks, 0, 1), range(Measure::For, 0, 90 * SECOND)] },
            Self::WitnessAndDie | Self::LateNews => const { &[range(Measure::Count, 1, 3)] },
            // So many frames in a row at most: more than a machine may put up with.
            Self::Garbled => const { &[range(Measure::Count, 1, 160), range(Measure::From, 0, 49)] },
            Self::Cut => const { &[AFTER, range(Measure::Reads, 0, 1)] },
            Self::HalfOpen => const { &[AFTER] },
            // What a stalled connection has to bear.
            Self::Stall => const { &[AFTER, range(Measure::For, SECOND / 10, 40 * SECOND)] },
            Self::CutoverLoss => const { &[range(Measure::Eighths, 1, 8), WHICH] },
            Self::CutoverReorder => const { &[range(Measure::Count, 1, 64), WHICH] },
            // The newest segment holds so many events at most.
            Self::EarlyStart => const { &[range(Measure::Shift, 0, 199)] },
            // Longer than any delay between two dials.
            Self::Outage => const { &[AT, range(Measure::For, SECOND, 120 * SECOND)] },
            Self::ServerRestart => const { &[AT, AWAY, RETOLD] },
            Self::ServerLoss => const { &[AT, AWAY, range(Measure::Count, 1, 40), RETOLD] },
            // Well beyond any margin, well below a day.
            Self::ServerClockStep => const { &[AT, AWAY, range(Measure::Step, 1, 1_200 * SECOND), RETOLD] },
            Self::Rollback => {
                const { &[AT, AWAY, range(Measure::Count, 1, 40), range(Measure::Shift, 0, 2)] }
            }
            // A server that is built anew knows so much at most.
            Self::Rebuild => {
                const { &[AT, AWAY, range(Measure::Since, 5 * SECOND, 120 * SECOND), range(Measure::Which, 0, 2)] }
            }
            Self::Lag | Self::Blind | Self::SinkOutage => {
                const { &[AT, range(Measure::For, SECOND, 60 * SECOND)] }
            }
            // Longer than any grace.
            Self::SinkSlow => const { &[range(Measure::For, SECOND / 10, 20 * SECOND)] },
            Self::SinkUnknownLate => const { &[range(Measure::For, 0, 5 * SECOND)] },
            Self::SinkRefusal => const { &[WHICH] },
            Self::Crash => const { &[AT, DEAD, LANDS] },
            Self::CrashMidway => const { &[DEAD, LANDS] },
            Self::Eviction => const { &[AT, range(Measure::For, 10 * SECOND, 600 * SECOND), LANDS] },
            Self::Suspend => {
                const { &[AT, range(Measure::For, SECOND, 900 * SECOND), range(Measure::Forgets, 0, 1)] }
            }
            Self::HostStall => const { &[AT, range(Measure::For, SECOND / 20, 15 * SECOND)] },
            Self::WallStep => const { &[AT, range(Measure::Step, 1, 600 * SECOND)] },
            Self::Fence | Self::OperatorStop => const { &[AT] },
            Self::Burst => const { &[range(Measure::Count, 1, 400)] },
            // Longer than any quiet limit.
            Self::Quiet => const { &[range(Measure::For, 5 * SECOND, 90 * SECOND)] },
            Self::DialRefused
            | Self::DialUnanswered
            | Self::ServerElsewhere
            | Self::DictionaryRotated
            | Self::WholeReplay
            | Self::DoubledNews
            | Self::ControlFrame
            | Self::SinkUnavailable
            | Self::SinkUnknownDone
            | Self::SinkUnknownUndone
            | Self::FilterChange
            | Self::Poison
            | Self::Oversize
            | Self::Huge
            | Self::Garbage
            | Self::TwoFaced
            | Self::EqualTimes => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::kind::Pace;

    #[test]
    fn what_goes_by_the_clock_has_a_moment_and_nothing_else_has() {
        for fault in Fault::ALL {
            let moments = fault.ranges().iter().filter(|range| range.is_moment()).count();
            let is_by_clock = matches!(fault.pace(), Pace::SecondsApart(_));
            assert_eq!(moments, usize::from(is_by_clock), "{fault}");
            assert!(fault.ranges().iter().all(|range| range.low <= range.high), "{fault}");
        }
    }

    #[test]
    fn steps_go_both_ways_and_small_numbers_are_small_steps() {
        assert_eq!([0, 1, 2, 3, 4].map(signed), [0, 1, -1, 2, -2]);
        for step in [0, 1, -1, 77, -600_000_000] {
            assert_eq!(signed(unsigned(step)), step);
        }
    }
}
