//! What to do about it: the host does these in order and answers each question exactly once.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::closure::CloseReason;
use crate::cursor::Place;
use crate::event::Payload;
use crate::gap::Gap;
use crate::number::{Epoch, Op};
use crate::scope::{Scope, SourceId};
use crate::sink::Append;
use crate::time::{Duration, WallTime};

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Effect<P: Payload> {
    /// Open the sink and say what is durable. Answer: `Loaded`.
    Load {
        /// The question.
        op: Op,
    },
    /// Connect. Answer: `Opened` or `Closed`, then whatever comes.
    Open {
        /// The number of the connection; all its news carry it.
        epoch: Epoch,
        /// Where to.
        source: SourceId,
        /// From where on.
        place: Place,
        /// What to ask of the server besides.
        options: OpenOptions,
    },
    /// Send a ping. The answer, if any, is `Heard`.
    Ping {
        /// The connection.
        epoch: Epoch,
    },
    /// Read no more from the socket until told to; what was read already may still be handed in.
    Pause {
        /// The connection.
        epoch: Epoch,
    },
    /// Read on.
    Resume {
        /// The connection.
        epoch: Epoch,
    },
    /// End the connection. There is no answer; whatever it still says is ignored.
    Close {
        /// The connection.
        epoch: Epoch,
        /// Why.
        reason: CloseReason,
    },
    /// Make this durable, all or nothing. Answer: `Appended`.
    Append(Append<P>),
    /// Make durable whatever was answered for. Answer: `Flushed`.
    Flush {
        /// The question.
        op: Op,
    },
    /// Tell the operator. No answer.
    Notice(Notice),
    /// An input changed nothing, and why: the host counts these.
    Ignored(Ignored),
    /// All is done; nothing follows.
    Stop(Outcome),
}

/// What to ask of a server besides the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OpenOptions {
    /// Compression, if the operator allows it and the last connection did not fail over it.
    pub compress: bool,
    /// Leave out messages larger than this many bytes.
    pub message_bytes_max: Option<u32>,
}

/// Something the operator should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// There is a checkpoint, so the start that was asked for has no meaning.
    StartIgnored,
    /// The checkpoint is older than the server is believed to keep events.
    Stale {
        /// How old.
        age: Duration,
    },
    /// The event at the checkpoint came again: nothing is missing.
    Proved {
        /// Where.
        scope: Scope,
    },
    /// A span went on record, or was closed.
    Gap(Gap),
    /// The source is another history than before.
    NewIncarnation {
        /// What it counts in from now on.
        scope: Scope,
    },
    /// From now on another source is asked.
    Switched {
        /// Which.
        to: SourceId,
    },
    /// This source will never accept the subscription.
    SourceFatal {
        /// Which.
        source: SourceId,
    },
    /// An event was refused by the sink and set aside.
    Poison {
        /// Its server time.
        time: WallTime,
    },
    /// The sink cannot be used; tried again after `delay`.
    SinkUnavailable {
        /// How long until the next try.
        delay: Duration,
    },
    /// The next dial comes after `delay`.
    BackingOff {
        /// Attempts since the last good one.
        failures: u32,
        /// How long until the next dial.
        delay: Duration,
    },
    /// The process or its machine slept.
    Suspended {
        /// For about how long.
        span: Duration,
    },
}

/// `1..3 7` for 1, 2, 3 and 7: a full batch fits on a line.
fn write_runs(f: &mut fmt::Formatter<'_>, numbers: impl Iterator<Item = u64>) -> fmt::Result {
    let mut numbers = numbers.peekable();
    while let Some(first) = numbers.next() {
        let mut last = first;
        while let Some(next) = numbers.next_if(|next| last.checked_add(1) == Some(*next)) {
            last = next;
        }
        match last - first {
            0 => write!(f, " {first}")?,
            1 => write!(f, " {first} {last}")?,
            _ => write!(f, " {first}..{last}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StartIgnored => f.write_str("start ignored"),
            Self::Stale { age } => write!(f, "stale by {age}"),
            Self::Proved { scope } => write!(f, "proved {scope}"),
            Self::Gap(gap) => write!(f, "gap {gap}"),
            Self::NewIncarnation { scope } => write!(f, "new incarnation {scope}"),
            Self::Switched { to } => write!(f, "switched to source {}", to.0),
            Self::SourceFatal { source } => write!(f, "fatal source {}", source.0),
            Self::Poison { time } => write!(f, "poison of {}", time.as_micros()),
            Self::SinkUnavailable { delay } => write!(f, "sink unavailable for {delay}"),
            Self::BackingOff { failures, delay } => write!(f, "backing off {delay} after {failures}"),
            Self::Suspended { span } => write!(f, "suspended for {span}"),
        }
    }
}

/// Why an input changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ignored {
    /// It belongs to a connection that is over, or never was.
    OldEpoch,
    /// It answers a question that was answered or given up.
    OldOp,
    /// All was over.
    Stopped,
    /// It does not fit what the connection had said before (opened twice).
    OutOfTurn,
}

/// How it all ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// It was asked to stop, and all it had was durable.
    Stopped,
    /// It was asked to stop, and the grace ran out before all it had was durable; that will be read again.
    GraceOver,
    /// Nothing new for the time given by `exit_idle`.
    Idle,
    /// No good connection for the time given by `give_up_after`.
    GaveUp,
    /// Every source refused for good.
    AllFatal,
    /// Another writer has taken over.
    Fenced,
    /// The sink's records contradict each other.
    Corrupt,
}

impl<P: Payload> fmt::Display for Effect<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load { op } => write!(f, "load {op}"),
            Self::Open { epoch, source, place, options } => {
                write!(f, "open {epoch} source {} at {place}", source.0)?;
                if options.compress {
                    f.write_str(" compressed")?;
                }
                match options.message_bytes_max {
                    Some(max) => write!(f, " messages up to {max}"),
                    None => Ok(()),
                }
            }
            Self::Ping { epoch } => write!(f, "ping {epoch}"),
            Self::Pause { epoch } => write!(f, "pause {epoch}"),
            Self::Resume { epoch } => write!(f, "resume {epoch}"),
            Self::Close { epoch, reason } => write!(f, "close {epoch} {reason}"),
            Self::Append(append) => append.fmt(f),
            Self::Flush { op } => write!(f, "flush {op}"),
            Self::Notice(notice) => write!(f, "notice {notice}"),
            Self::Ignored(why) => write!(f, "ignored {why:?}"),
            Self::Stop(outcome) => write!(f, "stop {outcome:?}"),
        }
    }
}

impl<P: Payload> fmt::Display for Append<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "append {} to {} version {}", self.op, self.scope, self.checkpoint.version.0)?;
        write!(f, " at {} until {}", self.checkpoint.place, self.checkpoint.covered_until.as_micros())?;
        if !self.events.is_empty() {
            f.write_str(" events")?;
            write_runs(
                f,
                self.events.iter().map(|event| event.cursor(self.scope.kind).unwrap_or_default().0),
            )?;
        }
        for same in self.dead_letters.chunk_by(|a, b| a.reason == b.reason) {
            write!(f, " dead {} {:?}", same.len(), same[0].reason)?;
        }
        for gap in &self.gaps {
            write!(f, " {gap}")?;
        }
        Ok(())
    }
}
