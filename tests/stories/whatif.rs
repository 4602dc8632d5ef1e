//! What if: announced terms on past orders, open questions priced both ways, accepted texts, and
//! what was known on a day.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use super::super::support::{Ran, Row, Sandbox};
use super::{example_terms, full_report, import, ledger_bytes, lines, lower_terms, money, report};

/// Orders of `example` in three months: two of 5.9, one of a gift card, which is excluded, and one
/// that only 5.4 pays.
const ORDERS: [&str; 5] = [
    "1,1,2024-07-10 10:00:00,100.00,approved,163,NO,CN,USD,N,blog,",
    "2,1,2024-08-07 10:00:00,50.00,approved,163,SE,CN,USD,N,blog,",
    "2,2,2024-08-07 10:00:00,10.00,pending,22,SE,CN,USD,N,blog,",
    "3,1,2024-09-10 10:00:00,20.00,settled,91,NO,CN,USD,N,blog,",
    "4,1,2024-09-30 23:59:59,30.00,settled,97,SE,CN,USD,N,blog,",
];

/// A ledger with [`ORDERS`] that no run has seen, and terms that nobody has put among the others.
fn announced(changes: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &full_report(&ORDERS));
    let mut all = vec![("effective_on = 2024-07-01", "effective_on = 2024-12-01")];
    all.extend_from_slice(changes);
    sandbox.write("announced/2024-12-01.toml", &example_terms(&all));
    sandbox
}

const PREVIEW: &str = "schedule preview announced/2024-12-01.toml --program example";

/// The rows of one section of a preview as CSV.
fn section<'r>(rows: &'r [Row], name: &str) -> Vec<&'r Row> {
    rows.iter().filter(|row| row.get("section") == name).collect()
}

/// Some cells of some rows.
fn cells(rows: &[&Row], columns: &[&str]) -> Vec<String> {
    let line = |row: &&Row| {
        let cells: Vec<&str> = columns.iter().map(|column| row.get(column)).collect();
        cells.join(" ")
    };
    rows.iter().map(line).collect()
}

