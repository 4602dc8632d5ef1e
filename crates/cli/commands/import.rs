//! `import`: reports in. Good rows are kept, bad rows are told with file, line and column.

use feebook_core::error::Result;
use feebook_core::import::{Formats, Intake, Keeping, ReadSummary, TakenIn, Watch};
use feebook_core::ledger::{ImportTotals, Ledger};
use feebook_core::run::Terms;
use feebook_schedule::diagnostic::Diagnostic;
use std::path::Path;

use super::{counted, instant, now, open, shown};
use crate::args::{Global, Import};
use crate::exit::{self, DONE, Outcome, ROWS, say};
use crate::output::{Cell, Output, Sheet};
use crate::progress::Bar;
use crate::{beside, plugins, shipped};

pub(crate) fn run(global: &Global, output: &Output, args: &Import) -> Outcome<u8> {
    let sources = shipped::sources(global)?;
    let formats = shipped::formats(&sources)?;
    let terms = shipped::terms(sources)?;
    let mut ledger = Target { global, dry_run: args.dry_run, ledger: None };
    if global.ledger.exists() {
        ledger.open()?;
    }
    let mut sheet = output.sheet(&[
        "file",
        "program",
        "format",
        "added",
        "revised",
        "unchanged",
        "rejected",
    ])?;
    let archive = args.archive || archives(global)?;
    let mut code = DONE;
    for file in &args.files {
        // One file that fails does not keep the others out: each is its own transaction.
        let import = One { global, args, archive, formats: &formats, terms: &terms };
        let outcome = import.file(&mut ledger, file, &mut sheet);
        let this = outcome.unwrap_or_else(|stop| exit::told(&stop));
        code = code.max(this);
    }
    sheet.finish()?;
    Ok(code)
}

/// Whether files are archived without a word on the command line: the ledger's own file says so, else
/// the user's config file.
pub(super) fn archives(global: &Global) -> Result<bool> {
    let of_ledger = beside::read(&global.ledger)?.archive;
    of_ledger.map_or_else(|| Ok(plugins::config()?.archive), Ok)
}

/// The ledger, which is not made before there is a report to import.
struct Target<'g> {
    global: &'g Global,
    dry_run: bool,
    ledger: Option<Ledger>,
}

impl Target<'_> {
    fn open(&mut self) -> Result<&mut Ledger> {
        let ledger = if let Some(ledger) = self.ledger.take() {
            ledger
        } else {
            let mut ledger = open_or_make(self.global, self.dry_run)?;
            if self.dry_run {
                // Each file is told as it would come to after the files before it.
                ledger.rehearse()?;
            }
            ledger
        };
        Ok(self.ledger.insert(ledger))
    }
}

/// Opens the ledger, or makes it: a first import should not fail for want of an `init`.
pub(super) fn open_or_make(global: &Global, dry_run: bool) -> Result<Ledger> {
    if global.ledger.exists() {
        return open(global);
    }
    if dry_run {
        return Ledger::in_memory();
    }
    match Ledger::create(&global.ledger) {
        Ok(ledger) => {
            say(&format!("made the ledger {}", global.ledger.display()));
            Ok(ledger)
        }
        // Another process was faster.
        Err(_) if global.ledger.exists() => open(global),
        Err(failed) => Err(failed),
    }
}

/// What is the same for all files of one command.
struct One<'a> {
    global: &'a Global,
    args: &'a Import,
    archive: bool,
    formats: &'a Formats,
    terms: &'a Terms,
}

