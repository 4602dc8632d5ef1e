//! `formats`: the report formats that are known, which of them a file is in, a mapping for another.

use std::path::Path;

use feebook_core::import::{Fit, Formats, Head, Tried, proposal, try_on};

use super::{counted, shown};
use crate::args::{FormatsOf, Global, SchemaOf};
use crate::exit::{self, DONE, Outcome, ROWS, say};
use crate::output::{Cell, Output};
use crate::shipped::{self, REPORTS};

/// How many formats that do not fit are shown.
const MISSES: usize = 5;

pub(crate) fn run(global: &Global, output: &Output, args: &FormatsOf) -> Outcome<u8> {
    let sources = match args {
        FormatsOf::Show { .. } | FormatsOf::New { .. } => {
            shipped::sources_beside_an_empty_one(global)?
        }
        FormatsOf::List | FormatsOf::Schema { .. } | FormatsOf::Sniff { .. } => {
            shipped::sources(global)?
        }
    };
    let formats = shipped::formats(&sources)?;
    match args {
        FormatsOf::List => list(output, &formats),
        FormatsOf::Show { format, program } => {
            let format = formats.by_name(format, program.as_deref())?;
            let source = sources.iter().find(|source| source.shown() == format.shown);
            output.text(source.map_or("", |source| source.text()).trim_end())?;
            if let Some(source) = source.filter(|source| shipped::is_built_in(source)) {
                let folder = shipped::own_folder(global)?;
                say(&format!(
                    "to change it, write it with `-o {}/{}` and edit that: it then replaces the shipped one",
                    folder.display(),
                    source.path()
                ));
            }
            Ok(DONE)
        }
        FormatsOf::Schema { of } => {
            output.text(schema(*of).trim_end())?;
            Ok(DONE)
        }
        FormatsOf::Sniff { file, program } => sniff(output, &formats, file, program.as_deref()),
        FormatsOf::New { file, name } => {
            let folder = shipped::own_folder(global)?.display().to_string();
            propose(output, &formats, file, name.as_deref(), &folder)
        }
    }
}

fn schema(of: SchemaOf) -> &'static str {
    match of {
        SchemaOf::Mapping => include_str!("../../../schemas/mapping.json"),
        SchemaOf::Program => include_str!("../../../schemas/program.json"),
        SchemaOf::Version => include_str!("../../../schemas/version.json"),
        SchemaOf::Plugins => include_str!("../../../schemas/plugins.json"),
        SchemaOf::Feebook => include_str!("../../../schemas/feebook.json"),
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
    let fitting: Vec<&Fit<'_>> = fits.iter().filter(|fit| fit.fits()).collect();
    // What has the columns or keys of a format can be refused all the same.
    let tried = match fitting[..] {
        [only] => Some((only, try_on(only.format, file)?)),
        _ => None,
    };
    let refused = tried.as_ref().and_then(|(_, tried)| tried.refused.as_ref());
    let mut sheet = output.sheet(&["format", "program", "fits", "has", "lacks"])?;
    let told = |fit: &&Fit<'_>| !fit.format.named;
    for fit in fits.iter().filter(told).take(fitting.len() + MISSES) {
        let lacks = if fit.fits() { String::new() } else { fit.lacks.join(", ") };
        let word = match (fit.fits(), refused) {
            (true, Some(_)) => "refused",
            (true, None) => "yes",
            (false, _) => "no",
        };
        sheet.row(vec![
            Cell::Text(fit.format.name.clone()),
            Cell::text(fit.format.program.as_deref()),
            Cell::Text(word.to_owned()),
            Cell::Text(fit.has.join(", ")),
            Cell::Text(lacks),
        ])?;
    }
    sheet.finish()?;
    if let Some((fit, tried)) = tried {
        return Ok(tell_fit(fit, &tried, file));
    }
    if fitting.is_empty() {
        if let Err(problem) = formats.recognise(&head, &shown(file), program) {
            say(&problem.to_string());
        }
    } else {
        let several = fitting.len();
        say(&format!("{}: {several} formats fit; name one with --as", shown(file)));
    }
    Ok(ROWS)
}

/// Tells of the one format that fits what an import would come to; returns the exit code that follows.
fn tell_fit(fit: &Fit<'_>, tried: &Tried, file: &Path) -> u8 {
    let (name, file) = (&fit.format.name, shown(file));
    if let Some(refused) = &tried.refused {
        exit::problems(refused.problems());
        let what = if fit.is_error { "an error message of the network" } else { "refused" };
        say(&format!("{file}: {what}, format {name}; an import would say the same"));
        return ROWS;
    }
    say(&format!("{file}: {name}, because it has {}", fit.has.join(", ")));
    if tried.rejected > 0 {
        let rows = counted(tried.rows, "row");
        say(&format!(
            "{file}: of the first {rows}, {} are not understood; `feebook import --dry-run` says why",
            tried.rejected
        ));
    }
    DONE
}

fn propose(
    output: &Output,
    formats: &Formats,
    file: &Path,
    name: Option<&str>,
    folder: &str,
) -> Outcome<u8> {
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
    tell_tried(&proposal.tried, file);
    if let Ok(known) = formats.recognise(&Head::of_file(file)?, &shown(file), None) {
        say(&format!(
            "{}: `{}` reads this file already; beside a second mapping that fits, name one with --as",
            shown(file),
            known.name
        ));
    }
    if formats.by_name(name, None).is_ok_and(|known| known.program.is_none()) {
        say(&format!("a mapping named `{name}` is there already, and this one would replace it"));
    }
    let path = format!("{folder}/{REPORTS}/{name}.toml");
    say(&format!(
        "a proposal: look at every line, write it with `-o {path}`, and try it with \
         `feebook import {} --as {name} --dry-run`",
        shown(file)
    ));
    Ok(DONE)
}

/// What became of the file when it was read by its proposal.
fn tell_tried(tried: &Tried, file: &Path) {
    let (rows, file) = (counted(tried.rows, "row"), shown(file));
    match &tried.problem {
        None => say(&format!("{file}: the proposal reads {rows} of it, and rejects none")),
        Some(problem) => say(&format!(
            "{file}: of {rows} the proposal rejects {}; the first, or the file, for\n\n{problem}\n",
            tried.rejected
        )),
    }
}
