//! The open questions of the terms, each priced both ways on the ledger's orders.
//!
//! Owns which question matters to which order. All readings are evaluated side by side in one scan,
//! each by the one evaluator over a book of its own. Refuses to judge which reading is right, and to
//! post.

use std::collections::BTreeSet;
use std::sync::Arc;

use feebook_schedule::alternatives::{self, Question, Reading};
use feebook_schedule::{Assumed, Diagnostic, Version};

use crate::error::{self, Error, Result};
use crate::ledger::{CountingLine, Ledger, Scan};
use crate::program::named;
use crate::run::{Evaluator, Progress, Scope, Terms};
use crate::side_by_side::{Sight, Tallies, Tally};
use crate::standing::Standing;

/// An open question with what it is worth.
#[derive(Clone, Debug)]
pub struct Open {
    /// The program.
    pub program: String,
    /// The version that assumes it; none for `program.toml`.
    pub version: Option<String>,
    /// The key, why the file says what it says, and where.
    pub assumed: Assumed,
    /// What the file says, as TOML; none where it leaves the key out.
    pub now: Option<String>,
    /// The other readings; if there is none, the reason.
    pub readings: std::result::Result<Vec<Priced>, &'static str>,
}

impl Open {
    /// Whether another reading moves money.
    pub fn moves(&self) -> bool {
        self.readings.as_ref().is_ok_and(|readings| readings.iter().any(Priced::moves))
    }
}

/// What another reading comes to.
#[derive(Clone, Debug)]
pub struct Priced {
    /// The key's value in this reading, as TOML; none where the key is left out.
    pub value: Option<String>,
    /// What all orders of the program in scope earn, as the terms are read now and in this reading;
    /// or why that cannot be evaluated.
    pub tallies: std::result::Result<Tallies, String>,
}

impl Priced {
    /// Whether a line earns another amount, or can be said in one reading only.
    pub fn moves(&self) -> bool {
        self.tallies.as_ref().is_ok_and(|tallies| {
            tallies.iter().any(|(currencies, tally)| {
                let other_currency = currencies.common().is_none() && tally.lines > 0;
                tally.changed + tally.lost + tally.gained > 0 || other_currency
            })
        })
    }
}

/// Prices every open question of the programs in scope: those of `program.toml`, and those of each
/// version that governs an order in scope.
///
/// # Errors
///
/// When a reading that a file states does not load, a version in force needs a plugin, or the
/// ledger fails.
pub fn assumptions(
    ledger: &Ledger,
    terms: &Terms,
    scope: &Scope,
    progress: &mut dyn Progress,
) -> Result<Vec<Open>> {
    let mut open = Vec::new();
    let mut problems = Vec::new();
    for program in ledger.programs()? {
        // What a program without terms is taken to be is in no file, and moves no amount.
        if scope.includes_program(&program) && !terms.is_unmapped(&program) {
            let seq = ledger.last_seq()?;
            let standing = Arc::new(ledger.standing(&program, seq)?);
            let mut work = Work::new(terms, &program, &standing, seq)?;
            work.scan(ledger, scope, progress)?;
            work.finish(&program, &mut open, &mut problems);
        }
    }
    if problems.is_empty() {
        return Ok(open);
    }
    let message = "a reading that a file states with `or` does not load";
    Err(Error::new(&error::TERMS, message)
        .with(problems)
        .hint("mend the value of `or`: it must be able to stand where the key stands"))
}

/// One program's questions while its orders are scanned.
struct Work {
    now: Evaluator,
    questions: Vec<Asked>,
    /// What all orders so far earn now, compared with itself: where a reading does not differ.
    so_far: Tallies,
    /// The versions that govern an order in scope.
    governing: BTreeSet<String>,
    orders: u64,
}

/// A question with its readings under way.
struct Asked {
    question: Question,
    readings: Vec<UnderWay>,
}

/// A reading under way. It is loaded when the first order comes that it may matter to.
enum UnderWay {
    Waiting,
    Evaluated(Box<Evaluator>, Tallies),
    DoesNotLoad(Vec<Diagnostic>),
    Refused(String),
}

impl Work {
    fn new(terms: &Terms, program: &str, standing: &Arc<Standing>, seq: i64) -> Result<Self> {
        let named = named(&terms.book, program)?;
        let now = Evaluator::new(&terms.book, program, standing);
        let questions =
            alternatives::questions(named, &terms.sources).into_iter().map(|question| {
                let count = question.readings.as_ref().map_or(0, Vec::len);
                Asked { question, readings: (0..count).map(|_| UnderWay::Waiting).collect() }
            });
        Ok(Self {
            questions: questions.collect(),
            now: now.ok_or_else(|| no_program(program))?.as_of(seq, terms.plugins.as_ref()),
            so_far: Tallies::new(),
            governing: BTreeSet::new(),
            orders: 0,
        })
    }

