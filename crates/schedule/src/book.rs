//! The book: all programs with all their versions, read and checked together.
//!
//! Owns which file is what, amendments, and the checks across versions. Refuses a program of
//! which any file has an error.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

use crate::codes;
use crate::condition::is_word;
use crate::diagnostic::{Diagnostic, nearest};
use crate::plugin_file;
use crate::program::Program;
use crate::program_file;
use crate::source::Source;
use crate::tree::Tree;
use crate::version::Version;
use crate::version_file::{self, Surroundings, VersionRead, place_in, problem_in};
use crate::zone;

/// All programs and their versions.
#[derive(Clone, Debug, Default)]
pub struct Book {
    pub(crate) programs: Vec<Program>,
}

/// The files of one program's folder.
#[derive(Default)]
struct Folder<'s> {
    program: Option<&'s Source>,
    trees: Vec<(&'s str, &'s Source)>,
    versions: Vec<&'s Source>,
    builds: Option<&'s Source>,
}

impl Book {
    /// Reads all sources and tells all their problems, sorted by file and place. If one of them is
    /// an error, the caller uses nothing of the book; programs with an error are not in it.
    pub fn load(sources: &[Source]) -> (Self, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let folders = sort(sources, &mut problems);
        let mut programs = Vec::new();
        for (id, folder) in folders {
            programs.extend(load_program(id, &folder, &mut problems));
        }
        problems.sort_by(|a, b| {
            (&a.place, a.code.id, &a.message).cmp(&(&b.place, b.code.id, &b.message))
        });
        problems.dedup();
        (Self { programs }, problems)
    }

    /// Returns the files of this book's sources as they were known on a day: those of amendments
    /// learned of later are left out, so that what they supersede holds. A book of what is left says
    /// the same whenever it is loaded.
    pub fn known_on(&self, sources: &[Source], day: NaiveDate) -> Vec<Source> {
        let versions = self
            .programs
            .iter()
            .flat_map(|program| program.versions.iter().chain(&program.superseded));
        let later = versions.filter(|version| version.learned_on().is_some_and(|on| on > day));
        let unknown: BTreeSet<&str> = later.map(|version| version.source().path()).collect();
        sources.iter().filter(|source| !unknown.contains(source.path())).cloned().collect()
    }

    /// Reads all sources as they were known on a day; without a day, all are known. What does not load
    /// today is told as it is today.
    pub fn load_known_on(
        sources: &[Source],
        known_on: Option<NaiveDate>,
    ) -> (Self, Vec<Diagnostic>) {
        let (book, problems) = Self::load(sources);
        match known_on {
            Some(day) if !problems.iter().any(Diagnostic::is_error) => {
                Self::load(&book.known_on(sources, day))
            }
            _ => (book, problems),
        }
    }

    /// Returns all programs in order of their ids.
    pub fn programs(&self) -> &[Program] {
        &self.programs
    }

    /// Finds a program by its folder.
    pub fn program(&self, id: &str) -> Option<&Program> {
        let at = self.programs.binary_search_by(|program| program.id.as_str().cmp(id)).ok()?;
        self.programs.get(at)
    }
}

/// Sorts the sources into folders; what has no place is told.
fn sort<'s>(
    sources: &'s [Source],
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<&'s str, Folder<'s>> {
    let mut folders: BTreeMap<&str, Folder<'_>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for source in sources {
        let parts: Vec<&str> = source.path().split('/').collect();
        if ignored(&parts) {
            continue;
        }
        if !seen.insert(source.path()) {
            let message = format!("{} was given before", source.path());
            problems.push(Diagnostic::whole(&codes::FILE_TWICE, source.shown(), message));
            continue;
        }
        let file = match part_of(source, &parts) {
            Ok(file) => file,
            Err(told) => {
                problems.push(told);
                continue;
            }
        };
        let folder = folders.entry(parts[0]).or_default();
        match file {
            Part::Program => folder.program = Some(source),
            Part::Tree(name) => folder.trees.push((name, source)),
            Part::Version => folder.versions.push(source),
            Part::Builds => folder.builds = Some(source),
            Part::None => {}
        }
    }
    folders
}

