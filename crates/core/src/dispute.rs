//! A claim on a network: the orders that were reported or paid short, each with the terms as they are
//! stored, the facts, the arithmetic and the differences.
//!
//! Owns what belongs to a claim. Refuses a second way to come to an amount: the arithmetic is that of
//! `explain`, the differences are those of `reconcile`. Refuses files and layout: whoever writes them
//! does.

use std::collections::{BTreeMap, BTreeSet};

use feebook_kernel::State;
use feebook_schedule::iso::Currency;
use feebook_schedule::{Program, Source, Version, zone};

use crate::due::amounts_in;
use crate::error::{self, Error, Result};
use crate::explain::{ExplainedStep, Explanation, explain_as};
use crate::fact::{LineFact, No};
use crate::ledger::Ledger;
use crate::reconcile::{
    Asked, Diagnosis, Finding, Reconciled, edited, reconcile, reconcile_orders, with,
};
use crate::run::{Progress, Replay, Terms};
use crate::words::Words;

/// What is claimed of a network.
#[derive(Clone, Debug)]
pub struct Dispute {
    /// The program.
    pub program: String,
    /// The name people use.
    pub name: String,
    /// The network, where the program's file names it.
    pub network: Option<String>,
    /// The orders by number, each with where and why it differs.
    pub orders: BTreeMap<No, Vec<Finding>>,
    /// What was reported and paid less what is due, by currency; below zero is what is claimed.
    pub totals: BTreeMap<Currency, i64>,
    /// Orders that were named, of which there is nothing to claim.
    pub nothing_of: Vec<No>,
    /// Lines that wait for a recompute.
    pub waiting: u64,
}

/// The evidence of one order.
#[derive(Clone, Debug)]
pub struct ClaimedOrder {
    /// The arithmetic: of a line that was taken back, as if it had not been.
    pub explanation: Explanation,
    /// Those lines.
    pub as_if_not_taken_back: Vec<No>,
    /// What was reported of its lines.
    pub lines: Vec<ClaimedLine>,
    /// The version that governs; none where none does.
    pub version: Option<ClaimedVersion>,
    /// The clauses, as the stored files have them.
    pub clauses: Vec<Quoted>,
}

/// The facts of a line, as name and value.
#[derive(Clone, Debug)]
pub struct ClaimedLine {
    /// The line.
    pub line_no: No,
    /// What is known of it, in the order of our own report format.
    pub facts: Vec<(&'static str, String)>,
    /// What the last report said that had it approved or settled, where it was taken back since.
    pub before: Option<Vec<(&'static str, String)>>,
}

/// The dates of a version.
#[derive(Clone, Debug)]
pub struct ClaimedVersion {
    /// The version.
    pub id: String,
    /// Where its text comes from.
    pub source: String,
    /// When it takes effect.
    pub effective_at: String,
    /// When publishers were told.
    pub announced_on: Option<String>,
    /// When we learned of it, where it is an amendment.
    pub learned_on: Option<String>,
    /// When a person last compared it with its source.
    pub checked_on: Option<String>,
}

/// A piece of a stored file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quoted {
    /// The file.
    pub file: String,
    /// The line that it begins at.
    pub line: u32,
    /// The clause of the source.
    pub clause: Option<String>,
    /// The text.
    pub text: String,
}

/// Which orders are claimed.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// These, whatever they come to.
    Orders(Vec<No>),
    /// All in scope that were reported or paid short.
    Short,
}

/// Returns what is claimed.
///
/// # Errors
///
/// When nothing was reported or paid short, when the orders are of several programs, or the ledger
/// fails.
pub fn dispute(
    ledger: &Ledger,
    terms: &Terms,
    asked: &Asked,
    claimed: &Claimed,
    progress: &mut dyn Progress,
) -> Result<Dispute> {
    let (program, found) = match claimed {
        Claimed::Orders(orders) => {
            let program = program_of(ledger, asked.scope.program.as_deref(), orders)?;
            let found = reconcile_orders(ledger, terms, asked, &program, orders)?;
            (program, found)
        }
        Claimed::Short => {
            let found = reconcile(ledger, terms, asked, progress)?;
            (program_short(&found, asked)?, found)
        }
    };
    let waiting = found.waiting;
    let orders = by_order(found, &program);
    if orders.is_empty() {
        return Err(nothing(asked, claimed));
    }
    let mut totals: BTreeMap<Currency, i64> = BTreeMap::new();
    for (currency, difference) in orders.values().flat_map(|findings| sums(findings)) {
        *totals.entry(currency).or_default() += difference;
    }
    let nothing_of = match claimed {
        Claimed::Orders(named) => {
            named.iter().filter(|order_no| !orders.contains_key(*order_no)).cloned().collect()
        }
        Claimed::Short => Vec::new(),
    };
    let known = terms.book.program(&program);
    Ok(Dispute {
        name: known.map_or(&*program, Program::name).to_owned(),
        network: known.and_then(Program::network).map(str::to_owned),
        orders,
        totals,
        nothing_of,
        waiting,
        program,
    })
}

