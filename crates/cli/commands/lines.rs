//! `lines`: one row per imported order line.

use feebook_core::error::{Error, FILE};
use feebook_core::lines::{LineRow, lines};
use feebook_schedule::iso::{percent, written};

use super::open_to_answer;
use crate::args::{Global, Scoped};
use crate::exit::{DONE, Outcome, Stop, say};
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

pub(crate) fn run(global: &Global, output: &Output, args: &Scoped) -> Outcome<u8> {
    let scope = args.scope();
    let (ledger, terms) = open_to_answer(global, scope.program.as_deref())?;
    let mut bar = Bar::new(global, "orders", None);
    let mut sheet = output.sheet(&COLUMNS)?;
    let mut stopped = None;
    let listed = lines(&ledger, &terms, &scope, &mut bar, &mut |line| {
        sheet.row(row(line)).map_err(|stop| kept(stop, &mut stopped))
    });
    drop(bar);
    if let Some(stop) = stopped {
        return Err(stop);
    }
    let waiting = listed?;
    sheet.finish()?;
    tell_waiting(waiting);
    Ok(DONE)
}

/// An error that ends the listing; that nobody reads any more, which is none, is kept beside it.
pub(super) fn kept(stop: Stop, stopped: &mut Option<Stop>) -> Error {
    match stop {
        Stop::Failed(error) => error,
        Stop::BrokenPipe => {
            *stopped = Some(Stop::BrokenPipe);
            Error::new(&FILE, "nobody reads the output any more")
        }
    }
}

/// Says on stderr that a recompute is due.
pub(crate) fn tell_waiting(lines: u64) {
    if lines > 0 {
        let waits = if lines == 1 { "1 line waits" } else { &format!("{lines} lines wait") };
        say(&format!("{waits} for `feebook recompute`"));
    }
}

fn row(line: &LineRow<'_>) -> Vec<Cell> {
    let found = line.found.as_ref();
    let decimals = found.map_or(2, feebook_core::lines::Found::decimals);
    let money = |minor: Option<i64>| Cell::figure(minor.map(|minor| written(minor, decimals)));
    let amounts = found.and_then(feebook_core::lines::Found::amounts);
    vec![
        Cell::Text(line.program.to_owned()),
        Cell::Text(line.order_no().to_string()),
        Cell::Text(line.line_no().to_string()),
        Cell::text(found.and_then(|found| found.schedule)),
        Cell::Text(line.state().word().to_owned()),
        Cell::text(found.map(|found| found.outcome.verdict.word())),
        Cell::text(found.and_then(|found| found.clause)),
        money(found.and_then(feebook_core::lines::Found::basis)),
        Cell::figure(found.and_then(feebook_core::lines::Found::rate).map(percent)),
        money(amounts.map(|amounts| amounts.commission)),
        money(amounts.map(|amounts| amounts.incentive)),
        money(amounts.map(|amounts| amounts.bonus)),
        money(amounts.map(|amounts| amounts.withheld)),
        money(amounts.map(|amounts| amounts.total())),
    ]
}
