//! The journal added up: by day or by run, so that it stays readable, and over all for the balance.
//!
//! Owns the sums. Of an adjustment they keep why it was made.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use feebook_schedule::iso::Currency;
use feebook_schedule::zone::Month;

use super::{Account, Entry, Source, journal};
use crate::error::Result;
use crate::ledger::Ledger;
use crate::run::{Progress, Replay, Scope, Terms, Why, between};

/// What entries are added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summing {
    /// By day, and on a day by run or payout.
    Day,
    /// By run or payout.
    Run,
}

/// Why a closed month was adjusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Because {
    /// Why, as the recompute told it: each reason once, in the order of [`Why`].
    pub why: BTreeSet<Why>,
    /// The versions that governed before.
    pub before: BTreeSet<String>,
    /// The versions that govern since.
    pub after: BTreeSet<String>,
}

impl Because {
    /// Adds why a run found an order otherwise.
    pub fn add(&mut self, ledger: &Ledger, replay: &mut Replay, entry: &Entry<'_>) -> Result<()> {
        let (Source::Run(run_id), Some(order_no)) = (entry.source, entry.order_no) else {
            return Ok(());
        };
        let Some(order) = ledger.order(entry.program, order_no)? else { return Ok(()) };
        for change in between(ledger, replay, entry.program, &order, entry.earlier, run_id)? {
            self.why.extend(change.why);
            self.before.extend(change.before.and_then(|seen| seen.schedule));
            self.after.extend(change.after.and_then(|seen| seen.schedule));
        }
        Ok(())
    }
}

/// What a sum is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SummedBy {
    /// The program.
    pub program: String,
    /// The day; by run, that on which it ran or the payout was paid.
    pub on: NaiveDate,
    /// The run or payout.
    pub source: Source,
    /// The closed month that it adjusts.
    pub adjusts: Option<Month>,
}

/// A sum: the amounts by currency and account, and, of an adjustment, why it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summed {
    /// The amounts that are not nothing, in minor units.
    pub amounts: BTreeMap<(Currency, Account), i64>,
    /// Why, of an adjustment by a run.
    pub because: Because,
}

/// Adds up the entries in scope by day or run, in order of programs, days and runs.
///
/// # Errors
///
/// When the ledger cannot be read or an entry is not balanced.
pub fn summed(
    ledger: &Ledger,
    terms: &Terms,
    scope: &Scope,
    by: Summing,
    progress: &mut dyn Progress,
) -> Result<BTreeMap<SummedBy, Summed>> {
    let mut sums: BTreeMap<SummedBy, Summed> = BTreeMap::new();
    let mut replay = Replay::new(ledger)?;
    journal(ledger, terms, scope, progress, &mut |entry| {
        let (on, source, adjusts) = match by {
            Summing::Day => (entry.dated.on, entry.source, entry.dated.adjusts),
            Summing::Run => (entry.recorded_on, entry.source, entry.dated.adjusts),
        };
        let program = entry.program.to_owned();
        let sum = sums.entry(SummedBy { program, on, source, adjusts }).or_default();
        for leg in &entry.legs {
            *sum.amounts.entry((leg.currency, leg.account)).or_default() += leg.amount;
        }
        if adjusts.is_some() {
            sum.because.add(ledger, &mut replay, entry)?;
        }
        Ok(())
    })?;
    for sum in sums.values_mut() {
        sum.amounts.retain(|_, amount| *amount != 0);
    }
    sums.retain(|_, sum| !sum.amounts.is_empty());
    Ok(sums)
}

/// What stands on each account of a program, by currency.
pub type Balances = BTreeMap<(String, Currency), BTreeMap<Account, i64>>;

/// Adds up all entries of a program, or of all, that are dated on a day or before.
///
/// # Errors
///
/// When the ledger cannot be read or an entry is not balanced.
pub fn balances(
    ledger: &Ledger,
    terms: &Terms,
    program: Option<&str>,
    on: Option<NaiveDate>,
    progress: &mut dyn Progress,
) -> Result<Balances> {
    let days = on.map(|on| (NaiveDate::MIN, on));
    let scope = Scope { program: program.map(str::to_owned), days, ..Scope::default() };
    let mut balances = Balances::new();
    journal(ledger, terms, &scope, progress, &mut |entry| {
        for leg in &entry.legs {
            let accounts = balances.entry((entry.program.to_owned(), leg.currency)).or_default();
            *accounts.entry(leg.account).or_default() += leg.amount;
        }
        Ok(())
    })?;
    Ok(balances)
}
