//! `plugin`: list, check, inspect, trust, stamp, new. None but `check` runs any code of a plugin.

mod new;
mod stamp;

use std::collections::BTreeSet;
use std::path::Path;

use chrono::NaiveDate;
use feebook_core::error::Error;
use feebook_core::plugins::{days_of_builds, start};
use feebook_plugin::host::{Digest, Head, Inspection, Machine, here, hex, inspect};
use feebook_plugin::{Refusal, codes};
use feebook_schedule::{Program, zone};
use serde_json::{Map, Value, json};

use super::{known_program, now, shown, terms};
use crate::args::{Form, Global, Plugin};
use crate::exit::{self, DONE, Outcome, PLUGIN, say};
use crate::output::{Cell, Output};
use crate::plugins::{self, Installed, Trusted};
use crate::shipped;

pub(super) fn run(global: &Global, output: &Output, args: &Plugin) -> Outcome<u8> {
    match args {
        Plugin::List => list(global, output),
        Plugin::Check { program } => check_all(global, output, program.as_deref()),
        Plugin::Inspect { file } => about(output, file),
        Plugin::Trust { file } => trust(global, file),
        Plugin::Stamp(args) => stamp::stamp(global, args),
        Plugin::New { name, dir } => new::new(name, dir.as_deref()),
    }
}

const LISTED: &[&str] = &[
    "plugin",
    "program",
    "from",
    "library",
    "file",
    "may_run",
    "version",
    "trusted_on",
    "machine",
    "sha256",
];

/// The builds of all plugins.toml, then the trusted plugins that are none of them.
fn list(global: &Global, output: &Output) -> Outcome<u8> {
    let (terms, config) = (terms(global)?, plugins::config()?);
    let folder = shipped::own_folder(global)?;
    let trust = |digest: &Digest| config.trusted.iter().find(|one| one.sha256 == *digest);
    let mut sheet = output.sheet(LISTED)?;
    let mut listed = BTreeSet::new();
    for program in terms.book.programs() {
        for build in program.builds() {
            listed.insert(build.sha256);
            let head = plugins::looked_at(&folder, program, build);
            let file = match &head {
                Ok(_) => "ready".to_owned(),
                Err(refusal) => format!("{}: {}", refusal.code().id, refusal.code().title),
            };
            let trusted = trust(&build.sha256);
            let may_run = match trusted {
                Some(_) => "trusted",
                None if global.allow_plugins => "allowed",
                None => "no",
            };
            let head = head.ok();
            let version = head.as_ref().and_then(Head::version_text);
            if let Some(other) = trusted.filter(|one| one.name != build.name) {
                tell_other_name(&build.place.to_string(), &build.name, other);
            }
            sheet.row(vec![
                Cell::Text(build.name.clone()),
                Cell::Text(program.id().to_owned()),
                Cell::Text(build.from.to_string()),
                Cell::Text(build.library.clone()),
                Cell::Text(file),
                Cell::Text(may_run.to_owned()),
                Cell::text(version.or(trusted.map(|one| one.version.as_str()))),
                Cell::text(trusted.map(|one| one.since.to_string())),
                Cell::text(build.machine.clone()),
                Cell::Text(hex(&build.sha256)),
            ])?;
        }
    }
    for trusted in config.trusted.iter().filter(|one| !listed.contains(&one.sha256)) {
        sheet.row(vec![
            Cell::Text(trusted.name.clone()),
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
            Cell::Text("trusted".to_owned()),
            Cell::Text(trusted.version.clone()),
            Cell::Text(trusted.since.to_string()),
            Cell::Empty,
            Cell::Text(hex(&trusted.sha256)),
        ])?;
    }
    sheet.finish()?;
    Ok(DONE)
}

/// Trust is in bytes: the name in the config file is for whoever reads it.
fn tell_other_name(place: &str, name: &str, trusted: &Trusted) {
    let config = plugins::config_path().map_or_else(String::new, |path| shown(&path));
    say(&format!(
        "{place}: the trusted library with this SHA-256 is called `{}` in {config}; it is `{name}`",
        trusted.name
    ));
}

/// Sets every plugin up for every version that names it, and tells all that is refused.
fn check_all(global: &Global, output: &Output, program: Option<&str>) -> Outcome<u8> {
    let (terms, installed) = (terms(global)?, Installed::new(global));
    let programs = match program {
        Some(name) => std::slice::from_ref(known_program(&terms, name)?),
        None => terms.book.programs(),
    };
    let mut sheet =
        output.sheet(&["program", "schedule", "from", "plugin", "version", "config"])?;
    let mut refused = Vec::new();
    for program in programs {
        for version in program.versions() {
            let Some(named) = version.plugin() else { continue };
            // Each build that serves some day of the version takes its config, or refuses it.
            for day in days_of_builds(program, version) {
                let (build, config) = match start(installed.as_ref(), program, version, day) {
                    Ok(None) => continue,
                    Ok(Some(started)) => (Some(started.by.version), "taken".to_owned()),
                    Err(error) => {
                        let config = format!("{}: {}", error.code().id, error.code().title);
                        refused.push(error);
                        (None, config)
                    }
                };
                sheet.row(vec![
                    Cell::Text(program.id().to_owned()),
                    Cell::Text(version.id().to_owned()),
                    Cell::Text(day.to_string()),
                    Cell::Text(named.name.clone()),
                    Cell::text(build),
                    Cell::Text(config),
                ])?;
            }
        }
    }
    sheet.finish()?;
    let Some(last) = refused.pop() else { return Ok(DONE) };
    for error in refused {
        // The last one is told by whoever ends the command.
        exit::told(&error.into(), global);
    }
    Err(last.into())
}

