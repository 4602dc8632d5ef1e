//! One file into the ledger: recognised, read, appended in one transaction.
//!
//! Owns the order of these steps, and that a file is in the ledger whole or not at all. Refuses to
//! evaluate anything: a report is facts.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::{Book, Currency, Program, Version};

use super::clicks::ClickSink;
use super::looked::Looked;
use super::{
    Advertiser, Advertisers, Context, Format, Formats, Head, ReadSummary, Shape, Sink, advertisers,
    codes, read_looked, refused_file, trial,
};
use crate::click::Click;
use crate::error::{self, Error, Result};
use crate::fact::LineFact;
use crate::ledger::{
    Archiving, Begun, ImportId, ImportTotals, Ledger, NewImport, PartKept, PendingImport,
};
use crate::program;
use crate::words::Words;

/// What a report that comes through a pipe is called.
pub const PIPE: &str = "stdin";

/// A report that was recognised, and whose orders it holds.
#[derive(Debug)]
pub struct Intake<'a> {
    shown: String,
    /// The format.
    pub format: &'a Format,
    /// Whose orders it holds.
    pub whose: Whose<'a>,
    known: Known<'a>,
    file: Looked,
}

/// Whose orders a report holds.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// All are of one program.
    One(&'a Program),
    /// Of many advertisers of this network.
    Network(&'a str),
}

impl<'a> Whose<'a> {
    /// Returns the program, where there is one.
    pub fn program(self) -> Option<&'a Program> {
        match self {
            Self::One(program) => Some(program),
            Self::Network(_) => None,
        }
    }

    /// Returns the network, where the rows say whose they are.
    fn network(self) -> Option<&'a str> {
        match self {
            Self::One(_) => None,
            Self::Network(network) => Some(network),
        }
    }
}

/// What is known before a report is opened.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The formats.
    pub formats: &'a Formats,
    /// The programs.
    pub book: &'a Book,
    /// Which of them a network's advertisers are.
    pub advertisers: &'a Advertisers,
}

/// How a report is to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// When the network said this.
    pub as_of: Option<i64>,
    /// Now.
    pub now: i64,
    /// Keep nothing of a file that has a bad row.
    pub strict: bool,
    /// Keep the file itself, too.
    pub archive: bool,
}

/// What became of a file.
#[derive(Debug)]
pub enum TakenIn {
    /// The same bytes are in the ledger already.
    Already {
        /// The import that brought them.
        id: ImportId,
        /// Whose orders they hold, by the names under which these are kept.
        programs: Vec<String>,
        /// How many of its rows were rejected, then as now.
        rejected: u64,
        /// Whether the file itself, which was not kept then, is kept now.
        archived: bool,
    },
    /// It was read.
    Read {
        /// What it came to, by program; one without an import when nothing was kept.
        portions: Vec<Portion>,
        /// What the reader saw.
        summary: ReadSummary,
        /// The advertisers that no program is mapped to.
        unmapped: Vec<Unmapped>,
        /// Earlier imports of the same file, which this one replaces.
        replaced: Vec<ImportId>,
    },
}

/// What a file came to for one program.
#[derive(Clone, Debug)]
pub struct Portion {
    /// The program, or the name under which orders of an advertiser without one are kept.
    pub program: String,
    /// The import; none when nothing was kept.
    pub id: Option<ImportId>,
    /// What it came to.
    pub totals: ImportTotals,
}

/// An advertiser that no program is mapped to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// The network.
    pub network: String,
    /// The network's number of it.
    pub number: String,
    /// What the network calls it.
    pub name: Option<String>,
    /// The name under which its orders are kept.
    pub kept_as: String,
}

/// Is told what happens while a file is read.
pub trait Watch {
    /// A problem of a row that is not imported.
    fn problem(&mut self, problem: Diagnostic);
    /// How many bytes of the file were read.
    fn read(&mut self, bytes: u64);
}

impl<'a> Intake<'a> {
    /// Recognises a report. `format` and `program` are what the user named.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, no format or more than one fits, or the program is not known.
    pub fn open(
        path: &Path,
        known: Known<'a>,
        format: Option<&str>,
        program: Option<&str>,
    ) -> Result<Self> {
        let shown = path.display().to_string();
        Self::of(Looked::at(path)?, shown, known, format, program)
    }

