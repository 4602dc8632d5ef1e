//! The columns of an exported line, and their values as they are: each form writes them as its
//! readers expect them.
//!
//! Owns which fact or result stands in which column. Refuses forms.

use chrono::{DateTime, NaiveDate, SecondsFormat};
use feebook_core::lines::{Found, LineRow};
use feebook_kernel::{Minor, Ppm};
use feebook_schedule::iso::{percent, written};
use feebook_schedule::zone::Month;

use crate::output::Cell;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Words, and numbers of the network's.
    Text,
    /// An amount in major units.
    Money,
    /// A share of one.
    Rate,
    /// A count.
    Count,
    /// A civil day in the program's zone.
    Day,
    /// An instant.
    Instant,
}

/// A value; none where nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Of [`Kind::Text`].
    Text(Option<String>),
    /// Of [`Kind::Money`]: minor units, and how many decimals they have.
    Money(Option<i64>, u32),
    /// Of [`Kind::Rate`].
    Rate(Option<Ppm>),
    /// Of [`Kind::Count`].
    Count(u32),
    /// Of [`Kind::Day`].
    Day(Option<NaiveDate>),
    /// Of [`Kind::Instant`]: seconds since 1970-01-01T00:00:00Z.
    Instant(Option<i64>),
}

impl Value {
    /// The value for CSV and JSON: times in UTC, money and rates as in `lines`.
    pub(super) fn into_cell(self) -> Cell {
        match self {
            Self::Text(text) => Cell::text(text),
            Self::Money(minor, decimals) => {
                Cell::figure(minor.map(|minor| written(minor, decimals)))
            }
            Self::Rate(rate) => Cell::figure(rate.map(percent)),
            Self::Count(count) => Cell::Count(count.into()),
            Self::Day(day) => Cell::figure(day.map(|day| day.to_string())),
            Self::Instant(at) => Cell::figure(at.and_then(|at| {
                let instant = DateTime::from_timestamp(at, 0)?;
                Some(instant.to_rfc3339_opts(SecondsFormat::Secs, true))
            })),
        }
    }
}

/// The columns: those of `lines` first, then what was reported and when, then what was bought.
pub(super) const COLUMNS: [(&str, Kind); 49] = [
    ("program", Kind::Text),
    ("order_no", Kind::Text),
    ("line_no", Kind::Text),
    ("day", Kind::Day),
    ("month", Kind::Text),
    ("schedule", Kind::Text),
    ("status", Kind::Text),
    ("status_word", Kind::Text),
    ("verdict", Kind::Text),
    ("reason", Kind::Text),
    ("clause", Kind::Text),
    ("earned_currency", Kind::Text),
    ("basis", Kind::Money),
    ("rate", Kind::Rate),
    ("commission", Kind::Money),
    ("incentive", Kind::Money),
    ("bonus", Kind::Money),
    ("withheld", Kind::Money),
    ("total", Kind::Money),
    ("paid", Kind::Money),
    ("amount_currency", Kind::Text),
    ("reported_rate", Kind::Rate),
    ("reported_commission", Kind::Money),
    ("reported_incentive", Kind::Money),
    ("reported_bonus", Kind::Money),
    ("clicked_at", Kind::Instant),
    ("ordered_at", Kind::Instant),
    ("paid_at", Kind::Instant),
    ("finished_at", Kind::Instant),
    ("settled_at", Kind::Instant),
    ("updated_at", Kind::Instant),
    ("placement", Kind::Text),
    ("sub_id", Kind::Text),
    ("click_country", Kind::Text),
    ("category", Kind::Text),
    ("category_name", Kind::Text),
    ("product", Kind::Text),
    ("store", Kind::Text),
    ("host", Kind::Text),
    ("seller_country", Kind::Text),
    ("ship_to", Kind::Text),
    ("new_buyer", Kind::Text),
    ("currency", Kind::Text),
    ("quantity", Kind::Count),
    ("product_price", Kind::Money),
    ("paid_amount", Kind::Money),
    ("final_amount", Kind::Money),
    ("refunded", Kind::Money),
    ("service_fee", Kind::Money),
];

