//! Expected, reported, paid: where the three differ, by how much, and why.
//!
//! Owns the comparison and its findings. A difference is always what the network says or pays less what
//! it should: below zero is less than the terms give. What a line should be paid is what was reported,
//! so that the two differences of a line add up and count nothing twice. Refuses to evaluate (what the
//! latest run found is replayed), to subtract amounts of two currencies, and the clock.

mod books;
mod codes;
mod diagnose;
mod figures;
mod hypotheses;
mod late;
mod reports;
mod work;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use feebook_kernel::State;
use feebook_schedule::iso::Currency;

use crate::error::Result;
use crate::fact::No;
use crate::ledger::{Ledger, Scan};
use crate::run::{Progress, Replay, Scope, Terms};

pub use codes::{Diagnosis, Kind};
pub use figures::{Figures, Given, Stages, Tolerance};
pub use hypotheses::ZONES;
pub(crate) use hypotheses::{edited, with};
pub use late::{Age, Class};
use work::Work;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which orders.
    pub scope: Scope,
    /// The day to which ages run.
    pub on: NaiveDate,
    /// What still counts as equal.
    pub tolerance: Tolerance,
}

/// One difference, or something else worth a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub diagnosis: Diagnosis,
    /// Other diagnoses that explain it as well.
    pub also: Vec<Diagnosis>,
    /// The program.
    pub program: String,
    /// The order, where it is about one.
    pub order_no: Option<No>,
    /// The line, where it is about one.
    pub line_no: Option<No>,
    /// The order's day, or the first of days.
    pub day: Option<NaiveDate>,
    /// The line's state.
    pub state: Option<State>,
    /// The version of the terms.
    pub schedule: Option<String>,
    /// The clause that it rests on.
    pub clause: Option<String>,
    /// The currency of expected and difference.
    pub currency: Option<Currency>,
    /// The figures of the line.
    pub figures: Option<Figures>,
    /// What was reported, or paid, less what should have been; none where that cannot be subtracted.
    pub difference: Option<i64>,
    /// How old it is.
    pub age: Option<Age>,
    /// What else would give what was reported, where something would.
    pub because: Option<String>,
    /// The version that this is about, where it is another than that of the terms.
    pub other_schedule: Option<String>,
    /// One sentence with both values.
    pub text: String,
}

impl Finding {
    /// Whether it is a difference or late; a note is neither.
    pub fn is_finding(&self) -> bool {
        self.diagnosis.kind() != Kind::Note
    }
}

/// The sums of one program in one currency. Expected, reported and difference are over the lines that
/// can be compared; each line is counted once beside `lines`: compared, silent, unknown, in another
/// currency or declined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All lines.
    pub lines: u64,
    /// Lines of which both amounts are known. One that was taken back is compared with what it would
    /// earn: it is given nothing.
    pub compared: u64,
    /// What the terms give for these.
    pub expected: i64,
    /// What was reported of these.
    pub reported: i64,
    /// Lines of these that differ within the tolerance.
    pub tolerated: u64,
    /// Lines of which no report says an amount.
    pub silent: u64,
    /// Lines of which it cannot be said what they earn, though a report says an amount.
    pub unknown: u64,
    /// Lines whose amounts are in another currency, with no rate that is known.
    pub other_currency: u64,
    /// Lines that are declined or reversed, and not against the terms.
    pub declined: u64,
    /// What payouts pay, of all lines.
    pub paid: i64,
}

impl Totals {
    /// Returns what was reported less what is expected.
    pub fn difference(&self) -> i64 {
        self.reported - self.expected
    }
}

/// What is owed, by age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Lines.
    pub lines: u64,
    /// What was not paid of them.
    pub amount: i64,
}

/// What is owed: program, currency, state and age.
pub type OpenKey = (String, Currency, State, Class);

/// What reconciling came to.
#[derive(Clone, Debug, Default)]
pub struct Reconciled {
    /// By program and currency.
    pub totals: BTreeMap<(String, Currency), Totals>,
    /// What was confirmed and is not paid, by age.
    pub open: BTreeMap<OpenKey, Open>,
    /// Differences, what is late, and notes: by program and order.
    pub findings: Vec<Finding>,
    /// Programs of which no payout is recorded: nothing is said of what they paid.
    pub without_payouts: Vec<String>,
    /// Lines that wait for a recompute.
    pub waiting: u64,
    /// Orders in scope, those included that no run has seen.
    pub orders: u64,
}

impl Reconciled {
    /// Whether there is a finding; notes are none.
    pub fn has_findings(&self) -> bool {
        self.findings.iter().any(Finding::is_finding)
    }
}

/// Compares what the terms give, what was reported and what was paid, of all orders in scope.
///
/// # Errors
///
/// When the ledger fails or a stored text of the terms no longer loads.
pub fn reconcile(
    ledger: &Ledger,
    terms: &Terms,
    asked: &Asked,
    progress: &mut dyn Progress,
) -> Result<Reconciled> {
    let mut found = Reconciled::default();
    for program in ledger.programs()? {
        if !asked.scope.includes_program(&program) {
            continue;
        }
        let mut replay = Replay::new(ledger)?;
        let mut work = Work::new(ledger, terms, asked, &program, &mut found)?;
        let mut scan = Scan::new(ledger, &program)?;
        while let Some(order) = scan.next(ledger)? {
            work.order(&mut replay, &order)?;
            progress.advance(1);
        }
        work.finish();
    }
    Ok(found)
}

/// The same of some orders of one program, whatever their days. What a later report leaves out shows
/// only beside the others, which are counted and not compared.
///
/// # Errors
///
/// As [`reconcile`].
pub fn reconcile_orders(
    ledger: &Ledger,
    terms: &Terms,
    asked: &Asked,
    program: &str,
    orders: &[No],
) -> Result<Reconciled> {
    let mut found = Reconciled::default();
    let mut replay = Replay::new(ledger)?;
    let everywhere = Asked { scope: Scope::default(), ..asked.clone() };
    let mut work = Work::new(ledger, terms, &everywhere, program, &mut found)?;
    for order_no in orders {
        if let Some(order) = ledger.order(program, order_no)? {
            work.order(&mut replay, &order)?;
        }
    }
    if work.may_leave_out() {
        let mut scan = Scan::new(ledger, program)?;
        while let Some(order) = scan.next(ledger)? {
            if !orders.contains(&order.order_no) {
                work.beside(&order)?;
            }
        }
    }
    work.finish_orders();
    Ok(found)
}
