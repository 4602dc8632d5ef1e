//! The shapes in which reports come.

use chrono_tz::Tz;
use feebook_kernel::{Minor, Ppm, State};
use feebook_schedule::zone;

use super::{Formats, Head, import, imported, mapping, shipped, source};
use crate::fact::{Link, Platform};

fn at(instant: Option<i64>) -> String {
    instant.map_or_else(String::new, |at| zone::written(Tz::UTC, at))
}

#[test]
fn an_answer_of_the_open_platform_with_a_list() {
    let report = include_bytes!("../../../../../tests/reports/aliexpress-list.json");
    let (summary, kept) = imported(report);
    let summary = summary.unwrap();
    assert_eq!((summary.rows, summary.accepted, summary.rejected), (3, 2, 1));
    assert_eq!(summary.doubtful_times, 1);
    let fact = &kept.facts[0];
    assert_eq!(fact.order_no.to_string(), "8300000000000001");
    assert_eq!(fact.line_no.to_string(), "8300000000000011");
    assert_eq!((fact.state, kept.text(fact.status_word)), (State::Settled, "Completed Settlement"));
    // A quarter to two occurred twice that night: the first is taken.
    assert_eq!((at(fact.paid_at).as_str(), fact.doubtful_time), ("2024-11-03T08:31:00Z", true));
    assert_eq!(at(fact.settled_at), "2024-12-15T08:00:00Z");
    assert_eq!(fact.paid_amount.map(Minor::get), Some(2500));
    assert_eq!(fact.final_amount.map(Minor::get), Some(2400));
    assert_eq!(fact.reported_commission, Some(168));
    // Absent is not zero, and neither is "null".
    assert_eq!((fact.reported_incentive, fact.reported_bonus), (None, Some(0)));
    assert_eq!(fact.reported_rate.map(Ppm::get), Some(70_000));
    assert_eq!((fact.quantity, fact.sub_id.as_deref()), (2, Some("click-1")));
    assert_eq!((fact.new_buyer, fact.hot, fact.affiliate), (Some(false), Some(true), Some(true)));
    assert_eq!(kept.text(fact.amount_currency), "USD");
    assert_eq!(fact.currency, None);
    assert_eq!(kept.facts[1].state, State::Declined);
    assert_eq!(kept.text(kept.facts[1].status_word), "FullRefund");
    // Both problems of the last row, each in its own line.
    assert_eq!(kept.places(), ["R016 49:28", "R019 50:30"]);
    let shown = kept.problems[1].to_string();
    assert!(shown.contains("50 |               \"paid_amount\": 9.99,"), "{shown}");
}

#[test]
fn a_single_order_a_bare_list_and_several_documents() {
    let single = include_bytes!("../../../../../tests/reports/aliexpress-single.json");
    let bare = include_bytes!("../../../../../tests/reports/aliexpress-bare.json");
    let empty = include_bytes!("../../../../../tests/reports/aliexpress-empty.json");
    let (summary, kept) = imported(single);
    assert_eq!(summary.unwrap().accepted, 1);
    assert_eq!(kept.facts[0].paid_amount.map(Minor::get), Some(3792));
    let (summary, kept) = imported(bare);
    assert_eq!((summary.unwrap().accepted, kept.facts[0].state), (1, State::Declined));
    let (summary, _) = imported(empty);
    assert_eq!(summary.unwrap().rows, 0);

    let one_after_another = [&single[..], empty, bare].concat();
    assert_eq!(imported(&one_after_another).0.unwrap().accepted, 2);
    let listed = [b"[", &single[..], b",", empty, b",", bare, b"]"].concat();
    assert_eq!(imported(&listed).0.unwrap().accepted, 2);
}

#[test]
fn an_error_after_good_rows_refuses_the_whole_file() {
    let single = include_bytes!("../../../../../tests/reports/aliexpress-single.json");
    let limit = include_bytes!("../../../../../tests/reports/aliexpress-limit.json");
    let (summary, kept) = imported(&[&single[..], limit].concat());
    let problem = &summary.unwrap_err().problems()[0].clone();
    assert_eq!((kept.facts.len(), problem.code.id), (1, "R009"));
    assert!(problem.message.contains("isv.api-flow-limit: Too many requests"));
    assert_eq!((problem.place.line, problem.place.column), (6, 1));
}

