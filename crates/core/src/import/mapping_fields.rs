//! Reads the `[money]` and `[fields]` sections of a mapping file.
//!
//! Owns the sources of fields and their options. Refuses an option that its field does not read:
//! it would be believed to have an effect.

use feebook_kernel::{Rounding, State};
use feebook_schedule::document::{Node, Reader, Table, Value};

use super::codes;
use super::field::{ADVERTISER, FIELDS, Field, Kind};
use super::mapping::FileKind;
use super::mapping::{FieldPlan, Meaning, Negative, Origin, Source, Times, Unknown};
use super::number::{Notation, RateUnit, Unit};
use super::path::is_row_path;
use super::row;
use crate::fact::{Link, Platform};

pub(super) const NOTATION: &[&str] =
    &["unit", "decimal_mark", "thousands_mark", "rounding", "rate_unit"];
pub(super) const SOURCE: &[&str] = &[
    "column",
    "columns",
    "separator",
    "optional",
    "unless",
    "constant",
    "strip",
    "json",
    "words",
    "yes",
    "no",
    "unknown",
    "by",
    "negative",
    "occurrence",
    "per",
    "currency_of",
    "unit",
    "decimal_mark",
    "thousands_mark",
    "rounding",
    "rate_unit",
];

/// The fields of a mapping, and the columns or paths that they read.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) slots: Vec<String>,
    pub(super) plans: Vec<FieldPlan>,
    pub(super) advertiser: [Option<FieldPlan>; 2],
}

impl Fields {
    /// Reads `[money]` and `[fields]`.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        root: &Table,
        kind: FileKind,
        times: &Times,
        empty: &[String],
    ) -> Self {
        let mut notation = Notation::default();
        if let Some(table) = root.get("money").and_then(|node| reader.table(node, "money")) {
            reader.known(table, "[money]", NOTATION);
            notation = read_notation(reader, table, notation);
        }
        let mut fields = FieldsReader { reader, kind, notation, slots: Vec::new() };
        let plans = fields.plans(root, times, empty);
        let advertiser = fields.advertiser(root);
        Self { slots: fields.slots, plans, advertiser }
    }
}

struct FieldsReader<'r, 't> {
    reader: &'r mut Reader<'t>,
    kind: FileKind,
    notation: Notation,
    slots: Vec<String>,
}

impl FieldsReader<'_, '_> {
    fn plans(&mut self, root: &Table, times: &Times, empty: &[String]) -> Vec<FieldPlan> {
        let Some(node) = self.reader.required(root, "the mapping", "fields") else {
            return Vec::new();
        };
        let Some(table) = self.reader.table(node, "fields") else { return Vec::new() };
        let names: Vec<&str> = FIELDS.iter().chain(&ADVERTISER).map(|field| field.name).collect();
        self.reader.known(table, "[fields]", &names);
        for key in ["order_no", "line_no"] {
            if table.get(key).is_none() {
                let message = format!("[fields] does not map `{key}`");
                let hint = "a network without lines maps both to the same column";
                self.reader.problem_hint(&codes::KEY_NOT_MAPPED, table.span.clone(), message, hint);
            }
        }
        // In our order, because currencies are read before amounts.
        let mut plans = Vec::new();
        for field in FIELDS {
            let Some(node) = table.get(field.name) else { continue };
            let plan = self.plan(field, node);
            if let Some(message) = row::constant_fault(&plan, times, empty) {
                let hint = "with this constant every row would be rejected";
                self.reader.problem_hint(&codes::BAD_CONSTANT, node.span.clone(), message, hint);
            }
            plans.push(plan);
        }
        plans
    }

    /// Where a row says whose advertiser it is of.
    fn advertiser(&mut self, root: &Table) -> [Option<FieldPlan>; 2] {
        let table = root.get("fields").and_then(|node| match &node.value {
            Value::Table(table) => Some(table),
            _ => None,
        });
        let mut plans = [None, None];
        for (plan, field) in plans.iter_mut().zip(&ADVERTISER) {
            let Some((key, node)) = table
                .and_then(|table| table.entries.iter().find(|(key, _)| key.name == field.name))
            else {
                continue;
            };
            if root.get("network").is_none() {
                let message = format!("`{}` needs `network` at the top", field.name);
                let hint = "feebook.toml maps a network's advertisers to programs";
                self.reader.problem_hint(&codes::NO_NETWORK, key.span.clone(), message, hint);
            }
            *plan = Some(self.plan(field, node));
        }
        plans
    }

