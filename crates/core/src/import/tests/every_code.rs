//! Every code of mapping files and reports, each reached by a file that has this one problem.

use super::{Formats, import, mapping, shipped, source};
use crate::import::codes;

const CSV: &str = r#"
format = 1
name = "test"
kind = "csv"
[recognise]
columns = ["order"]
[fields]
order_no = "order"
line_no = "line"
paid_amount = { column = "paid" }
new_buyer = "new"
"#;

const JSON: &str = r#"
format = 1
name = "test"
kind = "json"
[json]
rows = ["rows"]
error = { at = "error", code = "code", message = "text" }
status = { at = "status", ok = ["ok"], message = "said" }
[recognise]
keys = ["rows"]
[fields]
order_no = "order"
line_no = "line"
sub_id = { column = "tags", json = ["tag"] }
"#;

/// For each code a mapping that has the problem, as a change of the one above.
const BAD_MAPPINGS: &[(&str, &str, &str)] = &[
    ("M002", "format = 1", "format = 2"),
    ("M003", "name = \"test\"", "name = \"Test file\""),
    ("M005", "[recognise]", "[json]\nrows = \".\"\n[recognise]"),
    ("M005", "columns =", "keys = [\"a\"]\ncolumns ="),
    ("M006", "[recognise]", "[csv]\ndelimiter = \"||\"\n[recognise]"),
    ("M006", "[recognise]", "[csv]\ndelimiter = \"¦\"\n[recognise]"),
    ("M006", "[recognise]", "[csv]\nquote = \",\"\n[recognise]"),
    ("M006", "[recognise]", "[money]\nthousands_mark = \".\"\n[recognise]"),
    ("M006", "[recognise]", "[money]\ndecimal_mark = \"5\"\n[recognise]"),
    ("M007", "[recognise]", "[csv]\nencoding = \"latin9000\"\n[recognise]"),
    ("M008", "[recognise]", "[times]\nzone = \"Oslo\"\n[recognise]"),
    ("M009", "[recognise]", "[times]\nformats = [\"%H:%M\"]\n[recognise]"),
    ("M011", "order_no = \"order\"\n", ""),
    ("M012", "{ column = \"paid\" }", "{ column = \"paid\", constant = \"1\" }"),
    ("M012", "{ column = \"paid\" }", "{ strip = \"'\" }"),
    ("M013", "column = \"paid\"", "column = \"paid\", yes = [\"1\"]"),
    ("M014", "\"new\"", "{ column = \"new\", yes = [\"t\"], no = [\"T\"] }"),
    ("M015", "columns = [\"order\"]", "columns = []"),
    ("M015", "[recognise]\ncolumns = [\"order\"]", ""),
    ("M016", "[recognise]", "[countries]\nUK = \"UK\"\n[recognise]"),
    ("M017", "column = \"paid\"", "constant = \"-5\""),
    ("M018", "[recognise]", "[times]\nabbreviations = { CEST = \"2\" }\n[recognise]"),
    ("M019", "[recognise]", "[csv]\nheader = false\n[recognise]"),
    ("M019", "[recognise]", "[csv]\nnames = [\"order\", \"line\"]\n[recognise]"),
    ("M020", "new_buyer", "advertiser"),
    ("S002", "new_buyer", "new_byer"),
    ("S006", "column = \"paid\"", "column = \"paid\", unit = \"cents\""),
];

fn problems(path: &str, text: &str) -> Vec<&'static str> {
    let (_, problems) = Formats::load(&[source(path, text)]);
    problems.iter().map(|problem| problem.code.id).collect()
}

#[test]
fn every_problem_of_a_mapping_is_told() {
    for (code, from, to) in BAD_MAPPINGS {
        assert!(CSV.contains(from), "{from}");
        assert_eq!(problems("reports/test.toml", &CSV.replace(from, to)), [*code], "{to}");
    }
    assert_eq!(problems("reports/test.toml", CSV), [""; 0]);
    assert_eq!(problems("shop/reports/old/test.toml", CSV), ["M001"]);
    assert_eq!(
        problems("reports/test.toml", &JSON.replace("[\"rows\"]\nerror", "\"a..b\"\nerror")),
        ["M010"]
    );
    assert_eq!(problems("reports/test.toml", &JSON.replace("\"line\"", "\"*.line\"")), ["M010"]);
    let twice = [source("reports/a.toml", CSV), source("reports/b.toml", CSV)];
    assert_eq!(Formats::load(&twice).1[0].code.id, "M004");
}

#[test]
fn all_problems_of_a_mapping_are_told_at_once() {
    let bad =
        CSV.replace("format = 1", "format = 3").replace("\"line\"", "7").replace("new_b", "b");
    assert_eq!(problems("reports/test.toml", &bad), ["M002", "S002", "S004"]);
}

