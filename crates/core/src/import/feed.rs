//! The bytes of a JSON report, one by one, with their place.
//!
//! Owns the look at what comes next, which decides how a value is read, and the limits that keep
//! memory flat. Refuses a value that never ends.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use super::place::RECORD_LIMIT;

/// How many bytes may stand between two rows.
const GAP_LIMIT: usize = 16 * RECORD_LIMIT;
/// How much of the current line is kept, in bytes.
const KEPT_LINE: usize = 300;

/// A place in the file, and the line up to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Spot {
    pub(super) line: u64,
    /// What stands before it in its line, or nothing when that is too long.
    pub(super) before: String,
    /// How many characters of that line are not in `before`.
    pub(super) hidden: u32,
}

struct Inner<R> {
    input: BufReader<R>,
    line: u64,
    /// Characters in the current line so far.
    column: u32,
    /// The first bytes of the current line.
    kept: Vec<u8>,
    last: u8,
    left: usize,
    over: bool,
    failed: Option<io::Error>,
}

/// A reader that several parts of the JSON reader share.
pub(super) struct Feed<R>(Rc<RefCell<Inner<R>>>);

impl<R> Clone for Feed<R> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<R: Read> Feed<R> {
    pub(super) fn new(input: R) -> Self {
        let input = BufReader::with_capacity(1 << 16, input);
        Self(Rc::new(RefCell::new(Inner {
            input,
            line: 1,
            column: 0,
            kept: Vec::new(),
            last: 0,
            left: GAP_LIMIT,
            over: false,
            failed: None,
        })))
    }

    /// Skips blanks and returns the byte after them without taking it; none at the end.
    pub(super) fn peek(&self) -> Option<u8> {
        let mut inner = self.0.borrow_mut();
        loop {
            let next = match inner.input.fill_buf() {
                Ok(bytes) => bytes.first().copied()?,
                Err(error) => {
                    inner.failed = Some(error);
                    return None;
                }
            };
            if !next.is_ascii_whitespace() {
                return Some(next);
            }
            inner.input.consume(1);
            inner.count(next);
        }
    }

    /// Returns the byte that was taken last.
    pub(super) fn last(&self) -> u8 {
        self.0.borrow().last
    }

    /// Returns the place of the byte that was taken last (`back` 1), or that comes next (0).
    pub(super) fn spot(&self, back: u32) -> Spot {
        let inner = self.0.borrow();
        let characters = inner.column.saturating_sub(back);
        let whole = inner.kept.len() < KEPT_LINE;
        let kept = String::from_utf8_lossy(&inner.kept);
        let cut = usize::try_from(characters).unwrap_or(usize::MAX);
        let before = if whole { kept.chars().take(cut).collect() } else { String::new() };
        Spot { line: inner.line, before, hidden: if whole { 0 } else { characters } }
    }

    /// Returns the byte that was taken last and what follows it in its line, as far as it is at
    /// hand.
    pub(super) fn rest_from_last(&self) -> Vec<u8> {
        let inner = self.0.borrow();
        let next = inner.input.buffer();
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let end = next.iter().position(is_end).unwrap_or(next.len()).min(KEPT_LINE);
        let last = Some(inner.last).filter(|last| !is_end(last));
        last.into_iter().chain(next.get(..end).unwrap_or_default().iter().copied()).collect()
    }

    /// Lets a row of up to the limit be read.
    pub(super) fn begin_row(&self) {
        self.0.borrow_mut().left = RECORD_LIMIT;
    }

    /// Lets what stands between rows be read.
    pub(super) fn end_row(&self) {
        self.0.borrow_mut().left = GAP_LIMIT;
    }

    /// Whether a limit was reached.
    pub(super) fn over(&self) -> bool {
        self.0.borrow().over
    }

    /// Takes the failure of the file, if it failed.
    pub(super) fn failure(&self) -> Option<io::Error> {
        self.0.borrow_mut().failed.take()
    }
}

impl<R> Inner<R> {
    fn count(&mut self, byte: u8) {
        self.last = byte;
        if byte == b'\n' {
            self.line += 1;
            self.column = 0;
            self.kept.clear();
            return;
        }
        // Bytes that continue a character do not count.
        self.column = self.column.saturating_add(u32::from(byte & 0xC0 != 0x80));
        if self.kept.len() < KEPT_LINE {
            self.kept.push(byte);
        }
    }
}

impl<R: Read> Read for Feed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut inner = self.0.borrow_mut();
        let Some(first) = out.first_mut() else { return Ok(0) };
        let next = match inner.input.fill_buf() {
            Ok(bytes) => bytes.first().copied(),
            Err(error) => {
                inner.failed = Some(error);
                return Err(io::Error::other("the file cannot be read"));
            }
        };
        let Some(next) = next else { return Ok(0) };
        if inner.left == 0 {
            inner.over = true;
            return Err(io::Error::other("value too long"));
        }
        inner.left -= 1;
        inner.input.consume(1);
        inner.count(next);
        *first = next;
        Ok(1)
    }
}
