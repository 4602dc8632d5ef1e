//! The known formats, and which of them a report is in.
//!
//! Owns the choice. Refuses to choose between two that fit: they could read the same report
//! differently.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use feebook_schedule::Source;
use feebook_schedule::diagnostic::{Diagnostic, nearest};

use super::csv;
use super::header;
use super::looked::Looked;
use super::mapping::{CsvLayout, DocumentLayout, Format, Layout};
use super::path::Path;
use super::row::{shown as safe, shown_up_to};
use super::{codes, contents, mapping_file, place, probe, xml};
use crate::error::{self, Error, Result as Outcome};

/// How many bytes of a report are enough to recognise it.
pub const HEAD: usize = 1 << 16;

/// The beginning of a report, which is enough to recognise it.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The first [`HEAD`] bytes, or all of a shorter report; empty for a spreadsheet.
    pub(super) text: Vec<u8>,
    /// The names of a spreadsheet's columns.
    pub(super) names: Option<Vec<String>>,
    /// The first of a spreadsheet's rows, as texts.
    pub(super) rows: Vec<Vec<String>>,
}

/// The kinds of file that a beginning can be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    Table,
    Json,
    Xml,
}

impl Head {
    /// Takes the beginning of a text.
    pub fn of_text(text: &[u8]) -> Self {
        Self { text: text.get(..HEAD).unwrap_or(text).to_owned(), ..Self::default() }
    }

    /// Reads the beginning of the first report that a file holds.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or unpacked.
    pub fn of_file(path: &std::path::Path) -> Outcome<Self> {
        Self::of(&Looked::at(path)?, &path.display().to_string())
    }

    /// The same of a file that is open.
    pub(super) fn of(file: &Looked, shown: &str) -> Outcome<Self> {
        contents::head(file, shown)
    }

    /// What kind of file it looks like.
    pub(super) fn looks(&self) -> Looks {
        match decoded(&self.text, encoding_rs::UTF_8).trim_ascii_start().first() {
            _ if self.names.is_some() => Looks::Table,
            Some(b'{' | b'[') => Looks::Json,
            Some(b'<') => Looks::Xml,
            _ => Looks::Table,
        }
    }

    /// The names of the columns, as a mapping sees them.
    fn columns(&self, layout: &CsvLayout) -> Vec<String> {
        self.names.clone().unwrap_or_else(|| header(layout, &self.text))
    }
}

/// How well a format fits a report.
#[derive(Debug)]
pub struct Fit<'f> {
    /// The format.
    pub format: &'f Format,
    /// What it asks for and the report has: columns, or keys.
    pub has: Vec<String>,
    /// What it asks for and the report lacks.
    pub lacks: Vec<String>,
    /// Whether the report holds the network's error message, which stands instead of rows.
    pub is_error: bool,
}

impl Fit<'_> {
    /// Whether the report can be read in this format.
    pub fn fits(&self) -> bool {
        !self.format.named && (self.lacks.is_empty() || self.is_error)
    }
}

/// All known formats.
#[derive(Debug, Default)]
pub struct Formats {
    list: Vec<Format>,
}

impl Formats {
    /// Reads the mapping files among the files of the schedules folder: `reports/<format>.toml`, and
    /// `<program>/reports/<format>.toml`. One with problems is left out, and all problems of all
    /// files are returned.
    pub fn load(sources: &[Source]) -> (Self, Vec<Diagnostic>) {
        let mut formats = Self::default();
        let mut problems = Vec::new();
        for source in sources.iter().filter(|source| is_mapping(source.path())) {
            match formats.read(source) {
                Ok(format) => formats.list.push(format),
                Err(found) => problems.extend(found),
            }
        }
        // The order of messages and lists shall not depend on that of a directory.
        formats.list.sort_by(|a, b| (&a.program, &a.name).cmp(&(&b.program, &b.name)));
        (formats, problems)
    }

