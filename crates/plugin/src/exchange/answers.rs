//! The areas that a plugin writes its answers into, and what is believed of them.
//!
//! Owns the guards behind each area and the checks of every number. Refuses the whole batch when
//! one number does not hold.

use feebook_kernel::Minor;

use super::batch::bytes_of;
use super::texts::{count, text_at, unshown};
use crate::abi::{self, Answer, Text};
use crate::codes;
use crate::refusal::{AUTHOR, Refusal};

/// Reasons of one call.
const REASONS: usize = 256;
/// Bytes of their texts.
const TEXTS: usize = 32_768;
/// Bytes behind the counted ones that are looked at before each call.
const BEHIND: usize = 64;
/// What stands behind an area, and must stand there still after the call.
const GUARD_ANSWER: Answer =
    Answer { commission: GUARD, incentive: !GUARD, reason: 0xFEEB_00F1, reserved: 0xFEEB_00F2 };
const GUARD_TEXT: Text = Text { at: 0xFEEB_00F3, len: 0xFEEB_00F4 };
pub(super) const GUARD_BYTES: [u8; 16] = *b"feebook's guard\n";
const GUARD: i64 = 0x0FEE_B00C_0FEE_B00C;
const UNSAID: Answer = Answer { commission: abi::NONE, incentive: 0, reason: 0, reserved: 0 };
/// Nothing said of some lines: what an area is compared with, so many at once.
const SILENCE: [Answer; 64] = [UNSAID; 64];

