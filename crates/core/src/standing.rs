//! What is known of orders beside their reports: flags, and dated facts about products, placements
//! and the account. All of one program, as of one point of the ledger's own time.
//!
//! Owns which of them bear on a line. Refuses to say what a flag does: the terms do, unless the
//! program decided by itself.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use feebook_kernel::Effect;

use crate::fact::{Canonical, No};
use crate::words::Words;

/// What a flag is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagSubject {
    /// One order.
    Order(No),
    /// All orders of a sub-id.
    SubId(Box<str>),
    /// All orders of a placement: those whose click, else whose governing instant, lies in the
    /// period [from, until); an open end has no bound.
    Placement {
        /// The placement.
        name: Box<str>,
        /// The first instant.
        from: Option<i64>,
        /// The first instant after.
        until: Option<i64>,
    },
}

/// A violation or a finding of fraud (rule 11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub subject: FlagSubject,
    /// The kind, as the terms name it.
    pub kind: String,
    /// The program's own decision; none leaves the effect to the terms.
    pub effect: Option<Effect>,
    /// Why.
    pub reason: String,
    /// The day it was found or told.
    pub flagged_on: NaiveDate,
    /// Who found or told it.
    pub who: Option<String>,
}

/// What a dated fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// A product: the aspect is a mark, the value `yes` or `no`.
    Product,
    /// A placement: the aspect is `kind`.
    Placement,
    /// The account: the aspect is `channel`.
    Account,
}

impl About {
    /// All of them, in the order in which the ledger numbers them.
    pub const ALL: [Self; 3] = [Self::Product, Self::Placement, Self::Account];
}

/// The aspect of a placement that conditions ask for.
pub const KIND: &str = "kind";
/// The aspect of the account that conditions ask for.
pub const CHANNEL: &str = "channel";
/// The value of a mark that holds.
pub const MARKED: &str = "yes";
/// The value of a mark that no longer holds.
pub const NOT_MARKED: &str = "no";

/// Something that holds from a day on, until another such fact says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedFact {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub about: About,
    /// The product or the placement; empty for the account.
    pub subject: String,
    /// Which side of it.
    pub aspect: String,
    /// What holds.
    pub value: String,
    /// From which day on, in the program's zone.
    pub from_on: NaiveDate,
    /// Why.
    pub reason: Option<String>,
    /// Who said so.
    pub who: Option<String>,
}

/// The flags and dated facts of one program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    flags: Vec<Flag>,
    flagged_orders: BTreeMap<No, Vec<usize>>,
    flagged_sub_ids: BTreeMap<Box<str>, Vec<usize>>,
    flagged_placements: BTreeMap<Box<str>, Vec<usize>>,
    /// By subject; each list by aspect, then day, then number.
    dated: BTreeMap<(About, String), Vec<DatedFact>>,
}

/// What a line is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'l> {
    /// Its order.
    pub order_no: &'l No,
    /// Its sub-id.
    pub sub_id: Option<&'l str>,
    /// Its placement.
    pub placement: Option<&'l str>,
    /// Its product.
    pub product: Option<&'l No>,
    /// The instant of its click, else its governing instant.
    pub at: i64,
    /// The order's governing day in the program's zone.
    pub day: NaiveDate,
}

/// What bears on one line.
#[derive(Clone, Debug, Default)]
pub struct Circumstances<'s> {
    /// The flags on it, in order of their numbers.
    pub flags: Vec<&'s Flag>,
    /// The program's marks on the product.
    pub marks: Vec<&'s DatedFact>,
    /// The kind of its placement.
    pub placement_kind: Option<&'s DatedFact>,
    /// The account's channel.
    pub channel: Option<&'s DatedFact>,
}

impl Standing {
    /// Sorts flags and dated facts for asking; each list in order of its numbers.
    pub fn new(flags: Vec<Flag>, dated_facts: Vec<DatedFact>) -> Self {
        let mut standing = Self::default();
        for (at, flag) in flags.iter().enumerate() {
            let list = match &flag.subject {
                FlagSubject::Order(no) => standing.flagged_orders.entry(no.clone()).or_default(),
                FlagSubject::SubId(sub_id) => {
                    standing.flagged_sub_ids.entry(sub_id.clone()).or_default()
                }
                FlagSubject::Placement { name, .. } => {
                    standing.flagged_placements.entry(name.clone()).or_default()
                }
            };
            list.push(at);
        }
        standing.flags = flags;
        for fact in dated_facts {
            standing.dated.entry((fact.about, fact.subject.clone())).or_default().push(fact);
        }
        for facts in standing.dated.values_mut() {
            facts.sort_by(|a, b| (&a.aspect, a.from_on, a.id).cmp(&(&b.aspect, b.from_on, b.id)));
        }
        standing
    }

