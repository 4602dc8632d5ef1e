//! Which rows each import reported, and from when to when: what tells an order that a later report
//! leaves out from one that it never covered.
//!
//! Owns the set of an import's rows, those it said again included. Refuses to judge whether a report
//! was meant to be whole.

use std::collections::BTreeMap;

use feebook_schedule::GovernedBy;

use super::{ImportId, Ledger, Result, sql};

/// A set of sequence numbers, a bit each.
#[derive(Clone, Debug, Default)]
struct Rows {
    bits: Vec<u64>,
}

impl Rows {
    fn place(seq: i64) -> Option<(usize, u64)> {
        let seq = usize::try_from(seq).ok()?;
        Some((seq / 64, 1_u64 << (seq % 64)))
    }

    fn insert(&mut self, seq: i64) {
        let Some((word, bit)) = Self::place(seq) else { return };
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= bit;
    }

    fn contains(&self, seq: i64) -> bool {
        Self::place(seq)
            .is_some_and(|(word, bit)| self.bits.get(word).is_some_and(|bits| bits & bit != 0))
    }
}

/// What one import reported.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// The import.
    pub import_id: ImportId,
    /// When the network said it: `--as-of`, else the latest instant of its rows.
    pub said_at: i64,
    /// The earliest governing instant of its rows.
    pub first: i64,
    /// The latest.
    pub last: i64,
    /// How many of its rows have one.
    pub rows: u64,
    seen: Rows,
}

impl Coverage {
    /// Whether the import reported a row of this number, for the first time or again.
    pub fn has(&self, seq: i64) -> bool {
        self.seen.contains(seq)
    }

    /// Whether an instant lies between its first and its last.
    pub fn spans(&self, at: i64) -> bool {
        self.first <= at && at <= self.last
    }
}

/// An import whose rows are being looked at.
#[derive(Default)]
struct Looked {
    seen: Rows,
    latest: Option<i64>,
    span: Option<(i64, i64)>,
    rows: u64,
}

impl Looked {
    fn add(&mut self, governing: Option<i64>, latest: Option<i64>) {
        self.latest = self.latest.max(latest);
        if let Some(at) = governing {
            let (first, last) = self.span.unwrap_or((at, at));
            self.span = Some((first.min(at), last.max(at)));
            self.rows += 1;
        }
    }
}

impl Ledger {
    /// Returns what each standing import of a program reported, in order of their numbers; one without
    /// any governing instant is left out.
    pub fn coverages(&self, program: &str, governed_by: GovernedBy) -> Result<Vec<Coverage>> {
        let Some(program_id) = self.program_id(program)? else { return Ok(Vec::new()) };
        let mut looked: BTreeMap<ImportId, Looked> = BTreeMap::new();
        for (id, standing) in &self.imports {
            if standing.withdrawn.is_none() {
                let import = looked.entry(*id).or_default();
                for seq in self.sightings(*id)? {
                    import.seen.insert(seq);
                }
            }
        }
        looked.retain(|id, _| self.program_of_import(*id).is_ok_and(|of| of == program_id));
        let column = match governed_by {
            GovernedBy::Ordered => "ordered_at",
            GovernedBy::Paid => "paid_at",
            GovernedBy::Finished => "finished_at",
        };
        let query = format!(
            "SELECT import_id, seq, {column}, ordered_at, paid_at, finished_at, settled_at, updated_at
             FROM order_line WHERE program_id = ?1"
        );
        let mut select = self.conn.prepare_cached(&query).map_err(sql)?;
        let mut rows = select.query([program_id]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let instant = |at: usize| -> Result<Option<i64>> { row.get(at).map_err(sql) };
            let (id, seq): (ImportId, i64) = (row.get(0).map_err(sql)?, row.get(1).map_err(sql)?);
            let governing = instant(2)?;
            let mut latest = None;
            for at in 3..8 {
                latest = latest.max(instant(at)?);
            }
            for (known, import) in &mut looked {
                if *known == id {
                    import.seen.insert(seq);
                } else if !import.seen.contains(seq) {
                    continue;
                }
                import.add(governing, latest);
            }
        }
        let whole = looked.into_iter().filter_map(|(import_id, import)| {
            let (first, last) = import.span?;
            let as_of = self.imports.get(&import_id).and_then(|standing| standing.as_of);
            let said_at = as_of.or(import.latest)?;
            Some(Coverage { import_id, said_at, first, last, rows: import.rows, seen: import.seen })
        });
        Ok(whole.collect())
    }

    /// Returns which of commission, incentive and bonus any report of a program ever named.
    pub fn reported_components(&self, program: &str) -> Result<[bool; 3]> {
        let Some(program_id) = self.program_id(program)? else { return Ok([false; 3]) };
        let mut named = [false; 3];
        for (named, column) in
            named.iter_mut().zip(["reported_commission", "reported_incentive", "reported_bonus"])
        {
            *named = self.any_line(program_id, &format!("{column} IS NOT NULL"))?;
        }
        Ok(named)
    }

    /// Whether any line of a program was ever reported as settled.
    pub fn has_settled(&self, program: &str) -> Result<bool> {
        let Some(program_id) = self.program_id(program)? else { return Ok(false) };
        self.any_line(program_id, "state = 2")
    }

    fn any_line(&self, program_id: i64, condition: &str) -> Result<bool> {
        let query = format!(
            "SELECT EXISTS (SELECT 1 FROM order_line WHERE program_id = ?1 AND {condition})"
        );
        self.conn
            .prepare_cached(&query)
            .and_then(|mut select| select.query_row([program_id], |row| row.get(0)))
            .map_err(sql)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_rows_holds_what_was_put_in() {
        let mut rows = Rows::default();
        for seq in [0, 1, 63, 64, 1_000] {
            rows.insert(seq);
        }
        let held: Vec<i64> = (0..2_000).filter(|seq| rows.contains(*seq)).collect();
        assert_eq!(held, [0, 1, 63, 64, 1_000]);
        assert!(!rows.contains(-1));
    }
}
