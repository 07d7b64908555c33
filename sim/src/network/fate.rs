//! What a connection is in for, drawn once as it is dialed, from a generator of its own.

use highwater_core::closure::Closure;
use highwater_core::time::Duration;

use crate::draw::Stream;
use crate::faults::{Fault, Faults};

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

/// What befalls an open connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The server hangs up with a word.
    Cut,
    /// Nothing comes any more, without a word.
    HalfOpen,
    /// Nothing comes for a while.
    Stall,
}

/// The fate of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    /// One way through the network.
    pub(crate) latency: Duration,
    /// From the dial to its end.
    pub(crate) greeting_after: Duration,
    /// How the dial ends.
    pub(crate) greeting: Greeting,
    /// Time between two portions of a replay.
    pub(crate) pace: Duration,
    /// Frames come in portions of so many at most.
    pub(crate) portion: usize,
    /// Mishaps, and how long after the opening.
    pub(crate) mishaps: [Option<Duration>; 3],
    /// The server hangs up after so many frames.
    pub(crate) frames_max: Option<u32>,
    /// So many frames after so many cannot be read.
    pub(crate) garbled: Option<(u32, u32)>,
    /// Going live loses events.
    pub(crate) is_lossy: bool,
    /// Going live mixes events up.
    pub(crate) is_mixing: bool,
    /// So many portions still arrive after the connection was closed.
    pub(crate) late: u8,
}

/// What can befall an open connection, in the order of [`Fate::mishaps`].
pub(crate) const MISHAPS: [(Mishap, Fault); 3] =
    [(Mishap::Cut, Fault::Cut), (Mishap::HalfOpen, Fault::HalfOpen), (Mishap::Stall, Fault::Stall)];

/// A dial may take so long and still succeed: beyond any connect timeout.
const SLOW_DIAL_MAX: Duration = Duration::from_secs(12);
/// A server may ask to wait so long.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(90);
/// So many frames in a row cannot be read at most: more than a machine may put up with.
const GARBLED_MAX: u64 = 160;

impl Fate {
    /// Draws a fate.
    pub(crate) fn draw(faults: &mut Faults, stream: &mut Stream, is_compressed: bool) -> Self {
        let latency = stream.span(Duration::from_micros(500), Duration::from_millis(100));
        let latency = if stream.one_in(8) { latency * 8 } else { latency };
        let slow = stream.span(Duration::ZERO, SLOW_DIAL_MAX);
        let greeting_after = if stream.one_in(30) { slow } else { latency * 3 };
        let greeting = greeting(faults, stream, is_compressed);
        let wait = |faults: &Faults, stream: &mut Stream, fault| match faults.rate(fault) {
            0 => None,
            rate => Some(Duration::from_micros(stream.wait(rate))),
        };
        let mut strikes = |fault, stream: &mut Stream| {
            let strikes = stream.one_in(faults.rate(fault));
            if strikes {
                faults.fire(fault);
            }
            strikes
        };
        let frames_max = strikes(Fault::WitnessAndDie, stream).then(|| stream.between(1, 3) as u32);
        let garbled = strikes(Fault::Garbled, stream)
            .then(|| (stream.below(50) as u32, stream.between(1, GARBLED_MAX) as u32));
        let late = if strikes(Fault::LateNews, stream) { stream.between(1, 3) as u8 } else { 0 };
        let is_lossy = stream.one_in(faults.rate(Fault::CutoverLoss));
        let is_mixing = stream.one_in(faults.rate(Fault::CutoverReorder));
        Self {
            latency,
            greeting_after,
            greeting,
            pace: stream.span(Duration::from_micros(50), Duration::from_millis(5)),
            portion: stream.pick(&[1, 2, 3, 8, 8, 16, 64]),
            mishaps: MISHAPS.map(|(_, fault)| wait(faults, stream, fault)),
            frames_max,
            garbled,
            is_lossy,
            is_mixing,
            late,
        }
    }
}

impl Fate {
    /// What has not befallen the connection yet will not.
    pub(crate) fn heal(&mut self) {
        (self.frames_max, self.garbled) = (None, None);
        (self.is_lossy, self.is_mixing) = (false, false);
    }
}

fn greeting(faults: &mut Faults, stream: &mut Stream, is_compressed: bool) -> Greeting {
    let after = stream.one_in(2).then(|| stream.span(Duration::ZERO, RETRY_AFTER_MAX));
    let greetings = [
        (Fault::DialRefused, Greeting::Refused(Closure::Retry { after: None })),
        (Fault::DialUnanswered, Greeting::Silence),
        (Fault::ServerBusy, Greeting::Refused(Closure::Retry { after })),
        (Fault::ServerElsewhere, Greeting::Refused(Closure::Elsewhere)),
        (Fault::DictionaryRotated, Greeting::Refused(Closure::Renegotiate)),
    ];
    for (fault, greeting) in greetings {
        let strikes = stream.one_in(faults.rate(fault));
        if strikes && (is_compressed || fault != Fault::DictionaryRotated) {
            faults.fire(fault);
            return greeting;
        }
    }
    Greeting::Reached
}
