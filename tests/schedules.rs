//! One snapshot per version of every shipped program: the terms in words, what moved since the
//! version before, and worked examples to the cent.
//!
//! Finds the schedule files itself, so new terms are one new file and one accepted snapshot. A
//! snapshot depends on its file, the program's own files and the version before, on nothing later.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use feebook_schedule::{Book, Diagnostic, Program, Source, Version, describe, diff, examples};

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

/// A version, and the one that held before it when both were new.
struct Shown<'b> {
    program: &'b Program,
    before: Option<&'b Version>,
    version: &'b Version,
}

/// Every version in the folder, also those that an amendment took out of the book.
fn all(book: &Book) -> Vec<Shown<'_>> {
    let mut all = Vec::new();
    for program in book.programs() {
        for version in program.versions().iter().chain(program.superseded()) {
            let replaced = version.supersedes();
            let mut earlier = program.versions().iter().filter(|other| {
                other.start() < version.start() && other.supersedes() != Some(version.id())
            });
            // An amendment is compared with what it replaces.
            let old = program.superseded().iter().find(|old| Some(old.id()) == replaced);
            all.push(Shown { program, before: old.or_else(|| earlier.next_back()), version });
        }
    }
    all
}

impl Shown<'_> {
    /// What the snapshot's file name ends in.
    fn suffix(&self) -> String {
        format!("{}__{}", self.program.id(), self.version.id())
    }

    fn text(&self) -> String {
        let mut text = describe::terms_text(self.program, self.version);
        if let Some(before) = self.before {
            let _ = writeln!(text, "\ndifference from {}:", before.id());
            for change in diff::changes(before, self.version) {
                let _ = writeln!(text, "{change}");
            }
        }
        let _ = writeln!(text, "\nworked examples:");
        for example in examples::of(self.program, self.before, self.version) {
            let _ = writeln!(text, "{example}");
        }
        text
    }
}

#[test]
fn every_version_says_what_was_accepted() {
    let book = book(&sources());
    let mut differ = Vec::new();
    for shown in all(&book) {
        let (suffix, file) = (shown.suffix(), shown.version.source().path());
        let description = format!("The terms of schedules/{file}");
        if !holds("schedule", &suffix, "snapshots/schedules", &description, &shown.text()) {
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
        all(&book).iter().map(|shown| format!("schedule@{}.snap", shown.suffix())).collect();
    let orphans = orphans(SNAPSHOTS, &known);
    assert!(orphans.is_empty(), "their version is gone; remove {}", orphans.join(", "));
}
