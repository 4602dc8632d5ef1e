//! `lines`: one row per imported order line.

use chrono::NaiveDate;
use feebook_core::lines::{Found, LineRow, lines};
use feebook_core::run::Scope;
use feebook_schedule::iso::{percent, written};

use super::{counted, open_to_answer, or_stop};
use crate::args::{Global, Lines};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output};
use crate::progress::Bar;

/// The columns that scripts rely on.
const COLUMNS: [&str; 14] = [
    "program",
    "order_no",
    "line_no",
    "schedule",
    "status",
    "verdict",
    "clause",
    "basis",
    "rate",
    "commission",
    "incentive",
    "bonus",
    "withheld",
    "total",
];

pub(crate) fn run(global: &Global, output: &Output, args: &Lines) -> Outcome<u8> {
    let scope = Scope { as_of: args.as_of, ..args.scope.scope() };
    let (ledger, terms) = open_to_answer(global, scope.program.as_deref())?;
    let mut bar = Bar::new(global, "orders", None);
    let mut sheet = output.sheet(&COLUMNS)?;
    let (mut stopped, mut corrected) = (None, 0_u64);
    let listed = lines(&ledger, &terms, &scope, &mut bar, &mut |line| {
        corrected += u64::from(line.is_corrected());
        or_stop(sheet.row(row(line)), &mut stopped)
    });
    drop(bar);
    if let Some(stop) = stopped {
        return Err(stop);
    }
    let waiting = listed?;
    sheet.finish()?;
    if corrected > 0 {
        let (lines, is) = (counted(corrected, "line"), if corrected == 1 { "is" } else { "are" });
        say(&format!(
            "{lines} {is} corrected by rows of their own; `feebook explain ORDER` names them"
        ));
    }
    tell_waiting(waiting, scope.as_of);
    Ok(DONE)
}

/// Says on stderr that a recompute is due, or was on an earlier day.
pub(crate) fn tell_waiting(lines: u64, as_of: Option<NaiveDate>) {
    let counted = counted(lines, "line");
    match as_of {
        _ if lines == 0 => {}
        None if lines == 1 => say(&format!("{counted} waits for `feebook recompute`")),
        None => say(&format!("{counted} wait for `feebook recompute`")),
        Some(day) => say(&format!("{counted} waited for `feebook recompute` on {day}")),
    }
}

fn row(line: &LineRow<'_>) -> Vec<Cell> {
    let found = line.found.as_ref();
    let decimals = found.map_or(2, Found::decimals);
    let money = |minor: Option<i64>| Cell::figure(minor.map(|minor| written(minor, decimals)));
    let amounts = found.and_then(Found::amounts);
    vec![
        Cell::Text(line.program.to_owned()),
        Cell::Text(line.order_no().to_string()),
        Cell::Text(line.line_no().to_string()),
        Cell::text(found.and_then(Found::schedule)),
        Cell::Text(line.status().to_owned()),
        Cell::text(found.map(|found| found.outcome.verdict.word())),
        Cell::text(found.and_then(Found::clause)),
        money(found.and_then(Found::basis)),
        Cell::figure(found.and_then(Found::rate).map(percent)),
        money(amounts.map(|amounts| amounts.commission)),
        money(amounts.map(|amounts| amounts.incentive)),
        money(amounts.map(|amounts| amounts.bonus)),
        money(amounts.map(|amounts| amounts.withheld)),
        money(amounts.map(|amounts| amounts.total())),
    ]
}
