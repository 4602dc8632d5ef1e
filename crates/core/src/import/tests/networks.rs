//! What networks say that must not be taken for something else.

use std::cell::Cell;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use feebook_kernel::State;
use zip::write::SimpleFileOptions;

use super::super::read_file;
use super::{Kept, context, import, mapping, source};
use crate::error::Result;
use crate::fact::{Corrects, LineFact};
use crate::import::{Advertiser, Context, Formats, Head, Sink};
use crate::words::Words;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sample(name: &str) -> String {
    fs::read_to_string(root().join("tests/reports").join(name)).unwrap()
}

/// Every mapping that all programs share.
fn all() -> Formats {
    let folder = fs::read_dir(root().join("schedules/reports")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let source_of = |file: &PathBuf| {
        let name = format!("reports/{}", file.file_name().unwrap().to_string_lossy());
        source(&name, &fs::read_to_string(file).unwrap())
    };
    let (formats, problems) = Formats::load(&files.iter().map(source_of).collect::<Vec<_>>());
    assert_eq!(problems, []);
    formats
}

#[test]
fn what_was_declined_is_not_settled_though_it_was_paid_out() {
    let formats = all();
    let paid = [
        ("awin", "awin.json", ["\"paidToPublisher\": false", "\"paidToPublisher\": true"]),
        ("admitad", "admitad.json", ["\"payment_status\": 0", "\"payment_status\": 1"]),
        ("tradetracker", "tradetracker.xml", ["<paidOut>false", "<paidOut>true"]),
        ("admitad-csv", "admitad-csv.csv", [",,0,", ",,1,"]),
    ];
    let words = [
        ("pending", "declined"),
        ("approved_but_stalled", "declined"),
        ("approved", "declined"),
        ("in_review", "declined"),
        ("accepted", "rejected"),
    ];
    for (name, file, [not_paid, is_paid]) in paid {
        let mut text = sample(file).replace(not_paid, is_paid);
        assert!(text.contains(is_paid), "{name}");
        let format = formats.by_name(name, None).unwrap();
        let settled = |text: &str| {
            let (summary, kept) = import(format, text.as_bytes());
            assert_eq!(summary.unwrap().rejected, 0, "{name}");
            kept.facts.iter().map(|fact| fact.state).collect::<Vec<_>>()
        };
        assert!(settled(&text).contains(&State::Settled), "{name} knows what was paid out");
        for (word, declined) in words {
            text = text.replace(word, declined);
        }
        assert!(settled(&text).iter().all(|state| *state == State::Declined), "{name}: {text}");
    }
}

#[test]
fn the_currency_of_a_reports_amounts_is_not_taken_for_the_buyers() {
    // These say what the buyer paid in; what the amounts of all others are in is `amount_currency`.
    let buyers = ["aliexpress-s2s", "feebook", "generator"];
    let with = |field: &str| {
        let is_mapped = |name: &str| {
            let text = fs::read_to_string(root().join("schedules/reports").join(name)).unwrap();
            text.lines().any(|line| line.starts_with(&format!("{field} =")))
        };
        let folder = fs::read_dir(root().join("schedules/reports")).unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| is_mapped(name)).collect();
        names.sort();
        names
    };
    assert_eq!(with("currency"), buyers.map(|name| format!("{name}.toml")));
    // And one of them all the way: euros under terms in dollars are amounts to be exchanged.
    let formats = all();
    let (_, kept) = import(
        formats.by_name("tradedoubler-json", None).unwrap(),
        sample("tradedoubler-json.json").as_bytes(),
    );
    let fact = &kept.facts[0];
    assert!(fact.amount_currency.is_some() && fact.currency.is_none());
}

#[test]
fn files_of_one_archive_are_counted_each_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let sample = sample("epn.csv");
    let header = sample.lines().next().unwrap();
    let row = sample.lines().nth(1).unwrap();
    // Two of one product in one order, and a report that overlaps.
    let both = format!("{header}\n{row}\n{row}\n");
    let formats = all();
    let format = formats.by_name("epn", None).unwrap();
    let mut numbers = Vec::new();
    for members in [vec!["a.csv"], vec!["a.csv", "b.csv"]] {
        let path = folder.path().join("reports.zip");
        let mut archive = zip::ZipWriter::new(fs::File::create(&path).unwrap());
        for member in &members {
            archive.start_file(*member, SimpleFileOptions::default()).unwrap();
            archive.write_all(both.as_bytes()).unwrap();
        }
        archive.finish().unwrap();
        let mut kept = Kept::default();
        let shown = (path.as_path(), "reports.zip");
        let summary = read_file(format, shown, &context(), &mut kept, &Cell::new(0)).unwrap();
        assert_eq!(summary.accepted, 2 * u64::try_from(members.len()).unwrap());
        let mut these: Vec<String> = kept.facts.iter().map(|f| f.line_no.to_string()).collect();
        these.sort();
        these.dedup();
        numbers.push(these);
    }
    assert_eq!(numbers[0], numbers[1], "the second file says what the first said");
    assert_eq!(numbers[0].len(), 2);
}

