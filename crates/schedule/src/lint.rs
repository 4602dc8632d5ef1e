//! What a person should look at in terms that load: across versions and within one.
//!
//! Every finding is a warning with its own code. Refuses the clock: the caller says what day it
//! is.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use feebook_kernel::Rate;

use crate::book::Book;
use crate::codes;
use crate::condition::{Condition, Test, in_full};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::dimension::Dimension;
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
            lint_version(program, version, today, &mut found);
        }
        for pair in program.versions().windows(2) {
            if let [before, after] = pair {
                lint_pair(program, before, after, &mut found);
            }
        }
    }
    found.sort_by(|a, b| (&a.place, a.code.id, &a.message).cmp(&(&b.place, b.code.id, &b.message)));
    found
}

fn lint_version(
    program: &Program,
    version: &Version,
    today: NaiveDate,
    found: &mut Vec<Diagnostic>,
) {
    found.extend(short_notice(program, version));
    found.extend(stale_check(program, version, today));
    found.extend(sure_and_assumed(version));
    for list in [&version.excludes, &version.rates, &version.bonuses, &version.flags] {
        found.extend(list.iter().filter_map(|entry| unknown_category(version, entry)));
        never_matches(program, version, list, found);
    }
}

fn lint_pair(program: &Program, before: &Version, after: &Version, found: &mut Vec<Diagnostic>) {
    found.extend(gap(program, before, after));
    let countries =
        [Dimension::ShipTo, Dimension::ClickCountry, Dimension::SellerCountry].as_slice();
    found.extend(vanished(before, after, "country", countries));
    found.extend(vanished(before, after, "category", &[Dimension::Category]));
    rate_jumps(before, after, found);
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
const END: &[&str] = &["ends_on", "ends_at"];

fn gap(program: &Program, before: &Version, after: &Version) -> Option<Diagnostic> {
    let end = before.own_end().filter(|end| *end < after.start())?;
    let (end, start) =
        (zone::written(program.zone(), end), zone::written(program.zone(), after.start()));
    let message =
        format!("ends at {end}, and {} takes effect only at {start}", after.source().shown());
    let place = place_of(before, END);
    let told = warn(before.source(), &codes::GAP, &place, message);
    Some(told.hint("orders in between are uncovered; if the terms went on, remove the end"))
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

fn unknown_category(version: &Version, entry: &Entry) -> Option<Diagnostic> {
    let tree = version.tree()?;
    let named = entry.conditions.iter().filter(|c| c.dimension == Dimension::Category);
    let ids: BTreeSet<&str> = named
        .filter_map(Condition::values)
        .flatten()
        .map(String::as_str)
        .filter(|id| !tree.contains(id))
        .collect();
    if ids.is_empty() {
        return None;
    }
    let message = format!("{} does not list {}", tree.source().shown(), listed(&ids, "category"));
    let told = warn(version.source(), &codes::UNKNOWN_CATEGORY, &entry.place, message);
    Some(told.hint("correct the id, or add its row to the tree"))
}

/// Names in a sentence: `category 5`, `categories 5, 6`.
fn listed(names: &BTreeSet<&str>, noun: &str) -> String {
    let plural = if names.len() == 1 {
        noun.to_owned()
    } else {
        format!("{}ies", noun.strip_suffix('y').unwrap_or(noun))
    };
    let names: Vec<&str> = names.iter().copied().collect();
    format!("{plural} {}", names.join(", "))
}

/// All values of some dimensions that a version names anywhere.
fn named<'v>(version: &'v Version, dimensions: &[Dimension]) -> BTreeSet<&'v str> {
    let lists = [&version.excludes, &version.rates, &version.bonuses, &version.flags];
    let entries = lists.into_iter().flatten().flat_map(|entry| &entry.conditions);
    entries
        .chain(&version.policy.fee_countries)
        .filter(|condition| dimensions.contains(&condition.dimension))
        .filter_map(Condition::values)
        .flatten()
        .map(String::as_str)
        .collect()
}

