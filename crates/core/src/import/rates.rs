//! Files of rates of exchange: ours, the ECB's (the wide table of all days and the long one of its data
//! portal) and Norges Bank's, recognised by their headers.
//!
//! Owns which column is what, and the units: Norges Bank quotes some currencies per hundred. Refuses a
//! rate that is not written as one; a day without a rate (`N/A`, empty) is no rate and no mistake.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::iso::Currency;
use sha2::{Digest, Sha256};

use super::number::{Fault, Notation};
use super::table::{self, Tell, Texts};
use super::{codes, refused, refused_file};
use crate::error::{self, Error, Result};
use crate::exchange::PublishedRate;
use crate::ledger::{Ledger, NewRates, RateTotals};

/// The shape of a file of rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Ours: `date, base, quote, rate, source`.
    Feebook,
    /// The ECB's `eurofxref-hist.csv`: a column per currency.
    EcbTable,
    /// The ECB's data portal: a row per currency and day.
    EcbPortal,
    /// Norges Bank: a row per currency and day, separated by semicolons.
    NorgesBank,
}

impl Shape {
    /// All of them, in the order in which a header is held against them.
    pub const ALL: [Self; 4] = [Self::Feebook, Self::EcbPortal, Self::NorgesBank, Self::EcbTable];

    /// Returns the name, for `--as` and in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feebook => "feebook",
            Self::EcbTable => "ecb",
            Self::EcbPortal => "ecb-portal",
            Self::NorgesBank => "norges-bank",
        }
    }

    /// The columns that a header must have.
    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Feebook => &["date", "base", "quote", "rate", "source"],
            Self::EcbTable => &["Date"],
            Self::EcbPortal => &["CURRENCY", "CURRENCY_DENOM", "TIME_PERIOD", "OBS_VALUE"],
            Self::NorgesBank => &["BASE_CUR", "QUOTE_CUR", "UNIT_MULT", "TIME_PERIOD", "OBS_VALUE"],
        }
    }

    /// Finds a shape by its name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|shape| shape.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            let message = format!("there is no format of rates called `{name}`");
            Error::new(&error::NO_FORMAT, message).hint(format!("there are {names}"))
        })
    }
}

/// What became of a file of rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatesTaken {
    /// The shape it was read in; none where the same bytes were imported before.
    pub shape: Option<Shape>,
    /// What it came to, now or then.
    pub totals: RateTotals,
    /// Codes that are no currencies of today, whose rates are left out.
    pub left_out: BTreeSet<String>,
}

/// Reads a file of rates into the ledger, in one transaction.
///
/// # Errors
///
/// When the file cannot be read or is of no shape; then nothing is kept.
pub fn take_in(
    path: &Path,
    shape: Option<Shape>,
    ledger: &mut Ledger,
    now: i64,
    tell: &mut Tell<'_>,
) -> Result<RatesTaken> {
    let shown = path.display().to_string();
    let bytes = fs::read(path).map_err(|e| Error::file(path, "read", e))?;
    let file_digest: [u8; 32] = Sha256::digest(&bytes).into();
    if let Some(totals) = ledger.rates_imported(&file_digest)? {
        return Ok(RatesTaken { shape: None, totals, left_out: BTreeSet::new() });
    }
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first).into_owned();
    let first = first.trim_start_matches('\u{feff}');
    let delimiter = if first.contains(';') { b';' } else { b',' };
    let names: Vec<String> = first
        .split(char::from(delimiter))
        .map(|name| name.trim().trim_matches('"').to_owned())
        .collect();
    let shape = shape.or_else(|| recognised(&names)).ok_or_else(|| unknown(&shown, &bytes))?;
    let mut reading = Reading { shape, rates: Vec::new(), left_out: BTreeSet::new() };
    let slots: Vec<String> = match shape {
        Shape::EcbTable => names.into_iter().filter(|name| !name.is_empty()).collect(),
        _ => shape.columns().iter().map(|column| (*column).to_owned()).collect(),
    };
    if shape == Shape::EcbTable {
        reading.note_columns(&slots);
    }
    let layout = table::layout(delimiter, shape.columns());
    let summary = table::read(path, &slots, &layout, tell, &mut |row| reading.row(row, &slots))?;
    let new = NewRates {
        file: &shown,
        file_digest,
        format: shape.name(),
        imported_at: now,
        rejected: summary.rejected,
    };
    let totals = ledger.add_rates(&new, &reading.rates)?;
    Ok(RatesTaken { shape: Some(shape), totals, left_out: reading.left_out })
}

