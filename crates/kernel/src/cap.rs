//! The cap over an order or over a line, and the sharing of what it withholds (rule 10).
//!
//! Owns the sharing by largest remainder, whose parts sum exactly. Refuses memory: an order of any
//! length is shared by going over its lines again, never by a list of them.

use crate::money::Minor;
use crate::observe::{Observer, Step};
use crate::outcome::{Outcome, Verdict};
use crate::terms::{Cap, CapScope};

/// Applies the cap to the outcomes of one order: over all its lines together, or over each.
pub(crate) fn apply<O: Observer>(cap: &Cap, outcomes: &mut [Outcome], observer: &mut O) {
    match cap.scope {
        CapScope::Order => apply_over(cap, outcomes, 0, observer),
        CapScope::Line => {
            for (index, outcome) in outcomes.chunks_mut(1).enumerate() {
                apply_over(cap, outcome, index, observer);
            }
        }
    }
}

/// Applies the cap over these outcomes together; the first of them is line `first` of the order.
fn apply_over<O: Observer>(cap: &Cap, outcomes: &mut [Outcome], first: usize, observer: &mut O) {
    for (index, outcome) in outcomes.iter().enumerate() {
        if matches!(outcome.verdict, Verdict::Unverifiable | Verdict::Held) && !outcome.computed {
            observer.step(first + index, Step::CapMightBite);
        }
    }
    let whole = outcomes.iter().map(|outcome| i128::from(covered(cap, outcome))).sum::<i128>();
    let excess = whole - i128::from(cap.limit.get());
    if excess > 0 {
        Sharing { cap, whole, excess }.withhold(outcomes, first, observer);
    }
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

/// The sharing of what is over the limit. The sums are wider than an amount, so that no number of
/// lines can exceed them.
struct Sharing<'c> {
    cap: &'c Cap,
    whole: i128,
    excess: i128,
}

impl Sharing<'_> {
    /// Gives each line its share: the whole units, then one more to the greatest remainders, a tie
    /// going to the lower line.
    fn withhold<O: Observer>(&self, outcomes: &mut [Outcome], first: usize, observer: &mut O) {
        let least = outcomes.iter().map(|outcome| i128::from(self.least(outcome).get()));
        let units = self.excess - least.sum::<i128>();
        let threshold = self.threshold(outcomes, units);
        let mut ties = units - self.count_above(outcomes, threshold);
        for (index, outcome) in outcomes.iter_mut().enumerate() {
            let remainder = self.remainder(outcome);
            let tie = remainder == threshold && ties > 0;
            if tie {
                ties -= 1;
            }
            let least = self.least(outcome);
            outcome.withheld =
                if tie || remainder > threshold { least.and_a_unit() } else { least };
            self.show(outcome, first + index, observer);
        }
    }

    /// Tells the observer what is withheld of a line that the cap covers.
    fn show<O: Observer>(&self, outcome: &Outcome, index: usize, observer: &mut O) {
        let line_covered = covered(self.cap, outcome);
        if line_covered > 0 {
            let step = Step::Cap {
                limit: self.cap.limit,
                covered: i64::try_from(self.whole).unwrap_or(i64::MAX),
                withheld: i64::try_from(self.excess).unwrap_or(i64::MAX),
                line_covered,
                line_withheld: outcome.withheld,
            };
            observer.step(index, step);
        }
    }

    /// The whole units of a line's share.
    fn least(&self, outcome: &Outcome) -> Minor {
        Minor::least_share(covered(self.cap, outcome), self.excess, self.whole)
    }

    /// What is left of a line's share, in parts of the whole.
    fn remainder(&self, outcome: &Outcome) -> i128 {
        Minor::share_remainder(covered(self.cap, outcome), self.excess, self.whole)
    }

    /// The remainder such that at most `units` lines have a greater one and at least `units` have
    /// it or more, found by halving.
    fn threshold(&self, outcomes: &[Outcome], units: i128) -> i128 {
        // Without units to give, every share is whole.
        let (mut low, mut high) = (0, if units > 0 { self.whole } else { 0 });
        while low < high {
            let middle = low + (high - low) / 2;
            if self.count_above(outcomes, middle) <= units {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// Counts the lines whose remainder is greater.
    fn count_above(&self, outcomes: &[Outcome], remainder: i128) -> i128 {
        outcomes.iter().map(|outcome| i128::from(self.remainder(outcome) > remainder)).sum()
    }
}
