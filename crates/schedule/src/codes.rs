//! The codes of everything that can be wrong with our own TOML files. A number is never reused.

use crate::diagnostic::{Code, Severity};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $severity:ident $id:literal, $title:literal, $help:literal;)*) => {
        $($(#[$doc])* pub static $name: Code = Code {
            id: $id,
            severity: Severity::$severity,
            title: $title,
            help: $help,
        };)*

        /// All codes of this crate in order of their numbers.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    /// The file is not TOML.
    SYNTAX = Error "S001", "not valid TOML",
        "The file breaks the rules of TOML at this place. Nothing else of the file is trusted until it parses.";
    /// A key that nobody reads.
    UNKNOWN_KEY = Error "S002", "unknown key",
        "A misspelt key would silently switch a rule off, so every key must be known. The hint names the nearest known key.";
    /// A key that must be there.
    MISSING_KEY = Error "S003", "required key missing",
        "The key has no default: what the terms do not say must be decided by a person and listed under [assumed].";
    /// A value of another type.
    WRONG_TYPE = Error "S004", "value of the wrong type",
        "The key takes another type of value.";
    /// A float.
    FLOAT = Error "S005", "floating point number",
        "Money and rates are written as strings (\"50.00\", \"6.3%\") because a binary float cannot hold them exactly.";
    /// A word that is not one of the known ones.
    UNKNOWN_WORD = Error "S006", "unknown word",
        "The key takes one of a closed set of words.";
    /// Not a date, or not an instant with an offset.
    BAD_DATE = Error "S007", "not a date or instant",
        "Days are YYYY-MM-DD; instants carry an offset, as in 2020-02-20T11:00:00+03:00.";
    /// Not a span of days or hours.
    BAD_DURATION = Error "S008", "not a duration",
        "Durations are whole days (P3D, each of 24 hours) or whole hours (PT36H).";
    /// Not a rate.
    BAD_RATE = Error "S009", "not a rate",
        "A rate is a percent string between 0% and 100% with at most four decimals.";
    /// Not an amount of money.
    BAD_MONEY = Error "S010", "not an amount",
        "An amount is a plain decimal string in major units with no more decimals than its currency has.";
    /// A file that is none of a program's.
    FILE_NAME = Error "S011", "file without a place in a program",
        "A program's folder holds program.toml, category trees and versions named YYYY-MM-DD.toml or YYYY-MM-DD-slug.toml, nothing else in TOML.";
    /// Versions without a program.
    NO_PROGRAM = Error "S012", "folder without program.toml",
        "What outlives a change of terms (zone, payout currency, what picks the version) stands in program.toml beside the versions.";
    /// A format of files that this build does not know.
    FORMAT = Error "S013", "unknown format number",
        "The file was written for another edition of feebook. This one reads format 1.";
    /// The name of a file and the day it takes effect differ.
    NAME_DATE = Error "S014", "file name and effective day differ",
        "A version is named after the local day it takes effect, so that a listing of the folder is the history. Rename the file or correct the date.";
    /// Two versions take effect at one instant.
    SAME_START = Error "S015", "two versions with one start",
        "Which of the two is in force cannot be said. If one replaces the other, give it supersedes and learned_on.";
    /// A version that ends after the next one starts.
    OVERLAP = Error "S016", "version ends after the next one starts",
        "Two versions would be in force at once. Remove the end (a version ends where the next one starts) or correct it.";
    /// A version that ends before it starts.
    END_BEFORE_START = Error "S017", "version ends before it starts",
        "An end is exclusive and must lie after the start.";
    /// Two keys of which the file needs another number.
    KEY_PAIR = Error "S018", "keys that belong together or exclude each other",
        "One of effective_on and effective_at, at most one of ends_on and ends_at, one of rate and amount, both or neither of supersedes and learned_on.";
    /// A file that is not there.
    SUPERSEDES = Error "S019", "superseded file is not there",
        "supersedes names another version of the same program by its file name; files may not supersede one another in a circle.";
    /// Not a country.
    COUNTRY = Error "S020", "not an ISO 3166 country",
        "Countries are written as two capitals (NO, DE, CN), whatever the prose calls them.";
    /// Not a currency.
    CURRENCY = Error "S021", "not an ISO 4217 currency",
        "Currencies are written as three capitals (NOK, USD).";
    /// Not a time zone.
    ZONE = Error "S022", "not an IANA time zone",
        "Zones are written by their IANA names, such as Europe/Oslo or America/Los_Angeles.";
    /// A group that is not defined.
    GROUP = Error "S023", "unknown group",
        "A name with @ stands for a list under [groups] of the same file.";
    /// A list without members.
    EMPTY_LIST = Error "S024", "empty list",
        "A condition on an empty list could never hold, or would always. Remove the key or fill the list.";
    /// A range without members.
    EMPTY_RANGE = Error "S025", "empty range",
        "The lower bound must lie below the upper one (for a band they may be equal).";
    /// A rate left to a plugin that is not named.
    NO_PLUGIN = Error "S026", "rate of a plugin without [plugin]",
        "rate = \"plugin\" leaves the commission to the plugin that [plugin] names.";
    /// A category tree of another form.
    TREE_FORM = Error "S027", "not a category tree",
        "A tree is a CSV with the header id,parent,name; parent is empty at the top.";
    /// A category twice.
    TREE_TWICE = Error "S028", "category stands twice",
        "Each id has one row, and so one place in the tree.";
    /// A category without a way to the top.
    TREE_PARENT = Error "S029", "category without a way to the top",
        "Each parent must be listed, and no category may be below itself.";
    /// A category tree that is not there.
    UNKNOWN_TREE = Error "S030", "unknown category tree",
        "category_tree names a file of the program's folder categories, without .csv; where there are several trees and no categories.csv, a version must say which.";
    /// More than the tables hold.
    TOO_MANY = Error "S031", "more than a version can hold",
        "A version holds at most 4,096 entries, 12 marks and 65,000 kinds of value per condition.";
    /// A member that no group can have.
    GROUP_MEMBER = Error "S032", "group within a group",
        "Groups hold codes and ids. A group that names another would change with it unseen.";
    /// A text that cannot be a name here.
    BAD_NAME = Error "S033", "not a name",
        "Names of channels, kinds, reasons, groups and plugins are lowercase words (a-z, 0-9, _ and -); ids and hosts are not empty and hold no blanks.";
    /// Conditions that contradict one another.
    CONTRADICTION = Error "S034", "conditions that contradict one another",
        "A bonus for new buyers cannot ask for a returning one.";
    /// A path twice.
    FILE_TWICE = Error "S035", "file given twice",
        "Two texts were given for one path; which one holds cannot be said.";
    /// An assumption about nothing.
    ASSUMED_NOTHING = Warning "S036", "assumption about a key that is not there",
        "A key under [assumed] names a key or a list of the same file, such as \"policy.rounding\", \"groups.eu\" or \"rate\".";
    /// A time without terms.
    GAP = Warning "S037", "gap between versions",
        "Orders in the gap are uncovered: neither the version before nor the one after is used for them.";
    /// A change told late.
    SHORT_NOTICE = Warning "S038", "announced later than promised",
        "The program promised more notice than it gave. This may be a claim of the publisher's.";
    /// Something that is no longer named.
    VANISHED = Warning "S039", "named before and no longer",
        "The version before named this country, category, host, store, mark, channel, kind of flag or reason to exclude, and this one does not. Either the terms dropped it or the file forgot it.";
    /// A rate that moved a lot.
    RATE_JUMP = Warning "S040", "rate moved by more than half",
        "A rate with the same conditions moved by more than half of its value: a change of terms, or a slip of the decimal point.";
    /// An entry that another always precedes.
    NEVER_MATCHES = Warning "S041", "entry that can never match",
        "Its conditions contradict one another or the version's days, or an earlier entry of the list matches whatever this one does: the first that matches wins. Put the narrower entry first, or remove one of the two.";
    /// A category that the tree does not list.
    UNKNOWN_CATEGORY = Warning "S042", "category that the tree does not list",
        "The id matches lines of exactly this id only, because nothing is known to be below it.";
    /// A version that nobody compared with its source for long.
    STALE_CHECK = Warning "S043", "not compared with the source for long",
        "Compare the version with its source and set checked_on to that day.";
    /// A date that is assumed and confirmed.
    SURE_AND_ASSUMED = Warning "S044", "confirmed, yet its date is assumed",
        "A version whose effective date is an assumption is \"estimated\".";
    /// A name of which another is known.
    STRANGE_NAME = Warning "S045", "name that the program does not know",
        "No other version names it, and it is a slip away from one that is known: a channel, mark or kind of flag that is spelt otherwise than in the facts never holds. The hint names the nearest known name.";
    /// A policy that moved without a clause.
    POLICY_MOVED = Warning "S046", "policy changed without a word",
        "What every amount rests on (basis, currency, rounding, window, fee, cap) changed or went, and neither a clause nor an assumption of the new version speaks of it. Cite the clause, or list the key under [assumed].";
    /// Values that an earlier entry takes.
    NEVER_REACHED = Warning "S047", "value that an earlier entry always takes",
        "The first entry that matches wins. An earlier one of the list takes these values in every case, so they stand here for nothing.";
    /// Questions that a new version begins with.
    STILL_OPEN = Warning "S048", "questions that are still open",
        "What begins with \"OPEN:\" was taken over from another version, or has to be filled in. Take the word off what holds, and change or remove what does not.";
    /// What [links] says cannot make a link.
    LINKS = Error "S049", "not a template of links",
        "A template is an address of the web with {url} where the page goes, and {base}, {placement} and {sub_id} where those go; it needs the hosts that may be linked to.";
    /// The plugin says that its config is wrong.
    PLUGIN_CONFIG = Error "S050", "plugin refuses its config",
        "The plugin that the version names does not accept [plugin.config]. What the keys mean is the plugin's own; its author documents them.";
    /// Too far back, or not back.
    PLUGIN_BACK = Error "S051", "period that cannot be looked back to",
        "A plugin is told figures of earlier periods only, of at most two years: those of the order's own period are not known yet.";
    /// A figure that is asked for twice.
    PLUGIN_TWICE = Error "S052", "aggregate asked for twice",
        "plugin.aggregates lists each figure of an earlier period once.";
    /// Not a digest.
    BAD_DIGEST = Error "S053", "not a SHA-256",
        "A build is known by the SHA-256 of its bytes: 64 hexadecimal digits in lowercase. `feebook plugin stamp` writes them.";
}
