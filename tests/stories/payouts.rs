//! What was paid: payouts matched with lines, rates of exchange, and amounts in another currency.

use rusqlite::Connection;

use super::super::support::{Ran, Sandbox, root};
use super::{example_terms, line};

const HEADER: &str = "order_no,line_no,paid_at,product_price,status,finished_at,category,ship_to,\
    seller_country,currency,amount_currency,reported_commission\n";

/// Three settled lines that became payable in three months, one of them as the network reported.
const SETTLED: &str = "1,1,2024-07-10 10:00:00,100.00,settled,2024-07-20 10:00:00,163,NO,CN,USD,,\n\
    2,1,2024-08-10 10:00:00,100.00,settled,2024-08-20 10:00:00,163,NO,CN,USD,,4.00\n\
    3,1,2024-09-10 10:00:00,200.00,settled,2024-09-20 10:00:00,163,NO,CN,USD,,\n\
    4,1,2024-09-11 10:00:00,200.00,approved,2024-09-21 10:00:00,163,NO,CN,USD,,\n";

fn ledger(rows: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("orders.csv", &format!("{HEADER}{rows}"));
    sandbox.run("import orders.csv --program example").expect(0);
    sandbox.run("recompute").expect(0);
    sandbox
}

/// Adds a payout in dollars on 20 October 2024.
#[track_caller]
fn add(sandbox: &Sandbox, amount: &str, rest: &str) -> Ran {
    let line =
        format!("payout add example --amount {amount} --currency USD --on 2024-10-20 {rest}");
    sandbox.run(&line).expect(0)
}

/// `order/line amount` of what a payout pays.
#[track_caller]
fn pays(sandbox: &Sandbox, id: u32) -> Vec<String> {
    let shown = sandbox.run(&format!("payout show {id} -O csv")).expect(0);
    let row = |row: &super::Row| {
        format!(
            "{}/{} {} {}",
            row.get("order_no"),
            row.get("line_no"),
            row.get("paid"),
            row.get("by")
        )
    };
    shown.rows().iter().map(row).collect()
}

/// What the statement says of all months together: settled, paid, open.
#[track_caller]
fn totals(sandbox: &Sandbox) -> [String; 3] {
    let rows = sandbox.run("statement --by schedule -O csv").expect(0).rows();
    assert_eq!(rows.len(), 1, "one version governs all");
    ["settled", "paid", "open"].map(|column| rows[0].get(column).to_owned())
}

/// Every row of the tables of payouts, as SQLite has them.
fn rows_of(sandbox: &Sandbox) -> Vec<String> {
    let ledger = Connection::open(sandbox.path("feebook.db")).expect("a ledger");
    let mut found = Vec::new();
    for table in ["payout", "payment"] {
        let mut select = ledger.prepare(&format!("SELECT * FROM {table}")).expect("a table");
        let columns = select.column_count();
        let mut rows = select.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            let cells = (0..columns).map(|at| format!("{:?}", row.get_ref(at).expect("a cell")));
            found.push(cells.collect::<Vec<_>>().join(" "));
        }
    }
    found
}

#[test]
fn a_payout_pays_the_oldest_lines_of_its_period_and_the_last_in_part() {
    let sandbox = ledger(SETTLED);
    assert_eq!(totals(&sandbox), ["22.00", "0.00", "33.00"]);
    let first = add(&sandbox, "8.00", "--covers 2024-07-01..2024-09-30");
    assert!(first.err.contains("pays 2 lines with 8.00 USD (1 as the network reported, 1 as we"));
    assert!(
        first.err.contains("the money ends before 2 lines of the period; 12.50 USD stays open")
    );
    assert_eq!(pays(&sandbox, 1), ["1/1 5.50 computed", "2/1 2.50 reported"]);
    // Of a line that was paid in part the rest, and never anything twice.
    add(&sandbox, "20.00", "--covers 2024-08..2024-12");
    assert_eq!(pays(&sandbox, 2), ["2/1 1.50 reported", "3/1 11.00 computed"]);
    assert_eq!(totals(&sandbox), ["22.00", "20.50", "12.50"]);
    let listed = sandbox.run("payout list -O csv").expect(0).rows();
    let of = |at: usize, column: &str| listed[at].get(column).to_owned();
    assert_eq!((of(0, "matched"), of(0, "unmatched")), ("8.00".into(), "0.00".into()));
    assert_eq!((of(1, "matched"), of(1, "unmatched")), ("12.50".into(), "7.50".into()));
    let shortfalls = (of(0, "shortfall"), of(1, "shortfall"));
    assert_eq!(shortfalls, ("0.00".into(), "-7.50".into()), "over what the lines are due");
    // What is left can pay later.
    let more = sandbox.run("payout match 2 --order 4/1").expect(2);
    assert!(more.err.contains("error[U063]"), "{}", more.err);
    sandbox.write("rest.csv", "order_no,amount\n4,7.50\n");
    sandbox.run("payout match 2 --orders rest.csv").expect(0);
    assert_eq!(totals(&sandbox), ["22.00", "28.00", "5.00"]);
}

