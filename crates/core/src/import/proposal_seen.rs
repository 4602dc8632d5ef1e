//! What the beginning of a report shows to whoever has no mapping for it: where its rows are, their
//! columns or paths, and what stands in them.
//!
//! Owns the look. Refuses to guess what a column means.

use std::collections::{BTreeMap, BTreeSet};

use super::formats::{Head, Looks};
use super::{HEAD, advertisers, cell, path, place, xml};

/// How many rows are looked at.
const ROWS: usize = 200;
/// How many columns are looked at.
const COLUMNS: usize = 500;
/// How many lists of objects in a row are looked at, any of which may be the lines.
const LISTS: usize = 20;
/// How long a column's name may be.
const NAME: usize = 100;
/// How many values an object has that is taken for a row where there is no list of rows: one of
/// fewer is a message.
const SINGLE_ROW: usize = 5;

/// A column of a table, or a path from a row, with what stands there, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

impl Column {
    /// What stands there where something does.
    pub(super) fn filled(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether something stands there in no row.
    pub(super) fn is_empty(&self) -> bool {
        self.filled().next().is_none()
    }
}

/// What is seen of a report.
#[derive(Debug)]
pub(super) struct Seen {
    /// The kind of file.
    pub(super) kind: &'static str,
    /// `[csv]`, `[json]` or `[xml]` as a mapping has it.
    pub(super) section: String,
    /// What stands before a path in `recognise.keys`; none for a table.
    pub(super) before: Option<String>,
    /// The list in each row of which the elements are lines.
    pub(super) parts: Option<String>,
    pub(super) columns: Vec<Column>,
    /// How many columns there are beyond those.
    pub(super) beyond: usize,
}

/// A row: paths and what stands there.
type Row = Vec<(String, String)>;

/// Looks at the beginning of a report; none when there is no row in it. Of JSON rows there may be
/// parts, which are a second way to see it.
pub(super) fn seen(head: &Head) -> Vec<Seen> {
    let mut all = match head.looks() {
        Looks::Json => of_json(&head.text),
        Looks::Xml => of_xml(&head.text).into_iter().collect(),
        Looks::Table => of_table(head).into_iter().collect(),
    };
    all.retain(|seen| !seen.columns.is_empty());
    all
}

fn of_table(head: &Head) -> Option<Seen> {
    if let Some(names) = &head.names {
        let (columns, beyond) = named(names, &head.rows);
        return Some(Seen {
            kind: "csv",
            section: String::new(),
            before: None,
            parts: None,
            columns,
            beyond,
        });
    }
    let (text, encoding) = text_of(&head.text);
    let first = text.lines().next()?;
    let count = |mark: &char| first.matches(*mark).count();
    let delimiter =
        [',', ';', '\t', '|'].into_iter().max_by_key(|mark| (count(mark), *mark == ','))?;
    let mut reader = csv::ReaderBuilder::new();
    reader.flexible(true).delimiter(u8::try_from(delimiter).ok()?);
    let mut reader = reader.from_reader(text.as_bytes());
    let texts = |record: &csv::StringRecord| -> Vec<String> {
        record.iter().map(|text| text.trim().to_owned()).collect()
    };
    let names = texts(reader.headers().ok()?);
    let mut rows: Vec<Vec<String>> =
        reader.records().flatten().take(ROWS).map(|record| texts(&record)).collect();
    if head.text.len() >= HEAD && rows.len() < ROWS {
        // The last one breaks off.
        rows.pop();
    }
    let shown = delimiter.escape_default();
    let section = if delimiter == ',' && encoding == "utf-8" {
        String::new()
    } else {
        format!("[csv]\ndelimiter = \"{shown}\"\nencoding = \"{encoding}\"\n")
    };
    let (columns, beyond) = named(&names, &rows);
    Some(Seen { kind: "csv", section, before: None, parts: None, columns, beyond })
}

/// The columns of a table that have a name, and one only; and how many more there are.
fn named(names: &[String], rows: &[Vec<String>]) -> (Vec<Column>, usize) {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        *times.entry(name).or_default() += 1;
    }
    let column = |(at, name): (usize, &String)| {
        let value =
            |row: &Vec<String>| row.get(at).map_or(String::new(), |text| text.trim().to_owned());
        Column { name: name.clone(), values: rows.iter().map(value).collect() }
    };
    let alone = |name: &str| times.get(name) == Some(&1);
    let wanted = |(_, name): &(usize, &String)| !name.is_empty() && is_name(name) && alone(name);
    let mut wanted = names.iter().enumerate().filter(wanted);
    let columns = wanted.by_ref().take(COLUMNS).map(column).collect();
    (columns, wanted.count())
}

