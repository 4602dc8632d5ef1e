//! The grouping of a preview under way: order by order in, the finished preview out.
//!
//! Owns sums, sorting and the choice of the orders that move most. Refuses to hold more than one
//! order at a time, but for those.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, NaiveDate};
use feebook_kernel::Verdict;
use feebook_schedule::Version;
use feebook_schedule::iso::Currency;

use super::cause::cause;
use super::{Group, Moved, Preview, VerdictChange, Week, Window};
use crate::error::Result;
use crate::fact::LineFact;
use crate::ledger::{CountingLine, Ledger};
use crate::run::Evaluator;
use crate::side_by_side::{Currencies, Sight, Tallies, Tally};
use crate::words::Words;

/// How many orders are named.
const ORDERS: usize = 10;

/// The evaluators of the two books.
pub(super) struct Readings {
    pub(super) before: Evaluator,
    pub(super) after: Evaluator,
}

impl Readings {
    /// The currency of the announced terms.
    fn announced_currency(&self) -> Option<Currency> {
        self.after.program().versions().first().map(Version::currency)
    }

    /// A line's category with its name in the announced tree, else in that of its own terms.
    fn category(&self, before: &Sight, fact: &LineFact, words: &Words) -> String {
        let Some(id) = fact.category.map(|category| words.text(category)) else {
            return String::new();
        };
        let announced = self.after.program().versions().first();
        let own = self.before.version(&before.covering);
        let mut trees = announced.into_iter().chain(own).filter_map(Version::tree);
        match trees.find_map(|tree| tree.name(id)) {
            Some(name) => format!("{id} {name}"),
            None => id.to_owned(),
        }
    }
}

/// Lines of one change of verdict, and what they earn before and after.
#[derive(Clone, Copy, Debug, Default)]
struct Changed {
    lines: u64,
    before: Option<i64>,
    after: Option<i64>,
}

/// A preview under way.
pub(super) struct Work {
    window: Window,
    orders: u64,
    total: Tallies,
    verdicts: BTreeMap<(Verdict, Verdict, Currencies), Changed>,
    categories: BTreeMap<String, Tallies>,
    countries: BTreeMap<String, Tallies>,
    /// By their Mondays.
    weeks: BTreeMap<NaiveDate, Tallies>,
    moved: Vec<Moved>,
}

impl Work {
    pub(super) fn new(window: Window) -> Self {
        Self {
            window,
            orders: 0,
            total: Tallies::new(),
            verdicts: BTreeMap::new(),
            categories: BTreeMap::new(),
            countries: BTreeMap::new(),
            weeks: BTreeMap::new(),
            moved: Vec::new(),
        }
    }

    /// Whether there was no order.
    pub(super) fn is_empty(&self) -> bool {
        self.orders == 0
    }

