//! A transfer of money from a network, and what of it pays which order line.
//!
//! Owns the facts. Refuses to say what is due (the results and reports do) and which lines a payout
//! pays ([`crate::allot`] does).

use chrono::NaiveDate;
use feebook_kernel::Minor;
use feebook_schedule::iso::Currency;

use crate::fact::No;

/// The number of a payout.
pub type PayoutId = i64;

/// What became of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transfer {
    /// The money arrived.
    Arrived,
    /// It arrived nowhere: the transfer cost its fee and paid nothing.
    Failed,
}

impl Transfer {
    /// All of them, in the order in which the ledger numbers them.
    pub const ALL: [Self; 2] = [Self::Arrived, Self::Failed];

    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Failed => "failed",
        }
    }
}

/// A transfer of money that a network made, or tried to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// Our number.
    pub id: PayoutId,
    /// The network's number.
    pub payout_no: Option<String>,
    /// The day it was paid.
    pub paid_on: NaiveDate,
    /// What became of it.
    pub transfer: Transfer,
    /// What it took from the balance.
    pub amount: Minor,
    /// The currency of `amount` and `fee`.
    pub currency: Currency,
    /// What arrived, after the fee, and its currency.
    pub received: Option<(Minor, Currency)>,
    /// What the transfer cost.
    pub fee: Minor,
    /// The days that it is for, both included, in the program's zone.
    pub covers: Option<(NaiveDate, NaiveDate)>,
    /// A note.
    pub note: Option<String>,
    /// The file that told of it.
    pub file: Option<String>,
    /// The ledger's number of its row.
    pub seq: i64,
}

impl Payout {
    /// Returns what it can pay to order lines: nothing where the transfer failed.
    pub fn payable(&self) -> Minor {
        match self.transfer {
            Transfer::Arrived => self.amount,
            Transfer::Failed => Minor::ZERO,
        }
    }
}

/// What a payout pays of one order line, before it has its place in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allotment {
    /// The order.
    pub order_no: No,
    /// The line.
    pub line_no: No,
    /// Minor units of the payout's currency; less than zero where the network set something off.
    pub amount: i64,
}

/// What a payout pays of one order line. Never changes once it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The order.
    pub order_no: No,
    /// The line.
    pub line_no: No,
    /// The payout.
    pub payout_id: PayoutId,
    /// The ledger's number of this row.
    pub seq: i64,
    /// Minor units of the payout's currency.
    pub amount: i64,
}

/// What was paid of one line, in one currency, as of a point of the ledger's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidLine {
    /// The line.
    pub line_no: No,
    /// The currency of the payouts.
    pub currency: Currency,
    /// The sum, in its minor units.
    pub amount: i64,
    /// The day of the first payout that pays the line.
    pub first_on: NaiveDate,
}
