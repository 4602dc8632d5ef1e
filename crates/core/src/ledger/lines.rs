//! Order lines as rows: one revision in, one revision out.
//!
//! Owns the columns of `order_line`, and that what was written is read back equal. Refuses to
//! decide which revision counts.

use std::convert::Infallible;

use feebook_kernel::{Minor, Ppm, State};
use rusqlite::types::{Null, ToSqlOutput, Value, ValueRef};
use rusqlite::{Row, Statement, ToSql};

use super::{Result, damaged, sql};
use crate::fact::{Corrects, LineFact, Link, No, Platform};
use crate::words::Word;

/// One report of one order line, as it is in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// The ledger's number of this row.
    pub seq: i64,
    /// The import that brought it.
    pub import_id: i64,
    /// What was reported.
    pub fact: LineFact,
}

/// The columns in the order in which they are read. Those before `filled` columns begin (see
/// [`FIXED`]) are in every row.
pub(super) const NAMES: [&str; 36] = [
    "program_id",
    "order_no",
    "line_no",
    "seq",
    "import_id",
    "state",
    "quantity",
    "traits",
    "status_word",
    "placement",
    "sub_id",
    "clicked_at",
    "ordered_at",
    "paid_at",
    "finished_at",
    "settled_at",
    "updated_at",
    "category",
    "product",
    "store",
    "click_country",
    "ship_to",
    "seller_country",
    "host",
    "currency",
    "amount_currency",
    "product_price",
    "service_fee",
    "paid_amount",
    "final_amount",
    "refunded",
    "reported_rate",
    "reported_commission",
    "reported_incentive",
    "reported_bonus",
    "corrects",
];

/// Which of them holds the traits.
const TRAITS: usize = 7;

/// How many of [`NAMES`] are in every row; what comes behind them is empty where a report does not say it.
const FIXED: usize = 8;

/// Which of the columns behind the fixed ones are filled, a bit each from the lowest on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Filled(u32);

impl Filled {
    /// All columns.
    pub(super) const ALL: Self = Self(u32::MAX);

    /// The columns that a fact fills.
    pub(super) fn of(fact: &LineFact) -> Self {
        let (mut bits, mut bit) = (0, 1);
        let _: std::result::Result<(), Infallible> = each(fact, |cell| {
            bits |= if matches!(cell, Cell::Empty) { 0 } else { bit };
            bit <<= 1;
            Ok(())
        });
        Self(bits)
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// As the ledger stores it, and back.
    pub(super) fn bits(self) -> u32 {
        self.0
    }

    pub(super) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether a column behind the fixed ones is among them.
    fn has(self, at: usize) -> bool {
        self.0 >> at & 1 == 1
    }

    /// The names of the fixed columns and of these, in order.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        let (fixed, others) = NAMES.split_at(FIXED);
        let filled = others.iter().enumerate().filter(move |(at, _)| self.has(*at));
        fixed.iter().copied().chain(filled.map(|(_, name)| *name))
    }

    /// The same as a list for SQL.
    pub(super) fn columns(self) -> String {
        self.names().collect::<Vec<_>>().join(", ")
    }
}

