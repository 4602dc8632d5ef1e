//! The evaluation of one order under a book of terms: which version governs, which entries hold,
//! and then the kernel.
//!
//! Owns the step from facts to the kernel's lines. Every mode of the run comes through here.

use std::sync::Arc;

use chrono::NaiveDate;
use feebook_kernel::{
    self as kernel, Cover, Decided, Flagged, Line, Minor, Observer, Outcome, Verdict,
};
use feebook_schedule::zone::Month;
use feebook_schedule::{
    Amounts as LineAmounts, Book, Class, Classes, Dimension, GovernedBy, Matching, NoCover,
    Program, Version,
};

use crate::click::OwnClick;
use crate::error::{self, Error, Result};
use crate::fact::LineFact;
use crate::ledger::{Amounts, Components, CountingLine};
use crate::standing::{Asked, Circumstances, Flag, Standing};
use crate::words::{Word, Words};

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
}

/// Which terms govern an order.
#[derive(Clone, Debug)]
pub enum Covering {
    /// The version with this place among the program's versions.
    Version(usize),
    /// None covers the governing instant.
    Uncovered(NoCover),
    /// No line has the governing instant.
    NotYetGoverned,
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
        })
    }

    /// Returns the program.
    pub fn program(&self) -> &Program {
        &self.book.programs()[self.program]
    }

    /// From here on evaluates by what was known at another point of the ledger's time.
    pub(crate) fn know(&mut self, standing: &Arc<Standing>) {
        self.standing = Arc::clone(standing);
    }

    /// Returns what was known beside the reports.
    pub fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    /// Returns the version that governs; none where none does.
    pub fn version(&self, covering: &Covering) -> Option<&Version> {
        match covering {
            Covering::Version(index) => self.program().versions().get(*index),
            Covering::Uncovered(_) | Covering::NotYetGoverned => None,
        }
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
    fn governing_at(&self, facts: &[CountingLine<'_>]) -> Option<i64> {
        let governed_by = self.program().governed_by();
        let instant = |fact: &LineFact| match governed_by {
            GovernedBy::Ordered => fact.ordered_at,
            GovernedBy::Paid => fact.paid_at,
            GovernedBy::Finished => fact.finished_at,
        };
        facts.iter().filter_map(|line| instant(&line.revision.fact)).min()
    }

    /// Returns the day that places an order in a month: of its governing instant, else of its
    /// earliest instant, in the program's zone.
    pub fn day(&self, facts: &[CountingLine<'_>]) -> Option<NaiveDate> {
        let earliest = || facts.iter().flat_map(|line| line.revision.fact.instants()).min();
        self.governing_at(facts).or_else(earliest).map(|at| self.program().day(at))
    }

    /// Decides which terms govern an order.
    fn covering(&self, governing_at: Option<i64>) -> Result<Covering> {
        let Some(at) = governing_at else { return Ok(Covering::NotYetGoverned) };
        match self.program().in_force(at) {
            Err(no_cover) => Ok(Covering::Uncovered(no_cover)),
            Ok(version) => {
                if let Some(plugin) = version.plugin() {
                    return Err(plugin_wanted(version, &plugin.name));
                }
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
    /// When the version that governs needs a plugin.
    pub fn evaluate<O: Observer>(
        &mut self,
        facts: &[CountingLine<'_>],
        words: &Words,
        observer: &mut O,
    ) -> Result<Evaluated<'_>> {
        let governing_at = self.governing_at(facts);
        let covering = self.covering(governing_at)?;
        let day = self.day(facts);
        self.lines.clear();
        match (&covering, governing_at) {
            (Covering::Version(index), Some(at)) => self.classify(*index, at, facts, words),
            _ => self.lines.extend(facts.iter().map(|line| bare_line(&line.revision.fact))),
        }
        self.outcomes.clear();
        self.outcomes.resize(self.lines.len(), Outcome::default());
        let terms = match &covering {
            Covering::Version(index) => {
                Some(self.book.programs()[self.program].versions()[*index].terms())
            }
            Covering::Uncovered(_) | Covering::NotYetGoverned => None,
        };
        let cover = match (&covering, &terms) {
            (Covering::NotYetGoverned, _) => Cover::NotYetGoverned,
            (_, Some(terms)) => Cover::Terms(terms),
            (_, None) => Cover::Uncovered,
        };
        kernel::rate(cover, &self.lines, &mut self.outcomes, observer);
        // A schedule's plugin acts here, on lines and outcomes, between rate and settle. Until the
        // host exists, `covering` refuses versions that name one.
        kernel::settle(cover, &self.lines, &mut self.outcomes, observer);
        Ok(Evaluated { covering, governing_at, day, lines: &self.lines, outcomes: &self.outcomes })
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
    }

    /// Returns what bears on each line of an order beside its report, as bytes to compare.
    pub(crate) fn beside(&self, facts: &[CountingLine<'_>], words: &Words) -> Vec<Beside> {
        let governing_at = self.governing_at(facts);
        let of_line = |line: &CountingLine<'_>| {
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
            }
            beside
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
        words: &Words,
    ) -> Option<&Matching> {
        let (Covering::Version(index), Some(at)) = (covering, governing_at) else { return None };
        let order = OrderFacts::of(self.program(), at, facts);
        self.classify_line(*index, &order, facts.get(line)?, words);
        Some(&self.matching)
    }

    fn classify(&mut self, version: usize, at: i64, facts: &[CountingLine<'_>], words: &Words) {
        let order = OrderFacts::of(self.program(), at, facts);
        for line in facts {
            let line = self.classify_line(version, &order, line, words);
            self.lines.push(line);
        }
    }

    fn classify_line(
        &mut self,
        version: usize,
        order: &OrderFacts,
        line: &CountingLine<'_>,
        words: &Words,
    ) -> Line {
        let standing = Arc::clone(&self.standing);
        let program = &self.book.programs()[self.program];
        let around = circumstances(&standing, program, order.governing_at, line, words);
        let terms = &program.versions()[version];
        let fact = &line.revision.fact;
        let unexchanged = in_other_currency(terms, fact, words);
        let cache = &mut self.caches[version];
        let mut classes = cache.classes(terms, order, line, unexchanged, words);
        set_circumstances(&mut classes, terms, &around);
        let amounts = line_amounts(program, terms, line, unexchanged);
        let mut kernel_line = terms.line(&amounts, &classes, &mut self.matching);
        kernel_line.flag = strongest(terms, &self.matching, &around.flags);
        kernel_line
    }

    /// Returns the digest of everything that the outcome of an order depends on: the facts, the
    /// texts of the terms, and the calculation itself.
    pub fn fingerprint(&self, facts: &[CountingLine<'_>], words: &Words) -> Result<[u8; 16]> {
        let mut bytes = Vec::with_capacity(512);
        bytes.extend_from_slice(&kernel::CALCULATION.to_be_bytes());
        // Of program.toml only this bears on an order; the rest of it may change freely.
        let program = self.program();
        for word in [program.governed_by().word(), program.zone().name()] {
            bytes.extend_from_slice(word.as_bytes());
            bytes.push(0);
        }
        if let Some(version) = self.version(&self.covering(self.governing_at(facts))?) {
            push_version(&mut bytes, version);
            for line in facts {
                // The window of a click is that of the version in force at the click.
                if let Some(Ok(at_click)) = line.clicked_at().map(|at| program.in_force(at)) {
                    push_version(&mut bytes, at_click);
                }
            }
        }
        for line in facts {
            line.revision.fact.canonical(words, &mut bytes);
        }
        // Behind all facts, and nothing where there is nothing: an order of which only the report
        // is known has the fingerprint that it had before such things could be recorded.
        for (index, beside) in (0_u64..).zip(self.beside(facts, words)) {
            beside.canonical(index, &mut bytes);
        }
        Ok(xxhash_rust::xxh3::xxh3_128(&bytes).to_be_bytes())
    }
}

fn push_version(bytes: &mut Vec<u8>, version: &Version) {
    bytes.extend_from_slice(&version.source().digest());
    if let Some(tree) = version.tree() {
        bytes.extend_from_slice(&tree.source().digest());
    }
}

fn plugin_wanted(version: &Version, plugin: &str) -> Error {
    let file = version.source().shown();
    let message = format!("{file} needs the plugin `{plugin}`, and this feebook runs no plugins");
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

/// What bears on a line beside its report, as bytes that are equal when it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Beside {
    /// Our own click that led to it.
    pub(crate) click: Vec<u8>,
    /// The flags on it.
    pub(crate) flags: Vec<u8>,
    /// Marks, the kind of placement and the account's channel.
    pub(crate) dated: Vec<u8>,
}

impl Beside {
    /// Writes all of it with the line's index; nothing where there is nothing.
    fn canonical(&self, index: u64, out: &mut Vec<u8>) {
        for (tag, bytes) in [(b'K', &self.click), (b'L', &self.flags), (b'D', &self.dated)] {
            if !bytes.is_empty() {
                out.push(tag);
                out.extend_from_slice(&index.to_be_bytes());
                out.extend_from_slice(bytes);
            }
        }
    }
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

/// What all lines of an order have in common.
struct OrderFacts {
    /// A new buyer, if any line says so.
    new_buyer: bool,
    /// The governing instant.
    governing_at: i64,
    /// Its day in the program's zone.
    day: NaiveDate,
}

impl OrderFacts {
    fn of(program: &Program, governing_at: i64, facts: &[CountingLine<'_>]) -> Self {
        Self {
            new_buyer: facts.iter().any(|line| line.revision.fact.new_buyer == Some(true)),
            governing_at,
            day: program.day(governing_at),
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

/// Whether the row's amounts are in another currency than the policy's (rule 16): they are in
/// `amount_currency`, else in `currency`, else in the policy's.
fn in_other_currency(version: &Version, fact: &LineFact, words: &Words) -> bool {
    fact.amount_currency
        .or(fact.currency)
        .is_some_and(|currency| words.text(currency) != version.currency().code())
}

fn line_amounts(
    program: &Program,
    version: &Version,
    line: &CountingLine<'_>,
    unexchanged: bool,
) -> LineAmounts {
    let fact = &line.revision.fact;
    let (lag, window) = attribution(program, version, line);
    LineAmounts {
        state: fact.state,
        price: fact.product_price,
        quantity: fact.quantity,
        paid: fact.paid_amount,
        final_amount: fact.final_amount,
        refunded: fact.refunded.unwrap_or(Minor::ZERO),
        service_fee: fact.service_fee,
        reported_rate: fact.reported_rate,
        unexchanged,
        lag,
        window,
        flag: None,
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

/// Classes of words that were looked up before, per version.
#[derive(Debug, Default)]
struct ClassCache {
    /// By dimension, then by number of the word.
    classes: [Vec<Option<Class>>; Dimension::COUNT],
}

impl ClassCache {
    fn classes(
        &mut self,
        version: &Version,
        order: &OrderFacts,
        line: &CountingLine<'_>,
        unexchanged: bool,
        words: &Words,
    ) -> Classes {
        let fact = &line.revision.fact;
        let click_country = line.click_country();
        let mut classes = Classes::missing();
        for (dimension, word) in [
            (Dimension::Category, fact.category),
            (Dimension::ShipTo, fact.ship_to),
            (Dimension::ClickCountry, click_country),
            (Dimension::SellerCountry, fact.seller_country),
            (Dimension::Host, fact.host),
            (Dimension::Store, fact.store),
            (Dimension::Currency, fact.currency),
        ] {
            if let Some(word) = word
                && version.uses(dimension)
            {
                classes.set(dimension, self.class(version, dimension, word, words));
            }
        }
        if let Some(product) = &fact.product
            && version.uses(Dimension::Product)
        {
            let class = version.class_of(Dimension::Product, &product.to_string());
            classes.set(Dimension::Product, class);
        }
        let mut set_word = |dimension, word: Option<&str>| {
            if let Some(word) = word
                && version.uses(dimension)
            {
                classes.set(dimension, version.class_of(dimension, word));
            }
        };
        set_word(Dimension::Platform, fact.platform.map(crate::fact::Platform::word));
        set_word(Dimension::Link, fact.link.map(crate::fact::Link::word));
        set_word(Dimension::Coupon, fact.coupon.map(|yes| if yes { "yes" } else { "no" }));
        let same = click_country.zip(fact.ship_to).map(|(click, ship_to)| click == ship_to);
        let (hot, affiliate) = (fact.hot == Some(true), fact.affiliate == Some(true));
        let price = fact.product_price.filter(|_| !unexchanged);
        classes.set(Dimension::SameCountry, version.class_of_same(same));
        classes.set(Dimension::Buyer, version.class_of_buyer(order.new_buyer));
        classes.set(Dimension::Item, version.class_of_item(hot, affiliate));
        classes.set(Dimension::Price, version.class_of_price(price));
        classes.set(Dimension::Day, version.class_of_day(order.day));
        classes
    }

    fn class(
        &mut self,
        version: &Version,
        dimension: Dimension,
        word: Word,
        words: &Words,
    ) -> Class {
        let known = &mut self.classes[dimension.index()];
        let index = usize::try_from(word.index()).unwrap_or(usize::MAX);
        if known.len() <= index {
            known.resize(words.len().max(index + 1), None);
        }
        *known[index].get_or_insert_with(|| version.class_of(dimension, words.text(word)))
    }
}
