//! Reads a program straight from its folder: TOML tables and category trees, nothing compiled.
//!
//! Owns files, civil times and periods. Of amended versions it knows the last: the oracle has no past knowledge.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::offset::LocalResult;
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use toml::{Table, Value};

/// A point in time.
pub(crate) type Instant = DateTime<Utc>;

/// A program and all its versions, earliest first.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) zone: Tz,
    pub(crate) governed_by: String,
    pub(crate) versions: Vec<Version>,
}

/// One dated version.
#[derive(Debug)]
pub(crate) struct Version {
    /// The file's name without `.toml`.
    pub(crate) name: String,
    pub(crate) starts: Instant,
    /// Its own end, or the next version's start; exclusive.
    pub(crate) ends: Option<Instant>,
    pub(crate) text: Table,
    /// Category id to parent id (empty at the top).
    pub(crate) parents: BTreeMap<String, String>,
}

impl Program {
    /// Reads `<folder>/<name>`.
    pub(crate) fn read(folder: &Path, name: &str) -> Self {
        let folder = folder.join(name);
        let program = table(&folder.join("program.toml"));
        let zone: Tz = text(&program, "timezone").parse().expect("an IANA zone");
        let mut versions: Vec<Version> = version_names(&folder)
            .into_iter()
            .map(|version| read_version(&folder, version, zone))
            .collect();
        drop_superseded(&mut versions);
        versions.sort_by_key(|version| version.starts);
        end_at_next_start(&mut versions);
        Self {
            name: name.to_owned(),
            zone,
            governed_by: text(&program, "governed_by").to_owned(),
            versions,
        }
    }

    /// Returns the version in force at an instant.
    pub(crate) fn version_at(&self, at: Instant) -> Option<&Version> {
        self.versions
            .iter()
            .find(|version| version.starts <= at && version.ends.is_none_or(|end| at < end))
    }

    /// Reads a time cell; empty is unknown.
    pub(crate) fn instant(&self, cell: &str) -> Option<Instant> {
        if cell.is_empty() {
            return None;
        }
        if cell.contains('T') {
            let time = DateTime::parse_from_rfc3339(cell).expect("an RFC 3339 time");
            return Some(time.with_timezone(&Utc));
        }
        let local = NaiveDateTime::parse_from_str(cell, "%Y-%m-%d %H:%M:%S").expect("a local time");
        Some(from_local(self.zone, local))
    }

    /// Returns the civil day of an instant in the program's zone.
    pub(crate) fn day(&self, at: Instant) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }
}

impl Version {
    /// Returns the entries of a list: `exclude`, `rate`, `bonus`, `flag`.
    pub(crate) fn entries(&self, list: &str) -> Vec<&Table> {
        let list = self.text.get(list).and_then(Value::as_array);
        list.into_iter().flatten().map(|entry| entry.as_table().expect("a table")).collect()
    }

    /// Returns `[policy]`.
    pub(crate) fn policy(&self) -> &Table {
        self.text["policy"].as_table().expect("[policy]")
    }

    /// Returns the clause to cite for a verdict that a policy decides, or nothing.
    pub(crate) fn policy_clause(&self, name: &str) -> String {
        let clauses = self.policy().get("clauses").and_then(Value::as_table);
        let clause = clauses.and_then(|clauses| clauses.get(name)).and_then(Value::as_str);
        clause.unwrap_or_default().to_owned()
    }

    /// Returns a list, or a single value, as texts, with `@group` replaced by the group's members.
    pub(crate) fn members(&self, list: &Value) -> Vec<String> {
        let Some(list) = list.as_array() else {
            return self.member(list);
        };
        list.iter().flat_map(|item| self.member(item)).collect()
    }

    fn member(&self, item: &Value) -> Vec<String> {
        match item.as_str().and_then(|item| item.strip_prefix('@')) {
            Some(group) => self.members(&self.text["groups"][group]),
            None => vec![plain(item)],
        }
    }

    /// Tells how many decimals the policy's currency has.
    pub(crate) fn decimals(&self) -> u32 {
        if text(self.policy(), "currency") == "JPY" { 0 } else { 2 }
    }
}

/// Returns a required text.
pub(crate) fn text<'t>(table: &'t Table, key: &str) -> &'t str {
    table.get(key).and_then(Value::as_str).expect("a required text")
}

/// Returns an optional civil day.
pub(crate) fn day(table: &Table, key: &str) -> Option<NaiveDate> {
    Some(plain(table.get(key)?).parse().expect("a day"))
}

/// Turns a civil time into an instant: the first of two; the offset before the gap if there is none.
pub(crate) fn from_local(zone: Tz, local: NaiveDateTime) -> Instant {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) => time.with_timezone(&Utc),
        LocalResult::Ambiguous(one, other) => one.min(other).with_timezone(&Utc),
        LocalResult::None => {
            let day_before = local.checked_sub_days(Days::new(1)).expect("a day before");
            let before = zone.from_local_datetime(&day_before).single().expect("no change there");
            (local - before.offset().fix()).and_utc()
        }
    }
}

fn read_version(folder: &Path, name: String, zone: Tz) -> Version {
    let text = table(&folder.join(format!("{name}.toml")));
    let tree = match text.get("category_tree").and_then(Value::as_str) {
        Some(tree) => folder.join("categories").join(format!("{tree}.csv")),
        None => folder.join("categories.csv"),
    };
    let starts = bound(&text, "effective_on", "effective_at", zone).expect("a start");
    let ends = bound(&text, "ends_on", "ends_at", zone);
    Version { name, starts, ends, parents: read_tree(&tree), text }
}

fn bound(text: &Table, on: &str, at: &str, zone: Tz) -> Option<Instant> {
    if let Some(day) = day(text, on) {
        return Some(from_local(zone, day.and_time(NaiveTime::MIN)));
    }
    let time = DateTime::parse_from_rfc3339(&plain(text.get(at)?)).expect("an offset date-time");
    Some(time.with_timezone(&Utc))
}

/// Takes out what a later file replaces; all of them are learned by now.
fn drop_superseded(versions: &mut Vec<Version>) {
    let named = |version: &Version| Some(plain(version.text.get("supersedes")?));
    let superseded: Vec<String> = versions.iter().filter_map(named).collect();
    versions.retain(|version| !superseded.contains(&format!("{}.toml", version.name)));
}

fn end_at_next_start(versions: &mut [Version]) {
    for later in 1..versions.len() {
        let next = versions[later].starts;
        let version = &mut versions[later - 1];
        version.ends = Some(version.ends.map_or(next, |end| end.min(next)));
    }
}

fn version_names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("the program's folder");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"));
    names
        .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
        .map(|name| name.strip_suffix(".toml").expect("a version").to_owned())
        .collect()
}

fn read_tree(path: &Path) -> BTreeMap<String, String> {
    let mut reader = csv::Reader::from_path(path).expect("a category tree");
    let rows = reader.records().map(|row| row.expect("a category"));
    rows.map(|row| (row[0].to_owned(), row[1].to_owned())).collect()
}

fn table(path: &Path) -> Table {
    let text = fs::read_to_string(path).expect("the file can be read");
    text.parse().expect("TOML")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Datetime(time) => time.to_string(),
        other => unreachable!("a text, a number or a time, not {other:?}"),
    }
}
