//! The known formats, and which of them a report is in.
//!
//! Owns the choice. Refuses to choose between two that fit: they could read the same report
//! differently.

use feebook_schedule::Source;
use feebook_schedule::diagnostic::{Diagnostic, nearest};

use super::csv;
use super::header;
use super::mapping::{CsvLayout, Format, JsonLayout, Layout};
use super::path::Path;
use super::row::{shown as safe, shown_up_to};
use super::{codes, mapping_file, place, probe};
use crate::error::{self, Error};

/// How many bytes of a report are enough to recognise it.
pub const HEAD: usize = 1 << 16;

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

    /// Returns all formats, shared ones first, by program and name.
    pub fn iter(&self) -> impl Iterator<Item = &Format> {
        self.list.iter()
    }

    /// Finds the format that a report is in. `head` is the first [`HEAD`] bytes of the file, or
    /// all of a shorter one; other programs' own formats do not count when a program is given.
    pub fn recognise(
        &self,
        head: &[u8],
        shown: &str,
        program: Option<&str>,
    ) -> Result<&Format, Diagnostic> {
        let candidates: Vec<&Format> = self.candidates(program).collect();
        let text = decoded(head, encoding_rs::UTF_8);
        let is_json = looks_like_json(&text);
        let fits = |format: &&Format| match &format.layout {
            Layout::Json(layout) => is_json && json_fits(layout, &text),
            Layout::Csv(layout) => !is_json && missing(layout, &header(layout, head)).is_empty(),
        };
        let fitting: Vec<&Format> = candidates.iter().copied().filter(fits).collect();
        match fitting[..] {
            [only] => Ok(only),
            [] => Err(none_fits(&candidates, head, &text, shown)),
            _ => {
                let names: Vec<String> = fitting.iter().map(|format| full_name(format)).collect();
                let message = format!("the report could be {}", names.join(" or "));
                Err(Diagnostic::whole(&codes::SEVERAL_FORMATS, shown, message)
                    .hint("name the format with --as"))
            }
        }
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

fn looks_like_json(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
}

fn json_fits(layout: &JsonLayout, text: &[u8]) -> bool {
    let mut paths: Vec<&Path> = layout.keys.iter().collect();
    // An error message stands instead of the rows; reading it then says what the network said.
    paths.extend(layout.error.iter().map(|error| &error.at));
    let found = probe::found(text, &paths, layout.rows_at_top());
    let (keys, error) = found.split_at(layout.keys.len());
    keys.iter().all(|found| *found) || error.contains(&true)
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

/// The columns that a format needs and a header lacks.
fn missing<'f>(layout: &'f CsvLayout, names: &[String]) -> Vec<&'f str> {
    layout.columns.iter().filter(|column| !names.contains(column)).map(String::as_str).collect()
}

fn none_fits(candidates: &[&Format], head: &[u8], text: &[u8], shown: &str) -> Diagnostic {
    if text.trim_ascii().is_empty() {
        return Diagnostic::whole(&codes::EMPTY_REPORT, shown, "the file is empty");
    }
    let names: Vec<&str> = candidates.iter().map(|format| &*format.name).collect();
    let seen = if looks_like_json(text) {
        format!("the keys are {}", listed(&probe::first_keys(text)))
    } else {
        format!("the first line is \"{}\"", shown_up_to(500, &first_line(text)))
    };
    let message =
        format!("the report is in none of the known formats ({}); {seen}", names.join(", "));
    let hint = nearly(candidates, head, text)
        .or_else(|| other_kind(head))
        .or_else(|| otherwise_separated(text));
    Diagnostic::whole(&codes::NO_FORMAT, shown, message).hint(
        hint.unwrap_or_else(|| {
            "name the format with --as, or add a mapping file for it".to_owned()
        }),
    )
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
fn otherwise_separated(text: &[u8]) -> Option<String> {
    let line = first_line(text);
    let one_field = !looks_like_json(text) && !line.contains(',');
    header::otherwise_separated(&[line]).filter(|_| one_field)
}

/// A format of which most columns are there.
fn nearly(candidates: &[&Format], head: &[u8], text: &[u8]) -> Option<String> {
    if looks_like_json(text) {
        return None;
    }
    let lacks = candidates.iter().filter_map(|format| {
        let Layout::Csv(layout) = &format.layout else { return None };
        let lacks = missing(layout, &header(layout, head));
        (lacks.len() * 2 <= layout.columns.len()).then_some((lacks, format))
    });
    let (lacks, format) = lacks.min_by_key(|(lacks, _)| lacks.len())?;
    Some(format!("`{}` would fit if the header had `{}`", format.name, lacks.join("`, `")))
}

/// What a file that is no text probably is.
fn other_kind(head: &[u8]) -> Option<String> {
    let kind = match head {
        [b'P', b'K', ..] => "a spreadsheet or an archive; save it as CSV",
        [0x1F, 0x8B, ..] => "compressed; unpack it first",
        [b'%', b'P', b'D', b'F', ..] => "a PDF; get the report as CSV or JSON",
        [b'<', ..] => "XML or a web page; get the report as CSV or JSON",
        _ => return None,
    };
    Some(format!("the file is {kind}"))
}
