//! Reads one version file: head, policies, lists; checks it by itself and compiles it.
//!
//! Refuses: other files. What needs several (overlaps, amendments) is the book's.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use feebook_kernel::{BasisRule, Rounding, ServiceFee, WhenUnknown};

use crate::codes;
use crate::common::{check_format, optional_text, places, read_assumed, required_text};
use crate::condition::{self, Condition, Scope, Test, read_conditions, read_groups};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::dimension::Dimension;
use crate::document::{Key, Reader, Table};
use crate::entry_file::{read_bonuses, read_cap, read_excludes, read_flags, read_rates};
use crate::iso::Currency;
use crate::matcher::{MOST_ENTRIES, MOST_MARKS, Matcher, TooMany};
use crate::plugin_file::read_plugin;
use crate::source::Source;
use crate::tree::Tree;
use crate::version::{Entry, FxOn, Header, Policy, Status, Version};
use crate::zone;

const KEYS: &[&str] = &[
    "format",
    "effective_on",
    "effective_at",
    "ends_on",
    "ends_at",
    "announced_on",
    "learned_on",
    "supersedes",
    "checked_on",
    "status",
    "source",
    "category_tree",
    "assumed",
    "policy",
    "groups",
    "exclude",
    "rate",
    "bonus",
    "cap",
    "flag",
    "plugin",
];
const POLICY: &[&str] = &[
    "basis",
    "currency",
    "rounding",
    "attribution_window",
    "service_fee",
    "fx_on",
    "bonus_without_commission",
    "expires_after",
    "clauses",
];
const CLAUSES: &[&str] = &[
    "qualified",
    "basis",
    "currency",
    "rounding",
    "attribution_window",
    "service_fee",
    "fx_on",
    "bonus_without_commission",
    "expires_after",
];
/// Keys whose absence means something, so that they can be assumed without being there.
const ASSUMABLE: &[&str] = &[
    "ends_on",
    "ends_at",
    "category_tree",
    "policy.attribution_window",
    "policy.service_fee",
    "policy.service_fee.when_unknown",
    "policy.service_fee.ship_to",
    "policy.fx_on",
    "policy.bonus_without_commission",
    "policy.expires_after",
    "cap",
    "cap.scope",
    "exclude",
    "bonus",
    "flag",
];
const WHAT: &str = "the version";

/// The period that a file claims, known even if the rest of it is broken.
#[derive(Clone, Debug)]
pub(crate) struct Period {
    pub(crate) start: i64,
    pub(crate) end: Option<i64>,
    pub(crate) start_span: Range<usize>,
    pub(crate) end_span: Range<usize>,
}

/// What could be read of a version.
pub(crate) struct VersionRead {
    pub(crate) source: Source,
    pub(crate) period: Option<Period>,
    pub(crate) supersedes: Option<(String, Range<usize>)>,
    pub(crate) learned_on: Option<NaiveDate>,
    /// None if the file has an error.
    pub(crate) version: Option<Version>,
}

/// What the program gives its versions.
pub(crate) struct Surroundings<'p> {
    pub(crate) zone: Option<Tz>,
    pub(crate) trees: &'p BTreeMap<String, Arc<Tree>>,
    /// A tree of the program that could not be read; it is not told again as unknown.
    pub(crate) broken_trees: &'p [String],
    /// Whether the file lies in the program's folder, where its name must be its day.
    pub(crate) in_folder: bool,
}

/// Reads a version file and tells all its problems.
pub(crate) fn read(
    source: &Source,
    around: &Surroundings<'_>,
    problems: &mut Vec<Diagnostic>,
) -> VersionRead {
    let (mut reader, root) = Reader::parse(source.shown(), source.text());
    let mut read = VersionRead {
        source: source.clone(),
        period: None,
        supersedes: None,
        learned_on: None,
        version: None,
    };
    if reader.problems.is_empty() {
        read_root(&mut reader, &root, around, &mut read);
    }
    if reader.problems.iter().any(Diagnostic::is_error) {
        read.version = None;
    }
    problems.append(&mut reader.problems);
    read
}

fn read_root(
    reader: &mut Reader<'_>,
    root: &Table,
    around: &Surroundings<'_>,
    read: &mut VersionRead,
) {
    reader.known(root, WHAT, KEYS);
    check_format(reader, root, WHAT);
    let stem = around.in_folder.then(|| read.source.stem());
    read.period = read_period(reader, root, around.zone, stem);
    let header = read_header(reader, root, read);
    read_version(reader, root, around, read, header);
}

