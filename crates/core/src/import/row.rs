//! One row of a report into a fact, or all that is wrong with it.
//!
//! Owns the checks of single values. Refuses to guess: a value that is not understood rejects the
//! row, and what is absent stays unknown.

use std::borrow::Cow;

use chrono_tz::Tz;
use feebook_kernel::{Minor, State};
use feebook_schedule::diagnostic::{Code, nearest};
use feebook_schedule::iso::{self, Currency};

use super::cell::{self, Cells};
use super::codes;
use super::field::{Field, Kind, Slot};
use super::mapping::{FieldPlan, Format, Meaning, Origin, Source, Times, Unknown};
use super::moment::{self, Days};
use super::number::{Fault, Notation, RateUnit, Unit};
use crate::fact::{LineFact, No};
use crate::words::{Word, Words};

/// What is wrong with one value of a row.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) code: &'static Code,
    /// The column or path it came from; none when it came from no single one.
    pub(super) slot: Option<usize>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// What all rows of a report have in common.
struct Rules<'f> {
    times: &'f Times,
    zone: Tz,
    empty: &'f [String],
    countries: &'f [(String, String)],
    slots: &'f [String],
    currency: Option<Currency>,
}

/// What a text of a source turned out to mean.
#[derive(Clone, Copy)]
struct Meant {
    word: Word,
    currency: Option<Currency>,
    meaning: Option<Meaning>,
}

/// What the texts of a source turned out to mean: a column of a report says the same few things over
/// and over.
#[derive(Default)]
struct Seen {
    /// By digest; of two texts of one digest the later.
    texts: Vec<Option<(Box<str>, Meant)>>,
}

impl Seen {
    /// How many are kept.
    const KEPT: usize = 512;

    fn slot(text: &str) -> usize {
        let digest = xxhash_rust::xxh3::xxh3_64(text.as_bytes());
        usize::try_from(digest % u64::try_from(Self::KEPT).unwrap_or(1)).unwrap_or(0)
    }

    fn get(&self, text: &str) -> Option<Meant> {
        match self.texts.get(Self::slot(text)) {
            Some(Some((known, meant))) if **known == *text => Some(*meant),
            _ => None,
        }
    }

    fn remember(&mut self, text: &str, meant: Meant) {
        if self.texts.is_empty() {
            self.texts.resize(Self::KEPT, None);
        }
        if let Some(slot) = self.texts.get_mut(Self::slot(text)) {
            *slot = Some((text.into(), meant));
        }
    }
}

struct Column<'f> {
    plan: &'f FieldPlan,
    /// One for each source.
    seen: Vec<Seen>,
}

impl Column<'_> {
    fn seen(&self, value: &Value<'_>) -> Option<Meant> {
        self.seen.get(value.at)?.get(&value.text)
    }

    fn remember(&mut self, value: &Value<'_>, meant: Meant) -> Meant {
        if let Some(seen) = self.seen.get_mut(value.at) {
            seen.remember(&value.text, meant);
        }
        meant
    }
}

impl Meant {
    fn word(word: Word) -> Self {
        Self { word, currency: None, meaning: None }
    }
}

/// Reads the rows of one report.
pub(super) struct RowReader<'f> {
    columns: Vec<Column<'f>>,
    rules: Rules<'f>,
    days: Days,
    /// What is wrong with the row that was read last.
    pub(super) problems: Vec<Problem>,
    /// How many amounts were left out because their currency is not the row's.
    pub(super) left_out: u64,
}

impl<'f> RowReader<'f> {
    /// Makes a reader for reports of a format.
    pub(super) fn new(format: &'f Format, program_zone: Tz, currency: Option<Currency>) -> Self {
        let rules = Rules {
            zone: format.times.zone.unwrap_or(program_zone),
            times: &format.times,
            empty: &format.empty,
            countries: &format.countries,
            slots: &format.slots,
            currency,
        };
        Self::with(format.fields.iter(), rules)
    }

    fn with(plans: impl Iterator<Item = &'f FieldPlan>, rules: Rules<'f>) -> Self {
        let seen = |plan: &FieldPlan| plan.sources.iter().map(|_| Seen::default()).collect();
        let columns = plans.map(|plan| Column { seen: seen(plan), plan }).collect();
        Self { columns, rules, days: Days::default(), problems: Vec::new(), left_out: 0 }
    }

