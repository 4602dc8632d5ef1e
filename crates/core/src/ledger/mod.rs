//! The ledger file: the only part of the workspace that speaks SQL.
//!
//! Owns opening, migrating, transactions, and one module per kind of row. Refuses to calculate:
//! no amount is added up in SQL. Public signatures speak our types, never the database's.

mod access;
mod answers;
mod archive;
mod backup;
mod booked;
mod clicks;
mod closings;
mod corrections;
mod coverage;
mod derived;
mod examine;
mod imports;
mod lines;
mod months;
mod originals;
mod parts;
mod payouts;
mod quarantine;
mod rates;
mod results;
mod scan;
mod seals;
mod standing;
mod stored;
mod sums;
mod terms;
mod upgrade;
mod whole_runs;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

pub use access::Unheld;
pub use archive::Archiving;
pub use backup::Backup;
pub use booked::{Booked, BookedPayment, BookedResult, BookedScan, DocumentId};
pub use clicks::StoredClick;
pub use closings::Closing;
pub use corrections::Corrected;
pub use coverage::Coverage;
pub use imports::{Begun, ImportId, ImportRecord, ImportTotals, NewImport, PendingImport};
pub use lines::Revision;
pub use parts::PartKept;
pub use quarantine::{Fate, Quarantined, RowId, StoredProblem, StoredShape, Wanted};
pub use rates::{NewRates, RateSpan, RateTotals};
pub use results::{Amounts, Components, NewResult, PendingRun, RunId, RunRecord, StoredResult};
pub(crate) use scan::of_themselves;
pub use scan::{CountingLine, OrderRecord, Scan};
pub use standing::{Recorded, Removal};
pub use terms::BookId;
pub use whole_runs::WholeRun;

use crate::error::{self, Error, Result};
use crate::words::Words;

/// Marks the file as ours in SQLite's header: "Feeb".
const APPLICATION_ID: i32 = 0x4665_6562;

/// One process, one thread, one connection.
const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// How long one process waits for another that is writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the ledger knows of an import whenever it reads rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ImportStanding {
    /// `import --as-of`.
    pub(crate) as_of: Option<i64>,
    /// From this sequence number on the import's rows do not count.
    pub(crate) withdrawn: Option<i64>,
}

/// An open ledger.
#[derive(Debug)]
pub struct Ledger {
    conn: Connection,
    path: Option<PathBuf>,
    words: Words,
    imports: BTreeMap<i64, ImportStanding>,
    /// The programs that have clicks of our own log.
    clicked: BTreeSet<i64>,
    /// Clicks that were looked for among many that no longer count.
    walked: RefCell<clicks::Walked>,
    /// Every payout, for reading payments.
    payouts: BTreeMap<i64, payouts::PayoutStanding>,
    /// Rates of exchange that were asked for.
    rates: RefCell<rates::KnownRates>,
    /// The copy that was made of an older ledger before it was brought up to date.
    kept_copy: Option<PathBuf>,
    /// What is to be confirmed where nothing holds the file still.
    unheld: Option<Unheld>,
    /// Whether a look for damage was taken before the first write.
    looked_over: Cell<bool>,
    /// Nothing is kept beyond the life of this connection.
    rehearsal: bool,
    /// Rows of this transaction that are summed up as they are appended.
    tallies: RefCell<seals::Tallies>,
}