/// The parts of a version that need one another.
fn read_version(
    reader: &mut Reader<'_>,
    root: &Table,
    around: &Surroundings<'_>,
    read: &mut VersionRead,
    header: Header,
) {
    let table = reader.required(root, WHAT, "policy");
    let table = table.and_then(|node| reader.table(node, "policy"));
    let currency = table.and_then(|table| read_currency(reader, table));
    let scope = Scope { groups: read_groups(reader, root), currency };
    let policy = table.and_then(|table| read_policy(reader, table, &scope));
    let clauses = table.map_or_else(Vec::new, |table| read_clauses(reader, table));
    let plugin = read_plugin(reader, root);
    let (excludes, _) = read_excludes(reader, root, &scope);
    let (rates, rate_values) = read_rates(reader, root, &scope, root.get("plugin").is_some());
    let (bonuses, bonus_values) = read_bonuses(reader, root, &scope);
    let (cap, cap_clause) = read_cap(reader, root, &scope);
    let (flags, effects) = read_flags(reader, root, &scope);
    let tree = find_tree(reader, root, header.tree.as_deref(), around);
    let places = places(reader, root);
    let assumed = read_assumed(reader, root, &places, ASSUMABLE);
    let (Some(policy), Some(period)) = (policy, &read.period) else { return };
    let lists = [&excludes, &rates, &bonuses, &flags];
    let matcher = compile(reader, root, lists, &policy, tree.as_deref());
    let Some(matcher) = matcher else { return };
    read.version = Some(Version {
        id: read.source.stem().to_owned(),
        source: read.source.clone(),
        header,
        start: period.start,
        own_end: period.end,
        end: period.end,
        policy,
        groups: scope.groups.into_iter().map(|(group, _)| group).collect(),
        excludes,
        rates,
        bonuses,
        flags,
        rate_values,
        bonus_values,
        effects,
        cap,
        cap_clause,
        plugin,
        clauses,
        assumed,
        places,
        tree,
        matcher: Arc::new(matcher),
    });
}

/// Compiles the conditions of all lists, and the two that policies make.
fn compile(
    reader: &mut Reader<'_>,
    root: &Table,
    lists: [&Vec<Entry>; 4],
    policy: &Policy,
    tree: Option<&Tree>,
) -> Option<Matcher> {
    let [excludes, rates, bonuses, flags] =
        lists.map(|list| list.iter().map(|entry| entry.conditions.as_slice()).collect());
    let foreign = [Condition {
        key: "not_currencies",
        dimension: Dimension::Currency,
        test: Test::NotAmong([policy.currency.code().to_owned()].into()),
        written: vec![policy.currency.code().to_owned()],
    }];
    let fee = match policy.service_fee {
        Some(_) => vec![policy.fee_countries.as_slice()],
        None => Vec::new(),
    };
    let all = [excludes, rates, bonuses, flags, fee, vec![&foreign[..]]];
    let too_many = match Matcher::compile(&all, tree) {
        Ok(matcher) => return Some(matcher),
        Err(too_many) => too_many,
    };
    let message = match too_many {
        TooMany::Entries(count) => format!("{count} entries, at most {MOST_ENTRIES}"),
        TooMany::Marks(count) => format!("{count} marks, at most {MOST_MARKS}"),
        TooMany::Classes(dimension) => {
            format!("more kinds of value of `{}` than a table holds", dimension.name())
        }
    };
    reader.problem(&codes::TOO_MANY, root.span.start..root.span.start, message);
    None
}

/// Reads start and end, and checks the start against the file's name, if there is one to keep to.
fn read_period(
    reader: &mut Reader<'_>,
    root: &Table,
    zone: Option<Tz>,
    stem: Option<&str>,
) -> Option<Period> {
    let start = moment(reader, root, zone, "effective_on", "effective_at", true);
    let end = moment(reader, root, zone, "ends_on", "ends_at", false);
    let (zone, (start, key)) = zone.zip(start)?;
    let day = zone::day(zone, start);
    let named = stem.map(|stem| stem.get(..10).unwrap_or(stem));
    if let Some(named) = named.filter(|named| day.to_string() != *named) {
        let message = format!("the file is named {named}, but takes effect on {day} in {zone}");
        let hint = format!("rename it to {day}.toml or correct `{}`", key.name);
        reader.problem_hint(&codes::NAME_DATE, key.span.clone(), message, hint);
    }
    if let Some((end, key)) = &end
        && *end <= start
    {
        let (start, end) = (zone::written(zone, start), zone::written(zone, *end));
        let message = format!("the version ends at {end}, but takes effect at {start}");
        let hint = "an end is exclusive: the first moment at which these terms no longer hold";
        reader.problem_hint(&codes::END_BEFORE_START, key.span.clone(), message, hint);
    }
    let end_span = end.as_ref().map_or(0..0, |(_, key)| key.span.clone());
    let end = end.map(|(end, _)| end);
    Some(Period { start, end, start_span: key.span.clone(), end_span })
}

