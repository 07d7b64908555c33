//! What goes wrong by the clock, to the process, its house and the sources: the earliest is next.

use highwater_core::time::Instant;

use super::{Fault, Record, Supply};

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
    supply: Option<Supply>,
    coming: Option<Record>,
}

/// No run is so long.
const NEVER: Instant = Instant::from_micros(u64::MAX);

impl Clockwork {
    /// All these, from the beginning of the world on.
    pub(super) fn new(kinds: impl Iterator<Item = (Fault, Option<usize>, Option<Supply>)>) -> Self {
        let wheel = |(fault, source, supply)| {
            let mut wheel = Wheel { fault, source, supply, coming: None };
            wheel.advance(0, 0);
            wheel
        };
        let mut clockwork = Self { wheels: kinds.map(wheel).collect(), next_at: NEVER };
        clockwork.find_next();
        clockwork
    }

    /// When the next one happens; never, if none does.
    #[inline]
    pub(crate) fn next_at(&self) -> Instant {
        self.next_at
    }

    /// The next one, and whose it is if it is a source's.
    pub(crate) fn take(&mut self) -> Option<(Record, Option<usize>)> {
        let next =
            self.wheels.iter_mut().filter(|wheel| wheel.coming.is_some()).min_by_key(|wheel| wheel.at())?;
        let (coming, source) = (next.coming?, next.source);
        next.advance(coming.moment(), coming.attempt + 1);
        self.find_next();
        Some((coming, source))
    }

    /// Nothing new goes wrong.
    pub(crate) fn heal(&mut self) {
        self.wheels.clear();
        self.next_at = NEVER;
    }

    fn find_next(&mut self) {
        self.next_at = self.wheels.iter().map(Wheel::at).min().unwrap_or(NEVER);
    }
}

impl Wheel {
    fn at(&self) -> Instant {
        self.coming.map_or(NEVER, |coming| Instant::from_micros(coming.moment()))
    }

    fn advance(&mut self, from: u64, attempt: u32) {
        let entity = self.source.unwrap_or(0) as u64;
        self.coming = match &mut self.supply {
            Some(Supply::Drawn { mean, stream }) => {
                let at = from.saturating_add(stream.wait(mean.get()));
                Some(Record::draw(self.fault, entity, attempt, at, stream))
            }
            Some(Supply::Listed(ahead)) => ahead.pop(),
            None => None,
        };
    }
}
