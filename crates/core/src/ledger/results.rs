//! Results: what a run found an order to earn. Appended; a later run's row stands beside the
//! earlier one, and their difference is the posting.
//!
//! Owns the rows of `run` and `result`; what a plugin said goes with them. Refuses to compute them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};
use feebook_kernel::State;
use feebook_schedule::Source;
use feebook_schedule::zone::Month;
use rusqlite::types::ValueRef;
use rusqlite::{Row as SqlRow, Statement, params};

use super::lines::{self, Key};
use super::seals::RowBytes;
use super::standing::day;
use super::terms::BookId;
use super::whole_runs::WholeRun;
use super::{Ledger, Result, answers, sql};
use crate::answers::{AnsweredBy, Answers};
use crate::fact::No;

/// The number of a run.
pub type RunId = i64;

/// Amounts by component, in minor units, before the cap; `withheld` is what the cap took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Components {
    /// Rate x basis.
    pub commission: i64,
    /// The plugin's addition.
    pub incentive: i64,
    /// The bonus.
    pub bonus: i64,
    /// Taken by the cap.
    pub withheld: i64,
}

impl Components {
    /// Returns what is earned.
    pub fn total(&self) -> i64 {
        self.commission + self.incentive + self.bonus - self.withheld
    }

    /// Adds another's components.
    pub fn add(&mut self, other: &Self) {
        self.commission += other.commission;
        self.incentive += other.incentive;
        self.bonus += other.bonus;
        self.withheld += other.withheld;
    }
}

/// Amounts by state and component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Of lines that are pending.
    pub pending: Components,
    /// Of lines that are approved.
    pub approved: Components,
    /// Of lines that are settled.
    pub settled: Components,
    /// Of lines that a flag holds back, whatever their state.
    pub held: Components,
}

impl Amounts {
    /// Returns the components of a state; a declined line has none.
    pub fn of_state(&mut self, state: State) -> Option<&mut Components> {
        match state {
            State::Pending => Some(&mut self.pending),
            State::Approved => Some(&mut self.approved),
            State::Settled => Some(&mut self.settled),
            State::Declined | State::Reversed => None,
        }
    }

    /// Returns what is earned over all states.
    pub fn total(&self) -> i64 {
        self.pending.total() + self.approved.total() + self.settled.total() + self.held.total()
    }

    /// Returns every amount with its name, such as `approved bonus`.
    pub fn named(&self) -> Vec<(String, i64)> {
        let states = ["pending", "approved", "settled", "held"];
        let parts = ["commission", "incentive", "bonus", "withheld"];
        let names = states.iter().flat_map(|state| parts.map(|part| format!("{state} {part}")));
        names.zip(self.columns()).collect()
    }

    fn columns(&self) -> [i64; 16] {
        let [a, b, c, d] = [self.pending, self.approved, self.settled, self.held]
            .map(|part| [part.commission, part.incentive, part.bonus, part.withheld]);
        let mut columns = [0; 16];
        for (column, value) in columns.iter_mut().zip([a, b, c, d].into_iter().flatten()) {
            *column = value;
        }
        columns
    }
}

/// What a run found an order to earn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredResult {
    /// The run.
    pub run_id: RunId,
    /// The order's month in the program's zone; none when the order has no instant.
    pub month: Option<Month>,
    /// The order's day in the program's zone; none when the order has no instant, and in results of
    /// before days were kept.
    pub day: Option<NaiveDate>,
    /// Digest of the facts and the terms that it was computed from.
    pub fingerprint: [u8; 16],
    /// The amounts.
    pub amounts: Amounts,
}

/// A run as it stands in the ledger.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// Its number.
    pub id: RunId,
    /// The highest sequence number it saw.
    pub seq: i64,
    /// The book of terms it went by.
    pub book_id: BookId,
    /// When it ran.
    pub ran_at: i64,
    /// What it was asked to evaluate, in words.
    pub scope: String,
}

const RESULT_COLUMNS: &str = "order_no, run_id, month, fingerprint, pending_commission, \
    pending_incentive, pending_bonus, pending_withheld, approved_commission, approved_incentive, \
    approved_bonus, approved_withheld, settled_commission, settled_incentive, settled_bonus, \
    settled_withheld, held_commission, held_incentive, held_bonus, held_withheld, day";

