//! What is known beside the reports: the publisher's own clicks, flags, what the program determined
//! about products, placements and the account. Each bears on the next recompute, is named by
//! explain, and can be taken back without being forgotten.

use std::fmt::Write as _;

use super::super::support::Sandbox;
use super::{line, lines};

/// Four orders of the seed program, three days and less or more after what will be their clicks.
const REPORT: &str = "\
order_no,line_no,ordered_at,paid_at,status,product_price,category,ship_to,seller_country,currency,new_buyer,product,placement,sub_id
1,1,2024-08-02 10:00:00,2024-08-02 10:01:00,approved,100.00,44,ES,CN,USD,Y,9001,blog,s1
2,1,2024-08-06 10:00:01,2024-08-06 10:01:00,approved,100.00,44,ES,CN,USD,N,9002,blog,s2
3,1,2024-08-06 10:00:00,2024-08-06 10:01:00,settled,100.00,44,RU,CN,USD,Y,9003,,s3
4,1,2024-08-07 10:00:00,2024-08-07 10:01:00,approved,50.00,44,FR,CN,USD,Y,9004,shop,s4
";

/// The click of order 2 is one second too old, that of order 3 is not; a later click of s3 came
/// after the order.
const CLICKS: &str = "\
sub_id,clicked_at,placement,country,url,referrer
s1,2024-08-02 09:00:00,blog,ES,,
s2,2024-08-03 10:00:00,blog,ES,,
s3,2024-08-03 10:00:00,shop,RU,,
s3,2024-08-06 10:00:01,other,RU,,
s9,2024-08-07 10:00:00,shop,RU,,
,2024-08-07 11:00:00,shop,,,
";

fn evaluated() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("report.csv", REPORT);
    sandbox.run("import report.csv --program aliexpress-nordic").expect(0);
    sandbox.run("recompute").expect(0);
    sandbox
}

fn clicked() -> Sandbox {
    let sandbox = evaluated();
    sandbox.write("clicks.csv", CLICKS);
    sandbox.run("click import clicks.csv").expect(0);
    sandbox
}

/// Verdict, clause, bonus and total of an order's only line.
#[track_caller]
fn of_order(sandbox: &Sandbox, order_no: &str) -> String {
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    let row = line(&rows, order_no, "1");
    ["verdict", "clause", "bonus", "total"].map(|column| row.get(column).to_owned()).join(" ")
}

/// What the last recompute said of why a line changed.
#[track_caller]
fn why(sandbox: &Sandbox) -> Vec<String> {
    let rows = sandbox.run("recompute -O csv").expect(0).rows();
    let told = ["order_no", "why", "verdict_before", "verdict", "total_before", "total"];
    rows.iter().map(|row| told.map(|column| row.get(column).to_owned()).join(" ")).collect()
}

#[test]
fn our_own_click_decides_the_window_where_the_report_names_none() {
    let sandbox = clicked();
    let listed = sandbox.run("lines").expect(0);
    assert!(listed.err.contains("3 lines wait for `feebook recompute`"), "{}", listed.err);
    assert_eq!(why(&sandbox), ["2 own click commissionable outside_window 6.30 0.00"]);
    assert_eq!(of_order(&sandbox, "2"), "outside_window 1.2 0.00 0.00");
    assert_eq!(
        of_order(&sandbox, "3"),
        "commissionable listing 2.00 8.30",
        "exactly the window counts"
    );
    let told = sandbox.run("explain 2").expect(0).out;
    assert!(told.contains(
        "our own last click of sub-id s2 before it, at 2024-08-03T10:00:00-07:00 (import 2)"
    ));
    assert!(told.contains("ordered 3 d 0 h 0 min 1 s after the click"), "{told}");
}

#[test]
fn a_click_that_the_report_names_itself_comes_before_ours() {
    let sandbox = clicked();
    let header = REPORT.lines().next().expect("a header");
    let row =
        "2,1,2024-08-06 10:00:01,2024-08-06 10:01:00,settled,100.00,44,ES,CN,USD,N,9002,blog,s2";
    sandbox.write("named.csv", &format!("{header},clicked_at\n{row},2024-08-06 09:00:00\n"));
    sandbox.run("import named.csv --program aliexpress-nordic").expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(of_order(&sandbox, "2"), "commissionable listing 0.00 6.30");
}

