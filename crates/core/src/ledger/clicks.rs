//! Clicks of the publisher's own log: appended with their import, found again for an order.
//!
//! Owns the rows of `click` and which click came last before an order (rule 12: of the same program
//! and sub-id; a placement alone never matches). Refuses to judge whether it was in time.

use std::cmp::Ordering;
use std::collections::HashMap;

use rusqlite::{Connection, Row, params};

use super::imports::{Claims, PendingImport};
use super::scan::counts;
use super::{Ledger, Result, damaged, sql};
use crate::click::{Click, OwnClick};
use crate::words::{Word, Words};

/// How many clicks are sorted and written together.
const BATCH: usize = 32_768;
/// How many rows that do not count are passed before all of a sub-id are looked at once.
const MANY: u32 = 64;

/// Clicks of a program and sub-id that count as of a sequence number, in their order.
pub(super) type Walked = HashMap<(i64, i64, Box<str>), Vec<OwnClick>>;

pub(super) const COLUMNS: &str =
    "sub_id, clicked_at, seq, import_id, placement, country, url, referrer";

/// A click as it is in the ledger.
#[derive(Clone, Debug)]
pub struct StoredClick {
    /// The ledger's number of this row.
    pub seq: i64,
    /// The import that brought it.
    pub import_id: i64,
    /// The click.
    pub click: Click,
}

impl PendingImport<'_> {
    /// Appends one click.
    pub fn append_click(&mut self, click: Click) -> Result<()> {
        self.clicks.push(click);
        if self.clicks.len() >= BATCH { self.write_clicks() } else { Ok(()) }
    }

    /// Sorts the clicks by key and writes those that the ledger does not have.
    pub(super) fn write_clicks(&mut self) -> Result<()> {
        let mut clicks = std::mem::take(&mut self.clicks);
        clicks.sort_by(|a, b| (&a.sub_id, a.clicked_at).cmp(&(&b.sub_id, b.clicked_at)));
        for click in clicks {
            let known = self.known_click(&click)?;
            if let Some(known) = known {
                self.totals.unchanged += 1;
                if known.import_id != self.id {
                    self.sighted.push(known.seq);
                }
                continue;
            }
            self.totals.added += 1;
            let stored = StoredClick { seq: self.next_seq, import_id: self.id, click };
            self.next_seq += 1;
            let digest = click_digest(&stored.click, &self.ledger.words);
            self.fact_digest = self.fact_digest.wrapping_add(digest);
            insert(&self.ledger.conn, self.program_id, &stored)?;
        }
        self.store_sighted()
    }

    /// The row that says the same and counts.
    fn known_click(&self, click: &Click) -> Result<Option<StoredClick>> {
        let conn = &self.ledger.conn;
        let mut select = conn
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM click
                 WHERE program_id = ?1 AND sub_id = ?2 AND clicked_at = ?3 ORDER BY seq"
            ))
            .map_err(sql)?;
        let mut rows =
            select.query(params![self.program_id, click.sub_id, click.clicked_at]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let stored = read(row)?;
            if stored.click == *click && self.standing_of(stored.import_id).is_some() {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }
}

impl Ledger {
    /// Tells `each` all clicks of a program that count as of a sequence number, by sub-id and
    /// instant.
    pub fn clicks(
        &self,
        program: &str,
        seq: i64,
        each: &mut dyn FnMut(&StoredClick) -> Result<()>,
    ) -> Result<()> {
        let Some(program_id) = self.program_id(program)? else { return Ok(()) };
        let query = format!(
            "SELECT {COLUMNS} FROM click WHERE program_id = ?1 ORDER BY sub_id, clicked_at, seq"
        );
        let mut select = self.conn.prepare_cached(&query).map_err(sql)?;
        let mut rows = select.query([program_id]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let stored = read(row)?;
            if counts(&self.imports, stored.seq, stored.import_id, seq) {
                each(&stored)?;
            }
        }
        Ok(())
    }