#[test]
fn what_was_paid_never_changes_whatever_comes_after() {
    let sandbox = ledger(SETTLED);
    add(&sandbox, "8.00", "--covers 2024-07-01..2024-09-30 --no P1");
    let before = rows_of(&sandbox);
    assert_eq!(before.len(), 3);
    let lower = example_terms(&[("rate = \"5.5%\"", "rate = \"4.0%\"")]);
    sandbox.write("schedules/example/2024-07-01.toml", &lower);
    sandbox.run("recompute").expect(0);
    let restated = SETTLED.replace("100.00,settled", "70.00,declined");
    sandbox.write("later.csv", &format!("{HEADER}{restated}"));
    sandbox.run("import later.csv --program example --as-of 2024-12-01").expect(0);
    sandbox.run("recompute").expect(0);
    sandbox.run("imports undo 1").expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(rows_of(&sandbox), before);
    assert_eq!(totals(&sandbox)[1], "8.00");
    sandbox.run("verify").expect(0);
    // Taken back, it stays written and counts no more.
    sandbox.run("payout remove 1 --reason returned").expect(0);
    assert_eq!(rows_of(&sandbox), before);
    assert_eq!(totals(&sandbox)[1], "0.00");
    sandbox.run("payout remove 1 --reason returned").expect(2);
    let listed = sandbox.run("payout list -O csv").expect(0).rows();
    assert_eq!(listed[0].get("taken_back_reason"), "returned");
    add(&sandbox, "1.00", "--no P1");
}

#[test]
fn a_statement_says_what_it_pays_of_which_line() {
    let sandbox = ledger(SETTLED);
    sandbox.write("paid.csv", "order_no,line_no,amount\n3,1,10.25\n1,,\n");
    add(&sandbox, "15.75", "--orders paid.csv");
    assert_eq!(pays(&sandbox, 1), ["1/1 5.50 computed", "3/1 10.25 computed"]);
    sandbox.write("bad.csv", "order_no,line_no,amount\n3,1,ten\n,1,1.00\n");
    let before = rows_of(&sandbox);
    let bad = sandbox
        .run("payout add example --amount 9 --currency USD --on 2024-10-20 --orders bad.csv");
    let bad = bad.expect(4);
    assert!(bad.err.contains("error[R017]: bad.csv:2:5"), "{}", bad.err);
    assert!(bad.err.contains("error[R036]: bad.csv:3:1"), "{}", bad.err);
    for (rest, code) in
        [("--order 9", "U003"), ("--order 1/2", "U003"), ("--order 3/1 --order 4/1", "U063")]
    {
        let line = format!("payout add example --amount 9 --currency USD --on 2024-10-20 {rest}");
        let refused = sandbox.run(&line).expect(2);
        assert!(refused.err.contains(&format!("error[{code}]")), "{rest}: {}", refused.err);
    }
    assert_eq!(rows_of(&sandbox), before, "what is refused leaves nothing behind");
}

#[test]
fn a_transfer_that_failed_costs_its_fee_and_pays_nothing() {
    let sandbox = ledger(SETTLED);
    let failed = add(&sandbox, "20.00", "--failed --fee 15.00 --month 2024-07");
    assert!(failed.err.contains("the transfer failed; it pays nothing and cost 15.00 USD"));
    assert_eq!(totals(&sandbox)[1], "0.00");
    let row = &sandbox.run("payout list -O csv").expect(0).rows()[0];
    let cells = ["status", "fee", "matched", "unmatched"].map(|column| row.get(column).to_owned());
    assert_eq!(cells, ["failed", "15.00", "0.00", "0.00"]);
}

