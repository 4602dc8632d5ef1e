//! Reads `program.toml`.
//!
//! Owns its closed set of keys. Refuses terms: whatever changes with them stands in a version.

use chrono_tz::Tz;

use crate::codes;
use crate::common::{check_format, optional_text, places, read_assumed, required_text};
use crate::condition::currency;
use crate::diagnostic::{Diagnostic, nearest};
use crate::document::{Node, Reader, Table, Value};
use crate::program::{GovernedBy, ProgramHeader};
use crate::source::Source;
use crate::zone;

const KEYS: &[&str] = &[
    "format",
    "name",
    "advertiser",
    "network",
    "status",
    "payout_currency",
    "timezone",
    "governed_by",
    "notice",
    "started_on",
    "assumed",
    "listing",
    "policies",
    "sem",
];
const LISTING: &[&str] = &["updated_on", "cps", "click_to_conversion"];
const POLICIES: &[&str] = &["deeplinking", "references", "sem", "cashback", "discount_codes"];
const SEM: &[&str] = &["brand_terms", "negative_terms"];
const STATUSES: &[(&str, ())] = &[("active", ()), ("paused", ()), ("closed", ())];
const LEAVES: &[(&str, ())] =
    &[("allowed", ()), ("limited", ()), ("forbidden", ()), ("not_allowed", ())];
const GOVERNED_BY: &[(&str, GovernedBy)] = &[
    ("ordered", GovernedBy::Ordered),
    ("paid", GovernedBy::Paid),
    ("finished", GovernedBy::Finished),
];
const WHAT: &str = "the program";

/// What could be read of a program; the zone is there even if the rest is not, so that versions
/// can be checked.
pub(crate) struct ProgramRead {
    pub(crate) zone: Option<Tz>,
    pub(crate) header: Option<ProgramHeader>,
}

/// Reads a program file and tells all its problems.
pub(crate) fn read(source: &Source, problems: &mut Vec<Diagnostic>) -> ProgramRead {
    let (mut reader, root) = Reader::parse(source.shown(), source.text());
    if !reader.problems.is_empty() {
        problems.append(&mut reader.problems);
        return ProgramRead { zone: None, header: None };
    }
    let (zone, header) = read_root(&mut reader, &root);
    let clean = !reader.problems.iter().any(Diagnostic::is_error);
    problems.append(&mut reader.problems);
    ProgramRead { zone, header: header.filter(|_| clean) }
}

fn read_root(reader: &mut Reader<'_>, root: &Table) -> (Option<Tz>, Option<ProgramHeader>) {
    reader.known(root, WHAT, KEYS);
    check_format(reader, root, WHAT);
    let name = required_text(reader, root, WHAT, "name");
    let zone = read_zone(reader, root);
    let payout_currency = reader.required(root, WHAT, "payout_currency").and_then(|node| {
        let text = reader.text_of(node, "payout_currency")?;
        currency(reader, node, text)
    });
    let governed_by = reader
        .required(root, WHAT, "governed_by")
        .and_then(|node| reader.word(node, "governed_by", GOVERNED_BY));
    let places = places(reader, root);
    let listing = read_listing(reader, root);
    let policies = read_policies(reader, root);
    let (brand_terms, negative_terms) = read_sem(reader, root);
    let assumed = read_assumed(reader, root, &places, &["notice", "started_on"]);
    let advertiser = optional_text(reader, root, "advertiser");
    let network = optional_text(reader, root, "network");
    let status = root.get("status").and_then(|node| {
        reader.word(node, "status", STATUSES)?;
        reader.text_of(node, "status").map(str::to_owned)
    });
    let notice = root.get("notice").and_then(|node| reader.duration(node, "notice"));
    let started_on = root.get("started_on").and_then(|node| reader.date(node, "started_on"));
    let header = name.zip(payout_currency).zip(zone).zip(governed_by);
    let header = header.map(|(((name, payout_currency), zone), governed_by)| ProgramHeader {
        name,
        advertiser,
        network,
        status,
        payout_currency,
        zone,
        governed_by,
        notice,
        started_on,
        listing,
        policies,
        brand_terms,
        negative_terms,
        assumed,
        places,
    });
    (zone, header)
}

fn read_zone(reader: &mut Reader<'_>, root: &Table) -> Option<Tz> {
    let node = reader.required(root, WHAT, "timezone")?;
    let name = reader.text_of(node, "timezone")?;
    let zone = zone::parse(name);
    if zone.is_none() {
        let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let hint = match nearest(name, known) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "write an IANA name such as Europe/Oslo".to_owned(),
        };
        let message = format!("\"{name}\" is no time zone");
        reader.problem_hint(&codes::ZONE, node.span.clone(), message, hint);
    }
    zone
}

/// The table under a key, its keys checked.
fn section<'n>(
    reader: &mut Reader<'_>,
    root: &'n Table,
    key: &str,
    known: &[&str],
) -> Option<&'n Table> {
    let table = reader.table(root.get(key)?, key)?;
    reader.known(table, &format!("[{key}]"), known);
    Some(table)
}

fn read_listing(reader: &mut Reader<'_>, root: &Table) -> Vec<(String, String)> {
    let Some(table) = section(reader, root, "listing", LISTING) else { return Vec::new() };
    let mut listing = Vec::new();
    for (key, node) in &table.entries {
        let text = match key.name.as_str() {
            "updated_on" => reader.date(node, "updated_on").map(|day| day.to_string()),
            "cps" => reader.rate(node, "cps").map(crate::iso::percent),
            "click_to_conversion" => {
                let seconds = reader.duration(node, "click_to_conversion");
                seconds.and_then(|_| reader.text_of(node, "click_to_conversion")).map(str::to_owned)
            }
            _ => None,
        };
        listing.extend(text.map(|text| (key.name.clone(), text)));
    }
    listing
}

fn read_policies(reader: &mut Reader<'_>, root: &Table) -> Vec<(String, String)> {
    let Some(table) = section(reader, root, "policies", POLICIES) else { return Vec::new() };
    let mut policies = Vec::new();
    for (key, node) in &table.entries {
        let text = match key.name.as_str() {
            "deeplinking" | "references" => {
                reader.boolean(node, &key.name).map(|yes| if yes { "yes" } else { "no" })
            }
            "sem" | "cashback" | "discount_codes" => read_leave(reader, node, &key.name),
            _ => None,
        };
        policies.extend(text.map(|text| (key.name.clone(), text.to_owned())));
    }
    policies
}

fn read_leave<'n>(reader: &mut Reader<'_>, node: &'n Node, key: &str) -> Option<&'n str> {
    reader.word(node, key, LEAVES)?;
    reader.text_of(node, key)
}

fn read_sem(reader: &mut Reader<'_>, root: &Table) -> (Vec<String>, Vec<String>) {
    let Some(table) = section(reader, root, "sem", SEM) else { return Default::default() };
    let mut terms = |key: &str| -> Vec<String> {
        let Some(list) = table.get(key).and_then(|node| reader.list(node, key)) else {
            return Vec::new();
        };
        list.iter().filter_map(|item| text(reader, item, key)).collect()
    };
    (terms("brand_terms"), terms("negative_terms"))
}

fn text(reader: &mut Reader<'_>, item: &Node, key: &str) -> Option<String> {
    match &item.value {
        Value::Text(text) => Some(text.clone()),
        _ => reader.text_of(item, key).map(str::to_owned),
    }
}
