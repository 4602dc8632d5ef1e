//! Worked cases: an order as a network reports it, and what it earns to the cent. The numbers G…
//! are those of the list they come from; each was worked out by hand from the terms.

use super::support::{Row, Sandbox};

/// The terms of the listing: 6.3 % for all, 50.00 per order, floor, USD.
const NORDIC: &str = "aliexpress-nordic";
const HEADER: &str = "order_no,line_no,paid_at,product_price,quantity,paid_amount,service_fee,\
    category,ship_to,seller_country,currency,new_buyer\n";
const DAY: &str = "2024-06-01 12:00:00";

/// Imports rows into a fresh ledger, recomputes, and returns the lines.
fn lines(program: &str, rows: &str) -> Vec<Row> {
    let sandbox = Sandbox::with_ledger();
    lines_in(&sandbox, program, rows)
}

fn lines_in(sandbox: &Sandbox, program: &str, rows: &str) -> Vec<Row> {
    sandbox.write("report.csv", &format!("{HEADER}{}", rows.replace("DAY", DAY)));
    sandbox.run(&format!("import report.csv --program {program}")).expect(0);
    sandbox.run("recompute").expect(0);
    sandbox.run("lines -O csv").expect(0).rows()
}

/// The cells of one row.
fn cells<const N: usize>(row: &Row, columns: [&str; N]) -> [String; N] {
    columns.map(|column| row.get(column).to_owned())
}

#[test]
fn g1_g2_observed_rows_are_cut_to_the_cent() {
    for (rate, price, commission) in [("7.00%", "11.13", "0.77"), ("3.00%", "37.92", "1.13")] {
        let sandbox = Sandbox::with_ledger();
        sandbox.write(
            "schedules/plain/program.toml",
            "format = 1\nname = \"Plain\"\ntimezone = \"UTC\"\npayout_currency = \"USD\"\ngoverned_by = \"paid\"\n",
        );
        sandbox.write(
            "schedules/plain/2020-01-01.toml",
            &format!(
                "format = 1\neffective_on = 2020-01-01\nsource = \"a case\"\n[policy]\n\
                 basis = \"product_price\"\ncurrency = \"USD\"\nrounding = \"floor\"\n\
                 [[rate]]\nrate = \"{rate}\"\n"
            ),
        );
        let rows = lines_in(&sandbox, "plain", &format!("1,1,DAY,{price},1,,,,,,USD,\n"));
        assert_eq!(cells(&rows[0], ["commission", "total"]), [commission, commission]);
    }
}

#[test]
fn g3_the_cap_bites_on_a_single_line() {
    let rows = lines(NORDIC, "1,1,DAY,900.00,1,,,1509,NO,CN,USD,N\n");
    assert_eq!(
        cells(&rows[0], ["basis", "rate", "commission", "withheld", "total"]),
        ["900.00", "6.3%", "56.70", "6.70", "50.00"]
    );
}

#[test]
fn g4_the_cap_is_per_order_and_shared_in_proportion() {
    let rows =
        lines(NORDIC, "1,1,DAY,500.00,1,,,1509,NO,CN,USD,N\n1,2,DAY,500.00,1,,,1509,NO,CN,USD,N\n");
    for row in &rows {
        assert_eq!(cells(row, ["commission", "withheld", "total"]), ["31.50", "6.50", "25.00"]);
    }
}

#[test]
fn g6_a_known_service_fee_comes_out_of_the_paid_amount() {
    let rows = lines(NORDIC, "1,1,DAY,,1,108.00,8.00,1509,FR,CN,USD,N\n");
    assert_eq!(cells(&rows[0], ["basis", "total"]), ["100.00", "6.30"]);
}

#[test]
fn g7_a_new_buyer_earns_the_bonus_of_the_country() {
    let rows = lines(NORDIC, "1,1,DAY,10.00,1,,,1509,ES,CN,USD,Y\n");
    assert_eq!(cells(&rows[0], ["commission", "bonus", "total"]), ["0.63", "4.00", "4.63"]);
}

#[test]
fn g9_a_country_without_a_row_has_no_bonus() {
    let rows = lines(NORDIC, "1,1,DAY,10.00,1,,,1509,DE,CN,USD,Y\n");
    assert_eq!(cells(&rows[0], ["bonus", "total"]), ["0.00", "0.63"]);
}

#[test]
fn g10_a_gift_card_earns_nothing() {
    let rows = lines(NORDIC, "1,1,DAY,25.00,1,,,200001075,NO,CN,USD,N\n");
    assert_eq!(cells(&rows[0], ["verdict", "clause", "total"]), ["excluded", "3.a", "0.00"]);
}

#[test]
fn g11_an_order_paid_in_another_currency_earns_nothing() {
    let rows = lines(NORDIC, "1,1,DAY,100.00,1,,,1509,BR,CN,BRL,N\n");
    assert_eq!(cells(&rows[0], ["verdict", "clause", "total"]), ["excluded", "3.d", "0.00"]);
}

#[test]
fn g25_an_unknown_category_takes_the_default_and_is_a_finding() {
    let sandbox = Sandbox::with_ledger();
    let rows = lines_in(&sandbox, NORDIC, "1,1,DAY,100.00,1,,,999999999,NO,CN,USD,N\n");
    assert_eq!(cells(&rows[0], ["verdict", "total"]), ["commissionable", "6.30"]);
    let findings = sandbox.run("check -O csv").expect(1).rows();
    assert_eq!(findings.len(), 1);
    assert_eq!(cells(&findings[0], ["check", "order_no"]), ["unknown_category", "1"]);
}

#[test]
fn the_bonus_is_once_per_order_on_its_first_earning_line() {
    let rows = lines(
        NORDIC,
        "7,1,DAY,25.00,1,,,200001075,ES,CN,USD,\n7,2,DAY,10.00,1,,,1509,ES,CN,USD,Y\n\
         7,10,DAY,10.00,1,,,1509,ES,CN,USD,\n",
    );
    let bonuses: Vec<&str> = rows.iter().map(|row| row.get("bonus")).collect();
    let numbers: Vec<&str> = rows.iter().map(|row| row.get("line_no")).collect();
    assert_eq!((numbers, bonuses), (vec!["1", "2", "10"], vec!["0.00", "4.00", "0.00"]));
}

#[test]
fn an_order_before_the_first_terms_is_uncovered_to_the_second() {
    // 2024-05-07 begins in Los Angeles at 07:00 UTC.
    let rows = lines(
        NORDIC,
        "1,1,2024-05-07T06:59:59Z,10.00,1,,,1509,NO,CN,USD,N\n\
         2,1,2024-05-07T07:00:00Z,10.00,1,,,1509,NO,CN,USD,N\n\
         3,1,2024-05-06 23:59:59,10.00,1,,,1509,NO,CN,USD,N\n\
         4,1,2024-05-07 00:00:00,10.00,1,,,1509,NO,CN,USD,N\n",
    );
    let verdicts: Vec<&str> = rows.iter().map(|row| row.get("verdict")).collect();
    assert_eq!(verdicts, ["uncovered", "commissionable", "uncovered", "commissionable"]);
    assert_eq!(cells(&rows[0], ["schedule", "basis", "commission", "total"]), ["", "", "", ""]);
    assert_eq!(rows[1].get("schedule"), "2024-05-07");
}

#[test]
fn an_order_without_its_governing_instant_cannot_be_verified() {
    let rows = lines(NORDIC, "1,1,,10.00,1,,,1509,NO,CN,USD,N\n");
    assert_eq!(cells(&rows[0], ["verdict", "schedule", "total"]), ["unverifiable", "", ""]);
}
