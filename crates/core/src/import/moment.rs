//! Instants out of the text of a report.
//!
//! Owns the time formats of a mapping and when a local time is doubtful. Refuses to guess a
//! format, and days that no affiliate report can hold.

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use feebook_schedule::zone;

/// The commonest pattern, which is read without chrono's general parser.
const PLAIN: &str = "%Y-%m-%d %H:%M:%S";
/// 1970-01-01, and 2200-01-01, in seconds: what lies outside is a default of some program.
const RANGE: std::ops::Range<i64> = 0..7_258_118_400;

/// One way to write a time.
#[derive(Clone, Debug)]
pub(super) enum TimeFormat {
    Rfc3339,
    /// `YYYY-MM-DD HH:MM:SS`, or with a `T`.
    Plain,
    Unix,
    UnixMillis,
    Pattern(String, Vec<Item<'static>>),
    /// A pattern that ends with the abbreviation of a zone.
    Abbreviated(String, Vec<Item<'static>>),
}

impl TimeFormat {
    /// Takes a format as a mapping file names it; none when it is no pattern, or one without a
    /// day.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "rfc3339" => return Some(Self::Rfc3339),
            "unix" => return Some(Self::Unix),
            "unix_ms" => return Some(Self::UnixMillis),
            PLAIN => return Some(Self::Plain),
            _ => {}
        }
        if let Some(pattern) = text.strip_suffix("%Z") {
            let items = StrftimeItems::new(pattern.trim_end()).parse_to_owned().ok()?;
            let sample = DateTime::from_timestamp(1_600_000_000, 0)?;
            let written = sample.format(pattern.trim_end()).to_string();
            by_pattern(&written, &items, Tz::UTC)?;
            return Some(Self::Abbreviated(text.to_owned(), items));
        }
        let items = StrftimeItems::new(text).parse_to_owned().ok()?;
        let format = Self::Pattern(text.to_owned(), items);
        // A pattern that cannot read what it wrote itself would reject every row.
        let sample = DateTime::from_timestamp(1_600_000_000, 0)?;
        let written = sample.format(text).to_string();
        by_pattern(&written, format.items()?, Tz::UTC)?;
        Some(format)
    }

    fn items(&self) -> Option<&[Item<'static>]> {
        match self {
            Self::Pattern(_, items) | Self::Abbreviated(_, items) => Some(items),
            _ => None,
        }
    }

    /// Returns how a person would describe the format.
    pub(super) fn shown(&self) -> &str {
        match self {
            Self::Rfc3339 => "RFC 3339",
            Self::Plain => "YYYY-MM-DD HH:MM:SS",
            Self::Unix => "seconds since 1970",
            Self::UnixMillis => "milliseconds since 1970",
            Self::Pattern(pattern, _) | Self::Abbreviated(pattern, _) => pattern,
        }
    }

    fn instant(&self, text: &str, zones: Zones<'_>) -> Option<(i64, bool)> {
        let zone = zones.zone;
        match self {
            Self::Rfc3339 => {
                DateTime::parse_from_rfc3339(text).ok().map(|at| (at.timestamp(), false))
            }
            Self::Plain => plain(text).map(|local| in_zone(zone, local)),
            Self::Unix => text.parse().ok().map(|at| (at, false)),
            Self::UnixMillis => {
                text.parse().ok().map(|millis: i64| (millis.div_euclid(1_000), false))
            }
            Self::Pattern(_, items) => by_pattern(text, items, zone),
            Self::Abbreviated(_, items) => {
                let (text, abbreviation) = text.rsplit_once(' ')?;
                let known = |(name, _): &&(String, i32)| name == abbreviation;
                let (_, offset) = zones.abbreviations.iter().find(known)?;
                let (at, _) = by_pattern(text.trim_end(), items, Tz::UTC)?;
                Some((at - i64::from(*offset), false))
            }
        }
    }
}

/// Where times without an offset belong, and what abbreviations of zones mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zones<'z> {
    pub(super) zone: Tz,
    pub(super) abbreviations: &'z [(String, i32)],
}

/// Reads a time in the first of the formats that fits; true with it when the local time occurred
/// twice or never.
pub(super) fn instant(text: &str, formats: &[TimeFormat], zones: Zones<'_>) -> Option<(i64, bool)> {
    formats
        .iter()
        .find_map(|format| format.instant(text, zones).filter(|(at, _)| RANGE.contains(at)))
}

/// Whether a text is a time that lies before 1970 or after 2199.
pub(super) fn out_of_range(text: &str, formats: &[TimeFormat], zones: Zones<'_>) -> bool {
    formats.iter().any(|format| format.instant(text, zones).is_some())
}

/// Reads the date, or date and time, of a spreadsheet's cell as it was written out.
pub(super) fn of_cell(text: &str, zone: Tz) -> Option<(i64, bool)> {
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let local = plain(text).or_else(|| day().map(|day| day.and_time(NaiveTime::MIN)))?;
    Some(in_zone(zone, local)).filter(|(at, _)| RANGE.contains(at))
}

/// Reads an offset from UTC, as in `+02:00`, in seconds.
pub(super) fn offset(text: &str) -> Option<i32> {
    let offset: chrono::FixedOffset = text.parse().ok()?;
    Some(offset.local_minus_utc())
}

