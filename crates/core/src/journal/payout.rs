//! A payout in the books: what it took from the balance, what arrived, and what became of the rest.
//!
//! Owns the exchange from one currency to another, which is balanced in each. Refuses to look for a
//! rate: it is told the one that was known when the payout was recorded.

use std::collections::BTreeMap;

use super::account::Account;
use super::order::Leg;
use crate::payout::{Payout, Split, Transfer};

/// Returns the legs of a payout. Split against the rate of its day, the exchange is booked at that, and
/// what came of it otherwise is a result; without, at the rate that the payout itself implies.
pub(super) fn legs(payout: &Payout, split: Option<&Split>) -> Vec<Leg> {
    let (amount, fee) = (payout.amount.get(), payout.fee.get());
    let mut legs = Vec::new();
    let mut leg = |account, currency, amount| {
        if amount != 0 {
            legs.push(Leg { account, currency, amount });
        }
    };
    let currency = payout.currency;
    leg(Account::Fees, currency, fee);
    if payout.transfer == Transfer::Failed {
        // It cost its fee, which the network took from the balance.
        leg(Account::Unmatched, currency, -fee);
        return legs;
    }
    leg(Account::Unmatched, currency, -amount);
    let rest = amount - fee;
    match payout.received {
        None => leg(Account::Cash, currency, rest),
        Some((received, other)) if other == currency => {
            leg(Account::Cash, currency, received.get());
            leg(Account::Lost, currency, rest - received.get());
        }
        Some((received, other)) => {
            let received = received.get();
            let due = split.map_or(received, |split| split.expected.get());
            leg(Account::Exchange, currency, rest);
            leg(Account::Exchange, other, -due);
            leg(Account::ExchangeResult, other, due - received);
            leg(Account::Cash, other, received);
        }
    }
    legs
}

/// Returns what changes from some legs to others.
pub(super) fn moved(from: &[Leg], to: &[Leg]) -> Vec<Leg> {
    let mut sums: BTreeMap<_, i64> = BTreeMap::new();
    for (legs, sign) in [(from, -1), (to, 1)] {
        for leg in legs {
            *sums.entry((leg.currency, leg.account)).or_default() += sign * leg.amount;
        }
    }
    let legs =
        sums.into_iter().map(|((currency, account), amount)| Leg { account, currency, amount });
    legs.filter(|leg| leg.amount != 0).collect()
}

#[cfg(test)]
mod tests {
    use feebook_kernel::{Exchange, Minor};
    use feebook_schedule::iso::Currency;

    use super::*;
    use crate::exchange::{By, RateUsed};
    use crate::payout::split;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn payout(amount: i64, fee: i64, received: Option<(i64, &str)>) -> Payout {
        Payout {
            id: 1,
            payout_no: None,
            paid_on: "2024-10-15".parse().unwrap(),
            transfer: Transfer::Arrived,
            amount: Minor::new(amount).unwrap(),
            currency: currency("USD"),
            received: received.map(|(minor, code)| (Minor::new(minor).unwrap(), currency(code))),
            fee: Minor::new(fee).unwrap(),
            covers: None,
            note: None,
            file: None,
            seq: 1,
        }
    }

    fn at(payout: &Payout, reference: Option<i64>) -> Vec<Leg> {
        let rate = reference.and_then(Exchange::direct).map(|exchange| RateUsed {
            from: payout.currency,
            to: payout.received.unwrap().1,
            on: payout.paid_on,
            source: "ECB".to_owned(),
            by: By::Direct,
            exchange,
        });
        legs(payout, split(payout, rate.as_ref()).as_ref())
    }

    fn written(payout: &Payout, reference: Option<i64>) -> String {
        let legs = at(payout, reference);
        let mut currencies: Vec<Currency> = legs.iter().map(|leg| leg.currency).collect();
        currencies.dedup();
        for currency in currencies {
            let of = legs.iter().filter(|leg| leg.currency == currency);
            assert_eq!(of.map(|leg| leg.amount).sum::<i64>(), 0, "{legs:?}");
        }
        let leg = |leg: &Leg| format!("{} {} {}", leg.account.name(), leg.amount, leg.currency);
        legs.iter().map(leg).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_fee_comes_off_what_arrives() {
        let says = written(&payout(10_000, 1_500, Some((8_500, "USD"))), None);
        assert_eq!(says, "fees 1500 USD, unmatched -10000 USD, cash 8500 USD");
        assert_eq!(written(&payout(10_000, 1_500, None), None), says);
        assert_eq!(
            written(&payout(10_000, 1_500, Some((8_300, "USD"))), None),
            "fees 1500 USD, unmatched -10000 USD, cash 8300 USD, lost 200 USD"
        );
    }

    #[test]
    fn an_exchange_is_balanced_in_both_currencies() {
        let exchanged = payout(10_000, 1_500, Some((91_000, "NOK")));
        assert_eq!(
            written(&exchanged, None),
            "fees 1500 USD, unmatched -10000 USD, exchange 8500 USD, exchange -91000 NOK, \
             cash 91000 NOK"
        );
        assert_eq!(
            written(&exchanged, Some(10_800_000_000)),
            "fees 1500 USD, unmatched -10000 USD, exchange 8500 USD, exchange -91800 NOK, \
             exchange:result 800 NOK, cash 91000 NOK"
        );
        let yen = payout(10_000, 0, Some((15_500, "JPY")));
        assert_eq!(
            written(&yen, Some(155_000_000_000)),
            "unmatched -10000 USD, exchange 10000 USD, exchange -15500 JPY, cash 15500 JPY"
        );
    }

    #[test]
    fn a_rate_that_comes_later_moves_the_exchange_only() {
        let exchanged = payout(10_000, 1_500, Some((91_000, "NOK")));
        let (without, with) = (at(&exchanged, None), at(&exchanged, Some(10_800_000_000)));
        let later = moved(&without, &with);
        let leg = |leg: &Leg| format!("{} {} {}", leg.account.name(), leg.amount, leg.currency);
        let later: Vec<String> = later.iter().map(leg).collect();
        assert_eq!(later, ["exchange -800 NOK", "exchange:result 800 NOK"]);
        assert_eq!(moved(&with, &with), []);
    }

    #[test]
    fn a_failed_transfer_costs_its_fee() {
        let failed = Payout { transfer: Transfer::Failed, ..payout(10_000, 1_500, None) };
        assert_eq!(written(&failed, None), "fees 1500 USD, unmatched -1500 USD");
    }
}
