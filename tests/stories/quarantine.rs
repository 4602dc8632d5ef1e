//! Rows that cannot be read, and files kept whole: nothing that was in a file is lost without a trace.

use std::fs;

use super::super::support::{Sandbox, root};
use super::{HEADER, ORDERS, evaluated, import, lines, report};

/// A report with a good row and three that are not.
const BAD: &str = "11,1,2024-08-01 10:00:00,10.00,approved,163,NO,CN,USD,N,blog,\n\
    12,1,2024-13-01 10:00:00,20.00,approved,163,NO,CN,USD,N,blog,\n\
    13,1,2024-08-02 10:00:00,-5.00,accepted,163,NO,CN,USD,N,blog,\n\
    14,1,2024-08-03 10:00:00,30.00\n";

/// A ledger with that report.
fn with_bad_rows() -> Sandbox {
    let sandbox = evaluated();
    sandbox.write("bad.csv", &format!("{HEADER}{BAD}"));
    sandbox.run("import bad.csv --program example").expect(4);
    sandbox
}

fn waiting(sandbox: &Sandbox) -> Vec<(String, String, String)> {
    let rows = sandbox.run("quarantine list -O csv").expect(0).rows();
    let cells = |row: &super::super::support::Row| {
        ["row", "line", "code"].map(|column| row.get(column).to_owned()).into()
    };
    rows.iter().map(cells).collect()
}

/// The shipped mapping of our own format, with some of its text replaced.
fn mapping(from: &str, to: &str) -> String {
    let path = root().join("schedules/reports/feebook.toml");
    let text = fs::read_to_string(path).expect("the shipped mapping");
    assert!(text.contains(from), "the mapping has no {from}");
    text.replace(from, to)
}

/// The same, which knows one status word more.
fn mapping_with(word: &str) -> String {
    let words = format!(
        "status = {{ column = \"status\", words = {{ pending = \"pending\", approved = \"approved\", \
         settled = \"settled\", {word} = \"approved\" }} }}"
    );
    mapping("status = \"status\"", &words)
}

#[test]
fn every_bad_row_is_kept_as_it_stood_with_all_that_is_wrong() {
    let sandbox = with_bad_rows();
    let found = waiting(&sandbox);
    let codes: Vec<(&str, &str)> =
        found.iter().map(|(_, line, code)| (line.as_str(), code.as_str())).collect();
    assert_eq!(codes, [("3", "R016"), ("4", "R018"), ("4", "R026"), ("5", "R013")]);
    let shown = sandbox.run("quarantine show 2").expect(0).out;
    assert!(shown.contains("13,1,2024-08-02 10:00:00,-5.00,accepted"), "{shown}");
    assert!(shown.contains("R018") && shown.contains("R026"), "{shown}");
    let found = sandbox.run("check -O csv").expect(1).rows();
    assert!(found.iter().any(|row| row.get("check") == "quarantine"));
}

#[test]
fn what_is_exported_can_be_mended_and_imported() {
    let sandbox = with_bad_rows();
    sandbox.run("quarantine export 2 -o mend.csv").expect(0);
    let text = fs::read_to_string(sandbox.path("mend.csv")).expect("the export");
    let (_, bad) = BAD.split_once('\n').expect("rows");
    assert_eq!(text, format!("{HEADER}{bad}"), "a file of the same shape");
    let mended = text
        .replace("2024-13-01", "2024-08-01")
        .replace("-5.00,accepted", "5.00,approved")
        .replace("30.00\n", "30.00,approved,163,NO,CN,USD,N,blog,\n");
    sandbox.write("mend.csv", &mended);
    sandbox.run("import mend.csv --program example").expect(0);
    sandbox.run("quarantine close --import 2 --reason mended --who me").expect(0);
    assert_eq!(waiting(&sandbox), []);
    let all = sandbox.run("quarantine list --all -O csv").expect(0).rows();
    assert_eq!(all.len(), 4, "what is closed is never deleted");
    assert!(all.iter().all(|row| row.get("state") == "closed: mended"));
    sandbox.run("recompute").expect(0);
    sandbox.run("check").expect(0);
    sandbox.run("import bad.csv --program example").expect(0);
}

