//! What the first server does where it goes from replay to live: events of both mix, and some are lost
//! (bluesky-social/jetstream-legacy, issue 42).

use std::time::Duration;

use bytes::Bytes;

use crate::feed::fault::FaultKind;
use crate::feed::hazard::Firing;

/// So many live events overtake the replay, or are lost, at most.
const EVENTS_MAX: u64 = 8;

/// Mixes the last events of a replay, each with its time in µs, or drops some. Only those within `reach` of the last
/// are touched.
pub(crate) fn spoil(events: &mut Vec<(u64, Bytes)>, firing: Firing, reach: Duration) {
    let Some(&(newest, _)) = events.last() else { return };
    let oldest = newest.saturating_sub(u64::try_from(reach.as_micros()).unwrap_or(u64::MAX));
    let first = events.iter().rposition(|&(time, _)| time < oldest).map_or(0, |before| before + 1);
    let touched = events.len() - first;
    let mut draw = firing.draw;
    let count = draw.between(1, EVENTS_MAX.min(touched as u64) + 1) as usize;
    if firing.kind == FaultKind::Reorder {
        events[first..].rotate_right(count);
    } else {
        let from = first + draw.below((touched - count) as u64 + 1) as usize;
        events.drain(from..from + count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::draw::Draw;

    /// The times of a replay's last events after something went wrong.
    fn spoiled(kind: FaultKind, before: u64) -> Vec<u64> {
        let mut events: Vec<(u64, Bytes)> = (0..30).map(|n| (n * 100_000, Bytes::new())).collect();
        let firing = Firing { kind, before, draw: Draw::new(1, 2, before) };
        spoil(&mut events, firing, Duration::from_secs(1));
        events.into_iter().map(|(time, _)| time / 100_000).collect()
    }

    #[test]
    fn some_of_the_last_second_overtake_the_others_and_none_is_lost() {
        let ways: Vec<Vec<u64>> = (0..20).map(|before| spoiled(FaultKind::Reorder, before)).collect();
        for way in &ways {
            assert_eq!(way[..19], (0..19).collect::<Vec<u64>>());
            let mut sorted = way.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..30).collect::<Vec<u64>>());
        }
        assert!(ways.iter().filter(|way| !way.is_sorted()).count() == 20, "{ways:?}");
    }

    #[test]
    fn some_of_the_last_second_are_lost_and_the_others_stay_in_order() {
        for before in 0..20 {
            let left = spoiled(FaultKind::CutoverDrop, before);
            assert!(left.is_sorted() && (22..30).contains(&left.len()), "{left:?}");
            assert_eq!(left[..19], (0..19).collect::<Vec<u64>>());
        }
    }
}
