//! The facts of a line that conditions may ask for, and the classes that stand for their values.
//!
//! Refuses: values. A class is a number that only the version that gave it understands.

/// A fact of a line that a condition may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The category, and with it all above it.
    Category,
    /// The country the order is shipped to.
    ShipTo,
    /// The country of the click.
    ClickCountry,
    /// Whether the click came from the ship-to country.
    SameCountry,
    /// The seller's country.
    SellerCountry,
    /// The host name of the shop page.
    Host,
    /// The seller's store.
    Store,
    /// The product.
    Product,
    /// What the program determined about the product.
    Mark,
    /// The currency the buyer paid in.
    Currency,
    /// New or returning buyer.
    Buyer,
    /// Hot, affiliate or other item.
    Item,
    /// App or web.
    Platform,
    /// What the link led to.
    Link,
    /// Whether a coupon was used.
    Coupon,
    /// The kind of placement.
    PlacementKind,
    /// The account's model.
    Channel,
    /// The unit product price.
    Price,
    /// The order's governing day.
    Day,
}

impl Dimension {
    /// The number of dimensions.
    pub const COUNT: usize = 19;

    /// All dimensions.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Category,
        Self::ShipTo,
        Self::ClickCountry,
        Self::SameCountry,
        Self::SellerCountry,
        Self::Host,
        Self::Store,
        Self::Product,
        Self::Mark,
        Self::Currency,
        Self::Buyer,
        Self::Item,
        Self::Platform,
        Self::Link,
        Self::Coupon,
        Self::PlacementKind,
        Self::Channel,
        Self::Price,
        Self::Day,
    ];

    /// Returns the fact's name, that of its column in a `feebook` CSV where it has one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::ShipTo => "ship_to",
            // Whether both are the same country is asked of the click: ship-to is in every report.
            Self::ClickCountry | Self::SameCountry => "click_country",
            Self::SellerCountry => "seller_country",
            Self::Host => "host",
            Self::Store => "store",
            Self::Product => "product",
            Self::Mark => "mark",
            Self::Currency => "currency",
            Self::Buyer => "new_buyer",
            Self::Item => "hot",
            Self::Platform => "platform",
            Self::Link => "link",
            Self::Coupon => "coupon",
            Self::PlacementKind => "placement_kind",
            Self::Channel => "channel",
            Self::Price => "product_price",
            Self::Day => "day",
        }
    }

    /// Whether a line can lack the fact. An empty buyer or item means no, a product without marks
    /// has none, and an order under terms has its governing day (rule 6).
    pub const fn can_be_missing(self) -> bool {
        !matches!(self, Self::Buyer | Self::Item | Self::Mark | Self::Day)
    }

    /// Returns the index of the dimension in [`Dimension::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::Category => 0,
            Self::ShipTo => 1,
            Self::ClickCountry => 2,
            Self::SameCountry => 3,
            Self::SellerCountry => 4,
            Self::Host => 5,
            Self::Store => 6,
            Self::Product => 7,
            Self::Mark => 8,
            Self::Currency => 9,
            Self::Buyer => 10,
            Self::Item => 11,
            Self::Platform => 12,
            Self::Link => 13,
            Self::Coupon => 14,
            Self::PlacementKind => 15,
            Self::Channel => 16,
            Self::Price => 17,
            Self::Day => 18,
        }
    }
}

/// A set of values of one dimension that a version does not tell apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(pub(crate) u16);

impl Class {
    /// The fact is not known.
    pub const MISSING: Self = Self(0);
    /// A value that no condition names.
    pub(crate) const OTHER: Self = Self(1);
}

/// The classes of one line, one per dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Classes([Class; Dimension::COUNT]);

impl Classes {
    /// Makes the classes of a line of which nothing is known.
    pub const fn missing() -> Self {
        Self([Class::MISSING; Dimension::COUNT])
    }

    /// Sets the class of a dimension.
    pub fn set(&mut self, dimension: Dimension, class: Class) {
        self.0[dimension.index()] = class;
    }

    /// Returns the class of a dimension.
    pub fn get(&self, dimension: Dimension) -> Class {
        self.0[dimension.index()]
    }
}

impl Default for Classes {
    fn default() -> Self {
        Self::missing()
    }
}
