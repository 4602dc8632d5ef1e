//! The evaluation of one order: verdicts and rates per line, then bonus and cap per order.
//!
//! Owns the ladder of verdicts and the order of the steps. Refuses to know where lines come from
//! or where outcomes go. Every caller (recompute, preview, explain, verify) ends here.

use crate::line::{Effect, FeeCountry, Line, State};
use crate::money::Minor;
use crate::observe::{BasisSource, Observer, Step};
use crate::outcome::{Decided, Outcome, Reason, Verdict};
use crate::terms::{BasisRule, Cap, CapScope, Cover, Rate, Terms, WhenUnknown};

/// Evaluates all lines of one order: [`rate`], then [`settle`].
///
/// `lines` are all lines of the order in order of their numbers; `outcomes` has the same length
/// and is overwritten.
pub fn evaluate<O: Observer>(
    cover: Cover<'_>,
    lines: &[Line],
    outcomes: &mut [Outcome],
    observer: &mut O,
) {
    rate(cover, lines, outcomes, observer);
    settle(cover, lines, outcomes, observer);
}

/// Gives each line its verdict, basis and commission.
pub fn rate<O: Observer>(
    cover: Cover<'_>,
    lines: &[Line],
    outcomes: &mut [Outcome],
    observer: &mut O,
) {
    for (index, (line, outcome)) in lines.iter().zip(outcomes.iter_mut()).enumerate() {
        *outcome = match cover {
            Cover::Terms(terms) => rate_line(terms, line, index, observer),
            Cover::Uncovered => bare(Verdict::Uncovered, Reason::NoCover, Decided::Nothing),
            Cover::NotYetGoverned => ungoverned(line),
        };
        observer.step(
            index,
            Step::Verdict {
                verdict: outcome.verdict,
                reason: outcome.reason,
                decided: outcome.decided,
            },
        );
    }
}

/// Gives the order its bonus and its cap.
///
/// Reads the commission and incentive that [`rate`] and a plugin left in `outcomes`.
pub fn settle<O: Observer>(
    cover: Cover<'_>,
    lines: &[Line],
    outcomes: &mut [Outcome],
    observer: &mut O,
) {
    let Cover::Terms(terms) = cover else { return };
    withhold_flagged(lines, outcomes);
    give_bonus(terms, lines, outcomes, observer);
    if let Some(cap) = &terms.cap {
        match cap.scope {
            CapScope::Order => apply_cap(cap, outcomes, 0, observer),
            CapScope::Line => {
                for index in 0..outcomes.len() {
                    apply_cap(cap, &mut outcomes[index..=index], index, observer);
                }
            }
        }
    }
}

/// An outcome without amounts.
fn bare(verdict: Verdict, reason: Reason, decided: Decided) -> Outcome {
    Outcome { verdict, reason, decided, ..Outcome::default() }
}

/// Rule 3: no line of the order has the governing instant.
fn ungoverned(line: &Line) -> Outcome {
    let gross = line.price.and_then(|price| price.times(line.quantity)).or(paid(line));
    match declined(line, gross.map(|gross| gross.less(line.refunded))) {
        Some(reason) => bare(Verdict::Declined, reason, Decided::Qualified),
        None => bare(Verdict::Unverifiable, Reason::NotYetGoverned, Decided::Nothing),
    }
}

/// The ladder of verdicts under terms (rule 4), and the commission at its end.
fn rate_line<O: Observer>(
    terms: &Terms<'_>,
    line: &Line,
    index: usize,
    observer: &mut O,
) -> Outcome {
    let basis = basis(terms, line);
    if let Some(reason) = declined(line, basis.map(|basis| basis.left)) {
        return bare(Verdict::Declined, reason, Decided::Qualified);
    }
    if let Some(flag) = line.flag
        && flag.effect == Effect::Disqualify
    {
        return bare(Verdict::Disqualified, Reason::Flag, Decided::Flag(flag.entry));
    }
    if let (Some(lag), Some(window)) = (line.lag, line.window)
        && lag > window
    {
        return bare(Verdict::OutsideWindow, Reason::LateOrder, Decided::Window);
    }
    if let Some(entry) = line.exclusion {
        return bare(Verdict::Excluded, Reason::ExcludeEntry, Decided::Exclude(entry));
    }
    if line.paid_in_other_currency {
        return bare(Verdict::Excluded, Reason::PaidCurrency, Decided::Currency);
    }
    let priced = price(terms, line, basis);
    let outcome = match priced {
        Ok(priced) => priced,
        Err((reason, decided)) => bare(Verdict::Unverifiable, reason, decided),
    };
    if outcome.computed {
        show_steps(line, basis, &outcome, index, observer);
    }
    match line.flag {
        Some(flag) if flag.effect == Effect::Hold => {
            Outcome { verdict: Verdict::Held, decided: Decided::Flag(flag.entry), ..outcome }
        }
        _ => outcome,
    }
}

