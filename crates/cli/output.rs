//! What goes to stdout, or to the file of -o: exactly one document, as text, CSV or JSON.
//!
//! Owns the forms. Refuses to decide what is in them. Talk and progress go to stderr.

use std::cell::{Cell as Mark, RefCell};
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use feebook_core::error::{self, Error};
use serde_json::{Map, Value};

use crate::args::{Form, Global};
use crate::exit::{self, Outcome, Stop};

/// How many rows of a text wait for their widths.
const ROWS_AT_ONCE: usize = 2_000;

/// How many characters of a cell a text shows.
const CELL_WIDTH: usize = 2_000;

/// One cell of a table.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// Text of whoever wrote it: escaped in CSV.
    Text(String),
    /// A number written by us, money and rates among them: a string in JSON, never escaped.
    Figure(String),
    /// A count: a number in JSON.
    Count(u64),
    /// Nothing is known: empty, null in JSON.
    Empty,
}

impl Cell {
    /// A text, or nothing.
    pub(crate) fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.into()))
    }

    /// A figure, or nothing.
    pub(crate) fn figure(figure: Option<impl Into<String>>) -> Self {
        figure.map_or(Self::Empty, |figure| Self::Figure(figure.into()))
    }

    /// The cell as it is.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Figure(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Empty => String::new(),
        }
    }

    /// The cell on a terminal, which must not take what others wrote for an order to itself.
    pub(crate) fn in_text(&self) -> String {
        let mut shown = self.shown();
        // A number of a million digits would make every line of the table as wide.
        if let Some((cut, _)) = shown.char_indices().nth(CELL_WIDTH) {
            shown.truncate(cut);
            shown.push('…');
        }
        if !shown.contains(char::is_control) {
            return shown;
        }
        let plain =
            |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
        shown.chars().map(plain).collect()
    }

    /// The cell for CSV. A spreadsheet takes text that begins with one of these for a formula.
    fn in_csv(&self) -> String {
        match self {
            Self::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
                format!("'{text}")
            }
            _ => self.shown(),
        }
    }

    /// The cell in JSON.
    pub(crate) fn in_json(&self) -> Value {
        match self {
            Self::Text(text) | Self::Figure(text) => Value::String(text.clone()),
            Self::Count(count) => Value::from(*count),
            Self::Empty => Value::Null,
        }
    }

    fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

/// Where and in which form a command's document goes.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) form: Form,
    file: Option<PathBuf>,
    /// Never written over.
    ledger: PathBuf,
    /// Never written over either: what the command reads.
    inputs: Vec<PathBuf>,
    under_way: Rc<UnderWay>,
}

/// What has become of the documents so far.
#[derive(Debug, Default)]
struct UnderWay {
    /// The files that are being written.
    files: RefCell<Vec<Making>>,
    /// Whether anything went to stdout.
    printed: Mark<bool>,
    /// Whether the document was written to its end.
    whole: Mark<bool>,
}

/// A file under another name until it is whole.
#[derive(Debug)]
struct Making {
    under: PathBuf,
    path: PathBuf,
}

impl Output {
    /// Takes the form from -O, else from the ending of -o.
    pub(crate) fn new(global: &Global) -> Self {
        let ending = global.output.as_ref().and_then(|file| file.extension());
        let by_ending = match ending.and_then(|ending| ending.to_str()) {
            Some("csv") => Form::Csv,
            Some("json") => Form::Json,
            _ => Form::Text,
        };
        let ledger = global.ledger.clone();
        let form = global.form.unwrap_or(by_ending);
        let (inputs, under_way) = (Vec::new(), Rc::default());
        Self { form, file: global.output.clone(), ledger, inputs, under_way }
    }

    /// The same, which spares the files that the command reads.
    pub(crate) fn sparing(mut self, inputs: Vec<&Path>) -> Self {
        // What comes through a pipe may be a file that the shell opened.
        let opened =
            |input: &Path| if input == "-" { "/dev/stdin".into() } else { input.to_owned() };
        self.inputs = inputs.into_iter().map(opened).collect();
        self
    }

    /// Refuses the file of -o where it is one that is never written over, before anything is done.
    pub(crate) fn refuse_taken(&self) -> Outcome<()> {
        self.file.as_ref().map_or(Ok(()), |path| self.spared(path))
    }

