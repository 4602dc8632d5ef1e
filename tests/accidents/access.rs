//! Another user, who may read the ledger and not write it: an auditor.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use rusqlite::Connection;

use super::support::{Ran, Sandbox};
use super::{old, report, say};

/// The number of a user that owns nothing.
const NOBODY: u32 = 65_534;

/// A sandbox that another user can look into.
struct Audited {
    sandbox: Sandbox,
}

impl Audited {
    /// None where this user cannot run a command as another.
    fn new() -> Option<Self> {
        let audited = Self { sandbox: Sandbox::new() };
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(audited.sandbox.path(""), open).expect("permissions");
        // Where the tests were built nobody else may be able to go.
        let binary = audited.sandbox.path("feebook");
        fs::copy(env!("CARGO_BIN_EXE_feebook"), &binary).expect("a copy of the binary");
        let may =
            audited.command("completions bash").output().is_ok_and(|ran| ran.status.success());
        if !may {
            say("no command can be run as another user here: left out");
        }
        may.then_some(audited)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(self.sandbox.path("feebook"));
        command.args(line.split(' ')).current_dir(self.sandbox.path("")).env_clear();
        command.uid(NOBODY).gid(NOBODY);
        command
    }

    fn run(&self, line: &str) -> Ran {
        let ran = self.command(line).output().expect("the binary runs");
        Ran {
            code: ran.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&ran.stdout).into_owned(),
            err: String::from_utf8_lossy(&ran.stderr).into_owned(),
        }
    }

    fn beside(&self) -> Vec<String> {
        let entries = fs::read_dir(self.sandbox.path("")).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> =
            names.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// Everything that only reads.
const READING: &[&str] = &[
    "lines -O csv",
    "statement",
    "explain 5",
    "journal",
    "balance",
    "reconcile",
    "check",
    "verify",
    "export --to json",
    "imports list",
    "runs list",
    "quarantine list",
    "payout list",
    "close list",
    "assumptions",
];

#[test]
fn another_user_reads_what_he_may_not_write() {
    let Some(audited) = Audited::new() else { return };
    let sandbox = &audited.sandbox;
    sandbox.write("orders.csv", &report(1, 300));
    sandbox.run("import orders.csv --program example").expect(0);
    sandbox.run("recompute").expect(0);
    let before = audited.beside();
    for folder in [0o755, 0o777] {
        // A folder that anybody may write into: nothing of this user's is to be left in it.
        let mode = fs::Permissions::from_mode(folder);
        fs::set_permissions(sandbox.path(""), mode).expect("permissions");
        for line in READING {
            let (ours, theirs) = (sandbox.run(line).expect(0), audited.run(line).expect(0));
            assert_eq!(theirs.out, ours.out, "{line}");
            assert_eq!(audited.beside(), before, "{line} left something behind");
        }
        for line in ["import orders.csv --program example --as-of 2024-09-01", "imports undo 1"] {
            let refused = audited.run(line).expect(6);
            assert!(refused.err.contains("error[L009]"), "{line}: {}", refused.err);
        }
        let told = audited.run("doctor -O csv").expect(1);
        let access = told.rows().into_iter().find(|row| row.get("what") == "access");
        let access = access.expect("a row about access");
        assert!(access.get("state").contains("may read it and not write it"), "{}", told.out);
        assert_eq!(audited.beside(), before);
    }
    sandbox.run("-f feebook.db imports undo 1").expect(0);
}

#[test]
fn changes_that_wait_in_the_log_are_read_where_that_is_safe() {
    let Some(audited) = Audited::new() else { return };
    let sandbox = &audited.sandbox;
    sandbox.write("orders.csv", &report(1, 300));
    sandbox.run("import orders.csv --program example").expect(0);
    // A process that has the ledger open, and has written into the log.
    let conn = Connection::open(sandbox.path("feebook.db")).expect("a database");
    let word = "INSERT INTO word (id, text) VALUES ((SELECT max(id) + 1 FROM word), 'of the log')";
    conn.execute_batch(word).expect("a row");
    let read = audited.run("-f feebook.db lines -O csv").expect(0);
    assert_eq!(read.rows().len(), 300);
    // The same after the process was interrupted: the log alone, without what told of its readers.
    fs::create_dir(sandbox.path("left")).expect("a folder");
    for name in ["feebook.db", "feebook.db-wal"] {
        fs::copy(sandbox.path(name), sandbox.path(&format!("left/{name}"))).expect("a copy");
    }
    drop(conn);
    let refused = audited.run("-f left/feebook.db statement").expect(6);
    assert!(refused.err.contains("error[L009]"), "{}", refused.err);
    assert!(refused.err.contains("wait in left/feebook.db-wal"), "{}", refused.err);
    // Whoever may write takes them in, as it says.
    sandbox.run("-f left/feebook.db doctor").expect(0);
    audited.run("-f left/feebook.db statement").expect(0);
}

#[test]
fn changes_that_wait_beside_the_file_are_seen_through_a_link_to_it() {
    let Some(audited) = Audited::new() else { return };
    let sandbox = &audited.sandbox;
    sandbox.run("init").expect(0);
    sandbox.write("orders.csv", &report(1, 300));
    for folder in ["links", "left"] {
        fs::create_dir(sandbox.path(folder)).expect("a folder");
    }
    // A process that holds the ledger open while an import is committed into the log.
    let conn = Connection::open(sandbox.path("feebook.db")).expect("a database");
    let read = "SELECT count(*) FROM sqlite_schema";
    conn.query_row(read, [], |row| row.get::<_, i64>(0)).expect("a count");
    sandbox.run("import orders.csv --program example").expect(0);
    symlink("../feebook.db", sandbox.path("links/once.db")).expect("a link");
    symlink("once.db", sandbox.path("links/twice.db")).expect("a link");
    for link in ["links/once.db", "links/twice.db"] {
        let read = audited.run(&format!("-f {link} imports list -O csv")).expect(0);
        assert_eq!(read.rows().len(), 1, "{link}: {}", read.out);
    }
    // The same after the process was interrupted.
    for name in ["feebook.db", "feebook.db-wal"] {
        fs::copy(sandbox.path(name), sandbox.path(&format!("left/{name}"))).expect("a copy");
    }
    symlink("../left/feebook.db", sandbox.path("links/left.db")).expect("a link");
    let refused = audited.run("-f links/left.db imports list").expect(6);
    assert!(refused.err.contains("error[L009]"), "{}", refused.err);
    assert!(refused.err.contains("left/feebook.db-wal"), "{}", refused.err);
}

#[test]
fn a_ledger_that_is_written_while_another_user_reads_it_is_told() {
    let Some(audited) = Audited::new() else { return };
    let sandbox = &audited.sandbox;
    sandbox.write("orders.csv", &report(1, 3_000));
    sandbox.write("more.csv", &report(10_000, 300));
    sandbox.run("import orders.csv --program example").expect(0);
    sandbox.run("recompute").expect(0);
    let mut command = audited.command("lines -O csv");
    let mut reader =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    // A pipe holds less than all lines: the reader is in the midst of them until it is read.
    let mut pipe = reader.stdout.take().expect("a pipe");
    pipe.read_exact(&mut [0; 100]).expect("the first lines");
    sandbox.run("import more.csv --program example").expect(0);
    pipe.read_to_end(&mut Vec::new()).expect("the other lines");
    let ran = reader.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.code() == Some(6) && told.contains("error[L011]"), "{told}");
}

#[test]
fn a_ledger_that_may_not_even_be_read_is_told_in_the_systems_words() {
    let Some(audited) = Audited::new() else { return };
    audited.sandbox.run("init").expect(0);
    let path = audited.sandbox.path("feebook.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
    for line in ["statement", "check", "import x.csv --program example"] {
        let refused = audited.run(line).expect(6);
        let says = "error[L006]: cannot read the ledger feebook.db: Permission denied";
        assert!(refused.err.contains(says), "{line}: {}", refused.err);
    }
}

#[test]
fn an_older_ledger_is_not_upgraded_by_a_user_who_may_not_write_it() {
    let Some(audited) = Audited::new() else { return };
    old::laid(&audited.sandbox, 6);
    let before = fs::read(audited.sandbox.path("feebook.db")).expect("a ledger");
    let refused = audited.run("statement").expect(6);
    assert!(refused.err.contains("error[L009]: the ledger is of version 6"), "{}", refused.err);
    assert_eq!(fs::read(audited.sandbox.path("feebook.db")).expect("a ledger"), before);
}
