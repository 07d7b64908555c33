//! How many events a server lets somebody have: so many a second, and a second's worth at once.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A second's worth can be had at once.
const BURST: Duration = Duration::from_secs(1);

/// The first server looks at ten times as many events for a subscriber as it would send. \[S\]
const SCAN: u32 = 10;

/// Beyond so many addresses, those that have their whole allowance again are forgotten.
const ADDRESSES_MAX: usize = 1_024;

/// What somebody may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    per_second: u32,
    /// All of it is there again at this moment.
    whole: Instant,
}

impl Allowance {
    /// Nothing is spent yet.
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.max(1), whole: Instant::now() }
    }

    /// How many may be had now; if none, from when on one may.
    pub(crate) fn left(&self) -> Result<u64, Instant> {
        let owed = self.whole.saturating_duration_since(Instant::now());
        let left = u128::from(self.per_second) * BURST.saturating_sub(owed).as_micros() / 1_000_000;
        match u64::try_from(left).unwrap_or(u64::MAX) {
            0 => Err(Instant::now() + owed.saturating_sub(BURST) + BURST / self.per_second),
            left => Ok(left),
        }
    }

    /// Takes so many. Whoever takes more than is left waits the longer.
    pub(crate) fn spend(&mut self, events: u64) {
        let micros = events.saturating_mul(1_000_000) / u64::from(self.per_second);
        self.whole = self.whole.max(Instant::now()) + Duration::from_micros(micros);
    }
}

/// What each address may have, whichever of its sockets asks.
#[derive(Debug)]
pub(crate) struct Allowances {
    per_second: u32,
    known: Mutex<BTreeMap<IpAddr, Allowance>>,
}

impl Allowances {
    /// So many a second for each.
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second, known: Mutex::default() }
    }

    /// How many events may be looked at for one subscriber.
    pub(crate) fn scan(&self) -> Allowance {
        Allowance::new(self.per_second.saturating_mul(SCAN))
    }

    /// What is done with the allowance of an address.
    pub(crate) fn of<T>(&self, address: IpAddr, act: impl FnOnce(&mut Allowance) -> T) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ADDRESSES_MAX {
            let now = Instant::now();
            known.retain(|_, allowance| allowance.whole > now);
        }
        act(known.entry(address).or_insert_with(|| Allowance::new(self.per_second)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_seconds_worth_is_there_at_once_and_comes_again() {
        let mut allowance = Allowance::new(100);
        assert_eq!(allowance.left(), Ok(100));
        allowance.spend(100);
        assert_eq!(allowance.left(), Err(Instant::now() + Duration::from_millis(10)));
        tokio::time::advance(Duration::from_millis(250)).await;
        assert_eq!(allowance.left(), Ok(25));
        allowance.spend(125);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(allowance.left().is_err(), "what was overdrawn is waited for");
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(allowance.left(), Ok(100), "and never more than a second's worth");
    }
    #[tokio::test(start_paused = true)]
    async fn an_address_has_one_allowance_and_each_of_its_subscribers_ten_times_that_to_look_at() {
        let allowances = Allowances::new(5);
        let left = |address: [u8; 4]| allowances.of(address.into(), |allowance| allowance.left());
        allowances.of([127, 0, 0, 1].into(), |allowance| allowance.spend(3));
        assert_eq!((left([127, 0, 0, 1]), left([127, 0, 0, 2])), (Ok(2), Ok(5)));
        assert_eq!(allowances.scan().left(), Ok(50));
        assert!((0..5_000_u32).all(|number| left(number.to_be_bytes()).is_ok()));
        assert!(allowances.known.lock().unwrap().len() <= ADDRESSES_MAX, "who owes nothing is forgotten");
        assert_eq!(left([127, 0, 0, 1]), Ok(2), "and who does is not");
    }
}
