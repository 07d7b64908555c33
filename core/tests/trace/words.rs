//! Any input and any effect.

use bytes::Bytes;
use highwater_core::checkpoint::{Checkpoint, FilterHash, Witness};
use highwater_core::closure::{CloseReason, Closure};
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::digest::Digest;
use highwater_core::effect::{Ignored, Notice, OpenOptions, Outcome};
use highwater_core::event::{Event, Item, Reason, Sample};
use highwater_core::gap::{Cause, Gap, GapState, Mark};
use highwater_core::number::{Epoch, Fence, Op, Version};
use highwater_core::payload::Shadow;
use highwater_core::scope::{Scope, SourceId};
use highwater_core::sink::{Append, Appended, Content, DeadLetter, Events, Loaded, Unavailable};
use highwater_core::time::{Duration, WallTime};
use highwater_core::{Effect, Input};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

/// Any input.
pub(crate) fn inputs() -> impl Strategy<Value = Input<Shadow>> {
    let unavailable = Just(Unavailable);
    prop_oneof![
        Just(Input::Timeout),
        Just(Input::StopRequested),
        epoch().prop_map(|epoch| Input::Opened { epoch }),
        (epoch(), vec(item(), 0..6)).prop_map(|(epoch, items)| Input::Received { epoch, items }),
        (epoch(), any::<bool>()).prop_map(|(epoch, pong)| Input::Heard { epoch, pong }),
        (epoch(), closure()).prop_map(|(epoch, closure)| Input::Closed { epoch, closure }),
        (op(), proptest::result::maybe_ok(loaded(), unavailable))
            .prop_map(|(op, loaded)| Input::Loaded { op, loaded }),
        (op(), appended()).prop_map(|(op, appended)| Input::Appended { op, appended }),
        (op(), proptest::result::maybe_ok(Just(()), unavailable))
            .prop_map(|(op, flushed)| Input::Flushed { op, flushed }),
    ]
}

/// Any effect.
pub(crate) fn effects() -> impl Strategy<Value = Effect<Shadow>> {
    use CloseReason as Why;
    let reason = select(vec![
        Why::ConnectTimeout,
        Why::Silent,
        Why::Quiet,
        Why::Patience,
        Why::Malformed,
        Why::Unproven,
        Why::Incarnation,
        Why::LimitLifted,
        Why::Stop,
    ]);
    let ignored = select(vec![Ignored::OldEpoch, Ignored::OldOp, Ignored::Stopped, Ignored::OutOfTurn]);
    let outcome = select(vec![
        Outcome::Stopped,
        Outcome::GraceOver,
        Outcome::Idle,
        Outcome::GaveUp,
        Outcome::AllFatal,
        Outcome::Fenced,
        Outcome::Corrupt,
    ]);
    let options = (any::<bool>(), of(any::<u32>()))
        .prop_map(|(compress, message_bytes_max)| OpenOptions { compress, message_bytes_max });
    prop_oneof![
        op().prop_map(|op| Effect::Load { op }),
        op().prop_map(|op| Effect::Flush { op }),
        epoch().prop_map(|epoch| Effect::Ping { epoch }),
        epoch().prop_map(|epoch| Effect::Pause { epoch }),
        epoch().prop_map(|epoch| Effect::Resume { epoch }),
        (epoch(), source(), place(), options)
            .prop_map(|(epoch, source, place, options)| { Effect::Open { epoch, source, place, options } }),
        (epoch(), reason).prop_map(|(epoch, reason)| Effect::Close { epoch, reason }),
        append().prop_map(Effect::Append),
        notice().prop_map(Effect::Notice),
        ignored.prop_map(Effect::Ignored),
        outcome.prop_map(Effect::Stop),
    ]
}

fn append() -> impl Strategy<Value = Append<Shadow>> {
    let numbers = (op(), any::<u64>(), any::<u64>());
    let held = (vec(event(), 0..5), vec(dead_letter(), 0..3), vec(gap(), 0..3));
    (numbers, scope(), held, checkpoint()).prop_map(|((op, fence, expect), scope, held, checkpoint)| {
        let (events, dead_letters, gaps) = held;
        let (fence, expect, events) = (Fence(fence), Version(expect), Events::new(events));
        Append { op, fence, scope, expect, events, dead_letters, gaps, checkpoint }
    })
}

fn notice() -> impl Strategy<Value = Notice> {
    prop_oneof![
        Just(Notice::StartIgnored),
        duration().prop_map(|age| Notice::Stale { age }),
        scope().prop_map(|scope| Notice::Proved { scope }),
        gap().prop_map(Notice::Gap),
        scope().prop_map(|scope| Notice::NewIncarnation { scope }),
        source().prop_map(|to| Notice::Switched { to }),
        source().prop_map(|source| Notice::SourceFatal { source }),
        wall().prop_map(|time| Notice::Poison { time }),
        duration().prop_map(|delay| Notice::SinkUnavailable { delay }),
        (any::<u32>(), duration()).prop_map(|(failures, delay)| Notice::BackingOff { failures, delay }),
        duration().prop_map(|span| Notice::Suspended { span }),
    ]
}

