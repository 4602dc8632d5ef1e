//! What a spreadsheet would take for a formula never leaves as one, whatever command writes it.

use super::support::Sandbox;

/// What begins a formula; the tab and the return only where a field can hold them.
const FORMULAS: [&str; 4] = ["=1+1", "+1+1", "-1+1", "@SUM(A1)"];

#[test]
fn no_text_of_a_csv_begins_a_formula() {
    for formula in FORMULAS {
        let sandbox = Sandbox::with_ledger();
        let header = "order_no,line_no,paid_at,product_price,status,category,ship_to,seller_country,\
                      currency,placement,sub_id,product,store,host\n";
        let row = format!(
            "{formula},{formula},2024-08-01 10:00:00,9.00,approved,{formula},NO,CN,USD,{formula},\
             {formula},{formula},{formula},{formula}\n"
        );
        let bad = format!("{formula},1,never,1.00,{formula},163,NO,CN,USD,,,,,\n");
        sandbox.write("=orders.csv", &format!("{header}{row}{bad}"));
        let mut answers =
            vec![sandbox.run("import =orders.csv --program example -O csv").expect(4).out];
        sandbox.write(
            "clicks.csv",
            &format!("sub_id,clicked_at,placement,url\n{formula},2024-08-01 09:00:00,{formula},{formula}\n"),
        );
        sandbox.run("click import clicks.csv --program example").expect(0);
        sandbox.run_words(&[
            "flag",
            "add",
            "fraud",
            "--sub-id",
            formula,
            "--reason",
            formula,
            "--who",
            formula,
            "--program",
            "example",
        ]);
        sandbox.run_words(&["product", "mark", formula, "virtual", "--from", "2024-08-01"]);
        sandbox.run("recompute").expect(0);
        for command in [
            "lines",
            "explain =1+1 --program example",
            "statement --by placement",
            "statement --by category",
            "imports list",
            "quarantine list",
            "click list",
            "flag list",
            "product list",
            "check",
            "verify",
            "recompute",
            "assumptions",
            "doctor",
            "export --to csv",
            "reconcile",
            "journal",
            "balance",
            "runs list",
            "payout list",
            "placement list",
            "account list",
            "close list",
        ] {
            let ran = sandbox.run(&format!("{command} -O csv"));
            assert!(ran.code < 70, "{command}: {}", ran.err);
            answers.push(ran.out);
        }
        for answer in answers {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(answer.as_bytes());
            for record in reader.records() {
                for cell in &record.expect("a CSV row") {
                    let is_number =
                        cell.trim_end_matches('%').parse::<rust_decimal::Decimal>().is_ok();
                    let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
                    assert!(!begins || is_number, "{cell} in\n{answer}");
                }
            }
        }
    }
}
