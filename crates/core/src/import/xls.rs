//! An XLS, looked through before it is read: its reader makes every cell between two filled ones, and
//! each text as often as a cell names it.
//!
//! Owns the bounds. Refuses a workbook that would come to more than a spreadsheet may, and hands on
//! nothing of the file but the stream of its records, in a fresh container.

use std::io::{self, Cursor, Read, Write};

use super::contained::{contained, is_contained};

/// The stream of the records, by the version of the format.
const STREAMS: [&str; 2] = ["/Workbook", "/Book"];
/// Why a file is not read at which a library panics.
pub(super) const CONTRADICTORY: &str = "its parts contradict each other";
/// What an office document that is protected by a password has instead.
const PROTECTED: &str = "/EncryptedPackage";
/// The longest text of a cell by the format, in bytes of UTF-8.
const LONGEST: u64 = 3 * 0xFFFF;
/// How long a name is at least taken to be that a formula writes out.
const NAME: u64 = 64;

const END: u16 = 0x000A;
const FORMULA: u16 = 0x0006;
const DEFINED_NAME: u16 = 0x0018;
const CONTINUES: u16 = 0x003C;
const SHEET: u16 = 0x0085;
const NUMBERS: u16 = 0x00BD;
const SHARED_STRINGS: u16 = 0x00FC;
const SHARED_STRING: u16 = 0x00FD;
const DIMENSIONS: u16 = 0x0200;
/// Cells that begin with their row and column: numbers, texts, booleans.
const CELLS: [u16; 5] = [0x0203, 0x0204, 0x0205, 0x027E, 0x00D6];
/// The text of a formula's value.
const STRING: u16 = 0x0207;

/// What a workbook may come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) cells: u64,
    pub(super) text: u64,
}

/// Why a workbook is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    TooLarge(String),
    Unreadable(String),
}

/// Looks through an XLS and returns it with its records only.
pub(super) fn bounded(bytes: &[u8], limits: Limits) -> Result<Vec<u8>, Fault> {
    let contradictory = || Fault::Unreadable(CONTRADICTORY.to_owned());
    let (name, mut stream) = contained(|| records_of(bytes)).ok_or_else(contradictory)??;
    look_through(&mut stream, limits)?;
    contained(|| container(name, &stream)).ok_or_else(contradictory)?.map_err(|e| unreadable(&e))
}

fn unreadable(failed: &io::Error) -> Fault {
    Fault::Unreadable(failed.to_string())
}

/// The stream of the records, and its name.
fn records_of(bytes: &[u8]) -> Result<(&'static str, Vec<u8>), Fault> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(|e| unreadable(&e))?;
    let Some(name) = STREAMS.into_iter().find(|name| file.is_stream(name)) else {
        let protected = file.is_stream(PROTECTED);
        let why = if protected { "it is protected by a password" } else { "it holds no workbook" };
        return Err(Fault::Unreadable(why.to_owned()));
    };
    let mut stream = Vec::new();
    // A stream has no more bytes than its file.
    let most = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let input = file.open_stream(name).map_err(|e| unreadable(&e))?;
    input.take(most).read_to_end(&mut stream).map_err(|e| unreadable(&e))?;
    Ok((name, stream))
}

/// A fresh container with a stream in it.
fn container(name: &str, stream: &[u8]) -> io::Result<Vec<u8>> {
    // The reader knows the older container with its small sectors only.
    let made = cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new()));
    let mut made = made?;
    let mut output = made.create_stream(name)?;
    output.write_all(stream).and_then(|()| output.flush())?;
    drop(output);
    Ok(made.into_inner().into_inner())
}

/// A record: where its contents begin, and how long they are.
struct Record {
    kind: u16,
    at: usize,
    length: usize,
}

