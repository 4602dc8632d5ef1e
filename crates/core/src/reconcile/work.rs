//! The reconciling of one program under way: order by order in, findings out.
//!
//! Owns which line is compared with what. Refuses memory for orders that agree, and a second
//! evaluation of them.

use std::sync::Arc;

use chrono::NaiveDate;
use feebook_kernel::{Minor, Outcome, Silent, State, Verdict};
use feebook_schedule::iso::Currency;
use feebook_schedule::{Book, Program, Version, zone};

use super::books::{Books, Tried};
use super::diagnose::{Case, Cause, text, unknown};
use super::figures::{Comparing, Figures, Given, Stages};
use super::hypotheses::{edited, with};
use super::reports::Reports;
use super::{Asked, Diagnosis, Finding, Reconciled, late};
use crate::answers::Answers;
use crate::error::Result;
use crate::fact::LineFact;
use crate::ledger::{BookId, Components, CountingLine, Ledger, OrderRecord, Revision};
use crate::payout::PaidLine;
use crate::run::{Covering, Evaluator, Latest, Replay, Terms, is_current, known};

/// How near a change of terms is noted, in seconds.
const NEAR: u64 = 86_400;

/// One program's orders while they are compared.
pub(super) struct Work<'w> {
    ledger: &'w Ledger,
    asked: &'w Asked,
    program: String,
    seq: i64,
    /// The terms of today: what waits for a recompute.
    today: Option<Evaluator>,
    comparing: Comparing,
    books: Books,
    reports: Reports,
    has_settled: bool,
    has_payouts: bool,
    found: &'w mut Reconciled,
}

/// An order as its latest run found it.
struct Seen<'s> {
    book_id: BookId,
    book: Arc<Book>,
    covering: Covering,
    governing_at: Option<i64>,
    day: Option<NaiveDate>,
    facts: &'s [CountingLine<'s>],
    outcomes: Vec<Outcome>,
    answers: Option<Answers>,
    paid: Vec<PaidLine>,
}

impl Seen<'_> {
    fn program(&self, id: &str) -> Option<&Program> {
        self.book.program(id)
    }

    fn version(&self, id: &str) -> Option<&Version> {
        match self.covering {
            Covering::Version(at) => self.program(id)?.versions().get(at),
            Covering::Uncovered(_) | Covering::NotYetGoverned | Covering::NoTerms => None,
        }
    }
}

impl<'w> Work<'w> {
    pub(super) fn new(
        ledger: &'w Ledger,
        terms: &Terms,
        asked: &'w Asked,
        program: &str,
        found: &'w mut Reconciled,
    ) -> Result<Self> {
        let seq = ledger.last_seq()?;
        let standing = Arc::new(ledger.standing(program, seq)?);
        let today = Evaluator::new(&terms.book, program, &standing);
        let today = today.map(|evaluator| evaluator.as_of(seq, None));
        let of_program =
            |payout: &crate::ledger::Recorded<crate::payout::Payout>| payout.program == program;
        let mut payouts = ledger.payouts()?.into_iter().filter(of_program);
        let has_payouts = payouts.any(|payout| payout.removal.is_none());
        if !has_payouts {
            found.without_payouts.push(program.to_owned());
        }
        Ok(Self {
            ledger,
            asked,
            program: program.to_owned(),
            seq,
            reports: Reports::new(ledger, terms.book.program(program), program)?,
            today,
            comparing: Comparing {
                named: ledger.reported_components(program)?,
                tolerance: asked.tolerance,
            },
            books: Books::new(),
            has_settled: ledger.has_settled(program)?,
            has_payouts,
            found,
        })
    }

