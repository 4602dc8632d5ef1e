//! A network's report holds many advertisers: which program each line goes to, and how one moves.

use std::fs;
use std::path::Path;

use super::super::support::{Row, Sandbox};

/// Transactions of two advertisers, in Awin's shape.
const AWIN: &str = r#"[
{"id": 1, "advertiserId": 6378, "advertiserName": "AliExpress", "commissionStatus": "approved", "saleAmount": {"amount": 100.0, "currency": "USD"}, "commissionAmount": {"amount": 8.0, "currency": "USD"}, "transactionDate": "2024-08-14T12:00:00"},
{"id": 2, "advertiserId": 7777, "advertiserName": "A Bookshop", "commissionStatus": "approved", "saleAmount": {"amount": 50.0, "currency": "GBP"}, "commissionAmount": {"amount": 4.0, "currency": "GBP"}, "transactionDate": "2024-08-14T12:00:00"},
{"id": 3, "advertiserId": 6378, "advertiserName": "AliExpress", "commissionStatus": "pending", "saleAmount": {"amount": 10.0, "currency": "USD"}, "commissionAmount": {"amount": 0.8, "currency": "USD"}, "transactionDate": "2024-08-15T12:00:00"}
]"#;

/// Columns of the rows of a document.
fn columns(rows: &[Row], names: &[&str]) -> Vec<String> {
    let cells = |row: &Row| names.iter().map(|name| row.get(name)).collect::<Vec<_>>().join(" ");
    rows.iter().map(cells).collect()
}

/// The lines: program, number, verdict.
fn lines(sandbox: &Sandbox) -> Vec<String> {
    sandbox.run("recompute").expect(0);
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    columns(&rows, &["program", "order_no", "verdict"])
}

fn with_map(programs: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("awin.json", AWIN);
    map(&sandbox, programs);
    sandbox
}

fn map(sandbox: &Sandbox, programs: &str) {
    sandbox.write("feebook.toml", &format!("format = 1\n[programs.awin]\n{programs}\n"));
}

#[test]
fn one_file_brings_lines_to_several_programs_and_keeps_those_of_the_unmapped() {
    let sandbox = with_map("\"6378\" = \"example\"");
    let ran = sandbox.run("import awin.json -O csv").expect(0);
    let counted = ["program", "added", "rejected"];
    assert_eq!(columns(&ran.rows(), &counted), ["awin-7777 1 0", "example 2 0"]);
    assert!(
        ran.err
            .contains("# under [programs.awin], which is there:\n\"7777\" = \"\"  # A Bookshop\n"),
        "{}",
        ran.err
    );
    let lines = lines(&sandbox);
    assert_eq!(lines[0], "awin-7777 2 unverifiable");
    assert!(lines[1].starts_with("example 1 ") && lines[2].starts_with("example 3 "), "{lines:?}");
    let explained = sandbox.run("explain 2").expect(0).out;
    assert!(explained.contains("there are no terms of `awin-7777`"), "{explained}");
    let found = sandbox.run("check -O csv").expect(1).rows();
    assert_eq!(columns(&found, &["check", "program"]), ["no_terms awin-7777"]);
    sandbox.run("verify").expect(0);
    let again = sandbox.run("import awin.json").expect(0);
    assert!(again.err.contains("imported before, as import 1"), "{}", again.err);
}

#[test]
fn an_advertiser_that_is_mapped_later_moves_when_its_file_is_imported_again() {
    let sandbox = with_map("");
    sandbox.run("import awin.json").expect(0);
    assert_eq!(
        lines(&sandbox),
        ["awin-6378 1 unverifiable", "awin-6378 3 unverifiable", "awin-7777 2 unverifiable"]
    );
    map(&sandbox, "\"6378\" = \"example\"");
    let again = sandbox.run("import awin.json -O csv").expect(0);
    // The other advertiser's line is where it was, now on the new import's account.
    let counted = ["program", "added", "unchanged"];
    assert_eq!(columns(&again.rows(), &counted), ["awin-7777 0 1", "example 2 0"]);
    assert!(again.err.contains("import 1 of the same file is taken back"), "{}", again.err);
    let moved: Vec<String> =
        lines(&sandbox).iter().map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect();
    assert_eq!(moved, ["awin-7777 2", "example 1", "example 3"]);
    let found = sandbox.run("check -O csv").expect(1).rows();
    assert_eq!(columns(&found, &["check", "program"]), ["no_terms awin-7777"]);
    sandbox.run("verify").expect(0);
}