    fn plan(&mut self, field: &'static Field, node: &Node) -> FieldPlan {
        let nodes = self.reader.one_or_more(node);
        let sources = nodes.iter().filter_map(|node| self.source(field, node)).collect();
        FieldPlan { field, sources }
    }

    fn source(&mut self, field: &'static Field, node: &Node) -> Option<Source> {
        if let Value::Table(table) = &node.value {
            return self.source_table(field, table);
        }
        let column = self.reader.text_of(node, field.name)?.to_owned();
        let slot = self.slot(&column, node)?;
        Some(Source {
            origin: Origin::Slot(slot),
            strip: String::new(),
            json: Vec::new(),
            words: default_words(field),
            unknown: Unknown::Refuse,
            notation: self.notation,
            currency_of: None,
            by_sign: false,
            negative: Negative::AsItIs,
            occurrence: false,
            per: None,
            unless: None,
        })
    }

    fn source_table(&mut self, field: &'static Field, table: &Table) -> Option<Source> {
        self.reader.known(table, &format!("the source of `{}`", field.name), SOURCE);
        self.options_fit(field, table);
        let origin = self.origin(field, table)?;
        let strip = table.get("strip").and_then(|node| self.reader.text_of(node, "strip"));
        let strip = strip.unwrap_or_default().to_owned();
        let json = self.texts(table, "json");
        let by = table.get("by").and_then(|node| self.reader.word(node, "by", &[("sign", true)]));
        let by_sign = by.unwrap_or(false);
        let words = self.words(field, table);
        let unknown = self.unknown(field, table);
        let notation = read_notation(self.reader, table, self.notation);
        let currency_of = self.column_of(table, "currency_of");
        let unless = self.column_of(table, "unless");
        let per = self.column_of(table, "per");
        let negatives = [
            ("refuse", Negative::AsItIs),
            ("magnitude", Negative::Magnitude),
            ("zero", Negative::Zero),
        ];
        let negative = table.get("negative");
        let negative = negative.and_then(|node| self.reader.word(node, "negative", &negatives));
        let negative = negative.unwrap_or(Negative::AsItIs);
        let occurrence = table.get("occurrence");
        let occurrence = occurrence.and_then(|node| self.reader.boolean(node, "occurrence"));
        let occurrence = occurrence.unwrap_or(false);
        Some(Source {
            origin,
            strip,
            json,
            words,
            unknown,
            notation,
            currency_of,
            by_sign,
            negative,
            occurrence,
            per,
            unless,
        })
    }

    /// The column that an option names.
    fn column_of(&mut self, table: &Table, key: &str) -> Option<usize> {
        let node = table.get(key)?;
        let column = self.reader.text_of(node, key)?.to_owned();
        self.slot(&column, node)
    }

    fn options_fit(&mut self, field: &Field, table: &Table) {
        let is_rate = matches!(field.kind, Kind::Rate);
        let is_key = field.is_key();
        for (key, _) in &table.entries {
            let fits = match key.name.as_str() {
                "words" | "unknown" => field.takes_words(),
                "yes" | "no" => matches!(field.kind, Kind::Flag(_) | Kind::Correction),
                "by" => matches!(field.kind, Kind::Status | Kind::Correction),
                "occurrence" => is_key,
                "per" => table.get("occurrence").is_some(),
                "optional" => table.get("columns").is_some(),
                "unit" | "rounding" | "currency_of" => field.is_amount(),
                "negative" => field.is_amount() || is_key,
                "decimal_mark" | "thousands_mark" => {
                    field.is_amount()
                        || is_rate
                        || table.get("by").is_some()
                        || (is_key && table.get("negative").is_some())
                }
                "rate_unit" => is_rate,
                _ => true,
            };
            if !fits {
                let message = format!("`{}` has no effect on `{}`", key.name, field.name);
                let hint = "remove it";
                self.reader.problem_hint(
                    &codes::OPTION_DOES_NOT_FIT,
                    key.span.clone(),
                    message,
                    hint,
                );
            }
        }
    }

