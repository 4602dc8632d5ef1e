//! `statement`: totals of what is earned.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use feebook_core::error::{self, Error};
use feebook_core::run::Scope;
use feebook_core::statement::{By, Statement as Totalled, Totals, statement};
use feebook_schedule::iso::written;
use feebook_schedule::zone::Month;
use rust_decimal::Decimal;
use rust_decimal::RoundingStrategy::MidpointNearestEven;

use super::lines::tell_waiting;
use super::open_to_answer;
use crate::args::{Form, Global, GroupBy, Statement};
use crate::chart;
use crate::exit::{DONE, Outcome, Stop, say};
use crate::output::{Cell, Output};
use crate::progress::Bar;

pub(crate) fn run(global: &Global, output: &Output, args: &Statement) -> Outcome<u8> {
    let scope = Scope { as_of: args.as_of, ..args.scope.scope() };
    let (ledger, terms) = open_to_answer(global, scope.program.as_deref())?;
    let mut bar = Bar::new(global, "orders", None);
    let (by, column) = args.by.by();
    let statement = statement(&ledger, &terms, &scope, by, &mut bar)?;
    if let Some(path) = &args.chart {
        let by_month = match by {
            By::Month => &statement,
            _ => &feebook_core::statement::statement(&ledger, &terms, &scope, By::Month, &mut bar)?,
        };
        draw(output, path, by_month)?;
    }
    drop(bar);
    let traffic = matches!(args.by, GroupBy::Placement);
    let columns = ["program", column];
    let more = if traffic { &TRAFFIC[..] } else { &[] };
    // A picture of blocks is for eyes: scripts have the figures. One block shows nothing.
    let trend = matches!(output.form, Form::Text).then(|| span(&statement, by));
    let trend = trend.filter(|(first, last)| first < last);
    let last = if trend.is_some() { &["trend"][..] } else { &[] };
    let mut sheet = output.sheet(&[&columns[..], &TOTALS, more, last].concat())?;
    for (key, totals, decimals) in &statement.groups {
        let mut cells = vec![
            Cell::Text(key.program.clone()),
            Cell::text(Some(key.group.clone()).filter(|group| !group.is_empty())),
            Cell::text(Some(key.currency.clone()).filter(|currency| !currency.is_empty())),
        ];
        cells.extend(amounts(totals, *decimals));
        if traffic {
            cells.extend(traffic_cells(totals, *decimals));
        }
        if let Some((first, last)) = trend {
            cells.push(Cell::Text(sparkline(&totals.trend, first, last)));
        }
        sheet.row(cells)?;
    }
    sheet.finish()?;
    tell_waiting(statement.waiting, scope.as_of);
    Ok(DONE)
}

/// The columns of every statement, after the group.
pub(super) const TOTALS: [&str; 9] =
    ["currency", "lines", "unknown", "pending", "approved", "settled", "held", "paid", "open"];

/// The columns of a statement by placement: what became of the clicks. `conversion` is orders whose
/// click is known per click, `epc` what those earn per click, the lags run from click to order.
const TRAFFIC: [&str; 6] = ["clicks", "orders", "conversion", "epc", "median_lag", "longest_lag"];

fn amounts(totals: &Totals, decimals: u32) -> Vec<Cell> {
    let money = |minor: i64| Cell::Figure(written(minor, decimals));
    vec![
        Cell::Count(totals.lines),
        Cell::Count(totals.unknown),
        money(totals.pending),
        money(totals.approved),
        money(totals.settled),
        money(totals.held),
        money(totals.paid),
        money(totals.open()),
    ]
}

/// The most blocks of a sparkline.
const BLOCKS: i32 = 24;

/// The first and last moment of all trends: the five weeks of a month, or at most [`BLOCKS`] months.
fn span(statement: &Totalled, by: By) -> (i32, i32) {
    if by == By::Month {
        return (0, 4);
    }
    let moments = || statement.groups.iter().flat_map(|(_, totals, _)| totals.trend.keys());
    let (first, last) = (moments().min().copied(), moments().max().copied());
    let last = last.unwrap_or_default();
    (first.unwrap_or_default().max(last - BLOCKS + 1), last)
}

