//! The durable record of how far a scope was followed.

use serde::{Deserialize, Serialize};

use crate::cursor::{Cursor, Place};
use crate::number::Version;
use crate::payload::{Digested, serialize_digest};
use crate::time::{Duration, WallTime};

/// The event at a checkpoint: since every wire resumes inclusively, it must come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Digested"))]
pub struct Witness<K> {
    /// The event's position.
    pub cursor: Cursor,
    /// The server's time of the event.
    pub time: WallTime,
    /// What makes it the same event.
    #[serde(serialize_with = "serialize_digest")]
    pub key: K,
}

/// Names the set of events that were asked for; a change of filter is a change of what silence means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FilterHash(pub u64);

/// The durable record of a scope. Everything handed to the machine up to it is stored, a dead letter, or in a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Digested"))]
pub struct Checkpoint<K> {
    /// How often this record was written; the first is 1.
    pub version: Version,
    /// Where to go on. [`Place::Cursor`] exactly once an event of this scope was durable.
    pub place: Place,
    /// The event that must come again. None before the first event.
    pub witness: Option<Witness<K>>,
    /// Local wall time up to which silence is accounted for.
    pub covered_until: WallTime,
    /// What was asked for while it was made.
    pub filter: FilterHash,
    /// How far behind the cursor a resume by time begins: twice the greatest backward step seen, at least 5 s.
    pub margin: Duration,
}
