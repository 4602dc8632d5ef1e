//! Worked examples of a version: facts chosen to satisfy each entry, and what the kernel makes of
//! them. They stand in snapshots, so that a change of terms shows what it does.
//!
//! Evaluates through [`Version::line`] like every run; refuses a calculation of its own.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use feebook_kernel::{
    Cap, Cover, Decided, Line, Minor, Outcome, Ppm, Rate, Silent, State, Verdict, evaluate,
};

use crate::condition::{Condition, Test, in_full};
use crate::describe::span;
use crate::dimension::{Classes, Dimension};
use crate::document::parse_money;
use crate::iso::{self, Currency};
use crate::matcher::List;
use crate::matching::{Amounts, Matching};
use crate::program::Program;
use crate::tree::Tree;
use crate::version::{Entry, Version};
use crate::zone;

/// One worked example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What the example is for, such as `rate 3`.
    pub about: String,
    /// The facts in words.
    pub facts: String,
    /// What the kernel made of them.
    pub outcome: Outcome,
    /// The value of the rate entry that decided.
    pub rate: Option<String>,
    /// The clause of what decided.
    pub clause: Option<String>,
    /// The reason of the exclusion that decided.
    pub exclusion: Option<String>,
    /// The clause of the bonus.
    pub bonus_clause: Option<String>,
    /// The clause of the cap.
    pub cap_clause: Option<String>,
    /// The currency of the amounts.
    pub currency: Currency,
}

impl Example {
    /// Names the rate entry that decided, and its clause.
    fn rate_words(&self) -> Option<String> {
        let Decided::Rate(at) = self.outcome.decided else { return None };
        let value = self.rate.as_deref().unwrap_or_default();
        let basis = match (self.outcome.rate, self.outcome.basis) {
            (Some(rate), Some(basis)) => {
                let (rate, basis) = (iso::percent(rate), self.currency.written(basis.get()));
                if rate == value { format!(" of {basis}") } else { format!(", {rate} of {basis}") }
            }
            _ => String::new(),
        };
        let clause = cited(self.clause.as_deref());
        Some(format!("rate {}: {value}{basis}{clause}", u32::from(at) + 1))
    }

    /// Writes the sum: what the line earns, and of what.
    fn sum(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = &self.outcome;
        let amount = |minor: i64| self.currency.written(minor);
        let commission = amount(outcome.commission.get());
        write!(f, "{} {}: commission {commission}", amount(outcome.total()), self.currency)?;
        if let Some(rate) = self.rate_words() {
            write!(f, " ({rate})")?;
        }
        if let Some(at) = outcome.bonus_entry {
            let (bonus, clause) =
                (amount(outcome.bonus.get()), cited(self.bonus_clause.as_deref()));
            write!(f, " + bonus {bonus} (bonus {}{clause})", u32::from(at) + 1)?;
        }
        if outcome.withheld != Minor::ZERO {
            let (withheld, clause) =
                (amount(outcome.withheld.get()), cited(self.cap_clause.as_deref()));
            write!(f, " - withheld {withheld} (cap{clause})")?;
        }
        Ok(())
    }
}

/// A clause within brackets.
fn cited(clause: Option<&str>) -> String {
    clause.map_or(String::new(), |clause| format!(", clause {clause}"))
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = &self.outcome;
        write!(f, "{}: {} -> ", self.about, self.facts)?;
        if outcome.computed {
            return self.sum(f);
        }
        let earns_nothing = !matches!(outcome.verdict, Verdict::Uncovered | Verdict::Unverifiable);
        if earns_nothing {
            write!(f, "{} {}: ", self.currency.written(0), self.currency)?;
        }
        write!(f, "{}", outcome.verdict.word())?;
        match (&self.exclusion, outcome.verdict) {
            (Some(reason), _) => write!(f, ", {reason}")?,
            (None, Verdict::Uncovered) => {}
            (None, _) => write!(f, ", {}", outcome.reason.word())?,
        }
        match (self.rate_words(), &self.clause) {
            (Some(rate), _) => write!(f, " ({rate})"),
            (None, Some(clause)) => write!(f, " (clause {clause})"),
            (None, None) => Ok(()),
        }
    }
}