fn number(stream: &[u8], at: usize) -> Option<u16> {
    let bytes = stream.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn long_number(stream: &[u8], at: usize) -> Option<u32> {
    let bytes = stream.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// The records from some place on, as far as they are whole.
fn records(stream: &[u8], from: usize) -> impl Iterator<Item = Record> {
    let mut next = from;
    std::iter::from_fn(move || {
        let (kind, length) = (number(stream, next)?, usize::from(number(stream, next + 2)?));
        let at = next + 4;
        next = at + length;
        (next <= stream.len()).then_some(Record { kind, at, length })
    })
}

/// What the records of a workbook say before its sheets.
#[derive(Default)]
struct Globals {
    sheets: Vec<usize>,
    /// Bytes of each text that cells share.
    strings: Vec<u64>,
    /// The longest name that a formula may write out.
    name: u64,
}

fn globals(stream: &[u8]) -> Globals {
    let mut globals = Globals { name: NAME, ..Globals::default() };
    let mut records = records(stream, 0).peekable();
    while let Some(record) = records.next() {
        match record.kind {
            END => break,
            SHEET => {
                let at = long_number(stream, record.at).and_then(|at| usize::try_from(at).ok());
                globals.sheets.extend(at);
            }
            DEFINED_NAME => {
                globals.name = globals.name.max(4 * u64::try_from(record.length).unwrap_or(0));
            }
            SHARED_STRINGS => {
                let mut chunks = vec![record];
                while let Some(more) = records.next_if(|next| next.kind == CONTINUES) {
                    chunks.push(more);
                }
                let chunks = chunks.iter().filter_map(|r| stream.get(r.at..r.at + r.length));
                globals.strings = lengths(&chunks.collect::<Vec<_>>());
            }
            _ => {}
        }
    }
    globals
}

/// The lengths of the texts that cells share, in bytes of UTF-8 at most; as far as they are whole.
fn lengths(chunks: &[&[u8]]) -> Vec<u64> {
    let mut lengths = Vec::new();
    // Two counts come first.
    let mut text = Chunks { records: chunks, chunk: 0, at: 8 };
    while let Some(length) = text.next_length() {
        lengths.push(length);
    }
    lengths
}

/// A place in contents that run over several records.
struct Chunks<'s> {
    records: &'s [&'s [u8]],
    chunk: usize,
    at: usize,
}

impl Chunks<'_> {
    /// Bytes that are left in this record; the next one where there are none.
    fn left(&mut self) -> Option<usize> {
        loop {
            match self.records.get(self.chunk)?.len().checked_sub(self.at) {
                Some(left) if left > 0 => return Some(left),
                _ => (self.chunk, self.at) = (self.chunk + 1, 0),
            }
        }
    }

    fn byte(&mut self) -> Option<u8> {
        self.left()?;
        let byte = *self.records.get(self.chunk)?.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn count(&mut self, bytes: usize) -> Option<usize> {
        (0..bytes).try_fold(0_usize, |sum, place| {
            Some(sum | usize::from(self.byte()?).checked_shl(u32::try_from(8 * place).ok()?)?)
        })
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            let taken = self.left()?.min(bytes);
            (self.at, bytes) = (self.at + taken, bytes - taken);
        }
        Some(())
    }

    /// Passes a text and returns its length.
    fn next_length(&mut self) -> Option<u64> {
        let characters = self.count(2)?;
        let mut flags = self.byte()?;
        let runs = if flags & 8 == 0 { 0 } else { self.count(2)? };
        let more = if flags & 4 == 0 { 0 } else { self.count(4)? };
        let (mut left, mut length, mut chunk) = (characters, 0, self.chunk);
        while left > 0 {
            let mut bytes = self.left()?;
            // Where characters go on in another record, it says anew how wide they are.
            if self.chunk != chunk {
                chunk = self.chunk;
                flags = self.byte()?;
                bytes -= 1;
            }
            let (wide, utf8) = if flags & 1 == 0 { (1, 2) } else { (2, 3) };
            let taken = left.min(bytes / wide);
            // Half a character, which no writer leaves.
            if taken == 0 && bytes > 0 {
                return None;
            }
            self.skip(taken * wide)?;
            left -= taken;
            length += utf8 * u64::try_from(taken).unwrap_or(0);
        }
        self.skip(4 * runs)?;
        self.skip(more)?;
        Some(length)
    }
}

