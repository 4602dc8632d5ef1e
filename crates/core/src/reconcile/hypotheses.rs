//! The hypotheses: how else the network may have come to its amount, each as other facts or other
//! terms of the same order.
//!
//! Owns the closed set and what is edited for each. Refuses money: an amount is whatever the one
//! evaluator makes of the edited facts and terms, and nothing is multiplied here.

use chrono_tz::Tz;
use feebook_kernel::{CapScope, Minor, Rounding, WhenUnknown};
use feebook_schedule::iso::percent;
use feebook_schedule::{Currency, Program, Version};

use super::Diagnosis;
use crate::fact::LineFact;
use crate::ledger::{CountingLine, Revision};

/// The zones that a network may read a day in: those of its reports, of its offices, and of the
/// world's clocks.
pub const ZONES: [Tz; 8] = [
    Tz::UTC,
    Tz::Asia__Shanghai,
    Tz::Europe__Moscow,
    Tz::Europe__Oslo,
    Tz::Europe__London,
    Tz::America__New_York,
    Tz::America__Los_Angeles,
    Tz::Asia__Kolkata,
];

/// How far from a change of terms a day in another zone can lie under other terms, in seconds.
const ZONE_REACH: i64 = 26 * 3_600;

/// How many versions before and after are tried.
const NEIGHBOURS: usize = 3;

/// Other terms.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edit {
    /// The same terms.
    None,
    /// One key of the governing version is another; none leaves it out.
    Version(&'static str, Option<String>),
    /// The program's zone is another.
    Zone(&'static str),
    /// Another version is in force always.
    Always(String),
}

/// Other facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Facts {
    Same,
    WithoutFinal,
    WithoutRefund,
    RefundTwice,
    NewBuyer,
    FeeUnknown,
    PaidWithFee,
}

/// One hypothesis.
#[derive(Clone, Debug)]
pub(super) struct Hypothesis {
    pub(super) diagnosis: Diagnosis,
    pub(super) edit: Edit,
    pub(super) facts: Facts,
    /// What it says, after "as if".
    pub(super) words: String,
    /// The clause that it contradicts, where that is not the line's own.
    pub(super) clause: Option<String>,
}

/// Makes the hypotheses of one order.
pub(super) struct Maker<'m> {
    pub(super) program: &'m Program,
    pub(super) version: &'m Version,
    pub(super) governing_at: i64,
    pub(super) facts: &'m [CountingLine<'m>],
}

