//! What stops a command: a kind for the exit code, a code, one sentence, what to do.
//!
//! Owns the failures of this crate. Refuses to be used for refusals to pay (those are verdicts)
//! and for problems of a file that does not stop the work (those are diagnostics).

use std::fmt;
use std::path::Path;
use std::sync::LazyLock;

use feebook_plugin::Refusal;
use feebook_schedule::diagnostic::{Code, Diagnostic, Severity};

/// The kind of a failure; the command line maps it to its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Asked for something that does not exist or does not go together.
    Usage,
    /// Terms that do not load.
    Terms,
    /// A report of which nothing can be read.
    Report,
    /// The terms need a plugin and it was refused.
    Plugin,
    /// The ledger, or a file, cannot be read or written.
    Ledger,
    /// A promise that the program makes to itself does not hold.
    Internal,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $kind:ident $id:literal, $title:literal, $help:literal;)*) => {
        $($(#[$doc])* pub static $name: Failure = Failure {
            kind: ErrorKind::$kind,
            code: Code { id: $id, severity: Severity::Error, title: $title, help: $help },
        };)*

        /// All failures of this crate in order of their numbers.
        pub static FAILURES: &[&Failure] = &[$(&$name),*];
    };
}

/// A code of a failure, and its kind.
#[derive(Debug)]
pub struct Failure {
    /// The kind.
    pub kind: ErrorKind,
    /// The code.
    pub code: Code,
}

