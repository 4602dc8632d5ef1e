//! Doctor, backup, rebuild: the installation looked after.

use std::fs;

use super::super::support::Sandbox;
use super::{ORDERS, evaluated, import, ledger_bytes, report};

/// The rows of `doctor` of one kind, as `what: state`.
fn told(sandbox: &Sandbox, kind: &str, code: i32) -> Vec<String> {
    let rows = sandbox.run("doctor -O csv").expect(code).rows();
    let wanted = rows.iter().filter(|row| row.get("kind") == kind);
    wanted.map(|row| format!("{}: {}", row.get("what"), row.get("state"))).collect()
}

#[test]
fn doctor_says_what_to_do_next() {
    let sandbox = Sandbox::new();
    assert_eq!(told(&sandbox, "next", 0), ["file: there is none at feebook.db: feebook init"]);
    sandbox.run("init").expect(0);
    assert_eq!(told(&sandbox, "next", 0), ["last import: none yet: feebook import"]);
    import(&sandbox, "orders.csv", &report(&ORDERS));
    let next = told(&sandbox, "next", 0);
    assert_eq!(next, ["recompute: facts after number 0 are seen by no run: feebook recompute"]);
    sandbox.run("recompute").expect(0);
    assert_eq!(told(&sandbox, "next", 0), Vec::<String>::new());
    let fine = told(&sandbox, "", 0);
    assert!(fine.iter().any(|row| row.starts_with("version: 8, journal wal, synchronous full")));
}

#[test]
fn doctor_finds_what_is_wrong() {
    let sandbox = evaluated();
    assert_eq!(told(&sandbox, "finding", 0), Vec::<String>::new());
    sandbox.write("feebook.db.copy-123", "half");
    sandbox.write("feebook.toml", "archive = 1\n");
    sandbox.write("schedules/example/2025-01-01.toml", "format = 1\n");
    let found = told(&sandbox, "finding", 1).join("\n");
    for part in ["feebook.db.copy-123 was left", "feebook.toml:1:11", "2025-01-01.toml:1:1"] {
        assert!(found.contains(part), "{part}:\n{found}");
    }
    let other = Sandbox::new();
    other.write("feebook.db", "no ledger");
    let found = told(&other, "finding", 1).join("\n");
    assert!(found.contains("L002"), "{found}");
}

#[test]
fn a_backup_is_the_ledger_and_takes_no_files_place() {
    let sandbox = evaluated();
    let before = ledger_bytes(&sandbox);
    sandbox.run("backup copies.db").expect(0);
    assert_eq!(ledger_bytes(&sandbox), before);
    let of = |ledger: &str| sandbox.run(&format!("-f {ledger} lines -O csv")).expect(0).out;
    assert_eq!(of("copies.db"), of("feebook.db"));
    sandbox.run("-f copies.db verify").expect(0);
    let kept = fs::read(sandbox.path("copies.db")).expect("a copy");
    sandbox.run("backup copies.db").expect(6);
    sandbox.run("backup nowhere/copy.db").expect(6);
    assert_eq!(fs::read(sandbox.path("copies.db")).expect("a copy"), kept);
    let entries = fs::read_dir(sandbox.path("")).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string());
    assert!(names.flatten().all(|name| !name.contains(".copy-")), "nothing is left behind");
}

#[test]
fn rebuild_changes_no_fact_and_no_result() {
    let sandbox = evaluated();
    let before = sandbox.run("lines -O csv").expect(0).out;
    sandbox.run("rebuild").expect(0);
    assert_eq!(sandbox.run("lines -O csv").expect(0).out, before);
    sandbox.run("check").expect(0);
    sandbox.run("verify").expect(0);
}

#[test]
fn a_dropped_trigger_and_a_foreign_table_are_found() {
    let sandbox = evaluated();
    let conn = rusqlite::Connection::open(sandbox.path("feebook.db")).expect("a database");
    conn.execute_batch("DROP TRIGGER import_refuses_delete; CREATE TABLE mine (x)").expect("SQL");
    drop(conn);
    let found = sandbox.run("check -O csv").expect(1).rows();
    let found: Vec<&str> = found
        .iter()
        .filter(|row| row.get("check") == "schema")
        .map(|row| row.get("finding"))
        .collect();
    assert_eq!(found, ["table mine is not feebook's", "trigger import_refuses_delete is missing"]);
}
