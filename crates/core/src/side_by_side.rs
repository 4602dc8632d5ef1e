//! What lines earn under two readings of the terms, side by side.
//!
//! Owns what may be subtracted from what: amounts that are both known and in one currency. Refuses
//! to take an amount that cannot be said for 0, and to evaluate by itself.

use std::collections::BTreeMap;

use feebook_kernel::{Outcome, Silent};
use feebook_schedule::Version;
use feebook_schedule::iso::Currency;

use crate::answers::Answers;
use crate::error::Result;
use crate::ledger::{CountingLine, Ledger};
use crate::run::{Covering, Evaluator, known};

/// The currencies of two readings of the same lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Currencies {
    /// Of the first reading.
    pub before: Currency,
    /// Of the second.
    pub after: Currency,
}

impl Currencies {
    /// Returns the currency that both have; amounts of two currencies are not subtracted.
    pub fn common(self) -> Option<Currency> {
        (self.before == self.after).then_some(self.after)
    }
}

/// What some lines earn under two readings, in minor units of their currencies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines whose amount is known under both.
    pub lines: u64,
    /// What those earn under the first.
    pub before: i64,
    /// What those earn under the second.
    pub after: i64,
    /// Lines of those whose amounts differ.
    pub changed: u64,
    /// Lines whose amount is known under the first reading only.
    pub lost: u64,
    /// What those earn under the first, in its currency; in none of the sums above.
    pub lost_before: i64,
    /// Lines whose amount is known under the second reading only.
    pub gained: u64,
    /// What those earn under the second, in its currency; in none of the sums above.
    pub gained_after: i64,
    /// Lines whose amount is known under neither.
    pub unknown: u64,
}

impl Tally {
    /// Adds one line.
    pub(crate) fn add(&mut self, before: Option<i64>, after: Option<i64>) {
        match (before, after) {
            (Some(before), Some(after)) => {
                self.lines += 1;
                self.before += before;
                self.after += after;
                self.changed += u64::from(before != after);
            }
            (Some(before), None) => {
                self.lost += 1;
                self.lost_before += before;
            }
            (None, Some(after)) => {
                self.gained += 1;
                self.gained_after += after;
            }
            (None, None) => self.unknown += 1,
        }
    }

    /// Returns the second less the first.
    pub fn difference(&self) -> i64 {
        self.after - self.before
    }

    /// Returns the lines whose amount is unknown under one of the readings or both; they are in no
    /// sum.
    pub fn not_compared(&self) -> u64 {
        self.lost + self.gained + self.unknown
    }
}

/// Tallies by currency.
pub type Tallies = BTreeMap<Currencies, Tally>;

/// What one reading says of an order.
#[derive(Debug)]
pub(crate) struct Sight {
    /// Which version governs.
    pub(crate) covering: Covering,
    /// Its currency; none where none governs.
    pub(crate) currency: Option<Currency>,
    /// What each line earns.
    pub(crate) outcomes: Vec<Outcome>,
    /// What the plugin said; none where the version has none.
    pub(crate) answers: Option<Answers>,
}

impl Sight {
    /// Evaluates an order.
    pub(crate) fn of(
        evaluator: &mut Evaluator,
        facts: &[CountingLine<'_>],
        ledger: &Ledger,
    ) -> Result<Self> {
        let evaluated = evaluator.evaluate(facts, ledger, &mut Silent)?;
        let (covering, outcomes) = (evaluated.covering.clone(), evaluated.outcomes.to_vec());
        let answers = evaluated.answers.cloned();
        let currency = evaluator.version(&covering).map(Version::currency);
        Ok(Self { covering, currency, outcomes, answers })
    }

    /// Returns what each line earns in minor units; none where that cannot be said.
    pub(crate) fn totals(&self) -> impl Iterator<Item = Option<i64>> {
        self.outcomes.iter().map(|outcome| known(outcome).map(|amounts| amounts.total()))
    }

    /// Pairs its currency with another reading's: where only one has terms, that of those; where
    /// none has, none.
    pub(crate) fn currencies(&self, other: &Self) -> Option<Currencies> {
        let (before, after) = (self.currency, other.currency);
        before.or(after).zip(after.or(before)).map(|(before, after)| Currencies { before, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_amount_is_no_zero() {
        let mut tally = Tally::default();
        for (before, after) in [
            (Some(100), Some(80)),
            (Some(50), Some(50)),
            (Some(7), None),
            (None, Some(9)),
            (None, None),
        ] {
            tally.add(before, after);
        }
        assert_eq!((tally.lines, tally.before, tally.after, tally.changed), (2, 150, 130, 1));
        assert_eq!((tally.lost, tally.gained, tally.unknown), (1, 1, 1));
        assert_eq!((tally.lost_before, tally.gained_after), (7, 9));
        assert_eq!((tally.difference(), tally.not_compared()), (-20, 3));
    }

    #[test]
    fn two_currencies_have_none_in_common() {
        let [usd, eur] = ["USD", "EUR"].map(|code| Currency::parse(code).unwrap());
        assert_eq!(Currencies { before: usd, after: usd }.common(), Some(usd));
        assert_eq!(Currencies { before: eur, after: usd }.common(), None);
    }
}