#[test]
fn clicks_taken_back_no_longer_count_unless_another_log_has_them() {
    let sandbox = clicked();
    sandbox.run("recompute").expect(0);
    // The same click in another file: not counted twice, and it stays when the first is taken back.
    let again = "clicked_at,sub_id,placement,country\n2024-08-03T10:00:00-07:00,s2,blog,es\n";
    sandbox.write("again.csv", again);
    let rows = sandbox.run("click import again.csv -O csv").expect(0).rows();
    assert_eq!((rows[0].get("added"), rows[0].get("unchanged")), ("0", "1"));
    sandbox.run("click undo 2").expect(0);
    assert_eq!(sandbox.run("click list -O csv").expect(0).rows().len(), 1);
    assert!(why(&sandbox).is_empty(), "the other log still has the click of order 2");
    assert_eq!(of_order(&sandbox, "2"), "outside_window 1.2 0.00 0.00");
    sandbox.run("imports undo 3").expect(0);
    assert_eq!(why(&sandbox), ["2 own click outside_window commissionable 0.00 6.30"]);
    let refused = sandbox.run("click undo 1").expect(2);
    assert!(refused.err.contains("import 1 is of orders"), "{}", refused.err);
}

#[test]
fn a_click_without_a_time_is_read_from_its_trace_key() {
    let sandbox = evaluated();
    let key = "45c32bcb00aa11bb22cc33dd44ee55ff-1722592800123-00959-UneMJZVf";
    sandbox.write(
        "clicks.csv",
        &format!("sub_id,url\ns1,https://www.aliexpress.com/item/1.html?aff_trace_key={key}&a=1\n"),
    );
    sandbox.run("click import clicks.csv").expect(0);
    let rows = sandbox.run("click list -O csv").expect(0).rows();
    assert_eq!(rows[0].get("clicked_at"), "2024-08-02T03:00:00-07:00");
}

