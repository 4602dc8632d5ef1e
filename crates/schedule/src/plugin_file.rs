//! `[plugin]` of a version, and `plugins.toml` beside the versions.
//!
//! Owns the config's one written form (a line of TOML per key), the places of its keys, what may be
//! asked of earlier periods, and which builds of a plugin may serve a day. Refuses to know what a
//! config means, and to look at libraries.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use chrono::NaiveDate;
use feebook_kernel::{Aggregate, Figure, Of, Period};

use crate::codes;
use crate::common::required_text;
use crate::condition::{as_word, is_word};
use crate::diagnostic::{Diagnostic, Place};
use crate::document::{Node, Reader, Table, Value};
use crate::source::Source;
use crate::version::Version;

/// The most periods that can be looked back.
const FURTHEST_BACK: i64 = 24;

const FIGURES: &[(&str, Figure)] = &[
    ("turnover", Figure::Turnover),
    ("orders", Figure::Orders),
    ("new_buyers", Figure::NewBuyers),
];
const OFS: &[(&str, Of)] = &[("program", Of::Program), ("placement", Of::Placement)];
const PERIODS: &[(&str, Period)] = &[("month", Period::Month), ("day10", Period::Day10)];

/// Says in words what a plugin is told.
pub fn words(aggregate: Aggregate) -> String {
    let word = |found: Option<&'static str>| found.unwrap_or_default();
    let figure = FIGURES.iter().find(|(_, figure)| *figure == aggregate.figure);
    let figure = word(figure.map(|(word, _)| *word));
    let of = word(OFS.iter().find(|(_, of)| *of == aggregate.of).map(|(word, _)| *word));
    let plural = if aggregate.back == 1 { "" } else { "s" };
    let period = match aggregate.period {
        Period::Month => format!("calendar month{plural}"),
        Period::Day10 => format!("month{plural} from the 10th to the 9th"),
    };
    format!("{figure} of the {of}, {} {period} earlier", aggregate.back)
}

/// The plugin that a version names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginUse {
    /// Its name in `plugins.toml`.
    pub name: String,
    /// `[plugin.config]` as TOML: one `dotted.key = value` per line in file order.
    pub config: String,
    /// What it is told of earlier periods, in file order.
    pub aggregates: Vec<Aggregate>,
    /// The bytes of the config's keys and values by path, such as `tiers[1].share`.
    places: BTreeMap<String, Range<usize>>,
    /// The bytes of `[plugin]`.
    span: Range<usize>,
}

impl Version {
    /// Makes a diagnostic of what the plugin finds wrong with its config, at the key if the file
    /// has it, else at what it would be in.
    pub fn plugin_problem(&self, key: Option<&str>, message: &str) -> Diagnostic {
        let source = self.source();
        let plugin = self.plugin();
        let span = plugin.map_or(0..0, |plugin| plugin.place(key.unwrap_or_default()));
        let name = plugin.map_or("", |plugin| plugin.name.as_str());
        let message = match key {
            Some(key) => format!("the plugin `{name}` refuses its config: `{key}` {message}"),
            None => format!("the plugin `{name}` refuses its config: {message}"),
        };
        Diagnostic::at(&codes::PLUGIN_CONFIG, source.shown(), source.text(), span, message)
    }
}

impl PluginUse {
    /// The bytes of a key, else of what it would be in.
    fn place(&self, key: &str) -> Range<usize> {
        let mut path = key;
        loop {
            if let Some(span) = self.places.get(path) {
                return span.clone();
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None if path.is_empty() => return self.span.clone(),
                None => path = "",
            }
        }
    }
}

/// Reads `[plugin]`.
pub(crate) fn read_plugin(reader: &mut Reader<'_>, root: &Table) -> Option<PluginUse> {
    let table = root.get("plugin").and_then(|node| reader.table(node, "plugin"))?;
    reader.known(table, "[plugin]", &["name", "config", "aggregates"]);
    let name = read_name(reader, table, "[plugin]");
    let mut config = Written::default();
    if let Some(node) = table.get("config")
        && let Some(inner) = reader.table(node, "config")
    {
        config.places.insert(String::new(), inner.span.clone());
        config.table(reader, inner, "");
    }
    let aggregates = read_aggregates(reader, table);
    let (config, places) = (config.text, config.places);
    name.map(|name| PluginUse { name, config, aggregates, places, span: table.span.clone() })
}

