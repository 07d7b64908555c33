//! What sinks keep, by name: a source's number dies with the process, its host and dialect do not.

mod json;

use highwater_core::checkpoint::Checkpoint;
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::event::{Event, Payload, Reason};
use highwater_core::gap::{Cause, Gap, GapState, Mark};
use highwater_core::number::Version;
use highwater_core::scope::Scope;
use highwater_core::sink::{Content, DeadLetter};
use highwater_core::time::WallTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Origins;

/// Where a cursor has a meaning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "json::Scope", try_from = "json::Scope")]
pub struct StoredScope {
    /// `host:port`.
    pub host: String,
    /// How it speaks; perhaps a way that only a newer version knows.
    pub dialect: String,
    /// What its cursors count.
    pub kind: CursorKind,
    /// How often the source proved to be another history.
    pub incarnation: u32,
}

/// How far a scope was followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "json::Checkpoint", try_from = "json::Checkpoint")]
pub struct StoredCheckpoint {
    /// What its cursor counts in.
    pub scope: StoredScope,
    /// What the machine knows of it.
    pub checkpoint: Checkpoint<Key>,
    /// Events that were first received in this scope.
    pub stored: u64,
}

/// A span that was lost or cannot be proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "json::Gap", try_from = "json::Gap")]
pub struct StoredGap {
    /// What its start counts in.
    pub scope: StoredScope,
    /// Why it is on record.
    pub cause: Cause,
    /// What is known of it.
    pub state: GapState,
    /// The last position known to be safe.
    pub from: Mark,
    /// The first known to be safe again.
    pub to: Option<Mark>,
}

/// What was set aside, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "json::DeadLetter")]
pub struct StoredDeadLetter {
    /// Where it came from.
    pub scope: StoredScope,
    /// The position before it; of a conflict its own.
    pub after: Option<Cursor>,
    /// Why it was set aside, in a word.
    pub reason: String,
    /// What more there is to say of that.
    pub detail: String,
    /// The server's time, if it is an event.
    pub time: Option<WallTime>,
    /// Its key, if it is an event.
    pub key: Option<Key>,
    /// The content identifier, if it is a commit that has one.
    pub cid: Option<String>,
    /// How many bytes it had.
    pub length: u64,
    /// SHA-256 of all of them.
    pub sha256: Vec<u8>,
    /// Those that were kept: an event whole, of a frame the beginning.
    pub bytes: Vec<u8>,
}

impl StoredScope {
    /// What `scope` is called.
    pub(crate) fn of(scope: Scope, origins: &Origins) -> Self {
        let origin = origins.of(scope.source);
        Self {
            host: origin.host.clone(),
            dialect: origin.dialect.name().into(),
            kind: scope.kind,
            incarnation: scope.incarnation,
        }
    }

    /// The same scope by number, if its source is in use.
    pub(crate) fn scope(&self, origins: &Origins) -> Option<Scope> {
        let source = origins.find(&self.host, &self.dialect)?;
        Some(Scope { source, kind: self.kind, incarnation: self.incarnation })
    }
}

impl StoredCheckpoint {
    /// Itself, unless it has counters that only damage can have brought so far: the machine counts on from them.
    pub(crate) fn sound(self) -> Result<Self, String> {
        let (Version(version), incarnation) = (self.checkpoint.version, self.scope.incarnation);
        match i64::try_from(version) {
            Ok(_) if incarnation < u32::MAX => Ok(self),
            _ => Err(format!("nobody counts to version {version} of incarnation {incarnation}")),
        }
    }
}

impl StoredGap {
    /// What `gap` is where it is kept.
    pub(crate) fn of(gap: &Gap, origins: &Origins) -> Self {
        let Gap { scope, cause, state, from, to } = *gap;
        Self { scope: StoredScope::of(scope, origins), cause, state, from, to }
    }

    /// The same gap by number, if its source is in use.
    pub(crate) fn gap(&self, origins: &Origins) -> Option<Gap> {
        let Self { ref scope, cause, state, from, to } = *self;
        Some(Gap { scope: scope.scope(origins)?, cause, state, from, to })
    }
}

impl StoredDeadLetter {
    /// What `letter` of `scope` is where it is kept.
    pub(crate) fn of(letter: &DeadLetter<Jetstream>, scope: Scope, origins: &Origins) -> Self {
        let sample = match &letter.content {
            Content::Event(event) => {
                return Self::of_event(event, letter.after, &letter.reason, StoredScope::of(scope, origins));
            }
            Content::Frame(sample) => sample,
        };
        let (reason, detail) = reason_words(&letter.reason);
        Self {
            scope: StoredScope::of(scope, origins),
            after: letter.after,
            reason: reason.into(),
            detail: detail.into(),
            time: None,
            key: None,
            cid: None,
            length: sample.length,
            sha256: sample.sha256.to_vec(),
            bytes: sample.head.to_vec(),
        }
    }

