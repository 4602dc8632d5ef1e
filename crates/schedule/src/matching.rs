//! The matching of a line against the entries of a version, and what the kernel is given of it.
//!
//! Owns the scratch that is used again for every line, and rule 6: what a missing fact leaves
//! undecided. Refuses to look facts up: the caller says the class of each.

use std::sync::Arc;

use chrono::NaiveDate;
use feebook_kernel::{FeeCountry, Flagged, Line, Minor, Ppm, State};

use crate::dimension::{Class, Classes, Dimension};
use crate::matcher::{Bits, Entries, List, Matcher};
use crate::version::{Version, entry};

/// The facts of a line that are numbers or flags and need no matching, in the policy's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// The state as reported.
    pub state: State,
    /// Product price per unit.
    pub price: Option<Minor>,
    /// Units bought.
    pub quantity: u32,
    /// Price x quantity, where it was exchanged as one amount.
    pub gross: Option<Minor>,
    /// What the buyer paid for the line.
    pub paid: Option<Minor>,
    /// The report's final amount.
    pub final_amount: Option<Minor>,
    /// What the buyer got back.
    pub refunded: Minor,
    /// The third-party service fee within the paid amount.
    pub service_fee: Option<Minor>,
    /// The rate the network reports.
    pub reported_rate: Option<Ppm>,
    /// The amounts are in another currency and no exchange rate is known.
    pub unexchanged: bool,
    /// Seconds from the click to the order.
    pub lag: Option<i64>,
    /// The window in seconds of the version in force at the click.
    pub window: Option<i64>,
    /// The strongest flag on the line. Where it depends on [`Matching`], set `Line::flag` after
    /// [`Version::line`] or match first with [`Version::find`].
    pub flag: Option<Flagged>,
}

impl Amounts {
    /// Makes the amounts of one unit of which nothing else is known.
    pub const fn new(state: State) -> Self {
        Self {
            state,
            price: None,
            quantity: 1,
            gross: None,
            paid: None,
            final_amount: None,
            refunded: Minor::ZERO,
            service_fee: None,
            reported_rate: None,
            unexchanged: false,
            lag: None,
            window: None,
            flag: None,
        }
    }
}

/// Matching of a line.
impl Version {
    /// Whether any entry asks for a fact. If not, its class need not be looked up.
    pub fn uses(&self, dimension: Dimension) -> bool {
        self.matcher.uses(dimension)
    }