/// Whether a mapping can name a column so.
fn is_name(name: &str) -> bool {
    name.len() <= NAME && !name.contains(char::is_control)
}

/// Whether a key can be a step of a path.
fn is_step(key: &str) -> bool {
    !key.is_empty() && !key.contains(['.', '*']) && is_name(key)
}

/// The columns of some lines, and how many more there are. A line is what stands in its row and, where it
/// is a part of one, in that; a path that occurs twice in one of them cannot be read.
fn columns(lines: &[Vec<&Row>]) -> (Vec<Column>, usize) {
    let mut columns: Vec<Column> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut twice, mut beyond) = (BTreeSet::new(), BTreeSet::new());
    for (at, line) in lines.iter().enumerate() {
        for (name, value) in line.iter().copied().flatten() {
            if !known.contains_key(name.as_str()) && columns.len() == COLUMNS {
                beyond.insert(name.as_str());
                continue;
            }
            let place = *known.entry(name).or_insert_with(|| {
                columns.push(Column { name: name.clone(), values: Vec::new() });
                columns.len() - 1
            });
            let Some(column) = columns.get_mut(place) else { continue };
            if column.values.len() > at {
                twice.insert(name.as_str());
                continue;
            }
            column.values.resize(at, String::new());
            column.values.push(value.trim().to_owned());
        }
    }
    for column in &mut columns {
        column.values.resize(lines.len(), String::new());
    }
    columns.retain(|column| {
        !twice.contains(column.name.as_str())
            && path::is_row_path(&column.name)
            && is_name(&column.name)
    });
    (columns, beyond.len())
}

/// The text of a head, and the label of its encoding.
fn text_of(bytes: &[u8]) -> (String, &'static str) {
    // The head may end within a character.
    let end = bytes.len().saturating_sub(3);
    let is_utf8 =
        std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to() >= end, |_| true);
    let marked = encoding_rs::Encoding::for_bom(bytes).is_some();
    let encoding = if is_utf8 || marked { encoding_rs::UTF_8 } else { encoding_rs::WINDOWS_1252 };
    let mut text = Vec::new();
    let mut reader = place::decoded(bytes, encoding);
    drop(std::io::Read::read_to_end(&mut reader, &mut text));
    let label = if encoding == encoding_rs::UTF_8 { "utf-8" } else { "windows-1252" };
    (String::from_utf8_lossy(&text).into_owned(), label)
}

fn of_json(head: &[u8]) -> Vec<Seen> {
    let (text, _) = text_of(head);
    let closed = closed(&text);
    let documents =
        serde_json::Deserializer::from_str(&closed).into_iter::<Box<serde_json::value::RawValue>>();
    let documents: Vec<_> = documents.map_while(Result::ok).collect();
    let documents: Vec<&str> = documents.iter().map(|document| document.get()).collect();
    let Some(first) = documents.first() else { return Vec::new() };
    let (path, rows, listed) = match json_rows(first, "") {
        Some((path, rows)) => (path, rows, true),
        // A row a line.
        None if documents.len() > 1 => (".".to_owned(), documents, false),
        None => match single_row(first, "") {
            Some((path, row, _)) => (path, vec![row], false),
            None => return Vec::new(),
        },
    };
    let before = match (path.as_str(), listed) {
        (".", true) => "*.".to_owned(),
        (".", false) => String::new(),
        (path, true) => format!("{path}.*."),
        (path, false) => format!("{path}."),
    };
    let rows: Vec<&str> = rows.into_iter().take(ROWS).collect();
    let section = format!("[json]\nrows = {}\n", advertisers::toml_text(&path));
    let flat: Vec<Row> = rows.iter().map(|row| json_row(row, "")).collect();
    let whole: Vec<Vec<&Row>> = flat.iter().map(|row| vec![row]).collect();
    let of = |section, parts, lines: &[Vec<&Row>]| {
        let (columns, beyond) = columns(lines);
        Seen { kind: "json", section, before: Some(before.clone()), parts, columns, beyond }
    };
    let mut all = vec![of(section.clone(), None, &whole)];
    for key in lists(&rows) {
        let parts: Vec<Vec<Row>> = rows.iter().map(|row| json_parts(row, &key)).collect();
        let lines = flat.iter().zip(&parts).flat_map(|(row, parts)| {
            // One without an element is a line all the same.
            let alone = parts.is_empty().then(|| vec![row]);
            parts.iter().map(move |part| vec![row, part]).chain(alone)
        });
        let lines: Vec<Vec<&Row>> = lines.take(ROWS).collect();
        let section = format!("{section}parts = {}\n", advertisers::toml_text(&key));
        all.push(of(section, Some(key), &lines));
    }
    all
}

