//! What must hold at every step, from inputs and effects alone, with no more memory than a state can carry.

use highwater_core::closure::CloseReason;
use highwater_core::cursor::{CursorKind, Place};
use highwater_core::effect::{Notice, Outcome};
use highwater_core::gap::{Cause, Gap, GapState};
use highwater_core::number::Epoch;
use highwater_core::scope::{Scope, SourceId};
use highwater_core::serve::Wire;
use highwater_core::sink::{Append, Appended, Content, DeadLetter};
use highwater_core::time::{Duration, Instant};
use highwater_core::{Config, Phase};

use super::bounds::{Bounds, Feed, Mishap};
use super::ledger::{Attempt, Handed, Ledger};
use super::perform::Said;
use super::scene::{Asked, Line, Scene};
use super::server::Server;
use super::shelf::subject;
use crate::carrier::{Small, Told as _};
use crate::oracle::{Rule, Violation, must};
use crate::truth::EventId;

/// A connection that lived so long, and answered a ping, was good.
const GOOD_AFTER: Duration = Duration::from_secs(10);
/// A deadline that is seen late is judged after so much more.
const REPRIEVE: Duration = Duration::from_secs(1);
/// An event that was refused so often is set aside.
pub(super) const REFUSALS: u8 = 3;

/// The machine is handed an event, or a frame that was one. The one that must come again is durable already; any other
/// waits from now on, and then it is true.
pub(super) fn hand(ledger: &mut Ledger, id: EventId, is_garbage: bool) -> bool {
    if is_garbage {
        ledger.waiting.push(Handed::Garbage(id))
    } else if ledger.awaited == Some(id) {
        ledger.awaited = None;
        ledger.is_settled = true;
        false
    } else {
        ledger.waiting.push(Handed::Event(id))
    }
}

/// O2, O3, O4, O16: an append takes what waits in its order, and its checkpoint lies behind nothing that is left.
/// Says what of it becomes durable, a bit each.
pub(super) fn check_append(scene: &Scene, append: &Append<Small>) -> Result<u16, Violation> {
    let ledger = &scene.ledger;
    let mut events = append.events.iter().map(|event| event.payload.id()).peekable();
    let (mut covers, mut is_broken) = (0_u16, false);
    for (index, handed) in ledger.waiting.all().iter().enumerate() {
        let is_in = match handed {
            Handed::Garbage(id) => is_set_aside(append, *id, false),
            Handed::Event(id) => {
                let is_next = !is_broken && events.next_if_eq(id).is_some();
                let is_buried = !is_next && !is_broken && is_set_aside(append, *id, true);
                is_broken |= !is_next && !is_buried;
                is_next || is_buried
            }
        };
        covers |= u16::from(is_in) << index;
    }
    must(events.next().is_none(), Rule::O4Once, || {
        format!("an append holds what was not handed in, or not in that order: {append}")
    })?;
    for letter in &append.dead_letters {
        check_letter(ledger, letter)?;
    }
    check_checkpoint(scene, append, covers)?;
    Ok(covers)
}

fn is_set_aside(append: &Append<Small>, id: EventId, as_event: bool) -> bool {
    append
        .dead_letters
        .iter()
        .any(|letter| subject(letter) == Some(id) && matches!(letter.content, Content::Event(_)) == as_event)
}

fn check_letter(ledger: &Ledger, letter: &DeadLetter<Small>) -> Result<(), Violation> {
    let Content::Event(event) = &letter.content else { return Ok(()) };
    let id = event.payload.id();
    let refusals = ledger.refusals.of(id);
    must(event.payload.is_poison() && refusals >= REFUSALS, Rule::O16Poison, || {
        format!("{id} is set aside after {refusals} refusals")
    })
}

fn check_checkpoint(scene: &Scene, append: &Append<Small>, covers: u16) -> Result<(), Violation> {
    let next = &append.checkpoint;
    must(next.version == append.expect.next(), Rule::O3Monotonic, || {
        format!("version {} follows {}", next.version, append.expect)
    })?;
    if !is_further(scene, append) {
        return Ok(());
    }
    let known = scene.shelf.checkpoint(append.scope);
    let Some(witness) = &next.witness else {
        return Err(Violation::of(Rule::O3Monotonic, "a checkpoint loses its witness"));
    };
    let before = known.and_then(|known| known.witness.as_ref()).map(|witness| witness.cursor);
    must(before < Some(witness.cursor), Rule::O3Monotonic, || {
        format!("the checkpoint goes back from {before:?} to {}", witness.cursor)
    })?;
    let ledger = &scene.ledger;
    must(ledger.is_settled || ledger.has_told_gap, Rule::O3Monotonic, || {
        format!("the checkpoint moves to {} before continuity is settled", witness.cursor)
    })?;
    let waiting = ledger.waiting.all().iter().enumerate();
    let is_durable = scene.is_safe(witness.key)
        || waiting.into_iter().any(|(index, handed)| covers & 1 << index != 0 && handed.id() == witness.key);
    must(is_durable && next.place <= Place::Cursor(witness.cursor), Rule::O2Checkpoint, || {
        format!("the checkpoint is at {}, which is not durable with it", witness.key)
    })
}

