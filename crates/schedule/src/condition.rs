//! The conditions of an entry: the closed set of keys, read, checked and put in a normal form.
//!
//! Owns which key asks for which fact and which words it takes. Refuses to match: that is the
//! matcher's, which sees all entries of a version at once.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use feebook_kernel::Minor;

use crate::codes;
use crate::diagnostic::nearest;
use crate::dimension::Dimension;
use crate::document::{Node, Reader, Table, Value};
use crate::iso::{self, Currency};
use crate::tree::Tree;

/// What a condition demands of its fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    /// One of these values.
    Among(BTreeSet<String>),
    /// A known value that is none of these.
    NotAmong(BTreeSet<String>),
    /// This unit price or more.
    PriceFrom(Minor),
    /// Less than this unit price.
    PriceBelow(Minor),
    /// This day or later.
    From(NaiveDate),
    /// Before this day.
    Until(NaiveDate),
}

/// One condition of an entry.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    /// The key as written.
    pub(crate) key: &'static str,
    /// The fact it asks for.
    pub(crate) dimension: Dimension,
    /// What it demands.
    pub(crate) test: Test,
    /// The values as written, `@groups` not expanded.
    pub(crate) written: Vec<String>,
}

impl Condition {
    /// Whether whatever passes this condition also passes another one. May say no where it does;
    /// never says yes where it does not.
    pub(crate) fn implies(&self, other: &Self, tree: Option<&Tree>) -> bool {
        if self.dimension != other.dimension {
            return false;
        }
        match (&self.test, &other.test) {
            (Test::Among(mine), Test::Among(theirs)) => mine.iter().all(|value| {
                theirs.contains(value)
                    || tree.is_some_and(|tree| {
                        self.dimension == Dimension::Category
                            && tree.lineage(value).any(|above| theirs.contains(above))
                    })
            }),
            (Test::NotAmong(mine), Test::NotAmong(theirs)) => theirs.is_subset(mine),
            // A category below a listed one may be among the others, so nothing is said of those.
            (Test::Among(mine), Test::NotAmong(theirs)) => {
                self.dimension != Dimension::Category && mine.is_disjoint(theirs)
            }
            (Test::PriceFrom(mine), Test::PriceFrom(theirs)) => mine >= theirs,
            (Test::PriceBelow(mine), Test::PriceBelow(theirs)) => mine <= theirs,
            (Test::From(mine), Test::From(theirs)) => mine >= theirs,
            (Test::Until(mine), Test::Until(theirs)) => mine <= theirs,
            _ => false,
        }
    }

    /// Whether a named value passes, a category with all above it.
    pub(crate) fn passes(&self, value: &str, tree: Option<&Tree>) -> bool {
        let within = |set: &BTreeSet<String>| match tree {
            Some(tree) if self.dimension == Dimension::Category => {
                tree.lineage(value).any(|above| set.contains(above))
            }
            _ => set.contains(value),
        };
        match &self.test {
            Test::Among(set) => within(set),
            Test::NotAmong(set) => !within(set),
            _ => true,
        }
    }

    /// The values that the condition names.
    pub(crate) fn values(&self) -> Option<&BTreeSet<String>> {
        match &self.test {
            Test::Among(set) | Test::NotAmong(set) => Some(set),
            _ => None,
        }
    }
}

/// What the values of a key are.
#[derive(Clone, Copy)]
enum Kind {
    Ids,
    Countries,
    Hosts,
    Currencies,
    Words(&'static [&'static str]),
    Channels,
    PriceFrom,
    PriceBelow,
    From,
    Until,
}

