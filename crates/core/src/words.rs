//! The dictionary of texts that recur in facts: countries, categories, hosts, status words.
//!
//! Owns the numbering of words within one ledger. Refuses meaning, and any use of a number outside
//! its ledger: digests and orders are made from the texts.

use std::collections::HashMap;

/// The number of a word in one ledger's dictionary, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(u32);

impl Word {
    /// Makes a word from its number.
    pub fn from_index(index: u32) -> Self {
        Self(index)
    }

    /// Returns the number.
    pub fn index(self) -> u32 {
        self.0
    }
}

/// All words of a ledger, in memory.
#[derive(Clone, Debug, Default)]
pub struct Words {
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, Word>,
}

impl Words {
    /// Returns the word for a text, a new one if there is none yet.
    pub fn intern(&mut self, text: &str) -> Word {
        if let Some(word) = self.numbers.get(text) {
            return *word;
        }
        let word = Word(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(text.into());
        self.numbers.insert(text.into(), word);
        word
    }

    /// Returns the text of a word of this dictionary.
    pub fn text(&self, word: Word) -> &str {
        let index = usize::try_from(word.0).unwrap_or(usize::MAX);
        self.texts.get(index).map_or("", |text| text)
    }

    /// Returns how many words there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no word yet.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Returns the texts from a number on, for the ledger to store.
    pub fn from(&self, first: usize) -> impl Iterator<Item = &str> {
        self.texts.iter().skip(first).map(|text| &**text)
    }

    /// Forgets the words from a number on: an import that was not kept has no words either.
    pub fn truncate(&mut self, length: usize) {
        for text in self.texts.drain(length.min(self.texts.len())..) {
            self.numbers.remove(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_numbered_once_and_forgotten_whole() {
        let mut words = Words::default();
        let (no, se) = (words.intern("NO"), words.intern("SE"));
        assert_eq!((words.intern("NO"), words.text(se), words.len()), (no, "SE", 2));
        words.truncate(1);
        assert_eq!((words.intern("DK").index(), words.text(no)), (1, "NO"));
    }
}
