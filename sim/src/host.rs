//! The process that the machine runs in, and its two clocks.

use highwater_core::event::Payload;
use highwater_core::time::{Duration, Instant, Now};
use highwater_core::{Config, Consumer, Input};

use crate::clock::Clock;
use crate::tape::Tape;
use crate::truth::Filter;

/// Where the machine runs, or does not.
#[derive(Clone, Debug)]
pub(crate) struct Host<P: Payload> {
    /// The wall clock of the house, which outlives the process.
    pub(crate) wall: Clock,
    /// The subscription that the operator wants now.
    pub(crate) filter: Filter,
    life: Option<Life<P>>,
    lives: u32,
    held_until: Instant,
    /// At which number the clock of a process begins.
    beginning: Duration,
    tape: Option<Tape<P>>,
}

/// One process, from its start to its end.
#[derive(Clone, Debug)]
pub(crate) struct Life<P: Payload> {
    /// The machine under test.
    pub(crate) machine: Consumer<P>,
    /// It was asked to stop.
    pub(crate) is_stopping: bool,
    /// What the machine was asked to follow.
    pub(crate) filter: Filter,
    /// When the machine wants to be woken, by its own clock.
    next: Option<Instant>,
    /// From the beginning of the world to the zero of its monotonic clock, which stands still as the machine sleeps.
    zero: Duration,
    /// The machine sleeps, and the clock has stood still.
    asleep_since: Option<Instant>,
}

impl<P: Payload> Life<P> {
    /// The machine has no more effects. Says when it wants to be woken, by its own clock.
    pub(crate) fn drained(&mut self) -> Option<Instant> {
        self.next = self.machine.next_timeout();
        self.next
    }

    /// When the machine wants to be woken, by its own clock.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.next
    }

    fn wake(&mut self, now: Instant) {
        if let Some(since) = self.asleep_since.take() {
            self.zero += now.since(since);
        }
    }
}

impl<P: Payload> Host<P> {
    /// No process yet.
    pub(crate) fn new(wall: Clock) -> Self {
        Self {
            wall,
            filter: Filter::First,
            life: None,
            lives: 0,
            held_until: Instant::ZERO,
            beginning: Duration::ZERO,
            tape: None,
        }
    }

    /// From now on the clock of a process begins at this number.
    pub(crate) fn begin_at(&mut self, beginning: Duration) {
        self.beginning = beginning;
    }

    /// What the clocks say to a process that is born.
    pub(crate) fn first(&self, now: Instant) -> Now {
        Now { monotonic: Instant::ZERO + self.beginning, wall: self.wall.at(now) }
    }

    /// Starts a process.
    pub(crate) fn start(&mut self, config: Config, now: Instant) {
        self.lives += 1;
        let zero = now.since(Instant::ZERO);
        let began = self.first(now);
        if let Some(tape) = &mut self.tape {
            tape.begin(&config, began);
        }
        let machine = Consumer::new(config, began);
        let next = machine.next_timeout();
        let filter = self.filter;
        self.life = Some(Life { machine, is_stopping: false, filter, next, zero, asleep_since: None });
    }

    /// Hands an input to the machine, if there is one.
    pub(crate) fn hand(&mut self, now: Now, input: Input<P>) {
        let Some(life) = self.life.as_mut() else { return };
        if let Some(tape) = &mut self.tape {
            tape.note(now, &input);
        }
        life.machine.handle(now, input);
    }

    /// From now on it is kept what machines are handed.
    pub(crate) fn record(&mut self) {
        self.tape = Some(Tape::new());
    }

    /// What the machines were handed since.
    pub(crate) fn into_tape(self) -> Option<Tape<P>> {
        self.tape
    }

    /// The process that runs.
    pub(crate) fn life(&mut self) -> Option<&mut Life<P>> {
        self.life.as_mut()
    }

    /// The process is gone.
    pub(crate) fn end(&mut self) {
        self.life = None;
    }

    /// How many processes there were; the number of the one that runs.
    pub(crate) fn lives(&self) -> u32 {
        self.lives
    }

    /// What the clocks say to the process.
    pub(crate) fn now(&self, now: Instant) -> Now {
        let zero = self.life.as_ref().map_or(Duration::ZERO, |life| life.zero);
        let age = Duration::from_micros(now.since(Instant::ZERO).saturating_sub(zero).as_micros());
        let monotonic = Instant::ZERO + self.beginning + age;
        Now { monotonic, wall: self.wall.at(now) }
    }

    /// When the machine wants to be woken, by the world's clock.
    pub(crate) fn wakes_at(&self) -> Option<Instant> {
        let life = self.life.as_ref()?;
        let slept = life.asleep_since.map_or(Duration::ZERO, |since| self.held_until.since(since));
        let next = Instant::ZERO + life.next?.since(Instant::ZERO + self.beginning);
        Some((next + life.zero + slept).max(self.held_until))
    }

    /// Time moves on; a machine that has slept long enough wakes.
    pub(crate) fn move_on(&mut self, now: Instant) {
        if let Some(life) = self.life.as_mut().filter(|_| self.held_until <= now) {
            life.wake(self.held_until);
        }
    }

    /// Until when nothing can be handed in, if that lies ahead.
    pub(crate) fn held_until(&self, now: Instant) -> Option<Instant> {
        (now < self.held_until).then_some(self.held_until)
    }

    /// The process gets no processor for `span`; if it sleeps, its monotonic clock stands still.
    pub(crate) fn hold(&mut self, now: Instant, span: Duration, is_asleep: bool) {
        if now < self.held_until {
            return;
        }
        self.held_until = now + span;
        if let Some(life) = self.life.as_mut().filter(|_| is_asleep) {
            life.asleep_since = Some(now);
        }
    }

    /// The process runs again, if it was held up. Until when it would have been, if so.
    pub(crate) fn release(&mut self, now: Instant) -> Option<Instant> {
        let until = self.held_until(now);
        self.held_until = self.held_until.min(now);
        self.move_on(now);
        until
    }
}
