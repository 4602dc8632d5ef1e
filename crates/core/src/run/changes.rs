//! What one evaluation of an order found otherwise than another, line by line, and why.
//!
//! Owns the comparison and its reasons. Refuses to post, and to say which of two is right.

use chrono_tz::Tz;
use feebook_kernel::{Silent, State, Verdict};
use feebook_schedule::iso::Currency;
use feebook_schedule::zone::Month;
use feebook_schedule::{GovernedBy, Version};

use super::beside::Beside;
use super::evaluator::{Evaluated, Evaluator, known};
use super::replay::{Latest, Replay};
use super::same_facts;
use crate::answers::Answers;
use crate::error::Result;
use crate::fact::No;
use crate::ledger::{Components, CountingLine, Ledger, OrderRecord, RunId};
use crate::postings::Held;

/// What a run saw of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The version's name; none where none governs.
    pub schedule: Option<String>,
    /// The line's state.
    pub state: State,
    /// The verdict.
    pub verdict: Verdict,
    /// What the line earns by component; none where that cannot be said.
    pub amounts: Option<Components>,
    /// Decimals of the amounts' currency.
    pub decimals: u32,
}

impl Seen {
    /// What a run found of the line, for what it reverses.
    pub(super) fn held(&self) -> Held {
        (self.state, self.amounts.map(|amounts| amounts.total()))
    }

    /// What makes a difference to the publisher: another version of the terms that says the same
    /// does not.
    fn earns(&self) -> (State, Verdict, Option<Components>) {
        (self.state, self.verdict, self.amounts)
    }
}

/// Why a line changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The network reported the line anew, or for the first time in an order that was known.
    NewRevision,
    /// The rows that correct the line are others than before.
    NewCorrection,
    /// The row corrects a line that is there now.
    Joined,
    /// The line's reports were taken back.
    Withdrawn,
    /// The text of the terms changed, or another version governs.
    NewScheduleText,
    /// A click of our own log was imported or taken back.
    NewClick,
    /// A flag was recorded or taken back.
    NewFlag,
    /// A mark on the product, the kind of placement or the account's channel was recorded or taken
    /// back.
    NewDatedFact,
    /// A rate of exchange was imported, or the day came whose rate holds.
    NewRate,
    /// Another build of the schedule's plugin answered.
    NewPlugin,
    /// The plugin was told other figures of earlier periods.
    NewFigures,
    /// Another line of the order changed, and with it the order's cap or bonus.
    OtherLine,
    /// The calculation itself changed with a newer feebook.
    NewCalculation,
}

impl Why {
    /// Says it in words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::NewRevision => "new revision",
            Self::NewCorrection => "correction",
            Self::Joined => "corrects a line that came",
            Self::Withdrawn => "import taken back",
            Self::NewScheduleText => "new schedule text",
            Self::NewClick => "own click",
            Self::NewFlag => "flag",
            Self::NewDatedFact => "mark, placement or account",
            Self::NewRate => "rate of exchange",
            Self::NewPlugin => "another build of the plugin",
            Self::NewFigures => "the plugin's figures",
            Self::OtherLine => "another line of the order",
            Self::NewCalculation => "newer feebook",
        }
    }
}

/// A line whose outcome is no longer what the latest run found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The program.
    pub program: String,
    /// The order.
    pub order_no: No,
    /// The line.
    pub line_no: No,
    /// What the latest run found; none for a line that is new.
    pub before: Option<Seen>,
    /// What this run finds; none for a line whose reports were taken back.
    pub after: Option<Seen>,
    /// Why: every reason that there is, in this order.
    pub why: Vec<Why>,
    /// The run whose posting this reverses in part or whole: the line was settled and now earns
    /// less. The difference is posted as a result of its own; what was posted stays.
    pub reverses: Option<RunId>,
    /// The closed month that what is posted for the order adjusts.
    pub adjusts: Option<Month>,
}

/// An order as a past run saw it.
pub(super) struct Then<'o> {
    /// The lines that counted.
    pub(super) facts: Vec<CountingLine<'o>>,
    /// What it saw of them.
    pub(super) sight: Sight,
    /// The currency that the order had; none where no version governed.
    pub(super) currency: Option<Currency>,
}

