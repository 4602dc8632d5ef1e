//! The classes of a line's facts under a version: what conditions ask of a report.
//!
//! Owns the looking up of each fact, and remembers the words that were looked up before. Refuses what
//! is known beside the report.

use feebook_kernel::Minor;
use feebook_schedule::{Class, Classes, Dimension, Version};

use super::evaluator::OrderFacts;
use crate::ledger::CountingLine;
use crate::words::{Word, Words};

/// Classes of words that were looked up before, per version.
#[derive(Debug, Default)]
pub(super) struct ClassCache {
    /// By dimension, then by number of the word.
    classes: [Vec<Option<Class>>; Dimension::COUNT],
    /// Of a returning buyer and of a new one.
    buyers: [Option<Class>; 2],
}

impl ClassCache {
    pub(super) fn classes(
        &mut self,
        version: &Version,
        order: &OrderFacts,
        line: &CountingLine<'_>,
        price: Option<Minor>,
        words: &Words,
    ) -> Classes {
        let fact = &line.revision.fact;
        let click_country = line.click_country();
        let mut classes = Classes::missing();
        for (dimension, word) in [
            (Dimension::Category, fact.category),
            (Dimension::ShipTo, fact.ship_to),
            (Dimension::ClickCountry, click_country),
            (Dimension::SellerCountry, fact.seller_country),
            (Dimension::Host, fact.host),
            (Dimension::Store, fact.store),
            (Dimension::Currency, fact.currency),
        ] {
            if let Some(word) = word
                && version.uses(dimension)
            {
                classes.set(dimension, self.class(version, dimension, word, words));
            }
        }
        if let Some(product) = &fact.product
            && version.uses(Dimension::Product)
        {
            let class = version.class_of(Dimension::Product, &product.to_string());
            classes.set(Dimension::Product, class);
        }
        let mut set_word = |dimension, word: Option<&str>| {
            if let Some(word) = word
                && version.uses(dimension)
            {
                classes.set(dimension, version.class_of(dimension, word));
            }
        };
        set_word(Dimension::Platform, fact.platform.map(crate::fact::Platform::word));
        set_word(Dimension::Link, fact.link.map(crate::fact::Link::word));
        set_word(Dimension::Coupon, fact.coupon.map(|yes| if yes { "yes" } else { "no" }));
        let same = click_country.zip(fact.ship_to).map(|(click, ship_to)| click == ship_to);
        let (hot, affiliate) = (fact.hot == Some(true), fact.affiliate == Some(true));
        classes.set(Dimension::SameCountry, version.class_of_same(same));
        let buyer = self.buyers[usize::from(order.new_buyer)]
            .get_or_insert_with(|| version.class_of_buyer(order.new_buyer));
        classes.set(Dimension::Buyer, *buyer);
        classes.set(Dimension::Item, version.class_of_item(hot, affiliate));
        classes.set(Dimension::Price, version.class_of_price(price));
        classes.set(Dimension::Day, version.class_of_day(order.day));
        classes
    }

    fn class(
        &mut self,
        version: &Version,
        dimension: Dimension,
        word: Word,
        words: &Words,
    ) -> Class {
        let known = &mut self.classes[dimension.index()];
        let index = usize::try_from(word.index()).unwrap_or(usize::MAX);
        if known.len() <= index {
            known.resize(words.len().max(index + 1), None);
        }
        *known[index].get_or_insert_with(|| version.class_of(dimension, words.text(word)))
    }
}