/// How many results are written together.
const BATCH: usize = 512;

/// How many rows one INSERT takes.
const ROWS_PER_INSERT: usize = 32;

/// A result that waits to be written.
#[derive(Debug)]
struct Row {
    program_id: Option<i64>,
    document: Option<i64>,
    order_no: No,
    run_id: RunId,
    plugin_id: Option<i64>,
    amounts: [i64; 16],
    result: NewResult,
}

/// Makes the statement that inserts a number of results; amounts that are 0 in all of them are written
/// into it.
fn insert_query(rows: usize, used: [bool; 16]) -> String {
    let amounts: Vec<&str> = used.iter().map(|used| if *used { "?" } else { "0" }).collect();
    let row = format!("(?,?,?,?,?,?,{},?,?)", amounts.join(","));
    let values = vec![row; rows].join(",");
    format!(
        "INSERT INTO result (program_id, schedule, {RESULT_COLUMNS}, plugin_id) VALUES {values}"
    )
}

impl Row {
    /// Binds its values from `at` on; returns where those of the next row begin.
    fn bind(
        &self,
        insert: &mut Statement<'_>,
        mut at: usize,
        used: [bool; 16],
    ) -> rusqlite::Result<usize> {
        insert.raw_bind_parameter(at, self.program_id)?;
        insert.raw_bind_parameter(at + 1, self.document)?;
        insert.raw_bind_parameter(at + 2, Key(&self.order_no))?;
        insert.raw_bind_parameter(at + 3, self.run_id)?;
        insert.raw_bind_parameter(at + 4, self.result.month.map(Month::index))?;
        insert.raw_bind_parameter(at + 5, self.result.fingerprint)?;
        at += 6;
        for (amount, _) in self.amounts.iter().zip(used).filter(|(_, used)| *used) {
            insert.raw_bind_parameter(at, amount)?;
            at += 1;
        }
        insert.raw_bind_parameter(at, self.result.day.map(|day| day.num_days_from_ce()))?;
        insert.raw_bind_parameter(at + 1, self.plugin_id)?;
        Ok(at + 2)
    }

    /// Adds its values to the bytes that are sealed, in the order of the table's columns.
    fn sealed(&self, bytes: &mut RowBytes) -> Result<()> {
        let month = self.result.month.map(Month::index);
        let day = self.result.day.map(|day| day.num_days_from_ce());
        let order_no = Key(&self.order_no);
        let fingerprint = self.result.fingerprint;
        let key =
            params![self.program_id, order_no, self.run_id, month, self.document, fingerprint];
        for (column, value) in (0..).zip(key) {
            bytes.bound(column, *value)?;
        }
        for (column, amount) in (6..).zip(&self.amounts) {
            bytes.value(column, ValueRef::Integer(*amount));
        }
        bytes.bound(22, &self.plugin_id)?;
        bytes.bound(23, &day)
    }
}

/// The columns of a result, for the scan.
pub(super) fn result_columns() -> &'static str {
    RESULT_COLUMNS
}

/// Reads one result from a row of [`result_columns`].
pub(super) fn read(row: &SqlRow<'_>) -> Result<(No, StoredResult)> {
    let order_no = lines::no(row.get_ref(0).map_err(sql)?)?;
    let month: Option<i32> = row.get(2).map_err(sql)?;
    let has_day: Option<i32> = row.get(20).map_err(sql)?;
    let day = has_day.map(|_| day(row, 20)).transpose()?;
    let mut columns = [0_i64; 16];
    for (at, column) in columns.iter_mut().enumerate() {
        *column = row.get(at + 4).map_err(sql)?;
    }
    let part = |at: usize| Components {
        commission: columns[at],
        incentive: columns[at + 1],
        bonus: columns[at + 2],
        withheld: columns[at + 3],
    };
    let result = StoredResult {
        run_id: row.get(1).map_err(sql)?,
        month: month.map(Month::from_index),
        day,
        fingerprint: row.get(3).map_err(sql)?,
        amounts: Amounts { pending: part(0), approved: part(4), settled: part(8), held: part(12) },
    };
    Ok((order_no, result))
}

