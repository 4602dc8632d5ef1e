//! Migrations: how a ledger that an older feebook made becomes one of today.
//!
//! Owns the released migrations, in order, and the copy that is kept of a ledger before it is
//! changed. Refuses to change a ledger of which no copy could be made.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{APPLICATION_ID, Ledger, Result, sql, version};
use crate::error::{self, Error};

/// Every migration that was released, in order; `PRAGMA user_version` counts those applied.
const MIGRATIONS: [&str; 8] = [
    include_str!("../../../../migrations/0001_ledger.sql"),
    include_str!("../../../../migrations/0002_facts.sql"),
    include_str!("../../../../migrations/0003_plugins.sql"),
    include_str!("../../../../migrations/0004_payouts.sql"),
    include_str!("../../../../migrations/0005_quarantine.sql"),
    include_str!("../../../../migrations/0006_months.sql"),
    include_str!("../../../../migrations/0007_whole_runs.sql"),
    include_str!("../../../../migrations/0008_corrections.sql"),
];

/// The version from which on everything that is appended is sealed.
const SEALED: usize = 5;

/// The version of a ledger that this feebook makes.
pub(super) const VERSION: usize = MIGRATIONS.len();

impl Ledger {
    /// Applies the migrations that are missing; of a ledger that has facts a copy is made first.
    pub(super) fn migrate(&mut self) -> Result<()> {
        let applied = version(&self.conn)?;
        if applied == VERSION {
            return Ok(());
        }
        if self.conn.is_readonly("main").map_err(sql)? {
            let message = format!(
                "the ledger is of version {applied}, must be brought up to {VERSION}, and cannot be \
                 written by this user"
            );
            return Err(Error::new(&error::READ_ONLY, message).hint(
                "have someone who may write it run any command on it, such as `feebook doctor`",
            ));
        }
        let copied = match (applied, self.path.clone()) {
            (1.., Some(path)) => Some(self.copy_beside(&path)?),
            _ => None,
        };
        self.begin()?;
        let migrated = self.migrate_locked(copied.as_ref());
        match migrated.and_then(|()| self.commit()) {
            Ok(()) => Ok(()),
            Err(failed) => {
                self.rollback(0);
                Err(failed)
            }
        }
    }

    /// Nobody else writes any more: the copy gets its name, and what is missing is applied. Another
    /// process may have done it while this one waited; then the copy is not wanted.
    fn migrate_locked(&mut self, copied: Option<&Copied>) -> Result<()> {
        let applied = version(&self.conn)?;
        if applied == VERSION {
            return Ok(());
        }
        if let (Some(copied), Some(path)) = (copied, self.path.clone()) {
            if copied.writes != written_by_others(&self.conn)? {
                let message = "another process wrote to the ledger while a copy of it was made";
                return Err(
                    Error::new(&error::BUSY, message).hint("nothing was changed; try again")
                );
            }
            self.kept_copy = Some(copied.keep(&path, applied)?);
        }
        self.apply(VERSION)?;
        if applied < SEALED {
            self.reload()?;
            self.tally_all()?;
        }
        // An older ledger has facts, and not yet what is derived from them.
        if applied == 0 { Ok(()) } else { self.rebuild_locked().map(drop) }
    }

    /// Applies what is missing up to a version.
    fn apply(&self, upto: usize) -> Result<()> {
        let missing = MIGRATIONS.iter().enumerate().take(upto).skip(version(&self.conn)?);
        for (index, migration) in missing {
            let number = index + 1;
            let script = format!(
                "{migration}\nPRAGMA application_id = {APPLICATION_ID};
                 PRAGMA user_version = {number};"
            );
            self.conn.execute_batch(&script).map_err(sql)?;
        }
        Ok(())
    }

    /// Copies the ledger, whole, into a file beside it that has no name of its own yet.
    fn copy_beside(&self, path: &Path) -> Result<Copied> {
        let writes = written_by_others(&self.conn)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".copy-{}", std::process::id()));
        let copied = Copied { file: path.with_file_name(name), writes };
        let Some(target) = copied.file.to_str() else {
            let message = format!("cannot name a copy of {}: it is not UTF-8", path.display());
            return Err(Error::new(&error::FILE, message).hint("rename the ledger"));
        };
        // What an earlier process of this number left behind is in the way.
        let _ = fs::remove_file(&copied.file);
        let made = self.conn.execute("VACUUM INTO ?1", [target]).map_err(sql);
        let kept = made.map_err(|told| told.to_string()).and_then(|_| {
            let file = fs::File::open(&copied.file).map_err(|e| e.to_string())?;
            file.sync_all().map_err(|e| e.to_string())
        });
        kept.map_err(|told| {
            let message = format!("no copy of the ledger could be made as {target}: {told}");
            let hint = "nothing was changed; make room beside the ledger";
            Error::new(&error::FILE, message).hint(hint)
        })?;
        Ok(copied)
    }
}