/// Returns what the findings of an order sum to, by currency.
pub fn sums(findings: &[Finding]) -> BTreeMap<Currency, i64> {
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    for finding in findings {
        if let (Some(currency), Some(difference)) = (finding.currency, finding.difference) {
            *sums.entry(currency).or_default() += difference;
        }
    }
    sums
}

/// Whether there is something to claim of an order: it is short in some currency, or a later report
/// leaves it out.
fn is_short(findings: &[Finding]) -> bool {
    let left_out = |finding: &Finding| finding.diagnosis == Diagnosis::LeftOut;
    sums(findings).values().any(|sum| *sum < 0) || findings.iter().any(left_out)
}

/// The one program that has all orders.
fn program_of(ledger: &Ledger, program: Option<&str>, orders: &[No]) -> Result<String> {
    let mut programs = BTreeSet::new();
    for order_no in orders {
        programs.insert(crate::explain::program_of(ledger, program, order_no)?);
    }
    one(&programs)
}

/// The one program that has orders which were reported or paid short.
fn program_short(found: &Reconciled, asked: &Asked) -> Result<String> {
    let mut of_order: BTreeMap<(&str, &No), Vec<Finding>> = BTreeMap::new();
    for finding in found.findings.iter().filter(|finding| finding.is_finding()) {
        if let Some(order_no) = &finding.order_no {
            of_order.entry((&finding.program, order_no)).or_default().push(finding.clone());
        }
    }
    let short = of_order.iter().filter(|(_, findings)| is_short(findings));
    let programs: BTreeSet<String> = short.map(|((program, _), _)| (*program).to_owned()).collect();
    if programs.is_empty() { Err(nothing(asked, &Claimed::Short)) } else { one(&programs) }
}

fn one(programs: &BTreeSet<String>) -> Result<String> {
    let names: Vec<String> = programs.iter().cloned().collect();
    match <[String; 1]>::try_from(names) {
        Ok([only]) => Ok(only),
        Err(names) => {
            let message = format!("the orders are of {}", names.join(" and of "));
            Err(Error::new(&error::WHOSE_CLAIM, message).hint("name one of them with --program"))
        }
    }
}

fn nothing(asked: &Asked, claimed: &Claimed) -> Error {
    let what = match claimed {
        Claimed::Orders(_) => "these orders".to_owned(),
        Claimed::Short => format!("the orders of {}", asked.scope.in_words()),
    };
    Error::new(&error::NOTHING_TO_CLAIM, format!("nothing of {what} was reported or paid short"))
        .hint("`feebook reconcile` shows what differs")
}

/// The findings of each order of which there is something to claim. Those that speak against the claim
/// are among them: a claim that leaves them out is not worth sending.
fn by_order(found: Reconciled, program: &str) -> BTreeMap<No, Vec<Finding>> {
    let mut by_order: BTreeMap<No, Vec<Finding>> = BTreeMap::new();
    for finding in found.findings {
        let counts = finding.is_finding() && finding.program == program;
        if let Some(order_no) = finding.order_no.clone().filter(|_| counts) {
            by_order.entry(order_no).or_default().push(finding);
        }
    }
    by_order.retain(|_, findings| is_short(findings));
    by_order
}

/// Makes the evidence of one order after the other, and keeps the files that it quotes.
#[derive(Debug)]
pub struct Evidence<'e> {
    ledger: &'e Ledger,
    program: &'e str,
    replay: Replay,
    seq: i64,
    quoted: BTreeMap<String, Source>,
}

