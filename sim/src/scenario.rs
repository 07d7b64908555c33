//! The last process of a run as a scenario: what the core alone was told, in the words of `tests/scenarios`, and what
//! it did.
//!
//! A machine is handed the inputs once more, and its effects are written below each. A scenario has no sink that
//! remembers and payloads of one size, and it takes a checkpoint to lie where its witness is: what was otherwise in a
//! run cannot be said, and then there is no scenario.

mod same_size;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use highwater_core::config::Config;
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::event::{Event, Item};
use highwater_core::gap::Mark;
use highwater_core::scope::Scope;
use highwater_core::time::{Duration, Now, WallTime};
use highwater_core::{Consumer, Input};

use crate::carrier::Small;
use crate::tape::Life;
use crate::truth::EventId;
use same_size::{PAYLOAD_BYTES, SameSize, same_size};

/// The life as a scenario, under `story`; none if it cannot be said.
pub(crate) fn of(life: &Life<Small>, story: &str) -> Option<String> {
    let inputs: Vec<(Now, Input<SameSize>)> =
        life.inputs().iter().map(|(now, input)| (*now, same_size(input))).collect();
    if !inputs.iter().all(|(_, input)| can_be_said(input)) {
        return None;
    }
    let comment: Vec<String> = story.lines().map(|line| format!("# {line}")).collect();
    let machine = Consumer::new(life.config().clone(), life.began());
    let mut player = Player { machine, now: life.began(), keys: Keys::of(&inputs) };
    let mut blocks = vec![comment.join("\n")];
    blocks.push(format!("{}\n----\n{}", settings(life.config(), life.began()), player.behaviour()));
    for (now, input) in inputs {
        let script = player.script(now, &input);
        let done = catch_unwind(AssertUnwindSafe(|| {
            player.machine.handle(now, input);
            player.behaviour()
        }));
        player.now = now;
        let Ok(behaviour) = done else {
            blocks.push(format!("# Here it panics.\n{script}"));
            break;
        };
        blocks.push(format!("{script}\n----\n{behaviour}"));
    }
    Some(blocks.join("\n\n") + "\n")
}

/// Whether all of the input is in the words for it.
fn can_be_said(input: &Input<SameSize>) -> bool {
    let Input::Loaded { loaded: Ok(loaded), .. } = input else { return true };
    let is_where = |scope: Scope, mark: &Mark| {
        scope.kind == CursorKind::Seq || mark.cursor == Cursor(mark.time.as_micros())
    };
    let checkpoints = loaded.checkpoints.iter().all(|(scope, checkpoint)| {
        checkpoint
            .witness
            .as_ref()
            .is_none_or(|witness| is_where(*scope, &Mark { cursor: witness.cursor, time: witness.time }))
    });
    let marks = |gap: &highwater_core::gap::Gap| {
        is_where(gap.scope, &gap.from) && gap.to.as_ref().is_none_or(|to| is_where(gap.scope, to))
    };
    checkpoints && loaded.gaps.iter().all(marks)
}

struct Player {
    machine: Consumer<SameSize>,
    now: Now,
    keys: Keys,
}

impl Player {
    /// The lines that hand in `input` at `now`.
    fn script(&self, now: Now, input: &Input<SameSize>) -> String {
        let deadline = self.machine.next_timeout();
        let wall = self.now.wall + now.monotonic.since(self.now.monotonic);
        let late = if deadline.is_some_and(|deadline| deadline < now.monotonic) { "late " } else { "" };
        let when = if now.monotonic == self.now.monotonic {
            String::new()
        } else {
            format!("at {} ", now.monotonic)
        };
        let set = (wall != now.wall).then(|| format!("{when}{late}wall {}\n", since_1970(now.wall)));
        let is_awaited = deadline == Some(now.monotonic) && set.is_none();
        match input {
            Input::Timeout if is_awaited => "sleep".to_owned(),
            input => format!("{}{when}{late}{}", set.unwrap_or_default(), self.keys.say(input)),
        }
    }

    /// What the machine does, and until when it would sleep then.
    fn behaviour(&mut self) -> String {
        let mut lines = Vec::new();
        while let Some(effect) = self.machine.poll_effect() {
            lines.push(effect.to_string());
        }
        lines.push(match self.machine.next_timeout() {
            Some(deadline) => format!("sleep until {deadline}"),
            None => "sleep".to_owned(),
        });
        lines.join("\n")
    }
}

