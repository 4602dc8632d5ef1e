//! Names that somebody most likely mistyped: channels, marks and kinds of flag are free words, so
//! only the program's own other uses can tell.
//!
//! Refuses closed sets of words (those are errors), and names that are like no other.

use std::collections::{BTreeMap, BTreeSet};

use super::{place_of_value, warn};
use crate::codes;
use crate::condition::Condition;
use crate::diagnostic::Diagnostic;
use crate::dimension::Dimension;
use crate::program::Program;
use crate::version::{Entry, Version};

/// Kinds of violation that many programs name.
const USUAL_KINDS: &[&str] = &[
    "pop_up",
    "cookie_stuffing",
    "trademark_use",
    "brand_bidding",
    "spam_registration",
    "hijacking",
    "fraud",
    "default",
];

/// Each name with the entries that use it.
type Uses<'v> = BTreeMap<&'v str, Vec<&'v Entry>>;

/// A noun, where such names stand, and those that every program may know.
type Names = (&'static str, fn(&Version) -> Uses<'_>, &'static [&'static str]);

const NAMES: &[Names] = &[
    ("channel", |version| uses(version, Dimension::Channel), &[]),
    ("mark", |version| uses(version, Dimension::Mark), &[]),
    ("kind of flag", flag_uses, USUAL_KINDS),
];

/// Tells the names of a version that no other version has and that are a slip away from one that
/// this version has dropped, or uses oftener.
pub(super) fn strange(program: &Program, version: &Version) -> Vec<Diagnostic> {
    let others = program.versions().iter().filter(|other| other.id() != version.id());
    let others: Vec<&Version> = others.collect();
    let mut found = Vec::new();
    // Of two spellings in two versions the later one is told.
    let earlier = |names: fn(&Version) -> Uses<'_>| -> BTreeSet<&str> {
        let earlier = others.iter().filter(|other| other.start() < version.start());
        earlier.flat_map(|other| names(other).into_keys()).collect()
    };
    for (noun, names, usual) in NAMES {
        let here = names(version);
        let elsewhere: BTreeSet<&str> =
            others.iter().flat_map(|other| names(other).into_keys()).collect();
        let known = earlier(*names).into_iter().chain(usual.iter().copied()).collect();
        let unknown = |name: &&str| !elsewhere.contains(name) && !usual.contains(name);
        let names: Vec<&str> = here.keys().copied().filter(unknown).collect();
        for name in names {
            found.extend(tell(version, noun, name, &here, &known));
        }
    }
    found
}

fn uses(version: &Version, dimension: Dimension) -> Uses<'_> {
    let mut uses = Uses::new();
    let lists = [&version.excludes, &version.rates, &version.bonuses, &version.flags];
    for entry in lists.into_iter().flatten() {
        let named = entry.conditions.iter().filter(|c| c.dimension == dimension);
        for name in named.filter_map(Condition::values).flatten() {
            uses.entry(name).or_default().push(entry);
        }
    }
    uses
}

fn flag_uses(version: &Version) -> Uses<'_> {
    let mut uses = Uses::new();
    for entry in &version.flags {
        uses.entry(entry.label.as_str()).or_default().push(entry);
    }
    uses
}

/// Tells a name of this version that is a slip away from one that an earlier version has and this
/// one does not, or that is oftener used.
fn tell(
    version: &Version,
    noun: &str,
    name: &str,
    here: &Uses<'_>,
    earlier: &BTreeSet<&str>,
) -> Option<Diagnostic> {
    let entries = here.get(name)?;
    let likelier = |other: &&str| match here.get(other).map_or(0, Vec::len) {
        0 => true,
        uses => entries.len() == 1 && (earlier.contains(other) || uses > 1),
    };
    let others = earlier.iter().chain(here.keys()).copied();
    let near = others
        .filter(|other| *other != name && a_slip(name, other))
        .filter(likelier)
        .min_by_key(|other| (strsim::damerau_levenshtein(name, other), *other))?;
    let message = format!("no other version names the {noun} \"{name}\"");
    let place = place_of_value(version, entries.first()?, name);
    let told = warn(version.source(), &codes::STRANGE_NAME, &place, message);
    Some(told.hint(format!("did you mean \"{near}\"?")))
}

/// Whether one name may be the other mistyped: a letter or two, but not a number or a mark of one
/// or two letters at the end, by which members of a family are told apart.
fn a_slip(name: &str, other: &str) -> bool {
    let plain = |name: &str| -> String { name.chars().filter(|c| !c.is_ascii_digit()).collect() };
    let family = |name: &'_ str| -> Option<String> {
        let (stem, tail) = name.rsplit_once(['_', '-'])?;
        (tail.len() <= 2).then(|| stem.to_owned())
    };
    if plain(name) == plain(other) || (family(name).is_some() && family(name) == family(other)) {
        return false;
    }
    // Of two short names, too many are a letter apart.
    let most = match name.len().min(other.len()) {
        0..4 => return false,
        4 => 1,
        _ => 2,
    };
    strsim::damerau_levenshtein(name, other) <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_of_names_is_no_slip() {
        for (name, other, slip) in [
            ("defualt", "default", true),
            ("cashback_extention", "cashback_extension", true),
            ("popup", "pop_up", true),
            ("vrtual", "virtual", true),
            ("optimizing_a", "optimizing_b", false),
            ("tier_1", "tier_12", false),
            ("tier1", "tier2", false),
            ("gold", "cold", true),
            ("gold", "bald", false),
            ("a", "b", false),
            ("cashback", "cashback_partner", false),
        ] {
            assert_eq!(a_slip(name, other), slip, "{name} {other}");
        }
    }
}
