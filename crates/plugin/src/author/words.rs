//! Numbers as people write them, for the reasons that a plugin gives.

use feebook_kernel::Ppm;

/// Writes a rate, as in `6.3%`.
pub fn percent(rate: Ppm) -> String {
    let written = decimal(i64::from(rate.get()), 4);
    format!("{}%", written.trim_end_matches('0').trim_end_matches('.'))
}

/// Writes a non-negative integer with so many of its digits behind a point: minor units as an
/// amount.
pub fn decimal(number: i64, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let digits = format!("{number:0>width$}", width = decimals + 1);
    let (whole, part) = digits.split_at(digits.len() - decimals);
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_full_and_no_longer() {
        let written = [0, 1, 63_000, 800_000, 1_000_000].map(|ppm| percent(Ppm::new(ppm).unwrap()));
        assert_eq!(written, ["0%", "0.0001%", "6.3%", "80%", "100%"]);
        assert_eq!([decimal(5, 2), decimal(1_234_56, 2), decimal(7, 0)], ["0.05", "1234.56", "7"]);
    }
}
