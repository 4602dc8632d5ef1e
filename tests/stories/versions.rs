//! Which version an order takes, and how a new version comes to be: from a copy to a recompute.
//!
//! The first part holds situations in which other billing programs took the wrong version, named
//! after the threads that tell of them.

use std::fmt::Write as _;
use std::fs;

use super::super::support::{Ran, Sandbox};

/// `program.toml` of a shop in Oslo.
fn shop(governed_by: &str) -> String {
    format!(
        "format = 1\nname = \"Shop\"\npayout_currency = \"USD\"\ntimezone = \"Europe/Oslo\"\n\
         governed_by = \"{governed_by}\"\nnotice = \"P7D\"\n"
    )
}

/// A version with one rate for all.
fn terms(head: &str, percent: &str) -> String {
    format!(
        "format = 1\n{head}\nsource = \"a notice\"\n[policy]\nbasis = \"product_price\"\n\
         currency = \"USD\"\nrounding = \"floor\"\n[[rate]]\nrate = \"{percent}\"\n"
    )
}

/// A sandbox with the shop and these versions, each by name, head and percent.
fn shop_with(governed_by: &str, versions: &[(&str, &str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("schedules/shop/program.toml", &shop(governed_by));
    for (name, head, percent) in versions {
        sandbox.write(&format!("schedules/shop/{name}.toml"), &terms(head, percent));
    }
    sandbox
}

/// Imports orders of 100.00, each by number, and ordered, paid, finished.
fn orders(sandbox: &Sandbox, rows: &[(&str, &str, &str, &str)]) {
    let mut text =
        "order_no,line_no,ordered_at,paid_at,finished_at,product_price,status,currency\n"
            .to_owned();
    for (order_no, ordered, paid, finished) in rows {
        let _ = writeln!(text, "{order_no},1,{ordered},{paid},{finished},100.00,approved,USD");
    }
    sandbox.write("orders.csv", &text);
    sandbox.run("import orders.csv --program shop").expect(0);
}

/// Orders that were ordered, paid and finished at once.
fn orders_at(sandbox: &Sandbox, rows: &[(&str, &str)]) {
    let rows: Vec<(&str, &str, &str, &str)> =
        rows.iter().map(|(no, at)| (*no, *at, *at, *at)).collect();
    orders(sandbox, &rows);
}

/// Each order with its version and total, after a recompute.
fn taken(sandbox: &Sandbox) -> Vec<String> {
    sandbox.run("recompute").expect(0);
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    let cells = |row: &super::super::support::Row| {
        ["order_no", "schedule", "total"].map(|column| row.get(column).to_owned()).join(" ")
    };
    rows.iter().map(cells).collect()
}

#[test]
fn killbill_1329_a_version_that_says_less_does_not_end_the_search() {
    // There, the newest of three versions was missed because the one before lacked an optional key.
    let sandbox = shop_with(
        "paid",
        &[
            ("2024-01-01", "effective_on = 2024-01-01\nannounced_on = 2023-12-01", "5%"),
            ("2024-02-01", "effective_on = 2024-02-01", "6%"),
            ("2024-03-01", "effective_on = 2024-03-01\nannounced_on = 2024-02-01", "7%"),
        ],
    );
    orders_at(
        &sandbox,
        &[("1", "2024-01-15 10:00:00"), ("2", "2024-02-15 10:00:00"), ("3", "2024-04-15 10:00:00")],
    );
    assert_eq!(taken(&sandbox), ["1 2024-01-01 5.00", "2 2024-02-01 6.00", "3 2024-03-01 7.00"]);
}

#[test]
fn killbill_1842_every_order_after_the_change_takes_the_newer_version() {
    // There, of two customers with other days of the month one went on at the old price.
    let sandbox = shop_with(
        "paid",
        &[
            ("2023-03-01", "effective_on = 2023-03-01", "5%"),
            ("2023-04-15", "effective_on = 2023-04-15", "6%"),
        ],
    );
    orders_at(
        &sandbox,
        &[
            ("1", "2023-03-28 09:00:00"),
            ("2", "2023-04-06 09:00:00"),
            ("3", "2023-04-28 09:00:00"),
            ("4", "2023-05-06 09:00:00"),
            ("5", "2023-05-28 09:00:00"),
            ("6", "2033-05-28 09:00:00"),
        ],
    );
    assert_eq!(
        taken(&sandbox),
        [
            "1 2023-03-01 5.00",
            "2 2023-03-01 5.00",
            "3 2023-04-15 6.00",
            "4 2023-04-15 6.00",
            "5 2023-04-15 6.00",
            "6 2023-04-15 6.00",
        ]
    );
}

#[test]
fn killbill_1661_the_program_says_which_date_decides() {
    // There, some wanted a change in the middle of a period at once, others from the next one.
    let versions = [
        ("2024-01-01", "effective_on = 2024-01-01", "5%"),
        ("2024-03-31", "effective_on = 2024-03-31", "6%"),
        ("2024-04-30", "effective_on = 2024-04-30", "7%"),
    ];
    for (governed_by, expected) in [
        ("ordered", "1 2024-01-01 5.00"),
        ("paid", "1 2024-03-31 6.00"),
        ("finished", "1 2024-04-30 7.00"),
    ] {
        let sandbox = shop_with(governed_by, &versions);
        let at = ("1", "2024-03-30 12:00:00", "2024-03-31 12:00:00", "2024-05-01 12:00:00");
        orders(&sandbox, &[at]);
        assert_eq!(taken(&sandbox), [expected], "{governed_by}");
    }
}

#[test]
fn killbill_2291_two_changes_in_one_month_each_have_their_days() {
    // There, two changes in one period fell on one instant, and the oldest price won unseen.
    let sandbox = shop_with(
        "paid",
        &[
            ("2024-05-01", "effective_on = 2024-05-01", "5%"),
            ("2024-06-10", "effective_on = 2024-06-10", "6%"),
            ("2024-06-20", "effective_on = 2024-06-20", "7%"),
        ],
    );
    orders_at(
        &sandbox,
        &[
            ("1", "2024-05-01 00:00:00"),
            ("2", "2024-06-09 23:59:59"),
            ("3", "2024-06-10 00:00:00"),
            ("4", "2024-06-19 23:59:59"),
            ("5", "2024-06-20 00:00:00"),
            ("6", "2024-07-01 00:00:00"),
        ],
    );
    assert_eq!(
        taken(&sandbox),
        [
            "1 2024-05-01 5.00",
            "2 2024-05-01 5.00",
            "3 2024-06-10 6.00",
            "4 2024-06-10 6.00",
            "5 2024-06-20 7.00",
            "6 2024-06-20 7.00",
        ]
    );
}

#[test]
fn killbill_2291_two_changes_at_one_instant_stop_everything() {
    let sandbox = shop_with("paid", &[("2024-05-01", "effective_on = 2024-05-01", "5%")]);
    orders_at(&sandbox, &[("1", "2024-06-10 00:00:00")]);
    let before = taken(&sandbox);
    sandbox.write("schedules/shop/2024-06-10.toml", &terms("effective_on = 2024-06-10", "6%"));
    let other = terms("effective_at = 2024-06-10T00:00:00+02:00", "7%");
    sandbox.write("schedules/shop/2024-06-10-b.toml", &other);
    let refused = sandbox.run("recompute").expect(3);
    assert!(
        refused.err.contains("error[S015]: schedules/shop/2024-06-10.toml:2:1"),
        "{}",
        refused.err
    );
    assert!(
        refused.err.contains("as does schedules/shop/2024-06-10-b.toml:2:1"),
        "{}",
        refused.err
    );
    fs::remove_file(sandbox.path("schedules/shop/2024-06-10.toml")).expect("it is there");
    fs::remove_file(sandbox.path("schedules/shop/2024-06-10-b.toml")).expect("it is there");
    let again = sandbox.run("recompute").expect(0);
    assert!(again.out.contains("nothing to post: the ledger has these results already"));
    assert_eq!(before, ["1 2024-05-01 5.00"]);
}

/// Case G12: at eleven in Moscow on 20 February 2020 the eleven CIS markets changed. A product
/// outside the program earned little (the number is lost) before, and nothing from then on.
#[test]
fn the_cis_markets_change_at_eleven_in_moscow() {
    let report = "order_no,line_no,paid_at,product_price,status,ship_to,affiliate\n\
                  1,1,2020-02-20T10:59:59+03:00,50.00,approved,RU,N\n\
                  2,1,2020-02-20T11:00:00+03:00,50.00,approved,RU,N\n\
                  3,1,2020-02-20T11:00:00+03:00,50.00,approved,RU,Y\n";
    // The portal's own zone is Pacific time, in which that instant is midnight.
    for program in ["aliexpress-cis", "aliexpress-portal"] {
        let sandbox = Sandbox::with_ledger();
        sandbox.write("orders.csv", report);
        sandbox.run(&format!("import orders.csv --program {program}")).expect(0);
        sandbox.run("recompute").expect(0);
        let rows = sandbox.run("lines -O csv").expect(0).rows();
        let columns = ["order_no", "schedule", "verdict", "clause", "total"];
        let found: Vec<String> =
            rows.iter().map(|row| columns.map(|column| row.get(column)).join(" ")).collect();
        assert_eq!(
            found,
            [
                "1 2019-12-17 unverifiable non-affiliate products ",
                "2 2020-02-20 excluded February 2020 0.00",
                "3 2020-02-20 unverifiable February 2020 ",
            ],
            "{program}"
        );
        for (instant, version) in [
            ("2020-02-20T10:59:59+03:00", "2019-12-17"),
            ("2020-02-20T11:00:00+03:00", "2020-02-20"),
        ] {
            let at = sandbox.run(&format!("schedule at {program} {instant} -O csv")).expect(0);
            assert_eq!(at.rows()[0].get("schedule"), version);
        }
    }
}

/// The words that `schedule diff` has for each change, by section.
fn differences(ran: &Ran) -> Vec<String> {
    let rows = ran.rows();
    rows.iter().map(|row| format!("{}: {}", row.get("section"), row.get("in_words"))).collect()
}

#[test]
fn a_notice_becomes_a_version_by_copy_edit_check_diff_and_recompute() {
    let sandbox = super::evaluated();
    let begun = sandbox
        .run("schedule new example --from 2024-07-01 --effective 2024-08-01 --announced 2024-07-20 -O csv")
        .expect(0);
    let asked: Vec<String> = begun.rows().iter().map(|row| row.get("key").to_owned()).collect();
    assert_eq!(asked, ["source", "cap.scope"]);
    assert!(
        begun.err.contains("copied 5 shipped files of example into schedules/example"),
        "{}",
        begun.err
    );
    assert!(begun.err.contains("wrote schedules/example/2024-08-01.toml"), "{}", begun.err);
    assert!(begun.err.contains("2024-07-01 holds until then"), "{}", begun.err);

    // It loads as it is, with the same terms; only what is open, and the short notice, is told.
    let checked = sandbox.run("schedule check example").expect(1);
    assert!(
        checked.err.contains("2 questions are still open: `source`, `cap.scope`"),
        "{}",
        checked.err
    );
    assert!(checked.err.contains("0 errors, 2 warnings"), "{}", checked.err);
    let same = sandbox.run("schedule diff example 2024-07-01 2024-08-01").expect(0);
    assert!(same.out.contains("2024-07-01 and 2024-08-01 have the same terms"), "{}", same.out);

    let path = sandbox.path("schedules/example/2024-08-01.toml");
    let text = fs::read_to_string(&path).expect("the draft");
    let edited = text
        .replace(
            "\"OPEN: where are these terms written? (copied from 2024-07-01.toml)\"",
            "\"a mail\"",
        )
        .replace("\"OPEN: ", "\"")
        .replace("\"5.5%\"", "\"4%\"");
    fs::write(&path, edited).expect("it can be edited");
    let diff =
        sandbox.run("schedule diff example 2024-07-01.toml 2024-08-01.toml -O csv").expect(0);
    assert_eq!(
        differences(&diff),
        [
            "effect: takes effect at 2024-08-01T00:00:00+02:00",
            "effect: announced on 2024-07-20, 12 days before; 14 days are promised",
            "effect: the file is estimated",
            "rate: all lines that nothing before names: lowered from 5.5% to 4% (clause 5.9)",
        ]
    );
    let run = sandbox.run("recompute -O csv").expect(0);
    let moved: Vec<String> = run
        .rows()
        .iter()
        .map(|row| ["order_no", "line_no", "schedule", "total"].map(|c| row.get(c)).join(" "))
        .collect();
    assert_eq!(moved, ["2 1 2024-08-01 2.00", "2 2 2024-08-01 0.40", "3 1 2024-08-01 0.80"]);
}

#[test]
fn a_new_version_writes_over_nothing() {
    let sandbox = Sandbox::new();
    let own = "# mine\n".to_owned() + &super::example_terms(&[]);
    sandbox.write("schedules/example/2024-07-01.toml", &own);
    let new = "schedule new example --from 2024-07-01 --effective 2025-01-01";
    let first = sandbox.run(new).expect(0);
    assert!(first.err.contains("copied 4 shipped files of example"), "{}", first.err);
    let kept = fs::read_to_string(sandbox.path("schedules/example/2024-07-01.toml")).expect("mine");
    assert_eq!(kept, own);
    let draft = fs::read_to_string(sandbox.path("schedules/example/2025-01-01.toml")).expect("new");
    assert!(draft.starts_with("# mine\n"), "the copy is of the user's own file");

    let again = sandbox.run(new).expect(2);
    assert!(
        again.err.contains("error[U021]: example has a version 2025-01-01 already"),
        "{}",
        again.err
    );
    let after = fs::read_to_string(sandbox.path("schedules/example/2025-01-01.toml")).expect("new");
    assert_eq!(after, draft);

    // A refusal comes before anything is written.
    let sandbox = Sandbox::new();
    sandbox.run("schedule new example --from 2024-07-01 --effective 2024-07-01").expect(2);
    sandbox
        .run("schedule new gdeslon-iledebeaute --from 2025-05-01 --effective 2025-04-15")
        .expect(2);
    assert!(!sandbox.path("schedules").exists());
}

#[test]
fn every_shipped_version_can_be_copied_and_loads_at_once() {
    let sandbox = Sandbox::new();
    let all = sandbox.run("schedule list -O csv").expect(0).rows();
    assert!(all.len() > 20, "the history is shipped");
    for (at, row) in all.iter().enumerate() {
        let (program, from) = (row.get("program"), row.get("schedule"));
        let slug = format!("copy{at}");
        let effective = format!("2027-01-01T{:02}:{:02}:00Z", at / 60 + 12, at % 60);
        let words = [
            "schedule",
            "new",
            program,
            "--from",
            from,
            "--effective",
            &effective,
            "--slug",
            &slug,
        ];
        let begun = sandbox.run_words(&words).expect(0);
        assert!(begun.out.contains("source"), "{}", begun.out);
        let id = format!("2027-01-01-{slug}");
        let diff = sandbox.run_words(&["schedule", "diff", program, from, &id]).expect(0);
        assert!(diff.out.contains("have the same terms"), "{program} {from}\n{}", diff.out);
    }
    let checked = sandbox.run("schedule check -O csv").expect(1);
    assert!(checked.rows().iter().all(|row| row.get("severity") == "warning"), "{}", checked.out);
}

#[test]
fn an_amendment_is_begun_listed_and_told() {
    let sandbox = Sandbox::new();
    sandbox
        .run(
            "schedule new example --from 2024-07-01 --effective 2024-07-10 \
             --supersedes 2024-07-01 --learned 2024-06-20",
        )
        .expect(0);
    let listed = sandbox.run("schedule list example -O csv").expect(0).rows();
    let found: Vec<String> = listed
        .iter()
        .map(|row| ["schedule", "until", "superseded_by"].map(|column| row.get(column)).join(" "))
        .collect();
    assert_eq!(
        found,
        [
            "2023-01-01 2023-10-01T00:00:00+02:00 ",
            "2023-10-01 2024-07-10T00:00:00+02:00 ",
            "2024-07-01  2024-07-10",
            "2024-07-10  ",
        ]
    );
    let shown = sandbox.run("schedule show example 2024-07-01").expect(0).out;
    let lines: Vec<&str> = shown.lines().take(3).collect();
    assert_eq!(
        lines,
        [
            "example 2024-07-01",
            "not in force: superseded by 2024-07-10 since 2024-06-20",
            "by its own text in force from 2024-07-01T00:00:00+02:00 until further notice",
        ]
    );
    let diff = sandbox.run("schedule diff example 2024-07-01 2024-07-10 -O csv").expect(0);
    let told = differences(&diff);
    assert!(
        told.contains(&"effect: replaces 2024-07-01, as learned on 2024-06-20".to_owned()),
        "{told:?}"
    );
}

#[test]
fn a_file_outside_the_folder_is_compared_whatever_its_name() {
    let sandbox = Sandbox::new();
    let text = super::lower_terms("2024-10-01");
    sandbox.write("drafts/from the mail.toml", &text);
    let diff = sandbox
        .run("schedule diff example 2024-07-01 \"drafts/from the mail.toml\" -O json")
        .expect(0);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&diff.out).expect("one document");
    let rate = rows.iter().find(|row| row["section"] == "rate").expect("the rate moved");
    assert_eq!(
        *rate,
        serde_json::json!({
            "section": "rate",
            "subject": "all",
            "change": "changed",
            "before": "5.5% (clause 5.9)",
            "after": "4% (clause 5.9)",
            "in_words": "all lines that nothing before names: lowered from 5.5% to 4% (clause 5.9)",
        })
    );
    let same = sandbox.run("schedule diff example 2024-07-01 2024-07-01 -O json").expect(0);
    assert_eq!(same.out, "[]\n");
    assert_eq!(same.err, "2024-07-01 and 2024-07-01 have the same terms\n");
}

#[test]
fn a_question_with_another_reading_is_opened_too() {
    let sandbox = Sandbox::new();
    let new = sandbox
        .run("schedule new aliexpress-nordic --from 2024-05-07 --effective 2026-12-01 -O csv");
    let keys: Vec<String> =
        new.expect(0).rows().iter().map(|row| row.get("key").to_owned()).collect();
    for key in ["groups.eu", "rate", "cap.covers"] {
        assert!(keys.iter().any(|known| known == key), "{key} is not among {keys:?}");
    }
    let text = fs::read_to_string(sandbox.path("schedules/aliexpress-nordic/2026-12-01.toml"));
    let text = text.expect("the draft");
    assert!(text.contains("\"rate\" = { why = \"OPEN: the category table is lost"), "{text}");
    assert!(text.contains("rate = \"8.1%\""), "the other reading is kept");
    let check = sandbox.run("schedule check aliexpress-nordic").expect(1);
    assert!(check.err.contains("rate"), "{}", check.err);
}
