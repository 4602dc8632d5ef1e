//! `import`: reports in. Good rows are kept, bad rows are told with file, line and column.

use feebook_core::error::Result;
use feebook_core::import::{
    Beside, Intake, Keeping, Known, PIPE, Portion, ReadSummary, TakenIn, Unmapped, Watch,
    advertisers,
};
use feebook_core::ledger::{ImportTotals, Ledger};
use feebook_schedule::Program;
use feebook_schedule::diagnostic::Diagnostic;
use std::collections::BTreeMap;
use std::path::Path;

use super::{counted, instant_in, now, open, shown};
use crate::args::{Global, Import};
use crate::exit::{self, DONE, Outcome, ROWS, say};
use crate::output::{Cell, Output, Sheet};
use crate::progress::Bar;
use crate::{beside, plugins, shipped};

/// How many files of an archive are named, of those without rows and of those with a header.
const NAMED: usize = 10;

pub(crate) fn run(global: &Global, output: &Output, args: &Import) -> Outcome<u8> {
    let sources = shipped::sources(global)?;
    let formats = shipped::formats(&sources)?;
    let terms = shipped::terms(sources)?;
    let beside = beside::read(&global.ledger, Some((&terms.book, &formats)))?;
    let advertisers = &beside.advertisers;
    let known = Known { formats: &formats, book: &terms.book, advertisers };
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
    let archive = args.archive || archives(&beside)?;
    let mut code = DONE;
    for file in &args.files {
        // One file that fails does not keep the others out: each is its own transaction.
        let import = One { global, args, archive, beside: &beside, known };
        let outcome = import.file(&mut ledger, file, &mut sheet);
        let this = outcome.unwrap_or_else(|stop| exit::told(&stop, global));
        code = code.max(this);
    }
    sheet.finish()?;
    Ok(code)
}

/// Whether files are archived without a word on the command line: the ledger's own file says so, else
/// the user's config file.
pub(super) fn archives(beside: &Beside) -> Result<bool> {
    beside.archive.map_or_else(|| Ok(plugins::config()?.archive), Ok)
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
    beside: &'a Beside,
    known: Known<'a>,
}

impl One<'_> {
    fn file(&self, ledger: &mut Target<'_>, file: &Path, sheet: &mut Sheet<'_>) -> Outcome<u8> {
        let (format, program) = (self.args.format.as_deref(), self.args.program.as_deref());
        let (intake, file) = if file.as_os_str() == "-" {
            let intake = Intake::piped(&mut std::io::stdin().lock(), self.known, format, program);
            (intake?, Path::new(PIPE))
        } else {
            (Intake::open(file, self.known, format, program)?, file)
        };
        let program = intake.whose.program();
        let zone = program.map_or(chrono_tz::Tz::UTC, Program::zone);
        let as_of = self.args.as_of.as_ref().map(|text| instant_in(zone, text));
        let keeping = Keeping {
            as_of: as_of.transpose()?,
            now: now(),
            strict: self.args.strict,
            archive: self.archive,
        };
        let mut watcher = Watcher::new(self.global, Some(intake.bytes()));
        let taken = intake.take_in(ledger.open()?, &keeping, &mut watcher)?;
        watcher.finish();
        let name = program.map(Program::id).or(intake.format.network.as_deref());
        let (portions, rejected) =
            tell_taken(file, name.unwrap_or(""), taken, self.args.dry_run, self.beside);
        for portion in portions {
            sheet.row(vec![
                Cell::Text(shown(file)),
                Cell::Text(portion.program),
                Cell::Text(intake.format.name.clone()),
                Cell::Count(portion.totals.added),
                Cell::Count(portion.totals.revised),
                Cell::Count(portion.totals.unchanged),
                Cell::Count(portion.totals.rejected),
            ])?;
        }
        Ok(if rejected { ROWS } else { DONE })
    }
}

