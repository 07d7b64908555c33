//! The lines of a script: a configuration first, then what happens.

use highwater_core::Input;
use highwater_core::checkpoint::{Checkpoint, FilterHash, Witness};
use highwater_core::closure::Closure;
use highwater_core::config::{Config, Source};
use highwater_core::cursor::{Cursor, Place};
use highwater_core::gap::{Cause, Gap, GapState};
use highwater_core::number::{Fence, Version};
use highwater_core::scope::Scope;
use highwater_core::sink::{Appended, Loaded, Unavailable};
use highwater_core::time::{Duration, WallTime};

use super::small::{Small, Unsaid, event, items, mark};
use super::words::{Parsed, Value, Words};

/// What the first block says.
pub(super) struct Setup {
    pub(super) config: Config,
    /// What the wall clock says at the first moment.
    pub(super) wall: WallTime,
    /// The size of each payload.
    pub(super) size: u64,
}

impl Setup {
    pub(super) fn new() -> Self {
        Self { config: Config::new(Vec::new()), wall: WallTime::from_micros(1_000_000_000), size: 100 }
    }

    /// Takes in one line: the name of a limit, and its value.
    pub(super) fn read(&mut self, words: &mut Words<'_>) -> Parsed<()> {
        let config = &mut self.config;
        match words.word("the name of a setting")? {
            "source" => {
                let kind = words.value()?;
                config.sources.push(Source { kind, patience: words.option("patience")?.unwrap_or(PATIENCE) });
            }
            "wall" => self.wall = words.value()?,
            "payload-bytes" => self.size = words.value()?,
            "start" => config.start = words.value()?,
            "filter" => config.filter = FilterHash(words.value()?),
            "compress" => config.compress = true,
            "seed" => config.seed = words.value()?,
            "connect-timeout" => config.connect_timeout = words.value()?,
            "stall-timeout" => config.stall_timeout = words.value()?,
            "quiet-limit" => config.quiet_limit = Some(words.value()?),
            "backoff-initial" => config.backoff_initial = words.value()?,
            "backoff-max" => config.backoff_max = words.value()?,
            "rewind" => config.rewind = words.value()?,
            "cursor-window" => config.cursor_window = words.value()?,
            "batch-events" => config.batch_events = words.value()?,
            "batch-bytes" => config.batch_bytes = words.value()?,
            "batch-delay" => config.batch_delay = words.value()?,
            "buffer-events" => config.buffer_events = words.value()?,
            "buffer-bytes" => config.buffer_bytes = words.value()?,
            "stop-grace" => config.stop_grace = words.value()?,
            "exit-idle" => config.exit_idle = Some(words.value()?),
            "give-up-after" => config.give_up_after = Some(words.value()?),
            other => return Err(format!("there is no setting `{other}`")),
        }
        words.end()
    }
}

/// What the dialects of today tolerate.
const PATIENCE: Duration = Duration::from_secs(4);

/// Reads what happened; `unsaid` is what its events are without being told.
pub(super) fn input(words: &mut Words<'_>, unsaid: Unsaid) -> Parsed<Input<Small>> {
    let input = match words.word("what happened")? {
        "timeout" => Input::Timeout,
        "opened" => Input::Opened { epoch: words.value()? },
        "received" => Input::Received { epoch: words.value()?, items: items(words, unsaid)? },
        "heard" => Input::Heard { epoch: words.value()?, pong: words.take("pong") },
        "closed" => Input::Closed { epoch: words.value()?, closure: closure(words)? },
        "loaded" => Input::Loaded { op: words.value()?, loaded: loaded(words, unsaid)? },
        "appended" => Input::Appended { op: words.value()?, appended: appended(words)? },
        "flushed" => {
            let op = words.value()?;
            let flushed = if words.take("unavailable") { Err(Unavailable) } else { Ok(()) };
            Input::Flushed { op, flushed }
        }
        "stop" => Input::StopRequested,
        other => return Err(format!("nothing is called `{other}`")),
    };
    words.end()?;
    Ok(input)
}

fn closure(words: &mut Words<'_>) -> Parsed<Closure> {
    Ok(match words.word("how it ended")? {
        "retry" => Closure::Retry { after: words.option("after")? },
        "elsewhere" => Closure::Elsewhere,
        "too-old" => Closure::TooOld,
        "renegotiate" => Closure::Renegotiate,
        "too-large" => Closure::TooLarge,
        "fatal" => Closure::Fatal,
        other => return Err(format!("no connection ends with `{other}`")),
    })
}

fn appended(words: &mut Words<'_>) -> Parsed<Appended> {
    Ok(match words.word("what became of the append")? {
        "stored" => {
            Appended::Stored { stored: words.value()?, duplicates: words.option("duplicates")?.unwrap_or(0) }
        }
        "conflict" => Appended::Conflict,
        "fenced" => Appended::Fenced,
        "refused" => Appended::Refused { index: words.value()?, why: words.rest() },
        "unavailable" => Appended::Unavailable,
        "unknown" => Appended::Unknown,
        other => return Err(format!("no append ends with `{other}`")),
    })
}

