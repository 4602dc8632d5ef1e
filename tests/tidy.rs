//! What lints cannot say: who may name what, how long a function may be, and that nothing is
//! forgotten. Reads the sources as text.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use super::support::root;

/// A source file.
struct Text {
    /// The path below the root, with `/`.
    path: String,
    text: String,
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn texts(folders: &[&str], ending: &str) -> Vec<Text> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut files);
    }
    files.sort();
    let wanted = files.into_iter().filter(|f| f.extension().is_some_and(|e| e == ending));
    wanted
        .map(|file| {
            let below = file.strip_prefix(root()).expect("below the root");
            let path = below.to_string_lossy().replace('\\', "/");
            // Some sample reports are not UTF-8, on purpose.
            let bytes = fs::read(&file).expect("a file");
            Text { path, text: String::from_utf8_lossy(&bytes).into_owned() }
        })
        .collect()
}

/// The program's own sources, without the crates' tests.
fn sources() -> Vec<Text> {
    texts(&["crates"], "rs").into_iter().filter(|file| !file.path.contains("/tests")).collect()
}

/// The code of a file: without comments and without its inline tests.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn nothing(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

/// Reports where a name is used outside the files that may.
fn only_in(names: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in sources() {
        if allowed.iter().any(|prefix| file.path.starts_with(prefix)) {
            continue;
        }
        for name in names {
            if code(&file.text).contains(name) {
                findings.push(format!(
                    "{} names {name}; only {} may",
                    file.path,
                    allowed.join(", ")
                ));
            }
        }
    }
    findings
}

#[test]
fn only_the_ledger_speaks_sql() {
    nothing(&only_in(&["rusqlite"], &["crates/core/src/ledger/"]));
}

/// What may stand in SQL beside constants in capitals, and where it comes from.
const IN_SQL: &[(&str, &[&str])] = &[
    ("coverage.rs", &["column", "condition"]), // literals of one function each
    ("derived.rs", &["table"]),                // the list at its head
    ("examine.rs", &["name"]),                 // literals of one function
    ("imports.rs", &["rows", "condition"]),    // question marks; literals of one function
    ("payouts.rs", &["which"]),                // literals of one function
    ("results.rs", &["values"]),               // question marks
    ("scan.rs", &["end"]),                     // literals of one function
    ("seals.rs", &["table", "column"]),        // the lists at its head
    ("standing.rs", &["table", "column", "removals"]), // literals of one type
    ("upgrade.rs", &["migration", "number"]),  // the migrations themselves
];

#[test]
fn sql_is_made_of_constants_only() {
    let words = ["SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM", "PRAGMA ", "VACUUM", " FROM "];
    let mut findings = Vec::new();
    let mut seen = 0;
    for file in sources().iter().filter(|file| file.path.starts_with("crates/core/src/ledger/")) {
        let name = file.path.rsplit('/').next().expect("a name");
        let allowed = IN_SQL.iter().find(|(file, _)| *file == name).map_or(&[][..], |(_, a)| a);
        let text = code(&file.text);
        for (at, _) in text.match_indices("format!(") {
            // The literal of the call, up to its closing quote.
            let Some(literal) = text[at + 8..].trim_start().strip_prefix('"') else { continue };
            let literal = &literal[..literal.find('"').expect("a closed literal")];
            if !words.iter().any(|word| literal.contains(word)) {
                continue;
            }
            seen += 1;
            let inserted = literal.split('{').skip(1).filter_map(|rest| rest.split('}').next());
            for inserted in inserted.filter(|inserted| !inserted.is_empty()) {
                let constant = inserted.chars().all(|c| c.is_ascii_uppercase() || c == '_');
                let told = format!("{}: {inserted} in `{literal}`", file.path);
                if !constant && !allowed.contains(&inserted) && !literal.starts_with("the ") {
                    findings.push(told);
                }
            }
        }
    }
    assert!(seen > 20, "the statements are looked at");
    nothing(&findings);
}

#[test]
fn only_the_cli_reads_the_clock_the_environment_and_the_terminal() {
    let names = [
        "Utc::now",
        "Local::now",
        "SystemTime",
        "Instant::now",
        "env::var",
        "std::env",
        "stdout()",
        "stderr()",
    ];
    nothing(&only_in(&names, &["crates/cli/"]));
}