/// A group's trend as blocks, from nothing to its own greatest amount.
fn sparkline(trend: &BTreeMap<i32, i64>, first: i32, last: i32) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let amounts: Vec<i64> =
        (first..=last).map(|moment| trend.get(&moment).copied().unwrap_or_default()).collect();
    let greatest = amounts.iter().copied().max().unwrap_or_default();
    let block = |amount: i64| {
        let level = i128::from(amount) * 7 / i128::from(greatest.max(1));
        usize::try_from(level)
            .ok()
            .and_then(|level| LEVELS.get(level))
            .copied()
            .unwrap_or(LEVELS[0])
    };
    amounts.into_iter().map(block).collect()
}

/// Draws a statement by month.
fn draw(output: &Output, path: &Path, statement: &Totalled) -> Outcome<()> {
    let rows = chart_rows(statement);
    if rows.is_empty() {
        let message = "nothing is earned in any month, so there is nothing to draw";
        return Err(Stop::Failed(Error::new(&error::NO_ORDERS, message)));
    }
    let mut programs: Vec<&str> =
        statement.groups.iter().map(|(key, ..)| key.program.as_str()).collect();
    programs.dedup();
    let title = programs.join(", ");
    let png = path.extension().is_some_and(|ending| ending == "png");
    let picture = if png { chart::png(&title, &rows)? } else { chart::svg(&title, &rows)? };
    let written = output.create(path)?.write_all(&picture);
    written.map_err(|e| Error::file(path, "write", e))?;
    say(&format!("{} shows the months", path.display()));
    Ok(())
}

/// The months of each currency, programs together; months without anything between them as well.
fn chart_rows(statement: &Totalled) -> Vec<chart::Row> {
    let mut rows: BTreeMap<&str, (u32, BTreeMap<i32, chart::Month>)> = BTreeMap::new();
    for (key, totals, decimals) in &statement.groups {
        let Some(month) = Month::parse(&key.group).filter(|_| !key.currency.is_empty()) else {
            continue;
        };
        let (_, months) = rows.entry(&key.currency).or_insert((*decimals, BTreeMap::new()));
        let sums = months.entry(month.index()).or_default();
        sums.paid += totals.paid;
        sums.open += totals.open().max(0);
        sums.pending += totals.pending;
        sums.held += totals.held;
        sums.expected += totals.compared.expected;
        sums.reported += totals.compared.reported;
    }
    let drawn = |(currency, (decimals, mut months)): (&str, (u32, BTreeMap<i32, chart::Month>))| {
        let (first, last) = (months.keys().next().copied(), months.keys().last().copied());
        let all = first.zip(last).map_or(0..0, |(first, last)| first..last + 1);
        let month = |index| chart::Month {
            name: Month::from_index(index).to_string(),
            ..months.remove(&index).unwrap_or_default()
        };
        chart::Row { currency: currency.to_owned(), decimals, months: all.map(month).collect() }
    };
    rows.into_iter().map(drawn).collect()
}

fn traffic_cells(totals: &Totals, decimals: u32) -> Vec<Cell> {
    let traffic = &totals.traffic;
    let lag = |seconds: Option<i64>| Cell::figure(seconds.map(hours));
    let conversion = per_click(i128::from(traffic.led()) * 100, traffic.clicks, 0, 2);
    let epc = per_click(i128::from(traffic.earned), traffic.clicks, decimals, decimals + 2);
    vec![
        Cell::Count(traffic.clicks),
        Cell::Count(traffic.orders),
        Cell::figure(conversion.map(|percent| format!("{percent}%"))),
        Cell::figure(epc.map(|amount| amount.to_string())),
        lag(traffic.median_lag()),
        lag(traffic.longest_lag()),
    ]
}

/// A quotient for people, rounded half to even to some places; none where there are no clicks. Not
/// an amount that anything is computed from.
fn per_click(amount: i128, clicks: u64, decimals: u32, places: u32) -> Option<Decimal> {
    let amount = Decimal::try_from_i128_with_scale(amount, decimals).ok()?;
    let quotient = amount.checked_div(Decimal::from(clicks))?;
    let mut quotient = quotient.round_dp_with_strategy(places, MidpointNearestEven);
    quotient.rescale(places);
    Some(quotient)
}

/// Seconds as hours, minutes and seconds: `26:10:05`.
fn hours(seconds: i64) -> String {
    let (minutes, rest) = (seconds / 60, seconds % 60);
    format!("{}:{:02}:{rest:02}", minutes / 60, minutes % 60)
}
