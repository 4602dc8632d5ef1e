//! Shows again what a past run found: the kernel on the facts and the texts of that run. Line
//! detail is not stored, because computing it again costs less than reading it.
//!
//! Owns the choice of the run that speaks for an order: its latest. Refuses to post.

use std::collections::BTreeMap;
use std::sync::Arc;

use feebook_schedule::Book;

use super::evaluator::Evaluator;
use crate::error::{self, Error, Result};
use crate::ledger::{BookId, CountingLine, Ledger, OrderRecord, RunId, RunRecord};

/// Replays orders; keeps the books that it had to rebuild.
#[derive(Debug)]
pub struct Replay {
    runs: BTreeMap<RunId, RunRecord>,
    evaluators: BTreeMap<(BookId, String), Evaluator>,
    books: BTreeMap<BookId, Arc<Book>>,
}

/// An order as its latest run saw it.
#[derive(Debug)]
pub struct Latest<'o, 'e> {
    /// The run.
    pub run_id: RunId,
    /// The lines that counted then.
    pub facts: Vec<CountingLine<'o>>,
    /// Evaluates by that run's book.
    pub evaluator: &'e mut Evaluator,
}

impl Replay {
    /// Prepares the replay of a ledger's runs.
    pub fn new(ledger: &Ledger) -> Result<Self> {
        let runs = ledger.runs()?.into_iter().map(|run| (run.id, run)).collect();
        Ok(Self { runs, evaluators: BTreeMap::new(), books: BTreeMap::new() })
    }

    /// Returns the evaluator of a run's book for a program.
    fn evaluator(
        &mut self,
        ledger: &Ledger,
        book_id: BookId,
        program: &str,
    ) -> Result<&mut Evaluator> {
        let key = (book_id, program.to_owned());
        if !self.evaluators.contains_key(&key) {
            let book = self.book(ledger, book_id)?;
            let evaluator = Evaluator::new(&book, program).ok_or_else(|| {
                let message = format!("the book of an earlier run has no program {program}");
                Error::new(&error::BROKEN, message)
            })?;
            self.evaluators.insert(key.clone(), evaluator);
        }
        self.evaluators
            .get_mut(&key)
            .ok_or_else(|| Error::new(&error::BROKEN, "an evaluator vanished while it was made"))
    }

    fn book(&mut self, ledger: &Ledger, book_id: BookId) -> Result<Arc<Book>> {
        if let Some(book) = self.books.get(&book_id) {
            return Ok(Arc::clone(book));
        }
        let sources = ledger.book_sources(book_id)?;
        let (book, problems) = Book::load(&sources);
        let errors: Vec<_> =
            problems.into_iter().filter(feebook_schedule::Diagnostic::is_error).collect();
        if !errors.is_empty() {
            let message = "terms that an earlier run stored no longer load";
            return Err(Error::new(&error::TERMS, message).with(errors));
        }
        let book = Arc::new(book);
        self.books.insert(book_id, Arc::clone(&book));
        Ok(book)
    }

    /// Returns an order as its latest run saw it; none when no run has seen it.
    pub fn latest<'o>(
        &mut self,
        ledger: &Ledger,
        program: &str,
        order: &'o OrderRecord,
    ) -> Result<Option<Latest<'o, '_>>> {
        let last = order.results.last();
        let Some(run) = last.and_then(|result| self.runs.get(&result.run_id)) else {
            return Ok(None);
        };
        let (run_id, book_id) = (run.id, run.book_id);
        let facts = ledger.counting(order, run.seq);
        let evaluator = self.evaluator(ledger, book_id, program)?;
        Ok(Some(Latest { run_id, facts, evaluator }))
    }
}