    /// Returns all flags in order of their numbers.
    pub fn flags(&self) -> &[Flag] {
        &self.flags
    }

    /// Whether any flag is about a placement.
    pub fn flags_placements(&self) -> bool {
        !self.flagged_placements.is_empty()
    }

    /// Whether nothing is known beside the reports.
    pub fn is_empty(&self) -> bool {
        self.flags.is_empty() && self.dated.is_empty()
    }

    /// Returns what bears on a line.
    pub fn around(&self, asked: &Asked<'_>) -> Circumstances<'_> {
        if self.is_empty() {
            return Circumstances::default();
        }
        let placement_kind = asked
            .placement
            .and_then(|placement| self.in_force(About::Placement, placement, KIND, asked.day));
        Circumstances {
            flags: self.flags_on(asked),
            marks: self.marks_on(asked),
            placement_kind,
            channel: self.in_force(About::Account, "", CHANNEL, asked.day),
        }
    }

    fn flags_on(&self, asked: &Asked<'_>) -> Vec<&Flag> {
        if self.flags.is_empty() {
            return Vec::new();
        }
        let of_order = self.flagged_orders.get(asked.order_no);
        let of_sub_id = asked.sub_id.and_then(|sub_id| self.flagged_sub_ids.get(sub_id));
        let of_placement = asked.placement.and_then(|name| self.flagged_placements.get(name));
        let lists = [of_order, of_sub_id, of_placement].into_iter().flatten();
        let mut found: Vec<usize> = lists.flatten().copied().collect();
        found.sort_unstable();
        let flags = found.into_iter().filter_map(|at| self.flags.get(at));
        flags.filter(|flag| flag.covers(asked.at)).collect()
    }

    fn marks_on(&self, asked: &Asked<'_>) -> Vec<&DatedFact> {
        let facts = asked
            .product
            .filter(|_| !self.dated.is_empty())
            .and_then(|product| self.dated.get(&(About::Product, product.to_string())));
        let facts = facts.map_or(&[][..], Vec::as_slice);
        let marks = facts.chunk_by(|a, b| a.aspect == b.aspect);
        marks
            .filter_map(|mark| mark.iter().rfind(|fact| fact.from_on <= asked.day))
            .filter(|fact| fact.value == MARKED)
            .collect()
    }

    /// The fact of an aspect that holds on a day: the last that began by then.
    fn in_force(
        &self,
        about: About,
        subject: &str,
        aspect: &str,
        day: NaiveDate,
    ) -> Option<&DatedFact> {
        let facts = self.dated.get(&(about, subject.to_owned()))?;
        facts.iter().rfind(|fact| fact.aspect == aspect && fact.from_on <= day)
    }
}

impl Flag {
    /// Whether an instant lies in the flag's period; only a placement's flag has one.
    fn covers(&self, at: i64) -> bool {
        match self.subject {
            FlagSubject::Placement { from, until, .. } => {
                from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until)
            }
            FlagSubject::Order(_) | FlagSubject::SubId(_) => true,
        }
    }
}

