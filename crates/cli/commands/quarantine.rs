//! `quarantine`: rows that an import could not read; listed, shown, written out to be mended, read
//! again, closed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use feebook_core::error::{self, Error, Result};
use feebook_core::import::{Format, Known, retry};
use feebook_core::ledger::{Fate, ImportId, Ledger, Quarantined, RowId, StoredShape, Wanted};

use super::{counted, now, open};
use crate::args::{Global, Quarantine};
use crate::exit::{self, DONE, Outcome, ROWS, say};
use crate::output::{Cell, Output};
use crate::{beside, shipped};

pub(crate) fn run(global: &Global, output: &Output, args: &Quarantine) -> Outcome<u8> {
    match args {
        Quarantine::List { import, all } => {
            list(global, output, Wanted { import: *import, all: *all })
        }
        Quarantine::Show { row } => show(global, output, *row),
        Quarantine::Export { import } => export(global, output, *import),
        Quarantine::Retry { import } => read_again(global, *import),
        Quarantine::Close { import, row, reason, who } => {
            close(global, (*import, *row), (reason, who.as_deref()))
        }
    }
}

fn list(global: &Global, output: &Output, wanted: Wanted) -> Outcome<u8> {
    let ledger = open(global)?;
    let mut sheet = output
        .sheet(&["row", "import", "file", "line", "column", "code", "problem", "state", "raw"])?;
    ledger
        .quarantined(wanted, &mut |row| {
            for problem in &row.problems {
                let cells = vec![
                    Cell::Figure(row.id.to_string()),
                    Cell::Figure(row.import_id.to_string()),
                    Cell::Text(row.file.clone()),
                    Cell::Count(problem.line.into()),
                    Cell::Count(problem.column.into()),
                    Cell::Text(problem.code.clone()),
                    Cell::Text(problem.message.clone()),
                    Cell::Text(fate(&row.fate)),
                    Cell::Text(beginning(&row)),
                ];
                sheet.row(cells).map_err(told)?;
            }
            Ok(())
        })
        .map_err(Into::into)
        .and_then(|()| sheet.finish())?;
    Ok(DONE)
}

/// A failure to write, as one of the walk over the rows.
fn told(stop: exit::Stop) -> Error {
    match stop {
        exit::Stop::Failed(failed) => failed,
        exit::Stop::BrokenPipe => Error::new(&error::FILE, "nobody reads the output"),
    }
}

fn fate(fate: &Fate) -> String {
    match fate {
        Fate::Waits => "waits".to_owned(),
        Fate::Withdrawn => "import taken back".to_owned(),
        Fate::TakenIn(import) => format!("taken in by import {import}"),
        Fate::Closed(reason) => format!("closed: {reason}"),
    }
}

