//! Which orders can lie in a month, and which columns an import fills: derived from the facts, so that
//! a run of a month need not read all orders, nor any run what nobody reported.
//!
//! Owns the tables `order_month` and `filled`, written with the facts in one transaction, and their
//! building anew. Refuses to say in which month an order lies: its lines and the terms of the day do.
//! Here an order stands under every month that any zone and any terms could put it in.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use feebook_schedule::GovernedBy;
use feebook_schedule::zone::{self, Month};
use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::imports::{pack, unpack};
use super::lines::{self, Filled};
use super::{Ledger, Result, damaged, sql};
use crate::fact::{LineFact, No};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// How many rows are read at a time when all is built anew.
const ROWS: usize = 32_768;

/// The orders of some facts by governing instant and month.
#[derive(Debug, Default)]
pub(super) struct Months {
    /// By governing instant, then by month since 1969.
    orders: [Vec<Numbers>; GovernedBy::ALL.len()],
    turns: Turns,
}

/// In which months days lie.
#[derive(Debug, Default)]
struct Turns {
    /// Of days that were asked for the first and the last month, by day since 1970.
    known: Vec<Option<[usize; 2]>>,
}

/// Numbers of orders.
#[derive(Clone, Debug, Default)]
struct Numbers {
    digits: Vec<i64>,
    texts: Vec<Box<str>>,
}

/// December 1969, before which no instant of a fact can lie in any zone.
const FIRST: i32 = 1969 * 12 + 11;

impl Months {
    /// Puts the order of a fact under the months that it can lie in.
    pub(super) fn add(&mut self, fact: &LineFact) {
        let Self { orders, turns } = self;
        turns.each(fact, |by, month| {
            if orders[by].len() <= month {
                orders[by].resize(month + 1, Numbers::default());
            }
            orders[by][month].push(&fact.order_no);
        });
    }

    /// Appends what was collected and forgets it.
    pub(super) fn store(&mut self, conn: &Connection, program_id: i64) -> Result<()> {
        let mut insert = conn
            .prepare_cached(
                "INSERT INTO order_month (program_id, governed_by, month, chunk, digits, texts)
                 VALUES (?1, ?2, ?3,
                         (SELECT coalesce(max(chunk), 0) + 1 FROM order_month
                          WHERE program_id = ?1 AND governed_by = ?2 AND month = ?3), ?4, ?5)",
            )
            .map_err(sql)?;
        for (by, months) in (0_i64..).zip(&mut self.orders) {
            for (month, numbers) in (FIRST..).zip(months) {
                if let Some((digits, texts)) = numbers.packed() {
                    insert.execute(params![program_id, by, month, digits, texts]).map_err(sql)?;
                }
            }
        }
        Ok(())
    }
}

impl Turns {
    /// Calls with each governing instant and each month since [`FIRST`] that a fact can lie in by it.
    fn each(&mut self, fact: &LineFact, mut put: impl FnMut(usize, usize)) {
        let governing = [fact.ordered_at, fact.paid_at, fact.finished_at];
        for (by, at) in governing.into_iter().enumerate() {
            let mut placed = |at| {
                let [first, last] = self.months(at);
                (first..=last).for_each(|month| put(by, month));
            };
            match at {
                Some(at) => placed(at),
                // Then the earliest instant of the order's lines, of whatever kind, places it.
                None => fact.instants().for_each(placed),
            }
        }
    }

    /// The months that an instant lies in somewhere, since [`FIRST`].
    fn months(&mut self, at: i64) -> [usize; 2] {
        let day = at.div_euclid(DAY);
        let slot = usize::try_from(day).unwrap_or(0);
        if self.known.len() <= slot {
            self.known.resize(slot + 1, None);
        }
        *self.known[slot].get_or_insert_with(|| {
            // No zone is further from UTC than a day.
            [day - 1, day + 1].map(|day| {
                let month = Month::of(zone::day(Tz::UTC, day * DAY)).index();
                usize::try_from(month - FIRST).unwrap_or(0)
            })
        })
    }
}

impl Numbers {
    fn push(&mut self, order_no: &No) {
        match order_no {
            // The lines of an order mostly come together.
            No::Digits(digits) if self.digits.last() == Some(digits) => {}
            No::Digits(digits) => self.digits.push(*digits),
            No::Text(text) => self.texts.push(text.clone()),
        }
    }

