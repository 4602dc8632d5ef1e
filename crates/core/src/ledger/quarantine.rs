//! Rows that could not be read, kept with their import until something becomes of them.
//!
//! Owns the rows of `quarantine` and what belongs to them. A row waits until an import of it stands or
//! a person closed it; taking that import back lets it wait again. Refuses to read rows: the import
//! does.

use rusqlite::{OptionalExtension, Row, params};

use super::imports::PendingImport;
use super::{ImportId, Ledger, Result, damaged, integer, sql};
use crate::error::{self, Error};
use crate::import::Shape;
use feebook_schedule::diagnostic::Diagnostic;

/// How much of a row is kept, in bytes: all that any reader hands over, and less than SQLite takes.
const KEPT: usize = 1 << 28;

/// Which rows wait: those of imports that stand, that no standing import took in and no person closed.
const WAITS: &str = "NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.import_id = q.import_id)
    AND NOT EXISTS (SELECT 1 FROM quarantine_closing c WHERE c.quarantine_id = q.id
        AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.import_id = c.import_id))";

/// The number of a quarantined row.
pub type RowId = i64;

/// What became of a quarantined row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing yet.
    Waits,
    /// Its import was taken back.
    Withdrawn,
    /// An import took it in.
    TakenIn(ImportId),
    /// A person closed it, for this reason.
    Closed(String),
}

/// How rows stand in the file that is being read; an archive may have files of several shapes.
#[derive(Clone, Debug, Default)]
pub(super) struct Shaped {
    number: u64,
    shape: Shape,
}

/// A shape as it is stored for one import.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShapeId {
    number: u64,
    id: i64,
}

/// A rejected row of a network's report before any row said whose it is.
#[derive(Debug)]
pub(super) struct Unseated {
    raw: Vec<u8>,
    length: usize,
    problems: Vec<Diagnostic>,
    shape: Shaped,
}

/// How some quarantined rows of an import stand in a file.
#[derive(Clone, Debug)]
pub struct StoredShape {
    /// Its number, which the rows have.
    pub id: i64,
    /// What comes before, between and after them.
    pub shape: Shape,
    /// Whether the rows say whose they are.
    pub by_advertiser: bool,
}

/// A row that is not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its number.
    pub id: RowId,
    /// The import that met it.
    pub import_id: ImportId,
    /// The file of that import.
    pub file: String,
    /// The number of the shape in which it stood there.
    pub shape_id: i64,
    /// What stood in the file.
    pub raw: Vec<u8>,
    /// How long it was there; more than is kept where it was cut.
    pub raw_length: u64,
    /// What became of it.
    pub fate: Fate,
    /// All that is wrong with it.
    pub problems: Vec<StoredProblem>,
}

impl Quarantined {
    /// Whether all of it is kept.
    pub fn is_whole(&self) -> bool {
        u64::try_from(self.raw.len()) == Ok(self.raw_length)
    }
}

/// What is wrong with a quarantined row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProblem {
    /// The line in the file.
    pub line: u32,
    /// The column in that line.
    pub column: u32,
    /// The code.
    pub code: String,
    /// The sentence.
    pub message: String,
}

/// Which quarantined rows are meant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Only those of this import.
    pub import: Option<ImportId>,
    /// Also those that no longer wait.
    pub all: bool,
}

