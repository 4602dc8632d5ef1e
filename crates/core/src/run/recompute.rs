//! Recompute: evaluate, compare with what is posted, post the differences, say what changed and
//! why.
//!
//! Owns the comparison. A run that changes nothing writes nothing. Refuses to touch what earlier
//! runs wrote: a correction is a new result.

use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use feebook_kernel::{Silent, State, Verdict};
use feebook_schedule::iso::Currency;
use feebook_schedule::{GovernedBy, Version};

use super::evaluator::{Beside, Evaluated, Evaluator, known};
use super::replay::{Latest, Replay};
use super::{Progress, Scope, Terms, same_facts};
use crate::answers::Answers;
use crate::error::{self, Error, Result};
use crate::fact::{LineFact, No};
use crate::ledger::{
    Components, CountingLine, Ledger, NewResult, OrderRecord, PendingRun, RunId, Scan,
};
use crate::postings::{self, Account, Held, posted_by};

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
    fn held(&self) -> Held {
        (self.state, self.amounts.map(|amounts| amounts.total()))
    }

    /// What makes a difference to the publisher: another version of the terms that says the same
    /// does not.
    fn earns(&self) -> (State, Verdict, Option<Components>) {
        (self.state, self.verdict, self.amounts)
    }
}

/// Why a line changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The network reported the line anew, or for the first time in an order that was known.
    NewRevision,
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
    /// Another build of the schedule's plugin answered, or it was given other figures of earlier
    /// periods.
    NewPlugin,
    /// Another line of the order changed, and with it the order's cap or bonus.
    OtherLine,
    /// The calculation itself changed with a newer feebook.
    NewCalculation,
}

impl Why {
    /// Says it in words.
    pub const fn in_words(&self) -> &'static str {
        match self {
            Self::NewRevision => "new revision",
            Self::Withdrawn => "import taken back",
            Self::NewScheduleText => "new schedule text",
            Self::NewClick => "own click",
            Self::NewFlag => "flag",
            Self::NewDatedFact => "mark, placement or account",
            Self::NewRate => "rate of exchange",
            Self::NewPlugin => "plugin or its figures",
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
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Recomputed {
    /// The run's number; none when nothing was posted.
    pub run_id: Option<RunId>,
    /// Orders that were evaluated.
    pub orders: u64,
    /// Lines of those.
    pub lines: u64,
    /// Orders that no run had seen.
    pub first_time: u64,
    /// Orders whose facts or terms changed.
    pub changed: u64,
    /// Lines by verdict, in order of precedence.
    pub verdicts: [u64; Verdict::ALL.len()],
    /// The difference posted per program and currency, in minor units with the decimals of its currency.
    pub posted: Vec<Posted>,
}

/// The difference that a run posted for one program in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The program.
    pub program: String,
    /// The currency of its terms.
    pub currency: Currency,
    /// New totals less old totals, in minor units.
    pub difference: i64,
}

/// Evaluates the orders in scope under the terms in force on their days and posts the differences.
/// `changed` is told of every line that an earlier run had found otherwise.
///
/// # Errors
///
/// When a version in force needs a plugin, or the ledger fails; then nothing is posted.
pub fn recompute(
    ledger: &mut Ledger,
    terms: &Terms,
    scope: &Scope,
    now: i64,
    progress: &mut dyn Progress,
    changed: &mut dyn FnMut(Change),
) -> Result<Recomputed> {
    let programs: Vec<String> =
        ledger.programs()?.into_iter().filter(|name| scope.includes_program(name)).collect();
    let sources = terms.sources_of(&programs);
    let run = ledger.begin_run(sources, now, scope.in_words())?;
    let replay = Replay::new(run.ledger())?;
    let mut work = Work { run, replay, changed, report: Recomputed::default() };
    for program in &programs {
        work.program(terms, scope, program, progress)?;
    }
    let mut report = work.report;
    report.run_id = work.run.keep()?;
    Ok(report)
}

/// A run at work.
struct Work<'l, 'c> {
    run: PendingRun<'l>,
    replay: Replay,
    changed: &'c mut dyn FnMut(Change),
    report: Recomputed,
}

impl Work<'_, '_> {
    fn program(
        &mut self,
        terms: &Terms,
        scope: &Scope,
        program: &str,
        progress: &mut dyn Progress,
    ) -> Result<()> {
        let standing = Arc::new(self.run.ledger().standing(program, self.run.seq())?);
        let mut evaluator = Evaluator::new(&terms.book, program, &standing).ok_or_else(|| {
            let message =
                format!("the ledger has facts of `{program}`, and there are no terms of it");
            Error::new(&error::NO_PROGRAM, message)
                .hint(format!("add a folder {program} to the schedules, or leave the program out"))
        })?;
        evaluator = evaluator.as_of(self.run.seq(), terms.plugins.as_ref());
        let mut differences = Differences::default();
        // An order whose reports were all taken back lies where the terms of its latest run put it.
        let one = [evaluator.program().governed_by()];
        let ledger = self.run.ledger();
        let governed_by = if ledger.took_any_back() { &GovernedBy::ALL[..] } else { &one };
        let mut scan = Scan::within(ledger, program, scope.days, governed_by)?;
        while let Some(order) = scan.next(self.run.ledger())? {
            self.order(&mut evaluator, scope, program, &order, &mut differences)?;
            progress.advance(1);
        }
        self.report.posted.extend(differences.posted(program));
        Ok(())
    }

