//! What the calculation is told of one order line: facts in the policy's currency, and which
//! entries of the terms hold for it.
//!
//! Refuses: results, rates, and anything that needs a table to be understood.

use crate::money::{Minor, Ppm};

/// The state of a line as its network reports it; mapped once, at import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Paid for, not yet confirmed.
    Pending,
    /// Confirmed by the network.
    Approved,
    /// Released for payout.
    Settled,
    /// Refused: cancelled, invalid, fully refunded (clause 1.1 of the fee statement).
    Declined,
    /// Taken back after it had counted.
    Reversed,
}

impl State {
    /// All states in order of rank: of two reports of one line the later in this order counts.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Approved, Self::Settled, Self::Declined, Self::Reversed];

    /// Returns the rank, as the ledger stores it.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Approved => 1,
            Self::Settled => 2,
            Self::Declined => 3,
            Self::Reversed => 4,
        }
    }

    /// Returns the word for the state.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Settled => "settled",
            Self::Declined => "declined",
            Self::Reversed => "reversed",
        }
    }
}

/// What a flag does to a line; the strongest of several comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Earns 0.
    Disqualify,
    /// Computed and shown, but held back.
    Hold,
    /// Commission stays; bonus and incentive do not.
    WithholdBonus,
}

impl Effect {
    /// Returns the word for the effect.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Disqualify => "disqualify",
            Self::Hold => "hold",
            Self::WithholdBonus => "withhold_bonus",
        }
    }
}

/// A flag on a line: its effect and the `[[flag]]` entry that gives it; no entry when the program
/// decided by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flagged {
    /// What the flag does.
    pub effect: Effect,
    /// Index of the `[[flag]]` entry.
    pub entry: Option<u16>,
}

/// Whether the buyer's country is one of those where a third party adds a service fee
/// (`policy.service_fee.ship_to`, clause 3.b of the fee statement).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeCountry {
    /// The ship-to country is not known: no fee is taken out.
    Unknown,
    /// One of the fee's countries.
    Inside,
    /// Not one of them.
    Outside,
}

/// One order line: facts in the policy's currency, and the entries of the terms that hold for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The state as reported.
    pub state: State,
    /// Product price per unit.
    pub price: Option<Minor>,
    /// Units bought.
    pub quantity: u32,
    /// Price x quantity, where it was multiplied before it was exchanged: a unit price loses too much when
    /// it is rounded. None means that the two above are multiplied.
    pub gross: Option<Minor>,
    /// What the buyer paid for the line.
    pub paid: Option<Minor>,
    /// The report's final amount; it replaces `paid`.
    pub final_amount: Option<Minor>,
    /// What the buyer got back.
    pub refunded: Minor,
    /// The third-party service fee within the paid amount.
    pub service_fee: Option<Minor>,
    /// Whether the ship-to country is one of the fee's.
    pub fee_country: FeeCountry,
    /// The rate the network reports; used for a band only.
    pub reported_rate: Option<Ppm>,
    /// Whether the buyer got all back, where that was found on amounts before they were exchanged; none
    /// means that the amounts here say it.
    pub fully_refunded: Option<bool>,
    /// The amounts are in another currency than the policy's and no exchange rate is known.
    pub unexchanged: bool,
    /// The buyer paid in another currency than the policy's (clause 3.d of the fee statement).
    pub paid_in_other_currency: bool,
    /// Seconds from the click to the order, when a click is known.
    pub lag: Option<i64>,
    /// The attribution window in seconds of the version in force at the click.
    pub window: Option<i64>,
    /// The strongest flag on the line.
    pub flag: Option<Flagged>,
    /// First `[[exclude]]` entry that holds.
    pub exclusion: Option<u16>,
    /// First `[[rate]]` entry that holds.
    pub rate: Option<u16>,
    /// An earlier `[[rate]]` entry of another value that failed only because a fact is missing.
    pub undecided: Option<u16>,
    /// First `[[bonus]]` entry that holds.
    pub bonus: Option<u16>,
}

impl Line {
    /// Makes a line of one unit of which nothing else is known.
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
            fee_country: FeeCountry::Unknown,
            reported_rate: None,
            fully_refunded: None,
            unexchanged: false,
            paid_in_other_currency: false,
            lag: None,
            window: None,
            flag: None,
            exclusion: None,
            rate: None,
            undecided: None,
            bonus: None,
        }
    }
}
