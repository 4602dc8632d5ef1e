//! Answers: `lines` and `statement`, in every form.

use std::fs;

use rust_decimal::Decimal;
use serde_json::Value;

use super::super::support::{Row, Sandbox};
use super::{ORDERS, evaluated, full_report, generated, import, line, lines, money, report, sums};

/// A ledger of generated orders of `example`, evaluated.
fn many() -> Sandbox {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &generated(300));
    sandbox.run("recompute").expect(0);
    sandbox
}

const AMOUNTS: [&str; 6] = ["basis", "commission", "incentive", "bonus", "withheld", "total"];

#[test]
fn lines_have_the_columns_that_scripts_rely_on() {
    let sandbox = Sandbox::with_ledger();
    assert_eq!(
        lines(&sandbox),
        "program,order_no,line_no,schedule,status,verdict,clause,basis,rate,commission,incentive,\
         bonus,withheld,total\n"
    );
    let sandbox = evaluated();
    insta::assert_snapshot!(lines(&sandbox), @r"
    program,order_no,line_no,schedule,status,verdict,clause,basis,rate,commission,incentive,bonus,withheld,total
    example,1,1,2024-07-01,approved,commissionable,5.9,100.00,5.5%,5.50,0.00,0.00,0.00,5.50
    example,2,1,2024-07-01,approved,commissionable,5.9,50.00,5.5%,2.75,0.00,0.00,0.00,2.75
    example,2,2,2024-07-01,pending,commissionable,5.9,10.00,5.5%,0.55,0.00,0.00,0.00,0.55
    example,3,1,2024-07-01,settled,commissionable,5.9,20.00,5.5%,1.10,0.00,0.00,0.00,1.10
    ");
}

#[test]
fn orders_and_lines_are_in_the_order_of_their_numbers() {
    let numbers = [
        "10",
        "9",
        "AB",
        "A",
        "007",
        "8211114279848963",
        "99999999999999999999",
        "B-1",
        "100",
        "1000000000000000000",
        "0",
    ];
    let rows: Vec<String> = numbers
        .iter()
        .map(|number| format!("{number},1,2024-08-10 10:00:00,1.00,pending"))
        .collect();
    let mut rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    for part in ["2", "10", "1", "b"] {
        rows.push(match part {
            "2" => "9,2,2024-08-10 10:00:00,1.00,pending",
            "10" => "9,10,2024-08-10 10:00:00,1.00,pending",
            "b" => "9,b,2024-08-10 10:00:00,1.00,pending",
            _ => "9,01,2024-08-10 10:00:00,1.00,pending",
        });
    }
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &report(&rows));
    let expected = [
        "0 1",
        "9 1",
        "9 2",
        "9 b",
        "9 01",
        "9 10",
        "A 1",
        "10 1",
        "AB 1",
        "007 1",
        "100 1",
        "B-1 1",
        "8211114279848963 1",
        "1000000000000000000 1",
        "99999999999999999999 1",
    ];
    for _ in 0..2 {
        let rows = sandbox.run("lines -O csv").expect(0).rows();
        let told: Vec<String> = rows
            .iter()
            .map(|row| format!("{} {}", row.get("order_no"), row.get("line_no")))
            .collect();
        assert_eq!(told, expected);
        sandbox.run("recompute").expect(0);
    }
}

#[test]
fn a_line_that_no_run_has_seen_has_no_verdict_and_no_amounts() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &report(&ORDERS));
    let unseen = sandbox.run("lines -O csv").expect(0);
    assert_eq!(unseen.err, "4 lines wait for `feebook recompute`\n");
    for row in unseen.rows() {
        for column in ["schedule", "verdict", "clause", "rate"].iter().chain(&AMOUNTS) {
            assert_eq!(row.get(column), "", "{column}");
        }
        assert_ne!(row.get("status"), "");
    }
}

