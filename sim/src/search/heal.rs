//! From each state the world is fair from there on: does the machine get to the end of the feed, with nothing missing?

use std::panic::{AssertUnwindSafe, catch_unwind};

use highwater_core::Phase;

use super::act::Act;
use super::arena::{Arena, Heir, Index};
use super::model::Model;
use super::rules;
use super::scene::{Asked, Scene};
use crate::oracle::{Rule, Violation};

/// No fair way is longer.
const STEPS_MAX: u32 = 2_000;

/// What became of all the fair ways.
pub(super) struct Healed {
    /// The longest, in steps.
    pub(super) longest: u32,
    /// All of them, in steps.
    pub(super) steps: u64,
    /// The first state that has none, if there is one.
    pub(super) stuck: Option<Index>,
}

impl Model {
    /// Whether all is told, and all that was told is where it belongs.
    pub(super) fn is_goal(&self, scene: &Scene) -> bool {
        let is_at_end = scene.line.open().is_some_and(|open| {
            open.next == self.bounds.events && !open.is_silent && !open.is_outdated && !open.is_paused
        });
        // Asked last, as it costs most.
        let is_settled = || {
            scene.machine.as_ref().is_some_and(|machine| {
                let status = machine.status();
                status.phase == Phase::Streaming && status.waiting_bytes == 0 && status.sink_failures == 0
            })
        };
        let is_quiet = matches!(scene.asked, Asked::Nothing) && scene.ledger.waiting.all().is_empty();
        is_at_end && is_quiet && is_settled()
    }

    /// What must be so at the end of the feed.
    pub(super) fn check_goal(&self, scene: &Scene) -> Result<(), Violation> {
        rules::close_the_books(scene, self.bounds.feed())
    }

    /// Goes on from a state that the search does not go on from, until one that it does. `Err` with the acts to the
    /// broken rule.
    pub(super) fn run_fair(&self, mut scene: Scene, arena: &Arena) -> Result<Heir, (Vec<Act>, Violation)> {
        let mut path = Vec::new();
        for step in 1..=STEPS_MAX {
            let act = self.fair(&scene);
            path.push(act);
            if let Err(violation) = caught(|| self.perform(&mut scene, act)) {
                return Err((path, violation));
            }
            if let Some(index) = arena.find(scene.key()) {
                return Ok(Heir::State(index, step));
            }
            if self.is_goal(&scene) {
                return self.check_goal(&scene).map(|()| Heir::Goal).map_err(|violation| (path, violation));
            }
        }
        Err((path, Violation::of(Rule::O9Liveness, format!("not at the end after {STEPS_MAX} fair steps"))))
    }
}

/// A panic of the machine is a finding.
pub(super) fn caught(act: impl FnOnce() -> Result<(), Violation>) -> Result<(), Violation> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
        Err(Violation::of(Rule::World, format!("a panic: {said}")))
    })
}

/// Follows every fair way to its end.
pub(super) fn resolve(arena: &Arena) -> Healed {
    /// Being followed just now.
    const OPEN: u32 = u32::MAX;
    const UNSEEN: u32 = u32::MAX - 1;
    let heirs = arena.heirs();
    let mut far = vec![UNSEEN; heirs.len()];
    let mut healed = Healed { longest: 0, steps: 0, stuck: None };
    let mut way = Vec::new();
    for start in 0..heirs.len() {
        let mut at = start;
        let mut distance = loop {
            match (far[at], heirs[at]) {
                (OPEN, _) | (UNSEEN, Heir::Unknown) => {
                    healed.stuck = Some(start as Index);
                    return healed;
                }
                (UNSEEN, Heir::Goal) => {
                    far[at] = 0;
                    break 0;
                }
                (UNSEEN, Heir::State(next, steps)) => {
                    far[at] = OPEN;
                    way.push((at, steps));
                    at = next as usize;
                }
                (known, _) => break known,
            }
        };
        while let Some((state, steps)) = way.pop() {
            distance += steps;
            far[state] = distance;
        }
        healed.longest = healed.longest.max(distance);
        healed.steps += u64::from(distance);
    }
    healed
}
