//! The plugins of a program's versions in a run: who answers for them, and what was said.
//!
//! Owns the difference between a live plugin and the answers that a past run took in. Both go the
//! same way into the outcomes. Refuses to find or load a library, which [`crate::plugins`] does, and
//! to go on without an answer where the terms want one.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};
use feebook_kernel::{Effect, Line, Outcome, Rate};
use feebook_plugin::Refusal;
use feebook_plugin::exchange::{Batch, Instance, LineInput, OrderInput};
use feebook_schedule::zone::Month;
use feebook_schedule::{Program, Version};

use crate::answers::{Answer, AnsweredBy, Answers};
use crate::error::{Error, Result};
use crate::ledger::CountingLine;
use crate::plugins::{self, Plugins, Started};
use crate::words::{Word, Words};

/// Who answers for the plugins.
#[derive(Debug, Default)]
pub(super) enum Answering {
    /// Nobody: an order under a version with a plugin cannot be evaluated.
    #[default]
    Nobody,
    /// The plugins themselves.
    Live(Live),
    /// A past run's answers to one order.
    Stored(Answers),
}

/// Plugins at work.
#[derive(Debug)]
pub(super) struct Live {
    source: Arc<dyn Plugins>,
    /// Each answers twice, and the answers are compared.
    twice: bool,
    running: Vec<Running>,
    /// Those that could not be started, and why: to try again for each order would read the file again.
    refused: Vec<(Serves, Refusal)>,
    /// Which of them serves, by the version's place among the program's and the day: to look for the
    /// build among all costs more than a call.
    serving: BTreeMap<(usize, NaiveDate), usize>,
    /// What was asked for last.
    last: Option<((usize, NaiveDate), usize)>,
}

/// A version's place among the program's, and the day from which the build serves.
type Serves = (usize, Option<NaiveDate>);

/// A plugin at work for one version.
#[derive(Debug)]
pub(super) struct Running {
    serves: Serves,
    pub(super) by: Arc<AnsweredBy>,
    instance: Instance,
    batch: Batch,
    twice: bool,
}

/// An order between the kernel's two passes.
pub(super) struct Asked<'a> {
    pub(super) version: &'a Version,
    /// The instant that governs, and its day.
    pub(super) at: i64,
    pub(super) day: NaiveDate,
    /// What the plugin is told of earlier periods.
    pub(super) figures: &'a [Option<i64>],
    pub(super) facts: &'a [CountingLine<'a>],
    pub(super) lines: &'a [Line],
    pub(super) words: &'a Words,
}

impl Live {
    pub(super) fn new(source: Arc<dyn Plugins>) -> Self {
        Self {
            source,
            twice: false,
            running: Vec::new(),
            refused: Vec::new(),
            serving: BTreeMap::new(),
            last: None,
        }
    }

    /// The same source, with nothing started yet.
    pub(super) fn anew(&self) -> Self {
        Self { twice: self.twice, ..Self::new(Arc::clone(&self.source)) }
    }

    pub(super) fn twice(&mut self) {
        self.twice = true;
    }

    /// Returns the plugin of a version, the build that serves orders of a day; started, unless it was;
    /// none where the version names none.
    pub(super) fn plugin(
        &mut self,
        program: &Program,
        index: usize,
        day: NaiveDate,
    ) -> Result<Option<&mut Running>> {
        let key = (index, day);
        let known = self.last.filter(|(last, _)| *last == key).map(|(_, at)| at);
        let at = if let Some(at) = known.or_else(|| self.serving.get(&key).copied()) {
            at
        } else {
            let Some(at) = self.find(program, index, day)? else { return Ok(None) };
            self.serving.insert(key, at);
            at
        };
        self.last = Some((key, at));
        Ok(self.running.get_mut(at))
    }

    /// The digest of the build that was refused when it was set up for a version and a day.
    pub(super) fn refused_build(
        &self,
        program: &Program,
        index: usize,
        day: NaiveDate,
    ) -> Option<[u8; 32]> {
        let serves = serves(program, index, day)?;
        let known = self.refused.iter().find(|(refused, _)| *refused == serves);
        known.and_then(|(_, refusal)| refusal.build())
    }

    /// The place of the plugin that serves a version on a day; started, unless it was.
    fn find(&mut self, program: &Program, index: usize, day: NaiveDate) -> Result<Option<usize>> {
        let Some(serves) = serves(program, index, day) else { return Ok(None) };
        let version = &program.versions()[index];
        let day = serving_day(version, day);
        if let Some(at) = self.running.iter().position(|running| running.serves == serves) {
            return Ok(Some(at));
        }
        let known = self.refused.iter().find(|(refused, _)| *refused == serves);
        if let Some((_, refusal)) = known {
            return Err(plugins::refused(refusal, version, day));
        }
        match plugins::begin(self.source.as_ref(), program, version, day)? {
            None => Ok(None),
            Some(Ok(started)) => {
                self.running.push(Running::of(serves, started, self.twice));
                Ok(Some(self.running.len() - 1))
            }
            Some(Err(refusal)) => {
                let told = plugins::refused(&refusal, version, day);
                self.refused.push((serves, refusal));
                Err(told)
            }
        }
    }
}