#[test]
fn a_retry_takes_in_what_a_better_mapping_understands() {
    let sandbox = with_bad_rows();
    sandbox.write("schedules/reports/feebook.toml", &mapping_with("accepted"));
    let told = sandbox.run("quarantine retry 2").expect(4).err;
    assert!(told.contains("no row could be taken in"), "{told}");
    // Only the negative amount still stood in the way of that row: a row of its own passes.
    let row = "21,1,2024-08-02 10:00:00,5.00,taken,163,NO,CN,USD,N,blog,";
    sandbox.write("more.csv", &format!("{HEADER}{row}\n"));
    sandbox.run("import more.csv --program example").expect(4);
    let before = lines(&sandbox);
    sandbox.write("schedules/reports/feebook.toml", &mapping_with("taken"));
    let told = sandbox.run("quarantine retry 3").expect(0).err;
    assert!(told.contains("import 3: 1 row taken in, as import 4"), "{told}");
    assert_ne!(lines(&sandbox), before);
    let imports = sandbox.run("imports list -O csv").expect(0).rows();
    assert_eq!(imports[3].get("file"), "more.csv (quarantine of import 3)");
    let of = |state: &str| {
        let rows = sandbox.run("quarantine list --all --import 3 -O csv").expect(0).rows();
        assert_eq!(rows[0].get("state"), state);
    };
    of("taken in by import 4");
    // Taken back, the row waits again; and can be taken in again.
    sandbox.run("imports undo 4").expect(0);
    assert_eq!(lines(&sandbox), before);
    of("waits");
    sandbox.run("quarantine retry 3").expect(0);
    of("taken in by import 5");
    sandbox.run("recompute").expect(0);
    sandbox.run("verify").expect(0);
}

#[test]
fn rows_of_json_and_clicks_come_back_as_their_files() {
    let sandbox = evaluated();
    let text = fs::read_to_string(root().join("tests/reports/aliexpress.json")).expect("a sample");
    let bad = text.replacen("\"order_id\":", "\"order_id_\":", 1);
    assert_ne!(bad, text);
    sandbox.write("bad.json", &bad);
    sandbox.run("import bad.json --program aliexpress-nordic").expect(4);
    sandbox.run("quarantine export 2 -o mend.json").expect(0);
    let mended = fs::read_to_string(sandbox.path("mend.json")).expect("the export");
    // The sample has a word that the mapping refuses.
    let mended = mended.replace("order_id_", "order_id").replace("\"Other\"", "\"FullRefund\"");
    sandbox.write("mend.json", &mended);
    let told = sandbox
        .run("import mend.json --as aliexpress --program aliexpress-nordic -O csv")
        .expect(0);
    assert_eq!(told.rows()[0].get("added"), "2");
    sandbox.write("clicks.csv", "sub_id,clicked_at\na,2024-08-01 10:00:00\nb,yesterday\n");
    sandbox.run("click import clicks.csv --program example").expect(4);
    let out = sandbox.run("quarantine export 4").expect(0).out;
    assert_eq!(out, "sub_id,clicked_at\nb,yesterday\n");
    sandbox.run("quarantine retry 4").expect(4);
}

#[test]
fn a_report_in_another_encoding_is_exported_so_that_it_is_read_again() {
    let sandbox = evaluated();
    // Windows-1252 in, UTF-8 with its mark out.
    let mapped = mapping("[times]", "[csv]\nencoding = \"windows-1252\"\n\n[times]");
    sandbox.write("schedules/reports/feebook.toml", &mapped);
    let mut bytes = HEADER.as_bytes().to_vec();
    bytes.extend(b"31,1,2024-13-02 10:00:00,5.00,approved,163,NO,CN,USD,N,bl\xF8g,\n");
    fs::write(sandbox.path("latin.csv"), bytes).expect("a report");
    sandbox.run("import latin.csv --program example").expect(4);
    sandbox.run("quarantine export 2 -o mend.csv").expect(0);
    let text = fs::read_to_string(sandbox.path("mend.csv")).expect("UTF-8");
    assert!(text.starts_with('\u{feff}') && text.contains("bløg"), "{text}");
    sandbox.write("mend.csv", &text.replace("2024-13", "2024-08"));
    sandbox.run("import mend.csv --program example").expect(0);
    assert!(lines(&sandbox).contains("example,31,1,"));
    sandbox.run("statement --by placement").expect(0);
}

