//! What a machine may know of what an event carries, and what of that may be written down.
//!
//! A machine and all that it is told can be written as JSON as they are: where an event would be there is its
//! [`Shadow`], and where a key would be its [`Digest`]. There is no other way to write one, so none can be let out.

use core::fmt::Debug;

use serde::{Deserialize, Serialize, Serializer};

use crate::digest::Digest;

/// What an event carries through the machine unread.
///
/// The machine asks for a key only at the end of a batch and at the position of a witness, and for the size once.
pub trait Payload: Clone + Debug {
    /// What makes an event the same event wherever and whenever it comes again.
    type Key: Clone + Debug + Eq;

    /// The event's key, whole: two events are the same exactly if their keys are equal.
    fn key(&self) -> Self::Key;

    /// Bytes of memory that holding on to this payload costs.
    fn size(&self) -> usize;
}

/// All that a machine can see of a payload: which event it is, and how much memory it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(Digest, usize)", into = "(Digest, usize)")]
pub struct Shadow {
    /// Equal for equal keys, unlike for others but for one pair in 2^64.
    pub key: Digest,
    /// What holding on to the payload cost.
    pub size: usize,
}

/// A payload of which a shadow can be made: enough for every decision of a machine, and nothing that was said.
pub trait Redact: Payload<Key: Digested> {
    /// Stands for the payload. Its key is the digest of [`key`](Payload::key), without making that if it can be helped.
    fn shadow(&self) -> Shadow {
        Shadow { key: self.key().digest(), size: self.size() }
    }
}

/// A key that something else can stand for.
pub trait Digested {
    /// Stands for it.
    fn digest(&self) -> Digest;
}

/// Writes down what stands for a key.
pub(crate) fn serialize_digest<K: Digested, S: Serializer>(
    key: &K,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    key.digest().serialize(serializer)
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

impl Redact for Shadow {}

impl Digested for Digest {
    fn digest(&self) -> Digest {
        *self
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