    /// Compares one order.
    pub(super) fn order(&mut self, replay: &mut Replay, order: &OrderRecord) -> Result<()> {
        let Some(latest) = replay.latest(self.ledger, &self.program, order)? else {
            return self.unseen(order);
        };
        let Latest { seq, facts, evaluator, book_id, .. } = latest;
        let now = if seq >= self.seq { None } else { Some(self.ledger.counting(order, self.seq)?) };
        let now = now.as_deref().unwrap_or(&facts);
        let day = evaluator.day(&facts);
        if let Some(day) = day {
            self.reports.day(day);
        }
        if !self.asked.scope.includes_day(day) {
            return Ok(());
        }
        if !is_current(self.today.as_mut(), now, order, self.ledger)? {
            self.wait(now.len().max(facts.len()));
        }
        let evaluated = evaluator.evaluate(&facts, self.ledger, &mut Silent)?;
        let seen = Seen {
            book_id,
            covering: evaluated.covering.clone(),
            governing_at: evaluated.governing_at,
            day,
            facts: &facts,
            outcomes: evaluated.outcomes.to_vec(),
            answers: evaluated.answers.cloned(),
            paid: self.ledger.paid(order, self.seq),
            book: Arc::clone(evaluator.book()),
        };
        self.near_change(&seen);
        self.compare(&seen, evaluator, order)
    }

    fn unseen(&mut self, order: &OrderRecord) -> Result<()> {
        let facts = self.ledger.counting(order, self.seq)?;
        let day = self.today.as_ref().and_then(|today| today.day(&facts));
        if let Some(day) = day {
            self.reports.day(day);
        }
        if self.asked.scope.includes_day(day) {
            self.wait(facts.len());
        }
        Ok(())
    }

    fn wait(&mut self, lines: usize) {
        self.found.waiting += u64::try_from(lines).unwrap_or(u64::MAX);
    }

    /// Tells what only all orders together show.
    pub(super) fn finish(mut self) {
        self.found.findings.extend(self.reports.left_out());
        let Some(program) = self.today.as_ref().map(Evaluator::program) else { return };
        for (first, last) in self.reports.gaps(program) {
            if !self.asked.scope.includes_day(Some(first)) {
                continue;
            }
            let days = (last - first).num_days() + 1;
            let text = format!(
                "no order from {first} to {last}, {days} days, and no import spans them: is a report \
                 missing?"
            );
            let day = Some(first);
            let finding = Finding { day, text, ..bare(Diagnosis::Gap, &self.program) };
            self.found.findings.push(finding);
        }
    }

    /// Notes an order within a day of a change of terms.
    fn near_change(&mut self, seen: &Seen<'_>) {
        let Some((program, at)) = seen.program(&self.program).zip(seen.governing_at) else {
            return;
        };
        let edges = program.versions().iter().flat_map(|version| {
            let start = (version.start(), version.id(), "takes effect");
            [Some(start), version.own_end().map(|end| (end, version.id(), "ends"))]
        });
        let near = edges.flatten().find(|(edge, ..)| edge.abs_diff(at) < NEAR);
        let Some((edge, id, what)) = near else { return };
        let (governed, edge) =
            (zone::written(program.zone(), at), zone::written(program.zone(), edge));
        let word = program.governed_by().word();
        let finding = Finding {
            order_no: seen.facts.first().map(|line| line.revision.fact.order_no.clone()),
            day: seen.day,
            schedule: seen.version(&self.program).map(|version| version.id().to_owned()),
            text: format!("{word} at {governed}; version {id} {what} at {edge}"),
            ..bare(Diagnosis::NearChange, &self.program)
        };
        self.found.findings.push(finding);
    }