#[test]
fn a_wrong_value_in_a_compact_document_has_its_column() {
    let report = br#"{"r":{"resp_result":{"resp_code":200,"result":{"orders":[{"order_id":1,"sub_order_id":2,"paid_amount":-5}]}}}}"#;
    let (summary, kept) = imported(report);
    assert_eq!((summary.unwrap().rejected, kept.places()), (1, vec!["R018 1:103".to_owned()]));
    assert!(kept.problems[0].excerpt.is_some());
}

#[test]
fn the_generator_s_bad_rows_are_told_one_by_one() {
    let report = include_bytes!("../../../../../tests/reports/generator-bad.csv");
    let (summary, kept) = imported(report);
    let summary = summary.unwrap();
    assert_eq!((summary.rows, summary.accepted, summary.rejected), (7, 2, 5));
    assert_eq!(kept.places(), ["R016 3:38", "R018 4:97", "R019 5:102", "R023 6:70", "R015 7:1"]);
    let fact = &kept.facts[0];
    assert_eq!((fact.state, fact.new_buyer), (State::Approved, Some(true)));
    assert_eq!(kept.text(fact.host), "www.aliexpress.com");
    assert_eq!(fact.product_price.map(Minor::get), Some(1200));
    assert_eq!((fact.sub_id.as_deref(), kept.text(fact.placement)), (Some("A1"), "site_001"));
    assert_eq!(kept.facts[1].state, State::Declined);
    assert_eq!(kept.text(kept.facts[1].currency), "EUR");
}

#[test]
fn our_own_report_in_any_order_of_columns() {
    let report = include_bytes!("../../../../../tests/reports/feebook.csv");
    let (summary, kept) = imported(report);
    let summary = summary.unwrap();
    assert_eq!(kept.problems, []);
    assert_eq!(summary.unread.iter().map(|c| &*c.name).collect::<Vec<_>>(), ["note"]);
    let [first, second] = &kept.facts[..] else { panic!("two rows") };
    assert_eq!(at(first.paid_at), "2024-05-07T06:59:59Z");
    assert_eq!((first.quantity, first.state), (2, State::Approved));
    assert_eq!(first.sub_id.as_deref(), Some("a \"quoted\" tag"));
    assert_eq!((first.platform, first.link), (Some(Platform::App), Some(Link::Product)));
    assert_eq!((first.coupon, kept.text(first.host)), (Some(false), "m.aliexpress.com"));
    assert_eq!(first.reported_rate.map(Ppm::get), Some(63_000));
    assert_eq!(at(second.paid_at), "2024-05-07T07:00:00Z");
    assert_eq!((second.quantity, second.state), (1, State::Pending));
    assert_eq!((second.reported_commission, second.new_buyer), (Some(-31), None));
}

const HEADER: &str = "order_no,line_no,paid_at,product_price\n";

#[test]
fn lines_and_columns_stay_right_past_quotes_and_any_line_end() {
    let report = format!(
        "\u{feff}{HEADER}\r\n1,1,,\"1\"\r2,1,\"x\ny\",1\n\n3,\"1\r\n2\",,\"bad\"\r\n4,1,,-1,x\n5,1,,-1"
    );
    let (summary, kept) = imported(report.as_bytes());
    assert_eq!(summary.unwrap().rows, 5);
    let expected = ["R016 4:6", "R017 8:6", "R013 9:1", "R018 10:6"];
    assert_eq!(kept.places(), expected);
    // The line on which the field begins is the one that is shown.
    assert_eq!(kept.problems[1].excerpt, Some(("2\",,\"bad\"".to_owned(), 3)));
}

#[test]
fn lines_stay_right_over_many_buffers() {
    for end in ["\n", "\r\n", "\r"] {
        let good = format!("1,1,2024-05-07 10:00:00,1.00{end}");
        let bad = format!("2,1,,-1{end}");
        let block = format!("{}{bad}", good.repeat(9_999));
        let report = format!("{}{end}{}", HEADER.trim_end(), block.repeat(2));
        let (summary, kept) = imported(report.as_bytes());
        assert_eq!(summary.unwrap().accepted, 19_998);
        assert_eq!(kept.places(), ["R018 10001:6", "R018 20001:6"], "{end:?}");
    }
}

