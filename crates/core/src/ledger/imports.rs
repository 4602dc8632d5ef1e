//! Imports: one file, one transaction; rows appended, revised, or seen again.
//!
//! Owns the append of facts and their withdrawal. Refuses to read reports and to judge rows: what
//! arrives here is a fact.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::clicks::{self, StoredClick};
use super::lines::{self, COLUMN_COUNT, COLUMNS, Key, Revision};
use super::parts::Parts;
use super::quarantine::{ShapeId, Shaped};
use super::seals::RowBytes;
use super::{ImportStanding, Ledger, Result, damaged, last_seq, sql};
use crate::click::Click;
use crate::error::{self, Error};
use crate::fact::{LineFact, No, Report, ranking};
use crate::words::Words;

/// How many rows are sorted and written together: bounds the memory of an import.
pub(super) const BATCH: usize = 32_768;

/// How many rows one INSERT takes.
const ROWS_PER_INSERT: usize = 32;

/// The number of an import.
pub type ImportId = i64;

/// Rows that other imports reported as well, by sequence number, with those imports.
pub(super) type Claims = BTreeMap<i64, Vec<ImportId>>;

/// What is known of an import before its first row.
#[derive(Clone, Debug)]
pub struct NewImport<'a> {
    /// The program of all its rows.
    pub program: &'a str,
    /// The file's name as given.
    pub file: &'a str,
    /// SHA-256 of the file's bytes.
    pub file_digest: [u8; 32],
    /// The format's name.
    pub format: &'a str,
    /// SHA-256 of the mapping file.
    pub format_digest: [u8; 32],
    /// `--as-of`: when the network said this.
    pub as_of: Option<i64>,
    /// Now.
    pub imported_at: i64,
}

/// What an import came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportTotals {
    /// Lines that the ledger did not have.
    pub added: u64,
    /// Lines that it had otherwise.
    pub revised: u64,
    /// Rows that say again what the ledger has.
    pub unchanged: u64,
    /// Rows that were refused.
    pub rejected: u64,
    /// Of the revised lines, those that an earlier report outranks, so that this one does not count;
    /// told at the import only.
    pub outranked: u64,
}

/// An import as it stands in the ledger.
#[derive(Clone, Debug)]
pub struct ImportRecord {
    /// Its number.
    pub id: ImportId,
    /// The program of its rows.
    pub program: String,
    /// The file's name as given.
    pub file: String,
    /// SHA-256 of the file's bytes.
    pub file_digest: Vec<u8>,
    /// The format's name.
    pub format: String,
    /// `--as-of`.
    pub as_of: Option<i64>,
    /// When it was imported.
    pub imported_at: i64,
    /// When it was taken back.
    pub withdrawn_at: Option<i64>,
    /// What it came to.
    pub totals: ImportTotals,
}

/// The beginning of an import.
#[derive(Debug)]
pub enum Begun<'l> {
    /// The same bytes were imported before, in the same format, as of the same instant.
    Already {
        /// The import that brought them.
        id: ImportId,
        /// How many of its rows were rejected then and have not been taken in or closed since.
        rejected: u64,
    },
    /// Rows can be appended.
    Started(Box<PendingImport<'l>>),
}

/// An import under way; dropped without [`PendingImport::keep`], it leaves nothing behind.
#[derive(Debug)]
pub struct PendingImport<'l> {
    pub(super) ledger: &'l mut Ledger,
    pub(super) id: ImportId,
    pub(super) program_id: i64,
    pub(super) as_of: Option<i64>,
    words_before: usize,
    words_stored: usize,
    pub(super) first_seq: i64,
    pub(super) next_seq: i64,
    /// The greatest order number the program has, of digits and of other text.
    pub(super) highest: [Option<No>; 2],
    pub(super) batch: Vec<LineFact>,
    pub(super) clicks: Vec<Click>,
    /// Rows of other imports that this one says again.
    pub(super) sighted: Vec<i64>,
    pub(super) fact_digest: u128,
    pub(super) totals: ImportTotals,
    /// The other programs of a network's report.
    pub(super) parts: Parts,
    /// How rows stand in the file that is being read.
    pub(super) shaped: Shaped,
    /// The same as it is stored for this import.
    pub(super) shape_id: Option<ShapeId>,
    open: bool,
}

