//! What leaves for other programs, and for eyes.

use serde_json::Value;

use crate::support::{Sandbox, holds};

/// Two orders, one of which is over its cap; the second has a text that a spreadsheet would compute.
const REPORT: &str = "\
order_no,line_no,paid_at,product_price,status,category,ship_to,seller_country,currency,new_buyer,sub_id,reported_commission
7001,1,2024-08-14 21:41:30,400.00,settled,101,ES,CN,USD,Y,blog,28.00
7001,2,2024-08-14 21:41:30,250.00,approved,97,ES,CN,USD,Y,blog,13.75
7002,1,2024-09-20 10:05:00,25.00,pending,163,NO,CN,USD,N,=1+1,1.38
7003,1,2024-09-21 10:05:00,25.00,pending,91,NO,CN,USD,N,blog,
";

fn recomputed() -> Sandbox {
    let sandbox = Sandbox::with_ledger();
    sandbox.write("orders.csv", REPORT);
    sandbox.run("import orders.csv --program example").expect(0);
    sandbox.run("recompute").expect(0);
    sandbox
}

#[test]
fn the_books_are_written_as_they_stand() {
    let sandbox = recomputed();
    sandbox
        .run(
            "payout add example --amount 30.00 --currency USD --on 2024-10-02 --received 301.50 \
              --received-currency NOK --fee 1.50 --covers 2024-08-01..2024-08-31",
        )
        .expect(0);
    let table = sandbox.run("export --to csv").expect(0).rows();
    assert_eq!((table[0].get("paid"), table[1].get("paid")), ("28.00", "0.00"));
    let mut same = true;
    for form in ["hledger", "beancount", "csv", "json"] {
        let ran = sandbox.run(&format!("export --to {form}")).expect(0);
        let name = "export";
        same &= holds(name, form, "snapshots/exports", "four lines and a payout", &ran.out);
    }
    assert!(same, "an export differs from its accepted text");
}

#[test]
fn a_month_of_books_holds_what_is_dated_in_it() {
    let sandbox = recomputed();
    let august = sandbox.run("export --to hledger --month 2024-08").expect(0).out;
    assert!(august.contains("2024-08-14 (7001) example | run 1"), "{august}");
    assert!(!august.contains("2024-09"), "{august}");
    let until = sandbox.run("export --to csv --from 2024-09-01 --until 2024-09-20").expect(0);
    let orders: Vec<_> = until.rows().iter().map(|row| row.get("order_no").to_owned()).collect();
    assert_eq!(orders, ["7002"]);
}

#[test]
fn a_table_says_what_lines_says() {
    let sandbox = recomputed();
    let (lines, table) = (sandbox.run("lines -O csv"), sandbox.run("export --to csv"));
    let (lines, table) = (lines.expect(0).rows(), table.expect(0).rows());
    assert_eq!(lines.len(), table.len());
    for (line, row) in lines.iter().zip(&table) {
        for name in
            ["order_no", "line_no", "schedule", "verdict", "clause", "basis", "rate", "total"]
        {
            assert_eq!(line.get(name), row.get(name), "{name}");
        }
    }
    assert_eq!(table[2].get("sub_id"), "'=1+1", "a spreadsheet must not compute it");
    assert_eq!(table[2].get("reported_commission"), "1.38");
    let json = sandbox.run("export --to json").expect(0).out;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json[2]["sub_id"], "=1+1");
    assert_eq!(json[2]["total"], "1.38");
    assert_eq!(json[0]["quantity"], 1);
}

#[test]
fn bytes_go_into_a_file_or_a_pipe() {
    let sandbox = recomputed();
    for (words, file, magic) in [
        ("export --to parquet -o lines.parquet", "lines.parquet", &b"PAR1"[..]),
        ("export --to xlsx -o statement.xlsx", "statement.xlsx", b"PK\x03\x04"),
        ("statement --chart months.png", "months.png", b"\x89PNG\r\n"),
    ] {
        sandbox.run(words).expect(0);
        let bytes = std::fs::read(sandbox.path(file)).expect("the file");
        assert!(bytes.starts_with(magic), "{file}");
    }
    let piped = sandbox.command().args(["export", "--to", "parquet"]).output().expect("it runs");
    assert!(piped.stdout.starts_with(b"PAR1") && piped.stdout.ends_with(b"PAR1"));
}

