//! One snapshot per version of every shipped program: the terms in words, what moved since the
//! version before, what is in force at its edges, and worked examples to the cent.
//!
//! Finds the schedule files itself, so new terms are one new file and one accepted snapshot. A
//! snapshot depends on its file, the program's own files and the version before, on nothing later.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use feebook_schedule::review::{self, Review};
use feebook_schedule::{Book, Diagnostic, Source};

use super::support::{holds, orphans, root};

const SNAPSHOTS: &str = "tests/snapshots/schedules";

/// All files below a folder, as paths below `schedules/` with `/`.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "toml" || ending == "csv") {
            found.push(path);
        }
    }
}

/// The shipped schedules.
fn sources() -> Vec<Source> {
    let folder = root().join("schedules");
    let mut found = Vec::new();
    files(&folder, &mut found);
    found.sort();
    let source = |file: &PathBuf| {
        let below = file.strip_prefix(&folder).expect("below the folder");
        let path = below.to_string_lossy().replace('\\', "/");
        Source::new(path.clone(), path, fs::read_to_string(file).expect("a text"))
    };
    found.iter().map(source).collect()
}

/// Reads a book that must be without an error.
#[track_caller]
fn book(sources: &[Source]) -> Book {
    let (book, problems) = Book::load(sources);
    let errors: Vec<String> =
        problems.iter().filter(|p| p.is_error()).map(Diagnostic::to_string).collect();
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
    book
}

/// Every version in the folder, also those that an amendment took out of the book.
fn all(book: &Book) -> Vec<Review<'_>> {
    book.programs().iter().flat_map(review::of).collect()
}

/// What the snapshot's file name ends in.
fn suffix(shown: &Review<'_>) -> String {
    format!("{}__{}", shown.program.id(), shown.version.id())
}

#[test]
fn every_version_says_what_was_accepted() {
    let sources = sources();
    let book = book(&sources);
    let mut differ = Vec::new();
    for shown in all(&book) {
        let (suffix, file) = (suffix(&shown), shown.version.source().path());
        let description = format!("The terms of schedules/{file}");
        if !holds("schedule", &suffix, "snapshots/schedules", &description, &shown.text(&sources)) {
            differ.push(format!("{SNAPSHOTS}/schedule@{suffix}.snap"));
        }
    }
    assert!(
        differ.is_empty(),
        "not as accepted, or new; read what is shown above, then run with INSTA_UPDATE=always:\n{}",
        differ.join("\n")
    );
}

#[test]
fn a_version_of_the_history_holds_from_its_first_second_to_its_last() {
    let book = book(&sources());
    for Review { program, version, .. } in all(&book) {
        let holds = |at| program.in_force(at).is_ok_and(|found| found.id() == version.id());
        let replaced = program.successor(version).is_some();
        assert_eq!(holds(version.start()), !replaced, "{}", version.source().path());
        assert!(!holds(version.start() - 1), "{}", version.source().path());
        if let Some(end) = version.end().filter(|_| !replaced) {
            assert!(holds(end - 1) && !holds(end), "{}", version.source().path());
        }
    }
}

#[test]
fn every_schedule_file_is_a_version_of_a_program() {
    let sources = sources();
    let book = book(&sources);
    let known: BTreeSet<&str> = all(&book).iter().map(|s| s.version.source().path()).collect();
    let is_version = |path: &&str| {
        let parts: Vec<&str> = path.split('/').collect();
        let [program, file] = parts[..] else { return false };
        let is_toml = Path::new(file).extension().is_some_and(|ending| ending == "toml");
        is_toml && program != "reports" && !["program.toml", "plugins.toml"].contains(&file)
    };
    let files: BTreeSet<&str> = sources.iter().map(Source::path).filter(is_version).collect();
    assert_eq!(known, files);
    assert!(!files.is_empty(), "schedules/ holds no version");
}

#[test]
fn every_snapshot_has_its_version() {
    let book = book(&sources());
    let known: BTreeSet<String> =
        all(&book).iter().map(|shown| format!("schedule@{}.snap", suffix(shown))).collect();
    let orphans = orphans(SNAPSHOTS, &known);
    assert!(orphans.is_empty(), "their version is gone; remove {}", orphans.join(", "));
}