/// The shape whose columns a header has; a table of the ECB's has currencies for columns.
fn recognised(names: &[String]) -> Option<Shape> {
    let has = |column: &&str| names.iter().any(|name| name == column);
    Shape::ALL.into_iter().find(|shape| {
        let currencies = names.iter().filter(|name| Currency::parse(name).is_some()).count();
        shape.columns().iter().all(has) && (*shape != Shape::EcbTable || currencies > 0)
    })
}

fn unknown(shown: &str, bytes: &[u8]) -> Error {
    if bytes.is_empty() {
        return refused(Diagnostic::whole(&codes::EMPTY_REPORT, shown, "the file is empty"));
    }
    let message = "the header is that of no known file of exchange rates";
    let hint = "known are ours (date,base,quote,rate,source), the ECB's and Norges Bank's CSV";
    refused_file(shown, Diagnostic::whole(&codes::NO_FORMAT, shown, message).hint(hint))
}

/// A file of rates while it is being read.
struct Reading {
    shape: Shape,
    rates: Vec<PublishedRate>,
    left_out: BTreeSet<String>,
}

impl Reading {
    /// Notes the columns of a wide table that are no currencies of today.
    fn note_columns(&mut self, slots: &[String]) {
        let other = slots.iter().filter(|name| *name != "Date" && Currency::parse(name).is_none());
        self.left_out.extend(other.cloned());
    }

    fn row(&mut self, row: &mut Texts<'_>, slots: &[String]) {
        match self.shape {
            Shape::Feebook => self.ours(row),
            Shape::EcbTable => self.wide(row, slots),
            Shape::EcbPortal => self.ecb(row),
            Shape::NorgesBank => self.norges_bank(row),
        }
    }

    fn ours(&mut self, row: &mut Texts<'_>) {
        for slot in 0..5 {
            row.needed(slot);
        }
        let (on, base, quote) = (row.day(0), row.currency(1), row.currency(2));
        let rate = rate(row, 3, 9);
        if let (Some(base), Some(quote)) = (base, quote)
            && base == quote
        {
            row.unexpected(&codes::BAD_EXCHANGE_RATE, 2, quote.code(), "another than `base`");
        }
        let source = row.text(4).unwrap_or_default().to_owned();
        if let (Some(on), Some(base), Some(quote), Some(rate), true) =
            (on, base, quote, rate, row.is_good())
        {
            self.rates.push(PublishedRate { base, quote, on, rate, source });
        }
    }

    /// A day of the wide table: one euro in each currency.
    fn wide(&mut self, row: &mut Texts<'_>, slots: &[String]) {
        let Some(euro) = Currency::parse("EUR") else { return };
        let Some(date) = slots.iter().position(|name| name == "Date") else { return };
        row.needed(date);
        let Some(on) = row.day(date) else { return };
        let from = self.rates.len();
        for (slot, name) in slots.iter().enumerate() {
            let Some(quote) = Currency::parse(name).filter(|quote| *quote != euro) else {
                continue;
            };
            if row.text(slot).is_none_or(|text| text == "N/A") {
                continue;
            }
            if let Some(rate) = rate(row, slot, 9) {
                let source = "ECB".to_owned();
                self.rates.push(PublishedRate { base: euro, quote, on, rate, source });
            }
        }
        if !row.is_good() {
            self.rates.truncate(from);
        }
    }

