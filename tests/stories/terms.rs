//! The terms: listed, shown, found by date, checked, written out, and a folder laid over them.

use std::fs;

use super::super::support::{Sandbox, root};
use super::{example_terms, lower_terms};

/// The version in force, by `schedule at`.
#[track_caller]
fn in_force(sandbox: &Sandbox, program: &str, instant: &str) -> String {
    let ran = sandbox.run_words(&["schedule", "at", program, instant, "-O", "csv"]).expect(0);
    ran.rows()[0].get("schedule").to_owned()
}

#[test]
fn the_shipped_programs_are_always_there() {
    let sandbox = Sandbox::new();
    let programs = sandbox.run("program list -O csv").expect(0).rows();
    let listed = |name: &str| {
        let found = programs.iter().find(|row| row.get("program") == name).expect("it is shipped");
        ["network", "payout_currency", "timezone", "first"].map(|column| found.get(column))
    };
    assert_eq!(
        listed("aliexpress-nordic"),
        ["Nordic listing", "NOK", "America/Los_Angeles", "2024-05-07"]
    );
    assert_eq!(listed("example"), ["Example Network", "NOK", "Europe/Oslo", "2023-01-01"]);
    let shown = sandbox.run("program show aliexpress-nordic -O csv").expect(0).rows();
    let value = |key: &str| {
        shown.iter().find(|row| row.get("key") == key).map(|row| row.get("value").to_owned())
    };
    assert_eq!(value("governed_by").as_deref(), Some("paid"));
    assert_eq!(value("listing.cps").as_deref(), Some("6.3%"));
    let zone = shown.iter().find(|row| row.get("key") == "timezone").expect("a zone");
    assert_ne!(zone.get("assumed"), "", "the zone is assumed");
}

#[test]
fn an_unknown_program_is_answered_with_the_nearest() {
    let sandbox = Sandbox::with_ledger();
    for command in [
        "program show exmple",
        "schedule list exmple",
        "schedule show exmple",
        "schedule at exmple 2024-07-01",
        "schedule check exmple",
        "schedule export exmple out",
        "lines --program exmple",
        "statement --program exmple",
    ] {
        let ran = sandbox.run(command).expect(2);
        assert_eq!(
            ran.err, "error[U001]: there is no program `exmple`\nhint: did you mean `example`?\n",
            "{command}"
        );
    }
    assert!(!sandbox.path("out").exists());
}

#[test]
fn versions_are_listed_with_their_periods() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.run("schedule list example -O csv").expect(0).out, @r"
    program,schedule,from,until,announced_on,checked_on,status,rates,assumed,superseded_by
    example,2023-01-01,2023-01-01T00:00:00+01:00,2023-10-01T00:00:00+02:00,2022-12-12,2026-11-22,confirmed,9,3,
    example,2023-10-01,2023-10-01T00:00:00+02:00,2024-07-01T00:00:00+02:00,2023-09-11,2026-11-22,confirmed,9,1,
    example,2024-07-01,2024-07-01T00:00:00+02:00,,2024-06-10,2026-11-22,confirmed,10,1,
    ");
    let all = sandbox.run("schedule list -O csv").expect(0).rows();
    let of_example = all.iter().filter(|row| row.get("program") == "example");
    assert!(of_example.count() == 3 && all.len() > 3);
}

#[test]
fn a_version_governs_to_the_second() {
    let sandbox = Sandbox::new();
    for (instant, expected) in [
        ("2024-06-30T23:59:59+02:00", "2023-10-01"),
        ("2024-07-01T00:00:00+02:00", "2024-07-01"),
        ("2024-06-30T21:59:59Z", "2023-10-01"),
        ("2024-06-30T22:00:00Z", "2024-07-01"),
        ("2024-06-30 23:59:59", "2023-10-01"),
        ("2024-07-01 00:00:00", "2024-07-01"),
        ("2024-06-30", "2023-10-01"),
        ("2024-07-01", "2024-07-01"),
        ("2023-01-01", "2023-01-01"),
    ] {
        assert_eq!(in_force(&sandbox, "example", instant), expected, "{instant}");
    }
    let before = sandbox.run("schedule at example 2022-12-31").expect(2);
    assert!(
        before.err.contains("no terms in force at 2022-12-31T00:00:00+01:00"),
        "{}",
        before.err
    );
    let wrong = sandbox.run("schedule at example yesterday").expect(2);
    assert!(wrong.err.contains("\"yesterday\" is no instant"), "{}", wrong.err);
}

