//! Files of payouts, and statements that name the lines a payout pays.
//!
//! Owns their columns. A payout is told apart by the network's number: the same again is the same
//! payout, another under its number is a mistake. Refuses to choose lines.

use std::path::Path;

use chrono::NaiveDate;
use feebook_kernel::Minor;
use feebook_schedule::PayoutTerms;
use feebook_schedule::diagnostic::Diagnostic;
use feebook_schedule::iso::Currency;

use super::codes;
use super::table::{self, Tell, Texts};
use crate::allot::NamedLine;
use crate::error::{Error, Result};
use crate::fact::No;
use crate::ledger::Recorded;
use crate::payout::{Payout, Transfer, fee_of};

const COLUMNS: [&str; 11] = [
    "payout_no",
    "paid_on",
    "amount",
    "currency",
    "received_amount",
    "received_currency",
    "fee",
    "covers_from",
    "covers_to",
    "note",
    "status",
];
const NEEDED: [&str; 3] = ["paid_on", "amount", "currency"];
const STATEMENT: [&str; 3] = ["order_no", "line_no", "amount"];

/// What a file of payouts holds.
#[derive(Clone, Debug, Default)]
pub struct PayoutRows {
    /// Payouts that are new, in the order of the file.
    pub new: Vec<Payout>,
    /// Rows that say what is known.
    pub unchanged: u64,
    /// Rows that could not be read, or contradict what is known.
    pub rejected: u64,
}

/// Reads a file of payouts; `known` are those of the program that count, `terms` what it says that a transfer
/// costs.
///
/// # Errors
///
/// When the file cannot be read or lacks a column.
pub fn read(
    path: &Path,
    known: &[Recorded<Payout>],
    terms: Option<&PayoutTerms>,
    tell: &mut Tell<'_>,
) -> Result<PayoutRows> {
    let mut rows = PayoutRows::default();
    let shown = path.display().to_string();
    let slots = COLUMNS.map(str::to_owned);
    let layout = table::layout(b',', &NEEDED);
    let known: Vec<&Payout> = known.iter().map(|recorded| &recorded.fact).collect();
    let summary = table::read(path, &slots, &layout, tell, &mut |row| {
        let Some(payout) = payout(row, terms, &shown) else { return };
        let mut earlier = known.iter().copied().chain(&rows.new);
        match earlier.find(|earlier| is_same(earlier, &payout)) {
            Some(earlier) if says_the_same(earlier, &payout) => rows.unchanged += 1,
            Some(earlier) => {
                let message = format!(
                    "payout {} is known with {}, this row has {}",
                    payout.payout_no.as_deref().unwrap_or_default(),
                    in_words(earlier),
                    in_words(&payout)
                );
                let hint = "if the row is right, take the other back with `feebook payout remove`";
                row.note(&codes::PAYOUT_DIFFERS, 0, message, Some(hint.to_owned()));
            }
            None => rows.new.push(payout),
        }
    })?;
    rows.rejected = summary.rejected;
    Ok(rows)
}

fn payout(row: &mut Texts<'_>, terms: Option<&PayoutTerms>, file: &str) -> Option<Payout> {
    for slot in 1..4 {
        row.needed(slot);
    }
    let (paid_on, currency) = (row.day(1), row.currency(3));
    let amount = currency.and_then(|currency| row.amount(2, currency));
    if amount == Some(Minor::ZERO) {
        row.unexpected(&codes::BAD_AMOUNT, 2, "0", "an amount above zero");
    }
    let received = received(row, currency);
    let fee = currency.and_then(|currency| row.amount(6, currency));
    let covers = covers(row);
    let transfer = match row.text(10) {
        None => Transfer::Arrived,
        Some(word) if word == Transfer::Arrived.word() => Transfer::Arrived,
        Some(word) if word == Transfer::Failed.word() => Transfer::Failed,
        Some(word) => {
            row.unexpected(&codes::UNKNOWN_WORD, 10, word, "`arrived`, `failed` or nothing");
            Transfer::Arrived
        }
    };
    let text = |slot: usize| row.text(slot).map(str::to_owned);
    let (payout_no, note) = (text(0), text(9));
    let (paid_on, amount, currency) = (paid_on?, amount?, currency?);
    if !row.is_good() {
        return None;
    }
    let payout = Payout {
        id: 0,
        payout_no,
        paid_on,
        transfer,
        amount,
        currency,
        received,
        fee: fee_of(transfer, fee, currency, terms),
        covers,
        note,
        file: Some(file.to_owned()),
        seq: 0,
    };
    if let Some(message) = payout.contradiction() {
        let slot = if payout.received.is_some() { 4 } else { 6 };
        row.note(&codes::IMPOSSIBLE_PAYOUT, slot, message, None);
        return None;
    }
    Some(payout)
}