#[test]
fn a_statement_by_placement_says_what_became_of_the_clicks() {
    let sandbox = clicked();
    sandbox.run("recompute").expect(0);
    let told = sandbox.run("statement --by placement").expect(0).out;
    insta::assert_snapshot!(told, @r"
    program            placement  currency  lines  unknown  pending  approved  settled  held  paid   open  clicks  orders  conversion     epc  median_lag  longest_lag
    aliexpress-nordic  blog       USD           2        0     0.00     10.30     0.00  0.00  0.00  10.30       2       2     100.00%  5.1500     1:00:00     72:00:01
    aliexpress-nordic  other      USD           0        0     0.00      0.00     0.00  0.00  0.00   0.00       1       0       0.00%  0.0000
    aliexpress-nordic  shop       USD           2        0     0.00      7.15     8.30  0.00  0.00  15.45       3       2      33.33%  2.7667    72:00:00     72:00:00
    ");
    let august = sandbox.run("statement --by placement --month 2024-09 -O csv").expect(0).rows();
    assert!(august.is_empty(), "clicks of August are no clicks of September");
}

#[test]
fn a_flag_bears_on_its_order_until_it_is_taken_back_and_is_not_forgotten() {
    let sandbox = evaluated();
    let before = lines(&sandbox);
    sandbox
        .run("flag add brand_bidding --order 4 --reason told --who network --on 2024-08-12")
        .expect(0);
    assert_eq!(why(&sandbox), ["4 flag commissionable disqualified 7.15 0.00"]);
    assert_eq!(
        of_order(&sandbox, "4"),
        "disqualified 4 0.00 0.00",
        "clause 4: a new buyer's order"
    );
    let told = sandbox.run("explain 4").expect(0).out;
    assert!(told.contains(
        "flag 1 of 2024-08-12 by network: brand_bidding, disqualify by the terms (told)"
    ));
    sandbox.run("flag remove 1 --reason cleared").expect(0);
    assert_eq!(why(&sandbox), ["4 flag disqualified commissionable 0.00 7.15"]);
    assert_eq!(lines(&sandbox), before);
    let rows = sandbox.run("flag list -O csv").expect(0).rows();
    assert_eq!(rows[0].get("taken_back_reason"), "cleared");
    sandbox.run("flag remove 1 --reason again").expect(2);
}

#[test]
fn the_kinds_of_the_seed_do_what_its_clauses_say() {
    // Order 1 is of a new buyer, order 2 of a returning one. Clause 4 speaks of new buyers only; a
    // kind that no entry covers for a buyer has no effect.
    for (kind, new_buyer, returning) in [
        ("pop_up", "disqualified 2", "disqualified 2"),
        ("cookie_stuffing", "disqualified 2", "disqualified 2"),
        ("trademark_use", "disqualified 2", "disqualified 2"),
        ("default", "disqualified 2", "disqualified 2"),
        ("brand_bidding", "disqualified 4", "disqualified listing"),
        ("spam_registration", "disqualified 4", "commissionable listing"),
        ("hijacking", "disqualified 4", "commissionable listing"),
        ("fraud", "held 3.g", "held 3.g"),
    ] {
        let sandbox = evaluated();
        sandbox.run(&format!("flag add {kind} --placement blog --reason test")).expect(0);
        sandbox.run("recompute").expect(0);
        for (order, expected) in [("1", new_buyer), ("2", returning)] {
            let found = of_order(&sandbox, order);
            assert!(found.starts_with(expected), "{kind} on order {order}: {found}");
        }
    }
}

#[test]
fn the_programs_own_decision_comes_before_what_the_terms_say() {
    let sandbox = evaluated();
    sandbox.run("flag add pop_up --sub-id s1 --reason told").expect(0);
    sandbox.run("flag add fraud --sub-id s1 --effect withhold_bonus --reason decided").expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(of_order(&sandbox, "1"), "commissionable listing 0.00 6.30");
    // Of several decisions the strongest.
    sandbox.run("flag add fraud --order 1 --effect hold --reason decided").expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(of_order(&sandbox, "1"), "held  4.00 10.30");
    let statement = sandbox.run("statement -O csv").expect(0).rows();
    assert_eq!((statement[0].get("held"), statement[0].get("approved")), ("10.30", "13.45"));
}

#[test]
fn a_flag_on_a_placement_keeps_to_its_period_by_the_click() {
    let sandbox = clicked();
    // The click of order 2 lies before the period, its order within.
    sandbox
        .run("flag add fraud --placement blog --from 2024-08-04 --until 2024-08-30 --reason t")
        .expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(of_order(&sandbox, "1"), "commissionable listing 4.00 10.30");
    assert_eq!(of_order(&sandbox, "2"), "outside_window 1.2 0.00 0.00");
    // Order 4 has no click: its governing instant counts. The end does not belong to the period.
    sandbox
        .run("flag add fraud --placement shop --until 2024-08-07T10:01:00-07:00 --reason t")
        .expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(of_order(&sandbox, "4"), "commissionable listing 4.00 7.15");
    sandbox
        .run("flag add fraud --placement shop --from 2024-08-07T10:01:00-07:00 --reason t")
        .expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(of_order(&sandbox, "4"), "held 3.g 4.00 7.15");
    // Order 3 was clicked days before its payment, in the period without a beginning.
    assert_eq!(of_order(&sandbox, "3"), "held 3.g 2.00 8.30");
    sandbox.run("flag remove 2 --reason slip").expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(of_order(&sandbox, "3"), "commissionable listing 2.00 8.30");
    assert_eq!(of_order(&sandbox, "4"), "held 3.g 4.00 7.15");
}

#[test]
fn a_kind_that_the_terms_do_not_name_is_a_finding() {
    let sandbox = evaluated();
    let noted = sandbox.run("flag add fraudd --order 1 --reason typo").expect(0);
    assert!(noted.err.contains("did you mean `fraud`?"), "{}", noted.err);
    sandbox.run("recompute").expect(0);
    assert_eq!(of_order(&sandbox, "1"), "commissionable listing 4.00 10.30");
    let rows = sandbox.run("check -O csv").expect(1).rows();
    assert_eq!((rows[0].get("check"), rows[0].get("order_no")), ("unknown_flag_kind", "1"));
    // With the program's own decision the terms need not know it.
    sandbox.run("flag remove 1 --reason typo").expect(0);
    sandbox.run("flag add fraudd --order 1 --effect disqualify --reason theirs").expect(0);
    sandbox.run("check").expect(0);
}

#[test]
fn a_mark_on_a_product_holds_from_its_day_until_it_is_taken_off() {
    let sandbox = evaluated();
    sandbox.run("product mark 9001 virtual --from 2024-08-02 --reason mail").expect(0);
    sandbox.run("product mark 9002 virtual --from 2024-08-07 --reason mail").expect(0);
    assert_eq!(
        why(&sandbox),
        ["1 mark, placement or account commissionable excluded 10.30 0.00"],
        "the order of 9002 was paid the day before"
    );
    assert_eq!(of_order(&sandbox, "1"), "excluded 3.a 0.00 0.00");
    let told = sandbox.run("explain 1").expect(0).out;
    assert!(told.contains("product 9001 is marked virtual since 2024-08-02 (mail)"), "{told}");
    sandbox.run("product unmark 9001 virtual --from 2024-08-03").expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(of_order(&sandbox, "1"), "excluded 3.a 0.00 0.00", "it was marked on that day");
    sandbox.run("product remove 1 --reason slip").expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(of_order(&sandbox, "1"), "commissionable listing 4.00 10.30");
    let rows = sandbox.run("product list -O csv").expect(0).rows();
    let holds: Vec<&str> = rows.iter().map(|row| row.get("holds")).collect();
    assert_eq!(holds, ["yes", "yes", "no"]);
}

#[test]
fn the_accounts_channel_picks_the_rates_of_its_day() {
    // aliexpress-portal since 2025-08-01: rates by the account's channel.
    let sandbox = Sandbox::new();
    let header = "order_no,line_no,paid_at,status,product_price,paid_amount,category,ship_to,\
                  seller_country,currency,affiliate\n";
    let row = |order: u32, on: &str| {
        format!("{order},1,{on} 10:00:00,approved,100.00,100.00,44,NO,CN,USD,Y\n")
    };
    let report = format!("{header}{}{}", row(1, "2025-08-15"), row(2, "2025-09-15"));
    sandbox.write("report.csv", &report);
    sandbox.run("import report.csv --program aliexpress-portal").expect(0);
    sandbox.run("recompute").expect(0);
    let verdict = |order: &str| {
        let rows = sandbox.run("lines -O csv").expect(0).rows();
        let row = line(&rows, order, "1");
        format!("{} {}", row.get("verdict"), row.get("rate"))
    };
    assert_eq!(verdict("1"), "unverifiable ", "the channel is not known");
    sandbox.run("account set channel default --from 2025-08-01").expect(0);
    sandbox.run("account set channel optimizing_b --from 2025-09-01").expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(verdict("1"), "commissionable 7%");
    assert_eq!(verdict("2"), "commissionable 6%");
    let noted = sandbox.run("account set channel defualt --from 2025-10-01").expect(0);
    assert!(noted.err.contains("did you mean `default`?"), "{}", noted.err);
}

#[test]
fn a_placement_of_a_kind_that_is_not_allowed_is_told() {
    let sandbox = evaluated();
    sandbox.write(
        "schedules/aliexpress-nordic/program.toml",
        &std::fs::read_to_string(
            super::super::support::root().join("schedules/aliexpress-nordic/program.toml"),
        )
        .expect("a program")
        .replace("cashback = \"allowed\"", "cashback = \"not_allowed\""),
    );
    let told = sandbox.run("placement set blog cashback --from 2024-08-03").expect(0);
    assert!(
        told.err.contains(
            "warning: aliexpress-nordic does not allow cashback: policies.cashback is not_allowed"
        ),
        "{}",
        told.err
    );
    let rows = sandbox.run("check -O csv").expect(1).rows();
    let found: Vec<(&str, &str)> =
        rows.iter().map(|row| (row.get("check"), row.get("order_no"))).collect();
    assert_eq!(found, [("placement_not_allowed", "2")], "order 1 was paid before that day");
    let within = sandbox.run("placement set shop sem --from 2024-08-01").expect(0);
    assert!(within.err.contains("allows sem within limits"), "{}", within.err);
}

#[test]
fn a_refund_after_settlement_is_a_reversal_that_names_what_it_reverses() {
    let sandbox = evaluated();
    let header = REPORT.lines().next().expect("a header");
    let row = "3,1,2024-08-06 10:00:00,2024-08-06 10:01:00,settled,100.00,44,RU,CN,USD,Y,9003,,s3";
    sandbox.write("refund.csv", &format!("{header},refunded\n{row},20.00\n"));
    sandbox.run("import refund.csv --program aliexpress-nordic").expect(0);
    let rows = sandbox.run("recompute -O csv").expect(0).rows();
    let told = ["order_no", "total_before", "total", "reverses"].map(|column| rows[0].get(column));
    assert_eq!(told, ["3", "8.30", "7.04", "run 1"]);
    let told = sandbox.run("explain 3").expect(0).out;
    let posted = told.split("posted\n").nth(1).expect("what was posted");
    insta::assert_snapshot!(posted, @r"
           +8.30  run 1: settled +8.30 (first)
           -1.26  run 2, a reversal of run 1: settled -1.26 (line 1: refunded 20.00)
    ");
}

#[test]
fn a_ledger_of_the_first_version_keeps_its_results_when_it_is_brought_up_to_date() {
    // What bears on a line beside its report has no bytes where there is nothing, so a recompute of
    // facts that did not change posts nothing, whatever version wrote the result.
    let sandbox = evaluated();
    sandbox.run("flag add fraud --order 77 --reason nobody").expect(0);
    let run = sandbox.run("recompute").expect(0).out;
    assert!(run.contains("nothing to post"), "{run}");
}

#[test]
fn of_two_clicks_of_one_second_the_same_counts_whatever_the_order_of_the_logs() {
    let log = |placement: &str| {
        format!("sub_id,clicked_at,placement\ns3,2024-08-05 10:00:00,{placement}\n")
    };
    let earned = |logs: [&str; 2]| {
        let sandbox = evaluated();
        sandbox.run("flag add fraud --placement shop --reason told").expect(0);
        for (at, placement) in logs.iter().enumerate() {
            sandbox.write(&format!("{at}.csv"), &log(placement));
            sandbox.run(&format!("click import {at}.csv")).expect(0);
        }
        sandbox.run("recompute").expect(0);
        let before = of_order(&sandbox, "3");
        // A third log says again what the first did: to take the first back changes nothing.
        sandbox.write("again.csv", &format!("{}\n", log(logs[0])));
        sandbox.run("click import again.csv").expect(0);
        sandbox.run("click undo 2").expect(0);
        sandbox.run("recompute").expect(0);
        assert_eq!(of_order(&sandbox, "3"), before);
        before
    };
    assert_eq!(earned(["blog", "shop"]), earned(["shop", "blog"]));
}

#[test]
fn a_click_is_found_among_any_number_that_were_taken_back() {
    let sandbox = evaluated();
    let early = "sub_id,clicked_at\ns2,2024-08-03 10:00:00\n";
    let mut late = "sub_id,clicked_at\n".to_owned();
    for second in 0..200 {
        let _ = writeln!(late, "s2,2024-08-06 09:{:02}:{:02}", second / 60, second % 60);
    }
    sandbox.write("early.csv", early);
    sandbox.write("late.csv", &late);
    sandbox.run("click import early.csv").expect(0);
    sandbox.run("click import late.csv").expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(of_order(&sandbox, "2"), "commissionable listing 0.00 6.30");
    sandbox.run("click undo 3").expect(0);
    sandbox.run("recompute").expect(0);
    assert_eq!(of_order(&sandbox, "2"), "outside_window 1.2 0.00 0.00");
}

#[test]
fn a_reversal_names_the_run_that_posted_the_line_not_the_last_one() {
    let sandbox = Sandbox::new();
    let header = "order_no,line_no,paid_at,status,product_price,category,ship_to,seller_country,currency,refunded\n";
    let first = "1,1,2024-08-10 10:00:00,settled,100.00,163,NO,CN,USD,\n";
    let second = "1,2,2024-08-10 10:00:00,pending,100.00,163,NO,CN,USD,\n";
    let (refunded, approved) =
        (first.replace("USD,", "USD,40.00"), second.replace("pending,100", "approved,200"));
    for (name, rows) in [
        ("a.csv", first.to_owned()),
        ("b.csv", second.to_owned()),
        ("c.csv", format!("{refunded}{approved}")),
    ] {
        sandbox.write(name, &format!("{header}{rows}"));
        sandbox.run(&format!("import {name} --program example")).expect(0);
        sandbox.run("recompute").expect(0);
    }
    let told = sandbox.run("explain 1").expect(0).out;
    let posted = told.split("posted\n").nth(1).expect("what was posted");
    insta::assert_snapshot!(posted, @r"
    +5.50  run 1: settled +5.50 (first)
    +5.50  run 2: pending +5.50 (line 2 is new)
    +3.30  run 3, a reversal of run 1: pending -5.50, approved +11.00, settled -2.20 (line 1: refunded 40.00; line 2: pending -> approved)
    ");
    let again = Sandbox::new();
    for (name, rows) in [("a.csv", first.to_owned()), ("b.csv", second.to_owned())] {
        again.write(name, &format!("{header}{rows}"));
        again.run(&format!("import {name} --program example")).expect(0);
        again.run("recompute").expect(0);
    }
    again.write("c.csv", &format!("{header}{refunded}"));
    again.run("import c.csv --program example").expect(0);
    let rows = again.run("recompute -O csv").expect(0).rows();
    assert_eq!((rows[0].get("line_no"), rows[0].get("reverses")), ("1", "run 1"));
}

#[test]
fn amounts_of_two_currencies_are_told_apart_in_what_was_posted() {
    let sandbox = Sandbox::new();
    let terms = super::example_terms(&[]);
    sandbox.write("schedules/example/2024-07-01.toml", &terms);
    super::import(&sandbox, "orders.csv", &super::report(&super::ORDERS[..1]));
    sandbox.run("recompute").expect(0);
    let in_euros = terms.replace("currency    = \"USD\"", "currency    = \"EUR\"");
    assert_ne!(in_euros, terms);
    sandbox.write("schedules/example/2024-07-01.toml", &in_euros);
    sandbox.write("euros.csv", &super::report(&super::ORDERS[..1]).replace("USD", "EUR"));
    sandbox.run("import euros.csv --program example --as-of 2024-12-01").expect(0);
    sandbox.run("recompute").expect(0);
    let told = sandbox.run("explain 1").expect(0).out;
    let posted = told.split("posted\n").nth(1).expect("what was posted");
    insta::assert_snapshot!(posted, @r"
    +5.50  run 1: approved +5.50 (first)
    -5.50 USD  run 2: approved -5.50 (line 1: reported anew)
    +5.50 EUR  run 2: approved +5.50 (line 1: reported anew)
    ");
}

#[test]
fn clicks_stand_with_what_they_earned_also_while_a_line_waits() {
    let sandbox = clicked();
    sandbox.run("recompute").expect(0);
    let header = REPORT.lines().next().expect("a header");
    let row = "9,1,2024-08-09 10:00:00,2024-08-09 10:01:00,pending,10.00,44,NO,CN,USD,N,9009,blog,";
    sandbox.write("more.csv", &format!("{header}\n{row}\n"));
    sandbox.run("import more.csv --program aliexpress-nordic").expect(0);
    let rows = sandbox.run("statement --by placement -O csv").expect(0).rows();
    let of_blog: Vec<[&str; 3]> = rows
        .iter()
        .filter(|row| row.get("placement") == "blog")
        .map(|row| ["currency", "clicks", "orders"].map(|column| row.get(column)))
        .collect();
    assert_eq!(of_blog, [["", "0", "1"], ["USD", "2", "2"]]);
}

#[test]
fn what_bears_on_no_order_moves_none() {
    let sandbox = clicked();
    sandbox.run("recompute").expect(0);
    let nothing = "nothing to post";
    // A kind that the terms do not name, a channel that they do not ask for, policies of the program.
    sandbox.run("flag add unheard_of --order 1 --reason told").expect(0);
    assert!(sandbox.run("recompute").expect(0).out.contains(nothing));
    sandbox.run("account set channel default --from 2024-01-01").expect(0);
    assert!(sandbox.run("recompute").expect(0).out.contains(nothing));
    let shipped = super::super::support::root().join("schedules/aliexpress-nordic/program.toml");
    let program = std::fs::read_to_string(shipped).expect("a program");
    let edited = program.replace("cashback = \"allowed\"", "cashback = \"limited\"");
    assert_ne!(edited, program);
    sandbox.write("schedules/aliexpress-nordic/program.toml", &edited);
    assert!(sandbox.run("recompute").expect(0).out.contains(nothing));
    let zone = edited.replace("America/Los_Angeles", "Asia/Shanghai");
    assert_ne!(zone, edited);
    sandbox.write("schedules/aliexpress-nordic/program.toml", &zone);
    assert!(!sandbox.run("recompute").expect(0).out.contains(nothing));
}

#[test]
fn a_click_after_its_order_is_a_finding() {
    let sandbox = Sandbox::new();
    let header = REPORT.lines().next().expect("a header");
    let row = "9,1,2024-08-09 10:00:00,2024-08-09 10:01:00,pending,10.00,44,NO,CN,USD,N,9009,blog,";
    sandbox.write("late.csv", &format!("{header},clicked_at\n{row},2024-08-09 10:00:01\n"));
    sandbox.run("import late.csv --program aliexpress-nordic").expect(0);
    let rows = sandbox.run("check -O csv").expect(1).rows();
    assert_eq!(rows[0].get("check"), "click_after_order");
}

#[test]
fn an_order_dated_after_today_is_a_finding() {
    let sandbox = Sandbox::new();
    let header = REPORT.lines().next().expect("a header");
    let row = |order: u8, day: &str| {
        format!("{order},1,{day} 10:00:00,{day} 10:01:00,pending,10.00,44,NO,CN,USD,N,9009,blog,\n")
    };
    let rows = row(8, "2024-08-09") + &row(9, "2199-08-09");
    sandbox.write("ahead.csv", &format!("{header}\n{rows}"));
    sandbox.run("import ahead.csv --program aliexpress-nordic").expect(0);
    let rows = sandbox.run("check -O csv").expect(1).rows();
    let ahead: Vec<_> = rows.iter().filter(|row| row.get("check") == "dated_ahead").collect();
    assert_eq!(ahead.len(), 1);
    assert_eq!((ahead[0].get("order_no"), ahead[0].get("line_no")), ("9", "1"));
    let says = "the order is of 2199-08-09T10:01:00-08:00, and now it is 20";
    assert!(ahead[0].get("finding").starts_with(says), "{}", ahead[0].get("finding"));
}

#[test]
fn terms_that_changed_since_are_told_with_every_answer() {
    let sandbox = super::evaluated();
    assert_eq!(sandbox.run("lines").expect(0).err, "");
    sandbox.write("schedules/example/2024-08-01.toml", &super::lower_terms("2024-08-01"));
    for question in ["lines", "statement"] {
        let told = sandbox.run(question).expect(0).err;
        assert!(told.contains("3 lines wait for `feebook recompute`"), "{question}: {told}");
    }
    let told = sandbox.run("explain 2").expect(0).err;
    assert!(told.contains("or its terms, changed since"), "{told}");
    assert!(!sandbox.run("explain 1").expect(0).err.contains("changed since"));
}

#[test]
fn every_reason_of_a_change_is_told() {
    let sandbox = super::evaluated();
    sandbox.write("schedules/example/2024-08-01.toml", &super::lower_terms("2024-08-01"));
    sandbox.run("flag add fraud --order 3 --effect hold --reason told").expect(0);
    let rows = sandbox.run("recompute -O csv").expect(0).rows();
    let why = |order: &str| line(&rows, order, "1").get("why").to_owned();
    assert_eq!(why("2"), "new schedule text");
    assert_eq!(why("3"), "flag and new schedule text");
}

#[test]
fn a_flag_that_is_recorded_twice_is_told_and_slips_are_refused() {
    let sandbox = evaluated();
    sandbox.run("flag add fraud --order 1 --reason told").expect(0);
    let twin = sandbox.run("flag add fraud --order 1 --reason again").expect(0);
    assert!(twin.err.contains("note: flag 1 says the same and still counts"), "{}", twin.err);
    for wrong in [
        "flag add fraud --order 1 --from 2024-08-01 --reason told",
        "flag add fraud --order 1 --reason \"\"",
        "flag remove 1 --reason \"\"",
        "product mark 1 virtual --from 2024-08-01 --reason \"\"",
        "recompute --from 2024-08-10 --to 2024-08-01",
    ] {
        let refused = sandbox.run(wrong).expect(2);
        assert!(!refused.err.contains("database"), "{wrong}: {}", refused.err);
    }
}
