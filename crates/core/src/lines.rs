//! The lines of the ledger with what the latest run found each to earn: the rows of `lines`, and
//! what `statement` adds up.
//!
//! Owns the joining of a line as it stands now with the run that saw it. Refuses to evaluate a line
//! that no run has seen: it is listed with an empty verdict.

use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use feebook_kernel::{Outcome, Ppm, Silent, State};
use feebook_schedule::iso::Currency;
use feebook_schedule::zone::midnight;
use feebook_schedule::{Program, Version};

use crate::correction;
use crate::due::{Due, amounts_in, due};
use crate::error::Result;
use crate::fact::{LineFact, No};
use crate::ledger::{
    Components, CountingLine, Ledger, OrderRecord, RunId, RunRecord, Scan, WholeRun,
};
use crate::payout::PaidLine;
use crate::run::{
    Covering, Evaluated, Evaluator, Latest, Progress, Replay, Scope, Terms, basis, is_current,
    known,
};
use crate::standing::Standing;
use crate::words::{Word, Words};

/// One line of an order.
#[derive(Clone, Debug)]
pub struct LineRow<'l> {
    /// The program.
    pub program: &'l str,
    /// What is known of it: as the run saw it, or, where none did, as it stands now.
    line: CountingLine<'l>,
    /// The day that places the order in a month.
    pub day: Option<NaiveDate>,
    /// What the latest run found; none when none has seen the line.
    pub found: Option<Found<'l>>,
    /// What was paid of it, by currency.
    pub paid: Vec<PaidLine>,
    words: &'l Words,
}

/// What a run found of one line.
#[derive(Clone, Debug)]
pub struct Found<'l> {
    /// The version that governs the order.
    version: Option<&'l Version>,
    /// The version whose entry or policy decided.
    deciding: Option<&'l Version>,
    /// The line's category.
    category: Option<&'l str>,
    /// The currency of the amounts; none where no version governs.
    pub currency: Option<Currency>,
    /// What the kernel found.
    pub outcome: &'l Outcome,
}

impl<'l> Found<'l> {
    /// Returns the version's name; none where none governs.
    pub fn schedule(&self) -> Option<&'l str> {
        self.version.map(Version::id)
    }

    /// Returns the clause of the entry or policy that decided.
    pub fn clause(&self) -> Option<&'l str> {
        self.deciding.and_then(|version| version.clause(self.outcome.decided))
    }

    /// Returns the name of the line's category in the version's tree.
    pub fn category_name(&self) -> Option<&'l str> {
        self.version?.tree()?.name(self.category?)
    }

    /// Returns the amounts in minor units; none where the verdict does not let us say.
    pub fn amounts(&self) -> Option<Components> {
        known(self.outcome)
    }

    /// Returns the commissionable amount in minor units: nothing of a line that earns nothing, none
    /// of a flat amount on a line that reports no amounts.
    pub fn basis(&self) -> Option<i64> {
        self.amounts()?;
        let basis = self.outcome.basis.map(feebook_kernel::Minor::get);
        if self.outcome.computed { basis } else { Some(0) }
    }

    /// Returns the rate used.
    pub fn rate(&self) -> Option<Ppm> {
        self.outcome.rate
    }

    /// Returns how many decimals the amounts have.
    pub fn decimals(&self) -> u32 {
        self.currency.map_or(2, |currency| currency.decimals())
    }
}

impl<'l> LineRow<'l> {
    /// Returns what was reported.
    pub fn fact(&self) -> &'l LineFact {
        &self.line.revision.fact
    }

    /// Returns the order's number.
    pub fn order_no(&self) -> &'l No {
        &self.fact().order_no
    }

    /// Returns the line's number.
    pub fn line_no(&self) -> &'l No {
        &self.fact().line_no
    }

    /// Whether rows of their own correct it.
    pub fn is_corrected(&self) -> bool {
        !self.line.corrections().is_empty()
    }

    /// Returns what the line is: its state, or that it is none but a row which waits for its line.
    pub fn status(&self) -> &'static str {
        if self.line.is_alone() { correction::WAITING } else { self.state().word() }
    }

    /// Returns the state.
    pub fn state(&self) -> State {
        self.fact().state
    }

    /// Returns the instant of the click: as reported, else as our own click says.
    pub fn clicked_at(&self) -> Option<i64> {
        self.line.clicked_at()
    }

    /// Returns where the link stands: as reported, else as our own click says.
    pub fn placement(&self) -> Option<&'l str> {
        self.text(self.line.placement())
    }

    /// Returns seconds from the click to the order, or to its payment; none when no click or
    /// neither of them is known.
    pub fn lag(&self) -> Option<i64> {
        let ordered_at = self.fact().ordered_at.or(self.fact().paid_at)?;
        self.line.clicked_at().map(|clicked_at| ordered_at - clicked_at)
    }

    /// Returns the currency of the row's amounts (rule 16): `amount_currency`, else `currency`, else that
    /// of the terms.
    pub fn amount_currency(&self) -> Option<Currency> {
        amounts_in(self.fact(), self.words, self.policy())
    }

    /// Returns what the network reports that the line earns, commission, incentive and bonus together,
    /// in minor units; none where it reports nothing, or in another currency than that of the terms.
    pub fn reported(&self) -> Option<i64> {
        let reported = self.fact().reported()?;
        let policy = self.policy();
        (policy.is_some() && self.amount_currency() == policy).then_some(reported)
    }

    /// Returns what the line is due.
    pub fn due(&self) -> Option<Due> {
        let outcome = self.found.as_ref().map(|found| found.outcome);
        due(self.fact(), self.words, outcome, self.policy())
    }

    /// The currency of the terms.
    fn policy(&self) -> Option<Currency> {
        self.found.as_ref().and_then(|found| found.currency)
    }

    /// Returns what was paid of it in a currency.
    pub fn paid_in(&self, currency: Currency) -> i64 {
        let of = self.paid.iter().filter(|paid| paid.currency == currency);
        of.map(|paid| paid.amount).sum()
    }

    /// Returns the text of a word of the fact.
    pub fn text(&self, word: Option<Word>) -> Option<&'l str> {
        word.map(|word| self.words.text(word))
    }
}