/// What the cells of a sheet span: all in between are made.
#[derive(Default)]
struct Span {
    rows: Option<(u16, u16)>,
    columns: Option<(u16, u16)>,
}

impl Span {
    fn with(&mut self, row: u16, first: u16, last: u16) {
        let wider = |span: Option<(u16, u16)>, from: u16, to: u16| {
            span.map_or((from, to), |(low, high)| (low.min(from), high.max(to)))
        };
        self.rows = Some(wider(self.rows, row, row));
        self.columns = Some(wider(self.columns, first.min(last), first.max(last)));
    }

    fn cells(&self) -> u64 {
        let length = |span: Option<(u16, u16)>| {
            span.map_or(0, |(low, high)| u64::from(high) - u64::from(low) + 1)
        };
        length(self.rows) * length(self.columns)
    }
}

/// Refuses records that would come to too much, and takes out what they claim beforehand.
fn look_through(stream: &mut [u8], limits: Limits) -> Result<(), Fault> {
    debug_assert!(!is_contained(), "a mistake here is to be seen");
    let globals = globals(stream);
    let too_many = || {
        let most = limits.cells;
        Fault::TooLarge(format!(
            "the spreadsheet has over {most} cells, the empty between them too"
        ))
    };
    if u64::try_from(globals.strings.len()).unwrap_or(u64::MAX) > limits.cells {
        return Err(too_many());
    }
    let (mut cells, mut text, mut read, mut claims) = (0, 0_u64, 0, Vec::new());
    for from in &globals.sheets {
        if *from >= stream.len() {
            let why = "a sheet begins behind the end of the file";
            return Err(Fault::Unreadable(why.to_owned()));
        }
        let mut span = Span::default();
        for record in records(stream, *from) {
            read += record.length + 4;
            text = text.saturating_add(taken(stream, &record, &globals, &mut span));
            match record.kind {
                DIMENSIONS => claims.push(record.at..record.at + record.length),
                END => break,
                _ => {}
            }
        }
        // Sheets that share their records would be read again and again.
        if read > stream.len().saturating_mul(2) {
            return Err(Fault::Unreadable("its sheets overlap".to_owned()));
        }
        cells += span.cells();
        if cells > limits.cells {
            return Err(too_many());
        }
        if text > limits.text {
            let most = limits.text;
            let message = format!("the cells of the spreadsheet hold over {most} bytes of text");
            return Err(Fault::TooLarge(message));
        }
    }
    for claim in claims {
        stream.get_mut(claim).unwrap_or_default().fill(0);
    }
    Ok(())
}

