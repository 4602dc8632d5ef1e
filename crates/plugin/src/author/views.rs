//! What a plugin is given, as an author sees it.
//!
//! Owns the translation of numbers into options and words. Every view borrows from the call that it
//! belongs to, so nothing of it can be kept.

use feebook_kernel::{Minor, Ppm, Rounding, State};

use crate::abi;
use crate::exchange::{aggregate, text_at as text};
use crate::refusal::ConfigProblem;
use feebook_kernel::Aggregate;

/// The version of the terms that a plugin is set up for.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'s> {
    pub(super) raw: &'s abi::Setup,
    pub(super) texts: &'s [u8],
    pub(super) entries: &'s [abi::Entry],
    pub(super) aggregates: &'s [abi::Declared],
}

/// A `[[rate]]` entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'s> {
    /// Its clause.
    pub clause: Option<&'s str>,
    /// It says `rate = "plugin"`: the commission of its lines is the plugin's to give.
    pub by_plugin: bool,
}

impl<'s> Setup<'s> {
    /// Returns the program.
    pub fn program(&self) -> &'s str {
        text(self.texts, self.raw.program).unwrap_or_default()
    }

    /// Returns the version of the terms.
    pub fn terms(&self) -> &'s str {
        text(self.texts, self.raw.terms).unwrap_or_default()
    }

    /// Returns the config as it was sent.
    pub fn config_text(&self) -> &'s str {
        text(self.texts, self.raw.config).unwrap_or_default()
    }

    /// Returns the policy's currency: ISO 4217.
    pub fn currency(&self) -> &'s str {
        text(self.texts, self.raw.currency).unwrap_or_default()
    }

    /// Returns the decimals of the currency.
    pub fn decimals(&self) -> u8 {
        self.raw.decimals
    }

    /// Returns the policy's rounding.
    pub fn rounding(&self) -> Rounding {
        match self.raw.rounding {
            1 => Rounding::HalfUp,
            2 => Rounding::HalfEven,
            _ => Rounding::Floor,
        }
    }

    /// Returns the `[[rate]]` entries in file order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'s>> {
        let texts = self.texts;
        self.entries.iter().map(move |entry| Entry {
            clause: text(texts, entry.clause),
            by_plugin: entry.by_plugin == 1,
        })
    }

    /// Returns what `plugin.aggregates` declares, in file order; none of an entry that this
    /// edition does not know.
    pub fn aggregates(&self) -> impl Iterator<Item = Option<Aggregate>> {
        self.aggregates.iter().map(|declared| aggregate(*declared))
    }

    /// Returns the place of an aggregate among those that are declared.
    pub fn aggregate(&self, wanted: Aggregate) -> Option<usize> {
        self.aggregates().position(|declared| declared == Some(wanted))
    }
}

/// One order.
#[derive(Clone, Copy, Debug)]
pub struct Order<'b> {
    pub(super) raw: &'b abi::Order,
    pub(super) lines: &'b [abi::Line],
    /// As many, or none.
    pub(super) line_texts: &'b [abi::LineTexts],
    pub(super) figures: &'b [i64],
    pub(super) texts: &'b [u8],
    /// The place of its first line in the batch.
    pub(super) first: usize,
}

impl<'b> Order<'b> {
    /// Returns the governing instant, in seconds since 1970-01-01T00:00:00Z.
    pub fn at(&self) -> i64 {
        self.raw.at
    }

    /// Returns the civil day in the program's zone; day 1 is the first of January of the year 1.
    pub fn day(&self) -> i32 {
        self.raw.day
    }

    /// Returns the month in the program's zone: 12 x year + month - 1.
    pub fn month(&self) -> i32 {
        self.raw.month
    }

    /// Returns the day of the month, from 1.
    pub fn day_of_month(&self) -> u32 {
        self.raw.day_of_month
    }

    /// Returns a declared aggregate by its place; none when it is not known.
    pub fn figure(&self, place: usize) -> Option<i64> {
        self.figures.get(place).copied().filter(|figure| *figure != abi::NONE)
    }