/// Reads one of two keys: a day, which begins in the zone, or an instant.
fn moment<'n>(
    reader: &mut Reader<'_>,
    root: &'n Table,
    zone: Option<Tz>,
    on: &str,
    at: &str,
    required: bool,
) -> Option<(i64, &'n Key)> {
    let find = |name: &str| root.entries.iter().find(|(key, _)| key.name == name);
    match (find(on), find(at)) {
        (Some((key, node)), None) => {
            let day = reader.date(node, on)?;
            Some((zone::midnight(zone?, day), key))
        }
        (None, Some((key, node))) => Some((reader.instant(node, at)?, key)),
        (Some(_), Some((key, _))) => {
            let message = format!("the version has both `{on}` and `{at}`");
            reader.problem_hint(&codes::KEY_PAIR, key.span.clone(), message, "remove one of them");
            None
        }
        (None, None) => {
            if required {
                let message = format!("{WHAT} has neither `{on}` nor `{at}`");
                let hint = format!("add `{on} = YYYY-MM-DD`");
                reader.problem_hint(&codes::MISSING_KEY, root.span.clone(), message, hint);
            }
            None
        }
    }
}

fn read_header(reader: &mut Reader<'_>, root: &Table, read: &mut VersionRead) -> Header {
    let words = &[("confirmed", Status::Confirmed), ("estimated", Status::Estimated)];
    let mut day = |key: &str| root.get(key).and_then(|node| reader.date(node, key));
    let (announced_on, learned_on) = (day("announced_on"), day("learned_on"));
    let checked_on = day("checked_on");
    let status = root.get("status").and_then(|node| reader.word(node, "status", words));
    let note = required_text(reader, root, WHAT, "source").unwrap_or_default();
    if let Some(node) = root.get("supersedes")
        && let Some(file) = reader.text_of(node, "supersedes")
    {
        let id = file.strip_suffix(".toml").unwrap_or(file).to_owned();
        read.supersedes = Some((id, node.span.clone()));
    }
    read.learned_on = learned_on;
    tell_half_amendment(reader, root);
    Header {
        announced_on,
        learned_on,
        checked_on,
        supersedes: read.supersedes.as_ref().map(|(id, _)| id.clone()),
        status,
        note,
        tree: optional_text(reader, root, "category_tree"),
    }
}

/// An amendment says what it replaces and since when we know.
fn tell_half_amendment(reader: &mut Reader<'_>, root: &Table) {
    let pair = ["supersedes", "learned_on"];
    for (this, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
        if let Some((key, _)) = root.entries.iter().find(|(key, _)| key.name == this)
            && root.get(other).is_none()
        {
            let message = format!("the version has `{this}` without `{other}`");
            let hint = format!("add `{other}`, or remove `{this}`");
            reader.problem_hint(&codes::KEY_PAIR, key.span.clone(), message, hint);
        }
    }
}

fn read_currency(reader: &mut Reader<'_>, policy: &Table) -> Option<Currency> {
    let node = reader.required(policy, "[policy]", "currency")?;
    let text = reader.text_of(node, "currency")?;
    condition::currency(reader, node, text)
}