#[test]
fn only_the_run_and_the_examples_call_the_kernel() {
    let calls = ["kernel::evaluate(", "kernel::rate(", "kernel::settle("];
    nothing(&only_in(&calls, &["crates/core/src/run/evaluator.rs", "crates/schedule/src/example"]));
}

#[test]
fn only_the_kernel_multiplies_and_divides_money() {
    let mut findings = Vec::new();
    for file in sources().iter().filter(|file| !file.path.starts_with("crates/kernel/")) {
        for (number, line) in code(&file.text).lines().enumerate() {
            for (at, _) in line.match_indices(".get()") {
                let after = line[at + 6..].trim_start();
                let before =
                    line[..at].trim_end_matches(|c: char| c.is_alphanumeric() || "._".contains(c));
                let before = before.trim_end();
                let multiplies = (after.starts_with('*') || after.starts_with('/'))
                    || (before.ends_with(" *") || before.ends_with(" /"));
                if multiplies {
                    findings.push(format!(
                        "{} (code line {}): {}",
                        file.path,
                        number + 1,
                        line.trim()
                    ));
                }
            }
        }
    }
    nothing(&findings);
}

#[test]
fn the_kernel_needs_nothing() {
    let manifest = fs::read_to_string(root().join("crates/kernel/Cargo.toml")).expect("a manifest");
    assert!(!manifest.contains("dependencies]"), "the kernel has no dependencies");
    let lib = fs::read_to_string(root().join("crates/kernel/src/lib.rs")).expect("a text");
    assert!(lib.contains("#![no_std]"));
    nothing(&only_in_kernel(&["extern crate alloc", "std::"]));
}

fn only_in_kernel(names: &[&str]) -> Vec<String> {
    let kernel = sources().into_iter().filter(|file| file.path.starts_with("crates/kernel/src"));
    kernel
        .flat_map(|file| {
            let code = code(&file.text);
            let found: Vec<String> = names
                .iter()
                .filter(|name| code.contains(**name))
                .map(|name| format!("{} names {name}", file.path))
                .collect();
            found
        })
        .collect()
}

#[test]
fn every_file_says_what_it_owns() {
    let silent = texts(&["crates", "tests"], "rs")
        .into_iter()
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| file.path);
    nothing(&silent.collect::<Vec<_>>());
}

#[test]
fn functions_are_short_and_files_are_not_long() {
    let mut findings = Vec::new();
    for file in sources() {
        let lines: Vec<&str> = file.text.lines().collect();
        if lines.len() > 900 {
            findings.push(format!("{} has {} lines", file.path, lines.len()));
        }
        for (name, length) in functions(&lines) {
            if length > 70 {
                findings.push(format!("{}: fn {name} has {length} lines", file.path));
            }
        }
    }
    nothing(&findings);
}

/// Names and lengths of the functions of a formatted file: from `fn` to the brace at its indent.
fn functions(lines: &[&str]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let words = trimmed
            .trim_start_matches("pub ")
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub(super) ")
            .trim_start_matches("const ");
        let Some(rest) = words.strip_prefix("fn ") else { continue };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let indent = line.len() - trimmed.len();
        let close = format!("{}}}", " ".repeat(indent));
        let end = lines[start..].iter().position(|line| *line == close);
        found.push((name, end.map_or(1, |end| end + 1)));
    }
    found
}

#[test]
fn names_come_from_the_field() {
    let banned = ["manager", "helper", "util", "service", "processor", "data", "info"];
    let mut findings = Vec::new();
    for file in sources() {
        for line in code(&file.text).lines() {
            let mut words =
                line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty());
            while let Some(word) = words.next() {
                if !matches!(word, "fn" | "struct" | "enum" | "trait" | "mod" | "type") {
                    continue;
                }
                let Some(name) = words.next() else { break };
                let plain =
                    name.to_lowercase().replace("service_fee", "").replace("servicefee", "");
                let parts = plain.split('_');
                if parts
                    .into_iter()
                    .any(|part| banned.iter().any(|bad| part == *bad || part.ends_with(bad)))
                {
                    findings.push(format!("{}: {name}", file.path));
                }
            }
        }
    }
    nothing(&findings);
}

