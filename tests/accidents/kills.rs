//! Killed at random instants: the ledger is as before or as after, and nothing else.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use super::support::Sandbox;
use super::{all, clean, contents, old, report, say};

/// A command that is killed.
struct Killed {
    name: &'static str,
    /// Makes the ledger, `feebook.db`, and whatever the command reads.
    prepare: fn(&Sandbox),
    command: &'static str,
    /// What it ends with when it is let.
    code: i32,
    /// What `check` may find.
    allowed: &'static [&'static str],
}

/// Every command that writes; a new one is one more entry.
const KILLED: &[Killed] = &[
    Killed {
        name: "import",
        prepare: |sandbox| {
            first(sandbox);
            let bad = "no,1,never,x,y,163,NO,CN,USD,N,blog,tag\n".repeat(20);
            sandbox.write("big.csv", &(report(1_000, 4_000) + &bad));
        },
        command: "import big.csv --program example --archive",
        code: 4,
        allowed: &["quarantine"],
    },
    Killed {
        name: "import that restates",
        prepare: |sandbox| {
            first(sandbox);
            sandbox.write("again.csv", &report(1, 600).replace("approved", "settled"));
        },
        command: "import again.csv --program example",
        code: 0,
        allowed: &[],
    },
    Killed {
        name: "imports undo",
        prepare: |sandbox| {
            first(sandbox);
            sandbox.write("same.csv", &report(100, 300));
            sandbox.run("import same.csv --program example").expect(0);
        },
        command: "imports undo 1",
        code: 0,
        allowed: &[],
    },
    Killed {
        name: "quarantine retry",
        prepare: |sandbox| {
            first(sandbox);
            sandbox.write("odd.csv", &report(1_000, 500).replace("approved", "odd"));
            sandbox.run("import odd.csv --program example").expect(4);
            let mapping =
                fs::read_to_string(super::support::root().join("schedules/reports/feebook.toml"));
            let words = "status = { column = \"status\", words = { odd = \"approved\" } }";
            let text = mapping.expect("a mapping").replace("status = \"status\"", words);
            sandbox.write("schedules/reports/feebook.toml", &text);
        },
        command: "quarantine retry",
        code: 0,
        allowed: &["quarantine"],
    },
    Killed {
        name: "recompute",
        prepare: |sandbox| {
            sandbox.write("orders.csv", &report(1, 2_000));
            sandbox.run("import orders.csv --program example").expect(0);
        },
        command: "recompute",
        code: 0,
        allowed: &[],
    },
    Killed {
        name: "import of a network's report that replaces an earlier one",
        prepare: |sandbox| {
            first(sandbox);
            let report = super::support::root().join("tests/reports/awin.json");
            fs::copy(report, sandbox.path("awin.json")).expect("a copy");
            sandbox.run("import awin.json").expect(0);
            sandbox.write("feebook.toml", "format = 1\n[programs.awin]\n\"*\" = \"example\"\n");
        },
        command: "import awin.json --archive",
        code: 0,
        allowed: &["conflict", "uncovered", "unknown_category", "no_terms"],
    },
    Killed {
        name: "payout import",
        prepare: |sandbox| {
            sandbox.write("orders.csv", &report(1, 2_000).replace("approved", "settled"));
            sandbox.run("import orders.csv --program example").expect(0);
            sandbox.run("recompute").expect(0);
            sandbox.write(
                "paid.csv",
                "payout_no,paid_on,amount,currency,covers_from,covers_to\n\
                 P-1,2024-10-20,20000.00,USD,2024-08-01,2024-08-31\n",
            );
        },
        command: "payout import paid.csv --program example",
        code: 0,
        allowed: &[],
    },
    Killed {
        name: "close",
        prepare: first,
        command: "close 2024-08 --who me",
        code: 0,
        allowed: &[],
    },
    Killed {
        name: "migrate from version 2",
        prepare: |sandbox| old::laid(sandbox, 2),
        command: "statement",
        code: 0,
        allowed: &[],
    },
    Killed {
        name: "migrate from version 3",
        prepare: |sandbox| old::laid(sandbox, 3),
        command: "statement",
        code: 0,
        allowed: &[],
    },
    Killed {
        name: "migrate from version 6",
        prepare: |sandbox| old::laid(sandbox, 6),
        command: "statement",
        code: 0,
        allowed: &[],
    },
    Killed {
        name: "import that archives a file that was imported before",
        prepare: |sandbox| {
            sandbox.write("orders.csv", &report(1, 3_000));
            sandbox.run("import orders.csv --program example").expect(0);
        },
        command: "import orders.csv --program example --archive",
        code: 0,
        allowed: &[],
    },
    Killed {
        name: "backup",
        prepare: |sandbox| {
            sandbox.write("orders.csv", &report(1, 3_000));
            sandbox.run("import orders.csv --program example").expect(0);
        },
        command: "backup copy.db",
        code: 0,
        allowed: &[],
    },
];

