//! One order, step by step: the same evaluation as a recompute, with an observer that records.
//!
//! Owns the sentences. Each step names the place and the clause it rests on and what of it is
//! assumed; the amounts of a line's steps sum to what the line earns. Refuses to compute.

mod asked;
mod phrases;

use std::fmt::Write as _;

use chrono::NaiveDate;
use feebook_kernel::{
    BasisSource, CapScope, Decided, FeeCountry, Line, Minor, Observer, Outcome, Reason, Step,
    Verdict,
};
use feebook_schedule::diagnostic::Place;
use feebook_schedule::iso::{Currency, percent, written};
use feebook_schedule::{Entry, FxOn, List, Matching, Program, Version, zone};

pub(crate) use self::asked::program_of;
pub use self::asked::{Explainer, explain};
use self::phrases::{dated_fact, duration, in_brackets, rounding_words};
use crate::answers::Answer;
use crate::correction;
use crate::error::Result;
use crate::exchange::RateUsed;
use crate::fact::{LineFact, No};
use crate::ledger::{CountingLine, Ledger, OrderRecord, RunId};
use crate::postings::Posting;
use crate::run::{Covering, Evaluator};
use crate::standing::{Circumstances, Flag};
use crate::words::{Word, Words};

/// An order explained.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The program.
    pub program: String,
    /// The order.
    pub order_no: No,
    /// The run whose facts and terms these are; none for an order that no run has seen, which is
    /// shown as the next recompute would find it.
    pub run_id: Option<RunId>,
    /// What is known of the order, or its terms, changed since: it waits for a recompute.
    pub stale: bool,
    /// The currency of the amounts; none where no version governs.
    pub currency: Option<Currency>,
    /// Decimals of the amounts.
    pub decimals: u32,
    /// The version's name; none where none governs.
    pub schedule: Option<String>,
    /// How the version was found, before any line is looked at.
    pub order_steps: Vec<ExplainedStep>,
    /// The lines in order of their numbers.
    pub lines: Vec<ExplainedLine>,
    /// What the runs posted for it.
    pub postings: Vec<Posting>,
}

impl Explanation {
    /// Returns what the order earns over the lines of which that can be said, in minor units.
    pub fn total(&self) -> i64 {
        self.lines.iter().filter_map(|line| line.total).sum()
    }
}

/// A line explained.
#[derive(Clone, Debug)]
pub struct ExplainedLine {
    /// The line.
    pub line_no: No,
    /// The state, and the network's own word for it.
    pub status: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The reason: the exclusion's own name, else the kernel's word.
    pub reason: String,
    /// The steps.
    pub steps: Vec<ExplainedStep>,
    /// What the line earns in minor units; none where that cannot be said.
    pub total: Option<i64>,
}

/// One step.
#[derive(Clone, Debug, Default)]
pub struct ExplainedStep {
    /// What was done, in words and figures.
    pub text: String,
    /// What the step adds to what the line earns, in minor units; none for a step that only
    /// decides.
    pub amount: Option<i64>,
    /// The clause it rests on.
    pub clause: Option<String>,
    /// Where that is written.
    pub place: Option<Place>,
    /// What of it is assumed: the key and a word why.
    pub assumed: Vec<(String, String)>,
}

/// Records the steps of an evaluation.
#[derive(Debug, Default)]
struct Trail {
    steps: Vec<(usize, Step)>,
}

impl Observer for Trail {
    fn step(&mut self, line: usize, step: Step) {
        self.steps.push((line, step));
    }
}

