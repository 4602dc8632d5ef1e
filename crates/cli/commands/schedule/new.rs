//! `schedule new`: a version begun as a copy of another, in the user's own folder.
//!
//! Owns the order of things: all is tried before anything is written, and nothing that is there is
//! written over.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike as _, NaiveDate};
use feebook_core::error::{self, Error};
use feebook_core::run::Terms;
use feebook_schedule::draft::{self, Plan, Question, Start};
use feebook_schedule::{Book, Diagnostic, Program, Source, Version, zone};

use super::{folder, named, write_new};
use crate::args::{Global, NewVersion};
use crate::commands::{counted, known_program, shown};
use crate::exit::{DONE, Outcome, say};
use crate::output::{Cell, Output};
use crate::shipped;

pub(super) fn new(global: &Global, output: &Output, args: &NewVersion) -> Outcome<u8> {
    output.check()?;
    let terms = shipped::terms(shipped::sources(global)?)?;
    let program = known_program(&terms, &args.program)?;
    let from = named(program, &args.from)?;
    let plan = plan(program, args)?;
    let id = plan.id(program);
    let own = shipped::own_folder(global)?;
    let target = own.join(program.id()).join(format!("{id}.toml"));
    refuse_taken(program, &plan, &id, &target)?;
    let text = draft::draft(from, &plan).map_err(|told| {
        let message = format!("{} loads, but cannot be edited", from.source().shown());
        Error::new(&error::BROKEN, message).because(told)
    })?;
    let source = Source::new(format!("{}/{id}.toml", program.id()), shown(&target), text);
    let tried = try_out(&terms, program, &source)?;
    copy_program(&terms, program, &own)?;
    write_new(&target, source.text())?;
    say(&format!("wrote {}", shown(&target)));
    if let Some(begun) = tried.program(program.id()) {
        tell(global, output, begun, from, &id, &target)?;
    }
    Ok(DONE)
}

/// What the arguments ask for.
fn plan(program: &Program, args: &NewVersion) -> Result<Plan, Error> {
    if let Some(slug) = args.slug.as_deref().filter(|slug| !draft::is_slug(slug)) {
        let message = format!("\"{slug}\" cannot stand in the name of a version");
        let hint = "write --slug with a word of a-z, 0-9, _ and -, such as raised";
        return Err(Error::new(&error::BAD_SLUG, message).hint(hint));
    }
    let amends = match args.supersedes.as_deref().zip(args.learned) {
        Some((old, learned)) => Some((named(program, old)?.id().to_owned(), learned)),
        None => None,
    };
    Ok(Plan {
        start: start(&args.effective)?,
        announced_on: args.announced,
        slug: args.slug.clone(),
        amends,
    })
}

/// A day, or an instant with an offset. A local time is refused: which clock it is on must be said.
fn start(text: &str) -> Result<Start, Error> {
    let years = |year: i32| (1970..2200).contains(&year);
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let instant = DateTime::parse_from_rfc3339(text).ok();
    let day = day.filter(|day| years(day.year())).map(Start::On);
    let instant = instant.filter(|instant| years(instant.year())).map(Start::At);
    day.or(instant).ok_or_else(|| {
        let message = format!("\"{text}\" is no day or instant from 1970 to 2199");
        Error::new(&error::BAD_TIME, message)
            .hint("write 2024-10-01, or an instant with an offset: 2024-10-01T12:00:00+02:00")
    })
}

/// A version of that name, or of that instant unless it is the one replaced, is in the way.
fn refuse_taken(program: &Program, plan: &Plan, id: &str, target: &Path) -> Result<(), Error> {
    let mut known = program.versions().iter().chain(program.superseded());
    if target.exists() || known.any(|version| version.id() == id) {
        let message = format!("{} has a version {id} already", program.id());
        let hint = "edit it, or tell the two apart by --slug WORD";
        return Err(Error::new(&error::VERSION_TAKEN, message).hint(hint));
    }
    let at = plan.start.instant(program);
    let replaced = plan.amends.as_ref().map(|(old, _)| old.as_str());
    let mut versions = program.versions().iter();
    match versions.find(|other| other.start() == at && Some(other.id()) != replaced) {
        None => Ok(()),
        Some(other) => {
            let at = zone::written(program.zone(), at);
            let message = format!("{} takes effect at {at} as well", other.source().shown());
            let hint = format!(
                "if the new version replaces it, add --supersedes {} --learned DATE",
                other.id()
            );
            Err(Error::new(&error::VERSION_TAKEN, message).hint(hint))
        }
    }
}

