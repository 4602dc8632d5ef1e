//! `program`: lists programs, shows one with everything its folder says.

use std::fmt::Write as _;

use feebook_core::import::Formats;
use feebook_kernel::Minor;
use feebook_schedule::{Leave, MinimumIs, PayoutTerms, Program as Terms, Version, zone};
use serde_json::{Map, Value, json};

use super::{counted, known_program, now, terms};
use crate::args::{Form, Global, Program};
use crate::exit::{DONE, Outcome};
use crate::output::{Cell, Output, text_table};
use crate::shipped;

/// The kinds of placement that a policy speaks of, and the words for them.
const PLACEMENTS: [(&str, &str); 5] = [
    ("content", "content sites"),
    ("cashback", "cashback sites"),
    ("coupon", "discount codes"),
    ("sem", "search ads"),
    ("extension", "browser extensions"),
];

pub(crate) fn run(global: &Global, output: &Output, args: &Program) -> Outcome<u8> {
    let terms = terms(global)?;
    match args {
        Program::List => list(output, terms.book.programs()),
        Program::Show { program } => {
            let formats = shipped::formats(&terms.sources)?;
            show(output, known_program(&terms, program)?, &formats)
        }
    }
}

fn list(output: &Output, programs: &[Terms]) -> Outcome<u8> {
    let mut sheet = output.sheet(&[
        "program",
        "name",
        "network",
        "status",
        "payout_currency",
        "timezone",
        "versions",
        "first",
        "last",
    ])?;
    for program in programs {
        let versions = program.versions();
        sheet.row(vec![
            Cell::Text(program.id().to_owned()),
            Cell::Text(program.name().to_owned()),
            Cell::text(program.network()),
            Cell::text(program.status()),
            Cell::Text(program.payout_currency().to_string()),
            Cell::Text(program.zone().to_string()),
            Cell::Count(u64::try_from(versions.len()).unwrap_or(0)),
            Cell::text(versions.first().map(Version::id)),
            Cell::text(versions.last().map(Version::id)),
        ])?;
    }
    sheet.finish()?;
    Ok(DONE)
}

fn show(output: &Output, program: &Terms, formats: &Formats) -> Outcome<u8> {
    match output.form {
        Form::Text => output.text(&in_words(program, formats))?,
        Form::Json => output.json(&document(program, formats))?,
        Form::Csv => {
            let mut sheet = output.sheet(&["key", "value", "assumed"])?;
            let mut rows = Vec::new();
            flatten("", &document(program, formats), &mut rows);
            for (key, value) in rows.into_iter().filter(|(key, _)| !key.starts_with("assumed.")) {
                let why = program.assumption(&key).map(|assumed| assumed.why.as_str());
                sheet.row(vec![Cell::Text(key), Cell::Text(value), Cell::text(why)])?;
            }
            sheet.finish()?;
        }
    }
    Ok(DONE)
}

/// The notice in days, or in hours.
fn notice(program: &Terms) -> Option<String> {
    let whole = |seconds: i64| match (seconds % 86_400, seconds / 86_400, seconds / 3_600) {
        (0, days, _) => (days, "day"),
        (_, _, hours) => (hours, "hour"),
    };
    let (count, unit) = program.notice().map(whole)?;
    Some(counted(u64::try_from(count).unwrap_or(0), unit))
}

