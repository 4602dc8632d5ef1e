//! Amounts, rates and counts out of the text of a report, exactly.
//!
//! Owns decimal marks, thousands marks and units. Refuses floats, guesses about which mark is
//! which, and any rounding that the mapping does not name.

use feebook_kernel::{Ppm, Rounding};

/// Whether a number counts whole units of the currency or its smallest ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// `19.99` dollars.
    Major,
    /// `1999` cents.
    Minor,
}

/// What a rate is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RateUnit {
    /// `7%`; a number without the sign is refused.
    Signed,
    /// `7` or `7%`.
    Percent,
    /// `0.07`.
    Fraction,
}

/// How a report writes numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notation {
    pub(super) unit: Unit,
    pub(super) decimal_mark: char,
    pub(super) thousands_mark: Option<char>,
    /// What to do with decimals that the currency does not have; none: refuse them.
    pub(super) rounding: Option<Rounding>,
    pub(super) rate: RateUnit,
}

impl Default for Notation {
    fn default() -> Self {
        Self {
            unit: Unit::Major,
            decimal_mark: '.',
            thousands_mark: None,
            rounding: None,
            rate: RateUnit::Signed,
        }
    }
}

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not written as one.
    Malformed,
    /// It has more decimals than can be kept.
    TooPrecise,
    /// It does not fit 64 bits.
    TooGreat,
}

impl Notation {
    /// Reads an amount in minor units of a currency with this many decimals.
    pub(super) fn amount(&self, text: &str, decimals: u32) -> Result<i64, Fault> {
        match self.unit {
            Unit::Major => self.scaled(text, decimals),
            Unit::Minor => self.scaled(text, 0),
        }
    }

    /// The same notation for a number that is one of its own, as in a spreadsheet: it has a point
    /// and no groups.
    pub(super) fn of_numbers(self) -> Self {
        Self { decimal_mark: '.', thousands_mark: None, ..self }
    }

    /// Which sign a number has: -1, 0 or 1.
    pub(super) fn sign(&self, text: &str) -> Result<i64, Fault> {
        let exact = Self { rounding: Some(Rounding::Floor), unit: Unit::Major, ..*self };
        let some = text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        let sign = if text.starts_with('-') { -1 } else { 1 };
        exact.scaled(text, 2).map(|_| if some { sign } else { 0 })
    }

    /// The number without its sign, in one way of writing: a point, no groups, two decimals or as many
    /// as it has.
    pub(super) fn magnitude(&self, text: &str) -> Option<String> {
        const PLACES: u32 = 6;
        let exact = Self { rounding: None, unit: Unit::Major, ..*self };
        let scaled = exact.scaled(text, PLACES).ok()?.unsigned_abs();
        let mut digits = format!("{scaled:07}");
        digits.insert(digits.len() - 6, '.');
        while digits.ends_with('0') && !digits.ends_with(".00") && digits.len() > 4 {
            let decimals = digits.len() - digits.find('.').unwrap_or(0) - 1;
            if decimals <= 2 {
                break;
            }
            digits.pop();
        }
        Some(digits)
    }

    /// Reads a rate; none when it is malformed, too precise or not between 0 and 100 %.
    pub(super) fn rate(&self, text: &str) -> Option<Ppm> {
        let number = text.strip_suffix('%').map(str::trim_end);
        let ppm = match (number, self.rate) {
            (Some(number), RateUnit::Signed | RateUnit::Percent) => self.scaled(number, 4),
            (None, RateUnit::Percent) => self.scaled(text, 4),
            (None, RateUnit::Fraction) => self.scaled(text, 6),
            _ => return None,
        };
        ppm.ok().and_then(|ppm| u32::try_from(ppm).ok()).and_then(Ppm::new)
    }

    /// A number times ten to the `decimals`, as a whole number.
    fn scaled(&self, text: &str, decimals: u32) -> Result<i64, Fault> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once(self.decimal_mark) {
            Some((_, "")) => return Err(Fault::Malformed),
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        let whole = self.whole(whole)?;
        let magnitude = self.with_fraction(whole, fraction, decimals)?;
        Ok(if negative { -magnitude } else { magnitude })
    }

    /// The digits before the decimal mark, in groups of three where there are marks.
    fn whole(&self, text: &str) -> Result<i64, Fault> {
        let Some(mark) = self.thousands_mark else { return whole_number(text) };
        let mut groups = text.split(mark);
        let mut value = whole_number(groups.next().unwrap_or(""))?;
        let mut first = true;
        for group in groups {
            // The first group of `1.234` has one to three digits, each later one three.
            let leading = text.find(mark).unwrap_or(0);
            if group.len() != 3 || (first && leading > 3) {
                return Err(Fault::Malformed);
            }
            first = false;
            let thousand = value.checked_mul(1_000).ok_or(Fault::TooGreat)?;
            value = thousand.checked_add(whole_number(group)?).ok_or(Fault::TooGreat)?;
        }
        Ok(value)
    }

    fn with_fraction(&self, whole: i64, fraction: &str, decimals: u32) -> Result<i64, Fault> {
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Fault::Malformed);
        }
        let places = usize::try_from(decimals).unwrap_or(usize::MAX);
        let (kept, rest) = fraction.split_at_checked(places).unwrap_or((fraction, ""));
        let mut value = whole;
        for digit in kept.bytes().map(|byte| byte - b'0').chain(std::iter::repeat(0)).take(places) {
            let ten = value.checked_mul(10).and_then(|value| value.checked_add(i64::from(digit)));
            value = ten.ok_or(Fault::TooGreat)?;
        }
        if rest.bytes().all(|byte| byte == b'0') {
            return Ok(value);
        }
        let rounding = self.rounding.ok_or(Fault::TooPrecise)?;
        let up = rounds_up(rounding, value, rest);
        value.checked_add(i64::from(up)).ok_or(Fault::TooGreat)
    }
}

