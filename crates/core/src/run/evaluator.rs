//! The evaluation of one order under a book of terms: which version governs, which entries hold,
//! and then the kernel.
//!
//! Owns the step from facts to the kernel's lines. Every mode of the run comes through here.

mod plugin;

use std::cell::Cell;
use std::sync::Arc;

use chrono::NaiveDate;
use feebook_kernel::{
    self as kernel, Decided, Flagged, Line, Minor, Observer, Outcome, Silent, Verdict,
};
use feebook_schedule::zone::Month;
use feebook_schedule::{Book, Classes, Dimension, GovernedBy, Matching, Program, Version, in_use};

use super::beside::Beside;
use super::classes::ClassCache;
use super::covering::{Covering, cover};
use super::figures::{Confirmed, Rated};
use super::plugins::{Answering, Asked as AskedOfPlugin, Live, take_in};
use super::unit::{self, Unit};
use crate::answers::Answers;
use crate::click::OwnClick;
use crate::error::{self, Error, Result};
use crate::exchange::RateUsed;
use crate::fact::LineFact;
use crate::ledger::{Amounts, Components, CountingLine, Ledger, Scan, of_themselves};
use crate::plugins::Plugins;
use crate::standing::{Asked, Circumstances, Flag, Standing};
use crate::words::Words;

/// Evaluates the orders of one program under one book and what was known beside the reports.
#[derive(Debug)]
pub struct Evaluator {
    book: Arc<Book>,
    program: usize,
    standing: Arc<Standing>,
    caches: Vec<ClassCache>,
    matching: Matching,
    lines: Vec<Line>,
    outcomes: Vec<Outcome>,
    /// Who answers for the plugins of the versions.
    answering: Answering,
    /// The highest sequence number of the rates of exchange, and of what earlier periods are made of.
    seq: i64,
    /// What earlier periods come to, once that was asked for.
    confirmed: Option<Arc<Confirmed>>,
    /// What the plugin said of the last evaluated order.
    answers: Option<Answers>,
    /// Words that facts are written in instead of the ledger's: all of its own, and further ones.
    foreign: Option<Arc<Words>>,
    /// The instant that was last placed in the program's zone, and its day there.
    placed: Cell<Option<(i64, NaiveDate)>>,
    /// Scratch for what an order's outcome depends on.
    bytes: Vec<u8>,
}

/// An evaluated order.
#[derive(Debug)]
pub struct Evaluated<'e> {
    /// Which terms govern it.
    pub covering: Covering,
    /// The earliest governing instant of its lines.
    pub governing_at: Option<i64>,
    /// The day that places it in a month.
    pub day: Option<NaiveDate>,
    /// What the kernel was told, line by line.
    pub lines: &'e [Line],
    /// What each line earns.
    pub outcomes: &'e [Outcome],
    /// What the plugin of its version said; none where it has none.
    pub answers: Option<&'e Answers>,
}

impl Evaluated<'_> {
    /// Returns the order's month.
    pub fn month(&self) -> Option<Month> {
        self.day.map(Month::of)
    }

    /// Sums what the lines earn, by state and component.
    pub fn amounts(&self) -> Amounts {
        let mut amounts = Amounts::default();
        for (line, outcome) in self.lines.iter().zip(self.outcomes) {
            let part = if outcome.verdict == Verdict::Held {
                Some(&mut amounts.held)
            } else {
                amounts.of_state(line.state)
            };
            if let Some(part) = part {
                part.add(&components(outcome));
            }
        }
        amounts
    }
}

/// What a line earns by component; none where that cannot be said.
pub(crate) fn known(outcome: &Outcome) -> Option<Components> {
    outcome.is_known().then(|| components(outcome))
}

/// The components of one outcome.
fn components(outcome: &Outcome) -> Components {
    Components {
        commission: outcome.commission.get(),
        incentive: outcome.incentive.get(),
        bonus: outcome.bonus.get(),
        withheld: outcome.withheld.get(),
    }
}

