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
    assert!(shown.contains("1 line is corrected by rows of their own"), "{shown}");
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
    assert_eq!(lines(&sandbox), ["O-1 correction-2 waiting 0.00 0.00"]);
    let found = sandbox.run("check -O csv").expect(1).rows();
    let named = ["check", "order_no", "line_no"].map(|name| found[0].get(name).to_owned());
    assert_eq!((named.join(" "), found.len()), ("correction_alone O-1 correction-2".to_owned(), 1));
    let told = imported(&sandbox, "two.xml");
    assert!(!told.contains("correcting"), "{told}");
    assert_eq!(lines(&sandbox), ["O-1 777 approved 60.00 3.78"]);
    sandbox.run("check").expect(0);
    imported(&sandbox, "three.xml");
    assert_eq!(lines(&sandbox), ["O-1 777 reversed 0.00 0.00"]);
    // What the network took is the refund that covers it.
    sandbox.run("reconcile").expect(0);
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

#[test]
fn what_corrections_take_is_the_refund_of_the_line_and_what_nothing_covers_adds_up() {
    let sandbox = Sandbox::new();
    let payment = |amount: &str, earned: &str, id: &str, kind: &str| {
        format!(
            "{{\"id\":\"{id}\",\"purchase_id\":\"P-1\",\"transaction_type\":\"{kind}\",\
             \"transaction_amount\":\"{amount}\",\"amount_affiliate\":\"{earned}\",\"currency\":\"USD\",\
             \"created_at\":\"2024-08-10 10:00:00\",\"product_id\":\"7\",\"affiliate_name\":\"me\"}}"
        )
    };
    let (paid, back) =
        (payment("100.00", "6.30", "1", "payment"), payment("-100.00", "-6.30", "2", "refund"));
    sandbox.write("digistore.json", &format!("[{paid},{back}]"));
    sandbox.run("import digistore.json --as digistore24 --program aliexpress-nordic").expect(0);
    // More is taken than there is.
    let whole = commission(1, "O-1", 777, true, ("100.00", "6.30"));
    let much = commission(2, "O-1", 777, false, ("-150.00", "-9.45"));
    sandbox.write("cj.xml", &report(&[whole, much]));
    imported(&sandbox, "cj.xml");
    assert_eq!(lines(&sandbox), ["O-1 777 reversed 0.00 0.00", "P-1 1 reversed 0.00 0.00"]);
    let compared = sandbox.run("reconcile -O csv").expect(0);
    assert_eq!(compared.rows().len(), 0, "{}", compared.out);
    // A line that is restated as declined keeps its commission in the report.
    let header = "order_no,line_no,paid_at,paid_amount,product_price,status,updated_at,currency,\
                  reported_commission\n";
    let row = |status: &str, day: u32| {
        format!(
            "D-1,1,2024-08-10 10:00:00,100.00,100.00,{status},2024-08-{day} 10:00:00,USD,6.30\n"
        )
    };
    sandbox.write("own.csv", &format!("{header}{}", row("approved", 11)));
    sandbox.write("own2.csv", &format!("{header}{}", row("declined", 20)));
    sandbox.run("import own.csv --program aliexpress-nordic").expect(0);
    sandbox.run("import own2.csv --program aliexpress-nordic").expect(0);
    sandbox.run("recompute").expect(0);
    let rows = sandbox.run("reconcile -O csv").expect(1).rows();
    let of = rows.iter().find(|row| row.get("order_no") == "D-1").expect("D19");
    let cents = |name: &str| of.get(name).replace(['.', '+'], "").parse::<i64>().expect("cents");
    assert_eq!(of.get("code"), "D19");
    assert_eq!(of.get("reported"), "0.00");
    assert_eq!(cents("reported") - cents("expected"), cents("difference"));
}

/// Rakuten's rows: sale, commission, transaction.
fn rakuten(rows: &[(&str, &str, &str)]) -> String {
    let row = |(sale, earned, id): &(&str, &str, &str)| {
        format!("R-1,8/10/2024,09:00:00,38606,A Shop,,,{sale},1,{earned},{id},USD,\n")
    };
    rows.iter().map(row).collect()
}

