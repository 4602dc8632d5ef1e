//! Reports in spreadsheets: XLSX, XLSM, XLSB, XLS and ODS.
//!
//! Owns the way from a workbook's first filled sheet to the rows of a table. A spreadsheet is read
//! whole, so its size is bounded. Refuses to run or to recalculate anything, and numbers of which
//! the spreadsheet has lost digits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

use calamine::{Data, DataRef, ExcelDateTime, Reader as _, Sheets, XlsError};
use feebook_schedule::diagnostic::Diagnostic;
use quick_xml::events::Event;
use rust_decimal::Decimal;
use zip::ZipArchive;

use super::cell::{Cells, Nature};
use super::contained::{contained, is_contained};
use super::header::{self, Header};
use super::mapping::CsvLayout;
use super::place::Piece;
use super::report::Rows;
use super::row::Problem;
use super::{Shape, cell, codes, contents, refused, xls};
use crate::error::{Error, Result};

/// The largest file that is read.
const FILE_LIMIT: usize = 64 << 20;
/// What its parts may come to when they are unpacked.
const UNPACKED_LIMIT: u64 = 512 << 20;
/// How many filled cells a sheet may have.
const CELL_LIMIT: usize = 4_000_000;
/// What the texts of its cells may come to in all, in bytes; what each cell costs beside is bounded by their number.
const TEXT_LIMIT: usize = 256 << 20;
/// The longest text of a cell, in characters: what spreadsheets themselves allow.
const CELL_TEXT_LIMIT: usize = 32_767;
/// What an XLS begins with.
const COMPOUND: [u8; 4] = [0xD0, 0xCF, 0x11, 0xE0];
/// How many rows are shown to whoever proposes a mapping.
const FIRST_ROWS: usize = 200;
/// The texts that a cell of an ODS has in its tag.
const IN_TAGS: [&str; 4] =
    ["office:string-value", "office:date-value", "office:time-value", "table:formula"];
/// How many digits of a number a spreadsheet keeps.
const DIGITS: usize = 15;

/// Whether some bytes begin a file that is a spreadsheet, or may be one.
pub(super) fn may_be(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(&COMPOUND)
}

