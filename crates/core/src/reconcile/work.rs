//! The reconciling of one program under way: order by order in, findings out.
//!
//! Owns which line is compared with what. Refuses memory for orders that agree, and a second
//! evaluation of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use feebook_kernel::{Minor, Outcome, Silent, State, Verdict};
use feebook_schedule::iso::Currency;
use feebook_schedule::{Book, Program, Version, zone};

use super::books::{Books, Tried};
use super::diagnose::{Case, Cause, unknown};
use super::figures::{Comparing, Figures, Given, Stages, Tolerance};
use super::hypotheses::{edited, with};
use super::reports::Reports;
use super::{Asked, Diagnosis, Finding, Reconciled, late};
use crate::answers::Answers;
use crate::due::{Due, DueBy, amounts_in, due};
use crate::error::Result;
use crate::fact::{LineFact, No};
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
    /// Which reports leave a line out, for the lines of which any does.
    left_out: BTreeMap<No, Vec<usize>>,
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
        let left_out = self.count_left_out(order, now, evaluator.governing_at(&facts));
        if !self.asked.scope.includes_day(day) {
            return Ok(());
        }
        self.found.orders += 1;
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
            left_out,
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
        let at = self.today.as_ref().and_then(|today| today.governing_at(&facts));
        self.count_left_out(order, &facts, at);
        if self.asked.scope.includes_day(day) {
            self.found.orders += 1;
            self.wait(facts.len());
        }
        Ok(())
    }

    /// Whether a report could leave out what another has.
    pub(super) fn may_leave_out(&self) -> bool {
        self.reports.are_several()
    }

    /// Counts what reports leave out of an order that nobody asked for.
    pub(super) fn beside(&mut self, order: &OrderRecord) -> Result<()> {
        let facts = self.ledger.counting(order, self.seq)?;
        let at = self.today.as_ref().and_then(|today| today.governing_at(&facts));
        self.count_left_out(order, &facts, at);
        Ok(())
    }

    /// Counts the lines of an order that later reports leave out, and returns which do.
    fn count_left_out(
        &mut self,
        order: &OrderRecord,
        facts: &[CountingLine<'_>],
        governing_at: Option<i64>,
    ) -> BTreeMap<No, Vec<usize>> {
        let mut left_out = BTreeMap::new();
        let Some(at) = governing_at.filter(|_| self.reports.are_several()) else { return left_out };
        for line in facts {
            let line_no = &line.revision.fact.line_no;
            let reports = self.ledger.reports_of(order, line_no, self.seq);
            let leaving = self.reports.leaving_out(&reports, at);
            if !leaving.is_empty() {
                self.reports.count(&leaving);
                left_out.insert(line_no.clone(), leaving);
            }
        }
        left_out
    }

    fn wait(&mut self, lines: usize) {
        self.found.waiting += u64::try_from(lines).unwrap_or(u64::MAX);
    }

    /// Tells what later reports leave out of the orders that were asked for.
    pub(super) fn finish_orders(mut self) {
        self.found.findings.extend(self.reports.left_out());
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
        let mut given = Vec::with_capacity(seen.facts.len());
        for line in seen.facts {
            given.push(self.given(seen, version, base, line, currency)?);
        }
        let (comparing, exact) = exactness(self.comparing, &given, currency);
        let (mut differing, mut comparable) = (Vec::new(), Vec::new());
        let mut findings = Vec::new();
        for (at, line) in seen.facts.iter().enumerate() {
            let reports = self.ledger.reports_of(order, &line.revision.fact.line_no, self.seq);
            let Some(said) = given.get(at) else { continue };
            let mut staged = Vec::with_capacity(reports.len());
            for report in &reports {
                let line = CountingLine { revision: report, ..*line };
                staged.push((*report, self.given(seen, version, base, &line, currency)?.given));
            }
            // No version governs: the row's own currency is all there is.
            let currency = if version.is_some() { currency } else { said.raw.currency };
            let Some(mut row) = self.row(seen, at, *said, currency, &staged) else { continue };
            let mut sorted = sort(&row, currency, comparing);
            match sorted {
                Sorted::Differs => differing.push((at, row.clone())),
                Sorted::Unknown => findings.push(row.unknown(seen)),
                Sorted::OtherCurrency => findings.push(row.other_currency()),
                Sorted::TakenBack => match self.taken_back(&row, seen, base)? {
                    Some(finding) => {
                        row.figures = finding.figures.clone().unwrap_or(row.figures);
                        findings.push(finding);
                    }
                    None => sorted = Sorted::NotCompared,
                },
                Sorted::Agrees | Sorted::NotCompared => {}
            }
            self.sum(&row, sorted, currency, comparing);
            if row.is_comparable() {
                comparable.push(at);
            }
            self.left_out(&row, seen, &reports);
            findings.extend(self.late(&row, of_program, seen.governing_at, currency));
        }
        if let Some(version) = version.filter(|_| !differing.is_empty()) {
            let given = given.iter().map(|said| said.given).collect();
            let terms = (of_program, version);
            let differing = Differing { given, rows: differing, comparable, comparing, exact };
            findings.extend(self.differences(seen, base, terms, &differing)?);
        }
        findings.sort_by(|a, b| (&a.line_no, a.diagnosis).cmp(&(&b.line_no, b.diagnosis)));
        self.found.findings.extend(findings);
        Ok(())
    }

    /// What explains the lines of an order that differ.
    fn differences(
        &mut self,
        seen: &Seen<'_>,
        base: &mut Evaluator,
        (program, version): (&Program, &Version),
        differing: &Differing<'_>,
    ) -> Result<Vec<Finding>> {
        let places: Vec<usize> = differing.rows.iter().map(|(at, _)| *at).collect();
        let case = Case {
            tried: Tried {
                ledger: self.ledger,
                book_id: seen.book_id,
                version,
                answers: seen.answers.as_ref(),
            },
            program,
            governing_at: seen.governing_at.unwrap_or_default(),
            facts: seen.facts,
            given: &differing.given,
            outcomes: &seen.outcomes,
            differing: &places,
            comparable: &differing.comparable,
            comparing: differing.comparing,
            exact: differing.exact,
        };
        let causes = case.causes(&mut self.books, base)?;
        let pairs = differing.rows.iter().zip(causes);
        Ok(pairs.map(|((_, row), cause)| self.difference(row, cause, version.currency())).collect())
    }
}