    fn compare(
        &mut self,
        seen: &Seen<'_>,
        base: &mut Evaluator,
        order: &OrderRecord,
    ) -> Result<()> {
        let program = self.program.clone();
        let (Some(of_program), version) = (seen.program(&program), seen.version(&program)) else {
            return Ok(());
        };
        let fallback = of_program.versions().last().map(Version::currency);
        let Some(currency) = version.map(Version::currency).or(fallback) else { return Ok(()) };
        let (given, exchanged) = self.given(seen, version, base)?;
        let mut comparing = self.comparing;
        if exchanged {
            comparing.tolerance = comparing.tolerance.of_exchanged(currency);
        }
        let (mut differing, mut comparable) = (Vec::new(), Vec::new());
        let mut findings = Vec::new();
        for (at, line) in seen.facts.iter().enumerate() {
            let reports = self.ledger.reports_of(order, &line.revision.fact.line_no, self.seq);
            let Some(said) = given.get(at) else { continue };
            let Some(row) = self.row(seen, at, *said, currency, &reports) else { continue };
            self.sum(&row, currency, comparing);
            match sort(&row, currency, comparing) {
                Sorted::Differs => differing.push((at, row.clone())),
                Sorted::Unknown => findings.push(row.unknown(seen)),
                Sorted::OtherCurrency => findings.push(row.other_currency()),
                Sorted::TakenBack => findings.extend(self.taken_back(&row, seen, base)?),
                Sorted::Agrees | Sorted::NotCompared => {}
            }
            if row.is_comparable() {
                comparable.push(at);
            }
            self.left_out(&row, seen, &reports);
            findings.extend(self.late(&row, of_program, seen.governing_at, currency));
        }
        if let Some(version) = version.filter(|_| !differing.is_empty()) {
            let given: Vec<Given> = given.iter().map(|(given, _)| *given).collect();
            let places: Vec<usize> = differing.iter().map(|(at, _)| *at).collect();
            let case = Case {
                tried: Tried {
                    ledger: self.ledger,
                    book_id: seen.book_id,
                    version,
                    answers: seen.answers.as_ref(),
                },
                program: of_program,
                governing_at: seen.governing_at.unwrap_or_default(),
                facts: seen.facts,
                given: &given,
                outcomes: &seen.outcomes,
                differing: &places,
                comparable: &comparable,
                comparing,
            };
            let causes = case.causes(&mut self.books, base)?;
            let pairs = differing.iter().zip(causes);
            findings.extend(pairs.map(|((_, row), cause)| self.difference(row, cause, currency)));
        }
        findings.sort_by(|a, b| (&a.line_no, a.diagnosis).cmp(&(&b.line_no, b.diagnosis)));
        self.found.findings.extend(findings);
        Ok(())
    }
}

/// One line with its figures.
#[derive(Clone)]
struct Row<'r> {
    fact: &'r LineFact,
    outcome: Outcome,
    figures: Figures,
    /// A finding about the line, without diagnosis and words.
    finding: Finding,
    /// It was approved or settled in some report.
    validated: bool,
}

impl Row<'_> {
    fn is_taken_back(&self) -> bool {
        matches!(self.fact.state, State::Declined | State::Reversed)
    }

    fn is_comparable(&self) -> bool {
        let said = self.figures.reported.total().is_some();
        let same = self.figures.reported_in.is_none();
        said && same && !self.is_taken_back() && self.figures.expected.is_some()
    }

    /// What was reported and what is expected, in words.
    fn both(&self, expected: Option<Components>, currency: Currency) -> String {
        let said = self.figures.reported.total();
        let reported_in = self.figures.reported_in.as_deref().unwrap_or(currency.code());
        let said = said.map_or_else(|| "nothing".to_owned(), |said| currency.written(said));
        let ours = expected.map_or_else(
            || "not known".to_owned(),
            |ours| format!("{} {currency}", currency.written(ours.total())),
        );
        if reported_in == currency.code() {
            format!("reported {said}, expected {ours}")
        } else {
            format!("reported {said} {reported_in}, expected {ours}")
        }
    }

    /// A line of which the terms do not say what it earns.
    fn unknown(&self, seen: &Seen<'_>) -> Finding {
        let currency = self.finding.currency;
        let both = currency.map_or_else(String::new, |currency| self.both(None, currency));
        let why = unknown(&self.outcome, &seen.covering);
        Finding {
            diagnosis: Diagnosis::UnknownTerms,
            text: format!("{both}: {why}"),
            ..self.finding.clone()
        }
    }

    /// A line whose amounts cannot be compared.
    fn other_currency(&self) -> Finding {
        let currency = self.finding.currency;
        let both = currency
            .map_or_else(String::new, |currency| self.both(self.figures.expected, currency));
        let figures = Figures { expected: self.figures.expected, ..self.figures.clone() };
        Finding {
            diagnosis: Diagnosis::OtherCurrency,
            figures: Some(figures),
            text: format!("{both}: two currencies are not subtracted"),
            ..self.finding.clone()
        }
    }

    /// What should be paid of the line, and by whose word; none where nobody says it.
    fn due(&self) -> Option<(i64, &'static str)> {
        if self.is_taken_back() {
            return Some((0, "expected"));
        }
        let said = self.figures.reported.total().filter(|_| self.figures.reported_in.is_none());
        let ours = self.figures.expected.map(|ours| (ours.total(), "expected"));
        said.map(|said| (said, "reported")).or(ours)
    }

    /// A line that is void, of which nobody says what it earns.
    fn dead(&self, age: late::Age, version: Option<&Version>) -> Finding {
        let (state, days, since) = (self.fact.state.word(), age.days, age.since);
        let text = format!(
            "{state} and void under the terms, {days} days since {since}; what it earns is not known"
        );
        let clause = version.and_then(|version| version.policy_clause("expires_after"));
        Finding {
            diagnosis: Diagnosis::Expired,
            clause: clause.map(str::to_owned),
            age: Some(age),
            text,
            ..self.finding.clone()
        }
    }
}

