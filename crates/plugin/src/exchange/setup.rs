//! What an instance is made of: the version of the terms that it serves.

use feebook_kernel::{Aggregate, Figure, Of, Period, Rounding};

use super::texts::{Texts, count};
use crate::abi;

/// Returns an aggregate as it crosses the boundary.
pub(crate) fn declared(aggregate: Aggregate) -> abi::Declared {
    abi::Declared {
        figure: match aggregate.figure {
            Figure::Turnover => 0,
            Figure::Orders => 1,
            Figure::NewBuyers => 2,
        },
        of: match aggregate.of {
            Of::Program => 0,
            Of::Placement => 1,
        },
        period: match aggregate.period {
            Period::Month => 0,
            Period::Day10 => 1,
        },
        back: aggregate.back,
    }
}

/// Reads what crossed the boundary; none of what this edition does not know.
pub(crate) fn aggregate(declared: abi::Declared) -> Option<Aggregate> {
    Some(Aggregate {
        figure: match declared.figure {
            0 => Figure::Turnover,
            1 => Figure::Orders,
            2 => Figure::NewBuyers,
            _ => return None,
        },
        of: match declared.of {
            0 => Of::Program,
            1 => Of::Placement,
            _ => return None,
        },
        period: match declared.period {
            0 => Period::Month,
            1 => Period::Day10,
            _ => return None,
        },
        back: declared.back,
    })
}

/// A `[[rate]]` entry of the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'s> {
    /// Its clause, by which a config can name it.
    pub clause: Option<&'s str>,
    /// It says `rate = "plugin"`.
    pub by_plugin: bool,
}

/// The version of the terms that an instance serves.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'s> {
    /// The program.
    pub program: &'s str,
    /// The version's name.
    pub terms: &'s str,
    /// The table `[plugin.config]` as TOML, one `dotted.key = value` per line.
    pub config: &'s str,
    /// The policy's currency: ISO 4217.
    pub currency: &'s str,
    /// Decimals of the currency.
    pub decimals: u8,
    /// The policy's rounding.
    pub rounding: Rounding,
    /// The `[[rate]]` entries in file order.
    pub entries: &'s [Entry<'s>],
    /// What `plugin.aggregates` declares, in file order.
    pub aggregates: &'s [Aggregate],
}

/// A setup as it crosses the boundary, with the memory behind it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crossing {
    texts: Texts,
    entries: Vec<abi::Entry>,
    aggregates: Vec<abi::Declared>,
    config: abi::Text,
    program: abi::Text,
    terms: abi::Text,
    currency: abi::Text,
    decimals: u8,
    rounding: u8,
}

impl Crossing {
    pub(crate) fn of(setup: &Setup<'_>) -> Self {
        let mut texts = Texts::default();
        let entry = |entry: &Entry<'_>| abi::Entry {
            clause: texts.add(entry.clause),
            by_plugin: u8::from(entry.by_plugin),
            reserved: [0; 3],
        };
        let entries = setup.entries.iter().map(entry).collect();
        Self {
            entries,
            aggregates: setup.aggregates.iter().copied().map(declared).collect(),
            config: texts.add(Some(setup.config)),
            program: texts.add(Some(setup.program)),
            terms: texts.add(Some(setup.terms)),
            currency: texts.add(Some(setup.currency)),
            texts,
            decimals: setup.decimals,
            rounding: match setup.rounding {
                Rounding::Floor => 0,
                Rounding::HalfUp => 1,
                Rounding::HalfEven => 2,
            },
        }
    }

    /// Whether all of it fits the boundary's counts.
    pub(crate) fn fits(&self) -> bool {
        self.texts.fits()
            && u32::try_from(self.entries.len()).is_ok()
            && u32::try_from(self.aggregates.len()).is_ok()
    }

    /// How many bytes of texts, entries and aggregates there are.
    pub(crate) fn sizes(&self) -> [(&'static str, usize); 3] {
        [
            ("bytes of texts", self.texts.bytes().len()),
            ("rate entries", self.entries.len()),
            ("aggregates", self.aggregates.len()),
        ]
    }

    /// The first part in which two differ; none where they are the same.
    pub(crate) fn difference(&self, other: &Self) -> Option<&'static str> {
        let parts = [
            ("texts", self.texts != other.texts),
            ("entries", self.entries != other.entries),
            ("aggregates", self.aggregates != other.aggregates),
        ];
        parts.into_iter().find(|(_, differ)| *differ).map(|(what, _)| what)
    }

    /// Returns the struct; it points into this crossing.
    pub(crate) fn raw(&mut self) -> abi::Setup {
        let text_len = count(self.texts.bytes().len());
        abi::Setup {
            texts: self.texts.bytes_mut().as_mut_ptr(),
            entries: self.entries.as_mut_ptr(),
            aggregates: self.aggregates.as_mut_ptr(),
            text_len,
            entry_count: count(self.entries.len()),
            aggregate_count: count(self.aggregates.len()),
            config: self.config,
            program: self.program,
            terms: self.terms,
            currency: self.currency,
            decimals: self.decimals,
            rounding: self.rounding,
            reserved: [0; 2],
        }
    }
}
