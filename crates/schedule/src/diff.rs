//! What changed between two versions, for people.
//!
//! Entries are the same if their conditions are; a group that changed is told once, not for every
//! entry that names it. Refuses dates and notes: those always differ.

use std::fmt;

use crate::condition::in_full;
use crate::describe::{covers_words, effect_word, policies, scope_word};
use crate::version::{Entry, Version};

/// Whether something came, went or moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Only the later version has it.
    Added,
    /// Only the earlier version has it.
    Removed,
    /// Both have it, with other values.
    Changed,
}

/// One difference between two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether it came, went or moved.
    pub kind: ChangeKind,
    /// What it is about, such as `rate for categories 5090301`.
    pub what: String,
    /// The earlier value; empty when it came.
    pub before: String,
    /// The later value; empty when it went.
    pub after: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, before, after) = (&self.what, &self.before, &self.after);
        match self.kind {
            ChangeKind::Added => write!(f, "{what}: added, {after}"),
            ChangeKind::Removed => write!(f, "{what}: removed, was {before}"),
            ChangeKind::Changed => write!(f, "{what}: {before} -> {after}"),
        }
    }
}

/// One thing that a version says: what it is about, and what it says.
struct Item {
    what: String,
    value: String,
}

impl Item {
    /// What an entry is about, without the name of its list.
    fn short(&self) -> String {
        let (_, rest) = self.what.split_once(' ').unwrap_or(("", &self.what));
        rest.strip_prefix("for ").unwrap_or(rest).to_owned()
    }
}

/// Lists what changed from one version to another: policies, groups, exclusions, rates, bonuses,
/// cap, flags, plugin.
pub fn changes(before: &Version, after: &Version) -> Vec<Change> {
    let mut changes = Vec::new();
    for section in [policy_items, group_items, exclude_items, rate_items] {
        compare(section(before), section(after), &mut changes);
    }
    order("rates", &rate_items(before), &rate_items(after), &mut changes);
    compare(bonus_items(before), bonus_items(after), &mut changes);
    order("bonuses", &bonus_items(before), &bonus_items(after), &mut changes);
    compare(cap_items(before), cap_items(after), &mut changes);
    compare(flag_items(before), flag_items(after), &mut changes);
    order("flags", &flag_items(before), &flag_items(after), &mut changes);
    compare(other_items(before), other_items(after), &mut changes);
    changes
}

/// Pairs items by what they are about, the first with the first.
fn compare(before: Vec<Item>, after: Vec<Item>, changes: &mut Vec<Change>) {
    let mut left: Vec<Option<Item>> = after.into_iter().map(Some).collect();
    for old in before {
        let same = left.iter_mut().find(|new| new.as_ref().is_some_and(|new| new.what == old.what));
        let change = match same.and_then(Option::take) {
            Some(new) if new.value == old.value => continue,
            Some(new) => (ChangeKind::Changed, old.what, old.value, new.value),
            None => (ChangeKind::Removed, old.what, old.value, String::new()),
        };
        let (kind, what, before, after) = change;
        changes.push(Change { kind, what, before, after });
    }
    for new in left.into_iter().flatten() {
        let (what, after) = (new.what, new.value);
        changes.push(Change { kind: ChangeKind::Added, what, before: String::new(), after });
    }
}

/// The first entry that matches wins, so the order of entries that both versions have matters.
fn order(what: &str, before: &[Item], after: &[Item], changes: &mut Vec<Change>) {
    let keys = |list: &[Item]| -> Vec<String> { list.iter().map(Item::short).collect() };
    let (old, new) = (keys(before), keys(after));
    let common = |list: &[String], other: &[String]| -> Vec<String> {
        list.iter().filter(|key| other.contains(key)).cloned().collect()
    };
    let (before, after) = (common(&old, &new), common(&new, &old));
    if before != after && before.len() == after.len() {
        changes.push(Change {
            kind: ChangeKind::Changed,
            what: format!("order of {what}"),
            before: before.join(" | "),
            after: after.join(" | "),
        });
    }
}

/// What an entry is about.
fn subject(entry: &Entry) -> String {
    let words = in_full(&entry.conditions);
    if words.is_empty() { "all".to_owned() } else { words }
}

fn with_clause(value: &str, clause: Option<&str>) -> String {
    clause.map_or_else(|| value.to_owned(), |clause| format!("{value} (clause {clause})"))
}

fn policy_items(version: &Version) -> Vec<Item> {
    policies(version)
        .into_iter()
        .map(|policy| Item {
            what: format!("policy {}", policy.key),
            value: with_clause(&policy.words, version.policy_clause(policy.key)),
        })
        .collect()
}

fn group_items(version: &Version) -> Vec<Item> {
    let item = |group: &crate::condition::Group| Item {
        what: format!("group @{}", group.name),
        value: group.members.join(", "),
    };
    version.groups().iter().map(item).collect()
}

