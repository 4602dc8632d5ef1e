//! Where in a report something stands.
//!
//! Owns the bytes of the record that is being read, kept so that a problem can be shown in its
//! line. Refuses to keep more than one record: a file of any size needs the same memory.

use std::cell::Cell;
use std::io::{self, Read};
use std::ops::Range;

use encoding_rs::{Encoding, UTF_8};
use encoding_rs_io::DecodeReaderBytesBuilder;
use feebook_schedule::diagnostic::{Code, Diagnostic, SHOWN_LINE};

use super::row::printable;

/// The longest record that is read.
pub(super) const RECORD_LIMIT: usize = 1 << 20;

/// Makes UTF-8 of a report. A byte order mark wins over the encoding that the mapping names.
pub(super) fn decoded<R: Read>(input: R, encoding: &'static Encoding) -> impl Read {
    let named = (encoding != UTF_8).then_some(encoding);
    DecodeReaderBytesBuilder::new()
        .encoding(named)
        .bom_override(true)
        // What passes through unread keeps the decoder that was named, whatever the mark says.
        .utf8_passthru(named.is_none())
        .strip_bom(true)
        .build(input)
}

/// Makes a diagnostic about some bytes of a piece of a report, which begins at some line and
/// after some characters of it.
pub(super) fn at(
    code: &'static Code,
    file: &str,
    piece: &Piece<'_>,
    span: Range<usize>,
    message: String,
) -> Diagnostic {
    // What cannot be decoded takes more bytes when it is shown.
    let shown = String::from_utf8_lossy(piece.bytes);
    let moved = |offset: usize| {
        let before = piece.bytes.get(..offset).unwrap_or(piece.bytes);
        String::from_utf8_lossy(before).len()
    };
    let text = format!("{}{shown}", piece.before);
    let before = piece.before.len();
    let span = before + moved(span.start)..before + moved(span.end);
    let mut problem = Diagnostic::at(code, file, &text, span, message);
    problem.excerpt =
        problem.excerpt.map(|(line, meant)| (line.chars().map(printable).collect(), meant));
    problem.place.line =
        problem.place.line.saturating_add(u32::try_from(piece.line - 1).unwrap_or(u32::MAX));
    if problem.place.line == u32::try_from(piece.line).unwrap_or(u32::MAX) {
        problem.place.column = problem.place.column.saturating_add(piece.hidden);
        problem.excerpt = problem.excerpt.filter(|_| piece.hidden == 0);
    }
    problem
}

/// A piece of a report that is still at hand.
pub(super) struct Piece<'p> {
    /// The bytes.
    pub(super) bytes: &'p [u8],
    /// The line that they begin in, counted from 1.
    pub(super) line: u64,
    /// What stands before them in that line.
    pub(super) before: &'p str,
    /// How many characters before that are no longer at hand.
    pub(super) hidden: u32,
}

/// How far the lines of a report were counted.
#[derive(Clone, Copy, Default)]
struct Counted {
    /// The number of kept bytes up to which they were.
    upto: usize,
    /// The lines that ended before that, and the byte before it.
    lines: u64,
    previous: u8,
}

/// Reads on and keeps the bytes from the start of the current record.
pub(super) struct Keeping<R> {
    input: R,
    kept: Vec<u8>,
    /// The offset in the file of the first kept byte.
    base: u64,
    /// Where the line begins that the first kept byte is in.
    line_began: u64,
    /// How far lines were counted, so that a thousand bad rows do not count them a thousand times.
    counted: Cell<Counted>,
    /// Bytes before this offset are no longer wanted.
    pub(super) wanted_from: u64,
    /// The record got longer than [`RECORD_LIMIT`].
    pub(super) over: bool,
}

