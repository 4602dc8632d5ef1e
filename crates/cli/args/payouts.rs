//! The arguments of `payout` and `fx`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use feebook_schedule::zone::Month;

use super::{Remove, end_of, first_day, last_day, month, only_day};

#[derive(Debug, Subcommand)]
pub(crate) enum Fx {
    /// Import rates: CSV of ours (`date`, `base`, `quote`, `rate`, `source`), of the ECB or of Norges
    /// Bank, told apart by the header
    Import {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The format: feebook, ecb, ecb-portal or norges-bank
        #[arg(long = "as", value_name = "FORMAT")]
        format: Option<String>,
    },
    /// List what rates there are, by pair and source
    List,
    /// Show the rate between two currencies on a day, and how it was found
    Rate {
        /// From this currency
        from: String,
        /// To this one
        to: String,
        /// The day
        #[arg(long, value_name = "DATE", value_parser = only_day)]
        on: NaiveDate,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Payout {
    /// Record a payout and what it pays
    Add(Box<PayoutAdd>),
    /// Import payouts: CSV with `payout_no`, `paid_on`, `amount`, `currency`, `received_amount`,
    /// `received_currency`, `fee`, `covers_from`, `covers_to`, `note`, `status`
    Import {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The program that paid, where the ledger has more than one
        #[arg(long, value_name = "PROGRAM")]
        program: Option<String>,
    },
    /// Have a payout that is there pay lines, or further lines
    Match {
        /// Its number in the list
        id: i64,
        #[command(flatten)]
        lines: Matched,
    },
    /// List payouts, those taken back too, with what of each is matched
    List {
        /// Only this program
        #[arg(long, value_name = "PROGRAM")]
        program: Option<String>,
    },
    /// Show the lines that a payout pays
    Show {
        /// Its number in the list
        id: i64,
    },
    /// Take a payout back; it and what it paid stay in the history
    Remove(Remove),
    /// Show what can be withdrawn, and what withdrawing it more or less often costs
    Plan {
        /// Only this program
        #[arg(long, value_name = "PROGRAM")]
        program: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PayoutAdd {
    /// The program that paid
    pub(crate) program: String,
    /// What it took from the balance, in the currency that was earned
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) amount: String,
    /// That currency
    #[arg(long, value_name = "CURRENCY")]
    pub(crate) currency: String,
    /// The day it was paid
    #[arg(long, value_name = "DATE", value_parser = only_day)]
    pub(crate) on: NaiveDate,
    /// The network's number of it
    #[arg(long, value_name = "NUMBER", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) no: Option<String>,
    /// What arrived, after the fee
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) received: Option<String>,
    /// The currency that arrived [default: that of the amount]
    #[arg(long, value_name = "CURRENCY", requires = "received")]
    pub(crate) received_currency: Option<String>,
    /// What the transfer cost, in the currency of the amount
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) fee: Option<String>,
    /// It arrived nowhere: it cost its fee and pays nothing
    #[arg(long, conflicts_with_all = ["received", "orders", "order"])]
    pub(crate) failed: bool,
    #[command(flatten)]
    pub(crate) lines: Matched,
    /// A note
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) note: Option<String>,
}

/// Which lines a payout pays.
#[derive(Debug, Args)]
pub(crate) struct Matched {
    /// The settled lines that became payable on these days, the oldest first
    #[arg(long, value_name = "FROM..TO", value_parser = days, conflicts_with = "month")]
    pub(crate) covers: Option<(NaiveDate, NaiveDate)>,
    /// The same of a month
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    pub(crate) month: Option<Month>,
    /// The lines that a statement names: CSV with `order_no`, and where there are any `line_no` and
    /// `amount`
    #[arg(long, value_name = "FILE", conflicts_with = "order")]
    pub(crate) orders: Option<PathBuf>,
    /// An order, or a line of it as ORDER/LINE; can be given again
    #[arg(long, value_name = "ORDER")]
    pub(crate) order: Vec<String>,
}

impl Matched {
    /// Returns the days that are covered.
    pub(crate) fn days(&self) -> Option<(NaiveDate, NaiveDate)> {
        self.covers.or_else(|| self.month.map(|month| (month.first_day(), end_of(month))))
    }
}

fn days(text: &str) -> Result<(NaiveDate, NaiveDate), String> {
    let wanted = || "write days as FROM..TO, such as 2024-07-01..2024-07-31".to_owned();
    let (from, to) = text.split_once("..").ok_or_else(wanted)?;
    let (from, to) = (first_day(from)?, last_day(to)?);
    if from > to { Err(format!("no day is from {from} to {to}")) } else { Ok((from, to)) }
}
