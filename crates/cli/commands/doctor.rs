//! `doctor`: the installation as it stands, what is wrong with it, and what to do next.
//!
//! Owns the look at files, folders and config. Refuses to look into facts and results: `check` and
//! `verify` do.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chrono_tz::Tz;
use feebook_core::error::{self, Error, Result};
use feebook_core::import::{Formats, advertisers};
use feebook_core::ledger::Ledger;
use feebook_plugin::host::Digest;
use feebook_schedule::{Program, Version, zone};

use super::{counted, open};
use crate::args::Global;
use crate::exit::{DONE, FINDINGS, Outcome};
use crate::output::{Cell, Output, Sheet};
use crate::{beside, disk, plugins, shipped};

/// The longest ledger, in bytes, of which every page is looked at: that takes some two seconds.
const LONG: u64 = 512 << 20;

/// What a row of the answer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// As it should be.
    Fine,
    /// Something to do next.
    Next,
    /// Something that is wrong.
    Finding,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Fine => "",
            Self::Next => "next",
            Self::Finding => "finding",
        }
    }
}

/// The answer under way.
struct Answer<'o> {
    sheet: Sheet<'o>,
    found: bool,
}

impl Answer<'_> {
    fn row(&mut self, part: &str, what: &str, kind: Kind, text: impl Into<String>) -> Outcome<()> {
        self.found |= kind == Kind::Finding;
        let cells = [part, what, kind.word()].map(|text| Cell::Text(text.to_owned()));
        self.sheet.row(cells.into_iter().chain([Cell::Text(text.into())]).collect())
    }

    /// A failure, with what to do about it.
    fn failed(&mut self, part: &str, what: &str, failed: &Error) -> Outcome<()> {
        for problem in failed.problems() {
            let place = &problem.place;
            let text = format!(
                "{}:{}:{}: {} {}",
                place.file, place.line, place.column, problem.code.id, problem.message
            );
            self.row(part, what, Kind::Finding, text)?;
        }
        let text = failed.to_string().replace('\n', "; ");
        self.row(part, what, Kind::Finding, text)
    }
}

pub(crate) fn run(global: &Global, output: &Output) -> Outcome<u8> {
    let sheet = output.sheet(&["part", "what", "kind", "state"])?;
    let mut answer = Answer { sheet, found: false };
    answer.row("feebook", "version", Kind::Fine, env!("CARGO_PKG_VERSION"))?;
    answer.row("feebook", "sqlite", Kind::Fine, Ledger::sqlite())?;
    schedules(global, &mut answer)?;
    config(global, &mut answer)?;
    ledger(global, &mut answer)?;
    let Answer { sheet, found } = answer;
    sheet.finish()?;
    Ok(if found { FINDINGS } else { DONE })
}

fn schedules(global: &Global, answer: &mut Answer<'_>) -> Outcome<()> {
    let folder = match shipped::own_folder(global) {
        Ok(folder) => folder,
        Err(failed) => return answer.failed("schedules", "folder", &failed),
    };
    let own = folder.is_dir();
    let text = if own { folder.display().to_string() } else { "none; shipped only".to_owned() };
    answer.row("schedules", "folder", Kind::Fine, text)?;
    let sources = match shipped::sources(global) {
        Ok(sources) => sources,
        Err(failed) => return answer.failed("schedules", "files", &failed),
    };
    if let Err(failed) = shipped::formats(&sources) {
        answer.failed("schedules", "reports", &failed)?;
    }
    match shipped::terms(sources) {
        Ok(terms) => {
            let programs = terms.book.programs();
            let versions = programs.iter().map(|program| program.versions().len()).sum::<usize>();
            let text = format!("{} programs, {versions} versions, all load", programs.len());
            answer.row("schedules", "terms", Kind::Fine, text)
        }
        Err(failed) => answer.failed("schedules", "terms", &failed),
    }
}

fn config(global: &Global, answer: &mut Answer<'_>) -> Outcome<()> {
    let there = |path: &Path| {
        let not = if path.exists() { "" } else { ", which is not there" };
        format!("{}{not}", path.display())
    };
    let path = plugins::config_path();
    let shown = path.map_or_else(|| "nowhere".to_owned(), |path| there(&path));
    answer.row("config", "yours", Kind::Fine, shown)?;
    answer.row("config", "the ledger's", Kind::Fine, there(&beside::path(&global.ledger)))?;
    match plugins::config() {
        Ok(config) => {
            let trusted = counted(u64::try_from(config.trusted.len()).unwrap_or(0), "plugin");
            answer.row("config", "trusted", Kind::Fine, trusted)?;
        }
        Err(failed) => answer.failed("config", "trusted", &failed)?,
    }
    // A program's name that is not known is told where it stands; without terms no name is.
    let terms = shipped::sources(global).and_then(shipped::terms).ok();
    let known = terms.map(|terms| (terms.book, Formats::load(&terms.sources).0));
    let known = known.as_ref().map(|(book, formats)| (&**book, formats));
    let beside = beside::read(&global.ledger, known);
    let archive = beside.and_then(|beside| super::import::archives(&beside));
    match archive {
        Ok(true) => answer.row("config", "archive", Kind::Fine, "imported files are kept"),
        Ok(false) => answer.row("config", "archive", Kind::Fine, "imported files are not kept"),
        Err(failed) => {
            let file = beside::path(&global.ledger).display().to_string();
            answer.failed("config", &file, &failed)
        }
    }
}

