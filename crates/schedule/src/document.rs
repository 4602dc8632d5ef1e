//! A TOML file as a tree in which every key and value knows its place, and a reader that takes
//! values out of it and collects every problem on the way.
//!
//! Owns what all our TOML files have in common: unknown keys refused with the nearest known one,
//! no floats, money and rates as strings. Refuses to know what a key means.

use std::ops::Range;

use chrono::NaiveDate;
use feebook_kernel::{Minor, Ppm};
use rust_decimal::Decimal;
use toml::de::{DeTable, DeValue};

use crate::codes;
use crate::diagnostic::{Code, Diagnostic, nearest};

/// A value and the bytes it stands on.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Its bytes in the file.
    pub span: Range<usize>,
}

/// A TOML value.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A float, as written; always refused.
    Float(String),
    /// true or false.
    Boolean(bool),
    /// A date, a time or both, as written.
    Datetime(String),
    /// A list.
    Array(Vec<Node>),
    /// A table.
    Table(Table),
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Datetime(_) => "a date or time",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// A table: its keys with their places.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Keys and values in the order of their places.
    pub entries: Vec<(Key, Node)>,
    /// The bytes of the table's head or braces.
    pub span: Range<usize>,
}

/// A key and the bytes it stands on.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key.
    pub name: String,
    /// Its bytes in the file.
    pub span: Range<usize>,
}

impl Table {
    /// Returns the value of a key.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }
}

/// Keys whose value is a table under a head of its own.
const TABLES: &[&str] = &["policy", "fields", "json"];

/// Takes values out of one file and collects the problems.
#[derive(Debug)]
pub struct Reader<'t> {
    /// The file as the user knows it.
    pub file: &'t str,
    /// Its text.
    pub text: &'t str,
    /// All problems so far, in order of reading.
    pub problems: Vec<Diagnostic>,
}