    /// Refuses to write over the ledger or a file that the command reads, whatever they are called.
    fn spared(&self, path: &Path) -> Outcome<()> {
        let ledger = self.ledger.as_os_str();
        let mut parts = ["", "-wal", "-shm"].iter().map(|ending| {
            let mut part = ledger.to_owned();
            part.push(ending);
            PathBuf::from(part)
        });
        let what = if parts.any(|part| is_same(path, &part)) {
            "the ledger"
        } else if self.inputs.iter().any(|input| is_same(path, input)) {
            "a file that the command reads"
        } else {
            return Ok(());
        };
        let message = format!("{} is {what}, and would be written over", path.display());
        let refused = Error::new(&error::OVER_AN_INPUT, message);
        Err(refused.hint("name another file").into())
    }

    /// Ends all documents: gives the files their names, or takes away those of a command that failed
    /// before their end, and says that what was printed is not whole. `still` says whether what was read
    /// stood still meanwhile; where it did not, no file is kept either.
    pub(crate) fn settle(&self, done: Outcome<u8>, still: Outcome<()>) -> Outcome<u8> {
        let whole = self.under_way.whole.get() && still.is_ok();
        let cut_short = matches!(done, Err(Stop::Failed(_))) && !whole && still.is_ok();
        // A failure may come of what did not stand still; then it is not the one to tell.
        let done = still.and(done);
        for Making { under, path } in self.under_way.files.take() {
            let is_whole = done.is_ok() || (whole && self.file.as_ref() == Some(&path));
            if !is_whole {
                // On the way out of a failure, which is the one to tell.
                let _ = fs::remove_file(under);
            } else if let Err(failed) = named(&under, &path) {
                return Err(Error::file(&path, "write", failed).into());
            }
        }
        if cut_short && self.under_way.printed.get() {
            let _ = io::stdout().flush();
            exit::say("note: what was printed is not whole: it ends where the failure came");
        }
        done
    }

    /// Where a document goes that its command writes line by line.
    pub(crate) fn lines(&self) -> Outcome<Box<dyn Write>> {
        match &self.file {
            None => Ok(Box::new(BufWriter::new(self.stdout()))),
            Some(path) => Ok(Box::new(BufWriter::new(self.create(path)?))),
        }
    }

    /// Makes a file, or replaces the one that is there once it is whole; never the ledger nor a file
    /// that the command reads, whatever it is called.
    pub(crate) fn create(&self, path: &Path) -> Outcome<File> {
        self.spared(path)?;
        if let Some((under, file)) = beside(path) {
            let mut files = self.under_way.files.borrow_mut();
            files.retain(|making| making.under != under);
            files.push(Making { under, path: path.to_owned() });
            return Ok(file);
        }
        Ok(File::create(path).map_err(|e| Error::file(path, "write", e))?)
    }

    /// The same document in another form.
    pub(crate) fn in_form(&self, form: Form) -> Self {
        let under_way = Rc::clone(&self.under_way);
        let (file, ledger, inputs) = (self.file.clone(), self.ledger.clone(), self.inputs.clone());
        Self { form, file, ledger, inputs, under_way }
    }

    /// Where a document goes that no terminal can show.
    pub(crate) fn bytes(&self) -> Outcome<Box<dyn Write + Send>> {
        if let Some(path) = &self.file {
            return Ok(Box::new(BufWriter::new(self.create(path)?)));
        }
        if io::stdout().is_terminal() {
            let message = "this form is not for a terminal";
            let hint = "name a file with -o, or send the output into one with >";
            return Err(Stop::Failed(Error::new(&error::NOT_FOR_TERMINALS, message).hint(hint)));
        }
        self.under_way.printed.set(true);
        Ok(Box::new(BufWriter::new(io::stdout())))
    }

    fn stdout(&self) -> Printed {
        Printed(Rc::clone(&self.under_way))
    }

    pub(crate) fn failed(&self, failed: io::Error) -> Stop {
        if failed.kind() == io::ErrorKind::BrokenPipe {
            return Stop::BrokenPipe;
        }
        let path = self.file.clone().unwrap_or_else(|| PathBuf::from("standard output"));
        Stop::Failed(Error::file(&path, "write", failed))
    }

