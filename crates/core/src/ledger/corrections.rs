//! Rows that correct others, joined with the lines that they correct.
//!
//! Owns which line a correction is of, and the line as it is after all of them: what they add is added
//! to it, what they take is a refund of it, and a line of which all is taken is reversed. It is the one
//! place where corrections are seen: whoever evaluates, lists or compares gets the lines that result.
//! Nothing depends on the order in which rows came. Refuses to say which revision of a row counts.

use std::collections::{HashMap, VecDeque};
use std::sync::OnceLock;

use feebook_kernel::{Minor, State};

use super::lines::Revision;
use super::scan::CountingLine;
use crate::fact::{Corrects, LineFact, No};
use crate::words::Word;

/// A line as its corrections leave it.
#[derive(Clone, Debug)]
pub struct Corrected {
    /// The report of the line, with what the corrections leave of its amounts.
    pub(super) revision: Revision,
    /// The rows that correct it, in order of their numbers; the row itself of one whose line is not there
    /// and that would add to it.
    pub by: Vec<Revision>,
    /// By how much they take more than the line has, in minor units.
    pub beyond: Option<i64>,
}

/// Corrected lines of an order, kept beside its rows for as long as these: one list for each time that it
/// is looked at otherwise.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept(OnceLock<Box<(Vec<Corrected>, Kept)>>);

impl Kept {
    /// Keeps some lines; such as are kept already, as they were.
    fn keep(&self, corrected: Vec<Corrected>) -> &[Corrected] {
        let same = |(a, b): (&Corrected, &Corrected)| a.revision == b.revision && a.by == b.by;
        let mut at = self;
        while let Some(kept) = at.0.get() {
            if kept.0.len() == corrected.len() && kept.0.iter().zip(&corrected).all(same) {
                return &kept.0;
            }
            at = &kept.1;
        }
        &at.0.get_or_init(|| Box::new((corrected, Self::default()))).0
    }
}

/// Joins the corrections among the rows of an order, in order of their numbers, with their lines. One
/// whose line is not there stays among the lines, and earns nothing.
pub(super) fn joined<'o>(rows: Vec<CountingLine<'o>>, kept: &'o Kept) -> Vec<CountingLine<'o>> {
    let is_line = |row: &CountingLine<'_>| row.revision.fact.corrects.is_none();
    let (mut lines, corrections): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_line);
    let mut by: Vec<Vec<CountingLine<'o>>> = vec![Vec::new(); lines.len()];
    let mut alone = Vec::new();
    let mut places = Places::of(&lines);
    // Those that name their line come first, then what fits one in all that it takes, then what fits one by its
    // amount: a line of which one takes all is no other's.
    let mut at: Vec<Option<usize>> =
        corrections.iter().map(|row| places.named_by(&row.revision.fact)).collect();
    for (row, at) in corrections.iter().zip(&mut at) {
        *at = at.or_else(|| places.exact(&row.revision.fact));
    }
    for (correction, at) in corrections.into_iter().zip(at) {
        match at.or_else(|| places.line_of(&correction.revision.fact)) {
            Some(at) => by[at].push(correction),
            None => alone.push(correction),
        }
    }
    let first_alone = lines.len();
    lines.extend(alone);
    let mut changed = Vec::new();
    for (at, line) in lines.iter_mut().enumerate() {
        if let Some(by) = by.get(at).filter(|by| !by.is_empty()) {
            line.conflict |= by.iter().any(|correction| correction.conflict);
            let by = by.iter().map(|correction| correction.revision.clone()).collect();
            changed.push((at, corrected(line.revision, by)));
        } else if at >= first_alone && adds(&line.revision.fact) {
            let mut revision = line.revision.clone();
            revision.fact.state = State::Reversed;
            let by = vec![line.revision.clone()];
            changed.push((at, Corrected { revision, by, beyond: None }));
        }
    }
    let (at, changed): (Vec<usize>, Vec<Corrected>) = changed.into_iter().unzip();
    for (at, corrected) in at.into_iter().zip(kept.keep(changed)) {
        lines[at].revision = &corrected.revision;
        lines[at].corrected = Some(corrected);
    }
    lines.sort_by(|a, b| a.revision.fact.line_no.cmp(&b.revision.fact.line_no));
    lines
}

/// Whether a row adds something to its line.
fn adds(correction: &LineFact) -> bool {
    !matches!(correction.state, State::Declined | State::Reversed)
}

/// What the lines that a row without a name may be of have in common: the currency, as amounts of two
/// cannot be added, and, where the row has one, the product.
type Kind<'o> = (Option<Word>, Option<&'o No>);

