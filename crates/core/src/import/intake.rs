//! One file into the ledger: recognised, read, appended in one transaction.
//!
//! Owns the order of these steps, and that a file is in the ledger whole or not at all. Refuses to
//! evaluate anything: a report is facts.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::{Book, Currency, Program, Version};
use sha2::{Digest, Sha256};

use super::{Context, Format, Formats, HEAD, ReadSummary, Sink, read, refused_file};
use crate::error::{self, Error, Result};
use crate::fact::LineFact;
use crate::ledger::{Begun, ImportId, ImportTotals, Ledger, NewImport, PendingImport};
use crate::program;
use crate::words::Words;

/// A report that was recognised, and the program of its orders.
#[derive(Debug)]
pub struct Intake<'a> {
    path: &'a Path,
    shown: String,
    /// The format.
    pub format: &'a Format,
    /// The program.
    pub program: &'a Program,
    bytes: u64,
    digest: [u8; 32],
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
        /// The import; none when nothing was kept.
        id: Option<ImportId>,
        /// What it came to.
        totals: ImportTotals,
        /// What the reader saw.
        summary: ReadSummary,
    },
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
        formats: &'a Formats,
        book: &'a Book,
        format: Option<&str>,
        program: Option<&str>,
    ) -> Result<Self> {
        let shown = path.display().to_string();
        let (head, bytes, digest) = look_at(path)?;
        let format = match format {
            Some(name) => formats.by_name(name, program)?,
            None => formats
                .recognise(&head, &shown, program)
                .map_err(|problem| refused_file(&shown, problem))?,
        };
        let name = program.or(format.program.as_deref()).ok_or_else(|| {
            let message = format!("{shown} does not say which program its orders belong to");
            Error::new(&error::WHICH_PROGRAM, message)
                .hint("add --program; `feebook program list` shows the programs")
        })?;
        let program = program::named(book, name)?;
        Ok(Self { path, shown, format, program, bytes, digest })
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
        let new = NewImport {
            program: self.program.id(),
            file: &self.shown,
            file_digest: self.digest,
            format: &self.format.name,
            format_digest: self.format.digest,
            as_of: keeping.as_of,
            imported_at: keeping.now,
        };
        let pending = match ledger.begin_import(&new)? {
            Begun::Already { id, rejected } => return Ok(TakenIn::Already { id, rejected }),
            Begun::Started(pending) => *pending,
        };
        let (pending, summary) = self.read(pending, watch)?;
        kept(pending, summary, keeping)
    }

    fn read<'l>(
        &self,
        pending: PendingImport<'l>,
        watch: &mut dyn Watch,
    ) -> Result<(PendingImport<'l>, ReadSummary)> {
        let file = File::open(self.path).map_err(|e| Error::file(self.path, "read", e))?;
        let count = std::cell::Cell::new(0);
        let input = BufReader::with_capacity(HEAD, Counted { inner: file, count: &count });
        let context =
            Context { zone: self.program.zone(), default_currency: default_currency(self.program) };
        let mut sink = IntoLedger { pending, watch, count: &count };
        let summary = read(self.format, input, &self.shown, &context, &mut sink)?;
        Ok((sink.pending, summary))
    }
}

/// Keeps what was read, or nothing of it where a row is bad and that was asked for.
pub(super) fn kept(
    mut pending: PendingImport<'_>,
    summary: ReadSummary,
    keeping: &Keeping,
) -> Result<TakenIn> {
    let id = pending.id();
    pending.note_rejected(summary.rejected);
    if keeping.strict && summary.rejected > 0 {
        let totals = pending.discard()?;
        return Ok(TakenIn::Read { id: None, totals, summary });
    }
    let totals = pending.keep()?;
    Ok(TakenIn::Read { id: Some(id), totals, summary })
}

/// The currency of amounts that name none; none where the versions' decimals differ.
fn default_currency(program: &Program) -> Option<Currency> {
    let mut currencies = program.versions().iter().map(Version::currency);
    let Some(first) = currencies.next() else { return Some(program.payout_currency()) };
    currencies.all(|other| other.decimals() == first.decimals()).then_some(first)
}

/// Reads the beginning of a file, its length and its SHA-256.
pub(super) fn look_at(path: &Path) -> Result<(Vec<u8>, u64, [u8; 32])> {
    let unreadable = |e| Error::file(path, "read", e);
    let mut file = File::open(path).map_err(unreadable)?;
    let mut digest = Sha256::new();
    let (mut head, mut bytes) = (Vec::new(), 0_u64);
    let mut block = vec![0; HEAD];
    loop {
        let length = match file.read(&mut block) {
            Ok(0) => break,
            Ok(length) => length,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(unreadable(e)),
        };
        let read = block.get(..length).unwrap_or_default();
        digest.update(read);
        bytes += u64::try_from(length).unwrap_or(0);
        let room = HEAD.saturating_sub(head.len()).min(length);
        head.extend_from_slice(read.get(..room).unwrap_or_default());
    }
    Ok((head, bytes, digest.finalize().into()))
}

/// Counts the bytes that are read.
struct Counted<'c, R> {
    inner: R,
    count: &'c std::cell::Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.count.set(self.count.get() + u64::try_from(length).unwrap_or(0));
        Ok(length)
    }
}

/// Hands rows to the ledger and problems to whoever watches.
struct IntoLedger<'l, 'w> {
    pending: PendingImport<'l>,
    watch: &'w mut dyn Watch,
    count: &'w std::cell::Cell<u64>,
}

impl Sink for IntoLedger<'_, '_> {
    fn words(&mut self) -> &mut Words {
        self.pending.words()
    }

    fn accept(&mut self, fact: LineFact) -> Result<()> {
        self.watch.read(self.count.get());
        self.pending.append(fact)
    }

    fn reject(&mut self, problem: Diagnostic) {
        self.watch.problem(problem);
    }
}
