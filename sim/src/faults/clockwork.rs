//! What goes wrong by the clock, to the process, its house and the sources: the earliest is next.

use highwater_core::time::Instant;

use super::supply::Supply;
use super::{Fault, Faults, Record};

/// What is to go wrong by the clock.
#[derive(Clone, Debug)]
pub(crate) struct Clockwork {
    wheels: Vec<Wheel>,
    /// When the next one happens.
    next_at: Instant,
}

/// One kind, befalling one.
#[derive(Clone, Debug)]
struct Wheel {
    fault: Fault,
    source: Option<usize>,
    supply: Supply,
    /// When the next one comes.
    at: Instant,
    /// What chance has in store next.
    drawn: Option<Record>,
    /// How many of this kind chance has made up, counted on from what is certain.
    attempts: u32,
}

/// No run is so long.
const NEVER: Instant = Instant::from_micros(u64::MAX);

impl Clockwork {
    /// All these, from the beginning of the world on.
    pub(super) fn new(kinds: impl Iterator<Item = (Fault, Option<usize>, Supply)>) -> Self {
        let mut clockwork = Self { wheels: kinds.map(Wheel::new).collect(), next_at: NEVER };
        clockwork.find_next();
        clockwork
    }

    /// From now on chance has something else in store for each. What is certain stays.
    pub(crate) fn turn(&mut self, now: Instant, faults: &Faults) {
        for wheel in &mut self.wheels {
            wheel.supply.chance = faults.chance(wheel.fault, wheel.source);
            wheel.draw(now.as_micros());
        }
        self.find_next();
    }

    /// When the next one happens; never, if none does.
    #[inline]
    pub(crate) fn next_at(&self) -> Instant {
        self.next_at
    }

    /// The next one, and whose it is if it is a source's.
    pub(crate) fn take(&mut self) -> Option<(Record, Option<usize>)> {
        let next = self.wheels.iter_mut().filter(|wheel| wheel.at < NEVER).min_by_key(|wheel| wheel.at)?;
        let taken = (next.take()?, next.source);
        self.find_next();
        Some(taken)
    }

    /// Nothing new goes wrong.
    pub(crate) fn heal(&mut self) {
        self.wheels.clear();
        self.next_at = NEVER;
    }

    fn find_next(&mut self) {
        self.next_at = self.wheels.iter().map(|wheel| wheel.at).min().unwrap_or(NEVER);
    }
}

impl Wheel {
    fn new((fault, source, supply): (Fault, Option<usize>, Supply)) -> Self {
        let attempts = supply.certain.iter().map(|record| record.attempt + 1).max().unwrap_or(0);
        let mut wheel = Self { fault, source, supply, at: NEVER, drawn: None, attempts };
        wheel.draw(0);
        wheel
    }

    fn take(&mut self) -> Option<Record> {
        let drawn = self.drawn.map(|drawn| drawn.moment());
        let is_certain_first = |certain: &mut Record| drawn.is_none_or(|drawn| certain.moment() <= drawn);
        if let Some(certain) = self.supply.certain.pop_if(is_certain_first) {
            self.look();
            return Some(certain);
        }
        let taken = self.drawn?;
        self.draw(taken.moment());
        Some(taken)
    }

    fn draw(&mut self, from: u64) {
        let entity = self.source.unwrap_or(0) as u64;
        self.drawn = self.supply.chance.as_mut().map(|chance| {
            let at = from.saturating_add(chance.wait());
            chance.draw(self.fault, entity, self.attempts, at)
        });
        self.attempts += u32::from(self.drawn.is_some());
        self.look();
    }

    fn look(&mut self) {
        let coming = self.supply.certain.last().into_iter().chain(&self.drawn);
        self.at = coming.map(|coming| Instant::from_micros(coming.moment())).min().unwrap_or(NEVER);
    }
}
