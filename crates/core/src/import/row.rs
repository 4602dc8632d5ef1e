//! One row of a report into a fact, or all that is wrong with it.
//!
//! Owns the checks of single values. Refuses to guess: a value that is not understood rejects the
//! row, and what is absent stays unknown.

mod words;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;
use feebook_kernel::{Minor, State};
use feebook_schedule::diagnostic::Code;
use feebook_schedule::iso::{self, Currency};

use super::Context;
use super::cell::{self, Cells, Nature};
use super::codes;
use super::field::{Field, Kind, Slot};
use super::mapping::{FieldPlan, Format, Meaning, Negative, Origin, Source, Times};
use super::moment::{self, Days, Zones};
use super::number::{Fault, Notation, RateUnit, Unit};
use crate::fact::{Corrects, LineFact, No};
use crate::words::{Word, Words};

/// How many numbers of rows are remembered for the sake of those that occur again.
const NUMBERS: usize = 1 << 22;
/// How many unknown words are told one by one.
const UNKNOWN_WORDS: usize = 50;

/// What is wrong with one value of a row.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) code: &'static Code,
    /// The column or path it came from; none when it came from no single one.
    pub(super) slot: Option<usize>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// What a row with an amount below zero takes back of its original.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TakenBack {
    /// Of the reported commission, where the row has one.
    pub(super) commission: Option<i64>,
    /// Where the row says so.
    pub(super) slot: Option<usize>,
    pub(super) currency: Option<Currency>,
}

/// What all rows of a report have in common.
struct Rules<'f> {
    times: &'f Times,
    zone: Tz,
    empty: &'f [String],
    countries: &'f [(String, String)],
    slots: &'f [String],
    currency: Option<Currency>,
    /// Amounts of no known currency are left out.
    lenient: bool,
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
    /// Status words that the mapping does not know, and how many rows have them.
    pub(super) unknown_words: BTreeMap<String, u64>,
    /// How often each number of a row occurred, where the mapping asks for that.
    occurrences: HashMap<u128, u32>,
    /// The sources whose sign is the state.
    signs: Vec<&'f Source>,
    /// What the row that was read last takes back, where it has an amount below zero.
    pub(super) taken_back: Option<TakenBack>,
    advertiser: &'f [Option<FieldPlan>; 2],
}

impl<'f> RowReader<'f> {
    /// Makes a reader for reports of a format.
    pub(super) fn new(format: &'f Format, context: Context) -> Self {
        let rules = Rules {
            zone: format.times.zone.unwrap_or(context.zone),
            times: &format.times,
            empty: &format.empty,
            countries: &format.countries,
            slots: &format.slots,
            currency: context.default_currency,
            lenient: context.unknown,
        };
        Self { advertiser: &format.advertiser, ..Self::with(format.fields.iter(), rules) }
    }

    /// From here on rows are of another program.
    pub(super) fn set_context(&mut self, context: Context) {
        self.rules.zone = self.rules.times.zone.unwrap_or(context.zone);
        self.rules.currency = context.default_currency;
        self.rules.lenient = context.unknown;
    }

    /// Whose advertiser a row is of: the network's number, empty where the row has none, and the
    /// name; none where the mapping does not say.
    pub(super) fn advertiser<C: Cells>(&self, cells: &C) -> Option<(String, Option<String>)> {
        let [number, name] = self.advertiser;
        let text = |plan: &FieldPlan| {
            plan.sources.iter().find_map(|source| {
                let text = match &source.origin {
                    Origin::Constant(text) => return Some(text.clone()),
                    Origin::Slot(slot) => cells.text(*slot)?,
                    Origin::Joined(..) => return None,
                };
                self.rules.cleaned(text, source).map(str::to_owned)
            })
        };
        Some((text(number.as_ref()?).unwrap_or_default(), name.as_ref().and_then(text)))
    }

