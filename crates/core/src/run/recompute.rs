//! Recompute: evaluate, compare with what is posted, post the differences, say what changed and
//! why.
//!
//! Owns the comparison. A run that changes nothing writes nothing. Refuses to touch what earlier
//! runs wrote: a correction is a new result.

use std::sync::Arc;

use chrono::NaiveDate;
use feebook_kernel::{Silent, Verdict};
use feebook_schedule::Version;
use feebook_schedule::iso::Currency;

use super::changes::{Change, Seen, Sight, Then, changes, saw_all, seen_then};
use super::evaluator::{Evaluated, Evaluator};
use super::replay::Replay;
use super::{Progress, Scope, Terms};
use crate::error::{self, Error, Result};
use crate::ledger::{CountingLine, Ledger, NewResult, OrderRecord, PendingRun, RunId, Scan};
use crate::postings::{self, Account, posted_by};

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Recomputed {
    /// The run's number; none when nothing was posted.
    pub run_id: Option<RunId>,
    /// Orders that were evaluated.
    pub orders: u64,
    /// Lines of those.
    pub lines: u64,
    /// Orders that no run had seen.
    pub first_time: u64,
    /// Orders whose facts or terms changed.
    pub changed: u64,
    /// Lines by verdict, in order of precedence.
    pub verdicts: [u64; Verdict::ALL.len()],
    /// The difference posted per program and currency, in minor units with the decimals of its currency.
    pub posted: Vec<Posted>,
}

/// The difference that a run posted for one program in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The program.
    pub program: String,
    /// The currency of its terms.
    pub currency: Currency,
    /// New totals less old totals, in minor units.
    pub difference: i64,
}

/// Evaluates the orders in scope under the terms in force on their days and posts the differences.
/// `changed` is told of every line that an earlier run had found otherwise.
///
/// # Errors
///
/// When a version in force needs a plugin, or the ledger fails; then nothing is posted.
pub fn recompute(
    ledger: &mut Ledger,
    terms: &Terms,
    scope: &Scope,
    now: i64,
    progress: &mut dyn Progress,
    changed: &mut dyn FnMut(Change),
) -> Result<Recomputed> {
    let programs: Vec<String> =
        ledger.programs()?.into_iter().filter(|name| scope.includes_program(name)).collect();
    let sources = terms.sources_of(&programs);
    let run = ledger.begin_run(sources, now, scope.in_words())?;
    let replay = Replay::new(run.ledger())?;
    let mut work = Work { run, replay, changed, report: Recomputed::default() };
    for program in &programs {
        work.program(terms, scope, program, progress)?;
    }
    let mut report = work.report;
    report.run_id = work.run.keep()?;
    Ok(report)
}

/// A run at work.
struct Work<'l, 'c> {
    run: PendingRun<'l>,
    replay: Replay,
    changed: &'c mut dyn FnMut(Change),
    report: Recomputed,
}

impl Work<'_, '_> {
    fn program(
        &mut self,
        terms: &Terms,
        scope: &Scope,
        program: &str,
        progress: &mut dyn Progress,
    ) -> Result<()> {
        let standing = Arc::new(self.run.ledger().standing(program, self.run.seq())?);
        let mut evaluator = Evaluator::new(&terms.book, program, &standing).ok_or_else(|| {
            let message =
                format!("the ledger has facts of `{program}`, and there are no terms of it");
            Error::new(&error::NO_PROGRAM, message)
                .hint(format!("add a folder {program} to the schedules, or leave the program out"))
        })?;
        evaluator = evaluator.as_of(self.run.seq(), terms.plugins.as_ref());
        let mut differences = Differences::default();
        let mut scan = Scan::new(self.run.ledger(), program)?;
        while let Some(order) = scan.next(self.run.ledger())? {
            self.order(&mut evaluator, scope, program, &order, &mut differences)?;
            progress.advance(1);
        }
        self.report.posted.extend(differences.posted(program));
        Ok(())
    }