/// Whether an append moves the checkpoint.
pub(super) fn is_further(scene: &Scene, append: &Append<Small>) -> bool {
    let key = |witness: &highwater_core::checkpoint::Witness<EventId>| witness.key;
    let known = scene.shelf.checkpoint(append.scope);
    append.checkpoint.witness.as_ref().map(key) != known.and_then(|known| known.witness.as_ref()).map(key)
}

/// What an append made durable may be refused again.
pub(super) fn forget_refusals(ledger: &mut Ledger, append: &Append<Small>) {
    append.events.iter().for_each(|event| ledger.refusals.forget(event.payload.id()));
    append.dead_letters.iter().filter_map(subject).for_each(|id| ledger.refusals.forget(id));
}

/// O12: only another writer can make an append fail like that.
pub(super) fn must_be_fenced(is_fenced: bool, appended: &Appended) -> Result<(), Violation> {
    must(is_fenced, Rule::O12Fence, || format!("the only writer is answered: {appended:?}"))
}

/// O5, O2, O19: a dial comes when all is settled, and asks for nothing behind what is durable.
pub(super) fn check_dial(scene: &mut Scene, source: SourceId, place: Place) -> Result<(), Violation> {
    let ledger = &mut scene.ledger;
    must(matches!(scene.line, Line::None), Rule::O5OneConnection, || "two connections at once".to_owned())?;
    must(matches!(scene.asked, Asked::Nothing), Rule::O2Checkpoint, || {
        "a dial while the sink is being asked".to_owned()
    })?;
    must(ledger.waiting.all().is_empty(), Rule::O2Checkpoint, || {
        format!("a dial while these wait to become durable: {:?}", ledger.waiting.all())
    })?;
    must(!ledger.is_stopping, Rule::O10Stop, || "a dial after the stop".to_owned())?;
    must(scene.shelf.has_record(source), Rule::O3Monotonic, || {
        "a dial before it is durable where to begin".to_owned()
    })?;
    let now = scene.now.monotonic;
    let is_paced = ledger.attempt.ended.is_none_or(|ended| ended < now);
    must(is_paced, Rule::O7Pace, || "a dial with no pause before it".to_owned())?;
    let witness = scene.shelf.witness(source);
    ledger.awaited = witness.map(|witness| witness.key);
    ledger.is_settled = ledger.awaited.is_none() || ledger.has_told_gap;
    ledger.attempt = Attempt { heard: now, ..Attempt::NONE };
    let newest = witness.map(|witness| witness.time).or(scene.shelf.newest());
    let asks_behind = newest.is_some_and(|newest| match place {
        Place::Tip => true,
        Place::Oldest => false,
        Place::Time(time) => newest < time,
        Place::Cursor(cursor) => witness.is_none_or(|witness| witness.cursor < cursor),
    });
    must(!asks_behind || ledger.has_told_gap, Rule::O1NoLoss, || {
        format!("asks for {place}, which lies behind what is durable, and no gap is on record")
    })
}

/// O5, O11: a connection is given up for a reason; what it brought and was not taken in is not owed.
pub(super) fn check_close(
    scene: &mut Scene,
    epoch: Epoch,
    reason: CloseReason,
    has_handed: bool,
    config: &Config,
) -> Result<(), Violation> {
    if has_handed && matches!(reason, CloseReason::Unproven | CloseReason::Incarnation) {
        scene.ledger.waiting.pop();
    }
    must(scene.line.epoch() == Some(epoch), Rule::O5OneConnection, || {
        format!("{epoch} is closed, and is not the connection")
    })?;
    let silent = scene.now.monotonic.since(scene.ledger.attempt.heard);
    // Whoever seems to have slept asks at once, and waits only for the answer.
    let has_slept = scene.spent.of(Mishap::ClockStep) > 0;
    let least = if has_slept { config.stall_timeout * 2 / 5 } else { config.stall_timeout };
    let is_early = reason == CloseReason::Silent && silent < least;
    must(!is_early, Rule::O11Silence, || format!("given up as silent after {silent}"))
}

/// The attempt is over: was it good?
pub(super) fn end_attempt(ledger: &mut Ledger, now: Instant) {
    let attempt = &mut ledger.attempt;
    let has_lived = attempt.opened.is_some_and(|opened| now.since(opened) >= GOOD_AFTER);
    attempt.is_good |= attempt.is_ponged && has_lived;
    attempt.ended = Some(now);
}

