//! How many steps a second one core takes, and how many it would take if there were nothing but the machine.
//!
//! The limit is named by what it is: the very inputs of the same runs, handed in once more to new machines, without
//! a world to make them and without oracles to check what comes of them. Rounds are interleaved and the median
//! counts, so that whatever else the computer does falls on all alike.

use std::time::Duration;

use crate::carrier::{Carrier, Direct, Wired};
use crate::cpu;
use crate::generator::Made;
use crate::trace::Trace;
use crate::world::World;

/// What is to be measured.
#[derive(Clone, Copy, Debug)]
pub struct Bench {
    /// The first seed.
    pub from: u64,
    /// How many seeds are run with small payloads; one in 16 of them with bytes.
    pub seeds: u64,
    /// How often; the median counts.
    pub rounds: usize,
}

/// Steps a second of one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// How many steps a round of small payloads was.
    pub steps: u64,
    /// With the world and all oracles, small payloads.
    pub machine: u64,
    /// The same inputs, handed to machines alone.
    pub bare: u64,
    /// With the world and all oracles, and the bytes of the wires.
    pub wire: u64,
}

/// Bytes cost so much more that so many fewer seeds do.
const WIRE_ONE_IN: u64 = 16;

/// Steps, and what they cost.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    steps: u64,
    cost: Duration,
}

impl Tally {
    fn add(&mut self, steps: u64, cost: Duration) {
        self.steps += steps;
        self.cost += cost;
    }

    fn rate(self) -> u64 {
        cpu::rate(self.steps, self.cost)
    }
}

impl Bench {
    /// Measures on this thread. Seeds that fail are measured up to where they do.
    pub fn run(&self) -> Rates {
        let mut rounds: Vec<[Tally; 3]> = Vec::new();
        for _ in 0..self.rounds.max(1) {
            let (mut machine, mut bare, mut wire) = Default::default();
            for seed in self.from..self.from.saturating_add(self.seeds) {
                run(Direct, seed, &mut machine);
                run_again(Direct, seed, &mut bare);
                if seed.is_multiple_of(WIRE_ONE_IN) {
                    run(Wired::new(), seed, &mut wire);
                }
            }
            rounds.push([machine, bare, wire]);
        }
        let median = |which: usize| {
            let mut rates: Vec<u64> = rounds.iter().map(|round| round[which].rate()).collect();
            rates.sort_unstable();
            rates[rates.len() / 2]
        };
        let steps = rounds.first().map_or(0, |[machine, ..]| machine.steps);
        Rates { steps, machine: median(0), bare: median(1), wire: median(2) }
    }
}

fn run<C: Carrier>(carrier: C, seed: u64, tally: &mut Tally) {
    let began = cpu::spent();
    let mut world = world(carrier, seed);
    // What is found is not the question here.
    let _ = world.run();
    let steps = world.steps();
    drop(world);
    tally.add(steps, cpu::spent().saturating_sub(began));
}

fn run_again<C: Carrier>(carrier: C, seed: u64, tally: &mut Tally) {
    let mut world = world(carrier, seed);
    world.record();
    let _ = world.run();
    if let Some(tape) = world.into_tape() {
        let (steps, cost) = tape.replay();
        tally.add(steps, cost);
    }
}

fn world<C: Carrier>(carrier: C, seed: u64) -> World<C> {
    // The carrier says what is carried.
    World::made(carrier, Made::of_seed(seed), Trace::none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bare_machine_is_handed_the_same_steps() {
        let (mut machine, mut bare) = (Tally::default(), Tally::default());
        for seed in 0..5 {
            run(Direct, seed, &mut machine);
            run_again(Direct, seed, &mut bare);
            assert_eq!(machine.steps, bare.steps, "{seed}");
        }
    }
}