    fn scan(&mut self, ledger: &Ledger, scope: &Scope, progress: &mut dyn Progress) -> Result<()> {
        let seq = ledger.last_seq()?;
        let program = self.now.program().id().to_owned();
        let mut scan = Scan::new(ledger, &program)?;
        while let Some(order) = scan.next(ledger)? {
            let facts = ledger.counting(&order, seq)?;
            if !facts.is_empty() && scope.includes_day(self.now.day(&facts)) {
                self.order(&facts, ledger)?;
            }
            progress.advance(1);
        }
        Ok(())
    }

    /// Evaluates an order as the terms are read now and in every reading that may matter to it.
    fn order(&mut self, facts: &[CountingLine<'_>], ledger: &Ledger) -> Result<()> {
        self.orders += 1;
        let now = Sight::of(&mut self.now, facts, ledger)?;
        let governing = self.now.version(&now.covering).map(Version::id);
        for asked in &mut self.questions {
            let matters = asked.question.reaches_all
                || (asked.question.version.is_some()
                    && asked.question.version.as_deref() == governing);
            let readings = asked.question.readings.as_deref().unwrap_or_default();
            for (reading, under_way) in readings.iter().zip(&mut asked.readings) {
                if matters {
                    under_way.begin(reading, &self.now, &self.so_far)?;
                    under_way.order(&now, facts, ledger)?;
                } else {
                    under_way.as_now(&now);
                }
            }
        }
        add(&mut self.so_far, &now, &now);
        if let Some(id) = governing.filter(|id| !self.governing.contains(*id)) {
            self.governing.insert(id.to_owned());
        }
        Ok(())
    }

    /// Hands over the questions that came up, and the problems of readings that files state.
    fn finish(self, program: &str, open: &mut Vec<Open>, problems: &mut Vec<Diagnostic>) {
        if self.orders == 0 {
            return;
        }
        for Asked { question, readings: under_way } in self.questions {
            let governs = |version: &String| self.governing.contains(version);
            let came_up = question.version.as_ref().is_none_or(governs);
            let readings = question.readings.map(|readings| {
                let pairs = readings.into_iter().zip(under_way);
                pairs.map(|(reading, under_way)| under_way.priced(reading, problems)).collect()
            });
            let told = Open {
                program: program.to_owned(),
                version: question.version,
                assumed: question.assumed,
                now: question.now,
                readings,
            };
            // A version that governs no order here may govern one in another reading.
            if came_up || told.moves() {
                open.push(told);
            }
        }
    }
}

impl UnderWay {
    /// Loads a reading; up to here it does not differ from what the terms say now.
    fn begin(&mut self, reading: &Reading, now: &Evaluator, so_far: &Tallies) -> Result<()> {
        if matches!(self, Self::Waiting) {
            *self = match reading.load() {
                Ok(book) => {
                    let other = now.under(&Arc::new(book));
                    let evaluator = other.ok_or_else(|| no_program(now.program().id()))?;
                    Self::Evaluated(Box::new(evaluator), so_far.clone())
                }
                Err(problems) => Self::DoesNotLoad(problems),
            };
        }
        Ok(())
    }

    /// Evaluates an order in this reading.
    fn order(&mut self, now: &Sight, facts: &[CountingLine<'_>], ledger: &Ledger) -> Result<()> {
        let Self::Evaluated(evaluator, tallies) = self else { return Ok(()) };
        match Sight::of(evaluator, facts, ledger) {
            Ok(other) => add(tallies, now, &other),
            // In this reading a plugin is needed that may not run, or refuses its config.
            Err(refused) if refused.is_of_plugin() => {
                *self = Self::Refused(in_a_line(&refused));
            }
            Err(failed) => return Err(failed),
        }
        Ok(())
    }

    /// Adds an order that this reading does not reach.
    fn as_now(&mut self, now: &Sight) {
        if let Self::Evaluated(_, tallies) = self {
            add(tallies, now, now);
        }
    }

    fn priced(self, reading: Reading, problems: &mut Vec<Diagnostic>) -> Priced {
        let tallies = match self {
            Self::Evaluated(_, tallies) => Ok(tallies),
            Self::Waiting => Ok(Tallies::new()),
            Self::Refused(message) => Err(message),
            Self::DoesNotLoad(found) => {
                let first = found.first().map_or("it does not load", |problem| &problem.message);
                let message = first.to_owned();
                if reading.is_stated() {
                    problems.extend(found);
                }
                Err(message)
            }
        };
        Priced { value: reading.value, tallies }
    }
}

/// A refusal with what is wrong in the config, if that is what it is about.
fn in_a_line(refused: &Error) -> String {
    let problems = refused.problems().iter().map(|problem| problem.message.as_str());
    let told: Vec<&str> = problems.collect();
    if told.is_empty() { refused.message().to_owned() } else { told.join("; ") }
}

/// Adds the lines of an order, as the terms are read now and otherwise.
fn add(tallies: &mut Tallies, now: &Sight, other: &Sight) {
    // Where neither has terms there is nothing to say, and no currency to say it in.
    let Some(currencies) = now.currencies(other) else { return };
    let tally: &mut Tally = tallies.entry(currencies).or_default();
    for (now, other) in now.totals().zip(other.totals()) {
        tally.add(now, other);
    }
}

fn no_program(program: &str) -> Error {
    Error::new(&error::BROKEN, format!("a book of another reading has no program {program}"))
}