#[test]
fn every_test_file_is_compiled() {
    let main = fs::read_to_string(root().join("tests/main.rs")).expect("a text");
    let mut findings = Vec::new();
    for entry in fs::read_dir(root().join("tests")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let is_module = path.extension().is_some_and(|e| e == "rs") || path.join("mod.rs").exists();
        if is_module && stem != "main" && !main.contains(&format!("mod {stem};")) {
            findings.push(format!("tests/{stem} is not a module of tests/main.rs"));
        }
    }
    nothing(&findings);
}

#[test]
fn migrations_are_numbered_once_and_never_edited() {
    // A released migration is pinned by its SHA-256; a change of the ledger is a new file.
    let pinned = [
        ("0001_ledger.sql", "0cc52c5a7801f9e663140afb811f0e3d311c88b61bd06706867824cc11dadda1"),
        ("0002_facts.sql", "98799510bb8b81ceb02fc8f734b20c538dd863585b16a0d6ee7ffdcd149fad53"),
        ("0003_plugins.sql", "c237a54b08d28bbbea2a8296e9bb331b2b0bd79f22b556ae8533e4b857f70664"),
        ("0004_payouts.sql", "7201c979b7e4e6e8aac3afe6154bb6cd33103eda7ca52a250d2d686080ddc10e"),
        ("0005_quarantine.sql", "a0ed0f67f472ea5c01aa675b69100a4f4206984dd1a9f9f126bf605813e61591"),
        ("0006_months.sql", "3171d51584f84bc22b4327289b6687cad39973cdf7655ca743c6ac6c530363f3"),
        ("0007_whole_runs.sql", "a0e0d956e10d737d3b5389e82f0be91e47aae29245129f022431b732ddd0545a"),
        (
            "0008_corrections.sql",
            "9b88901f256dba34069c80ba1d7541e6084011d2853f9a21fd8478c52a9e2be6",
        ),
    ];
    let mut names: Vec<String> = fs::read_dir(root().join("migrations"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    for (number, name) in names.iter().enumerate() {
        assert!(name.starts_with(&format!("{:04}_", number + 1)), "{name} breaks the numbering");
    }
    assert_eq!(names, pinned.map(|(name, _)| name), "every migration is pinned");
    for (name, digest) in pinned {
        let text = fs::read(root().join("migrations").join(name)).expect("a text");
        let now = sha2::Sha256::digest(&text);
        let now = now.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert_eq!(now, digest, "{name} was released and must not change");
    }
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let workplace = format!("/{}/", "work");
    let mut findings = Vec::new();
    for ending in ["rs", "toml", "md", "csv", "json", "sql", "snap"] {
        let all = texts(&["crates", "docs", "schedules", "tests", "migrations"], ending);
        for file in all.iter().filter(|file| file.text.contains(&workplace)) {
            findings.push(file.path.clone());
        }
    }
    nothing(&findings);
}

#[test]
fn the_one_crate_with_unsafe_code_has_the_lints_of_all() {
    let table = |file: &str, path: &[&str]| -> toml::Table {
        let text = fs::read_to_string(root().join(file)).expect("a manifest");
        let mut table: toml::Table = text.parse().expect("TOML");
        for key in path {
            table = table.get(*key).and_then(toml::Value::as_table).expect("a table").clone();
        }
        table
    };
    // What a crate with unsafe code has beside those of all, and what it cannot have.
    let own = [
        "unsafe_code",
        "unsafe_op_in_unsafe_fn",
        "undocumented_unsafe_blocks",
        "multiple_unsafe_ops_per_block",
    ];
    for tool in ["rust", "clippy"] {
        let mut all = table("Cargo.toml", &["workspace", "lints", tool]);
        let mut plugin = table("crates/plugin/Cargo.toml", &["lints", tool]);
        for lint in own {
            all.remove(lint);
            plugin.remove(lint);
        }
        assert!(!all.is_empty());
        assert_eq!(plugin, all, "lints of {tool}");
    }
    let plugin = table("crates/plugin/Cargo.toml", &["lints"]);
    for (tool, lint) in ["rust", "rust", "clippy", "clippy"].into_iter().zip(own) {
        let level = if lint == "unsafe_code" { "allow" } else { "deny" };
        assert_eq!(plugin[tool][lint].as_str(), Some(level), "{lint}");
    }
}