    /// Evaluates one order and posts its difference.
    fn order(
        &mut self,
        evaluator: &mut Evaluator,
        scope: &Scope,
        program: &str,
        order: &OrderRecord,
        differences: &mut Differences,
    ) -> Result<()> {
        let facts = self.run.ledger().counting(order, self.run.seq())?;
        let last = order.results.last();
        let day =
            if facts.is_empty() { self.day_before(program, order)? } else { evaluator.day(&facts) };
        if !scope.includes_day(day) || (facts.is_empty() && last.is_none()) {
            return Ok(());
        }
        let fingerprint = evaluator.fingerprint(&facts, self.run.ledger())?;
        let evaluated = evaluator.evaluate(&facts, self.run.ledger(), &mut Silent)?;
        if !facts.is_empty() {
            self.count(&evaluated);
        }
        if last.is_some_and(|result| result.fingerprint == fingerprint) {
            return Ok(());
        }
        let new = NewResult {
            month: evaluated.month().or_else(|| last.and_then(|result| result.month)),
            day: evaluated.day.or(day),
            fingerprint,
            amounts: evaluated.amounts(),
            answers: evaluated.answers.cloned(),
        };
        let after = saw_all(&evaluated);
        let covering = evaluated.covering.clone();
        let version = evaluator.version(&covering);
        let words = self.run.ledger().words();
        let after = Sight::of(evaluator, version, (&facts, new.answers.clone()), after, words);
        match last {
            None => self.report.first_time += 1,
            Some(result) => {
                self.report.changed += 1;
                let currency = self.tell(program, order, &facts, &after)?;
                differences.add(currency, -result.amounts.total());
            }
        }
        differences.add(version.map(Version::currency), new.amounts.total());
        self.run.append(program, &order.order_no, version.map(Version::source), &new)
    }

    /// The day of an order whose reports were all taken back: that of the lines its latest run saw.
    fn day_before(&mut self, program: &str, order: &OrderRecord) -> Result<Option<NaiveDate>> {
        let latest = self.replay.latest(self.run.ledger(), program, order)?;
        Ok(latest.and_then(|latest| latest.evaluator.day(&latest.facts)))
    }

    fn count(&mut self, evaluated: &Evaluated<'_>) {
        self.report.orders += 1;
        for outcome in evaluated.outcomes {
            self.report.lines += 1;
            let at = Verdict::ALL.iter().position(|verdict| *verdict == outcome.verdict);
            if let Some(count) = at.and_then(|at| self.report.verdicts.get_mut(at)) {
                *count += 1;
            }
        }
    }

    /// Replays what the latest run found and tells the lines that differ. Returns the currency that
    /// the order had then.
    fn tell(
        &mut self,
        program: &str,
        order: &OrderRecord,
        facts: &[CountingLine<'_>],
        after: &Sight,
    ) -> Result<Option<Currency>> {
        let ledger = self.run.ledger();
        let Some(last) = order.results.last() else { return Ok(None) };
        let then = seen_then(ledger, &mut self.replay, program, order, last.run_id)?;
        let Some(Then { facts: facts_before, sight: before, currency }) = then else {
            return Ok(None);
        };
        let mut accounts: Option<Vec<Account<'_>>> = None;
        for mut change in changes(program, order, (&facts_before, &before), (facts, after)) {
            let held = |seen: &Option<Seen>| seen.as_ref().map(Seen::held);
            if postings::reverses(held(&change.before), held(&change.after)) {
                if accounts.is_none() {
                    accounts = Some(postings::accounts(ledger, &mut self.replay, program, order)?);
                }
                let accounts = accounts.as_ref();
                change.reverses =
                    accounts.and_then(|accounts| posted_by(accounts, &change.line_no));
            }
            (self.changed)(change);
        }
        Ok(currency)
    }
}

/// What a run posts for one program: amounts of different currencies are never added.
#[derive(Default)]
struct Differences(Vec<(Currency, i64)>);

impl Differences {
    fn add(&mut self, currency: Option<Currency>, minor: i64) {
        // Where no version governs nothing is earned.
        let Some(currency) = currency else { return };
        match self.0.iter_mut().find(|(known, _)| *known == currency) {
            Some((_, sum)) => *sum += minor,
            None => self.0.push((currency, minor)),
        }
    }

    /// One record per currency in which something was posted, in order of their codes.
    fn posted(mut self, program: &str) -> impl Iterator<Item = Posted> {
        self.0.sort_by_key(|(currency, _)| *currency);
        let program = program.to_owned();
        self.0.into_iter().map(move |(currency, difference)| Posted {
            program: program.clone(),
            currency,
            difference,
        })
    }
}
