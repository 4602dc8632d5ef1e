//! Verify: every posted result is evaluated again on the facts, the texts of the terms and the
//! plugin's answers of its run, and every difference is a finding. A plugin that may run and is there
//! is asked again, twice, and must say what it said then.
//!
//! Owns the comparison. Refuses to post, and to call a result wrong because the terms have changed
//! since: each is held to those of its own run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use feebook_kernel::Silent;
use feebook_schedule::Version;
use feebook_schedule::iso::Currency;

use super::evaluator::Evaluator;
use super::replay::Replay;
use super::{Progress, Scope};
use crate::answers::{Answer, Answers};
use crate::error::{self, Error, ErrorKind, Result};
use crate::fact::No;
use crate::ledger::{Amounts, CountingLine, Ledger, OrderRecord, RunId, Scan, StoredResult};
use crate::plugins::Plugins;

/// What a result is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// What was posted is what the facts and the terms give.
    Amounts,
    /// Facts and terms are those of which the result was made.
    Fingerprint,
    /// The plugin says again what it said.
    Plugin,
    /// The plugin could be asked again.
    PluginAsked,
}

impl Held {
    /// Returns the name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Amounts => "amounts",
            Self::Fingerprint => "fingerprint",
            Self::Plugin => "plugin",
            Self::PluginAsked => "plugin_asked",
        }
    }
}

/// A result that does not hold, or of which not all could be verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// What does not hold.
    pub held: Held,
    /// The program.
    pub program: String,
    /// The order and the run; none where it is about all orders that a plugin answered for.
    pub result: Option<(No, RunId)>,
    /// Both values, in words.
    pub text: String,
}

/// How much was verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Results that were evaluated again.
    pub results: u64,
    /// Results for which the plugin was asked again.
    pub asked: u64,
}

/// Evaluates every result in scope again and tells `each` what does not hold.
///
/// # Errors
///
/// When the ledger cannot be read, or the stored terms do not load.
pub fn verify(
    ledger: &Ledger,
    plugins: Option<&Arc<dyn Plugins>>,
    scope: &Scope,
    progress: &mut dyn Progress,
    each: &mut dyn FnMut(Breach),
) -> Result<Verified> {
    let mut verified = Verified::default();
    for program in ledger.programs()? {
        if !scope.includes_program(&program) {
            continue;
        }
        let mut work = Work {
            ledger,
            plugins,
            program: &program,
            replay: Replay::new(ledger)?,
            runs: BTreeMap::new(),
            unasked: BTreeSet::new(),
            panicked: BTreeSet::new(),
            each,
            verified,
        };
        let mut scan = Scan::new(ledger, &program)?;
        while let Some(order) = scan.next(ledger)? {
            work.order(scope, &order)?;
            progress.advance(1);
        }
        verified = work.verified;
    }
    Ok(verified)
}

/// A program's results under way.
struct Work<'l, 'e> {
    ledger: &'l Ledger,
    plugins: Option<&'l Arc<dyn Plugins>>,
    program: &'l str,
    replay: Replay,
    /// Per run its highest sequence number, an evaluator that is told what was said, and one that asks.
    runs: BTreeMap<RunId, Again>,
    /// Why a plugin was not asked, in words; each is told once.
    unasked: BTreeSet<String>,
    /// Builds that panicked, by run: an instance that did is never called again, which is told once.
    panicked: BTreeSet<(RunId, [u8; 32])>,
    each: &'e mut dyn FnMut(Breach),
    verified: Verified,
}

/// A run that is done again.
struct Again {
    seq: i64,
    told: Evaluator,
    asking: Evaluator,
}

impl Work<'_, '_> {
    fn order(&mut self, scope: &Scope, order: &OrderRecord) -> Result<()> {
        for result in &order.results {
            let run_id = result.run_id;
            if !self.runs.contains_key(&run_id) {
                let (seq, told) = self.replay.fresh(self.ledger, self.program, run_id, None)?;
                let (_, asking) =
                    self.replay.fresh(self.ledger, self.program, run_id, self.plugins)?;
                self.runs.insert(run_id, Again { seq, told, asking: asking.twice() });
            }
            let Some(again) = self.runs.get(&run_id) else { continue };
            let facts = self.ledger.counting(order, again.seq)?;
            // An order of which every report was taken back is in no day any more.
            if !facts.is_empty() && !scope.includes_day(again.told.day(&facts)) {
                continue;
            }
            self.result(order, result, &facts)?;
        }
        Ok(())
    }