    /// Returns the lines.
    pub fn lines(&self) -> impl Iterator<Item = Line<'b>> {
        let Self { texts, line_texts, first, .. } = *self;
        let lines = self.lines.iter().enumerate();
        lines.map(move |(at, raw)| Line {
            raw,
            spans: line_texts.get(at),
            texts,
            index: first + at,
        })
    }
}

/// One order line, after verdict and rate, before bonus and cap.
#[derive(Clone, Copy, Debug)]
pub struct Line<'b> {
    raw: &'b abi::Line,
    spans: Option<&'b abi::LineTexts>,
    texts: &'b [u8],
    index: usize,
}

impl<'b> Line<'b> {
    /// Returns the commissionable amount.
    pub fn basis(&self) -> Option<Minor> {
        Minor::new(self.raw.basis)
    }

    /// Returns what the rate entry gave; none where that cannot be said, and of a line that waits.
    pub fn commission(&self) -> Option<Minor> {
        Minor::new(self.raw.commission)
    }

    /// Returns the price of one unit.
    pub fn unit_price(&self) -> Option<Minor> {
        Minor::new(self.raw.unit_price)
    }

    /// Returns the units.
    pub fn quantity(&self) -> u32 {
        self.raw.quantity
    }

    /// Returns the rate that the network reports. It is a fact to compare with, no input.
    pub fn reported_rate(&self) -> Option<Ppm> {
        Ppm::new(self.raw.reported_rate)
    }

    /// Returns the place of the `[[rate]]` entry that holds.
    pub fn entry(&self) -> Option<usize> {
        (self.raw.entry != abi::NO_ENTRY).then(|| usize::from(self.raw.entry))
    }

    /// Whether the line waits for the plugin's commission: its entry says `rate = "plugin"`, and
    /// nothing refuses it.
    pub fn waits(&self) -> bool {
        self.raw.waits == 1
    }

    /// Whether the line earns what its rate entry gave, so that an incentive counts.
    pub fn earns(&self) -> bool {
        self.raw.commission != abi::NONE
    }

    /// Returns the state.
    pub fn state(&self) -> State {
        let found = State::ALL.into_iter().find(|state| state.rank() == self.raw.state);
        found.unwrap_or(State::Pending)
    }

    /// Whether the buyer had never ordered before.
    pub fn new_buyer(&self) -> Option<bool> {
        tri(self.raw.new_buyer)
    }

    /// Whether the item is on the program's hot list.
    pub fn hot(&self) -> Option<bool> {
        tri(self.raw.hot)
    }

    /// Whether the item takes part in the program.
    pub fn affiliate(&self) -> Option<bool> {
        tri(self.raw.affiliate)
    }

    /// Whether a coupon was used.
    pub fn coupon(&self) -> Option<bool> {
        tri(self.raw.coupon)
    }

    /// Returns the category's id.
    pub fn category(&self) -> Option<&'b str> {
        text(self.texts, self.spans?.category)
    }

    /// Returns the buyer's country.
    pub fn ship_to(&self) -> Option<&'b str> {
        text(self.texts, self.spans?.ship_to)
    }

    /// Returns where the link stands.
    pub fn placement(&self) -> Option<&'b str> {
        text(self.texts, self.spans?.placement)
    }

    /// Returns the publisher's tag on the click.
    pub fn sub_id(&self) -> Option<&'b str> {
        text(self.texts, self.spans?.sub_id)
    }

    /// Returns the product's id.
    pub fn product(&self) -> Option<&'b str> {
        text(self.texts, self.spans?.product)
    }
}

