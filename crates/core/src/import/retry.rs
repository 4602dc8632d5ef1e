//! Quarantined rows, read again: with the mapping of today, and with a feebook that may know more.
//!
//! Owns which of them pass: each is read alone, in a file made of it, so that one that fails cannot
//! keep others out. What passes is an import of its own that names the first. Refuses to change or to
//! take away what is in quarantine.

use feebook_schedule::Book;
use feebook_schedule::diagnostic::Diagnostic;
use sha2::{Digest as _, Sha256};

use super::clicks::{self, ClickSink};
use super::{Context, Format, Formats, Shape, Sink, read};
use crate::click::Click;
use crate::error::{ErrorKind, Result};
use crate::fact::LineFact;
use crate::ledger::{
    Begun, ImportId, ImportRecord, ImportTotals, Ledger, NewImport, PendingImport, Quarantined,
    Wanted,
};
use crate::program;
use crate::words::Words;

/// What a retry came to.
#[derive(Clone, Debug, Default)]
pub struct Retried {
    /// The new import; none when no row passed.
    pub id: Option<ImportId>,
    /// What it came to.
    pub totals: ImportTotals,
    /// Rows that passed.
    pub passed: u64,
    /// Rows that still fail.
    pub failed: u64,
    /// Rows of which not all was kept, so that they cannot be read.
    pub cut: u64,
}

/// Reads the quarantined rows of an import again, and takes in those that pass.
///
/// # Errors
///
/// When there is no such import or none of its rows is in quarantine, when its program or format is no
/// longer known, or when the ledger fails; then nothing is kept.
pub fn retry(
    ledger: &mut Ledger,
    id: ImportId,
    formats: &Formats,
    book: &Book,
    now: i64,
    tell: &mut dyn FnMut(Diagnostic),
) -> Result<Retried> {
    let first = ledger.standing_import(id)?;
    let shape = ledger.shape(id)?;
    let program = program::named(book, &first.program)?;
    let format = if first.format == clicks::FORMAT {
        None
    } else {
        Some(formats.by_name(&first.format, Some(&first.program))?)
    };
    let shown = format!("{} (quarantine of import {id})", first.file);
    let new = NewImport {
        program: &first.program,
        file: &shown,
        file_digest: digest(ledger, id, &shape)?,
        format: &first.format,
        format_digest: format.map_or_else(clicks::format_digest, |format| format.digest),
        as_of: first.as_of,
        imported_at: now,
    };
    let pending = match ledger.begin_import(&new)? {
        Begun::Already { .. } => return Ok(Retried::default()),
        Begun::Started(pending) => *pending,
    };
    let context = Context::of(program);
    let mut work = Work { first: &first, format, context, shape: &shape, pending, now, tell };
    let mut retried = Retried::default();
    work.rows(&mut retried)?;
    if retried.passed == 0 {
        return Ok(retried);
    }
    work.pending.retries(id)?;
    retried.id = Some(work.pending.id());
    retried.totals = work.pending.keep()?;
    Ok(retried)
}

/// The digest of the file that the waiting rows make.
fn digest(ledger: &Ledger, id: ImportId, shape: &Shape) -> Result<[u8; 32]> {
    let mut digest = Sha256::new();
    digest.update(&shape.head);
    ledger.quarantined(Wanted { import: Some(id), all: false }, &mut |row| {
        digest.update(&row.raw);
        digest.update(&shape.separator);
        Ok(())
    })?;
    digest.update(&shape.tail);
    Ok(digest.finalize().into())
}

/// A retry under way.
struct Work<'w, 'l> {
    first: &'w ImportRecord,
    format: Option<&'w Format>,
    context: Context,
    shape: &'w Shape,
    pending: PendingImport<'l>,
    now: i64,
    tell: &'w mut dyn FnMut(Diagnostic),
}

impl Work<'_, '_> {
    fn rows(&mut self, retried: &mut Retried) -> Result<()> {
        let wanted = Wanted { import: Some(self.first.id), all: false };
        let mut after = 0;
        loop {
            let rows = self.pending.ledger().quarantined_after(wanted, after)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            for row in rows {
                if !row.is_whole() {
                    retried.cut += 1;
                } else if self.row(&row)? {
                    retried.passed += 1;
                } else {
                    retried.failed += 1;
                }
            }
        }
    }

    /// Reads one row; whether it passed.
    fn row(&mut self, row: &Quarantined) -> Result<bool> {
        let file = [&self.shape.head[..], &row.raw, &self.shape.tail].concat();
        let mut gathered = Gathered {
            words: self.pending.words(),
            facts: Vec::new(),
            clicks: Vec::new(),
            problems: Vec::new(),
        };
        let read = match self.format {
            Some(format) => read(format, &file[..], &self.first.file, &self.context, &mut gathered),
            None => clicks::read(&file[..], &self.first.file, self.context.zone, &mut gathered),
        };
        let Gathered { facts, clicks, mut problems, .. } = gathered;
        let understood = match read {
            Ok(summary) => summary.accepted > 0 && summary.rejected == 0,
            Err(failed) if failed.kind() == ErrorKind::Report => {
                problems.extend(failed.problems().iter().cloned());
                false
            }
            Err(failed) => return Err(failed),
        };
        if !understood {
            for problem in problems {
                let problem = self.placed(problem, row);
                (self.tell)(problem);
            }
            return Ok(false);
        }
        facts.into_iter().try_for_each(|fact| self.pending.append(fact))?;
        clicks.into_iter().try_for_each(|click| self.pending.append_click(click))?;
        self.pending.closes(row.id, self.now)?;
        Ok(true)
    }

    /// The problem at its line in the file that the row came from.
    fn placed(&self, mut problem: Diagnostic, row: &Quarantined) -> Diagnostic {
        let before = self.shape.head.split(|byte| *byte == b'\n').count() - 1;
        let before = u32::try_from(before).unwrap_or(0);
        let there = row.problems.first().map_or(1, |problem| problem.line);
        problem.place.line = problem.place.line.saturating_sub(before + 1).saturating_add(there);
        problem
    }
}

/// Keeps what one row gives until it is known whether all of it passes.
struct Gathered<'w> {
    words: &'w mut Words,
    facts: Vec<LineFact>,
    clicks: Vec<Click>,
    problems: Vec<Diagnostic>,
}

impl Sink for Gathered<'_> {
    fn words(&mut self) -> &mut Words {
        self.words
    }

    fn accept(&mut self, fact: LineFact) -> Result<()> {
        self.facts.push(fact);
        Ok(())
    }

    fn reject(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }
}

impl ClickSink for Gathered<'_> {
    fn click(&mut self, click: Click) -> Result<()> {
        self.clicks.push(click);
        Ok(())
    }
}