/// Whether some bytes begin rows of a spreadsheet that were written out of quarantine: as JSON, in which
/// numbers and moments stay what they were.
pub(super) fn are_cells(head: &[u8]) -> bool {
    head.starts_with(br#"{"cells""#)
}

/// Whether an archive is in truth a spreadsheet.
pub(super) fn is_workbook<R: Read + io::Seek>(archive: &ZipArchive<R>) -> bool {
    let has = |name: &str| archive.index_for_name(name).is_some();
    has("[Content_Types].xml") || (has("mimetype") && has("content.xml"))
}

/// One cell.
struct Cell {
    text: String,
    nature: Nature,
}

/// Why a sheet is not read any further.
enum Stop {
    /// It has too much of something.
    TooLarge(String),
    /// It is broken.
    Unreadable(calamine::Error),
    /// It is broken in a way that the reader of workbooks does not survive.
    Contradictory,
}

impl<E: Into<calamine::Error>> From<E> for Stop {
    fn from(failed: E) -> Self {
        Self::Unreadable(failed.into())
    }
}

/// Runs the reader of workbooks, which panics here and there at what contradicts itself. What is ours is
/// not to be within.
fn within<T>(run: impl FnOnce() -> T) -> std::result::Result<T, Stop> {
    contained(run).ok_or(Stop::Contradictory)
}

/// What a sheet may still have.
struct Left {
    cells: usize,
    text: usize,
}

impl Left {
    const ALL: Self = Self { cells: CELL_LIMIT, text: TEXT_LIMIT };

    /// Takes room for a text, before it is copied.
    fn take(&mut self, text: &str) -> std::result::Result<(), String> {
        if text.len() > CELL_TEXT_LIMIT && text.chars().count() > CELL_TEXT_LIMIT {
            return Err(format!("a cell holds over {CELL_TEXT_LIMIT} characters"));
        }
        let Some(cells) = self.cells.checked_sub(1) else {
            return Err(format!("the sheet has over {CELL_LIMIT} filled cells"));
        };
        let Some(left) = self.text.checked_sub(text.len()) else {
            return Err(format!("the cells of the sheet hold over {TEXT_LIMIT} bytes of text"));
        };
        *self = Self { cells, text: left };
        Ok(())
    }
}

/// The filled sheet of a workbook.
pub(super) struct Sheet {
    /// Filled cells by row and column, counted from 0.
    rows: BTreeMap<u32, BTreeMap<u32, Cell>>,
}

impl Sheet {
    /// Reads the first sheet that has any cell.
    pub(super) fn read(input: impl Read, shown: &str) -> Result<Self> {
        let refuse =
            |message: String| refused(Diagnostic::whole(&codes::BAD_SHEET, shown, message));
        let mut bytes = Vec::new();
        let limit = u64::try_from(FILE_LIMIT).unwrap_or(0);
        input.take(limit + 1).read_to_end(&mut bytes).map_err(|e| failed(shown, e))?;
        if bytes.len() > FILE_LIMIT {
            let message = format!("the spreadsheet is larger than {FILE_LIMIT} bytes");
            return Err(too_large(shown, message));
        }
        if are_cells(&bytes) {
            return Self::of_cells(&bytes).map_err(refuse);
        }
        Self::of_workbook(bytes, shown)
    }

    /// Reads a workbook's first sheet that has any cell.
    fn of_workbook(mut bytes: Vec<u8>, shown: &str) -> Result<Self> {
        let mut workbook = opened(&mut bytes, shown)?;
        for name in workbook.sheet_names() {
            let mut sheet = Self { rows: BTreeMap::new() };
            sheet.fill(&mut workbook, &name).map_err(|stop| match stop {
                Stop::TooLarge(message) => too_large(shown, message),
                Stop::Unreadable(failed) => unreadable(shown, &failed),
                Stop::Contradictory => contradictory(shown),
            })?;
            if !sheet.rows.is_empty() {
                return Ok(sheet);
            }
        }
        let message = "the spreadsheet has no filled cell";
        Err(refused(Diagnostic::whole(&codes::EMPTY_REPORT, shown, message)))
    }

    /// Reads rows that were written out.
    fn of_cells(bytes: &[u8]) -> std::result::Result<Self, String> {
        let read = |e| format!("the file cannot be read as rows of a spreadsheet: {e}");
        let Written { cells } = serde_json::from_slice(bytes).map_err(read)?;
        let (mut sheet, mut left) = (Self { rows: BTreeMap::new() }, Left::ALL);
        for (row, cells) in (0..).zip(cells) {
            for (column, raw) in (0..).zip(cells) {
                match of_written(raw.get()) {
                    Some(cell) if cell.text.trim().is_empty() => {}
                    Some(cell) => {
                        left.take(&cell.text)?;
                        sheet.put((row, column), cell);
                    }
                    None => {
                        let (row, found) = (row + 1, super::row::shown(raw.get()));
                        return Err(format!(
                            "row {row} has the cell `{found}`, expected a text, a number or a moment"
                        ));
                    }
                }
            }
        }
        Ok(sheet)
    }

    /// How rows of this sheet are written out, after its header if it has one.
    fn shape(&self, has_header: bool) -> Shape {
        let header = self.rows.first_key_value().filter(|_| has_header);
        let header = header.map_or_else(String::new, |(_, cells)| written(cells) + ",\n");
        let head = format!("{{\"cells\":[{header}");
        Shape { head: head.into(), separator: b",\n".to_vec(), tail: b"\n]}\n".to_vec() }
    }

    /// Takes the cells of a sheet.
    fn fill(
        &mut self,
        workbook: &mut Sheets<Cursor<&[u8]>>,
        name: &str,
    ) -> std::result::Result<(), Stop> {
        let mut left = Left::ALL;
        // Cell by cell: a sheet of two cells can claim to be sixteen billion cells large.
        match workbook {
            Sheets::Xlsx(xlsx) => {
                let reader = within(|| xlsx.worksheet_cells_reader(name))?;
                let mut cells = reader.map_err(calamine::Error::from)?;
                while let Some(cell) =
                    within(|| cells.next_cell())?.map_err(calamine::Error::from)?
                {
                    self.put_ref(cell.get_position(), cell.get_value(), &mut left)?;
                }
            }
            Sheets::Xlsb(xlsb) => {
                let reader = within(|| xlsb.worksheet_cells_reader(name))?;
                let mut cells = reader.map_err(calamine::Error::from)?;
                while let Some(cell) =
                    within(|| cells.next_cell())?.map_err(calamine::Error::from)?
                {
                    self.put_ref(cell.get_position(), cell.get_value(), &mut left)?;
                }
            }
            // Both were measured before.
            Sheets::Xls(_) | Sheets::Ods(_) => {
                let range = within(|| workbook.worksheet_range(name))??;
                let (top, first) = range.start().unwrap_or_default();
                let mut cells = range.used_cells();
                while let Some((row, column, value)) = within(|| cells.next())? {
                    let place =
                        |at: usize, from: u32| from.saturating_add(u32::try_from(at).unwrap_or(0));
                    left.take(text_in(value)).map_err(Stop::TooLarge)?;
                    if let Some(made) = of_owned(value)? {
                        self.put((place(row, top), place(column, first)), made);
                    }
                }
            }
        }
        Ok(())
    }

    fn put_ref(
        &mut self,
        place: (u32, u32),
        value: &DataRef<'_>,
        left: &mut Left,
    ) -> std::result::Result<(), Stop> {
        let text = match value {
            DataRef::String(text) | DataRef::DurationIso(text) | DataRef::DateTimeIso(text) => {
                text.as_str()
            }
            DataRef::SharedString(text) => *text,
            DataRef::Empty => return Ok(()),
            _ => "",
        };
        left.take(text).map_err(Stop::TooLarge)?;
        if let Some(made) = of_ref(value)? {
            self.put(place, made);
        }
        Ok(())
    }

    fn put(&mut self, (row, column): (u32, u32), cell: Cell) {
        debug_assert!(!is_contained(), "a mistake here is to be seen");
        self.rows.entry(row).or_default().insert(column, cell);
    }

    /// Returns the names in the first filled row.
    pub(super) fn names(&self) -> Vec<String> {
        let Some((_, cells)) = self.rows.first_key_value() else { return Vec::new() };
        let width = cells.last_key_value().map_or(0, |(last, _)| last + 1);
        let name = |column| cells.get(&column).map_or("", |cell: &Cell| cell.text.trim());
        (0..width).map(|column| name(column).to_owned()).collect()
    }

    /// Returns the texts of the first rows behind the header, column by column.
    pub(super) fn first_rows(&self) -> Vec<Vec<String>> {
        let width = self.names().len();
        let columns = || 0..u32::try_from(width).unwrap_or(u32::MAX);
        let texts = |cells: &BTreeMap<u32, Cell>| {
            let text = |column| cells.get(&column).map_or("", |cell: &Cell| cell.text.trim());
            columns().map(|column| text(column).to_owned()).collect()
        };
        self.rows.values().skip(1).take(FIRST_ROWS).map(texts).collect()
    }
}

/// Opens a workbook after a look at what it would come to.
fn opened<'b>(bytes: &'b mut Vec<u8>, shown: &str) -> Result<Sheets<Cursor<&'b [u8]>>> {
    if bytes.starts_with(&COMPOUND) {
        let limits = xls::Limits {
            cells: u64::try_from(CELL_LIMIT).unwrap_or(0),
            text: u64::try_from(TEXT_LIMIT).unwrap_or(0),
        };
        *bytes = xls::bounded(bytes, limits).map_err(|fault| match fault {
            xls::Fault::TooLarge(message) => too_large(shown, message),
            xls::Fault::Unreadable(why) => unreadable(shown, &why),
        })?;
        let xls = contained(|| calamine::open_workbook_from_rs(Cursor::new(bytes.as_slice())));
        let xls = xls.ok_or_else(|| contradictory(shown))?;
        return xls.map(Sheets::Xls).map_err(|e: XlsError| unreadable(shown, &e));
    }
    let archive = ZipArchive::new(Cursor::new(bytes.as_slice()));
    if archive.is_ok_and(|archive| !is_workbook(&archive)) {
        return Err(contents::packed_twice(shown));
    }
    unpacks(bytes).map_err(|message| too_large(shown, message))?;
    contained(|| calamine::open_workbook_auto_from_rs(Cursor::new(bytes.as_slice())))
        .ok_or_else(|| contradictory(shown))?
        .map_err(|e| unreadable(shown, &e))
}