    /// The same of what comes through a pipe, which is copied first.
    ///
    /// # Errors
    ///
    /// As of [`open`](Self::open), and when there is more of it than is copied.
    pub fn piped(
        input: &mut dyn Read,
        known: Known<'a>,
        format: Option<&str>,
        program: Option<&str>,
    ) -> Result<Self> {
        let file = Looked::piped(input, Path::new(PIPE))?;
        Self::of(file, PIPE.to_owned(), known, format, program)
    }

    fn of(
        file: Looked,
        shown: String,
        known: Known<'a>,
        format: Option<&str>,
        program: Option<&str>,
    ) -> Result<Self> {
        let formats = known.formats;
        let format = match format {
            Some(name) => formats.by_name(name, program)?,
            None => formats
                .recognise(&Head::of(&file, &shown)?, &shown, program)
                .map_err(|problem| refused_file(&shown, problem))?,
        };
        let whose = whose(format, &known, program, &shown)
            .map_err(|open| answered(format, &file, &shown).unwrap_or(open))?;
        Ok(Self { shown, format, whose, known, file })
    }

    /// Returns the file's length in bytes.
    pub fn bytes(&self) -> u64 {
        self.file.bytes
    }

    /// Reads the file into the ledger.
    ///
    /// # Errors
    ///
    /// When the file is no report of its format, or the ledger fails; then nothing is kept.
    pub fn take_in(
        &self,
        ledger: &mut Ledger,
        keeping: &Keeping,
        watch: &mut dyn Watch,
    ) -> Result<TakenIn> {
        let format_digest = match self.whose {
            Whose::One(_) => self.format.digest,
            Whose::Network(network) => self.known.advertisers.digest(self.format.digest, network),
        };
        let new = NewImport {
            program: self.whose.program().map_or("", Program::id),
            file: &self.shown,
            file_digest: self.file.digest,
            format: &self.format.name,
            format_digest,
            as_of: keeping.as_of,
            imported_at: keeping.now,
        };
        let begin = match self.whose {
            Whose::One(_) => Ledger::begin_import,
            Whose::Network(_) => Ledger::begin_network_import,
        };
        let (id, rejected) = match begin(ledger, &new)? {
            Begun::Already { id, rejected } => (id, rejected),
            Begun::Started(pending) => return self.read_and_keep(*pending, keeping, watch),
        };
        let archived = archived_late(ledger, keeping, &self.file)?;
        let programs = match self.whose {
            Whose::One(program) => vec![program.id().to_owned()],
            Whose::Network(_) => self.programs_of(ledger, keeping.as_of)?,
        };
        Ok(TakenIn::Already { id, programs, rejected, archived })
    }

    /// The programs of the imports that brought the same file.
    fn programs_of(&self, ledger: &Ledger, as_of: Option<i64>) -> Result<Vec<String>> {
        let mut imports = ledger.imports()?;
        imports.retain(|import| {
            import.withdrawn_at.is_none()
                && import.file_digest == self.file.digest
                && import.format == self.format.name
                && import.as_of == as_of
        });
        let programs: BTreeSet<String> = imports.into_iter().map(|import| import.program).collect();
        Ok(programs.into_iter().collect())
    }

    fn read_and_keep(
        &self,
        pending: PendingImport<'_>,
        keeping: &Keeping,
        watch: &mut dyn Watch,
    ) -> Result<TakenIn> {
        let (pending, summary, unmapped) = self.read(pending, watch)?;
        match self.whose {
            Whose::One(program) => kept(pending, program.id(), summary, keeping, &self.file),
            Whose::Network(_) => kept_parts(pending, summary, unmapped, keeping, &self.file),
        }
    }

    fn read<'l>(
        &self,
        pending: PendingImport<'l>,
        watch: &mut dyn Watch,
    ) -> Result<(PendingImport<'l>, ReadSummary, Vec<Unmapped>)> {
        let count = Cell::new(0);
        let context = self.whose.program().map_or(NO_PROGRAM, Context::of);
        let mut sink = IntoLedger::new(pending, watch, &count, context);
        sink.seating = self.whose.network().map(|network| Seating::new(network, self.known));
        let file = (&self.file, &*self.shown);
        let summary = read_looked(self.format, file, context, &mut sink, &count)?;
        sink.seat_all()?;
        let unmapped = sink.seating.map_or_else(Vec::new, |seating| seating.unmapped);
        Ok((sink.pending, summary, unmapped))
    }
}

/// What is known of reports of an advertiser without a program: a time that names no zone is in the
/// mapping's or in UTC, and an amount must name its currency.
pub(super) const NO_PROGRAM: Context =
    Context { zone: chrono_tz::Tz::UTC, default_currency: None, unknown: true };