    /// Writes the numbers and forgets them; none where there are none.
    fn packed(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        if self.digits.is_empty() && self.texts.is_empty() {
            return None;
        }
        self.digits.sort_unstable();
        self.digits.dedup();
        self.texts.sort_unstable();
        self.texts.dedup();
        let digits = pack(&self.digits);
        let mut texts = Vec::new();
        for text in self.texts.drain(..) {
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            texts.extend_from_slice(&length.to_be_bytes());
            texts.extend_from_slice(text.as_bytes());
        }
        self.digits.clear();
        Some((digits, texts))
    }
}

/// Reads the texts of [`Numbers::packed`].
fn unpacked(mut bytes: &[u8], into: &mut BTreeSet<No>) -> Result<()> {
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let text = rest.get(..length).and_then(|text| std::str::from_utf8(text).ok());
        into.insert(No::Text(text.ok_or_else(|| damaged("a month of no orders"))?.into()));
        bytes = rest.get(length..).unwrap_or_default();
    }
    if bytes.is_empty() { Ok(()) } else { Err(damaged("a month that breaks off")) }
}

impl Ledger {
    /// Returns the orders of a program that can lie in some months, in order of their numbers: all that
    /// do, and few others. `governed_by` are the instants by which they may be placed.
    pub(super) fn orders_within(
        &self,
        program_id: i64,
        governed_by: &[GovernedBy],
        (first, last): (Month, Month),
    ) -> Result<Vec<No>> {
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT digits, texts FROM order_month
                 WHERE program_id = ?1 AND governed_by = ?2 AND month BETWEEN ?3 AND ?4",
            )
            .map_err(sql)?;
        let (mut digits, mut texts) = (Vec::new(), BTreeSet::new());
        let numbered = (0_i64..).zip(GovernedBy::ALL).filter(|(_, by)| governed_by.contains(by));
        for (by, _) in numbered {
            let months = params![program_id, by, first.index(), last.index()];
            let mut rows = select.query(months).map_err(sql)?;
            while let Some(row) = rows.next().map_err(sql)? {
                let bytes = |at| row.get_ref(at).and_then(|value| Ok(value.as_blob()?));
                digits.extend(unpack(bytes(0).map_err(sql)?)?);
                unpacked(bytes(1).map_err(sql)?, &mut texts)?;
            }
        }
        digits.sort_unstable();
        digits.dedup();
        if texts.is_empty() {
            return Ok(digits.into_iter().map(No::Digits).collect());
        }
        texts.extend(digits.into_iter().map(No::Digits));
        Ok(texts.into_iter().collect())
    }

    /// Returns the columns that any row of a program may fill.
    pub(super) fn filled(&self, program_id: i64) -> Result<Filled> {
        self.filled_before(program_id, i64::MAX)
    }

    /// The same but for the rows of an import and of all after it.
    pub(super) fn filled_before(&self, program_id: i64, import_id: i64) -> Result<Filled> {
        let mut select = self
            .conn
            .prepare_cached(
                "SELECT f.columns FROM import i LEFT JOIN filled f ON f.import_id = i.id
                 WHERE i.program_id = ?1 AND i.id < ?2",
            )
            .map_err(sql)?;
        let mut rows = select.query([program_id, import_id]).map_err(sql)?;
        let mut filled = Filled::default();
        while let Some(row) = rows.next().map_err(sql)? {
            let columns: Option<u32> = row.get(0).map_err(sql)?;
            filled = filled.or(columns.map_or(Filled::ALL, Filled::from_bits));
        }
        Ok(filled)
    }

    /// Notes which columns the rows of an import fill.
    pub(super) fn store_filled(&self, import_id: i64, filled: Filled) -> Result<()> {
        self.conn
            .prepare_cached("INSERT INTO filled (import_id, columns) VALUES (?1, ?2)")
            .and_then(|mut s| s.execute(params![import_id, filled.bits()]))
            .map_err(sql)?;
        Ok(())
    }

    /// Notes that an import fills further columns.
    pub(super) fn fill_further(&self, import_id: i64, filled: Filled) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE filled SET columns = columns | ?2 WHERE import_id = ?1")
            .and_then(|mut s| s.execute(params![import_id, filled.bits()]))
            .map_err(sql)?;
        Ok(())
    }

    /// Builds anew what is derived from the facts.
    pub(super) fn rebuild_months(&self) -> Result<()> {
        self.conn.execute_batch("DELETE FROM order_month; DELETE FROM filled;").map_err(sql)?;
        let mut programs = self.conn.prepare("SELECT id FROM program").map_err(sql)?;
        let programs = programs.query_map([], |row| row.get(0)).map_err(sql)?;
        let mut columns = BTreeMap::new();
        for program_id in programs {
            self.rebuild_program(program_id.map_err(sql)?, &mut columns)?;
        }
        let mut imports = self.conn.prepare("SELECT id FROM import").map_err(sql)?;
        let imports = imports.query_map([], |row| row.get(0)).map_err(sql)?;
        for import_id in imports {
            let import_id = import_id.map_err(sql)?;
            self.store_filled(import_id, columns.get(&import_id).copied().unwrap_or_default())?;
        }
        Ok(())
    }

    /// Reads all lines of a program, a bounded number at a time.
    fn rebuild_program(&self, program_id: i64, columns: &mut BTreeMap<i64, Filled>) -> Result<()> {
        let query = format!(
            "SELECT {} FROM order_line
             WHERE program_id = ?1 AND (order_no, line_no, seq) > (?2, ?3, ?4)
             ORDER BY order_no, line_no, seq LIMIT {ROWS}",
            Filled::ALL.columns()
        );
        let mut select = self.conn.prepare_cached(&query).map_err(sql)?;
        let mut months = Months::default();
        let mut after = (Value::Integer(-1), Value::Integer(-1), -1_i64);
        loop {
            let mut rows =
                select.query(params![program_id, after.0, after.1, after.2]).map_err(sql)?;
            let mut last = None;
            while let Some(row) = rows.next().map_err(sql)? {
                let revision = lines::read(row, Filled::ALL)?;
                let filled = columns.entry(revision.import_id).or_default();
                *filled = filled.or(Filled::of(&revision.fact));
                months.add(&revision.fact);
                last = Some((revision.fact.order_no, revision.fact.line_no, revision.seq));
            }
            let Some((order_no, line_no, seq)) = last else { return Ok(()) };
            after = (lines::key(&order_no), lines::key(&line_no), seq);
            months.store(&self.conn, program_id)?;
        }
    }
}

