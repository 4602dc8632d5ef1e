//! The run: facts and terms in, outcomes out. There is one evaluator; recompute posts what it
//! finds, replay shows again what a past run found, verify demands that it is found again.
//!
//! Owns the way from the lines of an order that count to their outcomes. Refuses to multiply money
//! (the kernel does), to decide which entry holds (the schedule does) and to speak SQL (the ledger
//! does), and to find a plugin's library (whoever gave the terms does).

mod beside;
mod changes;
mod classes;
mod covering;
mod evaluator;
mod figures;
mod plugins;
mod recompute;
mod replay;
mod unit;
mod verify;

use std::sync::Arc;

use chrono::NaiveDate;
use feebook_kernel::CALCULATION;
use feebook_schedule::{Book, Diagnostic, Source, Version};

use crate::error::{self, Error, Result};
use crate::ledger::{CountingLine, Ledger, OrderRecord};
use crate::plugins::Plugins;

pub(crate) use beside::Beside;
pub use changes::{Change, Seen, Why, between};
pub use covering::Covering;
pub(crate) use evaluator::known;
pub use evaluator::{Evaluated, Evaluator};
pub use recompute::{Adjusted, Posted, Recomputed, recompute};
pub use replay::{Latest, Replay};
pub(crate) use verify::verify_results;
pub use verify::{Breach, Held, Verified, verify};

/// A book of terms and the files it was made of, which go into the ledger with the results.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The book.
    pub book: Arc<Book>,
    /// All its files.
    pub sources: Arc<[Source]>,
    /// Where the plugins that it names come from; without, no order under a version that names one is
    /// evaluated anew.
    pub plugins: Option<Arc<dyn Plugins>>,
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

    /// Adds the programs that the ledger has orders of and that have no terms: advertisers of a
    /// network's report to which no program was mapped. Their lines are unverifiable. A program that
    /// a run has seen under terms is none of them: its terms are missing, which is told.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn with_unmapped(self, ledger: &Ledger) -> Result<Self> {
        let mut sources = self.sources.to_vec();
        for program in ledger.programs()? {
            if self.book.program(&program).is_none() && !ledger.was_governed(&program)? {
                let path = format!("{program}/program.toml");
                sources.push(Source::new(path.clone(), path, unmapped_program(&program)));
            }
        }
        if sources.len() == self.sources.len() {
            return Ok(self);
        }
        sources.sort_by(|a, b| a.path().cmp(b.path()));
        let (book, mut problems) = Book::load(&sources);
        problems.retain(Diagnostic::is_error);
        if problems.is_empty() {
            return Ok(Self {
                book: Arc::new(book),
                sources: sources.into(),
                plugins: self.plugins,
            });
        }
        Err(Error::new(&error::TERMS, "the schedules do not load").with(problems))
    }

    /// Whether a program is none: an advertiser that [`with_unmapped`](Self::with_unmapped) added.
    pub fn is_unmapped(&self, program: &str) -> bool {
        let path = format!("{program}/program.toml");
        let found = self.sources.iter().find(|source| source.path() == path);
        found.is_some_and(|source| source.text() == unmapped_program(program))
    }

    /// Returns the terms as they were known on a day: without the amendments that were learned of
    /// later. A book of the files that are left says the same whenever it is loaded again.
    ///
    /// # Errors
    ///
    /// When what was known on that day does not load: two versions may have been in force at once
    /// before an amendment said which.
    pub fn as_known(&self, on: NaiveDate) -> Result<Self> {
        let sources: Arc<[Source]> = self.book.known_on(&self.sources, on).into();
        let (book, mut problems) = Book::load(&sources);
        problems.retain(Diagnostic::is_error);
        if problems.is_empty() {
            return Ok(Self { book: Arc::new(book), sources, plugins: self.plugins.clone() });
        }
        let message = format!("the schedules as known on {on} do not load");
        Err(Error::new(&error::TERMS, message).with(problems))
    }
}

/// What is known of a program without terms: nothing, but days must begin in some zone.
fn unmapped_program(name: &str) -> String {
    format!(
        "format = 1\nname = \"{name}\"\ntimezone = \"UTC\"\npayout_currency = \"EUR\"\n\
         governed_by = \"ordered\"\nassumed = {{ timezone = \"not mapped to a program\", \
         payout_currency = \"not mapped to a program\", governed_by = \"not mapped to a program\" }}\n"
    )
}

/// Which orders are meant.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Only this program.
    pub program: Option<String>,
    /// Only orders whose day (the civil day of the governing instant in the program's zone, else
    /// of the earliest instant) is one of these, both ends included.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// The terms are those known on this day; for the run's record, see [`Terms::as_known`].
    pub as_known: Option<NaiveDate>,
    /// For answers: as they were at the end of this day in the program's zone.
    pub as_of: Option<NaiveDate>,
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
        let days = match self.days {
            Some((first, last)) => format!("{first} to {last}"),
            None => "all days".to_owned(),
        };
        let known = self.as_known.map_or_else(String::new, |day| format!(", as known on {day}"));
        format!("{program}, {days}{known}")
    }
}

/// Whether the reports of an order say the same.
pub(crate) fn same_facts(a: &[CountingLine<'_>], b: &[CountingLine<'_>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.revision.fact == b.revision.fact)
}

/// Whether a recompute today would find an order as its latest result has it: the same facts, the
/// same that bears on them, the same terms. Where there are no terms today nothing can be said.
pub(crate) fn is_current(
    today: Option<&mut Evaluator>,
    now: &[CountingLine<'_>],
    order: &OrderRecord,
    ledger: &Ledger,
) -> Result<bool> {
    let (Some(today), Some(result)) = (today, order.results.last()) else { return Ok(true) };
    today.would_find(now, ledger, &result.fingerprint)
}

/// How what is kept of a run over all orders is added up; counted up when that changes.
const KEPT: u32 = 1;

/// Stands for all that the results of a program's orders depend on beside the facts: the texts of its terms
/// and the calculation; and how they are added up. None where a plugin is asked: which build of it answers
/// depends on the machine.
pub(crate) fn basis(terms: &Terms, program: &str) -> Option<[u8; 16]> {
    let asks_none = |version: &Version| version.plugin().is_none();
    terms.book.program(program).filter(|known| known.versions().iter().all(asks_none))?;
    let mut bytes = [CALCULATION.to_be_bytes().as_slice(), &KEPT.to_be_bytes()].concat();
    for source in terms.sources_of(&[program.to_owned()]) {
        bytes.extend_from_slice(source.path().as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&source.digest());
    }
    Some(xxhash_rust::xxh3::xxh3_128(&bytes).to_be_bytes())
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