impl<'t> Reader<'t> {
    /// Parses a file. Syntax errors are among the problems, all of them; the tree holds what could
    /// be read.
    pub fn parse(file: &'t str, text: &'t str) -> (Self, Table) {
        let mut reader = Self { file, text, problems: Vec::new() };
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            reader.problem(&codes::SYNTAX, span, error.message().trim().to_owned());
        }
        let span = root.span();
        let root = table(root.get_ref(), span);
        (reader, root)
    }

    /// Reports a problem at some bytes of the file.
    pub fn problem(&mut self, code: &'static Code, span: Range<usize>, message: impl Into<String>) {
        self.push(code, span, message, None);
    }

    /// Reports a problem with what to do about it.
    pub fn problem_hint(
        &mut self,
        code: &'static Code,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(code, span, message, Some(hint.into()));
    }

    fn push(
        &mut self,
        code: &'static Code,
        span: Range<usize>,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let absent = span == (0..0);
        let mut told = Diagnostic::at(code, self.file, self.text, span, message).hint_opt(hint);
        if absent {
            // Something is missing from the file: the first line is not to blame.
            told.excerpt = None;
        }
        self.problems.push(told);
    }

    /// Reports every key that is not among the known ones.
    pub fn known(&mut self, table: &Table, what: &str, known: &[&str]) {
        for (key, _) in &table.entries {
            if !known.contains(&key.name.as_str()) {
                let message = format!("unknown key `{}` in {what}", key.name);
                let hint = match nearest(&key.name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known keys are {}", known.join(", ")),
                };
                self.problem_hint(&codes::UNKNOWN_KEY, key.span.clone(), message, hint);
            }
        }
    }

    /// Returns the value of a key that must be there.
    pub fn required<'n>(&mut self, table: &'n Table, what: &str, key: &str) -> Option<&'n Node> {
        let node = table.get(key);
        if node.is_none() {
            let message = format!("{what} has no `{key}`");
            let hint = if TABLES.contains(&key) {
                format!("add [{key}]")
            } else {
                format!("add `{key} = …`")
            };
            self.problem_hint(&codes::MISSING_KEY, table.span.clone(), message, hint);
        }
        node
    }

    fn mistyped(&mut self, node: &Node, key: &str, wanted: &str) {
        let written = self.text.get(node.span.clone()).unwrap_or("");
        let hint = match &node.value {
            Value::Array(_) | Value::Table(_) | Value::Boolean(_) => None,
            _ if wanted == "a list" => Some(format!("write [{written}]")),
            Value::Text(_) => None,
            _ => wanted.ends_with("a string").then(|| format!("write \"{written}\"")),
        };
        self.mistyped_hint(node, key, wanted, hint);
    }

    fn mistyped_hint(&mut self, node: &Node, key: &str, wanted: &str, hint: Option<String>) {
        let message = format!("`{key}` is {}, expected {wanted}", node.value.kind());
        let float = matches!(node.value, Value::Float(_));
        let code = if float { &codes::FLOAT } else { &codes::WRONG_TYPE };
        self.push(code, node.span.clone(), message, hint);
    }

    /// Takes a string.
    pub fn text_of<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n str> {
        if let Value::Text(text) = &node.value {
            Some(text)
        } else {
            self.mistyped(node, key, "a string");
            None
        }
    }

    /// Takes a string that is written in some way; the hint says how.
    fn text_hint<'n>(&mut self, node: &'n Node, key: &str, hint: &str) -> Option<&'n str> {
        if let Value::Text(text) = &node.value {
            Some(text)
        } else {
            self.mistyped_hint(node, key, "a string", Some(hint.to_owned()));
            None
        }
    }

    /// Takes an integer.
    pub fn integer(&mut self, node: &Node, key: &str) -> Option<i64> {
        if let Value::Integer(integer) = node.value {
            Some(integer)
        } else {
            self.mistyped(node, key, "an integer");
            None
        }
    }

    /// Takes true or false.
    pub fn boolean(&mut self, node: &Node, key: &str) -> Option<bool> {
        if let Value::Boolean(boolean) = node.value {
            Some(boolean)
        } else {
            self.mistyped(node, key, "true or false");
            None
        }
    }

    /// Takes a table.
    pub fn table<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n Table> {
        if let Value::Table(table) = &node.value {
            Some(table)
        } else {
            self.mistyped(node, key, "a table");
            None
        }
    }

    /// Takes a list.
    pub fn list<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n [Node]> {
        if let Value::Array(list) = &node.value {
            Some(list)
        } else {
            self.mistyped(node, key, "a list");
            None
        }
    }

    /// Takes a list, or one value as a list of itself.
    pub fn one_or_more<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.value {
            Value::Array(list) => list,
            _ => std::slice::from_ref(node),
        }
    }

    /// Takes a number of the network's (an id): a string or a non-negative integer, as text.
    pub fn id(&mut self, node: &Node, key: &str) -> Option<String> {
        match &node.value {
            Value::Text(text) => Some(text.clone()),
            Value::Integer(integer) if *integer >= 0 => Some(integer.to_string()),
            _ => {
                self.mistyped(node, key, "a number or a string");
                None
            }
        }
    }

    /// Takes one of some words.
    pub fn word<T: Copy>(&mut self, node: &Node, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text_of(node, key)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("`{key}` is \"{text}\", expected one of {}", known.join(", "));
        let hint = nearest(text, known).map(|near| format!("did you mean \"{near}\"?"));
        self.push(&codes::UNKNOWN_WORD, node.span.clone(), message, hint);
        None
    }

    /// Takes a civil day: a TOML date, or the same as a string.
    pub fn date(&mut self, node: &Node, key: &str) -> Option<NaiveDate> {
        let written = match &node.value {
            Value::Datetime(written) | Value::Text(written) => written.clone(),
            _ => {
                self.mistyped(node, key, "a date such as 2024-05-07");
                return None;
            }
        };
        let date = NaiveDate::parse_from_str(&written, "%Y-%m-%d").ok();
        if date.is_none() || written.len() != 10 {
            let message = format!("`{key}` is \"{written}\", which is no date");
            self.problem_hint(&codes::BAD_DATE, node.span.clone(), message, "write YYYY-MM-DD");
            return None;
        }
        date
    }

    /// Takes an instant: a TOML date-time with an offset, in seconds since 1970-01-01T00:00:00Z.
    pub fn instant(&mut self, node: &Node, key: &str) -> Option<i64> {
        let (Value::Datetime(written) | Value::Text(written)) = &node.value else {
            self.mistyped(node, key, "a date-time such as 2020-02-20T11:00:00+03:00");
            return None;
        };
        let instant = chrono::DateTime::parse_from_rfc3339(written).ok();
        if instant.is_none() {
            let message = format!("`{key}` is \"{written}\", which is no instant with an offset");
            let hint = "write a date-time such as 2020-02-20T11:00:00+03:00";
            self.problem_hint(&codes::BAD_DATE, node.span.clone(), message, hint);
        }
        instant.map(|instant| instant.timestamp())
    }

    /// Takes a span of time in whole days or hours, `P3D` or `PT72H`, in seconds.
    pub fn duration(&mut self, node: &Node, key: &str) -> Option<i64> {
        let hint = "write \"P3D\" for three days of 24 hours, or \"PT36H\"";
        let text = self.text_hint(node, key, hint)?;
        let seconds = duration_seconds(text);
        if seconds.is_none() {
            let message = format!("`{key}` is \"{text}\", which is no span of days or hours");
            self.problem_hint(&codes::BAD_DURATION, node.span.clone(), message, hint);
        }
        seconds
    }

    /// Takes a rate written as a percent string, `"6.3%"`.
    pub fn rate(&mut self, node: &Node, key: &str) -> Option<Ppm> {
        let hint = "write a percent as a string, such as \"6.3%\", with at most four decimals";
        let text = self.text_hint(node, key, hint)?;
        let rate = parse_rate(text);
        if rate.is_none() {
            let message = format!("`{key}` is \"{text}\", which is no rate from 0% to 100%");
            self.problem_hint(&codes::BAD_RATE, node.span.clone(), message, hint);
        }
        rate
    }

    /// Takes an amount written as a decimal string in major units, `"50.00"`, of a currency with
    /// this many decimals.
    pub fn money(&mut self, node: &Node, key: &str, decimals: u32) -> Option<Minor> {
        let (wanted, hint) = match decimals {
            0 => {
                let hint = "write \"50\", as a string: the currency has no decimals";
                ("whole amount".to_owned(), hint)
            }
            n => {
                let hint = "write a plain decimal such as \"50.00\", as a string without sign or \
                            currency";
                (format!("amount with at most {n} decimals"), hint)
            }
        };
        let text = self.text_hint(node, key, hint)?;
        let money = parse_money(text, decimals);
        if money.is_none() {
            let message = format!("`{key}` is \"{text}\", which is no {wanted}");
            self.problem_hint(&codes::BAD_MONEY, node.span.clone(), message, hint);
        }
        money
    }
}

