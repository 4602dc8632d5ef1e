//! One row of a JSON report as cells.
//!
//! Owns the way from a row's paths to its values. Refuses numbers: a value stays the text that the
//! network wrote.

use std::borrow::Cow;

use super::cell::{self, Cells};

/// The paths of a format's slots, as a tree.
#[derive(Debug, Default)]
pub(super) struct Paths {
    slot: Option<usize>,
    /// Few, so a search from the front is quick enough.
    below: Vec<(String, Paths)>,
}

impl Paths {
    /// Makes the tree of some paths; a slot is the number of its path.
    pub(super) fn of(slots: &[String]) -> Self {
        let mut top = Self::default();
        for (number, path) in slots.iter().enumerate() {
            top.add(path.split('.'), number);
        }
        top
    }

    fn add<'p>(&mut self, mut steps: impl Iterator<Item = &'p str>, slot: usize) {
        let Some(step) = steps.next() else {
            self.slot = Some(slot);
            return;
        };
        let at = self.below.iter().position(|(key, _)| key == step).unwrap_or_else(|| {
            self.below.push((step.to_owned(), Self::default()));
            self.below.len() - 1
        });
        if let Some((_, below)) = self.below.get_mut(at) {
            below.add(steps, slot);
        }
    }

    fn find(&self, key: &str) -> Option<&Self> {
        self.below.iter().find(|(known, _)| known == key).map(|(_, below)| below)
    }
}

#[derive(Clone, Default)]
struct Cell<'t> {
    /// The value as written; none when the row has none.
    raw: Option<&'t str>,
    text: Option<Cow<'t, str>>,
}

/// A row of a JSON report.
#[derive(Clone)]
pub(super) struct JsonRow<'t> {
    row: &'t str,
    cells: Vec<Cell<'t>>,
    /// A slot whose key occurs twice.
    pub(super) twice: Option<usize>,
    /// The list of its lines, where it has one.
    list: Option<&'t str>,
}

impl<'t> JsonRow<'t> {
    /// Takes a row apart; none when it is no object. The list that one key holds is kept for
    /// [`parts`](Self::parts).
    pub(super) fn of(row: &'t str, paths: &Paths, slots: usize, key: Option<&str>) -> Option<Self> {
        let mut made = Self { row, cells: vec![Cell::default(); slots], twice: None, list: None };
        let mut list = None;
        let taken = cell::each_entry(row, |name, raw| {
            if key == Some(name) && raw.starts_with('[') {
                list = Some(raw);
            } else if let Some(below) = paths.find(name) {
                made.value(raw, below);
            }
        });
        made.list = list;
        taken.then_some(made)
    }

    /// The lines of the row, each with what the row says of all; the row itself where it has no list
    /// of them.
    pub(super) fn parts<'p>(
        self,
        paths: &'p Paths,
        key: Option<&'p str>,
    ) -> impl Iterator<Item = Self> + use<'t, 'p> {
        let parts = self.list.map(cell::elements).unwrap_or_default();
        let alone = parts.is_empty().then(|| self.clone());
        let one = move |part: &'t str| {
            let mut one = self.clone();
            if let Some(below) = key.and_then(|key| paths.find(key)) {
                one.entries(part, below);
            }
            one
        };
        alone.into_iter().chain(parts.into_iter().map(one))
    }

    fn entries(&mut self, object: &'t str, paths: &Paths) -> bool {
        cell::each_entry(object, |key, raw| {
            if let Some(below) = paths.find(key) {
                self.value(raw, below);
            }
        })
    }

    fn value(&mut self, raw: &'t str, paths: &Paths) {
        if let Some(slot) = paths.slot
            && let Some(cell) = self.cells.get_mut(slot)
        {
            if cell.raw.is_some() {
                self.twice = Some(slot);
            }
            *cell = Cell { raw: Some(raw), text: cell::text_of(raw) };
        }
        if paths.below.is_empty() {
            return;
        }
        if raw.starts_with('{') {
            self.entries(raw, paths);
        } else if raw.starts_with('[') {
            for (number, element) in cell::elements(raw).into_iter().enumerate() {
                if let Some(below) = paths.find(&number.to_string()) {
                    self.value(element, below);
                }
            }
        }
    }

    /// Returns where in the row a cell's value stands.
    pub(super) fn span(&self, slot: Option<usize>) -> std::ops::Range<usize> {
        let raw = slot.and_then(|slot| self.cells.get(slot)).and_then(|cell| cell.raw);
        let Some(raw) = raw else { return 0..1 };
        let start = raw.as_ptr().addr().saturating_sub(self.row.as_ptr().addr());
        start..start + raw.len()
    }
}

impl Cells for JsonRow<'_> {
    fn text(&self, slot: usize) -> Option<&str> {
        self.cells.get(slot)?.text.as_deref()
    }

    fn nested(&self, slot: usize) -> bool {
        self.cells.get(slot).and_then(|cell| cell.raw).is_some_and(cell::is_nested)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_paths_and_know_their_place() {
        let slots = ["a", "b.c", "d.1", "e"].map(str::to_owned);
        let row = r#"{"x":1, "a": 19.990, "b":{"c":"é\"x"}, "d":[1,2], "e":{}}"#;
        let cells = JsonRow::of(row, &Paths::of(&slots), 4, None).unwrap();
        let texts: Vec<_> = (0..4).map(|slot| cells.text(slot)).collect();
        assert_eq!(texts, [Some("19.990"), Some("é\"x"), Some("2"), Some("{}")]);
        assert_eq!(&row[cells.span(Some(0))], "19.990");
        assert!(cells.nested(3) && !cells.nested(0));
        assert_eq!(cells.twice, None);
        let twice = JsonRow::of(r#"{"a":1,"a":2}"#, &Paths::of(&slots), 4, None).unwrap();
        assert_eq!(twice.twice, Some(0));
        let slots = ["a", "p.b"].map(str::to_owned);
        let paths = Paths::of(&slots);
        let row = r#"{"p":[{"b":1},{"b":2},{}],"a":7}"#;
        let lines = JsonRow::of(row, &paths, 2, Some("p")).unwrap().parts(&paths, Some("p"));
        let texts: Vec<_> =
            lines.map(|line| [0, 1].map(|slot| line.text(slot).map(str::to_owned))).collect();
        let seven = || Some("7".to_owned());
        assert_eq!(
            texts,
            [[seven(), Some("1".into())], [seven(), Some("2".into())], [seven(), None]]
        );
        assert!(JsonRow::of("[]", &Paths::of(&slots), 4, None).is_none());
    }
}
