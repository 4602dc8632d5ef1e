//! `recompute`: evaluates, posts the differences, says what changed and why.

use std::fmt::Write as _;

use feebook_core::run::{Adjusted, Change, Posted, Recomputed, Scope, Seen, Terms, Why, recompute};
use feebook_kernel::Verdict;
use feebook_schedule::Source;
use feebook_schedule::iso::written;

use super::{counted, now, open_scoped};
use crate::args::{Form, Global, Recompute};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output};
use crate::progress::Bar;

/// How many changed lines the text form shows; CSV and JSON have all of them.
const SHOWN: usize = 40;

const COLUMNS: [&str; 14] = [
    "program",
    "order_no",
    "line_no",
    "why",
    "schedule_before",
    "schedule",
    "status_before",
    "status",
    "verdict_before",
    "verdict",
    "total_before",
    "total",
    "reverses",
    "adjusts",
];

pub(crate) fn run(global: &Global, output: &Output, args: &Recompute) -> Outcome<u8> {
    let scope = Scope { as_known: args.as_known, ..args.scope.scope() };
    let (mut ledger, mut terms) = open_scoped(global, scope.program.as_deref())?;
    if let Some(day) = scope.as_known {
        let known = terms.as_known(day)?;
        tell_left_out(&terms, &known, &scope);
        terms = known;
    }
    // What is posted cannot be said a second time.
    output.check()?;
    let mut bar = Bar::new(global, "orders", None);
    let mut changes = Vec::new();
    let mut count = 0_usize;
    // For people the first changes are enough; nothing else grows with the ledger.
    let most = if output.form == Form::Text { SHOWN } else { usize::MAX };
    let report = recompute(&mut ledger, &terms, &scope, now(), &mut bar, &mut |change| {
        count += 1;
        if changes.len() < most {
            changes.push(change);
        }
    })?;
    drop(bar);
    if let Some(day) = scope.as_known {
        say(&format!(
            "the orders in scope now show what was known on {day}; `feebook recompute` returns to \
             today's terms"
        ));
    }
    let summary = summary(&report, count);
    if output.form == Form::Text {
        if changes.is_empty() {
            output.text(&summary)?;
        } else {
            let mut text = summary;
            let _ = write!(text, "\n\n{}", changes_text(changes));
            if count > SHOWN {
                let _ = write!(text, "and {} more; -O csv lists all", count - SHOWN);
            }
            output.text(text.trim_end())?;
        }
    } else {
        say(&summary);
        let mut sheet = output.sheet(&COLUMNS)?;
        for change in changes {
            sheet.row(row(change))?;
        }
        sheet.finish()?;
    }
    Ok(DONE)
}

/// The changes for people; what is reversed and adjusted only where something is.
fn changes_text(changes: Vec<Change>) -> String {
    let reversed = changes.iter().any(|change| change.reverses.is_some());
    let adjusted = changes.iter().any(|change| change.adjusts.is_some());
    let shown = |name: &str| match name {
        "reverses" => reversed,
        "adjusts" => adjusted,
        _ => true,
    };
    let columns: Vec<&str> = COLUMNS.into_iter().filter(|name| shown(name)).collect();
    let of = |change| COLUMNS.into_iter().zip(row(change)).filter(|(name, _)| shown(name));
    let rows = changes.into_iter().map(|change| of(change).map(|(_, cell)| cell).collect());
    let rows: Vec<Vec<Cell>> = rows.collect();
    let numeric: Vec<bool> = columns.iter().map(|name| name.starts_with("total")).collect();
    crate::output::text_table(&columns, &rows, &numeric)
}