/// A key: its name, its fact, whether it is a `not_` form, and its values.
type KeyRow = (&'static str, Dimension, bool, Kind);

pub(crate) const PLACEMENT_KINDS: &[&str] =
    &["content", "cashback", "coupon", "sem", "extension", "email", "social", "other"];

static KEYS: [KeyRow; 25] = [
    ("categories", Dimension::Category, false, Kind::Ids),
    ("not_categories", Dimension::Category, true, Kind::Ids),
    ("ship_to", Dimension::ShipTo, false, Kind::Countries),
    ("not_ship_to", Dimension::ShipTo, true, Kind::Countries),
    ("click_countries", Dimension::ClickCountry, false, Kind::Countries),
    ("not_click_countries", Dimension::ClickCountry, true, Kind::Countries),
    ("click_country", Dimension::SameCountry, false, Kind::Words(&["same"])),
    ("seller_countries", Dimension::SellerCountry, false, Kind::Countries),
    ("not_seller_countries", Dimension::SellerCountry, true, Kind::Countries),
    ("hosts", Dimension::Host, false, Kind::Hosts),
    ("stores", Dimension::Store, false, Kind::Ids),
    ("products", Dimension::Product, false, Kind::Ids),
    ("marks", Dimension::Mark, false, Kind::Ids),
    ("currencies", Dimension::Currency, false, Kind::Currencies),
    ("buyer", Dimension::Buyer, false, Kind::Words(&["new", "returning"])),
    ("item", Dimension::Item, false, Kind::Words(&["hot", "affiliate", "not_affiliate"])),
    ("platform", Dimension::Platform, false, Kind::Words(&["app", "web"])),
    ("link", Dimension::Link, false, Kind::Words(&["product", "store", "other"])),
    ("coupon", Dimension::Coupon, false, Kind::Words(&["yes", "no"])),
    ("placement_kind", Dimension::PlacementKind, false, Kind::Words(PLACEMENT_KINDS)),
    ("channel", Dimension::Channel, false, Kind::Channels),
    ("price_from", Dimension::Price, false, Kind::PriceFrom),
    ("price_below", Dimension::Price, false, Kind::PriceBelow),
    ("on_from", Dimension::Day, false, Kind::From),
    ("on_until", Dimension::Day, false, Kind::Until),
];

const FILL: &str = "fill the list, or remove the key";

/// Returns the names of all condition keys.
pub(crate) fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|row| row.0)
}

/// A named list under `[groups]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name, without `@`.
    pub name: String,
    /// The members in file order.
    pub members: Vec<String>,
}

/// What conditions are read against: the groups of the file and the decimals of its money.
pub(crate) struct Scope {
    pub(crate) groups: Vec<(Group, Vec<Node>)>,
    pub(crate) currency: Option<Currency>,
}

/// Reads `[groups]`.
pub(crate) fn read_groups(reader: &mut Reader<'_>, root: &Table) -> Vec<(Group, Vec<Node>)> {
    let Some(table) = root.get("groups").and_then(|node| reader.table(node, "groups")) else {
        return Vec::new();
    };
    let mut groups = Vec::new();
    for (key, node) in &table.entries {
        let Some(list) = reader.list(node, &key.name) else { continue };
        if !is_word(&key.name) {
            let message = format!("`{}` is no name for a group", key.name);
            let hint = as_word(&key.name);
            reader.problem_hint(&codes::BAD_NAME, key.span.clone(), message, hint);
        }
        if list.is_empty() {
            let message = format!("group `{}` has no members", key.name);
            reader.problem_hint(&codes::EMPTY_LIST, node.span.clone(), message, FILL);
        }
        let mut members = Vec::new();
        for member in list {
            let Some(id) = reader.id(member, &key.name) else { continue };
            if id.starts_with('@') {
                let message = format!("group `{}` names the group `{id}`", key.name);
                let hint = "write the members of both; a condition may name several groups";
                reader.problem_hint(&codes::GROUP_MEMBER, member.span.clone(), message, hint);
            }
            members.push(id);
        }
        groups.push((Group { name: key.name.clone(), members }, list.to_vec()));
    }
    groups
}

/// Reads all conditions of an entry.
pub(crate) fn read_conditions(
    reader: &mut Reader<'_>,
    entry: &Table,
    scope: &Scope,
) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for row in &KEYS {
        let Some(node) = entry.get(row.0) else { continue };
        if let Some(condition) = read_condition(reader, node, row, scope) {
            conditions.push(condition);
        }
    }
    check_ranges(reader, entry, &conditions);
    conditions
}

fn read_condition(
    reader: &mut Reader<'_>,
    node: &Node,
    row: &KeyRow,
    scope: &Scope,
) -> Option<Condition> {
    let (key, dimension, negated, kind) = *row;
    let money = |reader: &mut Reader<'_>| {
        // Without a readable currency its own problem is told; two decimals are the usual ones.
        let decimals = scope.currency.map_or(2, |currency| currency.decimals());
        let amount = reader.money(node, key, decimals)?;
        Some((amount, vec![iso::written(amount.get(), decimals)]))
    };
    let day = |reader: &mut Reader<'_>| {
        let day = reader.date(node, key)?;
        Some((day, vec![day.to_string()]))
    };
    let (test, written) = match kind {
        Kind::PriceFrom => money(reader).map(|(at, written)| (Test::PriceFrom(at), written))?,
        Kind::PriceBelow => money(reader).map(|(at, written)| (Test::PriceBelow(at), written))?,
        Kind::From => day(reader).map(|(on, written)| (Test::From(on), written))?,
        Kind::Until => day(reader).map(|(on, written)| (Test::Until(on), written))?,
        _ => {
            let (values, written) = read_values(reader, node, key, kind, scope)?;
            let test = if negated { Test::NotAmong(values) } else { Test::Among(values) };
            (test, written)
        }
    };
    Some(Condition { key, dimension, test, written })
}

