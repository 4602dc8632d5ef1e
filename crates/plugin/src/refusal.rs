//! Why a plugin was not used: a code, a sentence with both values, what to do.
//!
//! Refuses: exit codes and places in files, which callers know.

use std::fmt;

use crate::codes::Code;

/// The way out where a plugin does what none may do.
pub(crate) const AUTHOR: &str =
    "this is a mistake of the plugin: tell its author, and stamp a build without it";

/// What a plugin finds wrong in its config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The key below `[plugin.config]`, such as `tiers[1].share`; none when it is about all of it.
    pub key: Option<String>,
    /// A sentence.
    pub message: String,
}

/// Why a plugin was not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: &'static Code,
    message: String,
    hint: Option<String>,
    problems: Vec<ConfigProblem>,
    line: Option<usize>,
    /// In a box: most refusals have none, and each is passed on by value.
    build: Option<Box<[u8; 32]>>,
}

impl Refusal {
    /// Makes a refusal with one sentence.
    pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            problems: Vec::new(),
            line: None,
            build: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what the plugin finds wrong in its config.
    #[must_use]
    pub fn with(mut self, problems: Vec<ConfigProblem>) -> Self {
        self.problems = problems;
        self
    }

    /// Names the line of the batch that it is about.
    #[must_use]
    pub fn of_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// Names the build that was running when it was refused, by the digest of its library.
    #[must_use]
    pub fn of_build(mut self, digest: [u8; 32]) -> Self {
        self.build = Some(Box::new(digest));
        self
    }

    /// Puts in front what it is about, such as an order.
    #[must_use]
    pub fn about(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// Returns the code.
    pub fn code(&self) -> &'static Code {
        self.code
    }

    /// Returns the sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns what to do about it.
    pub fn what_to_do(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Returns what the plugin finds wrong in its config.
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }

    /// Returns the index of the batch's line that it is about.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// Returns the digest of the build that was running when it was refused.
    pub fn build(&self) -> Option<[u8; 32]> {
        self.build.as_deref().copied()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code.id, self.message)?;
        for problem in &self.problems {
            match &problem.key {
                Some(key) => write!(f, "\n  {key}: {}", problem.message)?,
                None => write!(f, "\n  {}", problem.message)?,
            }
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
