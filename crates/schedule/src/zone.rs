//! Civil time in a program's zone: instants, days and months.
//!
//! Owns the reading of a local time that occurs twice or not at all (rule 3). Refuses the host's
//! zone and the clock.

use std::fmt;

use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset};
use chrono::{TimeDelta, TimeZone};
use chrono_tz::Tz;

/// Why a local time does not name one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The clocks were set back: the time occurs twice, the first is taken.
    Twice,
    /// The clocks were set forward: the time does not exist, the offset before the gap is taken.
    Never,
}

/// Reads a local time in a zone, in seconds since 1970-01-01T00:00:00Z.
///
/// A time that occurs twice takes the first; one that does not exist takes the offset before the
/// gap. Both are told.
pub fn instant(zone: Tz, local: NaiveDateTime) -> (i64, Option<Doubt>) {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(instant) => (instant.timestamp(), None),
        LocalResult::Ambiguous(first, _) => (first.timestamp(), Some(Doubt::Twice)),
        LocalResult::None => {
            let offset = offset_before_gap(zone, local);
            (local.and_utc().timestamp() - i64::from(offset), Some(Doubt::Never))
        }
    }
}

/// The offset in seconds that was in force before the gap that swallows this local time. The
/// longest gap on record is a day, skipped in the Pacific.
fn offset_before_gap(zone: Tz, local: NaiveDateTime) -> i32 {
    for hours in 1..=26 {
        let earlier = local.checked_sub_signed(TimeDelta::hours(hours));
        let before = earlier.and_then(|earlier| zone.from_local_datetime(&earlier).latest());
        if let Some(instant) = before {
            return instant.offset().fix().local_minus_utc();
        }
    }
    0
}

/// Returns the start of a day in a zone.
pub fn midnight(zone: Tz, day: NaiveDate) -> i64 {
    instant(zone, day.and_time(NaiveTime::MIN)).0
}

/// Returns the civil time of an instant in a zone.
pub fn local(zone: Tz, at: i64) -> NaiveDateTime {
    let utc = DateTime::from_timestamp(at, 0).unwrap_or_default();
    utc.with_timezone(&zone).naive_local()
}

/// Returns the civil day of an instant in a zone.
pub fn day(zone: Tz, at: i64) -> NaiveDate {
    local(zone, at).date()
}

/// Writes an instant with the zone's offset, as in `2024-05-06T23:59:59-07:00`.
pub fn written(zone: Tz, at: i64) -> String {
    let utc = DateTime::from_timestamp(at, 0).unwrap_or_default();
    utc.with_timezone(&zone).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    /// 1 to 12.
    month: u32,
}

impl Month {
    /// Returns the month of a day.
    pub fn of(day: NaiveDate) -> Self {
        Self { year: day.year(), month: day.month() }
    }

    /// Reads `YYYY-MM`.
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == 7 && text.as_bytes().get(4) == Some(&b'-');
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok()?;
        well_formed.then(|| Self::of(first))
    }

    /// Returns the month as a number that counts up: months since the year 0.
    pub fn index(self) -> i32 {
        self.year * 12 + i32::try_from(self.month).unwrap_or(1) - 1
    }

    /// Returns the month of such a number.
    pub fn from_index(index: i32) -> Self {
        let month = u32::try_from(index.rem_euclid(12)).unwrap_or(0) + 1;
        Self { year: index.div_euclid(12), month }
    }

    /// Returns the first day.
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or_default()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// Finds the zone of an IANA name.
pub fn parse(name: &str) -> Option<Tz> {
    name.parse().ok()
}

/// Returns the last day that lies wholly before an exclusive end at midnight.
pub fn day_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(zone: Tz, text: &str) -> (String, Option<Doubt>) {
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
        let (at, doubt) = instant(zone, local);
        (written(Tz::UTC, at), doubt)
    }

    #[test]
    fn a_local_time_that_occurs_twice_takes_the_first() {
        // Clocks in Los Angeles went from 02:00 PDT back to 01:00 PST.
        let (at, doubt) = read(Tz::America__Los_Angeles, "2024-11-03 01:30:00");
        assert_eq!((at.as_str(), doubt), ("2024-11-03T08:30:00Z", Some(Doubt::Twice)));
    }

    #[test]
    fn a_local_time_that_does_not_exist_takes_the_offset_before_the_gap() {
        let (at, doubt) = read(Tz::America__Los_Angeles, "2024-03-10 02:30:00");
        assert_eq!((at.as_str(), doubt), ("2024-03-10T10:30:00Z", Some(Doubt::Never)));
        // Samoa skipped a whole day.
        let (at, doubt) = read(Tz::Pacific__Apia, "2011-12-30 12:00:00");
        assert_eq!((at.as_str(), doubt), ("2011-12-30T22:00:00Z", Some(Doubt::Never)));
    }

    #[test]
    fn summer_and_winter_have_their_own_offsets() {
        assert_eq!(read(Tz::America__Los_Angeles, "2024-05-07 00:00:00").0, "2024-05-07T07:00:00Z");
        assert_eq!(read(Tz::America__Los_Angeles, "2024-01-07 00:00:00").0, "2024-01-07T08:00:00Z");
    }

    #[test]
    fn months_count_up_and_print_as_they_are_read() {
        let december = Month::parse("2023-12").unwrap();
        let january = Month::parse("2024-01").unwrap();
        assert_eq!(december.index() + 1, january.index());
        assert_eq!(Month::from_index(january.index()), january);
        assert_eq!(january.to_string(), "2024-01");
        for bad in ["2024-13", "2024-1", "24-01", "2024/01", ""] {
            assert_eq!(Month::parse(bad), None, "{bad}");
        }
    }
}
