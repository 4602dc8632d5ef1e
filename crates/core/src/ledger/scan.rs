//! Reads a program's orders in the order of their numbers, with all revisions of their lines, all
//! their results and payments, a bounded number at a time.
//!
//! Owns the grouping of rows by order and which revision counts. Refuses to evaluate. Between two
//! calls no statement is open, so a run may append results while it scans.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};

use chrono::NaiveDate;
use feebook_kernel::State;
use feebook_schedule::GovernedBy;
use feebook_schedule::zone::Month;
use rusqlite::params;
use rusqlite::types::Value;

use super::corrections::{self, Corrected, Kept};
use super::lines::{self, Filled, Key, Revision, key};
use super::results::{self, StoredResult, result_columns};
use super::{ImportStanding, Ledger, Result, sql};
use crate::click::OwnClick;
use crate::fact::{LineFact, No, ranking};
use crate::payout::Payment;
use crate::words::Word;

/// How many rows are read at a time; an order is never cut.
const ROWS: usize = 512;

/// How many orders of a list are looked for together.
const WANTED: usize = 256;

/// How many rows of other orders may lie between them before each is looked for by itself.
const BETWEEN: usize = 1_024;

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
    /// Its lines that rows correct, as these leave them.
    pub(super) corrected: Kept,
}

impl OrderRecord {
    /// An order of which only the rows of reports were read.
    pub(super) fn new(program_id: i64, order_no: No, revisions: Vec<Revision>) -> Self {
        let (results, payments) = (Vec::new(), Vec::new());
        let corrected = Kept::default();
        Self { program_id, order_no, revisions, results, payments, corrected }
    }
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
    /// What corrected it; `revision` is what that left of its report.
    pub corrected: Option<&'o Corrected>,
}

impl<'o> CountingLine<'o> {
    /// Returns the rows that correct the line; of a row that waits for its line none.
    pub fn corrections(&self) -> &'o [Revision] {
        let joined = self.corrected.filter(|_| self.revision.fact.corrects.is_none());
        joined.map_or(&[], |corrected| &corrected.by)
    }

    /// Whether the rows that correct it say what those of another do.
    pub fn is_corrected_as(&self, other: &CountingLine<'_>) -> bool {
        let (ours, theirs) = (self.corrections().iter(), other.corrections().iter());
        ours.map(|row| &row.fact).eq(theirs.map(|row| &row.fact))
    }
}

/// What of its click a line is known by: the row's own, else that of our own click (rule 12).
impl CountingLine<'_> {
    /// Whether it is no line but a row that corrects one which is not there, and not declined.
    pub fn is_alone(&self) -> bool {
        let fact = &self.revision.fact;
        fact.corrects.is_some() && fact.state == State::Reversed
    }

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

/// The lines of an order without rows that wait for theirs: what those say bears on no line. All, where there
/// is nothing else.
pub(crate) fn of_themselves<'f, 'o>(
    facts: &'f [CountingLine<'o>],
) -> impl Iterator<Item = &'f CountingLine<'o>> {
    let is_line = |line: &&CountingLine<'_>| line.revision.fact.corrects.is_none();
    let none = !facts.iter().any(|line| is_line(&line));
    facts.iter().filter(move |line| none || is_line(line))
}

/// A scan of one program.
#[derive(Debug)]
pub struct Scan {
    program_id: Option<i64>,
    /// The columns that its lines may fill.
    filled: Filled,
    /// The orders to read, where not all are.
    wanted: Option<Wanted>,
    /// Numbers that are digits, and numbers that are other text: each is sorted in the ledger.
    streams: [Stream; 2],
}

