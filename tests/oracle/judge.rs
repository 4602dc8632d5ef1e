//! What `feebook lines -O csv` must print, computed the slow and obvious way from DESIGN sections 3 and 7.
//!
//! Owns verdicts, amounts, flags, bonus and cap. Refuses plugins: no order of the generator's needs
//! one.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use rust_decimal::{Decimal, RoundingStrategy};
use toml::{Table, Value};

use super::beside::{Beside, ordered_at};
use super::conditions::{Answer, Facts, ask};
use super::exchange::{self, Converted};
use super::line::{Line, decimal, number_order};
use super::terms::{Instant, Program, Version, text};

/// The columns of `lines`.
pub(crate) const PRINTED: [&str; 14] = [
    "program",
    "order_no",
    "line_no",
    "schedule",
    "status",
    "verdict",
    "clause",
    "basis",
    "rate",
    "commission",
    "incentive",
    "bonus",
    "withheld",
    "total",
];

/// One printed row.
pub(crate) type Printed = [String; 14];

/// What a line earns, and why.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) schedule: String,
    pub(crate) verdict: &'static str,
    pub(crate) clause: String,
    /// Absent where nothing was computed from it; a flat amount needs none, and 0 is printed.
    pub(crate) basis: Option<Decimal>,
    /// In percent; absent for flat amounts and wherever no rate was applied.
    pub(crate) percent: Option<Decimal>,
    pub(crate) commission: Decimal,
    pub(crate) bonus: Decimal,
    pub(crate) withheld: Decimal,
    pub(crate) decimals: u32,
    /// A flag takes the bonus.
    pub(crate) no_bonus: bool,
    /// Why it is held hides why its amounts are not known.
    pub(crate) held_unknown: bool,
}

/// What a flag does to a line, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    WithholdBonus,
    Hold,
    Disqualify,
}

/// What a rate entry is worth.
#[derive(Clone, Debug, PartialEq)]
enum Worth {
    Percent(Decimal),
    Flat(Decimal),
    Unknown,
    Band(Decimal, Decimal),
}

/// Judges all lines of a program, in the order in which they are printed.
pub(crate) fn judge<'l>(
    program: &Program,
    beside: &Beside,
    lines: &'l [Line],
) -> Vec<(&'l Line, Outcome)> {
    let mut orders: BTreeMap<(usize, &str), Vec<&Line>> = BTreeMap::new();
    for line in lines {
        orders.entry(number_order(&line.order_no)).or_default().push(line);
    }
    let mut judged = Vec::new();
    for mut order in orders.into_values() {
        order.sort_by_key(|line| number_order(&line.line_no));
        let outcomes = judge_order(program, beside, &order);
        judged.extend(order.into_iter().zip(outcomes));
    }
    judged
}

/// Returns the instant that governs an order.
pub(crate) fn governing(program: &Program, order: &[&Line]) -> Option<Instant> {
    order.iter().filter_map(|line| governing_instant(program, line)).min()
}

/// Judges the lines of one order, given in the order of their numbers.
pub(crate) fn judge_order(program: &Program, beside: &Beside, order: &[&Line]) -> Vec<Outcome> {
    let Some(governing) = governing(program, order) else {
        return order.iter().map(|line| ungoverned(program, line)).collect();
    };
    let Some(version) = program.version_at(governing) else {
        return order
            .iter()
            .map(|_| Outcome { verdict: "uncovered", ..Outcome::default() })
            .collect();
    };
    let new_buyer = order.iter().any(|line| line.new_buyer == "Y");
    let day = program.day(governing);
    let converted: Vec<Converted> =
        order.iter().map(|line| exchange::converted(version, line, day)).collect();
    let facts = |at: usize| {
        let (Converted { line, all_units }, reported) = (&converted[at], order[at]);
        let click = beside.click_of(program, line);
        let clicked = program.instant(&line.clicked_at).or(click.map(|click| click.at));
        let all_units = *all_units;
        Facts {
            version,
            line,
            reported,
            all_units,
            new_buyer,
            governing,
            day,
            clicked,
            click,
            beside,
        }
    };
    let mut outcomes: Vec<Outcome> =
        (0..order.len()).map(|at| judge_line(program, facts(at))).collect();
    add_bonus(version, &mut outcomes, facts);
    apply_cap(version, &mut outcomes);
    outcomes
}

