//! One file into the ledger: recognised, read, appended in one transaction.
//!
//! Owns the order of these steps, and that a file is in the ledger whole or not at all. Refuses to
//! evaluate anything: a report is facts.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::{Book, Currency, Program, Version};
use sha2::{Digest, Sha256};

use super::{
    Advertiser, Advertisers, Context, Format, Formats, HEAD, Head, ReadSummary, Sink, advertisers,
    read_file, refused_file,
};
use crate::error::{self, Error, Result};
use crate::fact::LineFact;
use crate::ledger::{Begun, ImportId, ImportTotals, Ledger, NewImport, PartKept, PendingImport};
use crate::program;
use crate::words::Words;

/// A report that was recognised, and whose orders it holds.
#[derive(Debug)]
pub struct Intake<'a> {
    path: &'a Path,
    shown: String,
    /// The format.
    pub format: &'a Format,
    /// Whose orders it holds.
    pub whose: Whose<'a>,
    known: Known<'a>,
    bytes: u64,
    digest: [u8; 32],
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
}

/// What became of a file.
#[derive(Debug)]
pub enum TakenIn {
    /// The same bytes are in the ledger already.
    Already {
        /// The import that brought them.
        id: ImportId,
        /// How many of its rows were rejected, then as now.
        rejected: u64,
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
        path: &'a Path,
        known: Known<'a>,
        format: Option<&str>,
        program: Option<&str>,
    ) -> Result<Self> {
        let shown = path.display().to_string();
        let (bytes, digest) = look_at(path)?;
        let formats = known.formats;
        let format = match format {
            Some(name) => formats.by_name(name, program)?,
            None => formats
                .recognise(&Head::of_file(path)?, &shown, program)
                .map_err(|problem| refused_file(&shown, problem))?,
        };
        let whose = whose(format, &known, program, &shown)?;
        Ok(Self { path, shown, format, whose, known, bytes, digest })
    }

    /// Returns the file's length in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
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
            file_digest: self.digest,
            format: &self.format.name,
            format_digest,
            as_of: keeping.as_of,
            imported_at: keeping.now,
        };
        let begun = match self.whose {
            Whose::One(_) => ledger.begin_import(&new)?,
            Whose::Network(_) => ledger.begin_network_import(&new)?,
        };
        let pending = match begun {
            Begun::Already { id, rejected } => return Ok(TakenIn::Already { id, rejected }),
            Begun::Started(pending) => *pending,
        };
        let (pending, summary, unmapped) = self.read(pending, watch)?;
        match self.whose {
            Whose::One(program) => kept(pending, program.id(), summary, keeping),
            Whose::Network(_) => kept_parts(pending, summary, unmapped, keeping),
        }
    }

    fn read<'l>(
        &self,
        pending: PendingImport<'l>,
        watch: &mut dyn Watch,
    ) -> Result<(PendingImport<'l>, ReadSummary, Vec<Unmapped>)> {
        let count = std::cell::Cell::new(0);
        let context = self.whose.program().map_or(NO_PROGRAM, context);
        let (whose, known) = (self.whose, self.known);
        let mut sink = IntoLedger { pending, watch, count: &count, whose, known, unmapped: vec![] };
        let file = (self.path, &*self.shown);
        let summary = read_file(self.format, file, &context, &mut sink, &count)?;
        Ok((sink.pending, summary, sink.unmapped))
    }
}

/// What is known of reports of an advertiser without a program: a time that names no zone is in the
/// mapping's or in UTC, and an amount must name its currency.
const NO_PROGRAM: Context =
    Context { zone: chrono_tz::Tz::UTC, default_currency: None, unknown: true };

