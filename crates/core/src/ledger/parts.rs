//! An import of a network's report, which holds the orders of many programs: one import per program,
//! all in one transaction.
//!
//! Owns the changing between them, and that a file that is read again under another map of
//! advertisers replaces what it brought before. Refuses to know advertisers: it is told programs.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::imports::{BATCH, Begun, ImportId, ImportTotals, NewImport, PendingImport, highest};
use super::lines::{Filled, Revision};
use super::originals::{CorrectedOrders, Places};
use super::quarantine::{ShapeId, Unseated};
use super::{Ledger, Result, last_seq, sql};
use crate::fact::No;

/// What is under way for a program while rows of another are appended.
#[derive(Debug, Default)]
pub(super) struct Part {
    id: ImportId,
    program_id: i64,
    first_seq: i64,
    highest: [Option<No>; 2],
    batch: Vec<Revision>,
    filled: Filled,
    sighted: Vec<i64>,
    places: Places,
    corrected: CorrectedOrders,
    fact_digest: u128,
    totals: ImportTotals,
    shape_id: Option<ShapeId>,
}

/// The parts of an import that holds the orders of many programs.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// What all its imports have in common.
    about: About,
    /// The program whose rows are appended; none before the first.
    at: Option<String>,
    others: BTreeMap<String, Part>,
    /// Whether the rows say whose they are.
    pub(super) by_advertiser: bool,
    /// Rejected rows that came before any row said whose it is.
    pub(super) unseated: Vec<Unseated>,
    /// How many rows wait among the others.
    waiting: usize,
    /// The imports of the same file that this one replaces.
    replaced: Vec<ImportId>,
}

#[derive(Debug, Default)]
struct About {
    file: String,
    file_digest: [u8; 32],
    format: String,
    format_digest: [u8; 32],
    imported_at: i64,
}

/// What an import came to for one program.
#[derive(Clone, Debug)]
pub struct PartKept {
    /// The program.
    pub program: String,
    /// Its import.
    pub id: ImportId,
    /// What that came to.
    pub totals: ImportTotals,
}

impl Ledger {
    /// Begins an import of a network's report; [`PendingImport::seat`] says whose rows follow. The
    /// ledger is locked for writing until it is kept or dropped.
    pub fn begin_network_import(&mut self, new: &NewImport<'_>) -> Result<Begun<'_>> {
        self.begin()?;
        let found = self.reload().and_then(|()| self.earlier(new));
        let words = self.words.len();
        let (next_seq, replaced) = match found {
            Ok(Earlier::Same { id, rejected }) => {
                self.rollback(words);
                return Ok(Begun::Already { id, rejected });
            }
            Ok(Earlier::Other { next_seq, replaced }) => (next_seq, replaced),
            Err(failed) => {
                self.rollback(words);
                return Err(failed);
            }
        };
        let about = About {
            file: new.file.to_owned(),
            file_digest: new.file_digest,
            format: new.format.to_owned(),
            format_digest: new.format_digest,
            imported_at: new.imported_at,
        };
        let parts = Parts { about, replaced, by_advertiser: true, ..Parts::default() };
        Ok(Begun::Started(Box::new(PendingImport::of_parts(self, new.as_of, next_seq, parts))))
    }

    fn earlier(&self, new: &NewImport<'_>) -> Result<Earlier> {
        let imports = imports_of(&self.conn, new)?;
        let same = |import: &&Import| import.format_digest == new.format_digest;
        let mut programs: BTreeMap<i64, bool> = BTreeMap::new();
        for import in imports.iter().filter(same) {
            *programs.entry(import.program_id).or_default() |= import.stands;
        }
        let standing = || imports.iter().filter(|import| import.stands);
        let others = standing().any(|import| !same(&import));
        if !programs.is_empty() && programs.values().all(|stands| *stands) && !others {
            let id = standing().map(|import| import.id).min().unwrap_or_default();
            let mut rejected = 0;
            for import in standing() {
                // Those that were taken in or closed since are no longer rejected.
                rejected += import.rejected.saturating_sub(self.closed_of(import.id)?);
            }
            return Ok(Earlier::Same { id, rejected });
        }
        let replaced = standing().filter(|import| !same(import)).map(|import| import.id).collect();
        Ok(Earlier::Other { next_seq: last_seq(&self.conn)? + 1, replaced })
    }
}

/// What the ledger has of a file.
enum Earlier {
    /// All of it, read in the same way.
    Same { id: ImportId, rejected: u64 },
    /// Nothing, or not all of it, or read otherwise.
    Other { next_seq: i64, replaced: Vec<ImportId> },
}

struct Import {
    id: ImportId,
    program_id: i64,
    format_digest: Vec<u8>,
    rejected: u64,
    stands: bool,
}

/// The imports of the same bytes, in a format of the same name, as of the same instant.
fn imports_of(conn: &Connection, new: &NewImport<'_>) -> Result<Vec<Import>> {
    let mut select = conn
        .prepare_cached(
            "SELECT i.id, i.program_id, i.format_digest, s.rejected, w.import_id IS NULL
             FROM import i JOIN import_summary s ON s.import_id = i.id
             LEFT JOIN withdrawal w ON w.import_id = i.id
             WHERE i.file_digest = ?1 AND i.format = ?2 AND i.as_of IS ?3
             ORDER BY i.id",
        )
        .map_err(sql)?;
    let rows = select.query_map(params![new.file_digest, new.format, new.as_of], |row| {
        Ok(Import {
            id: row.get(0)?,
            program_id: row.get(1)?,
            format_digest: row.get(2)?,
            rejected: row.get(3)?,
            stands: row.get(4)?,
        })
    });
    rows.map_err(sql)?.collect::<rusqlite::Result<_>>().map_err(sql)
}

impl PendingImport<'_> {
    /// Says whose rows are appended from here on.
    pub fn seat(&mut self, program: &str) -> Result<()> {
        if self.parts.at.as_deref() == Some(program) {
            return Ok(());
        }
        if self.parts.waiting + self.batch.len() >= BATCH {
            self.write_all()?;
        }
        let mut part = match self.parts.others.remove(program) {
            Some(part) => part,
            None => self.begin_part(program)?,
        };
        self.parts.waiting =
            (self.parts.waiting + self.batch.len()).saturating_sub(part.batch.len());
        self.swap(&mut part);
        if let Some(before) = self.parts.at.replace(program.to_owned()) {
            self.parts.others.insert(before, part);
        }
        for row in std::mem::take(&mut self.parts.unseated) {
            self.keep_unseated(row)?;
        }
        Ok(())
    }