#[test]
fn one_transaction_takes_several_rows_back_and_each_what_fits_it_best() {
    let sandbox = Sandbox::new();
    let sold = [("100.00", "6.30", "t-1"), ("50.00", "3.15", "t-1")];
    let back = [("-100.00", "-6.30", "t-5"), ("-50.00", "-3.15", "t-5")];
    sandbox.write("one.csv", &rakuten(&[sold, back].concat()));
    // An overlapping report has some of them again.
    sandbox.write("two.csv", &rakuten(&back));
    for file in ["one.csv", "two.csv"] {
        sandbox.run(&format!("import {file} --as rakuten --program aliexpress-nordic")).expect(0);
    }
    assert_eq!(lines(&sandbox), ["R-1 50.00 reversed 0.00 0.00", "R-1 100.00 reversed 0.00 0.00"]);
    sandbox.run("check").expect(0);

    let sandbox = Sandbox::new();
    let sold = [("100.00", "10.00", "t-1"), ("100.00", "8.00", "t-2"), ("100.00", "7.00", "t-3")];
    // The first row fits no line in both: it leaves those that others fit.
    let back = [("-100.00", "-9.00", "t-4"), ("-100.00", "-8.00", "t-5")];
    sandbox
        .write("one.csv", &rakuten(&[sold, [back[0], back[1], ("0.00", "0.00", "t-6")]].concat()));
    sandbox.run("import one.csv --as rakuten --program aliexpress-nordic").expect(0);
    let told = lines(&sandbox).join("; ");
    assert!(told.contains("R-1 100.00 reversed"), "{told}");
    assert!(told.contains("R-1 100.00#2 reversed"), "{told}");
    assert!(told.contains("R-1 100.00#3 approved"), "{told}");
    let explained = sandbox.run("explain R-1 --line 100.00#2").expect(0).out;
    assert!(explained.contains("correction-t-5"), "{explained}");
}

#[test]
fn a_row_that_waits_is_said_to_be_one_and_amounts_without_a_currency_are_not_nothing() {
    let sandbox = Sandbox::new();
    let more = commission(3, "O-1", 777, false, ("7.00", "0.44"));
    sandbox.write("more.xml", &report(&[more]));
    imported(&sandbox, "more.xml");
    assert_eq!(lines(&sandbox), ["O-1 correction-3 waiting 0.00 0.00"]);
    let explained = sandbox.run("explain O-1").expect(0).out;
    assert!(explained.contains("declined: it corrects a line that is not there"), "{explained}");
    assert!(!explained.contains("took the line back"), "{explained}");
    assert!(!explained.contains("reversed"), "{explained}");

    // Of an advertiser that is not mapped.
    let sandbox = Sandbox::new();
    let less = commission(2, "O-1", 777, false, ("-20.00", "-1.26"));
    sandbox.write("less.xml", &report(&[less]));
    sandbox.run("import less.xml").expect(0);
    sandbox.run("recompute").expect(0);
    let found = sandbox.run("check").expect(1).out;
    assert!(found.contains("the currency of the row's amounts is not known"), "{found}");
    assert!(!found.contains("takes 0.00"), "{found}");
}

#[test]
fn rows_of_a_networks_report_that_were_closed_wait_no_longer_when_it_comes_again() {
    let sandbox = Sandbox::new();
    sandbox.write("feebook.toml", "format = 1\n[programs.cj]\n1500 = \"aliexpress-nordic\"\n");
    let good = commission(1, "O-1", 777, true, ("100.00", "6.30"));
    let bad = commission(2, "O-2", 778, true, ("abc", "6.30"));
    sandbox.write("bad.xml", &report(&[good, bad]));
    sandbox.run("import bad.xml").expect(4);
    let again = sandbox.run("import bad.xml").expect(4).err;
    assert!(again.contains("1 row was rejected then, and still is"), "{again}");
    sandbox.run("quarantine close --import 1 --reason m").expect(0);
    let again = sandbox.run("import bad.xml").expect(0).err;
    assert!(!again.contains("rejected"), "{again}");
}
