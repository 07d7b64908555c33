//! Worlds whose sink has a bug, and seeds that once took too long.

use super::*;
use crate::carrier::Direct;

/// Runs a world whose sink has a bug, asking for chance at a new place now and then, or not. What it ended with.
fn run(mut world: World<Direct>, asks: bool) -> (Option<Violation>, u64) {
    world.sabotage();
    let mut end = None;
    while end.is_none() && world.phase != Phase::Over {
        if asks && world.steps.is_multiple_of(16) {
            world.draws.stream(Site::New, world.steps).next();
        }
        end = world.step().err();
    }
    (end, world.oracle.hash())
}

#[test]
fn nobody_is_held_up_in_a_healed_world() {
    // What had come for a process that slept waited for the end of a sleep that healing had cut short: for up to a
    // quarter of an hour, in which an awake machine was told nothing.
    for seed in [1_241, 1_305, 1_340] {
        let made = Made::of_seed(seed);
        let mut world = World::made(Direct, made, Trace::none());
        assert_eq!(world.run(), Ok(()), "{seed}");
        let after = world.caught_up().map(|caught_up| caught_up.after);
        assert!(after.is_some_and(|after| after < Duration::from_secs(60)), "{seed}: {after:?}");
    }
}

#[test]
fn failing_seeds_survive_a_place_where_chance_was_not_asked_for_before() {
    let made = |seed| Made::of_seed(seed);
    let world = |seed| World::made(Direct, made(seed), Trace::none());
    let failing = (0..).map(|seed| (seed, run(world(seed), false))).filter(|(_, (end, _))| end.is_some());
    for (seed, ended) in failing.take(200) {
        assert_eq!(run(world(seed), true), ended, "{seed}");
    }
}