/// Tells `each` every line in scope, ordered by program, order and line, and returns how many lines
/// wait for a recompute: that no run has seen as they are now, or whose reports were taken back.
///
/// # Errors
///
/// When the ledger fails or a stored text of the terms no longer loads.
pub fn lines(
    ledger: &Ledger,
    terms: &Terms,
    scope: &Scope,
    progress: &mut dyn Progress,
    each: &mut dyn FnMut(&LineRow<'_>) -> Result<()>,
) -> Result<u64> {
    let mut waiting = 0;
    let mut replay = Replay::new(ledger)?;
    for program in ledger.programs()? {
        if !scope.includes_program(&program) {
            continue;
        }
        let view = View::new(ledger, terms, &program, scope.as_of)?;
        let seq = view.seq;
        let standing = Arc::new(ledger.standing(&program, seq)?);
        let mut today = view.evaluator(ledger, terms, &mut replay, &program, &standing)?;
        let mut governed_by = match scope.days {
            Some(_) => replay.governed_by(ledger, &program),
            None => Vec::new(),
        };
        governed_by.extend(today.as_ref().map(|today| today.program().governed_by()));
        let mut scan = Scan::within(ledger, &program, scope.days, &governed_by)?;
        let current = view.whole(ledger, terms, &program)?.is_some();
        while let Some(mut order) = scan.next(ledger)? {
            order.results.retain(|result| view.has(result.run_id));
            let order = Order { ledger, program: &program, seq, record: &order, current };
            let lines = order.tell(&mut replay, today.as_mut(), scope, each)?;
            waiting += u64::try_from(lines).unwrap_or(u64::MAX);
            progress.advance(1);
        }
    }
    Ok(waiting)
}

/// How far an answer looks: what was in the ledger at the end of a day, or all of it.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// The highest sequence number that was there.
    pub(crate) seq: i64,
    /// The runs that were there, in order of their numbers; none for all.
    runs: Option<Vec<RunRecord>>,
}

impl View {
    /// Looks at a program's ledger as it was at the end of a day in the program's zone.
    pub(crate) fn new(
        ledger: &Ledger,
        terms: &Terms,
        program: &str,
        as_of: Option<NaiveDate>,
    ) -> Result<Self> {
        let Some(day) = as_of else { return Ok(Self { seq: ledger.last_seq()?, runs: None }) };
        let zone = terms.book.program(program).map_or(Tz::UTC, Program::zone);
        let end = day.succ_opt().map_or(i64::MAX, |next| midnight(zone, next));
        let mut runs = ledger.runs()?;
        runs.retain(|run| run.ran_at < end);
        let seen = runs.iter().map(|run| run.seq).max().unwrap_or_default();
        Ok(Self { seq: ledger.seq_before(end)?.max(seen), runs: Some(runs) })
    }

    /// What the last run over all orders of a program came to, where it saw what there is, by today's
    /// terms.
    pub(crate) fn whole(
        &self,
        ledger: &Ledger,
        terms: &Terms,
        program: &str,
    ) -> Result<Option<WholeRun>> {
        let basis = basis(terms, program).filter(|_| self.runs.is_none());
        basis.map_or(Ok(None), |basis| ledger.whole_run(program, self.seq, basis))
    }

    fn has(&self, run_id: RunId) -> bool {
        self.runs
            .as_ref()
            .is_none_or(|runs| runs.binary_search_by_key(&run_id, |run| run.id).is_ok())
    }

    /// Evaluates by the terms as they are now; of another day, by those of the last run until then.
    fn evaluator(
        &self,
        ledger: &Ledger,
        terms: &Terms,
        replay: &mut Replay,
        program: &str,
        standing: &Arc<Standing>,
    ) -> Result<Option<Evaluator>> {
        for run in self.runs.iter().flatten().rev() {
            let book = replay.book(ledger, run.book_id)?;
            if let Some(evaluator) = Evaluator::new(&book, program, standing) {
                return Ok(Some(evaluator.as_of(self.seq, None)));
            }
        }
        let evaluator = Evaluator::new(&terms.book, program, standing);
        Ok(evaluator.map(|evaluator| evaluator.as_of(self.seq, None)))
    }
}

