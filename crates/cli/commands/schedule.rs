//! `schedule`: the terms listed, shown, found by date, checked, written out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use feebook_core::error::{self, Error};
use feebook_core::import::Formats;
use feebook_core::run::Terms;
use feebook_schedule::diagnostic::{Diagnostic, Severity};
use feebook_schedule::{Book, Program, Source, Status, Version, describe, zone};
use serde_json::json;

use super::{counted, instant, known_program, now, shown, terms};
use crate::args::{Form, Global, Schedule};
use crate::exit::{self, DONE, FINDINGS, Outcome, TERMS, say};
use crate::output::{Cell, Output};
use crate::shipped;

pub(crate) fn run(global: &Global, output: &Output, args: &Schedule) -> Outcome<u8> {
    match args {
        Schedule::List { program } => list(output, &terms(global)?, program.as_deref()),
        Schedule::Show { program, version, at } => {
            let terms = terms(global)?;
            let program = known_program(&terms, program)?;
            let version = if let Some(name) = version {
                named(program, name)?
            } else {
                let at = at.as_ref().map(|text| instant(program, text)).transpose()?;
                in_force(program, at.unwrap_or_else(now))?
            };
            show(output, program, version)
        }
        Schedule::At { program, instant: text } => {
            let terms = terms(global)?;
            let program = known_program(&terms, program)?;
            at(output, program, instant(program, text)?)
        }
        Schedule::Check { program } => check(global, output, program.as_deref()),
        Schedule::Export { program, dir } => export(global, program, dir),
    }
}

fn named<'p>(program: &'p Program, name: &str) -> Result<&'p Version, Error> {
    let wanted = name.strip_suffix(".toml").unwrap_or(name);
    let versions = program.versions().iter().chain(program.superseded());
    versions.clone().find(|version| version.id() == wanted).ok_or_else(|| {
        let message = format!("{} has no version `{wanted}`", program.id());
        let known: Vec<&str> = versions.map(Version::id).collect();
        Error::new(&error::NO_VERSION, message).hint(format!("it has {}", known.join(", ")))
    })
}

fn in_force(program: &Program, at: i64) -> Result<&Version, Error> {
    program.in_force(at).map_err(|no_cover| {
        let at = zone::written(program.zone(), at);
        let message = format!("{} has no terms in force at {at}: {no_cover}", program.id());
        Error::new(&error::NO_VERSION, message)
            .hint(format!("`feebook schedule list {}` shows its versions", program.id()))
    })
}

fn list(output: &Output, terms: &Terms, program: Option<&str>) -> Outcome<u8> {
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
    ])?;
    for program in programs {
        for version in program.versions() {
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
    ]
}

fn show(output: &Output, program: &Program, version: &Version) -> Outcome<u8> {
    let text = describe::version_text(program, version);
    if output.form == Form::Json {
        let lines: Vec<&str> = text.lines().collect();
        output.json(&json!({
            "program": program.id(),
            "schedule": version.id(),
            "from": zone::written(program.zone(), version.start()),
            "until": version.end().map(|end| zone::written(program.zone(), end)),
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

fn at(output: &Output, program: &Program, at: i64) -> Outcome<u8> {
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

/// Errors of all files, then what the lint finds across the versions of the program that is named,
/// else of the programs that have a file of the user's own: what is shipped was looked at before.
/// Terms that do not load are an error of the terms, a warning is a finding.
fn check(global: &Global, output: &Output, program: Option<&str>) -> Outcome<u8> {
    let sources = shipped::sources(global)?;
    let (book, mut problems) = Book::load(&sources);
    problems.extend(Formats::load(&sources).1);
    let today = zone::day(chrono_tz::Tz::UTC, now());
    if !problems.iter().any(Diagnostic::is_error) {
        problems.extend(feebook_schedule::lint(&book, today));
    }
    let asked = asked_programs(&sources, program);
    if let (Some(name), true) = (program, asked.is_empty()) {
        let terms = Terms { book: book.into(), sources: sources.into() };
        known_program(&terms, name)?;
        return Ok(DONE);
    }
    let of_asked = |problem: &Diagnostic| {
        sources
            .iter()
            .any(|source| source.shown() == problem.place.file && asked.contains(folder(source)))
    };
    problems.retain(|problem| of_asked(problem) || (program.is_none() && problem.is_error()));
    tell(output, &problems)?;
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let warnings = problems.len() - errors;
    if !problems.is_empty() {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (errors, warnings) = (count(errors), count(warnings));
        say(&format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")));
    }
    Ok(match (errors, warnings) {
        (0, 0) => DONE,
        (0, _) => FINDINGS,
        _ => TERMS,
    })
}

/// The program that is named, if it has files; without a name, all that have a file of the user's
/// own, which is shown by another path than a shipped one.
fn asked_programs<'s>(sources: &'s [Source], program: Option<&str>) -> BTreeSet<&'s str> {
    let asked = |source: &&Source| match program {
        Some(name) => folder(source) == name,
        None => source.shown() != source.path(),
    };
    sources.iter().filter(asked).map(folder).collect()
}

/// The folder that a file is in: the program, or `reports`.
fn folder(source: &Source) -> &str {
    source.path().split('/').next().unwrap_or_default()
}

fn tell(output: &Output, problems: &[Diagnostic]) -> Outcome<()> {
    if output.form == Form::Text {
        exit::problems(problems);
        return Ok(());
    }
    let mut sheet =
        output.sheet(&["severity", "code", "file", "line", "column", "message", "hint"])?;
    for problem in problems {
        let severity = match problem.code.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        sheet.row(vec![
            Cell::Text(severity.to_owned()),
            Cell::Text(problem.code.id.to_owned()),
            Cell::Text(problem.place.file.clone()),
            Cell::Count(u64::from(problem.place.line)),
            Cell::Count(u64::from(problem.place.column)),
            Cell::Text(problem.message.clone()),
            Cell::text(problem.hint.clone()),
        ])?;
    }
    sheet.finish()
}

fn export(global: &Global, name: &str, dir: &Path) -> Outcome<u8> {
    let sources = shipped::sources(global)?;
    let belongs = |source: &&Source| folder(source) == name;
    let files: Vec<&Source> = sources.iter().filter(belongs).collect();
    if files.is_empty() || name == "reports" {
        known_program(&terms(global)?, name)?;
    }
    // Nothing of the user's is written over: all targets are looked at before any is made.
    for source in &files {
        let target = dir.join(source.path());
        if target.exists() {
            let taken = std::io::ErrorKind::AlreadyExists;
            let taken = std::io::Error::new(taken, "it exists already; nothing was written");
            return Err(Error::file(&target, "write", taken).into());
        }
    }
    for source in &files {
        let target = dir.join(source.path());
        let unwritable = |e| Error::file(&target, "write", e);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(unwritable)?;
        }
        fs::write(&target, source.text()).map_err(unwritable)?;
        say(&format!("wrote {}", shown(&target)));
    }
    Ok(DONE)
}
