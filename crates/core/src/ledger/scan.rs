//! Reads a program's orders in the order of their numbers, with all revisions of their lines, all
//! their results and payments, a bounded number at a time.
//!
//! Owns the grouping of rows by order and which revision counts. Refuses to evaluate. Between two
//! calls no statement is open, so a run may append results while it scans.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};

use chrono::NaiveDate;
use rusqlite::types::Value;
use rusqlite::{Statement, params};

use super::lines::{self, COLUMNS, Revision, key};
use super::results::{self, StoredResult, result_columns};
use super::{ImportStanding, Ledger, Result, sql};
use crate::click::OwnClick;
use crate::fact::{LineFact, No, ranking};
use crate::payout::Payment;
use crate::words::Word;

/// How many rows are read at a time; an order is never cut.
const ROWS: usize = 4_096;

/// One order with everything the ledger has of it.
#[derive(Clone, Debug)]
pub struct OrderRecord {
    pub(super) program_id: i64,
    /// The network's number.
    pub order_no: No,
    /// All revisions of all its lines, by line and sequence number.
    pub revisions: Vec<Revision>,
    /// What runs found it to earn, in order of the runs.
    pub results: Vec<StoredResult>,
    /// What payouts pay of its lines, in order of the lines; also those that were taken back.
    pub payments: Vec<Payment>,
}

/// One line of an order: the revision that counts.
#[derive(Clone, Copy, Debug)]
pub struct CountingLine<'o> {
    /// The revision.
    pub revision: &'o Revision,
    /// Another revision differs from it in nothing but what the network may not have meant: only
    /// the canonical bytes decided.
    pub conflict: bool,
    /// Our own click that led to it, where the row names none.
    pub own_click: Option<OwnClick>,
    /// The day of the first payout that pays it.
    pub paid_on: Option<NaiveDate>,
}

/// What of its click a line is known by: the row's own, else that of our own click (rule 12).
impl CountingLine<'_> {
    /// Returns the instant of the click.
    pub fn clicked_at(&self) -> Option<i64> {
        self.revision.fact.clicked_at.or(self.own_click.map(|click| click.at))
    }

    /// Returns the country of the click.
    pub fn click_country(&self) -> Option<Word> {
        self.revision.fact.click_country.or(self.own_click.and_then(|click| click.country))
    }

    /// Returns where the link stands.
    pub fn placement(&self) -> Option<Word> {
        self.revision.fact.placement.or(self.own_click.and_then(|click| click.placement))
    }
}

/// A scan of one program.
#[derive(Debug)]
pub struct Scan {
    program_id: Option<i64>,
    /// Numbers that are digits, and numbers that are other text: each is sorted in the ledger.
    streams: [Stream; 2],
}

#[derive(Debug)]
struct Stream {
    /// The key after which to read on.
    after: Value,
    /// The key at which the stream ends, exclusive; none reads to the end.
    until: Option<Value>,
    orders: VecDeque<OrderRecord>,
    exhausted: bool,
}

impl Scan {
    /// Begins a scan of a program; one without facts has no orders.
    pub fn new(ledger: &Ledger, program: &str) -> Result<Self> {
        let stream =
            |after, until| Stream { after, until, orders: VecDeque::new(), exhausted: false };
        Ok(Self {
            program_id: ledger.program_id(program)?,
            streams: [
                stream(Value::Integer(-1), Some(Value::Blob(Vec::new()))),
                stream(Value::Blob(Vec::new()), None),
            ],
        })
    }

