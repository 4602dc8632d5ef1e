//! `schedule list`: the versions of all programs, or of one.

use feebook_core::run::Terms;
use feebook_schedule::{Program, Status, Version, zone};

use crate::commands::known_program;
use crate::exit::{DONE, Outcome};
use crate::output::{Cell, Output};

pub(super) fn list(output: &Output, terms: &Terms, program: Option<&str>) -> Outcome<u8> {
    let programs: Vec<&Program> = match program {
        Some(name) => vec![known_program(terms, name)?],
        None => terms.book.programs().iter().collect(),
    };
    let mut sheet = output.sheet(&[
        "program",
        "schedule",
        "from",
        "until",
        "announced_on",
        "checked_on",
        "status",
        "rates",
        "assumed",
        "superseded_by",
    ])?;
    for program in programs {
        let mut versions: Vec<&Version> =
            program.versions().iter().chain(program.superseded()).collect();
        versions.sort_by_key(|version| (version.start(), version.id()));
        for version in versions {
            sheet.row(version_row(program, version))?;
        }
    }
    sheet.finish()?;
    Ok(DONE)
}

fn version_row(program: &Program, version: &Version) -> Vec<Cell> {
    let count = |count: usize| Cell::Count(u64::try_from(count).unwrap_or(u64::MAX));
    let at = |at: i64| zone::written(program.zone(), at);
    vec![
        Cell::Text(program.id().to_owned()),
        Cell::Text(version.id().to_owned()),
        Cell::Text(at(version.start())),
        Cell::text(version.end().map(at)),
        Cell::text(version.announced_on().map(|day| day.to_string())),
        Cell::text(version.checked_on().map(|day| day.to_string())),
        Cell::text(version.status().map(Status::word)),
        count(version.rates().len()),
        count(version.assumed().len()),
        Cell::text(program.successor(version).map(Version::id)),
    ]
}
