//! A rule is a bit: all entries of a version in one bit space, and per dimension a table from
//! class to the set of entries that accept it.
//!
//! A line is matched by AND-ing one row per dimension in use; the lowest bit of a list is the
//! entry that wins, the others of it are shadowed. A second set, in which a missing fact counts
//! as accepted, tells what is undecided (rule 6). Refuses: what an entry gives when it holds.

use std::collections::HashMap;

use chrono::NaiveDate;
use feebook_kernel::Minor;

use crate::condition::{Condition, Test};
use crate::dimension::{Class, Classes, Dimension};
use crate::tree::Tree;

/// The lists of entries that are matched together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// `[[exclude]]`.
    Exclude,
    /// `[[rate]]`.
    Rate,
    /// `[[bonus]]`.
    Bonus,
    /// `[[flag]]`.
    Flag,
    /// The countries of `policy.service_fee`, as a list of one entry.
    Fee,
    /// Any currency but the policy's, as a list of one entry.
    Foreign,
}

impl List {
    /// The number of lists.
    pub(crate) const COUNT: usize = 6;

    pub(crate) fn index(self) -> usize {
        match self {
            Self::Exclude => 0,
            Self::Rate => 1,
            Self::Bonus => 2,
            Self::Flag => 3,
            Self::Fee => 4,
            Self::Foreign => 5,
        }
    }
}

/// The most entries of a version, over all lists.
pub(crate) const MOST_ENTRIES: usize = 4_096;
/// The most marks that the conditions of a version may name: each doubles the table.
pub(crate) const MOST_MARKS: usize = 12;
/// The most classes of a dimension.
const MOST_CLASSES: usize = 65_000;

/// How a value of a dimension becomes a class.
#[derive(Clone, Debug)]
enum Lookup {
    /// By name; any other name is [`Class::OTHER`].
    Name(HashMap<Box<str>, Class>),
    /// By the set of named marks, one bit each.
    Marks(Vec<Box<str>>, Vec<Class>),
    /// By the interval between two prices.
    Price(Vec<Minor>, Vec<Class>),
    /// By the interval between two days.
    Day(Vec<NaiveDate>, Vec<Class>),
    /// By hot (1) and affiliate (2).
    Item([Class; 4]),
}

/// One dimension in use: a row of bits per class.
#[derive(Clone, Debug)]
struct Axis {
    dimension: Dimension,
    rows: Vec<u64>,
    asked: Vec<u64>,
    lookup: Lookup,
}

/// The compiled conditions of a version.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    axes: Vec<Axis>,
    /// Index into `axes` by dimension.
    position: [Option<usize>; Dimension::COUNT],
    /// First bit of each list, and the end of the last.
    starts: [usize; List::COUNT + 1],
    words: usize,
}

/// Why conditions cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TooMany {
    /// Entries over all lists.
    Entries(usize),
    /// Marks that conditions name.
    Marks(usize),
    /// Kinds of value of a dimension.
    Classes(Dimension),
}

impl Matcher {
    /// Compiles lists of entries, in the order of [`List`], each entry given as its conditions.
    pub(crate) fn compile(
        lists: &[Vec<&[Condition]>; List::COUNT],
        tree: Option<&Tree>,
    ) -> Result<Self, TooMany> {
        let entries: Vec<&[Condition]> = lists.iter().flatten().copied().collect();
        if entries.len() > MOST_ENTRIES {
            return Err(TooMany::Entries(entries.len()));
        }
        let mut starts = [0; List::COUNT + 1];
        for (at, list) in lists.iter().enumerate() {
            starts[at + 1] = starts[at] + list.len();
        }
        let words = entries.len().div_ceil(64);
        let mut axes = Vec::new();
        let mut position = [None; Dimension::COUNT];
        for dimension in Dimension::ALL {
            let used = |entry: &&[Condition]| entry.iter().any(|c| c.dimension == dimension);
            if entries.iter().any(used) {
                position[dimension.index()] = Some(axes.len());
                axes.push(AxisMaker::new(dimension, &entries, words).make(tree)?);
            }
        }
        Ok(Self { axes, position, starts, words })
    }

