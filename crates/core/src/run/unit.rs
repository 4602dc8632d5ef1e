//! What a row's amounts are in, and the same in the policy's currency (rule 16).
//!
//! Owns which day's rate holds, that each amount is exchanged once, and that of a price that is the price
//! of all units. Refuses to find a rate (the ledger and [`crate::exchange`] do) and to multiply (the kernel
//! does).

use chrono::NaiveDate;
use feebook_kernel::{Line, Minor, Terms, fully_refunded};
use feebook_schedule::iso::Currency;
use feebook_schedule::{Amounts, FxOn, Program, Version};

use crate::error::Result;
use crate::exchange::RateUsed;
use crate::fact::LineFact;
use crate::ledger::{CountingLine, Ledger};
use crate::words::Words;

/// What the amounts of a report are to the policy's currency: they are in `amount_currency`, else in
/// `currency`, else in the policy's.
pub(super) enum Unit {
    /// In it.
    Same,
    /// In another, and the rate is known.
    Exchanged(Box<RateUsed>),
    /// In another, and no rate is known.
    Unknown,
}

impl Unit {
    /// Finds out what a line's amounts are in, and the rate of the day that the policy names, as of a
    /// sequence number.
    pub(super) fn of(
        (program, version): (&Program, &Version),
        governing_day: NaiveDate,
        line: &CountingLine<'_>,
        (ledger, seq): (&Ledger, i64),
    ) -> Result<Self> {
        let fact = &line.revision.fact;
        if is_same(version, fact, ledger.words()) {
            return Ok(Self::Same);
        }
        let Some(word) = fact.amount_currency.or(fact.currency) else { return Ok(Self::Same) };
        let (code, to) = (ledger.words().text(word), version.currency());
        let on = fx_day(program, version, governing_day, line);
        let (Some(from), Some(on)) = (Currency::parse(code), on) else { return Ok(Self::Unknown) };
        let used = ledger.rate((from, to), on, seq)?;
        Ok(used.map_or(Self::Unknown, |used| Self::Exchanged(Box::new(used))))
    }

    /// Returns the amounts of a report in the policy's currency, each exchanged once by the policy's
    /// rounding, with the line's lag and window.
    pub(super) fn amounts(
        &self,
        version: &Version,
        fact: &LineFact,
        (lag, window): (Option<i64>, Option<i64>),
    ) -> Amounts {
        let reported = Amounts { lag, window, ..reported(fact) };
        match self {
            Self::Same => reported,
            Self::Unknown => Amounts { unexchanged: true, ..reported },
            Self::Exchanged(used) => exchanged(reported, used, version)
                .unwrap_or(Amounts { unexchanged: true, ..reported }),
        }
    }

    /// Has a line say whether the buyer got all back by the amounts before they are exchanged: rounded
    /// ones may say otherwise.
    pub(super) fn tell_refund(&self, terms: &Terms<'_>, fact: &LineFact, line: &mut Line) {
        if !matches!(self, Self::Exchanged(_)) {
            return;
        }
        let Amounts { price, quantity, paid, final_amount, refunded, service_fee, .. } =
            reported(fact);
        let before = Line {
            price,
            quantity,
            gross: None,
            paid,
            final_amount,
            refunded,
            service_fee,
            ..*line
        };
        line.fully_refunded = Some(fully_refunded(terms, &before));
    }
}

/// The amounts as they were reported.
fn reported(fact: &LineFact) -> Amounts {
    Amounts {
        price: fact.product_price,
        quantity: fact.quantity,
        paid: fact.paid_amount,
        final_amount: fact.final_amount,
        refunded: fact.refunded.unwrap_or(Minor::ZERO),
        service_fee: fact.service_fee,
        reported_rate: fact.reported_rate,
        ..Amounts::new(fact.state)
    }
}

/// Whether what a line's amounts are in is the policy's currency.
pub(super) fn is_same(version: &Version, fact: &LineFact, words: &Words) -> bool {
    let unit = fact.amount_currency.or(fact.currency);
    unit.is_none_or(|word| words.text(word) == version.currency().code())
}

/// The day whose rate of exchange holds for a line; none where it has not come yet, or where the policy
/// names none.
pub(super) fn fx_day(
    program: &Program,
    version: &Version,
    governing_day: NaiveDate,
    line: &CountingLine<'_>,
) -> Option<NaiveDate> {
    match version.fx_on()? {
        FxOn::Governing => Some(governing_day),
        FxOn::Settled => line.revision.fact.settled_at.map(|at| program.day(at)),
        FxOn::PaidOut => line.paid_on,
    }
}

/// Exchanges every amount of a line, the price of one unit (of which conditions ask) and that of all
/// units each for itself; none when one leaves its bounds.
fn exchanged(amounts: Amounts, used: &RateUsed, version: &Version) -> Option<Amounts> {
    let decimals = (used.from.decimals(), used.to.decimals());
    let one = |amount: Minor| amount.exchanged(used.exchange, decimals, version.terms().rounding);
    let each = |amount: Option<Minor>| match amount {
        Some(amount) => one(amount).map(Some),
        None => Some(None),
    };
    let gross = match amounts.price {
        Some(price) => Some(price.times(amounts.quantity)?),
        None => None,
    };
    Some(Amounts {
        price: each(amounts.price)?,
        gross: each(gross)?,
        paid: each(amounts.paid)?,
        final_amount: each(amounts.final_amount)?,
        refunded: one(amounts.refunded)?,
        service_fee: each(amounts.service_fee)?,
        ..amounts
    })
}
