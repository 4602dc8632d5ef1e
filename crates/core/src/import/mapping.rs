//! A mapping: where one format of report keeps what, and what its words mean.
//!
//! Owns the meaning of every key of a mapping file (`reports/<format>.toml`); docs/import-guide.md
//! tells the same to users. Refuses programs: a mapping translates, it never calculates.
//!
//! | key | meaning |
//! |---|---|
//! | `format` | the version of this language: 1 |
//! | `name` | what is typed after `--as` |
//! | `title` | what a person calls the report |
//! | `kind` | `"csv"` (also a spreadsheet), `"json"` or `"xml"` |
//! | `network` | whose reports these are; with `fields.advertiser`, one holds many programs' orders |
//! | `csv.delimiter` | one character, `","` if absent; `"\t"` for tabs |
//! | `csv.quote` | one character, `"\""` if absent; `""` if nothing is ever quoted |
//! | `csv.encoding` | a label of the web's, `"utf-8"` if absent; a byte order mark wins over it |
//! | `csv.names` | names of the columns by their places, instead of those of the header; `""` is not read |
//! | `csv.header` | `false` with `names`: the first line is a row; `true` if absent |
//! | `json.rows` | paths of the rows: a list, or a single object as one row; alternatives |
//! | `json.parts` | a key of the row: a list, of which each element is a line with what the row says of all; paths `parts.x` |
//! | `json.error` | `{ at, code, message }`: the network's error message, which refuses the file |
//! | `json.status` | `{ at, ok, empty, message }`: the status of an answer; `empty` means no rows |
//! | `xml.rows`, `xml.error`, `xml.status` | the same; a step `@name` is an attribute |
//! | `recognise.columns` | CSV: columns that must all be in the header |
//! | `recognise.keys` | JSON, XML: paths that must all exist |
//! | `recognise.named` | `true`: the report says nothing of what it is, and must be named with `--as` |
//! | `times.zone` | `"program"` if absent, or an IANA name: where times without an offset belong |
//! | `times.formats` | `"rfc3339"`, `"unix"`, `"unix_ms"`, patterns; the first that fits |
//! | `times.abbreviations` | what a zone's abbreviation (`%Z`) means, as in `CEST = "+02:00"` |
//! | `money.unit` | `"major"` if absent, or `"minor"`: whole units or cents |
//! | `money.decimal_mark` | one character, `"."` if absent |
//! | `money.thousands_mark` | one character; absent: there is none |
//! | `money.rounding` | `"floor"`, `"half_up"`, `"half_even"` for surplus decimals; absent: refused |
//! | `money.rate_unit` | `"percent"`: a rate may lack its %; `"fraction"`: 0.07 is 7 % |
//! | `empty.words` | texts that mean "not known"; the empty text always does |
//! | `countries` | the network's own country codes in ISO 3166, as in `UK = "GB"` |
//! | `fields.correction` | whether a row corrects another, and is no line; `by = "sign"` of an amount, if need be |
//! | `fields.correction_no` | the number of such a row; `line_no` if absent. `correction-` is put before it |
//! | `fields.corrects` | the `line_no` that such a row corrects; absent: the only line of its order (and `product`), or the one of its amount |
//! | `fields` | our field = source, or a list of sources of which the first that is not empty wins |
//!
//! A source is a column's name (JSON, XML: a path from the row), or a table:
//!
//! | key | meaning |
//! |---|---|
//! | `column` | the column (JSON: the path) |
//! | `columns`, `separator` | several, joined (by a space if absent); empty if one of them is |
//! | `optional` | `true`, with `columns`: an empty one is left out; empty if all are |
//! | `unless` | a column (JSON, XML: a path): while it is there and filled, the source is empty |
//! | `constant` | the same value for every row |
//! | `strip` | characters to drop from the front, such as `"'$"` |
//! | `json` | the cell holds a JSON object as text: the first of these keys that is filled |
//! | `words` | the network's words = ours, for a status, a boolean (`"yes"`, `"no"`), platform, link; or `"next"`, `"refuse"` as under `unknown` |
//! | `yes`, `no` | the same for a boolean: lists of words; `Y` and `N` if absent |
//! | `unknown` | for any other word: `"refuse"` the row (if absent), try the `"next"` source, or one of our words; `"keep"`: a status is pending, and the word is told |
//! | `by` | `"sign"`: the words are `negative`, `zero` and `positive`, for the sign of an amount |
//! | `negative` | what an amount below zero is: `"refuse"` the row, its `"magnitude"`, or `"zero"`; with `"magnitude"`, a number of a row is an amount: `-1,234.5` is `1234.50` |
//! | `occurrence` | `true`: a number that occurs again in the file gets `#2`, `#3` …; where the status is by sign, each sign is counted by itself |
//! | `per` | with `occurrence`: a column, for each word of which is counted anew |
//! | `unit`, `decimal_mark`, `thousands_mark`, `rounding`, `rate_unit` | as under `money`, for this source |
//! | `currency_of` | the column with this amount's own currency; if it is another than the row's, the amount is left out |

