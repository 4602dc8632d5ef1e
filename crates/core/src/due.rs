//! What a line is due.
//!
//! Owns the one answer, which payouts, their shortfall and the comparison with reports share. Refuses to
//! exchange it: it is in the currency of the amounts that it is known from.

use feebook_kernel::{Outcome, State};
use feebook_schedule::iso::Currency;

use crate::fact::LineFact;
use crate::run::known;
use crate::words::Words;

/// Where it is known from what a line is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueBy {
    /// The network reported it: commission, incentive and bonus of the line.
    Reported,
    /// The network reported nothing: what the latest run found.
    Computed,
    /// It was declined or reversed: nothing, whatever was reported.
    TakenBack,
}

impl DueBy {
    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Computed => "computed",
            Self::TakenBack => "taken_back",
        }
    }
}

/// What a line is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Minor units of `currency`.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
    /// Where it is known from.
    pub by: DueBy,
}

/// Returns what a line is due: nothing where it was declined or reversed, else what the network reported
/// for it, else what was found; none where neither can be said. `policy` is the currency of the terms.
pub fn due(
    fact: &LineFact,
    words: &Words,
    found: Option<&Outcome>,
    policy: Option<Currency>,
) -> Option<Due> {
    let told_in = amounts_in(fact, words, policy);
    if matches!(fact.state, State::Declined | State::Reversed) {
        let currency = told_in.or(policy)?;
        return Some(Due { amount: 0, currency, by: DueBy::TakenBack });
    }
    if let Some(amount) = fact.reported() {
        return Some(Due { amount, currency: told_in?, by: DueBy::Reported });
    }
    let amount = known(found?)?.total();
    Some(Due { amount, currency: policy?, by: DueBy::Computed })
}

/// Returns the currency of a report's amounts (rule 16): `amount_currency`, else `currency`, else that of
/// the terms.
pub fn amounts_in(fact: &LineFact, words: &Words, policy: Option<Currency>) -> Option<Currency> {
    match fact.amount_currency.or(fact.currency) {
        Some(word) => Currency::parse(words.text(word)),
        None => policy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::No;

    fn line(state: State, reported: Option<i64>) -> LineFact {
        let no = |text| No::parse(text).unwrap();
        LineFact { reported_commission: reported, ..LineFact::new(no("1"), no("1"), state) }
    }

    #[test]
    fn a_line_is_due_what_was_reported_and_nothing_once_it_is_taken_back() {
        let mut words = Words::default();
        let (usd, nok) = (Currency::parse("USD"), Currency::parse("NOK"));
        let settled = line(State::Settled, Some(5_50));
        let said = due(&settled, &words, None, usd).unwrap();
        assert_eq!((said.amount, Some(said.currency), said.by), (5_50, usd, DueBy::Reported));
        for state in [State::Declined, State::Reversed] {
            let said = due(&line(state, Some(5_50)), &words, None, usd).unwrap();
            assert_eq!((said.amount, said.by), (0, DueBy::TakenBack));
        }
        let told_in = words.intern("NOK");
        let foreign = LineFact { amount_currency: Some(told_in), ..settled };
        let said = due(&foreign, &words, None, usd).unwrap();
        assert_eq!((said.amount, Some(said.currency)), (5_50, nok));
        assert_eq!(due(&line(State::Settled, None), &words, None, usd), None);
    }
}