    /// Returns the class of a named value; empty text is a missing fact. A category brings all
    /// above it; a host may be in capitals. Words are those of the files: `new`, `returning`,
    /// `same`, `different`, `app`, `yes`.
    pub fn class_of(&self, dimension: Dimension, value: &str) -> Class {
        if dimension == Dimension::Host && value.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.matcher.class_of(dimension, &value.to_ascii_lowercase());
        }
        self.matcher.class_of(dimension, value)
    }

    /// Returns the class of a unit price in minor units of the policy's currency.
    pub fn class_of_price(&self, unit_price: Option<Minor>) -> Class {
        unit_price.map_or(Class::MISSING, |price| self.matcher.class_of_price(price))
    }

    /// Returns the class of the order's governing day.
    pub fn class_of_day(&self, day: NaiveDate) -> Class {
        self.matcher.class_of_day(day)
    }

    /// Returns the class of a buyer; not known is not new (rule 6).
    pub fn class_of_buyer(&self, new: bool) -> Class {
        self.matcher.class_of(Dimension::Buyer, if new { "new" } else { "returning" })
    }

    /// Returns the class of an item; not known is neither (rule 6).
    pub fn class_of_item(&self, hot: bool, affiliate: bool) -> Class {
        self.matcher.class_of_item(hot, affiliate)
    }

    /// Returns the class for whether the click came from the ship-to country; none when one of
    /// the two is not known.
    pub fn class_of_same(&self, same: Option<bool>) -> Class {
        same.map_or(Class::MISSING, |same| {
            self.matcher.class_of(Dimension::SameCountry, if same { "same" } else { "different" })
        })
    }

    /// Returns the class of the marks on a product; none recorded is none.
    pub fn class_of_marks(&self, marks: &[&str]) -> Class {
        self.matcher.class_of_marks(marks)
    }

    /// Matches a line against all entries.
    pub fn find(&self, classes: &Classes, found: &mut Matching) {
        found.classes = *classes;
        if !found.matcher.as_ref().is_some_and(|known| Arc::ptr_eq(known, &self.matcher)) {
            found.matcher = Some(Arc::clone(&self.matcher));
        }
        self.matcher.find(classes, &mut found.bits);
        let winner = found.rates().next();
        let value = |at: u16| self.rate_values.get(usize::from(at));
        let winning = winner.and_then(value);
        let undecided = found
            .possible(List::Rate)
            .take_while(|at| winner.is_none_or(|winner| *at < winner))
            .find(|at| winning.is_none() || value(*at) != winning);
        found.undecided = undecided;
    }

    /// Matches a line and makes what the kernel takes.
    pub fn line(&self, amounts: &Amounts, classes: &Classes, found: &mut Matching) -> Line {
        self.find(classes, found);
        Line {
            state: amounts.state,
            price: amounts.price,
            quantity: amounts.quantity,
            gross: amounts.gross,
            paid: amounts.paid,
            final_amount: amounts.final_amount,
            refunded: amounts.refunded,
            service_fee: amounts.service_fee,
            fee_country: self.fee_country(classes, found),
            reported_rate: amounts.reported_rate,
            fully_refunded: None,
            unexchanged: amounts.unexchanged,
            paid_in_other_currency: found.list(List::Foreign).next().is_some(),
            lag: amounts.lag,
            window: amounts.window,
            flag: amounts.flag,
            exclusion: found.exclusions().next(),
            rate: found.rates().next(),
            undecided: found.undecided,
            bonus: found.bonuses().next(),
        }
    }

    fn fee_country(&self, classes: &Classes, found: &Matching) -> FeeCountry {
        if self.policy.service_fee.is_none() {
            return FeeCountry::Unknown;
        }
        let asks = !self.policy.fee_countries.is_empty();
        if asks && classes.get(Dimension::ShipTo) == Class::MISSING {
            FeeCountry::Unknown
        } else if found.list(List::Fee).next().is_some() {
            FeeCountry::Inside
        } else {
            FeeCountry::Outside
        }
    }

    /// Returns what a flag of a kind does to the line matched last: the first `[[flag]]` entry of
    /// that kind that holds. None when the kind is unknown or no entry of it holds.
    pub fn flagged(&self, kind: &str, found: &Matching) -> Option<Flagged> {
        let named = |at: &u16| entry(&self.flags, *at).is_some_and(|entry| entry.label == kind);
        let at = found.flags().find(named)?;
        let effect = *self.effects.get(usize::from(at))?;
        Some(Flagged { effect, entry: Some(at) })
    }
}

/// What matched a line; made once and used again for every line.
#[derive(Clone, Debug)]
pub struct Matching {
    matcher: Option<Arc<Matcher>>,
    classes: Classes,
    bits: Bits,
    undecided: Option<u16>,
}

impl Default for Matching {
    fn default() -> Self {
        Self::new()
    }
}

impl Matching {
    /// Makes an empty one.
    pub fn new() -> Self {
        Self { matcher: None, classes: Classes::missing(), bits: Bits::default(), undecided: None }
    }

    fn range(&self, list: List) -> (usize, usize) {
        self.matcher.as_ref().map_or((0, 0), |matcher| matcher.range(list))
    }

    /// Returns the entries of a list that hold, in file order: the first wins, the others are
    /// shadowed.
    pub fn list(&self, list: List) -> Entries<'_> {
        Entries::new(&self.bits.holds, &[], self.range(list))
    }

    /// Returns the entries of a list that fail only for missing facts, in file order.
    pub fn possible(&self, list: List) -> Entries<'_> {
        Entries::new(&self.bits.might, &self.bits.holds, self.range(list))
    }

    /// Returns all exclusions that hold, in file order.
    pub fn exclusions(&self) -> Entries<'_> {
        self.list(List::Exclude)
    }

    /// Returns the rate that wins, then those it shadows.
    pub fn rates(&self) -> Entries<'_> {
        self.list(List::Rate)
    }

    /// Returns the bonuses that hold, in file order.
    pub fn bonuses(&self) -> Entries<'_> {
        self.list(List::Bonus)
    }

    /// Returns the flag entries whose conditions hold, of whatever kind, in file order.
    pub fn flags(&self) -> Entries<'_> {
        self.list(List::Flag)
    }

    /// Returns the rate entry that would win with another value if a missing fact were right
    /// (rule 6).
    pub fn undecided(&self) -> Option<u16> {
        self.undecided
    }

    /// Returns the facts that an entry asks for and the line lacks.
    pub fn missing_facts(&self, list: List, index: u16) -> Vec<Dimension> {
        let matcher = self.matcher.as_ref();
        matcher.map_or_else(Vec::new, |found| found.missing_facts(list, index, &self.classes))
    }
}
