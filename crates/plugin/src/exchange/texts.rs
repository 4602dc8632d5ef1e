//! Areas of texts: spans instead of pointers, so that they can grow.
//!
//! Owns the one reading of a span, for both sides, and what of a text may reach a terminal.

use std::fmt;

use crate::abi::Text;

/// Texts behind one another.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
}

impl Texts {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Adds a text; of more than four gigabytes it says that nothing is known, and [`Self::fits`]
    /// says so too.
    pub(crate) fn add(&mut self, text: Option<&str>) -> Text {
        let Some(text) = text else { return Text::NONE };
        let at = self.bytes.len();
        self.bytes.extend_from_slice(text.as_bytes());
        self.span_from(at)
    }

    /// Adds what something writes.
    pub(crate) fn write(&mut self, text: Option<&dyn fmt::Display>) -> Text {
        let Some(text) = text else { return Text::NONE };
        let at = self.bytes.len();
        // Writing into memory does not fail; a Display that refuses is taken for what it wrote.
        let _ = std::io::Write::write_fmt(&mut self.bytes, format_args!("{text}"));
        self.span_from(at)
    }

    fn span_from(&self, at: usize) -> Text {
        let span = u32::try_from(at).ok().zip(u32::try_from(self.bytes.len() - at).ok());
        span.map_or(Text::NONE, |(at, len)| Text { at, len })
    }

    /// Whether every text has a span.
    pub(crate) fn fits(&self) -> bool {
        u32::try_from(self.bytes.len()).is_ok()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

/// Returns the text of a span; none when it is not within the area or not UTF-8.
pub(crate) fn text_at(area: &[u8], span: Text) -> Option<&str> {
    let start = usize::try_from(span.at).ok()?;
    let end = start.checked_add(usize::try_from(span.len).ok()?)?;
    std::str::from_utf8(area.get(start..end)?).ok()
}

/// Whether a character is not to be shown as it is: it moves a terminal's cursor or turns the
/// direction of what follows.
pub(crate) fn unshown(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Returns a text in which such characters are spelt out.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if unshown(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Returns a count as the boundary has it. Whoever asks has checked that it fits.
pub(crate) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
