//! How the shape of a run can be made plainer: fewer sources, fewer events, limits as they usually are, a short life.

use std::sync::Arc;

use highwater_core::cursor::Place;
use highwater_core::time::{Duration, Instant};

use crate::clock::Clock;
use crate::faults::Record;
use crate::plan::Plan;
use crate::score::Score;
use crate::shape::{Shape, healing, limits};
use crate::truth::Weather;

/// A plan made plainer in one way; none if it is as plain as that already.
type Simpler = fn(&Plan) -> Option<Plan>;

/// The ways, what takes away most first.
pub(super) const WAYS: [Simpler; 17] = [
    no_score,
    no_pace,
    short_score,
    fewer_sources,
    no_outcast,
    fewer_events,
    slower,
    for_all,
    usual_limits,
    usual_stop,
    usual_bytes,
    usual_batches,
    usual_waits,
    usual_start,
    long_memory,
    plain_sink,
    right_clock,
];

/// The events as the seed has them, and nothing recorded.
fn no_score(plan: &Plan) -> Option<Plan> {
    plan.score.as_ref().map(|_| Plan { score: None, ..plan.clone() })
}

fn scored(plan: &Plan, change: impl FnOnce(&mut Score)) -> Option<Plan> {
    let before = plan.score.as_ref()?;
    let mut score = Score::clone(before);
    change(&mut score);
    (score != **before).then(|| Plan { score: Some(Arc::new(score)), ..plan.clone() })
}

/// The recorded events, as fast as the seed has it.
fn no_pace(plan: &Plan) -> Option<Plan> {
    scored(plan, |score| {
        score.lives.clear();
        score.dials.clear();
        score.jobs.clear();
        score.wakes.clear();
    })
}

/// Nothing that was recorded from the healing on.
fn short_score(plan: &Plan) -> Option<Plan> {
    let heals_at = plan.shape.weather.heals_at;
    scored(plan, |score| {
        score.events.retain(|note| note.at < heals_at);
        score.wakes.retain(|wake| *wake < heals_at);
        score.lives.retain(|life| life.at < heals_at);
    })
}

fn shaped(plan: &Plan, change: impl FnOnce(&mut Shape)) -> Plan {
    let mut plan = plan.clone();
    change(&mut plan.shape);
    plan
}

/// Only the last source but the others; its own trouble with it.
fn fewer_sources(plan: &Plan) -> Option<Plan> {
    let gone = plan.shape.sources.len().checked_sub(1).filter(|&last| last > 0)?;
    let stays = |record: &&Record| !record.fault.is_of_source() || record.entity != gone as u64;
    let faults = plan.faults.iter().filter(stays).copied().collect();
    let rest = Plan { faults, ..plan.clone() };
    Some(shaped(&rest, |shape| {
        shape.sources.pop();
        shape.config.sources.pop();
        let is_one = shape.sources.len() == 1;
        let stays = |index: &usize| !is_one && *index < gone;
        (shape.fatal, shape.lost) = (shape.fatal.filter(stays), shape.lost.filter(stays));
    }))
}

fn no_outcast(plan: &Plan) -> Option<Plan> {
    let is_outcast = plan.shape.fatal.or(plan.shape.lost).is_some();
    is_outcast.then(|| shaped(plan, |shape| (shape.fatal, shape.lost) = (None, None)))
}

/// Events ten times as far apart.
fn fewer_events(plan: &Plan) -> Option<Plan> {
    let weather = plan.shape.weather;
    let is_calm = weather.gap >= Duration::from_secs(20);
    (!is_calm)
        .then(|| shaped(plan, |shape| shape.weather = remade(weather.gap * 10, weather.sparse, weather)))
}

/// As many events before the healing, ten times as far apart: so fewer come after it.
fn slower(plan: &Plan) -> Option<Plan> {
    let weather = plan.shape.weather;
    let long = Duration::from_micros((weather.heals_at.as_micros() * 10).min(3_600_000_000));
    let catch_up = weather.ends_at.since(weather.calms_at);
    let is_slow = weather.gap >= Duration::from_secs(20);
    (!is_slow).then(|| {
        shaped(plan, |shape| {
            shape.weather = healing(weather.gap * 10, weather.sparse, Instant::ZERO + long, catch_up);
        })
    })
}

/// The weather with events so far apart, one in `sparse` for both subscriptions.
fn remade(gap: Duration, sparse: u64, weather: Weather) -> Weather {
    healing(gap, sparse, weather.heals_at, weather.ends_at.since(weather.calms_at))
}