    /// Evaluates an order twice and adds its lines everywhere.
    pub(super) fn order(
        &mut self,
        readings: &mut Readings,
        day: NaiveDate,
        facts: &[CountingLine<'_>],
        ledger: &Ledger,
    ) -> Result<()> {
        let words = ledger.words();
        let before = Sight::of(&mut readings.before, facts, ledger)?;
        let after = Sight::of(&mut readings.after, facts, ledger)?;
        // The announced terms cover every order, but one that waits for its governing instant.
        let announced = readings.announced_currency();
        let currencies = before.currencies(&after).or_else(|| {
            announced.map(|announced| Currencies { before: announced, after: announced })
        });
        let Some(currencies) = currencies else { return Ok(()) };
        self.orders += 1;
        let mut tally = Tally::default();
        let amounts = before.totals().zip(after.totals());
        for ((line, verdicts), (old, new)) in
            facts.iter().zip(verdicts(&before, &after)).zip(amounts)
        {
            let fact = &line.revision.fact;
            let category = readings.category(&before, fact, words);
            let country = fact.ship_to.map_or("", |country| words.text(country)).to_owned();
            let add = |tallies: &mut Tallies| tallies.entry(currencies).or_default().add(old, new);
            add(&mut self.total);
            add(self.categories.entry(category).or_default());
            add(self.countries.entry(country).or_default());
            add(self.weeks.entry(monday(day)).or_default());
            tally.add(old, new);
            if verdicts.0 != verdicts.1 {
                let changed =
                    self.verdicts.entry((verdicts.0, verdicts.1, currencies)).or_default();
                changed.lines += 1;
                changed.before = plus(changed.before, old);
                changed.after = plus(changed.after, new);
            }
        }
        self.rank(readings, facts, (&before, &after), currencies, tally);
        Ok(())
    }

    /// Keeps an order if it is among those that move most; of equals the first.
    fn rank(
        &mut self,
        readings: &Readings,
        facts: &[CountingLine<'_>],
        (before, after): (&Sight, &Sight),
        currencies: Currencies,
        tally: Tally,
    ) {
        let (Some(currency), Some(first)) = (currencies.common(), facts.first()) else { return };
        let moves = |tally: &Tally| tally.difference().unsigned_abs();
        let at = self.moved.partition_point(|kept| moves(&kept.tally) >= moves(&tally));
        if moves(&tally) == 0 || at >= ORDERS {
            return;
        }
        let order_no = first.revision.fact.order_no.clone();
        let cause = cause((&readings.before, before), (&readings.after, after), facts);
        self.moved.insert(at, Moved { order_no, currency, tally, cause });
        self.moved.truncate(ORDERS);
    }

    /// Sorts everything.
    pub(super) fn finish(self) -> Preview {
        let mut verdicts: Vec<VerdictChange> = self
            .verdicts
            .into_iter()
            .map(|((before, after, currencies), changed)| VerdictChange {
                before,
                after,
                currencies,
                lines: changed.lines,
                earned_before: changed.before,
                earned_after: changed.after,
            })
            .collect();
        verdicts.sort_by_key(|change| Reverse(change.lines));
        Preview {
            window: self.window,
            orders: self.orders,
            verdicts,
            categories: groups(self.categories),
            countries: groups(self.countries),
            moved: self.moved,
            weeks: weeks(&self.window, &self.weeks, &self.total),
            total: self.total,
        }
    }
}

/// The lines' verdicts before and after.
fn verdicts(before: &Sight, after: &Sight) -> impl Iterator<Item = (Verdict, Verdict)> {
    let pairs = before.outcomes.iter().zip(&after.outcomes);
    pairs.map(|(before, after)| (before.verdict, after.verdict))
}

fn plus(sum: Option<i64>, amount: Option<i64>) -> Option<i64> {
    match (sum, amount) {
        (sum, None) => sum,
        (None, amount) => amount,
        (Some(sum), Some(amount)) => Some(sum + amount),
    }
}

/// The Monday of a day's week.
fn monday(day: NaiveDate) -> NaiveDate {
    let since = u64::from(day.weekday().num_days_from_monday());
    day.checked_sub_days(Days::new(since)).unwrap_or(day)
}

/// Sorts by the difference, the greatest first; what cannot be subtracted comes last.
fn groups(tallies: BTreeMap<String, Tallies>) -> Vec<Group> {
    let each = tallies.into_iter().flat_map(|(key, tallies)| {
        tallies.into_iter().map(move |(currencies, tally)| (key.clone(), currencies, tally))
    });
    let mut groups: Vec<Group> =
        each.map(|(key, currencies, tally)| Group { key, currencies, tally }).collect();
    groups.sort_by_key(|group| {
        let moves = group.tally.difference().unsigned_abs();
        Reverse(group.currencies.common().map(|_| moves))
    });
    groups
}

/// Lists all weeks of the window, those without orders too: a delay passes them as well.
fn weeks(window: &Window, found: &BTreeMap<NaiveDate, Tallies>, total: &Tallies) -> Vec<Week> {
    let quiet = total
        .keys()
        .next_back()
        .map(|currencies| Currencies { before: currencies.after, after: currencies.after });
    let mut weeks = Vec::new();
    let mut kept = 0;
    let mut start = monday(window.first);
    while start <= window.last {
        let next = start.checked_add_days(Days::new(7)).unwrap_or(NaiveDate::MAX);
        let end = next.pred_opt().unwrap_or(next);
        let empty = quiet.map(|currencies| Tallies::from([(currencies, Tally::default())]));
        let tallies = found.get(&start).cloned().or(empty).unwrap_or_default();
        for (currencies, tally) in tallies {
            let delay_worth = currencies.common().map(|_| {
                kept -= tally.difference();
                kept
            });
            let (first, last) = (start.max(window.first), end.min(window.last));
            weeks.push(Week { first, last, currencies, tally, delay_worth });
        }
        start = next;
    }
    weeks
}

#[cfg(test)]
mod tests {
    use super::super::CountedFrom;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn usd() -> Currencies {
        let usd = Currency::parse("USD").unwrap();
        Currencies { before: usd, after: usd }
    }

    fn tally(before: i64, after: i64) -> Tallies {
        let mut tally = Tally::default();
        tally.add(Some(before), Some(after));
        Tallies::from([(usd(), tally)])
    }

    #[test]
    fn a_delay_is_worth_the_sum_of_its_weeks() {
        // The 1st of August 2024 is a Thursday.
        let window = Window::new(CountedFrom::Day(day("2024-08-20")), 1);
        let found = BTreeMap::from([
            (day("2024-07-29"), tally(100, 90)),
            (day("2024-08-12"), tally(50, 55)),
            (day("2024-08-19"), tally(10, 0)),
        ]);
        let total = tally(160, 145);
        let told: Vec<String> = weeks(&window, &found, &total)
            .iter()
            .map(|w| {
                format!("{}..{} {} {:?}", w.first, w.last, w.tally.difference(), w.delay_worth)
            })
            .collect();
        assert_eq!(
            told,
            [
                "2024-08-01..2024-08-04 -10 Some(10)",
                "2024-08-05..2024-08-11 0 Some(10)",
                "2024-08-12..2024-08-18 5 Some(5)",
                "2024-08-19..2024-08-20 -10 Some(15)",
            ]
        );
    }

    #[test]
    fn groups_are_sorted_by_what_they_move_whatever_its_sign() {
        let eur = Currencies { before: Currency::parse("EUR").unwrap(), ..usd() };
        let foreign = Tallies::from([(eur, Tally { before: 900, lines: 1, ..Tally::default() })]);
        let all = [("a", tally(10, 11)), ("b", tally(5, 0)), ("c", foreign), ("d", tally(0, 5))];
        let sorted = groups(all.map(|(key, tallies)| (key.to_owned(), tallies)).into());
        let keys: Vec<&str> = sorted.iter().map(|group| group.key.as_str()).collect();
        assert_eq!(keys, ["b", "d", "a", "c"]);
    }
}