/// The values of a line, one per column.
pub(super) fn values(line: &LineRow<'_>) -> Vec<Value> {
    let mut values = earned(line);
    values.extend(reported(line));
    values.extend(bought(line));
    values
}

/// What it earns, and by which terms.
fn earned(line: &LineRow<'_>) -> Vec<Value> {
    let (fact, found) = (line.fact(), line.found.as_ref());
    let decimals = found.map_or(2, Found::decimals);
    let amounts = found.and_then(Found::amounts);
    let money = |minor: Option<i64>| Value::Money(minor, decimals);
    let text = |text: Option<&str>| Value::Text(text.map(str::to_owned));
    vec![
        text(Some(line.program)),
        text(Some(&fact.order_no.to_string())),
        text(Some(&fact.line_no.to_string())),
        Value::Day(line.day),
        text(line.day.map(|day| Month::of(day).to_string()).as_deref()),
        text(found.and_then(Found::schedule)),
        text(Some(fact.state.word())),
        text(line.text(fact.status_word)),
        text(found.map(|found| found.outcome.verdict.word())),
        text(found.map(|found| found.outcome.reason.word())),
        text(found.and_then(Found::clause)),
        text(
            found.and_then(|found| found.currency).map(|currency| currency.to_string()).as_deref(),
        ),
        money(found.and_then(Found::basis)),
        Value::Rate(found.and_then(Found::rate)),
        money(amounts.map(|amounts| amounts.commission)),
        money(amounts.map(|amounts| amounts.incentive)),
        money(amounts.map(|amounts| amounts.bonus)),
        money(amounts.map(|amounts| amounts.withheld)),
        money(amounts.map(|amounts| amounts.total())),
        money(found.and_then(|found| found.currency).map(|currency| line.paid_in(currency))),
    ]
}

/// What the network reported of it, and when what happened.
fn reported(line: &LineRow<'_>) -> Vec<Value> {
    let (fact, currency) = (line.fact(), line.amount_currency());
    let decimals = currency.map_or(2, |currency| currency.decimals());
    let mut values = vec![
        Value::Text(currency.map(|currency| currency.to_string())),
        Value::Rate(fact.reported_rate),
        Value::Money(fact.reported_commission, decimals),
        Value::Money(fact.reported_incentive, decimals),
        Value::Money(fact.reported_bonus, decimals),
    ];
    let instants = [
        line.clicked_at(),
        fact.ordered_at,
        fact.paid_at,
        fact.finished_at,
        fact.settled_at,
        fact.updated_at,
    ];
    values.extend(instants.map(Value::Instant));
    values
}

/// What was bought, where, by whom.
fn bought(line: &LineRow<'_>) -> Vec<Value> {
    let fact = line.fact();
    let decimals = line.amount_currency().map_or(2, |currency| currency.decimals());
    let text = |text: Option<&str>| Value::Text(text.map(str::to_owned));
    let money = |amount: Option<Minor>| Value::Money(amount.map(Minor::get), decimals);
    vec![
        text(line.placement()),
        text(fact.sub_id.as_deref()),
        text(line.text(fact.click_country)),
        text(line.text(fact.category)),
        text(line.found.as_ref().and_then(Found::category_name)),
        Value::Text(fact.product.as_ref().map(ToString::to_string)),
        text(line.text(fact.store)),
        text(line.text(fact.host)),
        text(line.text(fact.seller_country)),
        text(line.text(fact.ship_to)),
        text(fact.new_buyer.map(|new| if new { "Y" } else { "N" })),
        text(line.text(fact.currency)),
        Value::Count(fact.quantity),
        money(fact.product_price),
        money(fact.paid_amount),
        money(fact.final_amount),
        money(fact.refunded),
        money(fact.service_fee),
    ]
}