    fn read(&self, source: &Source) -> Result<Format, Vec<Diagnostic>> {
        let Ok(program) = program_of(source.path()) else {
            let message = format!("{} is no place for a mapping file", source.path());
            let hint = "mappings stand in reports/, or in <program>/reports/";
            let told = Diagnostic::whole(&codes::BAD_PLACE, source.shown(), message);
            return Err(vec![told.hint(hint)]);
        };
        let (format, problems) = mapping_file::read(source.shown(), program, source.text());
        let Some(format) = format else { return Err(problems) };
        let same = |known: &&Format| known.name == format.name && known.program == format.program;
        if let Some(known) = self.list.iter().find(same) {
            let message =
                format!("the format `{}` is also defined in {}", format.name, known.shown);
            let hint = "give it another `name`; a file of the same path replaces a shipped one";
            let told = Diagnostic::whole(&codes::NAME_TAKEN, source.shown(), message);
            return Err(vec![told.hint(hint)]);
        }
        Ok(format)
    }

    /// Returns the networks whose reports they are of, in order of their names.
    pub fn networks(&self) -> BTreeSet<&str> {
        self.iter().filter_map(|format| format.network.as_deref()).collect()
    }

    /// Returns all formats, shared ones first, by program and name.
    pub fn iter(&self) -> impl Iterator<Item = &Format> {
        self.list.iter()
    }

    /// Says of each format for this kind of file how well it fits a report, the best first. Other
    /// programs' own formats do not count when a program is given.
    pub fn fits(&self, head: &Head, program: Option<&str>) -> Vec<Fit<'_>> {
        let looks = head.looks();
        let fit = |format| fit(format, head, looks);
        let mut fits: Vec<Fit<'_>> = self.candidates(program).filter_map(fit).collect();
        fits.sort_by_key(|fit| (!fit.fits(), fit.lacks.len(), usize::MAX - fit.has.len()));
        fits
    }

    /// Finds the format that a report is in.
    pub fn recognise(
        &self,
        head: &Head,
        shown: &str,
        program: Option<&str>,
    ) -> Result<&Format, Diagnostic> {
        let fits = self.fits(head, program);
        let fitting: Vec<&Format> =
            fits.iter().filter(|fit| fit.fits()).map(|fit| fit.format).collect();
        match fitting[..] {
            [only] => Ok(only),
            [] => Err(none_fits(&fits, &self.must_be_named(program), head, shown)),
            _ => {
                let mut names: Vec<String> =
                    fitting.iter().map(|format| full_name(format)).collect();
                names.sort();
                let message = format!("the report could be {}", names.join(" or "));
                Err(Diagnostic::whole(&codes::SEVERAL_FORMATS, shown, message)
                    .hint("name the format with --as"))
            }
        }
    }

    /// The formats that no file is recognised by, for a file of any program or of one.
    fn must_be_named(&self, program: Option<&str>) -> Vec<&str> {
        let named = self.candidates(program).filter(|format| format.named);
        named.map(|format| &*format.name).collect()
    }

    /// Finds a format by its name; a program's own comes before a shared one.
    pub fn by_name(&self, name: &str, program: Option<&str>) -> Result<&Format, Error> {
        let fitting: Vec<&Format> =
            self.candidates(program).filter(|format| format.name == name).collect();
        let own = fitting.iter().find(|format| program.is_some() && format.program.is_some());
        match (own, &fitting[..]) {
            (Some(own), _) => Ok(own),
            (None, [only]) => Ok(only),
            (None, []) => Err(self.unknown(name, program)),
            (None, several) => {
                let names: Vec<String> = several.iter().map(|format| full_name(format)).collect();
                let message =
                    format!("the format \"{}\" could be {}", safe(name), names.join(" or "));
                Err(Error::new(&error::WHICH_PROGRAM, message)
                    .hint("name the program with --program"))
            }
        }
    }

    fn unknown(&self, name: &str, program: Option<&str>) -> Error {
        let names: Vec<&str> = self.candidates(program).map(|format| &*format.name).collect();
        let message = format!("there is no format \"{}\"", safe(name));
        let hint = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("known formats are {}", names.join(", ")),
        };
        Error::new(&error::NO_FORMAT, message).hint(hint)
    }

    fn candidates(&self, program: Option<&str>) -> impl Iterator<Item = &Format> {
        self.list.iter().filter(move |format| match (&format.program, program) {
            (Some(own), Some(asked)) => own == asked,
            _ => true,
        })
    }
}

