//! A version in a few lines: its main terms, and how many of its numbers are known.
//!
//! Owns the choice of what is main. Refuses to be complete: `describe` writes everything.

use std::collections::BTreeSet;

use feebook_kernel::Rate;

use crate::describe::{covers_words, scope_word, span};
use crate::version::{Entry, Version};

/// How many entries of a list are written out.
const WRITTEN_OUT: usize = 3;

/// The numbers of a version: rates, bonuses, cap, attribution window, greatest service fee, expiry. A
/// band has two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Those that the source states.
    pub known: usize,
    /// Those that stand under a key which the file lists as assumed.
    pub assumed: usize,
    /// Those that the terms had and that are lost.
    pub unknown: usize,
}

impl Version {
    /// Counts the version's numbers.
    pub fn numbers(&self) -> Numbers {
        let mut numbers = Numbers::default();
        let mut add = |key: &str, count: usize| match self.assumption(key) {
            Some(_) => numbers.assumed += count,
            None => numbers.known += count,
        };
        for rate in &self.rate_values {
            add(
                "rate",
                match rate {
                    Rate::Percent(_) | Rate::Flat(_) => 1,
                    Rate::Band { .. } => 2,
                    _ => 0,
                },
            );
        }
        add("bonus", self.bonus_values.len());
        add("cap.per_order", usize::from(self.cap.is_some()));
        add("policy.attribution_window", usize::from(self.window().is_some()));
        add("policy.service_fee.max", usize::from(self.policy.service_fee.is_some()));
        add("policy.expires_after", usize::from(self.expires_after().is_some()));
        let lost = self.rate_values.iter().filter(|rate| matches!(rate, Rate::Unknown));
        numbers.unknown = lost.count();
        numbers
    }

    /// Writes the main terms, one line each: of a long list the first entries.
    pub fn main_terms(&self) -> Vec<String> {
        let currency = self.currency();
        let mut lines = in_short(self.rates(), "rate", "");
        lines.extend(in_short(self.bonuses(), "bonus", &format!(" {currency}")));
        lines.extend(self.cap.as_ref().map(|cap| {
            let limit = currency.written(cap.limit.get());
            format!("cap {limit} {currency} per {} on {}", scope_word(cap), covers_words(cap))
        }));
        let window = |window| format!("attribution window {} from click to order", span(window));
        lines.extend(self.window().map(window));
        let reasons: BTreeSet<&str> = self.excludes().iter().map(|e| e.label.as_str()).collect();
        if !reasons.is_empty() {
            let reasons: Vec<&str> = reasons.into_iter().collect();
            lines.push(format!("excluded: {}", reasons.join(", ")));
        }
        lines.extend(self.plugin().map(|plugin| format!("plugin {}", plugin.name)));
        lines
    }
}

/// The first entries of a list, and how many more there are.
fn in_short(entries: &[Entry], what: &str, unit: &str) -> Vec<String> {
    let one = |entry: &Entry| {
        let words = if entry.words.is_empty() { "all" } else { &entry.words };
        format!("{what} {}{unit}: {words}", entry.label)
    };
    let mut short: Vec<String> = entries.iter().take(WRITTEN_OUT).map(one).collect();
    match entries.len().saturating_sub(WRITTEN_OUT) {
        0 => {}
        // One more takes no more room than saying so.
        1 => short.extend(entries.last().map(one)),
        more => short.push(format!("{what}: {more} more")),
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{program, version_with};

    #[test]
    fn numbers_are_known_assumed_or_lost() {
        let text = version_with(
            "effective_on = 2024-01-01",
            "attribution_window = \"P3D\"\nservice_fee = { max = \"8%\", when_unknown = \"none\" }",
            "[[rate]]\nrate = { min = \"1%\", max = \"7%\" }\nship_to = [\"NO\"]\n\
             [[rate]]\nrate = \"unknown\"\nship_to = [\"SE\"]\n[[rate]]\namount = \"1.00\"\n\
             [[bonus]]\nfor = \"new_buyer\"\namount = \"2.00\"\n[cap]\nper_order = \"50.00\"\ncovers = [\"commission\"]\n\
             [[exclude]]\nreason = \"gift\"\nproducts = [1]\n[[exclude]]\nreason = \"gift\"\nproducts = [2]\n\
             [assumed]\nrate = \"lost\"\n\"cap\" = \"why\"\n",
        );
        let program = program(&[("2024-01-01.toml", &text)]);
        let version = &program.versions()[0];
        assert_eq!(version.numbers(), Numbers { known: 3, assumed: 4, unknown: 1 });
        assert_eq!(
            version.main_terms(),
            [
                "rate band 1%..7%: ship-to NO",
                "rate unknown: ship-to SE",
                "rate flat 1.00: all",
                "bonus 2.00 USD: buyer new",
                "cap 50.00 USD per order on commission",
                "attribution window 3 days from click to order",
                "excluded: gift",
            ]
        );
    }

    #[test]
    fn a_long_list_is_cut() {
        let entry = |n: u32| format!("[[rate]]\nrate = \"{n}%\"\ncategories = [{n}]\n");
        let entries = (1..=5).map(entry).collect::<Vec<_>>().concat();
        let program = crate::testing::program_of(&format!("{entries}[[rate]]\nrate = \"6%\"\n"));
        assert_eq!(
            program.versions()[0].main_terms(),
            [
                "rate 1%: categories 1",
                "rate 2%: categories 2",
                "rate 3%: categories 3",
                "rate: 3 more",
            ]
        );
    }
}
