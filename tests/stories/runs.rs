//! Recompute: what it posts, what it says changed and why, and what stops it.

use super::super::support::{Ran, Row, Sandbox};
use super::{
    ORDERS, evaluated, example_terms, generated, import, ledger_bytes, line, lines, lower_terms,
    report,
};

/// What changed, as `order line why before after`.
fn changes(ran: &Ran) -> Vec<String> {
    let columns = ["order_no", "line_no", "why", "total_before", "total"];
    let told = |row: &Row| columns.map(|column| row.get(column).to_owned()).join(" ");
    ran.rows().iter().map(told).collect()
}

/// Orders that a run has seen, by number.
fn seen(sandbox: &Sandbox) -> Vec<String> {
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    let mut seen: Vec<String> = rows
        .iter()
        .filter(|row| !row.get("verdict").is_empty())
        .map(|row| row.get("order_no").to_owned())
        .collect();
    seen.dedup();
    seen
}

#[test]
fn the_first_run_posts_everything_and_the_second_nothing() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &report(&ORDERS));
    let first = sandbox.run("recompute").expect(0);
    insta::assert_snapshot!(first.out, @r"
    3 orders with 4 lines evaluated: 3 for the first time, 0 changed
    lines: 4 commissionable
    posted as run 1:
      example +9.90 USD
    ");
    let before = ledger_bytes(&sandbox);
    let second = sandbox.run("recompute").expect(0);
    insta::assert_snapshot!(second.out, @r"
    3 orders with 4 lines evaluated: 0 for the first time, 0 changed
    lines: 4 commissionable
    nothing to post: the ledger has these results already
    ");
    assert_eq!(ledger_bytes(&sandbox), before);
    sandbox.run("recompute --all -O json").expect(0);
    assert_eq!(ledger_bytes(&sandbox), before);
}

#[test]
fn a_run_keeps_to_its_month_its_days_and_its_program() {
    for (scope, expected) in [
        ("--month 2024-08", vec!["2"]),
        ("--from 2024-08-10", vec!["5", "2", "3"]),
        ("--to 2024-08-10", vec!["1", "2"]),
        ("--from 2024-07-11 --to 2024-08-09", vec![]),
        ("--from 2024-07 --to 2024-08", vec!["1", "2"]),
        ("--program aliexpress-nordic", vec!["5"]),
        ("--program example --month 2024-09", vec!["3"]),
        ("--all", vec!["5", "1", "2", "3"]),
    ] {
        let sandbox = Sandbox::new();
        import(&sandbox, "orders.csv", &report(&ORDERS));
        sandbox.write("other.csv", &report(&["5,1,2024-09-10 10:00:00,10.00,pending"]));
        sandbox.run("import other.csv --program aliexpress-nordic").expect(0);
        sandbox.run(&format!("recompute {scope}")).expect(0);
        assert_eq!(seen(&sandbox), expected, "{scope}");
        sandbox.run("recompute").expect(0);
        assert_eq!(seen(&sandbox).len(), 4, "{scope}");
    }
}

#[test]
fn an_order_without_a_day_is_in_no_month() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &report(&["4,1,,10.00,pending"]));
    sandbox.run("recompute --from 2000-01 --to 2100-01").expect(0);
    assert_eq!(seen(&sandbox), Vec::<String>::new());
    sandbox.run("recompute").expect(0);
    assert_eq!(seen(&sandbox), ["4"]);
}

#[test]
fn a_later_report_is_a_new_revision() {
    let sandbox = evaluated();
    import(
        &sandbox,
        "later.csv",
        &report(&[
            "2,2,2024-08-10 10:00:00,10.00,declined",
            "3,1,2024-09-10 10:00:00,30.00,settled",
        ]),
    );
    // Until the next run the lines are as last computed.
    let waiting = sandbox.run("lines -O csv").expect(0);
    assert_eq!(waiting.err, "3 lines wait for `feebook recompute`\n");
    assert_eq!(line(&waiting.rows(), "2", "2").get("status"), "pending");
    let run = sandbox.run("recompute -O csv").expect(0);
    assert_eq!(changes(&run), ["2 2 new revision 0.55 0.00", "3 1 new revision 1.10 1.65"]);
    assert!(run.err.contains("posted as run 2:\n  example +0.00 USD"), "{}", run.err);
}

