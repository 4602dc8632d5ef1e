//! Reports in: what an import keeps, what it refuses, and that the order of imports never matters.

use std::fs;

use super::super::support::{Row, Sandbox, root};
use super::{HEADER, ORDERS, evaluated, full_report, import, ledger_bytes, line, lines, report};

/// The counts of an import: added, revised, unchanged, rejected.
fn counts(row: &Row) -> [String; 4] {
    ["added", "revised", "unchanged", "rejected"].map(|column| row.get(column).to_owned())
}

/// Three reports of the same orders, each later than the one before.
const HISTORY: [(&str, &str); 3] = [
    ("june.csv", "1,1,2024-08-10 10:00:00,100.00,pending\n2,1,2024-08-10 10:00:00,50.00,pending"),
    (
        "july.csv",
        "1,1,2024-08-10 10:00:00,100.00,approved\n2,1,2024-08-10 10:00:00,50.00,approved\n\
         3,1,2024-09-10 10:00:00,20.00,pending",
    ),
    ("august.csv", "2,1,2024-08-10 10:00:00,50.00,declined\n10,1,2024-09-11 10:00:00,7.00,settled"),
];

/// Imports the history in some order and evaluates it: lines, and a statement.
fn told_in(order: [usize; 3]) -> [String; 2] {
    let sandbox = Sandbox::new();
    for at in order {
        let (name, rows) = HISTORY[at];
        import(&sandbox, name, &report(&rows.lines().collect::<Vec<_>>()));
    }
    sandbox.run("recompute").expect(0);
    ["lines -O csv", "statement -O csv"].map(|line| sandbox.run(line).expect(0).out)
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &report(&ORDERS));
    let before = ledger_bytes(&sandbox);
    let again = sandbox.run("import orders.csv --program example -O csv").expect(0);
    assert_eq!(counts(&again.rows()[0]), ["0", "0", "0", "0"]);
    assert_eq!(again.err, "orders.csv: imported before, as import 1; nothing changed\n");
    // It is the bytes that count, not the name.
    import(&sandbox, "renamed.csv", &report(&ORDERS));
    assert_eq!(ledger_bytes(&sandbox), before);
    assert_eq!(sandbox.run("imports list -O csv").expect(0).rows().len(), 1);
}

#[test]
fn rows_that_another_file_said_are_unchanged() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &report(&ORDERS));
    sandbox.run("recompute").expect(0);
    let before = lines(&sandbox);
    let more = [&ORDERS[..], &["4,1,2024-09-11 10:00:00,1.00,pending"]].concat();
    sandbox.write("more.csv", &report(&more));
    let second = sandbox.run("import more.csv --program example -O csv").expect(0);
    assert_eq!(counts(&second.rows()[0]), ["1", "0", "4", "0"]);
    let after = lines(&sandbox);
    assert_eq!(after.strip_prefix(&before), Some("example,4,1,,pending,,,,,,,,,\n"));
}

#[test]
fn reports_in_any_order_come_to_the_same() {
    let told = told_in([0, 1, 2]);
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(told_in(order), told, "{order:?}");
    }
}

#[test]
fn a_line_goes_from_pending_to_approved_to_declined() {
    let sandbox = Sandbox::new();
    let mut told = Vec::new();
    for (name, rows) in HISTORY {
        import(&sandbox, name, &report(&rows.lines().collect::<Vec<_>>()));
        sandbox.run("recompute").expect(0);
        let row = line(&sandbox.run("lines -O csv").expect(0).rows(), "2", "1");
        told.push(["status", "verdict", "total"].map(|column| row.get(column).to_owned()));
    }
    assert_eq!(
        told,
        [
            ["pending", "commissionable", "2.75"],
            ["approved", "commissionable", "2.75"],
            ["declined", "declined", "0.00"]
        ]
    );
}

#[test]
fn an_earlier_state_that_arrives_late_does_not_count() {
    let sandbox = Sandbox::new();
    import(&sandbox, "later.csv", &report(&["1,1,2024-08-10 10:00:00,100.00,settled"]));
    let late = report(&["1,1,2024-08-10 10:00:00,100.00,pending"]);
    import(&sandbox, "earlier.csv", &late);
    sandbox.run("recompute").expect(0);
    let status = |sandbox: &Sandbox| {
        line(&sandbox.run("lines -O csv").expect(0).rows(), "1", "1").get("status").to_owned()
    };
    assert_eq!(status(&sandbox), "settled");
    // What the network said on a later day counts, whatever the rank of its state.
    sandbox.run("import earlier.csv --program example --as-of 2024-10-01").expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(status(&sandbox), "pending");
}