/// What is to be done about a line.
enum Sorted {
    NotCompared,
    Agrees,
    Differs,
    Unknown,
    OtherCurrency,
    TakenBack,
}

/// A finding of which only the program is known.
fn bare(diagnosis: Diagnosis, program: &str) -> Finding {
    Finding {
        diagnosis,
        also: Vec::new(),
        program: program.to_owned(),
        order_no: None,
        line_no: None,
        day: None,
        state: None,
        schedule: None,
        clause: None,
        currency: None,
        figures: None,
        difference: None,
        age: None,
        text: String::new(),
    }
}

impl Work<'_> {
    /// What was reported of each line, in the currency of the terms where a rate of exchange is known;
    /// whether any was exchanged.
    fn given(
        &self,
        seen: &Seen<'_>,
        version: Option<&Version>,
        base: &Evaluator,
    ) -> Result<(Vec<(Given, bool)>, bool)> {
        let mut given = Vec::with_capacity(seen.facts.len());
        for line in seen.facts {
            let said = Given::of(&line.revision.fact);
            let mut exchanged = None;
            if let Some((version, at)) = version.zip(seen.governing_at)
                && said.total().is_some()
                && let Some(rate) = base.exchanged_by(version, at, line, self.ledger)?
            {
                exchanged = said.exchanged(&rate, version.terms().rounding);
            }
            given.push((exchanged.unwrap_or(said), exchanged.is_some()));
        }
        let any = given.iter().any(|(_, exchanged)| *exchanged);
        Ok((given, any))
    }

    fn row<'r>(
        &self,
        seen: &Seen<'r>,
        at: usize,
        (given, exchanged): (Given, bool),
        currency: Currency,
        reports: &[&Revision],
    ) -> Option<Row<'r>> {
        let (line, outcome) = (seen.facts.get(at)?, *seen.outcomes.get(at)?);
        let fact = &line.revision.fact;
        let version = seen.version(&self.program);
        let words = self.ledger.words();
        let row_currency = text(words, fact.amount_currency.or(fact.currency));
        let of_line = seen.paid.iter().filter(|paid| paid.line_no == fact.line_no);
        let paid = of_line.clone().find(|paid| paid.currency == currency);
        let figures = Figures {
            expected: known(&outcome),
            reported: given,
            reported_in: row_currency.filter(|code| code != currency.code() && !exchanged),
            stages: Stages::of(reports),
            paid: paid.map(|paid| paid.amount),
            paid_in: of_line.map(|paid| paid.currency).find(|other| *other != currency),
        };
        let finding = Finding {
            order_no: Some(fact.order_no.clone()),
            line_no: Some(fact.line_no.clone()),
            day: seen.day,
            state: Some(fact.state),
            schedule: version.map(|version| version.id().to_owned()),
            clause: version.and_then(|version| version.clause(outcome.decided)).map(str::to_owned),
            currency: Some(currency),
            figures: Some(figures.clone()),
            ..bare(Diagnosis::Unexplained, &self.program)
        };
        let confirmed =
            |report: &&Revision| matches!(report.fact.state, State::Approved | State::Settled);
        let validated = reports.iter().any(confirmed);
        Some(Row { fact, outcome, figures, finding, validated })
    }

    fn sum(&mut self, row: &Row<'_>, currency: Currency, comparing: Comparing) {
        let totals = self.found.totals.entry((self.program.clone(), currency)).or_default();
        totals.lines += 1;
        totals.paid += row.figures.paid.unwrap_or(0);
        let Some(said) = row.figures.reported.total() else {
            totals.silent += 1;
            return;
        };
        match row.figures.expected.filter(|_| row.is_comparable()) {
            Some(ours) => {
                // What they never name is not missing where they say all of it otherwise.
                let nameable = comparing.nameable(&ours);
                let expected = if said == ours.total() { said } else { nameable };
                totals.compared += 1;
                totals.expected += expected;
                totals.reported += said;
                let agrees = comparing.agrees(&row.figures.reported, &ours, currency);
                totals.tolerated += u64::from(agrees && said != expected);
            }
            None if row.figures.expected.is_none() => totals.unknown += 1,
            None => {}
        }
    }

    fn difference(&self, row: &Row<'_>, cause: Cause, currency: Currency) -> Finding {
        let ours = row.figures.expected;
        let said = row.figures.reported.total();
        let nameable = ours.map(|ours| self.comparing.nameable(&ours));
        Finding {
            diagnosis: cause.diagnosis,
            also: cause.also,
            clause: cause.clause,
            difference: said.zip(nameable).map(|(said, ours)| said - ours),
            text: format!("{}: {}", row.both(ours, currency), cause.words),
            ..row.finding.clone()
        }
    }

    /// A line that was approved and then declined: what it would earn if it stood.
    fn taken_back(
        &mut self,
        row: &Row<'_>,
        seen: &Seen<'_>,
        base: &mut Evaluator,
    ) -> Result<Option<Finding>> {
        let revisions = edited(seen.facts, |_, fact| {
            if fact.line_no == row.fact.line_no {
                fact.state = State::Approved;
            }
        });
        let facts = with(seen.facts, &revisions);
        let evaluated = base.evaluate(&facts, self.ledger, &mut Silent)?;
        let at = facts.iter().position(|line| line.revision.fact.line_no == row.fact.line_no);
        let outcome = at.and_then(|at| evaluated.outcomes.get(at)).copied();
        let Some(ours) = outcome.as_ref().and_then(known).filter(|ours| ours.total() > 0) else {
            return Ok(None);
        };
        let Some(currency) = row.finding.currency else { return Ok(None) };
        let (state, amount) = (row.fact.state.word(), currency.written(ours.total()));
        let text = format!(
            "{state} after it had been approved, with no refund that covers it: it would earn \
             {amount} {currency}"
        );
        Ok(Some(Finding {
            diagnosis: Diagnosis::TakenBack,
            figures: Some(Figures { expected: Some(ours), ..row.figures.clone() }),
            difference: Some(-ours.total()),
            text,
            ..row.finding.clone()
        }))
    }

    /// Notes a pending or approved line that a later report leaves out.
    fn left_out(&mut self, row: &Row<'_>, seen: &Seen<'_>, reports: &[&Revision]) {
        let open = matches!(row.fact.state, State::Pending | State::Approved);
        let Some(at) = seen.governing_at.filter(|_| open) else { return };
        let leaving = self.reports.leaving_out(reports, at);
        if leaving.is_empty() {
            return;
        }
        let state = row.fact.state.word();
        let known = reports.last().map_or(0, |report| report.import_id);
        self.reports.note(&leaving, |import_id| {
            let text = format!(
                "{state} in import {known}, and missing from the later import {import_id}, which \
                 spans its day"
            );
            Some(Finding { diagnosis: Diagnosis::LeftOut, text, ..row.finding.clone() })
        });
    }

    /// What of a line is late, short or too much; adds what is owed to the ages.
    fn late(
        &mut self,
        row: &Row<'_>,
        program: &Program,
        governing_at: Option<i64>,
        currency: Currency,
    ) -> Option<Finding> {
        let tell = |diagnosis, difference, text| {
            Some(Finding { diagnosis, difference, text, ..row.finding.clone() })
        };
        if let Some(other) = row.figures.paid_in {
            let text = format!("paid in {other}, where the terms are in {currency}");
            return tell(Diagnosis::PaidOtherCurrency, None, text);
        }
        let taken_back = row.is_taken_back();
        let version = row.finding.schedule.as_deref().and_then(|id| program.version(id));
        let age = late::unsettled(program, version, governing_at, row.fact, self.asked.on);
        let Some((due, of)) = row.due() else {
            let dead = age.filter(|age| age.class == late::Class::Dead);
            return dead.map(|age| row.dead(age, version));
        };
        let paid = row.figures.paid.unwrap_or(0);
        let near = self.asked.tolerance.allows(paid - due, due, currency);
        if paid > due && !near {
            let (due_in_words, paid_in_words) = (currency.written(due), currency.written(paid));
            let text = format!("paid {paid_in_words}, {of} {due_in_words} {currency}");
            return tell(Diagnosis::Overpaid, Some(paid - due), text);
        }
        if near || taken_back || row.outcome.verdict == Verdict::Held {
            return None;
        }
        let age = age?;
        let settled = row.fact.state == State::Settled;
        let counts = if settled { self.has_payouts } else { row.fact.state == State::Approved };
        if counts {
            let key = (self.program.clone(), currency, row.fact.state, age.class);
            let open = self.found.open.entry(key).or_default();
            open.lines += 1;
            open.amount += due - paid;
        }
        let (diagnosis, text) = self.owed(row, (due, of, paid), age, currency)?;
        let clause = version.and_then(|version| version.policy_clause("expires_after"));
        let clause = clause.filter(|_| diagnosis == Diagnosis::Expired).map(str::to_owned);
        let clause = clause.or_else(|| row.finding.clause.clone());
        let finding = tell(diagnosis, Some(paid - due), text)?;
        Some(Finding { clause, age: Some(age), ..finding })
    }

    /// What is wrong with a line of which less is paid than is due; none where it is young.
    fn owed(
        &self,
        row: &Row<'_>,
        (due, of, paid): (i64, &str, i64),
        age: late::Age,
        currency: Currency,
    ) -> Option<(Diagnosis, String)> {
        let (days, since) = (age.days, age.since);
        let (due, state) = (currency.written(due), row.fact.state.word());
        if paid > 0 {
            let paid = currency.written(paid);
            let text = format!("paid {paid} of {due} {currency}, {days} days since {since}");
            return Some((Diagnosis::PaidInPart, text));
        }
        let late = format!("{of} {due} {currency}, {days} days since {since}");
        let overdue = age.class.is_overdue();
        match row.fact.state {
            State::Settled => (self.has_payouts && overdue)
                .then(|| (Diagnosis::NotPaid, format!("settled and not paid: {late}"))),
            _ if age.class == late::Class::Dead => {
                Some((Diagnosis::Expired, format!("{state} and void under the terms: {late}")))
            }
            State::Approved => (self.has_settled && overdue)
                .then(|| (Diagnosis::NotSettled, format!("approved and not settled: {late}"))),
            _ => None,
        }
    }
}