/// What a file is to its program.
enum Part<'p> {
    Program,
    Tree(&'p str),
    Version,
    Builds,
    None,
}

/// Tells what a file is by its path; a TOML file that is nothing is a problem.
fn part_of<'p>(source: &Source, parts: &[&'p str]) -> Result<Part<'p>, Diagnostic> {
    match (parts, ending(source.path())) {
        ([_, "program.toml"], _) => Ok(Part::Program),
        ([_, "plugins.toml"], _) => Ok(Part::Builds),
        ([_, "categories.csv"], _) => Ok(Part::Tree("")),
        ([_, "categories", file], "csv") => Ok(Part::Tree(&file[..file.len() - 4])),
        ([_, _], "toml") => misnamed(source).map_or(Ok(Part::Version), Err),
        (_, "toml") => {
            let message = format!("{} is no file of a program", source.path());
            let hint = "versions stand in <program>/, report mappings in reports/";
            Err(Diagnostic::whole(&codes::FILE_NAME, source.shown(), message).hint(hint))
        }
        _ => Ok(Part::None),
    }
}

/// The ending of a path, without the dot.
fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Files that are not terms: mappings, notes.
fn ignored(parts: &[&str]) -> bool {
    let file = parts.last().copied().unwrap_or("");
    let folders = &parts[..parts.len().saturating_sub(1)];
    !["toml", "csv"].contains(&ending(file))
        || file.starts_with("README")
        || folders.iter().take(2).any(|folder| *folder == "reports")
}

/// A version's file is named YYYY-MM-DD.toml or YYYY-MM-DD-slug.toml.
fn misnamed(source: &Source) -> Option<Diagnostic> {
    let stem = source.stem();
    let slug = stem.get(10..).unwrap_or("");
    let named = slug.is_empty() || slug.strip_prefix('-').is_some_and(is_slug);
    let day = stem.get(..10).and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
    if named && day.is_some() {
        return None;
    }
    let message = if day.is_some() {
        format!("\"{}\" has \"{slug}\" after its day", source.file_name())
    } else {
        format!("\"{}\" is not named after a day", source.file_name())
    };
    let hint = match nearest(source.file_name(), ["program.toml", "plugins.toml"]) {
        Some(near) => format!("did you mean {near}?"),
        None => "name a version YYYY-MM-DD.toml or YYYY-MM-DD-slug.toml, the slug in lowercase"
            .to_owned(),
    };
    Some(Diagnostic::whole(&codes::FILE_NAME, source.shown(), message).hint(hint))
}

/// Whether a text is words of letters, digits and hyphens; `is_word` minus the first letter.
pub(crate) fn is_slug(slug: &str) -> bool {
    is_word(&format!("a{slug}")) && !slug.is_empty()
}

/// Reads all files of a program; none when one of them has an error.
fn load_program(id: &str, folder: &Folder<'_>, problems: &mut Vec<Diagnostic>) -> Option<Program> {
    let before = problems.len();
    let program = folder.program.map(|source| (source, program_file::read(source, problems)));
    let zone = program.as_ref().and_then(|(_, read)| read.zone);
    let mut trees = BTreeMap::new();
    let mut broken = Vec::new();
    for (name, source) in &folder.trees {
        match Tree::read(source, problems) {
            Some(tree) => _ = trees.insert((*name).to_owned(), Arc::new(tree)),
            None => broken.push((*name).to_owned()),
        }
    }
    let around = Surroundings { zone, trees: &trees, broken_trees: &broken, in_folder: true };
    let read: Vec<VersionRead> = folder
        .versions
        .iter()
        .map(|source| version_file::read(source, &around, problems))
        .collect();
    let builds = folder.builds.map(|source| plugin_file::read_builds(source, problems));
    if folder.program.is_none()
        && let Some(first) = folder.versions.first()
    {
        let message = format!("{id} holds versions, but no program.toml");
        let hint = format!(
            "add {id}/program.toml with format, name, timezone, payout_currency and governed_by"
        );
        problems.push(Diagnostic::whole(&codes::NO_PROGRAM, first.shown(), message).hint(hint));
    }
    check_amendments(&read, problems);
    let (mut known, superseded) = split(read);
    known.sort_by(|a, b| order(a).cmp(&order(b)));
    check_periods(&known, zone, problems);
    let clean = !problems[before..].iter().any(Diagnostic::is_error);
    let (source, read) = program.filter(|_| clean)?;
    let mut versions: Vec<Version> = known.into_iter().filter_map(|read| read.version).collect();
    close_periods(&mut versions);
    let mut superseded: Vec<Version> =
        superseded.into_iter().filter_map(|read| read.version).collect();
    superseded.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    let (id, source) = (id.to_owned(), source.clone());
    let builds = builds.unwrap_or_default();
    Some(Program { id, source, header: read.header?, trees, versions, superseded, builds })
}