#[test]
fn the_rows_own_date_beats_the_rank_of_the_state() {
    let row = |status: &str, updated_at: &str| {
        full_report(&[&format!(
            "1,1,2024-08-10 10:00:00,100.00,{status},163,NO,CN,USD,N,blog,{updated_at}"
        )])
    };
    let reports = [row("approved", "2024-09-02 00:00:00"), row("reversed", "2024-09-01 00:00:00")];
    for order in [[0, 1], [1, 0]] {
        let sandbox = Sandbox::new();
        for at in order {
            import(&sandbox, &format!("{at}.csv"), &reports[at]);
        }
        sandbox.run("recompute").expect(0);
        let row = line(&sandbox.run("lines -O csv").expect(0).rows(), "1", "1");
        assert_eq!([row.get("status"), row.get("total")], ["approved", "5.50"]);
    }
}

#[test]
fn two_reports_that_nothing_tells_apart_are_a_finding() {
    let row = |placement: &str| {
        full_report(&[&format!(
            "1,1,2024-08-10 10:00:00,100.00,approved,163,NO,CN,USD,N,{placement},"
        )])
    };
    let told_in = |order: [&str; 2]| {
        let sandbox = Sandbox::new();
        for placement in order {
            import(&sandbox, &format!("{placement}.csv"), &row(placement));
        }
        sandbox.run("recompute").expect(0);
        let findings = sandbox.run("check -O csv").expect(1);
        assert_eq!(findings.rows()[0].get("check"), "conflict");
        sandbox.run("statement --by placement -O csv").expect(0).out
    };
    assert_eq!(told_in(["blog", "newsletter"]), told_in(["newsletter", "blog"]));
}

#[test]
fn a_dry_run_tells_what_an_import_would_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let (first, second) = (report(&ORDERS), report(&["1,1,2024-07-10 10:00:00,100.00,declined"]));
    sandbox.write("first.csv", &first);
    sandbox.write("second.csv", &second);
    sandbox.write("third.csv", &full_report(&["5,1,soon,1.00,,,,,,,,", "6,1,,1.00,,,,,,,,"]));
    // The second file restates a line of the first, and the first comes again.
    let line = "import first.csv second.csv third.csv first.csv --program example";
    let rehearsed = sandbox.run(&format!("{line} --dry-run")).expect(4);
    assert!(!sandbox.path("feebook.db").exists(), "a dry run made a ledger");
    let real = sandbox.run(line).expect(4);
    assert_eq!(rehearsed.out, real.out);
    assert!(rehearsed.err.contains("first.csv: dry run, nothing was written\n"));
    assert!(!rehearsed.err.contains("made the ledger"));
    // The same again, with a ledger to leave alone.
    let before = ledger_bytes(&sandbox);
    sandbox.write("fourth.csv", &report(&["3,1,2024-09-10 10:00:00,20.00,reversed"]));
    let rehearsed = sandbox.run("import fourth.csv --program example --dry-run").expect(0);
    assert_eq!(ledger_bytes(&sandbox), before);
    let real = sandbox.run("import fourth.csv --program example").expect(0);
    assert_eq!(rehearsed.out, real.out);
}

/// Four rows, of which the first and the third are bad, the third in three places.
fn bad_rows() -> String {
    full_report(&[
        "8,1,2024-08-14 10:00:00,ten,pending,163,NO,CN,USD,N,blog,",
        "9,1,2024-08-14 10:00:00,10.00,pending,163,NO,CN,USD,N,blog,",
        "10,1,2024-08-14 10:61:00,10.00,whatever,163,NOR,CN,USD,N,blog,",
        "11,1,2024-08-14 10:00:00,11.00,pending,163,NO,CN,USD,N,blog,",
    ])
}

