//! The double-entry journal: never stored, derived from results, payouts and closings in the order of
//! the ledger's time, so that it cannot be out of balance.
//!
//! Owns the walk over a program's orders and payouts, and that no entry leaves it that is not
//! balanced in each currency. Refuses to evaluate an order and to read an order line; only why a closed
//! month was adjusted is replayed.

mod account;
mod dating;
mod order;
mod payout;
mod sums;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use chrono_tz::Tz;
use feebook_schedule::iso::Currency;
use feebook_schedule::{Program, Version};

pub use account::{Account, Kind};
pub(crate) use dating::next;
pub use dating::{Closed, Dated, Dating};
pub use order::Leg;
pub use sums::{Balances, Because, Summed, SummedBy, Summing, balances, summed};

use crate::error::{self, Error, Result};
use crate::fact::No;
use crate::ledger::{
    BookId, Booked, BookedPayment, BookedScan, Closing, DocumentId, Ledger, Recorded, RunId,
    RunRecord, StoredResult,
};
use crate::payout::{Payout, PayoutId, rate_of, split};
use crate::run::{Progress, Replay, Scope, Terms};
use order::{Back, Event, Folio, Found, Paid};

/// What an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A run posted it.
    Run(RunId),
    /// A payout.
    Payout(PayoutId),
    /// A payout that was taken back: the mirror of what it had posted, and beside it what runs had moved
    /// since because of it.
    Removal(PayoutId),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Run(id) => write!(f, "run {id}"),
            Self::Payout(id) => write!(f, "payout {id}"),
            Self::Removal(id) => write!(f, "payout {id} removed"),
        }
    }
}

/// One entry, balanced in each currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'e> {
    /// The program.
    pub program: &'e str,
    /// The order; none for what concerns a payout as a whole.
    pub order_no: Option<&'e No>,
    /// What it comes from.
    pub source: Source,
    /// For a run: the run whose result stood before; none for a first one.
    pub earlier: Option<RunId>,
    /// The ledger's time: the sequence number of what it comes from; a run's is the highest it saw.
    pub seq: i64,
    /// The day on which that was recorded: the run ran, or the payout was told of.
    pub recorded_on: NaiveDate,
    /// Its day, and the closed month that it adjusts.
    pub dated: Dated,
    /// The amounts.
    pub legs: Vec<Leg>,
}

impl Entry<'_> {
    /// Refuses an entry that is not balanced.
    fn balanced(&self) -> Result<()> {
        for leg in &self.legs {
            let same = self.legs.iter().filter(|other| other.currency == leg.currency);
            let sum: i64 = same.map(|other| other.amount).sum();
            if sum != 0 {
                let (source, program) = (self.source, self.program);
                let order = self
                    .order_no
                    .map_or_else(String::new, |order_no| format!(", order {order_no}"));
                let (sum, currency) = (leg.currency.written(sum), leg.currency);
                let message = format!(
                    "the entry of {source} of {program}{order} is not balanced: its amounts come to \
                     {sum} {currency}"
                );
                return Err(Error::new(&error::BROKEN, message));
            }
        }
        Ok(())
    }
}

/// The journal of one program.
#[derive(Debug)]
pub struct Journal {
    program: String,
    dating: Dating,
    runs: BTreeMap<RunId, RunRecord>,
    payouts: BTreeMap<PayoutId, Recorded<Payout>>,
    /// From which sequence number on payouts were taken back.
    removals: BTreeMap<PayoutId, i64>,
    currencies: Currencies,
}

