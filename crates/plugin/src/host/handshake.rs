//! The handshake's plain fields, and the comparison of each with what this feebook has.

use crate::abi::{
    self, Answer, Answers, Batch, Declared, Entry, Handshake, Line, LineTexts, Order, Problem,
    Report, Setup, Text,
};
use crate::codes;
use crate::exchange::no_function;
use crate::refusal::{AUTHOR, Refusal};

macro_rules! offset {
    ($field:ident) => {
        std::mem::offset_of!(Handshake, $field)
    };
}

/// Bytes of the handshake before its functions.
pub(super) const HEAD: usize = offset!(init);

/// Its functions, and where the address of each stands.
pub(super) const FUNCTIONS: [(&str, usize); 3] =
    [("init", offset!(init)), ("call", offset!(call)), ("free", offset!(free))];

/// The handshake as it stands in a file: of its functions, which only the loader can place, whether
/// they are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    bytes: [u8; HEAD],
    functions: [bool; 3],
}

impl Head {
    pub(super) fn new(bytes: [u8; HEAD], functions: [bool; 3]) -> Self {
        Self { bytes, functions }
    }

    fn part<const N: usize>(&self, at: usize) -> [u8; N] {
        let part = self.bytes.get(at..at + N).and_then(|part| part.try_into().ok());
        part.unwrap_or([0; N])
    }

    /// Returns the first bytes.
    pub fn magic(&self) -> [u8; 8] {
        self.part(offset!(magic))
    }

    /// Returns the edition of the boundary.
    pub fn abi(&self) -> u32 {
        self.number(offset!(abi))
    }

    /// Returns the flags.
    pub fn flags(&self) -> u32 {
        self.number(offset!(flags))
    }

    fn reserved(&self) -> u32 {
        self.number(offset!(reserved))
    }

    /// Returns the name; none when it cannot be read.
    pub fn name_text(&self) -> Option<&str> {
        self.text(offset!(name))
    }

    /// Returns the version; none when it cannot be read.
    pub fn version_text(&self) -> Option<&str> {
        self.text(offset!(version))
    }

    fn number(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.part(at))
    }

    /// A text of at most 31 printable bytes, with zero bytes behind it.
    fn text(&self, at: usize) -> Option<&str> {
        let field = self.bytes.get(at..at + 32)?;
        let end = field.iter().position(|byte| *byte == 0)?;
        let (text, rest) = field.split_at(end);
        let printable = !text.is_empty() && text.iter().all(u8::is_ascii_graphic);
        let ended = rest.iter().all(|byte| *byte == 0);
        if printable && ended { std::str::from_utf8(text).ok() } else { None }
    }

    /// The bytes of a text that cannot be read, as far as the last that is not zero.
    fn shown(&self, at: usize) -> String {
        let field = self.bytes.get(at..at + 32).unwrap_or_default();
        let end = field.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let text = field.get(..end).unwrap_or_default();
        format!("\"{}\" in {end} bytes", text.escape_ascii())
    }

    /// The first of the plain fields in which two differ, by its name in C, with its values here and
    /// there; the names of no others are told.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        if self.magic() != other.magic() {
            let (one, two) = (self.magic(), other.magic());
            let (one, two) = (one.escape_ascii(), two.escape_ascii());
            return Some(format!("magic is \"{one}\", then \"{two}\""));
        }
        let mut numbers = vec![("abi", self.abi(), other.abi())];
        for ((what, one, _), (_, two, _)) in self.sizes().into_iter().zip(other.sizes()) {
            numbers.push((what, one, two));
        }
        numbers.push(("flags", self.flags(), other.flags()));
        numbers.push(("reserved", self.reserved(), other.reserved()));
        if let Some((what, one, two)) = numbers.into_iter().find(|(_, one, two)| one != two) {
            let what = if ["abi", "flags", "reserved"].contains(&what) {
                what.to_owned()
            } else {
                format!("{what}_size")
            };
            return Some(format!("{what} is {one}, then {two}"));
        }
        let text =
            |text: Option<&str>| text.map_or("unreadable".to_owned(), |text| format!("\"{text}\""));
        let texts = [
            ("name", self.name_text(), other.name_text()),
            ("version", self.version_text(), other.version_text()),
        ];
        if let Some((what, one, two)) = texts.into_iter().find(|(_, one, two)| one != two) {
            return Some(format!("{what} is {}, then {}", text(one), text(two)));
        }
        let there = |there: bool| if there { "there" } else { "not there" };
        let functions = FUNCTIONS.iter().zip(self.functions.iter().zip(other.functions));
        let mut others = functions.filter(|(_, (one, two))| **one != *two);
        let ((what, _), (one, two)) = others.next()?;
        Some(format!("{what} is {}, then {}", there(*one), there(two)))
    }

    /// The sizes that it states, each with our own.
    fn sizes(&self) -> [(&'static str, u32, u32); 13] {
        let at = |offset: usize| self.number(offset);
        [
            ("handshake", at(offset!(handshake_size)), abi::size_of_struct::<Handshake>()),
            ("setup", at(offset!(setup_size)), abi::size_of_struct::<Setup>()),
            ("batch", at(offset!(batch_size)), abi::size_of_struct::<Batch>()),
            ("order", at(offset!(order_size)), abi::size_of_struct::<Order>()),
            ("line", at(offset!(line_size)), abi::size_of_struct::<Line>()),
            ("answers", at(offset!(answers_size)), abi::size_of_struct::<Answers>()),
            ("answer", at(offset!(answer_size)), abi::size_of_struct::<Answer>()),
            ("report", at(offset!(report_size)), abi::size_of_struct::<Report>()),
            ("problem", at(offset!(problem_size)), abi::size_of_struct::<Problem>()),
            ("text", at(offset!(text_size)), abi::size_of_struct::<Text>()),
            ("line_texts", at(offset!(line_texts_size)), abi::size_of_struct::<LineTexts>()),
            ("entry", at(offset!(entry_size)), abi::size_of_struct::<Entry>()),
            ("declared", at(offset!(declared_size)), abi::size_of_struct::<Declared>()),
        ]
    }
}

