//! A category tree: ids with parents and names, from `id,parent,name`.
//!
//! Owns the reading of the CSV and the walk to the ancestors. Refuses a tree with an id twice, a
//! parent that is not there, or a circle.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use crate::codes;
use crate::diagnostic::{Code, Diagnostic, Place, nearest};
use crate::source::Source;

/// One category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// The network's id.
    pub id: String,
    /// The name people read.
    pub name: String,
    /// Index of the category above.
    parent: Option<usize>,
}

/// A category tree of a program.
#[derive(Clone, Debug)]
pub struct Tree {
    source: Source,
    categories: Vec<Category>,
    index: HashMap<String, usize>,
}

impl Tree {
    /// Returns the file of the tree.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Returns all categories in file order.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// Whether the tree lists an id.
    pub fn contains(&self, id: &str) -> bool {
        self.index.contains_key(id)
    }

    /// Returns the name of a category.
    pub fn name(&self, id: &str) -> Option<&str> {
        self.index.get(id).and_then(|at| self.categories.get(*at)).map(|found| found.name.as_str())
    }

    /// Returns the category and everything above it, from the bottom up; for an id that the tree
    /// does not list, the id alone (rule 6).
    pub fn lineage<'a>(&'a self, id: &'a str) -> Lineage<'a> {
        match self.index.get(id) {
            Some(at) => Lineage { tree: self, next: Some(*at), alone: None },
            None => Lineage { tree: self, next: None, alone: Some(id) },
        }
    }

    /// Reads a tree and tells what is wrong with it; none when it cannot be used.
    pub(crate) fn read(source: &Source, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let before = problems.len();
        let rows = rows(source, problems);
        let mut index = HashMap::new();
        for (at, row) in rows.iter().enumerate() {
            if let Some(first) = index.insert(row.id.clone(), at) {
                let message = format!("category `{}` stands twice", row.id);
                let told = problem(source, &codes::TREE_TWICE, row, message);
                let first: &Row = &rows[first];
                let first = Place::of(source.shown(), source.text(), first.span.start);
                problems.push(told.hint(format!("its other row is {first}")));
            }
        }
        let mut categories = Vec::with_capacity(rows.len());
        for row in &rows {
            let parent = index.get(&row.parent).copied();
            if parent.is_none() && !row.parent.is_empty() {
                problems.push(no_parent(source, row, &index));
            }
            categories.push(Category { id: row.id.clone(), name: row.name.clone(), parent });
        }
        tell_circles(source, &rows, &categories, problems);
        let tree = Self { source: source.clone(), categories, index };
        (problems.len() == before).then_some(tree)
    }
}

/// The walk from a category to the top.
#[derive(Clone, Debug)]
pub struct Lineage<'a> {
    tree: &'a Tree,
    next: Option<usize>,
    alone: Option<&'a str>,
}

impl<'a> Iterator for Lineage<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if let Some(id) = self.alone.take() {
            return Some(id);
        }
        let category = self.tree.categories.get(self.next?)?;
        self.next = category.parent;
        Some(&category.id)
    }
}

/// A row of the file with the bytes it stands on.
struct Row {
    id: String,
    parent: String,
    name: String,
    span: Range<usize>,
}

/// Reads the rows; what breaks the form is told and left out.
fn rows(source: &Source, problems: &mut Vec<Diagnostic>) -> Vec<Row> {
    let text = source.text().strip_prefix('\u{feff}').unwrap_or(source.text());
    let shift = source.text().len() - text.len();
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut header = false;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let message = format!("not a row of `id,parent,name`: {error}");
                problems.push(Diagnostic::whole(&codes::TREE_FORM, source.shown(), message));
                continue;
            }
        };
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(0) + shift;
        let cells: Vec<&str> = record.iter().map(str::trim).collect();
        let &[id, parent, name] = cells.as_slice() else {
            let message = format!("{} cells where `id,parent,name` has 3", cells.len());
            let quotes =
                (cells.len() > 3).then(|| "put quotes around a name with commas".to_owned());
            problems.push(at(source, &codes::TREE_FORM, start, message).hint_opt(quotes));
            continue;
        };
        if !header {
            header = true;
            if cells != ["id", "parent", "name"] {
                let message =
                    format!("the header is `{}`, expected `id,parent,name`", cells.join(","));
                problems.push(at(source, &codes::TREE_FORM, start, message));
            }
        } else if id.is_empty() {
            let message = format!("category \"{name}\" has no id");
            problems.push(at(source, &codes::TREE_FORM, start, message));
        } else {
            let span = line_span(source, start);
            let (id, parent, name) = (id.to_owned(), parent.to_owned(), name.to_owned());
            rows.push(Row { id, parent, name, span });
        }
    }
    rows
}

