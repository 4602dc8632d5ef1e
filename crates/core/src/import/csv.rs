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
use super::plain::{self, Next, PlainLines, PlainRecord};
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
    let input = place::decoded(input, layout.encoding);
    if !plain::possible(layout) {
        return read_by_crate(slots, layout, None, Keeping::new(input), report);
    }
    let mut lines = PlainLines::new(layout, input);
    let mut header = None;
    loop {
        let next = lines.next();
        match next.map_err(|failed| contents::failed(report.shown(), failed))? {
            Next::Record(record) => match &header {
                Some(header) => row(layout, header, &record, report)?,
                None => header = Some(first(slots, layout, &record, report)?),
            },
            Next::End if header.is_some() => return Ok(()),
            Next::End => return Err(empty(report.shown())),
            Next::Rest => break,
        }
    }
    let (rest, before) = lines.rest();
    if before == 0 {
        return read_by_crate(slots, layout, header, Keeping::new(rest), report);
    }
    // The line end that was read last stands in front again: the crate drops a byte order mark from
    // what it takes for the beginning of a file.
    let rest = Keeping::behind(before - 1, b"\n".chain(rest));
    read_by_crate(slots, layout, header, rest, report)
}

/// Reads a file, or what is left of it behind its header, by the csv crate.
pub(super) fn read_by_crate<R: Read>(
    slots: &[String],
    layout: &CsvLayout,
    header: Option<Header>,
    kept: Keeping<R>,
    report: &mut impl Rows,
) -> Result<()> {
    let input = Ending { kept, ended: false };
    let mut file = CsvFile { records: records(layout, input), layout, from: 0 };
    let mut record = StringRecord::new();
    let header = match header {
        Some(header) => header,
        None if !layout.header => begin((slots, false), layout, &(&file, &record), report)?,
        None if file.next(&mut record, report)? => first(slots, layout, &(&file, &record), report)?,
        None => return Err(empty(report.shown())),
    };
    while file.next(&mut record, report)? {
        row(layout, &header, &(&file, &record), report)?;
    }
    Ok(())
}

/// A file of rows has its header first, if it has one. It is written in UTF-8, so one of another
/// encoding says so.
fn shape((header, is_header): (&[u8], bool), layout: &CsvLayout) -> Shape {
    let mark: &[u8] = if layout.encoding == encoding_rs::UTF_8 { b"" } else { b"\xEF\xBB\xBF" };
    let header = if is_header { [header, b"\n"].concat() } else { Vec::new() };
    let head = [mark, &header].concat();
    Shape { head, separator: b"\n".to_vec(), tail: b"\n".to_vec() }
}

fn empty(shown: &str) -> Error {
    refused(Diagnostic::whole(&codes::EMPTY_REPORT, shown, "the file is empty"))
}

/// A record that was split, by whatever way.
trait Record {
    /// How many fields it has.
    fn len(&self) -> usize;

    /// A field by its number.
    fn get(&self, at: usize) -> Option<&str>;

    /// Whether some field may hold what [`shape_problem`] refuses: one look at the whole row, which
    /// nearly always is enough.
    fn suspect(&self, bad: impl Fn(&str) -> bool) -> bool;

    /// Calls with its bytes.
    fn with_piece<T>(&self, make: impl FnOnce(&Piece<'_>) -> T) -> T;
}

impl Record for PlainRecord<'_> {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, at: usize) -> Option<&str> {
        self.get(at)
    }

    fn suspect(&self, _bad: impl Fn(&str) -> bool) -> bool {
        false
    }

