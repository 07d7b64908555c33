//! What goes wrong by the clock: to the process, to its house, to the sources.

use highwater_core::serve::Wire;
use highwater_core::time::{Duration, Instant};

use super::due::Due;
use super::{Phase, World};
use crate::carrier::Carrier;
use crate::coverage::Kind;
use crate::draw::Site;
use crate::faults::{Fault, Measure, Record};
use crate::network::{Connection, Stage};
use crate::oracle::Violation;
use crate::server::{TROUBLES, can_befall};
use crate::shape;
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

/// All that goes wrong by the clock where these are the sources; and whose it is, if it is a source's.
pub(super) fn troubles(sources: &[(Wire, Duration)]) -> impl Iterator<Item = (Fault, Option<usize>)> {
    let of_source = |(index, &(wire, _)): (usize, &(Wire, Duration))| {
        let kinds = TROUBLES.into_iter().filter(move |&fault| can_befall(fault, wire));
        kinds.map(move |fault| (fault, Some(index)))
    };
    LOCAL.into_iter().map(|fault| (fault, None)).chain(sources.iter().enumerate().flat_map(of_source))
}

impl<C: Carrier> World<C> {
    /// What comes next by the clock happens.
    pub(super) fn trouble(&mut self) -> Result<(), Violation> {
        let Some((record, source)) = self.clockwork.take() else { return Ok(()) };
        self.move_on(Instant::from_micros(record.moment()).max(self.now))?;
        match source {
            Some(source) => {
                self.faults.note(self.now, record);
                self.trouble_source(source, record);
            }
            None if self.host.life().is_some() => {
                self.faults.note(self.now, record);
                self.trouble_host(record);
            }
            None => {}
        }
        Ok(())
    }

    fn trouble_source(&mut self, source: usize, record: Record) {
        let breaks = self.sources[source].befall(record, &mut self.truth, self.now);
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

    fn trouble_host(&mut self, record: Record) {
        match record.fault {
            Fault::OperatorStop => self.agenda.put(self.now, Due::StopAsked),
            Fault::Suspend => self.suspend(record),
            Fault::HostStall => self.host.hold(self.now, record.span(Measure::For), false),
            Fault::WallStep => self.host.wall.step(record.step(Measure::Step)),
            Fault::Fence => self.sink.raise_fence(),
            Fault::SinkOutage => self.sink.go_out(self.now + record.span(Measure::For)),
            _ => self.crash(record),
        }
    }

    /// The house sleeps. Its servers may hang up on it meanwhile, and it may hear of that or not.
    fn suspend(&mut self, record: Record) {
        self.host.hold(self.now, record.span(Measure::For), true);
        let is_forgotten = record.is(Measure::Forgets);
        if let Some(current) = self.network.current().filter(|_| is_forgotten) {
            current.stage = Stage::Silent;
        }
    }

    /// The process dies, and is started again after a while.
    pub(super) fn crash(&mut self, record: Record) {
        let lands = record.is(Measure::Lands);
        self.end_life(lands.then_some(record.entity + record.moment()), record.fault.name());
        self.agenda.put(self.now + record.span(Measure::For), Due::Start);
    }

    /// The process is gone, with its connections, and with what it had not made durable.
    /// If what the sink had in hand lands, the number says how much of it.
    pub(super) fn end_life(&mut self, lands: Option<u64>, how: &str) {
        self.trace.turn(self.now, self.faults.fired());
        self.trace.end(self.now, how);
        self.host.end();
        self.recorder.died(self.now);
        self.network.clear();
        self.sink.end_life(lands);
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
        let change = self.faults.omens(Site::Succession, life).strikes(Fault::FilterChange);
        if let Some(change) = change.filter(|_| life > 1) {
            self.faults.note(self.now, change);
            self.host.filter = match self.host.filter {
                Filter::First => Filter::Second,
                Filter::Second => Filter::First,
            };
        }
        let mut config = self.shape.config.clone();
        let known = self.score.as_ref().and_then(|score| score.lives.get(self.host.lives() as usize));
        config.seed = known.map_or_else(|| self.draws.stream(Site::Life, life).next(), |known| known.seed);
        config.filter = shape::hash(self.host.filter);
        let began = self.host.first(self.now);
        self.trace.begin(self.now, &config, began);
        self.oracle.begin_life(&config, began);
        self.host.start(config, self.now);
        self.carry_out(began, Kind::Reborn)
    }

    /// From now on other things may go wrong, and what may have gone wrong before does not.
    pub(super) fn turn(&mut self, which: usize) {
        if self.faults.are_healed() {
            return;
        }
        self.faults.turn(self.mixes[which].take());
        let faults = &self.faults;
        self.clockwork.turn(self.now, faults);
        self.doubled.turn(self.news + 1, faults);
        self.midway.turn(self.effects + 1, faults);
        self.control.turn(self.reads + 1, faults);
        self.sink.turn(faults);
        self.truth.turn(faults);
    }

    /// Nothing new goes wrong from now on, but for what the plan leaves broken.
    pub(super) fn heal(&mut self) {
        self.trace.note(self.now, "the world is healed");
        self.phase = Phase::Liveness;
        self.faults.heal();
        self.sink.heal();
        self.doubled.heal();
        self.midway.heal();
        self.clockwork.heal();
        self.control.heal();
        for (index, source) in self.sources.iter_mut().enumerate() {
            source.heal(self.now);
            source.is_lost = self.shape.lost == Some(index);
        }
        if let Some(current) = self.network.current() {
            current.fate.heal();
            current.course.forget();
            let number = current.number;
            if self.score.is_some() {
                self.expect_arrival(number);
            }
        }
        let lost = self.network.current().filter(|current| self.shape.lost == Some(current.call.source));
        if let Some(current) = lost {
            current.stage = Stage::Silent;
        }
        if let Some(until) = self.host.release(self.now) {
            // What had come meanwhile waits no longer for a process that is awake.
            self.agenda.hasten(until, self.now, Due::is_local);
        }
        if self.host.life().is_none() {
            self.agenda.put(self.now, Due::Start);
        }
        self.healed_at = self.now;
        self.agenda.put(self.now, Due::Glance);
        self.agenda.put(self.shape.weather.calms_at, Due::Look);
        let toil = self.truth.toil(self.shape.sink_takes) * (2 * self.sources.len() as u64);
        self.shape.weather.ends_at = self.shape.weather.ends_at + toil;
        self.truth.end_at(self.shape.weather.ends_at);
        self.agenda.put(self.shape.weather.ends_at, Due::Deadline);
    }
}
