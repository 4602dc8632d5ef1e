//! Every message that tells a person of a mistake, as that person sees it.
//!
//! A case is a folder `tests/gallery/<CODE>_<what>/`: the files of a sandbox, `command` with one
//! feebook command line per line, of which the last is the case, and `expected.txt` with what that
//! one answered. `_base` is laid under every case. A file `repeat` holds `FILE COUNT`: the last
//! line of that file stands so many times. Nothing here knows a case: adding one adds files only.
//!
//! `FEEBOOK_ACCEPT=1 cargo test --test tests gallery` writes the answers, and docs/error-codes.md,
//! anew. Read the difference before you commit it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use feebook_core::error::{self, ErrorKind, FAILURES};
use feebook_core::import::codes as reports;
use feebook_schedule::codes as terms;
use feebook_schedule::diagnostic::{Code, Severity};
use feebook_schedule::sem::codes as keywords;

use super::support::{Sandbox, root};

/// Codes that no folder of files can provoke, and why.
const OUT_OF_REACH: &[(&str, &str)] = &[
    ("S035", "one path cannot stand twice in a folder; for callers of the library"),
    ("L004", "takes a second process that holds the ledger for ten seconds"),
    ("L005", "takes a failure of SQLite itself, such as a full disk"),
    ("R047", "takes four million rows without a number"),
    ("L008", "takes a full disk: tests/accidents/disks.rs"),
    ("L009", "takes a file that may not be written: tests/accidents/disks.rs"),
    ("L010", "takes a disk that gives back other than it was given"),
    ("L011", "takes another user and a process that writes: tests/accidents/access.rs"),
    ("R050", "takes a file that changes while it is read: tests/accidents/crowds.rs"),
    ("X001", "would be a mistake of ours"),
    ("U038", "takes a terminal"),
    ("U050", "takes two libraries: tests/plugins/trust.rs"),
    ("P020", "is told as S050, at each place of the schedule"),
    ("P022", "takes a plugin that panics: crates/plugin/tests/exchange.rs"),
    ("P029", "takes a plugin that sleeps: tests/plugins/in_c.rs"),
    (
        "P031",
        "takes four gigabytes in one call, or a batch of another: crates/plugin/tests/exchange.rs",
    ),
    ("P032", "takes a plugin that ends the process: tests/plugins/in_c.rs"),
];

/// Accepted texts beside the gallery: refusals that take a library to provoke.
const BESIDE: &[&str] = &["tests/plugins/refusals.txt", "tests/plugins/refusals-in-c.txt"];

/// Files of a case that are not put into its sandbox.
const ABOUT_THE_CASE: &[&str] = &["command", "expected.txt", "repeat"];

fn gallery() -> PathBuf {
    root().join("tests/gallery")
}

fn accepting() -> bool {
    std::env::var_os("FEEBOOK_ACCEPT").is_some_and(|value| value == "1")
}

/// The cases' names and folders, by name.
fn cases() -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(gallery()).expect("a folder");
    let folders = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir());
    let named = folders.map(|path| (name_of(&path), path));
    named.filter(|(name, _)| !name.starts_with('_')).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// Copies a folder into a sandbox.
fn lay(from: &Path, sandbox: &Sandbox, below: &str) {
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = format!("{below}{}", name_of(&path));
        if path.is_dir() {
            fs::create_dir_all(sandbox.path(&name)).expect("folders can be made");
            lay(&path, sandbox, &format!("{name}/"));
        } else if !ABOUT_THE_CASE.contains(&name.as_str()) {
            fs::copy(&path, sandbox.path(&name)).expect("the file can be copied");
        }
    }
}

/// Does what `repeat` asks for.
fn repeat(folder: &Path, sandbox: &Sandbox) {
    let Ok(asked) = fs::read_to_string(folder.join("repeat")) else { return };
    let (file, count) = asked.trim().split_once(' ').expect("`FILE COUNT`");
    let path = sandbox.path(file);
    let mut text = fs::read_to_string(&path).expect("a text");
    let last = format!("{}\n", text.lines().last().expect("a line"));
    text.push_str(&last.repeat(count.parse().expect("a count")));
    fs::write(path, text).expect("the file can be written");
}

