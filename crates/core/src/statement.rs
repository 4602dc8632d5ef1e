//! Totals of what is earned, by month, category, country, placement or schedule.
//!
//! Owns the grouping, and by placement what became of the clicks. Refuses to add amounts of
//! different currencies, and to compute: it adds up the rows of [`crate::lines`]. By month a run over all
//! orders has added them up already ([`Months`]), as long as nothing changed since.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use feebook_kernel::{State, Verdict};
use feebook_schedule::Version;
use feebook_schedule::iso::Currency;
use feebook_schedule::zone::Month;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::fact::No;
use crate::ledger::Ledger;
use crate::lines::{Found, LineRow, View, lines};
use crate::run::{Progress, Scope, Terms, Unwatched};

/// What a statement groups by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The order's month.
    Month,
    /// The line's category.
    Category,
    /// Where the line is sent.
    Country,
    /// Where the link stands.
    Placement,
    /// The version of the terms.
    Schedule,
}

/// One group's totals, in minor units of one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Lines in the group.
    pub lines: u64,
    /// Lines of which we cannot say what they earn, and lines that no run has seen.
    pub unknown: u64,
    /// Earned, not yet confirmed.
    pub pending: i64,
    /// Earned and confirmed.
    pub approved: i64,
    /// Earned and released for payout.
    pub settled: i64,
    /// Held back by a flag.
    pub held: i64,
    /// Paid out, in the group's currency.
    pub paid: i64,
    /// By placement only: orders, and what is known of the clicks.
    #[serde(skip)]
    pub traffic: Traffic,
    /// What was earned in the course of time, whatever the state: by week of the month in a statement by
    /// month, else by month, both counted from 0.
    pub trend: BTreeMap<i32, i64>,
    /// Of the lines of which the network reports what they earn, and of which we can say it too: what
    /// they earn under the terms, and what it reports.
    pub compared: Compared,
}

/// What the same lines earn by two accounts, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Under the terms.
    pub expected: i64,
    /// As the network reports.
    pub reported: i64,
}

/// What is known of the clicks behind a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Clicks of our own log.
    pub clicks: u64,
    /// Orders, whatever they earn.
    pub orders: u64,
    /// What the lines earn whose click is known and that are not held back, in minor units.
    pub earned: i64,
    /// Seconds from the click to the order, one for each order whose click is known.
    lags: Vec<i64>,
}

impl Traffic {
    /// Returns the orders whose click is known.
    pub fn led(&self) -> u64 {
        u64::try_from(self.lags.len()).unwrap_or(u64::MAX)
    }

    /// Returns the middle of the seconds from click to order, the lower of two.
    pub fn median_lag(&self) -> Option<i64> {
        let mut lags = self.lags.clone();
        lags.sort_unstable();
        lags.get(lags.len().saturating_sub(1) / 2).copied()
    }

    /// Returns the greatest number of seconds from click to order.
    pub fn longest_lag(&self) -> Option<i64> {
        self.lags.iter().copied().max()
    }
}

impl Totals {
    /// Returns what is due and not paid: approved and settled less paid.
    pub fn open(&self) -> i64 {
        self.approved + self.settled - self.paid
    }

    fn add(&mut self, row: &LineRow<'_>, by: By) {
        self.lines += 1;
        let currency = row.found.as_ref().and_then(|found| found.currency);
        self.paid += currency.map_or(0, |currency| row.paid_in(currency));
        let Some((verdict, amounts)) = row
            .found
            .as_ref()
            .and_then(|found| found.amounts().map(|amounts| (found.outcome.verdict, amounts)))
        else {
            self.unknown += 1;
            return;
        };
        let total = amounts.total();
        if let Some(day) = row.day {
            *self.trend.entry(moment(day, by)).or_default() += total;
        }
        if let Some(reported) = row.reported() {
            self.compared.expected += total;
            self.compared.reported += reported;
        }
        let taken_back = matches!(row.state(), State::Declined | State::Reversed);
        let counts = verdict != Verdict::Held && !taken_back;
        if by == By::Placement && counts && row.lag().is_some() {
            self.traffic.earned += total;
        }
        match (verdict, row.state()) {
            (Verdict::Held, _) => self.held += total,
            (_, State::Pending) => self.pending += total,
            (_, State::Approved) => self.approved += total,
            (_, State::Settled) => self.settled += total,
            (_, State::Declined | State::Reversed) => {}
        }
    }
}

