//! The codes of everything that can be wrong with a mapping file (M) or a report (R). A number is
//! never reused.
//!
//! Owns the words by which a person can look a problem up. Refuses problems of the ledger and of
//! terms, which have their own lists.

use feebook_schedule::diagnostic::{Code, Severity};

use crate::error::{ErrorKind, Failure};

/// A CSV that ends too early has the code of a JSON that does.
pub static BREAKS_OFF: &Code = &BAD_JSON;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $title:literal, $help:literal;)*) => {
        $($(#[$doc])* pub static $name: Code = Code {
            id: $id,
            severity: Severity::Error,
            title: $title,
            help: $help,
        };)*

        /// All codes of reports and their mapping files in order of their numbers, but for
        /// [`REFUSED`], which is a failure.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

/// A report of which nothing is kept; its problems say why.
pub static REFUSED: Failure = Failure {
    kind: ErrorKind::Report,
    code: Code {
        id: "R001",
        severity: Severity::Error,
        title: "report refused",
        help: "The file as a whole cannot be read, for the reason given with it. Nothing of it was kept.",
    },
};

codes! {
    /// The file's place is no place of a mapping.
    BAD_PLACE = "M001", "mapping file in an unknown place",
        "A mapping file is `reports/<format>.toml`, for all programs, or `<program>/reports/<format>.toml`, for one.";
    /// Written for another version of the mapping language.
    BAD_VERSION = "M002", "unknown version of the mapping language",
        "This feebook reads mapping files that say `format = 1`.";
    /// A name that cannot be typed after `--as`.
    BAD_NAME = "M003", "not a name",
        "A format's name has lower-case letters, digits and hyphens, because it is typed after --as.";
    /// Two mappings of one name.
    NAME_TAKEN = "M004", "two formats of one name",
        "Within one program, and among the shared ones, each format has its own name.";
    /// A section of the other kind of file.
    WRONG_SECTION = "M005", "section does not belong to this kind of report",
        "[csv] and recognise.columns belong to kind = \"csv\", [json] and [xml] to the kinds of their names, recognise.keys to both.";
    /// A character was wanted.
    BAD_CHARACTER = "M006", "not one character",
        "A delimiter and a quote are one ASCII character each, a decimal or thousands mark is one character, and no two that meet are the same.";
    /// An encoding that nobody knows.
    UNKNOWN_ENCODING = "M007", "unknown character encoding",
        "Encodings are named as on the web: utf-8, iso-8859-1, windows-1252, shift_jis, utf-16le.";
    /// A zone that nobody knows.
    UNKNOWN_ZONE = "M008", "unknown time zone",
        "A zone is \"program\", for the zone in program.toml, or an IANA name such as Europe/Oslo.";
    /// A time format that chrono does not know.
    BAD_TIME_FORMAT = "M009", "not a time format",
        "A time format is \"rfc3339\", \"unix\", \"unix_ms\", or a pattern such as \"%d.%m.%Y %H:%M:%S\" that names year, month and day.";
    /// A path into a document that is none.
    BAD_PATH = "M010", "not a path",
        "A path is keys joined by dots, `*` for any key or element of one level, or `.` alone for the whole document. In [fields] a path starts at the row and has no `*`.";
    /// The key of a row is not mapped.
    KEY_NOT_MAPPED = "M011", "order_no or line_no not mapped",
        "Every row needs the network's number of the order and of the line; a network that has no lines can map both to the same column.";
    /// A source that names no value, or two.
    BAD_SOURCE = "M012", "not a source of a value",
        "A field takes its value from a column name, from a table with `column`, `columns` or `constant`, or from a list of those of which the first that is not empty wins.";
    /// An option of another kind of field.
    OPTION_DOES_NOT_FIT = "M013", "option does not belong to this field",
        "words, yes and no belong to fields that take one of a few words; unit, marks and rounding to amounts and rates; currency_of to amounts.";
    /// A word with two meanings.
    WORD_TWICE = "M014", "word with two meanings",
        "A word of the network can mean only one of ours; capitals do not matter.";
    /// A format that would fit every file.
    NOT_RECOGNISABLE = "M015", "nothing to recognise the report by",
        "recognise.columns (CSV) or recognise.keys (JSON, XML) name what must be there, so that a report is never read by the wrong mapping. `named = true` is for reports that do not say what they are.";
    /// An alias for a country that does not exist.
    BAD_COUNTRY = "M016", "not a country",
        "[countries] translates a network's own codes to ISO 3166 codes of two capitals, as in UK = \"GB\".";
    /// A constant that the field cannot take.
    BAD_CONSTANT = "M017", "constant that the field cannot take",
        "A constant is read like a value of the report, and this one would be rejected in every row.";

    /// Not an offset.
    BAD_OFFSET = "M018", "not an offset from UTC",
        "What a zone's abbreviation means is written as in CEST = \"+02:00\": the same letters stand for several zones.";
    /// Columns without names, or with two.
    NO_NAMES = "M019", "columns without names, or with two",
        "A CSV without a header needs csv.names; where csv.names are given, nothing is asked of the header.";
    /// An advertiser of no network.
    NO_NETWORK = "M020", "advertiser of no network",
        "advertiser and advertiser_name belong to a mapping that names its network: feebook.toml maps the network's advertisers to programs.";
    /// A program that is not there.
    UNKNOWN_PROGRAM = "M021", "program that is not there",
        "[programs.NETWORK] of feebook.toml maps an advertiser's number, or \"*\" for all others, to a folder of the schedules.";
    /// A network that no format is of.
    UNKNOWN_NETWORK = "M022", "network that is not there",
        "A table of [programs] is named after the network whose reports it is for, as the mapping files say under `network`. `feebook formats list` shows them.";

    /// Nothing known fits.
    NO_FORMAT = "R002", "no known format fits",
        "A report is recognised by its columns or keys. Name the format with --as, or add a mapping file for it.";
    /// More than one fits.
    SEVERAL_FORMATS = "R003", "several formats fit",
        "Two mappings would read this report, perhaps differently; --as says which one is meant.";
    /// No header.
    EMPTY_REPORT = "R005", "empty report",
        "The file has no header line and no rows, or the archive no file that could be a report.";
    /// A column that must be there.
    MISSING_COLUMN = "R006", "column missing",
        "The mapping needs this column to be in the header, whether or not it is filled.";
    /// A name that occurs twice.
    COLUMN_TWICE = "R007", "column or key twice",
        "Two columns, or two keys of one row, have the name that a field reads; which of them is meant cannot be known.";
    /// The document breaks off or is not JSON.
    BAD_JSON = "R008", "not valid JSON, or breaks off",
        "The file breaks the rules of JSON at this place, or ends too early (a CSV: inside a quoted field, whose value may be half of one). Nothing of it was kept.";
    /// The network answered with an error.
    ERROR_ANSWER = "R009", "the network answered with an error",
        "The file holds an error message of the network instead of rows. Fetch the report again; there is nothing to import.";
    /// The network's status is none that the mapping knows.
    BAD_ANSWER = "R010", "the network's answer is not a success",
        "The answer carries a status that the mapping counts neither as success nor as empty.";
    /// A line without end.
    TOO_LONG = "R011", "record too long",
        "A row of a report is at most 1 MiB. A longer one is usually a quote that is never closed, or a file of another kind.";
    /// Rows are not where the mapping says.
    NO_ROWS = "R012", "no rows where the mapping looks for them",
        "The document has none of the paths at which this format keeps its rows.";
    /// A line with too few or too many fields.
    FIELD_COUNT = "R013", "wrong number of fields",
        "The row has more or fewer fields than the header has columns, so it is not known which value belongs where.";
    /// Bytes that are no text.
    BAD_TEXT = "R014", "undecodable text",
        "The row holds bytes that are no text in the report's encoding, or a NUL.";
    /// The row has no number.
    MISSING_KEY = "R015", "number of order or line missing",
        "Without both numbers a row cannot be told from another, or from a later report of itself.";
    /// Not a time.
    BAD_TIME = "R016", "not a time",
        "The value is none of the time formats of this report, or no day between 1970 and 2199.";
    /// Not an amount.
    BAD_AMOUNT = "R017", "not an amount",
        "The value is no plain number with the decimal mark that the mapping names.";
    /// Below zero.
    NEGATIVE_AMOUNT = "R018", "negative amount",
        "Prices and payments are never negative: a refund is its own amount. Only reported commissions may be.";
    /// More decimals than the currency has.
    TOO_PRECISE = "R019", "more decimals than the currency has",
        "The amount cannot be held exactly in minor units of its currency; the mapping can name a rounding.";
    /// Too great.
    TOO_GREAT = "R020", "amount too great",
        "A single amount is at most 4,398,046,511,104 minor units.";
    /// Not a count.
    BAD_QUANTITY = "R021", "not a quantity",
        "A quantity is a whole number from 1 to 1,000,000.";
    /// Price times quantity is too great.
    LINE_TOO_GREAT = "R022", "price times quantity too great",
        "The product of price and quantity is over 4,398,046,511,104 minor units.";
    /// Not a country.
    UNKNOWN_COUNTRY = "R023", "unknown country",
        "Countries are ISO 3166 codes of two letters; the mapping can translate others under [countries].";
    /// Not a currency.
    UNKNOWN_CURRENCY = "R024", "unknown currency",
        "Currencies are ISO 4217 codes of three letters.";
    /// A word that the mapping does not know.
    UNKNOWN_WORD = "R025", "unknown word",
        "The field takes one of a few words, and the mapping knows no other.";
    /// A status that the mapping does not know.
    UNKNOWN_STATUS = "R026", "unknown status word",
        "What the network means by this word decides whether the line counts, so it is not guessed; add it to the mapping's words.";
    /// Not a percent.
    BAD_RATE = "R027", "not a rate",
        "A rate is a percent between 0% and 100% with at most four decimals.";
    /// The cell should hold JSON.
    BAD_CELL = "R028", "cell does not hold a JSON object",
        "The mapping looks for a key in this cell, which should hold a JSON object as text.";
    /// A list or an object where a value belongs.
    NOT_A_VALUE = "R029", "not a single value",
        "The row has a list or an object where the mapping expects a text, a number or true / false.";
    /// A row that is none.
    NOT_A_ROW = "R030", "row is not an object",
        "The rows of a JSON report are objects.";
    /// An amount whose decimals cannot be known.
    CURRENCY_OPEN = "R031", "amount without a currency",
        "The program's versions have currencies of different decimals, so an amount that names none could be read a hundredfold wrong. The report or its mapping must name the currency.";
    /// A click that says nothing of where it was.
    EMPTY_CLICK = "R032", "click of nothing",
        "A row of a click log needs a sub_id, by which orders are matched, or at least a placement, for which it counts.";
    /// A click without an instant.
    NO_CLICK_TIME = "R033", "click without an instant",
        "clicked_at may be empty only where the url or the referrer holds an aff_trace_key, which tells the instant.";
    /// A report of orders where a click log was wanted.
    ORDERS_AS_CLICKS = "R034", "report of orders for a click log",
        "`click import` takes the publisher's own clicks. A report of orders would count every order as a click.";
    /// Not a rate of exchange.
    BAD_EXCHANGE_RATE = "R035", "not a rate of exchange",
        "A rate is a plain decimal above zero with at most nine places, between two different currencies. Norges Bank's UNIT_MULT says for how many units (a power of ten).";
    /// A column that must be filled is empty.
    EMPTY_CELL = "R036", "column that must be filled is empty",
        "Without it the row says nothing that could be recorded.";
    /// Another payout under the same number.
    PAYOUT_DIFFERS = "R037", "payout known otherwise",
        "A payout is told apart by the network's number. This row says otherwise of a number that is known; payouts are never changed. Take the other back with its reason, then import again.";
    /// Its amounts contradict each other.
    IMPOSSIBLE_PAYOUT = "R038", "payout that cannot be",
        "A fee is taken from the amount, and what arrives in the same currency is the rest at most; of a transfer that failed nothing arrives.";
    /// XML that is none.
    BAD_XML = "R040", "not valid XML, or breaks off",
        "The file breaks the rules of XML at this place, or ends too early. Nothing of it was kept.";
    /// Entities of the document's own.
    OWN_ENTITIES = "R041", "entities of the document's own",
        "A document can declare texts of its own that grow without end when they are read. Only the characters that every XML document has are read.";
    /// Nested without end.
    TOO_DEEP = "R042", "nested too deep",
        "The elements of an XML report are nested at most 64 deep.";
    /// Not a spreadsheet.
    BAD_SHEET = "R043", "not a spreadsheet",
        "The file begins like an XLSX, XLS or ODS and cannot be read as one.";
    /// Digits are gone.
    LOST_DIGITS = "R044", "number that a spreadsheet cannot keep",
        "A spreadsheet keeps 15 digits of a number. A longer order number was changed when the file was saved, and would be another order.";
    /// Unpacks to too much.
    UNPACKS_TOO_LARGE = "R045", "file that is too large when it is unpacked",
        "A compressed report unpacks to at most 300 times its size (16 MiB are free) and 64 GiB, of an archive's at most 10,000 files all together; a spreadsheet has at most 64 MiB, 512 MiB unpacked, four million cells, 256 MiB of text and 32,767 characters in a cell.";
    /// Not an archive.
    BAD_ARCHIVE = "R046", "archive that cannot be unpacked",
        "The gzip or zip file is damaged, encrypted, compressed by a method that is not known here, or has two files of one name.";
    /// More rows without numbers than can be counted.
    TOO_MANY_NUMBERS = "R047", "too many rows without a number",
        "Rows that have no number of their own are told apart by counting those that are alike, which is done for four million per file. Import a shorter period.";

    /// Takes back a part of a line.
    PART_TAKEN_BACK = "R048", "reversal that is not the whole line",
        "Under a mapping without `correction`, a row below zero takes back its original as a whole. One that takes back less, or more, would leave a wrong amount whichever way it were read, so it waits in quarantine and the original stands as it was.";
    /// Other bytes the second time.
    FILE_CHANGED = "R050", "file changed while it was read",
        "A report is read twice, for its digest and for its rows, and must be the same both times. Nothing of it was kept.";
    /// JSON for a format of tables, and the like.
    OTHER_KIND = "R053", "file of another kind",
        "A format reads tables, JSON or XML, and the file is of another of these. All files of an archive are read in one format.";
    /// An archive in an archive.
    PACKED_TWICE = "R054", "archive within an archive",
        "What is unpacked is unpacked once: a gzip file or a zip archive that holds another one is not read.";
}
