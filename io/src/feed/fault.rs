//! What can be made to go wrong, as a flag names it.

use std::fmt;
use std::str::FromStr;

use crate::feed::measure::{Measure, NotAMeasure};

/// A way to fail, and how often. It happens while there is something to say, at distances drawn from the seed:
/// between half and one and a half of what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// How far it is from one time to the next; what is counted is up to the kind.
    pub every: Measure,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// A connection ends without a word, perhaps within a frame.
    Drop,
    /// A connection stays, and nothing comes any more, nor is anything answered.
    HalfOpen,
    /// A connection has no events for some seconds; pings are answered.
    Stall,
    /// Where the first server goes from replay to live, events come in another order.
    Reorder,
    /// Where the first server goes from replay to live, events do not come.
    CutoverDrop,
    /// The server starts anew and says its last seconds again, as of now.
    ReEmission,
    /// The server starts anew with a clock that is behind.
    ClockStep,
    /// A frame that is no event.
    Malformed,
    /// An event too large to store, and each fourth time too large to receive.
    Oversize,
    /// Connections are refused with status 503.
    Unavailable,
    /// The dictionary is replaced by another, and the server starts anew.
    Rotation,
    /// The server starts anew and has forgotten events that nobody had yet.
    Retention,
    /// For a while no commits to one of the larger collections are seen; nothing says so.
    Blind,
    /// Connections lead to another server behind the name: other times and numbers for the same events.
    Instance,
    /// The server starts anew.
    Restart,
}

/// Where a fault happens, and so what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// Events sent.
    Wire,
    /// Events that came to be.
    Log,
    /// Connections asked for.
    Door,
    /// Connections to the first server that caught up.
    Cutover,
}

impl FaultKind {
    /// All there are, in the order of their declaration.
    pub const ALL: [Self; 15] = [
        Self::Drop,
        Self::HalfOpen,
        Self::Stall,
        Self::Reorder,
        Self::CutoverDrop,
        Self::ReEmission,
        Self::ClockStep,
        Self::Malformed,
        Self::Oversize,
        Self::Unavailable,
        Self::Rotation,
        Self::Retention,
        Self::Blind,
        Self::Instance,
        Self::Restart,
    ];

    /// The word for it in flags and summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::HalfOpen => "half-open",
            Self::Stall => "stall",
            Self::Reorder => "reorder",
            Self::CutoverDrop => "cutover-drop",
            Self::ReEmission => "re-emission",
            Self::ClockStep => "clock-step",
            Self::Malformed => "malformed",
            Self::Oversize => "oversize",
            Self::Unavailable => "503",
            Self::Rotation => "rotation",
            Self::Retention => "retention",
            Self::Blind => "blind",
            Self::Instance => "instance",
            Self::Restart => "restart",
        }
    }

    pub(crate) const fn site(self) -> Site {
        match self {
            Self::Drop
            | Self::HalfOpen
            | Self::Stall
            | Self::Malformed
            | Self::ReEmission
            | Self::ClockStep
            | Self::Rotation
            | Self::Retention
            | Self::Restart => Site::Wire,
            Self::Oversize | Self::Blind => Site::Log,
            Self::Unavailable | Self::Instance => Site::Door,
            Self::Reorder | Self::CutoverDrop => Site::Cutover,
        }
    }

    /// How often it happens if nobody says.
    const fn every(self) -> Measure {
        Measure::Times(match self.site() {
            Site::Wire | Site::Log => 5_000,
            Site::Door => 3,
            Site::Cutover => 1,
        })
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAFault {
    /// There is no such kind.
    Kind(String),
    /// There is, but how often it should happen cannot be read.
    Every(NotAMeasure),
}

/// `drop`, `drop=500`, `drop=every 500`, `drop=10s`.
impl FromStr for Fault {
    type Err = NotAFault;

    fn from_str(text: &str) -> Result<Self, NotAFault> {
        let (name, every) = text.split_once('=').map_or((text, None), |(name, every)| (name, Some(every)));
        let kind = FaultKind::ALL.into_iter().find(|kind| kind.name() == name);
        let kind = kind.ok_or_else(|| NotAFault::Kind(name.to_owned()))?;
        let every = match every {
            Some(every) => every.strip_prefix("every ").unwrap_or(every).parse().map_err(NotAFault::Every)?,
            None => kind.every(),
        };
        Ok(Self { kind, every })
    }
}

impl fmt::Display for NotAFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(name) => {
                let kinds = FaultKind::ALL.map(FaultKind::name).join(", ");
                write!(f, "`{name}` is no kind of fault; there are {kinds}")
            }
            Self::Every(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for NotAFault {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_fault_is_a_kind_and_perhaps_how_often() {
        let drop = |every| Ok(Fault { kind: FaultKind::Drop, every });
        assert_eq!("drop".parse(), drop(Measure::Times(5_000)));
        assert_eq!("drop=700".parse(), drop(Measure::Times(700)));
        assert_eq!("drop=every 700".parse(), drop(Measure::Times(700)));
        assert_eq!("drop=every 2s".parse(), drop(Measure::Time(Duration::from_secs(2))));
        for kind in FaultKind::ALL {
            assert_eq!(kind.name().parse::<Fault>().map(|fault| fault.kind), Ok(kind));
        }
    }

    #[test]
    fn an_unknown_kind_is_answered_with_all_there_are() {
        let refused = "dorp=7".parse::<Fault>().map_err(|error| error.to_string());
        assert_eq!(
            refused,
            Err("`dorp` is no kind of fault; there are drop, half-open, stall, reorder, cutover-drop, re-emission, \
                 clock-step, malformed, oversize, 503, rotation, retention, blind, instance, restart"
                .to_owned())
        );
        assert!("drop=now and then".parse::<Fault>().is_err());
    }
}
