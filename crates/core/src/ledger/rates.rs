//! Rates of exchange as rows: imported a file at a time, and looked up as of a sequence number.
//!
//! Owns the tables `rate_import` and `exchange_rate`. A rate that is restated is another row. Refuses to
//! choose among rates: [`Rates`] does.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, Days, NaiveDate};
use feebook_schedule::iso::Currency;
use rusqlite::{OptionalExtension, params};

use super::payouts::currency;
use super::standing::day;
use super::{Ledger, Result, damaged, last_seq, sql};
use crate::exchange::{PublishedRate, REACH, RateUsed, Rates};

/// Rates that were read already: those of these currencies, and what was asked of them.
#[derive(Debug, Default)]
pub(super) struct KnownRates {
    currencies: BTreeSet<Currency>,
    rates: Rates,
    asked: BTreeMap<(Currency, Currency, NaiveDate, i64), Option<RateUsed>>,
}

/// A file of rates.
#[derive(Clone, Copy, Debug)]
pub struct NewRates<'f> {
    /// Its name.
    pub file: &'f str,
    /// SHA-256 of its bytes.
    pub file_digest: [u8; 32],
    /// The shape it was read in.
    pub format: &'f str,
    /// Now, in seconds since 1970-01-01T00:00:00Z.
    pub imported_at: i64,
    /// How many of its rows could not be read.
    pub rejected: u64,
}

/// What an import of rates came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateTotals {
    /// Rates of pairs and days that the ledger did not have.
    pub added: u64,
    /// Rates that say otherwise than before.
    pub revised: u64,
    /// Rates that the ledger had.
    pub unchanged: u64,
    /// Rows that could not be read.
    pub rejected: u64,
}

/// What there is of one pair from one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateSpan {
    /// Of this currency.
    pub base: Currency,
    /// In that one.
    pub quote: Currency,
    /// Who published them.
    pub source: String,
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
    /// How many days have a rate.
    pub days: u64,
    /// The rate of the last day, in billionths.
    pub latest: i64,
}

impl Ledger {
    /// Returns what an earlier import of the same bytes came to; none when there was none.
    pub fn rates_imported(&self, file_digest: &[u8; 32]) -> Result<Option<RateTotals>> {
        self.conn
            .prepare_cached(
                "SELECT added, revised, unchanged, rejected FROM rate_import WHERE file_digest = ?1",
            )
            .and_then(|mut select| {
                select
                    .query_row([file_digest], |row| {
                        Ok(RateTotals {
                            added: row.get(0)?,
                            revised: row.get(1)?,
                            unchanged: row.get(2)?,
                            rejected: row.get(3)?,
                        })
                    })
                    .optional()
            })
            .map_err(sql)
    }

    /// Appends the rates of a file, in one transaction: those that the ledger does not have, and those
    /// that say otherwise.
    pub fn add_rates(&mut self, new: &NewRates<'_>, rates: &[PublishedRate]) -> Result<RateTotals> {
        self.recording(|ledger| {
            let mut totals = RateTotals { rejected: new.rejected, ..RateTotals::default() };
            let mut rows = Vec::new();
            let mut known = BTreeMap::new();
            for rate in rates {
                let key = (rate.base, rate.quote, rate.on, rate.source.as_str());
                let last = match known.get(&key) {
                    Some(last) => Some(*last),
                    None => ledger.last_rate(rate)?,
                };
                match last {
                    Some(last) if last == rate.rate => totals.unchanged += 1,
                    last => {
                        *(if last.is_some() { &mut totals.revised } else { &mut totals.added }) +=
                            1;
                        known.insert(key, rate.rate);
                        rows.push(rate);
                    }
                }
            }
            ledger.append_rates(new, totals, &rows)?;
            Ok(totals)
        })
    }

