//! What moved between one version and the next in a way that may be a slip.
//!
//! Refuses the changes that terms are made for: those are `diff`'s.

use std::collections::{BTreeMap, BTreeSet};

use feebook_kernel::Rate;

use super::{START, listed, place_of, warn};
use crate::codes;
use crate::condition::{Condition, in_full};
use crate::describe::{cap_words, policies};
use crate::diagnostic::Diagnostic;
use crate::dimension::Dimension;
use crate::program::Program;
use crate::version::{Entry, Version};
use crate::zone;

const END: &[&str] = &["ends_on", "ends_at"];

/// One of something, and several.
type Nouns = (&'static str, &'static str);

/// What a version names, and the facts that it is asked of.
const NAMED: &[(Nouns, &[Dimension])] = &[
    (
        ("country", "countries"),
        &[Dimension::ShipTo, Dimension::ClickCountry, Dimension::SellerCountry],
    ),
    (("category", "categories"), &[Dimension::Category]),
    (("host", "hosts"), &[Dimension::Host]),
    (("store", "stores"), &[Dimension::Store]),
    (("mark", "marks"), &[Dimension::Mark]),
    (("channel", "channels"), &[Dimension::Channel]),
];

/// What entries are called by, and whose entries.
type Labels = (Nouns, fn(&Version) -> &[Entry]);

const LABELS: &[Labels] = &[
    (("reason to exclude", "reasons to exclude"), Version::excludes),
    (("kind of flag", "kinds of flag"), Version::flags),
];

/// Policies that every amount rests on.
const WEIGHTY: &[&str] = &["basis", "currency", "rounding", "attribution_window", "service_fee"];

pub(super) fn pair(program: &Program, before: &Version, after: &Version) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    found.extend(gap(program, before, after));
    for (nouns, dimensions) in NAMED {
        let (then, now) = (named(before, dimensions), named(after, dimensions));
        found.extend(vanished(before, after, *nouns, &then, &now));
    }
    for (nouns, list) in LABELS {
        let labels = |version| list(version).iter().map(|entry| entry.label.as_str()).collect();
        found.extend(vanished(before, after, *nouns, &labels(before), &labels(after)));
    }
    policies_moved(before, after, &mut found);
    found.extend(cap_gone(before, after));
    rate_jumps(before, after, &mut found);
    found
}

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
    nouns: Nouns,
    then: &BTreeSet<&str>,
    now: &BTreeSet<&str>,
) -> Option<Diagnostic> {
    let gone: BTreeSet<&str> = then.difference(now).copied().collect();
    if gone.is_empty() {
        return None;
    }
    let gone = listed(&gone, nouns);
    let message = format!("{} named {gone}, this version does not", before.source().shown());
    let place = place_of(after, START);
    let told = warn(after.source(), &codes::VANISHED, &place, message);
    Some(told.hint("if the terms still name it, the file forgot it"))
}

/// A policy that moved or went, of which the later version says nothing.
fn policies_moved(before: &Version, after: &Version, found: &mut Vec<Diagnostic>) {
    let words = |version| -> BTreeMap<&'static str, String> {
        policies(version).into_iter().map(|policy| (policy.key, policy.words)).collect()
    };
    let (then, now) = (words(before), words(after));
    for key in WEIGHTY {
        let Some(was) = then.get(key) else { continue };
        let path = format!("policy.{key}");
        let spoken_of = after.policy_clause(key).is_some() || after.assumption(&path).is_some();
        if spoken_of || now.get(key) == Some(was) {
            continue;
        }
        found.push(moved(before, after, &path, was, now.get(key).map(String::as_str)));
    }
}

/// A cap that went, of which the later version says nothing.
fn cap_gone(before: &Version, after: &Version) -> Option<Diagnostic> {
    let cap = before.cap.as_ref().filter(|_| after.cap.is_none())?;
    let was = cap_words(before, cap);
    after.assumption("cap").is_none().then(|| moved(before, after, "cap", &was, None))
}

fn moved(before: &Version, after: &Version, path: &str, was: &str, is: Option<&str>) -> Diagnostic {
    let file = before.source().shown();
    let message = match is {
        Some(is) => format!("`{path}` in {file}: {was}; here: {is}"),
        None => format!("`{path}` in {file}: {was}; here it is gone"),
    };
    let place = place_of(after, &[path, "policy"]);
    let told = warn(after.source(), &codes::POLICY_MOVED, &place, message);
    told.hint(match path.strip_prefix("policy.") {
        Some(key) => {
            format!("name the clause under [policy.clauses] {key}, or list it under [assumed]")
        }
        None => format!("if the terms say so, list \"{path}\" under [assumed] with a word why"),
    })
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
