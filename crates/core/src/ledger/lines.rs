//! Order lines as rows: one revision in, one revision out.
//!
//! Owns the columns of `order_line`, and that what was written is read back equal. Refuses to
//! decide which revision counts.

use feebook_kernel::{Minor, Ppm, State};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Row, Statement, ToSql};

use super::{Result, damaged, sql};
use crate::fact::{LineFact, Link, No, Platform};
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

/// The columns in the order in which they are bound and read.
pub(super) const COLUMNS: &str = "program_id, order_no, line_no, seq, import_id, state, \
    status_word, placement, sub_id, clicked_at, ordered_at, paid_at, finished_at, settled_at, \
    updated_at, category, product, store, click_country, ship_to, seller_country, host, currency, \
    amount_currency, quantity, product_price, service_fee, paid_amount, final_amount, refunded, \
    traits, reported_rate, reported_commission, reported_incentive, reported_bonus";

/// Which of them holds the traits.
const TRAITS: usize = 30;

/// How many columns those are.
pub(super) const COLUMN_COUNT: usize = 35;

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

/// Binds one revision's columns from `first` on (counted from 1).
pub(super) fn bind(
    statement: &mut Statement<'_>,
    first: usize,
    program_id: i64,
    revision: &Revision,
) -> rusqlite::Result<()> {
    let fact = &revision.fact;
    let mut at = first;
    let mut put = |value: &dyn ToSql| -> rusqlite::Result<()> {
        statement.raw_bind_parameter(at, value)?;
        at += 1;
        Ok(())
    };
    let word = |word: Option<Word>| word.map(Word::index);
    let minor = |amount: Option<Minor>| amount.map(Minor::get);
    put(&program_id)?;
    put(&Key(&fact.order_no))?;
    put(&Key(&fact.line_no))?;
    put(&revision.seq)?;
    put(&revision.import_id)?;
    put(&fact.state.rank())?;
    put(&word(fact.status_word))?;
    put(&word(fact.placement))?;
    put(&fact.sub_id.as_deref())?;
    for instant in [
        fact.clicked_at,
        fact.ordered_at,
        fact.paid_at,
        fact.finished_at,
        fact.settled_at,
        fact.updated_at,
    ] {
        put(&instant)?;
    }
    put(&word(fact.category))?;
    put(&fact.product.as_ref().map(Key))?;
    for text in [
        fact.store,
        fact.click_country,
        fact.ship_to,
        fact.seller_country,
        fact.host,
        fact.currency,
        fact.amount_currency,
    ] {
        put(&word(text))?;
    }
    put(&fact.quantity)?;
    for amount in
        [fact.product_price, fact.service_fee, fact.paid_amount, fact.final_amount, fact.refunded]
    {
        put(&minor(amount))?;
    }
    put(&traits(fact))?;
    put(&fact.reported_rate.map(Ppm::get))?;
    for amount in [fact.reported_commission, fact.reported_incentive, fact.reported_bonus] {
        put(&amount)?;
    }
    Ok(())
}

/// Reads one revision from a row of [`COLUMNS`].
pub(super) fn read(row: &Row<'_>) -> Result<Revision> {
    let mut columns = Columns { row, at: 1 };
    let (order_no, line_no) = (columns.no()?, columns.no()?);
    let (seq, import_id) = (columns.required()?, columns.required()?);
    let state = usize::try_from(columns.required()?)
        .ok()
        .and_then(|rank| State::ALL.get(rank).copied())
        .ok_or_else(|| damaged("an unknown state"))?;
    let mut fact = LineFact::new(order_no, line_no, state);
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
    let quantity = columns.required()?;
    fact.quantity = u32::try_from(quantity).map_err(|_| damaged("a quantity out of bounds"))?;
    fact.product_price = columns.minor()?;
    fact.service_fee = columns.minor()?;
    fact.paid_amount = columns.minor()?;
    fact.final_amount = columns.minor()?;
    fact.refunded = columns.minor()?;
    set_traits(&mut fact, columns.required()?);
    let rate = columns.integer()?;
    fact.reported_rate = rate.and_then(|ppm| u32::try_from(ppm).ok()).and_then(Ppm::new);
    fact.reported_commission = columns.integer()?;
    fact.reported_incentive = columns.integer()?;
    fact.reported_bonus = columns.integer()?;
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
}

impl<'r> Columns<'r, '_> {
    fn value(&mut self) -> Result<ValueRef<'r>> {
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
