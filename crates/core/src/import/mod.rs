//! Reports of networks, read into facts.
//!
//! Owns the way from bytes to [`LineFact`]s: formats are mapping files ([`mapping`]), recognised by
//! what their reports hold; rows are read one by one, so memory stays flat whatever the file's
//! size. Refuses to guess: a row that is not understood is rejected with file, line and column,
//! and a file that is no report of the format is refused as a whole.

pub mod advertisers;
mod beside;
mod cell;
pub mod clicks;
pub mod codes;
mod contained;
mod contents;
mod csv;
mod feed;
pub mod field;
mod formats;
mod header;
mod intake;
mod json;
mod json_row;
mod looked;
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
pub mod proposal;
mod proposal_fields;
mod proposal_seen;
mod proposal_status;
mod proposal_times;
pub mod rates;
mod report;
mod retry;
mod row;
mod sheet;
pub mod table;
#[cfg(test)]
mod tests;
mod trial;
mod xls;
mod xml;

use std::cell::Cell;
use std::io::Read;
use std::path::Path;

use chrono_tz::Tz;
use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::iso::Currency;

pub use self::advertisers::Advertisers;
pub use self::beside::Beside;
pub use self::contained::is_contained;
pub use self::formats::{Fit, Formats, HEAD, Head};
pub use self::intake::{Intake, Keeping, Known, PIPE, Portion, TakenIn, Unmapped, Watch, Whose};
use self::looked::Looked;
pub use self::mapping::Format;
use self::mapping::Layout;
use self::report::Report;
pub use self::retry::{Retried, retry};
pub use self::trial::{Tried, try_on};
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
    /// Nothing is known of the program: an amount whose currency is not known is left out, and does
    /// not cost the row.
    pub unknown: bool,
}

/// Takes what is read out of a report.
pub trait Sink {
    /// Returns the dictionary for texts that recur.
    fn words(&mut self) -> &mut Words;

    /// Says which program's orders follow, in a report that holds those of many advertisers: until
    /// this is called again, what is accepted is of this advertiser.
    fn advertiser(&mut self, advertiser: &Advertiser<'_>) -> Result<Context>;

    /// Takes a row that was understood.
    ///
    /// An error ends the reading and is returned from [`read`].
    fn accept(&mut self, fact: LineFact) -> Result<()>;

    /// Returns what a row takes back: the revisions of the line that has its number, but for such
    /// that take it back themselves. None where nothing is known of them.
    fn originals(&mut self, _reversal: &LineFact) -> Result<Vec<LineFact>> {
        Ok(Vec::new())
    }

    /// Takes one problem of a row that is not imported; a row can have several, one after another.
    fn reject(&mut self, problem: Diagnostic);

    /// Takes a row that is not imported as it stands in the file, in UTF-8 where that could be made of
    /// it, and all its problems, before each of them comes to [`reject`](Self::reject).
    fn quarantine(&mut self, _raw: &[u8], _problems: &[Diagnostic]) -> Result<()> {
        Ok(())
    }

    /// Is told, before the first row, how rows stand in their file.
    fn shaped(&mut self, _shape: Shape) {}
}

/// How rows stand in their file: what makes a file of the same format of some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// What comes before the first row.
    pub head: Vec<u8>,
    /// What comes between two rows.
    pub separator: Vec<u8>,
    /// What comes after the last row.
    pub tail: Vec<u8>,
}

/// An advertiser as a network's report names it.
#[derive(Clone, Copy, Debug)]
pub struct Advertiser<'a> {
    /// The network's number; empty where the row has none.
    pub number: &'a str,
    /// What the network calls it.
    pub name: Option<&'a str>,
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
    /// Amounts that were left out because their currency is not the row's, or is not known.
    pub left_out: u64,
    /// Facts that take back a line that is not known.
    pub unmatched: u64,
    /// The files of an archive that had no row.
    pub without_rows: Vec<String>,
    /// First lines that were taken for headers, where the mapping has the names of the columns.
    pub headers: Vec<PassedOver>,
    /// Columns that no field reads, in the order of the header; for CSV only.
    pub unread: Vec<UnreadColumn>,
    /// Status words that the mapping does not know and keeps, and how many rows have them.
    pub unknown_words: Vec<(String, u64)>,
}