/// Takes the values of a list condition: expanded, and as written.
fn read_values(
    reader: &mut Reader<'_>,
    node: &Node,
    key: &'static str,
    kind: Kind,
    scope: &Scope,
) -> Option<(BTreeSet<String>, Vec<String>)> {
    let single = matches!(kind, Kind::Words(_) | Kind::Channels);
    let list = if single { reader.one_or_more(node) } else { reader.list(node, key)? };
    if list.is_empty() {
        let message = format!("`{key}` is an empty list");
        reader.problem_hint(&codes::EMPTY_LIST, node.span.clone(), message, FILL);
        return None;
    }
    let mut values = BTreeSet::new();
    let mut written = Vec::new();
    for item in list {
        let Some(text) = reader.id(item, key) else { continue };
        if let Some(name) = text.strip_prefix('@') {
            for member in members(reader, item, name, scope) {
                values.extend(read_value(reader, member, key, kind));
            }
        } else {
            values.extend(read_value(reader, item, key, kind));
        }
        written.push(text);
    }
    Some((values, written))
}

/// The members of a group that a condition names.
fn members<'s>(reader: &mut Reader<'_>, item: &Node, name: &str, scope: &'s Scope) -> &'s [Node] {
    if let Some((_, members)) = scope.groups.iter().find(|(group, _)| group.name == name) {
        return members;
    }
    let names: Vec<&str> = scope.groups.iter().map(|(group, _)| group.name.as_str()).collect();
    let hint = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `@{near}`?"),
        None if names.is_empty() => format!("add `{name} = […]` under [groups]"),
        None => format!("known groups are @{}", names.join(", @")),
    };
    let message = format!("group `@{name}` is not under [groups]");
    reader.problem_hint(&codes::GROUP, item.span.clone(), message, hint);
    &[]
}

/// Takes one value and checks it against what the key takes.
fn read_value(
    reader: &mut Reader<'_>,
    item: &Node,
    key: &'static str,
    kind: Kind,
) -> Option<String> {
    let text = match &item.value {
        Value::Integer(_) | Value::Text(_) => reader.id(item, key)?,
        _ => return None,
    };
    match kind {
        Kind::Countries => country(reader, item, &text).then_some(text),
        Kind::Currencies => currency(reader, item, &text).map(|_| text),
        Kind::Words(words) => {
            let words: Vec<(&str, ())> = words.iter().map(|word| (*word, ())).collect();
            reader.word(item, key, &words).map(|()| text)
        }
        Kind::Channels if !is_word(&text) => {
            not_a_name(reader, item, key, &text, &as_word(&text));
            None
        }
        Kind::Hosts | Kind::Ids
            if text.is_empty() || text.contains(|c: char| c.is_whitespace()) =>
        {
            not_a_name(reader, item, key, &text, "ids and hosts are not empty and hold no blanks");
            None
        }
        Kind::Hosts => Some(text.to_lowercase()),
        _ => Some(text),
    }
}

fn not_a_name(reader: &mut Reader<'_>, item: &Node, key: &str, text: &str, hint: &str) {
    let message = format!("`{key}` names \"{text}\", which is no name");
    reader.problem_hint(&codes::BAD_NAME, item.span.clone(), message, hint);
}

/// What to write instead of a text that is no lowercase word.
pub(crate) fn as_word(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let word: String = text.trim().to_lowercase().chars().map(plain).collect();
    let word = word.trim_matches(['_', '-']);
    if is_word(word) {
        format!("write \"{word}\": a lowercase word of a-z, 0-9, _ and -")
    } else {
        "write a lowercase word of a-z, 0-9, _ and -".to_owned()
    }
}

/// Whether a text is a country, told if not.
fn country(reader: &mut Reader<'_>, item: &Node, text: &str) -> bool {
    let known = iso::is_country(text);
    if !known {
        let capitals = text.to_uppercase();
        let hint = if capitals == "UK" {
            "the United Kingdom is GB".to_owned()
        } else if capitals == "EU" {
            "list its members, as in `eu = [\"AT\", …]` under [groups], and write \"@eu\""
                .to_owned()
        } else if iso::is_country(&capitals) {
            format!("write \"{capitals}\"")
        } else {
            "write the two capitals of ISO 3166, such as NO or DE".to_owned()
        };
        let message = format!("\"{text}\" is no country");
        reader.problem_hint(&codes::COUNTRY, item.span.clone(), message, hint);
    }
    known
}