    /// Returns the next order in the order of their numbers.
    pub fn next(&mut self, ledger: &Ledger) -> Result<Option<OrderRecord>> {
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

impl Stream {
    fn fill(&mut self, ledger: &Ledger, program_id: i64) -> Result<()> {
        let mut orders = self.read_lines(ledger, program_id)?;
        let Some(last) = orders.back() else {
            self.exhausted = true;
            return Ok(());
        };
        let last = key(&last.order_no);
        read_results(ledger, program_id, &self.after, &last, &mut orders)?;
        ledger.read_payments(program_id, &self.after, &last, &mut orders)?;
        self.after = last;
        self.orders = orders;
        Ok(())
    }

    fn read_lines(&self, ledger: &Ledger, program_id: i64) -> Result<VecDeque<OrderRecord>> {
        let end = if self.until.is_some() { "AND order_no < ?3" } else { "" };
        let query = format!(
            "SELECT {COLUMNS} FROM order_line
             WHERE program_id = ?1 AND order_no > ?2 {end} ORDER BY order_no, line_no, seq"
        );
        let mut select = ledger.conn.prepare_cached(&query).map_err(sql)?;
        let mut rows = match &self.until {
            Some(until) => select.query(params![program_id, self.after, until]),
            None => select.query(params![program_id, self.after]),
        }
        .map_err(sql)?;
        let mut orders: VecDeque<OrderRecord> = VecDeque::new();
        let mut count = 0;
        while let Some(row) = rows.next().map_err(sql)? {
            let revision = lines::read(row)?;
            count += 1;
            match orders.back_mut() {
                Some(order) if order.order_no == revision.fact.order_no => {
                    order.revisions.push(revision);
                }
                _ if count > ROWS => break,
                _ => orders.push_back(OrderRecord {
                    program_id,
                    order_no: revision.fact.order_no.clone(),
                    revisions: vec![revision],
                    results: Vec::new(),
                    payments: Vec::new(),
                }),
            }
        }
        Ok(orders)
    }
}

fn read_results(
    ledger: &Ledger,
    program_id: i64,
    after: &Value,
    last: &Value,
    orders: &mut VecDeque<OrderRecord>,
) -> Result<()> {
    let query = format!(
        "SELECT {} FROM result WHERE program_id = ?1 AND order_no > ?2 AND order_no <= ?3
         ORDER BY order_no, run_id",
        result_columns()
    );
    let mut select = ledger.conn.prepare_cached(&query).map_err(sql)?;
    let rows = select.query(params![program_id, after, last]).map_err(sql)?;
    attach(rows, orders)
}

/// Hands results, sorted like the orders, to their orders.
fn attach(mut rows: rusqlite::Rows<'_>, orders: &mut VecDeque<OrderRecord>) -> Result<()> {
    let mut at = 0;
    while let Some(row) = rows.next().map_err(sql)? {
        let (order_no, result) = results::read(row)?;
        while orders.get(at).is_some_and(|order| order.order_no < order_no) {
            at += 1;
        }
        if let Some(order) = orders.get_mut(at).filter(|order| order.order_no == order_no) {
            order.results.push(result);
        }
    }
    Ok(())
}

/// Whether a row counts as of a sequence number: it was there, and its import was not taken back.
pub(super) fn counts(
    imports: &BTreeMap<i64, ImportStanding>,
    row_seq: i64,
    import_id: i64,
    seq: i64,
) -> bool {
    let withdrawn = imports.get(&import_id).and_then(|import| import.withdrawn);
    row_seq <= seq && withdrawn.is_none_or(|from| from > seq)
}

impl Ledger {
    /// Returns one order of a program.
    pub fn order(&self, program: &str, order_no: &No) -> Result<Option<OrderRecord>> {
        let Some(program_id) = self.program_id(program)? else { return Ok(None) };
        let mut select = self
            .conn
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM order_line
                 WHERE program_id = ?1 AND order_no = ?2 ORDER BY line_no, seq"
            ))
            .map_err(sql)?;
        let mut revisions = Vec::new();
        {
            let mut rows = select.query(params![program_id, key(order_no)]).map_err(sql)?;
            while let Some(row) = rows.next().map_err(sql)? {
                revisions.push(lines::read(row)?);
            }
        }
        if revisions.is_empty() {
            return Ok(None);
        }
        let mut orders = VecDeque::from([OrderRecord {
            program_id,
            order_no: order_no.clone(),
            revisions,
            results: Vec::new(),
            payments: Vec::new(),
        }]);
        let mut select: Statement<'_> = self
            .conn
            .prepare(&format!(
                "SELECT {} FROM result WHERE program_id = ?1 AND order_no = ?2 ORDER BY run_id",
                result_columns()
            ))
            .map_err(sql)?;
        let rows = select.query(params![program_id, key(order_no)]).map_err(sql)?;
        attach(rows, &mut orders)?;
        if let Some(order) = orders.front_mut() {
            self.read_payments_of_order(order)?;
        }
        Ok(orders.pop_front())
    }

