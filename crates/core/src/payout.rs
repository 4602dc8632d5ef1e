//! A transfer of money from a network, and what of it pays which order line.
//!
//! Owns the facts, what a failed transfer costs, and what became of one between two currencies. Refuses
//! a payout whose amounts contradict each other, to say what is due ([`crate::due`] does) and which lines a
//! payout pays ([`crate::allot`] does).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use feebook_kernel::{Exchange, Minor, Rounding};
use feebook_schedule::PayoutTerms;
use feebook_schedule::iso::Currency;

use crate::allot::PayableLine;
use crate::error::Result;
use crate::exchange::RateUsed;
use crate::fact::No;
use crate::ledger::Ledger;

/// The number of a payout.
pub type PayoutId = i64;

/// What became of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transfer {
    /// The money arrived.
    Arrived,
    /// It arrived nowhere: the transfer cost its fee and paid nothing.
    Failed,
}

impl Transfer {
    /// All of them, in the order in which the ledger numbers them.
    pub const ALL: [Self; 2] = [Self::Arrived, Self::Failed];

    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Failed => "failed",
        }
    }
}

/// A transfer of money that a network made, or tried to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// Our number.
    pub id: PayoutId,
    /// The network's number.
    pub payout_no: Option<String>,
    /// The day it was paid.
    pub paid_on: NaiveDate,
    /// What became of it.
    pub transfer: Transfer,
    /// What it took from the balance.
    pub amount: Minor,
    /// The currency of `amount` and `fee`.
    pub currency: Currency,
    /// What arrived, after the fee, and its currency.
    pub received: Option<(Minor, Currency)>,
    /// What the transfer cost.
    pub fee: Minor,
    /// The days that it is for, both included, in the program's zone.
    pub covers: Option<(NaiveDate, NaiveDate)>,
    /// A note.
    pub note: Option<String>,
    /// The file that told of it.
    pub file: Option<String>,
    /// The ledger's number of its row.
    pub seq: i64,
}

/// Returns what a transfer cost: what is stated, else, of one that failed, what the terms say that it costs.
pub fn fee_of(
    transfer: Transfer,
    stated: Option<Minor>,
    currency: Currency,
    terms: Option<&PayoutTerms>,
) -> Minor {
    let costs = |terms: &&PayoutTerms| {
        transfer == Transfer::Failed && terms.fee_on_failure && terms.currency == currency
    };
    let by_terms = || terms.filter(costs).map(|terms| terms.fee);
    stated.or_else(by_terms).unwrap_or_default()
}

impl Payout {
    /// Returns which of its amounts cannot be, in words; none where all can.
    pub fn contradiction(&self) -> Option<String> {
        let unit = self.currency;
        let sum = |amount: Minor| format!("{} {unit}", unit.written(amount.get()));
        if self.transfer == Transfer::Failed {
            let (received, currency) = self.received?;
            let received = currency.written(received.get());
            return Some(format!("the transfer failed, and {received} {currency} arrived"));
        }
        let (amount, fee) = (sum(self.amount), sum(self.fee));
        if self.fee > self.amount {
            return Some(format!("the fee is {fee}, of an amount of {amount}"));
        }
        let net = self.amount.less(self.fee);
        let (received, _) = self.received.filter(|(_, currency)| *currency == unit)?;
        (received > net).then(|| {
            let (received, net) = (sum(received), sum(net));
            format!("{received} arrived, of {amount} less a fee of {fee}, which is {net}")
        })
    }

    /// Returns the rate at which amount less fee became what arrived; none where that is in the same
    /// currency, or nothing is known to have arrived.
    pub fn implied_rate(&self) -> Option<Exchange> {
        let (received, currency) = self.received?;
        let net = (self.amount.less(self.fee), self.currency.decimals());
        let implied = Exchange::implied(net, (received, currency.decimals()));
        implied.filter(|_| currency != self.currency)
    }

    /// Returns what it can pay to order lines: nothing where the transfer failed.
    pub fn payable(&self) -> Minor {
        match self.transfer {
            Transfer::Arrived => self.amount,
            Transfer::Failed => Minor::ZERO,
        }
    }
}

/// What a payout pays of one order line, before it has its place in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allotment {
    /// The order.
    pub order_no: No,
    /// The line.
    pub line_no: No,
    /// Minor units of the payout's currency; less than zero where the network set something off.
    pub amount: i64,
}

/// What a payout pays of one order line. Never changes once it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The order.
    pub order_no: No,
    /// The line.
    pub line_no: No,
    /// The payout.
    pub payout_id: PayoutId,
    /// The ledger's number of this row.
    pub seq: i64,
    /// Minor units of the payout's currency.
    pub amount: i64,
}

/// What was paid of one line, in one currency, as of a point of the ledger's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidLine {
    /// The line.
    pub line_no: No,
    /// The currency of the payouts.
    pub currency: Currency,
    /// The sum, in its minor units.
    pub amount: i64,
    /// The day of the first payout that pays the line.
    pub first_on: NaiveDate,
}

/// What became of a payout on its way into the publisher's account: what was expected at the day's
/// rate, what arrived, and the difference in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The currency that was received.
    pub currency: Currency,
    /// The rate of the day of payout; none where both currencies are the same.
    pub rate: Option<RateUsed>,
    /// Amount less fee, at the rate of the day.
    pub expected: Minor,
    /// What arrived.
    pub received: Minor,
    /// What the fee is worth at the rate of the day.
    pub fee_worth: Minor,
    /// What arrived less what was expected: what the exchange gained or cost.
    pub exchange: i64,
}

