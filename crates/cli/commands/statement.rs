//! `statement`: totals of what is earned.

use feebook_core::statement::statement;
use feebook_schedule::iso::written;

use super::lines::tell_waiting;
use super::open_to_answer;
use crate::args::{Global, Statement};
use crate::exit::{DONE, Outcome};
use crate::output::{Cell, Output};
use crate::progress::Bar;

pub(crate) fn run(global: &Global, output: &Output, args: &Statement) -> Outcome<u8> {
    let scope = args.scope.scope();
    let (ledger, terms) = open_to_answer(global, scope.program.as_deref())?;
    let mut bar = Bar::new(global, "orders", None);
    let (by, column) = args.by.by();
    let statement = statement(&ledger, &terms, &scope, by, &mut bar)?;
    drop(bar);
    let mut sheet = output.sheet(&[
        "program", column, "currency", "lines", "unknown", "pending", "approved", "settled",
        "held", "paid", "open",
    ])?;
    for (key, totals, decimals) in &statement.groups {
        let money = |minor: i64| Cell::Figure(written(minor, *decimals));
        sheet.row(vec![
            Cell::Text(key.program.clone()),
            Cell::text(Some(key.group.clone()).filter(|group| !group.is_empty())),
            Cell::text(Some(key.currency.clone()).filter(|currency| !currency.is_empty())),
            Cell::Count(totals.lines),
            Cell::Count(totals.unknown),
            money(totals.pending),
            money(totals.approved),
            money(totals.settled),
            money(totals.held),
            money(totals.paid),
            money(totals.open()),
        ])?;
    }
    sheet.finish()?;
    tell_waiting(statement.waiting);
    Ok(DONE)
}
