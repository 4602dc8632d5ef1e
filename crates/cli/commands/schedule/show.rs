//! `schedule show` and `schedule at`: the terms of a version in words, and which is in force.

use feebook_schedule::{Program, Version, describe, zone};
use serde_json::json;

use super::in_force;
use crate::args::Form;
use crate::exit::{DONE, Outcome};
use crate::output::{Cell, Output};

pub(super) fn show(output: &Output, program: &Program, version: &Version) -> Outcome<u8> {
    let text = describe::version_text(program, version);
    if output.form == Form::Json {
        let lines: Vec<&str> = text.lines().collect();
        output.json(&json!({
            "program": program.id(),
            "schedule": version.id(),
            "from": zone::written(program.zone(), version.start()),
            "until": version.end().map(|end| zone::written(program.zone(), end)),
            "superseded_by": program.successor(version).map(Version::id),
            "terms": lines,
        }))?;
    } else if output.form == Form::Csv {
        let mut sheet = output.sheet(&["terms"])?;
        for line in text.lines() {
            sheet.row(vec![Cell::Text(line.to_owned())])?;
        }
        sheet.finish()?;
    } else {
        output.text(text.trim_end())?;
    }
    Ok(DONE)
}

pub(super) fn at(output: &Output, program: &Program, at: i64) -> Outcome<u8> {
    let version = in_force(program, at)?;
    let mut sheet = output.sheet(&["program", "at", "schedule", "from", "until", "file"])?;
    sheet.row(vec![
        Cell::Text(program.id().to_owned()),
        Cell::Text(zone::written(program.zone(), at)),
        Cell::Text(version.id().to_owned()),
        Cell::Text(zone::written(program.zone(), version.start())),
        Cell::text(version.end().map(|end| zone::written(program.zone(), end))),
        Cell::Text(version.source().shown().to_owned()),
    ])?;
    sheet.finish()?;
    Ok(DONE)
}
