//! When faults happen: each kind by itself, at distances drawn from the seed, and counted.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::feed::draw::Draw;
use crate::feed::fault::{Fault, FaultKind, Site};
use crate::feed::measure::Measure;

/// All that can go wrong here, for all connections together.
#[derive(Debug)]
pub(crate) struct Hazards {
    seed: u64,
    armed: Mutex<Vec<Armed>>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    next: Next,
    fired: u64,
}

#[derive(Debug)]
enum Next {
    /// After so many more.
    In(u64),
    At(Instant),
}

/// A fault that happens now.
#[derive(Clone, Debug)]
pub(crate) struct Firing {
    pub(crate) kind: FaultKind,
    /// How often it happened before.
    pub(crate) before: u64,
    /// For what it has to choose.
    pub(crate) draw: Draw,
}

impl Hazards {
    pub(crate) fn new(seed: u64, faults: &[Fault]) -> Self {
        let armed = faults.iter().map(|&fault| Armed { fault, next: arm(seed, fault, 0), fired: 0 });
        Self { seed, armed: Mutex::new(armed.collect()) }
    }

    /// `count` things are about to happen at `site`: how many do, and what goes wrong then.
    pub(crate) fn next(&self, site: Site, count: u64) -> (u64, Option<Firing>) {
        let mut armed = self.armed();
        let now = Instant::now();
        if site == Site::Door {
            self.put_off(&mut armed, now);
        }
        let here = || |armed: &&mut Armed| armed.fault.kind.site() == site;
        let due = |armed: &Armed| match armed.next {
            Next::In(left) => (left <= count).then_some(left),
            Next::At(at) => (at <= now).then_some(0),
        };
        let first = armed.iter_mut().filter(here()).min_by_key(|armed| due(armed).unwrap_or(u64::MAX));
        let fired = first.and_then(|first| due(first).map(|after| (after, self.fire(first))));
        let happen = fired.as_ref().map_or(count, |&(after, _)| after);
        for armed in armed.iter_mut().filter(here()) {
            // What fired was armed anew, to be counted from here.
            let is_new = fired.as_ref().is_some_and(|(_, firing)| firing.kind == armed.fault.kind);
            if let Next::In(left) = &mut armed.next {
                *left -= if is_new { 0 } else { happen };
            }
        }
        (happen, fired.map(|(_, firing)| firing))
    }

    /// How often each kind has happened so far.
    pub(crate) fn counts(&self) -> Vec<(FaultKind, u64)> {
        self.armed().iter().map(|armed| (armed.fault.kind, armed.fired)).collect()
    }

    /// Somebody comes. What came due on the wire while nobody was there would meet whoever comes, before the first
    /// event and each time, and the feed would let nobody get ahead.
    fn put_off(&self, armed: &mut [Armed], now: Instant) {
        for armed in armed.iter_mut().filter(|armed| armed.fault.kind.site() == Site::Wire) {
            if matches!(armed.next, Next::At(at) if at <= now) {
                armed.next = arm(self.seed, armed.fault, armed.fired);
            }
        }
    }

    fn fire(&self, armed: &mut Armed) -> Firing {
        let (kind, before) = (armed.fault.kind, armed.fired);
        armed.fired += 1;
        armed.next = arm(self.seed, armed.fault, armed.fired);
        Firing { kind, before, draw: Draw::new(self.seed, sort(kind) | 1, before) }
    }

    fn armed(&self) -> MutexGuard<'_, Vec<Armed>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a fault happens that has happened `fired` times.
fn arm(seed: u64, fault: Fault, fired: u64) -> Next {
    let mut draw = Draw::new(seed, sort(fault.kind), fired);
    match fault.every {
        Measure::Times(times) => {
            Next::In(draw.between(times.div_ceil(2), times.saturating_add(times / 2 + 1)))
        }
        Measure::Time(time) => {
            let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX) / 2;
            Next::At(
                Instant::now() + Duration::from_micros(draw.between(micros, (micros * 3).max(micros + 1))),
            )
        }
    }
}

/// The sort of draw for a kind of fault; the next one is for what it has to choose.
fn sort(kind: FaultKind) -> u64 {
    0x100 + 2 * kind as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hazards(faults: &[&str]) -> Hazards {
        Hazards::new(7, &faults.iter().map(|fault| fault.parse().unwrap()).collect::<Vec<_>>())
    }

    /// Where faults happen among so many events, asked for `step` at a time.
    fn happened(faults: &[&str], step: u64) -> Vec<(u64, FaultKind)> {
        let hazards = hazards(faults);
        let (mut sent, mut happened) = (0, Vec::new());
        while sent < 10_000 {
            let (happen, firing) = hazards.next(Site::Wire, step.min(10_000 - sent));
            sent += happen;
            happened.extend(firing.map(|firing| (sent, firing.kind)));
        }
        happened
    }

    #[test]
    fn faults_lie_where_the_seed_says_however_events_are_batched() {
        let faults = ["drop=500", "malformed=300", "503=2"];
        let one_by_one = happened(&faults, 1);
        assert_eq!(one_by_one, happened(&faults, 1_000));
        assert_eq!(one_by_one, happened(&faults, 37));
        let drops: Vec<u64> =
            one_by_one.iter().filter(|(_, kind)| *kind == FaultKind::Drop).map(|(at, _)| *at).collect();
        assert!((14..28).contains(&drops.len()), "{drops:?}");
        assert!(drops.windows(2).all(|pair| (250..=750).contains(&(pair[1] - pair[0]))), "{drops:?}");
    }

    #[test]
    fn one_kind_more_does_not_move_the_others() {
        let alone = happened(&["drop=500"], 100);
        let mut together = happened(&["drop=500", "stall=80"], 100);
        together.retain(|(_, kind)| *kind == FaultKind::Drop);
        assert_eq!(alone, together);
    }

    #[test]
    fn every_time_is_every_time_and_all_is_counted() {
        let hazards = hazards(&["503=1"]);
        for before in 0..5 {
            let (happen, firing) = hazards.next(Site::Door, 1);
            assert_eq!((happen, firing.map(|firing| firing.before)), (1, Some(before)));
        }
        assert_eq!(hazards.counts(), [(FaultKind::Unavailable, 5)]);
        assert!(hazards.next(Site::Cutover, 9).1.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_of_some_time_waits_for_it() {
        let hazards = hazards(&["restart=10s"]);
        assert!(hazards.next(Site::Wire, 1_000).1.is_none());
        tokio::time::advance(Duration::from_secs(15)).await;
        let (happen, firing) = hazards.next(Site::Wire, 1_000);
        assert_eq!((happen, firing.map(|firing| firing.kind)), (0, Some(FaultKind::Restart)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_due_while_nobody_was_there_meets_nobody() {
        let hazards = hazards(&["drop=10s"]);
        tokio::time::advance(Duration::from_secs(60)).await;
        hazards.next(Site::Door, 1);
        assert!(hazards.next(Site::Wire, 1_000).1.is_none(), "there is time to get ahead");
        tokio::time::advance(Duration::from_secs(15)).await;
        assert!(hazards.next(Site::Wire, 1_000).1.is_some());
    }
}
