//! What can happen: nothing else wakes the machine, so the log of inputs is the whole story.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::closure::Closure;
use crate::cursor::{Cursor, CursorKind, Place};
use crate::event::{Event, Item, Payload, Reason};
use crate::gap::{Gap, Mark};
use crate::number::{Epoch, Op};
use crate::payload::Redact;
use crate::scope::Scope;
use crate::sink::{Appended, Loaded, Unavailable};
use crate::time::{Duration, WallTime};

/// One thing that happened.
///
/// Late or doubled news is welcome and changes nothing: transport news carries the epoch it belongs to, sink news
/// the number of the question it answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Redact", deserialize = "P: Deserialize<'de>, P::Key: Deserialize<'de>"))]
pub enum Input<P: Payload> {
    /// The moment named by [`next_timeout`](crate::Consumer::next_timeout) has come, or any other moment.
    Timeout,
    /// The connection is open: the server accepted the subscription.
    Opened {
        /// The connection.
        epoch: Epoch,
    },
    /// Frames came, in this order.
    Received {
        /// The connection.
        epoch: Epoch,
        /// What the dialect made of them.
        items: Vec<Item<P>>,
    },
    /// Bytes came that hold no frame for us: any byte is a sign of life.
    Heard {
        /// The connection.
        epoch: Epoch,
        /// True if it was the answer to a ping of ours.
        pong: bool,
    },
    /// The connection ended, or did not begin.
    Closed {
        /// The connection.
        epoch: Epoch,
        /// How.
        closure: Closure,
    },
    /// The answer to [`Load`](crate::Effect::Load).
    Loaded {
        /// The question.
        op: Op,
        /// What is durable.
        loaded: Result<Loaded<P::Key>, Unavailable>,
    },
    /// The answer to [`Append`](crate::Effect::Append).
    Appended {
        /// The question.
        op: Op,
        /// What became of it.
        appended: Appended,
    },
    /// The answer to [`Flush`](crate::Effect::Flush).
    Flushed {
        /// The question.
        op: Op,
        /// Whether all is durable.
        flushed: Result<(), Unavailable>,
    },
    /// The operator or the embedding program wants no more.
    StopRequested,
}

/// In the words of the machine's scenarios, so that a piece of a log can be played again. Keys are left out.
impl<P: Payload> fmt::Display for Input<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("timeout"),
            Self::Opened { epoch } => write!(f, "opened {epoch}"),
            Self::Received { epoch, items } => {
                write!(f, "received {epoch}")?;
                items.iter().try_for_each(|item| write_item(f, item))
            }
            Self::Heard { epoch, pong: false } => write!(f, "heard {epoch}"),
            Self::Heard { epoch, pong: true } => write!(f, "heard {epoch} pong"),
            Self::Closed { epoch, closure } => write!(f, "closed {epoch} {closure}"),
            Self::Loaded { op, loaded: Err(Unavailable) } => write!(f, "loaded {op} unavailable"),
            Self::Loaded { op, loaded: Ok(loaded) } => {
                write!(f, "loaded {op}")?;
                write_loaded(f, loaded)
            }
            Self::Appended { op, appended } => {
                write!(f, "appended {op} ")?;
                write_appended(f, appended)
            }
            Self::Flushed { op, flushed: Ok(()) } => write!(f, "flushed {op}"),
            Self::Flushed { op, flushed: Err(Unavailable) } => write!(f, "flushed {op} unavailable"),
            Self::StopRequested => f.write_str("stop"),
        }
    }
}

fn write_item<P>(f: &mut fmt::Formatter<'_>, item: &Item<P>) -> fmt::Result {
    let event = |event: &Event<P>| Position { seq: event.seq.map(|seq| seq.0), time: event.time };
    match item {
        Item::Event(it) => write!(f, " {}", event(it)),
        Item::Filtered(it) => write!(f, " filtered {}", event(it)),
        Item::Oversize(it, _) => write!(f, " oversize {}", event(it)),
        Item::Outdated => f.write_str(" outdated"),
        Item::Info => f.write_str(" info"),
        Item::Malformed(Reason::Undecodable, _) => f.write_str(" undecodable"),
        Item::Malformed(..) => f.write_str(" malformed"),
    }
}

fn write_loaded<K>(f: &mut fmt::Formatter<'_>, loaded: &Loaded<K>) -> fmt::Result {
    write!(f, " fence {}", loaded.fence.0)?;
    if !loaded.compares {
        f.write_str(" blind")?;
    }
    if let Some(newest) = loaded.newest {
        write!(f, " newest {}", since_1970(newest))?;
    }
    for (scope, checkpoint) in &loaded.checkpoints {
        write!(f, " checkpoint {scope}")?;
        write_checkpoint(f, *scope, checkpoint)?;
    }
    loaded.gaps.iter().try_for_each(|gap| write_gap(f, gap))
}

fn write_checkpoint<K>(f: &mut fmt::Formatter<'_>, scope: Scope, it: &Checkpoint<K>) -> fmt::Result {
    write!(f, " version {}", it.version.0)?;
    if let Some(witness) = &it.witness {
        write!(f, " at {}", Position::of(scope, witness.cursor, witness.time))?;
    }
    // With the local clock behind, a feed is followed no further than that clock says.
    if it.witness.as_ref().is_none_or(|witness| it.place != Place::Cursor(witness.cursor)) {
        write_place(f, it.place)?;
    }
    write!(f, " until {} filter {} margin {}", since_1970(it.covered_until), it.filter.0, it.margin)
}

fn write_gap(f: &mut fmt::Formatter<'_>, gap: &Gap) -> fmt::Result {
    let mark = |mark: &Mark| Position::of(gap.scope, mark.cursor, mark.time);
    write!(f, " gap {} {} {} {}", gap.state.name(), gap.cause, gap.scope, mark(&gap.from))?;
    gap.to.as_ref().map_or(Ok(()), |to| write!(f, " to {}", mark(to)))
}

fn write_appended(f: &mut fmt::Formatter<'_>, appended: &Appended) -> fmt::Result {
    match appended {
        Appended::Stored { stored, duplicates: 0 } => write!(f, "stored {stored}"),
        Appended::Stored { stored, duplicates } => write!(f, "stored {stored} duplicates {duplicates}"),
        Appended::Conflict => f.write_str("conflict"),
        Appended::Fenced => f.write_str("fenced"),
        Appended::Refused { index, why } => write!(f, "refused {index} {why}"),
        Appended::Unavailable => f.write_str("unavailable"),
        Appended::Unknown => f.write_str("unknown"),
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, place: Place) -> fmt::Result {
    match place {
        Place::Tip => f.write_str(" from now"),
        Place::Oldest => f.write_str(" from oldest"),
        Place::Time(time) => write!(f, " from {}", since_1970(time)),
        Place::Cursor(cursor) => write!(f, " from {cursor}"),
    }
}

/// Where an event is: `13@999s` if it has a number, `999s` if it has not.
struct Position {
    seq: Option<u64>,
    time: WallTime,
}

impl Position {
    fn of(scope: Scope, cursor: Cursor, time: WallTime) -> Self {
        Self { seq: (scope.kind == CursorKind::Seq).then_some(cursor.0), time }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(seq) = self.seq {
            write!(f, "{seq}@")?;
        }
        since_1970(self.time).fmt(f)
    }
}

fn since_1970(time: WallTime) -> Duration {
    Duration::from_micros(time.as_micros())
}
