//! The machine in the world of the simulator: fixed seeds, of which none may find anything.

use highwater_sim::{Campaign, HealingRecord, Mode, Modes, Summary, run_seed};

/// So many seeds are run each time: some ten virtual weeks.
const SEEDS: u64 = 2_000;

fn campaign(from: u64, seeds: u64) -> Summary {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    Campaign { from, seeds, jobs, modes: Modes::Both, twice_one_in: 100, changed_one_in: 10 }.run(|_| ())
}

#[test]
fn two_thousand_worlds_find_nothing() {
    let summary = campaign(0, SEEDS);
    let failures: Vec<String> = summary.failures.values().map(ToString::to_string).collect();
    assert_eq!(summary.failed, 0, "\n{}", failures.join("\n\n"));
    assert_eq!(summary.passed, SEEDS);
    // A world in which nothing goes wrong proves nothing.
    let calm = highwater_sim::Fault::ALL.into_iter().filter(|&fault| summary.fired.count(fault) == 0);
    assert_eq!(calm.collect::<Vec<_>>(), [], "every kind of fault fires");
    let (seen, all) = summary.coverage.phases();
    assert_eq!(seen, all, "every phase of the machine is reached");
    assert!(summary.coverage.transitions().count() >= 90, "{}", summary.coverage.transitions().count());
    assert_eq!(summary.coverage.missed(), [], "what must happen sometimes does: name, runs, runs owed");
    heals_as_on_record(&summary);
}

/// No machine takes much longer to catch up than those of the last version did, nor much shorter: who is faster goes on
/// record as well (`highwater-sim run --seeds 2000 --healing tests/healing.jsonl`).
fn heals_as_on_record(summary: &Summary) {
    let lines = include_str!("healing.jsonl").lines();
    let mut records = lines.map(|line| serde_json::from_str::<HealingRecord>(line).unwrap());
    let newest = records.rfind(|record| (record.from, record.seeds) == (0, SEEDS)).unwrap();
    let (whole, partial) = summary.healing.figures();
    assert_eq!(whole.runs + partial.runs, SEEDS, "every run catches up");
    let now = HealingRecord { whole, partial, ..newest.clone() };
    assert_eq!(newest.alarms(&now), [] as [String; 0]);
}

#[test]
fn a_seed_is_the_same_run_on_any_thread() {
    for mode in [Mode::Machine, Mode::Wire] {
        let here: Vec<u64> = (0..20).map(|seed| run_seed(seed, mode).unwrap().hash).collect();
        let there = std::thread::spawn(move || {
            (0..20).rev().map(|seed| run_seed(seed, mode).unwrap().hash).collect::<Vec<_>>()
        });
        let there: Vec<u64> = there.join().unwrap().into_iter().rev().collect();
        assert_eq!(here, there, "{mode:?}");
    }
}
