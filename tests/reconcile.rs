//! docs/reconcile-guide.md lists every diagnosis as the sources have it.
//!
//! `FEEBOOK_ACCEPT=1 cargo test --test tests reconcile` writes the table anew.

use std::fmt::Write as _;
use std::fs;

use feebook_core::reconcile::{Diagnosis, ZONES};

use super::support::root;

const BEGIN: &str = "<!-- codes -->\n";
const END: &str = "<!-- end of codes -->\n";

/// The table as the sources have it.
fn table() -> String {
    let mut table =
        String::from("\n| code | name | says | how it is found, what to do |\n|---|---|---|---|\n");
    for known in Diagnosis::ALL {
        let (code, name, title, help) = (known.code(), known.name(), known.title(), known.help());
        writeln!(table, "| {code} | `{name}` | {title} | {help} |").expect("a string takes it");
    }
    table.push('\n');
    table
}

#[test]
fn the_guides_table_of_diagnoses_is_that_of_the_sources() {
    let path = root().join("docs/reconcile-guide.md");
    let guide = fs::read_to_string(&path).expect("the guide");
    let (before, rest) = guide.split_once(BEGIN).expect("the beginning of the table");
    let (said, after) = rest.split_once(END).expect("the end of the table");
    if said == table() {
        return;
    }
    if std::env::var_os("FEEBOOK_ACCEPT").is_some_and(|value| value == "1") {
        let guide = format!("{before}{BEGIN}{}{END}{after}", table());
        fs::write(&path, guide).expect("written");
        return;
    }
    panic!("docs/reconcile-guide.md differs from the sources:\n{}", table());
}

#[test]
fn the_guide_names_the_zones_that_are_tried() {
    let guide = fs::read_to_string(root().join("docs/reconcile-guide.md")).expect("the guide");
    let unnamed: Vec<&str> =
        ZONES.iter().map(|zone| zone.name()).filter(|name| !guide.contains(name)).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
}