/// Tells what became of a file; returns what it came to by program, and whether rows of it were
/// rejected, now or when it was imported before. `program` is whose orders it holds.
pub(super) fn tell_taken(
    file: &Path,
    program: &str,
    taken: TakenIn,
    dry_run: bool,
    beside: &Beside,
) -> (Vec<Portion>, bool) {
    let nothing = |rejected| ImportTotals { rejected, ..ImportTotals::default() };
    match taken {
        TakenIn::Already { id, programs, rejected, archived } => {
            let what = match (archived, dry_run) {
                (true, false) => "the file itself is archived now, nothing else changed",
                (true, true) => "the file itself would be archived",
                (false, _) => "nothing changed",
            };
            say(&format!("{}: imported before, as import {id}; {what}", shown(file)));
            if rejected > 0 {
                let rows = counted(rejected, "row");
                let (was, still) = if rejected == 1 { ("was", "is") } else { ("were", "are") };
                say(&format!(
                    "{}: {rows} {was} rejected then, and still {still}; see feebook quarantine list",
                    shown(file)
                ));
            }
            let program = programs.join(", ");
            (vec![Portion { program, id: None, totals: nothing(rejected) }], rejected > 0)
        }
        TakenIn::Read { mut portions, summary, unmapped, replaced } => {
            tell_read(file, &portions, &summary, dry_run);
            for id in replaced {
                let was = if dry_run { "would be" } else { "is" };
                say(&format!(
                    "{}: import {id} of the same file {was} taken back, for this one replaces it",
                    shown(file)
                ));
            }
            tell_unmapped(file, &unmapped, beside);
            // What was closed again waits for nobody.
            let kept = portions.iter().filter(|portion| portion.id.is_some());
            let closed: u64 = kept.map(|portion| portion.totals.closed).sum();
            let rejected = summary.rejected.saturating_sub(closed);
            // Of a dry run the table says what an import would come to.
            for portion in portions.iter_mut().filter(|portion| portion.id.is_none() && !dry_run) {
                portion.totals = nothing(portion.totals.rejected);
            }
            if portions.is_empty() {
                let program = program.to_owned();
                portions.push(Portion { program, id: None, totals: nothing(rejected) });
            }
            (portions, rejected > 0)
        }
    }
}

/// Lists the advertisers that no program is mapped to, as lines that can be copied.
fn tell_unmapped(file: &Path, unmapped: &[Unmapped], beside: &Beside) {
    if unmapped.is_empty() {
        return;
    }
    let advertisers = counted(u64::try_from(unmapped.len()).unwrap_or(0), "advertiser");
    let each = unmapped.iter().map(|advertiser| {
        let Unmapped { network, number, name, .. } = advertiser;
        (network.as_str(), number.as_str(), name.as_deref())
    });
    say(&format!(
        "{}: {advertisers} without a program; their lines are kept and unverifiable. To map them, \
         fill in and add to {}, and import the file again:\n\n{}\n",
        shown(file),
        advertisers::FILE,
        advertisers::to_paste(each, beside)
    ));
}

fn tell_read(file: &Path, portions: &[Portion], summary: &ReadSummary, dry_run: bool) {
    let file = shown(file);
    tell_headers(&file, summary);
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
        let amounts = counted(summary.left_out, "amount");
        say(&format!(
            "{file}: {amounts} left out, in another currency than the row's, or in none that is known"
        ));
    }
    tell_unmatched(&file, portions, summary);
    for (word, count) in &summary.unknown_words {
        let rows = counted(*count, "row");
        say(&format!(
            "{file}: the status \"{word}\" is not known: {rows} kept as pending; add it to the \
             mapping's words for `status` and import the file again"
        ));
    }
    let outranked: u64 = portions.iter().map(|portion| portion.totals.outranked).sum();
    if outranked > 0 {
        let lines = counted(outranked, "revised line");
        say(&format!(
            "{file}: {lines} outranked by an earlier report, which still counts; if this one is \
                 later, undo the import and say so with --as-of"
        ));
    }
    tell_without_rows(&file, summary);
    if summary.rejected > 0 {
        let rows = counted(summary.rejected, "row");
        say(&format!("{file}: {rows} of {} rejected", summary.rows));
        let closed: u64 = portions.iter().map(|portion| portion.totals.closed).sum();
        if closed > 0 {
            let rows = counted(closed, "row");
            say(&format!("{file}: {rows} of these closed as before, for the reason given then"));
        }
    }
    if dry_run {
        return say(&format!("{file}: dry run, nothing was written"));
    }
    let many = portions.len() > 1;
    for portion in portions {
        let of = if many { format!(", {}", portion.program) } else { String::new() };
        match portion.id {
            Some(id) if portion.totals.rejected > 0 => say(&format!(
                "{file}: import {id}{of}; what was rejected is kept: feebook quarantine list \
                 --import {id}"
            )),
            Some(id) => say(&format!("{file}: import {id}{of}")),
            None => say(&format!("{file}: nothing was kept, as --strict asks")),
        }
    }
}

