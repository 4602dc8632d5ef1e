//! What a library's file says before it is loaded: for which machine, what else it needs, and its
//! handshake.
//!
//! Owns the reading of ELF, Mach-O and PE through the object crate. Runs nothing.

use std::fmt;

use object::read::{ExportTarget, NameOrOrdinal};
use object::{Architecture, BinaryFormat, Object as _, ObjectKind, ObjectSegment as _};

use super::handshake::{FUNCTIONS, HEAD, Head};
use crate::abi::SYMBOL;
use crate::codes;
use crate::refusal::Refusal;

/// What a library was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    format: BinaryFormat,
    architecture: Architecture,
    bits: u8,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, architecture, bits } = self;
        let name = format!("{architecture:?}").to_lowercase();
        write!(f, "{format:?} {name}, {bits} bits")
    }
}

/// Reads the handshake of a library for this machine.
pub(super) fn read(bytes: &[u8]) -> Result<Head, Refusal> {
    let machine = machine(bytes)?;
    let here = here();
    if machine != here {
        let message = format!("built for {machine}, this machine takes {here}");
        return Err(Refusal::new(&codes::OTHER_MACHINE, message)
            .hint("build the plugin here, and stamp that build as well"));
    }
    head(bytes)
}

/// Reads what a library was built for.
pub(super) fn machine(bytes: &[u8]) -> Result<Machine, Refusal> {
    let file = parse(bytes)?;
    let kind = file.kind();
    if kind != ObjectKind::Dynamic {
        let kind = match kind {
            ObjectKind::Executable => "a program",
            ObjectKind::Relocatable => "an object file that was not linked",
            ObjectKind::Core => "the image of a crash",
            _ => "something else",
        };
        return Err(not_a_library(&format!("it is {kind}")));
    }
    let bits = if file.is_64() { 64 } else { 32 };
    Ok(Machine { format: file.format(), architecture: file.architecture(), bits })
}

/// Returns what this feebook was built for.
pub fn here() -> Machine {
    let format = if cfg!(windows) {
        BinaryFormat::Pe
    } else if cfg!(target_vendor = "apple") {
        BinaryFormat::MachO
    } else {
        BinaryFormat::Elf
    };
    let architecture = if cfg!(target_arch = "x86_64") {
        Architecture::X86_64
    } else if cfg!(target_arch = "aarch64") {
        Architecture::Aarch64
    } else if cfg!(target_arch = "x86") {
        Architecture::I386
    } else if cfg!(target_arch = "arm") {
        Architecture::Arm
    } else if cfg!(target_arch = "riscv64") {
        Architecture::Riscv64
    } else if cfg!(target_arch = "powerpc64") {
        Architecture::PowerPc64
    } else if cfg!(target_arch = "s390x") {
        Architecture::S390x
    } else {
        Architecture::Unknown
    };
    let bits = if cfg!(target_pointer_width = "64") { 64 } else { 32 };
    Machine { format, architecture, bits }
}

fn parse(bytes: &[u8]) -> Result<object::File<'_>, Refusal> {
    if bytes.is_empty() {
        return Err(not_a_library("the file is empty"));
    }
    object::File::parse(bytes).map_err(|_| {
        let begins: &[u8] = bytes.get(..bytes.len().min(8)).unwrap_or_default();
        not_a_library(&format!(
            "it begins with \"{}\", and what follows is no whole ELF, Mach-O or PE file",
            begins.escape_ascii()
        ))
    })
}

/// Reads the handshake out of a library's file.
pub(super) fn head(bytes: &[u8]) -> Result<Head, Refusal> {
    let file = parse(bytes)?;
    let exports = file
        .exports()
        .map_err(|e| not_a_library(&format!("its list of symbols cannot be read ({e})")))?;
    let mut count = 0_u64;
    let found = exports.filter_map(Result::ok).find_map(|export| {
        count += 1;
        match (export.name(), export.target()) {
            (NameOrOrdinal::Name(name), ExportTarget::Address { address })
                if plain(file.format(), name) == SYMBOL.as_bytes() =>
            {
                Some(address)
            }
            _ => None,
        }
    });
    let Some(address) = found else {
        let symbols = if count == 1 { "1 symbol".to_owned() } else { format!("{count} symbols") };
        return Err(no_symbol(&format!("exports {symbols}, and {SYMBOL} is not among them")));
    };
    let length = u64::try_from(HEAD).unwrap_or(u64::MAX);
    let inside = file.segments().find_map(|segment| {
        let end = segment.address().checked_add(segment.size())?;
        let holds = segment.address() <= address && address < end;
        if holds { segment.data_range(address, length).ok().flatten() } else { None }
    });
    let head: Option<[u8; HEAD]> = inside.and_then(|bytes| bytes.try_into().ok());
    head.map(|bytes| Head::new(bytes, functions(&file, address)))
        .ok_or_else(|| no_symbol(&format!("the {HEAD} bytes of {SYMBOL} do not stand in the file")))
}

/// Which functions the handshake at an address has: those whose bytes are not zero in the file, and
/// those that the loader fills in.
fn functions(file: &object::File<'_>, address: u64) -> [bool; 3] {
    let at = |offset: usize| address.saturating_add(u64::try_from(offset).unwrap_or(u64::MAX));
    let width = if file.is_64() { 8 } else { 4 };
    FUNCTIONS.map(|(_, offset)| {
        let place = at(offset);
        let written = file.segments().any(|segment| {
            let bytes = segment.data_range(place, width).ok().flatten();
            bytes.is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0))
        });
        let mut filled_in = file.dynamic_relocations().into_iter().flatten();
        written || filled_in.any(|(filled, _)| filled == place)
    })
}

/// A symbol's name as C has it: Mach-O, and it alone, puts an underscore in front.
fn plain(format: BinaryFormat, name: &[u8]) -> &[u8] {
    let bare = if format == BinaryFormat::MachO { name.strip_prefix(b"_") } else { None };
    bare.unwrap_or(name)
}

/// The other libraries that a library's file names; none where it names none that can be read.
pub(super) fn needs(bytes: &[u8]) -> Vec<String> {
    let Ok(file) = parse(bytes) else { return Vec::new() };
    let Ok(libraries) = file.import_libraries() else { return Vec::new() };
    let named = libraries.filter_map(Result::ok).map(|library| library.name().to_owned());
    // Escaped: a name in a file may hold what a terminal would obey.
    named.map(|name| String::from_utf8_lossy(&name).escape_debug().to_string()).collect()
}

fn no_symbol(message: &str) -> Refusal {
    Refusal::new(&codes::NO_SYMBOL, message).hint(
        "is it a plugin? export_plugin! of feebook-plugin, or FEEBOOK_EXPORT in C, makes it one",
    )
}

fn not_a_library(why: &str) -> Refusal {
    Refusal::new(&codes::NOT_A_LIBRARY, format!("is not a shared library: {why}")).hint(
        "a plugin in Rust is built with crate-type = [\"cdylib\"], one in C with -shared -fPIC",
    )
}