#[test]
fn a_file_of_payouts_counts_once_and_bad_rows_are_told() {
    let sandbox = ledger(SETTLED);
    let head = "payout_no,paid_on,amount,currency,received_amount,received_currency,fee,\
        covers_from,covers_to,note\n";
    let good = "A1,2024-08-20,5.50,USD,,,,2024-07-01,2024-07-31,July\n\
        A2,2024-10-20,30.00,USD,200.00,NOK,5.00,2024-07-01,2024-09-30,\n";
    sandbox.write("payouts.csv", &format!("{head}{good}"));
    sandbox.run("payout import payouts.csv --program example").expect(0);
    // The second covers July too, and pays only what the first did not.
    assert_eq!(pays(&sandbox, 2), ["2/1 4.00 reported", "3/1 11.00 computed"]);
    let rows = rows_of(&sandbox);
    sandbox.run("payout import payouts.csv --program example").expect(0);
    assert_eq!(rows_of(&sandbox), rows);
    let bad = "A1,2024-08-20,6.50,USD,,,,2024-07-01,2024-07-31,July\n\
        A3,2024-11-20,1.005,USD,,,,,,\nA4,20.11.2024,1,XXY,,,,2024-07-01,,\n\
        A5,2024-11-20,2.00,USD,,,,,,\n";
    sandbox.write("more.csv", &format!("{head}{bad}"));
    let told = sandbox.run("payout import more.csv --program example -O csv").expect(4);
    let codes: Vec<&str> =
        told.err.lines().filter_map(|line| line.strip_prefix("error[")).collect();
    let codes: Vec<&str> =
        codes.iter().map(|line| line.split_once(':').map_or("", |(c, _)| c)).collect();
    assert_eq!(codes, ["R037]", "R019]", "R016]", "R024]", "R036]"], "{}", told.err);
    let row = &told.rows()[0];
    assert_eq!([row.get("added"), row.get("rejected")], ["1", "3"]);
}

#[test]
fn what_arrived_is_held_against_the_rate_of_the_day() {
    let sandbox = ledger(SETTLED);
    add(&sandbox, "115.00", "--fee 15.00 --received 1075.50 --received-currency NOK");
    let blind = sandbox.run("payout show 1").expect(0);
    assert!(blind.err.contains("no rate is known for 2024-10-20"), "{}", blind.err);
    // The 20th is a Sunday; Friday's rate holds on.
    sandbox.write("fx.csv", "date,base,quote,rate,source\n2024-10-18,USD,NOK,10.90,Norges Bank\n");
    sandbox.run("fx import fx.csv").expect(0);
    let row = &sandbox.run("payout list -O csv").expect(0).rows()[0];
    let columns = ["expected", "received", "fee_worth", "exchange", "rate", "rate_implied"];
    let cells = columns.map(|column| row.get(column).to_owned());
    assert_eq!(cells, ["1090.00", "1075.50", "163.50", "-14.50", "10.9", "10.755"]);
    let again = sandbox.run("fx import fx.csv").expect(0);
    assert!(again.err.contains("imported before"), "{}", again.err);
}

/// Lines whose amounts are in kroner and in yen, bought for dollars.
const FOREIGN: &str = "1,1,2024-08-16 10:00:00,1000.00,settled,,163,NO,CN,USD,NOK,\n\
    2,1,2024-08-16 10:00:00,10000,settled,,163,NO,CN,USD,JPY,\n";

