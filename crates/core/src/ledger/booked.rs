//! Reads what runs found a program's orders to earn and what was paid for them, in the order of
//! their numbers, a bounded number at a time: what the journal is derived from. No order line is read.
//!
//! Owns the joining of results and payments by order. Refuses to say what they come to.

use std::collections::{BTreeMap, VecDeque};

use rusqlite::types::Value;
use rusqlite::{Row, params};

use super::lines::{key, no};
use super::results::{self, StoredResult, result_columns};
use super::{Ledger, Result, sql};
use crate::fact::No;
use crate::payout::PayoutId;

/// How many rows of each table are read at a time; an order is never cut.
const ROWS: usize = 4_096;

/// The number of a stored file of the terms.
pub type DocumentId = i64;

/// What a run found, with the file of the version that governs; none where none does.
pub type BookedResult = (StoredResult, Option<DocumentId>);

/// One order with what the ledger has posted for it.
#[derive(Clone, Debug)]
pub struct Booked {
    /// The network's number.
    pub order_no: No,
    /// What runs found it to earn, in order of the runs.
    pub results: Vec<BookedResult>,
    /// What was paid for its lines, those taken back too, by sequence number.
    pub payments: Vec<BookedPayment>,
}

/// What a payout pays of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookedPayment {
    /// The ledger's number of this row.
    pub seq: i64,
    /// The payout.
    pub payout_id: PayoutId,
    /// Minor units of the payout's currency.
    pub amount: i64,
    /// When it was recorded, in seconds since 1970-01-01T00:00:00Z: the payout, or later.
    pub recorded_at: i64,
}

/// A scan of one program.
#[derive(Debug)]
pub struct BookedScan {
    program_id: Option<i64>,
    /// Numbers that are digits, and numbers that are other text: each is sorted in the ledger.
    streams: [Stream; 2],
}

#[derive(Debug)]
struct Stream {
    /// The key after which to read on.
    after: Value,
    /// The key at which the stream ends, exclusive.
    until: Value,
    orders: VecDeque<Booked>,
    exhausted: bool,
}

impl BookedScan {
    /// Begins a scan of a program; one without facts has no orders.
    pub fn new(ledger: &Ledger, program: &str) -> Result<Self> {
        let stream =
            |after, until| Stream { after, until, orders: VecDeque::new(), exhausted: false };
        // No key is as long as this: its first two bytes are its length.
        let beyond = Value::Blob(vec![u8::MAX; 3]);
        Ok(Self {
            program_id: ledger.program_id(program)?,
            streams: [
                stream(Value::Integer(-1), Value::Blob(Vec::new())),
                stream(Value::Blob(Vec::new()), beyond),
            ],
        })
    }

    /// Returns the next order in the order of their numbers.
    pub fn next(&mut self, ledger: &Ledger) -> Result<Option<Booked>> {
        let Some(program_id) = self.program_id else { return Ok(None) };
        for stream in &mut self.streams {
            if stream.orders.is_empty() && !stream.exhausted {
                stream.fill(ledger, program_id)?;
            }
        }
        let [digits, texts] = &mut self.streams;
        let text_first = match (digits.orders.front(), texts.orders.front()) {
            (Some(a), Some(b)) => b.order_no < a.order_no,
            (None, _) => true,
            (_, None) => false,
        };
        Ok(if text_first { texts } else { digits }.orders.pop_front())
    }
}

/// Rows of one table by order, as far as they were read; none where they were read to the end.
type Read<T> = (ByOrder<T>, Option<No>);

/// Rows of one table by order.
type ByOrder<T> = Vec<(No, Vec<T>)>;

impl Stream {
    fn fill(&mut self, ledger: &Ledger, program_id: i64) -> Result<()> {
        let query = format!(
            "SELECT {}, schedule FROM result
             WHERE program_id = ?1 AND order_no > ?2 AND order_no < ?3 ORDER BY order_no, run_id",
            result_columns()
        );
        let (results, results_to) = self.read(ledger, program_id, &query, &mut |row| {
            let (order_no, result) = results::read(row)?;
            Ok((order_no, (result, row.get("schedule").map_err(sql)?)))
        })?;
        let query = "SELECT order_no, seq, payout_id, amount, recorded_at FROM payment
             WHERE program_id = ?1 AND order_no > ?2 AND order_no < ?3 ORDER BY order_no";
        let (payments, payments_to) = self.read(ledger, program_id, query, &mut |row| {
            let payment = BookedPayment {
                seq: row.get(1).map_err(sql)?,
                payout_id: row.get(2).map_err(sql)?,
                amount: row.get(3).map_err(sql)?,
                recorded_at: row.get(4).map_err(sql)?,
            };
            Ok((no(row.get_ref(0).map_err(sql)?)?, payment))
        })?;
        // As far as both were read.
        let to = [results_to, payments_to].into_iter().flatten().min();
        self.orders = joined(results, payments);
        match to {
            None => self.exhausted = true,
            Some(to) => {
                while self.orders.back().is_some_and(|order| order.order_no > to) {
                    self.orders.pop_back();
                }
                self.after = key(&to);
            }
        }
        Ok(())
    }

    fn read<T>(
        &self,
        ledger: &Ledger,
        program_id: i64,
        query: &str,
        read: &mut dyn FnMut(&Row<'_>) -> Result<(No, T)>,
    ) -> Result<Read<T>> {
        let mut select = ledger.conn.prepare_cached(query).map_err(sql)?;
        let mut rows = select.query(params![program_id, self.after, self.until]).map_err(sql)?;
        let mut orders: ByOrder<T> = Vec::new();
        let mut count = 0;
        while let Some(row) = rows.next().map_err(sql)? {
            let (order_no, value) = read(row)?;
            count += 1;
            match orders.last_mut() {
                Some((last, values)) if *last == order_no => values.push(value),
                Some((last, _)) if count > ROWS => {
                    let last = last.clone();
                    return Ok((orders, Some(last)));
                }
                _ => orders.push((order_no, vec![value])),
            }
        }
        Ok((orders, None))
    }
}

/// Joins what is sorted by order number.
fn joined(results: ByOrder<BookedResult>, payments: ByOrder<BookedPayment>) -> VecDeque<Booked> {
    let mut orders: VecDeque<Booked> = VecDeque::with_capacity(results.len());
    let mut payments = payments.into_iter().peekable();
    let unfound = |(order_no, payments)| Booked { order_no, results: Vec::new(), payments };
    for (order_no, results) in results {
        while let Some(paid) = payments.next_if(|(paid, _)| *paid < order_no) {
            orders.push_back(unfound(paid));
        }
        let paid = payments.next_if(|(paid, _)| *paid == order_no);
        let payments = paid.map_or_else(Vec::new, |(_, payments)| payments);
        orders.push_back(Booked { order_no, results, payments });
    }
    orders.extend(payments.map(unfound));
    for order in &mut orders {
        order.payments.sort_by_key(|payment| payment.seq);
    }
    orders
}

impl Ledger {
    /// Returns from which sequence number on payouts were taken back.
    pub fn payout_removals(&self) -> Result<BTreeMap<PayoutId, i64>> {
        let mut select =
            self.conn.prepare_cached("SELECT payout_id, seq FROM payout_removal").map_err(sql)?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.map_err(sql)?.collect::<rusqlite::Result<_>>().map_err(sql)
    }
}