impl PendingImport<'_> {
    /// Keeps a row that is not imported. Of a network's report it belongs to the program whose row
    /// came last, or comes first.
    pub fn quarantine(&mut self, raw: &[u8], problems: &[Diagnostic]) -> Result<()> {
        let kept = raw.get(..KEPT).unwrap_or(raw);
        if self.is_unseated() {
            let problems = problems
                .iter()
                .map(|problem| Diagnostic { excerpt: None, hint: None, ..problem.clone() })
                .collect();
            let shape = self.shaped.clone();
            let row = Unseated { raw: kept.to_owned(), length: raw.len(), problems, shape };
            self.parts.unseated.push(row);
            return Ok(());
        }
        self.store((kept, raw.len()), problems)
    }

    /// Keeps a row that came before any said whose it is.
    pub(super) fn keep_unseated(&mut self, row: Unseated) -> Result<()> {
        let now = std::mem::replace(&mut self.shaped, row.shape);
        let stored = self.store((&row.raw, row.length), &row.problems);
        self.shaped = now;
        stored
    }

    /// Returns how many rejected rows wait for a row that says whose it is.
    pub fn unseated(&self) -> usize {
        self.parts.unseated.len()
    }

    fn store(&mut self, (kept, length): (&[u8], usize), problems: &[Diagnostic]) -> Result<()> {
        let shape_id = self.store_shape()?;
        self.totals.rejected += 1;
        let conn = &self.ledger.conn;
        conn.prepare_cached(
            "INSERT INTO quarantine (import_id, shape_id, raw, raw_length) VALUES (?1, ?2, ?3, ?4)",
        )
        .and_then(|mut insert| insert.execute(params![self.id, shape_id, kept, integer(length)]))
        .map_err(sql)?;
        let row = conn.last_insert_rowid();
        let mut insert = conn
            .prepare_cached("INSERT INTO quarantine_problem VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .map_err(sql)?;
        for (number, problem) in problems.iter().enumerate() {
            let (line, column) = (problem.place.line, problem.place.column);
            let values =
                params![row, integer(number), line, column, problem.code.id, problem.message];
            insert.execute(values).map_err(sql)?;
        }
        Ok(())
    }

    /// Closes rejected rows that came before as they are, in a report of the same format, and that a
    /// person has closed since: for the reason that was given then.
    pub(super) fn close_again(&mut self) -> Result<()> {
        let conn = &self.ledger.conn;
        let by_person = "SELECT EXISTS (SELECT 1 FROM quarantine_closing WHERE import_id IS NULL)";
        if self.totals.rejected == 0
            || !conn.query_row(by_person, [], |row| row.get::<_, bool>(0)).map_err(sql)?
        {
            return Ok(());
        }
        // As tables of their own, so that rows are found by what stood in them.
        let closed = conn.execute(
            "WITH again AS MATERIALIZED (SELECT id, raw, raw_length FROM quarantine WHERE import_id = ?1),
             before AS MATERIALIZED (
                 SELECT c.id, q.raw, q.raw_length, c.reason, c.who, this.imported_at
                 FROM import this
                 JOIN import i ON i.program_id = this.program_id AND i.format = this.format
                 JOIN quarantine q ON q.import_id = i.id
                 JOIN quarantine_closing c ON c.quarantine_id = q.id AND c.import_id IS NULL
                 WHERE this.id = ?1)
             INSERT INTO quarantine_closing (quarantine_id, reason, who, closed_at)
             SELECT row, reason, who, imported_at FROM (
                 SELECT again.id AS row, reason, who, imported_at, max(before.id) FROM before
                 JOIN again ON again.raw = before.raw AND again.raw_length = before.raw_length
                 GROUP BY again.id)",
            [self.id],
        );
        self.totals.closed += u64::try_from(closed.map_err(sql)?).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Notes how rows stand in the file from here on; stored with the first that is not imported.
    pub fn shaped(&mut self, shape: Shape) {
        if self.shaped.shape != shape {
            self.shaped = Shaped { number: self.shaped.number + 1, shape };
        }
    }

    /// Returns the stored shape of rows of this import, which is stored with the first of them.
    fn store_shape(&mut self) -> Result<i64> {
        let number = self.shaped.number;
        if let Some(stored) = self.shape_id.filter(|stored| stored.number == number) {
            return Ok(stored.id);
        }
        let Shape { head, separator, tail } = &self.shaped.shape;
        self.ledger
            .conn
            .prepare_cached(
                "INSERT INTO quarantine_shape (import_id, head, separator, tail, by_advertiser)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )
            .and_then(|mut insert| {
                insert.execute(params![self.id, head, separator, tail, self.parts.by_advertiser])
            })
            .map_err(sql)?;
        let id = self.ledger.conn.last_insert_rowid();
        self.shape_id = Some(ShapeId { number, id });
        Ok(id)
    }

    /// Notes that this import is made of the quarantined rows of another.
    pub fn retries(&mut self, of: ImportId) -> Result<()> {
        let insert = "INSERT INTO retry (import_id, of_import) VALUES (?1, ?2)";
        self.ledger.conn.execute(insert, [self.id, of]).map_err(sql)?;
        Ok(())
    }

    /// Closes a quarantined row: this import takes it in.
    pub fn closes(&mut self, row: RowId, now: i64) -> Result<()> {
        self.ledger
            .conn
            .prepare_cached(
                "INSERT INTO quarantine_closing (quarantine_id, import_id, closed_at)
                 VALUES (?1, ?2, ?3)",
            )
            .and_then(|mut insert| insert.execute([row, self.id, now]))
            .map_err(sql)?;
        Ok(())
    }

    /// Returns the ledger for reading.
    pub fn ledger(&self) -> &Ledger {
        self.ledger
    }
}

impl Ledger {
    /// Tells `each` the quarantined rows that are meant, in the order in which they were met.
    pub fn quarantined(
        &self,
        wanted: Wanted,
        each: &mut dyn FnMut(Quarantined) -> Result<()>,
    ) -> Result<()> {
        let mut after = 0;
        // Some at a time, so that the rows can be many and the ledger be asked in between.
        loop {
            let rows = self.quarantined_after(wanted, after)?;
            let Some(last) = rows.last().map(|row| row.id) else { return Ok(()) };
            after = last;
            rows.into_iter().try_for_each(&mut *each)?;
        }
    }

    /// Returns the next of them after a row, up to a few hundred.
    pub fn quarantined_after(&self, wanted: Wanted, after: RowId) -> Result<Vec<Quarantined>> {
        let query = format!(
            "SELECT q.id, q.import_id, i.file, q.raw, q.raw_length,
                    EXISTS (SELECT 1 FROM withdrawal w WHERE w.import_id = q.import_id), q.shape_id
             FROM quarantine q JOIN import i ON i.id = q.import_id
             WHERE q.id > ?1 AND (?2 IS NULL OR q.import_id = ?2) AND (?3 OR ({WAITS}))
             ORDER BY q.id LIMIT 200"
        );
        let mut select = self.conn.prepare_cached(&query).map_err(sql)?;
        let mut found = select.query(params![after, wanted.import, wanted.all]).map_err(sql)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(sql)? {
            rows.push(self.read_quarantined(row)?);
        }
        Ok(rows)
    }

    fn read_quarantined(&self, row: &Row<'_>) -> Result<Quarantined> {
        let id = row.get(0).map_err(sql)?;
        let withdrawn: bool = row.get(5).map_err(sql)?;
        let fate = if withdrawn { Fate::Withdrawn } else { self.fate(id)? };
        Ok(Quarantined {
            id,
            import_id: row.get(1).map_err(sql)?,
            file: row.get(2).map_err(sql)?,
            raw: row.get(3).map_err(sql)?,
            raw_length: row.get(4).map_err(sql)?,
            fate,
            shape_id: row.get(6).map_err(sql)?,
            problems: self.problems_of(id)?,
        })
    }

    /// What became of a row of an import that stands: the last closing that still holds.
    fn fate(&self, row: RowId) -> Result<Fate> {
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT c.import_id, c.reason FROM quarantine_closing c
                 WHERE c.quarantine_id = ?1
                   AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.import_id = c.import_id)
                 ORDER BY c.id DESC LIMIT 1",
            )
            .map_err(sql)?;
        let closing: Option<(Option<i64>, Option<String>)> = select
            .query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(sql)?;
        Ok(match closing {
            None => Fate::Waits,
            Some((Some(import), _)) => Fate::TakenIn(import),
            Some((None, reason)) => Fate::Closed(reason.unwrap_or_default()),
        })
    }

    fn problems_of(&self, row: RowId) -> Result<Vec<StoredProblem>> {
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT line_no, column_no, code, message FROM quarantine_problem
                 WHERE quarantine_id = ?1 ORDER BY problem_no",
            )
            .map_err(sql)?;
        let rows = select.query_map([row], |row| {
            Ok(StoredProblem {
                line: row.get(0)?,
                column: row.get(1)?,
                code: row.get(2)?,
                message: row.get(3)?,
            })
        });
        rows.map_err(sql)?.collect::<rusqlite::Result<_>>().map_err(sql)
    }

    /// Returns a quarantined row by its number.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn quarantined_row(&self, id: RowId) -> Result<Quarantined> {
        let wanted = Wanted { import: None, all: true };
        let row = self.quarantined_after(wanted, id.saturating_sub(1))?.into_iter().next();
        row.filter(|row| row.id == id).ok_or_else(|| {
            Error::new(&error::NO_QUARANTINE, format!("there is no quarantined row {id}"))
                .hint("`feebook quarantine list --all` shows them")
        })
    }

    /// Returns how many rows wait: by import, with its file and the lines of the first.
    pub fn waiting(&self) -> Result<Vec<(ImportId, String, u64)>> {
        let query = format!(
            "SELECT q.import_id, i.file, count(*) FROM quarantine q
             JOIN import i ON i.id = q.import_id WHERE {WAITS}
             GROUP BY q.import_id ORDER BY q.import_id"
        );
        let mut select = self.conn.prepare_cached(&query).map_err(sql)?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.map_err(sql)?.collect::<rusqlite::Result<_>>().map_err(sql)
    }

    /// Returns how the quarantined rows of an import stand in their file, or in each file of an archive.
    ///
    /// # Errors
    ///
    /// When the import has no quarantined rows.
    pub fn shapes(&self, import: ImportId) -> Result<Vec<StoredShape>> {
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT id, head, separator, tail, by_advertiser FROM quarantine_shape
                 WHERE import_id = ?1 ORDER BY id",
            )
            .map_err(sql)?;
        let rows = select.query_map([import], |row| {
            let shape = Shape { head: row.get(1)?, separator: row.get(2)?, tail: row.get(3)? };
            Ok(StoredShape { id: row.get(0)?, shape, by_advertiser: row.get(4)? })
        });
        let shapes: Vec<StoredShape> =
            rows.map_err(sql)?.collect::<rusqlite::Result<_>>().map_err(sql)?;
        if shapes.is_empty() {
            let message = format!("there are no quarantined rows of an import {import}");
            return Err(Error::new(&error::NO_QUARANTINE, message)
                .hint("`feebook quarantine list` shows what waits"));
        }
        Ok(shapes)
    }

    /// Closes the rows of an import that wait, or one row, for a reason; returns how many.
    ///
    /// # Errors
    ///
    /// When none of them waits.
    pub fn close_quarantined(
        &mut self,
        (import, row): (Option<ImportId>, Option<RowId>),
        (reason, who): (&str, Option<&str>),
        now: i64,
    ) -> Result<usize> {
        self.begin()?;
        let insert = format!(
            "INSERT INTO quarantine_closing (quarantine_id, reason, who, closed_at)
             SELECT q.id, ?3, ?4, ?5 FROM quarantine q
             WHERE (?1 IS NULL OR q.import_id = ?1) AND (?2 IS NULL OR q.id = ?2) AND {WAITS}"
        );
        let closed = self
            .conn
            .execute(&insert, params![import, row, reason, who, now])
            .map_err(sql)
            .and_then(|count| {
                self.commit()?;
                Ok(count)
            });
        match closed {
            Ok(0) => {
                let what = row.or(import).unwrap_or_default();
                let message = format!("no quarantined row of {what} waits");
                Err(Error::new(&error::NO_QUARANTINE, message)
                    .hint("`feebook quarantine list` shows what waits"))
            }
            Ok(count) => Ok(count),
            Err(failed) => {
                let words = self.words.len();
                self.rollback(words);
                Err(failed)
            }
        }
    }

    /// Returns what an import is made of: its program, file, format, and `--as-of`.
    ///
    /// # Errors
    ///
    /// When there is none, or when it was taken back.
    pub fn standing_import(&self, id: ImportId) -> Result<super::ImportRecord> {
        let record = self.imports()?.into_iter().find(|import| import.id == id);
        let record = record.ok_or_else(|| {
            Error::new(&error::NO_IMPORT, format!("there is no import {id}"))
                .hint("`feebook imports list` shows them")
        })?;
        if record.withdrawn_at.is_some() {
            let message = format!("import {id} was taken back, and its quarantined rows with it");
            return Err(Error::new(&error::ALREADY_UNDONE, message));
        }
        Ok(record)
    }

    /// Returns how many of the rows that an import rejected were taken in or closed since.
    pub(super) fn closed_of(&self, import: ImportId) -> Result<u64> {
        let query =
            format!("SELECT count(*) FROM quarantine q WHERE q.import_id = ?1 AND NOT ({WAITS})");
        self.conn
            .prepare_cached(&query)
            .and_then(|mut select| select.query_row([import], |row| row.get(0)))
            .map_err(|_| damaged("a quarantine that cannot be counted"))
    }
}