#[test]
fn bad_rows_are_all_told_with_their_place_and_good_rows_are_kept() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.csv", &bad_rows());
    let ran = sandbox.run("import bad.csv --program example -O csv").expect(4);
    assert_eq!(counts(&ran.rows()[0]), ["2", "0", "0", "2"]);
    insta::assert_snapshot!(ran.err, @r###"
    made the ledger feebook.db
    error[R017]: bad.csv:2:25
    2 | 8,1,2024-08-14 10:00:00,ten,pending,163,NO,CN,USD,N,blog,
      |                         ^^^
    `product_price` is "ten", expected a plain number with "." before the decimals

    error[R016]: bad.csv:4:6
    4 | 10,1,2024-08-14 10:61:00,10.00,whatever,163,NOR,CN,USD,N,blog,
      |      ^^^^^^^^^^^^^^^^^^^
    `paid_at` is "2024-08-14 10:61:00", expected RFC 3339 or YYYY-MM-DD HH:MM:SS

    error[R026]: bad.csv:4:32
    4 | 10,1,2024-08-14 10:61:00,10.00,whatever,163,NOR,CN,USD,N,blog,
      |                                ^^^^^^^^
    `status` is "whatever", expected one of pending, approved, settled, declined, reversed
    hint: add it to the words of `status` in the mapping: its meaning is not guessed

    error[R023]: bad.csv:4:45
    4 | 10,1,2024-08-14 10:61:00,10.00,whatever,163,NOR,CN,USD,N,blog,
      |                                             ^^^
    `ship_to` is "NOR", expected an ISO 3166 code of two letters

    bad.csv: 2 rows of 4 rejected
    bad.csv: import 1; what was rejected is kept: feebook quarantine list --import 1
    "###);
    let kept: Vec<String> = sandbox
        .run("lines -O csv")
        .expect(0)
        .rows()
        .iter()
        .map(|row| row.get("order_no").to_owned())
        .collect();
    assert_eq!(kept, ["9", "11"]);
}

#[test]
fn strict_keeps_nothing_of_a_file_with_a_bad_row() {
    let sandbox = Sandbox::with_ledger();
    sandbox.write("bad.csv", &bad_rows());
    sandbox.write("good.csv", &report(&ORDERS));
    let ran = sandbox.run("import bad.csv good.csv --program example --strict").expect(4);
    assert!(ran.err.contains("bad.csv:2:25") && ran.err.contains("bad.csv:4:45"), "{}", ran.err);
    assert!(ran.err.contains("bad.csv: nothing was kept, as --strict asks\n"), "{}", ran.err);
    let imports = sandbox.run("imports list -O csv").expect(0).rows();
    assert_eq!(imports.iter().map(|row| row.get("file")).collect::<Vec<_>>(), ["good.csv"]);
    assert_eq!(sandbox.run("lines -O csv").expect(0).rows().len(), 4);
}

#[test]
fn one_file_that_fails_does_not_keep_the_others_out() {
    let sandbox = Sandbox::with_ledger();
    sandbox.write("a.csv", &report(&ORDERS));
    sandbox.write("b.csv", "this is,no report\n1,2\n");
    sandbox.write("c.csv", &report(&["9,1,2024-08-14 10:00:00,10.00,pending"]));
    let ran = sandbox.run("import a.csv b.csv none.csv c.csv --program example -O csv").expect(6);
    let files: Vec<Row> = ran.rows();
    assert_eq!(files.iter().map(|row| row.get("file")).collect::<Vec<_>>(), ["a.csv", "c.csv"]);
    assert!(ran.err.contains("b.csv was not imported"), "{}", ran.err);
    assert!(ran.err.contains("cannot read none.csv"), "{}", ran.err);
    sandbox.run("import b.csv --program example").expect(4);
}