/// Whether the digits that are dropped, not all zero, lift the magnitude by one.
fn rounds_up(rounding: Rounding, kept: i64, dropped: &str) -> bool {
    let half = dropped.as_bytes().first().copied().unwrap_or(b'0');
    let exactly_half = half == b'5' && dropped.bytes().skip(1).all(|byte| byte == b'0');
    match rounding {
        Rounding::Floor => false,
        Rounding::HalfEven if exactly_half => kept % 2 != 0,
        Rounding::HalfUp | Rounding::HalfEven => half >= b'5',
    }
}

/// Reads digits, at least one and nothing else.
pub(super) fn whole_number(text: &str) -> Result<i64, Fault> {
    if text.is_empty() {
        return Err(Fault::Malformed);
    }
    let mut value: i64 = 0;
    let mut fits = true;
    for byte in text.bytes() {
        if !byte.is_ascii_digit() {
            return Err(Fault::Malformed);
        }
        match value.checked_mul(10).and_then(|v| v.checked_add(i64::from(byte - b'0'))) {
            Some(next) => value = next,
            None => fits = false,
        }
    }
    if fits { Ok(value) } else { Err(Fault::TooGreat) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_or_refused() {
        let plain = Notation::default();
        for (text, decimals, minor) in [
            ("19.99", 2, 1999),
            ("19.9", 2, 1990),
            ("19", 2, 1900),
            ("30000.0", 2, 3_000_000),
            ("19.9900", 2, 1999),
            ("-0.05", 2, -5),
            ("7", 0, 7),
            ("1.234", 3, 1234),
        ] {
            assert_eq!(plain.amount(text, decimals), Ok(minor), "{text}");
        }
        for (text, fault) in [
            ("", Fault::Malformed),
            ("1,00", Fault::Malformed),
            ("1.", Fault::Malformed),
            (".5", Fault::Malformed),
            ("+1", Fault::Malformed),
            ("1e3", Fault::Malformed),
            ("--1", Fault::Malformed),
            ("1.2.3", Fault::Malformed),
            ("٣", Fault::Malformed),
            ("1.005", Fault::TooPrecise),
            ("99999999999999999999", Fault::TooGreat),
            ("92233720368547758.08", Fault::TooGreat),
        ] {
            assert_eq!(plain.amount(text, 2), Err(fault), "{text}");
        }
    }

    #[test]
    fn marks_are_those_of_the_mapping() {
        let german =
            Notation { decimal_mark: ',', thousands_mark: Some('.'), ..Notation::default() };
        for (text, minor) in
            [("1.234,56", 123_456), ("1234,5", 123_450), ("12.345.678", 1_234_567_800)]
        {
            assert_eq!(german.amount(text, 2), Ok(minor), "{text}");
        }
        for text in ["1.23,4", "1234.567,00", "1..234", "1,234.5", ".123", "1.2345"] {
            assert_eq!(german.amount(text, 2), Err(Fault::Malformed), "{text}");
        }
    }

    #[test]
    fn minor_units_are_whole() {
        let cents = Notation { unit: Unit::Minor, ..Notation::default() };
        assert_eq!(cents.amount("1113", 2), Ok(1113));
        assert_eq!(cents.amount("1113.0", 2), Ok(1113));
        assert_eq!(cents.amount("11.13", 2), Err(Fault::TooPrecise));
    }

    #[test]
    fn rounding_is_of_the_magnitude_and_only_when_named() {
        let round = |rounding, text| {
            Notation { rounding: Some(rounding), ..Notation::default() }.amount(text, 2)
        };
        assert_eq!(round(Rounding::Floor, "108.459227"), Ok(10_845));
        assert_eq!(round(Rounding::HalfUp, "108.459227"), Ok(10_846));
        assert_eq!(round(Rounding::HalfUp, "-0.005"), Ok(-1));
        assert_eq!(round(Rounding::HalfEven, "0.005"), Ok(0));
        assert_eq!(round(Rounding::HalfEven, "0.0051"), Ok(1));
        assert_eq!(round(Rounding::HalfEven, "0.015"), Ok(2));
    }

    #[test]
    fn the_sign_is_that_of_all_digits() {
        let plain = Notation::default();
        for (text, sign) in [("-0.001", -1), ("0.00", 0), ("-0.00", 0), ("0.0001", 1), ("7", 1)] {
            assert_eq!(plain.sign(text), Ok(sign), "{text}");
        }
        assert_eq!(plain.sign("-"), Err(Fault::Malformed));
        let german =
            Notation { decimal_mark: ',', thousands_mark: Some('.'), ..Notation::default() };
        assert_eq!(german.of_numbers().amount("1234.5", 2), Ok(123_450));
    }

    #[test]
    fn rates_are_percents() {
        let rate =
            |unit, text| Notation { rate: unit, ..Notation::default() }.rate(text).map(Ppm::get);
        for text in ["7%", "7.00%", "7.00 %"] {
            assert_eq!(rate(RateUnit::Signed, text), Some(70_000), "{text}");
        }
        assert_eq!(rate(RateUnit::Signed, "7"), None);
        assert_eq!(rate(RateUnit::Percent, "7"), Some(70_000));
        assert_eq!(rate(RateUnit::Fraction, "0.07"), Some(70_000));
        for bad in ["-1%", "100.1%", "%", "0.00001%", "x%"] {
            assert_eq!(rate(RateUnit::Percent, bad), None, "{bad}");
        }
    }
}
