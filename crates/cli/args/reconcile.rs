//! The arguments of `reconcile` and `dispute`.

use chrono::NaiveDate;
use clap::Args;
use feebook_core::reconcile::Tolerance;
use feebook_core::run::Scope;
use feebook_kernel::Ppm;
use feebook_schedule::zone::Month;
use rust_decimal::Decimal;

use super::{Scoped, end_of, month, only_day};

#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    #[command(flatten)]
    pub(crate) scope: Scoped,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
}

/// Without orders: all of a month that were reported or paid short. -o names the folder.
#[derive(Debug, Args)]
pub(crate) struct Dispute {
    /// The orders
    #[arg(value_name = "ORDER", required_unless_present = "month", conflicts_with = "month")]
    pub(crate) orders: Vec<String>,
    /// All orders of this month that were reported or paid short
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    pub(crate) month: Option<Month>,
    /// The program, where several have such orders
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
}

impl Dispute {
    /// Returns which orders are looked at.
    pub(crate) fn scope(&self) -> Scope {
        let days = self.month.map(|month| (month.first_day(), end_of(month)));
        Scope { program: self.program.clone(), days, ..Scope::default() }
    }
}

/// To which day, and what still counts as equal.
#[derive(Clone, Debug, Args)]
pub(crate) struct Bounds {
    /// The day to which ages run [default: today]
    #[arg(long, value_name = "DATE", value_parser = only_day)]
    pub(crate) on: Option<NaiveDate>,
    /// Amounts that differ by no more agree, in the currency at hand: 0.02
    #[arg(long, value_name = "AMOUNT", value_parser = bound, default_value = "0")]
    pub(crate) tolerance: Decimal,
    /// Amounts that differ by no more than this share of what is expected agree: 0.5%
    #[arg(long, value_name = "PERCENT", value_parser = share, default_value = "0%")]
    pub(crate) relative: Ppm,
}

impl Bounds {
    /// Returns what still counts as equal.
    pub(crate) fn tolerance(&self) -> Tolerance {
        Tolerance { absolute: self.tolerance, relative: self.relative }
    }
}

fn bound(text: &str) -> Result<Decimal, String> {
    let amount = text.parse::<Decimal>().ok().filter(|amount| !amount.is_sign_negative());
    amount.ok_or_else(|| "write an amount such as 0.02".to_owned())
}

fn share(text: &str) -> Result<Ppm, String> {
    let percent = text.strip_suffix('%').and_then(|number| number.trim().parse::<Decimal>().ok());
    let ppm = percent.and_then(|percent| percent.checked_mul(Decimal::from(10_000)));
    let ppm = ppm.filter(|ppm| ppm.fract().is_zero()).and_then(|ppm| u32::try_from(ppm).ok());
    ppm.and_then(Ppm::new).ok_or_else(|| "write a share such as 0.5%, at most 100%".to_owned())
}