/// As much of a row as fits in a table.
fn beginning(row: &Quarantined) -> String {
    let text = String::from_utf8_lossy(&row.raw);
    let mut shown: String = text.chars().take(60).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn show(global: &Global, output: &Output, id: RowId) -> Outcome<u8> {
    let row = open(global)?.quarantined_row(id)?;
    let mut text =
        format!("row {} of {} (import {}): {}\n", row.id, row.file, row.import_id, fate(&row.fate));
    for problem in &row.problems {
        let (file, line, column) = (&row.file, problem.line, problem.column);
        let _ = writeln!(text, "{file}:{line}:{column}: {} {}", problem.code, problem.message);
    }
    if !row.is_whole() {
        let (kept, whole) = (row.raw.len(), row.raw_length);
        let _ = writeln!(text, "only the first {kept} of {whole} bytes are kept");
    }
    text.push('\n');
    text.push_str(&printable(&String::from_utf8_lossy(&row.raw)));
    output.text(&text)?;
    Ok(DONE)
}

/// A text without what a terminal would take for an order to itself.
fn printable(text: &str) -> String {
    let plain = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
    text.chars().map(plain).collect()
}

fn export(global: &Global, output: &Output, import: ImportId) -> Outcome<u8> {
    let ledger = open(global)?;
    let record = ledger.standing_import(import)?;
    which(&ledger, Some(import))?;
    let stored = shape_of_waiting(&ledger, import)?;
    let by_advertiser = stored.by_advertiser;
    let shape = stored.shape;
    let (mut bytes, mut rows, mut cut) = (shape.head, 0_u64, 0_u64);
    let mut writer = output.as_it_is()?;
    ledger.quarantined(Wanted { import: Some(import), all: false }, &mut |row| {
        if !row.is_whole() {
            cut += 1;
            return Ok(());
        }
        if rows > 0 {
            bytes.extend_from_slice(&shape.separator);
        }
        rows += 1;
        bytes.extend_from_slice(&row.raw);
        writer.write(&bytes).map_err(told)?;
        bytes.clear();
        Ok(())
    })?;
    bytes.extend_from_slice(&shape.tail);
    writer.write(&bytes)?;
    writer.finish()?;
    say(&format!("{} of {} (import {import})", counted(rows, "row"), record.file));
    if cut > 0 {
        say(&format!("{} left out: not all of it is kept", counted(cut, "row")));
    }
    let formats = shipped::formats(&shipped::sources(global)?)?;
    let format = formats.by_name(&record.format, Some(&record.program));
    if format.is_ok_and(Format::counts_rows) {
        say(&format!(
            "rows of `{}` are counted within their file: mend {} and import the whole file, not these \
             rows alone, then feebook quarantine close --import {import} --reason \"imported again\"",
            record.format, record.file
        ));
        return Ok(DONE);
    }
    let program =
        if by_advertiser { String::new() } else { format!(" --program {}", record.program) };
    say(&format!(
        "next: mend the file, then feebook import FILE --as {}{program}, then feebook quarantine \
         close --import {import} --reason \"mended\"",
        record.format
    ));
    Ok(DONE)
}

/// How the rows of an import that wait stand in their file.
///
/// # Errors
///
/// When they come from files of an archive that have different columns: they make no file together.
fn shape_of_waiting(ledger: &Ledger, import: ImportId) -> Result<StoredShape> {
    let mut shapes = ledger.shapes(import)?;
    let mut waiting = BTreeSet::new();
    ledger.quarantined(Wanted { import: Some(import), all: false }, &mut |row| {
        waiting.insert(row.shape_id);
        Ok(())
    })?;
    if waiting.len() > 1 {
        let count = waiting.len();
        let message =
            format!("the rows of import {import} come from files with {count} different headers");
        return Err(Error::new(&error::MANY_SHAPES, message).hint(
            "unpack the archive and import its files one by one; `feebook quarantine retry` reads \
             them as they are",
        ));
    }
    let at = shapes.iter().position(|shape| waiting.contains(&shape.id)).unwrap_or(0);
    Ok(shapes.swap_remove(at))
}

fn read_again(global: &Global, import: Option<ImportId>) -> Outcome<u8> {
    let sources = shipped::sources(global)?;
    let formats = shipped::formats(&sources)?;
    let terms = shipped::terms(sources)?;
    let beside = beside::read(&global.ledger, Some((&terms.book, &formats)))?;
    let advertisers = &beside.advertisers;
    let known = Known { formats: &formats, book: &terms.book, advertisers };
    let mut ledger = open(global)?;
    let all = import.is_none();
    let imports = which(&ledger, import)?;
    let mut code = DONE;
    for import in imports {
        let mut tell = |problem| exit::problems(&[problem]);
        let retried = match retry(&mut ledger, import, known, now(), &mut tell) {
            // Those of other imports are read all the same.
            Err(failed) if all && failed.code().id == error::COUNTED_ROWS.code.id => {
                say(&format!("import {import}: {failed}"));
                code = ROWS;
                continue;
            }
            retried => retried?,
        };
        let passed = counted(retried.passed, "row");
        let made: Vec<String> = retried
            .portions
            .iter()
            .filter_map(|portion| portion.id)
            .map(|id| format!("import {id}"))
            .collect();
        match made.join(", ").as_str() {
            "" => say(&format!("import {import}: no row could be taken in")),
            made => say(&format!("import {import}: {passed} taken in, as {made}")),
        }
        if retried.failed > 0 {
            let failed = counted(retried.failed, "row");
            say(&format!(
                "import {import}: {failed} could not be read again, for the reasons above"
            ));
        }
        if retried.cut > 0 {
            let cut = counted(retried.cut, "row");
            say(&format!("import {import}: {cut} not tried: not all of it is kept"));
        }
        if retried.failed + retried.cut > 0 {
            code = ROWS;
        }
    }
    Ok(code)
}

/// The imports with rows that wait, or the one that was named.
fn which(ledger: &Ledger, import: Option<ImportId>) -> Result<Vec<ImportId>> {
    let waiting: Vec<ImportId> = ledger.waiting()?.into_iter().map(|(id, ..)| id).collect();
    if let Some(import) = import {
        ledger.standing_import(import)?;
        if !waiting.contains(&import) {
            let message = format!("no row of import {import} waits in quarantine");
            return Err(Error::new(&error::NO_QUARANTINE, message)
                .hint("`feebook quarantine list` shows what waits"));
        }
        return Ok(vec![import]);
    }
    if waiting.is_empty() {
        say("nothing waits in quarantine");
    }
    Ok(waiting)
}

fn close(
    global: &Global,
    what: (Option<ImportId>, Option<RowId>),
    why: (&str, Option<&str>),
) -> Outcome<u8> {
    let closed = open(global)?.close_quarantined(what, why, now())?;
    let rows = counted(u64::try_from(closed).unwrap_or(0), "row");
    say(&format!("{rows} closed; what stood in the file stays in the ledger"));
    Ok(DONE)
}
