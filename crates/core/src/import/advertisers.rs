//! Whose orders a network's report holds: its advertisers, and the programs that they are.
//!
//! Owns what `feebook.toml` beside the ledger says of them, and the names under which orders of other advertisers are
//! kept. Refuses to guess: an advertiser that is not mapped is of no program that has terms.

use std::collections::BTreeMap;

use feebook_schedule::diagnostic::nearest;
use feebook_schedule::document::{Reader, Table};
use feebook_schedule::{Book, Program};
use sha2::{Digest, Sha256};

use super::codes;

/// The name of the file, which lies beside the ledger.
pub const FILE: &str = "feebook.toml";
/// Stands for every advertiser that is not named.
const ANY: &str = "*";

/// Which program each advertiser of each network is.
#[derive(Clone, Debug, Default)]
pub struct Advertisers {
    networks: BTreeMap<String, BTreeMap<String, String>>,
}

impl Advertisers {
    /// Reads what `feebook.toml` says of them. Names of programs are looked up where there is a book.
    pub(super) fn read(reader: &mut Reader, root: &Table, book: Option<&Book>) -> Self {
        let programs = root.get("programs");
        let format = match programs {
            Some(_) => reader.required(root, FILE, "format"),
            None => root.get("format"),
        };
        if let Some(node) = format
            && reader.integer(node, "format").is_some_and(|version| version != 1)
        {
            let message = "`format` is not 1";
            reader.problem(&codes::BAD_VERSION, node.span.clone(), message);
        }
        let mut networks = BTreeMap::new();
        let programs = programs.and_then(|node| reader.table(node, "programs"));
        for (network, node) in programs.map_or(&[][..], |table| &table.entries) {
            let Some(table) = reader.table(node, &network.name) else { continue };
            let mut known = BTreeMap::new();
            for (number, node) in &table.entries {
                let Some(name) = reader.text_of(node, &number.name) else { continue };
                if let Some(book) = book.filter(|book| book.program(name).is_none()) {
                    let message = format!("there is no program `{name}`");
                    let near = nearest(name, book.programs().iter().map(Program::id));
                    let hint = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "`feebook program list` shows the programs".to_owned(),
                    };
                    reader.problem_hint(&codes::UNKNOWN_PROGRAM, node.span.clone(), message, hint);
                }
                known.insert(number.name.clone(), name.to_owned());
            }
            networks.insert(network.name.clone(), known);
        }
        Self { networks }
    }

    /// Returns the program of an advertiser, if it is mapped.
    pub fn program(&self, network: &str, number: &str) -> Option<&str> {
        let known = self.networks.get(network)?;
        known.get(number).or_else(|| known.get(ANY)).map(String::as_str)
    }

    /// What makes the reading of a network's report the same as an earlier one: its mapping file and
    /// the map of its advertisers.
    pub(super) fn digest(&self, format: [u8; 32], network: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(format);
        for (number, program) in self.networks.get(network).into_iter().flatten() {
            digest.update(format!("{number}\0{program}\0"));
        }
        digest.finalize().into()
    }
}

/// The name under which orders of an advertiser that is not mapped are kept, in the place of a
/// program's: that of the network, and the advertiser's number.
pub(super) fn unmapped(network: &str, number: &str, book: &Book) -> String {
    let plain: String = number
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(40)
        .collect();
    let name = match plain.as_str() {
        "" => format!("{network}-unnamed"),
        plain if plain == number => format!("{network}-{plain}"),
        // Two numbers shall not become one name.
        plain => {
            let digest: [u8; 32] = Sha256::digest(number).into();
            let [a, b, c, d, ..] = digest;
            format!("{network}-{plain}-{a:02x}{b:02x}{c:02x}{d:02x}")
        }
    };
    // A folder of that name has terms, which are not those of this advertiser.
    if book.program(&name).is_some() { format!("{name}-unmapped") } else { name }
}

/// A line of `feebook.toml` for an advertiser, ready to be filled in.
pub fn ready_line(number: &str, name: Option<&str>) -> String {
    let quoted = toml_text(number);
    let name = name.map_or_else(String::new, |name| format!("  # {}", super::row::shown(name)));
    format!("{quoted} = \"\"{name}")
}

/// A text as a TOML file has it.
pub(super) fn toml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in super::row::shown_up_to(200, text).chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\t' => quoted.push_str("\\t"),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advertisers_are_mapped_one_by_one_or_all_others() {
        let text = "format = 1\n[programs.awin]\n\"6378\" = \"a\"\n\"*\" = \"b\"\n";
        let (mut reader, root) = Reader::parse(FILE, text);
        let map = Advertisers::read(&mut reader, &root, Some(&Book::default()));
        let codes: Vec<&str> = reader.problems.iter().map(|problem| problem.code.id).collect();
        assert_eq!(codes, ["M021", "M021"]);
        assert_eq!(map.program("awin", "6378"), Some("a"));
        assert_eq!(map.program("awin", "1"), Some("b"));
        assert_eq!(map.program("cj", "1"), None);
        let other = Advertisers::default();
        assert_ne!(map.digest([0; 32], "awin"), other.digest([0; 32], "awin"));
        assert_eq!(map.digest([0; 32], "cj"), other.digest([0; 32], "cj"));
    }

    #[test]
    fn names_of_the_unmapped_differ_where_their_numbers_do() {
        let name = |number| unmapped("awin", number, &Book::default());
        assert_eq!(name("6378"), "awin-6378");
        assert_eq!(name(""), "awin-unnamed");
        assert_ne!(name("a.b"), name("a/b"));
        assert!(name("Ä/../x").starts_with("awin------x-"));
        assert_eq!(ready_line("6378", Some("AliExpress")), "\"6378\" = \"\"  # AliExpress");
    }
}