#[test]
fn an_empty_file_of_an_archive_is_one_without_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reports.zip");
    let mut archive = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    for (member, text) in [("a.csv", String::new()), ("b.csv", sample("epn.csv"))] {
        archive.start_file(member, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    let formats = all();
    let format = formats.recognise(&Head::of_file(&path).unwrap(), "reports.zip", None).unwrap();
    assert_eq!(format.name, "epn");
    let mut kept = Kept::default();
    let shown = (path.as_path(), "reports.zip");
    let summary = read_file(format, shown, &context(), &mut kept, &Cell::new(0)).unwrap();
    assert_eq!(summary.without_rows, ["reports.zip:a.csv"]);
    assert!(summary.accepted > 0);
}

/// A sink that knows one line.
struct KnowsOne {
    kept: Kept,
    knows: LineFact,
}

impl Sink for KnowsOne {
    fn words(&mut self) -> &mut Words {
        self.kept.words()
    }

    fn advertiser(&mut self, advertiser: &Advertiser<'_>) -> Result<Context> {
        self.kept.advertiser(advertiser)
    }

    fn accept(&mut self, fact: LineFact) -> Result<()> {
        self.kept.accept(fact)
    }

    fn originals(&mut self, reversal: &LineFact) -> Result<Vec<LineFact>> {
        let same = reversal.order_no == self.knows.order_no;
        Ok(same.then(|| self.knows.clone()).into_iter().collect())
    }

    fn reject(&mut self, problem: feebook_schedule::Diagnostic) {
        self.kept.reject(problem);
    }
}

const SIGNED: &str = r#"
format = 1
name = "test"
kind = "csv"
[recognise]
columns = ["order"]
[fields]
order_no = "order"
line_no = { constant = "1" }
paid_amount = { column = "sale", negative = "magnitude" }
status = { column = "sale", by = "sign", words = { negative = "reversed" }, unknown = "approved" }
reported_commission = { column = "fee", negative = "zero" }
"#;

#[test]
fn what_takes_back_a_line_that_is_not_known_is_counted_and_a_part_is_refused() {
    let formats = mapping(SIGNED);
    let format = formats.by_name("test", None).unwrap();
    let (_, mut known) = import(format, b"order,sale,fee\nA,10.00,1.00\n");
    let mut sink = KnowsOne { kept: Kept::default(), knows: known.facts.remove(0) };
    let rows =
        "order,sale,fee\nA,-10.00,-1.00\nA,-4.00,-0.40\nB,-10.00,-1.00\nC,-1.00,\nD,5.00,1\n";
    let summary = super::super::read(format, rows.as_bytes(), "r.csv", &context(), &mut sink);
    let summary = summary.unwrap();
    assert_eq!((summary.accepted, summary.rejected, summary.unmatched), (4, 1, 2));
    assert_eq!(sink.kept.places(), ["R048 3:3"]);
}

#[test]
fn a_row_that_corrects_has_a_number_of_its_own_and_takes_what_it_reports() {
    let fields = format!(
        "{SIGNED}correction = {{ column = \"sale\", by = \"sign\", words = {{ negative = \"yes\" }}, \
         unknown = \"no\" }}\ncorrection_no = \"id\"\ncorrects = \"of\"\n"
    )
    .replace("negative = \"zero\"", "negative = \"magnitude\"");
    let formats = mapping(&fields);
    let format = formats.by_name("test", None).unwrap();
    let rows = "order,sale,fee,id,of\nA,10.00,1.00,7,9\nA,-4.00,-0.40,8,1\nA,-3.00,0.30,,\n";
    let (summary, kept) = import(format, rows.as_bytes());
    assert_eq!((summary.unwrap().unmatched, kept.places().len()), (0, 0));
    let told: Vec<_> = kept
        .facts
        .iter()
        .map(|fact| {
            let corrects = match fact.corrects.as_deref() {
                None => "no other",
                Some(Corrects::OfOrder) => "some line",
                Some(Corrects::Line(_)) => "a line",
            };
            (fact.line_no.to_string(), corrects, fact.reported_commission)
        })
        .collect();
    let wanted = [
        ("1", "no other", 100),
        ("correction-8", "a line", -40),
        ("correction-1", "some line", -30),
    ];
    assert_eq!(told, wanted.map(|(no, of, fee)| (no.to_owned(), of, Some(fee))));
}

#[test]
fn a_first_line_that_has_an_amount_or_an_instant_is_a_row() {
    let mapping_of = |fields: &str| {
        mapping(&format!(
            "format = 1\nname = \"test\"\nkind = \"csv\"\n[csv]\nnames = [\"order\", \"day\", \"sale\"]\n\
             [recognise]\nnamed = true\n[times]\nformats = [\"%Y-%m-%d\"]\n[fields]\n\
             order_no = \"order\"\nline_no = {{ constant = \"1\" }}\n{fields}"
        ))
    };
    let both = mapping_of("paid_at = \"day\"\npaid_amount = \"sale\"\n");
    let format = both.by_name("test", None).unwrap();
    let of = |rows: &str| {
        let (summary, kept) = import(format, rows.as_bytes());
        let summary = summary.unwrap();
        (summary.accepted, summary.rejected, String::from_utf8(kept.shape.head).unwrap())
    };
    assert_eq!(of("Order,Day,Sale\n1,2024-01-01,2.00\n"), (1, 0, "Order,Day,Sale\n".to_owned()));
    assert_eq!(of("1,2024-01-01,2.00\n2,2024-01-01,2.00\n"), (2, 0, String::new()));
    // Quoted, so that another reader has it.
    assert_eq!(of("\"1\",2024-01-01,2.00\n2,2024-01-01,2.00\n"), (2, 0, String::new()));
    // Cells of a spreadsheet.
    let cells = "{\"cells\":[[1,\"2024-01-01\",2.5],[2,\"2024-01-01\",2.00]]}";
    assert_eq!(of(cells), (2, 0, "{\"cells\":[".to_owned()));
    let cells = "{\"cells\":[[\"Order\",\"Day\",\"Sale\"],[2,\"2024-01-01\",2.00]]}";
    assert_eq!(of(cells).0, 1);
    // A bad row is still a row, and told; also one that nothing can be read of.
    assert_eq!(of("1,2024-01-01,x\n2,2024-01-01,2.00\n"), (1, 1, String::new()));
    assert_eq!(of("1,x,x\n2,2024-01-01,2.00\n"), (1, 1, String::new()));
    assert_eq!(of("1;2024-01-01;2.00\n"), (0, 1, String::new()));
    assert_eq!(of("{\"cells\":[[1,\"x\",\"x\"],[2,\"2024-01-01\",2.00]]}").1, 1);
    // A header is one by its words, though one of them has a digit, and is told.
    let header = "Order 1,DAY,Sale\n2,2024-01-01,2.00\n";
    assert_eq!(of(header), (1, 0, "Order 1,DAY,Sale\n".to_owned()));
    let (summary, _) = import(format, header.as_bytes());
    let told: Vec<_> =
        summary.unwrap().headers.into_iter().map(|passed| (passed.line, passed.words)).collect();
    assert_eq!(told, [(1, "Order 1,DAY,Sale".to_owned())]);
    // A number that no amount can be is one all the same.
    assert_eq!(of("1,x,-2.00\n2,2024-01-01,2.00\n").1, 1);
    assert_eq!(of("1,x,2.005\n2,2024-01-01,2.00\n").1, 1);
    // Without amounts and instants a digit tells a row from a header.
    let neither = mapping_of("sub_id = \"sale\"\n");
    let format = neither.by_name("test", None).unwrap();
    let (summary, _) = import(format, b"1,2024-01-01,2.00\n2,2024-01-01,2.00\n");
    assert_eq!(summary.unwrap().accepted, 2);
}

#[test]
fn the_part_of_a_number_that_is_empty_is_named() {
    let formats = mapping(
        "format = 1\nname = \"test\"\nkind = \"csv\"\n[recognise]\ncolumns = [\"a\"]\n[fields]\n\
         order_no = \"a\"\nline_no = { columns = [\"a\", \"b\", \"c\"] }\n",
    );
    let (_, kept) = import(formats.by_name("test", None).unwrap(), b"a,b,c\n1,2,3\n1,,3\n1,2,\n");
    let told: Vec<&str> = kept.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(told, ["the row has no `b`", "the row has no `c`"]);
    assert_eq!(kept.places(), ["R015 3:3", "R015 4:5"]);
}
