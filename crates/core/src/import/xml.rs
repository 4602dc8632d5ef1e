//! Reports in XML, element by element.
//!
//! Owns the way down to the rows, and the texts of their elements and attributes. Refuses entities
//! of a document's own, documents that are nested without end, and values that never end.

use std::fmt::Write as _;
use std::io::{self, BufReader, Read};
use std::ops::Range;

use encoding_rs::Encoding;
use feebook_schedule::diagnostic::{Code, Diagnostic};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::cell::Cells;
use super::mapping::{DocumentLayout, Format};
use super::path::Path;
use super::place::{self, Keeping, Piece};
use super::report::{Report, Rows as _};
use super::row::{Problem, shown};
use super::{Shape, codes, contents, refused};
use crate::error::{Error, Result};

/// How deep elements may be nested.
const DEPTH: usize = 64;
/// Where the declaration of an encoding must stand.
const DECLARATION: usize = 256;

/// Makes UTF-8 of a document: a byte order mark wins over the encoding that it declares.
fn decoded<R: Read>(input: R) -> io::Result<impl Read> {
    let mut start = Vec::new();
    let mut input = input;
    let limit = u64::try_from(DECLARATION).unwrap_or(0);
    input.by_ref().take(limit).read_to_end(&mut start)?;
    let encoding = declared(&start).unwrap_or(encoding_rs::UTF_8);
    Ok(place::decoded(io::Cursor::new(start).chain(input), encoding))
}

/// The encoding that a document declares.
fn declared(start: &[u8]) -> Option<&'static Encoding> {
    let text = String::from_utf8_lossy(start);
    let declaration = text.trim_start().strip_prefix("<?xml")?.split_once("?>")?.0;
    let (_, label) = declaration.split_once("encoding")?;
    let label = label.trim_start().strip_prefix('=')?.trim_start();
    let quote = label.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let label = label.get(1..)?.split(quote).next()?;
    // Whoever can read the declaration reads no UTF-16.
    Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}

/// What stands at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Rows,
    Error,
    ErrorCode,
    ErrorMessage,
    Status,
    StatusMessage,
}

/// Reads a report.
pub(super) fn read<R: Read>(
    format: &Format,
    layout: &DocumentLayout,
    input: R,
    report: &mut Report<'_>,
) -> Result<()> {
    let input = decoded(input).map_err(|e| contents::failed(&report.shown, e))?;
    let kept = BufReader::with_capacity(1 << 16, Keeping::new(input));
    let mut reader = Reader::from_reader(kept);
    reader.config_mut().check_end_names = true;
    let mut walk = Walk {
        format,
        layout,
        targets: targets(layout),
        report,
        found: Found::default(),
        names: Vec::new(),
        text: String::new(),
        row: None,
    };
    let mut buffer = Vec::new();
    loop {
        let from = reader.buffer_position();
        if walk.row.is_none() {
            let kept = reader.get_mut().get_mut();
            kept.wanted_from = kept.line_from(from).0;
        }
        buffer.clear();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => break,
            Ok(event) => event,
            Err(error) => return Err(walk.stopped(&reader, &error)),
        };
        let to = reader.buffer_position();
        let done =
            walk.event(&event, from..to).map_err(|fault| walk.faulty(&reader, from, fault))?;
        if done && let Some(row) = walk.row.take() {
            walk.take_row(&row, &reader, to)?;
        }
    }
    walk.judge(&reader)
}

/// Returns the paths that matter, and what stands at their ends.
fn targets(layout: &DocumentLayout) -> Vec<(Target, &Path)> {
    let mut targets: Vec<_> = layout.rows.iter().map(|path| (Target::Rows, path)).collect();
    if let Some(error) = &layout.error {
        targets.push((Target::Error, &error.at));
        targets.extend(error.code.iter().map(|path| (Target::ErrorCode, path)));
        targets.extend(error.message.iter().map(|path| (Target::ErrorMessage, path)));
    }
    if let Some(status) = &layout.status {
        targets.push((Target::Status, &status.at));
        targets.extend(status.message.iter().map(|path| (Target::StatusMessage, path)));
    }
    targets
}

