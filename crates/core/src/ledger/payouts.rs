//! Payouts and what they pay: recorded, taken back, listed with their history, and read beside the
//! orders.
//!
//! Owns the tables `payout`, `payment` and `payout_removal`. A payout and what it pays are one
//! transaction. Refuses to choose the lines, and payments of more than there is.

use std::collections::{BTreeMap, VecDeque};

use chrono::{Datelike as _, NaiveDate};
use feebook_kernel::Minor;
use feebook_schedule::iso::Currency;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::lines::{self, Key};
use super::scan::{CountingLine, OrderRecord};
use super::standing::{Recorded, Removal, day};
use super::{Ledger, Result, damaged, last_seq, sql};
use crate::error::{self, Error};
use crate::payout::{Allotment, PaidLine, Payment, Payout, PayoutId, Transfer};

/// What the ledger knows of a payout whenever it reads payments.
#[derive(Clone, Copy, Debug)]
pub(super) struct PayoutStanding {
    pub(super) program_id: i64,
    paid_on: NaiveDate,
    currency: Currency,
    /// From this sequence number on it and its payments do not count.
    removed: Option<i64>,
}

const COLUMNS: &str = "f.id, f.payout_no, f.paid_on, f.state, f.amount, f.currency, f.received, \
    f.received_currency, f.fee, f.covers_from, f.covers_to, f.note, f.file, f.seq";
const PAYMENT_COLUMNS: &str = "order_no, line_no, payout_id, seq, amount";

/// Reads the standing of all payouts.
pub(super) fn standings(conn: &Connection) -> Result<BTreeMap<PayoutId, PayoutStanding>> {
    let mut select = conn
        .prepare_cached(
            "SELECT f.id, f.program_id, f.paid_on, f.currency, r.seq FROM payout f
             LEFT JOIN payout_removal r ON r.payout_id = f.id",
        )
        .map_err(sql)?;
    let mut rows = select.query([]).map_err(sql)?;
    let mut standings = BTreeMap::new();
    while let Some(row) = rows.next().map_err(sql)? {
        let standing = PayoutStanding {
            program_id: row.get(1).map_err(sql)?,
            paid_on: day(row, 2)?,
            currency: currency(row, 3)?,
            removed: row.get(4).map_err(sql)?,
        };
        standings.insert(row.get(0).map_err(sql)?, standing);
    }
    Ok(standings)
}