/// Explains an order by the facts and the evaluator at hand; nothing of what was posted for it.
pub(crate) fn explain_as(
    ledger: &Ledger,
    evaluator: &mut Evaluator,
    order: &OrderRecord,
    facts: &[CountingLine<'_>],
) -> Result<Explanation> {
    let words = ledger.words();
    let mut trail = Trail::default();
    let evaluated = evaluator.evaluate(facts, ledger, &mut trail)?;
    let (covering, governing_at) = (evaluated.covering.clone(), evaluated.governing_at);
    let (kernel_lines, outcomes) = (evaluated.lines.to_vec(), evaluated.outcomes.to_vec());
    let answers = evaluated.answers.cloned();
    let mut lines = Vec::new();
    for (index, fact) in facts.iter().enumerate() {
        let matching =
            evaluator.matching_of(&covering, governing_at, facts, index, ledger)?.cloned();
        let Some((line, outcome)) = kernel_lines.get(index).zip(outcomes.get(index)) else {
            continue;
        };
        let teller = Teller {
            program: evaluator.program(),
            version: evaluator.version(&covering),
            deciding: evaluator.deciding_version(&covering, fact, outcome),
            fact: &fact.revision.fact,
            counting: fact,
            around: governing_at.map(|at| evaluator.circumstances(fact, at, words)),
            line,
            outcome,
            matching: matching.as_ref(),
            corrections: correction::of_line(ledger, fact, evaluator.version(&covering))?,
            exchange: exchange(ledger, evaluator, &covering, governing_at, fact)?,
            answer: answers.as_ref().and_then(|answers| answers.of(&fact.revision.fact.line_no)),
            words,
        };
        let steps = trail.steps.iter().filter(|(at, _)| *at == index).map(|(_, step)| step);
        lines.push(teller.explained(steps));
    }
    // What a plugin is not told is looked for only where it left something open: it takes a scan.
    let open = answers.is_some() && outcomes.iter().any(|o| o.reason == Reason::PluginSilent);
    let not_told = if open { evaluator.not_told(facts, ledger)? } else { Vec::new() };
    let version = evaluator.version(&covering);
    let fallback = evaluator.program().versions().last();
    let currency = version.map(Version::currency);
    let decimals = version.or(fallback).map_or(2, |version| version.currency().decimals());
    let mut order_steps = order_steps(evaluator.program(), version, &covering, governing_at);
    order_steps.extend(answers.iter().map(|answers| ExplainedStep {
        text: answers.by.in_words(),
        place: version.and_then(|version| version.place_of("plugin")).cloned(),
        assumed: version.map_or_else(Vec::new, |version| assumed(version, &["plugin"])),
        ..ExplainedStep::default()
    }));
    order_steps.extend(not_told.into_iter().map(|text| ExplainedStep {
        text,
        place: version.and_then(|version| version.place_of("plugin")).cloned(),
        ..ExplainedStep::default()
    }));
    Ok(Explanation {
        program: evaluator.program().id().to_owned(),
        order_no: order.order_no.clone(),
        run_id: None,
        stale: false,
        currency,
        decimals,
        schedule: version.map(|version| version.id().to_owned()),
        order_steps,
        lines,
        postings: Vec::new(),
    })
}

/// How the version was found.
fn order_steps(
    program: &Program,
    version: Option<&Version>,
    covering: &Covering,
    governing_at: Option<i64>,
) -> Vec<ExplainedStep> {
    let governed_by = program.governed_by().word();
    let text = match governing_at {
        Some(at) => format!("{governed_by} at {}", zone::written(program.zone(), at)),
        None => format!("no line has the instant it is governed by ({governed_by})"),
    };
    let instant = ExplainedStep {
        text,
        place: program.place_of("governed_by").cloned(),
        assumed: assumed_of_program(program, &["governed_by", "timezone"]),
        ..ExplainedStep::default()
    };
    let found = match (covering, version) {
        (Covering::Uncovered(no_cover), _) => {
            ExplainedStep { text: format!("no terms in force: {no_cover}"), ..Default::default() }
        }
        (Covering::NoTerms, _) => {
            let text = "no terms of the program are known".to_owned();
            return vec![ExplainedStep { text, ..Default::default() }];
        }
        (_, Some(version)) => version_step(program, version),
        (_, None) => return vec![instant],
    };
    vec![instant, found]
}

fn version_step(program: &Program, version: &Version) -> ExplainedStep {
    let start = zone::written(program.zone(), version.start());
    let until = version
        .end()
        .map_or_else(String::new, |end| format!(" until {}", zone::written(program.zone(), end)));
    let status = version.status().map_or_else(String::new, |status| format!(", {}", status.word()));
    ExplainedStep {
        text: format!("version {} in force since {start}{until}{status}", version.id()),
        place: version.place_of("effective_on").or(version.place_of("effective_at")).cloned(),
        assumed: assumed(version, &["effective_on", "effective_at"]),
        ..ExplainedStep::default()
    }
}

fn assumed_of_program(program: &Program, keys: &[&str]) -> Vec<(String, String)> {
    keys.iter()
        .filter_map(|key| program.assumed().iter().find(|assumed| assumed.key == *key))
        .map(|assumed| (assumed.key.clone(), assumed.why.clone()))
        .collect()
}

fn assumed(version: &Version, keys: &[&str]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for key in keys {
        if let Some(assumed) = version.assumption(key)
            && found.iter().all(|(known, _)| *known != assumed.key)
        {
            found.push((assumed.key.clone(), assumed.why.clone()));
        }
    }
    found
}

/// What is known of the rate that a line's amounts need.
struct Exchanged {
    /// The day whose rate holds; none where it has not come, or the terms name none.
    on: Option<NaiveDate>,
    /// The rate.
    used: Option<RateUsed>,
}

fn exchange(
    ledger: &Ledger,
    evaluator: &Evaluator,
    covering: &Covering,
    governing_at: Option<i64>,
    line: &CountingLine<'_>,
) -> Result<Option<Exchanged>> {
    let (Some(version), Some(at)) = (evaluator.version(covering), governing_at) else {
        return Ok(None);
    };
    let used = evaluator.exchanged_by(version, at, line, ledger)?;
    let on = evaluator.fx_day(version, evaluator.program().day(at), line);
    Ok(Some(Exchanged { on, used }))
}

/// The day whose rate holds, in words.
const fn fx_day_words(fx_on: FxOn) -> &'static str {
    match fx_on {
        FxOn::Governing => "its governing day",
        FxOn::Settled => "the day of settlement",
        FxOn::PaidOut => "the day of payout",
    }
}

