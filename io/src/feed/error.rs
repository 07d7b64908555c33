//! Why there is no feed: a file, a port or a wish that does not fit the others.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::feed::fault::FaultKind;
use crate::zstd::NotADictionary;

/// Why there is no feed.
#[derive(Debug)]
pub enum FeedError {
    /// The address cannot be listened on.
    Listen(SocketAddr, io::Error),
    /// A file cannot be read.
    Read(PathBuf, io::Error),
    /// A line of the file, counted from 1, is no event.
    Line(PathBuf, usize, String),
    /// A file holds no dictionary.
    Dictionary(PathBuf, NotADictionary),
    /// The truth cannot be written.
    Truth(io::Error),
    /// A file's frames are of the older wire, and so cannot be served on another.
    FileNeedsV1,
    /// This fault changes events, and a file's are served as they are.
    FileStays(FaultKind),
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            Self::Read(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::Line(path, line, why) => {
                write!(f, "{}, line {line}: not an event of the older wire: {why}", path.display())
            }
            Self::Dictionary(path, why) => write!(f, "{}: {why}", path.display()),
            Self::Truth(error) => write!(f, "cannot write the truth: {error}"),
            Self::FileNeedsV1 => {
                f.write_str("a file holds frames of the older wire: serve it with --wire v1")
            }
            Self::FileStays(kind) => {
                write!(f, "`{kind}` changes events, and those of a file are served as they are")
            }
        }
    }
}

impl std::error::Error for FeedError {}