impl Journal {
    /// Prepares the journal of a program.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn new(ledger: &Ledger, terms: &Terms, program: &str) -> Result<Self> {
        let payouts = ledger.payouts()?.into_iter();
        let of_program = payouts.filter(|payout| payout.program == program);
        Ok(Self {
            program: program.to_owned(),
            dating: dating(ledger, terms, program)?,
            runs: ledger.runs()?.into_iter().map(|run| (run.id, run)).collect(),
            payouts: of_program.map(|payout| (payout.fact.id, payout)).collect(),
            removals: ledger.payout_removals()?,
            currencies: Currencies::new(Replay::new(ledger)?),
        })
    }

    /// Tells the entries of all orders, by number, each order's in the order of the ledger's time,
    /// then those of the payouts as a whole, by number.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read, an entry is not balanced, or `each` fails.
    pub fn walk(
        &mut self,
        ledger: &Ledger,
        progress: &mut dyn Progress,
        each: &mut dyn FnMut(&Entry<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut scan = BookedScan::new(ledger, &self.program)?;
        while let Some(order) = scan.next(ledger)? {
            self.order(ledger, &order, each)?;
            progress.advance(1);
        }
        self.transfers(ledger, each)
    }

    /// Tells the entries of one order.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read, an entry is not balanced, or `each` fails.
    pub fn order(
        &mut self,
        ledger: &Ledger,
        order: &Booked,
        each: &mut dyn FnMut(&Entry<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut events = Vec::with_capacity(order.results.len() + order.payments.len());
        let mut earlier = None;
        for (result, document) in &order.results {
            let currency = self.currency(ledger, result, *document)?;
            let run = self.run(result.run_id)?;
            let (seq, ran_at) = (run.seq, run.ran_at);
            let (run_id, day, month) = (result.run_id, result.day, result.month);
            let amounts = result.amounts;
            let found = Found { run_id, seq, ran_at, currency, day, month, amounts };
            events.push((Source::Run(run_id), earlier, Event::Found(found)));
            earlier = Some(run_id);
        }
        for payment in &order.payments {
            self.payment(payment, &mut events)?;
        }
        events.sort_by_key(|(_, _, event)| event.time());
        let mut folio = Folio::default();
        let mut told = Ok(());
        for (source, earlier, event) in &events {
            folio.take(event, &self.dating, &mut |dated, legs| {
                let entry = Entry {
                    program: &self.program,
                    order_no: Some(&order.order_no),
                    source: *source,
                    earlier: *earlier,
                    seq: event.time().0,
                    recorded_on: self.dating.day(event.recorded_at(), event.time().0),
                    dated,
                    legs,
                };
                if told.is_ok() {
                    told = entry.balanced().and_then(|()| each(&entry));
                }
            });
        }
        told
    }

    /// Returns the currency of a result; none where no version governs.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read or a stored text of the terms no longer loads.
    pub fn currency(
        &mut self,
        ledger: &Ledger,
        result: &StoredResult,
        document: Option<DocumentId>,
    ) -> Result<Option<Currency>> {
        let Some(document) = document else { return Ok(None) };
        let book_id = self.run(result.run_id)?.book_id;
        self.currencies.of(ledger, document, book_id).map(Some)
    }

    fn payment(
        &self,
        payment: &BookedPayment,
        events: &mut Vec<(Source, Option<RunId>, Event)>,
    ) -> Result<()> {
        let id = payment.payout_id;
        let payout = self.payouts.get(&id).ok_or_else(|| {
            Error::new(&error::BROKEN, format!("a payment of payout {id}, which is not there"))
        })?;
        let paid = Paid {
            seq: payment.seq,
            recorded_at: payment.recorded_at,
            on: payout.fact.paid_on,
            currency: payout.fact.currency,
            amount: payment.amount,
        };
        events.push((Source::Payout(id), None, Event::Paid(paid)));
        if let (Some(removal), Some(seq)) = (&payout.removal, self.removals.get(&id)) {
            let back = Back { seq: *seq, recorded_at: removal.removed_at, of: payment.seq };
            events.push((Source::Removal(id), None, Event::Back(back)));
        }
        Ok(())
    }

    /// Tells the entries of the payouts as a whole.
    fn transfers(
        &self,
        ledger: &Ledger,
        each: &mut dyn FnMut(&Entry<'_>) -> Result<()>,
    ) -> Result<()> {
        for (id, payout) in &self.payouts {
            let fact = &payout.fact;
            let legs_at = |seq| -> Result<Vec<Leg>> {
                let rate = rate_of(ledger, fact, seq)?;
                Ok(payout::legs(fact, split(fact, rate.as_ref()).as_ref()))
            };
            let mut tell = |source, seq, recorded_at, legs| {
                let dated = self.dating.date(fact.paid_on, recorded_at, seq);
                let entry = Entry {
                    program: &self.program,
                    order_no: None,
                    source,
                    earlier: None,
                    seq,
                    recorded_on: self.dating.day(recorded_at, seq),
                    dated,
                    legs,
                };
                entry.balanced().and_then(|()| each(&entry))
            };
            let mut legs = legs_at(fact.seq)?;
            tell(Source::Payout(*id), fact.seq, payout.recorded_at, legs.clone())?;
            let removed = self.removals.get(id).copied();
            // A rate of the day that came later says what the exchange gained or cost.
            for (seq, imported_at) in rates_after(ledger, fact)? {
                if removed.is_none_or(|removed| seq < removed) {
                    let known = legs_at(seq)?;
                    let moved = payout::moved(&legs, &known);
                    if !moved.is_empty() {
                        tell(Source::Payout(*id), seq, imported_at, moved)?;
                    }
                    legs = known;
                }
            }
            if let (Some(removal), Some(seq)) = (&payout.removal, removed) {
                let back = legs.iter().map(|leg| Leg { amount: -leg.amount, ..*leg }).collect();
                tell(Source::Removal(*id), seq, removal.removed_at, back)?;
            }
        }
        Ok(())
    }

    fn run(&self, run_id: RunId) -> Result<&RunRecord> {
        self.runs.get(&run_id).ok_or_else(|| {
            Error::new(&error::BROKEN, format!("a result of run {run_id}, which is not there"))
        })
    }
}

/// Returns when rates became known, after a payout that was exchanged, that may be those of its day.
fn rates_after(ledger: &Ledger, payout: &Payout) -> Result<Vec<(i64, i64)>> {
    match payout.received {
        Some((_, currency)) if currency != payout.currency => {
            ledger.rates_after((payout.currency, currency), payout.paid_on, payout.seq)
        }
        _ => Ok(Vec::new()),
    }
}

/// Returns the zone and the closings of a program. Without terms of it days are those of UTC.
///
/// # Errors
///
/// When the ledger cannot be read.
pub fn dating(ledger: &Ledger, terms: &Terms, program: &str) -> Result<Dating> {
    let zone = terms.book.program(program).map_or(Tz::UTC, Program::zone);
    let closings = ledger.closings()?.into_iter();
    let closed = closings.filter(|closing| closing.program == program);
    let closed =
        closed.map(|Closing { month, seq, zone, .. }| Closed { month, seq, zone }).collect();
    Ok(Dating::new(zone, closed))
}

/// Tells `each` all entries of the programs in scope that are dated on a day in scope.
///
/// # Errors
///
/// When the ledger cannot be read, an entry is not balanced, or `each` fails.
pub fn journal(
    ledger: &Ledger,
    terms: &Terms,
    scope: &Scope,
    progress: &mut dyn Progress,
    each: &mut dyn FnMut(&Entry<'_>) -> Result<()>,
) -> Result<()> {
    for program in ledger.programs()?.into_iter().filter(|name| scope.includes_program(name)) {
        Journal::new(ledger, terms, &program)?.walk(ledger, progress, &mut |entry| {
            if scope.includes_day(Some(entry.dated.on)) { each(entry) } else { Ok(()) }
        })?;
    }
    Ok(())
}

/// The currency of each version that results were found under.
#[derive(Debug)]
struct Currencies {
    replay: Replay,
    known: BTreeMap<DocumentId, Currency>,
    books: BTreeSet<BookId>,
}

impl Currencies {
    fn new(replay: Replay) -> Self {
        Self { replay, known: BTreeMap::new(), books: BTreeSet::new() }
    }

    /// The currency of a version, which a run's book has.
    fn of(&mut self, ledger: &Ledger, document: DocumentId, book_id: BookId) -> Result<Currency> {
        if !self.known.contains_key(&document) && self.books.insert(book_id) {
            let book = self.replay.book(ledger, book_id)?;
            for version in book.programs().iter().flat_map(Program::versions) {
                if let Some(id) = ledger.document_id(version.source())? {
                    self.known.insert(id, Version::currency(version));
                }
            }
        }
        self.known.get(&document).copied().ok_or_else(|| {
            let message = "a result under a version that is not in its run's book";
            Error::new(&error::BROKEN, message)
        })
    }
}