impl One<'_> {
    fn file(&self, ledger: &mut Target<'_>, file: &Path, sheet: &mut Sheet<'_>) -> Outcome<u8> {
        let (format, program) = (self.args.format.as_deref(), self.args.program.as_deref());
        let intake = Intake::open(file, self.formats, &self.terms.book, format, program)?;
        let as_of = self.args.as_of.as_ref().map(|text| instant(intake.program, text));
        let keeping = Keeping {
            as_of: as_of.transpose()?,
            now: now(),
            strict: self.args.strict,
            archive: self.archive,
        };
        let mut watcher = Watcher::new(self.global, Some(intake.bytes()));
        let taken = intake.take_in(ledger.open()?, &keeping, &mut watcher)?;
        drop(watcher);
        let (totals, rejected) = tell_taken(file, taken, self.args.dry_run);
        sheet.row(vec![
            Cell::Text(shown(file)),
            Cell::Text(intake.program.id().to_owned()),
            Cell::Text(intake.format.name.clone()),
            Cell::Count(totals.added),
            Cell::Count(totals.revised),
            Cell::Count(totals.unchanged),
            Cell::Count(totals.rejected),
        ])?;
        Ok(if rejected { ROWS } else { DONE })
    }
}

/// Tells what became of a file; returns what it came to, and whether rows of it were rejected, now
/// or when it was imported before.
pub(super) fn tell_taken(file: &Path, taken: TakenIn, dry_run: bool) -> (ImportTotals, bool) {
    match taken {
        TakenIn::Already { id, rejected } => {
            say(&format!("{}: imported before, as import {id}; nothing changed", shown(file)));
            if rejected > 0 {
                let rows = counted(rejected, "row");
                say(&format!(
                    "{}: {rows} were rejected then, and still are; see feebook quarantine list",
                    shown(file)
                ));
            }
            (ImportTotals { rejected, ..ImportTotals::default() }, rejected > 0)
        }
        TakenIn::Read { id, totals, summary } => {
            tell_read(file, id, &totals, &summary, dry_run);
            let rejected = summary.rejected;
            // Of a dry run the table says what an import would come to.
            let kept = id.is_some() || dry_run;
            let nothing = ImportTotals { rejected, ..ImportTotals::default() };
            (if kept { totals } else { nothing }, rejected > 0)
        }
    }
}

fn tell_read(
    file: &Path,
    id: Option<i64>,
    totals: &ImportTotals,
    summary: &ReadSummary,
    dry_run: bool,
) {
    let file = shown(file);
    for column in &summary.unread {
        let near = column.near.as_ref();
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        say(&format!("{file}: the column `{}` is not read{near}", column.name));
    }
    if summary.doubtful_times > 0 {
        let rows = counted(summary.doubtful_times, "row");
        say(&format!(
            "{file}: {rows} with a local time that occurs twice or never; see `feebook check`"
        ));
    }
    if summary.left_out > 0 {
        let amounts = counted(summary.left_out, "reported amount");
        say(&format!("{file}: {amounts} left out, in another currency than the row's"));
    }
    if totals.outranked > 0 {
        let lines = counted(totals.outranked, "revised line");
        say(&format!(
            "{file}: {lines} outranked by an earlier report, which still counts; if this one is \
                 later, undo the import and say so with --as-of"
        ));
    }
    if summary.rows == 0 {
        say(&format!("{file}: there are no rows in it"));
    }
    if summary.rejected > 0 {
        let rows = counted(summary.rejected, "row");
        say(&format!("{file}: {rows} of {} rejected", summary.rows));
    }
    match id {
        Some(id) if summary.rejected > 0 && !dry_run => say(&format!(
            "{file}: import {id}; what was rejected is kept: feebook quarantine list --import {id}"
        )),
        _ if dry_run => say(&format!("{file}: dry run, nothing was written")),
        Some(id) => say(&format!("{file}: import {id}")),
        None => say(&format!("{file}: nothing was kept, as --strict asks")),
    }
}

/// Shows problems as they come, and how far the reading is.
pub(super) struct Watcher {
    bar: Bar,
}

impl Watcher {
    /// Begins to show the reading of a file of so many bytes.
    pub(super) fn new(global: &Global, bytes: Option<u64>) -> Self {
        Self { bar: Bar::new(global, "bytes", bytes) }
    }
}

impl Watch for Watcher {
    fn problem(&mut self, problem: Diagnostic) {
        exit::problems(&[problem]);
    }

    fn read(&mut self, bytes: u64) {
        self.bar.set(bytes);
    }
}
