//! One value changed behind feebook's back, in any column of any table: `check` and `verify` find it.

use std::fs;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

use super::support::{Sandbox, built};
use super::{all, say};

/// A ledger with rows in every table, also of facts on which no result depends.
fn full() -> Sandbox {
    let sandbox = Sandbox::new();
    let header = "order_no,line_no,paid_at,product_price,status,category,ship_to,seller_country,\
                  currency,new_buyer,placement,sub_id,product,coupon,platform\n";
    let row = |order: &str, line: u32, price: &str, status: &str| {
        format!(
            "{order},{line},2024-08-10 10:00:00,{price},{status},163,NO,CN,USD,N,blog,tag,55,Y,app\n"
        )
    };
    let first = [
        row("1", 1, "100.00", "approved"),
        row("A-7", 1, "50.00", "settled"),
        row("A-7", 2, "5.00", "declined"),
        row("8", 1, "never", "odd"),
        row("9", 1, "1.00", "odd"),
    ]
    .concat();
    sandbox.write("first.csv", &format!("{header}{first}"));
    sandbox.run("import first.csv --program example --archive").expect(4);
    sandbox.run("recompute").expect(0);
    // Says one row again, restates one, adds one; then the first is taken back.
    let second = [
        row("1", 1, "100.00", "approved"),
        row("A-7", 1, "60.00", "settled"),
        row("3", 1, "7.00", "pending"),
    ];
    sandbox.write("second.csv", &format!("{header}{}", second.concat()));
    sandbox.run("import second.csv --program example").expect(0);
    let third = [row("1", 1, "100.00", "approved"), row("4", 1, "8.00", "odder")].concat();
    sandbox.write("third.csv", &format!("{header}{third}"));
    sandbox.run("import third.csv --program example --archive").expect(4);
    sandbox.run("imports undo 1").expect(0);
    sandbox.write(
        "clicks.csv",
        "sub_id,clicked_at,placement,country,url,referrer\n\
         tag,2024-08-09 10:00:00,blog,NO,https://a.example/,https://b.example/\n\
         other,2024-08-09 11:00:00,blog,NO,,\n",
    );
    sandbox.run("click import clicks.csv --program example").expect(0);
    sandbox
        .run("flag add fraud --order 3 --reason told --effect hold --who me --program example")
        .expect(0);
    sandbox.run("flag add fraud --placement blog --from 2024-08-01 --until 2024-08-02 --reason r --program example").expect(0);
    sandbox.run("flag remove 1 --reason wrong --who me").expect(0);
    sandbox
        .run("product mark 55 virtual --from 2024-08-01 --reason r --who me --program example")
        .expect(0);
    sandbox.run("product mark 56 virtual --from 2024-08-01 --program example").expect(0);
    sandbox.run("product remove 2 --reason wrong --who me").expect(0);
    let mapping = super::support::root().join("schedules/reports/feebook.toml");
    let words = "status = { column = \"status\", words = { odder = \"approved\" } }";
    let text =
        fs::read_to_string(mapping).expect("a mapping").replace("status = \"status\"", words);
    sandbox.write("schedules/reports/feebook.toml", &text);
    sandbox.run("quarantine retry 3").expect(0);
    sandbox.write("fourth.csv", &format!("{header}{}", row("5", 1, "x", "odd")));
    sandbox.run("import fourth.csv --program example").expect(4);
    sandbox.run("quarantine close --import 6 --reason told --who me").expect(0);
    corrected(&sandbox);
    sandbox.run("recompute").expect(0);
    paid(&sandbox);
    answered(&sandbox);
    sandbox.run("close 2024-08 --program example --who me --note done").expect(0);
    sandbox.run("check").expect(0);
    sandbox.run(VERIFY).expect(0);
    sandbox
}

/// A line and a row that corrects it.
fn corrected(sandbox: &Sandbox) {
    let row = |number: u32, original: bool, sale: &str| {
        format!(
            "<commission><action-status>locked</action-status><cid>1</cid><commission-id>{number}\
             </commission-id><event-date>2024-08-10T08:00:00-0700</event-date><order-id>6</order-id>\
             <original>{original}</original><original-action-id>777</original-action-id>\
             <commission-amount>{sale}</commission-amount><sale-amount>{sale}</sale-amount></commission>"
        )
    };
    let rows = [row(1, true, "10.00"), row(2, false, "-2.00")].concat();
    sandbox.write("cj.xml", &format!("<cj-api><commissions>{rows}</commissions></cj-api>"));
    sandbox.run("import cj.xml --program aliexpress-nordic").expect(0);
}

/// With the plugin that one of the programs has.
const VERIFY: &str = "verify --allow-plugins";

/// What was paid, one payout of which is taken back, and at which rate.
fn paid(sandbox: &Sandbox) {
    sandbox.write(
        "paid.csv",
        "payout_no,paid_on,amount,currency,received_amount,received_currency,fee,covers_from,\
         covers_to,note\n\
         P-1,2024-10-20,3.00,USD,29.00,NOK,0.10,2024-08-01,2024-08-31,told\n\
         P-2,2024-10-21,1.00,USD,,,,,,\n",
    );
    sandbox.run("payout import paid.csv --program example").expect(0);
    sandbox.run("payout remove 2 --reason wrong --who me").expect(0);
    sandbox.write("fx.csv", "date,base,quote,rate,source\n2024-10-18,USD,NOK,10.90,a bank\n");
    sandbox.run("fx import fx.csv").expect(0);
}