    /// Reads a row; none when there is any problem with it.
    pub(super) fn read<C: Cells>(&mut self, cells: &C, words: &mut Words) -> Option<LineFact> {
        self.problems.clear();
        let fact = LineFact::new(No::Digits(0), No::Digits(0), State::Pending);
        let mut row = Row {
            cells,
            rules: &self.rules,
            days: &mut self.days,
            problems: &mut self.problems,
            left_out: &mut self.left_out,
            words,
            fact,
            currency: None,
        };
        for column in &mut self.columns {
            row.field(column);
        }
        row.line_amount(&self.columns);
        let fact = row.fact;
        self.problems.is_empty().then_some(fact)
    }
}

/// Says what is wrong with the constant of a field, if its other sources are empty.
pub(super) fn constant_fault(plan: &FieldPlan, times: &Times, empty: &[String]) -> Option<String> {
    plan.sources.iter().find(|source| matches!(source.origin, Origin::Constant(_)))?;
    let rules = Rules {
        times,
        zone: Tz::UTC,
        empty,
        countries: &[],
        slots: &[],
        currency: Currency::parse("USD"),
    };
    let mut reader = RowReader::with(std::iter::once(plan), rules);
    reader.read(&cell::NoCells, &mut Words::default());
    reader.problems.pop().map(|problem| problem.message)
}

/// A value of a row that is not empty, and where it came from.
struct Value<'a> {
    text: Cow<'a, str>,
    source: &'a Source,
    /// Which of the field's sources it is.
    at: usize,
}

struct Row<'r, 'f, C> {
    cells: &'r C,
    rules: &'r Rules<'f>,
    days: &'r mut Days,
    problems: &'r mut Vec<Problem>,
    left_out: &'r mut u64,
    words: &'r mut Words,
    fact: LineFact,
    /// The currency of the row's amounts, once it is known.
    currency: Option<Currency>,
}

