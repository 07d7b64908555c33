//! `explore`: runs whose budget goes to where new behaviour appears.

use highwater_sim::{Explore, Found, Way};

use super::series::Series;
use super::{progress, say};

/// Look for new behaviour: five ways to choose what goes wrong, and the most runs for those that show most
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many runs
    #[arg(long, default_value_t = 10_000)]
    runs: u64,
    /// Only this way, to see what it is worth
    #[arg(long)]
    only: Option<WayArg>,
    #[command(flatten)]
    series: Series,
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

/// Runs the campaign. True if everything held.
pub(crate) fn run(args: &Args) -> bool {
    let (series, runs) = (&args.series, args.runs);
    let (from, jobs, modes) = (series.from, series.threads(), series.modes());
    let explore = Explore { from, runs, jobs, modes, only: args.only.map(WayArg::way) };
    let bar = progress(runs, "runs");
    let explored = explore.run(|found| {
        let Found { failed, transitions, since } = found;
        bar.set_message(format!("{failed} failed, {transitions} transitions, a new one {since} runs ago"));
        bar.inc(1);
    });
    bar.finish_and_clear();
    series.tell(explored.failures.iter());
    say(&explored.to_string());
    series.write(&explored.coverage) && explored.failures.is_empty()
}
