//! Paths into a JSON document: keys joined by dots.
//!
//! Owns the notation. Refuses filters and everything else that would make a path a program.

/// One level of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    /// Any key of an object, or any element of a list.
    Any,
}

/// A path from the top of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) steps: Vec<Step>,
    pub(super) written: String,
}

impl Path {
    /// Takes a path as a mapping file writes it: `.` is the document itself.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let written = text.to_owned();
        if text == "." {
            return Some(Self { steps: Vec::new(), written });
        }
        let steps = text
            .split('.')
            .map(|step| match step {
                "" => None,
                "*" => Some(Step::Any),
                key => Some(Step::Key(key.to_owned())),
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Self { steps, written })
    }

    /// The path of something beside the end of this one: `a.b` and `code` give `a.b.code`.
    pub(super) fn joined(&self, key: &str) -> Option<Self> {
        if self.steps.is_empty() {
            return Self::parse(key);
        }
        Self::parse(&format!("{}.{key}", self.written))
    }

    /// Whether the step at some depth accepts a key; none stands for an element of a list.
    pub(super) fn accepts(&self, depth: usize, key: Option<&str>) -> bool {
        match (self.steps.get(depth), key) {
            (Some(Step::Any), _) => true,
            (Some(Step::Key(wanted)), Some(key)) => wanted == key,
            _ => false,
        }
    }
}

impl Path {
    /// Whether the step at some depth is this very name, and not any.
    pub(super) fn names(&self, depth: usize, name: &str) -> bool {
        matches!(self.steps.get(depth), Some(Step::Key(wanted)) if wanted == name)
    }
}

/// Whether a text is a path from a row to one of its values.
pub(super) fn is_row_path(text: &str) -> bool {
    Path::parse(text).is_some_and(|path| {
        !path.steps.is_empty() && path.steps.iter().all(|step| *step != Step::Any)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_keys_and_stars() {
        let path = Path::parse("*.result.orders").unwrap();
        assert!(path.accepts(0, Some("x")) && path.accepts(0, None));
        assert!(path.accepts(1, Some("result")) && !path.accepts(1, None));
        assert!(!path.accepts(3, Some("orders")));
        assert_eq!(Path::parse(".").unwrap().steps.len(), 0);
        assert_eq!(Path::parse(".").unwrap().joined("code").unwrap().written, "code");
        for bad in ["", "a..b", "a.", ".a"] {
            assert_eq!(Path::parse(bad), None, "{bad}");
        }
        assert!(is_row_path("a.0.b") && !is_row_path("a.*") && !is_row_path("."));
    }
}
