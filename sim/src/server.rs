//! One source of the feed: a name with one or several servers behind it, and all that befalls them.
//!
//! What is legal: servers behind one name are replicas, so that trouble befalls them together and their clocks are
//! at most [`SKEW_MAX`] apart. A machine that resumes by time goes back by a margin of 5 s at least, and a machine
//! that cannot rely on a bound there could rely on nothing.

mod instance;
mod log;
mod seating;

use highwater_core::closure::Closure;
use highwater_core::cursor::Place;
use highwater_core::serve::{Host, Wire};
use highwater_core::time::{Duration, Instant};

use crate::clock::Clock;
use crate::draw::Stream;
use crate::faults::{Fault, Measure, Record};
use crate::truth::{EventId, Truth};

pub(crate) use instance::Instance;
pub(crate) use log::Told;
pub(crate) use seating::{Oddities, Start};

/// The clocks of servers behind one name are so far apart at most.
pub(crate) const SKEW_MAX: Duration = Duration::from_secs(1);

/// A source of the feed.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// How it speaks.
    pub(crate) wire: Wire,
    /// It refuses every subscription, for good.
    pub(crate) is_fatal: bool,
    /// It never answers again once the world is healed.
    pub(crate) is_lost: bool,
    instances: Vec<Instance>,
    retention: Duration,
    is_healed: bool,
    down_until: Instant,
    unseen: Vec<EventId>,
    gone: Vec<EventId>,
    /// What a server kept from before the moment that it was last asked for, by its own clock, right or wrong.
    earlier: Vec<EventId>,
    stream: Stream,
}

/// What a server makes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing at all.
    Silence,
    /// The subscription is accepted by this instance and begins there.
    Accepted {
        /// The instance.
        instance: usize,
        /// Where it begins.
        start: Start,
    },
    /// It is not accepted.
    Refused(Closure),
}

impl Source {
    /// A source that keeps events for `retention`.
    pub(crate) fn new(wire: Wire, retention: Duration, mut stream: Stream) -> Self {
        let count = stream.pick(&[1, 1, 1, 2]);
        let skew = SKEW_MAX.as_micros();
        let instances = (0..count).map(|_| {
            let clock = Clock::wrong_by(stream.below(skew).cast_signed() - (skew / 2).cast_signed());
            Instance::new(wire, clock, 1 + stream.below(3) * stream.below(1_000))
        });
        let instances = instances.collect();
        Self {
            wire,
            is_fatal: false,
            is_lost: false,
            instances,
            retention,
            is_healed: false,
            down_until: Instant::ZERO,
            unseen: Vec::new(),
            gone: Vec::new(),
            earlier: Vec::new(),
            stream,
        }
    }

    /// There is one server behind the name, and it does what this source was recorded to do.
    pub(crate) fn follow(&mut self, source: usize) {
        self.instances = vec![Instance::recorded(self.wire, source)];
    }

    /// The servers behind the name.
    pub(crate) fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// How long a reader that does not read is borne: the servers' own write timeouts.
    pub(crate) fn patience(&self) -> Duration {
        match self.wire {
            Wire::V1 => Host::Legacy.write_timeout(),
            Wire::V1OnV2Host | Wire::V2 => Host::V2.write_timeout(),
        }
    }

    /// Lets all servers hear what happened until now.
    pub(crate) fn hear(&mut self, truth: &mut Truth, now: Instant) {
        for instance in &mut self.instances {
            instance.hear(truth, now, &mut self.unseen);
        }
    }

    /// Answers a request for `place`.
    pub(crate) fn answer(
        &mut self,
        truth: &mut Truth,
        now: Instant,
        place: Place,
        oddities: &mut Oddities,
    ) -> Answer {
        if self.is_lost {
            return Answer::Silence;
        }
        if now < self.down_until {
            return Answer::Refused(Closure::Retry { after: None });
        }
        if self.is_fatal {
            return Answer::Refused(Closure::Fatal);
        }
        self.hear(truth, now);
        let before = Instant::from_micros(now.as_micros().saturating_sub(self.retention.as_micros()));
        for instance in &mut self.instances {
            self.gone.extend(instance.trim(before));
        }
        let instance =
            if self.is_healed { 0 } else { self.stream.below(self.instances.len() as u64) as usize };
        match seating::start(self.instances[instance].knowledge(now), place, oddities) {
            Start::TooOld => Answer::Refused(Closure::TooOld),
            start @ (Start::Live | Start::Replay { .. }) => {
                if matches!(place, Place::Time(_)) {
                    self.earlier.extend(self.instances[instance].log().kept_before(start.place()));
                }
                Answer::Accepted { instance, start }
            }
        }
    }

