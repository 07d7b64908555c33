//! `highwater demo`: what this program promises, shown in less than a minute, offline: on each wire a feed that fails in
//! every way it can without losing anything, a run that is killed in the middle, and a proof that all is there once.

mod proof;
mod runner;
mod stage;
mod table;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use highwater::feed::{Config, Feed, Summary};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::exit::{Exit, Failure};

use proof::Proof;
use runner::Runner;
use stage::{Paths, Wire};
use table::{Column, Table};

/// Shows that nothing is lost or doubled: a feed that fails, a run that is killed, and a proof, in less than a minute
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The database to make; with both wires, one for each, named after it [default: among the temporary files]
    #[arg(long, value_name = "DB")]
    db: Option<PathBuf>,
    /// Show this wire only [default: both]
    #[arg(long)]
    wire: Option<Wire>,
    /// What events and faults are made from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many events there are
    #[arg(long, value_name = "N", default_value_t = 24_000, value_parser = clap::value_parser!(u64).range(1_000..=1_000_000))]
    events: u64,
}

/// Events a second: a quiet day on the network, twice over.
const RATE: u32 = 2_000;

/// The run is killed once it has stored this part of the events, in percent.
const KILLED_AFTER: u64 = 40;

/// How often the progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whatever takes longer than the events themselves by this will not end.
const PATIENCE: Duration = Duration::from_secs(45);

/// Runs the whole of it, and ends badly unless nothing was lost, doubled or altered.
pub(crate) fn run(args: Args) -> Result<Exit, Failure> {
    let wires = args.wire.map_or(Wire::ALL.to_vec(), |wire| vec![wire]);
    let paths = Paths::of(args.db, &wires)?;
    let runtime = Runtime::new().map_err(|error| cannot(Exit::InputOutput, "start", &error))?;
    let begun = Instant::now();
    let mut columns = Vec::new();
    for (&wire, paths) in wires.iter().zip(&paths) {
        let config =
            Config { events: Some(args.events), truth: Some(paths.truth.clone()), ..wire.config(args.seed) };
        let (address, feeding) = Feeding::start(&runtime, config)?;
        let url = format!("ws://{address}{}", wire.path());
        tell(format_args!("a feed of {} events at {url}, which {}", args.events, wire.deeds()));
        let duplicates = ordeal(wire, &url, paths, args.events)?;
        let summary = feeding.end(&runtime)?;
        let proof = Proof::of(&paths.truth, &paths.database)?;
        columns.push(Column { wire, proof, summary, duplicates, kills: 1 });
    }
    let holds = columns.iter().all(|column| column.proof.holds());
    let table = Table { columns, took: begun.elapsed() };
    let databases: Vec<&Path> = paths.iter().map(|paths| paths.database.as_path()).collect();
    // Nobody reads it: the exit code still says it.
    let _ = writeln!(std::io::stdout().lock(), "{table}\n{}", table::invitation(&databases));
    Ok(if holds { Exit::Done } else { Exit::ProofFailed })
}

/// Follows the feed, is killed, follows on, until all is in: how many events came that were there already.
fn ordeal(wire: Wire, url: &str, paths: &Paths, events: u64) -> Result<u64, Failure> {
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} stored");
    let bar = ProgressBar::new(events).with_style(style.expect("the template is well-formed"));
    let ordeal = Ordeal {
        paths,
        bar,
        deadline: Instant::now() + Duration::from_secs(events / u64::from(RATE)) + PATIENCE,
    };
    let start = || Runner::start(url, wire.run_flags(), &paths.database, &paths.log);
    let mut first = start()?;
    let stored = ordeal.wait(&mut first, events * KILLED_AFTER / 100)?;
    let duplicates = first.kill()?;
    ordeal.bar.suspend(|| {
        tell(format_args!("killed the run (SIGKILL) at {stored} events stored; starting it again"));
    });
    let mut second = start()?;
    ordeal.wait(&mut second, u64::MAX)?;
    ordeal.bar.finish_and_clear();
    tell(format_args!("nothing new came any more; comparing what was said with what is stored"));
    Ok(duplicates + second.duplicates())
}

/// What the runs go through.
struct Ordeal<'a> {
    paths: &'a Paths,
    bar: ProgressBar,
    deadline: Instant,
}

impl Ordeal<'_> {
    /// Waits until `enough` events are stored, or, if that never is so, until the run ends by itself.
    fn wait(&self, runner: &mut Runner, enough: u64) -> Result<u64, Failure> {
        loop {
            let has_ended = runner.has_ended()?;
            let stored = proof::stored(&self.paths.database);
            self.bar.set_position(stored);
            if stored >= enough || (has_ended && enough == u64::MAX) {
                return Ok(stored);
            }
            if has_ended || Instant::now() > self.deadline {
                let what = format_args!("the run did not get there: it stored {stored} events");
                let hint = format_args!("what it said is in {}", self.paths.log.display());
                return Err(Failure::new(Exit::ProofFailed, what).hint(hint));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// A feed that serves beside us.
struct Feeding {
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<Summary, Failure>>,
}

impl Feeding {
    fn start(runtime: &Runtime, config: Config) -> Result<(SocketAddr, Self), Failure> {
        let feed = runtime.block_on(Feed::open(config)).map_err(super::feed::failure)?;
        let address = feed.address().map_err(super::feed::failure)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = runtime.spawn(async {
            let stopped = async { drop(stopped.await) };
            feed.serve(stopped).await.map_err(super::feed::failure)
        });
        Ok((address, Self { stop, serving }))
    }

    fn end(self, runtime: &Runtime) -> Result<Summary, Failure> {
        // It may have ended by itself, and says so.
        let _ = self.stop.send(());
        runtime
            .block_on(self.serving)
            .map_err(|error| Failure::new(Exit::Bug, format_args!("the feed: {error}")))?
    }
}

fn cannot(exit: Exit, what: &str, error: &std::io::Error) -> Failure {
    Failure::new(exit, format_args!("cannot {what}: {error}"))
}

fn tell(what: std::fmt::Arguments<'_>) {
    // If standard error is gone, there is nobody to be told.
    let _ = writeln!(std::io::stderr().lock(), "{what}");
}
