//! Programs by name, for whoever typed one.
//!
//! Owns the answer to a name that no program has. Refuses to read schedules: the book has them.

use feebook_schedule::diagnostic::nearest;
use feebook_schedule::{Book, Program};

use crate::error::{self, Error, Result};

/// Finds a program by its name, which is that of its folder.
///
/// # Errors
///
/// When there is none; with the nearest name there is.
pub fn named<'b>(book: &'b Book, name: &str) -> Result<&'b Program> {
    book.program(name).ok_or_else(|| {
        let hint = match nearest(name, book.programs().iter().map(Program::id)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`feebook program list` shows the programs".to_owned(),
        };
        Error::new(&error::NO_PROGRAM, format!("there is no program `{name}`")).hint(hint)
    })
}
