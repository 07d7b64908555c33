//! The kinds of what moves a machine: its inputs, told apart by what they say, and its own death.

use highwater_core::closure::Closure;
use highwater_core::event::{Item, Payload};
use highwater_core::sink::Appended;
use highwater_core::{Input, Phase};

/// The phases of a machine, in the order of their declaration.
pub(super) const PHASES: [Phase; 9] = [
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

/// The name of a phase in tables, or of the state of not running.
pub(super) fn stand_name(phase: Option<Phase>) -> String {
    phase.map_or_else(|| "dead".to_owned(), |phase| format!("{phase:?}").to_lowercase())
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal,)*) => {
        /// What moved a machine from one phase to the next, or left it where it was.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// All kinds, in the order of their declaration.
            pub(crate) const ALL: [Self; [$($name,)*].len()] = [$(Self::$kind,)*];

            /// Its name in tables.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    Timeout "timeout",
    Opened "opened",
    /// Frames, all of which can be read.
    Received "received",
    /// Frames, and one that cannot, or is too large, or says that what was asked for is gone.
    ReceivedOdd "received-odd",
    Heard "heard",
    Retry "closed-retry",
    Elsewhere "closed-elsewhere",
    TooOld "closed-too-old",
    Renegotiate "closed-renegotiate",
    TooLarge "closed-too-large",
    Fatal "closed-fatal",
    Loaded "loaded",
    NotLoaded "not-loaded",
    Stored "stored",
    Conflict "conflict",
    Fenced "fenced",
    Refused "refused",
    Unavailable "unavailable",
    Unknown "unknown",
    Flushed "flushed",
    NotFlushed "not-flushed",
    StopRequested "stop-requested",
    /// The process ended, and another began.
    Reborn "reborn",
}

impl Kind {
    /// The kind of an input.
    pub(crate) fn of<P: Payload>(input: &Input<P>) -> Self {
        match input {
            Input::Timeout => Self::Timeout,
            Input::Opened { .. } => Self::Opened,
            Input::Received { items, .. } if items.iter().any(is_odd) => Self::ReceivedOdd,
            Input::Received { .. } => Self::Received,
            Input::Heard { .. } => Self::Heard,
            Input::Closed { closure, .. } => Self::of_closure(*closure),
            Input::Loaded { loaded: Ok(_), .. } => Self::Loaded,
            Input::Loaded { loaded: Err(_), .. } => Self::NotLoaded,
            Input::Appended { appended, .. } => Self::of_answer(appended),
            Input::Flushed { flushed: Ok(()), .. } => Self::Flushed,
            Input::Flushed { flushed: Err(_), .. } => Self::NotFlushed,
            Input::StopRequested => Self::StopRequested,
        }
    }

    const fn of_closure(closure: Closure) -> Self {
        match closure {
            Closure::Retry { .. } => Self::Retry,
            Closure::Elsewhere => Self::Elsewhere,
            Closure::TooOld => Self::TooOld,
            Closure::Renegotiate => Self::Renegotiate,
            Closure::TooLarge => Self::TooLarge,
            Closure::Fatal => Self::Fatal,
        }
    }

    const fn of_answer(appended: &Appended) -> Self {
        match appended {
            Appended::Stored { .. } => Self::Stored,
            Appended::Conflict => Self::Conflict,
            Appended::Fenced => Self::Fenced,
            Appended::Refused { .. } => Self::Refused,
            Appended::Unavailable => Self::Unavailable,
            Appended::Unknown => Self::Unknown,
        }
    }
}

fn is_odd<P>(item: &Item<P>) -> bool {
    match item {
        Item::Event(_) | Item::Filtered(_) | Item::Info => false,
        Item::Oversize(..) | Item::Outdated | Item::Malformed(..) => true,
    }
}
