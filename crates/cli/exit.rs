//! Exit codes, and how a failure is told.
//!
//! Owns the numbers that scripts rely on (DESIGN section 7).

use std::io::Write as _;

use feebook_core::error::{self, Error, ErrorKind};
use feebook_schedule::diagnostic::Diagnostic;

use crate::args::Global;
use crate::disk;

/// Done.
pub(crate) const DONE: u8 = 0;
/// Findings, of commands whose work is to find.
pub(crate) const FINDINGS: u8 = 1;
/// Asked for something that does not exist or does not go together.
pub(crate) const USAGE: u8 = 2;
/// Terms that do not load.
pub(crate) const TERMS: u8 = 3;
/// Rows of a report were refused.
pub(crate) const ROWS: u8 = 4;
/// A plugin was refused.
pub(crate) const PLUGIN: u8 = 5;
/// The ledger, or a file.
pub(crate) const LEDGER: u8 = 6;
/// A promise to ourselves was broken.
pub(crate) const INTERNAL: u8 = 70;

/// What ended a command early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The libraries, or we ourselves, refuse.
    Failed(Error),
    /// Nobody reads our output any more: no failure of ours.
    BrokenPipe,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The result of a command.
pub(crate) type Outcome<T> = Result<T, Stop>;

/// Tells on stderr what stopped the command and returns the exit code.
pub(crate) fn told(stop: &Stop, global: &Global) -> u8 {
    let Stop::Failed(failed) = stop else { return DONE };
    problems(failed.problems());
    say(&failed.to_string());
    if failed.is(&error::DATABASE) || failed.is(&error::NO_ROOM) {
        tell_room(global);
    }
    match failed.kind() {
        ErrorKind::Usage => USAGE,
        ErrorKind::Terms => TERMS,
        ErrorKind::Report => ROWS,
        ErrorKind::Plugin => PLUGIN,
        ErrorKind::Ledger => LEDGER,
        _ => INTERNAL,
    }
}

/// Says how much room is left beside the ledger, where that is little: SQLite tells of a full disk in
/// words of its own.
fn tell_room(global: &Global) {
    let Some(free) = disk::free(&global.ledger).filter(|free| *free < LITTLE) else { return };
    let ledger = global.ledger.display();
    let full = if free < disk::FULL { "the disk is full: " } else { "" };
    say(&format!("note: {full}{free} bytes are free beside {ledger}"));
}

/// Room of which it is told after a failure.
const LITTLE: u64 = 64 << 20;

/// Prints problems of files, each with a blank line after it.
pub(crate) fn problems(problems: &[Diagnostic]) {
    for problem in problems {
        say(&format!("{problem}\n"));
    }
}

/// Says something on stderr. A stderr that is gone is no reason to stop. What names and numbers of others
/// in it would have a terminal do is shown instead.
pub(crate) fn say(text: &str) {
    let mut shown = Vec::with_capacity(text.len() + 1);
    escape(text.as_bytes(), &mut shown);
    shown.push(b'\n');
    let _ = std::io::stderr().lock().write_all(&shown);
}

/// Writes out what a terminal would take for an order to itself: control characters but for the end of
/// a line and the tab, also those beyond ASCII.
pub(crate) fn escape(bytes: &[u8], shown: &mut Vec<u8>) {
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = match (*first, after) {
            // U+0080 to U+009F in UTF-8.
            (0xC2, [second @ 0x80..=0x9F, after @ ..]) => {
                shown.extend_from_slice(format!("\\u{{{second:x}}}").as_bytes());
                after
            }
            (b'\r', [b'\n', ..]) | (b'\n' | b'\t', _) => {
                shown.push(*first);
                after
            }
            (b'\r', _) => {
                shown.extend_from_slice(b"\\r");
                after
            }
            (control, _) if control.is_ascii_control() => {
                shown.extend_from_slice(format!("\\u{{{control:x}}}").as_bytes());
                after
            }
            (plain, _) => {
                shown.push(plain);
                after
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_given_no_orders() {
        let mut shown = Vec::new();
        escape("a\u{1b}[31m\u{9b}2J\0\u{7f}\rb\r\nÅ\tc\n".as_bytes(), &mut shown);
        let shown = String::from_utf8(shown).expect("UTF-8");
        assert_eq!(shown, "a\\u{1b}[31m\\u{9b}2J\\u{0}\\u{7f}\\rb\r\nÅ\tc\n");
    }
}