impl ReadSummary {
    /// Adds columns that no field reads; of several files in one archive, each is told once.
    fn note_unread(&mut self, columns: Vec<UnreadColumn>) {
        for column in columns {
            if !self.unread.contains(&column) {
                self.unread.push(column);
            }
        }
    }
}

/// A first line that was taken for a header, and of which nothing was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The file, or the one within an archive.
    pub file: String,
    /// Its number, counted from 1.
    pub line: u64,
    /// What it says.
    pub words: String,
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
    read_into(format, input, &mut report)?;
    Ok(report.finish())
}

/// Reads what a file holds: a report, one that is compressed, or an archive of several of one
/// format. `count` is told how many of the file's bytes were read.
///
/// # Errors
///
/// As of [`read`], and when the file cannot be read or unpacked.
pub fn read_file(
    format: &Format,
    (path, shown): (&Path, &str),
    context: &Context,
    sink: &mut dyn Sink,
    count: &Cell<u64>,
) -> Result<ReadSummary> {
    read_looked(format, (&Looked::at(path)?, shown), *context, sink, count)
}

/// The same of a file that was looked at, which must still be the same.
fn read_looked(
    format: &Format,
    (file, shown): (&Looked, &str),
    context: Context,
    sink: &mut dyn Sink,
    count: &Cell<u64>,
) -> Result<ReadSummary> {
    let mut report = Report::new(format, shown, context, sink);
    contents::each(file, shown, count, &mut |name, input| {
        report.begin_file(name);
        let (start, input) = contents::peeked(input).map_err(|e| contents::failed(name, e))?;
        // An empty file in an archive is one without rows, whatever it would have been.
        if !(start.is_empty() && name != shown) {
            read_into(format, input, &mut report)?;
        }
        Ok(true)
    })?;
    Ok(report.finish())
}

/// Reads one report, be it text or a spreadsheet.
fn read_into(format: &Format, input: impl Read, report: &mut Report<'_>) -> Result<()> {
    let peeked = contents::peeked(input);
    let (start, input) = peeked.map_err(|e| contents::failed(&report.shown, e))?;
    if let Some((is, reads)) = other_kind(&format.layout, &start) {
        let message = format!("the file is {is}, and `{}` reads {reads}", format.name);
        let problem = Diagnostic::whole(&codes::OTHER_KIND, &report.shown, message);
        return Err(refused(
            problem.hint("import each kind of file by itself, under its own format"),
        ));
    }
    match &format.layout {
        Layout::Csv(layout) if sheet::may_be(&start) || sheet::are_cells(&start) => {
            sheet::read(&format.slots, layout, input, report)
        }
        Layout::Csv(layout) => csv::read(&format.slots, layout, input, report),
        Layout::Json(layout) => json::read(format, layout, input, report),
        Layout::Xml(layout) => xml::read(format, layout, input, report),
    }
}

/// What a file is by its first bytes, and what its format reads, where that is another kind.
fn other_kind(layout: &Layout, start: &[u8]) -> Option<(&'static str, &'static str)> {
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let first = *text.first()?;
    let is = match first {
        b'{' | b'[' => "JSON",
        b'<' => "XML",
        // A word that is no value of JSON.
        _ if first.is_ascii_alphabetic() && !b"ntf".contains(&first) => "a table or a text",
        _ => return None,
    };
    let reads = match layout {
        // The name of a column may begin with any character.
        Layout::Csv(csv) if csv.names_begin_with(first) || sheet::are_cells(start) => return None,
        Layout::Csv(_) => "tables",
        Layout::Json(_) => "JSON",
        Layout::Xml(_) => "XML",
    };
    let same = is == reads || (is, reads) == ("a table or a text", "tables");
    (!same).then_some((is, reads))
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
