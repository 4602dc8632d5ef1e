//! What is worth a person's look: the ledger file itself, and facts that contradict the terms or
//! each other.
//!
//! Owns the named checks. All findings in one run; none is a verdict, and none changes an amount.

use feebook_kernel::{FeeCountry, Minor, Rounding, Silent, State};
use feebook_schedule::Version;
use feebook_schedule::iso::{percent, written};

use crate::error::Result;
use crate::fact::{LineFact, No};
use crate::ledger::{CountingLine, Ledger, Scan};
use crate::run::{Evaluator, Progress, Scope, Terms};
use crate::words::Words;

/// A named check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The database is whole.
    Integrity,
    /// Two reports of a line differ and nothing but their bytes says which counts.
    Conflict,
    /// A category that the terms' tree does not know.
    UnknownCategory,
    /// A service fee above the policy's greatest.
    FeeAboveMaximum,
    /// A service fee on a buyer outside the fee's countries.
    FeeOutsideCountries,
    /// A local time that occurs twice or never.
    DoubtfulTime,
    /// An order no version covers.
    Uncovered,
    /// A program that has orders and no terms.
    NoTerms,
}

impl Check {
    /// All checks.
    pub const ALL: [Self; 8] = [
        Self::Integrity,
        Self::Conflict,
        Self::UnknownCategory,
        Self::FeeAboveMaximum,
        Self::FeeOutsideCountries,
        Self::DoubtfulTime,
        Self::Uncovered,
        Self::NoTerms,
    ];

    /// Returns the name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::Conflict => "conflict",
            Self::UnknownCategory => "unknown_category",
            Self::FeeAboveMaximum => "fee_above_maximum",
            Self::FeeOutsideCountries => "fee_outside_countries",
            Self::DoubtfulTime => "doubtful_time",
            Self::Uncovered => "uncovered",
            Self::NoTerms => "no_terms",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check that found it.
    pub check: Check,
    /// The program; empty for a finding about the file.
    pub program: String,
    /// The order and the line, where it is about one.
    pub line: Option<(No, No)>,
    /// What was found, with both values.
    pub text: String,
}

/// Runs all checks and tells `each` every finding.
///
/// # Errors
///
/// When the ledger cannot be read.
pub fn check(
    ledger: &Ledger,
    terms: &Terms,
    scope: &Scope,
    progress: &mut dyn Progress,
    each: &mut dyn FnMut(Finding),
) -> Result<()> {
    for text in ledger.integrity()? {
        each(Finding { check: Check::Integrity, program: String::new(), line: None, text });
    }
    let seq = ledger.last_seq()?;
    for program in ledger.programs()? {
        if !scope.includes_program(&program) {
            continue;
        }
        let Some(mut evaluator) = Evaluator::new(&terms.book, &program) else {
            let text =
                format!("the ledger has orders of `{program}`, and there are no terms of it");
            each(Finding { check: Check::NoTerms, program, line: None, text });
            continue;
        };
        let mut scan = Scan::new(ledger, &program)?;
        while let Some(order) = scan.next(ledger)? {
            let facts = ledger.counting(&order, seq);
            if scope.includes_day(evaluator.day(&facts)) && !facts.is_empty() {
                check_order(ledger, &mut evaluator, &program, &facts, each)?;
            }
            progress.advance(1);
        }
    }
    Ok(())
}

fn check_order(
    ledger: &Ledger,
    evaluator: &mut Evaluator,
    program: &str,
    facts: &[CountingLine<'_>],
    each: &mut dyn FnMut(Finding),
) -> Result<()> {
    let words = ledger.words();
    let evaluated = evaluator.evaluate(facts, words, &mut Silent)?;
    let covering = evaluated.covering.clone();
    let fee_countries: Vec<FeeCountry> =
        evaluated.lines.iter().map(|line| line.fee_country).collect();
    let version = evaluator.version(&covering);
    for (line, fee_country) in facts.iter().zip(fee_countries) {
        let fact = &line.revision.fact;
        let mut tell = |check: Check, text: String| {
            each(Finding {
                check,
                program: program.to_owned(),
                line: Some((fact.order_no.clone(), fact.line_no.clone())),
                text,
            });
        };
        if line.conflict {
            let text = "two reports of the line differ, and neither --as-of, updated_at, state, \
                        instants nor refunds say which is later";
            tell(Check::Conflict, text.to_owned());
        }
        if fact.doubtful_time {
            let text = "a local time of the row occurs twice or never; the first, or the offset \
                        before the gap, was taken";
            tell(Check::DoubtfulTime, text.to_owned());
        }
        if let crate::run::Covering::Uncovered(no_cover) = &covering {
            tell(Check::Uncovered, format!("no terms in force: {no_cover}"));
        }
        if let Some(version) = version {
            check_line(version, fact, fee_country, words, &mut tell);
        }
    }
    Ok(())
}

fn check_line(
    version: &Version,
    fact: &LineFact,
    fee_country: FeeCountry,
    words: &Words,
    tell: &mut dyn FnMut(Check, String),
) {
    if let Some(category) = fact.category {
        let id = words.text(category);
        if version.has_tree() && !version.knows_category(id) {
            let tree = version.tree().map_or("", |tree| tree.source().shown());
            tell(Check::UnknownCategory, format!("category {id} is not in {tree}"));
        }
    }
    check_fee(version, fact, fee_country, words, tell);
}

/// Rule 7: a fee above the policy's greatest, or on a buyer outside its countries.
fn check_fee(
    version: &Version,
    fact: &LineFact,
    fee_country: FeeCountry,
    words: &Words,
    tell: &mut dyn FnMut(Check, String),
) {
    let declined = matches!(fact.state, State::Declined | State::Reversed);
    let Some(fee) = fact.service_fee.filter(|fee| *fee > Minor::ZERO && !declined) else { return };
    let Some(policy) = version.terms().service_fee else { return };
    let shown = |amount: Minor| written(amount.get(), version.currency().decimals());
    let price = fact
        .product_price
        .and_then(|price| price.times(fact.quantity))
        .or(fact.final_amount.or(fact.paid_amount).map(|paid| paid.less(fee)));
    if let Some(price) = price {
        let greatest = price.share(policy.max, Rounding::HalfUp);
        if fee > greatest {
            let max = percent(policy.max);
            let text = format!(
                "service fee {} is above {max} of {}, which is {}",
                shown(fee),
                shown(price),
                shown(greatest)
            );
            tell(Check::FeeAboveMaximum, text);
        }
    }
    if fee_country == FeeCountry::Outside {
        let ship_to = fact.ship_to.map_or("", |word| words.text(word));
        let text = format!("service fee {} on a buyer in {ship_to}, where none is due", shown(fee));
        tell(Check::FeeOutsideCountries, text);
    }
}