/// Everything the folder says, by the keys of its files.
fn document(program: &Terms, formats: &Formats) -> Value {
    let policies = program.policies();
    let leave = |leave: Option<Leave>| leave.map(Leave::word);
    let listing = program.listing().iter().map(|(key, text)| (key.clone(), json!(text)));
    let placements = PLACEMENTS.iter().map(|(kind, _)| {
        let leave = program.placement_leave(kind).map(|told| told.leave.word());
        ((*kind).to_owned(), json!(leave))
    });
    let assumed = program.assumed().iter().map(|a| (a.key.clone(), json!(a.why)));
    let trees = program.trees().map(|(name, tree)| {
        json!({ "name": name, "file": tree.source().shown(), "categories": tree.categories().len() })
    });
    let ours =
        formats.iter().filter(|f| f.program.as_deref().is_none_or(|own| own == program.id()));
    let formats = ours.map(|format| {
        json!({ "name": format.name, "title": format.title, "own": format.program.is_some() })
    });
    let in_force = program
        .in_force(now())
        .ok()
        .map(|version| json!({ "schedule": version.id(), "terms": version.main_terms() }));
    json!({
        "program": program.id(),
        "name": program.name(),
        "advertiser": program.advertiser(),
        "network": program.network(),
        "status": program.status(),
        "started_on": program.started_on().map(|day| day.to_string()),
        "payout_currency": program.payout_currency().to_string(),
        "payouts": program.payout_terms().map(withdrawal),
        "timezone": program.zone().to_string(),
        "governed_by": program.governed_by().word(),
        "notice": notice(program),
        "file": program.source().shown(),
        "listing": listing.collect::<Map<_, _>>(),
        "policies": {
            "deeplinking": policies.deeplinking,
            "references": policies.references,
            "sem": leave(policies.sem),
            "cashback": leave(policies.cashback),
            "discount_codes": leave(policies.discount_codes),
            "extensions": leave(policies.extensions),
        },
        "placements": placements.collect::<Map<_, _>>(),
        "sem": {
            "brand_terms": program.brand_terms(),
            "negative_terms": program.negative_terms(),
            "ordinary_terms": program.ordinary_terms(),
        },
        "links": {
            "template": program.link_template(),
            "hosts": program.link_hosts(),
            "sub_id_max": program.sub_id_max(),
            "short": { "hosts": program.short_link_hosts() },
        },
        "category_trees": trees.collect::<Vec<_>>(),
        "report_formats": formats.collect::<Vec<_>>(),
        "versions": program.versions().iter().map(|v| version(program, v)).collect::<Vec<_>>(),
        "superseded": program.superseded().iter().map(Version::id).collect::<Vec<_>>(),
        "in_force": in_force,
        "assumed": assumed.collect::<Map<_, _>>(),
    })
}

/// What a withdrawal takes and costs, by the keys of the file.
fn withdrawal(rules: &PayoutTerms) -> Value {
    let money = |amount: Minor| rules.currency.written(amount.get());
    json!({
        "currency": rules.currency.to_string(),
        "minimum": money(rules.minimum),
        "minimum_is": rules.minimum_is.word(),
        "fee": money(rules.fee),
        "fee_on_failure": rules.fee_on_failure,
        "clause": rules.clause,
        "source": rules.source,
    })
}

/// The same for people.
fn withdrawal_in_words(rules: &PayoutTerms) -> String {
    let money =
        |amount: Minor| format!("{} {}", rules.currency.written(amount.get()), rules.currency);
    let at_least = match rules.minimum_is {
        MinimumIs::AtLeast => "from",
        MinimumIs::Above => "above",
    };
    let failed = if rules.fee_on_failure { ", also where the transfer fails" } else { "" };
    format!("{at_least} {}, each for {}{failed}", money(rules.minimum), money(rules.fee))
}

fn version(program: &Terms, version: &Version) -> Value {
    let numbers = version.numbers();
    json!({
        "schedule": version.id(),
        "from": zone::written(program.zone(), version.start()),
        "until": version.end().map(|end| zone::written(program.zone(), end)),
        "status": version.status().map(feebook_schedule::Status::word),
        "announced_on": version.announced_on().map(|day| day.to_string()),
        "known": numbers.known,
        "assumed": numbers.assumed,
        "unknown": numbers.unknown,
        "open_questions": version.assumed().len(),
    })
}

