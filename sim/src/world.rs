//! The world: one thread, one agenda, one machine. The earliest thing happens, and everything is checked after it.
//!
//! ```text
//! truth ─hears─▶ server ─connection─▶ host { the production machine } ─job─▶ sink ─▶ disk
//!                  ▲        ▲               ▲         │ every input, every effect     ▲
//!                  └────────┴── troubles ───┴─────────┼───────────────────────────────┘
//!                                                     ▼
//!                                                  oracle
//! ```
//! First everything may go wrong (safety), then all or part of it is healed and the machine must catch up
//! (liveness), then it is stopped and the books are closed.

mod changed;
mod due;
mod ending;
mod hand;
mod sinking;
#[cfg(test)]
mod tests;
mod transport;
mod troubles;
mod waiting;

use std::sync::Arc;

use highwater_core::Input;
use highwater_core::effect::Outcome;
use highwater_core::time::{Duration, Instant};

use crate::agenda::Agenda;
use crate::carrier::Carrier;
use crate::coverage::{Coverage, Recorder};
use crate::draw::{Draws, Site, Stream};
use crate::faults::{Clockwork, Fault, Faults, Firing, Mix, Rare};
use crate::generator::Made;
use crate::healing::{CaughtUp, Waits};
use crate::host::Host;
use crate::network::Network;
use crate::oracle::{Oracle, Violation};
use crate::plan::Plan;
use crate::reference::Reference;
use crate::score::{Follow, Score, Takes};
use crate::server::Source;
use crate::shape::Shape;
use crate::sink::{Guest, Store, Worker};
use crate::tape::Tape;
use crate::trace::Trace;
use crate::truth::Truth;
use changed::Changed;
use due::Due;
use troubles::troubles;

/// How far the run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Everything may go wrong.
    Safety,
    /// Nothing new goes wrong; the machine must catch up.
    Liveness,
    /// It has caught up and was asked to stop.
    Stopping,
    /// It stopped.
    Over,
}

/// The world.
#[derive(Debug)]
pub(crate) struct World<C: Carrier> {
    carrier: C,
    shape: Shape,
    draws: Draws,
    now: Instant,
    phase: Phase,
    agenda: Agenda<Due>,
    faults: Faults,
    truth: Truth,
    sources: Vec<Source>,
    network: Network,
    sink: Worker<C::Payload>,
    replies: Vec<Input<C::Payload>>,
    host: Host<C::Payload>,
    chance: Stream,
    clockwork: Clockwork,
    /// What may go wrong from the moments on that are on the agenda.
    mixes: Vec<Option<Mix>>,
    doubled: Rare,
    midway: Rare,
    control: Rare,
    /// Pieces of news that may come twice, effects, and reads: what those three befall, counted.
    news: u64,
    effects: u64,
    reads: u64,
    oracle: Oracle<C::Payload>,
    recorder: Recorder,
    reference: Reference,
    /// The machine's, after the last step.
    phase_of_machine: highwater_core::Phase,
    trace: Trace,
    /// The recorded run that it begins like, and who follows it, if anybody does.
    score: Option<Arc<Score>>,
    follow: Option<Box<Follow>>,
    /// What was missing though all seemed to be there, when was last looked.
    missing: Option<Violation>,
    /// When was last looked whether the machine has caught up.
    until: Instant,
    /// When the world was healed.
    healed_at: Instant,
    /// How long after that the machine had caught up, and what it waited for until then.
    caught_up: Option<Duration>,
    waits: Waits,
    changed: Changed,
    /// The machine said that it has ended, and how.
    ending: Option<Outcome>,
    outcomes: Vec<Outcome>,
    steps: u64,
    /// Things that happened, and those since time last moved on.
    turns: u64,
    turns_now: u32,
}

/// If so much happens in one moment of the world, somebody is not getting anywhere.
const TURNS_PER_MOMENT_MAX: u32 = 20_000;
/// A run is a thousand times shorter than this, so it has no end.
const TURNS_MAX: u64 = 20_000_000;

