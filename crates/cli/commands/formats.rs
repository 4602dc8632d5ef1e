//! `formats`: the report formats that are known, which of them a file is in, a mapping for another.

use std::path::Path;

use feebook_core::import::proposal::{self, Proposal};
use feebook_core::import::{Fit, Format, Formats, Head};

use super::{counted, shown};
use crate::args::{FormatsOf, Global};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output};
use crate::shipped;

/// How many formats that do not fit are shown.
const MISSES: usize = 5;

pub(crate) fn run(global: &Global, output: &Output, args: &FormatsOf) -> Outcome<u8> {
    let sources = shipped::sources(global)?;
    let formats = shipped::formats(&sources)?;
    match args {
        FormatsOf::List => list(output, &formats),
        FormatsOf::Show { format, program } => {
            let format = formats.by_name(format, program.as_deref())?;
            let source = sources.iter().find(|source| source.shown() == format.shown);
            output.text(source.map_or("", |source| source.text()).trim_end())?;
            Ok(DONE)
        }
        FormatsOf::Sniff { file, program } => sniff(output, &formats, file, program.as_deref()),
        FormatsOf::New { file, name } => propose(output, &formats, file, name.as_deref()),
    }
}

fn list(output: &Output, formats: &Formats) -> Outcome<u8> {
    let mut sheet =
        output.sheet(&["format", "program", "kind", "network", "recognised", "title", "file"])?;
    for format in formats.iter() {
        sheet.row(vec![
            Cell::Text(format.name.clone()),
            Cell::text(format.program.as_deref()),
            Cell::Text(format.kind().to_owned()),
            Cell::text(format.network.as_deref()),
            Cell::Text(if format.named { "with --as" } else { "by what it holds" }.to_owned()),
            Cell::Text(format.title.clone()),
            Cell::Text(format.shown.clone()),
        ])?;
    }
    sheet.finish()?;
    Ok(DONE)
}

fn sniff(output: &Output, formats: &Formats, file: &Path, program: Option<&str>) -> Outcome<u8> {
    let head = Head::of_file(file)?;
    let fits = formats.fits(&head, program);
    let fitting = fits.iter().filter(|fit| fit.fits()).count();
    let mut sheet = output.sheet(&["format", "program", "fits", "has", "lacks"])?;
    let told = |fit: &&Fit<'_>| !fit.format.named;
    for fit in fits.iter().filter(told).take(fitting + MISSES) {
        sheet.row(vec![
            Cell::Text(fit.format.name.clone()),
            Cell::text(fit.format.program.as_deref()),
            Cell::Text(if fit.fits() { "yes" } else { "no" }.to_owned()),
            Cell::Text(fit.has.join(", ")),
            Cell::Text(fit.lacks.join(", ")),
        ])?;
    }
    sheet.finish()?;
    let file = shown(file);
    match (fits.iter().find(|fit| fit.fits()), fitting) {
        (Some(fit), 1) if fit.is_error => {
            say(&format!("{file}: an error message of the network, format {}", fit.format.name));
        }
        (Some(fit), 1) => {
            say(&format!("{file}: {}, because it has {}", fit.format.name, fit.has.join(", ")));
        }
        (None, _) => {
            let found = formats.recognise(&head, &file, program);
            if let Err(problem) = found {
                say(&problem.to_string());
            }
        }
        (Some(_), several) => {
            say(&format!("{file}: {several} formats fit; name one with --as"));
        }
    }
    let must: Vec<&Format> = formats.iter().filter(|format| format.named && fitting == 0).collect();
    if !must.is_empty() {
        let names: Vec<&str> = must.iter().map(|format| &*format.name).collect();
        say(&format!(
            "reports that do not say what they are must be named with --as: {}",
            names.join(", ")
        ));
    }
    Ok(DONE)
}

fn propose(output: &Output, formats: &Formats, file: &Path, name: Option<&str>) -> Outcome<u8> {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = name.map(str::to_owned).or(stem).unwrap_or_default();
    let name: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    let name = if name.is_empty() { "report" } else { name };
    let proposal = proposal::propose(file, name)?;
    output.text(proposal.text.trim_end())?;
    tell_tried(&proposal, file);
    if let Ok(known) = formats.recognise(&Head::of_file(file)?, &shown(file), None) {
        say(&format!(
            "{} is a report of the format `{known}` already; with a second mapping that fits, --as \
             must say which one is meant",
            shown(file),
            known = known.name
        ));
    }
    say(&format!(
        "a proposal: look at every line, write it with `-o schedules/reports/{name}.toml`, and try it with \
         `feebook import {} --as {name} --dry-run`",
        shown(file)
    ));
    Ok(DONE)
}

/// What became of the file when it was read by its proposal.
fn tell_tried(proposal: &Proposal, file: &Path) {
    let (rows, file) = (counted(proposal.rows, "row"), shown(file));
    match &proposal.problem {
        None => say(&format!("{file}: read by the proposal, {rows}, all of them understood")),
        Some(problem) => {
            let rejected = proposal.rejected;
            say(&format!(
                "{file}: read by the proposal, {rows}, {rejected} not understood, the first for\n\n{problem}\n"
            ));
        }
    }
}