/// O7, O15, O17: what the operator is told.
pub(super) fn check_notice(
    scene: &mut Scene,
    notice: Notice,
    said: Said,
    bounds: &Bounds,
) -> Result<(), Violation> {
    match notice {
        Notice::BackingOff { failures, .. } => {
            let ledger = &mut scene.ledger;
            ledger.failures = if ledger.attempt.is_good { 0 } else { ledger.failures + 1 };
            ledger.attempt.is_good = false;
            must(failures == ledger.failures, Rule::O17Status, || {
                format!("{failures} failures are told of, and there were {}", ledger.failures)
            })
        }
        Notice::Gap(gap) if gap.state != GapState::Closed => {
            scene.ledger.has_told_gap = true;
            scene.ledger.is_settled |= scene.line.open().is_some();
            check_gap(scene, &gap, said, bounds)
        }
        _ => Ok(()),
    }
}

/// A gap has a cause in the world.
fn check_gap(scene: &Scene, gap: &Gap, said: Said, bounds: &Bounds) -> Result<(), Violation> {
    let has = |mishap| scene.spent.of(mishap) > 0;
    let is_other = has(Mishap::Retention) || has(Mishap::Rebuild);
    // What connections read of an overlap before they died is not read again, and that is on record.
    let is_skipped = gap.scope.kind == CursorKind::Time && gap.to.is_some();
    let is_late = has(Mishap::Garbage) || has(Mishap::Slow) || has(Mishap::Silence);
    let is_due = match gap.cause {
        Cause::TooOld => is_told_old(scene, gap.scope, said) || gap.to.is_some(),
        Cause::Witness => is_other || is_late || is_skipped || is_doubtful(scene, gap.scope.source, bounds),
        Cause::Quiet => is_other || is_late,
        // Or a life began at a moment that was still to come.
        Cause::Clock => has(Mishap::Rebuild) || bounds.at_tip && has(Mishap::ClockStep),
        // Everything is old here, but where a life begins at the tip, and for a process whose clock is behind.
        Cause::Cutover => (bounds.at_tip || has(Mishap::ClockStep)) && gap.scope.kind == CursorKind::Time,
        Cause::HostSwitch => bounds.sources > 1,
        Cause::Filter | Cause::Oversize => false,
    };
    must(is_due, Rule::O15Gaps, || format!("a gap without a cause: {gap}"))
}

/// A server that counts in time begins silently at the oldest event it has: without a witness that comes again, nothing
/// tells whether that is where it was asked to.
fn is_doubtful(scene: &Scene, source: SourceId, bounds: &Bounds) -> bool {
    bounds.wire != Wire::V2 && scene.shelf.witness(source).is_none()
}

/// O15: and so that is on record once the connection is open.
pub(super) fn must_doubt(scene: &Scene, place: Place, bounds: &Bounds) -> Result<(), Violation> {
    let begins_at_a_time = matches!(place, Place::Time(_) | Place::Cursor(_));
    let source = scene.line.open().map(|open| open.source);
    let doubts = source.is_some_and(|source| begins_at_a_time && is_doubtful(scene, source, bounds));
    must(!doubts || scene.ledger.has_told_gap, Rule::O15Gaps, || {
        format!("begins at {place} without a witness, and that is on no record")
    })
}

/// The source's word that it no longer has what it was asked for counts if it refused to go on from the checkpoint. If
/// it only begins later, that is news to whoever never heard from it: what is durable is asked for once more to see the
/// witness come, or by whoever takes over from another record, and losing that loses nothing.
fn is_told_old(scene: &Scene, scope: Scope, said: Said) -> bool {
    let is_left_open = |gap: &Gap| gap.scope != scope && gap.to.is_none() && gap.state != GapState::Closed;
    match said {
        Said::Nothing => false,
        Said::TooOld => true,
        Said::Outdated if scene.shelf.witness(scope.source).is_some() => scene.ledger.is_too_old,
        Said::Outdated => scene.ledger.is_too_old || !scene.shelf.gaps().any(is_left_open),
    }
}

/// O10, O12, O17: a process ends when it was asked to, or when another writer is there, and says that it has.
pub(super) fn check_stop(scene: &Scene, outcome: Outcome, bounds: &Bounds) -> Result<(), Violation> {
    let is_due = match outcome {
        Outcome::Stopped => {
            let is_all_durable = scene.ledger.waiting.all().is_empty() && !scene.ledger.is_unflushed;
            scene.ledger.is_stopping && is_all_durable
        }
        Outcome::GraceOver => scene.ledger.is_stopping,
        Outcome::Fenced => scene.spent.of(Mishap::Fence) > 0,
        Outcome::AllFatal => scene.spent.of(Mishap::Fatal) >= bounds.sources,
        Outcome::Idle | Outcome::GaveUp | Outcome::Corrupt => false,
    };
    let phase = scene.machine.as_ref().map(|machine| machine.status().phase);
    must(phase == Some(Phase::Stopped), Rule::O17Status, || format!("says of its end: {phase:?}"))?;
    must(is_due, Rule::O10Stop, || {
        format!("ends as {outcome:?} with {} things waiting", scene.ledger.waiting.all().len())
    })
}