/// The key of a group; a statement is sorted by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupKey {
    /// The program.
    pub program: String,
    /// The currency's code; empty where no terms say one.
    pub currency: String,
    /// Sorts the groups: months by time, ids shorter first.
    order: (usize, String),
    /// The group as it is shown; empty where the lines do not say.
    pub group: String,
}

/// A statement: groups in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// The groups with their totals.
    pub groups: Vec<(GroupKey, Totals, u32)>,
    /// Lines that wait for a recompute.
    pub waiting: u64,
}

/// Adds up the lines in scope.
///
/// # Errors
///
/// When the ledger fails or a stored text of the terms no longer loads.
pub fn statement(
    ledger: &Ledger,
    terms: &Terms,
    scope: &Scope,
    by: By,
    progress: &mut dyn Progress,
) -> Result<Statement> {
    let mut groups = Groups::new();
    let mut waiting = 0;
    for program in ledger.programs()?.into_iter().filter(|name| scope.includes_program(name)) {
        let known = match by {
            By::Month => known_months(ledger, terms, scope, &program)?,
            _ => None,
        };
        if let Some(known) = known {
            groups.extend(known);
        } else {
            let scope = Scope { program: Some(program), ..scope.clone() };
            waiting += add_lines(ledger, terms, &scope, by, progress, &mut groups)?;
        }
    }
    if by == By::Placement {
        count_clicks(ledger, terms, scope, &mut groups)?;
    }
    let groups = groups.into_iter().map(|(key, (totals, decimals))| (key, totals, decimals));
    Ok(Statement { groups: groups.collect(), waiting })
}

/// Totals and their decimals, by group.
type Groups = BTreeMap<GroupKey, (Totals, u32)>;
type Group = (GroupKey, (Totals, u32));

/// Adds the lines in scope to their groups; returns how many wait for a recompute.
fn add_lines(
    ledger: &Ledger,
    terms: &Terms,
    scope: &Scope,
    by: By,
    progress: &mut dyn Progress,
    groups: &mut Groups,
) -> Result<u64> {
    let mut order = Counted::default();
    lines(ledger, terms, scope, progress, &mut |row| {
        let key = key(row, by);
        let first = by == By::Placement && order.is_first(row, &key);
        let (totals, _) = groups.entry(key).or_insert_with(|| (Totals::default(), decimals(row)));
        totals.add(row, by);
        if first {
            totals.traffic.orders += 1;
            totals.traffic.lags.extend(row.lag());
        }
        Ok(())
    })
}

fn decimals(row: &LineRow<'_>) -> u32 {
    row.found.as_ref().map_or(2, Found::decimals)
}

/// What makes up a group by month of one program.
type Of = (Option<Month>, Option<Currency>);

/// A program's statement by month, as a run over all its orders adds it up.
#[derive(Debug, Default)]
pub(crate) struct Months {
    groups: Vec<(Of, GroupKey, (Totals, u32))>,
    /// The group that a line was added to last: most follow one of the same.
    last: usize,
}

impl Months {
    /// Adds a line.
    pub(crate) fn add(&mut self, row: &LineRow<'_>) {
        let of: Of = (row.day.map(Month::of), row.found.as_ref().and_then(|found| found.currency));
        if self.groups.get(self.last).is_none_or(|(last, ..)| *last != of) {
            let at = self.groups.iter().position(|(known, ..)| *known == of);
            self.last = at.unwrap_or(self.groups.len());
            if at.is_none() {
                self.groups.push((of, key(row, By::Month), (Totals::default(), decimals(row))));
            }
        }
        if let Some((.., (totals, _))) = self.groups.get_mut(self.last) {
            totals.add(row, By::Month);
        }
    }

    /// As the ledger stores it.
    pub(crate) fn written(&self) -> String {
        let groups: Vec<_> = self.groups.iter().map(|(_, key, totals)| (key, totals)).collect();
        serde_json::to_string(&groups).unwrap_or_default()
    }
}

