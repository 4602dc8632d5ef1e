//! Doctor, backup, rebuild: the installation looked after.

use std::fs;

use super::super::support::{Sandbox, built, root};
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
    assert_eq!(
        told(&sandbox, "next", 0),
        ["last import: none yet: feebook import REPORT --program PROGRAM"]
    );
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
fn doctor_names_what_was_left_behind() {
    let sandbox = evaluated();
    for name in ["b0.db.copy-24008", "b0.db.copy-24008-journal", "x.csv.part-7", "a.db.new-1"] {
        sandbox.write(name, "half");
    }
    for name in ["my.copy-of-orders", "notes.part-", "orders.copy"] {
        sandbox.write(name, "a file of the user's");
    }
    let found = told(&sandbox, "finding", 1);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|row| row.starts_with("left behind: ")), "{found:?}");
}

#[test]
fn advertisers_without_a_program_are_told_until_they_have_one() {
    let sandbox = Sandbox::new();
    let report = root().join("tests/reports/awin.json");
    let text = fs::read_to_string(report).expect("a report");
    sandbox.write("awin.json", &text.replace("7777", "\"Shop/ÆØ\""));
    let pasted = |err: &str| {
        let lines: Vec<&str> =
            err.lines().skip_while(|line| *line != "format = 1").take(4).collect();
        lines.join("\n")
    };
    let at_import = sandbox.run("import awin.json").expect(0);
    sandbox.run("recompute").expect(0);
    let found = sandbox.run("check -O csv").expect(1).rows();
    let told_of: Vec<_> = found.iter().filter(|row| row.get("check") == "no_terms").collect();
    assert_eq!(told_of.len(), 2, "{found:?}");
    assert!(
        found.iter().any(|row| row.get("finding").contains(
            "advertiser 6378 of awin is no program: 1 line is unverifiable; add \"6378\" = \
             \"<program>\" under [programs.awin] of feebook.toml, then import awin.json again"
        )),
        "{found:?}"
    );
    // A number that cannot be the name of its orders is told as the report has it.
    assert!(found.iter().any(|row| row.get("finding").contains("add \"Shop/ÆØ\" =")), "{found:?}");
    assert_eq!(told(&sandbox, "next", 0).len(), 2);
    let reconciled = sandbox.run("reconcile").expect(0);
    assert!(reconciled.err.contains("2 advertisers without a program"), "{}", reconciled.err);
    let assumed = sandbox.run("assumptions").expect(0);
    assert_eq!(assumed.out, "");
    assert!(assumed.err.contains("awin-6378 has no terms"), "{}", assumed.err);
    // What is told can be pasted, and filled in.
    let (first, again) = (pasted(&at_import.err), pasted(&reconciled.err));
    assert!(first.contains("\"Shop/ÆØ\" = \"\"  # A Bookshop"), "{first}");
    sandbox.write("later.json", &text.replace("7777", "\"Shop/ÆØ\"").replace("30100", "30200"));
    sandbox.run("import later.json").expect(0);
    sandbox.write("feebook.toml", &again.replace("= \"\"", "= \"example\""));
    // All files are named, and an advertiser that is mapped is not to be mapped again.
    let mapped = "of awin is no program: 2 lines are unverifiable; it is mapped to example now: \
                  import awin.json, later.json again";
    let found = sandbox.run("check -O csv").expect(1).rows();
    assert!(found.iter().any(|row| row.get("finding").contains(mapped)), "{found:?}");
    let next = told(&sandbox, "next", 0);
    assert!(next.iter().all(|text| !text.contains("add \"6378\"")), "{next:?}");
    sandbox.run("import awin.json later.json").expect(0);
    // What was imported before is of the same programs.
    let before = sandbox.run("import awin.json -O csv").expect(0).rows();
    assert_eq!(before[0].get("program"), "example");
    sandbox.run("recompute").expect(0);
    let found = sandbox.run("check -O csv").rows();
    assert!(found.iter().all(|row| row.get("check") != "no_terms"), "{found:?}");
    assert_eq!(told(&sandbox, "next", 0), Vec::<String>::new());
}

#[test]
fn a_file_that_was_imported_before_is_archived_when_that_is_asked_for() {
    let sandbox = Sandbox::with_ledger();
    let orders = report(&ORDERS);
    import(&sandbox, "orders.csv", &orders);
    sandbox.run("imports archive 1").expect(2);
    let said = sandbox.run("import orders.csv --program example --archive --dry-run").expect(0);
    assert!(said.err.contains("the file itself would be archived"), "{}", said.err);
    sandbox.run("imports archive 1").expect(2);
    sandbox.write("feebook.toml", "archive = true\n");
    let said = sandbox.run("import orders.csv --program example").expect(0);
    assert!(said.err.contains("import 1; the file itself is archived now"), "{}", said.err);
    assert_eq!(sandbox.run("imports archive 1").expect(0).out, orders);
    let said = sandbox.run("import orders.csv --program example").expect(0);
    assert!(said.err.contains("nothing changed"), "{}", said.err);
    sandbox.run("check").expect(0);
    sandbox.run("verify").expect(0);
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

#[test]
fn doctor_tells_what_is_so_in_each_state_of_a_ledger() {
    // A plugin that the terms need.
    let tiered = Sandbox::with_ledger();
    let row = "1,1,2019-10-03 10:30:00,100.00,settled";
    tiered.write("orders.csv", &report(&[row]));
    tiered.run("import orders.csv --program aliexpress-tiered").expect(0);
    let found = told(&tiered, "finding", 1);
    assert_eq!(found.len(), 2, "{found:?}");
    let says = "plugins: the terms of aliexpress-tiered need the plugin tiers, and no build of it is \
                noted: feebook plugin stamp tiers LIBRARY --program aliexpress-tiered";
    assert!(found.iter().any(|row| row == says), "{found:?}");
    for plugin in ["tiers", "levels"] {
        let library = built(plugin);
        let library = library.to_str().expect("UTF-8");
        let stamp = ["plugin", "stamp", plugin, library, "--program", "aliexpress-tiered"];
        tiered.run_words(&stamp).expect(0);
    }
    let next = told(&tiered, "next", 0).join("\n");
    assert!(
        next.contains("tiers of aliexpress-tiered may not run: feebook plugin trust"),
        "{next}"
    );
    let fine = tiered.run("doctor --allow-plugins -O csv").expect(0).out;
    assert!(fine.contains("tiers of aliexpress-tiered may run"), "{fine}");
    // All is done, and an import that was taken back is not told as if it stood.
    let sandbox = evaluated();
    let fine = told(&sandbox, "", 0).join("\n");
    assert!(fine.contains("next: nothing waits"), "{fine}");
    sandbox.run("imports undo 1").expect(0);
    let fine = told(&sandbox, "", 0).join("\n");
    assert!(fine.contains(", taken back since"), "{fine}");
    // Rows wait, and the schedules do not load: both are told.
    sandbox.write("bad.csv", "order_no,line_no,paid_at,product_price\n1,1,never,1.00\n");
    sandbox.run("import bad.csv --program example").expect(4);
    sandbox.write("schedules/example/2025-01-01.toml", "format = 1\n");
    let found = told(&sandbox, "finding", 1).join("\n");
    for part in ["1 row of bad.csv could not be read", "S003"] {
        assert!(found.contains(part), "{part}:\n{found}");
    }
    assert!(!found.contains("next: nothing waits"), "{found}");
}