/// How many rejected rows wait for a row that says whose it is.
const UNSEATED: usize = 256;

/// What a file says that matters more than whose orders it holds: an error of the network, or that there
/// are no orders.
fn answered(format: &Format, file: &Looked, shown: &str) -> Option<Error> {
    let tried = trial::of(format, file, shown);
    let answers = [codes::ERROR_ANSWER.id, codes::BAD_ANSWER.id];
    match tried.refused {
        Some(refused) => {
            refused.problems().iter().any(|p| answers.contains(&p.code.id)).then_some(refused)
        }
        None if tried.rows == 0 => {
            let message = format!(
                "{shown} is an answer without rows, and does not say which program it is of"
            );
            let hint = "there is nothing to import; add --program to have it listed all the same";
            Some(Error::new(&error::WHICH_PROGRAM, message).hint(hint))
        }
        None => None,
    }
}

/// Decides whose orders a report holds: those of the program that was named, or that the format
/// belongs to; else those of its network's advertisers.
fn whose<'a>(
    format: &'a Format,
    known: &Known<'a>,
    program: Option<&str>,
    shown: &str,
) -> Result<Whose<'a>> {
    if let Some(name) = program.or(format.program.as_deref()) {
        return program::named(known.book, name).map(Whose::One);
    }
    match &format.network {
        Some(network) if format.advertiser[0].is_some() => Ok(Whose::Network(network)),
        // One advertiser's own report: whichever number stands for all.
        Some(network) if known.advertisers.program(network, "").is_some() => {
            let name = known.advertisers.program(network, "").unwrap_or_default();
            program::named(known.book, name).map(Whose::One)
        }
        _ => {
            let message = format!("{shown} does not say which program its orders belong to");
            let hint = match &format.network {
                Some(network) => format!(
                    "add --program, or `\"*\" = \"<program>\"` under [programs.{network}] of \
                     {}; `feebook program list` shows the programs",
                    advertisers::FILE
                ),
                None => "add --program; `feebook program list` shows the programs".to_owned(),
            };
            Err(Error::new(&error::WHICH_PROGRAM, message).hint(hint))
        }
    }
}

impl Context {
    /// What a program says about its reports.
    pub(super) fn of(program: &Program) -> Self {
        Self { zone: program.zone(), default_currency: default_currency(program), unknown: false }
    }
}

/// Keeps what was read, or nothing of it where a row is bad and that was asked for.
pub(super) fn kept(
    pending: PendingImport<'_>,
    program: &str,
    summary: ReadSummary,
    keeping: &Keeping,
    file: &Looked,
) -> Result<TakenIn> {
    let id = pending.id();
    let (id, totals) = if keeping.strict && summary.rejected > 0 {
        (None, pending.discard()?)
    } else {
        archived(&pending, keeping, file)?;
        (Some(id), pending.keep()?)
    };
    let portions = vec![Portion { program: program.to_owned(), id, totals }];
    Ok(TakenIn::Read { portions, summary, unmapped: Vec::new(), replaced: Vec::new() })
}

/// The same for the orders of many programs. Each of their imports has its own rejected rows.
fn kept_parts(
    pending: PendingImport<'_>,
    summary: ReadSummary,
    unmapped: Vec<Unmapped>,
    keeping: &Keeping,
    file: &Looked,
) -> Result<TakenIn> {
    let mut replaced = pending.replaces().to_vec();
    let strict = keeping.strict && summary.rejected > 0;
    let parts = if strict {
        replaced.clear();
        pending.discard_parts()?
    } else {
        archived(&pending, keeping, file)?;
        pending.keep_parts()?
    };
    let portion = |part: PartKept| {
        let id = (!strict).then_some(part.id);
        Portion { program: part.program, id, totals: part.totals }
    };
    let portions = parts.into_iter().map(portion).collect();
    Ok(TakenIn::Read { portions, summary, unmapped, replaced })
}

/// Keeps the file itself, where that is asked for.
fn archived(pending: &PendingImport<'_>, keeping: &Keeping, file: &Looked) -> Result<()> {
    if !keeping.archive {
        return Ok(());
    }
    let mut archiving = pending.archive(&file.digest, keeping.now)?;
    if let Some(archiving) = &mut archiving {
        file.each_block(&mut |block| archiving.write(block))?;
    }
    archiving.map_or(Ok(()), |archiving| archiving.finish(&file.digest))
}

