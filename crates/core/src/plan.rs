//! When to withdraw: what is open, and what withdrawing it by the month, by the quarter or at once costs.
//!
//! Owns the comparison, on what was settled by month, less what left the balance without paying a line.
//! Refuses to foresee: it is shown what there was.

use std::collections::BTreeMap;

use feebook_kernel::State;
use feebook_schedule::PayoutTerms;
use feebook_schedule::iso::Currency;
use feebook_schedule::zone::Month;

use crate::allot::PayableLine;
use crate::error::Result;
use crate::ledger::{Ledger, Recorded};
use crate::payout::Transfer;

/// How often a balance is withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// At the end of each month.
    Monthly,
    /// At the end of each third calendar month.
    Quarterly,
    /// All in one.
    AtOnce,
}

impl Frequency {
    /// All of them, the most frequent first.
    pub const ALL: [Self; 3] = [Self::Monthly, Self::Quarterly, Self::AtOnce];

    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::AtOnce => "at_once",
        }
    }

    /// Whether a balance is withdrawn at the end of a month.
    fn due(self, month: Month, last: bool) -> bool {
        match self {
            Self::Monthly => true,
            // Months count from the year 0, so December is 11 of 12.
            Self::Quarterly => month.index().rem_euclid(3) == 2 || last,
            Self::AtOnce => last,
        }
    }
}

/// What withdrawing at a frequency comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawals {
    /// How many.
    pub count: i64,
    /// What they took from the balance.
    pub withdrawn: i64,
    /// What they cost.
    pub fees: i64,
    /// What stays because it is under the minimum.
    pub left: i64,
}

impl Withdrawals {
    /// Returns what arrives.
    pub fn net(&self) -> i64 {
        self.withdrawn - self.fees
    }
}

/// Sums what is settled and not paid, by the month in which it became payable.
pub fn open_by_month(payables: &[PayableLine], currency: Currency) -> BTreeMap<Month, i64> {
    let mut months = BTreeMap::new();
    for payable in payables.iter().filter(|payable| payable.state == State::Settled) {
        let open = payable.open(currency).unwrap_or_default();
        if let (Some(on), true) = (payable.on, open > 0) {
            *months.entry(Month::of(on)).or_default() += open;
        }
    }
    months
}

/// Returns what left a program's balance and pays no line: what of payouts that arrived is not matched, and
/// what transfers that failed cost.
///
/// # Errors
///
/// When the ledger cannot be read.
pub fn left_unmatched(ledger: &Ledger, program: &str, currency: Currency) -> Result<i64> {
    let mut gone = 0;
    for Recorded { fact: payout, program: of, removal, .. } in ledger.payouts()? {
        if of != program || removal.is_some() || payout.currency != currency {
            continue;
        }
        gone += match payout.transfer {
            Transfer::Failed => payout.fee.get(),
            Transfer::Arrived => {
                let paid = ledger.payments_of(payout.id)?;
                payout.amount.get() - paid.iter().map(|paid| paid.amount).sum::<i64>()
            }
        };
    }
    Ok(gone)
}

/// Takes an amount off what is open, the oldest month first; a balance is not below zero.
pub fn take_off(by_month: &mut BTreeMap<Month, i64>, mut gone: i64) {
    for open in by_month.values_mut() {
        let off = gone.clamp(0, *open);
        *open -= off;
        gone -= off;
    }
    by_month.retain(|_, open| *open > 0);
}

/// Returns what withdrawing those amounts at a frequency comes to; a balance under the minimum waits
/// for the next time.
pub fn withdrawals(
    by_month: &BTreeMap<Month, i64>,
    rules: &PayoutTerms,
    frequency: Frequency,
) -> Withdrawals {
    let mut made = Withdrawals { count: 0, withdrawn: 0, fees: 0, left: 0 };
    let last = by_month.keys().next_back().map(|month| month.index());
    let first = by_month.keys().next().map(|month| month.index());
    let (Some(first), Some(last)) = (first, last) else { return made };
    // A month without new money can be the end of a quarter.
    for month in (first..=last).map(Month::from_index) {
        made.left += by_month.get(&month).copied().unwrap_or_default();
        if frequency.due(month, month.index() == last) && rules.allows(made.left) {
            made.count += 1;
            made.withdrawn += made.left;
            made.fees += rules.fee.get();
            made.left = 0;
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use feebook_kernel::Minor;
    use feebook_schedule::MinimumIs;

    fn rules() -> PayoutTerms {
        PayoutTerms {
            currency: Currency::parse("USD").unwrap(),
            minimum: Minor::new(16_00).unwrap(),
            minimum_is: MinimumIs::AtLeast,
            fee: Minor::new(15_00).unwrap(),
            fee_on_failure: true,
            clause: None,
            source: None,
        }
    }

    fn months(amounts: &[(&str, i64)]) -> BTreeMap<Month, i64> {
        amounts.iter().map(|(month, amount)| (Month::parse(month).unwrap(), *amount)).collect()
    }

    #[test]
    fn four_withdrawals_of_25_cost_60_and_one_of_100_costs_15() {
        // G23.
        let open = months(&[
            ("2024-03", 25_00),
            ("2024-04", 25_00),
            ("2024-05", 25_00),
            ("2024-06", 25_00),
        ]);
        let monthly = withdrawals(&open, &rules(), Frequency::Monthly);
        assert_eq!((monthly.count, monthly.fees, monthly.net()), (4, 60_00, 40_00));
        let once = withdrawals(&open, &rules(), Frequency::AtOnce);
        assert_eq!((once.count, once.fees, once.net()), (1, 15_00, 85_00));
        let quarterly = withdrawals(&open, &rules(), Frequency::Quarterly);
        assert_eq!((quarterly.count, quarterly.fees, quarterly.net()), (2, 30_00, 70_00));
        let each = withdrawals(&months(&[("2024-03", 25_00)]), &rules(), Frequency::Monthly);
        assert_eq!(each.net(), 10_00);
    }

    #[test]
    fn what_left_the_balance_is_taken_off_the_oldest_month_first() {
        let mut open = months(&[("2024-03", 25_00), ("2024-04", 25_00)]);
        take_off(&mut open, 30_00);
        assert_eq!(open, months(&[("2024-04", 20_00)]));
        take_off(&mut open, 30_00);
        assert_eq!(open, months(&[]));
    }

    #[test]
    fn a_balance_under_the_minimum_waits() {
        let open = months(&[("2024-01", 15_50), ("2024-02", 10), ("2024-04", 50)]);
        let monthly = withdrawals(&open, &rules(), Frequency::Monthly);
        assert_eq!((monthly.count, monthly.withdrawn, monthly.left), (1, 16_10, 0));
        let little = withdrawals(&months(&[("2024-01", 15_50)]), &rules(), Frequency::AtOnce);
        assert_eq!((little.count, little.left), (0, 15_50));
        let nothing = withdrawals(&BTreeMap::new(), &rules(), Frequency::Monthly);
        assert_eq!((nothing.count, nothing.net()), (0, 0));
    }
}
