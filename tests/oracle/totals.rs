//! What `feebook statement` must sum up: the lines' totals by state.
//!
//! Owns months, states and sums. Rows without an amount are left out on both sides, since DESIGN does not
//! say which of them are printed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rust_decimal::Decimal;

use super::judge::{Outcome, governing};
use super::line::{Line, decimal};
use super::{Case, Judged};
use crate::support::Ran;

const STATES: [&str; 4] = ["pending", "approved", "settled", "held"];

/// By program and group.
type Totals = BTreeMap<[String; 2], [Decimal; 4]>;

/// Shows where a statement by month or placement differs.
pub(crate) fn differences(by: &str, statement: &Ran, judged: &[Judged<'_>]) -> String {
    let expected = without_zeros(totals(by, judged));
    let got = statement.rows().into_iter().map(|row| {
        let states = STATES.map(|state| decimal(row.get(state)).unwrap_or_default());
        (["program", by].map(|column| row.get(column).to_owned()), states)
    });
    let got = without_zeros(got.collect());
    let mut report = String::new();
    let keys: BTreeSet<_> = expected.keys().chain(got.keys()).collect();
    for key in keys.into_iter().filter(|key| expected.get(*key) != got.get(*key)) {
        let (expected, got) = (expected.get(key), got.get(key));
        writeln!(report, "statement by {by}: {key:?}: expected {expected:?}, got {got:?}")
            .expect("a text grows");
    }
    report
}

fn without_zeros(mut totals: Totals) -> Totals {
    totals.retain(|_, states| states.iter().any(|amount| !amount.is_zero()));
    totals
}

fn totals(by: &str, judged: &[Judged<'_>]) -> Totals {
    let months = if by == "month" { months(judged) } else { BTreeMap::new() };
    let mut totals = Totals::new();
    for (case, line, outcome) in judged {
        let program = &case.program.name;
        let group = match by {
            "month" => {
                months.get(&(program.as_str(), line.order_no.as_str())).cloned().unwrap_or_default()
            }
            _ => placement(case, line),
        };
        let states = totals.entry([program.clone(), group]).or_default();
        if outcome.is_known() {
            states[state(line, outcome)] += outcome.total();
        }
    }
    totals
}

/// Returns the month of each order that has a governing instant; the others earn nothing.
fn months<'j>(judged: &'j [Judged<'_>]) -> BTreeMap<(&'j str, &'j str), String> {
    let mut orders: BTreeMap<(&str, &str), (&Case, Vec<&Line>)> = BTreeMap::new();
    for (case, line, _) in judged {
        let order = (case.program.name.as_str(), line.order_no.as_str());
        orders.entry(order).or_insert((case, Vec::new())).1.push(line);
    }
    let months = orders.into_iter().filter_map(|(order, (case, lines))| {
        let day = case.program.day(governing(&case.program, &lines)?);
        Some((order, day.format("%Y-%m").to_string()))
    });
    months.collect()
}

fn placement(case: &Case, line: &Line) -> String {
    let click = case.beside.click_of(&case.program, line);
    let own = click.map_or("", |click| &click.placement);
    let named = Some(line.placement.trim()).filter(|named| !named.is_empty());
    named.unwrap_or(own).to_owned()
}

fn state(line: &Line, outcome: &Outcome) -> usize {
    match (outcome.verdict, line.status.as_str()) {
        ("held", _) => 3,
        (_, "approved") => 1,
        (_, "settled") => 2,
        _ => 0,
    }
}
