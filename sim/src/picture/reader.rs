//! Reads a trace, and tells a machine all of it again.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use highwater_core::number::{Epoch, Op};
use highwater_core::payload::Shadow;
use highwater_core::scope::SourceId;
use highwater_core::time::{Duration, Instant};
use highwater_core::trace::{Deed, Ended, Head, Line, Step, Struck, Track};
use highwater_core::{Consumer, Input, Status};

use super::{Actor, Life, Mark, Picture, PictureError, Row, What};

/// So long may a row's text be: a batch can hold thousands of events.
const TEXT_MAX: usize = 240;

/// A picture in the making, and the process that runs.
#[derive(Debug)]
struct Reader {
    picture: Picture,
    process: Option<Process>,
}

/// What is known of a process while its steps are read.
#[derive(Debug)]
struct Process {
    track: Track,
    /// When it began, by the world's clock and by its own.
    began: (Instant, Instant),
    /// Told all that the one in the trace was told; none once that fails.
    machine: Option<Consumer<Shadow>>,
    sources: BTreeMap<Epoch, SourceId>,
    /// The rows of what was asked and is not answered.
    asked: BTreeMap<Op, usize>,
    dialed: BTreeMap<Epoch, usize>,
    pinged: BTreeMap<Epoch, usize>,
}

impl Picture {
    /// Reads a trace. A last line that is torn is what a kill leaves, and is passed over.
    pub fn read(text: &str) -> Result<Self, PictureError> {
        let picture = Self { sources: 1, lives: Vec::new(), rows: Vec::new(), states: vec![None] };
        let mut reader = Reader { picture, process: None };
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).peekable();
        while let Some((index, line)) = lines.next() {
            match Line::read(line) {
                Ok(line) => reader.line(line)?,
                Err(_) if lines.peek().is_none() && !text.ends_with('\n') => {}
                Err(error) => return Err(PictureError::Line { number: index + 1, error }),
            }
        }
        if reader.picture.rows.is_empty() { Err(PictureError::Empty) } else { Ok(reader.picture) }
    }
}

impl Reader {
    fn line(&mut self, line: Line) -> Result<(), PictureError> {
        match line {
            Line::Head(head) => self.begin(&head),
            Line::Step(step) => self.step(step)?,
            Line::Fault(struck) => self.fault(struck)?,
            Line::End(ended) => self.end(ended)?,
        }
        Ok(())
    }

    fn begin(&mut self, head: &Head) {
        let sources = head.config.sources.len().clamp(1, usize::from(u16::MAX)) as u16;
        self.picture.sources = self.picture.sources.max(sources);
        let earlier = self.picture.lives.last().map_or(Instant::ZERO, |life| life.to);
        let from = head.world.unwrap_or(earlier).max(earlier);
        self.picture.lives.push(Life { from, to: from, verdict: None });
        // A machine that is told what no machine was asserts; a trace from outside may hold anything.
        let born = || Consumer::<Shadow>::new(head.config.clone(), head.now);
        let machine = match head.machine {
            None => catch_unwind(AssertUnwindSafe(born)).ok(),
            Some(_) => None,
        };
        self.process = Some(Process {
            track: Track::new(head.now),
            began: (from, head.now.monotonic),
            machine,
            sources: BTreeMap::new(),
            asked: BTreeMap::new(),
            dialed: BTreeMap::new(),
            pinged: BTreeMap::new(),
        });
    }

    fn step(&mut self, step: Step) -> Result<(), PictureError> {
        let process = self.process.as_mut().ok_or(PictureError::Headless)?;
        let said = process.tell(&step);
        let out = step.out.unwrap_or(said);
        self.picture.states.push(process.machine.as_ref().map(Consumer::status));
        let (n, t) = (step.n, step.t);
        match &step.input {
            None => {
                self.row(
                    n,
                    t,
                    What::Birth,
                    (Actor::Operator, Actor::Machine),
                    "a process starts".to_owned(),
                )?;
            }
            Some(input) => self.input(n, t, input)?,
        }
        out.iter().try_for_each(|deed| self.deed(n, t, deed))
    }

    fn input(&mut self, n: u64, t: Instant, input: &Input<Shadow>) -> Result<(), PictureError> {
        let process = self.process.as_mut().ok_or(PictureError::Headless)?;
        let source = |epoch| Actor::Source(process.sources.get(&epoch).copied().unwrap_or(SourceId(0)));
        let (from, mark, asked) = match input {
            Input::Timeout => (Actor::Machine, Mark::Plain, None),
            Input::Opened { epoch } => (source(*epoch), Mark::Plain, process.dialed.remove(epoch)),
            Input::Received { epoch, .. } => (source(*epoch), Mark::Plain, None),
            Input::Heard { epoch, .. } => (source(*epoch), Mark::Plain, process.pinged.remove(epoch)),
            Input::Closed { epoch, .. } => {
                (source(*epoch), Mark::Closes(epoch.0), process.dialed.remove(epoch))
            }
            Input::Loaded { op, .. } | Input::Appended { op, .. } | Input::Flushed { op, .. } => {
                (Actor::Sink, Mark::Answers, process.asked.remove(op))
            }
            Input::StopRequested => (Actor::Operator, Mark::Plain, None),
        };
        self.row(n, t, What::Input(mark), (from, Actor::Machine), input.to_string())?;
        if let Some(row) = self.picture.rows.last_mut() {
            row.asked = asked;
        }
        Ok(())
    }

