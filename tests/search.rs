//! The exhaustive search counts the states of small worlds as another hand's search does.

use highwater_campaign::search::count;
use highwater_core::serve::Wire;
use highwater_core::time::Duration;
use highwater_sim::{Bounds, Mishap};

fn bounds(wire: Wire, events: u8, faults: u8) -> Bounds {
    Bounds { wire, events, faults, each: [faults; Mishap::ALL.len()], ..Bounds::default() }
}

#[test]
fn two_searches_count_the_same_states() {
    for (wire, events, faults) in [(Wire::V2, 2, 1), (Wire::V2, 2, 2), (Wire::V1, 3, 1), (Wire::V1, 2, 2)] {
        let counted = count(&bounds(wire, events, faults));
        assert_eq!(counted.ours.broken, None);
        assert_eq!(counted.ours.states, counted.theirs as u64, "{wire:?}, {events} events, {faults} faults");
    }
}

#[test]
fn two_searches_count_the_same_states_of_wider_worlds() {
    for wire in [Wire::V1, Wire::V2] {
        let small = bounds(wire, 2, 1);
        for wider in [
            Bounds { at_tip: true, ..small.clone() },
            Bounds { sources: 2, ..small.clone() },
            Bounds { batch_delay: Duration::from_millis(500), ..small.clone() },
            Bounds { sources: 2, at_tip: true, batch_delay: Duration::from_millis(500), ..small.clone() },
        ] {
            let counted = count(&wider);
            assert_eq!(counted.ours.broken, None, "{wider:?}");
            assert_eq!(counted.ours.states, counted.theirs as u64, "{wider:?}");
        }
    }
}
