//! The originals of rows that take something back, while an import is under way.
//!
//! Owns the looking up, in the batch and in the ledger, and the counting of corrections that found no
//! line. Refuses to judge what is taken back.

use std::collections::{BTreeSet, HashMap};

use feebook_kernel::State;

use super::Result;
use super::imports::PendingImport;
use super::lines::Revision;
use super::scan::OrderRecord;
use super::stored::{stored_line, stored_order};
use crate::fact::{LineFact, No};

/// How many orders with corrections are looked at again when all is read: bounds the memory of an import.
const LOOKED_AT: usize = 1 << 16;

/// Where the lines of a batch stand in it. Made when a row asks for the first time, and carried on from
/// there: most reports take nothing back.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// How many rows of the batch are in it.
    upto: usize,
    of: HashMap<(No, No), Vec<usize>>,
}

impl Places {
    /// Where the rows of a line stand in a batch, of which this has the first rows already.
    fn of(&mut self, batch: &[Revision], fact: &LineFact) -> &[usize] {
        for (at, Revision { fact, .. }) in batch.iter().enumerate().skip(self.upto) {
            let key = (fact.order_no.clone(), fact.line_no.clone());
            self.of.entry(key).or_default().push(at);
        }
        self.upto = batch.len();
        let key = (fact.order_no.clone(), fact.line_no.clone());
        self.of.get(&key).map_or(&[], Vec::as_slice)
    }
}

impl PendingImport<'_> {
    /// The revisions of a line that count, but for such as take it back, the one of this file last.
    pub fn originals(&mut self, reversal: &LineFact) -> Result<Vec<LineFact>> {
        let mut originals = Vec::new();
        if self.may_be_stored(&reversal.order_no) {
            for earlier in stored_line(&self.ledger.conn, self.program_id, reversal)? {
                if self.standing_of(earlier.import_id).is_some() {
                    originals.push(earlier.fact);
                }
            }
        }
        let places = self.places.of(&self.batch, reversal);
        originals.extend(places.iter().map(|at| self.batch[*at].fact.clone()));
        originals.retain(|fact| fact.state != State::Reversed);
        Ok(originals)
    }

    /// Notes that an order has a new correction.
    pub(super) fn note_correction(&mut self, order_no: &No) {
        if self.corrected.len() < LOOKED_AT {
            self.corrected.insert(order_no.clone());
        }
    }

    /// Counts the corrections of this import whose line is not in the ledger, now that all is written.
    pub(super) fn count_alone(&mut self) -> Result<()> {
        for order_no in std::mem::take(&mut self.corrected) {
            let rows = stored_order(&self.ledger.conn, self.program_id, &order_no)?;
            let order = OrderRecord::new(self.program_id, order_no, rows);
            let lines = self.ledger.counting(&order, i64::MAX)?;
            let alone =
                lines.iter().filter(|line| line.is_alone() && line.revision.import_id == self.id);
            self.totals.alone += u64::try_from(alone.count()).unwrap_or(u64::MAX);
        }
        Ok(())
    }
}

/// The orders of new corrections.
pub(super) type CorrectedOrders = BTreeSet<No>;

#[cfg(test)]
mod tests {
    use super::super::imports::BATCH;
    use super::super::{Begun, Ledger, NewImport};
    use super::*;

    fn row(order_no: i64, line_no: i64, quantity: u32) -> Revision {
        let mut fact = LineFact::new(No::Digits(order_no), No::Digits(line_no), State::Approved);
        fact.quantity = quantity;
        Revision { seq: 0, import_id: 1, fact }
    }

    #[test]
    fn places_are_those_that_a_search_finds_however_far_the_batch_has_grown() {
        let mut batch: Vec<Revision> = Vec::new();
        let mut places = Places::default();
        for at in 0..200_u32 {
            batch.push(row(i64::from(at % 7), i64::from(at % 3), at + 1));
            if at % 5 != 0 {
                continue;
            }
            for (order_no, line_no) in [(0, 0), (6, 2), (3, 1), (9, 0)] {
                let asked = row(order_no, line_no, 1).fact;
                let same = |row: &Revision| {
                    (&row.fact.order_no, &row.fact.line_no) == (&asked.order_no, &asked.line_no)
                };
                let found: Vec<usize> = (0..batch.len()).filter(|at| same(&batch[*at])).collect();
                assert_eq!(places.of(&batch, &asked), found);
            }
        }
    }

    #[test]
    fn originals_are_found_on_both_sides_of_the_end_of_a_batch() {
        let new = NewImport {
            program: "shop",
            file: "report.csv",
            file_digest: [1; 32],
            format: "x",
            format_digest: [0; 32],
            as_of: None,
            imported_at: 0,
        };
        let mut ledger = Ledger::in_memory().unwrap();
        let Begun::Started(mut pending) = ledger.begin_import(&new).unwrap() else {
            panic!("it is new");
        };
        let last = i64::try_from(BATCH).unwrap() + 9;
        let quantities = |pending: &mut PendingImport<'_>, order_no: i64| {
            let originals = pending.originals(&row(order_no, 1, 1).fact).unwrap();
            originals.iter().map(|fact| fact.quantity).collect::<Vec<_>>()
        };
        for order_no in 1..=last {
            // Asked for all along, so that what was looked up before does not outlive its batch.
            if order_no % 1_000 == 1 {
                assert!(quantities(&mut pending, order_no).is_empty());
            }
            pending.append(row(order_no, 1, 2).fact).unwrap();
        }
        // Restated behind the end of the batch.
        pending.append(row(1, 1, 3).fact).unwrap();
        let mut taken_back = row(last, 1, 4).fact;
        taken_back.state = State::Reversed;
        pending.append(taken_back).unwrap();
        assert_eq!(quantities(&mut pending, 1), [2, 3], "stored, and waiting");
        assert_eq!(quantities(&mut pending, last), [2], "what takes it back is no original");
        assert!(quantities(&mut pending, last + 1).is_empty());
    }
}
