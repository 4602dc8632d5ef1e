//! Money and rates as bounded integers, and their multiplication and division; by rates of exchange
//! that is next door.
//!
//! Refuses: negative money (a refund lowers a basis, it is never a negative amount), amounts over
//! [`Minor::MAX`], rates over 100 %, and any rounding that the terms do not name.

/// How a fraction of a minor unit is rounded; every schedule states it (`policy.rounding`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Cut off: 77.91 gives 77.
    Floor,
    /// To the nearest, a half goes up.
    HalfUp,
    /// To the nearest, a half goes to the even neighbour.
    HalfEven,
}

impl Rounding {
    /// Divides two non-negative integers and rounds the quotient.
    pub(crate) fn divide(self, dividend: i128, divisor: i128) -> i128 {
        let floor = dividend / divisor;
        let rest = dividend % divisor;
        // The rest against what is left to the next: twice the rest may be out of bounds.
        let (to_floor, to_next) = (rest, divisor - rest);
        let up = match self {
            Self::Floor => false,
            Self::HalfUp => to_floor >= to_next,
            Self::HalfEven => to_floor > to_next || (to_floor == to_next && floor % 2 != 0),
        };
        if up { floor + 1 } else { floor }
    }
}

/// A rate in parts per million: 6.3 % is 63,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ppm(u32);

impl Ppm {
    /// 100 %.
    pub const ONE: Self = Self(1_000_000);

    /// Makes a rate of at most 100 %.
    pub const fn new(ppm: u32) -> Option<Self> {
        if ppm <= Self::ONE.0 { Some(Self(ppm)) } else { None }
    }

    /// Returns the parts per million.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A non-negative amount of money in the minor unit of its currency (cents).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minor(i64);

impl Minor {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The greatest amount of one fact: 43,980,465,111.04 of a currency with cents.
    pub const MAX: Self = Self(1 << 42);

    /// Makes an amount between zero and [`Minor::MAX`].
    pub const fn new(minor: i64) -> Option<Self> {
        if minor >= 0 && minor <= Self::MAX.0 { Some(Self(minor)) } else { None }
    }

    /// Returns the minor units.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Subtracts, but not below zero.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        if other.0 >= self.0 { Self::ZERO } else { Self(self.0 - other.0) }
    }

    /// Multiplies a unit price by a quantity; none when the product is over [`Minor::MAX`].
    pub fn times(self, quantity: u32) -> Option<Self> {
        self.0.checked_mul(i64::from(quantity)).and_then(Self::new)
    }

    /// Takes a share of the amount, rounded once: `amount x rate`.
    #[must_use]
    pub fn share(self, rate: Ppm, rounding: Rounding) -> Self {
        let product = i128::from(self.0) * i128::from(rate.0);
        Self::narrow(rounding.divide(product, i128::from(Ppm::ONE.0)))
    }

    /// Takes a share of a rate of the amount, rounded once: `amount x rate x share`.
    #[must_use]
    pub fn share_of_rate(self, rate: Ppm, share: Ppm, rounding: Rounding) -> Self {
        let product = i128::from(self.0) * i128::from(rate.0) * i128::from(share.0);
        let one = i128::from(Ppm::ONE.0);
        Self::narrow(rounding.divide(product, one * one))
    }

    /// Takes a surcharge out of an amount that includes it, rounded once: `amount / (1 + rate)`.
    #[must_use]
    pub fn without_surcharge(self, rate: Ppm, rounding: Rounding) -> Self {
        let scaled = i128::from(self.0) * i128::from(Ppm::ONE.0);
        let divisor = i128::from(Ppm::ONE.0) + i128::from(rate.0);
        Self::narrow(rounding.divide(scaled, divisor))
    }

    /// Returns the least share of an excess that a part of the whole bears:
    /// `part x excess / whole`, cut off. `whole` is not zero.
    pub(crate) fn least_share(part: i64, excess: i128, whole: i128) -> Self {
        Self::narrow(i128::from(part) * excess / whole)
    }

    /// Returns what [`Minor::least_share`] cuts off, in parts of `whole`.
    pub(crate) fn share_remainder(part: i64, excess: i128, whole: i128) -> i128 {
        i128::from(part) * excess % whole
    }

    /// Adds one unit. The sum may be over [`Minor::MAX`]: it is a share of several amounts.
    #[must_use]
    pub(crate) const fn and_a_unit(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Holds a quotient to the bounds; the operations above cannot exceed them.
    fn narrow(value: i128) -> Self {
        Self(i64::try_from(value).unwrap_or(Self::MAX.0).clamp(0, i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minor(value: i64) -> Minor {
        Minor::new(value).unwrap()
    }

    #[test]
    fn observed_rows_are_cut_to_the_cent() {
        // Two rows seen live: 1113 at 7.00 % paid 77, 3792 at 3.00 % paid 113.
        assert_eq!(minor(1113).share(Ppm(70_000), Rounding::Floor), minor(77));
        assert_eq!(minor(3792).share(Ppm(30_000), Rounding::Floor), minor(113));
    }

    #[test]
    fn a_half_goes_where_the_mode_says() {
        // 50 x 5 % = 2.5, 70 x 5 % = 3.5
        for (mode, of_50, of_70) in
            [(Rounding::Floor, 2, 3), (Rounding::HalfUp, 3, 4), (Rounding::HalfEven, 2, 4)]
        {
            assert_eq!(minor(50).share(Ppm(50_000), mode), minor(of_50), "{mode:?}");
            assert_eq!(minor(70).share(Ppm(50_000), mode), minor(of_70), "{mode:?}");
        }
    }

    #[test]
    fn a_surcharge_comes_out_whole() {
        assert_eq!(minor(10_800).without_surcharge(Ppm(80_000), Rounding::Floor), minor(10_000));
        assert_eq!(minor(1_00).without_surcharge(Ppm(80_000), Rounding::Floor), minor(92));
        assert_eq!(minor(1_00).without_surcharge(Ppm(80_000), Rounding::HalfUp), minor(93));
    }

    #[test]
    fn bounds_are_refused_not_wrapped() {
        assert_eq!(Minor::new(-1), None);
        assert_eq!(Minor::new(Minor::MAX.get() + 1), None);
        assert_eq!(Minor::MAX.times(2), None);
        assert_eq!(Ppm::new(1_000_001), None);
        assert_eq!(Minor::MAX.share(Ppm::ONE, Rounding::HalfUp), Minor::MAX);
    }
}