/// What is to be done about a line.
fn sort(row: &Row<'_>, currency: Currency, comparing: Comparing) -> Sorted {
    let said = row.figures.reported.total();
    if row.is_taken_back() {
        let taken_back = row.validated && !refund_covers(row.fact);
        return if taken_back { Sorted::TakenBack } else { Sorted::NotCompared };
    }
    let Some(said) = said else { return Sorted::NotCompared };
    if row.figures.reported_in.is_some() {
        let nothing = said == 0 && row.figures.expected.is_some_and(|ours| ours.total() == 0);
        return if nothing { Sorted::Agrees } else { Sorted::OtherCurrency };
    }
    match row.figures.expected {
        None => Sorted::Unknown,
        Some(ours) if comparing.agrees(&row.figures.reported, &ours, currency) => Sorted::Agrees,
        Some(_) => Sorted::Differs,
    }
}

/// Whether what the buyer got back is all that was paid.
fn refund_covers(fact: &LineFact) -> bool {
    let back = fact.refunded.unwrap_or(Minor::ZERO);
    let price = fact.product_price.and_then(|price| price.times(fact.quantity));
    let whole = [fact.final_amount.or(fact.paid_amount), price].into_iter().flatten().min();
    back > Minor::ZERO && whole.is_some_and(|whole| back >= whole)
}