/// Says how many rows take back or correct a line that is not known.
fn tell_unmatched(file: &str, portions: &[Portion], summary: &ReadSummary) {
    if summary.unmatched > 0 {
        let rows = counted(summary.unmatched, "row");
        say(&format!(
            "{file}: {rows} below zero whose original is not known: kept as reversed, and nothing else is \
             taken back; if a report that comes later brings the original under the same number, \
             both are one line"
        ));
    }
    let alone: u64 = portions.iter().map(|portion| portion.totals.alone).sum();
    if alone > 0 {
        let rows = counted(alone, "row");
        say(&format!(
            "{file}: {rows} correcting a line that the ledger does not have, or that cannot be told from \
             others of its order: kept, without effect until a report brings it; `feebook check` names them"
        ));
    }
}

/// Shows the first lines that were taken for headers: nothing else says that they are none.
fn tell_headers(file: &str, summary: &ReadSummary) {
    for passed in summary.headers.iter().take(NAMED) {
        say(&format!(
            "{}: line {} is taken for a header: {}",
            passed.file, passed.line, passed.words
        ));
    }
    if let Some(more) = summary.headers.len().checked_sub(NAMED).filter(|more| *more > 0) {
        say(&format!("{file}: so are the first lines of {more} more of its files"));
    }
}

/// Names the files of an archive that have no row, or says so of a file alone.
fn tell_without_rows(file: &str, summary: &ReadSummary) {
    let without = &summary.without_rows;
    for name in without.iter().take(NAMED) {
        say(&format!("{name}: there are no rows in it"));
    }
    if without.len() > NAMED {
        let more = without.len() - NAMED;
        say(&format!("{file}: there are no rows in {more} more of its files"));
    }
    if summary.rows == 0 && without.len() != 1 {
        say(&format!("{file}: there are no rows in it"));
    }
}

/// How many problems of one code are shown of a file.
const SHOWN: u64 = 20;

/// Shows problems as they come, up to some of each code, and how far the reading is.
pub(super) struct Watcher {
    bar: Bar,
    /// How many of each code there were.
    problems: BTreeMap<&'static str, u64>,
}

impl Watcher {
    /// Begins to show the reading of a file of so many bytes.
    pub(super) fn new(global: &Global, bytes: Option<u64>) -> Self {
        Self { bar: Bar::new(global, "bytes", bytes), problems: BTreeMap::new() }
    }

    /// Says how many problems were not shown.
    pub(super) fn finish(self) {
        drop(self.bar);
        for (code, count) in self.problems.iter().filter(|(_, count)| **count > SHOWN) {
            let more = counted(count - SHOWN, "more problem");
            say(&format!(
                "{more} of the code {code}, not shown; feebook quarantine list has all of an import that \
                 is kept"
            ));
        }
    }
}

impl Watch for Watcher {
    fn problem(&mut self, problem: Diagnostic) {
        let count = self.problems.entry(problem.code.id).or_insert(0);
        *count += 1;
        if *count <= SHOWN {
            exit::problems(&[problem]);
        }
    }

    fn read(&mut self, bytes: u64) {
        self.bar.set(bytes);
    }
}