/// What a library is, from its bytes.
fn about(output: &Output, file: &Path) -> Outcome<u8> {
    let found = inspect(file).map_err(Error::from)?;
    let trusted = plugins::config()?.trusted.iter().any(|one| one.sha256 == found.digest);
    let rows = rows(file, &found, trusted);
    match output.form {
        Form::Json => {
            let entries = rows.iter().map(|(key, cell)| ((*key).to_owned(), cell.in_json()));
            let mut document: Map<String, Value> = entries.collect();
            document.insert("needs".to_owned(), json!(found.needs));
            document.insert("trusted".to_owned(), json!(trusted));
            output.json(&Value::Object(document))?;
        }
        Form::Text | Form::Csv => {
            let mut sheet = output.sheet(&["key", "value"])?;
            for (key, cell) in rows {
                sheet.row(vec![Cell::Text(key.to_owned()), cell])?;
            }
            sheet.finish()?;
        }
    }
    match found.refusal {
        None => Ok(DONE),
        Some(refusal) => {
            say(&Error::from(refusal.about(&shown(file))).to_string());
            Ok(PLUGIN)
        }
    }
}

fn rows(file: &Path, found: &Inspection, trusted: bool) -> Vec<(&'static str, Cell)> {
    let head = found.head.as_ref();
    let text = |text: Option<&str>| Cell::text(text);
    let size = u64::try_from(found.size).unwrap_or(u64::MAX);
    let loads = if found.refusal.is_none() { "yes" } else { "no" };
    vec![
        ("file", Cell::Text(shown(file))),
        ("size", Cell::Count(size)),
        ("sha256", Cell::Text(hex(&found.digest))),
        ("built_for", Cell::text(found.machine.as_ref().map(Machine::to_string))),
        ("plugin", text(head.and_then(Head::name_text))),
        ("version", text(head.and_then(Head::version_text))),
        ("needs", Cell::Text(found.needs.join(", "))),
        ("boundary", head.map_or(Cell::Empty, |head| Cell::Count(head.abi().into()))),
        ("fits_this_feebook", Cell::Text(loads.to_owned())),
        ("trusted", Cell::Text(if trusted { "yes" } else { "no" }.to_owned())),
    ]
}

/// Notes a library's digest in the user's config file.
fn trust(global: &Global, file: &Path) -> Outcome<u8> {
    let found = inspected(file)?;
    let config = plugins::config()?;
    let (name, version) = (&found.name, &found.version);
    if config.trusted.iter().any(|one| one.sha256 == found.digest) {
        say(&format!("{name} {version} is trusted already; nothing was changed"));
        return Ok(DONE);
    }
    let trusted = Trusted {
        name: name.clone(),
        version: version.clone(),
        sha256: found.digest,
        since: today(),
        seconds_per_call: None,
    };
    let path = plugins::trust(&trusted)?;
    say(&format!(
        "{name} {version} may run from now on, by its SHA-256 {}; noted in {}",
        hex(&found.digest),
        shown(&path)
    ));
    say("another build of it has another digest, and is not trusted by this");
    if found.machine != here().to_string() {
        say(&format!("it is built for {}, this machine takes {}", found.machine, here()));
    }
    if !found.needs.is_empty() {
        say(&format!(
            "the system loads these with it, and the SHA-256 does not cover them: {}",
            found.needs.join(", ")
        ));
    }
    tell_of_stamps(global, file, &found)
}

/// Says where plugins.toml names the file: as another build, or nowhere yet.
fn tell_of_stamps(global: &Global, file: &Path, found: &Found) -> Outcome<u8> {
    let (terms, own) = (terms(global)?, shipped::own_folder(global)?);
    let real = |path: &Path| path.canonicalize().ok();
    let mut stamped = false;
    for program in terms.book.programs() {
        for build in program.builds() {
            stamped |= build.sha256 == found.digest;
            let library = own.join(program.id()).join(&build.library);
            if build.sha256 != found.digest
                && real(&library).is_some_and(|at| Some(at) == real(file))
            {
                say(&format!(
                    "warning: {} names this very file with SHA-256 {}: it was changed since, and is refused \
                     there whatever you trust (P006); put the stamped file back, or stamp this one as \
                     a build of its own",
                    build.place,
                    hex(&build.sha256)
                ));
            }
        }
    }
    if !stamped {
        let naming = |program: &&Program| stamp::naming(program, &found.name).next().is_some();
        let mut programs = terms.book.programs().iter().filter(naming);
        let program = match (programs.next(), programs.next()) {
            (Some(_), Some(_)) => " --program PROGRAM",
            _ => "",
        };
        say(&format!("next: feebook plugin stamp {} {}{program}", found.name, shown(file)));
    }
    Ok(DONE)
}

/// A library that could be loaded on its machine.
struct Found {
    digest: Digest,
    /// What it was built for.
    machine: String,
    /// The libraries that the system loads with it.
    needs: Vec<String>,
    name: String,
    version: String,
}

/// Reads a library that could be loaded, here or on the machine that it was built for, without
/// running it: schedules and trust can be kept for several machines.
fn inspected(file: &Path) -> Result<Found, Error> {
    let found = inspect(file)?;
    let about = |refusal: Refusal| refusal.about(&shown(file));
    let here = found.refusal.filter(|refusal| *refusal.code() != codes::OTHER_MACHINE);
    if let Some(refusal) = here.or(found.unfit) {
        return Err(about(refusal).into());
    }
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let head = found.head.as_ref();
    Ok(Found {
        digest: found.digest,
        machine: found.machine.map_or_else(String::new, |machine| machine.to_string()),
        needs: found.needs,
        name: text(head.and_then(Head::name_text)),
        version: text(head.and_then(Head::version_text)),
    })
}

fn today() -> NaiveDate {
    zone::day(chrono_tz::Tz::UTC, now())
}