    fn result(
        &mut self,
        order: &OrderRecord,
        result: &StoredResult,
        facts: &[CountingLine<'_>],
    ) -> Result<()> {
        let Some(again) = self.runs.get_mut(&result.run_id) else { return Ok(()) };
        let said = again.told.wants_plugin(facts)?;
        let said = said.then(|| self.ledger.answers(order, result.run_id)).transpose()?;
        again.told.recall(said.clone());
        let fingerprint = again.told.fingerprint(facts, self.ledger)?;
        let evaluated = again.told.evaluate(facts, self.ledger, &mut Silent)?;
        let (found, covering) = (evaluated.amounts(), evaluated.covering.clone());
        let currency = again.told.version(&covering).map(Version::currency);
        self.verified.results += 1;
        if found != result.amounts {
            let text = differ(&result.amounts, &found, currency);
            self.tell(Held::Amounts, order, result, text);
        }
        if fingerprint != result.fingerprint {
            let text =
                "the facts, the text of the terms or the calculation are not those of which this \
                        result was made"
                    .to_owned();
            self.tell(Held::Fingerprint, order, result, text);
        }
        match said {
            Some(said) => self.ask(order, result, facts, &said),
            None => Ok(()),
        }
    }

    /// Whether the build that answered then can be asked now; where another serves, or where it panicked in
    /// this run, that is told. What one build does is never told of another.
    fn may_be_asked(
        &mut self,
        result: &StoredResult,
        facts: &[CountingLine<'_>],
        said: &Answers,
    ) -> Result<bool> {
        let Some(again) = self.runs.get_mut(&result.run_id) else { return Ok(false) };
        let then = said.by.in_words();
        let why = match again.asking.serving(facts) {
            Ok(Some(by)) if by != said.by => {
                format!("{then} was not asked again: what serves here is {}", by.in_words())
            }
            Ok(_) if self.panicked.contains(&(result.run_id, said.by.sha256)) => {
                let run = result.run_id;
                format!("{then} was not asked again about later orders of run {run}: it panicked")
            }
            Ok(_) => return Ok(true),
            Err(refused) => match again.asking.refused_build(facts)? {
                Some(build) if build != said.by.sha256 => format!(
                    "{then} was not asked again: another build serves here, which is refused: {}",
                    refused.message()
                ),
                // Told by whoever asks.
                _ => return Ok(true),
            },
        };
        self.not_asked(why);
        Ok(false)
    }

    /// Has the plugin answer again.
    fn ask(
        &mut self,
        order: &OrderRecord,
        result: &StoredResult,
        facts: &[CountingLine<'_>],
        said: &Answers,
    ) -> Result<()> {
        if !self.may_be_asked(result, facts, said)? {
            return Ok(());
        }
        let Some(again) = self.runs.get_mut(&result.run_id) else { return Ok(()) };
        again.asking.count_as(&again.told);
        let now = again.asking.evaluate(facts, self.ledger, &mut Silent);
        let now = match now {
            Ok(evaluated) => evaluated.answers.cloned(),
            Err(error) if was_asked(&error) => {
                self.verified.asked += 1;
                if error.code().id == feebook_plugin::codes::PANICKED.id {
                    self.panicked.insert((result.run_id, said.by.sha256));
                }
                let (by, code) = (said.by.in_words(), error.code().id);
                let problems = error.problems().iter().map(|one| format!("; {}", one.message));
                let text =
                    format!("{by}: {code} {}{}", error.message(), problems.collect::<String>());
                self.tell(Held::Plugin, order, result, text);
                return Ok(());
            }
            // Its digest is said once, and what to do about it.
            Err(refused) if refused.is(&error::PLUGIN_WANTED) => {
                self.not_asked(format!(
                    "{} was not asked again: plugins are not allowed; `feebook plugin trust` its library, or \
                     give --allow-plugins",
                    said.by.in_words()
                ));
                return Ok(());
            }
            Err(error) if error.kind() == ErrorKind::Plugin => {
                let why =
                    format!("{} was not asked again: {}", said.by.in_words(), error.message());
                self.not_asked(why);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let Some(now) = now else { return Ok(()) };
        self.verified.asked += 1;
        if now != *said {
            let text = answers_differ(said, &now);
            self.tell(Held::Plugin, order, result, text);
        }
        Ok(())
    }

    fn tell(&mut self, held: Held, order: &OrderRecord, result: &StoredResult, text: String) {
        let result = Some((order.order_no.clone(), result.run_id));
        (self.each)(Breach { held, program: self.program.to_owned(), result, text });
    }

    fn not_asked(&mut self, text: String) {
        if self.unasked.insert(text.clone()) {
            let program = self.program.to_owned();
            (self.each)(Breach { held: Held::PluginAsked, program, result: None, text });
        }
    }
}

/// Whether a plugin was running when it was refused, rather than not allowed or not there.
fn was_asked(refused: &Error) -> bool {
    use feebook_plugin::codes;
    let started = [
        &codes::FAILED,
        &codes::PANICKED,
        &codes::STATUS,
        &codes::AMOUNT,
        &codes::FOREIGN_LINE,
        &codes::FOREIGN_FIELD,
        &codes::REASON,
        &codes::UNSTABLE,
        &codes::REPORT,
        &codes::TOO_LARGE,
    ];
    refused.is(&error::PLUGIN_CONFIG) || started.iter().any(|code| code.id == refused.code().id)
}

/// The first part that differs, with both values.
fn differ(posted: &Amounts, found: &Amounts, currency: Option<Currency>) -> String {
    let amount = |minor: i64| match currency {
        Some(currency) => format!("{} {currency}", currency.written(minor)),
        None => format!("{minor} minor units"),
    };
    let (posted, found) = (posted.named(), found.named());
    let pair = posted.iter().zip(&found).find(|((_, posted), (_, found))| posted != found);
    pair.map_or_else(String::new, |((name, posted), (_, found))| {
        let (posted, found) = (amount(*posted), amount(*found));
        format!("{name} was posted as {posted}, facts and terms give {found}")
    })
}

/// The first line of which the plugin says otherwise.
fn answers_differ(said: &Answers, now: &Answers) -> String {
    let numbers = said.lines.iter().chain(&now.lines).map(|(line_no, _)| line_no);
    let first = numbers.into_iter().find(|line_no| said.of(line_no) != now.of(line_no));
    let line_no = first.map_or_else(String::new, ToString::to_string);
    let of = |answers: &Answers| {
        first.and_then(|line_no| answers.of(line_no)).map_or("nothing".to_owned(), Answer::in_words)
    };
    format!("line {line_no}: {} said {}, and says {} now", said.by.name, of(said), of(now))
}