/// Which amounts the example's report has.
#[derive(Clone, Copy, Debug)]
enum Reported {
    /// The price.
    Price,
    /// What was paid, not the fee within it.
    Paid,
    /// What was paid, and the fee within it.
    PaidAndFee(Minor),
}

/// The facts of an example line.
#[derive(Clone, Debug)]
struct Facts {
    /// Facts with a name for a value; one that is not here is missing.
    named: BTreeMap<Dimension, String>,
    new_buyer: bool,
    hot: bool,
    affiliate: bool,
    marks: Vec<String>,
    price: Minor,
    reported: Reported,
    /// Seconds from the click to the order.
    lag: Option<i64>,
    day: NaiveDate,
    reported_rate: Option<Ppm>,
}

impl Facts {
    fn plain(version: &Version, price: Minor, day: NaiveDate) -> Self {
        let paid_in = version.currency().code().to_owned();
        Self {
            named: [(Dimension::Currency, paid_in)].into(),
            new_buyer: false,
            hot: false,
            affiliate: false,
            marks: Vec::new(),
            price,
            reported: Reported::Price,
            lag: None,
            day,
            reported_rate: None,
        }
    }

    fn classes(&self, version: &Version) -> Classes {
        let mut classes = Classes::missing();
        for (dimension, value) in &self.named {
            classes.set(*dimension, version.class_of(*dimension, value));
        }
        let marks: Vec<&str> = self.marks.iter().map(String::as_str).collect();
        classes.set(Dimension::Mark, version.class_of_marks(&marks));
        classes.set(Dimension::Buyer, version.class_of_buyer(self.new_buyer));
        classes.set(Dimension::Item, version.class_of_item(self.hot, self.affiliate));
        classes.set(Dimension::Price, version.class_of_price(self.unit_price()));
        classes.set(Dimension::Day, version.class_of_day(self.day));
        classes
    }

    fn unit_price(&self) -> Option<Minor> {
        matches!(self.reported, Reported::Price).then_some(self.price)
    }

    fn line(&self, version: &Version, found: &mut Matching) -> Line {
        let amounts = Amounts {
            price: self.unit_price(),
            service_fee: match self.reported {
                Reported::PaidAndFee(fee) => Some(fee),
                Reported::Price | Reported::Paid => None,
            },
            lag: self.lag,
            window: version.window(),
            reported_rate: self.reported_rate,
            // A version that reads the paid amount finds the same there.
            paid: Some(self.price),
            ..Amounts::new(State::Pending)
        };
        version.line(&amounts, &self.classes(version), found)
    }

    fn words(&self, version: &Version) -> String {
        let money = |amount: Minor| version.currency().written(amount.get());
        let mut words = vec![match self.reported {
            Reported::Price => format!("price {}", money(self.price)),
            Reported::Paid => format!("paid {}, service fee not known", money(self.price)),
            Reported::PaidAndFee(fee) => {
                format!("paid {}, of it service fee {}", money(self.price), money(fee))
            }
        }];
        for (dimension, value) in &self.named {
            match dimension {
                Dimension::Currency if value == version.currency().code() => {}
                Dimension::SameCountry => words.push(format!("click country {value}")),
                _ => words.push(format!("{} {value}", dimension.name().replace('_', "-"))),
            }
        }
        for (is, word) in
            [(self.new_buyer, "new buyer"), (self.hot, "hot"), (self.affiliate, "affiliate")]
        {
            words.extend(is.then(|| word.to_owned()));
        }
        words.extend(self.marks.iter().map(|mark| format!("mark {mark}")));
        words.extend(self.lag.map(after_click));
        words.extend(self.reported_rate.map(|rate| format!("reported {}", iso::percent(rate))));
        if version.uses(Dimension::Day) {
            words.push(format!("on {}", self.day));
        }
        words.join(", ")
    }
}

