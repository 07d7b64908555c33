//! Calm weather but for a few moments, from each of which on a few kinds of faults come at once.
//!
//! Many bugs need few changes at the right moments (Burckhardt and others, "A randomized scheduler with probabilistic
//! guarantees of finding bugs"). A mix in which everything goes wrong all the time seldom lets a machine get to where the
//! first change would matter.

use highwater_core::time::Instant;

use super::{Made, moment};
use crate::draw::{Draws, Stream};
use crate::faults::{Fault, Mix, Rate};
use crate::hash::Hash;
use crate::shape::Shape;

/// So many moments at most.
const POINTS_MAX: u64 = 4;
/// So many kinds come at once at most.
const KINDS_MAX: u64 = 3;
/// As often as faults ever come.
const OFTEN: [u64; 3] = [4, 5, 6];

pub(super) fn made(seed: u64, mut chance: Stream) -> Made {
    let shape = Shape::drawn(Draws::new(seed));
    let mut points: Vec<Instant> =
        (0..chance.between(1, POINTS_MAX)).map(|_| moment(&mut chance, &shape)).collect();
    points.sort_unstable();
    let turns = points.into_iter().zip(1..).map(|(at, act)| (at, some(seed, act, &mut chance))).collect();
    Made { seed, shape, certain: Vec::new(), mix: None, turns }
}

/// What may happen from one of the moments on: a few kinds, or nothing at all.
fn some(seed: u64, act: u64, chance: &mut Stream) -> Option<Mix> {
    let kinds = chance.between(0, KINDS_MAX);
    let rates: Vec<(Fault, Rate)> =
        (0..kinds).map(|_| (chance.pick(&Fault::ALL), Rate::Wild(chance.pick(&OFTEN)))).collect();
    // Numbers of its own, or each act would begin with what the one before began with.
    let draws = Draws::new(Hash::EMPTY.and(seed).and(act).finish());
    let rate = |fault| rates.iter().find(|(kind, _)| *kind == fault).map_or(Rate::Never, |(_, rate)| *rate);
    (!rates.is_empty()).then(|| Mix::of(draws, rate))
}