/// What tells a line from the others of its order: its amount, else what is reported for it.
type Magnitude = (bool, i64);

/// What a row that takes all of a line takes: the amount and what is reported for it, without a sign.
type Whole = (Magnitude, Option<i64>);

/// Where the lines of an order are found.
struct Places<'o> {
    named: HashMap<&'o No, usize>,
    units: Vec<Option<Word>>,
    amounts: Vec<Option<Magnitude>>,
    /// Lines that earn something, and lines that were declined or taken back: only where no other fits a
    /// row is of one of these, which it changes nothing of.
    pools: [Pool<'o>; 2],
    taken: Vec<bool>,
}

/// Lines that a row without a name may be of.
#[derive(Default)]
struct Pool<'o> {
    /// In order of their numbers.
    of_kind: HashMap<Kind<'o>, Vec<usize>>,
    /// Those that no row took as a whole, or not yet looked at since.
    whole: HashMap<(Kind<'o>, Magnitude), VecDeque<usize>>,
    /// The same, by what is reported for them, too.
    exact: HashMap<(Kind<'o>, Whole), VecDeque<usize>>,
}

impl<'o> Places<'o> {
    fn of(lines: &[CountingLine<'o>]) -> Self {
        let mut places = Self {
            named: HashMap::new(),
            units: lines.iter().map(|line| unit(&line.revision.fact)).collect(),
            amounts: lines.iter().map(|line| magnitude(&line.revision.fact)).collect(),
            pools: [Pool::default(), Pool::default()],
            taken: vec![false; lines.len()],
        };
        for (at, line) in lines.iter().enumerate() {
            let fact = &line.revision.fact;
            places.named.insert(&fact.line_no, at);
            let pool = &mut places.pools[usize::from(!adds(fact))];
            let product = fact.product.as_ref().map(Some);
            for product in product.into_iter().chain([None]) {
                let kind = (unit(fact), product);
                pool.of_kind.entry(kind).or_default().push(at);
                if let Some(magnitude) = magnitude(fact) {
                    pool.whole.entry((kind, magnitude)).or_default().push_back(at);
                    let exact = (kind, (magnitude, reported(fact)));
                    pool.exact.entry(exact).or_default().push_back(at);
                }
            }
        }
        places
    }

    /// The place of the line that a row names.
    fn named_by(&mut self, correction: &'o LineFact) -> Option<usize> {
        let Some(Corrects::Line(line_no)) = correction.corrects.as_deref() else { return None };
        let at = self.named.get(line_no).copied();
        let at = at.filter(|at| self.units[*at] == unit(correction))?;
        let whole =
            correction.state == State::Reversed && magnitude(correction) == self.amounts[at];
        self.taken[at] |= whole;
        Some(at)
    }

    /// The place of the first line that earns and that a row without a name takes with what is reported for
    /// it, of several that it may be of.
    fn exact(&mut self, correction: &'o LineFact) -> Option<usize> {
        if !is_unnamed(correction) || correction.state != State::Reversed {
            return None;
        }
        let (pool, kind) = (&mut self.pools[0], kind_of(correction));
        if pool.of_kind.get(&kind)?.len() < 2 {
            return None;
        }
        let whole = (magnitude(correction)?, reported(correction));
        first_left(pool.exact.get_mut(&(kind, whole))?, &mut self.taken)
    }

    /// The place of the line that a row without a name corrects: the only one that it may be of, else the
    /// first of exactly the amount that it takes and no other took.
    fn line_of(&mut self, correction: &'o LineFact) -> Option<usize> {
        if !is_unnamed(correction) {
            return None;
        }
        let kind = kind_of(correction);
        let Self { pools, taken, .. } = self;
        pools.iter_mut().find_map(|pool| pool.line_of(kind, correction, taken))
    }
}

/// Whether a row corrects a line of its order that it does not name.
fn is_unnamed(correction: &LineFact) -> bool {
    matches!(correction.corrects.as_deref(), Some(Corrects::OfOrder))
}

fn kind_of(correction: &LineFact) -> Kind<'_> {
    (unit(correction), correction.product.as_ref())
}

impl<'o> Pool<'o> {
    fn line_of(
        &mut self,
        kind: Kind<'o>,
        correction: &LineFact,
        taken: &mut [bool],
    ) -> Option<usize> {
        if let [only] = self.of_kind.get(&kind)?[..] {
            return Some(only);
        }
        if correction.state != State::Reversed {
            return None;
        }
        first_left(self.whole.get_mut(&(kind, magnitude(correction)?))?, taken)
    }
}

/// Takes the first of some lines that is not taken.
fn first_left(lines: &mut VecDeque<usize>, taken: &mut [bool]) -> Option<usize> {
    while let Some(at) = lines.pop_front() {
        if !std::mem::replace(&mut taken[at], true) {
            return Some(at);
        }
    }
    None
}

/// What is reported for a row, without a sign.
fn reported(fact: &LineFact) -> Option<i64> {
    fact.reported().map(i64::abs)
}

/// The currency of a row's amounts.
fn unit(fact: &LineFact) -> Option<Word> {
    fact.amount_currency.or(fact.currency)
}

fn magnitude(fact: &LineFact) -> Option<Magnitude> {
    let amount = amount(fact).filter(|amount| *amount > 0).map(|amount| (true, amount));
    amount.or_else(|| fact.reported().map(|reported| (false, reported.abs())))
}

/// The amount of a line that corrections are of.
fn amount(fact: &LineFact) -> Option<i64> {
    let price = || fact.product_price.and_then(|price| price.times(fact.quantity));
    fact.final_amount.or(fact.paid_amount).or_else(price).map(Minor::get)
}

/// What a correction adds to an amount; one that its network declined adds nothing.
fn signed(correction: &LineFact, amount: Option<i64>) -> i64 {
    match correction.state {
        State::Reversed => -amount.unwrap_or(0).abs(),
        State::Declined => 0,
        State::Pending | State::Approved | State::Settled => amount.unwrap_or(0),
    }
}

/// The line as all its corrections leave it.
fn corrected(line: &Revision, by: Vec<Revision>) -> Corrected {
    let sum = |of: &dyn Fn(&LineFact) -> Option<i64>| {
        by.iter().map(|row| signed(&row.fact, of(&row.fact))).sum::<i64>()
    };
    let (all, added) = (amount(&line.fact), sum(&amount));
    let before = line.fact.refunded.map_or(0, Minor::get);
    let had = all.map(|all| all - before);
    let mut revision = line.clone();
    let fact = &mut revision.fact;
    add(&mut fact.reported_commission, by.iter(), |fact| fact.reported_commission);
    add(&mut fact.reported_incentive, by.iter(), |fact| fact.reported_incentive);
    add(&mut fact.reported_bonus, by.iter(), |fact| fact.reported_bonus);
    let beyond = had.filter(|had| had + added < 0).map(|had| -(had + added));
    let earned_before = line.fact.reported().filter(|reported| *reported > 0);
    let whole = match had {
        Some(had) if had > 0 => had + added <= 0,
        // A lead or a bonus has a commission and no sale.
        _ => earned_before.is_some() && fact.reported().is_some_and(|reported| reported <= 0),
    };
    if added < 0 {
        // More than a line has is nobody's refund.
        let refunded = before - added;
        fact.refunded = Some(bounded(all.map_or(refunded, |all| refunded.min(all.max(before)))));
    }
    if whole {
        if fact.state != State::Declined {
            fact.state = State::Reversed;
        }
    } else if added > 0 {
        raise(fact, added);
        // Nothing of a line is further than the rows that add to it.
        if adds(fact) {
            let adding = by.iter().filter(|row| adds(&row.fact)).map(|row| row.fact.state);
            fact.state = adding.chain([fact.state]).min().unwrap_or(fact.state);
        }
    }
    Corrected { revision, by, beyond }
}

/// Adds what corrections report to what a line does.
fn add<'r>(
    reported: &mut Option<i64>,
    by: impl Iterator<Item = &'r Revision>,
    of: impl Fn(&LineFact) -> Option<i64>,
) {
    for row in by {
        if let Some(amount) = of(&row.fact) {
            *reported = Some(reported.unwrap_or(0) + signed(&row.fact, Some(amount)));
        }
    }
}

/// Adds to every amount that a basis may be taken from. What was added has no price for a piece: from then
/// on the line is known by what was paid, without a fee, and a rate that depends on the price cannot be told.
fn raise(fact: &mut LineFact, added: i64) {
    if let Some(gross) = fact.product_price.take().and_then(|price| price.times(fact.quantity)) {
        (fact.paid_amount, fact.service_fee) = (Some(gross), Some(bounded(0)));
    }
    for amount in [&mut fact.paid_amount, &mut fact.final_amount] {
        *amount = amount.map(|amount| bounded(amount.get() + added));
    }
}

/// An amount within what one can be.
fn bounded(minor: i64) -> Minor {
    Minor::new(minor.max(0)).unwrap_or(Minor::MAX)
}