impl Ledger {
    /// Records a payout with what it pays, and returns its number; see [`Ledger::add_payouts`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn add_payout(
        &mut self,
        program: &str,
        payout: &Payout,
        now: i64,
        allot: impl FnOnce(&Self) -> Result<Vec<Allotment>>,
    ) -> Result<PayoutId> {
        let mut once = Some(allot);
        let ids = self.add_payouts(program, std::slice::from_ref(payout), now, |ledger, _| {
            once.take().map_or_else(|| Ok(Vec::new()), |allot| allot(ledger))
        })?;
        ids.first().copied().ok_or_else(|| damaged("no row of a payout that was written"))
    }

    /// Records payouts with what they pay, in one transaction, and returns their numbers; the numbers in
    /// `payouts` are not looked at. `allot` chooses each one's lines while nobody else can write; what
    /// it gave to the payouts before is not in the ledger yet.
    ///
    /// # Errors
    ///
    /// When the program has a payout of one of the numbers already, when `allot` fails or pays more
    /// than there is; then nothing is recorded.
    pub fn add_payouts(
        &mut self,
        program: &str,
        payouts: &[Payout],
        now: i64,
        mut allot: impl FnMut(&Self, &Payout) -> Result<Vec<Allotment>>,
    ) -> Result<Vec<PayoutId>> {
        self.paying(|ledger| {
            let program_id = ledger.ensure_program(program)?;
            let mut ids = Vec::new();
            for payout in payouts {
                ledger.refuse_second(program_id, program, payout)?;
                let allotted = allot(ledger, payout)?;
                let payout_id = ledger.append_payout(program_id, payout, now)?;
                ledger.append_payments(program_id, payout_id, payout.payable(), &allotted, now)?;
                ids.push(payout_id);
            }
            Ok(ids)
        })
    }

    fn append_payout(&self, program_id: i64, payout: &Payout, now: i64) -> Result<PayoutId> {
        let (received, received_currency) = payout.received.unzip();
        let state = Transfer::ALL.iter().position(|known| *known == payout.transfer);
        self.conn
            .execute(
                "INSERT INTO payout (program_id, seq, payout_no, paid_on, state, amount, currency,
                                     received, received_currency, fee, covers_from, covers_to,
                                     note, file, recorded_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
                params![
                    program_id,
                    last_seq(&self.conn)? + 1,
                    payout.payout_no,
                    payout.paid_on.num_days_from_ce(),
                    state.map(super::integer),
                    payout.amount.get(),
                    payout.currency.code(),
                    received.map(Minor::get),
                    received_currency.as_ref().map(Currency::code),
                    payout.fee.get(),
                    payout.covers.map(|(from, _)| from.num_days_from_ce()),
                    payout.covers.map(|(_, to)| to.num_days_from_ce()),
                    payout.note,
                    payout.file,
                    now
                ],
            )
            .map_err(sql)?;
        Ok(self.conn.last_insert_rowid())
    }

    /// Has a payout that is there pay further lines, and returns how many. `allot` is told the payout
    /// and what of it pays nothing yet.
    ///
    /// # Errors
    ///
    /// When there is no such payout, when it was taken back, when `allot` fails or pays more than is
    /// left.
    pub fn add_payments(
        &mut self,
        payout_id: PayoutId,
        now: i64,
        allot: impl FnOnce(&Self, &Recorded<Payout>, Minor) -> Result<Vec<Allotment>>,
    ) -> Result<usize> {
        self.paying(|ledger| {
            let payout = ledger.payout(payout_id)?;
            if payout.removal.is_some() {
                let message = format!("payout {payout_id} was taken back");
                return Err(Error::new(&error::PAYOUT_REMOVED, message));
            }
            if payout.fact.transfer == Transfer::Failed {
                let message = format!("payout {payout_id} failed, and pays nothing");
                return Err(Error::new(&error::NOTHING_LEFT, message)
                    .hint("record the transfer that arrived, with `feebook payout add`"));
            }
            let paid: i64 = ledger.payments_of(payout_id)?.iter().map(|paid| paid.amount).sum();
            let left = Minor::new(payout.fact.payable().get() - paid).unwrap_or_default();
            if left == Minor::ZERO {
                let (unit, amount) = (payout.fact.currency, payout.fact.amount.get());
                let message = format!(
                    "payout {payout_id} pays lines with all of its {} {unit}",
                    unit.written(amount)
                );
                return Err(Error::new(&error::NOTHING_LEFT, message)
                    .hint(format!("`feebook payout show {payout_id}` lists them")));
            }
            let allotted = allot(ledger, &payout, left)?;
            let program_id = ledger.ensure_program(&payout.program)?;
            ledger.append_payments(program_id, payout_id, left, &allotted, now)?;
            Ok(allotted.len())
        })
    }

    /// Takes a payout back; from then on it and its payments do not count. They stay in the history.
    ///
    /// # Errors
    ///
    /// When there is no such payout, or when it was taken back before.
    pub fn remove_payout(&mut self, payout_id: PayoutId, removal: &Removal) -> Result<()> {
        self.paying(|ledger| {
            if ledger.payout(payout_id)?.removal.is_some() {
                let message = format!("payout {payout_id} was taken back before");
                return Err(Error::new(&error::PAYOUT_REMOVED, message));
            }
            ledger
                .conn
                .execute(
                    "INSERT INTO payout_removal (payout_id, seq, reason, who, removed_at)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![
                        payout_id,
                        last_seq(&ledger.conn)? + 1,
                        removal.reason,
                        removal.who,
                        removal.removed_at
                    ],
                )
                .map_err(sql)?;
            Ok(())
        })
    }

    /// Does one append, after which payouts stand otherwise.
    fn paying<T>(&mut self, append: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let done = self.recording(append)?;
        self.payouts = standings(&self.conn)?;
        Ok(done)
    }

    /// Returns all payouts ever recorded, in order of their numbers.
    pub fn payouts(&self) -> Result<Vec<Recorded<Payout>>> {
        self.recorded(&Self::payouts_query(""), read, 14)
    }

    /// Returns one payout.
    ///
    /// # Errors
    ///
    /// When there is none of that number.
    pub fn payout(&self, payout_id: PayoutId) -> Result<Recorded<Payout>> {
        let query = Self::payouts_query(&format!("WHERE f.id = {payout_id}"));
        self.recorded(&query, read, 14)?.pop().ok_or_else(|| {
            let message = format!("there is no payout {payout_id}");
            Error::new(&error::NO_PAYOUT, message).hint("`feebook payout list` shows them")
        })
    }

    fn payouts_query(which: &str) -> String {
        format!(
            "SELECT {COLUMNS}, p.name, f.recorded_at, r.removed_at, r.reason, r.who FROM payout f
             JOIN program p ON p.id = f.program_id
             LEFT JOIN payout_removal r ON r.payout_id = f.id {which} ORDER BY f.id"
        )
    }

    /// Returns what a payout pays, in order of orders and lines, whether it still counts or not.
    pub fn payments_of(&self, payout_id: PayoutId) -> Result<Vec<Payment>> {
        let query = format!("SELECT {PAYMENT_COLUMNS} FROM payment WHERE payout_id = ?1");
        let mut select = self.conn.prepare_cached(&query).map_err(sql)?;
        let mut rows = select.query([payout_id]).map_err(sql)?;
        let mut payments = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            payments.push(read_payment(row)?);
        }
        let key = |payment: &Payment| (payment.order_no.clone(), payment.line_no.clone());
        payments.sort_by_cached_key(|payment| (key(payment), payment.seq));
        Ok(payments)
    }

    /// Whether a payout counts as of a sequence number: it was there, and was not taken back.
    pub fn payout_counts(&self, payout_id: PayoutId, seq: i64) -> bool {
        let standing = self.payouts.get(&payout_id);
        standing.is_some_and(|standing| standing.removed.is_none_or(|from| from > seq))
    }

    /// Returns the payments of an order that count as of a sequence number.
    pub fn payments<'o>(
        &self,
        order: &'o OrderRecord,
        seq: i64,
    ) -> impl Iterator<Item = &'o Payment> + use<'o, '_> {
        let counts = move |payment: &&Payment| {
            payment.seq <= seq && self.payout_counts(payment.payout_id, seq)
        };
        order.payments.iter().filter(counts)
    }

    /// Returns what was paid of an order as of a sequence number: a sum per line and currency, in order
    /// of the lines.
    pub fn paid(&self, order: &OrderRecord, seq: i64) -> Vec<PaidLine> {
        let mut lines: Vec<PaidLine> = Vec::new();
        for payment in self.payments(order, seq) {
            let Some(payout) = self.payouts.get(&payment.payout_id) else { continue };
            let same = |line: &&mut PaidLine| {
                line.line_no == payment.line_no && line.currency == payout.currency
            };
            match lines.iter_mut().find(same) {
                Some(line) => {
                    line.amount += payment.amount;
                    line.first_on = line.first_on.min(payout.paid_on);
                }
                None => lines.push(PaidLine {
                    line_no: payment.line_no.clone(),
                    currency: payout.currency,
                    amount: payment.amount,
                    first_on: payout.paid_on,
                }),
            }
        }
        lines.sort_by(|a, b| (&a.line_no, a.currency).cmp(&(&b.line_no, b.currency)));
        lines
    }

    /// Tells each line the day of the first payout that pays it.
    pub(super) fn date_payments(
        &self,
        order: &OrderRecord,
        seq: i64,
        lines: &mut [CountingLine<'_>],
    ) {
        for payment in self.payments(order, seq) {
            let Some(payout) = self.payouts.get(&payment.payout_id) else { continue };
            let pays = |line: &&mut CountingLine<'_>| line.revision.fact.line_no == payment.line_no;
            if let Some(line) = lines.iter_mut().find(pays) {
                line.paid_on = [line.paid_on, Some(payout.paid_on)].into_iter().flatten().min();
            }
        }
    }

    /// Whether any payout of a program pays anything.
    pub(super) fn has_payments(&self, program_id: i64) -> bool {
        self.payouts.values().any(|payout| payout.program_id == program_id)
    }

    /// Refuses a payout of a number that another has that counts.
    fn refuse_second(&self, program_id: i64, program: &str, payout: &Payout) -> Result<()> {
        let Some(payout_no) = &payout.payout_no else { return Ok(()) };
        let found: Option<i64> = self
            .conn
            .query_row(
                "SELECT id FROM payout f WHERE program_id = ?1 AND payout_no = ?2
                 AND NOT EXISTS (SELECT 1 FROM payout_removal r WHERE r.payout_id = f.id)",
                params![program_id, payout_no],
                |row| row.get(0),
            )
            .optional()
            .map_err(sql)?;
        let Some(id) = found else { return Ok(()) };
        let message = format!("{program} has a payout numbered {payout_no} already: payout {id}");
        let hint =
            format!("`feebook payout show {id}` shows it, `payout remove {id}` takes it back");
        Err(Error::new(&error::PAYOUT_TAKEN, message).hint(hint))
    }

    fn append_payments(
        &self,
        program_id: i64,
        payout_id: PayoutId,
        left: Minor,
        allotted: &[Allotment],
        now: i64,
    ) -> Result<()> {
        let sum: i64 = allotted.iter().map(|allotment| allotment.amount).sum();
        if sum > left.get() {
            let message = format!("payout {payout_id} was to pay more than is left of it");
            return Err(Error::new(&error::BROKEN, message));
        }
        let mut insert = self
            .conn
            .prepare_cached(
                "INSERT INTO payment (program_id, order_no, line_no, payout_id, seq, amount,
                                      recorded_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .map_err(sql)?;
        let first = last_seq(&self.conn)? + 1;
        for (seq, allotment) in (first..).zip(allotted) {
            let (order_no, line_no) = (Key(&allotment.order_no), Key(&allotment.line_no));
            let amount = allotment.amount;
            insert
                .execute(params![program_id, order_no, line_no, payout_id, seq, amount, now])
                .map_err(sql)?;
        }
        Ok(())
    }

    /// Hands the payments between two keys to their orders.
    pub(super) fn read_payments(
        &self,
        program_id: i64,
        after: &Value,
        last: &Value,
        orders: &mut VecDeque<OrderRecord>,
    ) -> Result<()> {
        if !self.has_payments(program_id) {
            return Ok(());
        }
        let query = format!(
            "SELECT {PAYMENT_COLUMNS} FROM payment
             WHERE program_id = ?1 AND order_no > ?2 AND order_no <= ?3 ORDER BY order_no, line_no"
        );
        let mut select = self.conn.prepare_cached(&query).map_err(sql)?;
        let mut rows = select.query(params![program_id, after, last]).map_err(sql)?;
        let mut at = 0;
        while let Some(row) = rows.next().map_err(sql)? {
            let payment = read_payment(row)?;
            while orders.get(at).is_some_and(|order| order.order_no < payment.order_no) {
                at += 1;
            }
            let order = orders.get_mut(at).filter(|order| order.order_no == payment.order_no);
            if let Some(order) = order {
                order.payments.push(payment);
            }
        }
        Ok(())
    }

    /// Hands the payments of one order to it.
    pub(super) fn read_payments_of_order(&self, order: &mut OrderRecord) -> Result<()> {
        if !self.has_payments(order.program_id) {
            return Ok(());
        }
        let query = format!(
            "SELECT {PAYMENT_COLUMNS} FROM payment WHERE program_id = ?1 AND order_no = ?2
             ORDER BY line_no"
        );
        let mut select = self.conn.prepare_cached(&query).map_err(sql)?;
        let key = Key(&order.order_no);
        let mut rows = select.query(params![order.program_id, key]).map_err(sql)?;
        let mut payments = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            payments.push(read_payment(row)?);
        }
        order.payments = payments;
        Ok(())
    }
}