/// Reads a percent such as `6.3%` exactly; none unless it is between 0 and 100 with at most four
/// decimals.
pub fn parse_rate(text: &str) -> Option<Ppm> {
    let number = text.strip_suffix('%')?;
    let ppm = scaled(number.trim_end(), 4)?;
    u32::try_from(ppm).ok().and_then(Ppm::new)
}

/// Reads an amount in major units exactly; none when it has a sign, too many decimals or is too
/// great.
pub fn parse_money(text: &str, decimals: u32) -> Option<Minor> {
    scaled(text, decimals).and_then(Minor::new)
}

/// A plain decimal times ten to the `decimals`, when that is a whole number.
fn scaled(text: &str, decimals: u32) -> Option<i64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let edges = text.bytes().next().zip(text.bytes().last());
    if !plain || !edges.is_some_and(|(a, z)| a.is_ascii_digit() && z.is_ascii_digit()) {
        return None;
    }
    let mut decimal = Decimal::from_str_exact(text).ok()?.normalize();
    if decimal.scale() > decimals {
        return None;
    }
    decimal.rescale(decimals);
    if decimal.scale() != decimals {
        return None;
    }
    i64::try_from(decimal.mantissa()).ok()
}

fn duration_seconds(text: &str) -> Option<i64> {
    let count = |digits: &str, unit: i64| -> Option<i64> {
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        digits.parse::<i64>().ok().filter(|n| *n <= 36_500 * 24)?.checked_mul(unit)
    };
    if let Some(hours) = text.strip_prefix("PT").and_then(|rest| rest.strip_suffix('H')) {
        return count(hours, 3_600);
    }
    count(text.strip_prefix('P')?.strip_suffix('D')?, 86_400)
}

fn table(source: &DeTable<'_>, span: Range<usize>) -> Table {
    let mut entries: Vec<(Key, Node)> = source
        .iter()
        .map(|(key, value)| {
            let name = key.get_ref().to_string();
            (Key { name, span: key.span() }, node(value.get_ref(), value.span()))
        })
        .collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    Table { entries, span }
}

fn node(source: &DeValue<'_>, span: Range<usize>) -> Node {
    let value = match source {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Value::Integer(integer),
            Err(_) => Value::Float(integer.as_str().to_owned()),
        },
        DeValue::Float(float) => Value::Float(float.as_str().to_owned()),
        DeValue::Boolean(boolean) => Value::Boolean(*boolean),
        DeValue::Datetime(datetime) => Value::Datetime(datetime.to_string()),
        DeValue::Array(list) => {
            Value::Array(list.iter().map(|item| node(item.get_ref(), item.span())).collect())
        }
        DeValue::Table(inner) => Value::Table(table(inner, span.clone())),
    };
    Node { value, span }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_money_are_exact_or_refused() {
        assert_eq!(parse_rate("6.3%").map(Ppm::get), Some(63_000));
        assert_eq!(parse_rate("0.0001%").map(Ppm::get), Some(1));
        assert_eq!(parse_rate("100%").map(Ppm::get), Some(1_000_000));
        for bad in ["6.3", "100.1%", "-1%", "0.00001%", "%", "1e1%", ".5%", "5.%"] {
            assert_eq!(parse_rate(bad), None, "{bad}");
        }
        assert_eq!(parse_money("50.00", 2).map(Minor::get), Some(5000));
        assert_eq!(parse_money("50.000", 2).map(Minor::get), Some(5000));
        assert_eq!(parse_money("7", 0).map(Minor::get), Some(7));
        for bad in ["-1", "+1", "1,00", "1.005", "1e3", "", "99999999999999999999999999999999"] {
            assert_eq!(parse_money(bad, 2), None, "{bad}");
        }
    }

    #[test]
    fn durations_are_days_or_hours() {
        assert_eq!(duration_seconds("P3D"), Some(3 * 86_400));
        assert_eq!(duration_seconds("PT36H"), Some(36 * 3_600));
        for bad in ["3D", "P", "P-3D", "P3W", "PD", "P1.5D"] {
            assert_eq!(duration_seconds(bad), None, "{bad}");
        }
    }
}
