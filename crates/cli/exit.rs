//! Exit codes, and how a failure is told.
//!
//! Owns the numbers that scripts rely on (DESIGN section 7).

use std::io::Write as _;

use feebook_core::error::{Error, ErrorKind};
use feebook_schedule::diagnostic::Diagnostic;

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
pub(crate) fn told(stop: &Stop) -> u8 {
    let Stop::Failed(error) = stop else { return DONE };
    problems(error.problems());
    say(&error.to_string());
    match error.kind() {
        ErrorKind::Usage => USAGE,
        ErrorKind::Terms => TERMS,
        ErrorKind::Report => ROWS,
        ErrorKind::Plugin => PLUGIN,
        ErrorKind::Ledger => LEDGER,
        _ => INTERNAL,
    }
}

/// Prints problems of files, each with a blank line after it.
pub(crate) fn problems(problems: &[Diagnostic]) {
    for problem in problems {
        say(&format!("{problem}\n"));
    }
}

/// Says something on stderr. A stderr that is gone is no reason to stop.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
