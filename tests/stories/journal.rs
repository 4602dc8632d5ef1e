//! The journal, closing, and comparing runs: what a bookkeeper does with the binary.

use super::super::support::{Ran, Row, Sandbox};
use super::{ORDERS, evaluated, full_report, import, ledger_bytes, report};

/// Amounts by account, as `account amount`; what is nothing is left out.
fn balances(ran: &Ran) -> Vec<String> {
    let rows = ran.rows().into_iter().filter(|row| row.get("balance") != "0.00");
    rows.map(|row| format!("{} {}", row.get("account"), row.get("balance"))).collect()
}

/// Today in the program's zone, as the ledger's adjustments are dated.
fn adjusted(rows: &[Row]) -> Vec<Row> {
    rows.iter().filter(|row| !row.get("adjusts").is_empty()).cloned().collect()
}

/// [`evaluated`], with July and August closed, then a report that restates August and September and
/// brings an order of August.
fn restated() -> Sandbox {
    let sandbox = evaluated();
    for month in ["2024-07", "2024-08"] {
        sandbox.run(&format!("close {month} --who Ada")).expect(0);
    }
    import(
        &sandbox,
        "later.csv",
        &report(&[
            "2,1,2024-08-10 10:00:00,50.00,reversed",
            "2,2,2024-08-10 10:00:00,10.00,approved",
            "3,1,2024-09-10 10:00:00,20.00,settled",
            "4,1,2024-08-11 10:00:00,30.00,approved",
        ]),
    );
    sandbox
}

