//! Reports in CSV, and other files of rows.
//!
//! Owns the reading of records and the place of each field. Refuses records that are longer than a
//! mebibyte, and rows whose fields cannot be told apart.

use std::io::{self, Read};
use std::ops::Range;

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};
use feebook_schedule::diagnostic::{Code, Diagnostic};

use super::cell::Cells;
use super::header::{self, Header};
use super::mapping::CsvLayout;
use super::place::{self, Keeping, Piece};
use super::report::Rows;
use super::row::Problem;
use super::{Shape, codes, contents, refused};
use crate::error::{Error, Result};

/// Makes a reader of records of any number of fields; the header is the first of them.
pub(super) fn records<R: Read>(layout: &CsvLayout, input: R) -> Reader<R> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(layout.delimiter);
    builder.buffer_capacity(1 << 16);
    match layout.quote {
        Some(quote) => builder.quote(quote),
        None => builder.quoting(false),
    };
    builder.from_reader(input)
}

/// Reads a file; `slots` are the columns that its rows are asked for by number.
pub(super) fn read<R: Read>(
    slots: &[String],
    layout: &CsvLayout,
    input: R,
    report: &mut impl Rows,
) -> Result<()> {
    let kept = Keeping::new(place::decoded(input, layout.encoding));
    let input = Ending { kept, ended: false };
    let mut file = CsvFile { records: records(layout, input), layout, from: 0 };
    let mut record = StringRecord::new();
    let mut names = layout.names.clone();
    if layout.header {
        if !file.next(&mut record, report)? {
            let message = "the file is empty";
            return Err(refused(Diagnostic::whole(&codes::EMPTY_REPORT, report.shown(), message)));
        }
        if names.is_empty() {
            names = header::names(&record);
        }
    }
    let header =
        file.with_piece(|piece| Header::matched(slots, layout, names, report.shown(), piece));
    let header = header.map_err(refused)?;
    report.shaped(file.with_piece(|piece| shape(piece.bytes, layout)));
    report.summary().note_unread(header.unread(slots));
    while file.next(&mut record, report)? {
        file.row(&header, &record, report)?;
    }
    Ok(())
}

/// A file of rows has its header first, if it has one. It is written in UTF-8, so one of another
/// encoding says so.
fn shape(header: &[u8], layout: &CsvLayout) -> Shape {
    let mark: &[u8] = if layout.encoding == encoding_rs::UTF_8 { b"" } else { b"\xEF\xBB\xBF" };
    let header = if layout.header { [header, b"\n"].concat() } else { Vec::new() };
    let head = [mark, &header].concat();
    Shape { head, separator: b"\n".to_vec(), tail: b"\n".to_vec() }
}

/// Knows whether the input has ended: a record that is read by then lacks its line end.
struct Ending<R> {
    kept: Keeping<R>,
    ended: bool,
}

impl<R: Read> Read for Ending<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.kept.read(out)?;
        self.ended = count == 0;
        Ok(count)
    }
}

struct CsvFile<'f, R> {
    records: Reader<Ending<R>>,
    layout: &'f CsvLayout,
    /// The offset of the current record.
    from: u64,
}

