//! `program`: lists programs, shows one.

use feebook_schedule::Program as Terms;

use super::{known_program, terms};
use crate::args::{Global, Program};
use crate::exit::{DONE, Outcome};
use crate::output::{Cell, Output};

pub(crate) fn run(global: &Global, output: &Output, args: &Program) -> Outcome<u8> {
    let terms = terms(global)?;
    match args {
        Program::List => list(output, terms.book.programs()),
        Program::Show { program } => show(output, known_program(&terms, program)?),
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
            Cell::text(versions.first().map(feebook_schedule::Version::id)),
            Cell::text(versions.last().map(feebook_schedule::Version::id)),
        ])?;
    }
    sheet.finish()?;
    Ok(DONE)
}

fn show(output: &Output, program: &Terms) -> Outcome<u8> {
    let mut sheet = output.sheet(&["key", "value", "assumed"])?;
    for (key, value) in facts(program) {
        let assumed = program.assumed().iter().find(|assumed| assumed.key == key);
        sheet.row(vec![
            Cell::Text(key),
            Cell::Text(value),
            Cell::text(assumed.map(|assumed| assumed.why.as_str())),
        ])?;
    }
    sheet.finish()?;
    Ok(DONE)
}

/// What program.toml says, key by key.
fn facts(program: &Terms) -> Vec<(String, String)> {
    let days = |seconds: i64| format!("{} days", seconds / 86_400);
    let mut facts = vec![("name".to_owned(), program.name().to_owned())];
    let mut add = |key: &str, value: Option<String>| {
        facts.extend(value.map(|value| (key.to_owned(), value)));
    };
    add("advertiser", program.advertiser().map(str::to_owned));
    add("network", program.network().map(str::to_owned));
    add("status", program.status().map(str::to_owned));
    add("payout_currency", Some(program.payout_currency().to_string()));
    add("timezone", Some(program.zone().to_string()));
    add("governed_by", Some(program.governed_by().word().to_owned()));
    add("notice", program.notice().map(days));
    add("started_on", program.started_on().map(|day| day.to_string()));
    for (key, value) in program.listing() {
        add(&format!("listing.{key}"), Some(value.clone()));
    }
    for (key, value) in program.policies() {
        add(&format!("policies.{key}"), Some(value.clone()));
    }
    let terms = |terms: &[String]| Some(terms.join(", ")).filter(|terms| !terms.is_empty());
    add("sem.brand_terms", terms(program.brand_terms()));
    add("sem.negative_terms", terms(program.negative_terms()));
    facts
}