/// What a name and a version are.
const PRINTABLE: &str =
    "expected printable ASCII without blanks, 1 to 31 bytes and zeros behind them";

/// Compares every field, and the name with the one that a schedule says.
pub(super) fn check(head: &Head, wanted: &str) -> Result<(), Refusal> {
    const REBUILD: &str =
        "build the plugin against this feebook's crate or header, then `feebook plugin stamp` it";
    check_magic(head)?;
    if head.abi() != abi::ABI {
        let message = format!("built for boundary {}, this feebook has {}", head.abi(), abi::ABI);
        return Err(Refusal::new(&codes::ABI, message).hint(REBUILD));
    }
    for (what, theirs, ours) in head.sizes() {
        if theirs != ours {
            let message = format!("its {what} has {theirs} bytes, this feebook's {ours}");
            return Err(Refusal::new(&codes::SIZE, message).hint(REBUILD));
        }
    }
    let unknown = head.flags() & !abi::FLAGS;
    if unknown != 0 {
        let message = format!("flags {unknown:#x} are unknown, this feebook has {:#x}", abi::FLAGS);
        return Err(Refusal::new(&codes::FLAGS, message).hint(REBUILD));
    }
    if head.reserved() != 0 {
        let message = format!("its reserved field is {}, expected 0", head.reserved());
        return Err(Refusal::new(&codes::FLAGS, message).hint(REBUILD));
    }
    check_functions(head)?;
    check_version(head)?;
    check_name(head, wanted)
}

fn check_functions(head: &Head) -> Result<(), Refusal> {
    let [init, call, free] = head.functions;
    if init && call && free {
        return Ok(());
    }
    Err(no_function(&[("init", init), ("call", call), ("free", free)]))
}

/// Checks what holds on every machine: numbers and sizes of structs may be other ones there.
pub(super) fn check_plain(head: &Head) -> Result<(), Refusal> {
    check_magic(head)?;
    check_version(head)?;
    check_name(head, head.name_text().unwrap_or_default())
}

fn check_magic(head: &Head) -> Result<(), Refusal> {
    if head.magic() == abi::MAGIC {
        return Ok(());
    }
    let (found, ours) = (head.magic(), abi::MAGIC);
    let message = format!(
        "{} begins with \"{}\", a plugin with \"{}\"",
        abi::SYMBOL,
        found.escape_ascii(),
        ours.escape_ascii()
    );
    Err(Refusal::new(&codes::MAGIC, message)
        .hint("this is no feebook plugin; name the library that is one"))
}

fn check_version(head: &Head) -> Result<(), Refusal> {
    if head.version_text().is_some() {
        return Ok(());
    }
    let message = format!("its version is {}, {PRINTABLE}", head.shown(offset!(version)));
    Err(Refusal::new(&codes::VERSION, message).hint(AUTHOR))
}

