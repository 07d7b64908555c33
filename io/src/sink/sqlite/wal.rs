//! Notices a write-ahead log that only grows: as long as somebody reads an old state, none of it can be reused.

use std::path::{Path, PathBuf};

/// A log of this size is cut back once it has been copied, so it is larger only while it cannot be.
pub(super) const WAL_BYTES_MAX: u64 = 64 << 20;

/// Looks at the log after each transaction.
#[derive(Debug)]
pub(super) struct WalWatch {
    path: PathBuf,
    /// The size that is worth the next word: each is twice the one before, so that a growing log does not fill ours.
    limit: u64,
}

impl WalWatch {
    /// For the database at `path`.
    pub(super) fn of(path: &Path) -> Self {
        Self { path: wal_of(path), limit: WAL_BYTES_MAX }
    }

    /// The size of the log, if the operator should hear of it.
    pub(super) fn look(&mut self) -> Option<u64> {
        let size = std::fs::metadata(&self.path).map_or(0, |log| log.len());
        if size <= WAL_BYTES_MAX {
            self.limit = WAL_BYTES_MAX;
        }
        if size <= self.limit {
            return None;
        }
        self.limit = size.saturating_mul(2);
        Some(size)
    }
}

/// The write-ahead log of the database at `path`.
pub(super) fn wal_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_growing_log_is_worth_a_word_at_each_doubling() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = WalWatch::of(&folder.path().join("x.db"));
        let mut look = |size: u64| {
            std::fs::File::create(&watch.path).unwrap().set_len(size).unwrap();
            watch.look().is_some()
        };
        let max = WAL_BYTES_MAX;
        let sizes = [0, max, max + 1, max + 2, 2 * max + 2, 2 * max + 3, max, max + 1];
        let heard = [false, false, true, false, false, true, false, true];
        assert_eq!(sizes.map(&mut look), heard);
    }
}