impl Ledger {
    /// Begins an import; the ledger is locked for writing until it is kept or dropped.
    pub fn begin_import(&mut self, new: &NewImport<'_>) -> Result<Begun<'_>> {
        self.begin()?;
        let begun = self.begin_locked(new);
        match begun {
            Ok(Some((id, program_id))) => {
                let words_before = self.words.len();
                let known = last_seq(&self.conn)
                    .and_then(|seq| Ok((seq + 1, highest(&self.conn, program_id)?)));
                let (next_seq, highest) = match known {
                    Ok(known) => known,
                    Err(failed) => {
                        self.rollback(words_before);
                        return Err(failed);
                    }
                };
                Ok(Begun::Started(Box::new(PendingImport {
                    ledger: self,
                    id,
                    program_id,
                    as_of: new.as_of,
                    words_before,
                    words_stored: words_before,
                    first_seq: next_seq,
                    next_seq,
                    highest,
                    batch: Vec::new(),
                    clicks: Vec::new(),
                    sighted: Vec::new(),
                    fact_digest: 0,
                    totals: ImportTotals::default(),
                    parts: Parts::default(),
                    shaped: Shaped::default(),
                    shape_id: None,
                    open: true,
                })))
            }
            Ok(None) => {
                let words = self.words.len();
                self.rollback(words);
                let earlier = already(&self.conn, new)?;
                let (id, rejected) = earlier.ok_or_else(|| damaged("an import that vanished"))?;
                // Those that were taken in or closed since are no longer rejected.
                let rejected = rejected.saturating_sub(self.closed_of(id)?);
                Ok(Begun::Already { id, rejected })
            }
            Err(failed) => {
                let words = self.words.len();
                self.rollback(words);
                Err(failed)
            }
        }
    }

    fn begin_locked(&mut self, new: &NewImport<'_>) -> Result<Option<(ImportId, i64)>> {
        // Another process may have written since this one opened the ledger.
        self.reload()?;
        if already(&self.conn, new)?.is_some() {
            return Ok(None);
        }
        let program_id = self.ensure_program(new.program)?;
        self.conn
            .execute(
                "INSERT INTO import (program_id, file, file_digest, format, format_digest, as_of,
                                     imported_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    program_id,
                    new.file,
                    new.file_digest,
                    new.format,
                    new.format_digest,
                    new.as_of,
                    new.imported_at
                ],
            )
            .map_err(sql)?;
        Ok(Some((self.conn.last_insert_rowid(), program_id)))
    }

    /// Returns all imports in order of their numbers.
    pub fn imports(&self) -> Result<Vec<ImportRecord>> {
        let mut select = self
            .conn
            .prepare(
                "SELECT i.id, p.name, i.file, i.file_digest, i.format, i.as_of, i.imported_at,
                        w.withdrawn_at, s.added, s.revised, s.unchanged, s.rejected
                 FROM import i JOIN program p ON p.id = i.program_id
                 JOIN import_summary s ON s.import_id = i.id
                 LEFT JOIN withdrawal w ON w.import_id = i.id
                 ORDER BY i.id",
            )
            .map_err(sql)?;
        let records = select.query_map([], |row| {
            Ok(ImportRecord {
                id: row.get(0)?,
                program: row.get(1)?,
                file: row.get(2)?,
                file_digest: row.get(3)?,
                format: row.get(4)?,
                as_of: row.get(5)?,
                imported_at: row.get(6)?,
                withdrawn_at: row.get(7)?,
                totals: ImportTotals {
                    added: row.get(8)?,
                    revised: row.get(9)?,
                    unchanged: row.get(10)?,
                    rejected: row.get(11)?,
                    outranked: 0,
                },
            })
        });
        records.map_err(sql)?.collect::<rusqlite::Result<_>>().map_err(sql)
    }

    /// Takes an import back: its rows stop counting, unless another import reported them as well.
    ///
    /// # Errors
    ///
    /// When there is no such import, or when it was taken back before.
    pub fn withdraw(&mut self, id: ImportId, now: i64) -> Result<()> {
        self.begin()?;
        let withdrawn = self.reload().and_then(|()| self.withdraw_locked(id, now));
        match withdrawn.and_then(|()| self.commit()) {
            Ok(()) => self.reload(),
            Err(failed) => {
                let words = self.words.len();
                self.rollback(words);
                Err(failed)
            }
        }
    }