fn in_zone(zone: Tz, local: NaiveDateTime) -> (i64, bool) {
    let (at, doubt) = zone::instant(zone, local);
    (at, doubt.is_some())
}

fn by_pattern(text: &str, items: &[Item<'static>], zone: Tz) -> Option<(i64, bool)> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, items.iter()).ok()?;
    if let Ok(instant) = parsed.to_datetime() {
        return Some((instant.timestamp(), false));
    }
    let day = parsed.to_naive_date().ok()?;
    // A pattern without a time of day means the day's first moment.
    let time =
        if parsed.hour_mod_12().is_some() { parsed.to_naive_time().ok()? } else { NaiveTime::MIN };
    Some(in_zone(zone, day.and_time(time)))
}

/// Reads `YYYY-MM-DD HH:MM:SS`, and nothing shorter or longer.
fn plain(text: &str) -> Option<NaiveDateTime> {
    let bytes: &[u8; 19] = text.as_bytes().try_into().ok()?;
    let marks = [bytes[4], bytes[7], bytes[10], bytes[13], bytes[16]];
    if marks != *b"-- ::" {
        return None;
    }
    let pair = |at: usize| -> Option<u32> {
        let (tens, ones) = (bytes[at], bytes[at + 1]);
        let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        digits.then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
    };
    let year = i32::try_from(pair(0)? * 100 + pair(2)?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, pair(5)?, pair(8)?)?;
    day.and_hms_opt(pair(11)?, pair(14)?, pair(17)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, formats: &[&str], zone: Tz) -> Option<(String, bool)> {
        let formats: Vec<_> = formats.iter().map(|f| TimeFormat::parse(f).unwrap()).collect();
        let abbreviations = [("CEST".to_owned(), 7_200), ("CET".to_owned(), 3_600)];
        let zones = Zones { zone, abbreviations: &abbreviations };
        instant(text, &formats, zones).map(|(at, doubt)| (zone::written(Tz::UTC, at), doubt))
    }

    #[test]
    fn local_times_are_read_in_the_zone() {
        let la = Tz::America__Los_Angeles;
        let at = |text| read(text, &["rfc3339", PLAIN], la);
        assert_eq!(at("2024-05-07 00:00:00"), Some(("2024-05-07T07:00:00Z".into(), false)));
        assert_eq!(at("2024-05-07T00:00:00+02:00"), Some(("2024-05-06T22:00:00Z".into(), false)));
        assert_eq!(at("2024-11-03 01:30:00"), Some(("2024-11-03T08:30:00Z".into(), true)));
        assert_eq!(at("2024-03-10 02:30:00"), Some(("2024-03-10T10:30:00Z".into(), true)));
        for bad in
            ["2024-13-45 00:00:00", "2024-5-7 00:00:00", "", "2024-05-07", "0001-01-01 00:00:00"]
        {
            assert_eq!(at(bad), None, "{bad}");
        }
    }

    #[test]
    fn patterns_offsets_and_counts() {
        let zone = Tz::Europe__Berlin;
        let at = |text, format: &str| read(text, &[format], zone).map(|(at, _)| at);
        assert_eq!(at("15.01.2026", "%d.%m.%Y").as_deref(), Some("2026-01-14T23:00:00Z"));
        assert_eq!(
            at("2012-09-18T11:38:07+0200", "%Y-%m-%dT%H:%M:%S%z").as_deref(),
            Some("2012-09-18T09:38:07Z")
        );
        assert_eq!(
            at("07/05/2024 13:00", "%d/%m/%Y %H:%M").as_deref(),
            Some("2024-05-07T11:00:00Z")
        );
        assert_eq!(at("1600000000", "unix").as_deref(), Some("2020-09-13T12:26:40Z"));
        assert_eq!(at("1600000000999", "unix_ms").as_deref(), Some("2020-09-13T12:26:40Z"));
    }

    #[test]
    fn an_abbreviation_tells_which_of_two_hours_is_meant() {
        let zone = Tz::Europe__Stockholm;
        let at = |text| read(text, &["%Y-%m-%d %H:%M:%S %Z"], zone);
        assert_eq!(at("2014-10-26 02:30:00 CEST"), Some(("2014-10-26T00:30:00Z".into(), false)));
        assert_eq!(at("2014-10-26 02:30:00 CET"), Some(("2014-10-26T01:30:00Z".into(), false)));
        assert_eq!(at("2014-10-26 02:30:00 XYZ"), None);
        assert_eq!(at("2014-10-26 02:30:00"), None);
        assert_eq!(offset("+02:00"), Some(7_200));
        assert_eq!(offset("two"), None);
    }

    #[test]
    fn cells_of_spreadsheets_are_days_or_instants() {
        let at = |text| of_cell(text, Tz::UTC).map(|(at, _)| at);
        assert_eq!(at("1970-01-02"), Some(86_400));
        assert_eq!(at("1970-01-01 00:01:00"), Some(60));
        assert_eq!(at("10:00:00"), None);
    }

    #[test]
    fn a_pattern_must_name_a_day() {
        for bad in ["%H:%M", "%Q", "", "day"] {
            assert!(TimeFormat::parse(bad).is_none(), "{bad}");
        }
    }
}