fn read_payment(row: &Row<'_>) -> Result<Payment> {
    Ok(Payment {
        order_no: lines::no(row.get_ref(0).map_err(sql)?)?,
        line_no: lines::no(row.get_ref(1).map_err(sql)?)?,
        payout_id: row.get(2).map_err(sql)?,
        seq: row.get(3).map_err(sql)?,
        amount: row.get(4).map_err(sql)?,
    })
}

fn read(row: &Row<'_>) -> Result<Payout> {
    let state: usize = row.get(3).map_err(sql)?;
    let received = match minor(row, 6)? {
        Some(amount) => Some((amount, currency(row, 7)?)),
        None => None,
    };
    let covers = match row.get::<_, Option<i32>>(9).map_err(sql)? {
        Some(_) => Some((day(row, 9)?, day(row, 10)?)),
        None => None,
    };
    Ok(Payout {
        id: row.get(0).map_err(sql)?,
        payout_no: row.get(1).map_err(sql)?,
        paid_on: day(row, 2)?,
        transfer: Transfer::ALL
            .get(state)
            .copied()
            .ok_or_else(|| damaged("a payout of no state"))?,
        amount: minor(row, 4)?.ok_or_else(|| damaged("a payout of nothing"))?,
        currency: currency(row, 5)?,
        received,
        fee: minor(row, 8)?.unwrap_or_default(),
        covers,
        note: row.get(11).map_err(sql)?,
        file: row.get(12).map_err(sql)?,
        seq: row.get(13).map_err(sql)?,
    })
}