#[test]
fn strict_keeps_nothing_and_says_all() {
    let sandbox = evaluated();
    let before = super::ledger_bytes(&sandbox);
    sandbox.write("bad.csv", &format!("{HEADER}{BAD}"));
    let told = sandbox.run("import bad.csv --program example --strict --archive").expect(4).err;
    for code in ["R016", "R018", "R026", "R013"] {
        assert!(told.contains(code), "{told}");
    }
    assert_eq!(waiting(&sandbox), []);
    sandbox.run("import bad.csv --program example --dry-run").expect(4);
    assert_eq!(super::ledger_bytes(&sandbox), before);
}

#[test]
fn a_long_row_is_kept_whole_and_comes_back() {
    let sandbox = evaluated();
    let long = "x".repeat(70_000);
    let row = format!("41,1,2024-08-02 10:00:00,1.00,taken,163,NO,CN,USD,N,{long},");
    sandbox.write("long.csv", &format!("{HEADER}{row}\n"));
    sandbox.run("import long.csv --program example").expect(4);
    let shown = sandbox.run("quarantine show 1").expect(0).out;
    assert!(shown.contains(&long), "{}", &shown[..300]);
    sandbox.write("schedules/reports/feebook.toml", &mapping_with("taken"));
    let told = sandbox.run("quarantine retry").expect(0).err;
    assert!(told.contains("1 row taken in"), "{told}");
}

#[test]
fn a_retry_decodes_a_row_once() {
    let sandbox = evaluated();
    let row = "\u{d8}1,1,2024-08-02 10:00:00,5.00,taken,163,NO,CN,USD,N,B\u{fc}ro,";
    let text = format!("{HEADER}{row}\n");
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).expect("latin")).collect();
    fs::write(sandbox.path("latin.csv"), latin).expect("a report");
    let encoded = |mapping: String| format!("{mapping}\n[csv]\nencoding = \"iso-8859-1\"\n");
    sandbox.write("schedules/reports/feebook.toml", &encoded(mapping_with("accepted")));
    sandbox.run("import latin.csv --as feebook --program example").expect(4);
    // Exported and read again as it is, it fails for the same reason at the same place.
    sandbox.run("quarantine export 2 -o again.csv").expect(0);
    sandbox.write("schedules/reports/feebook.toml", &encoded(mapping_with("taken")));
    sandbox.run("import again.csv --as feebook --program example --dry-run").expect(0);
    sandbox.run("quarantine retry 2").expect(0);
    let all = lines(&sandbox);
    assert!(all.contains("\u{d8}1") && !all.contains('\u{c3}'), "{all}");
    let placements = sandbox.run("statement --by placement -O csv").expect(0).out;
    assert!(placements.contains("B\u{fc}ro") && !placements.contains('\u{c3}'), "{placements}");
}

#[test]
fn rows_that_are_counted_are_not_read_alone() {
    let sandbox = Sandbox::new();
    let file = [report_of_sale("2024-07-01 10:00:00", "100.00"), report_of_sale("never", "70.00")]
        .concat();
    sandbox.write(
        "schedules/reports/counted.toml",
        &mapping(
            "line_no = { column = \"line_no\", strip = \"'\" }",
            "line_no = { column = \"line_no\", occurrence = true }",
        )
        .replacen("name = \"feebook\"", "name = \"counted\"", 1),
    );
    sandbox.write("sales.csv", &format!("{HEADER}{file}"));
    sandbox.run("import sales.csv --as counted --program example").expect(4);
    let before = lines(&sandbox);
    let told = sandbox.run("quarantine retry 1").expect(2).err;
    assert!(told.contains("U093") && told.contains("import all of it again"), "{told}");
    // Without a number the others are still read.
    let told = sandbox.run("quarantine retry").expect(4).err;
    assert!(told.contains("counted within their file"), "{told}");
    let told = sandbox.run("quarantine export 1 -o rows.csv").expect(0).err;
    assert!(told.contains("import the whole file"), "{told}");
    assert_eq!(lines(&sandbox), before, "a good line stays what it was");
}

fn report_of_sale(date: &str, amount: &str) -> String {
    format!("S,salg,{date},{amount},approved,163,NO,CN,USD,N,blog,\n")
}

