//! CSV that needs no CSV reader, split a block at a time: the short way through most reports.
//!
//! Owns the splitting of lines in which a delimiter is always a delimiter. Refuses whatever could be
//! read in two ways (a quote, a carriage return on its own, a NUL, bytes that are not UTF-8, a line of
//! unusual length): from there on the csv crate reads, against which this way is tested.

use std::io::{self, Cursor, Read};

use super::mapping::CsvLayout;

/// How much is read and split at a time. A longer line is left to the csv crate.
const BLOCK: usize = 1 << 17;

/// The lines of a file up to the first that is not plain.
pub(super) struct PlainLines<R> {
    input: R,
    delimiter: u8,
    quote: Option<u8>,
    block: Vec<u8>,
    /// Where the next line begins.
    at: usize,
    /// Up to where the block is whole lines, and plain.
    plain: usize,
    /// Where delimiters and line ends are, up to there.
    marks: Vec<usize>,
    next_mark: usize,
    /// Where the fields of the current line end, from its start.
    ends: Vec<usize>,
    /// Line ends before the next line.
    lines: u64,
    ended: bool,
}

/// What comes next in a file.
pub(super) enum Next<'p> {
    Record(PlainRecord<'p>),
    /// Nothing; all of it was plain.
    End,
    /// Something that is not plain; see [`PlainLines::rest`].
    Rest,
}

/// A line that was split.
pub(super) struct PlainRecord<'p> {
    /// The line without its end.
    pub(super) line: &'p str,
    /// Its number, counted from 1.
    pub(super) number: u64,
    ends: &'p [usize],
}

impl PlainRecord<'_> {
    /// How many fields there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A field by its number.
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let start = match at.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before)? + 1,
        };
        self.line.get(start..*self.ends.get(at)?)
    }
}

impl<R: Read> PlainLines<R> {
    /// Begins a file of a layout; `input` gives UTF-8 where it gives text at all.
    pub(super) fn new(layout: &CsvLayout, input: R) -> Self {
        Self {
            input,
            delimiter: layout.delimiter,
            quote: layout.quote,
            block: Vec::new(),
            at: 0,
            plain: 0,
            marks: Vec::new(),
            next_mark: 0,
            ends: Vec::new(),
            lines: 0,
            ended: false,
        }
    }

