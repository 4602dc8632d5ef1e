//! A report read for a look: how many of its first rows a format understands, and nothing is kept.
//!
//! Owns the look and its bound. Refuses to stand for an import: what comes after the first rows is not
//! seen.

use std::cell::Cell;
use std::path::Path;

use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::iso::Currency;

use super::looked::Looked;
use super::{Advertiser, Context, Format, Sink, codes, read_looked};
use crate::error::{Error, Result};
use crate::fact::LineFact;
use crate::words::Words;

/// How many rows are looked at.
const ROWS: u64 = 10_000;

/// What a look at a report came to.
#[derive(Debug, Default)]
pub struct Tried {
    /// How many rows were read.
    pub rows: u64,
    /// How many of them were not understood.
    pub rejected: u64,
    /// What was wrong first: with a row, or with the file where that is refused.
    pub problem: Option<Diagnostic>,
    /// Why the file as a whole is refused.
    pub refused: Option<Error>,
}

/// Reads the first rows of a file by a format.
///
/// # Errors
///
/// When the file cannot be opened; what is wrong in it is told.
pub fn try_on(format: &Format, path: &Path) -> Result<Tried> {
    Ok(of(format, &Looked::at(path)?, &path.display().to_string()))
}

/// The same of a file that is open.
pub(super) fn of(format: &Format, file: &Looked, shown: &str) -> Tried {
    let default_currency = Currency::parse("USD");
    let context = Context { zone: chrono_tz::Tz::UTC, default_currency, unknown: true };
    let mut trial = Trial { words: Words::default(), tried: Tried::default(), context };
    let read = read_looked(format, (file, shown), context, &mut trial, &Cell::new(0));
    let mut tried = trial.tried;
    // That it was enough is no problem of the file.
    if let Err(refused) = read
        && tried.rows < ROWS
    {
        tried.problem = refused.problems().first().cloned().or(tried.problem);
        tried.refused = Some(refused);
    }
    tried
}

/// Counts rows until they are enough.
struct Trial {
    words: Words,
    tried: Tried,
    context: Context,
}

impl Trial {
    fn row(&mut self) -> Result<()> {
        self.tried.rows += 1;
        if self.tried.rows < ROWS { Ok(()) } else { Err(Error::new(&codes::REFUSED, "enough")) }
    }
}

impl Sink for Trial {
    fn words(&mut self) -> &mut Words {
        &mut self.words
    }

    fn advertiser(&mut self, _advertiser: &Advertiser<'_>) -> Result<Context> {
        Ok(self.context)
    }

    fn accept(&mut self, _fact: LineFact) -> Result<()> {
        self.row()
    }

    fn reject(&mut self, problem: Diagnostic) {
        self.tried.problem.get_or_insert(problem);
    }

    fn quarantine(&mut self, _raw: &[u8], _problems: &[Diagnostic]) -> Result<()> {
        self.tried.rejected += 1;
        self.row()
    }
}