#[test]
fn an_archived_file_comes_back_byte_for_byte() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &report(&ORDERS));
    sandbox.run("imports archive 1").expect(2);
    // Several parts: what is packed is longer than one.
    let mut bytes = format!("{HEADER}{BAD}").into_bytes();
    let mut noise = 88_172_645_463_325_252_u64;
    for line in 0..40_000_u32 {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        bytes.extend(format!("{line},2,2024-08-01 10:00:00,1.00,{noise:x}{noise:b}\r\n").bytes());
    }
    fs::write(sandbox.path("big.csv"), &bytes).expect("a report");
    sandbox.write("feebook.toml", "archive = true\n");
    sandbox.run("import big.csv --program example").expect(4);
    sandbox.run("imports archive 2 -o again.csv").expect(0);
    assert!(fs::read(sandbox.path("again.csv")).expect("the file") == bytes);
    assert!(fs::metadata(sandbox.path("feebook.db")).expect("a ledger").len() > 1 << 20);
    sandbox.run("verify").expect(0);
    sandbox.write("feebook.toml", "archive = \"yes\"\n");
    sandbox.run("import orders.csv --program example").expect(3);
}

#[test]
fn an_import_taken_back_leaves_what_was_before_and_past_runs_replay() {
    let sandbox = evaluated();
    let (before, statement) = (lines(&sandbox), sandbox.run("statement -O csv").expect(0).out);
    let explained = sandbox.run("explain 2").expect(0).out;
    // Restates a line, adds one, and has a row that cannot be read.
    let text =
        report(&["2,1,2024-08-10 10:00:00,70.00,settled", "9,1,2024-08-11 10:00:00,5.00,approved"]);
    sandbox.write("later.csv", &format!("{text}10,1,never,1.00,approved,163,NO,CN,USD,N,blog,\n"));
    sandbox.run("import later.csv --program example").expect(4);
    sandbox.run("recompute").expect(0);
    assert_ne!(lines(&sandbox), before);
    sandbox.run("imports undo 2").expect(0);
    let posted = sandbox.run("recompute").expect(0).out;
    assert!(posted.contains("import taken back"), "{posted}");
    assert_eq!(lines(&sandbox), before);
    assert_eq!(sandbox.run("statement -O csv").expect(0).out, statement);
    let after = sandbox.run("explain 2").expect(0).out;
    let steps = |text: &str| text.lines().take(12).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(steps(&after)[..4], steps(&explained)[..4]);
    assert_eq!(waiting(&sandbox), [], "its bad rows do not wait any more");
    sandbox.run("check").expect(0);
    let verified = sandbox.run("verify").expect(0).err;
    assert!(verified.contains("results evaluated again"), "{verified}");
}

#[test]
fn rows_of_xml_wait_as_the_elements_they_are() {
    let sandbox = Sandbox::new();
    let report = fs::read_to_string(root().join("tests/reports/cj.xml")).expect("a sample");
    // Without the one that the mapping refuses.
    let taken = report.lines().filter(|line| !line.contains("<commission-id>601004<"));
    let report = taken.collect::<Vec<_>>().join("\n");
    sandbox.write("cj.xml", &report.replacen("<sale-amount>100.00<", "<sale-amount>x<", 1));
    sandbox.run("import cj.xml --program example").expect(4);
    let good = "<sale-amount>100.00</sale-amount>";
    sandbox.run("quarantine export 1 -o mend.xml").expect(0);
    let text = fs::read_to_string(sandbox.path("mend.xml")).expect("the export");
    assert!(text.contains("<commissions>\n<commission><action-status>locked"), "{text}");
    sandbox.write("mend.xml", &text.replace("<sale-amount>x</sale-amount>", good));
    sandbox.run("import mend.xml --as cj --program example").expect(0);
    let mended = lines(&sandbox);
    sandbox.write("whole.xml", &report);
    let whole = sandbox.run("import whole.xml --program example -O csv").expect(0).rows();
    assert_eq!(whole[0].get("unchanged"), "4", "mended is as if it had never been bad");
    assert_eq!(lines(&sandbox), mended);
}

