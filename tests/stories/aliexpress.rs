//! Reports of the AliExpress Open Platform, in the shapes in which it answers.

use std::fs;

use super::super::support::{Sandbox, root};
use super::line;

/// One order of one line, as the service writes it.
fn order(id: u64, cents: &str) -> String {
    format!(
        "{{\"order_id\": {id}, \"sub_order_id\": {}, \"order_status\": \"Payment Completed\",
        \"settled_currency\": \"USD\", \"paid_amount\": {cents}, \"product_count\": 1,
        \"ship_to_country\": \"NO\", \"category_id\": 1509, \"is_new_buyer\": \"N\",
        \"created_time\": \"2024-06-02 10:00:00\", \"paid_time\": \"2024-06-02 10:01:12\"}}",
        id + 1
    )
}

/// An answer with these orders, whatever holds them.
fn answer(code: &str, orders: &str) -> String {
    format!(
        "{{\"aliexpress_affiliate_order_list_response\": {{\"resp_result\": {{
        \"resp_code\": {code}, \"resp_msg\": \"Call succeeds\",
        \"result\": {{\"current_record_count\": 1, \"orders\": {orders}}}}}}}}}"
    )
}

const IMPORT: &str = "import answer.json --program aliexpress-nordic -O csv";

#[test]
fn the_three_shapes_of_an_answer_read_the_same() {
    let (one, two) = (order(8190, "1113"), order(9190, "3792"));
    let (text, number) = (order(9190, "\"3792\""), two.as_str());
    let shapes = [
        (answer("200", &format!("{{\"order\": [{one}, {number}]}}")), 2),
        (answer("\"200\"", &format!("[{one}, {text}]")), 2),
        (answer("\"200\"", &format!("{{\"order\": {one}}}")), 1),
    ];
    for (shape, count) in shapes {
        let sandbox = Sandbox::new();
        sandbox.write("answer.json", &shape);
        let taken = sandbox.run(IMPORT).expect(0).rows();
        assert_eq!(taken[0].get("format"), "aliexpress");
        sandbox.run("recompute").expect(0);
        let rows = sandbox.run("lines -O csv").expect(0).rows();
        assert_eq!(rows.len(), count);
        let first = line(&rows, "8190", "8191");
        // 6.3 % of 11.13 is 0.70119.
        assert_eq!([first.get("basis"), first.get("total")], ["11.13", "0.70"]);
        if count == 2 {
            assert_eq!(line(&rows, "9190", "9191").get("total"), "2.38");
        }
    }
}

#[test]
fn an_answer_without_orders_is_no_failure() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "answer.json",
        "{\"aliexpress_affiliate_order_list_response\": {\"resp_result\": {
         \"resp_code\": 405, \"resp_msg\": \"The result is empty\"}}}",
    );
    let taken = sandbox.run(IMPORT).expect(0).rows();
    assert_eq!([taken[0].get("added"), taken[0].get("rejected")], ["0", "0"]);
    assert_eq!(sandbox.run("lines -O csv").expect(0).rows().len(), 0);
}

#[test]
fn an_error_of_the_network_is_told_in_its_own_words() {
    let sandbox = Sandbox::with_ledger();
    sandbox.write(
        "answer.json",
        "{\"error_response\": {\"code\": \"isv.flow-limit\", \"msg\": \"Too many requests\"}}",
    );
    let refused = sandbox.run(IMPORT).expect(4);
    assert!(refused.err.contains("isv.flow-limit"), "{}", refused.err);
    assert!(refused.err.contains("Too many requests"), "{}", refused.err);
    // A failure that wears the envelope of an answer.
    sandbox.write("answer.json", &answer("500", "[]"));
    let refused = sandbox.run(IMPORT).expect(4);
    assert!(refused.err.contains("500"), "{}", refused.err);
    assert_eq!(sandbox.run("imports list -O csv").expect(0).rows().len(), 0);
}

#[test]
fn an_answer_that_breaks_off_leaves_nothing() {
    let sandbox = Sandbox::with_ledger();
    let whole = answer("200", &format!("[{}, {}]", order(1, "100"), order(2, "100")));
    sandbox.write("answer.json", &whole[..whole.len() - 60]);
    sandbox.run(IMPORT).expect(4);
    assert_eq!(sandbox.run("lines -O csv").expect(0).rows().len(), 0);
}

#[test]
fn the_network_is_asked_again_and_says_more() {
    let sandbox = Sandbox::new();
    let first = answer("200", &format!("[{}]", order(8190, "1113")));
    sandbox.write("answer.json", &first);
    sandbox.run(IMPORT).expect(0);
    sandbox.write("answer.json", &first.replace("Payment Completed", "Invalid"));
    let again = sandbox.run(IMPORT).expect(0).rows();
    assert_eq!([again[0].get("added"), again[0].get("revised")], ["0", "1"]);
    sandbox.run("recompute").expect(0);
    let explained = sandbox.run("explain 8190").expect(0);
    assert!(explained.out.contains("declined (\"Invalid\")"), "{}", explained.out);
}

#[test]
fn answers_as_recorded_are_read_where_they_are_at_hand() {
    let folder = root().join("../shared/fixtures/aliexpress");
    let recorded = |name: &str| fs::read_to_string(folder.join(name));
    let Ok(live) = recorded("order_list_live_shape.json") else { return };
    let sandbox = Sandbox::new();
    let expected = [
        ("order_list_string_cents.json", 0, "1"),
        ("order_list_empty_405.json", 0, "0"),
        ("error_flow_limit.json", 4, ""),
    ];
    sandbox.write("answer.json", &live);
    assert_eq!(sandbox.run(IMPORT).expect(0).rows()[0].get("added"), "1");
    for (name, code, added) in expected {
        sandbox.write("answer.json", &recorded(name).expect("a recorded answer"));
        let taken = sandbox.run(IMPORT).expect(code).rows();
        assert_eq!(taken.first().map_or("", |row| row.get("added")), added, "{name}");
    }
    sandbox.run("recompute").expect(0);
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    let bases: Vec<&str> = rows.iter().map(|row| row.get("basis")).collect();
    assert_eq!(bases, ["11.13", "37.92"]);
}

#[test]
fn a_line_that_was_pushed_and_is_reported_is_a_finding() {
    let sandbox = Sandbox::new();
    let push = "order_id,effect_pay_time,order_amount,commission_fee,tracking_id\n\
                8191,2024-06-02 10:01:12,11.13,0.70,blog\n\
                9999,2024-06-03 10:01:12,5.00,0.31,blog\n";
    sandbox.write("push.csv", push);
    sandbox.run("import push.csv --program aliexpress-nordic").expect(0);
    sandbox.run("recompute").expect(0);
    sandbox.run("check").expect(0);
    // The second has a number of the other push by chance: neither its day nor its amount.
    let orders = format!("[{}, {}]", order(8190, "1113"), order(9998, "1"));
    sandbox.write("answer.json", &answer("200", &orders));
    sandbox.run(IMPORT).expect(0);
    sandbox.run("recompute").expect(0);
    let found = sandbox.run("check -O csv").expect(1).rows();
    let cells: Vec<[&str; 3]> = found
        .iter()
        .map(|row| ["check", "order_no", "line_no"].map(|name| row.get(name)))
        .collect();
    assert_eq!(cells, [["two_numbers", "8190", "8191"]]);
    let text = found[0].get("finding");
    assert!(
        text.starts_with("aliexpress-s2s (import 1) has the same line as order 8191"),
        "{text}"
    );
    sandbox.run("imports undo 1").expect(0);
    sandbox.run("recompute").expect(0);
    sandbox.run("check").expect(0);
}
