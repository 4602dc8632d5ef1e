//! Reports in JSON: one document, several one after another, or a list of them.
//!
//! Owns the way down to the rows, which are read one by one, and what an answer says of itself.
//! Refuses an answer that is an error, and a document without the rows that the mapping names.

use std::fmt::{self, Write as _};
use std::io::Read;
use std::rc::Rc;

use feebook_schedule::diagnostic::{Code, Diagnostic};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::feed::{Feed, Spot};
use super::json_row::{JsonRow, Paths};
use super::mapping::{DocumentLayout, Format};
use super::path::{Path, Step};
use super::place::{self, Piece};
use super::report::{Report, Rows as _};
use super::row::{Problem, shown};
use super::{Shape, cell, codes, contents, refused};
use crate::error::{Error, Result};

/// What stands at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Rows,
    Error,
    ErrorCode,
    ErrorMessage,
    Status,
    StatusMessage,
}

/// Reads a report.
pub(super) fn read<R: Read>(
    format: &Format,
    layout: &DocumentLayout,
    input: R,
    report: &mut Report<'_>,
) -> Result<()> {
    let feed = Feed::new(place::decoded(input, encoding_rs::UTF_8));
    let mut walk = Walk {
        feed: feed.clone(),
        layout,
        targets: targets(layout),
        paths: Rc::new(Paths::of(&format.slots)),
        slots: format.slots.len(),
        slot_names: &format.slots,
        report,
        found: Found::default(),
        failure: None,
    };
    if feed.peek().is_none() && feed.failure().is_none() {
        let message = "the file is empty";
        return Err(refused(walk.whole(&codes::EMPTY_REPORT, message)));
    }
    walk.report.shaped(shape(layout));
    while feed.peek().is_some() {
        let mut input = serde_json::Deserializer::from_reader(feed.clone());
        let active = walk.all();
        let level = Level { walk: &mut walk, active, depth: 0, taken: false };
        if let Err(error) = level.deserialize(&mut input) {
            return Err(walk.stopped(&error));
        }
    }
    match feed.failure() {
        Some(error) => Err(contents::failed(&walk.report.shown, error)),
        None => Ok(()),
    }
}

/// The rows stand in a list at the end of their first path.
fn shape(layout: &DocumentLayout) -> Shape {
    let (mut head, mut tail) = (String::new(), String::new());
    for step in layout.rows.first().map_or(&[][..], |path| &path.steps) {
        let key = match step {
            Step::Key(key) => key,
            Step::Any => "answer",
        };
        let _ = write!(head, "{{{}:", serde_json::Value::from(key));
        tail.push('}');
    }
    let (head, tail) = (format!("{head}[\n"), format!("\n]{tail}\n"));
    Shape { head: head.into(), separator: b",\n".to_vec(), tail: tail.into() }
}

/// Returns the paths that matter, and what stands at their ends.
fn targets(layout: &DocumentLayout) -> Vec<(Target, &Path)> {
    let mut targets: Vec<_> = layout.rows.iter().map(|path| (Target::Rows, path)).collect();
    if let Some(error) = &layout.error {
        targets.push((Target::Error, &error.at));
        targets.extend(error.code.iter().map(|path| (Target::ErrorCode, path)));
        targets.extend(error.message.iter().map(|path| (Target::ErrorMessage, path)));
    }
    if let Some(status) = &layout.status {
        targets.push((Target::Status, &status.at));
        targets.extend(status.message.iter().map(|path| (Target::StatusMessage, path)));
    }
    targets
}

/// What one document says of itself.
#[derive(Default)]
struct Found {
    rows: bool,
    error: bool,
    error_code: Option<String>,
    error_message: Option<String>,
    status: Option<String>,
    status_message: Option<String>,
}