#[test]
fn a_report_must_say_whose_orders_it_has() {
    let sandbox = Sandbox::with_ledger();
    sandbox.write("orders.csv", &report(&ORDERS));
    let ran = sandbox.run("import orders.csv").expect(2);
    insta::assert_snapshot!(ran.err, @r"
    error[U002]: orders.csv does not say which program its orders belong to
    hint: add --program; `feebook program list` shows the programs
    ");
    let ran = sandbox.run("import orders.csv --program exampel").expect(2);
    assert!(ran.err.contains("there is no program `exampel`"), "{}", ran.err);
    assert_eq!(lines(&sandbox).lines().count(), 1);
}

#[test]
fn a_format_is_recognised_or_named_and_never_guessed() {
    let sandbox = Sandbox::with_ledger();
    sandbox.write("orders.csv", &report(&ORDERS));
    let recognised = sandbox.run("import orders.csv --program example -O csv").expect(0);
    assert_eq!(recognised.rows()[0].get("format"), "feebook");
    // A second mapping that fits the same header.
    sandbox.write(
        "schedules/reports/twin.toml",
        "format = 1\nname = \"twin\"\nkind = \"csv\"\n[recognise]\n\
         columns = [\"order_no\", \"line_no\"]\n[times]\nzone = \"UTC\"\n\
         formats = [\"%Y-%m-%d %H:%M:%S\"]\n[fields]\norder_no = \"order_no\"\n\
         line_no = \"line_no\"\npaid_at = \"paid_at\"\nproduct_price = \"product_price\"\n",
    );
    sandbox.write("more.csv", &report(&["9,1,2024-08-14 10:00:00,10.00,pending"]));
    let ambiguous = sandbox.run("import more.csv --program example").expect(4);
    assert!(ambiguous.err.contains("could be `feebook` or `twin`"), "{}", ambiguous.err);
    assert!(ambiguous.err.contains("name the format with --as"), "{}", ambiguous.err);
    let named = sandbox.run("import more.csv --program example --as twin -O csv").expect(0);
    assert_eq!(named.rows()[0].get("format"), "twin");
    sandbox.write("third.csv", &report(&["10,1,2024-08-14 10:00:00,10.00,pending"]));
    let unknown = sandbox.run("import third.csv --program example --as feebok");
    assert_ne!(unknown.code, 0);
    assert!(unknown.err.contains("did you mean \"feebook\"?"), "{}", unknown.err);
    assert_eq!(sandbox.run("imports list -O csv").expect(0).rows().len(), 2);
}

#[test]
fn a_column_that_is_nearly_ours_is_pointed_out() {
    let sandbox = Sandbox::new();
    let text = report(&ORDERS).replace("seller_country", "seller_contry");
    let ran = import(&sandbox, "orders.csv", &text);
    let said = "the column `seller_contry` is not read; did you mean `seller_country`?";
    assert!(ran.err.contains(said), "{}", ran.err);
}

#[test]
fn a_report_with_a_byte_order_mark_and_crlf_is_the_same_report() {
    let plain = Sandbox::new();
    import(&plain, "orders.csv", &report(&ORDERS));
    let windows = Sandbox::new();
    import(&windows, "orders.csv", &format!("\u{feff}{}", report(&ORDERS).replace('\n', "\r\n")));
    assert_eq!(lines(&windows), lines(&plain));
}

#[test]
fn an_import_taken_back_is_as_if_it_had_never_been() {
    let more = report(&[
        "2,1,2024-08-10 10:00:00,50.00,declined",
        "3,1,2024-09-10 10:00:00,20.00,settled",
        "7,1,2024-09-10 10:00:00,70.00,pending",
    ]);
    let never = Sandbox::new();
    import(&never, "orders.csv", &report(&ORDERS));
    never.run("recompute").expect(0);
    for evaluated_between in [false, true] {
        let sandbox = Sandbox::new();
        import(&sandbox, "more.csv", &more);
        import(&sandbox, "orders.csv", &report(&ORDERS));
        if evaluated_between {
            sandbox.run("recompute").expect(0);
        }
        let undone = sandbox.run("imports undo 1").expect(0);
        assert!(undone.err.contains("import 1 is taken back"), "{}", undone.err);
        sandbox.run("recompute").expect(0);
        for question in ["lines -O csv", "statement -O csv", "explain 3 -O csv", "explain 2"] {
            let (after, plain) = (sandbox.run(question).expect(0), never.run(question).expect(0));
            // What was posted on the way stays told.
            let now =
                |out: &str| out.split("\nposted\n").next().map(str::trim_end).map(str::to_owned);
            assert_eq!(now(&after.out), now(&plain.out), "{question}");
        }
        sandbox.run("check").expect(0);
        let twice = sandbox.run("imports undo 1").expect(2);
        assert!(twice.err.contains("taken back before"), "{}", twice.err);
        // What was taken back can be imported again.
        let again = sandbox.run("import more.csv --program example -O csv").expect(0);
        assert_eq!(again.rows()[0].get("rejected"), "0");
        sandbox.run("recompute").expect(0);
        assert_eq!(line(&sandbox.run("lines -O csv").rows(), "2", "1").get("status"), "declined");
    }
}

/// Every document about the orders of a ledger, by the command that writes it.
fn documents(sandbox: &Sandbox) -> Vec<(&'static str, Vec<u8>)> {
    let of = |line: &'static str| {
        let mut command = sandbox.command();
        let ran = command.args(line.split(' ')).output().expect("the binary runs");
        assert!(ran.status.success(), "{line}: {}", String::from_utf8_lossy(&ran.stderr));
        (line, ran.stdout)
    };
    [
        "lines",
        "lines -O csv",
        "lines -O json",
        "statement",
        "statement -O csv",
        "statement --by category -O json",
        "statement --by placement -O csv",
        "statement --by schedule -O csv",
        "export --to csv",
        "export --to json",
        "export --to parquet",
    ]
    .map(of)
    .to_vec()
}

