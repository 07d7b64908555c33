//! One fault: where, to what, the how-many-eth time, and how.

use highwater_core::time::{Duration, Instant};

use super::measure::signed;
use super::{Fault, Measure, Range};
use crate::draw::Stream;

/// A kind has so many measures at most.
const MEASURES_MAX: usize = 4;

/// A fault with all that is to be known of it: a line of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// The kind, and with it the site.
    pub(crate) fault: Fault,
    /// Whom it befalls: the number of a connection, an event, a process, a source; or the how-many-eth occasion.
    pub(crate) entity: u64,
    /// Which time, where it befalls the same one several times.
    pub(crate) attempt: u32,
    /// How: the measures of the kind, in their order.
    numbers: [u64; MEASURES_MAX],
}

/// A fault that took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing {
    /// When, by the world's clock.
    pub(crate) at: Instant,
    /// What.
    pub(crate) record: Record,
}

impl Record {
    /// A fault of this kind; `moment` is when, if it goes by the clock.
    pub(crate) fn draw(fault: Fault, entity: u64, attempt: u32, moment: u64, stream: &mut Stream) -> Self {
        let mut record = Self { fault, entity, attempt, numbers: [0; MEASURES_MAX] };
        for (number, range) in record.numbers.iter_mut().zip(fault.ranges()) {
            *number = if range.is_moment() { moment } else { stream.between(range.low, range.high) };
        }
        record
    }

    /// The mildest fault of this kind.
    pub(crate) fn mildest(fault: Fault, entity: u64, attempt: u32) -> Self {
        let mut record = Self { fault, entity, attempt, numbers: [0; MEASURES_MAX] };
        for (number, range) in record.numbers.iter_mut().zip(fault.ranges()) {
            *number = range.low;
        }
        record
    }

    /// The kind.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// What tells it from every other fault of a run.
    pub(crate) fn key(&self) -> (Fault, u64, u32) {
        (self.fault, self.entity, self.attempt)
    }

    /// The same, befalling another.
    pub(crate) fn befalling(self, entity: u64) -> Self {
        Self { entity, ..self }
    }

    /// The same, the how-many-eth time it befalls the same one.
    pub(crate) fn the(self, attempt: u32) -> Self {
        Self { attempt, ..self }
    }

    /// One of its numbers.
    pub(crate) fn number(&self, measure: Measure) -> u64 {
        let place = self.fault.ranges().iter().position(|range| range.measure == measure);
        self.numbers[place.expect("a fault is asked for the measures of its kind only")]
    }

    /// One of its lengths of time.
    pub(crate) fn span(&self, measure: Measure) -> Duration {
        Duration::from_micros(self.number(measure))
    }

    /// One of its steps, on or back.
    pub(crate) fn step(&self, measure: Measure) -> i64 {
        signed(self.number(measure))
    }

    /// Whether one of its questions is answered with yes.
    pub(crate) fn is(&self, measure: Measure) -> bool {
        self.number(measure) != 0
    }

    /// When it happens, if it goes by the clock; zero if not.
    pub(crate) fn moment(&self) -> u64 {
        self.measures().find(|(range, _)| range.is_moment()).map_or(0, |(_, number)| number)
    }

    /// Its measures and its numbers.
    pub(crate) fn measures(&self) -> impl Iterator<Item = (Range, u64)> + use<> {
        self.fault.ranges().iter().copied().zip(self.numbers)
    }

    /// The same but for one of its numbers.
    #[must_use]
    pub(crate) fn with(mut self, measure: Measure, number: u64) -> Self {
        let place = self.fault.ranges().iter().position(|range| range.measure == measure);
        self.numbers[place.expect("a fault is given the measures of its kind only")] = number;
        self
    }
}
