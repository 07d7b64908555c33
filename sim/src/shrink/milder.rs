//! How a fault can be made milder: each of its numbers, and how late it comes.

use crate::draw::Site;
use crate::faults::{Measure, Record};

/// One number of a fault that can be made smaller.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// One of its measures, and the least it can be.
    Measure(Measure, u64),
    /// The occasion that it befalls: an earlier one.
    Earlier,
}

/// What can be made smaller of this fault: when first, since less happens in a run that is over sooner.
pub(super) fn ways(record: &Record) -> impl Iterator<Item = Way> + use<> {
    let measures = record.fault.ranges().iter().map(|range| Way::Measure(range.measure, range.low));
    is_movable(record).then_some(Way::Earlier).into_iter().chain(measures)
}

/// Whether it can befall another occasion as well. A source is whose it is, and a process is never early.
pub(super) fn is_movable(record: &Record) -> bool {
    !matches!(record.fault.site(), Site::Clockwork | Site::Succession)
}

impl Way {
    /// The number of `record`.
    pub(super) fn of(self, record: &Record) -> u64 {
        match self {
            Self::Measure(measure, _) => record.number(measure),
            Self::Earlier => record.entity,
        }
    }

    /// The least that it can be.
    pub(super) const fn lowest(self) -> u64 {
        match self {
            Self::Measure(_, low) => low,
            Self::Earlier => 0,
        }
    }

    /// The fault with this number instead.
    pub(super) fn with(self, record: Record, number: u64) -> Record {
        match self {
            Self::Measure(measure, _) => record.with(measure, number),
            Self::Earlier => record.befalling(number),
        }
    }
}