#[test]
fn a_changed_line_that_moves_the_cap_moves_its_neighbours() {
    let sandbox = Sandbox::new();
    let day = "2024-08-10 10:00:00";
    let (first, second) =
        (format!("1,1,{day},500.00,approved"), format!("1,2,{day},500.00,approved"));
    import(&sandbox, "orders.csv", &report(&[&first, &second]));
    sandbox.run("recompute").expect(0);
    import(&sandbox, "later.csv", &report(&[&second.replace("approved", "declined")]));
    let run = sandbox.run("recompute -O csv").expect(0);
    assert_eq!(
        changes(&run),
        ["1 1 another line of the order 19.00 27.50", "1 2 new revision 19.00 0.00"]
    );
}

#[test]
fn an_import_taken_back_is_told_as_such() {
    let sandbox = evaluated();
    import(&sandbox, "more.csv", &report(&["7,1,2024-09-10 10:00:00,70.00,pending"]));
    sandbox.run("recompute").expect(0);
    sandbox.run("imports undo 2").expect(0);
    let run = sandbox.run("recompute -O csv").expect(0);
    assert_eq!(changes(&run), ["7 1 import taken back 3.85 "]);
    assert!(run.err.contains("example -3.85 USD"), "{}", run.err);
    let before = ledger_bytes(&sandbox);
    sandbox.run("recompute").expect(0);
    assert_eq!(ledger_bytes(&sandbox), before);
}

#[test]
fn a_mended_text_of_the_terms_moves_the_orders_under_it() {
    let sandbox = evaluated();
    let mended = example_terms(&[("rate = \"5.5%\"", "rate = \"6.5%\"")]);
    sandbox.write("schedules/example/2024-07-01.toml", &mended);
    let run = sandbox.run("recompute").expect(0);
    let wins = "schedules/example/2024-07-01.toml replaces the shipped example/2024-07-01.toml\n";
    assert_eq!(run.err, wins);
    insta::assert_snapshot!(run.out, @r"
    3 orders with 4 lines evaluated: 0 for the first time, 3 changed (4 lines)
    lines: 4 commissionable
    posted as run 2:
      example +1.80 USD

    program  order_no  line_no  why                schedule_before  schedule    status_before  status    verdict_before  verdict         total_before  total
    example  1         1        new schedule text  2024-07-01       2024-07-01  approved       approved  commissionable  commissionable          5.50   6.50
    example  2         1        new schedule text  2024-07-01       2024-07-01  approved       approved  commissionable  commissionable          2.75   3.25
    example  2         2        new schedule text  2024-07-01       2024-07-01  pending        pending   commissionable  commissionable          0.55   0.65
    example  3         1        new schedule text  2024-07-01       2024-07-01  settled        settled   commissionable  commissionable          1.10   1.30
    ");
    // Words that change nothing are no change.
    sandbox.write("schedules/example/2024-07-01.toml", &format!("# as sent\n{mended}"));
    let run = sandbox.run("recompute -O csv").expect(0);
    assert_eq!(changes(&run), Vec::<String>::new());
}

#[test]
fn a_new_version_leaves_earlier_orders_alone() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &generated(300));
    sandbox.run("recompute").expect(0);
    let question = "lines --to 2024-07-31 -O csv";
    let (earlier, all) = (sandbox.run(question).expect(0).out, lines(&sandbox));
    sandbox.write("schedules/example/2024-08-01.toml", &lower_terms("2024-08-01"));
    let run = sandbox.run("recompute -O csv").expect(0);
    assert_eq!(sandbox.run(question).expect(0).out, earlier);
    assert_ne!(lines(&sandbox), all);
    let changed = run.rows();
    assert!(!changed.is_empty());
    for row in changed {
        assert_eq!(row.get("schedule_before"), "2024-07-01");
        assert_eq!([row.get("schedule"), row.get("why")], ["2024-08-01", "new schedule text"]);
    }
    // Without the file everything is as it was.
    std::fs::remove_file(sandbox.path("schedules/example/2024-08-01.toml")).expect("a file");
    sandbox.run("recompute").expect(0);
    assert_eq!(lines(&sandbox), all);
}

