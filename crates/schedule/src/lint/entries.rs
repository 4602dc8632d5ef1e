//! Entries that hold for nothing, and values that no entry of them sees.
//!
//! Refuses what an entry gives: only whether it can be reached.

use std::collections::BTreeSet;

use super::{listed, warn};
use crate::codes;
use crate::condition::{Condition, Test, in_full};
use crate::diagnostic::Diagnostic;
use crate::dimension::Dimension;
use crate::program::Program;
use crate::version::{Entry, Version};

pub(super) fn entries(program: &Program, version: &Version) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for list in [&version.excludes, &version.rates, &version.bonuses, &version.flags] {
        found.extend(list.iter().filter_map(|entry| unknown_category(version, entry)));
        never_matches(program, version, list, &mut found);
    }
    // What an exclusion shares with an earlier one is excluded all the same.
    for list in [&version.rates, &version.bonuses] {
        never_reached(version, list, &mut found);
    }
    found
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
    let message = format!(
        "{} does not list {}",
        tree.source().shown(),
        listed(&ids, ("category", "categories"))
    );
    let told = warn(version.source(), &codes::UNKNOWN_CATEGORY, &entry.place, message);
    Some(told.hint("correct the id, or add its row to the tree"))
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
            taken_whole(version, rival, entry)
        } else {
            continue;
        };
        let told = warn(version.source(), &codes::NEVER_MATCHES, &entry.place, message);
        found.push(told.hint(hint));
    }
}

/// What an entry gives: the effect of a flag, else the entry's label.
fn given<'v>(version: &'v Version, entry: &'v Entry) -> &'v str {
    let flag = version.flags.iter().position(|flag| std::ptr::eq(flag, entry));
    let effect = flag.and_then(|at| version.effects.get(at));
    effect.map_or(entry.label.as_str(), |effect| effect.word())
}

/// What to say of an entry that an earlier one always precedes.
fn taken_whole(version: &Version, rival: &Entry, entry: &Entry) -> (String, &'static str) {
    let same = in_full(&rival.conditions) == in_full(&entry.conditions);
    let (first, second) = (given(version, rival), given(version, entry));
    if same && first != second {
        let place = &rival.place;
        let message = format!(
            "the entry at {place} has the same conditions and wins: {first}, never {second}"
        );
        return (message, "one of the two is meant for something else: remove or correct it");
    }
    let message = format!("the entry at {} matches whatever this one does", rival.place);
    (message, "the first that matches wins: put the narrower entry first")
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

/// Values written out in an entry that an earlier one takes in every case; those of a group are
/// left alone, since "all of the group but" is said by an entry before it.
fn never_reached(version: &Version, list: &[Entry], found: &mut Vec<Diagnostic>) {
    for (at, entry) in list.iter().enumerate() {
        let rivals = &list[..at];
        if rivals.iter().any(|rival| covers(version, rival, entry)) {
            continue;
        }
        for condition in &entry.conditions {
            let Some((rival, values)) = taken(version, rivals, entry, condition) else { continue };
            let noun = condition.key.replace('_', " ");
            let values = listed(&values, (&noun, &noun));
            let message = format!("the entry at {} takes {values} before this one", rival.place);
            let told = warn(version.source(), &codes::NEVER_REACHED, &entry.place, message);
            found.push(told.hint("remove them from the entry that should not have them"));
        }
    }
}

/// The first entry that takes some values of a condition from a later entry, and which.
fn taken<'l>(
    version: &Version,
    rivals: &'l [Entry],
    entry: &'l Entry,
    condition: &'l Condition,
) -> Option<(&'l Entry, BTreeSet<&'l str>)> {
    let Test::Among(values) = &condition.test else { return None };
    let written = values.iter().filter(|value| condition.written.contains(value));
    let mut first: Option<(&Entry, BTreeSet<&str>)> = None;
    for value in written {
        let narrowed = Condition { test: Test::Among([value.clone()].into()), ..condition.clone() };
        let holds = |asked: &Condition| {
            let own = entry
                .conditions
                .iter()
                .map(|own| if own.key == condition.key { &narrowed } else { own });
            own.into_iter().any(|own| own.implies(asked, version.tree()))
        };
        let rival = rivals.iter().find(|rival| rival.conditions.iter().all(holds));
        let Some(rival) = rival else { continue };
        let (_, values) = first.get_or_insert_with(|| (rival, BTreeSet::new()));
        values.insert(value);
    }
    first
}