impl Ledger {
    /// Makes a new ledger file.
    ///
    /// # Errors
    ///
    /// When the file exists or cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        if path.exists() {
            let taken = io::Error::new(io::ErrorKind::AlreadyExists, "it exists already");
            return Err(Error::file(path, "create", taken));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            let why = format!("there is no folder {}", folder.display());
            let absent = io::Error::new(io::ErrorKind::NotFound, why);
            return Err(Error::file(path, "create", absent).hint("make the folder first"));
        }
        // Made whole under another name, then linked to its own: whoever finds it finds a ledger,
        // and of two processes that make one only one succeeds.
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".new-{}", std::process::id()));
        let making = path.with_file_name(name);
        let uncreated = |e| Error::file(path, "create", e);
        let made = fs::File::create_new(&making)
            .map(drop)
            .map_err(uncreated)
            .and_then(|()| Self::make(&making))
            .and_then(|()| give_name(&making, path).map_err(uncreated));
        // A file that was not made need not be taken away.
        let _ = fs::remove_file(&making);
        made?;
        Self::open(path)
    }

    /// Makes a ledger of an empty file.
    fn make(path: &Path) -> Result<()> {
        let conn = Connection::open_with_flags(path, FLAGS).map_err(|e| database(&e))?;
        conn.execute_batch("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;").map_err(sql)?;
        Self::prepare(conn, None, None).map(drop)
    }

    /// Makes a ledger that lives as long as the process: for dry runs without a ledger.
    pub fn in_memory() -> Result<Self> {
        Self::prepare(Connection::open_in_memory().map_err(|e| database(&e))?, None, None)
    }

    /// Opens a ledger, and brings an older one up to date after a copy of it was made. A user who may
    /// not write it can read it; see [`unheld`](Self::unheld).
    ///
    /// # Errors
    ///
    /// When there is none, when it is not a ledger, when a newer feebook wrote it, or when it must be
    /// written before it can be read and may not be.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.exists() {
            let message = format!("there is no ledger at {}", path.display());
            return Err(Error::new(&error::NO_LEDGER, message)
                .hint("make one with `feebook init`, or name another with -f"));
        }
        if path.is_dir() {
            let folder = io::Error::new(io::ErrorKind::IsADirectory, "it is a folder");
            return Err(Error::file(path, "open the ledger", folder));
        }
        let (conn, unheld) = access::connect(path)?;
        refuse_foreign(&conn, path)?;
        Self::prepare(conn, Some(path.to_owned()), unheld)
    }

    fn prepare(conn: Connection, path: Option<PathBuf>, unheld: Option<Unheld>) -> Result<Self> {
        conn.busy_timeout(PATIENCE).map_err(|e| database(&e))?;
        conn.set_prepared_statement_cache_capacity(64);
        // A statement is planned once. Otherwise a new value of a parameter can have it compiled
        // again, which costs more than all that it does.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(|e| database(&e))?;
        // FULL: a commit that was reported is on the disk, also after a power cut.
        conn.execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -65536; PRAGMA trusted_schema = OFF;",
        )
        .map_err(|e| database(&e))?;
        let mut ledger = Self {
            conn,
            path,
            words: Words::default(),
            imports: BTreeMap::new(),
            clicked: BTreeSet::new(),
            walked: RefCell::default(),
            payouts: BTreeMap::new(),
            rates: RefCell::default(),
            kept_copy: None,
            unheld,
            looked_over: Cell::new(false),
            rehearsal: false,
            tallies: RefCell::default(),
        };
        ledger.migrate()?;
        ledger.reload()?;
        Ok(ledger)
    }

    /// From here on only one state of the ledger is seen, whatever other processes write; for
    /// reading. They need not wait.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn hold_still(&mut self) -> Result<()> {
        self.conn.execute_batch("BEGIN").map_err(sql)?;
        self.reload()
    }

    /// From here on nothing is kept: each step sees what the steps before it did, and all of it is
    /// gone when the ledger is closed.
    ///
    /// # Errors
    ///
    /// When another process is writing.
    pub fn rehearse(&mut self) -> Result<()> {
        self.begin()?;
        self.rehearsal = true;
        Ok(())
    }

    /// Reads the dictionary and the standing of all imports; done whenever they may have changed.
    fn reload(&mut self) -> Result<()> {
        self.words.truncate(0);
        let mut words = self.conn.prepare("SELECT text FROM word ORDER BY id").map_err(sql)?;
        let mut rows = words.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            self.words.intern(row.get_ref(0).and_then(|v| Ok(v.as_str()?)).map_err(sql)?);
        }
        drop(rows);
        drop(words);
        self.note_imports()
    }

    /// Reads the standing of all imports and payouts, and which programs have clicks.
    fn note_imports(&mut self) -> Result<()> {
        self.imports = imports::standings(&self.conn)?;
        self.walked.borrow_mut().clear();
        self.payouts = payouts::standings(&self.conn)?;
        *self.rates.borrow_mut() = rates::KnownRates::default();
        let mut clicked = self
            .conn
            .prepare_cached(
                "SELECT id FROM program
                 WHERE EXISTS (SELECT 1 FROM click WHERE click.program_id = program.id)",
            )
            .map_err(sql)?;
        let rows = clicked.query_map([], |row| row.get(0)).map_err(sql)?;
        self.clicked = rows.collect::<rusqlite::Result<_>>().map_err(sql)?;
        Ok(())
    }

    /// Returns where the ledger is; none for one in memory.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Returns the copy that was made of an older ledger before this call brought it up to date.
    pub fn kept_copy(&self) -> Option<&Path> {
        self.kept_copy.as_deref()
    }

    /// Returns the dictionary.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Returns the programs that have facts, by name.
    pub fn programs(&self) -> Result<Vec<String>> {
        let mut names =
            self.conn.prepare_cached("SELECT name FROM program ORDER BY name").map_err(sql)?;
        let rows = names.query_map([], |row| row.get(0)).map_err(sql)?;
        rows.collect::<rusqlite::Result<_>>().map_err(sql)
    }

    /// Returns the highest sequence number of any fact.
    pub fn last_seq(&self) -> Result<i64> {
        last_seq(&self.conn)
    }

    /// Whether any import was taken back.
    pub(crate) fn took_any_back(&self) -> bool {
        self.imports.values().any(|import| import.withdrawn.is_some())
    }

    fn program_id(&self, name: &str) -> Result<Option<i64>> {
        self.conn
            .prepare_cached("SELECT id FROM program WHERE name = ?1")
            .and_then(|mut s| s.query_row([name], |row| row.get(0)).optional())
            .map_err(sql)
    }

    /// The number of a program, a new one if it has none yet.
    fn ensure_program(&self, name: &str) -> Result<i64> {
        if let Some(id) = self.program_id(name)? {
            return Ok(id);
        }
        self.conn.execute("INSERT INTO program (name) VALUES (?1)", [name]).map_err(sql)?;
        Ok(self.conn.last_insert_rowid())
    }

    fn begin(&self) -> Result<()> {
        if !self.may_be_written()? {
            let message = "the ledger cannot be written: it, its folder or the disk is read-only for \
                           this user";
            return Err(Error::new(&error::READ_ONLY, message)
                .hint("the file and its folder must both be writable; what only reads works"));
        }
        self.tallies.borrow_mut().clear();
        let begin = if self.rehearsal { "SAVEPOINT step" } else { "BEGIN IMMEDIATE" };
        self.conn.execute_batch(begin).map_err(sql)?;
        let sound = self.look_over();
        if sound.is_err() {
            // Called on the way out of a failure, which is the one to tell.
            let _ = self.conn.execute_batch(back(self.rehearsal));
        }
        sound
    }

    fn commit(&self) -> Result<()> {
        self.seal()?;
        let commit = if self.rehearsal { "RELEASE step" } else { "COMMIT" };
        self.conn.execute_batch(commit).map_err(sql)
    }

    fn rollback(&mut self, words: usize) {
        // Called on the way out of a failure, which is the one to tell.
        let _ = self.conn.execute_batch(back(self.rehearsal));
        self.words.truncate(words);
    }

    /// Stores the words that were interned since there were `stored` of them.
    fn store_words(&self, stored: usize) -> Result<()> {
        let mut insert =
            self.conn.prepare_cached("INSERT INTO word (id, text) VALUES (?1, ?2)").map_err(sql)?;
        for (id, text) in (stored..).zip(self.words.from(stored)) {
            insert.execute((integer(id), text)).map_err(sql)?;
        }
        Ok(())
    }
}