/// One order on its way into rows.
struct Order<'o> {
    ledger: &'o Ledger,
    program: &'o str,
    seq: i64,
    record: &'o OrderRecord,
    /// No order of the program waits for a recompute.
    current: bool,
}

impl Order<'_> {
    /// Tells the order's lines; returns how many wait for a recompute.
    fn tell(
        &self,
        replay: &mut Replay,
        mut today: Option<&mut Evaluator>,
        scope: &Scope,
        each: &mut dyn FnMut(&LineRow<'_>) -> Result<()>,
    ) -> Result<usize> {
        let latest = replay.latest(self.ledger, self.program, self.record)?;
        let Some(Latest { seq, facts: then, evaluator, .. }) = latest else {
            let now = self.ledger.counting(self.record, self.seq)?;
            let day = today.and_then(|evaluator| evaluator.day(&now));
            return self.tell_unseen(&now, day, scope, each);
        };
        // Nothing was appended since the run: what it saw is what there is.
        let now = if seq >= self.seq {
            then.clone()
        } else {
            self.ledger.counting(self.record, self.seq)?
        };
        let current =
            self.current || is_current(today.as_deref_mut(), &now, self.record, self.ledger)?;
        let waiting = if current { 0 } else { now.len().max(then.len()) };
        if !scope.includes_day(evaluator.day(&then)) {
            let day_now = today.and_then(|evaluator| evaluator.day(&now));
            return Ok(if scope.includes_day(day_now) { waiting } else { 0 });
        }
        self.tell_seen(evaluator, &now, &then, each)?;
        Ok(waiting)
    }

    /// Tells the lines that count now, with what the run found of those it saw.
    fn tell_seen(
        &self,
        evaluator: &mut Evaluator,
        now: &[CountingLine<'_>],
        then: &[CountingLine<'_>],
        each: &mut dyn FnMut(&LineRow<'_>) -> Result<()>,
    ) -> Result<()> {
        let seen = Seen::of(&evaluator.evaluate(then, self.ledger, &mut Silent)?);
        let order = (self.program, self.record, self.seq);
        seen.tell(self.ledger, order, evaluator, (now, then), each)
    }

    fn tell_unseen(
        &self,
        now: &[CountingLine<'_>],
        day: Option<NaiveDate>,
        scope: &Scope,
        each: &mut dyn FnMut(&LineRow<'_>) -> Result<()>,
    ) -> Result<usize> {
        if !scope.includes_day(day) {
            return Ok(0);
        }
        let words = self.ledger.words();
        let payments = self.ledger.paid(self.record, self.seq);
        for line in now {
            let paid = paid_of(&payments, &line.revision.fact.line_no);
            each(&LineRow { program: self.program, line: *line, day, found: None, paid, words })?;
        }
        Ok(now.len())
    }
}

/// What an evaluation found of an order; what its lines earn is still in the evaluator.
pub(crate) struct Seen {
    covering: Covering,
    day: Option<NaiveDate>,
}

impl Seen {
    pub(crate) fn of(evaluated: &Evaluated<'_>) -> Self {
        Self { covering: evaluated.covering.clone(), day: evaluated.day }
    }

    /// Tells the lines that count now with what was found of those that were evaluated then, last by this
    /// evaluator.
    pub(crate) fn tell(
        &self,
        ledger: &Ledger,
        (program, record, seq): (&str, &OrderRecord, i64),
        evaluator: &Evaluator,
        (now, then): (&[CountingLine<'_>], &[CountingLine<'_>]),
        each: &mut dyn FnMut(&LineRow<'_>) -> Result<()>,
    ) -> Result<()> {
        let words = ledger.words();
        let payments = ledger.paid(record, seq);
        for line in now {
            let line_no = &line.revision.fact.line_no;
            let at = then.iter().position(|seen| seen.revision.fact.line_no == *line_no);
            let line = at.map_or(line, |at| &then[at]);
            let found = at
                .and_then(|at| evaluator.outcomes().get(at))
                .map(|outcome| found(evaluator, &self.covering, line, outcome, words));
            let paid = paid_of(&payments, line_no);
            each(&LineRow { program, line: *line, day: self.day, found, paid, words })?;
        }
        Ok(())
    }
}

/// What of an order's payments is of one line.
fn paid_of(payments: &[PaidLine], line_no: &No) -> Vec<PaidLine> {
    payments.iter().filter(|paid| paid.line_no == *line_no).cloned().collect()
}

fn found<'l>(
    evaluator: &'l Evaluator,
    covering: &Covering,
    line: &CountingLine<'_>,
    outcome: &'l Outcome,
    words: &'l Words,
) -> Found<'l> {
    let version = evaluator.version(covering);
    let last = evaluator.program().versions().last();
    Found {
        version,
        deciding: evaluator.deciding_version(covering, line, outcome),
        category: line.revision.fact.category.map(|category| words.text(category)),
        currency: version.or(last).map(Version::currency),
        outcome,
    }
}
