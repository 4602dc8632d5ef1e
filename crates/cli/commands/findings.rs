//! The table of what a command found: in text there is none before the first finding.
//!
//! Owns the exit code that follows. Refuses to look for anything.

use crate::args::Form;
use crate::exit::{DONE, FINDINGS, Outcome};
use crate::output::{Cell, Output, Sheet};

pub(super) struct Findings<'o> {
    output: &'o Output,
    columns: &'static [&'static str],
    sheet: Option<Sheet<'o>>,
    found: bool,
    /// What went wrong while a finding was written.
    stopped: Outcome<()>,
}

impl<'o> Findings<'o> {
    pub(super) fn new(output: &'o Output, columns: &'static [&'static str]) -> Outcome<Self> {
        let mut findings = Self { output, columns, sheet: None, found: false, stopped: Ok(()) };
        if output.form != Form::Text {
            findings.begun()?;
        }
        Ok(findings)
    }

    fn begun(&mut self) -> Outcome<&mut Sheet<'o>> {
        let sheet = match self.sheet.take() {
            Some(sheet) => sheet,
            None => self.output.sheet(self.columns)?,
        };
        Ok(self.sheet.insert(sheet))
    }

    /// Writes a finding; after a failure no more is written, and [`Self::finish`] tells it.
    pub(super) fn tell(&mut self, row: Vec<Cell>) {
        self.found = true;
        if self.stopped.is_ok() {
            self.stopped = self.begun().and_then(|sheet| sheet.row(row));
        }
    }

    pub(super) fn finish(self) -> Outcome<u8> {
        self.stopped?;
        if let Some(sheet) = self.sheet {
            sheet.finish()?;
        }
        Ok(if self.found { FINDINGS } else { DONE })
    }
}
