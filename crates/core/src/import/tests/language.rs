//! What a mapping can say beyond columns and paths: signs, occurrences, unknown words, places.

use feebook_kernel::{Minor, State};

use super::{import, mapping};
use crate::fact::LineFact;

const HEAD: &str = "format = 1\nname = \"test\"\nkind = \"csv\"\n";

/// Reads rows of `order,line,status,sale,fee` through a mapping with these fields.
fn read(
    sections: &str,
    fields: &str,
    rows: &str,
) -> (Vec<LineFact>, Vec<String>, Vec<(String, u64)>) {
    let text = format!(
        "{HEAD}[recognise]\ncolumns = [\"order\"]\n{sections}\n[fields]\norder_no = \"order\"\n{fields}\n"
    );
    let formats = mapping(&text);
    let report = format!("order,line,status,sale,fee\n{rows}");
    let (summary, kept) = import(formats.by_name("test", None).unwrap(), report.as_bytes());
    let places = kept.places();
    (kept.facts, places, summary.unwrap().unknown_words)
}

fn lines(facts: &[LineFact]) -> Vec<String> {
    facts.iter().map(|fact| format!("{} {}", fact.order_no, fact.line_no)).collect()
}

#[test]
fn the_sign_is_the_state_and_what_is_taken_back_has_its_magnitude() {
    let fields = r#"
        line_no = "line"
        paid_amount = { column = "sale", negative = "magnitude" }
        reported_commission = { column = "fee", negative = "zero" }
        status = [
            { column = "sale", by = "sign", words = { negative = "reversed" }, unknown = "next" },
            { column = "status", words = { ok = "approved" } },
        ]"#;
    let (facts, places, _) =
        read("", fields, "1,1,ok,10.00,1.00\n1,1,ok,-10.00,-1.00\n2,1,ok,x,\n");
    let seen: Vec<_> = facts
        .iter()
        .map(|fact| (fact.state, fact.paid_amount.map(Minor::get), fact.reported_commission))
        .collect();
    assert_eq!(
        seen,
        [(State::Approved, Some(1000), Some(100)), (State::Reversed, Some(1000), Some(0))]
    );
    // Neither an amount nor a sign, which is told once.
    assert_eq!(places, ["R017 4:8"]);
}

#[test]
fn a_negative_amount_is_refused_unless_the_mapping_says_what_it_means() {
    let (facts, places, _) =
        read("", "line_no = \"line\"\npaid_amount = \"sale\"", "1,1,,-1.00,\n");
    assert_eq!((facts.len(), places), (0, vec!["R018 2:6".to_owned()]));
}

#[test]
fn rows_without_a_number_are_counted_and_the_order_of_rows_does_not_matter() {
    let fields = r#"line_no = { columns = ["line", "sale"], separator = "-", occurrence = true }"#;
    let (one, ..) = read("", fields, "1,a,,5.00,1\n1,a,,5.00,2\n1,b,,5.00,3\n2,a,,5.00,4\n");
    assert_eq!(lines(&one), ["1 a-5.00", "1 a-5.00#2", "1 b-5.00", "2 a-5.00"]);
    let (other, ..) = read("", fields, "2,a,,5.00,4\n1,b,,5.00,3\n1,a,,5.00,1\n1,a,,5.00,2\n");
    let (mut one, mut other) = (lines(&one), lines(&other));
    one.sort();
    other.sort();
    assert_eq!(one, other);
}

#[test]
fn what_is_dropped_from_a_number_tells_a_reversal_from_its_original() {
    let fields = r#"line_no = { column = "sale", strip = "-", occurrence = true }"#;
    let (facts, ..) = read("", fields, "1,,,20.00,\n1,,,20.00,\n1,,,-20.00,\n1,,,-20.00,\n");
    assert_eq!(lines(&facts), ["1 20.00", "1 20.00#2", "1 20.00", "1 20.00#2"]);
}

