//! What goes wrong by the clock: to the process, to its house, to the sources.

use highwater_core::time::Duration;

use super::due::Due;
use super::{Phase, World};
use crate::carrier::Carrier;
use crate::draw::Site;
use crate::faults::Fault;
use crate::network::Connection;
use crate::oracle::Violation;
use crate::plan;
use crate::server::{TROUBLES, can_befall};
use crate::truth::Filter;

/// What befalls the process and its house.
const LOCAL: [Fault; 8] = [
    Fault::Crash,
    Fault::Eviction,
    Fault::OperatorStop,
    Fault::Suspend,
    Fault::HostStall,
    Fault::WallStep,
    Fault::Fence,
    Fault::SinkOutage,
];

/// The wall clock is set by so much at most.
const WALL_STEP_MAX: u64 = 300_000_000;

/// The kind of trouble at a place of the list, and whose it is if it is a source's.
fn trouble_at(index: usize) -> (Fault, Option<usize>) {
    match index.checked_sub(LOCAL.len()) {
        None => (LOCAL[index], None),
        Some(rest) => (TROUBLES[rest % TROUBLES.len()], Some(rest / TROUBLES.len())),
    }
}

impl<C: Carrier> World<C> {
    pub(super) fn schedule_troubles(&mut self) {
        let count = LOCAL.len() + TROUBLES.len() * self.sources.len();
        for index in 0..count {
            let (fault, source) = trouble_at(index);
            let stream = self.faults.clockwork(fault, source.map_or(0, |source| source as u64 + 1));
            self.clockwork.push(stream);
            self.schedule(index as u16);
        }
    }

    fn schedule(&mut self, index: u16) {
        let (fault, source) = trouble_at(usize::from(index));
        let rate = self.faults.rate(fault);
        let can_be = source.is_none_or(|source| can_befall(fault, self.sources[source].wire));
        if rate > 0 && can_be {
            let wait = Duration::from_micros(self.clockwork[usize::from(index)].wait(rate));
            self.agenda.put(self.now + wait, Due::Trouble(index));
        }
    }

    pub(super) fn trouble(&mut self, index: u16) {
        let (fault, source) = trouble_at(usize::from(index));
        if self.faults.rate(fault) == 0 {
            return;
        }
        self.schedule(index);
        if source.is_none() && self.host.life().is_none() {
            return;
        }
        self.faults.fire(fault);
        self.trace.fault(self.now, fault, source);
        match source {
            Some(source) => self.trouble_source(source, fault),
            None => self.trouble_host(fault),
        }
    }

    fn trouble_source(&mut self, source: usize, fault: Fault) {
        let breaks = self.sources[source].befall(fault, &mut self.truth, self.now);
        self.account_losses();
        let is_here = |current: &&mut Connection| current.call.source == source && current.is_open();
        let Some(current) = self.network.current().filter(is_here) else { return };
        let number = current.number;
        if breaks {
            current.severed_at = self.now;
            self.agenda.put(self.now, Due::Break(number));
        } else {
            self.expect_arrival(number);
        }
    }

    fn trouble_host(&mut self, fault: Fault) {
        match fault {
            Fault::Crash => {
                self.end_life();
                let at = self.after(Duration::from_millis(10), Duration::from_secs(5));
                self.agenda.put(at, Due::Start);
            }
            Fault::Eviction => {
                self.end_life();
                let at = self.after(Duration::from_secs(10), Duration::from_secs(600));
                self.agenda.put(at, Due::Start);
            }
            Fault::OperatorStop => self.agenda.put(self.now, Due::StopAsked),
            Fault::Suspend => self.suspend(),
            Fault::HostStall => {
                let span = self.chance.span(Duration::from_millis(50), Duration::from_secs(15));
                self.host.hold(self.now, span, false);
            }
            Fault::WallStep => {
                let step = self.chance.between(1_000, WALL_STEP_MAX).cast_signed();
                let step = if self.chance.one_in(2) { step } else { -step };
                self.host.wall.step(step);
            }
            Fault::Fence => self.sink.raise_fence(),
            _ => {
                let until = self.after(Duration::from_secs(1), Duration::from_secs(60));
                self.sink.go_out(until);
            }
        }
    }

    /// The house sleeps. Its servers may hang up on it meanwhile, and it may hear of that or not.
    fn suspend(&mut self) {
        let span = self.chance.span(Duration::from_secs(1), Duration::from_secs(900));
        self.host.hold(self.now, span, true);
        let is_forgotten = self.chance.one_in(2);
        if let Some(current) = self.network.current().filter(|_| is_forgotten) {
            current.stage = crate::network::Stage::Silent;
        }
    }

    /// The process dies between two effects.
    pub(super) fn crash(&mut self) {
        self.end_life();
        let at = self.after(Duration::from_millis(10), Duration::from_secs(5));
        self.agenda.put(at, Due::Start);
    }

    /// The process is gone, with its connections, and with what it had not made durable.
    pub(super) fn end_life(&mut self) {
        self.trace.note(self.now, "the process ends");
        self.host.end();
        self.network.clear();
        self.sink.crash();
        self.replies.clear();
        self.ending = None;
        self.oracle.end_life();
    }

    /// A process starts, perhaps with another filter.
    pub(super) fn start(&mut self) -> Result<(), Violation> {
        if self.host.life().is_some() {
            return Ok(());
        }
        let life = u64::from(self.host.lives()) + 1;
        let mut stream = self.draws.stream(Site::Life, life);
        if life > 1 && stream.one_in(self.faults.rate(Fault::FilterChange)) {
            self.faults.fire(Fault::FilterChange);
            self.host.filter = match self.host.filter {
                Filter::First => Filter::Second,
                Filter::Second => Filter::First,
            };
        }
        let mut config = self.plan.config.clone();
        config.seed = stream.next();
        config.filter = plan::hash(self.host.filter);
        self.trace.note(self.now, "a process starts");
        self.oracle.begin_life(&config);
        self.host.start(config, self.now);
        let now = self.host.now(self.now);
        self.carry_out(now)
    }

    /// Nothing new goes wrong from now on, but for what the plan leaves broken.
    pub(super) fn heal(&mut self) {
        self.trace.note(self.now, "the world is healed");
        self.phase = Phase::Liveness;
        self.faults.heal();
        self.sink.heal();
        self.doubled.heal();
        self.midway.heal();
        self.control.heal();
        for (index, source) in self.sources.iter_mut().enumerate() {
            source.heal(self.now);
            source.is_lost = self.plan.lost == Some(index);
        }
        if let Some(current) = self.network.current() {
            current.fate.heal();
        }
        let lost = self.network.current().filter(|current| self.plan.lost == Some(current.call.source));
        if let Some(current) = lost {
            current.stage = crate::network::Stage::Silent;
        }
        self.host.release(self.now);
        if self.host.life().is_none() {
            self.agenda.put(self.now, Due::Start);
        }
        self.agenda.put(self.plan.weather.calms_at, Due::Look);
    }
}