    fn with_piece<T>(&self, make: impl FnOnce(&Piece<'_>) -> T) -> T {
        make(&Piece { bytes: self.line.as_bytes(), line: self.number, before: "", hidden: 0 })
    }
}

impl<R: Read> Record for (&CsvFile<'_, R>, &StringRecord) {
    fn len(&self) -> usize {
        self.1.len()
    }

    fn get(&self, at: usize) -> Option<&str> {
        self.1.get(at)
    }

    fn suspect(&self, bad: impl Fn(&str) -> bool) -> bool {
        bad(self.1.as_slice())
    }

    fn with_piece<T>(&self, make: impl FnOnce(&Piece<'_>) -> T) -> T {
        self.0.with_piece(make)
    }
}

/// Takes the first record of a file: its header, or, where the mapping names the columns and the record
/// is one or does not look like a header, a row already.
fn first(
    slots: &[String],
    layout: &CsvLayout,
    record: &impl Record,
    report: &mut impl Rows,
) -> Result<Header> {
    if layout.names.is_empty() {
        return begin((slots, true), layout, record, report);
    }
    let names = layout.names.clone();
    let header =
        record.with_piece(|piece| Header::matched(slots, layout, names, report.shown(), piece));
    let header = header.map_err(refused)?;
    let cells = (0..record.len()).filter_map(|at| record.get(at));
    let is_row = report.is_row(&CsvRow { header: &header, record })
        || !header::looks_like_one(&layout.names, cells);
    let header = begin((slots, !is_row), layout, record, report)?;
    if is_row {
        row(layout, &header, record, report)?;
    } else {
        record.with_piece(|piece| {
            report.passed_over(piece.line, &String::from_utf8_lossy(piece.bytes));
        });
    }
    Ok(header)
}

/// Matches the header of a file, or the names of the mapping.
fn begin(
    (slots, is_header): (&[String], bool),
    layout: &CsvLayout,
    record: &impl Record,
    report: &mut impl Rows,
) -> Result<Header> {
    let names = if layout.names.is_empty() {
        header::names((0..record.len()).filter_map(|at| record.get(at)))
    } else {
        layout.names.clone()
    };
    let header =
        record.with_piece(|piece| Header::matched(slots, layout, names, report.shown(), piece));
    let header = header.map_err(refused)?;
    report.shaped(record.with_piece(|piece| shape((piece.bytes, is_header), layout)));
    report.summary().note_unread(header.unread(slots));
    Ok(header)
}

/// Hands on a row, or what is wrong with it.
fn row(
    layout: &CsvLayout,
    header: &Header,
    record: &impl Record,
    report: &mut impl Rows,
) -> Result<()> {
    if let Some(problem) = shape_problem(layout, header, record, report.shown()) {
        return record.with_piece(|piece| report.reject_unread(piece.bytes, problem));
    }
    let problems = report.row(&CsvRow { header, record })?;
    if !problems.is_empty() {
        let placed = |problem: Problem| {
            let column = problem.slot.and_then(|slot| header.columns.get(slot).copied().flatten());
            at(layout, record, problem.code, report.shown(), column, problem.message)
                .hint_opt(problem.hint)
        };
        let mut placed: Vec<Diagnostic> = problems.into_iter().map(placed).collect();
        placed.sort_by(|a, b| a.place.cmp(&b.place));
        return record.with_piece(|piece| report.reject(piece.bytes, placed));
    }
    Ok(())
}

/// What keeps the fields of a row from being told apart or read.
fn shape_problem(
    layout: &CsvLayout,
    header: &Header,
    record: &impl Record,
    shown: &str,
) -> Option<Diagnostic> {
    let (found, expected) = (record.len(), header.names.len());
    // Some exports end every row with a delimiter too many: empty fields belong to nothing.
    let empty = |at| record.get(at).is_some_and(|field| field.trim().is_empty());
    let surplus = || (expected..found).all(empty);
    if found < expected || (found > expected && !surplus()) {
        let message = format!("the row has {found} fields, the header {expected}");
        let mut problem = at(layout, record, &codes::FIELD_COUNT, shown, None, message);
        if record.with_piece(|piece| piece.bytes.contains(&b'\n')) {
            problem =
                problem.hint("the row spans several lines: look for a quote that is not closed");
        }
        return Some(problem);
    }
    let undecoded = layout.encoding != encoding_rs::UTF_8;
    let bad = |field: &str| field.contains('\0') || (undecoded && field.contains('\u{fffd}'));
    if !record.suspect(bad) {
        return None;
    }
    let field = (0..found).find(|field| record.get(*field).is_some_and(bad))?;
    let kind = if record.get(field)?.contains('\0') { "a NUL" } else { "an undecodable byte" };
    let message = format!("field {} holds {kind}", field + 1);
    Some(at(layout, record, &codes::BAD_TEXT, shown, Some(field), message))
}

/// Makes a diagnostic about a field of a record.
fn at(
    layout: &CsvLayout,
    record: &impl Record,
    code: &'static Code,
    shown: &str,
    field: Option<usize>,
    message: String,
) -> Diagnostic {
    record.with_piece(|piece| {
        let fields = field_spans(piece.bytes, layout);
        let span = field.and_then(|field| fields.get(field).cloned());
        place::at(code, shown, piece, span.unwrap_or(0..piece.bytes.len()), message)
    })
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
            self.check_length(report.shown())?;
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

    /// Refuses a file whose record came whole and is too long all the same.
    fn check_length(&self, shown: &str) -> Result<()> {
        let limit = u64::try_from(place::RECORD_LIMIT).unwrap_or(u64::MAX);
        if self.records.position().byte().saturating_sub(self.from) <= limit {
            return Ok(());
        }
        // Line ends around a record do not belong to it.
        let over = self.with_piece(|piece| piece.bytes.len() > place::RECORD_LIMIT);
        if over { Err(self.too_long(shown)) } else { Ok(()) }
    }

    fn too_long(&self, shown: &str) -> Error {
        let message = format!("the record is longer than {} bytes", place::RECORD_LIMIT);
        refused(self.with_piece(|piece| {
            let problem = place::at(&codes::TOO_LONG, shown, piece, 0..1, message);
            problem.hint("look for a quote that is never closed")
        }))
    }

    fn stopped(&self, shown: &str, error: csv::Error) -> Error {
        if self.records.get_ref().kept.over {
            return self.too_long(shown);
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

    fn undecodable(&self, shown: &str, field: usize) -> Diagnostic {
        let message = format!("field {} holds bytes that are not UTF-8", field + 1);
        let record = StringRecord::new();
        at(self.layout, &(self, &record), &codes::BAD_TEXT, shown, Some(field), message)
            .hint("if the report is in another encoding, its mapping must name it")
    }
}

struct CsvRow<'r, S> {
    header: &'r Header,
    record: &'r S,
}

impl<S: Record> Cells for CsvRow<'_, S> {
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
