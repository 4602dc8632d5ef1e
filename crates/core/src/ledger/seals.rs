//! Seals: with every transaction, how many rows it appended to each table and the sum over their
//! digests, so that a changed, lost or added row is found, whether anything depends on it or not.
//!
//! Owns which table is sealed how, and the rows of `seal`. The rows of reports and clicks have the
//! digest of their import instead ([`super::sums`]). Refuses to mend anything.

use std::collections::BTreeMap;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql, params};
use xxhash_rust::xxh3::xxh3_128;

use super::{Ledger, Result, damaged, sql};

/// Tables whose new rows are found by a column that only grows.
const COUNTED: &[(&str, &str)] = &[
    ("archive", "id"),
    ("archive_part", "id"),
    ("book", "id"),
    ("book_document", "book_id"),
    ("closing", "seq"),
    ("dated_fact", "seq"),
    ("dated_fact_removal", "seq"),
    ("document", "id"),
    ("exchange_rate", "seq"),
    ("flag", "seq"),
    ("flag_removal", "seq"),
    ("import", "id"),
    ("import_summary", "import_id"),
    ("payment", "seq"),
    ("payout", "seq"),
    ("payout_removal", "seq"),
    ("plugin", "id"),
    ("program", "id"),
    ("quarantine", "id"),
    ("quarantine_closing", "id"),
    ("quarantine_problem", "quarantine_id"),
    ("quarantine_shape", "id"),
    ("rate_import", "id"),
    ("retry", "import_id"),
    ("run", "id"),
    ("withdrawal", "seq"),
    ("word", "id"),
];

/// Tables whose rows are summed up by whoever appends them: they have no such column.
const SUMMED: &[&str] = &["sighting", "result", "plugin_answer"];

/// What whoever appends has summed up in this transaction, by table.
pub(super) type Tallies = BTreeMap<&'static str, Tally>;

/// A number of rows and the sum over their digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    rows: i64,
    sum: u128,
}

impl Tally {
    pub(super) fn add(&mut self, digest: u128) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(digest);
    }

    fn joined(self, other: Self) -> Self {
        Self { rows: self.rows + other.rows, sum: self.sum.wrapping_add(other.sum) }
    }
}

/// The bytes that stand for a row: of each value that is there its column, kind and bytes. A column
/// that a later migration adds changes nothing as long as it is empty.
#[derive(Debug, Default)]
pub(super) struct RowBytes(Vec<u8>);

impl RowBytes {
    /// Adds the value of a column.
    pub(super) fn value(&mut self, column: u8, value: ValueRef<'_>) {
        let (kind, bytes): (u8, &[u8]) = match &value {
            ValueRef::Null => return,
            ValueRef::Integer(integer) => (b'i', &integer.to_be_bytes()),
            ValueRef::Real(real) => (b'r', &real.to_be_bytes()),
            ValueRef::Text(text) => (b't', text),
            ValueRef::Blob(bytes) => (b'b', bytes),
        };
        self.0.extend([column, kind]);
        self.0.extend(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    /// Adds a value that is bound to a column.
    pub(super) fn bound(&mut self, column: u8, value: &dyn ToSql) -> Result<()> {
        match value.to_sql().map_err(sql)? {
            ToSqlOutput::Borrowed(value) => self.value(column, value),
            ToSqlOutput::Owned(value) => self.value(column, ValueRef::from(&value)),
            _ => return Err(damaged("a value of a kind that cannot be sealed")),
        }
        Ok(())
    }

    /// Returns the digest, and begins a new row.
    pub(super) fn digest(&mut self) -> u128 {
        let digest = xxh3_128(&self.0);
        self.0.clear();
        digest
    }

    fn row(&mut self, row: &Row<'_>) -> rusqlite::Result<u128> {
        for column in 0..row.as_ref().column_count() {
            self.value(u8::try_from(column).unwrap_or(u8::MAX), row.get_ref(column)?);
        }
        Ok(self.digest())
    }
}

impl Ledger {
    /// Notes a row that was appended to one of the tables that are summed up.
    pub(super) fn tally(&self, table: &'static str, digest: u128) {
        self.tallies.borrow_mut().entry(table).or_default().add(digest);
    }

    /// Seals what this transaction has appended; called just before it is committed.
    pub(super) fn seal(&self) -> Result<()> {
        let sealed = self.sealed_upto()?;
        for (table, column) in COUNTED {
            let before = sealed.get(*table).copied().unwrap_or(i64::MIN);
            let newest = newest(&self.conn, table, column)?;
            if let Some(upto) = newest.filter(|upto| *upto > before) {
                self.store_seal(table, upto, counted(&self.conn, (table, column), before, upto)?)?;
            }
        }
        for (table, tally) in std::mem::take(&mut *self.tallies.borrow_mut()) {
            self.store_seal(table, 0, tally)?;
        }
        Ok(())
    }

    /// Seals, for the first time, what an older feebook wrote into the tables that are summed up.
    pub(super) fn tally_all(&self) -> Result<()> {
        for table in SUMMED {
            let tally = whole(&self.conn, table)?;
            if tally.rows > 0 {
                self.tallies.borrow_mut().insert(table, tally);
            }
        }
        for (table, tally) in self.copied_rows()? {
            self.tallies.borrow_mut().insert(table, tally);
        }
        Ok(())
    }

    fn sealed_upto(&self) -> Result<BTreeMap<String, i64>> {
        let mut select = self
            .conn
            .prepare_cached("SELECT sealed_table, max(upto) FROM seal GROUP BY sealed_table")
            .map_err(sql)?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.map_err(sql)?.collect::<rusqlite::Result<_>>().map_err(sql)
    }

    fn store_seal(&self, table: &str, upto: i64, tally: Tally) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT INTO seal (sealed_table, upto, row_count, digest) VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut insert| {
                insert.execute(params![table, upto, tally.rows, tally.sum.to_be_bytes()])
            })
            .map_err(sql)?;
        Ok(())
    }

