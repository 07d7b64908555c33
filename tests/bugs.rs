//! The planted bugs fit the sources they are planted in; `--bin bugs` lets the seeds find all of them.

use std::path::Path;

use highwater_campaign::bugs::{Bug, Fate, Found, Historic};
use highwater_campaign::garden::{Garden, Mode};
use highwater_campaign::searched::{Searched, UNKNOWN};

#[test]
fn every_planted_bug_fits_the_sources() {
    let bugs = Bug::all().unwrap();
    assert!(bugs.len() >= 16, "the historic ones, and some of our own");
    for bug in bugs {
        bug.check().unwrap_or_else(|why| panic!("{why}"));
        let is_told = bug.story.contains("Harm:") && bug.story.contains("must see");
        assert!(is_told, "{} tells its story", bug.name());
    }
}

#[test]
fn every_historic_bug_is_planted_or_cannot_be() {
    let (history, bugs) = (Historic::all().unwrap(), Bug::all().unwrap());
    for (letter, count) in [('a', 15), ('b', 27), ('c', 20), ('d', 11)] {
        let told: Vec<String> = history.iter().map(|bug| bug.name.clone()).collect();
        for number in 1..=count {
            let name = format!("h-{letter}{number}");
            assert_eq!(told.iter().filter(|told| **told == name).count(), 1, "{name} has its line");
        }
    }
    assert_eq!(history.len(), 15 + 27 + 20 + 11);
    let names: Vec<String> = bugs.iter().map(Bug::name).collect();
    for Historic { name, fate } in &history {
        match fate {
            Fate::Planted(patch) => assert!(names.contains(patch), "{name}: there is no {patch}"),
            Fate::Shell(file, test) => {
                let source = std::fs::read_to_string(Path::new("..").join(file)).unwrap_or_default();
                assert!(source.contains(&format!("fn {test}(")), "{name}: {file} has no test {test}");
            }
            Fate::Nowhere(why) => assert!(why.len() > 10, "{name}: why?"),
        }
    }
    let planted: Vec<&String> = history
        .iter()
        .filter_map(|bug| if let Fate::Planted(patch) = &bug.fate { Some(patch) } else { None })
        .collect();
    for name in names.iter().filter(|name| name.starts_with("h-")) {
        assert!(planted.contains(&name), "{name} is in no line of history.txt");
    }
}

#[test]
fn what_was_found_of_every_bug_is_kept() {
    let found = Found::all().unwrap();
    for bug in Bug::all().unwrap() {
        assert!(found.iter().any(|found| found.name == bug.name()), "{}: `--bin bugs -- --keep`", bug.name());
        assert!(bug.plan().exists(), "{}: `--bin bugs -- --keep`", bug.name());
    }
}

#[test]
fn what_the_search_finds_is_kept_and_why_not_the_rest() {
    let known = Searched::all().unwrap();
    for bug in Bug::all().unwrap() {
        let found = known.iter().find(|found| found.name == bug.name());
        let found = found.unwrap_or_else(|| panic!("{}: `--bin bugs -- --by search --keep`", bug.name()));
        let is_told = found.found.as_ref().map_or_else(|why| why != UNKNOWN, |_| true);
        assert!(is_told, "{}: why does the search not find it?", bug.name());
    }
}

#[test]
fn the_seeds_find_a_planted_bug() {
    let garden = Garden::lay_out(Path::new(env!("CARGO_TARGET_TMPDIR")).join("bugs")).unwrap();
    let bug = Bug::all().unwrap().into_iter().find(|bug| bug.name().starts_with("h-c4")).unwrap();
    garden.plant(&bug.patch).unwrap().unwrap();
    let hunt = garden.hunt(Mode::Both, 100).unwrap();
    let find = hunt.find.expect("failures that are forgotten are noticed");
    assert!(["O7 pace", "O17 status"].contains(&find.rule()), "{find:?}");
    assert!(garden.replay(&bug.plan()).unwrap().is_some(), "its smallest case fails with it");
    the_search_finds_some(&garden);
    a_captured_run_leads_to_one(&garden);
}

/// A run of production that replays well, and with a fault put into it does not.
fn a_captured_run_leads_to_one(garden: &Garden) {
    let bug = Bug::all().unwrap().into_iter().find(|bug| bug.name().starts_with("h-b4")).unwrap();
    garden.plant(&bug.patch).unwrap().unwrap();
    for trace in ["killed-and-started-again", "v1-drops-and-half-open", "v2-drops-and-half-open"] {
        let trace = format!("{}/traces/{trace}.jsonl", env!("CARGO_MANIFEST_DIR"));
        let found = garden.mutate(Path::new(&trace), 200).unwrap();
        assert!(found.is_some(), "{} is found from {trace}", bug.name());
    }
}

/// By a path so short that it can be read: a hunter of another kind, in the same copy, which is dear to build.
fn the_search_finds_some(garden: &Garden) {
    for name in ["h-c4", "h-b6", "own-1-"] {
        let bug = Bug::all().unwrap().into_iter().find(|bug| bug.name().starts_with(name)).unwrap();
        garden.plant(&bug.patch).unwrap().unwrap();
        let path = garden.search("--events 2 --faults 2").unwrap().expect("the search finds it");
        assert!(path.steps <= 16, "{name} by {path:?}");
    }
}
