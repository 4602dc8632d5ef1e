//! Many processes at once, and files that change while they are read.

use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;

use feebook_core::error::Result;
use feebook_core::import::{Advertisers, Formats, Intake, Keeping, Known, TakenIn, Watch};
use feebook_core::ledger::Ledger;
use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::{Book, Source};

use super::support::{Sandbox, root};
use super::{all, clean, contents, report};

/// Starts a command that nobody listens to.
fn start(sandbox: &Sandbox, line: &str) -> Child {
    let mut command = sandbox.command();
    command.args(line.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the binary runs")
}

#[test]
fn two_write_and_ten_read() {
    let sandbox = Sandbox::with_ledger();
    let (files, orders) = (if all() { 12 } else { 2 }, 200);
    for file in 0..files * 2 {
        sandbox.write(&format!("{file}.csv"), &report(file * 1_000 + 1, orders));
    }
    for round in 0..files {
        let [a, b] = [round * 2, round * 2 + 1]
            .map(|file| start(&sandbox, &format!("import {file}.csv --program example")));
        let mut readers = Vec::new();
        for _ in 0..10 {
            let mut command = sandbox.command();
            command.args(["lines", "-O", "csv"]).stdout(Stdio::piped()).stderr(Stdio::piped());
            readers.push(command.spawn().expect("the binary runs"));
        }
        for reader in readers {
            let read = reader.wait_with_output().expect("it ends");
            assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
            let lines =
                u64::try_from(read.stdout.split(|byte| *byte == b'\n').count()).unwrap_or(0);
            assert_eq!((lines - 2) % orders, 0, "a reader saw a part of an import");
        }
        for mut writer in [a, b] {
            assert!(writer.wait().expect("it ends").success());
        }
    }
    let lines = sandbox.run("lines -O csv").expect(0).rows().len();
    assert_eq!(u64::try_from(lines), Ok(files * 2 * orders));
    sandbox.run("recompute").expect(0);
    clean(&sandbox, &[]);
}

#[test]
fn a_backup_while_an_import_runs_is_one_state_of_the_ledger() {
    let sandbox = Sandbox::with_ledger();
    let (rounds, orders) = (if all() { 20 } else { 3 }, 1_000);
    for round in 0..rounds {
        let file = format!("{round}.csv");
        sandbox.write(&file, &report(round * 10_000 + 1, orders));
        let mut writer = start(&sandbox, &format!("import {file} --program example"));
        let copy = format!("copy-{round}.db");
        sandbox.run(&format!("backup {copy}")).expect(0);
        assert!(writer.wait().expect("it ends").success());
        sandbox.run(&format!("-f {copy} check")).expect(0);
        let lines = sandbox.run(&format!("-f {copy} lines -O csv")).expect(0).rows().len();
        let lines = u64::try_from(lines).expect("a count");
        assert!(lines == round * orders || lines == (round + 1) * orders, "{lines}");
    }
    sandbox.run("backup last.db").expect(0);
    assert_eq!(contents(&sandbox.path("last.db")), contents(&sandbox.path("feebook.db")));
    // What was restored is used like the ledger.
    sandbox.run("-f last.db recompute").expect(0);
    sandbox.run("-f last.db verify").expect(0);
    let taken = sandbox.run("backup last.db").expect(6);
    assert!(taken.err.contains("it exists already"), "{}", taken.err);
}

struct Nobody;

impl Watch for Nobody {
    fn problem(&mut self, _problem: Diagnostic) {}
    fn read(&mut self, _bytes: u64) {}
}

/// Something that is done to a file.
type Change = fn(&Path);

/// Imports a file that is changed between its first reading and its second.
fn changed(sandbox: &Sandbox, change: impl FnOnce(&Path)) -> Result<TakenIn> {
    let folder = root().join("schedules");
    let mut sources = Vec::new();
    for name in ["example/program.toml", "example/2024-07-01.toml", "reports/feebook.toml"] {
        let text = fs::read_to_string(folder.join(name)).expect("a file of terms");
        sources.push(Source::new(name, name, text));
    }
    for entry in fs::read_dir(folder.join("example")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "csv") {
            let name = format!("example/{}", path.file_name().expect("a name").to_string_lossy());
            sources.push(Source::new(&*name, &*name, fs::read_to_string(&path).expect("a tree")));
        }
    }
    let (formats, _) = Formats::load(&sources);
    let (book, _) = Book::load(&sources);
    let book = Arc::new(book);
    let advertisers = Advertisers::default();
    let known = Known { formats: &formats, book: &book, advertisers: &advertisers };
    let path = sandbox.write("orders.csv", &report(1, 500));
    let intake = Intake::open(&path, known, None, Some("example"))?;
    change(&path);
    let mut ledger = Ledger::open(&sandbox.path("feebook.db"))?;
    let keeping = Keeping { as_of: None, now: 1, strict: false, archive: true };
    intake.take_in(&mut ledger, &keeping, &mut Nobody)
}