/// Whether a file of the schedules folder is a mapping, be it in a right place or not.
fn is_mapping(path: &str) -> bool {
    let is_toml = path.strip_suffix(".toml").is_some();
    is_toml && path.split('/').any(|part| part == "reports")
}

/// The program of a mapping file's place, none for a shared one; an error for no such place.
fn program_of(path: &str) -> Result<Option<String>, ()> {
    let is_name = |file: &str| file.strip_suffix(".toml").is_some_and(|name| !name.is_empty());
    match path.split('/').collect::<Vec<_>>()[..] {
        ["reports", file] if is_name(file) => Ok(None),
        [program, "reports", file] if is_name(file) && !program.is_empty() => {
            Ok(Some(program.to_owned()))
        }
        _ => Err(()),
    }
}

fn full_name(format: &Format) -> String {
    match &format.program {
        Some(program) => format!("`{}` of {program}", format.name),
        None => format!("`{}`", format.name),
    }
}

/// Decodes the head of a report. Bytes that cannot be decoded are told when it is read.
fn decoded(head: &[u8], encoding: &'static encoding_rs::Encoding) -> Vec<u8> {
    let mut text = Vec::new();
    let mut reader = place::decoded(head, encoding);
    drop(std::io::Read::read_to_end(&mut reader, &mut text));
    text
}

/// How well a format fits; none when it is for another kind of file.
fn fit<'f>(format: &'f Format, head: &Head, looks: Looks) -> Option<Fit<'f>> {
    let (has, lacks, is_error) = match (&format.layout, looks) {
        (Layout::Csv(layout), Looks::Table) => {
            let names = head.columns(layout);
            let (has, lacks) =
                layout.columns.iter().cloned().partition(|column| names.contains(column));
            (has, lacks, false)
        }
        (Layout::Json(layout), Looks::Json) => {
            let text = decoded(&head.text, encoding_rs::UTF_8);
            of_document(layout, |paths| probe::found(&text, paths, layout.rows_at_top()))
        }
        (Layout::Xml(layout), Looks::Xml) => {
            of_document(layout, |paths| xml::found(&head.text, paths))
        }
        _ => return None,
    };
    Some(Fit { format, has, lacks, is_error })
}

/// The keys that a document has and lacks, and whether it has the network's error message: that
/// stands instead of the rows, and reading it then says what the network said.
fn of_document(
    layout: &DocumentLayout,
    found: impl FnOnce(&[&Path]) -> Vec<bool>,
) -> (Vec<String>, Vec<String>, bool) {
    let mut paths: Vec<&Path> = layout.keys.iter().collect();
    paths.extend(layout.error.iter().map(|error| &error.at));
    let found = found(&paths);
    let (keys, error) = found.split_at(layout.keys.len());
    let (mut has, mut lacks) = (Vec::new(), Vec::new());
    for (path, found) in layout.keys.iter().zip(keys) {
        if *found { &mut has } else { &mut lacks }.push(path.written.clone());
    }
    (has, lacks, error.contains(&true))
}

/// The names in the first line of a report; empty when there is none.
fn header(layout: &CsvLayout, head: &[u8]) -> Vec<String> {
    let text = decoded(head, layout.encoding);
    let mut record = ::csv::StringRecord::new();
    match csv::records(layout, &text[..]).read_record(&mut record) {
        Ok(true) => header::names(record.iter()),
        _ => Vec::new(),
    }
}