/// Says which amendments were not known yet.
fn tell_left_out(all: &Terms, known: &Terms, scope: &Scope) {
    let is_known = |source: &Source| known.sources.iter().any(|kept| kept.path() == source.path());
    let in_scope = |source: &Source| {
        scope.includes_program(source.path().split('/').next().unwrap_or_default())
    };
    let mut none = true;
    for source in all.sources.iter().filter(|source| in_scope(source) && !is_known(source)) {
        say(&format!("not known yet, and left out: {}", source.shown()));
        none = false;
    }
    if none {
        say("no amendment was learned of later: the terms known then are today's");
    }
}

fn row(change: Change) -> Vec<Cell> {
    let schedule =
        |seen: &Option<Seen>| Cell::text(seen.as_ref().and_then(|seen| seen.schedule.clone()));
    let status = |seen: &Option<Seen>| Cell::text(seen.as_ref().map(|seen| seen.state.word()));
    let verdict = |seen: &Option<Seen>| Cell::text(seen.as_ref().map(|seen| seen.verdict.word()));
    let total = |seen: &Option<Seen>| {
        let total = |seen: &Seen| Some(written(seen.amounts?.total(), seen.decimals));
        Cell::figure(seen.as_ref().and_then(total))
    };
    vec![
        Cell::Text(change.program),
        Cell::Text(change.order_no.to_string()),
        Cell::Text(change.line_no.to_string()),
        Cell::Text(change.why.iter().copied().map(Why::in_words).collect::<Vec<_>>().join(" and ")),
        schedule(&change.before),
        schedule(&change.after),
        status(&change.before),
        status(&change.after),
        verdict(&change.before),
        verdict(&change.after),
        total(&change.before),
        total(&change.after),
        Cell::text(change.reverses.map(|run| format!("run {run}"))),
        Cell::text(change.adjusts.map(|month| month.to_string())),
    ]
}

fn summary(report: &Recomputed, changed_lines: usize) -> String {
    let mut text = format!(
        "{} with {} evaluated: {} for the first time, {} changed",
        counted(report.orders, "order"),
        counted(report.lines, "line"),
        report.first_time,
        report.changed,
    );
    if changed_lines > 0 {
        let lines = counted(u64::try_from(changed_lines).unwrap_or(u64::MAX), "line");
        let _ = write!(text, " ({lines})");
    }
    let verdicts: Vec<String> = Verdict::ALL
        .iter()
        .zip(report.verdicts)
        .rev()
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{count} {}", verdict.word()))
        .collect();
    if !verdicts.is_empty() {
        let _ = write!(text, "\nlines: {}", verdicts.join(", "));
    }
    match report.run_id {
        None => text.push_str("\nnothing to post: the ledger has these results already"),
        Some(run) => {
            // Where nothing can be said of any line, a sum of 0.00 would say too much.
            let known = Verdict::ALL.iter().zip(report.verdicts).any(|(verdict, count)| {
                count > 0 && !matches!(verdict, Verdict::Unverifiable | Verdict::Uncovered)
            });
            let sums = |posted: &&Posted| known || posted.difference != 0;
            let any = report.posted.iter().any(|posted| sums(&posted));
            let amounts = if any { ":" } else { "; no amounts" };
            let _ = write!(text, "\nposted as run {run}{amounts}");
            for Posted { program, currency, difference } in report.posted.iter().filter(sums) {
                let sign = if *difference >= 0 { "+" } else { "" };
                let amount = currency.written(*difference);
                let _ = write!(text, "\n  {program} {sign}{amount} {currency}");
            }
            for adjusted in &report.adjusted {
                let Adjusted { program, month, currency, orders, difference, on } = adjusted;
                let amount = match *difference {
                    // What an order earns may move between its parts and states.
                    0 => "nothing in sum, moved".to_owned(),
                    more if more > 0 => format!("+{} {currency}", currency.written(more)),
                    less => format!("{} {currency}", currency.written(less)),
                };
                let orders = counted(*orders, "order");
                let _ = write!(
                    text,
                    "\n  of it for {month} of {program}, which is closed: {amount} in {orders}, dated \
                     {on}"
                );
            }
        }
    }
    text
}