fn order(read: &VersionRead) -> (Option<i64>, &str) {
    (read.period.as_ref().map(|period| period.start), read.source.path())
}

/// A superseded file must be there, and must not lead back.
fn check_amendments(read: &[VersionRead], problems: &mut Vec<Diagnostic>) {
    let target = |id: &str| read.iter().find(|other| other.source.stem() == id);
    for this in read {
        let Some((id, span)) = &this.supersedes else { continue };
        let told = if target(id).is_none() {
            let names = read.iter().map(|other| other.source.stem());
            let near = nearest(id, names.filter(|name| *name != this.source.stem()));
            let hint = near.map(|near| format!("did you mean \"{near}.toml\"?"));
            let message = format!("there is no {id}.toml beside this file");
            problem_in(&this.source, &codes::SUPERSEDES, span, message).hint_opt(hint)
        } else if leads_back(this, read) {
            let message = format!("{id}.toml leads back to this file, which it cannot replace");
            problem_in(&this.source, &codes::SUPERSEDES, span, message)
                .hint("the file that was there first supersedes nothing")
        } else if let Some((learned, earlier)) = learned_after(this, target(id)) {
            let message = format!(
                "{id}.toml was learned of on {learned}, after this file on {earlier}, which it cannot \
                 have replaced"
            );
            problem_in(&this.source, &codes::SUPERSEDES, span, message)
                .hint("correct `learned_on` of one of them")
        } else {
            continue;
        };
        problems.push(told);
    }
}

/// The days on which a file and one that it replaces were learned of, if the wrong way round.
fn learned_after(
    this: &VersionRead,
    replaced: Option<&VersionRead>,
) -> Option<(NaiveDate, NaiveDate)> {
    let days = replaced?.learned_on.zip(this.learned_on);
    days.filter(|(replaced, this)| replaced > this)
}

/// Whether following `supersedes` from a file comes back to it.
fn leads_back(this: &VersionRead, read: &[VersionRead]) -> bool {
    let mut at = this;
    for _ in read {
        let Some((id, _)) = &at.supersedes else { return false };
        let Some(next) = read.iter().find(|other| other.source.stem() == id.as_str()) else {
            return false;
        };
        if next.source.stem() == this.source.stem() {
            return true;
        }
        at = next;
    }
    false
}

/// Splits the versions into those in the book and those that another supersedes.
fn split(read: Vec<VersionRead>) -> (Vec<VersionRead>, Vec<VersionRead>) {
    let gone: BTreeSet<String> =
        read.iter().filter_map(|read| read.supersedes.as_ref().map(|(id, _)| id.clone())).collect();
    read.into_iter().partition(|read| !gone.contains(read.source.stem()))
}

/// Two starts at one instant, or an end after the next start: both files are named.
fn check_periods(
    known: &[VersionRead],
    zone: Option<chrono_tz::Tz>,
    problems: &mut Vec<Diagnostic>,
) {
    let zone = zone.unwrap_or(chrono_tz::UTC);
    let placed = known.iter().filter_map(|read| read.period.as_ref().map(|at| (read, at)));
    let placed: Vec<_> = placed.collect();
    for pair in placed.windows(2) {
        let [(before, period), (after, next)] = pair else { continue };
        let place = place_in(&before.source, &period.start_span);
        let start = zone::written(zone, next.start);
        if period.start == next.start {
            let message = format!("takes effect at {start}, as does {place}");
            let hint = "if it replaces the other, add `supersedes` and `learned_on`";
            let told = problem_in(&after.source, &codes::SAME_START, &next.start_span, message);
            problems.push(told.hint(hint));
        } else if let Some(end) = period.end
            && end > next.start
        {
            let end = zone::written(zone, end);
            let message = format!(
                "ends at {end}, after {} takes effect at {start}",
                place_in(&after.source, &next.start_span)
            );
            let told = problem_in(&before.source, &codes::OVERLAP, &period.end_span, message);
            let hint = "remove the end: a version ends where the next one starts";
            problems.push(told.hint(hint));
        }
    }
}