fn ledger(global: &Global, answer: &mut Answer<'_>) -> Outcome<()> {
    let path = &global.ledger;
    if !path.exists() {
        let text = format!("there is none at {}: feebook init", path.display());
        return answer.row("ledger", "file", Kind::Next, text);
    }
    let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let bytes = length(path);
    answer.row("ledger", "file", Kind::Fine, format!("{}, {bytes} bytes", path.display()))?;
    left_behind(path, answer)?;
    let room = room(path, bytes, answer)?;
    match open(global).and_then(|ledger| state(global, &ledger)) {
        Ok(rows) => {
            for (what, kind, text) in rows {
                answer.row("ledger", what, kind, text)?;
            }
            Ok(())
        }
        // A full disk was told.
        Err(failed) if failed.is(&error::DATABASE) && !room => Ok(()),
        Err(failed) => answer.failed("ledger", "file", &failed),
    }
}

/// Copies that an interrupted command left in the folder of the ledger, its own and those of backups.
fn left_behind(path: &Path, answer: &mut Answer<'_>) -> Outcome<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(folder.unwrap_or(Path::new("."))) else { return Ok(()) };
    let kept = format!("{}.version-", path.file_name().unwrap_or_default().to_string_lossy());
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    for name in names {
        if is_left(&name) {
            let text = format!(
                "{name} was left by a command that was interrupted; remove it unless one is running"
            );
            answer.row("ledger", "left behind", Kind::Finding, text)?;
        } else if name.starts_with(&kept) {
            answer.row(
                "ledger",
                "kept copy",
                Kind::Fine,
                format!("{name}: as it was before an upgrade"),
            )?;
        }
    }
    Ok(())
}

/// Whether a file has a name that feebook gives before one is whole: that of the file, what it is, and
/// the number of the process; or what SQLite makes beside such a one.
fn is_left(name: &str) -> bool {
    let own = ["-journal", "-wal", "-shm"].iter().find_map(|ending| name.strip_suffix(ending));
    let own = own.unwrap_or(name);
    [".copy-", ".new-", ".part-"].iter().any(|what| {
        let process = own.rsplit_once(what).map_or("", |(_, process)| process);
        !process.is_empty() && process.chars().all(|digit| digit.is_ascii_digit())
    })
}

/// How much room there is beside the ledger; whether there is any.
fn room(path: &Path, bytes: u64, answer: &mut Answer<'_>) -> Outcome<bool> {
    let Some(free) = disk::free(path) else { return Ok(true) };
    // An upgrade and a backup copy the ledger.
    let (kind, note) = if free < disk::FULL {
        (Kind::Finding, ": the disk is full, so nothing can be written, and not all can be read")
    } else if free < bytes.saturating_mul(2) {
        (Kind::Finding, ": less than twice the ledger, which an upgrade copies")
    } else {
        (Kind::Fine, "")
    };
    answer.row("ledger", "disk", kind, format!("{free} bytes free{note}"))?;
    Ok(free >= disk::FULL)
}

/// What a quick look at every page finds, in a ledger that is not too long for one.
fn damage(ledger: &Ledger) -> Result<Vec<(&'static str, Kind, String)>> {
    let whole =
        ("damage", Kind::Fine, "none by a quick look; feebook check compares all".to_owned());
    let long = ("damage", Kind::Fine, "not looked for, for it is long: feebook check".to_owned());
    let Some(found) = ledger.quick_look(LONG)? else { return Ok(vec![long]) };
    if found.is_empty() {
        return Ok(vec![whole]);
    }
    let mut rows: Vec<_> = found.into_iter().map(|text| ("damage", Kind::Finding, text)).collect();
    rows.push(("damage", Kind::Next, "feebook check names all of it; restore a backup".to_owned()));
    Ok(rows)
}

