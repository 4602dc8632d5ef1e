//! `check`: the ledger and its facts. Silent and 0 when there is nothing to find.

use feebook_core::check::{Check, check};
use feebook_core::error;
use feebook_core::ledger::Ledger;

use super::findings::Findings;
use super::{now, open_to_answer};
use crate::args::{Global, Scoped};
use crate::beside;
use crate::exit::Outcome;
use crate::output::{Cell, Output};
use crate::progress::Bar;

const COLUMNS: &[&str] = &["check", "program", "order_no", "line_no", "finding"];

pub(crate) fn run(global: &Global, output: &Output, args: &Scoped) -> Outcome<u8> {
    let scope = args.scope();
    let opened = open_to_answer(global, scope.program.as_deref());
    let (ledger, terms) = match opened {
        Ok(opened) => opened,
        Err(failed) if failed.code().id == error::DAMAGED.code.id => {
            return damaged(global, output);
        }
        Err(failed) => return Err(failed.into()),
    };
    let mut bar = Bar::new(global, "orders", None);
    let mut findings = Findings::new(output, COLUMNS)?;
    // A file that does not load is told where it is needed.
    let mapped = beside::read(&global.ledger, None).unwrap_or_default().advertisers;
    check(&ledger, (&terms, &mapped), &scope, now(), &mut bar, &mut |finding| {
        let (order_no, line_no) = finding.line.unzip();
        let line_no = line_no.flatten();
        findings.tell(vec![
            Cell::Text(finding.check.name().to_owned()),
            Cell::text(Some(finding.program).filter(|program| !program.is_empty())),
            Cell::text(order_no.map(|number| number.to_string())),
            Cell::text(line_no.map(|number| number.to_string())),
            Cell::Text(finding.text),
        ]);
    })?;
    drop(bar);
    findings.finish()
}

/// What is wrong with a file that is too damaged to be opened as a ledger.
fn damaged(global: &Global, output: &Output) -> Outcome<u8> {
    let mut findings = Findings::new(output, COLUMNS)?;
    for text in Ledger::examine(&global.ledger)? {
        let name = Check::Integrity.name().to_owned();
        findings.tell(vec![
            Cell::Text(name),
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
            Cell::Text(text),
        ]);
    }
    findings.finish()
}