/// For each code a report in our own format that has the problem, without its header.
const BAD_ROWS: &[(&str, &[u8])] = &[
    ("R013", b"1,1,2024-05-07 10:00:00"),
    ("R014", b"1,1,\xff,1,,,,,,,,"),
    ("R014", b"1,1,,1,,,a\0b,,,,,"),
    ("R015", b"1,,,1,,,,,,,,"),
    ("R016", b"1,1,yesterday,1,,,,,,,,"),
    ("R017", b"1,1,,\"1,00\",,,,,,,,"),
    ("R018", b"1,1,,-1,,,,,,,,"),
    ("R019", b"1,1,,1.5,,,,JPY,,,,"),
    ("R020", b"1,1,,43980465111.05,,,,,,,,"),
    ("R020", b"1,1,,1,,,,,,,,-43980465111.05"),
    ("R021", b"1,1,,1,1000001,,,,,,,"),
    ("R021", b"1,1,,1,1.5,,,,,,,"),
    ("R022", b"1,1,,43980465111,2,,,,,,,"),
    ("R023", b"1,1,,1,,,,,UK,,,"),
    ("R024", b"1,1,,1,,,,USDT,,,,"),
    ("R025", b"1,1,,1,,,,,,maybe,,"),
    ("R026", b"1,1,,1,,done,,,,,,"),
    ("R027", b"1,1,,1,,,,,,,7,"),
];

/// For each code a document in the format above that has the problem.
const BAD_DOCUMENTS: &[(&str, &str)] = &[
    ("R005", " \n"),
    ("R008", r#"{"rows": [{"order": 1,]}"#),
    ("R008", r#"{"rows": [{"order": 1"#),
    ("R009", r#"{"error": {"code": 7, "text": "no"}}"#),
    ("R010", r#"{"status": "slow", "said": "later"}"#),
    ("R012", r#"{"lines": []}"#),
    ("R007", r#"{"rows": [{"order": 1, "order": 2, "line": 1}]}"#),
    ("R028", r#"{"rows": [{"order": 1, "line": 1, "tags": "dp"}]}"#),
    ("R029", r#"{"rows": [{"order": [1], "line": 1}]}"#),
    ("R030", r#"{"rows": [7]}"#),
];

const HEADER: &str = "order_no,line_no,paid_at,product_price,quantity,status,sub_id,currency,\
                      ship_to,new_buyer,reported_rate,reported_commission\n";

/// The codes of everything that is wrong with a report.
fn found(formats: &Formats, name: &str, report: &[u8]) -> Vec<&'static str> {
    let (summary, kept) = import(formats.by_name(name, None).unwrap(), report);
    let refused = summary.err();
    let refused = refused.iter().flat_map(crate::error::Error::problems);
    kept.problems.iter().chain(refused).map(|problem| problem.code.id).collect()
}

#[test]
fn every_problem_of_a_report_is_told() {
    let shipped = shipped();
    for (code, row) in BAD_ROWS {
        let report = [HEADER.as_bytes(), row, b"\n2,1,,1,,,,,,,,\n"].concat();
        let codes = found(&shipped, "feebook", &report);
        let shown = String::from_utf8_lossy(row);
        assert_eq!(codes, [*code], "{shown}");
    }
    let json = mapping(JSON);
    for (code, document) in BAD_DOCUMENTS {
        let codes = found(&json, "test", document.as_bytes());
        assert_eq!(codes, [*code], "{document}");
    }
    assert_eq!(found(&shipped, "feebook", b"\n\n"), ["R005"]);
    assert_eq!(found(&shipped, "feebook", b"order_no,line_no\n1,1\n"), ["R006"]);
    assert_eq!(found(&shipped, "feebook", format!("status,status,{HEADER}").as_bytes()), ["R007"]);
}

#[test]
fn a_record_without_end_stops_the_file_and_names_its_line() {
    let endless = format!("{HEADER}1,1,,1,,,,,,,,\n2,1,\"{}", "x".repeat(3 << 20));
    let (summary, kept) = import(shipped().by_name("feebook", None).unwrap(), endless.as_bytes());
    let problem = summary.unwrap_err().problems()[0].clone();
    assert_eq!((problem.code.id, problem.place.line, kept.facts.len()), ("R011", 3, 1));
    let row = format!(r#"{{"rows": [{{"order": "{}"}}]}}"#, "x".repeat(2 << 20));
    assert_eq!(found(&mapping(JSON), "test", row.as_bytes()), ["R011"]);
    let blank = format!("{HEADER}{}1,1,,1,,,,,,,,\n", "\n".repeat(3 << 20));
    assert_eq!(found(&shipped(), "feebook", blank.as_bytes()), [""; 0]);
}

#[test]
fn every_code_is_reached() {
    // Those from M021 on are of click logs, rates, payouts, archives, spreadsheets and XML, and stand in
    // the gallery; R047 takes four million rows, R050 a file that changes meanwhile: tests/accidents.
    let elsewhere = [
        "M001", "M004", "M010", "R002", "R003", "R006", "R011", "R031", "M021", "M022", "R032",
        "R033", "R034", "R035", "R036", "R037", "R038", "R040", "R041", "R042", "R043", "R044",
        "R045", "R046", "R047", "R048", "R050", "R053", "R054",
    ];
    let mappings = BAD_MAPPINGS.iter().map(|(code, ..)| *code);
    let rows = BAD_ROWS.iter().map(|(code, _)| *code);
    let documents = BAD_DOCUMENTS.iter().map(|(code, _)| *code);
    let reached: Vec<&str> = mappings.chain(rows).chain(documents).chain(elsewhere).collect();
    for code in codes::ALL {
        assert!(reached.contains(&code.id), "{}", code.id);
    }
}
