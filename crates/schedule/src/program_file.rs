//! Reads `program.toml`.
//!
//! Owns its closed set of keys. Refuses terms: whatever changes with them stands in a version.

use chrono_tz::Tz;

use crate::codes;
use crate::common::{check_format, optional_text, places, read_assumed, required_text};
use crate::condition::currency;
use crate::diagnostic::{Diagnostic, nearest};
use crate::document::{Node, Reader, Table};
use crate::iso::Currency;
use crate::links::{Carries, Links, Short, Slot, web_address};
use crate::payout_terms::{MinimumIs, PayoutTerms};
use crate::policies::{Leave, Policies};
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
    "links",
    "payouts",
];
const LISTING: &[&str] = &["updated_on", "cps", "click_to_conversion"];
const POLICIES: &[&str] =
    &["deeplinking", "references", "sem", "cashback", "discount_codes", "extensions"];
const SEM: &[&str] = &["brand_terms", "negative_terms", "ordinary_terms"];
const LINKS: &[&str] = &[
    "template",
    "base",
    "home",
    "hosts",
    "strip",
    "sub_id_max",
    "sub_id_signs",
    "placement_max",
    "placement_signs",
    "short",
];
const PAYOUTS: &[&str] =
    &["currency", "minimum", "minimum_is", "fee", "fee_on_failure", "clause", "source"];
const SHORT: &[&str] = &["hosts", "sub_id", "placement"];
const STATUSES: &[(&str, ())] = &[("active", ()), ("paused", ()), ("closed", ())];
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
    let [brand_terms, negative_terms, ordinary_terms] = read_sem(reader, root);
    let links = read_links(reader, root);
    let withdrawal = read_withdrawal(reader, root, payout_currency);
    let assumed = read_assumed(
        reader,
        root,
        &places,
        &["notice", "started_on", "payouts.minimum_is", "payouts.fee_on_failure"],
    );
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
        withdrawal,
        zone,
        governed_by,
        notice,
        started_on,
        listing,
        policies,
        brand_terms,
        negative_terms,
        ordinary_terms,
        links,
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

fn read_policies(reader: &mut Reader<'_>, root: &Table) -> Policies {
    let Some(table) = section(reader, root, "policies", POLICIES) else {
        return Policies::default();
    };
    let mut yes = |key: &str| table.get(key).and_then(|node| reader.boolean(node, key));
    let (deeplinking, references) = (yes("deeplinking"), yes("references"));
    let mut leave =
        |key: &str| table.get(key).and_then(|node| reader.word(node, key, Leave::WORDS));
    Policies {
        deeplinking,
        references,
        sem: leave("sem"),
        cashback: leave("cashback"),
        discount_codes: leave("discount_codes"),
        extensions: leave("extensions"),
    }
}

fn read_sem(reader: &mut Reader<'_>, root: &Table) -> [Vec<String>; 3] {
    let Some(table) = section(reader, root, "sem", SEM) else { return Default::default() };
    ["brand_terms", "negative_terms", "ordinary_terms"].map(|key| texts(reader, table, key))
}

/// The texts of a list.
fn texts(reader: &mut Reader<'_>, table: &Table, key: &str) -> Vec<String> {
    let Some(list) = table.get(key).and_then(|node| reader.list(node, key)) else {
        return Vec::new();
    };
    let text = |item| reader.text_of(item, key).map(str::to_owned);
    list.iter().filter_map(text).collect()
}

/// What a withdrawal takes and costs; in the payout currency unless the table names another.
fn read_withdrawal(
    reader: &mut Reader<'_>,
    root: &Table,
    payout_currency: Option<Currency>,
) -> Option<PayoutTerms> {
    let table = section(reader, root, "payouts", PAYOUTS)?;
    let own = table.get("currency").and_then(|node| {
        let text = reader.text_of(node, "currency")?;
        currency(reader, node, text)
    });
    let currency = own.or(payout_currency)?;
    let mut money = |key: &str| {
        let node = table.get(key)?;
        reader.money(node, key, currency.decimals())
    };
    let (minimum, fee) = (money("minimum"), money("fee"));
    let minimum_is = table.get("minimum_is");
    let minimum_is = minimum_is.and_then(|node| reader.word(node, "minimum_is", MinimumIs::WORDS));
    let fee_on_failure = table.get("fee_on_failure");
    let fee_on_failure = fee_on_failure.and_then(|node| reader.boolean(node, "fee_on_failure"));
    Some(PayoutTerms {
        currency,
        minimum: minimum.unwrap_or_default(),
        minimum_is: minimum_is.unwrap_or_default(),
        fee: fee.unwrap_or_default(),
        fee_on_failure: fee_on_failure.unwrap_or(false),
        clause: optional_text(reader, table, "clause"),
        source: optional_text(reader, table, "source"),
    })
}