/// A run under way; dropped without [`PendingRun::keep`], it leaves nothing behind.
#[derive(Debug)]
pub struct PendingRun<'l> {
    ledger: &'l mut Ledger,
    /// The run's number, once something was posted.
    id: Option<RunId>,
    seq: i64,
    ran_at: i64,
    scope: String,
    sources: Vec<Source>,
    /// The program that results were appended of last, with its number.
    program: Option<(String, Option<i64>)>,
    /// The numbers of the versions' files, by path.
    documents: BTreeMap<String, Option<i64>>,
    /// The build of a plugin that answered last, with its number.
    plugin: Option<(Arc<AnsweredBy>, i64)>,
    /// The results that wait to be written.
    batch: Vec<Row>,
    /// The programs of which something was posted.
    posted: BTreeSet<i64>,
    /// What it came to for each program of which it saw all orders.
    whole: BTreeMap<i64, WholeRun>,
    open: bool,
}

impl Ledger {
    /// Whether some run saw an order of a program under a version of its terms.
    pub fn was_governed(&self, program: &str) -> Result<bool> {
        self.conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM result r JOIN program p ON p.id = r.program_id
                                WHERE p.name = ?1 AND r.schedule IS NOT NULL)",
            )
            .and_then(|mut s| s.query_row([program], |row| row.get(0)))
            .map_err(sql)
    }

    /// Locks the ledger for a run by a book of terms. Nothing is written before the first result.
    pub fn begin_run(
        &mut self,
        sources: Vec<Source>,
        ran_at: i64,
        scope: String,
    ) -> Result<PendingRun<'_>> {
        self.begin()?;
        let seq = self.reload().and_then(|()| self.last_seq());
        match seq {
            Ok(seq) => Ok(PendingRun {
                ledger: self,
                id: None,
                seq,
                ran_at,
                scope,
                sources,
                program: None,
                documents: BTreeMap::new(),
                plugin: None,
                batch: Vec::new(),
                posted: BTreeSet::new(),
                whole: BTreeMap::new(),
                open: true,
            }),
            Err(failed) => {
                let words = self.words.len();
                self.rollback(words);
                Err(failed)
            }
        }
    }

    /// Returns all runs in order of their numbers.
    pub fn runs(&self) -> Result<Vec<RunRecord>> {
        let mut select = self
            .conn
            .prepare_cached("SELECT id, seq, book_id, ran_at, scope FROM run ORDER BY id")
            .map_err(sql)?;
        let rows = select.query_map([], |row| {
            Ok(RunRecord {
                id: row.get(0)?,
                seq: row.get(1)?,
                book_id: row.get(2)?,
                ran_at: row.get(3)?,
                scope: row.get(4)?,
            })
        });
        rows.map_err(sql)?.collect::<rusqlite::Result<_>>().map_err(sql)
    }
}