    /// `CURRENCY` per `CURRENCY_DENOM`.
    fn ecb(&mut self, row: &mut Texts<'_>) {
        self.long(row, "ECB", [1, 0], (2, 3), None);
    }

    /// Ten to the `UNIT_MULT` units of `BASE_CUR` in `QUOTE_CUR`.
    fn norges_bank(&mut self, row: &mut Texts<'_>) {
        self.long(row, "Norges Bank", [0, 1], (3, 4), Some(2));
    }

    fn long(
        &mut self,
        row: &mut Texts<'_>,
        source: &str,
        pair: [usize; 2],
        (date, value): (usize, usize),
        multiplier: Option<usize>,
    ) {
        if row.text(value).is_none_or(|text| matches!(text, "NaN" | "N/A")) {
            return;
        }
        for slot in pair.into_iter().chain([date]) {
            row.needed(slot);
        }
        let [base, quote] = pair.map(|slot| row.text(slot).unwrap_or_default());
        // Special drawing rights and trade-weighted indices stand among the currencies.
        let (Some(base), Some(quote)) = (Currency::parse(base), Currency::parse(quote)) else {
            let other = [base, quote].into_iter().filter(|code| Currency::parse(code).is_none());
            self.left_out.extend(other.filter(|code| !code.is_empty()).map(str::to_owned));
            return;
        };
        let on = row.day(date);
        let places = match multiplier.and_then(|slot| Some((slot, row.text(slot)?))) {
            None => Some(9),
            Some((slot, text)) => {
                let places = text.parse::<u32>().ok().and_then(|power| 9_u32.checked_sub(power));
                if places.is_none() {
                    row.unexpected(&codes::BAD_EXCHANGE_RATE, slot, text, "a power of ten, 0 to 9");
                }
                places
            }
        };
        let rate = places.and_then(|places| rate(row, value, places));
        if let (Some(on), Some(rate), true) = (on, rate, row.is_good()) {
            let source = source.to_owned();
            self.rates.push(PublishedRate { base, quote, on, rate, source });
        }
    }
}

