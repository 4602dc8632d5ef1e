//! What is exported, read by the programs it is exported for: hledger, beancount, `DuckDB`, polars and
//! a reader of workbooks. Their sums are compared with ours, to the cent.
//!
//! These tests need those programs, so they are run by `.ci/programs`, which installs them; a plain
//! `cargo test` leaves them out.

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use rust_decimal::Decimal;
use support::Sandbox;

/// The Python that has the packages of `requirements.txt`.
fn python() -> String {
    std::env::var("FEEBOOK_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Runs another program in the sandbox and returns its output.
#[track_caller]
fn other(sandbox: &Sandbox, program: &str, words: &[&str]) -> String {
    let ran = Command::new(program).args(words).current_dir(sandbox.path("")).output();
    let ran = ran.expect("the other program is there: run .ci/programs");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{program} {words:?}\n{out}\n{err}");
    out.into_owned()
}

/// A year of orders in every state, with a bonus, a cap that bites, lines that are excluded, declined and
/// unverifiable; a report restated after a first run and a month that was closed; payouts in another
/// currency, one that failed, one that was taken back.
fn ledger() -> Sandbox {
    let sandbox = Sandbox::with_ledger();
    sandbox.write("first.csv", &report(|_, state| state));
    sandbox.run("import first.csv --program example").expect(0);
    sandbox.run("recompute").expect(0);
    sandbox.run("close 2023-01").expect(0);
    sandbox.write(
        "second.csv",
        &report(|at, state| match (at % 7, state) {
            (0, "approved") => "reversed",
            (1, "pending") => "approved",
            (_, other) => other,
        }),
    );
    sandbox.run("import second.csv --program example --as-of 2025-01-31").expect(0);
    sandbox.run("recompute").expect(0);
    sandbox.write(
        "rates.csv",
        "date,base,quote,rate,source\n2024-02-01,USD,NOK,10.5131,invented\n2024-03-01,USD,NOK,10.6204,invented\n",
    );
    sandbox.run("fx import rates.csv").expect(0);
    for payout in [
        "payout add example --amount 120.00 --currency USD --on 2024-02-01 --received 1095.20 \
         --received-currency NOK --fee 15.00 --covers 2023-01-01..2023-02-28",
        "payout add example --amount 40.00 --currency USD --on 2024-02-15 --fee 15.00 --failed",
        "payout add example --amount 75.50 --currency USD --on 2024-03-01 --received 640.00 \
         --received-currency NOK --fee 15.00 --covers 2023-03-01..2023-03-31",
    ] {
        sandbox.run(payout).expect(0);
    }
    sandbox.run("payout remove 3 --reason \"told twice\"").expect(0);
    sandbox.run("recompute").expect(0);
    sandbox
}

/// A report of 400 lines of 300 orders; `restated` says what became of a line's state.
fn report(restated: impl Fn(u32, &'static str) -> &'static str) -> String {
    let mut report = "order_no,line_no,paid_at,settled_at,product_price,status,category,ship_to,\
                      seller_country,currency,new_buyer,reported_commission,sub_id\n"
        .replace("settled_at,", "");
    for at in 0..400_u32 {
        let (order, line) = (7_000 + at * 3 / 4, at % 2 + 1);
        let (month, day) = (at % 12 + 1, at % 27 + 1);
        let state =
            ["settled", "approved", "pending", "declined"][usize::try_from(at % 4).unwrap_or(0)];
        let state = restated(at, state);
        let (price, cents) = (at * 37 % 900 + 1, at * 13 % 100);
        let category = ["101", "97", "91", "163", ""][usize::try_from(at % 5).unwrap_or(0)];
        let buyer = if at % 9 == 0 { "Y" } else { "N" };
        let tag = if at % 50 == 0 { "=1+1" } else { "blog" };
        let reported = price * 5 / 100;
        let _ = writeln!(
            report,
            "{order},{line}-{at},2023-{month:02}-{day:02} 10:00:00,{price}.{cents:02},{state},{category},ES,\
             CN,USD,{buyer},{reported}.00,{tag}"
        );
    }
    report
}

/// What `balance` says, by account and currency; accounts without their kind and program.
fn our_balance(sandbox: &Sandbox) -> BTreeMap<(String, String), Decimal> {
    let balance = sandbox.run("balance -O csv").expect(0);
    let amounts = balance.rows().into_iter().filter(|row| !row.get("account").is_empty());
    amounts
        .map(|row| {
            let key = (row.get("account").to_owned(), row.get("currency").to_owned());
            (key, row.get("balance").parse().expect("an amount"))
        })
        .filter(|(_, amount): &(_, Decimal)| !amount.is_zero())
        .collect()
}

/// The last parts of an account's name, as `balance` has them.
fn own_name(account: &str) -> String {
    let lower = account.to_lowercase();
    let own = lower.splitn(3, ':').nth(2).unwrap_or_default();
    if lower.starts_with("income:") { format!("income:{own}") } else { own.to_owned() }
}

#[test]
#[ignore = "needs hledger: .ci/programs"]
fn hledger_accepts_the_journal_and_comes_to_the_same_balances() {
    let sandbox = ledger();
    sandbox.run("export --to hledger -o books.journal").expect(0);
    other(&sandbox, "hledger", &["-f", "books.journal", "check", "--strict"]);
    let words =
        ["-f", "books.journal", "balance", "--flat", "--no-total", "-O", "csv", "--layout", "bare"];
    let mut theirs = BTreeMap::new();
    let text = other(&sandbox, "hledger", &words);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    for row in reader.records() {
        let row = row.expect("a row");
        let amount: Decimal = row[2].replace(',', "").parse().expect("an amount");
        if !amount.is_zero() {
            theirs.insert((own_name(&row[0]), row[1].to_owned()), amount);
        }
    }
    let ours = our_balance(&sandbox);
    assert!(ours.len() > 9, "{ours:?}");
    assert_eq!(theirs, ours);
}

#[test]
#[ignore = "needs beancount: .ci/programs"]
fn beancount_accepts_the_journal_and_comes_to_the_same_balances() {
    let sandbox = ledger();
    sandbox.run("export --to beancount -o books.beancount").expect(0);
    let text = other(&sandbox, &python(), &["-c", BEANCOUNT]);
    let theirs: BTreeMap<(String, String), Decimal> = text
        .lines()
        .map(|line| {
            let parts: Vec<&str> = line.split('\t').collect();
            let amount: Decimal = parts[2].parse().expect("an amount");
            ((own_name(parts[0]), parts[1].to_owned()), amount)
        })
        .filter(|(_, amount)| !amount.is_zero())
        .collect();
    assert_eq!(theirs, our_balance(&sandbox));
}

const BEANCOUNT: &str = r#"
import collections, sys
from beancount import loader
from beancount.core import data
entries, errors, options = loader.load_file("books.beancount")
for error in errors:
    print(error, file=sys.stderr)
if errors:
    sys.exit(1)
sums = collections.defaultdict(int)
for entry in entries:
    if isinstance(entry, data.Transaction):
        for posting in entry.postings:
            sums[posting.account, posting.units.currency] += posting.units.number
for (account, currency), amount in sorted(sums.items()):
    print(account, currency, format(amount, "f"), sep="\t")
"#;

#[test]
#[ignore = "needs DuckDB and polars: .ci/programs"]
fn duckdb_and_polars_read_the_parquet_table_as_it_was_written() {
    let sandbox = ledger();
    sandbox.run("export --to parquet -o lines.parquet").expect(0);
    let ours = sandbox.run("export --to csv").expect(0);
    let wanted: Vec<Vec<String>> = ours
        .rows()
        .iter()
        .map(|row| {
            let amount = |name| {
                let amount: Option<Decimal> = row.get(name).parse().ok();
                amount.map_or_else(String::new, |amount| amount.normalize().to_string())
            };
            let rate = row.get("rate").strip_suffix('%').map_or_else(String::new, |percent| {
                let percent: Decimal = percent.parse().expect("a percent");
                (percent / Decimal::ONE_HUNDRED).normalize().to_string()
            });
            let text = |name| row.get(name).trim_start_matches('\'').to_owned();
            let instant = row.get("paid_at").replace('T', " ").replace('Z', "");
            vec![
                text("order_no"),
                text("line_no"),
                text("day"),
                text("verdict"),
                text("sub_id"),
                instant,
                rate,
                amount("total"),
                amount("product_price"),
                amount("reported_commission"),
                text("quantity"),
            ]
        })
        .collect();
    for reader in [DUCKDB, POLARS] {
        let text = other(&sandbox, &python(), &["-c", reader]);
        let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let theirs: Vec<Vec<String>> = rows
            .records()
            .map(|row| row.expect("a row").iter().map(str::to_owned).collect())
            .collect();
        assert_eq!(theirs.len(), 400);
        assert_eq!(theirs, wanted);
    }
}

const DUCKDB: &str = r#"
import csv, sys, duckdb
from decimal import Decimal
cursor = duckdb.connect().execute("SET TimeZone = 'UTC'").execute("""
    SELECT order_no, line_no, day, verdict, sub_id, paid_at AT TIME ZONE 'UTC', rate, total, product_price,
           reported_commission, quantity
    FROM 'lines.parquet'""")
def shown(value):
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    return str(value)
csv.writer(sys.stdout).writerows([shown(value) for value in row] for row in cursor.fetchall())
"#;

const POLARS: &str = r#"
import csv, sys, polars
from decimal import Decimal
table = polars.read_parquet("lines.parquet")
assert table.schema["total"] == polars.Decimal(18, 4), table.schema
assert table.schema["day"] == polars.Date, table.schema
table = table.select("order_no", "line_no", "day", "verdict", "sub_id",
    polars.col("paid_at").dt.replace_time_zone(None), "rate", "total", "product_price", "reported_commission",
    "quantity")
def shown(value):
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    return str(value)
csv.writer(sys.stdout).writerows([shown(value) for value in row] for row in table.rows())
"#;

#[test]
#[ignore = "needs openpyxl: .ci/programs"]
fn a_workbook_holds_numbers_and_no_formulas() {
    let sandbox = ledger();
    sandbox.run("export --to xlsx --by month -o statement.xlsx").expect(0);
    let text = other(&sandbox, &python(), &["-c", WORKBOOK]);
    let ours = sandbox.run("statement --by month -O csv").expect(0);
    let wanted: Vec<String> = ours
        .rows()
        .iter()
        .map(|row| {
            let names =
                ["month", "currency", "lines", "unknown"].map(|name| row.get(name).to_owned());
            let amounts = ["pending", "approved", "settled", "held", "paid", "open"]
                .map(|name| row.get(name).to_owned());
            [&names[..], &amounts[..]].concat().join(",")
        })
        .collect();
    assert_eq!(text.lines().map(str::to_owned).collect::<Vec<_>>(), wanted);
}

const WORKBOOK: &str = r#"
import openpyxl
sheet = openpyxl.load_workbook("statement.xlsx").active
rows = list(sheet.iter_rows(min_row=2))
for row in rows:
    assert all(cell.data_type == "n" for cell in row[3:]), [cell.data_type for cell in row]
    assert all(cell.data_type != "f" for cell in row)
    values = [cell.value for cell in row]
    texts = [str(value or "") for value in values[1:3]] + [str(value) for value in values[3:5]]
    print(",".join(texts + [format(value, ".2f") for value in values[5:11]]))
"#;
