//! Sources for tests: a small program and versions of it.

use crate::{Book, Diagnostic, Program, Source};

/// A valid program in Oslo.
pub(crate) const PROGRAM: &str = r#"format = 1
name = "Bazaar"
payout_currency = "NOK"
timezone = "Europe/Oslo"
governed_by = "paid"
notice = "P14D"
"#;

/// A small tree: 10 > 11 > 12, and 20.
pub(crate) const TREE: &str = "id,parent,name\n10,,Home\n11,10,Kitchen\n12,11,Pans\n20,,Books\n";

/// A version whose head is given and whose rest is the least that loads.
pub(crate) fn version(head: &str) -> String {
    version_with(head, "", "[[rate]]\nrate = \"5%\"\n")
}

/// A version of a head, further policies and entries.
pub(crate) fn version_with(head: &str, policy: &str, entries: &str) -> String {
    format!(
        "format = 1\nsource = \"test\"\n{head}\n[policy]\nbasis = \"product_price\"\n\
         currency = \"USD\"\nrounding = \"floor\"\n{policy}\n{entries}"
    )
}

/// Sources of the program `p`, each shown by its path.
pub(crate) fn sources(files: &[(&str, &str)]) -> Vec<Source> {
    let own = files.iter().map(|(path, text)| Source::new(format!("p/{path}"), *path, *text));
    own.collect()
}

/// Loads the program with these files beside program.toml and the tree.
pub(crate) fn load(files: &[(&str, &str)]) -> (Option<Program>, Vec<Diagnostic>) {
    let mut all = vec![("program.toml", PROGRAM), ("categories.csv", TREE)];
    all.extend_from_slice(files);
    let (book, problems) = Book::load(&sources(&all));
    (book.program("p").cloned(), problems)
}

/// Loads files that have no problem.
pub(crate) fn program(files: &[(&str, &str)]) -> Program {
    let (program, problems) = load(files);
    assert!(problems.is_empty(), "{}", told(&problems).join("\n"));
    program.unwrap()
}

/// Loads a program whose file goes on like this.
pub(crate) fn program_with(more: &str) -> Program {
    let text = format!("{PROGRAM}{more}");
    let (book, problems) = Book::load(&sources(&[("program.toml", &text)]));
    assert!(problems.is_empty(), "{}", told(&problems).join("\n"));
    book.program("p").cloned().unwrap()
}

/// Loads one version of 2024 that has no problem, with these entries.
pub(crate) fn program_of(entries: &str) -> Program {
    let text = version_with("effective_on = 2024-01-01", "", entries);
    program(&[("2024-01-01.toml", &text)])
}

/// Problems as code, place and message.
pub(crate) fn told(problems: &[Diagnostic]) -> Vec<String> {
    let line = |d: &Diagnostic| format!("{} {} {}", d.code.id, d.place, d.message);
    problems.iter().map(line).collect()
}

/// An instant from RFC 3339.
pub(crate) fn at(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp()
}
