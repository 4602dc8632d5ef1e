//! Whether a keyword is a program's brand, or a misspelling of it.
//!
//! Owns what counts as near. Letters are compared, not signs: accents, other alphabets, capitals,
//! blanks, hyphens and dots are folded away first. Refuses to know keyword lists and policies.
//!
//! Near is:
//!
//! * a word, or several written apart, with the brand's letters;
//! * a word with the brand inside, when the brand has six letters or more;
//! * a word within the brand's limit of edits (a letter more, less, other, or two swapped): none up
//!   to five letters, one for six or seven, two from eight on; where `x` and `ks` are one sound;
//! * a word that begins or ends one edit from the brand, when the brand has eight letters or more;
//! * as many words as the brand has, each within its own limit and all together within the brand's.
//!
//! A word of up to five letters counts as a slip only with a letter doubled, `y` for `i`, or two
//! letters swapped: every other edit makes another ordinary word of it (`all express`, `air
//! express`). The table in `brand_tests` is what these limits were chosen by.

use std::ops::Range;

use strsim::damerau_levenshtein;

/// From how many letters on a brand is found inside a longer word.
const HELD: usize = 6;
/// From how many letters on a brand is found misspelt at the edge of a longer word.
const EDGE: usize = 8;
/// How many adjacent words are looked at together, if the brand does not have more.
const TOGETHER: usize = 3;

/// Returns how many edits count as a misspelling for a word of so many letters.
pub const fn limit(letters: usize) -> usize {
    match letters {
        0..=5 => 0,
        6..=7 => 1,
        _ => 2,
    }
}

/// A brand term as a program file writes it, and its letters.
#[derive(Clone, Debug)]
pub(crate) struct Brand {
    term: String,
    words: Vec<String>,
    joined: String,
}

/// How a keyword resembles a brand term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resemblance {
    /// The brand term.
    pub term: String,
    /// The part of the keyword that resembles it, folded.
    pub part: String,
    /// The number of edits between the two; 0 for the brand itself, also inside a longer word.
    pub distance: usize,
    /// The greatest distance that would have counted.
    pub limit: usize,
}

/// The words of a text: letters and digits of any alphabet in lower-case ASCII.
pub(crate) fn folded(text: &str) -> Vec<String> {
    let plain = deunicode::deunicode(text).to_ascii_lowercase();
    let words = plain.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

impl Brand {
    /// Reads a brand term; none without a letter. A capital within a word begins a word, as people
    /// write it: `AliExpress`, `ali express`.
    pub(crate) fn new(term: &str) -> Option<Self> {
        let mut apart = String::new();
        let mut before = ' ';
        for c in term.chars() {
            if before.is_lowercase() && c.is_uppercase() {
                apart.push(' ');
            }
            apart.push(c);
            before = c;
        }
        let words = folded(&apart);
        let joined = words.concat();
        (!joined.is_empty()).then(|| Self { term: term.to_owned(), words, joined })
    }

    /// Returns how near some words come to the brand, the nearest part of them.
    pub(crate) fn resemblance(&self, words: &[String]) -> Option<Resemblance> {
        let together = TOGETHER.max(self.words.len());
        let mut best: Option<(usize, Range<usize>)> = None;
        for length in (1..=words.len()).filter(|n| *n <= together || *n == words.len()) {
            for start in 0..=words.len() - length {
                let run = start..start + length;
                if let Some(distance) = words.get(run.clone()).and_then(|run| self.distance(run))
                    && best.as_ref().is_none_or(|(least, _)| distance < *least)
                {
                    best = Some((distance, run));
                }
            }
        }
        let (distance, run) = best?;
        let part = words.get(run)?.join(" ");
        let limit = limit(self.joined.len()).max(distance);
        Some(Resemblance { term: self.term.clone(), part, distance, limit })
    }

    /// The number of edits from some adjacent words to the brand, if they count as it.
    fn distance(&self, run: &[String]) -> Option<usize> {
        let joined = run.concat();
        if joined == self.joined {
            return Some(0);
        }
        if let [word] = run {
            let near = edits(word, &self.joined);
            return self.held(word).or(near).or_else(|| self.at_an_edge(word));
        }
        if sound(&joined) == sound(&self.joined) {
            return Some(1);
        }
        if run.len() != self.words.len() {
            return None;
        }
        let each = run.iter().zip(&self.words).map(|(word, own)| edits(word, own));
        each.sum::<Option<usize>>().filter(|sum| *sum <= limit(self.joined.len()))
    }

    fn held(&self, word: &str) -> Option<usize> {
        (self.joined.len() >= HELD && word.contains(&self.joined)).then_some(0)
    }

    fn at_an_edge(&self, word: &str) -> Option<usize> {
        let own = self.joined.len();
        let near =
            |part: Option<&str>| part.is_some_and(|p| damerau_levenshtein(p, &self.joined) == 1);
        let mut lengths = own - 1..=own + 1;
        let found = own >= EDGE
            && lengths.any(|length| {
                let rest = word.len().checked_sub(length).filter(|rest| *rest > 0);
                rest.is_some_and(|rest| near(word.get(..length)) || near(word.get(rest..)))
            });
        found.then_some(1)
    }
}

/// The number of edits from a word to one of the brand's, if they count.
fn edits(word: &str, own: &str) -> Option<usize> {
    if word == own {
        return Some(0);
    }
    let distance = damerau_levenshtein(word, own);
    let most = limit(own.len());
    if most == 0 {
        let swapped = distance == 1 && word.len() == own.len() && sorted(word) == sorted(own);
        return (swapped || squeezed(word) == squeezed(own)).then_some(1);
    }
    // Letters that differ are an edit, even where they sound alike.
    let distance = distance.min(damerau_levenshtein(&sound(word), &sound(own))).max(1);
    (distance <= most).then_some(distance)
}

/// The word with `x` as it sounds.
fn sound(word: &str) -> String {
    word.replace('x', "ks")
}

/// The word without doubled letters, `y` as `i`.
fn squeezed(word: &str) -> String {
    let mut letters: Vec<char> = word.replace('y', "i").chars().collect();
    letters.dedup();
    letters.into_iter().collect()
}

fn sorted(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}
