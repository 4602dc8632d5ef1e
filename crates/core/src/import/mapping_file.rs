//! Reads a mapping file and says everything that is wrong with it.
//!
//! Owns the way from TOML to a [`Format`]. Refuses a mapping that could read a report wrongly
//! without a word: unknown keys, options that do not fit, a report that anything would fit.

use std::ops::Range;

use chrono_tz::Tz;
use feebook_schedule::diagnostic::{Diagnostic, nearest};
use feebook_schedule::document::{Node, Reader, Table, Value};
use feebook_schedule::iso;
use sha2::{Digest, Sha256};

use super::codes;
use super::mapping::{
    CsvLayout, DocumentLayout, ErrorAt, FileKind, Format, Layout, StatusAt, Times,
};
use super::mapping_fields::{Fields, one_char};
use super::moment::{self, TimeFormat};
use super::path::Path;

pub(super) const TOP: &[&str] = &[
    "format",
    "name",
    "title",
    "kind",
    "network",
    "csv",
    "json",
    "xml",
    "recognise",
    "times",
    "money",
    "empty",
    "countries",
    "fields",
];

/// The keys of each section, by its name.
pub(super) const SECTIONS: &[(&str, &[&str])] = &[
    ("csv", &["delimiter", "quote", "encoding", "names", "header"]),
    ("json", &["rows", "parts", "error", "status"]),
    ("xml", &["rows", "error", "status"]),
    ("recognise", &["columns", "keys", "named"]),
    ("times", &["zone", "formats", "abbreviations"]),
    ("empty", &["words"]),
];

/// Reads a mapping file; no format when there is any problem.
pub(super) fn read(
    shown: &str,
    program: Option<String>,
    text: &str,
) -> (Option<Format>, Vec<Diagnostic>) {
    let (reader, root) = Reader::parse(shown, text);
    let mut file = MappingFile { reader };
    let format = file.format(&root, program);
    let problems = file.reader.problems;
    (format.filter(|_| problems.is_empty()), problems)
}

/// Whether reports of the format must be named: `recognise.named`.
fn named_only(root: &Table) -> bool {
    let recognise = root.get("recognise").map(|node| &node.value);
    let Some(Value::Table(table)) = recognise else { return false };
    table.get("named").is_some_and(|node| matches!(node.value, Value::Boolean(true)))
}

struct MappingFile<'t> {
    reader: Reader<'t>,
}

