//! The terms of one version as the calculation sees them: borrowed tables of integers.
//!
//! Refuses: conditions and dates. Which version and which entries hold is settled before.

use crate::money::{Minor, Ppm, Rounding};

/// What a `[[rate]]` entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// A share of the basis.
    Percent(Ppm),
    /// A flat amount per line.
    Flat(Minor),
    /// The terms had a number, and it is lost.
    Unknown,
    /// The seller sets the rate between two bounds, both included.
    Band {
        /// The lowest rate.
        min: Ppm,
        /// The highest rate.
        max: Ppm,
    },
    /// The schedule's plugin sets the commission.
    Plugin,
}

/// Where the commissionable amount is taken from (`policy.basis`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasisRule {
    /// Product price x quantity; where no price is reported, the paid amount.
    ProductPrice,
    /// The paid amount only.
    PaidAmount,
}

/// What to do about a service fee that the report does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenUnknown {
    /// Take nothing out.
    None,
    /// Take the greatest fee out: `paid / (1 + max)`.
    Max,
}

/// A fee that a third party adds to the price and that earns nothing (`policy.service_fee`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceFee {
    /// The greatest fee, as a share of the product price.
    pub max: Ppm,
    /// What to do when the fee is not reported.
    pub when_unknown: WhenUnknown,
}

/// Which components count towards the cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Covers {
    /// Rate x basis.
    pub commission: bool,
    /// The plugin's addition.
    pub incentive: bool,
    /// The new-buyer bonus.
    pub bonus: bool,
}

/// What the cap is counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapScope {
    /// All lines of the order together.
    Order,
    /// Each line by itself.
    Line,
}

/// The ceiling (`[cap]`, clause 3.f of the fee statement).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The most that may be earned.
    pub limit: Minor,
    /// The components it covers.
    pub covers: Covers,
    /// What it is counted over.
    pub scope: CapScope,
}

/// One version of a program's terms.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'t> {
    /// Where the basis comes from.
    pub basis: BasisRule,
    /// How fractions of the minor unit are rounded, once per line and component.
    pub rounding: Rounding,
    /// The third-party fee, where there is one.
    pub service_fee: Option<ServiceFee>,
    /// Values of the `[[rate]]` entries in file order.
    pub rates: &'t [Rate],
    /// Amounts of the `[[bonus]]` entries in file order.
    pub bonuses: &'t [Minor],
    /// The ceiling, where there is one.
    pub cap: Option<Cap>,
    /// The bonus is due even if no line of the order earns a commission.
    pub bonus_without_commission: bool,
}

impl<'t> Terms<'t> {
    /// Makes terms that only have rates.
    pub const fn new(basis: BasisRule, rounding: Rounding, rates: &'t [Rate]) -> Self {
        Self {
            basis,
            rounding,
            service_fee: None,
            rates,
            bonuses: &[],
            cap: None,
            bonus_without_commission: false,
        }
    }
}

/// Which terms govern an order.
#[derive(Clone, Copy, Debug)]
pub enum Cover<'t> {
    /// A version holds its governing instant.
    Terms(&'t Terms<'t>),
    /// Its governing instant lies before the first version or between two.
    Uncovered,
    /// None of its lines has the governing instant yet.
    NotYetGoverned,
    /// There are no terms of its program.
    NoTerms,
}
