//! The consumer by script: a text above `----`, what the machine does below, one file a behaviour.
//!
//! ```text
//! # The first block configures: a name and a value a line, as in `highwater_core::config`.
//! source seq
//! ----
//! load #1
//! sleep
//!
//! # Then what happens, and what comes of it. A line may begin with when: `at 900ms`, `after 50ms`.
//! loaded #1 fence 1 checkpoint 0/seq/0 version 4 at 13@999s until 999s
//! ----
//! open #1 source 0 at 13
//! sleep until 10s
//! ```
//!
//! * `sleep` waits until the machine wants to be woken, and wakes it; `timeout` wakes it without being asked.
//! * `received #1 11 12..15 filtered 16 malformed info`: the frames of one read (`small.rs` has all of them). A
//!   number is a seq, a moment as `999s` the server's time, `13@999s` both, `=7` the key.
//! * `late` allows a line to come after the moment at which the machine wanted to be woken; `wall 990s` sets the
//!   wall clock, which otherwise starts at 1000 s and runs along.
//!
//! `HIGHWATER_REWRITE=1 cargo test` writes the behaviour anew. Read the difference: commit only what you understand.

mod player;
mod script;
mod small;
mod text;
mod words;

use std::path::PathBuf;

use text::Scenario;

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(#[test] fn $name() { run(stringify!($name)); })*
        const ALL: &[&str] = &[$(stringify!($name)),*];
    };
}

scenarios! {
    a_backward_step_widens_the_margin
    a_beginning_by_time_cannot_be_proved
    a_beginning_now_is_written_down_before_the_first_dial
    a_checkpoint_is_never_later_than_the_wall_clock
    a_clock_that_went_back_is_another_history
    a_conflict_with_another_writer_is_the_end
    a_connection_that_is_half_garbage_ends
    a_connection_without_events_ends_at_the_quiet_limit
    a_control_frame_moves_nothing
    a_cursor_too_old_is_a_lost_gap
    a_deadline_seen_late_is_judged_after_one_more_read
    a_dial_that_never_opens_is_given_up
    a_duplicate_makes_no_attempt_good
    a_feed_in_numbers_that_stops_counting_is_another_history
    a_feed_in_time_is_asked_again_from_the_margin_on
    a_feed_in_time_that_shows_numbers_counts_in_them
    a_fenced_writer_stops_at_once
    a_filtered_event_can_be_the_witness
    a_healthy_connection_that_was_quiet_is_no_reason_to_give_up
    a_flush_that_fails_is_asked_again_before_the_dial
    a_full_buffer_stops_the_reading
    a_gap_left_open_ends_behind_what_was_durable
    a_gap_waits_like_an_event
    a_history_that_is_always_too_old_is_asked_for_five_times
    a_hundred_malformed_frames_in_a_row_end_the_connection
    a_lost_answer_to_the_first_load_is_asked_again
    a_machine_that_slept_asks_at_once
    a_malformed_frame_is_set_aside
    a_missing_witness_goes_on_record
    a_missing_witness_is_asked_for_once_more_by_time
    a_new_filter_is_a_line_in_the_ledger
    a_new_row_makes_an_attempt_good
    a_number_below_the_witness_is_another_history
    a_number_that_goes_back_is_another_history
    a_refused_dictionary_is_fetched_anew_once
    a_place_behind_its_witness_is_where_reading_goes_on
    a_resume_includes_the_event_at_the_checkpoint
    a_server_that_asks_for_peace_gets_it
    a_server_that_loses_patience_is_left_first
    a_sink_that_stays_away_ends_the_connection_and_not_the_machine
    a_slow_sink_that_makes_room_is_read_on
    a_source_that_nothing_came_from_is_a_switch
    a_source_that_refuses_for_good_is_never_asked_again
    a_source_with_its_own_checkpoint_resumes_by_it
    a_sparse_filter_moves_the_checkpoint
    a_stale_checkpoint_is_sent_all_the_same
    a_start_is_ignored_once_there_is_a_checkpoint
    a_start_may_be_a_number_of_the_wire
    a_stop_before_anything_is_known_is_at_once
    a_stop_ends_the_waiting
    a_stop_leaves_what_its_grace_does_not_cover
    a_stop_settles_the_append_in_hand
    a_stop_while_a_dial_is_on_its_way_ends_it
    a_stop_while_the_sink_stays_away_ends_with_the_grace
    a_stop_wins_over_a_scope_that_changes
    a_witness_alone_is_no_progress
    a_witness_that_comes_late_closes_its_gap
    after_a_cursor_too_old_a_lower_number_is_another_history
    all_sources_refusing_for_good_is_the_end
    an_answer_given_twice_changes_nothing
    an_append_outlives_its_connection
    an_append_that_never_happened_is_repeated
    an_append_that_was_durable_is_not_repeated
    an_event_too_large_is_set_aside
    an_outdated_cursor_is_a_lost_gap
    an_outdated_cursor_told_late_is_no_loss
    an_unavailable_sink_is_never_poison
    an_overlap_reaches_up_to_its_witness
    an_overlap_that_falters_is_the_same_history
    another_key_at_the_witness_is_another_history
    another_source_takes_over_by_time
    any_byte_is_a_sign_of_life
    bad_attempts_wait_twice_as_long_each_time
    before_the_witness_rows_are_stored_and_the_checkpoint_stays
    connections_that_die_early_still_get_ahead
    from_the_oldest_event_nothing_is_outdated
    idleness_ends_a_run
    in_a_sink_that_cannot_compare_a_moved_checkpoint_is_progress
    it_asks_what_is_durable_before_it_dials
    no_good_connection_for_long_gives_up
    nothing_is_dialed_before_all_is_durable
    poison_is_isolated_and_set_aside
    silence_accounted_for_is_not_stale
    silence_before_the_first_event_counts_for_nothing
    silence_is_questioned_then_given_up
    silence_that_was_answered_is_accounted_for
    stale_news_changes_nothing
    ten_seconds_and_a_pong_make_an_attempt_good
    ten_seconds_without_a_pong_are_not
    ten_seconds_without_a_witness_are_unproven
    the_checkpoint_never_passes_what_waits
    the_greatest_cursor_of_a_batch_is_its_checkpoint
    the_switch_from_replay_to_live_is_on_record
    the_witness_settles_continuity
    three_deaths_by_size_leave_out_large_messages
    three_failures_turn_to_the_next_source
    what_is_asked_for_again_may_be_gone
    while_reading_is_paused_the_clock_of_silence_stands_still
    without_a_connection_there_is_no_idleness
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn run(name: &str) {
    let path = folder().join(name).with_extension("txt");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (actual, fault) = behave(&text);
    if let Some((line, why)) = fault {
        panic!("tests/scenarios/{name}.txt:{line}: {why}; so far:\n\n{actual}");
    }
    if std::env::var_os("HIGHWATER_REWRITE").is_some() {
        std::fs::write(&path, &actual).unwrap();
    } else if let Some(line) = first_difference(&text, &actual) {
        panic!(
            "tests/scenarios/{name}.txt:{line}: the machine behaves otherwise:\n\n{actual}\n\
             If that is right, `HIGHWATER_REWRITE=1 cargo test {name}` writes it down."
        );
    }
}

/// The whole file as it should be; or up to the line that cannot be played, and why it cannot.
fn behave(text: &str) -> (String, Option<(usize, String)>) {
    let scenario = match Scenario::parse(text) {
        Ok(scenario) => scenario,
        Err(fault) => return (String::new(), Some(fault)),
    };
    let mut behaviours = Vec::new();
    let played = player::play(&scenario, &mut behaviours);
    (scenario.with(&behaviours), played.err())
}

/// The number of the first line that is not the same.
fn first_difference(left: &str, right: &str) -> Option<usize> {
    let (mut left, mut right) = (left.lines(), right.lines());
    for number in 1.. {
        match (left.next(), right.next()) {
            (None, None) => break,
            (a, b) if a != b => return Some(number),
            _ => {}
        }
    }
    None
}

#[test]
fn each_file_among_the_scenarios_is_played() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(ALL.contains(&name), "name `{name}` in tests/scenario.rs, or nobody plays it");
    }
}

