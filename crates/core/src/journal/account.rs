//! The accounts of the journal.
//!
//! Owns their names, their order and what kind each is. Every program has all of them, in each
//! currency. Refuses amounts.

/// What an account is to a bookkeeper. A debit is written positive, a credit negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What the publisher has or is owed: a debit.
    Asset,
    /// What was paid and is not earned: a credit.
    Liability,
    /// What was earned: a credit.
    Income,
    /// What it cost: a debit.
    Expense,
    /// What stands between two currencies: a debit in one, a credit in the other.
    Trading,
}

/// An account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// What pending lines earn, not paid.
    Pending,
    /// What approved lines earn, not paid.
    Approved,
    /// What settled lines earn, not paid.
    Settled,
    /// What lines earn that a flag holds back, not paid.
    Held,
    /// What payouts took from the balance that no line is matched to.
    Unmatched,
    /// What arrived.
    Cash,
    /// What was paid for an order over what it earns.
    Difference,
    /// Commission, with what of it was reversed.
    Commission,
    /// Commission that had been confirmed and was taken away again: a debit.
    CommissionReversed,
    /// Incentives, likewise.
    Incentive,
    /// Incentives that were taken away again.
    IncentiveReversed,
    /// Bonuses, likewise.
    Bonus,
    /// Bonuses that were taken away again.
    BonusReversed,
    /// What the cap took of these: a debit.
    Withheld,
    /// Fees of payouts.
    Fees,
    /// What was paid out less the fee and did not arrive.
    Lost,
    /// What was exchanged, in both currencies.
    Exchange,
    /// What was lost or gained against the reference rate.
    ExchangeResult,
}

impl Account {
    /// All accounts in the order in which they are listed.
    pub const ALL: [Self; 18] = [
        Self::Pending,
        Self::Approved,
        Self::Settled,
        Self::Held,
        Self::Unmatched,
        Self::Cash,
        Self::Difference,
        Self::Commission,
        Self::CommissionReversed,
        Self::Incentive,
        Self::IncentiveReversed,
        Self::Bonus,
        Self::BonusReversed,
        Self::Withheld,
        Self::Fees,
        Self::Lost,
        Self::Exchange,
        Self::ExchangeResult,
    ];

    /// Returns the name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "receivable:pending",
            Self::Approved => "receivable:approved",
            Self::Settled => "receivable:settled",
            Self::Held => "receivable:held",
            Self::Unmatched => "unmatched",
            Self::Cash => "cash",
            Self::Difference => "difference",
            Self::Commission => "income:commission",
            Self::CommissionReversed => "income:commission:reversed",
            Self::Incentive => "income:incentive",
            Self::IncentiveReversed => "income:incentive:reversed",
            Self::Bonus => "income:bonus",
            Self::BonusReversed => "income:bonus:reversed",
            Self::Withheld => "income:withheld",
            Self::Fees => "fees",
            Self::Lost => "lost",
            Self::Exchange => "exchange",
            Self::ExchangeResult => "exchange:result",
        }
    }

    /// Returns the kind.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Pending
            | Self::Approved
            | Self::Settled
            | Self::Held
            | Self::Unmatched
            | Self::Cash => Kind::Asset,
            Self::Difference => Kind::Liability,
            Self::Commission
            | Self::CommissionReversed
            | Self::Incentive
            | Self::IncentiveReversed
            | Self::Bonus
            | Self::BonusReversed
            | Self::Withheld => Kind::Income,
            Self::Fees | Self::Lost | Self::ExchangeResult => Kind::Expense,
            Self::Exchange => Kind::Trading,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_is_listed_once_in_its_place() {
        for (at, account) in Account::ALL.into_iter().enumerate() {
            assert_eq!(Account::ALL.iter().filter(|other| **other == account).count(), 1);
            assert!(at == 0 || Account::ALL[at - 1] < account);
        }
    }
}