/// Replays what a run found of an order; none when there is no such run.
pub(super) fn seen_then<'o>(
    ledger: &Ledger,
    replay: &mut Replay,
    program: &str,
    order: &'o OrderRecord,
    run_id: RunId,
) -> Result<Option<Then<'o>>> {
    let Some(Latest { facts, evaluator, .. }) = replay.seen_by(ledger, program, order, run_id)?
    else {
        return Ok(None);
    };
    let evaluated = evaluator.evaluate(&facts, ledger, &mut Silent)?;
    let answers = evaluated.answers.cloned();
    let (seen, covering) = (saw_all(&evaluated), evaluated.covering.clone());
    let version = evaluator.version(&covering);
    let currency = version.map(Version::currency);
    let sight = Sight::of(evaluator, version, (&facts, answers), seen, ledger)?;
    Ok(Some(Then { facts, sight, currency }))
}

/// What one run found otherwise than another, line by line; without an earlier one, all that the
/// later found. What is reversed or adjusted is not looked for.
///
/// # Errors
///
/// When the ledger cannot be read or a stored text of the terms no longer loads.
pub fn between(
    ledger: &Ledger,
    replay: &mut Replay,
    program: &str,
    order: &OrderRecord,
    earlier: Option<RunId>,
    later: RunId,
) -> Result<Vec<Change>> {
    let before = match earlier {
        Some(run_id) => seen_then(ledger, replay, program, order, run_id)?,
        None => None,
    };
    let Some(after) = seen_then(ledger, replay, program, order, later)? else {
        return Ok(Vec::new());
    };
    let nothing = Sight::default();
    let (facts_before, sight) = match &before {
        Some(before) => (&before.facts[..], &before.sight),
        None => (&[][..], &nothing),
    };
    Ok(changes(program, order, (facts_before, sight), (&after.facts, &after.sight)))
}

