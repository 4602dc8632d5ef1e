//! The orders of one call, and room for the answers.
//!
//! Owns the copies that a plugin reads. The caller's own lines and outcomes are never in its reach.

use std::fmt;

use feebook_kernel::{Line, Minor, Outcome, Ppm, Reason};

use super::answers::{AnswerArea, Said};
use super::texts::{Texts, count};
use crate::abi;

/// What a plugin is told of an order.
#[derive(Clone, Copy, Debug)]
pub struct OrderInput<'o> {
    /// The governing instant, in seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// Its civil day in the program's zone, day 1 being the first of January of the year 1 (as
    /// `num_days_from_ce` counts).
    pub day: i32,
    /// Its month in the program's zone: 12 x year + month - 1.
    pub month: i32,
    /// The day of the month.
    pub day_of_month: u32,
    /// The aggregates in the order declared; none where a figure is not known.
    pub figures: &'o [Option<i64>],
}

/// What a plugin is told of an order line.
#[derive(Clone, Copy)]
pub struct LineInput<'l> {
    /// The kernel's line.
    pub line: &'l Line,
    /// What the kernel's `rate` made of it.
    pub outcome: &'l Outcome,
    /// The rate entry that holds says `rate = "plugin"`.
    pub by_plugin: bool,
    /// The buyer had never ordered before.
    pub new_buyer: Option<bool>,
    /// The item is on the program's hot list.
    pub hot: Option<bool>,
    /// The item takes part in the program.
    pub affiliate: Option<bool>,
    /// A coupon was used.
    pub coupon: Option<bool>,
    /// The category's id.
    pub category: Option<&'l str>,
    /// The buyer's country.
    pub ship_to: Option<&'l str>,
    /// Where the link stands.
    pub placement: Option<&'l str>,
    /// The publisher's tag on the click.
    pub sub_id: Option<&'l str>,
    /// The product's id.
    pub product: Option<&'l dyn fmt::Display>,
}

impl<'l> LineInput<'l> {
    /// A line of which no more is known than the kernel knows.
    #[inline]
    pub fn new(line: &'l Line, outcome: &'l Outcome, by_plugin: bool) -> Self {
        Self {
            line,
            outcome,
            by_plugin,
            new_buyer: None,
            hot: None,
            affiliate: None,
            coupon: None,
            category: None,
            ship_to: None,
            placement: None,
            sub_id: None,
            product: None,
        }
    }
}

/// The orders of one call, and the answers to them. Made by [`super::Instance::batch`], and used
/// again for the next call after [`Batch::clear`].
#[derive(Debug)]
pub struct Batch {
    orders: Vec<abi::Order>,
    pub(super) lines: Vec<abi::Line>,
    line_texts: Vec<abi::LineTexts>,
    figures: Vec<i64>,
    texts: Texts,
    pub(super) figure_count: usize,
    pub(super) with_texts: bool,
    /// What was given to the plugin.
    kept: Vec<u8>,
    pub(super) answers: AnswerArea,
}

impl Batch {
    pub(super) fn new(figure_count: usize, with_texts: bool) -> Self {
        Self {
            orders: Vec::new(),
            lines: Vec::new(),
            line_texts: Vec::new(),
            figures: Vec::new(),
            texts: Texts::default(),
            figure_count,
            with_texts,
            kept: Vec::new(),
            answers: AnswerArea::new(),
        }
    }

    /// Forgets all orders and answers; the memory is kept.
    pub fn clear(&mut self) {
        self.orders.clear();
        self.lines.clear();
        self.line_texts.clear();
        self.figures.clear();
        self.texts.clear();
        self.answers.clear();
    }