fn closure() -> impl Strategy<Value = Closure> {
    prop_oneof![
        of(duration()).prop_map(|after| Closure::Retry { after }),
        select(vec![Closure::Elsewhere, Closure::TooOld, Closure::Renegotiate]),
        select(vec![Closure::TooLarge, Closure::Fatal]),
    ]
}

fn item() -> impl Strategy<Value = Item<Shadow>> {
    prop_oneof![
        event().prop_map(Item::Event),
        event().prop_map(Item::Filtered),
        (event(), sample()).prop_map(|(event, sample)| Item::Oversize(event, sample)),
        Just(Item::Outdated),
        Just(Item::Info),
        (reason(), sample()).prop_map(|(reason, sample)| Item::Malformed(reason, sample)),
    ]
}

fn loaded() -> impl Strategy<Value = Loaded<Digest>> {
    let checkpoints = vec((scope(), checkpoint()), 0..3);
    (any::<u64>(), any::<bool>(), checkpoints, of(wall()), vec(gap(), 0..3)).prop_map(
        |(fence, compares, checkpoints, newest, gaps)| {
            let fence = Fence(fence);
            Loaded { fence, compares, checkpoints, newest, gaps }
        },
    )
}

fn appended() -> impl Strategy<Value = Appended> {
    prop_oneof![
        any::<(u32, u32)>().prop_map(|(stored, duplicates)| Appended::Stored { stored, duplicates }),
        any::<u32>().prop_map(|index| Appended::Refused { index, why: String::new() }),
        select(vec![Appended::Conflict, Appended::Fenced, Appended::Unavailable, Appended::Unknown]),
    ]
}

fn checkpoint() -> impl Strategy<Value = Checkpoint<Digest>> {
    let witness = (cursor(), wall(), digest()).prop_map(|(cursor, time, key)| Witness { cursor, time, key });
    (any::<(u64, u64)>(), place(), of(witness), wall(), duration()).prop_map(
        |((version, filter), place, witness, covered_until, margin)| {
            let (version, filter) = (Version(version), FilterHash(filter));
            Checkpoint { version, place, witness, covered_until, filter, margin }
        },
    )
}

fn dead_letter() -> impl Strategy<Value = DeadLetter<Shadow>> {
    let content = prop_oneof![sample().prop_map(Content::Frame), event().prop_map(Content::Event)];
    (of(cursor()), reason(), content).prop_map(|(after, reason, content)| DeadLetter {
        after,
        reason,
        content,
    })
}

/// Those without a text, which is not written down.
fn reason() -> impl Strategy<Value = Reason> {
    let none = String::new();
    select(vec![
        Reason::Malformed(none.clone()),
        Reason::Oversize,
        Reason::Undecodable,
        Reason::Refused(none),
        Reason::Conflict,
    ])
}

/// Those without bytes, which are not written down.
fn sample() -> impl Strategy<Value = Sample> {
    (any::<u64>(), 0..70_000_usize, any::<[u8; 8]>()).prop_map(|(length, kept, hash)| {
        let mut sha256 = [0; 32];
        sha256[..8].copy_from_slice(&hash);
        Sample { length, sha256, head: Bytes::from(vec![0; kept.min(64 << 10)]) }
    })
}

fn event() -> impl Strategy<Value = Event<Shadow>> {
    let payload = (digest(), any::<u32>()).prop_map(|(key, size)| Shadow { key, size: size as usize });
    (wall(), of(cursor()), payload).prop_map(|(time, seq, payload)| Event { time, seq, payload })
}

fn gap() -> impl Strategy<Value = Gap> {
    let state = select(vec![GapState::Lost, GapState::Unproven, GapState::Closed]);
    let mark = || (cursor(), wall()).prop_map(|(cursor, time)| Mark { cursor, time });
    (scope(), select(Cause::ALL.to_vec()), state, mark(), of(mark()))
        .prop_map(|(scope, cause, state, from, to)| Gap { scope, cause, state, from, to })
}

fn scope() -> impl Strategy<Value = Scope> {
    (source(), select(vec![CursorKind::Time, CursorKind::Seq]), any::<u32>())
        .prop_map(|(source, kind, incarnation)| Scope { source, kind, incarnation })
}

fn place() -> impl Strategy<Value = Place> {
    let known = select(vec![Place::Tip, Place::Oldest]);
    prop_oneof![known, wall().prop_map(Place::Time), cursor().prop_map(Place::Cursor)]
}

fn source() -> impl Strategy<Value = SourceId> {
    any::<u16>().prop_map(SourceId)
}

fn cursor() -> impl Strategy<Value = Cursor> {
    any::<u64>().prop_map(Cursor)
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<u64>().prop_map(Digest)
}

fn epoch() -> impl Strategy<Value = Epoch> {
    any::<u64>().prop_map(Epoch)
}

fn op() -> impl Strategy<Value = Op> {
    any::<u64>().prop_map(Op)
}

fn duration() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_micros)
}

fn wall() -> impl Strategy<Value = WallTime> {
    any::<u64>().prop_map(WallTime::from_micros)
}
