//! Which order lines a payout pays, and what each is due.
//!
//! Owns the choice: by period, oldest first until the money is used up, or by the lines that somebody
//! names. What is left over stays with the payout. Refuses to change what was paid before, and to pay
//! in another currency than the one in which a line is due.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use feebook_kernel::{Minor, State};
use feebook_schedule::Program;
use feebook_schedule::iso::Currency;

use crate::due::{Due, DueBy};
use crate::error::{self, Error, Result};
use crate::fact::No;
use crate::ledger::Ledger;
use crate::lines::{LineRow, lines};
use crate::payout::{Allotment, PaidLine, Payout, PayoutId};
use crate::program;
use crate::run::{Scope, Terms, Unwatched};

/// Returns the day on which a line became payable: of its settlement, else of its confirmation, else
/// its order's day.
pub fn payable_on(row: &LineRow<'_>, program: &Program) -> Option<NaiveDate> {
    let fact = row.fact();
    fact.settled_at.or(fact.finished_at).map(|at| program.day(at)).or(row.day)
}

/// A line that somebody says a payout pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedLine {
    /// The order.
    pub order_no: No,
    /// The line; none means all of the order's lines.
    pub line_no: Option<No>,
    /// What is paid of it, in minor units of the payout's currency; none means what it is due.
    pub amount: Option<i64>,
}

/// Which lines a payout pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// None yet.
    Nothing,
    /// The settled lines that became payable on these days, both included, and are not yet paid in
    /// full.
    Period(NaiveDate, NaiveDate),
    /// These.
    Named(Vec<NamedLine>),
}

/// One line as a payout meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayableLine {
    /// The order.
    pub order_no: No,
    /// The line.
    pub line_no: No,
    /// Its state.
    pub state: State,
    /// When it became payable.
    pub on: Option<NaiveDate>,
    /// What it is due; none where that cannot be said.
    pub due: Option<Due>,
    /// What was paid of it.
    pub paid: Vec<PaidLine>,
}

impl PayableLine {
    /// Returns what was paid in a currency.
    pub fn paid_in(&self, currency: Currency) -> i64 {
        let of = self.paid.iter().filter(|paid| paid.currency == currency);
        of.map(|paid| paid.amount).sum()
    }

    /// Whether it is settled and became payable on these days, both included.
    pub fn became_payable(&self, (first, last): (NaiveDate, NaiveDate)) -> bool {
        let on = self.on.is_some_and(|on| first <= on && on <= last);
        on && self.state == State::Settled
    }

    /// Returns what is still open, in a currency in which it is due.
    pub fn open(&self, currency: Currency) -> Option<i64> {
        let due = self.due.filter(|due| due.currency == currency)?;
        Some(due.amount - self.paid_in(currency))
    }
}

/// What came of the choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allotted {
    /// What is paid.
    pub allotments: Vec<Allotment>,
    /// Lines paid what the network reported.
    pub reported: u64,
    /// Lines paid what we computed.
    pub computed: u64,
    /// Lines whose amount was named.
    pub named: u64,
    /// Settled lines of the period that are left, with what is open of them: the money is used up.
    pub unpaid: Option<(u64, i64)>,
    /// Lines that are due in another currency than the payout's.
    pub other_currency: u64,
    /// Lines of which nothing can be said.
    pub unknown: u64,
    /// Lines that were paid in full before.
    pub paid_before: u64,
    /// Lines that are due nothing, as they were declined or reversed.
    pub taken_back: u64,
    /// Lines that are due nothing, as they earn nothing.
    pub nothing_due: u64,
    /// What of the payout pays nothing.
    pub left: i64,
    /// What was given to each line.
    given: BTreeMap<(No, No), i64>,
}

/// Returns those lines of a program that are wanted, as a payout meets them, in order of their numbers.
/// Whoever wants few holds few: the lines themselves are read one order after the other.
///
/// # Errors
///
/// When the program has no terms, or the ledger cannot be read.
pub fn payable_lines(
    ledger: &Ledger,
    terms: &Terms,
    program: &str,
    wanted: &dyn Fn(&PayableLine) -> bool,
) -> Result<Vec<PayableLine>> {
    let known = program::named(&terms.book, program)?;
    let scope = Scope { program: Some(program.to_owned()), ..Scope::default() };
    let mut payables = Vec::new();
    lines(ledger, terms, &scope, &mut Unwatched, &mut |row| {
        let payable = PayableLine {
            order_no: row.order_no().clone(),
            line_no: row.line_no().clone(),
            state: row.state(),
            on: payable_on(row, known),
            due: row.due(),
            paid: row.paid.clone(),
        };
        if wanted(&payable) {
            payables.push(payable);
        }
        Ok(())
    })?;
    Ok(payables)
}