fn for_all(plan: &Plan) -> Option<Plan> {
    let weather = plan.shape.weather;
    (weather.sparse > 1).then(|| shaped(plan, |shape| shape.weather = remade(weather.gap, 1, weather)))
}

/// Makes some limits what they usually are; none if they are.
fn with_limits(
    plan: &Plan,
    change: impl FnOnce(&mut highwater_core::Config, &highwater_core::Config),
) -> Option<Plan> {
    let usual = limits(&plan.shape.sources);
    let changed = shaped(plan, |shape| change(&mut shape.config, &usual));
    let differs = format!("{:?}", changed.shape.config) != format!("{:?}", plan.shape.config);
    differs.then_some(changed)
}

fn usual_limits(plan: &Plan) -> Option<Plan> {
    with_limits(plan, |config, usual| *config = usual.clone())
}

fn usual_stop(plan: &Plan) -> Option<Plan> {
    with_limits(plan, |config, usual| {
        (config.exit_idle, config.give_up_after, config.quiet_limit) =
            (usual.exit_idle, usual.give_up_after, usual.quiet_limit);
    })
}

fn usual_bytes(plan: &Plan) -> Option<Plan> {
    with_limits(plan, |config, usual| {
        (config.batch_bytes, config.buffer_bytes) = (usual.batch_bytes, usual.buffer_bytes);
        config.compress = usual.compress;
    })
}

fn usual_batches(plan: &Plan) -> Option<Plan> {
    with_limits(plan, |config, usual| {
        (config.batch_events, config.buffer_events) = (usual.batch_events, usual.buffer_events);
        config.batch_delay = usual.batch_delay;
    })
}

fn usual_waits(plan: &Plan) -> Option<Plan> {
    with_limits(plan, |config, usual| {
        (config.backoff_initial, config.backoff_max) = (usual.backoff_initial, usual.backoff_max);
        (config.stall_timeout, config.rewind) = (usual.stall_timeout, usual.rewind);
    })
}

fn usual_start(plan: &Plan) -> Option<Plan> {
    with_limits(plan, |config, _| config.start = Place::Tip)
}

fn long_memory(plan: &Plan) -> Option<Plan> {
    let long = Duration::from_secs(36 * 3_600);
    let is_short = plan.shape.sources.iter().any(|&(_, retention)| retention < long);
    is_short.then(|| shaped(plan, |shape| shape.sources.iter_mut().for_each(|source| source.1 = long)))
}

fn plain_sink(plan: &Plan) -> Option<Plan> {
    let takes = Duration::from_millis(1);
    let is_plain = plan.shape.is_atomic && plan.shape.sink_takes == takes && !plan.shape.is_deadline_first;
    (!is_plain).then(|| {
        shaped(plan, |shape| {
            (shape.is_atomic, shape.sink_takes, shape.is_deadline_first) = (true, takes, false);
        })
    })
}

fn right_clock(plan: &Plan) -> Option<Plan> {
    (plan.shape.clock != Clock::default()).then(|| shaped(plan, |shape| shape.clock = Clock::default()))
}

/// The plan healed a little after `moment`; none if it is healed by then.
pub(super) fn healed_after(plan: &Plan, moment: Instant) -> Option<Plan> {
    let (weather, heals_at) = (plan.shape.weather, moment + Duration::from_secs(1));
    let catch_up = weather.ends_at.since(weather.calms_at);
    (heals_at < weather.heals_at).then(|| {
        shaped(plan, |shape| shape.weather = healing(weather.gap, weather.sparse, heals_at, catch_up))
    })
}

/// The plan healed earlier, the earliest first.
pub(super) fn shorter(plan: &Plan) -> impl Iterator<Item = Plan> + use<> {
    let weather = plan.shape.weather;
    let plan = plan.clone();
    let seconds = [1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560];
    let moments = seconds.into_iter().map(|seconds| Instant::ZERO + Duration::from_secs(seconds));
    moments.filter(move |moment| *moment < weather.heals_at).map(move |moment| {
        let catch_up = weather.ends_at.since(weather.calms_at);
        shaped(&plan, |shape| shape.weather = healing(weather.gap, weather.sparse, moment, catch_up))
    })
}

/// The machine given no more time to catch up than it takes to be silent, back off and be missed a witness once. Not
/// for failures to catch up: any machine fails so if it is given too little.
pub(super) fn sooner(plan: &Plan) -> Option<Plan> {
    let weather = plan.shape.weather;
    let soon = Duration::from_secs(60);
    let is_soon = weather.ends_at.since(weather.calms_at) <= soon;
    (!is_soon).then(|| {
        shaped(plan, |shape| shape.weather = healing(weather.gap, weather.sparse, weather.heals_at, soon))
    })
}
