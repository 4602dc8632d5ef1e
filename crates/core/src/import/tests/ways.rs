//! The short way through a CSV report and the csv crate's read the same: rows, problems, their places.

use proptest::prelude::*;

use super::super::mapping::Layout;
use super::super::place::{Keeping, decoded};
use super::super::report::Report;
use super::super::{csv, plain};
use super::*;

/// What a reading came to: with the facts and problems, rows as they stand in the file and its shape.
type Came =
    (std::result::Result<ReadSummary, String>, Vec<LineFact>, Vec<Diagnostic>, Vec<Vec<u8>>, Shape);

fn came(summary: std::result::Result<ReadSummary, Error>, kept: Kept) -> Came {
    let told = |error: Error| format!("{error} {:?}", error.problems());
    (summary.map_err(told), kept.facts, kept.problems, kept.raw, kept.shape)
}

/// Reads by the csv crate alone.
fn by_crate(format: &Format, report: &[u8]) -> Came {
    let Layout::Csv(layout) = &format.layout else { panic!("not CSV") };
    let mut kept = Kept::default();
    let mut reading = Report::new(format, "report", context(), &mut kept);
    let input = Keeping::new(decoded(report, layout.encoding));
    let read = csv::read_by_crate(&format.slots, layout, None, input, &mut reading);
    let summary = read.map(|()| reading.finish());
    came(summary, kept)
}

fn both_ways(format: &Format, report: &[u8]) {
    let (summary, kept) = import(format, report);
    assert_eq!(came(summary, kept), by_crate(format, report), "{}", report.escape_ascii());
}

/// A report of a header and pieces that are mostly cells.
fn report() -> impl Strategy<Value = Vec<u8>> {
    let cell = prop_oneof![
        6 => prop::sample::select(vec![
            &b"80"[..], b"1", b"2024-05-07 10:00:00", b"12.50", b"pending", b"x", b"-1", "\u{e5}".as_bytes(),
        ]),
        1 => prop::sample::select(vec![
            &b"\""[..], b"\"\"", b"\"a,b\"", b"\r", b"\0", b"\xff", b" ", b"\xef\xbb\xbf", b";",
        ]),
    ];
    let between = prop_oneof![
        8 => Just(&b","[..]),
        3 => prop::sample::select(vec![&b"\n"[..], b"\r\n", b"\n\n", b"\r", b""]),
    ];
    let header = prop_oneof![
        6 => Just(&b"order_no,line_no,paid_at,product_price,status\n"[..]),
        1 => prop::sample::select(vec![
            &b"order_no,line_no,paid_at,product_price\r\n"[..],
            b"\xef\xbb\xbforder_no,line_no,paid_at,product_price,status\n",
            b"\xef\xbb\xbf\xef\xbb\xbforder_no,line_no,paid_at,product_price,status\n",
            b"\"order_no\",line_no,paid_at,product_price,status\n",
            b"\n\norder_no,line_no,paid_at,product_price,status\n",
            b"order_no,line_no\n",
            b"order_no,line_no,paid_at,product_price,status\r\n",
            b"",
        ]),
    ];
    let row = prop_oneof![
        3 => Just(b"80,1,2024-05-07 10:00:00,12.50,pending\n".to_vec()),
        2 => prop::collection::vec((cell, between), 1..9).prop_map(|cells| {
            cells.iter().flat_map(|(cell, between)| [*cell, *between].concat()).collect()
        }),
    ];
    // As a row, and with a delimiter too many.
    let row = (row, prop::sample::select(vec![&b""[..], b"80,1,2024-05-07 10:00:00,1,x,, \r\n"]));
    let row = row.prop_map(|(row, more)| [&row[..], more].concat());
    (header, prop::collection::vec(row, 0..12))
        .prop_map(|(header, rows)| [header.to_vec(), rows.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn both_ways_read_the_same(report in report()) {
        both_ways(shipped().by_name("feebook", None).unwrap(), &report);
    }
}

#[test]
fn blocks_and_long_lines_read_the_same_both_ways() {
    let formats = shipped();
    let format = formats.by_name("feebook", None).unwrap();
    let header = "order_no,line_no,paid_at,product_price,sub_id\n";
    let line =
        |number: u32, sub_id: &str| format!("{number},1,2024-05-07 10:00:00,1.00,{sub_id}\n");
    // Some blocks of short lines, one line longer than a block, and more; and a quote far behind.
    let many: String = (0..9_000).map(|number| line(number, "a")).collect();
    let long = line(9_001, &"s".repeat(300_000));
    let quoted = line(9_002, "\"a,b\"");
    for report in [
        format!("{header}{many}{long}{many}"),
        format!("{header}{many}{quoted}{many}bad,line\n"),
        format!("{header}{many}bad,line\n{}", many.trim_end()),
        format!("{header}{many}{}", line(1, "\r").trim_end()),
    ] {
        both_ways(format, report.as_bytes());
    }
}

#[test]
fn files_that_must_be_decoded_first_go_the_long_way() {
    let latin = mapping(
        "format = 1\nname = \"latin\"\ntitle = \"x\"\nkind = \"csv\"\n[csv]\nencoding = \"latin1\"\n\
         [recognise]\ncolumns = [\"a\"]\n[times]\nformats = [\"rfc3339\"]\n\
         [fields]\norder_no = \"a\"\nline_no = \"a\"\nstatus = { constant = \"x\", words = { x = \"pending\" } }\n",
    );
    let Layout::Csv(layout) = &latin.by_name("latin", None).unwrap().layout else { panic!() };
    assert!(!plain::possible(layout));
}