/// Takes a plugin's name: a word, so that it can be one on a command line and in C.
fn read_name(reader: &mut Reader<'_>, table: &Table, what: &str) -> Option<String> {
    let name = required_text(reader, table, what, "name")?;
    if is_word(&name) && name.len() < 32 {
        return Some(name);
    }
    let node = table.get("name")?;
    let message = format!("\"{name}\" is no name of a plugin");
    let hint = if name.len() < 32 { as_word(&name) } else { "at most 31 letters".to_owned() };
    reader.problem_hint(&codes::BAD_NAME, node.span.clone(), message, hint);
    None
}

fn read_aggregates(reader: &mut Reader<'_>, table: &Table) -> Vec<Aggregate> {
    let list = table.get("aggregates").and_then(|node| reader.list(node, "aggregates"));
    let mut aggregates: Vec<Aggregate> = Vec::new();
    for node in list.unwrap_or_default() {
        let Some(table) = reader.table(node, "aggregates") else { continue };
        let Some(aggregate) = read_aggregate(reader, table) else { continue };
        if aggregates.contains(&aggregate) {
            let message = format!("{} is asked for twice", words(aggregate));
            let hint = "a plugin finds it by what it says, so once is enough";
            reader.problem_hint(&codes::PLUGIN_TWICE, node.span.clone(), message, hint);
        }
        aggregates.push(aggregate);
    }
    aggregates
}

fn read_aggregate(reader: &mut Reader<'_>, table: &Table) -> Option<Aggregate> {
    const WHAT: &str = "the aggregate";
    reader.known(table, WHAT, &["figure", "of", "period", "back"]);
    let figure = reader.required(table, WHAT, "figure");
    let figure = figure.and_then(|node| reader.word(node, "figure", FIGURES));
    let of = reader.required(table, WHAT, "of").and_then(|node| reader.word(node, "of", OFS));
    let period = reader.required(table, WHAT, "period");
    let period = period.and_then(|node| reader.word(node, "period", PERIODS));
    let back = reader.required(table, WHAT, "back").and_then(|node| {
        let back = reader.integer(node, "back")?;
        let fits = u8::try_from(back).ok().filter(|_| (1..=FURTHEST_BACK).contains(&back));
        if fits.is_none() {
            let message = format!("`back` is {back}, expected 1 to {FURTHEST_BACK}");
            let hint = "1 is the period before that of the order";
            reader.problem_hint(&codes::PLUGIN_BACK, node.span.clone(), message, hint);
        }
        fits
    });
    Some(Aggregate { figure: figure?, of: of?, period: period?, back: back? })
}

/// A config under way to its one written form.
#[derive(Default)]
struct Written {
    text: String,
    places: BTreeMap<String, Range<usize>>,
}

impl Written {
    fn table(&mut self, reader: &mut Reader<'_>, table: &Table, above: &str) {
        for (key, node) in &table.entries {
            let path = join(above, &key.name);
            self.places.insert(path.clone(), key.span.clone());
            match &node.value {
                Value::Table(inner) if !inner.entries.is_empty() => {
                    self.table(reader, inner, &path);
                }
                _ => {
                    let value = self.value(reader, node, &path);
                    // A write to a String cannot fail, here and below.
                    let _ = writeln!(self.text, "{path} = {value}");
                }
            }
        }
    }

