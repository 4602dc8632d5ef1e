//! What is confirmed of a program's orders, period by period: the figures that a schedule's plugin is
//! given of earlier periods.
//!
//! Owns what a period is and what counts in it. A line counts that is approved or settled and of which
//! the terms pay anything, held ones and those whose commission is a plugin's included: what counts
//! never depends on what a plugin says. Refuses to give a figure that may be too small: of a period that
//! the ledger may not hold whole, or in which a confirmed line may count and it cannot be said whether or
//! with how much.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{Datelike as _, NaiveDate};
use feebook_kernel::{Aggregate, Figure, Line, Minor, Of, Outcome, Period, Reason, State, Verdict};
use feebook_schedule::iso::Currency;
use feebook_schedule::zone::{Month, day_before};

use crate::fact::No;
use crate::ledger::{CountingLine, of_themselves};
use crate::words::Word;

/// What was confirmed, by period, program and placement.
#[derive(Debug, Default)]
pub(super) struct Confirmed {
    /// The earliest day of any order of the program.
    since: Option<NaiveDate>,
    /// The periods of which the ledger has any order, in whatever state.
    seen: BTreeSet<(Period, i32)>,
    /// The first order of a period that counts, or may, and of which no placement is known: it may be
    /// any placement's.
    unplaced: BTreeMap<(Period, i32), No>,
    counts: BTreeMap<(Period, i32, Whose), Count>,
}

/// Whose orders are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Program,
    Placement(Word),
}

#[derive(Debug, Default)]
struct Count {
    orders: i64,
    new_buyers: i64,
    turnover: BTreeMap<Currency, i64>,
    /// The first confirmed line of which it cannot be said whether it counts.
    doubtful: Option<(No, No)>,
    /// The first line that counts and has no amount.
    without_amount: Option<(No, No)>,
}

/// An order that is looked at: its day, its lines with what the kernel's `rate` made of them, and the
/// currency of its terms; none where no terms govern it.
pub(super) struct Rated<'r> {
    pub(super) day: NaiveDate,
    pub(super) facts: &'r [CountingLine<'r>],
    pub(super) lines: &'r [Line],
    pub(super) outcomes: &'r [Outcome],
    pub(super) currency: Option<Currency>,
}

/// What a line is to the figures of its period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    /// It does not count: not confirmed, or the terms pay nothing.
    No,
    /// It counts with its basis, or has none.
    With(Option<Minor>),
    /// That cannot be said.
    Doubtful,
}

impl Confirmed {
    /// Adds an order.
    pub(super) fn add(&mut self, order: &Rated<'_>) {
        self.since = [self.since, Some(order.day)].into_iter().flatten().min();
        let counts: Vec<Counts> = order
            .lines
            .iter()
            .zip(order.outcomes)
            .map(|(line, outcome)| counts(line, outcome))
            .collect();
        let placement = placement(order.facts).map(Whose::Placement);
        for period in [Period::Month, Period::Day10] {
            let at = index(period, order.day);
            self.seen.insert((period, at));
            if counts.iter().all(|counts| *counts == Counts::No) {
                continue;
            }
            if let (None, Some(first)) = (placement, order.facts.first()) {
                let number = || first.revision.fact.order_no.clone();
                self.unplaced.entry((period, at)).or_insert_with(number);
            }
            for whose in [Some(Whose::Program), placement].into_iter().flatten() {
                self.counts.entry((period, at, whose)).or_default().add(order, &counts);
            }
        }
    }

    /// Returns the figures for an order of a day, in the order declared; none for one that may be too
    /// small ([`Unknown`] says when).
    pub(super) fn figures(
        &self,
        declared: &[Aggregate],
        day: NaiveDate,
        facts: &[CountingLine<'_>],
        currency: Currency,
    ) -> Vec<Option<i64>> {
        let of = |aggregate: &Aggregate| self.figure(*aggregate, day, facts, currency).ok();
        declared.iter().map(of).collect()
    }

    /// Returns one figure, or why it is not known.
    pub(super) fn figure(
        &self,
        Aggregate { figure, of, period, back }: Aggregate,
        day: NaiveDate,
        facts: &[CountingLine<'_>],
        currency: Currency,
    ) -> Result<i64, Unknown> {
        let at = index(period, day).saturating_sub(i32::from(back));
        let (begins, ends) = (first_day(period, at), day_before(first_day(period, at + 1)));
        if let Some(since) = self.since.filter(|since| *since > begins) {
            return Err(Unknown::BegunBefore { begins, since });
        }
        if !self.seen.contains(&(period, at)) {
            return Err(Unknown::NoOrder { begins, ends });
        }
        let whose = match of {
            Of::Program => Whose::Program,
            Of::Placement => {
                if let Some(order) = self.unplaced.get(&(period, at)) {
                    return Err(Unknown::Unplaced(order.clone()));
                }
                Whose::Placement(placement(facts).ok_or(Unknown::NoPlacement)?)
            }
        };
        match self.counts.get(&(period, at, whose)) {
            Some(count) => count.figure(figure, currency),
            None => Ok(0),
        }
    }
}

/// Why a figure of an earlier period is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// The period began before the ledger's first order of the program.
    BegunBefore { begins: NaiveDate, since: NaiveDate },
    /// The ledger has no order in it.
    NoOrder { begins: NaiveDate, ends: NaiveDate },
    /// Of an order in it no placement is known.
    Unplaced(No),
    /// Of the order itself none is.
    NoPlacement,
    /// Of a confirmed line of an order it cannot be said whether the terms pay anything.
    Doubtful(No, No),
    /// A line that counts has no amount.
    WithoutAmount(No, No),
    /// There is turnover in another currency.
    OtherCurrency { other: Currency, currency: Currency },
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BegunBefore { begins, since } => write!(
                f,
                "the period began on {begins}, before the ledger's first order of the program, of {since}"
            ),
            Self::NoOrder { begins, ends } => {
                write!(
                    f,
                    "the ledger has no order from {begins} to {ends}, as if a report were missing"
                )
            }
            Self::Unplaced(order) => {
                write!(f, "order {order} counts in the period, and its placement is not known")
            }
            Self::NoPlacement => f.write_str("this order's placement is not known"),
            Self::Doubtful(order, line) => write!(
                f,
                "of the confirmed order {order}, line {line}, in the period it cannot be said whether the \
                 terms pay anything (`feebook explain {order}`)"
            ),
            Self::WithoutAmount(order, line) => {
                write!(f, "order {order}, line {line}, counts in the period and has no amount")
            }
            Self::OtherCurrency { other, currency } => {
                write!(
                    f,
                    "the period has turnover in {other}, and the policy's currency is {currency}"
                )
            }
        }
    }
}