impl<C: Carrier> World<C> {
    /// The world of a run that is ready to begin.
    pub(crate) fn made(carrier: C, made: Made, trace: Trace) -> Self {
        let Made { seed, shape, certain, mix, turns } = made;
        let faults = Faults::of(&certain, mix);
        let mut world = Self::of(carrier, Draws::new(seed), shape, faults, None, trace);
        for (at, mix) in turns {
            world.agenda.put(at, Due::Turn(world.mixes.len()));
            world.mixes.push(mix);
        }
        world
    }

    /// The world of a plan.
    pub(crate) fn planned(carrier: C, plan: &Plan, trace: Trace) -> Self {
        let (shape, faults) = (plan.shape.clone(), Faults::of(&plan.faults, None));
        Self::of(carrier, plan.draws(), shape, faults, plan.score.clone(), trace)
    }

    fn of(
        carrier: C,
        draws: Draws,
        shape: Shape,
        faults: Faults,
        score: Option<Arc<Score>>,
        trace: Trace,
    ) -> Self {
        let sources = shape.sources.iter().enumerate().map(|(index, &(wire, retention))| {
            let mut source = Source::new(wire, retention, draws.stream(Site::Source, index as u64));
            source.is_fatal = shape.fatal == Some(index);
            if score.is_some() {
                source.follow(index);
            }
            source
        });
        let found = score.as_ref().and_then(|score| carrier.found(score));
        let kept = Store::new(shape.is_atomic, found);
        let takes = Takes::new(shape.sink_takes, score.clone());
        let sink = Worker::new(kept, takes, draws, &faults);
        let reference = Reference::over(sink.disk());
        let mut world = Self {
            now: Instant::ZERO,
            phase: Phase::Safety,
            agenda: Agenda::new(),
            truth: Truth::new(draws, &faults, shape.weather, score.clone()),
            sources: sources.collect(),
            network: Network::new(draws, score.clone()),
            sink,
            replies: Vec::new(),
            host: Host::new(shape.clock),
            chance: draws.stream(Site::Host, 0),
            clockwork: faults.clockwork(troubles(&shape.sources)),
            mixes: Vec::new(),
            doubled: faults.rare(Fault::DoubledNews),
            midway: faults.rare(Fault::CrashMidway),
            control: faults.rare(Fault::ControlFrame),
            news: 0,
            effects: 0,
            reads: 0,
            oracle: Oracle::new(),
            recorder: Recorder::new(),
            reference,
            phase_of_machine: highwater_core::Phase::Loading,
            trace,
            score,
            follow: None,
            missing: None,
            until: Instant::ZERO,
            healed_at: Instant::ZERO,
            caught_up: None,
            waits: Waits::default(),
            changed: Changed::default(),
            ending: None,
            outcomes: Vec::new(),
            steps: 0,
            turns: 0,
            turns_now: 0,
            carrier,
            shape,
            draws,
            faults,
        };
        world.agenda.put(Instant::ZERO, Due::Start);
        world.agenda.put(world.shape.weather.heals_at, Due::Heal);
        world
    }

    /// Runs to the end, or to the first thing that must not be.
    pub(crate) fn run(&mut self) -> Result<(), Violation> {
        while self.phase != Phase::Over {
            self.step()?;
            self.hear_sink()?;
        }
        Ok(())
    }

    /// From now on this sink is used.
    pub(crate) fn invite(&mut self, guest: Box<dyn Guest<C::Payload>>) {
        self.sink.invite(guest);
    }

    /// Lets the earliest thing happen.
    fn step(&mut self) -> Result<(), Violation> {
        let due = self.agenda.next_at().unwrap_or(self.shape.weather.ends_at);
        let late = |at| self.score.as_ref().map_or(at, |score| score.wake(at));
        let wake = self.host.wakes_at().map(|at| late(at).max(self.now));
        if self.clockwork.next_at() <= wake.map_or(due, |wake| wake.min(due)) {
            return self.trouble();
        }
        let is_wake = match wake {
            Some(wake) if self.shape.is_deadline_first => wake <= due,
            Some(wake) => wake < due,
            None => false,
        };
        if let Some(wake) = wake.filter(|_| is_wake) {
            self.move_on(wake)?;
            return self.hand(Input::Timeout);
        }
        let Some((at, what)) = self.agenda.take() else {
            return Err(Violation::of_world("nothing is to come, and the run is not over"));
        };
        self.move_on(at.max(self.now))?;
        if let Some(until) = self.host.held_until(self.now).filter(|_| what.is_local()) {
            self.agenda.put(until, what);
            return Ok(());
        }
        self.happen(what)
    }

