//! Stories: what a user does with the binary, from the first report to the answer, and what may go
//! wrong on the way. One file per part of the work.

mod aliexpress;
mod answers;
mod beside;
mod corrections;
mod explanations;
mod exports;
mod facts;
mod formats;
mod interruptions;
mod journal;
mod networks;
mod payouts;
mod quarantine;
mod reconcile;
mod reports;
mod runs;
mod start;
mod terms;
mod trust;
mod verify;
mod versions;
mod whatif;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use rust_decimal::Decimal;

use super::support::{Ran, Row, Sandbox};

/// The header of the small reports of these stories.
const HEADER: &str = "order_no,line_no,paid_at,product_price,status,category,ship_to,\
    seller_country,currency,new_buyer,placement,updated_at\n";

/// A report of these rows, each as `order_no,line_no,paid_at,product_price,status` and the rest
/// of an ordinary line.
fn report(rows: &[&str]) -> String {
    let mut text = HEADER.to_owned();
    for row in rows {
        let _ = writeln!(text, "{row},163,NO,CN,USD,N,blog,");
    }
    text
}

/// A report of rows that are written out.
fn full_report(rows: &[&str]) -> String {
    format!("{HEADER}{}\n", rows.join("\n"))
}

/// Three orders of `example` in three months, one of them of two lines.
const ORDERS: [&str; 4] = [
    "1,1,2024-07-10 10:00:00,100.00,approved",
    "2,1,2024-08-10 10:00:00,50.00,approved",
    "2,2,2024-08-10 10:00:00,10.00,pending",
    "3,1,2024-09-10 10:00:00,20.00,settled",
];

/// A ledger with [`ORDERS`], evaluated once.
fn evaluated() -> Sandbox {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &report(&ORDERS));
    sandbox.run("recompute").expect(0);
    sandbox
}

/// Imports a report of `example`.
#[track_caller]
fn import(sandbox: &Sandbox, name: &str, text: &str) -> Ran {
    sandbox.write(name, text);
    sandbox.run(&format!("import {name} --program example")).expect(0)
}

/// What `lines -O csv` says.
#[track_caller]
fn lines(sandbox: &Sandbox) -> String {
    sandbox.run("lines -O csv").expect(0).out
}

/// The bytes of the ledger; SQLite has put everything into the one file when a command ends.
#[track_caller]
fn ledger_bytes(sandbox: &Sandbox) -> Vec<u8> {
    assert!(!sandbox.path("feebook.db-wal").exists(), "a command left its journal behind");
    fs::read(sandbox.path("feebook.db")).expect("a ledger")
}

/// The row of one line.
#[track_caller]
fn line(rows: &[Row], order_no: &str, line_no: &str) -> Row {
    let found =
        rows.iter().find(|row| row.get("order_no") == order_no && row.get("line_no") == line_no);
    found.expect("the line is listed").clone()
}

/// Reads an amount; nothing where the cell is empty.
#[track_caller]
fn money(text: &str) -> Option<Decimal> {
    (!text.is_empty()).then(|| text.parse().expect("an amount"))
}

/// Adds amounts up by a key; empty cells add nothing.
fn sums<'r>(
    rows: impl IntoIterator<Item = &'r Row>,
    key: impl Fn(&Row) -> String,
    amount: impl Fn(&Row) -> Option<Decimal>,
) -> BTreeMap<String, Decimal> {
    let mut sums = BTreeMap::new();
    for row in rows {
        *sums.entry(key(row)).or_insert(Decimal::ZERO) += amount(row).unwrap_or_default();
    }
    sums
}

/// The terms of `example` from 1 July 2024, with some of its text replaced.
#[track_caller]
fn example_terms(changes: &[(&str, &str)]) -> String {
    let path = super::support::root().join("schedules/example/2024-07-01.toml");
    let mut text = fs::read_to_string(path).expect("the shipped terms");
    for (from, to) in changes {
        assert!(text.contains(from), "the shipped terms have no {from:?}");
        text = text.replace(from, to);
    }
    text
}

/// A version of `example` that takes effect later, with 4 % for all that had 5.5 %.
fn lower_terms(effective_on: &str) -> String {
    example_terms(&[
        ("effective_on = 2024-07-01", &format!("effective_on = {effective_on}")),
        ("announced_on = 2024-06-10", "announced_on = 2024-07-20"),
        ("rate = \"5.5%\"", "rate = \"4.0%\""),
    ])
}

/// A generated report: orders of one to three lines in all states, countries and categories.
fn generated(orders: u64) -> String {
    let mut dice = Dice(0x5eed);
    let mut text = "order_no,line_no,paid_at,product_price,quantity,paid_amount,refunded,status,\
        category,ship_to,seller_country,host,currency,new_buyer,hot,placement,clicked_at,ordered_at\n"
        .to_owned();
    for order in 1..=orders {
        let (month, day) = (dice.roll(12) + 1, dice.roll(28) + 1);
        let year = dice.of(["2022", "2023", "2023", "2024", "2024", "2024"]);
        let at = format!("{year}-{month:02}-{day:02} {:02}:30:00", dice.roll(24));
        let paid_at = if dice.roll(25) == 0 { "" } else { &at };
        let ship_to = dice.of(["NO", "SE", "ES", "DE", "RU", "PL", "BR", ""]);
        let new_buyer = dice.of(["Y", "N", "", "N"]);
        let currency = dice.of(["USD", "USD", "USD", "USD", "EUR", ""]);
        for line in 1..=dice.roll(3) + 1 {
            let price = format!("{}.{:02}", dice.roll(700), dice.roll(100));
            let paid = format!("{}.{:02}", dice.roll(700), dice.roll(100));
            let price = dice.of([price.as_str(), &price, &price, ""]);
            let refunded = dice.of(["", "", "", "5.00", "9999.00"]);
            let status = dice.of(["pending", "approved", "settled", "declined", "reversed"]);
            let (category, seller) = (dice.roll(205), dice.of(["CN", "CN", "CN", "ES", "US", ""]));
            let site = dice.of(["www.example.com", "tmall.aliexpress.com", "", "m.example.com"]);
            let clicked = if dice.roll(6) == 0 { "2022-01-01 00:00:00" } else { "" };
            let (units, hot) = (dice.of(["1", "2", "3", ""]), dice.of(["Y", "N", "", ""]));
            let placement = dice.of(["blog", "newsletter", ""]);
            let _ = writeln!(
                text,
                "{order},{line},{paid_at},{price},{units},{paid},{refunded},{status},{category},\
                 {ship_to},{seller},{site},{currency},{new_buyer},{hot},{placement},{clicked},{at}"
            );
        }
    }
    text
}

/// The same throws every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn of<'t, const N: usize>(&mut self, words: [&'t str; N]) -> &'t str {
        let sides = u64::try_from(N).expect("a few words");
        words[usize::try_from(self.roll(sides)).expect("a few words")]
    }
}