impl<R> Keeping<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            kept: Vec::new(),
            base: 0,
            line_began: 0,
            counted: Cell::default(),
            wanted_from: 0,
            over: false,
        }
    }

    /// The same for input that begins behind a number of lines.
    pub(super) fn behind(lines: u64, input: R) -> Self {
        let counted = Cell::new(Counted { lines, ..Counted::default() });
        Self { counted, ..Self::new(input) }
    }

    /// Returns the bytes from an offset up to another, without the line ends around them, and the
    /// line that they begin in.
    pub(super) fn record(&self, from: u64, to: u64) -> (&[u8], u64) {
        let at = |offset: u64| {
            let kept = usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX);
            kept.min(self.kept.len())
        };
        let (start, end) = (at(from), at(to).max(at(from)));
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let raw = self.kept.get(start..end).unwrap_or_default();
        let blank = raw.iter().take_while(|byte| is_end(byte)).count();
        let line = self.lines_before(start + blank) + 1;
        let ends = raw.iter().rev().take_while(|byte| is_end(byte)).count();
        (raw.get(blank..raw.len() - ends).unwrap_or_default(), line)
    }

    /// Returns from where on the line of an offset is at hand, no more than a message shows, and how
    /// many bytes of it before that are not.
    pub(super) fn line_from(&self, offset: u64) -> (u64, u64) {
        let kept = usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX);
        let before = self.kept.get(..kept).unwrap_or(&self.kept);
        let ended = before.iter().rposition(|byte| *byte == b'\n');
        let at = |at: usize| self.base.saturating_add(u64::try_from(at).unwrap_or(0));
        let began = ended.map_or(self.line_began, |ended| at(ended + 1));
        let shown = u64::try_from(SHOWN_LINE).unwrap_or(0);
        let from = began.max(self.base).max(offset.saturating_sub(shown)).min(offset);
        (from, from.saturating_sub(began))
    }

    /// Counts the lines that end before one of the kept bytes. The count only moves forward, as
    /// records do.
    fn lines_before(&self, kept: usize) -> u64 {
        let counted = self.counted.get();
        let Some(fresh) = self.kept.get(counted.upto..kept) else { return counted.lines };
        let lines = counted.lines + line_ends(fresh, counted.previous);
        let previous = fresh.last().copied().unwrap_or(counted.previous);
        self.counted.set(Counted { upto: kept, lines, previous });
        lines
    }

    fn forget(&mut self) {
        let wanted = usize::try_from(self.wanted_from.saturating_sub(self.base));
        let mut wanted = wanted.unwrap_or(usize::MAX).min(self.kept.len());
        // Blank lines before a record do not belong to it.
        let rest = self.kept.get(wanted..).unwrap_or_default();
        wanted += rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.lines_before(wanted);
        let gone = self.kept.get(..wanted).unwrap_or_default();
        if let Some(ended) = gone.iter().rposition(|byte| *byte == b'\n') {
            self.line_began = self.base.saturating_add(u64::try_from(ended + 1).unwrap_or(0));
        }
        let counted = self.counted.get();
        self.counted.set(Counted { upto: counted.upto.saturating_sub(wanted), ..counted });
        self.base += u64::try_from(wanted).unwrap_or(0);
        self.kept.drain(..wanted);
    }
}

impl<R: Read> Read for Keeping<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.forget();
        if self.kept.len() > RECORD_LIMIT {
            self.over = true;
            return Err(io::Error::other("record too long"));
        }
        let count = self.input.read(out)?;
        self.kept.extend_from_slice(out.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Counts line ends: LF, CR, and CR LF as one; `previous` is the byte before.
fn line_ends(bytes: &[u8], previous: u8) -> u64 {
    let Some(first) = bytes.first() else { return 0 };
    let ends = |before: u8, byte: u8| byte == b'\r' || (byte == b'\n' && before != b'\r');
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    let later = pairs.filter(|(before, byte)| ends(**before, **byte)).count();
    u64::try_from(later).unwrap_or(0) + u64::from(ends(previous, *first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        let piece = Piece { bytes: b"a\x1bb", line: 1, before: "", hidden: 0 };
        let problem = at(&super::super::codes::BAD_TEXT, "x", &piece, 0..1, String::new());
        assert_eq!(problem.excerpt.unwrap().0, "a\u{fffd}b");
    }

    #[test]
    fn line_ends_of_all_kinds_count_once() {
        assert_eq!(line_ends(b"a\nb\r\nc\rd\r\r\n\n", 0), 6);
        assert_eq!(line_ends(b"\na", b'\r'), 0);
        assert_eq!(line_ends(b"", b'\n'), 0);
    }
}
