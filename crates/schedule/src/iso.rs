//! Currencies and countries by their ISO codes.
//!
//! Refuses: guesses. A code that the standards do not know is told to the person who wrote it.

use std::fmt;

/// An ISO 4217 currency with the number of its decimals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    decimals: u8,
}

impl Currency {
    /// Finds a currency by its code of three capitals.
    pub fn parse(code: &str) -> Option<Self> {
        let known = iso_currency::Currency::from_code(code)?;
        let decimals = u8::try_from(known.exponent().unwrap_or(2)).ok()?;
        Some(Self { code: code.as_bytes().try_into().ok()?, decimals })
    }

    /// Returns the code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// Returns how many decimals the currency's amounts have.
    pub fn decimals(&self) -> u32 {
        u32::from(self.decimals)
    }

    /// Writes an amount in minor units as a plain decimal in major units.
    pub fn written(&self, minor: i64) -> String {
        written(minor, self.decimals())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Writes minor units as a plain decimal: 5 with two decimals is `0.05`.
pub fn written(minor: i64, decimals: u32) -> String {
    rust_decimal::Decimal::new(minor, decimals).to_string()
}

/// Writes a rate as a percent without trailing zeros: 63,000 ppm is `6.3%`.
pub fn percent(rate: feebook_kernel::Ppm) -> String {
    format!("{}%", rust_decimal::Decimal::new(i64::from(rate.get()), 4).normalize())
}

/// Whether this is an ISO 3166 country code of two capitals.
pub fn is_country(code: &str) -> bool {
    code.len() == 2
        && code.bytes().all(|byte| byte.is_ascii_uppercase())
        && rust_iso3166::from_alpha2(code).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_have_their_own_decimals() {
        let decimals = |code| Currency::parse(code).map(|currency| currency.decimals());
        assert_eq!(
            ["USD", "NOK", "JPY", "KWD", "usd", "XYZ"].map(decimals),
            [Some(2), Some(2), Some(0), Some(3), None, None]
        );
        assert_eq!(Currency::parse("USD").unwrap().written(-5), "-0.05");
        assert_eq!(Currency::parse("JPY").unwrap().written(120), "120");
    }

    #[test]
    fn percents_are_written_as_people_write_them() {
        let written = |ppm| percent(feebook_kernel::Ppm::new(ppm).unwrap());
        assert_eq!(
            [63_000, 0, 1_000_000, 38_500, 1].map(written),
            ["6.3%", "0%", "100%", "3.85%", "0.0001%"]
        );
    }

    #[test]
    fn countries_are_iso_codes() {
        assert!(is_country("NO") && is_country("CN"));
        assert!(!is_country("ZZ") && !is_country("no") && !is_country("NOR") && !is_country(""));
    }
}
