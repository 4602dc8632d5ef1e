//! Runs the real binary in a fresh folder.
//!
//! Owns the sandbox: no environment of the caller's, no network, a folder that goes with the test.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code.
    pub(crate) code: i32,
    /// What it wrote to stdout.
    pub(crate) out: String,
    /// What it said on stderr.
    pub(crate) err: String,
}

impl Ran {
    /// Requires an exit code, showing everything when it is another.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Reads stdout as CSV: each row as its cells by column name.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut reader = csv::Reader::from_reader(self.out.as_bytes());
        let header = reader.headers().expect("stdout has a header").clone();
        reader
            .records()
            .map(|record| Row { header: header.clone(), record: record.expect("a CSV row") })
            .collect()
    }
}

/// One row of a CSV document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    header: csv::StringRecord,
    record: csv::StringRecord,
}

impl Row {
    /// Returns the cell of a column.
    #[track_caller]
    pub(crate) fn get(&self, column: &str) -> &str {
        let at = self.header.iter().position(|name| name == column);
        assert!(at.is_some(), "no column {column} in {:?}", self.header);
        at.map_or("", |at| &self.record[at])
    }
}

/// A fresh folder with the binary at hand.
#[derive(Debug)]
pub(crate) struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// Makes an empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Makes a folder with an empty ledger.
    pub(crate) fn with_ledger() -> Self {
        let sandbox = Self::new();
        sandbox.run("init").expect(0);
        sandbox
    }

    /// Returns the path of a file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders it needs.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
        fs::write(&path, text).expect("the file can be written");
        path
    }

    /// Runs a command line, split at spaces; a part in double quotes stays whole.
    pub(crate) fn run(&self, line: &str) -> Ran {
        let words = split(line);
        self.run_words(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Runs a command given word by word.
    pub(crate) fn run_words(&self, words: &[&str]) -> Ran {
        ran(self.command().args(words).output().expect("the binary runs"))
    }

    /// Prepares the binary in this folder, without the caller's environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_feebook"));
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("TMPDIR", self.folder.path())
            .env("NO_COLOR", "1");
        command
    }
}

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("there is a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The library of a plugin of this workspace; built with these tests, which depend on it.
pub(crate) fn built(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("the tests' own path");
    let folder = tests.parent().expect("a folder");
    let file =
        format!("{}feebook_{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let library = folder.join(file);
    assert!(library.is_file(), "no {}", library.display());
    library
}

/// The project's own folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a text with its accepted snapshot `name@suffix` in a folder beside the tests; false
/// when it is another, which is told on stderr. So a loop over many shows all that differ.
pub(crate) fn holds(name: &str, suffix: &str, folder: &str, description: &str, text: &str) -> bool {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new("..").join(folder));
    settings.set_snapshot_suffix(suffix);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(description);
    let compare = || settings.bind(|| insta::assert_snapshot!(name, text));
    catch_unwind(AssertUnwindSafe(compare)).is_ok()
}

/// The files of a folder of snapshots that no test knows.
pub(crate) fn orphans(folder: &str, known: &BTreeSet<String>) -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(root().join(folder))
        .expect("a folder of snapshots")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| !known.contains(name) && !name.ends_with(".snap.new"))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    found.sort();
    found
}
