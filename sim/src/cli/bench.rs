//! `bench`: how fast the simulator is, beside the limit that the machine itself sets.

use highwater_sim::{Bench, Rates};

use super::say;

/// Measure steps a second of one core, by processor time
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many seeds a round runs
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many rounds; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// Measures, and says what came of it.
pub(crate) fn run(args: &Args) -> bool {
    let rates = Bench { from: args.from, seeds: args.seeds, rounds: args.rounds }.run();
    say(&table(args, &rates));
    true
}

fn table(args: &Args, rates: &Rates) -> String {
    let million = |rate: u64| rate as f64 / 1e6;
    let share = 100.0 * rates.machine as f64 / rates.bare.max(1) as f64;
    format!(
        "million steps a second and core, median of {} rounds of {} seeds, {} steps each\n\
         machine   {:>7.3}   small payloads, all oracles: {share:.0} % of the limit\n\
         limit     {:>7.3}   the same inputs, handed to machines alone\n\
         wire      {:>7.3}   the bytes of the wires, all oracles",
        args.rounds,
        args.seeds,
        rates.steps,
        million(rates.machine),
        million(rates.bare),
        million(rates.wire),
    )
}

#[cfg(test)]
mod tests {
    use clap::Args as _;

    use super::*;

    #[test]
    fn the_help_says_what_is_measured() {
        let help = Args::augment_args(clap::Command::new("bench")).render_help();
        insta::assert_snapshot!(help, @r"
        Measure steps a second of one core, by processor time

        Usage: bench [OPTIONS]

        Options:
              --seeds <SEEDS>    How many seeds a round runs [default: 500]
              --from <FROM>      The first seed [default: 0]
              --rounds <ROUNDS>  How many rounds; the median counts [default: 5]
          -h, --help             Print help
        ");
    }

    #[test]
    fn the_limit_stands_beside_what_was_measured() {
        let args = Args { seeds: 500, from: 0, rounds: 5 };
        let rates = Rates { steps: 1_000_000, machine: 5_000_000, bare: 8_000_000, wire: 400_000 };
        insta::assert_snapshot!(table(&args, &rates), @r"
        million steps a second and core, median of 5 rounds of 500 seeds, 1000000 steps each
        machine     5.000   small payloads, all oracles: 62 % of the limit
        limit       8.000   the same inputs, handed to machines alone
        wire        0.400   the bytes of the wires, all oracles
        ");
    }
}
