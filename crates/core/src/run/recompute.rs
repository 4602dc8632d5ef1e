//! Recompute: evaluate, compare with what is posted, post the differences, say what changed and
//! why.
//!
//! Owns the comparison. A run that changes nothing writes nothing. Refuses to touch what earlier
//! runs wrote: a correction is a new result.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use feebook_kernel::{Silent, Verdict};
use feebook_schedule::iso::Currency;
use feebook_schedule::zone::Month;
use feebook_schedule::{GovernedBy, Version};

use super::changes::{Change, Seen, Sight, Then, changes, saw_all, seen_then};
use super::evaluator::{Evaluated, Evaluator};
use super::replay::{Latest, Replay};
use super::{Progress, Scope, Terms, basis};
use crate::error::{self, Error, ErrorKind, Result};
use crate::journal::{Dating, dating};
use crate::ledger::{
    Amounts, CountingLine, Ledger, NewResult, OrderRecord, PendingRun, RunId, Scan, WholeRun,
};
use crate::lines;
use crate::postings::{self, Replayed, posted_by};
use crate::statement::Months;

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
    /// What of it adjusts months that were closed, by program, month and currency.
    pub adjusted: Vec<Adjusted>,
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

/// What a run posted of a month that was closed: it stands in a month that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjusted {
    /// The program.
    pub program: String,
    /// The closed month.
    pub month: Month,
    /// The currency of its terms.
    pub currency: Currency,
    /// Orders that are adjusted.
    pub orders: u64,
    /// New totals less old totals, in minor units.
    pub difference: i64,
    /// The day that the adjustments are dated.
    pub on: NaiveDate,
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
    let mut work = Work { run, replay, changed, now, report: Recomputed::default() };
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
    now: i64,
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
        let basis = basis(terms, program).filter(|_| scope.days.is_none());
        if let Some(basis) = basis
            && let Some(known) = self.run.ledger().whole_run(program, self.run.seq(), basis)?
        {
            self.report.count_whole(&known);
            return Ok(());
        }
        let before = (self.report.orders, self.report.lines, self.report.verdicts);
        evaluator = evaluator.as_of(self.run.seq(), terms.plugins.as_ref());
        let dating = dating(self.run.ledger(), terms, program)?;
        let mut differences = Differences::new(program, dating, self.run.seq(), self.now);
        differences.months = basis.map(|_| Months::default());
        // An order whose reports were all taken back lies where the terms of its latest run put it.
        let one = [evaluator.program().governed_by()];
        let ledger = self.run.ledger();
        let governed_by = if ledger.took_any_back() { &GovernedBy::ALL[..] } else { &one };
        let mut scan = Scan::within(ledger, program, scope.days, governed_by)?;
        while let Some(order) = scan.next(self.run.ledger())? {
            self.order(&mut evaluator, scope, program, &order, &mut differences)?;
            progress.advance(1);
        }
        if let Some(basis) = basis {
            let months = differences.months.as_ref().map(Months::written);
            let whole = self.report.since(before, self.run.seq(), (basis, months));
            self.run.saw_all(program, whole)?;
        }
        self.report.posted.extend(differences.posted());
        self.report.adjusted.extend(differences.adjusted.into_values());
        Ok(())
    }

    /// Evaluates one order and posts its difference.
    fn order(
        &mut self,
        evaluator: &mut Evaluator,
        scope: &Scope,
        program: &str,
        order: &OrderRecord,
        differences: &mut Differences<'_>,
    ) -> Result<()> {
        let facts = self.run.ledger().counting(order, self.run.seq())?;
        let last = order.results.last();
        let day =
            if facts.is_empty() { self.day_before(program, order)? } else { evaluator.day(&facts) };
        if !scope.includes_day(day) || (facts.is_empty() && last.is_none()) {
            return Ok(());
        }
        let fingerprint = match evaluator.fingerprint(&facts, self.run.ledger()) {
            // A plugin that is gone or may not run is not needed where nothing has changed.
            Err(refused) if refused.kind() == ErrorKind::Plugin => {
                let found = last.map(|result| result.fingerprint);
                return match found {
                    Some(found) if evaluator.would_find(&facts, self.run.ledger(), &found)? => {
                        self.count_again(program, order)
                    }
                    _ => Err(refused),
                };
            }
            found => found?,
        };
        let evaluated = evaluator.evaluate(&facts, self.run.ledger(), &mut Silent)?;
        if !facts.is_empty() {
            self.report.count(&evaluated);
        }
        let unchanged = last.is_some_and(|result| result.fingerprint == fingerprint);
        let new = (!unchanged).then(|| NewResult {
            month: evaluated.month().or_else(|| last.and_then(|result| result.month)),
            day: evaluated.day.or(day),
            fingerprint,
            amounts: evaluated.amounts(),
            answers: evaluated.answers.cloned(),
        });
        // Only what an earlier run had otherwise is told line by line.
        let after = last.filter(|_| !unchanged).map(|_| saw_all(&evaluated));
        let covering = evaluated.covering.clone();
        if differences.months.is_some() {
            let seen = lines::Seen::of(&evaluated);
            let uncovered =
                unchanged && !facts.is_empty() && evaluator.version(&covering).is_none();
            let otherwise = uncovered && self.is_shown_otherwise(evaluator, program, order)?;
            differences.count(self.run.ledger(), evaluator, (order, &facts), &seen, otherwise)?;
        }
        let Some(new) = new else { return Ok(()) };
        let version = evaluator.version(&covering);
        let currency = version.map(Version::currency);
        let mut posted = Difference { before: None, after: (currency, new.month, new.amounts) };
        match last.zip(after) {
            None => self.report.first_time += 1,
            Some((result, after)) => {
                self.report.changed += 1;
                let found = (facts.as_slice(), new.answers.clone());
                let after = Sight::of(evaluator, version, found, after, self.run.ledger())?;
                let adjusts = differences.adjusts(&[result.month, new.month]);
                let currency = self.tell(program, order, &facts, &after, adjusts)?;
                posted.before = Some((currency, result.month, result.amounts));
            }
        }
        differences.add(&posted);
        self.run.append(program, &order.order_no, version.map(Version::source), new)
    }

    /// Whether an order that no version covers is shown in another currency than that of the terms now: it
    /// is shown in that of the last version that its latest run knew.
    fn is_shown_otherwise(
        &mut self,
        evaluator: &Evaluator,
        program: &str,
        order: &OrderRecord,
    ) -> Result<bool> {
        let last =
            |evaluator: &Evaluator| evaluator.program().versions().last().map(Version::currency);
        let latest = self.replay.latest(self.run.ledger(), program, order)?;
        Ok(latest.is_some_and(|latest| last(latest.evaluator) != last(evaluator)))
    }

    /// The day of an order whose reports were all taken back: that of the lines its latest run saw.
    fn day_before(&mut self, program: &str, order: &OrderRecord) -> Result<Option<NaiveDate>> {
        let latest = self.replay.latest(self.run.ledger(), program, order)?;
        Ok(latest.and_then(|latest| latest.evaluator.day(&latest.facts)))
    }

    /// Counts an order of which nothing changed as its latest run found it, with what its plugin said then.
    fn count_again(&mut self, program: &str, order: &OrderRecord) -> Result<()> {
        let latest = self.replay.latest(self.run.ledger(), program, order)?;
        let Some(Latest { facts, evaluator, .. }) = latest else { return Ok(()) };
        let evaluated = evaluator.evaluate(&facts, self.run.ledger(), &mut Silent)?;
        if !facts.is_empty() {
            self.report.count(&evaluated);
        }
        Ok(())
    }
}

