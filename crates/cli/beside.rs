//! `feebook.toml` beside the ledger: what is settled for one ledger, whoever uses it.
//!
//! Owns its keys. Refuses what concerns the user of this machine, such as trust in plugins: that is in
//! the user's own config file.

use std::fs;
use std::path::{Path, PathBuf};

use feebook_core::error::{self, Error, Result};
use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::document::Reader;

/// What the file says; one that is not there says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside {
    /// Whether imported files are kept in the ledger; none where it does not say.
    pub(crate) archive: Option<bool>,
}

/// The path of the file of a ledger.
pub(crate) fn path(ledger: &Path) -> PathBuf {
    ledger.with_file_name("feebook.toml")
}

/// Reads the file of a ledger.
pub(crate) fn read(ledger: &Path) -> Result<Beside> {
    let path = path(ledger);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Beside::default()),
        Err(e) => return Err(Error::file(&path, "read", e)),
    };
    let shown = path.display().to_string();
    let (mut reader, root) = Reader::parse(&shown, &text);
    let mut beside = Beside::default();
    if reader.problems.is_empty() {
        reader.known(&root, "feebook.toml", &["archive"]);
        beside.archive = root.get("archive").and_then(|node| reader.boolean(node, "archive"));
    }
    let problems: Vec<Diagnostic> =
        reader.problems.into_iter().filter(Diagnostic::is_error).collect();
    if problems.is_empty() {
        return Ok(beside);
    }
    let message = format!("{shown} cannot be used");
    Err(Error::new(&error::TERMS, message).with(problems).hint("mend the places above"))
}