impl Evaluator {
    /// Prepares the evaluation of a program's orders; none when the book has no such program.
    pub fn new(book: &Arc<Book>, program: &str, standing: &Arc<Standing>) -> Option<Self> {
        let index = book.programs().iter().position(|known| known.id() == program)?;
        let versions = book.programs()[index].versions().len();
        Some(Self {
            book: Arc::clone(book),
            program: index,
            standing: Arc::clone(standing),
            caches: (0..versions).map(|_| ClassCache::default()).collect(),
            matching: Matching::new(),
            lines: Vec::new(),
            outcomes: Vec::new(),
            answering: Answering::Nobody,
            seq: i64::MAX,
            confirmed: None,
            answers: None,
            foreign: None,
            placed: Cell::new(None),
            bytes: Vec::new(),
        })
    }

    /// Has the plugins of the versions answer; without any, an order under a version that names one
    /// cannot be evaluated. They are told of earlier periods what was known at a sequence number.
    #[must_use]
    pub fn as_of(mut self, seq: i64, plugins: Option<&Arc<dyn Plugins>>) -> Self {
        self.seq = seq;
        if let Some(plugins) = plugins {
            self.answering = Answering::Live(Live::new(Arc::clone(plugins)));
        }
        self
    }

    /// Evaluates the same orders under another book, by all else that is known here; none when that
    /// book has no such program.
    pub fn under(&self, book: &Arc<Book>) -> Option<Self> {
        let mut other = Self::new(book, self.program().id(), &self.standing)?;
        other.seq = self.seq;
        if let Answering::Live(live) = &self.answering {
            other.answering = Answering::Live(live.anew());
        }
        Some(other)
    }

    /// Has each plugin answer twice, and the same.
    #[must_use]
    pub(super) fn twice(mut self) -> Self {
        if let Answering::Live(live) = &mut self.answering {
            live.twice();
        }
        self
    }

    /// Takes what a past run's plugin said of the order that is evaluated next.
    pub(crate) fn recall(&mut self, answers: Option<Answers>) {
        self.answering = answers.map_or(Answering::Nobody, Answering::Stored);
    }

    /// Whether the version that governs an order names a plugin.
    pub(crate) fn wants_plugin(&self, facts: &[CountingLine<'_>]) -> Result<bool> {
        let covering = self.covering(self.governing_at(facts))?;
        Ok(self.version(&covering).is_some_and(|version| version.plugin().is_some()))
    }

    /// Returns the book.
    pub(crate) fn book(&self) -> &Arc<Book> {
        &self.book
    }

    /// Returns the program.
    pub fn program(&self) -> &Program {
        &self.book.programs()[self.program]
    }

    /// From here on evaluates by what was known at another point of the ledger's time.
    pub(crate) fn know(&mut self, standing: &Arc<Standing>, seq: i64) {
        self.standing = Arc::clone(standing);
        self.seq = seq;
    }

    /// Returns the point of the ledger's time that it evaluates by.
    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }

    /// Returns what was known beside the reports.
    pub fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    /// Returns the version that governs; none where none does.
    pub fn version(&self, covering: &Covering) -> Option<&Version> {
        let Covering::Version(index) = covering else { return None };
        self.program().versions().get(*index)
    }

    /// Returns what the lines of the order earn that was evaluated last.
    pub(crate) fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Returns the version whose entry or policy decided a line: that of the order, but for a line
    /// outside the window that of the click (rule 12).
    pub fn deciding_version(
        &self,
        covering: &Covering,
        line: &CountingLine<'_>,
        outcome: &Outcome,
    ) -> Option<&Version> {
        let version = self.version(covering)?;
        match (outcome.decided, line.clicked_at()) {
            (Decided::Window, Some(at)) => Some(version_of_click(self.program(), version, at)),
            _ => Some(version),
        }
    }

