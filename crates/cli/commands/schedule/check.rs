//! `schedule check`: what is wrong with terms, and what a person should look at.

use std::collections::BTreeSet;

use feebook_core::import::Formats;
use feebook_core::run::Terms;
use feebook_schedule::diagnostic::{Diagnostic, Severity};
use feebook_schedule::{Book, Source, zone};

use super::folder;
use crate::args::{Form, Global};
use crate::commands::{counted, known_program, now};
use crate::exit::{self, DONE, FINDINGS, Outcome, TERMS, say};
use crate::output::{Cell, Output};
use crate::shipped;

/// Errors of all files, then what the lint finds across the versions of the program that is named,
/// else of the programs that have a file of the user's own: what is shipped was looked at before.
/// Terms that do not load are an error of the terms, a warning is a finding.
pub(super) fn check(global: &Global, output: &Output, program: Option<&str>) -> Outcome<u8> {
    let sources = shipped::sources(global)?;
    let (book, mut problems) = Book::load(&sources);
    problems.extend(Formats::load(&sources).1);
    let today = zone::day(chrono_tz::Tz::UTC, now());
    if !problems.iter().any(Diagnostic::is_error) {
        problems.extend(feebook_schedule::lint(&book, today));
    }
    let asked = asked_programs(&sources, program);
    if let (Some(name), true) = (program, asked.is_empty()) {
        let terms = Terms { book: book.into(), sources: sources.into(), plugins: None };
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
/// own.
fn asked_programs<'s>(sources: &'s [Source], program: Option<&str>) -> BTreeSet<&'s str> {
    let asked = |source: &&Source| match program {
        Some(name) => folder(source) == name,
        None => !shipped::is_built_in(source),
    };
    sources.iter().filter(asked).map(folder).collect()
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
