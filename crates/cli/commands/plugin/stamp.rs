//! `plugin stamp`: a line of plugins.toml for a build.
//!
//! Owns the copy of the library under the program's `plugins`, so that the build of an old month is
//! still there when a newer one is made over the file. Appends and never edits; writes no absolute
//! path.

use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use feebook_core::error::{self, Error};
use feebook_core::plugins::days;
use feebook_core::run::Terms;
use feebook_plugin::Refusal;
use feebook_plugin::codes;
use feebook_plugin::host::{Digest, here, hex, inspect};
use feebook_schedule::diagnostic::nearest;
use feebook_schedule::{Build, Program, Version, quoted};

use super::{Found, inspected};
use crate::args::{Global, Stamp};
use crate::commands::{known_program, shown, terms};
use crate::exit::{DONE, Outcome, say};
use crate::{plugins, shipped};

const HEAD: &str = "# Builds of plugins: a line each, from `feebook plugin stamp`. Lines are added and \
    never changed: an old\n# month is computed with the build of its day.\n";

pub(super) fn stamp(global: &Global, args: &Stamp) -> Outcome<u8> {
    let terms = terms(global)?;
    swapped(args)?;
    let program = program(&terms, args)?;
    let found = inspected(&args.library)?;
    if found.name != args.name {
        let message =
            format!("{} is the plugin `{}`, not `{}`", shown(&args.library), found.name, args.name);
        let program = args.program.as_ref().map_or_else(String::new, |p| format!(" --program {p}"));
        let hint = format!("feebook plugin stamp {} {}{program}", found.name, shown(&args.library));
        return Err(Error::from(Refusal::new(&codes::NAME, message).hint(hint)).into());
    }
    let from = first_day(program, args, &found.digest)?;
    let for_it = |build: &&Build| {
        let machine = build.machine.as_ref().is_none_or(|machine| *machine == found.machine);
        build.name == args.name && build.from == from && machine
    };
    // Only the last line serves: one before it was replaced, and may be stamped anew.
    let serves = program.builds().iter().rfind(for_it);
    if let Some(build) = serves.filter(|build| build.sha256 == found.digest) {
        say(&format!(
            "{} has this build already, for orders {}; nothing was changed",
            build.place,
            days(program, build)
        ));
        if args.from.is_none() {
            say("--from DAY has it serve from another day on, an earlier one too");
        }
        return Ok(DONE);
    }
    let own = shipped::own_folder(global)?;
    let folder = own.join(program.id());
    fs::create_dir_all(&folder).map_err(|e| Error::file(&folder, "make the folder", e))?;
    let library = keep(&folder, &args.library, &found)?;
    let list = folder.join("plugins.toml");
    let line = format!(
        "[[plugin]]\nname = {}\nlibrary = {}\nsha256 = \"{}\"\nmachine = {}\nfrom = {from}\n",
        quoted(&args.name),
        quoted(&library),
        hex(&found.digest),
        quoted(&found.machine)
    );
    plugins::append(&list, HEAD, &line).map_err(|e| Error::file(&list, "write", e))?;
    say(&format!(
        "{}: {} {} serves orders of {} from {from} on, on {}",
        shown(&list),
        found.name,
        found.version,
        program.id(),
        found.machine
    ));
    tell_next(&folder.join(library), &found)?;
    Ok(DONE)
}

/// Refuses the library where the name belongs; other commands take it first.
fn swapped(args: &Stamp) -> Result<(), Error> {
    let library = Path::new(&args.name);
    if args.library.exists() || !library.is_file() {
        return Ok(());
    }
    let (name, file) = (shown(&args.library), shown(library));
    let message = format!("{name} is no file, and {file} is one: the plugin's name comes first");
    let program = args.program.as_ref().map_or_else(String::new, |p| format!(" --program {p}"));
    Err(Error::new(&error::NO_PLUGIN, message)
        .hint(format!("feebook plugin stamp {name} {file}{program}")))
}

/// The program: the one that is named, else the only one whose schedules name the plugin.
fn program<'t>(terms: &'t Terms, args: &Stamp) -> Result<&'t Program, Error> {
    if let Some(name) = &args.program {
        let program = known_program(terms, name)?;
        return if naming(program, &args.name).next().is_some() {
            Ok(program)
        } else {
            Err(unnamed(terms, &args.name, &format!("no schedule of {name}")))
        };
    }
    let all = terms.book.programs().iter();
    let mut programs: Vec<&Program> =
        all.filter(|program| naming(program, &args.name).next().is_some()).collect();
    match (programs.pop(), programs.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(unnamed(terms, &args.name, "no schedule")),
        (Some(last), false) => {
            let others = programs.iter().map(|program| program.id());
            let known = others.chain([last.id()]).collect::<Vec<_>>().join(", ");
            let message = format!("the plugin `{}` is named by {known}", args.name);
            Err(Error::new(&error::WHICH_PROGRAM, message).hint("name one with --program"))
        }
    }
}

