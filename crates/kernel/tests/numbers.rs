//! Numbers and words that are stored, shown and cross the plugin's boundary. A number is never used
//! again and a word never changes: a new row here is a new number, a changed row is a mistake.

use feebook_kernel::{Reason, State, Verdict};

const VERDICTS: [(Verdict, u8, &str); 8] = [
    (Verdict::Uncovered, 0, "uncovered"),
    (Verdict::Declined, 1, "declined"),
    (Verdict::Disqualified, 2, "disqualified"),
    (Verdict::OutsideWindow, 3, "outside_window"),
    (Verdict::Excluded, 4, "excluded"),
    (Verdict::Held, 5, "held"),
    (Verdict::Unverifiable, 6, "unverifiable"),
    (Verdict::Commissionable, 7, "commissionable"),
];

const REASONS: [(Reason, u16, &str); 22] = [
    (Reason::NoCover, 1, "no_cover"),
    (Reason::Declined, 10, "declined"),
    (Reason::Reversed, 11, "reversed"),
    (Reason::FullyRefunded, 12, "fully_refunded"),
    (Reason::Flag, 20, "flag"),
    (Reason::LateOrder, 30, "late_order"),
    (Reason::ExcludeEntry, 40, "exclusion"),
    (Reason::PaidCurrency, 41, "paid_currency"),
    (Reason::NotYetGoverned, 50, "not_yet_governed"),
    (Reason::NoExchangeRate, 51, "no_exchange_rate"),
    (Reason::NoAmount, 52, "no_amount"),
    (Reason::MissingFact, 53, "missing_fact"),
    (Reason::NoRate, 54, "no_rate"),
    (Reason::RateLost, 55, "rate_lost"),
    (Reason::BandWithoutReport, 56, "band_without_report"),
    (Reason::BandExceeded, 57, "band_exceeded"),
    (Reason::PluginSilent, 58, "plugin_silent"),
    (Reason::NoTerms, 59, "no_terms"),
    (Reason::Percent, 70, "percent"),
    (Reason::Flat, 71, "flat"),
    (Reason::BandReported, 72, "band_reported"),
    (Reason::Plugin, 73, "plugin"),
];

const STATES: [(State, u8, &str); 5] = [
    (State::Pending, 0, "pending"),
    (State::Approved, 1, "approved"),
    (State::Settled, 2, "settled"),
    (State::Declined, 3, "declined"),
    (State::Reversed, 4, "reversed"),
];

/// Returns the number that the declaration gives; the crate itself has no use for it.
#[expect(clippy::as_conversions, reason = "the only way to read a discriminant")]
fn verdict_number(verdict: Verdict) -> u8 {
    verdict as u8
}

#[expect(clippy::as_conversions, reason = "the only way to read a discriminant")]
fn reason_number(reason: Reason) -> u16 {
    reason as u16
}

/// Fails to compile when a verdict is added: then add it to `ALL`, to the table, and here.
fn known_verdict(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Uncovered
        | Verdict::Declined
        | Verdict::Disqualified
        | Verdict::OutsideWindow
        | Verdict::Excluded
        | Verdict::Held
        | Verdict::Unverifiable
        | Verdict::Commissionable => true,
    }
}

/// Fails to compile when a reason is added: then add it to `ALL`, to the table, and here.
fn known_reason(reason: Reason) -> bool {
    match reason {
        Reason::NoCover
        | Reason::Declined
        | Reason::Reversed
        | Reason::FullyRefunded
        | Reason::Flag
        | Reason::LateOrder
        | Reason::ExcludeEntry
        | Reason::PaidCurrency
        | Reason::NotYetGoverned
        | Reason::NoExchangeRate
        | Reason::NoAmount
        | Reason::MissingFact
        | Reason::NoRate
        | Reason::RateLost
        | Reason::BandWithoutReport
        | Reason::BandExceeded
        | Reason::PluginSilent
        | Reason::NoTerms
        | Reason::Percent
        | Reason::Flat
        | Reason::BandReported
        | Reason::Plugin => true,
    }
}

#[test]
fn verdicts_keep_number_word_and_order() {
    let found = Verdict::ALL.map(|verdict| (verdict, verdict_number(verdict), verdict.word()));
    assert_eq!(found, VERDICTS);
    assert!(Verdict::ALL.into_iter().all(known_verdict));
    assert!(found.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1));
    assert_eq!(size_of::<Verdict>(), 1);
}

#[test]
fn reasons_keep_number_word_and_order() {
    let found = Reason::ALL.map(|reason| (reason, reason_number(reason), reason.word()));
    assert_eq!(found, REASONS);
    assert!(Reason::ALL.into_iter().all(known_reason));
    assert!(found.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1));
    assert_eq!(size_of::<Reason>(), 2);
}

#[test]
fn no_word_is_used_twice() {
    let mut words: Vec<&str> = Reason::ALL.iter().map(|reason| reason.word()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Reason::ALL.len());
}

#[test]
fn states_keep_rank_word_and_order() {
    assert_eq!(State::ALL.map(|state| (state, state.rank(), state.word())), STATES);
    assert!(State::ALL.is_sorted_by(|a, b| a < b));
}