fn none_fits(fits: &[Fit<'_>], must: &[&str], head: &Head, shown: &str) -> Diagnostic {
    let text = decoded(&head.text, encoding_rs::UTF_8);
    if head.names.is_none() && text.trim_ascii().is_empty() {
        return Diagnostic::whole(&codes::EMPTY_REPORT, shown, "the file is empty");
    }
    if head.names.is_none() && is_binary(&head.text) {
        let message = format!(
            "the file is no text and no spreadsheet; it begins with {}",
            bytes_of(&head.text)
        );
        return Diagnostic::whole(&codes::NO_FORMAT, shown, message).hint(
            other_kind(&head.text)
                .unwrap_or_else(|| "get the report as CSV, XLSX, JSON or XML".to_owned()),
        );
    }
    let seen = match (&head.names, head.looks()) {
        (Some(names), _) => format!("the columns are {}", listed(names)),
        (None, Looks::Json) => format!("the keys are {}", listed(&probe::first_keys(&text))),
        (None, Looks::Xml) => format!("the elements are {}", listed(&xml::first_names(&head.text))),
        (None, Looks::Table) => {
            format!("the first line is \"{}\"", shown_up_to(500, &first_line(&text)))
        }
    };
    let message = format!("the report is in none of the known formats; {seen}");
    let hint = nearly(fits)
        .or_else(|| other_kind(&head.text))
        .or_else(|| otherwise_separated(head, &text));
    let mut hint = hint.unwrap_or_else(|| {
        "`feebook formats list` shows the formats; name one with --as, or begin a mapping with \
         `feebook formats new`"
            .to_owned()
    });
    // All such are tables.
    if !must.is_empty() && (head.names.is_some() || head.looks() == Looks::Table) {
        let _ = write!(
            hint,
            "; reports that do not say what they are must be named with --as: {}",
            must.join(", ")
        );
    }
    Diagnostic::whole(&codes::NO_FORMAT, shown, message).hint(hint)
}

fn listed(names: &[String]) -> String {
    let listed: Vec<String> =
        names.iter().take(20).map(|name| format!("`{}`", safe(name))).collect();
    if listed.is_empty() { "none".to_owned() } else { listed.join(", ") }
}

fn first_line(text: &[u8]) -> String {
    let line = text.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty());
    String::from_utf8_lossy(line.unwrap_or_default()).into_owned()
}

/// What to do about a first line without commas.
fn otherwise_separated(head: &Head, text: &[u8]) -> Option<String> {
    let line = first_line(text);
    let one_field = head.looks() == Looks::Table && !line.contains(',');
    header::otherwise_separated(&[line]).filter(|_| one_field)
}

/// A format of which most columns are there.
fn nearly(fits: &[Fit<'_>]) -> Option<String> {
    let near = |fit: &&Fit<'_>| {
        matches!(fit.format.layout, Layout::Csv(_))
            && !fit.lacks.is_empty()
            && fit.lacks.len() <= fit.has.len()
    };
    let fit = fits.iter().filter(near).min_by_key(|fit| fit.lacks.len())?;
    let (name, lacks) = (&fit.format.name, fit.lacks.join("`, `"));
    Some(format!("`{name}` would fit if the header had `{lacks}`"))
}

/// Whether some bytes are of no text: a NUL stands in none but UTF-16, which has a mark.
fn is_binary(head: &[u8]) -> bool {
    let start = head.get(..1_024).unwrap_or(head);
    let control = |byte: &&u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    let marked = encoding_rs::Encoding::for_bom(start).is_some();
    !marked && (start.contains(&0) || start.iter().filter(control).count() > start.len() / 20)
}

/// The first bytes of a file as numbers.
fn bytes_of(head: &[u8]) -> String {
    let bytes: Vec<String> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// What a file that is no text probably is.
fn other_kind(head: &[u8]) -> Option<String> {
    let kind = match head {
        [b'%', b'P', b'D', b'F', ..] => "a PDF; get the report as CSV or JSON",
        [b'<', b'!', b'D' | b'd', ..] | [b'<', b'h', ..] => {
            "a web page; get the report as CSV, JSON or XML"
        }
        _ => return None,
    };
    Some(format!("the file is {kind}"))
}