/// How a transaction, or a step of a rehearsal, is taken back.
fn back(rehearsal: bool) -> &'static str {
    if rehearsal { "ROLLBACK TO step; RELEASE step" } else { "ROLLBACK" }
}

/// Gives a file its name, unless that is taken. A link does both at once; where the file system has
/// none, the name is looked at first.
fn give_name(making: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(making, path) {
        Err(_) if !path.exists() => fs::rename(making, path),
        linked => linked,
    }
}

/// A count as SQLite stores it.
fn integer(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn last_seq(conn: &Connection) -> Result<i64> {
    conn.prepare_cached(
        "SELECT max(coalesce((SELECT max(last_seq) FROM import_summary), 0),
                    coalesce((SELECT max(seq) FROM withdrawal), 0),
                    coalesce((SELECT max(seq) FROM flag), 0),
                    coalesce((SELECT max(seq) FROM flag_removal), 0),
                    coalesce((SELECT max(seq) FROM dated_fact), 0),
                    coalesce((SELECT max(seq) FROM dated_fact_removal), 0),
                    coalesce((SELECT max(seq) FROM exchange_rate), 0),
                    coalesce((SELECT max(seq) FROM payout), 0),
                    coalesce((SELECT max(seq) FROM payout_removal), 0),
                    coalesce((SELECT max(seq) FROM payment), 0),
                    coalesce((SELECT max(seq) FROM closing), 0))",
    )
    .and_then(|mut s| s.query_row([], |row| row.get(0)))
    .map_err(sql)
}

