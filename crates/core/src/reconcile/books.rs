//! The terms of hypotheses, each made and loaded once.
//!
//! Owns the evaluators of edited terms. A book is made of the texts that the run stored, with one key
//! edited, and loaded as any other. Refuses to choose among them.

use std::collections::BTreeMap;
use std::sync::Arc;

use feebook_kernel::{Outcome, Silent};
use feebook_schedule::iso::percent;
use feebook_schedule::{Book, Source, Version, alternatives};

use super::hypotheses::Edit;
use crate::answers::Answers;
use crate::error::{ErrorKind, Result};
use crate::ledger::{BookId, CountingLine, Ledger};
use crate::run::Evaluator;
use crate::words::{Word, Words};

/// Which terms: of a book, around one of its versions.
type Key = (BookId, String, Edit);

/// The categories that a version's rates tell apart, as words; the last is none of them.
type Categories = Arc<[Word]>;

/// The evaluators of one program's hypotheses.
#[derive(Debug)]
pub(super) struct Books {
    sources: BTreeMap<BookId, Arc<[Source]>>,
    evaluators: BTreeMap<Key, Option<Evaluator>>,
    categories: BTreeMap<(BookId, String), Categories>,
    /// The ledger's words, and behind them the categories that no report has named.
    words: Option<Arc<Words>>,
}

/// An order that hypotheses are tried on.
pub(super) struct Tried<'t> {
    pub(super) ledger: &'t Ledger,
    pub(super) book_id: BookId,
    pub(super) version: &'t Version,
    /// What the plugin of its run said.
    pub(super) answers: Option<&'t Answers>,
}

/// What a hypothesis gives: what each line earns, under which version, at which rates.
pub(super) struct Sighted {
    pub(super) outcomes: Vec<Outcome>,
    /// The version that governs then.
    pub(super) version: Option<String>,
    /// The rate or amount of each line and its clause.
    pub(super) rates: Vec<String>,
}

/// A category that no tree lists and no entry names.
pub(super) const NO_CATEGORY: &str = "\u{2014}";

impl Books {
    pub(super) fn new() -> Self {
        Self {
            sources: BTreeMap::new(),
            evaluators: BTreeMap::new(),
            categories: BTreeMap::new(),
            words: None,
        }
    }

    /// Returns the words that facts of hypotheses are written in.
    pub(super) fn words<'w>(&'w self, ledger: &'w Ledger) -> &'w Words {
        self.words.as_deref().unwrap_or(ledger.words())
    }

    /// Returns the categories that the rates of a version tell apart.
    pub(super) fn categories(&mut self, tried: &Tried<'_>) -> Categories {
        let key = (tried.book_id, tried.version.id().to_owned());
        if let Some(known) = self.categories.get(&key) {
            return Arc::clone(known);
        }
        let words = self.words.get_or_insert_with(|| Arc::new(tried.ledger.words().clone()));
        let words = Arc::make_mut(words);
        let named = tried.version.rate_categories();
        let none = Some(NO_CATEGORY).filter(|_| !named.is_empty());
        let categories = named.into_iter().chain(none).map(|id| words.intern(id));
        let categories: Categories = categories.collect();
        self.categories.insert(key, Arc::clone(&categories));
        categories
    }

    /// Evaluates an order under the terms of a hypothesis; none where they do not load, or need a
    /// plugin that did not speak of the order.
    pub(super) fn evaluate(
        &mut self,
        tried: &Tried<'_>,
        edit: &Edit,
        base: &mut Evaluator,
        facts: &[CountingLine<'_>],
    ) -> Result<Option<Sighted>> {
        if *edit == Edit::None {
            return sight(base, tried, facts, self.words.as_ref());
        }
        let key = (tried.book_id, tried.version.id().to_owned(), edit.clone());
        if !self.evaluators.contains_key(&key) {
            let made = self.make(tried, edit, base)?;
            self.evaluators.insert(key.clone(), made);
        }
        let Some(Some(evaluator)) = self.evaluators.get_mut(&key) else { return Ok(None) };
        evaluator.know(base.standing(), base.seq());
        evaluator.recall(tried.answers.cloned());
        sight(evaluator, tried, facts, self.words.as_ref())
    }

    fn make(
        &mut self,
        tried: &Tried<'_>,
        edit: &Edit,
        base: &Evaluator,
    ) -> Result<Option<Evaluator>> {
        let program = base.program();
        let book: Option<Book> = match edit {
            Edit::None => None,
            Edit::Always(version) => base.book().as_if_always(program.id(), version),
            Edit::Zone(zone) => {
                let sources = self.sources(tried)?;
                let value = format!("\"{zone}\"");
                alternatives::edited(program, &sources, None, "timezone", Some(&value))
            }
            Edit::Version(key, value) => {
                let sources = self.sources(tried)?;
                let version = Some(tried.version);
                alternatives::edited(program, &sources, version, key, value.as_deref())
            }
        };
        Ok(book.and_then(|book| Evaluator::new(&Arc::new(book), program.id(), base.standing())))
    }

    fn sources(&mut self, tried: &Tried<'_>) -> Result<Arc<[Source]>> {
        if let Some(known) = self.sources.get(&tried.book_id) {
            return Ok(Arc::clone(known));
        }
        let sources: Arc<[Source]> = tried.ledger.book_sources(tried.book_id)?.into();
        self.sources.insert(tried.book_id, Arc::clone(&sources));
        Ok(sources)
    }
}

fn sight(
    evaluator: &mut Evaluator,
    tried: &Tried<'_>,
    facts: &[CountingLine<'_>],
    words: Option<&Arc<Words>>,
) -> Result<Option<Sighted>> {
    let evaluated = match evaluator.evaluate_in(facts, tried.ledger, words, &mut Silent) {
        Ok(evaluated) => evaluated,
        Err(refused) if refused.kind() == ErrorKind::Plugin => return Ok(None),
        Err(failed) => return Err(failed),
    };
    let (covering, outcomes) = (evaluated.covering.clone(), evaluated.outcomes.to_vec());
    let version = evaluator.version(&covering);
    let rates = outcomes.iter().map(|outcome| rate(version, outcome)).collect();
    Ok(Some(Sighted { rates, version: version.map(|version| version.id().to_owned()), outcomes }))
}

/// The rate of a line in words, with its clause.
pub(super) fn rate(version: Option<&Version>, outcome: &Outcome) -> String {
    let clause = version.and_then(|version| version.clause(outcome.decided));
    let clause = clause.map_or_else(String::new, |clause| format!(", clause {clause}"));
    match outcome.rate {
        Some(rate) => format!("{}{clause}", percent(rate)),
        None => format!("{}{clause}", outcome.reason.word()),
    }
}