    /// An event of `scope`, of which another version is stored under the same key.
    ///
    /// Whichever wire, host or overlap brings this version again, it is the same letter: its own position tells more
    /// of it than that of the event before.
    pub(crate) fn conflict(event: &Event<Jetstream>, scope: Scope, origins: &Origins) -> Self {
        let scope_name = StoredScope::of(scope, origins);
        Self::of_event(event, event.cursor(scope.kind), &Reason::Conflict, scope_name)
    }

    fn of_event(
        event: &Event<Jetstream>,
        after: Option<Cursor>,
        reason: &Reason,
        scope: StoredScope,
    ) -> Self {
        let (reason, detail) = reason_words(reason);
        let bytes = event.payload.bytes();
        Self {
            scope,
            after,
            reason: reason.into(),
            detail: detail.into(),
            time: Some(event.time),
            key: Some(event.payload.key()),
            cid: event.payload.cid().map(str::to_owned),
            length: bytes.len() as u64,
            sha256: Sha256::digest(bytes).to_vec(),
            bytes: bytes.to_vec(),
        }
    }
}

/// Why something was set aside, in a word, and what more there is to say of it.
fn reason_words(reason: &Reason) -> (&'static str, &str) {
    match reason {
        Reason::Malformed(detail) => ("malformed", detail),
        Reason::Oversize => ("oversize", ""),
        Reason::Undecodable => ("undecodable", ""),
        Reason::Refused(detail) => ("refused", detail),
        Reason::Conflict => ("conflict", ""),
    }
}

/// The word for what cursors count.
pub(crate) const fn kind_word(kind: CursorKind) -> &'static str {
    match kind {
        CursorKind::Time => "time",
        CursorKind::Seq => "seq",
    }
}

/// The way back from [`kind_word`].
pub(crate) fn kind_of_word(word: &str) -> Result<CursorKind, String> {
    let kind = [CursorKind::Time, CursorKind::Seq].into_iter().find(|kind| kind_word(*kind) == word);
    kind.ok_or_else(|| format!("cursors count time or seq, not {word:?}"))
}

/// The way back from [`Cause::name`].
pub(crate) fn cause_of_word(word: &str) -> Result<Cause, String> {
    let cause = Cause::ALL.into_iter().find(|cause| cause.name() == word);
    cause.ok_or_else(|| format!("no gap has the cause {word:?}"))
}

/// The way back from [`GapState::name`].
pub(crate) fn state_of_word(word: &str) -> Result<GapState, String> {
    let states = [GapState::Lost, GapState::Unproven, GapState::Closed];
    let state = states.into_iter().find(|state| state.name() == word);
    state.ok_or_else(|| format!("no gap has the state {word:?}"))
}

/// A place in a word, and its number if it has one.
pub(crate) const fn place_words(place: Place) -> (&'static str, Option<u64>) {
    match place {
        Place::Tip => ("tip", None),
        Place::Oldest => ("oldest", None),
        Place::Time(time) => ("time", Some(time.as_micros())),
        Place::Cursor(cursor) => ("cursor", Some(cursor.0)),
    }
}

/// The way back from [`place_words`].
pub(crate) fn place_of_words(word: &str, position: Option<u64>) -> Result<Place, String> {
    match (word, position) {
        ("tip", None) => Ok(Place::Tip),
        ("oldest", None) => Ok(Place::Oldest),
        ("time", Some(micros)) => Ok(Place::Time(WallTime::from_micros(micros))),
        ("cursor", Some(number)) => Ok(Place::Cursor(Cursor(number))),
        _ => Err(format!("no place is {word:?} with the position {position:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back() {
        let time = WallTime::from_micros(u64::MAX);
        for place in [Place::Tip, Place::Oldest, Place::Time(time), Place::Cursor(Cursor(1 << 63))] {
            let (word, position) = place_words(place);
            assert_eq!(place_of_words(word, position), Ok(place));
        }
        assert!(place_of_words("cursor", None).is_err() && place_of_words("tip", Some(1)).is_err());
        for cause in Cause::ALL {
            assert_eq!(cause_of_word(cause.name()), Ok(cause));
        }
        for state in [GapState::Lost, GapState::Unproven, GapState::Closed] {
            assert_eq!(state_of_word(state.name()), Ok(state));
        }
        for kind in [CursorKind::Time, CursorKind::Seq] {
            assert_eq!(kind_of_word(kind_word(kind)), Ok(kind));
            assert_eq!(kind.to_string(), kind_word(kind));
        }
    }
}
