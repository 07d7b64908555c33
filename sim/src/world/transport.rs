//! How connections open, carry and end.

use highwater_core::Input;
use highwater_core::closure::Closure;
use highwater_core::cursor::Place;
use highwater_core::effect::OpenOptions;
use highwater_core::number::Epoch;
use highwater_core::scope::SourceId;
use highwater_core::time::Duration;

use super::World;
use super::due::Due;
use crate::carrier::Carrier;
use crate::faults::{Fault, Measure, Record};
use crate::network::{CLOCK_TRUST, Call, Greeting, Stage};
use crate::oracle::Violation;
use crate::server::{Answer, Oddities};
use crate::truth::Filter;

/// Both servers ping so often.
const SERVER_PING: Duration = highwater_core::serve::PING_INTERVAL;

impl<C: Carrier> World<C> {
    pub(super) fn dial(&mut self, epoch: Epoch, source: SourceId, place: Place, options: OpenOptions) {
        let filter = self.host.life().map_or(Filter::First, |life| life.filter);
        let index = usize::from(source.0);
        let wire = self.sources[index].wire;
        let place = self.carrier.ask(wire, filter, place, options);
        let call = Call { epoch, source: index, wire, place, options, filter };
        let connection = self.network.dial(call, &self.faults);
        if let Some(refusal) = connection.fate.refusal {
            self.faults.note(self.now, refusal);
        }
        if connection.fate.greeting() != Greeting::Silence {
            let at = self.now + connection.fate.greeting_after;
            self.agenda.put(at, Due::Greeting(connection.number));
        }
    }

    /// A dial ends: the server is reached, or the news that it is not.
    pub(super) fn greet(&mut self, number: u32) -> Result<(), Violation> {
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        let epoch = connection.call.epoch;
        let closure = match connection.fate.greeting() {
            Greeting::Silence => return Ok(()),
            Greeting::Refused(closure) => closure,
            Greeting::Reached => {
                let source = &mut self.sources[connection.call.source];
                let [early, whole] = connection.fate.seating;
                let mut oddities = Oddities { early, whole, used: None };
                let place = connection.call.place;
                let answer = source.answer(&mut self.truth, self.now, place, &mut oddities);
                if let Some(used) = oddities.used {
                    self.faults.note(self.now, used);
                }
                match answer {
                    Answer::Silence => return Ok(()),
                    Answer::Refused(closure) => closure,
                    Answer::Accepted { instance, start } => {
                        connection.open(instance, &source.instances()[instance], start);
                        self.account_losses();
                        return self.opened(number, epoch);
                    }
                }
            }
        };
        self.account_losses();
        self.closed(number, closure)
    }

    fn opened(&mut self, number: u32, epoch: Epoch) -> Result<(), Violation> {
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        for mishap in connection.fate.mishaps.into_iter().flatten() {
            self.agenda.put(self.now + mishap.span(Measure::After), Due::Mishap { number, mishap });
        }
        let heard = connection.course.open(self.now).unwrap_or_else(|| vec![self.now + SERVER_PING]);
        for at in heard {
            self.agenda.put(at, Due::ServerPing(number));
        }
        self.expect_arrival(number);
        self.hand_transport(number, Input::Opened { epoch })
    }

    /// Schedules the next frames of a connection.
    pub(super) fn expect_arrival(&mut self, number: u32) {
        let Some(connection) = self.network.find(number) else { return };
        let instance = &self.sources[connection.call.source].instances()[connection.instance];
        if let Some(at) = connection.next_arrival(instance, &mut self.truth, self.now) {
            connection.token += 1;
            self.agenda.put(at, Due::Arrival { number, token: connection.token });
        }
    }

    /// Frames arrive.
    pub(super) fn arrive(&mut self, number: u32, token: u32) -> Result<(), Violation> {
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        if connection.token != token {
            return Ok(());
        }
        if connection.is_paused && !core::mem::take(&mut connection.is_one_on_the_way) {
            return Ok(());
        }
        if self.now < connection.stalled_until {
            self.expect_arrival(number);
            return Ok(());
        }
        self.read(number)?;
        self.expect_arrival(number);
        Ok(())
    }

