//! The areas that a plugin writes its answers into, and what is believed of them.
//!
//! Owns the guards behind each area and the checks of every number. Refuses the whole batch when
//! one number does not hold.

use feebook_kernel::Minor;

use super::texts::{count, text_at, unshown};
use crate::abi::{self, Answer, Text};
use crate::codes;
use crate::refusal::{AUTHOR, Refusal};

/// Reasons of one call.
const REASONS: usize = 256;
/// Bytes of their texts.
const TEXTS: usize = 32_768;
/// What stands behind an area, and must stand there still after the call.
const GUARD_ANSWER: Answer =
    Answer { commission: GUARD, incentive: !GUARD, reason: 0xFEEB_00F1, reserved: 0xFEEB_00F2 };
const GUARD_TEXT: Text = Text { at: 0xFEEB_00F3, len: 0xFEEB_00F4 };
const GUARD_BYTES: [u8; 16] = *b"feebook's guard\n";
const GUARD: i64 = 0x0FEE_B00C_0FEE_B00C;
const UNSAID: Answer = Answer { commission: abi::NONE, incentive: 0, reason: 0, reserved: 0 };

const UNSTABLE: &str = "a plugin reads no clock and keeps nothing from call to call: tell its author, \
    and stamp a build that does not; until then --program and --month reach orders that do not need it";

/// What a plugin said of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'b> {
    /// The commission, where it is the plugin's to give and it gave one.
    pub commission: Option<Minor>,
    /// What is added to the commission; none where it cannot be said what the line earns.
    pub incentive: Option<Minor>,
    /// Why, in the plugin's words.
    pub reason: Option<&'b str>,
}

/// The memory behind an [`abi::Answers`].
#[derive(Debug)]
pub(super) struct AnswerArea {
    lines: Vec<Answer>,
    reasons: Vec<Text>,
    texts: Vec<u8>,
    reason_count: usize,
    text_len: usize,
    /// Bytes of texts that the last call counted.
    written: usize,
    /// Reasons that it counted.
    reasons_written: usize,
}

/// The answers of a call that went well, to be compared with those of the next.
pub(super) struct Kept {
    lines: Vec<Answer>,
    reasons: Vec<String>,
}

impl AnswerArea {
    pub(super) fn new() -> Self {
        let mut reasons = vec![Text::NONE; REASONS];
        reasons.push(GUARD_TEXT);
        let mut texts = vec![0; TEXTS];
        texts.extend_from_slice(&GUARD_BYTES);
        Self {
            lines: vec![GUARD_ANSWER],
            reasons,
            texts,
            reason_count: 0,
            text_len: 0,
            written: 0,
            reasons_written: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.reason_count = 0;
        self.text_len = 0;
    }

    /// Notes how much a call wrote, so that the next one finds nothing of it.
    pub(super) fn note(&mut self, written: &abi::Answers) {
        let at_most = |count: u32, most: usize| usize::try_from(count).unwrap_or(most).min(most);
        self.written = at_most(written.text_len, TEXTS);
        self.reasons_written = at_most(written.reason_count, REASONS);
    }

    /// Takes away the reasons of the call before: a plugin that counts and does not write would show
    /// them once more.
    fn wipe(&mut self) {
        if let Some(reasons) = self.reasons.get_mut(..self.reasons_written) {
            reasons.fill(Text::NONE);
        }
        if let Some(texts) = self.texts.get_mut(..self.written) {
            texts.fill(0);
        }
        (self.written, self.reasons_written) = (0, 0);
    }

    /// Makes room for the answers to so many lines, none of them said yet, and returns the struct;
    /// it points into this area.
    pub(super) fn raw(&mut self, lines: usize) -> abi::Answers {
        self.clear();
        self.wipe();
        self.lines.resize(lines, UNSAID);
        self.lines.push(GUARD_ANSWER);
        abi::Answers {
            lines: self.lines.as_mut_ptr(),
            reasons: self.reasons.as_mut_ptr(),
            texts: self.texts.as_mut_ptr(),
            line_count: count(lines),
            reason_capacity: count(REASONS),
            text_capacity: count(TEXTS),
            reason_count: 0,
            text_len: 0,
            reserved: 0,
        }
    }

    /// Checks all that was written: only the two counts of the struct may have changed, the guards
    /// stand, and every answer holds.
    pub(super) fn check(
        &mut self,
        given: &abi::Answers,
        written: &abi::Answers,
        lines: &[abi::Line],
    ) -> Result<(), Refusal> {
        let counts =
            abi::Answers { reason_count: given.reason_count, text_len: given.text_len, ..*written };
        let guards = self.lines.last() == Some(&GUARD_ANSWER)
            && self.reasons.last() == Some(&GUARD_TEXT)
            && self.texts.ends_with(&GUARD_BYTES);
        if counts != *given || !guards {
            return Err(elsewhere("beyond the areas for its answers"));
        }
        self.lines.pop();
        self.take_reasons(written)?;
        for (index, (answer, line)) in self.lines.iter().zip(lines).enumerate() {
            // The common answer of all, quickly.
            if *answer != UNSAID {
                self.check_answer(answer, line).map_err(|refusal| refusal.of_line(index))?;
            }
        }
        Ok(())
    }

    fn take_reasons(&mut self, written: &abi::Answers) -> Result<(), Refusal> {
        if (written.reason_count, written.text_len) == (0, 0) {
            return Ok(());
        }
        let (reasons, bytes) = (written.reason_count, written.text_len);
        let fits = |count: u32, most: usize| usize::try_from(count).ok().filter(|n| *n <= most);
        let counts = fits(reasons, REASONS).zip(fits(bytes, TEXTS));
        let Some((reason_count, text_len)) = counts else {
            let message = format!(
                "the plugin counts {reasons} reasons in {bytes} bytes; a call holds {REASONS} in {TEXTS}"
            );
            return Err(Refusal::new(&codes::REASON, message).hint(AUTHOR));
        };
        (self.reason_count, self.text_len) = (reason_count, text_len);
        let bad = (0..reason_count).find(|index| self.reason(*index).is_none());
        match bad {
            None => Ok(()),
            Some(index) => {
                let message = format!(
                    "reason {} of {reason_count} is not one line of UTF-8 of at most {} bytes",
                    index + 1,
                    abi::LONGEST_REASON
                );
                Err(Refusal::new(&codes::REASON, message).hint(AUTHOR))
            }
        }
    }

    /// The text of a reason by its place; none when it cannot be shown.
    fn reason(&self, index: usize) -> Option<&str> {
        let span = *self.reasons.get(..self.reason_count)?.get(index)?;
        let text = text_at(self.texts.get(..self.text_len)?, span)?;
        let fits = !text.is_empty() && count(text.len()) <= abi::LONGEST_REASON;
        (fits && !text.contains(unshown)).then_some(text)
    }

    fn check_answer(&self, answer: &Answer, line: &abi::Line) -> Result<(), Refusal> {
        if answer.reserved != 0 {
            let message = format!("{} into the reserved field of an answer", answer.reserved);
            return Err(elsewhere(&message));
        }
        if answer.commission != abi::NONE {
            if line.by_plugin == 0 {
                let entry = match line.entry {
                    abi::NO_ENTRY => "of which no rate entry holds".to_owned(),
                    entry => format!("whose rate entry {} says otherwise", u32::from(entry) + 1),
                };
                let message = format!(
                    "the plugin sets a commission of {} minor units on a line {entry}",
                    answer.commission
                );
                let hint = "only a line of an entry with rate = \"plugin\" is the plugin's";
                return Err(Refusal::new(&codes::FOREIGN_LINE, message).hint(hint));
            }
            bounded("commission", answer.commission)?;
        }
        if answer.incentive == abi::NONE {
            if answer.commission != abi::NONE {
                let message = format!(
                    "the plugin gives a commission of {} minor units, and cannot say what the line earns",
                    answer.commission
                );
                return Err(Refusal::new(&codes::AMOUNT, message).hint(AUTHOR));
            }
        } else {
            bounded("incentive", answer.incentive)?;
        }
        let reason = usize::try_from(answer.reason).unwrap_or(usize::MAX);
        if reason > self.reason_count {
            let message = format!(
                "the plugin names reason {} and wrote {}",
                answer.reason, self.reason_count
            );
            return Err(Refusal::new(&codes::REASON, message).hint(AUTHOR));
        }
        Ok(())
    }

    pub(super) fn said(&self, line: usize) -> Said<'_> {
        let answer = self.lines.get(line).unwrap_or(&UNSAID);
        let reason = usize::try_from(answer.reason).ok().and_then(|number| number.checked_sub(1));
        Said {
            commission: Minor::new(answer.commission),
            incentive: Minor::new(answer.incentive),
            reason: reason.and_then(|index| self.reason(index)),
        }
    }