impl Circumstances<'_> {
    /// Writes the bytes that stand for the flags: nothing where there are none.
    pub(crate) fn canonical_flags(&self, words: &Words, out: &mut Vec<u8>) {
        let mut bytes = Canonical::new(out, words);
        for flag in &self.flags {
            bytes.tag(b'F');
            bytes.text(Some(&flag.kind));
            bytes.text(flag.effect.map(Effect::word));
        }
    }

    /// Writes the bytes that stand for the dated facts: nothing where there are none.
    pub(crate) fn canonical_dated(&self, words: &Words, out: &mut Vec<u8>) {
        let mut bytes = Canonical::new(out, words);
        for (tag, fact) in [(b'P', self.placement_kind), (b'C', self.channel)] {
            if let Some(fact) = fact {
                bytes.tag(tag);
                bytes.text(Some(&fact.value));
            }
        }
        for mark in &self.marks {
            bytes.tag(b'M');
            bytes.text(Some(&mark.aspect));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn flag(id: i64, subject: FlagSubject) -> Flag {
        Flag {
            id,
            subject,
            kind: "fraud".to_owned(),
            effect: None,
            reason: "told".to_owned(),
            flagged_on: day("2024-08-01"),
            who: None,
        }
    }

    fn fact(id: i64, about: About, subject: &str, says: (&str, &str), from: &str) -> DatedFact {
        DatedFact {
            id,
            about,
            subject: subject.to_owned(),
            aspect: says.0.to_owned(),
            value: says.1.to_owned(),
            from_on: day(from),
            reason: None,
            who: None,
        }
    }

    fn asked<'l>(order_no: &'l No, product: &'l No, at: i64, on: &str) -> Asked<'l> {
        let (sub_id, placement) = (Some("s1"), Some("blog"));
        Asked { order_no, sub_id, placement, product: Some(product), at, day: day(on) }
    }

    #[test]
    fn a_flag_bears_on_its_order_its_sub_id_or_its_placement_and_period() {
        let placement = |from, until| FlagSubject::Placement { name: "blog".into(), from, until };
        let standing = Standing::new(
            vec![
                flag(1, FlagSubject::SubId("s1".into())),
                flag(2, FlagSubject::Order(No::Digits(8))),
                flag(3, placement(Some(100), Some(200))),
                flag(4, placement(None, None)),
                flag(5, FlagSubject::SubId("other".into())),
            ],
            Vec::new(),
        );
        let (product, ids) = (No::Digits(1), |order: i64, at: i64| {
            let order = No::Digits(order);
            let around = standing.around(&asked(&order, &No::Digits(1), at, "2024-08-01"));
            around.flags.iter().map(|flag| flag.id).collect::<Vec<_>>()
        });
        assert_eq!(ids(8, 100), [1, 2, 3, 4]);
        assert_eq!(ids(8, 99), [1, 2, 4]);
        assert_eq!(ids(9, 199), [1, 3, 4]);
        assert_eq!(ids(9, 200), [1, 4]);
        let order = No::Digits(9);
        let nowhere =
            Asked { sub_id: None, placement: None, ..asked(&order, &product, 1, "2024-08-01") };
        assert!(standing.around(&nowhere).flags.is_empty());
    }

    #[test]
    fn the_last_that_began_holds_and_of_one_day_the_later_row() {
        let standing = Standing::new(
            Vec::new(),
            vec![
                fact(1, About::Account, "", (CHANNEL, "default"), "2024-01-01"),
                fact(2, About::Account, "", (CHANNEL, "cashback"), "2024-06-01"),
                fact(3, About::Account, "", (CHANNEL, "dropshipping"), "2024-06-01"),
                fact(4, About::Placement, "blog", (KIND, "content"), "2024-03-01"),
                fact(5, About::Placement, "shop", (KIND, "coupon"), "2024-01-01"),
            ],
        );
        let says = |on: &str| {
            let (order, product) = (No::Digits(1), No::Digits(1));
            let around = standing.around(&asked(&order, &product, 0, on));
            let value = |fact: Option<&DatedFact>| fact.map(|fact| fact.value.clone());
            (value(around.channel), value(around.placement_kind))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(says("2023-12-31"), (None, None));
        assert_eq!(says("2024-02-29"), (some("default"), None));
        assert_eq!(says("2024-05-31"), (some("default"), some("content")));
        assert_eq!(says("2024-06-01"), (some("dropshipping"), some("content")));
    }

    #[test]
    fn a_mark_holds_until_it_is_taken_off() {
        let standing = Standing::new(
            Vec::new(),
            vec![
                fact(1, About::Product, "77", ("virtual", MARKED), "2024-02-01"),
                fact(2, About::Product, "77", ("virtual", NOT_MARKED), "2024-05-01"),
                fact(3, About::Product, "77", ("refurbished", MARKED), "2024-04-01"),
                fact(4, About::Product, "78", ("virtual", MARKED), "2024-01-01"),
            ],
        );
        let marks = |on: &str| {
            let (order, product) = (No::Digits(1), No::Digits(77));
            let around = standing.around(&asked(&order, &product, 0, on));
            around.marks.iter().map(|mark| mark.aspect.clone()).collect::<Vec<_>>()
        };
        assert!(marks("2024-01-31").is_empty());
        assert_eq!(marks("2024-02-01"), ["virtual"]);
        assert_eq!(marks("2024-04-30"), ["refurbished", "virtual"]);
        assert_eq!(marks("2024-05-01"), ["refurbished"]);
    }
}