/// Compares the name with the one that a schedule says.
pub(super) fn check_name(head: &Head, wanted: &str) -> Result<(), Refusal> {
    match head.name_text() {
        Some(name) if name == wanted => Ok(()),
        Some(name) => {
            let message =
                format!("the library is the plugin `{name}`, the schedule needs `{wanted}`");
            let hint = "name the right library in plugins.toml, or the right plugin under [plugin]";
            Err(Refusal::new(&codes::NAME, message).hint(hint))
        }
        None => {
            let message = format!("its name is {}, {PRINTABLE}", head.shown(offset!(name)));
            Err(Refusal::new(&codes::NAME, message).hint(AUTHOR))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a plugin called "extra" 1.0, with some bytes replaced.
    fn head(at: usize, bytes: &[u8]) -> Head {
        struct Extra;
        impl crate::author::Plugin for Extra {
            fn new(_: &crate::author::Setup<'_>, _: &mut crate::author::Config) -> Option<Self> {
                Some(Self)
            }
            fn order(
                &mut self,
                _: &crate::author::Order<'_>,
                _: &mut crate::author::Answers<'_>,
            ) -> Result<(), String> {
                Ok(())
            }
        }
        let handshake = crate::author::handshake::<Extra>("extra", "1.0");
        let mut all = super::super::load::head_bytes(&handshake);
        all[at..at + bytes.len()].copy_from_slice(bytes);
        Head::new(all, [true; 3])
    }

    #[test]
    fn every_field_is_compared_and_refused_in_its_own_words() {
        let one = 1_u32.to_ne_bytes();
        let of = |at, bytes: &[u8], name: &str| {
            check(&head(at, bytes), name).map_err(|refusal| refusal.to_string())
        };
        assert_eq!(of(0, b"feebook\n", "extra"), Ok(()));
        let mut said = vec![
            of(0, b"feeboot\n", "extra"),
            of(offset!(abi), &9_u32.to_ne_bytes(), "extra"),
            of(offset!(flags), &6_u32.to_ne_bytes(), "extra"),
            of(offset!(reserved), &7_u32.to_ne_bytes(), "extra"),
            of(offset!(version), &[0; 32], "extra"),
            of(offset!(name), &[b'x'; 32], "extra"),
            of(offset!(name), b"ex\0ra", "extra"),
            of(0, b"feebook\n", "tiers"),
        ];
        let sizes = [
            offset!(handshake_size),
            offset!(setup_size),
            offset!(batch_size),
            offset!(order_size),
            offset!(line_size),
            offset!(answers_size),
            offset!(answer_size),
            offset!(report_size),
            offset!(problem_size),
            offset!(text_size),
            offset!(line_texts_size),
            offset!(entry_size),
            offset!(declared_size),
        ];
        said.extend(sizes.map(|at| of(at, &one, "extra")));
        let heads: Vec<String> =
            said.into_iter().map(|said| said.unwrap_err().lines().next().unwrap().into()).collect();
        assert_eq!(
            heads,
            [
                r#"error[P010]: FEEBOOK_PLUGIN begins with "feeboot\n", a plugin with "feebook\n""#,
                "error[P011]: built for boundary 9, this feebook has 1",
                "error[P013]: flags 0x6 are unknown, this feebook has 0x1",
                "error[P013]: its reserved field is 7, expected 0",
                r#"error[P015]: its version is "" in 0 bytes, expected printable ASCII without blanks, 1 to 31 bytes and zeros behind them"#,
                r#"error[P014]: its name is "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" in 32 bytes, expected printable ASCII without blanks, 1 to 31 bytes and zeros behind them"#,
                r#"error[P014]: its name is "ex\x00ra" in 5 bytes, expected printable ASCII without blanks, 1 to 31 bytes and zeros behind them"#,
                "error[P014]: the library is the plugin `extra`, the schedule needs `tiers`",
                "error[P012]: its handshake has 1 bytes, this feebook's 160",
                "error[P012]: its setup has 1 bytes, this feebook's 72",
                "error[P012]: its batch has 1 bytes, this feebook's 56",
                "error[P012]: its order has 1 bytes, this feebook's 32",
                "error[P012]: its line has 1 bytes, this feebook's 48",
                "error[P012]: its answers has 1 bytes, this feebook's 48",
                "error[P012]: its answer has 1 bytes, this feebook's 24",
                "error[P012]: its report has 1 bytes, this feebook's 32",
                "error[P012]: its problem has 1 bytes, this feebook's 16",
                "error[P012]: its text has 1 bytes, this feebook's 8",
                "error[P012]: its line_texts has 1 bytes, this feebook's 40",
                "error[P012]: its entry has 1 bytes, this feebook's 12",
                "error[P012]: its declared has 1 bytes, this feebook's 4",
            ]
        );
    }
}
