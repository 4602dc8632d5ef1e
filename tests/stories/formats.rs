//! A report that no format fits: what is seen of it, a mapping that is proposed and tried, and files that
//! stand in the way.

use std::io::Write as _;
use std::process::Stdio;

use super::super::support::{Ran, Sandbox};

/// Runs a command that is given a text by a pipe.
fn piped(sandbox: &Sandbox, line: &str, text: &str) -> Ran {
    let mut child = sandbox
        .command()
        .args(line.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(text.as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

const OWN: &str = "order_no,line_no,paid_at,product_price,quantity,seller_country,status\n\
                   1,1,2024-08-14 12:00:00,10.00,2,CN,approved\n2,1,2024-08-14 12:00:00,5.00,1,CN,pending\n";

#[test]
fn our_own_columns_are_proposed_as_they_are_whatever_separates_them() {
    let sandbox = Sandbox::new();
    sandbox.write("semicolons.csv", &OWN.replace(',', ";"));
    sandbox.write("tabs.csv", &OWN.replace(',', "\t"));
    for name in ["semicolons", "tabs"] {
        let proposed = sandbox.run(&format!("formats new {name}.csv")).expect(0);
        assert!(proposed.out.contains("# Not read: nothing"), "{}", proposed.out);
        let tried = "the proposal reads 2 rows of it, and rejects none";
        assert!(proposed.err.contains(tried), "{}", proposed.err);
        sandbox.write(&format!("schedules/reports/{name}.toml"), &proposed.out);
        let dry = sandbox.run(&format!("import {name}.csv --program example --dry-run -O csv"));
        assert_eq!(dry.expect(0).rows()[0].get("added"), "2");
    }
}

#[test]
fn nested_amounts_and_a_status_of_any_name_are_found() {
    let sandbox = Sandbox::new();
    let row = |id: u8, state: &str| {
        format!(
            r#"{{"id": {id}, "commissionAmount": {{"amount": 8.0, "currency": "GBP"}}, "saleAmount": {{"amount": 100.0, "currency": "GBP"}}, "cState": "{state}", "transactionDate": "2024-08-14T12:00:00"}}"#
        )
    };
    sandbox.write("net.json", &format!("[{}, {}]", row(1, "Confirmed"), row(2, "Odd")));
    let proposed = sandbox.run("formats new net.json").expect(0).out;
    for line in [
        "order_no = \"id\"",
        "paid_amount = \"saleAmount.amount\"",
        "amount_currency = \"saleAmount.currency\"",
        "reported_commission = { column = \"commissionAmount.amount\", currency_of = \"commissionAmount.currency\" }",
        "status = { column = \"cState\", words = { \"Confirmed\" = \"approved\" }, unknown = \"keep\" }",
    ] {
        assert!(proposed.contains(line), "no {line} in\n{proposed}");
    }
}

#[test]
fn a_long_document_and_one_of_a_row_a_line_are_seen() {
    let sandbox = Sandbox::new();
    let row = |n: u32| {
        format!("{{\"order_id\": \"o-{n}\", \"id\": {n}, \"amount\": 1.00, \"status\": \"open\"}}")
    };
    let rows: Vec<String> = (0..2_000).map(row).collect();
    sandbox.write("long.json", &format!("{{\"list\": [{}]}}", rows.join(",\n")));
    sandbox.write("lines.json", &rows.join("\n"));
    for (file, rows) in [("long.json", "rows = \"list\""), ("lines.json", "rows = \".\"")] {
        let proposed = sandbox.run(&format!("formats new {file}")).expect(0);
        assert!(proposed.out.contains(rows), "{}", proposed.out);
        assert!(
            proposed.err.contains("reads 2000 rows of it, and rejects none"),
            "{}",
            proposed.err
        );
    }
}

#[test]
fn a_proposal_says_what_it_leaves_open() {
    let sandbox = Sandbox::new();
    let row =
        |n: u32, amount: &str, status: &str| format!("o-{n},2024-08-0{n},{amount},{status},USD\n");
    let header = "order_id,date,sale_amount,status,currency\n";
    let above = [row(1, "20.00", "approved"), row(2, "30.00", "corrected")].concat();
    sandbox.write("above.csv", &format!("{header}{above}"));
    let proposed = sandbox.run("formats new above.csv").expect(0);
    assert!(!proposed.out.contains("below zero"), "{}", proposed.out);
    // Whether what is corrected is taken back is not plain from the word.
    assert!(!proposed.out.contains("\"corrected\" = "), "{}", proposed.out);
    sandbox.write("below.csv", &format!("{header}{above}{}", row(3, "-5.00", "approved")));
    let proposed = sandbox.run("formats new below.csv --name cj").expect(0);
    assert!(
        proposed.out.contains("# Some amounts are below zero: do these rows correct others?"),
        "{}",
        proposed.out
    );
    let said = "a mapping named `cj` is there already, and this one would replace it";
    assert!(proposed.err.contains(said), "{}", proposed.err);
}

#[test]
fn a_cell_of_a_text_is_cut_and_whole_in_csv() {
    let sandbox = Sandbox::with_ledger();
    let order = "9".repeat(5_000);
    let report =
        format!("order_no,line_no,paid_at,product_price\n{order},1,2024-08-01 10:00:00,1\n");
    sandbox.write("orders.csv", &report);
    sandbox.run("import orders.csv --program example").expect(0);
    assert!(sandbox.run("lines -O csv").expect(0).out.contains(&order));
    let text = sandbox.run("lines").expect(0).out;
    assert!(text.contains('…') && !text.contains(&order), "{}", text.len());
}

#[test]
fn what_must_be_named_is_said_at_the_import() {
    let sandbox = Sandbox::new();
    sandbox.write("h.csv", "Order ID,Transaction Date,Sales\n1,8/1/2024,2.00\n");
    for command in ["import h.csv", "formats sniff h.csv"] {
        let refused = sandbox.run(command).expect(4);
        let said = refused.err.matches("must be named with --as: rakuten").count();
        assert_eq!(said, 1, "{}", refused.err);
    }
}

#[test]
fn an_empty_mapping_is_skipped_and_said_to_be() {
    let sandbox = Sandbox::new();
    sandbox.write("own.csv", OWN);
    sandbox.write("net.csv", &OWN.replace(',', ";"));
    // The shell makes the file before feebook writes to it.
    for (command, file) in [("formats show awin", "awin"), ("formats new net.csv", "net")] {
        let path = format!("schedules/reports/{file}.toml");
        sandbox.write(&path, "");
        let shown = sandbox.run(command).expect(0);
        assert!(!shown.err.contains("is an empty mapping"), "{}", shown.err);
        assert!(
            shown.err.contains(&format!("`-o {path}`").replace('/', std::path::MAIN_SEPARATOR_STR)),
            "{}",
            shown.err
        );
        let other = sandbox.run("import own.csv --program example --dry-run").expect(0);
        assert!(
            other.err.contains(&format!("{file}.toml is an empty mapping and was skipped")),
            "{}",
            other.err
        );
        sandbox.write(&path, &shown.out);
        let other = sandbox.run("formats list").expect(0);
        assert!(!other.err.contains("is an empty mapping"), "{}", other.err);
    }
}

#[test]
fn what_sniff_says_is_what_an_import_does() {
    let sandbox = Sandbox::new();
    sandbox.write("own.csv", OWN);
    sandbox.write("empty.csv", "");
    sandbox.write("other.csv", "a,b\n1,2\n");
    sandbox.write("limit.json", r#"{"error_response": {"code": "7", "msg": "slow down"}}"#);
    for (file, code) in [("own.csv", 0), ("empty.csv", 4), ("other.csv", 4), ("limit.json", 4)] {
        let sniffed = sandbox.run(&format!("formats sniff {file} -O csv")).expect(code);
        let imported = sandbox.run(&format!("import {file} --program example --dry-run"));
        assert_eq!(imported.code, code, "{file}: {}", imported.err);
        let both = sniffed.rows().into_iter().find(|row| row.get("fits") != "no");
        if let Some(row) = both {
            assert_eq!(row.get("lacks"), "", "{file}");
            assert_eq!(row.get("fits"), if code == 0 { "yes" } else { "refused" });
        }
    }
}

#[test]
fn a_report_comes_through_a_pipe() {
    let sandbox = Sandbox::new();
    let bad = format!("{OWN}3,1,never,1.00,1,CN,approved\n");
    let ran = piped(&sandbox, "import - --program example --archive", &bad).expect(4);
    assert!(ran.err.contains("error[R016]: stdin:4:5"), "{}", ran.err);
    let again = piped(&sandbox, "import - --program example", &bad).expect(4);
    assert!(again.err.contains("stdin: imported before, as import 1"), "{}", again.err);
    let listed = sandbox.run("imports list -O csv").expect(0).rows();
    assert_eq!((listed.len(), listed[0].get("file")), (1, "stdin"));
    assert_eq!(sandbox.run("imports archive 1").expect(0).out, bad);
    assert_eq!(sandbox.run("quarantine list -O csv").expect(0).rows().len(), 1);
    let none = piped(&sandbox, "import - --program example", "").expect(4);
    assert!(none.err.contains("error[R005]: stdin"), "{}", none.err);
}

#[test]
fn files_of_an_archive_without_rows_are_named() {
    let sandbox = Sandbox::new();
    let header = OWN.lines().next().expect("a header");
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [("a.csv", header), ("b.csv", OWN), ("c.csv", header)] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("a file");
        archive.write_all(text.as_bytes()).expect("a text");
    }
    let bytes = archive.finish().expect("an archive").into_inner();
    std::fs::write(sandbox.path("report.zip"), bytes).expect("a file");
    let ran = sandbox.run("import report.zip --program example").expect(0);
    for (name, said) in [("a.csv", true), ("b.csv", false), ("c.csv", true)] {
        let told = ran.err.contains(&format!("report.zip:{name}: there are no rows in it"));
        assert_eq!(told, said, "{name}: {}", ran.err);
    }
    sandbox.write("header.csv", header);
    let ran = sandbox.run("import header.csv --program example").expect(0);
    assert_eq!(ran.err.matches("header.csv: there are no rows in it").count(), 1, "{}", ran.err);
}