#[test]
fn announced_terms_are_shown_on_the_last_months_of_orders() {
    let sandbox = announced(&[("rate = \"5.5%\"", "rate = \"4.0%\"")]);
    let before = ledger_bytes(&sandbox);
    let ran = sandbox.run(PREVIEW).expect(0);
    assert_eq!(ran.err, "");
    insta::assert_snapshot!(ran.out, @r"
    example 2024-12-01 takes effect at 2024-12-01T00:00:00+01:00 (announced/2024-12-01.toml)
    4 orders from 2024-07-01 to 2024-09-30: 3 months back from 2024-09, the last month with orders
    before: by the terms in force on each order's day, without this file
    after: as if the file had always been in force; nothing is posted

    In all
    currency  lines  before  after  difference  unknown
    USD           5   10.70   8.00       -2.70        0

    By category
    category             currency  lines  before  after  difference  unknown
    163 Screwdrivers     USD           2    8.25   6.00       -2.25        0
    97 Pens              USD           1    1.65   1.20       -0.45        0
    22 Women's Clothing  USD           1    0.80   0.80        0.00        0
    91 Gift Cards        USD           1    0.00   0.00        0.00        0

    By country shipped to
    country  currency  lines  before  after  difference  unknown
    NO       USD           2    5.50   4.00       -1.50        0
    SE       USD           3    5.20   4.00       -1.20        0

    The orders that move most
    program  order_no  currency  before  after  difference  unknown  cause
    example  1         USD         5.50   4.00       -1.50        0  5.9 (5.5%) -> 5.9 (4%)
    example  2         USD         3.55   2.80       -0.75        0  5.9 (5.5%) -> 5.9 (4%)
    example  4         USD         1.65   1.20       -0.45        0  5.9 (5.5%) -> 5.9 (4%)

    Week by week; delay_worth: what you keep if the terms take effect so many weeks later
    week  from        until       currency  lines  before  after  difference  unknown  delay_worth
       1  2024-07-01  2024-07-07  USD           0    0.00   0.00        0.00        0         0.00
       2  2024-07-08  2024-07-14  USD           1    5.50   4.00       -1.50        0         1.50
       3  2024-07-15  2024-07-21  USD           0    0.00   0.00        0.00        0         1.50
       4  2024-07-22  2024-07-28  USD           0    0.00   0.00        0.00        0         1.50
       5  2024-07-29  2024-08-04  USD           0    0.00   0.00        0.00        0         1.50
       6  2024-08-05  2024-08-11  USD           2    3.55   2.80       -0.75        0         2.25
       7  2024-08-12  2024-08-18  USD           0    0.00   0.00        0.00        0         2.25
       8  2024-08-19  2024-08-25  USD           0    0.00   0.00        0.00        0         2.25
       9  2024-08-26  2024-09-01  USD           0    0.00   0.00        0.00        0         2.25
      10  2024-09-02  2024-09-08  USD           0    0.00   0.00        0.00        0         2.25
      11  2024-09-09  2024-09-15  USD           1    0.00   0.00        0.00        0         2.25
      12  2024-09-16  2024-09-22  USD           0    0.00   0.00        0.00        0         2.25
      13  2024-09-23  2024-09-29  USD           0    0.00   0.00        0.00        0         2.25
      14  2024-09-30  2024-09-30  USD           1    1.65   1.20       -0.45        0         2.70
    ");
    assert_eq!(ledger_bytes(&sandbox), before, "a preview posts nothing");
}

#[test]
fn a_file_among_the_others_is_compared_with_the_terms_without_it() {
    let sandbox = announced(&[("rate = \"5.5%\"", "rate = \"4.0%\"")]);
    let apart = sandbox.run(&format!("{PREVIEW} -O csv")).expect(0);
    let text = fs::read_to_string(sandbox.path("announced/2024-12-01.toml")).expect("a text");
    sandbox.write("schedules/example/2024-12-01.toml", &text);
    let among = "schedule preview schedules/example/2024-12-01.toml -O csv";
    assert_eq!(sandbox.run(among).expect(0).out, apart.out);
    // Also when it is in force on those days.
    let early = text.replace("effective_on = 2024-12-01", "effective_on = 2024-08-01");
    fs::remove_file(sandbox.path("schedules/example/2024-12-01.toml")).expect("a file");
    sandbox.write("schedules/example/2024-08-01.toml", &early);
    let early = "schedule preview schedules/example/2024-08-01.toml -O csv";
    assert_eq!(sandbox.run(early).expect(0).out, apart.out);
    // Named from within its folder.
    let mut inside = sandbox.command();
    inside.current_dir(sandbox.path("schedules/example"));
    let words = ["-f", "../../feebook.db", "--schedules", "..", "schedule", "preview"];
    let output = inside.args(words).args(["2024-08-01.toml", "-O", "csv"]).output();
    assert_eq!(String::from_utf8_lossy(&output.expect("it runs").stdout), apart.out);
}

#[test]
fn what_a_preview_says_is_what_a_recompute_will_say() {
    let changes =
        [("rate = \"5.5%\"", "rate = \"4.0%\""), ("per_order = \"38.00\"", "per_order = \"3.00\"")];
    let sandbox = announced(&changes);
    let rows = sandbox.run(&format!("{PREVIEW} -O csv")).expect(0).rows();
    let total = section(&rows, "total")[0].clone();
    let earned = |sandbox: &Sandbox| {
        let rows = sandbox.run("lines -O csv").expect(0).rows();
        rows.iter().filter_map(|row| money(row.get("total"))).sum::<rust_decimal::Decimal>()
    };
    sandbox.run("recompute").expect(0);
    assert_eq!(Some(earned(&sandbox)), money(total.get("before")));
    let same = [changes.as_slice(), &[("checked_on   = 2026-11-22", "")]].concat();
    sandbox.write("schedules/example/2024-07-01.toml", &example_terms(&same));
    sandbox.run("recompute").expect(0);
    assert_eq!(Some(earned(&sandbox)), money(total.get("after")));
    for name in ["category", "country", "week"] {
        let sum = |column: &str| {
            section(&rows, name).iter().filter_map(|row| money(row.get(column))).sum()
        };
        for column in ["before", "after", "difference"] {
            assert_eq!(Some(sum(column)), money(total.get(column)), "{name} {column}");
        }
    }
}

#[test]
fn months_are_counted_back_from_the_last_orders_or_a_day() {
    let sandbox = announced(&[("rate = \"5.5%\"", "rate = \"4.0%\"")]);
    for (options, expected) in [
        ("", "2024-07-01 2024-09-30 2024-09, the last month with orders 4"),
        ("--months 1", "2024-09-01 2024-09-30 2024-09, the last month with orders 2"),
        ("--months 2 --on 2024-08-31", "2024-07-01 2024-08-31 2024-08-31, as asked 2"),
        // An order of later that month is not in it.
        ("--months 2 --on 2024-09-10", "2024-08-01 2024-09-10 2024-09-10, as asked 2"),
    ] {
        let ran = sandbox.run(&format!("{PREVIEW} {options} -O json")).expect(0);
        let found: serde_json::Value = serde_json::from_str(&ran.out).expect("one document");
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        let said = ["from", "until", "counted_back_from"].map(text).join(" ");
        assert_eq!(format!("{said} {}", found["orders"]), expected, "{options}");
    }
    for wrong in ["--months 0", "--on 2024-13-01", "--on 2024-08"] {
        sandbox.run(&format!("{PREVIEW} {wrong}")).expect(2);
    }
}

#[test]
fn a_delay_is_worth_the_weeks_that_it_leaves_out() {
    let sandbox = announced(&[("rate = \"5.5%\"", "rate = \"4.0%\"")]);
    let rows =
        sandbox.run(&format!("{PREVIEW} --months 1 --on 2024-08-16 -O csv")).expect(0).rows();
    insta::assert_snapshot!(
        cells(&section(&rows, "week"), &["week", "from", "until", "difference", "delay_worth"]).join("\n"),
        @r"
    1 2024-08-01 2024-08-04 0.00 0.00
    2 2024-08-05 2024-08-11 -0.75 0.75
    3 2024-08-12 2024-08-16 0.00 0.75
    "
    );
}

#[test]
fn what_cannot_be_said_is_in_no_sum() {
    let sandbox = announced(&[
        ("clause = \"5.9\"\nrate = \"5.5%\"", "clause = \"5.9\"\nrate = \"unknown\""),
        ("categories = [90]", "categories = [22]"),
    ]);
    let ran = sandbox.run(&format!("{PREVIEW} -O csv")).expect(0);
    assert_eq!(
        ran.err,
        "unknown, and in no sum: what is earned of 4 lines under the announced terms\n"
    );
    let rows = ran.rows();
    let columns = ["lines", "before", "after", "difference", "unknown"];
    assert_eq!(cells(&section(&rows, "total"), &columns), ["1 0.80 0.00 -0.80 4"]);
    let columns = ["verdict_before", "verdict_after", "lines", "before", "after"];
    assert_eq!(
        cells(&section(&rows, "verdict"), &columns),
        [
            "commissionable unverifiable 3 9.90 ",
            "excluded unverifiable 1 0.00 ",
            "commissionable excluded 1 0.80 0.00",
        ]
    );
    let columns = ["order_no", "before", "after", "unknown", "cause"];
    assert_eq!(
        cells(&section(&rows, "order"), &columns),
        ["2 0.80 0.00 1 5.4 (8%) -> 4.1 (virtual_product)"]
    );
}

#[test]
fn an_order_moves_for_the_part_that_moves_most() {
    let sandbox = Sandbox::new();
    import(
        &sandbox,
        "orders.csv",
        &full_report(&[
            "1,1,2024-07-10 10:00:00,800.00,approved,163,NO,CN,USD,N,blog,",
            "2,1,2024-07-10 10:00:00,100.00,approved,163,ES,CN,USD,Y,blog,",
            "3,1,2024-07-10 10:00:00,100.00,approved,163,NO,ES,USD,N,blog,",
            "4,1,2024-07-10 10:00:00,100.00,declined,163,NO,ES,USD,N,blog,",
        ]),
    );
    let terms = example_terms(&[
        ("per_order = \"38.00\"", "per_order = \"20.00\""),
        ("amount = \"3.50\"", "amount = \"1.50\""),
        ("rate = \"5.0%\"", "rate = \"6.0%\""),
    ]);
    sandbox.write("announced/2024-07-01.toml", &terms);
    let line = "schedule preview announced/2024-07-01.toml --program example -O csv";
    let rows = sandbox.run(line).expect(0).rows();
    assert_eq!(
        cells(&section(&rows, "order"), &["order_no", "difference", "cause"]),
        [
            "1 -18.00 cap 7 (6.00 withheld) -> cap 7 (24.00 withheld)",
            "2 -2.00 bonus 6 (3.50) -> bonus 6 (1.50)",
            "3 1.00 5.11 (5%) -> 5.11 (6%)",
        ]
    );
}

#[test]
fn only_the_ten_orders_that_move_most_are_named() {
    let sandbox = Sandbox::new();
    let orders: Vec<String> = (1..=12)
        .map(|order| format!("{order},1,2024-07-{order:02} 10:00:00,{}.00,approved", order * 50))
        .collect();
    import(&sandbox, "orders.csv", &report(&orders.iter().map(String::as_str).collect::<Vec<_>>()));
    sandbox.write("announced/2024-10-01.toml", &lower_terms("2024-10-01"));
    let line = "schedule preview announced/2024-10-01.toml --program example -O csv";
    let rows = sandbox.run(line).expect(0).rows();
    let named = cells(&section(&rows, "order"), &["order_no"]);
    assert_eq!(named, ["12", "11", "10", "9", "8", "7", "6", "5", "4", "3"]);
}

#[test]
fn two_currencies_are_not_subtracted() {
    let sandbox = announced(&[("currency    = \"USD\"", "currency    = \"EUR\"")]);
    let ran = sandbox.run(&format!("{PREVIEW} -O csv")).expect(0);
    let rows = ran.rows();
    let total = section(&rows, "total")[0].clone();
    assert_eq!(total.get("currency"), "USD -> EUR");
    assert_eq!(
        (total.get("before"), total.get("after"), total.get("difference")),
        ("10.70", "0.00", "")
    );
    assert!(section(&rows, "order").is_empty());
    assert!(
        section(&rows, "week")
            .iter()
            .all(|row| row.get("delay_worth").is_empty() || row.get("lines") == "0")
    );
    assert!(ran.err.contains("amounts of two currencies are not subtracted"), "{}", ran.err);
}

#[test]
fn entries_for_some_days_keep_them() {
    let sandbox = announced(&[(
        "clause = \"5.9\"\nrate = \"5.5%\"",
        "clause = \"5.8\"\nrate = \"20%\"\non_from = 2024-12-24\non_until = 2024-12-27\n\n\
         [[rate]]\nclause = \"5.9\"\nrate = \"5.5%\"",
    )]);
    let ran = sandbox.run(&format!("{PREVIEW} -O csv")).expect(0);
    assert!(ran.err.contains("entries with on_from or on_until keep their dates"), "{}", ran.err);
    assert_eq!(section(&ran.rows(), "total")[0].get("difference"), "0.00");
}

/// The open questions of a report, as `schedule key other difference changed unknown`.
fn questions(ran: &Ran) -> Vec<String> {
    let columns = ["schedule", "key", "other", "difference", "changed", "unknown"];
    cells(&ran.rows().iter().collect::<Vec<_>>(), &columns)
}

#[test]
fn open_questions_are_priced_both_ways() {
    let sandbox = Sandbox::new();
    import(
        &sandbox,
        "orders.csv",
        &full_report(&[
            // 00:30 in Oslo is still June in UTC, where 5.9 pays 6 %.
            "1,1,2024-07-01 00:30:00,100.00,approved,163,NO,CN,USD,N,blog,",
            "2,1,2024-08-10 10:00:00,800.00,approved,163,NO,CN,USD,N,blog,",
            "2,2,2024-08-10 10:00:00,300.00,pending,163,NO,CN,USD,N,blog,",
        ]),
    );
    let before = ledger_bytes(&sandbox);
    let ran = sandbox.run("assumptions").expect(1);
    insta::assert_snapshot!(ran.out, @r#"
    example program.toml: timezone = "Europe/Oslo" (example/program.toml:14:1)
      why: not stated; the network's office is in Oslo
      or "UTC": 43.50 -> 44.00 USD, +0.50; 1 line changes

    example 2024-07-01: cap.scope = "order" (example/2024-07-01.toml:10:1)
      why: 'per purchase' is read as the order, also where it splits into lines
      or "line": 43.50 -> 60.00 USD, +16.50; 2 lines change
    "#);
    assert_eq!(ran.err, "2 open questions, 2 of which move money\n");
    let ran = sandbox.run("assumptions --month 2024-08 -O csv").expect(1);
    assert_eq!(
        questions(&ran),
        [" timezone \"UTC\" 0.00 0 0", "2024-07-01 cap.scope \"line\" 16.50 2 0"]
    );
    assert_eq!(ledger_bytes(&sandbox), before, "nothing is posted");
    let none = sandbox.run("assumptions --month 2023-12").expect(0);
    assert_eq!(
        (none.out.as_str(), none.err.as_str()),
        ("", "0 open questions, none of which moves money on these orders\n")
    );
}

#[test]
fn a_file_states_the_other_reading() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &full_report(&ORDERS));
    let assumed = [
        ("\"effective_on\"", "2024-08-01"),
        ("\"groups.nordic\"", "[\"NO\"]"),
        ("\"policy.rounding\"", "\"floor\""),
        ("\"cap\"", "{ per_order = \"1.00\", covers = [\"commission\"] }"),
    ];
    let mut lines = String::from("[assumed]\n\"policy.fx_on\" = \"not stated\"\n");
    for (key, or) in assumed {
        let _ = writeln!(lines, "{key} = {{ why = \"a story\", or = {or} }}");
    }
    sandbox.write("schedules/example/2024-07-01.toml", &example_terms(&[("[assumed]\n", &lines)]));
    let ran = sandbox.run("assumptions -O csv").expect(1);
    assert_eq!(
        questions(&ran),
        [
            " timezone \"UTC\" 0.00 0 0",
            "2024-07-01 policy.fx_on \"governing\" 0.00 0 0",
            "2024-07-01 policy.fx_on \"settled\" 0.00 0 0",
            "2024-07-01 effective_on 2024-08-01 0.50 1 0",
            "2024-07-01 groups.nordic [\"NO\"] 0.00 0 0",
            "2024-07-01 policy.rounding \"floor\" 0.00 0 0",
            "2024-07-01 cap { per_order = \"1.00\", covers = [\"commission\"] } -7.70 4 0",
            "2024-07-01 cap.scope \"line\" 0.00 0 0",
        ]
    );
    let shown = sandbox.run("schedule show example 2024-07-01").expect(0).out;
    assert!(shown.contains("assumed effective_on: a story; or 2024-08-01\n"), "{shown}");
    assert!(shown.contains("assumed policy.fx_on: not stated\n"), "{shown}");
}