impl<'e> Evidence<'e> {
    /// Begins with none.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn new(ledger: &'e Ledger, program: &'e str) -> Result<Self> {
        let (replay, seq) = (Replay::new(ledger)?, ledger.last_seq()?);
        Ok(Self { ledger, program, replay, seq, quoted: BTreeMap::new() })
    }

    /// Returns the files that were quoted, as the ledger stores them.
    pub fn quoted(&self) -> impl Iterator<Item = &Source> {
        self.quoted.values()
    }

    /// Returns the evidence of an order: as its latest run saw it.
    ///
    /// # Errors
    ///
    /// When the ledger fails or a stored text of the terms no longer loads.
    pub fn order(&mut self, order_no: &No, findings: &[Finding]) -> Result<ClaimedOrder> {
        let vanished = || Error::new(&error::BROKEN, "an order vanished");
        let order = self.ledger.order(self.program, order_no)?.ok_or_else(vanished)?;
        let latest = self.replay.latest(self.ledger, self.program, &order)?;
        let latest = latest.ok_or_else(vanished)?;
        let taken_back: Vec<No> = findings
            .iter()
            .filter(|finding| finding.diagnosis == Diagnosis::TakenBack)
            .filter_map(|finding| finding.line_no.clone())
            .collect();
        let revisions = edited(&latest.facts, |_, fact| {
            if taken_back.contains(&fact.line_no) {
                fact.state = State::Approved;
            }
        });
        let facts = with(&latest.facts, &revisions);
        let explanation = explain_as(self.ledger, latest.evaluator, &order, &facts)?;
        let words = self.ledger.words();
        let program = latest.evaluator.program();
        let version = explanation.schedule.as_deref().and_then(|id| program.version(id));
        let currency = version.map(Version::currency);
        let lines = latest.facts.iter().map(|line| {
            let fact = &line.revision.fact;
            let before = taken_back.contains(&fact.line_no).then(|| {
                let reports = self.ledger.reports_of(&order, &fact.line_no, self.seq);
                reports
                    .into_iter()
                    .rev()
                    .find(|report| matches!(report.fact.state, State::Approved | State::Settled))
            });
            let before = before.flatten();
            ClaimedLine {
                line_no: fact.line_no.clone(),
                facts: facts_of(program, fact, currency, words),
                before: before.map(|report| facts_of(program, &report.fact, currency, words)),
            }
        });
        let lines = lines.collect();
        let others = findings.iter().filter_map(|finding| finding.other_schedule.as_deref());
        let others = others.filter_map(|id| program.version(id)).map(Version::source);
        let files = [Some(program.source()), version.map(Version::source)];
        let sources: Vec<Source> = files.into_iter().flatten().chain(others).cloned().collect();
        let claimed = ClaimedOrder {
            clauses: clauses(&explanation, &sources),
            version: version.map(|version| dates(program, version)),
            as_if_not_taken_back: taken_back,
            lines,
            explanation,
        };
        for source in sources {
            self.quote(&source);
        }
        Ok(claimed)
    }

    /// Keeps a file; another order may rest on an earlier text of the same.
    fn quote(&mut self, source: &Source) {
        let same = |known: &Source| known.digest() == source.digest();
        let mut name = source.path().to_owned();
        while self.quoted.get(&name).is_some_and(|known| !same(known)) {
            name.push_str(".earlier");
        }
        let text = source.text();
        self.quoted
            .entry(name.clone())
            .or_insert_with(|| Source::new(&*name, source.shown(), text));
    }
}

fn dates(program: &Program, version: &Version) -> ClaimedVersion {
    ClaimedVersion {
        id: version.id().to_owned(),
        source: version.source_note().to_owned(),
        effective_at: zone::written(program.zone(), version.start()),
        announced_on: version.announced_on().map(|day| day.to_string()),
        learned_on: version.learned_on().map(|day| day.to_string()),
        checked_on: version.checked_on().map(|day| day.to_string()),
    }
}