/// A copy of the ledger; taken away again unless it is kept.
struct Copied {
    file: PathBuf,
    /// SQLite's count of other processes' writes when the copy was begun.
    writes: i64,
}

impl Copied {
    /// Gives the copy a name that is free.
    fn keep(&self, path: &Path, applied: usize) -> Result<PathBuf> {
        let named = |count: u32| {
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(format!(".version-{applied}"));
            if count > 1 {
                name.push(format!("-{count}"));
            }
            path.with_file_name(name)
        };
        let name = (1..=99).map(named).find(|name| !name.exists()).ok_or_else(|| {
            let message = format!("99 copies of {} are kept already", path.display());
            Error::new(&error::FILE, message).hint("move some of them away")
        })?;
        fs::rename(&self.file, &name).map_err(|e| Error::file(&name, "name a copy", e))?;
        Ok(name)
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        // A copy that was kept has another name by now.
        let _ = fs::remove_file(&self.file);
        let mut journal = self.file.clone().into_os_string();
        journal.push("-journal");
        let _ = fs::remove_file(journal);
    }
}

/// SQLite's count of writes by other connections, as this one sees them.
fn written_by_others(conn: &Connection) -> Result<i64> {
    conn.query_row("PRAGMA data_version", [], |row| row.get(0)).map_err(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ledger as the first released feebook made it, with one import.
    fn first_version(path: &Path) {
        let conn = Connection::open(path).unwrap();
        conn.execute_batch(MIGRATIONS[0]).unwrap();
        conn.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;
             INSERT INTO program (id, name) VALUES (1, 'shop');
             INSERT INTO import VALUES (1, 1, 'a.csv', zeroblob(32), 'feebook', zeroblob(32), NULL, 7);
             INSERT INTO import_summary VALUES (1, 1, 3, 3, 0, 0, 0, zeroblob(16));"
        ))
        .unwrap();
    }

    #[test]
    fn an_older_ledger_is_copied_and_then_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feebook.db");
        first_version(&path);
        let ledger = Ledger::open(&path).unwrap();
        let copy = folder.path().join("feebook.db.version-1");
        assert_eq!(ledger.kept_copy(), Some(copy.as_path()));
        assert_eq!(version(&ledger.conn).unwrap(), VERSION);
        assert_eq!(ledger.last_seq().unwrap(), 3);
        assert_eq!(ledger.imports().unwrap().len(), 1);
        assert_eq!(ledger.integrity().unwrap(), Vec::<String>::new());
        let kept = Connection::open(&copy).unwrap();
        assert_eq!(version(&kept).unwrap(), 1);
        let imports: i64 =
            kept.query_row("SELECT count(*) FROM import", [], |row| row.get(0)).unwrap();
        assert_eq!(imports, 1);
        drop(ledger);
        assert_eq!(Ledger::open(&path).unwrap().kept_copy(), None, "today's ledger is not copied");
    }

    #[test]
    fn a_copy_never_takes_the_place_of_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feebook.db");
        first_version(&path);
        fs::write(folder.path().join("feebook.db.version-1"), "mine").unwrap();
        let ledger = Ledger::open(&path).unwrap();
        let copy = folder.path().join("feebook.db.version-1-2");
        assert_eq!(ledger.kept_copy(), Some(copy.as_path()));
        let mine = fs::read_to_string(folder.path().join("feebook.db.version-1")).unwrap();
        assert_eq!(mine, "mine");
    }

    #[test]
    fn without_a_copy_nothing_is_changed_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feebook.db");
        first_version(&path);
        let before = fs::read(&path).unwrap();
        // The copy's own name is taken by a folder, as a full disk would refuse it.
        let taken = folder.path().join(format!("feebook.db.copy-{}", std::process::id()));
        fs::create_dir(&taken).unwrap();
        let refused = Ledger::open(&path).unwrap_err();
        assert!(refused.to_string().contains("no copy of the ledger could be made"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), before);
        fs::remove_dir(&taken).unwrap();
        assert_eq!(Ledger::open(&path).unwrap().imports().unwrap().len(), 1);
        let left = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["feebook.db", "feebook.db.version-1"]);
    }
}
