//! `imports`: lists imports, takes one back.

use std::fmt::Write as _;

use chrono_tz::Tz;
use feebook_schedule::zone;

use super::{now, open};
use crate::args::{Global, Imports};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output};

pub(crate) fn run(global: &Global, output: &Output, args: &Imports) -> Outcome<u8> {
    match args {
        Imports::List => list(global, output),
        Imports::Undo { id } => undo(global, *id),
        Imports::Archive { id } => archive(global, output, *id),
    }
}

fn list(global: &Global, output: &Output) -> Outcome<u8> {
    let ledger = open(global)?;
    let mut sheet = output.sheet(&[
        "import",
        "program",
        "file",
        "format",
        "imported_at",
        "as_of",
        "added",
        "revised",
        "unchanged",
        "rejected",
        "taken_back_at",
        "sha256",
    ])?;
    let at = |at: i64| Cell::Text(zone::written(Tz::UTC, at));
    let optional = |instant: Option<i64>| instant.map_or(Cell::Empty, at);
    for import in ledger.imports()? {
        let digest = import.file_digest.iter().take(8).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        sheet.row(vec![
            Cell::Figure(import.id.to_string()),
            Cell::Text(import.program),
            Cell::Text(import.file),
            Cell::Text(import.format),
            at(import.imported_at),
            optional(import.as_of),
            Cell::Count(import.totals.added),
            Cell::Count(import.totals.revised),
            Cell::Count(import.totals.unchanged),
            Cell::Count(import.totals.rejected),
            optional(import.withdrawn_at),
            Cell::Text(digest),
        ])?;
    }
    sheet.finish()?;
    Ok(DONE)
}

/// Writes the file of an import as it was.
fn archive(global: &Global, output: &Output, id: i64) -> Outcome<u8> {
    let mut writer = output.as_it_is()?;
    let bytes = open(global)?.archived_file(id, &mut writer)?;
    writer.finish()?;
    say(&format!("the file of import {id}, {bytes} bytes, as it was imported"));
    Ok(DONE)
}

/// Takes an import of orders or of clicks back.
pub(super) fn undo(global: &Global, id: i64) -> Outcome<u8> {
    open(global)?.withdraw(id, now())?;
    say(&format!(
        "import {id} is taken back: its rows no longer count\nnext: feebook recompute posts the difference"
    ));
    Ok(DONE)
}
