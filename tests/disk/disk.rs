//! SQLite's own file system with a fault in front: it counts what must reach the disk, and fails as told.
//!
//! It also keeps what each file was at its last sync: the least that a loss of power may leave.
#![allow(unsafe_code, reason = "SQLite takes a file system as a table of C functions")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::Once;

use rusqlite::ffi::{
    self, SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE, SQLITE_OK,
    sqlite3_file, sqlite3_io_methods, sqlite3_vfs,
};

/// Which operations of this thread fail. Writes, syncs and truncations count, from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) first: u64,
    pub(crate) count: u64,
    /// For want of space, rather than of a sound disk.
    pub(crate) is_full: bool,
}

#[derive(Default)]
struct Disk {
    plan: Option<Plan>,
    operations: u64,
    /// Open files, by their address, which is theirs for as long as they are open.
    open: BTreeMap<usize, PathBuf>,
    synced: BTreeMap<PathBuf, Vec<u8>>,
}

thread_local! {
    static DISK: RefCell<Disk> = RefCell::default();
}

/// From now on this thread's disk fails as planned, counting anew; none: it is sound.
pub(crate) fn plan(plan: Option<Plan>) {
    install();
    DISK.with_borrow_mut(|disk| (disk.plan, disk.operations) = (plan, 0));
}

/// How many operations there were since the plan was made.
pub(crate) fn operations() -> u64 {
    DISK.with_borrow(|disk| disk.operations)
}

/// Puts what a loss of power would leave of the files in `from` into `to`.
pub(crate) fn lose_power(from: &Path, to: &Path) {
    DISK.with_borrow(|disk| {
        for (path, bytes) in disk.synced.iter().filter(|(path, _)| path.parent() == Some(from)) {
            std::fs::write(to.join(path.file_name().unwrap()), bytes).unwrap();
        }
    });
}

impl Disk {
    /// Counts an operation, and says whether it fails.
    fn fails(&mut self) -> bool {
        let number = self.operations;
        self.operations += 1;
        self.plan.is_some_and(|plan| (plan.first..plan.first + plan.count).contains(&number))
    }

    fn is_full(&self) -> bool {
        self.plan.is_some_and(|plan| plan.is_full)
    }
}

/// A table of functions, and the one that it stands in front of.
#[repr(C)]
struct Methods {
    own: sqlite3_io_methods,
    real: *const sqlite3_io_methods,
}

/// Makes this file system the default one of the process, once.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the default file system is there from the first call on and is never unregistered. Ours is a copy
        // that lives for ever; its functions but one are those of the original, which find all they need in the copy.
        unsafe {
            let real = ffi::sqlite3_vfs_find(std::ptr::null());
            let mut own = *real;
            own.zName = c"faulty".as_ptr();
            own.pNext = std::ptr::null_mut();
            own.xOpen = Some(open);
            own.xDelete = Some(delete);
            assert_eq!(ffi::sqlite3_vfs_register(Box::leak(Box::new(own)), 1), SQLITE_OK);
        }
    });
}

/// The file system that ours stands in front of.
fn real_vfs() -> *mut sqlite3_vfs {
    // SAFETY: the name is a C string; looking up changes nothing.
    let found = unsafe { ffi::sqlite3_vfs_find(c"unix".as_ptr()) };
    assert!(!found.is_null(), "these tests are for systems where SQLite's file system is called unix");
    found
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls us as it would the original. After success the file's methods are the original's; ours
    // are put in front of them, in memory that lives for ever, as a file may outlive everything else.
    unsafe {
        let result = (*real_vfs()).xOpen.unwrap()(vfs, name, file, flags, out_flags);
        if result == SQLITE_OK && !name.is_null() {
            let real = (*file).pMethods;
            let own = sqlite3_io_methods {
                xClose: Some(close),
                xWrite: Some(write),
                xSync: Some(sync),
                xTruncate: Some(truncate),
                ..*real
            };
            (*file).pMethods = &raw const Box::leak(Box::new(Methods { own, real })).own;
            let path = PathBuf::from(CStr::from_ptr(name).to_str().unwrap());
            DISK.with_borrow_mut(|disk| disk.open.insert(file as usize, path));
        }
        result
    }
}

/// SQLite has the folder synced behind it, wherever it matters.
unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: SQLite calls us as it would the original, with a C string.
    unsafe {
        let path = Path::new(CStr::from_ptr(name).to_str().unwrap());
        DISK.with_borrow_mut(|disk| disk.synced.remove(path));
        (*real_vfs()).xDelete.unwrap()(vfs, name, sync_folder)
    }
}

/// The original's functions for `file`.
///
/// # Safety
/// `file` was opened by [`open`].
unsafe fn real(file: *mut sqlite3_file) -> &'static sqlite3_io_methods {
    // SAFETY: `open` made the methods the first field of a `Methods`, which lives for ever, as does the original.
    unsafe { &*(*(*file).pMethods.cast::<Methods>()).real }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    DISK.with_borrow_mut(|disk| disk.open.remove(&(file as usize)));
    // SAFETY: SQLite calls us as it would the original, with a file from `open`.
    unsafe { real(file).xClose.unwrap()(file) }
}

/// A write that fails gets as far as its half.
unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    count: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    let (fails, is_full) = DISK.with_borrow_mut(|disk| (disk.fails(), disk.is_full()));
    // SAFETY: SQLite calls us as it would the original, with a file from `open`; half of its bytes are bytes too.
    let result = unsafe {
        let count = if fails { count / 2 } else { count };
        real(file).xWrite.unwrap()(file, bytes, count, offset)
    };
    match (fails, is_full) {
        (false, _) => result,
        (true, false) => SQLITE_IOERR_WRITE,
        (true, true) => SQLITE_FULL,
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    if DISK.with_borrow_mut(Disk::fails) {
        return SQLITE_IOERR_FSYNC;
    }
    DISK.with_borrow_mut(|disk| {
        let path = disk.open[&(file as usize)].clone();
        let bytes = std::fs::read(&path).unwrap();
        disk.synced.insert(path, bytes);
    });
    // SAFETY: SQLite calls us as it would the original, with a file from `open`.
    unsafe { real(file).xSync.unwrap()(file, flags) }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    if DISK.with_borrow_mut(Disk::fails) {
        return SQLITE_IOERR_TRUNCATE;
    }
    // SAFETY: SQLite calls us as it would the original, with a file from `open`.
    unsafe { real(file).xTruncate.unwrap()(file, size) }
}
