//! Reports of networks, read into facts.
//!
//! Owns the way from bytes to [`LineFact`]s: formats are mapping files ([`mapping`]), recognised by
//! what their reports hold; rows are read one by one, so memory stays flat whatever the file's
//! size. Refuses to guess: a row that is not understood is rejected with file, line and column,
//! and a file that is no report of the format is refused as a whole.

mod cell;
pub mod clicks;
pub mod codes;
mod csv;
mod feed;
pub mod field;
mod formats;
mod header;
mod intake;
mod json;
mod json_row;
pub mod mapping;
mod mapping_fields;
mod mapping_file;
mod moment;
mod number;
mod path;
pub mod payouts;
mod place;
mod plain;
mod probe;
pub mod rates;
mod report;
mod row;
pub mod table;
#[cfg(test)]
mod tests;

use std::io::Read;

use chrono_tz::Tz;
use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::iso::Currency;

pub use self::formats::{Formats, HEAD};
pub use self::intake::{Intake, Keeping, TakenIn, Watch};
pub use self::mapping::Format;
use self::mapping::Layout;
use self::report::Report;
use crate::error::{Error, Result};
use crate::fact::LineFact;
use crate::words::Words;

/// What a program says about reports in general.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The program's zone: times without an offset are read in it, unless the mapping names one.
    pub zone: Tz,
    /// The currency of amounts in rows that name none: the policy's; none where the program's
    /// versions have currencies of different decimals, so that such an amount cannot be read.
    pub default_currency: Option<Currency>,
}

/// Takes what is read out of a report.
pub trait Sink {
    /// Returns the dictionary for texts that recur.
    fn words(&mut self) -> &mut Words;

    /// Takes a row that was understood.
    ///
    /// An error ends the reading and is returned from [`read`].
    fn accept(&mut self, fact: LineFact) -> Result<()>;

    /// Takes one problem of a row that is not imported; a row can have several, one after another.
    fn reject(&mut self, problem: Diagnostic);
}

/// What reading a report came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadSummary {
    /// Rows in the report.
    pub rows: u64,
    /// Rows that became facts.
    pub accepted: u64,
    /// Rows that were rejected, whatever the number of their problems.
    pub rejected: u64,
    /// Facts with a local time that occurred twice or never.
    pub doubtful_times: u64,
    /// Reported amounts that were left out because their currency is not the row's.
    pub left_out: u64,
    /// Columns that no field reads, in the order of the header; for CSV only.
    pub unread: Vec<UnreadColumn>,
}

/// A column of a report that no field reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadColumn {
    /// The name in the header.
    pub name: String,
    /// A column that the mapping knows, that the report lacks and that has nearly this name.
    pub near: Option<String>,
}

/// Reads a report of a known format, row by row.
///
/// `shown` is the file's name in messages. When this fails, nothing that the sink accepted may be
/// kept: an error of the network, or a file that breaks off, can come after good rows. A report
/// that is refused gives an error of the kind `Report`, whose problems say why and where.
pub fn read(
    format: &Format,
    input: impl Read,
    shown: &str,
    context: &Context,
    sink: &mut dyn Sink,
) -> Result<ReadSummary> {
    let mut report = Report::new(format, shown, *context, sink);
    match &format.layout {
        Layout::Csv(layout) => csv::read(&format.slots, layout, input, &mut report)?,
        Layout::Json(layout) => json::read(format, layout, input, &mut report)?,
    }
    Ok(report.finish())
}

/// Refuses a report as a whole.
fn refused(problem: Diagnostic) -> Error {
    let file = problem.place.file.clone();
    refused_file(&file, problem)
}

/// Refuses a report for a problem that may stand elsewhere, as in the arguments.
fn refused_file(file: &str, problem: Diagnostic) -> Error {
    let message = format!("{file} was not imported");
    Error::new(&codes::REFUSED, message).with(vec![problem])
}
