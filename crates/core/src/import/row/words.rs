//! What the words of a row mean: its status, what it is asked, whether it corrects another.
//!
//! Owns the order in which sources are asked. Refuses a word that the mapping does not know, unless the
//! mapping says what becomes of it.

use std::borrow::Cow;

use feebook_kernel::State;
use feebook_schedule::diagnostic::{Code, nearest};

use super::{Column, Meant, Row, UNKNOWN_WORDS, Value, notation_of, plain_number, shown};
use crate::fact::Corrects;
use crate::import::cell::Cells;
use crate::import::codes;
use crate::import::field::{Field, Kind};
use crate::import::mapping::{FieldPlan, Meaning, Unknown};

impl<'f, C: Cells> Row<'_, 'f, C> {
    pub(super) fn status(&mut self, column: &mut Column<'f>) {
        let cells = self.cells;
        let mut from = 0;
        while let Some(mut value) = self.value(cells, column.plan, from) {
            from = value.at + 1;
            if value.source.by_sign {
                let Some(word) = self.sign_of(column.plan.field, &value) else { return };
                value.text = Cow::Borrowed(word);
            }
            let meant = match column.seen(&value) {
                Some(meant) => meant,
                None => match self.meaning_of(column.plan.field, &value, &codes::UNKNOWN_STATUS) {
                    Ok(Some(meaning)) => {
                        let word = self.words.intern(&value.text);
                        let meant = Meant { meaning: Some(meaning), ..Meant::word(word) };
                        if value.source.unknown == Unknown::Keep
                            && value.source.meaning(&value.text).is_none()
                        {
                            // Not remembered: every row with an unknown word counts.
                            self.note_unknown(&value.text);
                            meant
                        } else {
                            column.remember(&value, meant)
                        }
                    }
                    Ok(None) => continue,
                    Err(()) => return,
                },
            };
            if let Some(Meaning::State(state)) = meant.meaning {
                self.fact.state = state;
            }
            self.fact.status_word = Some(meant.word);
            return;
        }
    }

    /// The word for the sign of an amount.
    fn sign_of(&mut self, field: &Field, value: &Value<'_>) -> Option<&'static str> {
        match notation_of(value).sign(&value.text) {
            Ok(sign) if sign < 0 => Some("negative"),
            Ok(0) => Some("zero"),
            Ok(_) => Some("positive"),
            Err(_) => {
                let wanted = plain_number(&notation_of(value));
                self.unexpected(&codes::BAD_AMOUNT, field, value, &wanted);
                None
            }
        }
    }

    fn note_unknown(&mut self, word: &str) {
        let word = shown(word);
        if self.unknown_words.len() < UNKNOWN_WORDS || self.unknown_words.contains_key(&word) {
            *self.unknown_words.entry(word).or_insert(0) += 1;
        }
    }

    /// Whether the row corrects another: which, is read later.
    pub(super) fn correction(&mut self, plan: &'f FieldPlan) {
        if self.decided(plan) == Some(Meaning::Flag(true)) {
            self.fact.corrects = Some(Box::new(Corrects::OfOrder));
        }
    }

    pub(super) fn meaning(&mut self, plan: &'f FieldPlan) {
        match (plan.field.kind, self.decided(plan)) {
            (Kind::Flag(slot), Some(Meaning::Flag(flag))) => *slot(&mut self.fact) = Some(flag),
            (Kind::Platform(slot), Some(Meaning::Platform(platform))) => {
                *slot(&mut self.fact) = Some(platform);
            }
            (Kind::Link(slot), Some(Meaning::Link(link))) => *slot(&mut self.fact) = Some(link),
            _ => {}
        }
    }

    /// What the first source means whose word means anything; none where none does, or where that
    /// was reported.
    fn decided(&mut self, plan: &'f FieldPlan) -> Option<Meaning> {
        let cells = self.cells;
        let mut from = 0;
        while let Some(mut value) = self.value(cells, plan, from) {
            from = value.at + 1;
            if value.source.by_sign {
                value.text = Cow::Borrowed(self.sign_of(plan.field, &value)?);
            }
            match self.meaning_of(plan.field, &value, &codes::UNKNOWN_WORD) {
                Ok(Some(meaning)) => return Some(meaning),
                Ok(None) => {}
                Err(()) => return None,
            }
        }
        None
    }

    /// What a word means: nothing when the next source shall be asked, an error when it was
    /// reported.
    fn meaning_of(
        &mut self,
        field: &Field,
        value: &Value<'_>,
        code: &'static Code,
    ) -> Result<Option<Meaning>, ()> {
        match value.source.meaning(&value.text) {
            Some(Meaning::Next) => return Ok(None),
            Some(Meaning::Refuse) => {
                self.unexpected(code, field, value, "a word that is a state of a line");
                self.hint("the mapping refuses this word: it stands for no one state");
                return Err(());
            }
            Some(meaning) => return Ok(Some(meaning)),
            None => {}
        }
        match value.source.unknown {
            Unknown::Next => Ok(None),
            Unknown::Means(meaning) => Ok(Some(meaning)),
            Unknown::Keep => Ok(Some(Meaning::State(State::Pending))),
            Unknown::Refuse => {
                let accepted = |(_, meaning): &&(String, Meaning)| *meaning != Meaning::Refuse;
                let words = value.source.words.iter().filter(accepted);
                let known: Vec<&str> = words.map(|(word, _)| &**word).collect();
                let wanted = format!("one of {}", known.join(", "));
                self.unexpected(code, field, value, &wanted);
                if let Some(near) = nearest(&value.text, known) {
                    self.hint(format!("did you mean \"{near}\"?"));
                } else if code.id == codes::UNKNOWN_STATUS.id {
                    self.hint("add it to the words of `status` in the mapping: its meaning is not guessed");
                }
                Err(())
            }
        }
    }
}
