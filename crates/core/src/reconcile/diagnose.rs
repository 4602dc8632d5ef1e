//! Why the reported amounts of an order differ from what the terms give.
//!
//! Owns the choice: a hypothesis is checked on all lines of the order at once, because bonus and cap
//! are of the order; where none explains them all, each line takes the first that explains it. Refuses
//! near misses: a hypothesis gives the reported amount, or it does not fit.

use feebook_kernel::{Outcome, Verdict};
use feebook_schedule::{Currency, Program};

use super::Diagnosis;
use super::books::{Books, Sighted, Tried, rate};
use super::figures::{Comparing, Given};
use super::hypotheses::{Hypothesis, Maker, edited, with};
use crate::error::Result;
use crate::ledger::CountingLine;
use crate::run::{Evaluator, known};

/// Why one line differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) diagnosis: Diagnosis,
    /// Other diagnoses that explain it as well.
    pub(super) also: Vec<Diagnosis>,
    /// What explains it, in words.
    pub(super) words: String,
    /// The clause that it rests on.
    pub(super) clause: Option<String>,
    /// The version that it would be under, where that is another.
    pub(super) version: Option<String>,
}

/// An order whose reported amounts differ.
pub(super) struct Case<'c> {
    pub(super) tried: Tried<'c>,
    pub(super) program: &'c Program,
    pub(super) governing_at: i64,
    pub(super) facts: &'c [CountingLine<'c>],
    pub(super) given: &'c [Given],
    /// What the terms give.
    pub(super) outcomes: &'c [Outcome],
    /// The lines whose amounts differ.
    pub(super) differing: &'c [usize],
    /// The lines whose amounts can be compared; the others say nothing for or against a hypothesis.
    pub(super) comparable: &'c [usize],
    pub(super) comparing: Comparing,
    /// What an amount may be off by itself, without any tolerance that was asked for.
    pub(super) exact: Comparing,
}

/// A hypothesis that gives the reported amount of some of the differing lines.
struct Fit {
    hypothesis: Hypothesis,
    sighted: Sighted,
    /// It gives those of all comparable lines.
    whole: bool,
    /// It gives them to the minor unit, not only within the tolerance that was asked for.
    exact: bool,
    lines: Vec<usize>,
}

impl Fit {
    /// A fit that needs no other evaluation.
    fn by_itself(diagnosis: Diagnosis, words: String, lines: Vec<usize>, whole: bool) -> Self {
        let hypothesis = Hypothesis {
            diagnosis,
            edit: super::hypotheses::Edit::None,
            facts: super::hypotheses::Facts::Same,
            words,
            clause: None,
        };
        let sighted = Sighted { outcomes: Vec::new(), version: None, rates: Vec::new() };
        Self { hypothesis, sighted, whole, exact: true, lines }
    }
}