    /// Splits the next line that is not blank.
    pub(super) fn next(&mut self) -> io::Result<Next<'_>> {
        loop {
            if self.at == self.plain {
                self.refill()?;
                if self.plain == 0 {
                    return Ok(if self.block.is_empty() { Next::End } else { Next::Rest });
                }
            }
            let start = self.at;
            let end = self.split(start);
            let bytes = self.block.get(start..end).unwrap_or_default();
            let line = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            let (blank, length) = (line.is_empty(), line.len());
            if !blank && std::str::from_utf8(line).is_err() {
                self.ends.clear();
                return Ok(Next::Rest);
            }
            self.at = (end + 1).min(self.plain);
            self.lines += 1;
            if blank {
                continue;
            }
            if let Some(last) = self.ends.last_mut() {
                *last = length;
            }
            let line = self.block.get(start..start + length).unwrap_or_default();
            let line = std::str::from_utf8(line).unwrap_or_default();
            return Ok(Next::Record(PlainRecord { line, number: self.lines, ends: &self.ends }));
        }
    }

    /// Returns what was not split: a reader of it, and how many lines came before.
    pub(super) fn rest(self) -> (impl Read, u64) {
        let rest = self.block.get(self.at..).unwrap_or_default().to_vec();
        (Cursor::new(rest).chain(self.input), self.lines)
    }

    /// Finds the ends of the fields of the line that begins somewhere; returns where it ends.
    fn split(&mut self, start: usize) -> usize {
        self.ends.clear();
        while let Some(mark) = self.marks.get(self.next_mark) {
            self.next_mark += 1;
            self.ends.push(mark - start);
            if self.block.get(*mark) == Some(&b'\n') {
                return *mark;
            }
        }
        // The last line of a file may lack its end.
        self.ends.push(self.plain - start);
        self.plain
    }

    /// Drops the lines that were split and reads on, until whole lines are at hand or the file ends.
    fn refill(&mut self) -> io::Result<()> {
        self.block.drain(..self.at);
        (self.at, self.plain, self.next_mark) = (0, 0, 0);
        self.marks.clear();
        while !self.ended && self.block.len() < BLOCK {
            let held = self.block.len();
            self.block.resize(2 * BLOCK, 0);
            let read = self.input.read(self.block.get_mut(held..).unwrap_or_default());
            self.block.truncate(held + read.as_ref().map_or(0, |read| *read));
            match read {
                Ok(0) => self.ended = true,
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        self.plain = self.plain_lines();
        let plain = self.block.get(..self.plain).unwrap_or_default();
        mark(plain, self.delimiter, &mut self.marks);
        Ok(())
    }

    /// How much of the block is whole lines and plain.
    fn plain_lines(&self) -> usize {
        let block = self.block.as_slice();
        // The csv crate drops a byte order mark that follows the one which was dropped before.
        if self.lines == 0 && block.starts_with(&[0xef, 0xbb, 0xbf]) {
            return 0;
        }
        let odd = match self.quote {
            Some(quote) => memchr::memchr2(quote, 0, block),
            None => memchr::memchr(0, block),
        };
        let plain = block.get(..odd.unwrap_or(block.len())).unwrap_or_default();
        let lone = memchr::memchr_iter(b'\r', plain).find(|at| match block.get(at + 1) {
            Some(next) => *next != b'\n',
            None => self.ended,
        });
        let plain = plain.get(..lone.unwrap_or(plain.len())).unwrap_or_default();
        if self.ended && plain.len() == block.len() {
            return block.len();
        }
        memchr::memrchr(b'\n', plain).map_or(0, |last| last + 1)
    }
}

/// Whether files of a layout can be plain: one that some reader must decode first cannot, nor one
/// without a header, nor one whose marks are not single bytes of their own.
pub(super) fn possible(layout: &CsvLayout) -> bool {
    let own = |mark: u8| mark.is_ascii() && !matches!(mark, b'\r' | b'\n' | 0);
    layout.header
        && layout.encoding == encoding_rs::UTF_8
        && own(layout.delimiter)
        && layout.quote.is_none_or(|quote| own(quote) && quote != layout.delimiter)
}

/// Finds all delimiters and line ends, eight bytes at a time.
fn mark(bytes: &[u8], delimiter: u8, marks: &mut Vec<usize>) {
    let (delimiters, newlines) = (spread(delimiter), spread(b'\n'));
    let (words, tail) = bytes.as_chunks::<8>();
    let mut base = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let mut found = equal(word, delimiters) | equal(word, newlines);
        while found != 0 {
            marks.push(base + usize::try_from(found.trailing_zeros() / 8).unwrap_or(0));
            found &= found - 1;
        }
        base += 8;
    }
    let is_mark = |byte: &u8| *byte == delimiter || *byte == b'\n';
    marks.extend((base..).zip(tail).filter(|(_, byte)| is_mark(byte)).map(|(at, _)| at));
}

/// A byte, eight times.
fn spread(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Sets the high bit of each byte in which two words are equal, and no other.
fn equal(a: u64, b: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let differ = a ^ b;
    !(((differ & LOW) + LOW) | differ | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_wherever_they_stand() {
        let mut marks = Vec::new();
        let bytes = b",a\x2d\xac\n,,bcdefgh,\x0b\x8a\n\n0123456789,";
        mark(bytes, b',', &mut marks);
        let wanted: Vec<usize> =
            (0..bytes.len()).filter(|at| matches!(bytes[*at], b',' | b'\n')).collect();
        assert_eq!(marks, wanted);
    }
}
