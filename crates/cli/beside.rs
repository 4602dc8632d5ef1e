//! `feebook.toml` beside the ledger, read from the disk.
//!
//! Owns where it lies and what is said of one that does not load. Refuses to know its keys.

use std::fs;
use std::path::{Path, PathBuf};

use feebook_core::error::{self, Error, Result};
use feebook_core::import::{Beside, Formats, advertisers};
use feebook_schedule::Book;
use feebook_schedule::diagnostic::Diagnostic;

/// The path of the file of a ledger.
pub(crate) fn path(ledger: &Path) -> PathBuf {
    ledger.with_file_name(advertisers::FILE)
}

/// Reads the file of a ledger; names of programs and networks are looked up where those that there are
/// are known.
pub(crate) fn read(ledger: &Path, known: Option<(&Book, &Formats)>) -> Result<Beside> {
    let path = path(ledger);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Beside::default()),
        Err(e) => return Err(Error::file(&path, "read", e)),
    };
    let shown = path.display().to_string();
    let (beside, problems) =
        Beside::read(&shown, &text, known.map(|known| known.0), known.map(|known| known.1));
    let problems: Vec<Diagnostic> = problems.into_iter().filter(Diagnostic::is_error).collect();
    if problems.is_empty() {
        return Ok(beside);
    }
    let message = format!("{shown} does not load");
    Err(Error::new(&error::TERMS, message).with(problems).hint("mend the places above"))
}
