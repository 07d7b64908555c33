//! Where events come from: made up, or read from a file of frames of the older wire.

use std::path::Path;

use bytes::Bytes;
use highwater_core::serve::Wire;
use highwater_core::serve::entry::{Body, Change, Entry, Json};
use highwater_core::time::WallTime;

use crate::feed::block::{Fate, Slot};
use crate::feed::error::FeedError;
use crate::feed::generator::Generator;
use crate::feed::instance::Instance;

/// All the events there are.
#[derive(Debug)]
pub(crate) enum Source {
    /// Made up.
    Made(Generator),
    /// Read from a file, one frame a line.
    Read(Lines),
}

/// The lines of a file, each of which was found to be an event.
#[derive(Debug)]
pub(crate) struct Lines(Vec<(Bytes, Entry)>);

impl Lines {
    /// Reads all of a file.
    pub(crate) fn read(path: &Path) -> Result<Self, FeedError> {
        let bytes =
            Bytes::from(std::fs::read(path).map_err(|error| FeedError::Read(path.to_owned(), error))?);
        let lines = bytes.split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
        let events = lines.map(|(number, line)| {
            let is_wrong = |why: String| FeedError::Line(path.to_owned(), number + 1, why);
            let text = std::str::from_utf8(line).map_err(|error| is_wrong(error.to_string()))?;
            let entry = Entry::from_v1(text, 0).map_err(is_wrong)?;
            Ok((bytes.slice_ref(line), entry))
        });
        events.collect::<Result<_, _>>().map(Self)
    }
}

impl Source {
    /// How many events there are, if they have an end.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Self::Made(_) => None,
            Self::Read(Lines(lines)) => Some(lines.len() as u64),
        }
    }

    /// True if event `index` is a further operation of the commit of the event before it.
    pub(crate) fn continues(&self, index: u64) -> bool {
        match self {
            Self::Made(generator) => generator.continues(index),
            Self::Read(_) => false,
        }
    }

    /// When event `index` happened, in µs, if it says so itself.
    pub(crate) fn time(&self, index: u64) -> Option<u64> {
        match self {
            Self::Made(_) => None,
            Self::Read(Lines(lines)) => lines.get(index as usize).map(|(_, entry)| entry.time.as_micros()),
        }
    }

    /// The event in `slot` as an instance has it that keeps it at `position` of the log.
    pub(crate) fn entry(&self, slot: &Slot, position: u64, instance: Instance) -> Entry {
        let entry = match self {
            Self::Made(generator) => generator.event(slot.index, slot.at),
            Self::Read(Lines(lines)) => lines[slot.index as usize].1.clone(),
        };
        let seen = WallTime::from_micros(instance.seen(slot.time));
        let entry = Entry { seq: instance.seq(position), time: seen, ..entry };
        match slot.fate {
            Fate::Swollen(bytes) => swollen(entry, bytes),
            Fate::Sent | Fate::Unseen => entry,
        }
    }

    /// The event's own bytes on `wire`: those of the file, if it is from one.
    pub(crate) fn payload(&self, slot: &Slot, entry: &Entry, wire: Wire) -> Option<Bytes> {
        match self {
            Self::Made(_) => entry.payload(wire),
            Self::Read(Lines(lines)) => Some(lines[slot.index as usize].0.clone()),
        }
    }

    /// The message that says the event on `wire`.
    pub(crate) fn message(&self, slot: &Slot, entry: &Entry, wire: Wire) -> Option<Bytes> {
        match self {
            Self::Made(_) => entry.frame(wire),
            Self::Read(_) => self.payload(slot, entry, wire),
        }
    }
}

/// True if the event has a record, which may be made larger.
pub(crate) fn has_record(entry: &Entry) -> bool {
    matches!(&entry.body, Body::Commit { change: Change::Create(_) | Change::Update(_), .. })
}

/// The event with so many bytes more in its record.
fn swollen(mut entry: Entry, bytes: usize) -> Entry {
    if let Body::Commit { change: Change::Create(content) | Change::Update(content), .. } = &mut entry.body {
        let json = content.record.as_str();
        let inner = json.strip_suffix('}').expect("a record is an object, and not an empty one");
        let text = format!(r#"{inner},"padding":"{}"}}"#, "x".repeat(bytes));
        content.record = Json::new(text).expect("an object with one member more is an object");
    }
    entry
}