/// Tells the observer how basis and commission came about.
fn show_steps<O: Observer>(
    line: &Line,
    basis: Option<Basis>,
    outcome: &Outcome,
    index: usize,
    observer: &mut O,
) {
    if let Some(basis) = basis {
        observer.step(
            index,
            Step::Basis {
                source: basis.source,
                gross: basis.gross,
                fee: basis.fee,
                fee_assumed: basis.fee_assumed,
                fee_country: line.fee_country,
                refunded: line.refunded,
                basis: basis.left,
            },
        );
    }
    if let Decided::Rate(entry) = outcome.decided {
        observer.step(
            index,
            Step::Commission { entry, rate: outcome.rate, commission: outcome.commission },
        );
    }
}

/// Declined, reversed or fully refunded: `left` is what the refunds leave of the amount.
fn declined(line: &Line, left: Option<Minor>) -> Option<Reason> {
    match line.state {
        State::Declined => Some(Reason::Declined),
        State::Reversed => Some(Reason::Reversed),
        _ if line.refunded > Minor::ZERO && left == Some(Minor::ZERO) => {
            Some(Reason::FullyRefunded)
        }
        _ => None,
    }
}

/// The final amount, which replaces the paid amount.
fn paid(line: &Line) -> Option<Minor> {
    line.final_amount.or(line.paid)
}

/// How the basis came about (rule 7).
#[derive(Clone, Copy)]
struct Basis {
    source: BasisSource,
    gross: Minor,
    fee: Minor,
    fee_assumed: bool,
    left: Minor,
}

/// The commissionable amount of a line; none when the report has no amount that can be used.
fn basis(terms: &Terms<'_>, line: &Line) -> Option<Basis> {
    if let (BasisRule::ProductPrice, Some(price)) = (terms.basis, line.price) {
        let gross = price.times(line.quantity)?;
        let left = gross.less(line.refunded);
        let (source, fee) = (BasisSource::Price, Minor::ZERO);
        return Some(Basis { source, gross, fee, fee_assumed: false, left });
    }
    let gross = paid(line)?;
    let source =
        if line.final_amount.is_some() { BasisSource::Final } else { BasisSource::Paid };
    let (without_fee, fee_assumed) = match (line.service_fee, terms.service_fee) {
        (Some(fee), _) => (gross.less(fee), false),
        (None, Some(fee))
            if fee.when_unknown == WhenUnknown::Max && line.fee_country == FeeCountry::Inside =>
        {
            (gross.without_surcharge(fee.max, terms.rounding), true)
        }
        _ => (gross, false),
    };
    let left = without_fee.less(line.refunded);
    Some(Basis { source, gross, fee: gross.less(without_fee), fee_assumed, left })
}

/// The commission of a line that nothing refuses (rules 5, 6, 8 and 16), or why it cannot be said.
fn price(
    terms: &Terms<'_>,
    line: &Line,
    basis: Option<Basis>,
) -> Result<Outcome, (Reason, Decided)> {
    if line.unexchanged {
        return Err((Reason::NoExchangeRate, Decided::Currency));
    }
    if let Some(entry) = line.undecided {
        return Err((Reason::MissingFact, Decided::Rate(entry)));
    }
    let entry = line.rate.ok_or((Reason::NoRate, Decided::Nothing))?;
    let decided = Decided::Rate(entry);
    let rate = terms.rates.get(usize::from(entry)).ok_or((Reason::NoRate, Decided::Nothing))?;
    let (reason, rate) = match *rate {
        Rate::Flat(amount) => {
            return Ok(earning(Reason::Flat, decided, basis, None, amount));
        }
        Rate::Unknown => return Err((Reason::RateLost, decided)),
        Rate::Plugin => return Err((Reason::PluginSilent, decided)),
        Rate::Percent(rate) => (Reason::Percent, rate),
        Rate::Band { min, max } => match line.reported_rate {
            None => return Err((Reason::BandWithoutReport, decided)),
            Some(rate) if rate < min || rate > max => return Err((Reason::BandExceeded, decided)),
            Some(rate) => (Reason::BandReported, rate),
        },
    };
    let basis = basis.ok_or((Reason::NoAmount, decided))?;
    let commission = basis.left.share(rate, terms.rounding);
    Ok(earning(reason, decided, Some(basis), Some(rate), commission))
}

/// An outcome with a commission.
fn earning(
    reason: Reason,
    decided: Decided,
    basis: Option<Basis>,
    rate: Option<crate::Ppm>,
    commission: Minor,
) -> Outcome {
    Outcome {
        basis: basis.map(|basis| basis.left),
        rate,
        computed: true,
        commission,
        ..bare(Verdict::Commissionable, reason, decided)
    }
}

