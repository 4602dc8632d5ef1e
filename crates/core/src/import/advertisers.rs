//! Whose orders a network's report holds: its advertisers, and the programs that they are.
//!
//! Owns what `feebook.toml` beside the ledger says of them, and the names under which orders of other advertisers are
//! kept. Refuses to guess: an advertiser that is not mapped is of no program that has terms.

use std::collections::BTreeMap;

use feebook_schedule::diagnostic::nearest;
use feebook_schedule::document::{Key, Reader, Table};
use feebook_schedule::{Book, Program};
use sha2::{Digest, Sha256};

use super::{Beside, Formats, codes};
use crate::error::Result;
use crate::ledger::Ledger;
use crate::run::Terms;

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
    /// Reads what `feebook.toml` says of them. Names of programs and networks are looked up where those
    /// that there are are known.
    pub(super) fn read(
        reader: &mut Reader,
        root: &Table,
        (book, formats): (Option<&Book>, Option<&Formats>),
    ) -> Self {
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
            if let Some(formats) = formats {
                known_network(reader, network, formats);
            }
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

    /// Whether the file has a table for a network.
    pub fn has_table(&self, network: &str) -> bool {
        self.networks.contains_key(network)
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

/// Refuses a network whose reports no format reads: its table would map nothing, without a word.
fn known_network(reader: &mut Reader, network: &Key, formats: &Formats) {
    let networks = formats.networks();
    if networks.contains(network.name.as_str()) {
        return;
    }
    let message = format!("no format is of the network `{}`", network.name);
    let hint = match nearest(&network.name, networks.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the networks are {}", networks.into_iter().collect::<Vec<_>>().join(", ")),
    };
    reader.problem_hint(&codes::UNKNOWN_NETWORK, network.span.clone(), message, hint);
}

/// The name under which orders of an advertiser that is not mapped are kept, in the place of a
/// program's: that of the network, and the advertiser's number.
pub(super) fn unmapped(network: &str, number: &str, book: &Book) -> String {
    let name = kept_name(network, number);
    // A folder of that name has terms, which are not those of this advertiser.
    if book.program(&name).is_some() { format!("{name}{BESIDE_TERMS}") } else { name }
}

/// What follows the name of an advertiser's orders where a program has that name.
const BESIDE_TERMS: &str = "-unmapped";

/// Whether the name under which an advertiser's orders are kept does not tell its number.
pub(super) fn is_coded(number: &str) -> bool {
    !number.is_empty() && kept_name("", number) != format!("-{number}")
}

fn kept_name(network: &str, number: &str) -> String {
    let plain: String = number
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(40)
        .collect();
    match plain.as_str() {
        "" => format!("{network}-unnamed"),
        plain if plain == number => format!("{network}-{plain}"),
        // Two numbers shall not become one name.
        plain => {
            let digest: [u8; 32] = Sha256::digest(number).into();
            let [a, b, c, d, ..] = digest;
            format!("{network}-{plain}-{a:02x}{b:02x}{c:02x}{d:02x}")
        }
    }
}

/// An advertiser of which the ledger has lines, and that is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithoutProgram {
    /// The network.
    pub network: String,
    /// The network's number of it.
    pub number: String,
    /// The name under which its lines are kept.
    pub kept_as: String,
    /// The files that brought lines of it, each once.
    pub files: Vec<String>,
}

impl WithoutProgram {
    /// Says whose lines are without a program in the ledger.
    pub fn told(&self) -> String {
        let (network, number) = (&self.network, super::row::shown_up_to(200, &self.number));
        if number.is_empty() {
            return format!("lines of {network} name no advertiser");
        }
        format!("advertiser {number} of {network} is no program")
    }

    /// Says what to do, in one line: `advertisers` are those that are mapped by now.
    pub fn to_do(&self, advertisers: &Advertisers) -> String {
        let (network, number) = (&self.network, toml_text(&self.number));
        let shown = self.files.iter().map(|file| super::row::shown_up_to(200, file));
        let files = shown.collect::<Vec<_>>().join(", ");
        match advertisers.program(network, &self.number) {
            Some(program) => format!("it is mapped to {program} now: import {files} again"),
            None => format!(
                "add {number} = \"<program>\" under [programs.{network}] of {FILE}, then import {files} \
                 again"
            ),
        }
    }
}

/// Lists the advertisers of which the ledger has lines and that are no program, by the names under
/// which their lines are kept.
///
/// # Errors
///
/// When the ledger cannot be read.
pub fn without_program(ledger: &Ledger, terms: &Terms) -> Result<Vec<WithoutProgram>> {
    let mut programs = ledger.programs()?;
    programs.retain(|program| terms.is_unmapped(program));
    if programs.is_empty() {
        return Ok(Vec::new());
    }
    // A mapping that does not load is told by whatever reads reports.
    let (formats, _) = Formats::load(&terms.sources);
    let mut found: BTreeMap<String, WithoutProgram> = BTreeMap::new();
    for import in ledger.imports()? {
        let totals = import.totals;
        let lines = totals.added + totals.revised + totals.unchanged;
        let stands = import.withdrawn_at.is_none() && lines > 0;
        if !stands || !programs.contains(&import.program) {
            continue;
        }
        let format = formats.by_name(&import.format, None).ok();
        let Some(network) = format.and_then(|format| format.network.as_deref()) else { continue };
        if let Some(known) = found.get_mut(&import.program) {
            if !known.files.contains(&import.file) {
                known.files.push(import.file);
            }
        } else if let Some(number) = number_of(ledger, network, &import.program) {
            let (network, kept_as) = (network.to_owned(), import.program.clone());
            let known = WithoutProgram { network, number, kept_as, files: vec![import.file] };
            found.insert(import.program, known);
        }
    }
    Ok(found.into_values().collect())
}

/// The number of an advertiser by the name under which its lines are kept. One that the name does not
/// tell is in the dictionary.
fn number_of(ledger: &Ledger, network: &str, kept_as: &str) -> Option<String> {
    let told = kept_as.strip_prefix(network)?.strip_prefix('-')?;
    let bare = told.strip_suffix(BESIDE_TERMS).unwrap_or(told);
    let is_it = |number: &str| {
        let name = kept_name(network, number);
        kept_as == name || kept_as.strip_prefix(&name) == Some(BESIDE_TERMS)
    };
    // Looked for only where the name ends as one that does not tell its number.
    let ends_coded = bare.rsplit_once('-').is_some_and(|(_, end)| {
        end.len() == 8 && end.bytes().all(|digit| digit.is_ascii_hexdigit())
    });
    let words = ledger.words().from(0).filter(|word| ends_coded && is_coded(word));
    let mut known = words.chain(["", bare, told]);
    known.find(|number| is_it(number)).map(str::to_owned)
}

/// What is to be added to `feebook.toml`, ready to be filled in: a line for each advertiser, under a
/// table for each network unless the file has it. They come in order of their networks.
pub fn to_paste<'a>(
    advertisers: impl Iterator<Item = (&'a str, &'a str, Option<&'a str>)>,
    beside: &Beside,
) -> String {
    let mut lines = Vec::new();
    if !beside.has_format {
        lines.push("format = 1".to_owned());
    }
    let mut under = None;
    for (network, number, name) in advertisers {
        if under.replace(network) != Some(network) {
            lines.push(if beside.advertisers.has_table(network) {
                format!("# under [programs.{network}], which is there:")
            } else {
                format!("[programs.{network}]")
            });
        }
        lines.push(ready_line(number, name));
    }
    lines.join("\n")
}

/// A line of `feebook.toml` for an advertiser, ready to be filled in.
fn ready_line(number: &str, name: Option<&str>) -> String {
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
        let map = Advertisers::read(&mut reader, &root, (Some(&Book::default()), None));
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