/// What a second sight of an order has otherwise than a first one.
pub(super) fn changes(
    program: &str,
    order: &OrderRecord,
    (facts_before, before): (&[CountingLine<'_>], &Sight),
    (facts, after): (&[CountingLine<'_>], &Sight),
) -> Vec<Change> {
    let mut changes = Vec::new();
    for line_no in line_numbers(facts_before, facts) {
        let (old, new) = (before.line(line_no), after.line(line_no));
        if old.map(Seen::earns) == new.map(Seen::earns) {
            continue;
        }
        changes.push(Change {
            program: program.to_owned(),
            order_no: order.order_no.clone(),
            line_no: line_no.clone(),
            before: old.cloned(),
            after: new.cloned(),
            why: why(line_no, facts_before, facts, before, after),
            reverses: None,
            adjusts: None,
        });
    }
    changes
}

/// What one evaluation saw of an order.
#[derive(Default)]
pub(super) struct Sight {
    /// What of program.toml bears on an order: the instant that governs, and the zone.
    reading: Option<(GovernedBy, Tz)>,
    /// Digests of the files of the terms: version and category tree.
    texts: Vec<[u8; 32]>,
    /// Digests of the versions in force at the lines' clicks.
    at_clicks: Vec<[u8; 32]>,
    lines: Vec<(No, Seen)>,
    /// What bears on the lines beside their reports.
    beside: Vec<Beside>,
    /// What the plugin said.
    answers: Option<Answers>,
}

impl Sight {
    pub(super) fn of(
        evaluator: &Evaluator,
        version: Option<&Version>,
        (facts, answers): (&[CountingLine<'_>], Option<Answers>),
        outcomes: Vec<(Verdict, Option<Components>)>,
        ledger: &Ledger,
    ) -> Result<Self> {
        let program = evaluator.program();
        let schedule = version.map(|version| version.id().to_owned());
        let decimals = version.map_or(2, |version| version.currency().decimals());
        let lines = facts
            .iter()
            .zip(outcomes)
            .map(|(line, (verdict, amounts))| {
                let (schedule, state) = (schedule.clone(), line.revision.fact.state);
                let seen = Seen { schedule, state, verdict, amounts, decimals };
                (line.revision.fact.line_no.clone(), seen)
            })
            .collect();
        let clicks = facts.iter().filter_map(CountingLine::clicked_at);
        let at_clicks = clicks.filter_map(|at| program.in_force(at).ok());
        let reading = Some((program.governed_by(), program.zone()));
        let mut texts = Vec::new();
        texts.extend(version.map(|version| version.source().digest()));
        texts.extend(version.and_then(Version::tree).map(|tree| tree.source().digest()));
        let at_clicks = at_clicks.map(|version| version.source().digest()).collect();
        let beside = evaluator.beside(facts, ledger)?;
        Ok(Self { reading, texts, at_clicks, lines, beside, answers })
    }

    fn line(&self, line_no: &No) -> Option<&Seen> {
        self.lines.iter().find(|(number, _)| number == line_no).map(|(_, seen)| seen)
    }

    /// Whether another build of the plugin answered.
    fn other_build(&self, other: &Self) -> bool {
        let pair = self.answers.as_ref().zip(other.answers.as_ref());
        pair.is_some_and(|(ours, theirs)| ours.by != theirs.by)
    }

    fn beside(&self, line_no: &No) -> Option<&Beside> {
        let at = self.lines.iter().position(|(number, _)| number == line_no)?;
        self.beside.get(at)
    }
}

pub(super) fn saw_all(evaluated: &Evaluated<'_>) -> Vec<(Verdict, Option<Components>)> {
    evaluated.outcomes.iter().map(|outcome| (outcome.verdict, known(outcome))).collect()
}

/// The numbers of the lines of either list, in order.
fn line_numbers<'f>(a: &[CountingLine<'f>], b: &[CountingLine<'f>]) -> Vec<&'f No> {
    let mut numbers: Vec<&No> = a.iter().chain(b).map(|line| &line.revision.fact.line_no).collect();
    numbers.sort();
    numbers.dedup();
    numbers
}

fn why(
    line_no: &No,
    facts_before: &[CountingLine<'_>],
    facts_after: &[CountingLine<'_>],
    before: &Sight,
    after: &Sight,
) -> Vec<Why> {
    let (old, new) = (find(facts_before, line_no), find(facts_after, line_no));
    let Some(new) = new else {
        let mut by = facts_after.iter().flat_map(CountingLine::corrections);
        let joined = by.any(|row| row.fact.line_no == *line_no);
        return vec![if joined { Why::Joined } else { Why::Withdrawn }];
    };
    let other = |part: fn(&Beside) -> &Vec<u8>| {
        before.beside(line_no).map(part) != after.beside(line_no).map(part)
    };
    let known = old.is_some();
    // Another click has another version's window, which is not the terms' doing.
    let clicked_at = |line: &CountingLine<'_>| line.revision.fact.clicked_at;
    let same_click = old.map(clicked_at) == Some(clicked_at(new)) && !other(|beside| &beside.click);
    let terms_moved = before.texts != after.texts
        || before.reading != after.reading
        || (same_click && before.at_clicks != after.at_clicks);
    let other_fact = old.is_none_or(|old| old.revision.fact != new.revision.fact);
    let corrected = old.is_some_and(|old| !old.is_corrected_as(new));
    // What corrections leave of one report is no other report.
    let same_report = old.is_some_and(|old| old.revision.seq == new.revision.seq);
    let reasons = [
        (other_fact && !(corrected && same_report), Why::NewRevision),
        (corrected, Why::NewCorrection),
        (known && other(|beside| &beside.click), Why::NewClick),
        (known && other(|beside| &beside.flags), Why::NewFlag),
        (known && other(|beside| &beside.dated), Why::NewDatedFact),
        (known && other(|beside| &beside.exchange), Why::NewRate),
        (known && terms_moved, Why::NewScheduleText),
        (known && before.other_build(after), Why::NewPlugin),
    ];
    let holding = reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, why)| why);
    let mut why: Vec<Why> = holding.collect();
    if why.is_empty() {
        let same = same_facts(facts_before, facts_after) && before.beside == after.beside;
        why.push(match same {
            false => Why::OtherLine,
            // The same plugin says otherwise of the same order: it was told other figures.
            true if before.answers != after.answers => Why::NewFigures,
            true => Why::NewCalculation,
        });
    }
    why
}

fn find<'f, 'o>(facts: &'f [CountingLine<'o>], line_no: &No) -> Option<&'f CountingLine<'o>> {
    facts.iter().find(|line| line.revision.fact.line_no == *line_no)
}