#[test]
fn amounts_in_another_currency_are_exchanged_by_the_rate_of_the_day() {
    let sandbox = Sandbox::new();
    let terms = example_terms(&[
        ("fx_on       = \"paid_out\"", "fx_on       = \"governing\""),
        ("[assumed]\n", "[assumed]\n\"policy.fx_on\" = \"a story\"\n"),
    ]);
    sandbox.write("schedules/example/2024-07-01.toml", &terms);
    sandbox.write("orders.csv", &format!("{HEADER}{FOREIGN}"));
    sandbox.run("import orders.csv --program example").expect(0);
    sandbox.run("recompute").expect(0);
    let verdict = |order: &str| {
        let rows = sandbox.run("lines -O csv").expect(0).rows();
        let row = line(&rows, order, "1");
        [row.get("verdict").to_owned(), row.get("basis").to_owned(), row.get("total").to_owned()]
    };
    let unknown = ["unverifiable", "", ""].map(str::to_owned);
    assert_eq!([verdict("1"), verdict("2")], [unknown.clone(), unknown.clone()]);
    let head = "date,base,quote,rate,source\n";
    let rates = "2024-08-16,EUR,USD,1.10,ECB\n2024-08-16,EUR,NOK,11.55,ECB\n";
    sandbox.write("fx.csv", &format!("{head}{rates}"));
    sandbox.run("fx import fx.csv").expect(0);
    let run = sandbox.run("recompute").expect(0);
    assert!(run.out.contains("rate of exchange"), "{}", run.out);
    // 1,000.00 NOK x 1.10 / 11.55 = 95.238... USD; 5.5 % of 95.24 is 5.2382. Both to the nearest cent.
    assert_eq!(verdict("1"), ["commissionable", "95.24", "5.24"].map(str::to_owned));
    assert_eq!(verdict("2"), unknown);
    // Under the other readings the day has not come: all of it can be said only now.
    let asked = sandbox.run("assumptions -O csv").expect(1).rows();
    let of = |row: &super::Row| row.get("only_now").to_owned();
    let only_now: Vec<String> =
        asked.iter().filter(|row| row.get("key") == "policy.fx_on").map(of).collect();
    assert_eq!(only_now, ["5.24", "5.24"]);
    let told = sandbox.run("explain 1").expect(0).out;
    assert!(
        told.contains("its amounts are in NOK, exchanged each by the rate of its governing day, 2024-08-16: 1 NOK = 0.095238095 USD (ECB, 2024-08-16, through EUR)"),
        "{told}"
    );
    // A rate restated is told, and what was posted by the first is still found again.
    sandbox.write("again.csv", &format!("{head}2024-08-16,EUR,USD,1.20,ECB\n2024-08-15,EUR,JPY,165,ECB\n2024-08-15,EUR,USD,1.1,ECB\n"));
    let revised = sandbox.run("fx import again.csv -O csv").expect(0).rows();
    assert_eq!(revised[0].get("revised"), "1");
    sandbox.run("recompute").expect(0);
    assert_eq!(verdict("1")[1], "103.90");
    // 10,000 yen x 1.1 / 165 of the day before: the 16th has no yen.
    assert_eq!(verdict("2"), ["commissionable", "66.67", "3.67"].map(str::to_owned));
    sandbox.run("verify").expect(0);
    let idle = sandbox.run("recompute").expect(0);
    assert!(idle.out.contains("nothing to post"), "{}", idle.out);
}

#[test]
fn the_day_of_payout_is_known_when_it_was_paid() {
    let sandbox = ledger(FOREIGN);
    sandbox.write("fx.csv", "date,base,quote,rate,source\n2024-10-18,NOK,USD,0.10,bank\n");
    sandbox.run("fx import fx.csv").expect(0);
    sandbox.run("recompute").expect(0);
    let told = sandbox.run("explain 1").expect(0).out;
    assert!(told.contains("amounts are in NOK and the day of payout has not come"), "{told}");
    sandbox.write("paid.csv", "order_no,amount\n1,5.00\n");
    add(&sandbox, "5.00", "--orders paid.csv");
    sandbox.run("recompute").expect(0);
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    assert_eq!(line(&rows, "1", "1").get("total"), "5.50");
    sandbox.run("payout remove 1 --reason mistaken").expect(0);
    sandbox.run("recompute").expect(0);
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    assert_eq!(line(&rows, "1", "1").get("verdict"), "unverifiable");
    sandbox.run("verify").expect(0);
}

/// Four months of 25.00 each, and what a withdrawal takes and costs.
fn with_withdrawals() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run("schedule export example schedules").expect(0);
    let path = sandbox.path("schedules/example/program.toml");
    let text = std::fs::read_to_string(&path).expect("the file was written");
    let rules = "\n[payouts]\ncurrency = \"USD\"\nminimum = \"16.00\"\nfee = \"15.00\"\n\
        fee_on_failure = true\n";
    std::fs::write(&path, text + rules).expect("the file can be written");
    let month = |month: u32| {
        format!("{month},1,2024-{month:02}-10 10:00:00,900.00,settled,,163,NO,CN,USD,,25.00\n")
    };
    let rows: String = (3..=6).map(month).collect();
    sandbox.write("orders.csv", &format!("{HEADER}{rows}"));
    sandbox.run("import orders.csv --program example").expect(0);
    sandbox.run("recompute").expect(0);
    sandbox
}

