//! `[plugin.config]` as an author reads it: typed, each problem with its key.
//!
//! Owns the reading of rates and amounts from strings, without floats. Refuses keys that nobody
//! asked for: a misspelt key would silently switch a rule off.

use std::collections::{BTreeMap, BTreeSet};

use feebook_kernel::{Minor, Ppm};
use toml::de::{DeTable, DeValue};

use super::path::{item, join};
use super::views::{Entry, Setup};
use crate::refusal::ConfigProblem;

/// A value of the config by its path.
#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
    Other(&'static str),
    /// A list, with how many items.
    List(usize),
    /// A table, with its keys in file order.
    Table(Vec<String>),
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Boolean(_) => "a boolean",
            Self::Other(kind) => kind,
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// The table `[plugin.config]`. Keys are asked for by their path: `share`, `levels.gold`,
/// `tiers[0].share`.
#[derive(Debug)]
pub struct Config {
    values: BTreeMap<String, Value>,
    asked: BTreeSet<String>,
    problems: Vec<ConfigProblem>,
}

impl Config {
    /// Reads a config, as the host sends it or as an author's test writes it.
    pub fn parse(text: &str) -> Self {
        let mut config =
            Self { values: BTreeMap::new(), asked: BTreeSet::new(), problems: Vec::new() };
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            config.note(None, error.message().trim().to_owned());
        }
        config.table("", root.get_ref());
        config
    }

    fn table(&mut self, path: &str, table: &DeTable<'_>) {
        // In the order of the file: the parser's own is that of the keys.
        let mut keys: Vec<_> = table.iter().collect();
        keys.sort_by_key(|(key, _)| key.span().start);
        let names = keys.iter().map(|(key, _)| key.get_ref().to_string()).collect();
        for (key, value) in keys {
            self.value(&join(path, key.get_ref()), value.get_ref());
        }
        self.values.insert(path.to_owned(), Value::Table(names));
    }

    fn value(&mut self, path: &str, value: &DeValue<'_>) {
        let value = match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(integer) => {
                match i64::from_str_radix(integer.as_str(), integer.radix()) {
                    Ok(integer) => Value::Integer(integer),
                    Err(_) => Value::Other("an integer beyond 64 bits"),
                }
            }
            DeValue::Boolean(boolean) => Value::Boolean(*boolean),
            DeValue::Float(_) => Value::Other("a float"),
            DeValue::Datetime(_) => Value::Other("a date or time"),
            DeValue::Array(list) => {
                for (index, inner) in list.iter().enumerate() {
                    self.value(&item(path, index), inner.get_ref());
                }
                Value::List(list.len())
            }
            DeValue::Table(table) => return self.table(path, table),
        };
        self.values.insert(path.to_owned(), value);
    }

    /// Notes that something is wrong with a key. The schedule does not load then.
    pub fn problem(&mut self, path: &str, message: impl Into<String>) {
        let key = (!path.is_empty()).then(|| path.to_owned());
        self.note(key, message.into());
    }

    fn note(&mut self, key: Option<String>, message: String) {
        self.problems.push(ConfigProblem { key, message });
    }

    /// Whether the config has a key.
    pub fn has(&self, path: &str) -> bool {
        self.values.contains_key(path)
    }

    /// Whether anything is wrong so far.
    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    fn get(&mut self, path: &str, wanted: &str) -> Option<Value> {
        self.asked.insert(path.to_owned());
        let value = self.values.get(path).cloned();
        if value.is_none() {
            // The table it should be in has a place in the file; the key has none.
            let (table, name) = path.rsplit_once('.').unwrap_or(("", path));
            self.problem(table, format!("`{name}` is missing, expected {wanted}"));
        }
        value
    }

    fn mistyped<T>(&mut self, path: &str, value: &Value, wanted: &str) -> Option<T> {
        self.problem(path, format!("is {}, expected {wanted}", value.kind()));
        None
    }

    /// Takes a string.
    pub fn text(&mut self, path: &str) -> Option<String> {
        match self.get(path, "a string")? {
            Value::Text(text) => Some(text),
            value => self.mistyped(path, &value, "a string"),
        }
    }

    /// Takes one of some words.
    pub fn word<T: Copy>(&mut self, path: &str, words: &[(&str, T)]) -> Option<T> {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let wanted = format!("one of {}", known.join(", "));
        let text = match self.get(path, &wanted)? {
            Value::Text(text) => text,
            value => return self.mistyped(path, &value, &wanted),
        };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            self.problem(path, format!("is \"{text}\", expected {wanted}"));
        }
        found
    }

    /// Takes an integer between two bounds, both included.
    pub fn integer(&mut self, path: &str, least: i64, most: i64) -> Option<i64> {
        match self.get(path, "an integer")? {
            Value::Integer(integer) if (least..=most).contains(&integer) => Some(integer),
            Value::Integer(integer) => {
                self.problem(path, format!("is {integer}, expected {least} to {most}"));
                None
            }
            value => self.mistyped(path, &value, "an integer"),
        }
    }

    /// Takes true or false.
    pub fn boolean(&mut self, path: &str) -> Option<bool> {
        match self.get(path, "true or false")? {
            Value::Boolean(boolean) => Some(boolean),
            value => self.mistyped(path, &value, "true or false"),
        }
    }

    /// Takes a rate written as a percent, `"6.3%"`, with at most four decimals.
    pub fn rate(&mut self, path: &str) -> Option<Ppm> {
        self.rate_said(path, "a percent string such as \"6.3%\"")
    }

    fn rate_said(&mut self, path: &str, wanted: &str) -> Option<Ppm> {
        let Value::Text(text) = self.get(path, wanted)? else {
            let value = self.values.get(path).cloned()?;
            return self.mistyped(path, &value, wanted);
        };
        let number = text.strip_suffix('%').and_then(|number| scaled(number, 4));
        let rate = number.and_then(|ppm| u32::try_from(ppm).ok()).and_then(Ppm::new);
        if rate.is_none() {
            let number = scaled(&text, 4).filter(|ppm| *ppm <= 1_000_000);
            let hint = number.map_or_else(String::new, |_| format!("; write \"{text}%\""));
            self.problem(path, format!("is \"{text}\", which is no rate from 0% to 100%{hint}"));
        }
        rate
    }

    /// Takes a rate, or `"unknown"` for one that the terms had and that is lost: none.
    pub fn rate_or_unknown(&mut self, path: &str) -> Option<Ppm> {
        if matches!(self.values.get(path), Some(Value::Text(text)) if text == "unknown") {
            self.asked.insert(path.to_owned());
            return None;
        }
        self.rate_said(path, "a percent string such as \"6.3%\", or \"unknown\"")
    }

    /// Takes a table of rates by clause: one for every rate entry that says `rate = "plugin"`, and
    /// for no other. Returns them by the places of the entries.
    pub fn rates_by_clause(&mut self, path: &str, setup: &Setup<'_>) -> Vec<Option<Ppm>> {
        let own: Vec<Entry<'_>> = setup.entries().collect();
        if own.iter().all(|entry| !entry.by_plugin) && !self.has(path) {
            return vec![None; own.len()];
        }
        let named = self.keys(path).unwrap_or_default();
        let mut rates = Vec::new();
        for (index, entry) in own.iter().enumerate() {
            if entry.by_plugin && entry.clause.is_none() {
                let number = index + 1;
                let message =
                    format!("rate entry {number} says \"plugin\" and has no clause to name it by");
                self.problem(path, message);
            }
            let clause = entry.clause.unwrap_or_default();
            let known = named.iter().find(|(known, _)| known == clause);
            rates.push(match known {
                _ if !entry.by_plugin => None,
                Some((_, path)) => self.rate(path),
                None if named.is_empty() || entry.clause.is_none() => None,
                None => {
                    let number = index + 1;
                    let message = format!(
                        "has no rate for \"{clause}\", the clause of rate entry {number}, which says \"plugin\""
                    );
                    self.problem(path, message);
                    None
                }
            });
        }
        for (clause, path) in &named {
            if !own.iter().any(|entry| entry.by_plugin && entry.clause == Some(clause)) {
                self.problem(path, "is the clause of no rate entry that says \"plugin\"");
            }
        }
        rates
    }

    /// Takes an amount in major units, `"50.00"`, of a currency with so many decimals, in minor
    /// units. It may be greater than an amount of one fact: a turnover adds up.
    pub fn amount(&mut self, path: &str, decimals: u8) -> Option<i64> {
        let wanted = "an amount as a string such as \"50.00\"";
        let Value::Text(text) = self.get(path, wanted)? else {
            let value = self.values.get(path).cloned()?;
            return self.mistyped(path, &value, wanted);
        };
        let amount = scaled(&text, usize::from(decimals));
        if amount.is_none() {
            let message =
                format!("is \"{text}\", which is no amount with at most {decimals} decimals");
            self.problem(path, message);
        }
        amount
    }

    /// Takes an amount that one line can have.
    pub fn money(&mut self, path: &str, decimals: u8) -> Option<Minor> {
        let amount = self.amount(path, decimals)?;
        let money = Minor::new(amount);
        if money.is_none() {
            self.problem(path, "is more than one line can have".to_owned());
        }
        money
    }

    /// Takes a list: the paths of its items.
    pub fn list(&mut self, path: &str) -> Option<Vec<String>> {
        match self.get(path, "a list")? {
            Value::List(length) => Some((0..length).map(|index| item(path, index)).collect()),
            value => self.mistyped(path, &value, "a list"),
        }
    }

    /// Takes a table whose keys are the schedule's own: names and paths in file order.
    pub fn keys(&mut self, path: &str) -> Option<Vec<(String, String)>> {
        match self.get(path, "a table")? {
            Value::Table(keys) => {
                let paths = keys.into_iter().map(|key| (join(path, &key), key));
                let named: Vec<(String, String)> = paths.map(|(path, key)| (key, path)).collect();
                self.asked.extend(named.iter().map(|(_, path)| path.clone()));
                Some(named)
            }
            value => self.mistyped(path, &value, "a table"),
        }
    }

    /// Takes a table whose keys are months, each as 12 x year + month - 1 with the path of its value;
    /// a key that is no month is noted. A table that is not there has none.
    pub fn by_month(&mut self, path: &str) -> Vec<(i32, String)> {
        let keys = if self.has(path) { self.keys(path) } else { None };
        let mut months = Vec::new();
        for (key, path) in keys.unwrap_or_default() {
            match month(&key) {
                Some(month) => months.push((month, path)),
                None => self.problem(&path, "is no month; write \"YYYY-MM\""),
            }
        }
        months
    }

    /// Ends the reading: all problems, keys among them that nobody asked for.
    pub(crate) fn finish(mut self) -> Vec<ConfigProblem> {
        let asked = |path: &str| {
            let below = |known: &String| {
                known.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']))
            };
            self.asked.contains(path) || self.asked.iter().any(below)
        };
        let mut unknown: Vec<String> = Vec::new();
        for path in self.values.keys().filter(|path| !path.is_empty() && !asked(path)) {
            let inside = |above: &String| {
                path.strip_prefix(above.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']))
            };
            if !unknown.iter().any(inside) {
                unknown.push(path.clone());
            }
        }
        for path in unknown {
            // A misspelt key is most often one that was asked for and is not there.
            let place =
                |path: &str| path.rsplit_once('.').map_or("", |(above, _)| above).to_owned();
            let missing = self.asked.iter().filter(|asked| !self.values.contains_key(*asked));
            let mut near =
                missing.filter(|asked| place(asked) == place(&path) && alike(asked, &path));
            let near = near.next().map(|near| {
                let name = near.rsplit_once('.').map_or(near.as_str(), |(_, name)| name);
                format!("; did you mean `{name}`?")
            });
            let near = near.unwrap_or_default();
            self.problem(&path, format!("is a key that the plugin does not know{near}"));
        }
        self.problems
    }
}