#[test]
fn a_file_that_changes_while_it_is_read_is_refused_whole() {
    let changes: [(&str, Change); 3] = [
        ("it had", |path| {
            let file = OpenOptions::new().write(true).open(path).expect("a file");
            file.set_len(9_000).expect("it can be cut");
        }),
        ("it had", |path| {
            let mut file = OpenOptions::new().append(true).open(path).expect("a file");
            let line = b"9,1,2024-08-01 10:00:00,1.00,approved,163,NO,CN,USD,N,blog,tag\n";
            file.write_all(line).expect("it can be written");
        }),
        ("bytes some are others now", |path| {
            let mut file = OpenOptions::new().write(true).open(path).expect("a file");
            file.seek(SeekFrom::Start(200)).expect("a place");
            file.write_all(b"7").expect("it can be written");
        }),
    ];
    for (said, change) in changes {
        let sandbox = Sandbox::with_ledger();
        let before = contents(&sandbox.path("feebook.db"));
        let refused = changed(&sandbox, change).expect_err("a file that changed");
        let problems: Vec<_> = refused.problems().iter().map(|p| (p.code.id, &p.message)).collect();
        assert!(
            problems.iter().any(|(id, _)| matches!(*id, "R050" | "R013" | "R008")),
            "{problems:?}"
        );
        if problems[0].0 == "R050" {
            assert!(problems[0].1.contains(said), "{problems:?}");
        }
        assert_eq!(contents(&sandbox.path("feebook.db")), before, "nothing of it is kept");
    }
}

#[test]
fn a_file_that_is_replaced_while_it_is_read_is_imported_as_it_was() {
    let sandbox = Sandbox::with_ledger();
    let taken = changed(&sandbox, |path| {
        let other = path.with_file_name("other.csv");
        fs::write(&other, report(5_000, 3)).expect("another file");
        fs::rename(&other, path).expect("it takes the name");
    });
    assert!(matches!(taken, Ok(TakenIn::Read { .. })), "{taken:?}");
    assert_eq!(sandbox.run("lines -O csv").expect(0).rows().len(), 500);
    let again = sandbox.run("imports archive 1").expect(0).out;
    assert_eq!(again, report(1, 500), "the file whose rows were read");
    clean(&sandbox, &[]);
}

#[cfg(unix)]
#[test]
fn a_report_out_of_a_pipe_is_read_once() {
    let sandbox = Sandbox::with_ledger();
    let pipe = sandbox.path("pipe.csv");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    let mut reader = start(&sandbox, "import pipe.csv --program example");
    fs::write(&pipe, report(1, 2_000)).expect("the pipe is read");
    assert!(reader.wait().expect("it ends").success());
    assert_eq!(sandbox.run("lines -O csv").expect(0).rows().len(), 2_000);
}