/// `fence 1 [blind] [newest T]`, then any number of checkpoints, then of gaps; `blind` is a sink that does not compare.
fn loaded(words: &mut Words<'_>, unsaid: Unsaid) -> Parsed<Result<Loaded<u64>, Unavailable>> {
    if words.take("unavailable") {
        return Ok(Err(Unavailable));
    }
    let mut loaded = Loaded {
        fence: Fence(words.field("fence")?),
        compares: !words.take("blind"),
        newest: words.option("newest")?,
        checkpoints: Vec::new(),
        gaps: Vec::new(),
    };
    while words.take("checkpoint") {
        let scope = words.value()?;
        loaded.checkpoints.push((scope, checkpoint(words, scope, unsaid)?));
    }
    while words.take("gap") {
        loaded.gaps.push(gap(words, unsaid)?);
    }
    Ok(Ok(loaded))
}

/// `version N [at E] [from PLACE] until T [filter N] [margin D]`: `at` names the witness, whose place is meant unless
/// another is said.
fn checkpoint(words: &mut Words<'_>, scope: Scope, unsaid: Unsaid) -> Parsed<Checkpoint<u64>> {
    let version = Version(words.field("version")?);
    let (place, witness) = if words.take("at") {
        let word = words.word("the witness")?;
        let witness = event(word, unsaid)?;
        let cursor: Cursor =
            witness.cursor(scope.kind).ok_or_else(|| format!("`{word}` has no {}", scope.kind))?;
        let place = words.option("from")?.unwrap_or(Place::Cursor(cursor));
        (place, Some(Witness { cursor, time: witness.time, key: witness.payload.key }))
    } else {
        (words.field("from")?, None)
    };
    Ok(Checkpoint {
        version,
        place,
        witness,
        covered_until: words.field("until")?,
        filter: FilterHash(words.option("filter")?.unwrap_or(0)),
        margin: words.option("margin")?.unwrap_or(Duration::from_secs(5)),
    })
}

/// `STATE CAUSE SCOPE E [to E]`, in the order in which a gap is shown.
fn gap(words: &mut Words<'_>, unsaid: Unsaid) -> Parsed<Gap> {
    let (state, cause, scope) = (words.value()?, words.value()?, words.value::<Scope>()?);
    let from = mark(words.word("where the gap begins")?, scope.kind, unsaid)?;
    let to = if words.take("to") {
        Some(mark(words.word("where the gap ends")?, scope.kind, unsaid)?)
    } else {
        None
    };
    Ok(Gap { scope, cause, state, from, to })
}

impl Value for Cause {
    const WHAT: &str = "the cause of a gap, as `witness`";
    fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == word)
    }
}

impl Value for GapState {
    const WHAT: &str = "`lost`, `unproven` or `closed`";
    fn read(word: &str) -> Option<Self> {
        [Self::Lost, Self::Unproven, Self::Closed].into_iter().find(|state| state.name() == word)
    }
}

#[test]
fn every_input_can_be_written() {
    let unsaid = Unsaid { time: WallTime::from_micros(5), size: 1 };
    let read = |line: &str| input(&mut Words::new(line), unsaid).map(|input| format!("{input:?}"));
    for line in [
        "timeout",
        "opened #1",
        "received #1 11 999s filtered 12 oversize 13@1ms outdated info malformed undecodable",
        "heard #1 pong",
        "closed #1 retry after 5s",
        "loaded #1 fence 2 blind newest 9s checkpoint 0/seq/0 version 1 from oldest until 3s filter 1 margin 6s",
        "loaded #1 fence 2 checkpoint 0/seq/0 version 4 at 13@9s until 9s gap unproven host-switch 0/seq/0 13 to 14",
        "loaded #1 unavailable",
        "appended #1 stored 1 duplicates 2",
        "appended #1 refused 0 too big",
        "flushed #1",
        "flushed #1 unavailable",
        "stop",
    ] {
        let shown =
            input(&mut Words::new(line), unsaid).unwrap_or_else(|why| panic!("{line}: {why}")).to_string();
        assert_eq!(read(&shown), read(line), "what a log has is what a scenario takes: {shown}");
    }
    assert_eq!(read("opened #1 again"), Err("too much before `again`".to_owned()));
    assert_eq!(
        read("loaded #1 fence 2 checkpoint 0/seq/0 at 3"),
        Err("`version` is missing before `at`".to_owned())
    );
    assert_eq!(read("closed #1 rudely"), Err("no connection ends with `rudely`".to_owned()));
    assert_eq!(read("exploded"), Err("nothing is called `exploded`".to_owned()));
}