impl Count {
    fn add(&mut self, order: &Rated<'_>, counts: &[Counts]) {
        let counted = || counts.iter().filter(|counts| matches!(counts, Counts::With(_)));
        let first = |what: Counts| {
            let at = counts.iter().position(|counts| *counts == what)?;
            let fact = &order.facts.get(at)?.revision.fact;
            Some((fact.order_no.clone(), fact.line_no.clone()))
        };
        self.doubtful = self.doubtful.take().or_else(|| first(Counts::Doubtful));
        self.without_amount = self.without_amount.take().or_else(|| first(Counts::With(None)));
        let Some(currency) = order.currency.filter(|_| counted().next().is_some()) else { return };
        self.orders += 1;
        self.new_buyers += i64::from(is_new_buyer(order.facts));
        let amounts = counted().filter_map(|counts| match counts {
            Counts::With(amount) => *amount,
            Counts::No | Counts::Doubtful => None,
        });
        *self.turnover.entry(currency).or_default() += amounts.map(Minor::get).sum::<i64>();
    }

    fn figure(&self, figure: Figure, currency: Currency) -> Result<i64, Unknown> {
        if let Some((order, line)) = self.doubtful.clone() {
            return Err(Unknown::Doubtful(order, line));
        }
        match figure {
            Figure::Turnover => self.turnover(currency),
            Figure::Orders => Ok(self.orders),
            Figure::NewBuyers => Ok(self.new_buyers),
        }
    }

    fn turnover(&self, currency: Currency) -> Result<i64, Unknown> {
        if let Some((order, line)) = self.without_amount.clone() {
            return Err(Unknown::WithoutAmount(order, line));
        }
        match self.turnover.keys().find(|other| **other != currency) {
            Some(other) => Err(Unknown::OtherCurrency { other: *other, currency }),
            None => Ok(self.turnover.get(&currency).copied().unwrap_or_default()),
        }
    }
}

fn counts(line: &Line, outcome: &Outcome) -> Counts {
    if !matches!(line.state, State::Approved | State::Settled) {
        return Counts::No;
    }
    match outcome.verdict {
        Verdict::Declined | Verdict::Disqualified | Verdict::OutsideWindow | Verdict::Excluded => {
            Counts::No
        }
        _ if outcome.computed || outcome.reason == Reason::PluginSilent => {
            Counts::With(outcome.basis)
        }
        // Uncovered, a rate that is lost, a fact that is missing.
        _ => Counts::Doubtful,
    }
}

/// The placement of an order: that of its first line.
fn placement(facts: &[CountingLine<'_>]) -> Option<Word> {
    of_themselves(facts).next().and_then(CountingLine::placement)
}

/// Whether any line of an order says that the buyer is new.
fn is_new_buyer(facts: &[CountingLine<'_>]) -> bool {
    of_themselves(facts).any(|line| line.revision.fact.new_buyer == Some(true))
}

/// The number of the period that a day lies in; counts up.
fn index(period: Period, day: NaiveDate) -> i32 {
    let month = Month::of(day).index();
    match period {
        Period::Day10 if day.day() < 10 => month - 1,
        Period::Month | Period::Day10 => month,
    }
}

/// The first day of a period.
fn first_day(period: Period, index: i32) -> NaiveDate {
    let first = Month::from_index(index).first_day();
    match period {
        Period::Month => first,
        Period::Day10 => first.with_day(10).unwrap_or(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_a_month_or_runs_from_the_10th_to_the_9th() {
        let month = |text| first_day(Period::Month, index(Period::Month, day(text)));
        let day10 = |text| first_day(Period::Day10, index(Period::Day10, day(text)));
        assert_eq!(
            (month("2024-07-01"), month("2024-07-31")),
            (day("2024-07-01"), day("2024-07-01"))
        );
        assert_eq!(
            (day10("2024-07-09"), day10("2024-07-10")),
            (day("2024-06-10"), day("2024-07-10"))
        );
        assert_eq!(day10("2024-01-09"), day("2023-12-10"), "over the turn of a year");
        assert_eq!(day10("2024-03-09"), day("2024-02-10"), "a short month has a 10th too");
    }
}