impl PendingRun<'_> {
    /// Returns the ledger for reading.
    pub fn ledger(&self) -> &Ledger {
        self.ledger
    }

    /// Returns the highest sequence number this run sees.
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// Returns the run's number, once something was posted.
    pub fn id(&self) -> Option<RunId> {
        self.id
    }

    /// Appends what an order earns.
    pub fn append(
        &mut self,
        program: &str,
        order_no: &No,
        schedule: Option<&Source>,
        result: NewResult,
    ) -> Result<()> {
        let run_id = self.ensure_run()?;
        let program_id = self.program_id(program)?;
        self.posted.extend(program_id);
        let document = schedule.map(|source| self.document_id(source)).transpose()?.flatten();
        let by = result.answers.as_ref().map(|answers| &answers.by);
        let plugin_id = by.map(|by| self.plugin_id(by)).transpose()?;
        self.batch.push(Row {
            program_id,
            document,
            order_no: order_no.clone(),
            run_id,
            plugin_id,
            amounts: result.amounts.columns(),
            result,
        });
        if self.batch.len() < BATCH { Ok(()) } else { self.write_batch() }
    }

    /// Writes the results that wait.
    fn write_batch(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        let mut used = [false; 16];
        for row in &batch {
            for (used, amount) in used.iter_mut().zip(row.amounts) {
                *used |= amount != 0;
            }
        }
        let many = batch.chunks_exact(ROWS_PER_INSERT);
        let rest = many.remainder();
        self.insert(many, ROWS_PER_INSERT, used)?;
        self.insert(rest.chunks(1), 1, used)?;
        let mut bytes = RowBytes::default();
        for row in &batch {
            row.sealed(&mut bytes)?;
            self.ledger.tally("result", bytes.digest());
            if let Some(answers) = &row.result.answers {
                answers::insert(self.ledger, (row.program_id, &row.order_no, row.run_id), answers)?;
            }
        }
        Ok(())
    }

    /// Inserts groups of results, each of `count`, by one statement that is made once.
    fn insert<'r>(
        &self,
        groups: impl Iterator<Item = &'r [Row]>,
        count: usize,
        used: [bool; 16],
    ) -> Result<()> {
        let query = insert_query(count, used);
        let mut insert = self.ledger.conn.prepare_cached(&query).map_err(sql)?;
        for group in groups {
            let mut at = 1;
            for row in group {
                at = row.bind(&mut insert, at, used).map_err(sql)?;
            }
            insert.raw_execute().map_err(sql)?;
        }
        Ok(())
    }

    /// The number of a program; asked once for all its orders, which come together.
    fn program_id(&mut self, name: &str) -> Result<Option<i64>> {
        if self.program.as_ref().is_none_or(|(known, _)| known != name) {
            self.program = Some((name.to_owned(), self.ledger.program_id(name)?));
        }
        Ok(self.program.as_ref().and_then(|(_, id)| *id))
    }

    /// The number of a version's file; asked once for each.
    fn document_id(&mut self, source: &Source) -> Result<Option<i64>> {
        if let Some(id) = self.documents.get(source.path()) {
            return Ok(*id);
        }
        let id = self.ledger.document_id(source)?;
        self.documents.insert(source.path().to_owned(), id);
        Ok(id)
    }

    /// The number of a plugin's build; asked once for all the orders that it answers for.
    fn plugin_id(&mut self, by: &Arc<AnsweredBy>) -> Result<i64> {
        if let Some((_, id)) = self.plugin.as_ref().filter(|(known, _)| Arc::ptr_eq(known, by)) {
            return Ok(*id);
        }
        let id = answers::plugin_id(&self.ledger.conn, by)?;
        self.plugin = Some((Arc::clone(by), id));
        Ok(id)
    }

    fn ensure_run(&mut self) -> Result<RunId> {
        if let Some(id) = self.id {
            return Ok(id);
        }
        let book_id = self.ledger.store_book(&self.sources)?;
        self.ledger
            .conn
            .execute(
                "INSERT INTO run (seq, book_id, ran_at, scope) VALUES (?1, ?2, ?3, ?4)",
                params![self.seq, book_id, self.ran_at, self.scope],
            )
            .map_err(sql)?;
        let id = self.ledger.conn.last_insert_rowid();
        self.id = Some(id);
        Ok(id)
    }

    /// Notes what the run came to for a program of which it saw all orders.
    pub fn saw_all(&mut self, program: &str, whole: WholeRun) -> Result<()> {
        if let Some(program_id) = self.program_id(program)? {
            self.whole.insert(program_id, whole);
        }
        Ok(())
    }

    /// Stores what is known now of programs as a whole; a run that posts nothing writes nothing.
    fn store_whole_runs(&self) -> Result<()> {
        if self.id.is_none() {
            return Ok(());
        }
        self.ledger.forget_whole_runs(&self.posted)?;
        self.whole.iter().try_for_each(|(id, whole)| self.ledger.store_whole_run(*id, whole))
    }

    /// Commits.
    pub fn keep(mut self) -> Result<Option<RunId>> {
        self.write_batch()?;
        self.store_whole_runs()?;
        self.ledger.commit()?;
        self.open = false;
        Ok(self.id)
    }
}

impl Drop for PendingRun<'_> {
    fn drop(&mut self) {
        if self.open {
            let words = self.ledger.words.len();
            self.ledger.rollback(words);
        }
    }
}

/// What a run found, before it has its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewResult {
    /// The order's month in the program's zone.
    pub month: Option<Month>,
    /// The order's day in the program's zone.
    pub day: Option<NaiveDate>,
    /// Digest of the facts and the terms that it was computed from.
    pub fingerprint: [u8; 16],
    /// The amounts.
    pub amounts: Amounts,
    /// What the plugin of its version said; none where it has none.
    pub answers: Option<Answers>,
}