/// A document as keys and values: words with commas, sentences by their number, records by name.
fn flatten(key: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten(&below(name), value, rows);
            }
        }
        Value::Array(list) if list.iter().all(Value::is_string) => {
            let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            if words.iter().any(|words| words.contains([',', ';'])) {
                let numbered = (1..).zip(words);
                rows.extend(numbered.map(|(at, words)| (below(&at.to_string()), words.to_owned())));
            } else if !words.is_empty() {
                rows.push((key.to_owned(), words.join(", ")));
            }
        }
        Value::Array(list) => {
            for (at, record) in list.iter().enumerate() {
                let name = ["schedule", "name"].iter().find_map(|name| record[*name].as_str());
                let name = name.filter(|name| !name.is_empty());
                flatten(&below(&name.map_or((at + 1).to_string(), str::to_owned)), record, rows);
            }
        }
        Value::String(text) => rows.push((key.to_owned(), text.clone())),
        other => rows.push((key.to_owned(), other.to_string())),
    }
}

/// The same for people, most important first.
fn in_words(program: &Terms, formats: &Formats) -> String {
    let mut lines = Vec::new();
    let mut add = |label: &str, key: &str, value: Option<String>| {
        let mark = if program.assumption(key).is_some() { " (assumed)" } else { "" };
        lines.extend(value.map(|value| format!("{label:<24}{value}{mark}")));
    };
    let text = |text: Option<&str>| text.map(str::to_owned);
    add("program", "name", Some(format!("{} ({})", program.name(), program.id())));
    add("advertiser", "advertiser", text(program.advertiser()));
    add("network", "network", text(program.network()));
    add("status", "status", text(program.status()));
    add("since", "started_on", program.started_on().map(|day| day.to_string()));
    add("paid out in", "payout_currency", Some(program.payout_currency().to_string()));
    add("withdrawals", "payouts.minimum_is", program.payout_terms().map(withdrawal_in_words));
    add("time zone", "timezone", Some(program.zone().to_string()));
    let governed = format!("those in force when an order is {}", program.governed_by().word());
    add("terms of an order", "governed_by", Some(governed));
    let before = notice(program).map(|notice| format!("{notice} before a change"));
    add("notice", "notice", before);
    add("listing", "listing", listing(program));
    let mut text = lines.join("\n");
    for (title, part) in [
        ("What is allowed", allowed(program)),
        ("Links", links(program)),
        ("Terms", terms_in_words(program)),
        ("Reports", reports(program, formats)),
        ("Assumed", assumed(program)),
    ] {
        if !part.is_empty() {
            let _ = write!(text, "\n\n{title}\n{}", part.trim_end());
        }
    }
    text
}

fn listing(program: &Terms) -> Option<String> {
    let stated: Vec<String> = program
        .listing()
        .iter()
        .map(|(key, text)| format!("{} {text}", key.replace('_', " ")))
        .collect();
    Some(stated.join(", ")).filter(|stated| !stated.is_empty())
}

/// The policies in words, each with the key that says so.
fn allowed(program: &Terms) -> String {
    let policies = program.policies();
    let mut text = String::new();
    let mut add = |what: &str, words: &str, key: &str| {
        let mark = if program.assumption(key).is_some() { " (assumed)" } else { "" };
        let _ = writeln!(text, "  {what:<22}{words}{mark}");
    };
    let yes = |yes: Option<bool>| match yes {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not stated",
    };
    add("deep links", yes(policies.deeplinking), "policies.deeplinking");
    add("references (sub-ids)", yes(policies.references), "policies.references");
    for (kind, words) in PLACEMENTS {
        let told = program.placement_leave(kind);
        let key = told.and_then(|told| told.said_by).map_or("", |(key, _)| key);
        add(words, leave_in_words(kind, told.map(|told| told.leave)), key);
    }
    for (what, terms) in [
        ("brand terms", program.brand_terms()),
        ("negative keywords", program.negative_terms()),
        ("ordinary words", program.ordinary_terms()),
    ] {
        if !terms.is_empty() {
            let key = format!("sem.{}_terms", what.split(' ').next().unwrap_or(what));
            add(what, &terms.join(", "), &key);
        }
    }
    text
}

