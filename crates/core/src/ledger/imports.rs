//! Imports: one file, one transaction; rows appended, revised, or seen again.
//!
//! Owns the append of facts and their withdrawal. Refuses to read reports and to judge rows: what
//! arrives here is a fact.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::clicks::{self, StoredClick};
use super::lines::{self, Filled, Revision};
use super::months::Months;
use super::originals::{CorrectedOrders, Places};
use super::parts::Parts;
use super::quarantine::{ShapeId, Shaped};
use super::seals::RowBytes;
use super::stored::{Stored, stored_line};
use super::{ImportStanding, Ledger, Result, damaged, last_seq, sql};
use crate::click::Click;
use crate::error::{self, Error};
use crate::fact::{LineFact, No, Report, ranking};
use crate::words::Words;

/// How many rows are sorted and written together: bounds the memory of an import.
pub(super) const BATCH: usize = 32_768;

/// The same of a report in no order of its numbers: each write goes all over the ledger, so there are fewer.
const WIDE: usize = 8 * BATCH;

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
    /// Of the rejected rows, those that a person closed when they came before, and that are closed
    /// again; told at the import only.
    pub closed: u64,
    /// New rows that correct a line which the ledger does not have; told at the import only.
    pub alone: u64,
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
    pub(super) batch: Vec<Revision>,
    /// How many rows the batch takes.
    limit: usize,
    /// The columns that any row fills.
    pub(super) filled: Filled,
    months: Months,
    /// Scratch for the digest of a fact.
    canonical: Vec<u8>,
    pub(super) clicks: Vec<Click>,
    /// Rows of other imports that this one says again.
    pub(super) sighted: Vec<i64>,
    /// Where lines stand in the batch, for rows that take them back.
    pub(super) places: Places,
    /// The orders with new corrections.
    pub(super) corrected: CorrectedOrders,
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
                let pending = PendingImport::of_parts(self, new.as_of, next_seq, Parts::default());
                Ok(Begun::Started(Box::new(pending.of(id, program_id, highest))))
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
                    ..ImportTotals::default()
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
                insert(&self.conn, program_id, &[&copy])?;
                self.fill_further(copy.import_id, Filled::of(&copy.fact))?;
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
                "SELECT {} FROM order_line
                 WHERE program_id = (SELECT program_id FROM import WHERE id = ?1)
                   AND import_id = ?1",
                Filled::ALL.columns()
            ))
            .map_err(sql)?;
        let mut rows = select.query([id]).map_err(sql)?;
        let mut revisions = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            // `seq` is the fourth of the columns.
            if among.contains_key(&row.get(3).map_err(sql)?) {
                revisions.push(lines::read(row, Filled::ALL)?);
            }
        }
        Ok(revisions)
    }

    /// Returns the name of the file that an import was of.
    pub fn file_of(&self, id: ImportId) -> Result<String> {
        self.conn
            .prepare_cached("SELECT file FROM import WHERE id = ?1")
            .and_then(|mut select| select.query_row([id], |row| row.get(0)))
            .map_err(sql)
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
            seqs.extend(unpack(&bytes)?);
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
            limit: BATCH,
            filled: Filled::default(),
            months: Months::default(),
            canonical: Vec::new(),
            clicks: Vec::new(),
            sighted: Vec::new(),
            places: Places::default(),
            corrected: CorrectedOrders::new(),
            fact_digest: 0,
            totals: ImportTotals::default(),
            parts,
            shaped: Shaped::default(),
            shape_id: None,
            open: true,
        }
    }

    /// The same of one import, whose program has orders up to these numbers.
    fn of(mut self, id: ImportId, program_id: i64, highest: [Option<No>; 2]) -> Self {
        (self.id, self.program_id, self.highest) = (id, program_id, highest);
        self
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
        // It gets its own number when it turns out to be new.
        self.batch.push(Revision { seq: 0, import_id: self.id, fact });
        if self.batch.len() == BATCH {
            self.limit = if is_scattered(&self.batch) { WIDE } else { BATCH };
        }
        if self.batch.len() >= self.limit { self.write_batch() } else { Ok(()) }
    }

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
        self.count_alone()?;
        self.close_again()?;
        self.write_clicks()?;
        self.ledger.store_words(self.words_stored)?;
        // Of several programs, the first has stored the words of all.
        self.words_stored = self.ledger.words.len();
        self.ledger.store_filled(self.id, self.filled)?;
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

    /// Writes what is new in the batch, in order of the keys, which is what SQLite appends fastest.
    pub(super) fn write_batch(&mut self) -> Result<()> {
        let mut batch = std::mem::take(&mut self.batch);
        self.places = Places::default();
        let order = by_key(&batch);
        let mut fresh: Vec<usize> = Vec::with_capacity(order.len());
        for part in order.chunks(BATCH) {
            let stored = self.stored_between(&batch, part)?;
            let mut stored = stored.as_deref().map(Stored);
            for at in part {
                let earlier = fresh.iter().rev().map(|at| &batch[*at].fact);
                if self.is_new(&batch[*at].fact, earlier, stored.as_mut())? {
                    batch[*at].seq = self.next_seq;
                    self.take(&batch[*at].fact);
                    fresh.push(*at);
                }
            }
        }
        let revisions: Vec<&Revision> = fresh.iter().map(|at| &batch[*at]).collect();
        insert(&self.ledger.conn, self.program_id, &revisions)?;
        self.months.store(&self.ledger.conn, self.program_id)?;
        for revision in revisions {
            raise(&mut self.highest, &revision.fact.order_no);
        }
        batch.clear();
        self.batch = batch;
        self.store_sighted()
    }

    /// Takes a fact that is new into what is kept of the import as a whole.
    fn take(&mut self, fact: &LineFact) {
        self.canonical.clear();
        fact.canonical(&self.ledger.words, &mut self.canonical);
        let digest = xxhash_rust::xxh3::xxh3_128(&self.canonical);
        self.fact_digest = self.fact_digest.wrapping_add(digest);
        self.filled = self.filled.or(Filled::of(fact));
        self.months.add(fact);
        if fact.corrects.is_some() {
            self.note_correction(&fact.order_no);
        }
        self.next_seq += 1;
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
    /// `pending` are the facts of the batch that are new, the last one first.
    fn is_new<'f>(
        &mut self,
        fact: &LineFact,
        pending: impl Iterator<Item = &'f LineFact>,
        stored: Option<&mut Stored<'_>>,
    ) -> Result<bool> {
        let (mut known, mut outranked) = (false, false);
        let report = (fact, self.as_of);
        for earlier in pending.take_while(|earlier| line_key(earlier) == line_key(fact)) {
            if earlier == fact {
                self.totals.unchanged += 1;
                return Ok(false);
            }
            known = true;
            outranked |= self.outranks((earlier, self.as_of), report);
        }
        if self.may_be_stored(&fact.order_no) {
            let looked_up;
            let earlier: Vec<&Revision> = if let Some(stored) = stored {
                stored.of(fact).collect()
            } else {
                looked_up = stored_line(&self.ledger.conn, self.program_id, fact)?;
                looked_up.iter().collect()
            };
            for earlier in earlier {
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
    pub(super) fn may_be_stored(&self, number: &No) -> bool {
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

/// Whether rows are in order of their keys.
fn in_order(batch: &[Revision]) -> bool {
    batch.is_sorted_by(|a, b| line_key(&a.fact) <= line_key(&b.fact))
}

/// Whether rows are in no order to speak of: neither mostly up nor mostly down.
fn is_scattered(batch: &[Revision]) -> bool {
    let pairs = batch.iter().zip(batch.iter().skip(1));
    let down = pairs.filter(|(a, b)| line_key(&a.fact) > line_key(&b.fact)).count();
    down.min(batch.len() - down) > batch.len() / 4
}

/// Where the rows of a batch stand, in order of their keys; rows of one key as they came.
fn by_key(batch: &[Revision]) -> Vec<usize> {
    let places = 0..batch.len();
    if in_order(batch) {
        return places.collect();
    }
    // Digits, which most numbers are, are sorted without going back to the rows.
    let digits = |at: usize| match line_key(&batch[at].fact) {
        (No::Digits(order_no), No::Digits(line_no)) => Some((*order_no, *line_no, at)),
        _ => None,
    };
    if let Some(mut keys) = places.clone().map(digits).collect::<Option<Vec<_>>>() {
        keys.sort_unstable();
        return keys.into_iter().map(|(_, _, at)| at).collect();
    }
    let mut order: Vec<usize> = places.collect();
    order.sort_by(|a, b| line_key(&batch[*a].fact).cmp(&line_key(&batch[*b].fact)));
    order
}

fn line_key(fact: &LineFact) -> (&No, &No) {
    (&fact.order_no, &fact.line_no)
}

pub(super) fn kind_of(number: &No) -> usize {
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

/// Inserts revisions of one import, many to a statement and only the columns that any of them fills.
fn insert(conn: &Connection, program_id: i64, revisions: &[&Revision]) -> Result<()> {
    let Some(import_id) = revisions.first().map(|revision| revision.import_id) else {
        return Ok(());
    };
    let each = revisions.iter().map(|revision| Filled::of(&revision.fact));
    let filled = each.fold(Filled::default(), Filled::or);
    let common = (program_id, import_id);
    let many = revisions.chunks_exact(ROWS_PER_INSERT);
    let rest = many.remainder();
    insert_by(conn, common, filled, many, ROWS_PER_INSERT)?;
    insert_by(conn, common, filled, rest.chunks(1), 1)
}

/// Inserts groups of revisions, each of `count`, by one statement that is made once.
fn insert_by<'r>(
    conn: &Connection,
    common: (i64, ImportId),
    filled: Filled,
    groups: impl Iterator<Item = &'r [&'r Revision]>,
    count: usize,
) -> Result<()> {
    let query = lines::insert_query(filled, count);
    let mut statement = conn.prepare_cached(&query).map_err(sql)?;
    for group in groups {
        lines::bind(&mut statement, common, filled, group).map_err(sql)?;
        statement.raw_execute().map_err(sql)?;
    }
    Ok(())
}

/// Writes ascending numbers, none below 0, as differences in base 128.
pub(super) fn pack(seqs: &[i64]) -> Vec<u8> {
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

/// Reads the numbers of [`pack`]; bytes that it never writes are damage.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<i64>> {
    let broken = || damaged("numbers that no feebook packed");
    let (mut seqs, mut before, mut value, mut shift) = (Vec::new(), 0_i64, 0_i64, 0);
    for byte in bytes {
        // The ninth group of seven bits is the last that a number can have.
        if shift >= 63 {
            return Err(broken());
        }
        value |= i64::from(byte & 127) << shift;
        shift += 7;
        if byte & 128 == 0 {
            before = before.checked_add(value).ok_or_else(broken)?;
            seqs.push(before);
            (value, shift) = (0, 0);
        }
    }
    if shift == 0 { Ok(seqs) } else { Err(broken()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sightings_come_back_as_they_were() {
        let seqs = [1, 2, 130, 131, 1_000_000, 9_000_000_000];
        assert_eq!(unpack(&pack(&seqs)).unwrap(), seqs);
        assert_eq!(unpack(&pack(&[])).unwrap(), Vec::<i64>::new());
        assert_eq!(unpack(&pack(&[i64::MAX])).unwrap(), [i64::MAX]);
    }

    #[test]
    fn numbers_that_were_never_packed_are_damage() {
        let greatest = pack(&[i64::MAX]);
        for bytes in [
            // A run of high bits, a number that breaks off, and a sum beyond the greatest.
            vec![0xFF; 40],
            [vec![0x80; 9], vec![1]].concat(),
            vec![5, 0x80],
            [greatest.clone(), vec![1]].concat(),
        ] {
            assert_eq!(unpack(&bytes).unwrap_err().code().id, "L007", "{bytes:x?}");
        }
    }
}
