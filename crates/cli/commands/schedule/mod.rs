//! `schedule`: the terms listed, shown, compared, found by date, begun anew, priced, checked, written out.

mod check;
mod diff;
mod export;
mod list;
mod new;
mod preview;
mod show;
mod test;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use feebook_core::error::{self, Error};
use feebook_schedule::{Program, Source, Version, zone};

use super::{instant, known_program, now, terms};
use crate::args::{Global, Schedule};
use crate::exit::Outcome;
use crate::output::Output;

pub(crate) fn run(global: &Global, output: &Output, args: &Schedule) -> Outcome<u8> {
    match args {
        Schedule::List { program } => list::list(output, &terms(global)?, program.as_deref()),
        Schedule::Show { program, version, at } => {
            let terms = terms(global)?;
            let program = known_program(&terms, program)?;
            let version = if let Some(name) = version {
                named(program, name)?
            } else {
                let at = at.as_ref().map(|text| instant(program, text)).transpose()?;
                in_force(program, at.unwrap_or_else(now))?
            };
            show::show(output, program, version)
        }
        Schedule::At { program, instant: text } => {
            let terms = terms(global)?;
            let program = known_program(&terms, program)?;
            show::at(output, program, instant(program, text)?)
        }
        Schedule::Diff { program, before, after } => {
            diff::diff(output, &terms(global)?, program, before, after)
        }
        Schedule::New(args) => new::new(global, output, args),
        Schedule::Check { program } => check::check(global, output, program.as_deref()),
        Schedule::Preview(args) => preview::run(global, output, args),
        Schedule::Test { program, accept } => {
            test::run(global, output, program.as_deref(), *accept)
        }
        Schedule::Export { program, dir } => export::export(global, program, dir),
    }
}

fn named<'p>(program: &'p Program, name: &str) -> Result<&'p Version, Error> {
    let wanted = name.strip_suffix(".toml").unwrap_or(name);
    let versions = program.versions().iter().chain(program.superseded());
    versions.clone().find(|version| version.id() == wanted).ok_or_else(|| {
        let message = format!("{} has no version `{wanted}`", program.id());
        let known: Vec<&str> = versions.map(Version::id).collect();
        let hint = match known.as_slice() {
            [] => "it has no versions yet".to_owned(),
            known => format!("it has {}", known.join(", ")),
        };
        Error::new(&error::NO_VERSION, message).hint(hint)
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

/// The folder that a file is in: the program, or `reports`.
fn folder(source: &Source) -> &str {
    source.path().split('/').next().unwrap_or_default()
}

/// Writes a file that must not be there, and the folders that it needs.
fn write_new(target: &Path, text: &str) -> Result<(), Error> {
    let unwritable = |e| Error::file(target, "write", e);
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let mut file = File::create_new(target).map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)
}
