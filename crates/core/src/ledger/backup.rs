//! A backup: a copy of one state of the ledger, made while others read and write it.
//!
//! Owns that it is whole: it gets its name only when it was read again and every digest in it holds.
//! Refuses to take the place of a file.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Ledger, Result, Unheld, give_name, last_seq, sql};
use crate::error::{self, Error};

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The copy's length in bytes.
    pub bytes: u64,
    /// The highest sequence number of its facts.
    pub seq: i64,
}

impl Ledger {
    /// Copies the ledger into a new file, and reads that again.
    ///
    /// # Errors
    ///
    /// When the file is there, when it cannot be written, or when a digest in it does not hold.
    pub fn backup(&self, to: &Path) -> Result<Backup> {
        let unwritable = |e| Error::file(to, "write the backup", e);
        if to.exists() {
            let taken = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "it exists already");
            return Err(unwritable(taken));
        }
        let making = Making::beside(to);
        let target = making.0.to_str().ok_or_else(|| {
            Error::new(&error::FILE, format!("cannot write {}: it is not UTF-8", to.display()))
        })?;
        let before = last_seq(&self.conn)?;
        self.conn.execute("VACUUM INTO ?1", [target]).map_err(sql)?;
        let seq = verified(&making.0, before)?;
        let file = fs::File::open(&making.0).map_err(unwritable)?;
        file.sync_all().map_err(unwritable)?;
        let bytes = file.metadata().map_err(unwritable)?.len();
        self.unheld().map_or(Ok(()), Unheld::confirm)?;
        give_name(&making.0, to).map_err(unwritable)?;
        if let Some(folder) = to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // The name is on the disk when its folder is; not every system can be asked for that.
            let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(Backup { bytes, seq })
    }
}

/// Reads a copy as a ledger: it must be whole and have at least what the ledger had before.
fn verified(copy: &Path, before: i64) -> Result<i64> {
    let ledger = Ledger::open(copy)?;
    let found: Vec<String> = [
        ledger.integrity()?,
        ledger.broken_schema()?,
        ledger.broken_seals()?,
        ledger.broken_sums()?,
    ]
    .concat();
    let seq = ledger.last_seq()?;
    let lacks = (seq < before).then(|| format!("it ends with fact {seq} of {before}"));
    if let Some(first) = found.first().or(lacks.as_ref()) {
        let message = format!("the copy is not what was written: {first}");
        return Err(Error::new(&error::BAD_BACKUP, message)
            .hint("run `feebook check` on the ledger, and look after the disk"));
    }
    // Used as a ledger it must let others read while it is written.
    ledger.conn.execute_batch("PRAGMA journal_mode = WAL").map_err(sql)?;
    Ok(seq)
}

/// A copy under way; taken away again, with what SQLite made beside it.
struct Making(PathBuf);

impl Making {
    fn beside(to: &Path) -> Self {
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(format!(".copy-{}", std::process::id()));
        let making = Self(to.with_file_name(name));
        // What an earlier process of this number left behind is in the way.
        making.clear();
        making
    }

    fn clear(&self) {
        for ending in ["", "-journal", "-wal", "-shm"] {
            let mut name = self.0.clone().into_os_string();
            name.push(ending);
            let _ = fs::remove_file(name);
        }
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        self.clear();
    }
}
