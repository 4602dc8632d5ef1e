//! Rows that correct others, in words.
//!
//! Owns the sentences that `explain` and `check` share. Refuses to join a row with its line: the ledger
//! does.

use feebook_kernel::{Minor, State};
use feebook_schedule::Version;
use feebook_schedule::iso::{Currency, written};

use crate::due::amounts_in;
use crate::error::Result;
use crate::fact::{Corrects, LineFact};
use crate::ledger::{CountingLine, Ledger, Revision};

/// The status of a row that corrects a line which is not there, whatever it would do to it.
pub(crate) const WAITING: &str = "waiting";

/// What corrects a line, in words; of a row that corrects a line which is not there, what it would do.
pub(crate) fn of_line(
    ledger: &Ledger,
    line: &CountingLine<'_>,
    version: Option<&Version>,
) -> Result<Vec<String>> {
    let policy = version.map(Version::currency);
    if line.is_alone() {
        return Ok(vec![told_alone(ledger, line, policy)]);
    }
    line.corrections().iter().map(|row| told(ledger, row, policy)).collect()
}

/// Says what a row adds to the line that it corrects, or takes from it, and where the row stands.
fn told(ledger: &Ledger, row: &Revision, policy: Option<Currency>) -> Result<String> {
    let fact = &row.fact;
    let (line_no, id) = (&fact.line_no, row.import_id);
    let file = ledger.file_of(id)?;
    let does = does(ledger, fact, policy);
    Ok(format!("corrected by row {line_no} of {file} (import {id}), which {does}"))
}

/// Says what a row would correct, if that were in the ledger.
pub(crate) fn told_alone(
    ledger: &Ledger,
    line: &CountingLine<'_>,
    policy: Option<Currency>,
) -> String {
    let row = line.corrected.and_then(|own| own.by.first()).unwrap_or(line.revision);
    let fact = &row.fact;
    let of = match fact.corrects.as_deref() {
        Some(Corrects::Line(line_no)) => {
            format!("line {line_no}, and the ledger has no such line in its currency")
        }
        _ => "a line of its order without naming it, and there is none, or more than one, that it can \
              be"
            .to_owned(),
    };
    let (does, id) = (does(ledger, fact, policy), row.import_id);
    format!("the row of import {id} corrects {of}: it {does}, and earns nothing by itself")
}

/// What a row does to its line.
fn does(ledger: &Ledger, fact: &LineFact, policy: Option<Currency>) -> String {
    let currency = amounts_in(fact, ledger.words(), policy);
    let money = |minor: i64| match currency {
        Some(currency) => format!("{} {currency}", currency.written(minor)),
        None => written(minor, 2),
    };
    let verb = match fact.state {
        State::Reversed => "takes",
        State::Declined => return "was declined and changes nothing".to_owned(),
        State::Pending | State::Approved | State::Settled => "adds",
    };
    let amount = fact.final_amount.or(fact.paid_amount).or(fact.product_price);
    if amount.is_none() && fact.reported().is_none() {
        return match currency {
            Some(_) => format!("{verb} nothing, as the row has no amount"),
            None => format!(
                "{verb} what cannot be said, as the currency of the row's amounts is not known and \
                 they were left out"
            ),
        };
    }
    let amount = money(amount.map_or(0, Minor::get));
    match fact.reported() {
        Some(reported) if fact.state == State::Reversed => {
            format!("{verb} {amount} and a reported {}", money(-reported))
        }
        Some(reported) => format!("{verb} {amount} and a reported {}", money(reported)),
        None => format!("{verb} {amount}"),
    }
}