/// What arrived; in the payout's own currency where the row names none.
fn received(row: &mut Texts<'_>, currency: Option<Currency>) -> Option<(Minor, Currency)> {
    row.text(4)?;
    let own = row.text(5).is_none();
    let currency = if own { currency } else { row.currency(5) }?;
    row.amount(4, currency).map(|amount| (amount, currency))
}

fn covers(row: &mut Texts<'_>) -> Option<(NaiveDate, NaiveDate)> {
    match (row.text(7), row.text(8)) {
        (None, None) => None,
        (Some(_), None) => {
            row.needed(8);
            None
        }
        (None, Some(_)) => {
            row.needed(7);
            None
        }
        (Some(_), Some(text)) => {
            let (from, to) = (row.day(7)?, row.day(8)?);
            if from > to {
                row.unexpected(&codes::BAD_TIME, 8, text, "a day that is not before `covers_from`");
                return None;
            }
            Some((from, to))
        }
    }
}

/// Whether two rows tell of one payout: by the network's number, else by all that they say.
fn is_same(a: &Payout, b: &Payout) -> bool {
    match (&a.payout_no, &b.payout_no) {
        (Some(a), Some(b)) => a == b,
        (None, None) => says_the_same(a, b),
        _ => false,
    }
}

fn says_the_same(a: &Payout, b: &Payout) -> bool {
    let said = |payout: &Payout| {
        let Payout { paid_on, transfer, amount, currency, received, fee, covers, .. } = *payout;
        (paid_on, transfer, amount, currency, received, fee, covers)
    };
    said(a) == said(b)
}

fn in_words(payout: &Payout) -> String {
    let Payout { amount, currency, paid_on, fee, .. } = payout;
    let sum = currency.written(amount.get());
    let mut words = vec![format!("{sum} {currency} {} on {paid_on}", payout.transfer.word())];
    if *fee > Minor::ZERO {
        words.push(format!("fee {}", currency.written(fee.get())));
    }
    words.extend(payout.received.map(|(received, currency)| {
        format!("received {} {currency}", currency.written(received.get()))
    }));
    words.extend(payout.covers.map(|(from, to)| format!("for {from} to {to}")));
    words.join(", ")
}

/// Reads the lines that a statement names: `order_no`, and where there are any `line_no` and `amount`.
///
/// # Errors
///
/// When the file cannot be read, lacks `order_no`, or has a bad row: a payout pays what its whole
/// statement says, or nothing.
pub fn read_statement(path: &Path, currency: Currency) -> Result<Vec<NamedLine>> {
    let mut named = Vec::new();
    let mut problems: Vec<Diagnostic> = Vec::new();
    let slots = STATEMENT.map(str::to_owned);
    let layout = table::layout(b',', &STATEMENT[..1]);
    let mut tell = |problem| problems.push(problem);
    table::read(path, &slots, &layout, &mut tell, &mut |row| {
        let order_no = row.needed(0).and_then(No::parse);
        let line_no = row.text(1).and_then(No::parse);
        let amount = row.signed(2, currency);
        if let (Some(order_no), true) = (order_no, row.is_good()) {
            named.push(NamedLine { order_no, line_no, amount });
        }
    })?;
    if problems.is_empty() {
        return Ok(named);
    }
    let message = format!("{} was not taken as a statement", path.display());
    Err(Error::new(&codes::REFUSED, message).with(problems))
}