    /// Finds the tables whose rows are not those that were written; of each what does not hold.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn broken_seals(&self) -> Result<Vec<String>> {
        let mut broken = Vec::new();
        let seals = self.seals(&mut broken)?;
        for (table, column) in COUNTED {
            let of_table = seals.get(*table).map_or(&[][..], Vec::as_slice);
            self.check_counted((table, column), of_table, &mut broken)?;
        }
        let copied = self.copied_rows()?;
        for table in SUMMED.iter().chain(COPIED) {
            let of_table = seals.get(*table).map_or(&[][..], Vec::as_slice);
            let wanted = of_table.iter().fold(Tally::default(), |sum, seal| sum.joined(seal.tally));
            let found = match copied.get(*table) {
                Some(tally) => *tally,
                None if COPIED.contains(table) => Tally::default(),
                None => whole(&self.conn, table)?,
            };
            if of_table.iter().any(|seal| seal.upto != 0) {
                broken.push(format!("a seal of `{table}` is not what was written"));
            }
            if found != wanted {
                broken.push(told(table, "", wanted.rows, found.rows));
            }
        }
        for table in seals.keys() {
            let known = COUNTED.iter().any(|(known, _)| known == table)
                || SUMMED.iter().chain(COPIED).any(|known| known == table);
            if !known {
                broken.push(format!("a seal is of `{table}`, which has none"));
            }
        }
        Ok(broken)
    }

    /// All seals by table.
    fn seals(&self, broken: &mut Vec<String>) -> Result<BTreeMap<String, Vec<Seal>>> {
        let mut select = self
            .conn
            .prepare("SELECT id, sealed_table, upto, row_count, digest FROM seal ORDER BY id")
            .map_err(sql)?;
        let mut rows = select.query([]).map_err(sql)?;
        let (mut seals, mut next) = (BTreeMap::<String, Vec<Seal>>::new(), 1);
        while let Some(row) = rows.next().map_err(sql)? {
            let id: i64 = row.get(0).map_err(sql)?;
            if id != next {
                broken.push(format!("the seals go on with number {id} where {next} is due"));
            }
            next = id + 1;
            let digest: [u8; 16] = row.get(4).map_err(sql)?;
            let tally = Tally { rows: row.get(3).map_err(sql)?, sum: u128::from_be_bytes(digest) };
            let seal = Seal { upto: row.get(2).map_err(sql)?, tally };
            seals.entry(row.get(1).map_err(sql)?).or_default().push(seal);
        }
        Ok(seals)
    }

    fn check_counted(
        &self,
        (table, column): (&'static str, &'static str),
        seals: &[Seal],
        broken: &mut Vec<String>,
    ) -> Result<()> {
        let mut before = i64::MIN;
        for seal in seals {
            let found = counted(&self.conn, (table, column), before, seal.upto)?;
            if found != seal.tally {
                let range = match before {
                    i64::MIN => format!(" up to {column} {}", seal.upto),
                    _ => format!(" with {column} {} to {}", before + 1, seal.upto),
                };
                broken.push(told(table, &range, seal.tally.rows, found.rows));
            } else if newest_by(&self.conn, (table, column), seal.upto)? != Some(seal.upto) {
                // A seal goes up to a row that was there, and rows are never taken away.
                let upto = seal.upto;
                broken.push(format!(
                    "a seal of `{table}` goes up to {column} {upto}, which no row has"
                ));
            }
            before = seal.upto;
        }
        let newest = newest(&self.conn, table, column)?;
        if let Some(newest) = newest.filter(|newest| *newest > before) {
            broken.push(format!("`{table}` has a row of {column} {newest} that nothing sealed"));
        }
        Ok(())
    }
}

