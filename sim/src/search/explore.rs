//! Through all states, each looked at once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use highwater_core::Input;
use highwater_core::closure::Closure;
use highwater_core::effect::Effect;
use highwater_core::event::Item;
use highwater_core::number::{Epoch, Op};
use highwater_core::sink::{Appended, Unavailable};

use super::act::Act;
use super::arena::{Arena, Heir, Index};
use super::bounds::Mishap;
use super::heal::{self, caught};
use super::model::Model;
use super::offer::Offer;
use super::scene::Scene;
use super::story::{Broken, Counterexample};
use super::table::Table;
use super::twins::Twins;
use crate::carrier::Small;
use crate::cpu;
use crate::oracle::{Rule, Violation, must};

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Different states reached.
    pub states: u64,
    /// Acts done from them.
    pub transitions: u64,
    /// The longest path that was gone to one of them.
    pub depth: u32,
    /// The longest fair way to the end of the feed, in steps; there is one from each state.
    pub healing: u32,
    /// The steps of all fair ways: each of them is one of the transitions, and was done once.
    pub fair_steps: u64,
    /// States at the end of the feed, each with closed books.
    pub goals: u64,
    /// Different machines, each of which was told late news.
    pub machines: u64,
    /// Pairs of states that look the same, and were seen to do the same.
    pub twins: u64,
    /// How often something would have gone wrong once more, if the bounds had let it.
    pub cut_off: [u64; Mishap::ALL.len()],
    /// States not gone on from, as their path was too long.
    pub too_deep: u64,
    /// States that were not put down, as there were too many.
    pub too_many: u64,
    /// The most states that waited to be gone on from.
    pub queued: usize,
    /// How long it took.
    pub took: Duration,
    /// Processor time that it cost.
    pub cost: Duration,
    /// A shortest path to a broken rule.
    pub broken: Option<Counterexample>,
}

/// One pair of twins in so many is compared.
const TWINS_ONE_IN: u64 = 256;
/// So many transitions lie between two calls of whoever wants to know how far it is.
const TELL_EVERY: u64 = 1 << 16;

/// Goes through all states within the bounds; `progress` hears of states and transitions.
///
/// Depth first, since what was made last is still at hand: that is twice as fast. If a rule breaks, or paths may not be
/// longer than so much, it is breadth first, so that a path to each state is a shortest one.
pub fn search(model: &Model, mut progress: impl FnMut(u64, u64)) -> Findings {
    if model.bounds.depth == u32::MAX {
        let findings = search_in(model, Order::Depth, &mut progress);
        if findings.broken.is_none() {
            return findings;
        }
    }
    search_in(model, Order::Breadth, &mut progress)
}

fn search_in(model: &Model, order: Order, progress: &mut impl FnMut(u64, u64)) -> Findings {
    let (began, spent) = (Instant::now(), cpu::spent_by_thread());
    let mut search = Search::new(model, order);
    let broken = search.run(progress);
    let mut findings = search.findings;
    findings.machines = search.told_late.len() as u64;
    findings.twins = search.twins.compared;
    findings.states = search.arena.len() as u64;
    findings.broken = broken.err();
    if findings.broken.is_none() {
        let healed = heal::resolve(&search.arena);
        findings.healing = healed.longest;
        findings.fair_steps = healed.steps;
        findings.broken = healed.stuck.map(|stuck| Counterexample {
            path: search.arena.path(stuck),
            violation: Violation::of(Rule::O9Liveness, "a fair world goes in a circle, and not to the end"),
            broken: Broken::Healing,
        });
    }
    findings.took = began.elapsed();
    findings.cost = cpu::spent_by_thread().saturating_sub(spent);
    findings
}

/// Which of the states that wait is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// The one reached last.
    Depth,
    /// The one reached first.
    Breadth,
}

/// Which state it is.
#[derive(Clone, Copy)]
struct Spot {
    index: Index,
    depth: u32,
    /// The machine's fingerprint.
    print: u64,
}

/// A state to be gone on from.
struct Waiting {
    spot: Spot,
    scene: Box<Scene>,
}

