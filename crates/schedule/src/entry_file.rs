//! Reads the lists of a version: `[[exclude]]`, `[[rate]]`, `[[bonus]]`, `[[flag]]`, and `[cap]`.
//!
//! Owns the keys of an entry beside its conditions. Refuses to compile: that needs all entries.

use feebook_kernel::{Cap, CapScope, Covers, Effect, Minor, Rate};

use crate::codes;
use crate::common::optional_text;
use crate::condition::{self, Scope, Test, as_word, in_words, is_word, read_conditions};
use crate::diagnostic::Place;
use crate::dimension::Dimension;
use crate::document::{Node, Reader, Table, Value};
use crate::iso;
use crate::version::Entry;

/// A list of entries with what each gives.
pub(crate) type Entries<T> = (Vec<Entry>, Vec<T>);

/// Reads `[[exclude]]`.
pub(crate) fn read_excludes(reader: &mut Reader<'_>, root: &Table, scope: &Scope) -> Entries<()> {
    read_list(reader, root, scope, "exclude", &["reason"], |reader, table, _| {
        let reason = word(reader, table, "reason").unwrap_or_else(|| "exclusion".to_owned());
        Some((reason, ()))
    })
}

/// Reads `[[rate]]`; at least one is required.
pub(crate) fn read_rates(
    reader: &mut Reader<'_>,
    root: &Table,
    scope: &Scope,
    plugin: bool,
) -> Entries<Rate> {
    let read =
        read_list(reader, root, scope, "rate", &["rate", "amount"], |reader, table, scope| {
            read_rate(reader, table, scope, plugin)
        });
    let listed = root.get("rate").map(|node| &node.value);
    if listed.is_none() || matches!(listed, Some(Value::Array(list)) if list.is_empty()) {
        let message = "the version has no [[rate]]";
        let hint = "add one; rate = \"unknown\" where the number is lost";
        reader.problem_hint(&codes::MISSING_KEY, root.span.clone(), message, hint);
    }
    read
}

/// Reads `[[bonus]]`; `for = "new_buyer"` is the condition `buyer = "new"`.
pub(crate) fn read_bonuses(reader: &mut Reader<'_>, root: &Table, scope: &Scope) -> Entries<Minor> {
    read_list(reader, root, scope, "bonus", &["for", "amount"], |reader, table, scope| {
        let node = reader.required(table, "the bonus", "amount")?;
        let decimals = decimals(scope);
        let amount = reader.money(node, "amount", decimals)?;
        Some((iso::written(amount.get(), decimals), amount))
    })
}

/// Reads `[[flag]]`.
pub(crate) fn read_flags(reader: &mut Reader<'_>, root: &Table, scope: &Scope) -> Entries<Effect> {
    read_list(reader, root, scope, "flag", &["kind", "effect"], |reader, table, _| {
        let words = &[
            ("disqualify", Effect::Disqualify),
            ("hold", Effect::Hold),
            ("withhold_bonus", Effect::WithholdBonus),
        ];
        reader.required(table, "the flag", "kind");
        let kind = word(reader, table, "kind");
        let effect = reader.required(table, "the flag", "effect");
        let effect = effect.and_then(|node| reader.word(node, "effect", words));
        kind.zip(effect)
    })
}

/// Reads one list of entries. `own` are its keys beside `clause` and the conditions.
fn read_list<T>(
    reader: &mut Reader<'_>,
    root: &Table,
    scope: &Scope,
    name: &str,
    own: &'static [&'static str],
    mut read_value: impl FnMut(&mut Reader<'_>, &Table, &Scope) -> Option<(String, T)>,
) -> Entries<T> {
    let (mut entries, mut values) = (Vec::new(), Vec::new());
    let Some(node) = root.get(name) else { return (entries, values) };
    let Some(list) = reader.list(node, name) else { return (entries, values) };
    let known: Vec<&str> =
        ["clause"].into_iter().chain(own.iter().copied()).chain(condition::keys()).collect();
    for item in list {
        let Some(table) = reader.table(item, name) else { continue };
        reader.known(table, &format!("[[{name}]]"), &known);
        let given = read_value(reader, table, scope);
        let entry = read_entry(reader, table, scope);
        if let Some((label, value)) = given {
            entries.push(Entry { label, ..entry });
            values.push(value);
        }
    }
    (entries, values)
}

/// Reads clause and conditions of an entry.
fn read_entry(reader: &mut Reader<'_>, table: &Table, scope: &Scope) -> Entry {
    let mut conditions = read_conditions(reader, table, scope);
    if let Some(node) = table.get("for") {
        conditions.extend(read_for(reader, node, &conditions));
    }
    let groups: Vec<_> = scope.groups.iter().map(|(group, _)| group.clone()).collect();
    let mut named: Vec<String> = conditions
        .iter()
        .flat_map(|condition| condition.written.iter())
        .filter_map(|value| value.strip_prefix('@').map(str::to_owned))
        .collect();
    named.sort_unstable();
    named.dedup();
    Entry {
        clause: optional_text(reader, table, "clause"),
        label: String::new(),
        place: Place::of(reader.file, reader.text, table.span.start),
        groups: named,
        words: in_words(&conditions, &groups),
        conditions,
    }
}

/// `for = "new_buyer"` as a condition; none when the entry says `buyer = "new"` itself.
fn read_for(
    reader: &mut Reader<'_>,
    node: &Node,
    conditions: &[condition::Condition],
) -> Option<condition::Condition> {
    reader.word(node, "for", &[("new_buyer", ())])?;
    let buyer = conditions.iter().find(|condition| condition.dimension == Dimension::Buyer);
    match buyer.map(|condition| &condition.test) {
        Some(Test::Among(words)) if !words.contains("new") => {
            let message = "`for` is \"new_buyer\" and `buyer` is \"returning\"";
            let hint = "remove one of them";
            reader.problem_hint(&codes::CONTRADICTION, node.span.clone(), message, hint);
            None
        }
        _ => Some(condition::Condition {
            key: "buyer",
            dimension: Dimension::Buyer,
            test: Test::Among(["new".to_owned()].into()),
            written: vec!["new".to_owned()],
        }),
    }
}