#[test]
fn all_problems_of_a_row_are_told() {
    let report = "order_no,line_no,paid_at,product_price,quantity,status,ship_to\n\
                  ,1,never,1.005,0,Aproved,XX\n";
    let (_, kept) = imported(report.as_bytes());
    let codes: Vec<_> = kept.problems.iter().map(|problem| problem.code.id).collect();
    assert_eq!(codes, ["R015", "R016", "R019", "R021", "R026", "R023"]);
    assert_eq!(kept.problems[4].hint.as_deref(), Some("did you mean \"approved\"?"));
}

#[test]
fn what_a_terminal_would_obey_is_not_shown() {
    let report = format!("{HEADER}1,1,\u{1b}[2J,1\n");
    let (_, kept) = imported(report.as_bytes());
    assert!(!kept.problems[0].to_string().contains('\u{1b}'));
}

#[test]
fn a_network_with_semicolons_decimal_commas_and_latin_1() {
    let formats = mapping(
        r#"
        format = 1
        name = "belboon"
        kind = "csv"
        [csv]
        delimiter = ";"
        encoding = "iso-8859-1"
        [recognise]
        columns = ["conversion_id", "conversion_date"]
        [times]
        zone = "Europe/Berlin"
        formats = ["%d.%m.%Y"]
        [money]
        decimal_mark = ","
        thousands_mark = "."
        [fields]
        order_no = "conversion_id"
        line_no = { constant = "1" }
        ordered_at = "conversion_date"
        placement = "program"
        paid_amount = "amount"
        reported_commission = "commission"
        currency = "currency"
        status = { column = "status", words = { open = "pending", confirmed = "approved", rejected = "declined" } }
        "#,
    );
    let report = include_bytes!("semicolons.csv");
    let format = formats.recognise(&Head::of_text(report), "report", None).unwrap();
    let (summary, kept) = import(format, report);
    let summary = summary.unwrap();
    assert_eq!((summary.accepted, kept.places()), (2, vec!["R026 4:13".to_owned()]));
    assert_eq!(summary.unread.iter().map(|c| &*c.name).collect::<Vec<_>>(), ["comment"]);
    let fact = &kept.facts[0];
    assert_eq!(kept.text(fact.placement), "Bürobedarf");
    assert_eq!(fact.paid_amount.map(Minor::get), Some(123_456));
    assert_eq!(fact.reported_commission, Some(6173));
    assert_eq!(at(fact.ordered_at), "2026-01-14T23:00:00Z");
}

/// Rows at the top, nested values, a flag as a status, two columns as one, another currency.
#[test]
fn a_network_whose_rows_are_the_document() {
    let formats = mapping(
        r#"
        format = 1
        name = "rows"
        kind = "json"
        [json]
        rows = "."
        [recognise]
        keys = ["*.sale.amount", "*.cancelled"]
        [times]
        formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        [countries]
        UK = "GB"
        [fields]
        order_no = "id"
        line_no = { columns = ["id", "event"], separator = "-" }
        ordered_at = ["at", { columns = ["day", "time"] }]
        paid_amount = "sale.amount"
        currency = "sale.currency"
        ship_to = "country"
        reported_commission = { column = "fee.amount", currency_of = "fee.currency", rounding = "half_up" }
        sub_id = "refs.0"
        status = [
            { column = "cancelled", words = { true = "declined" }, unknown = "next" },
            { constant = "approved" },
        ]
        "#,
    );
    let report = br#"[
        {"id": 10, "event": "a", "at": "2024-05-07T00:00:00", "country": "uk", "cancelled": false,
         "sale": {"amount": 19.99, "currency": "sek"}, "fee": {"amount": 1.599999, "currency": "SEK"},
         "refs": ["tag", "other"]},
        {"id": 99999999999999999999, "event": "b", "day": "2024-05-08", "time": "12:30", "cancelled": true,
         "sale": {"amount": 1e2, "currency": "DKK"}, "fee": {"amount": 1, "currency": "SEK"}}
    ]"#;
    let format = formats.recognise(&Head::of_text(report), "report", None).unwrap();
    let (summary, kept) = import(format, report);
    assert_eq!(kept.problems, []);
    assert_eq!(summary.unwrap().left_out, 1);
    let [first, second] = &kept.facts[..] else { panic!("two rows") };
    assert_eq!((first.line_no.to_string().as_str(), first.state), ("10-a", State::Approved));
    assert_eq!((kept.text(first.ship_to), kept.text(first.currency)), ("GB", "SEK"));
    assert_eq!(first.paid_amount.map(Minor::get), Some(1999));
    assert_eq!((first.reported_commission, first.sub_id.as_deref()), (Some(160), Some("tag")));
    assert_eq!(
        (second.state, at(second.ordered_at)),
        (State::Declined, "2024-05-08T19:30:00Z".into())
    );
    assert_eq!(second.order_no.to_string(), "99999999999999999999");
    assert_eq!(
        (second.paid_amount.map(Minor::get), second.reported_commission),
        (Some(10_000), None)
    );
}

