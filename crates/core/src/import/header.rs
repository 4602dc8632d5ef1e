//! The header of a CSV report: which column stands where.
//!
//! Owns the match of a mapping's columns with a header. Refuses a header in which a column that
//! counts is missing or occurs twice.

use feebook_schedule::diagnostic::{Diagnostic, nearest};
use strsim::damerau_levenshtein;

use super::csv::field_spans;
use super::mapping::CsvLayout;
use super::place::{self, Piece};
use super::{UnreadColumn, codes};

/// The columns of one report.
pub(super) struct Header {
    pub(super) names: Vec<String>,
    /// For each column that is read, the column that it stands in.
    pub(super) columns: Vec<Option<usize>>,
}

/// Returns the names of a header without blanks around them.
pub(super) fn names<'r>(record: impl Iterator<Item = &'r str>) -> Vec<String> {
    record.map(|name| name.trim().to_owned()).collect()
}

/// Whether a first line in which no value can be read is a header by itself: it has no digit, or some of
/// its cells are names of the mapping, however they are written.
pub(super) fn looks_like_one<'r>(
    names: &[String],
    cells: impl Iterator<Item = &'r str> + Clone,
) -> bool {
    let bare = |text: &str| {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    let names: Vec<String> = names.iter().map(|name| bare(name)).collect();
    let known = |cell: &&str| !bare(cell).is_empty() && names.contains(&bare(cell));
    !cells.clone().any(|cell| cell.contains(char::is_numeric)) || cells.filter(known).count() > 1
}

/// What to do about a header that is one single field because the file has another delimiter.
pub(super) fn otherwise_separated(names: &[String]) -> Option<String> {
    let [only] = names else { return None };
    let (what, key) = match only.find([';', '\t']).and_then(|at| only.as_bytes().get(at)) {
        Some(b';') => ("`;`", ";"),
        Some(_) => ("tabs", "\\t"),
        None => return None,
    };
    Some(format!(
        "the file is separated by {what}: the mapping that reads it must say so, \
         `delimiter = \"{key}\"` under [csv]"
    ))
}

impl Header {
    /// Matches a header with the columns that are read.
    pub(super) fn matched(
        slots: &[String],
        layout: &CsvLayout,
        names: Vec<String>,
        shown: &str,
        piece: &Piece<'_>,
    ) -> Result<Self, Diagnostic> {
        let whole = 0..piece.bytes.len();
        for wanted in &layout.columns {
            if !names.contains(wanted) {
                let message = format!("the header has no column `{wanted}`");
                let near = nearest(wanted, names.iter().map(String::as_str));
                let hint = otherwise_separated(&names)
                    .or_else(|| near.map(|near| format!("it has `{near}`")));
                return Err(
                    place::at(&codes::MISSING_COLUMN, shown, piece, whole, message).hint_opt(hint)
                );
            }
        }
        let mut columns = Vec::new();
        for slot in slots {
            let mut found = names.iter().enumerate().filter(|(_, name)| *name == slot);
            columns.push(found.next().map(|(column, _)| column));
            if let Some((column, _)) = found.next() {
                let message = format!("the header has the column `{slot}` twice");
                let span = field_spans(piece.bytes, layout).get(column).cloned().unwrap_or(whole);
                return Err(place::at(&codes::COLUMN_TWICE, shown, piece, span, message)
                    .hint("rename one of them, or take it out of the report"));
            }
        }
        Ok(Self { names, columns })
    }

    /// Returns the columns that no field reads.
    pub(super) fn unread(&self, slots: &[String]) -> Vec<UnreadColumn> {
        let is_read = |name: &String| slots.contains(name);
        let absent = || slots.iter().filter(|slot| !self.names.contains(slot));
        let unread = self.names.iter().filter(|name| !name.is_empty() && !is_read(name));
        unread
            .map(|name| {
                // A network has columns that merely resemble ours; a slip changes few letters.
                let slip = |slot: &&String| {
                    damerau_levenshtein(name, slot) <= 1.max(slot.chars().count() / 5)
                };
                let near = nearest(name, absent().filter(slip).map(String::as_str));
                UnreadColumn { name: name.clone(), near: near.map(str::to_owned) }
            })
            .collect()
    }
}