#[test]
fn taking_an_import_back_gives_every_document_as_it_was_byte_for_byte() {
    let more = report(&[
        "2,1,2024-08-10 10:00:00,50.00,declined",
        "3,1,2024-09-10 10:00:00,20.00,settled",
        "7,1,2024-09-10 10:00:00,70.00,pending",
    ]);
    let sandbox = evaluated();
    let before = documents(&sandbox);
    let same = |when: &str| {
        for ((line, now), (_, before)) in documents(&sandbox).iter().zip(&before) {
            assert!(now == before, "{line}, {when}:\n{}", String::from_utf8_lossy(now));
        }
    };
    // Before any run has seen it.
    import(&sandbox, "more.csv", &more);
    assert_ne!(sandbox.run("lines").expect(0).out.as_bytes(), before[0].1);
    sandbox.run("imports undo 2").expect(0);
    same("no run had seen it");
    sandbox.run("recompute").expect(0);
    same("after a run that had nothing to post");
    // After a run has posted it: the next one posts the difference.
    import(&sandbox, "more.csv", &more);
    let posted = sandbox.run("recompute").expect(0).out;
    assert!(posted.contains("posted as run 2"), "{posted}");
    sandbox.run("imports undo 3").expect(0);
    let posted = sandbox.run("recompute").expect(0).out;
    assert!(posted.contains("posted as run 3"), "{posted}");
    same("after the run that posted the difference");
    // The runs of the past are found again, those that saw what was taken back, too.
    let verified = sandbox.run("verify").expect(0);
    assert!(verified.err.contains("results evaluated again"), "{}", verified.err);
    sandbox.run("check").expect(0);
}

#[test]
fn the_list_of_imports_tells_what_each_came_to() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &report(&ORDERS));
    sandbox
        .write("later.csv", &format!("{HEADER}1,1,2024-07-10 10:00:00,100.00,declined,,,,,,,\n"));
    sandbox.run("import later.csv --program example --as-of 2024-10-01T00:00:00Z").expect(0);
    sandbox.run("imports undo 2").expect(0);
    let rows = sandbox.run("imports list -O csv").expect(0).rows();
    assert_eq!(counts(&rows[0]), ["4", "0", "0", "0"]);
    assert_eq!(counts(&rows[1]), ["0", "1", "0", "0"]);
    assert_eq!(rows[1].get("as_of"), "2024-10-01T00:00:00Z");
    assert_eq!(rows[0].get("taken_back_at"), "");
    assert_ne!(rows[1].get("taken_back_at"), "");
}

#[test]
fn a_status_word_that_nobody_knows_stays_a_finding() {
    let sandbox = Sandbox::with_ledger();
    let report = fs::read_to_string(root().join("tests/reports/adrecord.json")).expect("a sample");
    assert!(import(&sandbox, "report.json", &report).err.contains("the status \"5\" is not known"));
    sandbox.run("recompute").expect(0);
    let unknown = || {
        let rows = sandbox.run("check -O csv").rows();
        let of = rows.iter().filter(|row| row.get("check") == "unknown_status");
        of.map(|row| row.get("finding").to_owned()).collect::<Vec<_>>()
    };
    let says = |word: &str| {
        format!(
            "the status \"{word}\" is none of the words of the format adrecord: 1 line taken as pending"
        )
    };
    assert_eq!(unknown(), [says("0"), says("5")]);
    sandbox.run("imports undo 1").expect(0);
    assert_eq!(unknown(), Vec::<String>::new());
}