#[test]
fn a_version_is_shown_by_name_or_by_date() {
    let sandbox = Sandbox::new();
    let named = sandbox.run("schedule show example 2023-10-01").expect(0).out;
    assert_eq!(sandbox.run("schedule show example 2023-10-01.toml").expect(0).out, named);
    assert_eq!(sandbox.run("schedule show example --at 2024-06-30").expect(0).out, named);
    assert!(named.starts_with("example 2023-10-01\n"), "{named}");
    assert!(named.contains("8.5%: categories 22, 33, 46, 141; clause 5.4"), "{named}");
    let today = sandbox.run("schedule show aliexpress-nordic").expect(0).out;
    assert!(today.contains("assumed rate: the category table is lost"), "{today}");
    let unknown = sandbox.run("schedule show example 2019").expect(2);
    assert_eq!(
        unknown.err,
        "error[U007]: example has no version `2019`\n\
         hint: it has 2023-01-01, 2023-10-01, 2024-07-01\n"
    );
    sandbox.run("schedule show example --at 2022-01-01").expect(2);
    sandbox.run("schedule show example 2024-07-01 --at 2024-07-01").expect(2);
}

#[test]
fn the_shipped_terms_have_nothing_to_find() {
    let sandbox = Sandbox::new();
    for line in ["schedule check", "schedule check example", "schedule check aliexpress-nordic"] {
        let ran = sandbox.run(line).expect(0);
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""), "{line}");
    }
}

#[test]
fn a_check_tells_every_error_of_every_file_with_its_place() {
    let sandbox = Sandbox::new();
    let broken = example_terms(&[
        ("effective_on = 2024-07-01", "effective_on = 2024-10-01"),
        ("rate = \"5.5%\"", "rate = 5.5"),
        ("rounding    = \"half_even\"", "roundign    = \"half_even\""),
    ]);
    sandbox.write("schedules/example/2024-10-01.toml", &broken);
    let ran = sandbox.run("schedule check").expect(3);
    assert_eq!(ran.out, "");
    insta::assert_snapshot!(ran.err, @r###"
    error[S003]: schedules/example/2024-10-01.toml:12:1
    12 | [policy]
       | ^^^^^^^^
    [policy] has no `rounding`
    hint: add `rounding = …`

    error[S002]: schedules/example/2024-10-01.toml:15:1
    15 | roundign    = "half_even"
       | ^^^^^^^^
    unknown key `roundign` in [policy]
    hint: did you mean `rounding`?

    error[S005]: schedules/example/2024-10-01.toml:107:8
    107 | rate = 5.5
        |        ^^^
    `rate` is a float, expected a string
    hint: write a percent as a string, such as "6.3%", with at most four decimals

    3 errors, 0 warnings
    "###);
    let rows = sandbox.run("schedule check example -O csv").expect(3).rows();
    assert!(rows.iter().all(|row| row.get("file") == "schedules/example/2024-10-01.toml"));
    let json = sandbox.run("schedule check -O json").expect(3);
    serde_json::from_str::<serde_json::Value>(&json.out).expect("one JSON document");
    // The other program's files are in order.
    sandbox.run("schedule check aliexpress-nordic").expect(0);
}

#[test]
fn a_warning_is_a_finding_and_no_error() {
    let sandbox = Sandbox::new();
    // Announced a day before, where two weeks are promised.
    let late = lower_terms("2024-08-01").replace("2024-07-20", "2024-07-31");
    sandbox.write("schedules/example/2024-08-01.toml", &late);
    let ran = sandbox.run("schedule check example -O csv").expect(1);
    assert!(ran.rows().iter().any(|row| row.get("severity") == "warning"), "{}", ran.out);
    sandbox.run("init").expect(0);
    sandbox.run("recompute").expect(0);
}

#[test]
fn a_program_is_written_out_and_nothing_is_written_over() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("schedule export example out").expect(0);
    assert_eq!(ran.out, "");
    let shipped = root().join("schedules/example");
    for name in ["program.toml", "categories.csv", "2023-01-01.toml", "2024-07-01.toml"] {
        let written = fs::read(sandbox.path("out/example").join(name)).expect("a file");
        assert_eq!(written, fs::read(shipped.join(name)).expect("a shipped file"), "{name}");
    }
    sandbox.write("out/example/2023-10-01.toml", "mine");
    fs::remove_file(sandbox.path("out/example/program.toml")).expect("a file");
    let refused = sandbox.run("schedule export example out").expect(6);
    assert!(refused.err.contains("cannot write out/example/2023-01-01.toml"), "{}", refused.err);
    let mine = fs::read_to_string(sandbox.path("out/example/2023-10-01.toml")).expect("a file");
    assert_eq!(mine, "mine");
    assert!(!sandbox.path("out/example/program.toml").exists(), "half of it was written");
    sandbox.run("schedule export reports out").expect(2);
}