fn version(conn: &Connection) -> Result<usize> {
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(sql)?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

/// Refuses a file that is not a ledger, or that a newer feebook wrote, before anything is changed.
fn refuse_foreign(conn: &Connection, path: &Path) -> Result<()> {
    let shown = path.display();
    let not_ours = |what: &str| {
        Error::new(&error::NOT_A_LEDGER, format!("{shown} {what}"))
            .hint("name another file with -f")
    };
    let id = conn.query_row("PRAGMA application_id", [], |row| row.get(0));
    match id {
        Ok(APPLICATION_ID) => {}
        Ok(_) => return Err(not_ours("is a file that feebook did not write")),
        Err(failed) if failed.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            return Err(not_ours("is not an SQLite file"));
        }
        Err(failed) => return Err(database(&failed)),
    }
    let (theirs, ours) = (version(conn)?, upgrade::VERSION);
    if theirs > ours {
        let message =
            format!("{shown} has ledger version {theirs}, this feebook knows up to {ours}");
        return Err(Error::new(&error::NEWER_LEDGER, message).hint("use the newer feebook"));
    }
    Ok(())
}

/// Takes a database failure by value, for `map_err`.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn sql(failed: rusqlite::Error) -> Error {
    database(&failed)
}

/// Tells a database failure in our words.
fn database(failed: &rusqlite::Error) -> Error {
    let code = failed.sqlite_error_code();
    match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let seconds = PATIENCE.as_secs();
            let message =
                format!("another process is writing to the ledger and kept it for {seconds} s");
            Error::new(&error::BUSY, message).hint("wait for it to finish, then try again")
        }
        Some(ErrorCode::NotADatabase) => {
            Error::new(&error::NOT_A_LEDGER, "the file is not an SQLite file")
                .hint("name another file with -f")
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            Error::new(&error::DAMAGED, format!("the ledger is damaged: {}", cause(failed)))
                .hint("`feebook check` names what is; restore a backup")
        }
        Some(ErrorCode::DiskFull) => Error::new(&error::NO_ROOM, "there is no room for the ledger")
            .hint("nothing was written; make room beside it, then try again"),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            let message = format!("the ledger cannot be written: {failed}");
            Error::new(&error::READ_ONLY, message)
                .hint("the file and its folder must both be writable")
        }
        Some(ErrorCode::SystemIoFailure) => {
            let message = format!("the disk failed while the ledger was used: {}", cause(failed));
            Error::new(&error::DATABASE, message).hint(
                "a full disk looks like this, too, even when only reading; where there is room, look \
                 after the disk",
            )
        }
        _ => Error::new(&error::DATABASE, format!("the database failed: {}", cause(failed))),
    }
}

