//! A connection as words: what is only looked at under some setting, or before some moment, counts only then.

use super::words::Words;
use crate::config::Config;
use crate::consumer::GOOD_AFTER;
use crate::consumer::continuity::{By, Continuity};
use crate::consumer::cutover::Cutover;
use crate::consumer::silence::Silence;
use crate::consumer::state::{Connection, Reading};

impl<F: FnMut(u64)> Words<F> {
    pub(super) fn connection<K>(&mut self, connection: &Connection<K>, config: &Config) {
        self.word((connection.kind as u64) << 1 | u64::from(connection.ponged));
        self.age(connection.opened.monotonic, GOOD_AFTER);
        match connection.reading {
            Reading::On => self.word(0),
            Reading::Paused { since } => {
                self.word(1);
                self.moment(since);
            }
        }
        self.silence(connection.silence);
        self.continuity(&connection.continuity);
        if config.quiet_limit.is_some() || !connection.continuity.is_settled() {
            self.moment(connection.event_at);
        }
        if config.exit_idle.is_some() {
            self.moment(connection.idle_since);
        }
        self.cutover(connection.cutover);
        connection.malformed.add(|word| self.word(word));
        self.option(connection.last.as_ref(), Self::mark);
        self.option(connection.high.as_ref(), |words, high| words.cursor(connection.kind, *high));
        self.option(connection.limited.as_ref(), Self::mark);
    }

    fn silence(&mut self, silence: Silence) {
        match silence {
            Silence::Heard { at } => {
                self.word(0);
                self.moment(at);
            }
            Silence::Asked { until, wall, reprieved } => {
                self.word(1 << 1 | u64::from(reprieved));
                self.moment(until);
                self.wall(wall);
            }
        }
    }

    pub(super) fn continuity<K>(&mut self, continuity: &Continuity<K>) {
        let (tag, awaited) = match continuity {
            Continuity::Free => (0, None),
            Continuity::Proved => (1, None),
            Continuity::Expected(witness, by) => (2 + by.ordinal(), Some(witness)),
            Continuity::Unproven(witness, by) => (5 + by.ordinal(), Some(witness)),
        };
        self.word(tag);
        if let Some(witness) = awaited {
            self.witness(witness);
        }
    }

    fn cutover(&mut self, cutover: Cutover) {
        match cutover {
            Cutover::None => self.word(0),
            Cutover::Passed => self.word(1),
            Cutover::Replay { possible } => {
                self.word(2);
                self.wall(possible);
            }
            Cutover::Passing { from, live_since } => {
                self.word(3);
                self.mark(&from);
                self.option(live_since.as_ref(), |words, since| words.wall(*since));
            }
        }
    }
}

impl By {
    const fn ordinal(self) -> u64 {
        match self {
            Self::Time => 0,
            Self::Seq => 1,
            Self::SeqByTime => 2,
        }
    }
}