fn tri(number: u8) -> Option<bool> {
    match number {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// Where the answers go.
#[derive(Debug)]
pub struct Answers<'b> {
    pub(super) lines: &'b mut [abi::Answer],
    pub(super) reasons: &'b mut [abi::Text],
    pub(super) texts: &'b mut [u8],
    pub(super) reason_count: usize,
    pub(super) text_len: usize,
}

impl Answers<'_> {
    /// Gives the commission of a line whose entry says `rate = "plugin"`. The host takes none of a
    /// line that something refuses, and refuses the whole run when the entry says otherwise.
    ///
    /// # Errors
    ///
    /// When the reasons of the call are more than it holds.
    pub fn commission(
        &mut self,
        line: &Line<'_>,
        amount: Minor,
        reason: &str,
    ) -> Result<(), String> {
        self.answer(line, reason, |answer| answer.commission = amount.get())
    }

    /// Adds an incentive to a line.
    ///
    /// # Errors
    ///
    /// When the reasons of the call are more than it holds.
    pub fn incentive(
        &mut self,
        line: &Line<'_>,
        amount: Minor,
        reason: &str,
    ) -> Result<(), String> {
        self.answer(line, reason, |answer| answer.incentive = amount.get())
    }

    /// Leaves open what a line earns, whatever its entry gives: it becomes `unverifiable`, never 0.
    ///
    /// # Errors
    ///
    /// When the reasons of the call are more than it holds.
    pub fn unknown(&mut self, line: &Line<'_>, reason: &str) -> Result<(), String> {
        self.answer(line, reason, |answer| {
            (answer.commission, answer.incentive) = (abi::NONE, abi::NONE);
        })
    }

    fn answer(
        &mut self,
        line: &Line<'_>,
        reason: &str,
        set: impl FnOnce(&mut abi::Answer),
    ) -> Result<(), String> {
        let number = self.reason(reason)?;
        let answer = self.lines.get_mut(line.index).ok_or("a line of another call")?;
        set(answer);
        answer.reason = number;
        Ok(())
    }

    /// The number of a reason: that of the same words, else a new one.
    fn reason(&mut self, words: &str) -> Result<u32, String> {
        let known = self.reasons.get(..self.reason_count).unwrap_or_default();
        let same = |span: &abi::Text| text(self.texts, *span) == Some(words);
        // Most often it is that of the line before.
        if let Some(index) = known.iter().rposition(same) {
            return number(index);
        }
        let end = self.text_len + words.len();
        let room = self.texts.get_mut(self.text_len..end);
        let (Some(room), Some(span)) = (room, self.reasons.get_mut(self.reason_count)) else {
            return Err(format!("more reasons than a call holds, at \"{words}\""));
        };
        room.copy_from_slice(words.as_bytes());
        let narrow = |n: usize| u32::try_from(n).map_err(|e| e.to_string());
        *span = abi::Text { at: narrow(self.text_len)?, len: narrow(words.len())? };
        self.text_len = end;
        self.reason_count += 1;
        number(self.reason_count - 1)
    }
}

/// A reason's number at the boundary: 1 for the first.
fn number(index: usize) -> Result<u32, String> {
    u32::try_from(index + 1).map_err(|e| e.to_string())
}

/// Writes problems into a report's area; those that do not fit are left out, but for a first one,
/// which is cut short.
pub(super) fn write_problems(
    problems: &[ConfigProblem],
    texts: &mut [u8],
    rows: &mut [abi::Problem],
) -> (u32, u32) {
    let (mut used, mut written) = (0, 0);
    for (problem, row) in problems.iter().zip(rows) {
        let Some(message) = write_text(&problem.message, texts, &mut used) else { break };
        let key = problem.key.as_deref().and_then(|key| write_text(key, texts, &mut used));
        *row = abi::Problem { key: key.unwrap_or(abi::Text::NONE), message };
        written += 1;
    }
    (u32::try_from(used).unwrap_or(0), written)
}

fn write_text(words: &str, texts: &mut [u8], used: &mut usize) -> Option<abi::Text> {
    let mut len = words.len().min(texts.len() - *used);
    while !words.is_char_boundary(len) {
        len -= 1;
    }
    if len == 0 && !words.is_empty() {
        return None;
    }
    let end = *used + len;
    texts.get_mut(*used..end)?.copy_from_slice(words.as_bytes().get(..len)?);
    let span = u32::try_from(*used).ok().zip(u32::try_from(len).ok());
    *used = end;
    span.map(|(at, len)| abi::Text { at, len })
}