fn read_links(reader: &mut Reader<'_>, root: &Table) -> Links {
    let Some(table) = section(reader, root, "links", LINKS) else { return Links::default() };
    let hosts = hosts(reader, table);
    let template = table.get("template").and_then(|node| template(reader, node));
    if let (Some(node), None, true) = (table.get("template"), hosts.first(), template.is_some()) {
        let message = "`template` without `hosts`: what may be linked to is not said";
        let hint = "add `hosts = [\"shop.example\"]`, the shop's own hosts";
        reader.problem_hint(&codes::LINKS, node.span.clone(), message, hint);
    }
    let mut address = |key: &str| {
        let node = table.get(key)?;
        let text = reader.text_of(node, key)?;
        let told = |message| reader.problem(&codes::LINKS, node.span.clone(), message);
        web_address(text).map_err(told).ok()
    };
    let (base, home) = (address("base"), address("home"));
    Links {
        template,
        base,
        home,
        hosts,
        strip: texts(reader, table, "strip"),
        sub_id: carries(reader, table, "sub_id_max", "sub_id_signs"),
        placement: carries(reader, table, "placement_max", "placement_signs"),
        short: read_short(reader, table),
    }
}

fn read_short(reader: &mut Reader<'_>, links: &Table) -> Option<Short> {
    let table = reader.table(links.get("short")?, "short")?;
    reader.known(table, "[links.short]", SHORT);
    reader.required(table, "[links.short]", "hosts")?;
    let hosts = hosts(reader, table);
    let sub_id = optional_text(reader, table, "sub_id");
    let placement = optional_text(reader, table, "placement");
    Some(Short { hosts, sub_id, placement })
}

/// The hosts of a list, in lower case.
fn hosts(reader: &mut Reader<'_>, table: &Table) -> Vec<String> {
    let hosts = texts(reader, table, "hosts");
    let bad = |host: &&String| host.is_empty() || host.contains([' ', '/', ':']);
    if let (Some(node), Some(bad)) = (table.get("hosts"), hosts.iter().find(bad)) {
        let message = format!("\"{bad}\" is no host");
        let hint = "write the host alone, such as \"www.example.com\"";
        reader.problem_hint(&codes::BAD_NAME, node.span.clone(), message, hint);
    }
    hosts.iter().map(|host| host.to_lowercase()).collect()
}

fn carries(reader: &mut Reader<'_>, table: &Table, max: &str, signs: &str) -> Carries {
    let max = table.get(max).and_then(|node| {
        let count = usize::try_from(reader.integer(node, max)?).ok().filter(|count| *count > 0);
        if count.is_none() {
            let message = format!("`{max}` is no number of characters");
            reader.problem_hint(&codes::LINKS, node.span.clone(), message, "write 1 or more");
        }
        count
    });
    Carries { max, signs: optional_text(reader, table, signs) }
}

/// A template: an address of the web, or one that builds on the publisher's own link, with a place
/// for the page and no braces but the known ones.
fn template(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text_of(node, "template")?;
    let mut rest = text.to_owned();
    for slot in Slot::ALL {
        rest = rest.replace(slot.written(), "x");
    }
    let known = Slot::ALL.map(Slot::written).join(", ");
    let base = Slot::Base.written();
    let problem = if rest.contains(['{', '}']) {
        format!("a brace that stands for nothing; known are {known}")
    } else if !text.contains(Slot::Url.written()) {
        "no place for the page that is linked to".to_owned()
    } else if text.find(base).is_some_and(|at| at > 0) {
        format!("{base} elsewhere than at its beginning")
    } else if !text.starts_with(base) && web_address(&rest).is_err() {
        "no address of the web".to_owned()
    } else {
        return Some(text.to_owned());
    };
    let message = format!("`template` \"{text}\" has {problem}");
    let hint = "write it as in \"https://network.example/click?to={url}&tag={sub_id}\"";
    reader.problem_hint(&codes::LINKS, node.span.clone(), message, hint);
    None
}