#[test]
fn a_misspelt_column_is_told_with_the_one_that_was_meant() {
    let report = format!("{},quantty,note\n1,1,,,3,\n", HEADER.trim_end());
    let unread = imported(report.as_bytes()).0.unwrap().unread;
    let told: Vec<_> = unread.iter().map(|c| (&*c.name, c.near.as_deref())).collect();
    assert_eq!(told, [("quantty", Some("quantity")), ("note", None)]);
}

#[test]
fn utf_16_with_a_byte_order_mark_is_read() {
    let text = format!("{HEADER}1,1,,1.00\n");
    let report: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(imported(&report).0.unwrap().accepted, 1);
}

#[test]
fn a_program_s_own_format_counts_for_that_program_only() {
    let own = include_str!("../../../../../schedules/reports/feebook.toml");
    let (formats, problems) = Formats::load(&[
        source("reports/feebook.toml", own),
        source("one/reports/feebook.toml", own),
        source("two/reports/special.toml", &own.replace("\"feebook\"", "\"special\"")),
    ]);
    assert_eq!(problems, []);
    let found = |name, program| formats.by_name(name, program).map(|f| f.program.as_deref());
    assert_eq!(found("feebook", Some("one")).unwrap(), Some("one"));
    assert_eq!(found("feebook", Some("two")).unwrap(), None);
    assert_eq!(found("special", None).unwrap(), Some("two"));
    assert_eq!(found("feebook", None).unwrap_err().code().id, "U002");
    assert_eq!(found("special", Some("one")).unwrap_err().code().id, "U009");
    let fits = |program| {
        formats.recognise(&Head::of_text(HEADER.as_bytes()), "report", program).map(|f| &*f.name)
    };
    assert_eq!(fits(Some("one")).unwrap_err().code.id, "R003");
    assert_eq!(fits(Some("three")).unwrap(), "feebook");
}

#[test]
fn a_report_that_nothing_fits_says_what_was_seen_and_what_is_known() {
    let formats = shipped();
    let told = |head: &[u8]| {
        formats.recognise(&Head::of_text(head), "report", None).unwrap_err().to_string()
    };
    let csv = told(b"order_no,line_no,paid_on,product_price\n");
    assert!(csv.contains("paid_on"), "{csv}");
    assert!(csv.contains("`feebook` would fit if the header had `paid_at`"), "{csv}");
    assert!(told(br#"{"results": []}"#).contains("`results`"));
    assert!(told(b"%PDF-1.7").contains("a PDF"));
    assert!(told(b"<!DOCTYPE html><html>").contains("a web page"));
    let near = formats.by_name("aliexpres", None).unwrap_err();
    assert!(near.to_string().ends_with("hint: did you mean \"aliexpress\"?"), "{near}");
}

#[test]
fn a_record_is_as_long_as_it_may_be_and_not_a_byte_longer() {
    const LIMIT: usize = 1 << 20;
    let mapping = mapping(
        "format = 1\nname = \"test\"\nkind = \"csv\"\n[recognise]\ncolumns = [\"a\"]\n[fields]\n\
         order_no = \"a\"\nline_no = \"b\"\n",
    );
    let format = mapping.by_name("test", None).unwrap();
    for (end, more) in [("\n", ""), ("\r\n", ""), ("", ""), ("\n", "2,1,x\n")] {
        for quote in ["", "\""] {
            let of = |length: usize| {
                let text = "x".repeat(length - "1,1,".len() - 2 * quote.len());
                let file = format!("a,b,c\n1,1,{quote}{text}{quote}{end}{more}");
                import(format, file.as_bytes()).0
            };
            assert!(of(LIMIT).is_ok(), "{end:?} {more:?} {quote:?}");
            let refused = of(LIMIT + 1).unwrap_err();
            assert_eq!(refused.problems()[0].code.id, "R011", "{end:?} {more:?} {quote:?}");
        }
    }
}