struct Walk<'w, 'a, R> {
    feed: Feed<R>,
    layout: &'w DocumentLayout,
    targets: Vec<(Target, &'w Path)>,
    paths: Rc<Paths>,
    slots: usize,
    slot_names: &'w [String],
    report: &'w mut Report<'a>,
    found: Found,
    /// What stopped the reading, when it was not the JSON.
    failure: Option<Error>,
}

impl<R: Read> Walk<'_, '_, R> {
    fn whole(&self, code: &'static Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::whole(code, &self.report.shown, message)
    }

    /// All targets, of which nothing is known yet.
    fn all(&self) -> Vec<usize> {
        (0..self.targets.len()).collect()
    }

    /// The targets among some that accept a key at a depth.
    fn accepting(&self, active: &[usize], depth: usize, key: Option<&str>) -> Vec<usize> {
        let accepts =
            |at: &&usize| self.targets.get(**at).is_some_and(|(_, p)| p.accepts(depth, key));
        active.iter().filter(accepts).copied().collect()
    }

    /// Whether some target stands exactly here, or deeper.
    fn any(&self, active: &[usize], depth: usize, ends: bool, wanted: Option<Target>) -> bool {
        active.iter().filter_map(|at| self.targets.get(*at)).any(|(target, path)| {
            (path.steps.len() == depth) == ends && wanted.is_none_or(|wanted| wanted == *target)
        })
    }

    /// Why the JSON reader stopped.
    fn stopped(&mut self, error: &serde_json::Error) -> Error {
        if let Some(failure) = self.failure.take() {
            return failure;
        }
        if let Some(error) = self.feed.failure() {
            return contents::failed(&self.report.shown, error);
        }
        let spot = self.feed.spot(1);
        if self.feed.over() {
            let message = format!("a value is longer than {} bytes", place::RECORD_LIMIT);
            return refused(self.here(&codes::TOO_LONG, &spot, message));
        }
        // The place that serde tells does not count the blanks that were skipped for it.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let message = message.replace("EOF", "the file ends");
        let bytes = self.feed.rest_from_last();
        let piece =
            Piece { bytes: &bytes, line: spot.line, before: &spot.before, hidden: spot.hidden };
        let problem = place::at(&codes::BAD_JSON, &self.report.shown, &piece, 0..1, message);
        refused(problem.hint("the file may have been cut off or edited; get the report again"))
    }

    fn here(&self, code: &'static Code, spot: &Spot, message: String) -> Diagnostic {
        let piece =
            Piece { bytes: b" ", line: spot.line, before: &spot.before, hidden: spot.hidden };
        let mut problem = place::at(code, &self.report.shown, &piece, 0..1, message);
        problem.excerpt = problem.excerpt.filter(|(line, _)| !line.trim().is_empty());
        problem
    }

    /// Reads one row.
    fn row(&mut self, text: &str, spot: &Spot) -> Result<()> {
        let piece = Piece {
            bytes: text.as_bytes(),
            line: spot.line,
            before: &spot.before,
            hidden: spot.hidden,
        };
        let file = &*Rc::clone(&self.report.shown);
        let key = self.layout.parts.as_deref();
        let Some(row) = JsonRow::of(text, &self.paths, self.slots, key) else {
            let message = format!("the row is `{}`, expected an object", shown(text));
            let problem = place::at(&codes::NOT_A_ROW, file, &piece, 0..text.len(), message);
            return self.report.reject_unread(text.as_bytes(), problem);
        };
        let paths = Rc::clone(&self.paths);
        for line in row.parts(&paths, key) {
            self.line(&line, text, &piece)?;
        }
        Ok(())
    }