    pub(super) fn withdraw_locked(&mut self, id: ImportId, now: i64) -> Result<()> {
        let standing = self.imports.get(&id).ok_or_else(|| {
            Error::new(&error::NO_IMPORT, format!("there is no import {id}"))
                .hint("`feebook imports list` shows them")
        })?;
        if standing.withdrawn.is_some() {
            let message = format!("import {id} was taken back before");
            return Err(Error::new(&error::ALREADY_UNDONE, message));
        }
        let mut seq = last_seq(&self.conn)?;
        let mut digest = 0_u128;
        let mut claims = self.claims_of_others(id)?;
        if !claims.is_empty() {
            let program_id = self.program_of_import(id)?;
            for row in self.lines_of_import(id, &claims)? {
                let Some(claimants) = claims.remove(&row.seq) else { continue };
                seq += 1;
                let copy = Revision { seq, import_id: claimants[0], ..row };
                let of_copy = fact_digest(&copy.fact, &self.words);
                digest = digest.wrapping_add(of_copy);
                self.tally_copy("order_line", (program_id, seq, copy.import_id), of_copy);
                insert(&self.conn, program_id, std::slice::from_ref(&copy))?;
                self.claim_copy(seq, &claimants)?;
            }
            for row in self.clicks_of_import(id, &claims)? {
                let Some(claimants) = claims.remove(&row.seq) else { continue };
                seq += 1;
                let copy = StoredClick { seq, import_id: claimants[0], ..row };
                let of_copy = clicks::click_digest(&copy.click, &self.words);
                digest = digest.wrapping_add(of_copy);
                self.tally_copy("click", (program_id, seq, copy.import_id), of_copy);
                clicks::insert(&self.conn, program_id, &copy)?;
                self.claim_copy(seq, &claimants)?;
            }
        }
        seq += 1;
        self.conn
            .execute(
                "INSERT INTO withdrawal (import_id, seq, withdrawn_at, fact_digest)
                 VALUES (?1, ?2, ?3, ?4)",
                params![id, seq, now, digest.to_be_bytes()],
            )
            .map_err(sql)?;
        Ok(())
    }

    /// The rows that other standing imports reported as well, with those imports.
    fn claims_of_others(&self, id: ImportId) -> Result<Claims> {
        let mut claims = Claims::new();
        for (other, standing) in &self.imports {
            if *other != id && standing.withdrawn.is_none() {
                for seq in self.sightings(*other)? {
                    claims.entry(seq).or_default().push(*other);
                }
            }
        }
        Ok(claims)
    }

    /// Lets the other claimants of a copied row, which is now the first one's, claim the copy.
    fn claim_copy(&self, seq: i64, claimants: &[ImportId]) -> Result<()> {
        claimants.iter().skip(1).try_for_each(|claimant| self.store_sightings(*claimant, &[seq]))
    }

    /// The lines of an import that are among these rows.
    fn lines_of_import(&self, id: ImportId, among: &Claims) -> Result<Vec<Revision>> {
        let mut select = self
            .conn
            .prepare(&format!(
                "SELECT {COLUMNS} FROM order_line
                 WHERE program_id = (SELECT program_id FROM import WHERE id = ?1)
                   AND import_id = ?1"
            ))
            .map_err(sql)?;
        let mut rows = select.query([id]).map_err(sql)?;
        let mut revisions = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            // The column of `seq` is the fourth of COLUMNS.
            if among.contains_key(&row.get(3).map_err(sql)?) {
                revisions.push(lines::read(row)?);
            }
        }
        Ok(revisions)
    }

    pub(super) fn program_of_import(&self, id: ImportId) -> Result<i64> {
        self.conn
            .query_row("SELECT program_id FROM import WHERE id = ?1", [id], |row| row.get(0))
            .map_err(sql)
    }

    pub(super) fn sightings(&self, id: ImportId) -> Result<BTreeSet<i64>> {
        let mut select = self
            .conn
            .prepare_cached("SELECT seqs FROM sighting WHERE import_id = ?1 ORDER BY chunk")
            .map_err(sql)?;
        let mut rows = select.query([id]).map_err(sql)?;
        let mut seqs = BTreeSet::new();
        while let Some(row) = rows.next().map_err(sql)? {
            let bytes: Vec<u8> = row.get(0).map_err(sql)?;
            seqs.extend(unpack(&bytes));
        }
        Ok(seqs)
    }

    fn store_sightings(&self, id: ImportId, seqs: &[i64]) -> Result<()> {
        let chunk: i64 = self
            .conn
            .prepare_cached("SELECT count(*) FROM sighting WHERE import_id = ?1")
            .and_then(|mut select| select.query_row([id], |row| row.get(0)))
            .map_err(sql)?;
        let packed = pack(seqs);
        let mut row = RowBytes::default();
        for (column, value) in (0..).zip(params![id, chunk, packed]) {
            row.bound(column, *value)?;
        }
        self.tally("sighting", row.digest());
        self.conn
            .prepare_cached("INSERT INTO sighting (import_id, chunk, seqs) VALUES (?1, ?2, ?3)")
            .and_then(|mut s| s.execute(params![id, chunk, packed]))
            .map_err(sql)?;
        Ok(())
    }
}

