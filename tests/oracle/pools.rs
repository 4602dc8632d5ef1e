//! The values worth trying on a program: what its entries name, and what lies just beside that.
//!
//! Owns the reading of entries for the generator's sake. Decides nothing about a line.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use rust_decimal::Decimal;
use toml::{Table, Value};

use super::line::decimal;
use super::terms::{Instant, Program, Version, day, from_local};

/// The lists whose entries have conditions.
pub(crate) const LISTS: [&str; 4] = ["exclude", "rate", "bonus", "flag"];

/// Values to draw from.
#[derive(Debug)]
pub(crate) struct Pools {
    /// Instants at which something changes, and a second to either side.
    pub(crate) edges: Vec<Instant>,
    /// Civil times that do not exist or occur twice, and their neighbours.
    pub(crate) odd_locals: Vec<NaiveDateTime>,
    /// From before the first version on.
    pub(crate) from: Instant,
    /// From and until of all, and of each version, the more often the more entries it has.
    pub(crate) spans: Vec<(Instant, Instant)>,
    /// Attribution windows in seconds.
    pub(crate) windows: Vec<i64>,
    /// Categories that entries name.
    pub(crate) named_categories: Vec<String>,
    /// Those right below them.
    pub(crate) child_categories: Vec<String>,
    pub(crate) all_categories: Vec<String>,
    pub(crate) countries: Vec<String>,
    pub(crate) seller_countries: Vec<String>,
    pub(crate) hosts: Vec<String>,
    pub(crate) stores: Vec<String>,
    pub(crate) products: Vec<String>,
    /// A rate asks for a mark. Then each line is given a product, since rule 6 can be read both ways on
    /// what a line without one lacks.
    pub(crate) marked_rates: bool,
    pub(crate) price_bounds: Vec<Decimal>,
    pub(crate) band_edges: Vec<Decimal>,
    pub(crate) currency: String,
    pub(crate) decimals: u32,
}

impl Pools {
    /// Collects the values of a program.
    pub(crate) fn of(program: &Program) -> Self {
        let first = program.versions.first().expect("a version");
        let last = program.versions.last().expect("a version");
        let from = first.starts - TimeDelta::days(10);
        let until = end(last) + TimeDelta::days(10);
        let named_categories = named(program, &["categories", "not_categories"]);
        Self {
            edges: edges(program, from, until),
            odd_locals: odd_locals(program, from, until),
            from,
            spans: spans(program).chain([(from, until); 2]).collect(),
            windows: program
                .versions
                .iter()
                .filter_map(super::judge::window)
                .map(seconds)
                .collect(),
            child_categories: children(program, &named_categories),
            all_categories: all_categories(program),
            named_categories,
            countries: countries(program),
            seller_countries: named(program, &["seller_countries", "not_seller_countries"]),
            hosts: named(program, &["hosts"]),
            stores: named(program, &["stores"]),
            products: named(program, &["products"]),
            marked_rates: program
                .versions
                .iter()
                .flat_map(|version| version.entries("rate"))
                .any(|entry| entry.contains_key("marks")),
            price_bounds: price_bounds(program),
            band_edges: band_edges(program),
            currency: super::terms::text(first.policy(), "currency").to_owned(),
            decimals: first.decimals(),
        }
    }
}

fn end(version: &Version) -> Instant {
    version.ends.unwrap_or(version.starts + TimeDelta::days(150))
}

fn spans(program: &Program) -> impl Iterator<Item = (Instant, Instant)> {
    program.versions.iter().flat_map(|version| {
        let entries = LISTS.into_iter().flat_map(|list| version.entries(list)).count();
        std::iter::repeat_n((version.starts, end(version)), 1 + entries / 3)
    })
}

/// Returns ten days of a version on which something recorded may begin to hold, at equal distances.
pub(crate) fn fact_days(program: &Program, version: &Version) -> Vec<NaiveDate> {
    let step = (end(version) - version.starts) / 10;
    (0..10).map(|at| program.day(version.starts + step * at)).collect()
}

fn seconds(time: TimeDelta) -> i64 {
    time.num_seconds()
}

fn entries(program: &Program) -> impl Iterator<Item = &Table> {
    program
        .versions
        .iter()
        .flat_map(|version| LISTS.into_iter().flat_map(|list| version.entries(list)))
}