impl<'f, C: Cells> Row<'_, 'f, C> {
    fn field(&mut self, column: &mut Column<'f>) {
        let plan = column.plan;
        match plan.field.kind {
            Kind::Status => return self.status(column),
            Kind::Flag(_) | Kind::Platform(_) | Kind::Link(_) => return self.meaning(plan),
            _ => {}
        }
        let (cells, told) = (self.cells, self.problems.len());
        let Some(value) = self.value(cells, plan, 0) else {
            let is_key = matches!(plan.field.kind, Kind::OrderNo | Kind::LineNo);
            if is_key && told == self.problems.len() {
                let message =
                    format!("the row has no `{}`", self.column_name(plan.sources.first(), plan));
                self.problem(&codes::MISSING_KEY, plan.sources.first(), message);
            }
            return;
        };
        match plan.field.kind {
            Kind::OrderNo => self.fact.order_no = No::parse(&value.text).unwrap_or(No::Digits(0)),
            Kind::LineNo => self.fact.line_no = No::parse(&value.text).unwrap_or(No::Digits(0)),
            Kind::Product(slot) => *slot(&mut self.fact) = No::parse(&value.text),
            Kind::Text(slot) => *slot(&mut self.fact) = Some((*value.text).into()),
            Kind::Word(slot) => self.word(column, &value, slot),
            Kind::Host(slot) => self.host(column, &value, slot),
            Kind::Country(slot) => self.country(column, &value, slot),
            Kind::Currency(slot) => self.row_currency(column, &value, slot),
            Kind::Instant(slot) => self.instant(plan.field, &value, slot),
            Kind::Quantity => self.quantity(plan.field, &value),
            Kind::Amount(slot) => self.amount(plan.field, &value, slot),
            Kind::Reported(slot) => self.reported(plan.field, &value, slot),
            Kind::Rate => self.rate(plan.field, &value),
            Kind::Status | Kind::Flag(_) | Kind::Platform(_) | Kind::Link(_) => {}
        }
    }

    /// Finds the first source, from some number on, that is not empty.
    fn value<'a>(&mut self, cells: &'a C, plan: &'f FieldPlan, from: usize) -> Option<Value<'a>>
    where
        'f: 'a,
    {
        for (at, source) in plan.sources.iter().enumerate().skip(from) {
            let Some(text) = self.text(cells, source) else { continue };
            let text =
                if source.json.is_empty() { Some(text) } else { self.dug(plan, source, &text) };
            if let Some(text) = text {
                return Some(Value { text, source, at });
            }
        }
        None
    }

    fn text<'a>(&mut self, cells: &'a C, source: &'a Source) -> Option<Cow<'a, str>> {
        match &source.origin {
            Origin::Constant(text) => Some(Cow::Borrowed(text)),
            Origin::Slot(slot) => {
                if cells.nested(*slot) && source.json.is_empty() {
                    let name = self.rules.slots.get(*slot).map_or("", String::as_str);
                    let message =
                        format!("`{name}` is a list or an object, expected a single value");
                    self.problem(&codes::NOT_A_VALUE, Some(source), message);
                    return None;
                }
                self.cleaned(cells.text(*slot)?, source).map(Cow::Borrowed)
            }
            Origin::Joined(slots, separator) => {
                let mut joined = String::new();
                for slot in slots {
                    let part = self.cleaned(cells.text(*slot)?, source)?;
                    if !joined.is_empty() {
                        joined.push_str(separator);
                    }
                    joined.push_str(part);
                }
                Some(Cow::Owned(joined))
            }
        }
    }

    /// The text without blanks and stripped characters around it; none when that leaves nothing.
    fn cleaned<'a>(&self, text: &'a str, source: &Source) -> Option<&'a str> {
        let mut text = text.trim_ascii();
        if !source.strip.is_empty() {
            text = text.trim_start_matches(|c| source.strip.contains(c)).trim_ascii_start();
        }
        let empty = text.is_empty() || self.rules.empty.iter().any(|word| word == text);
        (!empty).then_some(text)
    }

    /// Takes the first filled key out of a cell that holds a JSON object as text.
    fn dug<'a>(&mut self, plan: &FieldPlan, source: &Source, text: &str) -> Option<Cow<'a, str>> {
        let Some(object) = cell::object(text) else {
            let name = self.column_name(Some(source), plan);
            let message = format!("`{name}` is \"{}\", expected a JSON object", shown(text));
            self.problem(&codes::BAD_CELL, Some(source), message);
            return None;
        };
        source.json.iter().find_map(|key| {
            let (_, value) = object.iter().find(|(name, _)| name == key)?;
            self.cleaned(value, source).map(|value| Cow::Owned(value.to_owned()))
        })
    }

    /// The name under which a person finds a value in the report.
    fn column_name(&self, source: Option<&Source>, plan: &FieldPlan) -> String {
        let slot = source.and_then(slot_of).and_then(|slot| self.rules.slots.get(slot));
        slot.map_or(plan.field.name, String::as_str).to_owned()
    }

    fn problem(&mut self, code: &'static Code, source: Option<&Source>, message: String) {
        self.problems.push(Problem { code, slot: source.and_then(slot_of), message, hint: None });
    }

    /// Reports a value that is not what its field takes.
    fn unexpected(&mut self, code: &'static Code, field: &Field, value: &Value<'_>, wanted: &str) {
        let slot = slot_of(value.source).and_then(|slot| self.rules.slots.get(slot));
        let name = slot.map_or(field.name, String::as_str);
        let message = format!("`{name}` is \"{}\", expected {wanted}", shown(&value.text));
        self.problem(code, Some(value.source), message);
    }

    /// Adds to the last problem what to do about it.
    fn hint(&mut self, hint: impl Into<String>) {
        if let Some(problem) = self.problems.last_mut() {
            problem.hint = Some(hint.into());
        }
    }

    fn word(&mut self, column: &mut Column<'f>, value: &Value<'_>, slot: Slot<Word>) {
        let meant = column.seen(value).unwrap_or_else(|| {
            let word = self.words.intern(&value.text);
            column.remember(value, Meant::word(word))
        });
        *slot(&mut self.fact) = Some(meant.word);
    }

    fn host(&mut self, column: &mut Column<'f>, value: &Value<'_>, slot: Slot<Word>) {
        let meant = column.seen(value).unwrap_or_else(|| {
            let word = self.words.intern(&value.text.to_lowercase());
            column.remember(value, Meant::word(word))
        });
        *slot(&mut self.fact) = Some(meant.word);
    }

    fn country(&mut self, column: &mut Column<'f>, value: &Value<'_>, slot: Slot<Word>) {
        let Some(meant) = column.seen(value).or_else(|| self.country_named(column, value)) else {
            return;
        };
        *slot(&mut self.fact) = Some(meant.word);
    }

    fn country_named(&mut self, column: &mut Column<'f>, value: &Value<'_>) -> Option<Meant> {
        let capitals = value.text.to_ascii_uppercase();
        let alias = self.rules.countries.iter().find(|(theirs, _)| *theirs == capitals);
        let code = alias.map_or(&capitals, |(_, ours)| ours);
        if !iso::is_country(code) {
            let wanted = "an ISO 3166 code of two letters";
            self.unexpected(&codes::UNKNOWN_COUNTRY, column.plan.field, value, wanted);
            if code == "UK" {
                self.hint("the United Kingdom is GB; a mapping can say so under [countries]");
            }
            return None;
        }
        let word = self.words.intern(code);
        Some(column.remember(value, Meant::word(word)))
    }

    fn row_currency(&mut self, column: &mut Column<'f>, value: &Value<'_>, slot: Slot<Word>) {
        let meant = if let Some(meant) = column.seen(value) {
            meant
        } else {
            let Some(currency) = self.currency_named(column.plan.field, value) else { return };
            let word = self.words.intern(currency.code());
            let meant = Meant { currency: Some(currency), ..Meant::word(word) };
            column.remember(value, meant)
        };
        *slot(&mut self.fact) = Some(meant.word);
        // The currency of the amounts is read before the one that was paid in, and wins.
        self.currency = self.currency.or(meant.currency);
    }

    fn currency_named(&mut self, field: &Field, value: &Value<'_>) -> Option<Currency> {
        let currency = Currency::parse(&value.text.to_ascii_uppercase());
        if currency.is_none() {
            let wanted = "an ISO 4217 code of three letters";
            self.unexpected(&codes::UNKNOWN_CURRENCY, field, value, wanted);
        }
        currency
    }

    fn instant(&mut self, field: &Field, value: &Value<'_>, slot: Slot<i64>) {
        let formats = &self.rules.times.formats;
        if let Some((at, doubtful)) =
            moment::instant(&value.text, formats, self.rules.zone, self.days)
        {
            *slot(&mut self.fact) = Some(at);
            self.fact.doubtful_time |= doubtful;
        } else {
            let wanted = if moment::out_of_range(&value.text, formats, self.rules.zone) {
                "a day from 1970 to 2199".to_owned()
            } else {
                let shown: Vec<&str> = formats.iter().map(moment::TimeFormat::shown).collect();
                shown.join(" or ")
            };
            self.unexpected(&codes::BAD_TIME, field, value, &wanted);
        }
    }

    fn quantity(&mut self, field: &Field, value: &Value<'_>) {
        let whole = Notation::default().amount(&value.text, 0).ok();
        let quantity = whole.and_then(|count| u32::try_from(count).ok());
        if let Some(quantity) = quantity.filter(|count| (1..=1_000_000).contains(count)) {
            self.fact.quantity = quantity;
        } else {
            let wanted = "a whole number from 1 to 1000000";
            self.unexpected(&codes::BAD_QUANTITY, field, value, wanted);
        }
    }

    fn amount(&mut self, field: &Field, value: &Value<'_>, slot: Slot<Minor>) {
        let Some(minor) = self.minor(field, value) else { return };
        if minor < 0 {
            return self.unexpected(&codes::NEGATIVE_AMOUNT, field, value, "no less than 0");
        }
        *slot(&mut self.fact) = Minor::new(minor);
    }

    fn reported(&mut self, field: &Field, value: &Value<'_>, slot: Slot<i64>) {
        if let Some(minor) = self.minor(field, value) {
            *slot(&mut self.fact) = Some(minor);
        }
    }

    /// Reads an amount whose magnitude is one that a fact can have.
    fn minor(&mut self, field: &Field, value: &Value<'_>) -> Option<i64> {
        let currency = self.amount_currency(field, value)?;
        let notation = &value.source.notation;
        match notation.amount(&value.text, currency.decimals()) {
            Ok(minor) if minor.abs() <= Minor::MAX.get() => return Some(minor),
            Ok(_) | Err(Fault::TooGreat) => {
                let wanted = format!("at most {} {currency}", currency.written(Minor::MAX.get()));
                self.unexpected(&codes::TOO_GREAT, field, value, &wanted);
            }
            Err(Fault::TooPrecise) => {
                let wanted = match notation.unit {
                    Unit::Major => {
                        format!("at most {} decimals for {currency}", currency.decimals())
                    }
                    Unit::Minor => format!("whole minor units of {currency}"),
                };
                self.unexpected(&codes::TOO_PRECISE, field, value, &wanted);
            }
            Err(Fault::Malformed) => {
                let wanted = format!(
                    "a plain number with \"{}\" before the decimals",
                    notation.decimal_mark
                );
                self.unexpected(&codes::BAD_AMOUNT, field, value, &wanted);
            }
        }
        None
    }

    /// The currency of an amount; none when it is not the row's, so that the amount is left out.
    fn amount_currency(&mut self, field: &Field, value: &Value<'_>) -> Option<Currency> {
        let Some(row) = self.currency.or(self.rules.currency) else {
            let wanted = "a currency beside it: the versions of the program have different ones";
            self.unexpected(&codes::CURRENCY_OPEN, field, value, wanted);
            return None;
        };
        let Some(slot) = value.source.currency_of else { return Some(row) };
        let cells = self.cells;
        let Some(text) = cells.text(slot).and_then(|text| self.cleaned(text, value.source)) else {
            return Some(row);
        };
        let own = Value { text: Cow::Borrowed(text), source: value.source, at: value.at };
        let own = self.currency_named(field, &own)?;
        if own == row {
            return Some(row);
        }
        *self.left_out += 1;
        None
    }

    fn rate(&mut self, field: &Field, value: &Value<'_>) {
        self.fact.reported_rate = value.source.notation.rate(&value.text);
        if self.fact.reported_rate.is_none() {
            let wanted = match value.source.notation.rate {
                RateUnit::Signed => "a percent such as 6.3%, of at most 100% and four decimals",
                RateUnit::Percent => "a percent such as 6.3, of at most 100 and four decimals",
                RateUnit::Fraction => "a fraction such as 0.063, of at most 1 and six decimals",
            };
            self.unexpected(&codes::BAD_RATE, field, value, wanted);
        }
    }

    fn status(&mut self, column: &mut Column<'f>) {
        let cells = self.cells;
        let mut from = 0;
        while let Some(value) = self.value(cells, column.plan, from) {
            from = value.at + 1;
            let meant = match column.seen(&value) {
                Some(meant) => meant,
                None => match self.meaning_of(column.plan.field, &value, &codes::UNKNOWN_STATUS) {
                    Ok(Some(meaning)) => {
                        let word = self.words.intern(&value.text);
                        let meant = Meant { meaning: Some(meaning), ..Meant::word(word) };
                        column.remember(&value, meant)
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

    fn meaning(&mut self, plan: &'f FieldPlan) {
        let cells = self.cells;
        let mut from = 0;
        while let Some(value) = self.value(cells, plan, from) {
            from = value.at + 1;
            let meaning = match self.meaning_of(plan.field, &value, &codes::UNKNOWN_WORD) {
                Ok(Some(meaning)) => meaning,
                Ok(None) => continue,
                Err(()) => return,
            };
            match (plan.field.kind, meaning) {
                (Kind::Flag(slot), Meaning::Flag(flag)) => *slot(&mut self.fact) = Some(flag),
                (Kind::Platform(slot), Meaning::Platform(platform)) => {
                    *slot(&mut self.fact) = Some(platform);
                }
                (Kind::Link(slot), Meaning::Link(link)) => *slot(&mut self.fact) = Some(link),
                _ => {}
            }
            return;
        }
    }

    /// What a word means: nothing when the next source shall be asked, an error when it was
    /// reported.
    fn meaning_of(
        &mut self,
        field: &Field,
        value: &Value<'_>,
        code: &'static Code,
    ) -> Result<Option<Meaning>, ()> {
        if let Some(meaning) = value.source.meaning(&value.text) {
            return Ok(Some(meaning));
        }
        match value.source.unknown {
            Unknown::Next => Ok(None),
            Unknown::Means(meaning) => Ok(Some(meaning)),
            Unknown::Refuse => {
                let known: Vec<&str> = value.source.words.iter().map(|(word, _)| &**word).collect();
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

    /// Checks price times quantity.
    fn line_amount(&mut self, columns: &[Column<'f>]) {
        let Some(price) = self.fact.product_price else { return };
        let quantity = self.fact.quantity;
        if price.times(quantity).is_none() {
            let Some(currency) = self.currency.or(self.rules.currency) else { return };
            let message = format!(
                "{} {currency} times {quantity} is over {} {currency}",
                currency.written(price.get()),
                currency.written(Minor::MAX.get()),
            );
            let column = columns.iter().find(|column| column.plan.field.name == "product_price");
            let source = column.and_then(|column| column.plan.sources.first());
            self.problem(&codes::LINE_TOO_GREAT, source, message);
        }
    }
}

fn slot_of(source: &Source) -> Option<usize> {
    match &source.origin {
        Origin::Slot(slot) => Some(*slot),
        Origin::Joined(slots, _) => slots.first().copied(),
        Origin::Constant(_) => None,
    }
}

/// A value of the report as it can be shown in a sentence: short, and without characters that a
/// terminal would obey.
pub(super) fn shown(text: &str) -> String {
    shown_up_to(80, text)
}

/// The same, with another length.
pub(super) fn shown_up_to(length: usize, text: &str) -> String {
    let mut shown: String = text.chars().take(length).map(printable).collect();
    if text.chars().nth(length).is_some() {
        shown.push('…');
    }
    shown
}

/// The character, or a mark for one that a terminal would obey.
pub(super) fn printable(character: char) -> char {
    if character.is_control() && character != '\t' { '\u{fffd}' } else { character }
}
