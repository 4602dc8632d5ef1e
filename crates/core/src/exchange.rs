//! Rates of exchange by day, and the rate between two currencies that holds on one.
//!
//! Owns which of the published rates holds: of the day, else of the last day before that has one, up to
//! [`REACH`] days back (weekends and holidays have none); as published, else its inverse, else a cross
//! through a third currency for which one source has both rates of that day. Refuses to guess
//! further, and to multiply money: the kernel does.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use feebook_kernel::Exchange;
use feebook_schedule::iso::Currency;

/// How many days a rate holds on where none is published.
pub const REACH: u64 = 7;

/// One published rate: one unit of `base` is `rate` billionths of a unit of `quote`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedRate {
    /// The currency of which one unit is priced.
    pub base: Currency,
    /// The currency of the price.
    pub quote: Currency,
    /// The day.
    pub on: NaiveDate,
    /// Billionths.
    pub rate: i64,
    /// Who published it.
    pub source: String,
}

/// How a rate was found among those that are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// As it was published.
    Direct,
    /// The other way round.
    Inverse,
    /// Through a third currency.
    Cross(Currency),
}

/// A rate that holds between two currencies on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateUsed {
    /// From this currency.
    pub from: Currency,
    /// To this one.
    pub to: Currency,
    /// The day it was published for; the day that was asked for, or the last before that has one.
    pub on: NaiveDate,
    /// Who published it.
    pub source: String,
    /// How it was found.
    pub by: By,
    /// The rate itself.
    pub exchange: Exchange,
}

impl RateUsed {
    /// Writes the rate as a decimal, to nine places.
    pub fn written(&self) -> String {
        self.exchange.billionths().map_or_else(|| "out of bounds".to_owned(), written)
    }

    /// Writes the bytes that stand for it beside a fact.
    pub(crate) fn canonical(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.in_words().as_bytes());
        for part in self.exchange.ratio() {
            out.extend_from_slice(&part.to_be_bytes());
        }
    }

    /// Says it in words: both currencies, the rate, its day and its source.
    pub fn in_words(&self) -> String {
        let (from, to, on, source) = (self.from, self.to, self.on, &self.source);
        let by = match self.by {
            By::Direct => String::new(),
            By::Inverse => ", the inverse of what is published".to_owned(),
            By::Cross(through) => format!(", through {through}"),
        };
        format!("1 {from} = {} {to} ({source}, {on}{by})", self.written())
    }
}

/// Writes a rate in billionths as a decimal without trailing zeros.
pub fn written(billionths: i64) -> String {
    rust_decimal::Decimal::new(billionths, 9).normalize().to_string()
}

/// A pair as one source publishes it.
type Pair = (Currency, Currency, String);

/// Published rates with the sequence numbers of their rows.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// By pair and day: every row, in order of their sequence numbers.
    pairs: BTreeMap<Pair, BTreeMap<NaiveDate, Vec<(i64, i64)>>>,
}

impl Rates {
    /// Adds a row; one that is there already stays.
    pub fn add(&mut self, published: PublishedRate, seq: i64) {
        let pair = (published.base, published.quote, published.source);
        let rows = self.pairs.entry(pair).or_default().entry(published.on).or_default();
        if let Err(at) = rows.binary_search_by_key(&seq, |(seq, _)| *seq) {
            rows.insert(at, (seq, published.rate));
        }
    }

    /// Returns the rate between two currencies on a day, as of a sequence number. Of rates of one day the
    /// one that takes the fewest steps holds, then the source and the third currency that come first in
    /// the alphabet: never the file that was imported first.
    pub fn between(
        &self,
        (from, to): (Currency, Currency),
        on: NaiveDate,
        seq: i64,
    ) -> Option<RateUsed> {
        (0..=REACH)
            .filter_map(|back| on.checked_sub_days(Days::new(back)))
            .find_map(|day| self.on_day((from, to), day, seq))
    }

    fn on_day(
        &self,
        (from, to): (Currency, Currency),
        on: NaiveDate,
        seq: i64,
    ) -> Option<RateUsed> {
        let sources: BTreeSet<&String> = self.pairs.keys().map(|(_, _, source)| source).collect();
        let used = |source: &String, by, exchange| {
            let source = source.clone();
            RateUsed { from, to, on, source, by, exchange }
        };
        let one_step = |source: &&String| {
            let (by, exchange) = self.leg((from, to), source, on, seq)?;
            Some(used(source, by, exchange))
        };
        let in_one_step = sources.iter().filter_map(one_step).min_by_key(|used| used.by);
        in_one_step.or_else(|| {
            sources.iter().find_map(|source| {
                self.thirds(from, to, source).into_iter().find_map(|third| {
                    let (_, first) = self.leg((from, third), source, on, seq)?;
                    let (_, second) = self.leg((third, to), source, on, seq)?;
                    Some(used(source, By::Cross(third), first.then(second)?))
                })
            })
        })
    }