    fn deed(&mut self, n: u64, t: Instant, deed: &Deed) -> Result<(), PictureError> {
        let next = self.picture.rows.len();
        let process = self.process.as_mut().ok_or(PictureError::Headless)?;
        let known = |epoch| Actor::Source(process.sources.get(&epoch).copied().unwrap_or(SourceId(0)));
        let (to, mark) = match deed {
            Deed::Load { op } | Deed::Flush { op } => {
                process.asked.insert(*op, next);
                (Actor::Sink, Mark::Asks)
            }
            Deed::Append(append) => {
                process.asked.insert(append.op, next);
                (Actor::Sink, Mark::Asks)
            }
            Deed::Open { epoch, source, .. } => {
                // A lane for each source that a machine knows, and for no other.
                let source = SourceId(source.0.min(self.picture.sources - 1));
                process.sources.insert(*epoch, source);
                process.dialed.insert(*epoch, next);
                (Actor::Source(source), Mark::Opens(epoch.0))
            }
            Deed::Ping { epoch } => {
                process.pinged.insert(*epoch, next);
                (known(*epoch), Mark::Plain)
            }
            Deed::Pause { epoch } | Deed::Resume { epoch } => (known(*epoch), Mark::Plain),
            Deed::Close { epoch, .. } => (known(*epoch), Mark::Closes(epoch.0)),
            Deed::Notice(_) | Deed::Stop(_) => (Actor::Operator, Mark::Plain),
            Deed::Ignored(_) => (Actor::Machine, Mark::Plain),
        };
        self.row(n, t, What::Effect(mark), (Actor::Machine, to), deed.to_string())
    }

    fn fault(&mut self, struck: Struck) -> Result<(), PictureError> {
        let name = struck.fault.name.as_str();
        let is_of = |words: &[&str]| words.iter().any(|word| name.contains(word));
        // The names are a simulator's, and others may have other ones: whose a fault is can only be guessed.
        let actor = if is_of(&["sink", "fence"]) {
            Actor::Sink
        } else if is_of(&["operator", "filter"]) {
            Actor::Operator
        } else if is_of(&["crash", "eviction", "suspend", "host", "wall", "doubled"]) {
            Actor::Machine
        } else {
            Actor::Source(SourceId(0))
        };
        self.row(struck.n, struck.t, What::Fault, (actor, actor), struck.fault.text)
    }

    fn end(&mut self, ended: Ended) -> Result<(), PictureError> {
        let text = format!("the process ends: {}", ended.end.verdict);
        self.row(ended.n, ended.t, What::End, (Actor::Machine, Actor::Operator), text)?;
        if let Some(life) = self.picture.lives.last_mut() {
            life.verdict = Some(ended.end.verdict);
        }
        self.process = None;
        Ok(())
    }

    fn row(
        &mut self,
        n: u64,
        own: Instant,
        what: What,
        (from, to): (Actor, Actor),
        text: String,
    ) -> Result<(), PictureError> {
        let process = self.process.as_ref().ok_or(PictureError::Headless)?;
        let life = self.picture.lives.len() - 1;
        let lived = own.as_micros().saturating_sub(process.began.1.as_micros());
        let at = Instant::from_micros(process.began.0.as_micros().saturating_add(lived));
        self.picture.lives[life].to = self.picture.lives[life].to.max(at);
        let state = self.picture.states.len() - 1;
        let text = shortened(text);
        self.picture.rows.push(Row { life, n, at, own, what, from, to, text, asked: None, state });
        Ok(())
    }
}

impl Process {
    /// Tells the machine what the one in the trace was told. What it says to that.
    fn tell(&mut self, step: &Step) -> Vec<Deed> {
        let now = step.input.as_ref().map(|_| self.track.read(step));
        let Some(mut machine) = self.machine.take() else { return Vec::new() };
        let told = catch_unwind(AssertUnwindSafe(|| {
            if let (Some(now), Some(input)) = (now, &step.input) {
                machine.handle(now, input.clone());
            }
            let mut said = Vec::new();
            while let Some(effect) = machine.poll_effect() {
                said.push(Deed::of(&effect));
            }
            (machine, said)
        }));
        let Ok((machine, said)) = told else { return Vec::new() };
        self.machine = Some(machine);
        said
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Where the machine stood, in a word.
pub(super) fn phase(status: &Status) -> String {
    format!("{:?}", status.phase).to_lowercase()
}

/// How far the checkpoint is, in what its scope counts.
pub(super) fn cursor(status: &Status) -> Option<u64> {
    use highwater_core::cursor::Place;
    match status.durable?.1 {
        Place::Cursor(cursor) => Some(cursor.0),
        Place::Tip | Place::Oldest | Place::Time(_) => None,
    }
}

/// How long a life may have been, at least a moment.
pub(super) fn length(life: &Life) -> Duration {
    life.to.since(life.from).max(Duration::from_micros(1))
}
