//! The three figures of a line: what the terms give, what the network reported, what was paid.
//!
//! Owns when they agree: an amount that was not given is no 0, and amounts of two currencies are
//! never compared. Refuses to say why they do not.

use feebook_kernel::{Minor, Outcome, Ppm, Rounding, State};
use feebook_schedule::iso::Currency;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::exchange::RateUsed;
use crate::fact::LineFact;
use crate::ledger::{Components, Revision};
use crate::run::known;

/// What a report says that a line earns, in minor units. None is not 0: it was not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// The currency of the amounts: what the row names, else that of the terms; that of the terms where
    /// they were exchanged.
    pub currency: Currency,
    /// The commission.
    pub commission: Option<i64>,
    /// The incentive.
    pub incentive: Option<i64>,
    /// The bonus.
    pub bonus: Option<i64>,
}

impl Given {
    /// Takes what a report says.
    pub(super) fn of(fact: &LineFact, currency: Currency) -> Self {
        Self {
            currency,
            commission: fact.reported_commission,
            incentive: fact.reported_incentive,
            bonus: fact.reported_bonus,
        }
    }

    /// Exchanges what was said; none where an amount is below zero or out of bounds.
    pub(super) fn exchanged(&self, by: &RateUsed, rounding: Rounding) -> Option<Self> {
        let decimals = (by.from.decimals(), by.to.decimals());
        let one = |said: Option<i64>| match said {
            None => Some(None),
            Some(said) => {
                let exchanged = Minor::new(said)?.exchanged(by.exchange, decimals, rounding)?;
                Some(Some(exchanged.get()))
            }
        };
        let (commission, incentive) = (one(self.commission)?, one(self.incentive)?);
        Some(Self { currency: by.to, commission, incentive, bonus: one(self.bonus)? })
    }

    /// Returns nothing of all that was said, in a currency.
    pub(super) fn nothing(self, currency: Currency) -> Self {
        let none = |said: Option<i64>| said.map(|_| 0);
        let (incentive, bonus) = (none(self.incentive), none(self.bonus));
        Self { currency, commission: Some(0), incentive, bonus }
    }

    /// Returns the sum of what was said; none where nothing was.
    pub fn total(&self) -> Option<i64> {
        let said = [self.commission, self.incentive, self.bonus];
        said.into_iter().flatten().reduce(|sum, part| sum + part)
    }
}

/// What the network said at each stage: the estimate when the order was paid, that when the buyer had
/// confirmed, and what was settled. Each is what the last report of that state said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// While it was pending.
    pub pending: Option<Given>,
    /// While it was approved.
    pub approved: Option<Given>,
    /// While it was settled.
    pub settled: Option<Given>,
}

impl Stages {
    /// Takes them from the reports of a line, the one that counts most last, each with what it gives;
    /// what is given in another currency than the last stands beside nothing, and is left out.
    pub(super) fn of(reports: &[(&Revision, Given)]) -> Self {
        let currency = reports.last().map(|(_, given)| given.currency);
        let last = |state: State| {
            let mut of_state =
                reports.iter().rev().filter(|(report, _)| report.fact.state == state);
            let given = of_state.next().map(|(_, given)| *given);
            given.filter(|given| given.total().is_some() && Some(given.currency) == currency)
        };
        Self {
            pending: last(State::Pending),
            approved: last(State::Approved),
            settled: last(State::Settled),
        }
    }
}

/// The figures of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// What the terms give; none where that cannot be said.
    pub expected: Option<Components>,
    /// What the report that counts says.
    pub reported: Given,
    /// What the reports of each stage said, in the currency of `reported`.
    pub stages: Stages,
    /// What payouts pay of the line; none where none does.
    pub paid: Option<i64>,
    /// The currency of what was paid; none where nothing was.
    pub paid_in: Option<Currency>,
}

/// How much two amounts may differ and still agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// In major units of the currency at hand.
    pub absolute: Decimal,
    /// As a share of what is expected.
    pub relative: Ppm,
}

impl Tolerance {
    /// Whether a difference is within it: of the two bounds the wider one counts.
    pub fn allows(&self, difference: i64, expected: i64, currency: Currency) -> bool {
        if difference == 0 {
            return true;
        }
        let absolute =
            self.absolute.round_dp_with_strategy(currency.decimals(), RoundingStrategy::ToZero);
        let off = Decimal::new(difference, currency.decimals()).abs();
        let share = || {
            let expected = Minor::new(expected)?.share(self.relative, Rounding::Floor);
            Some(Decimal::new(expected.get(), currency.decimals()))
        };
        off <= absolute || share().is_some_and(|share| off <= share)
    }
}