const UNSTABLE: &str = "a plugin reads no clock and keeps nothing from call to call: tell its author, \
    and stamp a build that does not";

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
    /// Those of the last call, the guard, and nothing behind it.
    lines: Vec<Answer>,
    /// The lines of the last call.
    len: usize,
    /// Of any line anything was said.
    said: bool,
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
            len: 0,
            said: false,
            reasons,
            texts,
            reason_count: 0,
            text_len: 0,
            written: 0,
            reasons_written: 0,
        }
    }

    /// Forgets what was said.
    pub(super) fn clear(&mut self) {
        if self.said {
            self.lines.fill(UNSAID);
        }
        self.said = false;
        self.reason_count = 0;
        self.text_len = 0;
    }

    /// Notes how much a call wrote, so that the next one finds nothing of it.
    pub(super) fn note(&mut self, written: &abi::Answers) {
        let at_most = |count: u32, most: usize| usize::try_from(count).unwrap_or(most).min(most);
        self.written = at_most(written.text_len, TEXTS);
        self.reasons_written = at_most(written.reason_count, REASONS);
        // Until it is compared.
        self.said = true;
    }

    /// Takes away the reasons of the call before: a plugin that counts and does not write would show
    /// them once more. What it wrote behind its count goes as well, where any of it stands right there;
    /// what it scattered further on only [`Self::wipe_all`] finds.
    fn wipe(&mut self) {
        let Self { reasons, texts, written, reasons_written, .. } = self;
        let behind = texts.get(*written..(*written + BEHIND).min(TEXTS)).unwrap_or_default();
        // Compared at once, which takes a tenth of looking at each byte.
        let beyond = *behind != [0; BEHIND][..behind.len()];
        let more = reasons.get(..REASONS).unwrap_or_default().get(*reasons_written);
        if beyond || more.is_some_and(|span| *span != Text::NONE) {
            return self.wipe_all();
        }
        if let Some(reasons) = reasons.get_mut(..*reasons_written) {
            reasons.fill(Text::NONE);
        }
        if let Some(texts) = texts.get_mut(..*written) {
            texts.fill(0);
        }
        (self.written, self.reasons_written) = (0, 0);
    }

    /// Takes away whatever stands in the areas of reasons.
    pub(super) fn wipe_all(&mut self) {
        if let Some(reasons) = self.reasons.get_mut(..REASONS) {
            reasons.fill(Text::NONE);
        }
        if let Some(texts) = self.texts.get_mut(..TEXTS) {
            texts.fill(0);
        }
        (self.written, self.reasons_written) = (0, 0);
    }

    /// Makes room for the answers to so many lines, none of them said yet, and returns the struct;
    /// it points into this area.
    pub(super) fn raw(&mut self, lines: usize) -> abi::Answers {
        self.clear();
        self.wipe();
        // Behind the guard nothing is left of a longer call: whoever wrote there was not seen to.
        self.lines.truncate(self.len);
        self.lines.resize(lines, UNSAID);
        self.lines.push(GUARD_ANSWER);
        self.len = lines;
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

    /// Refuses what was written anywhere but into the areas and the two counts of the struct.
    pub(super) fn check_guards(
        &self,
        given: &abi::Answers,
        written: &abi::Answers,
    ) -> Result<(), Refusal> {
        let moved = [
            ("lines", given.lines != written.lines),
            ("reasons", given.reasons != written.reasons),
            ("texts", given.texts != written.texts),
        ];
        if let Some((what, _)) = moved.into_iter().find(|(_, moved)| *moved) {
            return Err(elsewhere(&format!("another address over that of the answers' {what}")));
        }
        let numbers = [
            ("line_count", given.line_count, written.line_count),
            ("reason_capacity", given.reason_capacity, written.reason_capacity),
            ("text_capacity", given.text_capacity, written.text_capacity),
            ("reserved", given.reserved, written.reserved),
        ];
        if let Some(said) = another_number("answers", &numbers) {
            return Err(elsewhere(&said));
        }
        if self.lines.last() != Some(&GUARD_ANSWER) {
            return Err(elsewhere(&behind("the answers to", self.len, "lines")));
        }
        if self.reasons.last() != Some(&GUARD_TEXT) {
            return Err(elsewhere(&behind("the room for", REASONS, "reasons")));
        }
        if !self.texts.ends_with(&GUARD_BYTES) {
            return Err(elsewhere(&behind("the room for", TEXTS, "bytes of reasons")));
        }
        Ok(())
    }

    /// Checks all that was said; the guards stand.
    pub(super) fn check(
        &mut self,
        written: &abi::Answers,
        lines: &[abi::Line],
    ) -> Result<(), Refusal> {
        // The common answer of all, quickly.
        let said = self.lines.get(..self.len).unwrap_or_default();
        let silent = said
            .chunks(SILENCE.len())
            .all(|some| bytes_of(some) == bytes_of(&SILENCE[..some.len()]));
        self.take_reasons(written)?;
        if !silent {
            for (index, (answer, line)) in self.lines.iter().take(self.len).zip(lines).enumerate() {
                if *answer != UNSAID {
                    self.check_answer(answer, line).map_err(|refusal| refusal.of_line(index))?;
                }
            }
        }
        self.said = !silent;
        Ok(())
    }

    /// Whether nothing was said of any line.
    pub(super) fn is_silent(&self) -> bool {
        !self.said
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
        let found = (0..reason_count).find_map(|index| Some((index, self.reason_fault(index)?)));
        match found {
            None => Ok(()),
            Some((index, fault)) => {
                let message = format!("reason {} of {reason_count} {fault}", index + 1);
                Err(Refusal::new(&codes::REASON, message).hint(AUTHOR))
            }
        }
    }

    /// What keeps a reason from being shown; none where it can be.
    fn reason_fault(&self, index: usize) -> Option<String> {
        let span = *self.reasons.get(..self.reason_count)?.get(index)?;
        let area = self.texts.get(..self.text_len)?;
        let start = usize::try_from(span.at).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(span.len).unwrap_or(usize::MAX));
        let Some(bytes) = area.get(start..end) else {
            let (at, len, counted) = (span.at, span.len, self.text_len);
            return Some(format!(
                "is said to have {len} bytes from {at} on, and {counted} bytes of texts are counted"
            ));
        };
        if bytes.is_empty() {
            return Some("has 0 bytes, expected one line of text".to_owned());
        }
        if count(bytes.len()) > abi::LONGEST_REASON {
            return Some(format!("has {} bytes, at most {}", bytes.len(), abi::LONGEST_REASON));
        }
        match std::str::from_utf8(bytes) {
            Err(bad) => {
                let at = bad.valid_up_to();
                let byte = bytes.get(at).copied().unwrap_or_default();
                Some(format!("is not UTF-8: its byte {} is {byte:#04x}", at + 1))
            }
            Ok(text) => {
                let (at, c) = text.char_indices().find(|(_, c)| unshown(*c))?;
                let c = c.escape_default();
                Some(format!("is not one line of plain text: its byte {} is \"{c}\"", at + 1))
            }
        }
    }

    /// The text of a reason by its place, which was checked.
    fn reason(&self, index: usize) -> Option<&str> {
        let span = *self.reasons.get(..self.reason_count)?.get(index)?;
        text_at(self.texts.get(..self.text_len)?, span)
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

    #[inline]
    pub(super) fn said(&self, line: usize) -> Said<'_> {
        if !self.said {
            return Said { commission: None, incentive: Some(Minor::ZERO), reason: None };
        }
        self.said_of(line)
    }

    fn said_of(&self, line: usize) -> Said<'_> {
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
        let lines = self.lines.get(..self.len).unwrap_or_default().to_vec();
        Kept { lines, reasons: reasons.map(str::to_owned).collect() }
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

/// Something behind the end of an area.
fn behind(area: &str, count: usize, of: &str) -> String {
    format!("behind {area} {count} {of}, where nothing is its own")
}

/// The first number of a struct that is not as it was given, with both values.
pub(super) fn another_number(of: &str, numbers: &[(&str, u32, u32)]) -> Option<String> {
    let (what, given, now) = numbers.iter().find(|(_, given, now)| given != now)?;
    Some(format!("{now} over {given} in {what} of the struct of the {of}"))
}

/// The plugin wrote where it must not.
pub(super) fn elsewhere(place: &str) -> Refusal {
    Refusal::new(&codes::FOREIGN_FIELD, format!("the plugin wrote {place}")).hint(AUTHOR)
}