/// A version without an end of its own ends where the next one starts.
pub(crate) fn close_periods(versions: &mut [Version]) {
    let starts: Vec<i64> = versions.iter().map(|version| version.start).collect();
    for (at, version) in versions.iter_mut().enumerate() {
        version.end = version.own_end.or_else(|| starts.get(at + 1).copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{PROGRAM, load, program, sources, told, version};

    #[test]
    fn problems_of_several_files_come_in_one_run() {
        let one = version("effective_on = 2024-01-02\nefective_at = 1");
        let two = version("effective_on = 2024-02-01").replace("\"5%\"", "5.0");
        let (book, problems) = Book::load(&sources(&[
            ("program.toml", &PROGRAM.replace("Europe/Oslo", "Europe/Olso")),
            ("2024-02-01.toml", &two),
            ("2024-01-01.toml", &one),
            ("categories.csv", "id,parent,name\n1,,A\n1,,B\n"),
            ("terms.toml", ""),
            ("notes/x.toml", ""),
            ("README.toml", "?"),
            ("reports/x.toml", "?"),
        ]));
        assert!(book.programs().is_empty());
        assert_eq!(
            told(&problems),
            [
                "S002 2024-01-01.toml:4:1 unknown key `efective_at` in the version",
                "S005 2024-02-01.toml:10:8 `rate` is a float, expected a string",
                "S028 categories.csv:3:1 category `1` stands twice",
                "S011 notes/x.toml p/notes/x.toml is no file of a program",
                "S022 program.toml:4:12 \"Europe/Olso\" is no time zone",
                "S011 terms.toml \"terms.toml\" is not named after a day",
            ]
        );
        assert_eq!(problems[0].hint.as_deref(), Some("did you mean `effective_at`?"));
        assert_eq!(problems[4].hint.as_deref(), Some("did you mean \"Europe/Oslo\"?"));
    }

    #[test]
    fn versions_that_collide_name_both_files() {
        let (program, problems) = load(&[
            ("2024-01-01.toml", &version("effective_on = 2024-01-01\nends_on = 2024-03-02")),
            ("2024-03-01.toml", &version("effective_on = 2024-03-01")),
            ("2024-03-01-b.toml", &version("effective_at = 2024-03-01T00:00:00+01:00")),
        ]);
        assert!(program.is_none());
        assert_eq!(
            told(&problems),
            [
                "S016 2024-01-01.toml:4:1 ends at 2024-03-02T00:00:00+01:00, after \
                 2024-03-01-b.toml:3:1 takes effect at 2024-03-01T00:00:00+01:00",
                "S015 2024-03-01.toml:3:1 takes effect at 2024-03-01T00:00:00+01:00, as does \
                 2024-03-01-b.toml:3:1",
            ]
        );
    }

    #[test]
    fn a_file_is_named_after_its_local_day() {
        // 23:30Z on the 30th is the 31st in Oslo.
        let (_, problems) = load(&[
            ("2024-01-30.toml", &version("effective_at = 2024-01-30T23:30:00Z")),
            ("2024-02-30.toml", &version("effective_on = 2024-02-29")),
            ("2024-04-01.toml", &version("effective_on = 2024-04-01\nends_on = 2024-04-01")),
        ]);
        assert_eq!(
            told(&problems),
            [
                "S014 2024-01-30.toml:3:1 the file is named 2024-01-30, but takes effect on \
                 2024-01-31 in Europe/Oslo",
                "S011 2024-02-30.toml \"2024-02-30.toml\" is not named after a day",
                "S017 2024-04-01.toml:4:1 the version ends at 2024-04-01T00:00:00+02:00, but \
                 takes effect at 2024-04-01T00:00:00+02:00",
            ]
        );
    }

    #[test]
    fn an_amendment_counts_from_the_day_it_was_learned() {
        let moved = "effective_on = 2024-09-10\nsupersedes = \"2024-09-01.toml\"\n\
                     learned_on = 2024-08-20";
        let files = [
            ("program.toml", PROGRAM),
            ("2024-01-01.toml", &version("effective_on = 2024-01-01")),
            ("2024-09-01.toml", &version("effective_on = 2024-09-01")),
            ("2024-09-10.toml", &version(moved)),
        ];
        let ids = |known_on: Option<&str>| -> (Vec<String>, Vec<String>) {
            let day = known_on.map(|day| day.parse().unwrap());
            let (book, problems) = Book::load_known_on(&sources(&files), day);
            assert_eq!(told(&problems), [""; 0]);
            let program = book.program("p").unwrap();
            let names = |all: &[Version]| all.iter().map(|v| v.id().to_owned()).collect();
            (names(program.versions()), names(program.superseded()))
        };
        let amended =
            (vec!["2024-01-01".to_owned(), "2024-09-10".to_owned()], vec!["2024-09-01".to_owned()]);
        let before = (vec!["2024-01-01".to_owned(), "2024-09-01".to_owned()], vec![]);
        assert_eq!(ids(None), amended);
        assert_eq!(ids(Some("2024-08-20")), amended);
        assert_eq!(ids(Some("2024-08-19")), before);
    }

    #[test]
    fn an_amendment_names_a_file_that_is_there_and_does_not_lead_back() {
        let amend = |day: &str, old: &str| {
            version(&format!(
                "effective_on = {day}\nsupersedes = \"{old}\"\nlearned_on = 2024-01-01"
            ))
        };
        let (_, problems) = load(&[
            ("2024-01-01.toml", &amend("2024-01-01", "2024-01-02.toml")),
            ("2024-01-02.toml", &amend("2024-01-02", "2024-01-01.toml")),
            ("2024-01-03.toml", &amend("2024-01-03", "2024-01-30.toml")),
            ("2024-01-04.toml", &version("effective_on = 2024-01-04\nlearned_on = 2024-01-01")),
            ("2024-01-05.toml", &version("effective_on = 2024-01-05\nsupersedes = \"2024-01-03\"")),
        ]);
        assert_eq!(
            told(&problems),
            [
                "S019 2024-01-01.toml:4:14 2024-01-02.toml leads back to this file, which it \
                 cannot replace",
                "S019 2024-01-02.toml:4:14 2024-01-01.toml leads back to this file, which it \
                 cannot replace",
                "S019 2024-01-03.toml:4:14 there is no 2024-01-30.toml beside this file",
                "S018 2024-01-04.toml:4:1 the version has `learned_on` without `supersedes`",
                "S018 2024-01-05.toml:4:1 the version has `supersedes` without `learned_on`",
            ]
        );
    }

    #[test]
    fn a_folder_of_versions_needs_its_program() {
        let text = version("effective_on = 2024-01-01");
        let (_, problems) =
            Book::load(&sources(&[("2024-01-01.toml", &text), ("2024-01-01.toml", &text)]));
        assert_eq!(
            told(&problems),
            [
                "S012 2024-01-01.toml p holds versions, but no program.toml",
                "S035 2024-01-01.toml p/2024-01-01.toml was given before",
            ]
        );
    }

    #[test]
    fn programs_are_found_by_their_folder() {
        let files = ["b", "a", "c"]
            .map(|id| Source::new(format!("{id}/program.toml"), format!("{id}.toml"), PROGRAM));
        let (book, _) = Book::load(&files);
        let ids: Vec<&str> = book.programs().iter().map(Program::id).collect();
        assert_eq!(ids, ["a", "b", "c"]);
        assert!(book.program("b").is_some() && book.program("d").is_none());
        assert_eq!(program(&[]).trees().count(), 1);
    }
}