/// Why the database failed, without the statement that it was given.
fn cause(failed: &rusqlite::Error) -> String {
    match failed {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

/// Tells of a stored value that the ledger's rules exclude.
fn damaged(what: &str) -> Error {
    Error::new(&error::DAMAGED, format!("the ledger holds {what}"))
        .hint("run `feebook check`, then restore a backup")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_table_lets_a_row_be_changed_or_taken_away() {
        let ledger = Ledger::in_memory().unwrap();
        let triggers = |kind: &str| -> Vec<String> {
            let query = "SELECT name FROM sqlite_schema WHERE type = ?1 AND name NOT LIKE 'sqlite%'
                         ORDER BY name";
            let mut select = ledger.conn.prepare(query).unwrap();
            let rows = select.query_map([kind], |row| row.get(0)).unwrap();
            rows.map(|row| row.unwrap()).collect()
        };
        let (mut tables, triggers) = (triggers("table"), triggers("trigger"));
        // What is derived from facts can be built anew.
        tables.retain(|table| !["filled", "order_month", "whole_run"].contains(&table.as_str()));
        assert_eq!(
            tables,
            [
                "archive",
                "archive_part",
                "book",
                "book_document",
                "click",
                "closing",
                "dated_fact",
                "dated_fact_removal",
                "document",
                "exchange_rate",
                "flag",
                "flag_removal",
                "import",
                "import_summary",
                "order_line",
                "payment",
                "payout",
                "payout_removal",
                "plugin",
                "plugin_answer",
                "program",
                "quarantine",
                "quarantine_closing",
                "quarantine_problem",
                "quarantine_shape",
                "rate_import",
                "result",
                "retry",
                "run",
                "seal",
                "sighting",
                "withdrawal",
                "word",
            ]
        );
        for table in &tables {
            for verb in ["update", "delete"] {
                assert!(triggers.contains(&format!("{table}_refuses_{verb}")), "{table} {verb}");
            }
        }
        ledger.conn.execute_batch("INSERT INTO word (id, text) VALUES (0, 'NO')").unwrap();
        for change in ["UPDATE word SET text = 'SE'", "DELETE FROM word"] {
            let refused = ledger.conn.execute_batch(change).unwrap_err();
            assert!(refused.to_string().contains("word is append-only"), "{refused}");
        }
    }

    #[test]
    fn a_database_failure_shows_its_cause_and_no_statement() {
        let ledger = Ledger::in_memory().unwrap();
        let failed = ledger.conn.prepare("SELECT c.absent FROM closing c").unwrap_err();
        let told = database(&failed).to_string();
        assert!(told.contains("no such column: c.absent") && !told.contains("SELECT"), "{told}");
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_WRITE);
        let told = database(&rusqlite::Error::SqliteFailure(code, None)).to_string();
        assert!(told.contains("full disk"), "{told}");
    }

    #[test]
    fn a_newer_ledger_and_a_foreign_database_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let newer = folder.path().join("newer.db");
        let ledger = Ledger::create(&newer).unwrap();
        ledger.conn.execute_batch("PRAGMA user_version = 99").unwrap();
        drop(ledger);
        assert_eq!(Ledger::open(&newer).unwrap_err().code().id, "L003");
        let foreign = folder.path().join("foreign.db");
        Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert_eq!(Ledger::open(&foreign).unwrap_err().code().id, "L002");
    }
}
