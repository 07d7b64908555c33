//! The place in a file: replaced whole, so that after any crash it is the one before or the one after.
//!
//! Dead letters go to a file of their own beside it, `FILE.dead-letters.jsonl`, which only grows; they are there
//! before the place has passed them, and perhaps twice after a crash.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use highwater_core::number::Fence;
use serde::{Deserialize, Serialize};

use crate::sink::OpenError;
use crate::sink::ledger::Ledger;
use crate::sink::lock::{Lock, resolve};
use crate::sink::stored::{StoredCheckpoint, StoredDeadLetter, StoredGap};

/// The version of the file that is written here, and the newest that is understood.
const VERSION: i64 = 1;

/// No line of dead letters is longer: an event of 2 MiB in base64, and its key, which may be as large.
const LETTER_BYTES_MAX: u64 = 8 << 20;

/// A file that this process alone writes to.
#[derive(Debug)]
pub(super) struct CheckpointFile {
    path: PathBuf,
    _lock: Lock,
}

/// What the file holds, whatever its version.
#[derive(Deserialize)]
struct Head {
    highwater_checkpoint: i64,
}

#[derive(Serialize, Deserialize)]
struct Body {
    /// The version; also says what the file is.
    highwater_checkpoint: i64,
    fence: u64,
    scopes: Vec<StoredCheckpoint>,
    gaps: Vec<StoredGap>,
}

impl CheckpointFile {
    /// Opens the file at `path`, which need not be there yet.
    pub(super) fn open(path: &Path) -> Result<(Self, Ledger), OpenError> {
        let path = resolve(path)?;
        let lock = Lock::take(&path)?;
        let ledger = match std::fs::read(&path) {
            Ok(bytes) => parse(&path, &bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ledger::default(),
            Err(error) => return Err(OpenError::input_output(&path, &error)),
        };
        Ok((Self { path, _lock: lock }, ledger))
    }

    /// Makes `letters`, then `ledger` durable.
    pub(super) fn persist(&self, ledger: &Ledger, letters: &[StoredDeadLetter]) -> io::Result<()> {
        if !letters.is_empty() {
            self.keep(letters)?;
        }
        let body = Body {
            highwater_checkpoint: VERSION,
            fence: ledger.fence().0,
            scopes: ledger.checkpoints().cloned().collect(),
            gaps: ledger.gaps().cloned().collect(),
        };
        let fresh = self.beside("tmp");
        let mut file = File::create(&fresh)?;
        serde_json::to_writer_pretty(io::BufWriter::new(&file), &body)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&fresh, &self.path)?;
        self.sync_folder()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn keep(&self, letters: &[StoredDeadLetter]) -> io::Result<()> {
        let path = self.beside("dead-letters.jsonl");
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        let end = end_of_whole_lines(&mut file)?;
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        let mut lines = Vec::new();
        for letter in letters {
            serde_json::to_writer(&mut lines, letter)?;
            lines.push(b'\n');
        }
        file.write_all(&lines)?;
        file.sync_all()
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".");
        name.push(suffix);
        PathBuf::from(name)
    }

    /// A renamed file has its new name for certain only once its folder is durable.
    fn sync_folder(&self) -> io::Result<()> {
        match self.path.parent() {
            Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    }
}

/// Where the last line ends that was written whole: a crash or a full disk may have cut one short.
fn end_of_whole_lines(file: &mut File) -> io::Result<u64> {
    let start = file.metadata()?.len().saturating_sub(LETTER_BYTES_MAX);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    Ok(start + whole as u64)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Ledger, OpenError> {
    let path = path.to_owned();
    let Ok(Head { highwater_checkpoint: found }) = serde_json::from_slice(bytes) else {
        let why = if bytes.is_empty() { "it is empty" } else { "it is not a checkpoint" };
        return Err(OpenError::Foreign { path, why: why.into() });
    };
    if found > VERSION {
        return Err(OpenError::Newer { path, found, known: VERSION });
    }
    let damaged = |what| OpenError::Damaged { path, what };
    let body: Body = match serde_json::from_slice(bytes) {
        Ok(body) => body,
        Err(error) => return Err(damaged(error.to_string())),
    };
    if i64::try_from(body.fence).is_err() {
        return Err(damaged(format!("nobody counts to fence {}", body.fence)));
    }
    Ok(Ledger::new(Fence(body.fence), body.scopes, body.gaps))
}