/// A text that may break off, closed after the last list or object that is whole.
fn closed(text: &str) -> String {
    // After the end nothing is closed any more: what was open there is still below.
    let (mut open, mut at_end) = (Vec::new(), 0);
    let (mut end, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' => open.push('}'),
            b'[' => open.push(']'),
            b'}' | b']' => {
                open.pop();
                end = at + 1;
                at_end = open.len();
            }
            _ => {}
        }
    }
    let mut closed = text.get(..end).unwrap_or_default().to_owned();
    closed.extend(open.iter().take(at_end).rev());
    closed
}

fn entries(raw: &str) -> Vec<(String, &str)> {
    let mut entries = Vec::new();
    cell::each_entry(raw, |key, raw| entries.push((key.to_owned(), raw)));
    entries
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The path of the first list of objects, and its elements.
fn json_rows<'t>(raw: &'t str, path: &str) -> Option<(String, Vec<&'t str>)> {
    if raw.starts_with('[') {
        let elements = cell::elements(raw);
        let path = if path.is_empty() { "." } else { path };
        return elements.first()?.starts_with('{').then(|| (path.to_owned(), elements));
    }
    let entries = entries(raw).into_iter().filter(|(key, _)| is_step(key));
    entries.into_iter().find_map(|(key, raw)| json_rows(raw, &joined(path, &key)))
}

/// The object with the most values of its own, and their number.
fn single_row<'t>(raw: &'t str, path: &str) -> Option<(String, &'t str, usize)> {
    let entries = entries(raw);
    let own = entries.iter().filter(|(_, raw)| !cell::is_nested(raw)).count();
    let here = if path.is_empty() { "." } else { path };
    let here = (own >= SINGLE_ROW).then(|| (here.to_owned(), raw, own));
    let below = entries
        .iter()
        .filter(|(key, _)| is_step(key))
        .filter_map(|(key, raw)| single_row(raw, &joined(path, key)));
    below.chain(here).max_by_key(|(.., own)| *own)
}

/// What stands in an object, and in the objects within it.
fn json_row(raw: &str, path: &str) -> Row {
    let mut row = Row::new();
    for (key, raw) in entries(raw) {
        if !is_step(&key) {
            continue;
        }
        let path = joined(path, &key);
        if raw.starts_with('{') {
            row.extend(json_row(raw, &path));
        } else if !raw.starts_with('[') {
            row.push((path, cell::text_of(raw).unwrap_or_default().into_owned()));
        }
    }
    row
}

/// The keys of rows that hold lists of objects.
fn lists(rows: &[&str]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for (key, raw) in rows.iter().flat_map(|row| entries(row)) {
        if keys.len() == LISTS {
            break;
        }
        let of_objects = || cell::elements(raw).first().is_some_and(|first| first.starts_with('{'));
        if raw.starts_with('[') && is_step(&key) && !keys.contains(&key) && of_objects() {
            keys.push(key);
        }
    }
    keys
}

/// What stands in the elements of a row's list.
fn json_parts(raw: &str, key: &str) -> Vec<Row> {
    let entries = entries(raw);
    let list = entries.iter().find(|(known, _)| known == key).map_or("", |(_, raw)| *raw);
    cell::elements(list).into_iter().take(ROWS).map(|part| json_row(part, key)).collect()
}

fn of_xml(head: &[u8]) -> Option<Seen> {
    let top = xml::tree(head)?;
    let mut found: Vec<(String, Vec<&xml::Element>)> = Vec::new();
    elements(&top, "", &mut found, &mut BTreeMap::new());
    let leaves =
        |element: &xml::Element| element.parts.iter().filter(|part| part.is_leaf()).count();
    let most = |elements: &[&xml::Element]| elements.iter().map(|e| leaves(e)).max().unwrap_or(0);
    found.retain(|(_, elements)| most(elements) > 1);
    // The outermost that occur again; else the one with the most in it, of as many the last: a head
    // with names comes before its rows.
    let depth = |path: &str| path.matches('.').count();
    let again = found.iter().filter(|(_, elements)| elements.len() > 1);
    let again = again.min_by_key(|(path, elements)| (depth(path), usize::MAX - elements.len()));
    let (path, elements) = again.or_else(|| found.iter().max_by_key(|(_, e)| most(e)))?;
    let rows: Vec<Row> = elements.iter().take(ROWS).map(|element| xml_row(element, "")).collect();
    let lines: Vec<Vec<&Row>> = rows.iter().map(|row| vec![row]).collect();
    let (columns, beyond) = columns(&lines);
    Some(Seen {
        kind: "xml",
        section: format!("[xml]\nrows = {}\n", advertisers::toml_text(path)),
        before: Some(format!("{path}.")),
        parts: None,
        columns,
        beyond,
    })
}