fn governing_instant(program: &Program, line: &Line) -> Option<Instant> {
    program.instant(match program.governed_by.as_str() {
        "ordered" => &line.ordered_at,
        "paid" => &line.paid_at,
        "finished" => &line.finished_at,
        other => unreachable!("governed_by = {other}"),
    })
}

fn ungoverned(program: &Program, line: &Line) -> Outcome {
    let declined = is_declined(line, None);
    Outcome {
        verdict: if declined { "declined" } else { "unverifiable" },
        decimals: program.versions[0].decimals(),
        ..Outcome::default()
    }
}

/// Goes down the ladder of verdicts (rule 4).
fn judge_line(program: &Program, facts: Facts<'_>) -> Outcome {
    let Facts { version, reported, .. } = facts;
    let flagged = flagged(facts);
    let no_bonus = matches!(flagged, Some((Effect::WithholdBonus, _)));
    let nothing = |verdict, clause| Outcome { verdict, clause, no_bonus, ..blank(version) };
    // Before amounts are exchanged: rounded ones may say otherwise.
    if is_declined(reported, Some(version)) {
        return nothing("declined", version.policy_clause("qualified"));
    }
    if let Some((Effect::Disqualify, clause)) = flagged {
        return nothing("disqualified", clause);
    }
    if let Some(clause) = outside_window(program, facts) {
        return nothing("outside_window", clause);
    }
    if let Some(clause) = excluded(facts) {
        return nothing("excluded", clause);
    }
    let rated = rated(facts);
    if let Some((Effect::Hold, clause)) = flagged {
        return held(rated, clause, version);
    }
    let rated = rated.unwrap_or_else(|clause| nothing("unverifiable", clause));
    Outcome { no_bonus, ..rated }
}

/// Holds a line: all is computed as usual, if it can be.
fn held(rated: Result<Outcome, String>, clause: String, version: &Version) -> Outcome {
    let held_unknown = rated.is_err();
    Outcome { verdict: "held", clause, held_unknown, ..rated.unwrap_or_else(|_| blank(version)) }
}

/// Returns what the line's flags do, and the clause that says so (rule 11). Of equal ones that entry is
/// cited that comes first in the file; the program's own decision has no clause.
fn flagged(facts: Facts<'_>) -> Option<(Effect, String)> {
    let flags = facts.flags();
    let decided = flags.iter().filter_map(|flag| Some(effect(flag.effect?)));
    if let Some(strongest) = decided.max() {
        return Some((strongest, String::new()));
    }
    let entries = facts.version.entries("flag");
    let hits: Vec<usize> =
        flags.iter().filter_map(|flag| by_terms(&flag.kind, &entries, facts)).collect();
    let effect_of = |at: usize| effect(text(entries[at], "effect"));
    let strongest = hits.iter().map(|at| effect_of(*at)).max()?;
    let cited = hits.into_iter().filter(|at| effect_of(*at) == strongest).min()?;
    Some((strongest, clause(entries[cited])))
}

/// Returns which entry says what a kind of flag does: the first of that kind whose conditions hold.
fn by_terms(kind: &str, entries: &[&Table], facts: Facts<'_>) -> Option<usize> {
    let hit = |entry: &&Table| text(entry, "kind") == kind && ask(entry, facts) == Answer::Yes;
    entries.iter().position(hit)
}

fn effect(name: &str) -> Effect {
    match name {
        "disqualify" => Effect::Disqualify,
        "hold" => Effect::Hold,
        "withhold_bonus" => Effect::WithholdBonus,
        other => unreachable!("effect = {other}"),
    }
}

fn blank(version: &Version) -> Outcome {
    Outcome { schedule: version.name.clone(), decimals: version.decimals(), ..Outcome::default() }
}

/// Tells whether the line is declined, reversed or fully refunded: nothing commissionable is left.
fn is_declined(line: &Line, version: Option<&Version>) -> bool {
    let refunded = decimal(&line.refunded).unwrap_or_default();
    let all = before_refunds(line, None, version).is_some_and(|amount| refunded >= amount);
    let paid = decimal(&line.final_amount).or(decimal(&line.paid_amount));
    let all_paid = paid.is_some_and(|paid| refunded >= paid);
    matches!(line.status.as_str(), "declined" | "reversed")
        || (refunded > Decimal::ZERO && (all || all_paid))
}