    /// Begins a table.
    pub(crate) fn sheet(&self, columns: &[&'static str]) -> Outcome<Sheet<'_>> {
        let mut sheet = Sheet {
            output: self,
            columns: columns.to_vec(),
            rows: Vec::new(),
            numeric: vec![true; columns.len()],
            widths: None,
            count: 0,
            writer: self.lines()?,
        };
        match self.form {
            Form::Text => {}
            Form::Csv => sheet.write_csv(columns.iter().map(|name| (*name).to_owned()))?,
            Form::Json => sheet.write("[")?,
        }
        Ok(sheet)
    }

    /// Refuses a file that cannot be written, before there is anything to write into it.
    pub(crate) fn check(&self) -> Outcome<()> {
        self.file.as_ref().map_or(Ok(()), |_| self.lines().map(drop))
    }

    /// Writes a text for people: what a terminal would take for an order to itself is shown instead.
    pub(crate) fn text(&self, text: &str) -> Outcome<()> {
        let mut shown = Vec::with_capacity(text.len());
        exit::escape(text.as_bytes(), &mut shown);
        self.document(&shown)
    }

    fn document(&self, text: &[u8]) -> Outcome<()> {
        let mut writer = self.lines()?;
        let written = writer.write_all(text).and_then(|()| writer.write_all(b"\n"));
        let written = written.and_then(|()| writer.flush());
        written.map_err(|failed| self.failed(failed))?;
        self.under_way.whole.set(true);
        Ok(())
    }

    /// Begins a file that is written as it is, whatever the form, also to a terminal.
    pub(crate) fn as_it_is(&self) -> Outcome<Bytes<'_>> {
        Ok(Bytes { output: self, writer: self.lines()? })
    }

    /// Writes one JSON document.
    pub(crate) fn json(&self, value: &Value) -> Outcome<()> {
        let text = serde_json::to_string_pretty(value).map_err(|e| self.failed(e.into()))?;
        self.document(text.as_bytes())
    }
}

/// Whether two paths lead to one file: by links of either kind as well. A device or a pipe is none.
fn is_same(one: &Path, other: &Path) -> bool {
    let (Ok(one), Ok(other)) = (fs::canonicalize(one), fs::canonicalize(other)) else {
        return false;
    };
    if !one.is_file() {
        return false;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let number = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
        one == other || number(&one).is_some_and(|this| number(&other) == Some(this))
    }
    #[cfg(not(unix))]
    {
        one == other
    }
}

/// Begins a file beside the one whose name it is to have; none where that is no file but a device or a
/// pipe, or where its folder takes none.
fn beside(path: &Path) -> Option<(PathBuf, File)> {
    let known = fs::symlink_metadata(path);
    if known.as_ref().is_ok_and(|known| !known.is_file()) {
        return None;
    }
    let mut name = path.file_name()?.to_owned();
    name.push(format!(".part-{}", std::process::id()));
    let under = path.with_file_name(name);
    let file = File::create(&under).ok()?;
    if let Ok(known) = known {
        // Who may read it stays as it was; a file that none may write is refused as ever.
        let kept = !known.permissions().readonly()
            && fs::set_permissions(&under, known.permissions()).is_ok();
        if !kept {
            let _ = fs::remove_file(&under);
            return None;
        }
    }
    Some((under, file))
}

/// Gives a file that is whole its name. Where another user's file of that name may be written and not
/// replaced, it is written.
fn named(under: &Path, path: &Path) -> io::Result<()> {
    fs::rename(under, path).or_else(|_| {
        let copied = fs::copy(under, path).map(drop);
        let _ = fs::remove_file(under);
        copied
    })
}

/// Stdout, which keeps in mind whether anything went there. A terminal is given no control characters,
/// whatever the form: a CSV and a file of the network's are others' texts as well.
struct Printed(Rc<UnderWay>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.printed.set(true);
        let mut stdout = io::stdout().lock();
        if !stdout.is_terminal() {
            return stdout.write(bytes);
        }
        // A character of two bytes stays whole.
        let (now, half) = match bytes {
            [now @ .., 0xC2] if !now.is_empty() => (now, 1),
            now => (now, 0),
        };
        let mut shown = Vec::with_capacity(now.len());
        exit::escape(now, &mut shown);
        stdout.write_all(&shown).map(|()| bytes.len() - half)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}

/// A file under way that is written as it is.
pub(crate) struct Bytes<'o> {
    output: &'o Output,
    writer: Box<dyn Write>,
}

