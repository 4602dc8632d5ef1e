//! One order line as a network reported it at one time: the fact that everything else is computed
//! from.
//!
//! Owns the shape of a fact, the order of the network's numbers, which of several reports of one
//! line counts, and the bytes that stand for a fact in a digest. Refuses results: nothing here was
//! calculated by us.

use std::cmp::Ordering;
use std::fmt;

use feebook_kernel::{Minor, Ppm, State};

use crate::words::{Word, Words};

/// A number of the network's, such as an order number. Ordered shorter first, then bytewise, so
/// that digits sort as numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum No {
    /// Up to 18 digits without a leading zero.
    Digits(i64),
    /// Anything else.
    Text(Box<str>),
}

impl No {
    /// Takes a number from the text of a report; none when it is empty.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let canonical = text.len() <= 18
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && (text.len() == 1 || !text.starts_with('0'));
        match text.parse() {
            Ok(digits) if canonical => Some(Self::Digits(digits)),
            _ => Some(Self::Text(text.into())),
        }
    }

    fn digits(value: i64) -> u32 {
        value.checked_ilog10().unwrap_or(0) + 1
    }
}

impl Ord for No {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Digits(a), Self::Digits(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            (Self::Digits(a), Self::Text(b)) => {
                let lengths = usize::try_from(Self::digits(*a)).unwrap_or(0).cmp(&b.len());
                lengths.then_with(|| a.to_string().as_str().cmp(b))
            }
            (Self::Text(_), Self::Digits(_)) => other.cmp(self).reverse(),
        }
    }
}

impl PartialOrd for No {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for No {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digits(digits) => write!(f, "{digits}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Where a buyer ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Platform {
    /// In the advertiser's app.
    App = 0,
    /// On the web.
    Web = 1,
}

impl Platform {
    /// Returns the word for the platform.
    pub const fn word(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Web => "web",
        }
    }
}

/// What the link led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Link {
    /// The product that was bought.
    Product = 0,
    /// A store.
    Store = 1,
    /// Any other page.
    Other = 2,
}

impl Link {
    /// Returns the word for the kind of link.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Store => "store",
            Self::Other => "other",
        }
    }
}

/// What a row that corrects another corrects: such a row is no line, but what is added to one, or, where
/// its state is reversed, taken from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Corrects {
    /// The line of its order that it names.
    Line(No),
    /// A line of its order that it does not name.
    OfOrder,
}

/// One order line as reported. Amounts are in minor units of `amount_currency`, else `currency`,
/// else the policy's; instants are seconds since 1970-01-01T00:00:00Z. What the report did not say
/// is none.
#[derive(Clone, Debug, PartialEq)]
pub struct LineFact {
    /// The network's number of the order.
    pub order_no: No,
    /// The network's number of the line within the order.
    pub line_no: No,
    /// Our state for the network's word.
    pub state: State,
    /// The network's own word for the state.
    pub status_word: Option<Word>,
    /// Where the link stands (networks: tracking id).
    pub placement: Option<Word>,
    /// The publisher's tag on the click.
    pub sub_id: Option<Box<str>>,
    /// When the link was clicked, as the row says.
    pub clicked_at: Option<i64>,
    /// Where it was clicked.
    pub click_country: Option<Word>,
    /// When it was ordered.
    pub ordered_at: Option<i64>,
    /// When it was paid for.
    pub paid_at: Option<i64>,
    /// When the buyer confirmed.
    pub finished_at: Option<i64>,
    /// When the network settled.
    pub settled_at: Option<i64>,
    /// When the network last changed the row.
    pub updated_at: Option<i64>,
    /// A local time of the row occurred twice or never; see `schedule::zone`.
    pub doubtful_time: bool,
    /// The network's category id.
    pub category: Option<Word>,
    /// The network's product id.
    pub product: Option<No>,
    /// The network's store id.
    pub store: Option<Word>,
    /// Where it is sent: ISO 3166.
    pub ship_to: Option<Word>,
    /// Where the seller sits: ISO 3166.
    pub seller_country: Option<Word>,
    /// The site's host name, lower case.
    pub host: Option<Word>,
    /// The currency the buyer paid in: ISO 4217.
    pub currency: Option<Word>,
    /// The currency of the row's amounts: ISO 4217.
    pub amount_currency: Option<Word>,
    /// Units bought.
    pub quantity: u32,
    /// Product price per unit.
    pub product_price: Option<Minor>,
    /// Third-party service fee on the line.
    pub service_fee: Option<Minor>,
    /// What the buyer paid for the line.
    pub paid_amount: Option<Minor>,
    /// The final amount, which replaces the paid amount.
    pub final_amount: Option<Minor>,
    /// What the buyer got back.
    pub refunded: Option<Minor>,
    /// The buyer had never ordered before.
    pub new_buyer: Option<bool>,
    /// The item is on the program's hot list.
    pub hot: Option<bool>,
    /// The item takes part in the program.
    pub affiliate: Option<bool>,
    /// App or web.
    pub platform: Option<Platform>,
    /// What the link led to.
    pub link: Option<Link>,
    /// A coupon was used.
    pub coupon: Option<bool>,
    /// The rate the network reports.
    pub reported_rate: Option<Ppm>,
    /// The commission the network reports, signed minor units.
    pub reported_commission: Option<i64>,
    /// The incentive the network reports, signed minor units.
    pub reported_incentive: Option<i64>,
    /// The bonus the network reports, signed minor units.
    pub reported_bonus: Option<i64>,
    /// What the row corrects; none of a row that is a line. Few rows correct, hence the box.
    pub corrects: Option<Box<Corrects>>,
}