/// Returns the amount before refunds and fees, and whether it is what the buyer paid.
fn gross(line: &Line, all_units: Option<Decimal>, basis: &str) -> Option<(Decimal, bool)> {
    let quantity = decimal(&line.quantity).unwrap_or(Decimal::ONE);
    let product = decimal(&line.product_price).map(|price| price * quantity);
    let price = all_units.or(product).map(|price| (price, false));
    let paid = decimal(&line.final_amount).or(decimal(&line.paid_amount)).map(|paid| (paid, true));
    match basis {
        "product_price" => price.or(paid),
        "paid_amount" => paid,
        other => unreachable!("policy.basis = {other}"),
    }
}

/// Returns the clause that says so when the click is too old (rule 12).
fn outside_window(program: &Program, facts: Facts<'_>) -> Option<String> {
    let clicked = facts.clicked?;
    let ordered = ordered_at(program, facts.line)?;
    // The version at the click decides, so its clause is cited, even where the order's has no window.
    let version = program.version_at(clicked).unwrap_or(facts.version);
    let window = window(version)?;
    (ordered - clicked > window).then(|| version.policy_clause("attribution_window"))
}

/// Returns the attribution window of a version.
pub(crate) fn window(version: &Version) -> Option<TimeDelta> {
    let window = version.policy().get("attribution_window")?.as_str().expect("a text");
    let days = window.strip_prefix('P').and_then(|days| days.strip_suffix('D'));
    Some(TimeDelta::days(days.expect("P<n>D").parse().expect("a number of days")))
}

fn excluded(facts: Facts<'_>) -> Option<String> {
    let version = facts.version;
    let hit = version.entries("exclude").into_iter().find(|entry| ask(entry, facts) == Answer::Yes);
    if let Some(hit) = hit {
        return Some(clause(hit));
    }
    let currency = facts.line.currency.as_str();
    let other = !currency.is_empty() && currency != text(version.policy(), "currency");
    other.then(|| version.policy_clause("currency"))
}

/// Applies the rate (rules 5 and 6); the error is the clause of what left the line unverifiable.
fn rated(facts: Facts<'_>) -> Result<Outcome, String> {
    if exchange::is_foreign(facts.version, facts.line) {
        return Err(facts.version.policy_clause("currency"));
    }
    let entries = facts.version.entries("rate");
    let Some(at) = entries.iter().position(|entry| ask(entry, facts) == Answer::Yes) else {
        let lacking = entries.into_iter().find(|entry| ask(entry, facts) == Answer::Missing);
        return Err(lacking.map(clause).unwrap_or_default());
    };
    let winner = entries[at];
    let worth = worth(winner);
    let lacking =
        |entry: &&&Table| ask(entry, facts) == Answer::Missing && self::worth(entry) != worth;
    if let Some(entry) = entries[..at].iter().find(lacking) {
        return Err(clause(entry));
    }
    let percent = match worth {
        Worth::Percent(percent) => Some(percent),
        Worth::Flat(_) => None,
        Worth::Unknown => return Err(clause(winner)),
        Worth::Band(min, max) => Some(reported_within(facts.line, min, max).ok_or(clause(winner))?),
    };
    let basis = basis(facts);
    let commission = if let Worth::Flat(amount) = worth {
        amount
    } else {
        let exact = basis.ok_or(clause(winner))? * percent.expect("a rate") / Decimal::ONE_HUNDRED;
        round(exact, facts.version)
    };
    let blank = blank(facts.version);
    Ok(Outcome {
        verdict: "commissionable",
        clause: clause(winner),
        basis,
        percent,
        commission,
        ..blank
    })
}

fn worth(entry: &Table) -> Worth {
    if let Some(amount) = entry.get("amount") {
        return Worth::Flat(decimal(amount.as_str().expect("a text")).expect("an amount"));
    }
    match &entry["rate"] {
        Value::Table(band) => Worth::Band(percent(text(band, "min")), percent(text(band, "max"))),
        Value::String(rate) if rate == "unknown" => Worth::Unknown,
        Value::String(rate) => Worth::Percent(percent(rate)),
        other => unreachable!("rate = {other:?}"),
    }
}