/// The first block: what differs from the decided limits.
fn settings(config: &Config, began: Now) -> String {
    let usual = Config::new(config.sources.clone());
    let sources = config.sources.iter();
    let mut lines: Vec<String> =
        sources.map(|source| format!("source {} patience {}", source.kind, source.patience)).collect();
    lines.push(format!("wall {}", since_1970(began.wall)));
    lines.push(format!("payload-bytes {PAYLOAD_BYTES}"));
    let mut say = |name: &str, value: String, usual: String| {
        if value != usual {
            lines.push(format!("{name} {value}").trim_end().to_owned());
        }
    };
    let length = |length: Option<Duration>| length.map_or(String::new(), |length| length.to_string());
    say("start", start(config.start), start(usual.start));
    say("filter", config.filter.0.to_string(), usual.filter.0.to_string());
    say("seed", config.seed.to_string(), usual.seed.to_string());
    say("connect-timeout", config.connect_timeout.to_string(), usual.connect_timeout.to_string());
    say("stall-timeout", config.stall_timeout.to_string(), usual.stall_timeout.to_string());
    say("quiet-limit", length(config.quiet_limit), length(usual.quiet_limit));
    say("backoff-initial", config.backoff_initial.to_string(), usual.backoff_initial.to_string());
    say("backoff-max", config.backoff_max.to_string(), usual.backoff_max.to_string());
    say("rewind", config.rewind.to_string(), usual.rewind.to_string());
    say("cursor-window", config.cursor_window.to_string(), usual.cursor_window.to_string());
    say("batch-events", config.batch_events.to_string(), usual.batch_events.to_string());
    say("batch-bytes", config.batch_bytes.to_string(), usual.batch_bytes.to_string());
    say("batch-delay", config.batch_delay.to_string(), usual.batch_delay.to_string());
    say("buffer-events", config.buffer_events.to_string(), usual.buffer_events.to_string());
    say("buffer-bytes", config.buffer_bytes.to_string(), usual.buffer_bytes.to_string());
    say("stop-grace", config.stop_grace.to_string(), usual.stop_grace.to_string());
    say("exit-idle", length(config.exit_idle), length(usual.exit_idle));
    say("give-up-after", length(config.give_up_after), length(usual.give_up_after));
    if config.compress {
        lines.push("compress".to_owned());
    }
    lines.join("\n")
}

fn start(place: Place) -> String {
    match place {
        Place::Tip => "now".to_owned(),
        Place::Oldest => "oldest".to_owned(),
        Place::Time(time) => since_1970(time),
        Place::Cursor(cursor) => cursor.to_string(),
    }
}

fn since_1970(time: WallTime) -> String {
    Duration::from_micros(time.as_micros()).to_string()
}

/// Whether keys have to be said: not, if an event is known by its cursor as well.
struct Keys {
    are_said: bool,
}

impl Keys {
    fn of(inputs: &[(Now, Input<SameSize>)]) -> Self {
        let (mut ids, mut cursors) = (BTreeMap::new(), BTreeMap::new());
        let mut is_known = |id: EventId, cursor: u64| {
            *ids.entry(cursor).or_insert(id) == id && *cursors.entry(id).or_insert(cursor) == cursor
        };
        let mut are_known = true;
        for (_, input) in inputs {
            match input {
                Input::Received { items, .. } => {
                    for event in items.iter().filter_map(event_of) {
                        are_known &= is_known(event.payload.0, unsaid_key(event));
                    }
                }
                Input::Loaded { loaded: Ok(loaded), .. } => {
                    for (_, checkpoint) in &loaded.checkpoints {
                        let witness = checkpoint.witness.as_ref();
                        are_known &= witness.is_none_or(|witness| is_known(witness.key, witness.cursor.0));
                    }
                }
                _ => {}
            }
        }
        Self { are_said: !are_known }
    }

    /// The input in the words of a scenario.
    fn say(&self, input: &Input<SameSize>) -> String {
        match input {
            Input::Received { epoch, items } if self.are_said => {
                items.iter().fold(format!("received {epoch}"), |line, item| line + &word(item))
            }
            Input::Loaded { loaded: Ok(loaded), .. } if self.are_said => {
                let mut said = input.to_string();
                for (scope, checkpoint) in &loaded.checkpoints {
                    let Some(witness) = &checkpoint.witness else { continue };
                    let seq = if scope.kind == CursorKind::Seq {
                        format!("{}@", witness.cursor)
                    } else {
                        String::new()
                    };
                    let at = format!(" at {seq}{}", since_1970(witness.time));
                    said = said.replacen(&format!("{at} "), &format!("{at}={} ", witness.key.0), 1);
                }
                said
            }
            _ => input.to_string(),
        }
    }
}

const fn event_of(item: &Item<SameSize>) -> Option<&Event<SameSize>> {
    match item {
        Item::Event(event) | Item::Filtered(event) | Item::Oversize(event, _) => Some(event),
        Item::Outdated | Item::Info | Item::Malformed(..) => None,
    }
}

fn unsaid_key(event: &Event<SameSize>) -> u64 {
    event.seq.map_or(event.time.as_micros(), |seq| seq.0)
}

/// One frame with its key.
fn word(item: &Item<SameSize>) -> String {
    let told = |event: &Event<SameSize>| {
        let seq = event.seq.map_or(String::new(), |seq| format!("{seq}@"));
        format!("{seq}{}={}", since_1970(event.time), event.payload.0.0)
    };
    match item {
        Item::Event(event) => format!(" {}", told(event)),
        Item::Filtered(event) => format!(" filtered {}", told(event)),
        Item::Oversize(event, _) => format!(" oversize {}", told(event)),
        Item::Outdated => " outdated".to_owned(),
        Item::Info => " info".to_owned(),
        Item::Malformed(highwater_core::event::Reason::Undecodable, _) => " undecodable".to_owned(),
        Item::Malformed(..) => " malformed".to_owned(),
    }
}