#[test]
fn a_picture_shows_every_month_between_the_first_and_the_last() {
    let sandbox = recomputed();
    sandbox.write(
        "late.csv",
        "order_no,line_no,paid_at,product_price,status,category,seller_country,currency\n\
         7009,1,2024-12-01 10:00:00,80.00,approved,97,CN,USD\n",
    );
    sandbox.run("import late.csv --program example").expect(0);
    sandbox.run("recompute").expect(0);
    let ran = sandbox.run("statement --by country --chart months.svg").expect(0);
    assert!(ran.err.contains("months.svg shows the months"), "{}", ran.err);
    let picture = std::fs::read_to_string(sandbox.path("months.svg")).expect("the picture");
    for month in ["2024-08", "2024-09", "2024-10", "2024-11", "2024-12"] {
        assert!(picture.contains(month), "{month}");
    }
    assert!(picture.contains("expected under the terms") && picture.contains("reported by"));
    let refused = sandbox.run("statement --chart months.pdf").expect(2);
    assert!(refused.err.contains("ends in .svg or .png"), "{}", refused.err);
}

#[test]
fn nothing_is_written_over_the_ledger_under_whatever_name() {
    let sandbox = recomputed();
    let before = std::fs::read(sandbox.path("feebook.db")).expect("the ledger");
    for words in ["statement -o feebook.db", "export --to xlsx -o ./feebook.db"] {
        let refused = sandbox.run(words).expect(2);
        assert!(refused.err.contains("U039"), "{}", refused.err);
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("feebook.db", sandbox.path("months.svg")).expect("a link");
        let refused = sandbox.run("statement --chart months.svg").expect(2);
        assert!(refused.err.contains("U039"), "{}", refused.err);
    }
    assert_eq!(std::fs::read(sandbox.path("feebook.db")).expect("the ledger"), before);
}

#[test]
fn nothing_is_written_over_what_the_command_reads() {
    let sandbox = Sandbox::with_ledger();
    let report = "order_no,line_no,paid_at,product_price,status,category,seller_country,currency\n\
                  7009,1,2024-12-01 10:00:00,80.00,approved,97,CN,USD\n";
    sandbox.write("orders.csv", report);
    std::fs::hard_link(sandbox.path("orders.csv"), sandbox.path("other.csv")).expect("a link");
    for words in [
        "import orders.csv --program example -o orders.csv",
        "import orders.csv --program example -o ./other.csv",
        "formats new orders.csv -o orders.csv",
        "formats sniff orders.csv -o orders.csv",
        "click import orders.csv -o orders.csv",
    ] {
        let refused = sandbox.run(words).expect(2);
        assert!(refused.err.contains("U039"), "{}", refused.err);
        let kept = std::fs::read_to_string(sandbox.path("orders.csv")).expect("the report");
        assert_eq!(kept, report, "{words}");
    }
    assert!(sandbox.run("imports list -O csv").expect(0).out.lines().count() == 1);
}

#[test]
fn nothing_to_draw_is_said() {
    let sandbox = Sandbox::with_ledger();
    let refused = sandbox.run("statement --chart months.svg").expect(2);
    assert!(refused.err.contains("U012"), "{}", refused.err);
    assert!(!sandbox.path("months.svg").exists());
}

#[test]
fn a_trend_is_for_eyes_only() {
    let sandbox = recomputed();
    let text = sandbox.run("statement").expect(0).out;
    let header = text.lines().next().unwrap_or_default();
    assert!(header.trim_end().ends_with("trend"), "{text}");
    // The 14th of August is in the second week of its month, the 20th of September in the third.
    assert!(text.contains("▁█▁▁▁") && text.contains("▁▁█▁▁"), "{text}");
    assert!(!sandbox.run("statement -O csv").expect(0).out.contains("trend"));
}