/// Whether the plugins that a program's terms name can run here. None of their code is run.
fn of_plugins(global: &Global, program: &Program) -> Result<Vec<(&'static str, Kind, String)>> {
    let folder = shipped::own_folder(global)?;
    // A config file that does not load was told.
    let trusted = plugins::config().map_or_else(|_| Vec::new(), |config| config.trusted);
    let (id, mut rows) = (program.id(), Vec::new());
    let versions = program.versions().iter().filter_map(Version::plugin);
    let names: BTreeSet<&str> = versions.map(|used| used.name.as_str()).collect();
    for name in names {
        let builds = program.builds().iter().filter(|build| build.name == name);
        let looked = builds.map(|build| (build, plugins::looked_at(&folder, program, build)));
        let (good, bad): (Vec<_>, Vec<_>) = looked.partition(|(_, checked)| checked.is_ok());
        let may_run =
            |digest: Digest| global.allow_plugins || trusted.iter().any(|one| one.sha256 == digest);
        let refusal = bad.into_iter().last().and_then(|(_, checked)| checked.err());
        rows.push(match (good.first(), refusal) {
            (None, None) => {
                let text = format!(
                    "the terms of {id} need the plugin {name}, and no build of it is noted: feebook \
                     plugin stamp {name} LIBRARY --program {id}"
                );
                ("plugins", Kind::Finding, text)
            }
            (None, Some(refusal)) => {
                let (code, message) = (refusal.code().id, refusal.message());
                ("plugins", Kind::Finding, format!("{name} of {id}: {code} {message}"))
            }
            (Some(_), _) if good.iter().any(|(build, _)| may_run(build.sha256)) => {
                ("plugins", Kind::Fine, format!("{name} of {id} may run"))
            }
            (Some((build, _)), _) => {
                let library = &build.library;
                let text = format!(
                    "{name} of {id} may not run: feebook plugin trust FILE ({library}), or add \
                     --allow-plugins to each command"
                );
                ("plugins", Kind::Next, text)
            }
        });
    }
    Ok(rows)
}

/// What the ledger holds and what waits in it.
fn state(global: &Global, ledger: &Ledger) -> Result<Vec<(&'static str, Kind, String)>> {
    let mut rows = vec![("version", Kind::Fine, ledger.state_of_file()?)];
    let damage = damage(ledger)?;
    if damage.iter().any(|(_, kind, _)| *kind == Kind::Finding) {
        // Whatever else were told of it would be guesses.
        rows.extend(damage);
        return Ok(rows);
    }
    rows.extend(damage);
    if !ledger.may_be_written()? {
        let text = "this user may read it and not write it: nothing can be imported".to_owned();
        rows.push(("access", Kind::Finding, text));
    }
    let at = |at: i64| zone::written(Tz::UTC, at);
    let imports = ledger.imports()?;
    let last = imports.last().map_or_else(
        || "none yet: feebook import REPORT --program PROGRAM".to_owned(),
        |import| {
            let back = import.withdrawn_at.map_or("", |_| ", taken back since");
            format!("{}, {} at {}{back}", import.id, import.file, at(import.imported_at))
        },
    );
    let kind = if imports.is_empty() { Kind::Next } else { Kind::Fine };
    rows.push(("last import", kind, last));
    let runs = ledger.runs()?;
    if let Some(run) = runs.last() {
        rows.push(("last run", Kind::Fine, format!("{} at {}", run.id, at(run.ran_at))));
    }
    let (seq, seen) = (ledger.last_seq()?, runs.last().map_or(0, |run| run.seq));
    if seq > seen {
        let text = format!("facts after number {seen} are seen by no run: feebook recompute");
        rows.push(("recompute", Kind::Next, text));
    }
    if let Ok(terms) = shipped::sources(global).and_then(shipped::terms) {
        let terms = terms.with_unmapped(ledger)?;
        for program in ledger.programs()? {
            if let Some(program) = terms.book.program(&program) {
                rows.extend(of_plugins(global, program)?);
            }
        }
        // One that does not load is told above.
        let mapped = beside::read(&global.ledger, None).unwrap_or_default().advertisers;
        for known in advertisers::without_program(ledger, &terms)? {
            let text = format!("{}: {}", known.told(), known.to_do(&mapped));
            rows.push(("programs", Kind::Next, text));
        }
    }
    for (import, file, waiting) in ledger.waiting()? {
        let waiting = counted(waiting, "row");
        let text = format!(
            "{waiting} of {file} could not be read: feebook quarantine list --import {import}"
        );
        rows.push(("quarantine", Kind::Finding, text));
    }
    if rows.iter().all(|(_, kind, _)| *kind == Kind::Fine) {
        let text = "nothing waits; what the facts come to: feebook check, feebook reconcile";
        rows.push(("next", Kind::Fine, text.to_owned()));
    }
    Ok(rows)
}
