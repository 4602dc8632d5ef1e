//! The area in which a plugin says what is wrong, and what can be read of it.
//!
//! Owns the escaping of what a terminal would obey. It is escaped and not refused: a panic's message
//! has lines of its own, and to refuse them would hide the very thing that its author must know.

use super::answers::{GUARD_BYTES, another_number, elsewhere};
use super::texts::{count, escaped, text_at};
use crate::abi::{self, Problem, Text};
use crate::refusal::{ConfigProblem, Refusal};

/// Bytes of texts of a report.
const TEXTS: usize = 16_384;
/// Problems of a report.
const PROBLEMS: usize = 64;

/// What stands behind the problems, and must stand there still after the call.
const GUARD_PROBLEM: Problem = Problem {
    key: Text { at: 0xFEEB_00F5, len: 0xFEEB_00F6 },
    message: Text { at: 0xFEEB_00F7, len: 0xFEEB_00F8 },
};

/// The memory behind an [`abi::Report`].
#[derive(Debug)]
pub(crate) struct ReportArea {
    texts: Vec<u8>,
    problems: Vec<Problem>,
}

impl ReportArea {
    pub(crate) fn new() -> Self {
        let mut area = Self { texts: Vec::new(), problems: Vec::new() };
        area.wipe();
        area
    }

    /// Makes the area as if nothing had been written.
    pub(crate) fn wipe(&mut self) {
        self.texts.clear();
        self.texts.resize(TEXTS, 0);
        self.texts.extend_from_slice(&GUARD_BYTES);
        self.problems.clear();
        self.problems.resize(PROBLEMS, Problem { key: Text::NONE, message: Text::NONE });
        self.problems.push(GUARD_PROBLEM);
    }

    /// Refuses what was written anywhere but into the area and the two counts of the struct.
    pub(crate) fn check_guards(
        &self,
        given: &abi::Report,
        written: &abi::Report,
    ) -> Result<(), Refusal> {
        let moved = [
            ("texts", given.texts != written.texts),
            ("problems", given.problems != written.problems),
        ];
        if let Some((what, _)) = moved.into_iter().find(|(_, moved)| *moved) {
            return Err(elsewhere(&format!("another address over that of the report's {what}")));
        }
        let numbers = [
            ("text_capacity", given.text_capacity, written.text_capacity),
            ("problem_capacity", given.problem_capacity, written.problem_capacity),
        ];
        if let Some(said) = another_number("report", &numbers) {
            return Err(elsewhere(&said));
        }
        let behind = |count: usize, of: &str| {
            elsewhere(&format!(
                "behind the report's room for {count} {of}, where nothing is its own"
            ))
        };
        if self.problems.last() != Some(&GUARD_PROBLEM) {
            return Err(behind(PROBLEMS, "problems"));
        }
        if !self.texts.ends_with(&GUARD_BYTES) {
            return Err(behind(TEXTS, "bytes"));
        }
        Ok(())
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

    /// Reads what the plugin wrote, or says what of it is not text within the area.
    pub(crate) fn read(&self, written: &abi::Report) -> Result<Vec<ConfigProblem>, String> {
        let (bytes, count) = (written.text_len, written.problem_count);
        let within = |count: u32, most: usize| usize::try_from(count).ok().filter(|n| *n <= most);
        let (Some(text_len), Some(problem_count)) = (within(bytes, TEXTS), within(count, PROBLEMS))
        else {
            return Err(format!(
                "it counts {count} problems in {bytes} bytes; a report holds {PROBLEMS} in {TEXTS}"
            ));
        };
        let area = self.texts.get(..text_len).unwrap_or_default();
        let text = |number: usize, what: &str, span: Text| {
            text_at(area, span).map(escaped).ok_or_else(|| {
                let Text { at, len } = span;
                format!(
                    "the {what} of problem {number} of {count} is said to have {len} bytes from {at} on, \
                     and of the {bytes} bytes that are counted these are no UTF-8"
                )
            })
        };
        let read = |(number, problem): (usize, &Problem)| {
            let key = match problem.key {
                Text::NONE => None,
                key => Some(text(number, "key", key)?),
            };
            Ok(ConfigProblem { key, message: text(number, "message", problem.message)? })
        };
        (1..).zip(self.problems.iter().take(problem_count)).map(read).collect()
    }
}
