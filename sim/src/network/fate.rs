//! What a connection is in for, drawn once as it is dialed, from a generator of its own.

use highwater_core::closure::Closure;
use highwater_core::time::Duration;

use crate::draw::Stream;
use crate::faults::{Fault, Measure, Omens, Record};

/// How a dial ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// It never does.
    Silence,
    /// It is refused on the way, or at the door.
    Refused(Closure),
    /// The server is reached and decides.
    Reached,
}

/// The fate of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    /// One way through the network.
    pub(crate) latency: Duration,
    /// From the dial to its end.
    pub(crate) greeting_after: Duration,
    /// Time between two portions of a replay.
    pub(crate) pace: Duration,
    /// Frames come in portions of so many at most.
    pub(crate) portion: usize,
    /// What becomes of the dial, if the server is not reached.
    pub(crate) refusal: Option<Record>,
    /// What befalls it once it is open, and when.
    pub(crate) mishaps: [Option<Record>; MISHAPS.len()],
    /// The server hangs up after a few frames.
    pub(crate) short: Option<Record>,
    /// Some frames cannot be read.
    pub(crate) garbled: Option<Record>,
    /// Going live loses events.
    pub(crate) loss: Option<Record>,
    /// Going live mixes events up.
    pub(crate) mixing: Option<Record>,
    /// What the server does with the place that it is asked for.
    pub(crate) seating: [Option<Record>; 2],
    /// Something still arrives after the connection was closed.
    pub(crate) late: Option<Record>,
}

/// What can befall an open connection.
pub(crate) const MISHAPS: [Fault; 3] = [Fault::Cut, Fault::HalfOpen, Fault::Stall];

/// What can become of a dial.
const REFUSALS: [Fault; 5] = [
    Fault::DialRefused,
    Fault::DialUnanswered,
    Fault::ServerBusy,
    Fault::ServerElsewhere,
    Fault::DictionaryRotated,
];

/// A dial may take so long and still succeed: beyond any connect timeout.
const SLOW_DIAL_MAX: Duration = Duration::from_secs(12);

impl Fate {
    /// Draws a fate.
    pub(crate) fn draw(mut omens: Omens<'_>, stream: &mut Stream, is_compressed: bool) -> Self {
        let latency = stream.span(Duration::from_micros(500), Duration::from_millis(100));
        let latency = if stream.one_in(8) { latency * 8 } else { latency };
        let slow = stream.span(Duration::ZERO, SLOW_DIAL_MAX);
        let greeting_after = if stream.one_in(30) { slow } else { latency * 3 };
        // All are asked for, so that none moves those behind it.
        let refusals = REFUSALS.map(|fault| omens.strikes(fault));
        let can_be = |record: &Record| is_compressed || record.fault != Fault::DictionaryRotated;
        Self {
            latency,
            greeting_after,
            pace: stream.span(Duration::from_micros(50), Duration::from_millis(5)),
            portion: stream.pick(&[1, 2, 3, 8, 8, 16, 64]),
            refusal: refusals.into_iter().flatten().find(can_be),
            mishaps: MISHAPS.map(|fault| omens.strikes(fault)),
            short: omens.strikes(Fault::WitnessAndDie),
            garbled: omens.strikes(Fault::Garbled),
            loss: omens.strikes(Fault::CutoverLoss),
            mixing: omens.strikes(Fault::CutoverReorder),
            seating: [omens.strikes(Fault::EarlyStart), omens.strikes(Fault::WholeReplay)],
            late: omens.strikes(Fault::LateNews),
        }
    }

    /// How the dial ends.
    pub(crate) fn greeting(&self) -> Greeting {
        let Some(refusal) = self.refusal else { return Greeting::Reached };
        Greeting::Refused(match refusal.fault {
            Fault::DialUnanswered => return Greeting::Silence,
            Fault::ServerBusy => {
                let after = refusal.is(Measure::Asks).then(|| refusal.span(Measure::For));
                Closure::Retry { after }
            }
            Fault::ServerElsewhere => Closure::Elsewhere,
            Fault::DictionaryRotated => Closure::Renegotiate,
            _ => Closure::Retry { after: None },
        })
    }

    /// What has not befallen the connection yet will not.
    pub(crate) fn heal(&mut self) {
        (self.short, self.garbled, self.loss, self.mixing) = (None, None, None, None);
        self.seating = [None, None];
    }
}