impl LineFact {
    /// Makes a fact of which only the key and the state are known.
    pub fn new(order_no: No, line_no: No, state: State) -> Self {
        Self {
            order_no,
            line_no,
            state,
            status_word: None,
            placement: None,
            sub_id: None,
            clicked_at: None,
            click_country: None,
            ordered_at: None,
            paid_at: None,
            finished_at: None,
            settled_at: None,
            updated_at: None,
            doubtful_time: false,
            category: None,
            product: None,
            store: None,
            ship_to: None,
            seller_country: None,
            host: None,
            currency: None,
            amount_currency: None,
            quantity: 1,
            product_price: None,
            service_fee: None,
            paid_amount: None,
            final_amount: None,
            refunded: None,
            new_buyer: None,
            hot: None,
            affiliate: None,
            platform: None,
            link: None,
            coupon: None,
            reported_rate: None,
            reported_commission: None,
            reported_incentive: None,
            reported_bonus: None,
            corrects: None,
        }
    }

    /// Returns what the network reports that the line earns, commission, incentive and bonus together, in
    /// signed minor units; none where it reports none of them.
    pub fn reported(&self) -> Option<i64> {
        let parts = [self.reported_commission, self.reported_incentive, self.reported_bonus];
        parts.into_iter().flatten().reduce(|sum, part| sum + part)
    }

    /// Returns the instants of the row, for "the earliest" and "the latest".
    pub fn instants(&self) -> impl Iterator<Item = i64> {
        [
            self.clicked_at,
            self.ordered_at,
            self.paid_at,
            self.finished_at,
            self.settled_at,
            self.updated_at,
        ]
        .into_iter()
        .flatten()
    }

    /// Writes the bytes that stand for the fact in digests and, at last, in the order of two
    /// reports. Words are written out, so that the bytes do not depend on the order of imports.
    pub fn canonical(&self, words: &Words, out: &mut Vec<u8>) {
        let mut bytes = Canonical::new(out, words);
        bytes.no(Some(&self.order_no));
        bytes.no(Some(&self.line_no));
        bytes.int(Some(i64::from(self.state.rank())));
        bytes.word(self.status_word);
        bytes.word(self.placement);
        bytes.text(self.sub_id.as_deref());
        for at in [
            self.clicked_at,
            self.ordered_at,
            self.paid_at,
            self.finished_at,
            self.settled_at,
            self.updated_at,
        ] {
            bytes.int(at);
        }
        bytes.int(Some(i64::from(self.doubtful_time)));
        bytes.word(self.category);
        bytes.no(self.product.as_ref());
        for word in [
            self.store,
            self.click_country,
            self.ship_to,
            self.seller_country,
            self.host,
            self.currency,
            self.amount_currency,
        ] {
            bytes.word(word);
        }
        bytes.int(Some(i64::from(self.quantity)));
        for amount in [
            self.product_price,
            self.service_fee,
            self.paid_amount,
            self.final_amount,
            self.refunded,
        ] {
            bytes.int(amount.map(Minor::get));
        }
        for flag in [self.new_buyer, self.hot, self.affiliate, self.coupon] {
            bytes.int(flag.map(i64::from));
        }
        bytes.text(self.platform.map(Platform::word));
        bytes.text(self.link.map(Link::word));
        bytes.int(self.reported_rate.map(|rate| i64::from(rate.get())));
        for amount in [self.reported_commission, self.reported_incentive, self.reported_bonus] {
            bytes.int(amount);
        }
        // Nothing for a line: it has the bytes that it had before rows could correct others.
        if let Some(corrects) = &self.corrects {
            bytes.tag(b'C');
            bytes.no(match &**corrects {
                Corrects::Line(line_no) => Some(line_no),
                Corrects::OfOrder => None,
            });
        }
    }
}