#[test]
fn a_reading_in_which_nothing_can_be_said_moves_money() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &full_report(&ORDERS));
    let assumed = "[assumed]\n\"rate\" = { why = \"a story\", or = [{ rate = \"unknown\" }] }\n";
    let terms = example_terms(&[("[assumed]\n", assumed)]);
    sandbox.write("schedules/example/2024-07-01.toml", &terms);
    let ran = sandbox.run("assumptions --program example -O csv").expect(1);
    let rows = ran.rows();
    let rate = rows.iter().find(|row| row.get("key") == "rate").expect("a question");
    let columns = ["lines", "total", "total_other", "difference", "changed", "only_now", "unknown"];
    assert_eq!(cells(&[rate], &columns), ["1 0.00 0.00 0.00 0 10.70 4"]);
    let text = sandbox.run("assumptions").expect(1).out;
    assert!(
        text.contains("  or [{ rate = \"unknown\" }]: 4 lines of 10.70 USD could not be said\n"),
        "{text}"
    );
}

#[test]
fn accepted_terms_are_kept_beside_ones_own() {
    let sandbox = Sandbox::new();
    let idle = sandbox.run("schedule test").expect(0);
    assert_eq!(
        (idle.out.as_str(), idle.err.as_str()),
        ("", "no program has a file of your own; name one to test it\n")
    );
    sandbox.write("schedules/example/2024-12-01.toml", &lower_terms("2024-12-01"));
    let first = sandbox.run("schedule test").expect(1);
    assert!(
        first.out.contains(
            "schedules/example/2024-12-01.expected is missing; the terms say\nexample 2024-12-01\n"
        ),
        "{}",
        first.out
    );
    assert_eq!(
        first.err,
        "0 versions as accepted, 4 never accepted\n\
         read what is shown, then accept it: feebook schedule test --accept\n"
    );
    let accepted = sandbox.run("schedule test --accept").expect(0);
    assert_eq!(accepted.err, "0 versions as accepted, 4 accepted now\n");
    let again = sandbox.run("schedule test").expect(0);
    assert_eq!((again.out.as_str(), again.err.as_str()), ("", "4 versions as accepted\n"));
    // The accepted texts are no terms, and disturb nothing that reads the folder.
    sandbox.run("schedule check example").expect(0);
    // What changes by mistake is shown, and nothing else.
    let changed =
        lower_terms("2024-12-01").replace("per_order = \"38.00\"", "per_order = \"380.00\"");
    sandbox.write("schedules/example/2024-12-01.toml", &changed);
    let ran = sandbox.run("schedule test example").expect(1);
    assert!(ran.out.starts_with("schedules/example/2024-12-01.expected is not what the terms say now (-accepted +now)\n@@ "), "{}", ran.out);
    assert!(
        ran.out.contains("\n-cap on commission and bonus per order at 38.00 USD; clause 7"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("\n+cap on commission and bonus per order at 380.00 USD; clause 7"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("2024-07-01.expected"), "{}", ran.out);
    assert!(
        ran.err.ends_with("accept it: feebook schedule test example --accept\n"),
        "{}",
        ran.err
    );
    let results: BTreeMap<String, String> = sandbox
        .run("schedule test -O csv")
        .expect(1)
        .rows()
        .iter()
        .map(|row| (row.get("schedule").to_owned(), row.get("result").to_owned()))
        .collect();
    let same = ["2023-01-01", "2023-10-01", "2024-07-01"].map(|version| (version, "same"));
    let all = same.into_iter().chain([("2024-12-01", "differs")]);
    assert_eq!(results, all.map(|(a, b)| (a.to_owned(), b.to_owned())).collect());
}

#[test]
fn an_accepted_text_without_its_version_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("schedules/example/2024-12-01.toml", &lower_terms("2024-12-01"));
    sandbox.run("schedule test --accept").expect(0);
    fs::remove_file(sandbox.path("schedules/example/2024-12-01.toml")).expect("a file");
    let ran = sandbox.run("schedule test example").expect(1);
    assert_eq!(
        ran.out,
        "schedules/example/2024-12-01.expected has no version: example has no 2024-12-01.toml; \
         remove the file\n"
    );
    sandbox.run("schedule test example --accept").expect(1);
    assert!(sandbox.path("schedules/example/2024-12-01.expected").exists(), "it is the user's");
}

#[test]
fn the_text_to_accept_is_that_of_our_own_snapshots() {
    let sandbox = Sandbox::new();
    sandbox.run("schedule test example --accept").expect(0);
    for version in ["2023-01-01", "2023-10-01", "2024-07-01"] {
        let name = format!("schedules/example/{version}.expected");
        let accepted = fs::read_to_string(sandbox.path(&name)).expect("an accepted text");
        let snapshot = format!("tests/snapshots/schedules/schedule@example__{version}.snap");
        let ours = super::super::support::root().join(snapshot);
        let ours = fs::read_to_string(ours).expect("a snapshot");
        let (_, body) = ours.split_once("\n---\n").expect("a head");
        assert_eq!(accepted.trim_end(), body.trim_end(), "{version}");
    }
}

#[test]
fn a_run_goes_by_what_was_known_on_a_day() {
    let sandbox = Sandbox::new();
    let header = "order_no,line_no,paid_at,product_price,status,category,ship_to,currency,\
                  affiliate,reported_rate\n";
    let row = |order: u32, day: &str| {
        format!("{order},1,{day} 10:00:00,100.00,approved,509,RU,USD,Y,7%\n")
    };
    let orders = [row(1, "2020-08-31"), row(2, "2020-09-05"), row(3, "2020-09-15")].concat();
    sandbox.write("orders.csv", &format!("{header}{orders}"));
    sandbox.run("import orders.csv --program aliexpress-portal").expect(0);
    let schedules = |sandbox: &Sandbox| {
        let rows = sandbox.run("lines -O csv").expect(0).rows();
        rows.iter().map(|row| row.get("schedule").to_owned()).collect::<Vec<_>>()
    };
    sandbox.run("recompute").expect(0);
    let today = lines(&sandbox);
    assert_eq!(schedules(&sandbox), ["2020-02-20", "2020-02-20", "2020-09-10"]);
    // Two weeks after the first notice nobody knew that its day would slip.
    let ran = sandbox.run("recompute --as-known 2020-08-28").expect(0);
    assert_eq!(
        ran.err,
        "not known yet, and left out: aliexpress-portal/2020-09-10.toml\n\
         the orders in scope now show what was known on 2020-08-28; `feebook recompute` returns to today's \
         terms\n"
    );
    assert!(
        ran.out.starts_with("3 orders with 3 lines evaluated: 0 for the first time, 2 changed"),
        "{}",
        ran.out
    );
    assert_eq!(schedules(&sandbox), ["2020-02-20", "2020-09-01", "2020-09-01"]);
    let explained = sandbox.run("explain 2").expect(0).out;
    assert!(explained.contains("aliexpress-portal/2020-09-01.toml:"), "{explained}");
    let kept = ledger_bytes(&sandbox);
    let again = sandbox.run("recompute --as-known 2020-08-28").expect(0);
    assert!(
        again.out.ends_with("nothing to post: the ledger has these results already\n"),
        "{}",
        again.out
    );
    assert_eq!(ledger_bytes(&sandbox), kept);
    // From the day it was learned on, the amendment counts.
    let learned = sandbox.run("recompute --as-known 2020-09-01").expect(0);
    assert!(learned.err.starts_with("no amendment was learned of later"), "{}", learned.err);
    assert_eq!(lines(&sandbox), today);
    sandbox.run("recompute --as-known 2020-08-31").expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(lines(&sandbox), today);
}

#[test]
fn a_preview_of_an_edited_shipped_version_says_the_same_wherever_the_file_lies() {
    let shipped = super::super::support::root().join("schedules/aliexpress-nordic/2024-05-07.toml");
    let text = fs::read_to_string(shipped).expect("the shipped terms");
    let edited = text.replace("\nrate = \"6.3%\"", "\nrate = \"5%\"");
    assert_ne!(edited, text);
    let preview = |path: &str| {
        let sandbox = Sandbox::new();
        let header = "order_no,line_no,paid_at,product_price,status,seller_country,currency\n";
        sandbox
            .write("o.csv", &format!("{header}1,1,2024-08-02 10:00:00,100.00,approved,CN,USD\n"));
        sandbox.run("import o.csv --program aliexpress-nordic").expect(0);
        sandbox.write(path, &edited);
        let ran =
            sandbox.run(&format!("schedule preview {path} --program aliexpress-nordic -O csv"));
        let rows = ran.expect(0).rows();
        let total = rows.iter().find(|row| row.get("section") == "total").expect("a total").clone();
        ["before", "after", "difference"].map(|column| total.get(column).to_owned())
    };
    let inside = preview("schedules/aliexpress-nordic/2024-05-07.toml");
    assert_eq!(inside, ["6.30", "5.00", "-1.30"]);
    assert_eq!(preview("announced/2024-05-07.toml"), inside);
}

#[test]
fn a_question_counts_that_another_reading_brings_up() {
    // The orders are uncovered now; by the other reading of the day they are not.
    let sandbox = Sandbox::new();
    let shipped = super::super::support::root().join("schedules/aliexpress-nordic/2024-05-07.toml");
    let text = fs::read_to_string(shipped).expect("the shipped terms");
    let open = text.lines().find(|line| line.starts_with("\"effective_on\"")).expect("a question");
    let stated = text.replace(open, "\"effective_on\" = { why = \"not stated\", or = 2024-01-01 }");
    sandbox.write("schedules/aliexpress-nordic/2024-05-07.toml", &stated);
    let header = "order_no,line_no,paid_at,product_price,status,seller_country,currency\n";
    sandbox.write("o.csv", &format!("{header}1,1,2024-03-02 10:00:00,100.00,approved,CN,USD\n"));
    sandbox.run("import o.csv --program aliexpress-nordic").expect(0);
    let rows = sandbox.run("assumptions --month 2024-03 -O csv").expect(1).rows();
    let told = rows.iter().find(|row| row.get("key") == "effective_on").expect("the question");
    assert_eq!((told.get("other"), told.get("only_other")), ("2024-01-01", "6.30"));
}
