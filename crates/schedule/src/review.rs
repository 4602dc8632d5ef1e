//! The text of a version that a person reviews and accepts: the terms in words, what moved since
//! the version before, its first and last seconds, worked examples to the cent.
//!
//! Owns the one form that our own snapshots and a user's `.expected` files have. Depends on the
//! version's file, the program's own files and the version before, on nothing later. Refuses files
//! and the comparison with what was accepted.

use std::fmt::Write as _;

use crate::book::Book;
use crate::program::Program;
use crate::source::Source;
use crate::version::Version;
use crate::{describe, diff, examples, zone};

/// A version, and the one that held before it when both were new.
#[derive(Clone, Copy, Debug)]
pub struct Review<'p> {
    /// The program.
    pub program: &'p Program,
    /// What the version is compared with; none for the first.
    pub before: Option<&'p Version>,
    /// The version.
    pub version: &'p Version,
}

/// Returns a review of every version of a program, also of those that an amendment took out of the
/// book.
pub fn of(program: &Program) -> Vec<Review<'_>> {
    let versions = program.versions().iter().chain(program.superseded());
    versions.map(|version| Review { program, before: before(program, version), version }).collect()
}

/// The version to compare with: of an amendment what it replaces, else the one in force before.
fn before<'p>(program: &'p Program, version: &Version) -> Option<&'p Version> {
    let replaced = program.superseded().iter().find(|old| Some(old.id()) == version.supersedes());
    let mut earlier = program.versions().iter().filter(|other| {
        other.start() < version.start() && other.supersedes() != Some(version.id())
    });
    replaced.or_else(|| earlier.next_back())
}

impl Review<'_> {
    /// Writes the text; it ends in a newline. `sources` holds at least all files of the program.
    pub fn text(&self, sources: &[Source]) -> String {
        let mut text = describe::terms_text(self.program, self.version);
        // Writing to a string cannot fail.
        if let Some(before) = self.before {
            let _ = writeln!(text, "\ndifference from {}:", before.id());
            for change in diff::changes(before, self.version) {
                let _ = writeln!(text, "{change}");
            }
        }
        let _ = writeln!(text, "\nin force:");
        for (at, found) in self.edges(sources) {
            let _ = writeln!(text, "{}: {found}", zone::written(self.program.zone(), at));
        }
        let plugin = self.version.plugin().map_or_else(String::new, |plugin| {
            format!(", without what the plugin `{}` says", plugin.name)
        });
        let _ = writeln!(text, "\nworked examples{plugin}:");
        for example in examples::of(self.program, self.before, self.version) {
            let _ = writeln!(text, "{example}");
        }
        text
    }

    /// What the book says one second before the version's start, at it, and one second before the
    /// end that it states. A version that was superseded is asked of the book as it was known before.
    fn edges(&self, sources: &[Source]) -> Vec<(i64, String)> {
        let successor = self.program.successor(self.version);
        let learned = successor.and_then(Version::learned_on).map(zone::day_before);
        let folder = format!("{}/", self.program.id());
        let own = sources.iter().filter(|source| source.path().starts_with(&folder)).cloned();
        let (known, _) = Book::load_known_on(&own.collect::<Vec<_>>(), learned);
        let program = known.program(self.program.id()).unwrap_or(self.program);
        let in_force = |at| match program.in_force(at) {
            Ok(version) => version.id().to_owned(),
            Err(no_cover) => format!("none: {no_cover}"),
        };
        let (start, end) = (self.version.start(), self.version.own_end());
        let edges = [Some(start - 1), Some(start), end.map(|end| end - 1)];
        edges.into_iter().flatten().map(|at| (at, in_force(at))).collect()
    }
}
