//! The area in which a plugin says what is wrong, and what can be read of it.
//!
//! Owns the escaping of what a terminal would obey. It is escaped and not refused: a panic's message
//! has lines of its own, and to refuse them would hide the very thing that its author must know.

use super::texts::{count, escaped, text_at};
use crate::abi::{self, Problem, Text};
use crate::refusal::ConfigProblem;

/// Bytes of texts of a report.
const TEXTS: usize = 16_384;
/// Problems of a report.
const PROBLEMS: usize = 64;

/// The memory behind an [`abi::Report`].
#[derive(Debug)]
pub(crate) struct ReportArea {
    texts: Vec<u8>,
    problems: Vec<Problem>,
}

impl ReportArea {
    pub(crate) fn new() -> Self {
        let empty = Problem { key: Text::NONE, message: Text::NONE };
        Self { texts: vec![0; TEXTS], problems: vec![empty; PROBLEMS] }
    }

    /// Returns the struct; it points into this area.
    pub(crate) fn raw(&mut self) -> abi::Report {
        abi::Report {
            texts: self.texts.as_mut_ptr(),
            problems: self.problems.as_mut_ptr(),
            text_capacity: count(TEXTS),
            problem_capacity: count(PROBLEMS),
            text_len: 0,
            problem_count: 0,
        }
    }

    /// Reads what the plugin wrote; none when it is not text within the area.
    pub(crate) fn read(&self, written: &abi::Report) -> Option<Vec<ConfigProblem>> {
        let area = self.texts.get(..usize::try_from(written.text_len).ok()?)?;
        let problems = self.problems.get(..usize::try_from(written.problem_count).ok()?)?;
        let read = |problem: &Problem| {
            let key = match problem.key {
                Text::NONE => None,
                key => Some(escaped(text_at(area, key)?)),
            };
            Some(ConfigProblem { key, message: escaped(text_at(area, problem.message)?) })
        };
        problems.iter().map(read).collect()
    }
}