/// The groups of a program that a run has added up; none where anything changed since, or where days are
/// asked for that are not whole months.
fn known_months(
    ledger: &Ledger,
    terms: &Terms,
    scope: &Scope,
    program: &str,
) -> Result<Option<Vec<Group>>> {
    let whole = |(first, last): (NaiveDate, NaiveDate)| {
        first.day() == 1 && last.succ_opt().is_none_or(|next| next.day() == 1)
    };
    if scope.as_of.is_some() || !scope.days.is_none_or(whole) {
        return Ok(None);
    }
    let view = View::new(ledger, terms, program, None)?;
    let months = view.whole(ledger, terms, program)?.and_then(|whole| whole.months);
    let mut groups: Option<Vec<Group>> =
        months.and_then(|months| serde_json::from_str(&months).ok());
    if let (Some((first, last)), Some(groups)) = (scope.days, &mut groups) {
        let asked = Month::of(first)..=Month::of(last);
        // Lines of no month are in none.
        groups.retain(|(key, _)| Month::parse(&key.group).is_some_and(|m| asked.contains(&m)));
    }
    Ok(groups)
}

/// Whether what a run has added up of a program is not what its lines come to.
pub(crate) fn kept_differ(ledger: &Ledger, terms: &Terms, program: &str) -> Result<bool> {
    let scope = Scope { program: Some(program.to_owned()), ..Scope::default() };
    let Some(known) = known_months(ledger, terms, &scope, program)? else { return Ok(false) };
    let mut groups = Groups::new();
    add_lines(ledger, terms, &scope, By::Month, &mut Unwatched, &mut groups)?;
    Ok(groups != known.into_iter().collect())
}

/// Where a day stands in a trend.
fn moment(day: NaiveDate, by: By) -> i32 {
    match by {
        By::Month => i32::try_from(day.day0() / 7).unwrap_or_default(),
        _ => Month::of(day).index(),
    }
}

/// The groups in which the current order was counted; the lines of an order come together.
#[derive(Default)]
struct Counted {
    order: Option<(String, No)>,
    groups: Vec<GroupKey>,
}

impl Counted {
    /// Whether a line is the first of its order in a group.
    fn is_first(&mut self, row: &LineRow<'_>, group: &GroupKey) -> bool {
        let same = |(program, order_no): &(String, No)| {
            program == row.program && order_no == row.order_no()
        };
        if !self.order.as_ref().is_some_and(same) {
            self.order = Some((row.program.to_owned(), row.order_no().clone()));
            self.groups.clear();
        }
        let first = !self.groups.contains(group);
        if first {
            self.groups.push(group.clone());
        }
        first
    }
}

/// Counts the clicks of our own log on days in scope for their placements. One whose placement is
/// not known counts for the group without a placement.
fn count_clicks(
    ledger: &Ledger,
    terms: &Terms,
    scope: &Scope,
    groups: &mut BTreeMap<GroupKey, (Totals, u32)>,
) -> Result<()> {
    for program in ledger.programs()?.into_iter().filter(|name| scope.includes_program(name)) {
        let Some(known) = terms.book.program(&program) else { continue };
        let seq = View::new(ledger, terms, &program, scope.as_of)?.seq;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        ledger.clicks(&program, seq, &mut |stored| {
            if scope.includes_day(Some(known.day(stored.click.clicked_at))) {
                let placement = stored.click.placement.map(|word| ledger.words().text(word));
                *counts.entry(placement.unwrap_or_default().to_owned()).or_default() += 1;
            }
            Ok(())
        })?;
        for (placement, clicks) in counts {
            // Where lines wait or earn in two currencies, the clicks stand with the first that has one.
            let of_placement = |key: &&GroupKey| key.program == program && key.group == placement;
            let mut keys = groups.keys().filter(of_placement);
            let first = keys.clone().find(|key| !key.currency.is_empty()).or(keys.next()).cloned();
            if let Some((totals, _)) = first.and_then(|key| groups.get_mut(&key)) {
                totals.traffic.clicks += clicks;
                continue;
            }
            let currency = known.versions().last().map(Version::currency);
            let key = GroupKey {
                program: program.clone(),
                currency: currency.map_or_else(String::new, |currency| currency.to_string()),
                order: (0, placement.clone()),
                group: placement,
            };
            let totals =
                Totals { traffic: Traffic { clicks, ..Traffic::default() }, ..Totals::default() };
            groups.insert(key, (totals, currency.map_or(2, |currency| currency.decimals())));
        }
    }
    Ok(())
}