/// What the derived tables must hold, gathered from all lines in order of their keys.
#[derive(Default)]
pub(super) struct Due {
    filled: BTreeMap<i64, Filled>,
    /// The orders by program, governing instant and month, as the sum over their digests.
    orders: BTreeMap<Place, u128>,
    turns: Turns,
    order: Option<(i64, No)>,
    /// Where the order lies by its lines so far.
    lies: BTreeSet<(i64, i32)>,
}

/// A program, a governing instant and a month.
type Place = (i64, i64, i32);

impl Due {
    /// Takes a line.
    pub(super) fn add(&mut self, program_id: i64, import_id: i64, fact: &LineFact) {
        let filled = self.filled.entry(import_id).or_default();
        *filled = filled.or(Filled::of(fact));
        let same = |order: &(i64, No)| order.0 == program_id && order.1 == fact.order_no;
        if !self.order.as_ref().is_some_and(same) {
            self.end_order();
            self.order = Some((program_id, fact.order_no.clone()));
        }
        let Self { turns, lies, .. } = self;
        turns.each(fact, |by, month| {
            lies.insert((
                i64::try_from(by).unwrap_or(-1),
                FIRST + i32::try_from(month).unwrap_or(0),
            ));
        });
    }

    fn end_order(&mut self) {
        let lies = std::mem::take(&mut self.lies);
        let Some((program_id, order_no)) = self.order.take() else { return };
        for (by, month) in lies {
            let sum = self.orders.entry((program_id, by, month)).or_default();
            *sum = sum.wrapping_add(number_digest(&order_no));
        }
    }

    /// Says which derived tables do not hold it.
    pub(super) fn broken(mut self, ledger: &Ledger) -> Result<Vec<String>> {
        self.end_order();
        let tables = [
            ("filled", self.filled_differs(ledger)?),
            ("order_month", self.orders_differ(ledger)?),
            ("whole_run", ledger.whole_runs_differ()?),
        ];
        let told =
            |(table, _)| format!("`{table}` is not what the facts make; see `feebook rebuild`");
        Ok(tables.into_iter().filter(|(_, differs)| *differs).map(told).collect())
    }