    /// Returns the earliest governing instant of an order's lines (rule 3).
    pub(crate) fn governing_at(&self, facts: &[CountingLine<'_>]) -> Option<i64> {
        let governed_by = self.program().governed_by();
        let instant = |fact: &LineFact| match governed_by {
            GovernedBy::Ordered => fact.ordered_at,
            GovernedBy::Paid => fact.paid_at,
            GovernedBy::Finished => fact.finished_at,
        };
        of_themselves(facts).filter_map(|line| instant(&line.revision.fact)).min()
    }

    /// Returns the governing instant with its day in the program's zone.
    fn governing(&self, facts: &[CountingLine<'_>]) -> Option<Governing> {
        let at = self.governing_at(facts)?;
        Some(Governing { at, day: self.day_of(at) })
    }

    /// Returns the day of an instant in the program's zone. An order is placed several times over.
    fn day_of(&self, at: i64) -> NaiveDate {
        match self.placed.get() {
            Some((known, day)) if known == at => day,
            _ => {
                let day = self.program().day(at);
                self.placed.set(Some((at, day)));
                day
            }
        }
    }

    /// Returns the day that places an order in a month: of its governing instant, else of its
    /// earliest instant, in the program's zone.
    pub fn day(&self, facts: &[CountingLine<'_>]) -> Option<NaiveDate> {
        self.day_with(self.governing(facts), facts)
    }

    fn day_with(
        &self,
        governing: Option<Governing>,
        facts: &[CountingLine<'_>],
    ) -> Option<NaiveDate> {
        let earliest = || of_themselves(facts).flat_map(|line| line.revision.fact.instants()).min();
        let day = governing.map(|governing| governing.day);
        day.or_else(|| earliest().map(|at| self.day_of(at)))
    }

    /// Decides which terms govern an order.
    fn covering(&self, governing_at: Option<i64>) -> Result<Covering> {
        if self.program().versions().is_empty() {
            return Ok(Covering::NoTerms);
        }
        let Some(at) = governing_at else { return Ok(Covering::NotYetGoverned) };
        match self.program().in_force(at) {
            Err(no_cover) => Ok(Covering::Uncovered(no_cover)),
            Ok(version) => {
                let same = |known: &Version| std::ptr::eq(known, version);
                let index = self.program().versions().iter().position(same);
                index.map(Covering::Version).ok_or_else(|| {
                    let id = version.id();
                    Error::new(&error::BROKEN, format!("version {id} is not of its program"))
                })
            }
        }
    }

    /// Evaluates one order. `facts` are the lines that count, in order of their numbers.
    ///
    /// # Errors
    ///
    /// When the version that governs needs a plugin and it cannot be asked, or its answer does not
    /// hold; when the ledger cannot be read for the figures that it is given.
    pub fn evaluate<O: Observer>(
        &mut self,
        facts: &[CountingLine<'_>],
        ledger: &Ledger,
        observer: &mut O,
    ) -> Result<Evaluated<'_>> {
        let governing = self.governing(facts);
        let governing_at = governing.map(|governing| governing.at);
        let covering = self.covering(governing_at)?;
        let day = self.day_with(governing, facts);
        let figures = match &self.answering {
            Answering::Live(_) => self.figures(&covering, governing, facts, ledger)?,
            Answering::Nobody | Answering::Stored(_) => Vec::new(),
        };
        self.classify_order(&covering, governing, facts, ledger)?;
        self.rate(&covering, observer);
        self.answers = match self.under_plugin(&covering, governing) {
            Some((index, governing)) => {
                Some(self.consult(index, governing, (facts, &figures), ledger.words())?)
            }
            None => None,
        };
        if let Some(answers) = &self.answers {
            take_in(answers, facts, &self.lines, &mut self.outcomes);
        }
        let cover = cover(&self.book.programs()[self.program], &covering);
        kernel::settle(cover.kernel(), &self.lines, &mut self.outcomes, observer);
        let answers = self.answers.as_ref();
        let (lines, outcomes) = (self.lines.as_slice(), self.outcomes.as_slice());
        Ok(Evaluated { covering, governing_at, day, lines, outcomes, answers })
    }

    /// The same, of facts with words that the ledger need not have.
    pub(crate) fn evaluate_in<O: Observer>(
        &mut self,
        facts: &[CountingLine<'_>],
        ledger: &Ledger,
        words: Option<&Arc<Words>>,
        observer: &mut O,
    ) -> Result<Evaluated<'_>> {
        self.foreign = words.cloned();
        // Those words begin with all of the ledger's: to keep them changes no other order.
        self.evaluate(facts, ledger, observer)
    }

    /// Returns which terms govern an order, from which instant, and what the kernel is told of its
    /// lines; nothing is priced, and no plugin is asked.
    pub fn classified(
        &mut self,
        facts: &[CountingLine<'_>],
        ledger: &Ledger,
    ) -> Result<(Covering, Option<i64>, &[Line])> {
        let governing = self.governing(facts);
        let governing_at = governing.map(|governing| governing.at);
        let covering = self.covering(governing_at)?;
        self.classify_order(&covering, governing, facts, ledger)?;
        Ok((covering, governing_at, &self.lines))
    }

    /// Makes the kernel's lines of an order.
    fn classify_order(
        &mut self,
        covering: &Covering,
        governing: Option<Governing>,
        facts: &[CountingLine<'_>],
        ledger: &Ledger,
    ) -> Result<()> {
        self.lines.clear();
        if let (Covering::Version(index), Some(at)) = (covering, governing) {
            return self.classify(*index, at, facts, ledger);
        }
        self.lines.extend(facts.iter().map(|line| bare_line(&line.revision.fact)));
        Ok(())
    }

    /// The kernel's first pass over the lines that were made last.
    fn rate<O: Observer>(&mut self, covering: &Covering, observer: &mut O) {
        self.outcomes.clear();
        self.outcomes.resize(self.lines.len(), Outcome::default());
        let cover = cover(&self.book.programs()[self.program], covering);
        kernel::rate(cover.kernel(), &self.lines, &mut self.outcomes, observer);
    }

    /// The version that governs an order and the instant, where that version names a plugin.
    fn under_plugin(
        &self,
        covering: &Covering,
        governing: Option<Governing>,
    ) -> Option<(usize, Governing)> {
        let (Covering::Version(index), Some(governing)) = (covering, governing) else {
            return None;
        };
        self.program().versions()[*index].plugin().map(|_| (*index, governing))
    }

    /// What the plugin of the version that governs is told of earlier periods. All orders are looked
    /// at the first time that anything is asked for; so this comes before an order is classified.
    fn figures(
        &mut self,
        covering: &Covering,
        governing: Option<Governing>,
        facts: &[CountingLine<'_>],
        ledger: &Ledger,
    ) -> Result<Vec<Option<i64>>> {
        let Some((index, Governing { day, .. })) = self.under_plugin(covering, governing) else {
            return Ok(Vec::new());
        };
        let asks = |evaluator: &Self| {
            let plugin = evaluator.program().versions()[index].plugin();
            plugin.is_some_and(|plugin| !plugin.aggregates.is_empty())
        };
        if self.confirmed.is_none() && asks(self) {
            self.confirmed = Some(Arc::new(self.count_confirmed(ledger)?));
        }
        let version = &self.program().versions()[index];
        Ok(match (&self.confirmed, version.plugin()) {
            (Some(confirmed), Some(plugin)) => {
                confirmed.figures(&plugin.aggregates, day, facts, version.currency())
            }
            _ => Vec::new(),
        })
    }

    /// Counts what is confirmed of all the program's orders, in one scan; no plugin is asked.
    fn count_confirmed(&mut self, ledger: &Ledger) -> Result<Confirmed> {
        let mut confirmed = Confirmed::default();
        let mut scan = Scan::new(ledger, self.program().id())?;
        while let Some(order) = scan.next(ledger)? {
            let facts = ledger.counting(&order, self.seq)?;
            // An order without any instant is in no period, and one without lines is nowhere.
            let Some(day) = self.day(&facts) else { continue };
            let (covering, ..) = self.classified(&facts, ledger)?;
            self.rate(&covering, &mut Silent);
            confirmed.add(&Rated {
                day,
                facts: &facts,
                lines: &self.lines,
                outcomes: &self.outcomes,
                currency: self.version(&covering).map(Version::currency),
            });
        }
        Ok(confirmed)
    }

    /// Has the plugin of a version answer, or whoever answers for it.
    fn consult(
        &mut self,
        index: usize,
        Governing { at, day }: Governing,
        (facts, figures): (&[CountingLine<'_>], &[Option<i64>]),
        words: &Words,
    ) -> Result<Answers> {
        let program = &self.book.programs()[self.program];
        let version = &program.versions()[index];
        let running = match &mut self.answering {
            Answering::Stored(answers) => return Ok(answers.clone()),
            Answering::Live(live) => live.plugin(program, index, day)?,
            Answering::Nobody => None,
        };
        let running = running.ok_or_else(|| plugin_wanted(version))?;
        let lines = self.lines.as_slice();
        let asked = AskedOfPlugin { version, at, day, figures, facts, lines, words };
        running.ask(&asked, &self.outcomes)
    }

    /// Returns what bears on a line of an order beside its report.
    pub fn circumstances(
        &self,
        line: &CountingLine<'_>,
        governing_at: i64,
        words: &Words,
    ) -> Circumstances<'_> {
        circumstances(&self.standing, self.program(), governing_at, line, words)
    }

    /// Whether our own click can bear on an order under a version: by a window, by its country, or
    /// by its placement.
    fn asks_click(&self, version: &Version, click: &OwnClick) -> bool {
        version_of_click(self.program(), version, click.at).window().is_some()
            || [Dimension::ClickCountry, Dimension::SameCountry, Dimension::PlacementKind]
                .iter()
                .any(|dimension| version.uses(*dimension))
            || self.standing.flags_placements()
            // It is told the placement, which may be the click's.
            || version.plugin().is_some()
    }

    /// Returns what bears on each line of an order beside its report, as bytes to compare.
    pub(crate) fn beside(
        &self,
        facts: &[CountingLine<'_>],
        ledger: &Ledger,
    ) -> Result<Vec<Beside>> {
        let words = ledger.words();
        let governing_at = self.governing_at(facts);
        let of_line = |line: &CountingLine<'_>| -> Result<Beside> {
            let mut beside = Beside::default();
            if let Some(at) = governing_at
                && let Ok(version) = self.program().in_force(at)
            {
                if let Some(click) = line.own_click.filter(|click| self.asks_click(version, click))
                {
                    click.canonical(words, &mut beside.click);
                }
                let around = asked_by(version, self.circumstances(line, at, words));
                around.canonical_flags(words, &mut beside.flags);
                around.canonical_dated(words, &mut beside.dated);
                let day = self.day_of(at);
                if let Unit::Exchanged(used) = self.unit(version, day, line, ledger)? {
                    used.canonical(&mut beside.exchange);
                }
            }
            Ok(beside)
        };
        facts.iter().map(of_line).collect()
    }

    /// Returns what the last evaluated order's line matched: for the trace.
    pub fn matching_of(
        &mut self,
        covering: &Covering,
        governing_at: Option<i64>,
        facts: &[CountingLine<'_>],
        line: usize,
        ledger: &Ledger,
    ) -> Result<Option<&Matching>> {
        let (Covering::Version(index), Some(at), Some(line)) =
            (covering, governing_at, facts.get(line))
        else {
            return Ok(None);
        };
        let day = self.program().day(at);
        let order = OrderFacts::of(Governing { at, day }, facts);
        self.classify_line(*index, &order, line, ledger)?;
        Ok(Some(&self.matching))
    }

    fn classify(
        &mut self,
        version: usize,
        governing: Governing,
        facts: &[CountingLine<'_>],
        ledger: &Ledger,
    ) -> Result<()> {
        let order = OrderFacts::of(governing, facts);
        for line in facts {
            let line = self.classify_line(version, &order, line, ledger)?;
            self.lines.push(line);
        }
        Ok(())
    }

    fn classify_line(
        &mut self,
        version: usize,
        order: &OrderFacts,
        line: &CountingLine<'_>,
        ledger: &Ledger,
    ) -> Result<Line> {
        let foreign = self.foreign.clone();
        let words = foreign.as_deref().unwrap_or(ledger.words());
        let standing = Arc::clone(&self.standing);
        let program = &self.book.programs()[self.program];
        let around = circumstances(&standing, program, order.governing_at, line, words);
        let terms = &program.versions()[version];
        let unit = self.unit(terms, order.day, line, ledger)?;
        let amounts = unit.amounts(terms, &line.revision.fact, attribution(program, terms, line));
        let price = amounts.price.filter(|_| !amounts.unexchanged);
        let cache = &mut self.caches[version];
        let mut classes = cache.classes(terms, order, line, price, words);
        set_circumstances(&mut classes, terms, &around);
        let mut kernel_line = terms.line(&amounts, &classes, &mut self.matching);
        unit.tell_refund(&terms.terms(), &line.revision.fact, &mut kernel_line);
        kernel_line.flag = strongest(terms, &self.matching, &around.flags);
        Ok(kernel_line)
    }

    fn unit(
        &self,
        version: &Version,
        governing_day: NaiveDate,
        line: &CountingLine<'_>,
        ledger: &Ledger,
    ) -> Result<Unit> {
        Unit::of((self.program(), version), governing_day, line, (ledger, self.seq))
    }

    /// The day whose rate of exchange holds for a line; none where it has not come yet, or where the
    /// policy names none.
    pub(crate) fn fx_day(
        &self,
        version: &Version,
        governing_day: NaiveDate,
        line: &CountingLine<'_>,
    ) -> Option<NaiveDate> {
        unit::fx_day(self.program(), version, governing_day, line)
    }

    /// Returns the rate of exchange that a line's amounts were converted by; none where none was.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn exchanged_by(
        &self,
        version: &Version,
        governing_at: i64,
        line: &CountingLine<'_>,
        ledger: &Ledger,
    ) -> Result<Option<RateUsed>> {
        match self.unit(version, self.program().day(governing_at), line, ledger)? {
            Unit::Exchanged(used) => Ok(Some(*used)),
            Unit::Same | Unit::Unknown => Ok(None),
        }
    }

    /// Returns the digest of everything that the outcome of an order depends on: the facts, the
    /// texts of the terms, the calculation itself; under a version with a plugin also its build (that
    /// of the answers, where a past run's were recalled) and what it is told of earlier periods.
    ///
    /// # Errors
    ///
    /// When that plugin cannot be started.
    pub fn fingerprint(&mut self, facts: &[CountingLine<'_>], ledger: &Ledger) -> Result<[u8; 16]> {
        let governing = self.governing(facts);
        let covering = self.covering(governing.map(|governing| governing.at))?;
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        self.canonical(&covering, facts, ledger, &mut bytes)?;
        if let Some((index, Governing { day, .. })) = self.under_plugin(&covering, governing) {
            let figures = self.figures(&covering, governing, facts, ledger)?;
            let program = &self.book.programs()[self.program];
            let sha256 = match &mut self.answering {
                Answering::Live(live) => {
                    live.plugin(program, index, day)?.map(|running| running.by.sha256)
                }
                Answering::Stored(answers) => Some(answers.by.sha256),
                Answering::Nobody => None,
            };
            let version = &program.versions()[index];
            let sha256 = sha256.ok_or_else(|| plugin_wanted(version))?;
            push_plugin(&mut bytes, (program.id(), version.id()), &sha256, &figures);
        }
        let found = digest(&bytes);
        self.bytes = bytes;
        Ok(found)
    }

    /// Whether an order has this fingerprint. No plugin is needed: its builds are known.
    pub(crate) fn would_find(
        &mut self,
        facts: &[CountingLine<'_>],
        ledger: &Ledger,
        fingerprint: &[u8; 16],
    ) -> Result<bool> {
        let governing = self.governing(facts);
        let covering = self.covering(governing.map(|governing| governing.at))?;
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        self.canonical(&covering, facts, ledger, &mut bytes)?;
        let Some((index, Governing { day, .. })) = self.under_plugin(&covering, governing) else {
            let same = digest(&bytes) == *fingerprint;
            self.bytes = bytes;
            return Ok(same);
        };
        let figures = self.figures(&covering, governing, facts, ledger)?;
        let program = self.program();
        let version = &program.versions()[index];
        let plugin = version.plugin().map_or("", |plugin| plugin.name.as_str());
        // A build that a later line replaced for its machine would not be asked again.
        let builds = in_use(&program.plugin_builds(plugin, day));
        Ok(builds.iter().any(|build| {
            let mut bytes = bytes.clone();
            push_plugin(&mut bytes, (program.id(), version.id()), &build.sha256, &figures);
            digest(&bytes) == *fingerprint
        }))
    }

    /// Whether nothing beside the reports can bear on an order; most orders are so, and it is quicker to
    /// see than what [`Self::beside`] would find.
    fn reported_alone(
        &self,
        covering: &Covering,
        facts: &[CountingLine<'_>],
        words: &Words,
    ) -> bool {
        let Some(version) = self.version(covering) else { return true };
        let of_its_own = |line: &CountingLine<'_>| {
            line.own_click.is_none() && unit::is_same(version, &line.revision.fact, words)
        };
        self.standing.is_empty() && facts.iter().all(of_its_own)
    }

    /// What the outcome of an order depends on, but for a plugin, as bytes.
    fn canonical(
        &self,
        covering: &Covering,
        facts: &[CountingLine<'_>],
        ledger: &Ledger,
        bytes: &mut Vec<u8>,
    ) -> Result<()> {
        bytes.extend_from_slice(&kernel::CALCULATION.to_be_bytes());
        // Of program.toml only this bears on an order; the rest of it may change freely.
        let program = self.program();
        for word in [program.governed_by().word(), program.zone().name()] {
            bytes.extend_from_slice(word.as_bytes());
            bytes.push(0);
        }
        if let Some(version) = self.version(covering) {
            push_version(bytes, version);
            for line in facts {
                // The window of a click is that of the version in force at the click.
                if let Some(Ok(at_click)) = line.clicked_at().map(|at| program.in_force(at)) {
                    push_version(bytes, at_click);
                }
            }
        }
        for line in facts {
            line.revision.fact.canonical(ledger.words(), bytes);
        }
        // Behind all facts, and nothing where there is nothing: an order of which only the report
        // is known has the fingerprint that it had before such things could be recorded.
        if self.reported_alone(covering, facts, ledger.words()) {
            return Ok(());
        }
        for (index, beside) in (0_u64..).zip(self.beside(facts, ledger)?) {
            beside.canonical(index, bytes);
        }
        Ok(())
    }
}

fn digest(bytes: &[u8]) -> [u8; 16] {
    xxhash_rust::xxh3::xxh3_128(bytes).to_be_bytes()
}

/// Writes the build of a plugin, the names of program and version that it is told, and what it is told
/// of earlier periods.
fn push_plugin(
    bytes: &mut Vec<u8>,
    (program, version): (&str, &str),
    sha256: &[u8; 32],
    figures: &[Option<i64>],
) {
    bytes.push(b'P');
    for name in [program, version] {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
    }
    bytes.extend_from_slice(sha256);
    for figure in figures {
        bytes.push(u8::from(figure.is_some()));
        bytes.extend_from_slice(&figure.unwrap_or_default().to_be_bytes());
    }
}

fn push_version(bytes: &mut Vec<u8>, version: &Version) {
    bytes.extend_from_slice(&version.source().digest());
    if let Some(tree) = version.tree() {
        bytes.extend_from_slice(&tree.source().digest());
    }
}

/// No plugin was handed to the run at all; one that may not run is refused by its host.
fn plugin_wanted(version: &Version) -> Error {
    let file = version.source().shown();
    let plugin = version.plugin().map_or("", |plugin| plugin.name.as_str());
    let message = format!("{file} needs the plugin `{plugin}`, and this run has no plugins");
    Error::new(&error::PLUGIN_WANTED, message)
        .hint("nothing was posted; restrict the run with --program or --month to leave it out")
}

/// What bears on a line beside its report.
fn circumstances<'s>(
    standing: &'s Standing,
    program: &Program,
    governing_at: i64,
    line: &CountingLine<'_>,
    words: &Words,
) -> Circumstances<'s> {
    if standing.is_empty() {
        return Circumstances::default();
    }
    let fact = &line.revision.fact;
    standing.around(&Asked {
        order_no: &fact.order_no,
        sub_id: fact.sub_id.as_deref(),
        placement: line.placement().map(|word| words.text(word)),
        product: fact.product.as_ref(),
        at: line.clicked_at().unwrap_or(governing_at),
        day: program.day(governing_at),
    })
}

/// The circumstances without what changes no order under a version: dated facts that no condition
/// asks for, flags of kinds that it does not name.
fn asked_by<'s>(version: &Version, around: Circumstances<'s>) -> Circumstances<'s> {
    Circumstances {
        marks: if version.uses(Dimension::Mark) { around.marks } else { Vec::new() },
        placement_kind: around.placement_kind.filter(|_| version.uses(Dimension::PlacementKind)),
        channel: around.channel.filter(|_| version.uses(Dimension::Channel)),
        flags: around.flags.into_iter().filter(|flag| can_act(version, flag)).collect(),
    }
}

/// Whether a flag can do anything under a version.
fn can_act(version: &Version, flag: &Flag) -> bool {
    flag.effect.is_some() || version.flags().iter().any(|entry| entry.label == flag.kind)
}

/// What a line's flags do to it (rule 11): what the program itself decided, else what the entries
/// of the terms say; of several the strongest.
fn strongest(version: &Version, matching: &Matching, flags: &[&Flag]) -> Option<Flagged> {
    let decided = flags.iter().filter_map(|flag| flag.effect).min();
    if let Some(effect) = decided {
        return Some(Flagged { effect, entry: None });
    }
    let by_terms = flags.iter().filter_map(|flag| version.flagged(&flag.kind, matching));
    by_terms.min_by_key(|flagged| (flagged.effect, flagged.entry))
}

/// What conditions ask for beside the report.
fn set_circumstances(classes: &mut Classes, version: &Version, around: &Circumstances<'_>) {
    let marks: Vec<&str> = around.marks.iter().map(|mark| mark.aspect.as_str()).collect();
    classes.set(Dimension::Mark, version.class_of_marks(&marks));
    let dated =
        [(Dimension::PlacementKind, around.placement_kind), (Dimension::Channel, around.channel)];
    for (dimension, fact) in dated {
        if let Some(fact) = fact
            && version.uses(dimension)
        {
            classes.set(dimension, version.class_of(dimension, &fact.value));
        }
    }
}

/// The governing instant, and its civil day in the program's zone.
#[derive(Clone, Copy, Debug)]
struct Governing {
    at: i64,
    day: NaiveDate,
}

/// What all lines of an order have in common.
pub(super) struct OrderFacts {
    /// A new buyer, if any line says so.
    pub(super) new_buyer: bool,
    /// The governing instant.
    governing_at: i64,
    /// Its day in the program's zone.
    pub(super) day: NaiveDate,
}

impl OrderFacts {
    fn of(governing: Governing, facts: &[CountingLine<'_>]) -> Self {
        Self {
            new_buyer: of_themselves(facts).any(|line| line.revision.fact.new_buyer == Some(true)),
            governing_at: governing.at,
            day: governing.day,
        }
    }
}

/// The kernel's line of an order that no version governs: enough to see that it is declined.
fn bare_line(fact: &LineFact) -> Line {
    Line {
        price: fact.product_price,
        quantity: fact.quantity,
        paid: fact.paid_amount,
        final_amount: fact.final_amount,
        refunded: fact.refunded.unwrap_or(Minor::ZERO),
        service_fee: fact.service_fee,
        ..Line::new(fact.state)
    }
}

/// Seconds from the click to the order, and the window of the version in force at the click
/// (rule 12); before the first version, the order's.
fn attribution(
    program: &Program,
    version: &Version,
    line: &CountingLine<'_>,
) -> (Option<i64>, Option<i64>) {
    let Some(clicked_at) = line.clicked_at() else { return (None, None) };
    let fact = &line.revision.fact;
    let lag = fact.ordered_at.or(fact.paid_at).map(|at| at - clicked_at);
    let window = version_of_click(program, version, clicked_at).window();
    (lag, window)
}

/// The version in force at a click; where none is, that of the order.
fn version_of_click<'p>(
    program: &'p Program,
    version: &'p Version,
    clicked_at: i64,
) -> &'p Version {
    program.in_force(clicked_at).unwrap_or(version)
}
