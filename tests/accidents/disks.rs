//! Disks that are full, cannot be written, or have gone bad.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;

use super::support::{Ran, Sandbox};
use super::{clean, contents, report, say};

/// A small file system in memory, for those who may mount one.
struct Small(PathBuf);

impl Small {
    fn of(sandbox: &Sandbox, kilobytes: u32) -> Option<Self> {
        let folder = sandbox.path("small");
        fs::create_dir_all(&folder).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kilobytes}k"), "tmpfs"])
            .arg(&folder)
            .output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        if !mounted {
            say("no file system can be mounted here: left out");
        }
        mounted.then_some(Self(folder))
    }

    fn remount(&self, how: &str) {
        let done =
            Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(&self.0).status();
        assert!(done.expect("mount runs").success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Fills a ledger in a folder of the sandbox a little.
fn filled(sandbox: &Sandbox, ledger: &str) {
    sandbox.write("orders.csv", &report(1, 100));
    sandbox.run(&format!("-f {ledger} import orders.csv --program example")).expect(0);
    sandbox.run(&format!("-f {ledger} recompute")).expect(0);
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_ledger_as_it_was() {
    let sandbox = Sandbox::new();
    let Some(small) = Small::of(&sandbox, 2_000) else { return };
    filled(&sandbox, "small/feebook.db");
    let before = contents(&small.0.join("feebook.db"));
    sandbox.write("big.csv", &report(1_000, 20_000));
    for command in [
        "import big.csv --program example",
        "import big.csv --program example --archive",
        "backup small/copy.db",
    ] {
        // Only the backup needs less than there is; then less is left.
        if command.starts_with("backup") {
            let rest = vec![0_u8; 700_000];
            let _ = fs::write(small.0.join("ballast"), rest);
        }
        let refused = sandbox.run(&format!("-f small/feebook.db {command}")).expect(6);
        assert!(refused.err.contains("L008"), "{command}: {}", refused.err);
        let _ = fs::remove_file(small.0.join("ballast"));
        assert_eq!(contents(&small.0.join("feebook.db")), before, "{command}");
        sandbox.run("-f small/feebook.db check").expect(0);
    }
    assert!(!small.0.join("copy.db").exists());
    small.remount("size=64m");
    sandbox.run("-f small/feebook.db import big.csv --program example").expect(0);
}

#[cfg(unix)]
#[test]
fn a_disk_without_a_byte_left_is_told_also_when_only_reading() {
    let sandbox = Sandbox::new();
    let Some(small) = Small::of(&sandbox, 2_000) else { return };
    filled(&sandbox, "small/feebook.db");
    let before = contents(&small.0.join("feebook.db"));
    // As much as there is room for, and then each byte of the rest.
    for length in [1 << 20, 4_096, 1] {
        let rest = vec![0_u8; length];
        for file in 0..300 {
            if fs::write(small.0.join(format!("ballast-{length}-{file}")), &rest).is_err() {
                break;
            }
        }
    }
    for command in ["lines", "statement -o small/out.csv", "imports undo 1"] {
        let refused = sandbox.run(&format!("-f small/feebook.db {command}")).expect(6);
        let full = "note: the disk is full: 0 bytes are free beside small/feebook.db";
        assert!(refused.err.contains(full), "{command}: {}", refused.err);
    }
    let told = sandbox.run("-f small/feebook.db doctor -O csv").expect(1);
    let found: Vec<_> =
        told.rows().into_iter().filter(|row| row.get("kind") == "finding").collect();
    assert_eq!(found.len(), 1, "the failure of the disk is not told twice: {found:?}");
    assert!(found[0].get("state").contains("the disk is full"), "{found:?}");
    for entry in fs::read_dir(&small.0).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ballast")) {
            fs::remove_file(path).expect("it can be removed");
        }
    }
    assert!(!small.0.join("out.csv").exists());
    assert_eq!(contents(&small.0.join("feebook.db")), before);
    sandbox.run("-f small/feebook.db lines").expect(0);
}

/// Runs a command that may not write more than so many kilobytes into one file.
#[cfg(unix)]
fn limited(sandbox: &Sandbox, kilobytes: u32, line: &str) -> Ran {
    let binary = env!("CARGO_BIN_EXE_feebook");
    let script = format!("trap '' XFSZ; ulimit -f {}; exec {binary} {line}", kilobytes * 2);
    let mut command = Command::new("sh");
    let folder = sandbox.path("");
    let output = command.args(["-c", &script]).current_dir(folder).env_clear().output();
    let output = output.expect("sh runs");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_leaves_the_ledger_as_it_was() {
    let sandbox = Sandbox::new();
    filled(&sandbox, "feebook.db");
    sandbox.write("big.csv", &report(1_000, 20_000));
    let before = contents(&sandbox.path("feebook.db"));
    for command in ["import big.csv --program example", "backup copy.db"] {
        let limit = if command.starts_with("backup") { 100 } else { 800 };
        let refused = limited(&sandbox, limit, command).expect(6);
        assert!(refused.err.contains("error[L0"), "{command}: {}", refused.err);
        assert_eq!(contents(&sandbox.path("feebook.db")), before, "{command}");
        clean(&sandbox, &[]);
        assert!(!sandbox.path("copy.db").exists());
    }
    sandbox.run("import big.csv --program example").expect(0);
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_read_only_is_told_and_can_still_be_asked() {
    let sandbox = Sandbox::new();
    let Some(small) = Small::of(&sandbox, 20_000) else { return };
    filled(&sandbox, "small/feebook.db");
    sandbox.write("more.csv", &report(1_000, 10));
    let before = fs::read(small.0.join("feebook.db")).expect("a ledger");
    small.remount("ro");
    for command in ["import more.csv --program example", "recompute --all", "imports undo 1"] {
        let refused = sandbox.run(&format!("-f small/feebook.db {command}"));
        let told = refused.err.contains("error[L009]");
        assert!(refused.code == 6 && told, "{command}: {} {}", refused.code, refused.err);
    }
    for command in ["statement", "lines", "check", "verify", "export --to json"] {
        sandbox.run(&format!("-f small/feebook.db {command}")).expect(0);
    }
    let made = sandbox.run("-f small/new.db init").expect(6);
    assert!(made.err.contains("error[L006]"), "{}", made.err);
    small.remount("rw");
    assert_eq!(fs::read(small.0.join("feebook.db")).expect("a ledger"), before);
    sandbox.run("-f small/feebook.db import more.csv --program example").expect(0);
}

#[cfg(unix)]
#[test]
fn a_ledger_file_that_is_read_only_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    filled(&sandbox, "feebook.db");
    sandbox.write("more.csv", &report(1_000, 10));
    let path = sandbox.path("feebook.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).expect("permissions");
    if OpenAnyway::may(&path) {
        return say("this user may write what is read-only: left out");
    }
    let refused = sandbox.run("import more.csv --program example").expect(6);
    assert!(refused.err.contains("error[L009]"), "{}", refused.err);
}

/// Whether permissions mean nothing to this user.
struct OpenAnyway;

impl OpenAnyway {
    fn may(path: &Path) -> bool {
        fs::OpenOptions::new().write(true).open(path).is_ok()
    }
}

/// Where a table's tree begins, and the size of a page.
fn root_of(path: &Path, table: &str) -> (u64, u64) {
    let conn = Connection::open(path).expect("a database");
    let number = |query: &str| conn.query_row(query, [], |row| row.get(0)).expect("a number");
    let root = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'");
    (number(&root), number("PRAGMA page_size"))
}

#[test]
fn nothing_is_written_into_a_damaged_ledger_and_no_half_document_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.write("orders.csv", &report(1, 20_000));
    sandbox.write("more.csv", &report(50_000, 10));
    sandbox.run("import orders.csv --program example").expect(0);
    sandbox.run("recompute").expect(0);
    let path = sandbox.path("feebook.db");
    let (_, size) = root_of(&path, "order_line");
    let mut bytes = fs::read(&path).expect("a ledger");
    let length = usize::try_from(size).expect("a size");
    let from = 155 * length;
    bytes[from..from + length].fill(0xFF);
    fs::write(&path, &bytes).expect("the file can be written");
    for command in ["import more.csv --program example", "recompute --all", "imports undo 1"] {
        let refused = sandbox.run(command).expect(6);
        assert!(refused.err.contains("error[L007]"), "{command}: {}", refused.err);
        assert!(refused.err.contains("page 156"), "{command}: {}", refused.err);
        assert!(fs::read(&path).expect("a ledger") == bytes, "{command} wrote");
    }
    let told = sandbox.run("doctor -O csv").expect(1);
    let found = told.rows().into_iter().find(|row| row.get("what") == "damage");
    assert!(found.expect("a row about damage").get("state").contains("page 156"), "{}", told.out);
    // Some of it can be read, and is printed as it is read.
    let printed = sandbox.run("lines -O csv").expect(6);
    assert!(printed.out.lines().count() > 1_000, "{}", printed.out.len());
    assert!(printed.err.contains("what was printed is not whole"), "{}", printed.err);
    sandbox.write("kept.csv", "an earlier document");
    for file in ["new.csv", "kept.csv"] {
        for command in ["lines", "export --to csv"] {
            let refused = sandbox.run(&format!("{command} -o {file}")).expect(6);
            assert!(!refused.err.contains("what was printed"), "{}", refused.err);
        }
    }
    let names = fs::read_dir(sandbox.path("")).expect("a folder").filter_map(|entry| {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        (name.contains("new.csv") || name.contains(".part-")).then_some(name)
    });
    assert_eq!(names.collect::<Vec<_>>(), Vec::<String>::new(), "half a document");
    let kept = fs::read_to_string(sandbox.path("kept.csv")).expect("a document");
    assert_eq!(kept, "an earlier document");
}

#[test]
fn a_page_that_has_gone_bad_is_found_and_named() {
    for table in
        ["order_line", "result", "seal", "quarantine", "import", "word", "program", "click"]
    {
        let sandbox = Sandbox::new();
        filled(&sandbox, "feebook.db");
        let path = sandbox.path("feebook.db");
        let (page, size) = root_of(&path, table);
        let mut bytes = fs::read(&path).expect("a ledger");
        let from = usize::try_from((page - 1) * size).expect("an offset");
        let length = usize::try_from(size).expect("a size");
        bytes[from..from + length].fill(0xA5);
        fs::write(&path, bytes).expect("the file can be written");
        let found = sandbox.run("check -O csv").expect(1);
        let named = format!("table `{table}`, page {page}");
        assert!(found.out.contains(&named), "{named}:\n{}\n{}", found.out, found.err);
        let said = sandbox.run("backup copy.db");
        assert_eq!(said.code, 6, "no backup of a damaged ledger: {}", said.err);
        assert!(!sandbox.path("copy.db").exists());
    }
    // The first page is what makes the file a database at all.
    let sandbox = Sandbox::new();
    filled(&sandbox, "feebook.db");
    let mut bytes = fs::read(sandbox.path("feebook.db")).expect("a ledger");
    bytes[100..4_000].fill(0xA5);
    fs::write(sandbox.path("feebook.db"), bytes).expect("the file can be written");
    let said = sandbox.run("check");
    assert!(said.code == 1 || said.err.contains("error[L0"), "{} {}", said.out, said.err);
}
