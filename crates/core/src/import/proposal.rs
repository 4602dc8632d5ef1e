//! A mapping for a report that no format fits, proposed from its columns or keys, to be edited.
//!
//! Owns the text of the proposal, and what became of the report when it was read by it. Refuses to be
//! used unseen: what it writes is for a person, and is checked like any mapping.

use std::cell::Cell;
use std::path::Path;

use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::iso::Currency;

use super::advertisers::toml_text as quoted;
use super::formats::Head;
use super::looked::Looked;
use super::proposal_fields::Guessed;
use super::proposal_seen::{self, Seen};
use super::{Advertiser, Context, Format, Sink, codes, mapping_file, proposal_times, read_looked};
use crate::error::{Error, Result};
use crate::fact::LineFact;
use crate::words::Words;

/// How many rows a proposal is tried on.
const TRIED: u64 = 10_000;
/// How many columns recognise a report.
const RECOGNISED: usize = 4;

/// A mapping that is proposed.
#[derive(Debug)]
pub struct Proposal {
    /// Its text.
    pub text: String,
    /// How many rows of the report were read by it.
    pub rows: u64,
    /// How many of them were not understood.
    pub rejected: u64,
    /// What was wrong first.
    pub problem: Option<Diagnostic>,
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
    let guesses = views.iter().map(|seen| (seen, Guessed::of(seen)));
    let guesses: Vec<(&Seen, Guessed<'_>)> = guesses.collect();
    let amounts = |(_, guessed): &&(&Seen, Guessed<'_>)| !guessed.amounts.is_empty();
    let Some((seen, guessed)) = guesses.iter().find(amounts).or(guesses.first()) else {
        return Err(no_proposal(&head, &shown));
    };
    let text = written(name, seen, guessed);
    let mut proposal = Proposal { text, rows: 0, rejected: 0, problem: None };
    let (format, problems) = mapping_file::read(&shown, None, &proposal.text);
    match format {
        Some(format) => try_on(&mut proposal, &format, &file, &shown),
        None => proposal.problem = problems.into_iter().next(),
    }
    Ok(proposal)
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

/// Reads the report by a proposal.
fn try_on(proposal: &mut Proposal, format: &Format, file: &Looked, shown: &str) {
    let context = Context {
        zone: chrono_tz::Tz::UTC,
        default_currency: Currency::parse("USD"),
        unknown: true,
    };
    let mut trial = Trial { words: Words::default(), rows: 0, rejected: 0, problem: None, context };
    let read = read_looked(format, (file, shown), context, &mut trial, &Cell::new(0));
    (proposal.rows, proposal.rejected) = (trial.rows, trial.rejected);
    proposal.problem = trial.problem;
    // That it was enough is no problem of the file.
    if let Err(refused) = read
        && trial.rows < TRIED
    {
        proposal.problem = refused.problems().first().cloned();
    }
}

/// Counts rows until they are enough.
struct Trial {
    words: Words,
    rows: u64,
    rejected: u64,
    problem: Option<Diagnostic>,
    context: Context,
}

impl Trial {
    fn row(&mut self) -> Result<()> {
        self.rows += 1;
        if self.rows < TRIED { Ok(()) } else { Err(Error::new(&codes::REFUSED, "enough")) }
    }
}

impl Sink for Trial {
    fn words(&mut self) -> &mut Words {
        &mut self.words
    }

    fn advertiser(&mut self, _advertiser: &Advertiser<'_>) -> Result<Context> {
        Ok(self.context)
    }

    fn accept(&mut self, _fact: LineFact) -> Result<()> {
        self.row()
    }

    fn reject(&mut self, problem: Diagnostic) {
        self.problem.get_or_insert(problem);
    }

    fn quarantine(&mut self, _raw: &[u8], _problems: &[Diagnostic]) -> Result<()> {
        self.rejected += 1;
        self.row()
    }
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
    format!(
        "# Proposed from the columns of one report: look at every line, see docs/import-guide.md.\n\
         format = 1\nname = {}\nkind = \"{}\"\n{network}{section}{}\n{}\n{}{}{}[fields]\n{}\
         # If orders are governed by another instant, map paid_at or finished_at too.\n\
         # Not read: {}\n",
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
        lines.push_str(&format!("decimal_mark = \"{}\"\n", notation.decimal_mark));
    }
    if let Some(mark) = notation.thousands_mark {
        lines.push_str(&format!("thousands_mark = \"{mark}\"\n"));
    }
    if notation.rounding.is_some() {
        lines.push_str("rounding = \"half_up\"  # some amounts have more than two decimals\n");
    }
    let mut values = guessed.amounts.iter().flat_map(|column| column.filled()).peekable();
    let whole = |value: &str| value.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if values.peek().is_some() && values.all(whole) {
        lines.push_str("# unit = \"minor\"  # no amount has decimals: are they cents?\n");
    }
    if lines.is_empty() { lines } else { format!("[money]\n{lines}\n") }
}
