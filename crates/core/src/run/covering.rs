//! Which terms govern an order, and what the kernel is told of it.
//!
//! Refuses to find them: the evaluator does.

use feebook_kernel as kernel;
use feebook_kernel::Cover;
use feebook_schedule::{NoCover, Program};

/// Which terms govern an order.
#[derive(Clone, Debug)]
pub enum Covering {
    /// The version with this place among the program's versions.
    Version(usize),
    /// None covers the governing instant.
    Uncovered(NoCover),
    /// No line has the governing instant.
    NotYetGoverned,
    /// There are no terms of the program.
    NoTerms,
}

/// The cover of an order, with the terms that the kernel's borrows.
pub(super) enum TermsCover<'v> {
    Of(kernel::Terms<'v>),
    Uncovered,
    NotYetGoverned,
    NoTerms,
}

impl TermsCover<'_> {
    /// What the kernel is told.
    pub(super) fn kernel(&self) -> Cover<'_> {
        match self {
            Self::Of(terms) => Cover::Terms(terms),
            Self::Uncovered => Cover::Uncovered,
            Self::NotYetGoverned => Cover::NotYetGoverned,
            Self::NoTerms => Cover::NoTerms,
        }
    }
}

/// The cover of an order of a program.
pub(super) fn cover<'v>(program: &'v Program, covering: &Covering) -> TermsCover<'v> {
    match covering {
        Covering::Version(index) => TermsCover::Of(program.versions()[*index].terms()),
        Covering::Uncovered(_) => TermsCover::Uncovered,
        Covering::NotYetGoverned => TermsCover::NotYetGoverned,
        Covering::NoTerms => TermsCover::NoTerms,
    }
}
