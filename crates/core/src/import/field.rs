//! Our fields of an order line: the names that mapping files use, and how each is read.
//!
//! Owns the list; adding a field is one row of it. Refuses to know where a report keeps a value.

use feebook_kernel::Minor;

use crate::fact::{LineFact, Link, No, Platform};
use crate::words::Word;

/// Gives the place of a value within a fact.
pub(super) type Slot<T> = fn(&mut LineFact) -> &mut Option<T>;

/// How a field is read, and where its value goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Whether the row corrects another.
    Correction,
    OrderNo,
    /// The number of a row that corrects another.
    CorrectionNo,
    LineNo,
    /// The number of the line that the row corrects.
    Corrects,
    Product(Slot<No>),
    Text(Slot<Box<str>>),
    Word(Slot<Word>),
    Host(Slot<Word>),
    Country(Slot<Word>),
    Currency(Slot<Word>),
    Instant(Slot<i64>),
    Quantity,
    /// An amount that is never negative.
    Amount(Slot<Minor>),
    /// A reported amount, which may be taken back.
    Reported(Slot<i64>),
    Rate,
    Status,
    Flag(Slot<bool>),
    Platform(Slot<Platform>),
    Link(Slot<Link>),
    /// Whose advertiser the row is of, which is no part of the fact.
    Advertiser,
}

/// One of our fields.
#[derive(Debug)]
pub struct Field {
    /// The name in mapping files and in our own report format.
    pub name: &'static str,
    pub(super) kind: Kind,
}

impl Field {
    /// Finds a field by its name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// Whether the field takes one of a few words.
    pub(super) fn takes_words(&self) -> bool {
        matches!(
            self.kind,
            Kind::Correction | Kind::Status | Kind::Flag(_) | Kind::Platform(_) | Kind::Link(_)
        )
    }

    /// Whether the field is a number that rows may be counted for.
    pub(super) fn is_key(&self) -> bool {
        matches!(self.kind, Kind::OrderNo | Kind::LineNo | Kind::CorrectionNo)
    }

    /// Whether the field is an amount of money.
    pub(super) fn is_amount(&self) -> bool {
        matches!(self.kind, Kind::Amount(_) | Kind::Reported(_))
    }
}

/// What a row says of its advertiser: the network's number, and a name for people.
pub(super) static ADVERTISER: [Field; 2] =
    [field("advertiser", Kind::Advertiser), field("advertiser_name", Kind::Advertiser)];

const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind }
}

/// All fields, in the order in which a row is read: whether it is a correction comes first, because that
/// decides about its number; the currencies come before the amounts, because they say how many decimals
/// an amount has.
pub static FIELDS: &[Field] = &[
    field("correction", Kind::Correction),
    field("order_no", Kind::OrderNo),
    field("correction_no", Kind::CorrectionNo),
    field("line_no", Kind::LineNo),
    field("corrects", Kind::Corrects),
    field("amount_currency", Kind::Currency(|fact| &mut fact.amount_currency)),
    field("currency", Kind::Currency(|fact| &mut fact.currency)),
    field("paid_at", Kind::Instant(|fact| &mut fact.paid_at)),
    field("ordered_at", Kind::Instant(|fact| &mut fact.ordered_at)),
    field("clicked_at", Kind::Instant(|fact| &mut fact.clicked_at)),
    field("finished_at", Kind::Instant(|fact| &mut fact.finished_at)),
    field("settled_at", Kind::Instant(|fact| &mut fact.settled_at)),
    field("updated_at", Kind::Instant(|fact| &mut fact.updated_at)),
    field("quantity", Kind::Quantity),
    field("product_price", Kind::Amount(|fact| &mut fact.product_price)),
    field("service_fee", Kind::Amount(|fact| &mut fact.service_fee)),
    field("paid_amount", Kind::Amount(|fact| &mut fact.paid_amount)),
    field("final_amount", Kind::Amount(|fact| &mut fact.final_amount)),
    field("refunded", Kind::Amount(|fact| &mut fact.refunded)),
    field("status", Kind::Status),
    field("placement", Kind::Word(|fact| &mut fact.placement)),
    field("sub_id", Kind::Text(|fact| &mut fact.sub_id)),
    field("click_country", Kind::Country(|fact| &mut fact.click_country)),
    field("category", Kind::Word(|fact| &mut fact.category)),
    field("product", Kind::Product(|fact| &mut fact.product)),
    field("store", Kind::Word(|fact| &mut fact.store)),
    field("ship_to", Kind::Country(|fact| &mut fact.ship_to)),
    field("seller_country", Kind::Country(|fact| &mut fact.seller_country)),
    field("host", Kind::Host(|fact| &mut fact.host)),
    field("new_buyer", Kind::Flag(|fact| &mut fact.new_buyer)),
    field("hot", Kind::Flag(|fact| &mut fact.hot)),
    field("affiliate", Kind::Flag(|fact| &mut fact.affiliate)),
    field("platform", Kind::Platform(|fact| &mut fact.platform)),
    field("link", Kind::Link(|fact| &mut fact.link)),
    field("coupon", Kind::Flag(|fact| &mut fact.coupon)),
    field("reported_rate", Kind::Rate),
    field("reported_commission", Kind::Reported(|fact| &mut fact.reported_commission)),
    field("reported_incentive", Kind::Reported(|fact| &mut fact.reported_incentive)),
    field("reported_bonus", Kind::Reported(|fact| &mut fact.reported_bonus)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for field in FIELDS {
            let same = FIELDS.iter().filter(|other| other.name == field.name).count();
            assert_eq!(same, 1, "{}", field.name);
            assert_eq!(Field::by_name(field.name).map(|f| f.name), Some(field.name));
        }
    }
}
