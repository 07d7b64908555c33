//! Everybody is stopped, one after the other, and they come back in another order: sources, the sink, the process and its
//! house. What was learned from one of them is old by the time that the next one answers (the "swizzle" of `FoundationDB`).

use highwater_core::time::Instant;

use super::{Made, moment};
use crate::draw::{Draws, Stream};
use crate::faults::{Fault, Measure, Mix, Rate, Record};
use crate::shape::Shape;

/// So often everybody is stopped, at most.
const ROUNDS_MAX: u64 = 4;
/// One is stopped so long after another at most: 20 s.
const APART_MAX: u64 = 20_000_000;
/// Beside it, other things go wrong so seldom, or not at all.
const SELDOM: [Rate; 3] = [Rate::Never, Rate::Wild(0), Rate::Wild(2)];

pub(super) fn made(seed: u64, mut chance: Stream) -> Made {
    let draws = Draws::new(seed);
    let shape = Shape::drawn(draws);
    let mut certain: Vec<Record> = Vec::new();
    for _ in 0..chance.between(1, ROUNDS_MAX) {
        let begins = moment(&mut chance, &shape);
        for record in round(&shape, begins, &mut chance) {
            let before =
                certain.iter().filter(|known| (known.fault, known.entity) == (record.fault, record.entity));
            certain.push(record.the(before.count() as u32));
        }
    }
    let seldom = chance.pick(&SELDOM);
    let mix = Some(Mix::of(draws, |_| seldom));
    Made { seed, shape, certain, mix, turns: Vec::new() }
}

/// Once everybody: in one order they go, in another they come back.
fn round(shape: &Shape, begins: Instant, chance: &mut Stream) -> Vec<Record> {
    let sources = (0..shape.sources.len() as u64).map(|source| (Fault::Outage, source));
    let process = chance.pick(&[Fault::Eviction, Fault::Suspend, Fault::HostStall, Fault::Crash]);
    let mut all: Vec<(Fault, u64)> = sources.chain([(Fault::SinkOutage, 0), (process, 0)]).collect();
    shuffle(&mut all, chance);
    let mut at = begins.as_micros();
    let mut gone: Vec<(Fault, u64, u64)> = Vec::new();
    for (fault, entity) in all {
        gone.push((fault, entity, at));
        at += chance.below(APART_MAX);
    }
    shuffle(&mut gone, chance);
    let back = gone.into_iter().map(|(fault, entity, gone_at)| {
        at += chance.below(APART_MAX);
        stopped(fault, entity, gone_at, at - gone_at, chance)
    });
    back.collect()
}

/// One of them, from then on for so long, or as long as the kind ever is.
fn stopped(fault: Fault, entity: u64, at: u64, span: u64, chance: &mut Stream) -> Record {
    let drawn = Record::draw(fault, entity, 0, at, chance);
    let range = drawn.measures().find(|(range, _)| range.measure == Measure::For).map(|(range, _)| range);
    range.map_or(drawn, |range| drawn.with(Measure::For, span.clamp(range.low, range.high)))
}

fn shuffle<T>(all: &mut [T], chance: &mut Stream) {
    for last in (1..all.len()).rev() {
        all.swap(last, chance.below(last as u64 + 1) as usize);
    }
}