    fn read(&mut self, number: u32) -> Result<(), Violation> {
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        let (epoch, index) = (connection.call.epoch, connection.call.source);
        self.sources[index].hear(&mut self.truth, self.now);
        let instance = &self.sources[index].instances()[connection.instance];
        let (here, there) = (self.host.now(self.now).wall, instance.knowledge(self.now).now);
        connection.is_clock_trusted = here.since(there).max(there.since(here)) < CLOCK_TRUST;
        let carrier = &self.carrier;
        let mut portion = connection.read(carrier, instance, &mut self.truth, &mut self.faults, self.now);
        if !portion.items.is_empty() {
            self.reads += 1;
            if let Some(record) = self.control.strikes(self.reads) {
                self.faults.note(self.now, record);
                portion.items.extend(carrier.control(connection.call.wire));
            }
            self.hand_transport(number, Input::Received { epoch, items: portion.items })?;
        }
        match portion.end {
            Some(closure) => self.closed(number, closure),
            None => Ok(()),
        }
    }

    /// The other side, or the network, ended a connection, and the process hears of it.
    pub(super) fn closed(&mut self, number: u32, closure: Closure) -> Result<(), Violation> {
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        let epoch = connection.call.epoch;
        if !self.network.is_current(number) {
            self.network.forget(number);
            return self.hand_late(Input::Closed { epoch, closure });
        }
        self.part();
        self.hand(Input::Closed { epoch, closure })
    }

    /// The machine's connection is over; something of it may still be heard.
    pub(super) fn part(&mut self) {
        let Some(number) = self.network.part() else { return };
        if let Some(late) = self.network.find(number).and_then(|ghost| ghost.fate.late) {
            self.faults.note(self.now, late);
        }
        self.expect_arrival(number);
    }

    /// News of a connection: in time if it is the machine's, else late.
    fn hand_transport(&mut self, number: u32, input: Input<C::Payload>) -> Result<(), Violation> {
        if self.network.is_current(number) {
            return self.hand(input);
        }
        if let Some(ghost) = self.network.find(number) {
            ghost.late -= 1;
            if ghost.late == 0 {
                self.network.forget(number);
            }
        }
        self.hand_late(input)
    }

    /// Something befalls a connection.
    pub(super) fn befall(&mut self, number: u32, mishap: Record) -> Result<(), Violation> {
        let is_healed = self.faults.are_healed();
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        if is_healed || connection.stage == Stage::Silent {
            return Ok(());
        }
        self.faults.note(self.now, mishap);
        match mishap.fault {
            Fault::Stall => {
                connection.stalled_until = self.now + mishap.span(Measure::For);
                self.expect_arrival(number);
                Ok(())
            }
            Fault::HalfOpen => {
                connection.stage = Stage::Silent;
                Ok(())
            }
            _ => self.cut(number, mishap.is(Measure::Reads)),
        }
    }

    /// The server is gone, and its connections with it.
    pub(super) fn break_off(&mut self, number: u32) -> Result<(), Violation> {
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        let reads = connection.stream.one_in(2);
        self.cut(number, reads)
    }

    /// The server hangs up; what was on the way is lost, or, if the process `reads` it, comes first.
    fn cut(&mut self, number: u32, reads: bool) -> Result<(), Violation> {
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        let is_stalled = self.now < connection.stalled_until;
        if !connection.is_paused && !is_stalled && reads {
            self.read(number)?;
        }
        self.closed(number, Closure::Retry { after: None })
    }