    /// Reads a row, or one of the lines that it lists.
    fn line(&mut self, row: &JsonRow<'_>, text: &str, piece: &Piece<'_>) -> Result<()> {
        let file = &*Rc::clone(&self.report.shown);
        if let Some(slot) = row.twice {
            let name = self.slot_names.get(slot).map_or("", String::as_str);
            let message = format!("the row has the key `{name}` twice");
            let span = row.span(Some(slot));
            let problem = place::at(&codes::COLUMN_TWICE, file, piece, span, message);
            return self.report.reject_unread(text.as_bytes(), problem);
        }
        let problems = self.report.row(row)?;
        if !problems.is_empty() {
            let placed = |problem: Problem| {
                let span = row.span(problem.slot);
                place::at(problem.code, file, piece, span, problem.message).hint_opt(problem.hint)
            };
            let mut placed: Vec<Diagnostic> = problems.into_iter().map(placed).collect();
            placed.sort_by(|a, b| a.place.cmp(&b.place));
            return self.report.reject(text.as_bytes(), placed);
        }
        Ok(())
    }

    /// Takes the value at the end of paths that are not those of rows.
    fn leaf(&mut self, active: &[usize], depth: usize, raw: &str) {
        let text = cell::text_of(raw).map(|text| shown(&text));
        for at in active {
            let Some((target, path)) = self.targets.get(*at) else { continue };
            if path.steps.len() != depth {
                continue;
            }
            match target {
                Target::Rows => self.found.rows = true,
                Target::Error => self.found.error |= text.is_some(),
                Target::ErrorCode => self.found.error_code.clone_from(&text),
                Target::ErrorMessage => self.found.error_message.clone_from(&text),
                Target::Status => self.found.status.clone_from(&text),
                Target::StatusMessage => self.found.status_message.clone_from(&text),
            }
        }
    }

    /// Judges a document that was read to its end.
    fn judge(&mut self, start: &Spot) -> Result<()> {
        let found = std::mem::take(&mut self.found);
        if found.error {
            let code = found.error_code.unwrap_or_else(|| "no code".to_owned());
            let said = found.error_message.unwrap_or_else(|| "no message".to_owned());
            let message = format!("the network answered with error {code}: {said}");
            return Err(refused(self.here(&codes::ERROR_ANSWER, start, message)));
        }
        if let (Some(layout), Some(status)) = (&self.layout.status, &found.status) {
            let is = |words: &[String]| words.iter().any(|word| word == status);
            if !is(&layout.ok) && !is(&layout.empty) {
                let said = found.status_message.unwrap_or_else(|| "no message".to_owned());
                let message = format!(
                    "`{}` is {status} ({said}), expected {}",
                    layout.at.written,
                    layout.ok.join(" or ")
                );
                return Err(refused(self.here(&codes::BAD_ANSWER, start, message)));
            }
            return Ok(());
        }
        if found.rows {
            return Ok(());
        }
        let paths: Vec<&str> = self.layout.rows.iter().map(|path| &*path.written).collect();
        let message = format!("the document has no `{}`", paths.join("` and no `"));
        Err(refused(self.here(&codes::NO_ROWS, start, message)))
    }
}

/// A value somewhere on the way to the rows.
struct Level<'l, 'w, 'a, R> {
    walk: &'l mut Walk<'w, 'a, R>,
    /// The targets whose paths lead here.
    active: Vec<usize>,
    depth: usize,
    /// The JSON reader took the value's first byte already, as it does in a list.
    taken: bool,
}

impl<'de, R: Read> DeserializeSeed<'de> for Level<'_, '_, '_, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> std::result::Result<(), D::Error> {
        if self.active.is_empty() {
            return input.deserialize_ignored_any(IgnoredAny).map(drop);
        }
        let feed = &self.walk.feed;
        let first = if self.taken { feed.last() } else { feed.peek().unwrap_or(0) };
        let spot = feed.spot(u32::from(self.taken));
        let documents = first == b'[' && self.depth == 0 && !self.walk.layout.rows_at_top();
        if self.depth > 0 || documents {
            return self.value(input, first, &spot);
        }
        let Level { walk, active, depth, taken } = self;
        Level { walk: &mut *walk, active, depth, taken }.value(input, first, &spot)?;
        walk.judge(&spot).map_err(|failure| {
            walk.failure = Some(failure);
            D::Error::custom("refused")
        })
    }
}

