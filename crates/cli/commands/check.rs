//! `check`: the ledger and its facts. Silent and 0 when there is nothing to find.

use feebook_core::check::{Finding, check};

use super::open_to_answer;
use crate::args::{Form, Global, Scoped};
use crate::exit::{DONE, FINDINGS, Outcome};
use crate::output::{Cell, Output, Sheet};
use crate::progress::Bar;

pub(crate) fn run(global: &Global, output: &Output, args: &Scoped) -> Outcome<u8> {
    let scope = args.scope();
    let (ledger, terms) = open_to_answer(global, scope.program.as_deref())?;
    let mut bar = Bar::new(global, "orders", None);
    let mut sheet = Findings { output, sheet: None, found: false };
    if output.form != Form::Text {
        sheet.begun()?;
    }
    let mut stopped = Ok(());
    check(&ledger, &terms, &scope, &mut bar, &mut |finding| {
        if stopped.is_ok() {
            stopped = sheet.tell(finding);
        }
    })?;
    drop(bar);
    stopped?;
    sheet.finish()
}

/// The table of findings; in text there is none before the first.
struct Findings<'o> {
    output: &'o Output,
    sheet: Option<Sheet<'o>>,
    found: bool,
}

impl<'o> Findings<'o> {
    fn begun(&mut self) -> Outcome<&mut Sheet<'o>> {
        let sheet = match self.sheet.take() {
            Some(sheet) => sheet,
            None => self.output.sheet(&["check", "program", "order_no", "line_no", "finding"])?,
        };
        Ok(self.sheet.insert(sheet))
    }

    fn tell(&mut self, finding: Finding) -> Outcome<()> {
        self.found = true;
        let (order_no, line_no) = finding.line.unzip();
        self.begun()?.row(vec![
            Cell::Text(finding.check.name().to_owned()),
            Cell::text(Some(finding.program).filter(|program| !program.is_empty())),
            Cell::text(order_no.map(|number| number.to_string())),
            Cell::text(line_no.map(|number| number.to_string())),
            Cell::Text(finding.text),
        ])
    }

    fn finish(self) -> Outcome<u8> {
        if let Some(sheet) = self.sheet {
            sheet.finish()?;
        }
        Ok(if self.found { FINDINGS } else { DONE })
    }
}