fn unreadable(shown: &str, why: &dyn std::fmt::Display) -> Error {
    let message = format!("the file cannot be read as a spreadsheet: {why}");
    refused(Diagnostic::whole(&codes::BAD_SHEET, shown, message))
}

fn contradictory(shown: &str) -> Error {
    unreadable(shown, &xls::CONTRADICTORY)
}

/// Reads a report.
pub(super) fn read(
    slots: &[String],
    layout: &CsvLayout,
    input: impl Read,
    report: &mut impl Rows,
) -> Result<()> {
    let sheet = Sheet::read(input, report.shown())?;
    let names = if layout.names.is_empty() { sheet.names() } else { layout.names.clone() };
    let line = sheet.rows.first_key_value().map_or(1, |(row, _)| u64::from(*row) + 1);
    let piece = Piece { bytes: b"", line, before: "", hidden: 0 };
    let header = Header::matched(slots, layout, names, report.shown(), &piece).map_err(refused)?;
    report.summary().note_unread(header.unread(slots));
    // Where the mapping names the columns, the first row may be one of the report.
    let is_row = |(_, cells): (&u32, _)| report.is_row(&SheetRow { header: &header, cells });
    let first = sheet.rows.first_key_value().filter(|_| !layout.names.is_empty());
    let passed = first.filter(|first| layout.header && !is_row(*first)).filter(|(_, cells)| {
        let texts = cells.values().map(|cell| cell.text.as_str());
        header::looks_like_one(&layout.names, texts)
    });
    let has_header = layout.header && (layout.names.is_empty() || passed.is_some());
    if let Some((_, cells)) = passed {
        let words: Vec<&str> = cells.values().map(|cell| cell.text.as_str()).collect();
        report.passed_over(line, &words.join(","));
    }
    report.shaped(sheet.shape(has_header));
    for (row, cells) in sheet.rows.iter().skip(usize::from(has_header)) {
        let problems = report.row(&SheetRow { header: &header, cells })?;
        if !problems.is_empty() {
            let placed = |problem: Problem| {
                let column = problem.slot.and_then(|slot| header.columns.get(slot).copied());
                let column = column.flatten().and_then(|column| u32::try_from(column).ok());
                let message = problem.message;
                let mut told = Diagnostic::whole(problem.code, report.shown(), message);
                told.place.line = row.saturating_add(1);
                told.place.column = column.unwrap_or(0).saturating_add(1);
                told.hint_opt(problem.hint)
            };
            let mut placed: Vec<Diagnostic> = problems.into_iter().map(placed).collect();
            placed.sort_by(|a, b| a.place.cmp(&b.place));
            report.reject(written(cells).as_bytes(), placed)?;
        }
    }
    Ok(())
}