impl<R: Read> Level<'_, '_, '_, R> {
    fn value<'de, D: Deserializer<'de>>(
        self,
        input: D,
        first: u8,
        spot: &Spot,
    ) -> std::result::Result<(), D::Error> {
        let is = |ends, wanted| self.walk.any(&self.active, self.depth, ends, wanted);
        let rows_here = is(true, Some(Target::Rows));
        // An object is a row only when no other path looks for rows within it.
        let rows_below = is(false, Some(Target::Rows));
        let below = is(false, None);
        let elements = self.walk.accepting(&self.active, self.depth, None);
        match first {
            b'{' if rows_here && !rows_below => {
                self.walk.leaf(&self.active, self.depth, "{}");
                RowSeed { walk: self.walk, spot: Some(spot.clone()) }.deserialize(input)
            }
            b'{' if below => {
                self.walk.leaf(&self.active, self.depth, "{}");
                input.deserialize_map(self)
            }
            b'[' if self.depth == 0 && !self.walk.layout.rows_at_top() => {
                input.deserialize_seq(Elements { walk: self.walk, below: None })
            }
            b'[' if rows_here && elements.is_empty() => {
                self.walk.leaf(&self.active, self.depth, "[]");
                input.deserialize_seq(Rows { walk: self.walk })
            }
            b'[' if !elements.is_empty() => {
                let below = Some((elements, self.depth + 1));
                input.deserialize_seq(Elements { walk: self.walk, below })
            }
            _ => {
                let raw = <Box<RawValue> as serde::Deserialize>::deserialize(input)?;
                self.walk.leaf(&self.active, self.depth, raw.get());
                Ok(())
            }
        }
    }
}

impl<'de, R: Read> Visitor<'de> for Level<'_, '_, '_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let active = self.walk.accepting(&self.active, self.depth, Some(&key));
            let depth = self.depth + 1;
            map.next_value_seed(Level { walk: &mut *self.walk, active, depth, taken: false })?;
        }
        Ok(())
    }
}

/// The elements of a list on the way to the rows: documents of their own, or one level of a path.
struct Elements<'l, 'w, 'a, R> {
    walk: &'l mut Walk<'w, 'a, R>,
    below: Option<(Vec<usize>, usize)>,
}

impl<'de, R: Read> Visitor<'de> for Elements<'_, '_, '_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<(), A::Error> {
        let (active, depth) = self.below.unwrap_or_else(|| (self.walk.all(), 0));
        loop {
            let active = active.clone();
            let element = Level { walk: &mut *self.walk, active, depth, taken: true };
            if list.next_element_seed(element)?.is_none() {
                return Ok(());
            }
        }
    }
}

/// A list of rows.
struct Rows<'l, 'w, 'a, R> {
    walk: &'l mut Walk<'w, 'a, R>,
}

impl<'de, R: Read> Visitor<'de> for Rows<'_, '_, '_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<(), A::Error> {
        while list.next_element_seed(RowSeed { walk: &mut *self.walk, spot: None })?.is_some() {}
        Ok(())
    }
}

/// One row.
struct RowSeed<'l, 'w, 'a, R> {
    walk: &'l mut Walk<'w, 'a, R>,
    /// Where it begins; none when its first byte was the last that was taken.
    spot: Option<Spot>,
}

impl<'de, R: Read> DeserializeSeed<'de> for RowSeed<'_, '_, '_, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> std::result::Result<(), D::Error> {
        let spot = self.spot.unwrap_or_else(|| self.walk.feed.spot(1));
        self.walk.feed.begin_row();
        let raw = <Box<RawValue> as serde::Deserialize>::deserialize(input)?;
        self.walk.feed.end_row();
        self.walk.row(raw.get(), &spot).map_err(|failure| {
            self.walk.failure = Some(failure);
            D::Error::custom("stopped")
        })
    }
}
