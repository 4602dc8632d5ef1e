//! Kills and neighbours: whatever happens to a process, the ledger is as before or as after.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::super::support::Sandbox;
use super::{HEADER, ORDERS, import, ledger_bytes, lines, lower_terms, report};

/// Orders of the big report: more than an import sorts and writes at a time.
const BIG: u64 = 50_000;

/// A report of many orders, in a range of numbers of its own.
fn big_report(from: u64, orders: u64) -> String {
    let mut text = HEADER.to_owned();
    for order in from..from + orders {
        let (day, price) = (order % 28 + 1, order % 900);
        let _ = writeln!(
            text,
            "{order},1,2024-08-{day:02} 10:00:00,{price}.50,approved,163,NO,CN,USD,N,blog,"
        );
    }
    text
}

/// Starts a command that nobody listens to.
fn start(sandbox: &Sandbox, line: &str) -> Child {
    let mut command = sandbox.command();
    command.args(line.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the binary runs")
}

/// Runs a command and kills it after a while; whether it had ended before.
fn killed(sandbox: &Sandbox, line: &str, after: Duration) -> bool {
    let mut child = start(sandbox, line);
    thread::sleep(after);
    let ended = child.try_wait().expect("a child").is_some();
    // Killing what has ended is refused, and that is fine.
    let _ = child.kill();
    child.wait().expect("it ends");
    ended
}

/// How long a command takes when it is let.
fn time_of(sandbox: &Sandbox, line: &str) -> Duration {
    let since = Instant::now();
    sandbox.run(line).expect(0);
    since.elapsed()
}

/// Copies the ledger away, and back.
fn copy(sandbox: &Sandbox, from: &str, to: &str) {
    std::fs::copy(sandbox.path(from), sandbox.path(to)).expect("a copy");
}

#[test]
fn an_import_that_is_killed_leaves_nothing_or_all() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &report(&ORDERS));
    sandbox.run("recompute").expect(0);
    sandbox.write("big.csv", &big_report(100, BIG));
    copy(&sandbox, "feebook.db", "before.db");
    let before = lines(&sandbox);
    let command = "import big.csv --program example";
    let whole = time_of(&sandbox, command);
    let after = lines(&sandbox);
    assert_ne!(before, after);
    let mut whole_imports = 0;
    // Most of them late: what SQLite writes, it writes with the commit.
    for percent in [0, 20, 50, 75, 82, 87, 91, 94, 97, 100] {
        copy(&sandbox, "before.db", "feebook.db");
        let ended = killed(&sandbox, command, whole * percent / 100);
        sandbox.run("check").expect(0);
        let told = lines(&sandbox);
        assert!(told == before || told == after, "killed after {percent} %: neither");
        assert!(!ended || told == after, "an import that ended is not there");
        whole_imports += u32::from(told == after);
    }
    assert!(whole_imports < 10, "no import was killed in time");
    // The next import is none the wiser.
    copy(&sandbox, "before.db", "feebook.db");
    sandbox.run(command).expect(0);
    assert_eq!(lines(&sandbox), after);
}

#[test]
fn a_first_import_that_is_killed_does_not_spoil_the_place() {
    for after in [0, 4, 8, 16, 32] {
        let sandbox = Sandbox::new();
        sandbox.write("orders.csv", &report(&ORDERS));
        let command = "import orders.csv --program example";
        killed(&sandbox, command, Duration::from_millis(after));
        sandbox.run(command).expect(0);
        sandbox.run("check").expect(0);
        assert_eq!(sandbox.run("lines -O csv").expect(0).rows().len(), 4);
        assert_eq!(sandbox.run("imports list -O csv").expect(0).rows().len(), 1);
    }
}

#[test]
fn a_recompute_that_is_killed_posts_nothing_or_all() {
    let sandbox = Sandbox::new();
    import(&sandbox, "orders.csv", &report(&ORDERS));
    sandbox.run("recompute").expect(0);
    import(&sandbox, "big.csv", &big_report(100, BIG / 4));
    copy(&sandbox, "feebook.db", "before.db");
    let before = lines(&sandbox);
    let whole = time_of(&sandbox, "recompute");
    let after = lines(&sandbox);
    for tenth in [1, 4, 7, 9] {
        copy(&sandbox, "before.db", "feebook.db");
        killed(&sandbox, "recompute", whole * tenth / 10);
        sandbox.run("check").expect(0);
        let told = lines(&sandbox);
        assert!(told == before || told == after, "killed after {tenth} tenths: neither");
    }
    sandbox.run("recompute").expect(0);
    assert_eq!(lines(&sandbox), after);
}