codes! {
    /// There is no ledger at the path.
    NO_LEDGER = Ledger "L001", "no ledger",
        "There is no file at the ledger's path. `feebook init` makes one; `-f` or FEEBOOK_LEDGER names another.";
    /// The file is something else.
    NOT_A_LEDGER = Ledger "L002", "not a ledger",
        "The file exists but feebook did not write it. Nothing was changed in it.";
    /// Written by a newer version.
    NEWER_LEDGER = Ledger "L003", "ledger of a newer version",
        "A newer feebook wrote this ledger. An older one would not understand all of it, so it refuses.";
    /// Somebody else writes.
    BUSY = Ledger "L004", "ledger in use",
        "Another process is writing to the ledger and did not finish in time. Wait for it, then try again; nothing was written.";
    /// SQLite failed.
    DATABASE = Ledger "L005", "database failure",
        "SQLite could not do what was asked; the message is its own. The transaction was rolled back. With it is told how much room is left where that is little.";
    /// A file failed.
    FILE = Ledger "L006", "file cannot be read or written",
        "The operating system refused; the message is its own.";
    /// A stored value that the ledger's own rules exclude.
    DAMAGED = Ledger "L007", "damaged ledger",
        "The ledger holds a value that its own rules exclude. `feebook check` lists what is wrong; restore a backup.";
    /// No room left.
    NO_ROOM = Ledger "L008", "no room left",
        "The disk is full, or a limit on the size of files was reached. The transaction was rolled back: the ledger is as it was. Make room, then try again.";
    /// The ledger, or its folder, cannot be written.
    READ_ONLY = Ledger "L009", "ledger cannot be written",
        "The file, its folder or the disk is read-only for this user. SQLite also needs to make files beside the ledger (-wal, -shm). Nothing was changed. Commands that only read work all the same, unless changes of an interrupted process wait in the -wal file or the ledger is of an older version.";
    /// A backup that is not the ledger.
    BAD_BACKUP = Ledger "L010", "backup is not the ledger",
        "The copy was read again and is not what the ledger was when it was made. It was taken away.";
    /// A ledger that was written while nobody held it still.
    NOT_HELD = Ledger "L011", "ledger written while it was read",
        "A user who may not write the ledger reads it without locks. Another process wrote to it meanwhile, so what was told may mix two states. Use none of it; run the command again.";
    /// The terms do not load.
    TERMS = Terms "T001", "terms do not load",
        "The schedule files have errors, listed above. Nothing is evaluated until all of them load: a wrong version would price orders wrongly without a word.";
    /// No such program.
    NO_PROGRAM = Usage "U001", "unknown program",
        "The program's name is that of its folder under schedules/. `feebook program list` shows them.";
    /// The program was not named and cannot be inferred.
    WHICH_PROGRAM = Usage "U002", "program not named",
        "The report does not say which program its orders belong to; name it with --program.";
    /// No such order.
    NO_ORDER = Usage "U003", "unknown order",
        "The ledger has no order of that number. `feebook lines` lists what it has.";
    /// The same number in several programs.
    WHICH_ORDER = Usage "U004", "order number in several programs",
        "Two programs report an order of the same number; name the program with --program.";
    /// No such import.
    NO_IMPORT = Usage "U005", "unknown import",
        "The ledger has no import of that number. `feebook imports list` shows them.";
    /// The import was taken back before.
    ALREADY_UNDONE = Usage "U006", "import already taken back",
        "The import's rows no longer count; taking it back twice changes nothing.";
    /// No such version.
    NO_VERSION = Usage "U007", "unknown version",
        "The program has no schedule of that name or for that date.";
    /// Not an instant.
    BAD_TIME = Usage "U008", "not an instant",
        "A time is written as a day, as a local time in the program's zone, or as an instant with an offset.";
    /// No such format.
    NO_FORMAT = Usage "U009", "unknown format",
        "--as takes the name of a report format: that of a mapping file under reports/.";
    /// The program of a version's file is not known.
    WHOSE_VERSION = Usage "U010", "program of a file not known",
        "The folder that the file lies in is not named after a program; name the program with --program.";
    /// Not a file of a version.
    NOT_A_VERSION = Usage "U011", "not the file of a version",
        "A version is a TOML file named YYYY-MM-DD.toml or YYYY-MM-DD-slug.toml.";
    /// Nothing to go by.
    NO_ORDERS = Usage "U012", "no orders to go by",
        "What terms come to is worked out on orders, and the ledger has none there.";
    /// Not what a version can be called.
    BAD_SLUG = Usage "U020", "not a word for a file name",
        "A version is named after its day; what follows is a word of a-z, 0-9, _ and -, such as \"raised\".";
    /// There is such a version.
    VERSION_TAKEN = Usage "U021", "there is such a version already",
        "A new version needs a name and an instant of its own, or replaces the one that is there (--supersedes, --learned). Nothing was written.";
    /// The new version does not go with the others.
    DRAFT_REFUSED = Usage "U022", "the new version does not go with the others",
        "With the new version the terms would not load, for the reasons told before. Nothing was written.";
    /// No template of links.
    NO_TEMPLATE = Usage "U030", "no link template",
        "How the network's links are made is not known for this program. [links] of program.toml says it: template and hosts, as the network states them.";
    /// No deep links.
    NO_DEEP_LINKS = Usage "U031", "no deep links",
        "The program lets its publishers link to its home page only (policies.deeplinking).";
    /// Not an address of the web.
    BAD_URL = Usage "U032", "not an address of the web",
        "A link leads to a whole http or https address without a user name.";
    /// An address of another shop.
    OTHER_HOST = Usage "U033", "address of another shop",
        "The network counts orders of the program's own shop only; links.hosts of program.toml lists its hosts.";
    /// A tag that the network cannot carry.
    BAD_TAG = Usage "U034", "tag that the network does not carry",
        "A placement or sub-id that is cut short or changed on its way cannot be found again in a report. program.toml says what the network carries (links.sub_id_max, links.sub_id_signs and the same for placement).";
    /// Something is missing for a link.
    LINK_NEEDS = Usage "U035", "link with something missing",
        "The template asks for something that was not given.";
    /// A link has no place for something.
    NO_PLACE_IN_LINK = Usage "U036", "link without a place for it",
        "What was given would not be in the link, and so in no report.";
    /// The program says too little of search ads.
    NO_SEM_POLICY = Usage "U037", "nothing known of search ads",
        "Without policies.sem, and the brand terms unless all is allowed, nothing can be found in a list of keywords.";
    /// A form that a terminal cannot show.
    NOT_FOR_TERMINALS = Usage "U038", "form that a terminal cannot show",
        "Parquet tables, workbooks and PNG pictures are bytes for a file, not text for a terminal.";
    /// An output that would be written over the ledger or over what is read.
    OVER_AN_INPUT = Usage "U039", "output over the ledger or over what is read",
        "An output replaces the file that it is written into. The ledger is never one of them, nor a file that the same command reads, under whatever name.";
    /// No such flag or dated fact.
    NO_FACT = Usage "U040", "unknown flag or dated fact",
        "The ledger has no flag, mark, placement or account fact of that number; the `list` of each shows them.";
    /// Taken back before.
    ALREADY_REMOVED = Usage "U041", "already taken back",
        "The flag or dated fact no longer counts; taking it back twice changes nothing. It stays in the history.";
    /// A word that cannot be a name in the terms.
    NOT_A_NAME = Usage "U042", "not a name",
        "Kinds of flags, marks and channels are lowercase words (a-z, 0-9, _ and -), as the terms write them; a placement's kind is one of those that conditions know.";
    /// A period without an instant.
    EMPTY_PERIOD = Usage "U043", "empty period",
        "The end of a period does not belong to it, and comes after its beginning.";
    /// Closed before.
    MONTH_CLOSED = Usage "U070", "month closed already",
        "A closed month stays closed, and all before it. What a later recompute finds of it is posted as adjustments in the month that is open.";
    /// It goes on.
    MONTH_NOT_OVER = Usage "U071", "month not over",
        "A month can be closed once it is over in the program's zone.";
    /// Months are closed one after another.
    EARLIER_MONTH_OPEN = Usage "U072", "earlier month open",
        "Closing a month closes all before it. One with orders or payouts is closed by itself first, so that nobody does so unawares.";
    /// Not computed as it stands.
    MONTH_WAITS = Usage "U073", "month waits for a recompute",
        "What was reported or changed after the last recompute would be an adjustment at once; recompute first, then close.";
    /// No such run.
    NO_RUN = Usage "U074", "unknown run",
        "The ledger has no run of that number. `feebook runs list` shows them.";
    /// A build of the plugin holds for those days already.
    STAMPED = Usage "U050", "another build holds already",
        "A line of plugins.toml serves orders from its day on, until a line with a later day. Whether a new build also serves the orders that an older one has computed is for you to say: --from.";
    /// A plugin that no schedule names.
    NO_PLUGIN = Usage "U051", "plugin that no schedule names",
        "A build is stamped for a program whose schedule names the plugin under [plugin].";
    /// The folder is there.
    FOLDER_TAKEN = Usage "U052", "folder is there already",
        "A new plugin, or a dispute, is written into a folder of its own; nothing is written over.";
    /// No such payout.
    NO_PAYOUT = Usage "U060", "unknown payout",
        "The ledger has no payout of that number. `feebook payout list` shows them.";
    /// Taken back.
    PAYOUT_REMOVED = Usage "U061", "payout taken back",
        "The payout and what it paid no longer count. Record it again if it was paid after all; it stays in the history.";
    /// Another payout of that number.
    PAYOUT_TAKEN = Usage "U062", "payout of that number is there already",
        "A network's number of a payout counts once per program: otherwise the same money would pay twice.";
    /// More than there is.
    OVERPAID = Usage "U063", "payout would pay more than there is",
        "What a payout pays of its lines comes to its amount at most; what it does not pay stays unmatched.";
    /// Not an amount, or not a currency.
    BAD_MONEY = Usage "U064", "not an amount of money",
        "An amount is a plain decimal with at most the decimals of its currency, which is an ISO 4217 code.";
    /// Nothing says which lines.
    NO_LINES_NAMED = Usage "U065", "no lines to pay",
        "A payout pays the settled lines of the days that it covers, or the lines that are named.";
    /// Its amounts contradict each other.
    IMPOSSIBLE_PAYOUT = Usage "U066", "payout that cannot be",
        "A fee is taken from the amount, and what arrives in the same currency is the rest at most; of a transfer that failed nothing arrives.";
    /// It failed, or pays lines with all of it.
    NOTHING_LEFT = Usage "U067", "payout with nothing left",
        "A transfer that failed pays nothing, and one that pays lines with its whole amount pays no more. `feebook payout list` shows what of each is unmatched.";
    /// The same line again.
    NAMED_TWICE = Usage "U068", "line named twice",
        "A payout pays a line once. An order without a line stands for all its lines; where a statement has several rows for a line, add them up.";
    /// Not of that day, nor of the week before.
    NO_EXCHANGE_RATE = Usage "U069", "unknown rate of exchange",
        "The rate of a day is the one published for it, else the last of the seven days before. `feebook fx list` shows what the ledger has.";
    /// No difference to our disadvantage.
    NOTHING_TO_CLAIM = Usage "U080", "nothing to claim",
        "A dispute claims what was reported or paid short. `feebook reconcile` shows what differs, and to whose disadvantage.";
    /// Several programs would be claimed from at once.
    WHOSE_CLAIM = Usage "U081", "claim on several programs",
        "A dispute goes to one network: name the program with --program.";
    /// No such quarantined row.
    NO_QUARANTINE = Usage "U090", "nothing in quarantine",
        "Quarantined rows are those that an import could not read. `feebook quarantine list` shows those that wait.";
    /// The file of an import was not kept.
    NO_ARCHIVE = Usage "U091", "file not archived",
        "The ledger keeps facts; files only where that was asked for, by `import --archive`, or by `archive = true` in feebook.toml beside the ledger or in your config file, both of which `feebook doctor` names. A file that is imported again with it is kept from then on.";
    /// Rows that make no file together.
    MANY_SHAPES = Usage "U092", "quarantined rows of several files",
        "An archive can hold files whose columns differ. Rows of such files cannot be written out as one file; `feebook quarantine retry` reads each in its own.";
    /// Rows that are told apart by counting.
    COUNTED_ROWS = Usage "U093", "rows that are counted within their file",
        "A report without numbers for its lines has them counted: the second of two alike gets `#2`. Read alone each would be the first, and would take the place of a line that is good. Mend the mapping or the file and import the whole file again.";
    /// The schedule wants a plugin.
    PLUGIN_WANTED = Plugin "P001", "schedule needs a plugin",
        "A rule of this schedule is computed by a plugin, which is native code. None runs unless `--allow-plugins` is given or `feebook plugin trust` recorded its digest. Nothing is posted.";
    /// A promise to ourselves.
    BROKEN = Internal "X001", "internal contradiction",
        "A result contradicts another that must agree with it. Nothing was written. Please report it with the message.";
}