/// Takes an optional lowercase word: a reason, a kind.
fn word(reader: &mut Reader<'_>, table: &Table, key: &str) -> Option<String> {
    let node = table.get(key)?;
    let text = reader.text_of(node, key)?;
    if !is_word(text) {
        let message = format!("`{key}` is \"{text}\", which is no lowercase word");
        reader.problem_hint(&codes::BAD_NAME, node.span.clone(), message, as_word(text));
        return None;
    }
    Some(text.to_owned())
}

/// Decimals of the policy's money; two, the usual ones, when its currency could not be read.
fn decimals(scope: &Scope) -> u32 {
    scope.currency.map_or(2, |currency| currency.decimals())
}

/// What a `[[rate]]` gives: exactly one of `rate` and `amount`.
fn read_rate(
    reader: &mut Reader<'_>,
    table: &Table,
    scope: &Scope,
    plugin: bool,
) -> Option<(String, Rate)> {
    match (table.get("rate"), table.get("amount")) {
        (Some(node), None) => read_rate_value(reader, node, plugin),
        (None, Some(node)) => {
            let decimals = decimals(scope);
            let amount = reader.money(node, "amount", decimals)?;
            let label = format!("flat {}", iso::written(amount.get(), decimals));
            Some((label, Rate::Flat(amount)))
        }
        (rate, _) => {
            let (told, hint) = if rate.is_some() {
                ("both", "remove one of them")
            } else {
                ("neither", "add `rate = \"5%\"`; rate = \"unknown\" where the number is lost")
            };
            let message = format!("the entry has {told} of `rate` and `amount`, expected one");
            reader.problem_hint(&codes::KEY_PAIR, table.span.clone(), message, hint);
            None
        }
    }
}

fn read_rate_value(reader: &mut Reader<'_>, node: &Node, plugin: bool) -> Option<(String, Rate)> {
    if let Value::Table(band) = &node.value {
        return read_band(reader, node, band);
    }
    let word = if let Value::Text(word) = &node.value { word } else { "" };
    match word {
        "unknown" => Some(("unknown".to_owned(), Rate::Unknown)),
        "plugin" => {
            if !plugin {
                let message = "`rate` is \"plugin\", but the version has no [plugin]";
                let hint = "add [plugin] with its name";
                reader.problem_hint(&codes::NO_PLUGIN, node.span.clone(), message, hint);
            }
            Some(("plugin".to_owned(), Rate::Plugin))
        }
        _ => {
            let rate = reader.rate(node, "rate")?;
            Some((iso::percent(rate), Rate::Percent(rate)))
        }
    }
}

/// A band: the seller sets the rate between two bounds, both included.
fn read_band(reader: &mut Reader<'_>, node: &Node, band: &Table) -> Option<(String, Rate)> {
    reader.known(band, "a band", &["min", "max"]);
    let min = reader.required(band, "the band", "min").and_then(|min| reader.rate(min, "min"));
    let max = reader.required(band, "the band", "max").and_then(|max| reader.rate(max, "max"));
    let (min, max) = min.zip(max)?;
    let (low, high) = (iso::percent(min), iso::percent(max));
    if min > max {
        let message = format!("`min` {low} is above `max` {high}");
        let hint = "a band is written from its lower bound to its upper one";
        reader.problem_hint(&codes::EMPTY_RANGE, node.span.clone(), message, hint);
    }
    Some((format!("band {low}..{high}"), Rate::Band { min, max }))
}

/// Reads `[cap]` with its clause.
pub(crate) fn read_cap(
    reader: &mut Reader<'_>,
    root: &Table,
    scope: &Scope,
) -> (Option<Cap>, Option<String>) {
    let Some(table) = root.get("cap").and_then(|node| reader.table(node, "cap")) else {
        return (None, None);
    };
    reader.known(table, "[cap]", &["clause", "per_order", "covers", "scope"]);
    let limit = reader.required(table, "the cap", "per_order");
    let limit = limit.and_then(|node| reader.money(node, "per_order", decimals(scope)));
    let covers = reader.required(table, "the cap", "covers");
    let covers = covers.and_then(|node| read_covers(reader, node));
    let words = &[("order", CapScope::Order), ("line", CapScope::Line)];
    let scope = match table.get("scope") {
        Some(node) => reader.word(node, "scope", words),
        None => Some(CapScope::Order),
    };
    let cap = limit.zip(covers).zip(scope);
    let cap = cap.map(|((limit, covers), scope)| Cap { limit, covers, scope });
    (cap, optional_text(reader, table, "clause"))
}

fn read_covers(reader: &mut Reader<'_>, node: &Node) -> Option<Covers> {
    let list = reader.list(node, "covers")?;
    if list.is_empty() {
        let hint = "name what the cap covers, or remove [cap]";
        let message = "`covers` is an empty list";
        reader.problem_hint(&codes::EMPTY_LIST, node.span.clone(), message, hint);
        return None;
    }
    let words = &[("commission", 0), ("incentive", 1), ("bonus", 2)];
    let mut covers = Covers::default();
    for item in list {
        match reader.word(item, "covers", words) {
            Some(0) => covers.commission = true,
            Some(1) => covers.incentive = true,
            Some(_) => covers.bonus = true,
            None => {}
        }
    }
    Some(covers)
}