/// Takes the incentive of lines whose flag withholds it.
fn withhold_flagged(lines: &[Line], outcomes: &mut [Outcome]) {
    for (line, outcome) in lines.iter().zip(outcomes.iter_mut()) {
        if withholds_bonus(line) {
            outcome.incentive = Minor::ZERO;
        }
    }
}

fn withholds_bonus(line: &Line) -> bool {
    line.flag.is_some_and(|flag| flag.effect == Effect::WithholdBonus)
}

/// Rule 9: once per order, on its first line that earns; where the policy gives the bonus without
/// a commission, else on the first line that is merely excluded.
fn give_bonus<O: Observer>(
    terms: &Terms<'_>,
    lines: &[Line],
    outcomes: &mut [Outcome],
    observer: &mut O,
) {
    let earns = outcomes.iter().position(|outcome| outcome.computed);
    let excluded = || outcomes.iter().position(|outcome| outcome.verdict == Verdict::Excluded);
    let on = earns.or_else(|| terms.bonus_without_commission.then(excluded).flatten());
    let Some(index) = on else { return };
    let (Some(line), Some(outcome)) = (lines.get(index), outcomes.get_mut(index)) else { return };
    if withholds_bonus(line) {
        return;
    }
    let Some(entry) = line.bonus else { return };
    let Some(&bonus) = terms.bonuses.get(usize::from(entry)) else { return };
    outcome.bonus = bonus;
    outcome.bonus_entry = Some(entry);
    observer.step(index, Step::Bonus { entry, bonus });
}

/// What the cap covers of a line, in minor units.
fn covered(cap: &Cap, outcome: &Outcome) -> i64 {
    if !outcome.computed {
        return 0;
    }
    let part = |counts: bool, amount: Minor| if counts { amount.get() } else { 0 };
    part(cap.covers.commission, outcome.commission)
        + part(cap.covers.incentive, outcome.incentive)
        + part(cap.covers.bonus, outcome.bonus)
}

/// Rule 10: what is over the limit is withheld in proportion, by largest remainder, a tie going to
/// the lower line, so that the parts sum exactly. `first` is the index of the first outcome.
fn apply_cap<O: Observer>(cap: &Cap, outcomes: &mut [Outcome], first: usize, observer: &mut O) {
    let whole: i64 = outcomes.iter().map(|outcome| covered(cap, outcome)).sum();
    let excess = whole - cap.limit.get();
    for (index, outcome) in outcomes.iter().enumerate() {
        if matches!(outcome.verdict, Verdict::Unverifiable | Verdict::Held) && !outcome.computed {
            observer.step(first + index, Step::CapMightBite);
        }
    }
    if excess <= 0 {
        return;
    }
    let quotients: i64 = outcomes
        .iter()
        .map(|outcome| Minor::portion(covered(cap, outcome), excess, whole).0.get())
        .sum();
    let threshold = remainder_threshold(cap, outcomes, excess, whole, excess - quotients);
    let above = |remainder: i128| remainder > threshold;
    let mut ties = excess - quotients - count(cap, outcomes, excess, whole, above);
    for (index, outcome) in outcomes.iter_mut().enumerate() {
        let line_covered = covered(cap, outcome);
        let (quotient, remainder) = Minor::portion(line_covered, excess, whole);
        let mut extra = i64::from(remainder > threshold);
        if remainder == threshold && ties > 0 {
            ties -= 1;
            extra = 1;
        }
        outcome.withheld = Minor::new(quotient.get() + extra).unwrap_or(Minor::MAX);
        if line_covered > 0 {
            observer.step(
                first + index,
                Step::Cap {
                    limit: cap.limit,
                    covered: whole,
                    withheld: excess,
                    line_covered,
                    line_withheld: outcome.withheld,
                },
            );
        }
    }
}

/// The remainder such that at most `units` lines have a greater one and at least `units` have it
/// or more: found by halving, so that an order of any length needs no memory and no sorting.
fn remainder_threshold(
    cap: &Cap,
    outcomes: &[Outcome],
    excess: i64,
    whole: i64,
    units: i64,
) -> i128 {
    let (mut low, mut high) = (0_i128, i128::from(whole));
    while low < high {
        let middle = low + (high - low) / 2;
        if count(cap, outcomes, excess, whole, |remainder| remainder > middle) <= units {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Counts the lines whose remainder is as asked.
fn count(
    cap: &Cap,
    outcomes: &[Outcome],
    excess: i64,
    whole: i64,
    asked: impl Fn(i128) -> bool,
) -> i64 {
    outcomes
        .iter()
        .map(|outcome| {
            i64::from(asked(Minor::portion(covered(cap, outcome), excess, whole).1))
        })
        .sum()
}