impl MappingFile<'_> {
    fn format(&mut self, root: &Table, program: Option<String>) -> Option<Format> {
        self.reader.known(root, "a mapping", TOP);
        self.version(root);
        let name = self.name(root);
        let title = self.optional_text(root, "title");
        let kind = self.reader.required(root, "the mapping", "kind");
        let kinds = [("csv", FileKind::Csv), ("json", FileKind::Json), ("xml", FileKind::Xml)];
        let kind = kind.and_then(|node| self.reader.word(node, "kind", &kinds));
        let network = root.get("network").and_then(|node| self.plain_name(node, "network"));
        let times = self.times(root);
        let empty = self.section(root, "empty");
        let empty = empty.map_or_else(Vec::new, |table| self.texts(table, "words"));
        let countries = self.countries(root);
        // Without the kind, a source can be neither a column nor a path.
        let kind = kind?;
        let layout = match kind {
            FileKind::Csv => self.csv(root).map(Layout::Csv),
            FileKind::Json => {
                self.document(root, "json").map(|layout| Layout::Json(Box::new(layout)))
            }
            FileKind::Xml => self.document(root, "xml").map(|layout| Layout::Xml(Box::new(layout))),
        };
        let fields = Fields::read(&mut self.reader, root, kind, &times, &empty);
        let name = name?;
        Some(Format {
            title: title.unwrap_or_else(|| name.clone()),
            name,
            program,
            shown: self.reader.file.to_owned(),
            digest: Sha256::digest(self.reader.text.as_bytes()).into(),
            named: named_only(root),
            network,
            advertiser: fields.advertiser,
            layout: layout?,
            times,
            empty,
            countries,
            slots: fields.slots,
            fields: fields.plans,
        })
    }

    fn version(&mut self, root: &Table) {
        let Some(node) = self.reader.required(root, "the mapping", "format") else { return };
        if let Some(version) = self.reader.integer(node, "format")
            && version != 1
        {
            let message = format!("`format` is {version}, expected 1");
            let hint = "write `format = 1`, or use the feebook that the file was written for";
            self.reader.problem_hint(&codes::BAD_VERSION, node.span.clone(), message, hint);
        }
    }

    fn name(&mut self, root: &Table) -> Option<String> {
        let node = self.reader.required(root, "the mapping", "name")?;
        self.plain_name(node, "name")
    }

    fn plain_name(&mut self, node: &Node, key: &str) -> Option<String> {
        let name = self.reader.text_of(node, key)?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(plain) {
            let message =
                format!("`{key}` is \"{name}\", expected lower-case letters, digits and hyphens");
            let hint = match key {
                "network" => "feebook.toml names the network by it",
                _ => "it is what is typed after --as",
            };
            self.reader.problem_hint(&codes::BAD_NAME, node.span.clone(), message, hint);
        }
        Some(name.to_owned())
    }

    /// Takes a table that may be absent.
    fn section<'n>(&mut self, root: &'n Table, name: &str) -> Option<&'n Table> {
        let table = self.reader.table(root.get(name)?, name)?;
        let known = SECTIONS.iter().find(|(section, _)| *section == name);
        self.reader.known(table, &format!("[{name}]"), known.map_or(&[][..], |(_, keys)| keys));
        Some(table)
    }

    /// Refuses a section of the other kind of file.
    fn not_here(&mut self, table: &Table, key: &str, message: &str) {
        if let Some((found, _)) = table.entries.iter().find(|(found, _)| found.name == key) {
            let hint = "remove it, or correct `kind`";
            self.reader.problem_hint(&codes::WRONG_SECTION, found.span.clone(), message, hint);
        }
    }

    fn optional_text(&mut self, table: &Table, key: &str) -> Option<String> {
        let node = table.get(key)?;
        self.reader.text_of(node, key).map(str::to_owned)
    }

    /// Takes a list of strings, or one string; empty when absent.
    fn texts(&mut self, table: &Table, key: &str) -> Vec<String> {
        let Some(node) = table.get(key) else { return Vec::new() };
        let items = self.reader.one_or_more(node);
        items.iter().filter_map(|item| self.reader.text_of(item, key).map(str::to_owned)).collect()
    }

    fn times(&mut self, root: &Table) -> Times {
        let mut times = Times { zone: None, formats: Vec::new(), abbreviations: Vec::new() };
        if let Some(table) = self.section(root, "times") {
            times.abbreviations = self.abbreviations(table);
            times.zone = table.get("zone").and_then(|node| self.zone(node));
            let formats = table.get("formats");
            for node in formats.map_or(&[][..], |node| self.reader.one_or_more(node)) {
                times.formats.extend(self.time_format(node));
            }
        }
        if times.formats.is_empty() {
            times.formats = vec![TimeFormat::Rfc3339, TimeFormat::Plain];
        }
        times
    }

    /// What the abbreviations of zones mean: none is known of itself, for many have two meanings.
    fn abbreviations(&mut self, table: &Table) -> Vec<(String, i32)> {
        let node = table.get("abbreviations");
        let Some(table) = node.and_then(|node| self.reader.table(node, "abbreviations")) else {
            return Vec::new();
        };
        let mut known = Vec::new();
        for (key, node) in &table.entries {
            let Some(text) = self.reader.text_of(node, &key.name) else { continue };
            if let Some(offset) = moment::offset(text) {
                known.push((key.name.clone(), offset));
            } else {
                let message = format!("`{}` is \"{text}\", expected an offset from UTC", key.name);
                let hint = "write it as in CEST = \"+02:00\"";
                self.reader.problem_hint(&codes::BAD_OFFSET, node.span.clone(), message, hint);
            }
        }
        known
    }

    fn zone(&mut self, node: &Node) -> Option<Tz> {
        let text = self.reader.text_of(node, "zone")?;
        if text == "program" {
            return None;
        }
        let zone = text.parse().ok();
        if zone.is_none() {
            let message = format!("`zone` is \"{text}\", expected \"program\" or an IANA name");
            let zones = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
            let hint = match nearest(text, zones) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "write a name such as \"Europe/Oslo\" or \"UTC\"".to_owned(),
            };
            self.reader.problem_hint(&codes::UNKNOWN_ZONE, node.span.clone(), message, hint);
        }
        zone
    }

    fn time_format(&mut self, node: &Node) -> Option<TimeFormat> {
        let text = self.reader.text_of(node, "formats")?;
        let format = TimeFormat::parse(text);
        if format.is_none() {
            let message = format!("\"{text}\" is no time format that names a day");
            let hint = "write \"rfc3339\", \"unix\", \"unix_ms\", or a pattern such as \
                        \"%d.%m.%Y %H:%M:%S\"";
            self.reader.problem_hint(&codes::BAD_TIME_FORMAT, node.span.clone(), message, hint);
        }
        format
    }

    fn countries(&mut self, root: &Table) -> Vec<(String, String)> {
        let mut countries = Vec::new();
        let Some(node) = root.get("countries") else { return countries };
        let Some(table) = self.reader.table(node, "countries") else { return countries };
        for (key, node) in &table.entries {
            let Some(code) = self.reader.text_of(node, &key.name) else { continue };
            if iso::is_country(code) {
                countries.push((key.name.to_ascii_uppercase(), code.to_owned()));
            } else {
                let message = format!("`{}` is \"{code}\", expected an ISO 3166 code", key.name);
                let hint = "the network's code comes first, ours after it, as in UK = \"GB\"";
                self.reader.problem_hint(&codes::BAD_COUNTRY, node.span.clone(), message, hint);
            }
        }
        countries
    }

    fn csv(&mut self, root: &Table) -> Option<CsvLayout> {
        for other in ["json", "xml"] {
            let message = format!("this mapping is of kind \"csv\" and has [{other}]");
            self.not_here(root, other, &message);
        }
        let section = self.section(root, "csv");
        let empty = Table::default();
        let table = section.unwrap_or(&empty);
        let delimiter = self.byte(table, "delimiter").unwrap_or(b',');
        let unquoted = table
            .get("quote")
            .is_some_and(|node| self.reader.text_of(node, "quote").is_some_and(str::is_empty));
        let quote = if unquoted { None } else { self.byte(table, "quote").or(Some(b'"')) };
        if quote == Some(delimiter) {
            let same = char::from(delimiter).escape_debug();
            let message = format!("the delimiter and the quote are both \"{same}\"");
            let hint = "quote = \"\" is for reports without quotes";
            self.reader.problem_hint(&codes::BAD_CHARACTER, table.span.clone(), message, hint);
        }
        let encoding = self.encoding(table);
        let names = self.texts(table, "names");
        let header = table.get("header").and_then(|node| self.reader.boolean(node, "header"));
        let header = header.unwrap_or(true);
        if !header && names.is_empty() {
            let message = "a report without a header needs `names`";
            let hint = "list the names of its columns by their places, \"\" for one not read";
            self.reader.problem_hint(&codes::NO_NAMES, table.span.clone(), message, hint);
        }
        let recognise = self.recognise(root, "columns", "keys")?;
        let columns = self.texts(recognise, "columns");
        if !names.is_empty() && !columns.is_empty() {
            let message = "`columns` asks the header, which `csv.names` replaces";
            let hint = "write `named = true` under [recognise] instead";
            self.reader.problem_hint(&codes::NO_NAMES, recognise.span.clone(), message, hint);
        }
        self.some(recognise, "columns", columns.is_empty());
        Some(CsvLayout { delimiter, quote, encoding, columns, names, header })
    }

    fn byte(&mut self, table: &Table, key: &str) -> Option<u8> {
        let node = table.get(key)?;
        let mark = one_char(&mut self.reader, node, key)?;
        let byte =
            u8::try_from(mark).ok().filter(|byte| byte.is_ascii() && !b"\r\n".contains(byte));
        if byte.is_none() {
            let message =
                format!("`{key}` is \"{}\", expected an ASCII character", mark.escape_debug());
            self.reader.problem(&codes::BAD_CHARACTER, node.span.clone(), message);
        }
        byte
    }

    fn encoding(&mut self, table: &Table) -> &'static encoding_rs::Encoding {
        let Some(node) = table.get("encoding") else { return encoding_rs::UTF_8 };
        let Some(label) = self.reader.text_of(node, "encoding") else { return encoding_rs::UTF_8 };
        encoding_rs::Encoding::for_label(label.as_bytes()).unwrap_or_else(|| {
            let message = format!("`encoding` is \"{label}\", which is no known encoding");
            let hint = "write a name as on the web, such as iso-8859-1 or windows-1252";
            self.reader.problem_hint(&codes::UNKNOWN_ENCODING, node.span.clone(), message, hint);
            encoding_rs::UTF_8
        })
    }

    /// Takes [recognise], which has one key or the other.
    fn recognise<'n>(&mut self, root: &'n Table, mine: &str, other: &str) -> Option<&'n Table> {
        let Some(table) = self.section(root, "recognise") else {
            self.not_recognisable(root.span.clone(), mine);
            return None;
        };
        let message = format!("`{other}` belongs to the other kind of report, use `{mine}`");
        self.not_here(table, other, &message);
        Some(table)
    }

    fn some(&mut self, table: &Table, key: &str, is_empty: bool) {
        let named = table.get("named").and_then(|node| self.reader.boolean(node, "named"));
        if is_empty && named != Some(true) {
            self.not_recognisable(table.span.clone(), key);
        }
    }

    fn not_recognisable(&mut self, span: Range<usize>, key: &str) {
        let message = format!("[recognise] names no `{key}`, so every report would fit");
        let hint = format!("add `{key} = […]` under [recognise] with what every report has");
        self.reader.problem_hint(&codes::NOT_RECOGNISABLE, span, message, hint);
    }

    fn document(&mut self, root: &Table, kind: &str) -> Option<DocumentLayout> {
        for other in ["csv", "json", "xml"].into_iter().filter(|other| *other != kind) {
            let message = format!("this mapping is of kind \"{kind}\" and has [{other}]");
            self.not_here(root, other, &message);
        }
        let recognise = self.recognise(root, "keys", "columns");
        let keys = recognise.map(|table| {
            let keys = self.paths(table, "keys");
            self.some(table, "keys", table.get("keys").is_none());
            keys
        });
        self.reader.required(root, "the mapping", kind)?;
        let table = self.section(root, kind)?;
        self.reader.required(table, &format!("[{kind}]"), "rows");
        let rows = self.paths(table, "rows");
        let error = table.get("error").and_then(|node| self.error(node));
        let status = table.get("status").and_then(|node| self.status(node));
        let parts = self.optional_text(table, "parts");
        Some(DocumentLayout { rows, parts, error, status, keys: keys? })
    }

    fn error(&mut self, node: &Node) -> Option<ErrorAt> {
        let table = self.reader.table(node, "error")?;
        self.reader.known(table, "error", &["at", "code", "message"]);
        self.reader.required(table, "error", "at");
        let at = self.path(table, "at")?;
        // Code and message are keys of the envelope.
        let code = self.optional_text(table, "code").and_then(|key| at.joined(&key));
        let message = self.optional_text(table, "message").and_then(|key| at.joined(&key));
        Some(ErrorAt { at, code, message })
    }

    fn status(&mut self, node: &Node) -> Option<StatusAt> {
        let table = self.reader.table(node, "status")?;
        self.reader.known(table, "status", &["at", "ok", "empty", "message"]);
        self.reader.required(table, "status", "at");
        self.reader.required(table, "status", "ok");
        let (ok, empty) = (self.texts(table, "ok"), self.texts(table, "empty"));
        let message = self.path(table, "message");
        Some(StatusAt { at: self.path(table, "at")?, ok, empty, message })
    }

    fn paths(&mut self, table: &Table, key: &str) -> Vec<Path> {
        let Some(node) = table.get(key) else { return Vec::new() };
        let items = self.reader.one_or_more(node);
        items.iter().filter_map(|item| self.path_of(item, key)).collect()
    }

    fn path(&mut self, table: &Table, key: &str) -> Option<Path> {
        table.get(key).and_then(|node| self.path_of(node, key))
    }

    fn path_of(&mut self, node: &Node, key: &str) -> Option<Path> {
        let text = self.reader.text_of(node, key)?;
        let path = Path::parse(text);
        if path.is_none() {
            let message = format!("`{key}` is \"{text}\", expected keys joined by dots");
            let hint = "`*` stands for any key of one level, `.` alone for the whole document";
            self.reader.problem_hint(&codes::BAD_PATH, node.span.clone(), message, hint);
        }
        path
    }
}