    /// Evaluates one order and posts its difference.
    fn order(
        &mut self,
        evaluator: &mut Evaluator,
        scope: &Scope,
        program: &str,
        order: &OrderRecord,
        differences: &mut Differences,
    ) -> Result<()> {
        let facts = self.run.ledger().counting(order, self.run.seq())?;
        let last = order.results.last();
        let day =
            if facts.is_empty() { self.day_before(program, order)? } else { evaluator.day(&facts) };
        if !scope.includes_day(day) || (facts.is_empty() && last.is_none()) {
            return Ok(());
        }
        let fingerprint = evaluator.fingerprint(&facts, self.run.ledger())?;
        let evaluated = evaluator.evaluate(&facts, self.run.ledger(), &mut Silent)?;
        if !facts.is_empty() {
            self.count(&evaluated);
        }
        if last.is_some_and(|result| result.fingerprint == fingerprint) {
            return Ok(());
        }
        let new = NewResult {
            month: evaluated.month().or_else(|| last.and_then(|result| result.month)),
            day: evaluated.day.or(day),
            fingerprint,
            amounts: evaluated.amounts(),
            answers: evaluated.answers.cloned(),
        };
        // Only what an earlier run had otherwise is told line by line.
        let after = last.map(|_| saw_all(&evaluated));
        let covering = evaluated.covering.clone();
        let version = evaluator.version(&covering);
        match last.zip(after) {
            None => self.report.first_time += 1,
            Some((result, after)) => {
                self.report.changed += 1;
                let found = (facts.as_slice(), new.answers.clone());
                let after = Sight::of(evaluator, version, found, after, self.run.ledger())?;
                let currency = self.tell(program, order, &facts, &after)?;
                differences.add(currency, -result.amounts.total());
            }
        }
        differences.add(version.map(Version::currency), new.amounts.total());
        self.run.append(program, &order.order_no, version.map(Version::source), new)
    }

    /// The day of an order whose reports were all taken back: that of the lines its latest run saw.
    fn day_before(&mut self, program: &str, order: &OrderRecord) -> Result<Option<NaiveDate>> {
        let latest = self.replay.latest(self.run.ledger(), program, order)?;
        Ok(latest.and_then(|latest| latest.evaluator.day(&latest.facts)))
    }

    fn count(&mut self, evaluated: &Evaluated<'_>) {
        self.report.orders += 1;
        for outcome in evaluated.outcomes {
            self.report.lines += 1;
            let at = Verdict::ALL.iter().position(|verdict| *verdict == outcome.verdict);
            if let Some(count) = at.and_then(|at| self.report.verdicts.get_mut(at)) {
                *count += 1;
            }
        }
    }

