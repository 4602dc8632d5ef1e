//! A network that corrects what it reported by rows of their own: up, down, before the line itself.

use super::super::support::{Row, Sandbox};

/// A commission of CJ's: number, order, action, whether it is the action itself, sale and commission.
fn commission(
    number: u32,
    order: &str,
    action: u32,
    original: bool,
    (sale, earned): (&str, &str),
) -> String {
    let status = if original { "locked" } else { "corrected" };
    format!(
        "<commission><action-status>{status}</action-status><action-type>sale</action-type><cid>1500</cid>\
         <commission-id>{number}</commission-id><event-date>2024-08-10T08:00:00-0700</event-date>\
         <posting-date>2024-08-{}T09:00:00-0700</posting-date><order-id>{order}</order-id>\
         <original>{original}</original><original-action-id>{action}</original-action-id>\
         <commission-amount>{earned}</commission-amount><sale-amount>{sale}</sale-amount></commission>\n",
        number % 20 + 10
    )
}

fn report(commissions: &[String]) -> String {
    format!("<cj-api><commissions>\n{}</commissions></cj-api>\n", commissions.concat())
}

fn lines(sandbox: &Sandbox) -> Vec<String> {
    sandbox.run("recompute").expect(0);
    let rows: Vec<Row> = sandbox.run("lines -O csv").expect(0).rows();
    let columns = ["order_no", "line_no", "status", "basis", "total"];
    rows.iter().map(|row| columns.map(|name| row.get(name).to_owned()).join(" ")).collect()
}

fn imported(sandbox: &Sandbox, file: &str) -> String {
    sandbox.run(&format!("import {file} --program aliexpress-nordic")).expect(0).err
}

#[test]
fn what_is_corrected_earns_what_is_left_of_it_and_taking_that_back_restores_it() {
    let sandbox = Sandbox::new();
    let whole = commission(1, "O-1", 777, true, ("100.00", "6.30"));
    let down = commission(2, "O-1", 777, false, ("-20.00", "-1.26"));
    let up = commission(3, "O-1", 777, false, ("10.00", "0.63"));
    sandbox.write("one.xml", &report(&[whole]));
    sandbox.write("two.xml", &report(&[down.clone(), up]));
    // An overlapping report has one of them again.
    sandbox.write("three.xml", &report(&[down]));
    imported(&sandbox, "one.xml");
    assert_eq!(lines(&sandbox), ["O-1 777 approved 100.00 6.30"]);
    imported(&sandbox, "two.xml");
    imported(&sandbox, "three.xml");
    let told = sandbox.run("recompute").expect(0).out;
    assert!(told.contains("correction") && !told.contains("new revision"), "{told}");
    assert_eq!(lines(&sandbox), ["O-1 777 approved 90.00 5.67"]);
    let shown = sandbox.run("lines").expect(0).err;
    assert!(shown.contains("1 line corrected by rows of their own"), "{shown}");
    let explained = sandbox.run("explain O-1").expect(0).out;
    for row in [
        "corrected by row correction-2 of two.xml (import 2), which takes 20.00 USD and a reported 1.26 USD",
        "corrected by row correction-3 of two.xml (import 2), which adds 10.00 USD and a reported 0.63 USD",
    ] {
        assert!(explained.contains(row), "{explained}");
    }
    // The network reports what the terms give of what is left.
    sandbox.run("reconcile").expect(0);
    sandbox.run("check").expect(0);
    assert!(
        explained.contains("run 2: approved -0.63 (line 777: corrected by row correction-2, corrected by row correction-3)"),
        "{explained}"
    );
    sandbox.run("imports undo 2").expect(0);
    // The overlapping report still takes its part.
    assert_eq!(lines(&sandbox), ["O-1 777 approved 80.00 5.04"]);
    sandbox.run("imports undo 3").expect(0);
    assert_eq!(lines(&sandbox), ["O-1 777 approved 100.00 6.30"]);
    sandbox.run("check").expect(0);
    sandbox.run("verify").expect(0);
}

#[test]
fn a_correction_that_comes_first_waits_and_one_of_all_reverses_the_line() {
    let sandbox = Sandbox::new();
    let whole = commission(1, "O-1", 777, true, ("100.00", "6.30"));
    let part = commission(2, "O-1", 777, false, ("-40.00", "-2.52"));
    let rest = commission(3, "O-1", 777, false, ("-60.00", "-3.78"));
    sandbox.write("one.xml", &report(&[part]));
    sandbox.write("two.xml", &report(&[whole]));
    sandbox.write("three.xml", &report(&[rest]));
    let told = imported(&sandbox, "one.xml");
    assert!(told.contains("1 row correcting a line that the ledger does not have"), "{told}");
    assert_eq!(lines(&sandbox), ["O-1 correction-2 reversed 0.00 0.00"]);
    let found = sandbox.run("check -O csv").expect(1).rows();
    let named = ["check", "order_no", "line_no"].map(|name| found[0].get(name).to_owned());
    assert_eq!((named.join(" "), found.len()), ("correction_alone O-1 correction-2".to_owned(), 1));
    let told = imported(&sandbox, "two.xml");
    assert!(!told.contains("correcting"), "{told}");
    assert_eq!(lines(&sandbox), ["O-1 777 approved 60.00 3.78"]);
    sandbox.run("check").expect(0);
    imported(&sandbox, "three.xml");
    assert_eq!(lines(&sandbox), ["O-1 777 reversed 0.00 0.00"]);
    // A line that was approved and of which nothing is left is a finding, as any that is taken back.
    let found = sandbox.run("reconcile -O csv").expect(1).out;
    assert!(found.contains("D19"), "{found}");
    sandbox.run("verify").expect(0);
}

#[test]
fn rows_that_name_no_line_take_from_the_only_one() {
    let sandbox = Sandbox::new();
    let row = |date: &str, sales: &str, earned: &str, number: &str| {
        format!("R-1,{date},09:00:00,38606,A Shop,,,{sales},1,{earned},{number},USD,\n")
    };
    // Neither file has a header.
    sandbox.write("one.csv", &row("8/10/2024", "100.00", "6.30", "t-1"));
    sandbox.write("two.csv", &row("9/02/2024", "-20.00", "-1.26", "t-2"));
    for file in ["two.csv", "one.csv"] {
        sandbox.run(&format!("import {file} --as rakuten --program aliexpress-nordic")).expect(0);
    }
    assert_eq!(lines(&sandbox), ["R-1 100.00 approved 80.00 5.04"]);
    sandbox.run("check").expect(0);
    sandbox.run("verify").expect(0);
}
