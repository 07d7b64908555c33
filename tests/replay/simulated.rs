//! Traces of the simulator are replayed as production's are: the same machine says the same, another is found out.

use highwater_core::Consumer;
use highwater_core::payload::Shadow;
use highwater_core::trace::{Head, Line, Step, Track};
use highwater_sim::replay::{Lives, inputs, strict};
use highwater_sim::{Mode, Trace, plan_of_seed, run_plan};

use super::{lives, refusal};

/// The trace of a seed.
fn trace(seed: u64, mode: Mode) -> String {
    let plan = plan_of_seed(seed, mode);
    let (_, trace) = run_plan(&plan, Trace::file(&plan));
    trace.text().expect("it was asked for").to_owned()
}

#[test]
fn every_run_of_the_world_replays_and_is_accepted_by_it() {
    for seed in 0..60 {
        let mode = if seed % 8 == 7 { Mode::Wire } else { Mode::Machine };
        let lives = lives(&trace(seed, mode));
        let replayed = strict(&lives).unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
        assert!(replayed.steps > 20 && replayed.torn == 0, "seed {seed}: {replayed}");
        let again = inputs(&lives).unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
        assert_eq!(again, replayed, "seed {seed}");
    }
}

#[test]
fn a_trace_with_one_effect_altered_is_refused_with_the_step_and_the_field() {
    let text = trace(1, Mode::Machine);
    let altered = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        refusal(&text.replacen(from, to, 1))
    };
    let said = [
        altered(r#""expect":1,"#, r#""expect":2,"#),
        altered(r#"{"Open":{"epoch":2,"#, r#"{"Open":{"epoch":3,"#),
        altered(r#""out":[{"Load":{"op":1}}]"#, r#""out":[]"#),
        altered(r#""wall":17"#, r#""wall":16"#),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn what_the_world_cannot_do_is_named() {
    let text = trace(1, Mode::Machine);
    let put = |line: &str| {
        let at = text.match_indices('\n').nth(4).map(|(at, _)| at + 1).unwrap();
        refusal(&format!("{}{line}\n{}", &text[..at], &text[at..]))
    };
    let said = [
        put(r#"{"n":4,"t":99000000,"in":{"Opened":{"epoch":7}}}"#),
        put(r#"{"n":4,"t":99000000,"in":{"Flushed":{"op":1,"flushed":{"Ok":null}}}}"#),
        put(r#"{"n":4,"t":99000000,"in":{"Appended":{"op":99,"appended":"Conflict"}}}"#),
        put(r#"{"n":4,"t":0,"in":"Timeout"}"#),
        put(r#"{"n":4,"t":99000000,"in":{"Heard":{"epoch":1,"pong":true}}}"#),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_line_that_a_kill_tore_is_dropped_and_no_other() {
    let text = trace(1, Mode::Machine);
    let torn = &text[..text.len() - 20];
    assert_eq!(strict(&lives(torn)).unwrap().torn, 1);
    // The process that comes next begins on a line of its own.
    let (other, again) = (trace(1, Mode::Machine), lives(&format!("{torn}\n{text}")));
    assert_eq!(other, text);
    assert_eq!(again.core(), Some(env!("CARGO_PKG_VERSION")));
    let middle = text.replacen("\"Timeout\"", "\"Tim", 1);
    let error = Lives::default().read(&middle).unwrap_err().to_string();
    assert!(error.contains("no line of a trace"), "{error}");
    for (text, why) in [("", "nothing in it"), ("{\"n\":1,\"t\":1}", "begins a life")] {
        assert!(Lives::default().read(text).unwrap_err().to_string().contains(why));
    }
}

/// A file that was begun in the middle of a run begins with the machine as it stood.
#[test]
fn a_machine_that_was_written_down_goes_on_as_it_would_have() {
    for seed in 0..24 {
        let text = trace(seed, Mode::Machine);
        let mut lines = text.lines().map(|line| Line::read(line).unwrap());
        let Some(Line::Head(head)) = lines.next() else { panic!("a life begins with a head") };
        let steps: Vec<Step> = lines
            .take_while(|line| !matches!(line, Line::Head(_)))
            .filter_map(|line| if let Line::Step(step) = line { Some(step) } else { None })
            .collect();
        for cut in (1..steps.len()).step_by(steps.len().div_ceil(12)) {
            assert_goes_on(&head, &steps, cut);
        }
    }
}

fn assert_goes_on(head: &Head, steps: &[Step], cut: usize) {
    let mut machine = Consumer::<Shadow>::new(head.config.clone(), head.now);
    let mut track = Track::new(head.now);
    while machine.poll_effect().is_some() {}
    for step in &steps[..cut] {
        let now = track.read(step);
        if let Some(input) = step.input.clone() {
            machine.handle(now, input);
            while machine.poll_effect().is_some() {}
        }
    }
    let written = serde_json::value::to_raw_value(&machine).unwrap();
    let head = Head { machine: Some(written), now: track.now(), ..head.clone() };
    let mut text = format!("{}\n", Line::Head(Box::new(head)));
    for step in &steps[cut..] {
        // Its digests begin anew with it.
        let line = Line::Step(Step { h: None, ..step.clone() });
        text.push_str(&line.to_string());
        text.push('\n');
    }
    strict(&lives(&text)).unwrap_or_else(|refusal| panic!("cut at {cut}: {refusal}"));
}