/// Tells the steps of one line.
struct Teller<'t> {
    program: &'t Program,
    version: Option<&'t Version>,
    /// The version whose entry or policy decided: another one for a late order.
    deciding: Option<&'t Version>,
    fact: &'t LineFact,
    counting: &'t CountingLine<'t>,
    /// What bears on the line beside its report; none where no instant governs.
    around: Option<Circumstances<'t>>,
    line: &'t Line,
    outcome: &'t Outcome,
    matching: Option<&'t Matching>,
    /// What corrects the line, or what the row would correct.
    corrections: Vec<String>,
    /// The rate of exchange of a line whose amounts are in another currency.
    exchange: Option<Exchanged>,
    /// What the plugin said of the line.
    answer: Option<&'t Answer>,
    words: &'t Words,
}

impl Teller<'_> {
    fn explained<'s>(&self, steps: impl Iterator<Item = &'s Step>) -> ExplainedLine {
        let mut told: Vec<ExplainedStep> = Vec::new();
        let mut verdict_step = None;
        for step in steps {
            match step {
                Step::Verdict { .. } => verdict_step = Some(self.verdict()),
                _ => told.extend(self.step(step)),
            }
        }
        if !self.outcome.is_known() {
            // What an entry gives is no part of an amount that cannot be said.
            for step in &mut told {
                step.amount = None;
            }
        }
        // A verdict that refuses stands before what could still be said of the line.
        if let Some(step) = verdict_step {
            told.insert(0, step);
        }
        told.splice(0..0, self.beside());
        told.extend(self.unheeded());
        if self.outcome.verdict != Verdict::Excluded {
            told.extend(self.other_exclusions(None));
        }
        ExplainedLine {
            line_no: self.fact.line_no.clone(),
            status: self.status(),
            verdict: self.outcome.verdict,
            reason: self.reason(),
            steps: told,
            total: self.outcome.is_known().then(|| self.outcome.total()),
        }
    }

    /// What is known of the line beside its report: the click of our own log, flags, marks, the
    /// kind of placement and the account's channel.
    fn beside(&self) -> Vec<ExplainedStep> {
        let told = |text: String| ExplainedStep { text, ..ExplainedStep::default() };
        let mut steps: Vec<ExplainedStep> = self.corrections.iter().cloned().map(told).collect();
        steps.extend(self.exchange());
        steps.extend(self.own_click().map(told));
        let Some(around) = &self.around else { return steps };
        steps.extend(around.flags.iter().map(|flag| told(self.flag(flag))));
        let dated = around.marks.iter().copied().chain(around.placement_kind).chain(around.channel);
        steps.extend(dated.map(|fact| told(dated_fact(fact))));
        steps
    }

    /// The rate by which the amounts of the report became amounts of the terms.
    fn exchange(&self) -> Option<ExplainedStep> {
        let (version, exchange) = (self.version?, self.exchange.as_ref()?);
        let (used, on) = (exchange.used.as_ref()?, exchange.on?);
        let day = fx_day_words(version.fx_on()?);
        Some(ExplainedStep {
            text: format!(
                "its amounts are in {}, exchanged each by the rate of {day}, {on}: {}",
                used.from,
                used.in_words()
            ),
            place: version.place_of("policy.fx_on").cloned(),
            assumed: assumed(version, &["policy.fx_on"]),
            ..ExplainedStep::default()
        })
    }

    /// Why no rate of exchange is known.
    fn no_exchange_rate(&self) -> String {
        let amounts = self.currency(self.fact.amount_currency.or(self.fact.currency));
        let fx_on = self.version.and_then(Version::fx_on);
        let on = self.exchange.as_ref().and_then(|exchange| exchange.on);
        let why = match (fx_on, on) {
            (None, _) => {
                "and the terms do not say which day's rate holds (policy.fx_on)".to_owned()
            }
            (Some(fx_on), None) => {
                format!("and {} has not come, whose rate holds", fx_day_words(fx_on))
            }
            (Some(_), Some(on)) => {
                format!("and no exchange rate is known for {on} or the week before")
            }
        };
        format!("its amounts are in {amounts} {why}")
    }

    fn own_click(&self) -> Option<String> {
        let click = self.counting.own_click?;
        let at = zone::written(self.program.zone(), click.at);
        let sub_id = self.fact.sub_id.as_deref().unwrap_or_default();
        let import = click.import_id;
        Some(format!("our own last click of sub-id {sub_id} before it, at {at} (import {import})"))
    }

    /// A flag in words, with what it does here.
    fn flag(&self, flag: &Flag) -> String {
        let by_terms = || {
            let (version, matching) = self.version.zip(self.matching)?;
            version.flagged(&flag.kind, matching).map(|flagged| flagged.effect.word())
        };
        let effect = match (flag.effect, by_terms()) {
            (Some(decided), _) => {
                format!("{}, by the program's own decision", decided.word())
            }
            (None, Some(effect)) => format!("{effect} by the terms"),
            (None, None) => "which no entry of the terms gives an effect here".to_owned(),
        };
        let who = flag.who.as_ref().map_or_else(String::new, |who| format!(" by {who}"));
        let (id, kind, on, reason) = (flag.id, &flag.kind, flag.flagged_on, &flag.reason);
        format!("flag {id} of {on}{who}: {kind}, {effect} ({reason})")
    }

    fn status(&self) -> String {
        if self.counting.is_alone() {
            return correction::WAITING.to_owned();
        }
        let state = self.fact.state.word();
        match self.fact.status_word {
            Some(word) if self.words.text(word) != state => {
                format!("{state} (\"{}\")", self.words.text(word))
            }
            _ => state.to_owned(),
        }
    }

    fn reason(&self) -> String {
        match (self.outcome.decided, self.version) {
            (Decided::Exclude(at), Some(version)) => version
                .excludes()
                .get(usize::from(at))
                .map_or_else(String::new, |entry| entry.label.clone()),
            (Decided::Flag(Some(at)), Some(version)) => version
                .flags()
                .get(usize::from(at))
                .map_or_else(String::new, |entry| entry.label.clone()),
            _ => self.outcome.reason.word().to_owned(),
        }
    }

    fn money(&self, minor: i64) -> String {
        written(minor, self.version.map_or(2, |version| version.currency().decimals()))
    }

    fn amount(&self, minor: Minor) -> String {
        self.money(minor.get())
    }

    /// The verdict with what decided it.
    fn verdict(&self) -> ExplainedStep {
        let decided = self.outcome.decided;
        let mut keys: Vec<String> = Vec::new();
        if let (Some(version), Decided::Exclude(at)) = (self.version, decided) {
            keys.push("exclude".to_owned());
            keys.extend(group_keys(version.excludes().get(usize::from(at))));
        }
        if self.outcome.verdict == Verdict::OutsideWindow {
            keys.push("policy.attribution_window".to_owned());
        }
        let mut text = format!("{}: {}", self.outcome.verdict.word(), self.why());
        if let Decided::Exclude(at) = decided {
            for other in self.other_exclusions(Some(at)) {
                let _ = write!(text, "; {}", other.text);
            }
        }
        // The rate's own step cites the entry; a verdict that earns does not repeat it.
        let refuses = self.outcome.verdict != Verdict::Commissionable;
        let version = self.deciding.filter(|_| refuses);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        ExplainedStep {
            text,
            amount: None,
            clause: version.and_then(|v| v.clause(decided)).map(str::to_owned),
            place: version.and_then(|v| v.place(decided)).cloned(),
            assumed: self.deciding.map_or_else(Vec::new, |version| assumed(version, &keys)),
        }
    }

    /// The exclusions that hold beside the one that decided.
    fn other_exclusions(&self, decided: Option<u16>) -> Vec<ExplainedStep> {
        let (Some(version), Some(matching)) = (self.version, self.matching) else {
            return Vec::new();
        };
        matching
            .exclusions()
            .filter(|at| Some(*at) != decided)
            .filter_map(|at| version.excludes().get(usize::from(at)))
            .map(|entry| ExplainedStep {
                text: format!("{}{} holds as well", entry.label, in_brackets(&entry.words)),
                clause: entry.clause.clone(),
                place: Some(entry.place.clone()),
                ..ExplainedStep::default()
            })
            .chain(self.other_currency(version))
            .collect()
    }

    /// The exclusion of what is paid in another currency, where it did not decide.
    fn other_currency(&self, version: &Version) -> Option<ExplainedStep> {
        let holds = self.line.paid_in_other_currency && self.outcome.decided != Decided::Currency;
        let clause = version.clause(Decided::Currency);
        let cited = clause.map_or_else(String::new, |clause| format!(" (clause {clause})"));
        holds.then(|| ExplainedStep {
            text: format!("paid in {}{cited} holds as well", self.currency(self.fact.currency)),
            place: version.place(Decided::Currency).cloned(),
            ..ExplainedStep::default()
        })
    }

    fn currency(&self, word: Option<Word>) -> &str {
        word.map_or("an unknown currency", |word| self.words.text(word))
    }

    /// One sentence for the reason behind the verdict.
    fn why(&self) -> String {
        let entry = self.deciding_entry();
        let words = entry.map_or("", |entry| entry.words.as_str());
        if self.outcome.verdict == Verdict::Held {
            return format!("flagged {}", self.reason());
        }
        match self.outcome.reason {
            Reason::NoCover => "no version of the terms covers its day".to_owned(),
            Reason::Declined => "the network declined the line".to_owned(),
            Reason::Reversed if self.counting.is_alone() => {
                "it corrects a line that is not there".to_owned()
            }
            Reason::Reversed => "the network took the line back".to_owned(),
            Reason::FullyRefunded => {
                format!("all of it was refunded, {}", self.amount(self.line.refunded))
            }
            Reason::Flag => format!("flagged {}", self.reason()),
            Reason::LateOrder => self.late_order(),
            Reason::ExcludeEntry => format!("{}{}", self.reason(), in_brackets(words)),
            Reason::PaidCurrency => format!("paid in {}", self.currency(self.fact.currency)),
            Reason::NotYetGoverned => format!(
                "no line of the order reports `{}_at`, which picks the terms of this program",
                self.program.governed_by().word()
            ),
            Reason::NoTerms => format!(
                "there are no terms of `{}`; once there are, map it in feebook.toml and import \
                 the report again",
                self.program.id()
            ),
            Reason::NoExchangeRate => self.no_exchange_rate(),
            Reason::NoAmount => "the report has no amount that the basis can use".to_owned(),
            Reason::MissingFact => self.missing_fact(),
            Reason::NoRate => "no rate entry matches".to_owned(),
            Reason::RateLost => "the terms had a rate here, and it is lost".to_owned(),
            Reason::BandWithoutReport => {
                "the seller sets the rate and the report has none".to_owned()
            }
            Reason::BandExceeded => self.band_exceeded(),
            Reason::PluginSilent => {
                "the schedule's plugin does not say what the line earns".to_owned()
            }
            Reason::Plugin => {
                let on = if words.is_empty() { "all lines" } else { words };
                format!("the rate is set by the plugin, for {on}")
            }
            Reason::Percent | Reason::Flat | Reason::BandReported => {
                let label = entry.map_or("", |entry| entry.label.as_str());
                let on = if words.is_empty() { "all lines" } else { words };
                format!("rate {label} for {on}")
            }
        }
    }

    fn deciding_entry(&self) -> Option<&Entry> {
        let version = self.version?;
        match self.outcome.decided {
            Decided::Exclude(at) => version.excludes().get(usize::from(at)),
            Decided::Rate(at) => version.rates().get(usize::from(at)),
            Decided::Flag(Some(at)) => version.flags().get(usize::from(at)),
            _ => None,
        }
    }

    fn late_order(&self) -> String {
        let clicked = self.counting.clicked_at().map_or_else(String::new, |at| {
            format!(" at {}", zone::written(self.program.zone(), at))
        });
        format!(
            "ordered {} after the click{clicked}, the window is {}",
            duration(self.line.lag.unwrap_or(0)),
            duration(self.line.window.unwrap_or(0))
        )
    }

    fn band_exceeded(&self) -> String {
        let label = self.deciding_entry().map_or("", |entry| entry.label.as_str());
        let band = label.strip_prefix("band ").unwrap_or(label);
        let reported = self.line.reported_rate.map_or_else(String::new, percent);
        format!("the seller's band is {band}, the reported rate {reported}")
    }

    fn missing_fact(&self) -> String {
        let (Some(version), Some(matching)) = (self.version, self.matching) else {
            return "a fact is missing".to_owned();
        };
        let Some(at) = self.line.undecided else { return "a fact is missing".to_owned() };
        let missing: Vec<&str> = matching
            .missing_facts(List::Rate, at)
            .into_iter()
            .map(feebook_schedule::Dimension::name)
            .collect();
        let label = version
            .rates()
            .get(usize::from(at))
            .map_or_else(String::new, |entry| format!("{} for {}", entry.label, entry.words));
        format!("`{}` is missing, and the rate {label} might apply", missing.join("`, `"))
    }

    fn step(&self, step: &Step) -> Option<ExplainedStep> {
        let version = self.version?;
        Some(match *step {
            Step::Verdict { .. } => return None,
            Step::Basis { .. } => self.basis(version, step),
            Step::Commission { entry, rate, commission } => {
                let basis = self.outcome.basis.unwrap_or(Minor::ZERO);
                let shadowed = self.shadowed(version);
                let text = match rate {
                    Some(rate) => format!(
                        "{} of {}, {}{shadowed}",
                        percent(rate),
                        self.amount(basis),
                        rounding_words(version.terms().rounding)
                    ),
                    None if self.outcome.reason == Reason::Plugin => {
                        let text = "commission set by the schedule's plugin";
                        self.by_plugin(&(text.to_owned() + &shadowed))
                    }
                    None => format!("flat amount per line{shadowed}"),
                };
                let keys = with_groups(
                    &["rate", "policy.rounding"],
                    version.rates().get(usize::from(entry)),
                );
                earned(version, Decided::Rate(entry), text, commission, &keys)
            }
            Step::Bonus { entry, bonus } => {
                let entry = version.bonuses().get(usize::from(entry));
                let words = entry.map_or("", |entry| entry.words.as_str());
                let keys = with_groups(&["bonus"], entry);
                ExplainedStep {
                    text: format!("bonus, once for the order{}", in_brackets(words)),
                    amount: Some(bonus.get()),
                    clause: entry.and_then(|entry| entry.clause.clone()),
                    place: entry.map(|entry| entry.place.clone()),
                    assumed: assumed_owned(version, &keys),
                }
            }
            Step::Incentive { incentive } => ExplainedStep {
                text: self.by_plugin("incentive of the schedule's plugin"),
                amount: Some(incentive.get()),
                place: version.place_of("plugin").cloned(),
                ..ExplainedStep::default()
            },
            Step::Cap { .. } => self.cap(version, step),
            Step::CapMightBite => ExplainedStep {
                text: "the cap might bite further: what this line earns is not known".to_owned(),
                place: version.cap_place().cloned(),
                clause: version.cap_clause().map(str::to_owned),
                ..ExplainedStep::default()
            },
        })
    }

    /// A step of the plugin's, with its reason.
    fn by_plugin(&self, text: &str) -> String {
        match self.answer.and_then(|answer| answer.reason.as_ref()) {
            Some(reason) => format!("{text}: {reason}"),
            None => text.to_owned(),
        }
    }

    /// What the plugin said of a line that came to nothing: an incentive that is not given, a reason
    /// for saying no more.
    fn unheeded(&self) -> Option<ExplainedStep> {
        let (answer, version) = self.answer.zip(self.version)?;
        let commission = answer.commission.filter(|_| self.outcome.reason != Reason::Plugin);
        let incentive = answer.incentive.filter(|told| *told != self.outcome.incentive);
        let of = |what: &str, amount: Minor| format!("{what} of {}", self.amount(amount));
        let unheeded: Vec<String> = commission
            .map(|amount| of("commission", amount))
            .into_iter()
            .chain(incentive.map(|amount| of("incentive", amount)))
            .collect();
        let heeded = answer.commission.is_some() || answer.incentive > Some(Minor::ZERO);
        let open = answer.incentive.is_none();
        let text = match (unheeded.is_empty(), heeded) {
            // Of a line that something else refuses it matters to nobody.
            (true, false) if open && self.outcome.reason != Reason::PluginSilent => return None,
            (true, false) if open => {
                self.by_plugin("the schedule's plugin cannot say what the line earns")
            }
            (true, true) => return None,
            (true, false) => self.by_plugin("the schedule's plugin adds nothing"),
            (false, _) => {
                let text = format!("the plugin's {} is not given", unheeded.join(" and "));
                self.by_plugin(&text)
            }
        };
        let place = version.place_of("plugin").cloned();
        Some(ExplainedStep { text, place, ..ExplainedStep::default() })
    }

    /// The rate entries that match as well and were not reached.
    fn shadowed(&self, version: &Version) -> String {
        let Some(matching) = self.matching else { return String::new() };
        let others: Vec<String> = matching
            .rates()
            .skip(1)
            .filter_map(|at| version.rates().get(usize::from(at)))
            .map(|entry| {
                let on = if entry.words.is_empty() { "all lines" } else { &entry.words };
                format!("{} for {on}", entry.label)
            })
            .collect();
        if others.is_empty() {
            return String::new();
        }
        format!(" (before {})", others.join(", "))
    }

    fn basis(&self, version: &Version, step: &Step) -> ExplainedStep {
        let Step::Basis { source, gross, fee, fee_assumed, fee_country, refunded, basis } = *step
        else {
            return ExplainedStep::default();
        };
        let mut text = match source {
            BasisSource::Price if self.line.gross.is_some() => format!(
                "product price x {}, exchanged as one amount: {}",
                self.line.quantity,
                self.amount(gross)
            ),
            BasisSource::Price => format!(
                "product price {} x {}",
                self.amount(self.line.price.unwrap_or(Minor::ZERO)),
                self.line.quantity
            ),
            BasisSource::Paid => format!("paid amount {}", self.amount(gross)),
            BasisSource::Final => format!("final amount {}", self.amount(gross)),
        };
        if fee > Minor::ZERO {
            let assumed = if fee_assumed { " (the greatest, as none is reported)" } else { "" };
            let _ = write!(text, ", less service fee {}{assumed}", self.amount(fee));
        }
        if refunded > Minor::ZERO {
            let _ = write!(text, ", less refunds {}", self.amount(refunded));
        }
        let open = source != BasisSource::Price
            && self.line.service_fee.is_none()
            && fee_country == FeeCountry::Inside;
        let mut keys = vec!["policy.basis".to_owned()];
        if open {
            text +=
                if fee_assumed { "" } else { ", no service fee is reported and none is taken out" };
            keys.push("policy.service_fee.when_unknown".to_owned());
            keys.push("policy.service_fee.ship_to".to_owned());
            keys.extend(version.fee_groups().iter().map(|group| format!("groups.{group}")));
        }
        let clause = if fee > Minor::ZERO || open { "service_fee" } else { "basis" };
        ExplainedStep {
            text: format!("basis {} ({text})", self.amount(basis)),
            amount: None,
            clause: version.policy_clause(clause).map(str::to_owned),
            place: version.place_of(&format!("policy.{clause}")).cloned(),
            assumed: assumed_owned(version, &keys),
        }
    }

    fn cap(&self, version: &Version, step: &Step) -> ExplainedStep {
        let Step::Cap { limit, covered, withheld, line_covered, line_withheld } = *step else {
            return ExplainedStep::default();
        };
        let (covers, per) = version.terms().cap.map_or((String::new(), "order"), |cap| {
            let parts = [
                (cap.covers.commission, "commission"),
                (cap.covers.incentive, "incentive"),
                (cap.covers.bonus, "bonus"),
            ];
            let names: Vec<&str> =
                parts.iter().filter(|(counts, _)| *counts).map(|(_, name)| *name).collect();
            let per = if cap.scope == CapScope::Order { "order" } else { "line" };
            (names.join(" and "), per)
        });
        let text = format!(
            "cap of {} per {per} over {covers}: {} covered, {} withheld, of it {} from this line's {}",
            self.amount(limit),
            self.money(covered),
            self.money(withheld),
            self.amount(line_withheld),
            self.money(line_covered),
        );
        ExplainedStep {
            text,
            amount: Some(-line_withheld.get()),
            clause: version.cap_clause().map(str::to_owned),
            place: version.cap_place().cloned(),
            assumed: assumed(version, &["cap.covers", "cap.scope", "cap.per_order"]),
        }
    }
}

/// A step that adds to what the line earns.
fn earned(
    version: &Version,
    decided: Decided,
    text: String,
    amount: Minor,
    keys: &[String],
) -> ExplainedStep {
    ExplainedStep {
        text,
        amount: Some(amount.get()),
        clause: version.clause(decided).map(str::to_owned),
        place: version.place(decided).cloned(),
        assumed: assumed_owned(version, keys),
    }
}

fn group_keys(entry: Option<&Entry>) -> Vec<String> {
    entry.map_or_else(Vec::new, |entry| {
        entry.groups.iter().map(|group| format!("groups.{group}")).collect()
    })
}

fn with_groups(keys: &[&str], entry: Option<&Entry>) -> Vec<String> {
    let mut all: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    all.extend(group_keys(entry));
    all
}

fn assumed_owned(version: &Version, keys: &[String]) -> Vec<(String, String)> {
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    assumed(version, &keys)
}