#[test]
fn one_programs_part_is_taken_back_and_comes_with_the_file_again() {
    let sandbox = with_map("\"*\" = \"example\"\n\"7777\" = \"aliexpress-nordic\"");
    sandbox.run("import awin.json").expect(0);
    let whole = lines(&sandbox);
    let imports = sandbox.run("imports list -O csv").expect(0).rows();
    let of = |program: &str| imports.iter().find(|row| row.get("program") == program).unwrap();
    sandbox.run(&format!("imports undo {}", of("example").get("import"))).expect(0);
    assert_eq!(lines(&sandbox).len(), 1);
    sandbox.run("import awin.json").expect(0);
    assert_eq!(lines(&sandbox), whole);
    sandbox.run("verify").expect(0);
}

#[test]
fn a_named_program_takes_all_rows_and_a_dry_run_takes_none() {
    let sandbox = with_map("\"6378\" = \"example\"");
    let dry = sandbox.run("import awin.json --dry-run -O csv").expect(0);
    assert_eq!(columns(&dry.rows(), &["program", "added"]), ["awin-7777 1", "example 2"]);
    assert!(!sandbox.path("feebook.db").exists());
    let ran = sandbox.run("import awin.json --program example -O csv").expect(0);
    assert_eq!(columns(&ran.rows(), &["program", "added"]), ["example 3"]);
}

#[test]
fn a_proposed_mapping_reads_the_file_that_it_was_made_of() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "shop.csv",
        "Order ID;Transaction ID;Date;Sale Amount;Commission;Currency;Status\n\
         A-1;t1;15.01.2026;1.234,56;61,73;EUR;confirmed\nA-2;t2;16.01.2026;5,00;0,25;EUR;odd\n",
    );
    sandbox.write(
        "shop.json",
        r#"{"data": {"list": [{"orderId": "A-1", "transactionId": "t1", "orderDate": "2026-01-15T10:00:00", "sale": {"amount": 5.00}, "commission": 0.25, "currency": "EUR", "state": "confirmed"}]}}"#,
    );
    sandbox.write(
        "shop.xml",
        "<r><row><orderId>A-1</orderId><date>2026-01-15</date><amount>5.00</amount></row><row/></r>",
    );
    for (file, rows) in [("shop.csv", "2"), ("shop.json", "1"), ("shop.xml", "1")] {
        let name = file.replace('.', "-");
        let proposed = sandbox.run(&format!("formats new {file} --name {name}")).expect(0).out;
        let path = format!("schedules/reports/{name}.toml");
        // The list's second element has no number, and would be told.
        sandbox.write(&path, &proposed);
        let import =
            sandbox.run(&format!("import {file} --as {name} --program example --dry-run -O csv"));
        assert_eq!(import.rows()[0].get("added"), rows, "{proposed}\n{}", import.err);
    }
    let sniffed = sandbox.run("formats sniff shop.csv").expect(0);
    assert!(sniffed.err.contains("shop.csv: shop-csv, because it has Order ID"), "{}", sniffed.err);
}

#[test]
fn recorded_reports_are_recognised_and_read_without_a_rejected_row() {
    // Reports as networks really sent them are no part of the project: their folder is named here.
    let Some(fixtures) = std::env::var_os("FEEBOOK_FIXTURES") else { return };
    let sandbox = Sandbox::new();
    for folder in fs::read_dir(Path::new(&fixtures))
        .expect("a folder")
        .flatten()
        .filter(|e| e.path().is_dir())
    {
        for file in fs::read_dir(folder.path()).expect("a folder").flatten() {
            let path = file.path().display().to_string();
            let error = path.contains("error_");
            let ran = sandbox.run_words(&["import", &path, "--program", "example"]);
            assert_eq!(ran.code, if error { 4 } else { 0 }, "{path}\n{}", ran.err);
        }
    }
}