/// A value of a column that may be empty.
enum Cell<'f> {
    Empty,
    Integer(i64),
    Text(&'f str),
    No(&'f No),
    /// A number that is not said.
    NoNumber,
}

/// Calls with the values of the columns behind the fixed ones, in order.
fn each<'f, E>(
    fact: &'f LineFact,
    mut put: impl FnMut(Cell<'f>) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let integer = |value: Option<i64>| value.map_or(Cell::Empty, Cell::Integer);
    let word = |word: Option<Word>| integer(word.map(|word| i64::from(word.index())));
    let minor = |amount: Option<Minor>| integer(amount.map(Minor::get));
    put(word(fact.status_word))?;
    put(word(fact.placement))?;
    put(fact.sub_id.as_deref().map_or(Cell::Empty, Cell::Text))?;
    put(integer(fact.clicked_at))?;
    put(integer(fact.ordered_at))?;
    put(integer(fact.paid_at))?;
    put(integer(fact.finished_at))?;
    put(integer(fact.settled_at))?;
    put(integer(fact.updated_at))?;
    put(word(fact.category))?;
    put(fact.product.as_ref().map_or(Cell::Empty, Cell::No))?;
    put(word(fact.store))?;
    put(word(fact.click_country))?;
    put(word(fact.ship_to))?;
    put(word(fact.seller_country))?;
    put(word(fact.host))?;
    put(word(fact.currency))?;
    put(word(fact.amount_currency))?;
    put(minor(fact.product_price))?;
    put(minor(fact.service_fee))?;
    put(minor(fact.paid_amount))?;
    put(minor(fact.final_amount))?;
    put(minor(fact.refunded))?;
    put(integer(fact.reported_rate.map(|rate| i64::from(rate.get()))))?;
    put(integer(fact.reported_commission))?;
    put(integer(fact.reported_incentive))?;
    put(integer(fact.reported_bonus))?;
    put(match fact.corrects.as_deref() {
        None => Cell::Empty,
        Some(Corrects::Line(line_no)) => Cell::No(line_no),
        Some(Corrects::OfOrder) => Cell::NoNumber,
    })
}

/// The key of a number of the network's: an integer, or length and text.
pub(super) fn key(no: &No) -> Value {
    match no {
        No::Digits(digits) => Value::Integer(*digits),
        No::Text(text) => {
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            let mut bytes = length.to_be_bytes().to_vec();
            bytes.extend_from_slice(text.as_bytes());
            Value::Blob(bytes)
        }
    }
}

/// The number of the network's that a key stands for.
pub(super) fn no(value: ValueRef<'_>) -> Result<No> {
    match value {
        ValueRef::Integer(digits) => Ok(No::Digits(digits)),
        ValueRef::Blob(bytes) => {
            let (length, text) = bytes.split_at_checked(2).unwrap_or((&[], &[]));
            let fits = u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes() == length;
            let text = std::str::from_utf8(text).ok().filter(|_| fits);
            text.map(|text| No::Text(text.into()))
                .ok_or_else(|| damaged("an order number that is no text"))
        }
        _ => Err(damaged("an order number of a wrong type")),
    }
}

/// A number, bound without copying its text unless it needs its length in front.
pub(super) struct Key<'n>(pub(super) &'n No);

impl ToSql for Key<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            No::Digits(digits) => ToSqlOutput::Owned(Value::Integer(*digits)),
            No::Text(_) => ToSqlOutput::Owned(key(self.0)),
        })
    }
}

/// Makes the statement that inserts a number of rows of some columns. Parameter 1 is the program and 2
/// the import, which all rows have in common.
pub(super) fn insert_query(filled: Filled, rows: usize) -> String {
    let mut query = format!("INSERT INTO order_line ({}) VALUES ", filled.columns());
    let own = filled.names().count() - COMMON;
    for row in 0..rows {
        let separator = if row == 0 { "(" } else { ",(" };
        query.push_str(separator);
        let first = COMMON + 1 + row * own;
        let mut own = (first..).map(|at| format!("?{at}"));
        let values = filled.names().map(|name| match name {
            "program_id" => "?1".to_owned(),
            "import_id" => "?2".to_owned(),
            _ => own.next().unwrap_or_default(),
        });
        query.push_str(&values.collect::<Vec<_>>().join(","));
        query.push(')');
    }
    query
}

/// What stands for a number that is not said.
const NO_NUMBER: &[u8] = &[];

/// How many parameters all rows of an insert have in common.
const COMMON: usize = 2;