#[test]
fn what_earns_nothing_is_zero_and_what_cannot_be_said_is_empty() {
    let sandbox = many();
    let mut seen: Vec<String> = Vec::new();
    for row in sandbox.run("lines -O csv").expect(0).rows() {
        let verdict = row.get("verdict").to_owned();
        let amounts = AMOUNTS.map(|column| row.get(column).to_owned());
        match verdict.as_str() {
            "declined" | "excluded" | "outside_window" | "disqualified" => {
                assert_eq!(amounts, ["0.00"; 6], "{verdict}");
            }
            "unverifiable" | "uncovered" => assert_eq!(amounts, [""; 6], "{verdict}"),
            _ => {
                let [_, commission, incentive, bonus, withheld, total] =
                    amounts.map(|amount| money(&amount).expect("an amount"));
                assert_eq!(commission + incentive + bonus - withheld, total);
            }
        }
        if verdict == "uncovered" {
            assert_eq!(row.get("schedule"), "");
        }
        seen.push(verdict);
    }
    for verdict in
        ["declined", "excluded", "outside_window", "unverifiable", "uncovered", "commissionable"]
    {
        assert!(seen.iter().any(|known| known == verdict), "no line is {verdict}");
    }
}

#[test]
fn json_is_one_document_with_the_figures_of_the_csv() {
    let sandbox = many();
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    let json = sandbox.run("lines -O json").expect(0);
    let document: Value = serde_json::from_str(&json.out).expect("one JSON document");
    let records = document.as_array().expect("a list");
    assert_eq!(records.len(), rows.len());
    for (record, row) in records.iter().zip(&rows) {
        let record = record.as_object().expect("an object");
        assert_eq!(record.len(), 14);
        for (column, value) in record {
            let cell = row.get(column);
            match value {
                Value::Null => assert_eq!(cell, "", "{column}"),
                Value::String(text) => assert_eq!(cell, text, "{column}"),
                other => assert_eq!(other, "a string", "{column}"),
            }
        }
    }
}

#[test]
fn json_of_nothing_is_an_empty_list() {
    let sandbox = evaluated();
    for question in [
        "lines --month 2020-01",
        "lines --program aliexpress-nordic",
        "statement --month 2020-01",
        "recompute",
        "check",
    ] {
        let told = sandbox.run(&format!("{question} -O json")).expect(0);
        let document: Value = serde_json::from_str(&told.out).expect("one JSON document");
        assert_eq!(document, Value::Array(Vec::new()), "{question}");
    }
}

#[test]
fn the_ending_of_a_file_gives_its_form() {
    let sandbox = evaluated();
    for (name, form) in [("lines.csv", "csv"), ("lines.json", "json"), ("lines.txt", "text")] {
        let written = sandbox.run(&format!("lines -o {name}")).expect(0);
        assert_eq!(written.out, "", "{name}");
        let file = fs::read_to_string(sandbox.path(name)).expect("a file");
        assert_eq!(file, sandbox.run(&format!("lines -O {form}")).expect(0).out, "{name}");
    }
    // -O has the last word.
    sandbox.run("lines -o lines.csv -O json").expect(0);
    assert!(fs::read_to_string(sandbox.path("lines.csv")).expect("a file").starts_with('['));
}

