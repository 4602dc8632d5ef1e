//! Amounts in another currency: a rate of exchange as a ratio of two integers, applied exactly and
//! rounded once.
//!
//! Refuses to know currencies and days: it is told how many decimals two currencies have and what one
//! unit of the one is in the other.

use crate::money::{Minor, Rounding};

/// How much of a currency one unit of another is: `times / per`, both in billionths or both the
/// product of such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    times: i128,
    per: i128,
}

impl Exchange {
    /// One unit of a rate: rates are billionths.
    pub const UNIT: i64 = 1_000_000_000;

    /// One unit of the first currency is this many billionths of the second; none unless positive.
    pub fn direct(billionths: i64) -> Option<Self> {
        if billionths <= 0 {
            return None;
        }
        Some(Self { times: i128::from(billionths), per: i128::from(Self::UNIT) })
    }

    /// Returns the way back.
    #[must_use]
    pub const fn inverse(self) -> Self {
        Self { times: self.per, per: self.times }
    }

    /// Exchanges on by another rate, nothing rounded in between; none when the ratio is out of bounds.
    pub fn then(self, next: Self) -> Option<Self> {
        let (first, second) = (divisor(self.times, next.per), divisor(next.times, self.per));
        let times = (self.times / first).checked_mul(next.times / second)?;
        let per = (self.per / second).checked_mul(next.per / first)?;
        Some(Self { times, per })
    }

    /// Returns the two integers: how much of the second currency, for how much of the first.
    pub const fn ratio(self) -> [i128; 2] {
        [self.times, self.per]
    }

    /// Returns the rate in billionths, a half up; none when it is out of bounds.
    pub fn billionths(self) -> Option<i64> {
        let scaled = self.times.checked_mul(i128::from(Self::UNIT))?;
        i64::try_from(Rounding::HalfUp.divide(scaled, self.per)).ok()
    }

    /// What an exchange came to: `given` minor units became `got`, with the decimals of their
    /// currencies; none where nothing was given or got.
    pub fn implied(given: (Minor, u32), got: (Minor, u32)) -> Option<Self> {
        let times = i128::from(got.0.get()).checked_mul(power_of_ten(given.1)?)?;
        let per = i128::from(given.0.get()).checked_mul(power_of_ten(got.1)?)?;
        let common = divisor(times, per);
        (times > 0 && per > 0).then(|| Self { times: times / common, per: per / common })
    }
}

impl Minor {
    /// Exchanges an amount, rounded once to the minor unit of the other currency; `decimals` are those
    /// of the two currencies. None when the result is over [`Minor::MAX`].
    pub fn exchanged(
        self,
        exchange: Exchange,
        decimals: (u32, u32),
        rounding: Rounding,
    ) -> Option<Self> {
        let scaled = i128::from(self.get()).checked_mul(exchange.times)?;
        let dividend = scaled.checked_mul(power_of_ten(decimals.1)?)?;
        let divisor = exchange.per.checked_mul(power_of_ten(decimals.0)?)?;
        let minor = i64::try_from(rounding.divide(dividend, divisor)).ok()?;
        Self::new(minor)
    }
}

fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

/// The greatest number that divides both; 1 where one of them is not positive.
fn divisor(mut a: i128, mut b: i128) -> i128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minor(value: i64) -> Minor {
        Minor::new(value).unwrap()
    }

    fn rate(billionths: i64) -> Exchange {
        Exchange::direct(billionths).unwrap()
    }

    #[test]
    fn amounts_are_exchanged_exactly_and_rounded_once() {
        // (minor units, decimals, rate, decimals, floor, half up, half even)
        let table = [
            (100_00, 2, rate(10_512_300_000), 2, 1051_23, 1051_23, 1051_23),
            (1, 2, rate(500_000_000), 2, 0, 1, 0),
            (3, 2, rate(500_000_000), 2, 1, 2, 2),
            // 1,000 yen at 0.0065 USD; and 6.50 USD back.
            (1_000, 0, rate(6_500_000), 2, 6_50, 6_50, 6_50),
            (6_50, 2, rate(6_500_000).inverse(), 0, 1_000, 1_000, 1_000),
            // 1.00 EUR in yen of 163.455, in dinars with three decimals of 0.3305.
            (1_00, 2, rate(163_455_000_000), 0, 163, 163, 163),
            (1_00, 2, rate(330_500_000), 3, 330, 331, 330),
            (0, 2, rate(1), 2, 0, 0, 0),
        ];
        for (given, from, exchange, to, floor, half_up, half_even) in table {
            let by = |rounding| minor(given).exchanged(exchange, (from, to), rounding);
            let got = [Rounding::Floor, Rounding::HalfUp, Rounding::HalfEven].map(by);
            assert_eq!(got, [floor, half_up, half_even].map(Minor::new), "{given} {exchange:?}");
        }
    }

    #[test]
    fn a_cross_rounds_nothing_in_between() {
        // USD -> EUR -> NOK by what the ECB publishes: 1 EUR = 1.0812 USD, 11.4205 NOK.
        let cross = rate(1_081_200_000).inverse().then(rate(11_420_500_000)).unwrap();
        assert_eq!(cross.billionths(), Some(10_562_800_592));
        assert_eq!(minor(108_12).exchanged(cross, (2, 2), Rounding::Floor), Some(minor(1142_05)));
        let back = cross.inverse();
        assert_eq!(minor(1142_05).exchanged(back, (2, 2), Rounding::Floor), Some(minor(108_12)));
    }

    #[test]
    fn what_came_in_says_the_rate() {
        let implied = Exchange::implied((minor(100_00), 2), (minor(1_037_15), 2)).unwrap();
        assert_eq!(implied.billionths(), Some(10_371_500_000));
        let yen = Exchange::implied((minor(100_00), 2), (minor(15_000), 0)).unwrap();
        assert_eq!(yen.billionths(), Some(150_000_000_000));
        assert_eq!(Exchange::implied((Minor::ZERO, 2), (minor(1), 2)), None);
        assert_eq!(Exchange::implied((minor(1), 2), (Minor::ZERO, 2)), None);
    }

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        assert_eq!(Exchange::direct(0), None);
        assert_eq!(Exchange::direct(-1), None);
        assert_eq!(Minor::MAX.exchanged(rate(2_000_000_000), (2, 2), Rounding::Floor), None);
        let most = Exchange::direct(i64::MAX).unwrap();
        assert_eq!(most.then(most).and_then(Exchange::billionths), None);
        let there_and_back = most.then(most.inverse()).unwrap();
        assert_eq!(there_and_back.billionths(), Some(Exchange::UNIT));
    }
}
