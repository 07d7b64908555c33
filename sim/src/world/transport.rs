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
use crate::faults::Fault;
use crate::network::{CLOCK_TRUST, Call, Greeting, MISHAPS, Mishap, Stage};
use crate::oracle::Violation;
use crate::server::{Answer, Mood};
use crate::truth::Filter;

/// Both servers ping so often.
const SERVER_PING: Duration = highwater_core::serve::PING_INTERVAL;
/// What a stalled connection has to bear.
const STALL_MAX: Duration = Duration::from_secs(40);

impl<C: Carrier> World<C> {
    pub(super) fn dial(&mut self, epoch: Epoch, source: SourceId, place: Place, options: OpenOptions) {
        let filter = self.host.life().map_or(Filter::First, |life| life.filter);
        let index = usize::from(source.0);
        let wire = self.sources[index].wire;
        let place = self.carrier.ask(wire, filter, place, options);
        let call = Call { epoch, source: index, wire, place, options, filter };
        let connection = self.network.dial(call, &mut self.faults);
        if connection.fate.greeting != Greeting::Silence {
            let at = self.now + connection.fate.greeting_after;
            self.agenda.put(at, Due::Greeting(connection.number));
        }
    }

    /// A dial ends: the server is reached, or the news that it is not.
    pub(super) fn greet(&mut self, number: u32) -> Result<(), Violation> {
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        let epoch = connection.call.epoch;
        let closure = match connection.fate.greeting {
            Greeting::Silence => return Ok(()),
            Greeting::Refused(closure) => closure,
            Greeting::Reached => {
                let source = &mut self.sources[connection.call.source];
                let mood = Mood { faults: &mut self.faults, stream: &mut connection.stream };
                match source.answer(&mut self.truth, self.now, connection.call.place, mood) {
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
        for ((mishap, _), after) in MISHAPS.into_iter().zip(connection.fate.mishaps) {
            if let Some(after) = after {
                self.agenda.put(self.now + after, Due::Mishap { number, mishap });
            }
        }
        self.agenda.put(self.now + SERVER_PING, Due::ServerPing(number));
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
            if self.control.happens() {
                self.faults.fire(Fault::ControlFrame);
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
        if let Some(number) = self.network.part() {
            self.expect_arrival(number);
        }
    }

    /// News of a connection: in time if it is the machine's, else late.
    fn hand_transport(&mut self, number: u32, input: Input<C::Payload>) -> Result<(), Violation> {
        if self.network.is_current(number) {
            return self.hand(input);
        }
        if let Some(ghost) = self.network.find(number) {
            self.faults.fire(Fault::LateNews);
            ghost.fate.late -= 1;
            if ghost.fate.late == 0 {
                self.network.forget(number);
            }
        }
        self.hand_late(input)
    }

    /// Something befalls a connection.
    pub(super) fn befall(&mut self, number: u32, mishap: Mishap) -> Result<(), Violation> {
        let is_healed = self.faults.rate(fault_of(mishap)) == 0;
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        if is_healed || connection.stage == Stage::Silent {
            return Ok(());
        }
        self.faults.fire(fault_of(mishap));
        match mishap {
            Mishap::Cut => self.cut(number),
            Mishap::HalfOpen => {
                connection.stage = Stage::Silent;
                Ok(())
            }
            Mishap::Stall => {
                let until = self.now + connection.stream.span(Duration::from_millis(100), STALL_MAX);
                connection.stalled_until = until;
                self.expect_arrival(number);
                Ok(())
            }
        }
    }

    /// The server hangs up; what was on the way is lost, or comes first.
    pub(super) fn cut(&mut self, number: u32) -> Result<(), Violation> {
        let Some(connection) = self.network.find(number) else { return Ok(()) };
        let is_stalled = self.now < connection.stalled_until;
        if !connection.is_paused && !is_stalled && connection.stream.one_in(2) {
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
        self.agenda.put(self.now + SERVER_PING, Due::ServerPing(number));
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
            let at = (now + connection.fate.latency * 2).max(connection.stalled_until);
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
    /// nothing is durable that could come again, and so be missed.
    pub(super) fn account_losses(&mut self) {
        let disk = self.sink.disk();
        let is_blank = disk.checkpoints().all(|(_, checkpoint)| checkpoint.witness.is_none());
        for (index, source) in self.sources.iter_mut().enumerate() {
            let (unseen, gone) = source.take_losses();
            if unseen.is_empty() && gone.is_empty() {
                continue;
            }
            let of_source = disk.checkpoints().filter(|(scope, _)| usize::from(scope.source.0) == index);
            let latest = of_source.max_by_key(|(scope, _)| scope.incarnation);
            let has_witness = latest.is_none_or(|(_, checkpoint)| checkpoint.witness.is_some());
            self.oracle.forgive(&unseen);
            if is_blank || !has_witness {
                self.oracle.excuse(&gone);
            }
        }
    }
}

const fn fault_of(mishap: Mishap) -> Fault {
    match mishap {
        Mishap::Cut => Fault::Cut,
        Mishap::HalfOpen => Fault::HalfOpen,
        Mishap::Stall => Fault::Stall,
    }
}
