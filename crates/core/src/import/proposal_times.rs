//! How a report writes its times, seen from some of them.
//!
//! Owns the patterns that are tried. Refuses a guess between day and month where both are possible, but
//! for saying so.

use super::advertisers::toml_text as quoted;
use super::moment::{Days, TimeFormat, Zones, instant};
use super::proposal_seen::Column;

/// Patterns of times, the likelier first.
const TIMES: &[&str] = &[
    "rfc3339",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f%z",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d-%m-%Y",
    "%a %b %d %Y %H:%M:%S GMT%z (UTC)",
    "unix",
    "unix_ms",
];
/// The pattern of a time with a zone's abbreviation, and those whose meaning is plain.
const ABBREVIATED: &str = "%Y-%m-%d %H:%M:%S %Z";
const ABBREVIATIONS: [(&str, &str); 6] = [
    ("CEST", "+02:00"),
    ("CET", "+01:00"),
    ("EEST", "+03:00"),
    ("EET", "+02:00"),
    ("GMT", "+00:00"),
    ("UTC", "+00:00"),
];
/// 1990 in seconds: a smaller number is no time that a report has.
const EARLIEST: i64 = 631_152_000;

/// Whether a value is written in a pattern.
fn is(value: &str, pattern: &str) -> bool {
    if pattern.starts_with("unix") {
        let seconds = value.parse::<i64>().unwrap_or(0);
        let seconds = if pattern == "unix" { seconds } else { seconds / 1_000 };
        return (EARLIEST..EARLIEST * 6).contains(&seconds);
    }
    let zones = Zones { zone: chrono_tz::Tz::UTC, abbreviations: &[] };
    let format = TimeFormat::parse(pattern);
    format.is_some_and(|format| {
        instant(value, std::slice::from_ref(&format), zones, &mut Days::default()).is_some()
    })
}

/// The abbreviation at the end of a time that has one.
fn abbreviation(value: &str) -> Option<&str> {
    let (time, zone) = value.rsplit_once(' ')?;
    let is_zone = (2..=5).contains(&zone.len()) && zone.bytes().all(|b| b.is_ascii_uppercase());
    (is_zone && !matches!(zone, "AM" | "PM") && is(time, "%Y-%m-%d %H:%M:%S")).then_some(zone)
}

/// Whether a value is a time.
pub(super) fn is_time(value: &str) -> bool {
    abbreviation(value).is_some() || TIMES.iter().any(|pattern| is(value, pattern))
}

/// Whether a column holds days without a time of day.
pub(super) fn are_days(column: &Column) -> bool {
    let is_day = |value: &str| !value.contains([':', 'T']);
    !column.is_empty() && column.filled().all(is_day)
}

/// Whether a column holds times of day.
pub(super) fn are_times_of_day(column: &Column) -> bool {
    let is_clock = |value: &str| {
        let parts: Vec<&str> = value.split(':').collect();
        let two = |part: &&str| part.len() <= 2 && part.parse::<u8>().is_ok_and(|n| n < 60);
        (2..=3).contains(&parts.len()) && parts.iter().all(two)
    };
    !column.is_empty() && column.filled().all(is_clock)
}

/// `[times]` for the times of some columns.
pub(super) fn section(columns: &[Vec<String>]) -> String {
    let values: Vec<&str> = columns
        .iter()
        .flatten()
        .map(|value| value.trim())
        .filter(|value| !value.is_empty())
        .collect();
    // Where one time can only be the American way, all of them are.
    let only_american = |value: &&str| {
        let is = |way: &str| TIMES.iter().any(|p| p.starts_with(way) && is(value, p));
        is("%m/%d/%") && !is("%d/%m/%")
    };
    let american = values.iter().any(only_american);
    let mut found: Vec<&str> = Vec::new();
    for value in &values {
        if abbreviation(value).is_some() || found.iter().any(|pattern| is(value, pattern)) {
            continue;
        }
        let possible = TIMES.iter().filter(|pattern| !american || !pattern.starts_with("%d/%m/"));
        found.extend(possible.copied().find(|pattern| is(value, pattern)));
    }
    let mut zones: Vec<&str> = values.iter().filter_map(|value| abbreviation(value)).collect();
    zones.sort_unstable();
    zones.dedup();
    if !zones.is_empty() {
        found.insert(0, ABBREVIATED);
    }
    if found.is_empty() {
        found.push("rfc3339");
    }
    let listed: Vec<String> = found.iter().map(|pattern| quoted(pattern)).collect();
    let doubt = found.iter().any(|pattern| pattern.starts_with("%d/%m/"));
    let doubt = if doubt { "  # or does the month come first?" } else { "" };
    let zone = "zone = \"program\"  # or an IANA name, if the network states one";
    let known = ABBREVIATIONS.iter().filter(|(name, _)| zones.contains(name));
    let known: Vec<String> = known.map(|(name, offset)| format!("{name} = \"{offset}\"")).collect();
    let known = match known.as_slice() {
        [] => String::new(),
        known => format!("abbreviations = {{ {} }}\n", known.join(", ")),
    };
    format!("[times]\n{zone}\nformats = [{}]{doubt}\n{known}\n", listed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_that_some_time_needs() {
        for (values, formats) in [
            (&["2024-05-07 10:00:00", "2024-05-08"][..], "[\"%Y-%m-%d %H:%M:%S\", \"%Y-%m-%d\"]"),
            (&["2024-05-07T10:00:00Z", ""], "[\"rfc3339\"]"),
            (&["2012-09-18T11:38:07+0200"], "[\"%Y-%m-%dT%H:%M:%S%z\"]"),
            (&["03/04/2026"], "[\"%d/%m/%Y\"]  # or does the month come first?"),
            (&["03/04/2026", "3/24/2026"], "[\"%m/%d/%Y\"]"),
            (&["1723190400"], "[\"unix\"]"),
            (
                &["2014-10-10 00:09:40 CEST"],
                "[\"%Y-%m-%d %H:%M:%S %Z\"]\nabbreviations = { CEST = \"+02:00\" }",
            ),
            (&[], "[\"rfc3339\"]"),
        ] {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            let section = section(&[values]);
            assert!(section.contains(&format!("formats = {formats}\n")), "{section}");
        }
        assert!(!is_time("12") && !is_time("2024-13-45 00:00:00") && !is_time("soon"));
    }
}
