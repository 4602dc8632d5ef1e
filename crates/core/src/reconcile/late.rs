//! How old what is owed is: an age class, never a verdict.
//!
//! Owns the classes. Age runs in civil days of the program's zone from the validation of a line to the
//! day that was asked for. Refuses the clock: the day is given.

use chrono::NaiveDate;
use feebook_kernel::State;
use feebook_schedule::{Program, Version};

use crate::fact::LineFact;

/// How old something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Up to 30 days.
    UpTo30,
    /// 31 to 60 days.
    UpTo60,
    /// 61 to 90 days.
    UpTo90,
    /// More than 90 days: overdue.
    Over90,
    /// Void under `policy.expires_after`.
    Dead,
}

impl Class {
    /// Returns the words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::UpTo30 => "0-30",
            Self::UpTo60 => "31-60",
            Self::UpTo90 => "61-90",
            Self::Over90 => "91+",
            Self::Dead => "dead",
        }
    }

    /// Whether it is a finding.
    pub const fn is_overdue(self) -> bool {
        matches!(self, Self::Over90 | Self::Dead)
    }

    fn of_days(days: i64) -> Self {
        match days {
            ..=30 => Self::UpTo30,
            31..=60 => Self::UpTo60,
            61..=90 => Self::UpTo90,
            91.. => Self::Over90,
        }
    }
}

/// The age of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// The day it was validated.
    pub since: NaiveDate,
    /// The days from then.
    pub days: i64,
    /// The class.
    pub class: Class,
}

/// Ages what is not settled: none of a line without any instant, or after the day asked for.
pub(super) fn unsettled(
    program: &Program,
    version: Option<&Version>,
    governing_at: Option<i64>,
    fact: &LineFact,
    on: NaiveDate,
) -> Option<Age> {
    let age = validated(program, governing_at, fact, on)?;
    let dead = || {
        let expires = version?.expires_after()?;
        let days = (on - program.day(governing_at?)).num_days();
        Some(days > expires / DAY)
    };
    let open = matches!(fact.state, State::Pending | State::Approved);
    let class = if open && dead().unwrap_or(false) { Class::Dead } else { age.class };
    Some(Age { class, ..age })
}

/// Ages a line from its validation: `settled_at`, else `finished_at`, else its governing instant.
pub(super) fn validated(
    program: &Program,
    governing_at: Option<i64>,
    fact: &LineFact,
    on: NaiveDate,
) -> Option<Age> {
    let at = fact.settled_at.or(fact.finished_at).or(governing_at)?;
    let since = program.day(at);
    let days = (on - since).num_days();
    (days >= 0).then_some(Age { since, days, class: Class::of_days(days) })
}

/// Seconds of a day.
const DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_change_after_30_60_and_90_days() {
        let words = [0, 30, 31, 60, 61, 90, 91].map(|days| Class::of_days(days).word());
        assert_eq!(words, ["0-30", "0-30", "31-60", "31-60", "61-90", "61-90", "91+"]);
        assert!(Class::Dead.is_overdue() && !Class::UpTo90.is_overdue());
    }
}
