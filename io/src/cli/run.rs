//! `highwater run`: follows a feed into a sink until it is told to stop.

mod finish;
mod flags;
mod progress;
mod recording;

use clap::Args as _;
use highwater::follow::{Following, IntoSink, null, sqlite, stdout};

use crate::cli::value::To;
use crate::cli::variables;
use crate::exit::{Exit, Failure};
use crate::{log, shutdown};

pub(crate) use flags::Args;
use recording::Recording;

/// Follows until there is an end to it.
pub(crate) fn run(args: Args) -> Result<Exit, Failure> {
    variables::refuse(&Args::augment_args(clap::Command::new("run")))?;
    let (to, checkpoint) = args.to()?;
    let recording = args.recording();
    let highwater = args.highwater()?;
    match to {
        To::Sqlite(path) => follow(highwater.into(sqlite(path)), &recording),
        To::Stdout => follow(highwater.into(stdout(checkpoint)), &recording),
        To::Null => follow(highwater.into(null()), &recording),
    }
}

fn follow<S: IntoSink>(following: Following<S>, recording: &Recording) -> Result<Exit, Failure> {
    let bar = progress::bar();
    log::start(&bar)?;
    // This thread is the driver's; one more is the connection's, and the sink has its own.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| cannot_start(&error))?;
    let finished = runtime.block_on(async {
        let shutdown = shutdown::listen().map_err(|error| cannot_start(&error))?;
        let following = following.record(recording.begin()?);
        let progress = tokio::spawn(progress::draw(bar.clone(), following.tally()));
        let finished = following.run(shutdown).await;
        progress.abort();
        bar.finish_and_clear();
        Ok::<_, Failure>(finished)
    })?;
    // Whatever still waits must not hold up an end that was asked for.
    runtime.shutdown_background();
    finish::exit(finished)
}

fn cannot_start(error: &std::io::Error) -> Failure {
    let what = format_args!("the operating system gives no thread, or no signals: {error}");
    Failure::new(Exit::InputOutput, what).hint("raise the limits of this user, or end other programs")
}