    /// Replays what the latest run found and tells the lines that differ. Returns the currency that
    /// the order had then.
    fn tell(
        &mut self,
        program: &str,
        order: &OrderRecord,
        facts: &[CountingLine<'_>],
        after: &Sight,
    ) -> Result<Option<Currency>> {
        let ledger = self.run.ledger();
        let latest = self.replay.latest(ledger, program, order)?;
        let Some(Latest { facts: facts_before, evaluator, .. }) = latest else { return Ok(None) };
        let evaluated = evaluator.evaluate(&facts_before, ledger, &mut Silent)?;
        let answers = evaluated.answers.cloned();
        let (seen, covering) = (saw_all(&evaluated), evaluated.covering.clone());
        let version = evaluator.version(&covering);
        let currency = version.map(Version::currency);
        let before = Sight::of(evaluator, version, (&facts_before, answers), seen, ledger)?;
        let mut accounts: Option<Vec<Account<'_>>> = None;
        for line_no in line_numbers(&facts_before, facts) {
            let (old, new) = (before.line(line_no), after.line(line_no));
            if old.map(Seen::earns) == new.map(Seen::earns) {
                continue;
            }
            let why = why(line_no, &facts_before, facts, &before, after);
            let reverses = if postings::reverses(old.map(Seen::held), new.map(Seen::held)) {
                if accounts.is_none() {
                    accounts = Some(postings::accounts(ledger, &mut self.replay, program, order)?);
                }
                accounts.as_ref().and_then(|accounts| posted_by(accounts, line_no))
            } else {
                None
            };
            (self.changed)(Change {
                program: program.to_owned(),
                order_no: order.order_no.clone(),
                line_no: line_no.clone(),
                before: old.cloned(),
                after: new.cloned(),
                why,
                reverses,
            });
        }
        Ok(currency)
    }
}

/// What a run posts for one program: amounts of different currencies are never added.
#[derive(Default)]
struct Differences(Vec<(Currency, i64)>);

impl Differences {
    fn add(&mut self, currency: Option<Currency>, minor: i64) {
        // Where no version governs nothing is earned.
        let Some(currency) = currency else { return };
        match self.0.iter_mut().find(|(known, _)| *known == currency) {
            Some((_, sum)) => *sum += minor,
            None => self.0.push((currency, minor)),
        }
    }

    /// One record per currency in which something was posted, in order of their codes.
    fn posted(mut self, program: &str) -> impl Iterator<Item = Posted> {
        self.0.sort_by_key(|(currency, _)| *currency);
        let program = program.to_owned();
        self.0.into_iter().map(move |(currency, difference)| Posted {
            program: program.clone(),
            currency,
            difference,
        })
    }
}

/// What one evaluation saw of an order.
struct Sight {
    /// What of program.toml bears on an order: the instant that governs, and the zone.
    reading: (GovernedBy, Tz),
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
    fn of(
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
        let reading = (program.governed_by(), program.zone());
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

fn saw_all(evaluated: &Evaluated<'_>) -> Vec<(Verdict, Option<Components>)> {
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
    if new.is_none() {
        return vec![Why::Withdrawn];
    }
    let other = |part: fn(&Beside) -> &Vec<u8>| {
        before.beside(line_no).map(part) != after.beside(line_no).map(part)
    };
    let known = old.is_some();
    // Another click has another version's window, which is not the terms' doing.
    let same_click = old.map(|fact| fact.clicked_at) == new.map(|fact| fact.clicked_at)
        && !other(|beside| &beside.click);
    let terms_moved = before.texts != after.texts
        || before.reading != after.reading
        || (same_click && before.at_clicks != after.at_clicks);
    let reasons = [
        (old != new, Why::NewRevision),
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
            true if before.answers != after.answers => Why::NewPlugin,
            true => Why::NewCalculation,
        });
    }
    why
}

fn find<'f>(facts: &[CountingLine<'f>], line_no: &No) -> Option<&'f LineFact> {
    facts.iter().find(|line| line.revision.fact.line_no == *line_no).map(|line| &line.revision.fact)
}