    /// Returns the lines of an order that count as of a sequence number, in order of their
    /// numbers: of each line the greatest revision, withdrawn ones left out; with our own clicks.
    pub fn counting<'o>(&self, order: &'o OrderRecord, seq: i64) -> Result<Vec<CountingLine<'o>>> {
        let mut lines: Vec<CountingLine<'o>> = Vec::with_capacity(order.revisions.len());
        for revision in order.revisions.iter().filter(|revision| self.counts(revision, seq)) {
            match lines.last_mut() {
                Some(line) if line.revision.fact.line_no == revision.fact.line_no => {
                    self.weigh(line, revision);
                }
                _ => lines.push(CountingLine {
                    revision,
                    conflict: false,
                    own_click: None,
                    paid_on: None,
                }),
            }
        }
        if !lines.is_sorted_by(|a, b| a.revision.fact.line_no <= b.revision.fact.line_no) {
            lines.sort_by(|a, b| a.revision.fact.line_no.cmp(&b.revision.fact.line_no));
        }
        if self.clicked.contains(&order.program_id) {
            for line in &mut lines {
                line.own_click = self.own_click(order.program_id, &line.revision.fact, seq)?;
            }
        }
        if !order.payments.is_empty() {
            self.date_payments(order, seq, &mut lines);
        }
        Ok(lines)
    }

    /// Returns the reports of one line that count as of a sequence number, the one that counts most
    /// last.
    pub fn reports_of<'o>(
        &self,
        order: &'o OrderRecord,
        line_no: &No,
        seq: i64,
    ) -> Vec<&'o Revision> {
        let of_line =
            |revision: &&Revision| revision.fact.line_no == *line_no && self.counts(revision, seq);
        let mut reports: Vec<&Revision> = order.revisions.iter().filter(of_line).collect();
        reports.sort_by(|a, b| {
            let (a, b) = ((&a.fact, self.as_of(a)), (&b.fact, self.as_of(b)));
            ranking(a, b, &self.words).0
        });
        reports
    }

    /// Our own click that led to a line whose row names none.
    fn own_click(&self, program_id: i64, fact: &LineFact, seq: i64) -> Result<Option<OwnClick>> {
        let ordered_at = fact.ordered_at.or(fact.paid_at);
        match (fact.clicked_at, fact.sub_id.as_deref(), ordered_at) {
            (None, Some(sub_id), Some(by)) => self.last_click(program_id, sub_id, by, seq),
            _ => Ok(None),
        }
    }

    /// Returns the instant an import was declared to be as of.
    pub fn as_of(&self, revision: &Revision) -> Option<i64> {
        self.imports.get(&revision.import_id).and_then(|import| import.as_of)
    }

    fn counts(&self, revision: &Revision, seq: i64) -> bool {
        counts(&self.imports, revision.seq, revision.import_id, seq)
    }

    /// Lets the greater of two revisions of one line count.
    fn weigh<'o>(&self, line: &mut CountingLine<'o>, other: &'o Revision) {
        let held = (&line.revision.fact, self.as_of(line.revision));
        let (order, contradicts) = ranking((&other.fact, self.as_of(other)), held, &self.words);
        if order == Ordering::Greater {
            *line = CountingLine { revision: other, conflict: contradicts, ..*line };
        } else {
            line.conflict |= contradicts;
        }
    }
}
