//! `explore`: runs whose budget goes to where new behaviour appears.

use std::path::PathBuf;

use highwater_sim::{Explore, Found, Way};

use super::shrink::How;
use super::{ModesArg, progress, say, threads};

/// Look for new behaviour: five ways to choose what goes wrong, and the most runs for those that show most
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many runs
    #[arg(long, default_value_t = 10_000)]
    runs: u64,
    /// The seed of the first run
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// On how many threads; all cores unless told otherwise
    #[arg(long)]
    jobs: Option<usize>,
    /// What the machine carries
    #[arg(long, default_value = "both")]
    mode: ModesArg,
    /// Only this way, to see what it is worth
    #[arg(long)]
    only: Option<WayArg>,
    /// Tell where the machines have been in tables, and write all that is known of it to FILE, as JSON Lines
    #[arg(long, value_name = "FILE")]
    coverage: Option<PathBuf>,
    #[command(flatten)]
    how: How,
}

/// A way to choose what goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum WayArg {
    /// The mixes of seeds
    Mix,
    /// Two kinds close together that were not seen so
    Pair,
    /// A few kinds from a few moments on
    Points,
    /// Everybody is stopped, and back in another order
    Swizzle,
    /// From where a run came to something new
    Branch,
}

impl WayArg {
    const fn way(self) -> Way {
        match self {
            Self::Mix => Way::Mix,
            Self::Pair => Way::Pair,
            Self::Points => Way::Points,
            Self::Swizzle => Way::Swizzle,
            Self::Branch => Way::Branch,
        }
    }
}

/// So many failures are made small and told.
const SHRUNK_MAX: usize = 3;

/// Runs the campaign. True if everything held.
pub(crate) fn run(args: &Args) -> bool {
    let (from, runs, modes) = (args.from, args.runs, args.mode.modes());
    let explore = Explore { from, runs, jobs: threads(args.jobs), modes, only: args.only.map(WayArg::way) };
    let bar = progress(runs, "runs");
    let explored = explore.run(|found| {
        let Found { failed, transitions, since } = found;
        bar.set_message(format!("{failed} failed, {transitions} transitions, a new one {since} runs ago"));
        bar.inc(1);
    });
    bar.finish_and_clear();
    for failure in &explored.failures {
        say(&failure.to_string());
    }
    for failure in explored.failures.iter().take(SHRUNK_MAX).filter(|_| args.how.is_wanted()) {
        say("");
        args.how.tell(&failure.plan);
    }
    say(&explored.to_string());
    let is_written = args.coverage.as_ref().is_none_or(|path| super::tell_coverage(path, &explored.coverage));
    is_written && explored.failures.is_empty()
}
