//! The arguments, as clap reads them. Dumb on purpose: no file is opened here.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use feebook_core::run::Scope;
use feebook_core::statement::By;
use feebook_schedule::zone::{Month, day_before};

/// The ledger for affiliate commissions: what each order should earn under the terms in force on
/// its day, to the cent and with the clause that says so.
#[derive(Debug, Parser)]
#[command(name = "feebook", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// The ledger
    #[arg(short = 'f', long = "ledger", global = true, env = "FEEBOOK_LEDGER")]
    #[arg(default_value = "feebook.db", value_name = "LEDGER")]
    pub(crate) ledger: PathBuf,
    /// A folder of schedules laid over the shipped ones [default: ./schedules if it exists]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) schedules: Option<PathBuf>,
    /// The form of the output [default: text, or by the ending of -o]
    #[arg(short = 'O', long = "output-format", global = true, value_name = "FORM")]
    pub(crate) form: Option<Form>,
    /// Write the output to a file
    #[arg(short = 'o', long = "output", global = true, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Colours, on a terminal only unless told otherwise
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
}

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// One header and one row per record.
    Csv,
    /// One document; money as strings.
    Json,
}

/// When to use colours and progress bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a complete example in a fresh temporary ledger
    Demo,
    /// Make a ledger
    Init,
    /// Import reports
    Import(Import),
    /// List imports, or take one back
    #[command(subcommand)]
    Imports(Imports),
    /// List programs, or show one
    #[command(subcommand)]
    Program(Program),
    /// The terms: list, show, find, check, export
    #[command(subcommand)]
    Schedule(Schedule),
    /// Evaluate orders under the terms in force on their days and post the differences
    Recompute(Recompute),
    /// List order lines with what each earns
    Lines(Scoped),
    /// Show step by step what an order earns and why
    Explain(Explain),
    /// Totals of what is earned
    Statement(Statement),
    /// Check the ledger and its facts
    Check(Scoped),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write one page per command into a folder
    Man {
        /// The folder
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The reports
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The program that the orders belong to
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
    /// The format, where it is not recognised
    #[arg(long = "as", value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// When the network said this: a day, or an instant with an offset
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// Write nothing; print the same summary
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Keep nothing of a file that has a bad row
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Imports {
    /// List all imports
    List,
    /// Take an import back: its rows stop counting
    Undo {
        /// The import's number
        id: i64,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Program {
    /// List all programs
    List,
    /// Show a program
    Show {
        /// The program
        program: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Schedule {
    /// List the versions of all programs, or of one
    List {
        /// The program
        program: Option<String>,
    },
    /// Show the terms of a version in words
    Show {
        /// The program
        program: String,
        /// The version; otherwise the one in force on --at, or today
        version: Option<String>,
        /// A day in the program's zone, or an instant
        #[arg(long, value_name = "DATE", conflicts_with = "version")]
        at: Option<String>,
    },
    /// Say which version is in force at an instant
    At {
        /// The program
        program: String,
        /// An instant with an offset, or a local time or day in the program's zone
        instant: String,
    },
    /// Check schedules, each by itself and across versions
    Check {
        /// The program
        program: Option<String>,
    },
    /// Write a program's files into a folder
    Export {
        /// The program
        program: String,
        /// The folder to write into
        dir: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Recompute {
    #[command(flatten)]
    pub(crate) scope: Scoped,
    /// All orders; the same as naming no month and no days
    #[arg(long, conflicts_with_all = ["month", "from", "to"])]
    pub(crate) all: bool,
}

/// Which orders are meant.
#[derive(Clone, Debug, Args)]
pub(crate) struct Scoped {
    /// Only this program
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
    /// Only orders of this month
    #[arg(long, value_name = "YYYY-MM", value_parser = month, conflicts_with_all = ["from", "to"])]
    pub(crate) month: Option<Month>,
    /// Only orders of this day or month and later
    #[arg(long, value_name = "DATE", value_parser = first_day)]
    pub(crate) from: Option<NaiveDate>,
    /// Only orders of this day or month and earlier
    #[arg(long, value_name = "DATE", value_parser = last_day)]
    pub(crate) to: Option<NaiveDate>,
}

impl Scoped {
    /// Returns the scope.
    pub(crate) fn scope(&self) -> Scope {
        let days = match (self.month, self.from, self.to) {
            (Some(month), _, _) => Some((month.first_day(), end_of(month))),
            (None, None, None) => None,
            (None, from, to) => {
                Some((from.unwrap_or(NaiveDate::MIN), to.unwrap_or(NaiveDate::MAX)))
            }
        };
        Scope { program: self.program.clone(), days }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The order's number
    pub(crate) order: String,
    /// Only this line
    #[arg(long, value_name = "LINE")]
    pub(crate) line: Option<String>,
    /// The program, where several have an order of that number
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Statement {
    #[command(flatten)]
    pub(crate) scope: Scoped,
    /// What to group by
    #[arg(long, value_name = "GROUP", default_value = "month")]
    pub(crate) by: GroupBy,
}

/// What a statement groups by.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum GroupBy {
    /// The order's month in the program's zone.
    Month,
    /// The line's category.
    Category,
    /// Where the line is sent.
    Country,
    /// Where the link stands.
    Placement,
    /// The version of the terms.
    Schedule,
}

impl GroupBy {
    /// Returns the library's word for it, and the column's name.
    pub(crate) fn by(self) -> (By, &'static str) {
        match self {
            Self::Month => (By::Month, "month"),
            Self::Category => (By::Category, "category"),
            Self::Country => (By::Country, "country"),
            Self::Placement => (By::Placement, "placement"),
            Self::Schedule => (By::Schedule, "schedule"),
        }
    }
}

fn month(text: &str) -> Result<Month, String> {
    Month::parse(text).ok_or_else(|| "write a month as YYYY-MM, such as 2024-05".to_owned())
}

fn end_of(month: Month) -> NaiveDate {
    day_before(Month::from_index(month.index() + 1).first_day())
}

fn day(text: &str) -> Result<NaiveDate, String> {
    let well_formed = text.len() == 10;
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| well_formed)
        .ok_or_else(|| "write a day as YYYY-MM-DD, or a month as YYYY-MM".to_owned())
}

fn first_day(text: &str) -> Result<NaiveDate, String> {
    Month::parse(text).map_or_else(|| day(text), |month| Ok(month.first_day()))
}

fn last_day(text: &str) -> Result<NaiveDate, String> {
    Month::parse(text).map_or_else(|| day(text), |month| Ok(end_of(month)))
}