/// Says for each path whether the document, which may break off anywhere, has it.
pub(super) fn found(text: &[u8], paths: &[&Path]) -> Vec<bool> {
    let mut found = vec![false; paths.len()];
    let Ok(input) = decoded(text) else { return found };
    let mut reader = Reader::from_reader(BufReader::new(input));
    let mut names: Vec<String> = Vec::new();
    let mut buffer = Vec::new();
    let mut note = |names: &[String]| {
        for (at, path) in paths.iter().enumerate() {
            if path.steps.len() == names.len()
                && fits(path, names)
                && let Some(found) = found.get_mut(at)
            {
                *found = true;
            }
        }
    };
    while let Ok(event) = reader.read_event_into(&mut buffer) {
        match &event {
            Event::Start(tag) | Event::Empty(tag) if names.len() < DEPTH => {
                names.push(local(tag));
                note(&names);
                for attribute in tag.attributes().flatten() {
                    names.push(format!("@{}", attribute.key.local_name().as_ref()));
                    note(&names);
                    names.pop();
                }
            }
            Event::Eof | Event::Start(_) => break,
            _ => {}
        }
        if let Event::Empty(_) | Event::End(_) = event {
            names.pop();
        }
        buffer.clear();
    }
    found
}

/// Returns the names of the first elements, for a person who wonders why nothing fits.
pub(super) fn first_names(text: &[u8]) -> Vec<String> {
    let Ok(input) = decoded(text) else { return Vec::new() };
    let mut reader = Reader::from_reader(BufReader::new(input));
    let (mut buffer, mut names) = (Vec::new(), Vec::new());
    while names.len() < 20 {
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                let name = local(&tag);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
        buffer.clear();
    }
    names
}

/// An element with its text and what stands in it, attributes first.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// The name; that of an attribute begins with `@`.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) parts: Vec<Element>,
}

impl Element {
    /// Whether no elements stand in it.
    pub(super) fn is_leaf(&self) -> bool {
        self.parts.iter().all(|part| part.name.starts_with('@'))
    }

    fn of(tag: &BytesStart<'_>) -> Self {
        let attributes = tag.attributes().flatten().map(|attribute| Self {
            name: format!("@{}", attribute.key.local_name().as_ref()),
            text: attribute.value.into_owned(),
            parts: Vec::new(),
        });
        Self { name: local(tag), text: String::new(), parts: attributes.collect() }
    }
}

/// The beginning of a document as a tree, as far as it goes; what breaks off is closed.
pub(super) fn tree(text: &[u8]) -> Option<Element> {
    let mut reader = Reader::from_reader(BufReader::new(decoded(text).ok()?));
    let mut buffer = Vec::new();
    let mut open: Vec<Element> = vec![Element::default()];
    while let Ok(event) = reader.read_event_into(&mut buffer) {
        let depth = open.len();
        let last = open.last_mut()?;
        match &event {
            Event::Start(tag) if depth <= DEPTH => open.push(Element::of(tag)),
            Event::Empty(tag) => last.parts.push(Element::of(tag)),
            Event::Text(text) => last.text.push_str(&text.xml10_content()),
            Event::CData(text) => last.text.push_str(&text.xml10_content()),
            Event::End(_) if depth > 1 => close(&mut open),
            Event::Eof | Event::Start(_) => break,
            _ => {}
        }
        buffer.clear();
    }
    while open.len() > 1 {
        close(&mut open);
    }
    open.pop()?.parts.into_iter().find(|part| !part.is_leaf())
}

fn close(open: &mut Vec<Element>) {
    if let Some(element) = open.pop()
        && let Some(outer) = open.last_mut()
    {
        outer.parts.push(element);
    }
}

fn local(tag: &BytesStart<'_>) -> String {
    tag.local_name().as_ref().to_owned()
}

/// Whether the steps of a path accept some names, one by one.
fn fits(path: &Path, names: &[String]) -> bool {
    names.iter().enumerate().all(|(depth, name)| {
        if name.starts_with('@') {
            path.names(depth, name)
        } else {
            path.accepts(depth, Some(name))
        }
    })
}

/// What a document says of itself.
#[derive(Default)]
struct Found {
    any: bool,
    rows: bool,
    error: bool,
    error_code: Option<String>,
    error_message: Option<String>,
    status: Option<String>,
    status_message: Option<String>,
}

/// What is wrong with a document, besides its syntax.
struct Fault {
    code: &'static Code,
    message: String,
    hint: Option<&'static str>,
}

impl Fault {
    fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }
}

/// A value of the row that is being read.
#[derive(Clone, Default)]
struct Value {
    text: Option<String>,
    span: Range<u64>,
    nested: bool,
}

/// The row that is being read.
struct Row {
    from: u64,
    /// How many elements it lies in.
    depth: usize,
    values: Vec<Value>,
    /// A slot whose element occurs twice.
    twice: Option<usize>,
}