/// Exclusions are told by their reason, with the conditions as what changes.
fn exclude_items(version: &Version) -> Vec<Item> {
    let item = |entry: &Entry| Item {
        what: format!("exclude {}", entry.label),
        value: with_clause(&subject(entry), entry.clause.as_deref()),
    };
    version.excludes().iter().map(item).collect()
}

fn rate_items(version: &Version) -> Vec<Item> {
    let item = |entry: &Entry| Item {
        what: format!("rate for {}", subject(entry)),
        value: with_clause(&entry.label, entry.clause.as_deref()),
    };
    version.rates().iter().map(item).collect()
}

fn bonus_items(version: &Version) -> Vec<Item> {
    let item = |entry: &Entry| Item {
        what: format!("bonus for {}", subject(entry)),
        value: with_clause(
            &format!("{} {}", entry.label, version.currency()),
            entry.clause.as_deref(),
        ),
    };
    version.bonuses().iter().map(item).collect()
}

fn cap_items(version: &Version) -> Vec<Item> {
    let Some(cap) = &version.cap else { return Vec::new() };
    let limit = version.currency().written(cap.limit.get());
    vec![
        Item {
            what: "cap".to_owned(),
            value: with_clause(&format!("{limit} {}", version.currency()), version.cap_clause()),
        },
        Item { what: "cap covers".to_owned(), value: covers_words(cap) },
        Item { what: "cap scope".to_owned(), value: scope_word(cap).to_owned() },
    ]
}

fn flag_items(version: &Version) -> Vec<Item> {
    let flags = version.flags().iter().zip(version.effects());
    flags
        .map(|(entry, effect)| Item {
            what: format!("flag {} for {}", entry.label, subject(entry)),
            value: with_clause(effect_word(*effect), entry.clause.as_deref()),
        })
        .collect()
}

fn other_items(version: &Version) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some(name) = version.tree_name() {
        items.push(Item { what: "category tree".to_owned(), value: name.to_owned() });
    }
    if let Some(plugin) = version.plugin() {
        items.push(Item { what: "plugin".to_owned(), value: plugin.name.clone() });
        for line in plugin.config.lines() {
            let (key, value) = line.split_once(" = ").unwrap_or((line, ""));
            items.push(Item { what: format!("plugin {key}"), value: value.to_owned() });
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{program, version_with};

    #[test]
    fn changes_are_told_by_what_they_are_about() {
        let before = version_with(
            "effective_on = 2024-01-01",
            "fx_on = \"settled\"",
            "[groups]\neu = [\"DE\"]\n\
             [[exclude]]\nreason = \"seller\"\nnot_seller_countries = [\"CN\"]\nclause = \"4\"\n\
             [[rate]]\nrate = \"3%\"\ncategories = [11]\n[[rate]]\nrate = \"2%\"\nship_to = [\"@eu\"]\n\
             [[rate]]\nrate = \"5%\"\n\
             [cap]\nper_order = \"50.00\"\ncovers = [\"commission\"]\n",
        );
        let after = version_with(
            "effective_on = 2024-02-01",
            "attribution_window = \"P3D\"",
            "[groups]\neu = [\"DE\", \"FR\"]\n\
             [[exclude]]\nreason = \"seller\"\nnot_seller_countries = [\"CN\", \"ES\"]\nclause = \"4\"\n\
             [[rate]]\nrate = \"2%\"\nship_to = [\"@eu\"]\n[[rate]]\nrate = \"2.5%\"\ncategories = [11]\n\
             [[rate]]\nrate = \"5%\"\n\
             [[bonus]]\nfor = \"new_buyer\"\namount = \"2.00\"\nship_to = [\"NO\"]\n\
             [[flag]]\nkind = \"fraud\"\neffect = \"hold\"\n",
        );
        let program = program(&[("2024-01-01.toml", &before), ("2024-02-01.toml", &after)]);
        let told: Vec<String> = changes(&program.versions()[0], &program.versions()[1])
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "policy fx_on: removed, was exchanged at the rate of the day of settlement",
                "policy attribution_window: added, 3 days from click to order; exactly that still \
                 counts",
                "group @eu: DE -> DE, FR",
                "exclude seller: seller countries not CN (clause 4) -> seller countries not CN, ES \
                 (clause 4)",
                "rate for categories 11: 3% -> 2.5%",
                "order of rates: categories 11 | ship-to @eu | all -> ship-to @eu | categories 11 \
                 | all",
                "bonus for ship-to NO; buyer new: added, 2.00 USD",
                "cap: removed, was 50.00 USD",
                "cap covers: removed, was commission",
                "cap scope: removed, was order",
                "flag fraud for all: added, hold",
            ]
        );
        assert!(changes(&program.versions()[0], &program.versions()[0]).is_empty());
    }
}
