//! Terms as dated TOML files: read, checked, compiled to integers, and looked up by date.
//!
//! Owns the book of programs and versions, the matcher that says which entries of a version hold
//! for a line, the diagnostics with places, and what people are shown of terms: text, differences,
//! worked examples. Refuses the calculation itself (the kernel's), files, clocks and ledgers.

pub mod alternatives;
mod announced;
mod book;
#[cfg(test)]
mod book_tests;
pub mod codes;
mod common;
mod condition;
pub mod describe;
pub mod diagnostic;
#[cfg(test)]
mod diagnostic_tests;
pub mod diff;
mod dimension;
pub mod document;
pub mod draft;
mod entry_file;
pub mod examples;
pub mod iso;
mod links;
mod lint;
mod matcher;
mod matching;
#[cfg(test)]
mod matching_tests;
pub mod names;
mod payout_terms;
mod plugin_file;
mod policies;
mod program;
mod program_file;
pub mod review;
pub mod sem;
mod source;
mod summary;
#[cfg(test)]
mod testing;
mod tree;
mod version;
mod version_file;
pub mod zone;

pub use book::Book;
pub use condition::Group;
pub use diagnostic::{Code, Diagnostic, Place, Severity};
pub use dimension::{Class, Classes, Dimension};
pub use iso::Currency;
pub use links::{Asked, Link, Refusal, Why};
pub use lint::lint;
pub use matcher::{Entries, List};
pub use matching::{Amounts, Matching};
pub use payout_terms::{MinimumIs, PayoutTerms};
pub use plugin_file::{Build, PluginUse, in_use, parse_digest, quoted, words as told_in_words};
pub use policies::{Leave, PlacementLeave, Policies};
pub use program::{Edge, GovernedBy, NoCover, Program};
pub use source::Source;
pub use summary::Numbers;
pub use tree::{Category, Lineage, Tree};
pub use version::{Assumed, Entry, FxOn, Status, Version};