impl<'l> PendingImport<'l> {
    /// An import of many programs, of which none has a row yet.
    pub(super) fn of_parts(
        ledger: &'l mut Ledger,
        as_of: Option<i64>,
        next_seq: i64,
        parts: Parts,
    ) -> Self {
        let words_before = ledger.words.len();
        Self {
            ledger,
            id: 0,
            program_id: 0,
            as_of,
            words_before,
            words_stored: words_before,
            first_seq: next_seq,
            next_seq,
            highest: [None, None],
            batch: Vec::new(),
            clicks: Vec::new(),
            sighted: Vec::new(),
            fact_digest: 0,
            totals: ImportTotals::default(),
            parts,
            shaped: Shaped::default(),
            shape_id: None,
            open: true,
        }
    }
}

impl PendingImport<'_> {
    /// Returns the dictionary, for the reader of the report.
    pub fn words(&mut self) -> &mut Words {
        &mut self.ledger.words
    }

    /// Returns the import's number.
    pub fn id(&self) -> ImportId {
        self.id
    }

    /// Appends one fact.
    pub fn append(&mut self, fact: LineFact) -> Result<()> {
        self.batch.push(fact);
        if self.batch.len() >= BATCH { self.write_batch() } else { Ok(()) }
    }

    /// Notes how many rows of the file were refused.
    /// Writes what is left and commits.
    pub fn keep(mut self) -> Result<ImportTotals> {
        self.finish()?;
        self.commit()?;
        Ok(self.totals)
    }

    /// Commits what was written.
    pub(super) fn commit(&mut self) -> Result<()> {
        self.ledger.commit()?;
        self.open = false;
        self.ledger.note_imports()
    }

    /// Goes through with everything and leaves nothing behind: what `--dry-run` counts is what an
    /// import would.
    pub fn discard(mut self) -> Result<ImportTotals> {
        self.finish()?;
        Ok(self.totals)
    }

    pub(super) fn finish(&mut self) -> Result<()> {
        self.write_batch()?;
        self.write_clicks()?;
        self.ledger.store_words(self.words_stored)?;
        // Of several programs, the first has stored the words of all.
        self.words_stored = self.ledger.words.len();
        self.ledger
            .conn
            .execute(
                "INSERT INTO import_summary (import_id, first_seq, last_seq, added, revised,
                                             unchanged, rejected, fact_digest)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    self.id,
                    self.first_seq,
                    self.next_seq - 1,
                    self.totals.added,
                    self.totals.revised,
                    self.totals.unchanged,
                    self.totals.rejected,
                    self.fact_digest.to_be_bytes()
                ],
            )
            .map_err(sql)?;
        Ok(())
    }

    /// Sorts the batch by key, which is what SQLite appends fastest, and writes what is new in it.
    pub(super) fn write_batch(&mut self) -> Result<()> {
        let mut batch = std::mem::take(&mut self.batch);
        let sorted = batch.is_sorted_by(|a, b| line_key(a) <= line_key(b));
        if !sorted {
            batch.sort_by(|a, b| line_key(a).cmp(&line_key(b)));
        }
        let mut pending: Vec<Revision> = Vec::with_capacity(batch.len());
        for fact in batch.drain(..) {
            if self.is_new(&fact, &pending)? {
                let revision = Revision { seq: self.next_seq, import_id: self.id, fact };
                self.next_seq += 1;
                self.fact_digest =
                    self.fact_digest.wrapping_add(fact_digest(&revision.fact, &self.ledger.words));
                pending.push(revision);
            }
        }
        insert(&self.ledger.conn, self.program_id, &pending)?;
        for revision in &pending {
            raise(&mut self.highest, &revision.fact.order_no);
        }
        self.batch = batch;
        self.store_sighted()
    }

    /// Stores which rows of other imports this one said again.
    pub(super) fn store_sighted(&mut self) -> Result<()> {
        let mut sighted = std::mem::take(&mut self.sighted);
        if sighted.is_empty() {
            return Ok(());
        }
        sighted.sort_unstable();
        sighted.dedup();
        self.ledger.store_sightings(self.id, &sighted)
    }

    /// Whether the ledger does not have this fact as of this instant yet; counts it either way.
    fn is_new(&mut self, fact: &LineFact, pending: &[Revision]) -> Result<bool> {
        let (mut known, mut outranked) = (false, false);
        let report = (fact, self.as_of);
        for earlier in pending.iter().rev().take_while(|r| line_key(&r.fact) == line_key(fact)) {
            if earlier.fact == *fact {
                self.totals.unchanged += 1;
                return Ok(false);
            }
            known = true;
            outranked |= self.outranks((&earlier.fact, self.as_of), report);
        }
        if self.may_be_stored(&fact.order_no) {
            let stored = stored_line(&self.ledger.conn, self.program_id, fact)?;
            for earlier in stored {
                let Some(standing) = self.standing_of(earlier.import_id) else { continue };
                if standing.as_of == self.as_of && earlier.fact == *fact {
                    self.totals.unchanged += 1;
                    if earlier.import_id != self.id {
                        self.sighted.push(earlier.seq);
                    }
                    return Ok(false);
                }
                known = true;
                outranked |= self.outranks((&earlier.fact, standing.as_of), report);
            }
        }
        self.totals.outranked += u64::from(outranked);
        *if known { &mut self.totals.revised } else { &mut self.totals.added } += 1;
        Ok(true)
    }

    fn outranks(&self, earlier: Report<'_>, later: Report<'_>) -> bool {
        ranking(earlier, later, &self.ledger.words).0 == Ordering::Greater
    }

    /// The standing of the import of a stored row; none when it was taken back.
    pub(super) fn standing_of(&self, import_id: ImportId) -> Option<ImportStanding> {
        if import_id == self.id {
            return Some(ImportStanding { as_of: self.as_of, withdrawn: None });
        }
        self.ledger.imports.get(&import_id).copied().filter(|s| s.withdrawn.is_none())
    }

    /// Whether the ledger may have an order of this number: those above the highest it cannot.
    fn may_be_stored(&self, number: &No) -> bool {
        self.highest[kind_of(number)].as_ref().is_some_and(|highest| number <= highest)
    }
}