/// The bytes of text that a record comes to; its cells are added to what they span.
fn taken(stream: &[u8], record: &Record, globals: &Globals, span: &mut Span) -> u64 {
    let (at, length) = (record.at, u64::try_from(record.length).unwrap_or(0));
    let place = number(stream, at).zip(number(stream, at + 2));
    match record.kind {
        NUMBERS => {
            let last = (at + record.length).checked_sub(2).and_then(|at| number(stream, at));
            if let (Some((row, first)), Some(last)) = (place, last) {
                // Whatever the last one claims, there are no more numbers than fit.
                span.with(row, first, last);
                span.with(row, first, first.saturating_add(u16::try_from(length / 6).unwrap_or(0)));
            }
            0
        }
        SHARED_STRING => {
            if let Some((row, column)) = place {
                span.with(row, column, column);
            }
            let which = long_number(stream, at + 6).and_then(|at| usize::try_from(at).ok());
            which.and_then(|which| globals.strings.get(which).copied()).unwrap_or(LONGEST)
        }
        FORMULA => {
            if let Some((row, column)) = place {
                span.with(row, column, column);
            }
            (length / 3).saturating_mul(globals.name)
        }
        kind if CELLS.contains(&kind) => {
            if let Some((row, column)) = place {
                span.with(row, column, column);
            }
            3 * length
        }
        STRING | CONTINUES => 3 * length,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { cells: 1_000, text: 10_000 };

    fn record(kind: u16, contents: &[u8]) -> Vec<u8> {
        let length = u16::try_from(contents.len()).unwrap();
        [&kind.to_le_bytes()[..], &length.to_le_bytes(), contents].concat()
    }

    /// A cell that names a shared text.
    fn cell(row: u16, column: u16, text: u32) -> Vec<u8> {
        let place = [row.to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
        record(SHARED_STRING, &[&place[..], &text.to_le_bytes()].concat())
    }

    /// A workbook with one text of so many characters, and these records as one sheet, so many times.
    fn workbook(characters: u16, records: &[Vec<u8>], times: usize) -> Vec<u8> {
        let text = [&[0; 8][..], &characters.to_le_bytes(), &[0], &vec![b'x'; characters.into()]];
        let texts = record(SHARED_STRINGS, &text.concat());
        let from = u32::try_from(texts.len() + times * 8 + 4).unwrap();
        let sheets = record(SHEET, &from.to_le_bytes()).repeat(times);
        let sheet = [records.concat(), record(END, &[])].concat();
        [texts, sheets, record(END, &[]), sheet].concat()
    }

    fn look(mut stream: Vec<u8>) -> Result<Vec<u8>, Fault> {
        look_through(&mut stream, LIMITS).map(|()| stream)
    }

    fn too_large(looked: &Result<Vec<u8>, Fault>) -> bool {
        matches!(looked, Err(Fault::TooLarge(_)))
    }

    #[test]
    fn cells_between_and_texts_of_each_cell_are_counted_before_they_are_made() {
        assert!(look(workbook(10, &[cell(0, 0, 0), cell(99, 9, 0)], 1)).is_ok());
        assert!(too_large(&look(workbook(10, &[cell(0, 0, 0), cell(100, 9, 0)], 1))), "far apart");
        let row: Vec<Vec<u8>> = (0..6).map(|column| cell(0, column, 0)).collect();
        assert!(look(workbook(800, &row, 1)).is_ok());
        assert!(too_large(&look(workbook(900, &row, 1))), "six times the same text");
        assert!(too_large(&look(workbook(1, &[cell(0, 0, 7)], 1))), "a text that is not there");
    }

    #[test]
    fn what_is_claimed_is_taken_out_and_sheets_are_read_once() {
        let claim = record(DIMENSIONS, &[0xFF; 14]);
        let looked = look(workbook(1, &[claim], 1)).unwrap();
        assert!(looked.ends_with(&[record(DIMENSIONS, &[0; 14]), record(END, &[])].concat()));
        let many = look(workbook(1, &vec![cell(0, 0, 0); 50], 50));
        assert_eq!(many, Err(Fault::Unreadable("its sheets overlap".to_owned())));
        let outside = [record(SHEET, &[0xFF, 0xFF, 0, 0]), record(END, &[])].concat();
        assert!(matches!(look(outside), Err(Fault::Unreadable(_))));
    }

    #[test]
    fn a_text_may_go_on_in_another_record_with_other_characters() {
        let first = [&[0; 8][..], &[4, 0, 0], b"ab"].concat();
        let second = [&[1][..], &[b'c', 0, b'd', 0], &[1, 0, 0], b"e"].concat();
        assert_eq!(lengths(&[&first, &second]), [2 * 2 + 2 * 3, 2]);
        assert_eq!(lengths(&[&first]), [0; 0]);
    }
}
