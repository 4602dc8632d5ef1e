//! Whether an entry holds for a line: each condition asked one after the other.
//!
//! Owns rule 6's three answers. Refuses a condition it does not know, so that none is skipped.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use toml::{Table, Value};

use super::beside::{Beside, Click, Flag};
use super::exchange::is_foreign;
use super::line::{Line, decimal};
use super::terms::{Instant, Version, day, text};

/// What a condition, or a whole entry, says of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It holds.
    Yes,
    /// It fails on a fact that is known.
    No,
    /// It fails only because a fact is missing.
    Missing,
}

/// What conditions look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'f> {
    pub(crate) version: &'f Version,
    pub(crate) line: &'f Line,
    /// The line before its amounts were exchanged.
    pub(crate) reported: &'f Line,
    /// The price of all units, where it was exchanged.
    pub(crate) all_units: Option<Decimal>,
    /// Whether any line of the order says so.
    pub(crate) new_buyer: bool,
    /// The order's governing instant.
    pub(crate) governing: Instant,
    /// Its day.
    pub(crate) day: NaiveDate,
    /// When the line was clicked: by its row, else by our own click.
    pub(crate) clicked: Option<Instant>,
    /// Our own click, where the row names none.
    pub(crate) click: Option<&'f Click>,
    pub(crate) beside: &'f Beside,
}

impl<'f> Facts<'f> {
    /// Returns where the link stood: by the row, else by our own click.
    pub(crate) fn placement(&self) -> &'f str {
        let own = self.click.map_or("", |click| &click.placement);
        Some(self.line.placement.trim()).filter(|named| !named.is_empty()).unwrap_or(own)
    }

    /// Returns the country of the click: by the row, else by our own click.
    fn click_country(&self) -> &'f str {
        let own = self.click.map_or("", |click| &click.country);
        if self.line.click_country.is_empty() { own } else { &self.line.click_country }
    }

    /// Returns the flags that bear on the line.
    pub(crate) fn flags(&self) -> Vec<&'f Flag> {
        let at = self.clicked.unwrap_or(self.governing);
        self.beside.flags_on(self.line, self.placement(), at)
    }
}

/// Asks all conditions of an entry.
pub(crate) fn ask(entry: &Table, facts: Facts<'_>) -> Answer {
    let answers: Vec<Answer> =
        entry.iter().map(|(key, value)| condition(key, value, entry, facts)).collect();
    if answers.contains(&Answer::No) {
        Answer::No
    } else if answers.contains(&Answer::Missing) {
        Answer::Missing
    } else {
        Answer::Yes
    }
}

fn condition(key: &str, value: &Value, entry: &Table, facts: Facts<'_>) -> Answer {
    let line = facts.line;
    match key {
        "clause" | "reason" | "rate" | "amount" | "kind" | "effect" => Answer::Yes,
        "for" => {
            assert_eq!(value.as_str(), Some("new_buyer"), "the only bonus there is");
            known(facts.new_buyer)
        }
        "categories" => if_known(&line.category, |_| in_categories(value, facts)),
        "not_categories" => if_known(&line.category, |_| !in_categories(value, facts)),
        "ship_to" => in_list(&line.ship_to, value, facts),
        "not_ship_to" => not_in_list(&line.ship_to, value, facts),
        "click_countries" => in_list(facts.click_country(), value, facts),
        "not_click_countries" => not_in_list(facts.click_country(), value, facts),
        "click_country" => {
            assert_eq!(value.as_str(), Some("same"), "the only value there is");
            if_known(facts.click_country(), |_| true)
                .and(if_known(&line.ship_to, |ship_to| ship_to == facts.click_country()))
        }
        "seller_countries" => in_list(&line.seller_country, value, facts),
        "not_seller_countries" => not_in_list(&line.seller_country, value, facts),
        "hosts" => in_list(&line.host, value, facts),
        "stores" => in_list(&line.store, value, facts),
        "products" => in_list(&line.product, value, facts),
        "currencies" => in_list(&line.currency, value, facts),
        "marks" => if_known(&line.product, |product| is_marked(product, value, facts)),
        "channel" => in_list(facts.beside.channel(facts.day).unwrap_or_default(), value, facts),
        "placement_kind" => {
            let kind = facts.beside.kind(facts.placement(), facts.day);
            in_list(kind.unwrap_or_default(), value, facts)
        }
        "buyer" => known(facts.new_buyer == (text(entry, key) == "new")),
        "item" => known(match text(entry, key) {
            "hot" => line.hot == "Y",
            "affiliate" => line.affiliate == "Y",
            "not_affiliate" => line.affiliate != "Y",
            other => unreachable!("item = {other}"),
        }),
        "platform" => if_known(&line.platform, |platform| platform == text(entry, key)),
        "link" => if_known(&line.link, |link| link == text(entry, key)),
        "coupon" => if_known(&line.coupon, |coupon| (coupon == "Y") == (text(entry, key) == "yes")),
        "price_from" => if_price(facts, |price| price >= amount(entry, key)),
        "price_below" => if_price(facts, |price| price < amount(entry, key)),
        "on_from" => known(facts.day >= day(entry, key).expect("a day")),
        "on_until" => known(facts.day < day(entry, key).expect("a day")),
        other => unreachable!("the oracle does not know the condition {other}"),
    }
}

impl Answer {
    fn and(self, other: Self) -> Self {
        if self == Self::Yes { other } else { self }
    }
}

fn known(holds: bool) -> Answer {
    if holds { Answer::Yes } else { Answer::No }
}

fn if_known(cell: &str, holds: impl FnOnce(&str) -> bool) -> Answer {
    if cell.is_empty() { Answer::Missing } else { known(holds(cell)) }
}

/// Asks about the unit price, which is missing where it is in another currency and no rate is known.
fn if_price(facts: Facts<'_>, holds: impl FnOnce(Decimal) -> bool) -> Answer {
    let line = facts.line;
    if is_foreign(facts.version, line) {
        return Answer::Missing;
    }
    decimal(&line.product_price).map_or(Answer::Missing, |price| known(holds(price)))
}

fn in_list(cell: &str, list: &Value, facts: Facts<'_>) -> Answer {
    if_known(cell, |cell| facts.version.members(list).iter().any(|member| member == cell))
}

fn not_in_list(cell: &str, list: &Value, facts: Facts<'_>) -> Answer {
    if_known(cell, |cell| facts.version.members(list).iter().all(|member| member != cell))
}

/// Tells whether the program has given a product any mark of a list.
fn is_marked(product: &str, list: &Value, facts: Facts<'_>) -> bool {
    let marks = facts.version.members(list);
    marks.iter().any(|mark| facts.beside.is_marked(product, mark, facts.day))
}

/// Tells whether the line's category or any ancestor is in a list.
fn in_categories(list: &Value, facts: Facts<'_>) -> bool {
    let members = facts.version.members(list);
    let mut category = facts.line.category.as_str();
    while !category.is_empty() {
        if members.iter().any(|member| member == category) {
            return true;
        }
        category = facts.version.parents.get(category).map_or("", String::as_str);
    }
    false
}

fn amount(entry: &Table, key: &str) -> Decimal {
    decimal(text(entry, key)).expect("an amount")
}