struct Walk<'w, 'a> {
    format: &'w Format,
    layout: &'w DocumentLayout,
    targets: Vec<(Target, &'w Path)>,
    report: &'w mut Report<'a>,
    found: Found,
    /// The names of the elements that are open.
    names: Vec<String>,
    /// The text of the innermost open element, and whether elements stand in it.
    text: String,
    row: Option<Row>,
}

impl Walk<'_, '_> {
    /// Takes one event; true when a row ended with it.
    fn event(&mut self, event: &Event<'_>, span: Range<u64>) -> std::result::Result<bool, Fault> {
        match event {
            Event::Start(tag) => self.start(tag, span).map(|()| false),
            Event::Empty(tag) => {
                self.start(tag, span.clone())?;
                Ok(self.end(span.end))
            }
            Event::End(_) => Ok(self.end(span.start)),
            Event::Text(text) => {
                self.text.push_str(&text.xml10_content());
                Ok(false)
            }
            Event::CData(text) => {
                self.text.push_str(&text.xml10_content());
                Ok(false)
            }
            Event::GeneralRef(name) => self.reference(name).map(|()| false),
            Event::DocType(text) if text.contains('[') => {
                let mut fault = Fault::new(
                    &codes::OWN_ENTITIES,
                    "the document declares entities of its own, which are not read",
                );
                fault.hint = Some("no network's report needs them; get it again");
                Err(fault)
            }
            _ => Ok(false),
        }
    }

    /// A character by its number, or one of the five that every document has.
    fn reference(&mut self, name: &BytesRef<'_>) -> std::result::Result<(), Fault> {
        let by_number = name.resolve_char_ref().ok().flatten();
        let known = by_number.map(String::from).or_else(|| {
            quick_xml::escape::resolve_predefined_entity(name.as_ref()).map(str::to_owned)
        });
        let Some(text) = known else {
            let message = format!("`&{};` is no character that every document has", shown(name));
            return Err(Fault::new(&codes::OWN_ENTITIES, message));
        };
        self.text.push_str(&text);
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>, span: Range<u64>) -> std::result::Result<(), Fault> {
        if self.names.len() >= DEPTH {
            let message = format!("elements are nested more than {DEPTH} deep");
            return Err(Fault::new(&codes::TOO_DEEP, message));
        }
        self.found.any = true;
        self.text.clear();
        self.names.push(local(tag));
        if self.row.is_none() {
            self.outside(span.start);
        }
        self.open(&span);
        for attribute in tag.attributes() {
            let bad = |e: &dyn std::fmt::Display| Fault::new(&codes::BAD_XML, e.to_string());
            let attribute = attribute.map_err(|e| bad(&e))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|e| bad(&e))?.into_owned();
            self.names.push(format!("@{}", attribute.key.local_name().as_ref()));
            self.leaf(&value);
            self.open(&span);
            self.close(&value, span.end);
            self.names.pop();
        }
        Ok(())
    }

    /// Looks whether a row begins here, or could.
    fn outside(&mut self, at: u64) {
        let depth = self.names.len();
        for (_, path) in self.targets.iter().filter(|(target, _)| *target == Target::Rows) {
            if path.steps.len() == depth && fits(path, &self.names) {
                self.found.rows = true;
                let values = vec![Value::default(); self.format.slots.len()];
                self.row = Some(Row { from: at, depth, values, twice: None });
                return;
            }
            // An element that could hold rows and holds none is an answer, too.
            let parent = path.steps.len() == depth + 1;
            self.found.rows |= parent && fits(path, &self.names);
        }
    }

    fn end(&mut self, at: u64) -> bool {
        let text = std::mem::take(&mut self.text);
        self.leaf(&text);
        self.close(&text, at);
        let ends = self.row.as_ref().is_some_and(|row| row.depth == self.names.len());
        self.names.pop();
        ends
    }

    /// The slots that stand for the element or attribute that is open.
    fn slots(&self) -> impl Iterator<Item = usize> {
        let names = self.row.as_ref().and_then(|row| self.names.get(row.depth..));
        let names = names.unwrap_or_default();
        let is = |slot: &String| {
            !names.is_empty() && slot.split('.').eq(names.iter().map(String::as_str))
        };
        self.format.slots.iter().enumerate().filter(move |(_, slot)| is(slot)).map(|(at, _)| at)
    }

