//! What changed between two versions, for people.
//!
//! Entries are the same if their conditions are, else if they give the same on the same kind of
//! conditions; a group that changed is told once, not for every entry that names it. `changes` is
//! about the terms and refuses dates and notes, which always differ; `difference` adds them, in
//! the order in which a publisher asks.

use std::collections::BTreeSet;
use std::fmt;

use feebook_kernel::Rate;

use crate::condition::{in_full, in_names};
use crate::describe::{covers_words, policies, scope_word, span};
use crate::draft::OPEN;
use crate::iso::Currency;
use crate::program::Program;
use crate::version::{Entry, Status, Version};
use crate::zone;

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

impl ChangeKind {
    /// Returns the word that scripts see.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// The part of a version that a change is in, in the order in which a publisher asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// When it takes effect, and how much notice was given.
    Effect,
    /// `[[rate]]`.
    Rate,
    /// `[[exclude]]`.
    Exclude,
    /// `[[bonus]]`.
    Bonus,
    /// `[cap]`.
    Cap,
    /// `[policy]`.
    Policy,
    /// `[[flag]]`.
    Flag,
    /// `[groups]`.
    Group,
    /// `category_tree`.
    Tree,
    /// `[plugin]`.
    Plugin,
    /// `[assumed]`.
    Assumed,
}

impl Section {
    /// Returns the word that scripts see: the key of the file, where there is one.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Effect => "effect",
            Self::Rate => "rate",
            Self::Exclude => "exclude",
            Self::Bonus => "bonus",
            Self::Cap => "cap",
            Self::Policy => "policy",
            Self::Flag => "flag",
            Self::Group => "group",
            Self::Tree => "category_tree",
            Self::Plugin => "plugin",
            Self::Assumed => "assumed",
        }
    }

    /// Returns the heading that people see.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Effect => "When",
            Self::Rate => "Rates",
            Self::Exclude => "What earns nothing",
            Self::Bonus => "Bonuses",
            Self::Cap => "Cap",
            Self::Policy => "How amounts are worked out",
            Self::Flag => "What violations do",
            Self::Group => "Groups of countries and ids",
            Self::Tree => "Category tree",
            Self::Plugin => "Plugin",
            Self::Assumed => "What is assumed",
        }
    }
}

/// One difference between two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The part of the version that it is in.
    pub section: Section,
    /// Whether it came, went or moved.
    pub kind: ChangeKind,
    /// What it is about, such as `rate for categories 5090301`.
    pub what: String,
    /// The same without the name of the section: a key, a reason, or conditions.
    pub subject: String,
    /// The earlier value; empty when it came.
    pub before: String,
    /// The later value; empty when it went.
    pub after: String,
    /// One sentence for whoever lives by the terms.
    pub words: String,
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
#[derive(Clone)]
struct Item {
    section: Section,
    /// What it is about, with the name of its list.
    what: String,
    /// What it is about, for scripts.
    subject: String,
    /// What it is about, for people.
    who: String,
    /// What it says, without its clause.
    said: String,
    clause: Option<String>,
    /// What it says as a number, to tell up from down: an amount of a currency, else ppm.
    size: Option<(Option<Currency>, i64)>,
    /// The conditions of an entry: each key with its values as written.
    asks: Vec<(&'static str, Vec<String>)>,
}

impl Item {
    /// Something without conditions: a policy, a group, a key of the cap.
    fn plain(section: Section, what: String, subject: &str, said: String) -> Self {
        let (subject, who) = (subject.to_owned(), subject.replace('_', " "));
        Self { section, what, subject, who, said, clause: None, size: None, asks: Vec::new() }
    }

    fn of(section: Section, version: &Version, entry: &Entry, what: String, said: String) -> Self {
        let who = in_names(&entry.conditions, version.tree());
        let asks = entry.conditions.iter().map(|c| (c.key, c.written.clone())).collect();
        Self {
            section,
            what,
            subject: subject(entry),
            who: if who.is_empty() {
                "all lines that nothing before names".to_owned()
            } else {
                who
            },
            said,
            clause: entry.clause.clone(),
            size: None,
            asks,
        }
    }

