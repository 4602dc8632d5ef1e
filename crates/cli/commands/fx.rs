//! `fx`: rates of exchange, imported, listed, looked up.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use feebook_core::error::{self, Error, Result};
use feebook_core::exchange::{By, written};
use feebook_core::import::rates::{self, RatesTaken, Shape};
use feebook_core::ledger::Ledger;
use feebook_schedule::Currency;

use super::{counted, import, now, open, shown};
use crate::args::{Fx, Global};
use crate::exit::{self, DONE, Outcome, ROWS, say};
use crate::output::{Cell, Output, Sheet};

pub(crate) fn run(global: &Global, output: &Output, args: &Fx) -> Outcome<u8> {
    match args {
        Fx::Import { files, format } => take_in(global, output, files, format.as_deref()),
        Fx::List => list(global, output),
        Fx::Rate { from, to, on } => rate(global, output, (from, to), *on),
    }
}

fn take_in(
    global: &Global,
    output: &Output,
    files: &[PathBuf],
    format: Option<&str>,
) -> Outcome<u8> {
    let shape = format.map(Shape::named).transpose()?;
    let mut ledger = import::open_or_make(global, false)?;
    let mut sheet =
        output.sheet(&["file", "format", "added", "revised", "unchanged", "rejected"])?;
    let (mut code, mut news) = (DONE, false);
    for file in files {
        let mut tell = |problem| exit::problems(&[problem]);
        let this = match rates::take_in(file, shape, &mut ledger, now(), &mut tell) {
            Ok(taken) => {
                news |= taken.shape.is_some() && taken.totals.added + taken.totals.revised > 0;
                tell_taken(&mut sheet, file, &taken)?
            }
            Err(failed) => exit::told(&failed.into(), global),
        };
        code = code.max(this);
    }
    sheet.finish()?;
    if news {
        say("next: feebook recompute prices the lines whose amounts are in another currency");
    }
    Ok(code)
}

fn tell_taken(sheet: &mut Sheet<'_>, file: &Path, taken: &RatesTaken) -> Outcome<u8> {
    let (name, totals) = (shown(file), &taken.totals);
    if taken.shape.is_none() {
        say(&format!("{name}: imported before; nothing changed"));
    }
    if !taken.left_out.is_empty() {
        let codes = taken.left_out.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        say(&format!("{name}: left out, as no currencies of today: {codes}"));
    }
    if totals.rejected > 0 {
        let then = if taken.shape.is_none() { " then, and still are" } else { "" };
        let rows = counted(totals.rejected, "row");
        say(&format!("{name}: {rows} rejected{then}"));
    }
    // Of a file that was imported before the table says what it comes to now.
    let again = taken.shape.is_none();
    let count = |count: u64| Cell::Count(if again { 0 } else { count });
    sheet.row(vec![
        Cell::Text(name),
        Cell::text(taken.shape.map(Shape::name)),
        count(totals.added),
        count(totals.revised),
        count(totals.unchanged),
        Cell::Count(totals.rejected),
    ])?;
    Ok(if totals.rejected > 0 { ROWS } else { DONE })
}

fn list(global: &Global, output: &Output) -> Outcome<u8> {
    let ledger = open(global)?;
    let mut sheet =
        output.sheet(&["base", "quote", "source", "first", "last", "days", "latest"])?;
    for span in ledger.rate_spans()? {
        sheet.row(vec![
            Cell::Text(span.base.to_string()),
            Cell::Text(span.quote.to_string()),
            Cell::Text(span.source),
            Cell::Text(span.first.to_string()),
            Cell::Text(span.last.to_string()),
            Cell::Count(span.days),
            Cell::Figure(written(span.latest)),
        ])?;
    }
    sheet.finish()?;
    Ok(DONE)
}

fn rate(global: &Global, output: &Output, (from, to): (&str, &str), on: NaiveDate) -> Outcome<u8> {
    let (from, to) = (currency(from)?, currency(to)?);
    if from == to {
        let message = format!("both are {from}");
        return Err(Error::new(&error::BAD_MONEY, message).hint("name two currencies").into());
    }
    let ledger: Ledger = open(global)?;
    let used = ledger.rate((from, to), on, ledger.last_seq()?)?.ok_or_else(|| {
        let message = format!("no rate from {from} to {to} is known for {on} or the week before");
        Error::new(&error::NO_EXCHANGE_RATE, message)
            .hint("`feebook fx list` shows what there is, `feebook fx import` takes more")
    })?;
    let mut sheet = output.sheet(&["from", "to", "asked_for", "rate", "of", "source", "by"])?;
    let by = match used.by {
        By::Direct => "published".to_owned(),
        By::Inverse => "inverse".to_owned(),
        By::Cross(through) => format!("through {through}"),
    };
    sheet.row(vec![
        Cell::Text(from.to_string()),
        Cell::Text(to.to_string()),
        Cell::Text(on.to_string()),
        Cell::Figure(used.written()),
        Cell::Text(used.on.to_string()),
        Cell::Text(used.source.clone()),
        Cell::Text(by),
    ])?;
    sheet.finish()?;
    Ok(DONE)
}

/// Reads a currency that somebody typed.
pub(super) fn currency(text: &str) -> Result<Currency> {
    Currency::parse(&text.to_ascii_uppercase()).ok_or_else(|| {
        let message = format!("\"{text}\" is no currency");
        Error::new(&error::BAD_MONEY, message).hint("write an ISO 4217 code such as USD")
    })
}