/// The lines of an order that are reported otherwise than the terms give.
struct Differing<'s> {
    /// What each line of the order is reported with.
    given: Vec<Given>,
    /// Those that differ, with their places.
    rows: Vec<(usize, Row<'s>)>,
    /// The places of those that can be compared.
    comparable: Vec<usize>,
    /// How near is near enough.
    comparing: Comparing,
    /// The same, for a hypothesis.
    exact: Comparing,
}

/// How near is near enough: as asked for, and for a hypothesis; where amounts were exchanged a minor unit
/// more, as the network may have rounded elsewhere.
fn exactness(asked: Comparing, given: &[Said], currency: Currency) -> (Comparing, Comparing) {
    let exchanged = given.iter().any(Said::is_exchanged);
    let of = |tolerance: Tolerance| {
        let tolerance = if exchanged { tolerance.of_exchanged(currency) } else { tolerance };
        Comparing { tolerance, ..asked }
    };
    (of(asked.tolerance), of(Tolerance::default()))
}

/// What a report gives for a line: as it says it, and in the currency of the terms where a rate is known.
#[derive(Clone, Copy)]
struct Said {
    raw: Given,
    given: Given,
}

impl Said {
    fn is_exchanged(&self) -> bool {
        self.raw.currency != self.given.currency
    }
}