impl Drop for PendingImport<'_> {
    fn drop(&mut self) {
        if self.open {
            self.ledger.rollback(self.words_before);
        }
    }
}

fn line_key(fact: &LineFact) -> (&No, &No) {
    (&fact.order_no, &fact.line_no)
}

fn kind_of(number: &No) -> usize {
    match number {
        No::Digits(_) => 0,
        No::Text(_) => 1,
    }
}

fn raise(highest: &mut [Option<No>; 2], number: &No) {
    let slot = &mut highest[kind_of(number)];
    if slot.as_ref().is_none_or(|high| high < number) {
        *slot = Some(number.clone());
    }
}

/// The digest of one fact, as it is summed over an import.
pub(crate) fn fact_digest(fact: &LineFact, words: &Words) -> u128 {
    let mut bytes = Vec::with_capacity(256);
    fact.canonical(words, &mut bytes);
    xxhash_rust::xxh3::xxh3_128(&bytes)
}

/// The earlier import of the same bytes, in the same format, as of the same instant.
fn already(conn: &Connection, new: &NewImport<'_>) -> Result<Option<(ImportId, u64)>> {
    conn.prepare_cached(
        "SELECT i.id, s.rejected FROM import i JOIN program p ON p.id = i.program_id
         JOIN import_summary s ON s.import_id = i.id
         WHERE i.file_digest = ?1 AND p.name = ?2 AND i.format = ?3 AND i.format_digest = ?4
           AND i.as_of IS ?5
           AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.import_id = i.id)",
    )
    .and_then(|mut s| {
        s.query_row(
            params![new.file_digest, new.program, new.format, new.format_digest, new.as_of],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
    })
    .map_err(sql)
}