#[test]
fn unknown_status_words_are_kept_as_pending_and_each_is_counted() {
    let fields = r#"line_no = "line"
        status = { column = "status", words = { ok = "approved" }, unknown = "keep" }"#;
    let (facts, places, words) =
        read("", fields, "1,1,ok,,\n2,1,7,,\n3,1,7,,\n4,1,odd,,\n5,1,OK,,\n");
    let states: Vec<State> = facts.iter().map(|fact| fact.state).collect();
    let (pending, approved) = (State::Pending, State::Approved);
    assert_eq!(states, [approved, pending, pending, pending, approved]);
    assert!(facts.iter().all(|fact| fact.status_word.is_some()));
    assert_eq!(words, [("7".to_owned(), 2), ("odd".to_owned(), 1)]);
    assert!(places.is_empty());
}

#[test]
fn columns_are_named_by_their_places_where_the_header_says_nothing() {
    let mapping_of = |header: &str| {
        mapping(&format!(
            "{HEAD}[csv]\nnames = [\"order\", \"\", \"sale\"]\n{header}[recognise]\nnamed = true\n[fields]\n\
             order_no = \"order\"\nline_no = {{ constant = \"1\" }}\npaid_amount = \"sale\"\n"
        ))
    };
    for (header, rows) in [("", "a,b,c\n1,x,2.00,,\n"), ("header = false\n", "1,x,2.00\n")] {
        let formats = mapping_of(header);
        let format = formats.by_name("test", None).unwrap();
        let (summary, kept) = import(format, rows.as_bytes());
        assert_eq!(summary.unwrap().accepted, 1, "{header}");
        assert_eq!(kept.facts[0].paid_amount.map(Minor::get), Some(200));
    }
    // Empty fields at the end belong to nothing; others have no place.
    let formats = mapping_of("");
    let (summary, kept) = import(formats.by_name("test", None).unwrap(), b"a,b,c\n1,x,2.00,,3\n");
    assert_eq!((summary.unwrap().rejected, kept.places()), (1, vec!["R013 2:1".to_owned()]));
}

const XML: &str = r#"format = 1
name = "test"
kind = "xml"
[xml]
rows = ["r.rows.row", "r.single"]
error = { at = "r.error", code = "code", message = "text" }
status = { at = "r.@state", ok = ["done"], empty = ["none"] }
[recognise]
keys = ["r"]
[fields]
order_no = "@id"
line_no = "item.no"
sub_id = "item.@tag"
paid_amount = "sum"
currency = "sum.@unit"
"#;

/// What became of a document: the codes of what is wrong, and the facts.
fn document(text: &str) -> (Vec<String>, Vec<LineFact>) {
    let formats = mapping(XML);
    let (summary, kept) = import(formats.by_name("test", None).unwrap(), text.as_bytes());
    let refused = summary.err();
    let refused = refused.iter().flat_map(crate::error::Error::problems);
    let all = kept.problems.iter().chain(refused);
    let codes = all.map(|p| format!("{} {}:{}", p.code.id, p.place.line, p.place.column)).collect();
    (codes, kept.facts)
}

#[test]
fn elements_and_attributes_are_the_values_of_a_row() {
    let row = r#"<row id="7"><item tag="k&amp;1"><no>2</no></item><sum unit="EUR">1<![CDATA[2]]>.&#53;0</sum></row>"#;
    for text in [
        format!("<r state='done'><rows>\n{row}\n</rows></r>"),
        format!("<x:r xmlns:x='u' state='done'><x:rows>{row}</x:rows></x:r>"),
        format!("<r state='done'>{}</r>", row.replace("row", "single")),
    ] {
        let (codes, facts) = document(&text);
        assert_eq!(codes, [""; 0], "{text}");
        assert_eq!(lines(&facts), ["7 2"]);
        assert_eq!(facts[0].sub_id.as_deref(), Some("k&1"));
        assert_eq!(facts[0].paid_amount.map(Minor::get), Some(1250));
    }
}

#[test]
fn a_document_without_rows_is_an_answer_or_a_mistake() {
    for (text, codes) in [
        ("<r state='done'><rows/></r>", vec![]),
        ("<r state='none'></r>", vec![]),
        ("<r><rows></rows></r>", vec![]),
        ("<x></x>", vec!["R012 0:0"]),
        ("<r state='slow'><rows/></r>", vec!["R010 0:0"]),
        ("<r><error><code>7</code><text>no</text></error></r>", vec!["R009 0:0"]),
        ("", vec!["R005 0:0"]),
        (" \n", vec!["R005 0:0"]),
    ] {
        assert_eq!(document(text).0, codes, "{text}");
    }
}