fn reported_within(line: &Line, min: Decimal, max: Decimal) -> Option<Decimal> {
    let cell = Some(line.reported_rate.as_str()).filter(|cell| !cell.is_empty())?;
    Some(percent(cell)).filter(|rate| (min..=max).contains(rate))
}

/// Reads `6.3%` as 6.3.
pub(crate) fn percent(text: &str) -> Decimal {
    decimal(text.strip_suffix('%').expect("a percent sign")).expect("a number")
}

/// Returns the commissionable part of the line (rule 7).
fn basis(facts: Facts<'_>) -> Option<Decimal> {
    let amount = before_refunds(facts.line, facts.all_units, Some(facts.version))?;
    Some((amount - decimal(&facts.line.refunded).unwrap_or_default()).max(Decimal::ZERO))
}

/// Returns what was commissionable before refunds: an amount without the service fee.
fn before_refunds(
    line: &Line,
    all_units: Option<Decimal>,
    version: Option<&Version>,
) -> Option<Decimal> {
    let basis = version.map_or("product_price", |version| text(version.policy(), "basis"));
    let (gross, is_paid) = gross(line, all_units, basis)?;
    Some(match (decimal(&line.service_fee), version) {
        (Some(fee), Some(_)) if is_paid => gross - fee,
        (None, Some(version)) if is_paid => without_unknown_fee(gross, line, version),
        _ => gross,
    })
}

fn without_unknown_fee(paid: Decimal, line: &Line, version: &Version) -> Decimal {
    let fee = version.policy().get("service_fee").and_then(Value::as_table);
    let Some(fee) = fee.filter(|fee| text(fee, "when_unknown") == "max") else {
        return paid;
    };
    if !version.members(&fee["ship_to"]).contains(&line.ship_to) {
        return paid;
    }
    let max = percent(text(fee, "max")) / Decimal::ONE_HUNDRED;
    round_to(exchange::decimals(version, line), paid / (Decimal::ONE + max), version)
}

/// Rounds to the minor unit as the policy says (rule 8).
pub(crate) fn round(exact: Decimal, version: &Version) -> Decimal {
    round_to(version.decimals(), exact, version)
}

/// Rounds to a minor unit of so many decimals as the policy says.
fn round_to(decimals: u32, exact: Decimal, version: &Version) -> Decimal {
    let strategy = match text(version.policy(), "rounding") {
        "floor" => RoundingStrategy::ToNegativeInfinity,
        "half_up" => RoundingStrategy::MidpointAwayFromZero,
        "half_even" => RoundingStrategy::MidpointNearestEven,
        other => unreachable!("policy.rounding = {other}"),
    };
    exact.round_dp_with_strategy(decimals, strategy)
}

fn earns(outcome: &Outcome) -> bool {
    matches!(outcome.verdict, "commissionable" | "held") && !outcome.held_unknown
}

/// Grants the order's bonus (rule 9); one that a flag takes does not move to another line.
fn add_bonus<'f>(version: &Version, outcomes: &mut [Outcome], facts: impl Fn(usize) -> Facts<'f>) {
    let even_so = version.policy().get("bonus_without_commission").and_then(Value::as_bool);
    let earning = outcomes.iter().position(earns);
    // "Then its first line", but for those that earn 0 for being declined, disqualified or late.
    let earns_nothing =
        |verdict: &str| matches!(verdict, "declined" | "disqualified" | "outside_window");
    let any = outcomes.iter().position(|outcome| !earns_nothing(outcome.verdict));
    let Some(at) = earning.or(any.filter(|_| even_so == Some(true))) else {
        return;
    };
    let entries = version.entries("bonus");
    if outcomes[at].no_bonus {
        return;
    }
    if let Some(entry) = entries.iter().find(|entry| ask(entry, facts(at)) == Answer::Yes) {
        outcomes[at].bonus = decimal(text(entry, "amount")).expect("an amount");
    }
}

