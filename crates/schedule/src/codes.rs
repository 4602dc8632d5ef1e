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
}
