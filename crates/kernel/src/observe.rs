//! How the steps of an evaluation are seen. `explain` is the same call as a recompute, with an
//! observer that records; the silent one costs nothing.
//!
//! Refuses: influence. An observer is told, it is never asked.

use crate::line::FeeCountry;
use crate::money::{Minor, Ppm};
use crate::outcome::{Decided, Reason, Verdict};

/// Which amount of the report the basis started from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasisSource {
    /// Unit price x quantity.
    Price,
    /// The paid amount.
    Paid,
    /// The final amount, which replaces the paid amount.
    Final,
}

/// One step of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The line has its verdict; told again, before its commission, of a line that a plugin priced.
    Verdict {
        /// The verdict.
        verdict: Verdict,
        /// The cause behind it.
        reason: Reason,
        /// What in the terms decided.
        decided: Decided,
    },
    /// The basis was taken from the report.
    Basis {
        /// The amount it started from.
        source: BasisSource,
        /// That amount.
        gross: Minor,
        /// The service fee taken out of it.
        fee: Minor,
        /// The fee was not reported; the greatest one was taken out.
        fee_assumed: bool,
        /// Whether the buyer is in one of the fee's countries.
        fee_country: FeeCountry,
        /// The refunds taken out.
        refunded: Minor,
        /// What is left.
        basis: Minor,
    },
    /// The rate entry gave the commission, by itself or through the plugin that it names.
    Commission {
        /// Index of the `[[rate]]` entry.
        entry: u16,
        /// The rate used; none for a flat amount and for a plugin's.
        rate: Option<Ppm>,
        /// The commission, rounded.
        commission: Minor,
    },
    /// The plugin added to the line.
    Incentive {
        /// The addition, before the cap.
        incentive: Minor,
    },
    /// The order's bonus fell on this line.
    Bonus {
        /// Index of the `[[bonus]]` entry.
        entry: u16,
        /// The flat amount.
        bonus: Minor,
    },
    /// The cap bit; told for each line it covers.
    Cap {
        /// The ceiling.
        limit: Minor,
        /// What the cap covers over all its lines, in minor units.
        covered: i64,
        /// What it withholds over all its lines, in minor units.
        withheld: i64,
        /// What it covers of this line, in minor units.
        line_covered: i64,
        /// What it withholds of this line.
        line_withheld: Minor,
    },
    /// The cap did not see this line, whose amount is not known: it might bite further.
    CapMightBite,
}

/// Sees the steps of an evaluation.
pub trait Observer {
    /// Is told of a step of the line with this index in the order.
    fn step(&mut self, line: usize, step: Step);
}

/// Sees nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn step(&mut self, _line: usize, _step: Step) {}
}
