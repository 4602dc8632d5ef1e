//! Ledgers of earlier versions: each of them as a feebook of its time left it, dumped as SQL.

use std::fs;

use rusqlite::Connection;

use super::support::{Sandbox, root};
use super::{clean, contents};

/// The versions before today's: one per migration, and of each there is a ledger.
fn versions() -> std::ops::Range<usize> {
    1..fs::read_dir(root().join("migrations")).expect("the migrations").count()
}

/// Lays the ledger of a version into a sandbox.
pub(super) fn laid(sandbox: &Sandbox, version: usize) {
    let path = root().join(format!("tests/accidents/ledgers/version-{version}.sql"));
    let dump = fs::read_to_string(path).expect("a dump");
    let conn = Connection::open(sandbox.path("feebook.db")).expect("a database");
    // Tables come in order of their names, also those that others refer to.
    conn.execute_batch("PRAGMA foreign_keys = OFF").expect("a pragma");
    conn.execute_batch(&dump).expect("the dump can be read");
}

#[test]
fn a_ledger_of_any_earlier_version_becomes_one_of_today() {
    for version in versions() {
        let sandbox = Sandbox::new();
        laid(&sandbox, version);
        let before = contents(&sandbox.path("feebook.db"));
        let shown = sandbox.run("lines -O csv").expect(0).out;
        let told = root().join(format!("tests/accidents/ledgers/version-{version}.lines.csv"));
        assert_eq!(shown, fs::read_to_string(told).expect("lines"), "version {version}");
        let kept = sandbox.path(&format!("feebook.db.version-{version}"));
        assert_eq!(contents(&kept), before, "the copy is as it was");
        let now = contents(&sandbox.path("feebook.db"));
        for (table, rows) in &before {
            let later = &now[table];
            // What is derived from the facts is made anew.
            let is_anew = ["version", "order_month", "whole_run"].contains(&table.as_str());
            assert!(is_anew || rows.len() == later.len(), "{table} of {version}");
        }
        // The first feebook took all of program.toml into a fingerprint, so its results are told.
        let allowed: &[&str] = if version == 1 { &["results"] } else { &[] };
        clean(&sandbox, allowed);
        sandbox.run("imports undo 3").expect(0);
        sandbox.run("recompute").expect(0);
        clean(&sandbox, allowed);
    }
}

#[test]
fn an_older_ledger_that_init_brings_up_to_date_is_told() {
    let sandbox = Sandbox::new();
    laid(&sandbox, 6);
    let first = sandbox.run("init").expect(0).err;
    assert!(first.contains("is kept in feebook.db.version-6"), "{first}");
    assert!(!first.contains("nothing was changed"), "{first}");
    let again = sandbox.run("init").expect(0).err;
    assert!(again.contains("a ledger already; nothing was changed"), "{again}");
}

#[test]
fn a_ledger_of_a_later_version_is_refused() {
    let sandbox = Sandbox::with_ledger();
    let conn = Connection::open(sandbox.path("feebook.db")).expect("a database");
    conn.execute_batch("PRAGMA user_version = 99").expect("a later version");
    drop(conn);
    let before = fs::read(sandbox.path("feebook.db")).expect("a ledger");
    for command in ["statement", "check", "import x.csv", "backup copy.db", "recompute"] {
        let refused = sandbox.run(command);
        assert!(refused.code == 6 && refused.err.contains("L003"), "{command}: {}", refused.err);
    }
    assert_eq!(fs::read(sandbox.path("feebook.db")).expect("a ledger"), before);
}