    /// Something befalls the source. True if its connections break.
    pub(crate) fn befall(&mut self, record: Record, truth: &mut Truth, now: Instant) -> bool {
        self.hear(truth, now);
        let until = now + record.span(Measure::For);
        match record.fault {
            Fault::Lag => self.each(|instance| instance.lag(until)),
            Fault::Blind => self.each(|instance| instance.go_blind(until)),
            Fault::Outage => self.down_until = until,
            _ => {
                self.down_until = self.down_until.max(until);
                self.start_anew(record, truth, now, until);
            }
        }
        !matches!(record.fault, Fault::Lag | Fault::Blind)
    }

    fn start_anew(&mut self, record: Record, truth: &Truth, now: Instant, until: Instant) {
        let ago = |span: Duration| Instant::from_micros(now.as_micros().saturating_sub(span.as_micros()));
        let retold_since = match (record.fault, self.wire) {
            (Fault::Rollback, _) | (_, Wire::V1OnV2Host | Wire::V2) => now,
            (_, Wire::V1) => ago(record.span(Measure::Since)),
        };
        let mut unseen = core::mem::take(&mut self.unseen);
        let mut gone = core::mem::take(&mut self.gone);
        self.each(|instance| {
            let count = |record: Record| record.number(Measure::Count) as usize;
            match record.fault {
                Fault::ServerLoss => instance.lose(count(record), &mut unseen),
                Fault::ServerClockStep => instance.step_clock(record.step(Measure::Step)),
                Fault::Rollback => instance.roll_back(count(record), record.number(Measure::Shift)),
                Fault::Rebuild => {
                    let next = instance.next_seq();
                    let seq = match record.number(Measure::Which) {
                        0 => 1,
                        1 => next / 2 + 1,
                        _ => next + 100,
                    };
                    let known = ago(record.span(Measure::Since));
                    return instance.rebuild(truth, known, until, seq, &mut gone);
                }
                _ => {}
            }
            instance.restart(truth, retold_since, until);
        });
        (self.unseen, self.gone) = (unseen, gone);
    }

    /// All that kept it from answering is over, and it keeps what it has: whoever is late may still catch up. The
    /// name leads to one server only.
    pub(crate) fn heal(&mut self, now: Instant) {
        self.down_until = self.down_until.min(now);
        self.retention = Duration::MAX;
        self.is_healed = true;
        self.each(|instance| instance.heal(now));
    }

    /// The events that nobody can be sure to hear of here, and those no longer kept, since the last time.
    pub(crate) fn take_losses(&mut self) -> (Vec<EventId>, Vec<EventId>) {
        (core::mem::take(&mut self.unseen), core::mem::take(&mut self.gone))
    }

    /// What a server kept from before the moment that it was last asked for.
    pub(crate) fn take_earlier(&mut self) -> Vec<EventId> {
        core::mem::take(&mut self.earlier)
    }

    /// Sets the clocks of its servers on, before anything happens.
    pub(crate) fn set_on(&mut self, micros: u64) {
        self.each(|instance| instance.step_clock(micros.cast_signed()));
    }

    fn each(&mut self, act: impl FnMut(&mut Instance)) {
        self.instances.iter_mut().for_each(act);
    }
}

/// The sources' troubles, in the order in which they are scheduled.
pub(crate) const TROUBLES: [Fault; 8] = [
    Fault::Outage,
    Fault::ServerRestart,
    Fault::ServerLoss,
    Fault::ServerClockStep,
    Fault::Rollback,
    Fault::Rebuild,
    Fault::Lag,
    Fault::Blind,
];

/// Whether such a thing can happen to a source that speaks so.
pub(crate) fn can_befall(fault: Fault, wire: Wire) -> bool {
    // The older server has no numbers to give out twice.
    fault != Fault::Rollback || wire != Wire::V1
}