#[test]
fn rows_of_a_spreadsheet_wait_as_what_their_cells_are() {
    let sandbox = Sandbox::new();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let head = ["order_no", "line_no", "paid_at", "product_price", "status"];
    sheet.write_row(0, 0, head).expect("a header");
    for (row, paid_at) in [(1, "2024-08-01 10:00:00"), (2, "never")] {
        sheet.write_row(row, 0, ["2\"1", "1", paid_at]).expect("texts");
        sheet.write(row, 3, 1.25).expect("a number");
        sheet.write(row, 4, "approved").expect("a text");
    }
    book.save(sandbox.path("orders.xlsx")).expect("a workbook");
    sandbox.run("import orders.xlsx --program example").expect(4);
    sandbox.run("quarantine export 1 -o mend.json").expect(0);
    let text = fs::read_to_string(sandbox.path("mend.json")).expect("the export");
    let kept = "[\"2\\\"1\",\"1\",\"never\",1.25,\"approved\"]";
    let head = "[\"order_no\",\"line_no\",\"paid_at\",\"product_price\",\"status\"]";
    assert_eq!(text, format!("{{\"cells\":[{head},\n{kept}\n]}}\n"));
    let moment = "{\"moment\":\"2024-08-01 10:00:00\"}";
    sandbox.write("mend.json", &text.replace("\"never\"", moment));
    let told = sandbox.run("import mend.json --as feebook --program example -O csv").expect(0);
    assert_eq!(told.rows()[0].get("unchanged"), "1", "the same line as the good row says");
    let told = sandbox.run("quarantine retry").expect(4).err;
    assert!(told.contains("orders.xlsx:3:3"), "where it stood: {told}");
    sandbox.write("mend.json", "{\"cells\":[[true]]}");
    let refused = sandbox.run("import mend.json --as feebook --program example").expect(4).err;
    assert!(refused.contains("row 1 has the cell `true`"), "{refused}");
}

#[test]
fn files_of_an_archive_keep_each_its_own_header() {
    let sandbox = Sandbox::new();
    let archive = fs::copy(
        root().join("tests/gallery/U092_rows_of_two_headers/orders.zip"),
        sandbox.path("orders.zip"),
    );
    archive.expect("an archive of two files whose columns are in another order");
    sandbox.run("import orders.zip --program example").expect(4);
    // A mapping that knows more: each row is read under the header of its own file.
    let empty = mapping("[fields]", "[empty]\nwords = [\"x\", \"never\"]\n\n[fields]");
    sandbox.write("schedules/reports/feebook.toml", &empty);
    let told = sandbox.run("quarantine retry").expect(0).err;
    assert!(told.contains("2 rows taken in"), "{told}");
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    let numbers: Vec<&str> = rows.iter().map(|row| row.get("order_no")).collect();
    assert_eq!(numbers, ["1", "2", "3"]);
    sandbox.run("check").expect(0);
}

#[test]
fn rejected_rows_of_many_programs_go_to_the_one_that_their_advertiser_is() {
    let row = |id: u32, advertiser: u32, amount: &str| {
        format!(
            "{{\"id\": {id}, \"advertiserId\": {advertiser}, \"commissionStatus\": \"odd\", \
             \"saleAmount\": {{\"amount\": {amount}, \"currency\": \"USD\"}}, \
             \"transactionDate\": \"2024-08-14T12:00:00\"}}"
        )
    };
    let sandbox = Sandbox::new();
    sandbox.write("feebook.toml", "format = 1\n[programs.awin]\n\"1\" = \"example\"\n");
    // The first row says nothing at all, not even whose it is.
    let rows = ["7".to_owned(), row(1, 1, "\"x\""), row(2, 2, "5.00"), row(3, 2, "\"y\"")];
    sandbox.write("awin.json", &format!("[\n{}\n]", rows.join(",\n")));
    let told = sandbox.run("import awin.json --as awin -O csv").expect(4);
    let counted: Vec<_> = told
        .rows()
        .iter()
        .map(|row| ["program", "added", "rejected"].map(|name| row.get(name).to_owned()))
        .collect();
    assert_eq!(counted, [["awin-2", "1", "1"], ["example", "0", "2"]]);
    // What it rejects, the word that nobody knows and the advertiser that is not mapped are worth a
    // look, and nothing else is.
    let found = sandbox.run("check -O csv").expect(1).rows();
    let known = |check: &str| ["quarantine", "unknown_status", "no_terms"].contains(&check);
    assert!(found.iter().all(|row| known(row.get("check"))), "{found:?}");
    // Mapped meanwhile: a retry seats each row by the map of today.
    sandbox.write("feebook.toml", "format = 1\n[programs.awin]\n\"*\" = \"example\"\n");
    let path = root().join("schedules/reports/awin.toml");
    let mapping = fs::read_to_string(path).expect("the shipped mapping");
    sandbox.write("schedules/reports/awin.toml", &format!("{mapping}\n[empty]\nwords = [\"y\"]\n"));
    let told = sandbox.run("quarantine retry").expect(4).err;
    assert!(told.contains("1 row taken in, as import 3"), "{told}");
    let imports = sandbox.run("imports list -O csv").expect(0).rows();
    assert_eq!(imports[2].get("program"), "example");
    let left: Vec<String> = waiting(&sandbox).into_iter().map(|(.., code)| code).collect();
    assert_eq!(left, ["R030", "R017"]);
    sandbox.run("verify").expect(0);
}

