//! The run: facts and terms in, outcomes out. There is one evaluator; recompute posts what it
//! finds, replay shows again what a past run found.
//!
//! Owns the way from the lines of an order that count to their outcomes. Refuses to multiply money
//! (the kernel does), to decide which entry holds (the schedule does) and to speak SQL (the ledger
//! does).

mod evaluator;
mod recompute;
mod replay;

use std::sync::Arc;

use chrono::NaiveDate;
use feebook_schedule::{Book, Source};

use crate::ledger::CountingLine;

pub(crate) use evaluator::known;
pub use evaluator::{Covering, Evaluated, Evaluator};
pub use recompute::{Change, Posted, Recomputed, Seen, Why, recompute};
pub use replay::{Latest, Replay};

/// A book of terms and the files it was made of, which go into the ledger with the results.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The book.
    pub book: Arc<Book>,
    /// All its files.
    pub sources: Arc<[Source]>,
}

impl Terms {
    /// Returns the files of some programs only.
    pub fn sources_of(&self, programs: &[String]) -> Vec<Source> {
        let belongs = |source: &&Source| {
            let folder = source.path().split('/').next().unwrap_or_default();
            programs.iter().any(|program| program == folder)
        };
        self.sources.iter().filter(belongs).cloned().collect()
    }
}

/// Which orders are meant.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Only this program.
    pub program: Option<String>,
    /// Only orders whose day (the civil day of the governing instant in the program's zone, else
    /// of the earliest instant) is one of these, both ends included.
    pub days: Option<(NaiveDate, NaiveDate)>,
}

impl Scope {
    /// Whether orders of this program are meant.
    pub fn includes_program(&self, name: &str) -> bool {
        self.program.as_deref().is_none_or(|program| program == name)
    }

    /// Whether an order of this day is meant; one without any instant only if all are.
    pub fn includes_day(&self, day: Option<NaiveDate>) -> bool {
        match (self.days, day) {
            (None, _) => true,
            (Some((first, last)), Some(day)) => first <= day && day <= last,
            (Some(_), None) => false,
        }
    }

    /// Says it in words, for the run's record.
    pub fn in_words(&self) -> String {
        let program = self.program.as_deref().unwrap_or("all programs");
        match self.days {
            Some((first, last)) => format!("{program}, {first} to {last}"),
            None => format!("{program}, all days"),
        }
    }
}

/// Whether two evaluations of an order see the same lines say the same.
pub(crate) fn same_facts(a: &[CountingLine<'_>], b: &[CountingLine<'_>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.revision.fact == b.revision.fact)
}

/// Is told how far a long piece of work has come.
pub trait Progress {
    /// Another number of orders is done.
    fn advance(&mut self, orders: u64);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn advance(&mut self, _orders: u64) {}
}
