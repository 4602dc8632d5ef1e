//! A mapping for a report that no format fits, proposed from its columns or keys, to be edited.
//!
//! Owns the text of the proposal, and what became of the report when it was read by it. Refuses to be
//! used unseen: what it writes is for a person, and is checked like any mapping.

use std::fmt::Write as _;
use std::path::Path;

use feebook_schedule::diagnostic::Diagnostic;

use super::advertisers::toml_text as quoted;
use super::formats::Head;
use super::looked::Looked;
use super::proposal_fields::Guessed;
use super::proposal_seen::{self, Seen};
use super::trial::{self, Tried};
use super::{codes, mapping_file, proposal_fields, proposal_times};
use crate::error::{Error, Result};

/// How many columns recognise a report.
const RECOGNISED: usize = 4;

/// A mapping that is proposed.
#[derive(Debug)]
pub struct Proposal {
    /// Its text.
    pub text: String,
    /// What the report came to when it was read by it.
    pub tried: Tried,
}

/// Proposes a mapping for a report.
///
/// # Errors
///
/// When the file cannot be read, or has neither columns nor keys.
pub fn propose(path: &Path, name: &str) -> Result<Proposal> {
    let shown = path.display().to_string();
    let file = Looked::at(path)?;
    let head = Head::of(&file, &shown)?;
    let views = proposal_seen::seen(&head);
    // The lines are the parts of a row where only these have amounts.
    let ways: Vec<(&Seen, Guessed<'_>)> =
        views.iter().map(|seen| (seen, Guessed::of(seen))).collect();
    let amounts = |(_, guessed): &&(&Seen, Guessed<'_>)| !guessed.amounts.is_empty();
    let Some((seen, guessed)) = ways.iter().find(amounts).or(ways.first()) else {
        return Err(no_proposal(&head, &shown));
    };
    let text = written(name, seen, guessed);
    let (format, problems) = mapping_file::read(&shown, None, &text);
    let tried = match format {
        Some(format) => trial::of(&format, &file, &shown),
        None => Tried { problem: problems.into_iter().next(), ..Tried::default() },
    };
    Ok(Proposal { text, tried })
}

fn no_proposal(head: &Head, shown: &str) -> Error {
    let empty = head.names.is_none() && head.text.trim_ascii().is_empty();
    let problem = if empty {
        Diagnostic::whole(&codes::EMPTY_REPORT, shown, "the file is empty")
    } else {
        let message = "no columns, and no list of rows, were found in the beginning of the file";
        Diagnostic::whole(&codes::NO_ROWS, shown, message)
    };
    let message = format!("no mapping can be proposed for {shown}");
    Error::new(&codes::REFUSED, message).with(vec![problem])
}

fn written(name: &str, seen: &Seen, guessed: &Guessed<'_>) -> String {
    let network = if guessed.has("advertiser") {
        format!("network = {}  # as in [programs.{name}] of feebook.toml\n", quoted(name))
    } else {
        String::new()
    };
    let fields: Vec<String> =
        guessed.fields.iter().map(|(field, source)| format!("{field} = {source}\n")).collect();
    let is_read = |name: &&str| !guessed.taken.contains(name);
    let unread: Vec<&str> =
        seen.columns.iter().map(|column| column.name.as_str()).filter(is_read).collect();
    let unread = if unread.is_empty() { "nothing".to_owned() } else { unread.join(", ") };
    let section = if seen.section.is_empty() { "" } else { "\n" };
    let beyond = match seen.beyond {
        0 => String::new(),
        beyond => format!("# Not looked at: {beyond} more columns\n"),
    };
    format!(
        "# Proposed from the columns of one report: look at every line, see docs/import-guide.md.\n\
         format = 1\nname = {}\nkind = \"{}\"\n{network}{section}{}\n{}\n{}{}{}[fields]\n{}\
         # If orders are governed by another instant, map paid_at or finished_at too.\n\
         # Not read: {}\n{beyond}",
        quoted(name),
        seen.kind,
        seen.section,
        recognised(seen, guessed),
        proposal_times::section(&guessed.times),
        money(guessed),
        if guessed.has_uk { "[countries]\nUK = \"GB\"\n\n" } else { "" },
        fields.concat(),
        super::row::shown_up_to(1_000, &unread),
    )
}

/// What recognises the report: columns that are read and filled in every row, else the first.
fn recognised(seen: &Seen, guessed: &Guessed<'_>) -> String {
    let columns = seen.columns.iter().filter(|column| {
        let within =
            seen.parts.as_ref().is_some_and(|key| column.name.starts_with(&format!("{key}.")));
        guessed.taken.contains(&column.name.as_str()) && !within
    });
    let filled = columns
        .filter(|column| seen.before.is_none() || column.filled().count() == column.values.len());
    let mut names: Vec<&str> = filled.map(|column| column.name.as_str()).collect();
    names.sort_by_key(|name| guessed.taken.iter().position(|taken| taken == name));
    names.truncate(RECOGNISED);
    if names.is_empty() {
        names.extend(seen.columns.first().map(|column| column.name.as_str()));
    }
    let before = seen.before.as_deref().unwrap_or_default();
    let mut names: Vec<String> =
        names.iter().map(|name| quoted(&format!("{before}{name}"))).collect();
    names.extend(seen.parts.iter().map(|key| quoted(&format!("{before}{key}"))));
    let key = if seen.before.is_some() { "keys" } else { "columns" };
    format!("[recognise]\n{key} = [{}]\n", names.join(", "))
}

/// How amounts are written, where that is not as always.
fn money(guessed: &Guessed<'_>) -> String {
    let notation = &guessed.notation;
    let mut lines = String::new();
    if notation.decimal_mark != '.' {
        let _ = writeln!(lines, "decimal_mark = \"{}\"", notation.decimal_mark);
    }
    if let Some(mark) = notation.thousands_mark {
        let _ = writeln!(lines, "thousands_mark = \"{mark}\"");
    }
    if notation.rounding.is_some() {
        lines.push_str("rounding = \"half_up\"  # some amounts have more than two decimals\n");
    }
    let mut values = guessed.amounts.iter().flat_map(|column| column.filled()).peekable();
    let whole = |value: &str| value.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if values.peek().is_some() && values.all(whole) {
        lines.push_str("# unit = \"minor\"  # no amount has decimals: are they cents?\n");
    }
    let below_zero = if guessed.amounts.iter().any(|column| proposal_fields::is_negative(column)) {
        "# Some amounts are below zero: do these rows correct others? See `correction` in\n\
         # docs/import-guide.md.\n"
    } else {
        ""
    };
    match (lines.is_empty(), below_zero.is_empty()) {
        (true, true) => lines,
        (true, false) => format!("{below_zero}\n"),
        (false, _) => format!("[money]\n{lines}{below_zero}\n"),
    }
}
