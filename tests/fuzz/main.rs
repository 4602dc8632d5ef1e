//! Bad input: every reader against bytes that nobody would write, in two ways. `mutations` changes good
//! files at random and only asks that nothing panics, hangs or grows; `nasty` holds the inputs of which
//! it is known what must be said.
//!
//! Plain `cargo test` tries a few hundred inputs for each reader. For longer, on one core:
//! `FEEBOOK_FUZZ_SECONDS=1200 cargo test --release --test fuzz -- --nocapture --test-threads 1 mutations`.
//! `FEEBOOK_FUZZ_SEED` begins elsewhere, `FEEBOOK_FUZZ_ONLY=zip,rates` takes these readers alone. An input that fails is written to the temporary folder.

#![allow(clippy::panic, reason = "a test that fails panics, also in what its tests share")]

mod arguments;
mod formulas;
mod mutations;
mod names;
mod nasty;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the other suite, which uses more of it")]
mod support;

use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use feebook_core::error::Result;
use feebook_core::fact::LineFact;
use feebook_core::import::{Advertiser, Context, Formats, ReadSummary, Shape, Sink, read};
use feebook_core::words::Words;
use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::iso::Currency;
use feebook_schedule::{Book, Source};
use support::root;

/// Every file of the shipped schedules with one of these endings, by its path.
fn shipped(endings: &[&str]) -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root().join("schedules"), &mut files);
    files.sort();
    let below = |path: &Path| {
        let below = path.strip_prefix(root().join("schedules")).expect("below");
        below.to_string_lossy().replace('\\', "/")
    };
    files
        .iter()
        .filter(|path| path.extension().is_some_and(|e| endings.iter().any(|ending| e == *ending)))
        .map(|path| {
            let text = fs::read_to_string(path).expect("a text");
            Source::new(below(path), below(path), text)
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

/// Takes what a reader gives, and counts it.
#[derive(Default)]
struct Counted {
    words: Words,
    facts: Vec<LineFact>,
    rejected: Vec<String>,
    raw: Vec<Vec<u8>>,
    shape: Shape,
}

impl Sink for Counted {
    fn words(&mut self) -> &mut Words {
        &mut self.words
    }

    fn advertiser(&mut self, _advertiser: &Advertiser<'_>) -> Result<Context> {
        Ok(context())
    }

    fn accept(&mut self, fact: LineFact) -> Result<()> {
        self.facts.push(fact);
        Ok(())
    }

    fn reject(&mut self, problem: Diagnostic) {
        self.rejected.push(problem.code.id.to_owned());
    }

    fn quarantine(&mut self, raw: &[u8], _problems: &[Diagnostic]) -> Result<()> {
        self.raw.push(raw.to_vec());
        Ok(())
    }

    fn shaped(&mut self, shape: Shape) {
        self.shape = shape;
    }
}

fn context() -> Context {
    let zone = "America/Los_Angeles".parse().expect("a zone");
    Context { zone, default_currency: Currency::parse("USD"), unknown: false }
}

/// Reads some bytes by a format.
fn read_as(
    formats: &Formats,
    name: &str,
    bytes: impl std::io::Read,
) -> (Result<ReadSummary>, Counted) {
    let format = formats.by_name(name, None).expect("a format");
    let mut sink = Counted::default();
    let summary = read(format, bytes, "report", &context(), &mut sink);
    (summary, sink)
}

fn formats() -> Formats {
    Formats::load(&shipped(&["toml"])).0
}

fn book() -> Book {
    Book::load(&shipped(&["toml", "csv"])).0
}

/// Held while memory is measured, which is that of all tests together.
static MEASURED: Mutex<()> = Mutex::new(());

fn measured() -> MutexGuard<'static, ()> {
    MEASURED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The most memory that this process has used, in KiB; none where the system does not tell.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Says something under `--nocapture`.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}
