//! Preview: announced terms on the user's own last months of orders.
//!
//! Owns the months, the grouping and the ranking. Every order is evaluated twice by the one
//! evaluator: by a book without the announced version, and by a book in which it was always in
//! force. Refuses to post.

use std::sync::Arc;

use chrono::NaiveDate;
use feebook_kernel::Verdict;
use feebook_schedule::Book;
use feebook_schedule::iso::Currency;
use feebook_schedule::zone::{Month, day_before};

use crate::error::{self, Error, Result};
use crate::fact::No;
use crate::ledger::{Ledger, Scan};
use crate::plugins::Plugins;
use crate::run::{Evaluator, Progress};
use crate::side_by_side::{Currencies, Tallies, Tally};
use crate::standing::Standing;

mod cause;
mod work;

use work::{Readings, Work};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The program.
    pub program: String,
    /// The announced version.
    pub version: String,
    /// How many months, the last of them included.
    pub months: u32,
    /// Count back from this day instead of the last month with orders; later orders are left out.
    pub on: Option<NaiveDate>,
}

/// The two books that are compared.
#[derive(Clone, Debug)]
pub struct Books {
    /// All terms without the announced version.
    pub without: Arc<Book>,
    /// The announced version alone, in force always.
    pub always: Arc<Book>,
    /// Where the plugins that they name come from.
    pub plugins: Option<Arc<dyn Plugins>>,
}

/// From where the months are counted back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedFrom {
    /// The last month with orders.
    LastOrders(Month),
    /// The day that was asked for.
    Day(NaiveDate),
}

/// The days whose orders are looked at, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
    /// From where they are counted.
    pub counted_from: CountedFrom,
}

impl Window {
    fn new(counted_from: CountedFrom, months: u32) -> Self {
        let (month, last) = match counted_from {
            CountedFrom::LastOrders(month) => {
                (month, day_before(Month::from_index(month.index() + 1).first_day()))
            }
            CountedFrom::Day(day) => (Month::of(day), day),
        };
        let back = i32::try_from(months.max(1)).unwrap_or(i32::MAX) - 1;
        let first = Month::from_index(month.index().saturating_sub(back)).first_day();
        Self { first, last, counted_from }
    }

    fn holds(&self, day: NaiveDate) -> bool {
        self.first <= day && day <= self.last
    }
}

/// Lines that have something in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What they have in common; empty where the lines do not say.
    pub key: String,
    /// The currencies of their amounts.
    pub currencies: Currencies,
    /// What they earn.
    pub tally: Tally,
}

/// Lines whose verdict changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictChange {
    /// The verdict without the announced version.
    pub before: Verdict,
    /// The verdict under it.
    pub after: Verdict,
    /// The currencies of the amounts.
    pub currencies: Currencies,
    /// How many lines.
    pub lines: u64,
    /// What they earn before; none where that cannot be said of any.
    pub earned_before: Option<i64>,
    /// What they earn after; none where that cannot be said of any.
    pub earned_after: Option<i64>,
}

/// An order that earns another amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The order.
    pub order_no: No,
    /// The currency of the amounts.
    pub currency: Currency,
    /// What its lines earn under both readings, as far as both are known.
    pub tally: Tally,
    /// What decides most of it: clause and value before and after.
    pub cause: String,
}

/// The orders of one calendar week, Monday to Sunday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Week {
    /// Its first day within the window.
    pub first: NaiveDate,
    /// Its last day within the window.
    pub last: NaiveDate,
    /// The currencies of the amounts.
    pub currencies: Currencies,
    /// What its orders earn.
    pub tally: Tally,
    /// What a delay of the effective date by the window's weeks up to this one is worth: what these
    /// orders earn more under the terms they have; none where the currencies differ.
    pub delay_worth: Option<i64>,
}

/// What the announced terms come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The days whose orders were looked at.
    pub window: Window,
    /// How many orders those are.
    pub orders: u64,
    /// All of them.
    pub total: Tallies,
    /// Lines whose verdict changes, the most lines first.
    pub verdicts: Vec<VerdictChange>,
    /// By category, the greatest difference first.
    pub categories: Vec<Group>,
    /// By the country shipped to, the greatest difference first.
    pub countries: Vec<Group>,
    /// The orders that move most.
    pub moved: Vec<Moved>,
    /// Week by week.
    pub weeks: Vec<Week>,
}

/// Evaluates the orders of the last months under both books. Nothing is posted.
///
/// # Errors
///
/// When the program has no order in those months, when a version needs a plugin, or the ledger
/// fails.
pub fn preview(
    ledger: &Ledger,
    books: &Books,
    asked: &Asked,
    progress: &mut dyn Progress,
) -> Result<Preview> {
    let seq = ledger.last_seq()?;
    let standing = Arc::new(ledger.standing(&asked.program, seq)?);
    let mut readings = Readings {
        before: evaluator(&books.without, &asked.program, &standing)?
            .as_of(seq, books.plugins.as_ref()),
        after: evaluator(&books.always, &asked.program, &standing)?
            .as_of(seq, books.plugins.as_ref()),
    };
    let counted_from = match asked.on {
        Some(day) => CountedFrom::Day(day),
        None => match last_month(ledger, &readings.before, asked, seq, progress)? {
            Some(month) => CountedFrom::LastOrders(month),
            None => return Err(no_orders(asked, None)),
        },
    };
    let window = Window::new(counted_from, asked.months);
    let mut work = Work::new(window);
    let mut scan = Scan::new(ledger, &asked.program)?;
    while let Some(order) = scan.next(ledger)? {
        let facts = ledger.counting(&order, seq)?;
        if let Some(day) = readings.before.day(&facts).filter(|day| window.holds(*day)) {
            work.order(&mut readings, day, &facts, ledger)?;
        }
        progress.advance(1);
    }
    if work.is_empty() {
        return Err(no_orders(asked, Some(&window)));
    }
    Ok(work.finish())
}

fn evaluator(book: &Arc<Book>, program: &str, standing: &Arc<Standing>) -> Result<Evaluator> {
    Evaluator::new(book, program, standing).ok_or_else(|| {
        let message = format!("a book of the preview has no program {program}");
        Error::new(&error::BROKEN, message)
    })
}

fn no_orders(asked: &Asked, window: Option<&Window>) -> Error {
    let days = window
        .map_or_else(String::new, |window| format!(" from {} to {}", window.first, window.last));
    let message = format!("the ledger has no order of `{}`{days}", asked.program);
    Error::new(&error::NO_ORDERS, message)
        .hint("`feebook lines` lists what it has; --on and --months choose the months")
}

/// The last month with orders of the program.
fn last_month(
    ledger: &Ledger,
    evaluator: &Evaluator,
    asked: &Asked,
    seq: i64,
    progress: &mut dyn Progress,
) -> Result<Option<Month>> {
    let mut last = None;
    let mut scan = Scan::new(ledger, &asked.program)?;
    while let Some(order) = scan.next(ledger)? {
        last = last.max(evaluator.day(&ledger.counting(&order, seq)?));
        progress.advance(1);
    }
    Ok(last.map(Month::of))
}
