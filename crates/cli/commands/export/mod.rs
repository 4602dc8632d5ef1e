//! `export`: lines, statements and the journal for other programs.
//!
//! Owns which form takes what. Refuses to compute: a form writes down what `lines`, `statement` and
//! the journal say.

mod books;
mod columns;
mod parquet;
mod workbook;

use std::collections::BTreeSet;
use std::io::Write as _;

use feebook_core::error::Error;
use feebook_core::journal::journal;
use feebook_core::ledger::Ledger;
use feebook_core::lines::{LineRow, lines};
use feebook_core::run::{Scope, Terms};

use super::lines::tell_waiting;
use super::{open_to_answer, or_stop};
use crate::args::{Export, ExportForm, Form, Global};
use crate::exit::{DONE, Outcome, Stop};
use crate::output::Output;
use crate::progress::Bar;
use books::{Dialect, HEAD};
use columns::{COLUMNS, values};

pub(crate) fn run(global: &Global, output: &Output, args: &Export) -> Outcome<u8> {
    let scope = args.scope.scope();
    let (ledger, terms) = open_to_answer(global, scope.program.as_deref())?;
    let asked = Asked { global, output, ledger: &ledger, terms: &terms, scope: &scope };
    match args.to {
        ExportForm::Csv => asked.sheet(Form::Csv)?,
        ExportForm::Json => asked.sheet(Form::Json)?,
        ExportForm::Parquet => asked.parquet()?,
        ExportForm::Xlsx => asked.workbook(args)?,
        ExportForm::Hledger => asked.books(Dialect::Hledger)?,
        ExportForm::Beancount => asked.books(Dialect::Beancount)?,
    }
    Ok(DONE)
}

/// What is exported, and where to.
struct Asked<'a> {
    global: &'a Global,
    output: &'a Output,
    ledger: &'a Ledger,
    terms: &'a Terms,
    scope: &'a Scope,
}

impl Asked<'_> {
    /// One row per line as CSV or JSON.
    fn sheet(&self, form: Form) -> Outcome<()> {
        let output = self.output.in_form(form);
        let mut sheet = output.sheet(&COLUMNS.map(|(name, _)| name))?;
        self.each(&mut |line| {
            sheet.row(values(line).into_iter().map(columns::Value::into_cell).collect())
        })?;
        sheet.finish()
    }

    /// One row per line as Parquet.
    fn parquet(&self) -> Outcome<()> {
        let mut table = parquet::Table::new(self.output.bytes()?)?;
        self.each(&mut |line| table.row(values(line)).map_err(Stop::Failed))?;
        table.finish()?;
        Ok(())
    }

    /// A statement as a workbook.
    fn workbook(&self, args: &Export) -> Outcome<()> {
        let mut bar = Bar::new(self.global, "orders", None);
        let (by, group) = args.by.by();
        let statement =
            feebook_core::statement::statement(self.ledger, self.terms, self.scope, by, &mut bar)?;
        drop(bar);
        let bytes = workbook::of_statement(&statement, group)?;
        let mut writer = self.output.bytes()?;
        let written = writer.write_all(&bytes).and_then(|()| writer.flush());
        written.map_err(|failed| self.output.failed(failed))?;
        tell_waiting(statement.waiting, None);
        Ok(())
    }

    /// The journal for plain-text accounting.
    fn books(&self, dialect: Dialect) -> Outcome<()> {
        let mut writer = self.output.lines()?;
        let mut write = |text: &str| {
            writer.write_all(text.as_bytes()).map_err(|failed| self.output.failed(failed))
        };
        write(HEAD)?;
        let programs = self.ledger.programs()?;
        for program in programs.iter().filter(|name| self.scope.includes_program(name)) {
            write(&dialect.accounts(program))?;
        }
        let mut currencies = BTreeSet::new();
        let mut bar = Bar::new(self.global, "orders", None);
        let mut stopped = None;
        let told = journal(self.ledger, self.terms, self.scope, &mut bar, &mut |entry| {
            let mut text = String::new();
            for leg in &entry.legs {
                if currencies.insert(leg.currency) {
                    text.push_str(&dialect.commodity(leg.currency));
                }
            }
            text.push_str(&dialect.transaction(entry));
            or_stop(write(&text), &mut stopped)
        });
        drop(bar);
        if let Some(stop) = stopped {
            return Err(stop);
        }
        told?;
        writer.flush().map_err(|failed| self.output.failed(failed))
    }

    /// Tells every line in scope.
    fn each(&self, tell: &mut dyn FnMut(&LineRow<'_>) -> Outcome<()>) -> Outcome<()> {
        let mut bar = Bar::new(self.global, "orders", None);
        let mut stopped = None;
        let listed = lines(self.ledger, self.terms, self.scope, &mut bar, &mut |line| {
            or_stop(tell(line), &mut stopped)
        });
        drop(bar);
        if let Some(stop) = stopped {
            return Err(stop);
        }
        tell_waiting(listed?, None);
        Ok(())
    }
}

/// Tells a failure of a form's library as one of the file that it writes.
fn unwritten(form: &str, failed: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = format!("cannot write the {form}: {failed}");
    Error::new(&feebook_core::error::FILE, message).because(failed)
}
