//! `statement`: totals of what is earned.

use feebook_core::run::Scope;
use feebook_core::statement::{Totals, statement};
use feebook_schedule::iso::written;
use rust_decimal::Decimal;
use rust_decimal::RoundingStrategy::MidpointNearestEven;

use super::lines::tell_waiting;
use super::open_to_answer;
use crate::args::{Global, GroupBy, Statement};
use crate::exit::{DONE, Outcome};
use crate::output::{Cell, Output};
use crate::progress::Bar;

pub(crate) fn run(global: &Global, output: &Output, args: &Statement) -> Outcome<u8> {
    let scope = Scope { as_of: args.as_of, ..args.scope.scope() };
    let (ledger, terms) = open_to_answer(global, scope.program.as_deref())?;
    let mut bar = Bar::new(global, "orders", None);
    let (by, column) = args.by.by();
    let statement = statement(&ledger, &terms, &scope, by, &mut bar)?;
    drop(bar);
    let traffic = matches!(args.by, GroupBy::Placement);
    let columns = ["program", column];
    let more = if traffic { &TRAFFIC[..] } else { &[] };
    let mut sheet = output.sheet(&[&columns[..], &TOTALS, more].concat())?;
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
        sheet.row(cells)?;
    }
    sheet.finish()?;
    tell_waiting(statement.waiting, scope.as_of);
    Ok(DONE)
}

/// The columns of every statement, after the group.
const TOTALS: [&str; 9] =
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