/// One line with its figures.
#[derive(Clone)]
struct Row<'r> {
    fact: &'r LineFact,
    outcome: Outcome,
    figures: Figures,
    /// What the report that counts says, in its own currency.
    raw: Given,
    /// What it is due.
    due: Option<Due>,
    /// What was paid of it, by currency.
    paid: BTreeMap<Currency, i64>,
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
        said && self.is_in_terms() && !self.is_taken_back() && self.figures.expected.is_some()
    }

    /// Whether what was reported is in the currency of the terms, or was exchanged into it.
    fn is_in_terms(&self) -> bool {
        self.finding.currency == Some(self.figures.reported.currency)
    }

    /// What was reported and what is expected, in words.
    fn both(&self, expected: Option<Components>, currency: Currency) -> String {
        let reported_in = self.figures.reported.currency;
        let said = self.figures.reported.total();
        let said = said.map_or_else(|| "nothing".to_owned(), |said| reported_in.written(said));
        let ours = expected.map_or_else(
            || "not known".to_owned(),
            |ours| format!("{} {currency}", currency.written(ours.total())),
        );
        if reported_in == currency {
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
        Finding {
            diagnosis: Diagnosis::OtherCurrency,
            text: format!("{both}: two currencies are not subtracted"),
            ..self.finding.clone()
        }
    }

    /// What should be paid of the line in a currency, and by whose word: what it is due, or that
    /// exchanged into the currency of the terms; none where nobody says it.
    fn due(&self, currency: Currency) -> Option<(i64, &'static str)> {
        let due = self.due?;
        let word = match due.by {
            DueBy::Reported => "reported",
            DueBy::Computed => "expected",
            // Nothing is the same in every currency.
            DueBy::TakenBack => return Some((0, self.fact.state.word())),
        };
        if due.currency == currency {
            return Some((due.amount, word));
        }
        let exchanged = Some(self.figures.reported).filter(|given| given.currency == currency);
        exchanged.and_then(|given| given.total()).map(|said| (said, word))
    }

    /// In which currency what is paid is compared with what is due, and how much is paid in it; none
    /// where it was paid in a currency in which nothing is due, or in several.
    fn paid(&self, currency: Currency) -> Option<(Currency, i64)> {
        let mut paid = self.paid.iter().map(|(currency, paid)| (*currency, *paid));
        match (paid.next(), paid.next()) {
            (None, _) if self.due(currency).is_some() => Some((currency, 0)),
            (None, _) => Some((self.due.map_or(currency, |due| due.currency), 0)),
            (Some((other, _)), None) if other != currency && self.due(other).is_none() => None,
            (Some(only), None) => Some(only),
            (Some(_), Some(_)) => None,
        }
    }

    /// The line with its figures in the currency of the report.
    fn in_currency(&self, currency: Currency) -> Finding {
        if self.finding.currency == Some(currency) {
            return self.finding.clone();
        }
        let figures = Figures {
            expected: None,
            reported: self.raw,
            stages: Stages::default(),
            ..self.figures.clone()
        };
        Finding { currency: Some(currency), figures: Some(figures), ..self.finding.clone() }
    }

    /// A line that is paid in a currency in which nothing is due of it, or in several: a finding for
    /// each currency, with its amount.
    fn paid_otherwise(&self, currency: Currency) -> Vec<Finding> {
        let written =
            |(paid_in, paid): (&Currency, &i64)| format!("{} {paid_in}", paid_in.written(*paid));
        let all: Vec<String> = self.paid.iter().map(written).collect();
        let text = format!(
            "paid {}, where the terms are in {currency}: two currencies are not subtracted",
            all.join(" and ")
        );
        let others = self.paid.iter().filter(|(paid_in, _)| **paid_in != currency);
        let each = others.map(|(paid_in, paid)| {
            let (paid, paid_in) = (Some(*paid), Some(*paid_in));
            let figures = Some(Figures { paid, paid_in, ..self.figures.clone() });
            let text = text.clone();
            Finding {
                diagnosis: Diagnosis::PaidOtherCurrency,
                figures,
                text,
                ..self.finding.clone()
            }
        });
        each.collect()
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
#[derive(Clone, Copy, PartialEq, Eq)]
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
        because: None,
        other_schedule: None,
        text: String::new(),
    }
}