    /// Begins an order; its lines follow. A figure that is not given is not known.
    // Inlined, here and below: an order has a line or two, so passing it on costs as much as the work.
    #[inline]
    pub fn order(&mut self, order: &OrderInput<'_>) {
        self.end_order();
        self.orders.push(abi::Order {
            at: order.at,
            day: order.day,
            month: order.month,
            first_line: count(self.lines.len()),
            line_count: 0,
            day_of_month: order.day_of_month,
            reserved: 0,
        });
        if self.figure_count > 0 {
            let given = order.figures.iter().map(|figure| figure.unwrap_or(abi::NONE));
            let all = given.chain(std::iter::repeat(abi::NONE)).take(self.figure_count);
            self.figures.extend(all);
        }
    }

    /// Adds a line to the order that was begun last; before any order it is left out.
    #[inline]
    pub fn line(&mut self, input: &LineInput<'_>) {
        if self.orders.is_empty() {
            return;
        }
        self.lines.push(of_input(input));
        if self.with_texts {
            let LineInput { category, ship_to, placement, sub_id, product, .. } = *input;
            self.add_texts([category, ship_to, placement, sub_id], product);
        }
    }

    /// Adds the texts of a line. Apart, so that a line without them is written where it belongs at once.
    #[inline(never)]
    fn add_texts(&mut self, texts: [Option<&str>; 4], product: Option<&dyn fmt::Display>) {
        let [category, ship_to, placement, sub_id] = texts.map(|text| self.texts.add(text));
        let product = self.texts.write(product);
        self.line_texts.push(abi::LineTexts { category, ship_to, placement, sub_id, product });
    }

    /// Counts the lines of the order that was begun last: once, not with each of them.
    #[inline]
    fn end_order(&mut self) {
        if let Some(order) = self.orders.last_mut() {
            order.line_count = count(self.lines.len()).saturating_sub(order.first_line);
        }
    }

    /// Whether the plugin is told the texts of lines; where not, they may be left out.
    pub fn has_texts(&self) -> bool {
        self.with_texts
    }