/// Runs a case and returns what its last command answered.
fn answer(folder: &Path) -> String {
    let sandbox = Sandbox::new();
    lay(&gallery().join("_base"), &sandbox, "");
    lay(folder, &sandbox, "");
    repeat(folder, &sandbox);
    let commands = fs::read_to_string(folder.join("command")).expect("a file `command`");
    let mut answer = String::new();
    for line in commands.lines().filter(|line| !line.is_empty()) {
        let ran = sandbox.run(line);
        let (code, out, err) = (ran.code, ran.out, ran.err);
        answer = format!("$ feebook {line}\nexit {code}\n");
        for (name, said) in [("stdout", out), ("stderr", err)] {
            if !said.is_empty() {
                write!(answer, "-- {name} --\n{said}").expect("a string takes everything");
            }
        }
    }
    let place = sandbox.path("").display().to_string();
    steady(&answer.replace(place.trim_end_matches('/'), "SANDBOX"))
}

/// Takes out what changes from day to day: how long ago something was.
fn steady(text: &str) -> String {
    let mut parts = text.split(" days ago");
    let mut steady = parts.next().unwrap_or("").to_owned();
    for part in parts {
        steady.truncate(steady.trim_end_matches(|c: char| c.is_ascii_digit()).len());
        steady.push_str("N days ago");
        steady.push_str(part);
    }
    steady
}

/// Both texts line by line: what was expected with `-`, what came with `+`.
fn difference(expected: &str, found: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same;
    let pairs = old.iter().rev().zip(new.iter().rev()).take(rest);
    let tail = pairs.take_while(|(a, b)| a == b).count();
    let mut shown = String::new();
    let mut add = |mark: char, lines: &[&str]| {
        for line in lines {
            writeln!(shown, "  {mark} {line}").expect("a string takes everything");
        }
    };
    add(' ', &old[..same]);
    add('-', &old[same..old.len() - tail]);
    add('+', &new[same..new.len() - tail]);
    add(' ', &old[old.len() - tail..]);
    shown
}

/// Compares a file with what it should hold, or writes it when that is asked for; returns the
/// difference.
fn compare(path: &Path, found: &str) -> Option<String> {
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == found {
        return None;
    }
    if accepting() {
        fs::write(path, found).expect("the file can be written");
        return None;
    }
    Some(difference(&expected, found))
}

/// The codes that a text shows in brackets.
fn shown_codes(text: &str) -> BTreeSet<String> {
    let heads = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("error[").or_else(|| line.strip_prefix("warning["))?;
        rest.split_once(']').map(|(code, _)| code.to_owned())
    });
    heads.collect()
}

fn expected(folder: &Path) -> String {
    fs::read_to_string(folder.join("expected.txt")).unwrap_or_default()
}

/// All codes with the kind of those that are failures.
fn registry() -> Vec<(&'static Code, Option<ErrorKind>)> {
    let failures = FAILURES.iter().copied().chain([&reports::REFUSED]).chain(error::refusals());
    let failures = failures.map(|failure| (&failure.code, Some(failure.kind)));
    let plain =
        terms::ALL.iter().chain(reports::ALL).chain(keywords::ALL).map(|code| (*code, None));
    plain.chain(failures).collect()
}

#[test]
fn every_mistake_is_told_as_expected() {
    let mut report = String::new();
    for (name, folder) in cases() {
        if let Some(difference) = compare(&folder.join("expected.txt"), &answer(&folder)) {
            writeln!(report, "\n{name}\n{difference}").expect("a string takes everything");
        }
    }
    assert!(report.is_empty(), "{report}\nread the module's head on how to accept");
}

#[test]
fn a_folder_is_named_after_a_code_that_it_shows() {
    if accepting() {
        return;
    }
    for (name, folder) in cases() {
        let (code, what) = name.split_once('_').expect("<CODE>_<what>");
        assert!(!what.is_empty(), "{name}");
        let shown = shown_codes(&expected(&folder));
        assert!(shown.contains(code), "{name} shows {shown:?}");
    }
}