/// Records payouts with the lines that they pay, in one transaction.
///
/// # Errors
///
/// When the amounts of one contradict each other, its number is taken, or its choice cannot be had; then nothing is recorded.
pub fn pay(
    ledger: &mut Ledger,
    terms: &Terms,
    program: &str,
    payouts: &[(Payout, Choice)],
    now: i64,
) -> Result<Vec<(PayoutId, Allotted)>> {
    if let Some(message) = payouts.iter().find_map(|(payout, _)| payout.contradiction()) {
        return Err(Error::new(&error::IMPOSSIBLE_PAYOUT, message).hint("nothing was recorded"));
    }
    let facts: Vec<Payout> = payouts.iter().map(|(payout, _)| payout.clone()).collect();
    let choices: Vec<&Choice> = payouts.iter().map(|(_, choice)| choice).collect();
    let meant = Meant::of(&choices);
    let mut choices = choices.into_iter();
    let mut payables = None;
    let mut all = Vec::new();
    let ids = ledger.add_payouts(program, &facts, now, |ledger, payout| {
        let payables = match &mut payables {
            Some(payables) => payables,
            none => none.insert(meant.lines(ledger, terms, program)?),
        };
        let choice = choices.next().unwrap_or(&Choice::Nothing);
        let allotted = allot(payables, choice, payout.payable(), payout.currency)?;
        take_note(payables, &allotted.allotments, payout);
        all.push(allotted.clone());
        Ok(allotted.allotments)
    })?;
    Ok(ids.into_iter().zip(all).collect())
}

/// Has a payout that is there pay further lines.
///
/// # Errors
///
/// When the payout is not there or was taken back, or the choice cannot be had.
pub fn pay_more(
    ledger: &mut Ledger,
    terms: &Terms,
    payout_id: PayoutId,
    choice: &Choice,
    now: i64,
) -> Result<Allotted> {
    let mut made = Allotted::default();
    ledger.add_payments(payout_id, now, |ledger, payout, left| {
        let payables = Meant::of(&[choice]).lines(ledger, terms, &payout.program)?;
        made = allot(&payables, choice, left, payout.fact.currency)?;
        Ok(made.allotments.clone())
    })?;
    Ok(made)
}

/// The lines that some choices can take.
struct Meant<'c> {
    orders: BTreeSet<&'c No>,
    days: Vec<(NaiveDate, NaiveDate)>,
}

