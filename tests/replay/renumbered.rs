//! A machine of another version numbers what it asks differently: answers find their questions all the same.

use highwater_sim::replay::{inputs, strict};
use highwater_sim::{Mode, Trace, plan_of_seed, run_plan};
use serde_json::{Value, json};

use super::lives;

/// The trace of a seed, a value a line.
fn trace(seed: u64) -> Vec<Value> {
    let plan = plan_of_seed(seed, Mode::Machine);
    let (_, trace) = run_plan(&plan, Trace::file(&plan));
    let text = trace.text().expect("it was asked for");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(lines: &[Value]) -> String {
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    lines.join("\n")
}

/// Adds so much to every number of that name.
fn shift(value: &mut Value, name: &str, by: u64) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_u64().filter(|_| key == name) {
                    Some(number) => *value = json!(number + by),
                    None => shift(value, name, by),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| shift(value, name, by)),
        _ => {}
    }
}

/// The index of the first step that says `deed`, and that is answered by a step of its own.
fn first(lines: &[Value], deed: &str) -> usize {
    let says = |line: &Value| {
        line["out"].as_array().is_some_and(|out| out.iter().any(|said| said.get(deed).is_some()))
    };
    lines.iter().position(says).unwrap()
}

#[test]
fn answers_find_their_questions_under_other_numbers() {
    for seed in 0..40 {
        let mut lines = trace(seed);
        let whole = strict(&lives(&text(&lines))).unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
        for line in lines.iter_mut().filter(|line| line.get("trace").is_none()) {
            shift(line, "op", 7);
            shift(line, "epoch", 3);
        }
        let shifted = lives(&text(&lines));
        assert!(strict(&shifted).is_err(), "seed {seed}");
        let held = inputs(&shifted).unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
        assert_eq!((held.unmatched, held.unanswered), (0, 0), "seed {seed}: {held}");
        assert_eq!((held.steps, held.events), (whole.steps, whole.events), "seed {seed}");
        assert!(held.renumbered > 4, "seed {seed}: {held}");
    }
}

#[test]
fn an_answer_to_what_is_not_asked_any_more_is_counted() {
    for seed in 0..40 {
        let mut lines = trace(seed);
        let whole = inputs(&lives(&text(&lines))).unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
        // The machine that was recorded flushed once more, before it dialed, and all later numbers are one higher.
        let at = first(&lines, "Open");
        let flushed = json!({"n": lines[at]["n"], "t": lines[at]["t"],
            "in": {"Flushed": {"op": 99, "flushed": {"Ok": null}}}, "out": []});
        lines[at]["out"].as_array_mut().unwrap().push(json!({"Flush": {"op": 99}}));
        lines.insert(at + 1, flushed);
        let held = inputs(&lives(&text(&lines))).unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
        assert_eq!((held.unmatched, held.renumbered), (1, 0), "seed {seed}: {held}");
        assert_eq!(held.steps, whole.steps, "seed {seed}");
        assert!(
            held.to_string().ends_with("1 answers to questions that are not asked any more were left out")
        );
    }
}

#[test]
fn a_question_that_nobody_answers_is_counted() {
    let mut lines = trace(1);
    let is_flushed = |line: &Value| line["in"].get("Flushed").is_some();
    let at = lines.iter().position(is_flushed).unwrap();
    let op = lines[at]["in"]["Flushed"]["op"].clone();
    lines.remove(at);
    for line in &mut lines {
        if let Some(out) = line["out"].as_array_mut() {
            out.retain(|said| said.get("Flush").is_none_or(|flush| flush["op"] != op));
        }
    }
    let held = inputs(&lives(&text(&lines))).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert!(held.unanswered > 0 && held.to_string().contains("have no answer in the trace"), "{held}");
}