use chrono_tz::Tz;
use feebook_kernel::State;

use super::field::{Field, Kind};
use super::moment::TimeFormat;
use super::number::Notation;
use super::path::Path;
use crate::fact::{Link, Platform};

/// One format of report.
#[derive(Debug)]
pub struct Format {
    /// What is typed after `--as`.
    pub name: String,
    /// What a person calls the report.
    pub title: String,
    /// The program whose own format this is; none for a shared one.
    pub program: Option<String>,
    /// The mapping file as the user knows it.
    pub shown: String,
    /// SHA-256 of the mapping file: part of what makes an import the same as an earlier one.
    pub digest: [u8; 32],
    /// Whether it must be named: its reports do not say what they are.
    pub named: bool,
    /// Whose reports these are; none for a format of no network.
    pub network: Option<String>,
    /// Where a row says whose advertiser it is of: number and name.
    pub(super) advertiser: [Option<FieldPlan>; 2],
    pub(super) layout: Layout,
    pub(super) times: Times,
    pub(super) empty: Vec<String>,
    pub(super) countries: Vec<(String, String)>,
    /// The columns or row paths that the fields read, each once; sources name them by index.
    pub(super) slots: Vec<String>,
    pub(super) fields: Vec<FieldPlan>,
}

impl Format {
    /// Returns the word for the kind of file.
    pub fn kind(&self) -> &'static str {
        match self.layout {
            Layout::Csv(_) => "csv",
            Layout::Json(_) => "json",
            Layout::Xml(_) => "xml",
        }
    }

    /// Whether a status word that a line keeps is none of the mapping's, so that the line was taken as
    /// pending. What the mapping gives any other word a meaning for is not.
    pub fn keeps_as_unknown(&self, word: &str) -> bool {
        let status = self.fields.iter().find(|plan| matches!(plan.field.kind, Kind::Status));
        let sources = status.map_or(&[][..], |plan| &plan.sources);
        let knows = |source: &Source| {
            source.meaning(word).is_some() || matches!(source.unknown, Unknown::Means(_))
        };
        sources.iter().any(|source| source.unknown == Unknown::Keep) && !sources.iter().any(knows)
    }
}

/// The kind of file that a mapping is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Csv,
    Json,
    Xml,
}

/// The kind of file, and what belongs to that kind.
#[derive(Debug)]
pub(super) enum Layout {
    Csv(CsvLayout),
    Json(Box<DocumentLayout>),
    Xml(Box<DocumentLayout>),
}

/// How a CSV file is written and recognised.
#[derive(Debug)]
pub(super) struct CsvLayout {
    pub(super) delimiter: u8,
    pub(super) quote: Option<u8>,
    pub(super) encoding: &'static encoding_rs::Encoding,
    pub(super) columns: Vec<String>,
    /// The names of the columns by their places, where those of the header do not count.
    pub(super) names: Vec<String>,
    /// Whether the first line is a header.
    pub(super) header: bool,
}

impl CsvLayout {
    /// A CSV as feebook writes it, whose header must have these columns.
    pub(super) fn plain(columns: Vec<String>) -> Self {
        Self {
            delimiter: b',',
            quote: Some(b'"'),
            encoding: encoding_rs::UTF_8,
            columns,
            names: Vec::new(),
            header: true,
        }
    }
}

