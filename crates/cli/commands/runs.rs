//! `runs`: lists the runs, compares two of them.

use std::fmt::Write as _;

use chrono_tz::Tz;
use feebook_core::comparison::{Compared, Totals, compare};
use feebook_core::run::{Change, Seen, Why};
use feebook_schedule::iso::written;
use feebook_schedule::zone::{self, Month};

use super::{counted, open, open_to_answer, or_stop};
use crate::args::{Form, Global, Runs, RunsDiff};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output, text_table};
use crate::progress::Bar;

/// How many lines the text form shows; CSV and JSON have all of them.
const SHOWN: usize = 40;

const COLUMNS: [&str; 11] = [
    "program",
    "month",
    "order_no",
    "line_no",
    "why",
    "schedule_before",
    "schedule",
    "status_before",
    "status",
    "total_before",
    "total",
];

const MONTHS: [&str; 7] =
    ["program", "month", "currency", "before", "after", "difference", "of_it_adjustments"];

pub(crate) fn run(global: &Global, output: &Output, args: &Runs) -> Outcome<u8> {
    match args {
        Runs::List => list(global, output),
        Runs::Diff(args) => diff(global, output, args),
    }
}

fn list(global: &Global, output: &Output) -> Outcome<u8> {
    let ledger = open(global)?;
    let mut sheet = output.sheet(&["run", "ran_at", "scope"])?;
    for run in ledger.runs()? {
        sheet.row(vec![
            Cell::Figure(run.id.to_string()),
            Cell::Text(zone::written(Tz::UTC, run.ran_at)),
            Cell::Text(run.scope),
        ])?;
    }
    sheet.finish()?;
    Ok(DONE)
}

fn diff(global: &Global, output: &Output, args: &RunsDiff) -> Outcome<u8> {
    let (ledger, terms) = open_to_answer(global, args.program.as_deref())?;
    let asked = Compared {
        before: args.before.min(args.after),
        after: args.before.max(args.after),
        program: args.program.as_deref(),
        month: args.month,
    };
    if args.before > args.after {
        let (before, after) = (asked.before, asked.after);
        say(&format!("run {before} came first: what is told is what run {after} found otherwise"));
    }
    let mut bar = Bar::new(global, "orders", None);
    if output.form == Form::Text {
        let (mut rows, mut count) = (Vec::new(), 0);
        let totals = compare(&ledger, &terms, &asked, &mut bar, &mut |month, change| {
            count += 1;
            if rows.len() < SHOWN {
                rows.push(row(month, change));
            }
            Ok(())
        })?;
        drop(bar);
        output.text(text(&totals, &rows, count).trim_end())?;
        return Ok(DONE);
    }
    let mut sheet = output.sheet(&COLUMNS)?;
    let mut stopped = None;
    let totals = compare(&ledger, &terms, &asked, &mut bar, &mut |month, change| {
        or_stop(sheet.row(row(month, change)), &mut stopped)
    });
    drop(bar);
    if let Some(stop) = stopped {
        return Err(stop);
    }
    let totals = totals?;
    sheet.finish()?;
    say(months(&totals).trim_end());
    Ok(DONE)
}

/// Both tables for people.
fn text(totals: &Totals, rows: &[Vec<Cell>], count: usize) -> String {
    let mut text = months(totals);
    if count == 0 {
        text.push_str("no line was found otherwise");
        return text;
    }
    let numeric: Vec<bool> = COLUMNS.iter().map(|name| name.starts_with("total")).collect();
    text.push('\n');
    text.push_str(&text_table(&COLUMNS, rows, &numeric));
    if count > rows.len() {
        let more = u64::try_from(count - rows.len()).unwrap_or(u64::MAX);
        let _ = write!(text, "and {}; -O csv lists all", counted(more, "more line"));
    }
    text
}

/// The totals by month.
fn months(totals: &Totals) -> String {
    let mut rows = Vec::new();
    for ((program, month, currency), totals) in totals {
        let money = |minor: i64| Cell::Figure(currency.written(minor));
        rows.push(vec![
            Cell::Text(program.clone()),
            Cell::text(month.map(|month| month.to_string())),
            Cell::Text(currency.to_string()),
            money(totals.before),
            money(totals.after),
            money(totals.after - totals.before),
            money(totals.adjusted),
        ]);
    }
    let numeric: Vec<bool> = (0..MONTHS.len()).map(|at| at > 2).collect();
    text_table(&MONTHS, &rows, &numeric)
}

fn row(month: Option<Month>, change: Change) -> Vec<Cell> {
    let schedule =
        |seen: &Option<Seen>| Cell::text(seen.as_ref().and_then(|seen| seen.schedule.clone()));
    let status = |seen: &Option<Seen>| Cell::text(seen.as_ref().map(|seen| seen.state.word()));
    let total = |seen: &Option<Seen>| {
        let total = |seen: &Seen| Some(written(seen.amounts?.total(), seen.decimals));
        Cell::figure(seen.as_ref().and_then(total))
    };
    let why: Vec<&str> = change.why.iter().copied().map(Why::in_words).collect();
    vec![
        Cell::Text(change.program),
        Cell::text(month.map(|month| month.to_string())),
        Cell::Text(change.order_no.to_string()),
        Cell::Text(change.line_no.to_string()),
        Cell::Text(why.join(" and ")),
        schedule(&change.before),
        schedule(&change.after),
        status(&change.before),
        status(&change.after),
        total(&change.before),
        total(&change.after),
    ]
}
