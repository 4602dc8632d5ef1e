//! Two runs side by side: what stood in the ledger after the one and after the other, by month and
//! line by line.
//!
//! Owns which result of an order stood after a run, and how much of a month's difference was posted
//! as adjustments. Refuses to evaluate: lines are replayed as the runs found them.

use std::collections::BTreeMap;

use feebook_schedule::iso::Currency;
use feebook_schedule::zone::Month;

use crate::error::{self, Error, Result};
use crate::journal::{Account, Entry, Journal, Kind, Source};
use crate::ledger::{Booked, BookedScan, Ledger, RunId};
use crate::run::{Change, Progress, Replay, Terms, between};

/// Which runs are compared, and on which orders.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'c> {
    /// The earlier run.
    pub before: RunId,
    /// The later run.
    pub after: RunId,
    /// Only this program.
    pub program: Option<&'c str>,
    /// Only orders that stood in this month after either run.
    pub month: Option<Month>,
}

/// What a month of a program came to after the two runs, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthTotals {
    /// After the earlier run.
    pub before: i64,
    /// After the later run.
    pub after: i64,
    /// What was posted in between as adjustments of the month, which was closed.
    pub adjusted: i64,
}

/// Totals by program, month and currency; the month is none for orders without a day.
pub type Totals = BTreeMap<(String, Option<Month>, Currency), MonthTotals>;

/// Compares two runs: tells `each` every line that the later found otherwise, with its order's month,
/// and returns the totals.
///
/// # Errors
///
/// When there is no such run, when the ledger cannot be read, or when a stored text of the terms no
/// longer loads.
pub fn compare(
    ledger: &Ledger,
    terms: &Terms,
    asked: &Compared<'_>,
    progress: &mut dyn Progress,
    each: &mut dyn FnMut(Option<Month>, Change) -> Result<()>,
) -> Result<Totals> {
    let runs = ledger.runs()?;
    for run_id in [asked.before, asked.after] {
        if !runs.iter().any(|run| run.id == run_id) {
            let message = format!("there is no run {run_id}");
            return Err(Error::new(&error::NO_RUN, message).hint("`feebook runs list` shows them"));
        }
    }
    let mut totals = Totals::new();
    let mut replay = Replay::new(ledger)?;
    let mut programs = ledger.programs()?;
    programs.retain(|name| asked.program.is_none_or(|program| program == name));
    for program in &programs {
        let mut journal = Journal::new(ledger, terms, program)?;
        let mut scan = BookedScan::new(ledger, program)?;
        while let Some(order) = scan.next(ledger)? {
            let sides = Sides::of(ledger, &mut journal, &order, asked)?;
            if sides.in_month(asked.month) {
                sides.add(program, &mut totals);
                add_adjustments(ledger, &mut journal, &order, asked, &mut totals)?;
                sides.lines(ledger, &mut replay, program, &order, each)?;
            }
            progress.advance(1);
        }
    }
    totals.retain(|(_, month, _), _| asked.month.is_none() || *month == asked.month);
    Ok(totals)
}

/// One order as it stood after the two runs.
struct Sides {
    before: Option<Side>,
    after: Option<Side>,
}

/// The result of an order that stood after a run.
#[derive(Clone, Copy)]
struct Side {
    run_id: RunId,
    month: Option<Month>,
    currency: Option<Currency>,
    total: i64,
}

impl Sides {
    fn of(
        ledger: &Ledger,
        journal: &mut Journal,
        order: &Booked,
        asked: &Compared<'_>,
    ) -> Result<Self> {
        let mut stood = |run_id: RunId| -> Result<Option<Side>> {
            let last = order.results.iter().rfind(|(result, _)| result.run_id <= run_id);
            let Some((result, document)) = last else { return Ok(None) };
            Ok(Some(Side {
                run_id: result.run_id,
                month: result.month,
                currency: journal.currency(ledger, result, *document)?,
                total: result.amounts.total(),
            }))
        };
        Ok(Self { before: stood(asked.before)?, after: stood(asked.after)? })
    }

    fn in_month(&self, month: Option<Month>) -> bool {
        let sides = || [self.before, self.after].into_iter().flatten();
        sides().next().is_some() && (month.is_none() || sides().any(|side| side.month == month))
    }

    /// Adds what the order came to after each.
    fn add(&self, program: &str, totals: &mut Totals) {
        let mut add = |side: Option<Side>, of: fn(&mut MonthTotals) -> &mut i64| {
            let Some(Side { month, currency: Some(currency), total, .. }) = side else { return };
            let key = (program.to_owned(), month, currency);
            *of(totals.entry(key).or_default()) += total;
        };
        add(self.before, |totals| &mut totals.before);
        add(self.after, |totals| &mut totals.after);
    }

    /// Tells the lines that the later run found otherwise.
    fn lines(
        &self,
        ledger: &Ledger,
        replay: &mut Replay,
        program: &str,
        order: &Booked,
        each: &mut dyn FnMut(Option<Month>, Change) -> Result<()>,
    ) -> Result<()> {
        let Some(later) = self.after else { return Ok(()) };
        let earlier = self.before.map(|side| side.run_id);
        if earlier == Some(later.run_id) {
            return Ok(());
        }
        let Some(record) = ledger.order(program, &order.order_no)? else { return Ok(()) };
        for change in between(ledger, replay, program, &record, earlier, later.run_id)? {
            each(later.month, change)?;
        }
        Ok(())
    }
}

/// Adds what the runs after the first posted for an order as adjustments of closed months.
fn add_adjustments(
    ledger: &Ledger,
    journal: &mut Journal,
    order: &Booked,
    asked: &Compared<'_>,
    totals: &mut Totals,
) -> Result<()> {
    journal.order(ledger, order, &mut |entry| {
        if let (Source::Run(run_id), Some(month)) = (entry.source, entry.dated.adjusts)
            && run_id > asked.before
            && run_id <= asked.after
        {
            for (currency, earned) in earned(entry) {
                let key = (entry.program.to_owned(), Some(month), currency);
                totals.entry(key).or_default().adjusted += earned;
            }
        }
        Ok(())
    })
}

/// What an entry adds to what is earned, by currency.
fn earned(entry: &Entry<'_>) -> BTreeMap<Currency, i64> {
    let mut earned = BTreeMap::new();
    for leg in entry.legs.iter().filter(|leg| Account::kind(leg.account) == Kind::Income) {
        *earned.entry(leg.currency).or_default() -= leg.amount;
    }
    earned
}