/// Binds the rows of [`insert_query`].
pub(super) fn bind(
    statement: &mut Statement<'_>,
    (program_id, import_id): (i64, i64),
    filled: Filled,
    revisions: &[&Revision],
) -> rusqlite::Result<()> {
    statement.raw_bind_parameter(1, program_id)?;
    statement.raw_bind_parameter(2, import_id)?;
    let mut at = COMMON + 1;
    for Revision { seq, fact, .. } in revisions {
        statement.raw_bind_parameter(at, Key(&fact.order_no))?;
        statement.raw_bind_parameter(at + 1, Key(&fact.line_no))?;
        statement.raw_bind_parameter(at + 2, seq)?;
        statement.raw_bind_parameter(at + 3, fact.state.rank())?;
        statement.raw_bind_parameter(at + 4, fact.quantity)?;
        statement.raw_bind_parameter(at + 5, traits(fact))?;
        at += 6;
        let mut column = 0;
        each(fact, |cell| {
            if filled.has(column) {
                match cell {
                    Cell::Empty => statement.raw_bind_parameter(at, Null)?,
                    Cell::Integer(value) => statement.raw_bind_parameter(at, value)?,
                    Cell::Text(text) => statement.raw_bind_parameter(at, text)?,
                    Cell::No(number) => statement.raw_bind_parameter(at, Key(number))?,
                    Cell::NoNumber => statement.raw_bind_parameter(at, NO_NUMBER)?,
                }
                at += 1;
            }
            column += 1;
            Ok::<_, rusqlite::Error>(())
        })?;
    }
    Ok(())
}

/// Reads one revision from a row of [`Filled::columns`].
pub(super) fn read(row: &Row<'_>, filled: Filled) -> Result<Revision> {
    let mut columns = Columns { row, at: 1, left: u32::MAX };
    let (order_no, line_no) = (columns.no()?, columns.no()?);
    let (seq, import_id) = (columns.required()?, columns.required()?);
    let state = usize::try_from(columns.required()?)
        .ok()
        .and_then(|rank| State::ALL.get(rank).copied())
        .ok_or_else(|| damaged("an unknown state"))?;
    let mut fact = LineFact::new(order_no, line_no, state);
    let quantity = columns.required()?;
    fact.quantity = u32::try_from(quantity).map_err(|_| damaged("a quantity out of bounds"))?;
    set_traits(&mut fact, columns.required()?);
    columns.left = filled.0;
    fact.status_word = columns.word()?;
    fact.placement = columns.word()?;
    fact.sub_id = columns.text()?;
    fact.clicked_at = columns.integer()?;
    fact.ordered_at = columns.integer()?;
    fact.paid_at = columns.integer()?;
    fact.finished_at = columns.integer()?;
    fact.settled_at = columns.integer()?;
    fact.updated_at = columns.integer()?;
    fact.category = columns.word()?;
    fact.product = columns.optional_no()?;
    fact.store = columns.word()?;
    fact.click_country = columns.word()?;
    fact.ship_to = columns.word()?;
    fact.seller_country = columns.word()?;
    fact.host = columns.word()?;
    fact.currency = columns.word()?;
    fact.amount_currency = columns.word()?;
    fact.product_price = columns.minor()?;
    fact.service_fee = columns.minor()?;
    fact.paid_amount = columns.minor()?;
    fact.final_amount = columns.minor()?;
    fact.refunded = columns.minor()?;
    let rate = columns.integer()?;
    fact.reported_rate = rate.and_then(|ppm| u32::try_from(ppm).ok()).and_then(Ppm::new);
    fact.reported_commission = columns.integer()?;
    fact.reported_incentive = columns.integer()?;
    fact.reported_bonus = columns.integer()?;
    fact.corrects = columns.corrects()?;
    Ok(Revision { seq, import_id, fact })
}

/// Refuses a row with bits of traits that no fact has: the reading passes them over.
pub(super) fn is_as_written(row: &Row<'_>, revision: &Revision) -> Result<()> {
    let stored: i64 = row.get(TRAITS).map_err(sql)?;
    if stored == traits(&revision.fact) { Ok(()) } else { Err(damaged("traits that no line has")) }
}

/// Walks over the columns of a row.
struct Columns<'r, 's> {
    row: &'r Row<'s>,
    at: usize,
    /// Which of the columns to come were selected, the next the lowest bit; the others are empty.
    left: u32,
}

