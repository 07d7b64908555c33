//! One writer at a time: the operating system's lock, which dies with the process and never needs to be broken.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::OpenError;

/// Held for as long as it lives.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock on `path`: a file beside it, which stays there so that all lock the same one.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let beside = PathBuf::from(name);
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&beside);
        let mut file = file.map_err(|error| OpenError::cannot_write(&beside, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked { path: path.to_owned(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(OpenError::input_output(&beside, &error)),
        }
        // Who holds it is said for people only: not being able to is no reason to give up.
        let _ = sign(&mut file);
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would do, were it not for a child being started just now, which still has all of our files open.
        let _ = self.0.unlock();
    }
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// `path` without links, so that a file has one lock however it is called.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, OpenError> {
    if let Ok(real) = path.canonicalize() {
        return Ok(real);
    }
    let name = path
        .file_name()
        .ok_or_else(|| OpenError::CannotWrite { path: path.to_owned(), why: "it names no file".into() })?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(|error| OpenError::cannot_write(path, &error))?;
    Ok(folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let first = Lock::take(&path).unwrap();
        match Lock::take(&path) {
            Err(OpenError::Locked { holder, .. }) => assert_eq!(holder, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        Lock::take(&path).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_file_has_one_name() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real.db");
        std::fs::write(&real, "").unwrap();
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(resolve(&link).unwrap(), resolve(&real).unwrap());
        assert!(matches!(resolve(&folder.path().join("no/x.db")), Err(OpenError::CannotWrite { .. })));
        assert!(resolve(&folder.path().join("new.db")).unwrap().ends_with("new.db"));
    }
}