fn minor(row: &Row<'_>, at: usize) -> Result<Option<Minor>> {
    let minor: Option<i64> = row.get(at).map_err(sql)?;
    let within = |minor| Minor::new(minor).ok_or_else(|| damaged("an amount out of bounds"));
    minor.map(within).transpose()
}

pub(super) fn currency(row: &Row<'_>, at: usize) -> Result<Currency> {
    let code = row.get_ref(at).and_then(|value| Ok(value.as_str()?)).map_err(sql)?;
    Currency::parse(code).ok_or_else(|| damaged("a currency that there is not"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{LineFact, No};
    use crate::ledger::{Begun, NewImport, Scan};
    use feebook_kernel::State;

    fn no(text: &str) -> No {
        No::parse(text).unwrap()
    }

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn payout(payout_no: &str, amount: i64) -> Payout {
        Payout {
            id: 0,
            payout_no: Some(payout_no.to_owned()),
            paid_on: on("2024-08-20"),
            transfer: Transfer::Arrived,
            amount: Minor::new(amount).unwrap(),
            currency: Currency::parse("USD").unwrap(),
            received: Some((Minor::new(900_00).unwrap(), Currency::parse("NOK").unwrap())),
            fee: Minor::new(15_00).unwrap(),
            covers: Some((on("2024-07-01"), on("2024-07-31"))),
            note: None,
            file: None,
            seq: 0,
        }
    }

    fn allotment(order: &str, line: &str, amount: i64) -> Allotment {
        Allotment { order_no: no(order), line_no: no(line), amount }
    }

    /// A ledger of three orders, of which one has a number of letters.
    fn ledger() -> Ledger {
        let mut ledger = Ledger::in_memory().unwrap();
        let new = NewImport {
            program: "example",
            file: "orders.csv",
            file_digest: [1; 32],
            format: "feebook",
            format_digest: [2; 32],
            as_of: None,
            imported_at: 0,
        };
        let mut pending = match ledger.begin_import(&new).unwrap() {
            Begun::Started(pending) => *pending,
            Begun::Already { .. } => unreachable!("a new ledger"),
        };
        for order in ["7", "8", "A-9"] {
            pending.append(LineFact::new(no(order), no("1"), State::Settled)).unwrap();
            pending.append(LineFact::new(no(order), no("2"), State::Settled)).unwrap();
        }
        pending.keep().unwrap();
        ledger
    }

    fn orders(ledger: &Ledger) -> Vec<OrderRecord> {
        let mut scan = Scan::new(ledger, "example").unwrap();
        std::iter::from_fn(|| scan.next(ledger).unwrap()).collect()
    }

    #[test]
    fn a_payout_and_what_it_pays_are_read_beside_the_orders() {
        let mut ledger = ledger();
        assert!(orders(&ledger).iter().all(|order| order.payments.is_empty()));
        let before = ledger.last_seq().unwrap();
        let id = ledger
            .add_payout("example", &payout("P1", 50_00), 1, |_| {
                Ok(vec![allotment("8", "2", 10_00), allotment("A-9", "1", 5_00)])
            })
            .unwrap();
        let more = ledger
            .add_payments(id, 1, |_, _, left| {
                assert_eq!(left.get(), 35_00);
                Ok(vec![allotment("8", "2", 1_00)])
            })
            .unwrap();
        assert_eq!(more, 1);
        let now = ledger.last_seq().unwrap();
        let paid = |seq| -> Vec<(String, String, i64)> {
            let of = |order: &OrderRecord| {
                let lines = ledger.paid(order, seq);
                let order_no = order.order_no.to_string();
                let line =
                    move |line: PaidLine| (order_no.clone(), line.line_no.to_string(), line.amount);
                lines.into_iter().map(line).collect::<Vec<_>>()
            };
            orders(&ledger).iter().flat_map(of).collect()
        };
        let line = |order: &str, line: &str, amount| (order.to_owned(), line.to_owned(), amount);
        assert_eq!(paid(before), []);
        assert_eq!(paid(before + 2), [line("8", "2", 10_00)]);
        assert_eq!(paid(now), [line("8", "2", 11_00), line("A-9", "1", 5_00)]);
        let one = ledger.order("example", &no("8")).unwrap().unwrap();
        assert_eq!(ledger.paid(&one, now).len(), 1);
        assert_eq!(ledger.payments_of(id).unwrap().len(), 3);
        let removal = Removal { removed_at: 2, reason: "returned".to_owned(), who: None };
        ledger.remove_payout(id, &removal).unwrap();
        let one = ledger.order("example", &no("8")).unwrap().unwrap();
        assert_eq!(one.payments.len(), 2, "what was written stays");
        assert_eq!(ledger.paid(&one, ledger.last_seq().unwrap()), []);
        assert_eq!(ledger.paid(&one, now).len(), 1, "as of before");
        assert_eq!(ledger.remove_payout(id, &removal).unwrap_err().code().id, "U061");
        let late = ledger.add_payments(id, 2, |_, _, _| Ok(Vec::new())).unwrap_err();
        assert_eq!(late.code().id, "U061");
    }

    #[test]
    fn a_payout_is_read_back_as_it_was_recorded() {
        let mut ledger = ledger();
        let mut expected = payout("P1", 50_00);
        expected.id = ledger.add_payout("example", &expected, 1, |_| Ok(Vec::new())).unwrap();
        expected.seq = ledger.last_seq().unwrap();
        let found = ledger.payouts().unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].program, &found[0].fact), (&"example".to_owned(), &expected));
        assert_eq!(ledger.payout(9).unwrap_err().code().id, "U060");
    }

    #[test]
    fn what_does_not_go_leaves_nothing_behind() {
        let mut ledger = ledger();
        let id = ledger.add_payout("example", &payout("P1", 50_00), 1, |_| Ok(Vec::new())).unwrap();
        let second = ledger.add_payout("example", &payout("P1", 1_00), 1, |_| Ok(Vec::new()));
        assert_eq!(second.unwrap_err().code().id, "U062");
        let too_much = |_: &Ledger| Ok(vec![allotment("7", "1", 60_00)]);
        let refused = ledger.add_payout("example", &payout("P2", 50_00), 1, too_much).unwrap_err();
        assert_eq!(refused.code().id, "X001");
        let failed = Payout { transfer: Transfer::Failed, received: None, ..payout("P3", 50_00) };
        let pays = |_: &Ledger| Ok(vec![allotment("7", "1", 1)]);
        assert!(ledger.add_payout("example", &failed, 1, pays).is_err(), "nothing arrived");
        assert_eq!(ledger.payouts().unwrap().len(), 1);
        let removal = Removal { removed_at: 2, reason: "twice".to_owned(), who: None };
        ledger.remove_payout(id, &removal).unwrap();
        ledger.add_payout("example", &payout("P1", 50_00), 1, |_| Ok(Vec::new())).unwrap();
    }
}
