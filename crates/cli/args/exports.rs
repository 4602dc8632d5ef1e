//! The arguments of `export`.

use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use feebook_core::run::Scope;
use feebook_schedule::zone::Month;

use super::{GroupBy, Scoped, first_day, last_day, month};

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The form
    #[arg(long, value_name = "FORM")]
    pub(crate) to: ExportForm,
    #[command(flatten)]
    pub(crate) scope: ExportScope,
    /// What a workbook's statement groups by
    #[arg(long, value_name = "GROUP", default_value = "month")]
    pub(crate) by: GroupBy,
}

/// Which orders are exported; `--to` is the form here, so the last day is `--until`.
#[derive(Debug, Args)]
pub(crate) struct ExportScope {
    /// Only this program
    #[arg(long, value_name = "PROGRAM")]
    program: Option<String>,
    /// Only orders of this month
    #[arg(long, value_name = "YYYY-MM", value_parser = month, conflicts_with_all = ["from", "until"])]
    month: Option<Month>,
    /// Only orders of this day or month and later
    #[arg(long, value_name = "DATE", value_parser = first_day)]
    from: Option<NaiveDate>,
    /// Only orders of this day or month and earlier
    #[arg(long, value_name = "DATE", value_parser = last_day)]
    until: Option<NaiveDate>,
}

impl ExportScope {
    /// Returns the scope.
    pub(crate) fn scope(&self) -> Scope {
        let Self { program, month, from, until } = self;
        let (program, month) = (program.clone(), *month);
        Scoped { program, month, from: *from, to: *until }.scope()
    }
}

/// For which program an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportForm {
    /// Lines, with what was reported and bought, as CSV.
    Csv,
    /// The same as JSON.
    Json,
    /// The same as a Parquet table.
    Parquet,
    /// A statement as a workbook.
    Xlsx,
    /// The journal for hledger (ledger reads it as well).
    Hledger,
    /// The journal for beancount.
    Beancount,
}