    /// A value in one line.
    fn value(&mut self, reader: &mut Reader<'_>, node: &Node, path: &str) -> String {
        match &node.value {
            Value::Text(text) => quoted(text),
            Value::Integer(integer) => integer.to_string(),
            Value::Boolean(yes) => yes.to_string(),
            Value::Datetime(written) => written.clone(),
            Value::Float(_) => {
                // A float is never read as anything: this tells so.
                let _ = reader.text_of(node, path);
                String::new()
            }
            Value::Array(list) => {
                let items: Vec<String> = list
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        let path = format!("{path}[{index}]");
                        self.places.insert(path.clone(), item.span.clone());
                        self.value(reader, item, &path)
                    })
                    .collect();
                format!("[{}]", items.join(", "))
            }
            Value::Table(table) => {
                let items: Vec<String> = table
                    .entries
                    .iter()
                    .map(|(key, node)| {
                        let path = join(path, &key.name);
                        self.places.insert(path.clone(), key.span.clone());
                        format!("{} = {}", join("", &key.name), self.value(reader, node, &path))
                    })
                    .collect();
                if items.is_empty() {
                    "{}".to_owned()
                } else {
                    format!("{{ {} }}", items.join(", "))
                }
            }
        }
    }
}

/// Adds a key to a path, in quotes where TOML wants them.
fn join(above: &str, key: &str) -> String {
    let bare = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let key = if bare { key.to_owned() } else { quoted(key) };
    if above.is_empty() { key } else { format!("{above}.{key}") }
}

/// Writes a string of TOML in one line.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A line of `plugins.toml`: one build of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// The plugin's name.
    pub name: String,
    /// The library's path from the program's folder, or absolute.
    pub library: String,
    /// The SHA-256 of the library's bytes.
    pub sha256: [u8; 32],
    /// The machine that the library was built for, in the words of `feebook plugin inspect`; none
    /// where the line does not say.
    pub machine: Option<String>,
    /// The first day of whose orders it serves.
    pub from: NaiveDate,
    /// Where the line stands.
    pub place: Place,
}

/// Reads `plugins.toml`: builds in file order.
pub(crate) fn read_builds(source: &Source, problems: &mut Vec<Diagnostic>) -> Vec<Build> {
    let (mut reader, root) = Reader::parse(source.shown(), source.text());
    let mut builds = Vec::new();
    if reader.problems.is_empty() {
        reader.known(&root, "plugins.toml", &["plugin"]);
        let list = root.get("plugin").and_then(|node| reader.list(node, "plugin"));
        for node in list.unwrap_or_default() {
            if let Some(table) = reader.table(node, "plugin") {
                builds.extend(read_build(&mut reader, table));
            }
        }
    }
    problems.append(&mut reader.problems);
    builds
}

fn read_build(reader: &mut Reader<'_>, table: &Table) -> Option<Build> {
    const WHAT: &str = "[[plugin]]";
    reader.known(table, WHAT, &["name", "library", "sha256", "machine", "from"]);
    let name = read_name(reader, table, WHAT);
    let library = required_text(reader, table, WHAT, "library");
    let sha256 = reader.required(table, WHAT, "sha256").and_then(|node| {
        let text = reader.text_of(node, "sha256")?;
        let digest = parse_digest(text);
        if digest.is_none() {
            let message = format!("`sha256` is \"{text}\", which is no SHA-256");
            let hint =
                "64 digits and lowercase letters a-f; `feebook plugin stamp` writes the line";
            reader.problem_hint(&codes::BAD_DIGEST, node.span.clone(), message, hint);
        }
        digest
    });
    // Where it is there, it is read as a required one: an empty text is refused.
    let says = table.get("machine").is_some();
    let machine = if says { required_text(reader, table, WHAT, "machine") } else { None };
    let from = reader.required(table, WHAT, "from").and_then(|node| reader.date(node, "from"));
    let place = Place::of(reader.file, reader.text, table.span.start);
    Some(Build { name: name?, library: library?, sha256: sha256?, machine, from: from?, place })
}

/// Reads a digest of 64 hexadecimal digits in lowercase.
pub fn parse_digest(text: &str) -> Option<[u8; 32]> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 64 || !text.bytes().all(lower) {
        return None;
    }
    let mut digest = [0; 32];
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(digest)
}

/// Returns the builds of a plugin that may serve a day: those with the latest `from` that the day has
/// reached, in file order. Of those for one machine the last one does.
pub(crate) fn serving<'b>(builds: &'b [Build], name: &str, day: NaiveDate) -> Vec<&'b Build> {
    let reaches = |build: &&Build| build.name == name && build.from <= day;
    let latest = builds.iter().filter(reaches).map(|build| build.from).max();
    builds.iter().filter(reaches).filter(|build| Some(build.from) == latest).collect()
}

