//! The table, and how near each run comes to what there is to win.

use crate::contestant::Contestant;
use crate::cost::Cost;

/// A run, what it is compared with, and the least share of that rate it must reach.
const BARS: [(Contestant, Contestant, f64); 2] =
    [(Contestant::Null, Contestant::Read, 0.25), (Contestant::Sqlite, Contestant::Rusqlite, 0.9)];

/// What may cost more than a run, and how much of that run at most.
const SHARES: [(Contestant, Contestant, f64); 2] =
    [(Contestant::Recorded, Contestant::Sqlite, 0.05), (Contestant::Remembered, Contestant::Sqlite, 0.05)];

/// One row of the table.
struct Row {
    contestant: Contestant,
    /// Millions a second.
    rate: Spread,
    /// Seconds a million.
    cpu: Spread,
    peak_mib: u64,
}

/// What the middle, the least and the most of the rounds were.
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

/// Prints what each round cost each of `contestants`.
pub(crate) fn print(events: u64, contestants: &[Contestant], costs: Vec<Vec<Cost>>) {
    let millions = events as f64 / 1e6;
    let cpu = contestants.iter().zip(&costs).map(|(contestant, costs)| {
        (*contestant, costs.iter().map(|cost| cost.cpu.as_secs_f64()).collect::<Vec<_>>())
    });
    let cpu: Vec<_> = cpu.collect();
    let row = |(contestant, costs): (&Contestant, Vec<Cost>)| Row {
        contestant: *contestant,
        rate: Spread::of(costs.iter().map(|cost| millions / cost.elapsed.as_secs_f64())),
        cpu: Spread::of(costs.iter().map(|cost| cost.cpu.as_secs_f64() / millions)),
        peak_mib: costs.iter().map(|cost| cost.peak_kib.div_ceil(1024)).max().unwrap_or(0),
    };
    let rows: Vec<Row> = contestants.iter().zip(costs).map(row).collect();
    println!("{:24} {:^23}   {:^20}   {:>8}", "", "million events/s", "CPU s/million", "peak MiB");
    println!("{0:24} {1:>7} {2:>7} {3:>7}   {1:>6} {2:>6} {3:>6}", "", "median", "min", "max");
    for Row { contestant, rate, cpu, peak_mib } in &rows {
        println!(
            "{:24} {:7.3} {:7.3} {:7.3}   {:6.3} {:6.3} {:6.3}   {peak_mib:8}",
            contestant.title(),
            rate.median,
            rate.min,
            rate.max,
            cpu.median,
            cpu.min,
            cpu.max
        );
    }
    println!();
    let find = |wanted| rows.iter().find(|row| row.contestant == wanted);
    for (run, bare, bar) in BARS {
        if let (Some(run), Some(bare)) = (find(run), find(bare)) {
            let share = run.rate.median / bare.rate.median;
            println!(
                "{}: {share:.2} of the rate of {}, bar {bar}: {}",
                run.contestant.title(),
                bare.contestant.title(),
                if share >= bar { "reached" } else { "missed" }
            );
        }
    }
    print_shares("CPU", &cpu);
}

/// Prints how many instructions each of `contestants` took.
pub(crate) fn print_instructions(events: u64, contestants: &[Contestant], counts: &[u64]) {
    println!("{events} events, counted once\n");
    println!("{:24} {:>20} {:>12}", "", "instructions", "an event");
    for (contestant, count) in contestants.iter().zip(counts) {
        println!("{:24} {count:20} {:12}", contestant.title(), count / events.max(1));
    }
    println!();
    let counted =
        contestants.iter().zip(counts).map(|(contestant, count)| (*contestant, vec![*count as f64]));
    print_shares("instructions", &counted.collect::<Vec<_>>());
}

/// What is on top of what, round by round.
fn print_shares(of: &str, costs: &[(Contestant, Vec<f64>)]) {
    let find = |wanted| costs.iter().find(|(contestant, _)| *contestant == wanted).map(|(_, costs)| costs);
    for (more, less, bar) in SHARES {
        if let (Some(dear), Some(cheap)) = (find(more), find(less)) {
            let share = Spread::of(dear.iter().zip(cheap).map(|(dear, cheap)| dear / cheap - 1.0));
            println!(
                "{}, {}: {:+.1} % {of} ({:+.1} to {:+.1}), bar {:.0} %: {}",
                less.title().trim(),
                more.title().trim(),
                share.median * 100.0,
                share.min * 100.0,
                share.max * 100.0,
                bar * 100.0,
                if share.median < bar { "kept" } else { "broken" }
            );
        }
    }
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        Self { median: at(values.len() / 2), min: at(0), max: at(values.len().saturating_sub(1)) }
    }
}
