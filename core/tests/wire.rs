//! The wires against made-up events and hostile bytes: nothing panics, and what is read is what stands there.

#[path = "wire/entries.rs"]
mod entries;
#[path = "wire/hostile.rs"]
mod hostile;
#[path = "wire/model.rs"]
mod model;
#[path = "wire/mutants.rs"]
mod mutants;
#[path = "wire/round_trip.rs"]
mod round_trip;

/// So many cases, or as many as `PROPTEST_CASES` says; a failing one is told whole, and is not kept in a file.
fn cases(least: u32) -> proptest::test_runner::Config {
    let default = proptest::test_runner::Config::default();
    proptest::test_runner::Config { failure_persistence: None, cases: default.cases.max(least), ..default }
}
