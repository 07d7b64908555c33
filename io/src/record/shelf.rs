//! Where a recording goes: two files, or two pieces of memory, of which the older makes room for the newer.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use tracing::info;

/// Two pieces of a recording, each half as large as both may be.
#[derive(Debug)]
pub(super) struct Shelf {
    path: PathBuf,
    half: u64,
    /// Bytes in the newer piece when this began.
    bytes: u64,
    pieces: Pieces,
}

#[derive(Debug)]
enum Pieces {
    /// The newer is open; the older is the file beside it.
    Files(File),
    Memory {
        older: Vec<u8>,
        newer: Vec<u8>,
    },
}

impl Shelf {
    /// A file that is written at once, behind what is there.
    pub(super) fn file(path: PathBuf, bytes_max: u64) -> io::Result<Self> {
        let mut file = File::options().read(true).append(true).create(true).open(&path)?;
        let bytes = file.metadata()?.len();
        if bytes > 0 {
            // What a kill tore off stays a line of its own.
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        let mut shelf = Self { path, half: bytes_max / 2, bytes, pieces: Pieces::Files(file) };
        if shelf.bytes > shelf.half {
            shelf.turn()?;
        }
        Ok(shelf)
    }

    /// Memory that is written when asked for.
    pub(super) fn memory(path: PathBuf, bytes_max: u64) -> Self {
        let pieces = Pieces::Memory { older: Vec::new(), newer: Vec::new() };
        Self { path, half: bytes_max / 2, bytes: 0, pieces }
    }

    /// The file it is written to.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes were in the newer piece when this began.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many bytes a piece may hold.
    pub(super) const fn bytes_max(&self) -> u64 {
        self.half
    }

    /// Puts lines behind those of the newer piece.
    pub(super) fn put(&mut self, lines: &[u8]) -> io::Result<()> {
        match &mut self.pieces {
            Pieces::Files(file) => file.write_all(lines)?,
            Pieces::Memory { newer, .. } => newer.extend_from_slice(lines),
        }
        Ok(())
    }

    /// The older piece goes, the newer becomes the older, and a new one begins.
    pub(super) fn turn(&mut self) -> io::Result<()> {
        match &mut self.pieces {
            Pieces::Files(file) => {
                let mut older = OsString::from(&self.path);
                older.push(".1");
                std::fs::rename(&self.path, older)?;
                *file = File::options().append(true).create_new(true).open(&self.path)?;
            }
            Pieces::Memory { older, newer } => {
                std::mem::swap(older, newer);
                newer.clear();
            }
        }
        self.bytes = 0;
        Ok(())
    }

    /// Writes what is in memory; files are there already.
    pub(super) fn dump(&self) -> io::Result<()> {
        let Pieces::Memory { older, newer } = &self.pieces else { return Ok(()) };
        let mut file = File::create(&self.path)?;
        file.write_all(older)?;
        file.write_all(newer)?;
        info!("what was recorded last is in {}", self.path.display());
        Ok(())
    }
}
