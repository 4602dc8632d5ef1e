//! Why an order moves: the clause and the value that decided its greatest difference, before and
//! after.
//!
//! Owns the words. Refuses to weigh anything but the amounts that the kernel found.

use feebook_kernel::{Decided, Minor, Outcome, Verdict};
use feebook_schedule::Version;
use feebook_schedule::iso::percent;

use crate::ledger::CountingLine;
use crate::run::{Evaluator, known};
use crate::side_by_side::Sight;

/// One reading of an order.
type Side<'s> = (&'s Evaluator, &'s Sight);

/// What a line earns is made of these.
#[derive(Clone, Copy)]
enum Part {
    Commission,
    Incentive,
    Bonus,
    Withheld,
}

/// Says what decided the line of the order that moves most.
pub(super) fn cause(before: Side<'_>, after: Side<'_>, facts: &[CountingLine<'_>]) -> String {
    let pairs = before.1.outcomes.iter().zip(&after.1.outcomes).zip(facts);
    let greatest = pairs.max_by_key(|((old, new), _)| match (known(old), known(new)) {
        (Some(old), Some(new)) => new.total().abs_diff(old.total()),
        _ => 0,
    });
    let Some(((old, new), line)) = greatest else { return String::new() };
    let part = part(old, new);
    let (old, new) = (words(part, before, old, line), words(part, after, new, line));
    if old == new {
        let said = |side: Side<'_>| {
            let answers = side.1.answers.as_ref()?;
            answers.of(&line.revision.fact.line_no)?.reason.clone()
        };
        if let (Some(before), Some(after)) = (said(before), said(after))
            && before != after
        {
            return format!("the plugin gives otherwise: {after}, instead of {before}");
        }
        // The entry is the same: what it is applied to is not.
        return format!("{old}, of another basis");
    }
    format!("{old} -> {new}")
}

/// The part that moves most; of equals the first.
fn part(old: &Outcome, new: &Outcome) -> Part {
    // What is capped before and after moves with the cap, whatever lies above it.
    if old.withheld > Minor::ZERO && new.withheld > Minor::ZERO {
        return Part::Withheld;
    }
    let parts = [
        (Part::Commission, old.commission.get().abs_diff(new.commission.get())),
        (Part::Bonus, old.bonus.get().abs_diff(new.bonus.get())),
        (Part::Withheld, old.withheld.get().abs_diff(new.withheld.get())),
        (Part::Incentive, old.incentive.get().abs_diff(new.incentive.get())),
    ];
    let first = (Part::Commission, 0);
    let greatest =
        parts.into_iter().fold(first, |most, one| if one.1 > most.1 { one } else { most });
    greatest.0
}

fn words(
    part: Part,
    (evaluator, sight): Side<'_>,
    outcome: &Outcome,
    line: &CountingLine<'_>,
) -> String {
    let version = evaluator.version(&sight.covering);
    let amount = |minor: i64| match sight.currency {
        Some(currency) => currency.written(minor),
        None => minor.to_string(),
    };
    match part {
        Part::Commission => {
            let deciding = evaluator.deciding_version(&sight.covering, line, outcome);
            decided(deciding, outcome)
        }
        Part::Incentive => format!("incentive {}", amount(outcome.incentive.get())),
        Part::Bonus => {
            let entry = outcome.bonus_entry.map(usize::from);
            let entry = version.zip(entry).and_then(|(version, at)| version.bonuses().get(at));
            let clause = entry.and_then(|entry| entry.clause.as_deref());
            cited("bonus", clause, &amount(outcome.bonus.get()))
        }
        Part::Withheld => {
            let clause = version.and_then(Version::cap_clause);
            cited("cap", clause, &format!("{} withheld", amount(outcome.withheld.get())))
        }
    }
}

fn cited(what: &str, clause: Option<&str>, value: &str) -> String {
    let clause = clause.map_or(String::new(), |clause| format!(" {clause}"));
    format!("{what}{clause} ({value})")
}

/// The clause that decided, with the rate it gives or the verdict it is.
fn decided(version: Option<&Version>, outcome: &Outcome) -> String {
    let clause = version.and_then(|version| version.clause(outcome.decided));
    let value = match (outcome.verdict, outcome.decided) {
        (Verdict::Commissionable, Decided::Rate(at)) => {
            let entry = version.and_then(|version| version.rates().get(usize::from(at)));
            let label = entry.map_or("", |entry| entry.label.as_str());
            outcome.rate.map_or_else(|| label.to_owned(), percent)
        }
        (Verdict::Held, _) => {
            let rate = outcome.rate.map_or_else(String::new, |rate| format!(", {}", percent(rate)));
            format!("held{rate}")
        }
        (_, Decided::Exclude(at)) => {
            let entry = version.and_then(|version| version.excludes().get(usize::from(at)));
            entry.map_or("excluded", |entry| entry.label.as_str()).to_owned()
        }
        (verdict, _) => verdict.word().to_owned(),
    };
    clause.map_or_else(|| value.clone(), |clause| format!("{clause} ({value})"))
}
