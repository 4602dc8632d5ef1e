//! Which paths a JSON report has, seen from its first bytes.
//!
//! Owns recognition only. Refuses to judge: a report that breaks off is told when it is read.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::feed::Feed;
use super::path::Path;

/// Says for each path whether the text, which may break off anywhere, has it.
pub(super) fn found(text: &[u8], paths: &[&Path], rows_at_top: bool) -> Vec<bool> {
    let mut found = vec![false; paths.len()];
    let feed = Feed::new(text);
    while feed.peek().is_some() {
        let mut input = serde_json::Deserializer::from_reader(feed.clone());
        let active = (0..paths.len()).collect();
        let look = Look { feed: &feed, paths, rows_at_top };
        let top = Probe { look, found: &mut found, active, depth: 0, taken: false };
        // The head of a long report always breaks off; what was seen before that counts.
        if top.deserialize(&mut input).is_err() {
            break;
        }
    }
    found
}

/// Returns the keys of the first object of a text, for a person who wonders why nothing fits.
pub(super) fn first_keys(text: &[u8]) -> Vec<String> {
    let mut keys = FirstKeys(Vec::new());
    let mut input = serde_json::Deserializer::from_slice(text);
    drop(input.deserialize_any(&mut keys));
    keys.0
}

/// What all levels have in common.
#[derive(Clone, Copy)]
struct Look<'p> {
    feed: &'p Feed<&'p [u8]>,
    paths: &'p [&'p Path],
    rows_at_top: bool,
}

struct Probe<'l, 'p> {
    look: Look<'p>,
    found: &'l mut Vec<bool>,
    active: Vec<usize>,
    depth: usize,
    /// The JSON reader took the value's first byte already, as it does in a list.
    taken: bool,
}

impl<'p> Probe<'_, 'p> {
    fn below(&mut self, key: Option<&str>) -> Probe<'_, 'p> {
        let paths = self.look.paths;
        let accepts = |at: &usize| paths.get(*at).is_some_and(|p| p.accepts(self.depth, key));
        let active = self.active.iter().copied().filter(accepts).collect();
        let (depth, taken) = (self.depth + 1, key.is_none());
        Probe { look: self.look, found: self.found, active, depth, taken }
    }

    /// An element of a list of documents.
    fn document(&mut self) -> Probe<'_, 'p> {
        let active = self.active.clone();
        Probe { look: self.look, found: self.found, active, depth: 0, taken: true }
    }
}

impl<'de> DeserializeSeed<'de> for Probe<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        let feed = self.look.feed;
        let first = if self.taken { feed.last() } else { feed.peek().unwrap_or(0) };
        let mut deeper = false;
        for at in &self.active {
            let steps = self.look.paths.get(*at).map_or(0, |path| path.steps.len());
            if steps == self.depth
                && let Some(found) = self.found.get_mut(*at)
            {
                *found = true;
            }
            deeper |= steps > self.depth;
        }
        match first {
            b'{' if deeper => input.deserialize_map(self),
            b'[' if deeper => input.deserialize_seq(self),
            _ => input.deserialize_ignored_any(IgnoredAny).map(drop),
        }
    }
}

impl<'de> Visitor<'de> for Probe<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(self.below(Some(&key)))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let documents = self.depth == 0 && !self.look.rows_at_top;
        loop {
            let element = if documents { self.document() } else { self.below(None) };
            if list.next_element_seed(element)?.is_none() {
                return Ok(());
            }
        }
    }
}

struct FirstKeys(Vec<String>);

impl<'de> Visitor<'de> for &mut FirstKeys {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            self.0.push(key);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        list.next_element_seed(self)?;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut FirstKeys {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_any(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(text: &str, path: &str) -> bool {
        let path = Path::parse(path).unwrap();
        found(text.as_bytes(), &[&path], path.written.starts_with("*.id")) == [true]
    }

    #[test]
    fn paths_are_seen_in_whole_and_broken_documents() {
        assert!(has(r#"{"x":{"result":{"code":200"#, "*.result.code"));
        assert!(has(r#"[{"x":{"result":{"code":1.5}}}]"#, "*.result.code"));
        assert!(has(r#"[{"id":1,"a":"#, "*.id"));
        assert!(!has(r#"{"result":{"code":200}}"#, "*.result.code"));
        assert!(!has("", "a") && !has("7", "a") && has(r#"{"a":null}"#, "a"));
        assert_eq!(first_keys(br#"[{"a":1,"b":[2"#), ["a", "b"]);
    }
}