    fn origin(&mut self, field: &Field, table: &Table) -> Option<Origin> {
        let given: Vec<(&str, &Node)> = ["column", "columns", "constant"]
            .into_iter()
            .filter_map(|key| table.get(key).map(|node| (key, node)))
            .collect();
        let [(key, node)] = given[..] else {
            let message = format!(
                "the source of `{}` has {} of `column`, `columns` and `constant`, expected one",
                field.name,
                given.len()
            );
            let hint = "for the first that is filled, write a list of sources";
            self.reader.problem_hint(&codes::BAD_SOURCE, table.span.clone(), message, hint);
            return None;
        };
        if key == "columns" {
            return self.joined(table, node);
        }
        let text = self.reader.text_of(node, key)?.to_owned();
        if key == "constant" {
            return Some(Origin::Constant(text));
        }
        self.slot(&text, node).map(Origin::Slot)
    }

    fn joined(&mut self, table: &Table, node: &Node) -> Option<Origin> {
        let mut slots = Vec::new();
        for item in self.reader.list(node, "columns")? {
            let column = self.reader.text_of(item, "columns")?.to_owned();
            slots.push(self.slot(&column, item)?);
        }
        let separator = table.get("separator");
        let separator = separator.and_then(|node| self.reader.text_of(node, "separator"));
        let optional = table.get("optional");
        let optional = optional.and_then(|node| self.reader.boolean(node, "optional"));
        let separator = separator.unwrap_or(" ").to_owned();
        Some(Origin::Joined(slots, separator, optional.unwrap_or(false)))
    }

    /// Returns the index of a column or path, a new one if no other source reads it.
    fn slot(&mut self, name: &str, node: &Node) -> Option<usize> {
        if self.kind != FileKind::Csv && !is_row_path(name) {
            let message = format!("\"{name}\" is no path from a row to a value");
            let hint = "write keys joined by dots; a number is the place in a list, from 0";
            self.reader.problem_hint(&codes::BAD_PATH, node.span.clone(), message, hint);
            return None;
        }
        if let Some(known) = self.slots.iter().position(|slot| slot == name) {
            return Some(known);
        }
        self.slots.push(name.to_owned());
        Some(self.slots.len() - 1)
    }

    fn texts(&mut self, table: &Table, key: &str) -> Vec<String> {
        let Some(node) = table.get(key) else { return Vec::new() };
        let items = self.reader.one_or_more(node);
        items.iter().filter_map(|item| self.reader.text_of(item, key).map(str::to_owned)).collect()
    }

    fn words(&mut self, field: &Field, table: &Table) -> Vec<(String, Meaning)> {
        let mut words: Vec<(String, Meaning)> = Vec::new();
        let mut ours = our_words(field);
        if ours.is_empty() {
            // That they have no effect on this field is told already.
            return words;
        }
        ours.extend([("next", Meaning::Next), ("refuse", Meaning::Refuse)]);
        if let Some(listed) = table.get("words").and_then(|node| self.reader.table(node, "words")) {
            for (key, node) in &listed.entries {
                let meaning = self.reader.word(node, &key.name, &ours);
                words.extend(meaning.map(|meaning| (key.name.clone(), meaning)));
            }
        }
        for (key, flag) in [("yes", true), ("no", false)] {
            let listed = self.texts(table, key);
            words.extend(listed.into_iter().map(|word| (word, Meaning::Flag(flag))));
        }
        for (at, (word, _)) in words.iter().enumerate() {
            if words.iter().take(at).any(|(other, _)| other.eq_ignore_ascii_case(word)) {
                let message = format!("\"{word}\" of `{}` is listed twice", field.name);
                let hint = "keep one of them; capitals do not matter";
                self.reader.problem_hint(&codes::WORD_TWICE, table.span.clone(), message, hint);
            }
        }
        if words.is_empty() { default_words(field) } else { words }
    }

