//! `check`: the ledger and its facts. Silent and 0 when there is nothing to find.

use feebook_core::check::check;

use super::findings::Findings;
use super::open_to_answer;
use crate::args::{Global, Scoped};
use crate::exit::Outcome;
use crate::output::{Cell, Output};
use crate::progress::Bar;

const COLUMNS: &[&str] = &["check", "program", "order_no", "line_no", "finding"];

pub(crate) fn run(global: &Global, output: &Output, args: &Scoped) -> Outcome<u8> {
    let scope = args.scope();
    let (ledger, terms) = open_to_answer(global, scope.program.as_deref())?;
    let mut bar = Bar::new(global, "orders", None);
    let mut findings = Findings::new(output, COLUMNS)?;
    check(&ledger, &terms, &scope, &mut bar, &mut |finding| {
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
