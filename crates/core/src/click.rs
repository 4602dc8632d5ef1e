//! A click of the publisher's own log, and the click that led to an order line.
//!
//! Owns the fact and what of it a line takes over. Refuses to match (the ledger knows which click
//! came last before an order) and to judge windows (the kernel does).

use crate::fact::Canonical;
use crate::words::{Word, Words};

/// A click as the publisher logged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    /// The publisher's tag on the click; empty where it had none.
    pub sub_id: Box<str>,
    /// The instant, in seconds since 1970-01-01T00:00:00Z.
    pub clicked_at: i64,
    /// Where the link stands.
    pub placement: Option<Word>,
    /// The visitor's country: ISO 3166.
    pub country: Option<Word>,
    /// What the link led to.
    pub url: Option<Box<str>>,
    /// The page that it stood on.
    pub referrer: Option<Box<str>>,
}

impl Click {
    /// Writes the bytes that stand for the click in digests.
    pub fn canonical(&self, words: &Words, out: &mut Vec<u8>) {
        let mut bytes = Canonical::new(out, words);
        bytes.text(Some(&self.sub_id));
        bytes.int(Some(self.clicked_at));
        bytes.word(self.placement);
        bytes.word(self.country);
        bytes.text(self.url.as_deref());
        bytes.text(self.referrer.as_deref());
    }
}

/// The click of our own log that led to a line whose report names none (rule 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnClick {
    /// The instant, in seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// Where the link stands.
    pub placement: Option<Word>,
    /// The visitor's country.
    pub country: Option<Word>,
    /// The import that brought it.
    pub import_id: i64,
}

impl OwnClick {
    /// Writes the bytes that stand for it beside a fact; which import brought it does not matter.
    pub(crate) fn canonical(&self, words: &Words, out: &mut Vec<u8>) {
        let mut bytes = Canonical::new(out, words);
        bytes.int(Some(self.at));
        bytes.word(self.placement);
        bytes.word(self.country);
    }
}

/// Returns the instant of a click out of an `aff_trace_key`: the value itself, or a URL that has it
/// as a parameter. Its second part is the instant in milliseconds since 1970.
pub fn traced_at(text: &str) -> Option<i64> {
    let value = match text.find("aff_trace_key=") {
        Some(at) => text.get(at..)?.split_once('=')?.1.split(['&', '#']).next()?,
        None => text,
    };
    let mut parts = value.split('-');
    let (id, millis, count) = (parts.next()?, parts.next()?, parts.next()?);
    let is_hex = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let whole = is_hex && digits(millis, 13) && digits(count, 5) && parts.next().is_some();
    let millis: i64 = whole.then(|| millis.parse().ok()).flatten()?;
    Some(millis.div_euclid(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_key_tells_the_click() {
        let key = "45c32bcb00aa11bb22cc33dd44ee55ff-1711269742536-00959-UneMJZVf";
        assert_eq!(traced_at(key), Some(1_711_269_742));
        let url =
            format!("https://www.aliexpress.com/item/1.html?aff_fcid=1&aff_trace_key={key}&x=1");
        assert_eq!(traced_at(&url), Some(1_711_269_742));
    }

    #[test]
    fn what_only_resembles_a_trace_key_tells_nothing() {
        for text in [
            "",
            "https://www.aliexpress.com/item/1.html",
            "https://www.aliexpress.com/?aff_trace_key=",
            "45c32bcb-1711269742536-00959-UneMJZVf",
            "45c32bcb00aa11bb22cc33dd44ee55ff-171126974253-00959-UneMJZVf",
            "45c32bcb00aa11bb22cc33dd44ee55ff-1711269742536-00959",
            "zzc32bcb00aa11bb22cc33dd44ee55ff-1711269742536-00959-UneMJZVf",
        ] {
            assert_eq!(traced_at(text), None, "{text}");
        }
    }
}