    fn axis(&self, dimension: Dimension) -> Option<&Axis> {
        self.position[dimension.index()].and_then(|at| self.axes.get(at))
    }

    /// Whether any entry asks for the dimension.
    pub(crate) fn uses(&self, dimension: Dimension) -> bool {
        self.position[dimension.index()].is_some()
    }

    /// The class of a named value; empty text is a missing fact.
    pub(crate) fn class_of(&self, dimension: Dimension, value: &str) -> Class {
        match self.axis(dimension).map(|axis| &axis.lookup) {
            Some(Lookup::Name(names)) if !value.is_empty() => {
                names.get(value).copied().unwrap_or(Class::OTHER)
            }
            _ => Class::MISSING,
        }
    }

    /// The class of a unit price.
    pub(crate) fn class_of_price(&self, price: Minor) -> Class {
        match self.axis(Dimension::Price).map(|axis| &axis.lookup) {
            Some(Lookup::Price(cuts, classes)) => interval(cuts, classes, &price),
            _ => Class::MISSING,
        }
    }

    /// The class of a day.
    pub(crate) fn class_of_day(&self, day: NaiveDate) -> Class {
        match self.axis(Dimension::Day).map(|axis| &axis.lookup) {
            Some(Lookup::Day(cuts, classes)) => interval(cuts, classes, &day),
            _ => Class::MISSING,
        }
    }

    /// The class of an item.
    pub(crate) fn class_of_item(&self, hot: bool, affiliate: bool) -> Class {
        match self.axis(Dimension::Item).map(|axis| &axis.lookup) {
            Some(Lookup::Item(classes)) => classes[usize::from(hot) + 2 * usize::from(affiliate)],
            _ => Class::MISSING,
        }
    }

    /// The class of a set of marks.
    pub(crate) fn class_of_marks(&self, marks: &[&str]) -> Class {
        match self.axis(Dimension::Mark).map(|axis| &axis.lookup) {
            Some(Lookup::Marks(names, classes)) => {
                let set = names.iter().enumerate().fold(0, |set, (bit, name)| {
                    set | (usize::from(marks.contains(&&**name)) << bit)
                });
                classes.get(set).copied().unwrap_or_default()
            }
            _ => Class::MISSING,
        }
    }

    /// ANDs the rows of a line: what holds, and what would hold if missing facts were right.
    pub(crate) fn find(&self, classes: &Classes, found: &mut Bits) {
        found.clear(self.words);
        for axis in &self.axes {
            let class = classes.get(axis.dimension);
            let row = axis.row(class, self.words);
            let missing = class == Class::MISSING && axis.dimension.can_be_missing();
            let either = if missing { u64::MAX } else { 0 };
            for ((holds, might), row) in found.holds.iter_mut().zip(&mut found.might).zip(row) {
                *holds &= row;
                *might &= row | either;
            }
        }
    }

    /// The bits of a list, as a range.
    pub(crate) fn range(&self, list: List) -> (usize, usize) {
        (self.starts[list.index()], self.starts[list.index() + 1])
    }

    /// The facts that an entry asks for and a line lacks.
    pub(crate) fn missing_facts(
        &self,
        list: List,
        index: u16,
        classes: &Classes,
    ) -> Vec<Dimension> {
        let (start, end) = self.range(list);
        let bit = start + usize::from(index);
        let lacks = |axis: &&Axis| {
            axis.dimension.can_be_missing()
                && classes.get(axis.dimension) == Class::MISSING
                && bit < end
                && axis.asked.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
        };
        self.axes.iter().filter(lacks).map(|axis| axis.dimension).collect()
    }
}

impl Axis {
    /// The row of a class; one that this version did not give counts as missing.
    fn row(&self, class: Class, words: usize) -> &[u64] {
        let start = usize::from(class.0) * words;
        self.rows.get(start..start + words).unwrap_or(&self.rows[..words])
    }
}

fn interval<T: Ord>(cuts: &[T], classes: &[Class], value: &T) -> Class {
    let at = cuts.partition_point(|cut| cut <= value);
    classes.get(at).copied().unwrap_or_default()
}