struct Search<'a> {
    model: &'a Model,
    order: Order,
    arena: Arena,
    queue: VecDeque<Waiting>,
    /// Scenes that are over: a copy is made over one of them.
    #[allow(clippy::vec_box, reason = "a scene is large, and goes from hand to hand")]
    spare: Vec<Box<Scene>>,
    /// Fingerprints of the machines that late news was told to.
    told_late: Table,
    twins: Twins,
    offer: Offer,
    findings: Findings,
}

impl<'a> Search<'a> {
    fn new(model: &'a Model, order: Order) -> Self {
        let (mut arena, first) = (Arena::default(), model.first());
        // Nothing leads to the first state.
        let spot = Spot { index: 0, depth: 0, print: first.print() };
        let _ = arena.reach(first.key_with(spot.print), 0, Act::Start);
        Self {
            model,
            order,
            arena,
            queue: VecDeque::from([Waiting { spot, scene: Box::new(first) }]),
            spare: Vec::new(),
            told_late: Table::default(),
            twins: Twins::one_in(TWINS_ONE_IN),
            offer: Offer::default(),
            findings: Findings::default(),
        }
    }

    fn run(&mut self, progress: &mut impl FnMut(u64, u64)) -> Result<(), Counterexample> {
        let mut told = 0;
        while let Some(Waiting { spot, mut scene }) = self.pop() {
            self.findings.depth = self.findings.depth.max(spot.depth);
            self.look(spot, &mut scene)?;
            if spot.depth < self.model.bounds.depth {
                self.go_on(spot, scene)?;
            } else {
                self.findings.too_deep += 1;
                self.heal(spot.index, *scene)?;
            }
            if self.findings.transitions >= told + TELL_EVERY {
                told = self.findings.transitions;
                progress(self.arena.len() as u64, told);
            }
        }
        Ok(())
    }

    fn pop(&mut self) -> Option<Waiting> {
        match self.order {
            Order::Depth => self.queue.pop_back(),
            Order::Breadth => self.queue.pop_front(),
        }
    }

    /// What must hold in this state, whatever comes.
    fn look(&mut self, Spot { index, print, .. }: Spot, scene: &mut Scene) -> Result<(), Counterexample> {
        // What late news does is the machine's affair alone, and no two that look the same do otherwise.
        let known = self.told_late.len();
        self.told_late.enter(print, index);
        let is_new = known < self.told_late.len();
        let broken = |violation| self.broken(index, &[], violation, Broken::AtOnce);
        if is_new {
            caught(|| check_late(scene, print)).map_err(broken)?;
        }
        if self.model.is_goal(scene) {
            self.model.check_goal(scene).map_err(broken)?;
            self.findings.goals += 1;
            self.arena.inherit(index, Heir::Goal);
        }
        Ok(())
    }

    /// Does all that can happen next.
    fn go_on(&mut self, spot: Spot, scene: Box<Scene>) -> Result<(), Counterexample> {
        let mut offer = core::mem::take(&mut self.offer);
        self.model.offer(&scene, &mut offer);
        for mishap in offer.cut_off() {
            self.findings.cut_off[mishap] += 1;
        }
        let mut scene = Some(scene);
        for (number, &act) in offer.acts().iter().enumerate() {
            let is_last = number + 1 == offer.acts().len();
            let next = if is_last { scene.take() } else { scene.as_deref().map(|scene| self.copy(scene)) };
            let Some(next) = next else { break };
            let heir = self.next(spot, next, act)?;
            // The first is the fair one.
            if number == 0 && self.arena.heirs()[spot.index as usize] == Heir::Unknown {
                self.arena.inherit(spot.index, heir);
            }
        }
        self.offer = offer;
        Ok(())
    }

    fn copy(&mut self, scene: &Scene) -> Box<Scene> {
        let Some(mut spare) = self.spare.pop() else { return Box::new(scene.clone()) };
        (*spare).clone_from(scene);
        spare
    }