    /// Returns our last click of a sub-id at or before an instant, as of a sequence number. Of two of
    /// one instant the one with the greater bytes, whatever the order of their imports.
    pub(super) fn last_click(
        &self,
        program_id: i64,
        sub_id: &str,
        by: i64,
        seq: i64,
    ) -> Result<Option<OwnClick>> {
        if let Some(counting) = self.walked.borrow().get(&(program_id, seq, sub_id.into())) {
            return Ok(last_of(counting, by));
        }
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT clicked_at, seq, import_id, placement, country FROM click
                 WHERE program_id = ?1 AND sub_id = ?2 AND clicked_at <= ?3
                 ORDER BY clicked_at DESC",
            )
            .map_err(sql)?;
        let mut rows = select.query(params![program_id, sub_id, by]).map_err(sql)?;
        let mut last: Option<OwnClick> = None;
        let mut passed = 0;
        while let Some(row) = rows.next().map_err(sql)? {
            let at: i64 = row.get(0).map_err(sql)?;
            if last.is_some_and(|last| last.at != at) {
                break;
            }
            let click = self.counting_click(row, seq)?;
            last = [last, click].into_iter().flatten().max_by(|a, b| self.later(a, b));
            passed += 1;
            if passed == MANY && last.is_none() {
                drop(rows);
                drop(select);
                return self.walk(program_id, sub_id, by, seq);
            }
        }
        Ok(last)
    }

    /// Reads all clicks of a sub-id that count, once: most of its rows were taken back, and to pass
    /// them for every order would take as long as there are rows.
    fn walk(&self, program_id: i64, sub_id: &str, by: i64, seq: i64) -> Result<Option<OwnClick>> {
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT clicked_at, seq, import_id, placement, country FROM click
                 WHERE program_id = ?1 AND sub_id = ?2 ORDER BY clicked_at",
            )
            .map_err(sql)?;
        let mut rows = select.query(params![program_id, sub_id]).map_err(sql)?;
        let mut counting = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            counting.extend(self.counting_click(row, seq)?);
        }
        counting.sort_by(|a, b| self.later(a, b));
        let last = last_of(&counting, by);
        self.walked.borrow_mut().insert((program_id, seq, sub_id.into()), counting);
        Ok(last)
    }

    /// The click of a row, if it counts.
    fn counting_click(&self, row: &Row<'_>, seq: i64) -> Result<Option<OwnClick>> {
        let (row_seq, import_id) = (row.get(1).map_err(sql)?, row.get(2).map_err(sql)?);
        if !counts(&self.imports, row_seq, import_id, seq) {
            return Ok(None);
        }
        let (at, placement, country) = (row.get(0).map_err(sql)?, word(row, 3)?, word(row, 4)?);
        Ok(Some(OwnClick { at, placement, country, import_id }))
    }

    /// The order of two clicks: by instant, then by their bytes.
    fn later(&self, a: &OwnClick, b: &OwnClick) -> Ordering {
        let bytes = |click: &OwnClick| {
            let mut bytes = Vec::new();
            click.canonical(&self.words, &mut bytes);
            bytes
        };
        a.at.cmp(&b.at).then_with(|| bytes(a).cmp(&bytes(b)))
    }

    /// The clicks of an import that are among these rows.
    pub(super) fn clicks_of_import(
        &self,
        import_id: i64,
        among: &Claims,
    ) -> Result<Vec<StoredClick>> {
        let mut select = self
            .conn
            .prepare(&format!(
                "SELECT {COLUMNS} FROM click
                 WHERE program_id = (SELECT program_id FROM import WHERE id = ?1)
                   AND import_id = ?1"
            ))
            .map_err(sql)?;
        let mut rows = select.query([import_id]).map_err(sql)?;
        let mut clicks = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            if among.contains_key(&row.get(2).map_err(sql)?) {
                clicks.push(read(row)?);
            }
        }
        Ok(clicks)
    }
}

/// The last of clicks in their order at or before an instant.
fn last_of(clicks: &[OwnClick], by: i64) -> Option<OwnClick> {
    clicks.partition_point(|click| click.at <= by).checked_sub(1).map(|at| clicks[at])
}

/// Inserts one click.
pub(super) fn insert(conn: &Connection, program_id: i64, stored: &StoredClick) -> Result<()> {
    let click = &stored.click;
    conn.prepare_cached(&format!(
        "INSERT INTO click (program_id, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
    ))
    .and_then(|mut insert| {
        insert.execute(params![
            program_id,
            click.sub_id,
            click.clicked_at,
            stored.seq,
            stored.import_id,
            click.placement.map(Word::index),
            click.country.map(Word::index),
            click.url,
            click.referrer,
        ])
    })
    .map_err(sql)?;
    Ok(())
}

/// The digest of one click, as it is summed over an import.
pub(super) fn click_digest(click: &Click, words: &Words) -> u128 {
    let mut bytes = Vec::with_capacity(128);
    click.canonical(words, &mut bytes);
    xxhash_rust::xxh3::xxh3_128(&bytes)
}

/// Reads one click from a row of [`COLUMNS`].
pub(super) fn read(row: &Row<'_>) -> Result<StoredClick> {
    let text = |at: usize| row.get::<_, Option<Box<str>>>(at).map_err(sql);
    let click = Click {
        sub_id: text(0)?.unwrap_or_default(),
        clicked_at: row.get(1).map_err(sql)?,
        placement: word(row, 4)?,
        country: word(row, 5)?,
        url: text(6)?,
        referrer: text(7)?,
    };
    let (seq, import_id) = (row.get(2).map_err(sql)?, row.get(3).map_err(sql)?);
    Ok(StoredClick { seq, import_id, click })
}

fn word(row: &Row<'_>, at: usize) -> Result<Option<Word>> {
    let index: Option<i64> = row.get(at).map_err(sql)?;
    index
        .map(|index| u32::try_from(index).map(Word::from_index))
        .transpose()
        .map_err(|_| damaged("a word number out of bounds"))
}