#[test]
fn the_year_end() {
    let sandbox = restated();
    let july_and_august = "journal --to 2024-08 -O csv";
    let before = sandbox.run(july_and_august).expect(0).out;
    let run = sandbox.run("recompute").expect(0);
    let said = "of it for 2024-08 of example, which is closed: -1.10 USD in 2 orders, dated ";
    assert!(run.out.contains(said), "{}", run.out);
    assert!(run.out.contains("  adjusts\n"), "{}", run.out);

    // The closed months stand as they stood; what changed is dated into the open one.
    assert_eq!(sandbox.run(july_and_august).expect(0).out, before);
    let rows = sandbox.run("journal --by order -O csv").expect(0).rows();
    let columns = [
        "source",
        "order_no",
        "account",
        "amount",
        "adjusts",
        "why",
        "schedule_before",
        "schedule",
    ];
    let told = |row: &Row| columns.map(|column| row.get(column).to_owned()).join(" ");
    let adjustments: Vec<String> = adjusted(&rows).iter().map(told).collect();
    assert_eq!(
        adjustments,
        [
            "run 2 2 receivable:pending -0.55 2024-08 new revision 2024-07-01 2024-07-01",
            "run 2 2 receivable:approved -2.20 2024-08 new revision 2024-07-01 2024-07-01",
            "run 2 2 income:commission 0.55 2024-08 new revision 2024-07-01 2024-07-01",
            "run 2 2 income:commission:reversed 2.20 2024-08 new revision 2024-07-01 2024-07-01",
            "run 2 4 receivable:approved 1.65 2024-08 new revision  2024-07-01",
            "run 2 4 income:commission -1.65 2024-08 new revision  2024-07-01",
        ]
    );

    // The difference of the runs is the adjustments.
    let diff = sandbox.run("runs diff 1 2 --month 2024-08").expect(0);
    insta::assert_snapshot!(diff.out, @r"
    program  month    currency  before  after  difference  of_it_adjustments
    example  2024-08  USD         3.30   2.20       -1.10              -1.10

    program  month    order_no  line_no  why           schedule_before  schedule    status_before  status    total_before  total
    example  2024-08  2         1        new revision  2024-07-01       2024-07-01  approved       reversed          2.75   0.00
    example  2024-08  2         2        new revision  2024-07-01       2024-07-01  pending        approved          0.55   0.55
    example  2024-08  4         1        new revision                   2024-07-01                 approved                 1.65
    ");
    let explained = sandbox.run("explain 2").expect(0).out;
    let adjustment = "run 2, an adjustment for 2024-08, which is closed, dated ";
    assert!(explained.contains(adjustment), "{explained}");

    // All of it is what the statement says, and a closed month is closed for good.
    assert_eq!(
        balances(&sandbox.run("balance -O csv").expect(0)),
        [
            "receivable:approved 7.70",
            "receivable:settled 1.10",
            "income:commission -11.00",
            "income:commission:reversed 2.20",
        ]
    );
    assert!(sandbox.run("close 2024-08").expect(2).err.contains("error[U070]"));
    sandbox.run("close 2024-09").expect(0);
    let check = sandbox.run("check").expect(0);
    assert_eq!(check.out, "");
}

#[test]
fn a_month_that_nothing_stood_in_is_closed_with_the_next() {
    let sandbox = evaluated();
    sandbox
        .run("payout add example --amount 1.10 --currency USD --on 2024-11-15 --order 3")
        .expect(0);
    for month in ["2024-07", "2024-08", "2024-09"] {
        sandbox.run(&format!("close {month}")).expect(0);
    }
    // A payout stands in its month as an order does in its own.
    let early = sandbox.run("close 2024-12").expect(2).err;
    let open = "error[U072]: example has payouts in 2024-11, which is open, and 2024-12 is later";
    assert!(early.contains(open), "{early}");
    sandbox.run("close 2024-11").expect(0);
    let again = sandbox.run("close 2024-10").expect(2).err;
    let closed =
        "error[U070]: 2024-10 of every program of the ledger was closed with 2024-11, after run 1";
    assert!(again.contains(closed), "{again}");

    // An order of October comes late, and the payout of November is taken back.
    let then = "balance --on 2024-11-30 -O csv";
    let before = sandbox.run(then).expect(0).out;
    import(&sandbox, "late.csv", &report(&["5,1,2024-10-10 10:00:00,40.00,approved"]));
    sandbox.run("recompute").expect(0);
    let rows = sandbox.run("journal --by order -O csv").expect(0).rows();
    let months: Vec<String> =
        adjusted(&rows).iter().map(|row| row.get("adjusts").to_owned()).collect();
    assert_eq!(months, ["2024-10", "2024-10"]);
    sandbox.run("payout remove 1 --reason \"typed twice\"").expect(0);
    assert_eq!(sandbox.run(then).expect(0).out, before);
}

#[test]
fn a_kind_of_income_with_its_reversals_is_what_the_lines_say() {
    let sandbox = Sandbox::with_ledger();
    for (at, price) in ["1000.00", "1100.00", "800.00", "400.00"].into_iter().enumerate() {
        let day = at + 11;
        let line = format!(
            "1,1,2024-08-10 10:00:00,{price},approved,163,NO,CN,USD,N,blog,2024-08-{day} 10:00:00"
        );
        import(&sandbox, &format!("{at}.csv"), &full_report(&[&line]));
        sandbox.run("recompute").expect(0);
    }
    let lines = sandbox.run("lines -O csv").expect(0).rows();
    let of = ["commission", "withheld", "total"].map(|column| lines[0].get(column).to_owned());
    assert_eq!(of, ["22.00", "0.00", "22.00"]);
    assert_eq!(
        balances(&sandbox.run("balance -O csv").expect(0)),
        [
            "receivable:approved 22.00",
            "income:commission -60.50",
            "income:commission:reversed 38.50",
        ]
    );
}

#[test]
fn a_recompute_says_in_its_last_column_what_it_adjusts() {
    let sandbox = restated();
    let run = sandbox.run("recompute -O csv").expect(0);
    let told: Vec<String> = run
        .rows()
        .iter()
        .map(|row| format!("{} {} {}", row.get("order_no"), row.get("line_no"), row.get("adjusts")))
        .collect();
    assert_eq!(told, ["2 1 2024-08", "2 2 2024-08"]);
    assert!(run.err.contains("of it for 2024-08 of example"), "{}", run.err);
    assert!(run.out.lines().next().is_some_and(|header| header.ends_with(",adjusts")));
}

#[test]
fn what_was_paid_comes_off_and_what_is_taken_back_stands_again() {
    let sandbox = evaluated();
    let owed = sandbox.run("balance -O csv").expect(0).out;
    sandbox
        .run("payout add example --amount 2.10 --currency USD --on 2024-10-15 --fee 1.00 --received 11.90 --received-currency NOK --order 3")
        .expect(0);
    insta::assert_snapshot!(sandbox.run("journal --from 2024-10").expect(0).out, @r"
    program  date        source    account             currency  amount
    example  2024-10-15  payout 1  cash                NOK        11.90
    example  2024-10-15  payout 1  exchange            NOK       -11.90
    example  2024-10-15  payout 1  receivable:settled  USD        -1.10
    example  2024-10-15  payout 1  unmatched           USD        -1.00
    example  2024-10-15  payout 1  fees                USD         1.00
    example  2024-10-15  payout 1  exchange            USD         1.10
    ");
    insta::assert_snapshot!(sandbox.run("balance --on 2024-12-31").expect(0).out, @r"
    program  account              currency  balance
    example  cash                 NOK         11.90
    example  exchange             NOK        -11.90
    example  sum                  NOK          0.00
    example  receivable:pending   USD          0.55
    example  receivable:approved  USD          8.25
    example  receivable:settled   USD          0.00
    example  unmatched            USD         -1.00
    example  income:commission    USD         -9.90
    example  fees                 USD          1.00
    example  exchange             USD          1.10
    example  sum                  USD          0.00
    ");
    sandbox.run("payout remove 1 --reason \"typed twice\"").expect(0);
    let back = sandbox.run("balance -O csv").expect(0);
    let nothing = |row: &Row| row.get("balance") == "0.00";
    let moved: Vec<Row> = back.rows().into_iter().filter(|row| !nothing(row)).collect();
    let before: Vec<String> =
        owed.lines().skip(1).filter(|line| !line.ends_with(",0.00")).map(str::to_owned).collect();
    let shown = |row: &Row| {
        ["program", "account", "currency", "balance"]
            .map(|column| row.get(column).to_owned())
            .join(",")
    };
    assert_eq!(moved.iter().map(shown).collect::<Vec<_>>(), before);
    assert!(sandbox.run("journal").expect(0).out.contains("payout 1 removed"));
}

#[test]
fn a_journal_by_day_by_run_and_by_order_comes_to_the_same() {
    let sandbox = restated();
    sandbox.run("recompute").expect(0);
    let sums = |line: &str| {
        let rows = sandbox.run(line).expect(0).rows();
        let account = |row: &Row| format!("{} {}", row.get("account"), row.get("currency"));
        let mut sums = super::sums(&rows, account, |row| super::money(row.get("amount")));
        sums.retain(|_, sum| !sum.is_zero());
        sums
    };
    let by_order = sums("journal --by order -O csv");
    assert!(!by_order.is_empty());
    assert_eq!(sums("journal -O csv"), by_order);
    assert_eq!(sums("journal --by run -O csv"), by_order);
    assert!(by_order.values().sum::<rust_decimal::Decimal>().is_zero());
}

#[test]
fn nothing_is_written_by_looking_and_nothing_by_what_is_refused() {
    let sandbox = restated();
    let before = ledger_bytes(&sandbox);
    for look in [
        "journal",
        "journal --by run -O json",
        "balance",
        "runs list",
        "close list",
        "runs diff 1 1",
        "statement --as-of 2024-12-31",
        "lines --as-of 2024-12-31",
    ] {
        sandbox.run(look).expect(0);
    }
    for refused in ["close 2024-08", "close", "close 2024-13", "close 2199-01", "runs diff 1 9"] {
        sandbox.run(refused).expect(2);
    }
    assert_eq!(ledger_bytes(&sandbox), before);
}

#[test]
fn a_ledger_without_orders_has_an_empty_journal_and_nothing_to_close() {
    let sandbox = Sandbox::with_ledger();
    assert_eq!(sandbox.run("journal -O json").expect(0).out, "[]\n");
    assert_eq!(sandbox.run("balance -O json").expect(0).out, "[]\n");
    let refused = sandbox.run("close 2024-08").expect(2);
    assert!(refused.err.contains("error[U012]"), "{}", refused.err);
    import(&sandbox, "orders.csv", &report(&ORDERS));
    assert!(sandbox.run("close 2024-07").expect(2).err.contains("error[U073]"));
}

#[test]
fn before_anything_was_imported_there_was_nothing_to_say() {
    let sandbox = evaluated();
    let then = sandbox.run("statement --as-of 2024-08-31 -O csv").expect(0);
    assert_eq!((then.rows().len(), then.err.as_str()), (0, ""));
    // What is said as of a day to come is what is said today.
    let today = sandbox.run("statement -O csv").expect(0).out;
    assert_eq!(sandbox.run("statement --as-of 2199-01-01 -O csv").expect(0).out, today);
}
