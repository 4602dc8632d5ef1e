//! Which order is asked for, and whose run speaks for it.
//!
//! Owns what one answer after another has in common: the terms of past runs, and what is known of a
//! program beside its reports. Refuses to put anything into words.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Explanation, explain_as};
use crate::error::{self, Error, Result};
use crate::fact::No;
use crate::journal::{Dating, dating};
use crate::ledger::{Ledger, OrderRecord};
use crate::postings::postings;
use crate::run::{Evaluator, Replay, Terms, is_current};

/// Explains an order: as its latest run found it, or, where none has seen it, under the terms as
/// they are now.
///
/// # Errors
///
/// When no program, or more than one, has an order of that number.
pub fn explain(
    ledger: &Ledger,
    terms: &Terms,
    program: Option<&str>,
    order_no: &No,
) -> Result<Explanation> {
    Explainer::new(ledger, terms)?.explain(program, order_no)
}

/// Explains orders, one after another, of a ledger that nobody appends to meanwhile.
pub struct Explainer<'l> {
    ledger: &'l Ledger,
    terms: &'l Terms,
    replay: Replay,
    /// The highest sequence number there is.
    seq: i64,
    programs: BTreeMap<String, Today>,
}

/// A program as it is now.
struct Today {
    /// None where there are no terms of it.
    evaluator: Option<Evaluator>,
    dating: Dating,
}

impl<'l> Explainer<'l> {
    /// Makes ready; nothing is read of any order.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn new(ledger: &'l Ledger, terms: &'l Terms) -> Result<Self> {
        let (replay, seq) = (Replay::new(ledger)?, ledger.last_seq()?);
        Ok(Self { ledger, terms, replay, seq, programs: BTreeMap::new() })
    }

    /// Explains an order, as [`explain`] does.
    ///
    /// # Errors
    ///
    /// As those of [`explain`].
    pub fn explain(&mut self, program: Option<&str>, order_no: &No) -> Result<Explanation> {
        let (ledger, terms, seq) = (self.ledger, self.terms, self.seq);
        let (program, order) = find(ledger, program, order_no)?;
        let now = ledger.counting(&order, seq)?;
        if !self.programs.contains_key(&program) {
            let standing = Arc::new(ledger.standing(&program, seq)?);
            let evaluator = Evaluator::new(&terms.book, &program, &standing)
                .map(|evaluator| evaluator.as_of(seq, terms.plugins.as_ref()));
            let today = Today { evaluator, dating: dating(ledger, terms, &program)? };
            self.programs.insert(program.clone(), today);
        }
        let no_terms = || {
            let message = format!("there are no terms of `{program}`");
            Error::new(&error::NO_PROGRAM, message)
        };
        let today = self.programs.get_mut(&program).ok_or_else(no_terms)?;
        let Some(latest) = self.replay.latest(ledger, &program, &order)? else {
            let evaluator = today.evaluator.as_mut().ok_or_else(no_terms)?;
            return explain_as(ledger, evaluator, &order, &now);
        };
        let explanation = explain_as(ledger, latest.evaluator, &order, &latest.facts)?;
        let stale = !is_current(today.evaluator.as_mut(), &now, &order, ledger)?;
        let run_id = Some(latest.run_id);
        let of = (program.as_str(), &today.dating);
        let postings = postings(ledger, &mut self.replay, of, &order)?;
        Ok(Explanation { run_id, stale, postings, ..explanation })
    }
}

/// Returns the program that has an order.
///
/// # Errors
///
/// When no program, or more than one, has an order of that number.
pub(crate) fn program_of(ledger: &Ledger, program: Option<&str>, order_no: &No) -> Result<String> {
    find(ledger, program, order_no).map(|(program, _)| program)
}

fn find(ledger: &Ledger, program: Option<&str>, order_no: &No) -> Result<(String, OrderRecord)> {
    let mut found = Vec::new();
    for known in ledger.programs()? {
        if program.is_none_or(|program| program == known)
            && let Some(order) = ledger.order(&known, order_no)?
        {
            found.push((known, order));
        }
    }
    let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => {
            let message = format!("order {order_no} is in {}", names.join(" and in "));
            Err(Error::new(&error::WHICH_ORDER, message).hint("name one of them with --program"))
        }
        (None, _) => {
            let message = format!("the ledger has no order {order_no}");
            Err(Error::new(&error::NO_ORDER, message).hint(
                "`feebook lines` lists the orders; the number is that of the order, not of a line",
            ))
        }
    }
}