/// A plugin refuses its config: the code is that of the diagnostics that are told with it.
pub static PLUGIN_CONFIG: Failure = Failure {
    kind: ErrorKind::Terms,
    code: Code {
        id: "S050",
        severity: Severity::Error,
        title: "plugin refuses its config",
        help: "The plugin that the version names does not accept [plugin.config], for the reasons told with it.",
    },
};

/// The refusals of plugins as failures of ours; the first is [`PLUGIN_WANTED`].
static REFUSALS: LazyLock<Vec<Failure>> = LazyLock::new(|| {
    let failure = |code: &&feebook_plugin::codes::Code| Failure {
        kind: ErrorKind::Plugin,
        code: Code { id: code.id, severity: Severity::Error, title: code.title, help: code.help },
    };
    feebook_plugin::codes::ALL.iter().map(failure).collect()
});

/// Returns the refusals of plugins, but for the one that is a failure of this crate, too.
pub fn refusals() -> impl Iterator<Item = &'static Failure> {
    REFUSALS.iter().filter(|failure| failure.code.id != PLUGIN_WANTED.code.id)
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let failure = refusals().find(|failure| failure.code.id == refusal.code().id);
        let error = Self::new(failure.unwrap_or(&PLUGIN_WANTED), refusal.message());
        match refusal.what_to_do() {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// What stopped a command.
#[derive(Debug)]
pub struct Error {
    failure: &'static Failure,
    message: String,
    hint: Option<String>,
    problems: Vec<Diagnostic>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of anything that can be stopped.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Makes an error with one sentence.
    pub fn new(failure: &'static Failure, message: impl Into<String>) -> Self {
        Self { failure, message: message.into(), hint: None, problems: Vec::new(), source: None }
    }

    /// Makes an error about a file that the operating system refused.
    pub fn file(path: &Path, doing: &str, source: std::io::Error) -> Self {
        Self::new(&FILE, format!("cannot {doing} {}: {source}", path.display())).because(source)
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the problems of the files that stopped it.
    #[must_use]
    pub fn with(mut self, problems: Vec<Diagnostic>) -> Self {
        self.problems = problems;
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.failure.kind
    }

    /// Returns the code.
    pub fn code(&self) -> &'static Code {
        &self.failure.code
    }

    /// Whether a plugin was refused, or refuses its config.
    pub fn is_of_plugin(&self) -> bool {
        self.kind() == ErrorKind::Plugin || self.is(&PLUGIN_CONFIG)
    }

    /// Whether it is this failure.
    pub fn is(&self, failure: &Failure) -> bool {
        self.code().id == failure.code.id
    }

    /// Returns the sentence, without code and hint.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the problems of the files that stopped it.
    pub fn problems(&self) -> &[Diagnostic] {
        &self.problems
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.failure.code.id, self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| {
            let source: &(dyn std::error::Error + 'static) = source;
            source
        })
    }
}
