//! Inputs of which it is known what must be said.

use std::io::{self, Read};

use feebook_core::error::Error;
use feebook_core::import::{Formats, Head, ReadSummary};

use super::support::root;
use super::{Counted, formats, measured, peak, read_as};

const HEADER: &str = "order_no,line_no,paid_at,product_price,quantity,currency";

/// Gives one byte again and again, after a beginning; never holds more than it gives.
struct Endless {
    head: Vec<u8>,
    at: usize,
    byte: u8,
    left: u64,
}

impl Endless {
    fn new(head: &str, byte: u8, left: u64) -> Self {
        Self { head: head.as_bytes().to_vec(), at: 0, byte, left }
    }
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(rest) = self.head.get(self.at..).filter(|rest| !rest.is_empty()) {
            let length = rest.len().min(out.len());
            out[..length].copy_from_slice(&rest[..length]);
            self.at += length;
            return Ok(length);
        }
        let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        out[..length].fill(self.byte);
        self.left -= u64::try_from(length).expect("a length");
        Ok(length)
    }
}

fn codes(failed: &Error) -> Vec<&str> {
    failed.problems().iter().map(|problem| problem.code.id).collect()
}

/// What becomes of rows below the header of our own format.
fn rows(formats: &Formats, rows: &str) -> (Result<ReadSummary, Error>, Counted) {
    read_as(formats, "feebook", format!("{HEADER}\n{rows}").as_bytes())
}

#[test]
fn a_line_of_a_gigabyte_is_refused_in_little_memory() {
    let formats = formats();
    let _measured = measured();
    let before = peak();
    for (name, head, byte) in [
        ("feebook", "order_no,line_no,paid_at,product_price\n1,1,", b'x'),
        ("feebook", "order_no,line_no,paid_at,product_price\n1,1,\"", b'\n'),
        ("feebook", "", b'x'),
        ("aliexpress", "{\"a\":{\"resp_result\":{\"result\":{\"orders\":[{\"x\":\"", b'x'),
        ("aliexpress", "{\"a\":{\"resp_result\":{\"result\":{\"orders\":[", b'['),
        ("aliexpress", "", b'['),
        ("aliexpress", "{\"", b'x'),
        ("cj", "<cj-api><commissions><commission><sid>", b'x'),
        ("cj", "<cj-api><commissions><commission a=\"", b'x'),
        ("cj", "<", b'x'),
    ] {
        let (refused, _) = read_as(&formats, name, Endless::new(head, byte, 1 << 30));
        let refused = refused.expect_err("it is refused");
        let told = codes(&refused);
        assert!(matches!(told[..], ["R011" | "R008" | "R006" | "R040"]), "{name} {head}: {told:?}");
    }
    if let (Some(before), Some(after)) = (before, peak()) {
        assert!(after - before < 64 << 10, "{} KiB more", after - before);
    }
}

#[test]
fn deep_json_is_refused() {
    let formats = formats();
    let path = "{\"a\":{\"resp_result\":{\"resp_code\":200,\"result\":{\"orders\":";
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [200, 100_000] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for text in [
                deep.clone(),
                format!("{path}[{{\"x\":{deep}}}]}}}}}}"),
                format!("{path}{deep}}}}}}}"),
            ] {
                let (read, _) = read_as(&formats, "aliexpress", text.as_bytes());
                if let Err(refused) = read {
                    assert!(!codes(&refused).is_empty());
                }
            }
        }
    }
}

#[test]
fn numbers_without_end_are_told_and_never_wrap() {
    let formats = formats();
    let long = "9".repeat(30);
    for (price, quantity, code) in [
        (long.as_str(), "1", "R020"),
        ("-1.00", "1", "R018"),
        (&format!("-{long}"), "1", "R020"),
        ("1e400", "1", "R017"),
        ("0x10", "1", "R017"),
        ("1.001", "1", "R019"),
        ("4398046511104", "1", "R020"),
        ("9999999999", "1000000", "R022"),
        ("1.00", "0", "R021"),
        ("1.00", &long, "R021"),
        ("1.00", "-1", "R021"),
        ("1.00", "1.5", "R021"),
        ("NaN", "1", "R017"),
        ("٣", "1", "R017"),
    ] {
        let (read, sink) =
            rows(&formats, &format!("1,1,2024-08-01 10:00:00,{price},{quantity},USD\n"));
        assert_eq!(read.expect("a report").rejected, 1, "{price} x {quantity}");
        assert!(
            sink.rejected.contains(&code.to_owned()),
            "{price} x {quantity}: {:?}",
            sink.rejected
        );
        assert_eq!(sink.raw.len(), 1);
    }
}