    /// The rate that a source's row recorded last has for a pair and day.
    fn last_rate(&self, rate: &PublishedRate) -> Result<Option<i64>> {
        let (base, quote, on) = (rate.base, rate.quote, rate.on.num_days_from_ce());
        self.conn
            .prepare_cached(
                "SELECT rate FROM exchange_rate
                 WHERE base = ?1 AND quote = ?2 AND rate_on = ?3 AND source = ?4
                 ORDER BY seq DESC LIMIT 1",
            )
            .and_then(|mut select| {
                select
                    .query_row(params![base.code(), quote.code(), on, rate.source], |row| {
                        row.get(0)
                    })
                    .optional()
            })
            .map_err(sql)
    }

    fn append_rates(
        &self,
        new: &NewRates<'_>,
        totals: RateTotals,
        rows: &[&PublishedRate],
    ) -> Result<()> {
        let first = last_seq(&self.conn)? + 1;
        self.conn
            .execute(
                "INSERT INTO rate_import (file, file_digest, format, imported_at, added, revised,
                                          unchanged, rejected)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    new.file,
                    new.file_digest,
                    new.format,
                    new.imported_at,
                    totals.added,
                    totals.revised,
                    totals.unchanged,
                    totals.rejected
                ],
            )
            .map_err(sql)?;
        let import_id = self.conn.last_insert_rowid();
        let mut insert = self
            .conn
            .prepare_cached(
                "INSERT INTO exchange_rate (base, quote, rate_on, seq, rate, source, rate_import_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .map_err(sql)?;
        for (seq, rate) in (first..).zip(rows) {
            insert
                .execute(params![
                    rate.base.code(),
                    rate.quote.code(),
                    rate.on.num_days_from_ce(),
                    seq,
                    rate.rate,
                    rate.source,
                    import_id
                ])
                .map_err(sql)?;
        }
        Ok(())
    }

    /// Returns the rate between two currencies on a day, as of a sequence number; none when none is
    /// known. See [`Rates::between`].
    pub fn rate(
        &self,
        (from, to): (Currency, Currency),
        on: NaiveDate,
        seq: i64,
    ) -> Result<Option<RateUsed>> {
        let key = (from, to, on, seq);
        if let Some(answer) = self.rates.borrow().asked.get(&key) {
            return Ok(answer.clone());
        }
        self.know_rates_of(from)?;
        self.know_rates_of(to)?;
        let mut known = self.rates.borrow_mut();
        let answer = known.rates.between((from, to), on, seq);
        known.asked.insert(key, answer.clone());
        Ok(answer)
    }

    /// Returns when rates of either currency that may count on a day were recorded after a sequence
    /// number: the last sequence number of each import and its instant, in their order.
    pub fn rates_after(
        &self,
        (from, to): (Currency, Currency),
        on: NaiveDate,
        seq: i64,
    ) -> Result<Vec<(i64, i64)>> {
        let first = on.checked_sub_days(Days::new(REACH)).unwrap_or(on).num_days_from_ce();
        let on = on.num_days_from_ce();
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT max(e.seq) AS last, i.imported_at FROM exchange_rate e
                 JOIN rate_import i ON i.id = e.rate_import_id
                 WHERE e.seq > ?1 AND e.rate_on BETWEEN ?2 AND ?3
                 AND (e.base IN (?4, ?5) OR e.quote IN (?4, ?5))
                 GROUP BY i.id ORDER BY last",
            )
            .map_err(sql)?;
        let rows = select.query_map(params![seq, first, on, from.code(), to.code()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
        rows.map_err(sql)?.collect::<rusqlite::Result<_>>().map_err(sql)
    }

    /// Reads all rates of a currency, once.
    fn know_rates_of(&self, wanted: Currency) -> Result<()> {
        let mut known = self.rates.borrow_mut();
        if !known.currencies.insert(wanted) {
            return Ok(());
        }
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT base, quote, rate_on, seq, rate, source FROM exchange_rate
                 WHERE base = ?1 OR quote = ?1",
            )
            .map_err(sql)?;
        let mut rows = select.query([wanted.code()]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let published = PublishedRate {
                base: currency(row, 0)?,
                quote: currency(row, 1)?,
                on: day(row, 2)?,
                rate: row.get(4).map_err(sql)?,
                source: row.get(5).map_err(sql)?,
            };
            known.rates.add(published, row.get(3).map_err(sql)?);
        }
        Ok(())
    }

    /// Returns what rates there are, by pair and source.
    pub fn rate_spans(&self) -> Result<Vec<RateSpan>> {
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT base, quote, rate_on, rate, source FROM exchange_rate
                 ORDER BY base, quote, rate_on, seq",
            )
            .map_err(sql)?;
        let mut rows = select.query([]).map_err(sql)?;
        let mut spans: BTreeMap<(Currency, Currency, String), RateSpan> = BTreeMap::new();
        while let Some(row) = rows.next().map_err(sql)? {
            let (base, quote, on) = (currency(row, 0)?, currency(row, 1)?, day(row, 2)?);
            let (latest, source): (i64, String) =
                (row.get(3).map_err(sql)?, row.get(4).map_err(sql)?);
            let span = spans.entry((base, quote, source.clone())).or_insert_with(|| RateSpan {
                base,
                quote,
                source,
                first: on,
                last: on,
                days: 1,
                latest,
            });
            span.days += u64::from(span.last != on);
            span.last = on;
            span.latest = latest;
        }
        if spans.values().any(|span| span.latest <= 0) {
            return Err(damaged("a rate of exchange that is not positive"));
        }
        Ok(spans.into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(pair: (&str, &str), on: &str, rate: i64, source: &str) -> PublishedRate {
        let currency = |code| Currency::parse(code).unwrap();
        PublishedRate {
            base: currency(pair.0),
            quote: currency(pair.1),
            on: on.parse().unwrap(),
            rate,
            source: source.to_owned(),
        }
    }

    fn new(digest: u8) -> NewRates<'static> {
        NewRates {
            file: "rates.csv",
            file_digest: [digest; 32],
            format: "feebook",
            imported_at: 0,
            rejected: 0,
        }
    }

    #[test]
    fn a_rate_restated_is_another_row_and_the_same_again_is_none() {
        let mut ledger = Ledger::in_memory().unwrap();
        let (usd, day) = (("USD", "NOK"), "2024-05-07");
        let first = [
            published(usd, day, 10_900_000_000, "Norges Bank"),
            published(usd, "2024-05-08", 10_910_000_000, "Norges Bank"),
        ];
        let totals = ledger.add_rates(&new(1), &first).unwrap();
        assert_eq!((totals.added, totals.revised, totals.unchanged), (2, 0, 0));
        let before = ledger.last_seq().unwrap();
        let second = [
            published(usd, day, 10_950_000_000, "Norges Bank"),
            published(usd, "2024-05-08", 10_910_000_000, "Norges Bank"),
        ];
        let totals = ledger.add_rates(&new(2), &second).unwrap();
        assert_eq!((totals.added, totals.revised, totals.unchanged), (0, 1, 1));
        assert_eq!(ledger.rates_imported(&[2; 32]).unwrap(), Some(totals));
        assert_eq!(ledger.rates_imported(&[3; 32]).unwrap(), None);
        let found = |from: &str, to: &str, seq| {
            let currency = |code| Currency::parse(code).unwrap();
            let on = day.parse().unwrap();
            ledger.rate((currency(from), currency(to)), on, seq).unwrap().map(|used| used.written())
        };
        assert_eq!(found("USD", "NOK", before).as_deref(), Some("10.9"));
        assert_eq!(found("USD", "NOK", i64::MAX).as_deref(), Some("10.95"));
        assert_eq!(found("NOK", "USD", i64::MAX).as_deref(), Some("0.091324201"));
        assert_eq!(found("USD", "EUR", i64::MAX), None);
        let spans = ledger.rate_spans().unwrap();
        assert_eq!(spans.len(), 1);
        assert_eq!((spans[0].days, spans[0].latest), (2, 10_910_000_000));
    }
}