/// Reads a rate into billionths, given how many places of it those are; with a point or a comma.
fn rate(row: &mut Texts<'_>, slot: usize, places: u32) -> Option<i64> {
    let text = row.text(slot)?;
    let decimal_mark = if text.contains(',') { ',' } else { '.' };
    let notation = Notation { decimal_mark, ..Notation::default() };
    let expected = match notation.amount(text, places) {
        Ok(rate) if rate > 0 => return Some(rate),
        Ok(_) => "a rate above zero".to_owned(),
        Err(Fault::TooPrecise) => format!("at most {places} decimals"),
        Err(Fault::TooGreat) => "a smaller rate".to_owned(),
        Err(Fault::Malformed) => "a rate such as 11.7045".to_owned(),
    };
    row.unexpected(&codes::BAD_EXCHANGE_RATE, slot, text, &expected);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::written;

    /// Takes a file in and returns its shape, its rates, what was left out and what was rejected.
    fn taken(text: &str) -> (Shape, Vec<String>, Vec<String>, Vec<String>) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        let mut ledger = Ledger::in_memory().unwrap();
        let mut told = Vec::new();
        let mut tell = |problem: Diagnostic| {
            let (place, id) = (problem.place, problem.code.id);
            told.push(format!("{}:{} {id} {}", place.line, place.column, problem.message));
        };
        let taken = take_in(file.path(), None, &mut ledger, 0, &mut tell).unwrap();
        let spans = ledger.rate_spans().unwrap();
        let span = |span: &crate::ledger::RateSpan| {
            let (base, quote, source) = (span.base, span.quote, &span.source);
            let (first, last, rate) = (span.first, span.last, written(span.latest));
            format!("{base}/{quote} {first}..{last} {rate} {source}")
        };
        let left_out = taken.left_out.into_iter().collect();
        (taken.shape.unwrap(), spans.iter().map(span).collect(), left_out, told)
    }

    #[test]
    fn the_ecbs_table_has_a_column_per_currency() {
        let (shape, rates, left_out, told) = taken(
            "Date,USD,JPY,CYP,\n2024-05-07,1.0763,166.61,N/A,\n2024-05-06,1.0776,165.9,N/A,\n\
             2024-05-03,N/A,164.8,0.58,\n",
        );
        assert_eq!(shape, Shape::EcbTable);
        assert_eq!(
            rates,
            [
                "EUR/JPY 2024-05-03..2024-05-07 166.61 ECB",
                "EUR/USD 2024-05-06..2024-05-07 1.0763 ECB"
            ]
        );
        assert_eq!((left_out, told), (vec!["CYP".to_owned()], vec![]));
    }

    #[test]
    fn the_ecbs_portal_has_a_row_per_currency_and_day() {
        let (shape, rates, ..) = taken(
            "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n\
             EXR.D.NOK.EUR.SP00.A,D,NOK,EUR,SP00,A,2024-05-07,11.6985,A\n\
             EXR.D.NOK.EUR.SP00.A,D,NOK,EUR,SP00,A,2024-05-09,,H\n",
        );
        assert_eq!(shape, Shape::EcbPortal);
        assert_eq!(rates, ["EUR/NOK 2024-05-07..2024-05-07 11.6985 ECB"]);
    }

    #[test]
    fn norges_bank_quotes_some_currencies_per_hundred() {
        let head = "FREQ;Frequency;BASE_CUR;Base Currency;QUOTE_CUR;Quote Currency;TENOR;Tenor;\
                    DECIMALS;CALCULATED;UNIT_MULT;Unit Multiplier;COLLECTION;Collection Indicator;\
                    TIME_PERIOD;OBS_VALUE\n";
        let row = |base: &str, power: &str, value: &str| {
            format!(
                "B;Business;{base};x;NOK;Norwegian krone;SP;Spot;4;false;{power};x;C;x;2024-05-07;\
                 {value}\n"
            )
        };
        let usd = row("USD", "0", "10,8699");
        let (sek, twi) = (row("SEK", "2", "100.26"), row("TWI", "0", "119.1"));
        let bad = row("DKK", "2", "156.x");
        let (shape, rates, left_out, told) = taken(&format!("{head}{usd}{sek}{twi}{bad}"));
        assert_eq!(shape, Shape::NorgesBank);
        assert_eq!(
            rates,
            [
                "SEK/NOK 2024-05-07..2024-05-07 1.0026 Norges Bank",
                "USD/NOK 2024-05-07..2024-05-07 10.8699 Norges Bank"
            ]
        );
        assert_eq!(left_out, ["TWI"]);
        assert_eq!(told, ["5:73 R035 `OBS_VALUE` is \"156.x\", expected a rate such as 11.7045"]);
    }

    #[test]
    fn a_bad_row_of_ours_is_told_with_its_place_and_the_others_are_kept() {
        let (shape, rates, _, told) = taken(
            "date,base,quote,rate,source\n2024-05-07,USD,NOK,10.9,bank\n2024-05-07,USD,USD,1,bank\n\
             7.5.2024,USD,NOK,0,\n2024-05-07,USD,NOK,0.0000000001,bank\n",
        );
        assert_eq!(shape, Shape::Feebook);
        assert_eq!(rates, ["USD/NOK 2024-05-07..2024-05-07 10.9 bank"]);
        assert_eq!(
            told,
            [
                "3:16 R035 `quote` is \"USD\", expected another than `base`",
                "4:1 R016 `date` is \"7.5.2024\", expected a day such as 2024-05-07",
                "4:18 R035 `rate` is \"0\", expected a rate above zero",
                "4:20 R036 `source` is empty",
                "5:20 R035 `rate` is \"0.0000000001\", expected at most 9 decimals",
            ]
        );
    }
}