/// Rows of reports and clicks that a withdrawal appended again under another import; the others have
/// the digest of their import.
const COPIED: &[&str] = &["order_line", "click"];

/// One seal.
struct Seal {
    upto: i64,
    tally: Tally,
}

fn told(table: &str, range: &str, wanted: i64, found: i64) -> String {
    if wanted == found {
        format!("a row of `{table}`{range} is not what was written")
    } else {
        format!("`{table}`{range} has {found} rows, {wanted} were written")
    }
}

/// The greatest value of a table's counting column.
fn newest(conn: &Connection, table: &'static str, column: &'static str) -> Result<Option<i64>> {
    conn.prepare_cached(&format!("SELECT max({column}) FROM {table}"))
        .and_then(|mut select| select.query_row([], |row| row.get(0)))
        .map_err(sql)
}

/// The greatest value of a table's counting column that is not above another.
fn newest_by(
    conn: &Connection,
    (table, column): (&'static str, &'static str),
    upto: i64,
) -> Result<Option<i64>> {
    conn.prepare_cached(&format!("SELECT max({column}) FROM {table} WHERE {column} <= ?1"))
        .and_then(|mut select| select.query_row([upto], |row| row.get(0)))
        .map_err(sql)
}

/// The rows of a table after one value of its counting column, up to another.
fn counted(
    conn: &Connection,
    (table, column): (&'static str, &'static str),
    after: i64,
    upto: i64,
) -> Result<Tally> {
    let query = format!(
        "SELECT * FROM {table} WHERE ({column} > ?1 OR ?1 = {}) AND {column} <= ?2",
        i64::MIN
    );
    tallied(conn, &query, params![after, upto])
}

fn whole(conn: &Connection, table: &'static str) -> Result<Tally> {
    tallied(conn, &format!("SELECT * FROM {table}"), params![])
}

fn tallied(conn: &Connection, query: &str, values: &[&dyn ToSql]) -> Result<Tally> {
    let mut select = conn.prepare_cached(query).map_err(sql)?;
    let mut rows = select.query(values).map_err(sql)?;
    let (mut tally, mut bytes) = (Tally::default(), RowBytes::default());
    while let Some(row) = rows.next().map_err(sql)? {
        tally.add(bytes.row(row).map_err(sql)?);
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_sealed_in_one_way() {
        let ledger = Ledger::in_memory().unwrap();
        let query = "SELECT name FROM sqlite_schema WHERE type = 'table'
                     AND name NOT LIKE 'sqlite%' ORDER BY name";
        let mut select = ledger.conn.prepare(query).unwrap();
        let rows = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let tables: Vec<String> = rows.map(|row| row.unwrap()).collect();
        let counted = COUNTED.iter().map(|(table, _)| *table);
        let mut sealed: Vec<&str> =
            counted.chain(SUMMED.iter().copied()).chain(COPIED.iter().copied()).collect();
        // It cannot seal itself; its numbers are consecutive and its sums must fit.
        sealed.push("seal");
        sealed.extend(super::super::derived::DERIVED.iter().flat_map(|derived| derived.tables));
        sealed.sort_unstable();
        assert_eq!(tables, sealed);
    }

    #[test]
    fn an_empty_column_changes_no_digest() {
        let (mut with, mut without) = (RowBytes::default(), RowBytes::default());
        with.value(0, ValueRef::Integer(1));
        without.value(0, ValueRef::Integer(1));
        with.value(1, ValueRef::Null);
        assert_eq!(with.digest(), without.digest());
        with.value(0, ValueRef::Text(b"1"));
        without.value(0, ValueRef::Blob(b"1"));
        assert_ne!(with.digest(), without.digest());
    }
}
