//! Which day an entry is dated: its own, unless that day's month was closed before.
//!
//! Owns what a closing means. Refuses the clock: the days come from what was recorded.

use chrono::NaiveDate;
use chrono_tz::Tz;
use feebook_schedule::zone::{Month, day, day_before};

/// A closing: the month to whose end everything is closed, from a sequence number on.
#[derive(Clone, Copy, Debug)]
pub struct Closed {
    /// The last month that it closed.
    pub month: Month,
    /// The sequence number of the closing.
    pub seq: i64,
    /// The program's zone at that time, in which what comes after is dated.
    pub zone: Tz,
}

/// A program's closings, and its zone.
#[derive(Clone, Debug)]
pub struct Dating {
    zone: Tz,
    /// In order of their sequence numbers.
    closed: Vec<Closed>,
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
    /// Takes the zone and the closings of a program.
    pub fn new(zone: Tz, mut closed: Vec<Closed>) -> Self {
        closed.sort_by_key(|closing| closing.seq);
        Self { zone, closed }
    }

    /// Returns the civil day of an instant for what has this sequence number: in the zone of the closing
    /// before it, so that what was dated once stays where it is when the program's zone is changed.
    pub fn day(&self, at: i64, seq: i64) -> NaiveDate {
        let before = self.closed.iter().rfind(|closing| closing.seq <= seq);
        let closing = before.or_else(|| self.closed.first());
        day(closing.map_or(self.zone, |closing| closing.zone), at)
    }

    /// Returns the last month that was closed for what has this sequence number; all before it are
    /// closed, too.
    pub fn closed_to(&self, seq: i64) -> Option<Month> {
        let before = self.closed.iter().filter(|closing| closing.seq <= seq);
        before.map(|closing| closing.month).max()
    }

    /// Whether a month was closed for what has this sequence number.
    pub fn is_closed(&self, month: Month, seq: i64) -> bool {
        self.closed_to(seq).is_some_and(|last| month <= last)
    }

    /// Dates what belongs to a day and was recorded at an instant with a sequence number: on its day,
    /// or, where its month is closed, on the day it was recorded, after all that is closed.
    pub fn date(&self, own: NaiveDate, recorded_at: i64, seq: i64) -> Dated {
        let month = Month::of(own);
        match self.closed_to(seq) {
            Some(last) if month <= last => {
                let on = self.day(recorded_at, seq).max(next(last).first_day());
                Dated { on, adjusts: Some(month) }
            }
            _ => Dated { on: own, adjusts: None },
        }
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

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    fn closed(closed: &[(&str, i64)]) -> Vec<Closed> {
        let zone = Tz::Europe__Oslo;
        closed.iter().map(|(text, seq)| Closed { month: month(text), seq: *seq, zone }).collect()
    }

    const DECEMBER: i64 = 1_733_007_600; // 2024-12-01T00:00:00+01:00

    #[test]
    fn what_belongs_to_a_closed_month_stands_after_all_that_is_closed() {
        let dating = Dating::new(Tz::Europe__Oslo, closed(&[("2024-08", 10)]));
        let dated = |seq| dating.date(on("2024-08-15"), DECEMBER, seq);
        assert_eq!(dated(9), Dated { on: on("2024-08-15"), adjusts: None });
        assert_eq!(dated(10), Dated { on: on("2024-12-01"), adjusts: Some(month("2024-08")) });
        assert_eq!(dating.date(on("2024-09-01"), DECEMBER, 10).adjusts, None);
        // The month in which it was recorded is closed as well; nobody ever closed 2024-10.
        let closed = closed(&[("2024-08", 10), ("2024-12", 11), ("2025-01", 12)]);
        let dating = Dating::new(Tz::Europe__Oslo, closed);
        assert_eq!(dating.date(on("2024-08-15"), DECEMBER, 11).on, on("2025-01-01"));
        let dated = dating.date(on("2024-10-15"), DECEMBER, 12);
        assert_eq!(dated, Dated { on: on("2025-02-01"), adjusts: Some(month("2024-10")) });
    }

    #[test]
    fn another_zone_of_the_program_moves_nothing_that_a_closing_dated() {
        let dated = |zone, seq| {
            let dating = Dating::new(zone, closed(&[("2024-08", 10)]));
            (dating.date(on("2024-08-15"), DECEMBER, seq).on, dating.day(DECEMBER, seq))
        };
        assert_eq!(dated(Tz::UTC, 10), dated(Tz::Europe__Oslo, 10));
        assert_eq!(dated(Tz::UTC, 9), dated(Tz::Europe__Oslo, 9));
        assert_eq!(Dating::new(Tz::UTC, Vec::new()).day(DECEMBER, 9), on("2024-11-30"));
    }

    #[test]
    fn a_month_ends_on_its_last_day() {
        assert_eq!(last_day(Month::parse("2024-02").unwrap()), on("2024-02-29"));
        assert_eq!(last_day(Month::parse("2024-12").unwrap()), on("2024-12-31"));
    }
}