/// Rows that were written out.
#[derive(serde::Deserialize)]
struct Written<'t> {
    #[serde(borrow)]
    cells: Vec<Vec<&'t serde_json::value::RawValue>>,
}

/// Writes a row as JSON.
fn written(cells: &BTreeMap<u32, Cell>) -> String {
    let width = cells.last_key_value().map_or(0, |(last, _)| last + 1);
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let cell = |column| match cells.get(&column) {
        None => "null".to_owned(),
        Some(cell) => match cell.nature {
            Nature::Moment => format!("{{\"moment\":{}}}", text(&cell.text)),
            Nature::Number | Nature::Inexact if cell.text.parse::<Decimal>().is_ok() => {
                cell.text.clone()
            }
            _ => text(&cell.text),
        },
    };
    let cells: Vec<String> = (0..width).map(cell).collect();
    format!("[{}]", cells.join(","))
}

/// Reads a cell that was written as JSON, and is empty if so; none when it is no cell.
fn of_written(raw: &str) -> Option<Cell> {
    let text = cell::text_of(raw).unwrap_or_default().into_owned();
    match raw.as_bytes().first()? {
        b'n' | b'"' => Some(Cell { text, nature: Nature::Text }),
        b'-' | b'0'..=b'9' => Some(number_cell(text)),
        b'{' => match cell::object(raw)?.as_slice() {
            [(key, text)] if key == "moment" => {
                Some(Cell { text: text.clone(), nature: Nature::Moment })
            }
            _ => None,
        },
        _ => None,
    }
}

struct SheetRow<'s> {
    header: &'s Header,
    cells: &'s BTreeMap<u32, Cell>,
}