impl Maker<'_> {
    /// Returns the hypotheses that the order's facts and terms leave room for, in order of preference.
    pub(super) fn all(&self) -> Vec<Hypothesis> {
        let mut all = Vec::new();
        self.rounding(&mut all);
        self.zones(&mut all);
        self.versions(&mut all);
        self.amounts(&mut all);
        self.bonus(&mut all);
        self.cap(&mut all);
        self.fee(&mut all);
        self.basis(&mut all);
        all
    }

    fn any(&self, holds: impl Fn(&LineFact) -> bool) -> bool {
        self.facts.iter().any(|line| holds(&line.revision.fact))
    }

    fn policy(&self, key: &str) -> Option<String> {
        self.version.policy_clause(key).map(str::to_owned)
    }

    fn edited(
        &self,
        diagnosis: Diagnosis,
        key: &'static str,
        value: Option<&str>,
        words: String,
    ) -> Hypothesis {
        let value =
            value.map(
                |text| {
                    if text.starts_with('[') { text.to_owned() } else { format!("\"{text}\"") }
                },
            );
        let clause = match key.split('.').next() {
            Some("cap") => self.version.cap_clause().map(str::to_owned),
            Some("policy") => self.policy(key.split('.').nth(1).unwrap_or_default()),
            _ => None,
        };
        Hypothesis { diagnosis, edit: Edit::Version(key, value), facts: Facts::Same, words, clause }
    }

    fn same_terms(diagnosis: Diagnosis, facts: Facts, words: String) -> Hypothesis {
        Hypothesis { diagnosis, edit: Edit::None, facts, words, clause: None }
    }

    fn rounding(&self, all: &mut Vec<Hypothesis>) {
        let now = self.version.terms().rounding;
        let said = |rounding| match rounding {
            Rounding::Floor => "cut off",
            Rounding::HalfUp => "rounded half up",
            Rounding::HalfEven => "rounded half to even",
        };
        for (rounding, word) in [
            (Rounding::Floor, "floor"),
            (Rounding::HalfUp, "half_up"),
            (Rounding::HalfEven, "half_even"),
        ] {
            if rounding != now {
                let words = format!("it were {}, not {}", said(rounding), said(now));
                let key = "policy.rounding";
                all.push(self.edited(Diagnosis::Rounding, key, Some(word), words));
            }
        }
    }

    fn zones(&self, all: &mut Vec<Hypothesis>) {
        let program = self.program;
        let near = program.versions().iter().any(|version| {
            let edges = [Some(version.start()), version.end()].into_iter().flatten();
            edges.into_iter().any(|at| at.abs_diff(self.governing_at) < ZONE_REACH.unsigned_abs())
        });
        if !near && !self.version.asks_day() {
            return;
        }
        for zone in ZONES.iter().filter(|zone| **zone != program.zone()) {
            all.push(Hypothesis {
                diagnosis: Diagnosis::Zone,
                edit: Edit::Zone(zone.name()),
                facts: Facts::Same,
                words: format!("days began in {}, not in {}", zone.name(), program.zone().name()),
                clause: None,
            });
        }
    }

    fn versions(&self, all: &mut Vec<Hypothesis>) {
        let versions = self.program.versions();
        let Some(at) = versions.iter().position(|known| known.id() == self.version.id()) else {
            return;
        };
        let before = versions[..at].iter().rev().take(NEIGHBOURS);
        let after = versions[at + 1..].iter().take(NEIGHBOURS);
        let before = before.map(|version| (Diagnosis::VersionBefore, version));
        let after = after.map(|version| (Diagnosis::VersionAfter, version));
        for (diagnosis, version) in before.chain(after) {
            all.push(Hypothesis {
                diagnosis,
                edit: Edit::Always(version.id().to_owned()),
                facts: Facts::Same,
                words: format!("version {} were in force, not {}", version.id(), self.version.id()),
                clause: None,
            });
        }
    }

    fn amounts(&self, all: &mut Vec<Hypothesis>) {
        let shown = |minor: Option<Minor>, currency: Currency| {
            minor.map_or_else(String::new, |minor| currency.written(minor.get()))
        };
        let currency = self.version.currency();
        let line = |holds: &dyn Fn(&LineFact) -> bool| {
            self.facts.iter().map(|line| &line.revision.fact).find(|fact| holds(fact))
        };
        if let Some(fact) = line(&|fact| fact.final_amount.is_some()) {
            let (paid, last) =
                (shown(fact.paid_amount, currency), shown(fact.final_amount, currency));
            let words = format!("the paid amount of {paid} still stood, not the final {last}");
            all.push(Self::same_terms(Diagnosis::EstimateNotFinal, Facts::WithoutFinal, words));
        }
        if let Some(fact) = line(&|fact| fact.refunded.is_some_and(|back| back > Minor::ZERO)) {
            let back = shown(fact.refunded, currency);
            let words = format!("the refund of {back} were not taken out");
            all.push(Self::same_terms(Diagnosis::RefundNotTaken, Facts::WithoutRefund, words));
            let words = format!("the refund of {back} were taken out twice");
            all.push(Self::same_terms(Diagnosis::RefundTwice, Facts::RefundTwice, words));
        }
    }

    fn bonus(&self, all: &mut Vec<Hypothesis>) {
        if self.version.bonuses().is_empty() {
            return;
        }
        let clause = self.version.bonuses().first().and_then(|entry| entry.clause.clone());
        let words = "there were no bonus".to_owned();
        let missing = self.edited(Diagnosis::BonusMissing, "bonus", None, words);
        all.push(Hypothesis { clause: clause.clone(), ..missing });
        if !self.any(|fact| fact.new_buyer == Some(true)) {
            let words = "the buyer were new, which no line says".to_owned();
            let due = Self::same_terms(Diagnosis::BonusNotDue, Facts::NewBuyer, words);
            all.push(Hypothesis { clause, ..due });
        }
    }

    fn cap(&self, all: &mut Vec<Hypothesis>) {
        let Some(cap) = self.version.terms().cap else { return };
        let limit = self.version.currency().written(cap.limit.get());
        let words = format!("there were no cap of {limit}");
        all.push(self.edited(Diagnosis::CapNotApplied, "cap", None, words));
        let (other, words) = match cap.scope {
            CapScope::Order => ("line", "were counted over each line, not over the order"),
            CapScope::Line => ("order", "were counted over the order, not over each line"),
        };
        let words = format!("the cap of {limit} {words}");
        all.push(self.edited(Diagnosis::CapScope, "cap.scope", Some(other), words));
        let covers = [
            ("commission", cap.covers.commission),
            ("incentive", cap.covers.incentive),
            ("bonus", !cap.covers.bonus),
        ];
        let list: Vec<String> =
            covers.iter().filter(|(_, on)| *on).map(|(word, _)| format!("\"{word}\"")).collect();
        if !list.is_empty() {
            let side = if cap.covers.bonus { "outside, not inside" } else { "inside, not outside" };
            let words = format!("the bonus were {side} the cap of {limit}");
            let list = format!("[{}]", list.join(", "));
            all.push(self.edited(Diagnosis::CapCovers, "cap.covers", Some(&list), words));
        }
    }

    fn fee(&self, all: &mut Vec<Hypothesis>) {
        let key = "policy.service_fee.when_unknown";
        let known = self.any(|fact| fact.service_fee.is_some_and(|fee| fee > Minor::ZERO));
        let clause = self.policy("service_fee");
        let mut push = |hypothesis: Hypothesis, facts: Facts| {
            all.push(Hypothesis { facts, clause: clause.clone(), ..hypothesis });
        };
        let left =
            |words: &str| Self::same_terms(Diagnosis::ServiceFee, Facts::Same, words.to_owned());
        if known {
            push(
                left("the service fee within the paid amount were left in the basis"),
                Facts::PaidWithFee,
            );
        }
        let Some(fee) = self.version.terms().service_fee else { return };
        let max = percent(fee.max);
        let words = format!("a service fee of {max} were taken out");
        let out = self.edited(Diagnosis::ServiceFee, key, Some("max"), words);
        if known || fee.when_unknown == WhenUnknown::None {
            push(out, Facts::FeeUnknown);
        }
        if known || fee.when_unknown == WhenUnknown::Max {
            let words = "no service fee were taken out".to_owned();
            let none = self.edited(Diagnosis::ServiceFee, key, Some("none"), words);
            push(none, Facts::FeeUnknown);
        }
    }

    fn basis(&self, all: &mut Vec<Hypothesis>) {
        if !self.any(|fact| fact.product_price.is_some() && fact.paid_amount.is_some()) {
            return;
        }
        let (other, words) = match self.version.terms().basis {
            feebook_kernel::BasisRule::ProductPrice => {
                ("paid_amount", "the paid amount were the basis, not the product price")
            }
            feebook_kernel::BasisRule::PaidAmount => {
                ("product_price", "the product price were the basis, not the paid amount")
            }
        };
        let words = words.to_owned();
        all.push(self.edited(Diagnosis::PaidBasis, "policy.basis", Some(other), words));
    }
}

