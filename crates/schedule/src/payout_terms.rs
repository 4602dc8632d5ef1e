//! What a program asks of a withdrawal: `[payouts]` of program.toml.
//!
//! Owns the facts and whether a balance may be withdrawn. Refuses to say when to do it.

use feebook_kernel::Minor;

use crate::iso::Currency;

/// Whether a balance of exactly the minimum may be withdrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MinimumIs {
    /// It may.
    #[default]
    AtLeast,
    /// Only more may.
    Above,
}

impl MinimumIs {
    /// Every reading, with the word for it in the file.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("at_least", Self::AtLeast), ("above", Self::Above)];

    /// Returns the word in the file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AtLeast => "at_least",
            Self::Above => "above",
        }
    }
}

/// What a withdrawal takes and costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutTerms {
    /// The currency of minimum and fee.
    pub currency: Currency,
    /// The least balance.
    pub minimum: Minor,
    /// Whether that balance itself is enough.
    pub minimum_is: MinimumIs,
    /// What each withdrawal costs.
    pub fee: Minor,
    /// Whether one that fails costs it, too.
    pub fee_on_failure: bool,
    /// The clause that says so.
    pub clause: Option<String>,
    /// Where it was read.
    pub source: Option<String>,
}

impl PayoutTerms {
    /// Whether a balance in minor units may be withdrawn.
    pub fn allows(&self, balance: i64) -> bool {
        match self.minimum_is {
            MinimumIs::AtLeast => balance > 0 && balance >= self.minimum.get(),
            MinimumIs::Above => balance > self.minimum.get(),
        }
    }

    /// Returns what is left of a balance after the fee; none where it may not be withdrawn.
    pub fn net(&self, balance: i64) -> Option<i64> {
        self.allows(balance).then(|| balance - self.fee.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_itself_is_enough_unless_more_is_asked_for() {
        let mut rules = PayoutTerms {
            currency: Currency::parse("USD").unwrap(),
            minimum: Minor::new(16_00).unwrap(),
            minimum_is: MinimumIs::AtLeast,
            fee: Minor::new(15_00).unwrap(),
            fee_on_failure: true,
            clause: None,
            source: None,
        };
        let nets = |rules: &PayoutTerms| [15_50, 16_00, 31_00].map(|balance| rules.net(balance));
        // G22: 15.50 none, 16.00 leaves 1.00, 31.00 leaves 16.00.
        assert_eq!(nets(&rules), [None, Some(1_00), Some(16_00)]);
        rules.minimum_is = MinimumIs::Above;
        assert_eq!(nets(&rules), [None, None, Some(16_00)]);
        rules.minimum = Minor::ZERO;
        rules.minimum_is = MinimumIs::AtLeast;
        assert_eq!(rules.net(0), None, "nothing is never withdrawn");
    }
}