fn leave_in_words(kind: &str, leave: Option<Leave>) -> &'static str {
    match (kind, leave) {
        (_, None) => "not stated",
        (_, Some(Leave::Allowed)) => "allowed",
        ("sem", Some(Leave::Limited)) => {
            "limited: no bids on the brand or its misspellings, brand terms are negative keywords"
        }
        ("coupon", Some(Leave::Limited)) => "limited: only codes that the network gives out",
        (_, Some(Leave::Limited)) => "limited",
        (_, Some(Leave::ByApproval)) => "only for whom the program approved",
        (_, Some(Leave::NotAllowed)) => "not allowed",
    }
}

fn links(program: &Terms) -> String {
    let mut text = String::new();
    let mark = |key: &str| if program.assumption(key).is_some() { " (assumed)" } else { "" };
    match program.link_template() {
        Some(template) => {
            let _ = writeln!(text, "  template              {template}{}", mark("links.template"));
        }
        None => text.push_str("  template              not known\n"),
    }
    if !program.link_hosts().is_empty() {
        let hosts = program.link_hosts().join(", ");
        let _ = writeln!(text, "  hosts                 {hosts}{}", mark("links.hosts"));
    }
    if !program.short_link_hosts().is_empty() {
        let hosts = program.short_link_hosts().join(", ");
        let _ = writeln!(text, "  tags are added to links on {hosts}");
    }
    if let Some(max) = program.sub_id_max() {
        let _ = writeln!(text, "  a sub-id has at most {max} characters");
    }
    text
}

/// The versions, and the main terms of the one in force.
fn terms_in_words(program: &Terms) -> String {
    let mut text = String::new();
    for (name, tree) in program.trees() {
        let named = if name.is_empty() { String::new() } else { format!(" {name}") };
        let count = u64::try_from(tree.categories().len()).unwrap_or(0);
        let categories = if count == 1 { "category" } else { "categories" };
        let _ = writeln!(text, "  category tree{named}: {count} {categories}");
    }
    let columns =
        ["schedule", "from", "until", "status", "known", "assumed", "unknown", "open questions"];
    let number = |count: usize| Cell::Count(u64::try_from(count).unwrap_or(0));
    let row = |version: &Version| {
        let numbers = version.numbers();
        vec![
            Cell::Text(format!("  {}", version.id())),
            Cell::Text(program.day(version.start()).to_string()),
            Cell::text(version.end().map(|end| program.day(end).to_string())),
            Cell::text(version.status().map(feebook_schedule::Status::word)),
            number(numbers.known),
            number(numbers.assumed),
            number(numbers.unknown),
            number(version.assumed().len()),
        ]
    };
    let rows: Vec<Vec<Cell>> = program.versions().iter().map(row).collect();
    let numeric = [false, false, false, false, true, true, true, true];
    let columns = columns.map(|c| if c == "schedule" { "  schedule" } else { c });
    text.push_str(&text_table(&columns, &rows, &numeric));
    for old in program.superseded() {
        let _ = writeln!(text, "  {} was superseded", old.id());
    }
    match program.in_force(now()) {
        Ok(version) => {
            let _ = writeln!(text, "  in force today: {}", version.id());
            for line in version.main_terms() {
                let _ = writeln!(text, "    {line}");
            }
        }
        Err(none) => {
            let _ = writeln!(text, "  in force today: none; {none}");
        }
    }
    text
}

fn reports(program: &Terms, formats: &Formats) -> String {
    let own = formats.iter().filter(|format| format.program.as_deref() == Some(program.id()));
    let own = own.map(|format| format.name.as_str()).collect::<Vec<_>>().join(", ");
    let own = if own.is_empty() { "none".to_owned() } else { own };
    let shared = "those of `feebook formats list`";
    format!("  of its own            {own}\n  of all programs       {shared}")
}

fn assumed(program: &Terms) -> String {
    let lines =
        program.assumed().iter().map(|assumed| format!("  {}: {}", assumed.key, assumed.why));
    lines.collect::<Vec<_>>().join("\n")
}