    /// One source's rate of a pair on a day, either way round.
    fn leg(
        &self,
        (from, to): (Currency, Currency),
        source: &str,
        on: NaiveDate,
        seq: i64,
    ) -> Option<(By, Exchange)> {
        let published = |base, quote| {
            let rows = self.pairs.get(&(base, quote, source.to_owned()))?.get(&on)?;
            let (_, rate) = rows.iter().rfind(|(row_seq, _)| *row_seq <= seq)?;
            Exchange::direct(*rate)
        };
        let direct = published(from, to).map(|rate| (By::Direct, rate));
        direct.or_else(|| published(to, from).map(|rate| (By::Inverse, rate.inverse())))
    }

    /// The currencies that a source has with both.
    fn thirds(&self, from: Currency, to: Currency, source: &str) -> BTreeSet<Currency> {
        let beside = |one: Currency| -> BTreeSet<Currency> {
            let pairs = self.pairs.keys().filter(|(_, _, of)| of == source);
            let other = |(base, quote, _): &Pair| match (*base == one, *quote == one) {
                (true, _) => Some(*quote),
                (_, true) => Some(*base),
                _ => None,
            };
            pairs.filter_map(other).collect()
        };
        beside(from).intersection(&beside(to)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rates(rows: &[(&str, &str, &str, i64, &str)]) -> Rates {
        let mut rates = Rates::default();
        for (seq, (base, quote, on, rate, source)) in (1..).zip(rows) {
            let (base, quote, on) = (currency(base), currency(quote), day(on));
            let source = (*source).to_owned();
            rates.add(PublishedRate { base, quote, on, rate: *rate, source }, seq);
        }
        rates
    }

    fn found(rates: &Rates, from: &str, to: &str, on: &str, seq: i64) -> Option<String> {
        rates.between((currency(from), currency(to)), day(on), seq).map(|used| used.in_words())
    }

    #[test]
    fn a_rate_is_direct_inverse_or_a_cross_within_one_source() {
        let rates = rates(&[
            ("EUR", "USD", "2024-05-07", 1_080_000_000, "ECB"),
            ("EUR", "NOK", "2024-05-07", 11_700_000_000, "ECB"),
            ("SEK", "NOK", "2024-05-07", 1_003_000_000, "Norges Bank"),
        ]);
        let on = "2024-05-07";
        let says = |from, to| found(&rates, from, to, on, 9);
        assert_eq!(says("EUR", "USD").unwrap(), "1 EUR = 1.08 USD (ECB, 2024-05-07)");
        assert_eq!(
            says("USD", "EUR").unwrap(),
            "1 USD = 0.925925926 EUR (ECB, 2024-05-07, the inverse of what is published)"
        );
        assert_eq!(
            says("USD", "NOK").unwrap(),
            "1 USD = 10.833333333 NOK (ECB, 2024-05-07, through EUR)"
        );
        assert_eq!(says("USD", "SEK"), None, "a cross never mixes two sources");
        assert_eq!(says("USD", "GBP"), None);
    }

    #[test]
    fn the_last_day_holds_on_for_a_week() {
        let rates = rates(&[("USD", "NOK", "2024-05-03", 10_900_000_000, "Norges Bank")]);
        let says = |on| found(&rates, "USD", "NOK", on, 9).is_some();
        assert!(!says("2024-05-02"), "never a rate of a later day");
        assert!(says("2024-05-03") && says("2024-05-05") && says("2024-05-10"));
        assert!(!says("2024-05-11"));
    }

    #[test]
    fn what_is_restated_counts_from_its_row_on_and_sources_are_chosen_by_name() {
        let rates = rates(&[
            ("EUR", "NOK", "2024-05-07", 11_700_000_000, "Norges Bank"),
            ("EUR", "NOK", "2024-05-07", 11_600_000_000, "ECB"),
            ("EUR", "NOK", "2024-05-07", 11_650_000_000, "ECB"),
        ]);
        let says = |seq| found(&rates, "EUR", "NOK", "2024-05-07", seq);
        assert_eq!(says(0), None);
        assert_eq!(says(1).unwrap(), "1 EUR = 11.7 NOK (Norges Bank, 2024-05-07)");
        assert_eq!(says(2).unwrap(), "1 EUR = 11.6 NOK (ECB, 2024-05-07)");
        assert_eq!(says(3).unwrap(), "1 EUR = 11.65 NOK (ECB, 2024-05-07)");
    }
}
