//! A captured run holds as it is, and with faults put into it shows a bug that it did not show.

use super::*;
use crate::carrier::Direct;
use crate::replay::inputs;
use crate::run::{ended, planned};
use crate::shrink::{Budget, shrink_by};
use crate::world::World;

/// The text of a trace captured from a real run.
fn text_of(name: &str) -> String {
    let path = format!("{}/../tests/traces/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn read(text: &str) -> Lives {
    let mut lives = Lives::default();
    lives.read(text).unwrap();
    lives
}

/// A trace captured from a real run.
fn captured(name: &str) -> Lives {
    read(&text_of(name))
}

const CAPTURED: [&str; 3] = ["killed-and-started-again", "v1-drops-and-half-open", "v2-drops-and-half-open"];

fn trials(from: u64, seeds: u64) -> Trials {
    Trials { from, seeds, time: None }
}

/// Runs a plan in a world whose sink has a bug.
fn planted(plan: &Plan, follow: Follow, trace: Trace) -> Ended {
    let mut world = World::planned(Direct, plan, trace);
    world.sabotage();
    world.follow_with(follow);
    ended(world, plan.clone())
}

#[test]
fn a_captured_run_goes_as_it_went_until_a_fault_is_put_into_it() {
    for name in CAPTURED {
        let mutated = mutate(&captured(name), trials(0, 60)).unwrap();
        assert_eq!((mutated.accompanied, mutated.failed), (mutated.recorded, 0), "{name}: {mutated}");
        let average = mutated.followed / mutated.trials;
        assert!(mutated.recorded / 5 < average && average < mutated.recorded, "{name}: {mutated}");
        assert!(mutated.new_transitions() > 12 && mutated.inserted.total() > 60, "{name}: {mutated}");
    }
}

/// What is recorded most often is not the first run of all.
#[test]
fn a_run_that_went_on_from_what_was_durable_does_so_again() {
    let text = text_of("killed-and-started-again");
    let second = text.rfind("{\"trace\":1").unwrap();
    assert!(0 < second, "the first process is left out");
    let mutated = mutate(&read(&text[second..]), trials(0, 60)).unwrap();
    assert_eq!(mutated.failed, 0, "{mutated}");
    assert_eq!(mutated.accompanied, mutated.recorded, "{mutated}");
}

#[test]
fn the_same_trace_and_the_same_seed_are_the_same_trial() {
    let lives = captured(CAPTURED[2]);
    let composed = compose(&lives).unwrap();
    let ended = followed(&plan(&composed, 0, &[]), Follow::new(composed.told.clone()), Trace::none());
    let follow = ended.follow.unwrap();
    let mut hashes = BTreeSet::new();
    for seed in 0..20 {
        let inserted = insert::insert(Draws::new(seed), &composed, follow.occasions());
        let plan = plan(&composed, seed, &inserted);
        let again = Plan::read(&plan.to_string()).unwrap();
        assert_eq!(plan.to_string(), again.to_string(), "{seed}");
        let (once, twice) = (planned(&plan, Trace::none()), planned(&again, Trace::none()));
        assert_eq!((once.hash, once.steps, once.fired), (twice.hash, twice.steps, twice.fired), "{seed}");
        hashes.insert(once.hash);
    }
    assert!(hashes.len() > 15, "trials differ: {}", hashes.len());
}

/// The sink forgets what it answers for right after an append that it could not do: no captured run has one.
#[test]
fn a_bug_that_a_captured_run_does_not_show_is_found_from_there_and_made_small() {
    const FOUND_WITHIN: u64 = 400;
    // The older wire reads five seconds again on each resume, and what was forgotten with it.
    for name in CAPTURED.into_iter().filter(|name| !name.starts_with("v1")) {
        let lives = captured(name);
        inputs(&lives).unwrap();
        let mutated = mutate_by(&lives, trials(0, FOUND_WITHIN), planted).unwrap();
        let failure = mutated.failures.first().unwrap_or_else(|| panic!("{name}: {mutated}"));
        assert!(failure.seed.is_some(), "{name} shows it as it is");
        let budget = Budget { runs: 800, time: Duration::from_secs(120) };
        let run = |plan: &Plan, trace: Trace| planted(plan, Follow::default(), trace);
        let shrunk = shrink_by(&failure.plan, budget, run).unwrap();
        let story = shrunk.story("highwater-sim run --plan plan.jsonl");
        assert!(story.lines().count() <= 20 && shrunk.faults() <= 4, "{name}: {story}");
        let again = run(&Plan::read(&shrunk.plan.to_string()).unwrap(), Trace::none());
        assert_eq!(again.violation, Some(shrunk.violation), "{name}");
    }
}

#[test]
fn what_cannot_be_played_is_told() {
    let text = r#"{"trace":1,"kind":"prod","core":"0.1.0","schema":1,CONFIG,"now":{"monotonic":0,"wall":1760000000000000}}
{"n":0,"t":0}
{"n":1,"t":5,"in":"Timeout"}
"#;
    let config = serde_json::to_string(&compose(&captured(CAPTURED[0])).unwrap().plan.shape.config).unwrap();
    let text = text.replace("CONFIG", &format!("\"config\":{config}"));
    let refused = |text: &str| mutate(&read(text), trials(0, 1)).unwrap_err().to_string();
    let partial = text.replacen("\"kind\"", "\"machine\":{},\"kind\"", 1);
    let endless = text.replacen("\"stall_timeout\":2000000", "\"stall_timeout\":20", 1);
    let endless =
        endless.replace("\"t\":0}", "\"t\":0,\"out\":[]}").replace("Timeout\"}", "Timeout\",\"out\":[]}");
    let said = [refused(&partial), refused(&text), refused(&endless)];
    insta::assert_snapshot!(said.join("\n"), @r"
    no process in this trace begins at its birth: there is nothing to begin with; give the older file of the trace first
    this trace says nothing of what the machine did: there is no telling what was asked
    the world of this trace: line 2: `stall_timeout_us` should lie between 1000000 and 3600000000
    ");
}
