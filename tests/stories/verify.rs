//! Verify: what was posted is found again, and whatever was changed behind feebook's back is told.

use rusqlite::Connection;

use super::super::support::Sandbox;
use super::{ORDERS, evaluated, import, report};

/// Changes a table as no feebook would: its triggers are taken away first.
fn tamper(sandbox: &Sandbox, table: &str, change: &str) {
    let ledger = Connection::open(sandbox.path("feebook.db")).expect("a database");
    let script = format!("DROP TRIGGER {table}_refuses_update; {change}");
    ledger.execute_batch(&script).expect("changed");
}

#[test]
fn what_was_posted_is_found_again_run_by_run() {
    let sandbox = evaluated();
    let run = sandbox.run("verify").expect(0);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", "3 results evaluated again\n"));
    // Each result is held to the facts of its own run, whatever came later.
    import(&sandbox, "later.csv", &report(&["1,1,2024-07-10 10:00:00,80.00,declined"]));
    sandbox.run("recompute").expect(0);
    let run = sandbox.run("verify").expect(0);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", "4 results evaluated again\n"));
    assert_eq!(sandbox.run("verify --month 2024-08").expect(0).err, "1 result evaluated again\n");
    assert_eq!(sandbox.run("verify --program example -O json").expect(0).out, "[]\n");
    assert!(sandbox.run("verify --program exmaple").expect(2).err.contains("error[U001]"));
}

#[test]
fn a_result_that_was_changed_is_told_with_both_values() {
    let sandbox = evaluated();
    let change =
        "UPDATE result SET approved_commission = approved_commission + 1 WHERE order_no = 1";
    tamper(&sandbox, "result", change);
    let run = sandbox.run("verify").expect(1);
    insta::assert_snapshot!(run.out, @r"
    check    program  order_no  run  finding
    seals                            a row of `result` is not what was written
    amounts  example  1         1    approved commission was posted as 5.51 USD, facts and terms give 5.50 USD
    ");
    assert_eq!(run.err, "3 results evaluated again\n");
}

#[test]
fn a_fact_that_was_changed_is_found_even_where_no_amount_differs() {
    for (change, checks) in [
        ("product_price = product_price + 100", vec!["amounts", "fingerprint"]),
        ("sub_id = 'other'", vec!["fingerprint"]),
    ] {
        let sandbox = evaluated();
        tamper(
            &sandbox,
            "order_line",
            &format!("UPDATE order_line SET {change} WHERE order_no = 1"),
        );
        let rows = sandbox.run("verify -O csv").expect(1).rows();
        let found: Vec<(&str, &str)> =
            rows.iter().map(|row| (row.get("check"), row.get("order_no"))).collect();
        let mut expected = vec![("facts", "")];
        expected.extend(checks.iter().map(|check| (*check, "1")));
        assert_eq!(found, expected, "{change}");
    }
}

#[test]
fn a_text_of_the_terms_that_was_changed_is_found() {
    let sandbox = evaluated();
    let change = "UPDATE document SET text = text || ' ' WHERE path = 'example/2024-07-01.toml'";
    tamper(&sandbox, "document", change);
    let rows = sandbox.run("verify -O csv").expect(1).rows();
    let (sealed, results) = rows.split_at(1);
    assert_eq!(sealed[0].get("check"), "seals");
    assert_eq!(results.len(), ORDERS.len() - 1, "an order of two lines is one result");
    assert!(results.iter().all(|row| row.get("check") == "fingerprint"));
}