impl SheetRow<'_> {
    fn cell(&self, slot: usize) -> Option<&Cell> {
        let column = (*self.header.columns.get(slot)?)?;
        self.cells.get(&u32::try_from(column).ok()?)
    }
}

impl Cells for SheetRow<'_> {
    fn text(&self, slot: usize) -> Option<&str> {
        self.cell(slot).map(|cell| cell.text.as_str())
    }

    fn nature(&self, slot: usize) -> Nature {
        self.cell(slot).map_or(Nature::Text, |cell| cell.nature)
    }
}

fn of_ref(value: &DataRef<'_>) -> std::result::Result<Option<Cell>, Stop> {
    Ok(match value {
        DataRef::Empty => None,
        DataRef::Int(number) => Some(number_cell(number.to_string())),
        DataRef::Float(number) => Some(number_cell(number.to_string())),
        DataRef::String(text) | DataRef::DurationIso(text) => text_cell(text),
        DataRef::SharedString(text) => text_cell(text),
        DataRef::Bool(yes) => text_cell(if *yes { "true" } else { "false" }),
        DataRef::DateTime(moment) => Some(moment_cell(moment)?),
        DataRef::DateTimeIso(text) => Some(iso_cell(text)),
        DataRef::Error(error) => text_cell(&error.to_string()),
    })
}

/// The text that a cell holds.
fn text_in(value: &Data) -> &str {
    match value {
        Data::String(text) | Data::DurationIso(text) | Data::DateTimeIso(text) => text,
        _ => "",
    }
}

fn of_owned(value: &Data) -> std::result::Result<Option<Cell>, Stop> {
    Ok(match value {
        Data::Empty => None,
        Data::Int(number) => Some(number_cell(number.to_string())),
        Data::Float(number) => Some(number_cell(number.to_string())),
        Data::String(text) | Data::DurationIso(text) => text_cell(text),
        Data::Bool(yes) => text_cell(if *yes { "true" } else { "false" }),
        Data::DateTime(moment) => Some(moment_cell(moment)?),
        Data::DateTimeIso(text) => Some(iso_cell(text)),
        Data::Error(error) => text_cell(&error.to_string()),
    })
}

fn text_cell(text: &str) -> Option<Cell> {
    let filled = !text.trim().is_empty();
    filled.then(|| Cell { text: text.to_owned(), nature: Nature::Text })
}

/// A number as a spreadsheet shows it, to 15 digits: `0.1 + 0.2` is `0.3`. One with more digits
/// before its point has lost some of them.
fn number_cell(text: String) -> Cell {
    let digits = text.trim_start_matches('-').split('.').next().unwrap_or_default();
    if digits.len() > DIGITS {
        return Cell { text, nature: Nature::Inexact };
    }
    let text = match text.parse::<Decimal>() {
        Ok(exact) => match exact.round_sf(15) {
            Some(shown) => Cow::Owned(shown.normalize().to_string()),
            None => Cow::Borrowed(text.as_str()),
        },
        Err(_) => Cow::Borrowed(text.as_str()),
    };
    Cell { text: text.into_owned(), nature: Nature::Number }
}

/// A date, a time of day, or both; a whole day has no time, a time of day no date.
fn moment_cell(moment: &ExcelDateTime) -> std::result::Result<Cell, Stop> {
    let (year, month, day, hour, minute, second, _) = within(|| moment.to_ymd_hms_milli())?;
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    let text = match (year < 1901, time == "00:00:00") {
        (true, _) => time,
        (false, true) => format!("{year:04}-{month:02}-{day:02}"),
        (false, false) => format!("{year:04}-{month:02}-{day:02} {time}"),
    };
    Ok(Cell { text, nature: Nature::Moment })
}

fn iso_cell(text: &str) -> Cell {
    let text = text.replacen('T', " ", 1);
    let text = text.split('.').next().unwrap_or_default().to_owned();
    Cell { text, nature: Nature::Moment }
}

fn failed(shown: &str, error: io::Error) -> Error {
    contents::failed(shown, error)
}

fn too_large(shown: &str, message: String) -> Error {
    let problem = Diagnostic::whole(&codes::UNPACKS_TOO_LARGE, shown, message);
    refused(problem.hint("a spreadsheet is read whole; get a report of this size as CSV"))
}

