//! Closing a month, and with it all before: from then on what is posted for these is an adjustment in
//! a month that is open.
//!
//! Owns when a month may be closed: when it is over, when all of it is computed as it stands, and when
//! no earlier one with orders or payouts is open. Refuses to open one again.

use std::sync::Arc;

use chrono_tz::Tz;
use feebook_schedule::Program;
use feebook_schedule::zone::{Month, midnight};

use crate::error::{self, Error, Result};
use crate::journal::{Dating, dating, next};
use crate::ledger::{Closing, Ledger, Scan};
use crate::run::{Evaluator, Progress, Terms, is_current};

/// Which month is to be closed, and who does it.
#[derive(Clone, Debug)]
pub struct ToClose<'c> {
    /// The month.
    pub month: Month,
    /// The program; otherwise every program of the ledger for which the month is open.
    pub program: Option<&'c str>,
    /// By whom.
    pub who: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// Now, in seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
}

/// Closes a month and returns the programs for which it was closed; all of them or none.
///
/// # Errors
///
/// When it is closed already or not over yet, when an earlier month with orders or payouts is open, or
/// when lines of it wait for a recompute.
pub fn close(
    ledger: &mut Ledger,
    terms: &Terms,
    asked: &ToClose<'_>,
    progress: &mut dyn Progress,
) -> Result<Vec<String>> {
    let mut closed = Vec::new();
    ledger.close(|ledger| {
        let programs = open_programs(ledger, asked)?;
        for program in &programs {
            may_close(ledger, terms, program, asked, progress)?;
        }
        closed.clone_from(&programs);
        let closing = |program: String| Closing {
            zone: zone(terms, &program),
            program,
            month: asked.month,
            seq: 0,
            run_id: None,
            who: asked.who.clone(),
            note: asked.note.clone(),
            closed_at: asked.now,
        };
        Ok(programs.into_iter().map(closing).collect())
    })?;
    Ok(closed)
}

/// The programs that are meant and for which the month is open.
fn open_programs(ledger: &Ledger, asked: &ToClose<'_>) -> Result<Vec<String>> {
    let mut programs = match asked.program {
        Some(program) => vec![program.to_owned()],
        None => ledger.programs()?,
    };
    if programs.is_empty() {
        let message = "the ledger has facts of no program yet";
        return Err(Error::new(&error::NO_ORDERS, message).hint("import reports first"));
    }
    let month = asked.month;
    let closings: Vec<Closing> =
        ledger.closings()?.into_iter().filter(|closing| closing.month >= month).collect();
    programs.retain(|program| !closings.iter().any(|closing| closing.program == *program));
    let asked_for = |closing: &&Closing| asked.program.is_none_or(|name| name == closing.program);
    if let (true, Some(closing)) = (programs.is_empty(), closings.iter().find(asked_for)) {
        let program = asked.program.unwrap_or("every program of the ledger");
        let after = closing.run_id.map_or_else(String::new, |run| format!(", after run {run}"));
        let by = closing.who.as_ref().map_or_else(String::new, |who| format!(" by {who}"));
        let with = match closing.month {
            own if own == month => String::new(),
            later => format!(" with {later}"),
        };
        let message = format!("{month} of {program} was closed{with}{by}{after}");
        return Err(Error::new(&error::MONTH_CLOSED, message)
            .hint("it stays closed; what changes in it is posted as adjustments"));
    }
    Ok(programs)
}

/// Refuses a month of a program that cannot be closed.
fn may_close(
    ledger: &Ledger,
    terms: &Terms,
    program: &str,
    asked: &ToClose<'_>,
    progress: &mut dyn Progress,
) -> Result<()> {
    let month = asked.month;
    let dating = dating(ledger, terms, program)?;
    let (zone, end) = (zone(terms, program), next(month).first_day());
    if feebook_schedule::zone::day(zone, asked.now) < end {
        let ends = feebook_schedule::zone::written(zone, midnight(zone, end));
        let message = format!("{month} of {program} ends at {ends}, which is still to come");
        return Err(Error::new(&error::MONTH_NOT_OVER, message).hint("close it when it is over"));
    }
    let stands = stands(ledger, terms, program, month, &dating, progress)?;
    let paid = paid_before(ledger, program, month, &dating)?;
    if let Some(earlier) = [stands.earlier, paid].into_iter().flatten().min() {
        let what = if stands.earlier == Some(earlier) { "orders" } else { "payouts" };
        let message =
            format!("{program} has {what} in {earlier}, which is open, and {month} is later");
        return Err(Error::new(&error::EARLIER_MONTH_OPEN, message)
            .hint(format!("feebook close {earlier} --program {program}")));
    }
    if stands.waiting > 0 {
        let lines = match stands.waiting {
            1 => "1 line waits".to_owned(),
            waiting => format!("{waiting} lines wait"),
        };
        let message = format!("{lines} for a recompute in {month} of {program}");
        return Err(Error::new(&error::MONTH_WAITS, message)
            .hint(format!("feebook recompute --program {program}, then close it")));
    }
    Ok(())
}

/// A program's zone.
fn zone(terms: &Terms, program: &str) -> Tz {
    terms.book.program(program).map_or(Tz::UTC, Program::zone)
}

/// The first open month before another in which a payout was paid, also one that was taken back: its
/// entries stand there.
fn paid_before(
    ledger: &Ledger,
    program: &str,
    month: Month,
    dating: &Dating,
) -> Result<Option<Month>> {
    let seq = ledger.last_seq()?;
    let payouts = ledger.payouts()?.into_iter().filter(|payout| payout.program == program);
    let months = payouts.map(|payout| Month::of(payout.fact.paid_on));
    Ok(months.filter(|paid| *paid < month && !dating.is_closed(*paid, seq)).min())
}

/// How a month stands.
#[derive(Debug, Default)]
struct Stands {
    /// The first month before it that has orders and is open.
    earlier: Option<Month>,
    /// Lines of it that wait for a recompute.
    waiting: u64,
}

fn stands(
    ledger: &Ledger,
    terms: &Terms,
    program: &str,
    month: Month,
    dating: &Dating,
    progress: &mut dyn Progress,
) -> Result<Stands> {
    let seq = ledger.last_seq()?;
    let standing = Arc::new(ledger.standing(program, seq)?);
    let mut today = Evaluator::new(&terms.book, program, &standing)
        .map(|evaluator| evaluator.as_of(seq, None))
        .ok_or_else(|| {
            let message = format!("there are no terms of `{program}`");
            Error::new(&error::NO_PROGRAM, message)
        })?;
    let mut stands = Stands::default();
    let mut scan = Scan::new(ledger, program)?;
    while let Some(order) = scan.next(ledger)? {
        let now = ledger.counting(&order, seq)?;
        let found = order.results.last().and_then(|result| result.month);
        let stands_in = today.day(&now).map(Month::of);
        let months = || [found, stands_in].into_iter().flatten();
        let open = months().filter(|one| *one < month && !dating.is_closed(*one, seq));
        stands.earlier = open.chain(stands.earlier).min();
        if months().any(|one| one == month) {
            let seen = !order.results.is_empty() || now.is_empty();
            if !seen || !is_current(Some(&mut today), &now, &order, ledger)? {
                stands.waiting += u64::try_from(now.len().max(1)).unwrap_or(u64::MAX);
            }
        }
        progress.advance(1);
    }
    Ok(stands)
}