/// Orders that are looked for.
#[derive(Debug)]
struct Wanted {
    /// In order of their numbers.
    orders: VecDeque<No>,
    /// Those that were read and are not handed on yet.
    ready: VecDeque<OrderRecord>,
    /// Too many others lie between them.
    sparse: bool,
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
        let program_id = ledger.program_id(program)?;
        Ok(Self {
            program_id,
            filled: program_id.map_or(Ok(Filled::ALL), |id| ledger.filled(id))?,
            wanted: None,
            streams: [
                stream(Value::Integer(-1), Some(Value::Blob(Vec::new()))),
                stream(Value::Blob(Vec::new()), None),
            ],
        })
    }

    /// Begins a scan that may leave out orders which lie outside some days, by whatever zone and
    /// instants of `governed_by`; without days it leaves out none.
    pub fn within(
        ledger: &Ledger,
        program: &str,
        days: Option<(NaiveDate, NaiveDate)>,
        governed_by: &[GovernedBy],
    ) -> Result<Self> {
        let mut scan = Self::new(ledger, program)?;
        if let (Some(program_id), Some((first, last))) = (scan.program_id, days) {
            let months = (Month::of(first), Month::of(last));
            let orders = ledger.orders_within(program_id, governed_by, months)?.into();
            scan.wanted = Some(Wanted { orders, ready: VecDeque::new(), sparse: false });
        }
        Ok(scan)
    }

    /// Begins a scan that reads every column, also those that by the ledger's own account nobody filled.
    pub fn of_all_columns(ledger: &Ledger, program: &str) -> Result<Self> {
        Ok(Self { filled: Filled::ALL, ..Self::new(ledger, program)? })
    }

    /// Returns the next order in the order of their numbers.
    pub fn next(&mut self, ledger: &Ledger) -> Result<Option<OrderRecord>> {
        let Some(program_id) = self.program_id else { return Ok(None) };
        if let Some(wanted) = &mut self.wanted {
            return wanted.next(ledger, program_id, self.filled);
        }
        for stream in &mut self.streams {
            if stream.orders.is_empty() && !stream.exhausted {
                stream.fill(ledger, program_id, self.filled)?;
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

impl Wanted {
    fn next(
        &mut self,
        ledger: &Ledger,
        program_id: i64,
        filled: Filled,
    ) -> Result<Option<OrderRecord>> {
        while self.ready.is_empty() {
            let Some(first) = self.orders.front() else { return Ok(None) };
            // Numbers that are digits and other text lie apart in the ledger.
            let kind = std::mem::discriminant(first);
            let alike = self.orders.iter().take_while(|no| std::mem::discriminant(*no) == kind);
            let count = alike.take(WANTED).count();
            let chunk: Vec<No> = self.orders.drain(..count).collect();
            let mut between = None;
            if !self.sparse {
                between = read_between(ledger, program_id, filled, &chunk)?;
                self.sparse = between.is_none();
            }
            match between {
                Some(orders) => self.ready = orders,
                None => {
                    for order in chunk.chunks(1) {
                        let found = read_between(ledger, program_id, filled, order)?;
                        self.ready.extend(found.unwrap_or_default());
                    }
                }
            }
        }
        Ok(self.ready.pop_front())
    }
}

/// Reads orders, given in order of their numbers; none when too many others lie between them.
fn read_between(
    ledger: &Ledger,
    program_id: i64,
    filled: Filled,
    wanted: &[No],
) -> Result<Option<VecDeque<OrderRecord>>> {
    let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else {
        return Ok(Some(VecDeque::new()));
    };
    let query = format!(
        "SELECT {} FROM order_line
         WHERE program_id = ?1 AND order_no BETWEEN ?2 AND ?3 ORDER BY order_no, line_no, seq",
        filled.columns()
    );
    let mut select = ledger.conn.prepare_cached(&query).map_err(sql)?;
    let range = params![program_id, Key(first), Key(last)];
    let mut rows = select.query(range).map_err(sql)?;
    let mut orders: VecDeque<OrderRecord> = VecDeque::new();
    let (mut wanted, mut others) = (wanted.iter().peekable(), 0);
    while let Some(row) = rows.next().map_err(sql)? {
        let order_no = lines::no(row.get_ref(1).map_err(sql)?)?;
        if let Some(order) = orders.back_mut().filter(|order| order.order_no == order_no) {
            push(&mut order.revisions, lines::read(row, filled)?);
            continue;
        }
        while wanted.next_if(|wanted| **wanted < order_no).is_some() {}
        if wanted.next_if(|wanted| **wanted == order_no).is_some() {
            let revisions = vec![lines::read(row, filled)?];
            orders.push_back(OrderRecord::new(program_id, order_no, revisions));
            continue;
        }
        others += 1;
        if others > BETWEEN {
            return Ok(None);
        }
    }
    let query = format!(
        "SELECT {} FROM result WHERE program_id = ?1 AND order_no BETWEEN ?2 AND ?3
         ORDER BY order_no, run_id",
        result_columns()
    );
    let mut select = ledger.conn.prepare_cached(&query).map_err(sql)?;
    attach(select.query(range).map_err(sql)?, &mut orders)?;
    orders.iter_mut().try_for_each(|order| ledger.read_payments_of_order(order))?;
    Ok(Some(orders))
}

impl Stream {
    fn fill(&mut self, ledger: &Ledger, program_id: i64, filled: Filled) -> Result<()> {
        let mut orders = self.read_lines(ledger, program_id, filled)?;
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

    fn read_lines(
        &self,
        ledger: &Ledger,
        program_id: i64,
        filled: Filled,
    ) -> Result<VecDeque<OrderRecord>> {
        let end = if self.until.is_some() { "AND order_no < ?3" } else { "" };
        let query = format!(
            "SELECT {} FROM order_line
             WHERE program_id = ?1 AND order_no > ?2 {end} ORDER BY order_no, line_no, seq",
            filled.columns()
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
            let revision = lines::read(row, filled)?;
            count += 1;
            match orders.back_mut() {
                Some(order) if order.order_no == revision.fact.order_no => {
                    push(&mut order.revisions, revision);
                }
                _ if count > ROWS => break,
                _ => {
                    let order_no = revision.fact.order_no.clone();
                    orders.push_back(OrderRecord::new(program_id, order_no, vec![revision]));
                }
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

/// Appends to the few rows of an order, for which the usual growth would reserve several times over.
fn push<T>(rows: &mut Vec<T>, row: T) {
    if rows.len() < 4 {
        rows.reserve_exact(1);
    }
    rows.push(row);
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
            push(&mut order.results, result);
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
                "SELECT {} FROM order_line
                 WHERE program_id = ?1 AND order_no = ?2 ORDER BY line_no, seq",
                Filled::ALL.columns()
            ))
            .map_err(sql)?;
        let mut revisions = Vec::new();
        {
            let mut rows = select.query(params![program_id, key(order_no)]).map_err(sql)?;
            while let Some(row) = rows.next().map_err(sql)? {
                revisions.push(lines::read(row, Filled::ALL)?);
            }
        }
        if revisions.is_empty() {
            return Ok(None);
        }
        let order = OrderRecord::new(program_id, order_no.clone(), revisions);
        let mut orders = VecDeque::from([order]);
        let mut select = self
            .conn
            .prepare_cached(&format!(
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
    /// numbers: of each line the greatest revision, withdrawn ones left out, as its corrections leave it;
    /// with our own clicks.
    pub fn counting<'o>(&self, order: &'o OrderRecord, seq: i64) -> Result<Vec<CountingLine<'o>>> {
        let mut lines: Vec<CountingLine<'o>> = Vec::with_capacity(order.revisions.len());
        let mut corrections = false;
        for revision in order.revisions.iter().filter(|revision| self.counts(revision, seq)) {
            corrections |= revision.fact.corrects.is_some();
            match lines.last_mut() {
                Some(line) if line.revision.fact.line_no == revision.fact.line_no => {
                    self.weigh(line, revision);
                }
                _ => lines.push(CountingLine {
                    revision,
                    conflict: false,
                    own_click: None,
                    paid_on: None,
                    corrected: None,
                }),
            }
        }
        if !lines.is_sorted_by(|a, b| a.revision.fact.line_no <= b.revision.fact.line_no) {
            lines.sort_by(|a, b| a.revision.fact.line_no.cmp(&b.revision.fact.line_no));
        }
        if corrections {
            lines = corrections::joined(lines, &order.corrected);
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