/// Looks through the parts of a zipped workbook before they are read: what they unpack to, whatever
/// the archive says, and how often an ODS repeats its filled cells.
fn unpacks(bytes: &[u8]) -> std::result::Result<(), String> {
    if !bytes.starts_with(b"PK") {
        return Ok(());
    }
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return Ok(()) };
    let mut left = UNPACKED_LIMIT;
    for index in 0..archive.len() {
        let Ok(part) = archive.by_index(index) else { continue };
        let taken = io::copy(&mut part.take(left + 1), &mut io::sink()).unwrap_or(0);
        left = left.checked_sub(taken).ok_or_else(|| {
            format!("the spreadsheet unpacks to more than {UNPACKED_LIMIT} bytes")
        })?;
    }
    let Ok(content) = archive.by_name("content.xml") else { return Ok(()) };
    let made = repeated_cells(io::BufReader::new(content));
    if made.cells > u64::try_from(CELL_LIMIT).unwrap_or(0) {
        return Err(format!(
            "the spreadsheet has over {CELL_LIMIT} cells, the empty between them too"
        ));
    }
    if made.text > u64::try_from(TEXT_LIMIT).unwrap_or(0) {
        return Err(format!("the cells of the spreadsheet hold over {TEXT_LIMIT} bytes of text"));
    }
    Ok(())
}

/// What the sheets of an ODS come to when they are read.
#[derive(Debug, Default, PartialEq, Eq)]
struct Made {
    /// Cells, with the empty ones before and between those that hold something: all are made.
    cells: u64,
    /// Bytes of text, as often as it is repeated.
    text: u64,
}

/// Counts the cells of an ODS and their texts, as often as they and their rows are repeated, of all its
/// sheets together: every sheet is read when the file is opened.
fn repeated_cells(input: impl io::BufRead) -> Made {
    let mut reader = quick_xml::Reader::from_reader(input);
    let (mut buffer, mut made) = (Vec::new(), Made::default());
    // Of a sheet: rows so far, those up to the last filled one, cells of the widest filled row.
    let (mut rows, mut filled, mut widest) = (0_u64, 0_u64, 0_u64);
    // Of a row: how often, columns so far, those up to the last filled one, bytes of text.
    let (mut times_row, mut columns, mut wide, mut text) = (1_u64, 0_u64, 0_u64, 0_u64);
    let mut times_cell = None;
    while let Ok(event) = reader.read_event_into(&mut buffer) {
        let times = |tag: &quick_xml::events::BytesStart<'_>, key: &str| {
            let found = tag.attributes().flatten().find(|a| a.key.as_ref() == key);
            found.and_then(|a| a.value.parse::<u64>().ok()).unwrap_or(1)
        };
        let valued = |tag: &quick_xml::events::BytesStart<'_>| {
            let mut attributes = tag.attributes().flatten();
            attributes.any(|a| a.key.as_ref() == "office:value-type")
        };
        match event {
            Event::Eof => break,
            Event::Start(tag) if tag.local_name().as_ref() == "table" => {
                (rows, filled, widest) = (0, 0, 0);
            }
            Event::End(tag) if tag.local_name().as_ref() == "table" => {
                made.cells = made.cells.saturating_add(filled.saturating_mul(widest));
            }
            Event::Start(tag) if tag.local_name().as_ref() == "table-row" => {
                times_row = times(&tag, "table:number-rows-repeated");
                (columns, wide, text) = (0, 0, 0);
            }
            Event::Empty(tag) if tag.local_name().as_ref() == "table-row" => {
                rows = rows.saturating_add(times(&tag, "table:number-rows-repeated"));
            }
            Event::Start(tag) if is_cell(&tag) => {
                let repeated = times(&tag, "table:number-columns-repeated");
                columns = columns.saturating_add(repeated);
                wide = columns;
                text = text.saturating_add(repeated.saturating_mul(text_of_tag(&tag)));
                times_cell = Some(repeated);
            }
            // An empty element is a cell without a text, though it may have a value.
            Event::Empty(tag) if is_cell(&tag) => {
                let repeated = times(&tag, "table:number-columns-repeated");
                columns = columns.saturating_add(repeated);
                if valued(&tag) {
                    wide = columns;
                    text = text.saturating_add(repeated.saturating_mul(text_of_tag(&tag)));
                }
            }
            Event::Text(found) => {
                let bytes = u64::try_from(found.len()).unwrap_or(u64::MAX);
                text = text.saturating_add(times_cell.unwrap_or(0).saturating_mul(bytes));
            }
            Event::End(tag) if tag.local_name().as_ref() == "table-cell" => times_cell = None,
            Event::End(tag) if tag.local_name().as_ref() == "table-row" => {
                rows = rows.saturating_add(times_row);
                if wide > 0 {
                    filled = rows;
                    widest = widest.max(wide);
                    made.text = made.text.saturating_add(times_row.saturating_mul(text));
                }
            }
            _ => {}
        }
        buffer.clear();
    }
    made
}

