//! How the file is opened: to be written, or, by a user who may not, to be read only.
//!
//! Owns which of the two it is, and the proof that a file that nothing held still was not written while
//! it was read. Refuses to leave files beside the ledger of another user.
//!
//! Readers of a write-ahead log hold it still by locks in a file beside the ledger (`-shm`). A user who
//! may not make that file can read the ledger itself, as long as no change waits in the log (`-wal`):
//! SQLite's `immutable`, which takes no lock. Then another process may write meanwhile. Into the log it
//! does no harm: what is read is the state before. When it moves the log into the ledger, two states can
//! be mixed; but that changes the time at which the file was written, which is compared afterwards.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{FLAGS, Ledger, Result, database, sql};
use crate::error::{self, Error};

/// For reading, by a name that says how.
const READING: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY
    .union(OpenFlags::SQLITE_OPEN_NO_MUTEX)
    .union(OpenFlags::SQLITE_OPEN_URI);

/// A ledger that is read while nothing holds it still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unheld {
    path: PathBuf,
    bytes: u64,
    /// Since 1970; none before.
    written_at: Option<Duration>,
}

impl Unheld {
    fn of(path: &Path) -> Result<Self> {
        let failed = |e| Error::file(path, "read", e);
        let known = fs::metadata(path).map_err(failed)?;
        let written_at = known.modified().map_err(failed)?.duration_since(UNIX_EPOCH).ok();
        Ok(Self { path: path.to_owned(), bytes: known.len(), written_at })
    }

    /// Demands that the file is as it was when it was opened.
    ///
    /// # Errors
    ///
    /// When it was written meanwhile: what was read may be of two states.
    pub fn confirm(&self) -> Result<()> {
        if Self::of(&self.path)? == *self {
            return Ok(());
        }
        let message = format!(
            "{} was written while it was read, and this user may not hold it still",
            self.path.display()
        );
        Err(Error::new(&error::NOT_HELD, message)
            .hint("use nothing of what was told; run the command again"))
    }
}

impl Ledger {
    /// Whether this user may write it.
    pub fn may_be_written(&self) -> Result<bool> {
        self.conn.is_readonly("main").map(|readonly| !readonly).map_err(sql)
    }

    /// Returns what is to be confirmed once all is read; none where the ledger is held still by locks.
    pub fn unheld(&self) -> Option<&Unheld> {
        self.unheld.as_ref()
    }
}

/// Opens the file of a ledger in the way that this user may.
pub(super) fn connect(named: &Path) -> Result<(Connection, Option<Unheld>)> {
    let unreadable = |e| Error::file(named, "read the ledger", e);
    let path = &followed(named).map_err(unreadable)?;
    if let Some(conn) = to_be_written(path)? {
        return Ok((conn, None));
    }
    // SQLite's own words would not say why it cannot be read either.
    fs::File::open(path).map_err(unreadable)?;
    // In this order: a log that is moved into the ledger after the first look is seen by the second.
    let unheld = Unheld::of(path)?;
    if beside(path, "-wal") > 0 || beside(path, "-journal") > 0 {
        // A process that may write is at it, and holds it still for us, too; or one was interrupted.
        let conn = Connection::open_with_flags(address(path, "readonly_shm=1"), READING);
        let followed = conn.and_then(|conn| probe(&conn).map(|()| conn));
        return followed.map(|conn| (conn, None)).map_err(|failed| waits(path, &failed));
    }
    let conn = Connection::open_with_flags(address(path, "immutable=1"), READING);
    Ok((conn.map_err(|e| database(&e))?, Some(unheld)))
}

/// The file itself where a name only links to it: SQLite keeps the log beside the file, and there it is
/// to be looked for. A name that is none is kept, as it is told.
fn followed(named: &Path) -> io::Result<PathBuf> {
    // SQLite follows links on Unix only. With one in a folder's place the log is found by either name.
    if cfg!(unix) && named.is_symlink() { named.canonicalize() } else { Ok(named.to_owned()) }
}

/// Opens the file to be written; none where this user may not, be it the file or what SQLite makes
/// beside it.
fn to_be_written(path: &Path) -> Result<Option<Connection>> {
    // Opening changes nothing. SQLite would open for reading without a word, and make files of this
    // user's beside the ledger of another.
    if OpenOptions::new().write(true).open(path).is_err() {
        return Ok(None);
    }
    let conn = Connection::open_with_flags(path, FLAGS).map_err(|e| database(&e))?;
    match probe(&conn).map_err(|failed| failed.sqlite_error_code()) {
        Err(Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)) => {
            Ok(None)
        }
        // Any other failure is told by whoever reads next.
        _ => Ok(Some(conn)),
    }
}

/// Reads something, for which SQLite wants all its files.
fn probe(conn: &Connection) -> rusqlite::Result<()> {
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// How long a file beside the ledger is.
fn beside(path: &Path, ending: &str) -> u64 {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    fs::metadata(name).map_or(0, |known| known.len())
}

/// The file as SQLite takes it with options.
fn address(path: &Path, option: &str) -> String {
    let shown = |byte: &u8| match byte {
        b'/' | b'.' | b'-' | b'_' => char::from(*byte).to_string(),
        plain if plain.is_ascii_alphanumeric() => char::from(*plain).to_string(),
        other => format!("%{other:02x}"),
    };
    let path: String = path.as_os_str().as_encoded_bytes().iter().map(shown).collect();
    format!("file:{path}?{option}")
}

fn waits(path: &Path, failed: &rusqlite::Error) -> Error {
    match failed.sqlite_error_code() {
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::SystemIoFailure,
        ) => {
            let path = path.display();
            let message = format!(
                "changes of a process that was interrupted wait in {path}-wal, and this user may \
                 not write {path}"
            );
            Error::new(&error::READ_ONLY, message).hint(
                "have someone who may write it run any command on it, such as `feebook doctor`; or \
                 copy both files into a folder of your own and name the copy with -f",
            )
        }
        _ => database(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_signs_of_its_own_is_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ä b?c#d%41.db");
        drop(Ledger::create(&path).unwrap());
        let conn = Connection::open_with_flags(address(&path, "immutable=1"), READING).unwrap();
        probe(&conn).unwrap();
        assert_eq!(conn.path().map(Path::new), Some(path.as_path()));
    }

    #[test]
    fn a_file_that_was_written_meanwhile_is_not_confirmed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feebook.db");
        drop(Ledger::create(&path).unwrap());
        let unheld = Unheld::of(&path).unwrap();
        unheld.confirm().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes.push(0);
        fs::write(&path, bytes).unwrap();
        assert_eq!(unheld.confirm().unwrap_err().code().id, "L011");
    }
}
