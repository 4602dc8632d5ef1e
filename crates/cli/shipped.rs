//! The terms and report mappings at hand: those that the binary carries, and a folder laid over
//! them, in which a file of the same path wins.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use feebook_core::error::{self, Error, Result};
use feebook_core::import::Formats;
use feebook_core::run::Terms;
use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::{Book, Source};

use crate::args::Global;
use crate::exit;

/// Path below schedules/ and text of every file that the binary carries.
static BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// The folder of the report mappings, which all programs share.
pub(crate) const REPORTS: &str = "reports";

/// All files of schedules and mappings, in order of their paths.
pub(crate) fn sources(global: &Global) -> Result<Vec<Source>> {
    read(global, true)
}

/// The same for a command that writes a mapping: the shell may have made the file already, and empty.
pub(crate) fn sources_beside_an_empty_one(global: &Global) -> Result<Vec<Source>> {
    read(global, false)
}

fn read(global: &Global, tell_empty: bool) -> Result<Vec<Source>> {
    let mut sources: BTreeMap<String, Source> = BUILT_IN
        .iter()
        .map(|(path, text)| ((*path).to_owned(), Source::new(*path, *path, *text)))
        .collect();
    if let Some(folder) = folder(global)? {
        let mut files = Vec::new();
        collect(&folder, &mut files)?;
        for file in files {
            lay_over(&folder, &file, &mut sources, tell_empty)?;
        }
    }
    Ok(sources.into_values().collect())
}

/// The files of some programs, and of every other of which the user's own folder has one: what is wrong
/// in it is told whatever was asked; and the mappings. The rest of what the binary carries need not be read.
pub(crate) fn of_programs(mut sources: Vec<Source>, programs: &[String]) -> Vec<Source> {
    let program = |source: &Source| source.path().split('/').next().map(str::to_owned);
    let own = sources.iter().filter(|source| !is_built_in(source)).filter_map(program);
    let always = std::iter::once(REPORTS.to_owned());
    let wanted: BTreeSet<String> = own.chain(programs.iter().cloned()).chain(always).collect();
    sources.retain(|source| program(source).is_some_and(|program| wanted.contains(&program)));
    sources
}

/// The file of a path as the binary carries it.
pub(crate) fn built_in(path: &str) -> Option<Source> {
    let found = BUILT_IN.iter().find(|(known, _)| *known == path)?;
    Some(Source::new(found.0, found.0, found.1))
}

/// The folder of --schedules, else ./schedules if it is there.
fn folder(global: &Global) -> Result<Option<PathBuf>> {
    match &global.schedules {
        Some(folder) if folder.is_dir() => Ok(Some(folder.clone())),
        Some(folder) => {
            let refused = std::io::ErrorKind::NotFound;
            let refused = std::io::Error::new(refused, "there is no such folder");
            Err(Error::file(folder, "read the schedules folder", refused))
        }
        None => Ok(Some(PathBuf::from("schedules")).filter(|folder| folder.is_dir())),
    }
}

/// The folder that a user's own files are written into, which need not be there yet.
pub(crate) fn own_folder(global: &Global) -> Result<PathBuf> {
    Ok(folder(global)?.unwrap_or_else(|| PathBuf::from("schedules")))
}

/// Whether the binary carries a source; one of a folder is shown by another path.
pub(crate) fn is_built_in(source: &Source) -> bool {
    source.shown() == source.path()
}

fn lay_over(
    folder: &Path,
    file: &Path,
    sources: &mut BTreeMap<String, Source>,
    tell_empty: bool,
) -> Result<()> {
    let text = fs::read_to_string(file).map_err(|e| Error::file(file, "read", e))?;
    let below = file.strip_prefix(folder).unwrap_or(file);
    let path = below.to_string_lossy().replace('\\', "/");
    let is_mapping = path.split('/').rev().nth(1) == Some(REPORTS);
    if is_mapping && text.trim().is_empty() {
        if tell_empty {
            let file = file.display();
            exit::say(&format!(
                "{file} is an empty mapping and was skipped: write it anew with `-o {file}`, or remove it"
            ));
        }
        return Ok(());
    }
    let source = Source::new(path.clone(), file.display().to_string(), text);
    if let Some(shipped) = sources.get(&path)
        && shipped.digest() != source.digest()
    {
        exit::say(&format!("{} replaces the shipped {path}", file.display()));
    }
    sources.insert(path, source);
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let unreadable = |e| Error::file(folder, "read", e);
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()
        .map_err(unreadable)?;
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let ending = path.extension().and_then(|ending| ending.to_str());
        if hidden {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else if matches!(ending, Some("toml" | "csv")) {
            files.push(path);
        }
    }
    Ok(())
}

/// Loads all terms, or tells every error of every file. Warnings are for `schedule check`.
pub(crate) fn terms(sources: Vec<Source>) -> Result<Terms> {
    let (book, problems) = Book::load(&sources);
    refuse(problems)?;
    Ok(Terms { book: Arc::new(book), sources: sources.into(), plugins: None })
}

/// Loads all report mappings, or tells every error of every file.
pub(crate) fn formats(sources: &[Source]) -> Result<Formats> {
    let (formats, problems) = Formats::load(sources);
    refuse(problems)?;
    Ok(formats)
}

fn refuse(problems: Vec<Diagnostic>) -> Result<()> {
    let errors: Vec<Diagnostic> = problems.into_iter().filter(Diagnostic::is_error).collect();
    match errors.len() {
        0 => Ok(()),
        count => {
            let what = if count == 1 { "1 error" } else { &format!("{count} errors") };
            let message = format!("the schedules do not load: {what}");
            Err(Error::new(&error::TERMS, message)
                .with(errors)
                .hint("mend the places above; nothing was evaluated"))
        }
    }
}
