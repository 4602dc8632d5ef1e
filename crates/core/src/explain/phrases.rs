//! Phrases that steps are made of: a dated fact, a duration, how amounts are rounded.
//!
//! Refuses to know the order: each phrase is of the one thing that it is given.

use feebook_kernel::Rounding;

use crate::standing::{About, DatedFact};

/// A dated fact in words.
pub(super) fn dated_fact(fact: &DatedFact) -> String {
    let (subject, value, from) = (&fact.subject, &fact.value, fact.from_on);
    let what = match fact.about {
        About::Product => format!("product {subject} is marked {} since {from}", fact.aspect),
        About::Placement => format!("placement {subject} is of kind {value} since {from}"),
        About::Account => format!("the account's {} is {value} since {from}", fact.aspect),
    };
    match &fact.reason {
        Some(reason) => format!("{what} ({reason})"),
        None => what,
    }
}

/// A number of seconds; those left over from whole minutes only where there are some.
pub(super) fn duration(seconds: i64) -> String {
    let (minutes, rest) = (seconds / 60, seconds % 60);
    let hours = minutes / 60;
    let seconds = if rest == 0 { String::new() } else { format!(" {rest} s") };
    format!("{} d {} h {} min{seconds}", hours / 24, hours % 24, minutes % 60)
}

/// Conditions in words after what they belong to; nothing where there are none.
pub(super) fn in_brackets(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(" ({words})") }
}

/// How amounts are rounded.
pub(super) fn rounding_words(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::Floor => "cut to the minor unit",
        Rounding::HalfUp => "rounded half up",
        Rounding::HalfEven => "rounded half to even",
    }
}
