//! Paths of config keys: `base."4.1"`, `tiers[0].share`.
//!
//! Owns their spelling on the author's side. The host finds a key's place in the schedule file by it,
//! so it is that of the schedule's own paths (a test of the core compares the two).

use std::fmt::Write as _;

/// Adds a key to a path.
pub(super) fn join(above: &str, key: &str) -> String {
    let bare = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let key = if bare { key.to_owned() } else { quoted(key) };
    if above.is_empty() { key } else { format!("{above}.{key}") }
}

/// A key as a string of TOML in one line.
fn quoted(key: &str) -> String {
    let mut quoted = String::from("\"");
    for c in key.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                // A write to a String cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Adds a place in a list to a path.
pub(super) fn item(above: &str, index: usize) -> String {
    format!("{above}[{index}]")
}