    fn filled_differs(&self, ledger: &Ledger) -> Result<bool> {
        let mut select = ledger
            .conn
            .prepare(
                "SELECT i.id, f.columns FROM import i LEFT JOIN filled f ON f.import_id = i.id
                 UNION ALL SELECT import_id, -1 FROM filled WHERE import_id NOT IN (SELECT id FROM import)",
            )
            .map_err(sql)?;
        let mut rows = select.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let (id, columns): (i64, Option<i64>) =
                row.get(0).and_then(|id| Ok((id, row.get(1)?))).map_err(sql)?;
            let due = self.filled.get(&id).copied().unwrap_or_default();
            if columns != Some(i64::from(due.bits())) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn orders_differ(&self, ledger: &Ledger) -> Result<bool> {
        let mut select = ledger
            .conn
            .prepare(
                "SELECT program_id, governed_by, month, chunk, digits, texts FROM order_month
                 ORDER BY program_id, governed_by, month, chunk",
            )
            .map_err(sql)?;
        let mut rows = select.query([]).map_err(sql)?;
        let mut found: BTreeMap<Place, u128> = BTreeMap::new();
        // The numbers of one place at a time, with how many chunks it has.
        let mut at: Option<(Place, i64, BTreeSet<No>)> = None;
        while let Some(row) = rows.next().map_err(sql)? {
            let place: Place = row
                .get(0)
                .and_then(|program| Ok((program, row.get(1)?, row.get(2)?)))
                .map_err(sql)?;
            if at.as_ref().is_some_and(|(known, ..)| *known != place) {
                end_place(at.take(), &mut found);
            }
            let (_, chunks, numbers) = at.get_or_insert_with(|| (place, 0, BTreeSet::new()));
            *chunks += 1;
            let bytes = |at| row.get_ref(at).and_then(|value| Ok(value.as_blob()?));
            let digits = unpack(bytes(4).map_err(sql)?);
            let texts = unpacked(bytes(5).map_err(sql)?, numbers);
            let (Ok(digits), Ok(())) = (digits, texts) else { return Ok(true) };
            if row.get::<_, i64>(3).map_err(sql)? != *chunks {
                return Ok(true);
            }
            numbers.extend(digits.into_iter().map(No::Digits));
        }
        end_place(at, &mut found);
        Ok(found != self.orders)
    }
}

/// Sums up the numbers of a place.
fn end_place(at: Option<(Place, i64, BTreeSet<No>)>, found: &mut BTreeMap<Place, u128>) {
    if let Some((place, _, numbers)) = at {
        let sum = numbers.iter().fold(0, |sum: u128, no| sum.wrapping_add(number_digest(no)));
        found.insert(place, sum);
    }
}

fn number_digest(no: &No) -> u128 {
    match no {
        No::Digits(digits) => xxhash_rust::xxh3::xxh3_128(&digits.to_be_bytes()),
        No::Text(text) => xxhash_rust::xxh3::xxh3_128_with_seed(text.as_bytes(), 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::{Begun, NewImport, Scan};

    const ZONES: [Tz; 4] =
        [Tz::UTC, Tz::America__Los_Angeles, Tz::Pacific__Kiritimati, Tz::Pacific__Pago_Pago];

    fn imported(facts: &[LineFact]) -> Ledger {
        let mut ledger = Ledger::in_memory().unwrap();
        // In two files, the second with what the first has as well.
        for (id, facts) in [(1, &facts[..facts.len() / 2]), (2, facts)] {
            let new = NewImport {
                program: "shop",
                file: "report",
                file_digest: [id; 32],
                format: "feebook",
                format_digest: [0; 32],
                as_of: None,
                imported_at: 0,
            };
            let Begun::Started(mut pending) = ledger.begin_import(&new).unwrap() else {
                panic!("imported before")
            };
            for fact in facts {
                pending.append(fact.clone()).unwrap();
            }
            pending.keep().unwrap();
        }
        ledger
    }

    /// Facts of few orders, within a day of the turns of two months.
    fn facts() -> impl Strategy<Value = Vec<LineFact>> {
        let turn = prop::sample::select(vec![1_704_067_200_i64, 1_706_745_600, 0]);
        let at = (turn, -100_000_i64..100_000).prop_map(|(turn, by)| (turn + by).max(0));
        let some = move || prop::option::of(at.clone());
        let number = prop::sample::select(vec!["7", "80", "801", "A-1", "B", "007"]);
        let fact = (number, "[1-3]", some(), some(), some(), some());
        let fact = fact.prop_map(|(order, line, ordered, paid, finished, updated)| {
            let number = |text: &str| No::parse(text).unwrap();
            let mut fact =
                LineFact::new(number(order), number(&line), feebook_kernel::State::Pending);
            (fact.ordered_at, fact.paid_at) = (ordered, paid);
            (fact.finished_at, fact.updated_at) = (finished, updated);
            fact
        });
        prop::collection::vec(fact, 1..20)
    }

    /// The orders that lie in a month, each looked at.
    fn slowly(ledger: &Ledger, by: GovernedBy, zone: Tz, month: Month) -> Vec<No> {
        let governing = |fact: &LineFact| match by {
            GovernedBy::Ordered => fact.ordered_at,
            GovernedBy::Paid => fact.paid_at,
            GovernedBy::Finished => fact.finished_at,
        };
        let (mut scan, mut found) = (Scan::of_all_columns(ledger, "shop").unwrap(), Vec::new());
        while let Some(order) = scan.next(ledger).unwrap() {
            let lines = ledger.counting(&order, i64::MAX).unwrap();
            let facts = || lines.iter().map(|line| &line.revision.fact);
            let governed = facts().filter_map(governing).min();
            let at = governed.or_else(|| facts().flat_map(LineFact::instants).min());
            if at.is_some_and(|at| Month::of(zone::day(zone, at)) == month) {
                found.push(order.order_no);
            }
        }
        found
    }

    fn within(ledger: &Ledger, by: GovernedBy, month: Month) -> Vec<No> {
        let days = Some((month.first_day(), month.first_day()));
        let (mut scan, mut found) =
            (Scan::within(ledger, "shop", days, &[by]).unwrap(), Vec::new());
        while let Some(order) = scan.next(ledger).unwrap() {
            let all = ledger.order("shop", &order.order_no).unwrap().unwrap();
            assert_eq!(order.revisions, all.revisions);
            found.push(order.order_no);
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_month_has_all_orders_that_any_zone_puts_there(facts in facts()) {
            let mut ledger = imported(&facts);
            let months = ["1970-01", "2023-12", "2024-01", "2024-02"].map(|m| Month::parse(m).unwrap());
            for by in GovernedBy::ALL {
                for month in months {
                    let quickly = within(&ledger, by, month);
                    prop_assert!(quickly.is_sorted() && quickly.windows(2).all(|pair| pair[0] != pair[1]));
                    for zone in ZONES {
                        let slowly = slowly(&ledger, by, zone, month);
                        prop_assert!(slowly.iter().all(|no| quickly.contains(no)), "{slowly:?} {quickly:?}");
                    }
                    ledger.rebuild().unwrap();
                    prop_assert_eq!(within(&ledger, by, month), quickly);
                }
            }
        }
    }

    #[test]
    fn a_scan_reads_what_any_import_filled_and_months_leave_out_the_rest() {
        let mut fact = LineFact::new(No::Digits(1), No::Digits(1), feebook_kernel::State::Pending);
        fact.paid_at = Some(1_704_067_200);
        let mut other = fact.clone();
        (other.order_no, other.host) = (No::Digits(2), None);
        other.paid_at = Some(1_720_000_000);
        let ledger = imported(&[fact.clone(), other.clone()]);
        let filled = ledger.filled(1).unwrap();
        assert_eq!(filled, Filled::of(&fact).or(Filled::of(&other)));
        assert!(filled != Filled::ALL && filled.names().any(|name| name == "paid_at"));
        let july = Month::parse("2024-07").unwrap();
        assert_eq!(within(&ledger, GovernedBy::Paid, july), [No::Digits(2)]);
    }

    #[test]
    fn a_bigger_month_is_found_among_many_others() {
        let facts: Vec<LineFact> = (0..6_000)
            .map(|number| {
                let no = No::Digits(number);
                let mut fact = LineFact::new(no, No::Digits(1), feebook_kernel::State::Pending);
                // Every twentieth in July, the others in March: too sparse to read what lies between.
                let at = if number % 20 == 0 { 1_720_000_000 } else { 1_710_000_000 };
                fact.paid_at = Some(at);
                fact
            })
            .collect();
        let ledger = imported(&facts);
        for (month, count) in [("2024-07", 300), ("2024-03", 5_700), ("2024-05", 0)] {
            let month = Month::parse(month).unwrap();
            let found = within(&ledger, GovernedBy::Paid, month);
            assert_eq!(found.len(), count);
            assert_eq!(found, slowly(&ledger, GovernedBy::Paid, Tz::UTC, month));
        }
    }
}