/// What is known of a line, in the order of our own report format.
fn facts_of(
    program: &Program,
    fact: &LineFact,
    currency: Option<Currency>,
    words: &Words,
) -> Vec<(&'static str, String)> {
    let at = |at: Option<i64>| at.map(|at| zone::written(program.zone(), at));
    let decimals = amounts_in(fact, words, currency).map_or(2, |known| known.decimals());
    let money =
        |minor: Option<i64>| minor.map(|minor| feebook_schedule::iso::written(minor, decimals));
    let amount =
        |minor: Option<feebook_kernel::Minor>| money(minor.map(feebook_kernel::Minor::get));
    let word = |word: Option<crate::words::Word>| word.map(|word| words.text(word).to_owned());
    let yes = |known: Option<bool>| known.map(|yes| if yes { "Y" } else { "N" }.to_owned());
    [
        ("status", Some(fact.state.word().to_owned())),
        ("placement", word(fact.placement)),
        ("sub_id", fact.sub_id.as_deref().map(str::to_owned)),
        ("clicked_at", at(fact.clicked_at)),
        ("ordered_at", at(fact.ordered_at)),
        ("paid_at", at(fact.paid_at)),
        ("finished_at", at(fact.finished_at)),
        ("settled_at", at(fact.settled_at)),
        ("updated_at", at(fact.updated_at)),
        ("category", word(fact.category)),
        ("product", fact.product.as_ref().map(ToString::to_string)),
        ("store", word(fact.store)),
        ("ship_to", word(fact.ship_to)),
        ("seller_country", word(fact.seller_country)),
        ("host", word(fact.host)),
        ("currency", word(fact.currency)),
        ("amount_currency", word(fact.amount_currency)),
        ("product_price", amount(fact.product_price)),
        ("quantity", Some(fact.quantity.to_string())),
        ("service_fee", amount(fact.service_fee)),
        ("paid_amount", amount(fact.paid_amount)),
        ("final_amount", amount(fact.final_amount)),
        ("refunded", amount(fact.refunded)),
        ("new_buyer", yes(fact.new_buyer)),
        ("hot", yes(fact.hot)),
        ("affiliate", yes(fact.affiliate)),
        ("coupon", yes(fact.coupon)),
        ("reported_rate", fact.reported_rate.map(feebook_schedule::iso::percent)),
        ("reported_commission", money(fact.reported_commission)),
        ("reported_incentive", money(fact.reported_incentive)),
        ("reported_bonus", money(fact.reported_bonus)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

/// The pieces of the stored files that the steps rest on, each once.
fn clauses(explanation: &Explanation, sources: &[Source]) -> Vec<Quoted> {
    let lines = explanation.lines.iter().flat_map(|line| &line.steps);
    let all = explanation.order_steps.iter().chain(lines);
    let piece = |step: &ExplainedStep| {
        let place = step.place.as_ref()?;
        let source = sources.iter().find(|source| source.shown() == place.file)?;
        let text = entry(source.text(), place.line)?;
        let (file, line) = (place.file.clone(), place.line);
        Some(Quoted { file, line, clause: step.clause.clone(), text })
    };
    let pieces: BTreeSet<Quoted> = all.filter_map(piece).collect();
    let mut pieces: Vec<Quoted> = pieces.into_iter().collect();
    pieces.dedup_by(|a, b| (&a.file, a.line) == (&b.file, b.line));
    pieces
}

/// The entry that begins at a line of a TOML file, up to the next; of a key its line.
fn entry(text: &str, line: u32) -> Option<String> {
    let first = usize::try_from(line).ok()?.checked_sub(1)?;
    let mut lines = text.lines().skip(first);
    let head = lines.next()?;
    if !head.trim_start().starts_with('[') {
        return Some(head.to_owned());
    }
    let belongs = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('[');
    let rest: Vec<&str> = lines.take_while(belongs).collect();
    Some([&[head][..], &rest].concat().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_quoted_to_its_end_and_a_key_by_its_line() {
        let text = "a = 1\n[[rate]]  # one\nrate = \"5%\"\nclause = \"1\"\n\n[cap]\nx = 1\n[y]\n";
        assert_eq!(entry(text, 1).as_deref(), Some("a = 1"));
        assert_eq!(
            entry(text, 2).as_deref(),
            Some("[[rate]]  # one\nrate = \"5%\"\nclause = \"1\"")
        );
        assert_eq!(entry(text, 6).as_deref(), Some("[cap]\nx = 1"));
        assert_eq!((entry(text, 0), entry(text, 9)), (None, None));
    }
}
