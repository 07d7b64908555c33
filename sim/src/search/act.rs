//! What can happen next in the small world.

use core::fmt;

use super::bounds::Mishap;

/// One thing that happens. Those that are no mishap are what a fair world does of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// A process starts.
    Start,
    /// The sink answers, and all is well.
    Answer,
    /// The server answers the dial as it has to.
    Greet,
    /// The ping is answered.
    Pong,
    /// The next event arrives.
    Deliver,
    /// Nothing happens until the machine's next deadline.
    Wait,
    /// An event happens, and nobody is there to hear it.
    Unheard,
    /// The connection ends.
    Cut,
    /// The dial is refused.
    Refuse,
    /// Nothing comes from the other side any more.
    GoSilent,
    /// The deadline comes first, and the news after it.
    WaitInVain,
    /// The sink cannot be used.
    AnswerUnavailable,
    /// Nobody knows what became of the append, and it is done.
    AnswerUnknownDone,
    /// Nobody knows what became of the append, and it is not done.
    AnswerUnknownUndone,
    /// The sink refuses the first event, though it is good.
    AnswerRefused,
    /// The next event arrives, and no sink will take it.
    DeliverPoison,
    /// The next event arrives, and nobody can read it.
    DeliverGarbage,
    /// The process dies, and what is asked of the sink is not done.
    Crash,
    /// The process dies, and what is asked of the sink was done just before.
    CrashDone,
    /// The operator wants the process to end.
    Stop,
    /// The wall clock goes an hour ahead.
    StepAhead,
    /// The wall clock goes an hour back.
    StepBack,
    /// The server gives up all that it told.
    Forget,
    /// The server gives up all that it told, and one event that nobody heard.
    ForgetUnheard,
    /// The server starts anew with another history, and an event that nobody heard dies with the old one.
    Rebuild,
    /// The source that is not asked just now gives up all that it told.
    ForgetAside,
    /// Another writer opens the sink.
    RaiseFence,
    /// The dial or the connection ends, and another source would be better.
    SendAway,
    /// The dial is refused once and for all.
    RefuseForEver,
}

impl Act {
    /// What goes wrong in it, if anything does.
    pub const fn mishap(self) -> Option<Mishap> {
        Some(match self {
            Self::Start
            | Self::Answer
            | Self::Greet
            | Self::Pong
            | Self::Deliver
            | Self::Wait
            | Self::Unheard => return None,
            Self::Cut => Mishap::Cut,
            Self::Refuse => Mishap::Refused,
            Self::GoSilent => Mishap::Silence,
            Self::WaitInVain => Mishap::Slow,
            Self::AnswerUnavailable => Mishap::SinkOut,
            Self::AnswerUnknownDone | Self::AnswerUnknownUndone => Mishap::Unknown,
            Self::AnswerRefused => Mishap::Refusal,
            Self::DeliverPoison => Mishap::Poison,
            Self::DeliverGarbage => Mishap::Garbage,
            Self::Crash | Self::CrashDone => Mishap::Crash,
            Self::Stop => Mishap::Stop,
            Self::StepAhead | Self::StepBack => Mishap::ClockStep,
            Self::Forget | Self::ForgetUnheard | Self::ForgetAside => Mishap::Retention,
            Self::Rebuild => Mishap::Rebuild,
            Self::RaiseFence => Mishap::Fence,
            Self::SendAway => Mishap::Away,
            Self::RefuseForEver => Mishap::Fatal,
        })
    }

    /// Whether the process does not notice: what its machine is told, and its clocks, are as before.
    pub(super) const fn is_unnoticed(self) -> bool {
        matches!(
            self,
            Self::Unheard
                | Self::GoSilent
                | Self::Forget
                | Self::ForgetUnheard
                | Self::ForgetAside
                | Self::RaiseFence
        )
    }

    /// What happens, in words.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Start => "a process starts",
            Self::Answer => "the sink answers",
            Self::Greet => "the server answers the dial",
            Self::Pong => "the ping is answered",
            Self::Deliver => "the next event arrives",
            Self::Wait => "the deadline comes",
            Self::Unheard => "an event happens, and nobody hears it",
            Self::Cut => "the connection is cut",
            Self::Refuse => "the dial is refused",
            Self::GoSilent => "the other side falls silent",
            Self::WaitInVain => "the deadline comes before the news",
            Self::AnswerUnavailable => "the sink is not to be used",
            Self::AnswerUnknownDone => "the sink does not say that it has done it",
            Self::AnswerUnknownUndone => "the sink does not say that it has not done it",
            Self::AnswerRefused => "the sink refuses a good event",
            Self::DeliverPoison => "an event arrives that no sink takes",
            Self::DeliverGarbage => "a frame arrives that nobody can read",
            Self::Crash => "the process dies",
            Self::CrashDone => "the process dies as the sink has just done what was asked",
            Self::Stop => "the operator stops the process",
            Self::StepAhead => "the wall clock goes an hour ahead",
            Self::StepBack => "the wall clock goes an hour back",
            Self::Forget => "the server gives up what it told",
            Self::ForgetUnheard => "the server gives up what it told, and an event that nobody heard",
            Self::Rebuild => "the server starts anew with another history",
            Self::ForgetAside => "the source that is not asked gives up what it told",
            Self::RaiseFence => "another writer opens the sink",
            Self::SendAway => "the source sends us to another one",
            Self::RefuseForEver => "the source refuses the dial for ever",
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.says())
    }
}
