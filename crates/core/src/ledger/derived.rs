//! What is derived from facts and results, so that it can be dropped and made again at any time.
//!
//! Owns the list of such tables and the order in which they are made. Refuses to touch anything else:
//! everything else was reported, decided or posted.

use super::{Ledger, Result};

/// A derived table, and how it is made from nothing; how many rows it then has.
pub(super) struct Derived {
    pub(super) table: &'static str,
    pub(super) rebuild: fn(&Ledger) -> Result<u64>,
}

/// All derived tables. They are neither sealed nor append-only.
pub(super) const DERIVED: &[Derived] = &[];

impl Ledger {
    /// Drops what is derived and makes it again; returns the tables with their rows.
    ///
    /// # Errors
    ///
    /// When the ledger is in use or fails; then all is as before.
    pub fn rebuild(&mut self) -> Result<Vec<(&'static str, u64)>> {
        self.begin()?;
        let made = |derived: &Derived| Ok((derived.table, (derived.rebuild)(self)?));
        let rebuilt: Result<Vec<_>> = DERIVED.iter().map(made).collect();
        match rebuilt.and_then(|rebuilt| self.commit().map(|()| rebuilt)) {
            Ok(rebuilt) => Ok(rebuilt),
            Err(failed) => {
                let words = self.words.len();
                self.rollback(words);
                Err(failed)
            }
        }
    }
}