    fn move_on(&mut self, at: Instant) -> Result<(), Violation> {
        self.turns += 1;
        self.account_wait(at);
        self.turns_now = if self.now < at { 0 } else { self.turns_now + 1 };
        self.now = at;
        self.host.move_on(at);
        if TURNS_PER_MOMENT_MAX < self.turns_now || TURNS_MAX < self.turns {
            return Err(Violation::of_world("there is always something more to do, and no end to it"));
        }
        Ok(())
    }

    fn happen(&mut self, what: Due) -> Result<(), Violation> {
        match what {
            Due::Start => return self.start(),
            Due::Greeting(number) => return self.greet(number),
            Due::Arrival { number, token } => return self.arrive(number, token),
            Due::Mishap { number, mishap } => return self.befall(number, mishap),
            Due::Break(number) => return self.break_off(number),
            Due::StopAsked => return self.ask_to_stop(),
            Due::ServerPing(number) => return self.server_pings(number),
            Due::Pong(number) => return self.pong(number),
            Due::PatienceOver { number, pauses } => return self.lose_patience(number, pauses),
            Due::SinkLands(life) => return self.land(life),
            Due::SinkReplies(life) => return self.reply(life),
            Due::Look => return self.look(),
            Due::Glance => self.glance(),
            Due::Deadline => return self.deadline(),
            Due::SinkStraggles(life) => self.straggle(life),
            Due::Turn(which) => self.turn(which),
            Due::Heal => self.heal(),
        }
        Ok(())
    }

    fn after(&mut self, low: Duration, high: Duration) -> Instant {
        self.now + self.chance.span(low, high)
    }

    /// How many inputs the machines were handed.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// The world's clock.
    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// What went wrong, in that order.
    pub(crate) fn fired(&self) -> Vec<Firing> {
        let mut fired = [self.faults.fired(), self.truth.fired()].concat();
        fired.sort_by_key(|firing| firing.at);
        fired
    }

    /// What the oracle saw.
    pub(crate) fn oracle(&self) -> &Oracle<C::Payload> {
        &self.oracle
    }

    /// Where the machines have been, in a run in which this went wrong.
    pub(crate) fn coverage(&self, fired: &[Firing]) -> Coverage {
        self.recorder.close(fired)
    }

    /// How the machine caught up once the world was healed.
    pub(crate) fn caught_up(&self) -> Option<CaughtUp> {
        let (is_partial, wait) = (self.shape.lost.is_some(), self.waits.longest());
        self.caught_up.map(|after| CaughtUp { after, is_partial, wait })
    }

    /// How the machines ended that ended by their own account.
    pub(crate) fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// From now on it is followed how far it goes as a recorded run did.
    pub(crate) fn follow_with(&mut self, follow: Follow) {
        self.follow = Some(Box::new(follow));
    }

    /// Who followed it.
    pub(crate) fn take_follower(&mut self) -> Option<Follow> {
        self.follow.take().map(|follow| *follow)
    }

    /// From now on it is kept what machines are handed.
    pub(crate) fn record(&mut self) {
        self.host.record();
    }

    /// What the machines were handed since.
    pub(crate) fn into_tape(self) -> Option<Tape<C::Payload>> {
        self.host.into_tape()
    }

    /// Plants a bug in the sink, for tests of those who look for bugs.
    #[cfg(test)]
    pub(crate) fn sabotage(&mut self) {
        self.sink.sabotage();
    }

    /// What was written down.
    pub(crate) fn into_trace(mut self, verdict: &str) -> Trace {
        self.trace.close(verdict);
        self.trace
    }
}