impl Bytes<'_> {
    /// Writes some bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Outcome<()> {
        self.writer.write_all(bytes).map_err(|failed| self.output.failed(failed))
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> Outcome<()> {
        self.writer.flush().map_err(|failed| self.output.failed(failed))?;
        self.output.under_way.whole.set(true);
        Ok(())
    }
}

impl Write for Bytes<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// A table under way. CSV and JSON are written as they come; text waits for its widths.
pub(crate) struct Sheet<'o> {
    output: &'o Output,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    numeric: Vec<bool>,
    /// The columns' widths, once the first rows of a long text are written.
    widths: Option<Vec<u16>>,
    count: u64,
    writer: Box<dyn Write>,
}

impl Sheet<'_> {
    /// Adds a row, one cell per column.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) -> Outcome<()> {
        self.count += 1;
        match self.output.form {
            Form::Csv => self.write_csv(cells.iter().map(Cell::in_csv)),
            Form::Json => {
                let record: Map<String, Value> = self
                    .columns
                    .iter()
                    .zip(&cells)
                    .map(|(name, cell)| ((*name).to_owned(), cell.in_json()))
                    .collect();
                let comma = if self.count == 1 { "\n" } else { ",\n" };
                let record = Value::Object(record);
                self.write(&format!("{comma}  {record}"))
            }
            Form::Text => {
                for (numeric, cell) in self.numeric.iter_mut().zip(&cells) {
                    *numeric &= !cell.is_text();
                }
                self.rows.push(cells);
                if self.rows.len() >= ROWS_AT_ONCE { self.write_rows() } else { Ok(()) }
            }
        }
    }

    /// Ends the document.
    pub(crate) fn finish(mut self) -> Outcome<()> {
        match self.output.form {
            Form::Csv => {}
            Form::Json => self.write(if self.count == 0 { "]\n" } else { "\n]\n" })?,
            Form::Text => self.write_rows()?,
        }
        let flushed = self.writer.flush();
        flushed.map_err(|failed| self.output.failed(failed))?;
        self.output.under_way.whole.set(true);
        Ok(())
    }

    /// Writes the rows that wait. The first of them set the widths, so that a table of any length
    /// needs no more memory than they do.
    fn write_rows(&mut self) -> Outcome<()> {
        if self.rows.is_empty() && self.widths.is_some() {
            return Ok(());
        }
        let mut table = laid_out(&self.columns, &self.rows, &self.numeric, self.widths.as_deref());
        self.widths.get_or_insert_with(|| table.column_max_content_widths());
        self.rows.clear();
        self.write(&lines_of(&mut table))
    }

    fn write(&mut self, text: &str) -> Outcome<()> {
        self.writer.write_all(text.as_bytes()).map_err(|failed| self.output.failed(failed))
    }

    fn write_csv(&mut self, cells: impl Iterator<Item = String>) -> Outcome<()> {
        // By way of a buffer of its own: the csv crate would flush our writer with every row, and
        // hide a broken pipe in an error of its own.
        let mut row = Vec::new();
        let mut writer = csv::WriterBuilder::new().buffer_capacity(512).from_writer(&mut row);
        let written = writer.write_record(cells);
        drop(writer);
        written.map_err(|failed| self.output.failed(failed.into()))?;
        self.writer.write_all(&row).map_err(|failed| self.output.failed(failed))
    }
}

/// Lays out a table for people: figures to the right, no frame, nothing cut.
pub(crate) fn text_table(columns: &[&str], rows: &[Vec<Cell>], numeric: &[bool]) -> String {
    lines_of(&mut laid_out(columns, rows, numeric, None))
}

/// With widths it is the continuation of a table, and has no header.
fn laid_out(
    columns: &[&str],
    rows: &[Vec<Cell>],
    numeric: &[bool],
    widths: Option<&[u16]>,
) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    if widths.is_none() {
        table.set_header(columns.iter().copied());
    }
    for row in rows {
        table.add_row(row.iter().map(Cell::in_text));
    }
    for (at, (column, numeric)) in table.column_iter_mut().zip(numeric).enumerate() {
        column.set_padding((0, 2));
        if *numeric && !rows.is_empty() {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if let Some(width) = widths.and_then(|widths| widths.get(at)) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width + 2)));
        }
    }
    table
}

fn lines_of(table: &mut Table) -> String {
    let mut text: String = table.trim_fmt();
    text.push('\n');
    text
}
