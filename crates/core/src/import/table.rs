//! Small tables beside the reports: rates of exchange, payouts, the lines of a statement. Rows are read
//! by named columns and come out whole, in memory.
//!
//! Owns the reading and the texts of a row. Refuses meaning: each kind of table has its own file.

use std::fs::File;
use std::path::Path;

use chrono::NaiveDate;
use feebook_kernel::Minor;
use feebook_schedule::diagnostic::{Code, Diagnostic};
use feebook_schedule::iso::Currency;

use super::cell::Cells;
use super::mapping::CsvLayout;
use super::number::{Fault, Notation};
use super::report::Rows;
use super::row::{Problem, shown};
use super::{ReadSummary, Shape, codes, csv};
use crate::error::{Error, Result};

/// Is told of each bad row.
pub type Tell<'t> = dyn FnMut(Diagnostic) + 't;

/// The layout of a table that we define: commas, UTF-8, these columns.
pub(super) fn layout(delimiter: u8, columns: &[&str]) -> CsvLayout {
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    CsvLayout { delimiter, ..CsvLayout::plain(columns) }
}

/// Reads a table; `row` is given each row's texts and says what is wrong with it.
pub(super) fn read(
    path: &Path,
    slots: &[String],
    layout: &CsvLayout,
    tell: &mut Tell<'_>,
    row: &mut dyn FnMut(&mut Texts<'_>),
) -> Result<ReadSummary> {
    let shown = path.display().to_string();
    let file = File::open(path).map_err(|e| Error::file(path, "read", e))?;
    let mut table = Table { shown: &shown, slots, tell, row, summary: ReadSummary::default() };
    csv::read(slots, layout, file, &mut table)?;
    Ok(table.summary)
}

struct Table<'t, 'f> {
    shown: &'t str,
    slots: &'t [String],
    tell: &'t mut Tell<'f>,
    row: &'t mut dyn FnMut(&mut Texts<'_>),
    summary: ReadSummary,
}

impl Rows for Table<'_, '_> {
    fn shown(&self) -> &str {
        self.shown
    }

    fn summary(&mut self) -> &mut ReadSummary {
        &mut self.summary
    }

    fn tell(&mut self, problem: Diagnostic) {
        (self.tell)(problem);
    }

    fn quarantine(&mut self, _raw: &[u8], _problems: &[Diagnostic]) -> Result<()> {
        // Told, and the file stays as it is: it is no import with rows of its own.
        Ok(())
    }

    fn shaped(&mut self, _shape: Shape) {}

    fn row<C: Cells>(&mut self, cells: &C) -> Result<Vec<Problem>> {
        self.summary.rows += 1;
        let mut texts = Texts { cells, slots: self.slots, problems: Vec::new() };
        (self.row)(&mut texts);
        let problems = texts.problems;
        self.summary.accepted += u64::from(problems.is_empty());
        Ok(problems)
    }
}

/// A row as texts; what cannot be read is noted.
pub(super) struct Texts<'r> {
    cells: &'r dyn Cells,
    slots: &'r [String],
    problems: Vec<Problem>,
}

impl<'r> Texts<'r> {
    /// Whether nothing was wrong so far.
    pub(super) fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    /// The text of a column, without blanks around it; none when it is empty.
    pub(super) fn text(&self, slot: usize) -> Option<&'r str> {
        self.cells.text(slot).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The same of a column that must be filled.
    pub(super) fn needed(&mut self, slot: usize) -> Option<&'r str> {
        let text = self.text(slot);
        if text.is_none() {
            let message = format!("`{}` is empty", self.name(slot));
            self.note(&codes::EMPTY_CELL, slot, message, None);
        }
        text
    }

    pub(super) fn day(&mut self, slot: usize) -> Option<NaiveDate> {
        let text = self.text(slot)?;
        let day = day(text);
        if day.is_none() {
            self.unexpected(&codes::BAD_TIME, slot, text, "a day such as 2024-05-07");
        }
        day
    }

    pub(super) fn currency(&mut self, slot: usize) -> Option<Currency> {
        let text = self.text(slot)?;
        let currency = Currency::parse(&text.to_ascii_uppercase());
        if currency.is_none() {
            self.unexpected(&codes::UNKNOWN_CURRENCY, slot, text, "an ISO 4217 code");
        }
        currency
    }

    /// A signed amount in minor units.
    pub(super) fn signed(&mut self, slot: usize, currency: Currency) -> Option<i64> {
        let text = self.text(slot)?;
        match Notation::default().amount(text, currency.decimals()) {
            Ok(minor) => Some(minor),
            Err(fault) => {
                let (code, expected) = amount_fault(fault, currency);
                self.unexpected(code, slot, text, &expected);
                None
            }
        }
    }

    /// An amount that is not below zero.
    pub(super) fn amount(&mut self, slot: usize, currency: Currency) -> Option<Minor> {
        let minor = self.signed(slot, currency)?;
        let amount = Minor::new(minor);
        if amount.is_none() {
            let text = self.text(slot).unwrap_or_default();
            let code = if minor < 0 { &codes::NEGATIVE_AMOUNT } else { &codes::TOO_GREAT };
            self.unexpected(code, slot, text, "an amount of money from 0");
        }
        amount
    }

    /// Notes a text that is not what the column holds.
    pub(super) fn unexpected(
        &mut self,
        code: &'static Code,
        slot: usize,
        text: &str,
        expected: &str,
    ) {
        let message = format!("`{}` is \"{}\", expected {expected}", self.name(slot), shown(text));
        self.note(code, slot, message, None);
    }

    pub(super) fn note(
        &mut self,
        code: &'static Code,
        slot: usize,
        message: String,
        hint: Option<String>,
    ) {
        self.problems.push(Problem { code, slot: Some(slot), message, hint });
    }

    fn name(&self, slot: usize) -> &'r str {
        self.slots.get(slot).map_or("", String::as_str)
    }
}

/// A day as `2024-05-07`, or as the ECB writes it in its daily file.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let forms = ["%Y-%m-%d", "%d %B %Y"];
    forms.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok())
}

fn amount_fault(fault: Fault, currency: Currency) -> (&'static Code, String) {
    match fault {
        Fault::Malformed => (&codes::BAD_AMOUNT, "a plain decimal such as 125.00".to_owned()),
        Fault::TooPrecise => {
            let decimals = currency.decimals();
            (&codes::TOO_PRECISE, format!("at most {decimals} decimals, as {currency} has"))
        }
        Fault::TooGreat => (&codes::TOO_GREAT, "a smaller amount".to_owned()),
    }
}

/// Reads an amount that somebody typed; none when it is none.
pub fn money(text: &str, currency: Currency) -> Option<Minor> {
    Notation::default().amount(text.trim(), currency.decimals()).ok().and_then(Minor::new)
}