    /// Returns how many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns what the plugin said of the line with this place in the batch, after a call that
    /// succeeded.
    #[inline]
    pub fn said(&self, line: usize) -> Said<'_> {
        self.answers.said(line)
    }

    /// Whether the plugin said nothing of any line in that call.
    pub fn is_silent(&self) -> bool {
        self.answers.is_silent()
    }

    /// Returns how many lines, orders and bytes of texts there are.
    pub(super) fn sizes(&self) -> [(&'static str, usize); 3] {
        [
            ("lines", self.lines.len()),
            ("orders", self.orders.len()),
            ("bytes of texts", self.texts.bytes().len()),
        ]
    }

    /// The governing instant of the first order.
    pub(super) fn first_at(&self) -> Option<i64> {
        self.orders.first().map(|order| order.at)
    }

    /// Whether the boundary's counts hold all of it.
    pub(super) fn fits(&self) -> bool {
        self.texts.fits()
            && u32::try_from(self.lines.len()).is_ok()
            && u32::try_from(self.orders.len()).is_ok()
    }

    /// Returns the struct; it points into this batch.
    pub(super) fn raw(&mut self) -> abi::Batch {
        abi::Batch {
            orders: self.orders.as_mut_ptr(),
            lines: self.lines.as_mut_ptr(),
            line_texts: if self.with_texts {
                self.line_texts.as_mut_ptr()
            } else {
                std::ptr::null()
            },
            figures: self.figures.as_mut_ptr(),
            texts: self.texts.bytes_mut().as_mut_ptr(),
            order_count: count(self.orders.len()),
            line_count: count(self.lines.len()),
            figure_count: count(self.figure_count),
            text_len: count(self.texts.bytes().len()),
        }
    }

    /// What the plugin may only read, by name.
    fn given(&self) -> [(&'static str, &[u8]); 5] {
        [
            ("orders", bytes_of(&self.orders)),
            ("lines", bytes_of(&self.lines)),
            ("texts of the lines", bytes_of(&self.line_texts)),
            ("figures of earlier periods", bytes_of(&self.figures)),
            ("texts", self.texts.bytes()),
        ]
    }

    /// Ends the last order, and keeps a copy of all that the plugin may only read.
    pub(super) fn keep(&mut self) {
        self.end_order();
        let mut kept = std::mem::take(&mut self.kept);
        kept.clear();
        for (_, part) in self.given() {
            if !part.is_empty() {
                kept.extend_from_slice(part);
            }
        }
        self.kept = kept;
    }

    /// What is no longer as it was kept; none where all is.
    pub(super) fn changed(&self) -> Option<Changed> {
        let mut rest = self.kept.as_slice();
        for (what, part) in self.given() {
            let (kept, after) = rest.split_at_checked(part.len())?;
            rest = after;
            // Compared at once; only what differs is looked for byte by byte.
            if !part.is_empty() && kept != part {
                let mut pairs = kept.iter().zip(part).enumerate();
                let (at, (kept, now)) = pairs.find(|(_, (kept, now))| kept != now)?;
                let of = |size: usize| {
                    (what == "lines" || what == "texts of the lines").then_some(at / size)
                };
                let line = match what {
                    "lines" => of(size_of::<abi::Line>()),
                    _ => of(size_of::<abi::LineTexts>()),
                };
                return Some(Changed { what, at, kept: *kept, now: *now, line });
            }
        }
        None
    }
}

/// A byte of what a plugin may only read, that it wrote over.
pub(super) struct Changed {
    pub(super) what: &'static str,
    pub(super) at: usize,
    pub(super) kept: u8,
    pub(super) now: u8,
    /// The line, if it is one of a line's.
    pub(super) line: Option<usize>,
}

/// A struct of the boundary without padding, all of whose bytes are part of a field.
pub(super) trait Plain: Copy {}
impl Plain for abi::Order {}
impl Plain for abi::Line {}
impl Plain for abi::LineTexts {}
impl Plain for abi::Answer {}
impl Plain for i64 {}

pub(super) fn bytes_of<T: Plain>(items: &[T]) -> &[u8] {
    let length = size_of_val(items);
    // SAFETY: the pointer is that of a live slice of `length` bytes, borrowed for as long as the
    // result; any alignment does for bytes; `Plain` types have no padding (tests/layout.rs adds
    // up the sizes of their fields), so every byte is initialised.
    unsafe { std::slice::from_raw_parts(items.as_ptr().cast::<u8>(), length) }
}

#[inline]
fn of_input(input: &LineInput<'_>) -> abi::Line {
    let LineInput { line, outcome, by_plugin, .. } = *input;
    let amount = |amount: Option<Minor>| amount.map_or(abi::NONE, Minor::get);
    abi::Line {
        basis: amount(outcome.basis),
        commission: if outcome.computed { outcome.commission.get() } else { abi::NONE },
        unit_price: amount(line.price),
        quantity: line.quantity,
        reported_rate: line.reported_rate.map_or(abi::NO_RATE, Ppm::get),
        entry: line.rate.unwrap_or(abi::NO_ENTRY),
        state: line.state.rank(),
        verdict: verdict(outcome),
        by_plugin: u8::from(by_plugin),
        waits: u8::from(matches!(outcome.reason, Reason::PluginSilent | Reason::Plugin)),
        new_buyer: tri(input.new_buyer),
        hot: tri(input.hot),
        affiliate: tri(input.affiliate),
        coupon: tri(input.coupon),
        reserved: [0; 6],
    }
}

#[inline]
fn verdict(outcome: &Outcome) -> u8 {
    use feebook_kernel::Verdict;
    match outcome.verdict {
        Verdict::Uncovered => 0,
        Verdict::Declined => 1,
        Verdict::Disqualified => 2,
        Verdict::OutsideWindow => 3,
        Verdict::Excluded => 4,
        Verdict::Held => 5,
        Verdict::Unverifiable => 6,
        Verdict::Commissionable => 7,
    }
}

#[inline]
fn tri(known: Option<bool>) -> u8 {
    known.map_or(abi::UNKNOWN, u8::from)
}
