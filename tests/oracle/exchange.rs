//! Rates of exchange by rule 16: what is published, and a row's amounts in the policy's currency.
//!
//! Owns a table of rates with gaps, the search for one, and the conversion of each amount. The other side
//! gets the table as a file.

use std::fmt::Write as _;

use chrono::{Datelike as _, Days, NaiveDate};
use rust_decimal::Decimal;

use super::judge::round;
use super::line::{Line, decimal};
use super::terms::{Version, text};

/// One unit of `base` is so much of `quote`.
struct Published {
    on: NaiveDate,
    base: &'static str,
    quote: &'static str,
    rate: Decimal,
    source: &'static str,
}

/// The days with rates, four a month: from the 22nd to the 1st are more than seven days where the month has 30.
const DAYS: [u32; 4] = [1, 8, 15, 22];

/// All rates of a day: the ECB's in euros, and on the 15th a bank's of dollars in kroner, which are nearer.
fn published(on: NaiveDate) -> Vec<Published> {
    if !DAYS.contains(&on.day()) {
        return Vec::new();
    }
    let rate = |base, quote, ten_thousandths: u32, source| {
        let rate = Decimal::new(i64::from(ten_thousandths), 4);
        Published { on, base, quote, rate, source }
    };
    let step = on.ordinal() % 97;
    let mut all = vec![
        rate("EUR", "USD", 10_400 + step * 13, "ECB"),
        rate("EUR", "NOK", 98_765 + step * 211, "ECB"),
        rate("EUR", "JPY", 1_301_234 + step * 1_003, "ECB"),
        rate("EUR", "RUB", 912_345 + step * 707, "ECB"),
    ];
    if on.day() == 15 {
        all.push(rate("NOK", "USD", 900 + step * 3, "Norges Bank"));
    }
    all
}

/// The table as a file for `fx import`.
pub(crate) fn to_csv() -> String {
    let mut text = "date,base,quote,rate,source\n".to_owned();
    let first = NaiveDate::from_ymd_opt(2012, 1, 1).expect("a day");
    for on in first.iter_days().take_while(|on| on.year() < 2028) {
        for Published { on, base, quote, rate, source } in published(on) {
            writeln!(text, "{on},{base},{quote},{rate},{source}").expect("a text grows");
        }
    }
    text
}

/// Lets some rows that are in the policy's currency report their amounts in another: every sixth or so.
pub(crate) fn foreign(lines: &mut [Line], own: &str) {
    for line in lines {
        let number: usize =
            line.order_no.bytes().chain(line.line_no.bytes()).map(usize::from).sum();
        // A cent is a rouble or so: of a unit price little is left.
        let others = ["NOK", "EUR", "RUB"];
        if number.is_multiple_of(6) && (line.currency.is_empty() || line.currency == own) {
            others[number / 6 % 3].clone_into(&mut line.amount_currency);
        }
    }
}

/// The rate between two currencies as a fraction: of the day, else of the last of the seven days before.
fn between(from: &str, to: &str, on: NaiveDate) -> Option<(Decimal, Decimal)> {
    let day = |back| on.checked_sub_days(Days::new(back)).expect("a day");
    (0..=7).find_map(|back| {
        let all = published(day(back));
        let find = |base: &str, quote: &str| {
            let mut of_pair = all.iter().filter(|rate| (rate.base, rate.quote) == (base, quote));
            of_pair.next().map(|rate| rate.rate)
        };
        let direct = find(from, to).map(|rate| (rate, Decimal::ONE));
        let inverse = || find(to, from).map(|rate| (Decimal::ONE, rate));
        let cross = || Some((find("EUR", to)?, find("EUR", from)?));
        direct.or_else(inverse).or_else(cross)
    })
}

/// Tells whether a row's amounts are in another currency than the policy's.
pub(crate) fn is_foreign(version: &Version, line: &Line) -> bool {
    let own = [&line.amount_currency, &line.currency].into_iter().find(|cell| !cell.is_empty());
    own.is_some_and(|own| own != text(version.policy(), "currency"))
}

/// A row with its amounts in the policy's currency.
pub(crate) struct Converted {
    pub(crate) line: Line,
    /// The price of all units, exchanged as one amount; none where nothing was exchanged.
    pub(crate) all_units: Option<Decimal>,
}

/// Returns the row with its amounts in the policy's currency, each exchanged once; as it is where they are,
/// or where no rate is known. Of the days that a policy may name only the governing one is known here.
pub(crate) fn converted(version: &Version, line: &Line, governing_day: NaiveDate) -> Converted {
    let mut line = line.clone();
    let all_units = convert(version, &mut line, governing_day);
    Converted { line, all_units }
}

fn convert(version: &Version, line: &mut Line, governing_day: NaiveDate) -> Option<Decimal> {
    let fx_on = version.policy().get("fx_on").and_then(toml::Value::as_str);
    if !is_foreign(version, line) || fx_on != Some("governing") {
        return None;
    }
    let to = text(version.policy(), "currency");
    let from = if line.amount_currency.is_empty() { &line.currency } else { &line.amount_currency };
    let (times, per) = between(from, to, governing_day)?;
    let units = decimal(&line.quantity).unwrap_or(Decimal::ONE);
    let all_units = decimal(&line.product_price).map(|price| price * units);
    let cells = [
        &mut line.product_price,
        &mut line.paid_amount,
        &mut line.final_amount,
        &mut line.refunded,
        &mut line.service_fee,
    ];
    for cell in cells {
        if let Some(amount) = decimal(cell) {
            *cell = round(amount * times / per, version).to_string();
        }
    }
    to.clone_into(&mut line.amount_currency);
    all_units.map(|amount| round(amount * times / per, version))
}

/// How many decimals a row's amounts have.
pub(crate) fn decimals(version: &Version, line: &Line) -> u32 {
    let own = [&line.amount_currency, &line.currency].into_iter().find(|cell| !cell.is_empty());
    match own.map(String::as_str) {
        Some("JPY") => 0,
        Some("NOK" | "EUR" | "RUB" | "USD") => 2,
        _ => version.decimals(),
    }
}