#[test]
fn text_that_a_spreadsheet_would_run_is_escaped_and_figures_are_not() {
    let sandbox = Sandbox::new();
    let rows: Vec<String> = ["=HYPERLINK(1)", "+1", "-1", "@SUM", "plain"]
        .iter()
        .zip(1..)
        .map(|(placement, order)| {
            format!("{order},1,2024-08-10 10:00:00,10.00,approved,163,NO,CN,USD,N,{placement},")
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    import(&sandbox, "orders.csv", &full_report(&rows));
    sandbox.run("recompute").expect(0);
    let told = sandbox.run("statement --by placement -O csv").expect(0).rows();
    let mut placements: Vec<&str> = told.iter().map(|row| row.get("placement")).collect();
    placements.sort_unstable();
    assert_eq!(placements, ["'+1", "'-1", "'=HYPERLINK(1)", "'@SUM", "plain"]);
    let json = sandbox.run("statement --by placement -O json").expect(0).out;
    assert!(json.contains("\"=HYPERLINK(1)\""), "{json}");
    // A negative figure is a figure.
    import(&sandbox, "later.csv", &report(&["1,1,2024-08-10 10:00:00,10.00,declined"]));
    sandbox.run("recompute").expect(0);
    let explained = sandbox.run("explain 1 -O csv").expect(0);
    assert!(!explained.out.contains("'0"), "{}", explained.out);
    import(&sandbox, "dear.csv", &report(&["6,1,2024-08-10 10:00:00,1000.00,approved"]));
    sandbox.run("recompute").expect(0);
    let explained = sandbox.run("explain 6 -O csv").expect(0).rows();
    assert!(explained.iter().any(|row| row.get("amount") == "-17.00"), "the cap takes 17.00");
}

/// The states that a statement has columns for, and the state words of lines.
const STATES: [&str; 3] = ["pending", "approved", "settled"];

#[test]
fn a_statement_adds_up_to_its_lines_whatever_it_is_by() {
    let sandbox = many();
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    let of_lines = |state: &str| -> Decimal {
        let of_state = rows.iter().filter(|row| row.get("status") == state);
        of_state.filter_map(|row| money(row.get("total"))).sum()
    };
    let unknown = rows.iter().filter(|row| row.get("total").is_empty()).count();
    for by in ["month", "category", "country", "placement", "schedule"] {
        let groups = sandbox.run(&format!("statement --by {by} -O csv")).expect(0).rows();
        let column = |name: &str| -> Decimal {
            groups.iter().filter_map(|group| money(group.get(name))).sum()
        };
        for state in STATES {
            assert_eq!(column(state), of_lines(state), "{by} {state}");
        }
        assert_eq!(column("open"), of_lines("approved") + of_lines("settled"), "{by}");
        assert_eq!(column("lines"), Decimal::from(rows.len()), "{by}");
        assert_eq!(column("unknown"), Decimal::from(unknown), "{by}");
    }
}

#[test]
fn a_group_of_a_statement_is_the_sum_of_its_own_lines() {
    let sandbox = many();
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    let total = |row: &Row| money(row.get("total"));
    let by_schedule = sums(&rows, |row| row.get("schedule").to_owned(), total);
    let groups = sandbox.run("statement --by schedule -O csv").expect(0).rows();
    let told = sums(
        &groups,
        |group| group.get("schedule").to_owned(),
        |group| Some(STATES.iter().filter_map(|state| money(group.get(state))).sum()),
    );
    assert_eq!(told, by_schedule);
    for month in ["2023-09", "2023-10", "2024-06", "2024-07", "2024-12"] {
        let rows = sandbox.run(&format!("lines --month {month} -O csv")).expect(0).rows();
        let all: Decimal = rows.iter().filter_map(total).sum();
        let group = sandbox.run(&format!("statement --month {month} -O csv")).expect(0).rows();
        assert_eq!(group.len(), 1, "{month}");
        let told: Decimal = STATES.iter().filter_map(|state| money(group[0].get(state))).sum();
        assert_eq!([group[0].get("month"), &told.to_string()], [month, &all.to_string()]);
    }
}

#[test]
fn a_month_begins_at_midnight_in_the_programs_zone() {
    let sandbox = Sandbox::new();
    // Oslo is two hours ahead of UTC in summer, one in winter.
    import(
        &sandbox,
        "orders.csv",
        &report(&[
            "1,1,2024-07-31T21:59:59Z,10.00,approved",
            "2,1,2024-07-31T22:00:00Z,10.00,approved",
            "3,1,2024-12-31T22:59:59Z,10.00,approved",
            "4,1,2024-12-31T23:00:00Z,10.00,approved",
            "5,1,2024-08-01 00:00:00,10.00,approved",
        ]),
    );
    for _ in 0..2 {
        let orders = |month: &str| -> Vec<String> {
            let rows = sandbox.run(&format!("lines --month {month} -O csv")).expect(0).rows();
            rows.iter().map(|row| row.get("order_no").to_owned()).collect()
        };
        assert_eq!(orders("2024-07"), ["1"]);
        assert_eq!(orders("2024-08"), ["2", "5"]);
        assert_eq!(orders("2024-12"), ["3"]);
        assert_eq!(orders("2025-01"), ["4"]);
        sandbox.run("recompute").expect(0);
    }
    let groups = sandbox.run("statement -O csv").expect(0).rows();
    let months: Vec<[&str; 2]> =
        groups.iter().map(|group| [group.get("month"), group.get("lines")]).collect();
    assert_eq!(months, [["2024-07", "1"], ["2024-08", "2"], ["2024-12", "1"], ["2025-01", "1"]]);
}

/// A program that pays a tenth in a currency from a day on.
fn tenth(sandbox: &Sandbox, program: &str, from: &str, currency: &str) {
    sandbox.write(
        &format!("schedules/{program}/program.toml"),
        "format = 1\nname = \"Tenth\"\ntimezone = \"UTC\"\npayout_currency = \"NOK\"\n\
         governed_by = \"paid\"\n",
    );
    sandbox.write(
        &format!("schedules/{program}/{from}.toml"),
        &format!(
            "format = 1\neffective_on = {from}\nsource = \"a story\"\n[policy]\n\
             basis = \"product_price\"\ncurrency = \"{currency}\"\nrounding = \"floor\"\n\
             [[rate]]\nrate = \"10%\"\n"
        ),
    );
}

#[test]
fn currencies_are_never_added_to_each_other() {
    let sandbox = Sandbox::new();
    tenth(&sandbox, "krona", "2020-01-01", "SEK");
    tenth(&sandbox, "krona", "2024-09-01", "EUR");
    tenth(&sandbox, "yen", "2020-01-01", "JPY");
    let orders = full_report(&[
        "1,1,2024-08-10 10:00:00,100.00,approved,163,NO,CN,SEK,N,blog,",
        "2,1,2024-09-10 10:00:00,50.00,approved,163,NO,CN,EUR,N,blog,",
        "3,1,2024-09-11 10:00:00,5.00,approved,163,NO,CN,EUR,N,blog,",
    ]);
    sandbox.write("krona.csv", &orders);
    sandbox.run("import krona.csv --program krona").expect(0);
    let order = full_report(&["1,1,2024-08-10 10:00:00,1000,approved,163,NO,CN,JPY,N,blog,"]);
    sandbox.write("yen.csv", &order);
    sandbox.run("import yen.csv --program yen").expect(0);
    let run = sandbox.run("recompute").expect(0);
    assert!(
        run.out.ends_with("  krona +5.50 EUR\n  krona +10.00 SEK\n  yen +100 JPY\n"),
        "{}",
        run.out
    );
    let groups = sandbox.run("statement --by country -O csv").expect(0).rows();
    let told: Vec<[&str; 3]> = groups
        .iter()
        .map(|group| [group.get("country"), group.get("currency"), group.get("approved")])
        .collect();
    assert_eq!(told, [["NO", "EUR", "5.50"], ["NO", "SEK", "10.00"], ["NO", "JPY", "100"]]);
    let rows = sandbox.run("lines --program yen -O csv").expect(0).rows();
    assert_eq!(line(&rows, "1", "1").get("basis"), "1000");
    // An order that goes from one currency to the other leaves the one and enters the other.
    fs::remove_file(sandbox.path("schedules/krona/2024-09-01.toml")).expect("a file");
    tenth(&sandbox, "krona", "2024-09-11", "EUR");
    let run = sandbox.run("recompute --program krona").expect(0);
    assert!(run.out.contains("\n  krona -5.00 EUR\n  krona +0.00 SEK\n"), "{}", run.out);
}