#[test]
fn problems_of_a_row_stand_at_their_elements() {
    let row = "<row id='1'><item><no>1</no></item><sum unit='EUR'>x</sum></row>";
    for (text, place) in [
        (format!("<r>\n<rows>\n  {row}</rows></r>"), "R017 3:54"),
        (format!("<r><rows>{row}</rows></r>"), "R017 1:61"),
        ("<r><rows>\n<row id='1'><item/><sum>1</sum></row></rows></r>".to_owned(), "R015 2:1"),
        ("<r><rows><row id='1'><sum>1</sum><sum>2</sum></row></rows></r>".to_owned(), "R007 1:39"),
        (
            "<r><rows><row id='1'><item><no>1</no></item><sum><a/></sum></row></rows></r>"
                .to_owned(),
            "R029 1:50",
        ),
    ] {
        let (codes, facts) = document(&text);
        assert_eq!(facts.len(), 0);
        assert_eq!(codes.first().map(String::as_str), Some(place), "{text}");
    }
}

#[test]
fn a_value_that_never_ends_is_refused() {
    let long = format!("<r><rows><row id='1'><sum>{}", "9".repeat(2 << 20));
    assert!(document(&long).0[0].starts_with("R011"));
}

#[test]
fn a_number_that_is_an_amount_is_the_amount_however_it_is_written() {
    let sections = "[money]\nthousands_mark = \",\"";
    let fields = r#"line_no = { column = "sale", negative = "magnitude", occurrence = true }
        paid_amount = { column = "sale", negative = "magnitude" }
        status = { column = "sale", by = "sign", words = { negative = "reversed", positive = "approved" } }"#;
    let rows = "1,,,\"1,234.50\",\n1,,,-1234.5,\n2,,,100,\n2,,,-100.00,\n2,,,100.0,\n";
    let (facts, ..) = read(sections, fields, rows);
    assert_eq!(lines(&facts), ["1 1234.50", "1 1234.50", "2 100.00", "2 100.00", "2 100.00#2"]);
}

#[test]
fn each_sign_is_counted_by_itself_and_each_word_of_per() {
    let fields = r#"line_no = { columns = ["line", "status"], separator = "-", optional = true, occurrence = true }
        paid_amount = { column = "sale", negative = "magnitude" }
        status = { column = "sale", by = "sign", words = { negative = "reversed", positive = "approved" } }"#;
    let (facts, ..) = read("", fields, "1,a,x,5,\n1,a,x,-5,\n1,a,x,6,\n1,a,x,-6,\n2,,x,1,\n");
    assert_eq!(lines(&facts), ["1 a-x", "1 a-x", "1 a-x#2", "1 a-x#2", "2 x"]);
    let fields = r#"line_no = { column = "line", occurrence = true, per = "status" }"#;
    let (facts, ..) = read("", fields, "1,a,x,5,\n1,a,x,5,\n1,a,y,5,\n1,a,y,5,\n");
    assert_eq!(lines(&facts), ["1 a", "1 a#2", "1 a", "1 a#2"]);
}

#[test]
fn a_word_can_send_on_or_be_refused_and_another_is_not_swallowed() {
    let fields = r#"line_no = "line"
        status = [
            { column = "fee", words = { true = "declined", false = "next" } },
            { column = "status", words = { ok = "approved", odd = "refuse" }, unknown = "keep" },
        ]"#;
    let (facts, places, words) =
        read("", fields, "1,1,ok,,false\n2,1,ok,,true\n3,1,ok,,TRUE!\n4,1,odd,,\n5,1,new,,\n");
    let states: Vec<State> = facts.iter().map(|fact| fact.state).collect();
    assert_eq!(states, [State::Approved, State::Declined, State::Pending]);
    assert_eq!(places, ["R026 4:9", "R026 5:5"]);
    assert_eq!(words, [("new".to_owned(), 1)]);
}

#[test]
fn a_source_is_empty_while_another_column_is_filled() {
    let fields = r#"line_no = "line"
        category = { column = "status", unless = "fee" }"#;
    let (facts, ..) = read("", fields, "1,1,a,,\n2,1,a,,b\n");
    let known: Vec<bool> = facts.iter().map(|fact| fact.category.is_some()).collect();
    assert_eq!(known, [true, false]);
}