    fn begin_part(&mut self, program: &str) -> Result<Part> {
        let program_id = self.ledger.ensure_program(program)?;
        let about = &self.parts.about;
        self.ledger
            .conn
            .execute(
                "INSERT INTO import (program_id, file, file_digest, format, format_digest, as_of,
                                     imported_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    program_id,
                    about.file,
                    about.file_digest,
                    about.format,
                    about.format_digest,
                    self.as_of,
                    about.imported_at
                ],
            )
            .map_err(sql)?;
        let id = self.ledger.conn.last_insert_rowid();
        let highest = highest(&self.ledger.conn, program_id)?;
        Ok(Part { id, program_id, first_seq: self.next_seq, highest, ..Part::default() })
    }

    /// Whether no row has said yet whose it is.
    pub(super) fn is_unseated(&self) -> bool {
        self.parts.by_advertiser && self.parts.at.is_none()
    }

    /// Exchanges the part under way with another.
    fn swap(&mut self, part: &mut Part) {
        std::mem::swap(&mut self.id, &mut part.id);
        std::mem::swap(&mut self.program_id, &mut part.program_id);
        std::mem::swap(&mut self.first_seq, &mut part.first_seq);
        std::mem::swap(&mut self.highest, &mut part.highest);
        std::mem::swap(&mut self.batch, &mut part.batch);
        std::mem::swap(&mut self.filled, &mut part.filled);
        std::mem::swap(&mut self.sighted, &mut part.sighted);
        std::mem::swap(&mut self.places, &mut part.places);
        std::mem::swap(&mut self.corrected, &mut part.corrected);
        std::mem::swap(&mut self.fact_digest, &mut part.fact_digest);
        std::mem::swap(&mut self.totals, &mut part.totals);
        std::mem::swap(&mut self.shape_id, &mut part.shape_id);
    }

    /// Calls with each part, which is the one under way meanwhile.
    pub(crate) fn each_part(
        &mut self,
        mut with: impl FnMut(&mut Self, &str) -> Result<()>,
    ) -> Result<()> {
        let Some(at) = self.parts.at.clone() else { return Ok(()) };
        with(self, &at)?;
        let mut others = std::mem::take(&mut self.parts.others);
        for (program, part) in &mut others {
            self.swap(part);
            let done = with(self, program);
            self.swap(part);
            done?;
        }
        self.parts.others = others;
        Ok(())
    }

    fn write_all(&mut self) -> Result<()> {
        self.each_part(|pending, _| pending.write_batch())?;
        self.parts.waiting = 0;
        Ok(())
    }

    fn finish_parts(&mut self) -> Result<Vec<PartKept>> {
        let mut kept = Vec::new();
        self.each_part(|pending, program| {
            pending.finish()?;
            let (id, totals) = (pending.id, pending.totals);
            kept.push(PartKept { program: program.to_owned(), id, totals });
            Ok(())
        })?;
        kept.sort_by(|a, b| a.program.cmp(&b.program));
        let replaced = std::mem::take(&mut self.parts.replaced);
        if !replaced.is_empty() {
            // What this import says again of those stays, on its own account.
            self.ledger.note_imports()?;
            for id in replaced {
                self.ledger.withdraw_locked(id, self.parts.about.imported_at)?;
                self.ledger.note_imports()?;
            }
        }
        Ok(kept)
    }

    /// Writes what is left of all programs and commits.
    pub fn keep_parts(mut self) -> Result<Vec<PartKept>> {
        let kept = self.finish_parts()?;
        self.commit()?;
        Ok(kept)
    }

    /// Goes through with everything and leaves nothing behind.
    pub fn discard_parts(mut self) -> Result<Vec<PartKept>> {
        self.finish_parts()
    }

    /// Returns the imports of the same file that this one replaces.
    pub fn replaces(&self) -> &[ImportId] {
        &self.parts.replaced
    }
}