/// Makes the table of one dimension; equal rows share a class.
struct AxisMaker<'e> {
    dimension: Dimension,
    entries: &'e [&'e [Condition]],
    words: usize,
    rows: Vec<u64>,
    known: HashMap<Vec<u64>, Class>,
    full: bool,
}

impl<'e> AxisMaker<'e> {
    fn new(dimension: Dimension, entries: &'e [&'e [Condition]], words: usize) -> Self {
        Self { dimension, entries, words, rows: Vec::new(), known: HashMap::new(), full: false }
    }

    fn tests(&self) -> impl Iterator<Item = &'e Test> {
        let dimension = self.dimension;
        let conditions = self.entries.iter().flat_map(|entry| entry.iter());
        conditions.filter(move |c| c.dimension == dimension).map(|c| &c.test)
    }

    /// The bits of the entries all of whose conditions on this dimension pass.
    fn row(&self, passes: impl Fn(&Test) -> bool) -> Vec<u64> {
        let mut row = vec![0; self.words];
        for (bit, entry) in self.entries.iter().enumerate() {
            let mut asked = entry.iter().filter(|c| c.dimension == self.dimension);
            if asked.all(|c| passes(&c.test)) {
                row[bit / 64] |= 1 << (bit % 64);
            }
        }
        row
    }

    /// Adds a row that keeps its own class: those of MISSING and OTHER.
    fn fixed(&mut self, row: &[u64]) {
        self.rows.extend_from_slice(row);
    }

    /// The class of a row, a new one if no other has it.
    fn class(&mut self, row: Vec<u64>) -> Class {
        if let Some(class) = self.known.get(&row) {
            return *class;
        }
        let next = self.rows.len() / self.words;
        self.full |= next > MOST_CLASSES;
        let class = Class(u16::try_from(next).unwrap_or(0));
        self.rows.extend_from_slice(&row);
        self.known.insert(row, class);
        class
    }

    fn make(mut self, tree: Option<&Tree>) -> Result<Axis, TooMany> {
        let dimension = self.dimension;
        // What holds without the fact: entries that do not ask; for a buyer and an item that are
        // not known, those that accept "no".
        let missing = self.row(|test| match (dimension, test) {
            (Dimension::Buyer, Test::Among(words)) => words.contains("returning"),
            (Dimension::Item, Test::Among(words)) => words.contains("not_affiliate"),
            _ => false,
        });
        self.fixed(&missing);
        let other = self.row(|test| matches!(test, Test::NotAmong(_)));
        self.fixed(&other);
        let asked = self.row(|_| false).iter().map(|word| !word).collect();
        let lookup = match dimension {
            Dimension::Price => self.price(),
            Dimension::Day => self.day(),
            Dimension::Item => self.item(),
            Dimension::Mark => self.marks()?,
            _ => self.names(tree.filter(|_| dimension == Dimension::Category)),
        };
        if self.full {
            return Err(TooMany::Classes(dimension));
        }
        Ok(Axis { dimension, rows: self.rows, asked, lookup })
    }

    fn names(&mut self, tree: Option<&Tree>) -> Lookup {
        let sets = self.tests().filter_map(|test| match test {
            Test::Among(values) | Test::NotAmong(values) => Some(values.iter()),
            _ => None,
        });
        let mut values: Vec<&str> = sets.flatten().map(String::as_str).collect();
        if let Some(tree) = tree {
            values.extend(tree.categories().iter().map(|category| category.id.as_str()));
        }
        let mut names = HashMap::new();
        for value in values {
            if names.contains_key(value) {
                continue;
            }
            let lineage: Vec<&str> =
                tree.map_or_else(|| vec![value], |tree| tree.lineage(value).collect());
            let row = self.row(|test| match test {
                Test::Among(set) => lineage.iter().any(|value| set.contains(*value)),
                Test::NotAmong(set) => !lineage.iter().any(|value| set.contains(*value)),
                _ => false,
            });
            let class = self.class(row);
            names.insert(value.into(), class);
        }
        Lookup::Name(names)
    }

    fn price(&mut self) -> Lookup {
        let mut cuts: Vec<Minor> = self
            .tests()
            .filter_map(|test| match test {
                Test::PriceFrom(at) | Test::PriceBelow(at) => Some(*at),
                _ => None,
            })
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        let mut classes = Vec::new();
        for sample in [Minor::ZERO].iter().chain(&cuts) {
            // The lowest interval is empty when a cut lies at zero; its class is then never given.
            let row = self.row(|test| match test {
                Test::PriceFrom(from) => sample >= from,
                Test::PriceBelow(below) => sample < below,
                _ => false,
            });
            classes.push(self.class(row));
        }
        Lookup::Price(cuts, classes)
    }

    fn day(&mut self) -> Lookup {
        let mut cuts: Vec<NaiveDate> = self
            .tests()
            .filter_map(|test| match test {
                Test::From(on) | Test::Until(on) => Some(*on),
                _ => None,
            })
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        let mut classes = Vec::new();
        for sample in [NaiveDate::MIN].iter().chain(&cuts) {
            let row = self.row(|test| match test {
                Test::From(from) => sample >= from,
                Test::Until(until) => sample < until,
                _ => false,
            });
            classes.push(self.class(row));
        }
        Lookup::Day(cuts, classes)
    }

    fn item(&mut self) -> Lookup {
        let mut classes = [Class::MISSING; 4];
        for (at, class) in classes.iter_mut().enumerate() {
            let (hot, affiliate) = (at & 1 == 1, at & 2 == 2);
            let own = if affiliate { "affiliate" } else { "not_affiliate" };
            let row = self.row(|test| match test {
                Test::Among(words) => words.contains(own) || (hot && words.contains("hot")),
                _ => false,
            });
            *class = self.class(row);
        }
        Lookup::Item(classes)
    }

    fn marks(&mut self) -> Result<Lookup, TooMany> {
        let mut names: Vec<Box<str>> = self
            .tests()
            .flat_map(|test| match test {
                Test::Among(values) => values.iter().map(|value| value.as_str().into()).collect(),
                _ => Vec::new(),
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        if names.len() > MOST_MARKS {
            return Err(TooMany::Marks(names.len()));
        }
        let mut classes = Vec::new();
        for set in 0..1_usize << names.len() {
            let has = |name: &str| {
                names
                    .iter()
                    .position(|known| **known == *name)
                    .is_some_and(|bit| set >> bit & 1 == 1)
            };
            let row = self.row(|test| match test {
                Test::Among(values) => values.iter().any(|value| has(value)),
                _ => false,
            });
            classes.push(self.class(row));
        }
        Ok(Lookup::Marks(names, classes))
    }
}

/// The two bit sets of a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits {
    /// Entries that hold.
    pub(crate) holds: Vec<u64>,
    /// Entries that hold or fail only for missing facts.
    pub(crate) might: Vec<u64>,
}