impl<R: Read> CsvFile<'_, R> {
    /// Reads the next record that is text; others are rejected on the way.
    fn next(&mut self, record: &mut StringRecord, report: &mut impl Rows) -> Result<bool> {
        loop {
            self.from = self.records.position().byte();
            self.records.get_mut().kept.wanted_from = self.from;
            let read = self.records.read_record(record);
            self.check_end(report.shown())?;
            let error = match read {
                Ok(more) => return Ok(more),
                Err(error) => error,
            };
            if let ErrorKind::Utf8 { err, .. } = error.kind() {
                let problem = self.undecodable(report.shown(), err.field());
                self.with_piece(|piece| report.reject_unread(piece.bytes, problem))?;
            } else {
                return Err(self.stopped(report.shown(), error));
            }
        }
    }

    /// Refuses a file whose last record ends within quotes: whatever its last field holds may be
    /// half a value.
    fn check_end(&self, shown: &str) -> Result<()> {
        if !self.records.get_ref().ended {
            return Ok(());
        }
        let problem = self.with_piece(|piece| {
            let quote = open_quote(piece.bytes, self.layout)?;
            let message = "the file ends before this quote is closed".to_owned();
            let problem = place::at(codes::BREAKS_OFF, shown, piece, quote..quote + 1, message);
            Some(problem.hint("the file may have been cut off or edited; get the report again"))
        });
        problem.map_or(Ok(()), |problem| Err(refused(problem)))
    }

    fn stopped(&self, shown: &str, error: csv::Error) -> Error {
        if self.records.get_ref().kept.over {
            let message = format!("the record is longer than {} bytes", place::RECORD_LIMIT);
            return refused(self.with_piece(|piece| {
                let problem = place::at(&codes::TOO_LONG, shown, piece, 0..1, message);
                problem.hint("look for a quote that is never closed")
            }));
        }
        if let ErrorKind::Io(error) = error.into_kind() {
            return contents::failed(shown, error);
        }
        let message = "the file cannot be read as CSV";
        refused(Diagnostic::whole(&codes::BAD_TEXT, shown, message))
    }

    /// Calls with the bytes of the current record.
    fn with_piece<T>(&self, make: impl FnOnce(&Piece<'_>) -> T) -> T {
        let to = self.records.position().byte().max(self.from);
        // While a record is still being read, the reader's position stands at its start.
        let to = if self.records.get_ref().kept.over { u64::MAX } else { to };
        let (bytes, line) = self.records.get_ref().kept.record(self.from, to);
        make(&Piece { bytes, line, before: "", hidden: 0 })
    }

    /// Makes a diagnostic about a field of the current record.
    fn at(
        &self,
        code: &'static Code,
        shown: &str,
        field: Option<usize>,
        message: String,
    ) -> Diagnostic {
        self.with_piece(|piece| {
            let fields = field_spans(piece.bytes, self.layout);
            let span = field.and_then(|field| fields.get(field).cloned());
            place::at(code, shown, piece, span.unwrap_or(0..piece.bytes.len()), message)
        })
    }

    fn undecodable(&self, shown: &str, field: usize) -> Diagnostic {
        let message = format!("field {} holds bytes that are not UTF-8", field + 1);
        self.at(&codes::BAD_TEXT, shown, Some(field), message)
            .hint("if the report is in another encoding, its mapping must name it")
    }

    fn row(&self, header: &Header, record: &StringRecord, report: &mut impl Rows) -> Result<()> {
        if let Some(problem) = self.shape_problem(header, record, report.shown()) {
            return self.with_piece(|piece| report.reject_unread(piece.bytes, problem));
        }
        let problems = report.row(&CsvRow { header, record })?;
        if !problems.is_empty() {
            let placed = |problem: Problem| {
                let column =
                    problem.slot.and_then(|slot| header.columns.get(slot).copied().flatten());
                self.at(problem.code, report.shown(), column, problem.message)
                    .hint_opt(problem.hint)
            };
            let mut placed: Vec<Diagnostic> = problems.into_iter().map(placed).collect();
            placed.sort_by(|a, b| a.place.cmp(&b.place));
            return self.with_piece(|piece| report.reject(piece.bytes, placed));
        }
        Ok(())
    }

    /// What keeps the fields of a row from being told apart or read.
    fn shape_problem(
        &self,
        header: &Header,
        record: &StringRecord,
        shown: &str,
    ) -> Option<Diagnostic> {
        let (found, expected) = (record.len(), header.names.len());
        // Some exports end every row with a delimiter too many: empty fields belong to nothing.
        let surplus = || record.iter().skip(expected).all(|field| field.trim().is_empty());
        if found < expected || (found > expected && !surplus()) {
            let message = format!("the row has {found} fields, the header {expected}");
            let mut problem = self.at(&codes::FIELD_COUNT, shown, None, message);
            if self.with_piece(|piece| piece.bytes.contains(&b'\n')) {
                problem = problem
                    .hint("the row spans several lines: look for a quote that is not closed");
            }
            return Some(problem);
        }
        let undecoded = self.layout.encoding != encoding_rs::UTF_8;
        let bad = |field: &str| field.contains('\0') || (undecoded && field.contains('\u{fffd}'));
        // One look at the whole row, which nearly always is enough.
        if !bad(record.as_slice()) {
            return None;
        }
        let field = record.iter().position(bad)?;
        let kind = if record.get(field)?.contains('\0') { "a NUL" } else { "an undecodable byte" };
        let message = format!("field {} holds {kind}", field + 1);
        Some(self.at(&codes::BAD_TEXT, shown, Some(field), message))
    }
}

struct CsvRow<'r> {
    header: &'r Header,
    record: &'r StringRecord,
}

impl Cells for CsvRow<'_> {
    fn text(&self, slot: usize) -> Option<&str> {
        self.record.get((*self.header.columns.get(slot)?)?)
    }
}

/// Finds the bytes of each field of a record, without their quotes. Only for messages: what counts
/// is read by the csv crate.
pub(super) fn field_spans(raw: &[u8], layout: &CsvLayout) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut start = 0;
    loop {
        let span = field_span(raw, start, layout);
        let rest = raw.get(span.end..).unwrap_or_default();
        let next = rest.iter().position(|byte| *byte == layout.delimiter);
        spans.push(span.clone());
        match next {
            Some(delimiter) => start = span.end + delimiter + 1,
            None => return spans,
        }
    }
}

/// Finds the quote of a record that opens its last field and is not closed.
fn open_quote(raw: &[u8], layout: &CsvLayout) -> Option<usize> {
    let last = field_spans(raw, layout).pop()?;
    let before = last.start.checked_sub(1)?;
    (last.end == raw.len() && raw.get(before).copied() == layout.quote).then_some(before)
}

fn field_span(raw: &[u8], start: usize, layout: &CsvLayout) -> Range<usize> {
    let rest = raw.get(start..).unwrap_or_default();
    let quote = layout.quote.filter(|quote| rest.first() == Some(quote));
    let Some(quote) = quote else {
        let end = rest.iter().position(|byte| *byte == layout.delimiter);
        return start..end.map_or(raw.len(), |end| start + end);
    };
    let mut at = start + 1;
    while let Some(byte) = raw.get(at) {
        if *byte == quote {
            if raw.get(at + 1) != Some(&quote) {
                break;
            }
            at += 1;
        }
        at += 1;
    }
    start + 1..at.min(raw.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_open_that_the_last_field_begins_with_and_does_not_close() {
        let layout = CsvLayout::plain(Vec::new());
        let open = |raw: &str| open_quote(raw.as_bytes(), &layout);
        assert_eq!(open(r#"80,1,"125.00"#), Some(5));
        assert_eq!(open("\"a,b\n"), Some(0));
        assert_eq!(open(r#"80,""#), Some(3));
        assert_eq!(open(r#"80,"a"""#), Some(3));
        for closed in ["", "80,", r#"80,"125.00""#, r#"80,"""#, r#"80,"a""""#, r#"80,12""#] {
            assert_eq!(open(closed), None, "{closed}");
        }
    }
}