/// In a what-if a version prices orders of before its time: by the build of its first day.
fn serving_day(version: &Version, day: NaiveDate) -> NaiveDate {
    version.named_day().map_or(day, |first| day.max(first))
}

/// What serves a version on a day; none where it names no plugin.
fn serves(program: &Program, index: usize, day: NaiveDate) -> Option<Serves> {
    let version = &program.versions()[index];
    let builds = program.plugin_builds(&version.plugin()?.name, serving_day(version, day));
    Some((index, builds.last().map(|build| build.from)))
}

impl Running {
    fn of(serves: Serves, started: Started, twice: bool) -> Self {
        let Started { instance, by } = started;
        let batch = instance.batch();
        Self { serves, by: Arc::new(by), instance, batch, twice }
    }

    /// Asks the plugin about an order.
    pub(super) fn ask(&mut self, asked: &Asked<'_>, outcomes: &[Outcome]) -> Result<Answers> {
        let Self { by, instance, batch, twice, .. } = self;
        batch.clear();
        batch.order(&OrderInput {
            at: asked.at,
            day: asked.day.num_days_from_ce(),
            month: Month::of(asked.day).index(),
            day_of_month: asked.day.day(),
            figures: asked.figures,
        });
        let rates = asked.version.terms().rates;
        let with_texts = batch.has_texts();
        let lines = asked.facts.iter().zip(asked.lines.iter().zip(outcomes));
        for (counting, (line, outcome)) in lines {
            let rate = line.rate.and_then(|entry| rates.get(usize::from(entry)));
            let mut input = line_input(counting, line, outcome, rate == Some(&Rate::Plugin));
            if with_texts {
                add_texts(&mut input, counting, asked.words);
            }
            batch.line(&input);
        }
        let called = if *twice { instance.call_twice(batch) } else { instance.call(batch) };
        called.map_err(|refusal| refused(&refusal, by, asked))?;
        if batch.is_silent() {
            return Ok(Answers { by: Arc::clone(by), lines: Vec::new() });
        }
        let said = asked.facts.iter().enumerate().filter_map(|(index, line)| {
            let answer = answer(batch, index);
            (!answer.is_silent()).then(|| (line.revision.fact.line_no.clone(), answer))
        });
        let lines = said.collect();
        Ok(Answers { by: Arc::clone(by), lines })
    }
}

/// Puts what was said of an order's lines into their outcomes, between the kernel's two passes.
pub(super) fn take_in(
    answers: &Answers,
    facts: &[CountingLine<'_>],
    lines: &[Line],
    outcomes: &mut [Outcome],
) {
    if answers.lines.is_empty() {
        return;
    }
    for (counting, (line, outcome)) in facts.iter().zip(lines.iter().zip(outcomes)) {
        let Some(answer) = answers.of(&counting.revision.fact.line_no) else { continue };
        // Of a line that something refuses the kernel takes nothing, whatever was said.
        if let Some(commission) = answer.commission {
            let _ = outcome.set_commission(commission);
        }
        match answer.incentive {
            Some(incentive) => outcome.incentive = incentive,
            // What a flag withholds need not be known.
            None if outcome.computed && withholds_bonus(line) => {}
            None => {
                let _ = outcome.leave_open();
            }
        }
    }
}

fn withholds_bonus(line: &Line) -> bool {
    line.flag.is_some_and(|flag| flag.effect == Effect::WithholdBonus)
}

/// What a plugin said of a line of the batch.
fn answer(batch: &Batch, index: usize) -> Answer {
    let said = batch.said(index);
    Answer {
        commission: said.commission,
        incentive: said.incentive,
        reason: said.reason.map(str::to_owned),
    }
}

fn line_input<'l>(
    counting: &CountingLine<'_>,
    line: &'l Line,
    outcome: &'l Outcome,
    by_plugin: bool,
) -> LineInput<'l> {
    let fact = &counting.revision.fact;
    LineInput {
        new_buyer: fact.new_buyer,
        hot: fact.hot,
        affiliate: fact.affiliate,
        coupon: fact.coupon,
        ..LineInput::new(line, outcome, by_plugin)
    }
}

fn add_texts<'l>(input: &mut LineInput<'l>, counting: &'l CountingLine<'_>, words: &'l Words) {
    let fact = &counting.revision.fact;
    let text = |word: Option<Word>| word.map(|word| words.text(word));
    input.category = text(fact.category);
    input.ship_to = text(fact.ship_to);
    input.placement = text(counting.placement());
    input.sub_id = fact.sub_id.as_deref();
    input.product = match &fact.product {
        Some(product) => Some(product),
        None => None,
    };
}

/// Names the plugin, the order, and the line if it is about one.
fn refused(refusal: &Refusal, by: &AnsweredBy, asked: &Asked<'_>) -> Error {
    let line = refusal.line().and_then(|index| asked.facts.get(index)).or(asked.facts.first());
    let about = line.map_or_else(String::new, |line| {
        let fact = &line.revision.fact;
        match refusal.line() {
            Some(_) => format!("order {}, line {}", fact.order_no, fact.line_no),
            None => format!("order {}", fact.order_no),
        }
    });
    plugins::refused_in_run(refusal, by, asked.version, &about)
}