    pub(super) fn kept(&self) -> Kept {
        let reasons = (0..self.reason_count).filter_map(|index| self.reason(index));
        Kept { lines: self.lines.clone(), reasons: reasons.map(str::to_owned).collect() }
    }

    /// Refuses answers that differ from those of the call before.
    pub(super) fn same_as(&self, before: &Kept) -> Result<(), Refusal> {
        let reason_of = |answer: &Answer| {
            let index = usize::try_from(answer.reason).ok()?.checked_sub(1)?;
            before.reasons.get(index).map(String::as_str)
        };
        for (index, (first, second)) in before.lines.iter().zip(&self.lines).enumerate() {
            let said = self.said(index);
            let what = if first.commission != second.commission {
                changed("commission", &amount(first.commission), &amount(second.commission))
            } else if first.incentive != second.incentive {
                changed("incentive", &amount(first.incentive), &amount(second.incentive))
            } else if reason_of(first) != said.reason {
                let quoted =
                    |text: Option<&str>| text.map_or("none".into(), |t| format!("\"{t}\""));
                changed("reason", &quoted(reason_of(first)), &quoted(said.reason))
            } else {
                continue;
            };
            let message = format!("asked twice the same, the plugin gives {what}");
            return Err(Refusal::new(&codes::UNSTABLE, message).hint(UNSTABLE).of_line(index));
        }
        Ok(())
    }
}

fn changed(what: &str, first: &str, second: &str) -> String {
    format!("{what} {first}, then {second}")
}

fn amount(amount: i64) -> String {
    if amount == abi::NONE { "none".to_owned() } else { format!("{amount} minor units") }
}

fn bounded(what: &str, amount: i64) -> Result<(), Refusal> {
    if Minor::new(amount).is_some() {
        return Ok(());
    }
    let message =
        format!("the plugin's {what} is {amount} minor units, outside 0 to {}", Minor::MAX.get());
    Err(Refusal::new(&codes::AMOUNT, message).hint(AUTHOR))
}

/// The plugin wrote where it must not.
pub(super) fn elsewhere(place: &str) -> Refusal {
    Refusal::new(&codes::FOREIGN_FIELD, format!("the plugin wrote {place}")).hint(AUTHOR)
}
