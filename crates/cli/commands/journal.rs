//! `journal` and `balance`: the double entry that follows from results, payouts and closings.

use std::collections::BTreeSet;

use feebook_core::error::Result;
use feebook_core::journal::{Because, Entry, Leg, Source, Summing, balances, journal, summed};
use feebook_core::ledger::Ledger;
use feebook_core::run::{Replay, Scope, Terms, Why};

use super::{open_to_answer, or_stop};
use crate::args::{Balance, Form, Global, Journal, JournalBy};
use crate::exit::{DONE, Outcome};
use crate::output::{Cell, Output};
use crate::progress::Bar;

/// The columns of a sum; those after the amount say what an adjustment adjusts, and why.
const COLUMNS: [&str; 10] = [
    "program",
    "date",
    "source",
    "account",
    "currency",
    "amount",
    "adjusts",
    "why",
    "schedule_before",
    "schedule",
];

/// How many of those stand before what only adjustments have.
const WITHOUT_ADJUSTMENTS: usize = 6;

pub(crate) fn run(global: &Global, output: &Output, args: &Journal) -> Outcome<u8> {
    let scope = args.scope.scope();
    let (ledger, terms) = open_to_answer(global, scope.program.as_deref())?;
    let mut bar = Bar::new(global, "orders", None);
    let summing = match args.by {
        JournalBy::Day => Summing::Day,
        JournalBy::Run => Summing::Run,
        JournalBy::Order => {
            by_order(output, (&ledger, &terms), &scope, &mut bar)?;
            return Ok(DONE);
        }
    };
    let sums = summed(&ledger, &terms, &scope, summing, &mut bar)?;
    drop(bar);
    // For people, what only adjustments have stands where there is one.
    let adjusted = sums.keys().any(|by| by.adjusts.is_some());
    let shown =
        if adjusted || output.form != Form::Text { COLUMNS.len() } else { WITHOUT_ADJUSTMENTS };
    let mut sheet = output.sheet(&COLUMNS[..shown])?;
    for (by, sum) in &sums {
        for ((currency, account), amount) in &sum.amounts {
            let mut cells = vec![
                Cell::Text(by.program.clone()),
                Cell::Text(by.on.to_string()),
                Cell::Text(by.source.to_string()),
                Cell::Text(account.name().to_owned()),
                Cell::Text(currency.to_string()),
                Cell::Figure(currency.written(*amount)),
                Cell::text(by.adjusts.map(|month| month.to_string())),
            ];
            cells.extend(because(&sum.because));
            cells.truncate(shown);
            sheet.row(cells)?;
        }
    }
    sheet.finish()?;
    Ok(DONE)
}

/// Every entry of every order, as they come.
fn by_order(
    output: &Output,
    (ledger, terms): (&Ledger, &Terms),
    scope: &Scope,
    bar: &mut Bar,
) -> Outcome<()> {
    let mut columns = COLUMNS.to_vec();
    columns.insert(3, "order_no");
    let mut sheet = output.sheet(&columns)?;
    let mut replay = Replay::new(ledger)?;
    let mut stopped = None;
    let told = journal(ledger, terms, scope, bar, &mut |entry| {
        let because = why(ledger, &mut replay, entry)?;
        for leg in &entry.legs {
            or_stop(sheet.row(row(entry, leg, &because)), &mut stopped)?;
        }
        Ok(())
    });
    if let Some(stop) = stopped {
        return Err(stop);
    }
    told?;
    sheet.finish()
}

/// Why a run adjusted a closed month.
fn why(ledger: &Ledger, replay: &mut Replay, entry: &Entry<'_>) -> Result<Because> {
    let mut because = Because::default();
    if entry.dated.adjusts.is_some() && matches!(entry.source, Source::Run(_)) {
        because.add(ledger, replay, entry)?;
    }
    Ok(because)
}

fn row(entry: &Entry<'_>, leg: &Leg, why: &Because) -> Vec<Cell> {
    let mut cells = vec![
        Cell::Text(entry.program.to_owned()),
        Cell::Text(entry.dated.on.to_string()),
        Cell::Text(entry.source.to_string()),
        Cell::text(entry.order_no.map(ToString::to_string)),
        Cell::Text(leg.account.name().to_owned()),
        Cell::Text(leg.currency.to_string()),
        Cell::Figure(leg.currency.written(leg.amount)),
        Cell::text(entry.dated.adjusts.map(|month| month.to_string())),
    ];
    cells.extend(because(why));
    cells
}

fn because(because: &Because) -> [Cell; 3] {
    let why: Vec<&str> = because.why.iter().copied().map(Why::in_words).collect();
    let some = |text: String| Cell::text(Some(text).filter(|text| !text.is_empty()));
    let all = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(" ");
    [some(why.join(" and ")), some(all(&because.before)), some(all(&because.after))]
}

pub(crate) fn balance(global: &Global, output: &Output, args: &Balance) -> Outcome<u8> {
    let program = args.program.as_deref();
    let (ledger, terms) = open_to_answer(global, program)?;
    let mut bar = Bar::new(global, "orders", None);
    let balances = balances(&ledger, &terms, program, args.on, &mut bar)?;
    drop(bar);
    let mut sheet = output.sheet(&["program", "account", "currency", "balance"])?;
    for ((program, currency), accounts) in &balances {
        let mut row = |account: &str, amount: i64| {
            sheet.row(vec![
                Cell::Text(program.clone()),
                Cell::Text(account.to_owned()),
                Cell::Text(currency.to_string()),
                Cell::Figure(currency.written(amount)),
            ])
        };
        for (account, amount) in accounts {
            row(account.name(), *amount)?;
        }
        row("sum", accounts.values().sum())?;
    }
    sheet.finish()?;
    Ok(DONE)
}
