//! What the runs posted for one order, one after another, and what each reverses.
//!
//! Owns the differences of consecutive results, line by line and currency by currency, and what was
//! reported between them. Refuses to evaluate by itself: what a run found of a line is its replay.

use std::sync::Arc;

use feebook_kernel::{Silent, State};
use feebook_schedule::Version;
use feebook_schedule::iso::{Currency, written};
use feebook_schedule::zone::Month;

use crate::answers::Answers;
use crate::error::Result;
use crate::fact::{LineFact, No};
use crate::journal::{Dated, Dating};
use crate::ledger::{
    Amounts, BookId, CountingLine, Ledger, OrderRecord, Revision, RunId, StoredResult,
};
use crate::run::{Beside, Latest, Replay, known};
use crate::standing::Standing;

/// What one run posted for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The run.
    pub run_id: RunId,
    /// When it ran, in seconds since 1970-01-01T00:00:00Z.
    pub ran_at: i64,
    /// What it added, in each currency that it touched: two where the terms changed theirs.
    pub parts: Vec<Part>,
    /// The runs whose postings this one reverses in part or whole: a line that they had posted as
    /// settled earns less. What was posted stays as it was.
    pub reverses: Vec<RunId>,
    /// Where the order stood in a month that was closed: that month, and the day on which what the run
    /// posted stands.
    pub adjusts: Option<Dated>,
    /// What was reported, recorded or changed between the runs.
    pub because: String,
}

/// What a run added in one currency, in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The currency; none where no terms say one.
    pub currency: Option<Currency>,
    /// The sum.
    pub difference: i64,
    /// The same by state: those in which anything changed.
    pub by_state: Vec<(&'static str, i64)>,
}

impl Part {
    /// Writes an amount of the part's currency.
    pub fn written(&self, minor: i64) -> String {
        written(minor, self.currency.map_or(2, |currency| currency.decimals()))
    }
}

/// What a run found of a line: its state, and what it earns where that can be said.
pub(crate) type Held = (State, Option<i64>);

/// What a run found of an order, by its replay.
#[derive(Debug)]
pub(crate) struct Replayed<'o> {
    run_id: RunId,
    ran_at: i64,
    seq: i64,
    month: Option<Month>,
    book_id: BookId,
    standing: Arc<Standing>,
    /// What bears on its lines beside their reports: for the rates of exchange.
    beside: Vec<Beside>,
    answers: Option<Answers>,
    currency: Option<Currency>,
    amounts: Amounts,
    facts: Vec<CountingLine<'o>>,
    lines: Vec<Held>,
}

impl Replayed<'_> {
    /// What the run found of a line; none where it did not have it.
    fn held(&self, line_no: &No) -> Option<Held> {
        let at = self.facts.iter().position(|line| line.revision.fact.line_no == *line_no)?;
        self.lines.get(at).copied()
    }

    /// The closed month that it adjusts: that in which the order stood before, or stands.
    fn adjusts(&self, last: Option<&Replayed<'_>>, dating: &Dating) -> Option<Dated> {
        let nothing = Amounts::default();
        if last.map_or(&nothing, |last| &last.amounts) == &self.amounts {
            return None;
        }
        let months = [last.and_then(|last| last.month), self.month].into_iter().flatten();
        let dated = months.map(|month| dating.date(month.first_day(), self.ran_at, self.seq));
        dated.filter(|dated| dated.adjusts.is_some()).min_by_key(|dated| dated.adjusts)
    }
}

/// Returns what each run found of an order, in order of the runs.
pub(crate) fn replays<'o>(
    ledger: &Ledger,
    replay: &mut Replay,
    program: &str,
    order: &'o OrderRecord,
) -> Result<Vec<Replayed<'o>>> {
    let mut replays = Vec::new();
    for result in &order.results {
        if let Some(seen) = replay.seen_by(ledger, program, order, result.run_id)? {
            replays.push(replayed(ledger, seen, result)?);
        }
    }
    Ok(replays)
}