impl Tolerance {
    /// The same, but at least a minor unit: an amount that was rounded before it was exchanged, and
    /// once more after, need not be the one that was computed from exchanged amounts.
    pub(super) fn of_exchanged(self, currency: Currency) -> Self {
        let unit = Decimal::new(1, currency.decimals());
        Self { absolute: self.absolute.max(unit), ..self }
    }
}

/// Compares what was reported with an outcome.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparing {
    /// Which of commission, incentive and bonus the program's reports ever name: one that they never
    /// name is not compared.
    pub(super) named: [bool; 3],
    pub(super) tolerance: Tolerance,
}

impl Comparing {
    /// What of an outcome the reports would name.
    pub(super) fn nameable(&self, amounts: &Components) -> i64 {
        let [_, incentive, bonus] = self.named;
        amounts.commission
            + if incentive { amounts.incentive } else { 0 }
            + if bonus { amounts.bonus } else { 0 }
            - amounts.withheld
    }

    /// Whether what was given is what an outcome gives.
    pub(super) fn fits(&self, given: &Given, outcome: &Outcome, currency: Currency) -> bool {
        known(outcome).is_some_and(|amounts| self.agrees(given, &amounts, currency))
    }

    /// Whether what was given is an amount: in sum, and, where no cap took a part of it, by component.
    pub(super) fn agrees(&self, given: &Given, amounts: &Components, currency: Currency) -> bool {
        let Some(total) = given.total() else { return true };
        let near = |given: i64, ours: i64| self.tolerance.allows(given - ours, ours, currency);
        // What a network never names it may have in its commission.
        let [_, incentive, bonus] = self.named;
        let unnamed = (!incentive && amounts.incentive != 0) || (!bonus && amounts.bonus != 0);
        if unnamed && near(total, amounts.total()) {
            return true;
        }
        if amounts.withheld != 0 {
            return near(total, self.nameable(amounts));
        }
        let parts = [
            (given.commission, amounts.commission),
            (given.incentive, amounts.incentive),
            (given.bonus, amounts.bonus),
        ];
        let mut compared = parts.iter().zip(self.named).filter(|(_, named)| *named);
        compared.all(|((given, ours), _)| near(given.unwrap_or(0), *ours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd() -> Currency {
        Currency::parse("USD").unwrap()
    }

    fn given(commission: i64, bonus: Option<i64>) -> Given {
        Given { currency: usd(), commission: Some(commission), incentive: None, bonus }
    }

    fn ours(commission: i64, bonus: i64, withheld: i64) -> Components {
        Components { commission, incentive: 0, bonus, withheld }
    }

    fn comparing(named: [bool; 3], absolute: &str, relative: u32) -> Comparing {
        let (absolute, relative) = (absolute.parse().unwrap(), Ppm::new(relative).unwrap());
        Comparing { named, tolerance: Tolerance { absolute, relative } }
    }

    #[test]
    fn what_was_not_said_is_no_zero_unless_others_say_it() {
        let agrees =
            |named, given: Given, ours| comparing(named, "0", 0).agrees(&given, &ours, usd());
        let nothing = Given { commission: None, ..given(0, None) };
        assert!(agrees([true, false, true], nothing, ours(100, 0, 0)), "nothing was said");
        assert!(!agrees([true, false, true], given(100, None), ours(100, 350, 0)));
        assert!(agrees([true, false, false], given(100, None), ours(100, 350, 0)), "never named");
        assert!(agrees([true, false, false], given(450, None), ours(100, 350, 0)), "inside");
        assert!(agrees([true, false, true], given(100, Some(350)), ours(100, 350, 0)));
        assert_eq!(nothing.total(), None);
    }

    #[test]
    fn components_count_unless_a_cap_took_a_part() {
        let all = comparing([true, false, true], "0", 0);
        assert!(!all.agrees(&given(450, Some(0)), &ours(100, 350, 0), usd()));
        assert!(all.agrees(&given(90, Some(350)), &ours(100, 350, 10), usd()));
        assert!(!all.agrees(&given(100, Some(350)), &ours(100, 350, 10), usd()));
    }

    #[test]
    fn a_tolerance_is_the_wider_of_two_bounds_and_cut_to_the_minor_unit() {
        let allows = |absolute: &str, relative, difference, expected| {
            comparing([true; 3], absolute, relative).tolerance.allows(difference, expected, usd())
        };
        assert!(allows("0.02", 0, -2, 100) && !allows("0.02", 0, -3, 100));
        assert!(allows("0.029", 0, 2, 100) && !allows("0.029", 0, 3, 100));
        assert!(allows("0", 10_000, -3, 399) && !allows("0", 10_000, -4, 399));
        assert!(allows("0.01", 10_000, 3, 300) && allows("0", 0, 0, -5));
    }
}
