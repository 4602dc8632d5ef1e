//! The names that a program's terms use, for whoever records a fact that they are to see.
//!
//! Owns the answer to "does any version ask for this word". Refuses to judge: a word that no version
//! names today may be named by the next.

use std::collections::BTreeSet;

use crate::condition::{self, Condition};
use crate::dimension::Dimension;
use crate::program::Program;
use crate::version::{Entry, Version};

/// The kinds of placement that conditions and policies know.
pub const PLACEMENT_KINDS: &[&str] = condition::PLACEMENT_KINDS;

/// Whether a text can be a name in the terms: a lowercase word of `a-z`, `0-9`, `_` and `-`.
pub fn is_name(text: &str) -> bool {
    condition::is_word(text)
}

/// Returns what to write instead of a text that can be no name, in words.
pub fn as_name(text: &str) -> String {
    condition::as_word(text)
}

impl Program {
    /// Returns all values of a fact that conditions of any version name.
    pub fn names(&self, dimension: Dimension) -> BTreeSet<&str> {
        self.all_entries()
            .flat_map(|entry| &entry.conditions)
            .filter(|condition| condition.dimension == dimension)
            .filter_map(Condition::values)
            .flatten()
            .map(String::as_str)
            .collect()
    }

    /// Returns all kinds of flags that any version names.
    pub fn flag_kinds(&self) -> BTreeSet<&str> {
        let versions = self.versions().iter().chain(self.superseded());
        versions.flat_map(Version::flags).map(|entry| entry.label.as_str()).collect()
    }

    fn all_entries(&self) -> impl Iterator<Item = &Entry> {
        self.versions().iter().chain(self.superseded()).flat_map(|version| {
            let lists = [version.excludes(), version.rates(), version.bonuses(), version.flags()];
            lists.into_iter().flatten()
        })
    }
}
