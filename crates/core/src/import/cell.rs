//! The cells of a row: texts by the number of their column or path.
//!
//! Owns the reading of JSON values without ever making a number of them: `19.99` stays the text
//! that the network wrote. Refuses meaning.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// What a cell is by itself; only those of spreadsheets are more than texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Text,
    /// A number, written with a point.
    Number,
    /// A number with more digits than a spreadsheet keeps.
    Inexact,
    /// A date, a time or both, written as `2024-05-07 10:00:00`.
    Moment,
}

/// A row as texts.
pub(super) trait Cells {
    /// Returns the text of a cell; none when the row does not have it.
    fn text(&self, slot: usize) -> Option<&str>;

    /// What the cell is by itself, whatever its text looks like.
    fn nature(&self, _slot: usize) -> Nature {
        Nature::Text
    }

    /// Whether the cell holds a list or an object.
    fn nested(&self, _slot: usize) -> bool {
        false
    }
}

/// A row without cells.
pub(super) struct NoCells;

impl Cells for NoCells {
    fn text(&self, _slot: usize) -> Option<&str> {
        None
    }
}

/// Returns the text of a JSON value: a string without its quotes and escapes, a number as it is
/// written, a list or object as JSON; none for null.
pub(super) fn text_of(raw: &str) -> Option<Cow<'_, str>> {
    match raw.as_bytes().first() {
        None | Some(b'n') => None,
        Some(b'"') => Some(unquoted(raw)),
        Some(b'-' | b'0'..=b'9') => Some(plain_number(raw)),
        Some(_) => Some(Cow::Borrowed(raw)),
    }
}

/// Whether a JSON value is a list or an object.
pub(super) fn is_nested(raw: &str) -> bool {
    raw.starts_with(['[', '{'])
}

fn unquoted(raw: &str) -> Cow<'_, str> {
    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
    if inner.contains('\\') {
        // Lone surrogates are the only escapes that can fail; they are kept as written.
        serde_json::from_str(raw).map_or(Cow::Borrowed(inner), Cow::Owned)
    } else {
        Cow::Borrowed(inner)
    }
}

/// A number with an exponent is written out; `1.5E+2` is `150`.
fn plain_number(raw: &str) -> Cow<'_, str> {
    if !raw.contains(['e', 'E']) {
        return Cow::Borrowed(raw);
    }
    match Decimal::from_scientific(raw) {
        Ok(decimal) => Cow::Owned(decimal.normalize().to_string()),
        Err(_) => Cow::Borrowed(raw),
    }
}

/// Reads a JSON object out of a text: keys, and values as texts; none when it is no object.
pub(super) fn object(text: &str) -> Option<Vec<(String, String)>> {
    let mut entries = Vec::new();
    each_entry(text, |key, raw| {
        if let Some(value) = text_of(raw) {
            entries.push((key.to_owned(), value.into_owned()));
        }
    })
    .then_some(entries)
}

/// Calls with each key and each value, as written, of a JSON object; false when the text is none.
pub(super) fn each_entry<'t>(text: &'t str, each: impl FnMut(&str, &'t str)) -> bool {
    let mut input = serde_json::Deserializer::from_str(text);
    serde::Deserializer::deserialize_map(&mut input, Entries(each)).is_ok() && input.end().is_ok()
}

/// Returns the elements, as written, of a JSON list; empty when the text is none.
pub(super) fn elements(text: &str) -> Vec<&str> {
    let elements: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
    elements.into_iter().map(RawValue::get).collect()
}

struct Entries<F>(F);

impl<'de, F: FnMut(&str, &'de str)> Visitor<'de> for Entries<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key<'_>>()? {
            let value: &'de RawValue = map.next_value()?;
            (self.0)(&key.0, value.get());
        }
        Ok(())
    }
}

/// A key that is copied only when it has escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        input.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_the_text_that_was_written() {
        for (raw, text) in [
            ("19.99", Some("19.99")),
            ("19.990000000000000001", Some("19.990000000000000001")),
            ("99999999999999999999", Some("99999999999999999999")),
            ("1.5E+2", Some("150")),
            ("null", None),
            ("true", Some("true")),
            (r#""a b""#, Some("a b")),
            (r#""a\"\u00e5""#, Some("a\"å")),
            (r#""""#, Some("")),
            ("[1]", Some("[1]")),
        ] {
            assert_eq!(text_of(raw).as_deref(), text, "{raw}");
        }
    }

    #[test]
    fn objects_in_text_give_their_entries() {
        let entries = object(r#"{"dp":"x", "n": 7, "z": null}"#).unwrap();
        assert_eq!(entries, [("dp".into(), "x".into()), ("n".into(), "7".into())]);
        for bad in ["", "[]", "7", "{", r#"{"a":1}x"#] {
            assert!(object(bad).is_none(), "{bad}");
        }
        assert_eq!(elements("[1, \"a\"]"), ["1", "\"a\""]);
    }
}