/// Whether two paths differ in a letter or two of many: one left out, added, or another.
fn alike(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let same = short.bytes().zip(long.bytes()).take_while(|(a, b)| a == b).count();
    let rest = short.len() - same;
    let behind = short.bytes().rev().zip(long.bytes().rev()).take(rest).take_while(|(a, b)| a == b);
    short.len() > 2 && long.len() - (same + behind.count()) <= 2
}

/// A plain decimal times ten to the `decimals`; none with a sign, or with more decimals.
fn scaled(text: &str, decimals: usize) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return None;
    }
    let part = part.trim_end_matches('0');
    if part.len() > decimals {
        return None;
    }
    format!("{whole}{part:0<decimals$}").parse().ok()
}

/// Reads `YYYY-MM` as 12 x year + month - 1.
fn month(text: &str) -> Option<i32> {
    let (year, month) = text.split_once('-')?;
    if (year.len(), month.len()) != (4, 2) || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    {
        return None;
    }
    let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
    (1..=12).contains(&month).then_some(year * 12 + month - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(config: Config) -> Vec<String> {
        let said = |p: ConfigProblem| format!("{}: {}", p.key.unwrap_or_default(), p.message);
        config.finish().into_iter().map(said).collect()
    }

    #[test]
    fn values_are_exact_or_refused_with_their_key() {
        let mut config = Config::parse(
            "share = \"84%\"\nlimit = \"200000.00\"\nday = 32\nside = \"abve\"\nhot = 1.5\n\
             base.\"4.1\" = \"3%\"\ntiers = [{ from = \"0\" }, { form = \"1\" }]\nspare = [1]\n",
        );
        assert_eq!(config.rate("share").map(Ppm::get), Some(840_000));
        assert_eq!(config.amount("limit", 2), Some(200_000_00));
        assert_eq!(config.integer("day", 1, 28), None);
        assert_eq!(config.word("side", &[("above", 1), ("below", 2)]), None);
        assert_eq!(config.rate("hot"), None);
        assert_eq!(config.keys("base").unwrap(), [("4.1".to_owned(), "base.\"4.1\"".to_owned())]);
        assert_eq!(config.rate("base.\"4.1\"").map(Ppm::get), Some(30_000));
        for tier in config.list("tiers").unwrap() {
            let _ = config.amount(&format!("{tier}.from"), 2);
        }
        assert_eq!(
            told(config),
            [
                "day: is 32, expected 1 to 28",
                "side: is \"abve\", expected one of above, below",
                "hot: is a float, expected a percent string such as \"6.3%\"",
                "tiers[1]: `from` is missing, expected an amount as a string such as \"50.00\"",
                "spare: is a key that the plugin does not know",
                "tiers[1].form: is a key that the plugin does not know; did you mean `from`?",
            ]
        );
    }

    #[test]
    fn decimals_are_plain() {
        assert_eq!(scaled("6.3", 4), Some(63_000));
        assert_eq!(scaled("0.30000", 4), Some(3_000));
        assert_eq!(scaled("7", 0), Some(7));
        for bad in ["", ".5", "5.", "-1", "1e3", "0.00001", "1,0", " 1"] {
            assert_eq!(scaled(bad, 4), None, "{bad}");
        }
    }
}