/// Elements with others in them, by their paths, and where each path is.
fn elements<'t>(
    element: &'t xml::Element,
    path: &str,
    found: &mut Vec<(String, Vec<&'t xml::Element>)>,
    places: &mut BTreeMap<String, usize>,
) {
    if element.is_leaf() || !is_step(&element.name) {
        return;
    }
    let path = joined(path, &element.name);
    let place = *places.entry(path.clone()).or_insert_with(|| {
        found.push((path.clone(), Vec::new()));
        found.len() - 1
    });
    if let Some((_, elements)) = found.get_mut(place) {
        elements.push(element);
    }
    for part in &element.parts {
        elements(part, &path, found, places);
    }
}

fn xml_row(element: &xml::Element, path: &str) -> Row {
    let mut row = Row::new();
    for part in element.parts.iter().filter(|part| is_step(&part.name)) {
        let path = joined(path, &part.name);
        if part.is_leaf() {
            row.push((path.clone(), part.text.trim().to_owned()));
        }
        row.extend(xml_row(part, &path));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_breaks_off_is_closed_after_what_is_whole() {
        for (text, whole) in [
            (r#"{"a":[{"b":1},{"b":"}"},{"b":"#, r#"{"a":[{"b":1},{"b":"}"}]}"#),
            (r#"[{"a":"\"]"},{"#, r#"[{"a":"\"]"}]"#),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            ("[", ""),
        ] {
            assert_eq!(closed(text), whole, "{text}");
        }
    }

    fn paths(head: &str) -> Vec<(String, Vec<String>)> {
        let name = |column: &Column| column.name.clone();
        let paths = |seen: &Seen| seen.columns.iter().map(name).collect();
        seen(&Head::of_text(head.as_bytes()))
            .iter()
            .map(|s| (s.section.clone(), paths(s)))
            .collect()
    }

    #[test]
    fn rows_are_found_where_they_are() {
        for (text, section, columns) in [
            (r#"{"n":1,"x":{"l":[{"a":1,"b":{"c":2}}]}}"#, "[json]\nrows = \"x.l\"\n", "a b.c"),
            ("{\"a\":1,\"b\":2}\n{\"a\":3,\"c\":2}\n", "[json]\nrows = \".\"\n", "a b c"),
            (r#"{"o":{"a":1,"b":2,"c":3,"d":4,"e":5}}"#, "[json]\nrows = \"o\"\n", "a b c d e"),
            (
                "<r><h><a>A</a><b>B</b></h><l><w><a>1</a><b>2</b></w></l></r>",
                "[xml]\nrows = \"r.l.w\"\n",
                "a b",
            ),
            (
                "<r><w i='1'><a>1</a><c><d>2</d></c></w><w><a/></w></r>",
                "[xml]\nrows = \"r.w\"\n",
                "@i a c.d",
            ),
            ("a;b;a;\n1;2;3;4\n", "[csv]\ndelimiter = \";\"\nencoding = \"utf-8\"\n", "b"),
        ] {
            let columns = columns.split(' ').map(str::to_owned).collect();
            assert_eq!(paths(text), [(section.to_owned(), columns)], "{text}");
        }
        assert!(paths(r#"{"error_response":{"code":"x","msg":"y"}}"#).is_empty());
        let parts = paths(r#"[{"a":1,"l":[{"b":1},{"b":2}]},{"a":2,"l":[]}]"#);
        assert_eq!(parts[1].1, ["a", "l.b"]);
    }
    /// A file of the size that is looked at: every key is a column, and every list is the lines.
    #[test]
    fn many_columns_and_lines_are_cut_and_counted() {
        let keys = |count: usize| -> String {
            (0..count).map(|key| format!("\"k{key}\":1,")).collect::<Vec<_>>().concat()
        };
        let wide =
            format!("[{{{}\"l\":[{}{{\"p\":1}}]}}]", keys(1_200), "{\"p\":1},".repeat(3_900));
        let all = seen(&Head::of_text(wide.as_bytes()));
        let counts = |seen: &Seen| (seen.columns.len(), seen.beyond, seen.columns[0].values.len());
        assert_eq!(all.iter().map(counts).collect::<Vec<_>>(), [(500, 700, 1), (500, 701, 200)]);
        let lists: String =
            (0..2_000).map(|key| format!("\"l{key}\":[{{\"p\":1}}],")).collect::<Vec<_>>().concat();
        let lists = format!("[{{{lists}\"a\":1}}]");
        assert_eq!(seen(&Head::of_text(lists.as_bytes())).len(), 1 + LISTS);
        let names: Vec<String> = (0..9_000).map(|at| format!("c{at}")).collect();
        let (columns, beyond) = named(&names, &[]);
        assert_eq!((columns.len(), beyond), (500, 8_500));
    }
}