pub(super) fn must_be_later(now: Instant, next: Instant) -> Result<(), Violation> {
    must(now < next, Rule::O7Pace, || format!("wants to be woken at {next}, and it is {now}"))
}

pub(super) fn must_be_unasked(asked: &Asked) -> Result<(), Violation> {
    must(asked.op().is_none(), Rule::O2Checkpoint, || "the sink is asked two things at once".to_owned())
}

/// O8, O17: what can be seen of the machine is what is known of it.
pub(super) fn check_state(scene: &Scene, config: &Config) -> Result<(), Violation> {
    let Some(machine) = &scene.machine else { return Ok(()) };
    let status = machine.status();
    must(status.epoch == scene.line.epoch(), Rule::O17Status, || {
        format!("says that its connection is {:?}, and it is {:?}", status.epoch, scene.line.epoch())
    })?;
    must(status.failures == scene.ledger.failures, Rule::O17Status, || {
        format!("says {} failures, and there were {}", status.failures, scene.ledger.failures)
    })?;
    must(status.waiting_events <= config.buffer_events, Rule::O8Memory, || {
        format!("{} events wait, and there is room for {}", status.waiting_events, config.buffer_events)
    })?;
    check_watch(scene, machine.next_timeout(), config)
}

/// O11: whoever reads looks up before the other side was silent for too long. Whoever seems to have slept asks anew.
fn check_watch(scene: &Scene, next: Option<Instant>, config: &Config) -> Result<(), Violation> {
    let reads = scene.line.open().is_some_and(|open| !open.is_paused);
    if !reads || scene.spent.of(Mishap::ClockStep) > 0 {
        return Ok(());
    }
    let latest = scene.ledger.attempt.heard + config.stall_timeout + REPRIEVE;
    must(next.is_some_and(|next| next <= latest), Rule::O11Silence, || {
        format!("looks up at {next:?}, and the other side is given up by {latest}")
    })
}

/// What the source that is asked cannot tell any more is excused where nothing durable could have told the machine that
/// there was something; and what happened before a life that begins at the tip had begun, which is when that is durable.
pub(super) fn account_losses(scene: &mut Scene, feed: Feed) {
    let server = scene.server;
    let source = if feed.sources > 1 { scene.source() } else { 0 };
    let told = |count| server.first(count, feed.events);
    scene.ledger.gone |= told(server.floors[source]);
    if feed.at_tip && !scene.shelf.has_begun() {
        scene.ledger.excused |= told(server.told);
    }
    // With a clock that is wrong, nobody knows when that was.
    let is_astray = feed.at_tip && scene.spent.of(Mishap::ClockStep) > 0;
    if (scene.ledger.gone == 0 && !is_astray) || scene.shelf.has_witness() {
        return;
    }
    let handed = scene.ledger.waiting.all().iter().fold(0, |bits, handed| bits | 1 << handed.id().0);
    let missed = scene.ledger.gone | if is_astray { told(server.told) } else { 0 };
    scene.ledger.excused |= missed & !handed;
}

/// O1: every event that was told is stored, set aside, or in a gap.
pub(super) fn close_the_books(scene: &Scene, feed: Feed) -> Result<(), Violation> {
    let events = feed.events;
    // A gap may begin by one source's clock and end by another's.
    let latest = |id| Server::telling(id, feed, SourceId(0)).time;
    let earliest = |id| Server::telling(id, feed, SourceId(u16::from(feed.sources) - 1)).time;
    let history = |history: u8| (0..events).map(move |index| EventId(u32::from(history * events + index)));
    let is_owed = |id: &EventId| {
        let is_of_old = id.0 < u32::from(scene.server.history * events);
        !is_of_old || scene.ledger.gone & 1 << id.0 != 0
    };
    for id in (0..=scene.server.history).flat_map(history).filter(is_owed) {
        let is_excused = scene.ledger.excused & 1 << id.0 != 0;
        let is_in_gap = |gap: &Gap| {
            let is_before_end = gap.to.is_none_or(|to| earliest(id) <= to.time);
            gap.state != GapState::Closed && gap.from.time <= latest(id) && is_before_end
        };
        let is_kept = scene.is_safe(id) || is_excused || scene.shelf.gaps().any(is_in_gap);
        must(is_kept, Rule::O1NoLoss, || format!("{id} is nowhere, and on no record"))?;
    }
    Ok(())
}
