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
    let Some(small) = Small::of(&sandbox, 1_300) else { return };
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
            let rest = vec![0_u8; 500_000];
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
fn a_disk_that_is_read_only_is_told_and_can_still_be_asked_or_says_why_not() {
    let sandbox = Sandbox::new();
    let Some(small) = Small::of(&sandbox, 20_000) else { return };
    filled(&sandbox, "small/feebook.db");
    sandbox.write("more.csv", &report(1_000, 10));
    let before = fs::read(small.0.join("feebook.db")).expect("a ledger");
    small.remount("ro");
    let codes = ["error[L006]", "error[L008]", "error[L009]", "error[L005]"];
    for command in ["import more.csv --program example", "recompute --all", "imports undo 1"] {
        let refused = sandbox.run(&format!("-f small/feebook.db {command}"));
        let told = codes.iter().any(|code| refused.err.contains(code));
        assert!(refused.code == 6 && told, "{command}: {} {}", refused.code, refused.err);
    }
    let asked = sandbox.run("-f small/feebook.db statement");
    assert!(asked.code == 0 || asked.err.contains("error[L0"), "{}", asked.err);
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
