//! The rates of `schedules/example` as a table, for peers that compute in SQL.
//!
//! Owns a reading of its three editions by hand: the first entry of a list that takes a category, and the
//! special cases before it. Refuses to ask feebook, against which the peers' sums are held.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Categories at the top of what an entry takes, the column it fills, its value. None takes all; no value
/// is a rate that is lost.
type Entry = (Option<&'static [u32]>, &'static str, Option<u32>);

const COLUMNS: [&str; 6] = ["camp", "dear", "flat", "nordic", "eu", "base"];

const EDITIONS: [&[Entry]; 3] = [
    &[
        (Some(&[61]), "dear", Some(15_000)),
        (Some(&[47]), "flat", Some(30)),
        (Some(&[22, 33, 46]), "base", Some(90_000)),
        (Some(&[42, 53]), "nordic", Some(40_000)),
        (Some(&[41, 61]), "base", Some(30_000)),
        (Some(&[141]), "base", Some(80_000)),
        (Some(&[137]), "base", None),
        (None, "base", Some(60_000)),
    ],
    &[
        (Some(&[101]), "camp", Some(80_000)),
        (Some(&[61]), "dear", Some(15_000)),
        (Some(&[47]), "flat", Some(33)),
        (Some(&[22, 33, 46, 141]), "base", Some(85_000)),
        (Some(&[42, 53]), "nordic", Some(45_000)),
        (Some(&[41, 61]), "base", Some(26_000)),
        (Some(&[137]), "base", Some(65_000)),
        (None, "base", Some(60_000)),
    ],
    &[
        (Some(&[61]), "dear", Some(15_000)),
        (Some(&[47]), "flat", Some(33)),
        (Some(&[22, 33, 46, 141]), "base", Some(80_000)),
        (Some(&[42, 53]), "nordic", Some(45_000)),
        (Some(&[41, 61]), "base", Some(30_000)),
        (Some(&[137]), "base", Some(70_000)),
        (Some(&[101]), "eu", Some(70_000)),
        (None, "base", Some(55_000)),
    ],
];

/// What is excluded in every edition, with all below it.
const VIRTUAL: &[u32] = &[90];

/// Writes the table.
pub(crate) fn write(categories: &Path, to: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(categories).map_err(|e| e.to_string())?;
    let parents: BTreeMap<u32, Option<u32>> = text
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split(',');
            let id = fields.next()?.parse().ok()?;
            Some((id, fields.next()?.parse().ok()))
        })
        .collect();
    let mut table = format!("version,category,excluded,{}\n", COLUMNS.join(","));
    for (version, entries) in (1..).zip(EDITIONS) {
        for category in parents.keys() {
            let values = values(entries, &parents, *category);
            let excluded = u32::from(is_below(&parents, *category, VIRTUAL));
            let values = values.join(",");
            let _ = writeln!(table, "{version},{category},{excluded},{values}");
        }
    }
    std::fs::write(to, table).map_err(|e| e.to_string())
}

fn values(entries: &[Entry], parents: &BTreeMap<u32, Option<u32>>, category: u32) -> Vec<String> {
    let mut values: BTreeMap<&str, String> = BTreeMap::new();
    for (tops, column, value) in entries {
        if tops.is_some_and(|tops| !is_below(parents, category, tops)) {
            continue;
        }
        let value = value.map_or_else(String::new, |value| value.to_string());
        values.entry(column).or_insert(value);
        if matches!(*column, "flat" | "base") {
            break;
        }
    }
    COLUMNS.iter().map(|column| values.remove(column).unwrap_or_default()).collect()
}

fn is_below(parents: &BTreeMap<u32, Option<u32>>, category: u32, tops: &[u32]) -> bool {
    let mut at = Some(category);
    while let Some(category) = at {
        if tops.contains(&category) {
            return true;
        }
        at = parents.get(&category).copied().flatten();
    }
    false
}
