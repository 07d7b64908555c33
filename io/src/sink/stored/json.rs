//! The same in JSON, for checkpoint files and for whoever reads `export` and `status`: times in microseconds, units in
//! the names, bytes in base64. Names are never changed, only added.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use highwater_core::checkpoint::{self, FilterHash};
use highwater_core::cursor::Cursor;
use highwater_core::dialect::jetstream::Key;
use highwater_core::gap;
use highwater_core::number::Version;
use highwater_core::time::{Duration, WallTime};
use serde::{Deserialize, Serialize};

use super::{StoredCheckpoint, StoredDeadLetter, StoredGap, StoredScope};
use super::{cause_of_word, kind_of_word, kind_word, place_of_words, place_words, state_of_word};

#[derive(Serialize, Deserialize)]
pub(super) struct Scope {
    host: String,
    dialect: String,
    kind: String,
    incarnation: u32,
}

impl From<StoredScope> for Scope {
    fn from(stored: StoredScope) -> Self {
        let StoredScope { host, dialect, kind, incarnation } = stored;
        Self { host, dialect, kind: kind_word(kind).into(), incarnation }
    }
}

impl TryFrom<Scope> for StoredScope {
    type Error = String;
    fn try_from(json: Scope) -> Result<Self, String> {
        let Scope { host, dialect, kind, incarnation } = json;
        Ok(Self { host, dialect, kind: kind_of_word(&kind)?, incarnation })
    }
}

#[derive(Serialize, Deserialize)]
struct Witness {
    cursor: u64,
    time_us: u64,
    key: Key,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Checkpoint {
    #[serde(flatten)]
    scope: Scope,
    version: u64,
    place: String,
    position: Option<u64>,
    witness: Option<Witness>,
    covered_until_us: u64,
    /// In hexadecimal: many readers of JSON round such numbers.
    filter: String,
    margin_us: u64,
    stored: u64,
}

impl From<StoredCheckpoint> for Checkpoint {
    fn from(stored: StoredCheckpoint) -> Self {
        let StoredCheckpoint { scope, checkpoint, stored } = stored;
        let (place, position) = place_words(checkpoint.place);
        let witness = checkpoint.witness.map(|witness| Witness {
            cursor: witness.cursor.0,
            time_us: witness.time.as_micros(),
            key: witness.key,
        });
        Self {
            scope: scope.into(),
            version: checkpoint.version.0,
            place: place.into(),
            position,
            witness,
            covered_until_us: checkpoint.covered_until.as_micros(),
            filter: format!("{:016x}", checkpoint.filter.0),
            margin_us: checkpoint.margin.as_micros(),
            stored,
        }
    }
}

impl TryFrom<Checkpoint> for StoredCheckpoint {
    type Error = String;
    fn try_from(json: Checkpoint) -> Result<Self, String> {
        let witness = json.witness.map(|Witness { cursor, time_us, key }| checkpoint::Witness {
            cursor: Cursor(cursor),
            time: WallTime::from_micros(time_us),
            key,
        });
        let filter = u64::from_str_radix(&json.filter, 16).map_err(|error| format!("its filter: {error}"))?;
        let checkpoint = checkpoint::Checkpoint {
            version: Version(json.version),
            place: place_of_words(&json.place, json.position)?,
            witness,
            covered_until: WallTime::from_micros(json.covered_until_us),
            filter: FilterHash(filter),
            margin: Duration::from_micros(json.margin_us),
        };
        Self { scope: json.scope.try_into()?, checkpoint, stored: json.stored }.sound()
    }
}

#[derive(Serialize, Deserialize)]
struct Mark {
    cursor: u64,
    time_us: u64,
}

impl From<gap::Mark> for Mark {
    fn from(mark: gap::Mark) -> Self {
        Self { cursor: mark.cursor.0, time_us: mark.time.as_micros() }
    }
}

impl From<Mark> for gap::Mark {
    fn from(json: Mark) -> Self {
        Self { cursor: Cursor(json.cursor), time: WallTime::from_micros(json.time_us) }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Gap {
    #[serde(flatten)]
    scope: Scope,
    cause: String,
    state: String,
    from: Mark,
    to: Option<Mark>,
}

impl From<StoredGap> for Gap {
    fn from(stored: StoredGap) -> Self {
        let StoredGap { scope, cause, state, from, to } = stored;
        let (cause, state) = (cause.name().into(), state.name().into());
        Self { scope: scope.into(), cause, state, from: from.into(), to: to.map(Mark::from) }
    }
}

impl TryFrom<Gap> for StoredGap {
    type Error = String;
    fn try_from(json: Gap) -> Result<Self, String> {
        Ok(Self {
            scope: json.scope.try_into()?,
            cause: cause_of_word(&json.cause)?,
            state: state_of_word(&json.state)?,
            from: json.from.into(),
            to: json.to.map(gap::Mark::from),
        })
    }
}

#[derive(Serialize)]
pub(super) struct DeadLetter {
    #[serde(flatten)]
    scope: Scope,
    after: Option<u64>,
    reason: String,
    detail: String,
    time_us: Option<u64>,
    key: Option<Key>,
    cid: Option<String>,
    length: u64,
    sha256: String,
    bytes: String,
}

impl From<StoredDeadLetter> for DeadLetter {
    fn from(stored: StoredDeadLetter) -> Self {
        Self {
            scope: stored.scope.into(),
            after: stored.after.map(|after| after.0),
            reason: stored.reason,
            detail: stored.detail,
            time_us: stored.time.map(WallTime::as_micros),
            key: stored.key,
            cid: stored.cid,
            length: stored.length,
            sha256: format!("{:x}", Bytes::from(stored.sha256)),
            bytes: STANDARD.encode(&stored.bytes),
        }
    }
}
