//! The disk that a file lies on.
//!
//! Owns how much room is left there, which the system says and SQLite does not.

use std::path::Path;

/// Below this nothing can be written into a ledger: less than its pages and what is made beside it.
pub(crate) const FULL: u64 = 64 << 10;

/// How many bytes are free for this user in the folder of a file; none where the system does not say.
#[cfg(unix)]
pub(crate) fn free(path: &Path) -> Option<u64> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let disk = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// How many bytes are free: not known.
#[cfg(not(unix))]
pub(crate) fn free(_path: &Path) -> Option<u64> {
    None
}