impl Work<'_> {
    /// What a report gives for a line, in the currency of the terms where a rate of exchange is known.
    fn given(
        &self,
        seen: &Seen<'_>,
        version: Option<&Version>,
        base: &Evaluator,
        line: &CountingLine<'_>,
        currency: Currency,
    ) -> Result<Said> {
        let fact = &line.revision.fact;
        let own = amounts_in(fact, self.ledger.words(), Some(currency)).unwrap_or(currency);
        let raw = Given::of(fact, own);
        let mut exchanged = None;
        if let Some((version, at)) = version.zip(seen.governing_at)
            && own != currency
            && raw.total().is_some()
            && let Some(rate) = base.exchanged_by(version, at, line, self.ledger)?
        {
            exchanged = raw.exchanged(&rate, version.terms().rounding);
        }
        Ok(Said { raw, given: exchanged.unwrap_or(raw) })
    }

    fn row<'r>(
        &self,
        seen: &Seen<'r>,
        at: usize,
        said: Said,
        currency: Currency,
        reports: &[(&Revision, Given)],
    ) -> Option<Row<'r>> {
        let (line, outcome) = (seen.facts.get(at)?, *seen.outcomes.get(at)?);
        let fact = &line.revision.fact;
        let version = seen.version(&self.program);
        let of_line = seen.paid.iter().filter(|paid| paid.line_no == fact.line_no);
        let paid: BTreeMap<Currency, i64> =
            of_line.map(|paid| (paid.currency, paid.amount)).collect();
        let shown = paid.get_key_value(&currency).or(paid.first_key_value());
        let figures = Figures {
            expected: known(&outcome),
            reported: said.given,
            stages: Stages::of(reports),
            paid: shown.map(|(_, paid)| *paid),
            paid_in: shown.map(|(currency, _)| *currency),
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
        let confirmed = |(report, _): &(&Revision, Given)| {
            matches!(report.fact.state, State::Approved | State::Settled)
        };
        let validated = reports.iter().any(confirmed);
        let due = due(fact, self.ledger.words(), Some(&outcome), Some(currency));
        Some(Row { fact, outcome, figures, raw: said.raw, due, paid, finding, validated })
    }

    /// Adds a line to the totals: once, under what it is.
    fn sum(&mut self, row: &Row<'_>, sorted: Sorted, currency: Currency, comparing: Comparing) {
        for (paid_in, paid) in &row.paid {
            self.found.totals.entry((self.program.clone(), *paid_in)).or_default().paid += paid;
        }
        let totals = self.found.totals.entry((self.program.clone(), currency)).or_default();
        totals.lines += 1;
        let ours = row.figures.expected;
        if sorted == Sorted::TakenBack {
            totals.compared += 1;
            totals.expected += ours.map_or(0, |ours| ours.total());
        } else if row.is_taken_back() {
            totals.declined += 1;
        } else if row.figures.reported.total().is_none() {
            totals.silent += 1;
        } else if let Some((said, ours)) =
            row.figures.reported.total().zip(ours).filter(|_| row.is_in_terms())
        {
            // What they never name is not missing where they say all of it otherwise.
            let nameable = comparing.nameable(&ours);
            let expected = if said == ours.total() { said } else { nameable };
            totals.compared += 1;
            totals.expected += expected;
            totals.reported += said;
            let agrees = comparing.agrees(&row.figures.reported, &ours, currency);
            totals.tolerated += u64::from(agrees && said != expected);
        } else if row.is_in_terms() {
            totals.unknown += 1;
        } else {
            totals.other_currency += 1;
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
            other_schedule: cause.version,
            difference: said.zip(nameable).map(|(said, ours)| said - ours),
            text: format!("{}: {}", row.both(ours, currency), cause.words),
            because: Some(cause.words),
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
            // Whatever the row still names, the network gives nothing of it.
            figures: Some(Figures {
                expected: Some(ours),
                reported: row.figures.reported.nothing(currency),
                ..row.figures.clone()
            }),
            difference: Some(-ours.total()),
            text,
            ..row.finding.clone()
        }))
    }

    /// Notes a pending or approved line that a later report leaves out.
    fn left_out(&mut self, row: &Row<'_>, seen: &Seen<'_>, reports: &[&Revision]) {
        let open = matches!(row.fact.state, State::Pending | State::Approved);
        let Some(leaving) = seen.left_out.get(&row.fact.line_no).filter(|_| open) else { return };
        let state = row.fact.state.word();
        let known = reports.last().map_or(0, |report| report.import_id);
        self.reports.note(leaving, |import_id| {
            let text = format!(
                "{state} in import {known}, and missing from the later import {import_id}, which \
                 spans its day"
            );
            Finding { diagnosis: Diagnosis::LeftOut, text, ..row.finding.clone() }
        });
    }

    /// What of a line is late, short or too much; adds what is owed to the ages.
    fn late(
        &mut self,
        row: &Row<'_>,
        program: &Program,
        governing_at: Option<i64>,
        terms: Currency,
    ) -> Vec<Finding> {
        let Some((currency, paid)) = row.paid(terms) else { return row.paid_otherwise(terms) };
        self.paid(row, program, governing_at, (currency, paid)).into_iter().collect()
    }

    /// Compares what was paid of a line with what is due in that currency.
    fn paid(
        &mut self,
        row: &Row<'_>,
        program: &Program,
        governing_at: Option<i64>,
        (currency, paid): (Currency, i64),
    ) -> Option<Finding> {
        let base = row.in_currency(currency);
        let version = base.schedule.as_deref().and_then(|id| program.version(id));
        let age = late::unsettled(program, version, governing_at, row.fact, self.asked.on);
        let Some((due, of)) = row.due(currency) else {
            let dead = age.filter(|age| age.class == late::Class::Dead);
            return dead.map(|age| row.dead(age, version));
        };
        let tell = |diagnosis, text| {
            Some(Finding { diagnosis, difference: Some(paid - due), text, ..base.clone() })
        };
        let tolerance = self.asked.tolerance;
        let exchanged = row.raw.currency != row.figures.reported.currency
            && currency == row.figures.reported.currency;
        let tolerance = if exchanged { tolerance.of_exchanged(currency) } else { tolerance };
        let near = tolerance.allows(paid - due, due, currency);
        if paid > due && !near {
            // A payout may set off too much; where none pays the line, nothing was overpaid.
            if row.paid.is_empty() {
                return None;
            }
            let (due_in_words, paid_in_words) = (currency.written(due), currency.written(paid));
            let text = format!("paid {paid_in_words}, {of} {due_in_words} {currency}");
            return tell(Diagnosis::Overpaid, text);
        }
        if near || row.is_taken_back() || row.outcome.verdict == Verdict::Held {
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
        let clause = clause.or_else(|| base.clause.clone());
        let finding = tell(diagnosis, text)?;
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
        // What is pending is not due yet, and may be paid in part beforehand.
        if paid > 0 && row.fact.state != State::Pending {
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
    if row.fact.corrects.is_some() {
        return Sorted::NotCompared;
    }
    if row.is_taken_back() {
        let taken_back = row.validated && !refund_covers(row.fact);
        return if taken_back { Sorted::TakenBack } else { Sorted::NotCompared };
    }
    let Some(said) = said else { return Sorted::NotCompared };
    if !row.is_in_terms() {
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