    fn open(&mut self, span: &Range<u64>) {
        // What an element stands in is no single value any more.
        let outer = self.row.as_ref().filter(|row| row.depth + 1 < self.names.len());
        let is_attribute = self.names.last().is_some_and(|name| name.starts_with('@'));
        if outer.is_some() && !is_attribute {
            let last = self.names.pop();
            let parents: Vec<usize> = self.slots().collect();
            self.names.extend(last);
            self.each_value(&parents, |value| value.nested = true);
        }
        let slots: Vec<usize> = self.slots().collect();
        let Some(row) = &mut self.row else { return };
        for slot in slots {
            let Some(value) = row.values.get_mut(slot) else { continue };
            if value.span != (0..0) {
                row.twice = Some(slot);
            }
            value.span = span.end..span.end;
        }
    }

    fn close(&mut self, text: &str, at: u64) {
        let slots: Vec<usize> = self.slots().collect();
        self.each_value(&slots, |value| {
            value.text = Some(text.to_owned());
            value.span.end = at.max(value.span.start);
        });
    }

    fn each_value(&mut self, slots: &[usize], with: impl Fn(&mut Value)) {
        let Some(row) = &mut self.row else { return };
        for slot in slots {
            if let Some(value) = row.values.get_mut(*slot) {
                with(value);
            }
        }
    }

    /// Takes the text at the end of paths that are not those of rows.
    fn leaf(&mut self, text: &str) {
        if self.row.is_some() {
            return;
        }
        let text = Some(shown(text.trim()));
        for (target, path) in &self.targets {
            if path.steps.len() != self.names.len() || !fits(path, &self.names) {
                continue;
            }
            match target {
                Target::Rows => {}
                Target::Error => self.found.error = true,
                Target::ErrorCode => self.found.error_code.clone_from(&text),
                Target::ErrorMessage => self.found.error_message.clone_from(&text),
                Target::Status => self.found.status.clone_from(&text),
                Target::StatusMessage => self.found.status_message.clone_from(&text),
            }
        }
    }

    fn take_row<R: Read>(&mut self, row: &Row, reader: &Source<R>, to: u64) -> Result<()> {
        let (from, piece) = piece(reader, row.from, to);
        let length = piece.bytes.len();
        let raw = usize::try_from(row.from.saturating_sub(from)).unwrap_or(0);
        let raw = piece.bytes.get(raw..).unwrap_or_default();
        let file = self.report.shown.clone();
        let within = |slot: Option<usize>| {
            let value = slot.and_then(|slot| row.values.get(slot));
            let span = value.map_or(0..0, |value| value.span.clone());
            let at = |offset: u64| usize::try_from(offset.saturating_sub(from)).unwrap_or(0);
            let span = at(span.start)..at(span.end);
            let whole = at(row.from)..length.min(at(row.from) + 1);
            if span.is_empty() { whole } else { span }
        };
        if let Some(slot) = row.twice {
            let name = self.format.slots.get(slot).map_or("", String::as_str);
            let message = format!("the row has `{name}` twice");
            let problem =
                place::at(&codes::COLUMN_TWICE, &file, &piece, within(Some(slot)), message);
            self.report.shaped(self.shape());
            return self.report.reject_unread(raw, problem);
        }
        let problems = self.report.row(row)?;
        if !problems.is_empty() {
            let placed = |problem: Problem| {
                let span = within(problem.slot);
                place::at(problem.code, &file, &piece, span, problem.message).hint_opt(problem.hint)
            };
            let mut placed: Vec<Diagnostic> = problems.into_iter().map(placed).collect();
            placed.sort_by(|a, b| a.place.cmp(&b.place));
            self.report.shaped(self.shape());
            return self.report.reject(raw, placed);
        }
        Ok(())
    }

