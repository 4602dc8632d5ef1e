//! One file into the ledger: recognised, read, appended in one transaction.
//!
//! Owns the order of these steps, and that a file is in the ledger whole or not at all. Refuses to
//! evaluate anything: a report is facts.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::{Book, Currency, Program, Version};
use sha2::{Digest, Sha256};

use super::clicks::ClickSink;
use super::{Context, Format, Formats, HEAD, ReadSummary, Shape, Sink, codes, read, refused_file};
use crate::click::Click;
use crate::error::{self, Error, Result};
use crate::fact::LineFact;
use crate::ledger::{Begun, ImportId, ImportTotals, Ledger, NewImport, PendingImport};
use crate::program;
use crate::words::Words;

/// A report that was recognised, and the program of its orders.
#[derive(Debug)]
pub struct Intake<'a> {
    shown: String,
    /// The format.
    pub format: &'a Format,
    /// The program.
    pub program: &'a Program,
    file: Looked,
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
        path: &Path,
        formats: &'a Formats,
        book: &'a Book,
        format: Option<&str>,
        program: Option<&str>,
    ) -> Result<Self> {
        let shown = path.display().to_string();
        let file = Looked::at(path)?;
        let format = match format {
            Some(name) => formats.by_name(name, program)?,
            None => formats
                .recognise(&file.head, &shown, program)
                .map_err(|problem| refused_file(&shown, problem))?,
        };
        let name = program.or(format.program.as_deref()).ok_or_else(|| {
            let message = format!("{shown} does not say which program its orders belong to");
            Error::new(&error::WHICH_PROGRAM, message)
                .hint("add --program; `feebook program list` shows the programs")
        })?;
        let program = program::named(book, name)?;
        Ok(Self { shown, format, program, file })
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
        let new = NewImport {
            program: self.program.id(),
            file: &self.shown,
            file_digest: self.file.digest,
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
        kept(pending, summary, keeping, &self.file)
    }

    fn read<'l>(
        &self,
        pending: PendingImport<'l>,
        watch: &mut dyn Watch,
    ) -> Result<(PendingImport<'l>, ReadSummary)> {
        let count = Cell::new(0);
        let mut again = self.file.again(&count)?;
        let input = BufReader::with_capacity(HEAD, &mut again);
        let context = Context::of(self.program);
        let mut sink = IntoLedger::new(pending, watch, &count);
        let summary = read(self.format, input, &self.shown, &context, &mut sink)?;
        again.finish()?;
        Ok((sink.pending, summary))
    }
}

impl Context {
    /// What a program says about its reports.
    pub(super) fn of(program: &Program) -> Self {
        Self { zone: program.zone(), default_currency: default_currency(program) }
    }
}