/// Withholds what is above the cap (rule 10).
fn apply_cap(version: &Version, outcomes: &mut [Outcome]) {
    let Some(cap) = version.text.get("cap").and_then(Value::as_table) else {
        return;
    };
    let limit = decimal(text(cap, "per_order")).expect("an amount");
    let covers = version.members(&cap["covers"]);
    let scope = cap.get("scope").and_then(Value::as_str).unwrap_or("order");
    let taking_part = outcomes.iter_mut().filter(|outcome| earns(outcome));
    let mut lines: Vec<&mut Outcome> = taking_part.collect();
    let covered: Vec<Decimal> = lines.iter().map(|line| covered(line, &covers)).collect();
    let withheld = match scope {
        "order" => share(over(covered.iter().sum(), limit), &covered, version.decimals()),
        "line" => covered.iter().map(|covered| over(*covered, limit)).collect(),
        other => unreachable!("cap.scope = {other}"),
    };
    for (line, withheld) in lines.iter_mut().zip(withheld) {
        line.withheld = withheld;
    }
}

fn covered(outcome: &Outcome, covers: &[String]) -> Decimal {
    let part = |name: &String| match name.as_str() {
        "commission" => outcome.commission,
        "incentive" => Decimal::ZERO,
        "bonus" => outcome.bonus,
        other => unreachable!("cap.covers = {other}"),
    };
    covers.iter().map(part).sum()
}

fn over(amount: Decimal, limit: Decimal) -> Decimal {
    (amount - limit).max(Decimal::ZERO)
}

/// Shares an amount in proportion to weights by largest remainder; of equal remainders the first.
pub(crate) fn share(amount: Decimal, weights: &[Decimal], decimals: u32) -> Vec<Decimal> {
    let all: Decimal = weights.iter().sum();
    if amount.is_zero() || all.is_zero() {
        return vec![Decimal::ZERO; weights.len()];
    }
    let unit = Decimal::new(1, decimals);
    let (amount, all) = (amount / unit, all / unit);
    let products: Vec<Decimal> = weights.iter().map(|weight| weight / unit * amount).collect();
    let remainders: Vec<Decimal> = products.iter().map(|product| product % all).collect();
    let mut parts: Vec<Decimal> =
        products.iter().zip(&remainders).map(|(product, rest)| (product - rest) / all).collect();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|at| (-remainders[*at], *at));
    let mut missing = amount - parts.iter().sum::<Decimal>();
    for at in by_remainder {
        if missing > Decimal::ZERO {
            parts[at] += Decimal::ONE;
            missing -= Decimal::ONE;
        }
    }
    parts.iter().map(|part| part * unit).collect()
}

/// Returns the clause of an entry, or nothing.
pub(crate) fn clause(entry: &Table) -> String {
    entry.get("clause").and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Outcome {
    /// Tells whether it is known what the line earns.
    pub(crate) fn is_known(&self) -> bool {
        !matches!(self.verdict, "unverifiable" | "uncovered") && !self.held_unknown
    }

    /// Returns what the line earns in all.
    pub(crate) fn total(&self) -> Decimal {
        self.commission + self.bonus - self.withheld
    }
}

/// Writes a row as section 7 says.
pub(crate) fn print(program: &Program, line: &Line, outcome: &Outcome) -> Printed {
    let known = outcome.is_known();
    let money =
        |amount: Decimal| if known { cell(amount, outcome.decimals) } else { String::new() };
    let status = if line.status.is_empty() { "pending" } else { line.status.as_str() };
    [
        program.name.clone(),
        line.order_no.clone(),
        line.line_no.clone(),
        outcome.schedule.clone(),
        status.to_owned(),
        outcome.verdict.to_owned(),
        outcome.clause.clone(),
        // A flat amount on a line that reports no amounts has no basis to show.
        match outcome.basis {
            None if earns(outcome) => String::new(),
            basis => money(basis.unwrap_or_default()),
        },
        outcome.percent.map_or_else(String::new, |percent| format!("{}%", percent.normalize())),
        money(outcome.commission),
        money(Decimal::ZERO),
        money(outcome.bonus),
        money(outcome.withheld),
        money(outcome.total()),
    ]
}

fn cell(amount: Decimal, decimals: u32) -> String {
    let mut amount = amount;
    amount.rescale(decimals);
    amount.to_string()
}