/// Counts of a report: orders, lines, lines by verdict.
type Counts = (u64, u64, [u64; Verdict::ALL.len()]);

impl Recomputed {
    /// Counts all orders of a program of which nothing has changed since a run saw all of them.
    fn count_whole(&mut self, known: &WholeRun) {
        self.orders += known.orders;
        self.lines += known.lines;
        for (count, lines) in self.verdicts.iter_mut().zip(known.verdicts) {
            *count += lines;
        }
    }

    /// What was counted since.
    fn since(
        &self,
        (orders, lines, verdicts): Counts,
        seq: i64,
        (basis, months): ([u8; 16], Option<String>),
    ) -> WholeRun {
        let mut since = self.verdicts;
        for (count, before) in since.iter_mut().zip(verdicts) {
            *count -= before;
        }
        let (orders, lines) = (self.orders - orders, self.lines - lines);
        WholeRun { seq, basis, orders, lines, verdicts: since, months }
    }

    fn count(&mut self, evaluated: &Evaluated<'_>) {
        self.orders += 1;
        for outcome in evaluated.outcomes {
            self.lines += 1;
            let at = Verdict::ALL.iter().position(|verdict| *verdict == outcome.verdict);
            if let Some(count) = at.and_then(|at| self.verdicts.get_mut(at)) {
                *count += 1;
            }
        }
    }
}

