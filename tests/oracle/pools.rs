//! The values worth trying on a program: what its entries name, and what lies just beside that.
//!
//! Owns the reading of entries for the generator's sake. Decides nothing about a line.

use chrono::{Days, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use rust_decimal::Decimal;
use toml::Table;

use super::line::decimal;
use super::terms::{Instant, Program, day, from_local};

/// Values to draw from.
#[derive(Debug)]
pub(crate) struct Pools {
    /// Instants at which something changes, and a second to either side.
    pub(crate) edges: Vec<Instant>,
    /// Civil times that do not exist or occur twice, and their neighbours.
    pub(crate) odd_locals: Vec<NaiveDateTime>,
    /// From before the first version to after the last.
    pub(crate) from: Instant,
    pub(crate) until: Instant,
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
        let until = last.ends.unwrap_or(last.starts + TimeDelta::days(150)) + TimeDelta::days(10);
        let named_categories = named(program, &["categories", "not_categories"]);
        Self {
            edges: edges(program, from, until),
            odd_locals: odd_locals(program, from, until),
            from,
            until,
            windows: program
                .versions
                .iter()
                .filter_map(super::judge::window)
                .map(seconds)
                .collect(),
            child_categories: children(program, &named_categories),
            all_categories: all_categories(program),
            named_categories,
            countries: named(
                program,
                &["ship_to", "not_ship_to", "click_countries", "not_click_countries"],
            ),
            seller_countries: named(program, &["seller_countries", "not_seller_countries"]),
            hosts: named(program, &["hosts"]),
            stores: named(program, &["stores"]),
            products: named(program, &["products"]),
            price_bounds: price_bounds(program),
            band_edges: band_edges(program),
            currency: super::terms::text(first.policy(), "currency").to_owned(),
            decimals: first.decimals(),
        }
    }
}

fn seconds(time: TimeDelta) -> i64 {
    time.num_seconds()
}

fn entries(program: &Program) -> impl Iterator<Item = &Table> {
    let lists = ["exclude", "rate", "bonus"];
    program
        .versions
        .iter()
        .flat_map(move |version| lists.into_iter().flat_map(|list| version.entries(list)))
}

/// Returns all members of conditions, each once; groups and the fee's countries included.
fn named(program: &Program, keys: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for version in &program.versions {
        for entry in ["exclude", "rate", "bonus"].into_iter().flat_map(|list| version.entries(list))
        {
            let lists = keys.iter().filter_map(|key| entry.get(*key));
            found.extend(lists.flat_map(|list| version.members(list)));
        }
        if let Some(fee) = version.policy().get("service_fee").filter(|_| keys.contains(&"ship_to"))
        {
            found.extend(version.members(&fee["ship_to"]));
        }
    }
    once(found)
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
    edges.extend(days.flatten().map(|day| from_local(program.zone, day.and_time(NaiveTime::MIN))));
    edges.extend(changes(program, from, until));
    edges.into_iter().flat_map(|edge| [-1, 0, 1].map(|by| edge + TimeDelta::seconds(by))).collect()
}

/// Finds the instants at which the zone's offset changes, hour by hour and then minute by minute.
fn changes(program: &Program, from: Instant, until: Instant) -> Vec<Instant> {
    let offset = |at: Instant| program.zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    let mut found = Vec::new();
    let mut at = from;
    while at < until {
        let next = at + TimeDelta::hours(1);
        if offset(at) != offset(next) {
            let minutes = (1..=60).map(|minute| at + TimeDelta::minutes(minute));
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