/// Where a JSON or XML document keeps its rows, and how it is recognised.
#[derive(Debug)]
pub(super) struct DocumentLayout {
    pub(super) rows: Vec<Path>,
    /// The key of a row that holds the list of its lines.
    pub(super) parts: Option<String>,
    pub(super) error: Option<ErrorAt>,
    pub(super) status: Option<StatusAt>,
    pub(super) keys: Vec<Path>,
}

impl CsvLayout {
    /// Whether the header, or the first row where there is none, could begin so.
    pub(super) fn names_begin_with(&self, first: u8) -> bool {
        let begins = |name: &String| name.as_bytes().first() == Some(&first);
        !self.names.is_empty() || self.columns.iter().any(begins)
    }
}

impl DocumentLayout {
    /// Whether the document itself can be the list of rows; if not, a list at the top is a list of
    /// documents.
    pub(super) fn rows_at_top(&self) -> bool {
        self.rows.iter().any(|path| path.steps.is_empty())
    }
}

/// An error message of the network's.
#[derive(Debug)]
pub(super) struct ErrorAt {
    pub(super) at: Path,
    pub(super) code: Option<Path>,
    pub(super) message: Option<Path>,
}

/// The status of an answer.
#[derive(Debug)]
pub(super) struct StatusAt {
    pub(super) at: Path,
    pub(super) ok: Vec<String>,
    pub(super) empty: Vec<String>,
    pub(super) message: Option<Path>,
}

/// How times are written.
#[derive(Debug)]
pub(super) struct Times {
    /// None for the program's zone.
    pub(super) zone: Option<Tz>,
    pub(super) formats: Vec<TimeFormat>,
    /// Abbreviations of zones, and their offsets in seconds.
    pub(super) abbreviations: Vec<(String, i32)>,
}

/// Where one of our fields comes from.
#[derive(Debug)]
pub(super) struct FieldPlan {
    pub(super) field: &'static Field,
    /// The first that is not empty wins.
    pub(super) sources: Vec<Source>,
}

/// One source of a field.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) origin: Origin,
    pub(super) strip: String,
    pub(super) json: Vec<String>,
    pub(super) words: Vec<(String, Meaning)>,
    pub(super) unknown: Unknown,
    pub(super) notation: Notation,
    pub(super) currency_of: Option<usize>,
    /// The words are those of an amount's sign.
    pub(super) by_sign: bool,
    /// What an amount below zero is.
    pub(super) negative: Negative,
    /// A number that occurs again gets the number of its occurrence.
    pub(super) occurrence: bool,
    /// For each word of this column occurrences are counted anew.
    pub(super) per: Option<usize>,
    /// The source is empty while this column is filled.
    pub(super) unless: Option<usize>,
}

impl Source {
    /// Finds what a word of the network means; capitals do not matter.
    pub(super) fn meaning(&self, word: &str) -> Option<Meaning> {
        let found = self.words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        found.map(|(_, meaning)| *meaning)
    }
}

impl Format {
    /// Whether rows get numbers by how often they occur in their file: one alone has lost its own.
    pub fn counts_rows(&self) -> bool {
        let mut sources = self.fields.iter().flat_map(|plan| &plan.sources);
        sources.any(|source| source.occurrence)
    }
}

/// What a source takes its text from.
#[derive(Debug)]
pub(super) enum Origin {
    Slot(usize),
    /// Several, what stands between them, and whether an empty one is left out.
    Joined(Vec<usize>, String, bool),
    Constant(String),
}

/// One of our words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    State(State),
    Flag(bool),
    Platform(Platform),
    Link(Link),
    /// Nothing: the next source is asked.
    Next,
    /// Nothing that a line can be: the row is rejected.
    Refuse,
}

/// What an amount below zero is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Negative {
    /// A slip, unless it is a reported amount.
    AsItIs,
    /// An amount that is taken back: the same without its sign.
    Magnitude,
    /// What takes back all that was reported before: nothing is left.
    Zero,
}

/// What a word that the mapping does not list does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// The row is rejected.
    Refuse,
    /// The next source is asked.
    Next,
    /// It means this.
    Means(Meaning),
    /// The line is pending, and the word is told.
    Keep,
}
