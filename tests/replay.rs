//! Traces: those captured from real runs, those of the simulator, and one recorded here and now.

mod captured;
mod recorded;
mod renumbered;
mod simulated;

use highwater_sim::replay::{Lives, strict};

/// The trace in a text.
fn lives(text: &str) -> Lives {
    let mut lives = Lives::default();
    lives.read(text).unwrap_or_else(|error| panic!("{error}"));
    lives
}

/// Why the trace is refused.
fn refusal(text: &str) -> String {
    strict(&lives(text)).unwrap_err().to_string()
}