#[test]
fn every_code_is_shown_somewhere() {
    if accepting() {
        return;
    }
    let mut shown: BTreeSet<String> =
        cases().values().flat_map(|folder| shown_codes(&expected(folder))).collect();
    for path in BESIDE {
        let text = fs::read_to_string(root().join(path)).expect("an accepted text");
        shown.extend(shown_codes(&text));
    }
    let mut problems = Vec::new();
    for (code, _) in registry() {
        let excused = OUT_OF_REACH.iter().any(|(id, _)| *id == code.id);
        match (shown.contains(code.id), excused) {
            (false, false) => problems.push(format!("no case shows {} {}", code.id, code.title)),
            (true, true) => problems.push(format!("{} can be reached after all", code.id)),
            _ => {}
        }
    }
    let known = |id: &String| registry().iter().any(|(code, _)| code.id == id);
    let strange = shown.iter().filter(|id| !known(id));
    problems.extend(strange.map(|id| format!("{id} is in no registry")));
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn a_code_has_one_number_a_title_and_a_help() {
    let mut seen = BTreeSet::new();
    for (code, _) in registry() {
        assert!(seen.insert(code.id), "{} stands twice", code.id);
        assert!(!code.title.ends_with('.') && !code.title.is_empty(), "{}", code.id);
        assert!(code.help.ends_with('.'), "{}", code.id);
    }
}

/// A family of codes: its letter, what it is about, which exit code follows.
const FAMILIES: &[(char, &str, &str)] = &[
    (
        'S',
        "Schedules",
        "Something is wrong with a file of terms: `program.toml`, a version, a category tree. An \
         error ends every command that needs terms with exit code 3; a warning comes only from \
         `feebook schedule check`, which then ends with 1.",
    ),
    (
        'M',
        "Mappings",
        "Something is wrong with the file that describes a report format (`reports/*.toml`). \
         `feebook import` ends with exit code 3 before any report is read. Mapping files are TOML \
         files of ours, so S001 to S010 are told of them as well.",
    ),
    (
        'R',
        "Reports",
        "Something is wrong with a report. Rows that are not understood are rejected one by one \
         and the others kept, or the file is refused as a whole (R001, with the reason before \
         it); both end `feebook import` with exit code 4.",
    ),
    (
        'K',
        "Keyword lists",
        "What `feebook sem check` finds in a list of keywords, a warning each; it then ends with 1. \
         From K011 on the list itself, or a row of it, was not understood: it ends with exit \
         code 4.",
    ),
    (
        'T',
        "Terms as a whole",
        "The terms at hand cannot be used, for the reasons told before. Exit code 3.",
    ),
    (
        'U',
        "Usage",
        "The command asks for something that does not exist or does not go together. Exit code 2.",
    ),
    ('L', "Ledger and files", "The ledger, or a file, cannot be read or written. Exit code 6."),
    ('P', "Plugins", "The terms need a plugin and it was refused. Exit code 5."),
    (
        'X',
        "Ourselves",
        "A promise that feebook makes to itself does not hold. Exit code 70; please report it.",
    ),
];

/// The exit code of a kind of failure, as in the families' sentences.
fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Usage => 2,
        ErrorKind::Terms => 3,
        ErrorKind::Report => 4,
        ErrorKind::Plugin => 5,
        ErrorKind::Ledger => 6,
        _ => 70,
    }
}

/// docs/error-codes.md as the registries have it.
fn list_of_codes() -> String {
    let mut all = registry();
    all.sort_by_key(|(code, _)| code.id);
    let mut page = String::from(
        "# Error codes\n\n\
         <!-- Written by `FEEBOOK_ACCEPT=1 cargo test --test tests gallery` from the codes in the \
         sources. -->\n\n\
         A message begins with `error[CODE]` or `warning[CODE]` and the place it is about; a code \
         keeps its meaning for good, and its number is never used for another. `tests/gallery/` \
         holds the message of each as it is printed.\n",
    );
    for (letter, title, sentence) in FAMILIES {
        write!(page, "\n## {letter}: {title}\n\n{sentence}\n\n").expect("a string takes it");
        page.push_str(
            "| code | | what is wrong | what it means, what to do |\n|---|---|---|---|\n",
        );
        for (code, _) in all.iter().filter(|(code, _)| code.id.starts_with(*letter)) {
            let severity = code.severity.word();
            let help = code.help.replace('|', "\\|");
            writeln!(page, "| {} | {severity} | {} | {help} |", code.id, code.title)
                .expect("a string takes it");
        }
    }
    page
}

#[test]
fn the_page_of_codes_is_that_of_the_sources() {
    let path = root().join("docs/error-codes.md");
    if let Some(difference) = compare(&path, &list_of_codes()) {
        panic!("docs/error-codes.md differs from the sources\n{difference}");
    }
}

#[test]
fn the_families_say_the_exit_code_that_follows() {
    for (code, kind) in registry() {
        let family = FAMILIES.iter().find(|(letter, ..)| code.id.starts_with(*letter));
        let (_, _, sentence) = family.expect("a family");
        if let Some(kind) = kind {
            let says = sentence.to_lowercase().contains(&format!("exit code {}", exit_code(kind)));
            assert!(says, "{}: {sentence}", code.id);
        } else if code.severity == Severity::Warning {
            assert!(sentence.contains("ends with 1"), "{}: {sentence}", code.id);
        }
    }
}

#[test]
fn only_days_are_taken_out_of_an_answer() {
    assert_eq!(steady("12 days ago, 3 days ago; 4 days"), "N days ago, N days ago; 4 days");
    assert_eq!(difference("a\nb\nc\n", "a\nx\nc\n"), "    a\n  - b\n  + x\n    c\n");
}