/// Loads all terms with the new version among them.
fn try_out(terms: &Terms, program: &Program, new: &Source) -> Result<Book, Error> {
    let mut sources: Vec<Source> = terms.sources.to_vec();
    sources.push(new.clone());
    let (book, problems) = Book::load(&sources);
    let errors: Vec<Diagnostic> = problems.into_iter().filter(Diagnostic::is_error).collect();
    if errors.is_empty() {
        return Ok(book);
    }
    let message = format!("{} does not go with the versions that are there", new.shown());
    let hint = format!(
        "nothing was written; mend the places above first (`feebook schedule export {} schedules` \
         writes shipped files out)",
        program.id()
    );
    Err(Error::new(&error::DRAFT_REFUSED, message).with(errors).hint(hint))
}

/// Writes the program's shipped files into the folder, but for those that lie there.
fn copy_program(terms: &Terms, program: &Program, own: &Path) -> Result<(), Error> {
    let of_program = |source: &&Source| folder(source) == program.id();
    let missing: Vec<(&Source, PathBuf)> = terms
        .sources
        .iter()
        .filter(of_program)
        .filter(|source| shipped::is_built_in(source))
        .map(|source| (source, own.join(source.path())))
        .filter(|(_, target)| !target.exists())
        .collect();
    for (source, target) in &missing {
        write_new(target, source.text())?;
    }
    if !missing.is_empty() {
        let count = counted(u64::try_from(missing.len()).unwrap_or(u64::MAX), "shipped file");
        let into = shown(&own.join(program.id()));
        say(&format!("copied {count} of {} into {into}", program.id()));
    }
    Ok(())
}

/// The questions on stdout; where the new version stands, and what to do next, on stderr.
fn tell(
    global: &Global,
    output: &Output,
    program: &Program,
    from: &Version,
    id: &str,
    target: &Path,
) -> Outcome<()> {
    let Some(version) = program.version(id) else { return Ok(()) };
    say(&standing(program, version, from));
    let questions = draft::questions(version);
    say("\nto go through; take OPEN: off what holds, change or remove what does not:");
    sheet(output, &questions)?;
    let (name, from, file) = (program.id(), from.id(), shown(target));
    let feebook = match &global.schedules {
        Some(folder) => format!("feebook --schedules {}", shown(folder)),
        None => "feebook".to_owned(),
    };
    say(&format!("\nnext:\n  edit {file}"));
    for command in [
        format!("schedule check {name}"),
        format!("schedule diff {name} {from} {id}"),
        format!("schedule preview {file}"),
        format!("schedule test {name} --accept"),
        format!("recompute --program {name}"),
    ] {
        say(&format!("  {feebook} {command}"));
    }
    Ok(())
}

/// Which period the new version has, and what holds before and after it.
fn standing(program: &Program, version: &Version, from: &Version) -> String {
    let at = |at: i64| zone::written(program.zone(), at);
    let before = match program.in_force(version.start() - 1) {
        Ok(before) => format!("{} holds until then", before.id()),
        Err(no_cover) => format!("nothing holds until then: {no_cover}"),
    };
    let mut later = program.versions().iter().filter(|other| other.start() > version.start());
    let after = match later.next() {
        Some(next) => format!(", and {} from {}", next.id(), at(next.start())),
        None => String::new(),
    };
    let (from, start) = (from.id(), at(version.start()));
    format!("a copy of {from} that takes effect at {start}; {before}{after}")
}

fn sheet(output: &Output, questions: &[Question]) -> Outcome<()> {
    let mut sheet = output.sheet(&["file", "line", "key", "question"])?;
    for question in questions {
        sheet.row(vec![
            Cell::Text(question.place.file.clone()),
            Cell::Count(u64::from(question.place.line)),
            Cell::Text(question.key.clone()),
            Cell::Text(question.text.clone()),
        ])?;
    }
    sheet.finish()
}