#[test]
fn an_import_waits_for_another_and_neither_is_lost() {
    let sandbox = Sandbox::with_ledger();
    sandbox.write("big.csv", &big_report(100, BIG));
    sandbox.write("orders.csv", &report(&ORDERS));
    let mut first = start(&sandbox, "import big.csv --program example");
    thread::sleep(Duration::from_millis(50));
    // While the first one writes, the second waits and a question is answered.
    sandbox.run("lines -O csv").expect(0);
    sandbox.run("import orders.csv --program example").expect(0);
    assert!(first.wait().expect("it ends").success());
    sandbox.run("check").expect(0);
    let rows = sandbox.run("imports list -O csv").expect(0).rows();
    assert_eq!(rows.len(), 2);
    let count = usize::try_from(BIG).expect("a small number") + ORDERS.len();
    assert_eq!(sandbox.run("lines -O csv").expect(0).rows().len(), count);
}

#[test]
fn two_first_imports_at_once_make_one_ledger() {
    for _ in 0..6 {
        let sandbox = Sandbox::new();
        sandbox.write("a.csv", &big_report(100, 50));
        sandbox.write("b.csv", &big_report(200, 50));
        let children = ["a.csv", "b.csv"]
            .map(|file| start(&sandbox, &format!("import {file} --program example")));
        for mut child in children {
            assert!(child.wait().expect("it ends").success());
        }
        assert_eq!(sandbox.run("lines -O csv").expect(0).rows().len(), 100);
        assert_eq!(sandbox.run("imports list -O csv").expect(0).rows().len(), 2);
        sandbox.run("check").expect(0);
        ledger_bytes(&sandbox);
    }
}

#[test]
fn many_imports_at_once_are_all_kept() {
    let sandbox = Sandbox::with_ledger();
    let children: Vec<Child> = (0..6)
        .map(|at| {
            sandbox.write(&format!("{at}.csv"), &big_report(at * 1000 + 100, 100));
            start(&sandbox, &format!("import {at}.csv --program example"))
        })
        .collect();
    let recompute = start(&sandbox, "recompute");
    for mut child in children.into_iter().chain([recompute]) {
        assert!(child.wait().expect("it ends").success());
    }
    sandbox.run("recompute").expect(0);
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    assert_eq!(rows.len(), 600);
    assert!(rows.iter().all(|row| row.get("verdict") == "commissionable"));
    sandbox.run("check").expect(0);
}

#[test]
fn an_answer_shows_one_state_of_the_ledger() {
    let sandbox = Sandbox::new();
    import(&sandbox, "big.csv", &big_report(100, BIG / 4));
    sandbox.run("recompute").expect(0);
    let before = lines(&sandbox);
    // The pipe is full long before the answer ends, so that it waits for its reader.
    let mut command = sandbox.command();
    let mut answering =
        command.args(["lines", "-O", "csv"]).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut reader = BufReader::new(answering.stdout.take().expect("its stdout"));
    let mut told = String::new();
    reader.read_line(&mut told).expect("a header");
    sandbox.write("schedules/example/2024-08-02.toml", &lower_terms("2024-08-02"));
    import(&sandbox, "orders.csv", &report(&ORDERS).replace("163", "22"));
    sandbox.run("recompute").expect(0);
    reader.read_to_string(&mut told).expect("UTF-8");
    assert!(answering.wait().expect("it ends").success());
    assert!(told == before, "rows of before and after in one answer");
    assert_ne!(lines(&sandbox), before);
}

#[test]
fn whoever_holds_the_ledger_too_long_is_named_as_the_cause() {
    let sandbox = Sandbox::with_ledger();
    sandbox.write("orders.csv", &report(&ORDERS));
    let holder = rusqlite::Connection::open(sandbox.path("feebook.db")).expect("a database");
    holder.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let refused = sandbox.run("import orders.csv --program example").expect(6);
    insta::assert_snapshot!(refused.err, @r"
    error[L004]: another process is writing to the ledger and kept it for 10 s
    hint: wait for it to finish, then try again
    ");
    holder.execute_batch("ROLLBACK").expect("the lock is given back");
    sandbox.run("import orders.csv --program example").expect(0);
    assert_eq!(sandbox.run("lines -O csv").expect(0).rows().len(), 4);
    sandbox.run("check").expect(0);
}