impl<'r> Columns<'r, '_> {
    fn value(&mut self) -> Result<ValueRef<'r>> {
        let selected = self.left & 1 == 1;
        self.left >>= 1;
        if !selected {
            return Ok(ValueRef::Null);
        }
        let value = self.row.get_ref(self.at).map_err(sql)?;
        self.at += 1;
        Ok(value)
    }

    fn integer(&mut self) -> Result<Option<i64>> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(value) => Ok(Some(value)),
            _ => Err(damaged("a value of a wrong type")),
        }
    }

    fn required(&mut self) -> Result<i64> {
        self.integer()?.ok_or_else(|| damaged("an empty value where one is required"))
    }

    fn word(&mut self) -> Result<Option<Word>> {
        let index = self.integer()?;
        index
            .map(|index| u32::try_from(index).map(Word::from_index))
            .transpose()
            .map_err(|_| damaged("a word number out of bounds"))
    }

    fn minor(&mut self) -> Result<Option<Minor>> {
        let amount = self.integer()?;
        amount
            .map(|amount| Minor::new(amount).ok_or_else(|| damaged("an amount out of bounds")))
            .transpose()
    }

    fn text(&mut self) -> Result<Option<Box<str>>> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            value => {
                let text = value.as_str().map_err(|_| damaged("a text that is no text"))?;
                Ok(Some(text.into()))
            }
        }
    }

    fn no(&mut self) -> Result<No> {
        no(self.value()?)
    }

    fn corrects(&mut self) -> Result<Option<Box<Corrects>>> {
        Ok(match self.value()? {
            ValueRef::Null => None,
            ValueRef::Blob([]) => Some(Box::new(Corrects::OfOrder)),
            value => Some(Box::new(Corrects::Line(no(value)?))),
        })
    }

    fn optional_no(&mut self) -> Result<Option<No>> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            value => no(value).map(Some),
        }
    }
}

/// Packs the traits of a line, two bits each; see the migration.
fn traits(fact: &LineFact) -> i64 {
    let answer = |answer: Option<bool>| answer.map_or(0, |yes| if yes { 2 } else { 1 });
    let platform = match fact.platform {
        None => 0,
        Some(Platform::App) => 1,
        Some(Platform::Web) => 2,
    };
    let link = match fact.link {
        None => 0,
        Some(Link::Product) => 1,
        Some(Link::Store) => 2,
        Some(Link::Other) => 3,
    };
    answer(fact.new_buyer)
        | answer(fact.hot) << 2
        | answer(fact.affiliate) << 4
        | answer(fact.coupon) << 6
        | platform << 8
        | link << 10
        | i64::from(fact.doubtful_time) << 12
}

fn set_traits(fact: &mut LineFact, traits: i64) {
    let pair = |shift: u32| (traits >> shift) & 3;
    let answer = |shift| match pair(shift) {
        1 => Some(false),
        2 => Some(true),
        _ => None,
    };
    fact.new_buyer = answer(0);
    fact.hot = answer(2);
    fact.affiliate = answer(4);
    fact.coupon = answer(6);
    fact.platform = match pair(8) {
        1 => Some(Platform::App),
        2 => Some(Platform::Web),
        _ => None,
    };
    fact.link = match pair(10) {
        1 => Some(Link::Product),
        2 => Some(Link::Store),
        3 => Some(Link::Other),
        _ => None,
    };
    fact.doubtful_time = pair(12) == 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_as_they_were() {
        for text in ["7", "007", "A-1", "99999999999999999999"] {
            let number = No::parse(text).unwrap();
            assert_eq!(no(ValueRef::from(&key(&number))).unwrap(), number);
        }
    }

    #[test]
    fn traits_come_back_as_they_were() {
        let mut fact = LineFact::new(No::Digits(1), No::Digits(1), State::Pending);
        fact.new_buyer = Some(true);
        fact.hot = Some(false);
        fact.coupon = Some(true);
        fact.platform = Some(Platform::Web);
        fact.link = Some(Link::Other);
        fact.doubtful_time = true;
        let mut back = LineFact::new(No::Digits(1), No::Digits(1), State::Pending);
        set_traits(&mut back, traits(&fact));
        assert_eq!(back, fact);
    }
}
