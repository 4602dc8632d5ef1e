//! What a person should look at in terms that load: across versions and within one.
//!
//! Every finding is a warning with its own code. Refuses the clock: the caller says what day it
//! is.

mod across;
mod entries;
mod names;

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::book::Book;
use crate::codes;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::draft;
use crate::program::Program;
use crate::source::Source;
use crate::version::{Entry, Status, Version};
use crate::zone;

/// After how many days without a look at the source a version is stale.
const STALE_DAYS: i64 = 400;

/// Looks over all programs; `today` is the day of the caller's clock. Sorted by file and place.
pub fn lint(book: &Book, today: NaiveDate) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for program in book.programs() {
        for version in program.versions() {
            found.extend(by_itself(program, version, today));
        }
        for pair in program.versions().windows(2) {
            if let [before, after] = pair {
                found.extend(across::pair(program, before, after));
            }
        }
    }
    found.sort_by(|a, b| (&a.place, a.code.id, &a.message).cmp(&(&b.place, b.code.id, &b.message)));
    found
}

fn by_itself(program: &Program, version: &Version, today: NaiveDate) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    found.extend(short_notice(program, version));
    found.extend(stale_check(program, version, today));
    found.extend(sure_and_assumed(version));
    found.extend(still_open(version));
    found.extend(entries::entries(program, version));
    found.extend(names::strange(program, version));
    found
}

/// A warning at a place of a source, with its line.
fn warn(source: &Source, code: &'static Code, place: &Place, message: String) -> Diagnostic {
    let row = usize::try_from(place.line).unwrap_or(0).checked_sub(1);
    let line = row.and_then(|row| source.text().lines().nth(row));
    let skipped = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
    let excerpt = line.map(|line| {
        let word = line.chars().skip(skipped).take_while(|c| !c.is_whitespace() && *c != '=');
        (line.to_owned(), word.count().max(1))
    });
    Diagnostic { code, place: place.clone(), excerpt, message, hint: None }
}

/// The place of the first of some keys that is there, else the file as a whole.
fn place_of(version: &Version, keys: &[&str]) -> Place {
    let found = keys.iter().find_map(|key| version.place_of(key)).cloned();
    found.unwrap_or_else(|| Place::whole(version.source().shown()))
}

const START: &[&str] = &["effective_on", "effective_at"];

/// The place of a value of an entry, where the file writes it out; else that of the entry.
fn place_of_value(version: &Version, entry: &Entry, value: &str) -> Place {
    let first = usize::try_from(entry.place.line).unwrap_or(1);
    let lines = version.source().text().lines().enumerate().skip(first);
    let own = lines.take_while(|(_, line)| !line.trim_start().starts_with('['));
    let quoted = format!("\"{value}\"");
    let found = own.into_iter().find_map(|(at, line)| {
        let offset = line.find(&quoted)?;
        let column = line[..offset].chars().count() + 1;
        Some((u32::try_from(at + 1).ok()?, u32::try_from(column).ok()?))
    });
    found.map_or_else(
        || entry.place.clone(),
        |(line, column)| Place { file: entry.place.file.clone(), line, column },
    )
}

fn short_notice(program: &Program, version: &Version) -> Option<Diagnostic> {
    let (announced, promised) = (version.announced_on()?, program.notice()?);
    let effective = program.day(version.start());
    let given = effective.signed_duration_since(announced);
    if given.num_seconds() >= promised {
        return None;
    }
    let message = format!(
        "announced on {announced}, {} days before it takes effect on {effective}; {} are promised",
        given.num_days(),
        crate::describe::span(promised),
    );
    let place = place_of(version, &["announced_on"]);
    let told = warn(version.source(), &codes::SHORT_NOTICE, &place, message);
    Some(told.hint("the program may owe the old terms until the notice was over; keep its text"))
}

/// Only versions still in force are worth another look: the past does not change.
fn stale_check(program: &Program, version: &Version, today: NaiveDate) -> Option<Diagnostic> {
    let checked = version.checked_on()?;
    let days = today.signed_duration_since(checked).num_days();
    let over = version.end().is_some_and(|end| end <= zone::midnight(program.zone(), today));
    if over || days <= STALE_DAYS {
        return None;
    }
    let message = format!("compared with its source {days} days ago, on {checked}");
    let place = place_of(version, &["checked_on"]);
    let told = warn(version.source(), &codes::STALE_CHECK, &place, message);
    Some(told.hint("compare them, then set `checked_on` to that day"))
}

fn sure_and_assumed(version: &Version) -> Option<Diagnostic> {
    let assumed = START.iter().find_map(|key| version.assumption(key))?;
    if version.status() != Some(Status::Confirmed) {
        return None;
    }
    let message = format!("`{}` is assumed, but the version is confirmed", assumed.key);
    let told = warn(version.source(), &codes::SURE_AND_ASSUMED, &assumed.place, message);
    Some(told.hint("write status = \"estimated\""))
}

/// Names in a sentence: `category 5`, `categories 5, 6`.
fn listed(names: &BTreeSet<&str>, (one, many): (&str, &str)) -> String {
    let noun = if names.len() == 1 { one } else { many };
    let names: Vec<&str> = names.iter().copied().collect();
    format!("{noun} {}", names.join(", "))
}

/// What `schedule new` asked and nobody has answered yet.
fn still_open(version: &Version) -> Option<Diagnostic> {
    let questions = draft::questions(version);
    let first = questions.first()?;
    let keys: Vec<String> = questions.iter().map(|asked| format!("`{}`", asked.key)).collect();
    let message = match keys.as_slice() {
        [key] => format!("{key} is still open"),
        _ => format!("{} questions are still open: {}", keys.len(), keys.join(", ")),
    };
    let told = warn(version.source(), &codes::STILL_OPEN, &first.place, message);
    Some(told.hint("take OPEN: off what holds, and change or remove what does not"))
}