    fn with(plans: impl Iterator<Item = &'f FieldPlan>, rules: Rules<'f>) -> Self {
        let seen = |plan: &FieldPlan| plan.sources.iter().map(|_| Seen::default()).collect();
        let columns: Vec<_> = plans.map(|plan| Column { seen: seen(plan), plan }).collect();
        let sources = columns.iter().flat_map(|column: &Column<'f>| &column.plan.sources);
        let signs = sources.filter(|source| source.by_sign).collect();
        Self {
            signs,
            taken_back: None,
            columns,
            rules,
            days: Days::default(),
            problems: Vec::new(),
            left_out: 0,
            unknown_words: BTreeMap::new(),
            occurrences: HashMap::new(),
            advertiser: &NOBODY,
        }
    }

    /// From here on rows are of another file of the archive: what makes up their numbers is counted
    /// anew, as it would be if the file came alone.
    pub(super) fn begin_file(&mut self) {
        self.occurrences.clear();
    }

    /// Whether any cell that should hold an instant or an amount does, whatever is wrong with others.
    pub(super) fn has_figures<C: Cells>(mut self, cells: &C) -> bool {
        // A constant stands beside a header as well.
        self.columns.retain(|column| {
            let is_constant = |source: &Source| matches!(source.origin, Origin::Constant(_));
            match column.plan.field.kind {
                Kind::Currency(_) => true,
                Kind::Instant(_) | Kind::Amount(_) | Kind::Reported(_) => {
                    !column.plan.sources.iter().any(is_constant)
                }
                _ => false,
            }
        });
        // Any currency will do: what is asked is whether a number stands there.
        self.rules.currency = self.rules.currency.or_else(|| Currency::parse("USD"));
        let fact = self.fact(cells, &mut Words::default());
        let amounts = [
            fact.product_price,
            fact.service_fee,
            fact.paid_amount,
            fact.final_amount,
            fact.refunded,
        ];
        fact.instants().next().is_some()
            || amounts.iter().any(Option::is_some)
            || fact.reported().is_some()
            || self.problems.iter().any(|problem| {
                let numbers =
                    [&codes::NEGATIVE_AMOUNT, &codes::TOO_PRECISE, &codes::TOO_GREAT].map(|c| c.id);
                numbers.contains(&problem.code.id)
            })
    }

    /// Reads a row; none when there is any problem with it.
    pub(super) fn read<C: Cells>(&mut self, cells: &C, words: &mut Words) -> Option<LineFact> {
        let fact = self.fact(cells, words);
        self.problems.is_empty().then_some(fact)
    }

    /// Reads a row, but for what is wrong with it.
    fn fact<C: Cells>(&mut self, cells: &C, words: &mut Words) -> LineFact {
        self.problems.clear();
        self.taken_back = None;
        let fact = LineFact::new(No::Digits(0), No::Digits(0), State::Pending);
        let mut row = Row {
            cells,
            rules: &self.rules,
            days: &mut self.days,
            problems: &mut self.problems,
            left_out: &mut self.left_out,
            unknown_words: &mut self.unknown_words,
            occurrences: &mut self.occurrences,
            signs: &self.signs,
            taken_back: &mut self.taken_back,
            words,
            fact,
            correction_no: false,
            currency: None,
        };
        for column in &mut self.columns {
            row.field(column);
        }
        row.line_amount(&self.columns);
        row.tell_once();
        let mut fact = row.fact;
        // A correction says by itself what it takes back; only of other rows it must be a whole line.
        let is_line = fact.corrects.is_none();
        self.taken_back = self.taken_back.filter(|_| is_line && fact.state == State::Reversed);
        if !is_line && fact.state == State::Reversed {
            take_reported(&mut fact);
        }
        fact
    }
}

/// Has a row that takes something back take what it reports, too, with whatever sign it reports it.
fn take_reported(fact: &mut LineFact) {
    let reported =
        [&mut fact.reported_commission, &mut fact.reported_incentive, &mut fact.reported_bonus];
    for amount in reported {
        *amount = amount.map(|amount| -amount.abs());
    }
}

/// The advertiser of rows that do not say.
static NOBODY: [Option<FieldPlan>; 2] = [None, None];

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
        lenient: false,
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
    nature: Nature,
}