fn replayed<'o>(
    ledger: &Ledger,
    seen: Latest<'o, '_>,
    result: &StoredResult,
) -> Result<Replayed<'o>> {
    let evaluated = seen.evaluator.evaluate(&seen.facts, ledger, &mut Silent)?;
    let totals = evaluated.outcomes.iter().map(|outcome| known(outcome).map(|sum| sum.total()));
    let states = seen.facts.iter().map(|line| line.revision.fact.state);
    let lines = states.zip(totals).collect();
    let answers = evaluated.answers.cloned();
    let covering = evaluated.covering.clone();
    Ok(Replayed {
        answers,
        run_id: seen.run_id,
        ran_at: seen.ran_at,
        seq: seen.seq,
        month: result.month,
        book_id: seen.book_id,
        standing: Arc::clone(seen.evaluator.standing()),
        beside: seen.evaluator.beside(&seen.facts, ledger)?,
        currency: seen.evaluator.version(&covering).map(Version::currency),
        amounts: result.amounts,
        facts: seen.facts,
        lines,
    })
}

/// Whether a line that was settled now earns less: what was posted for it is reversed.
pub(crate) fn reverses(before: Option<Held>, after: Option<Held>) -> bool {
    let Some((State::Settled, Some(before))) = before else { return false };
    after.map_or(Some(0), |(_, total)| total).is_some_and(|after| after < before)
}

/// Returns the run that posted what a line has in the last of these: the first of those
/// that found the same without a break.
pub(crate) fn posted_by(replays: &[Replayed<'_>], line_no: &No) -> Option<RunId> {
    let last = replays.last()?.held(line_no);
    let same = replays.iter().rev().take_while(|replayed| replayed.held(line_no) == last);
    same.last().map(|replayed| replayed.run_id)
}

/// Returns what was posted for an order, in order of the runs.
///
/// # Errors
///
/// When the ledger cannot be read or a stored text of the terms no longer loads.
pub fn postings(
    ledger: &Ledger,
    replay: &mut Replay,
    (program, dating): (&str, &Dating),
    order: &OrderRecord,
) -> Result<Vec<Posting>> {
    let replays = replays(ledger, replay, program, order)?;
    let posting = |(at, replayed): (usize, &Replayed<'_>)| {
        let earlier = &replays[..at];
        Posting {
            run_id: replayed.run_id,
            ran_at: replayed.ran_at,
            parts: parts(earlier.last(), replayed),
            reverses: reversed(earlier, replayed),
            adjusts: replayed.adjusts(earlier.last(), dating),
            because: because(earlier.last(), replayed),
        }
    };
    Ok(replays.iter().enumerate().map(posting).collect())
}

/// The runs that a later one reverses, by the lines that were settled.
fn reversed(earlier: &[Replayed<'_>], replayed: &Replayed<'_>) -> Vec<RunId> {
    let Some(last) = earlier.last() else { return Vec::new() };
    let numbers = last.facts.iter().map(|line| &line.revision.fact.line_no);
    let reversed = numbers.filter(|line_no| reverses(last.held(line_no), replayed.held(line_no)));
    let mut runs: Vec<RunId> = reversed.filter_map(|no| posted_by(earlier, no)).collect();
    runs.sort_unstable();
    runs.dedup();
    runs
}

/// What a run adds to the one before; in two currencies, all of the old is taken away.
fn parts(last: Option<&Replayed<'_>>, replayed: &Replayed<'_>) -> Vec<Part> {
    let nothing = Amounts::default();
    match last {
        None => vec![part(replayed.currency, &nothing, &replayed.amounts)],
        Some(last) if last.currency == replayed.currency => {
            vec![part(replayed.currency, &last.amounts, &replayed.amounts)]
        }
        Some(last) => vec![
            part(last.currency, &last.amounts, &nothing),
            part(replayed.currency, &nothing, &replayed.amounts),
        ],
    }
}

fn part(currency: Option<Currency>, before: &Amounts, after: &Amounts) -> Part {
    let states = |amounts: &Amounts| {
        [
            ("pending", amounts.pending.total()),
            ("approved", amounts.approved.total()),
            ("settled", amounts.settled.total()),
            ("held", amounts.held.total()),
        ]
    };
    let pairs = states(after).into_iter().zip(states(before));
    let differences = pairs.map(|((state, new), (_, old))| (state, new - old));
    Part {
        currency,
        difference: after.total() - before.total(),
        by_state: differences.filter(|(_, difference)| *difference != 0).collect(),
    }
}

/// What happened between two replays: what the reports and our own clicks say anew; if nothing,
/// then it was the terms, or something recorded beside the reports.
fn because(last: Option<&Replayed<'_>>, replayed: &Replayed<'_>) -> String {
    let Some(last) = last else { return "first".to_owned() };
    let decimals = replayed.currency.map_or(2, |currency| currency.decimals());
    news(&last.facts, &replayed.facts, decimals).unwrap_or_else(|| {
        let same_terms = last.book_id == replayed.book_id;
        let same_standing = last.standing == replayed.standing;
        let reasons = [
            (!same_terms, "the terms"),
            (!same_standing, "a flag or dated fact"),
            (rates(last) != rates(replayed), "a rate of exchange"),
            (last.answers != replayed.answers, "the plugin or its figures"),
        ];
        // Where nothing of that changed it is what only the fingerprint knows.
        let otherwise = match &replayed.answers {
            Some(_) => "the plugin's figures",
            None => "a newer feebook",
        };
        let holding = reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, why)| why);
        let words = holding.collect::<Vec<_>>().join(", or ");
        if words.is_empty() { otherwise.to_owned() } else { words }
    })
}

