//! Shows again what a past run found: the kernel on the facts and the texts of that run. Line
//! detail is not stored, because computing it again costs less than reading it.
//!
//! Owns the choice of the run that speaks for an order: its latest. Refuses to post, and to ask a
//! plugin: what one said is in the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use feebook_schedule::{Book, GovernedBy};

use super::evaluator::Evaluator;
use crate::error::{self, Error, Result};
use crate::ledger::{BookId, CountingLine, Ledger, OrderRecord, RunId, RunRecord};
use crate::plugins::Plugins;
use crate::standing::Standing;

/// Replays orders; keeps the books that it had to rebuild.
#[derive(Debug)]
pub struct Replay {
    runs: BTreeMap<RunId, RunRecord>,
    evaluators: BTreeMap<BookId, BTreeMap<String, Evaluator>>,
    books: BTreeMap<BookId, Arc<Book>>,
    /// What was known beside a program's reports at the sequence numbers that runs saw.
    standings: BTreeMap<i64, BTreeMap<String, Arc<Standing>>>,
}

/// An order as a run saw it.
#[derive(Debug)]
pub struct Latest<'o, 'e> {
    /// The run.
    pub run_id: RunId,
    /// When it ran, in seconds since 1970-01-01T00:00:00Z.
    pub ran_at: i64,
    /// The book of terms it went by.
    pub book_id: BookId,
    /// The highest sequence number it saw.
    pub seq: i64,
    /// The lines that counted then.
    pub facts: Vec<CountingLine<'o>>,
    /// Evaluates by that run's book.
    pub evaluator: &'e mut Evaluator,
}

impl Replay {
    /// Prepares the replay of a ledger's runs.
    pub fn new(ledger: &Ledger) -> Result<Self> {
        let runs = ledger.runs()?.into_iter().map(|run| (run.id, run)).collect();
        Ok(Self {
            runs,
            evaluators: BTreeMap::new(),
            books: BTreeMap::new(),
            standings: BTreeMap::new(),
        })
    }

    /// Returns the evaluator of a run's book, told what the run knew, for a program.
    fn evaluator(
        &mut self,
        ledger: &Ledger,
        (book_id, seq): (BookId, i64),
        program: &str,
    ) -> Result<&mut Evaluator> {
        let standing = self.standing(ledger, program, seq)?;
        if !self.evaluators.get(&book_id).is_some_and(|known| known.contains_key(program)) {
            let book = self.book(ledger, book_id)?;
            let evaluator =
                Evaluator::new(&book, program, &standing).ok_or_else(|| no_program(program))?;
            self.evaluators.entry(book_id).or_default().insert(program.to_owned(), evaluator);
        }
        let evaluator =
            self.evaluators.get_mut(&book_id).and_then(|known| known.get_mut(program)).ok_or_else(
                || Error::new(&error::BROKEN, "an evaluator vanished while it was made"),
            )?;
        evaluator.know(&standing, seq);
        Ok(evaluator)
    }

    /// Returns an evaluator of a run's own, with the highest sequence number that the run saw: told
    /// what the run knew, and asking plugins where there are any.
    pub(super) fn fresh(
        &mut self,
        ledger: &Ledger,
        program: &str,
        run_id: RunId,
        plugins: Option<&Arc<dyn Plugins>>,
    ) -> Result<(i64, Evaluator)> {
        let run = self.runs.get(&run_id);
        let run =
            run.ok_or_else(|| Error::new(&error::BROKEN, "a result of a run that is not there"))?;
        let (seq, book_id) = (run.seq, run.book_id);
        let (book, standing) = (self.book(ledger, book_id)?, self.standing(ledger, program, seq)?);
        let evaluator =
            Evaluator::new(&book, program, &standing).ok_or_else(|| no_program(program))?;
        Ok((seq, evaluator.as_of(seq, plugins)))
    }

    /// What was known beside a program's reports at a sequence number.
    fn standing(&mut self, ledger: &Ledger, program: &str, seq: i64) -> Result<Arc<Standing>> {
        if let Some(known) = self.standings.get(&seq).and_then(|known| known.get(program)) {
            return Ok(Arc::clone(known));
        }
        let standing = Arc::new(ledger.standing(program, seq)?);
        self.standings.entry(seq).or_default().insert(program.to_owned(), Arc::clone(&standing));
        Ok(standing)
    }

    /// Returns the instants that govern a program's orders by the terms of any run; all where some no
    /// longer load, which is told where an order needs them.
    pub(crate) fn governed_by(&mut self, ledger: &Ledger, program: &str) -> Vec<GovernedBy> {
        let books: BTreeSet<BookId> = self.runs.values().map(|run| run.book_id).collect();
        let mut found = Vec::new();
        for book_id in books {
            let Ok(book) = self.book(ledger, book_id) else { return GovernedBy::ALL.to_vec() };
            found.extend(book.program(program).map(feebook_schedule::Program::governed_by));
        }
        found
    }

    pub(crate) fn book(&mut self, ledger: &Ledger, book_id: BookId) -> Result<Arc<Book>> {
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
        match order.results.last() {
            Some(result) => self.seen_by(ledger, program, order, result.run_id),
            None => Ok(None),
        }
    }

    /// Returns an order as a run saw it.
    pub fn seen_by<'o>(
        &mut self,
        ledger: &Ledger,
        program: &str,
        order: &'o OrderRecord,
        run_id: RunId,
    ) -> Result<Option<Latest<'o, '_>>> {
        let Some(run) = self.runs.get(&run_id) else { return Ok(None) };
        let (seq, book_id, ran_at) = (run.seq, run.book_id, run.ran_at);
        let facts = ledger.counting(order, seq)?;
        let evaluator = self.evaluator(ledger, (book_id, seq), program)?;
        // A plugin is not asked again: it may be gone, and results that were posted stay readable.
        let wants = evaluator.wants_plugin(&facts)?;
        let answers = wants.then(|| ledger.answers(order, run_id)).transpose()?;
        evaluator.recall(answers);
        Ok(Some(Latest { run_id, ran_at, book_id, seq, facts, evaluator }))
    }
}

fn no_program(program: &str) -> Error {
    let message = format!("the book of an earlier run has no program {program}");
    Error::new(&error::BROKEN, message)
}