/// The bytes from an offset to the end of its line; blank lines before a record are skipped.
fn line_span(source: &Source, start: usize) -> Range<usize> {
    let rest = source.text().get(start..).unwrap_or("");
    let blank = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    let length = rest[blank..].find(['\r', '\n']).unwrap_or(rest.len() - blank);
    start + blank..start + blank + length
}

fn at(source: &Source, code: &'static Code, start: usize, message: String) -> Diagnostic {
    let span = line_span(source, start);
    Diagnostic::at(code, source.shown(), source.text(), span, message)
}

fn problem(source: &Source, code: &'static Code, row: &Row, message: String) -> Diagnostic {
    Diagnostic::at(code, source.shown(), source.text(), row.span.clone(), message)
}

fn no_parent(source: &Source, row: &Row, index: &HashMap<String, usize>) -> Diagnostic {
    let message =
        format!("category `{}` is below `{}`, which the tree does not list", row.id, row.parent);
    let known: BTreeSet<&str> = index.keys().map(String::as_str).collect();
    let near = nearest(&row.parent, known.iter().copied());
    problem(source, &codes::TREE_PARENT, row, message)
        .hint_opt(near.map(|near| format!("did you mean `{near}`?")))
}

/// Tells the categories that are below themselves.
fn tell_circles(
    source: &Source,
    rows: &[Row],
    categories: &[Category],
    problems: &mut Vec<Diagnostic>,
) {
    for (start, row) in rows.iter().enumerate() {
        let mut steps = 0;
        let mut above = categories[start].parent;
        while let Some(at) = above {
            if at == start {
                let message = format!("category `{}` is below itself", row.id);
                let told = problem(source, &codes::TREE_PARENT, row, message);
                problems.push(told.hint("correct a parent on its way up; at the top it is empty"));
                break;
            }
            steps += 1;
            if steps > categories.len() {
                break;
            }
            above = categories[at].parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Tree>, Vec<String>) {
        let mut problems = Vec::new();
        let tree = Tree::read(&Source::new("p/categories.csv", "c.csv", text), &mut problems);
        let told = problems
            .iter()
            .map(|problem| format!("{} {} {}", problem.code.id, problem.place, problem.message))
            .collect();
        (tree, told)
    }

    #[test]
    fn the_lineage_goes_to_the_top() {
        let (tree, told) = read("id,parent,name\n1,,Top\n2,1,Middle\n3,2,\"Low, lowest\"\n");
        assert_eq!(told, [""; 0]);
        let tree = tree.unwrap();
        assert_eq!(tree.lineage("3").collect::<Vec<_>>(), ["3", "2", "1"]);
        assert_eq!(tree.lineage("9").collect::<Vec<_>>(), ["9"]);
        assert_eq!(tree.name("3"), Some("Low, lowest"));
        assert!(tree.contains("1") && !tree.contains("9"));
    }

    #[test]
    fn every_broken_row_is_told_with_its_line() {
        let (tree, told) =
            read("id,parent,name\n10,,A\n10,,B\n11,12,C\n13,14,D\n14,13,E\n15,x\n,10,F\n");
        assert!(tree.is_none());
        assert_eq!(
            told,
            [
                "S027 c.csv:7:1 2 cells where `id,parent,name` has 3",
                "S027 c.csv:8:1 category \"F\" has no id",
                "S028 c.csv:3:1 category `10` stands twice",
                "S029 c.csv:4:1 category `11` is below `12`, which the tree does not list",
                "S029 c.csv:5:1 category `13` is below itself",
                "S029 c.csv:6:1 category `14` is below itself",
            ]
        );
        assert_eq!(read("parent,id,name\n").1.len(), 1);
    }
}
