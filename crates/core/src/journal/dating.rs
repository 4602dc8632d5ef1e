//! Which day an entry is dated: its own, unless that day's month was closed before.
//!
//! Owns what a closing means. Refuses the clock: the days come from what was recorded.

use chrono::NaiveDate;
use chrono_tz::Tz;
use feebook_schedule::zone::{Month, day, day_before};

/// A program's zone and its closed months.
#[derive(Clone, Debug)]
pub struct Dating {
    zone: Tz,
    /// Each closed month with the sequence number of its closing.
    closed: Vec<(Month, i64)>,
}

/// The date of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dated {
    /// The day it stands on.
    pub on: NaiveDate,
    /// The closed month that it adjusts; none for an entry on its own day.
    pub adjusts: Option<Month>,
}

impl Dating {
    /// Takes the zone and the closed months of a program.
    pub fn new(zone: Tz, closed: Vec<(Month, i64)>) -> Self {
        Self { zone, closed }
    }

    /// Returns the civil day of an instant in the program's zone.
    pub fn day(&self, at: i64) -> NaiveDate {
        day(self.zone, at)
    }

    /// Whether a month was closed for what has this sequence number.
    pub fn is_closed(&self, month: Month, seq: i64) -> bool {
        self.closed.iter().any(|(closed, from)| *closed == month && *from <= seq)
    }

    /// Dates what belongs to a day and was recorded at an instant with a sequence number: on its day,
    /// or, where the month is closed, on the day it was recorded, in the first open month from there.
    pub fn date(&self, own: NaiveDate, recorded_at: i64, seq: i64) -> Dated {
        let month = Month::of(own);
        if !self.is_closed(month, seq) {
            return Dated { on: own, adjusts: None };
        }
        let mut on = self.day(recorded_at);
        while self.is_closed(Month::of(on), seq) {
            on = next(Month::of(on)).first_day();
        }
        Dated { on, adjusts: Some(month) }
    }
}

/// The month after.
pub(crate) fn next(month: Month) -> Month {
    Month::from_index(month.index() + 1)
}

/// The last day of a month.
pub(super) fn last_day(month: Month) -> NaiveDate {
    day_before(next(month).first_day())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn what_belongs_to_a_closed_month_stands_in_the_first_open_one() {
        let months = |closed: &[(&str, i64)]| {
            let closed =
                closed.iter().map(|(text, seq)| (Month::parse(text).unwrap(), *seq)).collect();
            Dating::new(Tz::Europe__Oslo, closed)
        };
        let recorded_at = 1_733_007_600; // 2024-12-01T00:00:00+01:00
        let dating = months(&[("2024-08", 10)]);
        let dated = |seq| dating.date(on("2024-08-15"), recorded_at, seq);
        assert_eq!(dated(9), Dated { on: on("2024-08-15"), adjusts: None });
        let adjusts = Month::parse("2024-08");
        assert_eq!(dated(10), Dated { on: on("2024-12-01"), adjusts });
        assert_eq!(dating.date(on("2024-09-01"), recorded_at, 10).adjusts, None);
        // The month in which it was recorded is closed as well.
        let dating = months(&[("2024-08", 10), ("2024-12", 11), ("2025-01", 12)]);
        assert_eq!(dating.date(on("2024-08-15"), recorded_at, 11).on, on("2025-01-01"));
        assert_eq!(dating.date(on("2024-08-15"), recorded_at, 12).on, on("2025-02-01"));
    }

    #[test]
    fn a_month_ends_on_its_last_day() {
        assert_eq!(last_day(Month::parse("2024-02").unwrap()), on("2024-02-29"));
        assert_eq!(last_day(Month::parse("2024-12").unwrap()), on("2024-12-31"));
    }
}
