//! The file itself: whether SQLite finds it whole, and whether its tables and triggers are ours.
//!
//! Owns the words for what is damaged: which table, which page. Refuses to mend: a backup does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Ledger, Result, database, sql};
use crate::error::{self, Error};

/// The longest ledger, in bytes, of which every page is looked at before the first write: that takes
/// 3 to 4 ms for each megabyte.
const LOOKED_OVER: u64 = 16 << 20;

impl Ledger {
    /// Looks at every page, without comparing indexes with their tables; returns what is damaged, or
    /// none where the ledger is longer than so many bytes.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read at all.
    pub fn quick_look(&self, up_to: u64) -> Result<Option<Vec<String>>> {
        let size = |pragma: &'static str| -> Result<u64> {
            self.conn.query_row(pragma, [], |row| row.get(0)).map_err(sql)
        };
        let bytes = size("PRAGMA page_count")?.saturating_mul(size("PRAGMA page_size")?);
        if bytes > up_to {
            return Ok(None);
        }
        damage(&self.conn, "PRAGMA quick_check(10)").map(Some)
    }

    /// Before the first write into a ledger that is not long: refuses one that is damaged.
    pub(super) fn look_over(&self) -> Result<()> {
        if self.looked_over.get() {
            return Ok(());
        }
        match self.quick_look(LOOKED_OVER)?.and_then(|found| found.into_iter().next()) {
            None => {
                self.looked_over.set(true);
                Ok(())
            }
            Some(first) => {
                let message = format!("the ledger is damaged, nothing was written: {first}");
                Err(Error::new(&error::DAMAGED, message)
                    .hint("`feebook check` names all of it; restore a backup"))
            }
        }
    }

    /// Returns what SQLite finds wrong with the file; nothing when it is whole.
    pub fn integrity(&self) -> Result<Vec<String>> {
        let mut findings = damage(&self.conn, "PRAGMA integrity_check")?;
        let mut check = self.conn.prepare("PRAGMA foreign_key_check").map_err(sql)?;
        let rows = check
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(2)?)))
            .map_err(sql)?;
        for row in rows {
            match row {
                Ok((table, parent)) => findings
                    .push(format!("a row of {table} refers to a row of {parent} that is missing")),
                Err(failed) if !findings.is_empty() => {
                    findings.push(format!("references cannot be followed: {failed}"));
                    break;
                }
                Err(failed) => return Err(database(&failed)),
            }
        }
        Ok(findings)
    }

    /// Looks for damage in a ledger that cannot be opened any more.
    ///
    /// # Errors
    ///
    /// When there is no such file.
    pub fn examine(path: &Path) -> Result<Vec<String>> {
        let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .map_err(|e| Error::new(&error::DATABASE, format!("{}: {e}", path.display())))?;
        let found = damage(&conn, "PRAGMA integrity_check").unwrap_or_default();
        let unreadable = || vec!["the database cannot be read at all".to_owned()];
        Ok(if found.is_empty() { unreadable() } else { found })
    }

    /// Returns the version of SQLite that reads and writes ledgers.
    pub fn sqlite() -> &'static str {
        rusqlite::version()
    }

    /// Says the version of the ledger and how it is written, in words.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn state_of_file(&self) -> Result<String> {
        let pragma = |name: &'static str| -> Result<String> {
            let query = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
            self.conn.query_row(&query, [], |row| row.get(0)).map_err(sql)
        };
        let synchronous = match pragma("synchronous")?.as_str() {
            "2" => "full".to_owned(),
            other => other.to_owned(),
        };
        // Where nothing is written, neither is said of it.
        let writing = match pragma("journal_mode")? {
            journal if self.may_be_written()? => {
                format!("journal {journal}, synchronous {synchronous}")
            }
            _ => "read only".to_owned(),
        };
        Ok(format!(
            "{}, {writing}, {} pages of {} bytes",
            pragma("user_version")?,
            pragma("page_count")?,
            pragma("page_size")?
        ))
    }

    /// Finds the tables, indexes and triggers that are not as feebook makes them.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn broken_schema(&self) -> Result<Vec<String>> {
        let (found, due) = (schema(&self.conn)?, schema(&Self::in_memory()?.conn)?);
        let names: BTreeSet<&String> = found.keys().chain(due.keys()).collect();
        let told = names.into_iter().filter_map(|name| match (found.get(name), due.get(name)) {
            (None, Some(_)) => Some(format!("{name} is missing")),
            (Some(_), None) => Some(format!("{name} is not feebook's")),
            (found, due) if found != due => Some(format!("{name} is not as feebook made it")),
            _ => None,
        });
        Ok(told.collect())
    }
}

/// Everything in the schema by kind and name.
fn schema(conn: &Connection) -> Result<BTreeMap<String, Option<String>>> {
    let mut select = conn
        .prepare(
            "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'",
        )
        .map_err(sql)?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(sql)?;
    rows.collect::<rusqlite::Result<_>>().map_err(sql)
}

/// What SQLite finds, with the tables' names for its numbers of trees.
fn damage(conn: &Connection, look: &'static str) -> Result<Vec<String>> {
    let trees = trees(conn)?;
    let mut check = conn.prepare(look).map_err(sql)?;
    let mut rows = check.query([]).map_err(sql)?;
    let mut findings = Vec::new();
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                // One row holds several findings when they are of one tree.
                let text: String = row.get(0).map_err(sql)?;
                let each = text.lines().filter(|line| *line != "ok" && !line.starts_with("***"));
                findings.extend(each.map(|line| named(line, &trees)));
            }
            Ok(None) => return Ok(findings),
            Err(failed) => {
                findings.push(format!("SQLite stopped looking: {failed}"));
                return Ok(findings);
            }
        }
    }
}

/// The tables and indexes by the page at which they begin.
fn trees(conn: &Connection) -> Result<BTreeMap<i64, String>> {
    let mut select = conn
        .prepare(
            "SELECT rootpage, type || ' `' || name || '`' FROM sqlite_schema WHERE rootpage > 0",
        )
        .map_err(sql)?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(sql)?;
    rows.collect::<rusqlite::Result<_>>().map_err(sql)
}

/// `Tree 12 page 34: ...` names the table that begins at page 12.
fn named(finding: &str, trees: &BTreeMap<i64, String>) -> String {
    let mut words = finding.splitn(3, ' ');
    let (Some("Tree"), Some(number), Some(rest)) = (words.next(), words.next(), words.next())
    else {
        return finding.to_owned();
    };
    let name = number.parse().ok().and_then(|root: i64| trees.get(&root));
    name.map_or_else(|| finding.to_owned(), |name| format!("{name}, {rest}"))
}