impl Bits {
    /// Sets all bits; after the first line of a version this allocates nothing.
    fn clear(&mut self, words: usize) {
        for set in [&mut self.holds, &mut self.might] {
            set.clear();
            set.resize(words, u64::MAX);
        }
    }
}

/// The set bits of a range, as indices from its start.
#[derive(Clone, Debug)]
pub struct Entries<'w> {
    words: &'w [u64],
    /// Bits that do not count; empty for none.
    without: &'w [u64],
    /// The bits of the current word that are left.
    left: u64,
    word: usize,
    start: usize,
    end: usize,
}

impl<'w> Entries<'w> {
    pub(crate) fn new(words: &'w [u64], without: &'w [u64], range: (usize, usize)) -> Self {
        let (start, end) = range;
        let mut entries = Self { words, without, left: 0, word: start / 64, start, end };
        entries.left = entries.bits() & (u64::MAX << (start % 64));
        entries
    }

    /// The bits of the current word that count.
    fn bits(&self) -> u64 {
        let without = self.without.get(self.word).copied().unwrap_or(0);
        self.words.get(self.word).copied().unwrap_or(0) & !without
    }
}

impl Iterator for Entries<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        while self.left == 0 {
            self.word += 1;
            if self.word * 64 >= self.end {
                return None;
            }
            self.left = self.bits();
        }
        let bit = self.word * 64 + usize::try_from(self.left.trailing_zeros()).ok()?;
        if bit >= self.end {
            return None;
        }
        self.left &= self.left - 1;
        u16::try_from(bit - self.start).ok()
    }
}
