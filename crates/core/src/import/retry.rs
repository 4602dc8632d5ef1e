//! Quarantined rows, read again: with the mapping of today, and with a feebook that may know more.
//!
//! Owns which of them pass: each is read alone, in a file made of it, so that one that fails cannot
//! keep others out. What passes is an import of its own that names the first. Refuses to change or to
//! take away what is in quarantine.

use std::borrow::Cow;
use std::collections::BTreeMap;

use feebook_schedule::diagnostic::Diagnostic;
use sha2::{Digest as _, Sha256};

use super::clicks::{self, ClickSink};
use super::intake::{NO_PROGRAM, Seating};
use super::{Advertiser, Context, Format, Known, Portion, Shape, Sink, read};
use crate::click::Click;
use crate::error::{self, Error, ErrorKind, Result};
use crate::fact::LineFact;
use crate::ledger::{
    Begun, ImportId, ImportRecord, Ledger, NewImport, PendingImport, Quarantined, StoredShape,
    Wanted,
};
use crate::program;
use crate::words::Words;

/// What a retry came to.
#[derive(Clone, Debug, Default)]
pub struct Retried {
    /// The new imports, one for each program whose rows passed; none when no row did.
    pub portions: Vec<Portion>,
    /// Rows that passed.
    pub passed: u64,
    /// Rows that still fail.
    pub failed: u64,
    /// Rows of which not all was kept, so that they cannot be read.
    pub cut: u64,
}

/// Reads the quarantined rows of an import again, and takes in those that pass. Of a network's report
/// each goes to the program that its advertiser is today.
///
/// # Errors
///
/// When there is no such import or none of its rows is in quarantine, when its program or format is no
/// longer known, when the format counts its rows within their file, or when the ledger fails; then nothing is kept.
pub fn retry(
    ledger: &mut Ledger,
    id: ImportId,
    known: Known<'_>,
    now: i64,
    tell: &mut dyn FnMut(Diagnostic),
) -> Result<Retried> {
    let first = ledger.standing_import(id)?;
    let shapes = ledger.shapes(id)?;
    let format = if first.format == clicks::FORMAT {
        None
    } else {
        Some(known.formats.by_name(&first.format, Some(&first.program))?)
    };
    if format.is_some_and(Format::counts_rows) {
        return Err(counted_rows(&first));
    }
    let network = format.and_then(|format| format.network.as_deref());
    let network = network.filter(|_| shapes.iter().any(|shape| shape.by_advertiser));
    let context = match network {
        Some(_) => NO_PROGRAM,
        None => Context::of(program::named(known.book, &first.program)?),
    };
    let format_digest = match (format, network) {
        (Some(format), Some(network)) => known.advertisers.digest(format.digest, network),
        (Some(format), None) => format.digest,
        (None, _) => clicks::format_digest(),
    };
    let shown = format!("{} (quarantine of import {id})", first.file);
    let new = NewImport {
        program: if network.is_some() { "" } else { &first.program },
        file: &shown,
        file_digest: digest(ledger, id, &shapes)?,
        format: &first.format,
        format_digest,
        as_of: first.as_of,
        imported_at: now,
    };
    let begun = match network {
        Some(_) => ledger.begin_network_import(&new)?,
        None => ledger.begin_import(&new)?,
    };
    let pending = match begun {
        Begun::Already { .. } => return Ok(Retried::default()),
        Begun::Started(pending) => *pending,
    };
    let seating = network.map(|network| Seating::new(network, known));
    let shapes = shapes.into_iter().map(|stored| (stored.id, stored.shape)).collect();
    let mut work = Work { first: &first, format, context, seating, shapes, pending, now, tell };
    let mut retried = Retried::default();
    work.rows(&mut retried)?;
    if retried.passed > 0 {
        retried.portions = work.kept()?;
    }
    Ok(retried)
}

/// Why rows of a format that counts them are not read alone.
fn counted_rows(first: &ImportRecord) -> Error {
    let ImportRecord { id, file, format, .. } = first;
    let message = format!(
        "rows of `{format}` have no numbers of their own and are counted within their file, so those \
         of import {id} cannot be read again without it"
    );
    Error::new(&error::COUNTED_ROWS, message).hint(format!(
        "mend the mapping or {file} and import all of it again, then feebook quarantine close \
         --import {id} --reason \"imported again\""
    ))
}

