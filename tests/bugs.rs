//! The planted bugs fit the sources they are planted in; `--bin bugs` lets the seeds find all of them.

use std::path::Path;

use highwater_campaign::bugs::{Bug, Garden};

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
fn the_seeds_find_a_planted_bug() {
    let garden = Garden::lay_out(Path::new(env!("CARGO_TARGET_TMPDIR")).join("bugs")).unwrap();
    let bug = Bug::all().unwrap().into_iter().find(|bug| bug.name().starts_with("h-c4")).unwrap();
    let hunt = garden.hunt(&bug, 100).unwrap();
    let find = hunt.find.expect("failures that are forgotten are noticed");
    assert!(["O7 pace", "O17 status"].contains(&find.rule()), "{find:?}");
    the_search_finds_some(&garden);
}

/// By a path so short that it can be read: a hunter of another kind, in the same copy, which is dear to build.
fn the_search_finds_some(garden: &Garden) {
    for name in ["h-c4", "h-b6", "own-1-"] {
        let bug = Bug::all().unwrap().into_iter().find(|bug| bug.name().starts_with(name)).unwrap();
        let (steps, rule) = garden.search(&bug).unwrap().expect("the search finds it");
        assert!(steps <= 16, "{name} by {steps} steps: {rule}");
    }
}
