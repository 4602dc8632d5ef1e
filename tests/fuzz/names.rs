//! Names that others give: of files in an archive, of files, of orders. None of them becomes a path, and
//! none gives a terminal an order.

use std::fs;

use super::support::{Sandbox, root};

/// Every file below a folder, and its length.
fn files(sandbox: &Sandbox) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![sandbox.path("")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.display().to_string());
            }
        }
    }
    found.sort();
    found
}

/// The sample with another name of a member, as long as its own.
fn renamed(name: &[u8; 15]) -> Vec<u8> {
    let mut archive = fs::read(root().join("tests/reports/daisycon-zip.zip")).expect("a sample");
    let own = b"2026/april.json";
    let places: Vec<usize> =
        (0..archive.len() - own.len()).filter(|at| archive[*at..].starts_with(own)).collect();
    assert_eq!(places.len(), 2, "before the file, and in the list at the end");
    for at in places {
        archive[at..at + own.len()].copy_from_slice(name);
    }
    archive
}

#[test]
fn a_path_in_an_archive_is_a_name_and_nothing_is_written_by_it() {
    for name in
        [b"../../../x.json", b"/tmp/fbx-9.json", b"..\\..\\c:xy.json", b"a\x1b[31m\x07\r\0b.json"]
    {
        let sandbox = Sandbox::with_ledger();
        sandbox.write("feebook.toml", "format = 1\n[programs.daisycon]\n\"*\" = \"example\"\n");
        fs::write(sandbox.path("report.zip"), renamed(name)).expect("a file");
        sandbox.run("import report.zip").expect(0);
        let before = files(&sandbox);
        for line in ["import report.zip --as feebook --program example", "formats sniff report.zip"]
        {
            let ran = sandbox.run(line);
            assert!(ran.code < 70, "{line}: {}", ran.err);
            let controls = |c: char| c.is_control() && c != '\n';
            assert!(!ran.err.contains(controls) && !ran.out.contains(controls), "{ran:?}");
        }
        assert_eq!(files(&sandbox), before);
        assert!(!std::path::Path::new("/tmp/fbx-9.json").exists());
    }
}

#[cfg(unix)]
#[test]
fn names_and_numbers_of_others_give_a_terminal_no_orders() {
    let sandbox = Sandbox::with_ledger();
    let evil = "x\u{1b}]0;t\u{7}\u{9b}2Jy";
    let header = "order_no,line_no,paid_at,product_price,status,placement\n";
    let row = format!("{evil},1,2024-08-01 10:00:00,1.00,approved,{evil}\n");
    let bad = format!("{evil},2,never,1.00,{evil},{evil}\n");
    let file = format!("{evil}.csv");
    sandbox.write(&file, &format!("{header}{row}{bad}"));
    let mut ran = vec![sandbox.run_words(&["import", &file, "--program", "example"]).expect(4)];
    sandbox.run("recompute").expect(0);
    for line in [
        "lines",
        "statement --by placement",
        "imports list",
        "quarantine list",
        "quarantine show 1",
        "reconcile",
        "journal",
        "check",
        "doctor",
        "runs list",
        "assumptions",
        "import nowhere\u{1b}[2J.csv --program example",
    ] {
        ran.push(sandbox.run(line));
    }
    ran.push(sandbox.run_words(&["explain", evil]).expect(0));
    ran.push(sandbox.run_words(&["explain", &format!("{evil}z")]).expect(2));
    for ran in ran {
        let controls = |c: char| c.is_control() && c != '\n' && c != '\t';
        assert!(!ran.err.contains(controls) && !ran.out.contains(controls), "{ran:?}");
    }
}