/// An order of a program whose terms have a plugin, which answers.
fn answered(sandbox: &Sandbox) {
    sandbox.write(
        "tiered.csv",
        "order_no,line_no,paid_at,product_price,status,currency,category,hot\n\
         1,1,2019-10-03 10:30:00,100.00,odder,USD,5090301,N\n\
         2,1,2019-10-12 10:30:00,200.00,odder,USD,311,N\n",
    );
    sandbox.run("import tiered.csv --program aliexpress-tiered").expect(0);
    for plugin in ["tiers", "levels"] {
        let library = built(plugin);
        let library = library.to_str().expect("UTF-8");
        let stamp = ["plugin", "stamp", plugin, library, "--program", "aliexpress-tiered"];
        sandbox.run_words(&stamp).expect(0);
    }
    sandbox.run("recompute --allow-plugins --program aliexpress-tiered").expect(0);
}

fn tables(conn: &Connection) -> Vec<String> {
    conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect())
        .expect("the tables")
}

/// The columns of a table, with those of its key.
fn columns(conn: &Connection, table: &str) -> Vec<(String, bool)> {
    conn.prepare(&format!("SELECT name, pk > 0 FROM pragma_table_info('{table}')"))
        .and_then(|mut select| {
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .expect("the columns")
}

/// Another value of the same kind.
fn flipped(value: &Value, by: i64) -> Value {
    match value {
        Value::Integer(integer) => Value::Integer(integer.wrapping_add(by)),
        Value::Text(text) => {
            let mut other = text.clone();
            other.pop();
            Value::Text(format!("{other}{}", if text.ends_with('z') { 'y' } else { 'z' }))
        }
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            match bytes.last_mut() {
                Some(last) => *last ^= 1,
                None => bytes.push(1),
            }
            Value::Blob(bytes)
        }
        _ => Value::Null,
    }
}

/// Changes one column of the first or last row that has a value there; what it was and is.
fn flip(path: &Path, table: &str, column: &str, last: bool) -> Option<String> {
    let conn = Connection::open(path).expect("a database");
    conn.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;")
        .expect("pragmas");
    let trigger = format!("{table}_refuses_update");
    // What is derived has none.
    let text: Option<String> = conn
        .query_row("SELECT sql FROM sqlite_schema WHERE name = ?1", [&trigger], |row| row.get(0))
        .optional()
        .expect("a trigger or none");
    let order = if last { "DESC" } else { "ASC" };
    let keys: Vec<String> =
        columns(&conn, table).into_iter().filter(|(_, key)| *key).map(|(name, _)| name).collect();
    let by = keys.iter().map(|key| format!("{key} {order}")).collect::<Vec<_>>().join(", ");
    let same = keys.iter().map(|key| format!("{key} IS (SELECT {key} FROM chosen)"));
    let same = same.collect::<Vec<_>>().join(" AND ");
    conn.execute_batch(&format!(
        "CREATE TEMP TABLE chosen AS SELECT * FROM {table} WHERE {column} IS NOT NULL
         ORDER BY {by} LIMIT 1; DROP TRIGGER IF EXISTS {trigger};"
    ))
    .expect("a row can be chosen");
    let value: Value =
        conn.query_row(&format!("SELECT {column} FROM chosen"), [], |row| row.get(0)).ok()?;
    for by in [1, -1, 1_000, 1 << 40] {
        let other = flipped(&value, by);
        let update = format!("UPDATE {table} SET {column} = ?1 WHERE {same}");
        // Another row may have the value already where it must be the only one.
        if let Ok(changed) = conn.execute(&update, [&other]) {
            assert_eq!(changed, 1, "{table}.{column}");
            conn.execute_batch(&text.unwrap_or_default()).expect("the trigger comes back");
            return Some(format!("{table}.{column}: {value:?} became {other:?}"));
        }
    }
    panic!("{table}.{column} cannot be changed");
}

#[test]
fn one_changed_value_is_found_wherever_it_is() {
    let sandbox = full();
    let path = sandbox.path("feebook.db");
    let kept = fs::read(&path).expect("a ledger");
    let conn = Connection::open(&path).expect("a database");
    let (mut empty, mut places) = (Vec::new(), Vec::new());
    for table in tables(&conn) {
        let count = format!("SELECT count(*) FROM {table}");
        let rows: i64 = conn.query_row(&count, [], |row| row.get(0)).expect("a count");
        if rows == 0 {
            empty.push(table);
            continue;
        }
        let of_table = columns(&conn, &table).into_iter();
        places.extend(of_table.flat_map(|(column, _)| {
            [false, true].map(|last| (table.clone(), column.clone(), last))
        }));
    }
    drop(conn);
    assert!(empty.is_empty(), "no rows to change in {empty:?}");
    let mut overlooked = Vec::new();
    let (mut flips, mut never) = (0, 0);
    let step = if all() { 1 } else { 23 };
    for (table, column, last) in places.iter().step_by(step) {
        fs::write(&path, &kept).expect("the ledger is put back");
        let Some(what) = flip(&path, table, column, *last) else {
            never += 1;
            continue;
        };
        flips += 1;
        // `check` looks at the same seals and sums; once for each column is enough.
        for command in if *last { &["check", VERIFY][..] } else { &[VERIFY] } {
            let found = sandbox.run(command);
            let told = found.code == 1 || (found.code == 6 && found.err.contains("error[L0"));
            if !told {
                overlooked.push(format!("{command}: {what} ({})", found.code));
            }
        }
    }
    say(&format!("{flips} values changed one by one, each found; {never} columns hold nothing"));
    assert!(overlooked.is_empty(), "{}", overlooked.join("\n"));
}
