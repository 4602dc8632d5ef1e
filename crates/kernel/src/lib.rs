//! The calculation of one order, and nothing else.
//!
//! Owns: money in integer minor units, rates in parts per million, rounding, the ladder of
//! verdicts, the basis, the commission, the bonus once per order, and the cap with its sharing by
//! largest remainder. It is the only place in the workspace where money is multiplied or divided.
//!
//! Refuses: input and output, time zones, text, allocation, floating point, panics. It does not
//! know what a country or a category is: the `schedule` crate has matched the line already and
//! hands over indices of the entries that hold.
//!
//! The unit is the order: the lines of one order are evaluated together, because the cap and the
//! bonus are per order. [`rate`] prices the lines, then a plugin may add incentives, then
//! [`settle`] applies bonus and cap. [`evaluate`] is both.
//!
//! ```
//! use feebook_kernel::*;
//!
//! // Two lines of 500.00 at 6.3 %, floor, 50.00 per order over the commission.
//! let rates = [Rate::Percent(Ppm::new(63_000).unwrap())];
//! let terms = Terms {
//!     cap: Some(Cap {
//!         limit: Minor::new(50_00).unwrap(),
//!         covers: Covers { commission: true, incentive: false, bonus: false },
//!         scope: CapScope::Order,
//!     }),
//!     ..Terms::new(BasisRule::ProductPrice, Rounding::Floor, &rates)
//! };
//! let line = Line { price: Minor::new(500_00), rate: Some(0), ..Line::new(State::Pending) };
//! let lines = [line, line];
//! let mut outcomes = [Outcome::default(); 2];
//! evaluate(Cover::Terms(&terms), &lines, &mut outcomes, &mut Silent);
//! assert_eq!(outcomes[0].commission.get(), 31_50);
//! assert_eq!(outcomes[0].withheld.get(), 6_50);
//! assert_eq!(outcomes[0].total() + outcomes[1].total(), 50_00);
//! ```
#![no_std]

mod cap;
mod evaluate;
mod exchange;
mod figure;
mod line;
mod money;
mod observe;
mod outcome;
mod terms;

pub use evaluate::{evaluate, fully_refunded, rate, settle};

/// Counts up whenever an outcome may differ from what an earlier feebook gave for the same facts
/// and terms, be it the kernel, the matcher or the zones that changed; it is part of every result's fingerprint.
pub const CALCULATION: u32 = 1;

pub use exchange::Exchange;
pub use figure::{Aggregate, Figure, Of, Period};
pub use line::{Effect, FeeCountry, Flagged, Line, State};
pub use money::{Minor, Ppm, Rounding};
pub use observe::{BasisSource, Observer, Silent, Step};
pub use outcome::{Decided, Outcome, Reason, Verdict};
pub use terms::{BasisRule, Cap, CapScope, Cover, Covers, Rate, ServiceFee, Terms, WhenUnknown};