impl Work<'_, '_> {
    /// Replays what the latest run found and tells the lines that differ. Returns the currency that
    /// the order had then.
    fn tell(
        &mut self,
        program: &str,
        order: &OrderRecord,
        facts: &[CountingLine<'_>],
        after: &Sight,
        adjusts: Option<Month>,
    ) -> Result<Option<Currency>> {
        let ledger = self.run.ledger();
        let Some(last) = order.results.last() else { return Ok(None) };
        let then = seen_then(ledger, &mut self.replay, program, order, last.run_id)?;
        let Some(Then { facts: facts_before, sight: before, currency }) = then else {
            return Ok(None);
        };
        let mut replays: Option<Vec<Replayed<'_>>> = None;
        for mut change in changes(program, order, (&facts_before, &before), (facts, after)) {
            let held = |seen: &Option<Seen>| seen.as_ref().map(Seen::held);
            if postings::reverses(held(&change.before), held(&change.after)) {
                if replays.is_none() {
                    replays = Some(postings::replays(ledger, &mut self.replay, program, order)?);
                }
                let replays = replays.as_ref();
                change.reverses = replays.and_then(|replays| posted_by(replays, &change.line_no));
            }
            change.adjusts = adjusts;
            (self.changed)(change);
        }
        Ok(currency)
    }
}

/// What an order came to: currency, month and amounts.
type Came = (Option<Currency>, Option<Month>, Amounts);

/// What a run posts for one order.
struct Difference {
    before: Option<Came>,
    after: Came,
}

/// What a run posts for one program: amounts of different currencies are never added.
struct Differences<'p> {
    program: &'p str,
    dating: Dating,
    seq: i64,
    now: i64,
    posted: Vec<(Currency, i64)>,
    adjusted: BTreeMap<(Month, Currency), Adjusted>,
    /// The statement by month; none where the run does not see all orders.
    months: Option<Months>,
}

impl<'p> Differences<'p> {
    fn new(program: &'p str, dating: Dating, seq: i64, now: i64) -> Self {
        let (posted, adjusted) = (Vec::new(), BTreeMap::new());
        Self { program, dating, seq, now, posted, adjusted, months: None }
    }

    /// The first of some months that is closed.
    fn adjusts(&self, months: &[Option<Month>]) -> Option<Month> {
        let closed = |month: &Month| self.dating.is_closed(*month, self.seq);
        months.iter().copied().flatten().find(closed)
    }

    fn add(&mut self, difference: &Difference) {
        let Difference { before, after } = difference;
        if let Some((currency, _, amounts)) = before {
            self.post(*currency, -amounts.total());
        }
        self.post(after.0, after.2.total());
        match before {
            // Where no version governs any more nothing is earned, in the currency of before.
            Some((currency, month, amounts))
                if *month == after.1 && after.0.is_none_or(|new| Some(new) == *currency) =>
            {
                if *amounts != after.2 {
                    self.adjust(*currency, *month, after.2.total() - amounts.total());
                }
            }
            _ => {
                let something = |came: &&Came| came.2 != Amounts::default();
                if let Some((currency, month, amounts)) = before.as_ref().filter(something) {
                    self.adjust(*currency, *month, -amounts.total());
                }
                if let Some((currency, month, amounts)) = Some(after).filter(something) {
                    self.adjust(*currency, *month, amounts.total());
                }
            }
        }
    }

    /// Adds an order's lines to the statement by month, which is given up where they may be shown otherwise.
    fn count(
        &mut self,
        ledger: &Ledger,
        evaluator: &Evaluator,
        (order, facts): (&OrderRecord, &[CountingLine<'_>]),
        seen: &lines::Seen,
        otherwise: bool,
    ) -> Result<()> {
        if otherwise {
            self.months = None;
        }
        let Some(months) = &mut self.months else { return Ok(()) };
        seen.tell(ledger, (self.program, order, self.seq), evaluator, (facts, facts), &mut |row| {
            months.add(row);
            Ok(())
        })
    }

    fn post(&mut self, currency: Option<Currency>, minor: i64) {
        // Where no version governs nothing is earned.
        let Some(currency) = currency else { return };
        match self.posted.iter_mut().find(|(known, _)| *known == currency) {
            Some((_, sum)) => *sum += minor,
            None => self.posted.push((currency, minor)),
        }
    }

    /// Counts an order among the adjustments where its month is closed.
    fn adjust(&mut self, currency: Option<Currency>, month: Option<Month>, minor: i64) {
        let (Some(currency), Some(month)) = (currency, self.adjusts(&[month])) else { return };
        let on = self.dating.date(month.first_day(), self.now, self.seq).on;
        let program = self.program.to_owned();
        let adjusted = self.adjusted.entry((month, currency)).or_insert(Adjusted {
            program,
            month,
            currency,
            orders: 0,
            difference: 0,
            on,
        });
        adjusted.orders += 1;
        adjusted.difference += minor;
    }

    /// One record per currency in which something was posted, in order of their codes.
    fn posted(&mut self) -> Vec<Posted> {
        self.posted.sort_by_key(|(currency, _)| *currency);
        let posted = |(currency, difference): &(Currency, i64)| Posted {
            program: self.program.to_owned(),
            currency: *currency,
            difference: *difference,
        };
        self.posted.iter().map(posted).collect()
    }
}