    fn clause(self, clause: Option<&str>) -> Self {
        Self { clause: clause.map(str::to_owned), ..self }
    }

    fn size(self, size: Option<(Option<Currency>, i64)>) -> Self {
        Self { size, ..self }
    }

    /// What it says, with its clause.
    fn value(&self) -> String {
        with_clause(self.said.clone(), self)
    }

    /// Whether another item is about the same: for an exclusion, which is told by its reason, on
    /// the same kind of conditions.
    fn is_about(&self, other: &Self) -> bool {
        self.what == other.what && (self.section != Section::Exclude || self.asks_like(other))
    }

    /// Whether another entry gives the same on the same kind of conditions.
    fn moved_to(&self, other: &Self) -> bool {
        let paired = matches!(self.section, Section::Rate | Section::Bonus | Section::Flag);
        paired && self.said == other.said && !self.asks.is_empty() && self.asks_like(other)
    }

    fn asks_like(&self, other: &Self) -> bool {
        let keys = |item: &Self| -> Vec<&str> { item.asks.iter().map(|(key, _)| *key).collect() };
        keys(self) == keys(other)
    }

    /// What it says, for people.
    fn spoken(&self) -> String {
        let value = self.value();
        match (self.section, self.said.as_str()) {
            (Section::Rate, "unknown") => value.replacen("unknown", "a number that is lost", 1),
            (Section::Rate, "plugin") => value.replacen("plugin", "what the plugin says", 1),
            _ => value,
        }
    }
}

/// Lists what changed in the terms from one version to another, section by section as the file
/// has them: policies, groups, exclusions, rates, bonuses, cap, flags, category tree, plugin.
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

/// Lists all that changed from one version of a program to another, in the order in which a
/// publisher asks: when and with how much notice, rates, exclusions, bonuses, cap, the rest of the
/// terms, what is assumed.
pub fn difference(program: &Program, before: &Version, after: &Version) -> Vec<Change> {
    let mut all = Vec::new();
    let mut then = effect_items(program, before);
    // What the earlier one replaced is no matter between these two.
    then.retain(|item| item.subject != "supersedes");
    compare(then, effect_items(program, after), &mut all);
    all.extend(changes(before, after));
    compare(assumed_items(before), assumed_items(after), &mut all);
    all.sort_by_key(|change| change.section);
    all
}

/// Pairs items: equal ones, then those about the same, then entries whose conditions moved. What
/// is left went or came.
fn compare(mut before: Vec<Item>, after: Vec<Item>, changes: &mut Vec<Change>) {
    let mut left: Vec<Option<Item>> = after.into_iter().map(Some).collect();
    before.retain(|old| {
        take(&mut left, |new| new.what == old.what && new.value() == old.value()).is_none()
    });
    let (mut gone, mut told) = (Vec::new(), Vec::new());
    for (at, old) in before.into_iter().enumerate() {
        match take(&mut left, |new| old.is_about(new)) {
            Some(new) => told.push((at, changed(&old, &new))),
            None => gone.push((at, old)),
        }
    }
    for (at, old) in gone {
        let change = take(&mut left, |new| old.moved_to(new));
        told.push((at, change.map_or_else(|| removed(&old), |new| moved(&old, &new))));
    }
    told.sort_by_key(|(at, _)| *at);
    changes.extend(told.into_iter().map(|(_, change)| change));
    changes.extend(left.iter().flatten().map(added));
}

/// Takes the first item that fits.
fn take(left: &mut [Option<Item>], fits: impl Fn(&Item) -> bool) -> Option<Item> {
    left.iter_mut().find(|new| new.as_ref().is_some_and(&fits)).and_then(Option::take)
}

fn added(new: &Item) -> Change {
    let (who, spoken) = (&new.who, new.spoken());
    let words = match new.section {
        Section::Assumed => format!("{who}: now assumed: {spoken}"),
        Section::Effect => spoken,
        _ => format!("{who}: new, {spoken}"),
    };
    let after = new.value();
    change(ChangeKind::Added, new, String::new(), after, words)
}

fn removed(old: &Item) -> Change {
    let (who, spoken) = (&old.who, old.spoken());
    let words = match old.section {
        Section::Rate => format!("{who}: not among the rates any more, was {spoken}"),
        Section::Assumed => format!("{who}: no longer assumed, was: {spoken}"),
        Section::Effect => format!("no longer: {spoken}"),
        _ => format!("{who}: gone, was {spoken}"),
    };
    let before = old.value();
    change(ChangeKind::Removed, old, before, String::new(), words)
}

fn changed(old: &Item, new: &Item) -> Change {
    let (who, before, after) = (&new.who, old.spoken(), new.spoken());
    let words = match (old.section, old.size.zip(new.size)) {
        (Section::Effect, _) => after,
        (Section::Group, _) => {
            format!("{who}: {}", set_words(&parts(&old.said), &parts(&new.said)))
        }
        (Section::Assumed, _) if new.said == format!("{OPEN}{}", old.said) => {
            format!("{who}: to be confirmed: {before}")
        }
        _ if old.said == new.said => {
            let clause = new.clause.as_deref();
            let clause = clause.map_or("without a clause".to_owned(), |c| format!("by clause {c}"));
            format!("{who}: as before, now {clause}")
        }
        (Section::Exclude, _) => with_clause(format!("{who}: {}", moves(old, new)), new),
        (_, Some(((unit, was), (now, is)))) if unit == now && was < is => {
            format!("{who}: raised from {} to {after}", old.said)
        }
        (_, Some(((unit, was), (now, is)))) if unit == now && was > is => {
            format!("{who}: lowered from {} to {after}", old.said)
        }
        _ => format!("{who}: {after}; before: {before}"),
    };
    change(ChangeKind::Changed, old, old.value(), new.value(), words)
}

/// An entry that gives the same, on other values of the same conditions.
fn moved(old: &Item, new: &Item) -> Change {
    let words = format!("{}: {}", new.spoken(), moves(old, new));
    let (before, after) = (old.subject.clone(), new.subject.clone());
    Change {
        what: format!("{} {}", old.section.word(), old.said),
        subject: old.said.clone(),
        ..change(ChangeKind::Changed, old, before, after, words)
    }
}

fn change(kind: ChangeKind, about: &Item, before: String, after: String, words: String) -> Change {
    let (section, what, subject) = (about.section, about.what.clone(), about.subject.clone());
    Change { section, kind, what, subject, before, after, words }
}

fn with_clause(words: String, item: &Item) -> String {
    match &item.clause {
        Some(clause) => format!("{words} (clause {clause})"),
        None => words,
    }
}

/// How the values of the same conditions moved.
fn moves(old: &Item, new: &Item) -> String {
    let pairs = old.asks.iter().zip(&new.asks);
    let moves: Vec<String> = pairs
        .map(|((key, was), (_, is))| match key.strip_prefix("not_") {
            _ if was == is => crate::condition::with_key(key, &is.join(", ")),
            Some(key) => {
                let key = key.replace('_', " ");
                format!("{key} not {}, before not {}", is.join(", "), was.join(", "))
            }
            None => format!("{} {}", key.replace('_', " "), set_words(was, is)),
        })
        .collect();
    moves.join("; ")
}

fn parts(list: &str) -> Vec<String> {
    list.split(", ").map(str::to_owned).collect()
}

/// What came to a list of values and what went.
fn set_words(was: &[String], is: &[String]) -> String {
    let (then, now): (BTreeSet<_>, BTreeSet<_>) = (was.iter().collect(), is.iter().collect());
    let pick = |from: &[String], other: &BTreeSet<&String>| -> Vec<String> {
        from.iter().filter(|value| !other.contains(value)).cloned().collect()
    };
    let (came, went) = (pick(is, &then), pick(was, &now));
    let mut words = Vec::new();
    if !came.is_empty() {
        words.push(format!("now also {}", came.join(", ")));
    }
    if !went.is_empty() {
        words.push(format!("no longer {}", went.join(", ")));
    }
    if words.is_empty() { "the same in another order".to_owned() } else { words.join(", ") }
}

/// The first entry that matches wins, so the order of entries that both versions have matters.
fn order(what: &str, before: &[Item], after: &[Item], changes: &mut Vec<Change>) {
    let Some(section) = before.first().map(|item| item.section) else { return };
    let keys = |list: &[Item]| -> Vec<String> {
        list.iter()
            .map(|item| match section {
                Section::Flag => item.what.strip_prefix("flag ").unwrap_or(&item.what).to_owned(),
                _ => item.subject.clone(),
            })
            .collect()
    };
    let (old, new) = (keys(before), keys(after));
    let common = |list: &[String], other: &[String]| -> Vec<String> {
        list.iter().filter(|key| other.contains(key)).cloned().collect()
    };
    let (before, after) = (common(&old, &new), common(&new, &old));
    if before != after && before.len() == after.len() {
        let (before, after) = (before.join(" | "), after.join(" | "));
        changes.push(Change {
            section,
            kind: ChangeKind::Changed,
            what: format!("order of {what}"),
            subject: "order".to_owned(),
            words: format!("the first that matches wins, and the order is now {after}"),
            before,
            after,
        });
    }
}

/// What an entry is about.
fn subject(entry: &Entry) -> String {
    let words = in_full(&entry.conditions);
    if words.is_empty() { "all".to_owned() } else { words }
}

/// When a version takes effect, ends, was announced and learned of, and how sure that is.
fn effect_items(program: &Program, version: &Version) -> Vec<Item> {
    let at = |at: i64| zone::written(program.zone(), at);
    let item =
        |key: &str, said: String| Item::plain(Section::Effect, format!("effect {key}"), key, said);
    let mut items = vec![
        item("effective", format!("takes effect at {}", at(version.start()))),
        item("announced_on", notice_words(program, version)),
        item(
            "status",
            format!("the file is {}", version.status().map_or("confirmed", Status::word)),
        ),
    ];
    let end = version.own_end().map(|end| item("ends", format!("ends at {}, exclusive", at(end))));
    items.extend(end);
    if let (Some(old), Some(learned)) = (version.supersedes(), version.learned_on()) {
        items.push(item("supersedes", format!("replaces {old}, as learned on {learned}")));
    }
    items
}

/// When a change was told, and how long before.
fn notice_words(program: &Program, version: &Version) -> String {
    let Some(announced) = version.announced_on() else {
        return "when it was announced is not known".to_owned();
    };
    let given = program.day(version.start()).signed_duration_since(announced).num_seconds();
    let given =
        if given < 0 { "after the fact".to_owned() } else { format!("{} before", span(given)) };
    let promised = program.notice();
    let promised =
        promised.map_or(String::new(), |notice| format!("; {} are promised", span(notice)));
    format!("announced on {announced}, {given}{promised}")
}

fn assumed_items(version: &Version) -> Vec<Item> {
    let assumed = version.assumed().iter();
    assumed
        .map(|assumed| {
            let what = format!("assumed {}", assumed.key);
            let item = Item::plain(Section::Assumed, what, &assumed.key, assumed.words());
            Item { who: assumed.key.clone(), ..item }
        })
        .collect()
}

fn policy_items(version: &Version) -> Vec<Item> {
    policies(version)
        .into_iter()
        .map(|policy| {
            let what = format!("policy {}", policy.key);
            let item = Item::plain(Section::Policy, what, policy.key, policy.words);
            item.clause(version.policy_clause(policy.key))
        })
        .collect()
}

fn group_items(version: &Version) -> Vec<Item> {
    let item = |group: &crate::condition::Group| {
        let name = format!("@{}", group.name);
        let members = group.members.join(", ");
        let item = Item::plain(Section::Group, format!("group {name}"), &name, members);
        Item { who: name, ..item }
    };
    version.groups().iter().map(item).collect()
}

/// Exclusions are told by their reason, with the conditions as what changes.
fn exclude_items(version: &Version) -> Vec<Item> {
    let item = |entry: &Entry| {
        let (what, said) = (format!("exclude {}", entry.label), subject(entry));
        let item = Item::of(Section::Exclude, version, entry, what, said);
        Item { subject: entry.label.clone(), who: entry.label.replace('_', " "), ..item }
    };
    version.excludes().iter().map(item).collect()
}

fn rate_items(version: &Version) -> Vec<Item> {
    let size = |rate: &Rate| match rate {
        Rate::Percent(ppm) => Some((None, i64::from(ppm.get()))),
        Rate::Flat(amount) => Some((Some(version.currency()), amount.get())),
        _ => None,
    };
    let rates = version.rates().iter().zip(&version.rate_values);
    rates
        .map(|(entry, rate)| {
            let what = format!("rate for {}", subject(entry));
            let item = Item::of(Section::Rate, version, entry, what, entry.label.clone());
            item.size(size(rate))
        })
        .collect()
}

fn bonus_items(version: &Version) -> Vec<Item> {
    let bonuses = version.bonuses().iter().zip(&version.bonus_values);
    bonuses
        .map(|(entry, amount)| {
            let what = format!("bonus for {}", subject(entry));
            let said = format!("{} {}", entry.label, version.currency());
            Item::of(Section::Bonus, version, entry, what, said)
                .size(Some((Some(version.currency()), amount.get())))
        })
        .collect()
}

fn cap_items(version: &Version) -> Vec<Item> {
    let Some(cap) = &version.cap else { return Vec::new() };
    let limit = version.currency().written(cap.limit.get());
    let limit = format!("{limit} {}", version.currency());
    let plain =
        |what: &str, subject, said| Item::plain(Section::Cap, what.to_owned(), subject, said);
    vec![
        plain("cap", "limit", limit)
            .clause(version.cap_clause())
            .size(Some((Some(version.currency()), cap.limit.get()))),
        plain("cap covers", "covers", covers_words(cap)),
        plain("cap scope", "scope", scope_word(cap).to_owned()),
    ]
}

fn flag_items(version: &Version) -> Vec<Item> {
    let flags = version.flags().iter().zip(version.effects());
    flags
        .map(|(entry, effect)| {
            let about = format!("{} for {}", entry.label, subject(entry));
            let (what, said) = (format!("flag {about}"), effect.word().to_owned());
            let item = Item::of(Section::Flag, version, entry, what, said);
            Item { subject: about.clone(), who: about, ..item }
        })
        .collect()
}

fn other_items(version: &Version) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some(name) = version.tree_name() {
        let (what, name) = ("category tree".to_owned(), name.to_owned());
        items.push(Item::plain(Section::Tree, what, "category_tree", name));
    }
    if let Some(plugin) = version.plugin() {
        let name = plugin.name.clone();
        items.push(Item::plain(Section::Plugin, "plugin".to_owned(), "name", name));
        for one in &plugin.aggregates {
            let words = crate::plugin_file::words(*one);
            items.push(Item::plain(
                Section::Plugin,
                "plugin is told".to_owned(),
                &words,
                words.clone(),
            ));
        }
        for line in plugin.config.lines() {
            let (key, value) = line.split_once(" = ").unwrap_or((line, ""));
            let (what, value) = (format!("plugin {key}"), value.to_owned());
            items.push(Item::plain(Section::Plugin, what, key, value));
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

    #[test]
    fn a_difference_is_told_as_a_publisher_asks() {
        let before = version_with(
            "effective_on = 2024-01-01",
            "attribution_window = \"P3D\"",
            "[assumed]\n\"policy.rounding\" = \"not stated\"\n\"cap.scope\" = \"unclear\"\n\
             [groups]\neu = [\"DE\", \"FR\"]\n\
             [[exclude]]\nreason = \"seller\"\nnot_seller_countries = [\"CN\"]\n\
             [[exclude]]\nreason = \"seller\"\nhosts = [\"a.example\"]\n\
             [[rate]]\nrate = \"3%\"\ncategories = [11, 20]\n\
             [[rate]]\nrate = \"2%\"\nship_to = [\"@eu\"]\n\
             [[rate]]\nrate = \"unknown\"\nbuyer = \"new\"\n\
             [[rate]]\nrate = \"5%\"\n\
             [[bonus]]\nfor = \"new_buyer\"\namount = \"2.00\"\nship_to = [\"NO\"]\n\
             [cap]\nper_order = \"50.00\"\ncovers = [\"commission\"]\n",
        );
        let after = version_with(
            "effective_on = 2024-02-01\nannounced_on = 2024-01-25\nstatus = \"estimated\"",
            "",
            "[assumed]\n\"policy.rounding\" = \"OPEN: not stated\"\n\
             [groups]\neu = [\"FR\", \"IT\"]\n\
             [[exclude]]\nreason = \"seller\"\nnot_seller_countries = [\"CN\", \"ES\"]\nclause = \"4\"\n\
             [[exclude]]\nreason = \"seller\"\nstores = [7]\n\
             [[rate]]\nrate = \"3%\"\ncategories = [11, 12]\n\
             [[rate]]\nrate = \"2%\"\nship_to = [\"@eu\"]\nclause = \"2\"\n\
             [[rate]]\nrate = { min = \"1%\", max = \"2%\" }\nbuyer = \"new\"\n\
             [[rate]]\nrate = \"6%\"\n\
             [[bonus]]\nfor = \"new_buyer\"\namount = \"1.50\"\nship_to = [\"NO\"]\n\
             [cap]\nper_order = \"60.00\"\ncovers = [\"commission\", \"bonus\"]\n\
             [[flag]]\nkind = \"fraud\"\neffect = \"hold\"\n",
        );
        let program = program(&[("2024-01-01.toml", &before), ("2024-02-01.toml", &after)]);
        let told: Vec<String> =
            difference(&program, &program.versions()[0], &program.versions()[1])
                .iter()
                .map(|change| {
                    format!("{} | {} | {}", change.section.word(), change.subject, change.words)
                })
                .collect();
        assert_eq!(
            told,
            [
                "effect | effective | takes effect at 2024-02-01T00:00:00+01:00",
                "effect | announced_on | announced on 2024-01-25, 7 days before; 14 days are promised",
                "effect | status | the file is estimated",
                "rate | 3% | 3%: categories now also 12, no longer 20",
                "rate | ship-to @eu | ship-to @eu: as before, now by clause 2",
                "rate | buyer new | buyer new: band 1%..2%; before: a number that is lost",
                "rate | all | all lines that nothing before names: raised from 5% to 6%",
                "exclude | seller | seller: seller countries not CN, ES, before not CN (clause 4)",
                "exclude | seller | seller: gone, was hosts a.example",
                "exclude | seller | seller: new, stores 7",
                "bonus | ship-to NO; buyer new | ship-to NO; buyer new: lowered from 2.00 USD to 1.50 USD",
                "cap | limit | limit: raised from 50.00 USD to 60.00 USD",
                "cap | covers | covers: commission and bonus; before: commission",
                "policy | attribution_window | attribution window: gone, was 3 days from click to order; exactly that still counts",
                "flag | fraud for all | fraud for all: new, hold",
                "group | @eu | @eu: now also IT, no longer DE",
                "assumed | policy.rounding | policy.rounding: to be confirmed: not stated",
                "assumed | cap.scope | cap.scope: no longer assumed, was: unclear",
            ]
        );
    }
}