/// Writes values so that no two different facts have the same bytes.
pub(crate) struct Canonical<'a> {
    out: &'a mut Vec<u8>,
    words: &'a Words,
}

impl<'a> Canonical<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, words: &'a Words) -> Self {
        Self { out, words }
    }

    /// Writes what kind of value follows; letters, which no value begins with.
    pub(crate) fn tag(&mut self, tag: u8) {
        self.out.push(tag);
    }

    pub(crate) fn int(&mut self, value: Option<i64>) {
        match value {
            None => self.out.push(0),
            Some(value) => {
                let mut bytes = [1; 9];
                bytes[1..].copy_from_slice(&value.to_be_bytes());
                self.out.extend_from_slice(&bytes);
            }
        }
    }

    pub(crate) fn text(&mut self, value: Option<&str>) {
        match value {
            None => self.out.push(0),
            Some(text) => {
                let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
                let mut bytes = [2; 5];
                bytes[1..].copy_from_slice(&length.to_be_bytes());
                self.out.extend_from_slice(&bytes);
                self.out.extend_from_slice(text.as_bytes());
            }
        }
    }

    pub(crate) fn word(&mut self, value: Option<Word>) {
        let words = self.words;
        self.text(value.map(|word| words.text(word)));
    }

    fn no(&mut self, value: Option<&No>) {
        match value {
            None => self.out.push(0),
            Some(No::Digits(digits)) => self.int(Some(*digits)),
            Some(No::Text(text)) => self.text(Some(text)),
        }
    }
}

/// A report of a line: what it said, and `import --as-of`.
pub type Report<'f> = (&'f LineFact, Option<i64>);

/// Compares two reports of one line: the greater counts.
///
/// By `import --as-of`, else the row's `updated_at`, absent lowest; then the rank of the state;
/// then the latest instant; then the refunds; then the canonical bytes. Never by the order of
/// imports. The second value tells that only the bytes decided: the reports contradict each other.
pub fn ranking(a: Report<'_>, b: Report<'_>, words: &Words) -> (Ordering, bool) {
    let by_standing = standing(a).cmp(&standing(b));
    if by_standing != Ordering::Equal || a.0 == b.0 {
        return (by_standing, false);
    }
    let bytes = |fact: &LineFact| {
        let mut bytes = Vec::new();
        fact.canonical(words, &mut bytes);
        bytes
    };
    (bytes(a.0).cmp(&bytes(b.0)), true)
}

fn standing((fact, as_of): Report<'_>) -> (Option<i64>, State, Option<i64>, i64) {
    (
        as_of.or(fact.updated_at),
        fact.state,
        fact.instants().max(),
        fact.refunded.map_or(0, Minor::get),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no(text: &str) -> No {
        No::parse(text).unwrap()
    }

    #[test]
    fn numbers_sort_shorter_first_then_bytewise() {
        let mut sorted =
            ["10", "9", "A", "0", "AB", "007", "99999999999999999999", "8211114279848963"]
                .map(no)
                .to_vec();
        sorted.sort();
        let texts: Vec<String> = sorted.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["0", "9", "A", "10", "AB", "007", "8211114279848963", "99999999999999999999"]
        );
    }

    #[test]
    fn a_number_prints_as_it_was_read() {
        for text in ["0", "00", "12", "9223372036854775807", "123456789012345678", "a-1"] {
            assert_eq!(no(text).to_string(), text);
        }
        assert_eq!(No::parse(""), None);
        assert_eq!(no("123456789012345678"), No::Digits(123_456_789_012_345_678));
    }

    #[test]
    fn the_greater_state_counts_unless_a_later_report_says_otherwise() {
        let fact = |state| LineFact::new(no("1"), no("1"), state);
        let (pending, reversed) = (fact(State::Pending), fact(State::Reversed));
        let greater = |a, b| ranking(a, b, &Words::default()) == (Ordering::Greater, false);
        assert!(greater((&reversed, None), (&pending, None)));
        assert!(greater((&pending, Some(1)), (&reversed, None)));
        let mut updated = fact(State::Pending);
        updated.updated_at = Some(5);
        assert!(greater((&updated, None), (&fact(State::Declined), Some(4))));
        let mut dearer = fact(State::Pending);
        dearer.product_price = Minor::new(1);
        assert!(ranking((&dearer, None), (&pending, None), &Words::default()).1);
        assert_eq!(
            ranking((&pending, None), (&pending, None), &Words::default()),
            (Ordering::Equal, false)
        );
    }
}