fn vanished(
    before: &Version,
    after: &Version,
    noun: &str,
    dimensions: &[Dimension],
) -> Option<Diagnostic> {
    let (then, now) = (named(before, dimensions), named(after, dimensions));
    let gone: BTreeSet<&str> = then.difference(&now).copied().collect();
    if gone.is_empty() {
        return None;
    }
    let message =
        format!("{} named {}, this version does not", before.source().shown(), listed(&gone, noun));
    let place = place_of(after, START);
    let told = warn(after.source(), &codes::VANISHED, &place, message);
    Some(told.hint("if the terms still name it, the file forgot it"))
}

fn rate_jumps(before: &Version, after: &Version, found: &mut Vec<Diagnostic>) {
    let words = |entries: &[Entry]| -> Vec<String> {
        entries.iter().map(|entry| in_full(&entry.conditions)).collect()
    };
    let (then, now) = (words(&before.rates), words(&after.rates));
    for (at, asked) in now.iter().enumerate() {
        let Some(old) = then.iter().position(|known| known == asked) else { continue };
        if jumped(before.rate_values[old], after.rate_values[at]) {
            let (old, entry) = (&before.rates[old], &after.rates[at]);
            let message =
                format!("{} in {}, now {}", old.label, before.source().shown(), entry.label);
            let told = warn(after.source(), &codes::RATE_JUMP, &entry.place, message);
            found.push(told.hint("look for a slip of the decimal point"));
        }
    }
}

/// Whether a rate moved by more than half of its value.
fn jumped(before: Rate, after: Rate) -> bool {
    let ppm = |a: feebook_kernel::Ppm, b: feebook_kernel::Ppm| {
        over_half(i64::from(a.get()), i64::from(b.get()))
    };
    match (before, after) {
        (Rate::Percent(a), Rate::Percent(b)) => ppm(a, b),
        (Rate::Flat(a), Rate::Flat(b)) => over_half(a.get(), b.get()),
        (Rate::Band { min: a, max: c }, Rate::Band { min: b, max: d }) => ppm(a, b) || ppm(c, d),
        _ => false,
    }
}

/// Whether the difference is over half of `before`, said without a multiplication.
fn over_half(before: i64, after: i64) -> bool {
    let moved = (after - before).abs();
    moved > before - moved
}

fn never_matches(
    program: &Program,
    version: &Version,
    list: &[Entry],
    found: &mut Vec<Diagnostic>,
) {
    let flags = std::ptr::eq(list, version.flags.as_slice());
    for (at, entry) in list.iter().enumerate() {
        let rivals = list[..at].iter().filter(|rival| !flags || rival.label == entry.label);
        let (message, hint) = if let Some(why) = never_by_itself(program, version, entry) {
            (why, "correct its conditions, or remove it")
        } else if let Some(rival) = rivals.clone().find(|rival| covers(version, rival, entry)) {
            let message = format!("the entry at {} matches whatever this one does", rival.place);
            (message, "the first that matches wins: put the narrower entry first")
        } else {
            continue;
        };
        let told = warn(version.source(), &codes::NEVER_MATCHES, &entry.place, message);
        found.push(told.hint(hint));
    }
}

/// Whether an entry holds wherever another does.
fn covers(version: &Version, entry: &Entry, other: &Entry) -> bool {
    entry.conditions.iter().all(|condition| {
        other.conditions.iter().any(|narrower| narrower.implies(condition, version.tree()))
    })
}

/// Why the conditions of an entry cannot all hold while the version is in force.
fn never_by_itself(program: &Program, version: &Version, entry: &Entry) -> Option<String> {
    let first = program.day(version.start());
    for condition in &entry.conditions {
        match &condition.test {
            Test::Until(until) if *until <= first => {
                return Some(format!("it holds before {until}, and the version from {first}"));
            }
            Test::From(from) => {
                let last = version.end().map(|end| program.day(end - 1));
                if let Some(last) = last.filter(|last| last < from) {
                    return Some(format!("it holds from {from}, and the version until {last}"));
                }
            }
            Test::Among(values) => {
                let refused = entry.conditions.iter().find(|other| {
                    matches!(&other.test, Test::NotAmong(not) if values.is_subset(not))
                        && other.dimension == condition.dimension
                });
                if let Some(refused) = refused {
                    return Some(format!("`{}` takes all of `{}` out", refused.key, condition.key));
                }
            }
            _ => {}
        }
    }
    None
}