struct Row<'r, 'f, C> {
    cells: &'r C,
    rules: &'r Rules<'f>,
    days: &'r mut Days,
    problems: &'r mut Vec<Problem>,
    left_out: &'r mut u64,
    unknown_words: &'r mut BTreeMap<String, u64>,
    occurrences: &'r mut HashMap<u128, u32>,
    signs: &'r [&'f Source],
    taken_back: &'r mut Option<TakenBack>,
    words: &'r mut Words,
    fact: LineFact,
    /// Whether a row that corrects another has its number.
    correction_no: bool,
    /// The currency of the row's amounts, once it is known.
    currency: Option<Currency>,
}

impl<'f, C: Cells> Row<'_, 'f, C> {
    fn field(&mut self, column: &mut Column<'f>) {
        let plan = column.plan;
        match plan.field.kind {
            Kind::Status => return self.status(column),
            Kind::Correction => return self.correction(plan),
            Kind::CorrectionNo | Kind::Corrects if self.fact.corrects.is_none() => return,
            // A correction has its own number, if there is one.
            Kind::LineNo if self.correction_no => return,
            Kind::Flag(_) | Kind::Platform(_) | Kind::Link(_) => return self.meaning(plan),
            _ => {}
        }
        let (cells, told) = (self.cells, self.problems.len());
        let Some(value) = self.value(cells, plan, 0) else {
            let is_key = matches!(plan.field.kind, Kind::OrderNo | Kind::LineNo);
            if is_key && told == self.problems.len() {
                let slot = plan.sources.first().and_then(|source| self.empty_slot(source));
                let name = slot.and_then(|slot| self.rules.slots.get(slot));
                let name = name.map_or(plan.field.name, String::as_str);
                let message = format!("the row has no `{name}`");
                let (code, hint) = (&codes::MISSING_KEY, None);
                self.problems.push(Problem { code, slot, message, hint });
            }
            return;
        };
        match plan.field.kind {
            Kind::OrderNo => {
                let number = self.numbered(value, "");
                self.fact.order_no = No::parse(&number).unwrap_or(No::Digits(0));
            }
            Kind::LineNo | Kind::CorrectionNo => {
                let order_no = self.fact.order_no.to_string();
                let mut number = self.numbered(value, &order_no);
                if self.fact.corrects.is_some() {
                    // So it is the number of no line.
                    number = Cow::Owned(format!("correction-{number}"));
                    self.correction_no = true;
                }
                self.fact.line_no = No::parse(&number).unwrap_or(No::Digits(0));
            }
            Kind::Corrects => {
                let line_no = No::parse(&value.text).map(Corrects::Line);
                self.fact.corrects = line_no.map(Box::new).or(self.fact.corrects.take());
            }
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
            Kind::Correction
            | Kind::Status
            | Kind::Flag(_)
            | Kind::Platform(_)
            | Kind::Link(_)
            | Kind::Advertiser => {}
        }
    }

    /// The number of an order or of a line. One that occurs again in the file, where the mapping
    /// asks for that, is told from the first by which occurrence it is: rows that are alike in all
    /// that makes up the number get the same numbers in whatever order they come. What `strip` drops
    /// counts, so that `-20` is the first to take back the first `20`.
    /// A number that is an amount is the amount, however it is written; where the sign is the state,
    /// each sign is counted by itself.
    fn numbered<'a>(&mut self, mut value: Value<'a>, order_no: &str) -> Cow<'a, str> {
        let is_amount = value.source.negative == Negative::Magnitude;
        if is_amount && let Some(magnitude) = notation_of(&value).magnitude(&value.text) {
            value.text = Cow::Owned(magnitude);
        }
        if !value.source.occurrence {
            return value.text;
        }
        let slots = match &value.source.origin {
            Origin::Slot(slot) => std::slice::from_ref(slot),
            Origin::Joined(slots, ..) => slots,
            Origin::Constant(_) => &[],
        };
        let cell = |slot: usize| self.cells.text(slot).unwrap_or_default().trim_ascii();
        let mut written = format!("{order_no}\0");
        if is_amount {
            written.push_str(&value.text);
        } else {
            for slot in slots {
                written.extend([cell(*slot), "\0"]);
            }
        }
        written.extend(value.source.per.map(|slot| ["\0per\0", cell(slot)]).into_iter().flatten());
        let below_zero = |source: &&&Source| {
            let slot = slot_of(source);
            slot.is_some_and(|slot| cell(slot).starts_with('-'))
        };
        written.extend(self.signs.iter().find(below_zero).map(|_| "\0-"));
        written.extend(self.fact.corrects.as_ref().map(|_| "\0corrects"));
        let key = xxhash_rust::xxh3::xxh3_128(written.as_bytes());
        if self.occurrences.len() >= NUMBERS && !self.occurrences.contains_key(&key) {
            let message = format!("the file has over {NUMBERS} rows that have no number");
            self.problem(&codes::TOO_MANY_NUMBERS, Some(value.source), message);
            return value.text;
        }
        let count = self.occurrences.entry(key).or_insert(0);
        *count += 1;
        if *count == 1 { value.text } else { Cow::Owned(format!("{}#{count}", value.text)) }
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
            let nature = nature_of(cells, source);
            if let Some(text) = text {
                if nature == Nature::Inexact {
                    let name = self.column_name(Some(source), plan);
                    let message = format!(
                        "`{name}` is a number of over 15 digits, of which the spreadsheet has kept 15"
                    );
                    self.problem(&codes::LOST_DIGITS, Some(source), message);
                    self.hint("get the report as CSV, or with such columns as text");
                    return None;
                }
                return Some(Value { text, source, at, nature });
            }
        }
        None
    }

    fn text<'a>(&mut self, cells: &'a C, source: &'a Source) -> Option<Cow<'a, str>> {
        let filled = |slot| cells.text(slot).is_some_and(|text| !text.trim_ascii().is_empty());
        if source.unless.is_some_and(filled) {
            return None;
        }
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
            Origin::Joined(slots, separator, optional) => {
                let mut joined = String::new();
                for slot in slots {
                    let part = cells.text(*slot).and_then(|text| self.cleaned(text, source));
                    if part.is_none() && *optional {
                        continue;
                    }
                    let part = part?;
                    if !joined.is_empty() {
                        joined.push_str(separator);
                    }
                    joined.push_str(part);
                }
                (!joined.is_empty()).then_some(Cow::Owned(joined))
            }
        }
    }

    /// Which column of a source is empty: of several that are joined, the first that is.
    fn empty_slot(&self, source: &Source) -> Option<usize> {
        let Origin::Joined(slots, ..) = &source.origin else { return slot_of(source) };
        let filled =
            |slot: usize| self.cells.text(slot).and_then(|text| self.cleaned(text, source));
        slots.iter().copied().find(|slot| filled(*slot).is_none())
    }

    fn cleaned<'a>(&self, text: &'a str, source: &Source) -> Option<&'a str> {
        self.rules.cleaned(text, source)
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

    /// Tells once what is wrong with a cell that several fields read.
    fn tell_once(&mut self) {
        for at in (1..self.problems.len()).rev() {
            let (before, after) = self.problems.split_at(at);
            let same = |problem: &Problem| {
                problem.slot.is_some()
                    && (problem.code.id, problem.slot) == (after[0].code.id, after[0].slot)
            };
            if before.iter().any(same) {
                self.problems.remove(at);
            }
        }
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
        let zones = Zones { zone: self.rules.zone, abbreviations: &self.rules.times.abbreviations };
        let found = match value.nature {
            Nature::Moment => moment::of_cell(&value.text, zones.zone, self.days),
            _ => moment::instant(&value.text, formats, zones, self.days),
        };
        if let Some((at, doubtful)) = found {
            *slot(&mut self.fact) = Some(at);
            self.fact.doubtful_time |= doubtful;
        } else {
            let wanted = if moment::out_of_range(&value.text, formats, zones) {
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
            self.unexpected(&codes::NEGATIVE_AMOUNT, field, value, "no less than 0");
            return self.hint("a mapping can say what it means: `negative = \"magnitude\"`");
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
        let notation = notation_of(value);
        match notation.amount(&value.text, currency.decimals()) {
            Ok(minor) if minor.abs() <= Minor::MAX.get() => {
                if minor < 0 && value.source.negative != Negative::AsItIs {
                    let taken_back = self.taken_back.get_or_insert_default();
                    taken_back.currency = Some(currency);
                    if field.name == "reported_commission" {
                        taken_back.commission = Some(minor.saturating_neg());
                    }
                    taken_back.slot = taken_back.slot.or(slot_of(value.source));
                }
                return Some(match value.source.negative {
                    Negative::AsItIs => minor,
                    Negative::Magnitude => minor.abs(),
                    Negative::Zero => minor.max(0),
                });
            }
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
                let wanted = plain_number(&notation);
                self.unexpected(&codes::BAD_AMOUNT, field, value, &wanted);
            }
        }
        None
    }

    /// The currency of an amount; none when it is not the row's, so that the amount is left out.
    fn amount_currency(&mut self, field: &Field, value: &Value<'_>) -> Option<Currency> {
        let Some(row) = self.currency.or(self.rules.currency) else {
            if self.rules.lenient {
                *self.left_out += 1;
                return None;
            }
            let wanted = "a currency beside it: the versions of the program have different ones";
            self.unexpected(&codes::CURRENCY_OPEN, field, value, wanted);
            return None;
        };
        let Some(slot) = value.source.currency_of else { return Some(row) };
        let cells = self.cells;
        let Some(text) = cells.text(slot).and_then(|text| self.cleaned(text, value.source)) else {
            return Some(row);
        };
        let (source, at) = (value.source, value.at);
        let own = Value { text: Cow::Borrowed(text), source, at, nature: Nature::Text };
        let own = self.currency_named(field, &own)?;
        if own == row {
            return Some(row);
        }
        *self.left_out += 1;
        None
    }

    fn rate(&mut self, field: &Field, value: &Value<'_>) {
        self.fact.reported_rate = notation_of(value).rate(&value.text);
        if self.fact.reported_rate.is_none() {
            let wanted = match value.source.notation.rate {
                RateUnit::Signed => "a percent such as 6.3%, of at most 100% and four decimals",
                RateUnit::Percent => "a percent such as 6.3, of at most 100 and four decimals",
                RateUnit::Fraction => "a fraction such as 0.063, of at most 1 and six decimals",
            };
            self.unexpected(&codes::BAD_RATE, field, value, wanted);
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

impl Rules<'_> {
    /// The text without blanks and stripped characters around it; none when that leaves nothing.
    fn cleaned<'a>(&self, text: &'a str, source: &Source) -> Option<&'a str> {
        let mut text = text.trim_ascii();
        if !source.strip.is_empty() {
            text = text.trim_start_matches(|c| source.strip.contains(c)).trim_ascii_start();
        }
        let empty = text.is_empty() || self.empty.iter().any(|word| word == text);
        (!empty).then_some(text)
    }
}

/// What the cell of a source is by itself; of several that are joined, a moment if one of them is.
fn nature_of<C: Cells>(cells: &C, source: &Source) -> Nature {
    match &source.origin {
        Origin::Slot(slot) => cells.nature(*slot),
        Origin::Joined(slots, ..) => {
            let natures = || slots.iter().map(|slot| cells.nature(*slot));
            [Nature::Inexact, Nature::Moment]
                .into_iter()
                .find(|wanted| natures().any(|nature| nature == *wanted))
                .unwrap_or(Nature::Text)
        }
        Origin::Constant(_) => Nature::Text,
    }
}

/// What a number must be like.
fn plain_number(notation: &Notation) -> String {
    format!("a plain number with \"{}\" before the decimals", notation.decimal_mark)
}

/// How a value's number is written.
fn notation_of(value: &Value<'_>) -> Notation {
    match value.nature {
        Nature::Number => value.source.notation.of_numbers(),
        _ => value.source.notation,
    }
}

fn slot_of(source: &Source) -> Option<usize> {
    match &source.origin {
        Origin::Slot(slot) => Some(*slot),
        Origin::Joined(slots, ..) => slots.first().copied(),
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