    pub(super) fn server_pings(&mut self, number: u32) -> Result<(), Violation> {
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        if connection.stage == Stage::Silent {
            return Ok(());
        }
        let epoch = connection.call.epoch;
        let is_heard = !connection.is_paused && connection.stalled_until <= self.now;
        if !connection.course.is_known() {
            self.agenda.put(self.now + SERVER_PING, Due::ServerPing(number));
        }
        if is_heard { self.hand_transport(number, Input::Heard { epoch, pong: false }) } else { Ok(()) }
    }

    /// The machine pings: the answer takes two ways through the network.
    pub(super) fn ping(&mut self, epoch: Epoch) {
        let now = self.now;
        let Some(connection) = self.network.current().filter(|connection| connection.call.epoch == epoch)
        else {
            return;
        };
        if !matches!(connection.stage, Stage::Silent | Stage::Dialing) {
            let takes = connection.course.take_pong().unwrap_or(connection.fate.latency * 2);
            let at = (now + takes).max(connection.stalled_until);
            let number = connection.number;
            self.agenda.put(at, Due::Pong(number));
        }
    }

    pub(super) fn pong(&mut self, number: u32) -> Result<(), Violation> {
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        let epoch = connection.call.epoch;
        match connection.stage {
            Stage::Silent | Stage::Dialing => Ok(()),
            // It waits in the socket with everything else.
            Stage::Replay(_) | Stage::Live(_) if connection.is_paused => {
                self.agenda.put(self.now + Duration::from_millis(100), Due::Pong(number));
                Ok(())
            }
            Stage::Replay(_) | Stage::Live(_) => {
                self.hand_transport(number, Input::Heard { epoch, pong: true })
            }
        }
    }

    /// The machine reads no more. Something may be on the way already, and servers bear it only for so long.
    pub(super) fn pause(&mut self, epoch: Epoch) {
        let Some(connection) = self.network.current().filter(|connection| connection.call.epoch == epoch)
        else {
            return;
        };
        connection.is_paused = true;
        connection.pauses += 1;
        connection.is_one_on_the_way = connection.stream.one_in(2);
        let patience = self.sources[connection.call.source].patience();
        let due = Due::PatienceOver { number: connection.number, pauses: connection.pauses };
        self.agenda.put(self.now + patience, due);
    }

    pub(super) fn resume(&mut self, epoch: Epoch) {
        let Some(connection) = self.network.current().filter(|connection| connection.call.epoch == epoch)
        else {
            return;
        };
        connection.is_paused = false;
        let number = connection.number;
        self.expect_arrival(number);
    }

    pub(super) fn lose_patience(&mut self, number: u32, pauses: u32) -> Result<(), Violation> {
        let is_waiting = |connection: &crate::network::Connection| {
            connection.is_paused && connection.pauses == pauses && connection.stage != Stage::Silent
        };
        match self.network.find(number).filter(|connection| is_waiting(connection)) {
            Some(_) => self.closed(number, Closure::Retry { after: None }),
            None => Ok(()),
        }
    }

    /// What nobody can be sure to hear of is owed by nobody; nor is what was given up by a server of whose history
    /// nothing is durable that could come again, and so be missed; nor what came before the beginning.
    pub(super) fn account_losses(&mut self) {
        let durable = self.sink.durable();
        let is_blank = durable.checkpoints().all(|(_, checkpoint)| checkpoint.witness.is_none());
        for (index, source) in self.sources.iter_mut().enumerate() {
            let (unseen, gone) = source.take_losses();
            let earlier = source.take_earlier();
            let of_source = durable.checkpoints().filter(|(scope, _)| usize::from(scope.source.0) == index);
            let latest = of_source.max_by_key(|(scope, _)| scope.incarnation);
            let has_witness = latest.is_none_or(|(_, checkpoint)| checkpoint.witness.is_some());
            let is_first = latest.is_none_or(|(scope, _)| scope.incarnation == 0);
            if is_blank || (is_first && !has_witness) {
                self.oracle.excuse(&earlier);
            }
            self.oracle.forgive(&unseen);
            if is_blank || !has_witness {
                self.oracle.excuse(&gone);
            }
        }
    }
}