#[test]
fn terms_that_do_not_load_stop_everything() {
    let sandbox = evaluated();
    import(&sandbox, "more.csv", &report(&["7,1,2024-09-10 10:00:00,70.00,pending"]));
    let before = ledger_bytes(&sandbox);
    let broken = example_terms(&[
        ("effective_on = 2024-07-01", "effective_on = 2024-11-01"),
        ("rate = \"5.5%\"", "rate = 5.5"),
        ("currency    = \"USD\"", "currency    = \"USX\""),
    ]);
    sandbox.write("schedules/example/2024-11-01.toml", &broken);
    // Terms are loaded whole: a broken file stops other programs too.
    for scope in ["", "--month 2024-07", "--program aliexpress-nordic", "--program example"] {
        let run = sandbox.run(&format!("recompute {scope}")).expect(3);
        assert_eq!(run.out, "");
        let places = run.err.matches("schedules/example/2024-11-01.toml:").count();
        assert_eq!(places, 2, "every error of every file: {}", run.err);
    }
    assert_eq!(ledger_bytes(&sandbox), before);
}

#[test]
fn two_versions_of_one_day_stop_everything_and_are_both_named() {
    let sandbox = evaluated();
    sandbox.write("schedules/example/2024-07-01-again.toml", &example_terms(&[]));
    let run = sandbox.run("recompute").expect(3);
    assert!(run.err.contains("2024-07-01-again"), "{}", run.err);
    assert!(run.err.contains("example/2024-07-01.toml"), "{}", run.err);
}

#[test]
fn terms_that_need_a_plugin_are_refused_and_other_programs_go_on() {
    let sandbox = Sandbox::new();
    let plugin = example_terms(&[
        ("effective_on = 2024-07-01", "effective_on = 2024-08-01"),
        ("[cap]\n", "[plugin]\nname = \"tiers\"\n\n[cap]\n"),
    ]);
    sandbox.write("schedules/example/2024-08-01.toml", &plugin);
    import(&sandbox, "orders.csv", &report(&ORDERS));
    sandbox.write("other.csv", &report(&["5,1,2024-09-10 10:00:00,10.00,pending"]));
    sandbox.run("import other.csv --program aliexpress-nordic").expect(0);
    let before = ledger_bytes(&sandbox);
    let refused = sandbox.run("recompute").expect(5);
    insta::assert_snapshot!(refused.err, @r"
    error[P002]: schedules/example/2024-08-01.toml, orders of 2024-08-10: the plugin `tiers` is needed, and there is no schedules/example/plugins.toml
    hint: feebook plugin stamp tiers LIBRARY --program example --from 2024-08-10
    ");
    assert_eq!(ledger_bytes(&sandbox), before);
    sandbox.run("recompute --program aliexpress-nordic").expect(0);
    assert_eq!(seen(&sandbox), ["5"]);
    // The months before the plugin's version need none.
    sandbox.run("recompute --month 2024-07").expect(0);
    assert_eq!(seen(&sandbox), ["5", "1"]);
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_anything_is_posted() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &report(&ORDERS));
    sandbox.run("recompute -O csv -o missing/changes.csv").expect(6);
    assert_eq!(seen(&sandbox), Vec::<String>::new());
    sandbox.run("recompute -o changes.csv").expect(0);
    assert_eq!(seen(&sandbox).len(), 3);
}

#[test]
fn a_ledger_of_a_program_that_has_no_terms_any_more_says_so() {
    let sandbox = Sandbox::new();
    let terms = "format = 1\neffective_on = 2020-01-01\nsource = \"a story\"\n[policy]\n\
        basis = \"product_price\"\ncurrency = \"EUR\"\nrounding = \"floor\"\n[[rate]]\n\
        rate = \"10%\"\n";
    let program = "format = 1\nname = \"Own\"\ntimezone = \"UTC\"\npayout_currency = \"EUR\"\n\
        governed_by = \"paid\"\n";
    sandbox.write("own/mine/program.toml", program);
    sandbox.write("own/mine/2020-01-01.toml", terms);
    sandbox.write("orders.csv", "order_no,line_no,paid_at,product_price\n1,1,2024-01-01,\n");
    sandbox.run("import orders.csv --program mine --schedules own").expect(4);
    sandbox
        .write("orders.csv", "order_no,line_no,paid_at,product_price\n1,1,2024-01-01 00:00:00,5\n");
    sandbox.run("import orders.csv --program mine --schedules own").expect(0);
    sandbox.run("recompute --schedules own").expect(0);
    let gone = sandbox.run("recompute").expect(2);
    assert!(gone.err.contains("the ledger has facts of `mine`"), "{}", gone.err);
    // What was found is still known: the terms are in the ledger.
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    assert_eq!(line(&rows, "1", "1").get("total"), "0.50");
    sandbox.run("explain 1").expect(0);
}