/// The bytes of text that a cell has in its tag.
fn text_of_tag(tag: &quick_xml::events::BytesStart<'_>) -> u64 {
    let kept = tag.attributes().flatten().filter(|a| IN_TAGS.contains(&a.key.as_ref()));
    kept.fold(0, |sum, a| sum.saturating_add(u64::try_from(a.value.len()).unwrap_or(0)))
}

fn is_cell(tag: &quick_xml::events::BytesStart<'_>) -> bool {
    matches!(tag.local_name().as_ref(), "table-cell" | "covered-table-cell")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_the_spreadsheet_shows() {
        for (given, text) in [
            ("19.99", "19.99"),
            ("0.30000000000000004", "0.3"),
            ("-7", "-7"),
            ("108.459227", "108.459227"),
        ] {
            let cell = number_cell(given.to_owned());
            assert_eq!((&*cell.text, cell.nature), (text, Nature::Number), "{given}");
        }
        let wide = number_cell("8211114279848963".to_owned());
        assert_eq!(wide.nature, Nature::Inexact);
        assert_eq!(number_cell("821111427984896".to_owned()).nature, Nature::Number);
    }

    #[test]
    fn rows_that_are_written_out_are_read_as_they_were() {
        let cells = |row: &str| {
            let file = format!("{{\"cells\":[{row}]}}");
            Sheet::of_cells(file.as_bytes()).map(|sheet| {
                sheet.rows.get(&0).map(|cells| (written(cells), cells.get(&0).map(|c| c.nature)))
            })
        };
        for (row, nature) in [
            (r#"["a \"b\"",null,"1,5"]"#, Nature::Text),
            ("[19.99]", Nature::Number),
            ("[8211114279848963]", Nature::Inexact),
            (r#"[{"moment":"2024-05-07 10:00:00"}]"#, Nature::Moment),
        ] {
            assert_eq!(cells(row), Ok(Some((row.to_owned(), Some(nature)))));
        }
        assert_eq!(cells("[null]"), Ok(None));
        for bad in ["[true]", "[[1]]", "[{}]", "7", "[1"] {
            assert!(cells(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn texts_are_bounded_one_by_one_and_in_all() {
        let mut left = Left::ALL;
        let longest = "x".repeat(CELL_TEXT_LIMIT);
        assert!(left.take(&"x".repeat(CELL_TEXT_LIMIT + 1)).is_err());
        let fit = (0..100_000).take_while(|_| left.take(&longest).is_ok()).count();
        assert_eq!(fit, TEXT_LIMIT / CELL_TEXT_LIMIT, "so many of the longest");
    }

    #[test]
    fn cells_that_repeat_are_counted_before_they_are_made() {
        let ods = r#"<t><table:table-row table:number-rows-repeated="1000">
            <table:table-cell table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>
            <table:table-cell table:number-columns-repeated="9"/></table:table-row></t>"#;
        let sheet =
            |rows: &str| repeated_cells(format!("<table:table>{rows}</table:table>").as_bytes());
        let made = sheet(ods);
        assert_eq!(made.cells, 16_384_000);
        assert_eq!(made.text, 16_384_000, "what the tag says of its cell is no text");
        let far = r#"<table:table-row><table:table-cell office:value-type="string"/></table:table-row>
            <table:table-row table:number-rows-repeated="999"/>
            <table:table-row><table:table-cell table:number-columns-repeated="9999"/>
            <table:table-cell><text:p>x</text:p></table:table-cell></table:table-row>"#;
        assert_eq!(sheet(far).cells, 1_001 * 10_000, "the empty cells between two are made, too");
    }
}