#[test]
fn a_plan_says_what_each_frequency_costs() {
    let sandbox = with_withdrawals();
    let plan = sandbox.run("payout plan -O csv").expect(0);
    let told = |row: &super::Row| {
        ["plan", "withdrawals", "fees", "net"].map(|column| row.get(column).to_owned()).join(" ")
    };
    let told: Vec<String> = plan.rows().iter().map(told).collect();
    assert_eq!(told, ["monthly 4 60.00 40.00", "quarterly 2 30.00 70.00", "at_once 1 15.00 85.00"]);
    assert!(plan.err.contains("withdrawn now it costs 15.00 USD and leaves 85.00 USD"));
    add(&sandbox, "84.50", "--month 2024-03 --fee 15");
    sandbox.run("payout match 1 --covers 2024-04..2024-06").expect(0);
    let little = sandbox.run("payout plan").expect(0);
    let said = "15.50 USD is open, under the minimum of 16.00 USD: none can be withdrawn";
    assert!(little.err.contains(said), "{}", little.err);
    add(&sandbox, "1.00", "--failed");
    let listed = sandbox.run("payout list -O csv").expect(0).rows();
    assert_eq!(listed[1].get("fee"), "15.00", "what the program says that a failure costs");
}

/// Terms of the example that exchange by the rate of another day.
fn terms_by(fx_on: &str) -> String {
    example_terms(&[
        ("fx_on       = \"paid_out\"", &format!("fx_on       = \"{fx_on}\"")),
        ("[assumed]\n", "[assumed]\n\"policy.fx_on\" = \"a story\"\n"),
    ])
}

/// Orders in roubles, of which one is worth a cent.
fn in_roubles(fx_on: &str, rows: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("schedules/example/2024-07-01.toml", &terms_by(fx_on));
    let head = "order_no,line_no,paid_at,product_price,quantity,refunded,status,settled_at,category,\
        ship_to,seller_country,currency,amount_currency\n";
    sandbox.write("orders.csv", &format!("{head}{rows}"));
    sandbox.run("import orders.csv --program example").expect(0);
    let rates = "date,base,quote,rate,source\n2024-08-16,RUB,USD,0.011,bank\n\
        2024-09-16,RUB,USD,0.012,bank\n";
    sandbox.write("fx.csv", rates);
    sandbox.run("fx import fx.csv").expect(0);
    sandbox.run("recompute").expect(0);
    sandbox
}

#[test]
fn the_price_of_all_units_is_exchanged_and_not_that_of_one() {
    let row = |order: u32, price: &str, units: u32, back: &str| {
        format!(
            "{order},1,2024-08-16 10:00:00,{price},{units},{back},approved,,163,NO,CN,USD,RUB\n"
        )
    };
    let rows = [
        row(1, "0.40", 1_000, ""),
        row(2, "2.30", 3, "6.90"),
        row(3, "0.40", 2, "0.80"),
        // A part of it back; what is left is less than a cent, and not declined.
        row(4, "0.50", 2, "0.90"),
    ];
    let sandbox = in_roubles("governing", &rows.concat());
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    let of = |order: &str| {
        let row = line(&rows, order, "1");
        ["verdict", "basis"].map(|column| row.get(column).to_owned())
    };
    assert_eq!(of("1"), ["commissionable", "4.40"], "400.00 roubles");
    assert_eq!(of("2")[0], "declined");
    assert_eq!(of("3")[0], "declined");
    assert_eq!(of("4"), ["commissionable", "0.00"]);
    let told = sandbox.run("explain 1").expect(0).out;
    assert!(told.contains("product price x 1000, exchanged as one amount: 4.40"), "{told}");
    sandbox.run("verify").expect(0);
}

#[test]
fn the_day_of_settlement_says_the_rate() {
    let row = |order: u32, settled: &str| {
        let state = if settled.is_empty() { "approved" } else { "settled" };
        format!("{order},1,2024-08-16 10:00:00,1000.00,1,,{state},{settled},163,NO,CN,USD,RUB\n")
    };
    let rows = [row(1, "2024-09-17 10:00:00"), row(2, "")];
    let sandbox = in_roubles("settled", &rows.concat());
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    assert_eq!(line(&rows, "1", "1").get("basis"), "12.00", "September's rate");
    assert_eq!(line(&rows, "2", "1").get("verdict"), "unverifiable", "not settled yet");
    let told = sandbox.run("explain 1").expect(0).out;
    assert!(told.contains("2024-09-16"), "{told}");
}