/// The digest of the file that the waiting rows make.
fn digest(ledger: &Ledger, id: ImportId, shapes: &[StoredShape]) -> Result<[u8; 32]> {
    let mut digest = Sha256::new();
    for StoredShape { shape, .. } in shapes {
        digest.update(&shape.head);
        digest.update(&shape.tail);
    }
    ledger.quarantined(Wanted { import: Some(id), all: false }, &mut |row| {
        digest.update(&row.raw);
        digest.update(b"\n");
        Ok(())
    })?;
    Ok(digest.finalize().into())
}

/// A retry under way.
struct Work<'w, 'l> {
    first: &'w ImportRecord,
    format: Option<&'w Format>,
    context: Context,
    seating: Option<Seating<'w>>,
    shapes: BTreeMap<i64, Shape>,
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
        let shape = self.shapes.get(&row.shape_id).cloned().unwrap_or_default();
        let file = [&shape.head[..], &row.raw, &shape.tail].concat();
        let mut gathered = Gathered {
            words: self.pending.words(),
            context: self.context,
            seating: self.seating.as_mut(),
            program: None,
            facts: Vec::new(),
            clicks: Vec::new(),
            problems: Vec::new(),
        };
        let read = match self.format {
            Some(format) => read(format, &file[..], &self.first.file, &self.context, &mut gathered),
            None => clicks::read(&file[..], &self.first.file, self.context.zone, &mut gathered),
        };
        let Gathered { program, facts, clicks, mut problems, .. } = gathered;
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
                let problem = placed(problem, row, &shape);
                (self.tell)(problem);
            }
            return Ok(false);
        }
        if let Some(program) = program {
            self.pending.seat(&program)?;
        }
        facts.into_iter().try_for_each(|fact| self.pending.append(fact))?;
        clicks.into_iter().try_for_each(|click| self.pending.append_click(click))?;
        self.pending.closes(row.id, self.now)?;
        Ok(true)
    }

    /// Keeps what passed.
    fn kept(mut self) -> Result<Vec<Portion>> {
        let of = self.first.id;
        if self.seating.is_none() {
            self.pending.retries(of)?;
            let (program, id) = (self.first.program.clone(), Some(self.pending.id()));
            return Ok(vec![Portion { program, id, totals: self.pending.keep()? }]);
        }
        self.pending.each_part(|pending, _| pending.retries(of))?;
        let portion = |part: crate::ledger::PartKept| {
            let (id, totals) = (Some(part.id), part.totals);
            Portion { program: part.program, id, totals }
        };
        Ok(self.pending.keep_parts()?.into_iter().map(portion).collect())
    }
}

/// The problem at its line in the file that the row came from.
fn placed(mut problem: Diagnostic, row: &Quarantined, shape: &Shape) -> Diagnostic {
    let before = shape.head.split(|byte| *byte == b'\n').count() - 1;
    let before = u32::try_from(before).unwrap_or(0);
    let there = row.problems.first().map_or(1, |problem| problem.line);
    problem.place.line = problem.place.line.saturating_sub(before + 1).saturating_add(there);
    problem
}

/// Keeps what one row gives until it is known whether all of it passes.
struct Gathered<'w, 's> {
    words: &'w mut Words,
    context: Context,
    seating: Option<&'w mut Seating<'s>>,
    /// The program of the row's advertiser, where it has one.
    program: Option<Cow<'s, str>>,
    facts: Vec<LineFact>,
    clicks: Vec<Click>,
    problems: Vec<Diagnostic>,
}

impl Sink for Gathered<'_, '_> {
    fn words(&mut self) -> &mut Words {
        self.words
    }

    fn advertiser(&mut self, advertiser: &Advertiser<'_>) -> Result<Context> {
        let Some(seating) = &mut self.seating else { return Ok(self.context) };
        let (program, context) = seating.of(advertiser);
        self.program = Some(program);
        Ok(context)
    }

    fn accept(&mut self, fact: LineFact) -> Result<()> {
        self.facts.push(fact);
        Ok(())
    }

    fn reject(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }
}

impl ClickSink for Gathered<'_, '_> {
    fn click(&mut self, click: Click) -> Result<()> {
        self.clicks.push(click);
        Ok(())
    }
}
