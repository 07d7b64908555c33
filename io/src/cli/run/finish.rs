//! How a run ended, as a supervisor and an operator need to know it.

use highwater::FollowError;
use highwater::address::AddressError;
use highwater::driver::{Fault, Finished};
use highwater::sink::Ended;
use highwater_core::effect::Outcome;
use tracing::info;

use crate::exit::{Exit, Failure};

/// Tells the operator what became of it, and gives the code to end with.
pub(super) fn exit(finished: Result<Finished, FollowError>) -> Result<Exit, Failure> {
    let finished = match finished {
        // Whoever read us has what they wanted.
        Err(FollowError::Fault(Fault::SinkEnded(Ended::ReaderGone))) => return Ok(Exit::Done),
        Err(error) => return Err(failure(&error)),
        Ok(finished) => finished,
    };
    sum_up(&finished);
    let failure = match finished.outcome {
        Outcome::Stopped | Outcome::GraceOver | Outcome::Idle => return Ok(Exit::Done),
        Outcome::GaveUp => {
            let what = format_args!("gave up: no good connection; of the last one: {}", finished.last_words);
            Failure::new(Exit::Unavailable, what)
                .hint("what was stored is safe; run it again to go on from there")
        }
        Outcome::AllFatal => {
            let what = format_args!("every feed refused for good; the last one: {}", finished.last_words);
            Failure::new(Exit::Unavailable, what).hint("check the URLs and what is asked for")
        }
        Outcome::Fenced => Failure::new(Exit::Locked, "another writer has taken over the sink")
            .hint("only one highwater may write to it: stop one of them"),
        Outcome::Corrupt => Failure::new(Exit::CorruptData, "the sink's records contradict each other")
            .hint("keep a copy of it, then restore a backup or start with a new one"),
    };
    Err(failure)
}

fn sum_up(finished: &Finished) {
    let tally = &finished.tally;
    let how = match finished.outcome {
        Outcome::Stopped => "stopped; all that was received is durable",
        Outcome::GraceOver => "stopped before all was durable; the rest will be read again",
        Outcome::Idle => "nothing new came; all that was received is durable",
        Outcome::GaveUp | Outcome::AllFatal | Outcome::Fenced | Outcome::Corrupt => "ended",
    };
    info!(
        connections = tally.connections,
        received = tally.received,
        stored = tally.stored,
        duplicates = tally.duplicates,
        gaps = tally.gaps,
        dead_letters = tally.dead_letters,
        "{how}"
    );
}

fn failure(error: &FollowError) -> Failure {
    let exit = match error {
        FollowError::Address { .. }
        | FollowError::Doubled(_)
        | FollowError::Subscription(_)
        | FollowError::NoDictionary(_)
        | FollowError::AmbiguousStart => Exit::Usage,
        FollowError::Sink(error) => return error.into(),
        FollowError::Thread(_) => Exit::InputOutput,
        FollowError::Fault(Fault::SinkEnded(Ended::Damaged(_))) => Exit::CorruptData,
        FollowError::Fault(Fault::SinkEnded(Ended::ReaderGone)) => Exit::Done,
        FollowError::Fault(Fault::SinkPanicked(_) | Fault::SocketPanicked(_)) => Exit::Bug,
    };
    let failure = Failure::new(exit, error);
    match hint(error) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn hint(error: &FollowError) -> Option<String> {
    match error {
        FollowError::Address { url, error } => address_hint(url, error),
        FollowError::Doubled(_) => Some("name each feed once: a feed has one place in its sink".into()),
        FollowError::Subscription(_) => None,
        FollowError::NoDictionary(_) => {
            Some("give the dictionary with --zstd-dictionary FILE, or leave out --zstd".into())
        }
        FollowError::AmbiguousStart => Some("write a moment, as --start 2026-05-25T14:23:29Z".into()),
        FollowError::Sink(error) => Some(error.hint().into()),
        FollowError::Thread(_) => Some("raise the limit of processes, or end others".into()),
        FollowError::Fault(Fault::SinkEnded(_)) => {
            Some("keep a copy of it, then restore a backup or start with a new one".into())
        }
        FollowError::Fault(Fault::SinkPanicked(_) | Fault::SocketPanicked(_)) => Some(format!(
            "this is a mistake of ours: please report it, with the lines above, at {}/issues",
            env!("CARGO_PKG_REPOSITORY")
        )),
    }
}

fn address_hint(url: &str, error: &AddressError) -> Option<String> {
    match error {
        AddressError::NotAUrl => Some("write it as wss://jetstream1.us-east.bsky.network/subscribe".into()),
        AddressError::Scheme(meant) => meant.as_ref().map(|meant| format!("did you mean {meant}?")),
        AddressError::Credentials => Some("leave them out".into()),
        AddressError::Query(pasted) => {
            let plain = url.split_once('?').map_or(url, |(plain, _)| plain);
            let flags = pasted.flags.join(" ");
            let rest = match &pasted.without_flag[..] {
                [] => String::new(),
                names => format!("\nwithout a flag, and left out: {}", names.join(", ")),
            };
            Some(format!("the same in flags: {plain} {flags}{rest}"))
        }
        AddressError::Path(_) => {
            Some("check the path, or say how the feed speaks: --dialect jetstream_v1 or jetstream_v2".into())
        }
    }
}