/// Returns all members of conditions, each once.
pub(crate) fn named(program: &Program, keys: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for version in &program.versions {
        for entry in LISTS.into_iter().flat_map(|list| version.entries(list)) {
            let lists = keys.iter().filter_map(|key| entry.get(*key));
            found.extend(lists.flat_map(|list| version.members(list)));
        }
    }
    once(found)
}

/// Returns all named countries, so often each that every list of them is as long as every other.
fn countries(program: &Program) -> Vec<String> {
    let keys = ["ship_to", "not_ship_to", "click_countries", "not_click_countries"];
    let mut found = Vec::new();
    for version in &program.versions {
        let entries = LISTS.into_iter().flat_map(|list| version.entries(list));
        let fee = version.policy().get("service_fee").and_then(Value::as_table);
        for entry in entries.chain(fee) {
            for list in keys.iter().filter_map(|key| entry.get(*key)) {
                found.extend(version.members(list).into_iter().cycle().take(30));
            }
        }
    }
    found
}

fn once(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list.dedup();
    list
}

fn children(program: &Program, parents: &[String]) -> Vec<String> {
    let links = program.versions.iter().flat_map(|version| &version.parents);
    once(links.filter(|(_, parent)| parents.contains(parent)).map(|(id, _)| id.clone()).collect())
}

fn all_categories(program: &Program) -> Vec<String> {
    once(program.versions.iter().flat_map(|version| version.parents.keys().cloned()).collect())
}

fn price_bounds(program: &Program) -> Vec<Decimal> {
    let keys = ["price_from", "price_below"];
    let cells = entries(program).flat_map(|entry| keys.map(|key| entry.get(key)));
    cells.flatten().filter_map(|cell| decimal(cell.as_str()?)).collect()
}

fn band_edges(program: &Program) -> Vec<Decimal> {
    let bands = entries(program).filter_map(|entry| entry.get("rate")?.as_table());
    let edges = bands.flat_map(|band| ["min", "max"].map(|edge| super::terms::text(band, edge)));
    edges.map(super::judge::percent).collect()
}

fn edges(program: &Program, from: Instant, until: Instant) -> Vec<Instant> {
    let mut edges: Vec<Instant> = program
        .versions
        .iter()
        .flat_map(|version| [Some(version.starts), version.ends])
        .flatten()
        .collect();
    let days = entries(program).flat_map(|entry| [day(entry, "on_from"), day(entry, "on_until")]);
    let days = days.flatten().chain(program.versions.iter().flat_map(|v| fact_days(program, v)));
    edges.extend(days.map(|day| from_local(program.zone, day.and_time(NaiveTime::MIN))));
    edges.extend(changes(program, from, until));
    edges.into_iter().flat_map(|edge| [-1, 0, 1].map(|by| edge + TimeDelta::seconds(by))).collect()
}

/// Finds the instants at which the zone's offset changes, day by day and then minute by minute.
fn changes(program: &Program, from: Instant, until: Instant) -> Vec<Instant> {
    let offset = |at: Instant| program.zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    let mut found = Vec::new();
    let mut at = from;
    while at < until {
        let next = at + TimeDelta::days(1);
        if offset(at) != offset(next) {
            let minutes = (1..=24 * 60).map(|minute| at + TimeDelta::minutes(minute));
            let start = at;
            found.extend(minutes.into_iter().find(|minute| offset(*minute) != offset(start)));
        }
        at = next;
    }
    found
}

fn odd_locals(program: &Program, from: Instant, until: Instant) -> Vec<NaiveDateTime> {
    let minutes = [-61, -60, -31, -30, -15, -1, 0, 1, 15, 29, 30, 59, 60, 61];
    let mut found: Vec<NaiveDateTime> = Vec::new();
    for change in changes(program, from, until) {
        let before = (change - TimeDelta::seconds(1)).with_timezone(&program.zone).naive_local();
        let around = before + TimeDelta::seconds(1);
        found.extend(minutes.map(|minute| around + TimeDelta::minutes(minute)));
    }
    let starts = program.versions.iter().map(|version| program.day(version.starts));
    found.extend(starts.map(|day| day.and_time(NaiveTime::MIN)));
    found.push(
        program.day(until).checked_sub_days(Days::new(5)).expect("a day").and_time(NaiveTime::MIN),
    );
    found
}