fn context(program: &Program) -> Context {
    let default_currency = default_currency(program);
    Context { zone: program.zone(), default_currency, unknown: false }
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

/// Keeps what was read, or nothing of it where a row is bad and that was asked for.
pub(super) fn kept(
    mut pending: PendingImport<'_>,
    program: &str,
    summary: ReadSummary,
    keeping: &Keeping,
) -> Result<TakenIn> {
    let id = pending.id();
    pending.note_rejected(summary.rejected);
    let (id, totals) = if keeping.strict && summary.rejected > 0 {
        (None, pending.discard()?)
    } else {
        (Some(id), pending.keep()?)
    };
    let portions = vec![Portion { program: program.to_owned(), id, totals }];
    Ok(TakenIn::Read { portions, summary, unmapped: Vec::new(), replaced: Vec::new() })
}

/// The same for the orders of many programs.
fn kept_parts(
    mut pending: PendingImport<'_>,
    summary: ReadSummary,
    unmapped: Vec<Unmapped>,
    keeping: &Keeping,
) -> Result<TakenIn> {
    pending.note_rejected(summary.rejected);
    let mut replaced = pending.replaces().to_vec();
    let strict = keeping.strict && summary.rejected > 0;
    let parts = if strict {
        replaced.clear();
        pending.discard_parts()?
    } else {
        pending.keep_parts()?
    };
    let portion = |part: PartKept| {
        let id = (!strict).then_some(part.id);
        Portion { program: part.program, id, totals: part.totals }
    };
    let portions = parts.into_iter().map(portion).collect();
    Ok(TakenIn::Read { portions, summary, unmapped, replaced })
}

/// The currency of amounts that name none; none where the versions' decimals differ.
fn default_currency(program: &Program) -> Option<Currency> {
    let mut currencies = program.versions().iter().map(Version::currency);
    let Some(first) = currencies.next() else { return Some(program.payout_currency()) };
    currencies.all(|other| other.decimals() == first.decimals()).then_some(first)
}

/// Reads a file's length and its SHA-256.
pub(super) fn look_at(path: &Path) -> Result<(u64, [u8; 32])> {
    let unreadable = |e| Error::file(path, "read", e);
    let mut file = File::open(path).map_err(unreadable)?;
    let mut digest = Sha256::new();
    let mut bytes = 0_u64;
    let mut block = vec![0; HEAD];
    loop {
        let length = match file.read(&mut block) {
            Ok(0) => break,
            Ok(length) => length,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(unreadable(e)),
        };
        digest.update(block.get(..length).unwrap_or_default());
        bytes += u64::try_from(length).unwrap_or(0);
    }
    Ok((bytes, digest.finalize().into()))
}

/// Hands rows to the ledger and problems to whoever watches.
struct IntoLedger<'l, 'w, 'a> {
    pending: PendingImport<'l>,
    watch: &'w mut dyn Watch,
    count: &'w std::cell::Cell<u64>,
    whose: Whose<'a>,
    known: Known<'a>,
    unmapped: Vec<Unmapped>,
}

impl IntoLedger<'_, '_, '_> {
    /// The name under which the orders of an advertiser without a program are kept.
    fn without_program(&mut self, network: &str, advertiser: &Advertiser<'_>) -> String {
        let number = advertiser.number;
        if let Some(known) = self.unmapped.iter().find(|known| known.number == number) {
            return known.kept_as.clone();
        }
        let kept_as = advertisers::unmapped(network, number, self.known.book);
        self.unmapped.push(Unmapped {
            network: network.to_owned(),
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
        let network = match self.whose {
            Whose::One(program) => return Ok(context(program)),
            Whose::Network(network) => network,
        };
        let program = self.known.advertisers.program(network, advertiser.number);
        if let Some(program) = program.and_then(|name| self.known.book.program(name)) {
            self.pending.seat(program.id())?;
            return Ok(context(program));
        }
        let name = self.without_program(network, advertiser);
        self.pending.seat(&name)?;
        Ok(NO_PROGRAM)
    }

    fn accept(&mut self, fact: LineFact) -> Result<()> {
        self.watch.read(self.count.get());
        self.pending.append(fact)
    }

    fn reject(&mut self, problem: Diagnostic) {
        self.watch.problem(problem);
    }
}