/// The versions of a program that name a plugin.
pub(super) fn naming<'p>(
    program: &'p Program,
    plugin: &'p str,
) -> impl Iterator<Item = &'p Version> {
    let versions = program.versions().iter().chain(program.superseded());
    versions.filter(move |version| version.plugin().is_some_and(|used| used.name == plugin))
}

fn unnamed(terms: &Terms, plugin: &str, who: &str) -> Error {
    let versions = terms.book.programs().iter().flat_map(Program::versions);
    let known: Vec<&str> =
        versions.filter_map(|version| version.plugin()).map(|used| used.name.as_str()).collect();
    let message = format!("{who} names the plugin `{plugin}`");
    let hint = match nearest(plugin, known) {
        Some(near) if near != plugin => format!("did you mean `{near}`?"),
        _ => format!("a version names it under [plugin], with name = \"{plugin}\""),
    };
    Error::new(&error::NO_PLUGIN, message).hint(hint)
}

/// The first day of whose orders the build serves: of a first build, when the terms begin that name
/// it. Where there is one before it, the user says.
fn first_day(program: &Program, args: &Stamp, digest: &Digest) -> Result<NaiveDate, Error> {
    if let Some(from) = args.from {
        return Ok(from);
    }
    let last = program.builds().iter().rfind(|build| build.name == args.name);
    match last {
        None => {
            let start = naming(program, &args.name).map(Version::start).min();
            Ok(program.day(start.unwrap_or_default()))
        }
        Some(build) if build.sha256 == *digest => Ok(build.from),
        Some(build) => {
            let message = format!(
                "{}: a build of `{}` serves orders from {} on",
                build.place, args.name, build.from
            );
            Err(Error::new(&error::STAMPED, message).hint(format!(
                "--from {0} has the new one serve orders from {0} on (or is right for a build for another \
                 machine); a later day leaves earlier orders to the old one",
                build.from
            )))
        }
    }
}

/// Where the library lies, as seen from the program's folder: where it is if that is under the
/// program's `plugins`, else a copy there under the plugin's name and digest. A library elsewhere, be
/// it within the schedules, is what the next build overwrites.
fn keep(folder: &Path, library: &Path, found: &Found) -> Result<String, Error> {
    let real = |path: &Path| fs::canonicalize(path).map_err(|e| Error::file(path, "find", e));
    let (real_folder, real_library) = (real(folder)?, real(library)?);
    if let Ok(below) = real_library.strip_prefix(&real_folder)
        && below.starts_with("plugins")
    {
        return written(below);
    }
    let ending = library
        .extension()
        .map_or(String::new(), |ending| format!(".{}", ending.to_string_lossy()));
    let digest = hex(&found.digest);
    let short = digest.get(..12).unwrap_or(&digest);
    let name = format!("{}-{short}{ending}", found.name);
    let target = folder.join("plugins").join(&name);
    // What lies there may be half a copy, or changed since.
    if inspect(&target).ok().is_none_or(|there| there.digest != found.digest) {
        let failed = |e| Error::file(&target, "write", e);
        fs::create_dir_all(folder.join("plugins")).map_err(failed)?;
        // Beside it first: a copy that breaks off must not lie under the name of the whole.
        let part = target.with_extension("part");
        fs::copy(library, &part).map_err(failed)?;
        fs::rename(&part, &target).map_err(failed)?;
        say(&format!("copied {} to {}", shown(library), shown(&target)));
    }
    Ok(format!("plugins/{name}"))
}

/// A path below the program's folder, with slashes.
fn written(below: &Path) -> Result<String, Error> {
    let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| {
        let what = "its name is not UTF-8, so plugins.toml cannot say it; rename it";
        let refused = std::io::Error::new(std::io::ErrorKind::InvalidInput, what);
        Error::file(below, "stamp", refused)
    })
}

fn tell_next(library: &Path, found: &Found) -> Result<(), Error> {
    if found.machine != here().to_string() {
        say(&format!(
            "it cannot run here: it is built for {}, this machine takes {}",
            found.machine,
            here()
        ));
    } else if plugins::config()?.trusted.iter().any(|one| one.sha256 == found.digest) {
        say("next: feebook recompute");
    } else {
        say(&format!(
            "next: feebook plugin trust {}, or give --allow-plugins to what you run",
            shown(library)
        ));
    }
    Ok(())
}