/// What the simulator lays down of a failure is a scenario: here of runs that do not fail, the last process of each.
#[test]
fn what_the_simulator_writes_of_a_run_plays_the_same_here() {
    let mut played = 0;
    for seed in 0..60 {
        let plan = highwater_sim::plan_of_seed(seed, highwater_sim::Mode::Machine);
        let Some(text) = highwater_sim::scenario_of(&plan, "A run.") else { continue };
        let (actual, fault) = behave(&text);
        assert_eq!(fault, None, "seed {seed}");
        let line = first_difference(&text, &actual);
        assert_eq!(line, None, "seed {seed}:\n{actual}");
        played += 1;
    }
    assert!(played >= 20, "{played} of the runs can be said in scenarios");
}

#[test]
fn a_wrong_script_is_refused_with_its_line() {
    let refused = |text: &str| behave(text).1.map(|(line, why)| format!("{line}: {why}"));
    assert_eq!(refused("# Only words."), Some("1: a scenario begins with a block of settings".to_owned()));
    assert_eq!(refused("start now"), Some("1: the first block names no `source`".to_owned()));
    assert_eq!(refused("source seq\nspeed 3"), Some("2: there is no setting `speed`".to_owned()));
    assert_eq!(refused("source seq\n\n\n# Now.\n+5s stop"), Some("5: nothing is called `+5s`".to_owned()));
    assert_eq!(refused("source seq\n\nat 5s timeout\nat 4s timeout"), Some("4: it is 5s already".to_owned()));
    assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
    assert_eq!(first_difference("a\n", "a\nc\n"), Some(2));
    assert_eq!(first_difference("a\n", "a\n"), None);
}