/// Splits what was received of a payout against the rate of its day; half a minor unit is rounded up.
/// None where nothing was received, or where the rate of the day is needed and not known.
pub fn split(payout: &Payout, rate: Option<&RateUsed>) -> Option<Split> {
    let (received, currency) = payout.received?;
    let same = currency == payout.currency;
    let rate = if same { None } else { Some(rate?) };
    let decimals = (payout.currency.decimals(), currency.decimals());
    let worth = |amount: Minor| match rate {
        None => Some(amount),
        Some(rate) => amount.exchanged(rate.exchange, decimals, Rounding::HalfUp),
    };
    let net = payout.amount.less(payout.fee);
    let expected = worth(net)?;
    Some(Split {
        currency,
        rate: rate.cloned(),
        expected,
        received,
        fee_worth: worth(payout.fee)?,
        exchange: received.get() - expected.get(),
    })
}

/// Returns the rate of a payout's day between its currency and the one received; none where nothing was
/// received in another currency, or where no rate is known.
///
/// # Errors
///
/// When the ledger cannot be read.
pub fn rate_of(ledger: &Ledger, payout: &Payout, seq: i64) -> Result<Option<RateUsed>> {
    match payout.received {
        Some((_, currency)) if currency != payout.currency => {
            ledger.rate((payout.currency, currency), payout.paid_on, seq)
        }
        _ => Ok(None),
    }
}

/// Returns what is due on the lines that a payout pays, and on those of its period that nothing else
/// pays, less what it paid: above zero where it fell short.
pub fn shortfall(payout: &Payout, payments: &[Payment], payables: &[PayableLine]) -> i64 {
    if payout.transfer == Transfer::Failed {
        return 0;
    }
    let mut pays: BTreeMap<(&No, &No), i64> = BTreeMap::new();
    for payment in payments {
        *pays.entry((&payment.order_no, &payment.line_no)).or_default() += payment.amount;
    }
    let covered =
        |payable: &PayableLine| payout.covers.is_some_and(|days| payable.became_payable(days));
    let mut due = 0;
    for payable in payables {
        let paid = pays.get(&(&payable.order_no, &payable.line_no)).copied();
        let Some(open) = payable.open(payout.currency) else { continue };
        match paid {
            Some(paid) => due += open + paid,
            None if covered(payable) => due += open.max(0),
            None => {}
        }
    }
    due - payout.amount.get()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::By;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn minor(value: i64) -> Minor {
        Minor::new(value).unwrap()
    }

    fn payout(amount: i64, fee: i64, received: Option<(i64, &str)>) -> Payout {
        Payout {
            id: 1,
            payout_no: None,
            paid_on: "2024-05-07".parse().unwrap(),
            transfer: Transfer::Arrived,
            amount: minor(amount),
            currency: currency("USD"),
            received: received.map(|(amount, code)| (minor(amount), currency(code))),
            fee: minor(fee),
            covers: None,
            note: None,
            file: None,
            seq: 1,
        }
    }

    fn rate(billionths: i64) -> RateUsed {
        RateUsed {
            from: currency("USD"),
            to: currency("NOK"),
            on: "2024-05-07".parse().unwrap(),
            source: "Norges Bank".to_owned(),
            by: By::Direct,
            exchange: Exchange::direct(billionths).unwrap(),
        }
    }

    #[test]
    fn what_arrived_is_split_into_fee_and_exchange() {
        // 115.00 USD less 15.00 at 10.90 would be 1,090.00; 1,075.50 arrived.
        let paid = payout(115_00, 15_00, Some((1_075_50, "NOK")));
        let split = split(&paid, Some(&rate(10_900_000_000))).unwrap();
        assert_eq!(split.expected, minor(1_090_00));
        assert_eq!(split.fee_worth, minor(163_50));
        assert_eq!(split.exchange, -14_50);
        assert_eq!(paid.implied_rate().and_then(Exchange::billionths), Some(10_755_000_000));
    }

    #[test]
    fn one_currency_needs_no_rate_and_two_need_one() {
        let paid = payout(115_00, 15_00, Some((99_00, "USD")));
        let same = split(&paid, None).unwrap();
        assert_eq!((same.expected, same.exchange), (minor(100_00), -1_00));
        assert_eq!(paid.implied_rate(), None);
        assert_eq!(split(&payout(115_00, 15_00, Some((99_00, "NOK"))), None), None);
        assert_eq!(split(&payout(115_00, 15_00, None), Some(&rate(1))), None);
    }

    #[test]
    fn amounts_that_contradict_each_other_are_told() {
        let told = |payout: Payout| payout.contradiction().unwrap_or_default();
        assert_eq!(told(payout(5_00, 6_00, None)), "the fee is 6.00 USD, of an amount of 5.00 USD");
        let more = payout(5_00, 1_00, Some((4_01, "USD")));
        assert!(told(more).ends_with("which is 4.00 USD"));
        assert_eq!(told(payout(5_00, 1_00, Some((4_00, "USD")))), "");
        assert_eq!(told(payout(5_00, 1_00, Some((60_00, "NOK")))), "");
        let failed =
            |fee, received| Payout { transfer: Transfer::Failed, ..payout(5_00, fee, received) };
        assert_eq!(told(failed(15_00, None)), "", "a fee may be more than was asked for");
        assert!(!told(failed(0, Some((1, "NOK")))).is_empty());
    }
}