    /// The row just read stands in the elements that are open. What is written is UTF-8.
    fn shape(&self) -> Shape {
        let (mut head, mut tail) =
            (String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), String::new());
        for name in &self.names {
            let _ = writeln!(head, "<{name}>");
            tail.insert_str(0, &format!("</{name}>\n"));
        }
        Shape { head: head.into(), separator: b"\n".to_vec(), tail: format!("\n{tail}").into() }
    }

    /// Why the XML reader stopped.
    fn stopped<R: Read>(&self, reader: &Source<R>, error: &quick_xml::Error) -> Error {
        if reader.get_ref().get_ref().over {
            let message = format!("a row or a value is longer than {} bytes", place::RECORD_LIMIT);
            let fault = Fault::new(&codes::TOO_LONG, message);
            return self.faulty(reader, reader.buffer_position(), fault);
        }
        if let quick_xml::Error::Io(error) = error {
            let error = io::Error::new(error.kind(), error.to_string());
            return contents::failed(&self.report.shown, error);
        }
        let mut fault = Fault::new(&codes::BAD_XML, shown(&error.to_string()));
        fault.hint = Some("the file may have been cut off or edited; get the report again");
        self.faulty(reader, reader.error_position(), fault)
    }

    fn faulty<R: Read>(&self, reader: &Source<R>, from: u64, fault: Fault) -> Error {
        let (start, mut piece) = piece(reader, from, u64::MAX);
        piece.bytes = piece.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let at = usize::try_from(from.saturating_sub(start)).unwrap_or(0).min(piece.bytes.len());
        let span = at..(at + 1).min(piece.bytes.len());
        let problem = place::at(fault.code, &self.report.shown, &piece, span, fault.message);
        let problem = match fault.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        };
        refused(problem)
    }

    /// Judges a document that was read to its end.
    fn judge<R: Read>(&mut self, reader: &Source<R>) -> Result<()> {
        let whole =
            |code, message: String| refused(Diagnostic::whole(code, &self.report.shown, message));
        let found = &self.found;
        if !found.any {
            return Err(whole(&codes::EMPTY_REPORT, "the file is empty".to_owned()));
        }
        if let Some(open) = self.names.last() {
            let mut fault =
                Fault::new(&codes::BAD_XML, format!("the file ends within `<{}>`", shown(open)));
            fault.hint = Some("the file may have been cut off or edited; get the report again");
            return Err(self.faulty(reader, reader.buffer_position(), fault));
        }
        if found.error {
            let code = found.error_code.as_deref().unwrap_or("no code");
            let said = found.error_message.as_deref().unwrap_or("no message");
            let message = format!("the network answered with error {code}: {said}");
            return Err(whole(&codes::ERROR_ANSWER, message));
        }
        if let (Some(layout), Some(status)) = (&self.layout.status, &found.status) {
            let is = |words: &[String]| words.iter().any(|word| word == status);
            if !is(&layout.ok) && !is(&layout.empty) {
                let said = found.status_message.as_deref().unwrap_or("no message");
                let (at, ok) = (&layout.at.written, layout.ok.join(" or "));
                let message = format!("`{at}` is {status} ({said}), expected {ok}");
                return Err(whole(&codes::BAD_ANSWER, message));
            }
            return Ok(());
        }
        if found.rows {
            return Ok(());
        }
        let paths: Vec<&str> = self.layout.rows.iter().map(|path| &*path.written).collect();
        let message = format!("the document has no `{}`", paths.join("` and no `"));
        Err(whole(&codes::NO_ROWS, message))
    }
}

type Source<R> = Reader<BufReader<Keeping<R>>>;

/// The bytes of an element with what stands before it in its line, and the offset of the first.
fn piece<R: Read>(reader: &Source<R>, from: u64, to: u64) -> (u64, Piece<'_>) {
    let kept = reader.get_ref().get_ref();
    let (start, hidden) = kept.line_from(from);
    let (bytes, line) = kept.record(start, to);
    let hidden = u32::try_from(hidden).unwrap_or(u32::MAX);
    (start, Piece { bytes, line, before: "", hidden })
}

impl Cells for Row {
    fn text(&self, slot: usize) -> Option<&str> {
        self.values.get(slot)?.text.as_deref()
    }

    fn nested(&self, slot: usize) -> bool {
        self.values.get(slot).is_some_and(|value| value.nested)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_encoding_is_read() {
        let label = |text: &str| declared(text.as_bytes()).map(Encoding::name);
        assert_eq!(label("<?xml version='1.0' encoding='iso-8859-1'?><a/>"), Some("windows-1252"));
        assert_eq!(label("<?xml version=\"1.0\" encoding = \"UTF-8\"?>"), Some("UTF-8"));
        assert_eq!(label("<?xml version=\"1.0\"?>"), None);
        assert_eq!(label("<a encoding=\"x\"/>"), None);
    }

    #[test]
    fn paths_are_seen_in_whole_and_broken_documents() {
        let has = |text: &str, path: &str| {
            found(text.as_bytes(), &[&Path::parse(path).unwrap()]) == [true]
        };
        assert!(has("<r><e/><m n='1'><x>", "r.m.x"));
        assert!(has("<r><e/><m n='1'/>", "r.m.@n") && !has("<r><m/><x/></r>", "r.m.x"));
        assert!(has("<s:r><m/></s:r>", "*.m") && !has("", "r"));
        assert_eq!(first_names(b"<r><a/><a/><b>"), ["r", "a", "b"]);
    }
}
