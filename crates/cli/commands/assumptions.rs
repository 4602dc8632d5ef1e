//! `assumptions`: what the terms leave open, priced both ways. A question that moves money is a
//! finding.

use feebook_core::assumptions::{Open, Priced, assumptions};
use feebook_core::side_by_side::{Currencies, Tally};

use super::{counted, open_to_answer};
use crate::args::{Form, Global, Scoped};
use crate::exit::{DONE, FINDINGS, Outcome, say};
use crate::output::{Cell, Output};
use crate::progress::Bar;

const COLUMNS: [&str; 17] = [
    "program",
    "schedule",
    "key",
    "now",
    "other",
    "currency",
    "lines",
    "total",
    "total_other",
    "difference",
    "changed",
    "only_now",
    "only_other",
    "unknown",
    "note",
    "why",
    "place",
];

pub(crate) fn run(global: &Global, output: &Output, args: &Scoped) -> Outcome<u8> {
    let scope = args.scope();
    let (ledger, terms) = open_to_answer(global, scope.program.as_deref())?;
    let mut bar = Bar::new(global, "orders", None);
    let open = assumptions(&ledger, &terms, &scope, &mut bar)?;
    drop(bar);
    if output.form == Form::Text {
        let text: Vec<String> = open.iter().map(in_words).collect();
        if !text.is_empty() {
            output.text(text.join("\n").trim_end())?;
        }
    } else {
        let mut sheet = output.sheet(&COLUMNS)?;
        for row in open.iter().flat_map(rows) {
            sheet.row(row)?;
        }
        sheet.finish()?;
    }
    for program in ledger.programs()?.iter().filter(|program| scope.includes_program(program)) {
        if terms.is_unmapped(program) {
            say(&format!(
                "{program} has no terms, so there is nothing to assume; see feebook check"
            ));
        }
    }
    let count = |open: &mut dyn Iterator<Item = &Open>| u64::try_from(open.count()).unwrap_or(0);
    let moving = count(&mut open.iter().filter(|open| open.moves()));
    let questions = counted(count(&mut open.iter()), "open question");
    match moving {
        0 => say(&format!("{questions}, none of which moves money on these orders")),
        1 => say(&format!("{questions}, 1 of which moves money")),
        _ => say(&format!("{questions}, {moving} of which move money")),
    }
    Ok(if moving == 0 { DONE } else { FINDINGS })
}

/// A key left out, as people read it.
fn or_absent(value: Option<&str>) -> &str {
    value.unwrap_or("left out")
}

fn in_words(open: &Open) -> String {
    let version = open.version.as_deref().unwrap_or("program.toml");
    let (assumed, now) = (&open.assumed, or_absent(open.now.as_deref()));
    let head = format!("{} {version}: {} = {now} ({})", open.program, assumed.key, assumed.place);
    let mut lines = vec![head, format!("  why: {}", assumed.why)];
    match &open.readings {
        Err(note) => lines.push(format!("  {note}")),
        Ok(readings) => {
            for reading in readings {
                let value = or_absent(reading.value.as_deref());
                lines.extend(told(reading).iter().map(|told| format!("  or {value}: {told}")));
            }
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// What a reading comes to, a line per pair of currencies.
fn told(reading: &Priced) -> Vec<String> {
    match &reading.tallies {
        Err(refused) => vec![format!("cannot be evaluated: {refused}")],
        Ok(_) if !reading.moves() => vec!["no amount changes".to_owned()],
        Ok(tallies) => {
            let moved = tallies.iter().map(|(currencies, tally)| moved(*currencies, tally));
            moved.filter(|told| !told.is_empty()).collect()
        }
    }
}

/// What a reading moves.
fn moved(currencies: Currencies, tally: &Tally) -> String {
    let Currencies { before, after } = currencies;
    let (now, other) = (before.written(tally.before), after.written(tally.after));
    let mut parts = Vec::new();
    match currencies.common() {
        Some(currency) if tally.changed > 0 => {
            let sign = if tally.difference() > 0 { "+" } else { "" };
            let difference = currency.written(tally.difference());
            let change = if tally.changed == 1 { "line changes" } else { "lines change" };
            parts.push(format!("{now} -> {other} {currency}, {sign}{difference}"));
            parts.push(format!("{} {change}", tally.changed));
        }
        None if tally.lines > 0 => {
            parts.push(format!("{now} {before} -> {other} {after}, which cannot be subtracted"));
        }
        _ => {}
    }
    if tally.lost > 0 {
        let (lines, amount) = (counted(tally.lost, "line"), before.written(tally.lost_before));
        parts.push(format!("{lines} of {amount} {before} could not be said"));
    }
    if tally.gained > 0 {
        let (lines, amount) = (counted(tally.gained, "line"), after.written(tally.gained_after));
        parts.push(format!("{lines} that cannot be said now would earn {amount} {after}"));
    }
    parts.join("; ")
}

fn rows(open: &Open) -> Vec<Vec<Cell>> {
    let rows = match &open.readings {
        Err(note) => vec![(None, amounts(None), Some((*note).to_owned()))],
        Ok(readings) => readings.iter().flat_map(reading_rows).collect(),
    };
    let row = |(value, amounts, note): (Option<String>, Vec<Cell>, Option<String>)| {
        let first = vec![
            Cell::Text(open.program.clone()),
            Cell::text(open.version.clone()),
            Cell::Text(open.assumed.key.clone()),
            Cell::text(open.now.clone()),
            Cell::text(value),
        ];
        let last = vec![
            Cell::text(note),
            Cell::Text(open.assumed.why.clone()),
            Cell::Text(open.assumed.place.to_string()),
        ];
        [first, amounts, last].concat()
    };
    rows.into_iter().map(row).collect()
}

/// A row per pair of currencies: the value, the amounts, a note.
type ReadingRow = (Option<String>, Vec<Cell>, Option<String>);

fn reading_rows(reading: &Priced) -> Vec<ReadingRow> {
    let value = Some(or_absent(reading.value.as_deref()).to_owned());
    match &reading.tallies {
        Err(refused) => {
            vec![(value, amounts(None), Some(format!("cannot be evaluated: {refused}")))]
        }
        Ok(tallies) => {
            let row =
                |(currencies, tally)| (value.clone(), amounts(Some((currencies, tally))), None);
            tallies.iter().map(row).collect()
        }
    }
}

/// The cells from `currency` to `unknown`: `only_now` and `only_other` are what lines earn of which
/// the other reading cannot say it; how many those are is `unknown`, and they are in no total.
fn amounts(tally: Option<(&Currencies, &Tally)>) -> Vec<Cell> {
    let Some((currencies, tally)) = tally else { return vec![Cell::Empty; 9] };
    let Currencies { before, after } = *currencies;
    let common = currencies.common();
    let currency = common.map_or_else(|| format!("{before} -> {after}"), |both| both.to_string());
    vec![
        Cell::Text(currency),
        Cell::Count(tally.lines),
        Cell::Figure(before.written(tally.before)),
        Cell::Figure(after.written(tally.after)),
        Cell::figure(common.map(|currency| currency.written(tally.difference()))),
        Cell::Count(tally.changed),
        Cell::Figure(before.written(tally.lost_before)),
        Cell::Figure(after.written(tally.gained_after)),
        Cell::Count(tally.lost + tally.gained),
    ]
}
