//! The arguments of the books: the journal, closing a month, comparing runs.

use chrono::NaiveDate;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};
use feebook_schedule::zone::Month;

use super::{Scoped, month, only_day};

#[derive(Debug, Args)]
pub(crate) struct Journal {
    /// Only entries dated in these days: --month, --from and --to are those of the entry, not of the
    /// order
    #[command(flatten)]
    pub(crate) scope: Scoped,
    /// What the entries are added up by
    #[arg(long, value_name = "SUM", default_value = "day")]
    pub(crate) by: JournalBy,
}

/// What entries are added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum JournalBy {
    /// By day, and on a day by run or payout.
    Day,
    /// By run or payout, dated on the day it was recorded.
    Run,
    /// Not at all: every entry of every order.
    Order,
}

#[derive(Debug, Args)]
pub(crate) struct Balance {
    /// Only this program
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
    /// As of this day: entries dated later are left out
    #[arg(long, value_name = "DATE", value_parser = only_day)]
    pub(crate) on: Option<NaiveDate>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Close {
    #[command(subcommand)]
    pub(crate) command: Option<Closings>,
    /// The month
    #[arg(value_name = "YYYY-MM", value_parser = month, required = true)]
    pub(crate) month: Option<Month>,
    /// Only for this program; otherwise for all of the ledger
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
    /// By whom
    #[arg(long, value_name = "NAME")]
    pub(crate) who: Option<String>,
    /// A note
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) note: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Closings {
    /// List the months that are closed
    List {
        /// Only this program
        #[arg(long, value_name = "PROGRAM")]
        program: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Runs {
    /// List all runs that posted something
    List,
    /// Say what a later run found otherwise than an earlier one, by month and line by line
    Diff(RunsDiff),
}

#[derive(Debug, Args)]
pub(crate) struct RunsDiff {
    /// The earlier run's number
    #[arg(value_name = "RUN")]
    pub(crate) before: i64,
    /// The later run's number
    #[arg(value_name = "RUN")]
    pub(crate) after: i64,
    /// Only orders of this month
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    pub(crate) month: Option<Month>,
    /// Only this program
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
}
