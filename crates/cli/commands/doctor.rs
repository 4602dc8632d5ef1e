//! `doctor`: the installation as it stands, what is wrong with it, and what to do next.
//!
//! Owns the look at files, folders and config. Refuses to look into facts and results: `check` and
//! `verify` do.

use std::fs;
use std::path::Path;

use chrono_tz::Tz;
use feebook_core::error::{Error, Result};
use feebook_core::ledger::Ledger;
use feebook_schedule::zone;

use super::counted;
use crate::args::Global;
use crate::exit::{DONE, FINDINGS, Outcome};
use crate::output::{Cell, Output, Sheet};
use crate::{beside, plugins, shipped};

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
    let path = plugins::config_path();
    let shown = path.map_or_else(|| "nowhere".to_owned(), |path| path.display().to_string());
    answer.row("config", "file", Kind::Fine, shown)?;
    match plugins::config() {
        Ok(config) => {
            let trusted = counted(u64::try_from(config.trusted.len()).unwrap_or(0), "plugin");
            answer.row("config", "trusted", Kind::Fine, trusted)?;
        }
        Err(failed) => answer.failed("config", "trusted", &failed)?,
    }
    // A program's name that is not known is told where it stands; without terms no name is.
    let terms = shipped::sources(global).and_then(shipped::terms).ok();
    let beside = beside::read(&global.ledger, terms.as_ref().map(|terms| &*terms.book));
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
    let readonly = fs::metadata(path).is_ok_and(|metadata| metadata.permissions().readonly());
    if readonly {
        answer.row(
            "ledger",
            "file",
            Kind::Finding,
            "the file is read-only: nothing can be imported",
        )?;
    }
    left_behind(path, answer)?;
    room(path, bytes, answer)?;
    match Ledger::open(path).and_then(|ledger| Ok((state(&ledger)?, ledger))) {
        Ok((rows, _)) => {
            for (what, kind, text) in rows {
                answer.row("ledger", what, kind, text)?;
            }
            Ok(())
        }
        Err(failed) => answer.failed("ledger", "file", &failed),
    }
}

/// Copies that an interrupted command left beside the ledger.
fn left_behind(path: &Path, answer: &mut Answer<'_>) -> Outcome<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(folder.unwrap_or(Path::new("."))) else { return Ok(()) };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter_map(|other| other.strip_prefix(&name).map(str::to_owned))
        .collect();
    names.sort();
    for ending in names {
        if [".copy-", ".new-"].iter().any(|left| ending.starts_with(left)) {
            let text = format!(
                "{name}{ending} was left by a command that was interrupted; remove it unless one \
                 is running"
            );
            answer.row("ledger", "left behind", Kind::Finding, text)?;
        } else if ending.starts_with(".version-") {
            let text = format!("{name}{ending}: as it was before an upgrade");
            answer.row("ledger", "kept copy", Kind::Fine, text)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn room(path: &Path, bytes: u64, answer: &mut Answer<'_>) -> Outcome<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(disk) = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    // An upgrade and a backup copy the ledger.
    let (kind, note) = if free < bytes.saturating_mul(2) {
        (Kind::Finding, ": less than twice the ledger, which an upgrade copies")
    } else {
        (Kind::Fine, "")
    };
    answer.row("ledger", "disk", kind, format!("{free} bytes free{note}"))
}

#[cfg(not(unix))]
fn room(_path: &Path, _bytes: u64, _answer: &mut Answer<'_>) -> Outcome<()> {
    Ok(())
}

/// What the ledger holds and what waits in it.
fn state(ledger: &Ledger) -> Result<Vec<(&'static str, Kind, String)>> {
    let mut rows = vec![("version", Kind::Fine, ledger.state_of_file()?)];
    let at = |at: i64| zone::written(Tz::UTC, at);
    let imports = ledger.imports()?;
    let last = imports.last().map_or_else(
        || "none yet: feebook import".to_owned(),
        |import| format!("{}, {} at {}", import.id, import.file, at(import.imported_at)),
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
    for (import, file, waiting) in ledger.waiting()? {
        let waiting = counted(waiting, "row");
        let text = format!(
            "{waiting} of {file} could not be read: feebook quarantine list --import {import}"
        );
        rows.push(("quarantine", Kind::Finding, text));
    }
    Ok(rows)
}