    fn unknown(&mut self, field: &Field, table: &Table) -> Unknown {
        let Some(node) = table.get("unknown") else { return Unknown::Refuse };
        let mut words = vec![("refuse", Unknown::Refuse), ("next", Unknown::Next)];
        if let Kind::Status = field.kind {
            words.push(("keep", Unknown::Keep));
        }
        words.extend(our_words(field).into_iter().map(|(w, means)| (w, Unknown::Means(means))));
        self.reader.word(node, "unknown", &words).unwrap_or(Unknown::Refuse)
    }
}

/// Takes one character.
pub(super) fn one_char(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<char> {
    let text = reader.text_of(node, key)?;
    let mut characters = text.chars();
    if let (Some(only), None) = (characters.next(), characters.next()) {
        return Some(only);
    }
    let message = format!("`{key}` is \"{text}\", expected one character");
    reader.problem(&codes::BAD_CHARACTER, node.span.clone(), message);
    None
}

/// Reads how numbers are written; what is not said stays as it was.
fn read_notation(reader: &mut Reader<'_>, table: &Table, mut notation: Notation) -> Notation {
    let units = [("major", Unit::Major), ("minor", Unit::Minor)];
    let roundings = [
        ("floor", Rounding::Floor),
        ("half_up", Rounding::HalfUp),
        ("half_even", Rounding::HalfEven),
    ];
    let rates = [("percent", RateUnit::Percent), ("fraction", RateUnit::Fraction)];
    if let Some(unit) = table.get("unit").and_then(|node| reader.word(node, "unit", &units)) {
        notation.unit = unit;
    }
    if let Some(node) = table.get("rounding") {
        notation.rounding = reader.word(node, "rounding", &roundings);
    }
    if let Some(rate) =
        table.get("rate_unit").and_then(|node| reader.word(node, "rate_unit", &rates))
    {
        notation.rate = rate;
    }
    if let Some(mark) =
        table.get("decimal_mark").and_then(|node| mark(reader, node, "decimal_mark"))
    {
        notation.decimal_mark = mark;
    }
    if let Some(node) = table.get("thousands_mark") {
        notation.thousands_mark = mark(reader, node, "thousands_mark");
    }
    let marks_here = ["decimal_mark", "thousands_mark"].iter().any(|key| table.get(key).is_some());
    if marks_here && notation.thousands_mark == Some(notation.decimal_mark) {
        let same = notation.decimal_mark.escape_debug();
        let message = format!("the decimal mark and the thousands mark are both \"{same}\"");
        let hint = "the decimal mark is \".\" unless it is named";
        reader.problem_hint(&codes::BAD_CHARACTER, table.span.clone(), message, hint);
    }
    notation
}

fn mark(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<char> {
    let mark = one_char(reader, node, key)?;
    if mark.is_ascii_digit() || mark == '-' {
        let message = format!("`{key}` is \"{mark}\", which numbers use otherwise");
        reader.problem(&codes::BAD_CHARACTER, node.span.clone(), message);
    }
    Some(mark)
}

/// Our words for a field, as a mapping names them.
fn our_words(field: &Field) -> Vec<(&'static str, Meaning)> {
    match field.kind {
        Kind::Status => State::ALL.iter().map(|s| (s.word(), Meaning::State(*s))).collect(),
        Kind::Flag(_) | Kind::Correction => {
            vec![("yes", Meaning::Flag(true)), ("no", Meaning::Flag(false))]
        }
        Kind::Platform(_) => [Platform::App, Platform::Web]
            .map(|platform| (platform.word(), Meaning::Platform(platform)))
            .to_vec(),
        Kind::Link(_) => [Link::Product, Link::Store, Link::Other]
            .map(|link| (link.word(), Meaning::Link(link)))
            .to_vec(),
        _ => Vec::new(),
    }
}

/// The words of a source that lists none: our own format's.
fn default_words(field: &Field) -> Vec<(String, Meaning)> {
    if let Kind::Flag(_) | Kind::Correction = field.kind {
        return vec![("Y".to_owned(), Meaning::Flag(true)), ("N".to_owned(), Meaning::Flag(false))];
    }
    our_words(field).into_iter().map(|(word, meaning)| (word.to_owned(), meaning)).collect()
}
