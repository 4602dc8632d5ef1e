//! Figures of earlier periods: what terms may have a plugin told beside the order itself.
//!
//! Refuses to count them, which needs a ledger, and to know what a plugin makes of them.

/// What is counted of an earlier period; only lines that are confirmed (approved or settled) count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// The sum of the lines' bases in minor units of the policy's currency.
    Turnover,
    /// Orders with a confirmed line.
    Orders,
    /// Of these, orders of new buyers.
    NewBuyers,
}

/// Whose orders are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Of {
    /// All of the program.
    Program,
    /// Those of the placement of the order's first line.
    Placement,
}

/// What a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// A calendar month in the program's zone.
    Month,
    /// From the 10th of a month to the 9th of the next.
    Day10,
}

/// A figure of an earlier period that terms have their plugin told (`plugin.aggregates`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Aggregate {
    /// What is counted.
    pub figure: Figure,
    /// Whose orders.
    pub of: Of,
    /// What a period is.
    pub period: Period,
    /// How many periods before that of the order, from 1.
    pub back: u8,
}
