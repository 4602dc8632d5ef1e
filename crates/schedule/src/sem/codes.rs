//! The codes of everything that can be wrong with a keyword list. A number is never reused.
//!
//! Findings (up to K009) are warnings; from K011 on the list itself cannot be read.

use crate::diagnostic::{Code, Severity};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $severity:ident $id:literal, $title:literal, $help:literal;)*) => {
        $($(#[$doc])* pub static $name: Code = Code {
            id: $id,
            severity: Severity::$severity,
            title: $title,
            help: $help,
        };)*

        /// All codes of keyword lists in order of their numbers.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    /// The brand.
    BRAND = Warning "K001", "bid on the brand",
        "The program does not let its publishers bid on its brand. Remove the keyword, and make it a negative one.";
    /// A misspelling of the brand.
    MISSPELT = Warning "K002", "bid on a misspelling of the brand",
        "The keyword comes so near to the brand that the program may count it as one. Remove it; or, if it is an ordinary word, list it in program.toml as sem.ordinary_terms.";
    /// Negatives that are not there.
    MISSING = Warning "K003", "required negative keywords are missing",
        "The program asks for its brand terms as negative keywords in every search campaign. They are printed ready to paste; -O csv writes them in the columns of the list, to be imported.";
    /// A negative that blocks too little.
    EXACT_ONLY = Warning "K004", "negative keyword blocks the bare term only",
        "An exact negative blocks the search for the term alone, not a longer search that holds it. Make it a phrase.";
    /// A bid where none is allowed.
    NOT_ALLOWED = Warning "K005", "bid although search ads are not allowed",
        "The program allows no search ads at all, whatever the keyword.";
    /// Columns are missing.
    COLUMNS = Error "K011", "keyword list without its columns",
        "The first line names the columns: keyword, campaign, match type (or criterion type, or type) and, in a list of your own, negative. Headers are read in English, in any order; capitals, blanks and underscores do not matter.";
    /// Nothing in it.
    EMPTY = Error "K012", "keyword list without keywords",
        "The file has no row with a keyword, so it says nothing of what is bid on.";
    /// Not a text.
    TEXT = Error "K013", "keyword list in an unknown encoding",
        "A list is UTF-8, or UTF-16 as the editors write it.";
    /// No match type.
    MATCH_TYPE = Error "K014", "unknown match type",
        "A keyword is broad, phrase or exact; which one decides what a negative keyword blocks.";
    /// Neither yes nor no.
    YES_OR_NO = Error "K015", "neither yes nor no",
        "The column `negative` says y or n (yes, no, true, false, 1, 0); empty means no.";
    /// A cell over several lines.
    OPEN_QUOTE = Error "K016", "keyword over several lines",
        "A quote was opened and not closed, so that the rest of the list went into one cell.";
}
