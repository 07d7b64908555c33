//! What was really said, on disk before anybody hears it: to hold beside what a client stored.
//!
//! One line an event: its key, the SHA-256 of its bytes, its time in µs, its number, separated by tabs. Where it has
//! more than one version (of several wires or instances, or said again after a restart), the columns but the first hold several
//! values, separated by commas. An event that is said again has a line more until the feed ends. One that the server was
//! blind to has no hash; one made too large to be stored has that of its frame as well, by which it is set aside.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use highwater_core::dialect::jetstream::Key;
use highwater_core::serve::Wire;
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

use crate::feed::block::{Block, Fate, Slot};
use crate::feed::instance::Instance;
use crate::feed::source::Source;

/// The file.
#[derive(Debug)]
pub(crate) struct Truth {
    wires: Vec<Wire>,
    instances: Vec<Instance>,
    file: Mutex<Written>,
    failed: Notify,
}

/// All that one event was said as.
#[derive(Debug, Default)]
struct Versions {
    key: Option<Key>,
    hashes: Vec<String>,
    times: Vec<String>,
    numbers: Vec<String>,
}

#[derive(Debug)]
struct Written {
    file: File,
    error: Option<io::Error>,
    /// Whether an event has more than one line.
    is_double: bool,
}

impl Truth {
    /// A new file, for events sent on `wires` by `instances`.
    pub(crate) fn create(path: &Path, wires: Vec<Wire>, instances: Vec<Instance>) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(Self {
            wires,
            instances,
            file: Mutex::new(Written { file, error: None, is_double: false }),
            failed: Notify::new(),
        })
    }

    /// Writes the block's events down, `again` if they were said before. The first error is kept for
    /// [`Truth::finish`], and ends the feed.
    pub(crate) fn record(&self, block: &Block, source: &Source, again: bool) {
        let mut lines = String::new();
        for (position, slot) in block.numbered() {
            self.line(source, slot, position, &mut lines);
        }
        let mut written = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        written.is_double |= again;
        if written.error.is_none() {
            written.error = written.file.write_all(lines.as_bytes()).err();
        }
        if written.error.is_some() {
            self.failed.notify_one();
        }
    }

    fn line(&self, source: &Source, slot: &Slot, position: u64, lines: &mut String) {
        let mut versions = Versions::default();
        for &instance in &self.instances {
            let entry = source.entry(slot, position, instance);
            versions.times.push(entry.time.as_micros().to_string());
            versions.numbers.push(entry.seq.to_string());
            for &wire in &self.wires {
                let Some(payload) = source.payload(slot, &entry, wire) else { continue };
                // What nobody knows is told apart by its very bytes.
                let unknown = || Key::Other(String::from_utf8_lossy(&payload).into());
                versions.key.get_or_insert_with(|| entry.key().unwrap_or_else(unknown));
                let sent = match slot.fate {
                    Fate::Sent => vec![payload],
                    Fate::Unseen => Vec::new(),
                    Fate::Swollen(_) => {
                        let frame = source.message(slot, &entry, wire).filter(|frame| *frame != payload);
                        [payload].into_iter().chain(frame).collect()
                    }
                };
                versions.hashes.extend(sent.iter().map(|bytes| format!("{:x}", hash(bytes))));
            }
        }
        let Versions { key, hashes, times, numbers } = versions;
        if let Some(key) = key {
            let columns = [hashes, times, numbers].map(|values| values.join(","));
            let _ = writeln!(lines, "{key}\t{}", columns.join("\t"));
        }
    }

    /// Done when a line could not be written.
    pub(crate) async fn failed(&self) {
        self.failed.notified().await;
    }

    /// Makes one line of those that tell of one event.
    pub(crate) fn finish(&self) -> io::Result<()> {
        let mut written = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = written.error.take() {
            return Err(error);
        }
        if !written.is_double {
            return Ok(());
        }
        let mut text = String::new();
        written.file.rewind()?;
        written.file.read_to_string(&mut text)?;
        written.file.set_len(0)?;
        written.file.rewind()?;
        written.file.write_all(merged(&text).as_bytes())
    }
}

/// The SHA-256 of `bytes`, which is written in hexadecimal digits.
pub(crate) fn hash(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(&Sha256::digest(bytes))
}

/// The lines with one key as one line, where the first of them stood.
fn merged(text: &str) -> String {
    let mut lines: Vec<(&str, [String; 3])> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for line in text.lines() {
        let mut columns = line.split('\t');
        let key = columns.next().unwrap_or_default();
        let values = [(); 3].map(|()| columns.next().unwrap_or_default());
        match known.get(key) {
            None => {
                known.insert(key, lines.len());
                lines.push((key, values.map(str::to_owned)));
            }
            Some(&at) => {
                for (column, value) in lines[at].1.iter_mut().zip(values) {
                    column.push(',');
                    column.push_str(value);
                }
            }
        }
    }
    lines.iter().fold(String::with_capacity(text.len()), |mut merged, (key, [hashes, times, numbers])| {
        let _ = writeln!(merged, "{key}\t{hashes}\t{times}\t{numbers}");
        merged
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_event_become_one_and_the_others_stay() {
        let text = "a\t1\t10\t100\nb\t2\t20\t200\na\t3\t30\t300\n";
        assert_eq!(merged(text), "a\t1,3\t10,30\t100,300\nb\t2\t20\t200\n");
    }
}