impl<'c> Meant<'c> {
    fn of(choices: &[&'c Choice]) -> Self {
        let (mut orders, mut days) = (BTreeSet::new(), Vec::new());
        for choice in choices {
            match choice {
                Choice::Nothing => {}
                Choice::Period(first, last) => days.push((*first, *last)),
                Choice::Named(named) => orders.extend(named.iter().map(|name| &name.order_no)),
            }
        }
        Self { orders, days }
    }

    fn lines(&self, ledger: &Ledger, terms: &Terms, program: &str) -> Result<Vec<PayableLine>> {
        if self.orders.is_empty() && self.days.is_empty() {
            // The program must have terms all the same.
            return program::named(&terms.book, program).map(|_| Vec::new());
        }
        payable_lines(ledger, terms, program, &|payable| {
            self.orders.contains(&payable.order_no)
                || self.days.iter().any(|days| payable.became_payable(*days))
        })
    }
}

/// Lets the next payout of the same transaction see what this one paid.
fn take_note(payables: &mut [PayableLine], allotments: &[Allotment], payout: &Payout) {
    for allotment in allotments {
        let key = (&allotment.order_no, &allotment.line_no);
        let at =
            payables.binary_search_by(|payable| (&payable.order_no, &payable.line_no).cmp(&key));
        let Some(payable) = at.ok().and_then(|at| payables.get_mut(at)) else { continue };
        payable.paid.push(PaidLine {
            line_no: allotment.line_no.clone(),
            currency: payout.currency,
            amount: allotment.amount,
            first_on: payout.paid_on,
        });
    }
}

/// Chooses what `left` of a payout pays.
///
/// # Errors
///
/// When a named line is not there, is named twice, or when the amounts named are more than there is.
pub fn allot(
    payables: &[PayableLine],
    choice: &Choice,
    left: Minor,
    currency: Currency,
) -> Result<Allotted> {
    match choice {
        Choice::Nothing => Ok(Allotted { left: left.get(), ..Allotted::default() }),
        Choice::Period(first, last) => Ok(by_period(payables, (*first, *last), left, currency)),
        Choice::Named(named) => by_name(payables, named, left, currency),
    }
}

/// The oldest first, until the money is used up.
fn by_period(
    payables: &[PayableLine],
    (first, last): (NaiveDate, NaiveDate),
    left: Minor,
    currency: Currency,
) -> Allotted {
    let within = |payable: &&PayableLine| payable.became_payable((first, last));
    let mut payable: Vec<&PayableLine> = payables.iter().filter(within).collect();
    payable.sort_by_key(|payable| payable.on);
    let mut allotted = Allotted { left: left.get(), ..Allotted::default() };
    for payable in payable {
        allotted.pay_due(payable, currency, true);
    }
    allotted
}

fn by_name(
    payables: &[PayableLine],
    named: &[NamedLine],
    left: Minor,
    currency: Currency,
) -> Result<Allotted> {
    let mut of_order: BTreeMap<&No, Vec<&PayableLine>> = BTreeMap::new();
    for payable in payables {
        of_order.entry(&payable.order_no).or_default().push(payable);
    }
    let mut allotted = Allotted { left: left.get(), ..Allotted::default() };
    let mut seen = BTreeSet::new();
    for name in named {
        let lines = of_order.get(&name.order_no).map_or(&[][..], Vec::as_slice);
        let meant =
            |payable: &&&PayableLine| name.line_no.as_ref().is_none_or(|no| payable.line_no == *no);
        let lines: Vec<&PayableLine> = lines.iter().filter(meant).copied().collect();
        for line in &lines {
            if !seen.insert((&line.order_no, &line.line_no)) {
                return Err(named_twice(line));
            }
        }
        match (lines.as_slice(), name.amount) {
            ([], _) => return Err(no_line(name)),
            (lines, None) => {
                for payable in lines {
                    allotted.pay_due(payable, currency, false);
                }
            }
            (lines, Some(amount)) => allotted.pay_named(lines, amount, currency),
        }
    }
    if allotted.left < 0 {
        let over = -allotted.left;
        let (sum, over) = (currency.written(left.get() + over), currency.written(over));
        let message = format!(
            "the lines come to {sum} {currency}, {over} more than the {} {currency} there are",
            currency.written(left.get())
        );
        let amounts = named.iter().any(|name| name.amount.is_some());
        let hint = if amounts {
            "nothing was recorded; name fewer lines, or smaller amounts"
        } else {
            "nothing was recorded; name fewer lines, or what is paid of each in a statement file (--orders)"
        };
        return Err(Error::new(&error::OVERPAID, message).hint(hint));
    }
    Ok(allotted)
}

fn no_line(name: &NamedLine) -> Error {
    let line = name.line_no.as_ref().map_or_else(String::new, |line| format!(" line {line} of"));
    let message = format!("the ledger has no{line} order {}", name.order_no);
    Error::new(&error::NO_ORDER, message)
        .hint("nothing was recorded; `feebook lines` lists orders and lines")
}

fn named_twice(line: &PayableLine) -> Error {
    let PayableLine { order_no, line_no, .. } = line;
    let message = format!("line {line_no} of order {order_no} is named twice");
    Error::new(&error::NAMED_TWICE, message)
        .hint("nothing was recorded; name each line once, with all that is paid of it")
}

impl Allotted {
    /// Pays what is open of a line, or, where that is asked for, as much of it as there is.
    fn pay_due(&mut self, payable: &PayableLine, currency: Currency, as_far: bool) {
        let Some(due) = payable.due else {
            self.unknown += 1;
            return;
        };
        let Some(open) = payable.open(currency) else {
            self.other_currency += 1;
            return;
        };
        let open = open - self.given(payable);
        if open <= 0 {
            *(match due.by {
                DueBy::TakenBack => &mut self.taken_back,
                _ if due.amount <= 0 => &mut self.nothing_due,
                DueBy::Reported | DueBy::Computed => &mut self.paid_before,
            }) += 1;
            return;
        }
        let amount = if as_far { open.min(self.left) } else { open };
        if amount < open {
            let (count, sum) = self.unpaid.unwrap_or_default();
            self.unpaid = Some((count + 1, sum + open - amount));
        }
        if amount > 0 {
            match due.by {
                DueBy::Reported => self.reported += 1,
                DueBy::Computed => self.computed += 1,
                DueBy::TakenBack => {}
            }
            self.give(payable, amount);
        }
    }

    /// Pays an amount that was named: of an order's lines, to each what is open of it in turn; what is
    /// over goes to the first.
    fn pay_named(&mut self, lines: &[&PayableLine], amount: i64, currency: Currency) {
        let mut rest = amount;
        let mut shares = vec![0; lines.len()];
        if let [_, _, ..] = lines {
            for (share, payable) in shares.iter_mut().zip(lines) {
                let open = payable.open(currency).unwrap_or_default().max(0);
                *share = open.min(rest.max(0));
                rest -= *share;
            }
        }
        if let Some(first) = shares.first_mut() {
            *first += rest;
        }
        for (share, payable) in shares.into_iter().zip(lines) {
            if share != 0 {
                self.named += 1;
                self.give(payable, share);
            }
        }
    }

    /// What the payout gives the line already.
    fn given(&self, payable: &PayableLine) -> i64 {
        let key = (payable.order_no.clone(), payable.line_no.clone());
        self.given.get(&key).copied().unwrap_or_default()
    }

    fn give(&mut self, payable: &PayableLine, amount: i64) {
        self.left -= amount;
        let (order_no, line_no) = (payable.order_no.clone(), payable.line_no.clone());
        *self.given.entry((order_no.clone(), line_no.clone())).or_default() += amount;
        self.allotments.push(Allotment { order_no, line_no, amount });
    }
}