fn key(row: &LineRow<'_>, by: By) -> GroupKey {
    let found = row.found.as_ref();
    let group = match by {
        By::Month => row.day.map(|day| Month::of(day).to_string()),
        By::Country => row.text(row.fact().ship_to).map(str::to_owned),
        By::Placement => row.placement().map(str::to_owned),
        By::Schedule => found.and_then(Found::schedule).map(str::to_owned),
        By::Category => row.text(row.fact().category).map(|id| {
            let name = found.and_then(Found::category_name);
            name.map_or_else(|| id.to_owned(), |name| format!("{id} {name}"))
        }),
    }
    .unwrap_or_default();
    let sorted_as = match by {
        By::Category => row.text(row.fact().category).unwrap_or_default(),
        _ => &group,
    };
    let length = if by == By::Category { sorted_as.len() } else { 0 };
    GroupKey {
        program: row.program.to_owned(),
        currency: found.and_then(|f| f.currency).map_or_else(String::new, |c| c.to_string()),
        order: (length, sorted_as.to_owned()),
        group,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use feebook_kernel::Minor;
    use feebook_schedule::{Book, Source};

    use super::*;
    use crate::fact::LineFact;
    use crate::ledger::{Begun, NewImport};
    use crate::run::{basis, recompute};

    fn terms() -> Terms {
        let program = "format = 1\nname = \"S\"\ntimezone = \"UTC\"\npayout_currency = \"USD\"\n\
                       governed_by = \"paid\"\n";
        let version = "format = 1\neffective_on = 2024-01-01\nsource = \"x\"\n[policy]\n\
                       basis = \"paid_amount\"\ncurrency = \"USD\"\nrounding = \"floor\"\n[[rate]]\n\
                       rate = \"10%\"\n";
        let source = |path: &str, text: &str| Source::new(path, path, text);
        let sources = [source("s/2024-01-01.toml", version), source("s/program.toml", program)];
        let (book, _) = Book::load(&sources);
        Terms { book: Arc::new(book), sources: sources.into(), plugins: None }
    }

    fn evaluated(terms: &Terms) -> Result<Ledger> {
        let mut ledger = Ledger::in_memory()?;
        let new = NewImport {
            program: "s",
            file: "a.csv",
            file_digest: [1; 32],
            format: "x",
            format_digest: [0; 32],
            as_of: None,
            imported_at: 0,
        };
        if let Begun::Started(mut pending) = ledger.begin_import(&new)? {
            let mut fact = LineFact::new(No::Digits(1), No::Digits(1), State::Approved);
            fact.paid_at = Some(1_705_000_000);
            fact.paid_amount = Minor::new(10_000);
            pending.append(fact)?;
            pending.keep()?;
        }
        recompute(&mut ledger, terms, &Scope::default(), 0, &mut Unwatched, &mut |_| ())?;
        Ok(ledger)
    }

    #[test]
    fn kept_months_that_are_not_those_of_the_lines_are_found() {
        let terms = terms();
        let ledger = evaluated(&terms).expect("a ledger");
        assert!(!kept_differ(&ledger, &terms, "s").expect("read"));
        let basis = basis(&terms, "s").expect("a basis");
        let seq = ledger.last_seq().expect("read");
        let mut whole = ledger.whole_run("s", seq, basis).expect("read").expect("kept");
        let months = whole.months.expect("added up");
        assert!(months.contains("\"approved\":1000,"), "{months}");
        whole.months = Some(months.replace("\"approved\":1000,", "\"approved\":1001,"));
        ledger.store_whole_run(1, &whole).expect("stored");
        assert!(kept_differ(&ledger, &terms, "s").expect("read"));
    }
}
