//! What is wrong with somebody's file, and where: code, place, excerpt, sentence, hint.
//!
//! Owns the form of a diagnostic and the registry of codes. Refuses to stop at the first problem:
//! whoever reads a file collects all of them.

use std::fmt;
use std::ops::Range;

/// Whether a problem stops the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file is not used.
    Error,
    /// The file is used; a person should look.
    Warning,
}

impl Severity {
    /// Returns the word printed before the code.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A kind of problem, with a number that is never used for another.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The number, such as `S014`.
    pub id: &'static str,
    /// Whether it stops the work.
    pub severity: Severity,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What it means and what to do, for docs/error-codes.md.
    pub help: &'static str,
}

/// A place in a file: line and column count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as the user knows it.
    pub file: String,
    /// The line; 0 when the problem is about the file as a whole.
    pub line: u32,
    /// The column; 0 with line 0.
    pub column: u32,
}

impl Place {
    /// Finds the place of a byte offset in a text.
    pub fn of(file: &str, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            file: file.to_owned(),
            line: count(before.matches('\n').count() + 1),
            column: count(before[line_start..].chars().count() + 1),
        }
    }

    /// Names a file as a whole.
    pub fn whole(file: &str) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            f.write_str(&self.file)
        } else {
            write!(f, "{}:{}:{}", self.file, self.line, self.column)
        }
    }
}

/// One problem of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The kind of problem.
    pub code: &'static Code,
    /// Where it is.
    pub place: Place,
    /// The line it is on, and how many characters of it are meant.
    pub excerpt: Option<(String, usize)>,
    /// One sentence with both values, lower case, without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Makes a diagnostic about a file as a whole.
    pub fn whole(code: &'static Code, file: &str, message: impl Into<String>) -> Self {
        Self { code, place: Place::whole(file), excerpt: None, message: message.into(), hint: None }
    }

    /// Makes a diagnostic about a span of bytes of a text, with the line it stands on.
    pub fn at(
        code: &'static Code,
        file: &str,
        text: &str,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        let place = Place::of(file, text, span.start);
        let line_start = text[..span.start.min(text.len())].rfind('\n').map_or(0, |at| at + 1);
        let line = text[line_start..].lines().next().unwrap_or("");
        let line_end = line_start + line.len();
        let meant = text.get(span.start..span.end.min(line_end)).map_or(1, |t| t.chars().count());
        let excerpt = fitted(line, place.column, meant.max(1));
        Self { code, place, excerpt, message: message.into(), hint: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what to do about it, where something can be said.
    #[must_use]
    pub fn hint_opt(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// Whether the file must not be used.
    pub fn is_error(&self) -> bool {
        self.code.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}[{}]: {}", self.code.severity.word(), self.code.id, self.place)?;
        if let Some((line, meant)) = &self.excerpt {
            let number = self.place.line.to_string();
            let margin = " ".repeat(number.len());
            let before = usize::try_from(self.place.column).unwrap_or(1).saturating_sub(1);
            // Tabs keep their width, so that the marks stand under what they mean.
            let indent: String =
                line.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            writeln!(f, "{number} | {line}")?;
            writeln!(f, "{margin} | {indent}{}", "^".repeat(*meant))?;
        }
        write!(f, "{}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// The longest line that is shown whole, in characters.
pub const SHOWN_LINE: usize = 400;

/// Cuts a line that is too long to show; none when what is meant would be cut off. A line can have
/// thousands of problems, each of which would keep all of it.
fn fitted(line: &str, column: u32, meant: usize) -> Option<(String, usize)> {
    let Some((end, _)) = line.char_indices().nth(SHOWN_LINE) else {
        return Some((line.to_owned(), meant));
    };
    let before = usize::try_from(column).ok()?.saturating_sub(1);
    let room = SHOWN_LINE.checked_sub(before).filter(|room| *room > 0)?;
    Some((format!("{}…", line.get(..end)?), meant.min(room)))
}

/// Finds the known name that a person most likely meant.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_and_never_hides_what_is_meant() {
        let line = "å".repeat(1_000);
        let (cut, meant) = fitted(&line, 391, 600).unwrap();
        assert_eq!((cut.chars().count(), meant), (401, 10));
        assert!(fitted(&line, 401, 1).is_none());
        assert_eq!(fitted("abc", 2, 1).unwrap(), ("abc".to_owned(), 1));
    }

    #[test]
    fn ten_thousand_problems_of_one_line_keep_little_of_it() {
        static CODE: Code = Code { id: "S000", severity: Severity::Error, title: "", help: "" };
        let text = "x = 1;".repeat(20_000);
        let problems = (0..10_000).map(|at| Diagnostic::at(&CODE, "x", &text, at..at + 1, ""));
        let kept: usize =
            problems.filter_map(|problem| problem.excerpt).map(|(line, _)| line.len()).sum();
        assert!(kept <= 400 * 403, "{kept} bytes");
    }
}