/// A ledger with an import and a run.
fn first(sandbox: &Sandbox) {
    sandbox.write("orders.csv", &report(1, 300));
    sandbox.run("import orders.csv --program example").expect(0);
    sandbox.run("recompute").expect(0);
}

/// Puts the ledger back and takes away everything beside it.
fn put_back(sandbox: &Sandbox, from: &str) {
    for entry in fs::read_dir(sandbox.path("")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name.starts_with("feebook.db") || name.starts_with("copy.db") {
            fs::remove_file(path).expect("it can be removed");
        }
    }
    fs::copy(sandbox.path(from), sandbox.path("feebook.db")).expect("a copy");
}

/// A fraction of the time that a command takes, in thousandths; anywhere, but the same each time.
struct Dice(u64);

impl Dice {
    fn thousandths(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % 1_100).expect("a small number")
    }
}

/// Kills a command so many times and returns how many of them were whole by then.
fn kill(killed: &Killed, times: u32) -> u32 {
    let sandbox = Sandbox::new();
    (killed.prepare)(&sandbox);
    fs::copy(sandbox.path("feebook.db"), sandbox.path("before.db")).expect("a copy");
    let before = contents(&sandbox.path("feebook.db"));
    let since = Instant::now();
    sandbox.run(killed.command).expect(killed.code);
    let whole = since.elapsed();
    let after = contents(&sandbox.path("feebook.db"));
    let is_backup = sandbox.path("copy.db").exists();
    assert!(is_backup || before != after, "{} does nothing", killed.name);
    let (mut dice, mut done) = (Dice(0x5eed_0f10), 0);
    for time in 0..times {
        put_back(&sandbox, "before.db");
        let mut command = sandbox.command();
        command.args(killed.command.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary runs");
        thread::sleep(whole * dice.thousandths() / 1_000);
        let ended = child.try_wait().expect("a child").is_some();
        let _ = child.kill();
        child.wait().expect("it ends");
        let found = contents(&sandbox.path("feebook.db"));
        let what = format!("{}, kill {time}", killed.name);
        assert!(found == before || found == after, "{what}: neither as before nor as after");
        assert!(!ended || found == after, "{what}: it had ended, and is not there");
        let copied = sandbox.path("copy.db").exists();
        if copied {
            assert!(contents(&sandbox.path("copy.db")) == before, "{what}: another copy");
        }
        done += u32::from(if is_backup { copied } else { found == after });
        clean(&sandbox, killed.allowed);
        sandbox.run("verify").expect(0);
    }
    done
}

#[test]
fn the_ledger_is_as_before_or_as_after() {
    let times = if all() { 30 } else { 2 };
    let mut kills = 0;
    for killed in KILLED {
        let since = Instant::now();
        let done = kill(killed, times);
        kills += times;
        let took = since.elapsed().as_millis() / Duration::from_secs(1).as_millis();
        say(&format!("{}: {times} kills survived, {done} of them whole ({took} s)", killed.name));
    }
    say(&format!("{kills} kills survived"));
}