/// Returns those of the builds of a day that some machine uses: the last one for each machine that
/// lines name, and the last of those that name none.
pub fn in_use<'b>(serving: &[&'b Build]) -> Vec<&'b Build> {
    let replaced = |at: usize, build: &Build| {
        serving.iter().skip(at + 1).any(|later| later.machine == build.machine)
    };
    let used = serving.iter().enumerate().filter(|(at, build)| !replaced(*at, build));
    used.map(|(_, build)| *build).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Book;
    use crate::testing::{PROGRAM, program_of, sources, told, version};

    fn plugin(text: &str) -> String {
        format!("[[rate]]\nrate = \"plugin\"\n[plugin]\nname = \"tiers\"\n{text}")
    }

    #[test]
    fn a_config_has_one_written_form_and_every_key_a_place() {
        let text = plugin(
            "[plugin.config]\nsteps = [\"1%\", { at = 2, of = [] }]\nempty = {}\nday = 2024-01-02\n\
             note = \"a \\\"b\\\"\\nc\"\n[plugin.config.base]\n\"4.1\" = \"3%\"\non = true\n",
        );
        let program = program_of(&text);
        let version = &program.versions()[0];
        assert_eq!(
            version.plugin().unwrap().config,
            "steps = [\"1%\", { at = 2, of = [] }]\nempty = {}\nday = 2024-01-02\n\
             note = \"a \\\"b\\\"\\u000Ac\"\nbase.\"4.1\" = \"3%\"\nbase.on = true\n"
        );
        let line = |key: Option<&str>| version.plugin_problem(key, "is wrong").excerpt.unwrap().0;
        assert_eq!(line(Some("base.\"4.1\"")), "\"4.1\" = \"3%\"");
        assert_eq!(line(Some("steps[1].of")), "steps = [\"1%\", { at = 2, of = [] }]");
        assert_eq!(line(Some("base.\"4.1\".from")), "\"4.1\" = \"3%\"");
        assert_eq!(line(Some("base.off")), "[plugin.config.base]");
        assert_eq!(line(Some("tiers")), "[plugin.config]");
        assert_eq!(line(None), "[plugin.config]");
        let said = told(&[version.plugin_problem(Some("steps"), "is a list")]);
        let expected =
            "S050 2024-01-01.toml:14:1 the plugin `tiers` refuses its config: `steps` is a list";
        assert_eq!(said, [expected]);
    }

    #[test]
    fn aggregates_are_told_in_words() {
        let program = program_of(&plugin(
            "aggregates = [{ figure = \"turnover\", of = \"program\", period = \"month\", back = 1 },\n\
             { figure = \"new_buyers\", of = \"placement\", period = \"day10\", back = 2 }]\n",
        ));
        let words: Vec<String> =
            program.versions()[0].plugin().unwrap().aggregates.iter().copied().map(words).collect();
        assert_eq!(
            words,
            [
                "turnover of the program, 1 calendar month earlier",
                "new_buyers of the placement, 2 months from the 10th to the 9th earlier",
            ]
        );
    }

    #[test]
    fn the_builds_of_a_day_are_those_of_the_latest_day_that_it_reaches() {
        let line = |name: &str, digit: char, from: &str| {
            let sha256 = digit.to_string().repeat(64);
            format!(
                "[[plugin]]\nname = \"{name}\"\nlibrary = \"./{digit}.so\"\nsha256 = \"{sha256}\"\nfrom = {from}\n"
            )
        };
        let on = |machine: &str| format!("machine = \"{machine}\"\n");
        let builds = [
            line("tiers", '1', "2024-01-01"),
            line("tiers", '2', "2024-06-01"),
            line("levels", '3', "2024-01-01"),
            line("tiers", '4', "2024-01-01"),
            line("levels", '5', "2024-07-01") + &on("A"),
            line("levels", '6', "2024-07-01") + &on("B"),
            line("levels", '7', "2024-07-01"),
            line("levels", '8', "2024-07-01") + &on("A"),
        ]
        .concat();
        let text = version("effective_on = 2024-01-01");
        let (book, problems) = Book::load(&sources(&[
            ("program.toml", PROGRAM),
            ("2024-01-01.toml", &text),
            ("plugins.toml", &builds),
        ]));
        assert_eq!(told(&problems), [""; 0]);
        let program = book.program("p").unwrap();
        let serving = |name, day: &str| -> Vec<&str> {
            let builds = program.plugin_builds(name, day.parse().unwrap());
            builds.into_iter().map(|build| build.library.as_str()).collect()
        };
        assert_eq!(serving("tiers", "2023-12-31"), [""; 0]);
        assert_eq!(serving("tiers", "2024-05-31"), ["./1.so", "./4.so"]);
        assert_eq!(serving("tiers", "2024-06-01"), ["./2.so"]);
        assert_eq!(serving("levels", "2024-06-30"), ["./3.so"]);
        assert_eq!(serving("levels", "2025-01-01"), ["./5.so", "./6.so", "./7.so", "./8.so"]);
        // Of one machine only the last; which one this is, only the host knows.
        let used = |name, day: &str| -> Vec<&str> {
            let builds = in_use(&program.plugin_builds(name, day.parse().unwrap()));
            builds.into_iter().map(|build| build.library.as_str()).collect()
        };
        assert_eq!(used("levels", "2025-01-01"), ["./6.so", "./7.so", "./8.so"]);
        assert_eq!(used("tiers", "2024-01-01"), ["./4.so"]);
        assert_eq!(program.builds()[4].machine.as_deref(), Some("A"));
        assert_eq!(program.builds()[1].place.to_string(), "plugins.toml:6:1");
    }

    #[test]
    fn an_aggregate_is_asked_for_once() {
        let one = "{ figure = \"orders\", of = \"program\", period = \"month\", back = 2 }";
        let text = version("effective_on = 2024-01-01")
            + &plugin(&format!("aggregates = [{one},\n{one}]\n"))
                .replace("rate = \"plugin\"", "rate = \"1%\"");
        let (_, problems) = crate::testing::load(&[("2024-01-01.toml", &text)]);
        let errors: Vec<_> = problems.into_iter().filter(Diagnostic::is_error).collect();
        assert_eq!(
            told(&errors),
            [
                "S052 2024-01-01.toml:16:1 orders of the program, 2 calendar months earlier is asked for twice"
            ]
        );
    }

    #[test]
    fn what_is_wrong_with_either_file_is_told_at_its_place() {
        let text = version("effective_on = 2024-01-01").replace(
            "[[rate]]",
            "[plugin]\nname = \"Tiers\"\naggregates = [{ figure = \"sales\", of = \"program\", \
             period = \"day10\", back = 25 }, 1]\nconfig = \"x\"\n[[rate]]",
        );
        let builds = "[[plugin]]\nname = \"tiers\"\nlibrary = \"\"\nsha256 = \"AB\"\n\
                      form = 2024-01-01\nmachine = \" \"\n";
        let (_, problems) = Book::load(&sources(&[
            ("program.toml", PROGRAM),
            ("2024-01-01.toml", &text),
            ("plugins.toml", builds),
        ]));
        assert_eq!(
            told(&problems),
            [
                "S033 2024-01-01.toml:10:8 \"Tiers\" is no name of a plugin",
                "S006 2024-01-01.toml:11:26 `figure` is \"sales\", expected one of turnover, orders, new_buyers",
                "S051 2024-01-01.toml:11:76 `back` is 25, expected 1 to 24",
                "S004 2024-01-01.toml:11:82 `aggregates` is an integer, expected a table",
                "S004 2024-01-01.toml:12:10 `config` is a string, expected a table",
                "S003 plugins.toml:1:1 [[plugin]] has no `from`",
                "S033 plugins.toml:3:11 `library` is empty",
                "S053 plugins.toml:4:10 `sha256` is \"AB\", which is no SHA-256",
                "S002 plugins.toml:5:1 unknown key `form` in [[plugin]]",
                "S033 plugins.toml:6:11 `machine` is empty",
            ]
        );
    }
}