/// Keeps the file of an import that is in the ledger already; false where that is not asked for, or
/// was done before.
pub(super) fn archived_late(ledger: &mut Ledger, keeping: &Keeping, file: &Looked) -> Result<bool> {
    let feed = |archiving: &mut Archiving<'_>| file.each_block(&mut |block| archiving.write(block));
    Ok(keeping.archive && ledger.archive_late(&file.digest, keeping.now, &feed)?)
}

/// The currency of amounts that name none; none where the versions' decimals differ.
fn default_currency(program: &Program) -> Option<Currency> {
    let mut currencies = program.versions().iter().map(Version::currency);
    let Some(first) = currencies.next() else { return Some(program.payout_currency()) };
    currencies.all(|other| other.decimals() == first.decimals()).then_some(first)
}

/// Hands rows to the ledger and problems to whoever watches.
pub(super) struct IntoLedger<'l, 'w, 'a> {
    pub(super) pending: PendingImport<'l>,
    watch: &'w mut dyn Watch,
    count: &'w Cell<u64>,
    context: Context,
    seating: Option<Seating<'a>>,
}

impl<'l, 'w> IntoLedger<'l, 'w, '_> {
    pub(super) fn new(
        pending: PendingImport<'l>,
        watch: &'w mut dyn Watch,
        count: &'w Cell<u64>,
        context: Context,
    ) -> Self {
        Self { pending, watch, count, context, seating: None }
    }

    /// Has the rows that no row says whose they are be of the advertiser without a number.
    fn seat_all(&mut self) -> Result<()> {
        if self.seating.is_some() && self.pending.unseated() > 0 {
            self.advertiser(&Advertiser { number: "", name: None })?;
        }
        Ok(())
    }
}

/// Which program each advertiser of a network is, while its report is read.
pub(super) struct Seating<'a> {
    network: &'a str,
    known: Known<'a>,
    unmapped: Vec<Unmapped>,
}

impl<'a> Seating<'a> {
    pub(super) fn new(network: &'a str, known: Known<'a>) -> Self {
        Self { network, known, unmapped: Vec::new() }
    }

    /// The name under which an advertiser's orders are kept, and what is known of its reports.
    pub(super) fn of(&mut self, advertiser: &Advertiser<'_>) -> (Cow<'a, str>, Context) {
        let program = self.known.advertisers.program(self.network, advertiser.number);
        match program.and_then(|name| self.known.book.program(name)) {
            Some(program) => (Cow::Borrowed(program.id()), Context::of(program)),
            None => (Cow::Owned(self.without_program(advertiser)), NO_PROGRAM),
        }
    }

    /// The name under which the orders of an advertiser without a program are kept.
    fn without_program(&mut self, advertiser: &Advertiser<'_>) -> String {
        let number = advertiser.number;
        if let Some(known) = self.unmapped.iter().find(|known| known.number == number) {
            return known.kept_as.clone();
        }
        let kept_as = advertisers::unmapped(self.network, number, self.known.book);
        self.unmapped.push(Unmapped {
            network: self.network.to_owned(),
            number: number.to_owned(),
            name: advertiser.name.map(str::to_owned),
            kept_as: kept_as.clone(),
        });
        kept_as
    }
}

impl Sink for IntoLedger<'_, '_, '_> {
    fn words(&mut self) -> &mut Words {
        self.pending.words()
    }

    fn advertiser(&mut self, advertiser: &Advertiser<'_>) -> Result<Context> {
        let Some(seating) = &mut self.seating else { return Ok(self.context) };
        let (program, context) = seating.of(advertiser);
        if context.unknown && advertisers::is_coded(advertiser.number) {
            // So that it can be told again when the file is gone.
            self.pending.words().intern(advertiser.number);
        }
        self.pending.seat(&program)?;
        Ok(context)
    }

    fn accept(&mut self, fact: LineFact) -> Result<()> {
        self.watch.read(self.count.get());
        self.pending.append(fact)
    }

    fn originals(&mut self, reversal: &LineFact) -> Result<Vec<LineFact>> {
        self.pending.originals(reversal)
    }

    fn reject(&mut self, problem: Diagnostic) {
        self.watch.problem(problem);
    }

    fn quarantine(&mut self, raw: &[u8], problems: &[Diagnostic]) -> Result<()> {
        if self.pending.unseated() >= UNSEATED {
            self.seat_all()?;
        }
        self.pending.quarantine(raw, problems)
    }

    fn shaped(&mut self, shape: Shape) {
        self.pending.shaped(shape);
    }
}

impl ClickSink for IntoLedger<'_, '_, '_> {
    fn click(&mut self, click: Click) -> Result<()> {
        self.pending.append_click(click)
    }
}
