//! Accidents, each done for real to the real binary: kills, full and read-only disks, files that change
//! under the reader, many processes at once, damage, old ledgers, and one changed value anywhere.
//!
//! Plain `cargo test` does a small part of each. All of it, some minutes long:
//! `FEEBOOK_ACCIDENTS=all cargo test --test accidents -- --nocapture`.

#![allow(clippy::panic, reason = "a test that fails panics, also in what its tests share")]

#[cfg(unix)]
mod access;
mod crowds;
mod disks;
mod flips;
mod kills;
mod old;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the other suite, which uses more of it")]
mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use support::Sandbox;

/// Whether everything is to be done.
fn all() -> bool {
    std::env::var_os("FEEBOOK_ACCIDENTS").is_some_and(|value| value == "all")
}

/// Says something under `--nocapture`.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A report of many orders, in a range of numbers of its own.
fn report(from: u64, orders: u64) -> String {
    let mut text = "order_no,line_no,paid_at,product_price,status,category,ship_to,seller_country,\
                    currency,new_buyer,placement,sub_id\n"
        .to_owned();
    for order in from..from + orders {
        let (day, price) = (order % 28 + 1, order % 900);
        let _ = writeln!(
            text,
            "{order},1,2024-08-{day:02} 10:00:00,{price}.50,approved,163,NO,CN,USD,N,blog,tag"
        );
    }
    text
}

/// Everything in a ledger but the instants at which it was written.
fn contents(path: &Path) -> BTreeMap<String, Vec<String>> {
    let conn = Connection::open(path).expect("a database");
    let tables: Vec<String> = conn
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect())
        .expect("the tables");
    let version: i64 =
        conn.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version");
    let mut contents = BTreeMap::from([("version".to_owned(), vec![version.to_string()])]);
    for table in tables {
        let mut select = conn.prepare(&format!("SELECT * FROM {table}")).expect("a table");
        let names: Vec<String> = select.column_names().map(str::to_owned).collect();
        let mut rows = select.query([]).expect("rows");
        let mut told = Vec::new();
        while let Some(row) = rows.next().expect("a row") {
            let mut text = String::new();
            for (at, name) in names.iter().enumerate() {
                let when =
                    name.ends_with("_at") && !matches!(table.as_str(), "order_line" | "click");
                // The digest of a seal is over those instants, too.
                if when || (table == "seal" && name == "digest") {
                    continue;
                }
                let value = row.get_ref(at).expect("a value");
                let _ = match value {
                    ValueRef::Text(text_) => write!(text, "{}|", String::from_utf8_lossy(text_)),
                    other => write!(text, "{other:?}|"),
                };
            }
            told.push(text);
        }
        told.sort();
        contents.insert(table, told);
    }
    contents
}

/// Requires that `check` finds nothing, or only what some checks of it find.
#[track_caller]
fn clean(sandbox: &Sandbox, allowed: &[&str]) {
    let ran = sandbox.run("check -O csv");
    assert!(ran.code <= 1, "{}", ran.err);
    let found: Vec<_> =
        ran.rows().into_iter().filter(|row| !allowed.contains(&row.get("check"))).collect();
    assert!(found.is_empty(), "{found:#?}");
}