impl Case<'_> {
    fn currency(&self) -> Currency {
        self.tried.version.currency()
    }

    fn written(&self, minor: i64) -> String {
        self.currency().written(minor)
    }

    fn gives(&self, outcomes: &[Outcome], line: usize) -> bool {
        let pair = self.given.get(line).zip(outcomes.get(line));
        pair.is_some_and(|(given, outcome)| self.comparing.fits(given, outcome, self.currency()))
    }

    /// Diagnoses every differing line, in their order.
    pub(super) fn causes(&self, books: &mut Books, base: &mut Evaluator) -> Result<Vec<Cause>> {
        let mut fits = self.fits(books, base)?;
        if let Some(shared) = self.shared_otherwise() {
            fits.push(shared);
            // By preference; of one diagnosis the first that was tried.
            fits.sort_by_key(|fit| fit.hypothesis.diagnosis);
        }
        if let Some(category) = self.other_category(books, base)? {
            fits.push(category);
        }
        let causes = self.differing.iter().map(|line| {
            let mut of_line: Vec<&Fit> =
                fits.iter().filter(|fit| fit.lines.contains(line)).collect();
            // What gives the amount itself, then what explains all lines; of these by preference.
            of_line.sort_by_key(|fit| (!fit.exact, !fit.whole));
            let plain = self.plain(*line);
            let known = plain.diagnosis != Diagnosis::Unexplained;
            let mut also: Vec<Diagnosis> =
                of_line.iter().map(|fit| fit.hypothesis.diagnosis).collect();
            also.extend(Some(plain.diagnosis).filter(|_| known));
            also.sort_unstable();
            also.dedup();
            // What is known of the line comes before what fits only because much is allowed.
            let first = of_line.first().filter(|fit| fit.exact || !known);
            let cause = first.map_or(plain, |first| self.told(first, *line));
            also.retain(|other| *other != cause.diagnosis);
            Cause { also, ..cause }
        });
        Ok(causes.collect())
    }

    fn fits(&self, books: &mut Books, base: &mut Evaluator) -> Result<Vec<Fit>> {
        let maker = Maker {
            program: self.program,
            version: self.tried.version,
            governing_at: self.governing_at,
            facts: self.facts,
        };
        let mut fits = Vec::new();
        for hypothesis in maker.all() {
            let sighted = if hypothesis.facts.are_reported() {
                books.evaluate(&self.tried, &hypothesis.edit, base, self.facts)?
            } else {
                let revisions = hypothesis.facts.edited(self.facts);
                let facts = with(self.facts, &revisions);
                books.evaluate(&self.tried, &hypothesis.edit, base, &facts)?
            };
            fits.extend(sighted.and_then(|sighted| self.fit(hypothesis, sighted)));
        }
        fits.extend(self.bonus_given());
        fits.sort_by_key(|fit| fit.hypothesis.diagnosis);
        Ok(fits)
    }

    /// What a hypothesis explains; none where that is nothing.
    fn fit(&self, hypothesis: Hypothesis, sighted: Sighted) -> Option<Fit> {
        let explains = |line: &&usize| self.gives(&sighted.outcomes, **line);
        let lines: Vec<usize> = self.differing.iter().filter(explains).copied().collect();
        let whole = self.comparable.iter().all(|line| self.gives(&sighted.outcomes, *line));
        let exact = |line: &usize| {
            let pair = self.given.get(*line).zip(sighted.outcomes.get(*line));
            pair.is_some_and(|(given, outcome)| self.exact.fits(given, outcome, self.currency()))
        };
        let exact = lines.iter().all(exact);
        (!lines.is_empty()).then_some(Fit { hypothesis, sighted, whole, exact, lines })
    }

    /// All but the bonus agrees, and a bonus is given that the terms do not give.
    fn bonus_given(&self) -> Option<Fit> {
        let differs = |line: usize| {
            let (given, outcome) = self.given.get(line).zip(self.outcomes.get(line))?;
            let ours = known(outcome).filter(|ours| ours.withheld == 0)?;
            let bonus = given.bonus.filter(|bonus| *bonus > ours.bonus)?;
            let without = Given { bonus: Some(ours.bonus), ..*given };
            self.comparing.agrees(&without, &ours, self.currency()).then_some((bonus, ours.bonus))
        };
        let lines: Vec<usize> =
            self.differing.iter().filter(|line| differs(**line).is_some()).copied().collect();
        let (bonus, ours) = lines.first().and_then(|line| differs(*line))?;
        let (bonus, ours) = (self.written(bonus), self.written(ours));
        let words = format!("a bonus of {bonus} were due, not {ours}");
        let whole = lines.len() == self.differing.len();
        Some(Fit::by_itself(Diagnosis::BonusNotDue, words, lines, whole))
    }

    /// The sums of the order agree, its parts do not.
    fn shared_otherwise(&self) -> Option<Fit> {
        let mut sums = (0, 0);
        for line in self.comparable {
            sums.0 += self.given.get(*line)?.total()?;
            sums.1 += self.comparing.nameable(&known(self.outcomes.get(*line)?)?);
        }
        if !self.comparing.tolerance.allows(sums.0 - sums.1, sums.1, self.currency()) {
            return None;
        }
        let sum = self.written(sums.1);
        let words = format!("the order's {sum} were shared otherwise over its lines or components");
        let lines = self.differing.to_vec();
        Some(Fit::by_itself(Diagnosis::SharedOtherwise, words, lines, true))
    }

    /// The differing lines, each in the first category that gives what was reported of it.
    fn other_category(&self, books: &mut Books, base: &mut Evaluator) -> Result<Option<Fit>> {
        let categories = books.categories(&self.tried);
        let mut found = vec![None; self.facts.len()];
        // Why the terms refuse a line is another question.
        let priced = |line: &&usize| {
            self.outcomes.get(**line).is_some_and(|outcome| outcome.verdict > Verdict::Excluded)
        };
        let priced: Vec<usize> = self.differing.iter().filter(priced).copied().collect();
        for category in categories.iter() {
            let revisions = edited(self.facts, |at, fact| {
                if priced.contains(&at) {
                    fact.category = Some(*category);
                }
            });
            let facts = with(self.facts, &revisions);
            let edit = super::hypotheses::Edit::None;
            let Some(sighted) = books.evaluate(&self.tried, &edit, base, &facts)? else { continue };
            for line in priced.iter().filter(|line| self.gives(&sighted.outcomes, **line)) {
                found[*line].get_or_insert(*category);
            }
        }
        if found.iter().all(Option::is_none) {
            return Ok(None);
        }
        let revisions = edited(self.facts, |at, fact| {
            if let Some(Some(category)) = found.get(at) {
                fact.category = Some(*category);
            }
        });
        let facts = with(self.facts, &revisions);
        let edit = super::hypotheses::Edit::None;
        let Some(sighted) = books.evaluate(&self.tried, &edit, base, &facts)? else {
            return Ok(None);
        };
        let words = books.words(self.tried.ledger);
        let names: Vec<String> =
            found.iter().flatten().map(|category| self.category(words.text(*category))).collect();
        let words = format!("the category were {}", names.join(" and "));
        let hypothesis =
            Fit::by_itself(Diagnosis::OtherCategory, words, Vec::new(), false).hypothesis;
        Ok(self.fit(hypothesis, sighted))
    }

    /// A category with its name; the one that no tree lists is any that no entry names.
    fn category(&self, id: &str) -> String {
        let tree = self.tried.version.tree();
        match tree.and_then(|tree| tree.name(id)) {
            Some(name) => format!("{id} {name}"),
            None if id == super::books::NO_CATEGORY => "one that no rate names".to_owned(),
            None => id.to_owned(),
        }
    }

    /// A line that a hypothesis explains.
    fn told(&self, fit: &Fit, line: usize) -> Cause {
        let mut words = format!("it is as if {}", fit.hypothesis.words);
        let mut under = None;
        if let Some(rate) = fit.sighted.rates.get(line) {
            let other = fit.sighted.version.as_deref();
            let version = other.filter(|id| *id != self.tried.version.id());
            under = version.map(str::to_owned);
            let version = version.map_or_else(String::new, |id| format!(" of {id}"));
            if !version.is_empty() || *rate != self.rate(line) {
                words = format!("{words}: {rate}{version}");
            }
        }
        let clause = fit.hypothesis.clause.clone().or_else(|| self.clause(line));
        let diagnosis = fit.hypothesis.diagnosis;
        Cause { diagnosis, also: Vec::new(), words, clause, version: under }
    }

    fn rate(&self, line: usize) -> String {
        let outcome = self.outcomes.get(line);
        outcome.map_or_else(String::new, |outcome| rate(Some(self.tried.version), outcome))
    }

    fn clause(&self, line: usize) -> Option<String> {
        let decided = self.outcomes.get(line)?.decided;
        self.tried.version.clause(decided).map(str::to_owned)
    }

    /// A line that no hypothesis explains.
    fn plain(&self, line: usize) -> Cause {
        let verdict = self.outcomes.get(line).map(|outcome| outcome.verdict);
        let given = self.given.get(line).and_then(Given::total).unwrap_or_default();
        let refused = matches!(
            verdict,
            Some(Verdict::Excluded | Verdict::Disqualified | Verdict::OutsideWindow)
        );
        let clause = self.clause(line);
        let (diagnosis, words) = if refused && given > 0 {
            let verdict = verdict.map_or("", Verdict::word);
            (Diagnosis::ExcludedPaid, format!("the line is {verdict}: {}", self.why(line)))
        } else if given == 0 {
            (Diagnosis::NothingGiven, "the report gives nothing, and says no reason".to_owned())
        } else {
            (Diagnosis::Unexplained, "no hypothesis gives the reported amount".to_owned())
        };
        Cause { diagnosis, also: Vec::new(), words, clause, version: None }
    }

    /// Why a line earns nothing.
    fn why(&self, line: usize) -> String {
        let Some(outcome) = self.outcomes.get(line) else { return String::new() };
        match outcome.decided {
            feebook_kernel::Decided::Exclude(at) => {
                let entry = self.tried.version.excludes().get(usize::from(at));
                entry.map_or_else(String::new, |entry| format!("{} ({})", entry.label, entry.words))
            }
            _ => outcome.reason.word().to_owned(),
        }
    }
}

/// What the terms leave open of a line, in words.
pub(super) fn unknown(outcome: &Outcome, covering: &crate::run::Covering) -> String {
    match covering {
        crate::run::Covering::Uncovered(no_cover) => format!("uncovered: {no_cover}"),
        _ => format!("{}: {}", outcome.verdict.word(), outcome.reason.word()),
    }
}
