//! `search`: all states of a small world, and a fair way to the end from each.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use highwater_core::serve::Wire;
use highwater_core::time::Duration as Span;
use highwater_sim::{Bounds, Counterexample, Findings, Mishap, Model, search};
use indicatif::{ProgressBar, ProgressStyle};

use super::{complain, say};

/// Look at every state of a small world, and let each of them heal
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Events in each history of the source
    #[arg(long, default_value_t = Bounds::default().events, value_parser = clap::value_parser!(u8).range(1..=8))]
    events: u8,
    /// So much may go wrong on one path
    #[arg(long, default_value_t = Bounds::default().faults, value_parser = clap::value_parser!(u8).range(0..=15))]
    faults: u8,
    /// How often one kind may; repeat it for others, or say `all=0` first and name what may
    #[arg(long, value_name = "KIND=N", value_parser = bound)]
    bound: Vec<(Option<Mishap>, u8)>,
    /// How the sources speak
    #[arg(long, default_value = "both")]
    wire: WireArg,
    /// How many sources tell the same
    #[arg(long, default_value_t = Bounds::default().sources, value_parser = clap::value_parser!(u8).range(1..=2))]
    sources: u8,
    /// Begin with what comes next, not with the oldest there is
    #[arg(long)]
    tip: bool,
    /// A batch waits for more for so long
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    batch_delay: Duration,
    /// No path is longer
    #[arg(long, value_name = "STEPS")]
    depth: Option<u32>,
    /// No more states are put down
    #[arg(long, value_name = "N", default_value_t = Bounds::default().states)]
    states: u32,
    /// Where to put the scenario of a broken rule
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum WireArg {
    /// A world for each, side by side
    Both,
    /// Counts in time
    V1,
    /// Counts in numbers
    V2,
}

/// `cut=1`, or `all=0`.
fn bound(text: &str) -> Result<(Option<Mishap>, u8), String> {
    let (name, number) = text.split_once('=').ok_or("write KIND=N, as in `cut=1`")?;
    let number = number.parse().ok().filter(|&number: &u8| number <= Bounds::EACH_MAX);
    let number = number.ok_or_else(|| format!("N is a number up to {}", Bounds::EACH_MAX))?;
    let kind = Mishap::ALL.into_iter().find(|mishap| mishap.name() == name);
    if kind.is_none() && name != "all" {
        let names: Vec<&str> = Mishap::ALL.iter().map(|mishap| mishap.name()).collect();
        return Err(format!("KIND is `all` or one of {}", names.join(", ")));
    }
    Ok((kind, number))
}

impl Args {
    fn wires(&self) -> &'static [(Wire, &'static str)] {
        match self.wire {
            WireArg::Both => &[(Wire::V1, "v1"), (Wire::V2, "v2")],
            WireArg::V1 => &[(Wire::V1, "v1")],
            WireArg::V2 => &[(Wire::V2, "v2")],
        }
    }

    fn bounds(&self, wire: Wire) -> Bounds {
        let mut bounds = Bounds {
            wire,
            sources: self.sources,
            at_tip: self.tip,
            batch_delay: Span::from_micros(u64::try_from(self.batch_delay.as_micros()).unwrap_or(u64::MAX)),
            events: self.events,
            faults: self.faults,
            each: [self.faults; Mishap::ALL.len()],
            depth: self.depth.unwrap_or(u32::MAX),
            states: self.states,
        };
        for &(kind, number) in &self.bound {
            match kind {
                Some(kind) => bounds.each[kind as usize] = number,
                None => bounds.each.fill(number),
            }
        }
        bounds
    }
}

/// Searches, a thread for each wire. True if everything held.
pub(crate) fn run(args: &Args) -> bool {
    // Drawn on stderr, and only where that is a terminal.
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    let began = Instant::now();
    let look = |&(wire, name): &(Wire, &str)| {
        let model = Model::new(args.bounds(wire));
        let findings = search(&model, |states, transitions| {
            bar.set_message(format!("{name}: {states} states, {transitions} transitions"));
        });
        (model, findings)
    };
    let found: Vec<_> = thread::scope(|scope| {
        let searches: Vec<_> = args.wires().iter().map(|wire| scope.spawn(move || look(wire))).collect();
        searches.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let took = began.elapsed();
    bar.finish_and_clear();
    let mut all = Findings::default();
    let mut holds = true;
    for ((_, name), found) in args.wires().iter().zip(found) {
        let Ok((model, findings)) = found else {
            complain(&format!("{name}: the search panicked"));
            holds = false;
            continue;
        };
        holds &= findings.broken.is_none();
        tell(args, name, &model, &findings);
        all.states += findings.states;
        all.transitions += findings.transitions;
        all.cost += findings.cost;
    }
    say(&format!("{}, in {:.2} s", all.sum(), took.as_secs_f64()));
    holds
}

fn tell(args: &Args, name: &str, model: &Model, findings: &Findings) {
    say(&format!("wire         {name}"));
    if let Some(broken) = &findings.broken {
        say(&broken.to_string());
        say(&broken.story(model));
        keep(args, broken, model);
        say("");
    }
    say(&findings.to_string());
    say("");
}

fn keep(args: &Args, broken: &Counterexample, model: &Model) {
    let Some(path) = &args.scenario else { return };
    match broken.scenario(model).map(|scenario| std::fs::write(path, scenario)) {
        Some(Ok(())) => say(&format!("kept: {}", path.display())),
        Some(Err(error)) => complain(&format!("{}: the scenario cannot be written: {error}", path.display())),
        None => say("no scenario has words for the last process of this path"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_names_a_kind_and_a_number() {
        assert_eq!(bound("cut=1"), Ok((Some(Mishap::Cut), 1)));
        assert_eq!(bound("all=0"), Ok((None, 0)));
        assert!(bound("cut").is_err());
        assert!(bound("cut=16").is_err());
        assert!(bound("cuts=1").unwrap_err().contains("clock-step"));
    }
}
