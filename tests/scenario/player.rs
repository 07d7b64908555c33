//! Plays a script to the machine and writes down what it does.

use highwater_core::time::{Duration, Instant, Now, WallTime};
use highwater_core::{Consumer, Effect, Input};

use super::script::{Setup, input};
use super::small::{Small, Unsaid};
use super::text::{Command, Scenario};
use super::words::{Parsed, Words};

/// What comes of each block of the scenario, appended to `behaviours`.
///
/// # Errors
/// The first line that cannot be done, by its number in the file, and why.
pub(super) fn play(scenario: &Scenario, behaviours: &mut Vec<Vec<String>>) -> Result<(), (usize, String)> {
    let mut blocks = scenario.blocks();
    let first = blocks.next().ok_or((1, "a scenario begins with a block of settings".to_owned()))?;
    let mut setup = Setup::new();
    for command in first.commands().map_err(|why| (first.line(), why))? {
        setup.read(&mut Words::new(&command.words)).map_err(|why| (command.line, why))?;
    }
    if setup.config.sources.is_empty() {
        return Err((first.line(), "the first block names no `source`".to_owned()));
    }
    let mut player = Player::new(&setup);
    behaviours.push(player.behaviour());
    for block in blocks {
        let commands = block.commands().map_err(|why| (block.line(), why))?;
        let done = commands
            .iter()
            .try_for_each(|command| player.perform(command).map_err(|why| (command.line, why)));
        behaviours.push(player.behaviour());
        done?;
    }
    Ok(())
}

struct Player {
    consumer: Consumer<Small>,
    now: Now,
    size: usize,
    /// What the machine did since it was last asked.
    effects: Vec<String>,
    is_stopped: bool,
}

impl Player {
    fn new(setup: &Setup) -> Self {
        let now = Now { monotonic: Instant::ZERO, wall: setup.wall };
        let consumer = Consumer::new(setup.config.clone(), now);
        let size = usize::try_from(setup.size).unwrap();
        let mut player = Self { consumer, now, size, effects: Vec::new(), is_stopped: false };
        player.drain();
        player
    }

    /// Does one line: `[at T | +D] [late] sleep | wall T | an input`.
    fn perform(&mut self, command: &Command) -> Parsed<()> {
        let mut words = Words::new(&command.words);
        let deadline = self.consumer.next_timeout();
        let target = self.when(&mut words)?;
        let is_late = words.take("late");
        if let Some(deadline) = deadline.filter(|deadline| *deadline < target && !is_late) {
            return Err(format!(
                "the machine wants to be woken at {deadline}: `sleep` before, or say `late`"
            ));
        }
        self.advance(target)?;
        if words.take("sleep") {
            words.end()?;
            return self.sleep();
        }
        if let Some(wall) = words.option::<WallTime>("wall")? {
            self.now.wall = wall;
            return words.end();
        }
        let unsaid = Unsaid { time: self.now.wall, size: self.size };
        self.hand(input(&mut words, unsaid)?);
        Ok(())
    }

    /// Waits until the machine wants to be woken, and wakes it.
    fn sleep(&mut self) -> Parsed<()> {
        let deadline = self.consumer.next_timeout().ok_or("the machine waits for nothing")?;
        self.advance(deadline.max(self.now.monotonic))?;
        self.hand(Input::Timeout);
        match self.consumer.next_timeout() {
            Some(next) if next <= self.now.monotonic => {
                Err(format!("woken at {deadline}, it asks for {next} again"))
            }
            _ => Ok(()),
        }
    }

    fn advance(&mut self, target: Instant) -> Parsed<()> {
        if target < self.now.monotonic {
            return Err(format!("it is {} already", self.now.monotonic));
        }
        self.now.wall = self.now.wall + target.since(self.now.monotonic);
        self.now.monotonic = target;
        Ok(())
    }

    fn hand(&mut self, input: Input<Small>) {
        let before = (self.consumer.fingerprint(self.now), self.consumer.next_timeout());
        let effects_before = self.effects.len();
        self.consumer.handle(self.now, input);
        self.drain();
        if self.effects[effects_before..].iter().any(|effect| effect.starts_with("ignored")) {
            let after = (self.consumer.fingerprint(self.now), self.consumer.next_timeout());
            assert_eq!(before, after, "what is ignored changes nothing");
        }
    }

    fn drain(&mut self) {
        while let Some(effect) = self.consumer.poll_effect() {
            assert!(
                !self.is_stopped || matches!(effect, Effect::Ignored(_)),
                "after the stop came `{effect}`"
            );
            self.is_stopped = self.is_stopped || matches!(effect, Effect::Stop(_));
            self.effects.push(effect.to_string());
        }
    }

    /// What was done since the last call, and until when the machine would sleep now.
    fn behaviour(&mut self) -> Vec<String> {
        let mut behaviour = std::mem::take(&mut self.effects);
        behaviour.push(match self.consumer.next_timeout() {
            Some(deadline) => format!("sleep until {deadline}"),
            None => "sleep".to_owned(),
        });
        behaviour
    }

    /// Reads the moment that a line begins with: now, unless it says otherwise.
    fn when(&self, words: &mut Words<'_>) -> Parsed<Instant> {
        if let Some(since_start) = words.option::<Duration>("at")? {
            return Ok(Instant::ZERO + since_start);
        }
        let delay = words.option::<Duration>("after")?.unwrap_or_default();
        Ok(self.now.monotonic + delay)
    }
}
