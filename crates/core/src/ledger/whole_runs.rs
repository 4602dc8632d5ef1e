//! What the last run over all orders of a program came to: derived, so that a run that would see the same
//! facts by the same terms need not read them again.
//!
//! Owns the table `whole_run`, written with the run's results in one transaction. Refuses to say anything
//! once a fact was appended, or a run of part of the orders posted something.

use std::collections::BTreeSet;

use feebook_kernel::Verdict;
use rusqlite::{OptionalExtension, Row, params};

use super::seals::RowBytes;
use super::{Ledger, Result, sql};

/// How many verdicts there are.
const VERDICTS: usize = Verdict::ALL.len();

/// What a run over all orders of a program came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeRun {
    /// The highest sequence number that it saw.
    pub seq: i64,
    /// Stands for the terms that it went by and the calculation.
    pub basis: [u8; 16],
    /// Orders that were evaluated.
    pub orders: u64,
    /// Lines of those.
    pub lines: u64,
    /// Lines by verdict, in order of precedence.
    pub verdicts: [u64; VERDICTS],
    /// The program's statement by month, in the words of [`crate::statement`]; none where it was not
    /// added up.
    pub months: Option<String>,
}

impl WholeRun {
    fn packed(&self) -> Vec<u8> {
        self.verdicts.iter().flat_map(|lines| lines.to_be_bytes()).collect()
    }

    /// The digest of the row, by which one that nobody wrote is known.
    fn digest(&self, program_id: i64) -> Result<[u8; 16]> {
        let mut bytes = RowBytes::default();
        let (orders, lines, verdicts) = (self.orders, self.lines, self.packed());
        let values =
            params![program_id, self.seq, self.basis, orders, lines, verdicts, self.months];
        for (column, value) in (0..).zip(values) {
            bytes.bound(column, *value)?;
        }
        Ok(bytes.digest().to_be_bytes())
    }
}

/// Reads a row from `program_id` on; none where it is not as it was written.
fn read(row: &Row<'_>) -> Result<Option<(i64, WholeRun)>> {
    let program_id: i64 = row.get(0).map_err(sql)?;
    let packed: Vec<u8> = row.get(5).map_err(sql)?;
    let mut verdicts = [0; VERDICTS];
    if packed.len() != 8 * VERDICTS {
        return Ok(None);
    }
    for (verdict, bytes) in verdicts.iter_mut().zip(packed.as_chunks::<8>().0) {
        *verdict = u64::from_be_bytes(*bytes);
    }
    let whole = WholeRun {
        seq: row.get(1).map_err(sql)?,
        basis: row.get(2).map_err(sql)?,
        orders: row.get(3).map_err(sql)?,
        lines: row.get(4).map_err(sql)?,
        verdicts,
        months: row.get(6).map_err(sql)?,
    };
    let digest: [u8; 16] = row.get(7).map_err(sql)?;
    Ok((whole.digest(program_id)? == digest).then_some((program_id, whole)))
}

const COLUMNS: &str = "program_id, seq, basis, orders, lines, verdicts, months, digest";

impl Ledger {
    /// Returns what the last run over all orders of a program came to, if none has to be evaluated again
    /// as of this sequence number and by this basis.
    pub fn whole_run(&self, program: &str, seq: i64, basis: [u8; 16]) -> Result<Option<WholeRun>> {
        let Some(program_id) = self.program_id(program)? else { return Ok(None) };
        let query = format!("SELECT {COLUMNS} FROM whole_run WHERE program_id = ?1");
        let mut select = self.conn.prepare_cached(&query).map_err(sql)?;
        let found = select.query_row([program_id], |row| Ok(read(row))).optional();
        let found = found.map_err(sql)?.transpose()?.flatten();
        let same = |whole: &WholeRun| whole.seq == seq && whole.basis == basis;
        Ok(found.map(|(_, whole)| whole).filter(same))
    }

    /// Notes what a run came to that evaluated all orders of a program.
    pub(crate) fn store_whole_run(&self, program_id: i64, whole: &WholeRun) -> Result<()> {
        let query = format!(
            "INSERT OR REPLACE INTO whole_run ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        );
        let (orders, lines, digest) = (whole.orders, whole.lines, whole.digest(program_id)?);
        self.conn
            .prepare_cached(&query)
            .and_then(|mut s| {
                let (seq, basis, verdicts) = (whole.seq, whole.basis, whole.packed());
                let months = &whole.months;
                s.execute(params![program_id, seq, basis, orders, lines, verdicts, months, digest])
            })
            .map_err(sql)?;
        Ok(())
    }

    /// Forgets what is known of some programs, of which a run posted something.
    pub(super) fn forget_whole_runs(&self, programs: &BTreeSet<i64>) -> Result<()> {
        let mut delete =
            self.conn.prepare_cached("DELETE FROM whole_run WHERE program_id = ?1").map_err(sql)?;
        programs.iter().try_for_each(|program| delete.execute([program]).map(drop)).map_err(sql)
    }

    /// Forgets all: the next run that posts something notes it anew.
    pub(super) fn rebuild_whole_runs(&self) -> Result<()> {
        self.conn.execute_batch("DELETE FROM whole_run").map_err(sql)
    }

    /// Whether a row is not as a run wrote it.
    pub(super) fn whole_runs_differ(&self) -> Result<bool> {
        let query = format!("SELECT {COLUMNS} FROM whole_run");
        let mut select = self.conn.prepare(&query).map_err(sql)?;
        let mut rows = select.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            if read(row)?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