#[test]
fn what_was_written_out_says_the_same_as_what_is_shipped() {
    let sandbox = Sandbox::new();
    let shipped = sandbox.run("schedule list").expect(0);
    sandbox.run("schedule export example schedules").expect(0);
    let laid_over = sandbox.run("schedule list").expect(0);
    assert_eq!((laid_over.out, laid_over.err), (shipped.out, shipped.err));
}

#[test]
fn a_folder_with_one_new_version_is_laid_over() {
    let sandbox = Sandbox::new();
    sandbox.write("schedules/example/2024-10-01.toml", &lower_terms("2024-10-01"));
    assert_eq!(in_force(&sandbox, "example", "2024-09-30"), "2024-07-01");
    assert_eq!(in_force(&sandbox, "example", "2024-10-01"), "2024-10-01");
    let at = sandbox.run("schedule at example 2024-10-01 -O csv").expect(0);
    assert_eq!(at.rows()[0].get("file"), "schedules/example/2024-10-01.toml");
    assert_eq!(at.err, "");
    let programs = sandbox.run("program list -O csv").expect(0).rows();
    assert!(programs.iter().any(|row| row.get("program") == "aliexpress-nordic"));
    // A folder of another name must be named.
    fs::rename(sandbox.path("schedules"), sandbox.path("terms")).expect("a folder");
    assert_eq!(in_force(&sandbox, "example", "2024-10-01"), "2024-07-01");
    let named = sandbox.run("--schedules terms schedule at example 2024-10-01 -O csv").expect(0);
    assert_eq!(named.rows()[0].get("schedule"), "2024-10-01");
    sandbox.run("--schedules nowhere program list").expect(6);
}

#[test]
fn a_file_of_the_same_path_wins_and_says_so() {
    let sandbox = Sandbox::new();
    let mine = example_terms(&[("rate = \"5.5%\"", "rate = \"6.5%\"")]);
    sandbox.write("schedules/example/2024-07-01.toml", &mine);
    let shown = sandbox.run("schedule show example 2024-07-01").expect(0);
    assert_eq!(
        shown.err,
        "schedules/example/2024-07-01.toml replaces the shipped example/2024-07-01.toml\n"
    );
    assert!(shown.out.contains("6.5%: all; clause 5.9"), "{}", shown.out);
}

#[test]
fn a_program_of_ones_own_needs_two_files() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "schedules/mine/program.toml",
        "format = 1\nname = \"Mine\"\ntimezone = \"UTC\"\npayout_currency = \"EUR\"\n\
         governed_by = \"ordered\"\n",
    );
    let empty = sandbox.run("schedule at mine 2024-01-01").expect(2);
    assert!(empty.err.contains("mine has no terms in force"), "{}", empty.err);
    sandbox.write(
        "schedules/mine/2020-01-01.toml",
        "format = 1\neffective_on = 2020-01-01\nsource = \"a story\"\n[policy]\n\
         basis = \"product_price\"\ncurrency = \"EUR\"\nrounding = \"half_up\"\n[[rate]]\n\
         rate = \"10%\"\n",
    );
    assert_eq!(in_force(&sandbox, "mine", "2024-01-01"), "2020-01-01");
    let header = "order_no,line_no,ordered_at,paid_at,product_price,currency\n";
    sandbox.write("orders.csv", &format!("{header}1,1,2024-01-01 00:00:00,,10.05,EUR\n"));
    sandbox.run("import orders.csv --program mine").expect(0);
    sandbox.run("recompute").expect(0);
    // 1.005 to the nearest cent, a half up.
    assert_eq!(sandbox.run("lines -O csv").expect(0).rows()[0].get("total"), "1.01");
}
