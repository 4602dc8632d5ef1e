//! `feebook.toml` beside the ledger: what is settled for one ledger, whoever uses it.
//!
//! Owns its keys. Refuses what concerns the user of one machine, such as trust in plugins: that is in
//! the user's own config file.
//!
//! ```toml
//! format = 1
//! archive = true
//! [programs.admitad]
//! "6115" = "aliexpress-admitad-ww"
//! ```

use feebook_schedule::Book;
use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::document::Reader;

use super::Formats;
use super::advertisers::{self, Advertisers};

/// What the file says; one that is not there says nothing.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// Whether it says its format.
    pub has_format: bool,
    /// Whether imported files are kept in the ledger; none where it does not say.
    pub archive: Option<bool>,
    /// Which program each advertiser of a network is.
    pub advertisers: Advertisers,
}

impl Beside {
    /// Reads the file; all its problems are returned with what could be read. Names of programs and
    /// networks are looked up where those that there are are known.
    pub fn read(
        shown: &str,
        text: &str,
        book: Option<&Book>,
        formats: Option<&Formats>,
    ) -> (Self, Vec<Diagnostic>) {
        let (mut reader, root) = Reader::parse(shown, text);
        let mut beside = Self::default();
        if reader.problems.is_empty() {
            reader.known(&root, advertisers::FILE, &["format", "archive", "programs"]);
            beside.has_format = root.get("format").is_some();
            beside.archive = root.get("archive").and_then(|node| reader.boolean(node, "archive"));
            beside.advertisers = Advertisers::read(&mut reader, &root, (book, formats));
        }
        (beside, reader.problems)
    }
}
