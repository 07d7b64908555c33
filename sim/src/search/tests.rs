//! The search itself, and what it says of a bug that is planted in its sink.

use highwater_core::serve::Wire;
use highwater_core::time::Duration;

use super::{Bounds, Broken, Mishap, Model, search};
use crate::oracle::Rule;

fn bounds(wire: Wire, events: u8, faults: u8) -> Bounds {
    Bounds { wire, events, faults, each: [faults; Mishap::ALL.len()], ..Bounds::default() }
}

fn forgetful() -> Model {
    Model { forgets: true, ..Model::new(bounds(Wire::V2, 2, 1)) }
}

#[test]
fn every_state_of_a_small_world_holds_and_heals() {
    for (wire, faults, expected) in [
        (Wire::V2, 0, [19, 21]),
        (Wire::V2, 2, [31_795, 47_610]),
        (Wire::V1, 0, [18, 20]),
        (Wire::V1, 2, [46_155, 68_677]),
    ] {
        let findings = search(&Model::new(bounds(wire, 3, faults)), |_, _| {});
        assert_eq!(findings.broken, None, "{wire:?}");
        assert_eq!([findings.states, findings.transitions], expected, "{wire:?} with {faults} faults");
        assert_eq!((findings.too_deep, findings.too_many), (0, 0));
        assert!(findings.healing >= 10 && findings.goals > 0);
    }
}

#[test]
fn every_state_of_a_wider_world_holds_and_heals() {
    let delay = Duration::from_millis(500);
    for (wire, wider, expected) in [
        (Wire::V1, Bounds { at_tip: true, ..Bounds::default() }, [1_686, 2_516]),
        (Wire::V2, Bounds { at_tip: true, ..Bounds::default() }, [1_670, 2_505]),
        (Wire::V1, Bounds { sources: 2, ..Bounds::default() }, [810, 1_058]),
        (Wire::V2, Bounds { sources: 2, ..Bounds::default() }, [735, 975]),
        (Wire::V1, Bounds { batch_delay: delay, ..Bounds::default() }, [1_008, 1_339]),
        (Wire::V2, Bounds { batch_delay: delay, ..Bounds::default() }, [878, 1_189]),
    ] {
        let Bounds { sources, at_tip, batch_delay, .. } = wider;
        let findings =
            search(&Model::new(Bounds { sources, at_tip, batch_delay, ..bounds(wire, 2, 1) }), |_, _| {});
        assert_eq!(findings.broken, None, "{wire:?} {wider:?}");
        assert_eq!([findings.states, findings.transitions], expected, "{wire:?} {wider:?}");
        assert!(findings.goals > 0 && findings.fair_steps > findings.states);
    }
}

#[test]
fn a_bug_is_found_by_a_shortest_path() {
    let model = forgetful();
    let broken = search(&model, |_, _| {}).broken.expect("what is forgotten is missed");
    assert_eq!((broken.violation.rule, broken.broken), (Rule::O1NoLoss, Broken::AtOnce));
    let (steps, faults) = broken.size();
    assert_eq!(faults, 1, "the sink was out");
    // Whatever is shorter breaks nothing.
    let shallow = Model { bounds: Bounds { depth: 3, ..model.bounds.clone() }, ..model };
    let healing = search(&shallow, |_, _| {}).broken.expect("a fair world gets there too");
    assert_eq!(healing.broken, Broken::Healing);
    assert!(healing.path.len() >= steps, "{} and {steps}", healing.path.len());
}

#[test]
fn a_path_is_told_on_a_screen_and_as_a_scenario() {
    let model = forgetful();
    let broken = search(&model, |_, _| {}).broken.unwrap();
    let story = broken.story(&model);
    assert!(story.lines().count() <= 26, "{story}");
    assert!(story.contains("the sink is not to be used, at step") && story.contains("The rule: "), "{story}");
    let scenario = broken.scenario(&model).expect("it has nothing that cannot be said");
    assert!(scenario.contains("unavailable\n----\n"), "{scenario}");
}

#[test]
fn what_the_bounds_cut_off_is_counted() {
    let findings = search(&Model::new(bounds(Wire::V2, 2, 0)), |_, _| {});
    for mishap in Mishap::ALL {
        // Only where there is another source can one send us there.
        let is_met = !matches!(mishap, Mishap::Away | Mishap::Fatal);
        assert_eq!(findings.cut_off[mishap as usize] > 0, is_met, "{mishap}");
    }
    let few = Bounds { states: 300, ..bounds(Wire::V2, 2, 2) };
    let findings = search(&Model::new(few), |_, _| {});
    assert_eq!((findings.broken, findings.states, findings.too_deep), (None, 300, 0));
    assert!(findings.too_many > 0 && findings.healing > 0, "what was left out heals as well");
    let shallow = Bounds { depth: 5, ..bounds(Wire::V2, 2, 2) };
    let findings = search(&Model::new(shallow), |_, _| {});
    assert_eq!((findings.broken, findings.depth, findings.too_many), (None, 5, 0));
    assert!(findings.too_deep > 0 && findings.healing > 0);
}

#[test]
fn states_that_look_the_same_do_the_same() {
    let findings = search(&Model::new(bounds(Wire::V2, 3, 2)), |_, _| {});
    assert!(findings.twins >= 50, "{}", findings.twins);
}
