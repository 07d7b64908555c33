//! What is written down of a payload: enough for every decision of a machine, and nothing that was said.

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, Witness};
use crate::digest::Digest;
use crate::event::{Event, Item, Payload};
use crate::input::Input;
use crate::sink::{Content, DeadLetter, Loaded};

/// All that a machine can see of a payload: which event it is, and how much memory it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(Digest, usize)", into = "(Digest, usize)")]
pub struct Shadow {
    /// Equal for equal keys, unlike for others but for one pair in 2^64.
    pub key: Digest,
    /// What holding on to the payload cost.
    pub size: usize,
}

/// A payload of which a shadow can be made.
pub trait Redact: Payload {
    /// Stands for the key.
    fn digest(key: &Self::Key) -> Digest;

    /// Stands for the payload. Its key is the digest of [`key`](Payload::key), without making that if it can be helped.
    fn shadow(&self) -> Shadow {
        Shadow { key: Self::digest(&self.key()), size: self.size() }
    }
}

impl Payload for Shadow {
    type Key = Digest;

    fn key(&self) -> Digest {
        self.key
    }

    fn size(&self) -> usize {
        self.size
    }
}

impl Redact for Shadow {
    fn digest(key: &Digest) -> Digest {
        *key
    }
}

impl From<(Digest, usize)> for Shadow {
    fn from((key, size): (Digest, usize)) -> Self {
        Self { key, size }
    }
}

impl From<Shadow> for (Digest, usize) {
    fn from(shadow: Shadow) -> Self {
        (shadow.key, shadow.size)
    }
}

impl<P: Redact> Input<P> {
    /// The same input with shadows for payloads. Its texts are still there, and are not written down.
    #[must_use]
    pub fn redacted(&self) -> Input<Shadow> {
        match self {
            Self::Timeout => Input::Timeout,
            Self::Opened { epoch } => Input::Opened { epoch: *epoch },
            Self::Received { epoch, items } => {
                Input::Received { epoch: *epoch, items: items.iter().map(Item::redacted).collect() }
            }
            Self::Heard { epoch, pong } => Input::Heard { epoch: *epoch, pong: *pong },
            Self::Closed { epoch, closure } => Input::Closed { epoch: *epoch, closure: *closure },
            Self::Loaded { op, loaded } => Input::Loaded {
                op: *op,
                loaded: loaded.as_ref().map(redacted_records::<P>).map_err(|unavailable| *unavailable),
            },
            Self::Appended { op, appended } => Input::Appended { op: *op, appended: appended.clone() },
            Self::Flushed { op, flushed } => Input::Flushed { op: *op, flushed: *flushed },
            Self::StopRequested => Input::StopRequested,
        }
    }
}

impl<P: Redact> Item<P> {
    fn redacted(&self) -> Item<Shadow> {
        match self {
            Self::Event(event) => Item::Event(event.redacted()),
            Self::Filtered(event) => Item::Filtered(event.redacted()),
            Self::Oversize(event, sample) => Item::Oversize(event.redacted(), sample.clone()),
            Self::Outdated => Item::Outdated,
            Self::Info => Item::Info,
            Self::Malformed(reason, sample) => Item::Malformed(reason.clone(), sample.clone()),
        }
    }
}

impl<P: Redact> Event<P> {
    fn redacted(&self) -> Event<Shadow> {
        Event { time: self.time, seq: self.seq, payload: self.payload.shadow() }
    }
}

impl<P: Redact> DeadLetter<P> {
    pub(super) fn redacted(&self) -> DeadLetter<Shadow> {
        let content = match &self.content {
            Content::Frame(sample) => Content::Frame(sample.clone()),
            Content::Event(event) => Content::Event(event.redacted()),
        };
        DeadLetter { after: self.after, reason: self.reason.clone(), content }
    }
}

fn redacted_records<P: Redact>(loaded: &Loaded<P::Key>) -> Loaded<Digest> {
    let checkpoints = loaded.checkpoints.iter();
    Loaded {
        fence: loaded.fence,
        compares: loaded.compares,
        checkpoints: checkpoints.map(|(scope, it)| (*scope, redacted_checkpoint::<P>(it))).collect(),
        newest: loaded.newest,
        gaps: loaded.gaps.clone(),
    }
}

pub(super) fn redacted_checkpoint<P: Redact>(it: &Checkpoint<P::Key>) -> Checkpoint<Digest> {
    let witness = it.witness.as_ref();
    Checkpoint {
        version: it.version,
        place: it.place,
        witness: witness.map(|it| Witness { cursor: it.cursor, time: it.time, key: P::digest(&it.key) }),
        covered_until: it.covered_until,
        filter: it.filter,
        margin: it.margin,
    }
}
