//! The traces in `tests/traces`, captured from `highwater run` against `highwater feed`.

use highwater_sim::replay::{Trials, inputs, mutate, strict};

use super::{lives, refusal};

/// The captured traces, by name.
fn captured() -> Vec<(String, String)> {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/traces"))
        .unwrap()
        .map(|file| file.unwrap().path());
    let traces = files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    let mut traces: Vec<_> = traces
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    traces.sort();
    traces
}

#[test]
fn each_captured_trace_replays_and_is_accepted_by_the_world() {
    let mut said = Vec::new();
    for (name, text) in captured() {
        let lives = lives(&text);
        let replayed = strict(&lives).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let held = inputs(&lives).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(replayed, held, "{name}");
        said.push(format!("{name}: {replayed}"));
    }
    insta::assert_snapshot!(said.join("\n"));
}

/// Whatever is put into a captured run, the machine gets over it.
#[test]
fn each_captured_trace_holds_with_faults_put_into_it() {
    for (name, text) in captured() {
        let mutated = mutate(&lives(&text), Trials { from: 0, seeds: 48, time: None })
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let first = mutated.failures.first().map(|failed| (failed.seed, failed.violation.to_string()));
        assert!(first.is_none(), "{name}: {first:?}");
        assert_eq!(mutated.accompanied, mutated.recorded, "{name}: {mutated}");
        assert!(mutated.new_transitions() > 12, "{name}: {mutated}");
    }
}

#[test]
fn a_captured_trace_with_an_effect_altered_is_refused() {
    for (name, text) in captured() {
        // The last checkpoint that was asked for, one further on.
        let (before, after) = text.rsplit_once("\"covered_until\":").unwrap();
        let altered = refusal(&format!("{before}\"covered_until\":9{after}"));
        assert!(altered.contains("`out[0].Append.checkpoint.covered_until` is 9"), "{name}: {altered}");
    }
}