/// Keeps what was read, or nothing of it where a row is bad and that was asked for.
pub(super) fn kept(
    mut pending: PendingImport<'_>,
    summary: ReadSummary,
    keeping: &Keeping,
    file: &Looked,
) -> Result<TakenIn> {
    let id = pending.id();
    pending.note_rejected(summary.rejected);
    if keeping.strict && summary.rejected > 0 {
        let totals = pending.discard()?;
        return Ok(TakenIn::Read { id: None, totals, summary });
    }
    if keeping.archive {
        let mut archiving = pending.archive(&file.digest, keeping.now)?;
        if let Some(archiving) = &mut archiving {
            file.each_block(&mut |block| archiving.write(block))?;
        }
        archiving.map_or(Ok(()), |archiving| archiving.finish(&file.digest))?;
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

/// A file that was looked at once: what is read of it again must be the same.
#[derive(Debug)]
pub(super) struct Looked {
    /// Open all the time, so that a file that takes its name meanwhile is not read.
    file: File,
    path: PathBuf,
    /// The beginning.
    head: Vec<u8>,
    /// The length.
    bytes: u64,
    /// SHA-256 of the bytes.
    pub(super) digest: [u8; 32],
}

impl Looked {
    /// Reads a file once. What can be read only once, such as a pipe, is copied first.
    pub(super) fn at(path: &Path) -> Result<Self> {
        let unreadable = |e| Error::file(path, "read", e);
        let mut file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() && !metadata.is_dir() {
            let mut copy = tempfile::tempfile().map_err(unreadable)?;
            io::copy(&mut file, &mut copy).map_err(unreadable)?;
            file = copy;
        }
        let path = path.to_owned();
        let mut looked = Self { file, path, head: Vec::new(), bytes: 0, digest: [0; 32] };
        let (mut digest, mut head, mut bytes) = (Sha256::new(), Vec::new(), 0_u64);
        looked.each_block(&mut |block| {
            digest.update(block);
            bytes += u64::try_from(block.len()).unwrap_or(0);
            let room = HEAD.saturating_sub(head.len()).min(block.len());
            head.extend_from_slice(block.get(..room).unwrap_or_default());
            Ok(())
        })?;
        (looked.head, looked.bytes, looked.digest) = (head, bytes, digest.finalize().into());
        Ok(looked)
    }

    /// Begins to read the file again.
    pub(super) fn again<'c>(&'c self, count: &'c Cell<u64>) -> Result<Again<'c>> {
        self.rewound()?;
        Ok(Again { looked: self, count, digest: Sha256::new() })
    }

    fn rewound(&self) -> Result<()> {
        let mut file = &self.file;
        let rewound = file.seek(SeekFrom::Start(0));
        rewound.map(drop).map_err(|e| Error::file(&self.path, "read", e))
    }

    /// Calls with all bytes, block by block.
    pub(super) fn each_block(&self, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.rewound()?;
        let mut file = &self.file;
        let mut block = vec![0; HEAD];
        loop {
            match file.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(length) => each(block.get(..length).unwrap_or_default())?,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::file(&self.path, "read", e)),
            }
        }
    }
}

/// A file that is read again, from its beginning.
pub(super) struct Again<'c> {
    looked: &'c Looked,
    count: &'c Cell<u64>,
    digest: Sha256,
}

impl Again<'_> {
    /// Refuses a file that was changed since it was looked at: what is stored as its digest would be
    /// that of other rows.
    pub(super) fn finish(mut self) -> Result<()> {
        let path = &self.looked.path;
        // What a reader had no use for was not read yet.
        io::copy(&mut self, &mut io::sink()).map_err(|e| Error::file(path, "read", e))?;
        let (bytes, before) = (self.count.get(), self.looked.bytes);
        let digest: [u8; 32] = self.digest.finalize().into();
        if digest == self.looked.digest {
            return Ok(());
        }
        let how = if bytes == before {
            format!("of its {bytes} bytes some are others now")
        } else {
            format!("it had {before} bytes and then {bytes}")
        };
        let shown = path.display().to_string();
        let message = format!("the file was changed while it was read: {how}");
        Err(super::refused(
            Diagnostic::whole(&codes::FILE_CHANGED, &shown, message)
                .hint("wait until whatever writes it is done, then import it"),
        ))
    }
}

impl Read for Again<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = &self.looked.file;
        let length = file.read(buffer)?;
        self.digest.update(buffer.get(..length).unwrap_or_default());
        self.count.set(self.count.get() + u64::try_from(length).unwrap_or(0));
        Ok(length)
    }
}

/// Hands rows to the ledger and problems to whoever watches.
pub(super) struct IntoLedger<'l, 'w> {
    pub(super) pending: PendingImport<'l>,
    watch: &'w mut dyn Watch,
    count: &'w Cell<u64>,
}

impl<'l, 'w> IntoLedger<'l, 'w> {
    pub(super) fn new(
        pending: PendingImport<'l>,
        watch: &'w mut dyn Watch,
        count: &'w Cell<u64>,
    ) -> Self {
        Self { pending, watch, count }
    }
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

    fn quarantine(&mut self, raw: &[u8], problems: &[Diagnostic]) -> Result<()> {
        self.pending.quarantine(raw, problems)
    }

    fn shaped(&mut self, shape: Shape) {
        self.pending.shaped(shape);
    }
}

impl ClickSink for IntoLedger<'_, '_> {
    fn click(&mut self, click: Click) -> Result<()> {
        self.pending.append_click(click)
    }
}