impl Facts {
    /// Whether the facts are those of the reports.
    pub(super) fn are_reported(self) -> bool {
        self == Self::Same
    }

    /// Edits a fact.
    fn edit(self, fact: &mut LineFact) {
        match self {
            Self::Same => {}
            Self::WithoutFinal => fact.final_amount = None,
            Self::WithoutRefund => fact.refunded = None,
            Self::RefundTwice => {
                fact.refunded = fact.refunded.and_then(|back| Minor::new(back.get() + back.get()));
            }
            Self::NewBuyer => fact.new_buyer = Some(true),
            Self::FeeUnknown => fact.service_fee = None,
            Self::PaidWithFee => {
                if fact.paid_amount.is_some() || fact.final_amount.is_some() {
                    fact.product_price = None;
                }
                fact.service_fee = Some(Minor::ZERO);
            }
        }
    }

    /// Returns the revisions of an order with other facts.
    pub(super) fn edited(self, facts: &[CountingLine<'_>]) -> Vec<Revision> {
        edited(facts, |_, fact| self.edit(fact))
    }
}

/// Returns the revisions of an order, each edited.
pub(crate) fn edited(
    facts: &[CountingLine<'_>],
    mut edit: impl FnMut(usize, &mut LineFact),
) -> Vec<Revision> {
    let copy = |(at, line): (usize, &CountingLine<'_>)| {
        let mut revision = line.revision.clone();
        edit(at, &mut revision.fact);
        revision
    };
    facts.iter().enumerate().map(copy).collect()
}

/// The lines of an order with other revisions.
pub(crate) fn with<'r>(
    facts: &[CountingLine<'r>],
    revisions: &'r [Revision],
) -> Vec<CountingLine<'r>> {
    let pairs = facts.iter().zip(revisions);
    pairs
        .map(|(line, revision)| CountingLine {
            revision,
            conflict: line.conflict,
            own_click: line.own_click,
            paid_on: line.paid_on,
            corrected: line.corrected,
        })
        .collect()
}
