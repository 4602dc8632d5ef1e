//! Two books to compare for an announced version: one without it, and one in which nothing else was
//! ever in force.
//!
//! Refuses to read files: both are made from a book that loaded.

use crate::book::{Book, close_periods};
use crate::dimension::Dimension;
use crate::program::Program;
use crate::version::Version;

impl Book {
    /// Returns a book in which one version of a program has always been in force and is its only
    /// one; none when the book has no such version, also not among those that an amendment replaced.
    ///
    /// Conditions on the day (`on_from`, `on_until`) keep their dates: see [`Version::asks_day`].
    pub fn as_if_always(&self, program: &str, version: &str) -> Option<Self> {
        let program = self.program(program)?;
        let mut always = find(program, version)?.clone();
        always.start = i64::MIN;
        always.own_end = None;
        always.end = None;
        let versions = vec![always];
        Some(Self {
            programs: vec![Program { versions, superseded: Vec::new(), ..program.clone() }],
        })
    }

    /// Returns a book in which one version of a program was never announced: the version before it
    /// goes on, and what it replaced is in force again.
    #[must_use]
    pub fn without(&self, program: &str, version: &str) -> Self {
        let mut book = self.clone();
        for program in book.programs.iter_mut().filter(|known| known.id == program) {
            forget(program, version);
        }
        book
    }
}

/// Finds a version in the book or among those that left it.
fn find<'p>(program: &'p Program, id: &str) -> Option<&'p Version> {
    program.versions.iter().chain(&program.superseded).find(|version| version.id() == id)
}

fn forget(program: &mut Program, id: &str) {
    let replaced = find(program, id).and_then(Version::supersedes).map(str::to_owned);
    program.versions.retain(|version| version.id() != id);
    program.superseded.retain(|version| version.id() != id);
    if let Some(old) = replaced {
        let mut others = program.versions.iter().chain(&program.superseded);
        let still_replaced = others.any(|version| version.supersedes() == Some(old.as_str()));
        let at = program.superseded.iter().position(|version| version.id() == old);
        if let Some(at) = at.filter(|_| !still_replaced) {
            program.versions.push(program.superseded.remove(at));
            program.versions.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
        }
    }
    close_periods(&mut program.versions);
}

impl Version {
    /// Whether any entry asks for the order's day, so that it matters when an order was made even
    /// if these terms are always in force.
    pub fn asks_day(&self) -> bool {
        let lists = [&self.excludes, &self.rates, &self.bonuses, &self.flags];
        lists.into_iter().flatten().any(|entry| entry.dimensions().contains(&Dimension::Day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{PROGRAM, at, sources, version, version_with};

    fn book() -> Book {
        let moved =
            "effective_on = 2024-09-10\nsupersedes = \"2024-09-01\"\nlearned_on = 2024-08-20";
        let sale = version_with(
            "effective_on = 2024-11-01\nends_on = 2024-12-01",
            "",
            "[[rate]]\nrate = \"9%\"\non_from = 2024-11-11\non_until = 2024-11-12\n[[rate]]\nrate = \"5%\"\n",
        );
        let files = [
            ("program.toml", PROGRAM),
            ("2024-01-01.toml", &version("effective_on = 2024-01-01")),
            ("2024-09-01.toml", &version("effective_on = 2024-09-01")),
            ("2024-09-10.toml", &version(moved)),
            ("2024-11-01.toml", &sale),
        ];
        let (book, problems) = Book::load(&sources(&files));
        assert!(problems.is_empty());
        book
    }

    fn in_force(book: &Book, instant: &str) -> Option<String> {
        book.program("p")?.in_force(at(instant)).ok().map(|version| version.id().to_owned())
    }

    #[test]
    fn one_version_is_in_force_always() {
        let always = book().as_if_always("p", "2024-11-01").unwrap();
        for instant in ["1970-01-01T00:00:00Z", "2024-09-05T00:00:00Z", "2090-01-01T00:00:00Z"] {
            assert_eq!(in_force(&always, instant).as_deref(), Some("2024-11-01"), "{instant}");
        }
        let program = always.program("p").unwrap();
        assert_eq!((always.programs().len(), program.versions().len()), (1, 1));
        assert!(program.versions()[0].asks_day());
        let replaced = book().as_if_always("p", "2024-09-01").unwrap();
        assert!(!replaced.program("p").unwrap().versions()[0].asks_day());
        assert!(book().as_if_always("p", "2024-09-02").is_none());
        assert!(book().as_if_always("q", "2024-09-01").is_none());
    }

    #[test]
    fn without_a_version_the_one_before_goes_on() {
        let sale = book().without("p", "2024-11-01");
        assert_eq!(in_force(&sale, "2024-11-15T00:00:00Z").as_deref(), Some("2024-09-10"));
        assert_eq!(in_force(&sale, "2024-12-15T00:00:00Z").as_deref(), Some("2024-09-10"));
        assert_eq!(in_force(&book(), "2024-12-15T00:00:00Z"), None);
    }

    #[test]
    fn without_an_amendment_what_it_replaced_is_in_force() {
        let amended = book();
        let plain = book().without("p", "2024-09-10");
        assert_eq!(in_force(&amended, "2024-09-05T00:00:00Z").as_deref(), Some("2024-01-01"));
        assert_eq!(in_force(&plain, "2024-09-05T00:00:00Z").as_deref(), Some("2024-09-01"));
        assert_eq!(in_force(&plain, "2024-10-05T00:00:00Z").as_deref(), Some("2024-09-01"));
    }
}