fn read_policy(reader: &mut Reader<'_>, table: &Table, scope: &Scope) -> Option<Policy> {
    reader.known(table, "[policy]", POLICY);
    let basis_words =
        &[("product_price", BasisRule::ProductPrice), ("paid_amount", BasisRule::PaidAmount)];
    let modes = &[
        ("floor", Rounding::Floor),
        ("half_up", Rounding::HalfUp),
        ("half_even", Rounding::HalfEven),
    ];
    let days =
        &[("governing", FxOn::Governing), ("settled", FxOn::Settled), ("paid_out", FxOn::PaidOut)];
    let basis = reader.required(table, "[policy]", "basis");
    let basis = basis.and_then(|node| reader.word(node, "basis", basis_words));
    let rounding = reader.required(table, "[policy]", "rounding");
    let rounding = rounding.and_then(|node| reader.word(node, "rounding", modes));
    let window = table.get("attribution_window");
    let window = window.and_then(|node| reader.duration(node, "attribution_window"));
    let expires_after = table.get("expires_after");
    let expires_after = expires_after.and_then(|node| reader.duration(node, "expires_after"));
    let without = table.get("bonus_without_commission");
    let without = without.and_then(|node| reader.boolean(node, "bonus_without_commission"));
    let fx_on = table.get("fx_on").and_then(|node| reader.word(node, "fx_on", days));
    let (service_fee, fee_countries) = read_service_fee(reader, table, scope);
    Some(Policy {
        basis: basis?,
        currency: scope.currency?,
        rounding: rounding?,
        window,
        service_fee,
        fee_countries,
        fx_on,
        bonus_without_commission: without.unwrap_or(false),
        expires_after,
    })
}

/// Reads the third-party fee; without `when_unknown` nothing is taken out.
fn read_service_fee(
    reader: &mut Reader<'_>,
    policy: &Table,
    scope: &Scope,
) -> (Option<ServiceFee>, Vec<Condition>) {
    let Some(fee) = policy.get("service_fee") else { return (None, Vec::new()) };
    let Some(table) = reader.table(fee, "service_fee") else { return (None, Vec::new()) };
    reader.known(table, "service_fee", &["max", "ship_to", "when_unknown"]);
    let max = reader.required(table, "the service fee", "max");
    let max = max.and_then(|node| reader.rate(node, "max"));
    let words = &[("none", WhenUnknown::None), ("max", WhenUnknown::Max)];
    let when_unknown = match table.get("when_unknown") {
        Some(node) => reader.word(node, "when_unknown", words),
        None => Some(WhenUnknown::None),
    };
    let countries = read_conditions(reader, table, scope);
    let fee = max.zip(when_unknown).map(|(max, when_unknown)| ServiceFee { max, when_unknown });
    (fee, countries)
}

fn read_clauses(reader: &mut Reader<'_>, policy: &Table) -> Vec<(String, String)> {
    let table = policy.get("clauses").and_then(|node| reader.table(node, "clauses"));
    let Some(table) = table else { return Vec::new() };
    reader.known(table, "[policy.clauses]", CLAUSES);
    let mut clauses = Vec::new();
    for (key, node) in &table.entries {
        let clause = reader.text_of(node, &key.name);
        clauses.extend(clause.map(|clause| (key.name.clone(), clause.to_owned())));
    }
    clauses
}

/// The tree the version asks for; without a word, `categories.csv`, else the only one there is.
fn find_tree(
    reader: &mut Reader<'_>,
    root: &Table,
    asked: Option<&str>,
    around: &Surroundings<'_>,
) -> Option<Arc<Tree>> {
    let trees = around.trees;
    let names: Vec<&str> = trees.keys().map(String::as_str).collect();
    let (Some(name), Some(node)) = (asked, root.get("category_tree")) else {
        if let Some(tree) = trees.get("") {
            return Some(Arc::clone(tree));
        }
        if trees.len() > 1 {
            let message = format!("the program has several trees: {}", names.join(", "));
            let hint = format!("add `category_tree = \"{}\"`", names.last()?);
            reader.problem_hint(&codes::UNKNOWN_TREE, root.span.clone(), message, hint);
        }
        return trees.values().next().map(Arc::clone);
    };
    let found = trees.get(name).filter(|_| !name.is_empty());
    if found.is_none() && !around.broken_trees.iter().any(|broken| broken == name) {
        let message = format!("the program has no tree \"{name}\"");
        let hint = match nearest(name, names.iter().copied().filter(|name| !name.is_empty())) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("add categories/{name}.csv"),
        };
        reader.problem_hint(&codes::UNKNOWN_TREE, node.span.clone(), message, hint);
    }
    found.map(Arc::clone)
}

/// Finds where a part of a file stands.
pub(crate) fn problem_in(
    source: &Source,
    code: &'static crate::diagnostic::Code,
    span: &Range<usize>,
    message: String,
) -> Diagnostic {
    Diagnostic::at(code, source.shown(), source.text(), span.clone(), message)
}

/// Names a place of a source for a message about another file.
pub(crate) fn place_in(source: &Source, span: &Range<usize>) -> Place {
    Place::of(source.shown(), source.text(), span.start)
}
