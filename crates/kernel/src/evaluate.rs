//! The evaluation of one order: verdicts and rates per line, then bonus and cap per order.
//!
//! Owns the ladder of verdicts and the order of the steps; the cap is next door. Refuses to know where lines come from
//! or where outcomes go. Every caller (recompute, preview, explain, verify) ends here.

use crate::cap;
use crate::line::{Effect, FeeCountry, Line, State};
use crate::money::Minor;
use crate::observe::{BasisSource, Observer, Step};
use crate::outcome::{Decided, Outcome, Reason, Verdict};
use crate::terms::{BasisRule, Cover, Rate, Terms, WhenUnknown};

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
            Cover::NotYetGoverned => ungoverned(line, Reason::NotYetGoverned),
            Cover::NoTerms => ungoverned(line, Reason::NoTerms),
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
    let rates = match cover {
        Cover::Terms(terms) => terms.rates,
        _ => &[],
    };
    take_in_plugin(rates, lines, outcomes, observer);
    let Cover::Terms(terms) = cover else { return };
    give_bonus(terms, lines, outcomes, observer);
    if let Some(cap) = &terms.cap {
        cap::apply(cap, outcomes, observer);
    }
}

/// An outcome without amounts.
fn bare(verdict: Verdict, reason: Reason, decided: Decided) -> Outcome {
    Outcome { verdict, reason, decided, ..Outcome::default() }
}

/// Rule 3: no line of the order has the governing instant; or no terms of its program are known.
fn ungoverned(line: &Line, reason: Reason) -> Outcome {
    let gross = line.price.map_or(paid(line), |price| of_all_units(line, price));
    match declined(line, gross.map(|gross| gross.less(line.refunded))) {
        Some(declined) => bare(Verdict::Declined, declined, Decided::Qualified),
        None => bare(Verdict::Unverifiable, reason, Decided::Nothing),
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
    let outcome = match price(terms, line, basis) {
        Ok(priced) => priced,
        Err((reason, decided)) => bare(Verdict::Unverifiable, reason, decided),
    };
    show_steps(line, basis, &outcome, index, observer);
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
    if let (Some(basis), Some(_)) = (basis, outcome.basis) {
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
    if let (Decided::Rate(entry), true) = (outcome.decided, outcome.computed) {
        observer.step(
            index,
            Step::Commission { entry, rate: outcome.rate, commission: outcome.commission },
        );
    }
}

/// Declined, reversed or fully refunded: `left` is what the refunds leave of the amount. A buyer who
/// got back all that was paid is fully refunded too, also where a coupon made that less than the
/// price.
fn declined(line: &Line, left: Option<Minor>) -> Option<Reason> {
    match line.state {
        State::Declined => Some(Reason::Declined),
        State::Reversed => Some(Reason::Reversed),
        _ => {
            let full = line.fully_refunded.unwrap_or_else(|| all_refunded(line, left));
            full.then_some(Reason::FullyRefunded)
        }
    }
}

fn all_refunded(line: &Line, left: Option<Minor>) -> bool {
    let nothing_left = left == Some(Minor::ZERO);
    let all_back = paid(line).is_some_and(|paid| line.refunded >= paid);
    line.refunded > Minor::ZERO && (nothing_left || all_back)
}

/// Whether the buyer got back all of a line, by the amounts that it has: to be asked before they are
/// exchanged, as amounts that were rounded may say otherwise.
pub fn fully_refunded(terms: &Terms<'_>, line: &Line) -> bool {
    all_refunded(line, basis(terms, line).map(|basis| basis.left))
}

/// Price x quantity; none when it is over [`Minor::MAX`].
fn of_all_units(line: &Line, price: Minor) -> Option<Minor> {
    line.gross.or_else(|| price.times(line.quantity))
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
        let gross = of_all_units(line, price)?;
        let left = gross.less(line.refunded);
        let (source, fee) = (BasisSource::Price, Minor::ZERO);
        return Some(Basis { source, gross, fee, fee_assumed: false, left });
    }
    let gross = paid(line)?;
    let source = if line.final_amount.is_some() { BasisSource::Final } else { BasisSource::Paid };
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
///
/// A line that the plugin prices is told its basis, so that the plugin need not find it again.
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
        Rate::Plugin => {
            let silent = bare(Verdict::Unverifiable, Reason::PluginSilent, decided);
            return Ok(Outcome { basis: basis.map(|basis| basis.left), ..silent });
        }
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

/// Takes in what a plugin left (rules 5, 9 and 11): nothing counts of a line that earns nothing or
/// of which that cannot be said, nor the incentive of a line whose flag withholds it.
fn take_in_plugin<O: Observer>(
    rates: &[Rate],
    lines: &[Line],
    outcomes: &mut [Outcome],
    observer: &mut O,
) {
    for (index, (line, outcome)) in lines.iter().zip(outcomes.iter_mut()).enumerate() {
        if !outcome.computed {
            outcome.commission = Minor::ZERO;
        }
        if !outcome.computed || withholds_bonus(line) {
            outcome.incentive = Minor::ZERO;
        }
        show_plugin(rates, line, outcome, index, observer);
    }
}

/// Tells the observer what the plugin set.
fn show_plugin<O: Observer>(
    rates: &[Rate],
    line: &Line,
    outcome: &Outcome,
    index: usize,
    observer: &mut O,
) {
    let Outcome { verdict, reason, decided, rate, commission, .. } = *outcome;
    let entry = line.rate.and_then(|entry| Some((entry, rates.get(usize::from(entry))?)));
    match (reason, entry) {
        (Reason::Plugin, Some((entry, _))) => {
            observer.step(index, Step::Verdict { verdict, reason, decided });
            observer.step(index, Step::Commission { entry, rate, commission });
        }
        // The entry gave a commission, and the plugin left it open.
        (Reason::PluginSilent, Some((_, gives))) if *gives != Rate::Plugin => {
            observer.step(index, Step::Verdict { verdict, reason, decided });
        }
        _ => {}
    }
    if outcome.incentive > Minor::ZERO {
        observer.step(index, Step::Incentive { incentive: outcome.incentive });
    }
}

/// Whether the line's flag takes bonus and incentive (rule 11).
fn withholds_bonus(line: &Line) -> bool {
    line.flag.is_some_and(|flag| flag.effect == Effect::WithholdBonus)
}

/// Rule 9: once per order, on its first line that earns; where the policy gives the bonus without
/// a commission, else on its first line, unless that line earns 0 for being declined, disqualified
/// or late. A first line of which nothing can be said shows no bonus, and passes it to no other.
fn give_bonus<O: Observer>(
    terms: &Terms<'_>,
    lines: &[Line],
    outcomes: &mut [Outcome],
    observer: &mut O,
) {
    let earns = outcomes.iter().position(|outcome| outcome.computed);
    let on = earns.or_else(|| first_excluded(outcomes).filter(|_| terms.bonus_without_commission));
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

/// The first line that is neither declined, disqualified nor late, when it is an excluded one.
fn first_excluded(outcomes: &[Outcome]) -> Option<usize> {
    let earns_nothing = |verdict| {
        matches!(verdict, Verdict::Declined | Verdict::Disqualified | Verdict::OutsideWindow)
    };
    let first = outcomes.iter().position(|outcome| !earns_nothing(outcome.verdict))?;
    (outcomes.get(first)?.verdict == Verdict::Excluded).then_some(first)
}