#[test]
fn a_line_whose_report_was_taken_back_under_a_payout_is_told() {
    let sandbox = ledger(SETTLED);
    add(&sandbox, "9.50", "--covers 2024-07..2024-08");
    assert!(!sandbox.run("check -O csv").out.contains("paid_without_report"));
    sandbox.run("imports undo 1").expect(0);
    sandbox.run("recompute").expect(0);
    let found = sandbox.run("check -O csv");
    assert!(found.out.contains("paid_without_report"), "{}{}", found.out, found.err);
    assert!(found.out.contains("5.50 USD was paid of the line, and no report has it"));
}

#[test]
fn an_order_with_a_slash_in_its_number_can_be_named() {
    let sandbox = ledger(&SETTLED.replace("1,1,2024-07", "B/1,1,2024-07"));
    add(&sandbox, "5.50", "--order B/1");
    assert_eq!(pays(&sandbox, 1), ["B/1/1 5.50 computed"]);
    add(&sandbox, "11.00", "--order 3/1");
    assert_eq!(pays(&sandbox, 2), ["3/1 11.00 computed"]);
    let again = add(&sandbox, "1.00", "--order B/1/1");
    assert!(again.err.contains("1 line passed over: paid in full before"), "{}", again.err);
}

#[test]
fn a_settled_line_that_earns_nothing_was_not_paid_before() {
    let sandbox = ledger(&SETTLED.replace("USD,,4.00", "USD,,0.00"));
    let told = add(&sandbox, "1.00", "--order 2/1").err;
    let why = "1 line passed over: earning nothing, so nothing is due";
    assert!(told.contains(why), "{told}");
    assert!(!told.contains("before"), "{told}");
}

#[test]
fn a_declined_line_is_due_nothing_whatever_was_reported() {
    let sandbox = ledger(&SETTLED.replace("100.00,settled,2024-08", "100.00,declined,2024-08"));
    let named = add(&sandbox, "9.00", "--order 2/1");
    assert!(
        named.err.contains("1 line passed over: declined or reversed, so nothing is due"),
        "{}",
        named.err
    );
    assert_eq!(pays(&sandbox, 1), Vec::<String>::new());
}

#[test]
fn a_payout_that_pays_nothing_says_why_and_one_of_tomorrow_is_warned_of() {
    let sandbox = ledger(SETTLED);
    let plain = add(&sandbox, "9.00", "");
    assert!(plain.err.contains("it covers no days, and no lines are named"), "{}", plain.err);
    let none = add(&sandbox, "9.00", "--month 2024-01");
    assert!(none.err.contains("no settled line became payable from 2024-01-01"), "{}", none.err);
    assert!(!none.err.contains("warning"), "{}", none.err);
    let late =
        sandbox.run("payout add example --amount 1 --currency USD --on 2999-01-01").expect(0);
    assert!(late.err.contains("warning: payout is of 2999-01-01, and today is"), "{}", late.err);
}

#[test]
fn a_failed_transfer_costs_the_same_however_it_is_recorded_and_the_plan_knows_it() {
    let sandbox = with_withdrawals();
    add(&sandbox, "20.00", "--failed");
    sandbox.write("failed.csv", "paid_on,amount,currency,status\n2024-10-21,20.00,USD,failed\n");
    sandbox.run("payout import failed.csv --program example").expect(0);
    let listed = sandbox.run("payout list -O csv").expect(0).rows();
    let fees: Vec<&str> = listed.iter().map(|row| row.get("fee")).collect();
    assert_eq!(fees, ["15.00", "15.00"]);
    add(&sandbox, "25.00", "");
    // 100.00 less 25.00 that pays no line yet and twice 15.00.
    let plan = sandbox.run("payout plan -O csv").expect(0);
    assert_eq!(plan.rows()[0].get("open"), "45.00");
    assert!(plan.err.contains("55.00 USD left the balance and pays no line"), "{}", plan.err);
}

#[test]
fn the_guide_names_every_column_that_a_list_has() {
    let guide = std::fs::read_to_string(root().join("docs/payout-guide.md")).expect("the guide");
    let sandbox = Sandbox::with_ledger();
    let listed = sandbox.run("payout list -O csv").expect(0).out;
    for column in listed.trim().split(',') {
        assert!(guide.contains(&format!("`{column}`")), "the guide has no `{column}`");
    }
}