#[test]
fn rows_that_never_say_whose_they_are_are_kept_all_the_same() {
    let sandbox = Sandbox::new();
    sandbox.write("awin.json", "[7, 8]");
    let told = sandbox.run("import awin.json --as awin -O csv").expect(4);
    assert_eq!(told.rows()[0].get("program"), "awin-unnamed");
    assert_eq!(told.rows()[0].get("rejected"), "2");
    assert_eq!(waiting(&sandbox).len(), 2);
    sandbox.run("verify").expect(0);
}

#[test]
fn a_row_that_was_closed_and_comes_again_stays_closed() {
    let sandbox = with_bad_rows();
    sandbox.run("quarantine close --row 1 --reason mended --who me").expect(0);
    // The next report overlaps: it has both a row that was closed and one that waits.
    let rows: Vec<&str> = BAD.lines().take(3).collect();
    sandbox.write("next.csv", &format!("{HEADER}{}\n", rows.join("\n")));
    let told = sandbox.run("import next.csv --program example").expect(4).err;
    assert!(told.contains("2 rows of 3 rejected"), "{told}");
    assert!(told.contains("1 row of these closed as before"), "{told}");
    let all = sandbox.run("quarantine list --all --import 3 -O csv").expect(0).rows();
    let states: Vec<&str> = all.iter().map(|row| row.get("state")).collect();
    assert_eq!(states, ["closed: mended", "waits", "waits"], "two problems of the second row");
    // Closed, too, it is no reason to stop a script.
    sandbox.run("quarantine close --import 3 --reason \"a test order\"").expect(0);
    sandbox.write("third.csv", &format!("{HEADER}{}\n{}\n", rows[0], rows[2]));
    sandbox.run("import third.csv --program example").expect(0);
    sandbox.run("imports undo 4").expect(0);
    sandbox.run("recompute").expect(0);
    sandbox.run("verify").expect(0);
}

#[test]
fn what_is_closed_is_not_exported_and_what_waits_is_told_in_its_number() {
    let sandbox = with_bad_rows();
    let found = sandbox.run("check").expect(1).out;
    assert!(found.contains("3 rows of bad.csv (import 2) could not be read and wait"), "{found}");
    sandbox.run("quarantine close --row 1 --reason mended").expect(0);
    sandbox.run("quarantine close --row 2 --reason mended").expect(0);
    let found = sandbox.run("check").expect(1).out;
    assert!(found.contains("1 row of bad.csv (import 2) could not be read and waits"), "{found}");
    sandbox.run("quarantine close --import 2 --reason mended").expect(0);
    let refused = sandbox.run("quarantine export 2 -o mend.csv").expect(2).err;
    assert!(
        refused.contains("no row of import 2 waits") && !refused.contains("next:"),
        "{refused}"
    );
}

#[test]
fn of_many_bad_rows_the_first_of_each_code_are_shown_and_all_are_kept() {
    let sandbox = evaluated();
    let bad = "12,1,2024-13-01 10:00:00,x,approved,163,NO,CN,USD,N,blog,\n".repeat(30);
    sandbox.write("bad.csv", &format!("{HEADER}{bad}"));
    let told = sandbox.run("import bad.csv --program example").expect(4).err;
    for code in ["R016", "R017"] {
        assert_eq!(told.matches(&format!("error[{code}]")).count(), 20, "{code}");
        assert!(
            told.contains(&format!("10 more problems of the code {code}, not shown")),
            "{told}"
        );
    }
    let kept = sandbox.run("quarantine list -O csv").expect(0).rows();
    assert_eq!(kept.len(), 60);
}