/// Finds a currency, told if there is none.
pub(crate) fn currency(reader: &mut Reader<'_>, item: &Node, text: &str) -> Option<Currency> {
    let found = Currency::parse(text);
    if found.is_none() {
        let capitals = text.to_uppercase();
        let hint = match Currency::parse(&capitals) {
            Some(_) => format!("write \"{capitals}\""),
            None => "write the three capitals of ISO 4217, such as NOK or USD".to_owned(),
        };
        let message = format!("\"{text}\" is no currency");
        reader.problem_hint(&codes::CURRENCY, item.span.clone(), message, hint);
    }
    found
}

/// Whether a text is a lowercase word: a channel, a kind, a reason, a group.
pub(crate) fn is_word(text: &str) -> bool {
    let tail = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
    };
    text.bytes().next().is_some_and(|first| first.is_ascii_lowercase()) && text.bytes().all(tail)
}

/// Tells a range of prices or days that holds nothing.
fn check_ranges(reader: &mut Reader<'_>, entry: &Table, conditions: &[Condition]) {
    let find = |key: &str| conditions.iter().find(|condition| condition.key == key);
    for (from, below) in [("price_from", "price_below"), ("on_from", "on_until")] {
        let (Some(low), Some(high), Some(node)) = (find(from), find(below), entry.get(below))
        else {
            continue;
        };
        let empty = match (&low.test, &high.test) {
            (Test::PriceFrom(low), Test::PriceBelow(high)) => low >= high,
            (Test::From(low), Test::Until(high)) => low >= high,
            _ => false,
        };
        if empty {
            let (low, high) = (low.written.join(""), high.written.join(""));
            let above = if below == "on_until" { "after" } else { "above" };
            let message = format!("`{below}` {high} is not {above} `{from}` {low}");
            let hint = format!("`{from}` is part of the range, `{below}` is not");
            reader.problem_hint(&codes::EMPTY_RANGE, node.span.clone(), message, hint);
        }
    }
}

/// How many values of a list are written out for people.
const SHOWN: usize = 40;

/// Writes conditions in words; empty when there are none. Groups show their first members if
/// `groups` are given, and long lists their first values.
pub(crate) fn in_words(conditions: &[Condition], groups: &[Group]) -> String {
    join(conditions, groups, SHOWN)
}

/// Writes conditions in words with every value, groups by their names: equal texts are equal
/// conditions as long as the groups are equal.
pub(crate) fn in_full(conditions: &[Condition]) -> String {
    join(conditions, &[], usize::MAX)
}

/// Writes conditions in words with every value, and a few categories with their names.
pub(crate) fn in_names(conditions: &[Condition], tree: Option<&Tree>) -> String {
    let parts: Vec<String> = conditions
        .iter()
        .map(|condition| {
            let named = condition.dimension == Dimension::Category
                && condition.written.len() <= NAMED
                && tree.is_some();
            let with_name = |value: &String| match tree.and_then(|tree| tree.name(value)) {
                Some(name) if named && name != value => format!("{value} ({name})"),
                _ => value.clone(),
            };
            let values: Vec<String> = condition.written.iter().map(with_name).collect();
            with_key(condition.key, &values.join(", "))
        })
        .collect();
    parts.join("; ")
}

/// How many categories are told with their names.
const NAMED: usize = 6;

fn join(conditions: &[Condition], groups: &[Group], shown: usize) -> String {
    let parts: Vec<String> =
        conditions.iter().map(|condition| one_in_words(condition, groups, shown)).collect();
    parts.join("; ")
}

fn one_in_words(condition: &Condition, groups: &[Group], shown: usize) -> String {
    let mut values: Vec<String> =
        condition.written.iter().take(shown).map(|value| with_members(value, groups)).collect();
    if condition.written.len() > shown {
        values.push(format!("… {} in all", condition.written.len()));
    }
    with_key(condition.key, &values.join(", "))
}

/// The words of a condition's key, with its values.
pub(crate) fn with_key(key: &str, values: &str) -> String {
    match key {
        "click_country" => "click from the ship-to country".to_owned(),
        "price_from" => format!("price from {values}"),
        "price_below" => format!("price below {values}"),
        "on_from" => format!("from {values}"),
        "on_until" => format!("before {values}"),
        "ship_to" => format!("ship-to {values}"),
        "not_ship_to" => format!("ship-to not {values}"),
        key => match key.strip_prefix("not_") {
            Some(key) => format!("{} not {values}", key.replace('_', " ")),
            None => format!("{} {values}", key.replace('_', " ")),
        },
    }
}

/// A value; a group with its first members.
fn with_members(value: &str, groups: &[Group]) -> String {
    let group = value.strip_prefix('@').and_then(|name| groups.iter().find(|g| g.name == name));
    match group {
        Some(group) if group.members.len() > 4 => {
            format!("{value} ({} …)", group.members[..2].join(", "))
        }
        Some(group) => format!("{value} ({})", group.members.join(", ")),
        None => value.to_owned(),
    }
}
