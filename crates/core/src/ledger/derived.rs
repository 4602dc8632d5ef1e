//! What is derived from facts and results, so that it can be dropped and made again at any time.
//!
//! Owns the list of such tables and the order in which they are made. Refuses to touch anything else:
//! everything else was reported, decided or posted.

use super::{Ledger, Result, sql};

/// Derived tables, and how they are made from nothing.
pub(super) struct Derived {
    pub(super) tables: &'static [&'static str],
    pub(super) rebuild: fn(&Ledger) -> Result<()>,
}

/// All derived tables. They are neither sealed nor append-only.
pub(super) const DERIVED: &[Derived] = &[
    Derived { tables: &["filled", "order_month"], rebuild: Ledger::rebuild_months },
    Derived { tables: &["whole_run"], rebuild: Ledger::rebuild_whole_runs },
];

impl Ledger {
    /// Drops what is derived and makes it again; returns the tables with their rows.
    ///
    /// # Errors
    ///
    /// When the ledger is in use or fails; then all is as before.
    pub fn rebuild(&mut self) -> Result<Vec<(&'static str, u64)>> {
        self.begin()?;
        let rebuilt = self.rebuild_locked();
        match rebuilt.and_then(|rebuilt| self.commit().map(|()| rebuilt)) {
            Ok(rebuilt) => Ok(rebuilt),
            Err(failed) => {
                let words = self.words.len();
                self.rollback(words);
                Err(failed)
            }
        }
    }
    /// The same within a transaction.
    pub(super) fn rebuild_locked(&self) -> Result<Vec<(&'static str, u64)>> {
        DERIVED.iter().try_for_each(|derived| (derived.rebuild)(self))?;
        let tables = DERIVED.iter().flat_map(|derived| derived.tables);
        tables.map(|table| Ok((*table, self.rows_of(table)?))).collect()
    }

    fn rows_of(&self, table: &'static str) -> Result<u64> {
        let query = format!("SELECT count(*) FROM {table}");
        self.conn.query_row(&query, [], |row| row.get(0)).map_err(sql)
    }
}