    /// Does one thing, and puts down where it leads to.
    fn next(&mut self, spot: Spot, mut scene: Box<Scene>, act: Act) -> Result<Heir, Counterexample> {
        let from = spot.index;
        self.findings.transitions += 1;
        caught(|| self.model.perform(&mut scene, act))
            .map_err(|violation| self.broken(from, &[act], violation, Broken::AtOnce))?;
        let print = if act.is_unnoticed() { spot.print } else { scene.print() };
        let key = scene.key_with(print);
        if self.model.bounds.states as usize <= self.arena.len() {
            return match self.arena.find(key) {
                Some(known) => Ok(Heir::State(known, 1)),
                None => self.leave(from, act, *scene),
            };
        }
        match self.arena.reach(key, from, act) {
            Ok(index) => {
                self.twins.keep(key, &scene);
                self.queue.push_back(Waiting { spot: Spot { index, depth: spot.depth + 1, print }, scene });
                self.findings.queued = self.findings.queued.max(self.queue.len());
                Ok(Heir::State(index, 1))
            }
            Err(known) => {
                self.twins
                    .compare(key, &scene, self.model)
                    .map_err(|violation| self.broken(from, &[act], violation, Broken::AtOnce))?;
                self.spare.push(scene);
                Ok(Heir::State(known, 1))
            }
        }
    }

    /// A state too many: where a fair world goes from it is seen all the same.
    fn leave(&mut self, from: Index, act: Act, scene: Scene) -> Result<Heir, Counterexample> {
        self.findings.too_many += 1;
        match self.model.run_fair(scene, &self.arena) {
            Ok(Heir::State(index, steps)) => Ok(Heir::State(index, steps + 1)),
            Ok(heir) => Ok(heir),
            Err((fair, violation)) => {
                let acts = [&[act], fair.as_slice()].concat();
                Err(self.broken(from, &acts, violation, Broken::Healing))
            }
        }
    }

    /// A state too deep: the same.
    fn heal(&mut self, index: Index, scene: Scene) -> Result<(), Counterexample> {
        if self.arena.heirs()[index as usize] != Heir::Unknown {
            return Ok(());
        }
        let heir = self
            .model
            .run_fair(scene, &self.arena)
            .map_err(|(fair, violation)| self.broken(index, &fair, violation, Broken::Healing))?;
        self.arena.inherit(index, heir);
        Ok(())
    }

    fn broken(&self, from: Index, acts: &[Act], violation: Violation, broken: Broken) -> Counterexample {
        let path = [&self.arena.path(from), acts].concat();
        Counterexample { path, violation, broken }
    }
}

/// O6: news of connections and questions that are over changes nothing.
fn check_late(scene: &mut Scene, print: u64) -> Result<(), Violation> {
    let (now, line, asked) = (scene.now, scene.line.epoch(), scene.asked.op());
    let Some(machine) = &mut scene.machine else { return Ok(()) };
    let next = machine.next_timeout();
    let epoch = line.map_or(Epoch(u64::MAX), |epoch| Epoch(epoch.0 - 1));
    let op = asked.map_or(Op(u64::MAX), |op| Op(op.0 - 1));
    let late: [Input<Small>; 7] = [
        Input::Opened { epoch },
        Input::Heard { epoch, pong: true },
        Input::Received { epoch, items: vec![Item::Info] },
        Input::Closed { epoch, closure: Closure::Retry { after: None } },
        Input::Appended { op, appended: Appended::Stored { stored: 1, duplicates: 0 } },
        Input::Flushed { op, flushed: Ok(()) },
        Input::Loaded { op, loaded: Err(Unavailable) },
    ];
    for input in late {
        machine.handle(now, input);
        while let Some(effect) = machine.poll_effect() {
            must(matches!(effect, Effect::Ignored(_)), Rule::O6LateNews, || {
                format!("late news has an effect: {effect}")
            })?;
        }
    }
    let is_same = machine.next_timeout() == next && machine.fingerprint(now) == print;
    must(is_same, Rule::O6LateNews, || "late news changes the machine".to_owned())
}
