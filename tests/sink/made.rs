//! Events and appends for tests of sinks: made of the bytes that a wire would bring.

use bytes::Bytes;
use highwater::sink::{Origin, Origins};
use highwater_core::checkpoint::{Checkpoint, FilterHash, Witness};
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::event::{Event, Item, Payload};
use highwater_core::gap::{Cause, Gap, GapState, Mark};
use highwater_core::number::{Fence, Op, Version};
use highwater_core::scope::{Scope, SourceId};
use highwater_core::sink::{Append, Events};
use highwater_core::time::{Duration, WallTime};
use tempfile::TempDir;

/// What all these scopes count in, and where they are.
pub(crate) const SCOPE: Scope = Scope { source: SourceId(0), kind: CursorKind::Time, incarnation: 0 };

/// A folder of its own, in memory where the system has a place for that: how long a disk takes is not what is tested.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Two older hosts and a newer one.
pub(crate) fn origins() -> Origins {
    let origin = |host: &str, dialect| Origin { host: host.into(), dialect };
    Origins::new(vec![
        origin("a.example:443", Dialect::JetstreamV1),
        origin("b.example:443", Dialect::JetstreamV1),
        origin("c.example:443", Dialect::JetstreamV2),
    ])
    .unwrap()
}

/// The event that `frame` is on the older wire.
pub(crate) fn event(frame: String) -> Event<Jetstream> {
    match Dialect::JetstreamV1.decode(&Subscription::default(), Bytes::from(frame)) {
        Frame::Item(Item::Event(event)) => event,
        other => panic!("no event: {other:?}"),
    }
}

/// A commit at `time`, the `number`th of all, whose record is `cid`.
pub(crate) fn commit(number: u64, time: u64, cid: &str) -> Event<Jetstream> {
    event(format!(
        r#"{{"did":"did:plc:a","time_us":{time},"kind":"commit","commit":{{"rev":"3k{number:011}","operation":"create","collection":"app.bsky.feed.like","rkey":"3j{number:011}","record":{{}},"cid":"{cid}"}}}}"#
    ))
}

/// Commits with these numbers, each at its number's microsecond.
pub(crate) fn commits(numbers: impl IntoIterator<Item = u64>) -> Vec<Event<Jetstream>> {
    numbers.into_iter().map(|number| commit(number, number, "bafy")).collect()
}

/// The checkpoint at the last of `events`, of this version.
pub(crate) fn checkpoint(version: u64, events: &[Event<Jetstream>]) -> Checkpoint<Key> {
    let witness = events.last().map(|event| Witness {
        cursor: Cursor(event.time.as_micros()),
        time: event.time,
        key: event.payload.key(),
    });
    Checkpoint {
        version: Version(version),
        place: witness.as_ref().map_or(Place::Oldest, |witness| Place::Cursor(witness.cursor)),
        witness,
        covered_until: WallTime::from_micros(u64::MAX),
        filter: FilterHash(u64::MAX),
        margin: Duration::from_secs(5),
    }
}

/// The append that takes the scope's checkpoint from version `expect` to the next.
pub(crate) fn append(fence: Fence, expect: u64, events: Vec<Event<Jetstream>>) -> Append<Jetstream> {
    Append {
        op: Op(expect),
        fence,
        scope: SCOPE,
        expect: Version(expect),
        checkpoint: checkpoint(expect + 1, &events),
        events: Events::new(events),
        dead_letters: Vec::new(),
        gaps: Vec::new(),
    }
}

/// A gap from one moment to the next, or to no end.
pub(crate) fn gap(cause: Cause, state: GapState, from: u64, to: Option<u64>) -> Gap {
    let mark = |at| Mark { cursor: Cursor(at), time: WallTime::from_micros(at) };
    Gap { scope: SCOPE, cause, state, from: mark(from), to: to.map(mark) }
}