#[test]
fn days_at_the_edges_of_time_are_told() {
    let formats = formats();
    for day in [
        "0000-01-01 00:00:00",
        "0000-00-00 00:00:00",
        "9999-12-31 23:59:59",
        "1969-12-31 23:59:59Z",
        "2200-01-01 00:00:00",
        "2024-02-30 10:00:00",
        "2024-08-01 24:00:00",
        "2024-08-01T10:00:00+99:00",
        "-0001-01-01T00:00:00Z",
        "+12024-01-01T00:00:00Z",
    ] {
        let (read, sink) = rows(&formats, &format!("1,1,{day},1.00,1,USD\n"));
        assert_eq!(read.expect("a report").rejected, 1, "{day}");
        assert_eq!(sink.rejected, ["R016"], "{day}");
    }
    // A gap and an overlap of Los Angeles: taken, and marked.
    for day in ["2024-03-10 02:30:00", "2024-11-03 01:30:00"] {
        let (read, sink) = rows(&formats, &format!("1,1,{day},1.00,1,USD\n"));
        assert_eq!(read.expect("a report").doubtful_times, 1, "{day}");
        assert!(sink.facts[0].doubtful_time);
    }
}

#[test]
fn bytes_that_are_no_text_reject_their_row_only() {
    let formats = formats();
    let good = "2,1,2024-08-01 10:00:00,1.00,1,USD";
    for bad in [
        &b"1,1,2024-08-01 10:00:00,1.00,1,US\0"[..],
        b"1,1,2024-08-01 10:00:00,1.00,1,\xFF\xFE",
        b"1,1,2024-08-01 10:00:00,1.00,1,\xED\xA0\x80",
        b"1,1,2024-08-01 10:00:00,1.00,1,\xC0\xAF",
    ] {
        let file = [HEADER.as_bytes(), b"\n", bad, b"\n", good.as_bytes(), b"\n"].concat();
        let (read, sink) = read_as(&formats, "feebook", &file[..]);
        let summary = read.expect("a report");
        assert_eq!((summary.accepted, summary.rejected), (1, 1), "{:?}", sink.rejected);
        assert_eq!(sink.raw, [bad], "kept byte for byte");
    }
}

#[test]
fn marks_and_line_ends_of_all_kinds_make_no_difference() {
    let formats = formats();
    let lines =
        [HEADER, "1,1,2024-08-01 10:00:00,1.00,1,USD", "2,1,2024-08-01 10:00:00,2.00,1,USD"];
    let mut told = Vec::new();
    for end in ["\n", "\r\n", "\r", "\n\n", "\r\n\n"] {
        for mark in ["", "\u{feff}"] {
            let file = format!("{mark}{}{end}", lines.join(end));
            let (read, sink) = read_as(&formats, "feebook", file.as_bytes());
            assert_eq!(read.expect("a report").accepted, 2, "{file:?}");
            told.push(format!("{:?}", sink.facts));
            let utf16: Vec<u8> = format!("\u{feff}{}{end}", lines.join(end))
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect();
            let (read, sink) = read_as(&formats, "feebook", &utf16[..]);
            assert_eq!(read.expect("a report").accepted, 2, "UTF-16 with {end:?}");
            told.push(format!("{:?}", sink.facts));
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1);
    let mixed = format!("{}\r{}\n{}\r\n", lines[0], lines[1], lines[2]);
    let (read, _) = read_as(&formats, "feebook", mixed.as_bytes());
    assert_eq!(read.expect("a report").accepted, 2);
}

#[test]
fn what_was_rejected_makes_a_file_that_rejects_the_same_again() {
    let formats = formats();
    let bad = "1,1,never,1.00,1,USD\n2,1,2024-08-01 10:00:00,\"-1.00\",1,USD\n3,1,2024-08-01 10:00:00,1\n";
    let (_, sink) = rows(&formats, bad);
    let Counted { shape, raw, rejected, .. } = sink;
    let file = [shape.head, raw.join(&shape.separator[..]), shape.tail].concat();
    let (_, again) = read_as(&formats, "feebook", &file[..]);
    assert_eq!((again.raw, again.rejected), (raw, rejected));
}

#[test]
fn spreadsheets_that_swell_are_refused_in_little_memory() {
    let formats = formats();
    let _measured = measured();
    let before = peak();
    let mut seen = 0;
    for entry in std::fs::read_dir(root().join("tests/fuzz/corpus")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let refused = Head::of_file(&path).err();
        let told = refused.as_ref().map(codes);
        assert_eq!(told.as_deref(), Some(&["R045"][..]), "{}", path.display());
        let bytes = std::fs::read(&path).expect("a file");
        assert!(bytes.len() < 32 << 10, "the corpus is small: {}", path.display());
        let (refused, _) = read_as(&formats, "feebook", &bytes[..]);
        assert_eq!(codes(&refused.expect_err("it is refused")), ["R045"], "{}", path.display());
        seen += 1;
    }
    assert_eq!(seen, 5);
    if let (Some(before), Some(after)) = (before, peak()) {
        assert!(after - before < 256 << 10, "{} KiB more", after - before);
    }
}