/// Reads the standing of all imports.
pub(super) fn standings(conn: &Connection) -> Result<BTreeMap<i64, ImportStanding>> {
    let mut select = conn
        .prepare_cached(
            "SELECT i.id, i.as_of, w.seq FROM import i LEFT JOIN withdrawal w ON w.import_id = i.id",
        )
        .map_err(sql)?;
    let rows = select.query_map([], |row| {
        Ok((row.get(0)?, ImportStanding { as_of: row.get(1)?, withdrawn: row.get(2)? }))
    });
    rows.map_err(sql)?.collect::<rusqlite::Result<_>>().map_err(sql)
}

pub(super) fn highest(conn: &Connection, program_id: i64) -> Result<[Option<No>; 2]> {
    let find = |condition: &str| -> Result<Option<No>> {
        let query = format!(
            "SELECT order_no FROM order_line WHERE program_id = ?1 AND order_no {condition}
             ORDER BY order_no DESC LIMIT 1"
        );
        let mut select = conn.prepare(&query).map_err(sql)?;
        let mut rows = select.query([program_id]).map_err(sql)?;
        match rows.next().map_err(sql)? {
            Some(row) => lines::no(row.get_ref(0).map_err(sql)?).map(Some),
            None => Ok(None),
        }
    };
    Ok([find("< x''")?, find(">= x''")?])
}

/// All revisions of the line of a fact.
fn stored_line(conn: &Connection, program_id: i64, fact: &LineFact) -> Result<Vec<Revision>> {
    let mut select = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM order_line
             WHERE program_id = ?1 AND order_no = ?2 AND line_no = ?3 ORDER BY seq"
        ))
        .map_err(sql)?;
    let mut rows =
        select.query(params![program_id, Key(&fact.order_no), Key(&fact.line_no)]).map_err(sql)?;
    let mut revisions = Vec::new();
    while let Some(row) = rows.next().map_err(sql)? {
        revisions.push(lines::read(row)?);
    }
    Ok(revisions)
}

/// Inserts revisions, many to a statement.
fn insert(conn: &Connection, program_id: i64, revisions: &[Revision]) -> Result<()> {
    let many = revisions.chunks_exact(ROWS_PER_INSERT);
    let rest = many.remainder();
    insert_by(conn, program_id, many, ROWS_PER_INSERT)?;
    insert_by(conn, program_id, rest.chunks(1), 1)
}

/// Inserts groups of revisions, each of `count`, by one statement that is made once.
fn insert_by<'r>(
    conn: &Connection,
    program_id: i64,
    groups: impl Iterator<Item = &'r [Revision]>,
    count: usize,
) -> Result<()> {
    let row = format!("({})", vec!["?"; COLUMN_COUNT].join(","));
    let rows = vec![row; count].join(",");
    let query = format!("INSERT INTO order_line ({COLUMNS}) VALUES {rows}");
    let mut statement = conn.prepare_cached(&query).map_err(sql)?;
    for group in groups {
        for (index, revision) in group.iter().enumerate() {
            lines::bind(&mut statement, index * COLUMN_COUNT + 1, program_id, revision)
                .map_err(sql)?;
        }
        statement.raw_execute().map_err(sql)?;
    }
    Ok(())
}

/// Writes ascending numbers as differences in base 128.
fn pack(seqs: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(seqs.len() * 2);
    let mut before = 0;
    for seq in seqs {
        let mut rest = seq - before;
        before = *seq;
        while rest >= 128 {
            bytes.push(u8::try_from(rest & 127).unwrap_or(0) | 128);
            rest >>= 7;
        }
        bytes.push(u8::try_from(rest).unwrap_or(0));
    }
    bytes
}

fn unpack(bytes: &[u8]) -> Vec<i64> {
    let (mut seqs, mut before, mut value, mut shift) = (Vec::new(), 0, 0_i64, 0);
    for byte in bytes {
        value |= i64::from(byte & 127) << shift;
        shift += 7;
        if byte & 128 == 0 {
            before += value;
            seqs.push(before);
            (value, shift) = (0, 0);
        }
    }
    seqs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sightings_come_back_as_they_were() {
        let seqs = [1, 2, 130, 131, 1_000_000, 9_000_000_000];
        assert_eq!(unpack(&pack(&seqs)), seqs);
        assert_eq!(unpack(&pack(&[])), Vec::<i64>::new());
    }
}
