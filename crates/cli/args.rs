//! The arguments, as clap reads them. Dumb on purpose: no file is opened here.

mod books;
mod exports;
mod inputs;
mod payouts;
mod reconcile;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use feebook_core::ledger::Unheld;
use feebook_core::run::Scope;
use feebook_core::statement::By;
use feebook_kernel::Effect;
use feebook_schedule::zone::{Month, day_before};

pub(crate) use self::books::{Balance, Close, Closings, Journal, JournalBy, Runs, RunsDiff};
pub(crate) use self::exports::{Export, ExportForm};
pub(crate) use self::payouts::{Fx, Matched, Payout, PayoutAdd};
pub(crate) use self::reconcile::{Bounds, Dispute, Reconcile};

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
    /// Let the plugins run that the schedules name, if their digest is that of plugins.toml
    #[arg(long, global = true)]
    pub(crate) allow_plugins: bool,
    /// The form of the output [default: text, or by the ending of -o]
    #[arg(short = 'O', long = "output-format", global = true, value_name = "FORM")]
    pub(crate) form: Option<Form>,
    /// Write the output to a file
    #[arg(short = 'o', long = "output", global = true, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Colours, on a terminal only unless told otherwise
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// What is to be confirmed at the end, of a ledger that this user may only read.
    #[arg(skip)]
    pub(crate) unheld: Arc<OnceLock<Unheld>>,
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
    /// Report formats: list, show, find out which one a file is in, begin a mapping
    #[command(subcommand, visible_alias = "format")]
    Formats(FormatsOf),
    /// List imports, or take one back
    #[command(subcommand)]
    Imports(Imports),
    /// Rows that an import could not read: list, write out to be mended, read again
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// The publisher's own click log: import, list, take back
    #[command(subcommand)]
    Click(Click),
    /// Violations and findings of fraud on orders, sub-ids and placements
    #[command(subcommand)]
    Flag(Flag),
    /// What the program determined about products
    #[command(subcommand)]
    Product(Product),
    /// What kind of placement a link stands in
    #[command(subcommand)]
    Placement(Placement),
    /// What model the program gave the account
    #[command(subcommand)]
    Account(Account),
    /// List programs, or show one
    #[command(subcommand)]
    Program(Program),
    /// The terms: list, show, find, check, export
    #[command(subcommand)]
    Schedule(Schedule),
    /// Fee rules in native code: list, inspect, trust, stamp, begin one
    #[command(subcommand)]
    Plugin(Plugin),
    /// Search ads: check a list of keywords
    #[command(subcommand)]
    Sem(Sem),
    /// Make a link that the network counts, from the program's template
    Link(Link),
    /// What was paid: record, import, match with lines, list, plan withdrawals
    #[command(subcommand)]
    Payout(Payout),
    /// Rates of exchange: import, list
    #[command(subcommand)]
    Fx(Fx),
    /// Evaluate orders under the terms in force on their days and post the differences
    Recompute(Recompute),
    /// List the runs, or compare two of them
    #[command(subcommand)]
    Runs(Runs),
    /// List order lines with what each earns
    Lines(Lines),
    /// Show step by step what an order earns and why
    Explain(Explain),
    /// Totals of what is earned
    Statement(Statement),
    /// The double entry that follows from results, payouts and closed months
    Journal(Journal),
    /// What stands on each account of the journal
    Balance(Balance),
    /// Close a month and all before it: what is found of these later is an adjustment in an open month
    Close(Close),
    /// Write lines, a statement or the journal for other programs
    Export(Export),
    /// Check the ledger and its facts
    Check(Scoped),
    /// Evaluate every posted result again, on the facts, terms and plugin of its run
    Verify(Scoped),
    /// Compare what the terms give with what was reported and paid; diagnose every difference
    Reconcile(Reconcile),
    /// Write what was reported or paid short as a folder that can be sent
    Dispute(Dispute),
    /// Look after the installation: the ledger, schedules, plugins, config, disk; say what to do next
    Doctor,
    /// Copy the ledger into a new file while it is in use, and read that again
    Backup {
        /// The file, which must not be there
        file: PathBuf,
    },
    /// Drop what is derived from facts and results, and make it again
    Rebuild,
    /// Price what the terms leave open, both ways, on the ledger's orders
    Assumptions(Scoped),
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
    /// Keep the files themselves, too, packed in the ledger; also of files that were imported before
    #[arg(long)]
    pub(crate) archive: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FormatsOf {
    /// List all formats
    List,
    /// Show a format's mapping file
    Show {
        /// The format
        format: String,
        /// The program, for a format of its own
        #[arg(long, value_name = "PROGRAM")]
        program: Option<String>,
    },
    /// Say which format a file is in, why, and what the nearest others ask for
    Sniff {
        /// The report
        file: PathBuf,
        /// The program, for a format of its own
        #[arg(long, value_name = "PROGRAM")]
        program: Option<String>,
    },
    /// Write the JSON Schema by which an editor completes one of feebook's TOML files
    Schema {
        /// The kind of file
        of: SchemaOf,
    },
    /// Propose a mapping for a file from its columns or keys, to be edited
    New {
        /// The report
        file: PathBuf,
        /// The new format's name; that of the file if not given
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
}

/// The files of which there is a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// A mapping, `reports/<format>.toml`.
    Mapping,
    /// `program.toml`.
    Program,
    /// A version of terms.
    Version,
    /// `plugins.toml`.
    Plugins,
    /// `feebook.toml` beside the ledger.
    Feebook,
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
    /// Write the file of an import as it was, to stdout or -o; it was imported with --archive
    Archive {
        /// The import's number
        id: i64,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Quarantine {
    /// List the rows that wait, each problem of theirs in a row
    List {
        /// Only rows of this import
        #[arg(long, value_name = "IMPORT")]
        import: Option<i64>,
        /// Also rows that no longer wait
        #[arg(long)]
        all: bool,
    },
    /// Show a row as it stood in the file, with all its problems
    Show {
        /// Its number in the list
        row: i64,
    },
    /// Write the rows of an import that wait as a file of the same format, to be mended and imported
    Export {
        /// The import's number
        import: i64,
    },
    /// Read rows again with the mapping of today, and take in those that pass, as an import of their own
    Retry {
        /// The import's number [default: every import with rows that wait]
        import: Option<i64>,
    },
    /// Say why rows need not be taken in; they stay in the ledger and no longer wait
    #[command(group = clap::ArgGroup::new("rows").required(true).args(["import", "row"]))]
    Close {
        /// All rows of this import that wait
        #[arg(long, value_name = "IMPORT")]
        import: Option<i64>,
        /// This row
        #[arg(long, value_name = "ROW")]
        row: Option<i64>,
        /// Why
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        reason: String,
        /// Who says so
        #[arg(long, value_name = "NAME")]
        who: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Click {
    /// Import click logs: CSV with the columns `sub_id`, `clicked_at`, `placement`, `country`, `url`,
    /// `referrer`
    Import {
        /// The click logs
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The program that the links belong to, where the ledger has more than one
        #[arg(long, value_name = "PROGRAM")]
        program: Option<String>,
        /// Keep nothing of a file that has a bad row
        #[arg(long)]
        strict: bool,
    },
    /// List clicks
    List {
        #[command(flatten)]
        scope: Scoped,
        /// Only clicks of this sub-id
        #[arg(long, value_name = "SUB_ID")]
        sub_id: Option<String>,
        /// Only clicks of this placement
        #[arg(long, value_name = "PLACEMENT")]
        placement: Option<String>,
    },
    /// Take an import of clicks back: its clicks stop counting
    Undo {
        /// The import's number
        id: i64,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Flag {
    /// Record a flag
    Add(FlagAdd),
    /// List flags, those taken back too
    List {
        /// Only this program
        #[arg(long, value_name = "PROGRAM")]
        program: Option<String>,
    },
    /// Take a flag back; it stays in the history
    Remove(Remove),
}

#[derive(Debug, Args)]
pub(crate) struct FlagAdd {
    /// The kind, as the terms name it: `fraud`, `brand_bidding`, `cookie_stuffing` ...
    pub(crate) kind: String,
    #[command(flatten)]
    pub(crate) subject: FlagSubject,
    /// With --placement: only from this day or instant on, by the click, else the governing instant
    #[arg(long, value_name = "DATE", requires = "placement")]
    #[arg(conflicts_with_all = ["order", "sub_id"])]
    pub(crate) from: Option<String>,
    /// With --placement: only before this day or instant
    #[arg(long, value_name = "DATE", requires = "placement")]
    #[arg(conflicts_with_all = ["order", "sub_id"])]
    pub(crate) until: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
    /// The program's own decision, where it does not leave the effect to its terms
    #[arg(long, value_name = "EFFECT")]
    pub(crate) effect: Option<FlagEffect>,
    /// The day it was found or told [default: today]
    #[arg(long, value_name = "DATE", value_parser = only_day)]
    pub(crate) on: Option<NaiveDate>,
    /// Who found or told it
    #[arg(long, value_name = "NAME")]
    pub(crate) who: Option<String>,
    /// The program, where the ledger has more than one
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
}

/// What a flag is about: one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct FlagSubject {
    /// The order
    #[arg(long, value_name = "ORDER")]
    pub(crate) order: Option<String>,
    /// The sub-id
    #[arg(long, value_name = "SUB_ID")]
    pub(crate) sub_id: Option<String>,
    /// The placement
    #[arg(long, value_name = "PLACEMENT")]
    pub(crate) placement: Option<String>,
}

/// What a flag does.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum FlagEffect {
    /// The line earns 0.
    Disqualify,
    /// The line is computed, shown and posted as held.
    Hold,
    /// The commission stays; bonus and incentive do not.
    WithholdBonus,
}

impl FlagEffect {
    /// Returns the kernel's word for it.
    pub(crate) fn effect(self) -> Effect {
        match self {
            Self::Disqualify => Effect::Disqualify,
            Self::Hold => Effect::Hold,
            Self::WithholdBonus => Effect::WithholdBonus,
        }
    }
}

/// A fact to take back.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Its number in the list
    pub(crate) id: i64,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
    /// By whom
    #[arg(long, value_name = "NAME")]
    pub(crate) who: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Product {
    /// Record that the program gave a product a mark, such as `virtual`
    Mark(Mark),
    /// Record that the program took a mark off
    Unmark(Mark),
    /// List marks with their history
    List {
        /// Only this program
        #[arg(long, value_name = "PROGRAM")]
        program: Option<String>,
    },
    /// Take an entry back, as if it had never been made; it stays in the history
    Remove(Remove),
}

#[derive(Debug, Args)]
pub(crate) struct Mark {
    /// The network's product id
    pub(crate) product: String,
    /// The mark, as the terms name it
    #[arg(value_name = "MARK")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) dated: Dated,
}

/// Since when something holds, and who says so.
#[derive(Debug, Args)]
pub(crate) struct Dated {
    /// From this day on, in the program's zone
    #[arg(long, value_name = "DATE", value_parser = only_day)]
    pub(crate) from: NaiveDate,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) reason: Option<String>,
    /// Who said so
    #[arg(long, value_name = "NAME")]
    pub(crate) who: Option<String>,
    /// The program, where the ledger has more than one
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Placement {
    /// Record what kind a placement is: content, cashback, coupon, sem or extension
    Set {
        /// The placement
        placement: String,
        /// Its kind, as the terms name it
        kind: String,
        #[command(flatten)]
        dated: Dated,
    },
    /// List kinds with their history
    List {
        /// Only this program
        #[arg(long, value_name = "PROGRAM")]
        program: Option<String>,
    },
    /// Take an entry back, as if it had never been made; it stays in the history
    Remove(Remove),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Record what the program assigned to the account
    Set {
        /// What of the account
        aspect: AccountAspect,
        /// What it is, as the terms name it
        value: String,
        #[command(flatten)]
        dated: Dated,
    },
    /// List what was assigned, with its history
    List {
        /// Only this program
        #[arg(long, value_name = "PROGRAM")]
        program: Option<String>,
    },
    /// Take an entry back, as if it had never been made; it stays in the history
    Remove(Remove),
}

/// What of an account the terms ask for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AccountAspect {
    /// The account's model, which the program assigns.
    Channel,
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
    /// Say what changed from one version to another
    Diff {
        /// The program
        program: String,
        /// The earlier version
        before: String,
        /// The later version, or a file that is not in the program's folder yet
        after: String,
    },
    /// Begin a new version as a copy of another, and list what to go through
    New(NewVersion),
    /// Check schedules, each by itself and across versions
    Check {
        /// The program
        program: Option<String>,
    },
    /// Show what announced terms come to on your own last months of orders
    Preview(Preview),
    /// Compare the terms in words with what you accepted
    Test {
        /// The program; otherwise all that have a file of your own
        program: Option<String>,
        /// Accept the terms as they are
        #[arg(long)]
        accept: bool,
    },
    /// Write a program's files into a folder
    Export {
        /// The program
        program: String,
        /// The folder to write into
        dir: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sem {
    /// Check a list of keywords by what the program says of search ads
    #[command(long_about = SEM_CHECK)]
    Check {
        /// The program
        program: String,
        /// The list: a CSV, or the export of an ad platform's editor
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// List the builds that plugins.toml names, and the plugins that you trust
    List,
    /// Load the plugins that schedules name and have them check their config; this runs their code
    Check {
        /// The program; otherwise all
        program: Option<String>,
    },
    /// Say what a library is, without running any of its code
    Inspect {
        /// The library
        file: PathBuf,
    },
    /// Trust a library: note its digest in your config file, so that it runs without --allow-plugins
    Trust {
        /// The library
        file: PathBuf,
    },
    /// Note a build of a plugin in the program's plugins.toml, so that its schedules can use it
    Stamp(Stamp),
    /// Write a crate for a new plugin, which builds and passes its test
    New {
        /// The plugin's name, as schedules will say it
        name: String,
        /// The folder to write [default: the plugin's name]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Stamp {
    /// The plugin's name, as the schedule says it
    pub(crate) name: String,
    /// The library that was built
    pub(crate) library: PathBuf,
    /// The program, where several name the plugin
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
    /// The first day of whose orders it serves [default, for a first build: when the terms begin]
    #[arg(long, value_name = "DATE", value_parser = only_day)]
    pub(crate) from: Option<NaiveDate>,
}

/// What `sem check --help` says.
const SEM_CHECK: &str = "\
Check a list of keywords by what the program says of search ads

The list is a CSV with the columns keyword, campaign, match type and negative (y or n), or the export \
of Google Ads Editor or a bulk file of Microsoft Advertising as it is. Findings go to stderr. The \
required negative keywords that are missing go to stdout: ready to paste, or with -O csv in the \
columns of the list, to be imported; -O json holds both.

A bid is near the brand when the whole keyword, or up to three adjacent words of it, come within so \
many edits of a brand term (a letter more, less, other, or two swapped; capitals, accents, blanks, \
hyphens and dots do not count):

  letters of the word   edits that count
  up to 5               none, but a letter doubled, y for i, two letters swapped
  6 or 7                1
  8 or more             2

Where a term has several words, each is compared with its own. A word with the brand inside counts \
from 6 letters on. Ordinary words that come near are listed in program.toml as sem.ordinary_terms.

Exits with 1 when there are findings, with 4 when rows of the list were not understood.";

#[derive(Debug, Args)]
pub(crate) struct Link {
    /// The program
    pub(crate) program: String,
    /// The page to link to, its whole address; otherwise the home page
    pub(crate) url: Option<String>,
    /// Where the link will stand
    #[arg(long, value_name = "NAME")]
    pub(crate) placement: Option<String>,
    /// Your tag, which reports give back
    #[arg(long, value_name = "TAG")]
    pub(crate) sub_id: Option<String>,
    /// The link that the network made for you, where links build on it
    #[arg(long, value_name = "LINK")]
    pub(crate) base: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Preview {
    /// The announced version: a file named YYYY-MM-DD.toml
    pub(crate) file: PathBuf,
    /// How many months of orders
    #[arg(long, value_name = "N", default_value = "3")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub(crate) months: u32,
    /// Count back from this day instead of the last month with orders
    #[arg(long, value_name = "DATE", value_parser = only_day)]
    pub(crate) on: Option<NaiveDate>,
    /// The program, where the file's folder is not named after it
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct NewVersion {
    /// The program
    pub(crate) program: String,
    /// The version to copy
    #[arg(long, value_name = "VERSION")]
    pub(crate) from: String,
    /// When the new one takes effect: a day in the program's zone, or an instant with an offset
    #[arg(long, value_name = "DATE")]
    pub(crate) effective: String,
    /// When publishers were told
    #[arg(long, value_name = "DATE", value_parser = only_day)]
    pub(crate) announced: Option<NaiveDate>,
    /// What the file's name has after the day
    #[arg(long, value_name = "WORD")]
    pub(crate) slug: Option<String>,
    /// The version that the new one replaces, if it is an amendment
    #[arg(long, value_name = "VERSION", requires = "learned")]
    pub(crate) supersedes: Option<String>,
    /// The day on which the amendment was learned of
    #[arg(long, value_name = "DATE", value_parser = only_day, requires = "supersedes")]
    pub(crate) learned: Option<NaiveDate>,
}

#[derive(Debug, Args)]
pub(crate) struct Recompute {
    #[command(flatten)]
    pub(crate) scope: Scoped,
    /// By the terms as they were known on this day: without the amendments learned of later
    #[arg(long, value_name = "DATE", value_parser = only_day)]
    pub(crate) as_known: Option<NaiveDate>,
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
    /// Returns the scope; days that end before they begin end the program, as clap does.
    pub(crate) fn scope(&self) -> Scope {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            let refused = format!("no day is from {from} to {to}");
            Cli::command().error(ErrorKind::ValueValidation, refused).exit();
        }
        let days = match (self.month, self.from, self.to) {
            (Some(month), _, _) => Some((month.first_day(), end_of(month))),
            (None, None, None) => None,
            (None, from, to) => {
                Some((from.unwrap_or(NaiveDate::MIN), to.unwrap_or(NaiveDate::MAX)))
            }
        };
        Scope { program: self.program.clone(), days, ..Scope::default() }
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
pub(crate) struct Lines {
    #[command(flatten)]
    pub(crate) scope: Scoped,
    /// As it was at the end of this day in the program's zone: what was known and computed by then
    #[arg(long, value_name = "DATE", value_parser = only_day)]
    pub(crate) as_of: Option<NaiveDate>,
}

#[derive(Debug, Args)]
pub(crate) struct Statement {
    #[command(flatten)]
    pub(crate) scope: Scoped,
    /// As it was at the end of this day in the program's zone: what we said then
    #[arg(long, value_name = "DATE", value_parser = only_day)]
    pub(crate) as_of: Option<NaiveDate>,
    /// What to group by
    #[arg(long, value_name = "GROUP", default_value = "month")]
    pub(crate) by: GroupBy,
    /// Draw the months into a picture as well: FILE.svg or FILE.png
    #[arg(long, value_name = "FILE", value_parser = picture)]
    pub(crate) chart: Option<PathBuf>,
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

/// Reads the name of a picture; its ending says the kind.
fn picture(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let known = path.extension().is_some_and(|ending| ending == "svg" || ending == "png");
    if known { Ok(path) } else { Err("the name of a picture ends in .svg or .png".to_owned()) }
}

fn month(text: &str) -> Result<Month, String> {
    Month::parse(text).ok_or_else(|| "write a month as YYYY-MM, such as 2024-05".to_owned())
}

fn end_of(month: Month) -> NaiveDate {
    day_before(Month::from_index(month.index() + 1).first_day())
}

fn day(text: &str) -> Result<NaiveDate, String> {
    only_day(text).map_err(|hint| format!("{hint}, or a month as YYYY-MM"))
}

fn only_day(text: &str) -> Result<NaiveDate, String> {
    let well_formed = text.len() == 10;
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| well_formed)
        .ok_or_else(|| "write a day as YYYY-MM-DD".to_owned())
}

fn first_day(text: &str) -> Result<NaiveDate, String> {
    Month::parse(text).map_or_else(|| day(text), |month| Ok(month.first_day()))
}

fn last_day(text: &str) -> Result<NaiveDate, String> {
    Month::parse(text).map_or_else(|| day(text), |month| Ok(end_of(month)))
}