/// The rates of exchange that a run's lines were converted by.
fn rates<'a>(replayed: &'a Replayed<'_>) -> Vec<&'a [u8]> {
    replayed.beside.iter().map(|beside| beside.exchange.as_slice()).collect()
}

/// What the reports and our own clicks say anew, line by line.
fn news(before: &[CountingLine<'_>], after: &[CountingLine<'_>], decimals: u32) -> Option<String> {
    let mut told = Vec::new();
    for line in after {
        let fact = &line.revision.fact;
        let Some(old) = find(before, &fact.line_no) else {
            told.push(format!("line {} is new", fact.line_no));
            continue;
        };
        if !old.is_corrected_as(line) {
            told.push(correction_news(old, line));
        } else if old.revision.fact != *fact {
            told.push(line_news(&old.revision.fact, fact, decimals));
        } else if let Some(news) = click_news(old, line) {
            told.push(format!("line {}: {news}", fact.line_no));
        }
    }
    // A row that waited for its line is told with it.
    let joined = |line_no: &No| {
        after.iter().flat_map(CountingLine::corrections).any(|row| row.fact.line_no == *line_no)
    };
    let gone = before.iter().filter(|line| {
        let line_no = &line.revision.fact.line_no;
        find(after, line_no).is_none() && !joined(line_no)
    });
    told.extend(gone.map(|line| format!("line {} was taken back", line.revision.fact.line_no)));
    (!told.is_empty()).then(|| told.join("; "))
}

/// What is new of the rows that correct a line.
fn correction_news(old: &CountingLine<'_>, new: &CountingLine<'_>) -> String {
    let of = |rows: &[Revision], line_no: &No| {
        rows.iter().find(|row| row.fact.line_no == *line_no).map(|row| row.fact.clone())
    };
    let mut told = Vec::new();
    for row in new.corrections() {
        let line_no = &row.fact.line_no;
        match of(old.corrections(), line_no) {
            None => told.push(format!("corrected by row {line_no}")),
            Some(fact) if fact != row.fact => {
                told.push(format!("row {line_no}, which corrects it, reported anew"));
            }
            Some(_) => {}
        }
    }
    let left = |row: &&Revision| of(new.corrections(), &row.fact.line_no).is_none();
    let went = old.corrections().iter().filter(left);
    told.extend(went.map(|row| format!("no longer corrected by row {}", row.fact.line_no)));
    format!("line {}: {}", new.revision.fact.line_no, told.join(", "))
}

/// What is new of our own click; which import brought it does not matter.
fn click_news(old: &CountingLine<'_>, new: &CountingLine<'_>) -> Option<&'static str> {
    let said = |line: &CountingLine<'_>| {
        line.own_click.map(|click| (click.at, click.placement, click.country))
    };
    match (said(old), said(new)) {
        (old, new) if old == new => None,
        (None, _) => Some("our own click is known"),
        (_, None) => Some("our own click was taken back"),
        _ => Some("another click of our own"),
    }
}

fn line_news(old: &LineFact, new: &LineFact, decimals: u32) -> String {
    let mut told = Vec::new();
    if old.state != new.state {
        told.push(format!("{} -> {}", old.state.word(), new.state.word()));
    }
    if let Some(refunded) = new.refunded.filter(|_| old.refunded != new.refunded) {
        told.push(format!("refunded {}", written(refunded.get(), decimals)));
    }
    if told.is_empty() {
        told.push("reported anew".to_owned());
    }
    format!("line {}: {}", new.line_no, told.join(", "))
}

fn find<'l, 'o>(lines: &'l [CountingLine<'o>], line_no: &No) -> Option<&'l CountingLine<'o>> {
    lines.iter().find(|line| line.revision.fact.line_no == *line_no)
}