/// Writes how long after the click an order came.
fn after_click(lag: i64) -> String {
    match lag % 60 {
        0 => format!("{} after the click", span(lag)),
        1 => format!("{} and 1 second after the click", span(lag - 1)),
        _ => format!("{lag} seconds after the click"),
    }
}

/// Works out the examples of a version: each rate at 100.00; each bonus country with a new buyer
/// on 10.00; the cap one minor unit below, at and above its limit, with a bonus, and over two
/// lines; each exclusion and another currency; the attribution window to the second; a service fee
/// that is not known and one that is; the order one second before and at the change from
/// `previous`.
pub fn of(program: &Program, previous: Option<&Version>, version: &Version) -> Vec<Example> {
    let mut work = Work { program, version, found: Matching::new(), examples: Vec::new() };
    work.rates();
    work.bonuses();
    work.cap();
    work.exclusions();
    work.window();
    work.service_fee();
    work.change(previous);
    work.examples
}

/// The examples of a version while they are made.
struct Work<'v> {
    program: &'v Program,
    version: &'v Version,
    found: Matching,
    examples: Vec<Example>,
}

/// What an example is meant to show: an entry of a list.
type Target = (List, usize);

impl Work<'_> {
    fn rates(&mut self) {
        let version = self.version;
        for (at, entry) in version.rates.iter().enumerate() {
            let Some(mut facts) = self.satisfy(entry, "100", (List::Rate, at)) else { continue };
            if let Some(Rate::Band { min, .. }) = version.rate_values.get(at) {
                facts.reported_rate = Some(*min);
            }
            self.show(format!("rate {}", at + 1), &facts);
        }
    }

    fn bonuses(&mut self) {
        let version = self.version;
        for (at, entry) in version.bonuses.iter().enumerate() {
            let Some(mut facts) = self.satisfy(entry, "10", (List::Bonus, at)) else { continue };
            facts.new_buyer |= entry.conditions.iter().all(|c| c.dimension != Dimension::Buyer);
            let countries = entry.conditions.iter().find(|c| c.key == "ship_to");
            let Some(countries) = countries.and_then(Condition::values) else {
                self.show(format!("bonus {}", at + 1), &facts);
                continue;
            };
            for country in countries {
                facts.named.insert(Dimension::ShipTo, country.clone());
                self.show(format!("bonus {}", at + 1), &facts);
            }
        }
    }

    fn exclusions(&mut self) {
        let version = self.version;
        for (at, entry) in version.excludes.iter().enumerate() {
            if let Some(facts) = self.satisfy(entry, "100", (List::Exclude, at)) {
                self.show(format!("exclude {}", at + 1), &facts);
            }
        }
        if let Some(mut facts) = self.usual("100") {
            let other = if version.currency().code() == "EUR" { "USD" } else { "EUR" };
            facts.named.insert(Dimension::Currency, other.to_owned());
            self.show("other currency".to_owned(), &facts);
        }
    }

    /// The rate for all else, or the last where there is none.
    fn usual_rate(&self) -> Option<usize> {
        let rates = &self.version.rates;
        let plain = rates.iter().position(|entry| entry.conditions.is_empty());
        plain.or_else(|| rates.len().checked_sub(1))
    }

    /// Facts under which the usual rate holds.
    fn usual(&mut self, price: &str) -> Option<Facts> {
        let at = self.usual_rate()?;
        self.satisfy(&self.version.rates[at], price, (List::Rate, at))
    }

    /// At the end of the attribution window, and one second later.
    fn window(&mut self) {
        let Some(window) = self.version.window() else { return };
        let Some(facts) = self.usual("100") else { return };
        for lag in [window, window + 1] {
            self.show("window".to_owned(), &Facts { lag: Some(lag), ..facts.clone() });
        }
    }

    /// An amount of which the fee is a part that is not known, and one of which it is.
    fn service_fee(&mut self) {
        let version = self.version;
        if version.policy.service_fee.is_none() {
            return;
        }
        let Some(mut facts) = self.usual("108") else { return };
        let countries = version.policy.fee_countries.iter().filter_map(Condition::values);
        if let Some(country) = countries.flatten().next() {
            facts.named.insert(Dimension::ShipTo, country.clone());
        }
        let fee = parse_money("8", version.currency().decimals()).map(Reported::PaidAndFee);
        for reported in [Reported::Paid].into_iter().chain(fee) {
            let mut facts = Facts { reported, ..facts.clone() };
            // Without a price another fact may have to tell which rate it is.
            if let Some(at) = self.usual_rate() {
                self.fill(&mut facts, &version.rates[at], (List::Rate, at));
            }
            self.show("service fee".to_owned(), &facts);
        }
    }

    /// Around the limit, at the first percent rate that reaches it.
    fn cap(&mut self) {
        let version = self.version;
        let Some(cap) = version.cap.filter(|cap| cap.covers.commission) else { return };
        for (at, entry) in version.rates.iter().enumerate() {
            let percent = matches!(version.rate_values.get(at), Some(Rate::Percent(_)));
            let Some(facts) = self.satisfy(entry, "100", (List::Rate, at)).filter(|_| percent)
            else {
                continue;
            };
            let around = [-1, 0, 1].map(|by| self.price_for(&facts, &cap, by));
            if around.iter().all(Option::is_none) {
                continue;
            }
            for (price, by) in around.iter().copied().zip(["-1", "+0", "+1"]) {
                let Some(price) = price else { continue };
                self.show(format!("cap {by}"), &Facts { price, ..facts.clone() });
            }
            if let Some(price) = around[1] {
                self.cap_over_two(&Facts { price, ..facts });
            }
            self.cap_with_bonus(&cap);
            return;
        }
    }

    /// An order of two lines, each of which reaches the limit by itself.
    fn cap_over_two(&mut self, facts: &Facts) {
        let version = self.version;
        let lines = [(); 2].map(|()| facts.line(version, &mut self.found));
        let mut outcomes = [Outcome::default(); 2];
        evaluate(Cover::Terms(&version.terms()), &lines, &mut outcomes, &mut Silent);
        for (outcome, number) in outcomes.into_iter().zip(1..) {
            self.keep(version, format!("cap, line {number} of 2"), facts, outcome);
        }
    }

    /// The limit reached by the commission alone, by a buyer who brings a bonus.
    fn cap_with_bonus(&mut self, cap: &Cap) {
        let version = self.version;
        let Some(entry) = version.bonuses.first() else { return };
        let Some(mut facts) = self.satisfy(entry, "1000", (List::Bonus, 0)) else { return };
        facts.new_buyer |= entry.conditions.iter().all(|c| c.dimension != Dimension::Buyer);
        if let Some(price) = self.price_for(&facts, cap, 0) {
            self.show("cap with bonus".to_owned(), &Facts { price, ..facts });
        }
    }

    /// The lowest price whose commission is the limit and `by` minor units more.
    fn price_for(&mut self, facts: &Facts, cap: &Cap, by: i64) -> Option<Minor> {
        let target = Minor::new(cap.limit.get() + by)?;
        let (mut low, mut high) = (0, Minor::MAX.get());
        while low < high {
            let middle = i64::midpoint(low, high);
            if self.commission(facts, middle)? >= target {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        (self.commission(facts, low)? == target).then(|| Minor::new(low)).flatten()
    }

    fn commission(&mut self, facts: &Facts, price: i64) -> Option<Minor> {
        let facts = Facts { price: Minor::new(price)?, ..facts.clone() };
        Some(self.evaluate(self.version, &facts).commission)
    }

    /// The same order one second before and at the start of the version.
    fn change(&mut self, previous: Option<&Version>) {
        let version = self.version;
        let Some(at) = self.telling(previous) else { return };
        let entry = &version.rates[at];
        let Some(mut facts) = self.satisfy(entry, "100", (List::Rate, at)) else { return };
        let start = version.start();
        for at in [start - 1, start] {
            facts.day = self.program.day(at);
            let instant = zone::written(self.program.zone(), at);
            let before = previous.filter(|last| last.own_end().is_none_or(|end| at < end));
            let governing = if at < start { before } else { Some(version) };
            if let Some(version) = governing {
                self.show_under(version, format!("{instant} under {}", version.id()), &facts);
            } else {
                self.uncovered(format!("{instant} under no terms"), &facts);
            }
        }
    }

    /// The rate entry that shows a change best: the last whose value moved, else the last.
    fn telling(&self, previous: Option<&Version>) -> Option<usize> {
        let rates = &self.version.rates;
        let old: Vec<(String, &str)> = previous
            .into_iter()
            .flat_map(|previous| &previous.rates)
            .map(|entry| (in_full(&entry.conditions), entry.label.as_str()))
            .collect();
        let moved = |entry: &Entry| {
            let words = in_full(&entry.conditions);
            old.iter().any(|(known, label)| *known == words && *label != entry.label)
        };
        rates.iter().rposition(moved).or_else(|| rates.len().checked_sub(1))
    }

    fn show(&mut self, about: String, facts: &Facts) {
        self.show_under(self.version, about, facts);
    }

    fn show_under(&mut self, version: &Version, about: String, facts: &Facts) {
        let outcome = self.evaluate(version, facts);
        self.keep(version, about, facts, outcome);
    }

    fn uncovered(&mut self, about: String, facts: &Facts) {
        let line = facts.line(self.version, &mut self.found);
        let mut outcomes = [Outcome::default()];
        evaluate(Cover::Uncovered, &[line], &mut outcomes, &mut Silent);
        self.keep(self.version, about, facts, outcomes[0]);
    }

    /// Keeps an example with the names and clauses of what decided.
    fn keep(&mut self, version: &Version, about: String, facts: &Facts, outcome: Outcome) {
        let entry = |list: &[Entry], at: u16| list.get(usize::from(at)).cloned();
        let (mut exclusion, mut rate) = (None, None);
        match outcome.decided {
            Decided::Exclude(at) => exclusion = entry(&version.excludes, at).map(|e| e.label),
            Decided::Rate(at) => rate = entry(&version.rates, at).map(|e| e.label),
            _ => {}
        }
        let bonus = outcome.bonus_entry.and_then(|at| entry(&version.bonuses, at));
        self.examples.push(Example {
            about,
            facts: facts.words(version),
            outcome,
            rate,
            clause: version.clause(outcome.decided).map(str::to_owned),
            exclusion,
            bonus_clause: bonus.and_then(|bonus| bonus.clause),
            cap_clause: version.cap_clause().map(str::to_owned),
            currency: version.currency(),
        });
    }

    fn evaluate(&mut self, version: &Version, facts: &Facts) -> Outcome {
        let line = facts.line(version, &mut self.found);
        let mut outcomes = [Outcome::default()];
        evaluate(Cover::Terms(&version.terms()), &[line], &mut outcomes, &mut Silent);
        outcomes[0]
    }

    /// Finds facts that satisfy an entry, and for whatever it does not ask plain ones under which
    /// it wins if it can.
    fn satisfy(&mut self, entry: &Entry, price: &str, target: Target) -> Option<Facts> {
        let version = self.version;
        let price = parse_money(price, version.currency().decimals())?;
        let mut facts = Facts::plain(version, price, self.program.day(version.start()));
        for dimension in entry.dimensions() {
            let asked: Vec<&Condition> =
                entry.conditions.iter().filter(|c| c.dimension == dimension).collect();
            set_asked(version, &mut facts, dimension, &asked)?;
        }
        self.take_part(&mut facts, entry, target);
        self.fill(&mut facts, entry, target);
        Some(facts)
    }

    /// Lets the item take part in the program where the entry does not ask, if that shows it better:
    /// terms that pay less for other items would else answer for all their rates.
    fn take_part(&mut self, facts: &mut Facts, entry: &Entry, target: Target) {
        let asks = entry.dimensions().contains(&Dimension::Item);
        let taking_part = Facts { affiliate: true, ..facts.clone() };
        if !asks && self.flaws(&taking_part, target) < self.flaws(facts, target) {
            *facts = taking_part;
        }
    }

    /// Chooses for whatever the entry does not ask and the facts do not name.
    fn fill(&mut self, facts: &mut Facts, entry: &Entry, target: Target) {
        for dimension in Dimension::ALL {
            let open = !facts.named.contains_key(&dimension)
                && dimension != Dimension::Price
                && dimension.can_be_missing();
            if open && self.version.uses(dimension) && !entry.dimensions().contains(&dimension) {
                self.choose(facts, dimension, target);
            }
        }
    }

    /// Gives an open fact the first value under which the example shows best what it is for.
    fn choose(&mut self, facts: &mut Facts, dimension: Dimension, target: Target) {
        let mut best = (self.flaws(facts, target), None);
        for value in candidates(self.version, dimension) {
            let mut tried = facts.clone();
            tried.named.insert(dimension, value.clone());
            let flaws = self.flaws(&tried, target);
            if flaws < best.0 {
                best = (flaws, Some(value));
            }
        }
        if let Some(value) = best.1 {
            facts.named.insert(dimension, value);
        }
    }

    /// What keeps facts from showing their target, worst first: other exclusions, entries that
    /// win before it (all, if it does not hold), rates that hang on missing facts, no rate.
    fn flaws(&mut self, facts: &Facts, (list, at): Target) -> (usize, usize, usize, bool) {
        let line = facts.line(self.version, &mut self.found);
        let excluded = self.found.exclusions().count();
        let ahead = self.found.list(list).position(|held| usize::from(held) == at);
        let winner = line.rate.unwrap_or(u16::MAX);
        let open = self.found.possible(List::Rate).filter(|rate| *rate < winner).count();
        (excluded, ahead.unwrap_or(usize::MAX), open, line.rate.is_none())
    }
}

/// Sets the facts of a dimension so that all conditions on it hold; none when nothing does.
fn set_asked(
    version: &Version,
    facts: &mut Facts,
    dimension: Dimension,
    asked: &[&Condition],
) -> Option<()> {
    let words = asked.iter().filter_map(|condition| condition.values()).flatten();
    let mut words = words.map(String::as_str);
    match dimension {
        Dimension::Buyer => facts.new_buyer = words.any(|word| word == "new"),
        Dimension::Item => match words.next() {
            Some("hot") => facts.hot = true,
            Some("affiliate") => facts.affiliate = true,
            _ => {}
        },
        Dimension::Mark => facts.marks.extend(words.next().map(str::to_owned)),
        Dimension::Price => set_price(facts, asked),
        Dimension::Day => set_day(facts, asked),
        _ => {
            let all = |value: &String| {
                asked.iter().all(|condition| condition.passes(value, version.tree()))
            };
            let named = asked.iter().filter(|c| matches!(c.test, Test::Among(_)));
            let mut named = named.filter_map(|c| c.values()).flatten().cloned().peekable();
            let value = if named.peek().is_some() {
                named.find(all)
            } else {
                candidates(version, dimension).into_iter().find(all)
            };
            facts.named.insert(dimension, value?);
        }
    }
    Some(())
}

/// The usual price where the range holds it, else the nearest end of the range.
fn set_price(facts: &mut Facts, asked: &[&Condition]) {
    for condition in asked {
        match condition.test {
            Test::PriceFrom(from) if facts.price < from => facts.price = from,
            Test::PriceBelow(below) if facts.price >= below => {
                facts.price = Minor::new(1).map_or(below, |unit| below.less(unit));
            }
            _ => {}
        }
    }
}

/// The version's first day where the range holds it, else the nearest end of the range.
fn set_day(facts: &mut Facts, asked: &[&Condition]) {
    for condition in asked {
        match condition.test {
            Test::From(from) if facts.day < from => facts.day = from,
            Test::Until(until) if facts.day >= until => facts.day = zone::day_before(until),
            _ => {}
        }
    }
}

/// Values that an example may take: plain ones first, then those that the version names.
fn candidates(version: &Version, dimension: Dimension) -> Vec<String> {
    let plain: &[&str] = match dimension {
        Dimension::ShipTo | Dimension::ClickCountry | Dimension::SellerCountry => {
            &["NO", "US", "JP", "DE", "CN", "BR"]
        }
        Dimension::SameCountry => &["same", "different"],
        Dimension::Currency => &["USD", "NOK"],
        Dimension::Host => &["shop.example"],
        Dimension::Store | Dimension::Product => &["1", "2"],
        Dimension::Platform => &["web", "app"],
        Dimension::Link => &["product", "store", "other"],
        Dimension::Coupon => &["no", "yes"],
        Dimension::PlacementKind => &["content", "other"],
        Dimension::Channel => &["other"],
        _ => &[],
    };
    let mut values: Vec<String> = plain.iter().map(|value| (*value).to_owned()).collect();
    if dimension == Dimension::Category {
        values.extend(tops(version.tree()));
    }
    let lists = [&version.excludes, &version.rates, &version.bonuses];
    let entries = lists.into_iter().flatten().flat_map(|entry| &entry.conditions);
    let named = entries.filter(|c| c.dimension == dimension).filter_map(Condition::values);
    // A list of products may be long, and the first few already show what there is to show.
    values.extend(named.flatten().take(64).cloned());
    values
}

/// The categories at the top of the tree.
fn tops(tree: Option<&Tree>) -> Vec<String> {
    let Some(tree) = tree else { return vec!["1".to_owned()] };
    let all = tree.categories().iter().map(|category| &category.id);
    all.filter(|id| tree.lineage(id).count() == 1).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{program, version_with};

    fn told(program: &Program, at: usize) -> Vec<String> {
        let versions = program.versions();
        let previous = at.checked_sub(1).map(|last| &versions[last]);
        of(program, previous, &versions[at]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_entry_and_the_change_have_an_example() {
        let entries = |rate: &str| {
            format!(
                "[[exclude]]\nclause=\"3.c\"\nreason=\"seller\"\nnot_seller_countries=[\"CN\"]\n\
                 [[rate]]\nclause=\"5\"\nrate=\"9%\"\ncategories=[11]\nprice_from=\"200.00\"\n\
                 [[rate]]\nclause=\"6\"\nrate=\"{rate}\"\n\
                 [[rate]]\nclause=\"7\"\nrate=\"1%\"\nplatform=\"app\"\n\
                 [[bonus]]\nfor=\"new_buyer\"\namount=\"2.00\"\nship_to=[\"NO\",\"SE\"]\n\
                 [cap]\nper_order=\"50.00\"\ncovers=[\"commission\"]\n"
            )
        };
        let one = version_with("effective_on = 2024-01-01", "", &entries("5%"));
        let policy = "attribution_window = \"PT36H\"\n\
                      service_fee = { max = \"8%\", ship_to = [\"DE\"], when_unknown = \"max\" }";
        let two = version_with("effective_on = 2024-02-01", policy, &entries("6.3%"));
        let program = program(&[("2024-01-01.toml", &one), ("2024-02-01.toml", &two)]);
        // The third rate is shadowed by the one before: its example shows what won.
        let expected = "\
rate 1: price 200.00, category 11 -> 18.00 USD: commission 18.00 (rate 1: 9% of 200.00, clause 5)
rate 2: price 100.00 -> 6.30 USD: commission 6.30 (rate 2: 6.3% of 100.00, clause 6)
rate 3: price 100.00, platform app -> 6.30 USD: commission 6.30 (rate 2: 6.3% of 100.00, clause 6)
bonus 1: price 10.00, ship-to NO, new buyer -> 2.63 USD: commission 0.63 (rate 2: 6.3% of 10.00, \
clause 6) + bonus 2.00 (bonus 1)
bonus 1: price 10.00, ship-to SE, new buyer -> 2.63 USD: commission 0.63 (rate 2: 6.3% of 10.00, \
clause 6) + bonus 2.00 (bonus 1)
cap -1: price 555.45, category 11 -> 49.99 USD: commission 49.99 (rate 1: 9% of 555.45, clause 5)
cap +0: price 555.56, category 11 -> 50.00 USD: commission 50.00 (rate 1: 9% of 555.56, clause 5)
cap +1: price 555.67, category 11 -> 50.00 USD: commission 50.01 (rate 1: 9% of 555.67, clause 5) \
- withheld 0.01 (cap)
cap, line 1 of 2: price 555.56, category 11 -> 25.00 USD: commission 50.00 (rate 1: 9% of 555.56, \
clause 5) - withheld 25.00 (cap)
cap, line 2 of 2: price 555.56, category 11 -> 25.00 USD: commission 50.00 (rate 1: 9% of 555.56, \
clause 5) - withheld 25.00 (cap)
cap with bonus: price 793.66, category 10, ship-to NO, new buyer -> 52.00 USD: commission 50.00 \
(rate 2: 6.3% of 793.66, clause 6) + bonus 2.00 (bonus 1)
exclude 1: price 100.00, seller-country NO -> 0.00 USD: excluded, seller (clause 3.c)
other currency: price 100.00, currency EUR -> 0.00 USD: excluded, paid_currency
window: price 100.00, 36 hours after the click -> 6.30 USD: commission 6.30 (rate 2: 6.3% of \
100.00, clause 6)
window: price 100.00, 36 hours and 1 second after the click -> 0.00 USD: outside_window, late_order
service fee: paid 108.00, service fee not known, category 10, ship-to DE -> 6.30 USD: commission 6.30 (rate 2: \
6.3% of 100.00, clause 6)
service fee: paid 108.00, of it service fee 8.00, category 10, ship-to DE -> 6.30 USD: commission 6.30 (rate 2: \
6.3% of 100.00, clause 6)
2024-01-31T23:59:59+01:00 under 2024-01-01: price 100.00 -> 5.00 USD: commission 5.00 (rate 2: 5% of \
100.00, clause 6)
2024-02-01T00:00:00+01:00 under 2024-02-01: price 100.00 -> 6.30 USD: commission 6.30 (rate 2: 6.3% \
of 100.00, clause 6)";
        assert_eq!(told(&program, 1), expected.lines().collect::<Vec<_>>());
    }

    #[test]
    fn before_the_first_version_an_order_is_uncovered() {
        let program = program(&[(
            "2024-01-01.toml",
            &version_with("effective_on = 2024-01-01", "", "[[rate]]\nrate=\"unknown\"\n"),
        )]);
        assert_eq!(
            told(&program, 0),
            [
                "rate 1: price 100.00 -> unverifiable, rate_lost (rate 1: unknown)",
                "other currency: price 100.00, currency EUR -> 0.00 USD: excluded, paid_currency",
                "2023-12-31T23:59:59+01:00 under no terms: price 100.00 -> uncovered",
                "2024-01-01T00:00:00+01:00 under 2024-01-01: price 100.00 -> unverifiable, \
                 rate_lost (rate 1: unknown)",
            ]
        );
    }
}
